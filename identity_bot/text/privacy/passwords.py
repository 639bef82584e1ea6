"""Finds passwords, PINs and answers to security questions, by the words, commands and addresses that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from identity_bot.text.privacy.folding import Folded
from identity_bot.text.privacy.kinds import Kind, Span, has_any
from identity_bot.text.privacy.placeholders import (
    is_code,
    is_ordinary,
    is_placeholder,
    is_said_of_passwords,
    is_stand_in,
)

MOST_NAMED = 3_000
"""Words for passwords that are looked at in one text: whoever writes more of them hides something."""
_NAMES = (
    r"password(?<!1password)|passphrase|passcode|passwd|pass(?<![a-z]pass)|pword|pswd|pwd(?<![a-z]pwd)|pw(?<![a-z]pw)|p/w"
    r"(?<![a-z]p/w)"
    r"|passwort|kennwort|contrase[nñ]a|mot de passe|пароль"
)
_WORD = re.compile(
    rf"(?P<word>{_NAMES})s?(?:[_-](?:confirmation|confirm|value|text|new|old|prod|staging|dev|test|db|admin))?"
    rf"(?![a-zа-я0-9])"
    r"[\"'`*_)\]]{0,3}"
    r"(?:\s{0,3}(?:for|of|on)(?: [\w.@+-]{1,40}){1,4}|[ ]?\([^()\n]{1,40}\)"
    r"| (?:that )?(?:i|we|they|you|he|she) (?:\w{1,12} ){0,2}?\w{1,12}(?= (?:is|was)\b))?(?P<gap>[ ]{0,3})"
    r"(?P<by>\|\|=|:?=>?|->|[→⇒➜➔»]|:|(?:'s|is|ist|was|has been|got|stays|remains)(?: now| still)?"
    r"(?: (?:(?:re)?set|changed) to)?(?: now)?"
    r"(?: ?:|(?=\s))"
    r"|(?:re)?set to|changed to|[,/|]|-(?= )|;|\.{2,3}(?= )|… ?|# ?=>|(?<= )>|(?=[ \n]))[*_]{0,3}(?P<after>\s{0,3})",
)
_SEPARATES_ANYTHING = ("=", "||=", ":=", "# =>", "#=>", "=>", ":=>", "->", "→", "⇒", "➜", "➔", "»")
_QUOTED = re.compile(r"([\"'`])(?P<value>(?:(?!\1)[^\n]){1,200})\1")
_TOKEN = re.compile(r"(?P<value>[^\s|]{1,500})")
_REST_OF_LINE = re.compile(r"(?P<value>[^\n]{1,500})")
_AFTERWARDS_NOTHING = re.compile(r"[^\S\n]{0,5}(?:\Z|[\n,;|/)\]}\"'<]|[\w-]{1,20} ?[:=])")
_LINE_ENDS = re.compile(r"[ ]{0,5}(?:\n|\Z)")
_CLOSING = ".,;)]}\"'`*"
_TRAILING = ".,;:!?)]}\"'`*"
_SYMBOLS = "!@#$%^&*+=?"

_XML = re.compile(
    r"<(?:[\w-]{1,30}:)?[\w.-]{0,30}?(?:password|passwd|pwd|pass|passphrase)(?: [^<>\n]{0,200})?>\s{0,4}"
    r"(?P<value>[^<>\n]{1,200})</"
)
_ATTRIBUTE = re.compile(
    r"(?:name|key|id|type)=[\"'][\w.:-]{0,40}?(?:password|passwd|pwd)[\"'](?:>|[^<>\n]{0,80}? value=[\"'])"
    r"(?P<value>[^\"'<>\n]{1,200})[\"'<]"
)
# As Kubernetes lists variables: a name and, beside it or below it, its value.
_NAME_AND_VALUE = re.compile(
    rf"(?:{_NAMES})[\"']?,?\s{{1,20}}[\"']?value[\"']? ?[:=] ?[\"']?(?P<value>[^\s\"',}}]{{3,200}})"
)
_VALUE = r"[\"']?(?P<value>[^\s\"'|;&]{3,200})"
_ARGUMENTS = r"(?: [^\s|;]{1,60}){0,6}?"


def _command(names: str, arguments: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """The names of programs, and the pattern that finds a password in their arguments."""
    return tuple(names.split("|")), re.compile(rf"(?:{names})\b{_ARGUMENTS} {arguments}", re.ASCII)


_COMMANDS = (
    _command("mysql|mysqldump|mysqladmin|mysqlimport|mariadb|7z|7za", rf"-p{_VALUE}"),
    _command("sshpass", rf"-p ?{_VALUE}"),
    _command("docker|podman|az|oc|helm|argocd|cf", rf"login{_ARGUMENTS} -p[ =]{_VALUE}"),
    _command("redis-cli", rf"(?:-a|--pass) {_VALUE}"),
    _command("ldapsearch|ldapmodify|ldapadd", rf"-w {_VALUE}"),
    _command("sqlcmd|bcp|zip|unzip", rf"-p {_VALUE}"),
    _command(
        "curl|wget|http|https|lynx",
        r"(?:-u|--user|-a|--auth)[ =]?[\"']?[^\s:\"'$<{]{1,60}:(?P<value>[^\s\"'|;&]{3,200})",
    ),
    _command("mongo|mongosh|mongodump|mongorestore|psexec|psexec64|ipmitool", rf"(?:-p|--password) {_VALUE}"),
    _command("sqlplus|expdp|impdp|sqlldr|rman", r"[\w.-]{1,60}/(?P<value>[^\s@/]{3,100})@"),
    _command(
        "smbclient|smbmap|rpcclient|mount",
        r"(?:-u ?|[\w,=-]{0,60}username=)\S{1,60}?[%](?P<value>[^\s]{3,100})",
    ),
    _command("htpasswd", rf"-[a-z]{{0,4}}b[a-z]{{0,4}} \S{{1,60}} \S{{1,60}} {_VALUE}"),
    _command("net user", _VALUE),
    (("identified by",), re.compile(rf"identified by {_VALUE}")),
    (("thin:",), re.compile(r"thin:[\w.-]{1,60}/(?P<value>[^\s@/]{3,100})@")),
    (("net use",), re.compile(r"net use(?: \S{1,100}){1,2} (?P<value>[^\s/*][^\s]{2,100}) /user:")),
    (("net use",), re.compile(rf"net use(?: \S{{1,100}}){{1,2}} /user:\S{{1,60}} {_VALUE}")),
    (
        ("sudo -s", "chpasswd"),
        re.compile(
            r"echo [\"']?(?:[\w.-]{1,40}:)?(?P<value>[^\s\"':|]{3,100})[\"']? ?\| ?(?:sudo -s|(?:sudo )?chpasswd)"
        ),
    ),
    (("/p:", "/rp"), re.compile(rf"(?<= )/(?:p:|rp ){_VALUE}")),
    (
        ("pass",),
        re.compile(
            rf"-(?<![\w-]-)-?(?:password|passwd|pass|storepass|keypass|srcstorepass|deststorepass)[ =]{{1,3}}{_VALUE}"
        ),
    ),
    (("-pass",), re.compile(rf"-pass(?:in|out)? pass:{_VALUE}")),
)
_ADDRESS = re.compile(
    r"://(?P<user>[^/\s:@]{0,100}):(?P<value>[^/\s@]{1,200})@(?P<host>[\w.-]{0,100})", re.ASCII
)

_USER = r"[\w.@+\\-]{2,64}"
_PAIR = re.compile(
    r"(?:u(?<![a-z]u)n?(?=/p)|user(?: ?name|[_ ]?id)?s?|log[ -]?ins?|creds?|credentials?|account|acct|sign[ -]?in)"
    rf"(?P<named>(?: ?[/|&+,:] ?| )(?:{_NAMES}|(?<=/)p)| and (?:{_NAMES}))?(?![a-z])[\"'*_)]{{0,2}}"
    rf"(?:\s{{0,3}}(?:[:=]|->|→|is|are|with|as))?\s{{1,3}}[\"'`]?{_USER}[\"'`]?"
    r" ?(?P<by>//?|[|:,]|->|→) ?[\"'`]?(?P<value>[^\s,;|\"'`]{4,100})"
)
# Words after which somebody soon writes an account and its password side by side, and such a pair.
_ACCOUNT = re.compile(
    r"(?<![a-z])(?:user(?: ?name)?s?|log(?:ged|ging)?[ -]?ins?|creds?|credentials?|account|acct|sign(?:ed)?"
    r"[ -]?in)(?![a-z])"
)
_ACCOUNT_REACHES = 100
_SIDE_BY_SIDE = re.compile(
    rf"(?<![^\s\"'`(:])(?=[\"'`]?[a-z]{_USER}[\"'`]?(?P<by> ?(?://?|[|:]|->|→) ?| - | and | with |, |\s)[\"'`]?"
    r"(?P<value>[^\s,;|\"'`]{6,60}))"
)
# A user and a password with their initials, as in "u: ada p: …".
_INITIALS = re.compile(
    r"(?<![\w.-])(?:u|un|usr|user(?:name)?|login|id|acct) ?[:=] ?[\w.@+\\-]{2,64}[\s,;/|]{1,3}(?:p|pw|pwd|pass)"
    r" ?[:=] ?(?P<value>[^\s,;|\"'`]{4,100})"
)
# The same in words, as in "user ada pass …".
_SPELLED = re.compile(
    r"(?<![\w.-])(?:user(?:name)?|login|account|acct) [\w.@+\\-]{2,64},? (?:and |with )?(?:the )?"
    r"(?:pass|pw|pwd|password)"
    r" (?P<value>[^\s,;|\"'`]{6,60})"
)
# A value in front of the words that say what it is.
_BEFORE = re.compile(
    rf"(?<![^\s\"'`(])(?P<value>[^\s\"'`]{{6,60}})[\"'`]?(?: (?:is|was|as|for)(?: now| still)?"
    rf" (?:my|his|her|their|your|our|the|that|a)(?: [\w.'-]{{1,20}}){{0,4}}? (?:{_NAMES})| ?\((?:"
    rf"[\w.]{{1,15}} ){{0,2}}(?:{_NAMES})\))"
    r"(?![a-z])"
)
# Nothing but an account and its password on a line.
_ALONE = re.compile(
    r"^[ >]{0,3}[\"'`]?[a-z][\w.@+-]{1,40} ?[/|:] ?(?P<value>[^\s/|:\"'`]{8,60})[\"'`]?$", re.MULTILINE
)
_IN_BRACKETS = re.compile(rf"(?:{_NAMES}) ?\((?P<value>[^\s()\"'`]{{6,60}})\)")
# As tests of web pages type a password into its field.
_IN_TESTS = re.compile(
    rf"(?:{_NAMES})[\"'][)\], ]{{1,3}}(?:\.(?:clear\(\)\.)?\w{{1,20}}\(|with: ?|)[\"'](?P<value>"
    rf"[^\s\"'`]{{4,60}})[\"']"
)
_CHANGED = re.compile(
    r"(?:changed?|reset|set|updated?|switch(?:ed)?|rotated?) (?:it|them|this|that|mine|yours|hers|his|theirs|ours"
    rf"|(?:my|your|the|his|her|their|our)(?: [\w.'-]{{1,20}}){{0,2}} (?:{_NAMES}))(?: back| over)? to"
    r"[ :\n]{1,2}[\"'`]?(?P<value>[^\s\"'`]{6,60})"
)
_WITH_EMAIL = re.compile(
    r"@(?<=[\w.+%-]@)[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}[\"'`>)]{0,2}(?P<by> ?[/|:] ?|, ?| - |\s{1,3})"
    r"(?P<value>[^\s|]{6,100})"
)

_SPOKEN_OF = re.compile(
    r"(?<![a-z])(?:\w{0,20}_)?(?:password|passwd|passphrase|passcode|pwd|pw|pass|secret)s?(?![a-z])"
)
_SPOKEN_OF_REACHES = 80
# Capitals, small letters, a digit and a symbol in one word that is no code.
_TELLTALE = re.compile(
    r"(?<![^\s\"'`(])[\"'`(]?(?P<value>(?=[^\s\"'`]{0,39}[a-z])(?=[^\s\"'`]{0,39}[A-Z])(?=[^\s\"'`]{0,39}\d)"
    r"(?:[A-Za-z0-9_.,-]{1,39}[!@#$%^&*?][^\s\"'`/\\<>(){}\[\]=:;|]{1,38}|(?:[A-Z][a-z]{2,14}[-_]){1,3}(?:[A-Z][a-z]{2,14}[-_]?)?\d{1,4}))"
    r"(?![^\s\"'`.,;:!?)])",
    re.ASCII,
)

_PIN = re.compile(
    r"(?<![a-z0-9])(?:(?P<whose>my|his|her|your|their|cac|piv|temp|temporary|user) )?(?:pins?(?: ?(?P<code>code"
    r"|number|no\.?|#))?|(?P<passcode>passcodes?|(?:unlock|access|entry|door|gate|alarm|mfa|otp|one[- ]time) codes?))"
    r"(?![a-z]|(?<!#)\d)[\"'*_)]{0,3}(?: (?:for|on|to|of)(?: [\w.'-]{1,20}){1,4}?)?"
    r"(?P<by>\s{0,3}(?:[:=]|->|→|'?s\b|is(?: now| still)?\b|(?:was |has been )?(?:re)?set to|(?:was "
    r"|has been )?changed to|was\b)\s{0,3}|[ ]{1,3}|(?<=#))[\"'`]?"
    r"(?P<value>\d{4,8}|\d{2,5}-\d{2,4})(?!\w|[-.]\d)(?! ?(?:digits?|char|ms|s\b|%))"
)
_SECRET_WORD = re.compile(
    r"(?:(?:secret|safe|magic|code|security)[ _-]?word|(?:security|secret|challenge|recovery)[ _-]?answer|"
    r"(?:mother'?s[ _-]?)?maiden[ _-]?name"
    r"|answer to (?:the|my|his|her|their) (?:security|secret) question|(?:security|secret) question(?: answer)?"
    r"(?:[: ][^\n?]{1,80}\?)?(?: ?answer)?)s?(?![a-z])"
    r"(?: (?:that )?(?:i|we|they|you|he|she) [^\n.,;:?!]{1,40}?| (?:to|for) (?:\"[^\"\n]{1,60}\"|[^\n.;:?!\"]{1,40}?))?"
    r"[\"'*_)]{0,3}\s{0,2}(?P<by>[:=]>?|->|→|is\b|was\b|-|(?<=\?))\s{0,2}(?P<value>"
    r"(?:(?:my|the|his|her|our|a|an)(?: [^\s.,;\"'`<>|]{2,30}){1,5}|[^\s.,;\"'`<>|]{2,60})"
    r"|[\"'`][^\"'`\n]{2,80}[\"'`])"
)


# A question that banks and offices ask, with its answer as the rest of the line.
_QUESTION = re.compile(
    r"(?:what|which|who|where|name of)\b[^?\n]{0,60}\b(?:pets?|maiden|elementary|childhood|first car|teacher"
    r"|street|mother)(?:'s)?"
    r"\b[^?\n]{0,40}\?\s{0,3}(?:a(?:nswer|ns)?[:=] ?)?(?P<value>[^\s.,?\"'`]{2,30}(?: [^\s.,?]{1,20}){0,2})\.?"
    r"(?=\n|\Z)"
)


def find_passwords(folded: Folded) -> Iterator[Span]:
    """Passwords and the like, without the words around them."""
    for start, end in _places(folded):
        yield start, end, Kind.PASSWORD


def _places(folded: Folded) -> Iterator[tuple[int, int]]:
    yield from _named(folded)
    for pattern in (_XML, _ATTRIBUTE, _NAME_AND_VALUE):
        for match in pattern.finditer(folded.lower):
            value = folded.text[slice(*match.span("value"))]
            if len(value) >= 3 and not is_placeholder(value) and not _is_said(value):
                yield match.span("value")
    for hints, pattern in _COMMANDS:
        for match in pattern.finditer(folded.lower) if has_any(folded.lower, hints) else ():
            value = folded.text[slice(*match.span("value"))]
            is_blank = is_stand_in(folded.text[match.start("value") : match.end("value") + 80])
            if not is_blank and not is_placeholder(value) and not value.startswith("-"):
                yield match.span("value")
    yield from _in_addresses(folded.text)
    yield from _in_pairs(folded)
    yield from _further_on(folded)
    yield from _told_before(folded)
    yield from _pins(folded)
    yield from _secret_words(folded)


def _named(folded: Folded) -> Iterator[tuple[int, int]]:
    """Values after the word "password" or one that means it."""
    done = 0
    if not has_any(folded.lower, ("pass", "pw", "p/w", "pswd", "kennwort", "contrase", "пароль")):
        return
    for word in islice(_WORD.finditer(folded.lower), MOST_NAMED):
        if word.start() < done:
            continue
        quoted = _QUOTED.match(folded.text, word.end())
        is_phrase = word["word"] == "passphrase" and word["by"] in (":", "=")
        value = quoted or (_REST_OF_LINE if is_phrase else _TOKEN).match(folded.text, word.end())
        if value is None or is_stand_in(folded.text[value.start("value") : value.end("value") + 80]):
            continue
        if _is_given(word, value, folded.text, is_phrase):
            length = len(value["value"] if quoted else value["value"].rstrip(_CLOSING))
            done = value.start("value") + length
            yield value.start("value"), done


def _is_given(word: re.Match[str], value: re.Match[str], text: str, is_phrase: bool) -> bool:
    """Whether a value is a password, by what separates it from the word and by how much it looks like one."""
    by, name = word["by"], word["word"]
    is_quoted = value.re is _QUOTED
    bare = value["value"].rstrip(_TRAILING)
    if is_placeholder(bare) or _is_said(bare if is_phrase or is_quoted else bare.split(" ")[0]):
        return False
    if by in _SEPARATES_ANYTHING:
        return _is_strong(bare) if name == "pass" else len(bare) >= 3 and (is_quoted or not is_code(bare))
    is_last = bare != value["value"] or bool(_AFTERWARDS_NOTHING.match(text, value.end("value")))
    if "\n" in word["after"] or not by:
        is_alone = "\n" not in word["after"] or bool(_LINE_ENDS.match(text, value.end("value")))
        return is_alone and (_is_below(bare) if by == ":" else is_quoted or _is_very_strong(bare, name))
    if is_phrase or (is_quoted and by in (":", "is", "was")):
        return len(bare) >= 3
    if ":" in by:
        return _is_after_colon(bare, name, is_last=is_last)
    if by in (",", ";", "..", "...", "…", "/", "|", "-", ">"):
        return is_quoted or _is_very_strong(bare, name)
    if name == "pass":
        return _is_mixed(bare) and is_last and bool(re.search(r"[A-Z]", bare))
    return bool(_is_strong(bare) if len(bare) >= 5 and not bare.isalpha() else is_last and _is_unusual(bare))


def _is_below(word: str) -> bool:
    """Whether the only word of the line below "password:" is one."""
    return _is_strong(word) or _is_unusual(word)


def _is_after_colon(word: str, name: str, *, is_last: bool) -> bool:
    if name == "pass" or _is_strong(word):
        return _is_strong(word) and not (name == "pass" and word.isdecimal())
    return len(word) >= 4 and not word.isdecimal() and is_last and not is_code(word)


def _is_unusual(word: str) -> bool:
    return len(word) >= 6 and word.isalpha() and not is_ordinary(word)


def _is_strong(word: str) -> bool:
    if word.isdecimal():
        return len(word) >= 6
    letters = any(character.isalpha() for character in word)
    return len(word) >= 4 and letters and bool(re.search(r"[0-9!@#$%^&*+=?]", word))


def _is_very_strong(word: str, name: str = "password") -> bool:
    """Whether a word is a password although nothing but its neighborhood to the word says so."""
    if len(word) < 6 or re.match(r"\W*https?:|[\w.+-]+@[\w.-]+\.\w|[({\[<>=|&\\]|[/~]|\w+/", word):
        return False
    has_letter, has_digit = re.search(r"[A-Za-z]", word), re.search(r"\d", word)
    has_symbol = re.search(r"[!@#$%^&*?]", word)
    if name == "pass" or not has_digit:
        return bool(
            has_letter
            and has_symbol
            and re.search(r"[A-Za-z0-9][!@#$%^*?]+[A-Za-z0-9]", word)
            and "=" not in word
        )
    return bool(has_letter) and not re.search(r"[=(){}\[\]<>:/]", word)


def _is_said(value: str) -> bool:
    return is_said_of_passwords(value.strip(_TRAILING))


def _further_on(folded: Folded) -> Iterator[tuple[int, int]]:
    """What further on in the line can hardly be anything but the password that was spoken of."""
    done = 0
    if not has_any(folded.lower, ("pass", "secret", "pw")):
        return
    for word in islice(_SPOKEN_OF.finditer(folded.lower), MOST_NAMED):
        start, done = max(done, word.end()), word.end() + _SPOKEN_OF_REACHES
        end = folded.text.find("\n", start, done)
        for match in _TELLTALE.finditer(folded.text, start, done if end < 0 else end):
            value = match["value"].rstrip(_TRAILING)
            if _is_mixed(value) and not is_placeholder(value) and not _is_said(value):
                yield match.start("value"), match.start("value") + len(value)


def _in_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Passwords in an address such as postgres://user:password@host."""
    for match in _ADDRESS.finditer(text):
        is_default = match["value"] == match["user"] and "." not in match["host"].removeprefix("127.0.0.1")
        if not is_default and not is_placeholder(match["value"]):
            yield match.span("value")


