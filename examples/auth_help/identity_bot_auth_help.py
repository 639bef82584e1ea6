"""Help with sign-in that fails: what somebody saw, where, and what the error code means."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.validate import Regexp

from identity_bot import (
    Answer,
    Choice,
    Date,
    Files,
    Form,
    IssueDraft,
    LongText,
    Option,
    ShortText,
    Ticket,
    When,
    YesNo,
    default_issue,
    hookimpl,
    line,
)

ENVIRONMENTS = (
    Option("local", "Local"),
    Option("dev", "Development"),
    Option("staging", "Staging"),
    Option("production", "Production"),
)
PROVIDERS = (
    Option("logingov", "Login.gov"),
    Option("idme", "ID.me"),
    Option("dslogon", "DS Logon"),
    Option("mhv", "My HealtheVet"),
    Option("mocked", "Mocked authentication"),
    Option("unknown", "Another, or I don't know"),
)
BROWSERS = ("Chrome", "Edge", "Firefox", "Safari", "A mobile app", "None: I called the API")
RESTART = "Start again from the sign-in page, in a private window."
MEANINGS = {
    "invalid_request": ("A parameter of the request is missing, unknown or there twice.", ""),
    "invalid_client": ("The client's ID is unknown in this environment, or it did not prove who it is.", ""),
    "invalid_grant": (
        "The code or the refresh token was used before, has expired, or is another client's.",
        RESTART,
    ),
    "unauthorized_client": ("The client may not use this kind of grant.", ""),
    "unsupported_grant_type": ("The server does not know this kind of grant.", ""),
    "unsupported_response_type": ("The server does not give what `response_type` asks for.", ""),
    "invalid_scope": ("A scope is unknown, misspelled, or more than the client may have.", ""),
    "access_denied": ("The person, or the provider, said no.", RESTART),
    "server_error": ("The server failed in a way that it did not expect.", ""),
    "temporarily_unavailable": (
        "The server is busy or down for a while.",
        "Wait for ten minutes, and try again.",
    ),
    "login_required": ("`prompt=none` was asked for, but nobody is signed in.", RESTART),
    "consent_required": ("`prompt=none` was asked for, but the person has not agreed yet.", RESTART),
}
"""What an error code means, and what to try first.

These are codes of OAuth 2.0 (RFC 6749, 4.1.2.1 and 5.2) and OpenID Connect (Core 1.0, 3.1.2.6), as examples. Put the
codes of your own systems here.
"""
IS_LOCAL = When("environment", "local")


def code(typed: str) -> str:
    """An error code as it is written in the table, however it was copied: `error=Access-Denied` is `access_denied`."""
    return re.sub(r"[\s-]+", "_", typed.strip().rpartition("=")[2].casefold())


def time_of_day(typed: str) -> str:
    """A time as `14:05`, from that or from `2:05 PM`."""
    text = typed.upper().replace(".", "").replace(" ", "")
    for written in ("%H:%M", "%I:%M%p", "%I%p"):
        try:
            return datetime.strptime(text, written).strftime("%H:%M")
        except ValueError:
            continue
    raise ValidationError("Please enter a time such as 14:05 or 2:05 PM.")


@hookimpl
def form() -> Form:
    """Asks what somebody saw; about their own machine only if that is where it fails."""
    return Form(
        title="Authentication help",
        description="Sign-in fails, and you don't know why",
        questions=[
            Choice(name="environment", label="In which environment?", options=ENVIRONMENTS),
            Choice(name="provider", label="With which provider?", options=PROVIDERS),
            ShortText(
                name="error_code",
                label="Which error code do you see?",
                hint="It is on the page, or in its address after error=.",
                placeholder="For example: access_denied",
                required=False,
                max_length=80,
                parse=code,
            ),
            ShortText(
                name="request_id",
                label="Which request ID?",
                hint="It is beside the error code, or in the response's header X-Request-Id.",
                placeholder="For example: 7c9e6679-7425-40de",
                required=False,
                validate=[
                    Regexp(
                        r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}\Z",
                        error="Please enter the ID alone: 8 to 64 letters, digits and hyphens.",
                    )
                ],
            ),
            Date(name="day", label="On which day did it happen?"),
            ShortText(
                name="time",
                label="At what time?",
                hint="Eastern time, to the minute if you can: we look for it in the logs.",
                placeholder="For example: 2:05 PM",
                parse=time_of_day,
            ),
            Choice(name="browser", label="In which browser?", options=BROWSERS),
            Files(
                name="screenshot",
                label="A screenshot",
                hint="Without names and numbers of real people.",
                required=False,
                max_files=3,
                filetypes=["png", "jpg", "jpeg", "gif"],
            ),
            Choice(
                name="setup",
                label="How do you run it?",
                options=[Option("docker", "In Docker"), Option("native", "Natively")],
                shown_when=IS_LOCAL,
            ),
            YesNo(name="up_to_date", label="Is your code up to date?", shown_when=IS_LOCAL),
            YesNo(name="migrated", label="Have you run the migrations since?", shown_when=IS_LOCAL),
            LongText(name="comments", label="What else should we know?", required=False),
        ],
    )


@hookimpl
def self_service(answers: Mapping[str, Any]) -> list[Answer]:
    """What the error code means, if it is known, before the form is sent."""
    typed = answers.get("error_code")
    known = code(typed) if isinstance(typed, str) else ""
    if known not in MEANINGS:
        return []
    meaning, remedy = MEANINGS[known]
    return [Answer(title=f"What {known} means", text=f"{meaning}\n\n{remedy}".strip(), name=known)]


@hookimpl
def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
    """The default issue, titled after provider and environment, and with what the error code means."""
    draft = default_issue(ticket, form)
    named = {q.name: q.shown(ticket.answers[q.name]) for q in form.questions if q.name in ticket.answers}
    known = ticket.answers.get("error_code", "")
    title = f"Sign-in fails: {named['provider']}, {named['environment']}{f' ({known})' if known else ''}"
    body = draft.body
    if known in MEANINGS:
        body = f"**What `{known}` means:** {MEANINGS[known][0]}\n\n{body}"
    return replace(draft, title=line(title), body=body)
