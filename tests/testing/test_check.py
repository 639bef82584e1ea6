"""check_request_type: a good type passes, and each way of being wrong is named in one line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from identity_bot import (
    Audience,
    Choice,
    Event,
    EventKind,
    Form,
    IssueDraft,
    LongText,
    Notification,
    Number,
    Route,
    ShortText,
    Ticket,
    TypeSettings,
    Url,
    When,
    YesNo,
    default_issue,
    mrkdwn,
)
from identity_bot.slack.listeners import Listeners
from identity_bot.standins import Clock
from identity_bot.testing import PluginError, check_request_type
from tests.support_plugins import coffee, module

DETAILS = LongText(name="details", label="Details")
PLAIN = Form(title="Coffee", questions=[DETAILS])
SECRET = Form(
    title="Coffee", questions=[YesNo(name="secret", label="?"), DETAILS], sensitive_when=When("secret", True)
)


def wrong(plugin: Any, **given: Any) -> list[str]:
    """What is wrong with a plugin, a line each; nothing if it passes."""
    try:
        check_request_type(plugin, name="coffee", **given)
    except AssertionError as error:
        first, *lines = str(error).splitlines()
        assert first.startswith("request type 'coffee': "), first
        return [line.removeprefix("- ") for line in lines]
    return []


def told(text: Callable[[Ticket, Event], str], when: EventKind = EventKind.CREATED) -> Any:
    """A hook that tells the team something."""

    def notify(ticket: Ticket, event: Event) -> list[Notification]:
        if event.kind is not when:
            return []
        return [Notification(to=Audience.TEAM, text=text(ticket, event))]

    return notify


def issue(body: Callable[[Ticket], str]) -> Any:
    """A hook that makes an issue with this body."""

    def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
        return replace(default_issue(ticket, form), body=body(ticket))

    return render_issue


@pytest.mark.parametrize("form", [SECRET, Form(title="Coffee", questions=[])])
def test_a_small_type_passes(form: Form) -> None:
    assert wrong(coffee(form)) == []


def test_an_installed_type_is_named_by_its_name() -> None:
    check_request_type("mock_auth")


def test_all_problems_are_told_at_once() -> None:
    problems = wrong(
        coffee(
            PLAIN,
            validate=lambda: 5,
            render_issue=issue(lambda t: t.answers["details"]),
            notify=lambda: 1 / 0,
        )
    )

    assert len([one for one in problems if one.startswith("validate of")]) >= 1
    assert any(
        one.startswith("notify of the plugin 'coffee' failed with ZeroDivisionError") for one in problems
    )
    assert any(one.startswith("issue: what people type") for one in problems)


# Loading


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (module(notfy=lambda: None), "unknown hook 'notfy'; did you mean 'notify'?"),
        (coffee(form="latte"), "form returned str; expected a Form"),
        (module(form=lambda: 1 / 0), "form failed with ZeroDivisionError"),
        (module(notify=lambda: None), "it has no form hook, so it is an observer"),
    ],
)
def test_a_plugin_that_the_bot_would_skip_is_named_with_the_reason(plugin: Any, said: str) -> None:
    [problem] = wrong(plugin)

    assert said in problem


def test_settings_that_the_bot_would_refuse_are_named() -> None:
    [problem] = wrong(coffee(), settings={"repository": "no"})

    assert problem.startswith("request_types.coffee.repository: ")


def test_a_plugin_that_is_not_installed_is_an_error_of_the_test() -> None:
    with pytest.raises(PluginError, match="no plugin 'tea'; installed: "):
        check_request_type("tea")


# Questions


def parsed(parse: Callable[[str], str]) -> Form:
    return Form(title="Coffee", questions=[replace(DETAILS, parse=parse)])


def refusing(said: str) -> Callable[[Any], None]:
    def validate(answer: Any) -> None:
        if "hostile" in str(answer):
            raise ValidationError(said.format(answer))

    return validate


def test_sample_answers_that_are_refused_are_named_and_can_be_given() -> None:
    def only_beans(answer: str) -> None:
        if answer != "Beans, please.":
            raise ValidationError("Please ask for beans.")

    plugin = coffee(Form(title="Coffee", questions=[replace(DETAILS, validate=[only_beans])]))

    [problem] = [one for one in wrong(plugin) if "sample" in one]
    assert problem == (
        "form: the sample answers of usual and urgent tickets are refused at 'Details': Please ask for beans. "
        "(give others with answers=)"
    )
    assert wrong(plugin, answers={"details": "Beans, please."}) == []


def test_an_answer_to_no_question_is_named() -> None:
    assert wrong(coffee(), answers={"sise": "large"}) == ["answers: the form has no question 'sise'"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (
            parsed(lambda typed: typed.split("]")[1]),
            "form: the sample answers fail with IndexError",
        ),
        (parsed(lambda typed: f"{typed}!"), "is not accepted as it is"),
        (
            Form(title="C", questions=[replace(DETAILS, validate=[refusing("bad value")])]),
            "refuses with 'bad value' (with a mention of everybody, with a mention and ",
        ),
        (
            Form(title="C", questions=[replace(DETAILS, validate=[refusing("We do not take {}.")])]),
            "repeats what was typed",
        ),
        (
            Form(
                title="C",
                questions=[
                    Number(
                        name="cups", label="?", validate=[lambda cups: 1 // (cups - 7)], maximum=7, minimum=1
                    )
                ],
            ),
            "question 'cups' fails with ZeroDivisionError: integer division or modulo by zero (test_check.py:",
        ),
    ],
)
def test_a_question_that_fails_at_its_limits_is_named(form: Form, said: str) -> None:
    assert any(said in one for one in wrong(coffee(form))), wrong(coffee(form))


def test_a_fault_of_a_question_is_told_once_with_what_it_was_seen_with_and_its_line() -> None:
    def number(typed: str) -> str:
        return str(int(typed))

    form = Form(title="C", questions=[replace(DETAILS, parse=number), ShortText(name="cups", label="?")])

    line = number.__code__.co_firstlineno + 1
    [problem] = [one for one in wrong(coffee(form)) if one.startswith("question")]
    assert re.fullmatch(
        r"question 'details' fails with ValueError: invalid literal for int\(\) with base 10: '[a…]+ "
        rf"\(test_check.py:{line}\) \(with text of 3,000 characters, with text of 3,001 characters and \d+ more\); "
        "raise marshmallow's ValidationError with a sentence instead",
        problem,
    )


def test_a_kind_of_question_that_takes_anything_is_named() -> None:
    class Anything(Choice):
        """A choice of anything."""

        def field(self) -> fields.Field[Any]:
            return fields.Raw()

    problems = wrong(coffee(Form(title="C", questions=[Anything(name="size", label="?", options=["S"])])))

    assert "question 'size' accepts what is no answer to it (with an option that there is not)" in problems


# Hostile text


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (lambda t: t.answers["details"], "mentions somebody|opens an HTML comment or element|makes a link"),
        (lambda t: f"```\n{t.answers['details']}\n```", "makes a heading"),
        (lambda t: f"`{t.answers['details']}`", "mentions somebody"),
    ],
)
def test_text_that_breaks_out_of_an_issue_is_named(body: Callable[[Ticket], str], how: str) -> None:
    problems = wrong(coffee(PLAIN, render_issue=issue(body)))

    [problem] = [one for one in problems if one.startswith("issue: what people type ")]
    assert problem.endswith("; pass it through block or span")
    for one in how.split("|"):
        assert one in problem


@pytest.mark.parametrize(
    ("body", "is_fine"),
    [
        (lambda t: f"[Open]({t.answers['page']})", False),
        (lambda t: str(t.answers["page"]), False),
        (lambda t: f"<{t.answers['page']}>", True),
    ],
)
def test_an_address_that_ends_its_link_is_named(body: Callable[[Ticket], str], is_fine: bool) -> None:
    form = Form(title="Coffee", questions=[Url(name="page", label="Which page?")])

    problems = wrong(coffee(form, render_issue=issue(body)))

    assert (problems == []) is is_fine
    assert any("mentions somebody" in one for one in problems) is not is_fine


@pytest.mark.parametrize("body", ["```\nnever closed", "<!-- never closed", "~~~\nx"])
def test_an_issue_that_hides_the_bots_own_lines_is_named(body: str) -> None:
    [problem] = wrong(coffee(PLAIN, render_issue=issue(lambda _: body)))

    assert problem.startswith("issue: the bot's own lines do not stand by themselves")


@pytest.mark.parametrize(
    ("when", "how"),
    [
        (EventKind.CREATED, "mentions everybody or opens a comment|mentions somebody|opens a code block"),
        (EventKind.RELEASED, "mentions somebody"),
        (EventKind.STALE, "mentions somebody"),
        (EventKind.DECLINED, "mentions somebody"),
    ],
)
def test_an_answer_that_breaks_out_of_a_message_is_named(when: EventKind, how: str) -> None:
    def raw(ticket: Ticket, _: Event) -> str:
        return f"You said {ticket.answers['details']}."

    problem = wrong(coffee(PLAIN, notify=told(raw, when)))[-1]

    assert problem.startswith("messages: what people type ")
    assert problem.endswith(f"; pass it through mrkdwn (in the event {when.value!r})")
    for effect in how.split("|"):
        assert effect in problem


def test_one_careless_line_is_named_once_after_the_failure_that_it_leads_to() -> None:
    def notify(ticket: Ticket, event: Event) -> list[Notification]:
        return [Notification(to=Audience.TEAM, text=f"Hi {ticket.answers['details']}")]

    optional = Form(title="Coffee", questions=[replace(DETAILS, required=False)])

    failure, careless = wrong(coffee(optional, notify=notify))

    assert "KeyError: 'details'" in failure
    assert "with no optional answers" in failure
    assert re.fullmatch(
        "messages: what people type mentions everybody or opens a comment, mentions somebody, opens a code block and "
        r"makes a link; pass it through mrkdwn \(in \d\d events, such as 'created' and 'triaged'\)",
        careless,
    )


def test_a_reason_that_breaks_out_of_a_message_is_named() -> None:
    problems = wrong(coffee(PLAIN, notify=told(lambda _, event: f"Why: {event.reason}", EventKind.REJECTED)))

    assert any(
        "mentions somebody" in one and one.endswith("(in the event 'rejected')") for one in problems
    ), problems


def test_text_that_is_escaped_is_fine() -> None:
    notify = told(lambda ticket, _: f"You said {mrkdwn(ticket.answers.get('details', ''))}.")

    assert wrong(coffee(PLAIN, notify=notify)) == []


@pytest.mark.parametrize("when", [EventKind.CREATED, EventKind.CLOSED, EventKind.RESPONSE_MISSED])
def test_an_answer_of_a_sensitive_ticket_in_a_message_is_named(when: EventKind) -> None:
    notify = told(lambda ticket, _: f"You said {mrkdwn(ticket.answers.get('details', ''))}.", when)

    problems = wrong(coffee(SECRET, notify=notify))

    assert any(
        one.startswith("sensitive ticket: the answer to 'details' is in a message") for one in problems
    )


def test_a_reason_of_a_sensitive_ticket_in_a_message_is_named() -> None:
    notify = told(lambda _, event: f"Why: {mrkdwn(event.reason)}", EventKind.REJECTED)

    assert wrong(coffee(PLAIN, notify=notify)) == []
    assert wrong(coffee(SECRET, notify=notify)) == [
        "sensitive ticket: a reason is in a message (in the event 'rejected')"
    ]


# Hooks


def test_a_hook_that_fails_is_named_with_its_error_at_each_event() -> None:
    def notify(event: Event) -> None:
        raise LookupError(f"no milk when {event.kind.value}")

    problems = wrong(coffee(PLAIN, notify=notify))

    for kind in EventKind:
        said = f"notify of the plugin 'coffee' failed with LookupError: no milk when {kind.value} (test_check.py:"
        assert any(one.startswith(said) for one in problems), kind


def test_a_hook_that_needs_the_state_before_what_time_alone_brings_is_named() -> None:
    def notify(event: Any) -> None:
        if event.kind is not EventKind.CREATED:
            event.was.stage.upper()

    [problem] = wrong(coffee(PLAIN, notify=notify))

    assert "with the event 'response due', with the event 'response missed' and 4 more" in problem


def test_hooks_that_return_something_else_are_named() -> None:
    hooks = {
        "notify": lambda: "x",
        "render_issue": lambda: "x",
        "validate": lambda: 5,
        "self_service": lambda: 5,
    }

    problems = wrong(coffee(PLAIN, **hooks))

    for name, hook in hooks.items():
        line = hook.__code__.co_firstlineno
        said = rf"{name} of the plugin 'coffee' failed with TypeError: found .+ \(test_check.py:{line}\): "
        assert any(re.match(said, one) for one in problems), name


def test_a_route_is_tried_with_and_without_answers() -> None:
    """A ticket that was made again from its issue has none."""
    logins = itertools.cycle(["ada", "bob"])

    failing = wrong(coffee(PLAIN, route=lambda ticket: Route(spoc=ticket.answers["team"])))
    changing = wrong(coffee(PLAIN, route=lambda: Route(spoc=next(logins))))
    strange = wrong(coffee(PLAIN, route=lambda: "ada"))

    assert any("route of the plugin 'coffee' failed with KeyError: 'team'" in one for one in failing)
    assert any("failed with ValueError: Route: spoc: found" in one for one in failing)
    assert "route returns different routes for the same ticket" in changing
    assert any("route of the plugin 'coffee' failed with TypeError: found str" in one for one in strange)


def test_hooks_that_change_their_minds_are_named() -> None:
    count = itertools.count()
    changing = coffee(
        PLAIN,
        notify=told(lambda *_: f"This is message {next(count)}."),
        render_issue=issue(lambda _: f"This is issue {next(count)}."),
    )

    problems = wrong(changing)

    assert "notify returns different messages for the same event (in the event 'created')" in problems
    assert "render_issue returns different issues for the same ticket" in problems


def test_a_slow_hook_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only this hook lets go on: on a busy machine any hook may take its time."""
    clock = Clock()
    monkeypatch.setattr("identity_bot.plugins.request_type.time", SimpleNamespace(monotonic=clock))

    problems = wrong(coffee(PLAIN, self_service=lambda: clock.move(2)))

    [problem] = problems
    assert problem.startswith("self_service took 2.0 s; expected at most 1 s")


