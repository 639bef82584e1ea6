"""The files of a new request type, and how they are written: all of them or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from string import Template

from identity_bot.errors import IdentityBotError
from identity_bot.forms.form import COMMON, Form
from identity_bot.forms.questions import Choice, LongText, ShortText
from identity_bot.forms.samples import sample_values
from identity_bot.scaffold.code import WIDTH, form_code, names_in, value_code
from identity_bot.scaffold.names import module_of
from identity_bot.text.markdown import span

SETUP = Template("""\
[metadata]
name = identity-bot-$dashed
version = 0.1.0
description = The request type $name of identity_bot
long_description = file: README.md
long_description_content_type = text/markdown

[options]
py_modules = $module
python_requires = >=3.11
install_requires =
    identity-bot ~=0.1

[options.extras_require]
test =
    pytest

[options.entry_points]
identity_bot =
    $name = $module
""")

PYPROJECT = f"""\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]

[tool.ruff]
line-length = {WIDTH}
"""

README = Template("""\
# identity-bot-$dashed

The request type `$name` of identity_bot. People choose it as $title, or type `/help $name`.

    identity-bot sandbox --watch .    # try it; each edit of $module.py is loaded at once
    python -m pytest
    pip install .                     # where the bot is installed

Its section in the settings file, `[request_types.$name]`, takes what every request type takes, such as
`repository`, `restricted_repository`, `labels`, `leads` and `rota`.
""")

MODULE = Template('''\
"""The request type $name: what people are asked."""

from identity_bot import $imports


@hookimpl
def form() -> Form:
    """The questions, after those that every form asks: the team, the name and whether production is affected."""
    return $form
''')

TESTS = Template('''\
"""The request type $name: what it asks, and which answers it takes."""

from __future__ import annotations

import $module

ANSWERS = $answers


def test_the_form_asks_for_what_the_team_needs() -> None:
    form = $module.form()

    assert [(question.name, question.required) for question in form.questions] == $asked


def test_the_form_takes_these_answers() -> None:
    form = $module.form()

    for question in form.questions:
        assert question.answer(ANSWERS[question.name]) is not None, question.name


def test_it_keeps_what_every_request_type_promises() -> None:
    from identity_bot.testing import check_request_type  # here, for any isort

    check_request_type($module)
''')


def first_form(title: str) -> Form:
    """The form that a new request type begins with, for its author to change."""
    return Form(
        title=title,
        description="Say in a few words when to choose this form",
        questions=[
            ShortText(
                name="summary",
                label="What is it about?",
                hint="One sentence is enough.",
                placeholder="For example: Sign-in stops after the second step",
            ),
            Choice(
                name="environment",
                label="Which environment?",
                options=["Local", "Development", "Staging", "Production"],
            ),
            LongText(name="details", label="What else should we know?", required=False),
        ],
    )


def files(name: str, form: Form) -> dict[str, str]:
    """The files of the package of a request type with this form, by their path in its folder."""
    module = module_of(name)
    common = [question.name for question in COMMON]
    answers = {key: value for key, value in sample_values(form).items() if key not in common}
    asked = "".join(
        f"        ({value_code(question.name)}, {question.required}),\n" for question in form.questions
    )
    given = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "module": module,
        "title": span(form.title),
        "imports": ", ".join([*names_in(form), "hookimpl"]),
        "form": form_code(form),
        "answers": value_code(answers),
        "asked": f"[\n{asked}    ]",
    }
    return {
        "setup.cfg": SETUP.substitute(given),
        "pyproject.toml": PYPROJECT,
        "README.md": README.substitute(given),
        f"{module}.py": MODULE.substitute(given),
        f"tests/test_{name}.py": TESTS.substitute(given),
    }


def write(folder: Path, contents: Mapping[str, str]) -> None:
    """Write a new folder with these files, all or none; raises IdentityBotError if that is not possible."""
    try:
        target = Path(os.path.abspath(folder))  # noqa: PTH100 (resolve would follow a link)
        if _is_taken(target):
            raise IdentityBotError(f"{folder} exists already; choose another place with --folder")
        if not target.parent.is_dir():
            raise IdentityBotError(f"{target.parent} is not a folder; make it first")
        aside = Path(tempfile.mkdtemp(prefix=".new-type-", dir=target.parent))
    except OSError as error:
        raise _refusal(folder, error) from error
    try:
        made = aside / target.name
        for path, text in contents.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text, encoding="utf-8", newline="\n")
        made.rename(target)  # fails if somebody has put something there meanwhile
    except OSError as error:
        raise _refusal(folder, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_taken(target: Path) -> bool:
    """Whether there is something that a new folder would replace; an empty folder is nothing, but not one's own."""
    if target == Path.cwd():
        return True
    is_empty_folder = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    return os.path.lexists(target) and not is_empty_folder


def _refusal(folder: Path, error: OSError) -> IdentityBotError:
    return IdentityBotError(f"{folder} cannot be written: {error.strerror or error}")
