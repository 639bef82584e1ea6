"""Approval: who may decide, what follows, and what is not possible until then; and to whom a ticket goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from identity_bot.errors import NotAllowed
from identity_bot.messages import words
from identity_bot.outbox.outbox import Outbox
from identity_bot.tickets.errors import Impossible
from identity_bot.tickets.model import (
    Action,
    Approval,
    CloseReason,
    EventKind,
    IssueComment,
    IssueSnapshot,
    Person,
    Stage,
    Ticket,
    ticket_id,
)
from identity_bot.tickets.people import Link, LinkSource, People
from tests.support_desk import DATA, JUNIPER, SETTINGS, Office

RESTRICTED = "sandbox-org/identity-restricted"
INDIGO, SAGE, LINDEN = "U0INDIGO", "U0SAGE", "U0LINDEN"
SECRET = {"sensitive": True}
PROVED = Link(slack_id="U0CLOVER", login="clover", source=LinkSource.PROVED, at=0.0)


@pytest.fixture
def office_with(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    opened: list[Office] = []

    def make(more: str = "", **options: Any) -> Office:
        office = Office(tmp_path, toml=f"{more}\n{SETTINGS}", **options)
        opened.append(office)
        return office

    yield make
    for office in opened:
        office.close()


@pytest.fixture
def office(office_with: Callable[..., Office]) -> Office:
    return office_with()


@pytest.fixture
def waiting(office: Office) -> Ticket:
    """A sensitive data pull that waits for approval."""
    ticket = office.submit("data_pull", **SECRET)
    office.work()
    return office.ticket(ticket)


def labeled(office: Office, ticket: Ticket, label: str, **changes: Any) -> None:
    """Somebody in GitHub changes the approval's label."""
    kept = {one for one in office.tracker.snapshot(1).labels if not one.startswith("approval:")}
    labels = frozenset(kept | ({label} if label else set()))
    office.desk.observe(office.tracker.edit(1, labels=labels, **changes))
    office.work()


def commented(office: Office, author: str, body: str, number: int = 7) -> None:
    """Somebody comments on the issue."""
    comment = IssueComment(
        repository=RESTRICTED, number=1, id=number, author=author, body=body, created_at=office.clock.now
    )
    office.desk.handle_comment(comment)
    office.work()


def comments(office: Office) -> list[str]:
    return [body for _, _, body, _ in office.tracker.comments]


def events(office: Office, ticket: Ticket) -> list[EventKind]:
    return [one.kind for one in office.store.events(ticket.id, 20)]


# What waits


def test_a_ticket_that_needs_approval_says_so_on_its_issue_and_to_all_who_are_concerned(
    office: Office, waiting: Ticket
) -> None:
    assert "approval: needed" in office.issue(waiting).labels
    assert waiting.state.approval is Approval.NEEDED
    [first] = office.told("requestor")
    assert "It has to be approved before it can be finished." in first
    [asked] = office.told("approvers")
    assert asked.startswith("<@U0INDIGO> <@U0SAGE> ")
    assert "needs your approval" in asked
    card = next(one for one in office.chat.posts if one.key.startswith("card:"))
    assert "*Approval:* needed" in str(card.blocks)
    assert [one["text"]["text"] for one in card.blocks[-1]["elements"]][:2] == ["Approve", "Decline…"]


def test_a_ticket_that_needs_none_is_as_it_was(office: Office) -> None:
    ticket = office.submit("data_pull")
    office.work()

    assert office.ticket(ticket).state.approval is None
    assert not office.told("approvers")
    assert "Approve" not in office.chat.everything()


# The decision


def test_an_approved_ticket_is_credited_and_told_and_can_be_finished(office: Office, waiting: Ticket) -> None:
    office.click(waiting, Action.APPROVE, by=SAGE)
    office.work()

    now = office.ticket(waiting)
    assert now.state.approval is Approval.APPROVED
    assert "**approved** this via Slack." in comments(office)[-1]
    assert "It's approved. Next, the team will look at it." in office.told("requestor")[-1]
    assert any(one.startswith("<@U0SAGE> approved ") for one in office.told("team"))
    office.click(now, Action.CLOSE, "completed", by=LINDEN)
    office.work()
    assert office.ticket(waiting).state.close_reason is CloseReason.COMPLETED
    assert not office.ticket(waiting).inconsistency
    assert events(office, waiting) == [EventKind.CREATED, EventKind.APPROVED, EventKind.CLOSED]


