"""An answer: what it may be made of."""

from __future__ import annotations

from typing import Any

import pytest

from identity_bot import Answer


def test_an_answer_without_a_name_is_counted_under_its_title() -> None:
    assert Answer(title="No users in the list", text="Pull the mock data.").name == "No users in the list"
    assert Answer(title="No users", text="Pull.", name="mock-data").name == "mock-data"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "title: found 0 characters"),
        ({"title": "x" * 151}, "title: found 151 characters"),
        ({"text": ""}, "neither text nor a url"),
        ({"text": "x" * 40_001}, "text: found 40,001 characters"),
        ({"url": "javascript:alert(1)"}, "url: expected https://"),
        ({"title": 7}, "title: found int"),
    ],
)
def test_an_answer_that_cannot_be_shown_is_refused_where_it_is_made(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Answer(**{"title": "No users in the list", "text": "Pull the mock data."} | wrong)
