"""Who has asked for a digest of their own."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.store import schema
from identity_bot.store.transaction import Transaction

_D = schema.digests.c
_ALL = select(_D.slack_id).order_by(_D.slack_id)
_ADD = {
    name: new(schema.digests).on_conflict_do_nothing()
    for name, new in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_REMOVE = delete(schema.digests).where(_D.slack_id == bindparam("who"))


def subscribe(transaction: Transaction, slack_id: str, *, is_on: bool) -> None:
    """Remember that somebody wants a digest, or wants none anymore."""
    connection = transaction.connection
    if is_on:
        connection.execute(_ADD[connection.dialect.name], {"slack_id": slack_id})
    else:
        connection.execute(_REMOVE, {"who": slack_id})


def subscribers(transaction: Transaction) -> list[str]:
    """The Slack ids of all who want one."""
    return list(transaction.connection.execute(_ALL).scalars())
