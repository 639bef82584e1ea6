"""HTTP: Slack's requests in HTTP mode, GitHub's webhook, and whether the process lives and is ready."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from identity_bot.desk.desk import Desk
from identity_bot.errors import Rejected, StoreError
from identity_bot.github.webhook import (
    Delivery,
    InvalidSignature,
    IssueSeen,
    LabelDeleted,
    LabelRenamed,
    MilestoneChanged,
    RepositoryRenamed,
    read_webhook,
)
from identity_bot.metrics import EXPOSITION, exposition
from identity_bot.slack.payloads import checked

log = logging.getLogger(__name__)

LARGEST_DELIVERY = 25 * 1024 * 1024
"""Bytes; GitHub sends no larger delivery (webhooks/webhook-events-and-payloads)."""
LARGEST_REQUEST = 4 * 1024 * 1024
"""Bytes; a view has at most 250 kB, and escaping makes at most twelve bytes of one."""


def web_app(
    *,
    desk: Desk,
    webhook_secret: str | None,
    state: Callable[[], Mapping[str, Any]],
    slack_app: App | None = None,
) -> Starlette:
    """The HTTP endpoints; /slack/events only with a `slack_app`, /github/webhook only with a secret.

    `state` tells for /readyz what is connected; it has a key `ready`.
    """

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        found = await run_in_threadpool(state)
        return JSONResponse(dict(found), status_code=200 if found["ready"] else 503)

    async def webhook(request: Request) -> Response:
        if webhook_secret is None:
            return PlainTextResponse("GITHUB_WEBHOOK_SECRET is not set\n", status_code=404)
        return await _webhook(request, desk, webhook_secret)

    async def metrics(request: Request) -> Response:
        found = await run_in_threadpool(state)
        return PlainTextResponse(exposition(found), media_type=EXPOSITION)

    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/github/webhook", webhook, methods=["POST"]),
    ]
    if slack_app is not None:
        routes.append(Route("/slack/events", partial(_slack, slack_app), methods=["POST"]))
    return Starlette(routes=routes)


async def _slack(slack_app: App, request: Request) -> Response:
    """Hand a request to Bolt, if it can be one of Slack's."""
    body = await _body(request, LARGEST_REQUEST)
    if body is None:
        return _too_large()
    if not _may_be_signed(request.headers):
        log.warning("/slack/events: refused a request without a signature")
        return PlainTextResponse("not signed\n", status_code=401)
    try:
        bolt_request = checked(partial(to_bolt_request, request, body))
    except Rejected as error:
        log.warning("/slack/events: refused a request that %s", error)
        return PlainTextResponse("not a request of Slack's\n", status_code=400)
    answer = await run_in_threadpool(slack_app.dispatch, bolt_request)
    if answer.status == 401:
        log.warning("/slack/events: refused a request whose signature is wrong or old")
    return to_starlette_response(answer)


async def _webhook(request: Request, desk: Desk, secret: str) -> Response:
    """Handle a delivery from GitHub; anything but a 2xx shows there as failed, and can be redelivered."""
    body = await _body(request, LARGEST_DELIVERY)
    if body is None:
        return _too_large()
    try:
        delivery = read_webhook(request.headers, body, secret)
        await run_in_threadpool(_handle, desk, delivery)
    except InvalidSignature as error:
        log.warning("/github/webhook: refused a delivery: %s", error)
        return PlainTextResponse(f"{error}\n", status_code=401)
    except Rejected as error:
        log.warning("/github/webhook: refused a delivery: %s", error)
        return PlainTextResponse(f"{error}\n", status_code=400)
    except StoreError as error:
        log.error("/github/webhook: cannot handle a delivery: %s", error)
        return PlainTextResponse("try again later\n", status_code=503)
    return PlainTextResponse("ok\n")


def _handle(desk: Desk, delivery: Delivery | None) -> None:
    """Pass a delivery to the desk; ignore other events."""
    match delivery:
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


async def _body(request: Request, largest: int) -> bytes | None:
    """A request's body; None where it is too large to be worth reading, or was never sent to its end."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                return None
    except ClientDisconnect:  # which anybody can do as often as they like
        return None
    return bytes(body)


def _too_large() -> Response:
    # Without the header the server would go on to read, and throw away, what is still being sent.
    return PlainTextResponse("too large\n", status_code=413, headers={"connection": "close"})


def _may_be_signed(headers: Mapping[str, str]) -> bool:
    """Whether the two headers of Slack's signature have a form that can be checked at all."""
    moment, signature = (headers.get(f"x-slack-{name}", "") for name in ("request-timestamp", "signature"))
    return moment.isascii() and moment.isdecimal() and len(moment) < 20 and signature.isascii()
