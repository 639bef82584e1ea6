"""The acts: how each kind of effect that the desk writes is done in the outside world, and what follows from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from identity_bot import blocks, issue, words
from identity_bot.desk import GITHUB, VIEWS, Desk, repository_for, slack_lane
from identity_bot.errors import Refused
from identity_bot.model import Effect, IssueDraft, IssueSnapshot, Post, Ticket
from identity_bot.plugins import RequestType
from identity_bot.questions import Member
from identity_bot.store import Transaction
from identity_bot.worker import Act

RECEIPT_DELAY = 0.3
"""Seconds that the modal's second receipt waits, lest it reach Slack before the ack that brings the first."""
RECEIPT_LIFE = 600.0
"""Seconds after which nobody is looking at the modal any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A new issue, and what GitHub left out of what was asked for, in words."""

    snapshot: IssueSnapshot
    refused: tuple[str, ...] = ()


class Tracker(Protocol):
    """GitHub's side as the desk sees it. All methods raise Refused, Later or Unsure."""

    def open_issue(self, repository: str, draft: IssueDraft) -> Opened:
        """Makes the issue, once."""

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        """The issue that carries this ticket's marker, if one was made since then (seconds since the epoch)."""

    def set_status(self, ticket: Ticket) -> None:
        """Brings the status block of the ticket's issue up to date."""


