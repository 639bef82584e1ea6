"""The crash test of a ticket's later life: its changes, commands, updates, card and polls, each cut short.

As in test_crash.py: whatever happens and whenever, each comment is written once, and each piece of news is one message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from identity_bot.messages import words
from identity_bot.tickets.model import Action, Change, IssueComment
from identity_bot_sandbox.github.faults import FaultKind
from tests.support_crash import REPOSITORY, Accidents, Life, crash, life, on_sqlite

__all__ = ("life",)

INDIGO, LEAD, ENGINEER = "U0INDIGO", "indigo-marshwick", "linden-brookmere"


def click(life: Life) -> None:
    """Somebody of the team sets the priority on the card."""
    assert life.ticket
    life.bot.desk.change(life.ticket.id, Change(action=Action.PRIORITY, value="high"), by=INDIGO)


def command(life: Life) -> None:
    """Somebody commands two things in a comment, of which one is impossible."""
    said = life.sandbox.github.comment(REPOSITORY, 1, "/priority high\n\n/uat", actor=LEAD)
    life.bot.desk.handle_comment(
        IssueComment(
            repository=REPOSITORY,
            number=1,
            id=said.id,
            author=LEAD,
            body=said.body,
            created_at=said.created_at.timestamp(),
        )
    )


def poll(life: Life) -> None:
    """Somebody assigns it in GitHub, and commands something, and nothing tells of it but the poll."""
    life.sandbox.github.assign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    life.sandbox.github.comment(REPOSITORY, 1, "/help", actor=LEAD)
    life.bot.desk.start_schedule()


def doubt(life: Life) -> None:
    """Two states of one second are heard of, the later one first."""
    life.sandbox.github.assign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    seen = life.bot.tracker.get_issue(REPOSITORY, 1)
    life.bot.desk.observe(seen)
    life.bot.desk.observe(replace(seen, assignees=frozenset()))


def observe(life: Life) -> None:
    """A webhook tells of the issue as it is."""
    life.bot.desk.observe(life.bot.tracker.get_issue(REPOSITORY, 1))


def burst(life: Life) -> None:
    """Somebody assigns it and gives it a priority in one go."""
    life.sandbox.github.assign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    observe(life)
    life.clock.move(1)
    life.sandbox.github.label(REPOSITORY, 1, "priority: high", actor=LEAD)
    observe(life)


def take_back(life: Life) -> None:
    """Somebody assigns it and, when that was told, takes it back."""
    accidents, life.accidents = life.accidents, Accidents()
    life.sandbox.github.assign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    observe(life)
    life.run()
    life.accidents = accidents
    life.sandbox.github.unassign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    observe(life)


def redact(life: Life) -> None:
    """Somebody of the team removes text that is in the issue's title, its status block, a comment and the card."""
    life.sandbox.github.comment(REPOSITORY, 1, f"Is this {TEXT}?", actor=LEAD)
    assert life.ticket
    change = Change(action=Action.REDACT, value=TEXT, reason="It is a password.")
    life.bot.desk.change(life.ticket.id, change, by=INDIGO)


def redact_all(life: Life) -> None:
    """Somebody commands that all personal data goes; it is in the description."""
    body = life.sandbox.github.issue(REPOSITORY, 1).body
    life.sandbox.github.edit(REPOSITORY, 1, actor=LEAD, body=f"Their SSN is {SSN}.\n\n{body}")
    said = life.sandbox.github.comment(REPOSITORY, 1, "/redact", actor=LEAD)
    life.bot.desk.handle_comment(
        IssueComment(
            repository=REPOSITORY,
            number=1,
            id=said.id,
            author=LEAD,
            body=said.body,
            created_at=said.created_at.timestamp(),
        )
    )


@dataclass(frozen=True)
class Deed:
    """What somebody does, the roles of the effects that follow, and what there is at the end."""

    do: Callable[[Life], None]
    roles: tuple[str, ...]
    comments: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    reactions: tuple[str, ...] = ()


TEXT, SSN = "Benefits", "536-22-8145"
COMMANDED = "/priority high"
PROBLEM = "Ticket #1 is prioritized, so you can't mark it ready for UAT."
HELPED = "Write each command on its own line in a comment on the ticket's issue:"
DEEDS = (
    Deed(
        do=click,
        roles=("change_issue", "credit_action", "notify", "news", "draw_card"),
        comments=("`Indigo Marshwick` set the priority to **high** via Slack.",),
        news=("high",),
        events=("prioritized",),
    ),
    Deed(
        do=command,
        roles=("run_commands", "reply", "notify"),
        comments=(COMMANDED, PROBLEM),
        news=("high",),
        events=("prioritized",),
        reactions=("confused",),
    ),
    Deed(
        do=redact,
        roles=("redact_issue", "comment", "redact_messages", "draw_card", "news", "send_direct_message"),
        comments=(
            "Is this [redacted]?",
            "`Indigo Marshwick` removed text that must not be in a ticket, via Slack.",
        ),
        news=("removed text",),
        events=("redacted",),
    ),
    Deed(
        do=redact_all,
        roles=("run_commands", "find_personal_data", "redact_issue", "comment", "news"),
        comments=("/redact", f"`{LEAD}` removed text that must not be in a ticket."),
        news=("removed text",),
        events=("redacted",),
        reactions=("+1",),
    ),
    Deed(
        do=poll,
        roles=("poll", "reconcile", "run_commands", "reply", "notify", "clean_up"),
        comments=("/help", HELPED),
        news=("assigned",),
        events=("assigned",),
        reactions=("+1",),
    ),
    Deed(do=doubt, roles=("get_issue",), news=("assigned",), events=("assigned",)),
    Deed(do=burst, roles=("news", "draw_card"), news=("high",), events=("prioritized", "assigned")),
    Deed(
        do=take_back,
        roles=("notify", "news", "draw_card"),
        news=("assigned", "no longer"),
        events=("assigned", "assigned"),
    ),
)
each_deed = pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.do.__name__)
each_step = pytest.mark.parametrize(
    ("deed", "name"),
    [(deed, name) for deed in DEEDS for name in deed.roles],
    ids=[f"{deed.do.__name__}-{name}" for deed in DEEDS for name in deed.roles],
)


