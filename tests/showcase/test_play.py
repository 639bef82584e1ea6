"""A showcase is a whole life on a desk in memory, whatever the plugin does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from marshmallow import ValidationError

from identity_bot import Audience, Event, EventKind, Form, IssueDraft, Notification, ShortText, When, YesNo
from identity_bot.showcase import life
from identity_bot.showcase.values import Kind, Life, Showcase
from identity_bot.tickets.model import EventKind as AllEvents
from identity_bot_sandbox.slack.limits import check_message, check_view
from tests.showcase.conftest import Played
from tests.support_desk import SETTINGS
from tests.support_plugins import SENSITIVE, coffee, module

SHIPPED = ("data_pull", "mock_auth", "pr_review")


def usual(case: Showcase) -> Life:
    return next(life for life in case.lives if life.kind is Kind.USUAL)


def texts(case: Showcase, to: str = "") -> list[str]:
    """What is said in the usual life, to everybody or to some."""
    return [one.text for moment in usual(case).moments for one in moment.messages if to in ("", one.to)]


def broken() -> None:
    raise ValueError("boom")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_event_of_the_lifecycle_is_shown(shipped: Mapping[str, Showcase], name: str) -> None:
    events = [event for moment in usual(shipped[name]).moments for event in moment.events]

    assert set(events) == {kind.value for kind in set(AllEvents) - life.OF_APPROVAL - life.OF_CLOCKS}
    assert events[0] == "created"


def test_a_request_that_needs_approval_is_declined_and_approved(shipped: Mapping[str, Showcase]) -> None:
    sensitive = next(one for one in shipped["data_pull"].lives if one.kind is Kind.SENSITIVE)

    events = [event for moment in sensitive.moments for event in moment.events]

    assert set(events) == {kind.value for kind in set(AllEvents) - life.OF_CLOCKS}
    assert events[:6] == ["created", "declined", "closed", "reopened", "approval needed", "approved"]


@pytest.mark.parametrize("name", SHIPPED)
def test_slack_takes_every_form_and_every_message(shipped: Mapping[str, Showcase], name: str) -> None:
    case = shipped[name]
    messages = [one for life in case.lives for moment in life.moments for one in moment.messages]

    assert len(messages) > 15
    for view in (case.form, *(branch.view for branch in case.branches)):
        assert check_view(view) == []
    for one in messages:
        assert check_message({"text": one.text, "blocks": list(one.blocks)}) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_each_moment_tells_somebody(shipped: Mapping[str, Showcase], name: str) -> None:
    for one in shipped[name].lives:
        assert all(moment.messages for moment in one.moments)


def test_the_issue_is_what_github_would_get(shipped: Mapping[str, Showcase]) -> None:
    issue = usual(shipped["pr_review"]).issue

    assert issue
    assert issue.repository == "sandbox-org/identity-requests"
    assert issue.title == "PR review: vets-api pull request 7 (Benefits Claims)"
    assert issue.labels == ("identity-slackbot", "pr_review")
    assert issue.body.startswith("<!-- identity-bot:status -->\nRequested by `Juniper Vale`")
    assert "https://redirect.github.com/sandbox-org/vets-api/pull/7" in issue.body


def test_an_urgent_request_is_assigned_to_the_leads_who_are_told(shipped: Mapping[str, Showcase]) -> None:
    urgent = next(life for life in shipped["pr_review"].lives if life.kind is Kind.URGENT)

    assert urgent.issue
    assert urgent.issue.assignees == ("indigo-marshwick", "sage-hollowell")
    card = urgent.moments[0].messages[0]
    assert card.to == "card"
    assert "<@U0INDIGO>" in card.text
    assert [moment.events[0] for moment in urgent.moments] == ["created"]


def test_a_sensitive_request_says_nothing_of_its_content_in_slack(shipped: Mapping[str, Showcase]) -> None:
    sensitive = next(life for life in shipped["data_pull"].lives if life.kind is Kind.SENSITIVE)
    said = str([moment.messages for moment in sensitive.moments])

    assert sensitive.issue
    assert sensitive.issue.repository == "sandbox-org/identity-restricted"
    assert "Sign-in stops" in sensitive.issue.body
    assert "Sign-in stops" not in said
    assert "in a direct message" in said


def test_only_types_that_can_be_sensitive_show_it(shipped: Mapping[str, Showcase]) -> None:
    assert [life.kind for life in shipped["mock_auth"].lives] == [Kind.USUAL, Kind.URGENT]


def test_a_type_without_common_questions_lives_a_usual_life_by_the_name_in_slack(played: Played) -> None:
    size = [ShortText(name="size", label="Size?")]
    form = Form(title="Coffee", questions=size, leave_out=["team", "name", "production"])

    showcase = played(coffee=coffee(form))

    assert showcase.failures == ()
    [life] = showcase.lives
    assert life.problems == ()
    assert life.issue
    assert life.issue.title == "Coffee: Juniper Vale"
    assert "Requested by `Juniper Vale` (in Slack `juniper`) · reference" in life.issue.body
    assert life.moments[-1].events


def test_a_plugin_and_an_observer_have_their_say(played: Played) -> None:
    def notify(event: Event) -> list[Notification]:
        is_new = event.kind is EventKind.CREATED
        return [Notification(to=Audience.INTAKE, text="Coffee is on its way.")] if is_new else []

    def observe(event: Event) -> list[Notification]:
        return [Notification(to=Audience.TEAM, text=f"Counted: {event.kind.value}.")]

    case = played(coffee=coffee(notify=notify), counter=module(notify=observe))

    assert texts(case, "intake")[0] == "Coffee is on its way."
    expected = {f"Counted: {kind.value}." for kind in set(EventKind) - life.OF_APPROVAL - life.OF_CLOCKS}
    assert expected == set(texts(case, "team"))
    assert case.failures == ()


def test_the_operator_s_own_words_are_shown(played: Played) -> None:
    toml = f'{SETTINGS}\n[messages]\n"prioritized.requestor" = "It is now {{priority}}!"\n'

    case = played(toml=toml, coffee=coffee())

    assert any("It is now high!" in text for text in texts(case, "requestor"))


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ({"notify": broken}, "notify of the plugin 'coffee' failed with ValueError: boom (test_play.py:"),
        ({"notify": lambda: ["hello"]}, "notify of the plugin 'coffee' failed with TypeError: found str"),
        ({"render_issue": broken}, "render_issue of the plugin 'coffee' failed with ValueError: boom"),
        ({"render_issue": lambda: "text"}, "render_issue of the plugin 'coffee' failed with TypeError"),
        ({"validate": broken}, "validate of the plugin 'coffee' failed with ValueError: boom"),
        ({"validate": lambda: exit(3)}, "validate of the plugin 'coffee' failed with SystemExit: 3"),
    ],
)
def test_a_hook_that_fails_is_named_once_and_the_rest_goes_on(
    played: Played, hooks: dict[str, Any], said: str
) -> None:
    case = played(coffee=coffee(**hooks))

    assert len(case.failures) == 1
    assert case.failures[0].startswith(said)
    assert {event for moment in usual(case).moments for event in moment.events} == {
        kind.value for kind in set(EventKind) - life.OF_APPROVAL - life.OF_CLOCKS
    }


def test_an_observer_that_fails_is_named_instead_of_the_type(played: Played) -> None:
    case = played(coffee=coffee(), counter=module(notify=broken))

    assert case.failures[0].startswith("notify of the plugin 'counter' failed with ValueError: boom")


def test_sample_answers_that_a_plugin_refuses_are_said_to_be_so(played: Played) -> None:
    case = played(coffee=coffee(validate=lambda: {"size": "We have run out of coffee."}))

    assert usual(case).problems == ("Size: We have run out of coffee.",)
    assert usual(case).issue is None
    assert case.form["blocks"]


def test_a_placeholder_gives_the_sample_that_a_strict_question_takes(played: Played) -> None:
    def number(text: str) -> str:
        if not text.startswith("PO-"):
            raise ValidationError("Please enter the number of an order, such as PO-17.")
        return text

    strict = ShortText(name="order", label="Order", parse=number)
    refused = played(coffee=coffee(Form(title="Coffee", questions=[strict])))
    taken = played(
        coffee=coffee(Form(title="Coffee", questions=[replace(strict, placeholder="For example: PO-17")]))
    )

    assert usual(refused).problems == ("Order: Please enter the number of an order, such as PO-17.",)
    issue = usual(taken).issue
    assert issue
    assert "PO-17" in issue.body


def test_questions_that_an_answer_adds_are_shown_with_it(played: Played) -> None:
    form = Form(
        title="Coffee",
        questions=[
            YesNo(name="milk", label="Milk?"),
            ShortText(name="which", label="Which milk?", shown_when=When("milk", True)),
        ],
    )

    case = played(coffee=coffee(form))

    assert [(one.when, one.questions) for one in case.branches] == [("“Milk?” is Yes", ("which",))]
    assert "Which milk?" in str(case.branches[0].view)
    assert "Which milk?" not in str(case.form)


def test_a_form_of_one_sensitive_question_is_played_in_both_ways(played: Played) -> None:
    assert [life.kind for life in played(coffee=coffee(SENSITIVE)).lives] == list(Kind)


def test_nothing_is_logged_where_it_could_be_seen(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    played(coffee=coffee(notify=broken))

    assert capsys.readouterr() == ("", "")
    assert logging.getLogger("identity_bot").propagate


def test_a_long_issue_and_long_answers_stay_within_slack_s_limits(played: Played) -> None:
    case = played(coffee=coffee(render_issue=lambda: IssueDraft(title="T" * 300, body="b" * 60_000)))

    for moment in usual(case).moments:
        for one in moment.messages:
            assert check_message({"text": one.text, "blocks": list(one.blocks)}) == []


def test_a_showcase_delivers_nothing(played: Played) -> None:
    delivered: list[Event] = []

    played(coffee=coffee(deliver=lambda event: delivered.append(event)))

    assert delivered == []
