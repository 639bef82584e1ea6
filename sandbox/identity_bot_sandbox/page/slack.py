"""The Slack half of the page: what one person sees of it, and what its buttons and fields do."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.clock import TEAM_ZONE
from identity_bot_sandbox.page.form import enter, held, keep_chosen, key, place_in, show_refusals
from identity_bot_sandbox.page.messages import written
from identity_bot_sandbox.page.scene import Act, Looks, Scene, Sent, must_be_taken
from identity_bot_sandbox.page.where import HOME, SLACK, Where
from identity_bot_sandbox.slack.entry import placed
from identity_bot_sandbox.slack.limits import offered
from identity_bot_sandbox.slack.model import SLACKBOT, Channel, Message
from identity_bot_sandbox.slack.views import View
from identity_bot_sandbox.slack.world import SlackWorld

APP_NAME = "Identity"
# The shortcuts in the app's manifest: callback_id and name.
SHORTCUTS = {"idbot:ask": "Ask the Identity Team"}
MESSAGE_SHORTCUTS = {"idbot:ask-about": "Ask Identity about this"}
USUAL_COMMANDS = ("/help",)

_TINTS = 6
_MOST_MESSAGES = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """The author shown beside a message."""

    name: str
    is_app: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message as shown, with its numbers of replies and of unread replies."""

    message: Message
    author: Author
    at: datetime
    replies: int = 0
    news: int = 0
    draft: str | None = None
    """The text as its author would type it again, if this person may edit the message."""

    @property
    def is_private(self) -> bool:
        """Whether only this person sees it."""
        return self.message.only_for is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """An entry of the sidebar; `news` is its number of unread messages."""

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


def pane(world: SlackWorld, looks: Looks, here: Where) -> SlackPane:
    """The Slack half at this place; marks the shown conversation as read."""
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
            said=[_said(world, here.person, one, threads[one.ts]) for one in messages[-_MOST_MESSAGES:]],
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
    """Whether the person is in the conversation of this place."""
    channel = world.channels.get(here.channel)
    return channel is not None and here.person in channel.members


def mark(*names: str) -> str:
    """A short, stable id for the page."""
    return "x" + blake2s("\0".join(names).encode(), digest_size=6).hexdigest()


def choices(element: Mapping[str, Any], pane: SlackPane) -> list[Mapping[str, Any]]:
    """A menu's options without their groups; people or conversations if it lists those."""
    kind = element["type"]
    if "users" in kind:
        return [_option(person.slack_id, person.name) for person in pane.people]
    if "channels" in kind or "conversations" in kind:
        return [_option(one.channel_id, one.name) for one in pane.conversations]
    return offered(element)


def initials(name: str) -> str:
    """Initials in place of an avatar."""
    return "".join(word[0] for word in name.replace("-", " ").split()[:2]).upper()


def tint(name: str) -> int:
    """The avatar's color, the same for a person's name and login."""
    login = name.lower().replace(" ", "-")
    return blake2s(login.encode(), digest_size=1).digest()[0] % _TINTS


def _option(value: str, words: str) -> Mapping[str, Any]:
    return {"value": value, "text": {"type": "plain_text", "text": words}}


def _conversations(world: SlackWorld, user: str) -> list[Channel]:
    """A person's channels, oldest first, then their direct messages."""
    world.dm_channel(user)
    mine = [one for one in world.channels.values() if user in one.members and not one.is_archived]
    return sorted(mine, key=lambda one: one.is_direct)


def _messages(world: SlackWorld, channel: Channel, here: Where) -> list[Message]:
    private = [one for one in world.ephemerals(here.person) if one.channel == channel.channel_id]
    if here.thread:
        standing = world.thread(channel.channel_id, here.thread)
        # Include what was said in the channel about a click in this thread.
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