def test_a_declined_ticket_is_closed_with_its_reason_which_is_told_once(office: Office) -> None:
    ticket = office.submit("data_pull", **SECRET)
    office.work()

    office.click(ticket, Action.DECLINE, by=INDIGO, reason="We may not share this.")
    office.work()

    now = office.ticket(ticket)
    assert (now.state.approval, now.state.close_reason) == (Approval.DECLINED, CloseReason.NOT_PLANNED)
    assert "**declined** this via Slack." in comments(office)[-1]
    assert "We may not share this." in comments(office)[-1]
    [_, told] = office.told("requestor")
    assert "It was not approved. “We may not share this.” It was closed and won't be done." in told
    assert "We may not share this." not in str(office.chat.texts("C0TEAM") + office.chat.texts("C0INTAKE"))
    assert "If you still need it, please tell the team why. They can reopen it." in told
    assert events(office, now) == [EventKind.CREATED, EventKind.DECLINED, EventKind.CLOSED]


def test_a_declined_ticket_that_is_reopened_waits_for_its_approvers_again(
    office: Office, waiting: Ticket
) -> None:
    office.click(waiting, Action.DECLINE, by=INDIGO, reason="Why do you need it?")
    office.work()

    office.click(office.ticket(waiting), Action.REOPEN, by=LINDEN)
    office.work()

    assert office.ticket(waiting).state.approval is Approval.NEEDED
    assert len(office.told("approvers")) == 2
    office.click(office.ticket(waiting), Action.APPROVE, by=INDIGO)
    office.work()
    assert office.ticket(waiting).state.approval is Approval.APPROVED


@pytest.mark.parametrize("first", [Action.APPROVE, Action.DECLINE])
def test_of_two_who_decide_at_once_the_first_counts_and_the_second_is_told(
    office: Office, waiting: Ticket, first: Action
) -> None:
    second = Action.DECLINE if first is Action.APPROVE else Action.APPROVE
    office.click(waiting, first, by=INDIGO, reason="Because.")
    office.click(waiting, second, by=SAGE, reason="No.")

    office.work()

    decided = Approval.APPROVED if first is Action.APPROVE else Approval.DECLINED
    assert office.ticket(waiting).state.approval is decided
    [answer] = office.told(SAGE)
    assert (
        answer
        == f"Ticket {words.number(office.ticket(waiting))} was {decided.value} already, so nothing changed."
    )
    assert not any("No." in one for one in comments(office))
    assert events(office, waiting).count(EventKind.APPROVED) == (first is Action.APPROVE)
    assert "No." not in str(office.told("team"))


def test_an_approval_that_is_cut_off_is_made_and_credited_once(office: Office, waiting: Ticket) -> None:
    from identity_bot.errors import OutcomeUnknown

    update = office.tracker.update_issue

    def cut(*given: Any, **more: Any) -> Any:
        office.tracker.update_issue = update  # type: ignore[method-assign]
        update(*given, **more)
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.update_issue = cut  # type: ignore[method-assign]
    office.click(waiting, Action.APPROVE, by=SAGE)
    office.work(120)

    assert office.ticket(waiting).state.approval is Approval.APPROVED
    assert sum("**approved**" in one for one in comments(office)) == 1
    assert events(office, waiting).count(EventKind.APPROVED) == 1


# Who may decide


@pytest.mark.parametrize("by", [LINDEN, "U0STRANGER", ""])
@pytest.mark.parametrize("action", [Action.APPROVE, Action.DECLINE])
def test_nobody_else_can_decide_though_they_may_be_on_the_team(
    office: Office, waiting: Ticket, by: str, action: Action
) -> None:
    with pytest.raises(NotAllowed, match=r"Only <@U0INDIGO> or <@U0SAGE> can approve or decline"):
        office.click(waiting, action, by=by, reason="x")


