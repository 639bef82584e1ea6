"""Slack as the desk sees it: messages, links, open modals and names, over slack_sdk's WebClient."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.forms.form import Form
from identity_bot.messages.updates import Message
from identity_bot.outbox.ports import SharedFile
from identity_bot.slack import card, messages, modal
from identity_bot.slack import home as home_tab
from identity_bot.slack.errors import SlackRejected, translating_errors
from identity_bot.slack.inputs import Json
from identity_bot.slack.thread_replies import reply_in
from identity_bot.text.markdown import ELLIPSIS
from identity_bot.text.redaction import Redact
from identity_bot.tickets.model import MessageRef, ThreadReply, Ticket
from identity_bot.tickets.overview import Home
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

TIMEOUT = 15
"""Seconds that one call may take."""
EVENT_TYPE = "identity_bot_message"
"""The type of the metadata by which a message of ours is found again; it holds an id and no personal data."""

WRITES = {
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "conversations.open",
    "views.publish",
    "views.update",
}
"""The methods that take JSON; those that only read take a form."""
LONGEST_EDITED_TEXT = 4000
"""Bytes in the text of a message that is edited, beyond which it is `msg_too_long`; a new one may have more."""
REDACTED_AT_ONCE = READ_AT_ONCE = 200
"""Messages on a page that is redacted or read: as many as Slack recommends to ask for."""
BEYOND_EDITING = {
    "cant_update_message", "channel_not_found", "edit_window_closed", "is_inactive", "message_not_found",
}  # fmt: skip
"""chat.update's error codes for a message that can no longer be edited; `is_inactive` means an archived channel."""
HIDDEN = {"user_not_found", "user_not_visible"}
"""users.info's error codes for somebody from another organization whom Slack does not let the bot see."""
NOT_FOUND = {"missing_scope", "users_not_found", *HIDDEN}
"""users.lookupByEmail's error codes for an address that is nobody's, or that the bot may not ask about."""


