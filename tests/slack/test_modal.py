"""Every form is a modal that Slack takes, and every draft survives it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    Form,
    LongText,
    Member,
    Number,
    Option,
    Person,
    ShortText,
    Ticket,
    Url,
    When,
    YesNo,
)
from identity_bot.errors import Invalid
from identity_bot.forms.form import load
from identity_bot.forms.questions import Question
from identity_bot.plugins.loader import find
from identity_bot.slack.inputs import action
from identity_bot.slack.modal import (
    FORM,
    Draft,
    apology,
    draft_in,
    drawn,
    errors,
    found,
    modal,
    receipt,
    type_options,
)
from identity_bot.tickets.model import MessageRef, ticket_id
from identity_bot_sandbox.slack.limits import check_view

MANY = [Option(f"v{n}", f"Option number {n}", f"about {n}") for n in range(250)]
FULL = Form(
    title="Everything",
    description="Asks in every way that there is",
    questions=[
        ShortText(
            name="short", label="Short", min_length=5, max_length=20, hint="A hint", placeholder="Say it"
        ),
        LongText(name="long", label="Long"),
        Url(name="url", label="Address"),
        Email(name="email", label="E-mail"),
        Number(name="number", label="Number", minimum=1, maximum=9),
        Number(name="decimal", label="Decimal", decimal=True, minimum=0.0000001, maximum=12_345_678),
        Date(name="date", label="Day"),
        Choice(name="choice", label="One", options=["a", "b", "c"], placeholder="Choose"),
        Choices(name="choices", label="Several", options=["a", "b", "c"]),
        Choice(name="one_of_many", label="One of many", options=MANY),
        Choices(name="some_of_many", label="Some of many", options=MANY),
        YesNo(name="yes_no", label="Yes or no", placeholder="never shown"),
        Member(name="member", label="Who"),
        Files(name="files", label="Files", filetypes=["png"], required=False),
        ShortText(name="after_b", label="After b", shown_when=When("choice", ("b", "c"))),
    ],
)
FORMS = {"full": FULL, "tiny": Form(title="Tiny", questions=[YesNo(name="short", label="Of another kind")])}
DRAFT = Draft(
    type="full",
    values={
        "team": "Benefits",
        "name": "Juniper Vale",
        "production": False,
        "short": "five!",
        "long": "one\n\n  two",
        "url": "https://va.gov/?a=1&b=2",
        "email": "a@va.gov",
        "number": "5",
        "decimal": "0.25",
        "date": "2026-12-01",
        "choice": "b",
        "choices": ["a", "c"],
        "one_of_many": "v249",
        "some_of_many": ["v0", "v249"],
        "yes_no": True,
        "member": {"id": "U0ADA", "name": ""},
        "after_b": "shown",
    },
    origin=MessageRef(channel="C1", ts="1.2", link="https://slack.test/p1"),
    about="See <https://va.gov>",
    outside_intake=True,
    is_private=True,
)
HOSTILE = [
    "<!channel> <@U1> <https://evil.test|bank> @here",
    "*bold* _it_ ~no~ `code` ```\nfence\n```",
    "&amp; &lt; <",
    "😀" * 3000,
    "x" * 9000,
    "שלום \u202e gnp",
    "\x00\ud800",
    "<!-- identity-bot:ticket=x -->",
    "> quote\n> quote",
    "   ",
    "|",
]
text = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=10), max_size=6).map("".join)


def state(question: Question, value: Any) -> dict[str, Any]:
    """What Slack tells of an element that holds this value."""
    match question:
        case Date():
            return {"type": "datepicker", "selected_date": value}
        case Choice():
            return {"type": "static_select", "selected_option": {"value": value, "text": {"text": "…"}}}
        case Choices():
            return {"type": "multi_static_select", "selected_options": [{"value": one} for one in value]}
        case YesNo():
            return {"type": "radio_buttons", "selected_option": {"value": "yes" if value else "no"}}
        case Member():
            return {"type": "users_select", "selected_user": value["id"]}
        case Files():
            return {"type": "file_input", "files": value}
    return {"type": "plain_text_input", "value": value}


def filled(form: Form, draft: Draft, view: Mapping[str, Any]) -> dict[str, Any]:
    """The view as Slack sends it, with a draft's values in its elements."""
    questions = [q for q in form.all_questions if q.name in draft.values]
    values = {f"idbot:q:{q.name}": {action(q): state(q, draft.values[q.name])} for q in questions}
    return {**view, "state": {"values": values}}


