"""The worker: leases lanes and does their effects, one after the other, until each is done, or parked and told."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.logs import scrubbed
from identity_bot.outbox.queue import LEASE, LOOKS, Lease, LeaseLost, Outbox
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0
STEP_ASIDE_AFTER = 5
"""Attempts after which a failing effect no longer holds up those behind it."""
GIVE_UP_AFTER = 3 * 24 * 3600.0
"""Seconds for which an effect that may still work is tried, from its first attempt on."""
LOOK_DELAYS = {3: 3.0, 2: 6.0}
"""Seconds until the next look, by the number of looks left with this one: about ten in all."""
LONGEST_NAP = 1.0
"""Seconds until an idle worker asks the database again, for what other processes have written."""
SHORTEST_NAP = 0.01


class Act(Protocol):
    """One kind of effect: how it is done, how its trace is found, and what follows."""

    def do(self, effect: Effect) -> Any:
        """Acts on the outside world; the result is kept as JSON."""

    def look(self, effect: Effect) -> Any | None:
        """The result of an act whose outcome is unknown, if its trace can be found."""

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        """Writes what follows from the act, in the transaction that marks it done."""

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """Writes what follows from a refusal; False where nothing does and the effect is to be parked."""


class Worker:
    """A few threads that do what the outbox holds; `pace` tells how long each lane rests between two effects."""

    def __init__(
        self,
        outbox: Outbox,
        acts: Mapping[str, Act],
        *,
        pace: Callable[[str], float] = lambda lane: 0.0,
        parked: Callable[[Transaction, Effect, str], None] = lambda transaction, effect, reason: None,
        threads: int = 4,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._acts = acts
        self._pace = pace
        self._parked = parked
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
        """Begins to work in threads of its own, and to hear of what is written to the store."""
        self._outbox.store.on_news = self.wake
        for thread in (*self._threads, self._keeper):
            thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finishes the acts under way, begins no other, and returns when all threads have ended.

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
        """Tells an idle worker that there is something new to do."""
        with self._awake:
            self._calls += 1
            self._awake.notify()

    def run_due(self) -> int:
        """Does everything that is due now, in the caller's thread; how many effects that were."""
        count = 0
        while lease := self._outbox.lease(self._owner):
            count += self._run_on(lease)
        return count

    def _work(self) -> None:
        while not self._stopping.is_set():
            calls = self._calls
            try:
                lease = self._outbox.lease(self._owner)
                if lease:
                    self.wake()  # one wakes the next, for as long as each finds something to do
                    self._run_on(lease)
                    continue
                self._nap(calls, self._outbox.next_ready())
            except StoreError as error:
                log.error("the outbox waits: %s", error)
                self._stopping.wait(LONGEST_NAP)
            except Exception as error:
                log.error("the worker stumbled and goes on", exc_info=scrubbed(error))
                self._stopping.wait(LONGEST_NAP)

    def _nap(self, calls: int, ready_at: float | None) -> None:
        wait = LONGEST_NAP if ready_at is None else ready_at - self._outbox.store.clock()
        with self._awake:
            self._awake.wait_for(
                lambda: self._calls != calls or self._stopping.is_set(),
                min(LONGEST_NAP, max(SHORTEST_NAP, wait)),
            )

    def _keep_leases(self) -> None:
        while not self._ended.wait(LEASE / 3):
            try:
                if held := dict(self._held):
                    self._outbox.renew(held)
            except StoreError as error:
                log.warning("leases were not renewed: %s", error)

    def _run_on(self, lease: Lease) -> int:
        """Does one effect after the other for as long as more is due; how many effects that were."""
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
            self._outbox.give_back(going)
        return count

    def _run(self, lease: Lease) -> Lease | None:
        """Does one effect and writes what became of it; the next lease, where there is more to do."""
        try:
            return self._attempt(lease)
        except LeaseLost:
            raise
        except StoreError as error:
            return self._again(lease, str(error), None, looks=LOOKS)
        except Exception as error:
            log.error(
                "effect %s (%s) met a bug", lease.effect.id, lease.effect.kind, exc_info=scrubbed(error)
            )
            return self._give_up(lease, f"a bug: {type(error).__name__}", looks=LOOKS)

    def _attempt(self, lease: Lease) -> Lease | None:
        effect = lease.effect
        act = self._acts.get(effect.kind)
        if act is None:
            return self._give_up(lease, f"this version does not know effects of the kind {effect.kind!r}")
        is_looking = effect.looks > 0
        try:
            result = act.look(effect) if is_looking else None
            if result is None and effect.looks > 1:
                delay = LOOK_DELAYS[effect.looks]
                self._outbox.postpone(
                    lease, "looking for its trace", delay, looks=effect.looks - 1, counts=False
                )
                return None
            if result is None:
                is_looking = False
                result = act.do(effect)
        except Retryable as error:
            return self._again(lease, str(error), error.seconds, looks=effect.looks)
        except OutcomeUnknown as error:
            return self._again(lease, str(error), None, looks=LOOKS)
        except Rejected as error:
            if is_looking:
                return self._give_up(lease, f"nobody can tell whether it was done: {error}", looks=LOOKS)
            return self._refused(lease, act, str(error))
        following = self._outbox.done(
            lease,
            result,
            lambda transaction: act.done(transaction, effect, result),
            pace=self._pace(lease.lane),
        )
        log.info("effect %s done: %s", effect.id, effect.kind, extra={"ticket": effect.ticket_id})
        return following

    def _again(self, lease: Lease, reason: str, seconds: float | None, *, looks: int) -> Lease | None:
        """Puts an effect off: for as long as the other side asked, or a little longer each time."""
        effect, store = lease.effect, self._outbox.store
        if effect.attempts and store.clock() - lease.since > GIVE_UP_AFTER:
            return self._give_up(lease, f"given up after three days: {reason}", looks=looks)
        if seconds is None:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(effect.attempts, 10))
            delay *= 0.75 + self._jitter() / 2
        else:
            delay = min(max(FIRST_DELAY, seconds), GIVE_UP_AFTER)
        log.warning("effect %s (%s) again in %.1f s: %s", effect.id, effect.kind, delay, reason)
        self._outbox.postpone(
            lease,
            reason,
            delay,
            looks=looks,
            counts=seconds is None,
            aside=seconds is None and effect.attempts + 1 >= STEP_ASIDE_AFTER,
            pace=self._pace(lease.lane),
        )
        return None

    def _refused(self, lease: Lease, act: Act, reason: str) -> Lease | None:
        """Ends an effect that was not done, as its act sees fit, or parks it."""

        def then(transaction: Transaction) -> bool:
            return act.refused(transaction, lease.effect, reason) or self._park(transaction, lease, reason)

        return self._outbox.refuse(lease, reason, then, pace=self._pace(lease.lane))

    def _give_up(self, lease: Lease, reason: str, *, looks: int = 0) -> Lease | None:
        """Parks an effect; with `looks` it may have been done, and a retry will look before it acts."""

        def then(transaction: Transaction) -> bool:
            return self._park(transaction, lease, reason)

        return self._outbox.refuse(lease, reason, then, looks=looks, pace=self._pace(lease.lane))

    def _park(self, transaction: Transaction, lease: Lease, reason: str) -> bool:
        log.error("effect %s (%s) is parked: %s", lease.effect.id, lease.effect.kind, reason)
        self._parked(transaction, lease.effect, reason)
        return False
