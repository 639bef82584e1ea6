"""What one person sees of the sandbox's Slack: conversations, messages, threads and what is new."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from typing import Any
from urllib.parse import quote

from identity_bot.forms.slack_elements import offered
from identity_bot_sandbox import cast
from identity_bot_sandbox.page.where import HOME, Where
from identity_bot_sandbox.slack.entry import Place
from identity_bot_sandbox.slack.values import SLACKBOT, Channel, Message
from identity_bot_sandbox.slack.views import View
from identity_bot_sandbox.slack.world import SlackWorld

APP_NAME = "Identity"
_TINTS = 6
_MOST_MESSAGES = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Who is shown beside a message."""

    name: str
    is_app: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message as it is drawn; `replies` are counted, not held, and `news` are those among them."""

    message: Message
    author: Author
    at: datetime
    replies: int = 0
    news: int = 0

    @property
    def is_private(self) -> bool:
        """Whether only the person who looks sees it."""
        return self.message.only_for is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A line of the side bar; `news` counts what its reader has not looked at."""

    channel_id: str
    name: str
    sign: str
    news: int
    is_private: bool
    is_current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackPane:
    """The Slack half of the page for one person."""

    channel: Channel
    name: str
    conversations: Sequence[Conversation]
    said: Sequence[Said]
    hidden: int
    is_home: bool
    home: View | None
    modal: View | None
    depth: int
    news: Mapping[str, int]
    people: Sequence[cast.Character]
    bot: str


@dataclass(slots=True)
class Looks:
    """When each person last looked at each conversation and thread; written under the workspace's lock."""

    last: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def look(self, world: SlackWorld, user: str, channel: Channel, thread: str) -> None:
        """This person now sees a conversation, or a thread of it where one is named."""
        self.last[(user, channel.channel_id, thread)] = world.new_ts()

    def news(self, world: SlackWorld, user: str, channel: Channel) -> Counter[str]:
        """How many messages of others this person has not seen there, by the thread that they stand in.

        As in Slack, of a thread's replies only those count that mention them or that follow words of their own.
        """
        private = [one for one in world.ephemerals(user) if one.channel == channel.channel_id]
        messages = (*channel.messages.values(), *private)
        follows = {one.thread_ts for one in messages if one.user == user}
        return Counter(
            thread
            for one in messages
            for thread in [(one.thread_ts or "") if one.is_reply or one.only_for else ""]
            if one.user != user and one.ts > self.last.get((user, channel.channel_id, thread), "")
            if not thread or thread in follows or one.only_for or f"<@{user}>" in one.text
        )


def pane(world: SlackWorld, looks: Looks, here: Where) -> SlackPane:
    """What the Slack half shows at this place; to look at a conversation makes its messages old."""
    with world.changed:
        mine = _conversations(world, here.person)
        app = world.dm_channel(here.person)
        is_home = here.channel == HOME
        wanted = app.channel_id if is_home else here.channel
        channel = next((one for one in mine if one.channel_id == wanted), mine[0])
        if not is_home:
            looks.look(world, here.person, channel, here.thread)
        messages = _messages(world, channel, here)
        news = {
            user: sum(looks.news(world, user, one).total() for one in _conversations(world, user))
            for user in world.people
        }
        listed = [
            Conversation(
                channel_id=one.channel_id,
                name=_name(world, one, here.person),
                sign="@" if one.is_direct else "#",
                is_private=one.is_private,
                news=looks.news(world, here.person, one).total(),
                is_current=one is channel and not is_home,
            )
            for one in mine
        ]
        threads = looks.news(world, here.person, channel)
        stack = world.views.stacks.get(here.person, [])
        return SlackPane(
            channel=channel,
            name=_name(world, channel, here.person),
            conversations=listed,
            said=[_said(world, one, threads[one.ts]) for one in messages[-_MOST_MESSAGES:]],
            hidden=max(0, len(messages) - _MOST_MESSAGES),
            is_home=is_home,
            home=copy.deepcopy(world.views.homes.get(here.person)),
            modal=copy.deepcopy(stack[-1]) if stack else None,
            depth=len(stack),
            news=news,
            people=[one for user, one in world.people.items() if user not in world.deactivated],
            bot=_bot(world),
        )


