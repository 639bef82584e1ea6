"""GitHub as the desk sees it: issues over PyGithub, and webhooks read without any I/O."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from github.Issue import Issue
from github.Repository import Repository

from identity_bot import issue as issue_text
from identity_bot.desk import Opened
from identity_bot.errors import IdentityBotError, Later, Refused, Unsure
from identity_bot.model import IssueDraft, IssueSnapshot, Ticket
from identity_bot.settings import GitHubApp

log = logging.getLogger(__name__)

TIMEOUT = 15
"""Seconds that one request may take."""
CLOCK_SKEW = 120.0
"""Seconds that GitHub's clock and ours may differ by."""
LABEL_COLOUR = "0e8a16"
WHILE_LIMITED = 60.0
"""Seconds to wait at a limit where GitHub names no time (rest/using-the-rest-api/best-practices)."""


class GitHubTracker:
    """Issues in GitHub, signed in with a token or as a GitHub App."""

    def __init__(self, auth: str | GitHubApp, api_url: str, clock: Callable[[], float] = time.time) -> None:
        # PyGithub would repeat a POST and sleep in our threads: the worker does both better, knowing the outcome.
        self.client = Github(
            auth=_signed_in(auth),
            base_url=api_url,
            timeout=TIMEOUT,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )
        self._clock = clock
        self._labels: set[tuple[str, str]] = set()
        self.last_contact: float | None = None
        """When GitHub last answered, in seconds since the epoch."""

    def open_issue(self, repository: str, draft: IssueDraft) -> Opened:
        """Makes the issue with one POST; where GitHub refuses the assignees, without those who cannot be assigned."""
        with self._speaking(may_be_done=False):
            repo = self._repository(repository)
            for label in draft.labels:
                self._ensure_label(repo, label)
        with self._speaking():
            try:
                made = self._create(repo, draft, list(draft.assignees))
            except GithubException as error:
                if not (draft.assignees and _blames(error, "assignees")):
                    raise
                able = [login for login in draft.assignees if repo.has_in_assignees(login)]
                made = self._create(repo, draft, able)
            return Opened(snapshot=snapshot_of(repository, made.raw_data), refused=_left_out(draft, made))

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue that carries the ticket's marker. The list is asked, not the search, which lags behind."""
        with self._speaking():
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

    def set_status(self, ticket: Ticket) -> None:
        """Writes the status block of the ticket's issue where it has changed."""
        with self._speaking():
            found = self._repository(ticket.repository).get_issue(ticket.number or 0)
            body = issue_text.with_status(found.body or "", ticket)
            if body != found.body:
                found.edit(body=body)

    def _repository(self, name: str) -> Repository:
        return self.client.get_repo(name)

    def _create(self, repo: Repository, draft: IssueDraft, assignees: list[str]) -> Issue:
        return repo.create_issue(
            title=draft.title, body=draft.body, labels=list(draft.labels), assignees=assignees
        )

    def _ensure_label(self, repo: Repository, name: str) -> None:
        """Makes a label that is missing; one that may not be made is missed in the issue that comes back."""
        key = (repo.full_name, name.casefold())
        if key in self._labels:
            return
        try:
            try:
                repo.get_label(name).complete()
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

    @contextmanager
    def _speaking(self, *, may_be_done: bool = True) -> Iterator[None]:
        """Tells GitHub's failures apart by what is known of the outcome."""
        try:
            yield
        except IdentityBotError:
            raise
        except GithubException as error:
            raise _failure(error, self._clock(), may_be_done) from error
        except requests.RequestException as error:
            raise _broken(error, may_be_done) from error
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RuntimeError) as error:
            raise _unsure(
                f"GitHub: an answer that makes no sense ({type(error).__name__})", may_be_done
            ) from error
        self.last_contact = self._clock()


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> IssueSnapshot | None:
    """The issue that a delivery is about; None for a delivery about something else.

    Raises Refused where the signature does not fit the raw body, or the body is no delivery. `headers` has
    lower-case names. See docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
    """
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode()):
        raise Refused("the signature does not fit")
    try:
        payload = json.loads(body)
        if headers.get("x-github-event") not in ("issues", "issue_comment"):
            return None
        return snapshot_of(payload["repository"]["full_name"], payload["issue"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"not a delivery that can be read ({type(error).__name__})") from error


def snapshot_of(repository: str, data: Mapping[str, Any]) -> IssueSnapshot:
    """An issue as GitHub's REST answers and webhooks show it."""
    return IssueSnapshot(
        repository=repository,
        number=int(data["number"]),
        url=str(data["html_url"]),
        ticket_id=issue_text.ticket_id_in(data.get("body")),
        labels=frozenset(label["name"] for label in data.get("labels") or ()),
        assignees=frozenset(person["login"] for person in data.get("assignees") or ()),
        is_open=data.get("state") == "open",
    )


def _signed_in(auth: str | GitHubApp) -> Auth.Auth:
    if isinstance(auth, str):
        return Auth.Token(auth)
    return Auth.AppAuth(auth.app_id, auth.private_key).get_installation_auth(auth.installation_id)


def _left_out(draft: IssueDraft, made: Issue) -> tuple[str, ...]:
    """What was asked for and is not in the issue: GitHub drops what the token may not set without a word."""
    labels = {label.name.casefold() for label in made.labels}
    assignees = {person.login.casefold() for person in made.assignees}
    return (
        *(f"the label {name}" for name in draft.labels if name.casefold() not in labels),
        *(f"the assignee {name}" for name in draft.assignees if name.casefold() not in assignees),
    )


def _blames(error: GithubException, field: str) -> bool:
    details = error.data.get("errors") if isinstance(error.data, dict) else None
    return error.status == 422 and any(
        isinstance(detail, dict) and detail.get("field") == field for detail in details or ()
    )


def _failure(error: GithubException, now: float, may_be_done: bool) -> IdentityBotError:
    message = error.data.get("message") if isinstance(error.data, dict) else None
    said = f"GitHub: {error.status} {message or ''}".rstrip()
    headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
    if error.status == 429 or isinstance(error, RateLimitExceededException) or "retry-after" in headers:
        return Later(said, _wait(headers, now))
    if error.status == 401:
        return Later(said)  # the token can be mended; until then nothing of the ticket is lost
    if 400 <= error.status < 500:
        return Refused(said)
    return _unsure(said, may_be_done)


def _wait(headers: Mapping[str, str], now: float) -> float:
    try:
        if "retry-after" in headers:
            return float(headers["retry-after"])
        if headers.get("x-ratelimit-remaining") == "0":
            return max(1.0, float(headers["x-ratelimit-reset"]) - now)
    except (KeyError, ValueError):
        pass
    return WHILE_LIMITED


def _broken(error: requests.RequestException, may_be_done: bool) -> IdentityBotError:
    said = f"GitHub: {type(error).__name__}"
    never_sent = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error)
    return _unsure(said, may_be_done and not never_sent)


def _unsure(said: str, may_be_done: bool) -> IdentityBotError:
    return Unsure(said) if may_be_done else Later(said)
