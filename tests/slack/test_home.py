"""The Home tab and direct messages: both offer to start a request, and leave a host's own listeners alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from identity_bot import Form, ShortText, app
from identity_bot.desk.overview import DEEPEST
from identity_bot.settings import Settings
from identity_bot.slack import home as tab
from identity_bot.slack import home_listeners
from identity_bot.slack.home import START
from identity_bot.slack.home_listeners import BURST, REMEMBERED, HomeListeners
from identity_bot.testing import Clock
from identity_bot.tickets.overview import Choices, Home, ListName, Numbers, TicketList
from identity_bot.tickets.people import People
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.limits import check_message, check_view
from identity_bot_sandbox.slack.model import Message
from tests.support import DATA, World, close, eventually
from tests.support_outbox import ticket

JUNIPER, MARLO, INTAKE = "U0JUNIPER", "U0MARLO", "C0INTAKE"
REPOSITORY = "sandbox-org/identity-requests"


def test_a_team_member_without_a_known_login_is_told_how_to_link_it() -> None:
    lists = tuple(
        TicketList(name=name, tickets=()) for name in (ListName.OWN, ListName.CLOSED, ListName.MINE)
    )
    numbers = Numbers(open=0, unassigned=0, overdue=0, uat=0, urgent=0)

    shown = [
        str(
            tab.home(
                {},
                "/help",
                Home(lists=lists, choices=Choices(), numbers=numbers, has_login=known),
                People([]),
                0,
            )
        )
        for known in (False, True)
    ]

    assert ["`/help link` and your login" in one for one in shown] == [True, False]
    assert ["Nothing is assigned to you." in one for one in shown] == [False, True]


def dm(world: World, user: str = JUNIPER) -> str:
    """The conversation of somebody with the bot."""
    return world.sandbox.slack.dm_channel(user).channel_id


def answers(world: World, user: str = JUNIPER) -> list[Message]:
    """What the bot has written to somebody directly."""
    dm(world, user)
    channel = world.sandbox.slack.messages(dm(world, user), replies=True)
    return [message for message in channel if message.is_from_app]


def heard(world: World, event: dict[str, Any], *, event_id: str = "Ev1", **envelope: Any) -> int:
    """What the app answers to an event of Slack's."""
    body = {
        "type": "event_callback",
        "team_id": cast.WORKSPACE_ID,
        "event_id": event_id,
        "event": event,
        **envelope,
    }
    return world.app.dispatch(BoltRequest(body=body, mode="socket_mode")).status


def message(world: World, **changes: Any) -> dict[str, Any]:
    """The event of a direct message by Juniper."""
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": dm(world),
        "user": JUNIPER,
        "text": "hello",
        "ts": "1.0",
    }
    return {key: value for key, value in (event | changes).items() if value is not None}


def settled(world: World) -> None:
    """Waits until the calls to Slack that have begun are done: then all threads can meet."""
    pool = world.bot.listeners._calls
    meeting = threading.Barrier(pool._max_workers)
    for future in [pool.submit(meeting.wait, 20) for _ in range(pool._max_workers)]:
        future.result()


# The Home tab


def test_whoever_opens_the_home_tab_is_offered_to_start_a_request(world: World) -> None:
    world.sandbox.slack.open_home(JUNIPER)

    view = eventually(lambda: world.sandbox.slack.home(JUNIPER))
    assert view["blocks"][0]["text"]["text"] == "Ask the Identity Team"
    assert "*Data pull*" in str(view["blocks"])
    assert "/help" in str(view["blocks"])


def test_a_request_that_is_started_in_the_home_tab_ends_in_a_ticket(world: World) -> None:
    """It is answered directly, as it was begun in no channel."""
    slack = world.sandbox.slack
    slack.open_home(JUNIPER)
    eventually(lambda: slack.home(JUNIPER))

    assert slack.act(JUNIPER, START, in_home=True).is_ok
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "data_pull")
    eventually(lambda: "What data do you need?" in str(slack.view(JUNIPER)))
    world.fill(JUNIPER, **DATA)
    refused = slack.submit(JUNIPER)
    world.settle()

    assert refused == {}
    assert len(world.sandbox.github.issues(REPOSITORY)) == 1
    assert f"<@{JUNIPER}> We got your" in answers(world)[0].text


def test_the_tab_with_messages_gets_no_message_unasked(world: World) -> None:
    world.sandbox.slack.open_home(JUNIPER, tab="messages")
    world.sandbox.slack.open_home(MARLO)

    eventually(lambda: world.sandbox.slack.home(MARLO))
    settled(world)
    assert answers(world) == []
    assert world.sandbox.slack.home(JUNIPER) is None


def test_a_form_that_does_not_open_from_the_home_tab_is_answered_directly(world: World) -> None:
    slack = world.sandbox.slack
    slack.open_home(JUNIPER)
    eventually(lambda: slack.home(JUNIPER))
    slack.faults.add("views.open", error="expired_trigger_id")

    slack.act(JUNIPER, START, in_home=True)

    [said] = eventually(lambda: answers(world))
    assert "didn't open the form in time" in said.text


