"""What is known of open forms: the newest wins, whoever draws; and redraws keep to Slack's pace."""

from __future__ import annotations

import threading

from identity_bot.slack import open_forms
from identity_bot.slack.modal import Draft
from identity_bot.slack.open_forms import BURST, OpenForms, Pace
from identity_bot.testing import Clock
from tests.support import eventually


def draft(text: str, type_name: str = "sign_in") -> Draft:
    return Draft(type=type_name, values={"problem": text})


def heard(
    forms: OpenForms,
    text: str,
    *,
    at: float | None = 1.0,
    hash: str = "h1",  # noqa: A002
    drawn: tuple[str, ...] = (),
    view: str = "V1",
) -> bool:
    return forms.heard(view, draft(text), hash=hash, drawn=drawn, at=at)


def chose(
    forms: OpenForms, text: str, *, at: float, type_name: str = "sign_in", is_type: bool = False
) -> bool:
    return forms.chose("V1", draft(text, type_name), hash="h1", drawn=(), at=at, is_type=is_type)


def known(forms: OpenForms, view: str = "V1") -> tuple[str, str, tuple[str, ...]]:
    form = forms.newest(view)
    assert form
    return form.draft.values["problem"], form.hash, form.drawn


def test_what_was_entered_earlier_does_not_replace_what_was_entered_later() -> None:
    forms = OpenForms()

    taken = [heard(forms, "later", at=2.0), heard(forms, "earlier", at=1.0), heard(forms, "undated", at=None)]

    assert taken == [True, False, True]
    assert known(forms)[0] == "undated"


def test_a_payload_from_before_our_redraw_does_not_undo_what_we_know_of_it() -> None:
    forms = OpenForms()
    heard(forms, "a")
    forms.drew("V1", hash="h2", drawn=("x",), at=0.0)

    heard(forms, "ab", at=2.0, hash="h1")

    assert known(forms) == ("ab", "h2", ("x",))


def test_a_redraw_of_another_process_is_taken_from_the_payload() -> None:
    forms = OpenForms()
    heard(forms, "a")

    heard(forms, "ab", at=2.0, hash="theirs", drawn=("y",))

    assert known(forms) == ("ab", "theirs", ("y",))


def test_a_choice_that_comes_after_a_newer_one_is_not_drawn() -> None:
    forms = OpenForms()
    heard(forms, "a")

    taken = [chose(forms, "second", at=3.0), chose(forms, "first", at=2.0), chose(forms, "second", at=3.0)]

    assert taken == [True, False, True]
    assert known(forms)[0] == "second"


def test_a_choice_is_drawn_although_somebody_typed_after_it_and_keeps_what_they_typed() -> None:
    forms = OpenForms()
    heard(forms, "typed", at=3.0)

    is_drawn = chose(forms, "chosen", at=2.0)

    assert is_drawn
    assert known(forms)[0] == "typed"


def test_what_was_entered_while_another_type_was_chosen_does_not_bring_the_old_form_back() -> None:
    forms = OpenForms()
    heard(forms, "a")
    chose(forms, "b", at=2.0, type_name="other", is_type=True)

    taken = [heard(forms, "ab", at=3.0), chose(forms, "ac", at=4.0)]

    assert taken == [False, False]
    assert known(forms)[0] == "b"


def test_another_type_counts_although_what_was_typed_after_it_was_heard_of_before() -> None:
    forms = OpenForms()
    heard(forms, "typed", at=3.0)

    chose(forms, "b", at=2.0, type_name="other", is_type=True)

    assert known(forms)[0] == "b"


def test_the_type_that_was_chosen_first_can_be_chosen_again() -> None:
    forms = OpenForms()
    heard(forms, "a")
    chose(forms, "b", at=2.0, type_name="other", is_type=True)

    taken = [
        chose(forms, "a", at=3.0, is_type=True),
        chose(forms, "b", at=2.0, type_name="other", is_type=True),
    ]

    assert taken == [True, False]
    assert known(forms)[0] == "a"


