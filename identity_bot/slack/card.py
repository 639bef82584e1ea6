"""The team's card of a ticket, the forms behind its buttons, and the change that a filled-in form asks for. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from identity_bot.errors import Invalid
from identity_bot.forms import limits
from identity_bot.forms.form import Form, is_common, readable
from identity_bot.forms.questions import LongText, Option, Url
from identity_bot.messages import clocks, duplicates, redactions, words
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
from identity_bot.slack.modal import metadata_in, state_in
from identity_bot.text import privacy, redaction
from identity_bot.text.markdown import ELLIPSIS, clean, mrkdwn, plain
from identity_bot.text.privacy import NO_ADDITIONS, Additions
from identity_bot.tickets.actions import ACTIONS, Ask, By, Row, date_problem, possible
from identity_bot.tickets.duplicates import LONGEST as LONGEST_NAME
from identity_bot.tickets.duplicates import NotAnOriginal
from identity_bot.tickets.model import Action, Change, CloseReason, Priority, Ticket
from identity_bot.tickets.people import People

FORM = f"{PREFIX}action"
BUTTON_BLOCK = f"{PREFIX}actions"
VALUE, REASON = f"{PREFIX}value", f"{PREFIX}reason"
LONGEST_REASON = 3000
LONGEST_CARD = 12_000
"""Slack accepts about 13,000 characters in a message's blocks."""
LONGEST_NOTES = 2_000
LONGEST_SPOKEN = 75
"""Slack's limit for what a screen reader is given of a button."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Click:
    """A button that somebody pressed: its action, the ticket, and the message that it is in."""

    action: Action
    ticket_id: str
    text: str = ""
    """Of a message whose buttons are replaced after the click; empty for the card, which is drawn again."""
    response_url: str = ""


def card(
    ticket: Ticket, form: Form | None, people: People, notes: Sequence[str] = (), *, now: float = 0.0
) -> Json:
    """The team's view of a ticket; a sensitive one shows none of its answers.

    `notes` are lines of mrkdwn about other tickets. What is overdue at `now`, in seconds since the epoch, stands at the
    top.
    """
    late = clocks.overdue(ticket, now)
    headline = cut(words.headline(ticket), limits.SECTION_TEXT - len(late) - 1)
    top = f"{headline}\n{late}" if late else headline
    title = form.title if form else ticket.type
    said = [*words.state(ticket, title, people), *clocks.state(ticket, now)]
    state = [f"*{name}:* {value}" for name, value in said]
    blocks = [section(top)]
    blocks += [
        {
            "type": "section",
            "fields": [verbatim(cut(fact, limits.FIELD_TEXT)) for fact in state[at : at + 10]],
        }
        for at in range(0, len(state), 10)
    ]
    texts = [top, *state]
    if ticket.inconsistency:
        inconsistency = mrkdwn(ticket.inconsistency, limit=500)
        blocks.append({"type": "context", "elements": [verbatim(inconsistency)]})
        texts.append(inconsistency)
    if notes:
        # They stand above the answers, which may be long.
        noted = cut("\n".join(notes), LONGEST_NOTES)
        blocks.append({"type": "context", "elements": [verbatim(noted)]})
        texts.append(noted)
    answers = [] if ticket.is_sensitive else list(_answers(ticket, form))
    for place, answer in enumerate(answers):
        # Two blocks are kept free: for how much is left out, and for the buttons.
        if sum(map(len, texts)) + len(answer) > LONGEST_CARD or len(blocks) >= limits.MESSAGE_BLOCKS - 2:
            more = words.more_answers(len(answers) - place)
            blocks.append(context(more))
            texts.append(more)
            break
        blocks.append(section(answer))
        texts.append(answer)
    if labels := _labels(ticket):
        blocks.append(_buttons(ticket, labels))
    return {"text": "\n".join(texts), "blocks": blocks}


def click_in(body: Mapping[str, Any]) -> Click | None:
    """The button that a person pressed, from Slack's payload; None if this version of the bot has no such button."""
    pressed = (body.get("actions") or [{}])[0]
    action = _action(str(pressed.get("action_id", "")).removeprefix(ACTION))
    ticket_id = pressed.get("value")
    if action is None or not isinstance(ticket_id, str):
        return None
    is_replaced = pressed.get("block_id") == ANSWERS
    text = (body.get("message") or {}).get("text") if is_replaced else ""
    return Click(
        action=action,
        ticket_id=ticket_id,
        text=text or "",
        response_url=str(body.get("response_url") or ""),
    )


def click_behind(view: Mapping[str, Any]) -> Click | None:
    """The button that opened a form; None if another version of the bot opened it for something unknown."""
    kept = {name: value for name, value in metadata_in(view).items() if isinstance(value, str)}
    action = _action(kept.get("action", ""))
    if action is None or not ACTIONS[action].has_form or "ticket_id" not in kept:
        return None
    return Click(
        action=action,
        ticket_id=kept["ticket_id"],
        text=kept.get("text", ""),
        response_url=kept.get("response_url", ""),
    )


