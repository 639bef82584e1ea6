"""GitHub's webhook deliveries, the sandbox's own and hostile ones: each becomes one of a few values or is rejected."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.errors import Rejected
from identity_bot.github import issue_body as issue_body
from identity_bot.github.webhook import (
    Delivery,
    IssueSeen,
    LabelDeleted,
    LabelRenamed,
    MilestoneChanged,
    RepositoryRenamed,
    read_webhook,
)
from identity_bot.tickets.model import CloseReason, Filed, IssueComment, IssueSnapshot
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.world import GitHubWorld

from .conftest import TICKET

REPOSITORY = cast.REPOSITORY
STATUS = issue_body.Status(spoc="sage-hollowell", target=date(2026, 12, 2), target_over=date(2026, 12, 1))
BODY = issue_body.with_status(issue_body.body(TICKET, "What is requested"), TICKET, STATUS)
NOWHERE = "http://127.0.0.1:9/"


class Hooked:
    """A GitHub with a webhook whose deliveries are read where they were sent from."""

    def __init__(self) -> None:
        self.github = GitHubWorld()
        self.github.add_hook(NOWHERE, secret="s")

    def read(self) -> list[Delivery | None]:
        """What the deliveries so far tell, oldest first, without the ping."""
        return [read_webhook(sent.event, sent.body) for sent in self.github.webhooks.deliveries()[1:]]

    def last(self) -> Delivery | None:
        """What the last delivery tells."""
        return self.read()[-1]


@pytest.fixture
def hooked() -> Iterator[Hooked]:
    hooked = Hooked()
    hooked.github.open_issue(REPOSITORY, "A title", BODY, actor=cast.BOT_LOGIN)
    yield hooked
    hooked.github.close_down()


def seen(delivery: Delivery | None) -> IssueSnapshot:
    """The issue that a delivery is about."""
    assert isinstance(delivery, IssueSeen)
    return delivery.snapshot


# Issues


def test_a_delivery_shows_all_that_the_issue_is(hooked: Hooked) -> None:
    github = hooked.github
    github.new_milestone(REPOSITORY, "Sprint 12", date(2026, 12, 1), actor="indigo-marshwick")
    github.set_milestone(REPOSITORY, 1, 1, actor="indigo-marshwick")
    github.label(REPOSITORY, 1, "stage: triaged", actor="indigo-marshwick")
    github.assign(REPOSITORY, 1, "linden-brookmere", actor="indigo-marshwick")
    github.close(REPOSITORY, 1, "not_planned", actor="indigo-marshwick")

    snapshot = seen(hooked.last())

    made = github.issue(REPOSITORY, 1)
    assert snapshot == IssueSnapshot(
        repository=REPOSITORY,
        number=1,
        url=f"{github.base_url}/github/{REPOSITORY}/issues/1",
        ticket_id=TICKET.id,
        updated_at=made.updated_at.timestamp(),
        title="A title",
        author=cast.BOT_LOGIN,
        labels=frozenset({"stage: triaged"}),
        assignees=frozenset({"linden-brookmere"}),
        is_open=False,
        closed_at=float(int(made.updated_at.timestamp())),
        close_reason=CloseReason.NOT_PLANNED,
        milestone_due=date(2026, 12, 1),
        filed=Filed(type="pr_review", requestor=TICKET.requestor),
        created_at=float(int(made.created_at.timestamp())),
        spoc="sage-hollowell",
        target=date(2026, 12, 2),
        target_over=date(2026, 12, 1),
    )


def test_whatever_happens_to_an_issue_shows_it_as_it_then_is(hooked: Hooked) -> None:
    github = hooked.github
    github.edit(REPOSITORY, 1, actor="indigo-marshwick", title="Another")
    github.lock(REPOSITORY, 1, actor="indigo-marshwick")
    github.close(REPOSITORY, 1, "duplicate", actor="indigo-marshwick")
    github.reopen(REPOSITORY, 1, actor="indigo-marshwick")

    snapshots = [seen(delivery) for delivery in hooked.read()]

    assert [one.title for one in snapshots] == ["A title", "Another", "Another", "Another", "Another"]
    assert [one.is_open for one in snapshots] == [True, True, True, False, True]
    assert [one.close_reason for one in snapshots] == [None, None, None, CloseReason.DUPLICATE, None]


def test_a_deleted_issue_is_gone(hooked: Hooked) -> None:
    hooked.github.delete(REPOSITORY, 1, actor="indigo-marshwick")

    snapshot = seen(hooked.last())

    assert (snapshot.number, snapshot.is_gone, snapshot.moved_to) == (1, True, None)


def test_a_transferred_issue_is_gone_and_tells_where_to(hooked: Hooked) -> None:
    hooked.github.transfer(REPOSITORY, 1, cast.RESTRICTED_REPOSITORY, actor="indigo-marshwick")

    left, arrived = (seen(delivery) for delivery in hooked.read()[-2:])

    assert (left.repository, left.number, left.is_gone) == (REPOSITORY, 1, True)
    assert left.moved_to == (cast.RESTRICTED_REPOSITORY, 1)
    assert (arrived.repository, arrived.ticket_id, arrived.is_gone) == (
        cast.RESTRICTED_REPOSITORY,
        TICKET.id,
        False,
    )


# Comments


def test_a_comment_comes_with_its_issue(hooked: Hooked) -> None:
    said = hooked.github.comment(REPOSITORY, 1, "/uat", actor="linden-brookmere")

    delivery = hooked.last()

    assert isinstance(delivery, IssueSeen)
    assert delivery.snapshot.number == 1
    assert delivery.comment == IssueComment(
        repository=REPOSITORY,
        number=1,
        id=said.id,
        author="linden-brookmere",
        body="/uat",
        created_at=said.created_at.timestamp(),
        updated_at=said.created_at.timestamp(),
        is_by_member=True,
    )


def test_each_version_of_a_comment_is_newer_than_the_one_before(hooked: Hooked) -> None:
    """Even within one of GitHub's whole seconds; edits and deletions give no command again."""
    said = hooked.github.comment(REPOSITORY, 1, "/uat", actor="linden-brookmere")
    hooked.github.edit_comment(REPOSITORY, said.id, "/released", actor="linden-brookmere")
    hooked.github.delete_comment(REPOSITORY, said.id, actor="linden-brookmere")

    created, edited, deleted = (one.comment for one in hooked.read()[-3:] if isinstance(one, IssueSeen))

    assert created
    assert edited
    assert deleted
    assert created.updated_at < edited.updated_at < deleted.updated_at
    assert (edited.body, edited.is_edit, edited.is_deleted) == ("/released", True, False)
    assert (deleted.is_edit, deleted.is_deleted) == (True, True)


