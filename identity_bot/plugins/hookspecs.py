"""The hooks that a plugin may implement: what each is asked, and what it may answer.

A request type's hooks are called for its own tickets only; an installed plugin without `form` observes all types.
Implement a hook with `@hookimpl` and name only the arguments that you need. Hooks return values; none of them acts
on Slack or GitHub. The type's own plugin is asked first, then the observers, then the defaults; None leaves the
answer to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pluggy
from marshmallow import Schema

from identity_bot.forms.form import Form
from identity_bot.tickets.model import Answers, Event, IssueDraft, Notification, Person, Ticket

PROJECT = "identity_bot"
"""The name of the hooks' project, and of the entry point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def form(settings: Mapping[str, Any]) -> Form | None:
    """The form of a request type. Implementing this is what makes a plugin a request type.

    Called once, when the bot starts, with the type's section of the settings. A form that Slack would refuse or
    that contradicts itself leaves the plugin out, and the log says why. No default.
    """


@hookspec(firstresult=True)
def settings_schema() -> type[Schema] | None:
    """The marshmallow schema of the type's section of the settings file.

    Inherit from `identity_bot.TypeSettings` to keep the settings that every type has: repository,
    restricted_repository, labels, leads. A field's `metadata={"expected": "…"}` is what the operator reads where it
    is missing; `load_only=True` keeps a secret out of such lines. Default: just those four.
    """


@hookspec
def validate(
    answers: Answers, form: Form, requestor: Person, settings: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """Problems with answers that no single question can see, as one sentence for each question's name.

    Called between a submission and its ack: it must be quick and must not wait for anything. Where it raises,
    nothing is filed and the form is kept. Default: the privacy gate, which refuses personal data and secrets in
    any text, and secrets in web addresses.
    """


@hookspec(firstresult=True)
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft | None:
    """The issue for a ticket. The bot adds its marker, the common label and, for urgent tickets, the leads.

    What people wrote belongs into `identity_bot.block` or `identity_bot.span`. The body has at most 60,000
    characters. Where this raises, the ticket is kept, the team is told, and it can be retried. Default: all
    answers as Markdown that cannot mention, link, hide or break out. Build on it with
    `identity_bot.default_issue(ticket, form)`.
    """


@hookspec
def notify(
    ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]
) -> list[Notification] | None:
    """What to say of a lifecycle event of a ticket, besides the standard words or instead of them.

    Called for every event; `event.kind` says which, so look at it first. `ticket.facts` is what is so now,
    `event.was` what people had been told before (None for a new ticket), `event.by` who asked for it in Slack or by
    a comment, and `event.reason` their reason. What happens within seconds is told in one message, and this is
    called anew for all of it, so the same must get the same answer.

    To the requestor, the SPOC and the assignees, that message begins with a mention and the ticket's number, so a
    text goes on from there ("it is on the test server."); to the team and the intake channel it stands alone. It ends
    with a full stop. `next`, to the requestor, says what happens next, in the place of the standard sentence;
    `buttons` are added to the standard ones. With `instead=True` nothing standard is told to that audience; only the
    team's card stays, unless a notification with `is_card`, for a new ticket only, brings another headline. People
    are not told of what they did themselves.

    What people wrote belongs into `identity_bot.mrkdwn`, `event.reason` too, and nothing of a sensitive ticket's
    answers or reasons into any message. Where one plugin raises, only the standard words are told. Default: those,
    in the operator's wording where `messages` of the settings has it, to all whom the event concerns; docs/lifecycle.md
    lists them.
    """
