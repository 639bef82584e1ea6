"""The app that the bot is attached to: what it listens to is its own."""

from __future__ import annotations

from slack_bolt import App, BoltRequest, BoltResponse

OURS = f"{__name__.partition('.')[0]}."


def is_unclaimed(app: App, request: BoltRequest, response: BoltResponse) -> bool:
    """Whether none of the host's own listeners takes an event.

    Asked at each event, as the host may add listeners later; Bolt has no public list of them.
    """
    hosts = (one for one in app._listeners if not one.ack_function.__module__.startswith(OURS))
    return not any(one.matches(req=request, resp=response) for one in hosts)
