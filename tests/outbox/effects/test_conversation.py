"""What people say reaches the other side, each version once, and nothing personal goes with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity_bot.errors import OutcomeUnknown, Rejected, Retryable
from identity_bot.outbox.effects.reading import ReadComments, ReadThread
from identity_bot.store.history import History
from identity_bot.testing import OWN_COMMENTS, Posted
from identity_bot.text.formatted import Document, from_slack
from identity_bot.tickets.model import (
    Action,
    IssueComment,
    MessageKind,
    MessageRef,
    ThreadReply,
    Ticket,
)
from tests.support_desk import SETTINGS, Office, cut_off

INTAKE, LINDEN_ID = "C0INTAKE", "U0LINDEN"
REQUESTS, RESTRICTED = "sandbox-org/identity-requests", "sandbox-org/identity-restricted"
SECRET = "Her SSN is 219-09-9999."


def said(
    office: Office, body: str, *, author: str = "linden-brookmere", key: int = 5, where: str = REQUESTS
) -> IssueComment:
    """A comment that somebody has just written."""
    return IssueComment(
        repository=where, number=1, id=key, author=author, body=body, created_at=office.clock.now
    )


def hear(office: Office, *comments: IssueComment) -> list[Posted]:
    """What is posted after GitHub told of comments."""
    before = len(office.chat.posts)
    for comment in comments:
        office.desk.handle_comment(comment)
    office.work()
    return office.chat.posts[before:]


def test_a_comment_becomes_a_reply_with_its_authors_name(office: Office, ticket: Ticket) -> None:
    office.chat.names[LINDEN_ID] = "Linden *Brookmere*"

    (posted,) = hear(office, said(office, "**Done**, see [the page](https://a.test). @linden-brookmere"))

    thread = office.ticket(ticket).thread
    assert thread
    assert (posted.channel, posted.thread_ts) == (thread.channel, thread.ts)
    assert posted.text == (
        "*Linden ∗Brookmere∗* replied:\n*Done*, see <https://a.test|the page>. <@U0LINDEN>"
    )


@pytest.mark.usefixtures("ticket")
def test_an_author_who_is_not_known_in_slack_is_named_by_their_login(office: Office) -> None:
    (posted,) = hear(office, said(office, "Hello @octocat", author="marlo-fennick"))

    assert posted.text == "*marlo-fennick* replied:\nHello @octocat"


def test_what_was_said_is_kept_with_the_ticket(office: Office, ticket: Ticket) -> None:
    hear(office, said(office, "**Done**"))

    (kept,) = [one for one in History(office.store).messages(ticket) if one["kind"] == "comment"]
    assert (kept["text"], kept["author"], kept["comment_id"]) == ("Done", "linden-brookmere", 5)


@pytest.mark.usefixtures("ticket")
def test_a_comment_is_copied_once_whoever_tells_of_it(office: Office) -> None:
    comment = said(office, "Once")
    office.tracker.said.append(comment)
    office.desk.start_schedule()

    posted = hear(office, comment, replace(comment, repository="Sandbox-Org/identity-requests"))
    office.work(200)

    assert len(posted) == 1
    assert office.chat.everything().count("Once") == len(str(posted[0]).split("Once")) - 1


@pytest.mark.usefixtures("ticket")
def test_comments_arrive_in_the_order_in_which_they_were_written(office: Office) -> None:
    posted = hear(office, *[said(office, f"number {key}", key=key) for key in range(1, 6)])

    assert [one.text.split()[-1] for one in posted] == ["1", "2", "3", "4", "5"]


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("body", ["/internal They must not know.", "", "   ", "/priority high"])
def test_internal_comments_and_commands_stay_in_github(office: Office, body: str) -> None:
    assert not [one for one in hear(office, said(office, body)) if "replied" in one.text]


def test_the_conversation_of_a_sensitive_ticket_is_the_direct_message(office: Office) -> None:
    office.submit("data_pull", sensitive=True)
    office.work()

    (posted,) = hear(office, said(office, "For you alone", where=RESTRICTED))

    assert posted.channel == "U0JUNIPER"


@pytest.mark.usefixtures("ticket")
def test_personal_data_is_not_copied_and_its_author_is_told_alone(office: Office) -> None:
    (posted,) = hear(office, said(office, SECRET))

    assert posted.channel == LINDEN_ID
    assert "a Social Security number" in posted.text
    assert "219-09-9999" not in office.chat.everything()


@pytest.mark.usefixtures("ticket")
def test_an_author_who_is_not_known_in_slack_is_told_below_the_comment(office: Office) -> None:
    assert hear(office, said(office, SECRET, author="marlo-fennick")) == []

    ((_, _, body, _),) = office.tracker.comments
    assert office.tracker.reactions == [(5, "confused")]
    assert body.startswith("@marlo-fennick Your comment wasn't copied to Slack")
    assert "219-09-9999" not in body


@pytest.mark.usefixtures("ticket")
def test_a_comment_is_copied_once_although_slacks_answer_was_lost(office: Office) -> None:
    cut_off(office, "post")

    assert len(hear(office, said(office, "Once"))) == 1


@pytest.mark.usefixtures("ticket")
def test_a_restored_backup_copies_no_comment_again(office: Office) -> None:
    comment = said(office, "Once")
    hear(office, comment)
    with office.store.begin() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM processed_comments")
        transaction.connection.exec_driver_sql("DELETE FROM messages")
    office.clock.move(3_600)

    assert hear(office, comment) == []


@pytest.mark.usefixtures("ticket")
def test_the_longest_comment_can_be_read_as_far_as_slack_shows_it(office: Office) -> None:
    (posted,) = hear(office, said(office, "word " * 13_107))

    texts = [block["text"]["text"] for block in posted.blocks]
    assert len(texts) == 5
    assert all(len(text) <= 3_000 for text in texts)
    assert texts[-1].endswith("#issuecomment-5|read it in GitHub>.")


# Edits and deletions in GitHub


def after(office: Office, *comments: IssueComment) -> list[str]:
    """What all messages in the ticket's thread say, once GitHub has told of these versions of a comment."""
    hear(office, *comments)
    return [one.text for one in office.chat.posts if one.thread_ts and "replied:" in one.text]


