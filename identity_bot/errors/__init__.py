"""The few kinds of errors that the bot raises on purpose; anything else is a bug."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class IdentityBotError(Exception):
    """Something that the operator or the requestor can fix; its text says how."""


class SettingsError(IdentityBotError):
    """The settings cannot be used; `problems` has one line for each thing to fix."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"settings: {problem}" for problem in self.problems))


class PluginError(IdentityBotError):
    """The installed plugins contradict each other, so the bot can use none of them."""


class Invalid(IdentityBotError):
    """The answers do not fit the form; `problems` has a sentence for each question, by its name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in self.problems.items()))


class NotAllowed(IdentityBotError):
    """Somebody may not do what they asked for; the text tells them who may."""


class StoreError(IdentityBotError):
    """The database cannot be used: it is unreachable, full, read-only, locked or of a newer schema."""


class Rejected(IdentityBotError):
    """Slack or GitHub refused, and a retry would not change that."""


class Retryable(IdentityBotError):
    """Nothing was done, and a retry may work; `seconds` is how long Slack or GitHub asks us to wait.

    `seconds` is None if they did not say; then the worker's own backoff decides.
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class OutcomeUnknown(IdentityBotError):
    """The call may have worked (timeout, 5xx, broken connection): look for its result before a retry."""
