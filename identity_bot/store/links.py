"""Who is who as people have proved it or an operator has said it, and the claims that wait for their proof."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from identity_bot.errors import StoreError
from identity_bot.store import schema
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import fold
from identity_bot.tickets.people import TRUSTED, Link, LinkSource

log = logging.getLogger(__name__)

READ_AGAIN = 5.0
"""Seconds after which what another process may have changed is read again."""

_L, _C = schema.links.c, schema.link_claims.c
_LINK = (_L.slack_id, _L.login, _L.source, _L.at)
_IS_TRUSTED = _L.source.in_([source.value for source in sorted(TRUSTED)])
_ALL = select(*_LINK).order_by(_L.folded)
_OF = select(*_LINK).where(_L.slack_id == bindparam("who"))
_OWNER = select(_L.slack_id).where(_L.folded == bindparam("folded_login"), _IS_TRUSTED)
_FREE = delete(schema.links).where(_L.folded == bindparam("folded_login"), ~_IS_TRUSTED)
_REMOVE = delete(schema.links).where(_L.slack_id == bindparam("who"))
_INSERT: Mapping[str, Any] = {
    "sqlite": sqlite.insert(schema.links).on_conflict_do_nothing().returning(_L.slack_id),
    "postgresql": postgresql.insert(schema.links).on_conflict_do_nothing().returning(_L.slack_id),
}
_CLAIM = insert(schema.link_claims).inline()
_CLAIMS_OF = select(_C.slack_id, _C.login, _C.digest, _C.at).where(
    _C.folded == bindparam("folded_login"), _C.digest != ""
)
_COUNT = (
    select(func.count())
    .select_from(schema.link_claims)
    .where(_C.slack_id == bindparam("who"), _C.at > bindparam("since"))
)
_VOID = update(schema.link_claims).where(_C.slack_id == bindparam("who")).values(digest="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Somebody says that a GitHub login is theirs, and has a code to prove it with."""

    slack_id: str
    login: str
    digest: str
    """Of the code, which is not kept itself."""
    at: float
    """Seconds since the epoch."""


class Links:
    """The links and the claims, in one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    def of(self, slack_id: str) -> Link | None:
        """Somebody's link, whatever its source."""
        row = self._connection.execute(_OF, {"who": slack_id}).one_or_none()
        return _link(row) if row else None

    def owner(self, login: str) -> str:
        """The Slack id of whoever a login is linked to by more than an e-mail address; empty if it is nobody's."""
        return self._connection.execute(_OWNER, {"folded_login": fold(login)}).scalar() or ""

    def save(self, link: Link) -> bool:
        """Keep a link in place of the person's own old one; False if the login is linked to somebody else."""
        if self.owner(link.login) not in ("", link.slack_id):
            return False
        before = self.remove(link.slack_id)
        self._connection.execute(_FREE, {"folded_login": fold(link.login)})
        if self._insert(link):
            return True
        if before:  # somebody else was faster
            self._insert(before)
        return False

    def remove(self, slack_id: str) -> Link | None:
        """Forget somebody's link; the one that they had."""
        if found := self.of(slack_id):
            self._connection.execute(_REMOVE, {"who": slack_id})
            self._transaction.has_new_links = True
        return found

    def suggest(self, link: Link) -> bool:
        """Keep a link only if neither the person nor the login has or had another one."""
        return self._insert(link)

    def forget(self, slack_id: str, at: float) -> Link | None:
        """Remove somebody's link and remember that, so that none is suggested; the link that they had, if any."""
        removed = self.remove(slack_id)
        if removed is None:
            return None
        self._insert(replace(removed, source=LinkSource.REMOVED, at=at))
        return removed if removed.source is not LinkSource.REMOVED else None

    def add_claim(self, claim: Claim) -> None:
        """Keep a claim, in place of all others of the same person."""
        self.void_claims(claim.slack_id)
        values = {"slack_id": claim.slack_id, "login": claim.login, "folded": fold(claim.login)}
        self._connection.execute(_CLAIM, values | {"digest": claim.digest, "at": claim.at})

    def claims_of(self, login: str) -> list[Claim]:
        """The claims to a login, of any age, that have been neither proved nor replaced."""
        rows = self._connection.execute(_CLAIMS_OF, {"folded_login": fold(login)}).all()
        return [Claim(slack_id=who, login=name, digest=digest, at=at) for who, name, digest, at in rows]

    def count_claims(self, slack_id: str, since: float) -> int:
        """How many codes somebody was given since then (seconds since the epoch)."""
        return self._connection.execute(_COUNT, {"who": slack_id, "since": since}).scalar_one()

    def void_claims(self, slack_id: str) -> None:
        """Let nobody prove what somebody has claimed; how often they did still counts."""
        self._connection.execute(_VOID, {"who": slack_id})

    def _insert(self, link: Link) -> bool:
        values = {
            "slack_id": link.slack_id,
            "login": link.login,
            "folded": fold(link.login),
            "source": link.source.value,
            "at": link.at,
        }
        self._transaction.has_new_links = True
        insertion = _INSERT[self._connection.dialect.name]
        return self._connection.execute(insertion, values).one_or_none() is not None


def read_links(connection: Connection) -> tuple[Link, ...]:
    """All links but those that were removed, by login."""
    links = map(_link, connection.execute(_ALL))
    return tuple(link for link in links if link.source is not LinkSource.REMOVED)


class KnownLinks:
    """All links, from memory; read again after a few seconds, as another process may have changed them."""

    def __init__(self, read: Callable[[], tuple[Link, ...]], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._links: tuple[Link, ...] = ()
        self._read_at = float("-inf")
        self._changes, self._changes_read = 0, -1
        self._turn = threading.Lock()

    def __call__(self) -> tuple[Link, ...]:
        """The links: the same object until they differ. If the database cannot be read, those of before."""
        is_changed = self._changes_read != self._changes
        is_recent = 0 <= self._clock() - self._read_at < READ_AGAIN
        # While one thread looks for changes of other processes, the others go on with what is known.
        if (is_changed or not is_recent) and self._turn.acquire(blocking=is_changed):
            try:
                self._look()
            finally:
                self._turn.release()
        return self._links

    def changed(self) -> None:
        """Have them read at the next use."""
        self._changes += 1

    def _look(self) -> None:
        self._changes_read, self._read_at = self._changes, self._clock()
        try:
            found = self._read()
        except StoreError as error:
            log.warning("cannot read who is who: %s", error)
            return
        if found != self._links:
            self._links = found


def _link(row: Any) -> Link:
    return Link(slack_id=row.slack_id, login=row.login, source=LinkSource(row.source), at=row.at)