def _in_pairs(folded: Folded) -> Iterator[tuple[int, int]]:
    """Passwords right after the name or the e-mail address of an account."""
    for match in _PAIR.finditer(folded.lower):
        start, end = match.span("value")
        value = folded.text[start:end].rstrip(_CLOSING)
        is_one = len(value) >= 4 and _is_strong(value) if match["named"] else _is_no_word(value)
        if is_one and not is_placeholder(value) and not _is_said(value):
            yield start, start + len(value)
    yield from _side_by_side(folded)
    for match in _ALONE.finditer(folded.lower):
        start, end = match.span("value")
        value = folded.text[start:end]
        if _is_mixed(value) and re.search(r"[A-Z]", value) and re.search(r"[!@#$^]", value):
            yield start, end
    for match in _INITIALS.finditer(folded.lower):
        start, end = match.span("value")
        value = folded.text[start:end].rstrip(_CLOSING)
        if _is_strong(value) and not is_placeholder(value) and not _is_said(value):
            yield start, start + len(value)
    for match in _SPELLED.finditer(folded.lower):
        start, end = match.span("value")
        value = folded.text[start:end].rstrip(_CLOSING)
        if _is_mixed(value) and not is_placeholder(value) and not _is_said(value):
            yield start, start + len(value)
    for match in _WITH_EMAIL.finditer(folded.lower) if "@" in folded.lower else ():
        start, end = match.span("value")
        value = folded.text[start:end].rstrip(_CLOSING)
        needs_symbol = not re.search(r"[/|:]", match["by"])
        if _is_mixed(value, needs_symbol=needs_symbol) and not is_placeholder(value) and not _is_said(value):
            yield start, start + len(value)


