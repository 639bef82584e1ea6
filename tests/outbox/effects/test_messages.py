"""Effects in Slack: each message is posted once, the card is one, and a requestor who cannot be told there is told."""

from __future__ import annotations

from typing import Any

from identity_bot.errors import OutcomeUnknown, Rejected
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
from identity_bot.tickets.model import MessageRef, Ticket
from tests.support_desk import Office
from tests.support_outbox import states, waiting

INTAKE, TEAM, JUNIPER = "C0INTAKE", "C0TEAM", "U0JUNIPER"


def enqueue(office: Office, *effects: Effect) -> None:
    with office.store.begin() as transaction:
        for effect in effects:
            transaction.enqueue(effect)


def cut_off(office: Office, method: str) -> None:
    """Have the next call of one of the chat's methods be done, and its answer be lost."""
    call = getattr(office.chat, method)

    def cut(*given: Any, **more: Any) -> None:
        setattr(office.chat, method, call)
        call(*given, **more)
        raise OutcomeUnknown("Slack: ReadTimeout")

    setattr(office.chat, method, cut)


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
    assert waiting(office.store) == []
