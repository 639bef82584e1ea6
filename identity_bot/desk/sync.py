"""Makes tickets again from their issues alone: for an empty database, or for the gap of a restored backup."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from identity_bot.errors import OutcomeUnknown, Retryable
from identity_bot.outbox.ports import IssuePage, Reconciler, Tracker
from identity_bot.store.store import Store

AT_ONCE = 50
"""Issues in one transaction: while it lasts, nobody else can write to SQLite."""
PAUSE = 60.0
"""Seconds until GitHub is asked again, unless it names a time."""
MOST_TRIES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a sync has come in a repository."""

    repository: str
    page: int
    pages: int
    tickets: int
    """Tickets on this page."""


class Sync:
    """Reads all issues, page by page, and recovers their tickets; nobody is told of anything.

    A sync that was cut short goes on where it was. `pause` waits for as many seconds as GitHub asks for.
    """

    def __init__(
        self,
        *,
        store: Store,
        reconciler: Reconciler,
        reader: Tracker,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._reader = reader
        self._pause = pause

    def run(self) -> Iterator[Progress]:
        """Sync all repositories of the settings; raises Rejected or Retryable where GitHub does not let us."""
        self._reader.identify()
        for repository in self._reconciler.repositories.values():
            yield from self._repository(repository)

    def _repository(self, repository: str) -> Iterator[Progress]:
        with self._store.begin() as transaction:
            page = transaction.synced_page(repository)
        pages = page + 1
        while page < pages:
            page += 1
            found = self._page(repository, page)
            pages = found.pages
            tickets = 0
            for at in range(0, len(found.issues), AT_ONCE):
                with self._store.begin() as transaction:
                    for snapshot in found.issues[at : at + AT_ONCE]:
                        with transaction.savepoint():
                            tickets += self._reconciler.recover(transaction, snapshot)
            with self._store.begin() as transaction:
                transaction.save_synced_page(repository, page if page < pages else 0)
            yield Progress(repository=repository, page=page, pages=pages, tickets=tickets)

    def _page(self, repository: str, page: int) -> IssuePage:
        for tries in range(1, MOST_TRIES + 1):
            try:
                return self._reader.list_issues(repository, page)
            except (Retryable, OutcomeUnknown) as error:
                if tries == MOST_TRIES:
                    raise
                self._pause(getattr(error, "seconds", None) or PAUSE)
        raise AssertionError("unreachable")
