"""Text is removed from what we keep, from the issue and from our messages, and each who must know is told once."""

from __future__ import annotations

import html
import json
import logging
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select

from identity_bot.errors import NotAllowed, Rejected, Retryable
from identity_bot.outbox.effects import EFFECTS, RedactMessages
from identity_bot.outbox.ports import RedactedIssue
from identity_bot.outbox.worker import Worker
from identity_bot.store import schema
from identity_bot.text.redaction import REDACTED, Redact
from identity_bot.tickets.calendar import DAY
from identity_bot.tickets.model import Action, IssueComment, MessageRef, Offer, Stage, Ticket
from tests.support_desk import Office
from tests.support_outbox import states

INTAKE, TEAM, INDIGO, LINDEN = "C0INTAKE", "C0TEAM", "U0INDIGO", "linden-brookmere"
REQUESTS = "sandbox-org/identity-requests"
SECRET = "tr0ub4dor&3"
"""The privacy gate lets it pass: nothing says that it is a password."""
REQUEST = {"data_needed": f"Sign-ins of my user, {SECRET}, in May"}


@pytest.fixture
def slipped(office: Office) -> Ticket:
    """A ticket with something that slipped through, in its issue, on its card and in a message about it."""
    ticket = office.submit("data_pull", **REQUEST)
    office.work()
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO, reason=f"Tell them that {SECRET} is wrong.")
    office.work()
    assert SECRET in slack(office)
    return ticket


def slack(office: Office) -> str:
    """All that Slack was ever sent and still has, as people read it."""
    return html.unescape(office.chat.everything())


def rows(office: Office) -> str:
    """All that the database has of tickets and effects."""
    with office.store.reading() as connection:
        found = [connection.execute(select(table)).all() for table in (schema.tickets, schema.outbox)]
    return json.dumps(found, default=str)


def everything(office: Office) -> str:
    """All that anybody could read, in Slack, in GitHub and in the database."""
    github = json.dumps([list(office.tracker.texts.values()), office.tracker.comments])
    return "\n".join([slack(office), github, rows(office)])


def test_the_text_goes_from_everywhere(office: Office, slipped: Ticket) -> None:
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO, reason="It is a password.")
    office.work()

    assert SECRET not in everything(office)
    assert REDACTED in office.tracker.texts[REQUESTS, 1]
    assert REDACTED in office.ticket(slipped).answers["data_needed"]
    assert states(office.queue).keys() == {"done"} | ({"waiting"} & states(office.queue).keys())


def test_the_requestor_is_told_once_and_nothing_is_repeated(office: Office, slipped: Ticket) -> None:
    before = len(office.chat.posts)

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO, reason="It is a password.")
    office.work()

    told = [one.text for one in office.chat.posts[before:] if "<@U0JUNIPER>" in one.text]
    assert [text.partition("*: ")[2] for text in told] == [
        "We removed text from it that must not be in a ticket, such as a password or a Veteran's personal data. “It is "
        "a password.” If it was a password or a key, please change it now, as others may have read it."
    ]


def test_a_comment_says_who_and_why(office: Office, slipped: Ticket) -> None:
    office.chat.names[INDIGO] = "Indigo Marshwick"

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO, reason="It is a password.")
    office.work()

    assert office.tracker.comments[-1][2] == (
        "`Indigo Marshwick` removed text that must not be in a ticket, via Slack.\n\n```text\nIt is a password.\n```"
    )


def test_who_removed_it_is_told_to_clear_the_edit_history(office: Office, slipped: Ticket) -> None:
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    [told] = office.chat.texts(INDIGO)
    assert f"in the edit history of <{office.ticket(slipped).url}|the issue>" in told
    assert "*Delete revision from history*" in told
    assert "We can't delete what people wrote in Slack themselves." in told


def test_the_card_is_redacted_and_stays_one(office: Office, slipped: Ticket) -> None:
    card = office.ticket(slipped).card
    assert card

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    assert office.ticket(slipped).card == card
    assert f"Sign-ins of my user, {REDACTED}, in May" in office.chat.posts[int(card.ts) - 1].text
    assert office.ticket(slipped).stage is Stage.CLOSED


