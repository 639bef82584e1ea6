"""Answers in Slack, over a real Bolt app: shown as people type, read, searched for, and what comes of them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from identity_bot import hookimpl
from identity_bot.articles.answer import Answer
from identity_bot.articles.suggestion import Outcome, Source
from identity_bot.slack import answer_listeners, open_forms
from identity_bot.slack.answer_listeners import AnswerListeners
from identity_bot.store.answers import ShownAnswers, tallies
from identity_bot_sandbox.cast import Character
from identity_bot_sandbox.slack.limits import check_message
from tests.support import World, eventually
from tests.support_answers import CODES, STATUS, USERS, Shelf, plugin

JUNIPER, INTAKE = "U0JUNIPER", "C0INTAKE"
PROBLEM = "idbot:q:problem"
READ, SOLVED = "idbot:answer:read", "idbot:answer:solved"
COMMON = {"team": "Benefits", "production": "no"}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither forms nor those who type need to rest."""
    monkeypatch.setattr(open_forms, "BETWEEN", 0.0)
    monkeypatch.setattr(open_forms, "QUIET", 0.0)


@pytest.fixture
def sign_in(installed: Callable[..., None]) -> None:
    """A type that answers; ask for it before `world`."""
    installed(sign_in=plugin)


@pytest.fixture
def slow(installed: Callable[..., None]) -> Iterator[dict[str, threading.Event]]:
    """A type whose plugin answers each text only once a test says so; ask for it before `world`."""
    gates: dict[str, threading.Event] = {}
    made = plugin()

    def answered(text: str, answers: Any) -> list[Answer]:
        gates.setdefault(text, threading.Event()).wait(10)
        return [Answer(title=f"About {text}", text="x")] if text else []

    hooks = SimpleNamespace(
        form=made.form, self_service=hookimpl(lambda text, answers: answered(text, answers))
    )
    gates[""] = threading.Event()
    gates[""].set()
    installed(sign_in=lambda: hooks)
    yield gates
    for gate in gates.values():
        gate.set()


def view(world: World, user: str = JUNIPER) -> dict[str, Any]:
    return world.sandbox.slack.view(user) or {"blocks": []}


def shown(world: World, user: str = JUNIPER) -> list[str]:
    """The titles of the answers in the modal in front of somebody."""
    blocks = view(world, user)["blocks"]
    sections = [
        one for one in blocks if one.get("block_id", "").startswith("idbot:answer:") and "text" in one
    ]
    texts = (one["text"]["text"] for one in sections if one["block_id"] != "idbot:answer:heading")
    return [text.partition("\n")[0].strip("*") for text in texts]


def entered(world: World, block_id: str, user: str = JUNIPER) -> Any:
    """What stands in a field."""
    [state] = view(world, user)["state"]["values"][block_id].values()
    return state["value"]


def type_in(world: World, text: str, block_id: str = PROBLEM) -> None:
    assert world.sandbox.slack.type_text(JUNIPER, block_id, text).is_ok


def press(world: World, action_id: str, title: str = "") -> Any:
    """Press a button of an answer: of the one with this title, or of the one that is read."""
    blocks = view(world)["blocks"]
    digest = next(
        (one["block_id"] for one in blocks if title and f"*{title}*" in str(one.get("text"))),
        "idbot:answer:buttons",
    )
    block_id = f"{digest}:buttons" if title else digest
    return world.sandbox.slack.act(JUNIPER, block_id, action_id=action_id)


def form_with_answers(world: World, text: str = "My code expired", title: str = CODES.title) -> str:
    """Opens the form and types, until there are answers; the form's view id."""
    world.open_form(JUNIPER, "sign_in")
    type_in(world, text)
    eventually(lambda: title in shown(world))
    eventually(lambda: outcomes(world, view(world)["id"]))
    return str(view(world)["id"])


def outcomes(world: World, view_id: str) -> dict[str, Outcome]:
    with world.bot.store.begin() as transaction:
        return {one.name: one.outcome for one in ShownAnswers(transaction).of_view(view_id)}


