"""GitHub as the desk sees it: issues, comments and people over PyGithub."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from github import GithubException, RateLimitExceededException
from github.Repository import Repository

from identity_bot.desk.ports import CreatedIssue, PollResult
from identity_bot.errors import Rejected
from identity_bot.github import issue_body as issue_text
from identity_bot.github.connection import Answer, Connection, blamed
from identity_bot.github.patch import fields_of, left_out, not_taken
from identity_bot.github.snapshot import comment_of, is_pull, is_same, iso, moment, repository_in, snapshot_of
from identity_bot.settings import GitHubApp
from identity_bot.tickets.model import IssueComment, IssueDraft, IssuePatch, IssueSnapshot, Ticket

__all__ = ["Answer", "GitHubTracker"]

log = logging.getLogger(__name__)
Read = TypeVar("Read")

CLOCK_SKEW = 120.0
"""Seconds that GitHub's clock and ours may differ by."""
OVERLAP = 10
"""Seconds that polls overlap by, for what is listed late or changes twice in a second.

GitHub's page has said of `since` both "at or after" and "after" (rest/issues).
"""
PAGE = 100
"""GitHub's most per page."""
LABEL_COLOUR = "0e8a16"
WRITING = {"admin", "maintain", "write"}
"""The roles with write access; a role of the organization's own shows as one of them in `permission`."""


