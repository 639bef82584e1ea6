"""Knows what stands for a password or a token without being one: blanks, variables, code, and words about passwords."""

from __future__ import annotations

import re

_STAND_IN = re.compile(
    r"(?:\[redacted|<[^<>\n0-9]{0,60}>|<[^<>\n]{0,40}(?:password|token|key|secret)[^<>\n]{0,20}>"
    r"|\$?\{\{?[^{}\n]{0,60}\}|\$\(|#\{|%[A-Z_]+%|%\(?[a-z_]*\)?s\b|\$(?:[A-Z_][A-Z0-9_]{0,60}|[a-z_]{1,60})(?![^\s,;:/@\"'`)}\]])|\$\d\b"
    r"|~?/|\./|https?://"
    r"|@[a-z][a-z.-]*(?![^\s,;])|[A-Z]+(?:_[A-Z]+)+(?![^\s,;.])|[A-Za-z_]+(?:\.[A-Za-z_]+)+(?![^\s,;])"
    r"|![A-Z]\w+(?:\s|\Z)|!(?:vault|ref|sub|env)|ENC\[|[:&*][a-z_]+(?![^\s,;])"
    r"|[A-Za-z_][\w.:]{0,60}(?:\[[^\n\[\]]{0,60}\]|\([^\n()]{0,60}(?:\)|\Z))"
    r"|[*.•·…_xX#?-]+(?:[\s,;\"'`<]|\Z)|\[[^\[\]\n0-9]{0,60}\]|\([^()\n0-9]{0,60}\))",
)
# A name that contains what it names, as in newPassword, your-token or db_secret.
_NAMED_AFTER_ITSELF = re.compile(
    r"(?:\w|[-.])*(?:pass|pwd|secret|token|credential|_key\b|-key\b|apikey|your|my|redacted|placeholder|insert"
    r"|replace|change)(?:\w|[-.])*",
    re.IGNORECASE | re.ASCII,
)
_DOCUMENTED = re.compile(r"EXAMPLE(?:KEY)?\Z")
"""How the keys end that a vendor's documents show."""
_STANDS_FOR_ONE = re.compile(
    r"(?:change[-_ ]?(?:me|it|this)\d?|replace[-_ ]?me|example|sample|dummy|fake|foo|bar|baz|foobar|todo|fixme"
    r"|x{3,}|abc|asdf"
    r"|enter[-_ ]\w+|insert[-_ ]\w+|secret|p[a4]ss(?:word)?|pw|pwd|user(?:name)?|admin[-_ ]?pass(?:word)?|guest"
    r"|none|null"
    r"|y?our[-_ ]?[a-z_-]{2,40}|my[-_]?[a-z_-]{2,40}|same|hidden|removed|redacted|placeholder|secure|string|test)",
    re.IGNORECASE,
)
# Words that follow "password:", "password is" or "password" in reports about passwords.
_SAID_WORDS = """
    yesterday today tomorrow recently monday tuesday wednesday thursday friday saturday sunday tonight twice once often
    a able accepted access again all allowed already also always amber an and any app apparently are array as asked
    at authentication bad because been being below blank blocked bool boolean box broken but by can cannot case
    change changed changes changing char check checked clear cleartext closed column complete completed complex
    complexity confirm confirmation confirmed correct created creation current date dead default denied deprecated
    different disabled does done down each either elsewhere empty enabled encrypted encryption enforced entry error
    errors even exactly exists expiration expired expires expiry exposed fail failed failing fails failure false
    field fields fine first for forgot forgotten form format found free from generated getting given going gone good
    great green has hash hashed hashing have he hello help here hidden high hint how identical if ignored in
    incorrect input insecure instead int integer invalid is issue issues it its just kept known label last later
    leaked left length less letters like link locked lockout log logged login long longer lost low made manager
    mandatory masked match matches matching maybe medium mine mismatch missing more my n/a na needed needs never new
    nil no nobody none normal not nothing now nowhere null number object obviously of off ok okay old on only open
    optional or outdated over page partial pass passed passing pending plain plaintext plus policy possible present
    printed private probably prompt protected public random ready red rejected removed required requirement
    requirements reset resets resetting reuse right rotated rotating rotation rule rules safe same saved screen
    secret secure see sensitive sent set setting settings shared short should show shown sign-in sign-up signin
    signup simple skipped so somehow somewhere still stored str strength string strong stuck sure tbd team test
    tests text that the their them then there they this time to todo too trouble true try type typed unavailable
    unchanged unclear undefined unique unknown unless unsafe unset unspecified until update updated updates use used
    user users valid validated validation validator value varchar very via visible wanted was we weak well what when
    where whether which while who why will with without working works would written wrong yes yet you your yours
"""
_SAID = frozenset(_SAID_WORDS.split())
_ENDINGS = re.compile(
    r"(?:.*(?:ed|ing|ly|able|ible|less|ful|ous|ive|ary|ent|ant|ic|al|tion|ness|ment|er)|.*n't|\d+[a-z-]*|.*'s)"
)
# Words with a digit in them that people write beside the word "password".
_TECHNICAL = re.compile(
    r"(?:(?i:sha|md|argon|bcrypt|scrypt|pbkdf|oauth|base|utf|aes|rsa|http|saml|ial|aal|loa|tls|ssl|rfc|nist|sp"
    r"|iso|cve|oidc"
    r"|field|step|test|page|form|input|screen|case|option|version|v|rule|policy|phase|part|flow|error|code|try"
    r"|attempt"
    r"|day|level|line|item|node|ruby|python|rails|php|ios|android|win|windows|chrome|firefox|safari|edge|mac|java|vue"
    r"|angular|react|bootstrap|web|api|pr|issue|ticket|sprint|div|col|row|user|table)(?i:s)?"
    r"[-_ :.#/]?\d+(?:[._:-]?[A-Za-z]+|[._:-]\d+)*"
    r"|\d+(?:[.,:x/-]\d+)*(?:[-_ ]?[A-Za-z]+)*|[2-4][Ff][Aa]|[A-Z]+-\d+|[A-Z]+\d+|v?\d+(?:\.\d+)+\S*"
    r"|\d{4}-\d\d\S*|#\d+"
    r"|\w+@\d\S*|[a-z]\d{1,2}[a-z]|1[Pp]assword\S*|[qh]\d{1,2}|p256|[ehr]s\d+|w3c|s3)"
)
_WRITTEN_IN_CODE = re.compile(
    r"[a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:_[a-z]+)+|[A-Z][a-z]+(?:[A-Z][a-z]+)+|:[a-z_]+|'?\w+'?\)+;?"
)


