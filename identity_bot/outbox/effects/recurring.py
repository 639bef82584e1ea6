"""The acts of the timers: repositories polled, and the database cleaned up; each has itself done again."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from identity_bot.desk.desk import CLEANING, DAY, KEEP_HEARD, Desk, resync_repository
from identity_bot.desk.ports import Tracker
from identity_bot.desk.reconciler import READS
from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.logs import scrubbed
from identity_bot.messages import words
from identity_bot.outbox.effects.act import DeskAct
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect

log = logging.getLogger(__name__)

FIRST_POLL = 7 * DAY
"""Seconds that the first poll of a repository looks back."""
LONGEST_PAUSE = 900.0
"""Seconds between two polls while GitHub cannot be reached, unless it names a time."""
LONGEST_WAIT = 3600.0
"""Seconds for which GitHub's own word on when to ask again is taken: its limits are counted by the hour."""
TELL_AFTER = 3
"""Polls in a row that fail until the team is told, once."""
KEEP_DONE = 30 * DAY
"""Seconds for which effects that are done are remembered."""


class Poll(DeskAct):
    """Asks each repository for what has changed, now and again; never parked, as it is what finds all else."""

    def __init__(self, desk: Desk, tracker: Tracker) -> None:
        super().__init__(desk)
        self._tracker = tracker

    def do(self, effect: Effect) -> Any:
        cursors = dict(effect.payload.get("cursors", {}))
        trouble, wait = "", 0.0
        renamed: list[list[str]] = []
        for repository in self._desk.repositories.values():
            now = self._desk.store.clock()
            cursor = cursors.get(repository) or {"since": now - FIRST_POLL, "comments": now, "etag": ""}
            cursors[repository] = cursor
            try:
                cursors[repository] = self._poll(repository, cursor, renamed)
                continue
            except Retryable as error:
                wait = max(wait, error.seconds or 0.0)
                trouble = str(error)
            except (Rejected, OutcomeUnknown, StoreError) as error:
                trouble = str(error)
            except Exception as error:
                trouble = f"a bug: {type(error).__name__}"
                log.error("polling %s met a bug", repository, exc_info=scrubbed(error))
            log.warning("%s was not polled: %s", repository, trouble)
        failures = int(effect.payload.get("failures", 0)) + 1 if trouble else 0
        return {
            "cursors": cursors,
            "failures": failures,
            "trouble": trouble,
            "renamed": renamed,
            "wait": wait,
        }

    def look(self, effect: Effect) -> Any | None:
        return self.do(effect)  # which only reads

    def _poll(self, repository: str, cursor: Mapping[str, Any], renamed: list[list[str]]) -> dict[str, Any]:
        polled = self._tracker.poll(
            repository, since=cursor["since"], etag=cursor["etag"], comments_since=cursor["comments"]
        )
        if polled is None:
            return dict(cursor)
        for snapshot in polled.issues:
            with _going_on(f"{repository}#{snapshot.number}"):
                self._desk.observe(replace(snapshot, repository=repository))
        for comment in polled.comments:
            with _going_on(f"{repository}#{comment.number}"):
                self._desk.hear(replace(comment, repository=repository))
        if polled.renamed_to and polled.renamed_to != cursor.get("renamed"):
            renamed.append([repository, polled.renamed_to])
        newest = max((comment.created_at for comment in polled.comments), default=cursor["comments"])
        return {
            "since": polled.since,
            "etag": polled.etag,
            "comments": max(newest, cursor["comments"]),
            "renamed": polled.renamed_to,
        }

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        for was, now in result["renamed"]:
            self._desk.teller.notice(transaction, words.repository_renamed(was, now), again_after=DAY)
        if result["failures"] == TELL_AFTER:
            self._desk.teller.notice(transaction, words.cannot_poll(result["trouble"]))
        often = self._desk.settings.poll_seconds
        pause = min(often * 2.0 ** min(result["failures"], 6), max(LONGEST_PAUSE, often))
        due_at = transaction.now + max(pause, min(result["wait"], LONGEST_WAIT))
        payload = {"cursors": result["cursors"], "failures": result["failures"]}
        if often:
            transaction.enqueue_once(Effect(lane=READS, kind="poll", payload=payload, due_at=due_at))


class Resync(DeskAct):
    """Has every open ticket's issue looked at once a day.

    Polls show neither what was deleted nor what moved away, nor that a milestone has another due date.
    """

    def do(self, effect: Effect) -> Any:
        return {}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        for repository in self._desk.repositories.values():
            resync_repository(transaction, repository)
        transaction.enqueue_once(Effect(lane=READS, kind="resync", due_at=transaction.now + DAY))


class ResyncRepository(DeskAct):
    """Has the issues of all open tickets in a repository looked at."""

    def do(self, effect: Effect) -> Any:
        return {}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        for ticket_id in self._desk.store.open_tickets(effect.payload["repository"]):
            transaction.enqueue_once(Effect(lane=READS, kind="look_at_issue", ticket_id=ticket_id))


class CleanUp(DeskAct):
    """Forgets, once a day, what was done long ago, so that nothing grows for ever."""

    def do(self, effect: Effect) -> Any:
        now = self._desk.store.clock()
        gone = self._desk.store.clean_up(done_before=now - KEEP_DONE, heard_before=now - KEEP_HEARD)
        log.info("cleaned up: %s rows", gone)
        return {"rows": gone}

    def look(self, effect: Effect) -> Any | None:
        return self.do(effect)

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        transaction.enqueue_once(Effect(lane=CLEANING, kind="clean_up", due_at=transaction.now + DAY))


@contextmanager
def _going_on(issue: str) -> Iterator[None]:
    """Keeps a bug that one issue meets from all the others."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        log.error("%s met a bug while it was polled", issue, exc_info=scrubbed(error))
