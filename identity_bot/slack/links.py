"""`/help link` and `/help unlink`: answers that only whoever asked can see."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial

from slack_bolt import Respond
from slack_sdk import WebClient

from identity_bot.desk.links import Linking
from identity_bot.errors import NotAllowed, StoreError
from identity_bot.messages import links, words
from identity_bot.slack.inputs import Json
from identity_bot.text.names import LOGIN
from identity_bot.tickets.people import People

log = logging.getLogger(__name__)

_LOGIN = re.compile(f"@?({LOGIN})")


class LinkAnswers:
    """What is answered to the words after the command that link a GitHub login."""

    def __init__(self, linking: Linking, people: People) -> None:
        self._linking = linking
        self._people = people

    def answer(self, typed: str) -> Callable[[WebClient, Json, Respond], None] | None:
        """What answers these words after the command; None if they are about something else."""
        word, _, rest = typed.partition(" ")
        match word.casefold():
            case "link":
                return partial(self._answer, partial(self._link, rest.strip()))
            case "unlink" if not rest:
                return partial(self._answer, self._unlink)
        return None

    def _answer(self, act: Callable[[Json], str], client: WebClient, body: Json, respond: Respond) -> None:
        try:
            said = act(body)
        except NotAllowed as error:
            said = str(error)
        except StoreError as error:
            log.error("cannot change who is who: %s", error)
            said = words.NOTHING_CHANGED
        respond(text=said, response_type="ephemeral", replace_original=False)

    def _link(self, typed: str, body: Json) -> str:
        login = _LOGIN.fullmatch(typed)
        if login is None:
            return links.write_login(body["command"])
        return links.claimed(login[1], self._linking.claim(body["user_id"], login[1]))

    def _unlink(self, body: Json) -> str:
        removed = self._linking.unlink(body["user_id"])
        if fixed := self._people.login_in_settings(body["user_id"]):
            return links.in_settings(fixed)
        return links.unlinked(removed.login) if removed else links.NOT_LINKED
