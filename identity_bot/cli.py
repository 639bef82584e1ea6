"""The command line: run, check, manifest, types, outbox, sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import click

from identity_bot import settings as settings_module
from identity_bot.errors import IdentityBotError
from identity_bot.logs import set_up_logging
from identity_bot.settings import Settings


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


if __name__ == "__main__":
    main()
