"""Forms as Slack modals and back again, receipts, and notifications as messages. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from identity_bot import words
from identity_bot.forms import Form
from identity_bot.markdown import mrkdwn, plain
from identity_bot.model import Post, Ticket
from identity_bot.questions import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    Question,
    ShortText,
    Url,
    YesNo,
)
from identity_bot.slack_limits import check_view

Json = dict[str, Any]

PREFIX = "idbot:"
"""Begins every id of ours, so that no listener of the host bot hears ours, nor ours the host's."""
FORM = f"{PREFIX}form"
RECEIPT = f"{PREFIX}receipt"
TYPE = f"{PREFIX}type"
QUESTION = f"{PREFIX}q:"
LONGEST_METADATA = 3000
MOST_OPTIONS = 100
"""Slack's limit for a list that travels with the view; a longer one is searched (an external select)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What somebody has entered in a modal so far."""

    type: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """Question name → what was typed, unchecked."""
    origin: Post | None = None
    """The root of the thread that the request was made from."""
    about: str = ""
    """The text of the message that the request was made from."""
    strays: frozenset[str] = frozenset()
    """Names of filled-in questions that the form no longer has, or has in another kind."""


def modal(forms: Mapping[str, Form], draft: Draft, *, notice: str = "") -> Json:
    """The view for a draft: the drop-down of types and, once one is chosen, its form with the draft's values."""
    form = forms.get(draft.type or "")
    blocks: list[Json] = [_type_picker(forms, draft.type if form else None)]
    if notice:
        blocks.append(_section(notice))
    view = {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain(words.MODAL_TITLE),
        "close": _plain(words.CANCEL),
        "private_metadata": _metadata(draft if form else replace(draft, type=None)),
        "blocks": blocks,
    }
    if form:
        if form.description:
            blocks.append({"type": "context", "elements": [_plain(form.description)]})
        controlling = {q.shown_when.question for q in form.all_questions if q.shown_when}
        for question in form.shown_questions(draft.values):
            blocks.append(_input(question, draft.values.get(question.name), question.name in controlling))
        blocks.append({"type": "context", "elements": [_plain(words.NO_PERSONAL_DATA)]})
        view["submit"] = _plain(words.SUBMIT)
    return view


def draft_in(view: Mapping[str, Any], forms: Mapping[str, Form]) -> Draft:
    """What somebody has entered in this view, read from Slack's payload."""
    kept = json.loads(view.get("private_metadata") or "{}")
    name = kept.get("type")
    form = forms.get(name or "")
    values: dict[str, Any] = {}
    strays: set[str] = set()
    for block_id, actions in view.get("state", {}).get("values", {}).items():
        if not block_id.startswith(QUESTION):
            continue
        question_name = block_id.removeprefix(QUESTION)
        question = form.question(question_name) if form else None
        for action_id, state in actions.items():
            value = _entered(state)
            if value in (None, "", []):
                continue
            if question is None or action_id != action(question):
                strays.add(question_name)
            else:
                values[question_name] = _typed(question, value)
    origin = kept.get("origin")
    return Draft(
        type=name,
        values=values,
        origin=Post(**origin) if origin else None,
        about=kept.get("about", ""),
        strays=frozenset(strays),
    )


def drawn(view: Mapping[str, Any]) -> set[str]:
    """The names of the questions that a view shows."""
    ids = (str(block.get("block_id", "")) for block in view.get("blocks", ()))
    return {block_id.removeprefix(QUESTION) for block_id in ids if block_id.startswith(QUESTION)}


def errors(problems: Mapping[str, str]) -> dict[str, str]:
    """Problems by question as Slack wants them: by block, in plain text."""
    return {f"{QUESTION}{name}": plain(problem, limit=300) for name, problem in problems.items()}


def found(options: Sequence[Option], query: str) -> list[Json]:
    """The options that fit what was typed into a searchable list, as many as Slack shows."""
    wanted = query.casefold().split()
    hits = (o for o in options if all(w in f"{o.label} {o.description}".casefold() for w in wanted))
    return [_option(option) for option, _ in zip(hits, range(MOST_OPTIONS), strict=False)]


