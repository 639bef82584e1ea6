"""What the bot believes of Slack's limits, judged by the sandbox's referee, which knows nothing of the bot's list."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
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
    ShortText,
    Url,
    YesNo,
)
from identity_bot.forms import limits
from identity_bot.forms.questions import Question
from identity_bot.messages.words import MODAL_TITLE
from identity_bot.slack.modal import Draft, modal
from identity_bot.tickets.model import MessageRef
from identity_bot_sandbox.slack.limits import check_message, check_view

NOTICE = "n" * 5_000


def view_of(form: Form, values: dict[str, Any]) -> dict[str, Any]:
    """The largest view that the bot makes of a form: with a notice and a long message that it was begun from."""
    origin = MessageRef(channel="C1", ts="1.2", link="https://slack.test/" + "p" * 400)
    draft = Draft(type="coffee", values=values, origin=origin, about='"é' * 5_000)
    return modal({"coffee": form}, draft, notice=NOTICE)


def refused(*questions: Question, **more: Any) -> list[str]:
    """What the referee says of a form of these questions."""
    values = more.pop("values", {})
    return check_view(view_of(Form(**{"title": "Coffee", "questions": questions} | more), values))


# Whatever the bot takes, the referee takes


def words(limit: int) -> st.SearchStrategy[str]:
    """Texts whose length is near a limit, on both sides of it, or short."""
    lengths = st.sampled_from([0, 1, 2, limit - 1, limit, limit + 1])
    return st.builds(lambda letter, length: letter * length, st.sampled_from(["x", "é", "😀", '"']), lengths)


def near(*numbers: int) -> st.SearchStrategy[int]:
    return st.sampled_from(sorted({number + step for number in numbers for step in (-1, 0, 1)}))


COMMON: dict[str, Any] = {
    "label": words(2_000),
    "hint": words(2_000),
    "placeholder": words(150),
    "required": st.booleans(),
}
LENGTHS = {"min_length": near(0, 5, 3_000), "max_length": near(0, 5, 3_000)}
BOUND = st.none() | st.sampled_from(
    [-5, 0, 0.5, 1e-7, 7, 2**53 - 1, 2**53, 1e300, float("nan"), float("inf")]
)
KINDS: list[tuple[Callable[..., Question], dict[str, Any]]] = [
    (ShortText, LENGTHS),
    (LongText, LENGTHS),
    (Url, {"max_length": near(0, 3_000)}),
    (Email, {}),
    (Number, {"decimal": st.booleans(), "minimum": BOUND, "maximum": BOUND}),
    (Date, {}),
    (YesNo, {}),
    (Member, {}),
    (Files, {"max_files": near(0, 10), "filetypes": st.lists(words(255), max_size=101)}),
]
TYPED = st.one_of(
    st.text(max_size=30),
    words(3_000),
    st.sampled_from(["5", "-0.5", "1e3", "9" * 400, "²", "٣", "2026-12-01", "2026-02-30", "v0", "v1"]),
    st.integers() | st.floats() | st.booleans() | st.none(),
    st.sampled_from([{"id": "U1"}, {"id": ""}, {"id": "U" * 300}, {"id": 5}, ["v0", "v1"], [["v0"]], [{}]]),
)


@st.composite
def declared(draw: st.DrawFn) -> Question | None:
    """A question that may break a limit or two; None if the bot does not take it."""
    kind, own = draw(st.sampled_from(KINDS))
    given_too = {**COMMON, **own}
    chosen = draw(st.sets(st.sampled_from(sorted(given_too)), max_size=3)) | {"label"}
    try:
        return kind(name="q", **{name: draw(given_too[name]) for name in sorted(chosen)})
    except ValueError:
        return None


@given(declared(), TYPED)
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_referee_takes_every_question_that_the_bot_takes_with_whatever_was_typed(
    question: Question | None, typed: Any
) -> None:
    if question is not None:
        assert refused(question, values={"q": typed}) == []


@given(
    st.sampled_from([Choice, Choices]),
    st.sampled_from([1, 2, 99, 100, 101, 250]),
    st.dictionaries(st.sampled_from(["value", "label", "description"]), words(75) | words(150)),
    st.sampled_from([0, 1, 2, 100, 250]),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_referee_takes_every_menu_that_the_bot_takes_whatever_is_chosen(
    kind: type[Choice] | type[Choices], count: int, first: dict[str, str], chosen: int
) -> None:
    rest = [Option(f"v{number}", f"Option {number}") for number in range(1, count)]
    try:
        options = [Option(**{"value": "v0", "label": "Option 0"} | first), *rest]
    except ValueError:
        return
    values = [option.value for option in options][:chosen]

    question = kind(name="q", label="Q", options=options)

    assert refused(question, values={"q": values if kind is Choices else "".join(values[:1])}) == []


@given(
    st.integers(1, 100),
    st.sampled_from([1, 50, 100, 101]),
    st.sampled_from(["x", "é", "語", '"']),
    st.sampled_from([1, 20, 75]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_referee_takes_a_view_of_every_form_that_the_bot_takes(
    questions: int, options: int, letter: str, length: int, is_long: bool
) -> None:
    """Also when everything is chosen, long texts are typed, and the bot has something to say."""
    offered = [Option(f"v{n}", letter * length, letter * length) for n in range(options)]
    asked: list[Question] = [Choices(name=f"q{n}", label="Q", options=offered) for n in range(questions)]
    if is_long:
        asked = [LongText(name=f"q{n}", label=letter * 20 * length) for n in range(questions)]
    values: Any = letter * 3_000 if is_long else [option.value for option in offered]
    try:
        form = Form(title="t" * 75, description="d" * 75, questions=asked)
    except ValueError:
        return

    assert check_view(view_of(form, {question.name: values for question in asked})) == []


# And no less than the referee takes

ONE_MORE: list[tuple[str, Callable[[int], Any], int, tuple[Any, ...]]] = [
    ("label", lambda n: ShortText(name="q", label="x" * n), limits.LABEL, ("label", "text")),
    ("hint", lambda n: ShortText(name="q", label="Q", hint="x" * n), limits.HINT, ("hint", "text")),
    (
        "placeholder",
        lambda n: ShortText(name="q", label="Q", placeholder="x" * n),
        limits.PLACEHOLDER,
        ("element", "placeholder", "text"),
    ),
    (
        "max_length",
        lambda n: LongText(name="q", label="Q", max_length=n),
        limits.INPUT_TEXT,
        ("element", "max_length"),
    ),
    ("max_files", lambda n: Files(name="q", label="Q", max_files=n), limits.FILES, ("element", "max_files")),
    (
        "an option's value",
        lambda n: Choice(name="q", label="Q", options=[Option("x" * n, "X")]),
        limits.OPTION_VALUE,
        ("element", "options", 0, "value"),
    ),
    (
        "an option's label",
        lambda n: Choice(name="q", label="Q", options=[Option("x", "x" * n)]),
        limits.OPTION_TEXT,
        ("element", "options", 0, "text", "text"),
    ),
    (
        "an option's description",
        lambda n: Choice(name="q", label="Q", options=[Option("x", "X", "x" * n)]),
        limits.OPTION_TEXT,
        ("element", "options", 0, "description", "text"),
    ),
]


@pytest.mark.parametrize(
    ("declare", "limit", "at"), [row[1:] for row in ONE_MORE], ids=[r[0] for r in ONE_MORE]
)
def test_the_bot_goes_as_far_as_the_referee_and_no_further(
    declare: Callable[[int], Question], limit: int, at: tuple[Any, ...]
) -> None:
    view = copy.deepcopy(view_of(Form(title="Coffee", questions=[declare(limit)]), {}))
    inside = next(block for block in view["blocks"] if block.get("block_id") == "idbot:q:q")
    assert check_view(view) == []

    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] += "x" if isinstance(inside[at[-1]], str) else 1

    assert check_view(view) != []
    with pytest.raises(ValueError, match="expected"):
        declare(limit + 1)


@pytest.mark.parametrize(
    ("words_of", "said"),
    [
        ({"title": "x" * 76}, "title: found 76 characters; expected at most 75"),
        ({"title": ""}, "title: found nothing; expected 1 to 75 characters"),
        ({"title": "a\x00"}, "title: found NUL or half a surrogate pair; expected clean text"),
        ({"title": "\ud800"}, "title: found NUL or half a surrogate pair; expected clean text"),
        ({"title": None}, "title: found NoneType; expected text"),
        ({"description": "x" * 76}, "description: found 76 characters; expected at most 75"),
    ],
)
def test_a_form_has_a_title_and_a_description_that_a_drop_down_takes(
    words_of: dict[str, Any], said: str
) -> None:
    assert refused(title="x" * 75, description="x" * 75) == []

    with pytest.raises(ValueError, match=said):
        Form(**{"title": "X", "questions": []} | words_of)


def test_a_form_has_as_many_questions_as_a_view_takes_beside_all_that_the_bot_adds() -> None:
    def questions(count: int) -> list[Question]:
        return [YesNo(name=f"q{n}", label="Q") for n in range(count)]

    view = view_of(Form(title="X", description="All of it", questions=questions(93)), {})

    assert len(view["blocks"]) == 100
    assert check_view(view) == []
    with pytest.raises(ValueError, match="questions: found 94; expected at most 93"):
        Form(title="X", questions=questions(94))


def test_a_form_that_leaves_out_or_replaces_common_questions_has_room_for_as_many_of_its_own() -> None:
    def own(count: int, leave_out: tuple[str, ...]) -> Form:
        questions = [
            ShortText(name="name", label="Q"),
            *(YesNo(name=f"q{n}", label="Q") for n in range(count)),
        ]
        return Form(title="X", description="All of it", questions=questions, leave_out=leave_out)

    assert len(view_of(own(94, ("team",)), {})["blocks"]) == 100
    with pytest.raises(ValueError, match=r"questions: found 96; expected at most 95$"):
        own(95, ("team",))
    with pytest.raises(ValueError, match=r"questions: found 95; expected at most 94$"):
        own(94, ())


def test_a_form_of_more_bytes_than_a_view_takes_is_refused() -> None:
    options = [Option("語" * 140 + str(n), "語" * 75, "語" * 75) for n in range(100)]

    with pytest.raises(ValueError, match=r"questions: found [0-9,]+ bytes .* expected at most 220,000"):
        Form(title="X", questions=[Choice(name=f"q{n}", label="Q", options=options) for n in range(3)])


def test_the_bots_modals_have_a_title_that_fits() -> None:
    assert 0 < len(MODAL_TITLE) <= limits.MODAL_TITLE


def test_a_message_takes_what_the_bot_believes_and_no_more() -> None:
    def message(text: int, blocks: int) -> dict[str, Any]:
        return {"text": "x" * text, "blocks": [{"type": "divider"}] * blocks}

    assert check_message(message(limits.MESSAGE_TEXT, limits.MESSAGE_BLOCKS)) == []
    assert check_message(message(limits.MESSAGE_TEXT + 1, 1)) != []
    assert check_message(message(1, limits.MESSAGE_BLOCKS + 1)) != []


@pytest.mark.parametrize(
    ("key", "limit"), [("title", limits.MODAL_TITLE), ("private_metadata", limits.METADATA)]
)
def test_a_modal_takes_the_title_and_the_metadata_that_the_bot_believes_and_no_more(
    key: str, limit: int
) -> None:
    def view(length: int) -> dict[str, Any]:
        text: Any = "x" * length
        more = {key: {"type": "plain_text", "text": text} if key == "title" else text}
        return {"type": "modal", "title": {"type": "plain_text", "text": "X"}, "blocks": []} | more

    assert check_view(view(limit)) == []
    assert check_view(view(limit + 1)) != []
