"""Asks Slack who is on the team, and whether the people of the settings are who they are said to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from identity_bot.checks.findings import Finding, ok, problem, warning
from identity_bot.checks.slack import Asking, Refusal, channel_by_name
from identity_bot.settings import Settings
from identity_bot.tickets.people import People

MANY = 50
"""Of a team of more, single members are not looked at: it is rather a channel that many read."""
GUEST = ("is_restricted", "is_ultra_restricted", "is_stranger")
"""Slack's words for who is no full member of the workspace (reference/objects/user-object)."""
WITHOUT_SCOPE = "cannot be looked up without the scope"


def check_people(settings: Settings, leads: Collection[str]) -> Iterator[Finding]:
    """What Slack says of the leads (member ids), the `people` and the team; nothing where it cannot be asked."""
    if not settings.slack_bot_token:
        return
    asking = Asking(settings.slack_bot_token, settings.slack_api_url)
    try:
        asking("auth.test")
    except Refusal:  # as check_slack has said
        return
    for lead in leads:
        yield from _somebody(asking, "lead", lead, problem)
    people = dict.fromkeys(entry["slack"] for entry in settings.people)
    for person in people:
        if person not in leads:
            yield from _somebody(asking, "people:", person, warning)
    yield from _team(asking, settings)


def _somebody(asking: Asking, what: str, member: str, bad: Any) -> Iterator[Finding]:
    """Somebody of the settings; `bad` is how bad it is if they are not there."""
    try:
        user = asking("users.info", user=member)["user"]
    except Refusal as refusal:
        if refusal.code == "missing_scope":
            yield warning(f"{what} {member}: {WITHOUT_SCOPE} users:read")
        elif refusal.code in ("user_not_found", "user_not_visible"):
            yield bad(f"{what} {member}: there is no such member in this workspace")
        else:
            yield bad(f"{what} {member}: {refusal}")
        return
    name = _name(user)
    if user.get("deleted"):
        yield bad(f"{what} {member} ({name}): has been deactivated in Slack")
    elif user.get("is_bot"):
        yield warning(f"{what} {member} ({name}): is a bot, and will not read what it is told")
    else:
        yield ok(f"{what} {member}: {name}")


def _team(asking: Asking, settings: Settings) -> Iterator[Finding]:
    """Who may move tickets, and who of them cannot be assigned."""
    where = (
        f"team_group {settings.team_group}"
        if settings.team_group
        else f"team_channel {settings.team_channel}"
    )
    try:
        members = list(_members(asking, settings.team))
    except Refusal as refusal:
        if refusal.code != "channel_not_found":  # which check_slack has said
            yield _unknown(where, refusal)
        return
    if settings.team_group and not members:
        yield problem(f"{where}: nobody is in it, so nobody may move tickets")
        return
    if len(members) > MANY:
        yield warning(
            f"{where}: {len(members)} members, who may all move tickets; "
            "set team_group to the user group of those who should"
        )
        return
    try:
        users = [user for member in members if (user := _user(asking, member))]
    except Refusal as refusal:
        yield warning(f"{where}: {len(members)} members, and Slack does not say who they are ({refusal})")
        return
    yield from _assignable(
        where, [u for u in users if not u.get("is_bot") and not u.get("deleted")], settings
    )


def _user(asking: Asking, member: str) -> Mapping[str, Any] | None:
    """A member who is a person and here; None for others."""
    try:
        user: Mapping[str, Any] = asking("users.info", user=member)["user"]
    except Refusal as refusal:
        if refusal.code in ("user_not_found", "user_not_visible"):
            return None
        raise
    return None if user.get("is_bot") or user.get("deleted") else user


def _assignable(where: str, users: list[Mapping[str, Any]], settings: Settings) -> Iterator[Finding]:
    if not users:
        yield problem(f"{where}: nobody but bots is in it, so nobody may move tickets")
        return
    yield ok(f"{where}: {len(users)} member{'s' * (len(users) != 1)}, who may move tickets")
    guests = sorted(f"{_name(user)} ({user['id']})" for user in users if any(map(user.get, GUEST)))
    if guests:
        yield warning(
            f"{where}: {_listed(guests)} may move tickets, as a guest or from another workspace; "
            "if they should not, set team_group to a user group without them"
        )
    known = People(settings.who_is_who)
    strangers = sorted(f"{_name(user)} ({user['id']})" for user in users if not known.login(user["id"]))
    if strangers:
        yield warning(
            f"{where}: no GitHub login is known of {_listed(strangers)}, so they cannot be assigned from Slack; "
            "add them to people"
        )


def _unknown(where: str, refusal: Refusal) -> Finding:
    if refusal.code == "missing_scope":
        return problem(f"{where}: nobody may move tickets, as its members {WITHOUT_SCOPE} ({refusal})")
    if refusal.code == "no_such_subteam":
        return problem(f"{where}: there is no such user group in this workspace")
    if refusal.code == "plan_upgrade_required":
        return problem(f"{where}: this workspace has no user groups; leave team_group out")
    return problem(f"{where}: its members are not known, so nobody may move tickets ({refusal})")


def _members(asking: Asking, place: str) -> Iterator[str]:
    if place.startswith("S"):
        yield from asking("usergroups.users.list", usergroup=place).get("users") or ()
        return
    if place.startswith("#"):
        channel = channel_by_name(asking, place)
        if channel is None:
            raise Refusal(f"there is no channel {place} that the bot can see", "channel_not_found")
        place = str(channel["id"])
    for page in asking.pages("conversations.members", channel=place, limit=999):
        yield from page.get("members") or ()


def _name(user: Mapping[str, Any]) -> str:
    return str(user.get("real_name") or (user.get("profile") or {}).get("real_name") or user.get("name"))


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
