"""Comments on an issue reach the ticket's thread in Slack, each once, and nothing personal goes with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity_bot.store.history import History
from identity_bot.testing import Posted
from identity_bot.tickets.model import IssueComment, Ticket
from tests.support_desk import Office, cut_off

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
    assert "a Social Security number" in body
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
