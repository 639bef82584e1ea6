"""The words of digests: Slack shows all of them, whatever people call themselves and their tickets."""

from __future__ import annotations

import re

import pytest

from identity_bot.messages import digest
from identity_bot.slack.messages import message
from identity_bot.tickets.digest import SHOWN, Digest, Heading, Section
from identity_bot.tickets.model import Person, Priority, Stage, Ticket, TicketState
from identity_bot_sandbox.slack.limits import check_message
from tests.support_outbox import START, ticket

PLAIN = ticket(
    url="https://github.test/department-of-veterans-affairs/va-identity-requests/issues/1234",
    title="PR review: Benefits and Memorials Enrollment Team: vets-api pull request 18234",
    requestor=Person(slack_id="U0JUNIPER", name="Juniper Vale", team="Benefits and Memorials Enrollment"),
    state=TicketState(stage=Stage.IN_PROGRESS, priority=Priority.HIGH, assignees=("linden-brookmere-va",)),
    response_due=START,
    is_urgent=True,
)
LONG = ticket(
    url=f"https://github.test/{'x' * 100}",
    title="&" * 100,
    requestor=Person(slack_id="U0JUNIPER", name="&" * 80, team="<" * 80),
    state=TicketState(stage=Stage.IN_PROGRESS, assignees=tuple(f"{'a' * 38}{one}" for one in range(10))),
)


@pytest.mark.parametrize("one", [PLAIN, LONG], ids=["plain", "long"])
def test_a_full_digest_is_no_longer_than_slack_shows(one: Ticket) -> None:
    more = 7
    whole = Digest(sections=tuple(Section(heading=it, tickets=(one,) * SHOWN, more=more) for it in Heading))

    drawn = message(digest.text(whole, lambda name: "PR review", "/help", START))

    shown = "\n".join(block["text"]["text"] for block in drawn["blocks"])
    folded = [int(number) for number in re.findall(r"and (\d+) more: ", shown)]
    assert check_message(drawn) == []
    assert len(folded) == len(Heading)
    assert sum(folded) + shown.count(one.url) == len(Heading) * (SHOWN + more)


def test_a_digest_that_slack_shows_whole_has_all_that_stand_under_a_heading() -> None:
    found = Digest(sections=(Section(heading=Heading.OVERDUE, tickets=(LONG,) * SHOWN),))

    drawn = message(digest.text(found, lambda name: "PR review", "/help", START))

    assert sum(block["text"]["text"].count(LONG.url) for block in drawn["blocks"]) == SHOWN
