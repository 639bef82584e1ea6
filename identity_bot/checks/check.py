"""Looks for everything that an operator should mend, at once: settings, plugins, database, Slack and GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from identity_bot.checks.findings import Finding, ok, problem, warning
from identity_bot.checks.github import check_github
from identity_bot.checks.people import check_people
from identity_bot.checks.slack import check_slack
from identity_bot.errors import IdentityBotError, PluginError, SettingsError, StoreError
from identity_bot.plugins import loader as plugins
from identity_bot.plugins.loader import Found, Plugins
from identity_bot.settings import Settings, examine, stand_alone_problems
from identity_bot.store import engine as database


def check(
    config: Path | None, environ: Mapping[str, str], found: Sequence[Found], *, offline: bool = False
) -> Iterator[Finding]:
    """Every finding, in the order in which things have to be mended; the network is not asked when `offline`."""
    settings, problems = examine(config, environ)
    can_ask = not problems
    named = {line.partition(":")[0] for line in problems}
    problems += [line for line in stand_alone_problems(settings) if line.partition(":")[0] not in named]
    yield from (problem(f"settings: {line}") for line in problems)
    if not problems:
        yield ok("settings: complete")
    installed, findings = _plugins(settings, found)
    yield from findings
    yield from _database(settings.database_url)
    if offline:
        return
    if not can_ask or installed is None:
        yield warning("Slack and GitHub were not asked because the settings above are not complete")
        return
    leads = [
        lead["slack"] for t in installed.types.values() for lead in t.settings["leads"] if "slack" in lead
    ]
    yield from check_slack(settings, installed.forms)
    yield from check_people(settings, list(dict.fromkeys(leads)))
    yield from check_github(settings, installed)


def _plugins(settings: Settings, found: Sequence[Found]) -> tuple[Plugins | None, list[Finding]]:
    """The plugins; where their sections of the settings do not fit, the others are looked at without them."""
    findings: list[Finding] = []
    installed = None
    try:
        installed = plugins.load(settings, found)
    except SettingsError as error:
        findings += map(problem, str(error).splitlines())
        try:
            installed = plugins.load(replace(settings, request_types={}), found)
        except IdentityBotError:
            return None, findings
    except PluginError as error:
        return None, [problem(line) for line in str(error).splitlines()]
    findings += [problem(f"{one}; left out") for one in installed.left_out]
    if installed.types:
        findings.append(ok(f"request types: {', '.join(sorted(installed.types))}"))
    else:
        findings.append(problem("request types: none is installed, so there is nothing to ask for"))
    return (None if any(f.text.startswith("settings:") for f in findings) else installed), findings


def _database(url: str) -> Iterator[Finding]:
    try:
        revision = database.revision(url)
    except StoreError as error:
        yield problem(f"database: {error}")
        return
    if revision is None:
        yield ok("database: can be made when the bot starts")
    elif revision > database.NEWEST:
        yield problem(
            f"database: its schema is {revision}, newer than this version of identity_bot knows "
            f"({database.NEWEST}); install the newer version again"
        )
    else:
        newer = (
            "" if revision == database.NEWEST else f"; it is brought to {database.NEWEST} at the next start"
        )
        yield ok(f"database: can be written to, schema {revision}{newer}")
