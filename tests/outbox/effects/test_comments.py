"""Commands in comments: who may give them, what becomes of them, and how the bot replies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.tickets.model import IssueComment, Priority, Ticket
from tests.support_desk import Office
from tests.support_outbox import at_once, states

INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REQUESTS = "sandbox-org/identity-requests"
LINDEN = "linden-brookmere"
ASSIGNED = frozenset({LINDEN})


def said(office: Office) -> list[str]:
    """What the bot has written below the issue."""
    return [body for _, _, body, _ in office.tracker.comments]


def comment(body: str, *, author: str = LINDEN, number: int = 1, key: int = 1) -> IssueComment:
    return IssueComment(
        repository=REQUESTS, number=number, id=key, author=author, body=body, created_at=1_800_000_000.0
    )


def test_commands_in_a_comment_are_run_and_get_a_reaction(office: Office, ticket: Ticket) -> None:
    office.desk.handle_comment(comment("/spoc @sage-hollowell\n/priority high\n/target 2027-03-01"))
    office.work()

    now = office.ticket(ticket).state
    assert (now.spoc, now.priority, str(now.target)) == ("sage-hollowell", Priority.HIGH, "2027-03-01")
    assert (office.tracker.reactions, said(office)) == ([(1, "+1")], [])
    assert len(office.chat.texts(INTAKE)) == 2


def test_a_comment_is_processed_once_by_poll_and_webhook_and_in_any_case(
    office: Office, ticket: Ticket
) -> None:
    heard = comment("/priority high")
    office.desk.handle_comment(heard)
    office.desk.handle_comment(replace(heard, repository="Sandbox-Org/identity-requests"))
    office.tracker.said.append(heard)
    office.desk.start_schedule()
    office.work(200)
    office.desk.handle_comment(heard)
    office.work()

    assert office.tracker.reactions == [(1, "+1")]


def test_a_comment_that_many_hear_of_at_once_is_processed_once(office: Office, ticket: Ticket) -> None:
    at_once(*[lambda: office.desk.handle_comment(comment("/help"))] * 8)
    office.work()

    assert office.tracker.reactions == [(1, "+1")]
    assert len(said(office)) == 1


def test_a_comment_on_an_issue_that_is_nobodys_is_not_processed(office: Office, ticket: Ticket) -> None:
    office.desk.handle_comment(comment("/priority high", number=99))
    office.desk.handle_comment(replace(comment("/priority high"), repository="sandbox-org/vets-api"))

    office.work(700)

    assert "waiting" not in states(office.queue)
    assert office.tracker.reactions == []


def test_an_internal_comment_without_commands_costs_nothing(office: Office, ticket: Ticket) -> None:
    office.desk.handle_comment(comment("/internal Thank you, this works. Have a look at /etc/hosts though."))

    assert "waiting" not in states(office.queue)


def test_commands_of_people_without_write_access_are_answered_and_not_run(
    office: Office, ticket: Ticket
) -> None:
    office.desk.handle_comment(comment("/priority high", author="a-stranger"))
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
    office.desk.handle_comment(comment(body))
    office.work()

    assert office.tracker.reactions == [(1, "confused")]
    assert len(said(office)) == 1
    assert answer in said(office)[0]
    assert office.ticket(ticket).state == ticket.state


def test_a_right_command_beside_a_wrong_one_is_run(office: Office, ticket: Ticket) -> None:
    office.desk.handle_comment(comment("/priority high\n/uat"))
    office.work()

    assert office.ticket(ticket).state.priority is Priority.HIGH
    assert office.tracker.reactions == [(1, "confused")]


def test_a_command_for_what_is_so_already_changes_nothing(office: Office, ticket: Ticket) -> None:
    office.desk.handle_comment(comment("/priority high", key=1))
    office.work()
    edits = len(office.tracker.patches)
    office.desk.handle_comment(comment("/priority high", key=2))
    office.work()

    assert len(office.tracker.patches) == edits
    assert office.tracker.reactions == [(1, "+1"), (2, "+1")]


def test_a_reply_is_written_once_however_often_it_is_tried(office: Office, ticket: Ticket) -> None:
    write = office.tracker.comment

    def cut(*asked: object, **more: object) -> None:
        office.tracker.comment = write  # type: ignore[method-assign]
        write(*asked, **more)  # type: ignore[arg-type]
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.comment = cut  # type: ignore[method-assign]
    office.desk.handle_comment(comment("/help"))
    office.work(100)

    assert len(said(office)) == 1


def test_whoever_gave_the_command_is_who_did_it(office: Office, ticket: Ticket) -> None:
    """An assignee is not told of their own command."""
    office.desk.observe(office.tracker.edit(1, assignees=ASSIGNED, spoc=LINDEN))
    office.work(60)
    before = office.chat.texts(TEAM)
    office.desk.handle_comment(comment("/target 2027-03-01"))
    office.work(60)

    assert office.chat.texts(TEAM)[1:] == before[1:]
    assert len(office.chat.texts(INTAKE)) == 3


def test_a_stranger_is_answered_once_however_often_they_try(office: Office, ticket: Ticket) -> None:
    """Else anybody could have the bot fill an issue."""
    for key in range(3):
        office.desk.handle_comment(comment("/priority high", author="a-stranger", key=key))
        office.work()

    assert office.tracker.reactions == [(key, "confused") for key in range(3)]
    assert len(said(office)) == 1


def test_commands_are_not_run_again_while_github_takes_no_reply(office: Office, ticket: Ticket) -> None:
    """That would undo what others have changed since."""
    write = office.tracker.comment
    failures = [Retryable("GitHub: 503")] * 3

    def failing(*asked: object, **more: object) -> None:
        if failures:
            raise failures.pop()
        write(*asked, **more)  # type: ignore[arg-type]

    office.tracker.comment = failing  # type: ignore[method-assign]
    office.desk.handle_comment(comment("/priority high\n/help"))
    office.work(2)
    office.desk.observe(office.tracker.edit(1, labels=frozenset({"priority: low"})))
    office.work(100)

    assert office.ticket(ticket).state.priority is Priority.LOW
    assert len(said(office)) == 1


def test_a_rejected_command_gets_a_reply_and_those_after_it_are_run(office: Office, ticket: Ticket) -> None:
    """What was rejected is not attributed to anybody later."""
    update = office.tracker.update_issue

    def rejecting(*_: object, **__: object) -> None:
        office.tracker.update_issue = update  # type: ignore[method-assign]
        raise Rejected("GitHub: 422 Validation Failed")

    office.tracker.update_issue = rejecting  # type: ignore[assignment, method-assign]
    office.desk.handle_comment(comment("/priority high\n\n/spoc @sage-hollowell"))
    office.work()

    [(_, _, reply, _)] = office.tracker.comments
    assert "GitHub didn't accept this change" in reply
    assert office.ticket(ticket).state.spoc == "sage-hollowell"
    assert office.ticket(ticket).state.priority is None
    assert office.ticket(ticket).requested == ()
    assert office.outbox.rows("failed") == []
