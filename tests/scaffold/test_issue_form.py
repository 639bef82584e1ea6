"""GitHub issue forms as forms of ours: what is taken over, what is said to be left out, and what is refused."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot import Choice, Choices, Files, LongText, Option, ShortText
from identity_bot.errors import IdentityBotError
from identity_bot.forms.form import Form
from identity_bot.scaffold import package
from identity_bot.scaffold.issue_form import ATTRIBUTES, TOP, Converted, convert
from identity_bot.scaffold.yaml_text import read

EVERYTHING = """
name: Sign-in bug
description: Something is broken
title: "[BUG] "
labels: [bug, needs triage]
assignees: octocat, hubot
projects: ["octo-org/1"]
type: bug
body:
- type: markdown
  attributes:
    value: Thanks for **writing**.
- type: checkboxes
  id: searched
  attributes:
    label: Before you write
    description: Please look first.
    options:
    - label: I have searched
      required: true
    - label: I would like to help
- type: textarea
  attributes:
    label: What happened?
    placeholder: Tell us
    value: |
      1.
      2.
    render: shell
  validations:
    required: true
- type: input
  id: error-code
  attributes:
    label: Error code
    description: As the page shows it
    value: "007"
- type: dropdown
  attributes:
    label: Version
    options: [1.0, "1.1"]
    default: 1
  validations:
    required: true
- type: dropdown
  attributes:
    label: Browsers
    multiple: true
    options: [Firefox, Chrome]
    default: 0
- type: upload
  attributes:
    label: Screenshots
  validations:
    required: true
    accept: ".PNG, .jpg, .tar.gz"
- type: markdown
  attributes:
    value: Goodbye