def calls(world: World, method: str) -> int:
    """How often Slack was asked to do something."""
    return len(world.sandbox.slack.traffic.calls(method))


def add_source(world: World, mocker: MockerFixture, *articles: Answer, **more: Any) -> Shelf:
    shelf = Shelf(articles)
    sources = (Source(name="articles", searchable=shelf, **more),)
    mocker.patch.object(answering(world)._self_service, "_sources", sources)
    return shelf


def answering(world: World) -> AnswerListeners:
    return world.bot.listeners._answers


# In the form


def test_answers_appear_as_somebody_types_and_the_text_stays(sign_in: None, world: World) -> None:
    world.open_form(JUNIPER, "sign_in")
    world.fill(JUNIPER, team="Benefits")

    type_in(world, "My code expired")

    eventually(lambda: shown(world) == [CODES.title])
    assert (entered(world, PROBLEM), entered(world, "idbot:q:team")) == ("My code expired", "Benefits")


def test_each_text_has_its_own_answers(sign_in: None, world: World) -> None:
    form = form_with_answers(world)

    type_in(world, "No such user")
    eventually(lambda: shown(world) == [USERS.title])
    type_in(world, "Something else entirely")
    eventually(lambda: shown(world) == [])

    assert set(outcomes(world, form)) == {"codes.md", "users.md"}


def test_the_same_answers_are_not_drawn_again(sign_in: None, world: World) -> None:
    form_with_answers(world)
    before = calls(world, "views.update")

    for text in ("My code expired!", "My code expired!!", "My old code expired"):
        type_in(world, text)
    time.sleep(0.3)

    assert calls(world, "views.update") == before


def test_what_is_typed_in_one_go_is_asked_about_once(
    slow: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_forms, "QUIET", 0.3)
    world.open_form(JUNIPER, "sign_in")

    for text in ("My c", "My code", "My code ex", "My code expired"):
        type_in(world, text)
    eventually(lambda: "My code expired" in slow)

    assert set(slow) == {"", "My code expired"}


@pytest.mark.parametrize("text", ["a", "abc", "   x   "])
def test_short_text_asks_nothing(sign_in: None, world: World, text: str, mocker: MockerFixture) -> None:
    world.open_form(JUNIPER, "sign_in")
    time.sleep(0.2)
    asked = mocker.spy(answering(world)._self_service, "suggest")

    type_in(world, text)
    time.sleep(0.2)

    assert asked.call_count == 0


def test_older_answers_are_dropped_however_late_they_come(slow: Any, world: World) -> None:
    world.open_form(JUNIPER, "sign_in")
    type_in(world, "first text")
    eventually(lambda: "first text" in slow)
    type_in(world, "second text")
    type_in(world, "third text")
    time.sleep(0.1)
    slow["first text"].set()
    eventually(lambda: "third text" in slow)
    slow["third text"].set()

    eventually(lambda: shown(world) == ["About third text"])
    assert "second text" not in slow
    assert entered(world, PROBLEM) == "third text"


def test_a_form_opens_before_anything_is_asked(slow: Any, world: World, mocker: MockerFixture) -> None:
    """Even a plugin that never answers does not hold it up."""
    slow[""].clear()

    world.open_form(JUNIPER, "sign_in")

    assert "What happens?" in str(view(world))
    assert shown(world) == []
    slow[""].set()


def test_choosing_a_type_shows_its_form_first_and_then_what_fits(world: World, mocker: MockerFixture) -> None:
    """A source is asked about the message that the request is made from."""
    slack = world.sandbox.slack
    shelf = add_source(world, mocker, CODES)
    ts = slack.say(JUNIPER, INTAKE, "My code has expired")
    slack.message_shortcut(JUNIPER, "idbot:ask-about", INTAKE, ts)
    eventually(lambda: slack.view(JUNIPER))

    slack.act(JUNIPER, "idbot:type", "data_pull")

    eventually(lambda: shown(world) == [CODES.title])
    assert shelf.asked[0][0].startswith("My code has expired")
    assert "My code has expired" in str(view(world)["state"])