def test_a_hook_that_needs_an_optional_answer_is_named() -> None:
    form = Form(title="Coffee", questions=[ShortText(name="size", label="Size", required=False)])

    problems = wrong(coffee(form, validate=lambda answers: dict.fromkeys(answers["size"][:0])))

    assert any("KeyError: 'size'" in one and one.endswith("(with no optional answers)") for one in problems)


def test_a_hook_that_trusts_answers_before_they_are_checked_is_named() -> None:
    problems = wrong(coffee(PLAIN, self_service=lambda answers: list(answers["details"].lower()[:0])))

    assert any("self_service" in one and "KeyError" in one for one in problems)
    assert any("self_service" in one and "AttributeError" in one for one in problems)


def test_an_issue_that_is_too_long_with_the_longest_answers_is_named() -> None:
    problems = wrong(coffee(PLAIN, render_issue=issue(lambda t: "x" * 21 * len(t.answers["details"]))))

    assert any(
        "expected at most 60,000 (" in one and "with the longest answers" in one for one in problems
    ), problems


def test_a_hook_that_fails_for_tickets_of_an_earlier_form_is_named() -> None:
    def render_issue(ticket: Ticket, form: Form) -> IssueDraft:
        asked = {name: form.question(name).label for name in ticket.answers}  # type: ignore[union-attr]
        return IssueDraft(title="Coffee", body=", ".join(asked))

    def notify(ticket: Ticket) -> list[Notification]:
        return [Notification(to=Audience.TEAM, text=mrkdwn(ticket.answers["details"]))]

    problems = wrong(coffee(PLAIN, render_issue=render_issue, notify=notify))

    assert any("(with the answer to a question that is gone)" in one for one in problems)
    assert any(
        "(with a ticket that was made again from its issue, without answers)" in one for one in problems
    )