def action_form(ticket: Ticket, click: Click, *, similar: Sequence[str] = ()) -> Json:
    """The modal that asks for what an action needs; `similar` are lines of mrkdwn about tickets that may be meant."""
    row = ACTIONS[click.action]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_text(label(row, ticket).removesuffix(ELLIPSIS)),
        "submit": plain_text(row.submit),
        "close": plain_text(words.CANCEL),
        "private_metadata": _metadata(click),
        "blocks": [section(words.about(ticket)), *_similar(similar), *_inputs(ticket, row)],
    }


def change_in(
    view: Mapping[str, Any],
    action: Action,
    *,
    people: People,
    is_team: Callable[[str], bool],
    today: date,
    original: Callable[[str], Ticket] | None = None,
    additions: Additions = NO_ADDITIONS,
) -> Change:
    """The change that a filled-in form asks for; raises Invalid with the problems by block.

    `today` is the team's; `is_team` says whether a Slack id is on the team; `original` finds the ticket that somebody
    names as the one that covers this one, or raises NotAnOriginal.
    `additions` are the operator's to what a reason must not hold.
    """
    asks = ACTIONS[action].asks
    entered = state_in(view)
    value, reason = (
        str(entry(next(iter(entered.get(block, {}).values()), {})) or "") for block in (VALUE, REASON)
    )
    reason = clean(reason).strip()
    problems: dict[str, str] = {}
    if asks is Ask.REASON:
        problems |= {} if reason else {REASON: words.missing_reason(action)}
    elif asks is Ask.TEXT:
        problems = _redaction_problems(value, reason)
    elif asks is Ask.TICKET and original and value:
        try:
            value = original(value).id
        except NotAnOriginal as error:
            problems[VALUE] = duplicates.problem(error)
    elif problem := _problem(asks, value, people, is_team, today):
        problems[VALUE] = problem
    if kinds := {finding.kind.value for finding in privacy.find(reason, additions) if finding.kind.blocks}:
        problems[REASON] = words.personal_data(sorted(kinds))
    if problems:
        raise Invalid(problems)
    match asks:
        case Ask.ASSIGNEE:
            value = people.login(value)
        case Ask.MEMBER:
            value = people.key_of(value)
    return Change(action=action, value=value, reason=reason)


def team_options(
    members: Iterable[str], action: Action, names: Mapping[str, str], people: People
) -> list[Option]:
    """The members of the team as options for an action's form, by name.

    Only people with a GitHub login can be assigned. Whoever has no name in `names` is shown by the login or the id.
    """
    is_for_login = ACTIONS[action].asks is Ask.ASSIGNEE
    options = [
        Option(one, plain(names.get(one) or words.nameless(people.key_of(one)), limit=limits.OPTION_TEXT))
        for one in members
        if people.login(one) or not is_for_login
    ]
    return sorted(options, key=lambda option: (option.label.casefold(), option.value))


def _problem(
    asks: Ask, value: str, people: People, is_team: Callable[[str], bool], today: date
) -> str | None:
    """What is wrong with a value as it was entered."""
    match asks:
        case _ if not value:
            return words.MISSING[asks]
        case Ask.ASSIGNEE | Ask.MEMBER if not is_team(value):
            return words.NOT_A_MEMBER
        case Ask.ASSIGNEE if not people.login(value):
            return words.ASSIGNEE_UNKNOWN
        case Ask.PRIORITY if value not in set(Priority):
            return words.MISSING[asks]
        case Ask.CLOSE_REASON if value not in set(words.CLOSE_REASONS):
            return words.MISSING[asks]
        case Ask.DATE if refused := date_problem(value, today):
            return words.refused_date(refused)
    return None


def _redaction_problems(text: str, reason: str) -> dict[str, str]:
    """What is wrong with a text to remove, which may be left out, and with the reason."""
    if not text:
        return {}
    if not redaction.is_long_enough(text):
        return {VALUE: redactions.TOO_SHORT}
    is_repeated = redaction.redactor([text])(reason) != reason
    return {REASON: redactions.REASON_REPEATS} if is_repeated else {}


def _buttons(ticket: Ticket, labels: Mapping[Action, str]) -> Json:
    block = action_buttons(labels, ticket.id, BUTTON_BLOCK)
    for action, button in zip(labels, block["elements"], strict=True):
        button["accessibility_label"] = cut(words.spoken(labels[action], ticket), LONGEST_SPOKEN)
        if ticket.stage in ACTIONS[action].next_at:
            button["style"] = "primary"
    return block


def _labels(ticket: Ticket) -> dict[Action, str]:
    """What the team can do with a ticket as it is, and what the buttons say."""
    rows = (ACTIONS[action] for action in possible(ticket))
    return {row.action: label(row, ticket) for row in rows if row.by is not By.REQUESTOR}


