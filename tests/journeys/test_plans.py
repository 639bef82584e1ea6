"""Every statement that a running bot sends finds its rows by an index, on both databases, however full they are.

The statements are collected while a desk lives through what can happen, so that a new one is judged, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Delete, Select, Update, insert, text

from identity_bot.articles.answer import Answer
from identity_bot.articles.suggestion import Suggestion
from identity_bot.desk.self_service import SelfService
from identity_bot.errors import Rejected, Retryable
from identity_bot.outbox import outbox as outbox_module
from identity_bot.outbox import queue as queue_module
from identity_bot.outbox.effects.messages import SendDirectMessage
from identity_bot.outbox.queue import LEASE
from identity_bot.store import answers as answers_module
from identity_bot.store import digests, messages, schema, transaction
from identity_bot.store import similar as similar_module
from identity_bot.store import store as store_module
from identity_bot.store import surveys as surveys_module
from identity_bot.store.gauges import gauges
from identity_bot.store.links import Claim, Links
from identity_bot.store.lists import RARE, Lists
from identity_bot.store.similar import Similar
from identity_bot.store.surveys import SurveyRows, Surveys
from identity_bot.text.formatted import from_slack
from identity_bot.tickets.calendar import DAY, team_day
from identity_bot.tickets.model import Action, IssueComment, Priority, Stage, ThreadReply
from identity_bot.tickets.overview import Choices
from identity_bot.tickets.people import Link, LinkSource
from identity_bot.tickets.query import Due, Query
from identity_bot.tickets.survey import WEEK, Satisfaction, Survey
from tests.support import survey_answers
from tests.support_desk import Office
from tests.support_outbox import statements

INDIGO, REQUESTS = "U0INDIGO", "sandbox-org/identity-requests"
QUERIES = (
    Query(),
    Query(is_open=False),
    Query(is_open=None),
    Query(assignee=""),
    Query(stages=(Stage.UAT,)),
    Query(due=Due.OVERDUE),
    Query(types=("pr_review",)),
    Query(priorities=(Priority.HIGH,)),
    Query(is_urgent=True),
)
"""What the Home tab and /help list."""
PARTS = {
    "TICKET",
    "TICKET_AT",
    "TICKET_IN",
    "MESSAGE_IN",
    "MESSAGE_AT",
    "_CHANGE",
    "_CHANGE_FAILED",
    "_CHANGE_LANE",
    "_CARRY_LEASES",
    "_NEXT_READY",
    "_OVERDUE",
    "_TRIED_LONGEST",
    "_SAVE",
    "_TALLY",
    "_BEHIND",
}
"""What other statements are made of, what is sent from elsewhere with a lock, and what only operators ask for."""
WHOLE = re.compile(
    r"SELECT (links\.slack_id, .*FROM links|digests\.slack_id.*FROM digests) ORDER BY", re.DOTALL
)
"""Who is who is read as a whole, into memory, and who wants a digest."""
ROWS = 3000
EFFECTS = 20_000


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, database_url=database_url)
    yield office
    office.store.close()


def live(office: Office) -> None:
    """What can happen to a desk, as far as it reaches the database."""
    office.desk.start_schedule()
    service = SelfService(store=office.store, plugins=office.plugins)
    suggested = Suggestion(answer=Answer(title="A title", text="A text"), source="articles")
    for view in ("V1", "V9"):
        service.record_shown(view, "pr_review", [suggested])
    service.record_solved("V9", "articles", "A title")
    ticket = office.submit()
    office.desk.last_team("U0JUNIPER")
    office.store.events(ticket.id, 20)
    office.store.home_choices(INDIGO)
    office.store.messages(ticket.id, 20)
    office.desk.subscribe(INDIGO, is_on=True)
    with office.store.begin() as transaction:
        digests.subscribers(transaction)
    office.work(30)
    office.click(office.ticket(ticket), Action.PRIORITY, "high", by=INDIGO)
    office.work(30)
    due = team_day(office.clock.now)
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"linden-brookmere"}), target=due))
    office.desk.handle_comment(
        IssueComment(
            repository=REQUESTS,
            number=1,
            id=5,
            author="linden-brookmere",
            body="/priority critical",
            created_at=office.clock.now,
        )
    )
    office.work(30)
    thread = office.ticket(ticket).thread
    assert thread
    for version in (office.clock.now, office.clock.now + 1):
        reply = ThreadReply(
            channel=thread.channel,
            thread_ts=thread.ts,
            ts=f"{office.clock.now:.6f}",
            author=INDIGO,
            words=from_slack({"text": f"Hello {version}"}),
            version=version,
        )
        office.desk.handle_reply(reply)
        said = IssueComment(
            repository=REQUESTS,
            number=1,
            id=6,
            author="linden-brookmere",
            body=f"Hello {version}",
            created_at=office.clock.now,
            updated_at=version,
        )
        office.desk.handle_comment(said)
        office.work(10)
    office.tracker.fails = [Retryable("busy"), Rejected("no")]
    with office.store.begin() as writing:
        writing.take_turn("")
    failing = office.submit(view="V2")
    office.work(30)
    office.desk.label_renamed(REQUESTS, "pr_review", "other")
    office.desk.resync_repository(REQUESTS)
    with office.store.begin() as writing:
        writing.enqueue(SendDirectMessage(to=INDIGO, text="Hello"))
        writing.rewrite_effects(failing.id, lambda payload: {**payload, "new": True})
    with office.store.begin() as writing, writing.savepoint():
        writing.open_tickets(REQUESTS)
        writing.open_home(INDIGO, Choices())
        writing.save_synced_page(REQUESTS, writing.synced_page(REQUESTS) + 1)
        writing.rewrite_messages(ticket.id, lambda text: f"{text}!")
        writing.save(replace(failing, title="Another title"))
        writing.find_moved_comment(ticket.id, "linden-brookmere", said.created_at)
        if known := writing.message_at(REQUESTS, 6):
            writing.move_comment(known, REQUESTS, 6)
        Links(writing).add_claim(Claim(slack_id=INDIGO, login="octocat", digest="d", at=office.clock.now))
        guess = Link(slack_id="U0MARLO", login="Marlo-P", source=LinkSource.EMAIL, at=office.clock.now)
        Links(writing).suggest(guess)
        Links(writing).forget(guess.slack_id, office.clock.now)
        Links(writing).save(replace(guess, source=LinkSource.PROVED))
        surveys = SurveyRows(writing)
        asked = Survey(ticket_id=ticket.id, slack_id=INDIGO, asked_at=office.clock.now, comment="Hello")
        surveys.was_asked(INDIGO, office.clock.now - WEEK)
        surveys.add(asked)
        surveys.save(replace(asked, answer=Satisfaction.NEITHER, answered_at=office.clock.now))
        surveys.redact(ticket.id, lambda text: f"{text}!")
    Surveys(office.store).of(ticket.id)
    survey_answers(office.store, office.clock.now - DAY, office.clock.now + DAY)
    lease = office.queue.lease("dies")
    assert lease
    office.queue.renew({lease.id: lease.lane})
    office.clock.move(LEASE + 1)
    another = office.queue.lease("stops")
    assert another
    office.queue.give_back(another)
    office.clock.move(400 * DAY)
    office.work(30)
    office.clock.move(-400 * DAY)
    office.work(30)
    office.tracker.fails = [Rejected("no")]
    for row in office.outbox.rows("failed"):
        office.outbox.retry(row.id)
    office.work(30)
    for row in office.outbox.rows("failed"):
        office.outbox.discard(row.id)
    similar = Similar(office.store)
    similar.to(replace(failing, title=office.ticket(ticket).title))
    similar.completed(office.ticket(ticket).title, has=bool)
    with office.store.begin() as reading:
        reading.read_ticket(ticket.id)
        reading.read_ticket_at(REQUESTS, 1)
    office.store.check()
    office.outbox.backlog()
    # Of a type that nearly all tickets have, any index of open tickets does: what is counted ends soon.
    gauges(office.store, ["data_pull"])


def fill(office: Office) -> None:
    """Rows as after years, for planners that look at how many there are."""
    numbers = range(ROWS)
    effects = [
        {
            "lane": f"lane {number % 50}",
            "kind": "note",
            "payload": {},
            "state": ("done", "waiting", "failed")[number % 3],
            "unique_key": f"key {number}",
            "created_at": number,
            "due_at": number,
            "trying_since": number,
        }
        for number in range(EFFECTS)
    ]
    lanes = [{"name": f"lane {number}", "ready_at": None if number % 9 else number} for number in numbers]
    comments = [{"repository": f"o/{number % 3}", "comment_id": number, "at": number} for number in numbers]
    events = [{"ticket_id": str(number), "kind": "created", "at": number, "by": ""} for number in numbers]
    terms = [{"term": f"term {number % 50}", "ticket_id": str(number)} for number in numbers]
    messages = [
        {"ticket_id": str(number % 900), "kind": "reply", "at": number, "text": "", "author": "", "to": ""}
        | {
            "channel": "C1",
            "ts": str(number),
            "repository": "o/n",
            "comment_id": number,
            "version": 0.0,
            "is_redacted": False,
        }
        for number in numbers
    ]
    answers = [
        {
            "view_id": str(number),
            "type": "",
            "source": "articles",
            "name": str(number),
            "title": "",
            "url": "",
        }
        | {"at": number, "outcome": "shown", "ticket_id": str(number)}
        for number in numbers
    ]
    surveys = [
        {"ticket_id": str(number), "slack_id": f"U{number}", "asked_at": number, "channel": "C1", "ts": "1"}
        | {"answer": 3, "comment": "", "answered_at": number, "is_reported": False}
        for number in numbers
    ]
    views = [{"slack_id": f"U{number}", "choices": {}, "opened_at": number} for number in numbers]
    with office.store.begin() as writing:
        for table, rows in (
            (schema.outbox, effects),
            (schema.lanes, lanes),
            (schema.processed_comments, comments),
            (schema.events, events),
            (schema.ticket_terms, terms),
            (schema.messages, messages),
            (schema.home_views, views),
            (schema.shown_answers, answers),
            (schema.surveys, surveys),
        ):
            writing.connection.execute(insert(table), rows)
        kept = dict(writing.connection.execute(schema.tickets.select().limit(1)).mappings().one())
        several = [
            kept
            | {
                "id": str(n),
                "number": n + 100,
                "stage": ("closed", "open")[n % 2],
                "requestor_slack_id": f"U{n}",
                "thread_ts": str(n),
            }
            for n in numbers
        ]
        writing.connection.execute(insert(schema.tickets), several)
        writing.connection.execute(text("ANALYZE"))


def scans(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The parts of a statement's plan that read more rows than an index leads to, or sort what they read."""
    if isinstance(parameters, list):  # one statement for many rows
        parameters = parameters[0]
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        return [line for *_, line in plan if re.match(r"SCAN (?!CONSTANT|\(|anon|\d)|USE TEMP B-TREE", line)]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    [[[plan]]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
    return [one["Node Type"] for one in nodes(plan["Plan"]) if is_scan(one)]


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def is_scan(node: Mapping[str, Any]) -> bool:
    kind = node["Node Type"]
    reads_index = kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
    is_long_sort = kind == "Sort" and node["Plan Rows"] > RARE
    return kind == "Seq Scan" or is_long_sort or (reads_index and "Index Cond" not in node)


def test_every_statement_of_a_running_bot_finds_its_rows_by_an_index(office: Office) -> None:
    with statements(office.store) as seen:
        live(office)
    fill(office)

    sent = {sql: values for sql, values in seen if re.match("SELECT .*FROM|UPDATE|DELETE", sql, re.DOTALL)}
    sent = {sql: values for sql, values in sent.items() if not WHOLE.match(sql)}
    with office.store.reading() as connection:
        found = {sql: scans(connection, sql, values) for sql, values in sent.items()}

    bad = {sql: parts for sql, parts in found.items() if parts}
    assert not bad, "\n\n".join(f"{parts}\n{sql}" for sql, parts in bad.items())
    assert len(sent) > 30


def test_every_list_is_read_in_the_order_of_an_index(office: Office) -> None:
    """It stops at the end of the page: however long the queue is, a page costs the same."""
    live(office)
    fill(office)
    lists = Lists(office.store)
    with statements(office.store) as seen:
        for query in QUERIES:
            lists.page(query, limit=10, after=lists.page(query, limit=1).next)

    pages = {sql: values for sql, values in seen if "FROM tickets" in sql}
    with office.store.reading() as connection:
        found = {sql: scans(connection, sql, values) for sql, values in pages.items()}

    in_order = re.compile(r"SCAN \w+ USING (COVERING )?INDEX|Index (Only )?Scan")
    bad = {sql: [part for part in parts if not in_order.match(part)] for sql, parts in found.items()}
    assert not any(bad.values()), [(parts, sql[-400:]) for sql, parts in bad.items() if parts]
    assert len(pages) >= len(QUERIES)


def test_the_life_that_is_looked_at_sends_every_statement(office: Office) -> None:
    """Statements are constants of five modules: one that nobody has sent would go unjudged."""
    with statements(office.store) as seen:
        live(office)

    sent = {" ".join(sql.split()) for sql, _ in seen}
    dialect = office.store.engine.dialect
    missing = [
        name
        for module in (
            queue_module,
            outbox_module,
            transaction,
            messages,
            store_module,
            similar_module,
            answers_module,
            surveys_module,
        )
        for name, value in vars(module).items()
        if isinstance(value, (Delete, Select, Update)) and name not in PARTS
        if " ".join(str(value.compile(dialect=dialect)).split()) not in sent
    ]
    assert missing == []
