"""What the bot writes under an issue: who made a change in Slack, and replies to commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from identity_bot.messages import redactions
from identity_bot.text.markdown import block, span
from identity_bot.tickets.actions import ACTIONS, Ask
from identity_bot.tickets.commands import COMMANDS, LINK, LONGEST, MOST, Problem, ProblemKind
from identity_bot.tickets.model import Action, Change, CloseReason, Ticket

NO_WRITE_ACCESS = "Only people with write access to this repository can use commands."

SEE_HELP = "Comment `/help` to see all commands."

HELP = """\
Write each command on its own line in a comment on the ticket's issue:

| command | what it does |
|---|---|
{}
| `/link 7KQ2M9XA` | links your login to your Slack account, where you got the code; anybody can do this |
| `/help` | shows this list |
""".format(
    "\n".join(f"| `{row.command}` | {row.command_help} |" for row in ACTIONS.values() if row.command_help)
)

USAGE: Mapping[Ask, str] = {
    Ask.MEMBER: "write one GitHub login after it, such as `/{name} @octocat`",
    Ask.PRIORITY: "write one of critical, high, medium and low after it, such as `/{name} high`",
    Ask.DATE: "write one date after it as year-month-day, and nothing else, such as `/{name} {date}`",
    Ask.TICKET: "write one ticket's number after it, such as `/{name} #12` or `/{name} owner/name#12`",
    Ask.REASON: "write a sentence after it, on the same line, such as `{example}`",
    Ask.NOTHING: "write just `/{name}`, with nothing after it",
}
"""How to write a command, by what it takes."""
WRITE_CODE = "Please write the code from Slack after it, such as `/link 7KQ2M9XA`."
LONGEST_SHOWN = 60


def comment(change: Change, name: str, person: str = "", original: str = "") -> str:
    """Who made a change in Slack, with their reason as they wrote it.

    `person` names whoever the value stands for, and `original` the ticket that this one is a duplicate of: GitHub marks
    an issue as a duplicate by the first line.
    """
    value = (
        change.value or CloseReason.COMPLETED.value
    )  # GitHub's default if nobody says why an issue is closed
    did = ACTIONS[change.action].comment.format(value=value, person=span(person or value, limit=100))
    sentence = f"{span(name, limit=100)} {did} via Slack."
    first = (f"Duplicate of {original}",) if original else ()
    return "\n\n".join([*first, sentence, *([block(change.reason)] if change.reason else [])])


def has_duplicate(name: str) -> str:
    """On the issue that another ticket is a duplicate of; without a name, as the other one is sensitive."""
    if not name:
        return "A sensitive ticket was closed as a duplicate of this one."
    return f"{name} was closed as a duplicate of this ticket."


def closed_untried(reason: str) -> str:
    """On an issue that the bot has closed because its requestor did not say whether it works."""
    return (
        f"The bot closed this as **completed**. It was ready for UAT, and its requestor did not say whether it works. "
        f"{reason} To go on with it, reopen the issue, or press *Reopen* in Slack."
    )


NOTHING_TO_REDACT = (
    "This issue doesn't contain that text, so nothing changed. Please write it exactly as it is in the issue."
)
NOTHING_PERSONAL = (
    "The bot found no personal data or secrets in the title and the description, so nothing changed. "
    "Please write what to remove after `/redact` in a new comment."
)


def redacted(name: str, reason: str, *, is_slack: bool) -> str:
    """Who removed text that must not be in a ticket and, if they said so, why; what it was is not repeated."""
    who = span(name, limit=100)
    sentence = f"{who} {ACTIONS[Action.REDACT].comment}{', via Slack' if is_slack else ''}."
    return f"{sentence}\n\n{block(reason)}" if reason else sentence


def clear_history(ticket: Ticket, *, edited: Sequence[str], refused: Sequence[str], has_title: bool) -> str:
    """What somebody must now do by hand who has no Slack id, with links to each place."""
    said = redactions.by_hand(ticket, "[{name}]({link})", edited=edited, refused=refused, has_title=has_title)
    return "\n\n".join(said)


def not_taken(reason: str) -> str:
    """A command that GitHub rejected."""
    return f"GitHub didn't accept this change: {span(reason, limit=300)}"


def no_member(login: str) -> str:
    """The reply to a command that names somebody who does not work in this repository."""
    who = span(login, limit=50)
    return f"{who} has no write access to this repository and so cannot be the single point of contact."


def reply(problems: Sequence[str], *, wants_help: bool, is_about_commands: bool = True) -> str:
    """The reply to a comment; empty if a reaction says enough."""
    if not problems:
        return HELP if wants_help else ""
    listed = problems[0] if len(problems) == 1 else "\n".join(f"* {problem}" for problem in problems)
    return f"{listed}\n\n{SEE_HELP}" if is_about_commands else listed


def problem(problem: Problem, today: date) -> str:
    """Why a command did not run and how to write it: one sentence or two of Markdown that is safe to post."""
    name, shown = problem.name, span(problem.written, limit=LONGEST_SHOWN)
    in_two_weeks = today + timedelta(weeks=2)
    match problem.kind:
        case ProblemKind.TOO_MANY:
            return (
                f"This comment has {problem.count} commands and none of them ran, because a comment may have at most "
                f"{MOST}. Please write the ones you need in a new comment."
            )
        case ProblemKind.TOO_LONG:
            return (
                f"This comment has {problem.count:,} characters and the bot reads commands in at most {LONGEST:,}, so "
                "none ran. Please write them in a new comment."
            )
        case ProblemKind.REPEATED:
            return (
                f"This comment has `/{name}` more than once with different values, so none of them ran. "
                "Please write it once in a new comment."
            )
        case ProblemKind.UNKNOWN:
            return f"There is no command {shown}. Did you mean `/{name}`?"
        case ProblemKind.SHORT:
            return f"{redactions.TOO_SHORT} `/{name}` removed nothing. Please remove shorter text by hand."
        case ProblemKind.DATE:
            return f"The date in {shown} {problem.date}. Please write another one, such as `/{name} {in_two_weeks}`."
        case ProblemKind.UNREADABLE:
            if name == LINK:
                return WRITE_CODE
            row = COMMANDS.get(name)
            usage = USAGE[row.asks if row else Ask.NOTHING]
            how = usage.format(name=name, date=in_two_weeks, example=row.command if row else "")
            return f"I couldn't read {shown}. Please {how}."
