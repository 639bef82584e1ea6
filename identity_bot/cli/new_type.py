"""The command that starts a request type."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from identity_bot.errors import IdentityBotError
from identity_bot.forms import limits
from identity_bot.forms.form import Form
from identity_bot.text.markdown import clean


@click.command("new-type")
@click.argument("name")
@click.option("--title", help="What /help calls it, at most 75 characters.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="The package's folder; by default ./NAME. It must be new.",
)
@click.option(
    "--from-template",
    "template",
    type=click.Path(path_type=Path),
    help="A GitHub issue form (.github/ISSUE_TEMPLATE/*.yml) whose questions to take over.",
)
def new_type(name: str, title: str | None, folder: Path | None, template: Path | None) -> None:
    """Write the package of a new request type: a module with its form, tests and a README."""
    from identity_bot.plugins import loader
    from identity_bot.scaffold import names, package

    names.refuse(name, {found.name for found in loader.find()})
    called = _title(title)
    if template:
        form, notes = _taken_over(template, name, called)
    else:
        form, notes = package.first_form(called or name.replace("_", " ").capitalize()), ()
    target = folder or Path(name)
    contents = package.files(name, form)
    package.write(target, contents)
    click.echo(f"{target} is written: {', '.join(contents)}")
    if notes:
        click.echo(f"\nNot as in {template}:")
        for note in notes:
            click.echo(f"  {note}")
    place = shlex.quote(str(target if target.is_absolute() else f"./{target}"))
    click.echo(
        f"\nNext:\n  identity-bot sandbox --watch {place}\n  python -m pytest {place}\n  pip install {place}"
    )


def _title(given: str | None) -> str:
    """The title to use, empty if none was given."""
    title = " ".join(clean(given or "").split())
    if problems := list(limits.text("--title", title, limits.OPTION_TEXT, required=given is not None)):
        raise IdentityBotError("; ".join(problems))
    return title


def _taken_over(template: Path, name: str, title: str) -> tuple[Form, tuple[str, ...]]:
    """The form of an issue form in a file, and what has no place in it."""
    try:
        from identity_bot.scaffold.yaml_text import MOST_BYTES, read
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        raise IdentityBotError(
            "PyYAML is not installed, which reads issue forms: run `pip install 'identity-bot[templates]'`"
        ) from error
    from identity_bot.scaffold import issue_form

    try:
        if template.exists() and not template.is_file():
            raise IdentityBotError("expected a file")
        with template.open("rb") as file:
            converted = issue_form.convert(read(file.read(MOST_BYTES + 1)), name, title)
    except OSError as error:
        raise IdentityBotError(f"{template}: {error.strerror or error}") from error
    except IdentityBotError as error:
        raise IdentityBotError(
            "\n".join(f"{template}: {line}" for line in str(error).splitlines())
        ) from error
    return converted.form, converted.notes
