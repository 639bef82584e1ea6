"""What every request type has beneath its own: the privacy gate, the standard words, and an issue that stays whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from identity_bot import (
    Action,
    Audience,
    Choice,
    Choices,
    CloseReason,
    Date,
    Email,
    Event,
    EventKind,
    Files,
    Form,
    LongText,
    Member,
    Number,
    Option,
    Person,
    ShortText,
    Stage,
    Ticket,
    TicketState,
    Url,
    YesNo,
    default_issue,
)
from identity_bot.errors import Invalid
from identity_bot.forms.form import load
from identity_bot.github.issue_body import LONGEST_BODY, body, ticket_id_in, with_status
from identity_bot.plugins import defaults
from identity_bot.plugins.defaults import hints
from identity_bot.text.privacy import NO_ADDITIONS, Additions
from identity_bot.tickets.model import IssueDraft, MessageRef, ticket_id
from identity_bot.tickets.service_levels import ServiceLevels

SETTINGS: dict[str, Any] = {
    "leads": [],
    "messages": {},
    "people": [],
    "conversation": False,
    "privacy": NO_ADDITIONS,
    "service_levels": ServiceLevels(),
}
SSN = "123-45-6789"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2"
FULL = Form(
    title="Everything",
    questions=[
        ShortText(name="short", label="Short", required=False),
        LongText(name="long", label="Long", required=False),
        Url(name="url", label="Address", required=False),
        Email(name="email", label="E-mail", required=False),
        Number(name="number", label="Number", required=False),
        Date(name="date", label="Day", required=False),
        Choice(name="choice", label="One", options=[Option("a", f"Label {SSN}")], required=False),
        Choices(name="choices", label="Several", options=["a", "b"], required=False),
        YesNo(name="yes_no", label="Yes or no", required=False),
        Member(name="member", label="Who", required=False),
        Files(name="files", label="Files", required=False),
    ],
)
COMMON = {"team": "Benefits", "name": "Juniper Vale", "production": False}
HOSTILE = [
    "@octo/identity",
    "#12 GH-12 octo/repo#1",
    "Closes #3",
    "Duplicate of #3",
    "https://github.com/octo/repo/issues/1",
    "www.evil.test",
    "a@evil.test",
    "<!-- identity-bot:status -->",
    "<!-- identity-bot:end -->",
    f"<!-- identity-bot:ticket={ticket_id('forged')} -->",
    "<!--",
    "-->",
    "<details>",
    "<script>alert(1)</script>",
    "![x](https://evil.test/a.png)",
    "[a](javascript:b)",
    "# Heading",
    "- [x] task",
    "> quote",
    "| a | b |\n|---|---|\n| c | d |",
    "`",
    "``",
    "```",
    "`" * 90,
    "~~~",
    "\n",
    "\n\n",
    "\r",
    "    ",
    "\t",
    "\\",
    "***",
    "---",
    "[^1]: note",
    "$x$",
    ":tada:",
    "\x00",
    "\u202e",
    "\u2028",
    "\ud800",
    "😀",
    "שלום",
]
nasty = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), min_size=1, max_size=12).map("".join)
nasty_answers = st.fixed_dictionaries(
    {},
    optional={
        "short": nasty,
        "long": nasty,
        "member": st.fixed_dictionaries({"id": st.just("U1"), "name": nasty}),
        "files": st.lists(
            st.fixed_dictionaries({"id": st.just("F1"), "name": nasty}), min_size=1, max_size=3
        ),
        "url": nasty.map(lambda text: f"https://va.gov/{text}"),
        "email": nasty,
    },
)


def ticket(answers: dict[str, Any], **more: Any) -> Ticket:
    known: dict[str, Any] = {
        "id": ticket_id("V1"),
        "type": "full",
        "requestor": Person(slack_id="U1", handle="juniper", name="Juniper Vale", team="Benefits"),
        "answers": COMMON | answers,
        "submitted_at": 0.0,
        "number": 7,
        "url": "https://github.test/o/r/issues/7",
    }
    return Ticket(**known | more)


def kept(typed: dict[str, Any]) -> dict[str, Any]:
    """The answers as they are kept; those that are refused are left out."""
    try:
        return dict(load(FULL, COMMON | typed))
    except Invalid as refused:
        return dict(load(FULL, COMMON | {k: v for k, v in typed.items() if k not in refused.problems}))


def parsed(markdown: str) -> list[Token]:
    """Markdown as GitHub reads it, tables and struck text included."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def outside_code(markdown: str) -> list[str]:
    """All that is not in code: what a reader of Markdown could still find a mention, a link or a heading in."""
    found = []
    for token in parsed(markdown):
        if token.type == "inline":
            harmless = {"code_inline", "strong_open", "strong_close"}
            found += [
                child.content or child.type
                for child in token.children or []
                if child.type not in harmless and (child.type != "text" or child.content.strip())
            ]
        elif token.type not in (
            "heading_open",
            "heading_close",
            "paragraph_open",
            "paragraph_close",
            "fence",
        ):
            found.append(token.type)
    return found


