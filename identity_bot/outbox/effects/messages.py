"""The acts in Slack: messages, the team's card, and the receipt in an open modal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from identity_bot.desk.desk import GITHUB, Desk
from identity_bot.desk.notifier import is_standing, is_withdrawn, slack_lane, withdrawal
from identity_bot.desk.ports import Chat
from identity_bot.messages import words
from identity_bot.outbox.effects.act import DeskAct, mark
from identity_bot.slack import modal as blocks
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Audience, Effect, MessageRef, Ticket

RECEIPT_LIFE = 600.0
"""Seconds after which nobody is looking at the modal any more."""
REQUESTOR = Audience.REQUESTOR.value


class _ChatAct(DeskAct):
    """An act in Slack."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat


class PostMessage(_ChatAct):
    """Posts a message, or puts it in the place of the one that stands in its slot already."""

    def do(self, effect: Effect) -> Any:
        slot = effect.payload.get("slot")
        if slot and is_withdrawn(self.ticket(effect), slot):
            return {}
        edited = self._edited(effect)
        if edited is not None:
            return edited
        channel, thread_ts = self._where(effect)
        message = effect.payload["message"]
        return _place(self._chat.post(channel, message, mark=mark(effect), thread_ts=thread_ts))

    def look(self, effect: Effect) -> Any | None:
        edited = self._edited(effect)  # which changes nothing where it was done already
        if edited is not None:
            return edited
        channel, thread_ts = self._where(effect)
        post = self._chat.find_post(channel, mark(effect), effect.created_at, thread_ts=thread_ts)
        return _place(post) if post else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        to, slot = effect.payload.get("to"), effect.payload.get("slot")
        ticket = transaction.ticket(effect.ticket_id or "") if to and result else None
        if ticket is None:
            return
        post = MessageRef(**result)
        if slot:
            transaction.keep_post(ticket.id, slot, post, effect.id or 0)
            untrue = withdrawal(effect.lane, ticket, slot)
            if is_withdrawn(ticket, slot) and not transaction.is_waiting(untrue):
                transaction.enqueue(untrue)
        if to == REQUESTOR:
            self._keep_thread(transaction, ticket, effect, post)

    def _keep_thread(
        self, transaction: Transaction, ticket: Ticket, effect: Effect, post: MessageRef
    ) -> None:
        """Where the requestor was told first, or had to be told instead, they are told all else."""
        if effect.payload.get("directly"):
            transaction.save(replace(ticket, thread=post, is_direct=True))
            if not ticket.is_direct:
                payload = effect.payload
                self._desk.teller.notice(
                    transaction, words.told_directly(payload["instead_of"], payload["because"])
                )
            return
        if ticket.thread is None:
            transaction.save(replace(ticket, thread=post))
        is_linked = ticket.thread and ticket.thread.link
        if not (ticket.is_direct or is_linked or effect.payload["slot"]):
            transaction.enqueue_once(Effect(lane=GITHUB, kind="link_thread", ticket_id=ticket.id))

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """A requestor who cannot be told in the thread is told directly, and the team hears of it."""
        to = effect.payload.get("to")
        ticket = transaction.ticket(effect.ticket_id or "") if to == REQUESTOR else None
        if ticket is None:
            return False
        if effect.payload.get("directly") or (ticket.is_direct and ticket.thread is None):
            self._desk.teller.notice(transaction, words.cannot_be_told(ticket, reason))
            return True
        channel = self._desk.teller.place_of(ticket, REQUESTOR)[0]
        payload = {**effect.payload, "directly": True, "instead_of": channel, "because": reason}
        lane = slack_lane(ticket.requestor.slack_id)
        transaction.enqueue(Effect(lane=lane, kind="post", ticket_id=ticket.id, payload=payload))
        return True

    def _edited(self, effect: Effect) -> Any | None:
        """What is kept where the slot has a message that was edited, or shows a later effect already."""
        slot = effect.payload.get("slot")
        standing = self._desk.store.posted(effect.ticket_id or "", slot) if slot else None
        if standing is None:
            return None
        post, shown = standing
        if shown > (effect.id or 0):
            return {}  # an operator has this one tried again, which was parked
        return _place(post) if self._chat.update(post, effect.payload["message"]) else None

    def _where(self, effect: Effect) -> tuple[str, str | None]:
        payload = effect.payload
        if "to" not in payload:
            return payload["channel"], None
        ticket = self.ticket(effect)
        if payload.get("directly"):
            return ticket.requestor.slack_id, None
        return self._desk.teller.place_of(ticket, payload["to"])


class Withdraw(_ChatAct):
    """Takes a message away that has become untrue within seconds."""

    def do(self, effect: Effect) -> Any:
        slot = effect.payload["slot"]
        if is_standing(self.ticket(effect), slot):
            return {"is_true": True}  # again, since: what waits behind this edits it
        standing = self._desk.store.posted(effect.ticket_id or "", slot)
        if standing:
            self._chat.delete(standing[0])
        return {}

    def look(self, effect: Effect) -> Any | None:
        return self.do(effect)  # what is gone cannot be deleted twice

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        if not result.get("is_true"):
            transaction.forget_post(effect.ticket_id or "", effect.payload["slot"])

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return True


class DrawCard(_ChatAct):
    """Posts the team's card, and from then on edits it in place, so that it shows what is so."""

    def do(self, effect: Effect) -> Any:
        edited = self._edited(effect)
        if edited:
            return edited
        card = self._desk.teller.draw(self.ticket(effect))
        channel = self._desk.settings.team_channel
        post = self._chat.post(channel, card, mark=mark(effect), thread_ts=None)
        return {"post": asdict(post), "drawn": _digest(card)}

    def look(self, effect: Effect) -> Any | None:
        edited = self._edited(effect)  # which changes nothing where it was done already
        if edited:
            return edited
        channel = self._desk.settings.team_channel
        post = self._chat.find_post(channel, mark(effect), effect.created_at, thread_ts=None)
        return {"post": asdict(post), "drawn": ""} if post else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket is None:
            return
        ticket = replace(ticket, card=MessageRef(**result["post"]))
        transaction.save(ticket)
        if _digest(self._desk.teller.draw(ticket)) != result["drawn"]:
            transaction.enqueue_once(Effect(lane=effect.lane, kind=effect.kind, ticket_id=ticket.id))

    def _edited(self, effect: Effect) -> Any | None:
        ticket = self.ticket(effect)
        card = self._desk.teller.draw(ticket)
        if ticket.card and self._chat.update(ticket.card, card):
            return {"post": asdict(ticket.card), "drawn": _digest(card)}
        return None


class ShowReceipt(_ChatAct):
    """Shows the issue's number in the modal, if it is still open; the requestor is told in Slack anyway."""

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        if self._desk.store.clock() - ticket.submitted_at < RECEIPT_LIFE:
            self._chat.show(effect.payload["view"], blocks.receipt(ticket, hints=self._desk.remarks(ticket)))
        return {}

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return True


def _place(post: MessageRef) -> dict[str, str]:
    return {"channel": post.channel, "ts": post.ts}


def _digest(card: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