def test_approvers_cannot_decide_on_what_they_requested_themselves(office: Office) -> None:
    own = Person(slack_id=INDIGO, handle="indigo")
    ticket = office.desk.submit("data_pull", DATA | SECRET, own, submission="V1", origin=None)
    office.work()

    with pytest.raises(NotAllowed, match=r"You requested ticket .* yourself, so somebody else must"):
        office.click(ticket, Action.APPROVE, by=INDIGO)
    commented(office, "indigo-marshwick", "/approve")

    assert office.ticket(ticket).state.approval is Approval.NEEDED
    assert "You requested ticket" in comments(office)[-1]
    assert office.told("approvers")[0].startswith("<@U0SAGE> ")


def adopted_from(office: Office, author: str) -> Ticket:
    """A ticket of an issue that somebody wrote in GitHub, which a label says has to be approved."""
    snapshot = IssueSnapshot(
        repository=RESTRICTED,
        number=1,
        url=f"https://github.test/{RESTRICTED}/issues/1",
        ticket_id=None,
        updated_at=office.tracker.second(),
        author=author,
        labels=frozenset({office.settings.label, "approval: needed"}),
    )
    office.tracker.now[RESTRICTED, 1] = snapshot
    office.tracker.writers.add(author)
    office.desk.observe(snapshot)
    office.work()
    found = office.store.ticket(ticket_id(f"{RESTRICTED}#1"))
    assert found
    return found


def test_approvers_cannot_decide_on_the_issue_that_they_wrote(office: Office) -> None:
    """They may be known in GitHub only, and be found in Slack later."""
    office.plugins.adopted.settings = {
        **office.plugins.adopted.settings,
        "leads": [{"github": "Clover"}, {"slack": "U0CLOVER"}, {"slack": SAGE}],
    }
    ticket = adopted_from(office, "clover")
    commented(office, "clover", "/approve")
    office.people = People((), lambda: (PROVED,))
    office.restart()

    assert office.ticket(ticket).state.approval is Approval.NEEDED
    assert "You requested ticket" in comments(office)[-1]
    with pytest.raises(NotAllowed, match="You requested ticket"):
        office.click(ticket, Action.APPROVE, by="U0CLOVER")
    assert office.told("approvers")[0].startswith("<@U0CLOVER> <@U0SAGE> ")


def test_whoever_asks_is_not_asked_to_approve_it_under_another_name(office: Office) -> None:
    """The settings name the approver by a login alone, and Slack's id is linked to it."""
    data_pull = office.plugins.types["data_pull"]
    data_pull.settings = {**data_pull.settings, "leads": [{"github": "Linden-Brookmere"}]}
    own = Person(slack_id=LINDEN, handle="linden")
    office.desk.submit("data_pull", DATA | SECRET, own, submission="V1", origin=None)
    office.work()

    assert not office.told("approvers")
    assert sum("nobody can approve it" in one for one in office.told(office.settings.team_channel)) == 1


def test_an_approver_who_left_the_workspace_or_the_settings_cannot_decide(
    office_with: Callable[..., Office],
) -> None:
    office = office_with()
    ticket = office.submit("data_pull", **SECRET)
    office.work()
    office.chat.outsiders = frozenset({SAGE})
    with pytest.raises(NotAllowed):
        office.click(ticket, Action.APPROVE, by=SAGE)
    office.chat.outsiders = frozenset()
    data_pull = office.plugins.types["data_pull"]
    data_pull.settings = {**data_pull.settings, "leads": [{"slack": SAGE}]}

    with pytest.raises(NotAllowed, match="Only <@U0SAGE> can"):
        office.click(ticket, Action.APPROVE, by=INDIGO)
    office.click(ticket, Action.APPROVE, by=SAGE)


def test_a_click_on_what_is_decided_already_is_refused_in_words(office: Office, waiting: Ticket) -> None:
    office.click(waiting, Action.APPROVE, by=SAGE)
    office.work()

    with pytest.raises(Impossible) as refused:
        office.click(office.ticket(waiting), Action.DECLINE, by=INDIGO, reason="x")

    assert words.impossible(refused.value).endswith("was approved already, so nothing changed.")


