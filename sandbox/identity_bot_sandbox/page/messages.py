"""What a person does on the page with a message: send, edit, delete and react."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from identity_bot_sandbox.page.scene import Act, RefusedError, Scene, Sent
from identity_bot_sandbox.page.where import Where
from identity_bot_sandbox.slack.model import SLACKBOT, Channel
from identity_bot_sandbox.slack.world import SlackWorld

OFFERED_REACTIONS = ("eyes", "+1", "white_check_mark", "tada", "x")
"""The reactions that a message's menu offers; any other is given by its name."""

_COMMAND = re.compile(r"/[a-z]\S*")
_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_NAME = re.compile(r"(?<!\w)([@#])([\w-]+)")
_TOKEN = re.compile(r"<([@#]?)([^<>|]+)(?:\|[^<>]*)?>")
_REACTION = re.compile(r":?([a-z0-9_+'-]{1,100}):?")


def say(scene: Scene, here: Where, sent: Sent) -> Where:
    """Send a message, with its files, or a slash command."""
    slack, text = scene.slack, sent.text("text").strip()
    _channel(slack, here)
    chosen = sent.files.get("files", ())
    command = _COMMAND.match(text)
    if command and here.thread:
        words = f"{command[0]} is not supported in threads. Sorry!"
        slack.post(here.channel, SLACKBOT, words, only_for=here.person, thread_ts=here.thread)
    elif command:
        slack.command(here.person, here.channel, text)
    elif text or chosen:
        slack.say(
            here.person,
            here.channel,
            typed(slack, text),
            thread_ts=here.thread or None,
            files=[slack.upload(here.person, name, content) for name, content in chosen],
            is_broadcast=bool(here.thread and sent.text("broadcast")),
        )
    return here


def edit(scene: Scene, here: Where, sent: Sent) -> Where:
    """Edit one's own message."""
    text = sent.text("text").strip()
    if not text:
        raise RefusedError("A message can’t be empty. Delete it instead.")
    scene.slack.edit_message(here.person, here.channel, sent.text("ts"), typed(scene.slack, text))
    return here


def delete(scene: Scene, here: Where, sent: Sent) -> Where:
    """Delete one's own message."""
    scene.slack.delete_message(here.person, here.channel, sent.text("ts"))
    return here


def react(scene: Scene, here: Where, sent: Sent) -> Where:
    """Add a reaction, or remove one's own if it is there."""
    slack, ts, named = scene.slack, sent.text("ts"), _REACTION.fullmatch(sent.text("name").strip())
    if named is None:
        raise RefusedError("Write a reaction as its name, such as eyes.")
    message = _channel(slack, here).messages.get(ts)
    is_there = message is not None and (named[1], here.person) in message.reactions
    change = slack.unreact if is_there else slack.react
    change(here.person, here.channel, ts, named[1])
    return here


def typed(slack: SlackWorld, text: str) -> str:
    """A typed message as Slack's client sends it: escaped, with names and URLs marked up."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    people = slack.names() | {"identity": "U0BOT"}
    channels = {one.name: one.channel_id for one in slack.channels.values() if not one.is_direct}

    def marked(found: re.Match[str]) -> str:
        ids = people if found[1] == "@" else channels
        return f"<{found[1]}{ids[found[2]]}>" if found[2] in ids else found[0]

    named = _NAME.sub(marked, escaped)
    return _ADDRESS.sub(lambda found: f"<{found[0]}>", named)


def written(slack: SlackWorld, text: str) -> str:
    """A sent message as its author would type it again, to edit it."""
    names = {user: person.handle for user, person in slack.people.items()} | {"U0BOT": "identity"}
    names |= {one.channel_id: one.name for one in slack.channels.values()}
    return html.unescape(_TOKEN.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}", text))


def _channel(slack: SlackWorld, here: Where) -> Channel:
    channel = slack.channels.get(here.channel)
    if channel is None or here.person not in channel.members:
        raise RefusedError("You aren’t in that conversation.")
    return channel


ACTS: Mapping[str, Act] = {"say": say, "edit-message": edit, "delete-message": delete, "react": react}
