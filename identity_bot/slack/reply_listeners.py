"""Slack listener for replies in tickets' threads: each is kept before Slack gets its ack."""

from __future__ import annotations

import logging
import threading
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

PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Seconds before each attempt to keep a reply that the host has acked although the database could not be used."""


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
                if is_ours:
                    return BoltResponse(status=503)  # without an ack, Slack repeats the event
                self._try_again(reply)  # the host acks it
                return None
            if is_kept and is_ours:
                next()
            return None

        app.event("message", middleware=[refuse_forged, keep])(self.kept)

    def attach_last(self, app: App) -> None:
        """Adds a listener, after all others of ours, for what nobody wants: without an ack, Slack repeats it."""

        def is_unwanted(request: BoltRequest, response: BoltResponse) -> bool:
            return is_unclaimed(app, request, response)

        app.event("message", matchers=[is_unwanted], middleware=[refuse_forged])(self.left_alone)

    def kept(self) -> None:
        """The reply is kept, and nobody else waits for it; Bolt acks it."""

    def left_alone(self) -> None:
        """The message is none of our business; Bolt acks it."""

    def _try_again(self, reply: ThreadReply, pauses: tuple[float, ...] = PAUSES) -> None:
        """Keep a reply later that could not be kept, for as long as this process runs."""
        if not pauses:
            log.error("a reply was not kept: the database could not be used for %s s", sum(PAUSES))
            return

        def again() -> None:
            try:
                self._keep(reply)
            except StoreError:
                self._try_again(reply, pauses[1:])

        timer = threading.Timer(pauses[0], again)
        timer.daemon = True
        timer.start()