# The privacy gate


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({"short": f"his ssn is {SSN}"}, {"short"}),
        ({"long": f"line one\nssn: {SSN}"}, {"long"}),
        ({"team": SSN}, {"team"}),
        ({"name": f"Ada {SSN}"}, {"name"}),
        ({"files": [{"id": "F1", "name": f"{SSN}.png", "link": ""}]}, {"files"}),
        ({"short": SSN, "long": "dob 1/2/1980"}, {"short", "long"}),
        ({"email": f"a@va.gov password: {'hunter2!'}"}, {"email"}),
        ({"url": f"https://va.gov/?ssn={SSN}"}, {"url"}),
        ({"url": "https://va.gov/search?q=a&edipi=1005169255"}, {"url"}),
        ({"url": "https://va.gov/?icn=1005169255V123456"}, {"url"}),
        ({"url": "https://va.gov/?ssn=531%2D22%2D8410"}, {"url"}),
        ({"url": f"https://va.gov/{SSN}"}, set()),
        ({"url": "https://github.com/o/r/pull/12?w=1#discussion_r1234567890"}, set()),
        ({"url": "https://github.com/o/r/pull/12/files#diff-123-45-6789R123-R456"}, set()),
        ({"url": "https://github.com/o/r/pull/1234567890V123456"}, set()),
        ({"url": f"https://va.gov/?token={TOKEN}"}, {"url"}),
        ({"url": "https://hooks.slack.com/services/T000/B000/abcdefgh"}, {"url"}),
        ({"files": [{"id": "F1", "name": "a.png", "link": f"https://files.test/{SSN}"}]}, set()),
        ({"choice": "a"}, set()),
        ({"number": 123456789}, set()),
        ({"member": {"id": "U1", "name": SSN}}, set()),
        ({"email": "ada@va.gov", "short": "call 202-555-0143"}, set()),
        ({}, set()),
    ],
)
def test_personal_data_is_refused_in_what_people_write_and_in_the_queries_of_addresses(
    answers: dict[str, Any], refused: set[str]
) -> None:
    assert set(defaults.validate(COMMON | answers, FULL, SETTINGS)) == refused


def test_an_operator_can_have_more_refused_and_less() -> None:
    added = Additions(patterns=(r"\bproject-\d{4}\b",), exceptions=(r"123-45-\d{4}", r"ada@va\.gov"))
    answers = COMMON | {"short": "Project-4711 is secret", "long": f"{SSN}, or 219-44-8812, of ada@va.gov"}

    refused = defaults.validate(answers, FULL, SETTINGS | {"privacy": added})
    refused_less = defaults.validate(COMMON | {"long": SSN}, FULL, SETTINGS | {"privacy": added})

    assert set(refused) == {"short", "long"}
    assert refused["short"].startswith("This looks like something that your team keeps out of tickets")
    assert refused_less == {}
    assert hints(FULL, answers, SETTINGS | {"privacy": added}) == []


def test_the_gate_names_the_kind_and_never_the_value() -> None:
    [said] = defaults.validate(COMMON | {"long": f"ssn {SSN}, dob 1/2/1980"}, FULL, SETTINGS).values()

    assert said == (
        "This looks like a Social Security number and a date of birth, which must not be in a ticket. "
        "Please leave it out. The team will ask you for it safely if they need it."
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"long": "write to ada@va.gov"}, "an e-mail address"),
        ({"short": "call 202-555-0143"}, "a phone number"),
        ({"short": "call 202-555-0143", "long": "or ada@va.gov"}, "a phone number and an e-mail address"),
        ({"email": "ada@va.gov"}, ""),
        ({"url": "https://va.gov/ada@va.gov"}, ""),
        ({"url": "https://va.gov/?email=ada%40va.gov"}, "an e-mail address"),
        ({"long": "nothing"}, ""),
    ],
)
def test_what_may_be_personal_is_remarked_unless_it_was_asked_for(answers: dict[str, Any], said: str) -> None:
    found = hints(FULL, COMMON | answers, SETTINGS)

    assert [text.partition(". ")[0] for text in found] == ([f"Your request contains {said}"] if said else [])


# The standard words


