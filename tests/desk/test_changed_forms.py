"""Common questions that a form leaves out or asks in its own way, and answers to a form that has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from identity_bot import Choice, Form, LongText, Member, Notification, Option, ShortText, YesNo
from identity_bot.desk.past_tickets import PastTickets
from identity_bot.github.issue_body import REQUESTED, body
from identity_bot.messages import words
from identity_bot.plugins import loader
from identity_bot.slack.ticket_modal import ticket_modal
from identity_bot.text.markdown import block
from identity_bot.tickets.model import Action, Audience, CloseReason, Event, Person, Ticket
from identity_bot_sandbox.slack.limits import check_view
from tests.support_desk import COMMON, JUNIPER, Office
from tests.support_outbox import states
from tests.support_plugins import coffee, found

TEAM = "C0TEAM"
OLD = Form(
    title="Coffee",
    questions=[ShortText(name="size", label="Size?"), LongText(name="why", label="Why?")],
)
NEW = Form(
    title="Coffee",
    questions=[
        Choice(
            name="cup", label="Which cup?", options=[Option("L", "A large one"), Option("S", "A small one")]
        ),
        LongText(name="reason", label="For what reason?"),
    ],
)
PROBLEM = "Nobody is awake before the first meeting of the day"
SENT = COMMON | {"size": "large", "why": PROBLEM}


def migrate_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    migrated = dict(answers)
    if "size" in migrated:
        migrated["cup"] = migrated.pop("size")[:1].upper()
    if "why" in migrated:
        migrated["reason"] = migrated.pop("why")
    return migrated


class Cafe(Office):
    """A desk with one request type, whose plugin can be replaced."""

    def install(self, plugin: SimpleNamespace) -> None:
        """Restart with another version of the plugin."""
        self.plugins = loader.load(self.settings, [found("coffee", plugin)])
        self.restart()

    def send(self, values: Mapping[str, Any], by: Person = JUNIPER, view: str = "V1") -> Ticket:
        return self.desk.submit("coffee", values, by, submission=view, origin=None)

    @property
    def card(self) -> str:
        return self.chat.texts(TEAM)[0]


@pytest.fixture
def cafe(tmp_path: Path) -> Iterator[Cafe]:
    made = Cafe(tmp_path, found=[found("coffee", coffee(OLD))])
    yield made
    made.store.close()


# Common questions


def test_a_type_may_ask_for_neither_team_nor_name_nor_urgency(cafe: Cafe) -> None:
    """All that names the requestor still reads well, to the end of a ticket's life."""
    size = [ShortText(name="size", label="Size?")]
    cafe.install(coffee(Form(title="Coffee", questions=size, leave_out=["team", "name", "production"])))

    ticket = cafe.send({"size": "large"}, by=Person(slack_id="U0JUNIPER", handle="juniper.vale"))
    cafe.work()
    cafe.click(ticket, Action.CLOSE, CloseReason.COMPLETED, by="U0INDIGO")
    cafe.work()

    now = cafe.ticket(ticket)
    assert (now.requestor.name, now.requestor.team, now.is_urgent) == ("juniper.vale", "", False)
    [(_, draft)] = cafe.tracker.issues
    assert draft.title == "Coffee: juniper.vale"
    assert draft.body == "**Size?** `large`"
    assert REQUESTED.search(body(now, draft.body))
    assert "*Requestor:* juniper.vale" in cafe.card
    assert "*Team:*" not in cafe.card
    assert "*Urgent:* No" in cafe.card
    assert words.about(now).endswith("requested by juniper.vale")
    assert cafe.desk.last_team("U0JUNIPER") == ""
    assert states(cafe.queue).get("failed") is None


def test_somebody_who_is_not_asked_for_their_name_has_the_one_that_slack_tells(cafe: Cafe) -> None:
    cafe.install(coffee(Form(title="Coffee", questions=OLD.questions, leave_out=["name"])))

    ticket = cafe.send(SENT, by=Person(slack_id="U0JUNIPER", handle="juniper", name="Juniper of Slack"))

    assert ticket.requestor.name == "Juniper of Slack"
    assert "name" not in ticket.answers


def test_a_team_that_is_chosen_is_told_as_people_read_it(cafe: Cafe) -> None:
    teams = Choice(
        name="team", label="Which team?", options=[Option("va1", "Benefits"), Option("va2", "Health")]
    )
    down = YesNo(name="production", label="Is the machine down?", required=False)
    cafe.install(coffee(Form(title="Coffee", questions=[*OLD.questions, down, teams])))

    calm = cafe.send({k: v for k, v in SENT.items() if k != "production"} | {"team": "va2"})
    urgent = cafe.send(SENT | {"team": "va1", "production": True}, view="V2")
    cafe.work()

    assert (calm.requestor.team, calm.answers["team"], calm.is_urgent) == ("Health", "va2", False)
    assert (urgent.requestor.team, urgent.is_urgent) == ("Benefits", True)
    (_, first), (_, second) = cafe.tracker.issues
    assert (first.title, second.title) == ("Coffee: Health", "Coffee: Benefits")
    assert first.body.endswith("**Which team?** `Health`\n\n**Your name** `Juniper Vale`")
    assert "*Team:* Health" in cafe.card
    assert "Which team?" not in cafe.card
    assert cafe.desk.last_team("U0JUNIPER") == "Benefits"


# Answers to a form that has changed


