"""What people read about duplicates and similar tickets names no sensitive ticket and mentions nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_bot.messages import duplicates, issue_comments, queue
from identity_bot.text.markdown import mrkdwn
from identity_bot.tickets.duplicates import DuplicateProblem, NotAnOriginal
from identity_bot.tickets.model import Action, Change, CloseReason, Stage, Ticket, TicketState
from tests.support_outbox import START, ticket

OTHER = ticket(number=12, url="https://github.test/o/r/issues/12", title="PR review: vets-api")
HOSTILE = "<!channel> *x* <@U1> [a](b) `"


def at(stage: Stage, **changes: object) -> Ticket:
    """The other ticket at a stage."""
    return replace(OTHER, state=TicketState(stage=stage, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", DuplicateProblem)
def test_every_problem_is_a_sentence_that_says_what_to_do(kind: DuplicateProblem) -> None:
    said = duplicates.problem(NotAnOriginal(kind, OTHER))
    secret = duplicates.problem(NotAnOriginal(kind, replace(OTHER, is_sensitive=True, number=9_876)))

    assert "please" in said.casefold()
    assert said.endswith(".")
    assert "9876" not in secret


@pytest.mark.parametrize(
    ("now", "where"),
    [
        (at(Stage.OPEN), "Open, unassigned"),
        (at(Stage.ASSIGNED, assignees=("sage", "linden")), "Assigned to sage and linden"),
        (at(Stage.UAT, assignees=("sage",)), "Ready for UAT, assigned to sage"),
        (
            replace(at(Stage.CLOSED, close_reason=CloseReason.COMPLETED), closed_at=START),
            "Closed as completed on <!date^1800000000^{date}|January 15, 2027>",
        ),
        (at(Stage.CLOSED, close_reason=CloseReason.DUPLICATE), "Closed as a duplicate"),
    ],
)
def test_a_similar_ticket_is_one_line_with_its_number_title_and_stage(now: Ticket, where: str) -> None:
    assert queue.similar(now, "PR review") == f"Similar: *<{OTHER.url}|#12>* PR review: vets-api · {where}"


def test_nothing_that_people_wrote_breaks_out_of_the_line_or_mentions_anybody() -> None:
    now = replace(at(Stage.ASSIGNED, assignees=("a_b",)), title=f"{HOSTILE}\n{HOSTILE * 9}")

    line = queue.similar(now, HOSTILE)

    assert "\n" not in line
    assert "<!" not in line
    assert "<@" not in line
    assert line.startswith(f"Similar: *<{OTHER.url}|#12>* {mrkdwn(HOSTILE)}")


def test_the_comments_are_in_words_that_github_marks_duplicates_by() -> None:
    change = Change(action=Action.DUPLICATE, value="an id", reason="Same\npage")

    assert issue_comments.comment(change, "Sage", original="o/r#12").splitlines() == [
        "Duplicate of o/r#12",
        "",
        "`Sage` closed this as a duplicate via Slack.",
        "",
        "```text",
        "Same",
        "page",
        "```",
    ]
    assert "Duplicate of" not in issue_comments.comment(change, "Sage")
    assert issue_comments.has_duplicate("#2") == "#2 was closed as a duplicate of this ticket."
    assert "#" not in issue_comments.has_duplicate("")