def test_a_home_tab_that_slack_does_not_take_spoils_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.sandbox.slack.faults.add("views.publish", error="hash_conflict")

    world.sandbox.slack.open_home(JUNIPER)
    eventually(lambda: "cannot publish the Home tab" in caplog.text)
    world.sandbox.slack.open_home(JUNIPER)

    assert eventually(lambda: world.sandbox.slack.home(JUNIPER))


@pytest.mark.parametrize("count", [0, 1, 10, 11, 100])
def test_a_home_tab_keeps_to_slacks_limits_and_names_all_types(count: int) -> None:
    question = ShortText(name="what", label="What?")
    forms = {
        f"type_{n}": Form(title=f"{'x' * 70} {n:03}", description="&" * 75, questions=[question])
        for n in range(count)
    }

    own, closed = (TicketList(name=name, tickets=()) for name in (ListName.OWN, ListName.CLOSED))
    view = tab.home(forms, "/help", Home(lists=(own, closed), choices=Choices()), People([]), 0.0)

    assert check_view(view) == []
    assert all(f" {n:03}*" in str(view) for n in range(count))
    assert (START in str(view)) is bool(count)


def test_every_list_can_be_turned_however_deep_the_others_are() -> None:
    place = json.dumps([14, 1_764_111_111.123456, ticket().id])
    lists = tuple(TicketList(name=name, tickets=(ticket(),), next=place) for name in ListName)
    paged = set(ListName) - {ListName.CLOSED}
    numbers = Numbers(open=1, unassigned=1, overdue=1, uat=1, urgent=1)
    deepest = Choices(type="x" * 40, places=dict.fromkeys(paged, (place,) * DEEPEST))

    view = tab.home({}, "/help", Home(lists=lists, choices=deepest, numbers=numbers), People([]), 0.0)

    assert check_view(view) == []
    assert tab.choices_in(view).places == deepest.places
    for name in ListName:
        assert f"{tab.TURN}{name}:next" in str(view)


# Direct messages


def test_whoever_writes_to_the_bot_is_offered_to_start_a_request(world: World) -> None:
    slack = world.sandbox.slack
    slack.say(JUNIPER, dm(world), "hello, is anybody there?")

    [said] = eventually(lambda: answers(world))
    assert "can't answer messages" in said.text
    assert "*Start a request*" in said.text
    assert "#vsp-identity" in said.text
    assert said.blocks[0]["text"]["text"] == said.text
    assert check_message({"text": said.text, "blocks": said.blocks}) == []
    assert slack.click(JUNIPER, dm(world), said.ts, START).is_ok
    assert eventually(lambda: "outside_intake" in str(slack.view(JUNIPER)))


def test_the_answer_to_a_reply_is_in_its_thread(world: World) -> None:
    """Such as a reply to the bot's own message about a sensitive request."""
    slack = world.sandbox.slack
    root = slack.post(dm(world), cast.BOT_USER_ID, "We got your request", is_from_app=True)

    slack.say(JUNIPER, dm(world), "thank you, and one more thing", thread_ts=root.ts)

    [_, said] = eventually(lambda: answers(world) if len(answers(world)) > 1 else [])
    assert said.thread_ts == root.ts


def test_several_messages_get_one_answer_and_everybody_their_own(world: World) -> None:
    for text in ("hello", "anybody?", "it is urgent"):
        world.sandbox.slack.say(JUNIPER, dm(world), text)
    world.sandbox.slack.say(MARLO, dm(world, MARLO), "hello")

    eventually(lambda: answers(world) and answers(world, MARLO))
    settled(world)
    assert (len(answers(world)), len(answers(world, MARLO))) == (1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B0OTHER"},
        {"bot_id": cast.BOT_ID, "user": cast.BOT_USER_ID},
        {"subtype": "bot_message", "bot_id": "B0OTHER", "user": None},
        {"subtype": "message_changed", "user": None, "message": {"user": JUNIPER, "text": "edited"}},
        {"subtype": "message_deleted", "user": None, "deleted_ts": "1.0"},
        {"subtype": "message_replied", "user": None},
        {"user": None},
        {"user": {"id": JUNIPER}},
        {"channel": ["D0"]},
    ],
)
def test_edits_and_bots_are_not_answered_but_acknowledged(world: World, changes: dict[str, Any]) -> None:
    """Slack repeats an event that is not acknowledged, and stops to send any after too many of them."""
    status = heard(world, message(world, **changes))

    settled(world)
    assert status == 200
    assert answers(world) == []


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_screenshot_is_a_message_too(world: World, subtype: str) -> None:
    heard(world, message(world, subtype=subtype))

    assert eventually(lambda: answers(world))


def test_a_repeated_event_is_not_answered_again(world: World, mocker: Any) -> None:
    """Not even an hour later, when the same person would be answered again."""
    clock = Clock()
    mocker.patch.object(world.bot.listeners._home._lately, "_clock", clock)
    heard(world, message(world), event_id="Ev1")
    clock.move(3600)
    heard(world, message(world), event_id="Ev1")
    settled(world)
    repeated = len(answers(world))
    heard(world, message(world), event_id="Ev2")

    assert repeated == 1
    assert eventually(lambda: len(answers(world)) == 2)


