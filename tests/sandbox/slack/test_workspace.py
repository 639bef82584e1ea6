"""Whoever subscribes to the workspace hears of its changes."""

from __future__ import annotations

from slack_sdk import WebClient

from identity_bot_sandbox.slack.world import SlackWorld

INTAKE = "C0INTAKE"


def test_every_ts_of_a_channel_is_its_own(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel=INTAKE, text="a")["ts"] for _ in range(20)]

    assert len(set(stamps)) == 20
    assert stamps == sorted(stamps)


def test_whoever_watches_is_told_of_each_change_until_they_stop(client: WebClient, world: SlackWorld) -> None:
    seen: list[str] = []
    stop = world.subscribe(lambda change: seen.append(f"{change.kind} {change.channel}"))
    client.chat_postMessage(channel=INTAKE, text="a")
    stop()
    client.chat_postMessage(channel=INTAKE, text="b")

    assert seen.count(f"message {INTAKE}") == 1
