"""What a failed call of Slack's Web API means: refused for good, not done and worth a retry, or perhaps done."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from identity_bot.errors import IdentityBotError, OutcomeUnknown, Rejected, Retryable, network
from identity_bot.logs import vendor_log

_CODE = re.compile(r"[a-z][a-z0-9_]{0,60}")
"""What Slack's codes for errors look like. Anything else may quote somebody, and is not repeated."""
_SCOPES = re.compile(r"[a-z.:_,]{1,200}")
WHILE_LIMITED, LONGEST_WAIT = 10.0, 3600.0
"""Seconds to wait at a limit where Slack names no time, and at most."""
PERHAPS_DONE = {"internal_error", "fatal_error", "service_unavailable", "update_failed"}
LIMITS = {"ratelimited", "rate_limited", "message_limit_exceeded"}
FIXABLE = {
    "access_denied", "accesslimited", "account_inactive", "ekm_access_denied", "enterprise_is_restricted",
    "external_channel_migrating", "fetch_members_failed", "invalid_auth", "not_authed", "org_login_required",
    "request_timeout", "team_access_not_granted", "team_added_to_org", "token_expired", "token_revoked",
    "two_factor_setup_required",
}  # fmt: skip
"""Errors that the same call may no longer meet once somebody has fixed the app, or after some time.

`request_timeout` means that the request arrived incomplete, so Slack did nothing.
"""


class SlackRejected(Rejected):
    """Slack refused; `code` is its error code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def translating_errors(method: str) -> Iterator[None]:
    """Raise the failures of one call as Rejected, Retryable or OutcomeUnknown."""
    try:
        yield
    except SlackApiError as error:
        raise failure(method, error) from error
    except (
        OSError,
        http.client.HTTPException,
        SlackClientError,
        ValueError,
        TypeError,
        AttributeError,  # slack_sdk's, for an answer that is JSON but no object
    ) as error:
        raise _broken(method, error) from error


def code_of(error: IdentityBotError) -> str:
    """Slack's code for why it refused a call; empty if Slack did not answer."""
    if isinstance(error, SlackRejected):
        return error.code
    cause = error.__cause__
    return _code(cause.response) if isinstance(cause, SlackApiError) else ""


def failure(method: str, error: SlackApiError) -> Rejected | Retryable | OutcomeUnknown:
    """What a refusal by Slack means for the call."""
    response = error.response
    status = getattr(response, "status_code", 200)
    said = getattr(response, "data", response)
    vendor_log.info("Slack: %s (%s): %s", status, method, json.dumps(said, ensure_ascii=False, default=repr))
    code = _code(response)
    scopes = str(response["needed"]) if code == "missing_scope" and response.get("needed") else ""
    needed = f" (needed: {scopes})" if _SCOPES.fullmatch(scopes) else ""
    text = f"Slack's {method}: {code or f'HTTP {status}'}{needed}"
    if status == 429 or code in LIMITS:
        return Retryable(text, _retry_after(response))
    if not code or status >= 500 or code in PERHAPS_DONE:
        return OutcomeUnknown(text)
    if code in FIXABLE:
        return Retryable(text)
    return SlackRejected(text, code)


def _code(response: Any) -> str:
    """Slack's code for an error; empty for anything else."""
    code = response.get("error") if hasattr(response, "get") else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _broken(method: str, error: Exception) -> Retryable | OutcomeUnknown:
    """What a failed connection means for the call: never begun, or perhaps done."""
    said = f"Slack's {method}: {network.reason(error)}"
    return Retryable(said) if network.never_began(error) else OutcomeUnknown(said)


def _retry_after(response: Any) -> float:
    headers = {str(name).lower(): value for name, value in (response.headers or {}).items()}
    try:
        return min(LONGEST_WAIT, max(1.0, float(headers.get("retry-after", WHILE_LIMITED))))
    except ValueError:
        return WHILE_LIMITED
