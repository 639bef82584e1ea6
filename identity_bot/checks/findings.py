"""What a check has found out: one line each, for an operator to read. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is; the value is what people read."""

    OK = "ok"
    WARNING = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at, and what there is to say of it."""

    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{self.verdict.value:7} {self.text}"


def ok(text: str) -> Finding:
    """As it should be."""
    return Finding(verdict=Verdict.OK, text=text)


def warning(text: str) -> Finding:
    """Works, but somebody should look at it."""
    return Finding(verdict=Verdict.WARNING, text=text)


def problem(text: str) -> Finding:
    """Does not work until it is mended."""
    return Finding(verdict=Verdict.PROBLEM, text=text)


def summary(findings: Iterable[Finding]) -> str:
    """How many findings there are of each kind."""
    counts = Counter(finding.verdict for finding in findings)
    fine, warnings, problems = (counts[verdict] for verdict in Verdict)
    return f"{fine} ok, {warnings} warning{'s' * (warnings != 1)}, {problems} problem{'s' * (problems != 1)}"