def edited(comment: IssueComment, body: str, *, seconds: float = 60) -> IssueComment:
    return replace(comment, body=body, is_edit=True, updated_at=comment.created_at + seconds)


@pytest.mark.usefixtures("ticket")
def test_an_edit_changes_the_copy_and_a_deletion_removes_it(office: Office) -> None:
    first = said(office, "Teh answer")
    hear(office, first)

    assert after(office, edited(first, "The answer")) == ["*linden-brookmere* replied:\nThe answer"]
    assert after(office, replace(edited(first, "The answer", seconds=90), is_deleted=True)) == []


@pytest.mark.usefixtures("ticket")
def test_versions_may_come_before_the_copy_twice_and_in_any_order(office: Office) -> None:
    """An edit of an edit, told by webhook and by poll, the newest first."""
    first = said(office, "one")
    hear(office, first)
    two, three = edited(first, "two"), edited(first, "three", seconds=61)

    assert after(office, three, two, three, first) == ["*linden-brookmere* replied:\nthree"]
    assert [text for _, text in office.chat.edits if "replied" in text] == [
        "*linden-brookmere* replied:\nthree"
    ]


@pytest.mark.usefixtures("ticket")
def test_a_comment_that_was_deleted_before_its_copy_was_made_is_not_copied(office: Office) -> None:
    first = said(office, "Oops")
    office.desk.handle_comment(first)
    gone = replace(edited(first, "Oops"), is_deleted=True)

    office.desk.handle_comment(gone)
    office.work()

    assert "Oops" not in [one.text.partition("\n")[2] for one in office.chat.posts]


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("body", ["/internal Their account is odd.", "/link 7KQ2M9XA", "/priority high"])
def test_a_comment_that_becomes_internal_or_commands_leaves_slack(office: Office, body: str) -> None:
    first = said(office, "Their account is odd.")
    hear(office, first)

    assert after(office, edited(first, body)) == []
    assert "7KQ2M9XA" not in office.chat.everything()


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("body", ["/internal They must not know.", "/priority high"])
def test_what_was_not_copied_is_not_copied_once_it_is_edited(office: Office, body: str) -> None:
    first = said(office, body)
    hear(office, first)

    before = len(office.tracker.patches)

    assert after(office, edited(first, "All is well")) == []
    assert after(office, edited(first, "/released", seconds=90)) == []
    assert len(office.tracker.patches) == before


