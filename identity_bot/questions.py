"""The kinds of questions: each is declared once and knows how its answer is checked and how it is shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate


@dataclass(frozen=True, slots=True)
class When:
    """A condition on another question's answer; a tuple means any of its values."""

    question: str
    equals: object

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether the answers given so far meet it."""
        wanted = self.equals if isinstance(self.equals, tuple) else (self.equals,)
        given = answers.get(self.question)
        return any(value in wanted for value in (given if isinstance(given, list) else [given]))


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: what is stored (at most 150 characters) and what people read (at most 75)."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What every kind of question has; declare one of its kinds, not this."""

    kind: ClassVar[str] = ""

    name: str
    """How answers, settings and tests call it: lower-case letters, digits and underscores."""
    label: str
    required: bool = True
    hint: str = ""
    placeholder: str = ""
    initial: Any = None
    shown_when: When | None = None
    parse: Callable[[str], str] | None = None
    """Turns what was typed into the one form that is kept, or raises marshmallow's ValidationError."""
    validate: Sequence[Callable[[Any], Any]] = ()
    """Further marshmallow validators for the answer; their messages are shown at the question."""

    def field(self) -> fields.Field[Any]:
        """The marshmallow field that checks an answer of this kind."""
        raise NotImplementedError

    def shown(self, answer: Any) -> str:
        """The answer as people read it, in one text of one or more lines."""
        return str(answer)

    def _rules(self, *own: Callable[[Any], Any]) -> dict[str, Any]:
        return {"validate": [*own, *self.validate], "allow_none": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortText(Question):
    """One line of text; at most 3,000 characters."""

    kind: ClassVar[str] = "short_text"
    min_length: int = 0
    max_length: int = 200

    def field(self) -> fields.Field[Any]:
        return fields.String(**self._rules(_length(self.min_length, self.max_length)))


@dataclass(frozen=True, kw_only=True, slots=True)
class LongText(Question):
    """Several lines of text; at most 3,000 characters."""

    kind: ClassVar[str] = "long_text"
    min_length: int = 0
    max_length: int = 3000

    def field(self) -> fields.Field[Any]:
        return fields.String(**self._rules(_length(self.min_length, self.max_length)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Url(Question):
    """A web address, http or https."""

    kind: ClassVar[str] = "url"
    max_length: int = 2000

    def field(self) -> fields.Field[Any]:
        return fields.String(**self._rules(_length(0, self.max_length), _web_address))


@dataclass(frozen=True, kw_only=True, slots=True)
class Email(Question):
    """An e-mail address."""

    kind: ClassVar[str] = "email"

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter an e-mail address, for example name@example.gov."
        return fields.Email(error_messages={"invalid": wrong}, **self._rules(_length(0, 320)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Number(Question):
    """A number: whole unless `decimal`, within `minimum` and `maximum` where they are given."""

    kind: ClassVar[str] = "number"
    decimal: bool = False
    minimum: float | None = None
    maximum: float | None = None

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter a number, for example 12." if self.decimal else "Please enter a whole number."
        say: dict[str, Any] = dict.fromkeys(("invalid", "special", "too_large"), wrong)
        limits = validate.Range(self.minimum, self.maximum, error=_range_words(self.minimum, self.maximum))
        kind = fields.Float if self.decimal else fields.Integer
        return kind(error_messages=say, **self._rules(limits))


@dataclass(frozen=True, kw_only=True, slots=True)
class Date(Question):
    """A day of the calendar, kept as `YYYY-MM-DD`; validators get a datetime.date."""

    kind: ClassVar[str] = "date"

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter a date as year-month-day, for example 2026-12-01."
        return fields.Date(format="%Y-%m-%d", error_messages={"invalid": wrong}, **self._rules())


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen(Question):
    """What choosing one and choosing several have in common; declare Choice or Choices."""

    options: Sequence[Option | str]
    """What there is to choose; a plain text stands for itself. More than 100 become a searchable list."""

    @property
    def offered(self) -> tuple[Option, ...]:
        """The options, each with its value and its label."""
        return tuple(o if isinstance(o, Option) else Option(o, o) for o in self.options)

    def option(self, value: str) -> Option | None:
        """The option with this value, if there is one."""
        return next((o for o in self.offered if o.value == value), None)

    def _one_of(self) -> validate.OneOf:
        return validate.OneOf(
            [o.value for o in self.offered], error="This is not one of the choices. Please choose again."
        )

    def _label(self, value: str) -> str:
        option = self.option(value)
        return option.label if option else value


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Chosen):
    """One of several options, kept as the option's value."""

    kind: ClassVar[str] = "choice"

    def field(self) -> fields.Field[Any]:
        return fields.String(**self._rules(self._one_of()))

    def shown(self, answer: Any) -> str:
        return self._label(answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices(Chosen):
    """Any number of several options, kept as the list of their values."""

    kind: ClassVar[str] = "choices"

    def field(self) -> fields.Field[Any]:
        return fields.List(fields.String(validate=self._one_of()), **self._rules())

    def shown(self, answer: Any) -> str:
        return "\n".join(self._label(value) for value in answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNo(Question):
    """Yes or no, kept as true or false."""

    kind: ClassVar[str] = "yes_no"

    def field(self) -> fields.Field[Any]:
        return fields.Boolean(**self._rules())

    def shown(self, answer: Any) -> str:
        return "Yes" if answer else "No"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member(Question):
    """A person of the Slack workspace, kept as `{"id": …, "name": …}`."""

    kind: ClassVar[str] = "member"

    def field(self) -> fields.Field[Any]:
        return fields.Dict(keys=fields.String(), values=fields.String(), **self._rules())

    def shown(self, answer: Any) -> str:
        return answer.get("name") or answer["id"]  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True, slots=True)
class Files(Question):
    """One to ten files that stay in Slack, kept as a list of `{"id", "name", "link"}`."""

    kind: ClassVar[str] = "files"
    max_files: int = 10
    filetypes: Sequence[str] = ()
    """Endings that are accepted, such as `png`; all where empty."""

    def field(self) -> fields.Field[Any]:
        return fields.List(
            fields.Dict(keys=fields.String(), values=fields.String()),
            **self._rules(self._accepted),
        )

    def shown(self, answer: Any) -> str:
        return "\n".join(f"{file['name']} ({file['link']})" for file in answer)

    def _accepted(self, files: list[dict[str, str]]) -> None:
        if len(files) > self.max_files:
            raise ValidationError(f"Please attach at most {self.max_files} files.")
        endings = {ending.lower() for ending in self.filetypes}
        if endings and any(f["name"].rpartition(".")[2].lower() not in endings for f in files):
            raise ValidationError(f"Please attach only files of these kinds: {', '.join(sorted(endings))}.")


def _length(shortest: int, longest: int) -> validate.Length:
    words = f"Please use at most {longest:,} characters."
    if shortest:
        words = f"Please use between {shortest:,} and {longest:,} characters."
    return validate.Length(shortest, longest, error=words)


def _web_address(text: str) -> None:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        fine = False
    if not fine:
        raise ValidationError("Please enter a web address, for example https://www.va.gov/sign-in.")


def _range_words(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f"Please enter a number from {minimum:g} to {maximum:g}."
    return (
        f"Please enter a number of at {'least' if maximum is None else 'most'} {minimum or maximum or 0:g}."
    )
