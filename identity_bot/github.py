"""GitHub as the desk sees it: issues over PyGithub, and webhooks read without any I/O."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from github.Repository import Repository

from identity_bot import issue as issue_text
from identity_bot.acts import Opened
from identity_bot.errors import IdentityBotError, Later, Refused, SettingsError, Unsure
from identity_bot.model import IssueDraft, IssueSnapshot, Ticket
from identity_bot.settings import GitHubApp

log = logging.getLogger(__name__)

TIMEOUT = 15
"""Seconds that one request may take."""
CLOCK_SKEW = 120.0
"""Seconds that GitHub's clock and ours may differ by."""
LABEL_COLOUR = "0e8a16"
MOVED = (301, 302, 307, 308)
WHILE_LIMITED = 60.0
"""Seconds to wait at a limit where GitHub names no time (rest/using-the-rest-api/best-practices)."""
LONGEST_WAIT = 3700.0
"""Seconds; GitHub's limits are by the hour."""


class Forged(Refused):
    """A delivery that is not GitHub's, or was signed with another secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """GitHub's answer as it came; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: Any


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
        with self._speaking(repository, may_be_done=False):
            repo = self._repository(repository)
            for label in draft.labels:
                self._ensure_label(repo, label)
        with self._speaking(repository):
            try:
                made = self._create(repo, draft, list(draft.assignees))
            except GithubException as error:
                if not (draft.assignees and "assignees" in _blamed(error)):
                    raise
                able = [login for login in draft.assignees if repo.has_in_assignees(login)]
                made = self._create(repo, draft, able)
            return Opened(snapshot=snapshot_of(repository, made), refused=_left_out(draft, made))

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue that carries the ticket's marker. The list is asked, not the search, which lags behind."""
        with self._speaking(repository):
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
        with self._speaking(ticket.repository):
            found = self._repository(ticket.repository).get_issue(ticket.number or 0)
            body = issue_text.with_status(found.body or "", ticket)
            if body != found.body:
                found.edit(body=body)

    def ask(self, path: str) -> Answer:
        """What GitHub answers to a GET of `path`, whatever its status; raises Later where there is no answer."""
        with self._speaking(path, may_be_done=False):
            status, headers, data = self.client.requester.requestJson("GET", path)
            return Answer(
                status=status,
                headers={str(name).lower(): str(value) for name, value in headers.items()},
                content=json.loads(data) if data else None,
            )

    def _repository(self, name: str) -> Repository:
        return self.client.get_repo(name)

    def _create(self, repo: Repository, draft: IssueDraft, assignees: list[str]) -> Mapping[str, Any]:
        wanted = {
            "title": draft.title,
            "body": draft.body,
            "labels": list(draft.labels),
            "assignees": assignees,
        }
        status, headers, text = self._post(repo, wanted)
        if status in MOVED:
            # The repository has another name now. PyGithub follows that for what only reads, so it can be found.
            status, headers, text = self._post(self.client.get_repo(repo.full_name).complete(), wanted)
        made: dict[str, Any] = json.loads(text) if status < 300 else _object(text)
        if status >= 300:
            raise self.client.requester.createException(status, headers, made)
        if "number" not in made:
            raise ValueError("no issue")
        return made

    def _post(self, repo: Repository, wanted: Mapping[str, Any]) -> tuple[int, dict[str, Any], str]:
        return self.client.requester.requestJson("POST", f"{repo.url}/issues", input=wanted)

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

    @contextmanager
    def _speaking(self, repository: str, *, may_be_done: bool = True) -> Iterator[None]:
        """Tells GitHub's failures apart by what is known of the outcome."""
        try:
            yield
        except IdentityBotError:
            raise
        except GithubException as error:
            self.last_contact = self._clock()
            raise _failure(error, repository, self._clock(), may_be_done) from error
        except requests.RequestException as error:
            raise _broken(error, may_be_done) from error
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RuntimeError) as error:
            raise _unsure(
                f"GitHub: an answer that makes no sense ({type(error).__name__})", may_be_done
            ) from error
        self.last_contact = self._clock()


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> IssueSnapshot | None:
    """The issue that a delivery is about; None for a delivery about something else.

    Raises Forged where the signature does not fit the raw body, and Refused where the body is no delivery. `headers`
    has lower-case names. See docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
    """
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode()):
        raise Forged("the signature does not fit")
    try:
        payload = json.loads(body)
        if headers.get("x-github-event") not in ("issues", "issue_comment"):
            return None
        return snapshot_of(str(payload["repository"]["full_name"]), payload["issue"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
    app = Auth.AppAuth(auth.app_id, auth.private_key)
    try:
        app.create_jwt()
    except Exception as error:  # the key goes through two libraries, each with errors of its own
        raise SettingsError(
            [
                f"GITHUB_APP_PRIVATE_KEY: cannot sign with it ({type(error).__name__}); expected an RSA key, as PEM"
            ]
        ) from error
    return app.get_installation_auth(auth.installation_id)


def _left_out(draft: IssueDraft, made: Mapping[str, Any]) -> tuple[str, ...]:
    """What was asked for and is not in the issue: GitHub drops what the token may not set without a word."""
    labels = {label["name"].casefold() for label in made.get("labels") or ()}
    assignees = {person["login"].casefold() for person in made.get("assignees") or ()}
    return (
        *(f"the label {name}" for name in draft.labels if name.casefold() not in labels),
        *(f"the assignee {name}" for name in draft.assignees if name.casefold() not in assignees),
    )


def _object(text: str) -> dict[str, Any]:
    """The object that an error's body should be; empty where it is none."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _blamed(error: GithubException) -> list[str]:
    """The fields that a 422 finds fault with."""
    details = error.data.get("errors") if isinstance(error.data, dict) else None
    if error.status != 422 or not isinstance(details, list):
        return []
    return [str(detail["field"]) for detail in details if isinstance(detail, dict) and detail.get("field")]


def _failure(error: GithubException, repository: str, now: float, may_be_done: bool) -> IdentityBotError:
    message = error.data.get("message") if isinstance(error.data, dict) else None
    # Only the first line: what follows may quote what was sent.
    said = f"GitHub: {error.status} {str(message or '').partition(chr(10))[0][:200]}".rstrip()
    said = f"{said} ({', '.join([repository, *_blamed(error)])})"
    headers = {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}
    is_limit = error.status in (403, 429) and (
        error.status == 429
        or isinstance(error, RateLimitExceededException)
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )
    if is_limit:
        return Later(said, _wait(headers, now))
    if error.status == 401:
        return Later(said)  # the token can be mended; until then nothing of the ticket is lost
    if 400 <= error.status < 500 and error.status != 408:  # which is a time-out by another name
        return Refused(said)
    return _unsure(said, may_be_done)


def _wait(headers: Mapping[str, str], now: float) -> float:
    try:
        if "retry-after" in headers:
            return min(LONGEST_WAIT, max(1.0, float(headers["retry-after"])))
        if headers.get("x-ratelimit-remaining") == "0":
            return min(LONGEST_WAIT, max(1.0, float(headers["x-ratelimit-reset"]) - now))
    except (KeyError, ValueError):
        pass
    return WHILE_LIMITED


def _broken(error: requests.RequestException, may_be_done: bool) -> IdentityBotError:
    said = f"GitHub: {type(error).__name__}"
    never_sent = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error)
    return _unsure(said, may_be_done and not never_sent)


def _unsure(said: str, may_be_done: bool) -> IdentityBotError:
    return Unsure(said) if may_be_done else Later(said)
