"""The sandbox's Slack workspace: its people, conversations, messages, files, views and triggers."""

from __future__ import annotations

import itertools
import mimetypes
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.delivery import Delivery
from identity_bot_sandbox.slack.entry import completed
from identity_bot_sandbox.slack.faults import Faults, Pace, Traffic
from identity_bot_sandbox.slack.model import SLACKBOT, Change, Channel, Message, SlackFile, bury
from identity_bot_sandbox.slack.views import Views

T = TypeVar("T")

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 1800.0
RESPONSE_USES = 5

SCOPES = frozenset(
    {
        *(
            "app_mentions:read",
            "chat:write",
            "chat:write.public",
            "commands",
            "files:read",
            "files:write",
            "reactions:read",
            "reactions:write",
        ),
        *("channels:history", "channels:join", "channels:read", "groups:history", "groups:read"),
        *("im:history", "im:read", "im:write", "mpim:read", "mpim:write", "usergroups:read"),
        *("users.profile:read", "users:read", "users:read.email"),
    }
)
EVENTS = frozenset(
    {
        *("app_home_opened", "app_mention", "reaction_added", "reaction_removed"),
        *("message.channels", "message.groups", "message.im", "message.mpim"),
    }
)


@dataclass(kw_only=True, slots=True)
class Upload:
    """A file that the app is about to send; its address holds a key."""

    key: str
    name: str
    length: int
    alt_text: str = ""
    content: bytes | None = None


@dataclass(kw_only=True, slots=True)
class Trigger:
    """A trigger_id: opens one modal for one person within three seconds."""

    user: str
    expires: float
    is_used: bool = False


@dataclass(kw_only=True, slots=True)
class ResponseUrl:
    """Where the app may respond up to five times within 30 minutes; `about` is the clicked message."""

    user: str
    channel: str
    expires: float
    about: Message | None = None
    uses_left: int = RESPONSE_USES


