"""The worker: leases lanes and does their effects, one after the other, until each is done, or parked and told."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from identity_bot.errors import Later, Refused, StoreError, Unsure
from identity_bot.model import Effect
from identity_bot.outbox import LEASE, LOOKS, Lease, LeaseLost, Outbox
from identity_bot.store import Transaction

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0
STEP_ASIDE_AFTER = 5
"""Attempts after which a failing effect no longer holds up those behind it."""
GIVE_UP_AFTER = 3 * 24 * 3600.0
"""Seconds for which an effect that may still work is tried."""
LOOK_DELAYS = (5.0, 3.0, 2.0)
"""Seconds until the next look, by the number of looks left: about ten in all."""
LONGEST_NAP = 1.0
"""Seconds until an idle worker asks the database again, for what other processes have written."""


class Act(Protocol):
    """One kind of effect: how it is done, how its trace is found, and what follows. Raises Refused, Later, Unsure."""

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
        self._owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._threads = [
            threading.Thread(target=self._work, name=f"identity-bot-worker-{number}", daemon=True)
            for number in range(threads)
        ]
        self._keeper = threading.Thread(target=self._keep_leases, name="identity-bot-leases", daemon=True)
        self._awake = threading.Condition()
        self._calls = 0
        self._stopping = threading.Event()
        self._busy: set[str] = set()

    def start(self) -> None:
        """Begins to work in threads of its own."""
        for thread in (*self._threads, self._keeper):
            thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finishes the acts under way, begins no other, and returns when all threads have ended."""
        self._stopping.set()
        self.wake()
        for thread in (*self._threads, self._keeper):
            if thread.is_alive():
                thread.join(timeout)

    def wake(self) -> None:
        """Tells an idle worker that there is something new to do."""
        with self._awake:
            self._calls += 1
            self._awake.notify_all()

    def run_due(self) -> int:
        """Does everything that is due now, in the caller's thread; how many effects that were."""
        count = 0
        while lease := self._outbox.lease(self._owner):
            count += self._run_lane(lease)
        return count

    def _work(self) -> None:
        while not self._stopping.is_set():
            calls = self._calls
            try:
                lease = self._outbox.lease(self._owner)
                if lease:
                    self._run_lane(lease)
                    continue
                self._nap(calls, self._outbox.next_ready())
            except StoreError as error:
                log.error("the outbox waits: %s", error)
                self._stopping.wait(LONGEST_NAP)
            except Exception:
                log.exception("the worker stumbled and goes on")
                self._stopping.wait(LONGEST_NAP)

    def _nap(self, calls: int, ready_at: float | None) -> None:
        now = self._outbox.store.clock()
        nap = LONGEST_NAP if ready_at is None else min(LONGEST_NAP, max(0.001, ready_at - now))
        with self._awake:
            self._awake.wait_for(lambda: self._calls != calls or self._stopping.is_set(), nap)

    def _keep_leases(self) -> None:
        while not self._stopping.wait(LEASE / 3):
            try:
                if busy := list(self._busy):
                    self._outbox.renew(self._owner, busy)
            except StoreError as error:
                log.warning("leases were not renewed: %s", error)

    def _run_lane(self, lease: Lease) -> int:
        """Does what the lane has due, one after the other; how many effects that were."""
        count = 0
        going: Lease | None = lease
        self._busy.add(lease.lane)
        try:
            while going:
                if self._stopping.is_set():
                    self._outbox.give_back(going)
                    break
                going = self._run(going)
                count += 1
        except LeaseLost as lost:
            log.warning("%s", lost)
        finally:
            self._busy.discard(lease.lane)
        return count

    def _run(self, lease: Lease) -> Lease | None:
        """Does one effect and writes what became of it; the lane's next lease, if it goes on at once."""
        effect, outbox = lease.effect, self._outbox
        act = self._acts.get(effect.kind)
        pace = self._pace(lease.lane)
        try:
            if act is None:
                raise Refused(f"this version does not know effects of the kind {effect.kind!r}")
            result = act.look(effect) if effect.looks else None
            if result is None and effect.looks > 1:
                delay = LOOK_DELAYS[min(effect.looks, len(LOOK_DELAYS)) - 1]
                outbox.postpone(lease, "looking for its trace", delay, looks=effect.looks - 1, counts=False)
                return None
            if result is None:
                result = act.do(effect)
        except Later as error:
            return self._again(lease, str(error), error.seconds, looks=effect.looks)
        except Unsure as error:
            return self._again(lease, str(error), None, looks=LOOKS)
        except StoreError as error:
            return self._again(lease, str(error), None, looks=effect.looks)
        except Refused as error:
            return self._refused(lease, act, str(error), pace)
        except Exception as error:
            log.exception("effect %s (%s) met a bug", effect.id, effect.kind)
            return self._refused(lease, None, f"a bug: {type(error).__name__}", pace)
        done = act.done
        log.info("effect %s done: %s", effect.id, effect.kind, extra={"ticket": effect.ticket_id})
        following = outbox.done(lease, result, lambda tx: done(tx, effect, result), pace=pace)
        self.wake()
        return following

    def _again(self, lease: Lease, reason: str, seconds: float | None, *, looks: int) -> Lease | None:
        """Puts an effect off: for as long as the other side asked, or a little longer each time."""
        effect = lease.effect
        if self._outbox.store.clock() - effect.created_at > GIVE_UP_AFTER:
            return self._refused(lease, None, f"given up after three days: {reason}", 0.0)
        delay = seconds
        if delay is None:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(effect.attempts, 10))
            delay *= 0.75 + self._jitter() / 2
        log.warning("effect %s (%s) again in %.1f s: %s", effect.id, effect.kind, delay, reason)
        self._outbox.postpone(
            lease,
            reason,
            delay,
            looks=looks,
            counts=seconds is None,
            aside=seconds is None and effect.attempts >= STEP_ASIDE_AFTER,
        )
        return None

    def _refused(self, lease: Lease, act: Act | None, reason: str, pace: float) -> Lease | None:
        effect = lease.effect

        def then(transaction: Transaction) -> bool:
            if act is not None and act.refused(transaction, effect, reason):
                return True
            log.error("effect %s (%s) is parked: %s", effect.id, effect.kind, reason)
            self._parked(transaction, effect, reason)
            return False

        following = self._outbox.refuse(lease, reason, then, pace=pace)
        self.wake()
        return following
