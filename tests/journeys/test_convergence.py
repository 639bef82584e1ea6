"""Lost, doubled, late and reordered deliveries end in the same tickets and the same messages as perfect ones.

The sandbox's GitHub lives the same random life twice, by one clock with the desk's. It sends its real webhooks, and the
desk asks it over HTTP. In one life each delivery arrives at once and once; in the other they are lost, doubled, late by
up to seconds or by whole rounds, overtake each other, and arrive (or people act) while an answer of GitHub's is still
on its way. A round is a burst of changes that are told together; before they are told GitHub is polled.

Promised, at the end of every round:

* Each ticket is what its issue is, and the same in both lives: its state, what contradicts itself
  in it, and what is requested but not yet told.
* The same messages were posted, each once: in each thread in the same order, in each channel and direct message the
  same ones in each round; and each card shows the same. What the bot itself wrote into GitHub is the same, too.
* Nothing has failed and nothing is left to do.

Not promised:

* When it is told. What was lost and is polled only after the rest was told is a message of its own; what came and went
  in the meantime is never told.
* The order of messages of different tickets in one channel within a burst.
* What is in the table of events, which tells when a difference was told.
* Commands of several comments on one issue in one burst: they are run in the order in which they come, as nobody can
  know of an earlier one that is late. Nor commands beside what a hand does about the same thing at that moment.
* An adoption that is taken back, or is one of several changes of a burst: what is so when the desk sees such an issue
  first is no news. A deletion whose delivery is lost: no list of GitHub's tells of it.
"""

from __future__ import annotations

import heapq
import itertools
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from identity_bot.desk.notifier import QUIET
from identity_bot.github import issue_body as issue_text
from identity_bot.github.tracker import GitHubTracker
from identity_bot.github.webhook import IssueSeen, read_webhook
from identity_bot.outbox.effect import READS
from identity_bot.outbox.effects import EFFECTS, Poll
from identity_bot.outbox.worker import Worker
from identity_bot.store import schema
from identity_bot.store.rows import row_of
from identity_bot.testing import MemoryTracker, Posted
from identity_bot.tickets import lifecycle
from identity_bot.tickets.model import (
    Action,
    Change,
    IssuePatch,
    IssueSnapshot,
    Priority,
    Ticket,
    ticket_id,
)
from identity_bot_sandbox import cast
from identity_bot_sandbox.github import api as github_api
from identity_bot_sandbox.github.world import GitHubWorld
from tests.support import RECURRING, served
from tests.support_desk import SETTINGS, Office
from tests.support_outbox import START

TICK = 0.25
BURST = 7
"""Ticks from a round's first change to the poll at its end: before anything of it is told."""
ROUND = 100.0
"""Seconds from one round to the next."""
LATE = int(ROUND / TICK)

LEAD, ENGINEER, OWNER = "indigo-marshwick", "linden-brookmere", "sage-hollowell"
OPEN, RESTRICTED = cast.REPOSITORY, cast.RESTRICTED_REPOSITORY
NO_PROMISES = 'service_levels.first_response = { default = "none" }\n'
"""When an answer is missed depends on when the bot hears of it."""
PEOPLE = (
    "poll_seconds = 3600\n"
    + NO_PROMISES
    + SETTINGS.replace("people = [", 'people = [{ slack = "U0JUNIPER", github = "juniper-vale" }, ')
)

Hand = Callable[[GitHubWorld, str, int], object]
"""What somebody does to an issue."""


def labeled(name: str) -> Hand:
    """Puts a label on."""
    return lambda github, repository, number: github.label(repository, number, name, actor=LEAD)


def unlabeled(name: str) -> Hand:
    """Takes a label off, where it is on."""

    def hand(github: GitHubWorld, repository: str, number: int) -> object:
        return name in github.labels(repository, number) and github.unlabel(
            repository, number, name, actor=LEAD
        )

    return hand


def rewritten(change: Callable[[str], str]) -> Hand:
    """Edits the body."""

    def hand(github: GitHubWorld, repository: str, number: int) -> object:
        body = github.issue(repository, number).body or ""
        return github.edit(repository, number, body=change(body), actor=LEAD)

    return hand


def without_marker(body: str) -> str:
    """A body whose marker is gone."""
    return "\n".join(line for line in body.split("\n") if "identity-bot:ticket" not in line)


def with_line(line: str) -> Callable[[str], str]:
    """Writes a line into the status block."""
    return lambda body: body.replace(issue_text.STATUS_ENDS, f"{line}\n{issue_text.STATUS_ENDS}", 1)


