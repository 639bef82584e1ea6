"""Changes from Slack and commands in comments: who may, what becomes of them in GitHub, and what people read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.errors import Impossible, NotAllowed, OutcomeUnknown, Rejected, Retryable
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    EventKind,
    IssueComment,
    Priority,
    Requested,
    Stage,
    Ticket,
)
from tests.support_desk import Office
from tests.support_outbox import at_once, states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
JUNIPER, INDIGO, SAGE, STRANGER = "U0JUNIPER", "U0INDIGO", "U0SAGE", "U0STRANGER"
REQUESTS = "sandbox-org/identity-requests"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


@pytest.fixture
def ticket(office: Office) -> Ticket:
    """A ticket whose issue is open, and of which everybody has been told, a minute ago."""
    ticket = office.submit()
    office.work(60)
    return office.ticket(ticket)


@pytest.fixture
def tried(office: Office, ticket: Ticket) -> Ticket:
    """The same, when it is ready for its requestor to try."""
    office.desk.observe(
        office.tracker.hand(1, assignees=ASSIGNED, labels=frozenset({"stage: ready for UAT"}))
    )
    office.work(60)
    return office.ticket(ticket)


def said(office: Office) -> list[str]:
    """What the bot has written below the issue."""
    return [body for _, _, body, _ in office.tracker.comments]


def stage(office: Office, ticket: Ticket) -> Stage:
    return office.ticket(ticket).stage


# Who may


def test_the_team_may_move_a_ticket_and_it_is_said_below_the_issue_whose_move_it_was(
    office: Office, ticket: Ticket
) -> None:
    office.chat.names[INDIGO] = "Indigo Marshwick"

    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert "priority: high" in office.tracker.snapshot(1).labels
    assert said(office) == ["`Indigo Marshwick` set the priority to **high** via Slack."]


@pytest.mark.parametrize(
    ("move", "stage_then"), [(Action.ACCEPT, Stage.ACCEPTED), (Action.REJECT, Stage.IN_PROGRESS)]
)
def test_the_requestor_may_accept_their_own_and_send_it_back(
    office: Office, tried: Ticket, move: Action, stage_then: Stage
) -> None:
    office.click(tried, move, by=JUNIPER, reason="It is *blue*" if move is Action.REJECT else "")
    office.work()

    assert stage(office, tried) is stage_then
    assert len(said(office)) == 1
    assert ("It is *blue*" in said(office)[0]) is (move is Action.REJECT)


def test_the_requestor_may_close_their_own(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.CLOSE, "not planned", by=JUNIPER)
    office.work()

    assert office.ticket(ticket).state.close_reason is CloseReason.NOT_PLANNED


@pytest.mark.parametrize(
    ("move", "by"),
    [
        (Action.CLOSE, STRANGER),
        (Action.PRIORITY, STRANGER),
        (Action.PRIORITY, JUNIPER),
        (Action.UAT, JUNIPER),
        (Action.ACCEPT, INDIGO),
        (Action.REJECT, STRANGER),
    ],
)
def test_whoever_may_not_is_told_who_may(office: Office, tried: Ticket, move: Action, by: str) -> None:
    with pytest.raises(NotAllowed, match="Only"):
        office.click(tried, move, "high", by=by)

    assert "waiting" not in states(office.outbox)


def test_whoever_left_the_team_may_no_more(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=SAGE)
    office.work()
    office.chat.team = frozenset({INDIGO})

    with pytest.raises(NotAllowed):
        office.click(ticket, Action.PRIORITY, "low", by=SAGE)


@pytest.mark.parametrize("move", [Action.UAT, Action.ACCEPT, Action.REOPEN, Action.RELEASE])
def test_what_a_ticket_does_not_allow_is_refused_before_anything_is_written(
    office: Office, ticket: Ticket, move: Action
) -> None:
    with pytest.raises(Impossible):
        office.click(ticket, move, by=JUNIPER if move is Action.ACCEPT else INDIGO)

    assert "waiting" not in states(office.outbox)


def test_a_click_on_a_card_of_last_month_finds_the_ticket_closed(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.hand(1, is_open=False))
    office.clock.move(30 * 24 * 3600)

    with pytest.raises(Impossible):
        office.click(ticket, Action.PRIORITY, "high", by=INDIGO)


def test_a_ticket_that_nobody_knows_is_a_key_error(office: Office) -> None:
    with pytest.raises(KeyError):
        office.desk.change("nobody's", Change(action=Action.CRITICAL), by=INDIGO)


def test_a_ticket_without_an_issue_is_moved_by_nobody(office: Office) -> None:
    waiting = office.submit()

    with pytest.raises(Impossible):
        office.click(waiting, Action.CLOSE, "completed", by=JUNIPER)


# Once


def test_a_double_click_is_one_change(office: Office, ticket: Ticket) -> None:
    at_once(*[lambda: office.click(ticket, Action.PRIORITY, "high", by=INDIGO)] * 4)
    office.work()

    assert len(said(office)) == 1
    assert states(office.outbox)["done"] == 5 + 5


def test_the_same_move_by_two_people_is_attributed_to_the_first(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.click(ticket, Action.PRIORITY, "high", by=SAGE)
    office.work()

    assert said(office) == ["`U0INDIGO` set the priority to **high** via Slack."]


def test_different_moves_of_two_people_at_once_are_both_made(office: Office, ticket: Ticket) -> None:
    at_once(
        lambda: office.click(ticket, Action.PRIORITY, "high", by=INDIGO),
        lambda: office.click(ticket, Action.TARGET, "2027-03-01", by=SAGE),
        lambda: office.click(ticket, Action.SPOC, LINDEN, by=INDIGO),
    )
    office.work()

    now = office.ticket(ticket).state
    assert (now.priority, str(now.target), now.spoc) == (Priority.HIGH, "2027-03-01", LINDEN)
    assert len(said(office)) == 3
    assert len(office.chat.texts(INTAKE)) == 2


def test_of_moves_that_exclude_each_other_the_later_clicker_is_told(office: Office, tried: Ticket) -> None:
    """The requestor accepts it and somebody of the team closes it in the same second."""
    office.click(tried, Action.CLOSE, "completed", by=INDIGO)
    office.click(tried, Action.ACCEPT, by=JUNIPER)
    office.work()

    assert stage(office, tried) is Stage.CLOSED
    assert said(office) == ["`U0INDIGO` closed this as **completed** via Slack."]
    assert "is closed, so you can't accept it" in office.chat.texts(JUNIPER)[0]


def test_a_move_that_somebody_made_in_github_meanwhile_is_not_attributed(
    office: Office, ticket: Ticket
) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.tracker.hand(1, labels=frozenset({"priority: high"}))
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert said(office) == []


def test_a_move_that_is_tried_again_is_not_attributed_where_another_made_it(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.fails = [Retryable("GitHub: 429", 5.0)]
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work(1)
    office.tracker.hand(1, labels=frozenset({"priority: high"}))
    office.desk.note(ticket.id, EventKind.PRIORITIZED, Requested(by=SAGE))
    office.work()

    assert said(office) == []


# What goes wrong


def test_where_github_refuses_a_change_the_clicker_is_told_and_nothing_is_attributed(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.update_issue = _refusing  # type: ignore[assignment, method-assign]

    office.click(ticket, Action.ASSIGN, "nobody-here", by=INDIGO)
    office.work()

    [told] = office.chat.texts(INDIGO)
    assert "GitHub refused your change" in told
    assert "must be a member" in told
    assert (said(office), office.ticket(ticket).asked) == ([], {})
    assert "parked" not in states(office.outbox)


def _refusing(*_: object, **__: object) -> None:
    raise Rejected("GitHub: whoever is assigned must be a member of the repository")


def test_a_comment_that_github_refuses_undoes_no_change(office: Office, ticket: Ticket) -> None:
    """As in a locked issue: the move is made and told all the same, and the comment waits for the operator."""
    office.tracker.comment = _refusing  # type: ignore[method-assign]

    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert office.chat.texts(INDIGO) == []
    assert [row.effect.kind for row in office.outbox.rows("parked")] == ["attribute"]
    assert len(office.chat.texts(INTAKE)) == 2


@pytest.mark.parametrize(
    "error", [Retryable("GitHub: 503"), Retryable("GitHub: 429", 60.0), OutcomeUnknown("GitHub: 502")]
)
def test_a_change_is_made_and_attributed_once_however_often_it_is_tried(
    office: Office, ticket: Ticket, error: Exception
) -> None:
    office.tracker.fails = [error] * 3

    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work(300)

    assert len(said(office)) == 1
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_comment_that_was_not_written_is_written_when_the_change_is_tried_again(
    office: Office, ticket: Ticket
) -> None:
    """The edit is done, and then GitHub asks us to wait."""
    write = office.tracker.comment

    def later(*_: object, **__: object) -> None:
        office.tracker.comment = write  # type: ignore[method-assign]
        raise Retryable("GitHub: 429", 60.0)

    office.tracker.comment = later  # type: ignore[method-assign]
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work(100)

    assert len(said(office)) == 1
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_spoc_who_is_known_by_a_slack_id_only_is_named_in_the_issue(office: Office, ticket: Ticket) -> None:
    named: list[str] = []
    edit = office.tracker.update_issue

    def noting(*asked: object, spoc_name: str = "") -> object:
        named.append(spoc_name)
        return edit(*asked)  # type: ignore[arg-type]

    office.tracker.update_issue = noting  # type: ignore[assignment, method-assign]
    office.chat.names["U0FERN"] = "Fern Hill"

    office.click(ticket, Action.SPOC, "slack:U0FERN", by=INDIGO)
    office.work()

    assert named == ["Fern Hill"]


# Comments


def comment(body: str, *, author: str = LINDEN, number: int = 1, key: int = 1) -> IssueComment:
    return IssueComment(
        repository=REQUESTS, number=number, id=key, author=author, body=body, created_at=1_800_000_000.0
    )


def test_commands_in_a_comment_are_obeyed_and_get_a_reaction(office: Office, ticket: Ticket) -> None:
    office.desk.hear(comment("/spoc @sage-hollowell\n/priority high\n/target 2027-03-01"))
    office.work()

    now = office.ticket(ticket).state
    assert (now.spoc, now.priority, str(now.target)) == ("sage-hollowell", Priority.HIGH, "2027-03-01")
    assert (office.tracker.reactions, said(office)) == ([(1, "+1")], [])
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_comment_is_heard_once_by_poll_and_webhook_and_in_any_case(office: Office, ticket: Ticket) -> None:
    heard = comment("/priority high")
    office.desk.hear(heard)
    office.desk.hear(replace(heard, repository="Sandbox-Org/identity-requests"))
    office.tracker.said.append(heard)
    office.desk.keep_time()
    office.work(200)
    office.desk.hear(heard)
    office.work()

    assert office.tracker.reactions == [(1, "+1")]


def test_a_comment_that_is_heard_by_many_at_once_is_obeyed_once(office: Office, ticket: Ticket) -> None:
    at_once(*[lambda: office.desk.hear(comment("/help"))] * 8)
    office.work()

    assert office.tracker.reactions == [(1, "+1")]
    assert len(said(office)) == 1


def test_a_comment_on_an_issue_that_is_nobodys_is_not_heard(office: Office, ticket: Ticket) -> None:
    office.desk.hear(comment("/priority high", number=99))
    office.desk.hear(replace(comment("/priority high"), repository="sandbox-org/vets-api"))

    assert "waiting" not in states(office.outbox)


def test_a_comment_without_commands_costs_nothing(office: Office, ticket: Ticket) -> None:
    office.desk.hear(comment("Thank you, this works. Have a look at /etc/hosts though."))

    assert "waiting" not in states(office.outbox)


def test_commands_of_people_without_write_access_are_answered_and_not_obeyed(
    office: Office, ticket: Ticket
) -> None:
    office.desk.hear(comment("/priority high", author="a-stranger"))
    office.work()

    assert office.ticket(ticket).state.priority is None
    assert office.tracker.reactions == [(1, "confused")]
    assert "Only people with write access" in said(office)[0]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("/target 30 February", "couldn't read"),
        ("/target 2027-02-30", "not a date on the calendar"),
        ("/target 2020-01-01", "in the past"),
        ("/priorty high", "Did you mean `/priority`"),
        ("/uat", "you can't mark it ready for UAT"),
        ("/spoc @a-stranger", "has no write access"),
        ("\n".join(f"/priority high {n}" for n in range(20)), "20 commands and none of them ran"),
    ],
)
def test_a_wrong_command_gets_a_reaction_and_a_short_reply(
    office: Office, ticket: Ticket, body: str, answer: str
) -> None:
    office.desk.hear(comment(body))
    office.work()

    assert office.tracker.reactions == [(1, "confused")]
    assert len(said(office)) == 1
    assert answer in said(office)[0]
    assert office.ticket(ticket).state == ticket.state


def test_a_right_command_beside_a_wrong_one_is_obeyed(office: Office, ticket: Ticket) -> None:
    office.desk.hear(comment("/priority high\n/uat"))
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert office.tracker.reactions == [(1, "confused")]


def test_a_command_for_what_is_so_already_changes_nothing(office: Office, ticket: Ticket) -> None:
    office.desk.hear(comment("/priority high", key=1))
    office.work()
    edits = len(office.tracker.edits)
    office.desk.hear(comment("/priority high", key=2))
    office.work()

    assert len(office.tracker.edits) == edits
    assert office.tracker.reactions == [(1, "+1"), (2, "+1")]


def test_a_reply_is_written_once_however_often_it_is_tried(office: Office, ticket: Ticket) -> None:
    write = office.tracker.comment

    def cut(*asked: object, **more: object) -> None:
        office.tracker.comment = write  # type: ignore[method-assign]
        write(*asked, **more)  # type: ignore[arg-type]
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.comment = cut  # type: ignore[method-assign]
    office.desk.hear(comment("/help"))
    office.work(100)

    assert len(said(office)) == 1


def test_whoever_gave_the_command_is_who_did_it(office: Office, ticket: Ticket) -> None:
    """An assignee is not told of their own command."""
    office.desk.observe(office.tracker.hand(1, assignees=ASSIGNED, spoc=LINDEN))
    office.work(60)
    before = office.chat.texts(TEAM)
    office.desk.hear(comment("/target 2027-03-01"))
    office.work(60)

    assert office.chat.texts(TEAM)[1:] == before[1:]
    assert len(office.chat.texts(INTAKE)) == 3
