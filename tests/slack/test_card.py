"""The card shows the truth and offers what is possible; an action's form asks for what it needs and checks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot import Form, LongText, Person, YesNo
from identity_bot.errors import Invalid
from identity_bot.forms import limits
from identity_bot.messages import words
from identity_bot.slack.card import (
    FORM,
    REASON,
    VALUE,
    Click,
    action_form,
    card,
    change_in,
    click_behind,
    click_in,
    team_options,
)
from identity_bot.tickets.actions import ACTIONS, By, possible
from identity_bot.tickets.duplicates import DuplicateProblem, NotAnOriginal
from identity_bot.tickets.model import (
    Action,
    Approval,
    Change,
    CloseReason,
    MessageRef,
    Priority,
    Stage,
    Ticket,
    TicketState,
)
from identity_bot.tickets.people import People
from identity_bot_sandbox.slack.limits import check_message, check_view
from tests.slack.test_modal import DRAFT, FULL, spoken, text, ticket

PEOPLE = People(
    [
        {"slack": "U0INDIGO", "github": "indigo-marshwick"},
        {"slack": "U0LINDEN", "github": "linden-brookmere"},
    ]
)
TEAM = frozenset({"U0INDIGO", "U0LINDEN", "U0SAGE"})
TODAY = date(2026, 11, 21)
FORMS = {action for action, row in ACTIONS.items() if row.has_form}
CLICK = Click(action=Action.REJECT, ticket_id="T1", text="Ready", response_url="https://hooks.slack.test/1")


def at(stage: Stage, **state: Any) -> Ticket:
    """A ticket at a stage."""
    return ticket(
        answers={},
        headline="Ticket",
        state=TicketState(stage=stage, **state),
        repository="sandbox-org/requests",
    )


def buttons(shown: Mapping[str, Any]) -> dict[str, str]:
    """What a card's buttons say, by their action ids."""
    return {
        element["action_id"]: element["text"]["text"]
        for block in shown["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    }


def facts_on(shown: Mapping[str, Any]) -> dict[str, str]:
    """What a card says besides the answers."""
    lines = [line for line in shown["text"].split("\n") if line.startswith("*") and ":* " in line]
    return dict(line[1:].split(":* ", 1) for line in lines)


def sent(click: Click, **entered: Any) -> dict[str, Any]:
    """An action's form as Slack sends it, with a value and a reason entered."""
    values = {}
    if "value" in entered:
        state = entered["value"]
        values[VALUE] = {VALUE: state if isinstance(state, dict) else {"selected_option": {"value": state}}}
    if "reason" in entered:
        values[REASON] = {REASON: {"type": "plain_text_input", "value": entered["reason"]}}
    return {**action_form(at(Stage.UAT), click), "state": {"values": values}}


def read(action: Action, **entered: Any) -> Change:
    """The change that a form asks for."""
    click = replace(CLICK, action=action)
    return change_in(
        sent(click, **entered),
        action,
        people=PEOPLE,
        is_team=TEAM.__contains__,
        today=TODAY,
        original=original,
    )


def original(written: str) -> Ticket:
    """The only ticket that others can be duplicates of."""
    if written.strip() != "#12":
        raise NotAnOriginal(DuplicateProblem.UNREADABLE)
    return replace(ticket(), id="the id of #12", number=12)


def entered(text: str) -> dict[str, Any]:
    """A text as Slack sends it."""
    return {"type": "plain_text_input", "value": text}


def problem(action: Action, **entered: Any) -> dict[str, str]:
    """What is wrong with a form."""
    with pytest.raises(Invalid) as refused:
        read(action, **entered)
    return refused.value.problems


def test_the_card_of_an_issue_that_was_written_in_github_shows_its_title_unless_it_is_sensitive() -> None:
    adopted = ticket(type="", title="Sign-in fails for <everybody>", answers={})

    shown = [str(card(one, None, PEOPLE)) for one in (adopted, replace(adopted, is_sensitive=True))]

    assert "*Title*\\nSign-in fails for &lt;everybody&gt;" in shown[0]
    assert "Sign-in" not in shown[1]


def test_the_cards_headline_says_how_far_the_ticket_has_come() -> None:
    drawn = MessageRef(channel="C0TEAM", ts="1")
    duplicate = at(Stage.CLOSED, close_reason=CloseReason.DUPLICATE)

    headlines = [
        card(one, FULL, PEOPLE)["blocks"][0]["text"]["text"]
        for one in (at(Stage.OPEN), replace(at(Stage.UAT), card=drawn), replace(duplicate, card=drawn))
    ]

    assert headlines == ["*New.* Ticket", "*Ready for UAT.* Ticket", "*Closed as a duplicate.* Ticket"]


def test_a_ticket_that_was_assigned_before_its_card_was_posted_is_not_called_new() -> None:
    """Such as an issue that was adopted."""
    assert words.headline(replace(at(Stage.ASSIGNED), card=None)) == "*Assigned.* Ticket"


def person(slack_id: str) -> dict[str, str]:
    return {"type": "external_select", "selected_option": {"value": slack_id}}


def day(written: str) -> dict[str, str]:
    return {"type": "datepicker", "selected_date": written}


# The card


def test_a_card_shows_how_far_the_ticket_has_come() -> None:
    shown = card(
        at(
            Stage.IN_PROGRESS,
            priority=Priority.HIGH,
            assignees=("linden-brookmere", "unknown-login"),
            spoc="slack:U0SAGE",
            target=date(2026, 12, 1),
        ),
        FULL,
        PEOPLE,
    )

    assert check_message(shown) == []
    assert facts_on(shown) == {
        "Type": "Everything",
        "Requestor": "Juniper Vale",
        "Team": "Benefits",
        "Urgent": "No",
        "Stage": "In progress",
        "Priority": "high",
        "SPOC": "<@U0SAGE>",
        "Assigned to": "<@U0LINDEN>, unknown-login",
        "Target date": "December 1, 2026",
        "Requested": "<!date^0^{date_short_pretty} at {time} ({ago})|1970-01-01 00:00 UTC>",
        "Reference": ticket().reference,
    }


@pytest.mark.parametrize("headline", ["Ticket", "&" * limits.SECTION_TEXT])
def test_what_is_overdue_stands_at_the_top_and_its_due_time_only_there(headline: str) -> None:
    owed = replace(at(Stage.OPEN), headline=headline, response_due=100.0)
    late = "\n:warning: *Overdue:* the answer was due <!date^100^{date_short_pretty} at {time} ({ago})"

    before, after = (card(owed, FULL, PEOPLE, now=now) for now in (99.0, 100.0))

    assert check_message(after) == []
    assert late in after["blocks"][0]["text"]["text"]
    assert late in after["text"]
    assert "Answer due" not in facts_on(after)
    assert "Overdue" not in str(before)
    assert "Answer due" in facts_on(before)


def test_a_new_tickets_card_says_what_is_not_settled_yet() -> None:
    said = facts_on(card(at(Stage.OPEN), FULL, PEOPLE))

    assert (said["Priority"], said["SPOC"], said["Assigned to"], said["Target date"]) == (
        "not set",
        "not named",
        "nobody",
        "not set",
    )


def test_a_closed_tickets_card_says_why_and_offers_to_reopen_it() -> None:
    shown = card(at(Stage.CLOSED, close_reason=CloseReason.NOT_PLANNED), FULL, PEOPLE)

    assert facts_on(shown)["Stage"] == "Closed as not planned"
    assert buttons(shown) == {"idbot:action:reopen": "Reopen", "idbot:action:redact": "Redact…"}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("priority", [None, Priority.CRITICAL])
def test_a_card_offers_the_team_what_is_possible_now_and_nothing_else(
    stage: Stage, priority: Priority | None
) -> None:
    now = at(stage, priority=priority)

    shown = card(now, FULL, PEOPLE)

    teams = {action for action in possible(now) if ACTIONS[action].by is not By.REQUESTOR}
    assert set(buttons(shown)) == {f"idbot:action:{action.value}" for action in teams}
    assert check_message(shown) == []


@pytest.mark.parametrize("reason", [CloseReason.DELETED, CloseReason.MOVED])
def test_a_card_whose_issue_is_gone_offers_nothing(reason: CloseReason) -> None:
    assert buttons(card(at(Stage.CLOSED, close_reason=reason), FULL, PEOPLE)) == {}


def test_the_button_of_what_comes_next_stands_out_and_each_names_its_ticket_to_screen_readers() -> None:
    shown = card(replace(at(Stage.IN_PROGRESS), number=7), FULL, PEOPLE)
    drawn = shown["blocks"][-1]["elements"]

    assert [one["text"]["text"] for one in drawn if one.get("style") == "primary"] == ["Ready for UAT"]
    assert "Assign, ticket #7" in [one["accessibility_label"] for one in drawn]


def test_a_sensitive_tickets_card_says_where_to_read_it() -> None:
    said = facts_on(card(replace(at(Stage.OPEN), is_sensitive=True), FULL, PEOPLE))

    assert said["Sensitive"] == "Yes. Read it only in GitHub."


def test_a_target_date_that_is_set_can_be_changed() -> None:
    shown = card(at(Stage.IN_PROGRESS, target=TODAY), FULL, PEOPLE)

    assert buttons(shown)["idbot:action:target"] == "Change target date…"


def test_what_is_odd_about_an_issue_is_on_the_card() -> None:
    shown = card(replace(at(Stage.OPEN), inconsistency="The issue has <2> stage labels."), FULL, PEOPLE)

    assert "The issue has &lt;2&gt; stage labels." in shown["text"]
    assert check_message(shown) == []


def test_a_card_of_a_type_that_is_gone_still_shows_the_facts() -> None:
    shown = card(ticket(answers={"short": "five!"}), None, PEOPLE)

    assert facts_on(shown)["Type"] == "full"
    assert "five!" not in shown["text"]
    assert check_message(shown) == []


def test_a_card_shows_answers() -> None:
    answers = dict(DRAFT.values) | {"number": 5, "decimal": 0.25, "files": []}

    shown = card(ticket(answers=answers), FULL, PEOPLE)

    assert check_message(shown) == []
    assert "*One*\nb" in shown["text"]
    assert "*Several*\na, c" in shown["text"]
    assert "*One of many*\nOption number 249" in shown["text"]
    assert "*Address*\n<https://va.gov/?a=1&amp;b=2>" in shown["text"]


@given(st.dictionaries(st.sampled_from([q.name for q in FULL.questions]), text), text, text, text)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_slack_takes_a_card_whatever_was_answered_and_its_text_is_complete(
    answers: dict[str, str], name: str, headline: str, inconsistency: str
) -> None:
    requestor = Person(slack_id="U1", name=name, team=name)
    now = ticket(answers=answers, requestor=requestor, headline=headline, inconsistency=inconsistency)

    shown = card(now, FULL, PEOPLE)

    assert check_message(shown) == []
    labels = set(buttons(shown).values())
    assert all(part in shown["text"] for part in spoken(shown["blocks"]) if part not in labels)
    assert "<!" not in shown["text"].replace(headline, "").replace("<!date^", "")


def test_a_link_on_a_card_cannot_pretend_to_lead_elsewhere() -> None:
    shown = card(ticket(answers={"url": "https://evil.test/|https://va.gov"}), FULL, PEOPLE)

    assert "<https://evil.test/%7Chttps://va.gov>" in shown["text"]


def test_a_link_too_long_for_a_card_is_no_link() -> None:
    shown = card(ticket(answers={"url": "https://va.gov/" + "x" * 400}), FULL, PEOPLE)

    assert "<https" not in shown["text"].replace("<https://github.test", "")


def test_a_card_that_has_no_room_for_all_answers_counts_the_rest() -> None:
    asked = Form(title="Long", questions=[LongText(name=f"q{n}", label=f"Q{n}" * 90) for n in range(90)])
    answers = {f"q{n}": "語😀" * 1500 for n in range(90)}

    shown = card(ticket(answers=answers), asked, PEOPLE)
    listed = sum(block["type"] == "section" for block in shown["blocks"]) - 3

    assert check_message(shown) == []
    assert f"{90 - listed} more answers are in the ticket." in shown["text"]


def test_a_card_of_many_short_answers_stays_within_fifty_blocks_with_its_buttons() -> None:
    asked = Form(title="Long", questions=[YesNo(name=f"q{n}", label=f"Q{n}") for n in range(90)])

    shown = card(replace(at(Stage.OPEN), answers={f"q{n}": True for n in range(90)}), asked, PEOPLE)

    assert check_message(shown) == []
    assert len(shown["blocks"]) == 50
    assert buttons(shown)


@given(st.dictionaries(st.sampled_from([q.name for q in FULL.questions]), st.just("SECRET"), min_size=1))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_sensitive_tickets_card_has_nothing_of_its_answers(answers: dict[str, str]) -> None:
    shown = card(ticket(answers=answers, is_sensitive=True), FULL, PEOPLE)

    assert "SECRET" not in json.dumps(shown)
    assert "Yes. Read it only in GitHub." in shown["text"]


# Clicks


def test_a_click_on_a_card_says_which_move_of_which_ticket() -> None:
    [block] = [b for b in card(at(Stage.OPEN), FULL, PEOPLE)["blocks"] if b["type"] == "actions"]
    action = {**block["elements"][0], "block_id": block["block_id"]}

    click = click_in({"actions": [action], "message": {"text": "the card"}, "response_url": "https://x.test"})

    assert click == Click(action=Action.TAKE, ticket_id=ticket().id, response_url="https://x.test")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"actions": [{"action_id": "idbot:action:dance", "value": "T1"}]},
        {"actions": [{"action_id": "idbot:action:", "value": "T1"}]},
        {"actions": [{"action_id": "idbot:action:take"}]},
        {"actions": [{"action_id": "idbot:action:take", "value": 5}]},
    ],
)
def test_a_click_that_nobody_knows_is_none(body: dict[str, Any]) -> None:
    assert click_in(body) is None


