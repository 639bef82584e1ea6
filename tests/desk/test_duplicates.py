"""A ticket is closed as a duplicate of another one: both issues say so, and the requestor learns where it continues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from identity_bot.errors import NotAllowed, OutcomeUnknown
from identity_bot.store import schema
from identity_bot.tickets.duplicates import DuplicateProblem, NotAnOriginal
from identity_bot.tickets.model import Action, Change, CloseReason, IssueComment, Person, Stage, Ticket
from tests.support_desk import DATA, JUNIPER, SETTINGS, Office
from tests.support_outbox import states

INDIGO, LINDEN, INTAKE, TEAM = "U0INDIGO", "linden-brookmere", "C0INTAKE", "C0TEAM"
REQUESTS, REVIEWS = "sandbox-org/identity-requests", "sandbox-org/reviews"
RESTRICTED = "sandbox-org/identity-restricted"
SAGE = Person(slack_id="U0SAGE", handle="sage")


def requested(
    office: Office, view: str, *, by: Person = JUNIPER, is_private: bool = False, **changes: Any
) -> Ticket:
    """A data pull that was requested and has its issue."""
    answers = DATA | changes
    made = office.desk.submit(
        "data_pull",
        answers,
        by,
        submission=view,
        origin=None,
        outside_intake=is_private,
        is_private=is_private,
    )
    office.work(30)
    return office.ticket(made)


@pytest.fixture
def first(office: Office) -> Ticket:
    return requested(office, "V1", by=SAGE)


@pytest.fixture
def second(office: Office, first: Ticket) -> Ticket:
    return requested(office, "V2")


def close(office: Office, ticket: Ticket, written: str, *, by: str = INDIGO, reason: str = "") -> None:
    """Somebody closes a ticket as a duplicate of the one that they name."""
    original = office.desk.original(ticket, written)
    office.click(ticket, Action.DUPLICATE, original.id, by=by, reason=reason)
    office.work(30)


def comment(office: Office, ticket: Ticket, body: str, number: int = 5) -> None:
    """Somebody with write access comments on a ticket's issue."""
    said = IssueComment(
        repository=ticket.repository,
        number=ticket.number or 0,
        id=number,
        author=LINDEN,
        body=body,
        created_at=office.clock.now,
    )
    office.desk.handle_comment(said)
    office.work(30)


def said(office: Office, ticket: Ticket) -> list[str]:
    """What the bot wrote below a ticket's issue."""
    place = ticket.repository, ticket.number
    return [body for repository, number, body, _ in office.tracker.comments if (repository, number) == place]


def told(office: Office, ticket: Ticket) -> list[str]:
    """What the requestor was told in the ticket's thread after its first message."""
    thread = office.ticket(ticket).thread
    assert thread
    return [one.text for one in office.chat.posts if one.thread_ts == thread.ts]


def card(office: Office, ticket: Ticket) -> str:
    """The team's card as it is now."""
    shown = office.ticket(ticket).card
    assert shown
    return office.chat.posts[int(shown.ts) - 1].text


def test_both_issues_say_so_once_and_the_requestor_learns_where_it_continues(
    office: Office, first: Ticket, second: Ticket
) -> None:
    office.chat.names[INDIGO] = "Indigo Marshwick"

    close(office, second, "#1", reason="Same *months*.")

    now = office.ticket(second)
    assert (now.stage, now.state.close_reason, now.duplicate_of) == (
        Stage.CLOSED,
        CloseReason.DUPLICATE,
        first.id,
    )
    assert said(office, second) == [
        "Duplicate of #1\n\n`Indigo Marshwick` closed this as a duplicate via Slack.\n\n```text\nSame *months*.\n```"
    ]
    assert said(office, first) == ["#2 was closed as a duplicate of this ticket."]
    [update] = told(office, second)
    assert f"ticket <{first.url}|#1> covers the same thing. “Same ∗months∗.” It continues there" in update
    assert told(office, first) == []
    assert f"Duplicate of <{first.url}|#1>" in card(office, second)
    assert "failed" not in states(office.queue)


def test_a_requestor_of_both_is_told_that_the_other_is_theirs_too(office: Office) -> None:
    requested(office, "V1")
    second = requested(office, "V2")

    close(office, second, "1")

    assert "That's your request, too" in told(office, second)[0]


def test_of_a_closed_original_the_requestor_is_told_to_read_how_it_ended(
    office: Office, first: Ticket, second: Ticket
) -> None:
    office.click(first, Action.CLOSE, "completed", by=INDIGO)
    office.work(30)

    close(office, second, "1")

    assert "closed already, so please read there how it ended" in told(office, second)[0]
    assert office.ticket(first).state.close_reason is CloseReason.COMPLETED


