"""Slack listeners for everything that shows tickets: words after the command, lists, and one ticket in a modal."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from identity_bot.desk.overview import Overview
from identity_bot.errors import IdentityBotError, StoreError
from identity_bot.forms.form import Form
from identity_bot.messages import queue, words
from identity_bot.slack.errors import translating_errors
from identity_bot.slack.inputs import Json
from identity_bot.slack.messages import section
from identity_bot.slack.modal import apology
from identity_bot.slack.payloads import refuse_forged
from identity_bot.slack.rows import OPEN, PAGE, pager, rows
from identity_bot.slack.ticket_modal import ticket_modal
from identity_bot.text.markdown import clean
from identity_bot.tickets.people import People
from identity_bot.tickets.query import BadQuery, Query, written

log = logging.getLogger(__name__)

ROWS = 10
"""Tickets on a page below the command."""
DEEPEST = 12
"""Pages that can be gone back; what a button needs to lead there fits into its value."""
LISTED = f"{PAGE}list"
SEARCHED = "all"
"""What a search is besides its words: in closed tickets, too."""
_NUMBER = re.compile(r"(?:[\w./-]*#)?\d{1,9}", re.ASCII)


class QueueListeners:
    """Answers that only the person who asked can see.

    `run_in_thread` runs a call in another thread and logs whatever it raises.
    """

    def __init__(
        self,
        *,
        overview: Overview,
        forms: Mapping[str, Form],
        people: People,
        run_in_thread: Callable[..., Any],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._overview = overview
        self._forms = forms
        self._people = people
        self._run_in_thread = run_in_thread
        self._clock = clock

    def attach(self, app: App) -> None:
        """Adds the listeners."""
        app.action({"type": "block_actions", "action_id": OPEN}, middleware=[refuse_forged])(self.open)
        turned: Json = {"type": "block_actions", "action_id": re.compile(f"^{LISTED}:")}
        app.action(turned, middleware=[refuse_forged])(self.turn)

    def answer(self, typed: str) -> Callable[[WebClient, Json, Respond], None] | None:
        """What answers these words after the command; None if they ask for no tickets."""
        word, _, rest = typed.partition(" ")
        match word.casefold():
            case "mine" if not rest:
                return self._mine
            case "queue":
                return partial(self._queue, rest)
            case "search":
                return partial(self._search, rest)
        return partial(self._ticket, typed) if _NUMBER.fullmatch(typed) else None

    def open(self, ack: Ack, body: Json, client: WebClient) -> None:
        """The button of a row: show the ticket."""
        ack()
        ticket_id = str((body.get("actions") or [{}])[0].get("value") or "")
        self._run_in_thread(self._open, client, body, ticket_id)

    def turn(self, ack: Ack, body: Json, respond: Respond) -> None:
        """Turn the page of a list below the command."""
        ack()
        self._run_in_thread(self._turn, body, respond)

    def _mine(self, client: WebClient, body: Json, respond: Respond) -> None:
        self._show(respond, body["user_id"], _own(body["user_id"]))

    def _queue(self, typed: str, client: WebClient, body: Json, respond: Respond) -> None:
        user = body["user_id"]
        try:
            self._show(respond, user, self._overview.reader(user).read(clean(typed)))
        except BadQuery as error:
            _say(respond, str(error))

    def _search(self, typed: str, client: WebClient, body: Json, respond: Respond) -> None:
        user, asked = body["user_id"], clean(typed).strip()
        try:
            query = self._overview.reader(user).read(f"{SEARCHED} {asked}")
        except BadQuery as error:
            _say(respond, str(error))
        else:
            self._show(respond, user, query, asked=asked) if asked else _say(respond, queue.SEARCH_FOR)

    def _ticket(self, name: str, client: WebClient, body: Json, respond: Respond) -> None:
        try:
            ticket = self._overview.find(name)
            details = self._overview.details(ticket, body["user_id"]) if ticket else None
        except StoreError as error:
            log.error("cannot read a ticket: %s", error)
            _say(respond, words.NOTHING_SHOWN)
            return
        if ticket is None or details is None:
            _say(respond, queue.no_ticket(name))
            return
        view = ticket_modal(details, self._title(ticket.type), self._people, self._clock())
        try:
            with translating_errors("views.open"):
                client.views_open(trigger_id=body.get("trigger_id"), view=view)
        except IdentityBotError as error:
            log.info("cannot open a ticket: %s", error)
            [row] = self._rows([ticket])
            respond(text=row["text"]["text"], blocks=[row], response_type="ephemeral", replace_original=False)

    def _turn(self, body: Json, respond: Respond) -> None:
        user = body["user"]["id"]
        try:
            kept = json.loads(body["actions"][0]["value"])
            asked, places = str(kept.get("asked") or ""), [str(one) for one in kept["places"]]
            query = self._overview.reader(user).read(f"{SEARCHED} {asked}" if asked else str(kept["query"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadQuery):
            query, asked, places = Query(), "", []
        self._show(respond, user, query, asked=asked, places=places, replaces=True)

    def _show(
        self,
        respond: Respond,
        user: str,
        query: Query,
        *,
        asked: str = "",
        places: Sequence[str] = (),
        replaces: bool = False,
    ) -> None:
        """Show a page of a list: `asked` is what was searched for, `places` where each page after the first begins."""
        try:
            page = self._overview.page(user, query, limit=ROWS, after=places[-1] if places else "")
            is_whole = not places and not page.next
            count = len(page.tickets) if is_whole else self._overview.count(user, query)
        except StoreError as error:
            log.error("cannot read a list of tickets: %s", error)
            _say(respond, words.NOTHING_SHOWN)
            return
        shown, is_own = self._rows(page.tickets), query == _own(user)
        if is_own and not shown and not places:
            _say(respond, queue.NO_REQUESTS)
            return
        said = queue.listed(asked or written(query), count, is_own=is_own, is_search=bool(asked))
        blocks = [section(said), *(shown or [section(queue.NOTHING_FOUND)])]
        kept = {"asked": asked} if asked else {"query": written(query)}
        turns = [(queue.PREVIOUS, places[:-1])] if places else []
        turns += [(queue.NEXT, [*places, page.next][-DEEPEST:])] if page.next else []
        buttons = pager("list", [(label, {**kept, "places": to}) for label, to in turns])
        text = "\n".join(
            [said, *(row["text"]["text"] for row in shown)] if shown else [said, queue.NOTHING_FOUND]
        )
        respond(
            text=text,
            blocks=[*blocks, *([buttons] if buttons else [])],
            response_type="ephemeral",
            replace_original=replaces,
        )

    def _open(self, client: WebClient, body: Json, ticket_id: str) -> None:
        try:
            details = self._overview.ticket(ticket_id, body["user"]["id"])
        except StoreError as error:
            log.error("cannot read a ticket: %s", error)
            view = apology(words.NOTHING_SHOWN, close=words.CLOSE)
        else:
            view = (
                ticket_modal(details, self._title(details.ticket.type), self._people, self._clock())
                if details
                else apology(queue.NOT_YOURS, close=words.CLOSE)
            )
        try:
            with translating_errors("views.open"):
                client.views_open(trigger_id=body.get("trigger_id") or "", view=view)
        except IdentityBotError as error:
            log.warning("cannot open a ticket: %s", error)

    def _rows(self, tickets: Any) -> list[Json]:
        return list(rows("list", tickets, self._title, self._people, self._clock()))

    def _title(self, name: str) -> str:
        form = self._forms.get(name)
        return form.title if form else name or words.ADOPTED


def _own(user: str) -> Query:
    """Somebody's own requests, closed ones too."""
    return Query(requestor=user, is_open=None)


def _say(respond: Respond, sentence: str) -> None:
    respond(text=sentence, response_type="ephemeral", replace_original=False)
