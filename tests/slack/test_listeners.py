"""What people meet in Slack: the command, the shortcuts, the form and its ends, over a real Bolt app."""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient

from identity_bot import Choice, Form, LongText, Option, ShortText, When, YesNo, app, hookimpl
from identity_bot.errors import IdentityBotError, SettingsError
from identity_bot.messages import words
from identity_bot.settings import Settings
from identity_bot.slack import listeners as listeners_module
from identity_bot.slack.home import START
from identity_bot_sandbox.cast import Character
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.host_bot import host_app
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.slack.limits import check_message
from tests.support import DATA, REVIEW, VISITOR, World, close, eventually

JUNIPER, ROWAN, MARLO = "U0JUNIPER", "U0ROWAN", "U0MARLO"
INTAKE, TEAM, GENERAL, SECRET = "C0INTAKE", "C0TEAM", "C0GENERAL", "C0SECRET"
REPOSITORY = "sandbox-org/identity-requests"


def shown(world: World, user: str = JUNIPER) -> str:
    """All that the modal in front of somebody says."""
    return str(world.sandbox.slack.view(user))


def replace_type(world: World, mocker: MockerFixture, name: str, form: Form | None) -> None:
    """Changes or uninstalls a request type under the running bot, as a restart with other plugins would."""
    types = dict(world.bot.plugins.types)
    if form is None:
        del types[name]
    else:
        types[name].form = form
    plugins = replace(world.bot.plugins, types=types)
    mocker.patch.object(world.bot.desk, "_plugins", plugins)
    mocker.patch.object(world.bot.listeners, "_forms", plugins.forms)
    mocker.patch.object(world.bot.listeners._prefill, "_forms", plugins.forms)


# The command


def test_the_command_opens_the_list_of_types(world: World) -> None:
    """One option for each installed type, and nothing to fill in yet."""
    world.sandbox.slack.command(JUNIPER, INTAKE, "/help")

    view = eventually(lambda: world.sandbox.slack.view(JUNIPER))
    options = view["blocks"][0]["accessory"]["options"]
    assert [option["value"] for option in options] == ["data_pull", "mock_auth", "pr_review"]
    assert view["submit"] is None


@pytest.mark.parametrize("word", ["pr_review", "PR_REVIEW", "pr-review", " pr review "])
def test_the_command_with_a_type_opens_its_form_directly(world: World, word: str) -> None:
    world.sandbox.slack.command(JUNIPER, INTAKE, f"/help {word}")

    eventually(lambda: "Link to the pull request" in shown(world))


@pytest.mark.parametrize("word", ["coffee", "<!channel>", "*" * 500, "привет", "<@U0SAGE> `x`"])
def test_an_unknown_word_says_what_there_is(world: World, word: str) -> None:
    """Privately, with nobody mentioned by what was typed."""
    world.sandbox.slack.command(JUNIPER, INTAKE, f"/help {word}")

    [said] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert "`/help pr_review`" in said.text
    assert "<!channel>" not in said.text
    assert "<@U0SAGE>" not in said.text
    assert check_message({"text": said.text, "blocks": said.blocks}) == []
    assert world.sandbox.slack.view(JUNIPER) is None


@pytest.mark.parametrize("word", ["mine too", "status", "list", "help", "?"])
def test_a_word_that_the_command_cannot_use_is_answered_by_what_it_can_do(world: World, word: str) -> None:
    """All of it in the text too, which screen readers read."""
    world.sandbox.slack.command(JUNIPER, INTAKE, f"/help {word}")

    [said] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert "There is no request type" not in said.text
    assert "`/help mock_auth`: Mocked authentication" in said.text
    assert "*Start a request*" in said.text
    assert said.blocks[0]["text"]["text"] == said.text


@pytest.mark.parametrize(
    ("word", "meant"),
    [("pr", "pr_review"), ("pr_reveiw", "pr_review"), ("DATA", "data_pull"), ("mock auht", "mock_auth")],
)
def test_a_word_that_is_nearly_a_type_is_answered_by_the_type(world: World, word: str, meant: str) -> None:
    world.sandbox.slack.command(JUNIPER, INTAKE, f"/help {word}")

    [said] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert f"There is no request type “{word}”. Did you mean `/help {meant}`?" in said.text


