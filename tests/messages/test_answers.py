"""The words around answers: how one is shown before it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.articles.answer import Answer
from identity_bot.articles.suggestion import Suggestion
from identity_bot.messages import answers


def first_lines(text: str) -> str:
    """What is shown of an answer below its title."""
    return answers.row(Suggestion(answer=Answer(title="Title", text=text), source="articles")).partition(
        "\n"
    )[2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title\n\nTry *this*.\n\nThen that.", "Try this. Then that."),
        ("Try these:\n\n- Wait\n- Start again", "Try these: • Wait • Start again"),
        ("1. Wait\n2. Start\n   again", "1. Wait 2. Start again"),
        ("| Code | Means |\n|---|---|\n| 401 | Expired |\n\nAsk us.", "Code | Means; 401 | Expired Ask us."),
        ("Run this:\n\n```sh\ndocker up\n```\n\nThen wait.", "Run this: … Then wait."),
        ("```text\nIt is all code.\n```", "It is all code."),
    ],
)
def test_the_first_lines_of_an_answer_keep_lists_and_tables_apart(text: str, shown: str) -> None:
    assert first_lines(text) == shown


BEFORE = "The code is only good once, and a page that was loaded before still holds an old copy."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{BEFORE}\n\n1. Check {'again ' * 15}", f"{BEFORE} …"),
        (f"{BEFORE}\n\n1. Wait\n2. Check {'again ' * 15}", f"{BEFORE} 1. Wait …"),
        (f"{BEFORE}\n\n{'again ' * 15}", f"{BEFORE} {'again ' * 10}".strip() + "…"),
        (f"Try:\n\n1. {'wait & see ' * 20}", f"Try: 1. {'wait &amp; see ' * 9}wait…"),
        ("x" * 200, "x" * (answers.FIRST_LINES - 1) + "…"),
        ("again " * 30, ("again " * 25).strip() + "…"),
    ],
)
def test_the_first_lines_of_an_answer_end_with_a_word_and_begin_no_item_in_vain(
    text: str, shown: str
) -> None:
    assert first_lines(text) == shown
    assert len(shown) <= answers.FIRST_LINES + len(" …")


@given(st.text(min_size=100))
def test_the_first_lines_of_an_answer_are_never_too_long(text: str) -> None:
    """Whatever somebody has written; Slack draws them as mrkdwn."""
    if text.strip():
        assert len(first_lines(text)) <= answers.FIRST_LINES + len(" …")