def elements(view: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A view's elements by the name of their question."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {block["block_id"].removeprefix("idbot:q:"): block["element"] for block in inputs}


def as_slack_would(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view as Slack sends it when nobody has touched its initial values."""
    values: dict[str, Any] = {}
    for name, element in elements(view).items():
        keys = {key: item for key, item in element.items() if key.startswith("initial_")}
        [(key, item)] = keys.items() or [("initial_value", None)]
        values[f"idbot:q:{name}"] = {
            element["action_id"]: {
                key.replace("initial", "selected") if key != "initial_value" else "value": item
            }
        }
    return {**view, "state": {"values": values}}


def ticket(form: Form = FULL, **more: Any) -> Ticket:
    known: dict[str, Any] = {
        "id": ticket_id("V1"),
        "type": "full",
        "requestor": Person(slack_id="U1", handle="juniper", name="Juniper Vale", team="Benefits"),
        "answers": {},
        "submitted_at": 0.0,
        "number": 7,
        "url": "https://github.test/o/r/issues/7",
    }
    return Ticket(**known | more)


def spoken(shown: Any) -> Iterator[str]:
    """All text in a message's blocks."""
    if isinstance(shown, dict):
        yield from [shown["text"]] if isinstance(shown.get("text"), str) else []
        for inner in shown.values():
            yield from spoken(inner)
    elif isinstance(shown, list):
        for inner in shown:
            yield from spoken(inner)


# Modals


@pytest.mark.parametrize("point", find(), ids=lambda point: point.name)
def test_slack_takes_the_form_of_every_installed_type(point: Any) -> None:
    form = point.load().form()

    assert check_view(modal({point.name: form}, Draft(type=point.name))) == []


@pytest.mark.parametrize("draft", [Draft(), DRAFT, replace(DRAFT, values={}), Draft(type="uninstalled")])
def test_slack_takes_the_modal_with_and_without_a_type(draft: Draft) -> None:
    assert check_view(modal(FORMS, draft, notice="*Look*")) == []


def test_without_any_type_the_modal_says_so() -> None:
    view = modal({}, Draft())

    assert check_view(view) == []
    assert "There are no request types" in str(view)


def test_before_a_type_is_chosen_there_is_nothing_to_send() -> None:
    view = modal(FORMS, Draft())

    assert "submit" not in view
    assert drawn(view) == set()


def test_a_chosen_type_is_chosen_in_the_drop_down_and_its_form_follows() -> None:
    view = modal(FORMS, DRAFT)

    assert view["blocks"][0]["accessory"]["initial_option"]["value"] == "full"
    assert drawn(view) == {question.name for question in FULL.all_questions}


def test_only_what_a_condition_hangs_on_tells_the_bot_at_once() -> None:
    view = modal(FORMS, DRAFT)

    assert [b["block_id"] for b in view["blocks"] if b.get("dispatch_action")] == ["idbot:q:choice"]


def test_a_question_whose_condition_does_not_hold_is_not_drawn() -> None:
    view = modal(FORMS, replace(DRAFT, values=dict(DRAFT.values) | {"choice": "a"}))

    assert "after_b" not in drawn(view)


def test_a_question_that_is_required_cannot_be_left_out_in_slack() -> None:
    optional = {b["block_id"]: b["optional"] for b in modal(FORMS, DRAFT)["blocks"] if b["type"] == "input"}

    assert optional["idbot:q:short"] is False
    assert optional["idbot:q:files"] is True


def test_initial_values_show_until_something_is_typed() -> None:
    questions = [
        ShortText(name="a", label="A", initial="suggested"),
        YesNo(name="b", label="B", initial=False),
    ]
    forms = {"x": Form(title="X", questions=questions)}

    untouched = elements(modal(forms, Draft(type="x")))
    typed = elements(modal(forms, Draft(type="x", values={"a": "mine", "b": True})))

    assert untouched["a"]["initial_value"] == "suggested"
    assert untouched["b"]["initial_option"]["value"] == "no"
    assert typed["a"]["initial_value"] == "mine"
    assert typed["b"]["initial_option"]["value"] == "yes"


def test_an_initial_value_may_be_written_as_a_python_value() -> None:
    questions = [
        Date(name="a", label="A", initial=date(2026, 12, 1)),
        Number(name="b", label="B", initial=12_345_678),
        Number(name="c", label="C", initial=1e-7, decimal=True),
        Choices(name="d", label="D", options=["x", "y"], initial=["y"]),
    ]

    drawn_as = elements(modal({"x": Form(title="X", questions=questions)}, Draft(type="x")))

    assert drawn_as["a"]["initial_date"] == "2026-12-01"
    assert drawn_as["b"]["initial_value"] == "12345678"
    assert drawn_as["c"]["initial_value"] == "0.0000001"
    assert [option["value"] for option in drawn_as["d"]["initial_options"]] == ["y"]


def test_an_initial_value_shows_what_hangs_on_it() -> None:
    questions = [
        Choice(name="a", label="A", options=["x", "y"], initial="y"),
        ShortText(name="b", label="B", shown_when=When("a", "y")),
    ]
    forms = {"x": Form(title="X", questions=questions)}

    assert "b" in drawn(modal(forms, Draft(type="x")))
    assert "b" not in drawn(modal(forms, Draft(type="x", values={"a": "x"})))


def test_numbers_are_written_as_slack_wants_them() -> None:
    asked = elements(modal(FORMS, DRAFT))["decimal"]

    assert (asked["min_value"], asked["max_value"]) == ("0.0000001", "12345678")


def test_no_more_can_be_chosen_than_can_be_drawn_again() -> None:
    everything = Draft(type="full", values={"some_of_many": [option.value for option in MANY[:100]]})

    element = elements(modal(FORMS, everything))["some_of_many"]

    assert element["max_selected_items"] == len(element["initial_options"]) == 100


# Drafts


def test_a_draft_comes_back_from_slack_as_it_was_typed() -> None:
    view = filled(FULL, DRAFT, modal(FORMS, replace(DRAFT, values={"choice": "b"})))

    assert draft_in(view, FORMS) == DRAFT


def test_a_draft_drawn_again_and_left_alone_is_still_the_same_draft() -> None:
    assert draft_in(as_slack_would(modal(FORMS, DRAFT)), FORMS) == DRAFT


def test_files_stay_with_slack_under_the_same_ids() -> None:
    file = {"id": "F1", "name": "a.png", "permalink": "https://slack.test/F1", "size": 5}
    draft = draft_in(filled(FULL, Draft(type="full", values={"files": [file]}), modal(FORMS, DRAFT)), FORMS)

    element = elements(modal(FORMS, draft))["files"]

    assert draft.values["files"] == [{"id": "F1", "name": "a.png", "link": "https://slack.test/F1"}]
    assert element["action_id"] == elements(modal(FORMS, DRAFT))["files"]["action_id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("short", "four"), ("number", "500"), ("number", "0"), ("short", "x" * 21), ("decimal", "0")],
)
def test_a_value_outside_its_limits_is_drawn_too_and_refused_only_when_sent(name: str, value: str) -> None:
    view = modal(FORMS, Draft(type="full", values={name: value}))

    assert check_view(view) == []
    assert elements(view)[name]["initial_value"][:19] == value[:19]


@pytest.mark.parametrize(
    "value", ["text", "", 5, 7.5, True, [], ["a"], ["v1"], {"id": "U1"}, {"x": 1}, None, [[]]]
)
def test_a_value_of_another_kind_of_question_never_spoils_the_view(value: Any) -> None:
    values = {question.name: value for question in FULL.all_questions}

    assert check_view(modal(FORMS, Draft(type="full", values=values))) == []


def test_what_two_forms_share_is_kept_when_the_type_changes() -> None:
    changed = modal(FORMS, replace(DRAFT, type="tiny"))

    assert check_view(changed) == []
    assert elements(changed)["team"]["initial_value"] == "Benefits"
    assert "initial_option" not in elements(changed)["short"]


def test_a_form_that_leaves_out_or_replaces_common_questions_is_drawn_and_read_so() -> None:
    teams = Choice(
        name="team", label="Which team?", options=[Option("va1", "Benefits"), Option("va2", "Health")]
    )
    own = Form(title="Own", questions=[LongText(name="a", label="A"), teams], leave_out=["production"])
    filled_in = Draft(type="own", values={"team": "va2", "name": "Juniper Vale", "a": "x"})

    view = modal({"own": own}, filled_in)

    assert check_view(view) == []
    assert list(elements(view)) == ["team", "name", "a"]
    assert elements(view)["team"]["initial_option"]["value"] == "va2"
    assert draft_in(filled(own, filled_in, view), {"own": own}) == filled_in
    strayed = modal({"own": own}, replace(filled_in, values={"team": "Benefits of old", "production": True}))
    assert check_view(strayed) == []
    assert "initial_option" not in elements(strayed)["team"]


def test_a_filled_in_question_that_is_gone_or_of_another_kind_is_a_stray() -> None:
    view = filled(FULL, DRAFT, modal(FORMS, DRAFT))
    changed = Form(title="Everything", questions=[LongText(name="short", label="Short")])

    draft = draft_in(view, {"full": changed})

    assert draft.unknown_answers == set(DRAFT.values) - {"team", "name", "production"}
    assert set(draft.values) == {"team", "name", "production"}


def test_a_forged_state_is_a_problem_at_its_question() -> None:
    forged: dict[str, Any] = {
        "choice": {"selected_option": {"x": 1}},
        "choices": {"selected_options": [{"x": 1}]},
        "yes_no": {"value": {"x": 1}},
        "member": {"selected_user": "<!channel>"},
        "files": {"files": [{"x": 1}]},
        "date": {"selected_date": 5},
        "number": {"value": ["5"]},
        "long": {"value": 5},
    }
    values = {f"idbot:q:{q.name}": {action(q): forged[q.name]} for q in FULL.questions if q.name in forged}
    draft = draft_in({**modal(FORMS, DRAFT), "state": {"values": values}}, FORMS)

    with pytest.raises(Invalid) as refused:
        load(FULL, draft.values)

    assert set(refused.value.problems) >= set(forged) - {"yes_no"}
    assert check_view(modal(FORMS, draft)) == []


def test_an_empty_question_that_is_gone_is_no_stray() -> None:
    view = {
        **modal(FORMS, DRAFT),
        "state": {"values": {"idbot:q:old": {"idbot:short_text": {"value": None}}}},
    }

    assert draft_in(view, FORMS).unknown_answers == frozenset()


def test_elements_that_are_not_ours_are_left_alone() -> None:
    view = {**modal(FORMS, Draft()), "state": {"values": {"host": {"x": {"value": "y"}}}}}

    assert draft_in(view, FORMS) == Draft()


@pytest.mark.parametrize("state", [None, {}, {"values": None}])
def test_a_view_without_any_state_is_an_empty_draft(state: Any) -> None:
    view = {**modal(FORMS, DRAFT), "state": state}

    assert draft_in(view, FORMS) == replace(DRAFT, values={})


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '{"type": ["full"]}',
        '{"origin": {"x": 1}}',
        '{"origin": 5}',
        '{"about": 5}',
        '{"outside_intake": "yes"}',
    ],
)
def test_metadata_that_is_not_ours_says_nothing(metadata: str) -> None:
    view = {"type": "modal", "callback_id": FORM, "private_metadata": metadata, "state": {"values": {}}}

    assert draft_in(view, FORMS) == Draft()


