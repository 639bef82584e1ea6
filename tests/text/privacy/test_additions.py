from __future__ import annotations

import pytest

from identity_bot.text.privacy import Additions, Kind, find, redact
from identity_bot.text.privacy.additions import LONGEST, problem_with


def test_what_an_operators_pattern_matches_is_refused_in_any_case_and_disguise() -> None:
    added = Additions(patterns=(r"project-\d{4}",))
    text = "é PROJECT\u20114711 and project-12"

    [finding] = find(text, added)

    assert (finding.kind, text[finding.start : finding.end]) == (Kind.OTHER, "PROJECT\u20114711")
    assert finding.kind.blocks
    assert redact(text, added) == "é [redacted] and project-12"


def test_what_lies_within_an_exception_passes_and_what_reaches_beyond_it_does_not() -> None:
    added = Additions(exceptions=("SSN 123-45-6789", "45-6789", r"\w+@va\.gov"))

    assert find("SSN 123-45-6789, ada@va.gov", added) == []
    assert [one.kind for one in find("123-45-6789, SSN 219-44-8812", added)] == [Kind.SSN, Kind.SSN]


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{2,1}", r"(?<=a)b", r"(a)\1", "", "a*", "a" * (LONGEST + 1)]
)
def test_a_pattern_that_is_unusable_or_matches_nothing_at_all_is_not_taken(pattern: str) -> None:
    assert problem_with(pattern)


@pytest.mark.parametrize("pattern", ["a", r"\bVI-\d+\b", "(a+)+$"])
def test_a_pattern_of_re2_is_taken(pattern: str) -> None:
    assert problem_with(pattern) is None


def test_no_pattern_takes_more_than_linear_time() -> None:
    added = Additions(patterns=("(a+)+b", "a?" * 50 + "a" * 50 + "b"), exceptions=("(a|aa)+c",))

    assert find("a" * 20_000, added) == []  # `re` would not come to an end
