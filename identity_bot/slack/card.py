"""The team's card of a ticket, the forms behind its buttons, and the change that a filled-in form asks for. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from identity_bot.errors import Invalid
from identity_bot.forms import limits
from identity_bot.forms.form import COMMON, Form, readable
from identity_bot.forms.questions import LongText, Option, Url
from identity_bot.messages import card_words, words
from identity_bot.messages.card_words import BUTTONS
from identity_bot.slack.inputs import PREFIX, Json, entry, option_of, plain_text
from identity_bot.slack.messages import (
    ACTION,
    ANSWERS,
    action_buttons,
    context,
    cut,
    section,
    verbatim,
)
from identity_bot.text import privacy
from identity_bot.text.markdown import ELLIPSIS, clean, mrkdwn
from identity_bot.tickets.lifecycle import ACTIONS, By, possible
from identity_bot.tickets.model import Action, Change, CloseReason, Priority, Stage, Ticket
from identity_bot.tickets.people import People

FORM = f"{PREFIX}action"
BUTTON_BLOCK = f"{PREFIX}actions"
VALUE, REASON = f"{PREFIX}value", f"{PREFIX}reason"
LONGEST_REASON = 3000
LONGEST_CARD = 12_000
"""Slack takes about 13,000 characters in a message's blocks."""
ASKING = frozenset({Action.ASSIGN, Action.SPOC, Action.PRIORITY, Action.TARGET, Action.CLOSE, Action.REJECT})
"""The moves that need a value or a reason, and so a form."""
ORDER = (
    Action.TAKE, Action.ASSIGN, Action.PRIORITY, Action.CRITICAL, Action.SPOC, Action.TARGET, Action.UAT,
    Action.RELEASE, Action.CLOSE, Action.REOPEN,
)  # fmt: skip
"""The card's buttons, the most wanted first."""
NEXT: Mapping[Stage, Action] = {
    Stage.OPEN: Action.TAKE,
    Stage.TRIAGED: Action.TAKE,
    Stage.PRIORITIZED: Action.TAKE,
    Stage.ASSIGNED: Action.TARGET,
    Stage.IN_PROGRESS: Action.UAT,
    Stage.ACCEPTED: Action.RELEASE,
    Stage.RELEASED: Action.CLOSE,
}
"""The move that usually comes next at a stage; its button stands out."""
LONGEST_SPOKEN = 75
"""Characters that a screen reader is given of a button, by Slack's limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """A button that somebody pressed: the move it stands for, the ticket, and the message that it stood in."""

    action: Action
    ticket_id: str
    text: str = ""
    """Of the message whose buttons the answer takes the place of; empty for the card's, which are drawn anew."""
    response_url: str = ""


def card(ticket: Ticket, form: Form | None, people: People) -> Json:
    """The team's view of a ticket as it is now; a sensitive one shows nothing of what was answered."""
    headline = cut(ticket.headline or card_words.about(ticket), limits.SECTION_TEXT)
    title = form.title if form else ticket.type
    state = [f"*{name}:* {value}" for name, value in card_words.state(ticket, title, people)]
    blocks = [section(headline)]
    blocks += [
        {
            "type": "section",
            "fields": [verbatim(cut(fact, limits.FIELD_TEXT)) for fact in state[at : at + 10]],
        }
        for at in range(0, len(state), 10)
    ]
    texts = [headline, *state]
    if ticket.inconsistency:
        inconsistency = mrkdwn(card_words.odd(ticket.inconsistency), limit=500)
        blocks.append({"type": "context", "elements": [verbatim(inconsistency)]})
        texts.append(inconsistency)
    answers = list(_answers(ticket, form)) if form and not ticket.is_sensitive else []
    for place, answer in enumerate(answers):
        # Two blocks are kept for what is left out and for the buttons.
        if sum(map(len, texts)) + len(answer) > LONGEST_CARD or len(blocks) >= limits.MESSAGE_BLOCKS - 2:
            more = card_words.more_answers(len(answers) - place)
            blocks.append(context(more))
            texts.append(more)
            break
        blocks.append(section(answer))
        texts.append(answer)
    if labels := _labels(ticket):
        blocks.append(_buttons(ticket, labels))
    return {"text": "\n".join(texts), "blocks": blocks}


