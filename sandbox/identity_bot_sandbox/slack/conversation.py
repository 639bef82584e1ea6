"""What people say in the sandbox's Slack: they post, edit, delete, share files and react."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity_bot_sandbox.slack import events
from identity_bot_sandbox.slack.entry import EntryError
from identity_bot_sandbox.slack.modals import Modals
from identity_bot_sandbox.slack.model import Channel, Message, SlackFile


class Conversation(Modals):
    """What people say; the app is told without waiting, wherever its bot is a member."""

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[SlackFile] = (),
        blocks: Sequence[Mapping[str, Any]] = (),
        is_broadcast: bool = False,
    ) -> str:
        """Post a message and return its ts; `is_broadcast` also sends a reply to the channel.

        Slack's clients send the same words as `blocks` of rich text. A bot's message has a `bot_id`.
        """
        place = self._place(user, channel)
        if is_broadcast and thread_ts is None:
            raise EntryError("only a reply in a thread can be sent to the channel too")
        message = self.post(
            place.channel_id,
            user,
            text,
            thread_ts=thread_ts,
            files=tuple(files),
            blocks=self.completed(blocks),
            is_broadcast=is_broadcast,
            bot_id=f"B{user[1:]}" if self.people[user].is_bot else "",
        )
        events.posted(self, message)
        return message.ts

    def workflow_says(self, name: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Let a workflow post a message and return its ts; such a message has a `username` and no `user`."""
        place = self.channel(channel)
        message = self.post(
            place.channel_id, "", text, thread_ts=thread_ts, bot_id="B0WORKFLOW", username=name
        )
        events.posted(self, message)
        return message.ts

    def edit_message(
        self, user: str, channel: str, ts: str, text: str, *, blocks: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Edit a message of one's own; the same text again leaves no trace."""
        with self.changed:
            message = self._own(user, channel, ts)
            if text != message.text:
                changes = {"text": text, "blocks": self.completed(blocks), "edited_ts": self.new_ts()}
                events.changed(self, message, self.edit(message, **changes))

    def delete_message(self, user: str, channel: str, ts: str) -> None:
        """Delete a message of one's own."""
        with self.changed:
            message = self._own(user, channel, ts)
            self.delete(message)
            events.deleted(self, message)

    def unfurl(self, channel: str, ts: str, *attachments: Mapping[str, Any]) -> None:
        """Let Slack add previews of links to a message: it changes, though nobody edited it."""
        with self.changed:
            message = self.message(channel, ts)
            shown = (*message.attachments, *attachments)
            events.changed(self, message, self.edit(message, attachments=shown))

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add an emoji to a message, by its name without colons; a second time leaves no trace."""
        with self.changed:
            message = self._sought(user, channel, ts)
            if (name, user) not in message.reactions:
                self.edit(message, reactions=(*message.reactions, (name, user)))
                events.reacted(self, user, message, name)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Remove one's own emoji from a message."""
        with self.changed:
            message = self._sought(user, channel, ts)
            if (name, user) in message.reactions:
                left = tuple(one for one in message.reactions if one != (name, user))
                self.edit(message, reactions=left)
                events.reacted(self, user, message, name, is_removed=True)

    def _sought(self, user: str, channel: str, ts: str) -> Message:
        """A message that everyone in the conversation sees, if the person can act there."""
        message = self._place(user, channel).messages.get(ts)
        if message is None or message.is_tombstone:
            raise EntryError("there is no such message anymore")
        return message

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self._sought(user, channel, ts)
        if message.user != user:
            raise EntryError(f"the message is not {self.people[user].name}'s own")
        return message

    def _place(self, user: str, channel: str) -> Channel:
        """The conversation, if the person can act in it; raises EntryError otherwise."""
        place = self.channel(channel)
        if user in self.deactivated:
            raise EntryError(f"{self.people[user].name} has left the workspace")
        if user not in place.members:
            raise EntryError(f"{self.people[user].name} is not in {place.name}")
        if place.is_archived:
            raise EntryError(f"{place.name} is archived")
        return place
