"""Slack listener for replies in tickets' threads: each is kept before Slack gets its ack."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse

from identity_bot.errors import StoreError
from identity_bot.slack.host import is_unclaimed
from identity_bot.slack.inputs import Json
from identity_bot.slack.payloads import refuse_forged
from identity_bot.slack.thread_replies import reply_told_by
from identity_bot.tickets.model import ThreadReply

log = logging.getLogger(__name__)


class ReplyListeners:
    """Listener for replies; `keep` keeps one, unless it is in no ticket's thread, and may raise StoreError."""

    def __init__(self, keep: Callable[[ThreadReply], bool]) -> None:
        self._keep = keep

    def attach(self, app: App) -> None:
        """Adds the listener. What it leaves alone, and all that the host listens to, goes on to the other listeners."""

        def keep(
            request: BoltRequest,
            response: BoltResponse,
            event: Json,
            next: Callable[[], Any],  # noqa: A002 (Bolt's name)
        ) -> BoltResponse | None:
            reply = reply_told_by(event)
            if reply is None:
                return None
            is_ours = is_unclaimed(app, request, response)
            try:
                is_kept = self._keep(reply)
            except StoreError as error:
                log.error("cannot keep a reply: %s", error)
                # Without an ack, Slack repeats the event; what the host listens to is acked by the host.
                return BoltResponse(status=503) if is_ours else None
            if is_kept and is_ours:
                next()
            return None

        app.event("message", middleware=[refuse_forged, keep])(self.kept)

    def kept(self) -> None:
        """The reply is kept, and nobody else waits for it; Bolt acks it."""
