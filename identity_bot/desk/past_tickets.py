"""Closed tickets as answers for somebody with the same problem, before they send a form."""

from __future__ import annotations

from collections.abc import Iterator

from identity_bot.articles.answer import TITLE, Answer
from identity_bot.forms.form import readable
from identity_bot.forms.questions import LongText, ShortText
from identity_bot.messages import words
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import Settings
from identity_bot.store.similar import Similar
from identity_bot.store.store import Store
from identity_bot.text import privacy
from identity_bot.text.markdown import block, line
from identity_bot.text.names import fold
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.subject import subject_of

LONGEST_TEXT = 600
"""Characters that are shown of what somebody wrote."""
LONGEST_QUESTION = 3_000
WHO = ("name", "team")


class PastTickets:
    """Finds tickets that were completed and that anybody may read.

    None is sensitive, was begun in a private conversation, or is in a repository that only the team can read, and what
    was removed from one stays so. It finds nothing if `answers.closed_tickets` in the settings is off.
    """

    def __init__(self, store: Store, plugins: Plugins, settings: Settings) -> None:
        self._similar = Similar(store)
        self._plugins = plugins
        self._privacy = settings.privacy
        self._is_on: bool = settings.answers["closed_tickets"]

    def search(self, text: str, limit: int = 3) -> list[Answer]:
        """The tickets that fit a text best, at most so many; raises StoreError if the database cannot be used."""
        if not self._is_on:
            return []
        found = self._similar.completed(text[:LONGEST_QUESTION], limit=limit, has=self._is_public)
        return [self._answer(ticket) for ticket in found]

    def _is_public(self, ticket: Ticket) -> bool:
        repository = self._plugins.repositories.get(fold(ticket.repository))
        is_open = repository is not None and not repository.is_restricted
        return is_open and not (ticket.is_sensitive or ticket.is_private) and bool(ticket.url)

    def _answer(self, ticket: Ticket) -> Answer:
        request_type = self._plugins.of(ticket.type)
        title = request_type.form.title if request_type else ticket.type
        told = [privacy.redact(one, self._privacy) for one in self._told(ticket)]
        about = next((line(first, limit=80) for one in told if (first := _first_line(one))), "")
        about = about or line(
            privacy.redact(ticket.title.removeprefix(f"{title}: "), self._privacy), limit=80
        )
        return Answer(
            title=line(f"{title}: {about}", limit=TITLE),
            text=block("\n".join(told), limit=LONGEST_TEXT) if told else "",
            url=ticket.url,
            name=f"ticket:{words.number(ticket).removeprefix('#')}",
        )

    def _told(self, ticket: Ticket) -> Iterator[str]:
        """What the requestor wrote in their own words."""
        if request_type := self._plugins.of(ticket.type):
            for question, text in readable(request_type.form, request_type.migrated(ticket).answers):
                is_free = isinstance(question, ShortText | LongText) and question.name not in WHO
                # An answer to a question that the form no longer has may be of any kind.
                if is_free and request_type.form.question(question.name) and subject_of(text):
                    yield text


def _first_line(text: str) -> str:
    return next((one.strip() for one in text.splitlines() if one.strip()), "")
