"""Refuses requests that name another host, so that a page elsewhere cannot reach the sandbox by DNS rebinding."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OwnHost:
    """Lets only requests through whose Host header is the sandbox's own; `name` is the host it was started with."""

    def __init__(self, app: ASGIApp, *, name: str) -> None:
        self._app, self._name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        own = (self._name.lower(), scope["server"][0], *_LOOPBACK)
        if named(Headers(scope=scope).get("host", "")) in own:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            # https://www.rfc-editor.org/rfc/rfc9110#name-421-misdirected-request
            said = (
                f"This is the sandbox of identity_bot. It answers only to: {', '.join(dict.fromkeys(own))}.\n"
            )
            await PlainTextResponse(said, 421)(scope, receive, send)


def named(host: str) -> str | None:
    """The host of a Host header without its port, which slack_sdk leaves out and a forwarded port changes."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
