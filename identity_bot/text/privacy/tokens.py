"""Finds keys and tokens, by their issuers' prefixes or by the words in front of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from identity_bot.text.privacy.folding import Folded
from identity_bot.text.privacy.kinds import Kind, Span, has_any
from identity_bot.text.privacy.placeholders import is_filler, is_placeholder

# A line end inside a token that was wrapped.
_WRAP = r"(?:[ \\]{0,2}\n[ >]{0,4})?"


def _wrapped(characters: str, length: int) -> str:
    return rf"(?:{_WRAP}{characters}){{{length}}}"


_A = "[A-Za-z0-9]"
# Each prefix with what follows it: the issuer's length over line ends, else anything that is long enough.
_ISSUED = (
    (r"gh[pousr]_", rf"(?:{_wrapped(_A, 36)}|{_A}{{16,255}})"),
    (r"github_pat_", rf"(?:{_wrapped('[A-Za-z0-9_]', 82)}|\w{{20,255}})"),
    (r"xox[a-z]-|xoxe\.xox[bp]-", r"[\w-]{10,250}"),
    (r"xapp-\d-|xapp-", r"[\w-]{10,250}"),
    (r"(?:AKIA|ASIA|ABIA|ACCA)", rf"(?:{_wrapped('[A-Z0-9]', 16)})(?![A-Za-z0-9])"),
    (r"AIza", rf"(?:{_wrapped('[A-Za-z0-9_-]', 35)}|[\w-]{{30,45}})"),
    (r"ya29\.", r"[\w-]{20,400}"),
    (r"GOCSPX-", r"[\w-]{20,60}"),
    (r"(?:sk|rk)_(?:live|test)_", r"[A-Za-z0-9]{10,250}"),
    (r"whsec_", r"[A-Za-z0-9+/=]{16,250}"),
    (r"sk-ant-", rf"[\w-]{{20,250}}{_WRAP}[\w-]{{0,120}}"),
    (r"sk-(?:proj-|svcacct-|admin-)?", r"[A-Za-z0-9][\w-]{19,250}"),
    (r"pypi-", r"[\w-]{16,500}"),
    (r"npm_", rf"(?:{_wrapped(_A, 36)}|{_A}{{30,100}})"),
    (r"SG\.", r"[\w-]{10,40}\.[\w-]{20,80}"),
    (r"do[opr]_v1_", r"[a-f0-9]{32,128}"),
    (r"hv[sbr]\.", r"[\w-]{20,300}"),
    (r"(?<![A-Za-z0-9.])s\.", r"[A-Za-z0-9]{24}(?![\w.])"),
    (r"shp(?:at|ca|pa|ss|tka)_", r"[A-Fa-f0-9]{24,64}"),
    (r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt)-", r"[\w-]{16,100}"),
    (r"hf_", r"[A-Za-z0-9]{30,60}"),
    (r"dckr_(?:pat|oat)_", r"[\w-]{20,80}"),
    (r"gls?a_|glc_", r"[\w+/=-]{24,200}"),
    (r"(?:lin_api|ntn|rubygems|sbp|figd|pscale_\w{2,6}|sntry[su]|dop|phc|phx|re|tfe)_", r"[\w-]{30,200}"),
    (r"ATATT3xF|ATBB", r"[\w=-]{20,300}"),
    (r"dapi", r"[a-f0-9]{32}"),
    (r"NRAK-|PMAK-|HRKU-", r"[\w-]{20,100}"),
    (r"key-", r"[a-f0-9]{32}(?![\w-])"),
    (r"SK(?=[a-f0-9]{32}(?!\w))", r"[a-f0-9]{32}"),
    (r"sq0(?:atp|csp|idp)-", r"[\w-]{20,60}"),
    (r"EAA[A-Z]", r"[A-Za-z0-9]{40,300}"),
    (r"AGE-SECRET-KEY-1", r"[A-Z0-9]{40,80}"),
    (r"SSWS 00", r"[\w-]{20,60}"),
    (r"AKCp", r"[A-Za-z0-9]{60,80}"),
    (r"xkeysib-|nfp_|pul-|bkua_|CCIPAT_|tskey-|sq[apu]_|shippo_(?:live|test)_", r"[\w-]{20,200}"),
    (r"ATCTT3xF", r"[\w=-]{20,300}"),
    (r"pat-(?:na|eu)\d-", r"[\w-]{30,60}"),
    (r"dp\.(?:pt|st|ct|sa|scim|audit)\.", r"[\w.-]{40,80}"),
    (r"[ps]k\.eyJ", r"[\w.-]{20,400}"),
    (r"oy2", r"[a-z0-9]{43}(?!\w)"),
    (r"LTAI", r"[A-Za-z0-9]{16,24}(?!\w)"),
    (r"ops_eyJ", r"[\w-]{40,1000}"),
)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:" + "|".join(f"(?:{prefix})(?:{body})" for prefix, body in _ISSUED) + ")", re.ASCII
)
_BEGINNINGS = (
    *(
        "_pat_",
        "gh",
        "xox",
        "xapp-",
        "AKIA",
        "ASIA",
        "ABIA",
        "ACCA",
        "AIza",
        "ya29.",
        "GOCSPX-",
        "_live_",
        "_test_",
    ),
    *(
        "whsec_",
        "sk-",
        "pypi-",
        "npm_",
        "SG.",
        "_v1_",
        "hvs.",
        "hvb.",
        "hvr.",
        "s.",
        "shp",
        "gl",
        "hf_",
        "dckr_",
        "lin_api_",
    ),
    *(
        "ntn_",
        "rubygems_",
        "sbp_",
        "figd_",
        "pscale_",
        "sntry",
        "dop_",
        "phc_",
        "phx_",
        "re_",
        "tfe_",
        "ATATT3xF",
        "ATBB",
    ),
    *("dapi", "NRAK-", "PMAK-", "HRKU-", "key-", "SK", "sq0", "EAA", "AGE-SECRET-KEY-1", "SSWS 00"),
    *(
        "AKCp",
        "xkeysib-",
        "nfp_",
        "pul-",
        "bkua_",
        "CCIPAT_",
        "tskey-",
        "sqp_",
        "squ_",
        "sqa_",
        "shippo_",
        "ATCTT3xF",
    ),
    *("pat-", "dp.", "k.eyJ", "oy2", "LTAI", "ops_eyJ"),
)
"""Each token contains one of these."""
_PREFIX = re.compile("|".join(f"(?:{prefix})" for prefix, _ in _ISSUED), re.ASCII)
_SHAPED = (
    re.compile(r"(?i:hooks\.slack\.com)/(?:services|workflows|triggers)/[\w/]{8,200}", re.ASCII),
    re.compile(r"eyJ(?<![\w-]eyJ)[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,2000}){1,3}", re.ASCII),
    re.compile(
        rf"eyJ(?<![\w-]eyJ)[\w-]{{2,500}}{_WRAP}[\w-]{{0,500}}\.{_WRAP}eyJ[\w-]{{2,2000}}{_WRAP}[\w-]{{0,2000}}"
        rf"\.{_WRAP}[\w-]{{8,1000}}",
        re.ASCII,
    ),
    re.compile(
        r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{1,60}-----|\Z)",
        re.IGNORECASE,
    ),
    re.compile(r"(?i:discord(?:app)?\.com/api/webhooks)/\d{15,20}/[\w-]{30,100}", re.ASCII),
    re.compile(
        r"(?i:webhook\.office\.com/webhookb2|hooks\.zapier\.com/hooks/catch)/[\w@/-]{8,300}", re.ASCII
    ),
    re.compile(r"[MNO](?<![\w.-].)[\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w.-])", re.ASCII),
    re.compile(r":AA(?<=\d{8}:AA)[\w-]{32,34}(?![\w-])", re.ASCII),
    re.compile(r"Q~(?<=[A-Za-z0-9_~.]{3}\dQ~)[\w~.-]{31,40}", re.ASCII),
    re.compile(r"(?i:credentials|bundle_[a-z_]{1,60})[\"']?[=:] ?[\"']?[0-9a-f]{8}:[0-9a-f]{8}(?![\w:])"),
    re.compile(r"PuTTY-User-Key-File-\d(?s:.*)"),
)
_HEADER = re.compile(
    r"(?:authorization|auth)[\"'`*]{0,2}\s{0,2}(?:[:=]>?|,|is)\s{0,2}[\"'`]?(?:basic|bearer|token|digest|ssws"
    r"|apikey|negotiate) {1,3}"
    r"(?P<value>[a-z0-9+/_.~=-]{8,2000})"
    r"|basic(?<![a-z]basic)(?: auth(?:entication)?)?:? {1,2}(?P<basic>[a-z0-9+/]{12,500}={1,2})(?![\w=])",
    re.ASCII,
)
_COOKIE = re.compile(
    r"(?:(?:(?:_session|_sess|_sid|saml_request|_jwt|auth_token|remember_\w{1,20})[\w.-]{0,30}(?==)|jsessionid"
    r"|phpsessid|asp\.net_sessionid|connect\.sid|sid(?<![a-z]sid)|session(?:[ _]?cookie|_token|_key"
    r"|_?id)?)[\"'`]{0,2} ?(?:=|:|is) ?[\"'`]?)"
    r"(?P<value>[^\s;,\"'`<>]{16,4000})",
    re.ASCII,
)
_COOKIES = re.compile(
    r"(?:(?:set-)?cookies?[\"'*`]{0,2}\s{0,2}(?:[:=]|is)|(?<= )-b) {0,2}[\"'`]{0,2}(?P<cookies>(?:"
    r"[^\s=;,\"'`]{1,80}=[^;\s\"'`]{0,4000}"
    r"(?:[;,] {0,2}(?=\S)|(?=[\s\"'`;]|\Z))){1,40})",
    re.ASCII,
)
_A_COOKIE = re.compile(r"(?P<name>[^\s=;,\"'`]{1,80})=(?P<value>[^;\s\"'`]{12,4000})")
_OF_A_SESSION = re.compile(r"sess|sid|auth|token|jwt|sso|remember|login")
_OF_STATISTICS = re.compile(r"_ga|_gid|_gcl|_fbp|_dd_|_hj|amp_|optanon|ajs_|mp_|nr_|utm")
_KEY_NAMES = (
    r"api[ _-]?key|access[ _-]?key|signing[ _-]?(?:key|secret)|private[ _-]?key|auth[ _-]?key"
    r"|secret[ _-]?key(?:[ _-]?base)?|master[ ._-]?key|account[ _-]?key|shared[ _-]?access[ _-]?key"
    r"|encryption[ _-]?key"
    r"|shared[ _-]?key|subscription[ _-]?key|license[ _-]?key|deploy[ _-]?key|service[ _-]?key|app[ _-]?key"
    r"|lockbox[ _-]?key"
    r"|hmac[ _-]?key|webhook[ _-]?key|integration[ _-]?key|client[ _-]?key|key[ _-]?secret|recovery[ _-]?code"
    r"|backup[ _-]?code|saml[ _-]?(?:response|assertion|token)|(?:azure|storage)[ _-]?key|secret|token|credential"
)
_KEY_WORD = re.compile(
    rf"(?:(?:{_KEY_NAMES})s?[\"'`*_)\]]{{0,3}}(?:[ ](?:for|of|on)(?: [\w.-]{{1,30}}){{1,3}})?"
    r"(?:\s{0,3}(?:(?:# ?)?:?=>?|->|[→⇒➜»]|:|,|\||is(?: now)?\s|was\s)\s{0,3}|[ \n]{1,3})[\"'`]?(?:(?:bearer"
    r"|basic|token) )?"
    r"|bearer(?<![a-z]bearer)\s{1,3}|[?&]sig=)",
)
_ENVIRONMENT_KEY = re.compile(
    r"[A-Z0-9]_KEY(?<!CACHE_KEY)(?<!PRIMARY_KEY)(?<!PUBLIC_KEY)(?<!SITE_KEY)(?<!PARTITION_KEY)[\"']? ?[=:] ?[\"']?"
)
_KEY = re.compile(
    rf"(?P<value>[A-Za-z0-9+/_.~%-]{{16,500}}(?:{_WRAP}(?<=\n)[A-Za-z0-9+/_.~-]{{8,500}})?={{0,2}})"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def find_tokens(folded: Folded) -> Iterator[Span]:
    """Keys and tokens, without the words in front of them."""
    for start, end in _places(folded):
        yield start, end, Kind.SECRET


def _places(folded: Folded) -> Iterator[tuple[int, int]]:
    for match in _TOKEN.finditer(folded.text) if has_any(folded.text, _BEGINNINGS) else ():
        prefix = _PREFIX.match(match[0])
        if not is_filler(match[0][prefix.end() if prefix else 0 :]):
            yield match.span()
    for pattern in _SHAPED:
        for match in pattern.finditer(folded.text):
            if not is_filler(match[0].rpartition("/")[2]):
                yield match.span()
    for match in _HEADER.finditer(folded.lower) if has_any(folded.lower, ("auth", "basic")) else ():
        start, end = match.span("value" if match["value"] else "basic")
        value = folded.text[start:end]
        if not is_placeholder(value) and not is_filler(value):
            yield start, end
    yield from _cookies(folded)
    for match in (
        _COOKIE.finditer(folded.lower)
        if has_any(folded.lower, ("cookie", "sess", "sid", "saml_request", "_jwt", "auth_token", "remember_"))
        else ()
    ):
        value = folded.text[slice(*match.span("value"))]
        if _is_random(value) and not _UUID.fullmatch(value):
            yield match.span("value")
    yield from _named(folded)
    yield from _in_environment(folded)


def _cookies(folded: Folded) -> Iterator[tuple[int, int]]:
    if "cookie" not in folded.lower and " -b" not in folded.lower:
        return
    for header in _COOKIES.finditer(folded.lower):
        for cookie in _A_COOKIE.finditer(folded.lower, *header.span("cookies")):
            value = folded.text[slice(*cookie.span("value"))]
            is_of_session = bool(_OF_A_SESSION.search(cookie["name"]))
            is_long = (
                len(value) >= 16 and not _OF_STATISTICS.match(cookie["name"]) and not _UUID.fullmatch(value)
            )
            if (is_of_session or is_long) and _is_random(value):
                yield cookie.span("value")


def _named(folded: Folded) -> Iterator[tuple[int, int]]:
    if not has_any(folded.lower, ("key", "secret", "token", "credential", "bearer", "code", "sig=", "saml")):
        return
    for word in _KEY_WORD.finditer(folded.lower):
        match = _KEY.match(folded.text, word.end())
        if match is None or not _is_random(match["value"]):
            continue
        is_mere_neighbor = not re.search(r"[:=>→⇒➜»]|is|was|bearer", word[0][-9:]) and not word[0].startswith(
            "bearer"
        )
        if is_mere_neighbor and (_UUID.fullmatch(match["value"]) or "/" in match["value"]):
            continue
        yield match.span("value")


def _in_environment(folded: Folded) -> Iterator[tuple[int, int]]:
    """Keys in variables such as LIGHTHOUSE_KEY."""
    for name in _ENVIRONMENT_KEY.finditer(folded.text) if "_KEY" in folded.text else ():
        match = _KEY.match(folded.text, name.end())
        if match and _is_random(match["value"]):
            yield match.span("value")


def _is_random(value: str) -> bool:
    """Whether it is made of chance rather than of words, as in a path or a dotted name."""
    if not re.search(r"\d", value) or is_filler(value):
        return False
    parts = re.split(r"[/_+.~%-]", value)
    mixed = any(len(part) >= 8 and re.search(r"\d", part) and re.search(r"[A-Za-z]", part) for part in parts)
    return mixed or len(re.findall(r"[a-z][A-Z]", value)) >= 3
