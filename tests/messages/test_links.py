"""What people read about linking: with the command that they can type, and with nothing in it that pings."""

from __future__ import annotations

import pytest

from identity_bot.messages import links

COMMAND = "/identity-help"


@pytest.mark.parametrize(
    "said", [links.not_proved(COMMAND), links.write_login(COMMAND), links.linked("octocat", COMMAND)]
)
def test_the_command_is_named_as_the_settings_name_it(said: str) -> None:
    assert f"`{COMMAND} " in said


@pytest.mark.parametrize(
    "said",
    [
        links.claimed("<!here>", "7KQ2M9XA"),
        links.in_settings("<!here>"),
        links.is_so("<!here>"),
        links.taken("<!here>"),
        links.linked("<!here>", COMMAND),
        links.unlinked("<!here>"),
    ],
)
def test_a_login_mentions_nobody(said: str) -> None:
    assert "&lt;!here&gt;" in said
    assert "<" not in said


def test_the_code_is_on_a_line_to_copy_with_a_warning_about_those_of_others() -> None:
    lines = links.claimed("octocat", "7KQ2M9XA").splitlines()

    assert lines[1] == "`/link 7KQ2M9XA`"
    assert lines[2].startswith("Comment only codes that you asked for yourself")