def is_stand_in(value: str) -> bool:
    """Whether a value begins like something that stands for another one: a blank, a variable or a call."""
    return bool(_STAND_IN.match(value))


def is_placeholder(value: str) -> bool:
    """Whether a value is no password or token, but says that one belongs here, as in `your-token` or `changeme`."""
    if is_stand_in(value) or _STANDS_FOR_ONE.fullmatch(value):
        return True
    return not re.search(r"[0-9!@#$%^&*]", value) and bool(_NAMED_AFTER_ITSELF.fullmatch(value))


def is_filler(body: str) -> bool:
    """Whether the part of a token after its prefix is made up: a few characters over and over, or words for it."""
    letters = re.sub(r"[^A-Za-z0-9]", "", body).lower()
    if len(set(letters)) <= 3 or letters.count("x") * 2 > len(letters) or _DOCUMENTED.search(body):
        return True
    return bool(
        re.search(
            r"(?:^|[-_])(?:your|my|token|placeholder|here|example|changeme|redacted|fake|dummy)(?:[-_]|$)",
            body.lower(),
        )
    ) or (not re.search(r"\d", body) and bool(_NAMED_AFTER_ITSELF.fullmatch(body)))


def is_said_of_passwords(word: str) -> bool:
    """Whether a word follows "password" in reports about passwords rather than being one."""
    return word.lower() in _SAID or bool(_TECHNICAL.fullmatch(word))


def is_ordinary(word: str) -> bool:
    """Whether a word without digits may be said of a password, by how it ends; a guess, for there is no dictionary."""
    return bool(_ENDINGS.fullmatch(word.lower())) or bool(_WRITTEN_IN_CODE.fullmatch(word))


def is_code(word: str) -> bool:
    """Whether a word is a name in code, such as newPassword or password_digest."""
    return bool(_WRITTEN_IN_CODE.fullmatch(word))
