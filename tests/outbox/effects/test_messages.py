"""Effects in Slack: each message is posted once, the card is one, and a requestor who cannot be told there is told."""

from __future__ import annotations

from typing import Any

from identity_bot.errors import Rejected, Retryable
from identity_bot.outbox.effect import Effect
from identity_bot.outbox.effects import (
    DrawCard,
    LinkThread,
    Notify,
    PostAlert,
    SendDirectMessage,
    ShowReceipt,
)
from identity_bot.outbox.effects.messages import RECEIPT_LIFE
from identity_bot.store import schema
from identity_bot.tickets.model import Action, CloseReason, MessageRef, Stage, Ticket
from tests.support_desk import Office, cut_off
from tests.support_outbox import states

INTAKE, TEAM, JUNIPER = "C0INTAKE", "C0TEAM", "U0JUNIPER"


def enqueue(office: Office, *effects: Effect) -> None:
    with office.store.begin() as transaction:
        for effect in effects:
            transaction.enqueue(effect)


# Messages


def test_an_update_is_posted_once_although_its_answer_was_lost(office: Office) -> None:
    cut_off(office, "post")
    ticket = office.submit()
    office.work(60)

    assert len(office.chat.texts(INTAKE)) == 1
    assert office.ticket(ticket).thread == MessageRef(
        channel=INTAKE, ts="1", link="https://slack.test/C0INTAKE/1"
    )
    assert "failed" not in states(office.queue)


def test_what_people_were_told_is_kept_with_where_and_when(office: Office) -> None:
    ticket = office.submit()
    office.work(30)

    with office.store.reading() as connection:
        kept = connection.execute(schema.messages.select().order_by(schema.messages.c.id)).mappings().all()

    assert {(row["kind"], row["to"], row["ticket_id"]) for row in kept} == {
        ("update", "requestor", ticket.id),
    }
    assert [(row["text"], row["channel"]) for row in kept] == [
        (post.text, post.channel)
        for post in office.chat.posts
        if post.thread_ts is None and "#1" in post.text
        if post.channel == "C0INTAKE"
    ]


def test_a_requestor_who_can_be_told_nowhere_is_a_matter_for_the_team(office: Office) -> None:
    office.chat.closed |= {INTAKE, JUNIPER}
    office.submit()
    office.work(60)

    assert office.chat.texts(JUNIPER) == []
    assert sum("couldn't tell" in text for text in office.chat.texts(TEAM)) == 1


def test_the_same_alert_waits_once(office: Office) -> None:
    enqueue(office, *[PostAlert(to=TEAM, text="Mend this.")] * 3, PostAlert(to=TEAM, text="And that."))
    office.work()
    enqueue(office, PostAlert(to=TEAM, text="Mend this."))
    office.work()

    assert office.chat.texts(TEAM) == ["Mend this.", "And that.", "Mend this."]


def test_an_alert_that_comes_again_while_it_is_posted_is_dropped(office: Office) -> None:
    """The team reads it now."""
    alert = PostAlert(to=TEAM, text="Mend this.")
    post = office.chat.post

    def meanwhile(*given: Any, **more: Any) -> MessageRef:
        enqueue(office, alert)
        return post(*given, **more)

    office.chat.post = meanwhile  # type: ignore[method-assign]
    enqueue(office, alert)
    office.work()

    assert office.chat.texts(TEAM) == ["Mend this."]


def test_a_direct_message_is_sent_each_time(office: Office) -> None:
    enqueue(office, *[SendDirectMessage(to=JUNIPER, text="That cannot be done.")] * 2)
    office.work()

    assert office.chat.texts(JUNIPER) == ["That cannot be done."] * 2


def test_of_a_quiet_ticket_nothing_is_told(office: Office, ticket: Ticket) -> None:
    posts = list(office.chat.posts)
    enqueue(office, Notify(ticket_id=ticket.id))
    office.work()

    assert office.chat.posts == posts


# Buttons that are no longer possible


