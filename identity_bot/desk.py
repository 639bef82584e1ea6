"""The desk: requests come in, become tickets, and every change of a ticket is told; it knows no vendor."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from identity_bot import blocks, defaults, forms, issue, lifecycle, words
from identity_bot.errors import Invalid, Refused
from identity_bot.model import (
    Audience,
    Effect,
    Event,
    IssueDraft,
    IssueSnapshot,
    Notification,
    Person,
    Post,
    Ticket,
    ticket_id,
)
from identity_bot.plugins import Plugins, RequestType
from identity_bot.questions import Member
from identity_bot.settings import Settings
from identity_bot.store import Store, Transaction

log = logging.getLogger(__name__)

GITHUB = "github"
VIEWS = "slack:views"
RECEIPT_DELAY = 0.3
"""Seconds that the modal's second receipt waits, lest it reach Slack before the ack that brings the first."""
RECEIPT_LIFE = 600.0
"""Seconds after which nobody is looking at the modal any more."""


def pace(lane: str) -> float:
    """Seconds that a lane rests between two effects: both Slack (a channel) and GitHub (writes) ask for one."""
    return 0.0 if lane == VIEWS else 1.0


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


class Desk:
    """The use cases; `acts` are the effects that they write, for the worker."""

    def __init__(
        self, *, store: Store, plugins: Plugins, settings: Settings, tracker: Tracker, chat: Chat
    ) -> None:
        self.store = store
        self.plugins = plugins
        self.settings = settings
        self.acts = {
            "open_issue": OpenIssue(self, tracker, chat),
            "post": PostMessage(self, chat),
            "link_thread": LinkThread(self, tracker, chat),
            "show_receipt": ShowReceipt(self, chat),
        }

    def submit(
        self,
        type_name: str,
        values: Mapping[str, Any],
        requestor: Person,
        *,
        submission: str,
        origin: Post | None,
    ) -> Ticket:
        """The ticket for a filled-in form; the same submission is the same ticket, however often it comes.

        Raises Invalid with the problems by question, KeyError for a type that is not installed, and StoreError
        where nothing could be kept.
        """
        request_type = self.plugins.types[type_name]
        form = request_type.form
        answers = forms.load(form, values)
        problems = request_type.validate(answers, requestor)
        if problems:
            raise Invalid(problems)
        is_sensitive = form.is_sensitive(answers)
        settings = request_type.settings
        ticket = Ticket(
            id=ticket_id(submission),
            type=type_name,
            requestor=replace(requestor, name=answers["name"], team=answers["team"]),
            answers=answers,
            submitted_at=self.store.clock(),
            is_urgent=answers["production"],
            is_sensitive=is_sensitive,
            repository=(is_sensitive and settings["restricted_repository"]) or settings["repository"],
            origin=origin,
            thread=origin,
        )
        effect = Effect(lane=GITHUB, kind="open_issue", ticket_id=ticket.id, payload={"view": submission})
        with self.store.begin() as transaction:
            if not transaction.add_ticket(ticket):
                log.info("submission came again", extra={"ticket": ticket.id})
                return transaction.ticket(ticket.id) or ticket
            transaction.enqueue(effect)
        log.info("ticket submitted: %s", type_name, extra={"ticket": ticket.id})
        return ticket

    def remarks(self, ticket: Ticket) -> list[str]:
        """What the receipt should add about a ticket's answers."""
        request_type = self.plugins.types.get(ticket.type)
        return defaults.remarks(request_type.form, ticket.answers) if request_type else []

    def observe(self, snapshot: IssueSnapshot) -> None:
        """Takes in an issue as it was seen, by whatever way it was; the only way in which a ticket changes."""
        with self.store.begin() as transaction:
            self.observe_within(transaction, snapshot)

    def observe_within(self, transaction: Transaction, snapshot: IssueSnapshot) -> None:
        """The same, as part of a larger transaction."""
        ticket = transaction.ticket(snapshot.ticket_id) if snapshot.ticket_id else None
        if ticket is None:
            return
        now, events = lifecycle.observe(ticket, snapshot, transaction.now)
        if now != ticket:
            transaction.save(now)
        for event in events:
            transaction.add_event(event)
            log.info("ticket %s: #%s", event.kind.value, now.number, extra={"ticket": now.id})
            self._tell(transaction, now, event)

    def parked(self, transaction: Transaction, effect: Effect, reason: str) -> None:
        """Tells the team that an effect waits for an operator; a notice that cannot be told is only logged."""
        if effect.payload.get("is_notice"):
            return
        ticket = transaction.ticket(effect.ticket_id) if effect.ticket_id else None
        reference = ticket.reference if ticket else ""
        self.notice(transaction, words.parked(effect.kind, reference, reason))

    def notice(self, transaction: Transaction, text: str) -> None:
        """Tells the team something that an operator should mend."""
        payload = {"message": blocks.message(text), "channel": self.settings.team_channel, "is_notice": True}
        transaction.enqueue(Effect(lane=_lane(self.settings.team_channel), kind="post", payload=payload))

    def type_of(self, ticket: Ticket) -> RequestType:
        """The ticket's request type; raises Refused where it has been uninstalled since."""
        try:
            return self.plugins.types[ticket.type]
        except KeyError:
            raise Refused(f"the request type {ticket.type!r} is not installed") from None

    def _tell(self, transaction: Transaction, ticket: Ticket, event: Event) -> None:
        request_type = self.plugins.types.get(ticket.type)
        if request_type is None:
            self.notice(transaction, words.type_uninstalled(ticket))
            return
        for notification in request_type.notify(ticket, event):
            transaction.enqueue(self._message(ticket, request_type, notification))

    def _message(self, ticket: Ticket, request_type: RequestType, told: Notification) -> Effect:
        payload: dict[str, Any] = {"channel": self.settings.intake_channel}
        match told.to:
            case Audience.REQUESTOR:
                payload["keep_as"] = "thread"
                payload["otherwise"] = ticket.requestor.slack_id
                if ticket.thread:
                    payload |= {"channel": ticket.thread.channel, "in_thread": True}
            case Audience.TEAM:
                payload["channel"] = self.settings.team_channel
                if told.is_card:
                    payload["keep_as"] = "card"
        if told.is_card:
            payload["message"] = blocks.card(ticket, request_type.form, told.text)
        else:
            payload["message"] = blocks.message(told.text)
        return Effect(lane=_lane(payload["channel"]), kind="post", ticket_id=ticket.id, payload=payload)


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
        request_type = self._desk.type_of(ticket)
        named = replace(ticket, answers=self._with_names(ticket, request_type))
        draft = request_type.render_issue(named)
        settings = request_type.settings
        leads = [lead["github"] for lead in settings["leads"] if "github" in lead] if ticket.is_urgent else []
        opened = self._tracker.open_issue(
            ticket.repository,
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
        found = self._tracker.find_issue(ticket.repository, ticket.id, effect.created_at)
        return _kept(found) if found else None

    def done(self, transaction: Transaction, effect: Effect, result: Any) -> None:
        snapshot = IssueSnapshot(
            repository=result["repository"],
            number=result["number"],
            url=result["url"],
            ticket_id=effect.ticket_id,
        )
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
            Effect(lane=_lane(direct), kind="post", ticket_id=effect.ticket_id, payload=payload)
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


def _lane(channel: str) -> str:
    return f"slack:{channel}"


def _mark(effect: Effect) -> str:
    """What tells an effect's message from all others, of other databases too, whose ids may be the same."""
    return f"{effect.id}@{effect.created_at!r}"


def _kept(snapshot: IssueSnapshot) -> dict[str, Any]:
    return {"repository": snapshot.repository, "number": snapshot.number, "url": snapshot.url}


def _unique(*names: str) -> tuple[str, ...]:
    """Names without repetition, whatever their case, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())


__all__: Sequence[str] = ("Chat", "Desk", "Opened", "Tracker", "pace")
