"""The command line: `identity-bot` and its commands, a module for each family of them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from identity_bot.cli.answers import answers
from identity_bot.cli.bot import check, manifest, run, sandbox, types
from identity_bot.cli.new_type import new_type
from identity_bot.cli.outbox import outbox
from identity_bot.cli.people import people
from identity_bot.cli.report import report
from identity_bot.cli.sync import sync
from identity_bot.cli.tickets import export, why
from identity_bot.errors import IdentityBotError


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


for _command in (
    run,
    check,
    manifest,
    types,
    outbox,
    people,
    answers,
    why,
    export,
    report,
    sync,
    sandbox,
    new_type,
):
    main.add_command(_command)
