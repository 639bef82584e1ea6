"""A burst of changes is one message for each destination, and nobody is told of their own clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.forms.form import Form
from identity_bot.messages import updates
from identity_bot.messages.updates import Destination, Message
from identity_bot.plugins import defaults
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Action,
    Audience,
    CloseReason,
    Event,
    EventKind,
    Notification,
    Priority,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People
from identity_bot.tickets.service_levels import ServiceLevels
from tests.support_outbox import ticket

FORM = Form(title="PR review", questions=[])
WHO = [{"slack": "U0LINDEN", "github": "linden"}, {"slack": "U0SAGE", "github": "sage"}]
SETTINGS: dict[str, Any] = {
    "leads": [],
    "messages": {},
    "people": WHO,
    "conversation": True,
    "service_levels": ServiceLevels(),
}
PEOPLE = People(WHO)
NEW = ticket(number=12, url="https://github.test/12")
JUNIPER = NEW.requestor.slack_id
ABOUT = f"<@{JUNIPER}> <https://github.test/12|#12> *PR review*:"
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 8)

OPEN = TicketState()
TAKEN = TicketState(stage=Stage.ASSIGNED, assignees=("linden",), spoc="sage")
DATED = replace(TAKEN, stage=Stage.IN_PROGRESS, target=FIRST)
TRIED = replace(DATED, stage=Stage.UAT)
TESTED = replace(DATED, stage=Stage.ACCEPTED)
LIVE = replace(DATED, stage=Stage.RELEASED)
SHUT = replace(DATED, stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED)


def told(
    before: TicketState, now: TicketState, *, by: str = "", reason: str = "", about: Ticket = NEW
) -> Mapping[Destination, Message]:
    """The standard messages about what has changed, all of it by one person."""
    changed = replace(about, state=now)
    events = [
        Event(kind=kind, ticket_id=about.id, at=0.0, was=before, by=by, reason=reason)
        for kind in lifecycle.news(before, now)
    ]
    happened = [(event, defaults.notify(changed, event, FORM, SETTINGS)) for event in events]
    return updates.messages(changed, happened, FORM.title, PEOPLE)


def texts(messages: Mapping[Destination, Message]) -> dict[str, str]:
    return {to.value: message.text for to, message in messages.items()}


def one(notification: Notification, kind: EventKind = EventKind.RELEASED, by: str = "") -> Any:
    """An event with a plugin's word on it beside the standard ones."""
    event = Event(kind=kind, ticket_id=NEW.id, at=0.0, was=DATED, by=by)
    return event, [*defaults.notify(replace(NEW, state=LIVE), event, FORM, SETTINGS), notification]


# To the requestor


def test_what_happened_at_once_is_one_message_in_the_order_of_the_process() -> None:
    now = replace(TRIED, priority=Priority.HIGH)

    said = told(OPEN, now)

    assert said["requestor"].text == (
        f"{ABOUT} The priority is high. It's assigned to <@U0LINDEN>. The target date is December 1, 2026. "
        "It's ready for you to try. Press Accept if it works, or Needs work to tell us what's missing."
    )
    assert said["requestor"].buttons == (Action.ACCEPT, Action.REJECT)
    assert said["requestor"].ticket_id == NEW.id


@pytest.mark.parametrize(
    ("before", "now", "sentences"),
    [
        (
            OPEN,
            TicketState(stage=Stage.TRIAGED, priority=Priority.CRITICAL),
            "It's critical, so it goes ahead of all other requests. Next, we'll assign it to someone on the team.",
        ),
        (
            OPEN,
            replace(TAKEN, priority=Priority.CRITICAL),
            "It's critical, so it goes ahead of all other requests. It's assigned to <@U0LINDEN>. "
            "Next, we'll set a target date and tell you.",
        ),
        (
            OPEN,
            TicketState(stage=Stage.PRIORITIZED, priority=Priority.LOW),
            "The priority is low. Next, we'll assign it to someone on the team.",
        ),
        (
            TAKEN,
            OPEN,
            "It's no longer assigned to <@U0LINDEN>. Nobody is working on it right now. "
            "Next, the team will look at it.",
        ),
        (
            TAKEN,
            DATED,
            "The target date is December 1, 2026. We'll tell you when it's ready or if the date changes.",
        ),
        (
            DATED,
            replace(DATED, target=SECOND, assignees=("sage",)),
            "It's now assigned to <@U0SAGE>, and no longer to <@U0LINDEN>. The target date is now December 8, 2026 "
            "(it was December 1, 2026). We'll tell you when it's ready or if the date changes.",
        ),
        (
            DATED,
            TAKEN,
            "The target date of December 1, 2026 no longer applies. Next, we'll set a target date and tell you.",
        ),
        (
            TRIED,
            TESTED,
            "It was marked accepted. You don't need to do anything. Next, we'll release it if needed, and then "
            "close it.",
        ),
        (
            TRIED,
            DATED,
            "It needs more work, so you don't need to try it yet. We'll tell you when it's ready or if the date "
            "changes.",
        ),
        (
            TESTED,
            LIVE,
            "It's released. We'll close it soon. If something is wrong, please tell the team before then.",
        ),
        (
            LIVE,
            SHUT,
            "It's done and closed. If something is missing, please tell the team. They can reopen it.",
        ),
        (
            DATED,
            replace(SHUT, close_reason=CloseReason.NOT_PLANNED),
            "It was closed and won't be done. If you still need it, please tell the team why. They can reopen it.",
        ),
        (SHUT, LIVE, "It's open again. Next, the team will look at it."),
        (
            SHUT,
            TRIED,
            "It's open again. It's ready for you to try. Press Accept if it works, or Needs work to tell us what's "
            "missing.",
        ),
    ],
)
def test_the_requestor_reads_what_happened_and_what_comes_next(
    before: TicketState, now: TicketState, sentences: str
) -> None:
    assert told(before, now)["requestor"].text == f"{ABOUT} {sentences}"


