"""The team's articles: read in the background, kept while their place cannot be read, searched meanwhile."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from identity_bot.articles.library import Library
from identity_bot.articles.source import File, Folder
from identity_bot.errors import IdentityBotError, Rejected, Retryable
from tests.support import eventually

USERS = File(
    path="users.md",
    data=b"# No users\nPull the mock data.",
    address="https://github.com/o/r/blob/main/users.md",
)
SETUP = File(path="local/setup.md", data=b"# Setup\nInstall Ruby.")


class Shelf:
    """A source that answers as it is told: files, None for nothing new, or an error."""

    def __init__(self, *answers: tuple[File, ...] | Exception | None, place: str = "shelf") -> None:
        self.answers = list(answers)
        self.place = place
        self.reads = 0

    def read(self) -> tuple[File, ...] | None:
        self.reads += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def names(library: Library, text: str) -> list[str]:
    return [answer.name for answer in library.search(text)]


def test_before_anything_is_read_nothing_is_found() -> None:
    assert Library().search("users") == []
    assert Library([Shelf((USERS,))]).search("users") == []


def test_articles_of_all_sources_are_found_with_their_addresses() -> None:
    library = Library([Shelf((USERS,)), Shelf((SETUP,), place="other")])

    assert library.refresh()

    assert library.search("users")[0].url == USERS.address
    assert names(library, "ruby") == ["local/setup"]


def test_what_has_changed_is_found_without_a_restart() -> None:
    library = Library([Shelf((USERS,), None, (SETUP,))])

    found = []
    for _ in range(3):
        library.refresh()
        found.append((names(library, "users"), names(library, "ruby")))

    assert found == [(["users"], []), (["users"], []), ([], ["local/setup"])]


def test_the_last_articles_stay_while_their_place_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    gone = Rejected("shelf: cannot be read")
    library = Library([Shelf((USERS,), gone, gone, gone, (SETUP,))])

    with caplog.at_level(logging.INFO):
        results = [library.refresh() for _ in range(4)]
        kept = names(library, "users")
        results.append(library.refresh())

    assert kept == ["users"]
    assert results == [True, False, False, False, True]
    assert [record.message for record in caplog.records] == [
        "articles: 1 can be searched",
        "articles: shelf: cannot be read; keeping the 1 that were read before",
        "articles: shelf can be read again",
        "articles: 1 can be searched",
    ]


def test_a_wrong_file_is_left_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    empty, huge = File(path="empty.md"), File(path="huge.md", problem="is larger than 100,000 bytes")
    library = Library([Shelf((USERS, empty, huge), (USERS, empty, huge), (USERS, empty))])

    for _ in range(3):
        library.refresh()

    assert names(library, "users") == ["users"]
    assert [record.message for record in caplog.records] == [
        "articles: shelf: empty.md is left out: it has no text",
        "articles: shelf: huge.md is left out: it is larger than 100,000 bytes",
    ]


def test_a_source_that_asks_to_wait_is_left_alone_until_then() -> None:
    shelf, now = Shelf(Retryable("GitHub: 429", 300.0), (USERS,)), [0.0]
    library = Library([shelf], clock=lambda: now[0])

    results = []
    for moment in (0.0, 299.0, 300.0):
        now[0] = moment
        results.append(library.refresh())

    assert results == [False, False, True]
    assert shelf.reads == 2


def test_the_thread_reads_again_until_it_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "users.md").write_bytes(USERS.data)
    library = Library([Folder(str(tmp_path))], refresh_seconds=0.02)

    library.start()
    library.start()
    eventually(lambda: names(library, "users") == ["users"])
    (tmp_path / "setup.md").write_bytes(SETUP.data)
    eventually(lambda: names(library, "ruby") == ["setup"])
    library.stop()
    library.stop()

    assert not running("identity-bot-library")
    assert names(library, "users") == ["users"]


def test_without_refreshes_the_sources_are_read_once() -> None:
    shelf = Shelf((USERS,))
    library = Library([shelf], refresh_seconds=0)

    library.start()
    eventually(lambda: not running("identity-bot-library"))

    assert shelf.reads == 1
    assert names(library, "users") == ["users"]


def test_without_sources_there_is_no_thread() -> None:
    library = Library()

    library.start()
    library.stop()

    assert not running("identity-bot-library")


@pytest.mark.parametrize("error", [RuntimeError("a bug"), IdentityBotError("broken")])
def test_no_error_ends_the_thread(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    library = Library([Shelf(error, (USERS,))], refresh_seconds=0.01)

    library.start()
    eventually(lambda: names(library, "users") == ["users"])
    library.stop()

    assert len(caplog.records) == 1


def test_a_search_does_not_wait_for_a_source() -> None:
    hold, waiting = threading.Event(), threading.Event()

    class Slow(Shelf):
        def read(self) -> tuple[File, ...] | None:
            if self.reads:
                waiting.set()
                hold.wait(5)
            return super().read()

    library = Library([Slow((USERS,))])
    library.refresh()
    thread = threading.Thread(target=library.refresh)
    thread.start()
    assert waiting.wait(5)

    found = names(library, "users")

    assert found == ["users"]
    hold.set()
    thread.join(5)


def running(name: str) -> bool:
    return any(thread.name == name for thread in threading.enumerate())
