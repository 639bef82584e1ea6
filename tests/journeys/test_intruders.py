"""Who does not belong gets nowhere: forged, replayed and malformed input, and nothing private where others read."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity_bot import Audience, Form, Notification, ShortText, hookimpl
from identity_bot.messages import words
from identity_bot.outbox.effects.recurring import KEEP_PROCESSED
from identity_bot.plugins.loader import Found
from identity_bot.slack import card as cards
from identity_bot.tickets.actions import ACTIONS
from identity_bot.tickets.model import (
    Action,
    Event,
    EventKind,
    IssueComment,
    IssueSnapshot,
    Ticket,
    ticket_id,
)
from identity_bot.web.routes import web_app
from identity_bot_sandbox import cast
from tests.support import DATA, VISITOR, World, eventually
from tests.support_desk import COMMON, JUNIPER, SETTINGS, Office

REQUESTS, RESTRICTED = cast.REPOSITORY, cast.RESTRICTED_REPOSITORY
INDIGO, LINDEN = "U0INDIGO", "U0LINDEN"
INTAKE, TEAM = "C0INTAKE", "C0TEAM"
NEVER_KEPT = ("\0", "\ud800")
"""What PostgreSQL does not take, and what is no Unicode."""


def adopted(office: Office, *, repository: str = REQUESTS, author: str = "stranger", **more: Any) -> Ticket:
    """A ticket of an issue that somebody wrote in GitHub and a triager gave the common label."""
    labels = frozenset({"identity-slackbot", *more.pop("labels", ())})
    snapshot = IssueSnapshot(
        repository=repository,
        number=7,
        url=f"https://github.test/{repository}/issues/7",
        ticket_id=None,
        updated_at=office.tracker.second(),
        author=author,
        labels=labels,
        **more,
    )
    office.tracker.now[repository, 7] = snapshot
    office.desk.observe(snapshot)
    office.work()
    found = office.store.ticket(ticket_id(f"{repository}#7"))
    assert found
    return found


def by_hand(office: Office, *labels: str) -> None:
    """Somebody gives the adopted issue other labels."""
    labels = ("identity-slackbot", *labels)
    office.desk.observe(office.tracker.edit(7, repository=REQUESTS, labels=frozenset(labels)))
    office.work()


# An outsider with a GitHub account


def test_nobody_is_said_to_have_tried_what_a_label_says_of_a_strangers_issue(office: Office) -> None:
    """The author has no Slack id, and what is done by hand in GitHub has none either."""
    adopted(office, assignees=frozenset({"linden-brookmere"}))

    for stage in ("ready for UAT", "accepted", "ready for UAT", "in progress"):
        by_hand(office, f"stage: {stage}")

    said = "\n".join(office.chat.texts(TEAM))
    assert "marked accepted in GitHub" in said
    assert "sent back to work in GitHub" in said
    assert "tried it" not in said


def comment(body: str, *, key: int, author: str, at: float) -> IssueComment:
    return IssueComment(repository=REQUESTS, number=1, id=key, author=author, body=body, created_at=at)


def test_a_stranger_cannot_have_the_bot_fill_an_issue(office: Office) -> None:
    office.submit()
    office.work()

    for key in range(5):
        office.desk.handle_comment(comment("/uat", key=key + 1, author="stranger", at=office.clock.now))
    office.desk.handle_comment(comment("/uat", key=9, author="other-stranger", at=office.clock.now))
    office.work(60)

    said = [text for _, _, text, _ in office.tracker.comments]
    assert len(said) == 2
    assert all("Only people with write access" in text for text in said)
    assert [content for _, content in office.tracker.reactions] == ["confused"] * 6


def test_a_comment_of_another_year_is_heard_no_more(office: Office) -> None:
    """GitHub's signature has no date: what was once delivered could be delivered again when it is forgotten."""
    ticket = office.submit()
    office.work()

    old = office.clock.now - KEEP_PROCESSED - 1
    office.desk.handle_comment(comment("/priority high", key=1, author="linden-brookmere", at=old))
    office.work()

    assert office.ticket(ticket).state.priority is None
    assert office.tracker.reactions == []