@pytest.mark.parametrize(("channel", "is_direct"), [(INTAKE, False), (GENERAL, True)])
def test_a_request_can_be_started_below_what_the_command_can_do(
    world: World, channel: str, is_direct: bool
) -> None:
    """It is answered where one that began with the command is."""
    slack = world.sandbox.slack
    slack.command(JUNIPER, channel, "/help usage")
    [said] = eventually(lambda: slack.ephemerals(JUNIPER))
    assert slack.click(JUNIPER, channel, said.ts, START).is_ok
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "data_pull")
    eventually(lambda: "What data do you need?" in shown(world))
    world.fill(JUNIPER, **DATA)
    refused = slack.submit(JUNIPER)
    world.settle()

    told = slack.dm(JUNIPER) if is_direct else slack.messages(INTAKE)
    assert refused == {}
    assert f"<@{JUNIPER}>" in told[0].text


def test_a_form_that_does_not_open_from_there_is_answered_there(world: World) -> None:
    slack = world.sandbox.slack
    slack.command(JUNIPER, INTAKE, "/help usage")
    [said] = eventually(lambda: slack.ephemerals(JUNIPER))
    slack.faults.add("views.open", error="expired_trigger_id")

    slack.click(JUNIPER, INTAKE, said.ts, START)

    assert eventually(lambda: "try again" in slack.ephemerals(JUNIPER)[-1].text)


def test_a_form_that_is_opened_in_private_says_who_will_hear_of_it(world: World) -> None:
    slack = world.sandbox.slack
    message = slack.say(JUNIPER, SECRET, "Could you review this?")
    opened = {
        "intake": lambda: slack.command(JUNIPER, INTAKE, "/help pr_review"),
        "general": lambda: slack.command(JUNIPER, GENERAL, "/help pr_review"),
        "private": lambda: slack.command(JUNIPER, SECRET, "/help pr_review"),
    }

    said = {}
    for name, start in opened.items():
        start()
        view = eventually(lambda: slack.view(JUNIPER))
        said[name] = words.BEGUN_IN_PRIVATE in str(view)
        slack.close(JUNIPER)
    slack.message_shortcut(JUNIPER, "idbot:ask-about", SECRET, message)
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "data_pull")

    assert said == {"intake": False, "general": False, "private": True}
    assert eventually(lambda: words.BEGUN_IN_PRIVATE in shown(world))


@pytest.mark.parametrize(
    ("channel", "is_private"),
    [
        ({"id": "C0SECRET", "name": "privategroup"}, True),
        ({"id": "C0GROUP", "name": "mpdm-juniper--marlo-1"}, True),
        ({"id": "D0DIRECT", "name": "directmessage"}, True),
        ({"id": "G0OLD", "name": "old-and-private"}, True),
        ({"id": "C0GENERAL", "name": "general"}, False),
        ({}, False),
        ({"id": None, "name": None}, False),
    ],
)
def test_slack_tells_by_a_channels_name_or_id_that_it_is_private(
    channel: dict[str, Any], is_private: bool
) -> None:
    assert listeners_module._is_private(channel) is is_private


def test_a_private_intake_channel_is_known_although_slack_does_not_tell_its_name(world: World) -> None:
    listeners = world.bot.listeners
    listeners._intake_channel = "#claims-private"
    world.sandbox.slack.channels[SECRET].bot_is_member = True

    assert listeners._is_intake({"id": SECRET, "name": "privategroup"})
    assert not listeners._is_intake({"id": "C0OTHER", "name": "privategroup"})


@pytest.mark.parametrize(("user", "channel"), [(ROWAN, INTAKE), (JUNIPER, GENERAL), (JUNIPER, SECRET)])
def test_anybody_can_ask_anywhere(world: World, user: str, channel: str) -> None:
    """Guests too, and in channels that the bot is not in."""
    world.sandbox.slack.command(user, channel, "/help data_pull")
    eventually(lambda: "What data do you need?" in shown(world, user))
    world.fill(user, **DATA)
    refused = world.sandbox.slack.submit(user)
    world.settle()

    assert refused == {}
    told = world.sandbox.slack.messages(INTAKE) if channel == INTAKE else world.sandbox.slack.dm(user)
    assert f"<@{user}>" in told[0].text