def buttons(office: Office, channel: str, number: int) -> list[str]:
    """What the buttons of a message say, by its place among those of a channel."""
    posted = [one for one in office.chat.posts if one.channel == channel][number]
    return [
        element["text"]["text"]
        for block in posted.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def close(office: Office, reason: CloseReason = CloseReason.DUPLICATE) -> None:
    """Somebody closes the issue in GitHub."""
    office.desk.observe(office.tracker.edit(1, is_open=False, close_reason=reason))
    office.work()


def test_a_closed_request_can_no_longer_be_closed_by_the_first_message(
    office: Office, ticket: Ticket
) -> None:
    before = buttons(office, INTAKE, 0)
    close(office)

    assert (before, buttons(office, INTAKE, 0)) == (["Close my request…"], [])
    assert office.chat.texts(INTAKE)[0].endswith("\nClosed as a duplicate.")
    assert office.ticket(ticket).offers == ()


def test_a_request_that_is_open_again_can_be_closed_by_the_message_that_says_so(
    office: Office, ticket: Ticket
) -> None:
    close(office)
    office.desk.observe(office.tracker.edit(1, is_open=True, close_reason=None))
    office.work()
    reopened = len(office.chat.texts(INTAKE)) - 1
    offered = buttons(office, INTAKE, reopened)
    close(office, CloseReason.COMPLETED)

    assert offered == ["Close my request…"]
    assert not any(buttons(office, INTAKE, number) for number in range(len(office.chat.texts(INTAKE))))
    assert office.chat.texts(INTAKE)[0].endswith("\nClosed as a duplicate.")
    assert office.chat.texts(INTAKE)[reopened].endswith("\nClosed as completed.")


def test_who_used_a_button_stands_in_its_place(office: Office, ticket: Ticket) -> None:
    office.click(ticket, Action.CLOSE, "not planned", by=JUNIPER)
    office.work()

    assert office.chat.texts(INTAKE)[0].endswith(f"\n<@{JUNIPER}> closed the request.")


def test_a_message_that_is_posted_late_has_only_buttons_that_are_possible(office: Office) -> None:
    """The issue was closed before the first message was posted."""
    ticket = office.submit()
    post = office.chat.post

    def meanwhile(channel: str, *given: Any, **more: Any) -> MessageRef:
        office.chat.post = post  # type: ignore[method-assign]
        office.desk.observe(office.tracker.edit(1, is_open=False, close_reason=CloseReason.COMPLETED))
        return post(channel, *given, **more)

    office.chat.post = meanwhile  # type: ignore[method-assign]
    office.work(60)

    assert office.ticket(ticket).stage is Stage.CLOSED
    assert buttons(office, INTAKE, 0) == []
    assert office.ticket(ticket).offers == ()


def test_buttons_are_removed_although_the_answer_was_lost(office: Office, ticket: Ticket) -> None:
    cut_off(office, "settle")
    close(office)

    assert len(office.chat.edits) == len({text for _, text in office.chat.edits}) + 1
    assert buttons(office, INTAKE, 0) == []
    assert office.ticket(ticket).offers == ()
    assert "failed" not in states(office.queue)


def test_a_message_that_nobody_can_edit_anymore_is_left_as_it_is(office: Office, ticket: Ticket) -> None:
    def rejecting(*_: object) -> None:
        raise Rejected("Slack's chat.update: not_in_channel")

    office.chat.settle = rejecting  # type: ignore[method-assign]
    close(office)

    assert office.ticket(ticket).offers == ()
    assert "failed" not in states(office.queue)
    assert not any("couldn't" in text for text in office.chat.texts(TEAM))


def test_the_message_of_an_attempt_that_is_over_keeps_no_buttons(office: Office, ticket: Ticket) -> None:
    """Somebody else accepted it: neither Accept nor Needs work can be pressed."""
    office.click(ticket, Action.TAKE, "indigo-marshwick", by="U0INDIGO")
    office.work()
    office.click(ticket, Action.UAT, by="U0INDIGO")
    office.work()
    asked = len(office.chat.texts(INTAKE)) - 1
    before = buttons(office, INTAKE, asked)
    office.desk.observe(office.tracker.edit(1, labels=frozenset({"stage: accepted"})))
    office.work()

    assert (before, buttons(office, INTAKE, asked)) == (["Accept", "Needs work…"], [])
    assert office.chat.texts(INTAKE)[asked].endswith("\nAccepted.")
    assert buttons(office, INTAKE, 0) == ["Close my request…"]


# A ticket that cannot be opened


def test_a_requestor_is_told_once_that_a_ticket_is_delayed_and_again_when_it_is_there(office: Office) -> None:
    office.tracker.fails = [Retryable("GitHub: 503", 100.0)] * 10
    ticket = office.submit()
    office.work(299)
    before = office.chat.texts(INTAKE)
    office.work(300)
    delayed = office.chat.texts(INTAKE)
    office.work(600)

    assert before == []
    [kept] = delayed
    assert kept.startswith(
        f"<@{JUNIPER}> We can't open a ticket in GitHub for your *PR review* request right now."
    )
    assert ticket.reference in kept
    assert "You don't need to send it again." in kept
    [_, opened] = office.chat.texts(INTAKE)
    assert "Your request is now ticket <https://github.test/" in opened
    now = office.ticket(ticket)
    assert now.thread
    assert now.thread.ts == "1"
    assert [one.thread_ts for one in office.chat.posts if one.channel == INTAKE] == [None, "1"]
    assert now.thread.link


def test_a_ticket_that_is_there_is_never_called_delayed(office: Office, ticket: Ticket) -> None:
    told = office.chat.texts(INTAKE)
    office.work(600)

    assert office.chat.texts(INTAKE) == told
    assert "tell_delay" not in {row.kind for row in office.outbox.rows("waiting")}


def test_a_requestor_of_a_ticket_that_failed_is_told_only_that(office: Office) -> None:
    office.tracker.fails = [Rejected("GitHub: 403")]
    office.submit()
    office.work(600)

    [told] = office.chat.texts(INTAKE)
    assert "We couldn't open a ticket" in told


def test_a_sensitive_request_that_is_delayed_is_told_directly(office: Office) -> None:
    office.tracker.fails = [Retryable("GitHub: 503", 400.0)]
    office.submit("data_pull", sensitive=True)
    office.work(600)

    assert office.chat.texts(INTAKE) == []
    delayed, opened = office.chat.texts(JUNIPER)
    assert "right now" in delayed
    assert "identity-restricted#1 *Data pull*" in opened
    assert "https://" not in opened


# The card


def test_a_card_is_drawn_once_however_often_it_is_enqueued(office: Office, ticket: Ticket) -> None:
    edits = len(office.chat.edits)
    enqueue(office, *[DrawCard(ticket_id=ticket.id, channel=TEAM)] * 3)
    office.work()

    assert len(office.chat.edits) == edits + 1


def test_a_card_is_posted_once_although_the_answer_was_lost(office: Office) -> None:
    cut_off(office, "show_card")
    ticket = office.submit()
    office.work(60)

    assert len(office.chat.texts(TEAM)) == 1
    [number] = [number for number, posted in enumerate(office.chat.posts, 1) if posted.channel == TEAM]
    assert office.ticket(ticket).card == MessageRef(channel=TEAM, ts=str(number))


def test_a_card_in_place_of_a_lost_one_is_posted_once_although_the_answer_was_lost(
    office: Office, ticket: Ticket
) -> None:
    """A card that can no longer be edited is posted anew, which is no edit that may be repeated."""
    assert ticket.card
    office.chat.lost.add(ticket.card.ts)
    cut_off(office, "show_card")
    enqueue(office, DrawCard(ticket_id=ticket.id, channel=TEAM))
    office.work(60)

    assert len(office.chat.texts(TEAM)) == 2
    assert office.ticket(ticket).card == MessageRef(channel=TEAM, ts=str(len(office.chat.posts)))


# The thread's link and the receipt


def test_a_thread_is_linked_although_its_issue_is_gone(office: Office, ticket: Ticket) -> None:
    office.tracker.edit(1, is_gone=True)

    def rejecting(*_: object, **__: object) -> None:
        raise Rejected("GitHub: 410")

    office.tracker.update_issue = rejecting  # type: ignore[assignment, method-assign]
    enqueue(office, LinkThread(ticket_id=ticket.id))
    office.work()

    assert "failed" not in states(office.queue)


def test_a_receipt_is_shown_while_the_modal_may_be_open(office: Office, ticket: Ticket) -> None:
    shown = len(office.chat.views)
    enqueue(office, ShowReceipt(ticket_id=ticket.id, view_id="V1"))
    office.work(1)
    office.clock.move(RECEIPT_LIFE)
    enqueue(office, ShowReceipt(ticket_id=ticket.id, view_id="V1"))
    office.work(1)

    assert len(office.chat.views) == shown + 1


def test_a_receipt_for_a_modal_that_was_closed_is_no_failure(office: Office, ticket: Ticket) -> None:
    def rejecting(*_: object, **__: object) -> None:
        raise Rejected("Slack's views.update: not_found")

    office.chat.show_receipt = rejecting  # type: ignore[method-assign]
    enqueue(office, ShowReceipt(ticket_id=ticket.id, view_id="V1"))
    office.work()

    assert "failed" not in states(office.queue)
    assert "waiting" not in states(office.queue)
