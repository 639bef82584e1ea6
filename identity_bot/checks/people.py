"""Checks with Slack who is on the team, and whether the people in the settings are in the workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.messages import words
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.slack.client import SlackChat, is_colleague
from identity_bot.slack.errors import code_of
from identity_bot.tickets.people import Link, People

User = Mapping[str, Any]
"""Somebody as Slack describes them (reference/objects/user-object)."""

MANY = 50
"""Members of a larger team are not checked one by one: it is probably a channel that many people read."""
GUEST = ("is_restricted", "is_ultra_restricted")
"""Slack's flags of somebody who is not a full member of the workspace."""
WITHOUT_SCOPE = "cannot be looked up without the scope"


def check_people(
    chat: SlackChat, settings: Settings, installed: Plugins, links: tuple[Link, ...] = ()
) -> Iterator[Finding]:
    """What Slack says about the leads, the `people` and the team; `links` are those in the database."""
    leads = _ids(lead for one in installed.types.values() for lead in one.settings["leads"])
    for lead in leads:
        yield _member(chat, f"lead {lead}", lead, problem)
    rota = _ids(one for a_type in installed.types.values() for one in a_type.settings["rota"])
    for what, listed in (("rota", rota), ("people", _ids(settings.people))):
        for person in listed:
            if person not in leads:
                yield _member(chat, f"{what}: {person}", person, warning)
    yield from _team(chat, settings, People(settings.who_is_who, lambda: links))


def _ids(entries: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(entry["slack"] for entry in entries if "slack" in entry))


def _member(chat: SlackChat, what: str, slack_id: str, bad: Callable[[str], Finding]) -> Finding:
    """Whether somebody in the settings is there; `bad` is how bad it is if not."""
    try:
        user = chat.user(slack_id)
    except IdentityBotError as error:
        if code_of(error) == "missing_scope":
            return warning(f"{what}: {WITHOUT_SCOPE} users:read")
        return bad(f"{what}: {error}")
    if user is None:
        return bad(f"{what}: there is no such member in this workspace")
    shown = f"{what} ({_name(user)})"
    if user.get("deleted"):
        return bad(f"{shown}: has been deactivated in Slack")
    if user.get("is_bot"):
        return warning(f"{shown}: is a bot, so nobody reads what it is told")
    return ok(f"{what}: {_name(user)}")


def _team(chat: SlackChat, settings: Settings, known: People) -> Iterator[Finding]:
    """Who may change tickets, and who of them cannot be assigned."""
    kind = "team_group" if settings.team_group else "team_channel"
    where = f"{kind} {settings.team}"
    try:
        members = chat.members(settings.team)
    except IdentityBotError as error:
        if code_of(error) != "channel_not_found":  # check_slack has reported that
            yield _no_team(where, error)
        return
    if len(members) > MANY:
        yield warning(
            f"{where}: {len(members)} members, who may all change tickets; "
            "set team_group to the user group of those who should"
        )
        return
    try:
        seen = {member: chat.user(member) for member in sorted(members)}
        own = chat.own()
    except IdentityBotError as error:
        yield problem(
            f"{where}: nobody may change tickets, because Slack does not say who is in it ({error})"
        )
        return
    if outsiders := [user or {"id": one} for one, user in seen.items() if _is_outsider(user, own)]:
        yield warning(
            f"{where}: {_listed(outsiders)} may not change tickets, as they are from other organizations"
        )
    users = [user for user in seen.values() if user and is_colleague(user, own)]
    if users:
        yield from _triagers(where, users, known)
    else:
        others = "of this organization " if outsiders else "but bots " if members else ""
        yield problem(f"{where}: nobody {others}is in it, so nobody may change tickets")


def _is_outsider(user: User | None, own: Mapping[str, Any]) -> bool:
    """Whether it is a person whom only their organization keeps from the team; Slack may hide such people."""
    if user is None:
        return True
    return not (user.get("is_bot") or user.get("deleted") or is_colleague(user, own))


def _triagers(where: str, users: Sequence[User], known: People) -> Iterator[Finding]:
    yield ok(f"{where}: {len(users)} member{'s' * (len(users) != 1)}, who may change tickets")
    if guests := [user for user in users if any(map(user.get, GUEST))]:
        yield warning(
            f"{where}: {_listed(guests)} may change tickets, as a guest; "
            "if they should not, set team_group to a user group without them"
        )
    if unknown := [user for user in users if not known.login(user["id"])]:
        yield warning(
            f"{where}: no GitHub login is known for {_listed(unknown)}, so they cannot be assigned from Slack; "
            "add them to people, or let them type link and their login after the command"
        )


def _no_team(where: str, error: IdentityBotError) -> Finding:
    code = code_of(error)
    if code == "missing_scope":
        return problem(f"{where}: nobody may change tickets, because its members {WITHOUT_SCOPE} ({error})")
    if code == "no_such_subteam":
        return problem(f"{where}: there is no such user group in this workspace")
    if code == "plan_upgrade_required":
        return problem(f"{where}: this workspace has no user groups; leave team_group out")
    return problem(f"{where}: its members are not known, so nobody may change tickets ({error})")


def _name(user: User) -> str:
    profile = user.get("profile") or {}
    return str(user.get("real_name") or profile.get("real_name") or user.get("name") or "somebody")


def _listed(users: Sequence[User]) -> str:
    return words.joined(sorted(f"{_name(user)} ({user['id']})" for user in users))