def without_lines(word: str) -> Callable[[str], str]:
    """Takes lines that begin so out of a body."""
    return lambda body: "\n".join(line for line in body.split("\n") if not line.startswith(word))


def assigned(login: str) -> Hand:
    """Gives it to somebody."""
    return lambda github, repository, number: github.assign(repository, number, login, actor=LEAD)


def unassigned(login: str) -> Hand:
    """Takes it from somebody."""
    return lambda github, repository, number: github.unassign(repository, number, login, actor=LEAD)


def planned(milestone: int | None) -> Hand:
    """Puts it into a milestone, or out of it."""
    return lambda github, repository, number: github.set_milestone(repository, number, milestone, actor=LEAD)


def closed(reason: str) -> Hand:
    """Closes it."""
    return lambda github, repository, number: github.close(repository, number, reason, actor=OWNER)


def commented(text: str) -> Hand:
    """Says something below it."""
    return lambda github, repository, number: github.comment(repository, number, text, actor=ENGINEER)


HANDS: Mapping[str, Hand] = {
    "assign linden": assigned(ENGINEER),
    "assign sage": assigned(OWNER),
    "unassign linden": unassigned(ENGINEER),
    "unassign indigo": unassigned(LEAD),
    "priority high": labeled("priority: high"),
    "priority critical": labeled("priority: critical"),
    "no priority high": unlabeled("priority: high"),
    "no priority critical": unlabeled("priority: critical"),
    "in progress": labeled("stage: in progress"),
    "uat": labeled("stage: ready for UAT"),
    "accepted": labeled("stage: accepted"),
    "released": labeled("stage: released"),
    "not uat": unlabeled("stage: ready for UAT"),
    "not accepted": unlabeled("stage: accepted"),
    "not released": unlabeled("stage: released"),
    "milestone March": planned(1),
    "milestone April": planned(2),
    "milestone without a date": planned(3),
    "no milestone": planned(None),
    "marker gone": rewritten(without_marker),
    "marker doubled": rewritten(lambda body: f"{body}\n{body.split(chr(10))[-1]}"),
    "status block gone": rewritten(lambda body: body.partition(issue_text.STATUS_ENDS)[2] or body),
    "spoc sage": rewritten(with_line("SPOC: sage-hollowell")),
    "no spoc": rewritten(without_lines("SPOC:")),
    "target in May": rewritten(with_line("Target date: 2027-05-03")),
    "no target": rewritten(without_lines("Target date:")),
    "written before": rewritten(lambda body: f"See also the other one.\n\n{body}"),
    "close": closed("completed"),
    "close as not planned": closed("not_planned"),
    "close as duplicate": closed("duplicate"),
    "reopen": lambda github, repository, number: github.reopen(repository, number, actor=OWNER),
    "chat": commented("I am on it."),
    "lock": lambda github, repository, number: github.lock(repository, number, actor=LEAD),
}
PLAIN = (
    "/priority high",
    "/priority critical\n/spoc @sage-hollowell",
    "/target 2027-06-01\n/priority low",
)
"""Commands that are possible whenever an issue is open."""
COMMANDS: Mapping[str, Hand] = {
    text: commented(text) for text in (*PLAIN, "/uat", "/released", "/priority soon", "```\n/uat\n```")
}
BESIDE = ("assign linden", "assign sage", "unassign linden", "unassign indigo", "chat", "lock")
"""What hands do that those leave alone."""

ISSUES = ((OPEN, 1), (OPEN, 2), (RESTRICTED, 1), (OPEN, 3))
"""An ordinary one, an urgent one, a sensitive one, and one that is adopted."""


@dataclass(frozen=True)
class Round:
    """What happens in one burst: a tick, an issue and what is done; one issue may be commanded by a comment, too."""

    acts: Sequence[tuple[int, int, str]]
    commanded: tuple[int, int, str] | None = None

    def timeline(self) -> Iterator[tuple[int, int, Hand]]:
        """All of it in order of time."""
        _, where, text = self.commanded or (0, None, "")
        beside = BESIDE if text in PLAIN else ()
        found = [(t, issue, HANDS[name]) for t, issue, name in self.acts if issue != where or name in beside]
        if self.commanded:
            tick, issue, text = self.commanded
            found.append((tick, issue, COMMANDS[text]))
        yield from sorted(found, key=lambda act: act[0])


@dataclass(frozen=True)
class Mishaps:
    """What becomes of deliveries, in turn: the ticks after which each arrives, as often as it does; and more polls."""

    fates: Sequence[tuple[int, ...]] = ((0,),)
    polls: Sequence[int] = ()
    is_overtaken: bool = False
    """Whether the world goes on while an answer is on its way."""


