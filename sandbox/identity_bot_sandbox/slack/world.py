"""What people do in the sandbox's Slack: commands, shortcuts, messages, and buttons in messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.delivery import COMMAND, INTERACTION
from identity_bot_sandbox.slack.entry import EntryError, Placed, action, at_first, entered, placed
from identity_bot_sandbox.slack.membership import Membership
from identity_bot_sandbox.slack.modals import TOKEN
from identity_bot_sandbox.slack.values import TEAM, Ack, Message, SlackFile


class SlackWorld(Membership):
    """The workspace and the hands of its people; an act returns when the app has answered or Slack gave up.

    Acts wait for the app, so they must not be called in the server's own thread.
    """

    # Starting something

    def command(self, user: str, channel: str, text: str) -> Ack:
        """Type a slash command, such as `/help pr_review`, into a conversation."""
        place = self._place(user, channel)
        name, _, rest = text.strip().partition(" ")
        if self.commands is not None and name not in self.commands:
            self.say_privately(user, place.channel_id, f"{name} is not a valid command.")
            return Ack(error="invalid_command")
        ack = self.delivery.ask(
            COMMAND,
            {
                "token": TOKEN,
                "team_id": TEAM["id"],
                "team_domain": TEAM["domain"],
                "channel_id": place.channel_id,
                "channel_name": place.shown_name,
                "user_id": user,
                "user_name": self.people[user].handle,
                "command": name,
                "text": rest.strip(),
                "api_app_id": cast.APP_ID,
                "is_enterprise_install": "false",
                "response_url": self.response_url(user, place.channel_id),
                "trigger_id": self.trigger(user),
            },
        )
        if not ack.is_ok:
            self.say_privately(user, place.channel_id, f'{name} failed with the error "{ack.error}"')
        elif isinstance(ack.payload, Mapping):
            self.answer(user, place.channel_id, ack.payload)
        return ack

    def shortcut(self, user: str, callback_id: str) -> Ack:
        """Choose one of the app's global shortcuts."""
        return self.delivery.ask(
            INTERACTION, {**self._who("shortcut", user), "callback_id": callback_id, **self._now(user)}
        )

    def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Ack:
        """Choose one of the app's shortcuts in the menu of a message."""
        place = self._place(user, channel)
        message = self.message(channel, ts, user=user)
        return self.delivery.ask(
            INTERACTION,
            {
                **self._who("message_action", user),
                "callback_id": callback_id,
                **self._now(user),
                "message_ts": ts,
                "message": message.json(),
                "channel": {"id": place.channel_id, "name": place.shown_name},
                "response_url": self.response_url(user, place.channel_id, message),
            },
        )

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[SlackFile] = (),
    ) -> str:
        """Write a message and give its ts; the app hears of it where it is a member, and is not waited for."""
        place = self._place(user, channel)
        message = self.post(place.channel_id, user, text, thread_ts=thread_ts, files=tuple(files))
        if place.bot_is_member:
            event = {
                **message.json(),
                "channel": place.channel_id,
                "channel_type": place.kind,
                "event_ts": message.ts,
                **({"subtype": "file_share"} if files else {}),
            }
            self._tell(f"message.{place.kind}s" if not place.is_direct else f"message.{place.kind}", event)
            if f"<@{cast.BOT_USER_ID}" in text:
                self._tell("app_mention", {**event, "type": "app_mention"})
        return message.ts

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home tab (or its `messages` tab). Does not wait for the app."""
        home = self.views.homes.get(user)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": self.dm_channel(user).channel_id,
            "tab": tab,
            "event_ts": self.new_ts(),
            **({"view": home.json()} if home else {}),
        }
        self._tell("app_home_opened", event)

    # In a message

    def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
    ) -> Ack:
        """Press a button of a message, or choose `value` in one of its menus.

        The app may answer by opening a modal, which is `view(user)` when it has come:
        `wait_until(lambda: view(user))`, then `fill` and `submit`.
        """
        place = self._place(user, channel)
        message = self.message(channel, ts, user=user)
        item = _item(message, action_id, block_id)
        state = None
        if item.keeps_state or item.element["type"] == "overflow":
            state = entered(item.element, value, people=self.names())
        values: dict[str, dict[str, Any]] = {}
        for one in placed(message.blocks):
            if one.keeps_state:
                held = state if one == item else at_first(one.element)
                values.setdefault(one.place[0], {})[one.place[1]] = held
        container = {
            "type": "message",
            "message_ts": ts,
            "channel_id": place.channel_id,
            "is_ephemeral": message.only_for is not None,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        }
        payload = {
            **self._who("block_actions", user),
            "container": container,
            "trigger_id": self.trigger(user),
            "channel": {"id": place.channel_id, "name": place.shown_name},
            **({} if message.only_for else {"message": message.json()}),
            "state": {"values": values},
            "response_url": self.response_url(user, place.channel_id, message),
            "actions": [action(item, state, self.new_ts())],
        }
        return self.delivery.ask(INTERACTION, payload)


def _item(message: Message, action_id: str, block_id: str | None) -> Placed:
    for item in placed(message.blocks):
        if item.place[1] == action_id and block_id in (None, item.place[0]):
            return item
    there = ", ".join(item.place[1] for item in placed(message.blocks))
    raise EntryError(f"the message has no {action_id!r}; it has {there or 'nothing to use'}")
