"""Socket Mode: a connection that hands Bolt only what Slack can have sent, and knows whether Slack still answers."""

from __future__ import annotations

import logging
import time
from functools import partial

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from identity_bot.errors import Rejected, network
from identity_bot.slack import payloads

log = logging.getLogger(__name__)

PING = 3.0
"""Seconds between two pings of the socket. slack_sdk replaces a silent connection after five without an answer."""


class Socket(SocketModeHandler):
    """Bolt's handler of Socket Mode; by itself it answers a malformed request with a traceback."""

    def __init__(self, app: App, token: str, client: WebClient) -> None:
        super().__init__(app, token, web_client=client, ping_interval=PING)
        if network.needs_no_proxy(client.base_url):
            self.client.proxy = None  # slack_sdk heeds NO_PROXY for its Web API only

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """Pass a request on to Bolt, unless it is malformed."""
        try:
            payloads.checked(partial(BoltRequest, body=req.payload, mode="socket_mode"))
        except Rejected as error:
            log.warning("Socket Mode: refused a request: %s", error)
            return
        super().handle(self.client, req)

    @property
    def is_connected(self) -> bool:
        """Whether Slack has answered one of the last two pings: slack_sdk calls a connection alive for five of them."""
        session = self.client.current_session
        if session is None or not session.is_active() or session.consecutive_check_state_error_count:
            return False
        answered = session.last_ping_pong_time
        return answered is not None and time.time() - answered < 2.5 * self.client.ping_interval
