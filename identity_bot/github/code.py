"""Pull requests and files in GitHub as plugins read them while somebody waits: soon, or not at all."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import count
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from identity_bot.errors import IdentityBotError
from identity_bot.github.connection import Connection
from identity_bot.plugins.code import Code, CodeUnreadable, PullRequest
from identity_bot.settings import GitHubApp

Value = TypeVar("Value")

PATIENCE = 2.5
"""Seconds that a plugin waits for all that it asks for. The requests go on, so asking again finds the answers."""
TIMEOUT = 3
"""Seconds for one request."""
LONGEST = 10.0
"""Seconds after which a question is given up, as others wait behind it."""
KEPT, KEPT_FAILURE = 300.0, 30.0
"""Seconds that an answer is kept, and a failure."""
MOST_KEPT = 200
MOST_WAITING = 10
"""Questions that wait for GitHub; any more are not asked."""
MOST_FILES = 3_000
"""GitHub lists no more files of a pull request (rest/pulls)."""
PAGE = 100
LARGEST = 1_000_000
"""The most bytes of a file: GitHub gives no more with the file's contents (rest/repos/contents)."""
_REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]{1,100}"
_PULL_REQUEST = re.compile(
    rf"https://(?P<host>[^/\s]+)/(?P<repository>{_REPOSITORY})/pull/(?P<number>[0-9]{{1,9}})"
)
_PATH = re.compile(r"(?!\.{1,2}(?:/|\Z))[^/\0]+(?:/(?!\.{1,2}(?:/|\Z))[^/\0]+)*")


class GitHubCode:
    """Reads code with one connection in one thread of its own, begun when it is first asked. Safe from any thread."""

    def __init__(
        self, auth: str | GitHubApp, api_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._auth, self._api_url = auth, api_url
        self._host = web_host(api_url)
        self.clock = clock
        self._lock = Lock()
        self._asked: dict[Hashable, tuple[float, Future[Any]]] = {}
        """By question, when it was asked and what came of it; the oldest first."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="identity-bot-code")
        self._connection: Connection | None = None
        self._is_closed = False

    def soon(self, patience: float = PATIENCE) -> Code:
        """Code for somebody who waits, and not longer than this from now, in seconds."""
        return _Soon(self, self.clock() + patience)

    def close(self) -> None:
        """Ask nothing anymore."""
        self._is_closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def pull_request(self, link: str) -> Future[PullRequest]:
        """The pull request at a link, asked for once while the answer is kept."""
        found = _PULL_REQUEST.fullmatch(link)
        if not found or found["host"].lower() != self._host:
            raise CodeUnreadable(f"no pull request at {self._host}")
        repository, number = found["repository"], int(found["number"])
        return self._ask((repository.lower(), number), lambda: self._pull_request(repository, number))

    def read_file(self, repository: str, path: str, branch: str) -> Future[str | None]:
        """A text file, asked for once while the answer is kept."""
        if not (re.fullmatch(_REPOSITORY, repository) and _PATH.fullmatch(path)):
            raise CodeUnreadable("no file of a repository")
        return self._ask((repository.lower(), path, branch), lambda: self._file(repository, path, branch))

    def _ask(self, question: Hashable, ask: Callable[[], Value]) -> Future[Value]:
        with self._lock:
            now = self.clock()
            asked, answer = self._asked.get(question, (0.0, None))
            if answer is not None and now - asked <= _kept(answer):
                return answer
            if sum(not one.done() for _, one in self._asked.values()) >= MOST_WAITING:
                raise CodeUnreadable("GitHub is being asked too much at once")
            self._asked.pop(question, None)
            try:
                answer = self._thread.submit(ask)
            except RuntimeError:
                raise CodeUnreadable("the bot is stopping") from None
            self._asked[question] = now, answer
            for oldest in list(self._asked)[:-MOST_KEPT]:
                del self._asked[oldest]
            return answer

    @property
    def _github(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(self._auth, self._api_url, timeout=TIMEOUT)
        return self._connection

    def _get(self, path: str, begun: float) -> Any:
        """GET a path for a question that was begun then, unless that has taken too long."""
        if self._is_closed or self.clock() - begun > LONGEST:
            raise CodeUnreadable("GitHub takes too long")
        return self._github.request("GET", path).content

    def _pull_request(self, repository: str, number: int) -> PullRequest:
        begun = self.clock()
        with self._github.translating_errors(f"{repository}#{number}", is_repeatable=True):
            path = f"/repos/{repository}/pulls/{number}"
            pull = self._get(path, begun)
            base, total = pull["base"], pull["changed_files"]
            if total > MOST_FILES:
                raise CodeUnreadable(f"{repository}#{number} changes {total:,} files")
            files: dict[str, None] = {}
            listed = 0
            for page in count(1):
                found = self._get(f"{path}/files?per_page={PAGE}&page={page}", begun)
                listed += len(found)
                for one in found:
                    files[one["filename"]] = None
                    if one.get("previous_filename"):
                        files[one["previous_filename"]] = None
                if len(found) < PAGE or listed >= MOST_FILES:
                    break
            if listed != total:
                raise CodeUnreadable(f"{repository}#{number} changes while it is read")
            return PullRequest(
                repository=base["repo"]["full_name"],
                base=base["ref"],
                files=tuple(files),
                is_private=bool(base["repo"]["private"]),
            )

    def _file(self, repository: str, path: str, branch: str) -> str | None:
        with self._github.translating_errors(f"{path} of {repository}", is_repeatable=True):
            address = f"/repos/{repository}/contents/{quote(path)}"
            if branch:
                address += f"?ref={quote(branch, safe='')}"
            response = self._github.request("GET", address, allowed=(404,))
            if response.status == 404:
                # Nothing there, or nothing that the token may see: only the former says that the file is missing.
                self._github.request("GET", f"/repos/{repository}")
                return None
            found = response.content
            if not isinstance(found, dict) or found["type"] != "file" or found["encoding"] != "base64":
                raise CodeUnreadable(f"{path} of {repository} is no text file that GitHub shows")
            return base64.b64decode(found["content"]).decode("utf-8", "replace")


class _Soon:
    """Code, until a moment of its clock."""

    def __init__(self, code: GitHubCode, until: float) -> None:
        self._code, self._until = code, until

    def pull_request(self, link: str) -> PullRequest:
        return self._wait(self._code.pull_request(link))

    def read_file(self, repository: str, path: str, branch: str = "") -> str | None:
        return self._wait(self._code.read_file(repository, path, branch))

    def _wait(self, answer: Future[Value]) -> Value:
        try:
            return answer.result(timeout=max(0.0, self._until - self._code.clock()))
        except (TimeoutError, CancelledError):
            raise CodeUnreadable("GitHub did not answer in time") from None
        except CodeUnreadable:
            raise
        except IdentityBotError as error:
            raise CodeUnreadable(str(error)) from error


def web_host(api_url: str) -> str:
    """The host of GitHub's pages, from the address of its API: GitHub Enterprise Server has both on one."""
    parts = urlsplit(api_url)
    host = (parts.hostname or "").lower()
    if parts.path.rstrip("/") == "/api/v3":
        return host
    return (
        host.removeprefix("api.") if host.startswith("api.") and host.endswith(".ghe.com") else "github.com"
    )


def _kept(answer: Future[Any]) -> float:
    """How long an answer is kept, in seconds; one that is under way is waited for."""
    if not answer.done():
        return float("inf")
    return KEPT_FAILURE if answer.cancelled() or answer.exception() else KEPT
