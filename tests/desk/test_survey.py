"""Requestors are asked once how satisfied they are, answer for a week, and the leads hear of low answers."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from identity_bot.desk.survey import SurveyDesk
from identity_bot.errors import NotAllowed
from identity_bot.messages import survey as words
from identity_bot.outbox.effects.survey import REPORT_AFTER
from identity_bot.store.surveys import Surveys
from identity_bot.tickets.actions import possible
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Action, CloseReason, Ticket
from identity_bot.tickets.survey import WEEK, Satisfaction
from tests.support import survey_answers
from tests.support_desk import SETTINGS, Office, cut_off

TEAM, INDIGO, JUNIPER = "C0TEAM", "U0INDIGO", "U0JUNIPER"
LOW, LOWEST, GOOD = Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED, Satisfaction.SATISFIED
LEADS = "<@U0INDIGO> <@U0SAGE>"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, toml=SETTINGS.replace("survey = false", ""))


def close(office: Office, ticket: Ticket, reason: CloseReason = CloseReason.COMPLETED) -> None:
    office.click(office.ticket(ticket), Action.CLOSE, reason.value, by=INDIGO)
    office.work(60)


def done(office: Office, *, view: str = "V1", type_name: str = "pr_review", **changes: object) -> Ticket:
    """A ticket that was closed as completed."""
    ticket = office.submit(type_name, view=view, **changes)
    office.work(30)
    if Action.APPROVE in possible(office.ticket(ticket)):
        office.click(ticket, Action.APPROVE, by="U0INDIGO")
        office.work(30)
    close(office, ticket)
    return ticket


def survey_desk(office: Office) -> SurveyDesk:
    return SurveyDesk(store=office.store, settings=office.settings)


def answer(office: Office, ticket: Ticket, satisfaction: Satisfaction, *, by: str = JUNIPER) -> None:
    survey_desk(office).answer(ticket.id, by, satisfaction)
    office.work(REPORT_AFTER + 30)


def questions(office: Office) -> list[str]:
    return [one.text for one in office.chat.posts if words.QUESTION in one.text]


def told_leads(office: Office) -> list[str]:
    return [text for text in office.chat.texts(TEAM) if LEADS in text and "satisfied" in text]


def test_the_question_follows_the_closing_message_in_the_same_thread(office: Office) -> None:
    ticket = office.ticket(done(office))

    [asked] = [one for one in office.chat.posts if words.QUESTION in one.text]
    before = office.chat.posts[office.chat.posts.index(asked) - 1 :: -1]
    in_thread = next(one for one in before if one.channel == asked.channel and one.thread_ts)
    assert ticket.thread
    assert (asked.channel, asked.thread_ts) == (ticket.thread.channel, ticket.thread.ts)
    assert "closed" in in_thread.text
    assert f"<@{JUNIPER}>" in asked.text
    labels = [one["text"]["text"] for one in asked.blocks[1]["elements"]]
    assert labels == list(words.ANSWERS.values())


@pytest.mark.parametrize("reason", [CloseReason.NOT_PLANNED, CloseReason.DUPLICATE])
def test_a_ticket_that_was_not_completed_is_not_asked_about(office: Office, reason: CloseReason) -> None:
    ticket = office.submit()
    office.work(30)

    office.desk.observe(office.tracker.edit(1, is_open=False, close_reason=reason))
    office.work(60)

    assert office.ticket(ticket).state.close_reason is reason
    assert questions(office) == []


def test_nobody_is_asked_if_the_settings_say_so(tmp_path: Path) -> None:
    office = Office(tmp_path, toml=SETTINGS)

    done(office)

    assert questions(office) == []


def until_it_waits(office: Office, ticket: Ticket) -> None:
    """Close a ticket, and stop when the question is about to be posted."""
    office.click(office.ticket(ticket), Action.CLOSE, CloseReason.COMPLETED.value, by=INDIGO)
    while not any(row.kind == "ask_survey" for row in office.outbox.rows("waiting")):
        office.work(1)
    assert questions(office) == []


def test_a_ticket_that_is_reopened_before_the_question_is_posted_is_asked_about_later(office: Office) -> None:
    ticket = office.submit()
    office.work(30)
    until_it_waits(office, ticket)

    office.desk.observe(office.tracker.edit(1, is_open=True, close_reason=None))
    office.work(60)
    assert questions(office) == []
    assert Surveys(office.store).of(ticket.id) is None

    close(office, ticket)
    assert len(questions(office)) == 1


def test_nobody_is_asked_twice_a_week_whatever_the_tickets_are(office: Office) -> None:
    first = done(office)
    done(office, view="V2")
    office.clock.move(WEEK - DAY)
    done(office, view="V3")

    assert len(questions(office)) == 1

    office.clock.move(2 * DAY)
    done(office, view="V4")

    assert len(questions(office)) == 2
    assert Surveys(office.store).of(first.id)


def test_a_ticket_that_is_closed_again_is_asked_about_again_only_without_an_answer(office: Office) -> None:
    ticket = done(office)
    for expected in (2, 2):
        office.clock.move(WEEK + DAY)
        office.click(office.ticket(ticket), Action.REOPEN, by=INDIGO)
        office.work(60)
        close(office, ticket)
        assert len(questions(office)) == expected
        if not survey_answers(office.store, 0, 9e9):
            answer(office, ticket, GOOD)


def test_the_requestor_of_a_sensitive_ticket_is_asked_directly_and_without_its_content(
    office: Office,
) -> None:
    secret = "Sign-ins of the Ember Lane office"
    done(office, type_name="data_pull", sensitive=True, data_needed=secret)

    [asked] = [one for one in office.chat.posts if words.QUESTION in one.text]
    assert asked.channel == JUNIPER
    assert secret not in str(asked)
    assert words.VISIBLE not in asked.text


def test_a_requestor_whose_thread_is_gone_is_asked_directly(office: Office) -> None:
    ticket = office.submit()
    office.work(30)
    thread = office.ticket(ticket).thread
    assert thread
    office.chat.lost.add(thread.ts)

    close(office, ticket)

    [asked] = [one for one in office.chat.posts if words.QUESTION in one.text]
    assert asked.channel == JUNIPER


def test_who_cannot_be_asked_at_all_is_asked_another_time(office: Office) -> None:
    ticket = office.submit()
    office.work(30)
    office.chat.closed = {"C0INTAKE", JUNIPER}
    close(office, ticket)
    assert Surveys(office.store).of(ticket.id) is None

    office.chat.closed = set()
    done(office, view="V2")

    assert len(questions(office)) == 1


def test_the_message_shows_what_was_answered_last(office: Office) -> None:
    ticket = done(office)

    answer(office, ticket, GOOD)
    answer(office, ticket, Satisfaction.VERY_SATISFIED)

    [asked] = questions(office)
    assert "You answered *Very satisfied*." in asked
    [posted] = [one for one in office.chat.posts if words.QUESTION in one.text]
    labels = [one["text"]["text"] for one in posted.blocks[1]["elements"]]
    assert labels[0] == "✓ Very satisfied"
    assert labels[-1] == words.ADD_COMMENT
    assert [found[:2] for found in survey_answers(office.store, 0, 9e9)] == [(ticket.id, 5)]


@pytest.mark.parametrize("by", [INDIGO, "U0NOBODY", ""])
def test_only_the_requestor_can_answer(office: Office, by: str) -> None:
    ticket = done(office)

    with pytest.raises(NotAllowed, match="Only the person"):
        answer(office, ticket, GOOD, by=by)

    assert survey_answers(office.store, 0, 9e9) == []


def test_an_answer_can_be_given_and_changed_for_a_week_and_not_a_year_later(office: Office) -> None:
    ticket = done(office)
    office.clock.move(WEEK - DAY)
    answer(office, ticket, GOOD)

    for later in (DAY, 365 * DAY):
        office.clock.move(later)
        with pytest.raises(NotAllowed, match="one week"):
            answer(office, ticket, LOW)
        with pytest.raises(NotAllowed, match="one week"):
            survey_desk(office).comment(ticket.id, JUNIPER, "Late")

    survey = Surveys(office.store).of(ticket.id)
    assert survey
    assert (survey.answer, survey.comment) == (GOOD, "")


def test_a_survey_that_nobody_knows_cannot_be_answered(office: Office) -> None:
    with pytest.raises(NotAllowed):
        survey_desk(office).answer("no such ticket", JUNIPER, GOOD)


def test_of_two_answers_at_once_one_is_kept_and_shown(office: Office) -> None:
    ticket = done(office)
    clicks = [
        Thread(target=survey_desk(office).answer, args=(ticket.id, JUNIPER, one)) for one in (LOW, GOOD)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    office.work(REPORT_AFTER + 30)

    survey = Surveys(office.store).of(ticket.id)
    assert survey
    assert survey.answer in (LOW, GOOD)
    assert f"You answered *{words.ANSWERS[survey.answer]}*" in questions(office)[0]
    assert len(told_leads(office)) == (survey.answer is LOW)


def test_a_low_answer_tells_the_leads_once_and_again_only_if_it_becomes_low_again(office: Office) -> None:
    ticket = done(office)

    answer(office, ticket, LOW)
    answer(office, ticket, LOWEST)
    assert len(told_leads(office)) == 1

    answer(office, ticket, GOOD)
    assert len(told_leads(office)) == 1

    answer(office, ticket, LOW)
    assert len(told_leads(office)) == 2
    told = next(one for one in office.chat.posts if LEADS in one.text and "dissatisfied" in one.text)
    card = office.ticket(ticket).card
    assert card
    assert (told.channel, told.thread_ts) == (TEAM, card.ts)


def test_a_low_answer_that_was_a_slip_tells_nobody(office: Office) -> None:
    ticket = done(office)

    survey_desk(office).answer(ticket.id, JUNIPER, LOWEST)
    answer(office, ticket, GOOD)

    assert told_leads(office) == []


def test_a_comment_goes_to_the_leads_with_the_low_answer_and_later_ones_after_it(office: Office) -> None:
    ticket = done(office)
    survey_desk(office).answer(ticket.id, JUNIPER, LOW)
    survey_desk(office).comment(ticket.id, JUNIPER, "It took <!channel> a month.")
    office.work(REPORT_AFTER + 30)

    [told] = told_leads(office)
    assert told.endswith("\n> It took &lt;!channel&gt; a month.")

    survey_desk(office).comment(ticket.id, JUNIPER, "And nobody called.")
    office.work(30)

    assert len(told_leads(office)) == 1
    assert any(text.endswith("\n> And nobody called.") for text in office.chat.texts(TEAM))
    assert "a month" not in questions(office)[0]


def test_the_comment_on_a_sensitive_ticket_is_shown_to_nobody(office: Office) -> None:
    ticket = done(office, type_name="data_pull", sensitive=True)
    survey_desk(office).answer(ticket.id, JUNIPER, LOW)
    survey_desk(office).comment(ticket.id, JUNIPER, "The list was wrong.")
    office.work(REPORT_AFTER + 30)
    survey_desk(office).comment(ticket.id, JUNIPER, "The list was quite wrong.")
    office.work(30)

    assert len(told_leads(office)) == 1
    assert "wrong" not in office.chat.everything()


def test_a_comment_needs_an_answer(office: Office) -> None:
    ticket = done(office)

    with pytest.raises(NotAllowed, match="five answers"):
        survey_desk(office).comment(ticket.id, JUNIPER, "Hello")


def test_what_is_redacted_goes_from_the_comment_and_from_what_the_leads_read(office: Office) -> None:
    ticket = done(office)
    survey_desk(office).answer(ticket.id, JUNIPER, LOW)
    survey_desk(office).comment(ticket.id, JUNIPER, "My password is swordfish9")
    office.work(REPORT_AFTER + 30)

    office.click(office.ticket(ticket), Action.REDACT, "swordfish9", by=INDIGO)
    office.work(60)

    survey = Surveys(office.store).of(ticket.id)
    assert survey
    assert survey.comment == "My password is [redacted]"
    assert "swordfish9" not in office.chat.everything()


def test_a_question_whose_outcome_is_unknown_is_not_asked_twice(office: Office) -> None:
    ticket = office.submit()
    office.work(30)
    until_it_waits(office, ticket)
    cut_off(office, "post")

    office.work(600)

    assert len(questions(office)) == 1
    survey = Surveys(office.store).of(ticket.id)
    assert survey
    assert survey.message


def test_the_leads_of_a_low_answer_are_those_of_the_ticket_s_route(office: Office) -> None:
    from identity_bot import Route
    from tests.support_desk import JUNIPER as REQUESTOR
    from tests.support_plugins import COFFEE, coffee

    route = Route(leads=({"slack": "U0LINDEN"},))
    office.load(coffee(COFFEE, route=lambda: route), name="coffee")
    answers = {"team": "T", "name": "J", "production": False, "size": "x"}
    ticket = office.desk.submit("coffee", answers, REQUESTOR, submission="V7", origin=None)
    office.work(60)
    close(office, ticket)
    answer(office, ticket, LOW)

    [told] = [text for text in office.chat.texts(TEAM) if "dissatisfied" in text]
    assert told.startswith("<@U0LINDEN> ")