def test_requestor_and_team_are_told_and_the_intake_channel_where_the_thread_is_elsewhere() -> None:
    event = Event(kind=EventKind.CREATED, ticket_id=ticket_id("V1"), at=0.0)
    elsewhere = ticket({}, origin=MessageRef(channel="C9", ts="1.2"))

    told = defaults.notify(ticket({}), event, FULL, SETTINGS)
    told_elsewhere = defaults.notify(elsewhere, event, FULL, SETTINGS)

    assert [one.to for one in told] == [Audience.REQUESTOR, Audience.TEAM]
    assert {one.to for one in told_elsewhere} == {Audience.REQUESTOR, Audience.TEAM, Audience.INTAKE}
    assert all("<https://github.test/o/r/issues/7|#7>" in one.text for one in told_elsewhere)
    assert [one.is_card for one in told] == [False, True]


@pytest.mark.parametrize("is_sensitive", [True, False])
def test_the_intake_channel_hears_of_a_closed_ticket_but_never_of_a_sensitive_one(is_sensitive: bool) -> None:
    closed = TicketState(stage=Stage.CLOSED, close_reason=CloseReason.COMPLETED)
    event = Event(kind=EventKind.CLOSED, ticket_id=ticket_id("V1"), at=0.0, was=TicketState())

    told = defaults.notify(ticket({}, state=closed, is_sensitive=is_sensitive), event, FULL, SETTINGS)

    assert [one.to for one in told] == [Audience.REQUESTOR, *([] if is_sensitive else [Audience.INTAKE])]


def test_a_sensitive_ticket_that_was_asked_for_in_a_thread_is_not_announced_either() -> None:
    event = Event(kind=EventKind.CREATED, ticket_id=ticket_id("V1"), at=0.0)
    sensitive = ticket({}, origin=MessageRef(channel="C9", ts="1.2"), is_sensitive=True, is_direct=True)

    told = defaults.notify(sensitive, event, FULL, SETTINGS)

    assert [one.to for one in told] == [Audience.REQUESTOR, Audience.TEAM]


@pytest.mark.parametrize(
    ("kind", "buttons"),
    [
        (EventKind.CREATED, (Action.CLOSE,)),
        (EventKind.READY_FOR_UAT, (Action.ACCEPT, Action.REJECT)),
        (EventKind.TARGET_SET, ()),
    ],
)
def test_only_the_requestor_gets_buttons_for_what_they_can_do(
    kind: EventKind, buttons: tuple[Action, ...]
) -> None:
    event = Event(kind=kind, ticket_id=ticket_id("V1"), at=0.0, was=TicketState())

    told = defaults.notify(ticket({}), event, FULL, SETTINGS)

    assert [one.buttons for one in told if one.to is Audience.REQUESTOR] == [buttons]
    assert not any(one.buttons for one in told if one.to is not Audience.REQUESTOR)


def test_leads_are_mentioned_only_when_it_is_urgent() -> None:
    event = Event(kind=EventKind.CREATED, ticket_id=ticket_id("V1"), at=0.0)
    leads = SETTINGS | {
        "leads": [{"slack": "U0LEAD", "github": "lead"}, {"github": "only"}, {"slack": "U0OTHER"}]
    }

    calm = " ".join(one.text for one in defaults.notify(ticket({}), event, FULL, leads))
    urgent = " ".join(one.text for one in defaults.notify(ticket({}, is_urgent=True), event, FULL, leads))

    assert "U0LEAD" not in calm
    assert "<@U0LEAD> <@U0OTHER>" in urgent


# The issue


def test_every_answer_stands_under_its_question_with_the_common_ones_last() -> None:
    answers = {"short": "s", "long": "one\ntwo", "choices": ["a", "b"], "yes_no": False, "number": 5}

    written = default_issue(ticket(answers), FULL)

    assert written.title == "Everything: Benefits"
    assert written.labels == ("full",)
    assert re.findall(r"^(?:### |\*\*)(.*?)(?:\*\* `.*`)?$", written.body, re.MULTILINE) == [
        "Short",
        "Long",
        "Number",
        "Several",
        "Yes or no",
        "Your team",
        "Your name",
        "Does this affect Veterans in production?",
    ]
    assert "### Long\n\n```text\none\ntwo\n```\n\n**Number** `5`\n\n" in written.body
    assert "**Yes or no** `No`" in written.body


def test_a_question_that_reads_like_markdown_is_shown_as_it_was_written() -> None:
    asked = Form(
        title="X", questions=[YesNo(name="q", label="Which <environment> of *all* [two]_three_ @a #1?")]
    )

    tokens = parsed(default_issue(ticket({"q": True}), asked).body)
    heading = next(token for token in tokens if token.type == "inline")

    shown = "".join(child.content for child in heading.children or [] if child.type != "code_inline")
    assert shown.strip() == "Which <environment> of *all* [two]_three_ @a #1?"