def test_what_github_quotes_of_a_sensitive_request_is_shown_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    quoting = (
        {"resource": "Issue", "field": "body", "code": "custom", "message": "body: hunter2 is no good"},
    )
    world.sandbox.github.faults.add(
        "POST", "/repos/*/*/issues", status=422, message="hunter2 is no good", errors=quoting, times=None
    )

    assert world.request(JUNIPER.slack_id, "data_pull", **(DATA | {"sensitive": "yes"})) == {}
    [failed] = eventually(lambda: world.bot.outbox.rows("failed"))
    world.settle()

    messages = json.dumps(world.sandbox.slack.messages(TEAM), default=str)
    assert failed.last_error == f"GitHub: 422 invalid request ({RESTRICTED}, body)"
    assert failed.last_error in messages
    assert "hunter2" not in f"{messages}{caplog.text}"


# Sensitive tickets


def test_an_issue_adopted_in_the_restricted_repository_is_sensitive(office: Office) -> None:
    ticket = adopted(office, repository=RESTRICTED, author="linden-brookmere", labels=("data_pull",))

    office.click(ticket, Action.CLOSE, "not planned", by=INDIGO, reason="The answer is forty-two.")
    office.work()

    assert office.ticket(ticket).is_sensitive
    assert office.chat.texts(INTAKE) == []
    assert "forty-two" not in str(office.chat.texts(TEAM))
    assert "It was closed and won't be done. “The answer is forty-two.”" in office.chat.texts(LINDEN)[-1]


def test_a_ticket_that_is_moved_to_the_restricted_repository_becomes_sensitive(office: Office) -> None:
    ticket = office.submit("data_pull")
    office.work()
    before, there = office.chat.texts(INTAKE), replace(office.tracker.snapshot(1), repository=RESTRICTED)
    office.tracker.now[RESTRICTED, 1] = replace(there, updated_at=office.tracker.second())
    office.desk.observe(replace(office.tracker.snapshot(1), is_gone=True, moved_to=(RESTRICTED, 1)))
    office.work()
    card = office.chat.texts(TEAM)[0]

    office.click(ticket, Action.CLOSE, "not planned", by=INDIGO, reason="The answer is forty-two.")
    office.work()

    assert office.chat.texts(INTAKE) == [f"{before[0]}\n{words.NOT_HERE}"]
    assert "forty-two" not in str(office.chat.texts(TEAM))
    assert "Sign-ins per credential" not in card
    assert "closed" in office.chat.texts(JUNIPER.slack_id)[-1]


def test_a_repository_for_all_tickets_makes_none_sensitive(tmp_path: Path) -> None:
    toml = SETTINGS.replace('restricted_repository = "sandbox-org/identity-restricted"', "")
    office = Office(tmp_path, toml=f'{toml}\nrestricted_repository = "{REQUESTS}"\n')

    assert not adopted(office).is_sensitive


def test_a_word_of_the_operators_about_reasons_may_name_the_ticket(tmp_path: Path) -> None:
    office = Office(tmp_path, toml=f'{SETTINGS}\n[messages]\n"reason.sensitive" = "Why: see {{ticket}}."\n')
    ticket = office.submit("data_pull", sensitive=True)
    office.work()

    office.click(ticket, Action.DECLINE, by=INDIGO, reason="The answer is forty-two.")
    office.work()

    assert "Why: see <https://github.test/" in office.chat.texts(TEAM)[-1]
    assert "forty-two" not in str(office.chat.texts(TEAM))


# The author of a plugin


