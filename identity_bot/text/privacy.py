"""Finds personal data and secrets in text, by shape and by the words in front of them.

It looks for what people paste without thinking, not for what somebody hides on purpose. It still sees through look-
alike digits, odd dashes and invisible characters, because copying from web pages and documents brings them along.
Every pattern is bounded, so that hostile text costs no more than plain text.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

REDACTED = "[redacted]"
"""What replaces a finding."""

# Keeps every character in its place, which str.lower() does not.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Kind(Enum):
    """What was found, in the words that people see after "this looks like"."""

    SSN = "a Social Security number"
    ITIN = "a taxpayer identification number (ITIN)"
    ICN = "a Veteran's ICN"
    EDIPI = "an EDIPI (DoD ID number)"
    BIRTH_DATE = "a date of birth"
    PASSWORD = "a password"
    SECRET = "a secret key or token"
    EMAIL = "an e-mail address"
    PHONE = "a phone number"

    @property
    def blocks(self) -> bool:
        """Whether such a finding must stay out of a ticket; the other kinds only deserve a warning."""
        return self not in (Kind.EMAIL, Kind.PHONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something personal in a text: what it is, and its characters without the words that gave it away."""

    kind: Kind
    value: str = field(repr=False)
    """In plain characters, if the text disguised it."""
    start: int
    end: int
    """Where it stands in the text as it was given: `text[start:end]`."""


_Rule = tuple[Kind, re.Pattern[str]]
_Span = tuple[int, int, Kind]