def test_a_type_that_another_process_drew_is_taken_from_the_payload() -> None:
    forms = OpenForms()
    heard(forms, "a")

    is_taken = forms.heard("V1", draft("b", "other"), hash="theirs", drawn=(), at=2.0)

    assert is_taken
    assert known(forms)[0] == "b"


def test_a_form_that_could_not_be_drawn_is_heard_of_again() -> None:
    forms = OpenForms()
    heard(forms, "a")
    chose(forms, "b", at=2.0, type_name="other", is_type=True)

    forms.forget("V1")

    assert heard(forms, "ab", at=3.0)
    assert known(forms)[0] == "ab"


def test_one_thread_answers_a_form_until_nothing_is_newer() -> None:
    forms = OpenForms()
    heard(forms, "a")
    first = forms.newest("V1")
    assert first

    begun = [forms.begin("V1"), forms.begin("V1")]
    heard(forms, "ab", at=2.0)
    second = forms.newest("V1")
    assert second
    rested = [forms.rest("V1", first.version), forms.rest("V1", second.version)]

    assert begun == [True, False]
    assert rested == [False, True]
    assert forms.begin("V1")


def test_a_form_that_is_done_with_stays_so() -> None:
    forms = OpenForms()
    heard(forms, "a")

    forms.end("V1")

    assert heard(forms, "late", at=9.0) is False
    assert forms.newest("V1") is None
    assert forms.begin("V1") is False
    with forms.drawing("V1") as now:
        assert now is None


def test_only_one_at_a_time_draws_a_form() -> None:
    forms = OpenForms()
    heard(forms, "a")
    seen: list[str] = []

    def draw() -> None:
        with forms.drawing("V1") as now:
            seen.append(now.hash if now else "")

    with forms.drawing("V1"):
        other = threading.Thread(target=draw)
        other.start()
        forms.drew("V1", hash="h2", drawn=(), at=0.0)
    other.join()

    assert seen == ["h2"]


def test_whoever_ends_a_form_waits_for_who_draws_it() -> None:
    forms = OpenForms()
    heard(forms, "a")
    done: list[str] = []

    def end() -> None:
        forms.end("V1", patience=10)
        done.append("ended")

    with forms.drawing("V1"):
        other = threading.Thread(target=end)
        other.start()
        eventually(lambda: forms.newest("V1") is None)
        done.append("drawn")
    other.join()

    assert done == ["drawn", "ended"]


def test_only_so_many_forms_are_remembered() -> None:
    forms = OpenForms()
    for number in range(open_forms.KEPT + 1):
        heard(forms, "a", view=f"V{number}")

    assert forms.newest("V0") is None
    assert known(forms, f"V{open_forms.KEPT}")[0] == "a"


def test_a_minute_has_no_more_redraws_than_slack_takes() -> None:
    clock = Clock()
    pace = Pace(clock)
    done = 0

    end = clock.now + 60
    while clock.now < end:
        if (seconds := pace.wait(float("-inf"))) is not None:
            done += seconds <= end - clock.now
        clock.move(0.1)

    assert BURST <= done <= 85


def test_one_form_rests_between_two_redraws() -> None:
    clock = Clock()
    pace = Pace(clock)

    assert pace.wait(clock.now - 0.5) == 0.5
    assert pace.wait(clock.now - 5) == 0.0


def test_thirty_forms_at_once_all_have_their_turn() -> None:
    pace = Pace(Clock())

    waits = [pace.wait(float("-inf")) for _ in range(30)]

    assert waits == [0.0] * 20 + [float(second) for second in range(1, 11)]


def test_a_turn_that_was_not_used_is_there_for_others() -> None:
    pace = Pace(Clock())
    for _ in range(20):
        pace.wait(float("-inf"))

    pace.give_back()

    assert pace.wait(float("-inf")) == 0.0


def test_nobody_draws_while_slack_says_so() -> None:
    clock = Clock()
    pace = Pace(clock)

    pace.stop(60)
    during = pace.wait(0.0)
    clock.move(60)

    assert during is None
    assert pace.wait(0.0) == 0.0