def test_what_was_withdrawn_can_be_decided_on_only_once_it_is_reopened(
    office: Office, waiting: Ticket
) -> None:
    office.click(waiting, Action.CLOSE, "not planned", by=JUNIPER.slack_id)
    office.work()
    now = office.ticket(waiting)

    for action, can in ((Action.APPROVE, "approve"), (Action.DECLINE, "decline")):
        with pytest.raises(Impossible) as refused:
            office.click(now, action, by=SAGE, reason="x")
        assert words.impossible(refused.value).endswith(f"is closed, so you can't {can} it.")
    office.click(now, Action.REOPEN, by=LINDEN)
    office.work()
    office.click(office.ticket(waiting), Action.APPROVE, by=SAGE)
    office.work()

    assert office.ticket(waiting).state.approval is Approval.APPROVED


def test_a_ticket_whose_type_is_gone_is_decided_by_the_leads_and_not_finished_before(
    office: Office, waiting: Ticket
) -> None:
    office.restart(without="data_pull")

    with pytest.raises(Impossible):
        office.click(waiting, Action.CLOSE, "completed", by=LINDEN)
    with pytest.raises(NotAllowed):
        office.click(waiting, Action.APPROVE, by=LINDEN)
    office.click(waiting, Action.APPROVE, by=SAGE)
    office.work()

    assert office.ticket(waiting).state.approval is Approval.APPROVED


def test_if_the_settings_name_nobody_anymore_nobody_can_decide(office: Office, waiting: Ticket) -> None:
    data_pull = office.plugins.types["data_pull"]
    data_pull.settings = {**data_pull.settings, "leads": []}

    with pytest.raises(NotAllowed, match="the settings name no approvers"):
        office.click(waiting, Action.APPROVE, by=SAGE)
    commented(office, "sage-hollowell", "/approve")

    assert office.ticket(waiting).state.approval is Approval.NEEDED
    assert "the settings name no approvers" in comments(office)[-1]


# By a comment


def test_who_left_slack_cannot_approve_by_a_comment_either(office: Office, waiting: Ticket) -> None:
    office.chat.outsiders = frozenset({SAGE})

    commented(office, "sage-hollowell", "/approve")

    assert office.ticket(waiting).state.approval is Approval.NEEDED


def test_a_second_comment_does_not_decide_again(office: Office, waiting: Ticket) -> None:
    commented(office, "sage-hollowell", "/approve")
    commented(office, "sage-hollowell", "/approve", 8)
    commented(office, "indigo-marshwick", "/decline Too late.", 9)

    assert office.ticket(waiting).state.approval is Approval.APPROVED
    assert "was approved already, so nothing changed." in comments(office)[-1]
    assert events(office, waiting) == [EventKind.CREATED, EventKind.APPROVED]


def test_an_approver_decides_by_a_comment(office: Office, waiting: Ticket) -> None:
    commented(office, "sage-hollowell", "/approve")

    assert office.ticket(waiting).state.approval is Approval.APPROVED
    assert office.tracker.reactions[-1] == (7, "+1")
    assert any(one.startswith("<@U0SAGE> approved ") for one in office.told("team"))


def test_an_approver_declines_by_a_comment_with_a_reason(office: Office, waiting: Ticket) -> None:
    commented(office, "sage-hollowell", "/decline Jane's SSN is 123-45-6789, so no.")

    now = office.ticket(waiting)
    assert (now.state.approval, now.state.close_reason) == (Approval.DECLINED, CloseReason.NOT_PLANNED)
    assert "123-45-6789" not in office.chat.everything()


def test_to_decline_by_a_comment_needs_a_reason(office: Office, waiting: Ticket) -> None:
    commented(office, "sage-hollowell", "/decline")

    assert office.ticket(waiting).state.approval is Approval.NEEDED
    assert "on the same line, such as `/decline We may not share this.`" in comments(office)[-1]


@pytest.mark.parametrize("author", ["linden-brookmere", "stranger"])
def test_a_comment_by_anybody_else_changes_nothing(office: Office, waiting: Ticket, author: str) -> None:
    office.tracker.writers.add("stranger")

    commented(office, author, "/approve")

    assert office.ticket(waiting).state.approval is Approval.NEEDED
    assert comments(office)[-1].startswith(
        "Only `indigo-marshwick` or `sage-hollowell` can approve or decline ticket"
    )