@pytest.mark.parametrize(
    "metadata", ["", "{", "[]", "5", "null", "{}", '{"action": "dance"}', '{"action": "take"}',
                 '{"action": "take", "x": 1}', '{"action": "take", "ticket_id": 5}',
                 '{"action": ["take"], "ticket_id": "T1"}'],
)  # fmt: skip
def test_metadata_of_another_version_is_no_click(metadata: str) -> None:
    assert click_behind({"private_metadata": metadata}) is None


def test_a_form_remembers_the_click_that_opened_it() -> None:
    assert click_behind(action_form(at(Stage.UAT), CLICK)) == CLICK


def test_a_message_too_long_for_a_forms_memory_is_left_as_it_is() -> None:
    view = action_form(at(Stage.UAT), replace(CLICK, text="語" * 1500))

    assert check_view(view) == []
    assert click_behind(view) == replace(CLICK, text="")


def test_what_is_said_of_other_tickets_stands_above_the_answers_and_is_cut_if_it_is_long() -> None:
    now = ticket(headline="Ticket", answers={"short": "five!"})

    drawn = card(now, FULL, PEOPLE, ["Similar: *#1*", "Similar: *#2*"])
    long = card(now, FULL, PEOPLE, ["x" * 1_500] * 3)

    kinds = [block["type"] for block in drawn["blocks"]]
    [noted] = drawn["blocks"][kinds.index("context")]["elements"]
    assert (noted["type"], noted["text"]) == ("mrkdwn", "Similar: *#1*\nSimilar: *#2*")
    assert kinds.index("context") < max(place for place, kind in enumerate(kinds) if kind == "section")
    assert check_message(long) == []


