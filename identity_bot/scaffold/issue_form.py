"""Turn a GitHub issue form into a form of ours, and say what has no place there. Pure.

The syntax is that of docs.github.com: "Syntax for issue forms" and "Syntax for GitHub's form schema".
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from identity_bot.errors import IdentityBotError
from identity_bot.forms import limits
from identity_bot.forms.form import COMMON, Form
from identity_bot.forms.questions import Choice, Choices, Files, LongText, Option, Question, ShortText
from identity_bot.scaffold.reading import Reading, line_of, shortened, shown
from identity_bot.text.formatted.document import Kind
from identity_bot.text.formatted.from_markdown import from_markdown
from identity_bot.text.markdown import ELLIPSIS, clean

TOP = ("name", "description", "body", "title", "labels", "assignees", "projects", "type")
ELEMENT = ("type", "id", "attributes", "validations")
ATTRIBUTES = {
    "markdown": ("value",),
    "input": ("label", "description", "placeholder", "value"),
    "textarea": ("label", "description", "placeholder", "value", "render"),
    "dropdown": ("label", "description", "multiple", "options", "default"),
    "checkboxes": ("label", "description", "options"),
    "upload": ("label", "description"),
}
"""The types of elements, and what each can have."""
VALIDATIONS: Mapping[str, tuple[str, ...]] = dict.fromkeys(ATTRIBUTES, ("required",)) | {
    "markdown": (),
    "upload": ("required", "accept"),
}
LONGEST_NAME = 60
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_ENDING = re.compile(r"[a-z0-9]{1,20}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """The form that an issue form became, and a line for each thing that it could not take over."""

    form: Form
    notes: tuple[str, ...]


def convert(document: object, name: str, title: str = "") -> Converted:
    """The form of the request type `name`, with its own title or the issue form's.

    Raises IdentityBotError, with a line for each thing to fix, if GitHub or the bot could not show such a form.
    """
    return _Conversion(name).convert(document, title)


class _Conversion:
    """One conversion: the names that are taken so far, and what stands before the next question."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._read = Reading()
        self._taken = {question.name for question in COMMON}
        self._ids: dict[str, str] = {}
        """The questions' names by their ids."""
        self._pending: list[str] = []
        """The texts that stand before the next question."""

    def convert(self, document: object, title: str) -> Converted:
        if not isinstance(document, dict):
            raise IdentityBotError(
                "expected an issue form: a mapping with the keys name, description and body"
            )
        self._read.note_unknown("", document, TOP)
        named = self._read.text("name", document, "name", limits.OPTION_TEXT, is_needed=True)
        description = self._read.text(
            "description", document, "description", limits.OPTION_TEXT, is_needed=True
        )
        self._note_top(document)
        questions = self._questions(document.get("body"))
        if not self._read.problems:
            try:
                form = Form(title=title or named, description=description, questions=questions)
                return Converted(form=form, notes=tuple(map(line_of, self._read.notes)))
            except ValueError as error:
                self._read.problems.append(str(error))
        raise IdentityBotError("\n".join(map(line_of, self._read.problems)))

    def _note_top(self, document: Mapping[Any, Any]) -> None:
        section = f"[request_types.{self._name}]"
        if title := self._read.text("title", document, "title", 1_000):
            self._read.notes.append(
                f"title {title!r}: the bot titles issues; the hook render_issue can title them so"
            )
        if labels := self._read.texts("labels", document.get("labels")):
            self._read.notes.append(f"labels: write labels = {_toml(labels)} below {section} in the settings")
        if people := self._read.texts("assignees", document.get("assignees")):
            leads = ", ".join(f'{{ slack = "U…", github = {_toml(one)} }}' for one in people)
            self._read.notes.append(
                f"assignees: the bot assigns leads to critical tickets only; write leads = [{leads}] below {section}"
            )
        if projects := self._read.texts("projects", document.get("projects")):
            self._read.notes.append(
                f"projects {', '.join(projects)}: use the project's own workflow, which adds issues by label"
            )
        if kind := self._read.text("type", document, "type", 200):
            self._read.notes.append(f"type {kind!r}: the bot sets no issue type")

    def _questions(self, body: object) -> list[Question]:
        if not isinstance(body, list) or not body:
            self._read.problems.append(f"body: found {shown(body)}; expected a list of questions")
            return []
        elements = [(f"body[{at}]", one) for at, one in enumerate(body)]
        ids = Counter(
            one["id"] for _, one in elements if isinstance(one, dict) and isinstance(one.get("id"), str)
        )
        self._read.problems += [
            f"body: {count} have the id {shown(one)}" for one, count in ids.items() if count > 1
        ]
        # Names that people chose go first; those that are made of labels give way.
        for where, one in elements:
            chosen = one.get("id") if isinstance(one, dict) else None
            if isinstance(chosen, str) and chosen not in self._ids:
                self._ids[chosen] = self._named(where, chosen)
        found = [question for where, one in elements if (question := self._question(where, one))]
        if self._pending:
            self._read.notes.append("body: the last markdown is left out, as no question follows it")
        if not found and not self._read.problems:
            self._read.problems.append("body: found only markdown; expected at least one question")
        return found

    def _question(self, where: str, element: object) -> Question | None:
        if not isinstance(element, dict):
            self._read.problems.append(f"{where}: found {shown(element)}; expected a mapping with a type")
            return None
        kind = element.get("type")
        if not isinstance(kind, str) or kind not in ATTRIBUTES:
            self._read.problems.append(
                f"{where}.type: found {shown(kind)}; expected one of {', '.join(ATTRIBUTES)}"
            )
            return None
        self._read.note_unknown(where, element, ELEMENT)
        attributes = self._read.mapping(f"{where}.attributes", element.get("attributes"), ATTRIBUTES[kind])
        checks = self._read.mapping(f"{where}.validations", element.get("validations"), VALIDATIONS[kind])
        if kind == "markdown":
            if text := self._read.text(
                f"{where}.attributes.value", attributes, "value", 100_000, is_needed=True
            ):
                self._pending.append(_plain(text))
            return None
        before = len(self._read.problems)
        make: Mapping[str, Callable[..., Question]] = {
            "input": self._short_text,
            "textarea": self._long_text,
            "dropdown": self._dropdown,
            "checkboxes": self._checkboxes,
            "upload": self._upload,
        }
        common = self._common(where, element, attributes, checks)
        try:
            question = make[kind](where, attributes, checks, common)
        except ValueError as error:
            if len(self._read.problems) == before:  # else it follows from those
                self._read.problems.append(f"{where}: {error}")
            return None
        return question if len(self._read.problems) == before else None

    def _common(
        self, where: str, element: Mapping[Any, Any], attributes: Mapping[Any, Any], checks: Mapping[Any, Any]
    ) -> dict[str, Any]:
        """What all kinds of questions have."""
        at = f"{where}.attributes"
        label = self._read.text(
            f"{at}.label", attributes, "label", limits.LABEL, is_needed=element["type"] != "checkboxes"
        )
        description = self._read.text(f"{at}.description", attributes, "description", 100_000)
        if self._pending:
            self._read.notes.append(f"{where}: the markdown before it became its hint, as plain text")
        hint = self._read.cut(
            f"{where}: the hint",
            "\n\n".join(filter(None, [*self._pending, _plain(description)])),
            limits.HINT,
        )
        self._pending = []
        given = element.get("id")
        if given is not None and not (isinstance(given, str) and _ID.fullmatch(given)):
            self._read.problems.append(
                f"{where}.id: found {shown(given)}; expected letters, digits, - and _ only, at most 200"
            )
        name = self._ids.get(given, "") if isinstance(given, str) else ""
        return {
            "name": name or self._named(where, label),
            "label": label or "Please choose",
            "hint": hint,
            "required": self._read.flag(f"{where}.validations.required", checks.get("required")),
        }

    def _named(self, where: str, words: str) -> str:
        """A name made of an id, or as GitHub does of a label where there is none."""
        wanted = _slug(words)
        name = self._free(wanted)
        if name != wanted:
            is_common = wanted in [question.name for question in COMMON]
            why = (
                "every form asks for that already; delete it if you can"
                if is_common
                else "the name was taken"
            )
            self._read.notes.append(f"{where}: the question is called {name!r}, as {why}")
        return name

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def _short_text(
        self, where: str, attributes: Mapping[Any, Any], _: object, common: dict[str, Any]
    ) -> Question:
        made = common | self._prefilled(where, attributes)
        longest = limits.INPUT_TEXT if len(made["initial"] or "") > 200 else 200
        return ShortText(max_length=longest, **made)

    def _long_text(
        self, where: str, attributes: Mapping[Any, Any], _: object, common: dict[str, Any]
    ) -> Question:
        if language := self._read.text(f"{where}.attributes.render", attributes, "render", 100):
            self._read.notes.append(
                f"{where}: render {language!r} is left out: each long answer is a block of text"
            )
        return LongText(**common, **self._prefilled(where, attributes))

    def _prefilled(self, where: str, attributes: Mapping[Any, Any]) -> dict[str, Any]:
        at = f"{where}.attributes"
        placeholder = self._read.text(f"{at}.placeholder", attributes, "placeholder", 100_000)
        value = self._read.text(f"{at}.value", attributes, "value", limits.INPUT_TEXT)
        return {
            "placeholder": self._read.cut(
                f"{at}.placeholder", " ".join(placeholder.split()), limits.PLACEHOLDER
            ),
            "initial": value or None,
        }

    def _dropdown(
        self, where: str, attributes: Mapping[Any, Any], _: object, common: dict[str, Any]
    ) -> Question:
        at = f"{where}.attributes"
        listed = attributes.get("options")
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, str):
                self._read.problems.append(
                    f"{at}.options: found {shown(one)}; expected texts; put quotes around yes and no"
                )
        options = self._options(f"{at}.options", listed)
        chosen = None
        default = attributes.get("default")
        if default is not None:
            if (
                isinstance(default, str)
                and re.fullmatch(r"[0-9]{1,4}", default)
                and int(default) < len(options)
            ):
                chosen = _value_of(options[int(default)])
            else:
                self._read.notes.append(
                    f"{at}.default: found {shown(default)}, which is no option's number; left out"
                )
        if self._read.flag(f"{at}.multiple", attributes.get("multiple")):
            return Choices(options=options, initial=[chosen] if chosen else None, **common)
        return Choice(options=options, initial=chosen, **common)

    def _checkboxes(
        self, where: str, attributes: Mapping[Any, Any], _: object, common: dict[str, Any]
    ) -> Question:
        at = f"{where}.attributes.options"
        listed = attributes.get("options")
        texts, needed = [], []
        for number, one in enumerate(listed if isinstance(listed, list) else ()):
            if not isinstance(one, dict):
                self._read.problems.append(
                    f"{at}[{number}]: found {shown(one)}; expected a mapping with a label"
                )
                continue
            self._read.note_unknown(f"{at}[{number}]", one, ("label", "required"))
            texts.append(
                _plain(self._read.text(f"{at}[{number}].label", one, "label", 100_000, is_needed=True))
            )
            if self._read.flag(f"{at}[{number}].required", one.get("required")):
                needed.append(texts[-1])
        options = self._options(at, texts if isinstance(listed, list) else listed)
        if needed and len(options) > 1:
            boxes = "; ".join(map(repr, needed))
            self._read.notes.append(
                f"{where}: the question is required, but no box is: the hook validate can ask for {boxes}"
            )
        return Choices(options=options, **common | {"required": bool(needed) or common["required"]})

    def _upload(
        self, where: str, attributes: Mapping[Any, Any], checks: Mapping[Any, Any], common: dict[str, Any]
    ) -> Question:
        at = f"{where}.validations.accept"
        listed = self._read.text(at, checks, "accept", 100_000)
        wanted = [one.strip().lower() for one in listed.split(",") if one.strip()]
        endings = list(dict.fromkeys(one.rpartition(".")[2] for one in wanted))
        if lost := [one for one in wanted if one != f".{one.rpartition('.')[2]}"]:
            self._read.notes.append(f"{at}: only the last part of {', '.join(lost)} is checked")
        if not all(_ENDING.fullmatch(one) for one in endings) or len(endings) > limits.FILE_TYPES:
            self._read.notes.append(f"{at}: expected endings such as .png, .txt; all files are accepted")
            endings = []
        return Files(filetypes=endings, **common)

    def _options(self, where: str, listed: object) -> list[Option | str]:
        """The options of a list of texts; those that Slack would not show in full are cut."""
        if not isinstance(listed, list) or not listed:
            self._read.problems.append(f"{where}: found {shown(listed)}; expected a list of at least one")
            return []
        texts = [" ".join(clean(one).split()) for one in listed if isinstance(one, str)]
        for text, count in Counter(texts).items():
            if not text:
                self._read.problems.append(f"{where}: found an option without text")
            elif count > 1:
                self._read.problems.append(f"{where}: {count} are {shown(text)}; expected different options")
        options = [_option(text, number) for number, text in enumerate(texts, start=1) if text]
        if cut := [
            one.label
            for one in options
            if isinstance(one, Option) and ELLIPSIS in one.label + one.description
        ]:
            self._read.notes.append(
                f"{where}: {len(cut)} cut to what Slack shows, which is 75 characters twice"
            )
        return options


