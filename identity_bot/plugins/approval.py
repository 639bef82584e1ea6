"""Who may approve a ticket now, and why somebody may not: the route is asked each time, so who left it cannot."""

from __future__ import annotations

from collections.abc import Callable

from identity_bot.errors import NotAllowed
from identity_bot.forms.questions import When
from identity_bot.forms.samples import sample_values
from identity_bot.messages import words
from identity_bot.plugins.loader import Plugins
from identity_bot.plugins.request_type import RequestType
from identity_bot.text.names import fold, is_same
from identity_bot.tickets.model import Person, Ticket, ticket_id
from identity_bot.tickets.people import Entry, People


def approvers(plugins: Plugins, ticket: Ticket, people: People) -> tuple[Entry, ...]:
    """Who may approve a ticket: all approvers of its route but its requestor."""
    request_type = plugins.of(ticket.type) or plugins.stand_in(ticket.type)
    return tuple(
        one
        for one in request_type.route(ticket).approvers
        if not _is_requestor(ticket, people, slack_id=one.get("slack", ""), login=one.get("github", ""))
    )


def _is_requestor(ticket: Ticket, people: People, *, slack_id: str, login: str) -> bool:
    """Whether somebody asked for a ticket: in Slack or, if it was adopted, by an issue in GitHub."""
    asked = ticket.requestor
    names = {fold(name) for name in (login, people.login(slack_id)) if name}
    if asked.slack_id:
        return slack_id == asked.slack_id or fold(people.login(asked.slack_id)) in names
    return fold(asked.handle) in names


def without_approvers(plugins: Plugins) -> list[str]:
    """The names of the request types whose tickets have to be approved, but that route them to no approver."""
    return sorted(
        name
        for name, one in plugins.types.items()
        if one.form.approval_when and not approvers(plugins, _sample(one, one.form.approval_when), People(()))
    )


def _sample(request_type: RequestType, when: When) -> Ticket:
    """A ticket of this type that has to be approved."""
    answers = sample_values(request_type.form, {when.question: when.values[0]})
    return Ticket(
        id=ticket_id("sample"),
        type=request_type.name,
        requestor=Person(slack_id=""),
        answers=answers,
        submitted_at=0.0,
        is_sensitive=request_type.form.is_sensitive(answers),
    )


def check_approver(
    plugins: Plugins,
    ticket: Ticket,
    people: People,
    *,
    slack_id: str,
    login: str = "",
    is_colleague: Callable[[str], bool],
    name: Callable[[Entry], str] | None = None,
) -> None:
    """Raise NotAllowed if somebody may not approve or decline a ticket.

    They are known by their Slack id, or in GitHub by their login and the Slack id that is linked to it, if any.
    `is_colleague` says whether somebody is still active in the workspace; what it raises goes on. `name` is how to name
    those who may where somebody reads it; by default, a mention in Slack.
    """
    if _is_requestor(ticket, people, slack_id=slack_id, login=login):
        raise NotAllowed(words.own_approval(ticket))
    able = approvers(plugins, ticket, people)
    is_one = any(
        (slack_id and one.get("slack") == slack_id) or (login and is_same(one.get("github", ""), login))
        for one in able
    )
    # Somebody whom the settings name by a login alone may be known in Slack by a link.
    own_login = people.login(slack_id) if slack_id else ""
    is_one = is_one or (bool(own_login) and any(is_same(one.get("github", ""), own_login) for one in able))
    if not is_one or (slack_id and not is_colleague(slack_id)):
        names = [name(one) if name else mention(one, people) for one in able]
        raise NotAllowed(words.not_approver(ticket, names))


def mention(person: Entry, people: People) -> str:
    """How to mention somebody of the settings in Slack; by their login where no Slack id is known."""
    return f"<@{person['slack']}>" if person.get("slack") else people.mention(person["github"])
