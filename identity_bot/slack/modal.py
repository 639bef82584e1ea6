"""The request modal: drawn from a form and a draft, and read back from Slack's payload; and its receipt. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from identity_bot.articles.suggestion import Suggestion
from identity_bot.forms import limits
from identity_bot.forms.form import Form, is_common
from identity_bot.forms.questions import Option, Question, Text, Url
from identity_bot.messages import words
from identity_bot.slack.answers import with_answers
from identity_bot.slack.inputs import (
    PREFIX,
    QUESTION,
    Json,
    action,
    entered,
    entry,
    input_block,
    option_of,
    plain_text,
    select,
)
from identity_bot.slack.messages import context, section, verbatim
from identity_bot.text.markdown import plain
from identity_bot.tickets.model import MessageRef, Ticket

FORM = f"{PREFIX}form"
RECEIPT = f"{PREFIX}receipt"
TYPE = f"{PREFIX}type"
EARLIER = f"{PREFIX}earlier"
"""The block and the action of the box that has a thread's earlier messages copied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What somebody has entered in a modal so far."""

    type: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """Question name → what was typed, unchecked."""
    origin: MessageRef | None = None
    """The root of the thread that the request was made from."""
    about: str = ""
    """The text of the message that the request was made from."""
    in_thread: bool = False
    """Whether that thread has messages which can be copied to the ticket."""
    with_earlier: bool = False
    """Whether they are to be copied."""
    outside_intake: bool = False
    """Whether it was begun neither in the intake channel nor from a message."""
    is_private: bool = False
    """Whether it was begun in a private channel or in direct messages."""
    unknown_answers: frozenset[str] = frozenset()
    """Names of filled-in questions that the form no longer has, or has in another kind."""


def modal(
    forms: Mapping[str, Form],
    draft: Draft,
    *,
    notice: str = "",
    answers: Sequence[Suggestion] | None = None,
) -> Json:
    """The view for a draft: the drop-down of types and, once one is chosen, its form with the draft's values.

    `answers` are shown below the form's first own question for text, as far as there is room, and Slack tells the bot
    what is typed there; None if nothing can answer.
    """
    form = forms.get(draft.type or "")
    blocks: list[Json] = [_type_picker(forms, draft.type) if forms else section(words.NO_TYPES)]
    if notice:
        blocks.append(section(notice))
    below = ""
    view = {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_text(words.MODAL_TITLE),
        "close": plain_text(words.CANCEL),
        "private_metadata": _metadata(draft if form else replace(draft, type=None)),
        "blocks": blocks,
    }
    if form:
        if form.description:
            blocks.append(context(form.description))
        values = {**form.suggestions(), **draft.values}
        controlling = {q.shown_when.question for q in form.all_questions if q.shown_when}
        described = None if answers is None else describing(form, draft)
        blocks += [
            input_block(
                question,
                values.get(question.name),
                dispatches=question.name in controlling,
                as_typed=question is described,
            )
            for question in form.shown_questions(values)
        ]
        below = f"{QUESTION}{described.name}" if described else ""
        warnings = [words.NO_PERSONAL_DATA, *([words.BEGUN_IN_PRIVATE] if draft.is_private else ())]
        if draft.in_thread and len(blocks) + 1 < limits.VIEW_BLOCKS:
            blocks.append(_offer_of_earlier())
        blocks.append(context(*warnings))
        view["submit"] = plain_text(words.SUBMIT)
    return with_answers(_fitting(view), answers or (), below=below)


def describing(form: Form, draft: Draft) -> Question | None:
    """The form's first own question for text or a web address, whose answer says what the request is about."""
    shown = form.shown_questions({**form.suggestions(), **draft.values})
    own = (question for question in shown if not is_common(question))
    return next((question for question in own if isinstance(question, Text | Url)), None)


def description(forms: Mapping[str, Form], draft: Draft) -> str:
    """What the request is about, as far as it was typed: in the form, or in the message that it was made from."""
    form = forms.get(draft.type or "")
    question = describing(form, draft) if form else None
    typed = draft.values.get(question.name) if question else None
    if not isinstance(typed, str) or not typed.strip() or (draft.about and typed.startswith(draft.about)):
        return draft.about
    return typed


def draft_in(view: Mapping[str, Any], forms: Mapping[str, Form]) -> Draft:
    """What somebody has entered in this view, read from Slack's payload."""
    kept = _kept(view)
    form = forms.get(kept["type"] or "")
    values: dict[str, Any] = {}
    unknown_answers: set[str] = set()
    for block_id, actions in state_in(view).items():
        if not block_id.startswith(QUESTION):
            continue
        name = block_id.removeprefix(QUESTION)
        question = form.question(name) if form else None
        for action_id, state in actions.items():
            if entry(state) is None:
                continue
            if question is None or action_id != action(question):
                unknown_answers.add(name)
            else:
                values[name] = entered(question, state)
    with_earlier = bool(entry(state_in(view).get(EARLIER, {}).get(EARLIER, {})))
    return Draft(**kept, with_earlier=with_earlier, values=values, unknown_answers=frozenset(unknown_answers))


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
    return [option_of(option) for option, _ in zip(hits, range(limits.OPTIONS), strict=False)]


