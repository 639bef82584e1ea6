"""Recurring effects, each of which enqueues itself again: poll, resync and clean up."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.logs import scrubbed
from identity_bot.messages import alerts
from identity_bot.outbox.effect import READS, UPDATES, Context, Effect, Row
from identity_bot.outbox.effects.issues import GetIssue, Reconcile
from identity_bot.outbox.effects.reading import ReadComments, ReadThread
from identity_bot.outbox.ports import PollResult
from identity_bot.store.transaction import BATCH, Transaction
from identity_bot.tickets.calendar import DAY

log = logging.getLogger(__name__)

Found = TypeVar("Found")

FIRST_POLL = 7 * DAY
"""Seconds that the first poll of a repository looks back."""
LONGEST_PAUSE = 900.0
"""Seconds between two polls while GitHub cannot be reached, unless it names a time."""
LONGEST_WAIT = 3600.0
"""Seconds for which GitHub's own word on when to ask again is taken: its limits are counted by the hour."""
ALERT_AFTER = 3
"""Failed polls in a row until the team is told, once."""
CATCH_UP_EVERY, AWAY = 300.0, 60.0
"""Seconds: the bot was away if this much more than usual has passed. Slack repeats an event for some five minutes."""
KEEP_DONE = 30 * DAY
"""Seconds for which effects that are done are kept."""
KEEP_PROCESSED = 365 * DAY
"""Seconds for which processed comments are remembered; older comments are not processed anymore."""
RECONCILED_AT_ONCE = 50
"""Issues and comments in one transaction: while it lasts, nobody else can write to SQLite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """How far a repository has been polled; times are in seconds since the epoch."""

    since: float
    comments_since: float
    etag: str = ""
    renamed_to: str | None = None


@dataclass(frozen=True, slots=True)
class _Polled:
    """What polls of all repositories found, by repository, and how asking went."""

    cursors: Mapping[str, Cursor]
    results: Mapping[str, PollResult]
    trouble: str = ""
    wait: float = 0.0
    """Seconds until GitHub wants to be asked again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll(Effect):
    """Ask each repository what has changed; it never fails for good, as it is what finds all else."""

    kind: ClassVar[str] = "poll"
    label: ClassVar[str] = "poll GitHub"
    fixed_lane: ClassVar[str] = READS
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    cursors: Mapping[str, Cursor] = field(default_factory=dict)
    """By the repositories' names."""
    failures: int = 0
    """Failed polls in a row."""

    def run(self, context: Context, row: Row) -> _Polled:
        cursors = dict(self.cursors)
        results: dict[str, PollResult] = {}
        trouble, wait = "", 0.0
        now = context.store.clock()
        for repository in context.reconciler.repositories.values():
            cursor = cursors.setdefault(repository, Cursor(since=now - FIRST_POLL, comments_since=now))
            try:
                found = context.reader.poll(
                    repository,
                    since=cursor.since,
                    etag=cursor.etag,
                    # A clock that was ahead must not hide comments until then.
                    comments_since=min(cursor.comments_since, now),
                )
                if found:
                    results[repository] = found
                continue
            except Retryable as error:
                wait = max(wait, error.seconds or 0.0)
                trouble = str(error)
            except (Rejected, OutcomeUnknown) as error:
                trouble = str(error)
            except Exception as error:
                trouble = f"a bug: {type(error).__name__}"
                log.error("polling %s: unexpected error", repository, exc_info=scrubbed(error))
            log.warning("polling %s failed: %s", repository, trouble)
        return _Polled(cursors, results, trouble, wait)

    def on_success(self, transaction: Transaction, context: Context, result: _Polled) -> None:
        cursors = dict(result.cursors)
        for repository, found in result.results.items():
            before = cursors[repository]
            cursors[repository] = _advanced(before, found)
            if found.renamed_to and found.renamed_to != before.renamed_to:
                text = alerts.repository_renamed(repository, found.renamed_to)
                context.notifier.alert(transaction, text, again_after=DAY)
            _reconcile(transaction, repository, found)
        failures = self.failures + 1 if result.trouble else 0
        if failures == ALERT_AFTER:
            context.notifier.alert(transaction, alerts.cannot_poll(result.trouble))
        every = context.settings.poll_seconds
        if every:
            pause = min(every * 2.0 ** min(failures, 6), max(LONGEST_PAUSE, every))
            delay = max(pause, min(result.wait, LONGEST_WAIT))
            transaction.enqueue(Poll(cursors=cursors, failures=failures), delay=delay)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resync(Effect):
    """Resync all repositories once a day.

    Polls show neither what was deleted nor what moved away, nor that a milestone has another due date.
    """

    kind: ClassVar[str] = "resync"
    label: ClassVar[str] = "resync all repositories"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        for repository in context.reconciler.repositories.values():
            transaction.enqueue(ResyncRepository(repository=repository))
        transaction.enqueue(Resync(), delay=DAY)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResyncRepository(Effect):
    """Enqueue a read of each open ticket's issue in a repository, and of the comments that were copied."""

    kind: ClassVar[str] = "resync_repository"
    label: ClassVar[str] = "resync a repository"
    fixed_lane: ClassVar[str] = UPDATES
    is_repeatable: ClassVar[bool] = True

    repository: str

    @property
    def unique_key(self) -> str:
        return f"{self.kind}:{self.repository}"

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        for ticket_id in transaction.open_tickets(self.repository):
            transaction.enqueue(GetIssue(ticket_id=ticket_id))
        for ticket_id in transaction.open_threads(self.repository) if context.settings.conversation else ():
            transaction.enqueue(ReadComments(ticket_id=ticket_id))


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchUp(Effect):
    """Notice that the bot was away for longer than Slack repeats its events, and read what was said meanwhile."""

    kind: ClassVar[str] = "catch_up"
    label: ClassVar[str] = "catch up with Slack"
    fixed_lane: ClassVar[str] = UPDATES
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    last: float = 0.0
    """When it last ran, in seconds since the epoch; 0 for never."""

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        now = transaction.now
        if self.last and now - self.last > CATCH_UP_EVERY + AWAY:
            for repository in context.reconciler.repositories.values():
                for ticket_id in transaction.open_threads(repository):
                    transaction.enqueue(ReadThread(ticket_id=ticket_id, since=self.last - AWAY))
        transaction.enqueue(CatchUp(last=now), delay=CATCH_UP_EVERY)


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanUp(Effect):
    """Forget once a day what was done long ago, so that nothing grows forever."""

    kind: ClassVar[str] = "clean_up"
    label: ClassVar[str] = "clean up"
    fixed_lane: ClassVar[str] = "cleaning"
    is_unique: ClassVar[bool] = True
    is_repeatable: ClassVar[bool] = True
    reruns: ClassVar[bool] = False
    is_recurring: ClassVar[bool] = True

    def on_success(self, transaction: Transaction, context: Context, result: None) -> None:
        now = transaction.now
        count = transaction.clean_up(
            done_before=now - KEEP_DONE, processed_before=now - KEEP_PROCESSED, claimed_before=now - DAY
        )
        log.info("cleaned up: %s rows", count)
        # A batch at a time, as nobody else can write to SQLite meanwhile.
        transaction.enqueue(CleanUp(), delay=0.0 if count >= BATCH else DAY)


def _advanced(cursor: Cursor, found: PollResult) -> Cursor:
    newest = max((comment.created_at for comment in found.comments), default=cursor.comments_since)
    return Cursor(
        since=found.since,
        comments_since=max(newest, cursor.comments_since),
        etag=found.etag,
        renamed_to=found.renamed_to,
    )


def _reconcile(transaction: Transaction, repository: str, found: PollResult) -> None:
    """Issues first: a comment counts only on an issue that is a ticket."""
    for issues in _batches(found.issues):
        snapshots = tuple(replace(snapshot, repository=repository) for snapshot in issues)
        transaction.enqueue(Reconcile(snapshots=snapshots))
    for said in _batches(found.comments):
        comments = tuple(replace(comment, repository=repository) for comment in said)
        transaction.enqueue(Reconcile(comments=comments))


def _batches(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    """Everything that was found, in batches."""
    for at in range(0, len(found), RECONCILED_AT_ONCE):
        yield found[at : at + RECONCILED_AT_ONCE]
