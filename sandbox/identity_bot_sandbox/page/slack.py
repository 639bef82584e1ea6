"""What the page's buttons and fields do in the sandbox's Slack."""

from __future__ import annotations

import re
from collections.abc import Mapping

from identity_bot_sandbox.page.act import Act, RefusedError, Scene, Sent, must_be_taken
from identity_bot_sandbox.page.form import enter, held, keep_chosen, place_in, show_refusals
from identity_bot_sandbox.page.slack_view import is_in, key
from identity_bot_sandbox.page.where import HOME, SLACK, Where
from identity_bot_sandbox.slack.entry import placed
from identity_bot_sandbox.slack.values import SLACKBOT
from identity_bot_sandbox.slack.views import View
from identity_bot_sandbox.slack.world import SlackWorld

# What the app's manifest declares: the callback_id and the words that Slack shows for it.
SHORTCUTS = {"idbot:ask": "Ask the Identity Team"}
MESSAGE_SHORTCUTS = {"idbot:ask-about": "Ask Identity about this"}
USUAL_COMMANDS = ("/help",)

_COMMAND = re.compile(r"/[a-z]\S*")
_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_NAME = re.compile(r"(?<!\w)([@#])([\w-]+)")


def say(scene: Scene, here: Where, sent: Sent) -> Where:
    """Send a message or a slash command, as the composer does."""
    slack, text = scene.slack, sent.text("text").strip()
    if not is_in(slack, here):
        raise RefusedError("You are not in that conversation.")
    if not text:
        return here
    command = _COMMAND.match(text)
    if command and here.thread:
        words = f"{command[0]} is not supported in threads. Sorry!"
        slack.post(here.channel, SLACKBOT, words, only_for=here.person, thread_ts=here.thread)
    elif command:
        slack.command(here.person, here.channel, text)
    else:
        slack.say(here.person, here.channel, typed(slack, text), thread_ts=here.thread or None)
    return here


def typed(slack: SlackWorld, text: str) -> str:
    """A message as Slack's client sends it: three characters escaped, names and addresses marked."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    people = slack.names() | {"identity": "U0BOT"}
    channels = {one.name: one.channel_id for one in slack.channels.values() if not one.is_direct}

    def marked(found: re.Match[str]) -> str:
        ids = people if found[1] == "@" else channels
        return f"<{found[1]}{ids[found[2]]}>" if found[2] in ids else found[0]

    named = _NAME.sub(marked, escaped)
    return _ADDRESS.sub(lambda found: f"<{found[0]}>", named)


def shortcut(scene: Scene, here: Where, sent: Sent) -> Where:
    """Choose a global shortcut, or one of a message where `ts` names it."""
    callback_id, ts = sent.text("callback_id"), sent.text("ts")
    if ts:
        must_be_taken(scene.slack.message_shortcut(here.person, callback_id, here.channel, ts))
    else:
        must_be_taken(scene.slack.shortcut(here.person, callback_id))
    return here


def click(scene: Scene, here: Where, sent: Sent) -> Where:
    """Use a button or a menu of a message."""
    (place, choice), ts = place_in(sent.text("act")), sent.text("ts")
    if place is None:
        return here
    message = scene.slack.message(here.channel, ts, user=here.person)
    item = next((one for one in placed(message.blocks) if one.place == place), None)
    value: str | list[str] | None = choice or sent.text(key(place)) or None
    if item and (item.element["type"].startswith("multi_") or item.element["type"] == "checkboxes"):
        value = sent.texts(key(place)) or None
    ack = scene.slack.click(here.person, here.channel, ts, place[1], value, block_id=place[0])
    must_be_taken(ack)
    return here


def modal(scene: Scene, here: Where, sent: Sent) -> Where:
    """Whatever is done in the modal in front: change, search, press, send, cancel."""
    view = scene.slack.views.top(here.person)
    if view is None or view.view_id != sent.text("view"):
        return here  # it is gone or covered; the page shows what is there now
    if sent.text("do") in ("close", "close-all"):
        scene.slack.close(here.person, everything=sent.text("do") == "close-all")
        return here
    refused = _in_view(scene.slack, view, sent, in_home=False)
    if not refused and sent.text("do") == "submit" and not sent.text("act") and not sent.text("search"):
        scene.slack.submit(here.person)
    return here


def home(scene: Scene, here: Where, sent: Sent) -> Where:
    """Open the app's home tab, or do something in it."""
    view = scene.slack.views.homes.get(here.person)
    if sent.text("view"):
        if view is not None:
            _in_view(scene.slack, view, sent, in_home=True)
        return here
    scene.slack.open_home(here.person)
    return here.at(channel=HOME, pane=SLACK)


def invite(scene: Scene, here: Where, sent: Sent) -> Where:
    """Take the app into the conversation."""
    if is_in(scene.slack, here):
        scene.slack.invite_bot(here.channel, by=here.person)
    return here


def _in_view(slack: SlackWorld, view: View, sent: Sent, *, in_home: bool) -> Mapping[str, str]:
    """Enter what the form holds; then do what its button `act` or its search field asks."""
    asked, choice = place_in(sent.text("act"))
    searched, _ = place_in(sent.text("search"))
    refused = enter(slack, view, sent.form, sent.files, in_home=in_home)
    if refused:
        show_refusals(slack, view, refused)
        return refused
    if searched is not None:
        query = sent.text(f"query:{key(searched)}")
        slack.options(view.user, searched[0], query, searched[1], in_home=in_home)
        keep_chosen(slack, view, searched)
    elif asked is not None:
        state = view.values.get(asked)
        value = held(slack, state) if state else choice
        must_be_taken(slack.act(view.user, asked[0], value, asked[1], in_home=in_home))
    return refused


ACTS: Mapping[str, Act] = {
    "say": say,
    "shortcut": shortcut,
    "click": click,
    "modal": modal,
    "home": home,
    "invite": invite,
}