def type_options(forms: Mapping[str, Form]) -> list[Option]:
    """The drop-down's options: the request types by title."""
    options = [Option(name, form.title, form.description) for name, form in forms.items()]
    return sorted(options, key=lambda option: option.label.casefold())


def receipt(ticket: Ticket, *, hints: Sequence[str] = ()) -> Json:
    """The view that replaces the form once the ticket is safe, and again once its issue has a number."""
    return _notice([section(words.receipt(ticket)), *map(context, hints)], words.CLOSE)


def apology(sentence: str, *, close: str = words.BACK, title: str = words.MODAL_TITLE) -> Json:
    """A view that says why something could not be done; pushed over a form, it leaves the form as it was."""
    return _notice([section(sentence)], close, title)


def title_in(view: Mapping[str, Any]) -> str:
    """The title of a view, for the one that follows it."""
    return str((view.get("title") or {}).get("text") or words.MODAL_TITLE)


def _notice(blocks: list[Json], close: str, title: str = words.MODAL_TITLE) -> Json:
    return {
        "type": "modal",
        "callback_id": RECEIPT,
        "title": plain_text(title),
        "close": plain_text(close),
        "blocks": blocks,
    }


def _type_picker(forms: Mapping[str, Form], chosen: str | None) -> Json:
    return {
        "type": "section",
        "block_id": TYPE,
        "text": verbatim(words.WHAT_DO_YOU_NEED),
        "accessory": {
            "action_id": TYPE,
            "placeholder": plain_text(words.CHOOSE_TYPE),
            **select(type_options(forms), chosen),
        },
    }


def _offer_of_earlier() -> Json:
    """The box below a form that was opened from a message in a thread; Slack remembers whether it is checked."""
    return {
        "type": "input",
        "block_id": EARLIER,
        "label": plain_text(words.THREAD),
        "optional": True,
        "element": {
            "type": "checkboxes",
            "action_id": EARLIER,
            "options": [option_of(Option("yes", words.COPY_EARLIER, words.COPY_EARLIER_MORE))],
        },
    }


def _fitting(view: Json) -> Json:
    """The view within Slack's size: of the longest texts, what was typed is left to Slack to remember."""
    typed = [block["element"] for block in view["blocks"] if "initial_value" in block.get("element", {})]
    typed.sort(key=lambda element: len(element["initial_value"]))
    while typed and limits.json_bytes(view) > limits.VIEW_BYTES:
        del typed.pop()["initial_value"]
    return view


def _metadata(draft: Draft) -> str:
    kept: Json = {}
    if draft.type:
        kept["type"] = draft.type
    if draft.origin:
        kept["origin"] = asdict(draft.origin)
    for name in ("in_thread", "outside_intake", "is_private"):
        if getattr(draft, name):
            kept[name] = True
    about = draft.about
    while True:
        written = json.dumps(kept | ({"about": about} if about else {}), ensure_ascii=False)
        # In bytes, as Slack does not say how it counts.
        if not about or len(written.encode("utf-8", "replace")) <= limits.METADATA:
            return written
        about = about[: len(about) * 9 // 10]


def metadata_in(view: Mapping[str, Any]) -> Json:
    """What the bot remembered in a view; empty if another version of the bot wrote it in another form."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def state_in(view: Mapping[str, Any]) -> Mapping[str, Mapping[str, Json]]:
    """The state of a view's elements, by block and action; empty if Slack sends none."""
    return (view.get("state") or {}).get("values") or {}


def _kept(view: Mapping[str, Any]) -> Json:
    """A view's metadata as parts of a draft: defaults for what another version of the bot left out."""
    kept = metadata_in(view)
    name, about = kept.get("type"), kept.get("about")
    return {
        "type": name if isinstance(name, str) else None,
        "origin": _message_ref(kept.get("origin")),
        "about": about if isinstance(about, str) else "",
        "in_thread": kept.get("in_thread") is True,
        "outside_intake": kept.get("outside_intake") is True,
        "is_private": kept.get("is_private") is True,
    }


def _message_ref(kept: Any) -> MessageRef | None:
    match kept:
        case {"channel": str(channel), "ts": str(ts)}:
            link = kept.get("link")
            return MessageRef(channel=channel, ts=ts, link=link if isinstance(link, str) else "")
    return None