"""
MINIMAL: dict[str, Any] = {
    "name": "X",
    "description": "Y",
    "body": [{"type": "input", "attributes": {"label": "A"}}],
}


def converted(text: str) -> Converted:
    return convert(read(text.encode()), "sign_in")


def refusal(document: object) -> str:
    with pytest.raises(IdentityBotError) as refused:
        convert(document, "sign_in")
    return str(refused.value)


def body(*elements: dict[str, Any]) -> dict[str, Any]:
    return MINIMAL | {"body": list(elements)}


def test_every_documented_element_becomes_a_question() -> None:
    assert converted(EVERYTHING).form == Form(
        title="Sign-in bug",
        description="Something is broken",
        questions=[
            Choices(
                name="searched",
                label="Before you write",
                options=["I have searched", "I would like to help"],
                hint="Thanks for writing.\n\nPlease look first.",
            ),
            LongText(name="what_happened", label="What happened?", placeholder="Tell us", initial="1.\n2."),
            ShortText(
                name="error_code",
                label="Error code",
                required=False,
                hint="As the page shows it",
                initial="007",
            ),
            Choice(name="version", label="Version", options=["1.0", "1.1"], initial="1.1"),
            Choices(
                name="browsers",
                label="Browsers",
                options=["Firefox", "Chrome"],
                required=False,
                initial=["Firefox"],
            ),
            Files(name="screenshots", label="Screenshots", filetypes=["png", "jpg", "gz"]),
        ],
    )


def test_what_could_not_be_taken_over_is_said_line_by_line() -> None:
    assert converted(EVERYTHING).notes == (
        "title '[BUG]': the bot titles issues; the hook render_issue can title them so",
        'labels: write labels = ["bug", "needs triage"] below [request_types.sign_in] in the settings',
        "assignees: the bot assigns leads to critical tickets only; write leads = "
        '[{ slack = "U…", github = "octocat" }, { slack = "U…", github = "hubot" }] below [request_types.sign_in]',
        "projects octo-org/1: use the project's own workflow, which adds issues by label",
        "type 'bug': the bot sets no issue type",
        "body[1]: the markdown before it became its hint, as plain text",
        "body[1]: the question is required, but no box is: the hook validate can ask for 'I have searched'",
        "body[2]: render 'shell' is left out: each long answer is a block of text",
        "body[6].validations.accept: only the last part of .tar.gz is checked",
        "body: the last markdown is left out, as no question follows it",
    )


def test_markdown_becomes_plain_text() -> None:
    markdown = "## Thanks!\n\nSee [the guide](https://va.gov/x) <!-- no -->\n\n1. one\n2. `two_three`\n\n* <b>b</b>\n"
    document = body(
        {"type": "markdown", "attributes": {"value": markdown}},
        {
            "type": "checkboxes",
            "attributes": {"options": [{"label": "I agree to [the **code**](https://va.gov/c)"}]},
        },
    )

    [question] = convert(document, "sign_in").form.questions

    assert question.hint == "Thanks!\n\nSee the guide (https://va.gov/x)\n\n1. one\n2. two_three\n• b"
    assert question.options == ["I agree to the code (https://va.gov/c)"]  # type: ignore[attr-defined]


def test_unknown_keys_are_named_wherever_they_are() -> None:
    document = body(
        {
            "type": "checkboxes",
            "render": "x",
            "attributes": {"label": "A", "placeholder": "p", "options": [{"label": "B", "id": "b"}]},
            "validations": {"accept": ".png"},
        }
    )

    notes = convert(document | {"about": "x", True: "y"}, "sign_in").notes

    assert notes == tuple(
        f"{key}: unknown key, left out"
        for key in (
            "'about'",
            "true",
            "body[0].'render'",
            "body[0].attributes.'placeholder'",
            "body[0].validations.'accept'",
            "body[0].attributes.options[0].'id'",
        )
    )


def test_questions_whose_names_would_be_the_same_get_other_names() -> None:
    labels = ("Name", "Steps?", "Steps!", "步骤", "2nd")
    document = body(
        {"type": "input", "id": "steps", "attributes": {"label": "First"}},
        *({"type": "input", "attributes": {"label": label}} for label in labels),
    )

    made = convert(document, "sign_in")

    assert [question.name for question in made.form.questions] == [
        *("steps", "name_2", "steps_2", "steps_3", "question", "question_2nd")
    ]
    assert (
        made.notes[0]
        == "body[1]: the question is called 'name_2', as every form asks for that already; delete it if you can"
    )
    assert made.notes[1] == "body[2]: the question is called 'steps_2', as the name was taken"


def test_texts_that_slack_does_not_show_in_full_are_cut_and_said() -> None:
    long = "word " * 1_000
    document = {
        "name": long,
        "description": long,
        "body": [
            {"type": "markdown", "attributes": {"value": long}},
            {"type": "textarea", "attributes": dict.fromkeys(ATTRIBUTES["textarea"], long)},
            {"type": "dropdown", "attributes": {"label": "A", "options": [f"{long}1", f"{long}2", "y" * 80]}},
        ],
    }

    made = convert(document, "sign_in")

    [text, choice] = made.form.questions
    assert [len(one) for one in (made.form.title, text.label, text.hint, text.placeholder)] == [
        *(75, 2_000, 2_000, 150)
    ]
    assert isinstance(choice, Choice)
    assert [len(one.value) for one in choice.offered] == [146, 146, 80]
    assert sum("cut to" in note for note in made.notes) == 8


def test_a_longer_option_goes_on_in_its_description() -> None:
    text = "I agree to follow the project's Code of Conduct in all that I write here (https://va.gov/conduct)"

    made = convert(
        body({"type": "dropdown", "attributes": {"label": "A", "options": [text, "y" * 80]}}), "sign_in"
    )

    [question] = made.form.questions
    assert question.options == [  # type: ignore[attr-defined]
        Option(
            text,
            "I agree to follow the project's Code of Conduct in all that I write here",
            "(https://va.gov/conduct)",
        ),
        Option("y" * 80, f"{'y' * 74}…"),
    ]
    assert made.notes == (
        "body[0].attributes.options: 1 cut to what Slack shows, which is 75 characters twice",
    )


def test_more_options_than_a_menu_holds_become_a_searchable_list() -> None:
    options = [str(number) for number in range(400)]

    made = convert(body({"type": "dropdown", "attributes": {"label": "A", "options": options}}), "sign_in")

    assert len(made.form.questions[0].options) == 400  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (None, "expected an issue form: a mapping with the keys name, description and body"),
        (["a"], "expected an issue form: a mapping with the keys name, description and body"),
        ({}, "name: missing; expected text\ndescription: missing; expected text\nbody: found nothing"),
        (MINIMAL | {"name": True}, "name: found true; expected text; put it in quotes"),
        (MINIMAL | {"name": "\u200b \u2800"}, "name: missing; expected text"),
        (MINIMAL | {"labels": {"a": 1}}, "labels: found a mapping; expected a list of texts"),
        (MINIMAL | {"body": []}, "body: found an empty list; expected a list of questions"),
        (MINIMAL | {"body": "text"}, "body: found 'text'; expected a list of questions"),
        (body({"type": "markdown", "attributes": {"value": "x"}}), "body: found only markdown"),
        (MINIMAL | {"body": ["x"]}, "body[0]: found 'x'; expected a mapping with a type"),
        (body({"type": "slider"}), "body[0].type: found 'slider'; expected one of markdown, input, "),
        (body({"type": ["input"]}), "body[0].type: found a list; expected one of markdown"),
        (body({"type": "input"}), "body[0].attributes.label: missing; expected text"),
        (body({"type": "input", "attributes": ["a"]}), "body[0].attributes: found a list; expected a mapping"),
        (
            body({"type": "input", "id": "a b", "attributes": {"label": "A"}}),
            "body[0].id: found 'a b'; expected letters, digits, - and _ only, at most 200",
        ),
        (
            body(*({"type": "input", "id": "a", "attributes": {"label": one}} for one in "AB")),
            "body: 2 have the id 'a'",
        ),
        (
            body({"type": "input", "attributes": {"label": "A"}, "validations": {"required": "so"}}),
            "body[0].validations.required: found 'so'; expected true or false",
        ),
        (
            body({"type": "dropdown", "attributes": {"label": "A", "options": [True, "b"]}}),
            "body[0].attributes.options: found true; expected texts; put quotes around yes and no",
        ),
        (
            body({"type": "dropdown", "attributes": {"label": "A", "options": ["a", "a "]}}),
            "body[0].attributes.options: 2 are 'a'; expected different options",
        ),
        (
            body({"type": "checkboxes", "attributes": {"label": "A", "options": ["a"]}}),
            "body[0].attributes.options[0]: found 'a'; expected a mapping with a label",
        ),
        (
            body(*({"type": "input", "attributes": {"label": str(one)}} for one in range(94))),
            "form 'X': questions: found 94; expected at most 93",
        ),
        (
            body({"type": "dropdown", "attributes": {"label": "A", "options": ["é" * 70 + str(n) for n in range(100)]}},
                 *({"type": "input", "attributes": {"label": "é" * 2_000 + str(n)}} for n in range(60))),
            "bytes of texts and options; expected at most 220,000",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_a_form_is_refused_with_its_place(document: object, why: str) -> None:
    assert why in refusal(document)


def test_what_is_missing_is_said_once() -> None:
    assert refusal(body({"type": "dropdown", "attributes": {"label": "A", "options": []}})) == (
        "body[0].attributes.options: found an empty list; expected a list of at least one"
    )


HOSTILE = (
    '"""',
    "\\",
    "'\"",
    "\n",
    "{x}",
    "$form",
    "${name}",
    "%(x)s",
    "<!channel>",
    "🐞",
    "👩‍👩‍👧",
    "\u202e",
    "#",
    "- x",
    "é",
)
TEXT = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.sampled_from(["word ", "yes", "1"]), st.text(max_size=8)),
    max_size=6,
).map("".join)
LONG_TEXT = st.builds(lambda text, times: f"w{text * times}", TEXT, st.sampled_from([1, 1, 1, 40]))
ANYTHING = st.one_of(
    st.none(), st.booleans(), TEXT, st.lists(TEXT, max_size=3), st.dictionaries(TEXT, TEXT, max_size=2)
)


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual, and now and then anything else."""
    return st.integers(0, 29).flatmap(lambda number: ANYTHING if number == 0 else usual)


BOX = st.fixed_dictionaries({"label": mostly(LONG_TEXT)}, optional={"required": mostly(st.booleans())})
VALUES = {
    "dropdown": mostly(
        st.lists(LONG_TEXT, min_size=1, max_size=4, unique_by=lambda text: " ".join(text.split()))
    ),
    "checkboxes": mostly(st.lists(BOX, min_size=1, max_size=3, unique_by=lambda box: str(box["label"]))),
    "multiple": mostly(st.booleans()),
    "default": st.sampled_from(["0", "1", "9", "x", None]),
}


def elements(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Elements of a type, mostly as they should be."""
    keys = {key: VALUES.get(kind if key == "options" else key, mostly(LONG_TEXT)) for key in ATTRIBUTES[kind]}
    needed = {"label", "value" if kind == "markdown" else "options"} & set(keys)
    attributes = st.fixed_dictionaries(
        {key: keys[key] for key in needed}, optional={key: keys[key] for key in keys if key not in needed}
    )
    return st.fixed_dictionaries(
        {"type": st.just(kind), "attributes": attributes},
        optional={
            "id": mostly(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)),
            "validations": st.fixed_dictionaries(
                {}, optional={"required": mostly(st.booleans()), "accept": mostly(TEXT), "x": ANYTHING}
            ),
            "extra": ANYTHING,
        },
    )


