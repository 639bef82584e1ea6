"""People, channels, histories and threads as the app reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.world import SlackWorld
from tests.support import VISITOR

INTAKE = "C0INTAKE"
SECRET = "C0SECRET"
GENERAL = "C0GENERAL"
WHO = "U0JUNIPER"


@contextmanager
def refused(error: str) -> Iterator[dict[str, Any]]:
    """Expect Slack to refuse with one of its codes; gives the whole answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(SlackApiError) as caught:
        yield answer
    assert caught.value.response["error"] == error
    answer.update(caught.value.response.data)


def test_auth_test_tells_who_the_token_is_and_what_it_may_do(client: WebClient) -> None:
    answer = client.auth_test()

    assert answer["user_id"] == cast.BOT_USER_ID
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


def test_places_that_the_bot_may_not_see_do_not_exist_for_it(client: WebClient, world: SlackWorld) -> None:
    with refused("channel_not_found"):
        client.chat_postMessage(channel=SECRET, text="a")
    with refused("channel_not_found"):
        client.conversations_info(channel=SECRET)
    with refused("channel_not_found"):
        client.chat_postMessage(channel="#nowhere", text="a")

    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [one["id"] for one in listed] == [INTAKE, "C0TEAM", GENERAL]


def test_history_is_read_newest_first_in_pages(client: WebClient) -> None:
    start = client.chat_postMessage(channel=INTAKE, text="start")["ts"]
    for number in range(5):
        client.chat_postMessage(channel=INTAKE, text=str(number))

    pages = [
        ([message["text"] for message in page["messages"]], page["has_more"])
        for page in client.conversations_history(channel=INTAKE, oldest=start, limit=2)
    ]

    assert pages == [(["4", "3"], True), (["2", "1"], True), (["0"], False)]


def test_a_thread_is_read_with_its_parent_first(client: WebClient) -> None:
    parent = client.chat_postMessage(channel=INTAKE, text="parent")["ts"]
    first = client.chat_postMessage(channel=INTAKE, text="one", thread_ts=parent)["ts"]
    client.chat_postMessage(channel=INTAKE, text="two", thread_ts=parent)

    whole = client.conversations_replies(channel=INTAKE, ts=parent)["messages"]
    rest = client.conversations_replies(channel=INTAKE, ts=parent, oldest=first)["messages"]

    assert [message["text"] for message in whole] == ["parent", "one", "two"]
    assert [message["text"] for message in rest] == ["parent", "two"]
    assert client.chat_getPermalink(channel=INTAKE, message_ts=first)["permalink"].endswith(
        f"?thread_ts={parent}&cid={INTAKE}"
    )


def test_people_are_described_guests_and_leavers_too(client: WebClient, world: SlackWorld) -> None:
    world.deactivated.add("U0MARLO")

    person = client.users_info(user=WHO)["user"]
    guest = client.users_info(user="U0ROWAN")["user"]
    gone = client.users_info(user="U0MARLO")["user"]
    world.deactivated.clear()

    assert person["real_name"] == "Juniper Vale"
    assert person["profile"]["display_name"] == "juniper"
    assert person["profile"]["title"] == "Developer, Benefits Claims"
    assert guest["is_restricted"] is True
    assert gone["deleted"] is True
    assert client.users_lookupByEmail(email=person["profile"]["email"])["user"]["id"] == WHO
    assert len(client.users_list()["members"]) == len(cast.PEOPLE) + 1
    assert client.usergroups_users_list(usergroup="S0IDENTITY")["users"] == ["U0INDIGO", "U0SAGE", "U0LINDEN"]
    with refused("user_not_found"):
        client.users_info(user="U0NOBODY")


def test_a_person_is_found_by_their_email_address_in_any_case(client: WebClient, world: SlackWorld) -> None:
    world.meet(replace(VISITOR, slack_id="W0SECRET", handle="secret", is_hidden=True), INTAKE)

    found = client.users_lookupByEmail(email="Juniper@Sandbox.example")["user"]["id"]

    assert found == WHO
    for nobody in ("nobody@sandbox.example", "secret@sandbox.example"):
        with refused("users_not_found"):
            client.users_lookupByEmail(email=nobody)


def test_people_of_other_organizations_are_described_unless_slack_hides_them(
    client: WebClient, world: SlackWorld
) -> None:
    world.meet(replace(VISITOR, enterprise="E0ELSEWHERE"), INTAKE)
    world.meet(replace(VISITOR, slack_id="W0HIDDEN", handle="hidden", is_hidden=True), INTAKE)

    seen = client.users_info(user="U0WREN")["user"]
    listed = {one["id"] for one in client.users_list()["members"]}
    members = client.conversations_members(channel=INTAKE)["members"]

    assert (seen["team_id"], seen["enterprise_user"]["enterprise_id"]) == ("T0ELSEWHERE", "E0ELSEWHERE")
    assert "W0HIDDEN" not in listed
    assert {"U0WREN", "W0HIDDEN"} <= set(members)
    for call in (client.users_info, client.users_profile_get):
        with refused("user_not_found"):
            call(user="W0HIDDEN")
    with refused("user_not_found"):
        client.conversations_open(users="W0HIDDEN")
    with refused("channel_not_found"):
        client.chat_postMessage(channel="W0HIDDEN", text="hello")
    for one in ("U0WREN", "W0HIDDEN"):
        world.remove(one, INTAKE)
        del world.people[one]
