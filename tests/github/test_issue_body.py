"""The body of an issue: the status block on top, the request, and the marker that finds the ticket again."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.errors import Rejected
from identity_bot.github import issue_body as issue
from identity_bot.github.issue_body import Status
from identity_bot.text.markdown import block, span
from identity_bot.text.redaction import SHORTEST, redactor
from identity_bot.tickets.model import IssueDraft, MessageRef, Person, Ticket
from tests.support_outbox import ticket

TICKET = ticket()
OTHERS_MARKER = f"<!-- identity-bot:ticket={ticket('V2').id} -->"
THREAD = MessageRef(channel="C1", ts="1.2", link="https://sandbox.slack.test/archives/C1/p12")


def test_a_body_has_status_request_and_marker_in_this_order() -> None:
    body = issue.body(TICKET, "### What\n\nThis")

    assert body.splitlines() == [
        "<!-- identity-bot:status -->",
        f"Requested by `Juniper Vale` (in Slack `juniper`), team `Benefits` · reference {TICKET.reference}",
        "<!-- identity-bot:end -->",
        "",
        "### What",
        "",
        "This",
        "",
        f"<!-- identity-bot:ticket={TICKET.id} type=pr_review requestor=U0JUNIPER -->",
    ]


def test_a_ticket_is_found_again_by_its_body() -> None:
    assert issue.ticket_id_in(issue.body(TICKET, "This")) == TICKET.id


@pytest.mark.parametrize("end", ["\n", "\r\n\r\n", "   \n\n"])
def test_white_space_after_the_marker_is_ignored(end: str) -> None:
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

    assert urgent.splitlines()[1].startswith("**Urgent: Veterans in production are affected.** Requested by")


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
    body = issue.body(TICKET, "This").replace("\n", "\r\n")

    assert issue.with_status(body, TICKET) == body


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


def test_the_status_block_may_grow_in_the_longest_issue() -> None:
    longest = Ticket(
        id=TICKET.id,
        type="x" * 40,
        requestor=Person(slack_id="U1", handle="h" * 100, name="n" * 100, team="t" * 100),
        answers={},
        submitted_at=0.0,
        is_urgent=True,
    )
    body = issue.body(longest, "x" * IssueDraft.LONGEST_BODY)
    linked = replace(longest, thread=replace(THREAD, link="https://slack.test/" + "x" * 500))

    grown = issue.with_status(body, linked, INDIGO)

    assert issue.status_in(grown) == INDIGO
    assert len(grown) <= issue.LONGEST_BODY


# The status that the block keeps

INDIGO = Status(spoc="indigo-marshwick", target=date(2026, 12, 1), target_over=date(2026, 11, 30))
BODY = issue.body(TICKET, "This")


def with_line(line: str, body: str = BODY) -> str:
    """A body with one more line in its status block."""
    return body.replace(issue.STATUS_ENDS, f"{line}\n{issue.STATUS_ENDS}", 1)


def test_the_block_keeps_spoc_and_target_date_in_lines_of_their_own() -> None:
    body = issue.with_status(BODY, TICKET, INDIGO)

    assert body.splitlines()[2:5] == [
        "SPOC: indigo-marshwick",
        "Target date: 2026-12-01, overrides the milestone's 2026-11-30",
        "<!-- identity-bot:end -->",
    ]
    assert issue.status_in(body) == INDIGO


def test_a_spoc_without_a_github_login_is_named_and_mentions_nobody() -> None:
    sage = Status(spoc="slack:U0SAGE", spoc_name="@sage [x](y)")

    body = issue.with_status(BODY, TICKET, sage)

    assert "\nSPOC: `@sage [x](y)` (slack:U0SAGE)\n" in body
    assert issue.status_in(body) == sage


def test_a_spoc_of_whom_only_the_slack_id_is_known_is_kept() -> None:
    body = issue.with_status(BODY, TICKET, Status(spoc="slack:U0SAGE"))

    assert "\nSPOC: slack:U0SAGE\n" in body
    assert issue.status_in(body) == Status(spoc="slack:U0SAGE")


@pytest.mark.parametrize("login", ["GH-12", "deadbeef", "1234567"])
def test_a_login_that_github_would_link_is_in_code(login: str) -> None:
    body = issue.with_status(BODY, TICKET, Status(spoc=login))

    assert f"\nSPOC: `{login}`\n" in body
    assert issue.status_in(body).spoc == login


@pytest.mark.parametrize(
    ("line", "spoc"),
    [
        ("SPOC: indigo-marshwick", "indigo-marshwick"),
        ("  spoc :   @indigo-marshwick  ", "indigo-marshwick"),
        ("- **SPOC:** @indigo-marshwick", "indigo-marshwick"),
        ("* __SPOC__: `indigo-marshwick`.", "indigo-marshwick"),
        ("**SPOC: Indigo_ABC**", "Indigo_ABC"),
        ("SPOC: Sage Hollowell (slack:U0SAGE)", "slack:U0SAGE"),
        ("SPOC: `(slack:U0EVIL)` (slack:U0SAGE)", "slack:U0SAGE"),
        ("- SPOC: slack:u0sage", "slack:U0SAGE"),
        ("SPOC: Sage Hollowell", ""),
        ("SPOC: nobody", ""),
        ("SPOC:", ""),
        ("SPOC", ""),
        ("SPOC: <b>", ""),
        ("SPOC: slack:", ""),
        ("The SPOC: indigo-marshwick", ""),
        ("SPOC: ?\nSPOC: sage-hollowell\nSPOC: indigo-marshwick", "sage-hollowell"),
    ],
)
def test_a_spoc_is_read_however_a_hand_wrote_it(line: str, spoc: str) -> None:
    assert issue.status_in(with_line(line)).spoc == spoc
    assert issue.status_in(with_line(line).replace("\n", "\r\n")).spoc == spoc


@pytest.mark.parametrize(
    ("line", "target", "over"),
    [
        ("Target date: 2026-12-01", date(2026, 12, 1), None),
        ("- **Target  date**:`2026-12-01` (moved)", date(2026, 12, 1), None),
        ("target date: 2026-12-01, set over the milestone 2026-11-30", date(2026, 12, 1), date(2026, 11, 30)),
        ("Target date: 2026-12-01, overrides the milestone's 2026-02-30", date(2026, 12, 1), None),
        ("Target date: 2026-02-30", None, None),
        ("Target date: 2026-02-30, overrides the milestone's 2026-11-30", None, None),
        ("Target date: 2026-12-011", None, None),
        ("Target date: 1 December", None, None),
        ("Target date: ٢٠٢٦-١٢-٠١", None, None),
        ("Target date: soon\nTarget date: 2026-12-01", date(2026, 12, 1), None),
    ],
)
def test_a_target_date_is_read_however_a_hand_wrote_it(
    line: str, target: date | None, over: date | None
) -> None:
    status = issue.status_in(with_line(line))

    assert (status.target, status.target_over) == (target, over)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "SPOC: indigo-marshwick\nTarget date: 2026-12-01",
        f"{BODY}\nSPOC: indigo-marshwick\nTarget date: 2026-12-01",
        f"SPOC: indigo-marshwick\n{BODY}",
        issue.body(TICKET, block(issue.with_status(BODY, TICKET, INDIGO))).split("\n\n", 1)[1],
        f"{issue.STATUS_ENDS}\nSPOC: indigo-marshwick\n{issue.STATUS_BEGINS}",
        f"text {issue.STATUS_BEGINS}\nSPOC: indigo-marshwick\n{issue.STATUS_ENDS}",
    ],
)
def test_a_status_outside_of_the_block_is_text(text: str | None) -> None:
    assert issue.status_in(text) == Status()


@given(names, names, names)
def test_no_name_can_pass_for_a_status(name: str, handle: str, team: str) -> None:
    said = [f"SPOC: evil\nTarget date: 2026-12-01\n{text}\nSPOC: evil" for text in (name, handle, team)]
    asked_by = Person(slack_id="U1", handle=said[1], name=said[0], team=said[2])

    body = issue.body(replace(TICKET, requestor=asked_by), "This")

    assert issue.status_in(body) == Status()


def test_a_status_stays_where_only_the_rest_of_the_block_changes() -> None:
    body = issue.with_status(BODY, TICKET, INDIGO)

    linked = issue.with_status(body, replace(TICKET, thread=THREAD))

    assert THREAD.link in linked
    assert issue.status_in(linked) == INDIGO


def test_a_person_may_write_above_the_block_and_into_it() -> None:
    edited = "Called her today.\n\n" + with_line("She is on leave until Monday.")

    body = issue.with_status(edited, TICKET, INDIGO)

    assert body.startswith("Called her today.\n\n<!-- identity-bot:status -->")
    assert f"{issue.STATUS_ENDS}\n\nShe is on leave until Monday.\n\nThis\n" in body
    assert body.count("Requested by") == 1
    assert issue.status_in(body) == INDIGO


def test_of_two_blocks_the_first_counts_and_the_second_is_text() -> None:
    doubled = f"{issue.with_status(BODY, TICKET, INDIGO)}\n\n{BODY}"
    sage = Status(spoc="sage-hollowell")

    body = issue.with_status(doubled, TICKET, sage)

    assert issue.status_in(doubled) == INDIGO
    assert issue.status_in(body) == sage
    assert body.count("Requested by") == 2


def test_a_block_whose_end_was_deleted_is_read_and_mended() -> None:
    broken = issue.with_status(BODY, TICKET, INDIGO).replace(f"{issue.STATUS_ENDS}\n", "")

    body = issue.with_status(broken, TICKET)

    assert issue.status_in(broken) == INDIGO
    assert body == issue.with_status(BODY, TICKET, INDIGO)


def test_a_block_whose_end_was_deleted_does_not_reach_into_the_next_one() -> None:
    first = issue.with_status(BODY, TICKET, INDIGO).replace(issue.STATUS_ENDS, "")
    doubled = f"{first}\nSPOC: evil\n{BODY}"

    body = issue.with_status(doubled, TICKET)

    assert issue.status_in(body) == INDIGO
    assert body.endswith(doubled.partition("2026-11-30\n")[2])


@pytest.mark.parametrize(
    "text",
    [
        BODY.rpartition("\n\n")[0],
        f"{BODY}\n\nP.S. urgent",
        BODY.replace("<!-- identity-bot:ticket", OTHERS_MARKER + "\n<!-- x:ticket"),
        "",
        "Written by hand",
    ],
)
def test_a_marker_that_is_not_the_last_line_any_more_is_put_there(text: str) -> None:
    body = issue.with_status(text, TICKET)

    assert issue.ticket_id_in(body) == TICKET.id
    assert body.count(f"identity-bot:ticket={TICKET.id}") == 1
    assert issue.with_status(body, TICKET) == body


pieces = st.lists(
    st.text(max_size=30)
    | st.sampled_from(
        [
            "SPOC: evil", "Target date: 2026-12-01", "```", "~~~~", "- a", "", "\r",
            "Requested by me · reference AAAA-AAAA", issue.STATUS_ENDS, f"x {issue.STATUS_BEGINS}", OTHERS_MARKER,
            "   ",
        ]
    ),
    max_size=8,
).map("\n".join)  # fmt: skip
logins = st.from_regex(issue.LOGIN, fullmatch=True).filter(lambda login: login.lower() not in issue.NOBODY)
statuses = st.builds(
    Status,
    spoc=st.just("") | logins | st.from_regex(issue.SLACK_ID, fullmatch=True),
    spoc_name=st.text(max_size=100),
    target=st.dates(),
    target_over=st.none() | st.dates(),
)


def kept(status: Status) -> tuple[object, ...]:
    """What of a status must come back as it was."""
    return status.spoc, status.target, status.target_over


@given(pieces, statuses)
def test_any_status_comes_back_whatever_the_rest_of_the_body_says(text: str, status: Status) -> None:
    body = issue.with_status(text, TICKET, status)

    assert kept(issue.status_in(body)) == kept(status)
    assert text in body
    assert issue.ticket_id_in(body) == TICKET.id
    assert issue.with_status(body, TICKET) == body


@given(pieces, pieces, statuses, statuses)
def test_what_people_wrote_around_the_block_survives_any_change_of_it(
    above: str, below: str, before: Status, after: Status
) -> None:
    start = issue.with_status("", TICKET, before).partition("\n\n")[0]
    body = issue.with_status(f"{above}\n\n{start}\n\n{below}", TICKET, before)

    again = issue.with_status(body, TICKET, after)

    assert kept(issue.status_in(again)) == kept(after)
    assert f"{above}\n" in again
    assert f"\n{below}" in again


@given(st.lists(st.sampled_from([*issue.with_status(BODY, TICKET, INDIGO).split("\n"), "mine"]), max_size=14))
def test_a_body_in_any_state_of_disorder_is_mended_once(lines: list[str]) -> None:
    text = "\n".join(lines)

    body = issue.with_status(text, TICKET, INDIGO)

    assert issue.status_in(body) == INDIGO
    assert issue.ticket_id_in(body) == TICKET.id
    assert body.count("mine") == text.count("mine")
    assert issue.with_status(body, TICKET, INDIGO) == body


def test_a_status_that_has_no_room_is_rejected() -> None:
    full = BODY.replace("This", "x" * (issue.LONGEST_BODY - len(BODY) + 3))

    with pytest.raises(Rejected, match="no room"):
        issue.with_status(full, TICKET, INDIGO)

    assert issue.with_status(full, TICKET) == full
    assert issue.with_status(full[:-10], TICKET) == full[:-10]
    assert issue.with_status(full, replace(TICKET, thread=THREAD)) == full


@pytest.mark.parametrize(("text", "is_one"), [("indigo", True), ("slack:U0SAGE", True), ("", False), ("@x", False),
    ("a b", False), ("slack:U0SAGE)", False), ("slack:x", False), ("slack:", False)])  # fmt: skip
def test_a_spoc_is_a_login_or_a_slack_id(text: str, is_one: bool) -> None:
    assert issue.is_spoc(text) is is_one


# The idempotency keys of comments


def test_a_comment_is_known_by_the_key_in_its_last_line() -> None:
    comment = issue.with_idempotency_key("Accepted.", "effect:12")

    assert comment == "Accepted.\n\n<!-- identity-bot:effect:12 -->"
    assert issue.idempotency_key_in(comment) == "effect:12"
    assert issue.idempotency_key_in(f"{comment}\nI agree") is None
    assert issue.idempotency_key_in(None) is None


@pytest.mark.parametrize("key", ["", "a b", "-->", "a\nb"])
def test_a_key_that_could_not_be_found_again_is_a_mistake(key: str) -> None:
    with pytest.raises(ValueError, match="an idempotency key is made of"):
        issue.with_idempotency_key("text", key)


# Making a ticket again from its issue


LINKED = MessageRef(
    channel="C0INTAKE", ts="1700000000.000100", link="https://team.slack.com/archives/C0INTAKE/p17"
)
any_name = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
nasty_names = any_name | st.text("`·,() Slackteam–*", min_size=1)


@given(nasty_names, nasty_names, nasty_names, st.booleans(), st.booleans(), st.booleans())
def test_an_issue_says_all_that_a_ticket_is_made_of_again_but_its_answers(
    name: str, handle: str, team: str, is_urgent: bool, is_sensitive: bool, is_linked: bool
) -> None:
    asked = Person(slack_id="U0JUNIPER", name=name, handle=handle, team=team)
    one = replace(
        TICKET,
        requestor=asked,
        is_urgent=is_urgent,
        is_sensitive=is_sensitive,
        thread=LINKED if is_linked else None,
    )

    filed = issue.filed_in(issue.body(one, "This"))

    assert filed
    assert (filed.type, filed.is_urgent, filed.is_sensitive) == ("pr_review", is_urgent, is_sensitive)
    assert filed.thread == one.thread
    assert filed.requestor.slack_id == "U0JUNIPER"
    shown = [span(text) for text in (name, handle, team)]
    said = (filed.requestor.name, filed.requestor.handle, filed.requestor.team)
    assert [span(text) for text in said] == shown


def test_an_issue_says_that_its_request_began_in_private() -> None:
    private = replace(TICKET, origin=MessageRef(channel="C9", ts="1.2", is_private=True))

    read = [issue.filed_in(issue.body(one, "This")) for one in (private, TICKET)]

    assert [bool(filed and filed.is_private) for filed in read] == [True, False]


def test_the_marker_learns_of_the_thread_when_the_status_block_does() -> None:
    before = issue.body(TICKET, "This")

    after = issue.with_status(before, replace(TICKET, thread=LINKED))

    assert after.splitlines()[-1] == (
        f"<!-- identity-bot:ticket={TICKET.id} type=pr_review requestor=U0JUNIPER "
        "thread=C0INTAKE/1700000000.000100 -->"
    )
    assert after.count("identity-bot:ticket=") == 1
    assert issue.with_status(after, replace(TICKET, thread=LINKED)) == after


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "", "requestor": Person(slack_id="", name="Ada")}, ""),
        ({"type": "Bad-Name", "requestor": Person(slack_id="x --> y", name="Ada")}, ""),
        ({"origin": MessageRef(channel="", ts="", is_private=True)},
         " type=pr_review requestor=U0JUNIPER private"),
        ({"thread": MessageRef(channel="C1", ts="now", link="https://x"), "is_sensitive": True},
         " type=pr_review requestor=U0JUNIPER sensitive"),
    ],
)  # fmt: skip
def test_a_marker_says_only_what_can_be_read_again(changes: dict[str, Any], said: str) -> None:
    written = issue.body(replace(TICKET, **changes), "This")

    assert written.endswith(f"<!-- identity-bot:ticket={TICKET.id}{said} -->")
    assert issue.ticket_id_in(written) == TICKET.id


def test_a_status_line_that_somebody_rewrote_says_nothing_of_the_requestor() -> None:
    written = issue.body(TICKET, "This").replace("Requested by", "Asked for by")

    filed = issue.filed_in(written)

    assert filed
    assert filed.requestor == Person(slack_id="U0JUNIPER")
    assert issue.filed_in(written.rpartition("\n")[0]) is None


@pytest.mark.parametrize("piece", ["`", "` (in Slack `", "`a`, team `", "` ", "–", "Requested by `"])
def test_a_long_status_line_is_read_quickly(piece: str) -> None:
    line = f"Requested by `{piece * 5_000}"
    written = issue.body(TICKET, "This").replace("Requested by", line[:4_900] + "\nRequested by" + line, 1)
    began = time.process_time()

    issue.filed_in(written)

    assert time.process_time() - began < 2


# What is removed from a body


def test_what_the_bot_keeps_is_not_what_people_wrote() -> None:
    body = issue.body(TICKET, "### What\n\nThis")

    assert issue.words_in(body).strip() == "### What\n\nThis"
    assert issue.words_in(None) == ""


def test_the_lines_that_the_bot_keeps_are_not_redacted_and_others_within_them_are() -> None:
    """A text that is part of them, such as *identity*, must not break them."""
    body = issue.body(TICKET, "The identity").replace(
        "\n<!-- identity-bot:end", "\nAn identity\n<!-- identity-bot:end"
    )

    redacted = issue.redacted(body, lambda text: text.replace("identity", "[redacted]"))

    assert redacted == body.replace("The identity", "The [redacted]").replace("An identity", "An [redacted]")
    assert issue.ticket_id_in(redacted) == TICKET.id


def test_a_redacted_body_never_outgrows_what_github_takes() -> None:
    full = "abcd " * (issue.LONGEST_BODY // 5) + "."
    redact = redactor(["abcd"])

    new = issue.redacted(full, redact)

    assert len(redact(full)) > issue.LONGEST_BODY >= len(new)
    assert new == full.replace("abcd", "[…]")
    assert len(issue._SHORT_MARK) <= SHORTEST


def test_a_comment_of_ours_keeps_its_key() -> None:
    comment = issue.with_idempotency_key("The effect", "effect:12")

    assert issue.redacted(comment, lambda text: text.replace("effect", "[redacted]")) == comment.replace(
        "The effect", "The [redacted]"
    )
