"""A busy week in the sandbox's GitHub."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.story import week

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_a_busy_week_has_something_for_every_list() -> None:
    requests = list(week.requests(NOW.date()))

    assert len(requests) == week.MANY
    assert {one.type for one in requests} == {"pr_review", "data_pull", "mock_auth"}
    assert any(one.target and one.target < NOW.date() for one in requests)
    assert any(one.is_urgent for one in requests)
    assert any(one.stage == "stage: ready for UAT" and one.assignee for one in requests)
    assert any(not one.stage and not one.assignee for one in requests)


def test_each_request_was_opened_at_its_own_time() -> None:
    github = GitHubWorld(base_url="http://sandbox")

    week.fill(github, NOW)

    issues = sorted(github.issues(cast.REPOSITORY), key=lambda issue: issue.number)
    ages = [NOW - issue.created_at for issue in issues]
    assert ages == [timedelta(hours=hours) for hours in range(4 * week.MANY, 0, -4)]
    assert sum(not issue.is_open for issue in issues) == 4
    assert github.now() > NOW - timedelta(days=365)