@pytest.mark.usefixtures("ticket")
def test_an_edit_that_adds_personal_data_leaves_the_copy_as_it_was(office: Office) -> None:
    first = said(office, "The answer")
    hear(office, first)

    assert after(office, edited(first, f"The answer. {SECRET}")) == [
        "*linden-brookmere* replied:\nThe answer"
    ]
    assert "a Social Security number" in office.chat.texts(LINDEN_ID)[-1]
    assert after(office, edited(first, "The new answer", seconds=120)) == [
        "*linden-brookmere* replied:\nThe new answer"
    ]


# From Slack to GitHub


def reply(
    office: Office, ticket: Ticket, text: str, *, ts: float = 0.0, by: str = "U0JUNIPER", edit: float = 0.0
) -> ThreadReply:
    """Somebody's reply in a ticket's thread, or that reply `edit` seconds later."""
    thread = office.ticket(ticket).thread
    assert thread
    at = ts or office.clock.now
    return ThreadReply(
        channel=thread.channel,
        thread_ts=thread.ts,
        ts=f"{at:.6f}",
        author=by,
        words=from_slack({"text": text}),
        version=at + edit,
    )


def comments(office: Office, *replies: ThreadReply) -> list[str]:
    """The bot's comments that have any text, once Slack has told of these replies."""
    for one in replies:
        assert office.desk.handle_reply(one)
    office.work(60)
    return [body for _, _, body, _ in office.tracker.comments if body]


def test_a_reply_becomes_a_comment_with_its_authors_name(office: Office, ticket: Ticket) -> None:
    office.chat.names["U0JUNIPER"] = "Juniper Vale"

    (body,) = comments(office, reply(office, ticket, "*Done*, see <https://a.test|the page> <@U0LINDEN>"))

    assert (
        body
        == "`Juniper Vale` replied in Slack:\n\n**Done**, see [the page](<https://a.test>) @linden-brookmere"
    )
    [kept] = [one for one in office.store.messages(ticket.id, 20) if one.kind is MessageKind.REPLY]
    assert (kept.text.split()[0], kept.author, kept.comment_id) == ("Done,", "U0JUNIPER", OWN_COMMENTS)


def test_replies_are_copied_once_and_in_order(office: Office, ticket: Ticket) -> None:
    said = [reply(office, ticket, f"number {n}", ts=office.clock.now + n) for n in range(5)]

    found = comments(office, *said, *said)

    assert [body.split()[-1] for body in found] == ["0", "1", "2", "3", "4"]


def test_an_edited_reply_changes_its_comment_and_a_deleted_one_removes_it(
    office: Office, ticket: Ticket
) -> None:
    at = office.clock.now
    first, second, third = (
        reply(office, ticket, text, ts=at, edit=edit) for text, edit in (("a", 0.0), ("b", 1.0), ("c", 2.0))
    )
    gone = replace(third, words=Document(), version=at + 3, is_deleted=True)

    comments(office, first)

    assert comments(office, third, second)[0].endswith("c")
    assert comments(office, gone, third) == []


def test_a_reply_that_was_deleted_before_its_copy_was_made_is_not_copied(
    office: Office, ticket: Ticket
) -> None:
    first = reply(office, ticket, "Oops")
    gone = replace(first, words=Document(), version=first.version + 1, is_deleted=True)
    office.desk.handle_reply(first)

    comments(office, gone)

    assert "Oops" not in str([body for _, _, body, _ in office.tracker.comments if body])


def test_a_reply_outside_tickets_threads_is_nobodys(office: Office, ticket: Ticket) -> None:
    other = replace(reply(office, ticket, "hello"), thread_ts="99.0")

    assert not office.desk.handle_reply(other)


def test_a_reply_in_the_cards_thread_stays_in_the_team_channel(office: Office, ticket: Ticket) -> None:
    card = office.ticket(ticket).card
    assert card

    assert not office.desk.handle_reply(
        replace(reply(office, ticket, "Between us"), channel=card.channel, thread_ts=card.ts)
    )


