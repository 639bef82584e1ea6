"""Each business morning the team, and whoever of it asked, is told once what waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from identity_bot.desk.digest import of_person, of_team
from identity_bot.errors import NotAllowed
from identity_bot.outbox.effects import EFFECTS
from identity_bot.outbox.queue import Queue
from identity_bot.outbox.worker import Worker
from identity_bot.store.store import Store
from identity_bot.tickets.business_time import HOUR
from identity_bot.tickets.digest import SHOWN, Heading, sorted_out
from identity_bot.tickets.model import Action
from tests.support_desk import SETTINGS, Office
from tests.support_outbox import PATIENCE, at_once
from tests.tickets.test_business_time import at

DIGEST = SETTINGS.replace('digest = "off"', 'digest = "9:00"')


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, toml=DIGEST)
    office.clock.now = at("2026-11-23 10:00")
    office.desk.start_schedule()
    yield office
    office.store.close()


def until(office: Office, moment: str) -> None:
    while office.clock.now < at(moment):
        office.clock.now = min(office.clock.now + 4 * HOUR, at(moment))
        office.work(2)


def digests(office: Office, words: str = "What waits for") -> list[str]:
    return [post.text for post in office.chat.posts if words in post.text]


def test_each_ticket_is_under_the_first_heading_that_fits() -> None:
    found = [(Heading.OVERDUE, ["a", "b"]), (Heading.UNASSIGNED, ["b", "a"]), (Heading.UAT, ["b", "c"])]
    assert list(sorted_out(found)) == [(Heading.OVERDUE, ("a", "b")), (Heading.UAT, ("c",))]


def test_the_team_gets_one_digest_at_nine_on_business_days(office: Office) -> None:
    office.submit()
    until(office, "2026-11-24 08:59")
    before = digests(office)
    until(office, "2026-11-24 09:01")
    [only] = digests(office)
    until(office, "2026-11-25 08:59")
    same_day = digests(office)
    until(office, "2026-11-27 08:59")  # Thursday is Thanksgiving
    after = digests(office)

    assert before == []
    assert "#1" in only
    assert only.count("|#1>") == 1
    assert same_day == [only]
    assert len(after) == 2


def test_nothing_to_say_is_not_sent(office: Office) -> None:
    until(office, "2026-11-25 10:00")
    assert digests(office) == []


@pytest.mark.parametrize(
    ("back_at", "count"),
    [
        ("2026-11-24 11:00", 1),
        ("2026-11-24 16:59", 1),
        ("2026-11-24 18:00", 0),
        ("2026-11-25 08:00", 0),
        ("2026-11-25 11:00", 1),
        ("2026-11-26 11:00", 0),  # Thanksgiving
    ],
)
def test_a_bot_that_was_down_is_late_but_not_after_closing_time(
    office: Office, back_at: str, count: int
) -> None:
    """What it did not send on a day is not sent on another, which has a digest of its own."""
    office.submit()
    office.work(60)
    office.clock.now = at(back_at)
    office.desk.start_schedule()
    office.work(60)
    back = len(digests(office))
    until(office, "2026-11-25 09:01")
    wednesday = at(back_at) < at("2026-11-25 09:00")

    assert back == count
    assert len(digests(office)) == count + wednesday


@pytest.mark.parametrize("monday", ["2027-03-15", "2027-11-08"])
def test_the_clocks_of_the_country_change_and_nine_stays_nine(office: Office, monday: str) -> None:
    """On Sunday night they were set forward, or back."""
    friday = (date.fromisoformat(monday) - timedelta(days=3)).isoformat()
    office.clock.now = at(f"{friday} 08:00")
    office.submit()
    until(office, f"{friday} 09:01")
    before = len(digests(office))
    until(office, f"{monday} 08:59")
    early = len(digests(office))
    until(office, f"{monday} 09:01")

    assert (before, early, len(digests(office))) == (1, 1, 2)


def test_two_replicas_at_nine_post_one(database_url: str, tmp_path: Path) -> None:
    office = Office(tmp_path, toml=DIGEST, database_url=database_url)
    office.clock.now = at("2026-11-23 10:00")
    office.desk.start_schedule()
    office.submit()
    until(office, "2026-11-24 08:59")
    office.clock.now = at("2026-11-24 09:00")

    def replica() -> None:
        store = Store(office.settings.database_url, office.clock, patience=PATIENCE)
        Worker(Queue(store), EFFECTS, replace(office.context, store=store)).run_due()
        store.close()

    at_once(*[replica] * 4)
    office.work(60)

    assert len(digests(office)) == 1
    office.store.close()


def test_a_team_channel_that_is_gone_is_an_operators_concern(office: Office) -> None:
    """Each day's fails once, with what Slack said, and is sent no more when the channel is back."""
    office.submit()
    office.work()
    office.chat.closed.add("C0TEAM")
    until(office, "2026-11-25 12:00")
    office.chat.closed.clear()
    until(office, "2026-11-25 18:00")

    failed = [one for one in office.outbox.rows("failed") if one.kind == "post_digest"]
    assert [one.payload["day"] for one in failed] == ["2026-11-24", "2026-11-25"]
    assert {(one.attempts, one.last_error) for one in failed} == {
        (1, "Slack's chat.postMessage: not_in_channel")
    }
    assert digests(office) == []


