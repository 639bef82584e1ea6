"""What surrounds people's own words when they are carried between GitHub and Slack. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from identity_bot.messages import words
from identity_bot.text.markdown import mrkdwn, span
from identity_bot.tickets.commands import INTERNAL
from identity_bot.tickets.model import Ticket

REST_IN_SLACK = "The rest is too long for GitHub. It is in Slack."

EARLIER_NOT_READ = (
    "The thread's earlier messages weren't copied to your ticket, because the bot can't read that conversation. "
    "Please add what matters to the ticket, by a reply in its thread."
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


def comment_not_copied(kinds: Iterable[str]) -> str:
    """To the author of a comment that may not be copied, in both Markdown and mrkdwn."""
    return (
        f"Your comment wasn't copied to Slack, because it looks like it contains {words.joined(sorted(set(kinds)))}. "
        f"Please delete it, and comment again without that. Comments that begin with `{INTERNAL}` are never copied."
    )


def reply_not_copied(kinds: Iterable[str]) -> str:
    """To the author of a reply in Slack that may not be copied, in mrkdwn."""
    return (
        "Your reply wasn't copied to the ticket, because it looks like it contains "
        f"{words.joined(sorted(set(kinds)))}. Please delete it in Slack, and reply again without that."
    )
