"""Who is where in the sandbox's Slack: channels joined, left and archived, user groups, and people who have left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.entry import EntryError
from identity_bot_sandbox.slack.modals import TOKEN, Modals
from identity_bot_sandbox.slack.values import TEAM, Channel

TEAM_GROUP = "S0IDENTITY"


class Membership(Modals):
    """The workspace and what changes in who belongs where; the app is told of what it subscribed to."""

    def deactivate(self, user: str) -> None:
        """Let somebody leave the workspace: they act no more, and are in no channel or group for the app.

        What the app sends them is refused: chat.postMessage by `channel_not_found`, conversations.open by
        `user_disabled`. Slack has also been seen to take such a message in silence (python-slack-sdk#1156).
        """
        with self.changed:
            self.deactivated.add(user)
            self.views.stacks.pop(user, None)
            self.announce("channel", user=user)

    def reactivate(self, user: str) -> None:
        """Let somebody who has left come back to where they were."""
        with self.changed:
            self.deactivated.discard(user)
            self.announce("channel", user=user)

    def archive(self, channel: str) -> None:
        """Close a channel for good: nobody writes or clicks there, and the app is refused."""
        self._set_archived(channel, True)

    def unarchive(self, channel: str) -> None:
        """Open an archived channel again."""
        self._set_archived(channel, False)

    def invite(self, user: str, channel: str, *, by: str = "U0INDIGO") -> None:
        """Take somebody into a channel."""
        place = self.channel(channel)
        place.members.add(user)
        self._moved("member_joined_channel", user, place, inviter=by)

    def remove(self, user: str, channel: str) -> None:
        """Take somebody out of a channel."""
        place = self.channel(channel)
        place.members.discard(user)
        self._moved("member_left_channel", user, place)

    def invite_bot(self, channel: str, *, by: str = "U0INDIGO") -> None:
        """Take the app's bot into a conversation."""
        place = self.channel(channel)
        place.bot_is_member = True
        self._moved("member_joined_channel", cast.BOT_USER_ID, place, inviter=by)

    def remove_bot(self, channel: str) -> None:
        """Take the app's bot out of a channel.

        A private one does not exist for it any more. In a public one it may still post while it has the scope
        `chat:write.public`, and is `not_in_channel` without.
        """
        place = self.channel(channel)
        place.bot_is_member = False
        self._moved("member_left_channel", cast.BOT_USER_ID, place)

    def add_to_group(self, user: str, group: str = TEAM_GROUP) -> None:
        """Make somebody a member of a user group, which comes to be if it was not there."""
        with self.changed:
            members = self.groups.setdefault(group, [])
            if user not in members:
                members.append(user)
            self.announce("channel", user=user)

    def remove_from_group(self, user: str, group: str = TEAM_GROUP) -> None:
        """Take somebody out of a user group."""
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
        self._tell(
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

    def _place(self, user: str, channel: str) -> Channel:
        """A conversation in which somebody wants to act; raises EntryError where they cannot."""
        place = self.channel(channel)
        if user in self.deactivated:
            raise EntryError(f"{self.people[user].name} has left the workspace")
        if user not in place.members:
            raise EntryError(f"{self.people[user].name} is not in {place.name}")
        if place.is_archived:
            raise EntryError(f"{place.name} is archived")
        return place

    def _tell(self, name: str, event: Mapping[str, Any]) -> None:
        if name not in self.events:
            return
        self.delivery.tell(
            {
                "token": TOKEN,
                "team_id": TEAM["id"],
                "api_app_id": cast.APP_ID,
                "type": "event_callback",
                "event": event,
                "event_id": self.new_id("Ev"),
                "event_time": int(self.clock()),
                "is_ext_shared_channel": False,
                "authorizations": [
                    {
                        "enterprise_id": None,
                        "team_id": TEAM["id"],
                        "user_id": cast.BOT_USER_ID,
                        "is_bot": True,
                        "is_enterprise_install": False,
                    }
                ],
            }
        )