def test_a_reply_with_personal_data_is_not_copied_and_its_author_is_told_alone(
    office: Office, ticket: Ticket
) -> None:
    first = reply(office, ticket, SECRET)

    assert comments(office, first, first) == []
    assert [text for text in office.chat.texts("U0JUNIPER") if "219" in text] == []
    [told] = [text for text in office.chat.texts("U0JUNIPER") if "wasn't copied" in text]
    assert "a Social Security number" in told
    assert SECRET not in str(office.store.messages(ticket.id, 20))
    cleaned = replace(reply(office, ticket, "Her number is gone."), ts=first.ts, version=first.version + 9)
    assert comments(office, cleaned)[0].endswith("Her number is gone.")


def test_an_edit_brings_nothing_back_that_was_redacted(office: Office, ticket: Ticket) -> None:
    at = office.clock.now
    comments(office, reply(office, ticket, "My user is juniper, tr0ub4dor", ts=at))
    office.click(ticket, Action.REDACT, "tr0ub4dor", by="U0INDIGO")
    office.work(60)

    comments(office, reply(office, ticket, "My user was juniper, tr0ub4dor", ts=at, edit=300.0))

    assert "tr0ub4dor" not in str(office.tracker.comments)


def test_a_reply_before_the_issue_exists_waits_for_it(office: Office) -> None:
    origin = MessageRef(channel=INTAKE, ts="17.5")
    office.tracker.fails = [Retryable("GitHub: 503") for _ in range(3)]
    ticket = office.submit(origin=origin)
    office.work(1)
    assert office.ticket(ticket).number is None

    office.chat.replies = [reply(office, ticket, "One more thing")]
    office.desk.handle_reply(office.chat.replies[0])
    office.work(120)

    assert [body.split()[-3:] for _, _, body, _ in office.tracker.comments] == [["One", "more", "thing"]]


def test_a_comment_of_unknown_outcome_is_not_written_twice(office: Office, ticket: Ticket) -> None:
    write = office.tracker.comment

    def cut(*given: Any, **more: Any) -> int:
        office.tracker.comment = write  # type: ignore[method-assign]
        write(*given, **more)
        raise OutcomeUnknown("GitHub: ReadTimeout")

    office.tracker.comment = cut  # type: ignore[method-assign]

    assert len(comments(office, reply(office, ticket, "Once"))) == 1


def test_the_longest_reply_is_copied_as_far_as_github_takes_it(office: Office, ticket: Ticket) -> None:
    (body,) = comments(office, reply(office, ticket, "# " * 20_000))

    assert len(body) <= 65_000


def test_no_copy_is_copied_back(office: Office, ticket: Ticket) -> None:
    """What GitHub then tells of is the bot's own comment, which is no comment to the bot: see `comment_of`."""
    comments(office, reply(office, ticket, "Hello"))
    before = len(office.chat.posts)
    by_hand = replace(said(office, "Hello, edited", key=OWN_COMMENTS), is_edit=True, updated_at=2e9)

    hear(office, by_hand)

    assert len(office.chat.posts) == before
    assert office.chat.edits == [one for one in office.chat.edits if "edited" not in one[1]]


def test_the_last_of_two_edits_within_a_second_is_found_when_github_is_asked(
    office: Office, ticket: Ticket
) -> None:
    first = said(office, "Hello")
    one, two = edited(first, "Hello one"), edited(first, "Hello two")
    for comment in (first, one, two):
        hear(office, comment)
    told = office.chat.posts[-1].text
    office.tracker.said = [replace(two, is_edit=False)]

    for _ in range(2):
        with office.store.begin() as transaction:
            transaction.enqueue(ReadComments(ticket_id=ticket.id))
        office.work(10)
        edits = len(office.chat.edits)

    assert "Hello one" in told
    assert "Hello two" in office.chat.posts[-1].text
    assert len(office.chat.edits) == edits


@pytest.mark.parametrize("body", ["/internal Their account is odd.", "/link 7KQ2M9XA", "/priority high"])
def test_a_comment_that_became_internal_or_commands_while_the_bot_was_away_leaves_slack(
    office: Office, ticket: Ticket, body: str
) -> None:
    first = said(office, "Their account is odd.")
    hear(office, first)
    office.tracker.said = [replace(edited(first, body), is_edit=False)]

    with office.store.begin() as transaction:
        transaction.enqueue(ReadComments(ticket_id=ticket.id))
    office.work(10)

    assert "odd" not in office.chat.everything()
    assert "7KQ2M9XA" not in office.chat.everything()
    assert "/priority" not in office.chat.everything()