def test_an_approver_who_is_known_in_slack_only_is_named_in_github(office: Office) -> None:
    """A Slack id would say nothing there, and might mention a stranger."""
    data_pull = office.plugins.types["data_pull"]
    data_pull.settings = {**data_pull.settings, "leads": [{"slack": "U0ROWAN"}, {"slack": "U0GONE"}]}
    office.chat.names["U0ROWAN"] = "Rowan Tidewell"
    office.submit("data_pull", **SECRET)
    office.work()

    commented(office, "linden-brookmere", "/approve")

    assert "Only `Rowan Tidewell` or `Name unknown (U0GONE)` can approve" in comments(office)[-1]


def test_what_waits_for_approval_is_not_released_by_a_comment(office: Office, waiting: Ticket) -> None:
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"linden-brookmere"})))
    commented(office, "linden-brookmere", "/released")

    assert office.ticket(waiting).stage is Stage.ASSIGNED
    assert "still needs approval, so you can't mark it released." in comments(office)[-1]


# What is not possible until then


def test_what_waits_cannot_be_closed_as_completed_and_can_be_withdrawn(
    office: Office, waiting: Ticket
) -> None:
    with pytest.raises(Impossible) as refused:
        office.click(waiting, Action.CLOSE, "completed", by=LINDEN)
    assert words.impossible(refused.value).endswith(
        "still needs approval, so you can't close it as completed. You can close it as not planned."
    )

    office.click(waiting, Action.CLOSE, "not planned", by=JUNIPER.slack_id)
    office.work()

    assert office.ticket(waiting).state.close_reason is CloseReason.NOT_PLANNED
    assert not office.ticket(waiting).inconsistency


def test_one_closed_as_completed_by_hand_is_shown_and_the_leads_are_told_once(
    office: Office, waiting: Ticket
) -> None:
    for _ in range(2):
        office.desk.observe(
            office.tracker.edit(1, is_open=False, close_reason=CloseReason.COMPLETED, title="Another")
        )
        office.work()

    assert "but the request was never approved" in office.ticket(waiting).inconsistency
    [alert] = [
        one
        for one in office.chat.texts(office.settings.team_channel)
        if "closed as completed in GitHub" in one
    ]
    assert "<@U0INDIGO> <@U0SAGE>" in alert


# By hand


@pytest.mark.parametrize(
    ("label", "approval", "told"),
    [
        ("approval: approved", Approval.APPROVED, "It's approved. Next, the team will look at it."),
        ("approval: declined", Approval.DECLINED, "It was not approved. The team will close it."),
        ("", None, "It no longer needs approval. Next, the team will look at it."),
    ],
)
def test_a_label_changed_by_hand_counts_and_is_told(
    office: Office, waiting: Ticket, label: str, approval: Approval | None, told: str
) -> None:
    labeled(office, waiting, label)

    assert office.ticket(waiting).state.approval is approval
    assert told in office.told("requestor")[-1]
    assert "in GitHub" in office.told("team")[-1] if approval else True


def test_any_ticket_can_be_made_to_need_approval_by_its_label(office: Office) -> None:
    ticket = office.submit("data_pull")
    office.work()
    labeled(office, ticket, "approval: needed")

    assert office.told("approvers")[0].startswith("<@U0INDIGO> <@U0SAGE> ")
    assert "It has to be approved before it can be finished." in office.told("requestor")[-1]
    office.click(office.ticket(ticket), Action.APPROVE, by=INDIGO)
    office.work()
    assert office.ticket(ticket).state.approval is Approval.APPROVED


# Without approvers


def test_without_approvers_the_ticket_is_opened_and_the_team_hears_of_it(tmp_path: Path) -> None:
    office = Office(tmp_path, toml="\n".join(line for line in SETTINGS.splitlines() if "leads" not in line))

    ticket = office.submit("data_pull", **SECRET)
    office.work()

    assert office.ticket(ticket).state.approval is Approval.NEEDED
    assert not office.told("approvers")
    assert sum("nobody can approve it" in one for one in office.told(office.settings.team_channel)) == 1
    with pytest.raises(NotAllowed, match="Nobody can approve or decline"):
        office.click(ticket, Action.APPROVE, by=LINDEN)
    assert Outbox(office.store).backlog().failed == 0
    office.close()


