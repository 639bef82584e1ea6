"""Who is who: from GitHub to Slack and back, and settings that make two of one person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_bot.tickets.people import Link, LinkSource, People, contradictions

ADA, BOB, EVE = "U0ADA", "W0BOB", "U0EVE"
KNOWN = People(
    [{"slack": ADA, "github": "Ada-L"}, {"slack": BOB, "github": "bob"}, {"slack": EVE}, {"github": "zoe"}]
)


@pytest.mark.parametrize("login", ["Ada-L", "ada-l", "ADA-L"])
def test_a_login_is_known_in_any_case(login: str) -> None:
    assert KNOWN.slack_id(login) == ADA


@pytest.mark.parametrize("login", ["", "eve", "zoe", "ada", "slack:U0ADA"])
def test_a_login_that_nobody_named_is_nobodys(login: str) -> None:
    assert KNOWN.slack_id(login) == ""


def test_a_login_is_written_as_the_settings_write_it() -> None:
    assert [KNOWN.login(one) for one in (ADA, BOB, EVE, "", "u0ada")] == ["Ada-L", "bob", "", "", ""]


def test_who_has_no_login_is_called_by_their_slack_id() -> None:
    assert [KNOWN.key_of(one) for one in (ADA, EVE)] == ["Ada-L", "slack:U0EVE"]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("Ada-L", "<@U0ADA>"),
        ("ada-l", "<@U0ADA>"),
        ("slack:W0BOB", "<@W0BOB>"),
        ("slack:U0EVE", "<@U0EVE>"),
        ("slack:U0NOBODY", "<@U0NOBODY>"),
        ("zoe", "zoe"),
        ("dependabot[bot]", "dependabot[bot]"),
        ("slack:", "slack:"),
        ("slack:U1> <!channel", "slack:U1&gt; &lt;!channel"),
        ("slack:U0ADA\n", "slack:U0ADA"),
        ("<!here>", "&lt;!here&gt;"),
    ],
)
def test_people_are_mentioned_where_slack_knows_them_and_named_where_not(key: str, shown: str) -> None:
    assert KNOWN.mention(key) == shown


@given(st.text())
def test_no_key_mentions_anybody_else(key: str) -> None:
    shown = People([]).mention(key)

    assert "<" not in shown.removeprefix("<@")


@given(st.sampled_from([ADA, BOB, EVE, "U0NOBODY"]))
def test_a_key_leads_back_to_whom_it_was_made_of(slack_id: str) -> None:
    assert KNOWN.mention(KNOWN.key_of(slack_id)) == f"<@{slack_id}>"


def test_the_same_person_may_be_named_twice_and_the_first_name_counts() -> None:
    entries = [{"slack": ADA, "github": "Ada"}, {"slack": ADA, "github": "ada"}]

    assert People(entries).login(ADA) == "Ada"
    assert not list(contradictions((f"people.{n}", one) for n, one in enumerate(entries)))


def test_two_logins_of_one_person_are_said_with_both_places() -> None:
    entries = [("people.0", {"slack": ADA, "github": "ada"}), ("leads.2", {"slack": ADA, "github": "bob"})]

    assert list(contradictions(entries)) == [
        "leads.2: U0ADA is 'bob' here and 'ada' in people.0; expected one login for each person"
    ]


def test_two_slack_ids_of_one_login_are_said_with_both_places() -> None:
    entries = [("people.0", {"slack": ADA, "github": "ada"}), ("people.1", {"slack": BOB, "github": "ADA"})]

    assert list(contradictions(entries)) == [
        "people.1: 'ADA' is W0BOB here and U0ADA in people.0; expected one Slack id for each person"
    ]


def test_who_is_named_in_one_place_only_contradicts_nobody() -> None:
    entries = [
        ("leads.0", {"slack": ADA}),
        ("leads.1", {"github": "ada"}),
        ("people.0", {"slack": ADA, "github": "ada"}),
    ]

    assert not list(contradictions(entries))


def link(slack_id: str, login: str) -> Link:
    return Link(slack_id=slack_id, login=login, source=LinkSource.PROVED, at=0.0)


def test_what_people_have_proved_is_known_as_soon_as_it_is_read() -> None:
    links: tuple[Link, ...] = ()
    people = People([{"slack": ADA, "github": "Ada-L"}], lambda: links)
    before = people.slack_id("eve"), people.login(EVE)
    links = (link(EVE, "Eve"),)

    assert before == ("", "")
    assert (people.slack_id("eve"), people.login(EVE), people.key_of(EVE)) == (EVE, "Eve", "Eve")
    assert people.mention("EVE") == f"<@{EVE}>"
    assert people.login(ADA) == "Ada-L"
    links = ()
    assert people.login(EVE) == ""


@pytest.mark.parametrize("other", [link(ADA, "eve"), link(EVE, "ADA-L")])
def test_the_settings_go_before_what_somebody_has_proved(other: Link) -> None:
    people = People([{"slack": ADA, "github": "Ada-L"}], lambda: (other,))

    assert people.is_overridden(other)
    assert (people.login(ADA), people.slack_id("ada-l")) == ("Ada-L", ADA)
    assert (people.login(EVE), people.slack_id("eve")) == ("", "")
    assert people.login_in_settings(ADA) == "Ada-L"


def test_an_equal_e_mail_address_names_a_person_and_does_nothing_else() -> None:
    guesses = [
        (EVE, "eve-h", LinkSource.EMAIL),
        (ADA, "other", LinkSource.EMAIL),
        ("U0X", "bob", LinkSource.EMAIL),
    ]
    links = tuple(Link(slack_id=who, login=login, source=source, at=0.0) for who, login, source in guesses)
    people = People([{"slack": ADA, "github": "Ada-L"}, {"slack": BOB, "github": "bob"}], lambda: links)

    assert [people.mention(key) for key in ("Eve-H", "other", "bob")] == ["<@U0EVE>", "other", "<@W0BOB>"]
    assert people.is_known("eve-h")
    assert (people.slack_id("eve-h"), people.login(EVE), people.key_of(EVE)) == ("", "", "slack:U0EVE")
