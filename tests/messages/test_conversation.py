"""What surrounds people's words when they are carried over: names format nothing, and every link can be opened."""

from __future__ import annotations

from dataclasses import replace

from identity_bot.messages import conversation
from tests.support_outbox import ticket as new_ticket


def test_a_name_formats_nothing() -> None:
    assert conversation.commented("<!here> *Ada*") == "*&lt;!here&gt; ∗Ada∗* replied:"
    assert conversation.replied("@octocat `#1`") == "`` @octocat `#1` `` replied in Slack:"


def test_nobody_gets_a_link_to_a_comment_that_they_cannot_open() -> None:
    ticket = replace(new_ticket(), repository="o/r", number=1, url="https://github.test/o/r/issues/1")

    assert "<https://github.test/o/r/issues/1#issuecomment-7|" in conversation.rest_in_github(ticket, 7)
    assert "http" not in conversation.rest_in_github(replace(ticket, is_sensitive=True), 7)


def test_each_kind_of_personal_data_is_named_once_and_to_its_author_only() -> None:
    kinds = ["a password", "a card number", "a password"]

    assert "contains a card number and a password." in conversation.not_copied(kinds, new_ticket(number=1))
    assert conversation.comment_not_copied("octocat").startswith("@octocat Your comment wasn't copied")
    assert "password" not in conversation.comment_not_copied("octocat")
