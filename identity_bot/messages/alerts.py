"""Alerts: what the team is told about something that an operator should fix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot.messages import words
from identity_bot.text.markdown import mrkdwn
from identity_bot.tickets.model import Approval, Ticket


def leads(settings: Mapping[str, Any]) -> str:
    """Mentions of the leads that a type's settings name."""
    return " ".join(f"<@{lead['slack']}>" for lead in settings.get("leads", ()) if "slack" in lead)


def effect_failed(label: str, ticket: Ticket | None, leads: str, reason: str) -> str:
    """An effect failed and needs an operator; urgent requests mention the leads."""
    about = ""
    if ticket:
        requestor = mrkdwn(ticket.requestor.name, limit=100)
        about = f" for ticket {ticket.reference} (`{ticket.type}`, requested by {requestor})"
    urgent = "*Urgent: affects Veterans in production.* " if ticket and ticket.is_urgent else ""
    return (
        f"{urgent}*The bot couldn't {label}{about}*: {mrkdwn(reason, limit=500)} {leads}\n"
        "It won't try again by itself. `identity-bot outbox` shows it, and can retry or discard it."
    )


def delivery_failed(plugin: str) -> str:
    """A plugin could not be handed an event for three days."""
    return (
        f"*The bot couldn't deliver an event to the plugin `{plugin}`* and won't try again by itself. "
        "`identity-bot outbox` lists what failed, and can retry or discard it. Tickets and messages are not affected."
    )


def plugin_failed(plugin: str, hook: str) -> str:
    """A hook of a plugin failed, and the bot went on without what it would have returned, or tries `deliver` again."""
    meanwhile = (
        "The bot tries again for three days; tickets and messages are not affected."
        if hook == "deliver"
        else "Its part was left out, and everything else went on as usual."
    )
    return f"*The plugin `{plugin}` failed in `{hook}`.* {meanwhile} The bot's log says where it failed."


def who_is(login: str, command: str) -> str:
    """A ticket was given to somebody whose Slack account the bot does not know."""
    name = mrkdwn(login, limit=60)
    return (
        f"Who is *{name}*, to whom a ticket was given in GitHub? The bot can't mention them in Slack. If it's you, "
        f"please type `{command} link {name}`. The operator can also add them to `people` in the settings."
    )


def type_uninstalled(ticket: Ticket) -> str:
    """A ticket changed whose request type is not installed anymore, so nobody could be told in its words."""
    return (
        f"Ticket {words.link(ticket)} changed, but its request type `{ticket.type}` is no longer installed, so people "
        "are told in the standard words."
    )


def gone(ticket: Ticket, moved_to: tuple[str, int] | None) -> str:
    """A ticket's issue is not where it was, and the bot no longer follows it."""
    if moved_to:
        where = mrkdwn(f"{moved_to[0]}#{moved_to[1]}", limit=200)
        return (
            f"The issue of ticket {words.link(ticket)} was transferred to {where}, which the bot does not follow, so "
            "the ticket counts as closed. Please add that repository to the settings, or tell the requestor where it "
            "continues."
        )
    return (
        f"The issue of ticket {words.number(ticket)} was deleted, so the ticket counts as closed. "
        "If that was a mistake, please ask the requestor to send the request again."
    )


def not_redacted(ticket: Ticket, place: str, reason: str) -> str:
    """Messages of ours may still show what was removed from a ticket."""
    return (
        f"Text was removed from ticket {words.link(ticket)}, but the bot couldn't change its messages in `{place}`: "
        f"{mrkdwn(reason, limit=300)}. Please look there, and delete the messages that show the text."
    )


def told_directly(channel: str, reason: str) -> str:
    """A requestor was told by direct message because the channel refused it."""
    return (
        f"The bot couldn't post in `{channel}` ({mrkdwn(reason, limit=300)}), so it told the requestor by direct "
        "message. Please check that the bot is in that channel."
    )


def refused_by_github(ticket: Ticket, what: str) -> str:
    """GitHub opened the issue, but without something that it should have."""
    return (
        f"Ticket {words.link(ticket)} is open, but GitHub refused {mrkdwn(what, limit=300)}. "
        "`identity-bot check` shows what the token may do."
    )


def cannot_be_told(ticket: Ticket, reason: str) -> str:
    """A requestor cannot be reached in Slack at all."""
    who = mrkdwn(ticket.requestor.name, limit=100)
    return (
        f"The bot couldn't tell {who} about an update to ticket {words.link(ticket)}, neither in a thread nor directly "
        f"({mrkdwn(reason, limit=300)}). Please tell them if it matters to them."
    )


def repository_renamed(was: str, now: str) -> str:
    """A repository no longer has the name that the settings give."""
    return (
        f"The repository `{mrkdwn(was)}` is now called `{mrkdwn(now)}`. Please ask the bot's operator to change its "
        "name in the settings and restart the bot. Until then, the bot misses its webhooks."
    )


def cannot_poll(reason: str) -> str:
    """GitHub has not been polled for some minutes."""
    return (
        f"The bot can't get changes from GitHub: {mrkdwn(reason, limit=300)}. Until it can, updates come late, but "
        "none is lost. `identity-bot check` shows what to fix."
    )


def nobody_on_duty(type_name: str) -> str:
    """Everybody of a rota is away, so that a new ticket has no SPOC."""
    return (
        f"*Nobody of the rota is there* for requests of the type `{type_name}`, so new tickets get no SPOC. Please "
        "name one on the card. The operator can change `rota` and `away` in the settings."
    )


def no_approvers(ticket: Ticket) -> str:
    """A ticket has to be approved, and nobody can do it in Slack."""
    return (
        f"Ticket {words.link(ticket)} has to be approved, but *nobody can approve it*: the settings name no approver "
        f"for `{ticket.type}` besides its requestor. Please add `leads` with their Slack ids. Until then, somebody "
        "with write access can put the label `approval: approved` on the issue in place of `approval: needed`."
    )


def closed_unapproved(ticket: Ticket, leads: str) -> str:
    """Somebody closed a ticket as completed in GitHub that has no approval."""
    said = "was declined" if ticket.state.approval is Approval.DECLINED else "was never approved"
    return (
        f"Ticket {words.link(ticket)} was closed as completed in GitHub, but *it {said}*. If that was a mistake, "
        f"please reopen it. {leads}".strip()
    )


def label_renamed(repository: str, was: str, now: str) -> str:
    """A label that the bot reads has another name, or (`now` is empty) was deleted."""
    became, undo = (
        (f"renamed to `{mrkdwn(now)}`", "rename it back") if now else ("deleted", "create it again")
    )
    return (
        f"The label `{mrkdwn(was)}` in `{mrkdwn(repository)}` was {became}. The bot knows only the old name: please "
        f"{undo}, or tickets will look as if they didn't have that label."
    )
