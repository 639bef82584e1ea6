"""What people are told about tickets and actions: which ticket, why not, and what is possible."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from identity_bot.messages import words
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.lifecycle import GONE
from identity_bot.tickets.model import Action, CloseReason, Priority, Stage, Ticket, TicketState
from tests.slack.test_modal import ticket


def at(stage: Stage, **state: Any) -> Ticket:
    """A ticket at a stage."""
    return ticket(state=TicketState(stage=stage, **state), repository="sandbox-org/requests")


def test_a_ticket_is_called_by_its_number_and_outside_the_main_repository_with_that() -> None:
    restricted = ticket(prefix="identity-restricted")

    assert words.link(ticket()) == "<https://github.test/o/r/issues/7|#7>"
    assert words.link(restricted) == "<https://github.test/o/r/issues/7|identity-restricted#7>"
    assert words.number(ticket(number=None)) == ticket().reference
    assert words.link(ticket(number=None, url="")) == ticket().reference


@pytest.mark.parametrize(
    ("repository", "prefix"),
    [
        ("va/requests", ""),
        ("VA/Requests", ""),
        ("va/reviews", "reviews"),
        ("other/requests", "other/requests"),
        ("va/logins", "va/logins"),
        ("Other/Logins", "Other/Logins"),
    ],
)
def test_no_two_tickets_of_two_repositories_have_the_same_name(repository: str, prefix: str) -> None:
    repositories = ["va/requests", "va/reviews", "other/requests", "va/logins", "Other/Logins"]

    assert words.prefix(repository, repositories) == prefix


def test_only_the_team_gets_a_link_to_a_sensitive_ticket() -> None:
    restricted = ticket(is_sensitive=True, prefix="identity-restricted")

    read_by_requestor = [
        words.link_for_anybody(restricted),
        words.receipt(restricted),
        words.about(restricted),
        words.not_taken(restricted, "no"),
    ]

    assert [("identity-restricted#7" in said, "<" in said) for said in read_by_requestor] == [
        (True, False)
    ] * 4
    assert "only the team can open it" in words.receipt(restricted)
    assert words.link_for_anybody(ticket()) == words.link(ticket())


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (at(Stage.OPEN), "Open"),
        (at(Stage.UAT), "Ready for UAT"),
        (at(Stage.CLOSED), "Closed"),
        (at(Stage.CLOSED, close_reason=CloseReason.COMPLETED), "Closed as completed"),
        (at(Stage.CLOSED, close_reason=CloseReason.NOT_PLANNED), "Closed as not planned"),
        (at(Stage.CLOSED, close_reason=CloseReason.DUPLICATE), "Closed as a duplicate"),
        (at(Stage.CLOSED, close_reason=CloseReason.DELETED), "Closed: issue deleted"),
        (at(Stage.CLOSED, close_reason=CloseReason.MOVED), "Closed: issue moved away"),
        (at(Stage.OPEN, close_reason=CloseReason.DUPLICATE), "Open"),
    ],
)
def test_the_stage_says_why_a_ticket_is_closed(now: Ticket, said: str) -> None:
    assert words.stage(now) == said


def test_somebody_without_a_name_is_called_by_their_login_or_at_least_recognizable() -> None:
    assert words.nameless("linden-brookmere") == "linden-brookmere"
    assert words.nameless("slack:U0LINDEN") == "Name unknown (U0LINDEN)"


def test_a_moment_is_shown_in_the_readers_own_time_with_its_age() -> None:
    assert words.moment(1_800_000_000.7) == (
        "<!date^1800000000^{date_short_pretty} at {time} ({ago})|2027-01-15 08:00 UTC>"
    )


@pytest.mark.parametrize(
    ("now", "action", "is_so", "said"),
    [
        (at(Stage.CLOSED), Action.UAT, False, "is closed, so you can't mark it ready for UAT. You can reopen it."),
        (at(Stage.CLOSED), Action.CLOSE, False, "is already closed. If something is missing, please tell"),
        (at(Stage.CLOSED), Action.ACCEPT, False, "is closed, so you can't accept it. If something is missing"),
        (at(Stage.ACCEPTED), Action.ACCEPT, False, "is already accepted. You can close it."),
        (at(Stage.ACCEPTED), Action.REJECT, False, "is accepted, so you can't send it back. You can close it."),
        (at(Stage.UAT), Action.RELEASE, False, "is ready for UAT, so you can't mark it released. You can "),
        (at(Stage.OPEN), Action.REOPEN, False, "is already open. You can "),
        (
            at(Stage.ASSIGNED, assignees=("a-login", "b-login")),
            Action.ASSIGN,
            True,
            "is already assigned to that person. You can ",
        ),
        (at(Stage.TRIAGED, priority=Priority.CRITICAL), Action.CRITICAL, True, "is already critical."),
        (at(Stage.TRIAGED, spoc="a-login"), Action.SPOC, True, "is already with that SPOC."),
        (
            at(Stage.IN_PROGRESS, target=date(2026, 12, 1)),
            Action.TARGET,
            True,
            "is already due on that date.",
        ),
    ],
)  # fmt: skip
def test_an_impossible_move_is_told_with_what_is_possible(
    now: Ticket, action: Action, is_so: bool, said: str
) -> None:
    assert words.impossible(Impossible(now, action, is_so=is_so)).startswith(f"Ticket #7 {said}")


def test_what_is_possible_instead_is_what_the_same_person_may() -> None:
    to_team = words.impossible(Impossible(at(Stage.UAT), Action.RELEASE))
    to_requestor = words.impossible(Impossible(at(Stage.OPEN), Action.ACCEPT))

    assert "accept it" not in to_team
    assert to_requestor.endswith("so you can't accept it. You can close it.")


def test_a_ticket_without_an_issue_can_be_moved_in_a_minute() -> None:
    said = words.impossible(
        Impossible(ticket(state=TicketState(stage=Stage.SUBMITTED), number=None), Action.TAKE)
    )

    assert said.startswith(f"Ticket {ticket().reference} has no issue in GitHub yet.")


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("is_so", [False, True])
def test_every_refusal_is_a_sentence(stage: Stage, action: Action, is_so: bool) -> None:
    said = words.impossible(Impossible(at(stage), action, is_so=is_so and stage in ACTIONS[action].at))

    assert said.startswith("Ticket #7 ")
    assert said.endswith(".")


def test_whoever_may_not_is_told_who_may() -> None:
    assert "Identity Team" in words.not_team(ticket())
    assert "Juniper Vale" in words.not_requestor(ticket())


def test_a_name_in_a_refusal_mentions_nobody() -> None:
    forged = ticket(requestor=ticket().requestor.__class__(slack_id="U1", name="<!channel>"))

    assert "<!channel>" not in words.not_requestor(forged)
    assert "<!channel>" not in words.about(forged)


@pytest.mark.parametrize("action", Action)
def test_what_somebody_chose_is_said_with_a_mention(action: Action) -> None:
    said = words.chose(action, "U1")

    assert said.startswith("<@U1> ")
    assert said.endswith(".")


def test_the_forms_offer_every_priority_and_every_close_reason_that_people_can_give() -> None:
    assert list(words.PRIORITIES) == list(Priority)
    assert set(words.CLOSE_REASONS) == set(CloseReason) - set(GONE)


TITLES = {"data_pull": "Data pull", "pr_review": "PR review"}


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("help", "`/help` starts a request to the Identity Team."),
        ("HELP", "`/help` starts a request to the Identity Team."),
        ("12", "`/help` can't do anything with “12”. It starts a request to the Identity Team."),
        ("Review", "There is no request type “Review”. Did you mean `/help pr_review`?"),
    ],
)
def test_a_word_after_the_command_is_answered_by_all_that_it_can_do(word: str, first: str) -> None:
    said = words.usage("/help", word, TITLES).splitlines()

    assert said[0] == first
    assert said[1:4] == [
        "• `/help`: choose from a list, or press *Start a request*",
        "• `/help data_pull`: Data pull",
        "• `/help pr_review`: PR review",
    ]


@pytest.mark.parametrize(("channel", "shown"), [("#ask", "in #ask."), ("C0INTAKE", "in <#C0INTAKE>.")])
def test_an_answer_to_a_direct_message_names_the_channel_where_people_read(channel: str, shown: str) -> None:
    assert words.answer_to_message("/help", channel).endswith(shown)


def test_of_an_issue_that_is_gone_nobody_is_told_that_it_could_be_reopened() -> None:
    gone = ticket(state=TicketState(stage=Stage.CLOSED, close_reason=CloseReason.DELETED), number=12)

    said = words.impossible(Impossible(gone, Action.PRIORITY))

    assert "no longer has an issue in GitHub" in said
    assert "reopen" not in said