def label(row: Row, ticket: Ticket) -> str:
    """What the button of an action says to the team."""
    return row.button_again if row.button_again and _initial(row.asks, ticket) else row.button


def _initial(asks: Ask, ticket: Ticket) -> str:
    """What a form starts from: what the ticket has now."""
    state = ticket.state
    match asks:
        case Ask.PRIORITY if state.priority:
            return state.priority.value
        case Ask.DATE if state.target:
            return state.target.isoformat()
    return ""


def _similar(lines: Sequence[str]) -> Iterator[Json]:
    """The tickets that look alike, in small print."""
    if lines:
        yield {"type": "context", "elements": [verbatim(cut(line, limits.SECTION_TEXT)) for line in lines]}


def _inputs(ticket: Ticket, row: Row) -> Iterator[Json]:
    """The fields of an action's form."""
    initial, hint = _initial(row.asks, ticket), words.HINTS.get(row.asks, "")
    match row.asks:
        case Ask.ASSIGNEE | Ask.MEMBER:
            # Slack asks for the options: the names of the team may have to be looked up first.
            yield _input(VALUE, row.question, {"type": "external_select", "min_query_length": 0}, hint=hint)
        case Ask.PRIORITY:
            yield _input(VALUE, row.question, _radio(words.PRIORITIES, initial))
        case Ask.DATE:
            picked = {"initial_date": initial} if initial else {}
            yield _input(VALUE, row.question, {"type": "datepicker", **picked}, hint=hint)
        case Ask.CLOSE_REASON:
            reasons = dict(words.CLOSE_REASONS)
            if ticket.state.is_unapproved:
                del reasons[CloseReason.COMPLETED]
            yield _input(VALUE, row.question, _radio(reasons, next(iter(reasons))))
            yield _input(REASON, words.COMMENT, _long_text(), hint=words.REASON_HINT, optional=True)
        case Ask.TICKET:
            named: Json = {"type": "plain_text_input", "max_length": LONGEST_NAME, "focus_on_load": True}
            yield _input(VALUE, row.question, named, hint=hint)
            yield _input(REASON, words.COMMENT, _long_text(), hint=words.REASON_HINT, optional=True)
        case Ask.REASON:
            yield _input(REASON, row.question, _long_text(), hint=words.REASON_HINT)
        case Ask.TEXT:
            yield _input(VALUE, row.question, _long_text(), hint=hint, optional=True)
            yield _input(REASON, words.REDACT_REASON, _long_text(), hint=words.REASON_HINT, optional=True)


def _input(name: str, label: str, element: Json, *, hint: str = "", optional: bool = False) -> Json:
    block = {
        "type": "input",
        "block_id": name,
        "label": plain_text(label),
        "optional": optional,
        "element": {"action_id": name, **element},
    }
    return block | ({"hint": plain_text(hint)} if hint else {})


def _radio(choices: Mapping[Any, tuple[str, str]], chosen: str) -> Json:
    """Radio buttons for values with their labels and descriptions."""
    options = {value: option_of(Option(value, *said)) for value, said in choices.items()}
    element: Json = {"type": "radio_buttons", "options": list(options.values())}
    return element | ({"initial_option": options[chosen]} if chosen in options else {})


def _long_text() -> Json:
    return {"type": "plain_text_input", "multiline": True, "max_length": LONGEST_REASON}


def _metadata(click: Click) -> str:
    """The click as a form keeps it; without the message's text if that is too long for Slack."""
    written = json.dumps(asdict(click), ensure_ascii=False)
    if len(written.encode("utf-8", "replace")) > limits.METADATA and click.text:
        return _metadata(replace(click, text=""))
    return written


def _action(name: str) -> Action | None:
    return Action(name) if name in set(Action) else None


def _answers(ticket: Ticket, form: Form | None) -> Iterator[str]:
    """The type's own answers in mrkdwn; those to the questions of every form are in the state above.

    A ticket without any has its title instead: its issue was written in GitHub, or the database had lost it.
    """
    if not ticket.answers and ticket.title:
        yield f"*{words.TITLE}*\n{mrkdwn(ticket.title, limit=300)}"
    if form is None:
        return
    for question, text in readable(form, ticket.answers):
        if not is_common(question):
            listed = text if isinstance(question, LongText) else text.replace("\n", ", ")
            shown = mrkdwn(listed, limit=300)
            is_link = isinstance(question, Url) and not shown.endswith(ELLIPSIS)
            yield f"*{mrkdwn(question.label, limit=150)}*\n" + (f"<{_address(shown)}>" if is_link else shown)


def _address(shown: str) -> str:
    # In Slack's notation for links, text after a bar would be shown instead of the address.
    return shown.replace("|", "%7C")
