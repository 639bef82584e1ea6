"""The sandbox's Slack over HTTP and WebSocket: the Web API, Socket Mode, response_url and files."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from identity_bot_sandbox import cast
from identity_bot_sandbox.faults import NoAnswer
from identity_bot_sandbox.slack import display_methods, lookup_methods, upload_methods
from identity_bot_sandbox.slack.call import Arguments, Method, SlackError, flag, need_scope
from identity_bot_sandbox.slack.delivery import Socket
from identity_bot_sandbox.slack.faults import Call, Fault
from identity_bot_sandbox.slack.limits import check_message
from identity_bot_sandbox.slack.workspace import ResponseUrl, Workspace

RESPONSE_URL = "response_url"


def _connections_open(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    address = world.base_url.replace("http", "ws", 1)
    ticket = world.delivery.sockets.ticket()
    return {"url": f"{address}/slack/socket/?ticket={ticket}&app_id={cast.APP_ID}"}


_ALL: Mapping[str, Method] = {
    **lookup_methods.METHODS,
    **display_methods.METHODS,
    **upload_methods.METHODS,
    "apps.connections.open": Method(_connections_open),
}
_NO_TOKEN = ("api.test", "blocks.validate")


def routes(world: Workspace) -> list[BaseRoute]:
    """All of Slack that an app talks to, below `/slack/`; the Web API's root is `/slack/api/`."""

    async def call(request: Request) -> Response:
        name = request.path_params["method"]
        try:
            arguments = await _arguments(request)
        except SlackError as refusal:
            return _written(world, {"ok": False, "error": refusal.error})
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or arguments.pop("token", "")

        async def act() -> Response:
            answer = _answer(world, name, token, arguments)
            _note(world, name, arguments, answer)
            return _written(world, answer)

        return await _with_faults(world, name, arguments, act)

    async def respond(request: Request) -> Response:
        try:
            arguments = await _arguments(request)
        except SlackError:
            return PlainTextResponse("invalid_payload", 400)

        async def act() -> Response:
            error = _respond(world, request.path_params["name"], arguments)
            answer = {"ok": error is None, "error": error}
            _note(world, RESPONSE_URL, arguments, answer)
            if error is None:
                return PlainTextResponse("ok")
            return JSONResponse(answer, 404 if error in ("used_url", "expired_url") else 400)

        return await _with_faults(world, RESPONSE_URL, arguments, act)

    async def file(request: Request) -> Response:
        found = world.files.get(request.path_params["file_id"])
        if (
            request.headers.get("authorization") != f"Bearer {cast.BOT_TOKEN}"
            or "files:read" not in world.scopes
        ):
            return PlainTextResponse("sign in to see this file", 403)
        if found is None:
            return PlainTextResponse("no such file", 404)
        return Response(found.content, media_type=found.mimetype)

    async def socket(websocket: WebSocket) -> None:
        await _serve_socket(world, websocket)

    return [
        Route("/slack/api/{method}", call, methods=["GET", "POST"]),
        Route("/slack/response/{name}", respond, methods=["POST"]),
        Route("/slack/files/{file_id}/{name:path}", file),
        _upload(world),
        WebSocketRoute("/slack/socket/", socket),
    ]


def _upload(world: Workspace) -> Route:
    """Where files are sent to before they are shared; only the key in the address is asked for."""

    async def upload(request: Request) -> Response:
        content = await request.body()
        where = request.path_params
        if not upload_methods.receive(world, where["file_id"], where["key"], content):
            return PlainTextResponse("upload failed", 400)
        return PlainTextResponse(f"OK - {len(content)}")

    return Route("/slack/upload/{file_id}/{key}", upload, methods=["POST"])


async def _arguments(request: Request) -> dict[str, Any]:
    """The arguments of a call, from its query and from its JSON or form body."""
    arguments: dict[str, Any] = dict(request.query_params)
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/"):
        return {**arguments, **dict(await request.form())}
    body = await request.body()
    if not content_type.startswith("application/json"):
        return {**arguments, **dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))}
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(given, dict):
        raise SlackError("json_not_object")
    return {**arguments, **{key: value for key, value in given.items() if value is not None}}


def _note(world: Workspace, name: str, arguments: Arguments, answer: Mapping[str, Any]) -> None:
    world.traffic.note(Call(method=name, arguments=arguments, answer=answer, at=world.clock()))
    world.announce("call")


def _answer(world: Workspace, name: str, token: str, arguments: Arguments) -> dict[str, Any]:
    """Run the method, or return Slack's error."""
    method = _ALL.get(name)
    try:
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        _check_token(name, token)
        with world.changed:
            if method.scope not in (None, "*"):
                need_scope(world, str(method.scope))
            return {"ok": True, **method.act(world, arguments)}
    except SlackError as refusal:
        return {"ok": False, "error": refusal.error, **refusal.more}


