"""The app that the bot is attached to: what it listens to is its own."""

from __future__ import annotations

import logging

from slack_bolt import App, BoltRequest, BoltResponse

from identity_bot.slack.inputs import Json

log = logging.getLogger(__name__)

OURS = f"{__name__.partition('.')[0]}."


def is_unclaimed(app: App, request: BoltRequest, response: BoltResponse) -> bool:
    """Whether none of the host's own listeners takes an event.

    Asked at each event, as the host may add listeners later; Bolt has no public list of them.
    """
    hosts = (one for one in app._listeners if not one.ack_function.__module__.startswith(OURS))
    return not any(one.matches(req=request, resp=response) for one in hosts)


def who_answers(app: App, what: str, body: Json) -> str | None:
    """The name of the app's listener that would answer such a request before ours; None if there is none."""
    request = BoltRequest(body={"user": {"id": "U0"}, "team": {"id": "T0"}, **body}, mode="socket_mode")
    for listener in app._listeners:  # Bolt has no public list of them
        # The first matcher is Bolt's; any other is the host's code, which may let the request through.
        if listener.matchers and listener.matchers[0].matches(request, BoltResponse(status=200)):
            name = getattr(listener.ack_function, "__name__", "?")
            if len(listener.matchers) == 1:
                return str(name)
            log.warning("the app's listener %r may answer %s under some conditions", name, what)
    return None