# The rota


ROTA = """
rota = [{ github = "linden-brookmere" }, { slack = "U0SAGE" }]
rota_turns = "round_robin"
"""


def test_tickets_get_their_spoc_in_turn_who_is_told(office_with: Callable[..., Office]) -> None:
    office = office_with(ROTA)

    tickets = [office.submit(view=f"V{n}") for n in range(4)]
    office.submit(view="V3")
    office.work(60)

    spocs = [office.ticket(one).state.spoc for one in tickets]
    assert spocs == ["linden-brookmere", "sage-hollowell"] * 2
    assert sum("single point of contact" in one for one in office.told("members")) == 4
    assert office.ticket(tickets[0]).stage is Stage.TRIAGED


def test_turns_go_on_after_a_restart_and_are_not_used_up_by_what_was_not_kept(
    office_with: Callable[..., Office],
) -> None:
    office = office_with(ROTA)
    first = office.submit(view="V0")
    with suppress(RuntimeError), office.store.begin() as transaction:
        transaction.take_turn("")
        raise RuntimeError

    office.restart()

    assert [first.turn, office.submit(view="V1").turn] == [0, 1]


def test_if_everybody_is_away_there_is_no_spoc_and_the_team_hears_of_it_once(
    office_with: Callable[..., Office],
) -> None:
    gone = ", ".join(
        f"{{ {one}, from = 2026-01-01, to = 2030-01-01 }}"
        for one in ('slack = "U0LINDEN"', 'slack = "U0SAGE"')
    )
    office = office_with(f"{ROTA}away = [{gone}]")

    tickets = [office.submit(view=f"V{n}") for n in range(2)]
    office.work(60)

    assert [office.ticket(one).state.spoc for one in tickets] == ["", ""]
    assert sum("Nobody of the rota is there" in one for one in office.told(office.settings.team_channel)) == 1


def test_a_rota_of_people_who_all_left_stops_no_request(office_with: Callable[..., Office]) -> None:
    """The settings still name them: `identity-bot check` says so, and the team names somebody else."""
    office = office_with(ROTA)
    office.chat.outsiders = frozenset({LINDEN, SAGE})
    office.chat.closed = {LINDEN, SAGE}

    ticket = office.submit()
    office.work(60)
    office.click(ticket, Action.SPOC, "indigo-marshwick", by=INDIGO)
    office.work()

    assert office.ticket(ticket).state.spoc == "indigo-marshwick"
    assert office.outbox.rows("failed") == []


def test_a_route_of_a_plugin_decides_who_gets_the_ticket(office: Office) -> None:
    from identity_bot import Route
    from tests.support_plugins import COFFEE, coffee

    route = Route(
        leads=({"slack": "U0SAGE", "github": "sage-hollowell"},),
        spoc="slack:U0INDIGO",
        assignee="linden-brookmere",
    )
    office.load(coffee(COFFEE, route=lambda: route), name="coffee")

    ticket = office.desk.submit(
        "coffee",
        {"team": "T", "name": "J", "production": True, "size": "x"},
        JUNIPER,
        submission="V7",
        origin=None,
    )
    office.work()

    now = office.ticket(ticket)
    assert now.state.spoc == "indigo-marshwick"
    assert now.state.assignees == ("linden-brookmere", "sage-hollowell")
    assert "<@U0SAGE>" in now.headline
    assert "<@U0INDIGO>" not in now.headline


@pytest.mark.parametrize("result", ["nobody", {"leads": []}, 1])
def test_a_route_that_fails_leaves_the_ticket_to_the_default(office: Office, result: object) -> None:
    from tests.support_plugins import COFFEE, coffee

    office.load(coffee(COFFEE, route=lambda: result), name="coffee")
    ticket = office.desk.submit(
        "coffee",
        {"team": "T", "name": "J", "production": True, "size": "x"},
        JUNIPER,
        submission="V7",
        origin=None,
    )
    office.work()

    assert office.ticket(ticket).state.assignees == ("indigo-marshwick", "sage-hollowell")
    assert any("failed in `route`" in one for one in office.told(office.settings.team_channel))
