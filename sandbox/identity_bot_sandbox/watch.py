"""Keep a bot running with plugins that are being edited: each change starts a new one beside it, then ends the old."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from watchfiles import DefaultFilter, watch

from identity_bot.errors import IdentityBotError
from identity_bot.plugins.folder import plugins_in
from identity_bot_sandbox import host_bot
from identity_bot_sandbox.process import BotProcess, NotStartedError
from identity_bot_sandbox.server import Sandbox

LEFT_BEHIND = ("build", "dist", ".pytest_cache", ".ruff_cache", ".hypothesis")
"""Folders in which tools write, besides those that watchfiles knows."""

_RECORD = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ (?P<level>[A-Z]+) ")


class WatchedBot:
    """A bot in the sandbox with the plugins in these folders; `say` gets a line for each reload and each problem.

    The bot before goes on until a new one has its plugins, on the same database, so that nobody's form is lost. What
    is wrong with a plugin stays on the page until it is mended.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        folder: Path,
        watched: Sequence[Path],
        *,
        say: Callable[[str], None],
        load_seconds: float = 10,
    ) -> None:
        self._sandbox, self._folder, self._say, self._load_seconds = sandbox, folder, say, load_seconds
        self._watched = [path.resolve() for path in watched]
        self._stopping = threading.Event()
        self._changed: queue.SimpleQueue[set[Path] | None] = queue.SimpleQueue()
        # Before the first bot: what is edited while that starts is seen, too.
        self._watcher = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._watcher.start()
        self._bot = self._first()

    def follow(self) -> None:
        """Reload what is edited, until `stop` or Ctrl-C."""
        while (changed := self._changed.get()) is not None:
            while not self._changed.empty():  # what was edited while the bot before was starting
                if (more := self._changed.get()) is None:
                    return
                changed = changed | more
            self.reload(sorted(changed))

    def _watch(self) -> None:
        unimportant = DefaultFilter(
            ignore_dirs=(*DefaultFilter.ignore_dirs, *LEFT_BEHIND),
            ignore_entity_patterns=(*DefaultFilter.ignore_entity_patterns, r"\.egg-info$"),
        )
        replaced: set[Path] = set()
        while not self._stopping.is_set():
            before = _inodes(self._watched)
            with suppress(FileNotFoundError):  # it has gone meanwhile
                for changes in watch(
                    *before,
                    watch_filter=unimportant,
                    stop_event=self._stopping,
                    rust_timeout=1_000,
                    yield_on_timeout=True,
                ):
                    paths = {Path(path) for _, path in changes}
                    edited = {one for one in self._watched if any(path.is_relative_to(one) for path in paths)}
                    if edited := edited | replaced & before.keys():
                        self._changed.put(edited)
                    # What is watched is a folder, not the one that somebody puts in its place.
                    now = _inodes(self._watched)
                    replaced = {
                        one for one in self._watched if one in paths or now.get(one) != before.get(one)
                    }
                    if replaced:
                        break
        self._changed.put(None)

    def reload(self, changed: Sequence[Path]) -> None:
        """Replace the bot by one with the plugins as they are now; keep it if they cannot be used."""
        try:
            names = [", ".join(found.name for found in plugins_in(path)) for path in changed]
            new = self._start(strict=True)
        except IdentityBotError as error:
            self._tell(error, "The version before is still in use")
            return
        old, self._bot = self._bot, new
        self._sandbox.slack.delivery.sockets.keep_newest()
        self._sandbox.show_problems()
        for name in names:
            self._say(f"{name} reloaded")
        old.stop(patience=5)

    def stop(self) -> None:
        """End the bot, and what follows the edits."""
        self._stopping.set()
        self._watcher.join(5)
        self._bot.stop()

    def _first(self) -> BotProcess:
        """A bot with the plugins in the folders, or with those that can be used, or without."""
        try:
            return self._start(strict=True)
        except IdentityBotError as error:
            self._tell(error, "The bot runs without it")
            if isinstance(error, NotStartedError) and error.status == host_bot.SKIPPED:
                return self._start(strict=False)
            return BotProcess(self._sandbox, self._folder)

    def _start(self, *, strict: bool) -> BotProcess:
        for path in self._watched:
            plugins_in(path)  # raises before a process is started in vain
        return BotProcess(
            self._sandbox,
            self._folder,
            folders=self._watched,
            strict=strict,
            load_seconds=self._load_seconds,
            hear=self._hear,
            ended=self._ended,
        )

    def _hear(self, line: str) -> None:
        """Show the errors of a running bot, and what a plugin prints."""
        record = _RECORD.match(line)
        if line and (record is None or record["level"] == "ERROR"):
            self._say(line)

    def _ended(self, status: int) -> None:
        error = IdentityBotError(f"the bot's process ended by itself (exit status {status})")
        self._tell(error, "There is no bot until you edit the plugin")

    def _tell(self, error: IdentityBotError, consequence: str) -> None:
        lines = str(error).splitlines()
        self._sandbox.show_problems(*(f"{consequence}: {line}" for line in lines))
        for line in lines:
            self._say(line)


def _inodes(folders: Sequence[Path]) -> dict[Path, int]:
    """Which of these folders exist, and what tells each from another in its place."""
    found: dict[Path, int] = {}
    for folder in folders:
        with suppress(OSError):
            found[folder] = folder.stat().st_ino
    return found
