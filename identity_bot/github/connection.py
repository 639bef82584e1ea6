"""GitHub's REST API over PyGithub: signs in, sends each request once, and says what a failure means."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from github import Auth, Github, GithubException, RateLimitExceededException

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable, SettingsError, network
from identity_bot.github.snapshot import UNREADABLE
from identity_bot.logs import vendor_log
from identity_bot.settings import GitHubApp

UNREADABLE_RESPONSE = "GitHub: unreadable response"
"""How the error begins that an answer gives if it is not one of GitHub's API."""
TIMEOUT = 15
"""Seconds for one request."""
REDIRECTS = (301, 302, 307, 308)
DEFAULT_WAIT = 60.0
"""Seconds to wait at a rate limit if GitHub names no time (rest/using-the-rest-api/best-practices)."""
LONGEST_WAIT = 3700.0
"""Seconds. GitHub resets its limits every hour."""
REASONS = {
    400: "malformed request",
    401: "the token is not accepted",
    403: "permission denied",
    404: "not found, or hidden from the token",
    408: "timeout",
    410: "gone, or issues are turned off",
    422: "invalid request",
    429: "rate limit",
    500: "internal error",
    502: "bad gateway",
    503: "unavailable",
    504: "timeout",
}
"""Our words for GitHub's statuses; its own messages may quote what somebody wrote."""
FIELDS = frozenset(
    {
        "assignees",
        "body",
        "color",
        "content",
        "description",
        "labels",
        "name",
        "state",
        "state_reason",
        "title",
    }
)
"""The fields that we send, which alone may be named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """GitHub's response. Header names are in lower case; the content of an error is always an object."""

    status: int
    headers: Mapping[str, str]
    content: Any


class Connection:
    """GitHub's API, signed in with a token or as a GitHub App. Use it from one thread at a time."""

    def __init__(
        self,
        auth: str | GitHubApp,
        api_url: str,
        clock: Callable[[], float] = time.time,
        *,
        timeout: int = TIMEOUT,
    ) -> None:
        self._timeout = timeout
        self._app = _app(auth) if isinstance(auth, GitHubApp) else None
        self._auth = auth
        self._api_url = api_url
        self.client = self._signed_in()
        self._clock = clock
        self.last_contact: float | None = None
        """When GitHub last answered, in seconds since the epoch."""
        self.is_refused = False
        """Whether its last answer was that it does not accept the token or the key."""

    def login(self) -> str:
        """The login of whom GitHub names as the author of what we write. Asks GitHub, inside `translating_errors`."""
        if self._app is None:
            return str(self.request("GET", "/user").content["login"])
        _, content = self._client(self._app).requester.requestJsonAndCheck("GET", "/app")
        return f"{content['slug']}[bot]"

    def get(self, path: str) -> Response:
        """GET the path and return the response, whatever its status. Raises Retryable if there is none."""
        with self.translating_errors(path, is_repeatable=True):
            response = self.request("GET", path, allowed=range(600))
        if response.status >= 400:
            _note(path, response.status, response.content)
        return response

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        allowed: Container[int] = (),
    ) -> Response:
        """Send one request, inside `translating_errors`; `path` may also be a URL from an earlier response.

        Follows redirects. Raises GithubException for a status of 300 or more that is not allowed.
        """
        response = self._send(method, path, body, headers)
        if response.status in REDIRECTS and "location" in response.headers:
            # PyGithub follows only 301, but GitHub answers 307 to a write to a renamed repository.
            response = self._send(method, response.headers["location"], body, headers)
        if response.status >= 300 and response.status not in allowed:
            headers = dict(response.headers)
            raise self.client.requester.createException(response.status, headers, response.content)
        return response

    @contextmanager
    def translating_errors(self, subject: str, *, is_repeatable: bool = False) -> Iterator[None]:
        """Raise GitHub's failures as Rejected, Retryable or OutcomeUnknown, naming the subject.

        `is_repeatable` says that what is done inside may simply be done again, so a failure is never OutcomeUnknown.
        """
        unknown = Retryable if is_repeatable else OutcomeUnknown
        try:
            yield
        except IdentityBotError:
            raise
        except GithubException as error:
            self.last_contact, self.is_refused = self._clock(), error.status == 401
            if error.status == 401 and self._app:
                self.client = self._signed_in()
            _note(subject, error.status, error.data)
            raise _translated(error, subject, self.last_contact, unknown) from error
        except requests.RequestException as error:
            never_began = isinstance(error, requests.ConnectTimeout) or network.never_began(error)
            never_began = never_began or "NewConnectionError" in repr(error)
            raise (Retryable if never_began else unknown)(f"GitHub: {network.reason(error)}") from error
        except (*UNREADABLE, AssertionError, RuntimeError) as error:
            raise unknown(f"{UNREADABLE_RESPONSE} ({type(error).__name__})") from error
        self.last_contact, self.is_refused = self._clock(), False

    def _signed_in(self) -> Github:
        if isinstance(self._auth, GitHubApp) and self._app:
            return self._client(self._app.get_installation_auth(self._auth.installation_id))
        return self._client(Auth.Token(str(self._auth)))

    def _client(self, auth: Auth.Auth) -> Github:
        # PyGithub would repeat a POST and sleep in our threads. The worker knows the outcome and does both better.
        return Github(
            auth=auth,
            base_url=self._api_url,
            timeout=self._timeout,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
        )

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> Response:
        status, received, text = self._sent(method, path, body, headers)
        if status == 401 and self._app:
            # An installation's token lasts an hour by GitHub's clock, and nothing was done without it.
            self.client = self._signed_in()
            status, received, text = self._sent(method, path, body, headers)
        content = _object(text) if status >= 300 else json.loads(text) if text else None
        return Response(status=status, headers=received, content=content)

    def _sent(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any], str]:
        # PyGithub adds its own headers to the mapping that it is given.
        return self.client.requester.requestJson(method, path, input=body, headers=dict(headers or {}))


