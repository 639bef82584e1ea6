"""The hooks that a plugin may implement: when the bot calls each, and what each may return.

A plugin that implements `form` is a request type; its other hooks are called for its own tickets only. A plugin
without `form` is an observer; its hooks are called for the tickets of all types.

Mark an implementation with `@hookimpl` and name only the arguments that you need. Hooks return values and never act
on Slack or GitHub themselves; only `deliver` may act, on whatever else there is. The bot calls the type's own plugin
first, then the observers, then the defaults. A hook that returns None leaves the answer to the next. A hook that
raises, or returns something else than it may, spoils its own part only: it is left out, and the team is told which
plugin failed in which hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pluggy
from marshmallow import Schema

from identity_bot.articles.answer import Answer
from identity_bot.forms.form import Form
from identity_bot.plugins.code import Code
from identity_bot.tickets.model import Answers, Event, IssueDraft, Notification, Person, Route, Ticket

PROJECT = "identity_bot"
"""The name that pluggy knows the hooks by, and the entry point group of the plugins."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def form(settings: Mapping[str, Any]) -> Form | None:
    """The form of a request type. Implementing this hook is what makes a plugin a request type.

    Called once, when the bot starts, with the type's section of the settings. Questions and forms check themselves
    against Slack's limits when they are made and raise ValueError if they do not fit; the bot then skips the plugin
    and logs why. No default.
    """


@hookspec(firstresult=True)
def settings_schema() -> type[Schema] | None:
    """The marshmallow schema of the type's section of the settings file.

    Inherit from `identity_bot.TypeSettings` to keep the settings that every type has, such as repository, labels,
    leads and rota. Give a field `metadata={"expected": "…"}` to tell the operator what to enter if it is missing, and
    `load_only=True` to keep a secret out of error messages. Default: `TypeSettings`.

    An observer's section is `[observers.<name>]`, and only its `deliver` gets it. Inherit from
    `identity_bot.ObserverSettings`, which is also its default.
    """


@hookspec
def self_service(
    text: str, answers: Mapping[str, Any], form: Form, settings: Mapping[str, Any], code: Code
) -> list[Answer] | None:
    """Answers that may already solve the problem, the best one first; the requestor sees at most three.

    Called when the type is chosen, with empty `text` or the text of the message that the request is made from, and
    again while the requestor fills in the form: `text` is what they have typed into the form's first own text or web
    address. `answers` are the form's values so far, as typed: unchecked and incomplete. The form is open meanwhile,
    but the requestor waits for the answers, so return within a second, or three if you read `code`: pull requests and
    files in GitHub. Catch `identity_bot.CodeUnreadable`, which it raises where GitHub does not tell in time. Put
    nothing into a title or a name that people typed: they are kept with the counts, and named in the ticket's issue.
    If it raises, the form is shown without its answers. Default: no answers.
    """


