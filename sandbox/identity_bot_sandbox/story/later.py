"""What happens when nobody does anything: the clock is set forward, and what is due by then happens."""

from __future__ import annotations

from datetime import timedelta

from identity_bot_sandbox.story.story import INDIGO, INTAKE, LINDEN, MARLO, TEAM, Life, Story


def play(story: Story) -> None:
    """Play it, after the lives of the tickets; raises StoryError at the first step that does not happen."""
    ticket = Forgotten(story)
    ticket.begins()
    story.weekend_passes()
    ticket.is_in_the_digest()
    ticket.is_not_answered()
    ticket.gets_a_date()
    story.weekend_passes()
    ticket.is_overdue()
    ticket.is_done()
    ticket.pleases()
    month_ends(story)


class Forgotten(Life):
    """Nobody answers it in time, its target date passes, and in the end its requestor is satisfied all the same."""

    def begins(self) -> None:
        story = self.story
        story.does(MARLO, "types /help mock_auth in #vsp-identity")
        self.slack.command(MARLO, INTAKE, "/help mock_auth")
        story.sees_modal(MARLO, "Which credential?", "the form of mocked authentication opens")
        story.fills(MARLO, team="Education", production="yes", credential="idme", environment="development")
        story.sends(MARLO)
        self.slack.close(MARLO)
        self.issue = story.opens_issue(self.repository, "Mocked authentication: ID.me, Development")
        first = story.sees_message(MARLO, INTAKE, f"<@{MARLO}> We got your", f"|#{self.issue}>")
        self.root = INTAKE, first.ts

    def is_in_the_digest(self) -> None:
        """On Monday at nine the team channel gets what waits for the team."""
        self.story.sees_message(INDIGO, TEAM, "What waits for the team today", f"|#{self.issue}>")

    def is_not_answered(self) -> None:
        """It is urgent, so an answer is due within a business hour."""
        story = self.story
        story.sandbox.clock.forward(hours=1, minutes=1)
        story.sees_clock()
        card = story.card(self.issue)
        story.sees_answer(INDIGO, TEAM, card.ts, f"<@{INDIGO}>", "Nobody has answered ticket")

    def gets_a_date(self) -> None:
        """The engineer promises it for today."""
        today = self.story.sandbox.clock.local().date()
        self.presses(LINDEN, "target", f"sets the target date {today}", value=today.isoformat())
        self.shows("*Target date:*")

    def is_overdue(self) -> None:
        """On Monday the lead looks at what is open."""
        self.story.does(INDIGO, "opens the bot's Home tab")
        self.slack.open_home(INDIGO)
        self.story.sees_home(INDIGO, f"|#{self.issue}>", "Overdue by")

    def is_done(self) -> None:
        """The engineer closes it."""
        self.in_github(LINDEN, "closes the issue as completed", self.github.close)
        self.hears(MARLO, "It's done and closed.")

    def pleases(self) -> None:
        """The requestor is asked how satisfied they are."""
        asked = self.story.sees_answer(MARLO, *self.root, "How satisfied")
        self.story.does(MARLO, "presses Satisfied")
        self.slack.click(MARLO, self.root[0], asked.ts, "idbot:survey:4")
        self.story.sees_answer(MARLO, *self.root, "You answered *Satisfied*")


def month_ends(story: Story) -> None:
    """Some days into the next month the team has got the report of this one."""
    clock = story.sandbox.clock
    now = clock.local()
    clock.to((now.replace(day=1, hour=12) + timedelta(days=31)).replace(day=5))
    story.sees_clock()
    story.sees_message(INDIGO, TEAM, f"Identity requests in {now:%B %Y}")
