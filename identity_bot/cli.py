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
        from identity_bot.sandbox import demo
    except ModuleNotFoundError as error:
        raise IdentityBotError(
            f"the sandbox needs `pip install 'identity-bot[sandbox]'` ({error.name})"
        ) from error
    demo.run(port=0 if leave else port, with_bot=not no_bot, play=play or leave, leave=leave, say=click.echo)


if __name__ == "__main__":
    main()
