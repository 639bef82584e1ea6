"""One webhook delivery of the sandbox's GitHub: what it carries, how it is signed, and the attempt itself."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

# GitHub gives a receiver ten seconds: docs.github.com, "Best practices for using webhooks".
PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """Where deliveries go; `repository` None is the whole organisation's hook; `events` may hold `*`."""

    id: int
    url: str
    secret: str | None
    events: tuple[str, ...]
    repository: str | None
    is_active: bool = True
    created_at: datetime

    def wants(self, event: str, repository: str) -> bool:
        """Whether an event in a repository is to be told here."""
        subscribed = "*" in self.events or event in self.events or event == "ping"
        return self.is_active and subscribed and self.repository in (None, repository)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One attempt to tell a hook of an event; a redelivery has a new `id` and the same `guid`.

    `status_code` is 0 and `status` says why where no answer came; `duration` is in seconds.
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
    """The value of X-Hub-Signature-256 for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery_headers(delivery: Delivery) -> dict[str, str]:
    """The headers that GitHub sends with a delivery, signed where the hook has a secret."""
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
    """Make the attempt and write down how it went."""
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