def test_answers_stay_while_another_choice_redraws_the_form(sign_in: None, world: World) -> None:
    form_with_answers(world)

    world.sandbox.slack.act(JUNIPER, "idbot:q:where", "staging")
    time.sleep(0.3)

    assert shown(world) == [CODES.title]
    assert entered(world, PROBLEM) == "My code expired"


def test_a_choice_made_while_answers_were_drawn_is_not_lost(sign_in: None, world: World) -> None:
    """The click has the hash of the form before the answers; the new question is drawn all the same."""
    world.open_form(JUNIPER, "sign_in")
    slack = world.sandbox.slack
    before = slack.view(JUNIPER)["hash"]  # type: ignore[index]
    type_in(world, "My code expired")
    eventually(lambda: shown(world) == [CODES.title])
    drawn = world.sandbox.slack.views.top(JUNIPER)
    assert drawn
    now, drawn.hash = drawn.hash, before
    slack.fill(JUNIPER, {"idbot:q:where": "local"})
    payload = click(world, drawn.item("idbot:q:where"))
    drawn.hash = now

    world.bot.listeners._redraw(world.app.client, payload)

    assert "Which host?" in str(view(world))


def click(world: World, item: Any) -> dict[str, Any]:
    """A choice as Slack tells of it."""
    slack = world.sandbox.slack
    block_id, action_id = item.place
    return {
        "type": "block_actions",
        "user": {"id": JUNIPER},
        "view": json.loads(json.dumps(slack.view(JUNIPER))),
        "actions": [{"block_id": block_id, "action_id": action_id, "action_ts": slack.new_ts()}],
    }


def test_an_update_that_slack_refuses_leaves_the_form_as_it_is(sign_in: None, world: World) -> None:
    world.open_form(JUNIPER, "sign_in")
    world.sandbox.slack.faults.add("views.update", error="hash_conflict")

    type_in(world, "My code expired")
    time.sleep(0.3)
    type_in(world, "My code expired again")

    eventually(lambda: shown(world) == [CODES.title])


def test_a_rate_limit_is_kept(sign_in: None, world: World) -> None:
    world.open_form(JUNIPER, "sign_in")
    world.sandbox.slack.faults.add("views.update", retry_after=60)
    type_in(world, "My code expired")
    eventually(lambda: answering(world)._pace.wait(0.0) is None)
    before = calls(world, "views.update")

    type_in(world, "My code expired again")
    time.sleep(0.2)

    assert calls(world, "views.update") == before


def test_a_choice_that_slack_was_slow_to_draw_is_not_drawn_over_a_newer_one(
    sign_in: None, world: World
) -> None:
    world.open_form(JUNIPER, "sign_in")
    slack = world.sandbox.slack
    top = slack.views.top(JUNIPER)
    assert top
    clicks = []
    for choice in ("local", "staging"):
        slack.fill(JUNIPER, {"idbot:q:where": choice})
        clicks.append(click(world, top.item("idbot:q:where")))
    older, newer = clicks

    for one in (newer, older):
        world.bot.listeners._redraw(world.app.client, one)

    assert "Which host?" not in str(view(world))