# Between a word such as "SSN" and its value: punctuation and a few words that lead on to a value.
_GAP = (
    r"(?:[\W_]{0,6}(?:numbers?|num|no|nr|is|was|are|on|of|for|the|an?|my|his|her|their|user|veteran|member"
    r"|value|equals|mm|dd|yy|yyyy)(?![a-z0-9])){0,5}[\W_]{0,6}"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = (
    r"(?:(?:19|20)\d\d ?[-/. ] ?\d{1,2} ?[-/. ] ?\d{1,2}"
    r"|\d{1,2} ?[-/. ] ?\d{1,2} ?[-/. ] ?(?:(?:19|20)\d\d|'?\d\d)"
    r"|(?:19|20)\d{6}|\d{4}(?:19|20)\d\d"
    rf"|{_MONTH}[ -]?\d{{1,2}}(?:st|nd|rd|th)?(?:,? ?[-/']? ?(?:\d{{4}}|\d\d))?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -]?(?:of )?{_MONTH}(?:,?[ -/']{{0,2}}(?:\d{{4}}|\d\d))?"
    rf"|{_MONTH},? (?:19|20)\d\d"
    rf"|(?:19|20)\d\d[- ]{_MONTH}[- ]\d{{1,2}})"
    r"(?!\d)(?!\.\d)"
)


def _rule(kind: Kind, pattern: str) -> _Rule:
    return kind, re.compile(pattern, re.ASCII)


def _nine_digits(kind: Kind, words: str, parts: tuple[str, str, str]) -> tuple[_Rule, ...]:
    """A number of three groups: by its shape where it stands alone, in any shape after its name."""
    area, group, serial = parts
    # Not the middle of a longer row of numbers such as a phone number or a version.
    dashed = rf"{area}(?<!\d...)(?<!\d[-.]...)(?P<by> ?- ?|\.){group}(?P=by){serial}(?!\d)(?!\.\d)"
    spaced = rf"{area}(?<!\d...)(?<![\d)][-. ]...) {group} {serial}(?!\w)(?![-. ]\d)"
    named = rf"(?:{words})(?![a-z]){_GAP}(?P<value>{area}[-./ ]{{0,3}}{group}[-./ ]{{0,3}}{serial})(?!\d)"
    return _rule(kind, dashed), _rule(kind, spaced), _rule(kind, named)


# Searched for in lower case. A group named "value" marks what is personal, else all that matched is.
_BLOCKING = (
    *_nine_digits(
        Kind.SSN,
        r"ssns?|soc(?:ial)?\.?[ _-]?sec(?:urity)?|social",
        (r"[0-8]\d\d(?<!000)(?<!666)", r"(?!00)\d\d", r"(?!0000)\d{4}"),  # SSA POMS RM 10201.035
    ),
    *_nine_digits(
        Kind.ITIN,
        r"itins?|taxpayer[ _-]?id",
        # The second group of an ITIN is 50-65, 70-88, 90-92 or 94-99.
        (r"9\d\d", r"(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])", r"\d{4}"),
    ),
    # The pattern that vets-api checks an ICN with, alone or padded as the master index writes it.
    _rule(Kind.ICN, r"(?:0{6}\d{10}(?<!\d\d{16})|\d{10}(?<!\d\d{10}))v\d{6}(?:0{6})?(?!\d)"),
    _rule(
        Kind.EDIPI,
        r"(?:edipis?|dod[ _-]?id(?:[ _-]?(?:number|num|no))?|cac[ _-]?id)(?![a-z])"
        rf"{_GAP}(?P<value>\d(?:[ -]?\d){{9}}(?!\d))",
    ),
    _rule(
        Kind.BIRTH_DATE,
        r"(?:dobs?|d\.o\.b|born(?<![a-z]born)|(?:date[ _-]?of[ _-]?birth|birth[ _-]?da(?:te|y)))(?![a-z])"
        rf"{_GAP}(?P<value>{_DATE})",
    ),
    _rule(Kind.PASSWORD, r"://[^/\s:@]{1,100}:(?P<value>[^/\s@]{1,200})@"),
    _rule(Kind.SECRET, r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/]{8,200}"),
    _rule(
        Kind.SECRET,
        r"-----begin (?:[a-z0-9]{1,20} ){0,4}private key(?: block)?-----"
        r"(?s:.*?)(?:-----end [a-z0-9 ]{1,60}-----|\Z)",
    ),
)
_TOKENS = (
    _rule(
        Kind.SECRET,
        r"(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,100}|npm_[A-Za-z0-9]{36,100}"
        r"|sk_live_[A-Za-z0-9]{16,200}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|AIza[\w-]{35}"
        r"|xox[a-z]-[\w-]{10,250}|xapp-\d-[\w-]{10,250})",
    ),
    _rule(
        Kind.SECRET,
        r"eyJ(?<![\w-]eyJ)[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,2000}){1,3}",
    ),
)
_WARNING = (
    _rule(
        Kind.EMAIL,
        r"(?<![\w.%+'-])(?!git@)[\w.%+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])",
    ),
    _rule(
        Kind.PHONE,
        r"(?<![\w.+-])(?<!\d )(?:\+?1[-. ]?)?(?:\([2-9]\d\d\) ?-?|[2-9]\d\d[-. ])"
        r"\d{3}[-. ]\d{4}(?!\w|[-.]\d)",
    ),
    _rule(Kind.PHONE, r"\+(?<![\w.+-]\+)[1-9](?:\d{9,14}|\d{0,2}(?:[-. ]\(?\d{2,4}\)?){3,5})(?!\w|[-.]\d)"),
)

_PASSWORD_WORD = re.compile(
    r"(?P<word>password|passphrase|passcode|passwd|pwd(?<![a-z]pwd)|pw(?<![a-z]pw))s?(?![a-z0-9])"
    r"[\"'`*_)\]]{0,3}"
    r"(?:\s{0,3}(?:for|of|on)(?: [\w.@+-]{1,40}){1,4})?\s{0,3}"
    r"(?P<by>:?=>?|->|:|(?<!\w)(?:is|was)(?: now| set to)?(?: ?:|(?=\s)))[*_]{0,3}[^\S\n]{0,3}",
)
_QUOTED = re.compile(r"([\"'`])(?P<value>(?:(?!\1)[^\n]){1,200})\1")
_TOKEN = re.compile(r"(?P<value>\S{1,500})")
_REST_OF_LINE = re.compile(r"(?P<value>[^\n]{1,500})")
_AFTERWARDS_NOTHING = re.compile(r"[^\S\n]{0,5}(?:\Z|[\n,;|/)\]}\"'<]|[\w-]{1,20} ?[:=])")
_CLOSING = ".,;)]}\"'`*"
_TRAILING = ".,;:!?)]}\"'`*"
# What stands for a password without being one: blanks, stars, variables, calls and names from code.
_STAND_IN = re.compile(
    r"(?:\[redacted|<[^<>\n0-9]{0,60}>|\$?\{\{?[^{}\n]{0,60}\}|\$\(|%[A-Z_]+%|\$[A-Z_]+\b|~?/|\./|https?://"
    r"|@[a-z][a-z.-]*(?![^\s,;])|[A-Z]+(?:_[A-Z]+)+(?![^\s,;.])|[A-Za-z_]+(?:\.[A-Za-z_]+)+(?![^\s,;])"
    r"|[A-Za-z_][\w.]{0,60}(?:\[[^\n\[\]]{0,60}\]|\([^\n()]{0,60}\))"
    r"|[*.•·_xX#-]+(?:[\s,;]|\Z)|\[[^\[\]\n0-9]{0,60}\]|\([^()\n0-9]{0,60}\))",
)
# Words that follow "password:" or "password is" in reports about passwords.
_NOT_A_PASSWORD = re.compile(
    r"accepted|any|asked|bad|below|blank|blocked|broken|changed?|correct|disabled|empty|enabled|encrypted|errors?"
    r"|expired|fail(?:ed|ing|s|ure)?|false|field|fine|forgot(?:ten)?|good|hash(?:ed)?|here|hidden|incorrect"
    r"|invalid|issues?|locked|lockout|login|lost|mandatory|mask(?:ed)?|mismatch|missing|needed|nil|none?|null"
    r"|n/a|okay|optional|page|pass(?:word)?|protected|redacted|rejected|removed|required|reset|same|secret|shared"
    r"|str(?:ing)?|tbd|test|text|true|type|undefined|unknown|unset|updated?|valid|visible|weak|working|works|wrong"
    r"|yes|sha-?\d+|md5|base-?64|utf-?8|oauth-?2?|argon2\w*|bcrypt|pbkdf2|2fa|mfa|saml2?|aes-?\d+",
    re.IGNORECASE,
)

_KEY_WORD = re.compile(
    r"(?:(?:secret|token|credential|api[ _-]?key|access[ _-]?key|signing[ _-]?key|private[ _-]?key"
    r"|auth[ _-]?key)s?[\"'`*_]{0,3}\s{0,3}(?::?=>?|->|:|is\s)\s{0,3}[\"'`]?(?:(?:bearer|basic|token) )?"
    r"|bearer(?<![a-z]bearer)\s{1,3})",
)
_KEY = re.compile(r"(?P<value>[A-Za-z0-9+/_.~-]{16,500}={0,2})")


def find(text: str) -> list[Finding]:
    """Everything in `text` that looks personal or secret, in order; a blocking finding hides warnings it overlaps.

    Do not search answers that are links: the numbers and names in them look like much else.
    """
    pieces = list(map(_folded, text))
    folded = "".join(pieces)
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    lower = folded.translate(_LOWER)
    blocking = _outermost(
        [
            *_matches(lower, _BLOCKING),
            *_matches(folded, _TOKENS),
            *_passwords(folded, lower),
            *_keys(folded, lower),
        ],
    )
    warning = _outermost(_matches(_blanked(lower, blocking), _WARNING))
    found = sorted([*blocking, *warning], key=lambda span: span[:2])
    return [
        Finding(kind=kind, value=folded[start:end], start=places[start], end=places[end - 1] + 1)
        for start, end, kind in found
    ]


def redact(text: str) -> str:
    """The text with `[redacted]` in place of everything that must not be in a ticket, and otherwise unchanged."""
    kept: list[str] = []
    place = 0
    for finding in find(text):
        if finding.kind.blocks and finding.end > place:
            kept += [text[place : finding.start], REDACTED] if finding.start >= place else []
            place = finding.end
    return "".join([*kept, text[place:]])


def _matches(folded: str, rules: tuple[_Rule, ...]) -> Iterator[_Span]:
    for kind, pattern in rules:
        group = "value" if "value" in pattern.groupindex else 0
        for match in pattern.finditer(folded):
            yield match.start(group), match.end(group), kind


def _passwords(folded: str, lower: str) -> Iterator[_Span]:
    done = 0
    for word in _PASSWORD_WORD.finditer(lower):
        if word.start() < done:
            continue
        quoted = _QUOTED.match(folded, word.end())
        is_phrase = word["word"] == "passphrase" and word["by"] in (":", "=")
        value = quoted or (_REST_OF_LINE if is_phrase else _TOKEN).match(folded, word.end())
        if value is None or _STAND_IN.match(folded, value.start("value")):
            continue
        bare = value["value"].rstrip(_TRAILING)
        if _NOT_A_PASSWORD.fullmatch(bare if is_phrase else bare.split(" ")[0].rstrip(_TRAILING)):
            continue
        if quoted or is_phrase or "=" in word["by"] or word["by"] == "->":
            given = len(bare) >= 3
        elif ":" in word["by"]:
            is_last = bare != value["value"] or _AFTERWARDS_NOTHING.match(folded, value.end("value"))
            given = _is_strong(bare) or (len(bare) >= 4 and not bare.isdecimal() and bool(is_last))
        else:
            given = len(bare) >= 5 and _is_strong(bare)
        if given:
            length = len(value["value"] if quoted else value["value"].rstrip(_CLOSING))
            done = value.start("value") + length
            yield value.start("value"), done, Kind.PASSWORD


def _is_strong(word: str) -> bool:
    if word.isdecimal():
        return len(word) >= 6
    letters = any(character.isalpha() for character in word)
    return len(word) >= 4 and letters and bool(re.search(r"[0-9!@#$%^&*+=?]", word))


def _keys(folded: str, lower: str) -> Iterator[_Span]:
    for word in _KEY_WORD.finditer(lower):
        match = _KEY.match(folded, word.end())
        if match and _is_random(match["value"]):
            yield match.start("value"), match.end("value"), Kind.SECRET


def _is_random(value: str) -> bool:
    """Whether it is made of chance rather than of words, as in a path or a dotted name."""
    if not re.search(r"\d", value):
        return False
    parts = re.split(r"[/_+.~-]", value)
    mixed = any(len(part) >= 8 and re.search(r"\d", part) and re.search(r"[A-Za-z]", part) for part in parts)
    return mixed or len(re.findall(r"[a-z][A-Z]", value)) >= 3


def _outermost(spans: Iterable[_Span]) -> list[_Span]:
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def _blanked(folded: str, spans: list[_Span]) -> str:
    pieces = []
    place = 0
    for start, end, _ in spans:
        pieces += [folded[place:start], " " * (end - max(place, start))]
        place = end
    return "".join([*pieces, folded[place:]])


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    category = unicodedata.category(character)
    if category == "Zs" or character in "\t\u2800":
        return " "
    if category == "Pd" or character in "−⁃˗":
        return "-"
    if category in ("Cc", "Cf", "Cs", "Mn", "Me") or character in "\ufffd\u115f\u1160\u3164\uffa0":
        return ""
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isascii() and len(plain) <= 4 else character