# Settings


class Roast(TypeSettings):
    """A setting that must be there."""

    roast = fields.String(required=True, metadata={"expected": 'a roast, such as "dark"'})


class Loose(TypeSettings):
    """A setting that may be anything."""

    cups = fields.Raw(load_default=3)


class Fragile(Schema):
    """Settings whose check fails."""

    roast = fields.Function(deserialize=lambda found: found.lower())


class Anything(TypeSettings):
    """Settings that may have any key."""

    class Meta:
        """As marshmallow has it."""

        unknown = "include"


def cups(settings: Mapping[str, Any]) -> Form:
    return Form(title="Coffee", questions=[Number(name="cups", label="?", maximum=settings["cups"])])


def test_a_schema_that_says_what_it_expects_passes() -> None:
    plugin = coffee(PLAIN, settings_schema=lambda: Roast)

    assert wrong(plugin, settings={"roast": "dark"}) == []
    [problem] = wrong(plugin)
    assert problem == 'request_types.coffee.roast: missing; expected a roast, such as "dark"'


def test_a_setting_of_the_wrong_kind_that_ends_in_a_traceback_is_named() -> None:
    problems = wrong(module(form=cups, settings_schema=lambda: Loose))

    assert any(
        one.startswith(
            "settings: cups = 'x': expected a line that begins with the setting's path, not: plugin 'coffee'"
        )
        for one in problems
    ), problems


