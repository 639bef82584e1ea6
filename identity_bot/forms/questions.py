"""The kinds of questions: each is declared once and knows how its answer is checked and how it is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from identity_bot.text.markdown import clean

LARGEST_NUMBER = 2**53 - 1
"""JSON readers disagree about the last digits of larger numbers."""

_NEVER_IN_ADDRESSES = re.compile(r"[\s<>\"`\\\ufffd]")
_BLANK = re.compile(r"[\s\u2800\ufffd]*\Z")


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the answer to an earlier choice or yes/no question; a tuple means any of its values."""

    question: str
    equals: object

    @property
    def values(self) -> tuple[object, ...]:
        """The answers that meet it."""
        return self.equals if isinstance(self.equals, tuple) else (self.equals,)

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether the answers given so far meet it."""
        given = answers.get(self.question)
        return any(value in self.values for value in (given if isinstance(given, list) else [given]))


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
    """What the form suggests: an answer as it is kept, or as somebody would type it."""
    shown_when: When | None = None
    parse: Callable[[str], str] | None = None
    """Turns what was typed into the one form that is kept, or raises marshmallow's ValidationError."""
    validate: Sequence[Callable[[Any], Any]] = ()
    """Further marshmallow validators for the answer; their messages are shown at the question."""

    def field(self) -> fields.Field[Any]:
        """The marshmallow field that checks an answer of this kind."""
        raise NotImplementedError

    def answer(self, typed: Any) -> Any:
        """What is kept of what was typed or chosen, as plain JSON; None where that is nothing.

        Raises marshmallow's ValidationError for what cannot be an answer. An answer is its own answer.
        """
        value = self._tidy(typed)
        if self.parse is not None and isinstance(value, str):
            value = self._tidy(self.parse(value))
        if value is None:
            return None
        field = self.field()
        return field.serialize(self.name, {self.name: field.deserialize(value)})

    def shown(self, answer: Any) -> str:
        """The answer as people read it, in one text of one or more lines."""
        return str(answer)

    def _tidy(self, typed: Any) -> Any:
        """What was typed without what nobody meant to type; None where nothing is left."""
        return _something(" ".join(clean(typed).split()) if isinstance(typed, str) else typed)

    def _rules(self, *own: Callable[[Any], Any]) -> dict[str, Any]:
        return {"validate": [*own, *self.validate]}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortText(Question):
    """One line of text; at most 3,000 characters."""

    kind: ClassVar[str] = "short_text"
    min_length: int = 0
    max_length: int = 200

    def field(self) -> fields.Field[Any]:
        return _text(**self._rules(_length(self.min_length, self.max_length)))