class Workspace:
    """Everything in the workspace. Safe from any thread.

    Settings that a test may change: `scopes` (what the bot's token is granted), `events` (what the app
    subscribed to), `commands` (its slash commands, None for any), `enterprise_id` (of the Enterprise
    organization that the workspace is part of, if any), `delivery`, `faults`, `pace`.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        base_url: str = "",
        real_clock: Callable[[], float] | None = None,
    ) -> None:
        self.clock = clock
        self.real_clock = real_clock or clock
        """For what lasts a few seconds between two machines, however far `clock` is set forward meanwhile."""
        self.base_url = base_url
        self.changed = threading.Condition()
        self.delivery = Delivery(signing_secret=cast.SIGNING_SECRET)
        self.faults = Faults()
        self.pace = Pace(self.real_clock)
        self.traffic = Traffic()
        self.scopes: frozenset[str] | set[str] = SCOPES
        self.events: frozenset[str] | set[str] = EVENTS
        self.commands: frozenset[str] | set[str] | None = None
        self.enterprise_id: str | None = None
        self.people = {person.slack_id: person for person in cast.PEOPLE}
        self.deactivated: set[str] = set()
        self.groups = {"S0IDENTITY": [person.slack_id for person in cast.PEOPLE if person.is_team]}
        self.channels = {place.channel_id: self._channel(place) for place in cast.PLACES}
        self.views = Views(new_id=self.new_id, new_hash=self._new_hash)
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, SlackFile] = {}
        self.uploads: dict[str, Upload] = {}
        """Files that the app has asked an address for and has not shared yet, by their ids."""
        self._ephemerals: list[Message] = []
        self._last_ts = 0
        self._ids = itertools.count(0x10000)
        self._subscribers: list[Callable[[Change], object]] = []

    # Reading

    def channel(self, name: str) -> Channel:
        """A conversation by its id, its `#name` or its name."""
        with self.changed:
            if name in self.channels:
                return self.channels[name]
            for channel in self.channels.values():
                if not channel.is_direct and channel.name == name.removeprefix("#"):
                    return channel
        raise LookupError(f"no channel {name!r}")

    def messages(self, channel: str, *, replies: bool = False) -> list[Message]:
        """A conversation's messages, oldest first; with `replies`, those in threads too."""
        with self.changed:
            found = list(self.channel(channel).messages.values())
        return [message for message in found if replies or not message.is_reply or message.is_broadcast]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A message and the replies to it, oldest first."""
        with self.changed:
            found = list(self.channel(channel).messages.values())
        return [message for message in found if ts in (message.ts, message.thread_ts)]

    def message(self, channel: str, ts: str, *, user: str | None = None) -> Message:
        """One message, including ephemeral ones that `user` sees."""
        with self.changed:
            standing = [one for one in self.channel(channel).messages.values() if one.ts == ts]
            for message in (*standing, *self._ephemerals):
                if message.ts == ts and message.only_for in (None, user):
                    return message
        raise LookupError(f"no message {ts} in {channel}")

    def ephemerals(self, user: str) -> list[Message]:
        """The messages that only this person sees, oldest first."""
        with self.changed:
            return [message for message in self._ephemerals if message.only_for == user]

    def dm(self, user: str) -> list[Message]:
        """The direct messages between a person and the app."""
        return self.messages(self.dm_channel(user).channel_id)

    def dm_channel(self, *users: str, with_app: bool = True) -> Channel:
        """The direct conversation of these people, with or without the app; created if missing."""
        with self.changed:
            for channel in self.channels.values():
                if channel.is_direct and channel.members == set(users) and channel.bot_is_member == with_app:
                    return channel
            is_single = len(users) + with_app <= 2
            made = Channel(
                channel_id=("D" if is_single else "G") + self.new_id("")[-9:],
                name="mpdm-" + "--".join(sorted(self.people[user].handle for user in users)),
                members=set(users),
                bot_is_member=with_app,
                is_direct=True,
                created=int(self.clock()),
            )
            self.channels[made.channel_id] = made
            return made

    def person(self, name: str) -> cast.Character:
        """A person by id, handle (with or without @) or name."""
        return self.people[self.names()[name]]

    def names(self) -> dict[str, str]:
        """Every id, handle and name of every person, with the person's id."""
        with self.changed:
            found: dict[str, str] = {}
            for user_id, person in self.people.items():
                if user_id not in self.deactivated:
                    found |= dict.fromkeys(
                        (user_id, person.handle, f"@{person.handle}", person.name), user_id
                    )
            return found

    # Subscriptions

    def subscribe(self, subscriber: Callable[[Change], object]) -> Callable[[], None]:
        """Call `subscriber` on every change, in the changing thread and under the lock; returns how to unsubscribe."""
        with self.changed:
            self._subscribers.append(subscriber)

        def stop() -> None:
            with self.changed:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return stop

    def wait_until(self, condition: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until `condition` is true and return its value; raises TimeoutError."""
        with self.changed:
            found = self.changed.wait_for(condition, timeout)
        if not found:
            raise TimeoutError(f"did not become true of the sandbox's Slack within {timeout} seconds")
        return found

    def announce(
        self, kind: str, *, channel: str | None = None, user: str | None = None, ts: str | None = None
    ) -> None:
        """Tell subscribers and waiters that something changed."""
        with self.changed:
            self.changed.notify_all()
            for subscriber in tuple(self._subscribers):
                subscriber(Change(kind=kind, channel=channel, user=user, ts=ts))

    # Writing

    def post(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """Post a message by anyone; ephemeral if `only_for` names a person."""
        with self.changed:
            message = Message(channel=channel, ts=self.new_ts(), user=user, text=text, **more)
            if message.only_for is None:
                standing = self.channels[channel].messages
                standing[message.ts] = message
                if message.is_reply and message.thread_ts in standing:
                    standing[message.thread_ts] = replace(
                        standing[message.thread_ts], thread_ts=message.thread_ts
                    )
                self.announce("message", channel=channel, ts=message.ts)
            else:
                self._ephemerals.append(message)
                self.announce("ephemeral", channel=channel, user=message.only_for, ts=message.ts)
            return message

    def edit(self, message: Message, **changes: Any) -> Message:
        """Edit a message in place."""
        with self.changed:
            edited = replace(message, **changes)
            if message.only_for is None:
                self.channels[message.channel].messages[message.ts] = edited
            else:
                self._ephemerals[self._ephemerals.index(message)] = edited
            self.announce("message", channel=message.channel, user=message.only_for, ts=message.ts)
            return edited

    def delete(self, message: Message) -> None:
        """Delete a message; one with replies leaves a tombstone until they are gone."""
        with self.changed:
            if message.only_for is None:
                bury(self.channels[message.channel].messages, message)
            elif message in self._ephemerals:
                self._ephemerals.remove(message)
            self.announce("message", channel=message.channel, user=message.only_for, ts=message.ts)

    def upload(self, user: str, name: str, content: bytes, mimetype: str | None = None) -> SlackFile:
        """Upload a file, as a client does before it sends a form."""
        return self.keep_file(user, name, content, mimetype=mimetype)

    def keep_file(
        self,
        user: str,
        name: str,
        content: bytes,
        *,
        mimetype: str | None = None,
        file_id: str = "",
        title: str = "",
        alt_text: str = "",
    ) -> SlackFile:
        """Keep a file of somebody's."""
        with self.changed:
            file_id = file_id or self.new_id("F")
            self.files[file_id] = file = SlackFile(
                file_id=file_id,
                name=name,
                mimetype=mimetype or mimetypes.guess_type(name)[0] or "application/octet-stream",
                content=content,
                user=user,
                created=int(self.clock()),
                url=f"{self.base_url}/slack/files/{file_id}/{name}",
                title=title,
                alt_text=alt_text,
            )
            return file

    def trigger(self, user: str) -> str:
        """A new trigger_id for an action by a person."""
        with self.changed:
            now = self.real_clock()
            self.triggers = {name: one for name, one in self.triggers.items() if one.expires > now - 60}
            name = f"{self._micros()}.{random.getrandbits(40)}.{random.getrandbits(128):032x}"
            self.triggers[name] = Trigger(user=user, expires=now + TRIGGER_SECONDS)
            return name

    def response_url(self, user: str, channel: str, about: Message | None = None) -> str:
        """A new response_url for an action by a person in a conversation."""
        with self.changed:
            name = f"{random.getrandbits(144):036x}"
            self.response_urls[name] = ResponseUrl(
                user=user, channel=channel, about=about, expires=self.clock() + RESPONSE_SECONDS
            )
            return f"{self.base_url}/slack/response/{name}"

    def say_privately(self, user: str, channel: str, text: str) -> None:
        """Post an ephemeral message from Slackbot."""
        self.post(channel, SLACKBOT, text, only_for=user)

    def answer(
        self, user: str, channel: str, payload: Mapping[str, Any], thread_ts: str | None = None
    ) -> Message | None:
        """Post the app's response to a command or response_url: ephemeral unless `in_channel`."""
        text, blocks = str(payload.get("text") or ""), payload.get("blocks") or ()
        if not text and not blocks:
            return None
        is_open = payload.get("response_type") == "in_channel"
        return self.post(
            channel,
            cast.BOT_USER_ID,
            text,
            blocks=self.completed(blocks),
            is_from_app=True,
            only_for=None if is_open else user,
            thread_ts=payload.get("thread_ts") or thread_ts,
        )

    # Ids

    def completed(self, blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The blocks, with the ids that Slack generates for those without."""
        return completed(blocks, lambda: self.new_id("")[-5:])

    def new_id(self, prefix: str) -> str:
        """A new id in Slack's format."""
        # Nothing here is a secret, so skip the system call that secure randomness costs.
        return f"{prefix}0{random.getrandbits(16):04X}{next(self._ids):05X}"

    def new_ts(self) -> str:
        """A unique `ts` for a message, from the clock."""
        micros = self._micros()
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def _micros(self) -> int:
        with self.changed:
            self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
            return self._last_ts

    def _new_hash(self) -> str:
        return f"{int(self.clock())}.{random.getrandbits(32):08x}"

    def _channel(self, place: cast.Place) -> Channel:
        return Channel(
            channel_id=place.channel_id,
            name=place.name,
            members=set(place.members or [person.slack_id for person in cast.PEOPLE]),
            bot_is_member=place.bot_is_member,
            purpose=place.purpose,
            is_private=place.is_private,
            created=int(self.clock()),
        )