def test_nothing_is_told_of_the_duplicate_when_the_original_goes_on(
    office: Office, first: Ticket, second: Ticket
) -> None:
    close(office, second, "1")

    office.click(first, Action.CLOSE, "completed", by=INDIGO)
    office.work(60)

    assert len(told(office, second)) == 1


def test_a_command_does_the_same(office: Office, first: Ticket, second: Ticket) -> None:
    comment(office, second, "/duplicate #1")

    assert office.ticket(second).duplicate_of == first.id
    assert said(office, first) == ["#2 was closed as a duplicate of this ticket."]
    assert "It continues there" in told(office, second)[0]
    assert (5, "+1") in office.tracker.reactions


@pytest.mark.parametrize("by", [SAGE, JUNIPER])
def test_of_an_original_that_was_begun_in_private_nobody_hears_where_others_read(
    office: Office, by: Person
) -> None:
    """Its requestor was promised that only they and the team hear of it in Slack."""
    private = requested(office, "V1", by=by, is_private=True)
    second = requested(office, "V2")

    close(office, second, "#1")

    assert "closed because another ticket covers it." in told(office, second)[0]
    assert private.url not in str([one for one in office.chat.posts if one.channel == INTAKE])
    assert said(office, second)[0].startswith("Duplicate of #1")
    assert f"Duplicate of <{private.url}|#1>" in card(office, second)


def test_whoever_asked_twice_in_private_is_told_which_of_their_tickets_goes_on(office: Office) -> None:
    requested(office, "V1", is_private=True)
    second = requested(office, "V2", is_private=True)

    close(office, second, "#1")

    assert [one for one in office.chat.posts if "That's your request, too" in one.text]
    assert [one for one in office.chat.posts if one.channel == INTAKE] == []


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("/duplicate", "such as `/duplicate #12`"),
        ("/duplicate that one", "such as `/duplicate #12`"),
        ("/duplicate #99", "no ticket by that number"),
        ("/duplicate #2", "the ticket itself"),
    ],
)
def test_a_command_that_names_no_other_ticket_is_answered_and_changes_nothing(
    office: Office, second: Ticket, body: str, answer: str
) -> None:
    comment(office, second, body)

    assert answer in said(office, second)[0]
    assert office.ticket(second).stage is Stage.OPEN


def test_only_the_team_may(office: Office, first: Ticket, second: Ticket) -> None:
    with pytest.raises(NotAllowed):
        close(office, second, "1", by="U0JUNIPER")
    comment_by_stranger = IssueComment(
        repository=REQUESTS,
        number=2,
        id=7,
        author="a-stranger",
        body="/duplicate #1",
        created_at=office.clock.now,
    )
    office.desk.handle_comment(comment_by_stranger)
    office.work(30)

    assert office.ticket(second).stage is Stage.OPEN
    assert said(office, first) == []


def test_a_reopened_duplicate_is_none_and_can_be_an_original(
    office: Office, first: Ticket, second: Ticket
) -> None:
    close(office, second, "1")

    office.click(second, Action.REOPEN, by=INDIGO)
    office.work(30)

    assert office.ticket(second).duplicate_of == ""
    assert office.ticket(second).requested == ()
    assert "Duplicate of" not in card(office, second)
    close(office, first, "2")
    assert office.ticket(first).duplicate_of == second.id


def test_tickets_cannot_be_duplicates_of_each_other(office: Office, first: Ticket, second: Ticket) -> None:
    close(office, second, "1")

    with pytest.raises(NotAnOriginal) as refused:
        close(office, first, "2")

    assert refused.value.problem is DuplicateProblem.CIRCLE


def test_of_two_who_make_a_circle_at_once_the_later_one_is_told(
    office: Office, first: Ticket, second: Ticket
) -> None:
    office.click(second, Action.DUPLICATE, first.id, by=INDIGO)
    office.click(first, Action.DUPLICATE, second.id, by=INDIGO)
    office.work(30)

    assert office.ticket(second).duplicate_of == first.id
    assert office.ticket(first).stage is Stage.OPEN
    assert "was closed as a duplicate of this ticket" in office.chat.texts(INDIGO)[0]


def test_of_two_who_name_different_originals_at_once_the_later_one_is_told(
    office: Office, first: Ticket, second: Ticket
) -> None:
    third = requested(office, "V3")

    office.click(third, Action.DUPLICATE, first.id, by=INDIGO)
    office.click(third, Action.DUPLICATE, second.id, by=INDIGO, reason="Same months.")
    office.work(30)

    assert office.ticket(third).duplicate_of == first.id
    assert [text.split("\n")[0] for text in said(office, third)] == ["Duplicate of #1"]
    assert said(office, second) == []
    assert office.chat.texts(INDIGO) == ["Ticket #3 is already closed. You can reopen it."]


