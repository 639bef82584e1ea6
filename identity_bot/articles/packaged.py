"""The articles that a plugin brings in its own package."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from threading import Lock

from identity_bot.articles.answer import Answer
from identity_bot.articles.article import LARGEST, Article, UnreadableArticle, is_article, read, told_apart
from identity_bot.articles.index import Index

log = logging.getLogger(__name__)

MOST_FILES = 5_000
"""The most files of one folder that are read."""
DEEPEST = 10
"""The most folders that one file may be in."""


class Articles:
    """A plugin's own articles, read when they are first asked for. Search them from any thread."""

    def __init__(self, found: Iterable[Article]) -> None:
        self._found = found
        self._lock = Lock()

    @classmethod
    def in_package(cls, package: str, folder: str = "articles") -> Articles:
        """The Markdown files in a folder of an installed package, such as `Articles.in_package(__name__)`.

        Name the folder in `package_data` in setup.cfg, or it is not installed. A file that is no article is left out,
        with a line in the log; so is a folder that is not there.
        """
        return cls(_read(package, folder))

    def search(self, text: str, limit: int = 3) -> list[Answer]:
        """The articles that fit a text, the best one first; none if nothing fits."""
        return self._index.search(text, limit)

    def named(self, *names: str) -> list[Answer]:
        """The articles with these names, in this order; those that are not there are left out.

        An article's name is its file's without its ending, such as `no-users`, or `local/no-users` in a folder below.
        """
        return [self._by_name[name] for name in names if name in self._by_name]

    @property
    def _index(self) -> Index:
        return self._made[0]

    @property
    def _by_name(self) -> dict[str, Answer]:
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[Index, dict[str, Answer]]:
        with self._lock:
            found = told_apart(self._found)
            self._found = found
        return Index(found), {one.answer.name: one.answer for one in found}


def _read(package: str, folder: str) -> Iterator[Article]:
    """The articles of a package, by the names of their files."""
    try:
        top = resources.files(package)
        files = sorted(_files(top / folder if folder else top), key=lambda pair: pair[0])
    except (ImportError, OSError, TypeError, ValueError) as error:
        log.error("articles of %s: the folder %r cannot be read (%s)", package, folder, type(error).__name__)
        return
    if not files:
        log.error("articles of %s: no Markdown files in %r; is it in package_data?", package, folder)
    for name, file in files[:MOST_FILES]:
        try:
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
            yield read(name, data)
        except OSError as error:
            log.warning(
                "articles of %s: %s is left out: it cannot be read (%s)", package, name, type(error).__name__
            )
        except UnreadableArticle as error:
            log.warning("articles of %s: %s is left out: it %s", package, name, error)


def _files(top: Traversable, folder: str = "", depth: int = 0) -> Iterator[tuple[str, Traversable]]:
    """The Markdown files in a folder and in those below, with their paths."""
    for one in top.iterdir():
        path = f"{folder}{one.name}"
        if one.is_dir() and depth < DEEPEST and not one.name.startswith("."):
            yield from _files(one, f"{path}/", depth + 1)
        elif is_article(path) and one.is_file():
            yield path, one
