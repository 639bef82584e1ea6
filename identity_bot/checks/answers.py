"""Checks the team's own articles: whether their folder and their repository can be read, and which files cannot."""

from __future__ import annotations

from collections.abc import Iterator

from identity_bot.articles.article import UnreadableArticle
from identity_bot.articles.index import has_full_text
from identity_bot.articles.source import Folder
from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.github.files import MOST_FILES, RepositoryFolder
from identity_bot.settings import Settings


def check_folder(settings: Settings) -> Iterator[Finding]:
    """Whether the folder of articles can be read, and each file in it that is no article."""
    if not has_full_text():
        yield warning("answers: this Python's SQLite has no full-text search, so no article is ever found")
    if not settings.answers["folder"]:
        return
    folder = Folder(settings.answers["folder"])
    try:
        files = folder.read() or ()
    except IdentityBotError as error:
        yield problem(f"answers: {error}")
        return
    left_out = []
    for file in files:
        try:
            file.article()
        except UnreadableArticle as reason:
            left_out.append(warning(f"answers: {folder.place}: {file.path} is left out: it {reason}"))
    yield ok(f"answers: {folder.place}: {_counted(len(files) - len(left_out))}")
    yield from left_out


def check_repository(settings: Settings) -> Iterator[Finding]:
    """Whether the folder of articles in a repository can be read. Asks GitHub."""
    where = settings.answers
    if not where["repository"]:
        return
    folder = RepositoryFolder(
        settings.github_auth, settings.github_api_url, where["repository"], where["path"]
    )
    try:
        count = folder.count()
    except IdentityBotError as error:
        yield problem(f"answers: {error}")
        return
    if count > MOST_FILES:
        yield warning(
            f"answers: {folder.place}: {_counted(count)}, of which the first {MOST_FILES:,} are read"
        )
    else:
        yield ok(f"answers: {folder.place}: {_counted(count)}")


def _counted(number: int) -> str:
    return f"{number:,} article{'s' * (number != 1)}"