@pytest.mark.parametrize("is_by_hand", [True, False])
def test_a_command_is_not_thanked_for_where_the_ticket_was_closed_without_naming_that_original(
    office: Office, first: Ticket, second: Ticket, is_by_hand: bool
) -> None:
    third = requested(office, "V3")
    if is_by_hand:
        office.desk.observe(office.tracker.edit(3, is_open=False, close_reason=CloseReason.DUPLICATE))
    else:
        close(office, third, "1")

    comment(office, third, "/duplicate #2")

    assert office.tracker.reactions == [(5, "confused")]
    assert "Ticket #3 is already closed. You can reopen it." in said(office, third)[-1]
    assert said(office, second) == []


def test_a_command_that_was_obeyed_already_is_fine(office: Office, first: Ticket, second: Ticket) -> None:
    close(office, second, "1")

    comment(office, second, "/duplicate #1")

    assert office.tracker.reactions == [(5, "+1")]
    assert len(said(office, second)) == 1


def test_a_duplicate_of_a_duplicate_is_led_to_the_last_one(
    office: Office, first: Ticket, second: Ticket
) -> None:
    third = requested(office, "V3")
    close(office, second, "1")

    with pytest.raises(NotAnOriginal) as refused:
        close(office, third, "2")

    assert refused.value.other == office.ticket(first)


def test_in_another_repository_the_names_have_the_repository(tmp_path: Path) -> None:
    toml = f'{SETTINGS}\n[request_types.pr_review]\nrepository = "{REVIEWS}"\n'
    office = Office(tmp_path, toml=toml)
    main = requested(office, "V1", by=SAGE)
    review = office.submit(view="V2")
    office.work(30)
    review = office.ticket(review)

    close(office, review, "1")

    assert said(office, review)[0].startswith(f"Duplicate of {REQUESTS}#1\n")
    assert said(office, main) == [f"{REVIEWS}#2 was closed as a duplicate of this ticket."]
    assert "|#1>" in told(office, review)[0]
    office.store.close()


def test_a_sensitive_ticket_leaves_nothing_of_itself_below_an_issue_that_others_read(
    office: Office, first: Ticket
) -> None:
    secret = requested(office, "V2", sensitive=True, data_needed="Zanzibar sign-ins")

    close(office, secret, "1", reason="Both ask for quokkas.")

    assert secret.repository == RESTRICTED
    assert said(office, first) == ["A sensitive ticket was closed as a duplicate of this one."]
    with pytest.raises(NotAnOriginal):
        close(office, first, "identity-restricted#2")
    shown = [post for post in office.chat.posts if "quokkas" in str(post)]
    assert "Zanzibar" not in office.chat.everything()
    assert {post.channel for post in shown} == {"U0JUNIPER"}


def test_of_two_sensitive_tickets_the_requestor_is_told_whom_to_ask(office: Office) -> None:
    requested(office, "V1", by=SAGE, sensitive=True)
    second = requested(office, "V2", sensitive=True)

    close(office, second, "identity-restricted#1")

    assert said(office, second)[0].startswith("Duplicate of #1\n")
    [*_, update] = office.chat.texts("U0JUNIPER")
    assert "ticket identity-restricted#1 covers the same thing" in update
    assert "Only the team can open that ticket" in update
    assert "https://" not in update


@pytest.mark.parametrize("method", ["update_issue", "comment"])
def test_whatever_answer_is_lost_each_thing_is_there_once(
    office: Office, first: Ticket, second: Ticket, method: str
) -> None:
    call = getattr(office.tracker, method)
    left = [1, 1]

    def cut(*given: Any, **more: Any) -> Any:
        found = call(*given, **more)
        if left:
            left.pop()
            raise OutcomeUnknown("GitHub: ReadTimeout")
        return found

    setattr(office.tracker, method, cut)
    close(office, second, "1")
    office.work(600)

    assert len(said(office, second)) == len(said(office, first)) == len(told(office, second)) == 1
    assert office.ticket(second).duplicate_of == first.id


def test_where_github_knows_no_duplicates_it_is_told_as_one_all_the_same(
    office: Office, first: Ticket, second: Ticket
) -> None:
    """An older server closes it as not planned."""
    original = office.desk.original(second, "1")
    office.click(second, Action.DUPLICATE, original.id, by=INDIGO)
    update = office.tracker.update_issue

    def older(*given: Any, **more: Any) -> Any:
        update(*given, **more)
        return office.tracker.edit(2, close_reason=CloseReason.NOT_PLANNED)

    office.tracker.update_issue = older  # type: ignore[method-assign]
    office.work(60)

    assert office.ticket(second).duplicate_of == first.id
    assert "covers the same thing" in told(office, second)[0]
    assert said(office, first) == ["#2 was closed as a duplicate of this ticket."]


