"""What people do in the sandbox's Slack: commands, shortcuts, buttons, joining and leaving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack import events
from identity_bot_sandbox.slack.conversation import Conversation
from identity_bot_sandbox.slack.delivery import COMMAND, INTERACTION
from identity_bot_sandbox.slack.entry import EntryError, Placed, action, at_first, entered, placed
from identity_bot_sandbox.slack.model import TEAM, TOKEN, Ack, Channel, Message

TEAM_GROUP = "S0IDENTITY"


class SlackWorld(Conversation):
    """The workspace and what its people do in it; each action returns when the app answered or Slack gave up.

    Actions wait for the app, so don't call them in the server's own thread.
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
        """Use one of the app's global shortcuts."""
        return self.delivery.ask(
            INTERACTION, {**self._who("shortcut", user), "callback_id": callback_id, **self._now(user)}
        )

    def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Ack:
        """Use one of the app's message shortcuts."""
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

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home tab (or its `messages` tab) without waiting for the app."""
        home = self.views.homes.get(user)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": self.dm_channel(user).channel_id,
            "tab": tab,
            "event_ts": self.new_ts(),
            **({"view": home.json()} if home else {}),
        }
        events.tell(self, "app_home_opened", event)

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
        """Press a message's button, or choose `value` in one of its menus.

        If the app opens a modal, wait for it with `wait_until(lambda: view(user))`, then `fill` and `submit`.
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

    def deactivate(self, user: str) -> None:
        """Deactivate a person: they can no longer act, and the app sees them in no channel or group.

        Messages to them fail: chat.postMessage with `channel_not_found`, conversations.open with
        `user_disabled`. Slack has also been seen to accept such a message silently (python-slack-sdk#1156).
        """
        with self.changed:
            self.deactivated.add(user)
            self.views.stacks.pop(user, None)
            self.announce("channel", user=user)

    def reactivate(self, user: str) -> None:
        """Reactivate a person."""
        with self.changed:
            self.deactivated.discard(user)
            self.announce("channel", user=user)

    def archive(self, channel: str) -> None:
        """Archive a channel: nobody can post or click there, and the app's calls fail."""
        self._set_archived(channel, True)

    def unarchive(self, channel: str) -> None:
        """Unarchive a channel."""
        self._set_archived(channel, False)

    def meet(self, person: cast.Character, *channels: str) -> None:
        """Let somebody appear in the workspace and in channels: a new member, a bot, or somebody from elsewhere."""
        with self.changed:
            self.people[person.slack_id] = person
        for channel in channels:
            self.invite(person.slack_id, channel)

    def invite(self, user: str, channel: str, *, by: str = "U0INDIGO") -> None:
        """Add a person to a channel."""
        place = self.channel(channel)
        place.members.add(user)
        self._moved("member_joined_channel", user, place, inviter=by)

    def remove(self, user: str, channel: str) -> None:
        """Remove a person from a channel."""
        place = self.channel(channel)
        place.members.discard(user)
        self._moved("member_left_channel", user, place)

    def invite_bot(self, channel: str, *, by: str = "U0INDIGO") -> None:
        """Add the app's bot to a conversation."""
        place = self.channel(channel)
        place.bot_is_member = True
        self._moved("member_joined_channel", cast.BOT_USER_ID, place, inviter=by)

    def remove_bot(self, channel: str) -> None:
        """Remove the app's bot from a channel.

        It can no longer see a private channel. In a public one it may still post with the scope
        `chat:write.public`; without it, posting fails with `not_in_channel`.
        """
        place = self.channel(channel)
        place.bot_is_member = False
        self._moved("member_left_channel", cast.BOT_USER_ID, place)

    def add_to_group(self, user: str, group: str = TEAM_GROUP) -> None:
        """Add a person to a user group, creating it if missing."""
        with self.changed:
            members = self.groups.setdefault(group, [])
            if user not in members:
                members.append(user)
            self.announce("channel", user=user)

    def remove_from_group(self, user: str, group: str = TEAM_GROUP) -> None:
        """Remove a person from a user group."""
        with self.changed:
            self.groups[group] = [one for one in self.groups[group] if one != user]
            self.announce("channel", user=user)

    def _set_archived(self, channel: str, is_archived: bool) -> None:
        with self.changed:
            place = self.channel(channel)
            place.is_archived = is_archived
            self.announce("channel", channel=place.channel_id)

    def _moved(self, event: str, user: str, place: Channel, **more: str) -> None:
        self.announce("channel", channel=place.channel_id, user=user)
        events.tell(
            self,
            event,
            {
                "type": event,
                "user": user,
                "channel": place.channel_id,
                "channel_type": "G" if place.is_private else "C",
                "team": TEAM["id"],
                **more,
                "event_ts": self.new_ts(),
            },
        )


def _item(message: Message, action_id: str, block_id: str | None) -> Placed:
    for item in placed(message.blocks):
        if item.place[1] == action_id and block_id in (None, item.place[0]):
            return item
    there = ", ".join(item.place[1] for item in placed(message.blocks))
    raise EntryError(f"the message has no {action_id!r}; it has {there or 'nothing to use'}")