@dataclass(frozen=True, kw_only=True, slots=True)
class LongText(Question):
    """Several lines of text; at most 3,000 characters."""

    kind: ClassVar[str] = "long_text"
    min_length: int = 0
    max_length: int = 3000

    def field(self) -> fields.Field[Any]:
        return _text(**self._rules(_length(self.min_length, self.max_length)))

    def _tidy(self, typed: Any) -> Any:
        return _something(clean(typed).strip() if isinstance(typed, str) else typed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Url(Question):
    """A web address, http or https, without a name or password in it."""

    kind: ClassVar[str] = "url"
    max_length: int = 2000

    def field(self) -> fields.Field[Any]:
        return _text(**self._rules(_length(0, self.max_length), _web_address))


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
        example = "a number, for example 12.5" if self.decimal else "a whole number, for example 12"
        say: dict[str, Any] = dict.fromkeys(("invalid", "special", "too_large"), f"Please enter {example}.")
        low = -LARGEST_NUMBER if self.minimum is None else self.minimum
        high = LARGEST_NUMBER if self.maximum is None else self.maximum
        limits = validate.Range(low, high, error=_range_words(self.minimum, self.maximum))
        kind = fields.Float if self.decimal else _WholeNumber
        return kind(error_messages=say, **self._rules(limits))

    def shown(self, answer: Any) -> str:
        return number_text(answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Date(Question):
    """A day of the calendar, kept as `YYYY-MM-DD`; validators get a datetime.date."""

    kind: ClassVar[str] = "date"

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter a date as year-month-day, for example 2026-12-01."
        return fields.Date(format="iso", error_messages={"invalid": wrong}, **self._rules())


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen(Question):
    """What choosing one and choosing several have in common; declare Choice or Choices."""

    options: Sequence[Option | str]
    """What there is to choose; a plain text stands for itself. More than 100 become a searchable list."""

    @property
    def offered(self) -> tuple[Option, ...]:
        """The options, each with its value and its label."""
        return tuple(o if isinstance(o, Option) else Option(o, o) for o in self.options)

    def _one_of(self, *further: Callable[[Any], Any]) -> fields.Field[Any]:
        wrong = "This is not one of the choices. Please choose again."
        say: dict[str, Any] = {"invalid": wrong, "null": wrong}
        offered = validate.OneOf([option.value for option in self.offered], error=wrong)
        return fields.String(error_messages=say, validate=[offered, *further])

    def _tidy(self, typed: Any) -> Any:
        return _something(typed)  # options' values are ours, not typed: they stay as they are

    def _label(self, value: str) -> str:
        return next((option.label for option in self.offered if option.value == value), value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Chosen):
    """One of several options, kept as the option's value."""

    kind: ClassVar[str] = "choice"

    def field(self) -> fields.Field[Any]:
        return self._one_of(*self.validate)

    def shown(self, answer: Any) -> str:
        return self._label(answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices(Chosen):
    """Any number of several options, kept as the list of their values."""

    kind: ClassVar[str] = "choices"

    def field(self) -> fields.Field[Any]:
        wrong = "Please choose from the list."
        return fields.List(self._one_of(), error_messages={"invalid": wrong}, **self._rules())

    def shown(self, answer: Any) -> str:
        return "\n".join(self._label(value) for value in answer)

    def _tidy(self, typed: Any) -> Any:
        if isinstance(typed, list):
            typed = [value for at, value in enumerate(typed) if value not in typed[:at]]
        return _something(typed)


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNo(Question):
    """Yes or no, kept as true or false."""

    kind: ClassVar[str] = "yes_no"

    def field(self) -> fields.Field[Any]:
        return fields.Boolean(error_messages={"invalid": "Please choose yes or no."}, **self._rules())

    def shown(self, answer: Any) -> str:
        return "Yes" if answer else "No"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member(Question):
    """A person of the Slack workspace, kept as `{"id": …, "name": …}`."""

    kind: ClassVar[str] = "member"

    def field(self) -> fields.Field[Any]:
        wrong: dict[str, Any] = {"type": "Please choose a person from the list."}
        return _Picked(_Person, unknown=EXCLUDE, error_messages=wrong, **self._rules())

    def shown(self, answer: Any) -> str:
        return str(answer.get("name") or answer["id"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Files(Question):
    """One to ten files that stay in Slack, kept as a list of `{"id", "name", "link"}`."""

    kind: ClassVar[str] = "files"
    max_files: int = 10
    filetypes: Sequence[str] = ()
    """Endings that are accepted, such as `png`; all where empty."""

    def field(self) -> fields.Field[Any]:
        wrong = "Please attach the file again."
        inner = _Picked(_File, unknown=EXCLUDE, error_messages={"type": wrong, "null": wrong})
        return fields.List(inner, error_messages={"invalid": wrong}, **self._rules(self._accepted))

    def shown(self, answer: Any) -> str:
        return "\n".join(f"{file['name']} ({file['link']})".removesuffix(" ()") for file in answer)

    def _accepted(self, files: list[dict[str, str]]) -> None:
        if len(files) > self.max_files:
            noun = "1 file" if self.max_files == 1 else f"{self.max_files} files"
            raise ValidationError(f"Please attach at most {noun}.")
        endings = {ending.lower() for ending in self.filetypes}
        if endings and any(file["name"].lower().rpartition(".")[2] not in endings for file in files):
            raise ValidationError(f"Please attach only files of these kinds: {', '.join(sorted(endings))}.")


def _something(typed: Any) -> Any:
    """What was typed, or None where that is nothing that anybody could see."""
    is_blank = bool(_BLANK.match(typed)) if isinstance(typed, str) else typed in (None, [], {})
    return None if is_blank else typed


def _text(**rules: Any) -> fields.Field[Any]:
    """A field for what somebody typed."""
    return fields.String(error_messages={"invalid": "Please enter text."}, **rules)


class _WholeNumber(fields.Integer):
    """A whole number, which a fraction is not cut to."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super()._validated(value)


class _CleanText(fields.String):
    """A text that came with something chosen, such as a file's name."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return clean(super()._deserialize(value, *args, **kwargs))


class _Person(Schema):
    """Somebody chosen in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(r"[UW][A-Z0-9]{1,30}\Z"))
    name = _CleanText(load_default="", validate=validate.Length(0, 200))


class _File(Schema):
    """A file uploaded in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{1,40}\Z"))
    name = _CleanText(required=True, validate=validate.Length(1, 200))
    link = _CleanText(load_default="", validate=validate.Regexp(r"(https?://[^\s<>]{1,2000})?\Z"))


class _Picked(fields.Nested):
    """An object that Slack made: whatever is wrong in it, one sentence says what the person can do."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(*args, **kwargs)
        except ValidationError as error:
            raise self.make_error("type") from error


def number_text(number: float) -> str:
    """A number as people and Slack write it: without an exponent, and without decimals that say nothing."""
    written = f"{Decimal(str(number)):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _length(shortest: int, longest: int) -> validate.Length:
    """A rule for how long a text is."""
    words = f"Please use at most {longest:,} characters."
    if shortest:
        words = f"Please use between {shortest:,} and {longest:,} characters."
    return validate.Length(shortest, longest, error=words)


def _web_address(address: str) -> None:
    """A rule for what counts as a web address."""
    try:
        parts = urlsplit(address)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_login = "@" in parts.netloc
    except ValueError:
        is_fine = has_login = False
    if not is_fine or _NEVER_IN_ADDRESSES.search(address):
        raise ValidationError("Please enter a web address, for example https://www.va.gov/sign-in.")
    if has_login:
        raise ValidationError("Please leave the name and password out of the web address.")


def _range_words(minimum: float | None, maximum: float | None) -> str:
    """What somebody reads whose number is too small or too large."""
    low, high = (number_text(limit) if limit is not None else "" for limit in (minimum, maximum))
    if low and high:
        return f"Please enter a number from {low} to {high}."
    if low or high:
        return f"Please enter a number of at {'least' if low else 'most'} {low or high}."
    return "Please enter a number of at most 15 digits."