def type_options(forms: Mapping[str, Form]) -> list[Option]:
    """The drop-down's options: the request types by title."""
    options = [Option(name, form.title, form.description) for name, form in forms.items()]
    return sorted(options, key=lambda option: option.label.casefold())


def receipt(ticket: Ticket, *, remarks: Sequence[str] = ()) -> Json:
    """What the modal turns into once the ticket is safe, and again once the issue has its number."""
    blocks = [_section(words.receipt(ticket))]
    blocks += [{"type": "context", "elements": [_plain(remark)]} for remark in remarks]
    return {
        "type": "modal",
        "callback_id": RECEIPT,
        "title": _plain(words.MODAL_TITLE),
        "close": _plain(words.CLOSE),
        "blocks": blocks,
    }


def apology(sentence: str) -> Json:
    """A view that says why something could not be done; pushed over a form, it leaves the form as it was."""
    return {
        "type": "modal",
        "callback_id": RECEIPT,
        "title": _plain(words.MODAL_TITLE),
        "close": _plain(words.BACK),
        "blocks": [_section(sentence)],
    }


def message(text: str) -> Json:
    """A notification as Slack's message: the text in full for screen readers, and the same as a block."""
    return {"text": text, "blocks": [_section(text)]}


def card(ticket: Ticket, form: Form, headline: str) -> Json:
    """The team's view of a ticket; a sensitive one shows nothing of what was answered."""
    facts = words.facts(ticket, form)
    lines = [f"*{name}:* {mrkdwn(value, limit=200)}" for name, value in facts]
    blocks = [_section(headline)]
    blocks += [
        {"type": "section", "fields": [_mrkdwn(line) for line in lines[at : at + 10]]}
        for at in range(0, len(lines), 10)
    ]
    answers = [] if ticket.is_sensitive else list(_answered(ticket, form))
    blocks += [_section(f"*{mrkdwn(label)}*\n{mrkdwn(text, limit=300)}") for label, text in answers[:20]]
    text = "\n".join(
        [headline, *lines, *(f"{mrkdwn(label)}: {mrkdwn(said)}" for label, said in answers[:20])]
    )
    return {"text": text[:3900], "blocks": blocks}


def check_form(name: str, form: Form) -> list[str]:
    """What Slack would refuse of a form if every question of it were shown, a line for each."""
    everything = Form(
        title=form.title,
        description=form.description,
        questions=[_unconditional(question) for question in form.questions],
    )
    return check_view(modal({name: everything}, Draft(type=name, values={})))


def action(question: Question) -> str:
    """The action id of a question's element: the same name and kind keep what was typed across forms."""
    return f"{PREFIX}{question.kind}"


def _unconditional(question: Question) -> Question:
    return replace(question, shown_when=None)


def _answered(ticket: Ticket, form: Form) -> Iterator[tuple[str, str]]:
    for question in form.questions:
        if question.name in ticket.answers:
            yield question.label, question.shown(ticket.answers[question.name])


def _type_picker(forms: Mapping[str, Form], chosen: str | None) -> Json:
    options = type_options(forms)
    current = [option for option in options if option.value == chosen]
    select = {
        "action_id": TYPE,
        "placeholder": _plain(words.CHOOSE_TYPE),
        **_list(options, current[0].value if current else None),
    }
    return {
        "type": "section",
        "block_id": TYPE,
        "text": _mrkdwn(words.WHAT_DO_YOU_NEED),
        "accessory": select,
    }


def _input(question: Question, value: Any, dispatches: bool) -> Json:
    block = {
        "type": "input",
        "block_id": f"{QUESTION}{question.name}",
        "label": _plain(question.label),
        "optional": not question.required,
        "element": {
            "action_id": action(question),
            **_element(question, question.initial if value is None else value),
        },
    }
    if question.hint:
        block["hint"] = _plain(question.hint)
    if dispatches:
        block["dispatch_action"] = True
    return block


