"""Commands that need no database: run, check, manifest, types and sandbox."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from identity_bot import settings as settings_module
from identity_bot.errors import IdentityBotError, SettingsError
from identity_bot.logs import set_up_logging
from identity_bot.settings import Settings
from identity_bot.text.markdown import clean
from identity_bot.text.names import nearest

if TYPE_CHECKING:
    from identity_bot.plugins.loader import Plugins


@click.command()
@click.pass_obj
def run(config: Path | None) -> None:
    """Run the bot: Socket Mode when SLACK_APP_TOKEN is set, HTTP otherwise."""
    set_up_logging()
    from identity_bot import app

    app.build(settings_module.load(config, os.environ)).run()


@click.command()
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


@click.command()
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
    settings, installed = without_secrets(config)
    app = made(settings, installed.forms, url=url, private=private)
    click.echo(json.dumps(app, indent=2, ensure_ascii=False))


@click.command()
@click.argument("name", required=False)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON with Block Kit, to paste into Slack's Block Kit Builder.",
)
@click.pass_context
def types(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Show the installed request types and their forms, and name the observers; exit with 1 if a plugin was skipped.

    With NAME, play a request of that type with sample answers, on nothing but this machine, and show its form, its
    issue, and every message through its life.

    With --json, `form` and each `view` in `form_with_answers` is a modal that Slack's Block Kit Builder takes as it
    is. To see one of the `messages` there, paste {"blocks": […]} with its `blocks`.

    Without a settings file, an example stands for the repository.
    """
    if as_json and name is None:
        raise click.UsageError("--json needs the NAME of a request type")
    named = ctx.obj or os.environ.get(settings_module.CONFIG_VARIABLE)
    is_needed = bool(named) or settings_module.DEFAULT_FILE.exists()
    settings, installed = without_secrets(ctx.obj, is_needed=is_needed)
    if name is not None and name not in _names(installed):
        near = nearest(name, _names(installed))
        raise IdentityBotError(
            f"no request type {name!r:.80}; installed: {', '.join(sorted(installed.types)) or 'none'}"
            + (f"; did you mean {near!r}?" if near else "")
            + (f"; to show the folder here, `pip install ./{name}` first" if Path(name).is_dir() else "")
        )
    if not is_needed:
        settings = replace(settings, intake_channel="#intake", team_channel="#team")
        click.echo(
            f"no {settings_module.DEFAULT_FILE} here: {settings.repository} stands for your repository",
            err=True,
        )
    if name is None:
        _all_types(settings, installed)
    elif name in installed.types:
        _one_type(name, settings, installed, as_json=as_json)
    skipped = [one for one in installed.skipped if name in (None, one.name)]
    for one in skipped:
        click.echo(f"skipped: {one}", err=True)
    ctx.exit(int(bool(skipped)))


def _names(installed: Plugins) -> set[str]:
    """The request types, and the plugins of which there is only a reason to show."""
    return {*installed.types, *(one.name for one in installed.skipped)}


def _all_types(settings: Settings, installed: Plugins) -> None:
    from identity_bot.forms.preview import request_type as drawn

    for name, one in sorted(installed.types.items()):
        click.echo(clean(drawn(name, one.form, one.settings, settings.label)) + "\n")
    if not installed.types:
        click.echo("no request type is installed")
    for name in installed.observers:
        click.echo(f"observer: {name}")


def _one_type(name: str, settings: Settings, installed: Plugins, *, as_json: bool) -> None:
    from identity_bot.showcase.document import document
    from identity_bot.showcase.drawing import drawn
    from identity_bot.showcase.play import show

    with contextlib.redirect_stdout(sys.stderr):
        case = show(name, installed, settings)
    text = json.dumps(document(case), indent=2, ensure_ascii=False) if as_json else clean(drawn(case))
    click.echo(text)


def without_secrets(config: Path | None, *, is_needed: bool = True) -> tuple[Settings, Plugins]:
    """The settings file, or examples if none is needed, and the plugins; there may be no app and no token yet."""
    from identity_bot.plugins import loader as plugins

    file = os.environ.get(settings_module.CONFIG_VARIABLE, "")
    settings, problems = settings_module.examine(
        config, {settings_module.CONFIG_VARIABLE: file, "GITHUB_TOKEN": "none is needed"}
    )
    if problems and is_needed:
        raise SettingsError(problems)
    with (
        _unlogged(),
        contextlib.redirect_stdout(sys.stderr),
    ):  # what a plugin prints must not end up in the output
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


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0 takes any free port.")
@click.option("--no-bot", is_flag=True, help="Run only the servers, for a bot that you start yourself.")
@click.option("--play", is_flag=True, help="Play a story with four tickets first.")
@click.option("--busy", is_flag=True, help="Start with the 40 tickets of a busy week.")
@click.option(
    "--watch",
    "watched",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a plugin to try without installing it; it is loaded again when you edit it. Repeatable.",
)
@click.option(
    "--clock",
    default="",
    help="When it is there: the team's time, as 2026-11-27 16:59, or later than now, as +30m, +3h or +2d.",
)
@click.option(
    "--exit", "leave", is_flag=True, help="Play the story, print what each person did and saw, and exit."
)
@click.pass_obj
def sandbox(
    config: Path | None,
    port: int,
    no_bot: bool,
    play: bool,
    busy: bool,
    watched: tuple[Path, ...],
    clock: str,
    leave: bool,
) -> None:
    """Try the bot with a simulated Slack and GitHub, and a page that shows both."""
    if config:
        raise click.UsageError(
            "--config cannot be combined with sandbox, whose bot has settings of its own: start it with --no-bot, and "
            "then your bot with your settings"
        )
    if watched and (no_bot or play or busy or leave):
        raise click.UsageError("--watch cannot be combined with --no-bot, --play, --busy or --exit")
    if clock and no_bot:
        raise click.UsageError("--clock cannot be combined with --no-bot: your bot would not go by it")
    try:
        from identity_bot_sandbox import demo
    except ModuleNotFoundError as error:
        if error.name != "identity_bot_sandbox":
            raise
        raise IdentityBotError(
            "the sandbox is not installed: run `pip install 'identity-bot[sandbox]'`, "
            "or `pip install ./sandbox` in a clone"
        ) from error
    demo.run(
        port=0 if leave else port,
        with_bot=not no_bot,
        play=play or leave,
        leave=leave,
        busy=busy,
        watched=watched,
        clock=clock,
        say=click.echo,
    )
