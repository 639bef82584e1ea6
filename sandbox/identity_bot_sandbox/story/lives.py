"""A problem that an article solves, and three tickets, one of each type, from the command to the last message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.model import Message
from identity_bot_sandbox.story import later
from identity_bot_sandbox.story.story import (
    GENERAL,
    INDIGO,
    INTAKE,
    JUNIPER,
    LINDEN,
    LOGINS,
    MARLO,
    NAMES,
    PLACES,
    ROWAN,
    SAGE,
    TEAM,
    Life,
    Story,
    plain,
)

SECRET = "sign-ins by credential for the pilot cohort"


def play(story: Story) -> None:
    """Play the whole story; raises StoryError at the first step that does not happen."""
    is_answered_before_the_form_is_sent(story)
    lives: Sequence[Life] = (Review(story), DataPull(story), MockedAuth(story))
    for life in lives:
        life.begins()
    # Interleave the tickets, so that the changes of each are seconds apart.
    steps = [list(life.steps()) for life in lives]
    for number in range(max(map(len, steps))):
        for life, one in zip(lives, steps, strict=True):
            if number < len(one):
                life.goes_on(one[number])
    asks_the_host_bot(story)
    later.play(story)
    nothing_sensitive_was_shown(story)


class Review(Life):
    """A pull request is reviewed, all of it from Slack; the requestor sends it back once."""

    def __init__(self, story: Story) -> None:
        super().__init__(story)
        self.asked: list[Message] = []
        """The messages that asked the requestor to try it."""

    def begins(self) -> None:
        story = self.story
        story.does(JUNIPER, "types /help in #vsp-identity")
        self.slack.command(JUNIPER, INTAKE, "/help")
        story.sees_modal(JUNIPER, "What do you need?", "the list of request types opens")
        story.does(JUNIPER, "chooses “PR review”")
        self.slack.act(JUNIPER, "idbot:type", "pr_review")
        story.sees_modal(JUNIPER, "Link to the pull request", "the form of a PR review opens")
        story.fills(
            JUNIPER, team="Benefits Claims", production="no", tested="yes", pull_request="https://va.gov/pull"
        )
        problems = self.slack.submit(JUNIPER)
        story.check("the wrong link is refused at its question", lambda: "idbot:q:pull_request" in problems)
        story.saw(JUNIPER, f"the form says at the link: {problems['idbot:q:pull_request']}")
        link = "https://github.com/sandbox-org/vets-api/pull/12/files?w=1#discussion_r7"
        story.fills(JUNIPER, pull_request=link)
        story.sends(JUNIPER)
        self.issue = story.opens_issue(self.repository, "PR review: vets-api pull request 12")
        story.sees_modal(JUNIPER, f"|#{self.issue}>", "the modal shows the ticket's number")
        self.slack.close(JUNIPER)
        first = story.sees_message(JUNIPER, INTAKE, f"<@{JUNIPER}> We got your", f"|#{self.issue}>")
        self.root = INTAKE, first.ts
        for person in (INDIGO, SAGE, LINDEN):
            story.sees_message(person, TEAM, f"|#{self.issue}>", "PR review")

    def steps(self) -> Sequence[Callable[[], None]]:
        return (
            self.gets_a_priority,
            self.is_taken,
            self.is_talked_about,
            self.gets_a_date,
            self.is_ready,
            self.is_sent_back,
            self.is_ready,
            self.is_accepted,
            self.is_released,
            self.is_closed,
        )

    def gets_a_priority(self) -> None:
        """The lead says how soon its turn comes."""
        self.presses(INDIGO, "priority", "sets the priority to high", value="high")
        self.hears(JUNIPER, "high")
        self.shows("*Priority:* high", "*Stage:* Prioritized")

    def is_taken(self) -> None:
        """An engineer takes it."""
        self.presses(LINDEN, "take", "takes it")
        self.hears(JUNIPER, f"<@{LINDEN}>")
        self.shows(f"*Assigned to:* <@{LINDEN}>", "*Stage:* Assigned")

    def is_talked_about(self) -> None:
        """The engineer asks in GitHub, the requestor replies in Slack, and a look at Home shows how far it is."""
        story, question, answer = self.story, "Which page does this change?", "The one *after* sign-in."
        self.in_github(LINDEN, f"comments: {question}", self.github.comment, question)
        story.sees_answer(JUNIPER, *self.root, NAMES[LINDEN], question)
        story.does(JUNIPER, f"replies in the thread: {answer}")
        self.slack.say(JUNIPER, self.root[0], answer, thread_ts=self.root[1])
        copied = f"`{NAMES[JUNIPER]}` replied in Slack:\n\nThe one **after** sign-in."
        story.sees_comment(LINDEN, self.repository, self.issue, copied)
        story.does(JUNIPER, "opens the bot's Home tab")
        self.slack.open_home(JUNIPER)
        story.sees_home(JUNIPER, f"|#{self.issue}>", "Assigned", "Next, they set a target date.")

    def gets_a_date(self) -> None:
        """The engineer says until when."""
        self.presses(
            LINDEN, "target", f"sets the target date {self.story.due}", value=self.story.due.isoformat()
        )
        self.hears(JUNIPER, day(self.story.due))
        self.shows(f"*Target date:* {day(self.story.due)}", "*Stage:* In progress")

    def is_ready(self) -> None:
        """The requestor is asked to try it."""
        self.presses(LINDEN, "uat", "presses “Ready for UAT”")
        self.shows("*Stage:* Ready for UAT")
        asked = self.story.check("Juniper is asked to try it", self._asks)
        self.asked.append(asked[-1])
        self.story.saw(
            JUNIPER, f"in the thread in #vsp-identity: {plain(asked[-1].text)} [Accept] [Needs work]"
        )

    def _asks(self) -> list[Message]:
        """The messages with buttons to answer that have not been answered yet."""
        answers = self.slack.thread(*self.root)[1:]
        before = {message.ts for message in self.asked}
        return [one for one in answers if "idbot:action:accept" in str(one.blocks) and one.ts not in before]

    def is_sent_back(self) -> None:
        """The requestor finds something missing; whoever works on it hears what."""
        story, reason = self.story, "The new error page has no way back."
        story.does(JUNIPER, f"presses “Needs work” and writes: {reason}")
        story.presses(JUNIPER, INTAKE, self.asked[-1], "reject", reason=reason)
        self.shows("*Stage:* In progress")
        card = story.card(self.issue, self.repository)
        story.sees_answer(LINDEN, TEAM, card.ts, f"<@{LINDEN}>", reason)

    def is_accepted(self) -> None:
        """The requestor tries it again."""
        self.story.does(JUNIPER, "presses “Accept”")
        self.story.presses(JUNIPER, INTAKE, self.asked[-1], "accept")
        self.shows("*Stage:* Accepted")

    def is_released(self) -> None:
        """The engineer has released it."""
        self.presses(LINDEN, "release", "presses “Mark released”")
        self.hears(JUNIPER, "released")
        self.shows("*Stage:* Released")

    def is_closed(self) -> None:
        """The lead closes it; the intake channel hears of that, too."""
        self.presses(INDIGO, "close", "closes it as completed", value="completed")
        self.hears(JUNIPER, "done and closed")
        self.story.sees_message(ROWAN, INTAKE, "Ticket <", f"|#{self.issue}>", "closed")
        self.shows("*Stage:* Closed")
        self.story.check("GitHub says who took each action", self._credits_each_action)

    def _credits_each_action(self) -> bool:
        # The comment that credits an action follows it.
        said = (one.body for one in self.github.comments(self.repository, self.issue))
        comments = [body for body in said if "via Slack." in body]
        return len(comments) == 9 and all(NAMES[INDIGO] in comments[at] for at in (0, 8))


class DataPull(Life):
    """Sensitive data is asked for: in the restricted repository, by direct message, and moved by comments in GitHub."""

    repository = cast.RESTRICTED_REPOSITORY

    def begins(self) -> None:
        story = self.story
        story.does(MARLO, "types /help data_pull in #vsp-identity")
        self.slack.command(MARLO, INTAKE, "/help data_pull")
        story.sees_modal(MARLO, "What data do you need?", "the form of a data pull opens at once")
        story.fills(MARLO, team="Education", production="yes", sensitive="yes", data_needed=SECRET)
        story.sends(MARLO)
        self.slack.close(MARLO)
        self.issue = story.opens_issue(self.repository, "Data pull for Education: sensitive")
        direct = self.slack.dm_channel(MARLO).channel_id
        PLACES[direct] = "a direct message"
        first = story.sees_message(MARLO, direct, f"<@{MARLO}> We got your", f"#{self.issue} *Data pull*")
        self.root = direct, first.ts
        story.sees_message(SAGE, TEAM, f"#{self.issue}>", "Urgent", f"<@{INDIGO}>", "Data pull")

    def steps(self) -> Sequence[Callable[[], None]]:
        return (
            self.gets_a_spoc,
            self.is_assigned,
            self.gets_a_date,
            self.changes_its_date,
            self.is_approved,
            self.is_closed,
        )

    def says(self, person: str, command: str) -> None:
        """Somebody writes a command below the issue, which is answered by a reaction."""
        self.in_github(person, f"writes {command}", self.github.comment, command)
        self.story.check(
            f"{command} gets a thumbs-up",
            lambda: (
                [one.content for one in self.github.comments(self.repository, self.issue)[-1].reactions]
                == ["+1"]
            ),
        )

    def is_approved(self) -> None:
        """As it is sensitive; the leads were asked in the thread of the card."""
        self.says(SAGE, "/approve")
        self.shows("*Approval:* approved")
        self.hears(MARLO, "It's approved.")

    def gets_a_spoc(self) -> None:
        """The product lead will speak with the requestor."""
        self.says(INDIGO, "/spoc @sage-hollowell")
        self.shows(f"*SPOC:* <@{SAGE}>")

    def is_assigned(self) -> None:
        """By hand, beside the leads, who were assigned at once as it is urgent."""
        self.in_github(SAGE, "assigns Linden", self.github.assign, LOGINS[LINDEN])
        self.hears(MARLO, f"<@{LINDEN}>")

    def gets_a_date(self) -> None:
        """By a comment."""
        self.says(LINDEN, f"/target {self.story.due}")
        self.hears(MARLO, day(self.story.due))

    def changes_its_date(self) -> None:
        """The requestor and the SPOC hear both dates."""
        self.says(LINDEN, f"/target {self.story.later}")
        self.hears(MARLO, day(self.story.later), day(self.story.due))
        card = self.story.card(self.issue, self.repository)
        self.story.sees_answer(SAGE, TEAM, card.ts, f"<@{SAGE}>", day(self.story.later))

    def is_closed(self) -> None:
        """By hand."""
        self.in_github(SAGE, "closes it as completed", self.github.close, "completed")
        self.hears(MARLO, "done and closed")
        self.shows("*Stage:* Closed")


class MockedAuth(Life):
    """A guest asks from a message; it is critical, closed too soon, reopened, and turns out to be a duplicate."""

    def begins(self) -> None:
        story = self.story
        story.does(ROWAN, "writes a message in #general and chooses “Ask Identity about this” on it")
        ts = self.slack.say(ROWAN, GENERAL, "Mocked sign-in shows an empty list of users since this morning.")
        self.root = GENERAL, ts
        self.slack.message_shortcut(ROWAN, "idbot:ask-about", GENERAL, ts)
        story.sees_modal(ROWAN, "What do you need?", "the list of request types opens")
        self.slack.act(ROWAN, "idbot:type", "mock_auth")
        story.sees_modal(ROWAN, "Which credential?", "the form opens with the message in its comments")
        story.fills(ROWAN, team="Health Records", production="no", credential="logingov", environment="local")
        story.sends(ROWAN)
        self.slack.close(ROWAN)
        self.issue = story.opens_issue(self.repository, "Mocked authentication: Login.gov, Local")
        self.hears(ROWAN, "We got your", f"|#{self.issue}>")
        story.sees_message(ROWAN, INTAKE, f"|#{self.issue}>", "New ticket")

    def steps(self) -> Sequence[Callable[[], None]]:
        return (
            self.is_critical,
            self.is_assigned,
            self.gets_a_date,
            self.is_closed,
            self.is_reopened,
            self.ends,
        )

    def is_critical(self) -> None:
        """The lead finds that it cannot wait."""
        self.presses(INDIGO, "critical", "marks it as critical")
        self.hears(ROWAN, "critical")
        self.shows("*Priority:* critical", "*Stage:* Triaged")

    def is_assigned(self) -> None:
        """At once, without being prioritized."""
        self.presses(INDIGO, "assign", "assigns Linden", value="Linden Brookmere")
        self.hears(ROWAN, f"<@{LINDEN}>")
        self.shows("*Stage:* Assigned")

    def gets_a_date(self) -> None:
        """By a milestone's due date."""
        milestone = self.github.new_milestone(
            self.repository, "Mock data", self.story.due, actor=LOGINS[INDIGO]
        )
        self.in_github(LINDEN, "adds it to a milestone", self.github.set_milestone, milestone.number)
        self.hears(ROWAN, day(self.story.due))

    def is_closed(self) -> None:
        """By hand, as not planned."""
        self.in_github(LINDEN, "closes it as not planned", self.github.close, "not_planned")
        self.hears(ROWAN, "won't be done")
        self.shows("*Stage:* Closed")

    def is_reopened(self) -> None:
        """By the lead."""
        self.presses(INDIGO, "reopen", "reopens it")
        self.hears(ROWAN, "open again")

    def ends(self) -> None:
        """As a duplicate."""
        self.presses(LINDEN, "close", "closes it as a duplicate", value="duplicate")
        self.shows("*Stage:* Closed as a duplicate")
        self.hears(ROWAN, "closed", "another ticket")


