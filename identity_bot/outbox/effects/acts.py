"""The acts: how each kind of effect that the desk writes is done in the outside world, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.desk.desk import Desk
from identity_bot.desk.ports import Chat, Tracker
from identity_bot.outbox.effects.act import DeskAct
from identity_bot.outbox.effects.comments import Answer, RunCommands
from identity_bot.outbox.effects.issues import ChangeIssue, CreditAction, GetIssue, LinkThread, OpenIssue
from identity_bot.outbox.effects.messages import DrawCard, PostMessage, ShowReceipt, Withdraw
from identity_bot.outbox.effects.recurring import CleanUp, Poll, Resync, ResyncRepository
from identity_bot.outbox.worker import Act
from identity_bot.store.transaction import Transaction
from identity_bot.tickets.model import Effect


def acts(desk: Desk, tracker: Tracker, chat: Chat, *, reader: Tracker | None = None) -> Mapping[str, Act]:
    """How the worker does each kind of effect; `reader` is for what only reads, beside the tracker's writes."""
    reader = reader or tracker
    return {
        "open_issue": OpenIssue(desk, tracker, chat),
        "change_issue": ChangeIssue(desk, tracker, chat),
        "attribute": CreditAction(desk, tracker, chat),
        "obey": RunCommands(desk, tracker),
        "answer": Answer(desk, tracker),
        "link_thread": LinkThread(desk, tracker, chat),
        "look_at_issue": GetIssue(desk, reader),
        "poll": Poll(desk, reader),
        "resync": Resync(desk),
        "resync_repository": ResyncRepository(desk),
        "clean_up": CleanUp(desk),
        "tell": Tell(desk),
        "post": PostMessage(desk, chat),
        "withdraw": Withdraw(desk, chat),
        "draw_card": DrawCard(desk, chat),
        "show_receipt": ShowReceipt(desk, chat),
    }


class Tell(DeskAct):
    """Tells of a ticket's changes: all of it is written in the transaction that marks this done."""

    def do(self, effect: Effect) -> Any:
        return {}

    def look(self, effect: Effect) -> Any | None:
        return {}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        self._desk.teller.tell(transaction, effect.ticket_id or "")
