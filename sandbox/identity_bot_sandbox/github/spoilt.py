"""The wrong answers of the sandbox's GitHub: errors, limits, garbage, and no answer at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from identity_bot_sandbox.github.faults import Fault, FaultKind
from identity_bot_sandbox.github.json import Json

DOCUMENTATION = "https://docs.github.com/rest"


class NoAnswer(Response):
    """Ends a request without any answer: at once, or (`patient`) not before the caller has given up."""

    def __init__(self, *, patient: bool) -> None:
        super().__init__()
        self.patient = patient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.patient:
            # ASGI has no word for this, so it is uvicorn's own connection that is cut.
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if transport is None:
                raise ConnectionAbortedError("the sandbox cannot cut this server's connections")
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def spoilt(fault: Fault, now: datetime) -> Response:
    """The answer that a fault makes of a request."""
    match fault.kind:
        case FaultKind.CUT | FaultKind.HANG:
            return NoAnswer(patient=fault.kind is FaultKind.HANG)
        case FaultKind.HTML:
            page = "<!DOCTYPE html><html><head><title>Unicorn!</title></head><body>Sorry.</body></html>"
            return Response(page, fault.status, media_type="text/html")
        case FaultKind.BROKEN_JSON:
            return Response('{"id": 1, "number": ', fault.status, media_type="application/json")
    headers = {"content-type": "application/json; charset=utf-8"}
    if fault.kind is FaultKind.PRIMARY_LIMIT:
        reset = int(now.astimezone(UTC).timestamp()) + (fault.retry_after or 0)
        headers |= {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-used": "5000",
            "x-ratelimit-reset": str(reset),
            "x-ratelimit-resource": "core",
        }
    elif fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    body: Json = {"message": fault.message}
    if fault.errors:
        body["errors"] = [dict(error) for error in fault.errors]
    body |= {"documentation_url": DOCUMENTATION, "status": str(fault.status)}
    return Response(json.dumps(body).encode(), fault.status, headers)