class Stage:
    """A server of GitHub's API whose world can be changed for another."""

    def __init__(self) -> None:
        self.app: Any = None
        self.url = ""

    def show(self, github: GitHubWorld) -> None:
        """Answers from this world from now on."""
        self.app = Starlette(routes=github_api.routes(github))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class OvertakenTracker(GitHubTracker):
    """A tracker whose answers take their time, in which the world goes on."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def get_issue(self, repository: str, number: int) -> IssueSnapshot:
        seen = super().get_issue(repository, number)
        self.meanwhile()
        return seen

    def update_issue(self, ticket: Ticket, patch: IssuePatch, **named: Any) -> IssueSnapshot:
        seen = super().update_issue(ticket, patch, **named)
        self.meanwhile()
        return seen

    def poll(self, *given: Any, **named: Any) -> Any:
        polled = super().poll(*given, **named)
        self.meanwhile()
        return polled


@dataclass(order=True)
class Arrival:
    """A delivery on its way."""

    at: float
    order: int
    headers: Mapping[str, str] = field(compare=False)
    body: bytes = field(compare=False)


class Life:
    """GitHub and a desk that hears of it, with one clock, and what happens to the deliveries between them."""

    def __init__(self, folder: Path, stage: Stage, mishaps: Mishaps) -> None:
        self.office = Office(folder, toml=PEOPLE)
        self.clock = self.office.clock
        self.github = GitHubWorld(clock=lambda: datetime.fromtimestamp(self.clock(), UTC), base_url=stage.url)
        stage.show(self.github)
        tracker = OvertakenTracker(cast.GITHUB_TOKEN, f"{stage.url}/github/api", self.clock)
        if mishaps.is_overtaken:
            tracker.meanwhile = self._go_on
        self.office.tracker = tracker
        self.office.restart()
        self.worker = Worker(self.office.queue, EFFECTS, self.office.context, jitter=lambda: 0.5)
        self.mishaps = mishaps
        self.arrivals: list[Arrival] = []
        self.due: list[tuple[float, int, Hand]] = []
        self.fates = itertools.cycle(mishaps.fates)
        self.heard_of = 0
        self.orders = itertools.count()
        self.round_ends: list[int] = []
        # Nothing is posted by the sandbox: what it would send is kept, and arrives as fate has it.
        self.github.webhooks.lose(None)
        self.github.webhooks.register("http://bot.test/", secret=cast.WEBHOOK_SECRET)

    def begin(self) -> None:
        """Three requests become tickets, and an issue that somebody else has written is adopted."""
        github, desk = self.github, self.office
        for repository in (OPEN, RESTRICTED):
            for title, due in (("March", date(2027, 3, 1)), ("April", date(2027, 4, 1)), ("Some day", None)):
                github.new_milestone(repository, title, due, actor=LEAD)
        desk.desk.start_schedule()
        self.until(START + 1)
        desk.submit(view="V1")
        self.until(START + 5)
        desk.submit(view="V2", production=True)
        desk.submit("data_pull", view="V3", sensitive=True)
        self.until(START + 30)
        github.open_issue(OPEN, "My page is slow", "It takes minutes.", actor="juniper-vale")
        self.until(START + 40)
        github.label(OPEN, 3, desk.settings.label, actor=LEAD)
        self.poll()  # at once, as the ticket tells when that was
        self.end_round(0)

    def play(self, number: int, what: Round) -> None:
        """Lets a round happen."""
        start = START + number * ROUND
        self.due = [(start + tick * TICK, issue, hand) for tick, issue, hand in what.timeline()]
        for tick in sorted(self.mishaps.polls):
            self.until(start + tick * TICK)
            self.poll()
        self.until(start + BURST * TICK)
        self.poll()
        self.end_round(number)

    def end_round(self, number: int) -> None:
        """Lets all be done that follows."""
        self.until(START + number * ROUND + ROUND - 10)
        self.round_ends.append(len(self.office.chat.posts))

    def poll(self) -> None:
        """Has the next poll run now."""
        is_next_poll = (schema.outbox.c.kind == Poll.kind, schema.WAITING)
        with self.office.store.begin() as transaction:
            transaction.connection.execute(
                schema.outbox.update().where(*is_next_poll).values(due_at=transaction.now)
            )
            transaction.make_ready(READS, transaction.now)
        self.worker.run_due()

    def until(self, end: float) -> None:
        """Lets everything happen that happens before then."""
        for _ in range(5000):
            self._go_on()
            self.worker.run_due()
            self._overhear()
            coming = [*(act[0] for act in self.due[:1]), *(one.at for one in self.arrivals[:1])]
            ready_in = self.office.queue.ready_in()
            moment = min([*coming, *([] if ready_in is None else [self.clock.now + ready_in]), end])
            if moment >= end:
                self.clock.now = max(self.clock.now, end)
                return
            self.clock.now = max(self.clock.now, moment)
        raise AssertionError("the bot does not come to rest")

    def _go_on(self) -> None:
        """One act of somebody's that is due, if there is one, and all deliveries that arrive by now."""
        if self.due and self.due[0][0] <= self.clock():
            _, issue, hand = self.due.pop(0)
            hand(self.github, *ISSUES[issue])
            self._overhear()
        while self.arrivals and self.arrivals[0].at <= self.clock():
            arrived = heapq.heappop(self.arrivals)
            told = read_webhook(arrived.headers["x-github-event"], arrived.body)
            if isinstance(told, IssueSeen):
                self.office.desk.observe(told.snapshot)
                if told.comment:
                    self.office.desk.handle_comment(told.comment)

    def _overhear(self) -> None:
        """Takes what GitHub has sent since, and settles when it arrives."""
        sent = self.github.webhooks.deliveries()
        for delivery in sent[self.heard_of :]:
            headers = {name.lower(): value for name, value in delivery.headers.items()}
            for ticks in next(self.fates):
                arrival = Arrival(self.clock() + ticks * TICK, next(self.orders), headers, delivery.body)
                heapq.heappush(self.arrivals, arrival)
        self.heard_of = len(sent)

    def picture(self) -> dict[str, Any]:
        """All that is promised to be the same."""
        store, chat = self.office.store, self.office.chat
        with store.reading() as connection:
            ids = connection.execute(schema.tickets.select().order_by(schema.tickets.c.id)).scalars().all()
        tickets = [ticket for one in ids if (ticket := store.ticket(one))]
        names = {place.ts: f"{what} of {t.id}" for t in tickets for what, place in places(t)}
        channels: dict[str, list[Any]] = {}
        threads: dict[str, list[Any]] = {}
        for number, posted in enumerate(chat.posts, 1):
            round_number = sum(number > end for end in self.round_ends)
            if posted.thread_ts:
                threads.setdefault(names[posted.thread_ts], []).append(said(posted))
            else:
                channels.setdefault(f"{posted.channel} in round {round_number}", []).append(said(posted))
        return {
            "tickets": [shown(ticket) for ticket in tickets],
            "channels": {name: sorted(posts) for name, posts in channels.items()},
            "threads": threads,
            "issues": [self.issue(*place) for place in ISSUES],
            "failed": [(row.kind, row.last_error) for row in self.office.outbox.rows("failed")],
            "waiting": [row.kind for row in self.office.outbox.rows("waiting") if row.kind not in RECURRING],
        }

    def issue(self, repository: str, number: int) -> Any:
        """An issue and what was said below it."""
        one = self.github.issue(repository, number)
        written = [comment.body.partition("<!--")[0] for comment in self.github.comments(repository, number)]
        return one.body, one.is_open, self.github.labels(repository, number), one.assignees, sorted(written)

    def check(self) -> None:
        """Every ticket is what its issue is."""
        for repository, number in ISSUES:
            with self.office.store.begin() as transaction:
                ticket = transaction.ticket_at(repository, number)
            assert ticket
            snapshot = GitHubTracker.get_issue(self.office.tracker, repository, number)
            assert ticket.state == lifecycle.state_of(snapshot)
            assert ticket.last_notified == ticket.state


