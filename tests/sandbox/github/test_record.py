"""Subscribers hear of every change, and people who act at once do not collide."""

from __future__ import annotations

import threading

import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Change
from identity_bot_sandbox.github.world import GitHubWorld

REPO = cast.REPOSITORY
LEAD, ENGINEER, REQUESTOR = "indigo-marshwick", "linden-brookmere", "juniper-vale"


def test_subscribers_are_told_of_every_change_until_they_leave(world: GitHubWorld) -> None:
    changes: list[Change] = []
    leave = world.subscribe(changes.append)

    world.open_issue(REPO, "t", labels=["bug"], actor=LEAD)
    leave()
    world.close(REPO, 1, actor=LEAD)

    assert [(one.event, one.action, one.number) for one in changes] == [
        ("issues", "opened", 1),
        ("issues", "labeled", 1),
    ]


def test_a_subscriber_that_fails_undoes_nothing(world: GitHubWorld, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Change) -> None:
        raise RuntimeError("no page today")

    world.subscribe(fail)

    assert world.open_issue(REPO, "t", actor=LEAD).number == 1
    assert "no page today" in caplog.text


def test_many_people_at_once_get_numbers_of_their_own(world: GitHubWorld) -> None:
    def open_some() -> None:
        for _ in range(50):
            number = world.open_issue(REPO, "t", labels=["shared"], actor=LEAD).number
            world.comment(REPO, number, "c", actor=LEAD)

    threads = [threading.Thread(target=open_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(issue.number for issue in world.issues(REPO)) == list(range(1, 401))
    assert world.labels(REPO).count("shared") == 1
    assert all(len(issue.comments) == 1 for issue in world.issues(REPO))