@given(about=text, link=st.text(max_size=400))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_metadata_never_outgrows_slacks_limit(about: str, link: str) -> None:
    clean = about.encode("utf-8", "replace").decode()
    draft = replace(DRAFT, about=clean, origin=MessageRef(channel="C1", ts="1.2", link=link))

    metadata = modal(FORMS, draft)["private_metadata"]

    assert len(metadata.encode()) <= 3000
    assert clean.startswith(json.loads(metadata).get("about", ""))


@given(st.dictionaries(st.sampled_from([q.name for q in FULL.all_questions]), text, max_size=8))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_slack_takes_a_form_with_whatever_was_typed(values: dict[str, str]) -> None:
    assert check_view(modal(FORMS, Draft(type="full", values=values), notice="x" * 5000)) == []


def test_a_view_with_more_typed_than_slack_takes_leaves_the_longest_to_slacks_memory() -> None:
    asked = Form(title="Long", questions=[LongText(name=f"q{n}", label="Q") for n in range(90)])
    values = {f"q{n}": "語" * (100 + 30 * n) for n in range(90)}

    view = modal({"long": asked}, Draft(type="long", values=values))

    assert check_view(view) == []
    assert elements(view)["q0"]["initial_value"] == values["q0"]
    assert "initial_value" not in elements(view)["q89"]