def test_what_is_kept_of_a_message_with_buttons_is_redacted(office: Office, slipped: Ticket) -> None:
    """It is shown again when its buttons are taken away."""
    message = MessageRef(channel=INTAKE, ts="1")
    with office.store.begin() as transaction:
        offer = Offer(message=message, text=f"About {SECRET}", buttons=(Action.ACCEPT,))
        transaction.save(replace(office.ticket(slipped), offers=(offer,)))

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)

    assert office.ticket(slipped).offers == (replace(offer, text=f"About {REDACTED}"),)


def test_what_waits_to_be_said_is_redacted_before_it_is_said(office: Office) -> None:
    """GitHub is out of order while somebody gives a reason that has the text."""
    ticket = office.submit("data_pull", **REQUEST)
    office.work()
    office.tracker.fails += [Retryable("down", 20.0)]
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO, reason=f"Because of {SECRET}.")
    office.work(2)

    office.click(ticket, Action.REDACT, SECRET, by=INDIGO)

    assert SECRET not in json.dumps(
        [one.payload for one in office.outbox.rows("waiting") if one.kind == "change_issue"]
    )
    office.work(60)
    assert SECRET not in everything(office)
    assert f"Because of {REDACTED}." in office.tracker.comments[0][2]


@pytest.mark.parametrize("text", ["completed", "close", "reason", INDIGO])
def test_what_waits_to_be_done_is_done_whatever_words_are_removed(office: Office, text: str) -> None:
    """A word that people wrote may also be what the bot calls an action or a person."""
    ticket = office.submit("data_pull", **REQUEST)
    office.work()
    office.tracker.fails += [Retryable("down", 20.0)]
    office.click(ticket, Action.CLOSE, "completed", by=INDIGO, reason=f"It is {text} now.")
    office.work(2)

    office.click(ticket, Action.REDACT, text, by="U0SAGE")
    office.work(60)

    assert "failed" not in states(office.queue)
    assert office.ticket(ticket).stage is Stage.CLOSED
    assert f"It is {REDACTED} now." in office.tracker.comments[0][2]


def test_text_that_is_nowhere_is_told_to_whoever_asked_and_to_nobody_else(
    office: Office, slipped: Ticket
) -> None:
    comments, posts = len(office.tracker.comments), len(office.chat.posts)

    office.click(slipped, Action.REDACT, "something else", by=INDIGO)
    office.work()

    assert [one.channel for one in office.chat.posts[posts:]] == [INDIGO]
    assert "doesn't contain that text" in office.chat.texts(INDIGO)[0]
    assert len(office.tracker.comments) == comments


def test_a_text_that_two_remove_at_once_is_told_once(office: Office, slipped: Ticket) -> None:
    posts = len(office.chat.posts)

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.click(slipped, Action.REDACT, SECRET, by="U0SAGE")
    office.work()

    told = [one.text for one in office.chat.posts[posts:]]
    assert len([text for text in told if "<@U0JUNIPER>" in text]) == 1
    assert "doesn't contain that text" in office.chat.texts("U0SAGE")[0]


def test_a_text_within_another_that_is_being_removed_leaves_nothing_of_it(
    office: Office, slipped: Ticket
) -> None:
    office.click(slipped, Action.REDACT, f"my user, {SECRET}", by=INDIGO)
    office.click(slipped, Action.REDACT, "my user", by=INDIGO)
    office.work()

    assert "my user" not in everything(office)
    assert SECRET[-4:] not in office.tracker.texts[REQUESTS, 1]


def test_without_a_text_all_personal_data_goes(office: Office, slipped: Ticket) -> None:
    issue = REQUESTS, 1
    office.tracker.texts[issue] += "\n\nTheir SSN is 536-22-8145."

    office.click(slipped, Action.REDACT, by=INDIGO)
    office.work()

    assert f"Their SSN is {REDACTED}." in office.tracker.texts[issue]
    assert SECRET in office.tracker.texts[issue]
    assert "536-22-8145" not in everything(office)


def test_personal_data_with_hidden_characters_goes_too(office: Office, slipped: Ticket) -> None:
    office.tracker.texts[REQUESTS, 1] += "\n\nTheir SSN is 536-\u200b22-8145."

    office.click(slipped, Action.REDACT, by=INDIGO)
    office.work()

    assert f"Their SSN is {REDACTED}." in office.tracker.texts[REQUESTS, 1]


