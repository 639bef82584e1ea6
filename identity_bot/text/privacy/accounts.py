"""Finds card numbers and bank accounts, by their checksums where they have one."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from functools import lru_cache

from stdnum import iban, luhn
from stdnum.us import rtn

from identity_bot.text.privacy.identifiers import GAP, is_about_codes
from identity_bot.text.privacy.kinds import Kind, Span, rule, search_all

_IDS = re.compile(
    r"(?:trace|span|request|req|order|tracking|case|run|job|build|event|message|msg|correlation|transaction|txn"
    r"|snowflake"
    r"|timestamp|ts|user|account|session|sku|upc|imei|id)[ _-]?(?:id|number|no|#)?[\"']?[\W_]{0,3}(?:(?:is|was)\W)?\Z"
)
# Lengths and beginnings of Visa, Mastercard, Discover, American Express, JCB and Diners Club.
_ISSUED = re.compile(
    r"(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|6(?:011|5\d\d"
    r"|4[4-9]\d)\d{12}"
    r"|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11})"
)
_CARD_NAMES = r"(?:master)?cards?|cc(?<![a-z]cc)|visa|amex|american express|discover|diners|pan(?<![a-z]pan)"
_ACCOUNT = r"(?:account|acct\.?)"
_NUMBER = r"(?:numbers?|num|nbr|no|nr|#)"
_ACCOUNT_NAMES = (
    rf"(?:bank|checking|chequing|savings?|deposit)[ _-]?{_ACCOUNT}|{_ACCOUNT}[ _-]?{_NUMBER}"
    r"|acct(?<![a-z]acct)\.?"
)
_NOT_OF_A_BANK = re.compile(
    r"(?:aws|amazon|azure|gcp|google|cloud|github|slack|service|user|twilio|jira|datadog|stripe|new relic|tenant"
    r"|login\.gov|id\.me|case|support)[\W_]{0,3}\Z"
)


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match["value"])


def _is_card(match: re.Match[str]) -> bool:
    digits = _digits(match)
    return bool(_ISSUED.fullmatch(digits)) and luhn.is_valid(digits)


def _is_bare_card(match: re.Match[str]) -> bool:
    return _is_card(match) and not is_about_codes(match.string, match.start(), _IDS)


def _is_named_card(match: re.Match[str]) -> bool:
    digits = _digits(match)
    return digits.strip("0") != "" and luhn.is_valid(digits)


def _is_routing_number(match: re.Match[str]) -> bool:
    return rtn.is_valid(_digits(match))


def _is_account(match: re.Match[str]) -> bool:
    return _digits(match).strip("0") != "" and not is_about_codes(match.string, match.start(), _NOT_OF_A_BANK)


_RULES = (
    rule(
        Kind.CARD,
        r"(?P<value>[2-6](?<![\w./^-].)(?:\d{12,15}|\d{3}(?P<by>[ .-])\d{4}(?P=by)\d{4}(?P=by)\d{4}"
        r"|\d{3}[ -]\d{6}[ -]\d{4,5}))"
        r"(?!\w|[-.]\d)",
        accepts=_is_bare_card,
    ),
    rule(
        Kind.CARD,
        rf"(?:{_CARD_NAMES})(?![a-z]){GAP}(?P<value>\d(?:[\W_]{{0,2}}\d){{12,18}})(?!\d)",
        *("card", "cc", "visa", "amex", "american express", "discover", "diners", "pan"),
        accepts=_is_named_card,
    ),
    rule(
        Kind.BANK,
        rf"(?:routing|aba(?<![a-z]aba)|rtn(?<![a-z]rtn)|transit)(?:[ _-]?(?:transit|routing))?"
        rf"(?:[ _-]?{_NUMBER})?(?![a-z])"
        rf"{GAP}(?P<value>\d{{4}}[ -]?\d{{4}}[ -]?\d)(?!\d)",
        *("routing", "aba", "rtn", "transit"),
        accepts=_is_routing_number,
    ),
    rule(
        Kind.BANK,
        rf"(?:{_ACCOUNT_NAMES})(?![a-z]){GAP}(?P<value>\d(?:[ -]?\d){{5,16}})(?!\w|[-.]\d)",
        *("account", "acct"),
        accepts=_is_account,
    ),
)
_AS_NUMBERS = str.maketrans({letter: str(10 + place) for place, letter in enumerate(string.ascii_lowercase)})
_IBAN = re.compile(r"[a-z](?<![a-z0-9].)[a-z]\d\d(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?![a-z0-9])")


def find_accounts(lower: str) -> Iterator[Span]:
    """Card numbers, and bank accounts with what leads to them, in a text in lower case."""
    yield from search_all(lower, _RULES)
    for candidate in _IBAN.finditer(lower):
        if end := _iban_end(candidate[0]):
            yield candidate.start(), candidate.start() + end, Kind.BANK


def _iban_end(candidate: str) -> int:
    """How long the IBAN at the beginning is: the next word can look like its last group. 0 without one."""
    end = len(candidate)
    while end > 0:
        number = candidate[:end].replace(" ", "")
        # The remainder of ISO 7064; only what passes is worth the table of countries.
        if len(number) >= 15 and int((number[4:] + number[:4]).translate(_AS_NUMBERS)) % 97 == 1:
            return end if _is_iban(number) else 0
        end = candidate.rfind(" ", 0, end)
    return 0


@lru_cache(maxsize=256)
def _is_iban(number: str) -> bool:
    return iban.is_valid(number)