def is_in(world: SlackWorld, here: Where) -> bool:
    """Whether the person can see the conversation that the place names."""
    channel = world.channels.get(here.channel)
    return channel is not None and here.person in channel.members


def key(place: Place | tuple[str, str, str]) -> str:
    """The name of an element in the page's forms; with a third part, of one choice in it."""
    return "/".join(quote(part, safe="") for part in place)


def mark(*names: str) -> str:
    """A short id for the page that is the same as long as the names are."""
    return "x" + blake2s("\0".join(names).encode(), digest_size=6).hexdigest()


def element_place(block: Mapping[str, Any], element: Mapping[str, Any]) -> Place:
    """An element's block_id and action_id."""
    return str(block["block_id"]), str(element["action_id"])


def choices(element: Mapping[str, Any], pane: SlackPane) -> list[Mapping[str, Any]]:
    """The options of a menu, those of its groups in one row; of people or conversations where it lists those."""
    kind = element["type"]
    if "users" in kind:
        return [_option(person.slack_id, person.name) for person in pane.people]
    if "channels" in kind or "conversations" in kind:
        return [_option(one.channel_id, one.name) for one in pane.conversations]
    return offered(element)


def initials(name: str) -> str:
    """One or two letters for the picture that nobody has."""
    return "".join(word[0] for word in name.replace("-", " ").split()[:2]).upper()


def tint(name: str) -> int:
    """Which of the page's tints that picture has: the same for a person's name and login."""
    login = name.lower().replace(" ", "-")
    return blake2s(login.encode(), digest_size=1).digest()[0] % _TINTS


def _option(value: str, words: str) -> Mapping[str, Any]:
    return {"value": value, "text": {"type": "plain_text", "text": words}}


def _conversations(world: SlackWorld, user: str) -> list[Channel]:
    """A person's channels in the order in which they were made, then their direct messages."""
    world.dm_channel(user)
    mine = [one for one in world.channels.values() if user in one.members and not one.is_archived]
    return sorted(mine, key=lambda one: one.is_direct)


def _messages(world: SlackWorld, channel: Channel, here: Where) -> list[Message]:
    private = [one for one in world.ephemerals(here.person) if one.channel == channel.channel_id]
    if here.thread:
        standing = world.thread(channel.channel_id, here.thread)
        # What was said to them in the channel about a click in this thread would be out of sight.
        newest = max((one.ts for one in standing), default="")
        private = [
            one
            for one in private
            if one.thread_ts == here.thread or (one.thread_ts is None and one.ts > newest)
        ]
    else:
        standing = world.messages(channel.channel_id)
        private = [one for one in private if one.thread_ts is None]
    return sorted((*standing, *private), key=lambda one: one.ts)


def _said(world: SlackWorld, message: Message, news: int) -> Said:
    thread = world.thread(message.channel, message.ts) if message.thread_ts == message.ts else []
    return Said(
        message=message,
        author=_author(world, message.user),
        at=datetime.fromtimestamp(float(message.ts)).astimezone(),
        replies=max(0, len(thread) - 1),
        news=news,
    )


def _author(world: SlackWorld, user: str) -> Author:
    if user == cast.BOT_USER_ID:
        return Author(name=APP_NAME, is_app=True)
    if user == SLACKBOT:
        return Author(name="Slackbot", is_app=True)
    return Author(name=world.people[user].name if user in world.people else user)


def _name(world: SlackWorld, channel: Channel, user: str) -> str:
    if not channel.is_direct:
        return channel.name
    others = [world.people[one].name for one in sorted(channel.members) if one != user]
    return ", ".join([*others, *([APP_NAME] if channel.bot_is_member else [])])


def _bot(world: SlackWorld) -> str:
    """How the app is connected, in a few words; empty when it is not."""
    if world.delivery.sockets.count:
        return "by Socket Mode"
    return "by HTTP" if world.delivery.request_url else ""
