"""The body of an issue: the status block on top, the request, and the marker that finds the ticket again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from identity_bot import issue
from identity_bot.markdown import block
from identity_bot.model import Person, Post, Ticket
from tests.support_outbox import ticket

TICKET = ticket()
OTHERS_MARKER = f"<!-- identity-bot:ticket={ticket('V2').id} -->"
THREAD = Post(channel="C1", ts="1.2", link="https://sandbox.slack.test/archives/C1/p12")


def test_a_body_has_status_request_and_marker_in_this_order() -> None:
    body = issue.body(TICKET, "### What\n\nThis")

    assert body.splitlines() == [
        "<!-- identity-bot:status -->",
        f"Asked by `Juniper Vale` (in Slack `juniper`), team `Benefits` · reference {TICKET.reference}",
        "<!-- identity-bot:end -->",
        "",
        "### What",
        "",
        "This",
        "",
        f"<!-- identity-bot:ticket={TICKET.id} -->",
    ]


def test_a_ticket_is_found_again_by_its_body() -> None:
    assert issue.ticket_id_in(issue.body(TICKET, "This")) == TICKET.id


@pytest.mark.parametrize("end", ["\n", "\r\n\r\n", "   \n\n"])
def test_white_space_after_the_marker_is_no_matter(end: str) -> None:
    assert issue.ticket_id_in(issue.body(TICKET, "This").replace("\n", "\r\n") + end) == TICKET.id


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "\n\n",
        "no marker",
        f"{OTHERS_MARKER}\nand then some text",
        f"in a line with text {OTHERS_MARKER}",
        "<!-- identity-bot:ticket=not-an-id -->",
        OTHERS_MARKER.upper(),
        f"> {OTHERS_MARKER}",
    ],
)
def test_no_other_line_is_a_marker(text: str | None) -> None:
    assert issue.ticket_id_in(text) is None


@given(st.text() | st.sampled_from([OTHERS_MARKER, f"a\n{OTHERS_MARKER}\n\n"]))
def test_no_request_can_pass_for_another_ticket(request: str) -> None:
    """Our marker is always the last line, whatever somebody wrote before it."""
    assert issue.ticket_id_in(issue.body(TICKET, block(request))) == TICKET.id
    assert issue.ticket_id_in(issue.body(TICKET, request)) == TICKET.id


def test_an_urgent_ticket_says_so_first() -> None:
    urgent = issue.body(replace(TICKET, is_urgent=True), "This")

    assert urgent.splitlines()[1].startswith("**Urgent: Veterans in production are affected.** Asked by")


def test_the_thread_is_linked_once_it_is_known() -> None:
    before = issue.body(TICKET, "This")
    linked = replace(TICKET, thread=THREAD)

    after = issue.with_status(before, linked)

    assert f"[Slack thread]({THREAD.link})" in after
    assert after == issue.body(linked, "This")
    assert issue.with_status(after, linked) == after


def test_what_people_wrote_around_the_status_block_stays() -> None:
    body = issue.body(TICKET, "This").replace("This", "This, and a triager's remark")

    assert "a triager's remark" in issue.with_status(body, replace(TICKET, is_urgent=True))
    assert issue.ticket_id_in(issue.with_status(body, TICKET)) == TICKET.id


def test_a_status_block_that_somebody_deleted_comes_back() -> None:
    body = issue.body(TICKET, "This").split("\n\n", 1)[1]

    assert issue.with_status(body, TICKET) == issue.body(TICKET, "This")


def test_a_status_block_whose_end_was_deleted_loses_nothing() -> None:
    body = issue.body(TICKET, "This").replace("<!-- identity-bot:end -->", "")

    again = issue.with_status(body, TICKET)

    assert "This" in again
    assert issue.ticket_id_in(again) == TICKET.id


def test_windows_line_ends_are_no_change_of_the_text() -> None:
    """GitHub's own editor writes them."""
    body = issue.body(TICKET, "This")

    assert issue.with_status(body.replace("\n", "\r\n"), TICKET) == body


names = st.text(max_size=60) | st.sampled_from(
    ["<!-- identity-bot:end -->", "\n<!-- identity-bot:end -->\n", "`", "@everyone", "[a](b)", ""]
)


@given(names, names, names)
def test_no_name_can_break_out_of_the_status_block(name: str, handle: str, team: str) -> None:
    asked_by = Person(slack_id="U1", handle=handle, name=name, team=team)
    named = replace(TICKET, requestor=asked_by)

    body = issue.body(named, "This")

    assert body.splitlines()[2] == issue.STATUS_ENDS
    assert issue.with_status(body, named) == body


# Requests that are too long


def shown(body: str) -> list[str]:
    """The kinds of Markdown that GitHub would see in a body, in order."""
    return [token.type for token in MarkdownIt().parse(body) if token.nesting >= 0]


def test_a_request_that_fits_is_whole() -> None:
    request = "x" * issue.LONGEST_REQUEST

    assert request in issue.body(TICKET, request)
    assert len(issue.body(TICKET, request)) <= issue.LONGEST_BODY


@pytest.mark.parametrize(
    "request_text",
    [
        "one line\n" * 20_000,
        "x" * 100_000,
        "\n\n".join(f"### Question {number}\n\n{block('word ' * 1500)}" for number in range(20)),
        f"### Q\n\n{block('```' * 60 + chr(10) + 'line' * 10 + chr(10), limit=1000)}\n\n" * 200,
        "~~~text\n" + "line\n" * 20_000 + "~~~",
    ],
    ids=["lines", "one line", "answers", "fences", "tildes"],
)
def test_a_request_that_is_too_long_is_cut_where_it_breaks_nothing(request_text: str) -> None:
    """The marker stays a hidden comment, outside of any code block, and the issue says that something is missing."""
    body = issue.body(TICKET, request_text)

    assert len(body) <= issue.LONGEST_BODY
    assert issue.ticket_id_in(body) == TICKET.id
    assert issue.TOO_LONG in body
    assert (
        shown(body)[-4:] == ["paragraph_open", "inline", "html_block"][-4:] or shown(body)[-1] == "html_block"
    )


@given(st.integers(0, 400))
def test_every_cut_leaves_the_marker_outside_of_code(extra: int) -> None:
    """Wherever the limit falls within a code block and around it."""
    filler = "x" * 99 + "\n"
    start = filler * (issue.LONGEST_REQUEST // 100 - 3) + "y" * extra
    request = f"{start}\n\n{block('a' + chr(10) + 'b' * 50 + chr(10) + '`````' + chr(10) + 'c' * 300)}\n\nend"

    body = issue.body(TICKET, request)

    assert shown(body)[-1] == "html_block"


def test_the_status_block_may_grow_in_the_longest_issue() -> None:
    longest = Ticket(
        id=TICKET.id,
        type="x" * 40,
        requestor=Person(slack_id="U1", handle="h" * 100, name="n" * 100, team="t" * 100),
        answers={},
        submitted_at=0.0,
        is_urgent=True,
    )
    body = issue.body(longest, "x\n" * 60_000)

    linked = replace(longest, thread=replace(THREAD, link="https://slack.test/" + "x" * 500))

    assert len(issue.with_status(body, linked)) <= issue.LONGEST_BODY
