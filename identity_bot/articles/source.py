"""Where a library's articles are kept: the port, and a folder on this machine."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from identity_bot.articles.article import LARGEST, Article, UnreadableArticle, is_article, read
from identity_bot.errors import Rejected

log = logging.getLogger(__name__)

MOST_FILES = 5_000
"""The most Markdown files of a folder that are read: the first by name."""
NO_FILES = "no Markdown files found"
MOST_ENTRIES = 100_000
"""How many files of any kind a folder may hold: no folder of articles is larger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A Markdown file as it was found."""

    path: str
    """Below the folder, with `/` between its parts."""
    data: bytes = b""
    address: str = ""
    """Where people can read it; empty if nowhere."""
    problem: str = ""
    """Why its data is not here, in words that follow its path."""

    def article(self) -> Article:
        """The article in the file; raises UnreadableArticle if there is none."""
        if self.problem:
            raise UnreadableArticle(self.problem)
        return read(self.path, self.data, self.address)


class FileSource(Protocol):
    """A place that holds Markdown files. Use it from one thread at a time."""

    @property
    def place(self) -> str:
        """What to call it in a log."""

    def read(self) -> tuple[File, ...] | None:
        """All Markdown files by path; None if nothing has changed since they were last read.

        Raises IdentityBotError if it cannot be read or has none; then it is read anew the next time.
        """


class Folder:
    """Markdown files in a folder and those below it. Hidden files, and links that lead out of it, are left out."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._known: object = None

    @property
    def place(self) -> str:
        """What to call it in a log."""
        return f"folder {self._path}"

    def read(self) -> tuple[File, ...] | None:
        """All Markdown files by path; None if nothing has changed. Raises Rejected if there are none."""
        try:
            top = self._path.resolve(strict=True)
            os.scandir(top).close()  # os.walk is silent about a folder that cannot be read
            found = dict(sorted(_files(top)))
        except (OSError, ValueError, RuntimeError) as error:
            self._known = None
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise Rejected(f"{self.place}: cannot be read: {reason}") from None
        if not found:
            self._known = None
            raise Rejected(f"{self.place}: {NO_FILES}")
        known = {path: (about.st_mtime_ns, about.st_size, about.st_ino) for path, (_, about) in found.items()}
        if known == self._known:
            return None
        if len(found) > MOST_FILES:
            log.warning(
                "articles: %s: only the first %s files of %s are read", self.place, MOST_FILES, len(found)
            )
        first = islice(found.items(), MOST_FILES)
        files = tuple(_file(path, real, about) for path, (real, about) in first)
        self._known = known
        return files


def _files(top: Path) -> Iterator[tuple[str, tuple[Path, os.stat_result]]]:
    """The Markdown files below a folder: where each really is, and its size and time."""
    seen = 0
    for folder, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not name.startswith("."))
        seen += len(names)
        if seen > MOST_ENTRIES:
            raise ValueError("too many files")
        for name in filter(is_article, names):
            file = Path(folder, name)
            try:
                real = file.resolve(strict=True)
                about = real.stat()
            except (OSError, RuntimeError):  # a link to nowhere, or in a circle
                continue
            if real.is_relative_to(top) and stat.S_ISREG(about.st_mode):
                yield file.relative_to(top).as_posix(), (real, about)


def _file(path: str, real: Path, about: os.stat_result) -> File:
    if about.st_size > LARGEST:
        return File(path=path, problem=f"is larger than {LARGEST:,} bytes")
    try:
        # The file may be another one by now: a link, or something that never ends.
        opened = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(opened, "rb") as stream:
            return File(path=path, data=stream.read(LARGEST + 1))
    except OSError as error:
        return File(path=path, problem=f"cannot be read ({error.strerror})")
