from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pytest_mock import MockerFixture

from identity_bot.messages.issue_comments import HELP, problem
from identity_bot.tickets.commands import MOST, Command, ProblemKind, Reading, is_internal, read
from identity_bot.tickets.model import Priority

TODAY = date(2026, 11, 2)
NOTHING = Reading()
VALID = {
    "/spoc @juniper": Command(name="spoc", value="juniper"),
    "/priority high": Command(name="priority", value="high"),
    "/target 2026-12-01": Command(name="target", value="2026-12-01"),
    "/uat": Command(name="uat"),
    "/released": Command(name="released"),
    "/help": Command(name="help"),
    "/redact": Command(name="redact"),
    "/redact hunter2": Command(name="redact", value="hunter2"),
    "/duplicate #12": Command(name="duplicate", value="#12"),
    "/link 7KQ2M9XA": Command(name="link", value="7KQ2M9XA"),
}
WRONG = [
    "/link",
    "/spoc",
    "/spoc @",
    "/spoc @octo-org/identity",
    "/spoc -juniper",
    "/spoc @" + "a" * 40,
    "/spoc @juniper @sage",
    "/priority",
    "/priority urgent",
    "/priority high please",
    "/target",
    "/target tomorrow",
    "/target 12/01/2026",
    "/target 2026-2-30",
    "/target 2026-02-30",
    "/target 20261201",
    "/target 2026-W49-2",
    "/target ２０２６-12-01",
    "/target 2026-12-01T10:00",
    "/target 2026-12-01 10:00 EST",
    "/target 2026-12-01Z",
    "/target 2026-11-01",
    "/target 2028-11-03",
    "/uat please",
    "/released 1.2",
    "/help me",
    "/duplicate",
    "/duplicate that one",
    "/duplicate #1 #2",
    "/duplicate https://github.test/o/r/pull/12",
    "/duplicates #12",
    "/redact abc",
    "/redacted hunter2",
    "/prioritty high",
    "/realeased",
    "/priority `` ` ``",
    "/priority @sage #12 https://example.test <!-- x -->",
    "/priority [a](https://example.test)",
    "/priority \ud800 | \u202e \\",
]
"""Each is one problem and no command."""

WRAPPINGS = [
    pytest.param("```\n{}\n```", id="fence"),
    pytest.param("````text\n```\n{}\n```\n````", id="fence in a fence"),
    pytest.param("~~~\n\n{}", id="fence left open"),
    pytest.param("    {}", id="indented code"),
    pytest.param("\t{}", id="code indented by a tab"),
    pytest.param("> {}", id="quote"),
    pytest.param("> Hello,\n>\n> > {}", id="quote in a quote"),
    pytest.param("> Hello,\n{}", id="quote that goes on"),
    pytest.param("- {}", id="list"),
    pytest.param("1. {}", id="numbered list"),
    pytest.param("- [ ] {}", id="task"),
    pytest.param("- Steps\n\n  {}", id="second paragraph in a list"),
    pytest.param("`{}`", id="code span"),
    pytest.param("`a\n{}\nb`", id="code span of several lines"),
    pytest.param("**a\n{}\nb**", id="bold"),
    pytest.param("~~a\n{}\nb~~", id="struck out"),
    pytest.param("[a\n{}\nb](https://example.test)", id="link"),
    pytest.param("# {}", id="heading"),
    pytest.param("| a |\n|---|\n| {} |", id="table"),
    pytest.param("| a |\n|---|\n{}", id="table's row without bars"),
    pytest.param("<!--\n\n{}\n\n-->", id="HTML comment"),
    pytest.param("see <!--\n{}\n--> there", id="HTML comment in a paragraph"),
    pytest.param("<div>\n{}\n</div>", id="HTML"),
    pytest.param("<details>\n\n{}\n\n</details>", id="paragraph in HTML"),
    pytest.param("<details><summary>x</summary>\n\n<div>\n\n</div>\n\n{}", id="paragraph in HTML left open"),
    pytest.param("[a]: https://example.test '\n{}\n'", id="link's definition"),
    pytest.param("\\{}", id="escaped slash"),
    pytest.param("Try {}", id="middle of a line"),
    pytest.param("/{}", id="two slashes"),
]

lines = st.text(st.characters(codec="utf-8") | st.sampled_from("`~>#-*/|<![](\\ \t@&"), max_size=40)
prose = st.text("abc XYZ.,@0-", min_size=1, max_size=30).map(lambda text: f"So {text.strip()}")
commands = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}(_[a-z0-9]{3,8})?", fullmatch=True).map(
        lambda login: Command(name="spoc", value=login)
    ),
    st.sampled_from(Priority).map(lambda one: Command(name="priority", value=one.value)),
    st.dates(TODAY, TODAY.replace(year=TODAY.year + 2)).map(
        lambda day: Command(name="target", value=day.isoformat())
    ),
    st.sampled_from(["uat", "released", "help"]).map(lambda name: Command(name=name)),
)