def test_what_a_bot_says_is_no_command(hooked: Hooked) -> None:
    app = hooked.github.install_app(4711, "PEM")
    hooked.github.comment(REPOSITORY, 1, "/uat", actor=app.login)
    hooked.github.comment(
        REPOSITORY, 1, issue_body.with_idempotency_key("/uat", "mine"), actor=cast.BOT_LOGIN
    )

    for delivery in hooked.read()[-2:]:
        assert isinstance(delivery, IssueSeen)
        assert delivery.comment is None


def test_pull_requests_are_ignored(hooked: Hooked) -> None:
    pull = hooked.github.open_pull(
        REPOSITORY, "A fix", branch="fix", files=(), actor="juniper-vale", body="Please"
    )
    hooked.github.comment(REPOSITORY, pull.number, "/uat", actor="linden-brookmere")

    assert hooked.last() is None


# Labels and repositories


def test_a_renamed_label_tells_both_names(hooked: Hooked) -> None:
    hooked.github.new_label(REPOSITORY, "stage: triaged", actor="indigo-marshwick")

    hooked.github.edit_label(REPOSITORY, "stage: triaged", actor="indigo-marshwick", new_name="step: triaged")

    assert hooked.last() == LabelRenamed(repository=REPOSITORY, was="stage: triaged", now="step: triaged")


def test_a_new_color_of_a_label_is_ignored(hooked: Hooked) -> None:
    hooked.github.new_label(REPOSITORY, "stage: triaged", actor="indigo-marshwick")

    hooked.github.edit_label(REPOSITORY, "stage: triaged", actor="indigo-marshwick", color="ff0000")

    assert hooked.read()[-2:] == [None, None]


def test_a_deleted_label_is_told(hooked: Hooked) -> None:
    hooked.github.delete_label(REPOSITORY, "bug", actor="indigo-marshwick")

    assert hooked.last() == LabelDeleted(repository=REPOSITORY, name="bug")


def test_a_milestones_new_due_date_counts_and_its_new_title_is_ignored(hooked: Hooked) -> None:
    number = hooked.github.new_milestone(REPOSITORY, "Spring", actor="indigo-marshwick").number
    due = date(2027, 3, 1)

    hooked.github.edit_milestone(REPOSITORY, number, title="Autumn", actor="indigo-marshwick")
    hooked.github.edit_milestone(REPOSITORY, number, due_on=due, has_due_date=True, actor="indigo-marshwick")

    assert hooked.read()[-2:] == [None, MilestoneChanged(repository=REPOSITORY)]


