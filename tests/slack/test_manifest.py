"""The Slack app's manifest: within Slack's limits for any settings, and with just what the bot uses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from identity_bot.cli import main
from identity_bot.forms.form import Form
from identity_bot.forms.questions import Files, ShortText
from identity_bot.settings import Settings, load
from identity_bot.slack.client import SlackChat
from identity_bot.slack.home import START
from identity_bot.slack.manifest import ASK, ASK_ABOUT, manifest, scopes
from identity_bot.tickets.model import Action
from identity_bot.tickets.people import People
from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.support import World, eventually

URL = "https://bot.example.gov/identity"
OTHERS = "12 | mine | queue | search words | search-docs words | link octocat | unlink | digest on"
"""What can be typed after the command besides a type."""
PLAIN = Form(title="Plain", questions=[ShortText(name="what", label="What?")])
WITH_FILES = Form(title="Files", questions=[Files(name="files", label="Files?")])
JUNIPER, INTAKE = "U0JUNIPER", "C0INTAKE"


@pytest.fixture
def settings(settings_file: Path) -> Settings:
    return load(settings_file, {"GITHUB_TOKEN": "t"})


def faults(app: dict[str, Any]) -> list[str]:
    """Where a manifest breaks Slack's limits (docs.slack.dev/reference/app-manifest)."""
    shown, features = app["display_information"], app["features"]
    found = [
        (set(app) == {"_metadata", "display_information", "features", "oauth_config", "settings"}, "parts"),
        (app["_metadata"]["major_version"] == 2, "major_version"),
        (1 <= len(shown["name"]) <= 35, "name"),
        (len(shown["description"]) <= 140, "description"),
        (175 <= len(shown["long_description"]) <= 4000, "long_description"),
        (bool(re.fullmatch(r"#[0-9a-f]{3}([0-9a-f]{3})?", shown["background_color"])), "background_color"),
        (set(features) == {"app_home", "bot_user", "shortcuts", "slash_commands"}, "features"),
        (len(features["bot_user"]["display_name"]) <= 80, "display_name"),
        (len(features["slash_commands"]) <= 50, "slash_commands"),
        (len(features["shortcuts"]) <= 10, "shortcuts"),
        (len({one["callback_id"] for one in features["shortcuts"]}) == len(features["shortcuts"]), "ids"),
    ]
    for command in features["slash_commands"]:
        keys = {"command", "description", "usage_hint", "should_escape", "url"}
        found += [
            (set(command) <= keys, "a command's keys"),
            (bool(re.fullmatch(r"/\S{1,31}", command["command"])), "a command's name"),
            (1 <= len(command["description"]) <= 2000, "a command's description"),
            (len(command.get("usage_hint", "x")) in range(1, 1001), "a command's usage_hint"),
        ]
    for shortcut in features["shortcuts"]:
        found += [
            (set(shortcut) == {"name", "type", "callback_id", "description"}, "a shortcut's keys"),
            (shortcut["type"] in ("global", "message"), "a shortcut's type"),
            (1 <= len(shortcut["name"]) <= 24, "a shortcut's name"),
            (1 <= len(shortcut["callback_id"]) <= 255, "a shortcut's callback_id"),
            (1 <= len(shortcut["description"]) <= 150, "a shortcut's description"),
        ]
    return [what for is_fine, what in found if not is_fine]


@pytest.mark.parametrize("url", [None, URL])
def test_a_manifest_keeps_to_slacks_limits(settings: Settings, url: str | None) -> None:
    assert faults(manifest(settings, {"plain": PLAIN, "files": WITH_FILES}, url=url)) == []


def test_it_keeps_to_them_with_as_much_as_there_can_be(settings: Settings) -> None:
    many = replace(settings, commands=tuple(f"/{'x' * 28}{n:02}" for n in range(50)))
    forms = {f"type_{n:03}_{'y' * 31}": PLAIN for n in range(100)}

    made = manifest(many, forms, url=URL)

    assert faults(made) == []
    hint = made["features"]["slash_commands"][0]["usage_hint"]
    assert hint.startswith("[type_000_")
    assert hint.endswith(f" | {OTHERS}]")


def test_it_keeps_to_them_with_nothing_installed(settings: Settings) -> None:
    made = manifest(settings, {})

    assert faults(made) == []
    assert "usage_hint" not in made["features"]["slash_commands"][0]


def test_socket_mode_needs_no_address(settings: Settings) -> None:
    made = manifest(settings, {"plain": PLAIN})

    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    assert "http" not in json.dumps(made["features"])


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_http_sends_everything_to_one_address(settings: Settings, url: str) -> None:
    made = manifest(settings, {"plain": PLAIN}, url=url)

    address = "https://bot.example.gov/identity/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    interactivity = made["settings"]["interactivity"]
    assert (interactivity["request_url"], interactivity["message_menu_options_url"]) == (address, address)
    assert [command["url"] for command in made["features"]["slash_commands"]] == [address]


