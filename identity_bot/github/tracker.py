"""GitHub as the desk's tracker: issues, comments, permissions and polling."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count, filterfalse
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from github import GithubException
from github.Repository import Repository

from identity_bot.errors import Rejected
from identity_bot.github import issue_body
from identity_bot.github.connection import Connection, Response, invalid_fields, is_rate_limit
from identity_bot.github.patch import (
    STATE_REASONS,
    fields_of,
    left_out,
    not_applied,
    redacted_comment,
    redacted_fields,
)
from identity_bot.github.snapshot import (
    LARGEST_ID,
    UNREADABLE,
    comment_of,
    is_pull_request,
    iso,
    login_of,
    number_of,
    repository_in,
    snapshot_of,
    text_of,
    timestamp,
)
from identity_bot.outbox.ports import CreatedIssue, IssuePage, PollResult, RedactedIssue
from identity_bot.settings import GitHubApp
from identity_bot.text.names import fold, is_same
from identity_bot.text.redaction import REDACTED, Redact
from identity_bot.tickets.calendar import CLOCK_SKEW
from identity_bot.tickets.model import (
    CloseReason,
    IssueComment,
    IssueDraft,
    IssuePatch,
    IssueSnapshot,
    Ticket,
)

log = logging.getLogger(__name__)
Value = TypeVar("Value")

OVERLAP = 10
"""Seconds by which polls overlap: GitHub may list a change late, or an issue may change twice within a second.

GitHub's page has said of `since` both "at or after" and "after" (rest/issues).
"""
PAGE = 100
"""GitHub's largest page."""
LABEL = {"color": "0e8a16", "description": "Kept by identity_bot"}
WRITE_ROLES = {"admin", "maintain", "write"}
"""The roles with write access. For an organization's custom role, `permission` names the one it is based on."""


