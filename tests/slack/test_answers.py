"""Answers as Slack's blocks: what they show, where they stand, and that nothing in them breaks out or does not fit."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from identity_bot import Choice, Form, LongText, Option, ShortText, Url
from identity_bot.articles.answer import TEXT, TITLE, Answer
from identity_bot.articles.suggestion import Suggestion
from identity_bot.forms import limits
from identity_bot.messages import words
from identity_bot.slack.answers import (
    ANSWER,
    LONGEST_SEARCH,
    article,
    drawn_in,
    found,
    pressed,
    suggestion_blocks,
    thanks,
    with_answers,
)
from identity_bot.slack.modal import EARLIER, Draft, describing, description, modal
from identity_bot.tickets.model import MessageRef
from identity_bot_sandbox.slack.limits import check_message, check_view
from tests.support_answers import CODES, FORM, STATUS, USERS

FORMS = {"sign_in": FORM}
HOSTILE = [
    "<!channel> <@U0SAGE> <https://bank.test|our page> & co",
    "*bold* _it_ ~no~ `code` ```fence``` > quote",
    "@here @channel\n> quote\nline",
    "\u202eevil\u202c \u200b\ufeff\x00\ud800",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿 Ünï\u0301 " + "ﷺ" * 30,
    "<b>&amp;</b> <!-- --> {}[]()",
]


def suggestion(answer: Answer, source: str = "articles") -> Suggestion:
    return Suggestion(answer=answer, source=source)


def hostile(text: str) -> Suggestion:
    body = f"# {text}\n\n{text}\n\n```\n{text}\n```\n"
    url = f"https://docs.test/{text}"[:2900]
    answer = Answer(title=text[:TITLE], text=(body * 2_000)[:TEXT], url=url, name=text * 20)
    return suggestion(answer)


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def mrkdwn_in(drawn: Any) -> list[str]:
    """All that Slack formats."""
    match drawn:
        case {"type": "mrkdwn", "text": str(text)}:
            return [text]
        case dict():
            return [text for one in drawn.values() for text in mrkdwn_in(one)]
        case list():
            return [text for one in drawn for text in mrkdwn_in(one)]
    return []


def ids(view: dict[str, Any]) -> list[str]:
    return [block.get("block_id", "") for block in view["blocks"]]


def test_an_answer_shows_its_title_its_first_lines_and_its_buttons() -> None:
    _, shown, buttons = suggestion_blocks([suggestion(CODES)])

    assert shown["text"]["text"] == (
        "*The code has expired*\nAsk for a new code. It is good for ten minutes. • Wait • Try again"
    )
    assert [one["text"]["text"] for one in buttons["elements"]] == ["Read", "This solved it"]
    assert buttons["elements"][0]["accessibility_label"] == "Read: The code has expired"


def test_an_answer_that_is_elsewhere_leads_there() -> None:
    _, shown, buttons = suggestion_blocks([suggestion(STATUS)])

    assert shown["text"]["text"] == "*Status page*"
    assert buttons["elements"][0]["url"] == STATUS.url
    assert buttons["elements"][0]["text"]["text"] == "Open the page"


def test_first_lines_are_short() -> None:
    [_, shown, _] = suggestion_blocks([suggestion(Answer(title="Long", text="word " * 8_000))])

    assert len(shown["text"]["text"].partition("\n")[2]) <= 150


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_an_answer_breaks_out(text: str) -> None:
    """Whether in the form, read, or in a list; and Slack takes all of it."""
    one = hostile(text)
    form = modal(FORMS, Draft(type="sign_in"), answers=[one])
    read, listed = article(one, is_pushed=True), found(text, [one])

    assert check_view(form) == []
    assert check_view(read) == []
    assert check_message(listed) == []
    assert drawn_in(form) == (one.digest,)
    said = "\n".join(mrkdwn_in([form, read, listed]))
    for bad in ("<!", "<@", "<https://bank.test|our", "\u202e", "\x00"):
        assert bad not in said


def test_a_huge_answer_is_cut_with_a_link() -> None:
    answer = Answer(title="Huge", text="& 🧑‍🚒 < ﷺ\n\n" * (TEXT // 11), url="https://docs.test/huge?a=1&b=2")

    view = article(suggestion(answer), is_pushed=True)

    assert check_view(view) == []
    assert texts(view["blocks"])[-1].endswith("<https://docs.test/huge?a=1&amp;b=2|Read the rest there>")


def test_a_huge_answer_without_an_address_says_that_it_is_cut() -> None:
    view = article(suggestion(Answer(title="Huge", text="&" * TEXT)), is_pushed=False)

    assert check_view(view) == []
    assert texts(view["blocks"])[-1].endswith("The rest is too long to show here.")


def test_an_article_is_read_with_its_formatting() -> None:
    view = article(suggestion(USERS), is_pushed=True)

    assert view["blocks"][0]["text"]["text"] == USERS.title
    assert texts(view["blocks"]) == ["Use a _user_ from the list."]
    assert "submit" not in view
    assert view["close"]["text"] == "I still need help"


def test_a_title_is_not_read_twice() -> None:
    view = article(suggestion(CODES), is_pushed=True)

    assert texts(view["blocks"])[0].startswith("Ask for a *new* code.")


def test_an_article_that_was_searched_for_covers_no_form_to_go_back_to() -> None:
    view = article(suggestion(USERS), is_pushed=False)

    assert "submit" not in view
    assert view["close"]["text"] == "Close"


def test_drawing_hostile_answers_takes_no_time() -> None:
    """All of them together; a form is open meanwhile."""
    several = [hostile(text) for text in HOSTILE]
    nested = suggestion(Answer(title="Nested", text=("> " * 60 + "* [" * 20 + "`") * 200))
    began = time.perf_counter()

    for one in (*several, nested):
        suggestion_blocks([one])
        article(one, is_pushed=True)

    assert time.perf_counter() - began < 20


def test_answers_stand_below_the_question_that_they_answer() -> None:
    """And change nothing above it, nor any question's ids."""
    draft = Draft(type="sign_in", values={"problem": "The code expired"})
    before = modal(FORMS, draft, answers=())

    after = modal(FORMS, draft, answers=[suggestion(CODES), suggestion(USERS)])

    place = ids(before).index("idbot:q:problem") + 1
    assert after["blocks"][:place] == before["blocks"][:place]
    assert [one for one in ids(after) if not one.startswith(ANSWER)] == ids(before)
    assert ids(after)[place].startswith(ANSWER)


