"""What a check of a request type says is wrong, one line for each problem, as its author reads it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from identity_bot.messages.words import joined
from identity_bot.text.markdown import clean

NO_FORM = "it has no form hook, so it is an observer; load it with the desk fixture instead"
UNSTABLE_ISSUE = "render_issue returns different issues for the same ticket"
UNSTABLE_ROUTE = "route returns different routes for the same ticket"
MIGRATES_TODAYS = "migrate_answers changes the answers of today's form; return them as they are"
MIGRATES_TWICE = "migrate_answers changes its own result when it is called again"
NOT_MARKED = (
    "issue: the bot's own lines do not stand by themselves, as a code block or a comment is left open"
)
MODAL_NOT_ANSWERED = "removed while its modal is open: the person who sends the form gets no answer"
NOBODY_TOLD = "removed: nobody is told that one of its tickets was closed"
UNKNOWN_SETTING = (
    "settings: a key that the schema does not know is accepted, so a typing error goes unnoticed"
)


def found_wrong(name: str, problems: Sequence[str]) -> str:
    """All problems, under a line that counts them; each is one line that a terminal only shows."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join(
        [f"request type {name!r}: {count}", *(f"- {' '.join(clean(one).split())}" for one in problems)]
    )


def refused(kinds: Sequence[str], question: str, problem: str) -> str:
    """That the sample answers cannot be sent, of tickets of these kinds."""
    return (
        f"form: the sample answers of {' and '.join(kinds)} tickets are refused at {question!r}: {problem} "
        "(give others with answers=)"
    )


def no_samples(error: str) -> str:
    """That a question's own code failed in every sample answer."""
    return f"form: the sample answers fail with {error}; raise marshmallow's ValidationError with a sentence instead"


def unknown_answer(name: str) -> str:
    """That the test gives an answer to a question that there is not."""
    return f"answers: the form has no question {name!r}"


def crashed(question: str, typed: Sequence[str], error: str) -> str:
    """That a question's own code failed in what somebody may type."""
    return (
        f"question {question!r} fails with {error} ({_with(typed)}); "
        "raise marshmallow's ValidationError with a sentence instead"
    )


def impolite(question: str, typed: Sequence[str], said: str) -> str:
    """That somebody would be refused with something other than a sentence."""
    return (
        f"question {question!r} refuses with {said!r:.120} ({_with(typed)}); "
        "expected a sentence in words of your own"
    )


def quotes(question: str, typed: Sequence[str]) -> str:
    """That a refusal repeats what was typed."""
    return f"question {question!r}: a refusal repeats what was typed, which may be personal ({_with(typed)})"


def accepted(question: str, typed: Sequence[str]) -> str:
    """That an answer beyond a question's limits is accepted."""
    return f"question {question!r} accepts what is no answer to it ({_with(typed)})"


def not_its_own(question: str, typed: Sequence[str]) -> str:
    """That an answer changes when it is sent again, as it is when a form is redrawn."""
    return f"question {question!r}: an answer that is kept is not accepted as it is ({_with(typed)})"


def not_json(question: str, typed: Sequence[str]) -> str:
    """That an answer cannot be kept."""
    return f"question {question!r}: an answer that is kept is not plain JSON ({_with(typed)})"


def failed(failure: str, during: Sequence[str]) -> str:
    """That a hook failed, and during what."""
    return f"{failure} ({_with(during)})"


def _with(tried: Sequence[str]) -> str:
    """What was tried: the first two, and how many more."""
    more = f" and {len(tried) - 2} more" if len(tried) > 2 else ""
    return f"with {', with '.join(tried[:2])}{more}"


def too_slow(hook: str, seconds: float, most: float) -> str:
    """That a hook takes too long."""
    return (
        f"{hook} took {seconds:.1f} s; expected at most {most:g} s, as people and other tickets wait for it"
    )


def hangs(line: str, seconds: float) -> str:
    """That the check has ended early, as a plugin's code did not come back."""
    return (
        f"its code had not come back after {seconds:g} s{line}; the bot would wait for it, too. "
        "The rest is not checked"
    )


def unexpected(error: str) -> str:
    """That the bot itself failed with what the type declares."""
    return f"the bot cannot use it: {error}"


def unstable(events: Sequence[str]) -> str:
    """That a hook answers differently when it is called again."""
    return f"notify returns different messages for the same event ({_in(events)})"


def breaks_out_of_issue(effects: Sequence[str]) -> str:
    """That what somebody types has effects in an issue."""
    return f"issue: what people type {joined(effects)}; pass it through block or span"


def breaks_out_of_messages(effects: Sequence[str], events: Sequence[str]) -> str:
    """That what somebody types has effects in Slack."""
    return f"messages: what people type {joined(effects)}; pass it through mrkdwn ({_in(events)})"


def leaks(what: str, events: Sequence[str]) -> str:
    """That something of a sensitive ticket is in Slack."""
    return f"sensitive ticket: {what} is in a message ({_in(events)})"


def _in(events: Sequence[str]) -> str:
    """The events that something was seen in: one or two by name, more by their number and the first two."""
    named = joined([repr(one) for one in events[:2]])
    if len(events) > 2:
        return f"in {len(events)} events, such as {named}"
    return f"in the event {named}" if len(events) == 1 else f"in the events {named}"


def not_told(setting: str, value: str, said: str) -> str:
    """That an operator is not told in a line which setting is wrong."""
    return f"settings: {setting} = {value}: expected a line that begins with the setting's path, not: {said}"


def fails_later(setting: str, value: str, said: str) -> str:
    """That a value is accepted which a hook then fails in."""
    return f"settings: {setting} = {value} is accepted, but then {said}"


def unreadable(question: str) -> str:
    """That an answer which was kept cannot be read anymore."""
    return f"answers of an earlier form: the answer to {question!r} is not readable"
