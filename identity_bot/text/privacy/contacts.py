"""Finds e-mail addresses and phone numbers, which deserve a warning, unless they are known to be nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from identity_bot.text.privacy.identifiers import GAP
from identity_bot.text.privacy.kinds import Kind, Span, has_any

MOST_CHECKED = 100
"""Phone numbers of one text that are looked up in the numbering plans; those after them count as they are."""

_DOT = r"(?:\.| ?[\[({<] ?(?:dot|\.) ?[\])}>] ?| dot )"
_HOST = rf"(?:[\w-]{{1,63}}{_DOT}){{1,8}}[^\W\d_]{{2,24}}(?![\w-])"
_AT = re.compile(
    rf"(?P<at>@| ?[\[({{<] ?(?:at|@) ?[\])}}>] ?| @ ?| at (?=[\w-]{{1,63}} dot ))(?P<host>(?:(?<=@) )?{_HOST})"
)
_DOTS = re.compile(_DOT)
_USER = re.compile(r"[\w.%+'-]{1,64}")
# Names of hosts that stand for no real one (RFC 2606), and addresses that no person has.
_NOBODY = re.compile(
    r"(?:.*@(?:.*\.)?example(?:\.[\w.-]+)?|.*\.(?:test|invalid|localhost|example|local|internal)"
    r"|.*@users\.noreply\..*"
    r"|(?:no-?reply|do-?not-?reply)@.*|(?:foo|bar|user|test|me|you|email|name)@(?:bar|foo|test|domain|company"
    r"|email|host"
    r"|mail|somewhere)\.(?:com|org|net)|(?:first|your|firstname|first_name)[._]?(?:last|name|lastname|last_name)@.*"
    r"|vets\.gov\.user(?:\+|%2b)\w+@gmail\.com|va\.api\.user(?:\+[\w.-]+)?@gmail\.com)"
)
_BEFORE_A_HOST = "look error errors running deployed meet at in on is it live hosted up down available"
_NOT_A_USER = frozenset(_BEFORE_A_HOST.split())

_PHONE_NAMES = (
    r"phones?|tel(?<![a-z]tel)|telephone|cell(?:phone)?|mobile|call(?<![a-z]call)(?:ed)?|fax|(?:text|reach) "
    r"(?:me|him|her)"
    r"|contact number"
)
_PHONES = (
    re.compile(
        r"(?<![\w.+-])(?<!\d )(?:\+?1[-. ]?)?(?:\([2-9]\d\d\) ?-?|[2-9]\d\d[-. /])\d{3}[-. ]\d{4}(?!\w|[-.]\d)",
        re.ASCII,
    ),
    re.compile(
        rf"(?:{_PHONE_NAMES})(?![a-z]){GAP}(?:at[\W_]{{1,3}})?(?P<value>"
        rf"(?:1[ -]?)?\(?[2-9]\d\d\)?[-. ]?[2-9]\d\d[-. ]?\d{{4}}"
        r"|[2-9]\d\d[-. ]?\d{4})(?!\w|[-.]\d)",
        re.ASCII,
    ),
)
_TOLL_FREE = re.compile(r"\+?1?[-. ]?\(?8(?:00|33|44|55|66|77|88)\b", re.ASCII)
"""The numbers of hotlines and offices, which no person has."""
_INTERNATIONAL = re.compile(
    r"(?<![\w.+-])(?P<value>\+[1-9](?:[-. ]?\(?\d{1,5}\)?){2,7}|(?:00|011)[-. ]?[1-9](?:[-. ]?\(?\d{1,5}\)?){3,7})"
    r"(?!\w|[-.]\d)",
    re.ASCII,
)


def find_contacts(lower: str) -> Iterator[Span]:
    """E-mail addresses and phone numbers in a text in lower case."""
    yield from _emails(lower)
    for pattern in _PHONES:
        group = "value" if "value" in pattern.groupindex else 0
        for match in pattern.finditer(lower):
            if not _TOLL_FREE.match(match[group]):
                yield *match.span(group), Kind.PHONE
    for count, match in enumerate(_INTERNATIONAL.finditer(lower)):
        if count >= MOST_CHECKED or _is_in_use(match["value"]):
            yield *match.span("value"), Kind.PHONE


def _emails(lower: str) -> Iterator[Span]:
    if not has_any(lower, ("@", "at", "dot")):
        return
    backwards = lower[::-1]
    for match in _AT.finditer(lower):
        before = _USER.match(backwards, len(lower) - match.start())
        if before is None:
            continue
        start = len(lower) - before.end()
        user, at, host = lower[start : match.start()], match["at"], match["host"]
        if (user == "git" and at == "@") or lower[start - 1 : start] == "$":
            continue
        is_spelled = at != "@" or " " in host
        if not _is_nobody(user, host) and not (is_spelled and user in _NOT_A_USER):
            yield start, match.end(), Kind.EMAIL


@lru_cache(maxsize=1024)
def _is_nobody(user: str, host: str) -> bool:
    return bool(_NOBODY.fullmatch(f"{user}@{_DOTS.sub('.', host).strip()}"))


@lru_cache(maxsize=1024)
def _is_in_use(number: str) -> bool:
    """Whether the number is one of a numbering plan."""
    digits = re.sub(r"\D", "", number)
    if not number.startswith("+"):
        digits = re.sub(r"\A(?:00|011)", "", digits)
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False