def is_answered_before_the_form_is_sent(story: Story) -> None:
    """An article solves what somebody began to describe, so that there is no ticket."""
    slack, problem, title = story.sandbox.slack, "My list of test users stays empty", "No users in the list"
    story.does(MARLO, "types /help mock_auth in #vsp-identity")
    slack.command(MARLO, INTAKE, "/help mock_auth")
    story.sees_modal(MARLO, "Comments", "the form of mocked authentication opens")
    story.does(MARLO, f"writes into the comments: {problem}")
    slack.type_text(MARLO, "idbot:q:comments", problem)
    story.sees_modal(MARLO, f"*{title}*", f"below the comments, an answer appears: {title}")
    story.does(MARLO, "presses “Read”, then “This solved it”")
    blocks = (slack.view(MARLO) or {"blocks": []})["blocks"]
    place = next(one["block_id"] for one in blocks if f"*{title}*" in str(one.get("text")))
    slack.act(MARLO, f"{place}:buttons", action_id="idbot:answer:read")
    story.sees_modal(MARLO, "idbot:answer:buttons", "the whole answer opens above the form")
    slack.act(MARLO, "idbot:answer:buttons", action_id="idbot:answer:solved")
    story.sees_modal(MARLO, "Nothing was filed", "the modal says that nothing was filed")
    slack.close(MARLO)


def asks_the_host_bot(story: Story) -> None:
    """The bot that was there before still answers its own command."""
    slack = story.sandbox.slack
    story.does(LINDEN, "types the host bot's own command /sign-in-status")
    slack.command(LINDEN, INTAKE, "/sign-in-status")
    answers = story.check(
        "the host bot answers its own command",
        lambda: [m for m in slack.ephemerals(LINDEN) if "Sign-in works" in m.text],
    )
    story.saw(LINDEN, f"visible only to {NAMES[LINDEN]}: {plain(answers[0].text)}")


def nothing_sensitive_was_shown(story: Story) -> None:
    """What a sensitive request is about stays in its issue."""
    slack = story.sandbox.slack
    places = (INTAKE, TEAM, slack.dm_channel(MARLO).channel_id)
    shown = [message.text for place in places for message in slack.messages(place, replies=True)]
    story.check("nothing of a sensitive request is shown in Slack", lambda: SECRET not in "\n".join(shown))


def day(when: date) -> str:
    """A date as Slack shows it to people, such as December 1, 2026."""
    return f"{when:%B} {when.day}, {when.year}"
