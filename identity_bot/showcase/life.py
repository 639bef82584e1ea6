"""What happens to a sample ticket: who takes which action, in an order that shows every event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from identity_bot.showcase.values import Kind
from identity_bot.tickets.actions import ACTIONS, Ask, By
from identity_bot.tickets.model import Action, Change, CloseReason, EventKind, Person, Priority

REQUESTOR = Person(slack_id="U0JUNIPER", handle="juniper", name="Juniper Vale")
LEAD = {"slack": "U0INDIGO", "github": "indigo-marshwick"}
MEMBER = {"slack": "U0LINDEN", "github": "linden-brookmere"}
SECOND_MEMBER = {"slack": "U0SAGE", "github": "sage-hollowell"}
TEAM = (LEAD, MEMBER, SECOND_MEMBER)
NAMES: Mapping[str, str] = {
    "U0JUNIPER": "Juniper Vale",
    "U0INDIGO": "Indigo Marshwick",
    "U0LINDEN": "Linden Brookmere",
    "U0SAGE": "Sage Hollowell",
}
"""The fictional people of every showcase, by Slack id."""
BEGINNING = 1_800_000_000.0
"""When every showcase begins, in seconds since the epoch, so that the same plugin always shows the same."""
REASON = "The second step still shows the old page."


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One action, and by whose Slack id."""

    change: Change
    by: str


ORDER = (
    Action.CRITICAL,
    Action.PRIORITY,
    Action.SPOC,
    Action.TAKE,
    Action.WAIT,
    Action.RESUME,
    Action.ASSIGN,
    Action.TARGET,
    Action.TARGET,
    Action.UAT,
    Action.REJECT,
    Action.UAT,
    Action.ACCEPT,
    Action.RELEASE,
    Action.CLOSE,
    Action.REOPEN,
    Action.DUPLICATE,
    Action.REDACT,
)
ORDER_OF_APPROVAL = (Action.DECLINE, Action.REOPEN, Action.APPROVE)
"""What happens before that to a ticket that needs approval."""
OF_APPROVAL = frozenset({EventKind.DECLINED, EventKind.APPROVAL_NEEDED, EventKind.APPROVED})
"""The events to which only that leads."""
OF_CLOCKS = frozenset(
    {
        EventKind.RESPONSE_DUE,
        EventKind.RESPONSE_MISSED,
        EventKind.RESOLUTION_DUE,
        EventKind.RESOLUTION_MISSED,
        EventKind.STALE,
        EventKind.UNTRIED,
    }
)
"""The events that come by themselves when nobody does anything, which is not shown."""
# Every action at least once; together they lead to every other event. A test holds both against their tables.


def steps(
    kind: Kind, today: date, written: str, original: str, *, reason: str = REASON, approver: str = ""
) -> list[Step]:
    """A life after the form was sent; `written` is a text of the ticket that can be removed from it.

    `original` is the id of a ticket that it can be a duplicate of, `reason` is what people give as theirs, and
    `approver` is who decides on a ticket that needs approval.

    An urgent request differs from others only as it begins.
    """
    if kind is Kind.URGENT:
        return []
    made: list[Step] = []
    for action in ORDER_OF_APPROVAL if approver else ():
        by = approver if ACTIONS[action].by is By.APPROVER else who_takes(action)
        made.append(Step(change=_change(action, 0, today, written, original, reason), by=by))
    for action in ORDER:
        times = sum(one.change.action is action for one in made)
        made.append(
            Step(change=_change(action, times, today, written, original, reason), by=who_takes(action))
        )
    return made


def who_takes(action: Action) -> str:
    """The Slack id of somebody who may take an action: the requestor, a lead, or who takes a ticket themselves."""
    if ACTIONS[action].asks is Ask.OWN_LOGIN:
        return SECOND_MEMBER["slack"]
    return REQUESTOR.slack_id if ACTIONS[action].by is By.REQUESTOR else LEAD["slack"]


def _change(action: Action, times: int, today: date, written: str, original: str, reason: str) -> Change:
    """What an action takes; `times` is how often it was taken before, so that a second time changes something."""
    match ACTIONS[action].asks:
        case Ask.OWN_LOGIN:
            return Change(action=action, value=SECOND_MEMBER["github"])
        case Ask.ASSIGNEE | Ask.MEMBER:
            return Change(action=action, value=MEMBER["github"])
        case Ask.PRIORITY:
            return Change(action=action, value=Priority.HIGH.value)
        case Ask.DATE:
            return Change(action=action, value=(today + timedelta(days=14 + 7 * times)).isoformat())
        case Ask.CLOSE_REASON:
            return Change(action=action, value=CloseReason.COMPLETED.value)
        case Ask.TICKET:
            return Change(action=action, value=original)
        case Ask.REASON:
            return Change(action=action, reason=reason)
        case Ask.TEXT:
            return Change(action=action, value=written)
        case Ask.NOTHING:
            return Change(action=action)