@given(nasty_answers)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_no_answer_of_any_kind_breaks_out_of_its_place(typed: dict[str, Any]) -> None:
    answers = kept(typed)
    written = default_issue(ticket(answers), FULL)

    assert set(outside_code(written.body)) <= {question.label for question in FULL.all_questions}
    assert len(outside_code(written.body)) == len(answers)
    assert "\n" not in written.title


@given(nasty, nasty)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_hostile_name_or_team_does_not_break_the_issue_or_its_title(name: str, team: str) -> None:
    answers = kept({"name": name, "team": team})
    asked_by = Person(slack_id="U1", name=answers["name"], team=answers["team"], handle=f"x{name}")
    hostile = ticket(answers, requestor=asked_by)

    written = default_issue(hostile, FULL)
    whole = body(hostile, written.body)

    assert "\n" not in written.title
    assert 0 < len(written.title) <= 200
    comments = [token.content.strip() for token in parsed(whole) if token.type == "html_block"]
    assert comments[:-1] == ["<!-- identity-bot:status -->", "<!-- identity-bot:end -->"]
    assert comments[-1].startswith(f"<!-- identity-bot:ticket={hostile.id} ")
    labels = {question.label for question in FULL.all_questions}
    said = [text for text in outside_code(whole) if text not in labels and text != "html_block"]
    assert said == ["Requested by ", " (in Slack ", "), team ", f" · reference {hostile.reference}"]


@given(nasty_answers, nasty)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_only_the_bots_own_marker_counts(typed: dict[str, Any], name: str) -> None:
    answers = kept(typed | {"name": name})
    mine = ticket(answers, requestor=Person(slack_id="U1", name=answers["name"], handle=name))
    written = body(mine, default_issue(mine, FULL).body)

    assert ticket_id_in(written) == mine.id
    assert ticket_id_in(written.removesuffix(written.splitlines()[-1])) is None


@given(nasty, nasty)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_status_block_is_replaced_whole_whatever_the_requestors_name(name: str, handle: str) -> None:
    mine = ticket({}, requestor=Person(slack_id="U1", name=name, handle=handle))
    written = body(mine, "Request")
    linked = ticket(
        {}, requestor=mine.requestor, thread=MessageRef(channel="C1", ts="1", link="https://slack.test/p")
    )

    once = with_status(written, linked)

    assert with_status(once, linked) == once
    assert with_status(once, mine) == written


def test_an_issue_of_many_long_answers_is_cut_evenly_and_says_so() -> None:
    asked = Form(title="Long", questions=[LongText(name=f"q{n}", label=f"Question {n}") for n in range(60)])
    answers = {f"q{n}": "".join(chr(0x4E00 + n) for _ in range(3000)) for n in range(60)}

    written = body(ticket(answers), default_issue(ticket(answers), asked).body)

    assert len(written) <= LONGEST_BODY
    assert "*The longest answers are cut short" in written
    assert len(written) > 50_000
    fences = [token.content for token in parsed(written) if token.type == "fence"]
    assert len(fences) == 60
    assert len(set(map(len, fences))) == 1
    assert written.count("more characters were left out.") == 60


def test_short_answers_among_long_ones_stay_whole() -> None:
    asked = Form(title="Long", questions=[LongText(name=f"q{n}", label=f"Question {n}") for n in range(60)])
    answers = {f"q{n}": "x" * 3000 for n in range(59)} | {"q59": "short and whole"}

    assert "\nshort and whole\n" in default_issue(ticket(answers), asked).body


@pytest.mark.parametrize("hostile", ["`" * 3000, "`\n" * 1500, ("`" * 79 + " ") * 37, "😀" * 3000])
def test_the_largest_and_worst_form_fits_into_an_issue_and_no_fence_is_cut(hostile: str) -> None:
    asked = Form(title="Long", questions=[LongText(name=f"q{n}", label=f"Q{n} " * 50) for n in range(93)])
    answers = {f"q{n}": hostile for n in range(93)}

    written = default_issue(ticket(answers), asked).body

    assert len(written) <= IssueDraft.LONGEST_BODY
    labels = {question.label for question in asked.questions}
    notes = {
        one for one in outside_code(written) if one not in labels and "more characters were left" not in one
    }
    assert all(len(one) < 200 and "`" not in one for one in notes)
    assert sum(token.type == "fence" for token in parsed(written)) == 93


def test_answers_to_questions_that_are_gone_are_not_lost() -> None:
    written = default_issue(ticket({"removed": "kept @octo"}), FULL).body

    assert "**removed** `kept @octo`" in written


def test_answers_of_another_kind_than_the_form_now_asks_do_no_harm() -> None:
    older = {"files": "@octo", "member": ["x"], "number": "many", "choices": 5}

    assert not [text for text in outside_code(default_issue(ticket(older), FULL).body) if "octo" in text]
