"""The sandbox's webhooks: signed, posted in order from their own thread, and able to go wrong on purpose."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from identity_bot_sandbox.github.json import Json, Rendering, stamp
from identity_bot_sandbox.github.model import GitHubError, Repository

# GitHub gives a receiver ten seconds: docs.github.com, "Best practices for using webhooks".
PATIENCE = 10.0
# Seconds that reordered deliveries wait for more.
_REORDER_WAIT = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """Where deliveries go: of one repository, or of the whole organization if None; `events` may contain `*`."""

    id: int
    url: str
    secret: str | None
    events: tuple[str, ...]
    repository: str | None
    is_active: bool = True
    created_at: datetime

    def wants(self, event: str, repository: str) -> bool:
        """Whether it subscribes to an event in a repository."""
        subscribed = "*" in self.events or event in self.events or event == "ping"
        return self.is_active and subscribed and self.repository in (None, repository)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One attempt to deliver an event; a redelivery has a new `id` and the same `guid`.

    Without an answer, `status_code` is 0 and `status` says why; `duration` is in seconds.
    """

    id: int
    guid: str
    hook: Hook
    event: str
    action: str | None
    repository_id: int
    body: bytes
    headers: Mapping[str, str]
    is_redelivery: bool = False
    delivered_at: datetime
    status: str = "waiting"
    status_code: int = 0
    duration: float = 0.0
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: str = ""


def signature(secret: str, body: bytes) -> str:
    """The X-Hub-Signature-256 of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery_headers(delivery: Delivery) -> dict[str, str]:
    """A delivery's headers, signed if the hook has a secret."""
    hook = delivery.hook
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5a9dbc0",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.repository_id),
        "X-GitHub-Hook-Installation-Target-Type": "repository" if hook.repository else "organization",
    }
    if hook.secret:
        headers["X-Hub-Signature-256"] = signature(hook.secret, delivery.body)
    return headers


def post(delivery: Delivery, clock: Callable[[], datetime]) -> Delivery:
    """Make the attempt and return it with its result."""
    parts = urlsplit(delivery.hook.url)
    connecting = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    started = time.monotonic()
    delivered_at = clock()
    connection = connecting(parts.hostname or "127.0.0.1", parts.port, timeout=PATIENCE)
    try:
        target = parts.path or "/"
        connection.request(
            "POST",
            f"{target}?{parts.query}" if parts.query else target,
            delivery.body,
            dict(delivery.headers),
        )
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return replace(
            delivery,
            delivered_at=delivered_at,
            status="OK" if answer.status < 300 else answer.reason,
            status_code=answer.status,
            duration=time.monotonic() - started,
            response_headers=dict(answer.getheaders()),
            response_body=text,
        )
    except TimeoutError:
        problem = "timed out"
    except (OSError, http.client.HTTPException):
        problem = "failed to connect to host"
    finally:
        connection.close()
    return replace(delivery, delivered_at=delivered_at, status=problem, duration=time.monotonic() - started)


class Mishap:
    """A fault for the next `left` deliveries; None for all, 0 for none."""

    def __init__(self) -> None:
        self.left: int | None = 0

    def strike(self) -> bool:
        """Whether it affects this delivery; counts down."""
        if self.left is None:
            return True
        if self.left == 0:
            return False
        self.left -= 1
        return True


class Webhooks:
    """The hooks and their deliveries. Safe from any thread."""

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
        """Add a hook for those events, in one repository or in the whole organization."""
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
        """Remove a hook; its deliveries stay listed."""
        with self._changed:
            self._hooks.pop(hook_id, None)

    def move(self, before: str, after: str) -> None:
        """Move a repository's hooks to its new name."""
        with self._changed:
            for hook in list(self._hooks.values()):
                if hook.repository == before:
                    self._hooks[hook.id] = replace(hook, repository=after)

    def hooks(self, repository: str | None = None) -> list[Hook]:
        """The hooks of one repository, or all of them."""
        with self._changed:
            return [hook for hook in self._hooks.values() if repository in (None, hook.repository)]

    def wanted(self, event: str, repository: str) -> list[Hook]:
        """The hooks that subscribe to an event."""
        with self._changed:
            return [hook for hook in self._hooks.values() if hook.wants(event, repository)]

    def deliveries(self, hook_id: int | None = None) -> list[Delivery]:
        """All deliveries, sent or waiting, oldest first."""
        with self._changed:
            return [one for one in self._deliveries.values() if hook_id in (None, one.hook.id)]

    def delivery(self, delivery_id: int) -> Delivery:
        """One delivery, or 404."""
        with self._changed:
            if delivery_id not in self._deliveries:
                raise GitHubError(404, "Not Found")
            return self._deliveries[delivery_id]

    def lose(self, count: int | None = 1) -> None:
        """Lose the next `count` deliveries (None: all, 0: none); they can still be redelivered."""
        with self._changed:
            self._lost.left = count

    def duplicate(self, count: int | None = 1) -> None:
        """Send each of the next `count` deliveries twice."""
        with self._changed:
            self._doubled.left = count

    def delay(self, seconds: float, count: int | None = 1) -> None:
        """Send the next `count` deliveries late, so that later ones overtake them."""
        with self._changed:
            self._delayed.left, self._delay = count, seconds

    def reorder(self, count: int | None = 2) -> None:
        """Reverse the next `count` deliveries, once all have come or no more come."""
        with self._changed:
            self._reordered.left = count

    def mend(self) -> None:
        """Switch off every fault of webhooks."""
        self.lose(0)
        self.duplicate(0)
        self.delay(0, 0)
        self.reorder(0)

    def send(self, hook: Hook, event: str, action: str | None, repository_id: int, body: bytes) -> Delivery:
        """Queue one delivery, subject to the active faults."""
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
        """Send a delivery again with the same X-GitHub-Delivery."""
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
        """Wait until every delivery was sent; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._in_flight, timeout)

    def stop(self) -> None:
        """Stop sending and end the thread."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _hold(self, due: float) -> float:
        """The common time at which reordered deliveries are sent: now, if this is the last of them."""
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


def hook_json(show: Rendering, repository: Repository, hook: Hook, last: Delivery | None = None) -> Json:
    """A webhook, without its secret and with the result of its last delivery."""
    owner = f"orgs/{repository.owner}" if hook.repository is None else f"repos/{repository.full_name}"
    url = f"{show.api}/{owner}/hooks/{hook.id}"
    config = {"url": hook.url, "content_type": "json", "insecure_ssl": "0"}
    return {
        "type": "Organization" if hook.repository is None else "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.is_active,
        "events": list(hook.events),
        "config": config | ({"secret": "********"} if hook.secret else {}),
        "created_at": stamp(hook.created_at),
        "updated_at": stamp(hook.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": last.status_code if last else None,
            "status": last.status if last else "unused",
            "message": last.status if last else None,
        },
    }