def _plain(markdown: str) -> str:
    """Markdown as plain text, which is all that Slack shows in hints and options."""
    text, before = "", None
    for block in from_markdown(markdown).blocks:
        mark = (
            "" if block.kind is not Kind.ITEM else f"{block.number}. " if block.number is not None else "• "
        )
        words = ""
        for address, runs in groupby(block.runs, key=lambda run: run.address):
            shown = "".join(run.text for run in runs)
            words += f"{shown} ({address})" if address and address != shown else shown
        between = "" if before is None else "\n" if mark and before is Kind.ITEM else "\n\n"
        text, before = f"{text}{between}{mark}{words.strip()}", block.kind
    return clean(text).strip()


def _option(text: str, number: int) -> Option | str:
    """An option: its text where Slack shows that as a label, else a label with the rest as its description."""
    if len(text) <= limits.OPTION_TEXT:
        return text
    value = (
        text if len(text) <= limits.OPTION_VALUE else f"{shortened(text, limits.OPTION_VALUE - 8)} ({number})"
    )
    end = text.rfind(" ", 0, limits.OPTION_TEXT + 1)
    if end < 1:
        return Option(value, shortened(text, limits.OPTION_TEXT))
    rest = text[end + 1 :]
    is_long = len(rest) > limits.OPTION_TEXT
    return Option(value, text[:end], shortened(rest, limits.OPTION_TEXT) if is_long else rest)


def _value_of(option: Option | str) -> str:
    return option if isinstance(option, str) else option.value


def _slug(text: str) -> str:
    """A question's name that reads like a text: lower-case letters, digits and underscores."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].rstrip("_")
    return name if name[:1].isalpha() else f"question_{name}".rstrip("_")


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