def click_in(body: Mapping[str, Any]) -> Click | None:
    """Which button a person pressed, read from Slack's payload; None for one that nobody knows any more."""
    action = (body.get("actions") or [{}])[0]
    move = _move(str(action.get("action_id", "")).removeprefix(ACTION))
    ticket_id = action.get("value")
    if move is None or not isinstance(ticket_id, str):
        return None
    is_replaced = action.get("block_id") == ANSWERS
    text = (body.get("message") or {}).get("text") if is_replaced else ""
    return Click(
        action=move, ticket_id=ticket_id, text=text or "", response_url=str(body.get("response_url") or "")
    )


def click_behind(view: Mapping[str, Any]) -> Click | None:
    """The button that opened a form; None where another version of the bot has written it."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
        click = Click(**{**kept, "action": Action(kept["action"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_whole = all(isinstance(part, str) for part in (click.ticket_id, click.text, click.response_url))
    return click if is_whole and click.action in ASKING else None


def move_form(ticket: Ticket, click: Click) -> Json:
    """The modal that asks for what a move needs."""
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_text(_labels(ticket).get(click.action, BUTTONS[click.action]).removesuffix(ELLIPSIS)),
        "submit": plain_text(card_words.MOVE_SUBMITS[click.action]),
        "close": plain_text(words.CANCEL),
        "private_metadata": _metadata(click),
        "blocks": [section(card_words.about(ticket)), *_inputs(ticket, click.action)],
    }


def change_in(
    view: Mapping[str, Any], move: Action, *, people: People, is_team: Callable[[str], bool], today: date
) -> Change:
    """What a filled-in form asks for; raises Invalid with the problems by block.

    `today` is the team's; `is_team` says whether a Slack id is of the team.
    """
    state = view.get("state", {}).get("values", {})
    value, reason = (entry(next(iter(state.get(block, {}).values()), {})) or "" for block in (VALUE, REASON))
    reason = clean(str(reason)).strip()
    problems: dict[str, str] = {}
    if move is not Action.REJECT:
        value, problem = _checked(move, str(value), people, is_team, today)
        problems |= {VALUE: problem} if problem else {}
    elif not reason:
        problems[REASON] = card_words.NO_REJECT_REASON
    kinds = {finding.kind.value for finding in privacy.find(reason) if finding.kind.blocks}
    if kinds:
        problems[REASON] = words.personal_data(sorted(kinds))
    if problems:
        raise Invalid(problems)
    return Change(action=move, value=str(value), reason=reason)


def _checked(
    move: Action, value: str, people: People, is_team: Callable[[str], bool], today: date
) -> tuple[str, str]:
    """The value as the change has it, and what is wrong with it."""
    match move:
        case Action.ASSIGN | Action.SPOC:
            return _checked_person(move, value, people, is_team)
        case Action.PRIORITY if value not in set(Priority):
            return value, card_words.NO_PRIORITY
        case Action.CLOSE if value not in {reason.value for reason in card_words.CLOSE_REASONS}:
            return value, card_words.NO_CLOSE_REASON
        case Action.TARGET:
            return value, _date_problem(value, today)
    return value, ""


def _checked_person(
    move: Action, slack_id: str, people: People, is_team: Callable[[str], bool]
) -> tuple[str, str]:
    if not slack_id:
        return "", card_words.NO_PERSON
    if not is_team(slack_id):
        return "", card_words.NOT_A_MEMBER
    if move is Action.SPOC:
        return people.key_of(slack_id), ""
    login = people.login(slack_id)
    return (login, "") if login else ("", card_words.ASSIGNEE_UNKNOWN)


def _date_problem(value: str, today: date) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return card_words.NO_DATE
    if day < today:
        return card_words.DATE_PAST
    if (day.year - 2, day.month, day.day) > (today.year, today.month, today.day):
        return card_words.DATE_FAR
    return ""


def _buttons(ticket: Ticket, labels: Mapping[Action, str]) -> Json:
    block = action_buttons(labels, ticket.id, BUTTON_BLOCK)
    for move, button in zip(labels, block["elements"], strict=True):
        button["accessibility_label"] = cut(card_words.spoken(labels[move], ticket), LONGEST_SPOKEN)
        if move is NEXT.get(ticket.stage):
            button["style"] = "primary"
    return block


def _labels(ticket: Ticket) -> dict[Action, str]:
    """What the team can do with a ticket as it is, in the words on the buttons."""
    if ticket.state.close_reason in (CloseReason.DELETED, CloseReason.MOVED):
        return {}  # there is no issue left to move
    now = set(possible(ticket))
    labels = {move: BUTTONS[move] for move in ORDER if move in now and ACTIONS[move].by is not By.REQUESTOR}
    if Action.TARGET in labels and ticket.state.target:
        labels[Action.TARGET] = card_words.CHANGE_TARGET
    return labels


def _inputs(ticket: Ticket, move: Action) -> Iterator[Json]:
    state = ticket.state
    match move:
        case Action.ASSIGN | Action.SPOC:
            label = card_words.ASSIGN_TO if move is Action.ASSIGN else card_words.SPOC_IS
            yield _input(VALUE, label, {"type": "users_select"}, hint=card_words.TEAM_HINT)
        case Action.PRIORITY:
            priorities = [Option(one.value, *said) for one, said in card_words.PRIORITIES.items()]
            yield _input(VALUE, card_words.PRIORITY_IS, _radio(priorities, state.priority))
        case Action.TARGET:
            initial = {"initial_date": state.target.isoformat()} if state.target else {}
            yield _input(
                VALUE,
                card_words.TARGET_IS,
                {"type": "datepicker", **initial},
                hint=card_words.TARGET_HINT,
            )
        case Action.CLOSE:
            reasons = [Option(one.value, *said) for one, said in card_words.CLOSE_REASONS.items()]
            yield _input(VALUE, card_words.CLOSE_BECAUSE, _radio(reasons, CloseReason.COMPLETED))
            yield _input(
                REASON, card_words.COMMENT, _long_text(), hint=card_words.COMMENT_HINT, optional=True
            )
        case Action.REJECT:
            yield _input(REASON, card_words.REJECT_BECAUSE, _long_text(), hint=card_words.COMMENT_HINT)


def _input(name: str, label: str, element: Json, *, hint: str = "", optional: bool = False) -> Json:
    block = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label),
        "optional": optional,
        "element": {"action_id": name, **element},
    }
    return block | ({"hint": plain_text(hint)} if hint else {})


def _radio(options: Sequence[Option], chosen: str | None) -> Json:
    element: Json = {"type": "radio_buttons", "options": [option_of(option) for option in options]}
    current = [option_of(option) for option in options if option.value == chosen]
    return element | ({"initial_option": current[0]} if current else {})


def _long_text() -> Json:
    return {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_REASON}


def _metadata(click: Click) -> str:
    """The click as a form keeps it; without a message's text where that is too long for Slack."""
    written = json.dumps(asdict(click), ensure_ascii=False)
    if len(written.encode("utf-8", "replace")) > limits.METADATA and click.text:
        return _metadata(replace(click, text=""))
    return written


def _move(name: str) -> Action | None:
    return Action(name) if name in set(Action) else None


def _answers(ticket: Ticket, form: Form) -> Iterator[str]:
    """The type's own answers in mrkdwn; those that every form asks for are among the facts."""
    for question, text in readable(form, ticket.answers):
        if question not in COMMON:
            listed = text if isinstance(question, LongText) else text.replace("\n", ", ")
            shown = mrkdwn(listed, limit=300)
            is_link = isinstance(question, Url) and not shown.endswith(ELLIPSIS)
            yield f"*{mrkdwn(question.label, limit=150)}*\n" + (f"<{_address(shown)}>" if is_link else shown)


def _address(shown: str) -> str:
    # In Slack's link, a bar would begin the words to show instead of the address.
    return shown.replace("|", "%7C")
