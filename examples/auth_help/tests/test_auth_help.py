"""Sign-in that fails: what is asked when, and what is known of an error code."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

import identity_bot_auth_help as auth_help
from identity_bot.testing import MemoryDesk, check_request_type

FORM = auth_help.form()
LOCAL_ONLY = {"setup", "up_to_date", "migrated"}
ANSWERS: dict[str, Any] = {
    "environment": "staging",
    "provider": "idme",
    "error_code": "access_denied",
    "day": "2026-11-26",
    "time": "14:05",
    "browser": "Firefox",
}


def answer(name: str, typed: Any) -> Any:
    """What is kept of what was typed for a question."""
    question = FORM.question(name)
    assert question is not None
    return question.answer(typed)


def test_it_keeps_what_every_request_type_promises() -> None:
    check_request_type(auth_help)


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "production"])
def test_a_machine_of_ones_own_is_asked_about_only_where_it_is_one(environment: str) -> None:
    shown = {question.name for question in FORM.shown_questions({"environment": environment})}

    assert shown & LOCAL_ONLY == (LOCAL_ONLY if environment == "local" else set())
    assert {
        "environment",
        "provider",
        "error_code",
        "request_id",
        "day",
        "time",
        "browser",
        "screenshot",
    } <= shown


@pytest.mark.parametrize(
    "typed", ["access_denied", " Access-Denied ", "error=access_denied", "ACCESS DENIED"]
)
def test_an_error_code_is_known_however_it_was_copied(typed: str) -> None:
    assert answer("error_code", typed) == "access_denied"
    [found] = auth_help.self_service({"error_code": typed})
    assert found.title == "What access_denied means"
    assert "private window" in found.text


@pytest.mark.parametrize("typed", ["", None, "something_else", 5, ["access_denied"]])
def test_of_an_unknown_code_nothing_is_claimed(typed: object) -> None:
    assert auth_help.self_service({"error_code": typed}) == []


def test_every_meaning_is_an_answer() -> None:
    for known in auth_help.MEANINGS:
        assert len(auth_help.self_service({"error_code": known})) == 1
        assert answer("error_code", known) == known


def test_the_issue_says_what_the_code_means(desk: MemoryDesk) -> None:
    desk.load(auth_help)

    ticket = desk.submit("auth_help", **ANSWERS)
    desk.work()

    issue = desk.issue(ticket)
    assert issue.title == "Sign-in fails: ID.me, Staging (access_denied)"
    assert issue.body.startswith("**What `access_denied` means:** The person, or the provider, said no.\n\n")


@pytest.mark.parametrize("code", ["made_up", "unknown"])
def test_the_issue_says_nothing_of_a_code_that_is_unknown(code: str, desk: MemoryDesk) -> None:
    desk.load(auth_help)

    ticket = desk.submit("auth_help", **ANSWERS | {"error_code": code})
    desk.work()

    assert "means" not in desk.issue(ticket).body


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("14:05", "14:05"), ("2:05 PM", "14:05"), ("2:05 p.m.", "14:05"), ("9 am", "09:00"), ("0:30", "00:30")],
)
def test_a_time_can_be_written_as_people_do(typed: str, kept: str) -> None:
    assert answer("time", typed) == answer("time", kept) == kept


@pytest.mark.parametrize("typed", ["noon", "25:00", "14", "14:05:09"])
def test_what_is_no_time_is_said_with_an_example(typed: str) -> None:
    with pytest.raises(ValidationError, match="such as 14:05"):
        answer("time", typed)


def test_a_request_id_is_an_id_and_nothing_else() -> None:
    assert answer("request_id", "7c9e6679-7425-40de-944b-e07fc1f90ae7")
    for typed in ("short", "x" * 65, "id: 7c9e6679-7425", "7c9e6679 7425"):
        with pytest.raises(ValidationError, match="the ID alone"):
            answer("request_id", typed)