def test_only_the_question_that_is_answered_is_told_of_as_typed() -> None:
    view = modal(FORMS, Draft(type="sign_in"), answers=())

    told = {block["block_id"] for block in view["blocks"] if "dispatch_action_config" in str(block)}
    assert told == {"idbot:q:problem"}


def test_a_form_that_nothing_answers_is_as_before() -> None:
    view = modal(FORMS, Draft(type="sign_in"))

    assert "dispatch_action_config" not in str(view)


@pytest.mark.parametrize(
    ("questions", "name"),
    [
        ([LongText(name="a", label="A")], "a"),
        ([Choice(name="c", label="C", options=[Option("x", "X")]), Url(name="u", label="U")], "u"),
        ([ShortText(name="s", label="S"), LongText(name="a", label="A")], "s"),
        ([Choice(name="c", label="C", options=[Option("x", "X")])], None),
    ],
)
def test_the_first_own_question_for_text_is_answered(questions: Any, name: str | None) -> None:
    """Not those that every form has, such as the team."""
    question = describing(Form(title="T", questions=questions), Draft(type="t"))

    assert (question.name if question else None) == name


def test_a_question_that_is_not_shown_is_not_answered() -> None:
    shown = describing(FORM, Draft(type="sign_in", values={"where": "local"}))
    hidden = describing(FORM, Draft(type="sign_in", values={"where": "staging"}))

    assert [one.name for one in (shown, hidden) if one] == ["host", "problem"]


