"""The words around answers: how one is shown before it is read."""

from __future__ import annotations

import pytest

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
