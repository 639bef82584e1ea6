"""The team's own articles: kept in a folder or a repository, read in the background, and searched in memory."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from identity_bot.articles.answer import Answer
from identity_bot.articles.article import Article, UnreadableArticle, told_apart
from identity_bot.articles.index import Index
from identity_bot.articles.source import File, FileSource
from identity_bot.errors import IdentityBotError, Retryable
from identity_bot.logs import scrubbed

log = logging.getLogger(__name__)

SOON = 60.0
"""Seconds until a source that could not be read is read again, unless the others are read sooner."""


class Library:
    """Articles from sources that change. Search them from any thread; a search waits for no source.

    A thread of its own reads the sources after `start`, and again every `refresh_seconds` (0 for never). Where one
    cannot be read, or has no articles anymore, its last ones stay.
    """

    def __init__(
        self,
        sources: Sequence[FileSource] = (),
        *,
        refresh_seconds: float = 600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = tuple(sources)
        self._refresh_seconds = refresh_seconds
        self._articles: dict[str, list[Article]] = {}
        """By source."""
        self._index = Index(())
        self._clock = clock
        self._not_before: dict[str, float] = {}
        """When a source that asked us to wait may be read again."""
        self._failing: dict[str, str] = {}
        self._left_out: dict[str, dict[str, str]] = {}
        """By source and path, the reasons that are in the log."""
        self._stopping = threading.Event()
        self._reading = threading.Lock()
        self._thread: threading.Thread | None = None

    def search(self, text: str, limit: int = 3) -> list[Answer]:
        """The articles that fit a text, the best one first; none if nothing fits or nothing was read yet."""
        return self._index.search(text, limit)

    def start(self) -> None:
        """Read the sources now and again, in a thread of its own; nothing happens if there is none."""
        if self._sources and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="identity-bot-library", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Read nothing anymore; what was read can still be searched. Safe to call twice."""
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=5)  # a request to GitHub may take longer, and holds nothing up

    def refresh(self) -> bool:
        """Read what has changed; whether all sources could be read."""
        with self._reading:
            changed = [source.place for source in self._sources if self._read(source)]
            if changed:
                self._index = Index(told_apart(one for found in self._articles.values() for one in found))
                log.info("articles: %s can be searched", len(self._index))
            return not self._failing

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                is_done = self.refresh()
            except Exception as error:  # the thread must live on
                log.error("articles: reading them failed; continuing", exc_info=scrubbed(error))
                is_done = False
            if is_done and not self._refresh_seconds:
                return
            wait = self._refresh_seconds or SOON
            self._stopping.wait(wait if is_done else min(wait, SOON))

    def _read(self, source: FileSource) -> bool:
        """Read a source; whether its articles have changed."""
        try:
            if self._clock() < self._not_before.get(source.place, 0.0):
                return False
            files = source.read()
        except IdentityBotError as error:
            if isinstance(error, Retryable) and error.seconds:
                self._not_before[source.place] = self._clock() + error.seconds
            if self._failing.get(source.place) != str(error):
                kept = len(self._articles.get(source.place, ()))
                log.warning("articles: %s; keeping the %s that were read before", error, kept)
            self._failing[source.place] = str(error)
            return False
        if self._failing.pop(source.place, None):
            log.info("articles: %s can be read again", source.place)
        if files is None:
            return False
        self._articles[source.place] = self._readable(source.place, files)
        return True

    def _readable(self, place: str, files: Sequence[File]) -> list[Article]:
        """The articles in files; each file that is none is logged once, until it changes its ways."""
        found: list[Article] = []
        left_out: dict[str, str] = {}
        for file in files:
            if self._stopping.is_set():
                break
            try:
                found.append(file.article())
            except UnreadableArticle as error:
                left_out[file.path] = str(error)
        known = self._left_out.get(place, {})
        for path, reason in left_out.items():
            if known.get(path) != reason:
                log.warning("articles: %s: %s is left out: it %s", place, path, reason)
        self._left_out[place] = left_out
        return found