def test_the_first_message_names_the_ticket_by_itself() -> None:
    event = Event(kind=EventKind.CREATED, ticket_id=NEW.id, at=0.0)

    said = updates.messages(NEW, [(event, defaults.notify(NEW, event, FORM, SETTINGS))], FORM.title, PEOPLE)

    assert texts(said) == {
        "requestor": (
            f"<@{JUNIPER}> We got your request: <https://github.test/12|#12> *PR review*. "
            "Next, the team will look at it. Replies in this thread are copied to the ticket."
        )
    }
    assert said["requestor"].buttons == (Action.CLOSE,)


@given(st.sampled_from([OPEN, TAKEN, DATED, TRIED, TESTED, LIVE, SHUT]), st.data())
def test_every_message_mentions_once_says_each_thing_once_and_reads_as_sentences(
    before: TicketState, data: st.DataObject
) -> None:
    now = data.draw(st.sampled_from([OPEN, TAKEN, DATED, TRIED, TESTED, LIVE, SHUT]))
    now = replace(now, priority=data.draw(st.none() | st.sampled_from(Priority)))

    for to, text in texts(told(before, now)).items():
        assert text.count(f"<@{JUNIPER}>") == (to == "requestor")
        assert "  " not in text
        assert "{" not in text
        sentences = text.replace(ABOUT, "").split(". ")
        assert len(set(sentences)) == len(sentences)
        assert all(sentence[0] in "<" or sentence[0].isupper() for sentence in sentences[1:])
        assert text.endswith((".", ".”"))


def test_a_requestor_who_is_not_known_in_slack_is_not_told() -> None:
    adopted = replace(NEW, requestor=replace(NEW.requestor, slack_id=""))

    assert set(told(OPEN, DATED, about=adopted)) == {"members"}
    assert set(told(LIVE, SHUT, about=adopted)) == {"intake"}


def test_people_are_not_told_of_their_own_clicks() -> None:
    assert told(TRIED, TESTED, by=JUNIPER).keys() == {"members"}
    assert told(DATED, SHUT, by=JUNIPER).keys() == {"intake"}


def test_of_several_events_only_ones_own_are_left_out() -> None:
    now = replace(NEW, state=SHUT)
    events = [
        Event(kind=EventKind.PRIORITIZED, ticket_id=NEW.id, at=0.0, was=OPEN, by="U0SAGE"),
        Event(kind=EventKind.CLOSED, ticket_id=NEW.id, at=0.0, was=OPEN, by=JUNIPER),
    ]
    happened = [(event, defaults.notify(now, event, FORM, SETTINGS)) for event in events]

    said = updates.messages(now, happened, FORM.title, PEOPLE)["requestor"].text

    assert said.startswith(f"{ABOUT} The priority is ")
    assert "closed." not in said


# To the team's members


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (TRIED, DATED, "Juniper Vale tried it and said it needs work. “It asks me twice.”"),
        (TRIED, TESTED, "Juniper Vale tried it and accepted it."),
    ],
)
def test_spoc_and_assignees_are_told_together(before: TicketState, now: TicketState, text: str) -> None:
    said = told(before, now, by=JUNIPER, reason="It asks me twice")

    assert texts(said) == {"members": f"<@U0SAGE> <@U0LINDEN> <https://github.test/12|#12>: {text}"}


def test_somebody_who_is_spoc_and_assignee_is_told_once() -> None:
    both = replace(TRIED, spoc="linden")

    said = told(both, replace(both, stage=Stage.ACCEPTED), by=JUNIPER)["members"].text

    assert said == "<@U0LINDEN> <https://github.test/12|#12>: Juniper Vale tried it and accepted it."


