"""The host bot in the sandbox, with identity_bot attached, as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from identity_bot.errors import IdentityBotError
from identity_bot.plugins.folder import plugins_in
from identity_bot_sandbox import cast, host_bot
from identity_bot_sandbox.clock import ClockError
from identity_bot_sandbox.page.gallery import GalleryError
from identity_bot_sandbox.server import Sandbox

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
report = true
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
MOST_LINES = 2_000
"""Lines of a bot's that are kept."""
EVENTS = ("issues", "issue_comment", "label", "milestone", "repository")
LONGEST_START = 30.0
"""Seconds that a bot may take to start, and to do what it is asked while it does."""
HOST_BOT = (sys.executable, "-m", "identity_bot_sandbox.host_bot")
LONGEST_SHOWCASE = 60.0
"""Seconds after which a plugin that the gallery plays counts as stuck."""
_SKIPPED = re.compile(r"\bskipped: (plugin .+)")
_UNUSABLE = re.compile(rf"^{host_bot.UNUSABLE_BECAUSE}(.+)$", re.MULTILINE)
_TRACED = re.compile(r'^  File "(?P<path>.+)", line (?P<line>\d+) in ', re.MULTILINE)


class NotStartedError(IdentityBotError):
    """The bot did not start; `status` is the exit status of its process."""

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(reason)
        self.status = status


def database_url(folder: Path) -> str:
    """The address of the database of the bots in a folder."""
    return f"sqlite:///{folder / 'identity-bot.db'}"