def _check_token(name: str, token: str) -> None:
    if name in _NO_TOKEN:
        return
    if not token:
        raise SlackError("not_authed")
    if token not in (cast.BOT_TOKEN, cast.APP_TOKEN):
        raise SlackError("invalid_auth")
    if (token == cast.APP_TOKEN) != (name == "apps.connections.open"):
        raise SlackError("not_allowed_token_type")


def _written(world: Workspace, answer: Mapping[str, Any]) -> Response:
    headers = {"x-oauth-scopes": ",".join(sorted(world.scopes)), "x-slack-req-id": world.new_id("")}
    if "retry_after" in answer:
        headers["retry-after"] = str(answer["retry_after"])
        return JSONResponse({"ok": False, "error": answer["error"]}, 429, headers)
    return JSONResponse(answer, headers=headers)


async def _with_faults(
    world: Workspace, name: str, arguments: Arguments, act: Callable[[], Awaitable[Response]]
) -> Response:
    """Answer a call subject to the active faults."""
    fault = world.faults.meet(name)
    if fault is None:
        return await act()
    if fault.after:
        answer = await act()
        await asyncio.sleep(fault.delay)
        return _fault_response(world, fault) if fault.spoils_answer else answer
    await asyncio.sleep(fault.delay)
    if not fault.spoils_answer:
        return await act()
    failed = {"ok": False, "error": fault.error or "fault"}
    _note(world, name, arguments, failed)
    return _fault_response(world, fault)


def _fault_response(world: Workspace, fault: Fault) -> Response:
    if fault.cut or fault.hang:
        return NoAnswer(patient=fault.hang)
    if fault.retry_after is not None:
        return _written(world, {"error": "ratelimited", "retry_after": fault.retry_after})
    if fault.status is not None:
        return Response("<!DOCTYPE html><title>Server Error</title>", fault.status, media_type="text/html")
    return _written(world, {"ok": False, "error": fault.error})


def _respond(world: Workspace, name: str, arguments: Arguments) -> str | None:
    """Do what the app asks through a response_url; return Slack's error code if it can't."""
    with world.changed:
        url = world.response_urls.get(name)
        if url is None:
            return "expired_url"
        if url.uses_left == 0:
            return "used_url"
        if world.clock() > url.expires:
            return "expired_url"
        removes = flag(arguments, "delete_original")
        if not removes and not arguments.get("text") and not arguments.get("blocks"):
            return "no_text"
        if not removes and check_message(arguments):
            return "invalid_blocks"
        url.uses_left -= 1
        _apply(world, url, arguments, removes)
    return None


def _apply(world: Workspace, url: ResponseUrl, arguments: Arguments, removes: bool) -> None:
    about = url.about
    if about is None or not (removes or flag(arguments, "replace_original")):
        # The answer to a message in the channel goes to the channel, even if the message has a thread.
        thread_ts = about.thread_ts if about and about.is_reply else None
        if not removes:
            url.about = world.answer(url.user, url.channel, arguments, thread_ts) if about is None else about
            if about is not None:
                world.answer(url.user, url.channel, arguments, thread_ts)
        return
    with contextlib.suppress(LookupError):
        standing = world.message(about.channel, about.ts, user=url.user)
        if removes:
            world.delete(standing)
        else:
            blocks = world.completed(arguments.get("blocks") or [])
            world.edit(standing, text=str(arguments.get("text") or ""), blocks=blocks)


async def _serve_socket(world: Workspace, websocket: WebSocket) -> None:
    sockets = world.delivery.sockets
    if not sockets.redeem(websocket.query_params.get("ticket", "")):
        await websocket.close(1008)
        return
    await websocket.accept()
    # ASGI can neither abort nor silence a connection, so reach for uvicorn's transport.
    transport = getattr(getattr(websocket._receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("the sandbox cannot abort this server's connections")
    one = Socket(asyncio.Queue(), transport.abort, transport.pause_reading)
    number = sockets.add(one)
    if number is None:
        await websocket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
        await websocket.close()
        return
    one.outbox.put_nowait(json.dumps(_hello(number)))
    world.announce("socket")
    sending = asyncio.create_task(_send(websocket, one))
    try:
        while True:
            frame = json.loads(await websocket.receive_text())
            if isinstance(frame, dict):
                sockets.acknowledge(str(frame.get("envelope_id")), frame.get("payload"))
    except (WebSocketDisconnect, ValueError, RuntimeError):
        pass
    finally:
        sending.cancel()
        sockets.remove(one)
        world.announce("socket")


def _hello(number: int) -> dict[str, Any]:
    return {
        "type": "hello",
        "num_connections": number,
        "connection_info": {"app_id": cast.APP_ID},
        "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
    }


async def _send(websocket: WebSocket, one: Socket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (text := await one.outbox.get()) is not None:
            await websocket.send_text(text)
        await websocket.close()