def _element(question: Question, value: Any) -> Json:
    element: Json = {}
    if question.placeholder and not isinstance(question, (YesNo, Files)):
        element["placeholder"] = _plain(question.placeholder)
    match question:
        case ShortText() | LongText():
            element |= {
                "type": "plain_text_input",
                "multiline": isinstance(question, LongText),
                "max_length": question.max_length,
            }
            if question.min_length:
                element["min_length"] = question.min_length
            if value:
                element["initial_value"] = str(value)[: question.max_length]
        case Url():
            element |= {"type": "url_text_input"} | ({"initial_value": value} if value else {})
        case Email():
            element |= {"type": "email_text_input"} | ({"initial_value": value} if value else {})
        case Number():
            element |= {"type": "number_input", "is_decimal_allowed": question.decimal}
            if question.minimum is not None:
                element["min_value"] = f"{question.minimum:g}"
            if question.maximum is not None:
                element["max_value"] = f"{question.maximum:g}"
            if value is not None:
                element["initial_value"] = str(value)
        case Date():
            element |= {"type": "datepicker"} | ({"initial_date": value} if value else {})
        case Choice():
            element |= _list(question.offered, value)
        case Choices():
            element |= _list(question.offered, value, several=True)
        case YesNo():
            options = [_option(option) for option in YES_OR_NO]
            element |= {"type": "radio_buttons", "options": options}
            if isinstance(value, bool):
                element["initial_option"] = options[0 if value else 1]
        case Member():
            element |= {"type": "users_select"} | ({"initial_user": value["id"]} if value else {})
        case Files():
            element |= {"type": "file_input", "max_files": question.max_files}
            if question.filetypes:
                element["filetypes"] = list(question.filetypes)
    return element


YES_OR_NO = (Option("yes", "Yes"), Option("no", "No"))


def _list(options: Sequence[Option], value: Any, *, several: bool = False) -> Json:
    """A select of any length: one that Slack holds, or one that it searches through us."""
    short = len(options) <= MOST_OPTIONS
    kind = f"{'multi_' if several else ''}{'static' if short else 'external'}_select"
    element: Json = {"type": kind}
    if short:
        element["options"] = [_option(option) for option in options]
    else:
        element["min_query_length"] = 0
    chosen = value if isinstance(value, list) else [value]
    current = [_option(option) for option in options if option.value in chosen]
    if current and several:
        element["initial_options"] = current
    elif current:
        element["initial_option"] = current[0]
    return element


def _option(option: Option) -> Json:
    made: Json = {"text": _plain(option.label), "value": option.value}
    return made | ({"description": _plain(option.description)} if option.description else {})


def _entered(state: Mapping[str, Any]) -> Any:
    """The value in one element's state, whatever the element."""
    for key in ("value", "selected_date", "selected_user"):
        if state.get(key) is not None:
            return state[key]
    if option := state.get("selected_option"):
        return option["value"]
    if options := state.get("selected_options"):
        return [option["value"] for option in options]
    return state.get("files")


def _typed(question: Question, value: Any) -> Any:
    """An element's value as the question's kind keeps it."""
    match question:
        case YesNo():
            return value == "yes"
        case Member():
            return {"id": value, "name": ""}
        case Files():
            return [
                {
                    "id": f["id"],
                    "name": plain(f.get("name") or "file", limit=200),
                    "link": f.get("permalink") or "",
                }
                for f in value
            ]
    return value


def _metadata(draft: Draft) -> str:
    kept: Json = {}
    if draft.type:
        kept["type"] = draft.type
    if draft.origin:
        kept["origin"] = asdict(draft.origin)
    about = draft.about
    while about and len(json.dumps(kept | {"about": about}, ensure_ascii=False)) > LONGEST_METADATA:
        about = about[: len(about) * 9 // 10]
    return json.dumps(kept | ({"about": about} if about else {}), ensure_ascii=False)


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> Json:
    # verbatim: Slack shall not find mentions and channels in what people wrote; ours are written out.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Json:
    return {"type": "section", "text": _mrkdwn(text)}