@pytest.mark.parametrize("who", [VISITOR, replace(VISITOR, slack_id="W0WREN", is_hidden=True)])
def test_somebody_of_another_organization_can_ask(world: World, who: Character) -> None:
    """Slack does not tell the names of some of them, so their form begins without one."""
    world.sandbox.slack.meet(who, INTAKE)
    world.open_form(who.slack_id, "data_pull")
    named = who.name in shown(world, who.slack_id)
    world.fill(who.slack_id, **DATA | {"name": "Wren"})
    refused = world.sandbox.slack.submit(who.slack_id)
    world.settle()

    [issue] = world.sandbox.github.issues(REPOSITORY)
    first, *_ = world.sandbox.slack.messages(INTAKE)
    assert refused == {}
    assert named is not who.is_hidden
    assert "Wren" in issue.body
    assert f"<@{who.slack_id}>" in first.text


def test_the_global_shortcut_is_answered_by_a_direct_message(world: World) -> None:
    world.sandbox.slack.shortcut(JUNIPER, "idbot:ask")
    eventually(lambda: "What do you need?" in shown(world))
    world.sandbox.slack.act(JUNIPER, "idbot:type", "data_pull")
    eventually(lambda: "What data do you need?" in shown(world))
    world.fill(JUNIPER, **DATA)
    world.sandbox.slack.submit(JUNIPER)
    world.settle()

    assert f"<@{JUNIPER}>" in world.sandbox.slack.dm(JUNIPER)[0].text


@pytest.mark.parametrize("fault", [{"error": "expired_trigger_id"}, {"status": 503}, {"retry_after": 1}])
def test_a_form_that_slack_does_not_open_is_answered_with_a_word(world: World, fault: dict[str, Any]) -> None:
    world.sandbox.slack.faults.add("views.open", **fault)

    world.sandbox.slack.command(JUNIPER, INTAKE, "/help")

    [said] = eventually(lambda: world.sandbox.slack.ephemerals(JUNIPER))
    assert "try again" in said.text


def test_cancel_leaves_nothing_behind(world: World) -> None:
    world.open_form(JUNIPER, "pr_review")
    world.fill(JUNIPER, **REVIEW)
    world.sandbox.slack.close(JUNIPER)

    world.settle()
    assert world.sandbox.github.issues(REPOSITORY) == []


# The form


def test_changing_the_type_keeps_what_the_forms_share(world: World) -> None:
    world.open_form(JUNIPER, "data_pull")
    world.fill(JUNIPER, team="Benefits", production="yes", comments="as soon as you can")

    world.sandbox.slack.act(JUNIPER, "idbot:type", "mock_auth")

    eventually(lambda: "Which credential?" in shown(world))
    state = str((world.sandbox.slack.view(JUNIPER) or {})["state"])
    assert "Benefits" in state
    assert "as soon as you can" in state
    assert "'value': 'yes'" in state


@pytest.mark.parametrize(
    "fault", [{"error": "internal_error"}, {"status": 503}, {"retry_after": 1}, {"cut": True}]
)
def test_a_form_that_slack_did_not_redraw_is_tried_again(world: World, fault: dict[str, Any]) -> None:
    """The list of types shows the choice already, and choosing it again would tell the bot nothing."""
    world.sandbox.slack.command(JUNIPER, INTAKE, "/help")
    eventually(lambda: "What do you need?" in shown(world))
    world.sandbox.slack.faults.add("views.update", **fault)

    world.sandbox.slack.act(JUNIPER, "idbot:type", "mock_auth")

    eventually(lambda: "Which credential?" in shown(world))


def test_a_form_that_has_changed_since_is_not_redrawn(world: World) -> None:
    world.open_form(JUNIPER, "data_pull")
    calls = world.sandbox.slack.faults.add("views.update", error="hash_conflict", times=2)

    world.sandbox.slack.act(JUNIPER, "idbot:type", "mock_auth")
    eventually(lambda: calls not in world.sandbox.slack.faults.active())
    threading.Event().wait(1.5)

    assert [one.times for one in world.sandbox.slack.faults.active()] == [1]


def test_name_and_team_are_prefilled(world: World) -> None:
    """The name from Slack, the team from the last ticket."""
    world.request(JUNIPER, "pr_review", **REVIEW | {"team": "Benefits Claims"})
    world.sandbox.slack.close(JUNIPER)

    world.open_form(JUNIPER, "data_pull")

    state = str((world.sandbox.slack.view(JUNIPER) or {})["state"])
    assert "Juniper Vale" in state
    assert "Benefits Claims" in state


