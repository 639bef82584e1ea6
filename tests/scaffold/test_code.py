"""Values as Python code: they read back as they were, and the formatter changes nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot import Choice, Choices, Files, Form, LongText, Option, ShortText, When, YesNo
from identity_bot.scaffold.code import form_code, literal, names_in, value_code
from identity_bot.text.markdown import clean

ROOT = Path(__file__).parents[2]
HOSTILE = (
    '"""', "'''", "\\", '\\"', "\n", "\r", "\0", "{x}", "%s", "$name", '"; import os; "', "\u202e", "🐞", "👩‍👩‍👧",
    "日本語", "e\u0301", "\ud800",
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE), st.sampled_from(["word ", "a" * 130])),
    max_size=12,
).map("".join)


@given(TEXTS)
def test_a_text_is_one_literal_that_reads_back_as_it_was(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert ast.literal_eval(value_code(text, level=3, before=12)) == text


def test_what_cannot_be_written_as_code_is_refused() -> None:
    conditional = ShortText(name="b", label="B", shown_when=When("a", equals=True))

    with pytest.raises(ValueError, match="cannot be written as code"):
        form_code(Form(title="X", questions=[YesNo(name="a", label="A"), conditional]))


def test_no_name_is_imported_that_the_code_does_not_use() -> None:
    form = Form(title="X", questions=[Choice(name="a", label="A", options=[Option("v", "label")])])

    assert names_in(form) == ["Choice", "Form", "Option"]


def hostile_forms() -> list[Form]:
    """Forms whose texts are of every length around the width of a line."""
    forms = []
    for length in range(1, 120, 2):
        for filler in ("word ", "x", '"', "日", "\n", "é—"):
            text = clean((filler * length)[:length] + "!")
            chosen = [f"o{text}"[:75], Option(f"v {text}"[:150], f"l{text[-74:]}"), "short"]
            questions = [
                ShortText(name="one", label=text * 8, hint=text, placeholder=text[:150], initial="\\"),
                LongText(name="two", label=f"'{text}'", required=False, max_length=10 + length),
                Choices(name="three", label=text, options=chosen, initial=["short"]),
                Files(name="four", label=text, filetypes=["png", "txt"], max_files=2),
            ]
            forms.append(Form(title=f"t{text}"[:75], description=text[-75:], questions=questions))
    return forms


def test_forms_with_texts_of_every_length_stay_as_they_are_under_ruff(tmp_path: Path) -> None:
    source = '"""Forms."""\n\nfrom identity_bot import Choices, Files, Form, LongText, Option, ShortText\n'
    forms = hostile_forms()
    for number, form in enumerate(forms):
        source += f"\n\ndef form_{number}() -> Form:\n    return {form_code(form)}\n"
    file = tmp_path / "forms.py"
    file.write_text(source, encoding="utf-8")

    for command in (["format", "--diff"], ["check", "--no-cache"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(file)]
        done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[:4000]

    made: dict[str, object] = {}
    exec(compile(source, "forms.py", "exec"), made)
    assert all(made[f"form_{number}"]() == form for number, form in enumerate(forms))  # type: ignore[operator]
