"""Accidents that come together: what waits in the outbox meets a world that has changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from identity_bot.errors import Rejected, Retryable
from identity_bot.tickets.model import Action, IssueComment, Priority, Stage, Ticket
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from tests.journeys.test_crash_actions import click, command
from tests.support_crash import REPOSITORY, Accidents, Life, life, on_sqlite
from tests.support_desk import Office
from tests.support_outbox import states

__all__ = ("life",)

JUNIPER, INDIGO, SAGE = "U0JUNIPER", "U0INDIGO", "U0SAGE"
INTAKE, TEAM = "C0INTAKE", "C0TEAM"
LEAD, OWNER, LINDEN = "indigo-marshwick", "sage-hollowell", "linden-brookmere"
ELSEWHERE = "sandbox-org/vets-api"
TRIED: dict[str, Any] = {"assignees": frozenset({LINDEN}), "labels": frozenset({"stage: ready for UAT"})}


def said(office: Office) -> list[str]:
    """What the bot has written below the issue."""
    return [body for _, _, body, _ in office.tracker.comments]


def comment(office: Office, body: str) -> None:
    """Somebody of the team writes below the issue."""
    where: dict[str, Any] = {"repository": REPOSITORY, "number": 1}
    office.desk.handle_comment(IssueComment(id=1, author=LEAD, body=body, created_at=office.clock(), **where))


# An issue that is not where it was, and nothing told of it


def begin(life: Life) -> None:
    """Nothing more is done than a request."""


def deleted(life: Life) -> None:
    """Somebody deletes the issue."""
    life.sandbox.github.delete(REPOSITORY, 1, actor=OWNER)


def moved_away(life: Life) -> None:
    """Somebody transfers the issue to a repository that is not followed."""
    life.sandbox.github.transfer(REPOSITORY, 1, ELSEWHERE, actor=OWNER)


def moved_on(life: Life) -> None:
    """Somebody transfers the issue to a repository that is followed."""
    life.sandbox.github.transfer(REPOSITORY, 1, cast.RESTRICTED_REPOSITORY, actor=OWNER)


WAITING = (
    (begin, "link_thread"),
    (click, "change_issue"),
    (click, "credit_action"),
    (command, "run_commands"),
    (command, "reply"),
)
each_waiting = pytest.mark.parametrize(
    ("do", "name"), WAITING, ids=[f"{do.__name__}-{name}" for do, name in WAITING]
)


def strike(life: Life, do: Callable[[Life], None], name: str, accident: Callable[[], None]) -> None:
    """A request, and somebody's deed, of which one effect is struck just before it is done."""
    accidents = Accidents(before=accident, roles={name})
    if do is begin:
        life.accidents = accidents
    life.submit()
    life.run()
    life.clock.move(60)
    life.accidents = accidents
    do(life)
    life.run()
    assert accidents.seen == [f"before {name}"]


def left(life: Life) -> list[str]:
    """What has failed; nothing may wait for more than its time."""
    assert not life.is_busy()
    return [f"{row.kind}: {row.last_error}" for row in life.bot.outbox.rows("failed")]


def now(life: Life) -> Ticket:
    """The ticket as it now is."""
    ticket = life.bot.desk.ticket(life.ticket.id) if life.ticket else None
    assert ticket
    return ticket


@on_sqlite
@each_waiting
@pytest.mark.parametrize("accident", [deleted, moved_away])
def test_what_waits_for_an_issue_that_is_gone_is_done_with(
    life: Life, do: Callable[[Life], None], name: str, accident: Callable[[Life], None]
) -> None:
    """Nobody could mend it: the ticket counts as closed, which is told, and nothing fails."""
    strike(life, do, name, lambda: accident(life))

    assert left(life) == []
    assert now(life).stage is Stage.CLOSED
    assert sum("was closed because" in one or "moved to a place" in one for one in life.news()) == 1


@on_sqlite
@each_waiting
@pytest.mark.parametrize("is_cut", [False, True])
def test_what_waits_for_an_issue_that_was_transferred_is_done_where_it_is_now(
    life: Life, do: Callable[[Life], None], name: str, is_cut: bool
) -> None:
    """Also where the answer to what is written there never comes: it is there once."""

    def accident() -> None:
        moved_on(life)
        if is_cut:
            life.sandbox.github.faults.add(
                "POST", f"/repos/{cast.RESTRICTED_REPOSITORY}/**", kind=FaultKind.CUT, after=True
            )

    strike(life, do, name, accident)

    assert left(life) == []
    assert (now(life).repository, now(life).number) == (cast.RESTRICTED_REPOSITORY, 1)
    written = [
        one.body.partition("\n")[0]
        for one in life.sandbox.github.comments(cast.RESTRICTED_REPOSITORY, 1)
        if one.author == cast.BOT_LOGIN
    ]
    assert len(written) == (0 if do is begin else 1)


# Actions


def test_an_action_and_another_and_the_first_again_end_as_the_last_click_says(
    office: Office, ticket: Ticket
) -> None:
    """All three wait while GitHub is away."""
    office.tracker.fails = [Retryable("GitHub: 503")]
    for value in ("high", "low", "high", "high"):
        office.click(ticket, Action.PRIORITY, value, by=INDIGO)
    office.work(60)

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert [one.partition("**")[2] for one in said(office)] == [
        "high** via Slack.",
        "low** via Slack.",
        "high** via Slack.",
    ]