def test_a_schema_that_fails_is_named() -> None:
    problems = wrong(coffee(PLAIN, settings_schema=lambda: Fragile), settings={"roast": "dark"})

    assert any(
        one.startswith("settings: roast = 0: expected a line") and "AttributeError" in one for one in problems
    )


def test_a_value_that_is_accepted_and_fails_later_is_named() -> None:
    def notify(settings: Mapping[str, Any]) -> list[Notification]:
        return [Notification(to=Audience.TEAM, text=f"{settings['cups'] + 1} cups.")]

    problems = wrong(coffee(PLAIN, settings_schema=lambda: Loose, notify=notify))

    assert any(one.startswith("settings: cups = 'x' is accepted, but then notify") for one in problems)


def test_a_schema_that_takes_unknown_keys_is_named() -> None:
    [problem] = wrong(coffee(PLAIN, settings_schema=lambda: Anything))

    assert problem.startswith("settings: a key that the schema does not know is accepted")


# Around it


def test_a_modal_that_stays_open_without_an_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listeners, "_answer", lambda *_: {"response_action": "clear"})

    assert wrong(coffee(PLAIN)) == [
        "removed while its modal is open: the person who sends the form gets no answer"
    ]


def test_tickets_that_nobody_hears_of_after_the_removal_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("identity_bot.testing.desk.MemoryDesk.told", lambda *_: [])

    assert wrong(coffee(PLAIN)) == ["removed: nobody is told that one of its tickets was closed"]