def test_who_turned_the_conversation_off_has_none(tmp_path: Path) -> None:
    office = Office(tmp_path, toml=f"conversation = false\n{SETTINGS}")
    ticket = office.submit()
    office.work()

    assert hear(office, said(office, "Hello")) == []
    assert comments(office, reply(office, ticket, "Hello")) == []
    office.store.close()


# After an absence


def test_after_a_day_away_each_thread_is_read_and_each_reply_copied_once(
    office: Office, ticket: Ticket
) -> None:
    office.desk.start_schedule()
    heard = reply(office, ticket, "heard")
    kept = reply(office, ticket, "heard too", ts=office.clock.now + 1)
    comments(office, heard, kept)
    office.work(400)
    office.clock.move(86_400)
    at = office.clock.now - 3_600
    missed = [reply(office, ticket, f"missed {n}", ts=at + n) for n in range(3)]
    changed = reply(office, ticket, "heard and edited", ts=float(heard.ts), edit=50_000)
    office.chat.replies = [changed, *missed]

    office.desk.handle_reply(missed[2])
    office.work(400)
    office.work(400)

    found = [body.partition("\n\n")[2] for _, _, body, _ in office.tracker.comments]
    assert sorted(found) == ["", "heard and edited", "missed 0", "missed 1", "missed 2"]


def test_while_the_bot_is_there_no_thread_is_read(office: Office, ticket: Ticket) -> None:
    office.desk.start_schedule()
    office.chat.closed = {"C0INTAKE"}

    office.work(2_000)

    assert "read_thread" not in {row.kind for row in office.outbox.rows("done")}


def test_a_restored_backup_copies_no_reply_again(office: Office, ticket: Ticket) -> None:
    """Yesterday's database beside today's Slack and GitHub: what it has lost is found, and the rest is copied."""
    office.desk.start_schedule()
    office.work(400)
    said = [reply(office, ticket, f"number {n}", ts=office.clock.now + n) for n in range(3)]
    comments(office, *said)
    with office.store.begin() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM messages")
    office.clock.move(86_400)
    missed = reply(office, ticket, "number 3", ts=office.clock.now - 60)
    office.chat.replies = [*said, missed]

    office.work(400)

    found = [body.split()[-1] for _, _, body, _ in office.tracker.comments]
    assert found == ["0", "1", "2", "3"]
    [*_, last] = [one for one in office.store.messages(ticket.id, 20) if one.kind is MessageKind.REPLY]
    assert last.text == "number 3"


def test_two_tickets_in_one_thread_share_no_reply(office: Office) -> None:
    """It goes to the latest, whichever is asked for."""
    origin = MessageRef(channel=INTAKE, ts="17.5")
    first, second = office.submit(origin=origin), office.submit(view="V2", origin=origin)
    office.work(60)

    (body,) = comments(office, reply(office, second, "Only once"))

    assert body.endswith("Only once")
    numbers = [number for _, number, text, _ in office.tracker.comments if text]
    assert numbers == [office.ticket(second).number] != [office.ticket(first).number]


# What an attack found


def failing(office: Any, name: str, times: int, error: Exception | None = None) -> None:
    """Have the next calls of a stand-in's method fail before anything is done."""
    call, left = getattr(office, name), [error or Retryable("it is down")] * times

    def act(*given: Any, **more: Any) -> Any:
        if left:
            raise left.pop()
        return call(*given, **more)

    setattr(office, name, act)


def gone(of: ThreadReply, seconds: float = 30.0) -> ThreadReply:
    return replace(of, words=Document(), version=of.version + seconds, is_deleted=True)


def move(office: Office, ticket: Ticket) -> None:
    """Transfer the ticket's issue to the restricted repository."""
    old = office.tracker.now[REQUESTS, 1]
    office.tracker.now[RESTRICTED, 77] = replace(
        old, repository=RESTRICTED, number=77, url=f"https://github.test/{RESTRICTED}/issues/77"
    )
    away = replace(old, is_gone=True, moved_to=(RESTRICTED, 77))
    office.tracker.now[REQUESTS, 1] = away
    office.desk.observe(away)
    office.work(60)
    assert office.ticket(ticket).number == 77


def written(office: Office) -> list[str]:
    return [body for _, _, body, _ in office.tracker.comments if body]