def test_without_a_text_no_other_words_are_changed(office: Office, slipped: Ticket) -> None:
    kept = "We reproduce it as of #1234 at https://prod.example.org/1234."
    office.tracker.texts[REQUESTS, 1] += f"\n\nPassword: prod\nPIN: 1234\n{kept}"
    office.tracker.comments.append((REQUESTS, 1, "As prod-uctions go, production is not prod.", ""))

    office.click(slipped, Action.REDACT, by=INDIGO)
    office.work()

    assert office.tracker.texts[REQUESTS, 1].endswith(f"Password: {REDACTED}\nPIN: {REDACTED}\n{kept}")
    assert f"production is not {REDACTED}." in office.tracker.comments[1][2]


def test_without_a_text_and_without_personal_data_nothing_happens(office: Office) -> None:
    ticket = office.submit("data_pull")
    office.work()

    office.click(ticket, Action.REDACT, by=INDIGO)
    office.work()

    assert "We found no personal data" in office.chat.texts(INDIGO)[0]
    assert office.tracker.comments == []


def test_what_github_refuses_is_told_and_slack_is_clean_anyway(office: Office, slipped: Ticket) -> None:
    office.tracker.fails.append(Rejected("GitHub: 403"))
    office.tracker.fails.append(Rejected("GitHub: 403"))

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    assert "GitHub refused your change" in office.chat.texts(INDIGO)[0]
    assert SECRET not in slack(office)
    assert SECRET not in rows(office)


def test_comments_that_the_bot_may_not_edit_are_named(
    office: Office, slipped: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = "https://github.test/comment"
    whole = office.tracker.redact

    def partly(ticket: Ticket, redact: Redact) -> RedactedIssue:
        return replace(whole(ticket, redact), refused=(link,), has_title=True)

    monkeypatch.setattr(office.tracker, "redact", partly)
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    [told] = office.chat.texts(INDIGO)
    assert f"The bot isn't allowed to edit <{link}|a comment>. Please remove the text there." in told
    assert "the old title in the issue's timeline" in told


def test_messages_that_slack_keeps_are_named_to_the_team(office: Office, slipped: Ticket) -> None:
    office.chat.closed.add(INTAKE)

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    assert any(f"couldn't change its messages in `{INTAKE}`" in text for text in office.chat.texts(TEAM))


@dataclass
class Pages:
    """A channel's history of three pages, at whose second one Slack's limit is met for a while."""

    limits: int = 3
    read: list[str] = field(default_factory=list)
    since: set[float] = field(default_factory=set)

    def redact(
        self, channel: str, redact: Redact, *, thread_ts: str | None, since: float, about: str, cursor: str
    ) -> str:
        if channel != INTAKE or thread_ts:
            return ""
        self.since.add(since)
        if cursor == "2" and self.limits:
            self.limits -= 1
            raise Retryable("Slack's conversations.history: ratelimited", 60.0)
        self.read.append(cursor)
        return {"": "2", "2": "3", "3": ""}[cursor]


@pytest.fixture
def pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> Pages:
    history = Pages()
    monkeypatch.setattr(office.chat, "redact", history.redact)
    return history


def test_a_limit_has_no_page_read_twice(office: Office, slipped: Ticket, pages: Pages) -> None:
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work(300)

    assert pages.read == ["", "2", "3"]
    assert not office.outbox.rows("failed")
    assert SECRET not in rows(office)


def test_while_a_history_cannot_be_read_messages_come_out(
    office: Office, slipped: Ticket, pages: Pages
) -> None:
    pages.limits = 1000
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    office.submit("data_pull", view="V2")
    office.work()

    assert pages.read == [""]
    assert any("identity-requests/issues/2|" in text for text in office.chat.texts(INTAKE))
    assert any("#2" in text for text in office.chat.texts(TEAM))


def test_messages_are_looked_for_behind_what_is_being_posted(
    office: Office, slipped: Ticket, pages: Pages
) -> None:
    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)

    waiting = [one.lane for one in office.outbox.rows("waiting") if one.kind == "redact_messages"]
    assert set(waiting) == {f"slack:{INTAKE}", f"slack:{TEAM}"}


