"""What people are told when they have text removed from a ticket: why not, and what only they can do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from identity_bot.messages import words
from identity_bot.text.redaction import SHORTEST
from identity_bot.tickets.model import Ticket

TOO_SHORT = (
    f"Text to remove needs at least {SHORTEST} characters, because shorter text can be part of other words."
)
REASON_REPEATS = "Your reason contains the text to remove. Please leave that out."


def by_hand(
    ticket: Ticket, form: str, *, edited: Sequence[str], refused: Sequence[str], has_title: bool
) -> list[str]:
    """What only a person can do after text was removed; `form` is how a link is written, with `name` and `link`."""

    def places(links: Sequence[str]) -> str:
        named = {link: "the issue" if link == ticket.url else "a comment" for link in links}
        return words.joined([form.format(name=name, link=link) for link, name in named.items()])

    said = []
    if edited:
        said.append(
            f"GitHub still shows the text in the edit history of {places(edited)}, and only a person can delete it "
            "there: open *edited* at the top, choose each revision that shows the text, then *Options*, then *Delete "
            "revision from history*."
        )
    if has_title:
        said.append(
            "GitHub still shows the old title in the issue's timeline, where nobody can delete it. If it must go, "
            "delete the issue."
        )
    if refused:
        said.append(f"The bot isn't allowed to edit {places(refused)}. Please remove the text there.")
    if ticket.is_sensitive:
        said.append(
            "If the issue was moved here from another repository, the bot doesn't look for messages in channels that "
            "link to the old issue. Please look there, and delete what shows the text."
        )
    return said


def clear_history(
    ticket: Ticket, *, is_removed: bool, edited: Sequence[str], refused: Sequence[str], has_title: bool
) -> str:
    """To whoever removed text from a ticket: what they must now do by hand, with links to each place."""
    said = by_hand(ticket, "<{link}|{name}>", edited=edited, refused=refused, has_title=has_title)
    if is_removed:
        first = f"We removed the text from ticket {words.link(ticket)}, its card and our messages about it."
        last = "We can't delete what people wrote in Slack themselves. Please ask them to delete it."
        said = [first, *said, last]
    return "\n".join(said)


def nothing_to_redact(ticket: Ticket) -> str:
    """To whoever wanted text removed that is nowhere in the ticket."""
    return (
        f"Ticket {words.link(ticket)} doesn't contain that text, so nothing changed. "
        "Please paste it exactly as it is there."
    )


def nothing_personal(ticket: Ticket) -> str:
    """To whoever wanted all personal data and secrets removed, if none were found."""
    return (
        f"We found no personal data or secrets in ticket {words.link(ticket)}, so nothing changed. "
        "Please say what should be removed."
    )
