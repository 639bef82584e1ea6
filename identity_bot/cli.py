"""The command line: `identity-bot run`, `check`, `manifest`, `types`, `outbox` and `sandbox`."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from identity_bot import settings as settings_module
from identity_bot.errors import IdentityBotError, SettingsError, StoreError
from identity_bot.logs import set_up_logging
from identity_bot.settings import Settings

if TYPE_CHECKING:
    from identity_bot.outbox.effect import Row
    from identity_bot.outbox.outbox import Outbox
    from identity_bot.plugins.loader import Plugins


HEADING = ("id", "state", "kind", "ticket", "lane", "attempts", "due", "last error")


class _Commands(click.Group):
    """Shows an error of ours without a traceback, one line for each thing to fix, and exits with 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except IdentityBotError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="The settings file (TOML).")
@click.version_option(package_name="identity-bot")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Requests to the Identity Team: filed in Slack, tracked as GitHub issues."""
    ctx.obj = config
    try:
        Path.home()
    except RuntimeError:
        # A container's user may have none. slack_bolt asks for it on import, but the bot keeps nothing there.
        os.environ["HOME"] = os.sep


@main.command()
@click.pass_obj
def run(config: Path | None) -> None:
    """Run the bot: Socket Mode when SLACK_APP_TOKEN is set, HTTP otherwise."""
    set_up_logging()
    from identity_bot import app

    app.build(settings_module.load(config, os.environ)).run()


@main.command()
@click.option("--offline", is_flag=True, help="Do not call Slack or GitHub.")
@click.pass_context
def check(ctx: click.Context, offline: bool) -> None:
    """Report everything that has to be fixed; exit with 1 if anything does."""
    from identity_bot.checks import Verdict, summary
    from identity_bot.checks.check import check as findings_of
    from identity_bot.plugins import loader as plugins

    findings = []
    with _unlogged():
        for finding in findings_of(ctx.obj, os.environ, plugins.find(), offline=offline):
            click.echo(str(finding))
            findings.append(finding)
    click.echo(summary(findings))
    ctx.exit(int(any(finding.verdict is Verdict.PROBLEM for finding in findings)))


@main.command()
@click.option("--url", help="The bot's public address (https://…), for HTTP instead of Socket Mode.")
@click.option("--private", is_flag=True, help="For settings with a private channel.")
@click.pass_obj
def manifest(config: Path | None, url: str | None, private: bool) -> None:
    """Print the manifest to create the Slack app from."""
    from identity_bot.slack.manifest import manifest as made

    if url is not None and not re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]*)?", url):
        raise click.BadParameter(
            f"found {url!r:.80}; expected an address such as https://bot.example.gov", param_hint="--url"
        )
    settings, installed = _without_secrets(config)
    app = made(settings, installed.forms, url=url, private=private)
    click.echo(json.dumps(app, indent=2, ensure_ascii=False))


@main.command()
@click.pass_context
def types(ctx: click.Context) -> None:
    """Show the installed request types and their forms; exit with 1 if a plugin was skipped.

    Without a settings file, an example stands for the repository.
    """
    from identity_bot.forms.preview import request_type as drawn

    named = ctx.obj or os.environ.get(settings_module.CONFIG_VARIABLE)
    is_needed = bool(named) or settings_module.DEFAULT_FILE.exists()
    settings, installed = _without_secrets(ctx.obj, is_needed=is_needed)
    if not is_needed:
        click.echo(
            f"no {settings_module.DEFAULT_FILE} here: {settings.repository} stands for your repository",
            err=True,
        )
    for name, one in sorted(installed.types.items()):
        click.echo(drawn(name, one.form, one.settings, settings.label) + "\n")
    if not installed.types:
        click.echo("no request type is installed")
    for skipped in installed.skipped:
        click.echo(f"skipped: {skipped}", err=True)
    ctx.exit(int(bool(installed.skipped)))


def _without_secrets(config: Path | None, *, is_needed: bool = True) -> tuple[Settings, Plugins]:
    """The settings file, or examples if none is needed, and the plugins; there may be no app and no token yet."""
    from identity_bot.plugins import loader as plugins

    file = os.environ.get(settings_module.CONFIG_VARIABLE, "")
    settings, problems = settings_module.examine(
        config, {settings_module.CONFIG_VARIABLE: file, "GITHUB_TOKEN": "none is needed"}
    )
    if problems and is_needed:
        raise SettingsError(problems)
    with _unlogged():
        return settings, plugins.load(settings, plugins.find())


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep the reasons for skipped plugins out of the log, because the command prints them."""
    logger = logging.getLogger("identity_bot.plugins.loader")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


