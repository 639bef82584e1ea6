"""What requestors answered once their tickets were done, on both databases."""

from __future__ import annotations

from dataclasses import replace

from identity_bot.store.history import History
from identity_bot.store.store import Store
from identity_bot.store.surveys import SurveyRows, Surveys
from identity_bot.text.redaction import redactor
from identity_bot.tickets.model import MessageRef
from identity_bot.tickets.survey import Satisfaction, Survey
from tests.support import survey_answers

NOON = 1_800_000_000.0
ASKED = Survey(ticket_id="T1", slack_id="U0JUNIPER", asked_at=NOON)
ANSWERED = replace(
    ASKED,
    message=MessageRef(channel="C0INTAKE", ts="1.0"),
    answer=Satisfaction.DISSATISFIED,
    comment="It took a month. My name is Juniper",
    answered_at=NOON + 60,
)


def save(store: Store, survey: Survey) -> None:
    with store.begin() as transaction:
        SurveyRows(transaction).save(survey)


def add(store: Store, *surveys: Survey) -> None:
    with store.begin() as transaction:
        for one in surveys:
            SurveyRows(transaction).add(one)


def was_asked(store: Store, since: float) -> bool:
    with store.begin() as transaction:
        return SurveyRows(transaction).was_asked("U0JUNIPER", since)


def test_a_survey_comes_back_as_it_was_saved(store: Store) -> None:
    add(store, ASKED)
    assert Surveys(store).of("T1") == ASKED

    save(store, ANSWERED)

    assert Surveys(store).of("T1") == ANSWERED
    assert Surveys(store).of("T2") is None


def test_who_was_asked_lately_is_known_whatever_the_ticket_was(store: Store) -> None:
    add(store, ASKED, replace(ASKED, ticket_id="T2", slack_id="U0INDIGO", asked_at=NOON + 99))

    assert was_asked(store, NOON - 1)
    assert not was_asked(store, NOON)


def test_a_ticket_that_is_asked_about_again_has_one_survey(store: Store) -> None:
    add(store, ASKED)

    add(store, replace(ASKED, asked_at=NOON + 9))

    found = Surveys(store).of("T1")
    assert found
    assert found.asked_at == NOON + 9


def test_answers_are_found_by_when_they_were_last_changed(store: Store) -> None:
    """The end of one month is the beginning of the next, and no answer is in both."""
    for place in range(3):
        add(store, replace(ANSWERED, ticket_id=f"T{place}", answered_at=NOON + place))
    add(store, replace(ASKED, ticket_id="T9"))

    found = survey_answers(store, NOON, NOON + 2)

    assert found == [("T0", 2, NOON), ("T1", 2, NOON + 1)]


def test_what_was_written_is_redacted(store: Store) -> None:
    add(store, ANSWERED)

    with store.begin() as transaction:
        rows = SurveyRows(transaction)
        changes = [rows.redact(name, redactor(["Juniper"])) for name in ("T1", "T1", "T2")]

    found = Surveys(store).of("T1")
    assert changes == [True, False, False]
    assert found
    assert found.comment == "It took a month. My name is [redacted]"


def test_surveys_are_exported_without_what_only_the_bot_needs(store: Store) -> None:
    add(store, ANSWERED)

    [row] = History(store).export("surveys")

    assert row["answer"] == 2
    assert row["comment"] == ANSWERED.comment
    assert "is_reported" not in row