def test_a_newer_version_wins_although_github_was_away_for_the_first(office: Office, ticket: Ticket) -> None:
    failing(office.tracker, "comment", 6)
    first = reply(office, ticket, "Oops")
    office.desk.handle_reply(first)
    office.work(40)

    office.desk.handle_reply(gone(first))
    office.work(600)

    assert written(office) == []


@pytest.mark.usefixtures("ticket")
def test_a_newer_version_wins_although_slack_was_away_for_the_first(office: Office) -> None:
    failing(office.chat, "post", 6)
    first = said(office, "Oops")
    office.desk.handle_comment(first)
    office.work(40)

    office.desk.handle_comment(replace(edited(first, "Oops"), is_deleted=True))
    office.work(600)

    assert "Oops" not in str([one.text for one in office.chat.posts])


def test_a_deletion_that_comes_before_what_it_deletes_counts(office: Office, ticket: Ticket) -> None:
    first, comment = reply(office, ticket, "Oops"), said(office, "Oops")

    office.desk.handle_reply(gone(first))
    office.desk.handle_comment(replace(edited(comment, "Oops"), is_deleted=True))
    office.desk.handle_reply(first)
    office.desk.handle_comment(comment)
    office.work(60)

    assert written(office) == []
    assert "Oops" not in str([one.text for one in office.chat.posts])


def test_a_redaction_reaches_the_thread_that_a_ticket_had_before(office: Office, ticket: Ticket) -> None:
    hear(office, said(office, "My user is juniper, tr0ub4dor"))
    move(office, ticket)

    office.click(ticket, Action.REDACT, "tr0ub4dor", by="U0INDIGO")
    office.work(120)

    assert "tr0ub4dor" not in office.chat.everything()


def test_a_ticket_that_was_moved_and_lost_does_not_come_back_to_its_public_thread(
    office: Office, ticket: Ticket
) -> None:
    move(office, ticket)
    with office.store.begin() as transaction:
        for table in ("tickets", "ticket_terms", "messages", "outbox", "lanes"):
            transaction.connection.exec_driver_sql(f"DELETE FROM {table}")
    office.restart()
    office.desk.observe(office.tracker.now[RESTRICTED, 77])
    office.work(60)

    (posted,) = hear(office, replace(said(office, "For you alone", where=RESTRICTED), number=77))

    assert posted.channel == "U0JUNIPER"


def test_an_edited_comment_brings_nothing_back_that_was_redacted(office: Office, ticket: Ticket) -> None:
    comment = said(office, "My user is juniper, tr0ub4dor")
    hear(office, comment)
    office.click(ticket, Action.REDACT, "tr0ub4dor", by="U0INDIGO")
    office.work(60)

    hear(office, edited(comment, "My user was juniper, tr0ub4dor", seconds=300))

    assert "tr0ub4dor" not in office.chat.everything()


def test_an_edit_of_what_waited_while_it_was_redacted_brings_nothing_back(
    office: Office, ticket: Ticket
) -> None:
    at = office.clock.now
    office.desk.handle_reply(reply(office, ticket, "user tr0ub4dor", ts=at))
    office.click(ticket, Action.REDACT, "tr0ub4dor", by="U0INDIGO")

    office.desk.handle_reply(reply(office, ticket, "user: tr0ub4dor", ts=at, edit=3.0))
    office.work(60)

    assert "tr0ub4dor" not in str(office.tracker.comments)
    assert "redacted" in written(office)[0]


def test_a_reply_that_comes_while_its_thread_is_read_is_not_taken_for_deleted(
    office: Office, ticket: Ticket
) -> None:
    said, read = reply(office, ticket, "hello"), office.chat.read_thread

    def reading(thread: MessageRef) -> tuple[ThreadReply, ...]:
        found = read(thread)
        office.chat.read_thread = read  # type: ignore[method-assign]
        office.desk.handle_reply(said)
        office.work(5)
        office.chat.replies.append(said)
        return found

    office.chat.read_thread = reading  # type: ignore[method-assign]
    with office.store.begin() as transaction:
        transaction.enqueue(ReadThread(ticket_id=ticket.id, since=office.clock.now))
    office.work(60)

    assert written(office)


def test_personal_data_does_not_wait_in_the_outbox(office: Office, ticket: Ticket) -> None:
    office.desk.handle_reply(reply(office, ticket, SECRET))
    office.desk.handle_comment(said(office, SECRET))

    with office.store.reading() as connection:
        payloads = str(connection.exec_driver_sql("SELECT payload FROM outbox").all())
    assert "219-09-9999" not in payloads


