"""The demo: the sandbox and the example host bot, in a process of its own."""

from __future__ import annotations

import os
import shlex
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from identity_bot.errors import IdentityBotError
from identity_bot_sandbox.clock import ClockError, set_by
from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.process import PLACES, BotProcess, database_url
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.story import lives, week
from identity_bot_sandbox.story.story import Story, StoryError


def run(
    *,
    port: int,
    with_bot: bool,
    play: bool,
    leave: bool,
    busy: bool = False,
    watched: Sequence[Path] = (),
    clock: str = "",
    say: Callable[[str], None],
    plot: Callable[[Story], None] = lives.play,
) -> None:
    """Serve the sandbox until Ctrl-C, or with `leave` only until the story is played; `plot` is that story.

    With `busy`, the bot begins with the tickets of a busy week. Plugins in the folders `watched` need not be
    installed, and are loaded again whenever they are edited.
    `clock` is when it is in the sandbox, as `set_by` takes it.

    Raises IdentityBotError if a step of the story does not happen or the bot does not start.
    """
    with _sandbox(port, clock) as sandbox:
        if not with_bot:
            say(f"The sandbox runs at {sandbox.url} without a bot. Paste this into the shell of yours:\n")
            for name, value in sandbox.environment().items():
                if (
                    name != "GITHUB_WEBHOOK_SECRET"
                ):  # with it, the bot would wait for webhooks, which nobody sends
                    say(f"export {name}={value}")
            say(f"\nand this into its identity-bot.toml:\n\n{PLACES}poll_seconds = 10\n")
            _wait()
            return
        if busy:
            say(f"Filling GitHub with the {week.MANY} requests of a busy week …")
            week.fill(sandbox.github, sandbox.clock.utc())
        if watched:
            with _folder() as folder:
                _watch(sandbox, folder, watched, say)
            return
        with _folder() as folder, _bot(sandbox, folder, from_github=busy) as skipped:
            for one in skipped:
                say(f"skipped: {one}")
            story = Story(sandbox)
            if play:
                say(
                    f"Playing a story with four tickets, which takes about a minute. Watch it at {sandbox.url} …"
                )
                try:
                    plot(story)
                except StoryError as error:
                    raise IdentityBotError(f"the story stopped; this did not happen: {error}") from error
            if leave:
                for line in story.transcript():
                    say(line)
                say("\nEvery step happened.")
                return
            say(_commands(folder))
            say(f"Open {sandbox.url} and type /help in #vsp-identity. Press Ctrl-C to stop.")
            _wait()


def _sandbox(port: int, clock: str) -> Sandbox:
    try:
        return Sandbox(port=port, pages=[routes], clock=set_by(clock) if clock else None)
    except ClockError as error:
        raise IdentityBotError(f"--clock: {error}") from error
    except OSError as error:
        raise IdentityBotError(
            f"port {port} cannot be used ({os.strerror(error.errno or 0)}); choose another with --port, or 0 for any"
        ) from error


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the bot's settings, database and log, as long as it runs."""
    try:
        made = tempfile.TemporaryDirectory()
    except OSError as error:
        raise IdentityBotError(
            "no folder for temporary files can be written to; name one in the variable TMPDIR"
        ) from error
    with made as folder:
        yield Path(folder)


@contextmanager
def _bot(sandbox: Sandbox, folder: Path, *, from_github: bool) -> Iterator[list[str]]:
    """Run the bot; yields what it says of plugins that it cannot use."""
    bot = BotProcess(sandbox, folder, from_github=from_github)
    try:
        yield bot.skipped()
    finally:
        bot.stop()


def _watch(sandbox: Sandbox, folder: Path, watched: Sequence[Path], say: Callable[[str], None]) -> None:
    """Run the bot with the plugins in these folders, and again whenever they are edited, until Ctrl-C."""
    from identity_bot_sandbox.watch import WatchedBot

    bot = WatchedBot(sandbox, folder, watched, say=say)
    try:
        say(_commands(folder))
        say(
            f"Open {sandbox.url} and type /help in #vsp-identity. What you edit is reloaded. Press Ctrl-C to stop."
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            bot.follow()
    finally:
        bot.stop()


def _commands(folder: Path) -> str:
    """How `identity-bot answers`, `why` and `outbox` find the bot's database, in another shell."""
    return (
        f"For commands that read the bot's database: export DATABASE_URL={shlex.quote(database_url(folder))}"
    )


def _wait() -> None:
    """Until Ctrl-C or SIGTERM."""
    with suppress(KeyboardInterrupt):
        # A handler that sets an event could wait forever for the lock that this thread holds.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        pause = threading.Event()
        while not pause.wait(1.0):
            pass  # a signal that comes just before a wait does not wake it, but is heeded after it