class Chat(Protocol):
    """Slack's side as the desk sees it. All methods raise Refused, Later or Unsure."""

    def post(self, channel: str, message: Mapping[str, Any], *, mark: str, thread_ts: str | None) -> Post:
        """Posts a message that carries `mark` where people do not see it."""

    def find_post(self, channel: str, mark: str, since: float, *, thread_ts: str | None) -> Post | None:
        """The message that carries this mark, if it was posted since then (seconds since the epoch)."""

    def link_to(self, post: Post) -> str:
        """A message's permanent link."""

    def show(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Puts another view in an open modal's place."""

    def name_of(self, slack_id: str) -> str:
        """Somebody's name as Slack shows it; empty where Slack does not tell."""


def acts(desk: Desk, tracker: Tracker, chat: Chat) -> Mapping[str, Act]:
    """How the worker does each kind of effect."""
    return {
        "open_issue": OpenIssue(desk, tracker, chat),
        "post": PostMessage(desk, chat),
        "link_thread": LinkThread(desk, tracker, chat),
        "show_receipt": ShowReceipt(desk, chat),
    }


class _Act(ABC):
    """What the desk's acts share: nothing to find, nothing that follows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @abstractmethod
    def do(self, effect: Effect) -> Any: ...

    def look(self, effect: Effect) -> Any | None:
        return None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        return None

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return False

    def _ticket(self, effect: Effect) -> Ticket:
        ticket = self._desk.store.ticket(effect.ticket_id or "")
        if ticket is None:
            raise Refused("its ticket is not in the database")
        return ticket


class OpenIssue(_Act):
    """Makes the ticket's issue, and has everybody told of it."""

    def __init__(self, desk: Desk, tracker: Tracker, chat: Chat) -> None:
        super().__init__(desk)
        self._tracker = tracker
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        ticket = self._ticket(effect)
        if ticket.number is not None:
            return _kept(ticket)
        request_type = self._desk.type_of(ticket)
        named = replace(ticket, answers=self._with_names(ticket, request_type))
        draft = request_type.render_issue(named)
        settings = request_type.settings
        leads = [lead["github"] for lead in settings["leads"] if "github" in lead] if ticket.is_urgent else []
        opened = self._tracker.open_issue(
            # By today's settings: a repository that was wrong when the request came may have been mended since.
            repository_for(request_type, is_sensitive=ticket.is_sensitive),
            IssueDraft(
                title=draft.title,
                body=issue.body(ticket, draft.body),
                labels=_unique(self._desk.settings.label, *draft.labels, *settings["labels"]),
                assignees=_unique(*draft.assignees, *leads),
            ),
        )
        return _kept(opened.snapshot) | {"refused": list(opened.refused)}

    def look(self, effect: Effect) -> Any | None:
        ticket = self._ticket(effect)
        if ticket.number is not None:
            # A webhook told of it, which may be sooner than GitHub's own list does.
            return _kept(ticket)
        found = self._tracker.find_issue(ticket.repository, ticket.id, effect.created_at)
        return _kept(found) if found else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        snapshot = IssueSnapshot(
            repository=result["repository"],
            number=result["number"],
            url=result["url"],
            ticket_id=effect.ticket_id,
        )
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket and ticket.number is None and ticket.repository != snapshot.repository:
            transaction.save(replace(ticket, repository=snapshot.repository))
        self._desk.observe_within(transaction, snapshot)
        if view := effect.payload.get("view"):
            due_at = transaction.now + RECEIPT_DELAY
            payload = {"view": view}
            transaction.enqueue(
                Effect(
                    lane=VIEWS,
                    kind="show_receipt",
                    ticket_id=effect.ticket_id,
                    payload=payload,
                    due_at=due_at,
                )
            )
        ticket = transaction.ticket(effect.ticket_id or "")
        for refused in result.get("refused", ()):
            if ticket:
                self._desk.notice(transaction, words.refused_by_github(ticket, refused))

    def _with_names(self, ticket: Ticket, request_type: RequestType) -> dict[str, Any]:
        answers = dict(ticket.answers)
        for question in request_type.form.all_questions:
            if isinstance(question, Member) and question.name in answers:
                slack_id = answers[question.name]["id"]
                answers[question.name] = {"id": slack_id, "name": self._chat.name_of(slack_id)}
        return answers


class PostMessage(_Act):
    """Posts a message, and keeps its place where it is the ticket's thread or card."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        post = self._chat.post(
            effect.payload["channel"],
            effect.payload["message"],
            mark=_mark(effect),
            thread_ts=self._thread_ts(effect),
        )
        return {"channel": post.channel, "ts": post.ts}

    def look(self, effect: Effect) -> Any | None:
        thread_ts = self._thread_ts(effect)
        channel = effect.payload["channel"]
        post = self._chat.find_post(channel, _mark(effect), effect.created_at, thread_ts=thread_ts)
        return {"channel": post.channel, "ts": post.ts} if post else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        keep_as = effect.payload.get("keep_as")
        ticket = transaction.ticket(effect.ticket_id or "") if keep_as else None
        if ticket is None:
            return
        if keep_as == "card":
            transaction.save(replace(ticket, card=Post(**result)))
            return
        if ticket.thread is None:
            transaction.save(replace(ticket, thread=Post(**result)))
        if ticket.thread is None or not ticket.thread.link:
            transaction.enqueue(Effect(lane=GITHUB, kind="link_thread", ticket_id=ticket.id))

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        """A requestor who cannot be told in the thread is told directly; the operator hears of it too."""
        direct = effect.payload.get("otherwise")
        if not direct:
            return False
        payload = {"channel": direct, "message": effect.payload["message"]}
        transaction.enqueue(
            Effect(lane=slack_lane(direct), kind="post", ticket_id=effect.ticket_id, payload=payload)
        )
        self._desk.notice(transaction, words.told_directly(effect.payload["channel"], reason))
        return True

    def _thread_ts(self, effect: Effect) -> str | None:
        thread = self._ticket(effect).thread if effect.payload.get("in_thread") else None
        return thread.ts if thread else None


class LinkThread(_Act):
    """Puts the link to the ticket's Slack thread into its issue."""

    def __init__(self, desk: Desk, tracker: Tracker, chat: Chat) -> None:
        super().__init__(desk)
        self._tracker = tracker
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        ticket = self._ticket(effect)
        if ticket.thread is None or ticket.number is None:
            raise Refused("the ticket has no thread or no issue")
        link = ticket.thread.link or self._chat.link_to(ticket.thread)
        self._tracker.set_status(replace(ticket, thread=replace(ticket.thread, link=link)))
        return {"link": link}

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        ticket = transaction.ticket(effect.ticket_id or "")
        if ticket and ticket.thread:
            transaction.save(replace(ticket, thread=replace(ticket.thread, link=result["link"])))


class ShowReceipt(_Act):
    """Shows the issue's number in the modal, if it is still open; the requestor is told in Slack anyway."""

    def __init__(self, desk: Desk, chat: Chat) -> None:
        super().__init__(desk)
        self._chat = chat

    def do(self, effect: Effect) -> Any:
        ticket = self._ticket(effect)
        if self._desk.store.clock() - ticket.submitted_at < RECEIPT_LIFE:
            self._chat.show(
                effect.payload["view"], blocks.receipt(ticket, remarks=self._desk.remarks(ticket))
            )
        return {}

    def refused(self, transaction: Transaction, effect: Effect, reason: str) -> bool:
        return True


def _mark(effect: Effect) -> str:
    """What tells an effect's message from all others, of other databases too, whose ids may be the same."""
    return f"{effect.id}@{effect.created_at!r}"


def _kept(seen: IssueSnapshot | Ticket) -> dict[str, Any]:
    return {"repository": seen.repository, "number": seen.number, "url": seen.url}


def _unique(*names: str) -> tuple[str, ...]:
    """Names without repetition, whatever their case, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
