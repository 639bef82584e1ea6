"""What the page's buttons and fields do in the sandbox's GitHub, as the login of the person who looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from identity_bot_sandbox.github.state import GitHubWorld
from identity_bot_sandbox.page.act import Act, RefusedError, Scene, Sent
from identity_bot_sandbox.page.where import GITHUB, Where

Change = Callable[[GitHubWorld, Where, Sent, str], Where | None]
"""Changes an issue or its repository; gives the place to show where that is another than before."""

_REPOSITORY_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


def issue(scene: Scene, here: Where, sent: Sent) -> Where:
    """Change the issue that is shown, or its repository, as the button `do` says."""
    change = CHANGES.get(sent.text("do"))
    if change is None:
        raise RefusedError("There is no such button.")
    return change(scene.github, here, sent, _login(here)) or here


def new_issue(scene: Scene, here: Where, sent: Sent) -> Where:
    """Open an issue by hand and show it."""
    opened = scene.github.open_issue(
        here.repository, sent.text("title"), sent.text("body"), actor=_login(here)
    )
    return here.at(issue=opened.number, pane=GITHUB)


def _login(here: Where) -> str:
    login = here.character.github_login
    if login is None:
        raise RefusedError(f"{here.character.name} has no GitHub account and can only read.")
    return login


def _comment(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.comment(here.repository, here.issue, sent.text("body"), actor=login)


def _close(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    with world.mutex:
        if sent.text("body").strip():
            _comment(world, here, sent, login)
        world.close(here.repository, here.issue, sent.text("reason") or "completed", actor=login)


def _reopen(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    with world.mutex:
        if sent.text("body").strip():
            _comment(world, here, sent, login)
        world.reopen(here.repository, here.issue, actor=login)


def _edit(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    title, body = sent.text("title"), sent.text("body")
    world.edit(here.repository, here.issue, actor=login, title=title, body=body)


def _assign(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.assign(here.repository, here.issue, sent.text("assignee"), actor=login)


def _unassign(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unassign(here.repository, here.issue, sent.text("assignee"), actor=login)


def _label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.label(here.repository, here.issue, sent.text("label").strip(), actor=login)


def _unlabel(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unlabel(here.repository, here.issue, sent.text("label"), actor=login)


def _milestone(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    """Into a milestone, by its number, or out of it; a new one where a title is given, and its due date."""
    title, number, due = sent.text("title").strip(), sent.text("milestone"), _day(sent.text("due_on"))
    with world.mutex:
        chosen = int(number) if number.isdigit() else None
        if title:
            chosen = world.new_milestone(here.repository, title, due, actor=login).number
        world.set_milestone(here.repository, here.issue, chosen, actor=login)


def _due(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    """Another due date for the milestone that the issue is in, or none."""
    with world.mutex:
        milestone = world.issue(here.repository, here.issue).milestone
        if milestone is None:
            raise RefusedError("The issue is in no milestone.")
        due = _day(sent.text("due_on"))
        world.edit_milestone(
            here.repository, milestone, due_on=due, has_due_date=due is not None, actor=login
        )


def _lock(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.lock(here.repository, here.issue, sent.text("reason") or None, actor=login)


def _unlock(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.unlock(here.repository, here.issue, actor=login)


def _transfer(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    to = sent.text("to")
    arrived = world.transfer(here.repository, here.issue, to, actor=login)
    return here.at(repository=to, issue=arrived.number)


def _discuss(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.convert_to_discussion(here.repository, here.issue, actor=login)


def _delete(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    world.delete(here.repository, here.issue, actor=login)
    return here.at(issue=0)


def _rename_label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.edit_label(here.repository, sent.text("label"), new_name=sent.text("name").strip(), actor=login)


def _delete_label(world: GitHubWorld, here: Where, sent: Sent, login: str) -> None:
    world.delete_label(here.repository, sent.text("label"), actor=login)


def _rename_repository(world: GitHubWorld, here: Where, sent: Sent, login: str) -> Where:
    name = sent.text("name").strip()
    if not _REPOSITORY_NAME.fullmatch(name):
        raise RefusedError("A repository's name is made of letters, digits, dots, hyphens and underscores.")
    return here.at(repository=world.rename_repository(here.repository, name, actor=login).full_name)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise RefusedError("That is not a day of the calendar.") from None


CHANGES: Mapping[str, Change] = {
    "comment": _comment,
    "close": _close,
    "reopen": _reopen,
    "edit": _edit,
    "assign": _assign,
    "unassign": _unassign,
    "label": _label,
    "unlabel": _unlabel,
    "milestone": _milestone,
    "due": _due,
    "lock": _lock,
    "unlock": _unlock,
    "transfer": _transfer,
    "discuss": _discuss,
    "delete": _delete,
    "rename-label": _rename_label,
    "delete-label": _delete_label,
    "rename-repository": _rename_repository,
}

ACTS: Mapping[str, Act] = {"issue": issue, "new-issue": new_issue}