def test_a_form_that_asks_for_no_name_and_offers_teams_takes_both_from_slack_and_the_last_ticket(
    world: World, mocker: MockerFixture
) -> None:
    teams = Choice(name="team", label="Which?", options=[Option("va1", "Health"), Option("va2", "Benefits")])
    questions = [*world.bot.plugins.types["pr_review"].form.questions, teams]
    form = Form(title="Review", questions=questions, leave_out=["name", "production"])
    replace_type(world, mocker, "pr_review", form)
    answers = {key: REVIEW[key] for key in ("tested", "pull_request")}
    first = world.request(JUNIPER, "pr_review", **answers | {"team": "va2"})
    world.sandbox.slack.close(JUNIPER)

    again = world.request(JUNIPER, "pr_review", **answers)

    assert (first, again) == ({}, {})
    world.settle()
    for number in (1, 2):
        issue = world.sandbox.github.issue(REPOSITORY, number)
        assert issue.title.endswith("(Benefits)")
        assert "Requested by `Juniper Vale` (in Slack `juniper" in issue.body


def test_a_slow_profile_does_not_keep_the_form_from_opening(world: World) -> None:
    world.sandbox.slack.faults.add("users.info", delay=4)

    world.sandbox.slack.command(JUNIPER, INTAKE, "/help pr_review")

    eventually(lambda: "Link to the pull request" in shown(world), seconds=3.5)


def test_every_problem_stands_at_its_question_and_the_form_is_kept(world: World) -> None:
    answers = REVIEW | {"pull_request": "https://va.gov", "team": "SSN 123-45-6789"}

    problems = world.request(JUNIPER, "pr_review", **answers)

    assert set(problems) == {"idbot:q:pull_request"}
    world.fill(JUNIPER, pull_request=REVIEW["pull_request"])
    problems = world.sandbox.slack.submit(JUNIPER)
    assert set(problems) == {"idbot:q:team"}
    assert "123-45-6789" not in str(problems)
    world.fill(JUNIPER, team="Benefits")
    assert world.sandbox.slack.submit(JUNIPER) == {}


class Conditional:
    """A type whose second question hangs on the first, and whose third has too many options for one list."""

    @hookimpl
    def form(self) -> Form:
        return Form(
            title="Conditional",
            questions=[
                YesNo(name="docker", label="Docker?"),
                ShortText(name="image", label="Which image?", shown_when=When("docker", True)),
                Choice(name="number", label="Which number?", options=[f"Number {n}" for n in range(250)]),
            ],
        )


@pytest.fixture
def conditional(installed: Callable[..., None], request: pytest.FixtureRequest) -> World:
    """A world in which that type is installed."""
    installed(conditional=Conditional)
    made = request.getfixturevalue("world")
    assert isinstance(made, World)
    return made


def test_a_question_appears_when_its_condition_is_met(conditional: World) -> None:
    conditional.open_form(JUNIPER, "conditional")
    assert "Which image?" not in shown(conditional)

    conditional.sandbox.slack.act(JUNIPER, "idbot:q:docker", "yes")
    eventually(lambda: "Which image?" in shown(conditional))
    conditional.sandbox.slack.act(JUNIPER, "idbot:q:docker", "no")

    eventually(lambda: "Which image?" not in shown(conditional))


def test_a_long_list_is_searched_as_one_types(conditional: World) -> None:
    conditional.open_form(JUNIPER, "conditional")

    offered = conditional.sandbox.slack.options(JUNIPER, "idbot:q:number", "number 24")

    assert [option["value"] for option in offered] == [f"Number {n}" for n in range(250) if "24" in str(n)]
    conditional.fill(JUNIPER, team="Benefits", production="no", docker="no", number="Number 249")
    assert conditional.sandbox.slack.submit(JUNIPER) == {}


# Submissions


def test_the_receipt_gives_a_reference_and_then_the_number(world: World) -> None:
    world.sandbox.github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.SLOW, delay=0.5)

    world.request(JUNIPER, "pr_review", **REVIEW)

    assert re.search(r"reference is \*[A-Z2-7]{4}-[A-Z2-7]{4}\*", shown(world))
    eventually(lambda: "|#1>" in shown(world))


def test_a_closed_modal_needs_no_receipt(world: World) -> None:
    world.sandbox.github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.SLOW, delay=0.3)
    world.request(JUNIPER, "pr_review", **REVIEW)

    world.sandbox.slack.close(JUNIPER)
    world.settle()

    assert world.bot.outbox.count("failed") == 0
    assert world.sandbox.slack.view(JUNIPER) is None


