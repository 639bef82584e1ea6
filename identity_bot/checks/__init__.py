"""`identity-bot check`: what it finds out, one line for each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad a finding is; the value is what people read."""

    OK = "ok"
    WARNING = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was checked, and the result."""

    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{self.verdict.value:7} {self.text}"


def ok(text: str) -> Finding:
    """It is as it should be."""
    return Finding(verdict=Verdict.OK, text=text)


def warning(text: str) -> Finding:
    """It works, but somebody should look at it."""
    return Finding(verdict=Verdict.WARNING, text=text)


def problem(text: str) -> Finding:
    """It does not work until somebody fixes it."""
    return Finding(verdict=Verdict.PROBLEM, text=text)


def summary(findings: Iterable[Finding]) -> str:
    """How many findings there are of each verdict."""
    counts = Counter(finding.verdict for finding in findings)
    fine, warnings, problems = (counts[verdict] for verdict in Verdict)
    return f"{fine} ok, {_counted(warnings, 'warning')}, {_counted(problems, 'problem')}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