@hookspec
def validate(
    answers: Answers, form: Form, requestor: Person, settings: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """Problems that no single question can see: one sentence for each question, by the question's name.

    Called while the requestor waits for the form to close, so it must return at once and call nothing remote. If it
    raises, its problems are left out: what the others find still counts. Default: the privacy gate, which refuses
    personal data and secrets in text, and in the queries of web addresses.
    """


@hookspec(firstresult=True)
def migrate_answers(answers: Answers, form: Form, settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A ticket's answers, given to the form of an earlier version, as today's form has them.

    Implement it when you rename a question or change what its answers look like. Return all answers, also those that
    stay the same, as JSON. The bot calls this whenever it shows an issue, a card or anything else with answers that it
    has kept, and before it passes a ticket to `notify` and `deliver`. It cannot know which form answers were given to,
    so this gets today's answers too and must return them unchanged; after a second call they must be the same as after
    the first. A redacted answer may hold a mark instead of a text: leave what you cannot convert as it is.

    Nothing is written back, so keep a migration for as long as there may be such tickets. Whether a ticket is urgent
    or sensitive, and its requestor's name and team, stay as they were when the form was sent. If this raises, the
    answers are used as they were. Default: as they are; an answer to a question that the form no longer has is shown
    under the question's old name.
    """


@hookspec(firstresult=True)
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft | None:
    """The issue for a ticket. The bot adds its status block, its marker, the common label and, if urgent, the leads.

    Pass what people typed through `identity_bot.block` or `identity_bot.span`. The body has at most 60,000
    characters. If this raises, the next plugin makes the issue, at last the default. Default: all answers
    as Markdown that cannot mention anybody, link, or hide text. Build on it with
    `identity_bot.default_issue(ticket, form)`; its body leaves you 2,000 characters.
    """


@hookspec(firstresult=True)
def route(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> Route | None:
    """Who a ticket goes to: its leads, its first SPOC and assignee, and who may approve it.

    Called when the issue is opened, and again whenever the bot must know the leads or the approvers: somebody who is
    no longer among them can no longer approve. So return the same for the same arguments, at once, and call nothing
    remote. `ticket` may have no answers, if the bot made it again from its issue. The other hooks get the leads in
    `settings["leads"]`.

    The SPOC and the assignee count only for a new issue; after that, people change both as they like. Approvers count
    if the form has an `approval_when`, or somebody put the label `approval: needed` on the issue. If this raises, the
    next plugin decides, at last the default. Default: the leads of the settings, who are also the approvers, and as
    SPOC whoever's turn it is by the settings' `rota`. Build on it with
    `identity_bot.default_route(ticket, settings)`.
    """


@hookspec
def notify(
    ticket: Ticket, event: Event, form: Form, settings: Mapping[str, Any]
) -> list[Notification] | None:
    """What to tell people about an event, in addition to the standard messages or instead of them.

    Called for every event, so look at `event.kind` first. `ticket.state` is the state now; `event.was` is the state
    that people last heard of (None for a new ticket, and for what time alone brings). `event.by` is who asked
    for the change in Slack or by a comment, and `event.reason` is their reason. Changes that follow each other within
    seconds become one message, so another sentence may stand before or after yours. After a failure the bot may call
    this again for the same event, so return the same for the same arguments.

    Each text is one or more complete sentences ("It is on the test server."). A message to the requestor, the SPOC or
    the assignees begins with a mention and the ticket's number. A message to the team or the intake channel stands
    alone. For the requestor, `next` replaces the standard sentence about what happens next, and `buttons` are added to
    the standard ones. `instead=True` replaces the standard message to that audience; the team still gets its card. A
    notification with `is_card`, for a new ticket only, changes that card's headline. Nobody is told what they did
    themselves.

    Pass what people typed through `identity_bot.mrkdwn`, `event.reason` too. Put no answers and no reasons of a
    sensitive ticket into a message. If this raises, people get the messages of the others. Default: the standard
    messages to everybody whom the event concerns, in the operator's words if the settings have `messages`;
    docs/lifecycle.md lists them.
    """


@hookspec
def deliver(ticket: Ticket, event: Event, idempotency_key: str, settings: Mapping[str, Any]) -> None:
    """Tell something outside about an event: write to a file, call a webhook, update a dashboard.

    Called for every event, of an observer for the tickets of all types, with the plugin's own section of the
    settings. It has a lane of its own in the outbox, so it may do I/O and delays neither messages nor other plugins.
    It waits for nobody: people may be told before or after. Return within 10 seconds, so set a time-out for whatever
    you call; the bot cannot interrupt you, only log that it took longer, and the plugin's next event waits.

    Each event is delivered at least once and, as a rule, in order. After a crash, or if this raises, the bot calls
    again with the same event and the same `idempotency_key`, 36 characters, by which you recognize what you have
    already done. If this raises, the bot retries after one second and then more slowly, up to every five minutes; after
    five tries the next events no longer wait, and the team is told, once a day; after three days it gives up,
    `identity-bot outbox` lists the delivery with the plugin's name, and the operator can retry it. Deliveries that
    wait for a plugin which is not installed are discarded when they are an hour old.

    `ticket.state` is the state that the event led to, even if the ticket has changed since; the rest of the ticket is
    as it is now. Of a sensitive ticket, the title, the answers and the reasons are left out, unless the plugin's
    settings have `sensitive_answers = true`. After `EventKind.REDACTED`, the ticket no longer has the text that was
    removed: replace what you have kept of it. Tickets that the bot makes again from their issues bring no events.
    No default.
    """