def test_a_reason_is_kept_where_a_hand_was_quicker(office: Office, ticket: Ticket) -> None:
    """The requestor writes what is missing, while somebody sends it back to work in GitHub."""
    office.desk.observe(office.tracker.edit(1, **TRIED))
    office.work(60)
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="The button is not there.")
    office.tracker.edit(1, labels=frozenset({"stage: in progress"}))
    office.work(60)

    [only] = said(office)
    assert "The button is not there." in only
    assert office.ticket(ticket).stage is Stage.IN_PROGRESS


def test_who_asked_in_vain_is_not_named_for_what_another_does_later(office: Office, ticket: Ticket) -> None:
    """GitHub is away at the first attempt, and at the second the action is no longer possible."""
    office.desk.observe(office.tracker.edit(1, **TRIED))
    office.work(60)
    edit = office.tracker.update_issue

    def away(*_: object, **__: object) -> None:
        office.tracker.update_issue = edit  # type: ignore[method-assign]
        office.tracker.edit(1, labels=frozenset({"stage: accepted"}))
        raise Retryable("GitHub: 503")

    office.tracker.update_issue = away  # type: ignore[assignment, method-assign]
    office.click(ticket, Action.REJECT, by=JUNIPER, reason="The button is not there.")
    office.work(60)

    assert "you can't" in office.chat.texts(JUNIPER)[0]
    assert office.ticket(ticket).requested == ()
    for label in ("stage: ready for UAT", "stage: in progress"):
        office.desk.observe(office.tracker.edit(1, labels=frozenset({label})))
        office.work(60)
    assert "The button is not there." not in office.chat.everything()


def test_who_asked_for_what_closing_left_untold_is_not_named_for_what_another_does_later(
    office: Office, ticket: Ticket
) -> None:
    """Accepted and closed before anything of it was told; opened again, and accepted by hand."""
    office.desk.observe(office.tracker.edit(1, **TRIED))
    office.work(60)
    office.click(ticket, Action.ACCEPT, by=JUNIPER)
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO)
    office.work(60, min_intervals=False)
    office.desk.observe(office.tracker.edit(1, is_open=True, close_reason=None, **TRIED))
    office.work(60)
    office.desk.observe(office.tracker.edit(1, labels=frozenset({"stage: accepted"})))
    office.work(60)

    assert "was marked accepted" in office.chat.texts(INTAKE)[-1]
    assert "marked accepted in GitHub" in office.chat.texts(TEAM)[-1]


# Commands


def test_a_command_is_obeyed_once_though_its_answer_has_to_wait(office: Office, ticket: Ticket) -> None:
    """What somebody changes by hand meanwhile stays."""
    react = office.tracker.react

    def limited(*_: object) -> None:
        office.tracker.react = react  # type: ignore[method-assign]
        raise Retryable("GitHub: 403 secondary rate limit", 60.0)

    office.tracker.react = limited  # type: ignore[assignment, method-assign]
    comment(office, "/priority high")
    office.work(30)
    office.desk.observe(office.tracker.edit(1, labels=frozenset({"priority: low"})))
    office.work(60)

    assert office.ticket(ticket).state.priority is Priority.LOW
    assert office.tracker.reactions == [(1, "+1")]
    assert "failed" not in states(office.queue)


# Messages


@on_sqlite
@pytest.mark.parametrize("is_posted", [False, True])
def test_a_message_of_unknown_outcome_to_a_thread_that_is_gone_is_told_directly(
    life: Life, is_posted: bool
) -> None:
    """Slack may have put it into the channel, from which it is taken back."""
    slack, github = life.sandbox.slack, life.sandbox.github
    life.submit()
    life.run()
    life.clock.move(60)
    slack.delete(slack.messages(INTAKE)[0])
    cut = Accidents(roles={"news"})
    cut.before = lambda: slack.faults.add("chat.postMessage", cut=True, after=is_posted) and None
    life.accidents = cut
    github.close(REPOSITORY, 1, actor=LEAD)
    life.bot.desk.observe(life.bot.tracker.get_issue(REPOSITORY, 1))
    life.run()

    assert left(life) == []
    assert [one.text.startswith("Ticket") for one in slack.messages(INTAKE, replies=True)] == [True]
    [told] = slack.dm(JUNIPER)
    assert "It's done and closed" in told.text


# Spam


def test_a_repository_that_cannot_be_read_is_told_once_and_not_for_each_ticket(office: Office) -> None:
    """The roll is called while the token has lost its access."""
    tickets = [office.submit(view=f"V{number}") for number in range(20)]
    office.work(60)
    office.desk.start_schedule()
    before = len(_told(office))
    office.tracker.get_issue = _no_access  # type: ignore[assignment, method-assign]
    office.clock.move(24 * 3600)
    office.work(60, min_intervals=False)

    assert len(_told(office)) == before + 1
    assert "failed" not in states(office.queue)
    assert all(office.ticket(one).stage is Stage.OPEN for one in tickets)


def _told(office: Office) -> list[str]:
    """What the team was told, apart from what is due."""
    return [text for text in office.chat.texts(TEAM) if "Nobody has answered" not in text]


def _no_access(*_: object) -> None:
    raise Rejected("GitHub: 404 Not Found (sandbox-org/identity-requests)")