# Forms of actions


@pytest.mark.parametrize("action", sorted(FORMS))
@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.UAT])
def test_slack_takes_the_form_of_every_action(action: Action, stage: Stage) -> None:
    now = at(stage, priority=Priority.LOW, target=TODAY)

    view = action_form(
        replace(now, requestor=Person(slack_id="U1", name="x" * 3000)), replace(CLICK, action=action)
    )

    assert check_view(view) == []
    assert view["callback_id"] == FORM


def test_a_form_starts_from_what_is_so() -> None:
    now = at(Stage.IN_PROGRESS, priority=Priority.LOW, target=date(2026, 12, 1))

    target = action_form(now, replace(CLICK, action=Action.TARGET))
    priority = action_form(now, replace(CLICK, action=Action.PRIORITY))

    assert target["title"]["text"] == "Change target date"
    assert target["blocks"][1]["element"]["initial_date"] == "2026-12-01"
    assert priority["blocks"][1]["element"]["initial_option"]["value"] == "low"


@pytest.mark.parametrize(
    ("action", "entered", "change"),
    [
        (
            Action.ASSIGN,
            {"value": person("U0LINDEN")},
            Change(action=Action.ASSIGN, value="linden-brookmere"),
        ),
        (Action.SPOC, {"value": person("U0INDIGO")}, Change(action=Action.SPOC, value="indigo-marshwick")),
        (Action.SPOC, {"value": person("U0SAGE")}, Change(action=Action.SPOC, value="slack:U0SAGE")),
        (Action.PRIORITY, {"value": "high"}, Change(action=Action.PRIORITY, value="high")),
        (Action.TARGET, {"value": day("2026-11-21")}, Change(action=Action.TARGET, value="2026-11-21")),
        (Action.TARGET, {"value": day("2028-11-21")}, Change(action=Action.TARGET, value="2028-11-21")),
        (
            Action.CLOSE,
            {"value": "not planned", "reason": " Out of\r\nscope "},
            Change(action=Action.CLOSE, value="not planned", reason="Out of\nscope"),
        ),
        (
            Action.CLOSE,
            {"value": "duplicate", "reason": None},
            Change(action=Action.CLOSE, value="duplicate"),
        ),
        (
            Action.DUPLICATE,
            {"value": entered(" #12 "), "reason": "Same page"},
            Change(action=Action.DUPLICATE, value="the id of #12", reason="Same page"),
        ),
        (
            Action.REJECT,
            {"reason": "It asks twice"},
            Change(action=Action.REJECT, reason="It asks twice"),
        ),
    ],
)
def test_a_filled_in_form_is_a_change(action: Action, entered: dict[str, Any], change: Change) -> None:
    assert read(action, **entered) == change


