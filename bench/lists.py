"""How long the lists, the Home tab and searches take, however many tickets there are."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bench.people import REPOSITORY
from identity_bot.desk.overview import Overview
from identity_bot.plugins.loader import Plugins
from identity_bot.store.similar import Similar
from identity_bot.store.store import Store
from identity_bot.tickets.calendar import DAY, team_day
from identity_bot.tickets.model import CloseReason, Person, Priority, Stage, Ticket, TicketState, ticket_id
from identity_bot.tickets.overview import Choices
from identity_bot.tickets.people import People

TEAM, REQUESTOR, LOGIN = "U0LINDEN", "U0JUNIPER", "linden-brookmere"
PEOPLE = People([{"slack": TEAM, "github": LOGIN}])
TYPES = ("data_pull", "mock_auth", "pr_review")
WORDS = [
    "login",
    "page",
    "credential",
    "token",
    "session",
    "mobile",
    "claims",
    "profile",
    "verify",
    "redirect",
    "cookie",
    "staging",
]
RARE_WORDS = [[f"symptom{word}", f"detail{word % 300}", f"cause{word % 900}"] for word in range(2_000)]
"""Words of which each ticket's answers have three, in about 50, 300 and 100 tickets of 100,000."""
OPEN_SHARE = 10
"""Of so many tickets, one is open."""
LISTED = (
    "",
    "priority:high unassigned",
    "type:pr_review stage:assigned",
    "urgent",
    "overdue",
    "target:week",
    "target:none",
    "assignee:me",
    "team:Benefits",
    "requestor:@juniper older:30",
    "closed",
    "all login page",
    "all juniper",
    "all nowhere",
)
BATCH = 500


def fill(store: Store, count: int, *, one_open_in: int = OPEN_SHARE, days: int = 900) -> None:
    """So many tickets of all sorts and of the last so many days, after those that are there."""
    chance = random.Random(count)
    today = team_day(store.clock())
    with store.reading() as connection:
        have = connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar_one()
    for first in range(have, count, BATCH):
        with store.begin(durable=False) as transaction:
            for number in range(first, min(first + BATCH, count)):
                is_open = number % one_open_in == 0
                stages = (Stage.OPEN, Stage.ASSIGNED, Stage.IN_PROGRESS, Stage.UAT)
                target = today + timedelta(days=chance.randrange(-5, 30)) if chance.random() < 0.5 else None
                who = chance.randrange(300)
                ticket = Ticket(
                    id=ticket_id(f"bench {number}"),
                    type=chance.choice(TYPES),
                    requestor=Person(
                        slack_id=REQUESTOR if who == 0 else f"U0R{who}",
                        handle="juniper" if who == 0 else f"person{who}",
                        name=f"Person {who}",
                        team=f"Team {who % 40}" if who else "Benefits",
                    ),
                    answers={"comments": " ".join([*chance.choices(WORDS, k=6), *chance.choice(RARE_WORDS)])},
                    submitted_at=store.clock() - chance.randrange(days) * DAY,
                    state=TicketState(
                        stage=chance.choice(stages) if is_open else Stage.CLOSED,
                        priority=chance.choice((None, *Priority)),
                        assignees=chance.choice(((), (LOGIN,), ("sage-hollowell",), ("indigo-marshwick",))),
                        target=target,
                        close_reason=None if is_open else CloseReason.COMPLETED,
                    ),
                    closed_at=None if is_open else store.clock() - chance.randrange(days) * DAY,
                    is_urgent=chance.random() < 0.05,
                    is_sensitive=chance.random() < 0.1,
                    repository=REPOSITORY,
                    number=number + 1,
                    title=" ".join(chance.choices(WORDS, k=4)),
                )
                transaction.add_ticket(ticket)
    with store.begin() as transaction:
        transaction.connection.exec_driver_sql("ANALYZE")


def looks(store: Store, plugins: Plugins, rounds: int) -> Mapping[str, float]:
    """The 95th percentile of each look, in milliseconds, slowest first."""
    overview = Overview(store=store, plugins=plugins, people=PEOPLE, is_team=TEAM.__eq__)
    team = overview.reader(TEAM)
    acts: dict[str, Callable[[], object]] = {
        "Home of the team": lambda: overview.home(TEAM, Choices()),
        "Home of a requestor": lambda: overview.home(REQUESTOR, Choices()),
        "the requestor's own": lambda: overview.page(REQUESTOR, team.read("all"), limit=10),
        "one ticket": lambda: overview.ticket(ticket_id("bench 10"), TEAM),
    }
    similar = Similar(store)
    asked = store.ticket(ticket_id("bench 10"))
    assert asked
    likely = replace(asked, title=" ".join(RARE_WORDS[10]), is_sensitive=False, submitted_at=store.clock())
    acts |= {
        "similar tickets": lambda: similar.to(likely),
        "similar tickets, of common words": lambda: similar.to(replace(likely, title=" ".join(WORDS))),
        "completed tickets for a text": lambda: similar.completed(
            f"My {' '.join(RARE_WORDS[10])} is broken", has=bool
        ),
    }
    for typed in LISTED:
        query = team.read(typed)
        acts[f"queue {typed}".strip()] = partial(overview.page, TEAM, query, limit=10)
        acts[f"the size of queue {typed}".strip()] = partial(overview.count, TEAM, query)
    found = {name: _p95(act, rounds) for name, act in acts.items()}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _p95(act: Callable[[], object], rounds: int) -> float:
    act()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.quantiles(times, n=20)[-1]