def test_those_who_are_told_other_things_have_a_line_of_their_own() -> None:
    before = replace(TRIED, spoc="")

    said = told(before, DATED, by=JUNIPER, reason="Twice!")["members"].text

    needs_work = "Juniper Vale tried it and said it needs work. “Twice!”"
    assert said == (
        "<@U0SAGE> <https://github.test/12|#12>: You're now the single point of contact and speak with Juniper Vale "
        f"about it. {needs_work}\n<@U0LINDEN> <https://github.test/12|#12>: {needs_work}"
    )


@pytest.mark.parametrize(
    ("spoc", "by"),
    [("sage", "U0SAGE"), ("SAGE", "U0SAGE"), ("slack:U0SAGE", "U0SAGE"), ("unknown", "Unknown")],
)
def test_a_member_is_not_told_of_what_they_did_whatever_they_are_called(spoc: str, by: str) -> None:
    before = replace(DATED, spoc=spoc)

    assert "members" not in told(before, replace(before, target=SECOND), by=by)
    assert "members" in told(before, replace(before, target=SECOND), by="U0LINDEN")


def test_who_is_assigned_is_told_unless_they_took_it_or_had_it_already() -> None:
    both = replace(TAKEN, assignees=("linden", "sage"))

    assert told(OPEN, TAKEN)["members"].text.endswith("It's assigned to you.")
    assert "members" not in told(replace(OPEN, spoc="sage"), TAKEN, by="U0LINDEN")
    assert told(TAKEN, both)["members"].text.startswith("<@U0SAGE> <")
    assert "<@U0LINDEN>" not in told(TAKEN, both)["members"].text


def test_a_member_who_is_not_known_in_slack_is_named() -> None:
    before = replace(DATED, spoc="nobody-knows")

    said = told(before, replace(before, target=SECOND))["members"].text

    assert said.startswith("nobody-knows <https://github.test/12|#12>: The target date is now ")


def test_where_there_is_nobody_nobody_is_told() -> None:
    alone = replace(DATED, assignees=(), spoc="")

    assert "members" not in told(replace(alone, stage=Stage.UAT), alone, by=JUNIPER, reason="Twice")


def test_a_sensitive_tickets_reason_is_told_to_its_requestor_alone() -> None:
    sensitive = replace(NEW, is_sensitive=True, is_direct=True)
    in_a_thread = replace(sensitive, is_direct=False)

    rejected = told(TRIED, DATED, by=JUNIPER, reason="Veteran X", about=sensitive)
    closed = told(DATED, SHUT, by="U0SAGE", reason="Veteran X", about=sensitive)

    assert rejected.keys() == {"members"}
    assert closed.keys() == {"requestor"}
    assert "Veteran X" not in str(rejected)
    assert "It's done and closed. “Veteran X.”" in closed["requestor"].text
    assert "Veteran X" not in str(told(DATED, SHUT, by="U0SAGE", reason="Veteran X", about=in_a_thread))


# What plugins add


def test_a_plugins_words_go_on_in_the_same_message_and_the_buttons_stay() -> None:
    mine = Notification(
        to=Audience.REQUESTOR, text="There is cake.", next="Come and eat.", buttons=(Action.CLOSE,)
    )

    said = updates.messages(replace(NEW, state=LIVE), [one(mine)], FORM.title, PEOPLE)["requestor"]
    asked = updates.messages(
        replace(NEW, state=TRIED), [one(mine, EventKind.READY_FOR_UAT)], FORM.title, PEOPLE
    )["requestor"]

    assert said.text == f"{ABOUT} It's released. There is cake. Come and eat."
    assert asked.buttons == (Action.ACCEPT, Action.REJECT, Action.CLOSE)


def test_only_the_last_events_next_step_and_buttons_are_shown() -> None:
    now = replace(NEW, state=LIVE)
    early = Notification(to=Audience.REQUESTOR, text="a.", next="Never.", buttons=(Action.ACCEPT,))

    said = updates.messages(
        now, [one(early, EventKind.ASSIGNED), one(replace(early, next="", buttons=()))], FORM.title, PEOPLE
    )["requestor"]

    assert "Never." not in said.text
    assert said.buttons == ()


def test_the_team_and_the_intake_channel_are_told_in_whole_sentences() -> None:
    team = Notification(to=Audience.TEAM, text="There is cake.")
    intake = Notification(to=Audience.INTAKE, text="Cake for all.")

    said = updates.messages(replace(NEW, state=LIVE), [one(team), one(intake)], FORM.title, PEOPLE)

    assert said["team"] == Message(text="There is cake.", ticket_id=NEW.id)
    assert said["intake"] == Message(text="Cake for all.", ticket_id=NEW.id)


def test_a_card_is_no_message() -> None:
    card = Notification(to=Audience.TEAM, text="Headline", is_card=True)

    assert "team" not in updates.messages(NEW, [one(card, EventKind.CREATED)], FORM.title, PEOPLE)


def test_without_news_nobody_is_told() -> None:
    assert updates.messages(NEW, [], FORM.title, PEOPLE) == {}
    assert told(DATED, DATED) == {}