# Similar tickets on the card


def test_the_card_shows_tickets_that_look_alike_and_keeps_them_when_it_is_drawn_again(
    office: Office, first: Ticket, second: Ticket
) -> None:
    shown = f"Similar: *<{first.url}|#1>* Data pull for Benefits"
    assert f"{shown}: Sign-ins per credential in May · Open, unassigned" in card(office, second)
    assert "Similar" not in card(office, first)

    office.desk.observe(office.tracker.edit(1, assignees=frozenset({LINDEN})))
    office.click(second, Action.PRIORITY, "high", by=INDIGO)
    office.work(30)
    assert "· Assigned to linden-brookmere\n" in card(office, second)

    office.click(first, Action.CLOSE, "completed", by=INDIGO)
    office.work(30)
    office.click(second, Action.PRIORITY, "low", by=INDIGO)
    office.work(30)
    assert shown in card(office, second)
    assert "· Closed as completed" in card(office, second)


def test_a_similar_tickets_new_stage_is_on_the_card_though_nothing_else_happened_there(
    office: Office, first: Ticket, second: Ticket
) -> None:
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({LINDEN})))
    office.work(30)
    assigned = card(office, second)
    office.desk.observe(office.tracker.edit(1, is_open=False, close_reason=CloseReason.COMPLETED))
    office.work(30)

    assert "· Assigned to linden-brookmere\n" in assigned
    assert "· Closed as completed\n" in card(office, second)


@pytest.mark.parametrize(
    "about", ["zanzibar sign-ins per credential provider", "Sign-ins by credential provider zanzibar"]
)
def test_what_is_removed_from_a_ticket_goes_from_the_cards_that_show_it(office: Office, about: str) -> None:
    """Half of it, too, where the title is cut there."""
    first = requested(office, "V1", by=SAGE, data_needed=about)
    second = requested(office, "V2", data_needed="Sign-ins per credential provider in May")
    assert "zan" in card(office, second)

    office.click(first, Action.REDACT, "zanzibar", by=INDIGO)
    office.work(120)

    assert "zan" not in card(office, second)
    assert "Similar" in card(office, second)


def test_a_ticket_that_is_moved_where_only_the_team_reads_goes_from_the_cards_that_show_it(
    office: Office, first: Ticket, second: Ticket
) -> None:
    moved = office.tracker.now.pop((REQUESTS, 1))
    office.tracker.now[RESTRICTED, 9] = replace(moved, repository=RESTRICTED, number=9)
    office.tracker.now[REQUESTS, 1] = replace(moved, is_gone=True, moved_to=(RESTRICTED, 9))
    assert "Similar" in card(office, second)

    office.desk.observe(office.tracker.now[REQUESTS, 1])
    office.work(60)

    assert office.ticket(first).is_sensitive
    assert "Similar" not in card(office, second)
    with office.store.reading() as connection:
        kept = connection.execute(select(schema.outbox.c.payload)).scalars().all()
    assert "credential" not in str(kept)


def test_nobody_but_the_team_sees_what_is_similar(office: Office, first: Ticket, second: Ticket) -> None:
    assert not [one for one in office.chat.posts if one.channel != TEAM and "Similar" in one.text]


def test_the_card_of_a_sensitive_ticket_shows_none_and_it_is_shown_on_none(office: Office) -> None:
    secret = requested(office, "V1", sensitive=True)
    plain = requested(office, "V2")
    another = requested(office, "V3", sensitive=True)

    assert [one for one in (secret, plain, another) if "Similar" in card(office, one)] == []


def test_a_hostile_title_is_only_text_on_another_card(office: Office) -> None:
    hostile = "<!channel> <https://evil.test|click> *bold* `x` sign-ins"
    requested(office, "V1", data_needed=hostile)
    shown = card(office, requested(office, "V2", data_needed=hostile))

    [line] = [one for one in shown.split("\n") if one.startswith("Similar")]
    assert "<!channel>" not in line
    assert "<https://evil.test" not in line
    assert "&lt;!channel&gt;" in line


def test_a_change_of_that_kind_names_a_ticket_that_there_is(office: Office, second: Ticket) -> None:
    with pytest.raises(NotAnOriginal):
        office.desk.change(second.id, Change(action=Action.DUPLICATE, value="nobody's"), by=INDIGO)