def _said(world: SlackWorld, user: str, message: Message, news: int) -> Said:
    thread = world.thread(message.channel, message.ts) if message.thread_ts == message.ts else []
    return Said(
        message=message,
        author=_author(world, message.user),
        at=datetime.fromtimestamp(float(message.ts), TEAM_ZONE),
        replies=max(0, len(thread) - 1),
        news=news,
        draft=written(world, message.text) if message.user == user else None,
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
    """How the app is connected; empty if it is not."""
    if world.delivery.sockets.count:
        return "by Socket Mode"
    return "by HTTP" if world.delivery.request_url else ""


def shortcut(scene: Scene, here: Where, sent: Sent) -> Where:
    """Use a global shortcut, or a message shortcut if `ts` is given."""
    callback_id, ts = sent.text("callback_id"), sent.text("ts")
    if ts:
        must_be_taken(scene.slack.message_shortcut(here.person, callback_id, here.channel, ts))
    else:
        must_be_taken(scene.slack.shortcut(here.person, callback_id))
    return here


def click(scene: Scene, here: Where, sent: Sent) -> Where:
    """Use a message's button or menu."""
    (place, choice), ts = place_in(sent.text("act")), sent.text("ts")
    if place is None:
        return here
    message = scene.slack.message(here.channel, ts, user=here.person)
    item = next((one for one in placed(message.blocks) if one.place == place), None)
    value: str | list[str] | None = choice or sent.text(key(place)) or None
    if item and (item.element["type"].startswith("multi_") or item.element["type"] == "checkboxes"):
        value = sent.texts(key(place)) or None
    ack = scene.slack.click(here.person, here.channel, ts, place[1], value, block_id=place[0])
    must_be_taken(ack)
    return here


def modal(scene: Scene, here: Where, sent: Sent) -> Where:
    """Change, search, press, submit or cancel the topmost modal."""
    view = scene.slack.views.top(here.person)
    if view is None or view.view_id != sent.text("view"):
        return here  # closed or covered: the page shows what is open now
    if sent.text("do") in ("close", "close-all"):
        scene.slack.close(here.person, everything=sent.text("do") == "close-all")
        return here
    refused = _in_view(scene.slack, view, sent, in_home=False)
    if not refused and sent.text("do") == "submit" and not sent.text("act") and not sent.text("search"):
        scene.slack.submit(here.person)
    return here


def home(scene: Scene, here: Where, sent: Sent) -> Where:
    """Open the app's home tab, or do something in it."""
    view = scene.slack.views.homes.get(here.person)
    if sent.text("view"):
        if view is not None:
            _in_view(scene.slack, view, sent, in_home=True)
        return here
    scene.slack.open_home(here.person)
    return here.at(channel=HOME, pane=SLACK)


def invite(scene: Scene, here: Where, sent: Sent) -> Where:
    """Add the app to the conversation."""
    if is_in(scene.slack, here):
        scene.slack.invite_bot(here.channel, by=here.person)
    return here


def _in_view(slack: SlackWorld, view: View, sent: Sent, *, in_home: bool) -> Mapping[str, str]:
    """Enter the form's values, then do what its button `act` or its search field asks."""
    asked, choice = place_in(sent.text("act"))
    searched, _ = place_in(sent.text("search"))
    refused = enter(slack, view, sent.form, sent.files, in_home=in_home)
    if refused:
        show_refusals(slack, view, refused)
        return refused
    if searched is not None:
        query = sent.text(f"query:{key(searched)}")
        slack.options(view.user, searched[0], query, searched[1], in_home=in_home)
        keep_chosen(slack, view, searched)
    elif asked is not None:
        state = view.values.get(asked)
        value = held(slack, state) if state else choice
        must_be_taken(slack.act(view.user, asked[0], value, asked[1], in_home=in_home))
    return refused


ACTS: Mapping[str, Act] = {
    "shortcut": shortcut,
    "click": click,
    "modal": modal,
    "home": home,
    "invite": invite,
}
