"""What the bot writes below an issue: whose a change from Slack was, and answers to commands. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from identity_bot.text.markdown import block, span
from identity_bot.tickets import commands
from identity_bot.tickets.model import Action, Change, CloseReason

NO_WRITE_ACCESS = "Only people with write access to this repository can move a ticket by a comment."

SEE_HELP = "A comment with `/help` lists what I understand."

SENTENCES = {
    Action.CRITICAL: "marked this as **critical**",
    Action.PRIORITY: "set the priority to **{value}**",
    Action.TAKE: "took this",
    Action.ASSIGN: "assigned this to {person}",
    Action.SPOC: "named {person} as the single point of contact",
    Action.TARGET: "set the target date to **{value}**",
    Action.UAT: "said that this is **ready for UAT**",
    Action.ACCEPT: "tried this and **accepted** it",
    Action.REJECT: "tried this, and it **needs work**",
    Action.RELEASE: "said that this is **released**",
    Action.CLOSE: "closed this as **{value}**",
    Action.REOPEN: "reopened this",
}
ACTIONS = {
    "spoc": Action.SPOC,
    "priority": Action.PRIORITY,
    "target": Action.TARGET,
    "uat": Action.UAT,
    "released": Action.RELEASE,
}


def comment(change: Change, name: str, person: str = "") -> str:
    """Who made a change in Slack, with their reason as they wrote it; `person` is what to call its value instead."""
    value = change.value or CloseReason.COMPLETED.value  # as which an issue is closed where nobody says why
    said = SENTENCES[change.action].format(value=value, person=span(person or value, limit=100))
    by = f"{span(name, limit=100)} {said}, in Slack."
    return f"{by}\n\n{block(change.reason)}" if change.reason else by


def change(name: str, value: str) -> Change | None:
    """The change that a command asks for; None for one that asks for none."""
    move = ACTIONS.get(name)
    return Change(action=move, value=value) if move else None


def no_member(login: str) -> str:
    """The answer to a command that names somebody who does not work here."""
    who = span(login, limit=50)
    return f"{who} has no write access to this repository, and so cannot be the single point of contact."


def reply(problems: Sequence[str], *, wants_help: bool) -> str:
    """The answer to a comment with commands; empty where a reaction says enough."""
    if not problems:
        return commands.HELP if wants_help else ""
    listed = problems[0] if len(problems) == 1 else "\n".join(f"* {problem}" for problem in problems)
    return f"{listed}\n\n{SEE_HELP}"
