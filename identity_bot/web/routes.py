"""HTTP: Slack's requests in HTTP mode, GitHub's webhook, and whether the process lives and is ready."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from identity_bot.desk.desk import Desk
from identity_bot.errors import Rejected, StoreError
from identity_bot.github.webhook import (
    IssueSeen,
    LabelDeleted,
    LabelRenamed,
    MilestoneChanged,
    RepositoryRenamed,
    read_webhook,
)
from identity_bot.slack.payloads import checked
from identity_bot.store.gauges import Gauges
from identity_bot.web.bodies import Bodies, github_signature, slack_signature
from identity_bot.web.metrics import Metrics

log = logging.getLogger(__name__)

LARGEST_DELIVERY = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger delivery (webhooks/webhook-events-and-payloads)."""
LARGEST_REQUEST = 4 * 1024 * 1024
"""Bytes; a view has at most 250 kB, and escaping makes at most twelve bytes of one."""
CLOSE = {"connection": "close"}
"""Without it, the server would go on to read, and throw away, what is still being sent."""


def web_app(
    *,
    desk: Desk,
    webhook_secret: str | None,
    state: Callable[[], Mapping[str, Any]],
    gauges: Callable[[], Gauges | None] = lambda: None,
    slack_app: App | None = None,
    signing_secret: str = "",
) -> Starlette:
    """The HTTP endpoints; /slack/events only with a `slack_app` and its secret, /github/webhook only with a secret.

    `state` tells for /readyz what is connected; it has a key `ready`. `gauges` counts what /metrics has besides; None
    if the database cannot be asked.
    """
    scraped = Metrics(state, gauges)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        found = await run_in_threadpool(state)
        return JSONResponse(dict(found), status_code=200 if found["ready"] else 503)

    async def metrics(request: Request) -> Response:
        written, media_type = await run_in_threadpool(scraped.written, request.headers.get("accept", ""))
        return Response(written, headers={"content-type": media_type})

    endpoints = _Endpoints(desk, webhook_secret, slack_app, signing_secret)
    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/github/webhook", endpoints.webhook, methods=["POST"]),
    ]
    if slack_app is not None:
        routes.append(Route("/slack/events", endpoints.slack, methods=["POST"]))
    return Starlette(routes=routes)


class _Endpoints:
    """The two endpoints that anybody can send to, and what they hold at once."""

    def __init__(
        self, desk: Desk, webhook_secret: str | None, slack_app: App | None, signing_secret: str
    ) -> None:
        self._desk = desk
        self._webhook_secret = webhook_secret
        self._slack_app = slack_app
        self._signing_secret = signing_secret
        self._bodies = Bodies()

    async def slack(self, request: Request) -> Response:
        """Hand a request to Bolt, if Slack can have sent it."""
        assert self._slack_app
        try:
            signature = slack_signature(request.headers, self._signing_secret, time.time())
            async with self._bodies.read(request, signature, largest=LARGEST_REQUEST) as body:
                bolt_request = checked(partial(to_bolt_request, request, bytes(body)))
                answer = await run_in_threadpool(self._slack_app.dispatch, bolt_request)
        except Rejected as error:
            return await self._refusal(request, "request", error)
        return to_starlette_response(answer)

    async def webhook(self, request: Request) -> Response:
        """Handle a delivery from GitHub; anything but a 2xx shows there as failed, and can be redelivered."""
        secret = self._webhook_secret
        if secret is None:
            return PlainTextResponse("GITHUB_WEBHOOK_SECRET is not set\n", status_code=404, headers=CLOSE)
        try:
            signature = github_signature(request.headers, secret)
            async with self._bodies.read(request, signature, largest=LARGEST_DELIVERY) as body:
                await run_in_threadpool(_handle, self._desk, request.headers.get("x-github-event", ""), body)
        except Rejected as error:
            return await self._refusal(request, "delivery", error)
        except StoreError as error:
            log.error("/github/webhook: cannot handle a delivery: %s", error)
            return PlainTextResponse("try again later\n", status_code=503)
        return PlainTextResponse("ok\n")

    async def _refusal(self, request: Request, what: str, error: Rejected) -> Response:
        """The answer to what is not taken, and a line in the log."""
        if getattr(error, "is_heard", True):  # anybody can hang up as often as they like
            log.warning("%s: refused a %s: %s", request.url.path, what, error)
            await self._bodies.drain(request)
        return PlainTextResponse(f"{error}\n", status_code=getattr(error, "status", 400), headers=CLOSE)


def _handle(desk: Desk, event: str, body: bytearray) -> None:
    """Pass a delivery to the desk; ignore other events."""
    match read_webhook(event, body):
        case IssueSeen(snapshot=snapshot, comment=comment):
            desk.observe(snapshot)
            if comment:
                desk.handle_comment(comment)
        case LabelRenamed(repository=repository, was=was, now=now):
            desk.label_renamed(repository, was, now)
        case LabelDeleted(repository=repository, name=name):
            desk.label_renamed(repository, name, "")
        case MilestoneChanged(repository=repository):
            desk.resync_repository(repository)
        case RepositoryRenamed(was=was, now=now):
            desk.repository_renamed(was, now)
