"""A busy week: forty requests in GitHub, as the bot and its team left them, from which the bot makes its tickets again.

The descriptions are written here, as docs/operations.md describes them, and not by the bot.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.world import GitHubWorld

MANY = 40
_COMMON_LABEL = "identity-slackbot"
_PULL, _DATA, _MOCK = "pr_review", "data_pull", "mock_auth"
_ASKED = (
    (_PULL, "PR review: vets-api pull request 41 (Benefits Claims)"),
    (_DATA, "Data pull for Education: sign-ins by credential in October"),
    (_MOCK, "Mocked authentication: Login.gov, Local"),
    (_PULL, "PR review: vets-website pull request 207 (Health Records)"),
    (_PULL, "PR review: vets-api pull request 58 (Education)"),
    (_DATA, "Data pull for Benefits Claims: failed verifications by browser"),
    (_MOCK, "Mocked authentication: ID.me, Development"),
    (_PULL, "PR review: content-build pull request 12 (Facilities)"),
    (_DATA, "Data pull for Health Records: sign-outs before a form is saved"),
)
_STAGES = (
    *("", "", "stage: triaged", "", "stage: prioritized", "stage: in progress", ""),
    *("stage: ready for UAT", "stage: in progress", "", "stage: accepted", "stage: released"),
)
"""The label of a stage; none where nobody has looked at the request yet, or where somebody only took it."""
_TAKEN = {"stage: in progress", "stage: ready for UAT", "stage: accepted", "stage: released"}
_PRIORITIES = ("", "high", "medium", "", "low", "high", "medium", "low", "critical")
_TEAM = tuple(person.github_login or "" for person in cast.PEOPLE if person.is_team)
_TARGETS = (None, 3, None, -2, 10, None, 1)
"""Days from today to the target date; a negative number is overdue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request of the week, and how far it has come."""

    type: str
    title: str
    by: cast.Character
    age: timedelta
    stage: str
    priority: str
    assignee: str
    target: date | None
    is_urgent: bool
    is_closed: bool


def requests(today: date) -> Iterator[Request]:
    """The forty requests, oldest first."""
    askers = [person for person in cast.PEOPLE if not person.is_team]
    rows = zip(
        *(cycle(each) for each in (_ASKED, askers, _STAGES, _PRIORITIES, _TEAM, _TARGETS)), strict=False
    )
    for number, (asked, by, stage, priority, login, days) in enumerate(islice(rows, MANY)):
        is_taken = stage in _TAKEN or number % 6 == 1
        yield Request(
            type=asked[0],
            title=asked[1],
            by=by,
            age=timedelta(hours=4 * (MANY - number)),
            stage=stage,
            priority=priority,
            assignee=login if is_taken else "",
            target=today + timedelta(days=days) if is_taken and days else None,
            is_urgent=number % 13 == 5,
            is_closed=number % 10 == 9,
        )


def fill(github: GitHubWorld, now: datetime | None = None) -> None:
    """Let the week have happened: open the issues, each at its own time, and let the team work on them."""
    now = now or datetime.now(UTC)
    for request in requests(now.date()):
        with github.at(now - request.age):
            _open(github, request)


def _open(github: GitHubWorld, request: Request) -> None:
    labels = [_COMMON_LABEL, request.type, request.stage]
    labels += [f"priority: {request.priority}"] if request.priority else []
    issue = github.open_issue(
        cast.REPOSITORY,
        request.title,
        _description(request),
        actor=cast.BOT_LOGIN,
        labels=[label for label in labels if label],
        assignees=[request.assignee] if request.assignee else [],
    )
    if request.is_closed:
        github.close(cast.REPOSITORY, issue.number, actor=_TEAM[0])


def _description(request: Request) -> str:
    """An issue's description: the status block, the request, and the ticket marker."""
    urgent = "**Urgent: Veterans in production are affected.** " if request.is_urgent else ""
    key = f"{request.title} {request.age}"
    return "\n".join(
        [
            "<!-- identity-bot:status -->",
            f"{urgent}Requested by `{request.by.name}` (in Slack `{request.by.handle}`) · reference WEEK-AAAA",
            *([f"Target date: {request.target}"] if request.target else []),
            "<!-- identity-bot:end -->",
            "",
            f"**What** `{request.title}`",
            "",
            f"<!-- identity-bot:ticket={uuid.uuid5(uuid.NAMESPACE_URL, key)} type={request.type} "
            f"requestor={request.by.slack_id} -->",
        ]
    )
