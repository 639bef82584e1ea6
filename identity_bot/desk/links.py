"""Linking Slack accounts and GitHub logins: claimed in Slack, proved by a comment, corrected by the operator."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable

from identity_bot.errors import NotAllowed
from identity_bot.messages import links as words
from identity_bot.store.links import Claim, Links
from identity_bot.store.store import Store
from identity_bot.store.transaction import Transaction
from identity_bot.text.names import is_same
from identity_bot.tickets.calendar import CLOCK_SKEW
from identity_bot.tickets.model import IssueComment
from identity_bot.tickets.people import TRUSTED, Link, LinkSource, People

log = logging.getLogger(__name__)

LASTS = 3600.0
"""Seconds in which a code can be used, and in which somebody gets only so many."""
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what looks alike, such as 0 and O."""
LENGTH = 8


def new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


class Linking:
    """Who is linked to which login, as people in Slack and the operator change it."""

    def __init__(self, *, store: Store, people: People, code: Callable[[], str] = new_code) -> None:
        self._store = store
        self._people = people
        self._code = code

    def claim(self, slack_id: str, login: str) -> str:
        """A code by which somebody can prove that a login is theirs; NotAllowed, with the reason, if they get none."""
        code = self._code()
        with self._store.begin() as transaction:
            links = Links(transaction)
            if fixed := self._people.login_in_settings(slack_id):
                raise NotAllowed(words.in_settings(fixed))
            if not _is_free(self._people, links, slack_id, login):
                raise NotAllowed(words.taken(login))
            before = links.of(slack_id)
            if before and before.source in TRUSTED and is_same(before.login, login):
                raise NotAllowed(words.is_so(before.login))
            if links.count_claims(slack_id, transaction.now - LASTS) >= words.CODES_AN_HOUR:
                raise NotAllowed(words.TOO_MANY)
            digest = _digest(slack_id, code)
            links.add_claim(Claim(slack_id=slack_id, login=login, digest=digest, at=transaction.now))
        log.info("%s claims the GitHub login %s", slack_id, login)
        return code

    def unlink(self, slack_id: str, *, by: str = "") -> Link | None:
        """Remove somebody's link for good, and what they have claimed; the link that they had. `by` is for the log."""
        with self._store.begin() as transaction:
            links = Links(transaction)
            links.void_claims(slack_id)
            removed = links.forget(slack_id, transaction.now)
        if removed:
            log.info("%s is no longer %s in GitHub, by %s", slack_id, removed.login, by or slack_id)
        return removed

    def correct(self, slack_id: str, login: str) -> bool:
        """Link a login to somebody as the operator says; False if it is somebody else's, or the settings say more."""
        with self._store.begin() as transaction:
            links = Links(transaction)
            link = Link(slack_id=slack_id, login=login, source=LinkSource.OPERATOR, at=transaction.now)
            if self._people.is_overridden(link) or not links.save(link):
                return False
            links.void_claims(slack_id)
        log.info("%s is %s in GitHub now, by the operator", slack_id, login)
        return True


def prove(
    transaction: Transaction, people: People, comment: IssueComment, code: str, *, command: str
) -> Link:
    """The link that a comment with a code proves, kept; NotAllowed, with the reason, if it proves none.

    The code counts only for the login that it was made for, once, and if it was commented in time, not by an edit.
    The bot's own comments, in which it repeats others, never come here (`github/snapshot.py`).
    """
    links = Links(transaction)
    fitting = [
        claim
        for claim in links.claims_of(comment.author)
        if hmac.compare_digest(claim.digest, _digest(claim.slack_id, code))
        and comment.created_at <= claim.at + LASTS
        # Whoever has write access can edit what others have commented.
        and comment.updated_at <= comment.created_at
        and comment.created_at >= claim.at - CLOCK_SKEW
    ]
    if not fitting:
        log.info("a code by %s links no account", comment.author)
        raise NotAllowed(words.not_proved(command))
    who = fitting[0].slack_id
    # With the login as GitHub writes it, not as it was typed.
    link = Link(slack_id=who, login=comment.author, source=LinkSource.PROVED, at=transaction.now)
    if people.is_overridden(link) or not links.save(link):
        log.info("%s has proved to be %s, which is somebody else's", who, comment.author)
        raise NotAllowed(words.TAKEN_IN_GITHUB)
    links.void_claims(who)
    log.info("%s is %s in GitHub now, proved in %s#%s", who, link.login, comment.repository, comment.number)
    return link


def _is_free(people: People, links: Links, slack_id: str, login: str) -> bool:
    """Whether a login is nobody else's."""
    link = Link(slack_id=slack_id, login=login, source=LinkSource.PROVED, at=0.0)
    return not people.is_overridden(link) and links.owner(login) in ("", slack_id)


def _digest(slack_id: str, code: str) -> str:
    return hashlib.sha256(f"{slack_id}:{code.strip().upper()}".encode()).hexdigest()