class GitHubTracker:
    """Issues in GitHub. Use it from one thread at a time.

    Follows renamed repositories; snapshots carry the name that the caller used.
    """

    def __init__(self, auth: str | GitHubApp, api_url: str, clock: Callable[[], float] = time.time) -> None:
        self._github = Connection(auth, api_url, clock)
        self._clock = clock
        self._known_labels: set[tuple[str, str]] = set()
        self.account = ""
        """The login that GitHub names as the author of what we write; empty until GitHub has told it."""

    @property
    def last_contact(self) -> float | None:
        """When GitHub last answered, in seconds since the epoch."""
        return self._github.last_contact

    @property
    def is_refused(self) -> bool:
        """Whether GitHub's last answer was that it does not accept the token or the key."""
        return self._github.is_refused

    def identify(self) -> str:
        """The login that GitHub names as the author of what we write. Asks GitHub once."""
        if not self.account:
            with self._github.translating_errors("the bot's own account", is_repeatable=True):
                self.account = self._github.login()
        return self.account

    def open_issue(
        self, repository: str, ticket: Ticket, draft: IssueDraft, *, spoc: str = "", spoc_name: str = ""
    ) -> CreatedIssue:
        """Create the issue with one POST. If GitHub rejects the assignees, leave out those it can't assign."""
        fields: dict[str, Any] = {
            "title": draft.title,
            "body": issue_body.body(ticket, draft.body, issue_body.Status(spoc=spoc, spoc_name=spoc_name)),
            "labels": list(draft.labels),
            "assignees": list(draft.assignees),
        }
        with self._github.translating_errors(repository, is_repeatable=True):
            self._ensure_labels(repository, draft.labels)
        with self._github.translating_errors(repository):
            path = f"/repos/{repository}/issues"
            try:
                issue = self._github.request("POST", path, fields).content
            except GithubException as error:
                if not (draft.assignees and "assignees" in invalid_fields(error)):
                    raise
                can_be_assigned = self._repository(repository).has_in_assignees
                assignees = [login for login in draft.assignees if can_be_assigned(login)]
                issue = self._github.request("POST", path, fields | {"assignees": assignees}).content
            snapshot = snapshot_of(repository, issue)
            self.account = snapshot.author
            return CreatedIssue(snapshot=snapshot, left_out=left_out(fields, issue))

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue with the ticket's marker that our account wrote, as anybody can write a marker.

        Reads the list of issues, because GitHub's search lags behind.
        """
        account = self.identify()
        with self._github.translating_errors(repository):
            earliest = datetime.fromtimestamp(since - CLOCK_SKEW, UTC)
            # PyGithub follows a 301 without the query, so it would list the open issues only.
            issues = self._repository(self._about(repository)["full_name"]).get_issues(
                state="all", sort="created", direction="desc", since=earliest
            )
            for issue in issues:
                if issue.created_at < earliest:
                    break
                is_ours = is_same(login_of(issue.raw_data.get("user")), account)
                if is_ours and issue_body.ticket_id_in(issue.body) == ticket_id:
                    return snapshot_of(repository, issue.raw_data)
        return None

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        """The issue as it is now, with `is_gone` if it was deleted or transferred.

        Raises Rejected if the repository cannot be read either, which says nothing about its issues.
        """
        with self._github.translating_errors(repository, is_repeatable=True):
            path = f"/repos/{repository}/issues/{number}"
            response = self._github.request("GET", path, allowed=(404, 410))
            if response.status == 200:
                return self._snapshot(repository, number, response.content)
            about = self._about(repository)
            if not about["has_issues"]:
                raise Rejected(f"GitHub: {response.status} issues are turned off ({repository})")
            return IssueSnapshot(
                repository=repository,
                number=number,
                url=f"{about['html_url']}/issues/{number}",
                ticket_id=None,
                updated_at=float(int(self._clock())),
                is_gone=True,
            )

    def update_issue(self, ticket: Ticket, patch: IssuePatch, *, spoc_name: str = "") -> IssueSnapshot:
        """PATCH what differs from the patch, and the status block; the issue as it then is.

        `spoc_name` is the name of a SPOC whose GitHub login is not known. Raises Rejected if GitHub applied only a
        part; that part stays.
        """
        name = f"{ticket.repository}#{ticket.number}"
        with self._github.translating_errors(name, is_repeatable=True):
            path = f"/repos/{ticket.repository}/issues/{ticket.number}"
            issue = self._github.request("GET", path).content
            before = self._snapshot(ticket.repository, ticket.number or 0, issue)
            if before.moved_to:
                raise Rejected(f"GitHub: {name} is now {before.moved_to[0]}#{before.moved_to[1]}")
            fields = fields_of(issue, ticket, patch, spoc_name=spoc_name)
            if not fields:
                return before
            self._ensure_labels(ticket.repository, set(fields.get("labels", ())) - before.labels)
        with self._github.translating_errors(name):
            try:
                issue = self._patch(issue["url"], fields)
            except GithubException as error:
                if "assignees" not in invalid_fields(error):
                    raise
                logins = " and ".join(fields.get("assignees", ()))
                raise Rejected(
                    f"GitHub can't assign {name} to {logins}; an assignee must be a member of the repository"
                ) from error
            if missing := not_applied(fields, issue):
                raise Rejected(
                    f"GitHub did not apply {', '.join(missing)} to {name}; the token needs write access"
                )
            return snapshot_of(ticket.repository, issue)

    def _patch(self, url: str, fields: Mapping[str, Any]) -> Any:
        """PATCH an issue; one that is a duplicate is closed as not planned where GitHub knows no duplicates.

        That value of `state_reason` is newer than the others (rest/issues), and an Enterprise Server may be older.
        """
        try:
            return self._github.request("PATCH", url, fields).content
        except GithubException as error:
            is_assignee = "assignees" in invalid_fields(error)
            is_duplicate = fields.get("state_reason") == STATE_REASONS[CloseReason.DUPLICATE]
            if error.status != 422 or is_assignee or not is_duplicate:
                raise
            instead = {**fields, "state_reason": STATE_REASONS[CloseReason.NOT_PLANNED]}
            return self._github.request("PATCH", url, instead).content

    def read_text(self, repository: str, number: int) -> tuple[str, ...]:
        """What people wrote in the title and the description."""
        with self._github.translating_errors(f"{repository}#{number}", is_repeatable=True):
            issue = self._github.request("GET", f"/repos/{repository}/issues/{number}").content
            return text_of(issue, "title"), issue_body.words_in(issue.get("body"))

    def redact(self, ticket: Ticket, redact: Redact) -> RedactedIssue:
        """Redact title, description and comments. All is read before anything is written.

        So if GitHub puts us off between two writes, what is left to do can still be seen the next time.
        """
        name = f"{ticket.repository}#{ticket.number}"
        path = f"/repos/{ticket.repository}/issues/{ticket.number}"
        with self._github.translating_errors(name, is_repeatable=True):
            issue = self._github.request("GET", path).content
            before = self._snapshot(ticket.repository, ticket.number or 0, issue)
            if before.moved_to:
                raise Rejected(f"GitHub: {name} is now {before.moved_to[0]}#{before.moved_to[1]}")
            comments = self._listed(f"{path}/comments")
            changes = [(issue, redacted_fields(issue, ticket, redact))]
            changes += [(comment, redacted_comment(comment, redact)) for comment in comments]
        with self._github.translating_errors(name):
            places = [(old, self._edit(old, new) if new else old) for old, new in changes]
            after = places[0][1] or issue
            return RedactedIssue(
                snapshot=snapshot_of(ticket.repository, after),
                is_changed=any(now not in (None, old) for old, now in places),
                edited=tuple(
                    now["html_url"]
                    for old, now in places
                    if now and (now is not old or REDACTED in (now["body"] or ""))
                ),
                refused=tuple(old["html_url"] for old, now in places if now is None),
                has_title=REDACTED in after["title"],
            )

    def comment(self, repository: str, number: int, body: str, *, idempotency_key: str) -> int:
        """Post a comment whose last line hides the key; its id."""
        text = issue_body.with_idempotency_key(body, idempotency_key)
        with self._github.translating_errors(f"{repository}#{number}"):
            path = f"/repos/{repository}/issues/{number}/comments"
            return number_of(self._github.request("POST", path, {"body": text}).content, "id", LARGEST_ID)

    def edit_comment(self, repository: str, comment_id: int, body: str, *, idempotency_key: str) -> bool:
        """Replace the text of a comment of ours; False if it is not there anymore."""
        text = issue_body.with_idempotency_key(body, idempotency_key)
        with self._github.translating_errors(repository, is_repeatable=True):
            path = f"/repos/{repository}/issues/comments/{comment_id}"
            return self._github.request("PATCH", path, {"body": text}, allowed=(404,)).status != 404

    def delete_comment(self, repository: str, comment_id: int) -> None:
        """Delete a comment of ours, once."""
        with self._github.translating_errors(repository, is_repeatable=True):
            path = f"/repos/{repository}/issues/comments/{comment_id}"
            self._github.request("DELETE", path, allowed=(404,))

    def find_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> int | None:
        """The id of our account's comment with this key, if posted since then (seconds since the epoch)."""
        account = self.identify()
        with self._github.translating_errors(f"{repository}#{number}"):
            earliest = datetime.fromtimestamp(since - CLOCK_SKEW, UTC)
            comments = self._repository(repository).get_issue(number).get_comments(since=earliest)
            found = (
                one.id
                for one in comments
                if issue_body.idempotency_key_in(one.body) == idempotency_key
                and is_same(login_of(one.raw_data.get("user")), account)
            )
            return next(found, None)

    def list_comments(self, repository: str, number: int) -> tuple[IssueComment, ...]:
        """What people have commented on an issue, without bots."""
        with self._github.translating_errors(f"{repository}#{number}", is_repeatable=True):
            listed = self._listed(f"/repos/{repository}/issues/{number}/comments")
            read = partial(comment_of, repository, number)
            return tuple(comment for comment in _readable(read, listed) if comment)

    def react(self, repository: str, comment_id: int, content: str) -> None:
        """Add a reaction to a comment, once, unless the comment was deleted."""
        with self._github.translating_errors(repository):
            path = f"/repos/{repository}/issues/comments/{comment_id}/reactions"
            self._github.request("POST", path, {"content": content}, allowed=(404,))

    def has_reacted(self, repository: str, comment_id: int) -> bool:
        """Whether our account has reacted to a comment; not to one that was deleted."""
        account = self.identify()
        with self._github.translating_errors(repository, is_repeatable=True):
            path = f"/repos/{repository}/issues/comments/{comment_id}/reactions?per_page={PAGE}"
            found = self._github.request("GET", path, allowed=(404,))
            return found.status == 200 and any(
                is_same(login_of(one["user"]), account) for one in found.content
            )

    def may_write(self, repository: str, login: str) -> bool:
        """Whether this person has write access. An unknown login has none."""
        if not login:
            return False
        with self._github.translating_errors(repository, is_repeatable=True):
            path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
            access = self._github.request("GET", path, allowed=(404,)).content
            return not WRITE_ROLES.isdisjoint((access.get("role_name"), access.get("permission")))

    def public_email(self, login: str) -> str:
        """The e-mail address on somebody's profile; empty if there is none, or it is not a person's.

        GitHub lets people show only an address of theirs that they have verified (docs.github.com/en/rest/users).
        """
        with self._github.translating_errors(login, is_repeatable=True):
            profile = self._github.request("GET", f"/users/{quote(login, safe='')}").content
            return str(profile.get("email") or "") if profile.get("type") == "User" else ""

    def poll(self, repository: str, *, since: float, etag: str, comments_since: float) -> PollResult | None:
        """What has changed since then (seconds since the epoch); None if nothing has, which costs one request.

        Polls overlap, so some results come twice. Comments that were posted earlier are edits.
        """
        with self._github.translating_errors(repository, is_repeatable=True):
            first = self._latest(repository, since, etag)
            if first.status == 304:
                return None
            name = repository_in(first.content[0]) if first.content else self._about(repository)["full_name"]
            if not is_same(name, repository):
                # PyGithub follows a 301 without the query, so the response was to another question.
                first = self._latest(name, since, etag)
                if first.status == 304:
                    return None
            listed: list[dict[str, Any]] = first.content
            if len(listed) == PAGE:
                listed = self._all_since(f"/repos/{name}/issues", since - OVERLAP, {"state": "all"})
            issues = sorted(
                _readable(partial(snapshot_of, repository), filterfalse(is_pull_request, listed)),
                key=lambda issue: (issue.updated_at, issue.number),
            )
            return PollResult(
                issues=tuple(issues),
                comments=tuple(self._comments(repository, name, comments_since)) if issues else (),
                since=max([since, *(timestamp(data["updated_at"]) for data in listed)]),
                etag=first.headers.get("etag", ""),
                renamed_to=None if is_same(name, repository) else name,
            )

    def list_issues(self, repository: str, page: int) -> IssuePage:
        """A page of a repository's issues in the order in which they were created, by one request."""
        with self._github.translating_errors(repository, is_repeatable=True):
            query = {"state": "all", "sort": "created", "direction": "asc", "per_page": PAGE, "page": page}
            found = self._github.request("GET", f"/repos/{repository}/issues?{urlencode(query)}")
            last = re.search(r"[?&]page=(\d+)[^>]*>; rel=\"last\"", found.headers.get("link", ""))
            issues = _readable(partial(snapshot_of, repository), filterfalse(is_pull_request, found.content))
            return IssuePage(issues=tuple(issues), pages=int(last[1]) if last else page)

    def _latest(self, name: str, since: float, etag: str) -> Response:
        """The issues that changed last. Any change to any issue changes this page, and so its ETag."""
        query = urlencode({"state": "all", **_changed(since - OVERLAP, "desc")})
        headers = {"If-None-Match": etag} if etag else {}
        return self._github.request("GET", f"/repos/{name}/issues?{query}", headers=headers, allowed=(304,))

    def _all_since(
        self, path: str, since: float, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Every item that changed since then, in its latest version.

        An item that changes while we read moves to the end of the list and shifts the others across the edges of
        numbered pages, where they would be missed. So each page starts one second before the last change on the page
        before it, and has a number only within that second.
        """
        found: dict[int, dict[str, Any]] = {}
        page = 1
        while True:
            full_query = urlencode({**(query or {}), **_changed(since, "asc"), "page": page})
            items = self._github.request("GET", f"{path}?{full_query}").content
            found |= {item["id"]: item for item in items}
            if len(items) < PAGE:
                return list(found.values())
            last = timestamp(items[-1]["updated_at"]) - 1
            page, since = (1, last) if last > since else (page + 1, since)

    def _comments(self, repository: str, name: str, since: float) -> Iterator[IssueComment]:
        def read(data: Mapping[str, Any]) -> IssueComment | None:
            *_, kind, number = data["html_url"].partition("#")[0].split("/")
            return comment_of(repository, int(number), data) if kind == "issues" else None

        listed = self._all_since(f"/repos/{name}/issues/comments", since - OVERLAP)
        listed.sort(key=lambda data: (timestamp(data["created_at"]), data["id"]))
        for comment in _readable(read, listed):
            # GitHub lists edited comments too, but their commands have run.
            if comment:
                yield replace(comment, is_edit=comment.created_at < int(since) - OVERLAP)

    def _edit(self, place: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
        """An issue or a comment after an edit; None if the token may not edit it."""
        try:
            edited: dict[str, Any] = self._github.request("PATCH", place["url"], new).content
        except GithubException as error:
            if is_rate_limit(error) or error.status not in (403, 404):
                raise
            return None
        return edited

    def _listed(self, path: str) -> list[dict[str, Any]]:
        """All items of a list whose order stays."""
        found: list[dict[str, Any]] = []
        for page in count(1):
            query = urlencode({"per_page": PAGE, "page": page})
            found += (items := self._github.request("GET", f"{path}?{query}").content)
            if len(items) < PAGE:
                break
        return found

    def _snapshot(self, repository: str, number: int, data: Mapping[str, Any]) -> IssueSnapshot:
        """The snapshot of an issue that GitHub may have returned from another repository, following a transfer."""
        snapshot, actual = snapshot_of(repository, data), repository_in(data)
        if is_same(actual, repository) or is_same(actual, self._about(repository)["full_name"]):
            return snapshot
        return replace(snapshot, number=number, is_gone=True, moved_to=(actual, snapshot.number))

    def _about(self, repository: str) -> Any:
        return self._github.request("GET", f"/repos/{repository}").content

    def _repository(self, name: str) -> Repository:
        return self._github.client.get_repo(name)

    def _ensure_labels(self, repository: str, names: Iterable[str]) -> None:
        """Create the labels that are missing. If one may not be created, the issue will come back without it."""
        path = f"/repos/{repository}/labels"
        for name in names:
            key = (fold(repository), fold(name))
            if key in self._known_labels:
                continue
            try:
                found = self._github.request("GET", f"{path}/{quote(name, safe='')}", allowed=(404,))
                if found.status == 404:
                    self._github.request("POST", path, LABEL | {"name": name})
                self._known_labels.add(key)
            except GithubException as error:
                if is_rate_limit(error) or error.status not in (403, 404, 422):
                    raise
                log.warning(
                    "cannot create the label %r in %s: GitHub answered %s", name, repository, error.status
                )


def _readable(
    read: Callable[[Mapping[str, Any]], Value], listed: Iterable[Mapping[str, Any]]
) -> Iterator[Value]:
    """Read each item; one bad item must not stop the poll."""
    for data in listed:
        try:
            yield read(data)
        except UNREADABLE as error:
            log.warning("poll: skipping an unreadable item (%s): %s", type(error).__name__, data.get("url"))


def _changed(since: float, direction: str) -> dict[str, str | int]:
    query: dict[str, str | int] = {"sort": "updated", "direction": direction, "per_page": PAGE}
    return query | ({"since": iso(since)} if since > 0 else {})