NOW = 1_800_000_000.0
LONG_AGO, BEFORE = f"{NOW - 30 * DAY:.6f}", f"{NOW - 9 * DAY:.6f}"


@pytest.mark.parametrize(
    ("submitted_at", "places", "since"),
    [
        (NOW - 5 * DAY, {}, NOW - 5 * DAY),
        (NOW - 60.0, {}, NOW - DAY),
        (NOW + 5 * DAY, {}, NOW - DAY),
        (NOW + 5 * DAY, {"card": BEFORE}, NOW - 9 * DAY),
        (NOW + 5 * DAY, {"thread": BEFORE}, NOW - 9 * DAY),
        (NOW + 5 * DAY, {"thread": LONG_AGO, "origin": LONG_AGO, "card": BEFORE}, NOW - 9 * DAY),
    ],
)
def test_a_channel_is_read_since_our_first_message_even_if_the_clock_was_ahead(
    office: Office, slipped: Ticket, pages: Pages, submitted_at: float, places: dict[str, str], since: float
) -> None:
    office.clock.now = NOW
    found = {name: MessageRef(channel=INTAKE, ts=ts) for name, ts in places.items()}
    known = replace(office.ticket(slipped), thread=None, card=None, submitted_at=submitted_at)
    with office.store.begin() as transaction:
        transaction.save(replace(known, **found))
        transaction.enqueue(RedactMessages(ticket_id=slipped.id, texts=(SECRET,), channel=INTAKE, cursor="3"))

    Worker(office.queue, EFFECTS, office.context).run_due()

    assert pages.since == {since}


def test_only_the_team_removes_text(office: Office, slipped: Ticket) -> None:
    with pytest.raises(NotAllowed):
        office.click(slipped, Action.REDACT, SECRET, by="U0JUNIPER")


def test_no_log_has_the_text(office: Office, slipped: Ticket, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    office.click(slipped, Action.REDACT, SECRET, by=INDIGO)
    office.work()

    assert caplog.records
    assert SECRET not in caplog.text


# By a comment


def said(body: str, *, author: str = LINDEN) -> IssueComment:
    return IssueComment(
        repository=REQUESTS, number=1, id=5, author=author, body=body, created_at=1_800_000_000.0
    )


def test_a_command_removes_text_and_is_not_kept_with_the_ticket(office: Office, slipped: Ticket) -> None:
    office.desk.handle_comment(said(f"/redact {SECRET}"))
    requested = office.ticket(slipped).requested
    office.work()

    assert requested == ()
    assert SECRET not in everything(office)
    assert office.tracker.reactions == [(5, "+1")]
    assert office.tracker.comments[-1][2] == f"`{LINDEN}` removed text that must not be in a ticket."
    assert "edit history" in office.chat.texts("U0LINDEN")[0]


def test_who_is_not_known_in_slack_is_told_on_the_issue(office: Office, slipped: Ticket) -> None:
    office.tracker.writers.add("marlo-fennick")

    office.desk.handle_comment(said(f"/redact {SECRET}", author="marlo-fennick"))
    office.work()

    assert "edit history of [the issue](https://github.test/" in office.tracker.comments[-1][2]


@pytest.mark.parametrize("command", ["/redact nothing like this", "/redact"])
def test_who_finds_nothing_and_is_not_known_in_slack_is_told_on_the_issue(
    office: Office, slipped: Ticket, command: str
) -> None:
    office.tracker.writers.add("marlo-fennick")

    office.desk.handle_comment(said(command, author="marlo-fennick"))
    office.work()

    assert "so nothing changed" in office.tracker.comments[-1][2]


def test_a_stranger_removes_nothing(office: Office, slipped: Ticket) -> None:
    office.desk.handle_comment(said(f"/redact {SECRET}", author="stranger"))
    office.work()

    assert SECRET in office.tracker.texts[REQUESTS, 1]


def test_a_command_may_name_several_texts(office: Office, slipped: Ticket) -> None:
    office.desk.handle_comment(said(f"/redact {SECRET}\n/redact my user"))
    office.work()

    assert f"Sign-ins of {REDACTED}, {REDACTED}, in May" in office.tracker.texts[REQUESTS, 1]
    assert len([one for one in office.tracker.comments if "removed text" in one[2]]) == 1
