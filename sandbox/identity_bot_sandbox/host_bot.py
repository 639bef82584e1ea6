"""An example host: a Slack bot with its own listeners, and identity_bot attached to it.

A host only has to build the bot from its settings and attach it to its Bolt app.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from slack_bolt import Ack, App, Respond, Say
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from identity_bot.app import Bot, build
from identity_bot.errors import IdentityBotError, StoreError
from identity_bot.logs import set_up_logging
from identity_bot.plugins import loader
from identity_bot.plugins.folder import plugins_in
from identity_bot.settings import load

COMMAND = "/sign-in-status"
MOVED = "clock set forward"
UNUSABLE_BECAUSE = "cannot start: "
UNUSABLE, SKIPPED = 2, 3
"""The exit statuses of a bot whose settings or plugins contradict each other, and of one with an unusable plugin."""


def host_app(client: WebClient, signing_secret: str = "unused in Socket Mode") -> App:
    """The host's own bot: a command, a button, an answer to mentions and an error handler."""
    app = App(client=client, signing_secret=signing_secret)

    @app.command(COMMAND)
    def status(ack: Ack, respond: Respond) -> None:
        ack()
        button = {
            "type": "button",
            "action_id": "status_again",
            "text": {"type": "plain_text", "text": "Look again"},
        }
        section = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Sign-in works."},
            "accessory": button,
        }
        respond(text="Sign-in works.", blocks=[section])

    @app.action("status_again")
    def status_again(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="Sign-in still works.", replace_original=True)

    @app.event("app_mention")
    def mentioned(say: Say) -> None:
        say(f"To see whether sign-in works, use {COMMAND}.")

    @app.error
    def failed(error: Exception) -> None:
        logging.getLogger("host_bot").error("listener failed: %s", type(error).__name__)

    return app


def main(arguments: Sequence[str] = ()) -> None:
    """Run the host bot with identity_bot attached, until SIGTERM."""
    given = _arguments().parse_args(arguments)
    set_up_logging()
    try:
        settings = load(None, os.environ)
        found = loader.find(given.folders)
        if given.folders:
            with _ending_after(given.load_seconds):
                skipped = {one.name for one in loader.load(settings, found).skipped}
            if given.strict and skipped & {one.name for path in given.folders for one in plugins_in(path)}:
                sys.exit(SKIPPED)
        clock = HostClock(given.ahead or 0.0)
        bot = build(settings, found, clock=time.time if given.ahead is None else clock)
    except IdentityBotError as error:
        for line in str(error).splitlines():
            print(f"{UNUSABLE_BECAUSE}{line}", file=sys.stderr)  # noqa: T201 (for whoever started this process)
        sys.exit(UNUSABLE)
    if given.sync:
        deque(bot.sync(), maxlen=0)
        bot.stop()
        return
    client = WebClient(token=settings.slack_bot_token, base_url=settings.slack_api_url)
    app = host_app(client)
    bot.attach(app)
    # By default slack_sdk takes most of a minute to notice a broken connection.
    handler = SocketModeHandler(app, settings.slack_app_token, web_client=client, ping_interval=3)
    handler.connect()  # type: ignore[no-untyped-call]
    if given.ahead is not None:
        threading.Thread(target=clock.follow, args=(bot, sys.stdin), name="clock", daemon=True).start()
    bot.serve()


class HostClock:
    """A clock that is so many seconds ahead of the real one, and is set forward by whoever started this."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def __call__(self) -> float:
        return time.time() + self._ahead

    def follow(self, bot: Bot, asked: Iterable[str]) -> None:
        """Set it forward by each number of seconds that is asked for, a line each, and say so."""
        for line in asked:
            while not self._moved(bot, float(line)):
                pass  # others have been writing to the database, of which a jump of days makes a lot
            # In one write, unlike print(), or a line of the log may come between it and its end.
            sys.stdout.write(f"{MOVED}\n")
            sys.stdout.flush()

    def _moved(self, bot: Bot, seconds: float) -> bool:
        """Set it forward, unless the database is busy for as long as one waits for it."""
        before = self._ahead
        try:
            with bot.moving_clock(seconds):
                self._ahead = before + seconds
        except StoreError:
            self._ahead = before
            return False
        return True


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="plugins to use besides the installed ones")
    parser.add_argument("--strict", action="store_true", help="end if a plugin in a folder cannot be used")
    parser.add_argument("--sync", action="store_true", help="make the tickets from the issues first, and end")
    parser.add_argument(
        "--ahead",
        type=float,
        help="how many seconds the clock is ahead; it is set forward by more as lines of the standard input say",
    )
    parser.add_argument(
        "--load-seconds", type=float, default=10, help="how long those plugins may take to load"
    )
    return parser


@contextlib.contextmanager
def _ending_after(seconds: float) -> Iterator[None]:
    """End the process if this takes longer, and say where it was: a plugin may never come back."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(sys.argv[1:])