@main.group(invoke_without_command=True)
@click.pass_context
def outbox(ctx: click.Context) -> None:
    """List, retry or discard effects: messages to Slack and changes in GitHub (default: list)."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(outbox_list)


@outbox.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "failed", "done"]), help="List only the effects in this state."
)
@click.pass_context
def outbox_list(ctx: click.Context, state: str | None = None) -> None:
    """List the effects that have failed and those that wait; exit with 1 if any has failed or is overdue."""
    with _open_outbox() as opened:
        for line in _table(opened, [state] if state else ["failed", "waiting"]):
            click.echo(line)
        backlog = opened.backlog()
        if backlog.overdue:
            minutes = round(backlog.delay / 60)
            click.echo(f"{backlog.overdue} overdue, one for {minutes} minutes; is a bot running?", err=True)
        ctx.exit(int(bool(backlog.failed or backlog.overdue)))


@outbox.command("retry")
@click.argument("ids", type=int, nargs=-1, metavar="ID…")
@click.option("--all", "everything", is_flag=True, help="Retry all that have failed.")
def outbox_retry(ids: tuple[int, ...], everything: bool) -> None:
    """Retry failed effects now."""
    if bool(ids) == everything:
        raise click.UsageError("expected the ids of effects, or --all")
    with _open_outbox() as opened:
        if everything:
            ids = tuple(row.id for row in opened.rows("failed", limit=100_000))
        _each(ids, opened.retry, "will be retried")


@outbox.command("discard")
@click.argument("ids", type=int, nargs=-1, required=True, metavar="ID…")
def outbox_discard(ids: tuple[int, ...]) -> None:
    """Discard failed effects for good."""
    with _open_outbox() as opened:
        _each(ids, opened.discard, "discarded")


def _each(ids: tuple[int, ...], change: Callable[[int], bool], done: str) -> None:
    unknown = []
    for one in dict.fromkeys(ids):
        if change(one):
            click.echo(f"{one}: {done}")
        else:
            unknown.append(f"{one}: no effect with this id has failed; `identity-bot outbox` lists them")
    if unknown:
        raise IdentityBotError("\n".join(unknown))
    if not ids:
        click.echo("no failed effects")


def _table(opened: Outbox, states: Sequence[str]) -> Iterator[str]:
    """A heading and a line for each effect in these states, oldest first, without anything that people wrote."""
    rows = [row for state in states for row in opened.rows(state)]
    if not rows:
        yield f"no {' or '.join(states)} effects"
        return
    table = [HEADING, *(_cells(opened, row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
    for line in table:
        yield "  ".join([*map(str.ljust, line, widths), line[-1]]).rstrip()
    for state in states:
        if (more := opened.count(state) - sum(row.state == state for row in rows)) > 0:
            yield f"and {more} more {state} effects"


def _cells(opened: Outbox, row: Row) -> tuple[str, ...]:
    ticket = opened.store.ticket(row.ticket_id) if row.ticket_id else None
    due = datetime.fromtimestamp(row.due_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reference, error = ticket.reference if ticket else "-", " ".join(row.last_error.split())[:300]
    return (str(row.id), row.state, row.kind, reference, row.lane, str(row.attempts), due, error)


@contextlib.contextmanager
def _open_outbox() -> Iterator[Outbox]:
    """The outbox in the database; neither the settings file nor a token is needed."""
    from identity_bot.outbox.outbox import Outbox
    from identity_bot.store import engine as database
    from identity_bot.store.store import Store

    url = settings_module.examine(None, os.environ)[0].database_url
    if (revision := database.revision(url)) != database.NEWEST:
        raise StoreError(
            "DATABASE_URL: there is no database yet; the bot creates it when it first starts"
            if revision is None
            else f"the database has the schema {revision}, not {database.NEWEST}: start this version of the bot first"
        )
    store = Store(url)
    try:
        yield Outbox(store)
    finally:
        store.close()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0 takes any free port.")
@click.option("--no-bot", is_flag=True, help="Run only the servers, for a bot that you start yourself.")
@click.option("--play", is_flag=True, help="Play a short story of each request type first.")
@click.option(
    "--exit", "leave", is_flag=True, help="Play the stories, print what each person did and saw, and exit."
)
def sandbox(port: int, no_bot: bool, play: bool, leave: bool) -> None:
    """Try the bot with a simulated Slack and GitHub, and a page that shows both."""
    try:
        from identity_bot_sandbox import demo
    except ModuleNotFoundError as error:
        if error.name != "identity_bot_sandbox":
            raise
        raise IdentityBotError(
            "the sandbox is not installed: run `pip install 'identity-bot[sandbox]'`, "
            "or `pip install ./sandbox` in a clone"
        ) from error
    demo.run(port=0 if leave else port, with_bot=not no_bot, play=play or leave, leave=leave, say=click.echo)


if __name__ == "__main__":
    main()