class SlackChat:
    """Slack's Web API with a bot token; safe to use from any thread. `people` is who to mention on cards."""

    def __init__(
        self, token: str | None, api_url: str, people: People, clock: Callable[[], float] = time.time
    ) -> None:
        # No retries of slack_sdk's own: it repeats a post whose connection broke, and so posts twice.
        self.client = WebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])
        self._people = people
        self._clock = clock
        self._ids: dict[str, str] = {}
        self._own: Mapping[str, Any] = {}
        self._names: dict[str, str] = {}
        self._has_no_emails = False
        self.last_contact: float | None = None
        """When Slack last answered, in seconds since the epoch."""

    def use(self, client: WebClient) -> None:
        """Speaks with the token and to the address of a host app's client."""
        self.client = WebClient(
            token=client.token,
            base_url=client.base_url,
            timeout=TIMEOUT,
            proxy=client.proxy,
            ssl=client.ssl,
            retry_handlers=[],
        )

    def post(
        self, channel: str, message: Message, *, idempotency_key: str, thread_ts: str | None
    ) -> MessageRef:
        """Post a message that carries the key in its metadata; Rejected if the thread's first message is gone."""
        return self._post(channel, messages.message(message), idempotency_key, thread_ts)

    def find_message(
        self,
        channel: str,
        idempotency_key: str,
        since: float,
        *,
        thread_ts: str | None,
        until: float | None = None,
    ) -> MessageRef | None:
        """The message that carries this key among those posted in that time; None in a thread that is gone."""
        channel_id = self.id_of(channel)
        if thread_ts is None:
            return self._with_key(channel_id, idempotency_key, since, until)
        try:
            return self._with_key(channel_id, idempotency_key, since, until, ts=thread_ts)
        except SlackRejected as error:
            if error.code != "thread_not_found":
                raise
        # Then Slack has put it into the channel, if it was posted at all.
        misplaced = self._with_key(channel_id, idempotency_key, since, until)
        if misplaced:
            self._delete(misplaced)
        return None

    def share(self, channel: str, files: Sequence[SharedFile], text: str) -> None:
        """Upload files and share them in one message; Rejected where the bot lacks files:write, or is not a member."""
        uploads = [
            {"filename": one.name, "content": one.content, "title": one.title}
            | ({"alt_txt": one.alt_text} if one.alt_text else {})
            for one in files
        ]
        with translating_errors("files.completeUploadExternal"):
            self.client.files_upload_v2(
                file_uploads=uploads, channel=self.id_of(channel), initial_comment=text
            )
        self.last_contact = self._clock()

    def has_shared(self, channel: str, name: str, since: float) -> bool:
        """Whether a file of this name, uploaded by this bot, is in the channel."""
        own = self.call("auth.test").get("user_id")
        pages = self._pages(
            "conversations.history", channel=self.id_of(channel), oldest=_oldest(since), limit=READ_AT_ONCE
        )
        return any(
            file.get("name") == name and file.get("user") == own
            for page in pages
            for message in page["messages"]
            for file in message.get("files") or ()
        )

    def edit(self, message: MessageRef, now: Message) -> None:
        """Replace a message of ours, if Slack still lets us."""
        self._edit(message, messages.message(now))

    def delete(self, message: MessageRef) -> None:
        """Delete a message of ours, once."""
        try:
            self.call("chat.delete", channel=message.channel, ts=message.ts)
        except SlackRejected as error:
            if error.code != "message_not_found":
                raise

    def read_thread(self, thread: MessageRef) -> tuple[ThreadReply, ...]:
        """What people have replied in a thread, oldest first; Rejected if it is gone or the bot may not read it."""
        pages = self._pages(
            "conversations.replies",
            channel=self.id_of(thread.channel),
            ts=thread.ts,
            limit=READ_AT_ONCE,
        )
        found = (reply_in(message, thread.channel) for page in pages for message in page["messages"])
        return tuple(sorted(filter(None, found), key=lambda reply: float(reply.ts)))

    def settle(self, message: MessageRef, now: Message, outcome: str) -> None:
        """Replace a message's buttons that are no longer possible with what became of them."""
        self._edit(message, messages.settled(now, outcome))

    def show_card(
        self,
        ticket: Ticket,
        form: Form | None,
        *,
        channel: str,
        idempotency_key: str,
        now: float,
        notes: Sequence[str] = (),
    ) -> MessageRef:
        """Draw the team's card of a ticket: in place, or anew if there is none or it can no longer be edited."""
        drawn = card.card(ticket, form, self._people, notes, now=now)
        if ticket.card and self._edit(ticket.card, drawn):
            return ticket.card
        return self._post(channel, drawn, idempotency_key)

    def redact(
        self, channel: str, redact: Redact, *, thread_ts: str | None, since: float, about: str, cursor: str
    ) -> str:
        """Redact our messages on a page of a thread, or those on one of the channel's pages that name a ticket.

        What cannot be edited is deleted. Returns the next page's cursor, which is empty after the last one; a thread
        that is gone has no pages.
        """
        channel_id = self.id_of(channel)
        if thread_ts:
            method, place = "conversations.replies", {"ts": thread_ts}
        else:
            method, place = "conversations.history", {"oldest": _oldest(since)}
        begin = {"cursor": cursor} if cursor else {}
        try:
            page = self.call(
                method,
                channel=channel_id,
                **place,
                include_all_metadata=True,
                limit=REDACTED_AT_ONCE,
                **begin,
            )
        except SlackRejected as error:
            if thread_ts and error.code == "thread_not_found":
                return ""
            raise
        # The address of issue 1 begins that of issue 12.
        names_it = re.compile(rf"{re.escape(about)}(?!\d)")
        for message in filter(_is_ours, page["messages"]):
            drawn = messages.redacted(message, redact)
            if drawn and (thread_ts or names_it.search(message.get("text") or "")):
                self._edit_or_delete(MessageRef(channel=channel_id, ts=message["ts"]), drawn)
        return _next_cursor(page)

    def show_home(self, slack_id: str, home: Home, forms: Mapping[str, Form], command: str) -> None:
        """Publish somebody's Home tab."""
        drawn = home_tab.home(forms, command, home, self._people, self._clock())
        self.call("views.publish", user_id=slack_id, view=drawn)

    def show_receipt(self, view_id: str, ticket: Ticket, hints: Sequence[str]) -> None:
        """Show a ticket's receipt in an open modal."""
        self.call("views.update", view_id=view_id, view=modal.receipt(ticket, hints=hints))

    def link_to(self, message: MessageRef) -> str:
        """A message's permanent link."""
        answer = self.call("chat.getPermalink", channel=message.channel, message_ts=message.ts)
        return str(answer["permalink"])

    def name_of(self, slack_id: str) -> str:
        """Somebody's name as Slack shows it; empty where Slack does not tell."""
        if slack_id not in self._names:
            with suppress(Rejected, Retryable, OutcomeUnknown):
                self.user(slack_id)
        return self._names.get(slack_id, "")

    def known_name(self, slack_id: str) -> str | None:
        """Somebody's name, if it has been asked for before; never waits."""
        return self._names.get(slack_id)

    def members(self, place: str) -> frozenset[str]:
        """The Slack ids of who belongs to a channel (`#name` or id), bots among them, or a user group (`S…`)."""
        if place.startswith("S"):
            return frozenset(self.call("usergroups.users.list", usergroup=place)["users"])
        pages = self._pages("conversations.members", channel=self.id_of(place), limit=999)
        return frozenset(member for page in pages for member in page["members"])

    def is_colleague(self, slack_id: str) -> bool:
        """Whether somebody is an active person of the bot's own organization, or a guest there."""
        user = self.user(slack_id)
        return user is not None and is_colleague(user, self.own())

    def find_colleague(self, email: str) -> str:
        """The Slack id of the colleague with this e-mail address; empty if there is none or Slack does not tell."""
        try:
            user: Mapping[str, Any] = self.call("users.lookupByEmail", email=email)["user"]
        except SlackRejected as error:
            if error.code not in NOT_FOUND:
                raise
            if error.code == "missing_scope" and not self._has_no_emails:
                self._has_no_emails = True
                log.info("nobody is found by their e-mail address, as the bot lacks users:read.email")
            return ""
        return str(user["id"]) if is_colleague(user, self.own()) else ""

    def user(self, slack_id: str) -> Mapping[str, Any] | None:
        """Somebody as Slack describes them; None if the bot may not see them, or nobody has this id."""
        try:
            user: Mapping[str, Any] = self.call("users.info", user=slack_id)["user"]
        except SlackRejected as error:
            if error.code in HIDDEN:
                return None
            raise
        profile = user.get("profile") or {}
        names = user.get("real_name"), profile.get("real_name"), profile.get("display_name")
        self._names[slack_id] = str(next(filter(None, names), ""))
        return user

    def own(self) -> Mapping[str, Any]:
        """Which workspace and organization the bot's token is for, as auth.test says; asked once."""
        if not self._own:
            answer = self.call("auth.test")
            self._own = {key: answer.get(key) for key in ("team_id", "enterprise_id")}
        return self._own

    def channel(self, name: str, *, archived: bool = False) -> Mapping[str, Any]:
        """A channel (`#name` or id) as Slack describes it; Rejected where the bot can see no such channel."""
        if not name.startswith("#"):
            found: Mapping[str, Any] = self.call("conversations.info", channel=name)["channel"]
            return found
        for channel in self._channels(archived=archived):
            self._ids[f"#{channel['name']}"] = channel["id"]
            if f"#{channel['name']}" == name:
                return channel
        raise SlackRejected(f"there is no channel {name} that the bot can see", "channel_not_found")

    def _post(
        self, channel: str, drawn: Json, idempotency_key: str, thread_ts: str | None = None
    ) -> MessageRef:
        answer = self.call(
            "chat.postMessage",
            channel=self._ids.get(channel, channel),
            **drawn,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": idempotency_key}},
            unfurl_links=False,
            unfurl_media=False,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        )
        self._ids[channel] = answer["channel"]
        posted = MessageRef(channel=answer["channel"], ts=answer["ts"])
        # Slack puts a reply to a deleted message into the channel, and only the answer tells (slack-go issue 1571).
        if thread_ts and "thread_ts" not in answer.get("message", {"thread_ts": thread_ts}):
            self._delete(posted)
            raise SlackRejected("Slack's chat.postMessage: thread_not_found", "thread_not_found")
        return posted

    def _edit(self, message: MessageRef, drawn: Json) -> bool:
        """Replace one of our messages; False if it is gone or can no longer be edited.

        Its key stays: Slack keeps the metadata that an edit does not name. Reactions and replies stay too.
        """
        edited = {**drawn, "text": _cut(drawn["text"])}
        try:
            self.call("chat.update", channel=message.channel, ts=message.ts, **edited)
        except SlackRejected as error:
            if error.code in BEYOND_EDITING:
                log.info("a message can no longer be edited: %s", error)
                return False
            raise
        return True

    def _edit_or_delete(self, message: MessageRef, drawn: Json) -> None:
        """Replace one of our messages that must not stay as it is; Rejected if it stays."""
        if not self._edit(message, drawn):
            self.delete(message)

    def _delete(self, message: MessageRef) -> None:
        """Delete a message that Slack has put where it does not belong, if Slack lets us."""
        try:
            self.call("chat.delete", channel=message.channel, ts=message.ts)
        except (Rejected, Retryable, OutcomeUnknown) as error:
            if getattr(error, "code", "") != "message_not_found":
                log.warning("a reply to a deleted thread stays in channel %s: %s", message.channel, error)

    def _with_key(
        self, channel_id: str, key: str, since: float, until: float | None, **thread: str
    ) -> MessageRef | None:
        method = "conversations.replies" if thread else "conversations.history"
        window = {"oldest": _oldest(since)} | ({} if until is None else {"latest": f"{until:.6f}"})
        for page in self._pages(
            method, channel=channel_id, **window, include_all_metadata=True, limit=100, **thread
        ):
            for message in filter(_is_ours, page["messages"]):
                if (message["metadata"].get("event_payload") or {}).get("key") == key:
                    return MessageRef(channel=channel_id, ts=message["ts"])
        return None

    def id_of(self, channel: str) -> str:
        """The id behind a channel's name or a person's direct messages."""
        if channel in self._ids:
            return self._ids[channel]
        if channel.startswith("#"):
            self._ids[channel] = self.channel(channel)["id"]
        elif channel.startswith(("U", "W")):
            self._ids[channel] = self.call("conversations.open", users=channel)["channel"]["id"]
        return self._ids.get(channel, channel)

    def _channels(self, *, archived: bool) -> Iterator[Mapping[str, Any]]:
        for kind in ("public_channel", "private_channel"):
            try:
                for page in self._pages(
                    "conversations.list", types=kind, exclude_archived=not archived, limit=999
                ):
                    yield from page["channels"]
            except SlackRejected as error:
                if kind == "public_channel":
                    raise
                log.info("private channels cannot be listed: %s", error)  # the bot lacks groups:read

    def _pages(self, method: str, **arguments: Any) -> Any:
        cursor = ""
        while True:
            page = self.call(method, **arguments, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = _next_cursor(page)
            if not cursor:
                return

    def call(self, method: str, **arguments: Any) -> SlackResponse:
        """One call of the Web API, its failures told apart by what is known of the outcome."""
        with translating_errors(method):
            if method in WRITES:
                answer = self.client.api_call(method, json=arguments)
            else:
                answer = self.client.api_call(method, params=arguments)
        self.last_contact = self._clock()
        return answer


def _is_ours(message: Mapping[str, Any]) -> bool:
    return (message.get("metadata") or {}).get("event_type") == EVENT_TYPE


def _oldest(since: float) -> str:
    """A time as Slack takes it, a little earlier: Slack's clock may be behind ours."""
    return f"{since - 120:.6f}"


def _next_cursor(page: SlackResponse) -> str:
    """Where the next page begins; empty on the last one."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")


def is_colleague(user: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether a user (docs.slack.dev/reference/objects/user-object) is an active person of the bot's organization.

    All workspaces of one Enterprise organization belong together. Anybody else of another workspace is of another
    organization; Slack calls such people strangers only while they share no channel with the bot.
    """
    if any(map(user.get, ("is_bot", "deleted", "is_stranger"))):
        return False
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    is_same_enterprise = bool(enterprise) and enterprise == own["enterprise_id"]
    return is_same_enterprise or bool(user.get("team_id") == own["team_id"])


def _cut(text: str) -> str:
    """The text as long as that of an edited message may be; no letter, entity or mention is cut in two."""
    written = text.encode()
    if len(written) <= LONGEST_EDITED_TEXT:
        return text
    fitting = written[: LONGEST_EDITED_TEXT - len(ELLIPSIS.encode())].decode(errors="ignore")
    return messages.cut(text, len(fitting))