@pytest.mark.parametrize(
    ("typed", "about", "said"),
    [
        ("It says no.", "", "It says no."),
        ("", "A message", "A message"),
        ("A message\n\nhttps://slack.test/p1", "A message", "A message"),
        ("Another thing", "A message", "Another thing"),
        (None, "", ""),
    ],
)
def test_a_request_is_about_what_was_typed_or_else_its_message(
    typed: str | None, about: str, said: str
) -> None:
    draft = Draft(type="sign_in", values={"problem": typed}, about=about)

    assert description(FORMS, draft) == said


@pytest.mark.parametrize(("count", "fit"), [(86, 3), (89, 2), (91, 1), (93, 0)])
def test_answers_without_room_are_left_out(count: int, fit: int) -> None:
    questions = [ShortText(name=f"q{n}", label="?") for n in range(count)]
    forms = {"big": Form(title="Big", description="As big as it gets", questions=questions)}

    view = modal(forms, Draft(type="big"), answers=[suggestion(one) for one in (CODES, USERS, STATUS)])

    assert check_view(view) == []
    assert len(drawn_in(view)) == fit


@pytest.mark.parametrize("notice", ["", "The form has changed."])
@pytest.mark.parametrize(("count", "has_offer"), [(80, True), (93, False)])
def test_the_longest_form_opens_wherever_it_is_begun(count: int, has_offer: bool, notice: str) -> None:
    """From a message in a private thread it says more; the least of that is left out without room."""
    questions = [ShortText(name=f"q{n}", label="?") for n in range(count)]
    forms = {"big": Form(title="Big", description="As big as it gets", questions=questions)}
    origin = MessageRef(channel="G1", ts="1.0")
    draft = Draft(type="big", origin=origin, in_thread=True, is_private=True)

    view = modal(forms, draft, notice=notice, answers=[suggestion(CODES)])

    assert check_view(view) == []
    assert (EARLIER in str(view)) is (has_offer or not notice)
    assert words.BEGUN_IN_PRIVATE in str(view)


def test_a_view_that_is_too_large_with_answers_has_fewer() -> None:
    view = modal(FORMS, Draft(type="sign_in"), answers=())
    full = {**view, "private_metadata": "x" * (250_000 - limits.json_bytes(view) - 2_000)}

    drawn = with_answers(full, [suggestion(one) for one in (CODES, USERS, STATUS)], below="")

    assert 0 < len(drawn_in(drawn)) < 3


def test_a_button_says_which_answer_it_is_for() -> None:
    [_, _, buttons] = suggestion_blocks([suggestion(USERS, "type:sign_in")])

    chosen = pressed(buttons["elements"][1]["value"])
    assert chosen
    assert (chosen.source, chosen.name) == ("type:sign_in", "users.md")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "x",
        "[]",
        "{}",
        "null",
        7,
        '{"source": 1, "name": "a", "id": "b", "words": ""}',
        "[" * 99_999,
    ],
)
def test_a_value_of_another_version_is_no_answer(value: Any) -> None:
    assert pressed(value) is None


def test_a_button_has_room_for_the_longest_names() -> None:
    answer = Answer(title="T", text="x", name='"\\' * 5_000)

    message = found('"\\' * 5_000, [suggestion(answer, "s" * 80)])

    assert check_message(message) == []


def test_a_button_keeps_all_words_of_the_longest_search() -> None:
    typed = "code expired ".rjust(LONGEST_SEARCH, "o")

    message = found(typed, [suggestion(USERS)])

    chosen = pressed(message["blocks"][1]["accessory"]["value"])
    assert chosen
    assert chosen.words == typed


def test_another_text_is_another_answer() -> None:
    assert suggestion(CODES).digest != suggestion(replace(CODES, text="Other")).digest
    assert suggestion(CODES).digest == suggestion(replace(CODES)).digest


def test_thanks_fit() -> None:
    assert check_view(thanks()) == []
