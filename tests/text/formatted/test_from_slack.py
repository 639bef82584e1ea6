from __future__ import annotations

from typing import Any

import pytest

from identity_bot.text.formatted.document import Block, Kind, Run, Style
from identity_bot.text.formatted.from_slack import from_slack

Json = dict[str, Any]


def rich(*elements: Json) -> Json:
    return {"text": "not read", "blocks": [{"type": "rich_text", "elements": list(elements)}]}


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def styled(text: str, *styles: Style) -> Run:
    return Run(text=text, styles=frozenset(styles))


def runs(message: Json) -> tuple[Run, ...]:
    (block,) = from_slack(message).blocks
    return block.runs


def test_formatting_is_read() -> None:
    message = rich(
        section(text("a "), text("b", bold=True, italic=True), text("c", strike=True), text("d", code=True))
    )

    expected = (
        Run(text="a "),
        styled("b", Style.BOLD, Style.ITALIC),
        styled("c", Style.STRIKE),
        styled("d", Style.CODE),
    )
    assert runs(message) == expected


def test_lists_quotes_and_code_are_blocks() -> None:
    message = rich(
        section(text("Intro\n")),
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("a"))]},
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [section(text("b"))]},
        {"type": "rich_text_quote", "elements": [text("q")]},
        {"type": "rich_text_preformatted", "elements": [text("x = 1\n")]},
    )

    assert from_slack(message).blocks == (
        Block(runs=(Run(text="Intro"),)),
        Block(kind=Kind.ITEM, depth=1, runs=(Run(text="a"),)),
        Block(kind=Kind.ITEM, number=3, runs=(Run(text="b"),)),
        Block(is_quoted=True, runs=(Run(text="q"),)),
        Block(kind=Kind.CODE, runs=(Run(text="x = 1"),)),
    )


@pytest.mark.parametrize(
    ("element", "shown"),
    [
        ({"type": "emoji", "name": "family", "unicode": "1f468-200d-1f469"}, "\U0001f468\u200d\U0001f469"),
        ({"type": "emoji", "name": "our-own"}, ":our-own:"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@group"),
        ({"type": "channel", "channel_id": "C1"}, "#channel"),
        ({"type": "date", "timestamp": 1, "fallback": "May 1"}, "May 1"),
        ({"type": "color", "value": "#fff"}, "#fff"),
        ({"type": "of tomorrow", "text": "kept"}, "kept"),
    ],
)
def test_whatever_slack_draws_becomes_text(element: Json, shown: str) -> None:
    assert runs(rich(section(element))) == (Run(text=shown),)


def test_people_are_known_by_their_ids() -> None:
    document = from_slack(rich(section({"type": "user", "user_id": "U12"}, text(" and "), text("@ada"))))

    assert document.people == {"U12"}


def test_a_link_keeps_its_label() -> None:
    link = {"type": "link", "url": "https://a.test", "text": "the page"}

    assert runs(rich(section(link))) == (Run(text="the page", address="https://a.test"),)


def test_files_and_forwarded_messages_become_links() -> None:
    message: Json = {
        "text": "Look",
        "files": [
            {
                "title": "plan.pdf",
                "permalink": "https://w.slack.test/files/1",
                "url_private": "https://no.test",
            },
            {"name": "gone.txt", "mode": "tombstone"},
            {"id": "F3", "file_access": "check_file_info"},
        ],
        "attachments": [
            {"is_share": True, "from_url": "https://w.slack.test/p1", "text": "somebody else's words"},
            {"title": "an unfurled page", "text": "not written by them", "from_url": "https://x.test"},
        ],
    }

    assert from_slack(message).blocks[1:] == (
        Block(runs=(Run(text="https://w.slack.test/p1", address="https://w.slack.test/p1"),)),
        Block(kind=Kind.ITEM, runs=(Run(text="plan.pdf", address="https://w.slack.test/files/1"),)),
        Block(kind=Kind.ITEM, runs=(Run(text="file"),)),
    )


def test_text_without_blocks_is_read_as_mrkdwn() -> None:
    document = from_slack({"text": "*b _i_* ~s~ `c` a*b*c\n&gt; q &amp; r\nend\n```\nx &lt; y\n```"})

    assert document.blocks == (
        Block(
            runs=(
                styled("b ", Style.BOLD),
                styled("i", Style.BOLD, Style.ITALIC),
                Run(text=" "),
                styled("s", Style.STRIKE),
                Run(text=" "),
                styled("c", Style.CODE),
                Run(text=" a*b*c"),
            )
        ),
        Block(is_quoted=True, runs=(Run(text="q & r"),)),
        Block(runs=(Run(text="end"),)),
        Block(kind=Kind.CODE, runs=(Run(text="x < y"),)),
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<@U12|ada>", Run(text="@somebody", person="U12")),
        ("<#C1|general>", Run(text="#general")),
        ("<#C1>", Run(text="#channel")),
        ("<!subteam^S1|@team>", Run(text="@team")),
        ("<!here>", Run(text="@here")),
        ("<!date^1^{date}|May 1>", Run(text="May 1")),
        ("<https://a.test|A &amp; B>", Run(text="A & B", address="https://a.test")),
        ("<mailto:a@b.test|a@b.test>", Run(text="a@b.test", address="mailto:a@b.test")),
        ("<javascript:x|label>", Run(text="label")),
    ],
)
def test_notation_of_mrkdwn_is_read(written: str, shown: Run) -> None:
    assert runs({"text": written}) == (shown,)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": None, "blocks": None, "files": None},
        {"text": 3, "blocks": "x", "files": [None, "y"], "attachments": {}},
        {
            "blocks": [
                {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [None, {}]}]}
            ]
        },
        rich(
            section(
                {"type": "emoji", "name": "x", "unicode": "ffffff"}, {"type": "user", "user_id": "<!here>"}
            )
        ),
    ],
)
def test_a_message_of_an_odd_shape_does_no_harm(message: Json) -> None:
    assert not from_slack(message).people
