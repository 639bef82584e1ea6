"""Replies in tickets' threads over real Bolt: what counts as one, and a host's own listeners beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import App

from identity_bot.errors import StoreError
from identity_bot.settings import Settings
from identity_bot.slack.modal import EARLIER
from identity_bot.slack.thread_replies import reply_told_by
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.model import SlackFile
from tests.slack.test_home import Hears, Host, hosted, nothing
from tests.support import DATA, REVIEW, World, eventually

JUNIPER, LINDEN, MARLO, INTAKE, TEAM = "U0JUNIPER", "U0LINDEN", "U0MARLO", "C0INTAKE", "C0TEAM"
REPOSITORY = cast.REPOSITORY
POSTED = {"type": "message", "channel": "C1", "user": "U1", "ts": "2.0", "thread_ts": "1.0", "text": "hello"}


@pytest.mark.parametrize(
    "changes",
    [
        {"thread_ts": None},
        {"user": None},
        {"subtype": "bot_message"},
        {"bot_id": "B1"},
        {"subtype": "channel_join"},
        {"text": " "},
        {"ts": "soon"},
        {"ts": ["2.0"]},
        {"channel": None},
        {"subtype": "message_changed", "message": "odd"},
        {"subtype": "message_deleted", "previous_message": None},
        {"subtype": "message_changed", "message": {**POSTED, "subtype": "tombstone"}},
    ],
)
def test_what_is_no_persons_reply_is_none(changes: dict[str, Any]) -> None:
    assert reply_told_by(POSTED | changes) is None


@pytest.mark.parametrize("subtype", [None, "file_share", "thread_broadcast"])
def test_a_reply_is_one_also_with_a_file_or_sent_to_the_channel(subtype: str | None) -> None:
    reply = reply_told_by(POSTED | {"subtype": subtype})

    assert reply
    assert (reply.author, reply.words.text, reply.version) == ("U1", "hello", 2.0)


def test_a_preview_of_a_link_makes_no_newer_version() -> None:
    shown = {"type": "message", "subtype": "message_changed", "channel": "C1", "message": POSTED}
    edited = {**shown, "message": POSTED | {"edited": {"user": "U1", "ts": "9.5"}}}

    versions = [one.version for one in map(reply_told_by, (POSTED, shown, edited)) if one]

    assert versions == [2.0, 2.0, 9.5]


@pytest.fixture
def thread(world: World) -> tuple[str, str]:
    """The thread of a new ticket."""
    return thread_of(world)


def thread_of(world: World) -> tuple[str, str]:
    world.request(JUNIPER, "pr_review", **REVIEW)
    world.settle()
    [ticket] = tickets(world)
    return ticket.thread.channel, ticket.thread.ts


def tickets(world: World) -> Iterator[Any]:
    for number in range(1, 4):
        if found := world.bot.store.ticket_at(REPOSITORY, number):
            yield found


def said(world: World, repository: str = REPOSITORY) -> list[str]:
    """The comments on the first issue, once the bot has nothing left to do, without their hidden lines."""
    world.settle()
    return [
        one.body.partition("\n\n<!--")[0] for one in world.sandbox.github.comments(repository, 1) if one.body
    ]


def test_a_reply_its_edit_and_its_deletion_reach_the_issue(world: World, thread: tuple[str, str]) -> None:
    slack = world.sandbox.slack
    channel, root = thread

    ts = slack.say(JUNIPER, channel, "Is it *done*?", thread_ts=root)
    eventually(lambda: said(world))
    first = said(world)
    slack.edit_message(JUNIPER, channel, ts, "Is it done yet?")
    eventually(lambda: "yet" in said(world)[0])
    second = said(world)
    slack.delete_message(JUNIPER, channel, ts)

    assert first == ["`Juniper Vale` replied in Slack:\n\nIs it **done**?"]
    assert second == ["`Juniper Vale` replied in Slack:\n\nIs it done yet?"]
    assert eventually(lambda: not said(world))


def test_a_comment_its_edit_and_its_deletion_reach_the_thread(
    world: World, thread: tuple[str, str], webhook: str
) -> None:
    slack, github = world.sandbox.slack, world.sandbox.github

    def copies() -> list[str]:
        world.settle()
        return [one.text for one in slack.thread(*thread) if "replied:" in one.text]

    comment = github.comment(REPOSITORY, 1, "Which **page**?", actor="linden-brookmere")
    eventually(copies)
    first = copies()
    github.edit_comment(REPOSITORY, comment.id, "Which page is it?", actor="linden-brookmere")
    eventually(lambda: "is it" in copies()[0])
    second = copies()
    github.delete_comment(REPOSITORY, comment.id, actor="linden-brookmere")

    assert first == ["*Linden Brookmere* replied:\nWhich *page*?"]
    assert second == ["*Linden Brookmere* replied:\nWhich page is it?"]
    assert eventually(lambda: not copies())


def test_no_words_go_around_in_circles(world: World, thread: tuple[str, str], webhook: str) -> None:
    """With webhooks and polls, another bot in the thread, a workflow, and a message that goes to the channel too."""
    slack, github = world.sandbox.slack, world.sandbox.github
    channel, root = thread

    slack.say(JUNIPER, channel, "one", thread_ts=root, is_broadcast=True)
    github.comment(REPOSITORY, 1, "two", actor="linden-brookmere")
    slack.workflow_says("Echo", channel, "three", thread_ts=root)
    eventually(lambda: len(said(world)) == 2)
    eventually(lambda: any("two" in one.text for one in slack.thread(channel, root)))
    world.settle()

    assert sorted(body.split()[-1] for body in said(world)) == ["one", "two"]
    assert len([one for one in slack.thread(channel, root) if "two" in one.text]) == 1


def test_a_file_becomes_a_link(world: World, thread: tuple[str, str]) -> None:
    file = SlackFile(
        file_id="F1",
        name="screen.png",
        mimetype="image/png",
        content=b"png",
        user=JUNIPER,
        created=1,
        url="https://slack.test/files/F1",
    )
    world.sandbox.slack.say(JUNIPER, thread[0], "See this", thread_ts=thread[1], files=[file])

    [body] = eventually(lambda: said(world))

    assert "See this" in body
    assert "[screen.png](" in body


def test_the_conversation_of_a_sensitive_ticket_is_in_direct_messages(world: World) -> None:
    slack = world.sandbox.slack
    world.request(JUNIPER, "data_pull", **DATA | {"sensitive": "yes"})
    world.settle()
    direct = slack.dm_channel(JUNIPER).channel_id
    [root] = [one for one in slack.messages(direct) if "We got your" in one.text]

    slack.say(JUNIPER, direct, "Only May, please", thread_ts=root.ts)

    [body] = eventually(lambda: said(world, cast.RESTRICTED_REPOSITORY))
    assert body.endswith("Only May, please")
    assert not [one for one in slack.messages(direct, replies=True) if "Start a request" in str(one.blocks)]


def test_a_reply_that_cannot_be_kept_is_sent_again_by_slack(
    world: World, thread: tuple[str, str], mocker: Any
) -> None:
    """Until it is kept it has no ack, so that Slack repeats the event."""
    begin = world.bot.store.begin
    failures = [StoreError("the database cannot be used")]

    def failing(**given: Any) -> Any:
        if failures:
            raise failures.pop(0)
        return begin(**given)

    mocker.patch.object(world.bot.store, "begin", failing)

    world.sandbox.slack.say(JUNIPER, thread[0], "Hello", thread_ts=thread[1])

    assert eventually(lambda: [body for body in said(world) if body.endswith("Hello")])


# A thread that began before the request


@pytest.mark.parametrize("with_earlier", [True, False])
def test_earlier_messages_of_a_thread_are_offered_and_not_taken(world: World, with_earlier: bool) -> None:
    slack = world.sandbox.slack
    root = slack.say(MARLO, INTAKE, "Sign-in fails for us")
    slack.say(LINDEN, INTAKE, "Which credential?", thread_ts=root)
    slack.say(MARLO, INTAKE, "My SSN is 219-09-9999, if that helps", thread_ts=root)
    asked = slack.say(MARLO, INTAKE, "ID.me", thread_ts=root)
    slack.message_shortcut(JUNIPER, "idbot:ask-about", INTAKE, asked)
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "mock_auth")
    eventually(lambda: "Which credential?" in str(slack.view(JUNIPER)))

    world.fill(JUNIPER, team="Benefits", production="no", credential="idme", environment="local")
    if with_earlier:
        slack.fill(JUNIPER, {EARLIER: ["yes"]})
    assert slack.submit(JUNIPER) == {}
    world.settle()
    slack.edit_message(MARLO, INTAKE, root, "Sign-in fails for all of us")
    slack.say(MARLO, INTAKE, "Thanks", thread_ts=root)

    expected = ["Thanks"]
    if with_earlier:
        expected = ["Sign-in fails for all of us", "Which credential?", "ID.me", "Thanks"]
    eventually(lambda: [body.partition("\n\n")[2] for body in said(world)] == expected)
    assert not [one for one in slack.dm(MARLO) if "copied" in one.text]


def test_who_asks_for_earlier_messages_that_the_bot_cannot_read_is_told(world: World) -> None:
    slack = world.sandbox.slack
    slack.remove_bot(INTAKE)
    root = slack.say(MARLO, INTAKE, "Sign-in fails for us")
    asked = slack.say(MARLO, INTAKE, "ID.me", thread_ts=root)
    slack.message_shortcut(JUNIPER, "idbot:ask-about", INTAKE, asked)
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "mock_auth")
    eventually(lambda: "Which credential?" in str(slack.view(JUNIPER)))
    world.fill(JUNIPER, team="Benefits", production="no", credential="idme", environment="local")
    slack.fill(JUNIPER, {EARLIER: ["yes"]})

    slack.submit(JUNIPER)

    assert eventually(lambda: [one for one in slack.dm(JUNIPER) if "can't read the conversation" in one.text])


def test_a_message_without_a_thread_offers_none(world: World) -> None:
    slack = world.sandbox.slack
    asked = slack.say(MARLO, INTAKE, "Sign-in fails for us")
    slack.message_shortcut(JUNIPER, "idbot:ask-about", INTAKE, asked)
    eventually(lambda: slack.view(JUNIPER))

    slack.act(JUNIPER, "idbot:type", "mock_auth")

    eventually(lambda: "Which credential?" in str(slack.view(JUNIPER)))
    assert EARLIER not in str(slack.view(JUNIPER)["blocks"])


# Beside a host's own listeners


def keyword(host: Hears) -> Host:
    def add(app: App) -> None:
        app.message("lunch")(host.message)

    return add


@pytest.mark.parametrize("text", ["lunch?", "hello"])
def test_a_host_hears_its_messages_and_the_issue_gets_them_too(
    sandbox: Sandbox, sandbox_settings: Settings, text: str
) -> None:
    host = Hears()
    with hosted(sandbox, sandbox_settings, before=nothing, after=keyword(host)) as world:
        channel, root = thread_of(world)
        sandbox.slack.say(JUNIPER, channel, text, thread_ts=root)

        [body] = eventually(lambda: said(world))
        assert body.endswith(text)
        assert host.heard == ([text] if text == "lunch?" else [])


def test_a_host_that_takes_all_messages_first_is_named_in_the_log(
    sandbox: Sandbox, sandbox_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with hosted(sandbox, sandbox_settings, before=Hears().events, after=nothing):
        assert "the app's listener 'message' takes replies in threads before identity_bot" in caplog.text


def test_who_turned_the_conversation_off_hears_nothing(sandbox: Sandbox, sandbox_settings: Settings) -> None:
    quiet = replace(sandbox_settings, conversation=False)
    with hosted(sandbox, quiet, before=nothing, after=nothing) as world:
        channel, root = thread_of(world)
        sandbox.slack.say(JUNIPER, channel, "hello", thread_ts=root)

        assert said(world) == []


def test_every_message_is_acked_whoever_it_concerns(world: World, mocker: Any) -> None:
    """Slack repeats what has no ack, and may turn the app's events off."""
    delivery = type(world.sandbox.slack.delivery)
    seen: list[Any] = []
    tell = delivery._tell_once

    async def spy(self: Any, *given: Any) -> Any:
        seen.append(await tell(self, *given))
        return seen[-1]

    mocker.patch.object(delivery, "_tell_once", spy)
    slack = world.sandbox.slack
    root = slack.say(MARLO, INTAKE, "Lunch?")
    slack.say(JUNIPER, INTAKE, "Yes", thread_ts=root)
    slack.edit_message(MARLO, INTAKE, root, "Lunch at noon?")

    eventually(lambda: len(seen) == 3)
    assert seen == [None] * 3


def test_a_reply_that_the_host_acked_is_kept_once_the_database_answers(
    sandbox: Sandbox, sandbox_settings: Settings, mocker: Any
) -> None:
    host = Hears()
    with hosted(sandbox, sandbox_settings, before=nothing, after=keyword(host)) as world:
        channel, root = thread_of(world)
        begin = world.bot.store.begin
        failures = [StoreError("the database cannot be used")]
        mocker.patch.object(
            world.bot.store,
            "begin",
            lambda **given: (_ for _ in ()).throw(failures.pop()) if failures else begin(**given),
        )
        sandbox.slack.say(JUNIPER, channel, "lunch?", thread_ts=root)

        assert eventually(lambda: [body for body in said(world) if body.endswith("lunch?")])
        assert host.heard == ["lunch?"]