def plugin(text: str, *, is_card: bool) -> Any:
    """A request type whose own word for a new ticket is this text."""

    class Odd:
        @hookimpl
        def form(self) -> Form:
            return Form(title="Odd", questions=[ShortText(name="what", label="What?")])

        @hookimpl
        def notify(self, ticket: Ticket, event: Event) -> list[Notification]:
            to = Audience.TEAM if is_card else Audience.REQUESTOR
            return (
                [Notification(to=to, text=text, is_card=is_card)] if event.kind is EventKind.CREATED else []
            )

    return Odd()


@pytest.mark.parametrize("is_card", [True, False])
@pytest.mark.parametrize("character", NEVER_KEPT)
def test_a_text_that_cannot_be_kept_gives_way_to_the_standard_words(
    tmp_path: Path, database_url: str, character: str, is_card: bool
) -> None:
    """The issue is open by then: without its ticket, nobody would ever hear of it."""
    made = Found(name="odd", distribution="odd 1", load=lambda: plugin(f"a {character} b", is_card=is_card))
    office = Office(tmp_path, found=[made], database_url=database_url)

    ticket = office.desk.submit("odd", COMMON | {"what": "this"}, JUNIPER, submission="V1", origin=None)
    office.work()

    assert office.ticket(ticket).number == 1
    assert "*Stage:*" in office.chat.texts(TEAM)[0]
    assert "We got your" in office.chat.texts(INTAKE)[0]
    assert character not in "".join(office.chat.texts(TEAM) + office.chat.texts(INTAKE))


# Somebody in Slack


@pytest.mark.parametrize("move", sorted(action for action, row in ACTIONS.items() if not row.has_form))
def test_a_form_of_a_move_that_has_none_is_not_known(move: Action) -> None:
    """Else its value would go to GitHub unchecked."""
    kept = {"action": move.value, "ticket_id": "x", "text": "", "response_url": ""}

    assert cards.click_behind({"private_metadata": json.dumps(kept)}) is None


def test_metadata_that_is_nested_without_end_is_not_known() -> None:
    assert cards.click_behind({"private_metadata": "[" * 3000}) is None


# Somebody who finds the address of the webhook


def test_who_hangs_up_in_the_middle_leaves_no_trace(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Anybody may send, so anybody could fill the log with tracebacks."""
    web = web_app(desk=office.desk, webhook_secret="shibboleth", state=dict)
    headers = [(b"x-hub-signature-256", b"sha256=00")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/github/webhook",
        "headers": headers,
        "query_string": b"",
    }
    sent = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return sent.pop(0)

    async def send(message: Any) -> None:
        return

    # In a thread of its own: where a browser was tested before, this one has a loop already.
    with ThreadPoolExecutor() as threads:
        threads.submit(lambda: asyncio.run(web(scope, receive, send))).result(10)

    assert sent == []
    assert caplog.records == []


def test_a_past_ticket_answers_colleagues_only(world: World, webhook: str) -> None:
    """Not somebody of another organization, who may well file requests from a channel that both share."""
    slack, github = world.sandbox.slack, world.sandbox.github
    slack.meet(VISITOR, INTAKE)
    world.request(JUNIPER.slack_id, "data_pull", **DATA | {"data_needed": "Zebra crossings in May"})
    world.settle()
    [issue] = github.issues(REQUESTS)
    github.close(REQUESTS, issue.number, actor="indigo-marshwick")
    world.settle()

    def found(by: str, seconds: float) -> tuple[bool, bool]:
        """Whether a search finds it, and whether the form shows it in time to somebody who types."""
        slack.command(by, INTAKE, "/help search-docs zebra crossings")
        [said] = eventually(lambda: slack.ephemerals(by))
        world.open_form(by, "data_pull")
        assert slack.type_text(by, "idbot:q:data_needed", "zebra crossings in June").is_ok
        with suppress(AssertionError):
            eventually(lambda: "Zebra crossings in May" in str(slack.view(by)), seconds=seconds)
        return "Zebra crossings in May" in said.text, "Zebra crossings in May" in str(slack.view(by))

    assert found(INDIGO, seconds=20) == (True, True)
    assert found(VISITOR.slack_id, seconds=1) == (False, False)
