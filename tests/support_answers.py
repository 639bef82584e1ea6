"""A request type whose plugin answers before the form is sent, and a source of answers that is a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from identity_bot import Choice, Form, LongText, Option, ShortText, When, YesNo, hookimpl
from identity_bot.articles.answer import Answer

CODES = Answer(
    title="The code has expired",
    text="# The code has expired\n\nAsk for a **new** code. It is good for ten minutes.\n\n- Wait\n- Try again",
    name="codes.md",
)
USERS = Answer(
    title="No such user",
    text="Use a *user* from the list.",
    url="https://docs.test/users",
    name="users.md",
)
STATUS = Answer(title="Status page", url="https://status.test/")
ARTICLES = (CODES, USERS, STATUS)
FORM = Form(
    title="Sign-in help",
    questions=[
        YesNo(name="secret", label="Is it secret?", required=False),
        Choice(
            name="where",
            label="Where?",
            options=[Option("local", "Local"), Option("staging", "Staging")],
            required=False,
        ),
        ShortText(
            name="host",
            label="Which host?",
            required=False,
            shown_when=When("where", "local"),
        ),
        LongText(name="problem", label="What happens?", required=False),
    ],
    sensitive_when=When("secret", True),
)


def fitting(text: str, articles: Sequence[Answer]) -> list[Answer]:
    """The articles that have one of the words in their title."""
    words = text.casefold().split()
    return [one for one in articles if any(word in one.title.casefold() for word in words)]


def plugin(articles: Sequence[Answer] = ARTICLES, form: Form = FORM, **more: Any) -> SimpleNamespace:
    """A plugin whose articles are found by the words of their titles."""

    @hookimpl
    def self_service(text: str, answers: Mapping[str, Any]) -> list[Answer]:
        return fitting(text, articles)

    hooks = {"self_service": self_service, **{name: hookimpl(hook) for name, hook in more.items()}}
    return SimpleNamespace(form=hookimpl(lambda: form), **hooks)


@dataclass
class Shelf:
    """Something to search; it keeps what it was asked for."""

    articles: Sequence[Answer] = ()
    fails: Exception | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)

    def search(self, text: str, limit: int) -> Sequence[Answer]:
        """All of them."""
        self.asked.append((text, limit))
        if self.fails:
            raise self.fails
        return self.articles[:limit]