def test_a_question_that_cannot_be_drawn_is_named() -> None:
    class Poem(LongText):
        """A text that nobody can show."""

        def answer(self, typed: Any) -> Any:
            return ["not", "text"] if typed else None

    problems = wrong(coffee(Form(title="C", questions=[Poem(name="poem", label="?")])))

    assert any("question 'poem'" in one or one.startswith("the bot cannot use it") for one in problems)


def test_a_check_delivers_nothing_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    delivered: list[Event] = []

    assert wrong(coffee(PLAIN, deliver=lambda event: delivered.append(event))) == []
    assert delivered == []
    assert caplog.text == ""


def test_a_migration_that_loses_or_keeps_changing_answers_is_named() -> None:
    def grow(answers: Mapping[str, Any]) -> dict[str, Any]:
        return {**answers, "details": f"{answers.get('details')}!"}

    lost = wrong(coffee(PLAIN, migrate_answers=lambda answers: {}))
    grown = wrong(coffee(PLAIN, migrate_answers=grow))
    renamed = wrong(
        coffee(PLAIN, migrate_answers=lambda answers: {"details": answers.get("text", ""), **answers})
    )

    assert any("migrate_answers changes the answers of today's form" in one for one in lost)
    assert any("migrate_answers changes its own result" in one for one in grown)
    assert renamed == []


def test_a_failure_is_named_once_however_much_leads_to_it() -> None:
    problems = wrong(coffee(PLAIN, validate=lambda answers: answers["dayz"]))

    [named] = [one for one in problems if "KeyError: 'dayz'" in one]
    assert re.search(r"\(with hostile text, .+ and \d+ more\)$", named)


def test_the_words_of_an_error_cannot_steer_a_terminal() -> None:
    """An error may quote what a stranger typed, with escape sequences in it."""

    def render_issue(ticket: Ticket) -> IssueDraft:
        raise ValueError("\x1b[31mred\nand\x1b]0;title\x07 more")

    problems = wrong(coffee(PLAIN, render_issue=render_issue))

    assert len(problems) == 1
    assert problems[0].isprintable()