class BotProcess:
    """A running bot; several in one folder share its database. Raises NotStartedError if it does not start.

    `folders` are those of plugins that are not installed, which have `load_seconds` to load. If it is `strict`, the
    bot does not start without them.
    With `from_github`, it makes its tickets from the issues first, which tells nobody anything. `hear` gets each line
    that the bot prints or logs while it runs, and `ended` the exit status if it ends by itself.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        folder: Path,
        *,
        folders: Sequence[Path] = (),
        strict: bool = False,
        load_seconds: float = 10,
        from_github: bool = False,
        hear: Callable[[str], None] | None = None,
        ended: Callable[[int], None] | None = None,
    ) -> None:
        self._github, self._folders, self._load_seconds = sandbox.github, folders, load_seconds
        self._moved = threading.Semaphore(0)
        self._following = contextlib.ExitStack()
        self._said: deque[str] = deque(maxlen=MOST_LINES)
        port = _free_port()
        settings = folder / "identity-bot.toml"
        settings.write_text(f"{SETTINGS}{port}\n", encoding="utf-8")
        environment = {
            **{name: value for name, value in os.environ.items() if name not in PROXIES},
            **sandbox.environment(),
            "DATABASE_URL": database_url(folder),
            "IDENTITY_BOT_CONFIG": str(settings),
            "PYTHONUNBUFFERED": "1",
        }
        if folders:  # a module that is edited twice in a second would be taken for its compiled self
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        sandbox.slack.commands = {"/help", host_bot.COMMAND}
        arguments = [*(["--strict"] if strict else []), f"--load-seconds={load_seconds}", *map(str, folders)]
        connected = sandbox.slack.delivery.sockets.count
        if from_github:
            ahead = f"--ahead={sandbox.clock.offset!r}"
            subprocess.run([*HOST_BOT, "--sync", ahead], env=environment, capture_output=True, check=True)
        with sandbox.clock.held():
            self._process = subprocess.Popen(
                [*HOST_BOT, f"--ahead={sandbox.clock.offset!r}", *arguments],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
            self._following.enter_context(sandbox.clock.followed_by(self._follow))
        self._hear: Callable[[str], None] | None = None
        self._ended: Callable[[int], None] | None = None
        self._reader = threading.Thread(target=self._read, name="bot's words", daemon=True)
        self._reader.start()
        try:
            self._await_ready(f"http://127.0.0.1:{port}/readyz", sandbox, connected)
        except BaseException:
            self._end(patience=1)
            raise
        self._hear, self._ended = hear, ended
        self._hook = sandbox.github.add_hook(
            f"http://127.0.0.1:{port}/github/webhook", secret=cast.WEBHOOK_SECRET, events=EVENTS
        )
        sandbox.showcase = partial(showcase, environment, folders)

    def skipped(self) -> list[str]:
        """What the bot said of each plugin that it cannot use."""
        return list(dict.fromkeys(_SKIPPED.findall("".join(self._said))))

    def stop(self, *, patience: float = 20) -> None:
        """End the bot, after `patience` seconds by force."""
        self._hear = self._ended = None
        self._github.webhooks.remove(self._hook.id)
        self._end(patience=patience)

    @contextlib.contextmanager
    def _follow(self, seconds: float) -> Iterator[None]:
        """Have the bot set its clock forward, too."""
        stdin = self._process.stdin
        assert stdin
        with contextlib.suppress(OSError):  # it has ended
            stdin.write(f"{seconds!r}\n")
            stdin.flush()
            if not self._moved.acquire(timeout=LONGEST_START) and self._process.poll() is None:
                raise ClockError("the bot did not follow the clock")
        yield

    def _end(self, *, patience: float) -> None:
        self._following.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def _await_ready(self, url: str, sandbox: Sandbox, connected: int) -> None:
        pause = threading.Event()
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(600):
            if self._process.poll() is not None:
                raise NotStartedError(self._reason(), self._process.returncode)
            try:
                with direct.open(url, timeout=2) as answer:
                    if answer.status == 200 and sandbox.slack.delivery.sockets.wait_for(connected + 1):
                        return
            except (urllib.error.URLError, OSError):
                pause.wait(0.05)
        raise NotStartedError("the bot did not become ready within 30 seconds", None)

    def _reason(self) -> str:
        """Why the process has ended: in the words of the loader, or as good as can be."""
        self._reader.join(2)
        said, status = "".join(self._said), self._process.returncode
        if status == host_bot.SKIPPED:
            names = [f"plugin {one.name!r} " for path in self._folders for one in plugins_in(path)]
            return "\n".join(one for one in self.skipped() if one.startswith(tuple(names)))
        if status == host_bot.UNUSABLE:
            return "\n".join(_UNUSABLE.findall(said))
        if not self._folders:
            return f"the bot did not start:\n{said}"
        named = ", ".join(map(str, self._folders))
        traced = [
            one for one in _TRACED.finditer(said) if any(map(Path(one["path"]).is_relative_to, self._folders))
        ]
        if traced and "Timeout (" in said:
            where = f"{Path(traced[0]['path']).name}:{traced[0]['line']}"
            return f"plugin in {named}: loading it took longer than {self._load_seconds:g} seconds ({where})"
        return f"plugin in {named}: the bot's process ended while it was loaded (exit status {status})"

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.rstrip() == host_bot.MOVED:
                self._moved.release()
                continue
            self._said.append(line)
            if self._hear:
                self._hear(line.rstrip("\n"))
        if self._ended:
            self._ended(self._process.wait())


def showcase(environment: Mapping[str, str], folders: Sequence[Path] = ()) -> Mapping[str, Any]:
    """The bot's request types as JSON, played in a process of its own, so that edited plugins are read anew."""
    command = [sys.executable, "-m", "identity_bot.showcase", *map(str, folders)]
    try:
        played = subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_SHOWCASE)
    except subprocess.TimeoutExpired:
        raise GalleryError(
            f"The bot did not play its request types within {LONGEST_SHOWCASE:g} seconds."
        ) from None
    if played.returncode:
        said = played.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise GalleryError(f"The bot could not play its request types: {said or 'it gave no reason'}")
    shown: Mapping[str, Any] = json.loads(played.stdout)
    return shown


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