def test_more_than_a_few_are_folded(office: Office) -> None:
    for view in range(SHOWN + 3):
        office.submit(view=f"V{view}")
    until(office, "2026-11-23 12:00")
    until(office, "2026-11-24 09:01")
    [only] = digests(office)
    assert "and 3 more: `/help queue" in only


def test_off_sends_none(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.clock.now = at("2026-11-23 10:00")
    office.desk.start_schedule()
    office.submit()
    until(office, "2026-11-25 10:00")
    assert digests(office) == []
    office.store.close()


def test_a_sensitive_ticket_shows_no_content(office: Office) -> None:
    secret = "Sign-ins of the Ember Lane office"
    ticket = office.submit("data_pull", sensitive=True, data_needed=secret)
    office.work()
    until(office, "2026-11-24 09:01")
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    until(office, "2026-11-24 09:01")

    assert len(digests(office)) == 1
    assert all("Sensitive" in one and secret not in one for one in digests(office))


def test_a_member_of_the_team_gets_their_own_until_they_end_it(office: Office) -> None:
    ticket = office.submit()
    office.work()
    office.click(ticket, Action.TAKE, "linden-brookmere", by="U0LINDEN")
    office.desk.subscribe("U0LINDEN", is_on=True)
    office.desk.subscribe("U0LINDEN", is_on=True)
    until(office, "2026-12-07 09:01")
    own = [post for post in office.chat.posts if "What waits for you" in post.text]
    office.desk.subscribe("U0LINDEN", is_on=False)
    until(office, "2026-12-08 09:01")

    assert own
    assert {post.channel for post in own} == {"U0LINDEN"}
    assert len([post for post in office.chat.posts if "What waits for you" in post.text]) == len(own)


def test_nobody_else_can_have_one(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.desk.subscribe("U0STRANGER", is_on=True)


@pytest.mark.parametrize(
    ("moment", "heading"),
    [("2026-11-24 16:59", Heading.TODAY), ("2026-11-24 17:00", Heading.OVERDUE)],
)
def test_a_digest_goes_by_the_clock_before_the_timers_have_rung(
    office: Office, moment: str, heading: Heading
) -> None:
    """The rows do, too: no ticket is under "Due today" as overdue by an hour."""
    ticket = office.submit()
    office.work()
    due = date(2026, 11, 24)
    office.desk.observe(office.tracker.edit(1, assignees=frozenset({"linden-brookmere"}), target=due))
    office.clock.now = at(moment)
    hours, now = office.settings.service_levels.hours, at(moment)

    team = of_team(office.store, hours, now)
    own = of_person(office.store, hours, now, slack_id="U0LINDEN", login="linden-brookmere")

    found = [(section.heading, *[one.id for one in section.tickets]) for section in team.sections]
    assert found == [(heading, ticket.id)]
    assert own.sections == team.sections