def invalid_fields(error: GithubException) -> list[str]:
    """The fields of ours that GitHub names in a 422."""
    details = error.data.get("errors") if isinstance(error.data, dict) else None
    if error.status != 422 or not isinstance(details, list):
        return []
    named = (detail.get("field") for detail in details if isinstance(detail, dict))
    return [field for field in named if isinstance(field, str) and field in FIELDS]


def reason_of(status: int, headers: Mapping[str, str] | None = None) -> str:
    """A status and what it means, in our words."""
    headers = headers or {}
    words = REASONS.get(status, "")
    if status == 403 and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"):
        words = REASONS[429]
    elif status == 403 and "x-github-sso" in headers:
        words = "the token is not authorized for the organization's single sign-on"
    return f"{status} {words}".rstrip()


def is_rate_limit(error: GithubException) -> bool:
    """Whether GitHub asks us to wait (rest/using-the-rest-api/rate-limits-for-the-rest-api)."""
    headers = error.headers or {}
    return error.status == 429 or (
        error.status == 403
        and (
            isinstance(error, RateLimitExceededException)
            or "retry-after" in headers
            or headers.get("x-ratelimit-remaining") == "0"
        )
    )


def _app(auth: GitHubApp) -> Auth.AppAuth:
    app = Auth.AppAuth(auth.app_id, auth.private_key)
    try:
        app.create_jwt()
    except Exception as error:  # two libraries read the key, each with errors of its own
        reason = f"cannot sign with it ({type(error).__name__}); expected an RSA key in PEM format"
        raise SettingsError([f"GITHUB_APP_PRIVATE_KEY: {reason}"]) from error
    return app


def _object(text: str) -> dict[str, Any]:
    """The JSON object in an error's body; empty if there is none."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _translated(
    error: GithubException, subject: str, now: float, unknown: type[Retryable | OutcomeUnknown]
) -> IdentityBotError:
    reason = reason_of(429 if is_rate_limit(error) else error.status, error.headers)
    text = f"GitHub: {reason} ({', '.join([subject, *invalid_fields(error)])})"
    if is_rate_limit(error):
        return Retryable(text, _wait(error.headers or {}, now))
    if error.status == 401:
        return Retryable(text)  # it works again once the operator replaces the token
    if 400 <= error.status < 500 and error.status != 408:  # which is a timeout
        return Rejected(text)
    return unknown(text)


def _note(subject: str, status: int, said: Any) -> None:
    vendor_log.info("GitHub: %s (%s): %s", status, subject, json.dumps(said, ensure_ascii=False, default=str))


def _wait(headers: Mapping[str, str], now: float) -> float:
    try:
        if "retry-after" in headers:
            return min(LONGEST_WAIT, max(1.0, float(headers["retry-after"])))
        if headers.get("x-ratelimit-remaining") == "0":
            return min(LONGEST_WAIT, max(1.0, float(headers["x-ratelimit-reset"]) - now))
    except (KeyError, ValueError):
        pass
    return DEFAULT_WAIT