def _side_by_side(folded: Folded) -> Iterator[tuple[int, int]]:
    done = 0
    for word in _ACCOUNT.finditer(folded.lower):
        start, done = max(done, word.end()), word.end() + _ACCOUNT_REACHES
        for match in _SIDE_BY_SIDE.finditer(folded.lower, start, done):
            begin, end = match.span("value")
            value = folded.text[begin:end].rstrip(_CLOSING)
            is_parted = match["by"].strip() in ("/", "//", "|", ":", "->", "→")
            is_one = (
                _is_no_word(value)
                if is_parted
                else _is_mixed(value, needs_symbol=True) and _is_no_word(value)
            )
            if is_one and not is_placeholder(value) and not _is_said(value):
                yield begin, begin + len(value)


def _is_no_word(word: str) -> bool:
    """Whether it is a mixed word that is more than a name with a number, such as Profile2."""
    return _is_mixed(word) and not re.fullmatch(
        r"[A-Z]?[a-z]+\d[!?]?|(?:[A-Z]?[a-z]+)+\d{1,2}|\w{1,3}\d{1,2}\w?", word
    )


def _told_before(folded: Folded) -> Iterator[tuple[int, int]]:
    """Passwords whose name follows, or which somebody set something to."""
    if not has_any(folded.lower, ("pass", "pw", "login", "log in")):
        return
    for pattern in (_BEFORE, _CHANGED, _IN_BRACKETS, _IN_TESTS):
        for match in pattern.finditer(folded.lower):
            start, end = match.span("value")
            value = folded.text[start:end].rstrip(_CLOSING)
            if _is_mixed(value) and not is_placeholder(value) and not _is_said(value):
                yield start, start + len(value)


