"""What identity_bot is measured against: a bare Bolt app that acks a command and opens a view built in advance."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import uvicorn
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


def main() -> None:
    """Run with the arguments `VIEW MODE PORT`: a file with the view as JSON, `socket` or `http`, and the HTTP port."""
    path, mode, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    view = json.loads(Path(path).read_text(encoding="utf-8"))
    client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.command("/help")
    def command(ack: Ack, body: dict[str, str], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)

    if mode == "socket":
        SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], web_client=client).connect()  # type: ignore[no-untyped-call]

    async def events(request: Request) -> Response:
        # Bolt's SlackRequestHandler would block the event loop until the listener has acked.
        bolt_request = to_bolt_request(request, await request.body())
        return to_starlette_response(await run_in_threadpool(app.dispatch, bolt_request))

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [Route("/slack/events", events, methods=["POST"]), Route("/readyz", ready)]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
