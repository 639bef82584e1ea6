"""Effects on issues: who may have one changed, what becomes of it in GitHub, and what people read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_bot.errors import NotAllowed, OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.effects import GetIssue
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import Action, Change, CloseReason, Priority, Requested, Stage, Ticket
from tests.support_desk import Office
from tests.support_outbox import at_once, states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
JUNIPER, INDIGO, SAGE, STRANGER = "U0JUNIPER", "U0INDIGO", "U0SAGE", "U0STRANGER"
REQUESTS = "sandbox-org/identity-requests"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})


@pytest.fixture
def tried(office: Office, ticket: Ticket) -> Ticket:
    """The same, when it is ready for its requestor to try."""
    office.desk.observe(
        office.tracker.edit(1, assignees=ASSIGNED, labels=frozenset({"stage: ready for UAT"}))
    )
    office.work(60)
    return office.ticket(ticket)


def said(office: Office) -> list[str]:
    """What the bot has written below the issue."""
    return [body for _, _, body, _ in office.tracker.comments]


def stage(office: Office, ticket: Ticket) -> Stage:
    return office.ticket(ticket).stage


# Who may


def test_the_team_may_act_on_a_ticket_and_the_issue_says_whose_change_it_was(
    office: Office, ticket: Ticket
) -> None:
    office.chat.names[INDIGO] = "Indigo Marshwick"

    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert "priority: high" in office.tracker.snapshot(1).labels
    assert said(office) == ["`Indigo Marshwick` set the priority to **high** via Slack."]


@pytest.mark.parametrize(
    ("action", "stage_then"), [(Action.ACCEPT, Stage.ACCEPTED), (Action.REJECT, Stage.IN_PROGRESS)]
)
def test_the_requestor_may_accept_their_own_and_send_it_back(
    office: Office, tried: Ticket, action: Action, stage_then: Stage
) -> None:
    office.click(tried, action, by=JUNIPER, reason="It is *blue*" if action is Action.REJECT else "")
    office.work()

    assert stage(office, tried) is stage_then
    assert len(said(office)) == 1
    assert ("It is *blue*" in said(office)[0]) is (action is Action.REJECT)


def test_the_requestor_may_close_their_own(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.CLOSE, "not planned", by=JUNIPER)
    office.work()

    assert office.ticket(ticket).state.close_reason is CloseReason.NOT_PLANNED


@pytest.mark.parametrize(
    ("action", "by"),
    [
        (Action.CLOSE, STRANGER),
        (Action.PRIORITY, STRANGER),
        (Action.PRIORITY, JUNIPER),
        (Action.UAT, JUNIPER),
        (Action.ACCEPT, INDIGO),
        (Action.REJECT, STRANGER),
    ],
)
def test_whoever_may_not_is_told_who_may(office: Office, tried: Ticket, action: Action, by: str) -> None:
    with pytest.raises(NotAllowed, match="Only"):
        office.click(tried, action, "high", by=by)

    assert "waiting" not in states(office.queue)


def test_whoever_left_the_team_may_no_more(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=SAGE)
    office.work()
    office.chat.team = frozenset({INDIGO})

    with pytest.raises(NotAllowed):
        office.click(ticket, Action.PRIORITY, "low", by=SAGE)


@pytest.mark.parametrize("action", [Action.UAT, Action.ACCEPT, Action.REOPEN, Action.RELEASE])
def test_what_a_ticket_does_not_allow_is_refused_before_anything_is_written(
    office: Office, ticket: Ticket, action: Action
) -> None:
    with pytest.raises(Impossible):
        office.click(ticket, action, by=JUNIPER if action is Action.ACCEPT else INDIGO)

    assert "waiting" not in states(office.queue)


def test_a_click_on_a_card_of_last_month_finds_the_ticket_closed(office: Office, ticket: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, is_open=False))
    office.clock.move(30 * 24 * 3600)

    with pytest.raises(Impossible):
        office.click(ticket, Action.PRIORITY, "high", by=INDIGO)


def test_a_ticket_that_nobody_knows_is_a_key_error(office: Office) -> None:
    with pytest.raises(KeyError):
        office.desk.change("nobody's", Change(action=Action.CRITICAL), by=INDIGO)


def test_a_ticket_without_an_issue_is_changed_by_nobody(office: Office) -> None:
    waiting = office.submit()

    with pytest.raises(Impossible):
        office.click(waiting, Action.CLOSE, "completed", by=JUNIPER)


# Once


def test_a_double_click_is_one_change(office: Office, ticket: Ticket) -> None:
    at_once(*[lambda: office.click(ticket, Action.PRIORITY, "high", by=INDIGO)] * 4)
    office.work()

    assert len(said(office)) == 1
    assert len([patch for _, patch in office.tracker.patches if patch.priority]) == 1
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_form_that_was_sent_twice_is_credited_once(office: Office, ticket: Ticket) -> None:
    for _ in range(2):
        office.click(ticket, Action.CLOSE, "completed", by=INDIGO, reason="Solved another way.")
    office.work()

    [credit] = said(office)
    assert "Solved another way." in credit
    assert "failed" not in states(office.queue)


def test_the_same_change_by_two_people_is_credited_to_the_first(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.click(ticket, Action.PRIORITY, "high", by=SAGE)
    office.work()

    assert said(office) == ["`indigo-marshwick` set the priority to **high** via Slack."]


def test_different_changes_by_two_people_at_once_are_both_made(office: Office, ticket: Ticket) -> None:
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


def test_of_changes_that_exclude_each_other_the_later_clicker_is_told(office: Office, tried: Ticket) -> None:
    """The requestor accepts it and somebody of the team closes it in the same second."""
    office.click(tried, Action.CLOSE, "completed", by=INDIGO)
    office.click(tried, Action.ACCEPT, by=JUNIPER)
    office.work()

    assert stage(office, tried) is Stage.CLOSED
    assert said(office) == ["`indigo-marshwick` closed this as **completed** via Slack."]
    assert "is closed, so you can't accept it" in office.chat.texts(JUNIPER)[0]


def test_a_change_that_somebody_made_in_github_meanwhile_is_not_credited(
    office: Office, ticket: Ticket
) -> None:
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.tracker.edit(1, labels=frozenset({"priority: high"}))
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert said(office) == []


def test_a_change_that_is_tried_again_is_not_credited_if_another_made_it(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.fails = [Retryable("GitHub: 429", 5.0)]
    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work(1)
    office.tracker.edit(1, labels=frozenset({"priority: high"}))
    with office.store.begin() as transaction:
        now = transaction.ticket(ticket.id)
        assert now
        same = Requested(by=SAGE, change=Change(action=Action.PRIORITY, value="high"))
        transaction.save(replace(now, requested=(*now.requested, same)))
    office.work()

    assert said(office) == []


# What goes wrong


def test_if_github_rejects_a_change_whoever_requested_it_is_told_and_nobody_is_credited(
    office: Office, ticket: Ticket
) -> None:
    office.tracker.update_issue = _rejecting  # type: ignore[assignment, method-assign]

    office.click(ticket, Action.ASSIGN, "nobody-here", by=INDIGO)
    office.work()

    [told] = office.chat.texts(INDIGO)
    assert "GitHub refused your change" in told
    assert "must be a member" in told
    assert (said(office), office.ticket(ticket).requested) == ([], ())
    assert "failed" not in states(office.queue)


def _rejecting(*_: object, **__: object) -> None:
    raise Rejected("GitHub: whoever is assigned must be a member of the repository")


def test_a_comment_that_github_rejects_undoes_no_change(office: Office, ticket: Ticket) -> None:
    """As in a locked issue: the change is made and told all the same, and the comment waits for the operator."""
    office.tracker.comment = _rejecting  # type: ignore[method-assign]

    office.click(ticket, Action.PRIORITY, "high", by=INDIGO)
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert office.chat.texts(INDIGO) == []
    assert [row.kind for row in office.outbox.rows("failed")] == ["credit_action"]
    assert len(office.chat.texts(INTAKE)) == 2


@pytest.mark.parametrize(
    "error", [Retryable("GitHub: 503"), Retryable("GitHub: 429", 60.0), OutcomeUnknown("GitHub: 502")]
)
def test_a_change_is_made_and_credited_once_however_often_it_is_tried(
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


# Reading issues


def test_an_issue_waits_to_be_read_once(office: Office, ticket: Ticket) -> None:
    reads = office.tracker.reads
    with office.store.begin() as transaction:
        for _ in range(3):
            transaction.enqueue(GetIssue(ticket_id=ticket.id))
    office.work()

    assert office.tracker.reads == reads + 1


def test_the_team_is_told_once_however_many_issues_cannot_be_read(office: Office) -> None:
    tickets = [office.submit(view=f"V{number}") for number in range(3)]
    office.work(60)
    office.tracker.get_issue = _rejecting  # type: ignore[assignment, method-assign]
    with office.store.begin() as transaction:
        for one in tickets:
            transaction.enqueue(GetIssue(ticket_id=one.id))
    office.work()

    assert sum("can't get changes from GitHub" in text for text in office.chat.texts(TEAM)) == 1
    assert "failed" not in states(office.queue)
