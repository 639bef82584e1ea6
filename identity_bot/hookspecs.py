"""The hooks that a plugin may implement: what each is asked, and what it may answer.

A request type's hooks are called for its own tickets only; an installed plugin without `form` observes all types.
Implement a hook with `@hookimpl` and name only the arguments that you need. Hooks return values; none of them acts
on Slack or GitHub.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pluggy
from marshmallow import Schema

from identity_bot.forms import Form
from identity_bot.model import Answers, Event, IssueDraft, Notification, Person, Ticket

PROJECT = "identity_bot"
"""The name of the hooks' project, and of the entry point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def form(settings: Mapping[str, Any]) -> Form | None:
    """The form of a request type. Implementing this is what makes a plugin a request type.

    Called once, when the bot starts, with the type's section of the settings. No default.
    """


@hookspec(firstresult=True)
def settings_schema() -> type[Schema] | None:
    """The marshmallow schema of the type's section of the settings file.

    Inherit from `identity_bot.TypeSettings` to keep the settings that every type has: repository,
    restricted_repository, labels, leads. Default: just those.
    """


@hookspec
def validate(
    answers: Answers, form: Form, requestor: Person, settings: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """Problems with answers that no single question can see, as one sentence for each question's name.

    Called between a submission and its ack: it must be quick and must not wait for anything. All results are
    merged. Default: the privacy gate, which refuses personal data and secrets in any text.
    """


@hookspec(firstresult=True)
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft | None:
    """The issue for a ticket. The bot adds its marker, the common label and, for urgent tickets, the leads.

    Default: all answers as Markdown that cannot mention, link, hide or break out. Build on it with
    `identity_bot.default_issue(ticket, form, settings)`.
    """


@hookspec
def notify(
    ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]
) -> list[Notification] | None:
    """The messages that a lifecycle event of a ticket calls for. All results are joined.

    Default: the standard words to the requestor, the team and the intake channel.
    """