def test_the_commands_are_those_of_the_settings(settings: Settings) -> None:
    named = replace(settings, commands=("/identity-support", "/help"))

    made = manifest(named, {"b": PLAIN, "a": PLAIN})

    commands = made["features"]["slash_commands"]
    assert [command["command"] for command in commands] == ["/identity-support", "/help"]
    assert commands[0]["usage_hint"] == f"[a | b | {OTHERS}]"
    assert commands[0]["should_escape"] is False


def test_files_are_read_only_where_a_form_asks_for_them(settings: Settings) -> None:
    without = {scope.name for scope in scopes(settings, {"plain": PLAIN})}
    with_files = {scope.name: scope for scope in scopes(settings, {"plain": PLAIN, "evidence": WITH_FILES})}

    assert set(with_files) - without == {"files:read"}
    assert "evidence" in with_files["files:read"].reason


def test_files_are_shared_only_by_a_bot_that_reports(settings: Settings) -> None:
    without = {scope.name for scope in scopes(settings, {})}
    with_report = {scope.name: scope for scope in scopes(replace(settings, report=True), {})}

    assert set(with_report) - without == {"files:write"}
    assert not with_report["files:write"].is_needed


def names(settings: Settings, *, private: bool = False) -> set[str]:
    return {scope.name for scope in scopes(settings, {}, private=private)}


def test_channels_named_by_id_need_not_be_looked_up_where_a_group_is_the_team(settings: Settings) -> None:
    by_name = replace(settings, team_group="S0IDENTITY")
    by_id = replace(by_name, intake_channel=INTAKE, team_channel="C0TEAM")

    assert names(by_name) - names(by_id) == {"channels:read"}
    assert names(by_name, private=True) - names(by_id, private=True) == {"channels:read", "groups:read"}


def test_a_team_that_is_a_channel_must_be_read_also_when_it_is_named_by_id(settings: Settings) -> None:
    by_id = replace(settings, intake_channel=INTAKE, team_channel="C0TEAM")

    reasons = {scope.name: scope.reason for scope in scopes(by_id, {}, private=True)}

    assert reasons["channels:read"] == "who is in C0TEAM and may change tickets"
    assert reasons["groups:read"] == "who is in C0TEAM and may change tickets, if it is private"


def test_a_team_that_is_a_user_group_needs_one_scope_more(settings: Settings) -> None:
    assert names(replace(settings, team_group="S0IDENTITY")) - names(settings) == {"usergroups:read"}


def test_a_scope_says_all_that_it_is_needed_for(settings: Settings) -> None:
    reasons = {scope.name: scope.reason for scope in scopes(settings, {}, private=True)}

    assert reasons["channels:read"] == (
        "the id behind #vsp-identity and #identity-surge; who is in #identity-surge and may change tickets"
    )
    assert reasons["groups:read"] == (
        "the id behind the name of a private channel; "
        "who is in #identity-surge and may change tickets, if it is private"
    )


@pytest.mark.parametrize("group", [None, "S0IDENTITY"])
@pytest.mark.parametrize("channel", ["#identity-surge", "C0TEAM"])
def test_its_scopes_are_enough_to_know_the_team(
    settings: Settings, sandbox: Sandbox, group: str | None, channel: str
) -> None:
    of_team = replace(settings, team_group=group, team_channel=channel, intake_channel=INTAKE)
    sandbox.slack.scopes = names(of_team)
    chat = SlackChat(cast.BOT_TOKEN, sandbox.environment()["SLACK_API_URL"], People([]))

    assert chat.members(of_team.team) >= {"U0INDIGO", "U0SAGE", "U0LINDEN"}