def test_a_limit_that_a_choice_meets_stops_answers_too_and_is_waited_for(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    world.open_form(JUNIPER, "sign_in")
    slack = world.sandbox.slack
    top = slack.views.top(JUNIPER)
    assert top
    slack.fill(JUNIPER, {"idbot:q:where": "local"})
    slack.faults.add("views.update", retry_after=12)
    pauses = mocker.patch.object(world.bot.listeners._closing, "wait", return_value=False)
    stopped = mocker.spy(answering(world)._pace, "stop")

    world.bot.listeners._redraw(world.app.client, click(world, top.item("idbot:q:where")))

    assert [one.args[0] for one in pauses.call_args_list] == [0.0, 12.0]
    stopped.assert_called_once_with(12.0)
    assert "Which host?" in str(view(world))


def test_what_is_wrong_with_a_form_is_not_hidden_by_answers_that_were_on_their_way(
    sign_in: None, world: World
) -> None:
    world.open_form(JUNIPER, "sign_in")
    world.fill(JUNIPER, **COMMON)
    slack = world.sandbox.slack
    slow = slack.faults.add("views.update", delay=0.5)
    type_in(world, "My code expired, my SSN is 123-45-6789")
    eventually(lambda: slow not in slack.faults.active())

    refused = slack.submit(JUNIPER)

    top = slack.views.top(JUNIPER)
    assert top
    assert refused.keys() == {PROBLEM}
    eventually(lambda: shown(world) == [CODES.title])
    assert top.errors.keys() == {PROBLEM}


def test_thirty_who_type_at_once_all_see_their_answers_and_lose_no_letter(
    sign_in: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack is slow, and at its limit now and then."""
    monkeypatch.setattr(open_forms, "BURST", 1_000.0)
    monkeypatch.setattr(answering(world)._pace, "_left", 1_000.0)
    slack = world.sandbox.slack
    people = [
        Character(
            slack_id=f"U0TYPING{n}", handle=f"typing{n}", name=f"Typing {n}", title="", github_login=None
        )
        for n in range(30)
    ]
    slack.faults.add("views.update", delay=0.05, times=20)
    slack.faults.add("views.update", retry_after=1, times=5)
    sentences = ("My code expired", "No such user")

    def types(number: int) -> None:
        user = people[number].slack_id
        slack.command(user, INTAKE, "/help sign_in")
        eventually(lambda: PROBLEM in str(view(world, user)))
        text = sentences[number % 2]
        for end in range(1, len(text) + 1):
            slack.type_text(user, PROBLEM, text[:end])

    for one in people:
        slack.meet(one, INTAKE)
    typing = [threading.Thread(target=types, args=(number,)) for number in range(30)]
    for thread in typing:
        thread.start()
    for thread in typing:
        thread.join()

    wanted = {one.slack_id: (CODES, USERS)[number % 2].title for number, one in enumerate(people)}
    eventually(lambda: {user: shown(world, user) for user in wanted} == {u: [t] for u, t in wanted.items()})
    for number, user in enumerate(wanted):
        assert entered(world, PROBLEM, user) == sentences[number % 2]


def test_a_bot_stops_although_a_plugin_hangs(
    slow: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_listeners, "PATIENCE", 0.0)
    world.open_form(JUNIPER, "sign_in")
    type_in(world, "a text that hangs")
    eventually(lambda: "a text that hangs" in slow)

    answering(world).close()

    assert not slow["a text that hangs"].is_set()


def test_a_form_that_nothing_answers_is_told_of_nothing(world: World, mocker: MockerFixture) -> None:
    mocker.patch.object(world.bot.listeners._answers._self_service, "_sources", ())

    world.open_form(JUNIPER, "data_pull")

    assert "dispatch_action_config" not in str(view(world))
    assert calls(world, "views.update") == 0


# Read, solved, filed


def test_an_answer_is_read_and_left_for_the_form(sign_in: None, world: World) -> None:
    form = form_with_answers(world)

    press(world, READ, CODES.title)
    eventually(lambda: "ten minutes" in str(view(world)["blocks"]) and view(world)["id"] != form)
    world.sandbox.slack.close(JUNIPER)

    assert view(world)["id"] == form
    assert shown(world) == [CODES.title]
    assert entered(world, PROBLEM) == "My code expired"
    assert outcomes(world, form) == {"codes.md": Outcome.SHOWN}


@pytest.mark.parametrize("is_read", [False, True])
def test_an_answer_that_solved_it_ends_the_request(sign_in: None, world: World, is_read: bool) -> None:
    form = form_with_answers(world)
    if is_read:
        press(world, READ, CODES.title)
        eventually(lambda: view(world)["id"] != form)

    press(world, SOLVED, "" if is_read else CODES.title)

    eventually(lambda: "Nothing was filed" in str(view(world)))
    assert outcomes(world, form) == {"codes.md": Outcome.SOLVED}
    eventually(lambda: "Nothing was filed" in str(world.sandbox.slack.views.stacks[JUNIPER][0].given))
    world.sandbox.slack.close(JUNIPER)
    assert world.sandbox.slack.view(JUNIPER) is None
    world.settle()
    assert world.sandbox.github.issues("sandbox-org/identity-requests") == []


def test_a_form_sent_while_an_answer_is_said_to_solve_it_keeps_its_receipt(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    form = form_with_answers(world)
    click = solved_click(world, CODES.title)
    service = answering(world)._self_service
    record = service.record_solved

    def sent_right_after(*arguments: str) -> bool:
        is_new = record(*arguments)
        world.fill(JUNIPER, **COMMON)
        assert world.sandbox.slack.submit(JUNIPER) == {}
        return is_new

    mocker.patch.object(service, "record_solved", sent_right_after)

    answering(world)._solved(world.app.client, click)

    assert "We got your request" in str(view(world))
    assert outcomes(world, form) == {"codes.md": Outcome.NOT_SOLVED}


def test_double_clicks_and_late_typing_change_nothing(sign_in: None, world: World) -> None:
    form = form_with_answers(world)
    top = world.sandbox.slack.views.top(JUNIPER)
    assert top
    payload = solved_click(world, CODES.title)
    typing = {
        **payload,
        "actions": [{"block_id": PROBLEM, "action_id": "x", "action_ts": "1.0"}],
    }

    for _ in range(3):
        answering(world)._solved(world.app.client, payload)
    answering(world).typed(world.app.client, typing)
    time.sleep(0.2)

    assert "Nothing was filed" in str(view(world))
    [tally] = tallies(world.bot.store)
    assert (tally.shown, tally.solved) == (1, 1)
    assert outcomes(world, form) == {"codes.md": Outcome.SOLVED}


def solved_click(world: World, title: str, **more: Any) -> dict[str, Any]:
    blocks = view(world)["blocks"]
    digest = next(one["block_id"] for one in blocks if f"*{title}*" in str(one.get("text")))
    buttons = next(one for one in blocks if one["block_id"] == f"{digest}:buttons")
    button = next(one for one in buttons["elements"] if one["action_id"] == SOLVED)
    return {
        "type": "block_actions",
        "user": {"id": JUNIPER},
        "view": json.loads(json.dumps(view(world))) | more,
        "actions": [{"block_id": buttons["block_id"], "action_id": SOLVED, "value": button["value"]}],
    }


@pytest.mark.parametrize("is_read", [False, True])
def test_an_answer_that_solved_it_before_it_was_counted_ends_the_request(
    sign_in: None, world: World, mocker: MockerFixture, is_read: bool
) -> None:
    """The count comes after the drawing, and a busy machine takes its time."""
    service = answering(world)._self_service
    count, begun, go_on = service.record_shown, threading.Event(), threading.Event()

    def late(*counted: Any) -> None:
        if not begun.is_set():
            begun.set()
            go_on.wait(10)
        count(*counted)

    mocker.patch.object(service, "record_shown", late)
    world.open_form(JUNIPER, "sign_in")
    type_in(world, "My code expired")
    eventually(lambda: begun.is_set() and shown(world))
    form = str(view(world)["id"])
    if is_read:
        press(world, READ, CODES.title)
        eventually(lambda: view(world)["id"] != form)

    press(world, SOLVED, "" if is_read else CODES.title)

    eventually(lambda: "Nothing was filed" in str(view(world)))
    go_on.set()
    answering(world).close()
    assert outcomes(world, form) == {"codes.md": Outcome.SOLVED}


@pytest.mark.parametrize(
    "forged",
    [
        {"id": "V0FORGED"},
        {"id": ""},
        {"id": "V" * 900},
        {"callback_id": "idbot:article", "root_view_id": "V0FORGED"},
    ],
)
def test_a_forged_view_changes_nothing(sign_in: None, world: World, forged: dict[str, Any]) -> None:
    form = form_with_answers(world)

    answering(world)._solved(world.app.client, solved_click(world, CODES.title, **forged))

    assert outcomes(world, form) == {"codes.md": Outcome.SHOWN}
    assert shown(world) == [CODES.title]


def test_an_answer_of_another_form_changes_nothing(sign_in: None, world: World) -> None:
    form = form_with_answers(world)
    payload = solved_click(world, CODES.title)
    value = json.dumps({"source": "type:sign_in", "name": "users.md", "id": "x", "words": ""})
    payload["actions"][0]["value"] = value

    answering(world)._solved(world.app.client, payload)

    assert outcomes(world, form) == {"codes.md": Outcome.SHOWN}
    assert shown(world) == [CODES.title]


def test_a_ticket_filed_all_the_same_says_what_was_shown(sign_in: None, world: World) -> None:
    form = form_with_answers(world)
    world.fill(JUNIPER, **COMMON)

    assert world.sandbox.slack.submit(JUNIPER) == {}
    world.settle()

    [issue] = world.sandbox.github.issues("sandbox-org/identity-requests")
    assert "Before asking, the requestor was shown: `The code has expired`." in issue.body
    [tally] = tallies(world.bot.store)
    assert (tally.not_solved, tally.tickets) == (1, ("#1",))
    assert outcomes(world, form) == {"codes.md": Outcome.NOT_SOLVED}


def test_typing_that_arrives_after_the_form_was_sent_leaves_the_receipt(sign_in: None, world: World) -> None:
    form_with_answers(world)
    typing = {
        "type": "block_actions",
        "user": {"id": JUNIPER},
        "view": json.loads(json.dumps(view(world))),
        "actions": [{"block_id": PROBLEM, "action_id": "x", "action_ts": "9999999999.0"}],
    }
    world.fill(JUNIPER, **COMMON)
    world.sandbox.slack.submit(JUNIPER)

    answering(world).typed(world.app.client, typing)
    world.settle()

    assert "We got your request" in str(view(world))


def test_what_is_wrong_with_a_form_stays_while_somebody_types_on(sign_in: None, world: World) -> None:
    form_with_answers(world)
    slack = world.sandbox.slack
    world.fill(JUNIPER, **COMMON, problem="His SSN is 123-45-6789")
    refused = slack.submit(JUNIPER)

    type_in(world, "No such user, again")
    time.sleep(0.3)
    world.sandbox.slack.act(JUNIPER, "idbot:q:where", "local")
    eventually(lambda: "Which host?" in str(view(world)))

    assert refused.keys() == {PROBLEM}
    assert USERS.title not in shown(world)


def test_a_second_click_on_read_does_not_keep_it_from_counting(sign_in: None, world: World) -> None:
    """Slack then has the answer twice over the form."""
    form = form_with_answers(world)
    for _ in range(2):
        payload = read_click(world, CODES.title, form)
        answering(world)._read(world.app.client, payload)

    press(world, SOLVED)

    eventually(lambda: outcomes(world, form) == {"codes.md": Outcome.SOLVED})
    eventually(lambda: "Nothing was filed" in str(view(world)))
    world.sandbox.slack.close(JUNIPER)
    assert world.sandbox.slack.view(JUNIPER) is None


def read_click(world: World, title: str, form: str) -> dict[str, Any]:
    """A click in the form, whatever covers it by now."""
    stack = world.sandbox.slack.views.stacks[JUNIPER]
    [drawn] = [one.json() for one in stack if one.view_id == form]
    button = next(
        element
        for block in drawn["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == READ and title in element["accessibility_label"]
    )
    trigger = world.sandbox.slack.trigger(JUNIPER)
    return {"view": drawn, "trigger_id": trigger, "actions": [{"value": button["value"]}]}


def test_answers_of_a_type_that_was_uninstalled_are_harmless(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    """They can still have solved it; one that is nowhere anymore is said to be gone."""
    form = form_with_answers(world)
    service = answering(world)._self_service
    mocker.patch.object(service, "_plugins", SimpleNamespace(types={}))
    mocker.patch.object(answering(world), "_forms", {})
    service._kept.clear()

    press(world, READ, CODES.title)
    eventually(lambda: "can't be found anymore" in str(view(world)))
    world.sandbox.slack.close(JUNIPER)
    press(world, SOLVED, CODES.title)

    eventually(lambda: "Nothing was filed" in str(view(world)))
    assert outcomes(world, form) == {"codes.md": Outcome.SOLVED}


def test_an_answer_that_another_process_showed_is_found_again(sign_in: None, world: World) -> None:
    form = form_with_answers(world)
    answering(world)._self_service._kept.clear()

    press(world, READ, CODES.title)

    eventually(lambda: "ten minutes" in str(view(world)["blocks"]) and view(world)["id"] != form)


def test_what_was_removed_from_a_past_ticket_since_it_was_shown_is_not_read(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    shelf = add_source(
        world, mocker, Answer(title="Zebra crossing", text="zanzibar", name="t:1"), is_ours=False
    )
    form_with_answers(world, "zebra crossing", "Zebra crossing")
    shelf.articles = (Answer(title="Zebra crossing", text="[redacted]", name="t:1"),)

    press(world, READ, "Zebra crossing")

    eventually(lambda: "[redacted]" in str(view(world)["blocks"]))
    assert "zanzibar" not in str(view(world)["blocks"])


def test_a_past_ticket_can_be_read_after_somebody_deleted_what_it_was_shown_for(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    add_source(world, mocker, Answer(title="Zebra crossing", text="zanzibar", name="t:1"), is_ours=False)
    form_with_answers(world, "zebra crossing", "Zebra crossing")
    type_in(world, "z")

    press(world, READ, "Zebra crossing")

    eventually(lambda: view(world)["callback_id"] == "idbot:article")
    assert "zanzibar" in str(view(world)["blocks"])


def test_a_past_ticket_that_is_hidden_since_it_was_shown_is_not_read(
    sign_in: None, world: World, mocker: MockerFixture
) -> None:
    shelf = add_source(
        world, mocker, Answer(title="Zebra crossing", text="zanzibar", name="t:1"), is_ours=False
    )
    form_with_answers(world, "zebra crossing", "Zebra crossing")
    shelf.articles = ()

    press(world, READ, "Zebra crossing")

    eventually(lambda: "can't be found anymore" in str(view(world)))


def test_a_link_is_left_to_slack(sign_in: None, world: World) -> None:
    form_with_answers(world, "status of codes", STATUS.title)
    before = calls(world, "views.update")

    assert press(world, "idbot:answer:open", STATUS.title).is_ok
    time.sleep(0.2)

    assert calls(world, "views.update") == before


# /help search-docs


def test_a_search_is_answered_to_whoever_asked(sign_in: None, world: World) -> None:
    slack = world.sandbox.slack
    slack.command(JUNIPER, INTAKE, "/help search-docs code user status")
    [said] = eventually(lambda: slack.ephemerals(JUNIPER))

    assert " answers for “code user status”\n" in said.text
    assert "*The code has expired*" in said.text
    assert check_message({"text": said.text, "blocks": said.blocks}) == []
    block_id = next(one["block_id"] for one in said.blocks if "code has" in str(one.get("text")))
    slack.click(JUNIPER, INTAKE, said.ts, READ, block_id=block_id)
    eventually(lambda: "ten minutes" in str(view(world)["blocks"]))
    article = view(world)["id"]
    eventually(lambda: outcomes(world, article) == {"codes.md": Outcome.SHOWN})
    press(world, SOLVED)
    eventually(lambda: "Nothing was filed" in str(view(world)))
    assert outcomes(world, article) == {"codes.md": Outcome.SOLVED}
    assert slack.messages(INTAKE) == []


@pytest.mark.parametrize(
    "words", ["", "x", "☕", "zebra pelican", "'; zebra pelican; --", "<!channel>" * 300]
)
def test_a_search_that_finds_nothing_says_so(sign_in: None, world: World, words: str) -> None:
    slack = world.sandbox.slack

    slack.command(JUNIPER, INTAKE, f"/help search-docs {words}".strip())

    [said] = eventually(lambda: slack.ephemerals(JUNIPER))
    assert "`/help" in said.text
    assert "<!channel>" not in said.text
