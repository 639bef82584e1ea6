"""Whole lives of tickets, over the real protocols, in the sandbox."""

from __future__ import annotations

from tests.support import World, eventually

JUNIPER, INTAKE, TEAM = "U0JUNIPER", "C0INTAKE", "C0TEAM"


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
