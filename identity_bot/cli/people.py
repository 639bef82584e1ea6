"""`identity-bot people`: who is who, by the settings and as people have proved, and the operator's corrections."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from identity_bot import settings as settings_module
from identity_bot.cli.database import open_store
from identity_bot.errors import IdentityBotError, SettingsError
from identity_bot.text.names import LOGIN, MEMBER_ID, is_same

if TYPE_CHECKING:
    from identity_bot.store.store import Store
    from identity_bot.tickets.people import Link, People


@click.command()
@click.option("--link", nargs=2, metavar="SLACK_ID LOGIN", help="Link a person to a GitHub login.")
@click.option("--unlink", metavar="SLACK_ID", help="Remove a person's link.")
@click.option("--offline", is_flag=True, help="Link without asking Slack and GitHub whether both exist.")
@click.pass_obj
def people(config: Path | None, link: tuple[str, str] | None, unlink: str | None, offline: bool) -> None:
    """List who is who, or correct it: Slack ids, GitHub logins, and how they are known.

    A running bot follows a correction within seconds. What the settings say can only be changed there. Before it links
    somebody, Slack and GitHub are asked whether they know them, as far as their tokens are in the environment.
    """
    if link and unlink:
        raise click.UsageError("expected --link or --unlink, not both")
    with open_store() as store:
        known = _known(config, store)
        if link:
            _link(store, known, *link, look_up=None if offline else partial(_look_up, config))
        elif unlink:
            _unlink(store, known, unlink)
        else:
            for line in _listed(known, store.links()):
                click.echo(line)


def _known(config: Path | None, store: Store) -> People:
    """Who is who by the settings file and the database; no token is needed."""
    from identity_bot.tickets.people import People

    file = os.environ.get(settings_module.CONFIG_VARIABLE, "")
    settings, problems = settings_module.examine(
        config, {settings_module.CONFIG_VARIABLE: file, "GITHUB_TOKEN": "none is needed"}
    )
    if problems:
        raise SettingsError(problems)
    return People(settings.who_is_who, store.links)


def _look_up(config: Path | None, slack_id: str, login: str) -> None:
    """Raise if Slack or GitHub knows nobody of this name; where there is no token, it is not asked."""
    from identity_bot.github.connection import Connection
    from identity_bot.slack.client import SlackChat
    from identity_bot.tickets.people import People

    settings, _ = settings_module.examine(config, os.environ)
    try:
        if settings.slack_bot_token:
            user = SlackChat(settings.slack_bot_token, settings.slack_api_url, People([])).user(slack_id)
            if user is None or user.get("deleted") or user.get("is_bot"):
                raise _Unknown(f"Slack knows no active person with the id {slack_id}")
        if settings.github_token or settings.github_app_id:
            github = Connection(settings.github_auth, settings.github_api_url)
            if (status := github.get(f"/users/{login}").status) != 200:
                said = "knows nobody" if status == 404 else f"answers {status} when asked for somebody"
                raise _Unknown(f"GitHub {said} with the login {login}")
    except _Unknown as error:
        raise IdentityBotError(f"{error}; nothing was linked (--offline links without asking)") from error
    except IdentityBotError as error:
        raise IdentityBotError(
            f"cannot find out whether {slack_id} and {login} exist: {error}; nothing was linked (--offline links "
            "without asking)"
        ) from error


class _Unknown(IdentityBotError):
    """Slack or GitHub does not know somebody."""


def _link(
    store: Store, known: People, slack_id: str, login: str, *, look_up: Callable[[str, str], None] | None
) -> None:
    from identity_bot.desk.links import Linking

    _check_id(slack_id)
    if not re.fullmatch(LOGIN, login):
        raise IdentityBotError(f"{login!r:.80} is no GitHub login; expected one such as octocat")
    if fixed := known.login_in_settings(slack_id):
        raise IdentityBotError(f"the settings say that {slack_id} is {fixed}; change it there")
    if look_up:
        look_up(slack_id, login)
    before = known.login(slack_id)
    if not Linking(store=store, people=known).correct(slack_id, login):
        owner = known.slack_id(login)
        fix = (
            "change it there if that is wrong"
            if known.login_in_settings(owner)
            else f"first remove that: identity-bot people --unlink {owner}"
        )
        by = "the settings say that" if known.login_in_settings(owner) else "already,"
        raise IdentityBotError(f"{by} {login} is {owner}; {fix}")
    instead = f", no longer to {before}" if before and not is_same(before, login) else ""
    click.echo(f"{slack_id} is linked to {login} now{instead}")


def _unlink(store: Store, known: People, slack_id: str) -> None:
    from identity_bot.desk.links import Linking

    _check_id(slack_id)
    removed = Linking(store=store, people=known).unlink(slack_id, by="the operator")
    if removed:
        click.echo(f"{slack_id} is no longer linked to {removed.login}")
    elif fixed := known.login_in_settings(slack_id):
        raise IdentityBotError(f"the settings say that {slack_id} is {fixed}; change it there")
    else:
        raise IdentityBotError(f"{slack_id} has no link; `identity-bot people` lists them")


def _check_id(slack_id: str) -> None:
    if not re.fullmatch(MEMBER_ID, slack_id):
        raise IdentityBotError(f"{slack_id!r:.80} is no Slack id; expected one such as U012AB3CD")


def _listed(known: People, links: tuple[Link, ...]) -> Iterator[str]:
    """A heading and a line for each person."""
    rows = [(slack_id, login, "settings") for slack_id, login in known.in_settings().items()]
    rows += [(one.slack_id, one.login, _how(known, one)) for one in links]
    if not rows:
        yield "nobody's Slack id and GitHub login are known"
        return
    table = [("slack id", "login", "known from"), *sorted(rows, key=lambda row: row[1].casefold())]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def _how(known: People, link: Link) -> str:
    from identity_bot.tickets.people import LinkSource

    day = f"{datetime.fromtimestamp(link.at, UTC):%Y-%m-%d}"
    how = {
        LinkSource.PROVED: f"proved on {day}",
        LinkSource.EMAIL: f"by an equal e-mail address on {day}, only to name them",
    }.get(link.source, f"linked by the operator on {day}")
    return f"{how}, ignored because the settings differ" if known.is_overridden(link) else how
