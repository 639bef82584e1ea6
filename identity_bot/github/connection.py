"""GitHub over PyGithub: signs in, asks once, and tells failures apart by what is known of the outcome."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from github import Auth, Github, GithubException, RateLimitExceededException

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable, SettingsError
from identity_bot.settings import GitHubApp

TIMEOUT = 15
"""Seconds that one request may take."""
MOVED = (301, 302, 307, 308)
WHILE_LIMITED = 60.0
"""Seconds to wait at a limit where GitHub names no time (rest/using-the-rest-api/best-practices)."""
LONGEST_WAIT = 3700.0
"""Seconds; GitHub's limits are by the hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """GitHub's answer as it came; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: Any


class Connection:
    """GitHub's API, signed in with a token or as a GitHub App; for one thread at a time."""

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
        self.clock = clock
        self.last_contact: float | None = None
        """When GitHub last answered, in seconds since the epoch."""

    def ask(self, path: str) -> Answer:
        """What GitHub answers to a GET of `path`, whatever its status; raises Retryable where there is no answer."""
        with self.speaking(path, may_be_done=False):
            status, headers, text = self.client.requester.requestJson("GET", path)
            return Answer(status=status, headers=_plain(headers), content=json.loads(text) if text else None)

    def call(
        self,
        method: str,
        path: str,
        given: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        taking: Collection[int] = (),
    ) -> Answer:
        """GitHub's answer to one request, within `speaking`; `path` may be an address from another answer.

        Raises GithubException for a status from 300 that is not in `taking`. What GitHub has moved is followed.
        """
        status, got, text = self._send(method, path, given, headers)
        if status in MOVED and "location" in got:
            # PyGithub follows 301 alone, and GitHub answers 307 to what writes to a renamed repository.
            status, got, text = self._send(method, got["location"], given, headers)
        if status >= 300 and status not in taking:
            raise self.client.requester.createException(status, got, _object(text))
        content = _object(text) if status >= 300 else json.loads(text) if text else None
        return Answer(status=status, headers=_plain(got), content=content)

    @contextmanager
    def speaking(self, about: str, *, may_be_done: bool = True) -> Iterator[None]:
        """Raises GitHub's failures as Rejected, Retryable or OutcomeUnknown; `about` is named in them.

        What only reads, or fails before the act, was certainly not done: `may_be_done=False`.
        """
        try:
            yield
        except IdentityBotError:
            raise
        except GithubException as error:
            self.last_contact = self.clock()
            raise _failure(error, about, self.clock(), may_be_done) from error
        except requests.RequestException as error:
            raise _broken(error, may_be_done) from error
        except (
            ValueError, KeyError, TypeError, AttributeError, AssertionError, RuntimeError, OverflowError,
        ) as error:  # fmt: skip
            raise _unsure(
                f"GitHub: an answer that makes no sense ({type(error).__name__})", may_be_done
            ) from error
        self.last_contact = self.clock()

    def _send(
        self, method: str, path: str, given: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any], str]:
        # PyGithub adds its own to the headers that it is given.
        return self.client.requester.requestJson(method, path, input=given, headers=dict(headers or {}))


def blamed(error: GithubException) -> list[str]:
    """The fields that a 422 finds fault with."""
    details = error.data.get("errors") if isinstance(error.data, dict) else None
    if error.status != 422 or not isinstance(details, list):
        return []
    return [str(detail["field"]) for detail in details if isinstance(detail, dict) and detail.get("field")]


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


def _plain(headers: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _object(text: str) -> dict[str, Any]:
    """The object that an error's body should be; empty where it is none."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _failure(error: GithubException, about: str, now: float, may_be_done: bool) -> IdentityBotError:
    message = error.data.get("message") if isinstance(error.data, dict) else None
    # Only the first line: what follows may quote what was sent.
    said = f"GitHub: {error.status} {str(message or '').partition(chr(10))[0][:200]}".rstrip()
    said = f"{said} ({', '.join([about, *blamed(error)])})"
    headers = _plain(error.headers or {})
    is_limit = error.status in (403, 429) and (
        error.status == 429
        or isinstance(error, RateLimitExceededException)
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )
    if is_limit:
        return Retryable(said, _wait(headers, now))
    if error.status == 401:
        return Retryable(said)  # the token can be mended; until then nothing of the ticket is lost
    if 400 <= error.status < 500 and error.status != 408:  # which is a time-out by another name
        return Rejected(said)
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
    return OutcomeUnknown(said) if may_be_done else Retryable(said)
