"""The values that plugins make check themselves, where they are made."""

from __future__ import annotations

from typing import Any

import pytest

from identity_bot import Action, Audience, IssueDraft, Notification


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"title": None}, "title: found NoneType; expected text"),
        ({"body": None}, "body: found NoneType; expected text"),
        ({"body": "x" * 60_001}, "body: found 60,001 characters; expected at most 60,000"),
        ({"body": "a\x00b"}, "body: found NUL or half a surrogate pair"),
        ({"body": "a\ud800b"}, "body: found NUL or half a surrogate pair"),
        ({"labels": "hot"}, "labels: expected a tuple"),
        ({"labels": (5,)}, "labels: expected a tuple"),
        ({"labels": ("hot", " ")}, "labels: expected names of 1 to 50 characters"),
        ({"labels": ("x" * 51,)}, "labels: expected names of 1 to 50 characters"),
        ({"assignees": None}, "assignees: expected a tuple"),
        ({"assignees": ("",)}, "assignees: expected names of 1 to 50 characters"),
    ],
)
def test_an_issue_that_github_would_refuse_cannot_be_drafted(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^IssueDraft: {said}"):
        IssueDraft(**{"title": "x", "body": "x"} | declared)


def test_the_largest_issue_can_be_drafted() -> None:
    draft = IssueDraft(title="", body="x" * 60_000, labels=("x" * 50,), assignees=("ada",))

    assert len(draft.body) == IssueDraft.LONGEST_BODY


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"to": "requestor"}, "to: found str; expected an Audience"),
        ({"text": " "}, "text: found nothing; expected a sentence"),
        ({"text": None}, "text: found NoneType; expected text"),
        ({"text": "a\x00b"}, "text: found NUL or half a surrogate pair"),
        ({"text": "a\ud800b"}, "text: found NUL or half a surrogate pair"),
        ({"next": 5}, "next: found int; expected text"),
        ({"next": "\x00"}, "next: found NUL or half a surrogate pair"),
        ({"buttons": "close"}, "buttons: expected a tuple"),
        ({"buttons": ("sip",)}, "buttons: expected a tuple"),
        ({"buttons": None}, "buttons: expected a tuple"),
        ({"to": Audience.INTAKE, "is_card": True}, "is_card: found for 'intake'; only the team has a card"),
    ],
)
def test_a_notification_that_nobody_could_read_cannot_be_made(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^Notification: {said}"):
        Notification(**{"to": Audience.REQUESTOR, "text": "Hot!"} | declared)


def test_no_error_quotes_what_may_be_personal() -> None:
    with pytest.raises(ValueError, match="IssueDraft: body") as refused:
        IssueDraft(title="x", body="quartz pelican\x00")

    assert "quartz" not in str(refused.value)


def test_a_notification_may_have_buttons_for_its_reader() -> None:
    assert Notification(to=Audience.REQUESTOR, text="Hot!", buttons=(Action.CLOSE,)).buttons == (
        Action.CLOSE,
    )