def test_clicking_twice_at_once_makes_one_ticket(world: World) -> None:
    world.open_form(JUNIPER, "pr_review")
    world.fill(JUNIPER, **REVIEW)

    world.sandbox.slack.submit(JUNIPER, clicks=5)
    world.sandbox.slack.resubmit(JUNIPER)
    world.settle()

    assert len(world.sandbox.github.issues(REPOSITORY)) == 1
    assert len(world.sandbox.slack.messages(INTAKE)) == 1
    assert len(world.sandbox.slack.messages(TEAM)) == 1


def test_an_ack_that_was_lost_does_not_hide_that_later_changes_came_too_late(world: World) -> None:
    """Slack lost our answer, the person edits and sends again: one ticket, and a word about the edit."""
    world.open_form(JUNIPER, "data_pull")
    world.fill(JUNIPER, **DATA)
    view = world.sandbox.slack.view(JUNIPER) or {}
    submission = {
        "type": "view_submission",
        "user": {"id": JUNIPER},
        "team": {"id": "T0SANDBOX"},
        "view": view,
    }
    world.app.dispatch(BoltRequest(body=submission, mode="socket_mode"))

    world.fill(JUNIPER, data_needed="Something else altogether")
    world.sandbox.slack.submit(JUNIPER)
    said = shown(world)
    world.settle()

    assert "had already sent this form" in said
    [issue] = world.sandbox.github.issues(REPOSITORY)
    assert DATA["data_needed"] in (issue.body or "")


def test_a_type_uninstalled_since_the_form_opened_is_said_and_nothing_is_filed(
    world: World, mocker: MockerFixture
) -> None:
    world.open_form(JUNIPER, "pr_review")
    world.fill(JUNIPER, **REVIEW)
    replace_type(world, mocker, "pr_review", None)

    world.sandbox.slack.submit(JUNIPER)

    assert "no longer take this type" in shown(world)
    world.settle()
    assert world.sandbox.github.issues(REPOSITORY) == []


def test_a_form_that_changed_since_it_opened_is_shown_anew_with_the_answers(
    world: World, mocker: MockerFixture
) -> None:
    """A question that vanished had an answer, and a new one has none: neither may pass in silence."""
    world.open_form(JUNIPER, "data_pull")
    world.fill(JUNIPER, **DATA, comments="see the plan")
    questions = [
        LongText(name="data_needed", label="What data?"),
        ShortText(name="purpose", label="What for?"),
    ]
    replace_type(world, mocker, "data_pull", Form(title="Data pull", questions=questions))

    world.sandbox.slack.submit(JUNIPER)

    assert "This form changed after you opened it" in shown(world)
    assert DATA["data_needed"] in str((world.sandbox.slack.view(JUNIPER) or {})["state"])
    world.fill(JUNIPER, purpose="A report")
    assert world.sandbox.slack.submit(JUNIPER) == {}
    assert "We got your request" in shown(world)


