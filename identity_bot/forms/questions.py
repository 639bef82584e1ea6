"""The kinds of questions: each checks its own declaration, checks answers, and shows them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from identity_bot.forms import limits
from identity_bot.text.markdown import clean
from identity_bot.text.names import MEMBER_ID

LARGEST_NUMBER = 2**53 - 1
"""JSON readers disagree about the last digits of larger numbers."""

_NEVER_IN_ADDRESSES = re.compile(r"[\s<>\"`\\\ufffd]")
_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{limits.QUESTION_NAME - 1}}}")
_FILE_TYPE = re.compile(rf"[A-Za-z0-9]{{1,{limits.FILE_TYPE}}}")
_BLANK = re.compile(r"[\s\u2800\ufffd]*\Z")


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the answer to an earlier choice or yes/no question; a tuple means any of its values."""

    question: str
    equals: object

    def __post_init__(self) -> None:
        if not isinstance(self.question, str):
            raise ValueError(f"When: found {self.question!r:.60}; expected the name of a question")
        if not self.values:
            raise ValueError(f"When({self.question!r}): found no values; expected at least one")

    @property
    def values(self) -> tuple[object, ...]:
        """The answers that meet the condition."""
        return self.equals if isinstance(self.equals, tuple) else (self.equals,)

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether the answers given so far meet the condition."""
        given = answers.get(self.question)
        return any(value in self.values for value in (given if isinstance(given, list) else [given]))


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: the value is kept, the label and the description are shown."""

    value: str
    """At most 150 characters."""
    label: str
    """At most 75 characters, as for the description."""
    description: str = ""

    def __post_init__(self) -> None:
        problems = [
            *limits.text("value", self.value, limits.OPTION_VALUE, required=True),
            *limits.text("label", self.label, limits.OPTION_TEXT, required=True),
            *limits.text("description", self.description, limits.OPTION_TEXT),
        ]
        if problems:
            raise ValueError(f"option {self.label!r:.40}: {'; '.join(problems)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What every kind of question has; declare one of its kinds, not this."""

    kind: ClassVar[str] = ""
    is_typed: ClassVar[bool] = True
    """Whether people type the answer, as opposed to choosing or attaching it."""
    kept_as: ClassVar[Any] = object
    """The type of an answer; a kept one of another type belongs to an earlier question of the same name."""

    name: str
    """The key in answers, settings and tests: lower-case letters, digits and underscores."""
    label: str
    """The question itself; at most 2,000 characters, as for the hint."""
    required: bool = True
    hint: str = ""
    placeholder: str = ""
    """At most 150 characters."""
    initial: Any = None
    """What the form suggests: an answer as it is kept, or as somebody would type it."""
    shown_when: When | None = None
    parse: Callable[[str], str] | None = None
    """Turns what was typed into the text that is kept, or raises marshmallow's ValidationError."""
    validate: Sequence[Callable[[Any], Any]] = ()
    """Further marshmallow validators for the answer; their messages are shown at the question."""

    def __post_init__(self) -> None:
        problems = [*self._common_problems(), *self._problems()] or [*self._initial_problems()]
        if problems:
            raise ValueError(f"question {self.name!r:.80}: {'; '.join(problems)}")

    def field(self) -> fields.Field[Any]:
        """The marshmallow field that checks an answer of this kind."""
        raise NotImplementedError

    def answer(self, typed: Any) -> Any:
        """What is kept of what was typed or chosen, as plain JSON; None if that is nothing.

        Raises marshmallow's ValidationError if it is not an answer. An answer is its own answer.
        """
        value = self._tidy(typed)
        if self.parse is not None and isinstance(value, str):
            value = self._tidy(self.parse(value))
        if value is None:
            return None
        field = self.field()
        return field.serialize(self.name, {self.name: field.deserialize(value)})

    def shown(self, answer: Any) -> str:
        """The answer as people read it: text of one or more lines."""
        return str(answer)

    def _tidy(self, typed: Any) -> Any:
        """What was typed, without stray white space and hidden characters; None if nothing is left."""
        return _something(" ".join(clean(typed).split()) if isinstance(typed, str) else typed)

    def _rules(self, *own: Callable[[Any], Any]) -> dict[str, Any]:
        return {"validate": [*own, *self.validate]}

    def _common_problems(self) -> Iterator[str]:
        if not self.kind:
            yield "declare one of the kinds of questions, such as ShortText"
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            yield (
                "its name must be lower-case letters, digits and underscores, "
                f"at most {limits.QUESTION_NAME}, beginning with a letter"
            )
        yield from limits.text("label", self.label, limits.LABEL, required=True)
        yield from limits.text("hint", self.hint, limits.HINT)
        yield from limits.text("placeholder", self.placeholder, limits.PLACEHOLDER)
        if not isinstance(self.required, bool):
            yield f"required: found {self.required!r:.40}; expected True or False"
        if self.shown_when is not None and not isinstance(self.shown_when, When):
            yield f"shown_when: found {type(self.shown_when).__name__}; expected a When"
        if self.parse and not self.is_typed:
            yield "parse: only for answers that people type"
        if not _is_list(self.validate, Callable):
            yield f"validate: found {type(self.validate).__name__}; expected a list of functions"

    def _problems(self) -> Iterator[str]:
        """What is wrong with what only this kind of question has."""
        yield from ()

    def _initial_problems(self) -> Iterator[str]:
        try:
            self.answer(self.initial)
        except ValidationError as error:
            yield f"initial: {first_message(error)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Text(Question):
    """What one line and several lines of text have in common; declare ShortText or LongText."""

    min_length: int = 0
    max_length: int = 200

    def field(self) -> fields.Field[Any]:
        return _text(**self._rules(_length(self.min_length, self.max_length)))

    def _problems(self) -> Iterator[str]:
        yield from limits.whole("max_length", self.max_length, 1, limits.INPUT_TEXT)
        yield from limits.whole("min_length", self.min_length, 0, limits.INPUT_TEXT)
        if _is_more(self.min_length, self.max_length):
            yield f"min_length: found {self.min_length}, which is more than max_length, {self.max_length}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortText(Text):
    """One line of text; at most 3,000 characters."""

    kind: ClassVar[str] = "short_text"
    kept_as: ClassVar[Any] = str


@dataclass(frozen=True, kw_only=True, slots=True)
class LongText(Text):
    """Several lines of text; at most 3,000 characters."""

    kind: ClassVar[str] = "long_text"
    kept_as: ClassVar[Any] = str
    max_length: int = limits.INPUT_TEXT

    def _tidy(self, typed: Any) -> Any:
        return _something(clean(typed).strip() if isinstance(typed, str) else typed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Url(Question):
    """A web address, http or https, without a name or password in it."""

    kind: ClassVar[str] = "url"
    kept_as: ClassVar[Any] = str
    max_length: int = 2000

    def field(self) -> fields.Field[Any]:
        return _text(**self._rules(_length(0, self.max_length), _web_address))

    def _problems(self) -> Iterator[str]:
        yield from limits.whole("max_length", self.max_length, 1, limits.INPUT_TEXT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Email(Question):
    """An e-mail address."""

    kind: ClassVar[str] = "email"
    kept_as: ClassVar[Any] = str

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter an e-mail address, for example name@example.gov."
        return fields.Email(error_messages={"invalid": wrong}, **self._rules(_length(0, 320)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Number(Question):
    """A number: whole unless `decimal`, from `minimum` to `maximum` if they are given."""

    kind: ClassVar[str] = "number"
    kept_as: ClassVar[Any] = (int, float)
    decimal: bool = False
    minimum: float | None = None
    maximum: float | None = None

    def field(self) -> fields.Field[Any]:
        example = "a number, for example 12.5" if self.decimal else "a whole number, for example 12"
        say: dict[str, Any] = dict.fromkeys(("invalid", "special", "too_large"), f"Please enter {example}.")
        low = -LARGEST_NUMBER if self.minimum is None else self.minimum
        high = LARGEST_NUMBER if self.maximum is None else self.maximum
        within = validate.Range(low, high, error=_range_words(self.minimum, self.maximum))
        kind = fields.Float if self.decimal else _WholeNumber
        return kind(error_messages=say, **self._rules(within))

    def shown(self, answer: Any) -> str:
        return number_text(answer)

    def _problems(self) -> Iterator[str]:
        for name, limit in (("minimum", self.minimum), ("maximum", self.maximum)):
            is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
            if limit is not None and not (is_number and abs(limit) <= LARGEST_NUMBER):
                yield f"{name}: found {limit!r:.40}; expected a number of at most 15 digits"
            elif limit is not None and not self.decimal and limit != int(limit):
                yield f"{name}: found {limit}; expected a whole number, as the question is not `decimal`"
        if _is_more(self.minimum, self.maximum):
            yield f"minimum: found {self.minimum}, which is more than maximum, {self.maximum}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Date(Question):
    """A day of the calendar, kept as `YYYY-MM-DD`; validators get a datetime.date."""

    kind: ClassVar[str] = "date"
    kept_as: ClassVar[Any] = str

    def field(self) -> fields.Field[Any]:
        wrong = "Please enter a date as year-month-day, for example 2026-12-01."
        return fields.Date(format="iso", error_messages={"invalid": wrong}, **self._rules())


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen(Question):
    """What choosing one and choosing several have in common; declare Choice or Choices."""

    is_typed: ClassVar[bool] = False

    options: Sequence[Option | str]
    """What there is to choose; a plain text is both value and label. More than 100 become a searchable list."""
    offered: tuple[Option, ...] = field(init=False, repr=False)
    """The options, each with its value and its label."""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "offered", _offered(self.options))
        except ValueError as error:
            raise ValueError(f"question {self.name!r:.80}: {error}") from None
        Question.__post_init__(self)

    def _one_of(self, *further: Callable[[Any], Any]) -> fields.Field[Any]:
        wrong = "This is not one of the choices. Please choose again."
        say: dict[str, Any] = {"invalid": wrong, "null": wrong}
        offered = validate.OneOf([option.value for option in self.offered], error=wrong)
        return fields.String(error_messages=say, validate=[offered, *further])

    def _tidy(self, typed: Any) -> Any:
        return _something(typed)  # values of options are not typed, so there is nothing to tidy

    def _problems(self) -> Iterator[str]:
        if not self.offered:
            yield "options: found none; expected at least one"
        for value, count in Counter(option.value for option in self.offered).items():
            if count > 1:
                yield f"options: {count} have the value {value!r}; expected different values"

    def _label(self, value: str) -> str:
        return next((option.label for option in self.offered if option.value == value), value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Chosen):
    """One of several options, kept as the option's value."""

    kind: ClassVar[str] = "choice"
    kept_as: ClassVar[Any] = str

    def field(self) -> fields.Field[Any]:
        return self._one_of(*self.validate)

    def shown(self, answer: Any) -> str:
        return self._label(answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices(Chosen):
    """Any number of several options, kept as the list of their values."""

    kind: ClassVar[str] = "choices"
    kept_as: ClassVar[Any] = list

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
    kept_as: ClassVar[Any] = bool
    is_typed: ClassVar[bool] = False

    def field(self) -> fields.Field[Any]:
        return fields.Boolean(error_messages={"invalid": "Please choose yes or no."}, **self._rules())

    def shown(self, answer: Any) -> str:
        return "Yes" if answer else "No"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member(Question):
    """A person of the Slack workspace, kept as `{"id": …, "name": …}`."""

    kind: ClassVar[str] = "member"
    kept_as: ClassVar[Any] = dict

    def field(self) -> fields.Field[Any]:
        wrong: dict[str, Any] = {"type": "Please choose a person from the list."}
        return _Picked(_Person, unknown=EXCLUDE, error_messages=wrong, **self._rules())

    def shown(self, answer: Any) -> str:
        return str(answer.get("name") or answer["id"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Files(Question):
    """One to ten files that stay in Slack, kept as a list of `{"id", "name", "link"}`."""

    kind: ClassVar[str] = "files"
    kept_as: ClassVar[Any] = list
    is_typed: ClassVar[bool] = False
    max_files: int = limits.FILES
    filetypes: Sequence[str] = ()
    """Endings that are accepted, such as `png`; all if empty."""

    def field(self) -> fields.Field[Any]:
        wrong = "Please attach the file again."
        inner = _Picked(_File, unknown=EXCLUDE, error_messages={"type": wrong, "null": wrong})
        return fields.List(inner, error_messages={"invalid": wrong}, **self._rules(self._accepted))

    def shown(self, answer: Any) -> str:
        return "\n".join(f"{file['name']} ({file['link']})".removesuffix(" ()") for file in answer)

    def _problems(self) -> Iterator[str]:
        yield from limits.whole("max_files", self.max_files, 1, limits.FILES)
        is_list = _is_list(self.filetypes, str) and len(self.filetypes) <= limits.FILE_TYPES
        if not is_list or not all(_FILE_TYPE.fullmatch(ending) for ending in self.filetypes):
            yield 'filetypes: expected a list of endings without a dot, such as ["png"]'

    def _accepted(self, files: list[dict[str, str]]) -> None:
        if len(files) > self.max_files:
            noun = "1 file" if self.max_files == 1 else f"{self.max_files} files"
            raise ValidationError(f"Please attach at most {noun}.")
        endings = {ending.lower() for ending in self.filetypes}
        if endings and any(file["name"].lower().rpartition(".")[2] not in endings for file in files):
            raise ValidationError(f"Please attach only files of these kinds: {', '.join(sorted(endings))}.")


def first_message(error: ValidationError) -> str:
    """The first sentence of marshmallow's error, however deep it is nested."""
    said: Any = error.messages
    while isinstance(said, dict | list):
        said = next(iter(said.values())) if isinstance(said, dict) else said[0]
    return str(said)


def _is_list(found: object, kind: Any) -> bool:
    """Whether a value is a list or a tuple of one kind of values."""
    return isinstance(found, list | tuple) and all(isinstance(one, kind) for one in found)


def _is_more(least: float | None, most: float | None) -> bool:
    numbers = [limit for limit in (least, most) if isinstance(limit, int | float)]
    return len(numbers) == 2 and numbers[0] > numbers[1]


def _offered(options: Sequence[Option | str]) -> tuple[Option, ...]:
    if not _is_list(options, Option | str):
        raise ValueError(f"options: found {options!r:.80}; expected a list of texts or Options")
    return tuple(one if isinstance(one, Option) else Option(one, one) for one in options)


def _something(typed: Any) -> Any:
    """What was typed; None if there is nothing that anybody could see."""
    is_blank = bool(_BLANK.match(typed)) if isinstance(typed, str) else typed in (None, [], {})
    return None if is_blank else typed


def _text(**rules: Any) -> fields.Field[Any]:
    """A field for what somebody typed."""
    return fields.String(error_messages={"invalid": "Please enter text."}, **rules)


class _WholeNumber(fields.Integer):
    """A whole number; a fraction is refused, not cut off."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, float) and not value.is_integer():
            raise self.make_error("invalid")
        return super()._validated(value)


class _CleanText(fields.String):
    """Text that comes with what people choose, such as a file's name."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return clean(super()._deserialize(value, *args, **kwargs))


class _Person(Schema):
    """Somebody chosen in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(rf"{MEMBER_ID}\Z"))
    name = _CleanText(load_default="", validate=validate.Length(0, 200))


class _File(Schema):
    """A file uploaded in Slack."""

    id = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{1,40}\Z"))
    name = _CleanText(required=True, validate=validate.Length(1, 200))
    link = _CleanText(load_default="", validate=validate.Regexp(r"(https?://[^\s<>]{1,2000})?\Z"))


class _Picked(fields.Nested):
    """An object that Slack made: one sentence stands for whatever is wrong in it."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(*args, **kwargs)
        except ValidationError as error:
            raise self.make_error("type") from error


def number_text(number: float) -> str:
    """A number as people and Slack write it: without an exponent or trailing zeros."""
    written = f"{Decimal(str(number)):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _length(shortest: int, longest: int) -> validate.Length:
    """A validator for the length of a text."""
    words = f"Please use at most {longest:,} characters."
    if shortest:
        words = f"Please use between {shortest:,} and {longest:,} characters."
    return validate.Length(shortest, longest, error=words)


def _web_address(address: str) -> None:
    """A validator for web addresses."""
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
    """What people read if their number is too small or too large."""
    low, high = (number_text(limit) if limit is not None else "" for limit in (minimum, maximum))
    if low and high:
        return f"Please enter a number from {low} to {high}."
    if low or high:
        return f"Please enter a number of at {'least' if low else 'most'} {low or high}."
    return "Please enter a number of at most 15 digits."
