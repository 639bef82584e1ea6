"""What happens when nobody does anything: the clock is set forward, and what is due by then happens."""

from __future__ import annotations

from identity_bot_sandbox.story.story import INDIGO, INTAKE, LINDEN, MARLO, Life, Story


def play(story: Story) -> None:
    """Play it, after the lives of the tickets; raises StoryError at the first step that does not happen."""
    ticket = Forgotten(story)
    ticket.begins()
    ticket.gets_a_date()
    story.weekend_passes()
    ticket.is_overdue()


class Forgotten(Life):
    """Its target date passes, and the lead sees it on Monday."""

    def begins(self) -> None:
        story = self.story
        story.does(MARLO, "types /help mock_auth in #vsp-identity")
        self.slack.command(MARLO, INTAKE, "/help mock_auth")
        story.sees_modal(MARLO, "Which credential?", "the form of mocked authentication opens")
        story.fills(MARLO, team="Education", production="no", credential="idme", environment="development")
        story.sends(MARLO)
        self.slack.close(MARLO)
        self.issue = story.opens_issue(self.repository, "Mocked authentication: ID.me, Development")
        first = story.sees_message(MARLO, INTAKE, f"<@{MARLO}> We got your", f"|#{self.issue}>")
        self.root = INTAKE, first.ts

    def gets_a_date(self) -> None:
        """The engineer promises it for today."""
        today = self.story.sandbox.clock.local().date()
        self.presses(LINDEN, "target", f"sets the target date {today}", value=today.isoformat())
        self.shows("*Target date:*")

    def is_overdue(self) -> None:
        """On Monday the lead looks at what is open."""
        self.story.does(INDIGO, "opens the bot's Home tab")
        self.slack.open_home(INDIGO)
        self.story.sees_home(INDIGO, f"|#{self.issue}>", "overdue")