def said(comment: str, today: date = TODAY) -> list[str]:
    """What the bot replies to the commands of a comment that cannot run."""
    return [problem(one, today) for one in read(comment, today).problems]


def written(command: Command) -> str:
    at = "@" if command.name == "spoc" else ""
    return f"/{command.name} {at}{command.value}".rstrip()


@pytest.mark.parametrize("line", VALID)
def test_a_line_that_is_a_command_is_read(line: str) -> None:
    assert read(line, TODAY) == Reading(commands=(VALID[line],))


@pytest.mark.parametrize(
    "line",
    [
        "/Priority HIGH",
        "  /priority   high  ",
        "/priority high.",
        "/priority: high",
        "/priority=high!",
        "/priority\u00a0high\u200b",
        "/priority **high**",
        "/priority high <!-- as agreed -->",
    ],
)
def test_case_spaces_punctuation_and_formatting_of_a_value_do_not_matter(line: str) -> None:
    assert read(line, TODAY) == Reading(commands=(VALID["/priority high"],))


@pytest.mark.parametrize("line", ["/spoc juniper", "/SPOC @juniper,"])
def test_a_login_needs_no_at_sign(line: str) -> None:
    assert read(line, TODAY) == Reading(commands=(VALID["/spoc @juniper"],))


def test_every_line_of_a_paragraph_counts() -> None:
    comment = "Thank you, looks good.\r\n/spoc @juniper\r\n/priority high\r\nSee you.  \n/uat"

    reading = read(comment, TODAY)

    assert [command.name for command in reading.commands] == ["spoc", "priority", "uat"]
    assert not reading.problems


@pytest.mark.parametrize(
    "signature", ["-- \nJuniper", "---\nJuniper", "===", "\nOn Monday, Sage wrote:\n> /released"]
)
def test_an_answer_by_email_is_read_above_its_signature_and_quote(signature: str) -> None:
    assert read(f"/uat\n{signature}", TODAY) == Reading(commands=(VALID["/uat"],))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("line", [*VALID, "/prioritty high", "/target tomorrow"])
def test_a_command_that_is_quoted_or_shown_is_text(wrapping: str, line: str) -> None:
    assert read(wrapping.format(line), TODAY) == NOTHING


@pytest.mark.parametrize(
    "wrapping", ["```\nx\n```", "> x\n", "<div>\n\nx\n\n</div>\n", "<!-- <details> -->", "- x\n\n"]
)
def test_a_command_after_what_is_quoted_or_shown_counts(wrapping: str) -> None:
    assert read(f"{wrapping}\n/uat", TODAY) == Reading(commands=(VALID["/uat"],))


@pytest.mark.parametrize(
    "line",
    [
        "/etc/hosts is broken",
        "/usr/bin",
        "/home",
        "/uat/login is broken",
        "/uat/",
        "/priority/high",
        "/spec fails",
        "/heap",
        "/",
        "/ uat",
        "/*uat*",
        "/`uat`",
        "/[uat](https://example.test)",
        "uat",
        "",
        " \n\n",
    ],
)
def test_a_path_or_any_other_word_is_text(line: str) -> None:
    assert read(line, TODAY) == NOTHING
    assert read(line, TODAY).is_empty


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/prioritty high", "/priority"),
        ("/Realeased", "/released"),
        ("/targte 2026-12-01", "/target"),
        ("/hlp", "/help"),
    ],
)
def test_a_slip_of_the_pen_is_asked_about(line: str, meant: str) -> None:
    reading = read(line, TODAY)

    assert f"Did you mean `{meant}`?" in said(line)[0]
    assert not reading.commands
    assert not reading.is_empty


@pytest.mark.parametrize("line", WRONG)
def test_a_command_that_is_wrong_is_a_problem_and_nothing_else(line: str) -> None:
    reading = read(line, TODAY)

    assert len(reading.problems) == 1
    assert not reading.commands


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tomorrow", "year-month-day"),
        ("12/01/2026", "year-month-day"),
        ("2026-12-01T10:00Z", "nothing else"),
        ("2027-02-30", "not a date on the calendar"),
        ("2026-11-01", "in the past"),
        ("2028-11-03", "more than two years away"),
    ],
)
def test_a_date_that_cannot_be_taken_is_answered_with_one_that_can(value: str, words: str) -> None:
    [sentence] = said(f"/target {value}")

    assert words in sentence
    assert f"`/target {value}`" in sentence
    assert "such as `/target 2026-11-16`" in sentence