def places(ticket: Ticket) -> Iterator[tuple[str, Any]]:
    """Where a ticket's threads begin."""
    if ticket.thread:
        yield "thread", ticket.thread
    if ticket.card:
        yield "card", ticket.card


def said(posted: Posted) -> tuple[str, str]:
    """What a message shows, without the moment since which a ticket waits: when the bot heard of that."""
    return _timeless(posted.text), _timeless(repr(posted.blocks))


def _timeless(text: str) -> str:
    return re.sub(r"since <!date[^>]*>", "since then", text)


def shown(ticket: Ticket) -> dict[str, Any]:
    """A ticket without what tells only when it was heard of, and in which order a channel got its messages.

    Its clocks go by that as well.
    """
    ticket = replace(
        ticket,
        responded_at=None,
        pauses=(),
        response_due=None,
        resolution_due=None,
        escalations=(),
        nudged_at=None,
    )
    offers = tuple(replace(one, message=replace(one.message, ts="")) for one in ticket.offers)
    return row_of(replace(ticket, thread=None, card=None, offers=offers, issue_updated_at=0.0))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """GitHub's API over HTTP, for one world after the other."""
    found = Stage()
    with served(found) as url:
        found.url = url
        yield found


def lived(stage: Stage, rounds: Sequence[Round], mishaps: Mishaps) -> list[dict[str, Any]]:
    """What is so at the end of each round, of such a life."""
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), stage, mishaps)
        life.begin()
        pictures = [life.picture()]
        for number, one in enumerate(rounds, 1):
            life.play(number, one)
            pictures.append(life.picture())
        life.check()
        # Most is still on its way when the last round ends.
        life.play(len(rounds) + 3, Round(()))
        life.check()
        pictures.append(life.picture())
        assert not life.arrivals
        life.office.store.close()
    return pictures


