"""Who has asked for a digest of their own."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select

from identity_bot.store import schema
from identity_bot.store.transaction import Transaction

_D = schema.digests.c
_ALL = select(_D.slack_id).order_by(_D.slack_id)
_ADD = insert(schema.digests).inline()
_REMOVE = delete(schema.digests).where(_D.slack_id == bindparam("who"))


def subscribe(transaction: Transaction, slack_id: str, *, is_on: bool) -> None:
    """Remember that somebody wants a digest, or wants none anymore."""
    transaction.connection.execute(_REMOVE, {"who": slack_id})
    if is_on:
        transaction.connection.execute(_ADD, {"slack_id": slack_id})


def subscribers(transaction: Transaction) -> list[str]:
    """The Slack ids of all who want one."""
    return list(transaction.connection.execute(_ALL).scalars())
