"""An answer that a requestor sees before the form is sent: a title, text to read, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

TITLE = 150
"""The most characters of a title."""
TEXT = 40_000
"""The most characters of a text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Something that may already solve a requestor's problem, with text to read, a link, or both.

    Raises ValueError if it has neither, or if it does not fit.
    """

    title: str
    """At most 150 characters."""
    text: str = ""
    """Markdown, at most 40,000 characters."""
    url: str = ""
    """Where it can be read, `https://…`; empty if only here."""
    name: str = ""
    """What counts of it are kept under, such as the name of its file; its title if empty."""

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ValueError(f"answer {self.title!r:.60}: {'; '.join(problems)}")
        object.__setattr__(self, "name", self.name or self.title)

    def _problems(self) -> list[str]:
        wrong = [
            f"{name}: found {type(value).__name__}; expected text"
            for name, value in (
                ("title", self.title),
                ("text", self.text),
                ("url", self.url),
                ("name", self.name),
            )
            if not isinstance(value, str)
        ]
        if wrong:
            return wrong
        problems = []
        if not self.title.strip() or len(self.title) > TITLE:
            problems.append(f"title: found {len(self.title)} characters; expected 1 to {TITLE}")
        if len(self.text) > TEXT:
            problems.append(f"text: found {len(self.text):,} characters; expected at most {TEXT:,}")
        if self.url and not self.url.startswith(("https://", "http://")):
            problems.append("url: expected https://…")
        if not self.text.strip() and not self.url:
            problems.append("found neither text nor a url; expected one of them")
        return problems
