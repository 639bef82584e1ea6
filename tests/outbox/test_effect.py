"""Each kind of effect: it comes back from its row as it was, acts and writes nothing, and can be verified."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.errors import Retryable
from identity_bot.messages.updates import Destination, Message
from identity_bot.outbox import effects
from identity_bot.outbox.effect import UPDATES, WRITTEN, Effect, Row
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.effects.recurring import Cursor
from identity_bot.outbox.queue import REPEATABLE
from identity_bot.store import schema
from identity_bot.store.surveys import SurveyRows
from identity_bot.store.transaction import Enqueueable
from identity_bot.testing import MemoryChat, MemoryTracker
from identity_bot.text.formatted import from_slack
from identity_bot.text.redaction import redacted_fields
from identity_bot.tickets.model import (
    Action,
    Change,
    CloseReason,
    Event,
    EventKind,
    IssueComment,
    IssueSnapshot,
    MessageRef,
    Stage,
    ThreadReply,
    Ticket,
    TicketState,
)
from identity_bot.tickets.survey import Survey
from tests.support_desk import Office
from tests.support_outbox import statements

REQUESTS, TEAM, INDIGO = "sandbox-org/identity-requests", "C0TEAM", "U0INDIGO"
PRIORITY = Change(action=Action.PRIORITY, value="high")

REPLY = ThreadReply(
    channel=TEAM,
    thread_ts="1.0",
    ts="2.0",
    author=INDIGO,
    words=from_slack({"text": "Hello *you* <https://a.test/?q=Hello%20you|there>"}),
    version=2.0,
)
st.register_type_strategy(Event, st.builds(Event, original=st.none()))  # never with another ticket in it
every_effect = pytest.mark.parametrize("kind", EFFECTS)


def row_of(effect: Enqueueable, *, verifications: int = 0) -> Row:
    """An effect's row as the database would have it."""
    return Row(
        id=7,
        ticket_id=effect.ticket_id,
        lane=effect.lane,
        kind=effect.kind,
        payload=json.loads(json.dumps(effect.payload())),
        created_at=1_800_000_000.0,
        due_at=1_800_000_000.0,
        trying_since=1_800_000_000.0,
        attempts=0,
        verifications=verifications,
    )


