"""Files in GitHub's repositories: a folder of Markdown as a source of articles."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from identity_bot.articles.article import LARGEST, is_article
from identity_bot.articles.source import NO_FILES, File
from identity_bot.errors import Rejected
from identity_bot.github.connection import Connection, Response
from identity_bot.settings import GitHubApp

log = logging.getLogger(__name__)

MOST_FILES = 1_000
"""The most Markdown files of a repository that are read: each takes one of the 5,000 requests an hour, once."""
_DIRECTORY, _FILES = "dir", ("100644", "100755")


class RepositoryFolder:
    """The Markdown files in a folder of a repository's default branch. Use it from one thread at a time.

    While the folder stays as it is, reading it takes one conditional request. After a change, it takes one for each
    folder at its top and one for each file that is new or different.
    """

    def __init__(
        self,
        auth: str | GitHubApp,
        api_url: str,
        repository: str,
        path: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._github = Connection(auth, api_url, clock)
        self._repository = repository
        self._path = path.strip("/")
        self._etag = ""
        self._known: tuple[tuple[str, str], ...] = ()
        self._blobs: dict[str, bytes] = {}
        """The files that were read, by what Git calls them."""

    @property
    def place(self) -> str:
        """What to call it in a log."""
        return f"repository {self._repository}{f', folder {self._path}' if self._path else ''}"

    def read(self) -> tuple[File, ...] | None:
        """All Markdown files by path; None if nothing has changed. Raises an IdentityBotError if it cannot be read."""
        with self._github.translating_errors(self.place, is_repeatable=True):
            response = self._listed()
            if response.status == 304:
                return None
            known = tuple((one["path"], one["sha"]) for one in response.content)
            # A private repository's listing holds tokens that differ each time, so it is never a 304.
            files = None if known == self._known else self._files(response.content)
            self._known, self._etag = known, response.headers.get("etag", "")
        return files

    def count(self) -> int:
        """How many Markdown files there are, without reading them. Raises an IdentityBotError if there are none."""
        with self._github.translating_errors(self.place, is_repeatable=True):
            return len(self._entries(self._listed().content))

    def _files(self, listed: Sequence[Mapping[str, Any]]) -> tuple[File, ...]:
        entries = self._entries(listed)
        if len(entries) > MOST_FILES:
            log.warning(
                "articles: %s: only the first %s files of %s are read", self.place, MOST_FILES, len(entries)
            )
        files = tuple(map(self._file, entries[:MOST_FILES]))
        read = {entry["sha"] for entry in entries}
        self._blobs = {sha: data for sha, data in self._blobs.items() if sha in read}
        return files

    def _listed(self) -> Response:
        """What the folder holds, or that this has not changed (304)."""
        path = f"/repos/{self._repository}/contents/{quote(self._path)}"
        headers = {"If-None-Match": self._etag} if self._etag else {}
        response = self._github.request("GET", path, headers=headers, allowed=(304,))
        if response.status != 304 and not isinstance(response.content, list):
            raise Rejected(f"{self.place}: is a file; expected a folder")
        return response

    def _entries(self, listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        entries = sorted(self._below(listed), key=lambda entry: str(entry["path"]))
        if not entries:
            raise Rejected(f"{self.place}: {NO_FILES}")
        return entries

    def _below(self, listed: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Path, sha, size and address of each Markdown file, with those in folders below.

        Symbolic links and submodules are left out: the former lead elsewhere, the latter are other repositories.
        """
        for one in listed:
            if one["type"] == _DIRECTORY and not one["name"].startswith("."):
                page = one["html_url"].replace("/tree/", "/blob/", 1)
                url = f"/repos/{self._repository}/git/trees/{one['sha']}?recursive=1"
                tree = self._github.request("GET", url).content
                if tree.get("truncated"):
                    log.warning("articles: %s: GitHub lists only a part of %s", self.place, one["path"])
                for node in tree["tree"]:
                    if node["type"] == "blob" and node["mode"] in _FILES and is_article(node["path"]):
                        yield {
                            "path": f"{one['path']}/{node['path']}",
                            "sha": node["sha"],
                            "size": node["size"],
                            "address": f"{page}/{quote(node['path'])}",
                        }
            elif one["type"] == "file" and is_article(one["name"]) and not one.get("submodule_git_url"):
                yield {
                    "path": one["path"],
                    "sha": one["sha"],
                    "size": one["size"],
                    "address": one["html_url"],
                }

    def _file(self, entry: Mapping[str, Any]) -> File:
        path, sha = entry["path"], entry["sha"]
        if entry["size"] > LARGEST:
            return File(path=path, problem=f"is larger than {LARGEST:,} bytes")
        if sha not in self._blobs:
            found = self._github.request("GET", f"/repos/{self._repository}/git/blobs/{sha}").content
            self._blobs[sha] = base64.b64decode(found["content"])
        return File(path=path, data=self._blobs[sha], address=entry["address"])