# Lists that are searched


def test_a_hundred_options_travel_with_the_view_and_more_are_searched() -> None:
    questions = [
        Choice(name="a", label="A", options=MANY[:100]),
        Choice(name="b", label="B", options=MANY[:101]),
        Choices(name="c", label="C", options=MANY[:101]),
    ]

    drawn_as = elements(modal({"x": Form(title="X", questions=questions)}, Draft(type="x")))

    assert [drawn_as[name]["type"] for name in "abc"] == [
        "static_select",
        "external_select",
        "multi_external_select",
    ]


def test_more_than_a_hundred_types_are_searched() -> None:
    forms = {f"type_{n}": Form(title=f"Type {n}", questions=[]) for n in range(101)}

    view = modal(forms, Draft(type="type_100"))

    assert check_view(view) == []
    assert view["blocks"][0]["accessory"]["type"] == "external_select"
    assert view["blocks"][0]["accessory"]["initial_option"]["value"] == "type_100"


def test_types_are_offered_by_title() -> None:
    forms = {"a": Form(title="zebra", questions=[]), "b": Form(title="Ant", questions=[])}

    assert [option.label for option in type_options(forms)] == ["Ant", "zebra"]


@pytest.mark.parametrize(
    ("query", "values"),
    [("NUMBER 249", ["v249"]), ("249 option", ["v249"]), ("about 17", ["v17", "v117"]), ("zebra", [])],
)
def test_searching_finds_the_options_that_hold_every_word(query: str, values: list[str]) -> None:
    hits = [option["value"] for option in found(MANY, query)]

    assert [value for value in hits if value in values] == values
    assert bool(hits) is bool(values)


def test_searching_for_nothing_offers_the_first_hundred() -> None:
    assert [option["value"] for option in found(MANY, " ")] == [f"v{n}" for n in range(100)]


# Receipts


@pytest.mark.parametrize("number", [None, 7])
def test_slack_takes_receipts_and_apologies(number: int | None) -> None:
    view = receipt(ticket(number=number), hints=["Please look again.", "And again."])

    assert check_view(view) == []
    assert check_view(apology("Sorry.")) == []
    assert ticket().reference in str(view)


def test_problems_stand_at_their_questions_in_plain_text() -> None:
    assert errors({"short": "x" * 400, "team": "Please."}) == {
        "idbot:q:short": "x" * 299 + "…",
        "idbot:q:team": "Please.",
    }