def examples(ticket: Ticket, snapshot: IssueSnapshot) -> dict[str, Effect]:
    """An effect of each kind, for a ticket and its issue."""
    about: dict[str, Any] = {"ticket_id": ticket.id}
    comment = IssueComment(
        repository=REQUESTS,
        number=1,
        id=5,
        author="linden-brookmere",
        body="/priority high",
        created_at=1.8e9,
    )
    cursor = Cursor(since=1.8e9, comments_since=1.8e9)
    message = Message(text="Hello you", buttons=(Action.ACCEPT,), ticket_id=ticket.id)
    all_examples = (
        effects.OpenIssue(**about, view_id="V1"),
        effects.ChangeIssue(**about, change=PRIORITY, by=INDIGO),
        effects.CreditAction(**about, change=replace(PRIORITY, reason="It is late."), by=INDIGO),
        effects.LinkThread(**about),
        effects.GetIssue(**about),
        effects.AdoptIssue(snapshot=snapshot),
        effects.IdentifyIssue(snapshot=snapshot),
        effects.Reconcile(snapshots=(snapshot,), comments=(comment,)),
        effects.RunCommands(**about, comment_id=5, author="linden-brookmere", changes=(PRIORITY,)),
        effects.Reply(**about, comment_id=5, problems=("What is that?",)),
        effects.CopyComment(
            **about,
            repository=REQUESTS,
            comment_id=5,
            author="linden-brookmere",
            text="Hello you",
            at=1.8e9,
            version=1.8e9,
            channel=TEAM,
        ),
        effects.CopyReply(**about, reply=REPLY),
        effects.ReadThread(**about, since=1.8e9),
        effects.ReadComments(**about),
        effects.CatchUp(last=1.8e9),
        effects.PostUpdate(**about, to=Destination.TEAM, message=message, channel=TEAM),
        effects.PostAlert(to=TEAM, text="Mend this."),
        effects.SendDirectMessage(**about, to=INDIGO, text="Not now."),
        effects.RetireButtons(**about, channel=TEAM, ts="1.0", outcome="Is closed."),
        effects.TellDelay(**about),
        effects.DrawCard(**about, channel=TEAM),
        effects.RedrawSimilar(**about),
        effects.Comment(**about, text="Hello you"),
        effects.FindPerson(login="octocat"),
        effects.FindPersonalData(**about, by=INDIGO, reason="It is a name."),
        effects.RedactIssue(**about, texts=("hunter2!",), by=INDIGO, reason="It is a name."),
        effects.RedactMessages(**about, texts=("hunter2!",), channel=TEAM),
        effects.AskSurvey(**about, channel=TEAM),
        effects.DrawSurvey(**about, channel=TEAM),
        effects.ReportLowAnswer(**about),
        effects.ShowReceipt(**about, view_id="V1"),
        effects.Notify(**about),
        effects.Deliver(
            **about,
            plugin="audit",
            event=Event(kind=EventKind.CLOSED, ticket_id=ticket.id, at=1.8e9, reason="It is a name."),
            state=TicketState(stage=Stage.CLOSED),
            idempotency_key="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        ),
        effects.PublishHome(slack_id=INDIGO),
        effects.Poll(cursors={REQUESTS: cursor}),
        effects.Resync(),
        effects.ResyncRepository(repository=REQUESTS),
        effects.Escalate(ticket_id="T1"),
        effects.CloseUntried(
            **about, change=Change(action=Action.CLOSE, reason="We got no answer."), touched=1.8e9
        ),
        effects.RecomputeDueTimes(after="T1"),
        effects.ScheduleDigest(),
        effects.PostDigest(to="C0TEAM", day="2027-01-15"),
        effects.CleanUp(),
        effects.ScheduleReport(month="2026-11"),
        effects.PostReport(month="2027-01", to=TEAM),
    )
    return {effect.kind: effect for effect in all_examples}


@functools.cache
def any_effect(effect_class: type[Effect]) -> st.SearchStrategy[Effect]:
    """Effects of a class with whatever its fields may hold."""
    hints = get_type_hints(effect_class)
    values = {one.name: st.from_type(hints[one.name]) for one in fields(effect_class)}
    return st.builds(effect_class, **values).filter(lambda effect: "nan" not in repr(effect))


def texts_in(value: Any) -> set[str]:
    """Every text in plain JSON but the empty one."""
    match value:
        case dict():
            return {text for one in value.values() for text in texts_in(one)}
        case list():
            return {text for one in value for text in texts_in(one)}
    return {value} - {""} if isinstance(value, str) else set()


# Names


def test_kinds_are_unique_and_fit_their_column() -> None:
    classes = [
        one
        for one in vars(effects).values()
        if inspect.isclass(one) and issubclass(one, Effect) and one is not Effect
    ]

    assert len({one.kind for one in classes}) == len(classes) == len(EFFECTS)
    assert set(classes) == set(EFFECTS.values())
    assert max(map(len, EFFECTS)) <= 40 == schema.outbox.c.kind.type.length


@every_effect
def test_a_label_goes_on_from_could_not(kind: str) -> None:
    label = EFFECTS[kind].label

    assert label
    assert label[0].islower()
    assert not label.endswith(".")


@every_effect
def test_lanes_and_keys_fit_their_columns(kind: str, office: Office, ticket: Ticket) -> None:
    effect = examples(ticket, office.tracker.snapshot(1))[kind]

    assert 0 < len(effect.lane) <= schema.outbox.c.lane.type.length
    assert len(effect.unique_key or "") <= schema.outbox.c.unique_key.type.length
    assert (effect.unique_key or kind).startswith(kind)


# Rows


@every_effect
@given(data=st.data())
def test_an_effect_comes_back_from_its_row_as_it_was(kind: str, data: st.DataObject) -> None:
    effect = data.draw(any_effect(EFFECTS[kind]))

    assert EFFECTS[kind].from_row(row_of(effect)) == effect


@every_effect
def test_a_row_has_each_field_once(kind: str, office: Office, ticket: Ticket) -> None:
    """The ticket's id has a column of its own."""
    effect = examples(ticket, office.tracker.snapshot(1))[kind]

    assert {*effect.payload(), "ticket_id"} == {one.name for one in fields(effect)}


@every_effect
def test_it_comes_back_whatever_is_removed_from_what_people_wrote(
    kind: str, office: Office, ticket: Ticket
) -> None:
    effect = examples(ticket, office.tracker.snapshot(1))[kind]
    row = row_of(effect)

    new = redacted_fields(row.payload, WRITTEN, lambda text: "")

    assert texts_in(new) <= texts_in(row.payload)
    is_clean = effect.ticket_id is None or not any(" " in text for text in texts_in(new))
    assert is_clean, "a field that people wrote is missing from WRITTEN"
    assert EFFECTS[kind].from_row(replace(row, payload=new)).lane == effect.lane


def test_an_idempotency_key_is_its_rows_own() -> None:
    """Also among databases whose ids are the same."""
    row = row_of(effects.Notify(ticket_id="T1"))

    keys = {one.idempotency_key for one in (row, replace(row, id=8), replace(row, created_at=1.5))}

    assert len(keys) == 3
    assert replace(row, attempts=3, verifications=2).idempotency_key == row.idempotency_key


# Acting


@every_effect
def test_an_effect_acts_outside_and_writes_nothing(kind: str, office: Office, ticket: Ticket) -> None:
    """What follows is written on success: there is no other state than all of it or none."""
    effect = examples(ticket, office.tracker.snapshot(1))[kind]
    before = tables(office)

    with statements(office.store) as seen:
        effect.find_result(office.context, row_of(effect, verifications=1))
        with contextlib.suppress(Retryable):  # a plugin that is not there may be there soon
            effect.run(office.context, row_of(effect))

    assert tables(office) == before
    assert {sql.split()[0] for sql, _ in seen} <= {"BEGIN", "SELECT"}


@pytest.mark.parametrize("kind", [kind for kind, one in EFFECTS.items() if one.fixed_lane == UPDATES])
def test_what_waits_where_timers_do_acts_in_the_database_only(
    kind: str, office: Office, ticket: Ticket
) -> None:
    """Nothing of it is done if whoever does it is taken for dead, which happens soon there."""
    effect = examples(ticket, office.tracker.snapshot(1))[kind]
    nobody: Any = None
    context = replace(office.context, tracker=nobody, reader=nobody, chat=nobody)

    effect.run(context, row_of(effect))


def tables(office: Office) -> list[Any]:
    """All rows of the database."""
    with office.store.reading() as connection:
        return [connection.execute(table.select()).all() for table in schema.metadata.sorted_tables]


@every_effect
def test_an_effect_that_may_not_be_repeated_can_be_verified(kind: str) -> None:
    effect_class = EFFECTS[kind]
    acts = effect_class.run is not Effect.run
    can_be_verified = effect_class.find_result is not Effect.find_result

    assert can_be_verified is not effect_class.is_repeatable
    assert acts or effect_class.is_repeatable


@every_effect
def test_what_a_lane_without_durable_commits_runs_may_be_repeated(
    kind: str, office: Office, ticket: Ticket
) -> None:
    effect = examples(ticket, office.tracker.snapshot(1))[kind]

    assert effect.is_repeatable or effect.lane not in REPEATABLE


@pytest.mark.parametrize("kind", [kind for kind, one in EFFECTS.items() if not one.is_repeatable])
def test_what_an_effect_did_is_found_and_what_it_did_not_do_is_not(
    kind: str, office: Office, ticket: Ticket
) -> None:
    effect = examples(ticket, office.tracker.snapshot(1))[kind]
    row = row_of(effect, verifications=1)
    if kind == "open_issue":  # a ticket that has its issue needs no other
        assert effect.find_result(office.context, row) == ()
        return
    if kind == "ask_survey":  # whose ticket is closed
        office.tracker.edit(1, is_open=False, close_reason=CloseReason.COMPLETED)
        office.desk.observe(office.tracker.snapshot(1))
        with office.store.begin() as transaction:
            SurveyRows(transaction).add(Survey(ticket_id=ticket.id, slack_id=INDIGO, asked_at=1.8e9))
    if kind == "draw_card" and ticket.card:  # only a card that is posted anew leaves a trace of its own
        office.chat.lost.add(ticket.card.ts)

    before = effect.find_result(office.context, row)
    effect.run(office.context, row)

    assert before is None
    assert effect.find_result(office.context, row) is not None


@dataclass
class AskedTracker(MemoryTracker):
    """A tracker that notes from when on it is asked for what was done."""

    asked: list[float] = field(default_factory=list)

    def find_issue(self, repository: str, ticket_id: str, since: float) -> IssueSnapshot | None:
        self.asked.append(since)
        return super().find_issue(repository, ticket_id, since)

    def find_comment(self, repository: str, number: int, idempotency_key: str, since: float) -> int | None:
        self.asked.append(since)
        return super().find_comment(repository, number, idempotency_key, since)


@dataclass
class AskedChat(MemoryChat):
    """A chat that notes from when on it is asked for what was posted."""

    asked: list[float] = field(default_factory=list)

    def find_message(
        self,
        channel: str,
        idempotency_key: str,
        since: float,
        *,
        thread_ts: str | None,
        until: float | None = None,
    ) -> MessageRef | None:
        self.asked.append(since)
        return super().find_message(channel, idempotency_key, since, thread_ts=thread_ts)


@pytest.mark.parametrize("kind", [kind for kind, one in EFFECTS.items() if not one.is_repeatable])
@pytest.mark.parametrize("ahead", [0.0, 2 * 24 * 3600.0])
def test_what_was_done_is_looked_for_from_before_it_can_have_been_done(
    kind: str, ahead: float, office: Office, ticket: Ticket
) -> None:
    """Also if its row was written while the clock was ahead: else it would be done twice."""
    tracker = AskedTracker(office.clock, now=office.tracker.now)
    chat = AskedChat()
    context = replace(office.context, tracker=tracker, chat=chat)
    about = office.submit(view="V2") if kind == "open_issue" else ticket
    effect = examples(about, office.tracker.snapshot(1))[kind]
    written_at = office.clock.now
    row = replace(row_of(effect, verifications=1), created_at=written_at + ahead)
    office.clock.move(60)

    effect.find_result(context, row)

    assert tracker.asked or chat.asked or kind == "change_issue"
    for since in tracker.asked + chat.asked:
        assert since <= written_at