TICKS = st.integers(0, 6)
ISSUE = st.integers(0, len(ISSUES) - 1)
NAMES = st.sampled_from(list(HANDS))
# Several changes at the same moment: GitHub's clock cannot tell which was the last.
ACTS = st.lists(st.tuples(TICKS, ISSUE, st.lists(NAMES, min_size=1, max_size=3)), max_size=5).map(
    lambda found: [(tick, issue, name) for tick, issue, names in found for name in names]
)
A_ROUND = st.builds(Round, ACTS, st.none() | st.tuples(TICKS, ISSUE, st.sampled_from(list(COMMANDS))))
ROUNDS = st.lists(A_ROUND, min_size=1, max_size=4)
DELAY = st.integers(0, 5)
LATER = st.integers(LATE - 4, LATE + 12) | st.just(2 * LATE)
FATE = st.one_of(
    st.just((0,)),
    st.just(()),
    st.tuples(DELAY),
    st.tuples(DELAY, DELAY),
    st.tuples(LATER),
    st.tuples(DELAY, LATER),
    st.tuples(st.just(0), LATER),
)
MISHAPS = st.builds(
    Mishaps,
    st.lists(FATE, min_size=1, max_size=25),
    st.lists(st.integers(0, BURST - 1), max_size=3),
    st.booleans(),
)


@settings(max_examples=20)
@given(rounds=ROUNDS, mishaps=MISHAPS)
def test_whatever_becomes_of_deliveries_the_same_is_so_and_is_told(
    stage: Stage, rounds: list[Round], mishaps: Mishaps
) -> None:
    """At the end of every round of changes, however its deliveries came, if they did."""
    perfect = lived(stage, rounds, Mishaps())

    found = lived(stage, rounds, mishaps)

    assert BURST * TICK < QUIET
    assert found == perfect


@dataclass
class OvertakenMemory(MemoryTracker):
    """A tracker in memory, of whose first answer to a write the desk hears only after what has happened next."""

    next: list[Callable[[], None]] = field(default_factory=list)

    def update_issue(self, ticket: Ticket, patch: IssuePatch, **named: Any) -> IssueSnapshot:
        seen = super().update_issue(ticket, patch, **named)
        if self.next:
            self.next.pop()()
        return seen


def test_an_answer_that_a_webhook_overtakes_within_its_second_is_not_the_last_word(tmp_path: Path) -> None:
    """No poll is needed: what GitHub answered to a write says no more than that it was so."""
    office = Office(tmp_path)
    tracker = office.tracker = OvertakenMemory(office.clock)
    office.restart()
    office.submit()
    office.work()
    by_hand = frozenset({ENGINEER})
    tracker.next.append(lambda: office.desk.observe(tracker.edit(1, assignees=by_hand)))

    office.desk.change(ticket_id("V1"), Change(action=Action.PRIORITY, value="high"), by="U0INDIGO")
    office.work()

    ticket = office.desk.ticket(ticket_id("V1"))
    assert ticket
    assert (ticket.state.priority, ticket.state.assignees) == (Priority.HIGH, (ENGINEER,))
    assert "Assigned to:* <@U0LINDEN>" in office.chat.texts("C0TEAM")[0]


def test_a_ticket_accepted_by_a_label_within_the_same_seconds_is_told_in_one_message(tmp_path: Path) -> None:
    """Whether or not the delivery in between was lost."""
    told = []
    for is_lost in (False, True):
        (folder := tmp_path / str(is_lost)).mkdir()
        office = Office(folder)
        office.submit()
        office.work()
        for name in ("ready for UAT", "accepted"):
            seen = office.tracker.edit(1, labels=frozenset({office.settings.label, f"stage: {name}"}))
            if name == "accepted" or not is_lost:
                office.desk.observe(seen)
            office.work(1)
        office.work()
        told.append(office.chat.texts("C0INTAKE"))
        office.store.close()

    perfect, found = told

    assert len(found) == 2
    assert found == perfect
