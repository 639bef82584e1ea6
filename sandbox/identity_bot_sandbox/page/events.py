"""The stream that tells an open page that something has changed, so that it looks again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from identity_bot_sandbox.github.state import GitHubWorld
from identity_bot_sandbox.slack.world import SlackWorld

_SILENT = frozenset({"call"})
_KEEP_ALIVE = 15.0


async def changes(
    slack: SlackWorld, github: GitHubWorld, closing: Callable[[], Awaitable[None]]
) -> AsyncIterator[str]:
    """Server-sent events, one after each burst of changes, until the sandbox is about to stop."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    stops = [
        slack.subscribe(lambda change: None if change.kind in _SILENT else wake()),
        github.subscribe(lambda change: wake()),
    ]
    end = asyncio.ensure_future(closing())
    end.add_done_callback(lambda _: changed.set())
    try:
        yield "retry: 1000\n\n"
        while not end.done():
            # A page that goes away ends this wait, and no task of its own is left waiting.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_ALIVE):
                    await changed.wait()
            yield "data: changed\n\n" if changed.is_set() else ": still here\n\n"
            changed.clear()
    finally:
        end.cancel()
        for stop in stops:
            stop()