def test_a_locked_database_loses_no_answers(world: World) -> None:
    """An apology comes in time, over the form; sending it again works once the database does."""
    world.open_form(JUNIPER, "pr_review")
    world.fill(JUNIPER, **REVIEW)
    other = sqlite3.connect(str(world.bot.store.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    world.sandbox.slack.submit(JUNIPER)

    assert "your request was not sent" in shown(world)
    other.execute("ROLLBACK")
    other.close()
    world.sandbox.slack.close(JUNIPER)
    assert world.sandbox.slack.submit(JUNIPER) == {}
    world.settle()
    assert len(world.sandbox.github.issues(REPOSITORY)) == 1


class Broken:
    """An observer with a bug that quotes an answer."""

    @hookimpl
    def validate(self, answers: Any) -> None:
        raise KeyError(answers["team"])


@pytest.fixture
def broken(installed: Callable[..., None]) -> None:
    """That observer is installed; ask for it before `world`."""
    installed(broken=Broken)


def test_a_bug_in_a_plugin_keeps_no_request_from_being_sent(
    broken: None, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it, and says nothing of the answer, whoever formats the log."""
    world.open_form(JUNIPER, "pr_review")
    world.fill(JUNIPER, **REVIEW | {"team": "Quartz Pelican"})

    world.sandbox.slack.submit(JUNIPER)

    assert "your request was not sent" not in shown(world)
    assert "KeyError" not in shown(world)
    assert world.bot.store.last_team(JUNIPER) == "Quartz Pelican"
    ours = "".join(
        logging.Formatter().format(one)
        for one in caplog.records
        if one.name.startswith("identity_bot.plugins.failures")
    )
    assert "KeyError" in ours
    assert "Quartz Pelican" not in ours


def test_32_people_at_once_wait_for_nobodys_github_call(world: World) -> None:
    """With GitHub answering after seconds, every ack still comes within Slack's three."""
    world.sandbox.github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.SLOW, delay=2.0, times=None)
    slack = world.sandbox.slack
    people = [replace(slack.people[JUNIPER], slack_id=f"U0P{n:02}", handle=f"p{n:02}") for n in range(32)]
    slack.people.update({person.slack_id: person for person in people})
    slack.channel(INTAKE).members.update(person.slack_id for person in people)

    def ask(user: str) -> dict[str, str]:
        return world.request(user, "pr_review", **REVIEW, name="A person")

    with ThreadPoolExecutor(32) as hands:
        refused = list(hands.map(ask, [person.slack_id for person in people]))

    assert refused == [{}] * 32
    assert all("We got your request" in shown(world, person.slack_id) for person in people)
    world.sandbox.github.faults.clear()


def test_40_people_at_once_wait_for_nobodys_profile(world: World) -> None:
    """More than the bot has threads for, and Slack is slow: every form still opens, with its person's name."""
    slack = world.sandbox.slack
    people = [replace(slack.people[JUNIPER], slack_id=f"U0P{n:02}", handle=f"p{n:02}") for n in range(40)]
    slack.people.update({person.slack_id: person for person in people})
    slack.faults.add("users.info", delay=0.5, times=None)

    for person in people:
        body = {"command": "/help", "text": "pr_review", "user_id": person.slack_id, "channel_id": INTAKE}
        body |= {"team_id": "T0SANDBOX", "trigger_id": slack.trigger(person.slack_id)}
        assert world.app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200
    eventually(lambda: all(slack.view(person.slack_id) for person in people))

    named = [person for person in people if person.name in str(slack.view(person.slack_id))]
    assert len(named) == len(people)


# Shortcuts


def test_the_global_shortcut_opens_the_same_form(world: World) -> None:
    world.sandbox.slack.shortcut(JUNIPER, "idbot:ask")

    eventually(lambda: "What do you need?" in shown(world))


def test_a_global_shortcut_that_opens_nothing_is_answered_with_a_direct_message(world: World) -> None:
    """Slack gives no response_url with it: without a message the person would see nothing at all."""
    world.sandbox.slack.faults.add("views.open", error="expired_trigger_id")

    world.sandbox.slack.shortcut(JUNIPER, "idbot:ask")

    [said] = eventually(lambda: world.sandbox.slack.dm(JUNIPER))
    assert "try again" in said.text


def test_a_request_from_a_message_has_its_text_and_keeps_its_thread(world: World) -> None:
    slack = world.sandbox.slack
    ts = slack.say(JUNIPER, GENERAL, "Sign-in <https://va.gov|fails> &amp; <@U0SAGE> knows")
    slack.message_shortcut(JUNIPER, "idbot:ask-about", GENERAL, ts)
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "mock_auth")
    eventually(lambda: "Which credential?" in shown(world))
    prefilled = str((slack.view(JUNIPER) or {})["state"])
    world.fill(JUNIPER, team="Benefits", production="no", credential="idme", environment="local")
    slack.submit(JUNIPER)
    world.settle()

    assert "Sign-in https://va.gov & @U0SAGE knows" in prefilled
    assert "/archives/C0GENERAL/p" in prefilled
    [reply] = slack.thread(GENERAL, ts)[1:]
    assert f"<@{JUNIPER}>" in reply.text
    [announced] = slack.messages(INTAKE)
    assert f"<@{JUNIPER}>" not in announced.text
    [issue] = world.sandbox.github.issues(REPOSITORY)
    assert f"/archives/{GENERAL}/p{ts.replace('.', '')}" in (issue.body or "")


def test_a_pull_request_in_a_message_is_found(world: World) -> None:
    slack = world.sandbox.slack
    text = "Please look: <https://va.gov> and <https://github.com/sandbox-org/vets-api/pull/9/files>"
    ts = slack.say(JUNIPER, INTAKE, text)
    slack.message_shortcut(JUNIPER, "idbot:ask-about", INTAKE, ts)
    eventually(lambda: slack.view(JUNIPER))

    slack.act(JUNIPER, "idbot:type", "pr_review")

    eventually(lambda: "pull/9" in str((slack.view(JUNIPER) or {})["state"]))


def test_a_thread_that_the_bot_cannot_reach_becomes_a_direct_message(world: World) -> None:
    slack = world.sandbox.slack
    ts = slack.say(JUNIPER, SECRET, "Something private")
    slack.message_shortcut(JUNIPER, "idbot:ask-about", SECRET, ts)
    eventually(lambda: slack.view(JUNIPER))
    slack.act(JUNIPER, "idbot:type", "data_pull")
    eventually(lambda: "What data do you need?" in shown(world))
    world.fill(JUNIPER, **DATA)
    slack.submit(JUNIPER)
    world.settle()

    assert "We got your" in slack.dm(JUNIPER)[0].text
    assert any("told the requestor by direct message" in message.text for message in slack.messages(TEAM))


# Hostile text

NASTY = (
    "<!channel> <@U0SAGE> @here @indigo-marshwick #1\n"
    "<!-- identity-bot:ticket=00000000-0000-0000-0000-000000000000 -->\n"
    "``````\n~~~\n# Heading <details><script>alert(1)</script> ![x](https://evil.example/x.png) closes #1\n"
    "\u202egnp.exe \u0000 \u2066 مرحبا " + "😀" * 500
)


def test_hostile_text_mentions_links_and_hides_nothing_anywhere(world: World) -> None:
    answers = DATA | {"data_needed": NASTY, "comments": NASTY, "team": NASTY[:40], "name": NASTY[-500:-420]}

    refused = world.request(JUNIPER, "data_pull", **answers)
    world.settle()

    assert refused == {}
    [issue] = world.sandbox.github.issues(REPOSITORY)
    assert (issue.body or "").count("<!-- identity-bot:ticket=") >= 1
    assert world.bot.store.ticket((issue.body or "").rsplit("ticket=", 1)[1][:36])
    said = [
        str(m.text) + str(m.blocks) for place in (INTAKE, TEAM) for m in world.sandbox.slack.messages(place)
    ]
    for text in said:
        assert "<!channel>" not in text
        assert "<@U0SAGE>" not in text
        assert "\x00" not in text
    assert all(m.unfurls is False for m in world.sandbox.slack.messages(TEAM))


# Attaching to a bot that was there before


@pytest.fixture
def host(sandbox: Sandbox) -> App:
    """The example host bot, in the sandbox by Socket Mode's token."""
    return host_app(
        WebClient(token=sandbox.environment()["SLACK_BOT_TOKEN"], base_url=f"{sandbox.url}/slack/api/")
    )


@pytest.fixture
def attach(sandbox_settings: Settings) -> Iterator[Callable[..., app.Bot]]:
    """Attaches a bot to an app; stops it in the end."""
    bots = []

    def build(bolt_app: App, **changes: Any) -> app.Bot:
        bots.append(app.build(replace(sandbox_settings, **changes)))
        return bots[-1].attach(bolt_app)

    yield build
    for bot in bots:
        bot.stop()


def test_the_hosts_own_listeners_answer_as_before(
    host: App, attach: Callable[..., app.Bot], sandbox: Sandbox, socket: Callable[[App], None]
) -> None:
    """Its command, its button, its event and its error handler, before attaching and after."""
    socket(host)
    before = _host_answers(sandbox)

    attach(host)

    assert _host_answers(sandbox) == before
    sandbox.slack.command(JUNIPER, INTAKE, "/help")
    assert eventually(lambda: sandbox.slack.view(JUNIPER))


def _host_answers(sandbox: Sandbox) -> list[str]:
    slack = sandbox.slack
    there = len(slack.ephemerals(MARLO))
    slack.command(MARLO, INTAKE, "/sign-in-status")
    [answer] = eventually(lambda: slack.ephemerals(MARLO)[there:])
    slack.click(MARLO, INTAKE, answer.ts, "status_again")
    eventually(lambda: "still works" in slack.ephemerals(MARLO)[there].text)
    said = len(slack.messages(INTAKE))
    slack.say(MARLO, INTAKE, "<@U0BOT> hello")
    replies = eventually(lambda: slack.messages(INTAKE)[said + 1 :])
    return [answer.text, slack.ephemerals(MARLO)[there].text, replies[0].text]


@pytest.fixture
def socket(sandbox: Sandbox) -> Iterator[Callable[[App], None]]:
    """Connects apps by Socket Mode; closes them in the end."""
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    handlers: list[Any] = []

    def connect(bolt_app: App) -> None:
        token = sandbox.environment()["SLACK_APP_TOKEN"]
        handlers.append(SocketModeHandler(bolt_app, token, web_client=bolt_app.client))
        handlers[-1].connect()
        assert sandbox.slack.delivery.sockets.wait_for(1)

    yield connect
    for handler in handlers:
        close(handler, sandbox)


def test_attaching_adds_no_middleware_and_no_error_handler(host: App, attach: Callable[..., app.Bot]) -> None:
    def private(name: str) -> Any:
        return getattr(host, name)

    middleware = list(private("_middleware_list"))
    on_error = host.listener_runner.listener_error_handler
    attach(host)

    assert private("_middleware_list") == middleware
    assert host.listener_runner.listener_error_handler is on_error


@pytest.mark.parametrize("name", ["/help", re.compile(".*")])
def test_a_command_that_the_host_answers_is_refused_by_name(
    host: App, attach: Callable[..., app.Bot], name: Any
) -> None:
    @host.command(name)
    def hosts_own_help() -> None: ...

    with pytest.raises(SettingsError, match=r"commands: /help: .*hosts_own_help"):
        attach(host)


@pytest.mark.parametrize("kind", ["shortcut", "action", "options", "view"])
def test_a_listener_of_the_hosts_that_would_take_what_is_ours_is_refused_by_name(
    host: App, attach: Callable[..., app.Bot], kind: str
) -> None:
    """A host that takes every form, say, would answer ours too, and no ticket would come of it."""

    def hosts_own() -> None: ...

    getattr(host, kind)(re.compile(".*"))(hosts_own)

    with pytest.raises(SettingsError, match=r"'hosts_own' already answers .* attach identity_bot before"):
        attach(host)


def test_a_host_that_takes_every_form_after_us_leaves_us_ours(
    host: App, attach: Callable[..., app.Bot]
) -> None:
    attach(host)

    @host.view(re.compile(".*"))
    def hosts_own(ack: Ack) -> None:
        ack()

    view = {"id": "V1", "type": "modal", "callback_id": "idbot:form", "private_metadata": "", "state": None}
    body = {"type": "view_submission", "user": {"id": JUNIPER}, "team": {"id": "T0SANDBOX"}, "view": view}
    answer = host.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert "no longer take this type" in answer.body


def test_a_bot_is_attached_once(host: App, attach: Callable[..., app.Bot]) -> None:
    bot = attach(host)
    other = App(client=host.client, signing_secret="unused in Socket Mode")

    with pytest.raises(IdentityBotError, match="attached already"):
        bot.attach(other)

    assert not other._listeners


def test_a_host_without_a_token_of_its_own_needs_ours(
    sandbox_settings: Settings, attach: Callable[..., app.Bot]
) -> None:
    """A host that is installed by OAuth looks up a token for each request, and we post when there is none."""
    client = WebClient(base_url=sandbox_settings.slack_api_url)
    host = App(client=client, signing_secret="-", authorize=lambda: None)

    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN: missing"):
        attach(host, slack_bot_token=None)

    assert attach(host).chat.client.token == sandbox_settings.slack_bot_token


@pytest.mark.parametrize("pattern", ["^idbot:action:", "take$"])
def test_a_host_that_would_take_the_buttons_is_named(
    host: App, attach: Callable[..., app.Bot], pattern: str
) -> None:
    @host.action(re.compile(pattern))
    def hosts_own_buttons() -> None: ...

    with pytest.raises(SettingsError, match="'hosts_own_buttons' already answers the actions of ours"):
        attach(host)


def test_another_command_name_avoids_the_clash(host: App, attach: Callable[..., app.Bot]) -> None:
    @host.command("/help")
    def hosts_own_help() -> None: ...

    attach(host, commands=("/identity-support",))


def test_ids_of_ours_that_nobody_knows_are_acknowledged(world: World) -> None:
    """An old message's button, or a forged one, is no error for the person who clicks it."""
    body = {
        "type": "block_actions",
        "user": {"id": JUNIPER},
        "team": {"id": "T0SANDBOX"},
        "actions": [{"type": "button", "action_id": "idbot:of-last-year", "block_id": "b", "value": "x"}],
    }
    answer = world.app.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert answer.status == 200
