"""What a ticket is about, in words; neither its type nor its requestor is part of that."""

from __future__ import annotations

from identity_bot.text.redaction import REDACTED
from identity_bot.tickets.query import terms
from identity_bot.tickets.subject import MOST_WORDS, subject, subject_of
from tests.support_outbox import ticket


def test_a_subject_is_made_of_the_title_and_the_answers() -> None:
    about = ticket(title="PR review: vets-api 7", answers={"comments": "Login FAILS twice", "tested": True})

    assert subject(about) == ("vets", "api", "7", "login", "fails", "twice")
    assert {f"about:{word}" for word in subject(about)} <= terms(about)


def test_neither_type_nor_requestor_nor_team_makes_a_subject() -> None:
    about = ticket(
        title="PR review: Benefits",
        answers={
            "name": "Juniper Vale",
            "team": "Benefits",
            "comments": "Juniper of Benefits asks for a review",
        },
    )

    assert subject(about) == ("asks",)


def test_a_sensitive_ticket_has_no_subject() -> None:
    about = ticket(is_sensitive=True, title="Login fails", answers={"comments": "Login fails"})

    assert subject(about) == ()
    assert not [term for term in terms(about) if term.startswith("about:")]


def test_what_was_removed_is_in_no_subject() -> None:
    about = ticket(title="Login fails", answers={"comments": "with hunter2xyz"})

    redacted = about.redacted(lambda text: text.replace("hunter2xyz", REDACTED))

    assert subject(redacted) == ("login", "fails")


def test_a_subject_is_short_however_long_the_text_and_text_of_nothing_has_none() -> None:
    assert len(subject_of(" ".join(f"word{n}" for n in range(900)))) == MOST_WORDS
    assert subject_of("🙂 !! a — 'OR 1=1;--") == ("1",)
    assert subject_of("x" * 3_000) == ("x" * 40,)
    assert subject_of("") == ()