def live(life: Life, deed: Deed, accidents: Accidents) -> None:
    """A ticket is opened without an accident; then somebody does something, and accidents befall what follows.

    Half an hour later all is as it will be, also where that took another poll.
    """
    life.submit()
    life.run()
    life.clock.move(60)
    life.accidents = accidents
    deed.do(life)
    life.run()
    life.clock.move(2000)
    life.run()


def check(life: Life, deed: Deed) -> None:
    """That everything is there once, and nothing else."""
    count = life.count()
    found: dict[str, Any] = {
        "cards": count["cards"],
        "comments": [one.partition(" You can")[0] for one in count["comments"]],
        "events": count["events"],
        "not done": count["not done"],
        "reactions": [
            reaction.content
            for comment in life.sandbox.github.comments(REPOSITORY, 1)
            for reaction in comment.reactions
        ],
    }
    assert found == {
        "cards": 1,
        "comments": list(deed.comments),
        "events": ["created", *deed.events],
        "not done": {},
        "reactions": list(deed.reactions),
    }
    news = life.news()
    assert len(news) == len(deed.news)
    assert [part for part, one in zip(deed.news, news, strict=True) if part not in one] == [], news
    assert life.ticket
    now = life.bot.desk.ticket(life.ticket.id)
    [card] = [one for one in life.sandbox.slack.messages("C0TEAM") if "*Stage:*" in one.text]
    assert now
    assert f"*Stage:* {words.stage(now)}" in card.text
    issue = life.sandbox.github.issue(REPOSITORY, 1)
    if deed.do in (redact, redact_all):
        shown = [issue.title, issue.body, *count["comments"], card.text, *news, repr(now)]
        assert not any(text in one for one in shown for text in (SSN, *([TEXT] if deed.do is redact else [])))
        # Who removed it is told once what to do.
        assert sum("edit history" in one.text for one in life.sandbox.slack.dm(INDIGO)) == 1


@on_sqlite
@each_deed
def test_without_an_accident_everything_is_there_once(life: Life, deed: Deed) -> None:
    """What the accidents below are compared with."""
    live(life, deed, Accidents())

    check(life, deed)


@on_sqlite
@each_step
@pytest.mark.parametrize("moment", ["after", "within"])
def test_a_crash_loses_nothing_and_doubles_nothing(life: Life, deed: Deed, name: str, moment: str) -> None:
    """Between the act and its transaction, and in that transaction before it commits."""
    live(life, deed, Accidents(roles={name}, **{moment: crash}))  # type: ignore[arg-type]

    assert life.accidents.seen == [f"{moment} {name}"]
    check(life, deed)


@pytest.mark.parametrize("deed", DEEDS[:6], ids=lambda deed: deed.do.__name__)
def test_a_crash_at_every_step_loses_nothing_and_doubles_nothing(life: Life, deed: Deed) -> None:
    """Before and after each act, and again in its transaction, where no seconds count. On both databases."""
    roles = {role for one in DEEDS for role in one.roles}
    live(life, deed, Accidents(roles=roles, before=crash, after=crash, within=crash))

    assert len(life.accidents.seen) >= 3
    check(life, deed)


CUTS = (
    (click, "change_issue", "PATCH", "/repos/*/*/issues/*"),
    (click, "credit_action", "POST", "/repos/*/*/issues/*/comments"),
    (command, "run_commands", "PATCH", "/repos/*/*/issues/*"),
    (command, "reply", "POST", "/repos/*/*/issues/comments/*/reactions"),
    (command, "reply", "POST", "/repos/*/*/issues/*/comments"),
    (redact, "redact_issue", "PATCH", "/repos/*/*/issues/*"),
    (redact, "redact_issue", "PATCH", "/repos/*/*/issues/comments/*"),
    (redact, "comment", "POST", "/repos/*/*/issues/*/comments"),
    (poll, "poll", "GET", "/repos/*/*/issues"),
    (doubt, "get_issue", "GET", "/repos/*/*/issues/*"),
    (click, "news", "chat.postMessage", ""),
    (click, "draw_card", "chat.update", ""),
    (burst, "news", "chat.postMessage", ""),
    (take_back, "news", "chat.postMessage", ""),
)


@on_sqlite
@pytest.mark.parametrize(
    ("do", "name", "method", "path"), CUTS, ids=[f"{c[0].__name__}-{c[2]}-{c[3]}" for c in CUTS]
)
def test_an_answer_that_never_comes_loses_nothing_and_doubles_nothing(
    life: Life, do: Callable[[Life], None], name: str, method: str, path: str
) -> None:
    """The connection is cut when the act is done already."""
    slack, github = life.sandbox.slack.faults, life.sandbox.github.faults
    [deed] = [deed for deed in DEEDS if deed.do is do]

    def cut() -> None:
        if path:
            github.add(method, path, kind=FaultKind.CUT, after=True)
        else:
            slack.add(method, cut=True, after=True)

    live(life, deed, Accidents(roles={name}, before=cut))

    assert life.accidents.seen == [f"before {name}"]
    assert (slack.active(), github.active()) == ((), ())
    check(life, deed)
