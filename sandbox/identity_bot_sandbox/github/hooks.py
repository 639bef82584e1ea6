"""The sandbox's webhooks: posted in order from a thread of their own, and able to go wrong on purpose."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from identity_bot_sandbox.github.delivery import PATIENCE, Delivery, Hook, delivery_headers, post
from identity_bot_sandbox.github.values import GitHubError

# How long reordered deliveries wait for more to change places with.
_REORDER_WAIT = 0.5


class Mishap:
    """A switch that spoils the next so many deliveries; `left` is None for all of them and 0 for none."""

    def __init__(self) -> None:
        self.left: int | None = 0

    def strike(self) -> bool:
        """Whether the delivery at hand is spoilt; counts down."""
        if self.left is None:
            return True
        if self.left == 0:
            return False
        self.left -= 1
        return True


class Webhooks:
    """The hooks and all that was delivered to them; any thread may call any method."""

    def __init__(self, clock: Callable[[], datetime], tell: Callable[[Delivery], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._hooks: dict[int, Hook] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._due: list[tuple[float, int, int]] = []
        self._in_flight = False
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._ids = itertools.count(501)
        self._sequence = itertools.count(1)
        self._lost, self._doubled, self._delayed, self._reordered = Mishap(), Mishap(), Mishap(), Mishap()
        self._delay = 0.0

    def register(
        self, url: str, *, secret: str | None, events: tuple[str, ...] = ("*",), repository: str | None = None
    ) -> Hook:
        """Tell `url` of those events from now on, in one repository or in all of the organisation's."""
        with self._changed:
            hook = Hook(
                id=next(self._ids),
                url=url,
                secret=secret,
                events=events,
                repository=repository,
                created_at=self._clock(),
            )
            self._hooks[hook.id] = hook
            return hook

    def remove(self, hook_id: int) -> None:
        """Stop telling a hook anything; its past deliveries stay listed."""
        with self._changed:
            self._hooks.pop(hook_id, None)

    def move(self, before: str, after: str) -> None:
        """Let the hooks of a repository follow it to its new name."""
        with self._changed:
            for hook in list(self._hooks.values()):
                if hook.repository == before:
                    self._hooks[hook.id] = replace(hook, repository=after)

    def hooks(self, repository: str | None = None) -> list[Hook]:
        """The hooks of one repository, or all of them."""
        with self._changed:
            return [hook for hook in self._hooks.values() if repository in (None, hook.repository)]

    def wanted(self, event: str, repository: str) -> list[Hook]:
        """The hooks that are to be told of an event."""
        with self._changed:
            return [hook for hook in self._hooks.values() if hook.wants(event, repository)]

    def deliveries(self, hook_id: int | None = None) -> list[Delivery]:
        """All that was sent or is waiting to be, oldest first."""
        with self._changed:
            return [one for one in self._deliveries.values() if hook_id in (None, one.hook.id)]

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery, or 404."""
        with self._changed:
            if delivery_id not in self._deliveries:
                raise GitHubError(404, "Not Found")
            return self._deliveries[delivery_id]

    def lose(self, count: int | None = 1) -> None:
        """Never send the next `count` deliveries (None: all, 0: none); they can still be redelivered."""
        with self._changed:
            self._lost.left = count

    def duplicate(self, count: int | None = 1) -> None:
        """Send each of the next `count` deliveries twice."""
        with self._changed:
            self._doubled.left = count

    def delay(self, seconds: float, count: int | None = 1) -> None:
        """Send the next `count` deliveries so many seconds late; the others overtake them."""
        with self._changed:
            self._delayed.left, self._delay = count, seconds

    def reorder(self, count: int | None = 2) -> None:
        """Send the next `count` deliveries last one first, once they are all there or nothing more comes."""
        with self._changed:
            self._reordered.left = count

    def mend(self) -> None:
        """Switch every mishap off."""
        self.lose(0)
        self.duplicate(0)
        self.delay(0, 0)
        self.reorder(0)

    def send(self, hook: Hook, event: str, action: str | None, repository_id: int, body: bytes) -> Delivery:
        """Queue one delivery, subject to the mishaps that are switched on."""
        delivery = Delivery(
            id=next(self._ids),
            guid=str(uuid.uuid4()),
            hook=hook,
            event=event,
            action=action,
            repository_id=repository_id,
            body=body,
            headers={},
            delivered_at=self._clock(),
        )
        delivery = replace(delivery, headers=delivery_headers(delivery))
        with self._changed:
            if self._lost.strike():
                delivery = replace(delivery, status="lost on purpose")
                self._deliveries[delivery.id] = delivery
                return delivery
            due = time.monotonic()
            if self._delayed.strike():
                due += self._delay
            order = next(self._sequence)
            if self._reordered.strike():
                order = -order
                due = self._hold(due)
            self._queue(delivery, due, order)
            if self._doubled.strike():
                twin = replace(delivery, id=next(self._ids))
                self._queue(twin, due, next(self._sequence))
        return delivery

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a past delivery again with the same X-GitHub-Delivery, as the button on GitHub's page does."""
        old = self.delivery(delivery_id)
        again = replace(
            old,
            id=next(self._ids),
            is_redelivery=True,
            delivered_at=self._clock(),
            status="waiting",
            status_code=0,
            response_body="",
        )
        with self._changed:
            self._queue(again, time.monotonic(), next(self._sequence))
        return again

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is waiting to be sent; False when `timeout` seconds were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._in_flight, timeout)

    def stop(self) -> None:
        """Send nothing more and end the thread."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _hold(self, due: float) -> float:
        """One common moment for all that waits to be reordered: now, if this is the last of them."""
        held = due if self._reordered.left == 0 else due + _REORDER_WAIT
        waiting = [entry for entry in self._due if entry[1] < 0]
        for entry in waiting:
            self._due.remove(entry)
            heapq.heappush(self._due, (held, *entry[1:]))
        heapq.heapify(self._due)
        return held

    def _queue(self, delivery: Delivery, due: float, order: int) -> None:
        self._deliveries[delivery.id] = delivery
        heapq.heappush(self._due, (due, order, delivery.id))
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._deliver_all, name="github-webhooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _deliver_all(self) -> None:
        while (delivery := self._next()) is not None:
            done = post(delivery, self._clock)
            with self._changed:
                self._deliveries[done.id] = done
                self._in_flight = False
                self._changed.notify_all()
            self._tell(done)

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopped:
                if not self._due:
                    self._changed.wait()
                    continue
                wait = self._due[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, delivery_id = heapq.heappop(self._due)
                self._in_flight = True
                return self._deliveries[delivery_id]
        return None
