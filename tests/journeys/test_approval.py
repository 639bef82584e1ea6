"""Requests that need approval, over the real protocols, in the sandbox."""

from __future__ import annotations

import pytest

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.model import Message
from tests.support import DATA, World, eventually

JUNIPER, INDIGO, SAGE, LINDEN = "U0JUNIPER", "U0INDIGO", "U0SAGE", "U0LINDEN"
TEAM, INTAKE, REPOSITORY = "C0TEAM", "C0INTAKE", cast.RESTRICTED_REPOSITORY
SECRET = DATA | {"sensitive": "yes"}


def card(world: World) -> Message:
    """The only card in the team channel."""
    [found] = [message for message in world.sandbox.slack.messages(TEAM) if "*Stage:*" in message.text]
    return found


def asked(world: World) -> Message:
    """What asks the approvers, in the thread of the card."""
    thread = world.sandbox.slack.thread(TEAM, card(world).ts)
    return next(message for message in thread[1:] if "needs your approval" in message.text)


def decline(world: World, user: str, ts: str, reason: str) -> dict[str, str]:
    """Presses *Decline…* and sends its form; what is then wrong, by block."""
    slack = world.sandbox.slack
    slack.click(user, TEAM, ts, "idbot:action:decline")
    eventually(lambda: (slack.view(user) or {}).get("callback_id") == "idbot:action")
    slack.fill(user, {"idbot:reason": reason})
    return slack.submit(user)


def labels(world: World) -> set[str]:
    return set(world.sandbox.github.labels(REPOSITORY, 1))


def comments(world: World) -> list[str]:
    return [one.body for one in world.sandbox.github.comments(REPOSITORY, 1)]


@pytest.fixture
def waiting(world: World, webhook: str) -> World:
    """With a sensitive data pull that waits for approval."""
    assert world.request(JUNIPER, "data_pull", **SECRET) == {}
    world.settle()
    assert "approval: needed" in labels(world)
    return world


def test_an_approver_approves_in_the_message_that_asks_them(waiting: World) -> None:
    slack = waiting.sandbox.slack
    assert f"<@{INDIGO}> <@{SAGE}>" in asked(waiting).text

    slack.click(SAGE, TEAM, asked(waiting).ts, "idbot:action:approve")
    waiting.settle()

    assert "approval: approved" in labels(waiting)
    assert "approval: needed" not in labels(waiting)
    assert any("Sage Hollowell" in one and "**approved** this" in one for one in comments(waiting))
    assert "*Approval:* approved" in card(waiting).text
    assert "idbot:action:approve" not in str(card(waiting).blocks)
    assert "idbot:action:approve" not in str(asked(waiting).blocks)
    assert waiting.bot.outbox.count("failed") == 0


def test_an_approver_declines_on_the_card_and_the_requestor_learns_why_and_what_to_do(
    waiting: World,
) -> None:
    slack = waiting.sandbox.slack

    assert decline(waiting, INDIGO, card(waiting).ts, "We may not share this.") == {}
    waiting.settle()

    issue = waiting.sandbox.github.issue(REPOSITORY, 1)
    assert not issue.is_open
    assert "approval: declined" in labels(waiting)
    assert any("Indigo Marshwick" in one and "We may not share this." in one for one in comments(waiting))
    first = slack.dm(JUNIPER)[0]
    told = slack.thread(first.channel, first.ts)[-1].text
    assert "It was not approved. “We may not share this.” It was closed and won't be done." in told
    for channel in (TEAM, INTAKE):
        assert "We may not share this." not in str(slack.messages(channel, replies=True))
    assert "*Stage:* Closed as not planned" in card(waiting).text
    assert waiting.bot.outbox.count("failed") == 0


def test_of_two_who_decide_at_once_only_the_first_decides(waiting: World) -> None:
    """Both click before the card shows what the other did; the issue gets one label and one comment."""
    slack, ts = waiting.sandbox.slack, card(waiting).ts
    slack.click(INDIGO, TEAM, ts, "idbot:action:decline")
    eventually(lambda: (slack.view(INDIGO) or {}).get("callback_id") == "idbot:action")
    slack.fill(INDIGO, {"idbot:reason": "No."})

    slack.click(SAGE, TEAM, ts, "idbot:action:approve")
    slack.submit(INDIGO)
    waiting.settle()

    found = {one for one in labels(waiting) if one.startswith("approval:")}
    assert found == {"approval: approved"}
    assert waiting.sandbox.github.issue(REPOSITORY, 1).is_open
    assert sum("approved" in one or "declined" in one for one in comments(waiting)) == 1


def test_an_approver_who_asks_needs_another_one(world: World, webhook: str) -> None:
    assert world.request(INDIGO, "data_pull", **SECRET) == {}
    world.settle()
    slack = world.sandbox.slack

    slack.click(INDIGO, TEAM, card(world).ts, "idbot:action:approve")
    world.settle()

    assert "approval: needed" in labels(world)
    assert asked(world).text.startswith(f"<@{SAGE}> ")


def test_a_label_set_by_hand_decides(waiting: World) -> None:
    github = waiting.sandbox.github

    github.new_label(REPOSITORY, "approval: approved", actor="sage-hollowell")
    github.label(REPOSITORY, 1, "approval: approved", actor="sage-hollowell")
    github.unlabel(REPOSITORY, 1, "approval: needed", actor="sage-hollowell")
    waiting.settle()

    assert "*Approval:* approved" in card(waiting).text
    thread = [one.text for one in waiting.sandbox.slack.thread(TEAM, card(waiting).ts)]
    assert any("was marked approved in GitHub" in one for one in thread)


def test_an_approver_approves_by_a_comment_and_others_do_not(waiting: World) -> None:
    github = waiting.sandbox.github

    github.comment(REPOSITORY, 1, "/approve", actor="linden-brookmere")
    waiting.settle()
    assert "approval: needed" in labels(waiting)
    github.comment(REPOSITORY, 1, "/approve", actor="sage-hollowell")
    waiting.settle()

    assert "approval: approved" in labels(waiting)
