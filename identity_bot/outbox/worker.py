"""The worker: leases lanes and runs their effects, one after the other, until each is done or has failed."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.logs import scrubbed
from identity_bot.outbox.effect import Context, Effect
from identity_bot.outbox.queue import BRIEF, BRIEF_LEASE, LEASE, VERIFICATIONS, Lease, LeaseLost, Queue
from identity_bot.store.transaction import Transaction

log = logging.getLogger(__name__)

THREADS = 4
"""Threads for Slack, GitHub and the database; each plugin that events are delivered to may keep one more busy."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0
UNBLOCK_AFTER = 5
"""Attempts after which a failing effect no longer blocks the effects behind it."""
GIVE_UP_AFTER = 3 * 24 * 3600.0
"""Seconds for which an effect that may still work is tried, from its first attempt on."""
VERIFICATION_DELAYS = {3: 3.0, 2: 6.0}
"""Seconds until the next verification, by the number of those left with this one: about ten in all."""
LONGEST_NAP = 1.0
"""Seconds until an idle worker asks the database again, for what other processes have written."""
SHORTEST_NAP = 0.01


class Worker:
    """A few threads that run what waits in the outbox, one lane after the other.

    `effects` are the classes by kind. Without `min_intervals` lanes do not rest between two effects.
    """

    def __init__(
        self,
        queue: Queue,
        effects: Mapping[str, type[Effect]],
        context: Context,
        *,
        min_intervals: bool = True,
        threads: int = THREADS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._effects = effects
        self._context = context
        self._min_intervals = min_intervals
        self._jitter = jitter
        self._owner = f"{socket.gethostname()[:30]}:{os.getpid()}"
        self._threads = [
            threading.Thread(target=self._work, name=f"identity-bot-worker-{number}", daemon=True)
            for number in range(threads)
        ]
        self._keeper = threading.Thread(target=self._keep_leases, name="identity-bot-leases", daemon=True)
        self._awake = threading.Condition()
        self._calls = 0
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._held: dict[str, str] = {}
        """The lanes that are being worked on, by their leases' ids."""

    def start(self) -> None:
        """Start working in threads of its own, woken by what is written to the store."""
        self._queue.store.on_work = self.wake
        for thread in (*self._threads, self._keeper):
            thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the effects that are running, begin no other, and return when all threads have ended.

        Leases are kept until then. `timeout`, in seconds, is for each thread.
        """
        self._stopping.set()
        with self._awake:
            self._awake.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout)
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join(timeout)

    def wake(self) -> None:
        """Tell an idle worker that there is something new to do."""
        with self._awake:
            self._calls += 1
            self._awake.notify()

    def run_due(self) -> int:
        """Run everything that is due now, in the caller's thread; how many effects that were."""
        count = 0
        while lease := self._queue.lease(self._owner):
            count += self._run_on(lease)
        return count

    def _work(self) -> None:
        while not self._stopping.is_set():
            calls = self._calls
            try:
                lease = self._queue.lease(self._owner)
                if lease:
                    self.wake()  # one wakes the next, for as long as each finds something to do
                    self._run_on(lease)
                    continue
                self._nap(calls, self._queue.ready_in())
            except StoreError as error:
                log.error("outbox: database unavailable; retrying: %s", error)
                self._stopping.wait(LONGEST_NAP)
            except Exception as error:
                log.error("worker loop failed; continuing", exc_info=scrubbed(error))
                self._stopping.wait(LONGEST_NAP)

    def _nap(self, calls: int, ready_in: float | None) -> None:
        wait = LONGEST_NAP if ready_in is None else ready_in
        with self._awake:
            self._awake.wait_for(
                lambda: self._calls != calls or self._stopping.is_set(),
                min(LONGEST_NAP, max(SHORTEST_NAP, wait)),
            )

    def _keep_leases(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(BRIEF_LEASE / 3):
            is_time = time.monotonic() - last >= LEASE / 3
            held = {lease: lane for lease, lane in dict(self._held).items() if is_time or lane == BRIEF}
            try:
                if held:
                    self._queue.renew(held)
                if is_time:
                    last = time.monotonic()
                    self._queue.correct_times()  # which a busy worker would not come to
            except StoreError as error:
                log.warning("leases were not renewed: %s", error)

    def _run_on(self, lease: Lease) -> int:
        """Run one effect after the other for as long as more is due; how many effects that were."""
        count = 0
        going: Lease | None = lease
        while going and not self._stopping.is_set():
            self._held[going.id] = going.lane
            try:
                following = self._run(going)
            except LeaseLost as lost:
                log.warning("%s", lost)
                following = None
            finally:
                del self._held[going.id]
            going = following
            count += 1
        if going:
            self._queue.give_back(going)
        return count

    def _run(self, lease: Lease) -> Lease | None:
        """Run one effect and write what became of it; the next lease if there is more to do."""
        row, effect = lease.row, None
        effect_class = self._effects.get(row.kind)
        try:
            if effect_class is None:
                return self._fail(lease, None, f"this version does not know effects of the kind {row.kind!r}")
            effect = effect_class.from_row(row)
            return self._attempt(lease, effect)
        except LeaseLost:
            raise
        except StoreError as error:
            return self._retry(lease, effect, str(error), None, verifications=VERIFICATIONS)
        except Exception as error:
            log.error("effect %s (%s): unexpected error", row.id, row.kind, exc_info=scrubbed(error))
            return self._fail(lease, effect, f"a bug: {type(error).__name__}", verifications=VERIFICATIONS)

    def _attempt(self, lease: Lease, effect: Effect) -> Lease | None:
        row, context = lease.row, self._context
        is_verifying = row.verifications > 0 and not effect.is_repeatable
        try:
            result = effect.find_result(context, row) if is_verifying else None
            if is_verifying and result is None and row.verifications > 1:
                delay = VERIFICATION_DELAYS[row.verifications]
                self._queue.postpone(
                    lease, "verifying", delay, verifications=row.verifications - 1, is_attempt=False
                )
                return None
            if result is None:
                is_verifying = False
                result = effect.run(context, row)
        except Retryable as error:
            return self._retry(lease, effect, str(error), error.seconds, verifications=row.verifications)
        except OutcomeUnknown as error:
            return self._retry(lease, effect, str(error), None, verifications=VERIFICATIONS)
        except Rejected as error:
            if is_verifying:
                return self._fail(lease, effect, f"cannot be verified: {error}", verifications=VERIFICATIONS)
            return self._fail(lease, effect, str(error), is_rejected=True)
        following = self._queue.succeed(
            lease,
            lambda transaction: effect.on_success(transaction, context, result),
            min_interval=self._min_interval(effect),
        )
        log.info("effect %s done: %s", row.id, row.kind, extra={"ticket": row.ticket_id})
        return following

    def _retry(
        self, lease: Lease, effect: Effect | None, reason: str, seconds: float | None, *, verifications: int
    ) -> Lease | None:
        """Put an effect off: for as long as the other side asked, or a little longer each time."""
        row = lease.row
        if row.attempts and self._queue.store.clock() - row.trying_since > GIVE_UP_AFTER:
            reason = f"given up after three days: {reason}"
            return self._fail(lease, effect, reason, verifications=verifications)
        if seconds is None:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(row.attempts, 10))
            delay *= 0.75 + self._jitter() / 2
        else:
            delay = min(max(FIRST_DELAY, seconds), GIVE_UP_AFTER)
        log.warning("effect %s (%s): retry in %.1f s: %s", row.id, row.kind, delay, reason)
        unblocks = seconds is None and row.attempts + 1 >= UNBLOCK_AFTER
        self._queue.postpone(
            lease,
            reason,
            delay,
            verifications=verifications,
            is_attempt=seconds is None,
            unblock_after=self._min_interval(effect) if unblocks else None,
        )
        return None

    def _fail(
        self,
        lease: Lease,
        effect: Effect | None,
        reason: str,
        *,
        is_rejected: bool = False,
        verifications: int = 0,
    ) -> Lease | None:
        """End an effect that was rejected as it sees fit, else as failed.

        With `verifications` it may have been done, and a retry verifies that first.
        """
        row, context = lease.row, self._context

        def and_then(transaction: Transaction) -> bool:
            if effect and is_rejected and effect.on_rejected(transaction, context, reason):
                return True
            log.error("effect %s (%s) has failed: %s", row.id, row.kind, reason)
            if effect:
                effect.on_failed(transaction, context, reason)
            context.notifier.effect_failed(transaction, row.kind, row.ticket_id, reason)
            return False

        interval = self._min_interval(effect)
        return self._queue.fail(lease, reason, and_then, verifications=verifications, min_interval=interval)

    def _min_interval(self, effect: Effect | None) -> float:
        return effect.min_interval if effect and self._min_intervals else 0.0