def test_after_some_minutes_a_new_message_is_answered_again(world: World, mocker: Any) -> None:
    clock = Clock()
    mocker.patch.object(world.bot.listeners._home._lately, "_clock", clock)
    counts = []
    for number, (pause, wanted) in enumerate(((0.0, 1), (BURST - 1, 1), (1.0, 2))):
        clock.move(pause)
        heard(world, message(world), event_id=f"Ev{number}")
        eventually(lambda wanted=wanted: len(answers(world)) >= wanted)
        settled(world)
        counts.append(len(answers(world)))

    assert counts == [1, 1, 2]


def test_an_answer_that_slack_refused_is_given_to_the_next_message(world: World) -> None:
    world.sandbox.slack.faults.add("chat.postMessage", error="internal_error")
    heard(world, message(world), event_id="Ev1")
    settled(world)
    refused = list(answers(world))
    heard(world, message(world), event_id="Ev2")

    assert refused == []
    assert eventually(lambda: answers(world))


def test_a_flood_of_conversations_is_forgotten_in_turn() -> None:
    lately = home_listeners._Lately(Clock())

    assert all(lately.is_first(f"event {n}") for n in range(REMEMBERED + 10))
    assert len(lately._at) == REMEMBERED
    assert not lately.is_first(f"event {REMEMBERED}")
    assert lately.is_first("event 0")


# Beside a host's own listeners

Host = Callable[[App], None]


@contextmanager
def hosted(sandbox: Sandbox, settings: Settings, *, before: Host, after: Host) -> Iterator[World]:
    """A bot attached to a host app whose own listeners are added before and after it."""
    client = WebClient(token=settings.slack_bot_token, base_url=settings.slack_api_url)
    bolt_app = App(client=client, signing_secret="unused in Socket Mode")
    before(bolt_app)
    bot = app.build(settings, min_intervals=False).attach(bolt_app)
    after(bolt_app)
    handler = SocketModeHandler(bolt_app, settings.slack_app_token, web_client=client)
    handler.connect()
    assert sandbox.slack.delivery.sockets.wait_for(1)
    yield World(sandbox, bot, bolt_app)
    close(handler, sandbox)
    bot.stop()


def nothing(app: App) -> None:
    """A host without listeners."""


class Hears:
    """A host that listens to the Home tab and to messages, and notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def events(self, app: App) -> None:
        app.event("app_home_opened")(self.home)
        app.event("message")(self.message)

    def keyword(self, app: App) -> None:
        app.message("lunch")(self.message)

    def home(self, event: dict[str, Any]) -> None:
        self.heard.append("home")

    def message(self, event: dict[str, Any]) -> None:
        self.heard.append(event["text"])


@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_host_listens_to_is_the_hosts(
    sandbox: Sandbox, sandbox_settings: Settings, is_first: bool
) -> None:
    """Wherever its listeners stand: the bot adds no answer and no Home tab of its own."""
    host = Hears()
    first, then = (host.events, nothing) if is_first else (nothing, host.events)
    with hosted(sandbox, sandbox_settings, before=first, after=then) as world:
        sandbox.slack.open_home(JUNIPER)
        sandbox.slack.say(JUNIPER, dm(world), "hello")
        sandbox.slack.say(JUNIPER, INTAKE, "to everybody")

        eventually(lambda: len(host.heard) == 3)
        settled(world)
        assert sorted(host.heard) == ["hello", "home", "to everybody"]
        assert (sandbox.slack.home(JUNIPER), answers(world)) == (None, [])


def test_what_a_host_leaves_alone_the_bot_answers(sandbox: Sandbox, sandbox_settings: Settings) -> None:
    host = Hears()
    with hosted(sandbox, sandbox_settings, before=nothing, after=host.keyword) as world:
        sandbox.slack.say(JUNIPER, dm(world), "lunch?")
        eventually(lambda: host.heard)
        answered = list(answers(world))
        sandbox.slack.say(JUNIPER, dm(world), "hello")

        assert answered == []
        assert len(eventually(lambda: answers(world))) == 1
        assert host.heard == ["lunch?"]


def test_the_settings_turn_both_off(sandbox: Sandbox, sandbox_settings: Settings) -> None:
    neither = replace(sandbox_settings, home=False, conversation=False)
    with hosted(sandbox, neither, before=nothing, after=nothing) as world:
        assert heard(world, {"type": "app_home_opened", "user": JUNIPER, "tab": "home"}) == 404
        assert heard(world, message(world)) == 404


def test_a_message_in_a_channel_is_none_of_the_bots_business(world: World) -> None:
    """It is acked, as Slack would repeat it otherwise, and not answered."""
    assert heard(world, message(world, channel_type="channel", channel=INTAKE)) == 200
    settled(world)
    assert answers(world) == []
    assert isinstance(world.bot.listeners._home, HomeListeners)
