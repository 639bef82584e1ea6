"""Messages, channels and files of a Slack workspace, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from identity_bot_sandbox import cast

SLACKBOT = "USLACKBOT"
TOKEN = "sandbox-verification-token"
TEAM = {"id": cast.WORKSPACE_ID, "domain": cast.WORKSPACE_NAME.lower()}


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackFile:
    """A file that someone uploaded."""

    file_id: str
    name: str
    mimetype: str
    content: bytes
    user: str
    created: int
    url: str
    title: str = ""
    alt_text: str = ""
    """Describes an image to those who cannot see it."""

    @property
    def is_image(self) -> bool:
        """Whether Slack shows it as a picture."""
        return self.mimetype in ("image/png", "image/jpeg", "image/gif")

    def json(self) -> dict[str, Any]:
        """Slack's file object."""
        return {
            "id": self.file_id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.name.rpartition(".")[2].lower(),
            "user": self.user,
            "size": len(self.content),
            "mode": "hosted",
            "is_external": False,
            "url_private": self.url,
            "url_private_download": f"{self.url}?download=1",
            "permalink": f"{self.url}?permalink=1",
            **({"alt_txt": self.alt_text} if self.alt_text else {}),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message in a conversation; `only_for` is the one person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: Sequence[Mapping[str, Any]] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    thread_ts: str | None = None
    is_from_app: bool = False
    bot_id: str = ""
    username: str = ""
    only_for: str | None = None
    edited_ts: str | None = None
    is_broadcast: bool = False
    metadata: Mapping[str, Any] | None = None
    files: tuple[SlackFile, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()
    unfurls: bool = True
    is_tombstone: bool = False

    @property
    def is_reply(self) -> bool:
        """Whether it is a reply in a thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def json(self, *, with_metadata: bool = False) -> dict[str, Any]:
        """Slack's message object."""
        message: dict[str, Any] = {
            "type": "message",
            **self._author(),
            "team": cast.WORKSPACE_ID,
            "ts": self.ts,
            "text": self.text,
        }
        if self.blocks:
            message["blocks"] = list(self.blocks)
        if self.attachments:
            message["attachments"] = list(self.attachments)
        if self.thread_ts:
            message["thread_ts"] = self.thread_ts
        if self.is_broadcast:
            message["subtype"] = "thread_broadcast"
        if self.is_tombstone:
            message |= {"subtype": "tombstone", "hidden": True}
        if self.edited_ts:
            message["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.files:
            message["files"] = [file.json() for file in self.files]
        if self.reactions:
            message["reactions"] = self._reactions()
        if self.metadata and with_metadata:
            message["metadata"] = dict(self.metadata)
        return message

    def _author(self) -> dict[str, Any]:
        if self.username:
            return {"subtype": "bot_message", "username": self.username, "bot_id": self.bot_id}
        if self.is_from_app:
            return {"user": self.user, "bot_id": cast.BOT_ID, "app_id": cast.APP_ID}
        return {"user": self.user, **({"bot_id": self.bot_id} if self.bot_id else {})}

    def _reactions(self) -> list[dict[str, Any]]:
        names = dict.fromkeys(name for name, _ in self.reactions)
        return [
            {"name": name, "users": users, "count": len(users)}
            for name in names
            for users in [[user for one, user in self.reactions if one == name]]
        ]


def in_thread(standing: Mapping[str, Message], message: Message, **more: Any) -> dict[str, Any]:
    """Slack's message object, with what it says about the message's thread."""
    shown = message.json(**more)
    if message.is_reply:
        root = standing.get(message.thread_ts or "")
        return {**shown, "parent_user_id": root.user} if root else shown
    if not message.thread_ts:
        return shown
    replies = [one for one in standing.values() if one.is_reply and one.thread_ts == message.ts]
    users = list(dict.fromkeys(one.user for one in replies))
    shown |= {"reply_count": len(replies), "reply_users": users[:5], "reply_users_count": len(users)}
    return {**shown, "latest_reply": replies[-1].ts} if replies else shown


def bury(standing: dict[str, Message], message: Message) -> None:
    """Delete a message; one with replies leaves a tombstone until the last reply is deleted."""
    root = message.thread_ts or message.ts
    has_replies = any(one.thread_ts == root and one.ts not in (root, message.ts) for one in standing.values())
    if root == message.ts and has_replies:
        words = "This message was deleted."
        standing[root] = Message(
            channel=message.channel, ts=root, user=SLACKBOT, text=words, thread_ts=root, is_tombstone=True
        )
        return
    standing.pop(message.ts, None)
    if not has_replies and root in standing and standing[root].is_tombstone:
        del standing[root]


@dataclass(kw_only=True, slots=True)
class Channel:
    """A conversation: a channel, or a direct message when `is_direct`."""

    channel_id: str
    name: str
    members: set[str]
    bot_is_member: bool
    purpose: str = ""
    is_private: bool = False
    is_direct: bool = False
    is_archived: bool = False
    shared: set[str] = field(default_factory=set)
    """What is true of a channel of several organizations: `is_ext_shared` or `is_pending_ext_shared`."""
    created: int = 0
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its type in events: `channel`, `group`, `im` or `mpim`."""
        if self.is_direct:
            return "im" if len(self.members) + self.bot_is_member <= 2 else "mpim"
        return "group" if self.is_private else "channel"

    @property
    def shown_name(self) -> str:
        """Its name in commands and interactions, where Slack hides the names of private channels."""
        return {"im": "directmessage", "mpim": "directmessage", "group": "privategroup"}.get(
            self.kind, self.name
        )

    def json(self) -> dict[str, Any]:
        """Slack's conversation object."""
        common = {
            "id": self.channel_id,
            "created": self.created,
            "is_archived": self.is_archived,
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_private": self.is_private or self.is_direct,
            "is_member": self.bot_is_member,
            "is_shared": "is_ext_shared" in self.shared,
            "is_ext_shared": "is_ext_shared" in self.shared,
            "is_org_shared": False,
            "is_pending_ext_shared": "is_pending_ext_shared" in self.shared,
            "context_team_id": cast.WORKSPACE_ID,
        }
        if self.kind == "im":
            return {**common, "user": next(iter(self.members)), "is_open": True}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "num_members": len(self.members) + self.bot_is_member,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": "", "last_set": 0},
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Ack:
    """The app's answer to a delivery; `error` is None if it came in time."""

    payload: Any = None
    error: str | None = None
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether the app acknowledged the delivery in time."""
        return self.error is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something changed: `kind` is message, ephemeral, view, home, channel, socket or call."""

    kind: str
    channel: str | None = None
    user: str | None = None
    ts: str | None = None


def person_json(person: cast.Character, *, is_deleted: bool = False) -> dict[str, Any]:
    """Slack's user object for a person in the cast."""
    first, _, last = person.name.partition(" ")
    profile = {
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "title": person.title,
        "first_name": first,
        "last_name": last,
        "email": f"{person.handle}@sandbox.example",
        "team": person.workspace,
    }
    common: dict[str, Any] = {
        "id": person.slack_id,
        "team_id": person.workspace,
        "name": person.handle,
        "profile": profile,
        "is_bot": person.is_bot,
    }
    if person.enterprise:
        user = {"id": person.slack_id, "enterprise_id": person.enterprise, "teams": [person.workspace]}
        common["enterprise_user"] = user
    if is_deleted:
        return {**common, "deleted": True}
    return {
        **common,
        "deleted": False,
        "real_name": person.name,
        "tz": "America/New_York",
        "tz_label": "Eastern Standard Time",
        "tz_offset": -18000,
        "is_admin": False,
        "is_owner": False,
        "is_app_user": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
    }


def bot_json() -> dict[str, Any]:
    """Slack's user object for the app's bot user."""
    profile = {
        "real_name": "Identity",
        "display_name": "",
        "title": "",
        "bot_id": cast.BOT_ID,
        "api_app_id": cast.APP_ID,
    }
    return {
        "id": cast.BOT_USER_ID,
        "team_id": cast.WORKSPACE_ID,
        "name": "identity",
        "real_name": "Identity",
        "deleted": False,
        "is_bot": True,
        "is_app_user": False,
        "profile": profile,
    }
