"""The acts in Slack: messages, the team's card, and the receipt in an open modal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from identity_bot import blocks, words
from identity_bot.act import DeskAct, mark
from identity_bot.desk import GITHUB, Desk
from identity_bot.model import Audience, Effect, Post
from identity_bot.ports import Chat
from identity_bot.store import Transaction
from identity_bot.teller import slack_lane

RECEIPT_LIFE = 600.0
"""Seconds after which nobody is looking at the modal any more."""
REQUESTOR = Audience.REQUESTOR.value


class PostMessage(DeskAct):
    """Posts a message, or puts it in the place of the one that stands in its slot already."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        message = effect.payload["message"]
        standing = self._standing(effect)
        if standing and self._chat.update(standing, message):
            return _place(standing)
        channel, thread_ts = self._where(effect)
        return _place(self._chat.post(channel, message, mark=mark(effect), thread_ts=thread_ts))

    def look(self, effect: Effect) -> Any | None:
        if self._standing(effect):
            return None  # to edit it again changes nothing
        channel, thread_ts = self._where(effect)
        post = self._chat.find_post(channel, mark(effect), effect.created_at, thread_ts=thread_ts)
        return _place(post) if post else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        post = Post(**result)
        if effect.payload.get("slot"):
            transaction.keep_post(effect.ticket_id or "", effect.payload["slot"], post)
        ticket = transaction.ticket(effect.ticket_id or "") if effect.payload.get("to") == REQUESTOR else None
        if ticket is None or (ticket.thread and ticket.thread.link):
            return
        if ticket.thread is None:
            transaction.save(replace(ticket, thread=post))
        if not ticket.is_direct:
            transaction.enqueue_once(Effect(lane=GITHUB, kind="link_thread", ticket_id=ticket.id))

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """A requestor who cannot be told in the thread is told directly; the team hears of it too."""
        to = str(effect.payload.get("to") or "")
        ticket = transaction.ticket(effect.ticket_id or "") if to else None
        if ticket is None:
            return False
        channel = self._desk.teller.place_of(ticket, to)[0]
        if to != REQUESTOR:
            return False
        person = ticket.requestor.slack_id
        if effect.payload.get("directly") or (ticket.is_direct and ticket.thread is None):
            self._desk.teller.notice(transaction, words.cannot_be_told(ticket, reason))
            return True
        payload = {**effect.payload, "directly": True}
        transaction.enqueue(
            Effect(lane=slack_lane(person), kind="post", ticket_id=effect.ticket_id, payload=payload)
        )
        if not ticket.is_direct:
            self._desk.teller.notice(transaction, words.told_directly(channel, reason))
        return True

    def _standing(self, effect: Effect) -> Post | None:
        slot = effect.payload.get("slot")
        return self._desk.store.posted(effect.ticket_id or "", slot) if slot else None

    def _where(self, effect: Effect) -> tuple[str, str | None]:
        payload = effect.payload
        if "to" not in payload:
            return payload["channel"], None
        ticket = self.ticket(effect)
        if payload.get("directly"):
            return ticket.requestor.slack_id, None
        return self._desk.teller.place_of(ticket, payload["to"])


class Withdraw(DeskAct):
    """Takes a message away that has become untrue within seconds."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        post = self._desk.store.posted(effect.ticket_id or "", effect.payload["slot"])
        if post:
            self._chat.delete(post)
        return {}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        transaction.forget_post(effect.ticket_id or "", effect.payload["slot"])

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return True


class DrawCard(DeskAct):
    """Posts the team's card, and from then on edits it in place, so that it shows what is so."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        card = self._desk.teller.draw(ticket)
        if ticket.card and self._chat.update(ticket.card, card):
            return {"post": asdict(ticket.card), "drawn": _digest(card)}
        channel = self._desk.settings.team_channel
        post = self._chat.post(channel, card, mark=mark(effect), thread_ts=None)
        return {"post": asdict(post), "drawn": _digest(card)}

    def look(self, effect: Effect) -> Any | None:
        channel = self._desk.settings.team_channel
        post = self._chat.find_post(channel, mark(effect), effect.created_at, thread_ts=None)
        return {"post": asdict(post), "drawn": ""} if post else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket is None:
            return
        ticket = replace(ticket, card=Post(**result["post"]))
        transaction.save(ticket)
        if _digest(self._desk.teller.draw(ticket)) != result["drawn"]:
            transaction.enqueue_once(Effect(lane=effect.lane, kind=effect.kind, ticket_id=ticket.id))


class ShowReceipt(DeskAct):
    """Shows the issue's number in the modal, if it is still open; the requestor is told in Slack anyway."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        ticket = self.ticket(effect)
        if self._desk.store.clock() - ticket.submitted_at < RECEIPT_LIFE:
            self._chat.show(
                effect.payload["view"], blocks.receipt(ticket, remarks=self._desk.remarks(ticket))
            )
        return {}

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return True


def _place(post: Post) -> dict[str, str]:
    return {"channel": post.channel, "ts": post.ts}


def _digest(card: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