def test_it_subscribes_to_what_the_home_tab_and_conversations_need(settings: Settings) -> None:
    by_socket = manifest(settings, {"plain": PLAIN})
    by_http = manifest(settings, {"plain": PLAIN}, url=URL)

    events = {"bot_events": ["app_home_opened", "message.im", "message.channels"]}
    assert by_socket["settings"]["event_subscriptions"] == events
    assert by_http["settings"]["event_subscriptions"] == {
        **events,
        "request_url": "https://bot.example.gov/identity/slack/events",
    }
    assert by_socket["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_the_conversation_needs_direct_messages_and_those_of_private_channels(settings: Settings) -> None:
    made = manifest(replace(settings, home=False), {"plain": PLAIN}, private=True)

    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["message.im", "message.channels", "message.groups"]
    assert made["features"]["app_home"]["messages_tab_read_only_enabled"] is False


def test_reactions_are_heard_and_read_only_if_one_has_a_meaning(settings: Settings) -> None:
    meant = replace(settings, reactions={"eyes": Action.TAKE})

    made = manifest(replace(meant, home=False, conversation=False), {"plain": PLAIN})

    assert names(meant) - names(settings) == {"reactions:read"}
    assert made["settings"]["event_subscriptions"] == {"bot_events": ["reaction_added"]}


def test_without_them_people_can_read_direct_messages_only(settings: Settings) -> None:
    made = manifest(replace(settings, home=False, conversation=False), {"plain": PLAIN})

    assert "event_subscriptions" not in made["settings"]
    assert made["features"]["app_home"] == {
        "home_tab_enabled": False,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": True,
    }


def test_private_channels_need_more(settings: Settings) -> None:
    assert names(settings, private=True) - names(settings) == {"groups:history", "groups:read"}


def test_every_scope_has_a_reason_and_is_asked_for_once(settings: Settings) -> None:
    wanted = scopes(settings, {"evidence": WITH_FILES}, private=True)

    assert all(scope.reason for scope in wanted)
    assert len({scope.name for scope in wanted}) == len(wanted)


def test_the_bot_hears_all_that_its_manifest_offers(world: World, settings: Settings) -> None:
    """Commands, both shortcuts, the Home tab and direct messages lead to the form."""
    slack = world.sandbox.slack
    made = manifest(settings, world.bot.plugins.forms)
    slack.commands = {command["command"] for command in made["features"]["slash_commands"]}
    ts = slack.say("U0MARLO", INTAKE, "It does not work")
    ids = {shortcut["type"]: shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]}
    assert ids == {"global": ASK, "message": ASK_ABOUT}

    slack.events = set(made["settings"]["event_subscriptions"]["bot_events"])
    slack.open_home(JUNIPER)
    slack.say(JUNIPER, slack.dm_channel(JUNIPER).channel_id, "hello")
    eventually(lambda: slack.home(JUNIPER) and len(slack.dm(JUNIPER)) == 2)
    [_, offer] = slack.dm(JUNIPER)

    for act in (
        lambda: slack.act(JUNIPER, START, in_home=True),
        lambda: slack.click(JUNIPER, offer.channel, offer.ts, START),
        lambda: slack.command(JUNIPER, INTAKE, "/help"),
        lambda: slack.shortcut(JUNIPER, ids["global"]),
        lambda: slack.message_shortcut(JUNIPER, ids["message"], INTAKE, ts),
    ):
        assert act().is_ok
        assert eventually(lambda: slack.view(JUNIPER))
        slack.views.stacks.clear()


def test_with_its_scopes_alone_a_request_is_filed_and_lost_answers_are_found_again(
    world: World, settings: Settings
) -> None:
    """Each post's answer is lost once, so that each has to be looked for."""
    slack = world.sandbox.slack
    made = manifest(settings, world.bot.plugins.forms)
    slack.scopes = set(made["oauth_config"]["scopes"]["bot"])
    slack.faults.add("chat.postMessage", status=502, after=True, times=2)

    slack.command(JUNIPER, INTAKE, "/help data_pull")
    eventually(lambda: slack.view(JUNIPER))
    slack.fill(JUNIPER, {"idbot:q:team": "Benefits", "idbot:q:production": "no", "idbot:q:sensitive": "no"})
    slack.fill(JUNIPER, {"idbot:q:data_needed": "How many sign-ins fail"})
    assert slack.submit(JUNIPER) == {}
    world.settle(20)

    assert len(slack.messages(INTAKE)) == len(slack.messages("C0TEAM")) == 1
    assert world.bot.outbox.count("failed") == 0
    refused = [call for call in slack.traffic.calls() if call.answer.get("error") == "missing_scope"]
    assert not refused


def test_without_files_or_private_channels_no_scope_is_asked_for_in_vain(settings: Settings) -> None:
    """What is in the manifest is what the sandbox's methods ask of the calls that the bot makes."""
    wanted = {scope.name for scope in scopes(settings, {"plain": PLAIN})}

    assert wanted == {
        "channels:history", "channels:read", "chat:write", "chat:write.public", "commands", "im:history", "im:write",
        "users:read", "users:read.email",
    }  # fmt: skip


def command(file: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        main, ["--config", str(file), "manifest", *arguments], env={"GITHUB_TOKEN": ""}
    )
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_json_before_there_is_any_token(settings_file: Path) -> None:
    code, said, _ = command(settings_file)

    made = json.loads(said)
    assert code == 0
    assert faults(made) == []
    assert made["features"]["slash_commands"][0]["usage_hint"] == (
        f"[data_pull | mock_auth | pr_review | {OTHERS}]"
    )


@pytest.mark.parametrize("url", ["http://bot.example", "bot.example", "https://", "https://a b", ""])
def test_an_address_that_slack_would_refuse_is_refused(settings_file: Path, url: str) -> None:
    code, said, why = command(settings_file, "--url", url)

    assert (code, said) == (2, "")
    assert f"Invalid value for --url: found '{url}'; expected an address such as https://" in why


def test_settings_that_cannot_be_used_are_said_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "identity-bot.toml"
    file.write_text('team_channel = "#x"\nlable = "x"\n', encoding="utf-8")

    code, said, why = command(file)

    assert (code, said) == (2, "")
    assert len(why.splitlines()) == 3
    assert "did you mean 'label'" in why


def test_the_sandbox_is_told_nothing_by_it(sandbox: Sandbox, settings_file: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(settings_file), "manifest"], env=sandbox.environment())

    assert result.exit_code == 0
    assert not sandbox.slack.traffic.calls()
    assert "xoxb" not in result.output