@pytest.mark.parametrize("day", ["2026-11-02", "2028-11-02"])
def test_a_target_may_be_today_or_two_years_ahead(day: str) -> None:
    assert read(f"/target {day}", TODAY).commands == (Command(name="target", value=day),)


def test_two_years_after_a_leap_day_end_with_february() -> None:
    leap_day = date(2028, 2, 29)

    assert read("/target 2030-02-28", leap_day).commands
    assert read("/target 2030-03-01", leap_day).problems


def test_the_same_command_twice_counts_once() -> None:
    reading = read("/spoc @Juniper\n/uat\n/spoc juniper\n/uat", TODAY)

    assert reading == Reading(commands=(Command(name="spoc", value="Juniper"), VALID["/uat"]))


def test_a_command_with_two_values_does_not_count_and_others_do() -> None:
    comment = "/priority high\n/uat\n/priority low\n/priority low"

    [sentence] = said(comment)

    assert "`/priority` more than once" in sentence
    assert read(comment, TODAY).commands == (VALID["/uat"],)


def test_a_problem_keeps_no_other_command_from_counting() -> None:
    reading = read("/target tomorrow\n/uat\n/target tomorrow", TODAY)

    assert reading.commands == (VALID["/uat"],)
    assert len(reading.problems) == 1


def test_as_many_commands_as_may_be_are_obeyed_and_of_more_none() -> None:
    most = "/uat\n" * (MOST - 2) + "/target tomorrow\n/prioritty high\n"

    assert read(most, TODAY).commands == (VALID["/uat"],)
    reading = read(f"{most}/released", TODAY)
    assert not reading.commands
    assert len(reading.problems) == 1
    assert "11 commands and none of them ran" in said(f"{most}/released")[0]


@pytest.mark.parametrize("line", ["/priority @octo-org/identity #12", "/target " + "1`" * 2_000, "/targ@t"])
def test_a_problem_shows_what_was_written_as_code_and_not_much_of_it(line: str) -> None:
    [sentence] = said(line)

    drawn = MarkdownIt("commonmark").parseInline(sentence)[0].children or []
    text = "".join(piece.content for piece in drawn if piece.type == "text")
    assert {piece.type for piece in drawn} == {"text", "code_inline"}
    assert not set("@#`1") & set(text)
    assert len(sentence) < 400


def test_whatever_follows_link_is_taken_for_a_code() -> None:
    """Whoever mistypes one must be told as if it were wrong, whatever else their comment has."""
    reading = read("/link it seems\n/uat", TODAY)

    assert reading.commands == (Command(name="link", value="it seems"), Command(name="uat"))
    assert reading.without("link") == Reading(commands=(Command(name="uat"),))
    assert read("/link", TODAY).without("link").is_empty
    assert read("See /link.\n/link/7KQ2M9XA", TODAY).is_empty


def test_the_help_names_every_command_and_is_none() -> None:
    assert all(f"`{line.removesuffix(' hunter2')}" in HELP.replace("@login", "@juniper") for line in VALID)
    assert read(HELP, TODAY) == NOTHING


@pytest.mark.parametrize("line", [*WRONG, "/uat\n" * 11, "/priority low\n/priority high"])
def test_a_problem_is_not_read_as_a_command(line: str) -> None:
    """The bot's answers come back to it as comments."""
    problems = said(line)

    assert problems
    for answer in (*problems, "\n".join(problems), "\n\n".join(problems), f"{problems[0]}\n\n{HELP}"):
        assert read(answer, TODAY) == NOTHING


@given(
    st.lists(lines | st.sampled_from([*VALID, *WRONG]), max_size=12), st.sampled_from(["\n", "\n\n", "\r\n"])
)
def test_any_comment_is_read_and_what_is_said_of_it_is_no_command(parts: list[str], end: str) -> None:
    reading, problems = read(end.join(parts), TODAY), said(end.join(parts))

    assert len(reading.commands) <= len(VALID)
    assert len(reading.problems) <= MOST
    assert read("\n".join(problems), TODAY) == NOTHING
    for sentence in problems:
        assert "\n" not in sentence
        assert read(sentence, TODAY) == NOTHING


# fmt: off
HOSTILE = ["![", "[", "](", "[]", "[a](", "[a]: x\n", "*a ", "**", "*_", "~~a", "`", "` `` ", "<", "<a ", "<!--", "<?",
           "> ", "- ", "\\", "&amp", "|a", "(", "/a\n", "/prioritx\n", "/a ", "/", "\u200b", "\u0301", " ", "\n"]
