"""Checks everything that the bot needs, and reports all problems at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.checks.answers import check_folder, check_repository
from identity_bot.checks.github import check_github
from identity_bot.checks.people import check_people
from identity_bot.checks.slack import check_slack
from identity_bot.errors import IdentityBotError, PluginError, SettingsError, StoreError
from identity_bot.logs import open_debug_file
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.approval import without_approvers
from identity_bot.plugins.loader import Found, Plugins
from identity_bot.report.charts import check_installed
from identity_bot.settings import Settings, examine, stand_alone_problems
from identity_bot.slack.client import SlackChat
from identity_bot.store import engine as database
from identity_bot.store.store import Store
from identity_bot.tickets.people import Link, People
from identity_bot.tickets.rota import present


def check(
    config: Path | None, environ: Mapping[str, str], found: Sequence[Found], *, offline: bool = False
) -> Iterator[Finding]:
    """Every finding, in the order in which to fix things; with `offline`, without any call to Slack or GitHub."""
    settings, problems = examine(config, environ)
    can_ask = not problems
    named = {line.partition(":")[0] for line in problems}
    problems += [line for line in stand_alone_problems(settings) if line.partition(":")[0] not in named]
    yield from (problem(f"settings: {line}") for line in problems)
    if not problems:
        yield ok("settings: complete")
    installed, findings = _plugins(settings, found)
    yield from findings
    if installed and not problems:
        yield from _leads(installed)
        yield from _approvers(installed)
        yield from _rota(installed)
    yield from _database(settings.database_url)
    yield from check_folder(settings)
    yield from _report(settings)
    if offline:
        return
    if not can_ask or installed is None:
        yield warning("Slack and GitHub were not asked because the settings above are not complete")
        return
    with contextlib.ExitStack() as stack:
        try:
            if settings.debug_file:
                stack.callback(open_debug_file(settings.debug_file))
                yield warning(
                    f"debug_file: {settings.debug_file} gets personal data; unset it when you are done"
                )
        except SettingsError as error:
            yield problem(str(error))
        chat = SlackChat(settings.slack_bot_token, settings.slack_api_url, People([]))
        yield from check_slack(chat, settings, installed.forms)
        if chat.last_contact:  # Slack accepted the token
            yield from check_people(chat, settings, installed, _links(settings.database_url))
        yield from check_github(settings, installed)
        yield from check_repository(settings)


def _report(settings: Settings) -> Iterator[Finding]:
    """Whether the report can be made, if it is to be."""
    try:
        if settings.report:
            check_installed()
    except IdentityBotError as error:
        yield warning(f"report: {error}")


def _links(url: str) -> tuple[Link, ...]:
    """Who is who by the database, if there is one that can be read."""
    try:
        if database.revision(url) != database.NEWEST:
            return ()
    except StoreError:
        return ()
    store = Store(url)
    try:
        return store.links()
    finally:
        store.close()


def _plugins(settings: Settings, found: Sequence[Found]) -> tuple[Plugins | None, list[Finding]]:
    """The plugins; None if their sections of the settings do not fit, but then the plugins are checked as well."""
    findings: list[Finding] = []
    try:
        usable = installed = plugins.load(settings, found)
    except SettingsError as error:
        findings += map(problem, str(error).splitlines())
        usable = None
        try:
            installed = plugins.load(replace(settings, request_types={}), found)
        except IdentityBotError:
            return None, findings
    except PluginError as error:
        return None, [problem(line) for line in str(error).splitlines()]
    findings += [problem(f"{one}; skipped") for one in installed.skipped]
    if installed.types:
        findings.append(ok(f"request types: {', '.join(sorted(installed.types))}"))
    else:
        findings.append(problem("request types: none is installed, so there is nothing to ask for"))
    return usable, findings


def _leads(installed: Plugins) -> Iterator[Finding]:
    """Whether somebody hears of urgent requests: the leads who are named with their Slack ids are mentioned."""
    named = {
        name: any("slack" in lead for lead in one.settings["leads"]) for name, one in installed.types.items()
    }
    if without := sorted(name for name, is_named in named.items() if not is_named):
        yield warning(
            f"leads: none with a Slack id for {', '.join(without)}, so nobody is mentioned when such a request is "
            'urgent; expected leads = [{ slack = "U012AB3CD" }]'
        )


def _approvers(installed: Plugins) -> Iterator[Finding]:
    """Whether somebody can approve what has to be approved."""
    if without := without_approvers(installed):
        yield warning(
            f"approvers: none for {', '.join(without)}, so nobody can approve such requests in Slack; "
            'expected leads = [{ slack = "U012AB3CD" }]'
        )


def _rota(installed: Plugins) -> Iterator[Finding]:
    """Whether somebody of each rota is there today."""
    for name, one in sorted(installed.types.items()):
        today = one.settings["service_levels"].hours.day_at(time.time())
        rota, away, people = one.settings["rota"], one.settings["away"], People(one.settings["people"])
        if rota and not present(rota, away, today, people):
            yield warning(f"rota: everybody is away today, so new {name} requests get no SPOC")


def _database(url: str) -> Iterator[Finding]:
    try:
        revision = database.revision(url)
    except StoreError as error:
        yield problem(f"database: {error}")
        return
    if revision is None:
        yield ok("database: can be created when the bot starts")
    elif revision == database.NEWEST:
        yield ok(f"database: can be written to, schema {revision}")
    elif revision < database.NEWEST:
        yield ok(
            f"database: can be written to, schema {revision}; the next start upgrades it to {database.NEWEST}"
        )
    else:
        yield problem(
            f"database: its schema is {revision}, newer than this version of identity_bot knows "
            f"({database.NEWEST}); install the newer version again"
        )
