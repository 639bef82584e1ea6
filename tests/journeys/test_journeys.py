"""Whole lives of tickets, over the real protocols, in the sandbox."""

from __future__ import annotations

from datetime import date

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Role
from identity_bot_sandbox.slack.model import Message
from tests.support import REVIEW, Ahead, World, eventually

JUNIPER, INDIGO, LINDEN = "U0JUNIPER", "U0INDIGO", "U0LINDEN"
INTAKE, TEAM = "C0INTAKE", "C0TEAM"
REPOSITORY, LEAD, ENGINEER = cast.REPOSITORY, "indigo-marshwick", "linden-brookmere"
NEXT_YEAR = f"{date.today().year + 1}-01-30"


def card(world: World) -> Message:
    """The only card in the team channel."""
    [found] = [message for message in world.sandbox.slack.messages(TEAM) if "*Stage:*" in message.text]
    return found


def click(world: World, user: str, action: str, **entered: object) -> None:
    """Presses a button of the card, and sends the form that it opens, where anything is to be entered."""
    slack = world.sandbox.slack
    slack.click(user, TEAM, card(world).ts, f"idbot:action:{action}")
    send(world, user, **entered)


def send(world: World, user: str, **entered: object) -> None:
    """Sends the form of an action, which must be taken."""
    if entered:
        slack = world.sandbox.slack
        eventually(lambda: (slack.view(user) or {}).get("callback_id") == "idbot:action")
        slack.fill(user, {f"idbot:{name}": value for name, value in entered.items()})
        assert slack.submit(user) == {}
    world.settle()


def thread(world: World) -> list[str]:
    """What was said in the thread of the only request, after its first message."""
    slack = world.sandbox.slack
    root = next(message for message in slack.messages(INTAKE) if "We got your" in message.text)
    return [message.text for message in slack.thread(INTAKE, root.ts)[1:]]


def test_assigned_and_closed_in_github_is_told_in_slack(world: World, webhook: str) -> None:
    """The team works in GitHub only; the requestor hears in the thread, and the card follows."""
    github = world.sandbox.github
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    github.assign(REPOSITORY, 1, ENGINEER, actor=LEAD)
    world.settle()
    assigned, its_card = thread(world), card(world).text
    github.close(REPOSITORY, 1, "completed", actor=ENGINEER)
    world.settle()

    assert len(assigned) == 1
    assert f"<@{JUNIPER}>" in assigned[0]
    assert f"It's assigned to <@{LINDEN}>" in assigned[0]
    assert f"*Assigned to:* <@{LINDEN}>" in its_card
    assert "*Stage:* Closed" in card(world).text
    assert len(thread(world)) == 2
    [announced] = [m.text for m in world.sandbox.slack.messages(INTAKE) if m.text.startswith("Ticket")]
    assert "closed" in announced


def test_a_ticket_lives_its_whole_life_from_slack(world: World, webhook: str) -> None:
    """Every action of the table by its button: GitHub has it, says whose it was, and the requestor hears of it."""
    slack, github = world.sandbox.slack, world.sandbox.github
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    for user, action, entered in (
        (INDIGO, "priority", {"value": "high"}),
        (INDIGO, "spoc", {"value": "Linden Brookmere"}),
        (LINDEN, "take", {}),
        (LINDEN, "target", {"value": NEXT_YEAR}),
        (LINDEN, "uat", {}),
    ):
        click(world, user, action, **entered)
    ask = slack.thread(INTAKE, slack.messages(INTAKE)[0].ts)[-1]
    slack.click(JUNIPER, INTAKE, ask.ts, "idbot:action:reject")
    send(world, JUNIPER, reason="The button is not there.")
    click(world, LINDEN, "uat")
    ask = slack.thread(INTAKE, slack.messages(INTAKE)[0].ts)[-1]
    slack.click(JUNIPER, INTAKE, ask.ts, "idbot:action:accept")
    world.settle()
    click(world, LINDEN, "release")
    click(world, LINDEN, "close", value="completed")

    issue = github.issue(REPOSITORY, 1)
    assert not issue.is_open
    assert {"priority: high", "stage: released"} <= set(github.labels(REPOSITORY, 1))
    assert issue.assignees == (ENGINEER,)
    assert f"SPOC: {ENGINEER}" in (issue.body or "")
    assert f"Target date: {NEXT_YEAR}" in (issue.body or "")
    said = [comment.body for comment in github.comments(REPOSITORY, 1)]
    assert len(said) == 10
    assert "Linden Brookmere" in said[2]
    assert any("Juniper Vale" in one and "The button is not there." in one for one in said)
    told = thread(world)
    assert [one for one in told if f"<@{JUNIPER}>" not in one] == []
    assert len(told) == 7
    in_card = [message.text for message in slack.thread(TEAM, card(world).ts)[1:]]
    assert any("The button is not there." in one for one in in_card)
    assert world.bot.outbox.count("failed") == 0


def test_a_request_becomes_an_issue_and_everybody_hears_of_it_once(world: World) -> None:
    """Somebody types the command, chooses, fills in and sends; the issue, the thread and the card follow."""
    slack = world.sandbox.slack

    slack.command(JUNIPER, INTAKE, "/help")
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "pr_review")
    eventually(lambda: len((slack.view(JUNIPER) or {})["blocks"]) > 3)
    answers = {"team": "Benefits", "production": "no", "tested": "yes"}
    link = "https://github.com/sandbox-org/vets-api/pull/7/files"
    slack.fill(JUNIPER, {f"idbot:q:{name}": value for name, value in answers.items()})
    slack.fill(JUNIPER, {"idbot:q:pull_request": link})
    refused = slack.submit(JUNIPER)
    world.settle()

    assert refused == {}
    [issue] = world.sandbox.github.issues("sandbox-org/identity-requests")
    assert issue.title == "PR review: vets-api pull request 7 (Benefits)"
    [told] = slack.messages(INTAKE)
    assert "<@U0JUNIPER>" in told.text
    assert "|#1>" in told.text
    [card] = slack.messages(TEAM)
    assert "Juniper Vale" in card.text
    assert "|#1>" in str(slack.view(JUNIPER))


def test_another_due_date_of_a_milestone_is_told_to_all_whose_date_it_is(world: World, webhook: str) -> None:
    """GitHub sends nothing about the issues in it."""
    github, (first, second) = world.sandbox.github, (date(2027, 3, 1), date(2027, 4, 1))
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    milestone = github.new_milestone(REPOSITORY, "Spring", first, actor=LEAD)
    github.set_milestone(REPOSITORY, 1, milestone.number, actor=LEAD)
    world.settle()

    github.edit_milestone(REPOSITORY, milestone.number, due_on=second, has_due_date=True, actor=LEAD)
    world.settle()

    assert ["March 1, 2027" in one for one in thread(world)] == [True, True]
    assert "April 1, 2027" in thread(world)[1]


def test_an_issue_that_vanished_without_a_word_is_found_missing_within_a_day(world: World) -> None:
    """Without a webhook: neither the list of changes nor anything else tells of a deletion."""
    github = world.sandbox.github
    github.set_role(REPOSITORY, LEAD, Role.ADMIN)
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()

    github.delete(REPOSITORY, 1, actor=LEAD)
    world.bot.store.clock = Ahead(world.bot.store.clock, 24 * 3600)
    eventually(lambda: "*Stage:* Closed" in card(world).text)
    world.settle()

    assert "was deleted" in thread(world)[0]
