"""`/help digest on` and `/help digest off`: answers that only whoever asked can see."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import time
from functools import partial

from slack_bolt import Respond
from slack_sdk import WebClient

from identity_bot.desk.desk import Desk
from identity_bot.errors import NotAllowed, OutcomeUnknown, Rejected, Retryable, StoreError
from identity_bot.messages import digest, queue, words
from identity_bot.slack.inputs import Json

log = logging.getLogger(__name__)


class DigestAnswers:
    """What is answered to the words after the command that turn one's own digest on and off."""

    def __init__(self, desk: Desk, at: time | None) -> None:
        self._desk = desk
        self._at = at

    def answer(self, typed: str) -> Callable[[WebClient, Json, Respond], None] | None:
        """What answers these words after the command; None if they are about something else."""
        word, _, rest = typed.partition(" ")
        return partial(self._answer, rest.strip().casefold()) if word.casefold() == "digest" else None

    def _answer(self, wanted: str, client: WebClient, body: Json, respond: Respond) -> None:
        try:
            said = self._said(wanted, body["user_id"], body["command"])
        except NotAllowed as error:
            said = str(error)
        except (Rejected, Retryable, OutcomeUnknown) as error:
            log.warning("cannot find out who is on the team: %s", error)
            said = words.CANNOT_TELL
        except StoreError as error:
            log.error("cannot change who gets a digest: %s", error)
            said = words.NOTHING_CHANGED
        respond(text=said, response_type="ephemeral", replace_original=False)

    def _said(self, wanted: str, slack_id: str, command: str) -> str:
        if wanted not in ("on", "off"):
            return digest.usage(command)
        self._desk.subscribe(slack_id, is_on=wanted == "on")
        if wanted == "off":
            return digest.OFF
        if self._at is None:
            return digest.NOT_SENT
        said = digest.turned_on(self._at, command)
        return said if self._desk.has_login(slack_id) else f"{said}\n{queue.link_first(command)}"