def _is_mixed(word: str, *, needs_symbol: bool = False) -> bool:
    """Whether a word mixes small letters, digits, and capitals or symbols, as rules for passwords demand."""
    if len(word) < 6 or re.search(r"[/<>(){}=]|://|@[\w-]+\.|\.\w+\.", word):
        return False
    has_symbol = bool(re.search(r"[!@#$%^&*?]", word))
    has_more = has_symbol or (not needs_symbol and bool(re.search(r"[A-Z]", word)))
    return bool(re.search(r"[a-z]", word) and re.search(r"\d", word) and has_more)


def _pins(folded: Folded) -> Iterator[tuple[int, int]]:
    for match in _PIN.finditer(folded.lower) if has_any(folded.lower, ("pin", "passcode", " code")) else ():
        is_mentioned = match["by"].strip() == ""
        is_upper = "PIN" in folded.text[match.start() : match.start("value")]
        if not is_mentioned or is_upper or match["whose"] or match["code"] or match["passcode"]:
            yield match.span("value")


def _secret_words(folded: Folded) -> Iterator[tuple[int, int]]:
    for match in _QUESTION.finditer(folded.lower) if "?" in folded.lower else ():
        if folded.text[match.start("value")].isupper() and not _is_said(match["value"].split(" ")[0]):
            yield match.span("value")
    if not has_any(folded.lower, ("word", "answer", "maiden", "question")):
        return
    for match in _SECRET_WORD.finditer(folded.lower):
        start, end = match.span("value")
        value = folded.text[start:end].strip("\"'`*")
        is_prose = match["by"] in ("is", "was", "-")
        if is_stand_in(folded.text[start : end + 80]) or is_placeholder(value) or _is_said(value):
            continue
        if is_prose and " " in value:  # a sentence about the answer
            continue
        if len(value) >= 3 and not (is_prose and value[0].islower() and is_ordinary(value)):
            yield start, end
