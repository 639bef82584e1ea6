"""Ask the Identity Team for help from Slack; the ticket is a GitHub issue.

These are the names that a plugin may import, and nothing else is promised.
"""

from identity_bot.articles.answer import Answer
from identity_bot.articles.packaged import Articles
from identity_bot.forms.form import Form
from identity_bot.forms.questions import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    ShortText,
    Url,
    When,
    YesNo,
)
from identity_bot.plugins.code import Code, CodeUnreadable, PullRequest
from identity_bot.plugins.defaults import default_issue, default_route
from identity_bot.plugins.hookspecs import hookimpl
from identity_bot.settings import LeadSettings, ObserverSettings, TypeSettings
from identity_bot.text.markdown import block, line, mrkdwn, span
from identity_bot.tickets.model import (
    Action,
    Answers,
    Approval,
    Audience,
    CloseReason,
    Event,
    EventKind,
    IssueDraft,
    Notification,
    Person,
    Priority,
    Route,
    Stage,
    Ticket,
    TicketState,
)

__all__ = [
    "Action",
    "Answer",
    "Answers",
    "Approval",
    "Articles",
    "Audience",
    "Choice",
    "Choices",
    "CloseReason",
    "Code",
    "CodeUnreadable",
    "Date",
    "Email",
    "Event",
    "EventKind",
    "Files",
    "Form",
    "IssueDraft",
    "LeadSettings",
    "LongText",
    "Member",
    "Notification",
    "Number",
    "ObserverSettings",
    "Option",
    "Person",
    "Priority",
    "PullRequest",
    "Route",
    "ShortText",
    "Stage",
    "Ticket",
    "TicketState",
    "TypeSettings",
    "Url",
    "When",
    "YesNo",
    "block",
    "default_issue",
    "default_route",
    "hookimpl",
    "line",
    "mrkdwn",
    "span",
]
