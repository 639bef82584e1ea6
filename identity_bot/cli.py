"""The command line: run, check, manifest, types, outbox, sandbox."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from identity_bot import settings as settings_module
from identity_bot.errors import IdentityBotError, SettingsError, StoreError
from identity_bot.logs import set_up_logging
from identity_bot.settings import Settings

if TYPE_CHECKING:
    from identity_bot.outbox.queue import Outbox
    from identity_bot.plugins.loader import Plugins


class _Commands(click.Group):
    """Shows an error of ours as it is, one line for each thing to mend, and exits with 2."""

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
    """Ask the Identity Team for help from Slack; the ticket is a GitHub issue."""
    ctx.obj = config


def load_settings(config: Path | None) -> Settings:
    """The settings in force for this command."""
    return settings_module.load(config, os.environ)


@main.command()
@click.pass_obj
def run(config: Path | None) -> None:
    """Run the bot: Socket Mode when SLACK_APP_TOKEN is set, HTTP otherwise."""
    set_up_logging()
    from identity_bot import app

    app.build(load_settings(config)).run()


@main.command()
@click.option("--offline", is_flag=True, help="Ask neither Slack nor GitHub.")
@click.pass_context
def check(ctx: click.Context, offline: bool) -> None:
    """Report everything that has to be mended; exits with 1 if there is something."""
    from identity_bot.checks import Verdict, summary
    from identity_bot.checks import check as checking
    from identity_bot.plugins import loader as plugins

    findings = []
    with _unlogged():
        for finding in checking.check(ctx.obj, os.environ, plugins.find(), offline=offline):
            click.echo(str(finding))
            findings.append(finding)
    click.echo(summary(findings))
    ctx.exit(int(any(finding.verdict is Verdict.PROBLEM for finding in findings)))


@main.command()
@click.option("--url", help="The bot's public address (https://…), for HTTP instead of Socket Mode.")
@click.option("--private", is_flag=True, help="One of the channels in the settings is private.")
@click.pass_obj
def manifest(config: Path | None, url: str | None, private: bool) -> None:
    """Print the manifest from which to make the Slack app."""
    from identity_bot.slack.manifest import manifest as made

    if url is not None and not re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]*)?", url):
        raise SettingsError(["--url: not such an address; expected one that begins with https://"])
    settings, installed = _without_secrets(config)
    forms = installed.forms
    click.echo(json.dumps(made(settings, forms, url=url, private=private), indent=2, ensure_ascii=False))


@main.command()
@click.pass_context
def types(ctx: click.Context) -> None:
    """Show the installed request types and their forms; exits with 1 if a plugin had to be left out."""
    from identity_bot.forms.preview import request_type as drawn

    settings, installed = _without_secrets(ctx.obj)
    for name, one in sorted(installed.types.items()):
        click.echo(drawn(name, one.form, one.settings, settings.label) + "\n")
    if not installed.types:
        click.echo("no request type is installed")
    for left_out in installed.left_out:
        click.echo(f"left out: {left_out}", err=True)
    ctx.exit(int(bool(installed.left_out)))


def _without_secrets(config: Path | None) -> tuple[Settings, Plugins]:
    """The settings file and the plugins; of the environment nothing is needed, as there may be no app yet."""
    from identity_bot.plugins import loader as plugins

    named = {name: os.environ[name] for name in ("IDENTITY_BOT_CONFIG",) if name in os.environ}
    settings = settings_module.load(config, named | {"GITHUB_TOKEN": "none is needed"})
    with _unlogged():
        return settings, plugins.load(settings, plugins.find())


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keeps out of the log why plugins are left out, where the command says it itself."""
    logger = logging.getLogger("identity_bot.plugins.loader")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


@main.group(invoke_without_command=True)
@click.pass_context
def outbox(ctx: click.Context) -> None:
    """Show, retry or drop what could not be done (default: list)."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(outbox_list)


@outbox.command("list")
@click.option("--state", type=click.Choice(["waiting", "parked", "done"]), help="Only those in this state.")
@click.pass_context
def outbox_list(ctx: click.Context, state: str | None = None) -> None:
    """List what waits and what is parked; exits with 1 if something is parked."""
    from identity_bot.outbox import outbox_table

    with _open_outbox() as rows:
        states = [state] if state else ["parked", "waiting"]
        for line in outbox_table.lines(rows, states):
            click.echo(line)
        ctx.exit(int(rows.count("parked") > 0))


@outbox.command("retry")
@click.argument("ids", type=int, nargs=-1, metavar="ID…")
@click.option("--all", "everything", is_flag=True, help="All that is parked.")
def outbox_retry(ids: tuple[int, ...], everything: bool) -> None:
    """Let parked effects try again now."""
    if bool(ids) == everything:
        raise click.UsageError("name the effects by their ids, or say --all")
    with _open_outbox() as rows:
        if everything:
            ids = tuple(row.effect.id for row in rows.rows("parked", limit=100_000) if row.effect.id)
        _each(ids, rows.retry, "will be tried again")


@outbox.command("drop")
@click.argument("ids", type=int, nargs=-1, required=True, metavar="ID…")
def outbox_drop(ids: tuple[int, ...]) -> None:
    """Give parked effects up for good."""
    with _open_outbox() as rows:
        _each(ids, rows.drop, "dropped")


def _each(ids: tuple[int, ...], act: Callable[[int], bool], done: str) -> None:
    unknown = []
    for one in dict.fromkeys(ids):
        if act(one):
            click.echo(f"{one}: {done}")
        else:
            unknown.append(f"{one}: no effect with this id is parked; `identity-bot outbox` lists them")
    if unknown:
        raise IdentityBotError("\n".join(unknown))
    if not ids:
        click.echo("nothing is parked")


@contextlib.contextmanager
def _open_outbox() -> Iterator[Outbox]:
    """The outbox of the database in force; neither the settings file nor any token is needed."""
    from identity_bot.outbox.queue import Outbox
    from identity_bot.store import engine as database
    from identity_bot.store.store import Store

    url = settings_module.examine(None, os.environ)[0].database_url
    if (revision := database.revision(url)) != database.NEWEST:
        raise StoreError(
            "DATABASE_URL: there is no database yet; it is made when the bot first starts"
            if revision is None
            else f"the database has the schema {revision}, not {database.NEWEST}: start the bot of this version"
        )
    store = Store(url)
    try:
        yield Outbox(store)
    finally:
        store.close()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0 takes any free port.")
@click.option("--no-bot", is_flag=True, help="Only the servers, for a bot that you start yourself.")
@click.option("--play", is_flag=True, help="Play a short story of each request type first.")
@click.option(
    "--exit", "leave", is_flag=True, help="End when the story is played, and print what each person saw."
)
def sandbox(port: int, no_bot: bool, play: bool, leave: bool) -> None:
    """Try the bot on a Slack and a GitHub of its own, with a page for both."""
    try:
        from identity_bot_sandbox import demo
    except ModuleNotFoundError as error:
        raise IdentityBotError(
            f"the sandbox needs `pip install 'identity-bot[sandbox]'` ({error.name})"
        ) from error
    demo.run(port=0 if leave else port, with_bot=not no_bot, play=play or leave, leave=leave, say=click.echo)


if __name__ == "__main__":
    main()
