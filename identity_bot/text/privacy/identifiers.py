"""Finds the numbers and dates that identify a person: SSN, ITIN, ICN, EDIPI, VA file number, date of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from identity_bot.text.privacy.kinds import Kind, Rule, Span, rule, search_all

# Between a name such as "SSN" and its value: punctuation, words that lead on to a value, and whose it is.
_LEADING = (
    r"numbers?|numb|num|nbr|no|nr|id|identifier|is|was|are|as|on|in|of|for|from|the|an?|my|his|her|their|your"
    r"|our|user"
    r"|users|veteran|veterans|member|s|value|extension|equals|eq|mm|dd|yy|yyyy|test|mock|mocked|current|old|new"
    r"|correct|file|record"
    r"|wrong|actual|real|full|came|comes|back|returned|returns|shows|shown|entered|typed|sent|given|like|we"
    r"|they|you|i|it|that|sent|gave|got|ist"
)
_WHOSE = r"[ _]{0,2}\([^()\n\d]{1,40}\)"
_PHRASE = (
    r"[ ,]{1,2}(?:for|of|from|belonging to)(?! [^\n:=]{0,60}(?:build|request|ticket|job|run|trace|version)s?\b)"
    r" [^\n.;:=]{1,60}(?::|=| is| was)[\W_]{0,6}"
)
GAP = rf"(?:(?:[\W_]{{0,8}}(?:{_LEADING})(?![a-z0-9])|{_WHOSE}){{0,6}}[\W_]{{0,8}}|{_PHRASE})"
"""What may stand between a name and its value, in lower case."""

_WHO = r"(?:(?:my|his|her|the|their|a|an|our|user's|veteran's|vet's|real|test) ){0,2}"


def _before(names: str) -> str:
    """What follows a value that is named after it, as in "… is his SSN", "… (SSN)" or "… SSN"."""
    return (
        rf"(?:[\W_]{{0,2}} (?:is|was|as|for) {_WHO}(?:{names})(?![a-z0-9])| ?\({_WHO}(?:{names})\)"
        rf"|[\W_]{{1,5}}(?:{names})(?![a-z0-9]))"
    )


def _near(names: str) -> str:
    """A name and, further on in its sentence, what leads to a value."""
    return rf"(?:{names})(?![a-z])[^\n\d.;?!]{{1,40}}(?<![\w.-])"


# Numbers of nine digits

_NINE_DIGITS = (
    r"ss(?<![a-z]ss) ?(?:#|numbers?|no\.?)"
    r"|ssns?(?:numbers?|num|no|value)?|ssan|s(?<![a-z]s)[ ./-]{1,2}s[ ./-]{1,2}n\.?|soc(?:ial)?\.?[ _-]?sec"
    r"(?:urity)?\.?(?:numbers?|num)?|social|soc(?<![a-z]soc)"
    r"|(?:va_eauth_)?pnid(?![a-z])|itins?|taxpayer[ _-]?id(?:entification)?(?:[ _-]?number)?|tax[ _-]?id"
)
_NAMED = r"(?P<value>\d{3}[\W_]{0,3}\d\d[\W_]{0,3}\d{4}|\d(?:[ ._-]{1,3}\d){8})(?!\d)"
_DASH = r"(?: ?-\s{0,4}| \n?- )"
# Not the middle of a longer row of numbers such as a phone number or a version.
_BARE = re.compile(
    rf"(?P<value>\d{{3}}(?:(?<!\d...)(?<!\d[-.]...)(?<![a-z]-...)(?:{_DASH}\d\d{_DASH}|\.\d\d\.)\d{{4}}(?!\d)"
    rf"(?!\.\d)(?!-\w)"
    r"|(?<!\w...)_\d\d_\d{4}(?![a-z0-9_])"
    r"|(?<!\d...)(?<![\d)][-. ]...) \d\d \d{4}(?!\w)(?![-. ]\d))"
    r"|\d \d \d ?[-_/] ?\d \d ?[-_/] ?\d \d \d \d(?!\w))",
    re.ASCII,
)
# Somebody writes about codes and sizes, and not about a person.
_CODES = re.compile(
    r"(?:error|err|status|http|code|part|order|batch|sku|invoice|build|version|release|sizes?|ports?|model|rate|isbn"
    r"|tracking|extension)s?[\W_]{0,3}(?:(?:is|was|number|no|num|of|as|the|codes?|with)[\W_]{1,3}){0,3}\Z"
)
_PERSONAL = re.compile(
    r"ssn|social|dob|born|birth|veteran|patient|claimant|applicant|beneficiary|dependent|spouse"
)
_HTTP_ERRORS = frozenset(map(str, (*range(400, 418), 422, 429, *range(500, 505))))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_ssn(digits: str) -> bool:
    """Whether the number can be one (SSA POMS RM 10201.035)."""
    return (
        digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
        and len(set(digits)) > 1
    )


def _is_itin(digits: str) -> bool:
    """Whether the second group of the number is one of an ITIN: 50-65, 70-88, 90-92 or 94-99."""
    group = int(digits[3:5])
    if len(set(digits)) == 1:
        return False
    return digits[0] == "9" and (
        50 <= group <= 65 or 70 <= group <= 88 or (90 <= group <= 99 and group != 93)
    )


def is_about_codes(text: str, place: int, names: re.Pattern[str] = _CODES) -> bool:
    """Whether the words right before a number say that it is a code, a size or the like."""
    return bool(names.search(text, max(0, place - 40), place))


def _is_bare(match: re.Match[str]) -> bool:
    """Whether a number that nothing names is more than an error code or a few round sizes."""
    text, start = match.string, match.start()
    groups = re.findall(r"\d+", match[0])
    line = text[max(0, text.rfind("\n", 0, start), start - 80) : match.end() + 40]
    if _PERSONAL.search(line):
        return True
    is_round = all(group.endswith("0") for group in groups)
    return not is_round and groups[0] not in _HTTP_ERRORS and not is_about_codes(text, start)


def _nine_digits(match: re.Match[str]) -> Kind | None:
    digits = _digits(match["value"])
    return Kind.SSN if _is_ssn(digits) else Kind.ITIN if _is_itin(digits) else None


def _bare_nine_digits(match: re.Match[str]) -> Kind | None:
    kind = _nine_digits(match)
    return kind if kind and _is_bare(match) else None


_COUNTED = re.compile(
    r"(?:request|ticket|issue|job|run|trace|span|build|version|offset|row|line|col|column|epoch|timestamp|time|pid|record"
    r"|case|batch|session|transaction|event|elapsed|took|after|bytes|count|total|commit|port|release|error|code)s?"
    r"[\W_]{0,3}(?:(?:is|was|number|no|id|of|at|=)[\W_]{0,3}){0,2}\Z"
)


def _is_named_nearby(match: re.Match[str]) -> bool:
    """Whether nothing between a name and a number, or before the number, says that it counts something."""
    return not is_about_codes(match.string, match.start("value"), _COUNTED)


def _nearby_nine_digits(match: re.Match[str]) -> Kind | None:
    return _nine_digits(match) if _is_named_nearby(match) else None


# The other numbers

_EDIPI_NAMES = (
    r"edipis?(?:_[a-z]{1,20})?|edi[ ._-]p(?:i|n)|edipn(?:[_ ]?id)?"
    r"|dod[ _-]?(?:edi[ _-]?)?(?:id(?:entification)?|numbers?|num|no)"
    r"|(?:department|dept\.?) of defense id(?:entification)?|(?:cac|military)[ _-]?(?:id|card|numbers?|num|no|#)"
    r"|cac(?<![a-z]cac)"
    r"|dslogon[_-]?uuid"
    r"|electronic data interchange[ -]person(?:al|nel)? identifier|edi person(?:al|nel)? identifier"
)
_NUMBER = r"(?:(?:number|num|nbr|no|#)\.?)"
_FILE_NAMES = (
    rf"(?<=va[ _-])(?:file|claim)s?{_NUMBER}?|(?<=va)files?{_NUMBER}?|(?<=birls[ _-])(?:files?|ids?)|(?<=c[ _-])files?"
    rf"|(?:file(?<![a-z]file)|claims?)[ _-]?(?:file|folder)?[ _-]?{_NUMBER}|(?<=claims[ _-])(?:file|folder)"
    rf"|claim (?:file|folder)"
    rf"|c(?<![a-z]c)[ _-]?(?:number|num)|cfn(?<![a-z]cfn)|vafn|e-?folder"
)

# Dates

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    r"|januar|februar|märz|mai|juni|juli|oktober|dezember"
    r"|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre)\.?"
)
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
DATE = (
    rf"(?:{_YEAR} ?[-/. ] ?\d{{1,2}} ?[-/. ] ?\d{{1,2}}"
    rf"|\d{{1,2}} ?[-/. ] ?\d{{1,2}} ?[-/. ] ?(?:{_YEAR}|'?\d\d)"
    rf"|{_YEAR}\d{{4}}|\d{{4}}{_YEAR}"
    rf"|{_MONTH}[ -]?(?:the )?{_DAY}(?:,? (?:in|of) {_YEAR}|,? ?[-/']? ?(?:\d{{4}}|\d\d))?"
    rf"|{_DAY}\.?[ -]?(?:day )?(?:of |de )?{_MONTH}(?:,? (?:in|of|de) {_YEAR}|,?[ '/-]{{0,2}}(?:\d{{4}}|\d\d))?"
    rf"|{_MONTH},? {_YEAR}"
    rf"|{_YEAR}[- ]{_MONTH}[- ]\d{{1,2}}"
    rf"|{_YEAR},? (?:(?:on|the|in) ){{0,2}}(?:{_DAY} (?:of )?{_MONTH}|{_MONTH} (?:the )?{_DAY}))"
    r"(?!\d)(?!\.\d)"
)
"""A date in any form that people write, in lower case."""
_PART = r"(?:year|month|day)[\W_]{1,6}[\"']?\w{1,9}"
_BIRTH_NAMES = (
    r"dobs?|d(?<![a-z]d)[. /]{1,2}o[. /]{1,2}b|born(?<![a-z]born)|date[ _-]?of[ _-]?birth|birth[ _-]?(?:da(?:te"
    r"|y)|dt|time)"
    r"|b(?<![a-z]b)-?(?:day|date)"
    r"|fecha de nacimiento|nacid[oa] el|geburts(?:datum|tag)|geboren am|date de naissance|née? le"
)


def _is_long_ago(match: re.Match[str]) -> bool:
    """Whether a date that little tells to be one of birth is long enough ago for it."""
    return bool(re.search(r"19\d\d|200\d", match["value"]))


_RULES = (
    Rule(_BARE, _bare_nine_digits),
    Rule(
        re.compile(rf"(?:{_NINE_DIGITS})(?![a-z]){GAP}{_NAMED}", re.ASCII),
        _nine_digits,
        hints=("ss", "soc", "s s", "s.s", "s-s", "s/s", "itin", "tax", "pnid"),
    ),
    Rule(
        re.compile(
            rf"(?P<value>\d(?<![\w.-]\d)(?:\d\d[\W_]{{0,3}}\d\d[\W_]{{0,3}}\d{{4}}|(?:[ ._-]{{1,3}}\d){{8}}))"
            rf"{_before(_NINE_DIGITS)}",
            re.ASCII,
        ),
        _nearby_nine_digits,
    ),
    Rule(
        re.compile(rf"{_near(_NINE_DIGITS)}(?P<value>\d{{3}}-?\d\d-?\d{{4}})(?!\w|[-.]\d)", re.ASCII),
        _nearby_nine_digits,
        hints=("ss", "soc", "s s", "s.s", "itin", "tax", "pnid"),
    ),
    # As tests expect it.
    Rule(
        re.compile(
            rf"(?:{_NINE_DIGITS})(?![a-z])[\W_]{{0,4}}(?:(?:to|should|must|be|eql?|equals?|match)[\W_]{{1,3}}){{1,3}}"
            r"(?P<value>\d{3}-?\d\d-?\d{4})(?!\w|[-.]\d)",
            re.ASCII,
        ),
        _nine_digits,
        hints=("ss", "soc"),
    ),
    # A file that is named by it.
    Rule(
        re.compile(
            rf"(?<![\w.-])(?P<value>\d{{9}})\.[a-z]{{2,5}}\b[^\n\d]{{1,40}}(?<![a-z])(?:{_NINE_DIGITS})(?![a-z])",
            re.ASCII,
        ),
        _nine_digits,
        hints=("ss", "soc"),
    ),
    # As vets-api checks an ICN, alone or padded as the master index writes it; copying breaks it at its V.
    rule(
        Kind.ICN,
        r"(?P<value>\d(?<!\d\d)\d{9}(?:\d{6}(?<=000000\d{10}))?[\s_-]{0,3}v[\s_-]{0,3}\d{6}(?:0{6})?)(?!\d)",
        "v",
    ),
    rule(
        Kind.ICN,
        rf"(?:icns?|integration control (?:number|no\.?))(?![a-z]){GAP}(?P<value>\d{{10}})(?!\d)",
        "icn",
        "integration control",
    ),
    rule(
        Kind.EDIPI,
        rf"(?:{_EDIPI_NAMES})(?![a-z]){GAP}(?P<value>\d(?:[ -]?\d){{9}})(?!\d)",
        *("edi", "dod", "defense", "cac", "military", "electronic", "dslogon"),
    ),
    rule(
        Kind.EDIPI,
        rf"(?P<value>\d(?<![\w.-]\d)\d{{9}}){_before(_EDIPI_NAMES)}",
        accepts=_is_named_nearby,
    ),
    rule(
        Kind.EDIPI,
        rf"{_near(_EDIPI_NAMES)}(?P<value>\d{{10}})(?!\w|[-.]\d)",
        *("edi", "dod", "defense", "cac", "military", "electronic", "dslogon"),
        accepts=_is_named_nearby,
    ),
    rule(
        Kind.VA_FILE,
        rf"(?:{_FILE_NAMES})(?![a-z]){GAP}(?P<value>c?[ /-]?\d(?:[ -]?\d){{7,8}})(?!\d|[-.]\d)",
        *(
            "va file",
            "va_file",
            "va-file",
            "vafile",
            "c file",
            "c-file",
            "c_file",
            "birls",
            "file n",
            "file_n",
            "file-n",
            "file #",
            "file#",
        ),
        *("filen", "claim", "c num", "c-num", "c_num", "cnum", "cfn", "vafn", "folder"),
    ),
    rule(
        Kind.VA_FILE,
        rf"(?:claim[ _-]?ids?(?![a-z]){GAP}|claims?/)(?P<value>\d{{9}})(?!\w|[-.]\d)",
        "claim",
    ),
    # As the master person index writes an identifier: value, type, issuer.
    rule(Kind.EDIPI, r"(?<!\w)(?P<value>\d{10})\^(?:ni|pi)\^200dod", "^200dod"),
    rule(
        Kind.SSN, r"(?<!\w)(?P<value>\d{9})\^(?:[^\s^|]{0,20}\^){0,3}?(?:ss|usssa)(?![a-z])", "^ss", "^usssa"
    ),
    # The patient's segment of an HL7 message, whose seventh field is the birth date and whose nineteenth is the SSN.
    rule(Kind.BIRTH_DATE, r"pid\|(?:[^|\n]{0,200}\|){6}(?P<value>(?:19|20)\d{6})", "pid|"),
    rule(Kind.SSN, r"pid\|(?:[^|\n]{0,200}\|){18}(?P<value>\d{3}-?\d\d-?\d{4})(?!\d)", "pid|"),
    rule(Kind.VA_FILE, r"(?<!\w)(?P<value>\d{4,17})\^(?:ni|pi)\^(?!200dod)", "i^"),
    # The same in its XML, where a root says which number it is.
    rule(
        Kind.SSN,
        r"extension=\"(?P<value>\d{9})\"[^<>\n]{0,60} root=\"2\.16\.840\.1\.113883\.4\.1\"",
        "2.16.840.1.113883.4.1",
    ),
    rule(
        Kind.EDIPI,
        r"extension=\"(?P<value>\d{10})\"[^<>\n]{0,60} root=\"2\.16\.840\.1\.113883\.3\.42\.",
        "2.16.840.1.113883.3.42.",
    ),
    rule(
        Kind.SSN,
        r"root=\"2\.16\.840\.1\.113883\.4\.1\" [^<>\n]{0,60}extension=\"(?P<value>\d{9})\"",
        "2.16.840.1.113883.4.1",
    ),
    rule(
        Kind.EDIPI,
        r"root=\"2\.16\.840\.1\.113883\.3\.42\.[\d.]{1,30}\" [^<>\n]{0,60}extension=\"(?P<value>\d{10})\"",
        "2.16.840.1.113883.3.42.",
    ),
    rule(
        Kind.BIRTH_DATE,
        rf"(?:{_BIRTH_NAMES})(?![a-z]){GAP}(?:{_WEEKDAY},? )?(?P<value>{DATE})",
        "b",
        "naci",
        "née",
        "né ",
    ),
    rule(
        Kind.BIRTH_DATE,
        rf"{_near(_BIRTH_NAMES)}(?P<value>{DATE})",
        *("birth", "dob", "born"),
        accepts=_is_long_ago,
    ),
    rule(Kind.BIRTH_DATE, rf"b(?<![\w.]b)\.? ?(?P<value>{DATE})", "b", accepts=_is_long_ago),
    # Words in between that have a number of their own, such as the name of a paper form.
    rule(
        Kind.BIRTH_DATE,
        rf"(?:{_BIRTH_NAMES})(?![a-z])(?=[^\n\d]{{0,100}}\d)"
        r"(?: (?:[a-z]{1,12}-\d{1,4}[a-z]{0,3}|[a-z'/,-]{1,20})){1,10}"
        rf" (?P<value>{DATE})",
        *("birth", "dob", "born"),
        accepts=_is_long_ago,
    ),
    # As code makes a date, and as data with a field for each part writes it.
    rule(
        Kind.BIRTH_DATE,
        rf"(?:{_BIRTH_NAMES})(?![a-z])[\W_]{{0,8}}(?:new )?(?:local)?(?:date|time)[\w.:]{{0,14}}\( ?[\"']?"
        rf"(?P<value>(?!1900\D{{1,2}}0?1\D{{1,2}}0?1\b)(?:{DATE}|{_YEAR}, ?\d{{1,2}}, ?\d{{1,2}}))",
        *("birth", "dob", "born"),
    ),
    rule(
        Kind.BIRTH_DATE,
        rf"(?:{_BIRTH_NAMES})(?![a-z])[\W_]{{0,8}}(?P<value>{_PART}[\W_]{{1,10}}{_PART}[\W_]{{1,10}}{_PART})",
        *("birth", "dob", "born"),
    ),
)


def find_identifiers(lower: str) -> Iterator[Span]:
    """What identifies a person in a text in lower case."""
    return search_all(lower, _RULES)
