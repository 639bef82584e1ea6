"""What was said about tickets, in one transaction: where each message and its copy are, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.store import schema
from identity_bot.store.rows import converter
from identity_bot.tickets.model import MessageKind, MessageRef, TicketMessage

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

# Built once, as in transaction.py.
_NEW_MESSAGE = {
    name: new(schema.messages).on_conflict_do_nothing().returning(schema.messages.c.id)
    for name, new in _INSERT.items()
}
_MESSAGE = tuple(column for column in schema.messages.c if column.name != "id")
MESSAGE_IN = select(*_MESSAGE).where(
    schema.messages.c.channel == bindparam("where"),
    schema.messages.c.ts == bindparam("wanted"),
    schema.IN_SLACK,
)
"""The message at one place in Slack."""
MESSAGE_AT = select(*_MESSAGE).where(
    schema.messages.c.repository == bindparam("where"), schema.messages.c.comment_id == bindparam("wanted")
)
"""The message that is one comment in GitHub."""
REPLIES = select(schema.messages.c.ts).where(
    schema.messages.c.ticket_id == bindparam("wanted"),
    schema.messages.c.kind == MessageKind.REPLY.value,
    schema.messages.c.text != "",
)
"""Those of a ticket that were copied and are not known to be deleted."""
COMMENTS = select(*_MESSAGE).where(
    schema.messages.c.ticket_id == bindparam("wanted"),
    schema.messages.c.kind == MessageKind.COMMENT.value,
    schema.IN_SLACK,
)
"""Those on a ticket's issue that were copied and are not known to be deleted."""
_IN_SLACK = (
    schema.messages.c.channel == bindparam("there"),
    schema.messages.c.ts == bindparam("then"),
    schema.IN_SLACK,
)
_IN_GITHUB = (
    schema.messages.c.repository == bindparam("there"),
    schema.messages.c.comment_id == bindparam("numbered"),
)
_NEW_REPLY_VERSION, _NEW_COMMENT_VERSION = (
    update(schema.messages)
    .where(*place, schema.messages.c.version < bindparam("as_of"))
    .values(version=bindparam("as_of"))
    for place in (_IN_SLACK, _IN_GITHUB)
)
_PLACE_REPLY = (
    update(schema.messages)
    .where(*_IN_SLACK)
    .values(repository=bindparam("to_repository"), comment_id=bindparam("to_comment"), text=bindparam("said"))
)
_PLACE_COMMENT = (
    update(schema.messages)
    .where(*_IN_GITHUB)
    .values(channel=bindparam("to_channel"), ts=bindparam("to_ts"), text=bindparam("said"))
)
_LAST_SAID = select(func.max(schema.messages.c.at)).where(
    schema.messages.c.ticket_id == bindparam("wanted"),
    schema.messages.c.kind != MessageKind.UPDATE.value,
)
_TEXTS = select(schema.messages.c.id, schema.messages.c.text).where(
    schema.messages.c.ticket_id == bindparam("wanted")
)
_NEW_TEXT = (
    update(schema.messages)
    .where(schema.messages.c.id == bindparam("wanted"))
    .values(text=bindparam("new"), is_redacted=true())
)
_OF_AUTHOR = select(*_MESSAGE).where(
    schema.messages.c.ticket_id == bindparam("wanted"),
    schema.messages.c.at == bindparam("said_at"),
    schema.messages.c.author == bindparam("who"),
    schema.messages.c.kind == MessageKind.COMMENT.value,
)
_MOVE_COMMENT = (
    update(schema.messages)
    .where(*_IN_GITHUB)
    .values(repository=bindparam("to_repository"), comment_id=bindparam("to_comment"))
)


def find_message(connection: Connection, query: Any, values: Mapping[str, Any]) -> TicketMessage | None:
    """The message that a query finds."""
    row = connection.execute(query, values).mappings().one_or_none()
    return converter.structure(dict(row), TicketMessage) if row else None


class Messages:
    """The part of a transaction that reads and writes the conversation."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._dialect = connection.dialect.name

    def add_message(self, message: TicketMessage) -> bool:
        """Keep a message about a ticket; False, with nothing written, if one is known at its place."""
        values = converter.unstructure(message)
        return self.connection.execute(_NEW_MESSAGE[self._dialect], values).one_or_none() is not None

    def message_in(self, channel: str, ts: str) -> TicketMessage | None:
        """The message at a place in Slack."""
        return find_message(self.connection, MESSAGE_IN, {"where": channel, "wanted": ts})

    def message_at(self, repository: str, comment_id: int) -> TicketMessage | None:
        """The message that is this comment in GitHub."""
        return find_message(self.connection, MESSAGE_AT, {"where": repository, "wanted": comment_id})

    def find_moved_comment(self, ticket_id: str, author: str, at: float) -> TicketMessage | None:
        """What somebody said at that time in an issue that was transferred since, where comments get other ids."""
        values = {"wanted": ticket_id, "said_at": at, "who": author}
        row = self.connection.execute(_OF_AUTHOR, values).mappings().first()
        return converter.structure(dict(row), TicketMessage) if row else None

    def move_comment(self, message: TicketMessage, repository: str, comment_id: int) -> None:
        """Keep where a comment is after its issue was transferred."""
        values: dict[str, Any] = {"there": message.repository, "numbered": message.comment_id}
        values |= {"to_repository": repository, "to_comment": comment_id}
        self.connection.execute(_MOVE_COMMENT, values)

    def set_version(self, message: TicketMessage, version: float) -> bool:
        """Note a newer version of what somebody wrote; False, with nothing written, if it is not newer."""
        if message.kind is MessageKind.REPLY:
            statement: Any = _NEW_REPLY_VERSION
            place: Mapping[str, Any] = {"there": message.channel, "then": message.ts}
        else:
            statement = _NEW_COMMENT_VERSION
            place = {"there": message.repository, "numbered": message.comment_id}
        return bool(self.connection.execute(statement, {**place, "as_of": version}).rowcount)

    def place_reply(self, reply: MessageRef, repository: str, comment_id: int, said: str) -> None:
        """Keep which comment a reply in Slack was copied to, and what it says."""
        values: dict[str, Any] = {"there": reply.channel, "then": reply.ts, "said": said}
        values |= {"to_repository": repository, "to_comment": comment_id}
        self.connection.execute(_PLACE_REPLY, values)

    def place_comment(self, repository: str, comment_id: int, message: MessageRef, said: str) -> None:
        """Keep which message in Slack a comment was copied to, and what it says."""
        values: dict[str, Any] = {"there": repository, "numbered": comment_id, "said": said}
        values |= {"to_channel": message.channel, "to_ts": message.ts}
        self.connection.execute(_PLACE_COMMENT, values)

    def last_said(self, ticket_id: str) -> float:
        """When a person last said something about a ticket; 0 if nobody has."""
        return self.connection.execute(_LAST_SAID, {"wanted": ticket_id}).scalar_one() or 0.0

    def rewrite_messages(self, ticket_id: str, rewrite: Callable[[str], str]) -> None:
        """Change the texts of all that we keep of what was said about a ticket, and mark what may have held them."""
        for message, old in self.connection.execute(_TEXTS, {"wanted": ticket_id}).all():
            # What has not been copied yet, or was refused, is not kept, so that it may have held the text.
            if (new := rewrite(old)) != old or not old:
                self.connection.execute(_NEW_TEXT, {"wanted": message, "new": new})