def test_answers_to_a_form_that_has_changed_are_migrated_wherever_they_are_shown(cafe: Cafe) -> None:
    told: list[Any] = []
    ticket = cafe.send(SENT)

    def notify(ticket: Ticket, event: Event) -> list[Notification]:
        told.append(("notify", ticket.answers))
        return [Notification(to=Audience.REQUESTOR, text=f"Cup {ticket.answers['cup']}.")]

    def deliver(ticket: Ticket) -> None:
        told.append(("deliver", ticket.answers))

    cafe.install(coffee(NEW, migrate_answers=migrate_answers, notify=notify, deliver=deliver))
    cafe.work()

    [(_, draft)] = cafe.tracker.issues
    assert "**Which cup?** `A large one`" in draft.body
    assert f"### For what reason?\n\n{block(PROBLEM)}" in draft.body
    assert f"*Which cup?*\nA large one\n*For what reason?*\n{PROBLEM}" in cafe.card
    assert {hook for hook, _ in told} == {"notify", "deliver"}
    expected = COMMON | {"cup": "L", "reason": PROBLEM}
    assert all(answers == expected for _, answers in told)
    assert cafe.ticket(ticket).answers == SENT


def test_somebody_who_was_chosen_has_a_name_under_the_new_question_too(cafe: Cafe) -> None:
    cafe.chat.names["U0SAGE"] = "Sage Hollowell"
    who, whom = (Form(title="Coffee", questions=[Member(name=name, label=name)]) for name in ("who", "whom"))
    cafe.install(coffee(who))
    cafe.send(COMMON | {"who": {"id": "U0SAGE", "name": ""}})

    cafe.install(
        coffee(
            whom, migrate_answers=lambda answers: {"whom" if k == "who" else k: v for k, v in answers.items()}
        )
    )
    cafe.work()

    assert "**whom** `Sage Hollowell`" in cafe.tracker.issues[0][1].body
    assert "*whom*\nSage Hollowell" in cafe.card


def test_a_past_ticket_answers_with_its_migrated_words(cafe: Cafe) -> None:
    """An answer to a question that is gone is not among them: it may be of any kind."""
    ticket = cafe.send(SENT)
    cafe.work()
    cafe.click(ticket, Action.CLOSE, CloseReason.COMPLETED, by="U0INDIGO")
    cafe.work()

    told = []
    for plugin in (coffee(NEW), coffee(NEW, migrate_answers=migrate_answers)):
        cafe.install(plugin)
        told += [one.text for one in PastTickets(cafe.store, cafe.plugins, cafe.settings).search(PROBLEM)]

    assert told == ["", block(PROBLEM)]


def test_the_ticket_in_a_modal_is_shown_whatever_its_form_was(cafe: Cafe) -> None:
    """It shows no answers, and who requested it stays who it was."""
    ticket = cafe.send(SENT)
    cafe.work()
    cafe.install(coffee(Form(title="Coffee", questions=NEW.questions, leave_out=["team", "name"])))

    details = cafe.context.overview.details(cafe.ticket(ticket), JUNIPER.slack_id)

    assert details
    shown = str(ticket_modal(details, "Coffee", cafe.people, cafe.clock.now))
    assert "*Requestor:* Juniper Vale" in shown
    assert "*Team:* Benefits" in shown
    assert check_view(ticket_modal(details, "Coffee", cafe.people, cafe.clock.now)) == []


def test_a_card_is_drawn_again_with_migrated_answers(cafe: Cafe) -> None:
    ticket = cafe.send(SENT)
    cafe.work()
    assert f"*Size?*\nlarge\n*Why?*\n{PROBLEM}" in cafe.card

    cafe.install(coffee(NEW, migrate_answers=migrate_answers))
    cafe.click(ticket, Action.PRIORITY, "high", by="U0INDIGO")
    cafe.work()

    assert f"*Which cup?*\nA large one\n*For what reason?*\n{PROBLEM}" in cafe.card
    assert "*Priority:* high" in cafe.card


def test_without_a_migration_answers_are_shown_as_they_were(cafe: Cafe) -> None:
    cafe.send(SENT)

    cafe.install(coffee(NEW))
    cafe.work()

    [(_, draft)] = cafe.tracker.issues
    assert "**size** `large`" in draft.body
    assert f"**why** `{PROBLEM}`" in draft.body
    assert f"*size*\nlarge\n*why*\n{PROBLEM}" in cafe.card


@pytest.mark.parametrize(
    "wrong",
    [lambda answers: answers["cup"], lambda: ["large"], lambda: {1: "x"}, lambda: {"cup": object()}],
    ids=["raises", "a list", "no names", "no JSON"],
)
def test_a_migration_that_fails_leaves_the_answers_as_they_were(
    cafe: Cafe, wrong: Callable[..., Any]
) -> None:
    cafe.send(SENT)

    cafe.install(coffee(NEW, migrate_answers=wrong))
    cafe.work()

    [(_, draft)] = cafe.tracker.issues
    assert "**size** `large`" in draft.body
    assert f"*size*\nlarge\n*why*\n{PROBLEM}" in cafe.card
    [alert] = [text for text in cafe.chat.texts(TEAM) if "failed in" in text]
    assert "`coffee` failed in `migrate_answers`" in alert


def test_a_migration_cannot_change_what_is_kept_and_is_not_called_for_no_answers(cafe: Cafe) -> None:
    calls: list[Any] = []

    def spoil(answers: dict[str, Any]) -> None:
        calls.append(dict(answers))
        answers.clear()

    cafe.install(coffee(OLD, migrate_answers=spoil))
    request_type = cafe.plugins.types["coffee"]
    ticket = cafe.send(SENT)

    assert request_type.migrated(ticket) == ticket
    assert calls[-1] == SENT
    count = len(calls)
    empty = Ticket(id=ticket.id, type="coffee", requestor=JUNIPER, answers={}, submitted_at=0.0)
    assert request_type.migrated(empty) is empty
    assert len(calls) == count