@pytest.mark.parametrize(
    ("action", "entered", "block", "said"),
    [
        (Action.ASSIGN, {}, VALUE, "choose a person"),
        (Action.ASSIGN, {"value": person("U0JUNIPER")}, VALUE, "not on the Identity Team"),
        (Action.ASSIGN, {"value": person("U0SAGE")}, VALUE, "Please assign them in GitHub"),
        (Action.SPOC, {"value": person("U0JUNIPER")}, VALUE, "not on the Identity Team"),
        (Action.PRIORITY, {"value": "huge"}, VALUE, "choose a priority"),
        (Action.PRIORITY, {}, VALUE, "choose a priority"),
        (Action.TARGET, {"value": day("2026-11-20")}, VALUE, "in the past"),
        (Action.TARGET, {"value": day("2028-11-22")}, VALUE, "two years"),
        (Action.TARGET, {"value": day("2026-02-30")}, VALUE, "not a date on the calendar"),
        (Action.TARGET, {"value": day("tomorrow")}, VALUE, "not a date on the calendar"),
        (Action.TARGET, {}, VALUE, "choose a date"),
        (Action.CLOSE, {"value": "deleted"}, VALUE, "choose a reason"),
        (Action.DUPLICATE, {}, VALUE, "name the ticket"),
        (Action.DUPLICATE, {"value": entered("what?")}, VALUE, "number, such as #12"),
        (
            Action.DUPLICATE,
            {"value": entered("#12"), "reason": "SSN 123-45-6789"},
            REASON,
            "Social Security number",
        ),
        (Action.CLOSE, {"value": "completed", "reason": "SSN 123-45-6789"}, REASON, "Social Security number"),
        (Action.REJECT, {"reason": " \n "}, REASON, "such as: The page still asks me to sign in twice."),
        (Action.WAIT, {"reason": ""}, REASON, "such as: Which browser was it?"),
        (Action.DECLINE, {"reason": ""}, REASON, "such as: We may not share this."),
        (Action.REJECT, {"reason": "password: Hunter2!x"}, REASON, "a password"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    action: Action, entered: dict[str, Any], block: str, said: str
) -> None:
    problems = problem(action, **entered)

    assert said in problems[block]
    assert set(problems) == {block}
    assert "123-45-6789" not in str(problems)
    assert block in {
        one.get("block_id") for one in action_form(at(Stage.UAT), replace(CLICK, action=action))["blocks"]
    }


NAMES = {"U0SAGE": "Sage Hollowell", "U0INDIGO": "indigo Marshwick", "U0LINDEN": ""}


@pytest.mark.parametrize(
    ("action", "offered"),
    [
        (Action.ASSIGN, [("indigo Marshwick", "U0INDIGO"), ("linden-brookmere", "U0LINDEN")]),
        (
            Action.SPOC,
            [
                ("indigo Marshwick", "U0INDIGO"),
                ("linden-brookmere", "U0LINDEN"),
                ("Name unknown (U0WREN)", "U0WREN"),
                ("Sage Hollowell", "U0SAGE"),
            ],
        ),
    ],
)
def test_a_list_of_people_is_the_team_by_name(action: Action, offered: list[tuple[str, str]]) -> None:
    found = team_options([*TEAM, "U0WREN"], action, NAMES, PEOPLE)

    assert [(one.label, one.value) for one in found] == offered


def test_a_long_name_is_cut_to_what_slack_shows_in_a_list() -> None:
    [only] = team_options(["U0SAGE"], Action.SPOC, {"U0SAGE": "Sage " * 40}, PEOPLE)

    assert len(only.label) <= 75


@pytest.mark.parametrize("emoji", ["🎉", "❤️", ":tada:"])
def test_a_reason_of_emoji_only_is_a_reason(emoji: str) -> None:
    assert read(Action.REJECT, reason=emoji).reason == emoji


def test_a_target_date_starts_from_the_one_that_the_ticket_has() -> None:
    form = action_form(at(Stage.ASSIGNED, target=TODAY), replace(CLICK, action=Action.TARGET))

    assert form["blocks"][1]["element"]["initial_date"] == TODAY.isoformat()


def test_a_leap_day_is_held_to_the_same_two_years() -> None:
    click = replace(CLICK, action=Action.TARGET)
    view = sent(click, value=day("2030-02-28"))

    change = change_in(view, Action.TARGET, people=PEOPLE, is_team=bool, today=date(2028, 2, 29))

    assert change.value == "2030-02-28"


@pytest.mark.parametrize("state", [None, {}, {"values": None}])
def test_a_form_without_any_state_misses_its_value(state: Any) -> None:
    view = {**sent(replace(CLICK, action=Action.TARGET)), "state": state}

    with pytest.raises(Invalid) as refused:
        change_in(view, Action.TARGET, people=PEOPLE, is_team=bool, today=TODAY)

    assert set(refused.value.problems) == {"idbot:value"}


def test_a_text_to_remove_is_taken_as_it_was_entered() -> None:
    change = read(Action.REDACT, value=entered(" hunter2! \n"), reason="It is a password.")

    assert change == Change(action=Action.REDACT, value=" hunter2! \n", reason="It is a password.")


def test_without_a_text_all_personal_data_is_meant() -> None:
    assert read(Action.REDACT) == Change(action=Action.REDACT)


def test_a_text_to_remove_must_not_be_part_of_everything() -> None:
    assert set(problem(Action.REDACT, value=entered("abc"))) == {VALUE}


def test_a_reason_that_repeats_what_is_to_be_removed_is_refused_without_repeating_it() -> None:
    found = problem(Action.REDACT, value=entered("hunter2!"), reason="It was hunter2!")

    assert set(found) == {REASON}
    assert "hunter2" not in found[REASON]


def test_the_form_keeps_nothing_of_what_is_to_be_removed() -> None:
    view = action_form(at(Stage.OPEN), replace(CLICK, action=Action.REDACT))

    value, reason = (block["element"] for block in view["blocks"][1:])
    assert "initial_value" not in value
    assert "initial_value" not in reason
    assert all(block["optional"] for block in view["blocks"][1:])


def test_what_is_not_approved_is_not_offered_to_be_closed_as_completed() -> None:
    waiting = ticket(state=TicketState(approval=Approval.NEEDED))

    form = action_form(waiting, Click(action=Action.CLOSE, ticket_id=waiting.id))

    [reasons] = [one["element"] for one in form["blocks"] if one.get("block_id") == "idbot:value"]
    assert [one["value"] for one in reasons["options"]] == ["not planned", "duplicate"]
    assert reasons["initial_option"]["value"] == "not planned"