def test_a_renamed_repository_tells_both_names(hooked: Hooked) -> None:
    hooked.github.rename_repository(REPOSITORY, "requests-of-old", actor="indigo-marshwick")

    assert hooked.last() == RepositoryRenamed(was=REPOSITORY, now="sandbox-org/requests-of-old")


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_a_repository_of_another_owner_has_another_name(kind: str) -> None:
    payload = {
        "action": "transferred",
        "changes": {"owner": {"from": {kind: {"login": "old-org"}}}},
        "repository": {"full_name": "new-org/requests"},
    }

    told = read_webhook(*delivery(payload, "repository"))

    assert told == RepositoryRenamed(was="old-org/requests", now="new-org/requests")


# Hostile and broken ones


def delivery(payload: object, event: str = "issues") -> tuple[str, bytes]:
    """A webhook delivery's event and body."""
    return event, payload if isinstance(payload, bytes) else json.dumps(payload).encode()


ISSUE: dict[str, Any] = {
    "number": 3, "html_url": "https://github.example/3", "state": "open", "body": BODY, "title": "A title",
    "updated_at": "2026-11-21T10:00:00Z", "user": {"login": "juniper-vale", "type": "User"}, "labels": [],
    "assignees": [], "milestone": None, "state_reason": None,
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "id": 5_000_000_000, "user": {"login": "juniper-vale", "type": "User"}, "body": "/uat",
    "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:05Z",
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "action": "created", "repository": {"full_name": REPOSITORY}, "issue": ISSUE, "comment": COMMENT,
    "label": {"name": "bug"}, "changes": {
        "name": {"from": "beg"}, "repository": {"name": {"from": "x"}}, "owner": {"from": {"user": {"login": "y"}}},
        "new_issue": {"number": 1}, "new_repository": {"full_name": "a/b"},
    },
}  # fmt: skip


@pytest.mark.parametrize("event", ["ping", "push", "label", "milestone", "repository", ""])
def test_a_delivery_about_something_else_is_ignored(event: str) -> None:
    assert read_webhook(*delivery({"zen": "…"}, event)) is None


def test_an_action_that_github_has_yet_to_invent_shows_the_issue() -> None:
    told = read_webhook(*delivery(WHOLE | {"action": "blessed"}))

    assert seen(told).number == 3


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a":' * 100_000, b'{"issue":{"number":' + b"9" * 5000 + b"}}",
        b'{"issue":{"number":1e999}}', [], 3, None, "x", {}, {"repository": None, "issue": None},
        WHOLE | {"repository": {"full_name": 3}}, WHOLE | {"issue": []}, WHOLE | {"issue": "x"},
        *(
            WHOLE | {"issue": ISSUE | changed}
            for changed in (
                {"number": "x"}, {"number": True}, {"number": -1}, {"number": 2**40}, {"number": float("inf")},
                {"body": 5}, {"labels": "abc"}, {"labels": 5}, {"assignees": 5}, {"assignees": [{"login": 5}]},
                {"user": "x"}, {"user": {"login": 5}}, {"updated_at": 5}, {"updated_at": "yesterday"},
                {"updated_at": "2026-11-21T10:00:00"}, {"updated_at": "0001-01-01T00:00:00+14:00"},
                {"milestone": 5}, {"milestone": {"due_on": 5}}, {"milestone": {"due_on": "2026-02-30T08:00:00Z"}},
                {"title": None}, {"title": "\ud800"}, {"title": "\0"}, {"html_url": None},
            )
        ),
    ],
)  # fmt: skip
def test_a_signed_delivery_that_makes_no_sense_is_rejected(payload: object) -> None:
    with pytest.raises(Rejected, match="unreadable delivery"):
        read_webhook(*delivery(payload))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways to everything in an object."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from paths(inner, (*path, name))


def put(value: Any, path: tuple[str, ...], new: object) -> Any:
    """The object with something else at the end of a way."""
    return value | {path[0]: put(value[path[0]], path[1:], new)} if path else new


@given(
    st.sampled_from(["issues", "issue_comment", "label", "repository"]),
    st.sampled_from(["created", "deleted", "transferred", "edited", "renamed", "opened"]) | anything,
    st.sampled_from(list(paths(WHOLE))),
    anything,
)
def test_a_wrong_type_anywhere_is_rejected_or_ignored(
    event: str, action: object, path: tuple[str, ...], new: object
) -> None:
    sent = delivery(put(WHOLE | {"action": action}, path, new), event)

    with contextlib.suppress(Rejected):
        hash(read_webhook(*sent))


@given(st.binary(max_size=50), st.text(max_size=20))
def test_signed_noise_is_rejected_or_ignored(body: bytes, event: str) -> None:
    with contextlib.suppress(Rejected):
        assert read_webhook(event, body) is None
