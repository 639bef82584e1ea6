"""The demo: the sandbox and the example host bot, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from identity_bot.errors import IdentityBotError
from identity_bot_sandbox import cast, host_bot
from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.story import lives, week
from identity_bot_sandbox.story.story import Story, StoryError

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
"""A proxy cannot reach this machine's own addresses, and slack_sdk does not heed NO_PROXY for its WebSocket."""
PLACES = f"""\
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "{cast.REPOSITORY}"
"""
SETTINGS = f"""\
{PLACES}restricted_repository = "{cast.RESTRICTED_REPOSITORY}"
poll_seconds = 15
request_types.pr_review.owners = ["@sandbox-org/identity"]
leads = [
    {{ slack = "U0INDIGO", github = "indigo-marshwick" }},
    {{ slack = "U0SAGE", github = "sage-hollowell" }},
]
people = [
    {{ slack = "U0LINDEN", github = "linden-brookmere" }},
    {{ slack = "U0JUNIPER", github = "juniper-vale" }},
]

[http]
port = """


def run(
    *,
    port: int,
    with_bot: bool,
    play: bool,
    leave: bool,
    busy: bool = False,
    say: Callable[[str], None],
    plot: Callable[[Story], None] = lives.play,
) -> None:
    """Serve the sandbox until Ctrl-C, or with `leave` only until the story is played; `plot` is that story.

    With `busy`, the bot begins with the tickets of a busy week.

    Raises IdentityBotError if a step of the story does not happen or the bot does not start.
    """
    try:
        made = Sandbox(port=port, pages=[routes])
    except OSError as error:
        raise IdentityBotError(
            f"port {port} cannot be used ({os.strerror(error.errno or 0)}); choose another with --port, or 0 for any"
        ) from error
    with made as sandbox:
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
            week.fill(sandbox.github)
        with _folder() as folder, _bot(sandbox, folder, from_github=busy):
            for line in (folder / "bot.log").read_text(encoding="utf-8").splitlines():
                if "skipped:" in line:
                    say(line)
            story = Story(sandbox)
            if play:
                say(
                    f"Playing a story with three tickets, which takes about a minute. Watch it at {sandbox.url} …"
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
            say(f"Open {sandbox.url} and type /help in #vsp-identity. Press Ctrl-C to stop.")
            _wait()


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
def _bot(sandbox: Sandbox, folder: Path, *, from_github: bool = False) -> Iterator[None]:
    """Run the host bot, with identity_bot attached, in its own process; stop it with SIGTERM.

    With `from_github`, it makes its tickets from the issues first, which tells nobody anything.
    """
    port = _free_port()
    (folder / "identity-bot.toml").write_text(f"{SETTINGS}{port}\n", encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in PROXIES},
        **sandbox.environment(),
        "DATABASE_URL": f"sqlite:///{folder / 'identity-bot.db'}",
        "IDENTITY_BOT_CONFIG": str(folder / "identity-bot.toml"),
    }
    sandbox.slack.commands = {"/help", host_bot.COMMAND}
    log_file = (folder / "bot.log").open("wb")
    if from_github:
        full_sync = [sys.executable, "-m", "identity_bot.cli", "sync", "--full"]
        subprocess.run(full_sync, env=environment, stdout=log_file, stderr=log_file, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "identity_bot_sandbox.host_bot"],
        env=environment,
        stdout=log_file,
        stderr=log_file,
    )
    try:
        _await_ready(process, f"http://127.0.0.1:{port}/readyz", folder / "bot.log", sandbox)
        url = f"http://127.0.0.1:{port}/github/webhook"
        sandbox.github.add_hook(
            url,
            secret=cast.WEBHOOK_SECRET,
            events=("issues", "issue_comment", "label", "milestone", "repository"),
        )
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log_file.close()


def _await_ready(process: subprocess.Popen[bytes], url: str, log_file: Path, sandbox: Sandbox) -> None:
    pause = threading.Event()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            raise IdentityBotError(f"the bot did not start:\n{log_file.read_text(encoding='utf-8')}")
        try:
            with direct.open(url, timeout=2) as answer:
                if answer.status == 200 and sandbox.slack.delivery.sockets.wait_for(1):
                    return
        except (urllib.error.URLError, OSError):
            pause.wait(0.05)
    raise IdentityBotError("the bot did not become ready within 30 seconds")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait() -> None:
    # A handler that sets an event could wait forever for the lock that this thread holds.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
