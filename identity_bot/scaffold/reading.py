"""Read values of somebody else's file one by one: each problem and each change is noted with its place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity_bot.text.markdown import ELLIPSIS, boundary, clean


class Reading:
    """One reading of a file: the problems that make it useless, and the notes on what is left out."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []

    def mapping(self, where: str, found: object, known: Sequence[str]) -> Mapping[Any, Any]:
        """A mapping, which may be missing; keys that are not known are noted."""
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.problems.append(f"{where}: found {shown(found)}; expected a mapping")
            return {}
        self.note_unknown(where, found, known)
        return found

    def note_unknown(self, where: str, found: Mapping[Any, Any], known: Sequence[str]) -> None:
        """Note the keys that are not known."""
        for key in found:
            if key not in known:
                self.notes.append(f"{where}{'.' if where else ''}{shown(key)}: unknown key, left out")

    def texts(self, where: str, found: object) -> list[str]:
        """A list of texts, or a text with commas between them."""
        listed = found.split(",") if isinstance(found, str) else [] if found is None else found
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            self.problems.append(f"{where}: found {shown(found)}; expected a list of texts")
            return []
        return [text for one in listed if (text := " ".join(clean(one).split()))]

    def text(
        self, where: str, found: Mapping[Any, Any], key: str, longest: int, *, is_needed: bool = False
    ) -> str:
        """A text in a mapping; empty if it is missing. What is longer than `longest` is cut."""
        value = found.get(key)
        if value is not None and not isinstance(value, str):
            self.problems.append(f"{where}: found {shown(value)}; expected text; put it in quotes")
            return ""
        text = clean(value or "").strip()
        if is_needed and not _is_visible(text):
            self.problems.append(f"{where}: missing; expected text")
        return self.cut(where, text, longest) if _is_visible(text) else ""

    def cut(self, where: str, text: str, longest: int) -> str:
        """A text that is at most so long."""
        if len(text) <= longest:
            return text
        self.notes.append(f"{where}: cut to {longest:,} characters, which is all that Slack shows")
        return shortened(text, longest)

    def flag(self, where: str, found: object) -> bool:
        """True or false; false if it is missing."""
        if found is None or isinstance(found, bool):
            return bool(found)
        self.problems.append(f"{where}: found {shown(found)}; expected true or false")
        return False


def shown(found: object) -> str:
    """What was found, for a sentence."""
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, str):
        return repr(shortened(found, 40) if len(found) > 40 else found)
    if isinstance(found, dict | list):
        return f"{'an empty' if not found else 'a'} {'mapping' if isinstance(found, dict) else 'list'}"
    return "a value"


def shortened(text: str, longest: int) -> str:
    """A text cut to so many characters, with an ellipsis."""
    return text[: boundary(text, longest - 1)].rstrip() + ELLIPSIS


def line_of(text: str) -> str:
    """One line that a terminal only shows."""
    return " ".join(clean(text).split())


def _is_visible(text: str) -> bool:
    return bool(text.strip("\u2800\ufffd \n\t"))