class GitHubTracker:
    """Issues in GitHub, by the names of the repositories that are asked for; renamed ones are followed.

    Snapshots carry the name that was asked for. For one thread at a time.
    """

    def __init__(self, auth: str | GitHubApp, api_url: str, clock: Callable[[], float] = time.time) -> None:
        self._github = Connection(auth, api_url, clock)
        self._clock = clock
        self._labels: set[tuple[str, str]] = set()

    @property
    def last_contact(self) -> float | None:
        """When GitHub last answered, in seconds since the epoch."""
        return self._github.last_contact

    def ask(self, path: str) -> Answer:
        """What GitHub answers to a GET of `path`, whatever its status; raises Retryable where there is no answer."""
        return self._github.ask(path)

    def open_issue(self, repository: str, ticket: Ticket, draft: IssueDraft) -> CreatedIssue:
        """Create the issue with one POST. If GitHub rejects the assignees, leave out those it doesn't know."""
        wanted: dict[str, Any] = {
            "title": draft.title,
            "body": issue_text.body(ticket, draft.body),
            "labels": list(draft.labels),
            "assignees": list(draft.assignees),
        }
        repo = self._repository(repository)
        with self._github.speaking(repository, may_be_done=False):
            self._ensure_labels(repo, draft.labels)
        with self._github.speaking(repository):
            path = f"/repos/{repository}/issues"
            try:
                made = self._github.call("POST", path, wanted).content
            except GithubException as error:
                if not (draft.assignees and "assignees" in blamed(error)):
                    raise
                able = [login for login in draft.assignees if repo.has_in_assignees(login)]
                made = self._github.call("POST", path, wanted | {"assignees": able}).content
            return CreatedIssue(snapshot=snapshot_of(repository, made), left_out=left_out(wanted, made))

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue that carries the ticket's marker. The list is asked, not the search, which lags behind."""
        with self._github.speaking(repository):
            earliest = datetime.fromtimestamp(since - CLOCK_SKEW, UTC)
            listed = self._repository(repository).get_issues(
                state="all", sort="created", direction="desc", since=earliest
            )
            for found in listed:
                if found.created_at < earliest:
                    break
                if issue_text.ticket_id_in(found.body) == ticket_id:
                    return snapshot_of(repository, found.raw_data)
        return None

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """An issue as it is now; one that is deleted or elsewhere is_gone.

        Raises Rejected where the repository does not answer either: then nothing is known of its issues.
        """
        with self._github.speaking(repository, may_be_done=False):
            answer = self._github.call("GET", f"/repos/{repository}/issues/{number}", taking=(404, 410))
            if answer.status == 200:
                return self._where_it_is(repository, number, answer.content)
            there = self._about(repository)
            if not there["has_issues"]:
                raise Rejected(f"GitHub: {answer.status} issues are switched off ({repository})")
            return IssueSnapshot(
                repository=repository,
                number=number,
                url=f"{there['html_url']}/issues/{number}",
                ticket_id=None,
                updated_at=float(int(self._clock())),
                is_gone=True,
            )

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        """Changes the ticket's issue with one PATCH of what differs, if anything does; the issue as it then is.

        `spoc_name` is what a SPOC is called whose GitHub login is not known. Raises Rejected where GitHub leaves
        something out; what it took is done all the same.
        """
        name = f"{ticket.repository}#{ticket.number}"
        with self._github.speaking(name, may_be_done=False):
            found = self._github.call("GET", f"/repos/{ticket.repository}/issues/{ticket.number}").content
            snapshot = self._where_it_is(ticket.repository, ticket.number or 0, found)
            if snapshot.moved_to:
                raise Rejected(
                    f"{name} is now {snapshot.moved_to[0]}#{snapshot.moved_to[1]}, which is not ours"
                )
            fields = fields_of(found, ticket, patch, spoc_name=spoc_name)
            if not fields:
                return snapshot
            self._ensure_labels(
                self._repository(ticket.repository), set(fields.get("labels", ())) - snapshot.labels
            )
        with self._github.speaking(name):
            try:
                answer = self._github.call("PATCH", found["url"], fields).content
            except GithubException as error:
                if "assignees" not in blamed(error):
                    raise
                raise Rejected(
                    f"GitHub does not let {name} be assigned to {' and '.join(fields.get('assignees', ()))}: "
                    "whoever is assigned must be a member of the repository"
                ) from error
            if missing := not_taken(fields, answer):
                raise Rejected(
                    f"GitHub did not take {', '.join(missing)} for {name}; expected a token with write access"
                )
            return snapshot_of(ticket.repository, answer)

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> None:
        """Post a comment whose last line hides the key."""
        text = issue_text.with_idempotency_key(body, idempotency_key)
        with self._github.speaking(repository):
            self._github.call("POST", f"/repos/{repository}/issues/{number}/comments", {"body": text})

    def has_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> bool:
        """Whether a comment with this key was posted since then (seconds since the epoch)."""
        with self._github.speaking(repository):
            earliest = datetime.fromtimestamp(since - CLOCK_SKEW, UTC)
            listed = self._repository(repository).get_issue(number).get_comments(since=earliest)
            return any(issue_text.idempotency_key_in(found.body) == idempotency_key for found in listed)

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Puts a reaction on a comment, once; one that is gone needs none."""
        with self._github.speaking(repository):
            path = f"/repos/{repository}/issues/comments/{comment_id}/reactions"
            self._github.call("POST", path, {"content": content}, taking=(404,))

    def may_write(self, repository: str, login: str) -> bool:
        """Whether somebody has write access; nobody has whom GitHub does not know there."""
        if not login:
            return False
        with self._github.speaking(repository, may_be_done=False):
            path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
            answer = self._github.call("GET", path, taking=(404,))
            return bool({answer.content.get("role_name"), answer.content.get("permission")} & WRITING)

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        """What has changed since then (seconds since the epoch); None, by one conditional request, for nothing.

        Some of what was polled before is among it again. Comments are those written since then.
        """
        with self._github.speaking(repository, may_be_done=False):
            first = self._newest(repository, since, etag)
            if first.status == 304:
                return None
            name = self._name_now(repository, first.content)
            if not is_same(name, repository):
                # PyGithub follows a 301 without the query, so that was another list.
                first = self._newest(name, since, etag)
                if first.status == 304:
                    return None
            listed: list[dict[str, Any]] = first.content
            if len(listed) == PAGE:
                listed = self._all_since(f"/repos/{name}/issues", since - OVERLAP, {"state": "all"})
            read = partial(snapshot_of, repository)
            issues = [seen for data in listed if not is_pull(data) and (seen := _readable(read, data))]
            return PollResult(
                issues=tuple(sorted(issues, key=lambda one: (one.updated_at, one.number))),
                comments=tuple(self._comments(repository, name, comments_since)) if issues else (),
                since=max([since, *(moment(data["updated_at"]) for data in listed)]),
                etag=first.headers.get("etag", ""),
                renamed_to=None if is_same(name, repository) else name,
            )

    def _newest(self, name: str, since: float, etag: str) -> Answer:
        """The issues that changed last: any change whatever changes this page, and with it its ETag."""
        query = urlencode({"state": "all", **_changed(since - OVERLAP, "desc")})
        headers = {"If-None-Match": etag} if etag else {}
        return self._github.call("GET", f"/repos/{name}/issues?{query}", headers=headers, taking=(304,))

    def _all_since(
        self, path: str, since: float, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """All of a list that changed since then, each as it was listed last.

        What changes while we read goes to the end of the list and moves others over the edges of numbered pages,
        unseen. So a page begins a second before the last change of the one before, and has a number only within that.
        """
        found: dict[int, dict[str, Any]] = {}
        page = 1
        while True:
            asked = urlencode({**(query or {}), **_changed(since, "asc"), "page": page})
            items = self._github.call("GET", f"{path}?{asked}").content
            found |= {item["id"]: item for item in items}
            if len(items) < PAGE:
                return list(found.values())
            last = moment(items[-1]["updated_at"]) - 1
            page, since = (1, last) if last > since else (page + 1, since)

    def _comments(self, repository: str, name: str, since: float) -> Iterable[IssueComment]:
        listed = self._all_since(f"/repos/{name}/issues/comments", since - OVERLAP)
        for data in sorted(listed, key=lambda one: (moment(one["created_at"]), one["id"])):
            *_, kind, number = data["html_url"].partition("#")[0].split("/")
            read = partial(comment_of, repository, int(number))
            comment = _readable(read, data) if kind == "issues" else None
            # An old one that was edited is listed too, and would be obeyed twice.
            if comment and comment.created_at >= int(since) - OVERLAP:
                yield comment

    def _where_it_is(self, repository: str, number: int, data: Mapping[str, Any]) -> IssueSnapshot:
        """The snapshot of an issue that GitHub answered with, perhaps from another repository."""
        snapshot, there = snapshot_of(repository, data), repository_in(data)
        if is_same(there, repository) or is_same(there, self._about(repository)["full_name"]):
            return snapshot
        return replace(snapshot, number=number, is_gone=True, moved_to=(there, snapshot.number))

    def _name_now(self, repository: str, listed: list[Mapping[str, Any]]) -> str:
        return repository_in(listed[0]) if listed else str(self._about(repository)["full_name"])

    def _about(self, repository: str) -> Mapping[str, Any]:
        about: Mapping[str, Any] = self._github.call("GET", f"/repos/{repository}").content
        return about

    def _repository(self, name: str) -> Repository:
        return self._github.client.get_repo(name)

    def _ensure_labels(self, repo: Repository, names: Iterable[str]) -> None:
        for name in names:
            self._ensure_label(repo, name)

    def _ensure_label(self, repo: Repository, name: str) -> None:
        """Makes a label that is missing; one that may not be made is missed in the issue that comes back."""
        key = (repo.full_name, name.casefold())
        if key in self._labels:
            return
        try:
            try:
                if "name" not in repo.get_label(name).raw_data:
                    raise ValueError("no label")
            except GithubException as error:
                if error.status != 404:
                    raise
                repo.create_label(name, LABEL_COLOUR, "Kept by identity_bot")
        except GithubException as error:
            if isinstance(error, RateLimitExceededException) or error.status not in (403, 404, 422):
                raise
            log.warning("label %r in %s: GitHub answered %s", name, repo.full_name, error.status)
            return
        self._labels.add(key)


def _readable(read: Callable[[Mapping[str, Any]], Read], data: Mapping[str, Any]) -> Read | None:
    """What of a list can be read: one thing that cannot, whoever wrote it, must not keep all others from us."""
    try:
        return read(data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        log.warning(
            "left out of a poll, as it cannot be read (%s): %s", type(error).__name__, data.get("url")
        )
        return None


def _changed(since: float, direction: str) -> dict[str, str | int]:
    query: dict[str, str | int] = {"sort": "updated", "direction": direction, "per_page": PAGE}
    return query | ({"since": iso(since)} if since > 0 else {})