# fmt: on


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("command", ["", "/priority high\n\n"])
def test_a_long_comment_is_refused_before_it_is_parsed(
    mocker: MockerFixture, piece: str, command: str
) -> None:
    """GitHub takes 65,536 characters from anybody who can see the issue."""
    parse = mocker.spy(MarkdownIt, "parse")

    reading = read(command + (piece * 65_536)[:65_000], TODAY)

    assert parse.call_count == 0
    assert {one.kind for one in reading.problems} <= {ProblemKind.TOO_LONG}
    assert not reading.commands


@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (f"/priority high\n\n{piece * length}")[:length]
        times = []
        for _ in range(3):
            began = time.process_time()
            read(text, TODAY)
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(4_800) < 8 * seconds(1_200) + 0.01


def test_a_long_comment_with_a_command_is_told_to_be_shorter() -> None:
    [sentence] = said("/priority high\n\n" + "word " * 2_000)

    assert sentence.startswith(
        "This comment has 10,016 characters and the bot reads commands in at most 5,000"
    )
    assert read("/usr/bin/env\n" + "word " * 2_000, TODAY) == NOTHING
    assert read("/priority high\n\n" + "word " * 900, TODAY).commands


@given(st.text(st.characters()))
def test_no_text_makes_reading_fail(text: str) -> None:
    """Lone surrogates and control characters too."""
    for comment in (text, f"/{text}", f"/target {text}", f"[a](<{text}>)"):
        for sentence in said(comment):
            assert read(sentence, TODAY) == NOTHING


@given(
    st.lists(commands | st.sampled_from([*VALID, "/targett"]), min_size=1),
    st.sampled_from(["```", "~~~~", "> ", "    "]),
)
def test_whatever_is_fenced_quoted_or_indented_is_text(parts: list[Command | str], wrapping: str) -> None:
    inside = [part if isinstance(part, str) else written(part) for part in parts]

    if wrapping.endswith(" "):
        comment = "\n".join(wrapping + line for line in inside)
    else:
        comment = "\n".join([wrapping, *inside, wrapping])

    assert read(comment, TODAY) == NOTHING
    assert read(f"So:\n\n{comment}\n\nThanks.", TODAY) == NOTHING


@given(st.lists(st.tuples(prose, commands), max_size=6, unique_by=lambda pair: pair[1].name), st.booleans())
def test_commands_between_lines_of_prose_come_back_in_order(
    pairs: list[tuple[str, Command]], apart: bool
) -> None:
    end = "\n\n" if apart else "\n"
    comment = end.join(line for text, command in pairs for line in (text, written(command)))

    assert read(comment, TODAY) == Reading(commands=tuple(command for _, command in pairs))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_example_in_a_problem_is_itself_a_good_command(today: date) -> None:
    [sentence] = said("/target soon", today)

    example = (today + timedelta(days=14)).isoformat()
    assert sentence.endswith(f"`/target {example}`.")
    assert read(f"/target {example}", today).commands


# A text to remove


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("hunter2!", "hunter2!"),
        ("p*ss*w_or_d\\_&amp;", "p*ss*w_or_d\\_&amp;"),
        ("`` a`b*c* ``", "a`b*c*"),
        ("`hunter2` or `hunter3`", "`hunter2` or `hunter3`"),
        ("https://user:pass@example.test", "https://user:pass@example.test"),
        ("  two  words  ", "two  words"),
    ],
)
def test_a_text_to_remove_is_taken_as_it_was_written(written: str, text: str) -> None:
    assert read(f"Hello,\n/redact {written}\nBye", TODAY).commands == (Command(name="redact", value=text),)


def test_several_texts_can_be_removed_at_once_and_case_matters() -> None:
    commands = read("/redact hunter2\n/redact Hunter2\n/redact hunter2\n/redact", TODAY).commands

    assert [one.value for one in commands] == ["hunter2", "Hunter2", ""]


@pytest.mark.parametrize("comment", ["/redact abc", "/redactt hunter2", "/redact ab\n/priority abc"])
def test_no_problem_repeats_what_was_to_be_removed(comment: str) -> None:
    found = read(comment, TODAY).problems

    said = " ".join(problem(one, TODAY) for one in found)
    assert "/redact" in said
    assert not any(text in said for text in ("hunter2", " abc.", "ab `"))


def test_a_line_that_cannot_be_told_from_its_neighbors_is_read_as_people_see_it() -> None:
    comment = "`a piece\nof code`\n/redact hun_ter_2"

    assert read(comment, TODAY).commands == (Command(name="redact", value="hun_ter_2"),)


@pytest.mark.parametrize("comment", ["/internal not for them", "\n /Internal\ntext", "/internal"])
def test_a_comment_that_begins_so_is_internal(comment: str) -> None:
    assert is_internal(comment)


@pytest.mark.parametrize("comment", ["not /internal", "/internally", "/internal/docs", "> /internal", ""])
def test_other_comments_are_not_internal(comment: str) -> None:
    assert not is_internal(comment)
