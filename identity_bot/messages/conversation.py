"""What surrounds people's own words when they are carried between GitHub and Slack. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from identity_bot.messages import words
from identity_bot.text.markdown import mrkdwn, span
from identity_bot.tickets.commands import INTERNAL
from identity_bot.tickets.model import Ticket

REST_IN_SLACK = "The rest is too long for GitHub. It is in Slack."

NOT_READ = (
    "The bot can't read the conversation that you made your request from, so nothing that is said there is copied to "
    "your ticket. If it's a channel, somebody in it can invite the bot with `/invite`. New replies are copied then."
)


def commented(name: str) -> str:
    """The line above a comment that is copied to Slack."""
    return f"*{mrkdwn(name)}* replied:"


def replied(name: str) -> str:
    """The line above a reply that is copied to GitHub, in Markdown."""
    return f"{span(name, limit=100)} replied in Slack:" if name else "Somebody replied in Slack:"


def rest_in_github(ticket: Ticket, comment_id: int) -> str:
    """The last line of a comment that is too long for Slack."""
    if ticket.is_sensitive or not ticket.url:
        return "The rest is too long for Slack. Please ask the team for it."
    return f"The rest is too long for Slack: <{ticket.url}#issuecomment-{comment_id}|read it in GitHub>."


def not_copied(kinds: Iterable[str], ticket: Ticket) -> str:
    """To the author of a comment or a reply that may not be copied, in mrkdwn and to nobody else."""
    return (
        f"What you wrote about {words.link_for_anybody(ticket)} wasn't copied, because it looks like it contains "
        f"{words.joined(sorted(set(kinds)))}. Please delete it, and write again without that. If you edited it, its "
        "earlier version stays where it was copied to."
    )


def comment_not_copied(login: str) -> str:
    """The same below a comment, in Markdown: it does not say what was found, as others read it too."""
    return (
        f"@{login} Your comment wasn't copied to Slack, because it may contain something that must not be in a ticket. "
        f"Please delete it, and comment again without that. Comments that begin with `{INTERNAL}` are never copied."
    )