def test_a_comment_waits_for_the_thread_that_slack_does_not_take_yet(office: Office) -> None:
    failing(office.chat, "post", 8)
    office.submit()
    office.work(5)

    office.desk.handle_comment(said(office, "Hello"))
    office.work(1_200)

    assert [one for one in office.chat.posts if "replied:\nHello" in one.text]


def test_a_comment_that_cannot_be_posted_in_the_thread_is_sent_directly(
    office: Office, ticket: Ticket
) -> None:
    thread = office.ticket(ticket).thread
    assert thread
    office.chat.lost.add(thread.ts)

    (posted,) = hear(office, said(office, "Hello"))

    assert (posted.channel, posted.thread_ts) == ("U0JUNIPER", None)


def test_a_transfer_copies_nothing_again_and_edits_go_on(office: Office, ticket: Ticket) -> None:
    comment, first = said(office, "Once"), reply(office, ticket, "Hello")
    hear(office, comment)
    comments(office, first)
    move(office, ticket)
    moved = replace(comment, repository=RESTRICTED, number=77, id=105)

    hear(office, moved)
    office.desk.handle_reply(gone(first))
    office.work(60)

    assert office.chat.everything().count("replied:\\nOnce") == 1
    assert written(office) == []


def test_an_edit_after_the_move_does_not_reach_the_public_thread(office: Office, ticket: Ticket) -> None:
    comment = said(office, "Their account is fine")
    hear(office, comment)
    move(office, ticket)

    hear(office, replace(edited(comment, "Their account is odd"), repository=RESTRICTED, number=77))

    assert "odd" not in str([one.text for one in office.chat.posts if one.channel == INTAKE])


def test_replies_to_a_ticket_without_an_issue_hold_up_no_other(office: Office) -> None:
    failing(office.tracker, "open_issue", 99)
    stuck = office.submit(origin=MessageRef(channel=INTAKE, ts="17.5"))
    for number in range(10):
        office.desk.handle_reply(reply(office, stuck, f"number {number}", ts=office.clock.now + number / 10))
    office.work(30)
    del office.tracker.open_issue  # type: ignore[attr-defined]
    office.submit(view="V2")
    office.work(10)

    assert office.tracker.issues


def test_a_comment_that_was_internal_for_a_while_comes_back(office: Office, ticket: Ticket) -> None:
    comment = said(office, "All is well")
    hear(office, comment)
    hear(office, edited(comment, "/internal All is well"))

    back = hear(office, edited(comment, "All is well", seconds=120))

    assert [one.text for one in back] == ["*linden-brookmere* replied:\nAll is well"]


@pytest.mark.usefixtures("ticket")
def test_what_was_edited_and_deleted_in_github_is_followed_within_a_day_without_webhooks(
    office: Office,
) -> None:
    """Polls show no deletion; the daily resync reads the comments that were copied."""
    office.desk.start_schedule()
    kept, changed, deleted = (said(office, f"number {key}", key=key) for key in (5, 6, 7))
    hear(office, kept, changed, deleted)
    office.tracker.said = [kept, replace(changed, body="number 6, edited", updated_at=office.clock.now)]

    office.clock.move(86_400)
    office.work(120)

    texts = [one.text.rpartition("\n")[2] for one in office.chat.posts if "number" in one.text]
    assert texts == ["number 5", "number 6, edited"]


def test_who_asks_from_a_thread_that_the_bot_may_post_in_and_not_read_is_told_once(office: Office) -> None:
    failing(office.chat, "read_thread", 9, Rejected("Slack's conversations.replies: not_in_channel"))

    office.submit(origin=MessageRef(channel=INTAKE, ts="17.5"))
    office.work(300)

    assert (
        len([text for text in office.chat.texts("U0JUNIPER") if "can't read the conversation" in text]) == 1
    )


def test_who_is_told_directly_as_the_bot_may_not_post_there_is_told_nothing_more(office: Office) -> None:
    office.chat.closed = {"C0SECRET"}

    office.submit(origin=MessageRef(channel="C0SECRET", ts="17.5"))
    office.work(900)

    assert not [text for text in office.chat.texts("U0JUNIPER") if "can't read the conversation" in text]
