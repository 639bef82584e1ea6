"""What a change of an issue means for its ticket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from identity_bot.lifecycle import observe
from identity_bot.model import Event, EventKind, IssueSnapshot, Stage
from tests.support_outbox import START, ticket

NEW = ticket()
SNAPSHOT = IssueSnapshot(
    repository="Sandbox-Org/Identity-Requests",
    number=7,
    url="https://github.test/7",
    ticket_id=NEW.id,
    labels=frozenset({"pr_review"}),
)

snapshots = st.builds(
    IssueSnapshot,
    repository=st.sampled_from(["sandbox-org/identity-requests", "sandbox-org/elsewhere"]),
    number=st.integers(1, 9),
    url=st.just("https://github.test/1"),
    ticket_id=st.just(NEW.id),
    labels=st.frozensets(st.sampled_from(["urgent", "pr_review", "stage: open"])),
    assignees=st.frozensets(st.sampled_from(["indigo-marshwick", "sage-hollowell"])),
    is_open=st.booleans(),
)


def test_a_ticket_whose_issue_is_seen_first_is_open_and_told() -> None:
    opened, events = observe(NEW, SNAPSHOT, START + 5)

    assert (opened.stage, opened.number, opened.url) == (Stage.OPEN, 7, "https://github.test/7")
    assert opened.repository == "Sandbox-Org/Identity-Requests"
    assert events == (Event(kind=EventKind.CREATED, ticket_id=NEW.id, at=START + 5),)


def test_a_ticket_keeps_what_was_asked_and_who_asked() -> None:
    opened, _ = observe(NEW, SNAPSHOT, START)

    assert (opened.id, opened.type, opened.requestor, opened.answers) == (
        NEW.id,
        NEW.type,
        NEW.requestor,
        NEW.answers,
    )


@given(st.lists(snapshots, min_size=1, max_size=6))
def test_whatever_is_seen_in_whatever_order_is_told_once(seen: list[IssueSnapshot]) -> None:
    """Duplicates, late and lost deliveries: the creation is one event, and seen again nothing is new."""
    now, told = NEW, []
    for number, snapshot in enumerate(seen):
        now, events = observe(now, snapshot, START + number)
        told += events

        assert observe(now, snapshot, START + 100) == (now, ())

    assert [event.kind for event in told] == [EventKind.CREATED]
    assert now.number == seen[0].number