TEMPLATES = st.fixed_dictionaries(
    {
        "name": mostly(LONG_TEXT),
        "description": mostly(LONG_TEXT),
        "body": st.lists(st.one_of(*map(elements, ATTRIBUTES)), min_size=1, max_size=4),
    },
    optional={key: mostly(TEXT) for key in TOP if key not in ("name", "description", "body")}
    | {"other": ANYTHING},
)


@settings(max_examples=100)
@given(TEMPLATES)
def test_any_template_gives_a_module_with_its_form_or_a_clear_refusal(document: dict[str, Any]) -> None:
    raw = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")
    try:
        made = convert(read(raw), "sign_in")
    except IdentityBotError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert all(line.isprintable() for line in refused.split("\n"))
        return

    written = package.files("sign_in", made.form)

    module = ModuleType("identity_bot_sign_in")
    exec(compile(written["identity_bot_sign_in.py"], "module", "exec"), module.__dict__)
    assert module.form() == made.form
    assert set(vars(module)) - set(dir(ModuleType("x"))) - {"__builtins__"} <= {
        *("form", "Form", "hookimpl", "ShortText", "LongText", "Choice", "Choices", "Files", "Option")
    }
    tests: dict[str, Any] = {}
    source = written["tests/test_sign_in.py"].replace("import identity_bot_sign_in\n", "")
    exec(compile(source, "tests", "exec"), tests | {"identity_bot_sign_in": module})
    assert all("\n" not in note for note in made.notes)


def test_a_template_cannot_write_outside_its_literals(tmp_path: Path) -> None:
    text = f'x"""\n\'\'\'\\"), __import__("pathlib").Path("{tmp_path}/pwned").touch(), ("'
    document = body({"type": "dropdown", "attributes": {"label": text, "options": [text, "b"]}}) | {
        "name": text
    }

    written = package.files("sign_in", convert(document, "sign_in").form)

    for path in ("identity_bot_sign_in.py", "tests/test_sign_in.py"):
        module = ModuleType(path)
        exec(
            compile(written[path].replace("import identity_bot_sign_in\n", ""), path, "exec"), module.__dict__
        )
    assert not list(tmp_path.iterdir())
    assert Option  # the name that long options need
