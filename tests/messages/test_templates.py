"""Every event has its words for everybody who should hear of it, and the settings may have others."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.messages import templates as texts
from identity_bot.messages.templates import (
    DELAYED_AFTER,
    PLACEHOLDERS,
    TEMPLATES,
    name_of,
    next_name,
    problems,
    text,
    values,
)
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.model import (
    Approval,
    Audience,
    CloseReason,
    Event,
    EventKind,
    Person,
    Priority,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People
from identity_bot.tickets.service_levels import ServiceLevels
from tests.support_outbox import ticket

REQUESTOR, INTAKE, TEAM, SPOC, ASSIGNEES, APPROVERS = Audience
LEVELS = ServiceLevels(first_response={"default": 8 * HOUR}, close_untried_after=10)
HOURS = LEVELS.hours
WORKING = datetime(2026, 12, 1, 10, tzinfo=HOURS.zone).timestamp()
"""A moment within business hours."""
TOLD = {
    EventKind.CREATED: {REQUESTOR, INTAKE, TEAM},
    EventKind.APPROVAL_NEEDED: {REQUESTOR},
    EventKind.APPROVED: {REQUESTOR, TEAM},
    EventKind.DECLINED: {REQUESTOR, TEAM},
    EventKind.TRIAGED: {REQUESTOR},
    EventKind.PRIORITIZED: {REQUESTOR},
    EventKind.SPOC_NAMED: {SPOC},
    EventKind.ASSIGNED: {REQUESTOR, ASSIGNEES},
    EventKind.TARGET_SET: {REQUESTOR},
    EventKind.TARGET_CHANGED: {REQUESTOR, SPOC},
    EventKind.READY_FOR_UAT: {REQUESTOR},
    EventKind.ACCEPTED: {REQUESTOR, SPOC, ASSIGNEES},
    EventKind.REJECTED: {REQUESTOR, SPOC, ASSIGNEES},
    EventKind.RELEASED: {REQUESTOR},
    EventKind.CLOSED: {REQUESTOR, INTAKE},
    EventKind.REOPENED: {REQUESTOR},
    EventKind.REDACTED: {REQUESTOR},
    EventKind.WAITING: {REQUESTOR},
    EventKind.RESUMED: {TEAM, SPOC, ASSIGNEES},
    EventKind.RESPONSE_DUE: {TEAM, ASSIGNEES},
    EventKind.RESPONSE_MISSED: {TEAM},
    EventKind.RESOLUTION_DUE: {TEAM, ASSIGNEES},
    EventKind.RESOLUTION_MISSED: {TEAM},
    EventKind.STALE: {TEAM, ASSIGNEES},
    EventKind.UNTRIED: {REQUESTOR},
}
"""Who hears of what."""
PEOPLE = People([{"slack": "U0LINDEN", "github": "linden"}])
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 8)


def now(stage: Stage = Stage.OPEN, **changes: Any) -> Ticket:
    state = {name: changes.pop(name) for name in list(changes) if name in TicketState.__dataclass_fields__}
    return ticket(number=12, url="https://github.test/12", **changes, state=TicketState(stage=stage, **state))


def event(kind: EventKind, **changes: Any) -> Event:
    return Event(kind=kind, ticket_id=now().id, **({"at": 0.0, "was": TicketState()} | changes))


def said(kind: EventKind, audience: Audience, ticket: Ticket, **changes: Any) -> str:
    """What an audience reads of an event."""
    happened = event(kind, **changes)
    found = name_of(kind, audience, ticket, happened)
    assert found
    return text(found, values(ticket, happened, "PR review", PEOPLE, {}, levels=LEVELS), {})


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_is_told_to_those_whom_it_concerns(kind: EventKind) -> None:
    assert {one for one in Audience if name_of(kind, one, now(), event(kind))} == TOLD[kind]


def test_approvers_are_told_of_what_waits_for_them() -> None:
    waiting = now(approval=Approval.NEEDED)

    told = {kind for kind in EventKind if name_of(kind, APPROVERS, waiting, event(kind))}

    assert told == {EventKind.CREATED, EventKind.APPROVAL_NEEDED}


def test_the_next_step_of_what_is_not_approved_is_the_approval() -> None:
    assigned = event(EventKind.ASSIGNED)

    assert next_name(now(Stage.ASSIGNED, approval=Approval.NEEDED), assigned, LEVELS) == "next.approval"
    assert (
        next_name(now(Stage.ASSIGNED, approval=Approval.DECLINED), assigned, LEVELS)
        == "next.approval_declined"
    )
    assert next_name(now(Stage.ASSIGNED, approval=Approval.APPROVED), assigned, LEVELS) == "next.assigned"
    assert (
        next_name(now(Stage.UAT, approval=Approval.NEEDED), event(EventKind.READY_FOR_UAT), LEVELS)
        == "next.uat"
    )
    closed = now(Stage.CLOSED, approval=Approval.DECLINED, close_reason=CloseReason.NOT_PLANNED)
    assert next_name(closed, event(EventKind.DECLINED), LEVELS) == "next.closed_not_planned"


def test_there_is_no_text_that_nobody_reads() -> None:
    events = [
        event(kind, was=was, by=by)
        for kind in EventKind
        for was in (TicketState(), TicketState(stage=Stage.CLOSED), TicketState(assignees=("linden",)))
        for by in ("", "U0JUNIPER")
    ]
    somebody = Person(slack_id="U0SAGE")
    events += [
        event(EventKind.CLOSED, original=original)
        for original in (
            now(),
            now(requestor=somebody),
            now(Stage.CLOSED),
            now(requestor=somebody, is_sensitive=True),
        )
    ]
    events += [event(EventKind.CLOSED, reason="We got no answer.")]
    events += [event(EventKind.WAITING, reason="Which browser?"), event(EventKind.CREATED, at=WORKING)]
    tickets = [
        now(stage, target=target, assignees=assignees, close_reason=reason, is_urgent=is_urgent)
        for stage in Stage
        for target in (None, FIRST)
        for assignees in ((), ("sage",))
        for reason in (None, *CloseReason)
        for is_urgent in (True, False)
    ] + [now(is_sensitive=True), now(submitted_at=-DELAYED_AFTER)]
    tickets += [LEVELS.follow(now(is_urgent=is_urgent), WORKING) for is_urgent in (True, False)]
    tickets += [now(approval=approval) for approval in Approval] + [now(Stage.UAT, nudged_at=2e9)]

    read = {name_of(e.kind, audience, t, e) for audience in Audience for t in tickets for e in events}
    read |= {next_name(t, e, LEVELS) for t in tickets for e in events}

    assert read - {None} == set(TEMPLATES) - {
        "reason.sensitive",
        "next.created_approval",
        "next.created_copied",
        "next.waiting_direct",
        "next.waiting_unheard",
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_text_holds_placeholders_that_there_are_and_is_a_sentence(name: str) -> None:
    used = {field for _, field, _, _ in string.Formatter().parse(TEMPLATES[name]) if field}

    assert problems({name: TEMPLATES[name]}) == []
    assert used <= set(PLACEHOLDERS)
    assert name.startswith("created.team") or TEMPLATES[name].endswith((".", ". {reason}", ". {on_call}"))
    assert TEMPLATES[name][0].isupper() or TEMPLATES[name][0] in "*{"
    assert not re.search(r"UAT|SPOC|milestone|webhook|  ", TEMPLATES[name])


@pytest.mark.parametrize(
    ("was", "has", "sentence"),
    [
        ((), ("linden",), "It's assigned to <@U0LINDEN>."),
        (("linden",), ("linden", "sage"), "It's assigned to <@U0LINDEN> and sage."),
        (("linden",), ("sage",), "It's now assigned to sage, and no longer to <@U0LINDEN>."),
        (
            ("a", "b", "c"),
            ("c", "d", "e"),
            "It's now assigned to c, d and e, and no longer to a and b.",
        ),
        (("linden",), (), "It's no longer assigned to <@U0LINDEN>. Nobody is working on it right now."),
    ],
)
def test_who_has_it_is_told_with_who_had_it_before(
    was: tuple[str, ...], has: tuple[str, ...], sentence: str
) -> None:
    assigned = now(Stage.ASSIGNED, assignees=has)

    assert said(EventKind.ASSIGNED, REQUESTOR, assigned, was=TicketState(assignees=was)) == sentence


def test_a_changed_target_date_is_told_with_the_old_one() -> None:
    was = TicketState(target=FIRST)

    for audience in (REQUESTOR, SPOC):
        changed = said(EventKind.TARGET_CHANGED, audience, now(target=SECOND), was=was)
        removed = said(EventKind.TARGET_CHANGED, audience, now(), was=was)
        assert changed == "The target date is now December 8, 2026 (it was December 1, 2026)."
        assert removed == "The target date of December 1, 2026 no longer applies."


@pytest.mark.parametrize("reason", CloseReason)
def test_each_reason_to_close_has_words_of_its_own(reason: CloseReason) -> None:
    closed = now(Stage.CLOSED, close_reason=reason)
    ends = [name_of(EventKind.CLOSED, one, closed, event(EventKind.CLOSED)) for one in (REQUESTOR, INTAKE)]
    following = next_name(closed, event(EventKind.CLOSED), LEVELS)

    is_done = reason is CloseReason.COMPLETED
    assert ("done" in said(EventKind.CLOSED, REQUESTOR, closed)) is (
        is_done or reason is CloseReason.NOT_PLANNED
    )
    assert all(
        (one == f"closed.{where}") is is_done
        for one, where in zip(ends, ("requestor", "intake"), strict=True)
    )
    assert (following == "next.closed") is is_done


def test_who_accepted_is_only_said_where_it_was_the_requestor() -> None:
    accepted = now(Stage.ACCEPTED)

    for audience in (SPOC, ASSIGNEES):
        assert (
            said(EventKind.ACCEPTED, audience, accepted, by="U0JUNIPER")
            == "Juniper Vale tried it and accepted it."
        )
        assert said(EventKind.ACCEPTED, audience, accepted) == "It was marked accepted in GitHub."


def test_what_the_requestor_needs_is_only_said_where_they_said_it() -> None:
    back = now(Stage.IN_PROGRESS)

    for audience in (SPOC, ASSIGNEES):
        assert said(EventKind.REJECTED, audience, back, by="U0JUNIPER").startswith("Juniper Vale tried it")
        assert "Juniper" not in said(EventKind.REJECTED, audience, back)


@pytest.mark.parametrize(
    ("reason", "quoted"),
    [
        ("It asks me twice", " “It asks me twice.”"),
        ("It asks me twice!", " “It asks me twice!”"),
        ("It asks\n\nme *twice* <!channel>", " “It asks me ∗twice∗ &lt;!channel&gt;.”"),
        (" \n", ""),
    ],
)
def test_a_reason_is_quoted_and_cannot_break_out(reason: str, quoted: str) -> None:
    sentence = said(EventKind.REJECTED, SPOC, now(Stage.IN_PROGRESS), by="U0JUNIPER", reason=reason)

    assert sentence == f"Juniper Vale tried it and said it needs work.{quoted}"


@pytest.mark.parametrize("kind", [EventKind.REJECTED, EventKind.CLOSED])
def test_a_sensitive_tickets_reason_stays_in_the_ticket(kind: EventKind) -> None:
    for audience in TOLD[kind]:
        sensitive = now(Stage.CLOSED, is_sensitive=True)
        assert "twice" not in said(kind, audience, sensitive, by="U0JUNIPER", reason="It asks me twice")

    given = values(
        now(is_sensitive=True),
        event(kind, by="U0JUNIPER", reason="twice"),
        "x",
        PEOPLE,
        {"reason.sensitive": "Look!"},
        levels=LEVELS,
    )
    assert given["reason"] == "Look!"


@given(st.text(), st.text(), st.text())
def test_no_name_or_title_breaks_out_of_its_place(name: str, handle: str, title: str) -> None:
    hostile = replace(now(), requestor=Person(slack_id="U1", name=name, handle=handle))

    given = values(hostile, event(EventKind.CREATED), title, PEOPLE, {}, levels=LEVELS)

    for shown in (given["requestor"], given["type"]):
        assert not {"<", ">", "\n", "`"} & set(shown)


# What comes next


@pytest.mark.parametrize(
    ("stage", "state", "kind", "name"),
    [
        (Stage.OPEN, {}, EventKind.REOPENED, "next.open"),
        (Stage.OPEN, {}, EventKind.REDACTED, "next.redacted"),
        (Stage.CLOSED, {}, EventKind.REDACTED, "next.redacted"),
        (Stage.OPEN, {"target": FIRST}, EventKind.TARGET_SET, "next.open"),
        (Stage.TRIAGED, {"priority": Priority.CRITICAL}, EventKind.TRIAGED, "next.triaged"),
        (Stage.PRIORITIZED, {}, EventKind.PRIORITIZED, "next.prioritized"),
        (Stage.ASSIGNED, {}, EventKind.ASSIGNED, "next.assigned"),
        (Stage.ASSIGNED, {"target": FIRST}, EventKind.TARGET_SET, "next.in_progress"),
        (Stage.IN_PROGRESS, {"target": FIRST}, EventKind.TARGET_SET, "next.in_progress"),
        (Stage.IN_PROGRESS, {}, EventKind.ASSIGNED, "next.in_progress_undated"),
        (Stage.UAT, {}, EventKind.READY_FOR_UAT, "next.uat"),
        (Stage.UAT, {"target": FIRST}, EventKind.TARGET_CHANGED, "next.uat_again"),
        (Stage.ACCEPTED, {}, EventKind.ACCEPTED, "next.accepted"),
        (Stage.RELEASED, {}, EventKind.RELEASED, "next.released"),
        (Stage.CLOSED, {"close_reason": CloseReason.COMPLETED}, EventKind.CLOSED, "next.closed"),
    ],
)
def test_what_comes_next_is_told_as_the_ticket_now_is(
    stage: Stage, state: dict[str, Any], kind: EventKind, name: str
) -> None:
    """A target date is only promised where there is none, and buttons only where they stand below."""
    assert next_name(now(stage, **state), event(kind), LEVELS) == name


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.RELEASED])
def test_a_label_of_before_it_was_closed_promises_nothing(stage: Stage) -> None:
    reopened = event(EventKind.REOPENED, was=TicketState(stage=Stage.CLOSED))

    assert next_name(now(stage), reopened, LEVELS) == "next.open"


def test_a_request_is_promised_an_answer_by_a_moment_and_an_urgent_one_is_told_when_nobody_works() -> None:
    urgent, calm = (
        LEVELS.follow(now(is_urgent=is_urgent, submitted_at=WORKING), WORKING) for is_urgent in (True, False)
    )
    at_work, at_night = (event(EventKind.CREATED, at=at) for at in (WORKING, WORKING + 12 * HOUR))

    assert next_name(calm, at_night, LEVELS) == "next.created"
    assert next_name(urgent, at_work, LEVELS) == "next.created_urgent"
    assert next_name(urgent, at_night, LEVELS) == "next.created_urgent_closed"
    assert next_name(now(), at_work, LEVELS) == "next.created_unpromised"
    known = values(calm, at_night, "PR review", PEOPLE, {}, levels=LEVELS)
    assert known["due"].endswith("^{date_short} at {time}|December 2, 2026, 10:00 AM EST>")
    assert known["opens"].endswith("^{date_short} at {time}|December 2, 2026, 9:00 AM EST>")
    assert said(EventKind.CREATED, TEAM, urgent).startswith("*Urgent")


# What the settings may say instead


def test_a_text_of_the_settings_takes_the_place_of_the_standard_one() -> None:
    messages = {"assigned.requestor": "{assignees} has it, and {{that}} is {ticket}."}
    given = values(
        now(assignees=("linden",)), event(EventKind.ASSIGNED), "PR review", PEOPLE, messages, levels=LEVELS
    )

    assert problems(messages) == []
    assert (
        text("assigned.requestor", given, messages)
        == "<@U0LINDEN> has it, and {that} is <https://github.test/12|#12>."
    )
    assert text("released.requestor", given, messages) == "It's released."


def test_a_text_of_the_settings_that_comes_out_empty_is_told_in_the_standard_words() -> None:
    given = values(now(), event(EventKind.CLOSED), "PR review", PEOPLE, {}, levels=LEVELS)

    assert text("closed.requestor", given, {"closed.requestor": "{reason}"}) == "It's done and closed."


@pytest.mark.parametrize(
    ("name", "written", "problem"),
    [
        ("asigned.requestor", "x", "unknown text; did you mean 'assigned.requestor'?"),
        ("lunch", "x", "unknown text; expected one of accepted.assignees, "),
        ("assigned.requestor", " ", "expected a text of 1 to 1,000 characters"),
        ("assigned.requestor", "x" * 1001, "expected a text of 1 to 1,000 characters"),
        ("assigned.requestor", "{assignees", "a single brace; write {{ or }} to show a brace"),
        ("assigned.requestor", "}", "a single brace"),
        ("assigned.requestor", "{who}", "unknown placeholder {who}; expected one of ticket, type, "),
        ("assigned.requestor", "{}", "unknown placeholder {}"),
        ("assigned.requestor", "{0}", "unknown placeholder {0}"),
        ("assigned.requestor", "{ticket.__class__}", "unknown placeholder {ticket.__class__}"),
        ("assigned.requestor", "{ticket[0]}", "unknown placeholder {ticket[0]}"),
        ("assigned.requestor", "{ticket!r}", "{ticket} has a format; expected only the name"),
        ("assigned.requestor", "{ticket:{type}}", "{ticket} has a format; expected only the name"),
    ],
)
def test_a_text_that_cannot_be_used_is_told_with_its_place(name: str, written: str, problem: str) -> None:
    [line] = problems({name: written})

    assert line.startswith(f"messages.{name}: {problem}")


@given(st.text(alphabet="{}!:a ticket.[]0", max_size=30))
def test_a_text_without_problems_can_be_told(written: str) -> None:
    given = values(now(), event(EventKind.ASSIGNED), "PR review", PEOPLE, {}, levels=LEVELS)

    if not problems({"assigned.requestor": written}):
        assert text("assigned.requestor", given, {"assigned.requestor": written})


def test_all_texts_that_cannot_be_used_are_told_at_once() -> None:
    assert len(problems({"x": "y", "assigned.requestor": "{a} {b}"})) == 3


def test_an_events_name_is_what_its_texts_begin_with() -> None:
    begin = {name.partition(".")[0] for name in TEMPLATES} - {"next", "reason"}

    assert {texts.event_name(kind) for kind in EventKind} == begin
