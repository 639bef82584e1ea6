"""Linking a login: only who has the code and the login gets the link, whatever others try."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.desk.links import ALPHABET, LASTS, LENGTH, Linking, new_code
from identity_bot.errors import NotAllowed
from identity_bot.messages.links import CODES_AN_HOUR
from identity_bot.store.links import Links
from identity_bot.tickets.model import Action, IssueComment, Priority
from identity_bot.tickets.people import Link, LinkSource
from tests.support_desk import SETTINGS, Office

REQUESTS = "sandbox-org/identity-requests"
MARLO, ROWAN, LINDEN = "U0MARLO", "U0ROWAN", "U0LINDEN"
LOGIN = "Marlo-P"
NOT_PROVED = "This code links no account"


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    """A desk with a ticket, of which everybody was told a minute ago; on each database."""
    office = Office(tmp_path, database_url=database_url)
    office.submit()
    office.work(60)
    yield office
    office.store.close()


@pytest.fixture
def linking(office: Office) -> Linking:
    return Linking(store=office.store, people=office.people)


def comment(office: Office, body: str, *, author: str = LOGIN, key: int = 1, ago: float = 0.0) -> None:
    """Somebody comments on the ticket's issue."""
    at = office.clock.now - ago
    office.desk.handle_comment(
        IssueComment(repository=REQUESTS, number=1, id=key, author=author, body=body, created_at=at)
    )
    office.work(10)


def said(office: Office) -> list[str]:
    return [body for _, _, body, _ in office.tracker.comments]


def known(office: Office) -> dict[str, str]:
    """Who is linked, outside the settings."""
    return {link.slack_id: link.login for link in office.store.links()}


def test_a_code_is_long_and_has_nothing_that_looks_alike() -> None:
    code = new_code()

    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)
    assert not set("01OIl") & set(ALPHABET)
    assert len(ALPHABET) ** LENGTH > 10**11


def test_an_equal_e_mail_address_stands_in_nobodys_way(office: Office, linking: Linking) -> None:
    """Neither its own person's proof nor that of another, to whom the login belongs."""
    with office.store.begin() as transaction:
        guess = Link(slack_id=ROWAN, login=LOGIN, source=LinkSource.EMAIL, at=office.clock.now)
        Links(transaction).suggest(guess)
    own = linking.claim(ROWAN, LOGIN)

    comment(office, f"/link {linking.claim(MARLO, LOGIN)}")

    assert own
    assert known(office) == {MARLO: LOGIN}


@pytest.mark.parametrize("way", ["/link {}", "/LINK {}", "/link `{}`", "Here it is:\n\n/link: {}."])
def test_a_code_commented_under_the_claimed_login_links_it(
    office: Office, linking: Linking, way: str
) -> None:
    """The author needs no write access; the link has the login as GitHub writes it."""
    code = linking.claim(MARLO, "marlo-p")
    told = len(office.chat.texts(MARLO)), office.chat.everything()

    comment(office, way.format(code))

    assert known(office) == {MARLO: LOGIN}
    assert office.people.slack_id("MARLO-P") == MARLO
    assert (office.tracker.reactions, said(office)) == ([(1, "+1")], [])
    assert told[0] == 0
    [direct] = office.chat.texts(MARLO)
    assert "Your GitHub login *Marlo-P* is linked to you now" in direct
    assert code not in office.chat.everything()


def test_a_code_in_lower_case_counts(office: Office, linking: Linking) -> None:
    comment(office, f"/link {linking.claim(MARLO, LOGIN).lower()}")

    assert known(office) == {MARLO: LOGIN}


def test_a_code_counts_for_no_other_login_and_stays_unused(office: Office, linking: Linking) -> None:
    """Somebody claims a login that is not theirs, and comments under their own."""
    code = linking.claim(MARLO, LOGIN)

    comment(office, f"/link {code}", author="rowan", key=1)
    others = known(office)
    comment(office, f"/link {code}", key=2)

    assert others == {}
    assert NOT_PROVED in said(office)[0]
    assert known(office) == {MARLO: LOGIN}
    assert office.tracker.reactions == [(1, "confused"), (2, "+1")]


def test_a_wrong_an_old_a_used_and_a_replaced_code_are_refused_in_the_same_words(
    office: Office, linking: Linking
) -> None:
    replaced, old = linking.claim(MARLO, LOGIN), linking.claim(MARLO, LOGIN)
    answers = []
    for key, code in enumerate((replaced, "AAAAAAAA", "", "two words", old)):
        if code == old:
            office.clock.move(LASTS + 1)
        # Each on behalf of another issue's reader: the same person is told once.
        office.tracker.comments.clear()
        comment(office, f"/link {code}" if code else "/link", key=key)
        answers.append(said(office))
    used = linking.claim(MARLO, LOGIN)
    comment(office, f"/link {used}", key=8)
    linking.unlink(MARLO)
    office.tracker.comments.clear()
    comment(office, f"/link {used}", key=9)
    answers.append(said(office))

    assert known(office) == {}
    assert "write the code from Slack after it" in answers.pop(2)[0]
    assert all(NOT_PROVED in one[0] for one in answers)
    assert len({one[0] for one in answers}) == 1


def test_a_comment_written_in_time_counts_though_the_bot_reads_it_late(
    office: Office, linking: Linking
) -> None:
    code = linking.claim(MARLO, LOGIN)
    office.clock.move(2 * LASTS)

    comment(office, f"/link {code}", ago=1.5 * LASTS)

    assert known(office) == {MARLO: LOGIN}


def test_a_comment_that_was_edited_proves_nothing(office: Office, linking: Linking) -> None:
    """Somebody with write access claims another's login, and edits the code into what that person has written."""
    code = linking.claim(MARLO, LOGIN)
    at = office.clock.now
    edited = IssueComment(
        repository=REQUESTS,
        number=1,
        id=1,
        author=LOGIN,
        body=f"/link {code}",
        created_at=at,
        updated_at=at + 1,
    )

    office.desk.handle_comment(edited)
    office.desk.handle_comment(replace(edited, is_edit=True))
    office.work(10)

    assert known(office) == {}
    assert NOT_PROVED in said(office)[0]


def test_a_login_claimed_by_two_belongs_to_who_proves_it(office: Office, linking: Linking) -> None:
    """And is refused to the other from then on: at the claim, and at the proof of a claim from before."""
    theirs, own = linking.claim(ROWAN, LOGIN), linking.claim(MARLO, LOGIN)

    comment(office, f"/link {own}", key=1)
    with pytest.raises(NotAllowed, match="linked to somebody else"):
        linking.claim(ROWAN, LOGIN.upper())
    comment(office, f"/link {theirs}", key=2)

    assert known(office) == {MARLO: LOGIN}
    assert "linked to somebody else" in said(office)[0]
    assert [one for _, one in office.tracker.reactions] == ["+1", "confused"]


def test_a_new_link_takes_the_place_of_the_persons_old_one(office: Office, linking: Linking) -> None:
    comment(office, f"/link {linking.claim(MARLO, LOGIN)}", key=1)
    comment(office, f"/link {linking.claim(MARLO, 'marlo-two')}", author="marlo-two", key=2)

    assert known(office) == {MARLO: "marlo-two"}
    assert office.people.slack_id(LOGIN) == ""


def test_who_is_in_the_settings_cannot_link_and_nobody_gets_their_login(
    office: Office, linking: Linking
) -> None:
    with pytest.raises(NotAllowed, match=r"settings say that your GitHub login is \*linden-brookmere\*"):
        linking.claim(LINDEN, "other")
    with pytest.raises(NotAllowed, match="linked to somebody else"):
        linking.claim(MARLO, "Linden-Brookmere")


def test_settings_that_name_somebody_after_their_claim_win(
    office: Office, linking: Linking, tmp_path: Path
) -> None:
    code = linking.claim(MARLO, LOGIN)
    before = office.settings
    folder = tmp_path / "later"
    folder.mkdir()
    later = Office(
        folder,
        toml=SETTINGS.replace("people = [", f'people = [{{ slack = "{ROWAN}", github = "{LOGIN}" }}, '),
        database_url=before.database_url,
    )

    comment(later, f"/link {code}")

    assert later.people.slack_id(LOGIN) == ROWAN
    assert known(later) == {}
    later.store.close()


def test_a_person_gets_only_so_many_codes_in_an_hour(office: Office, linking: Linking) -> None:
    for _ in range(CODES_AN_HOUR):
        linking.claim(MARLO, LOGIN)
    with pytest.raises(NotAllowed, match="5 codes in the last hour"):
        linking.claim(MARLO, "another")
    linking.claim(ROWAN, LOGIN)
    office.clock.move(LASTS + 1)

    assert linking.claim(MARLO, LOGIN)


def test_who_unlinks_is_unknown_again_and_their_code_counts_no_more(office: Office, linking: Linking) -> None:
    comment(office, f"/link {linking.claim(MARLO, LOGIN)}", key=1)
    code = linking.claim(MARLO, "marlo-two")

    removed = linking.unlink(MARLO)
    comment(office, f"/link {code}", author="marlo-two", key=2)

    assert removed
    assert removed.login == LOGIN
    assert known(office) == {}
    assert linking.unlink(MARLO) is None


def test_a_link_gives_nobody_write_access(office: Office, linking: Linking) -> None:
    """Commands beside it are asked of GitHub as ever, and Slack's team stays Slack's."""
    comment(office, f"/link {linking.claim(MARLO, LOGIN)}\n/priority high")

    [ticket] = [office.store.ticket_at(REQUESTS, 1)]
    assert ticket
    assert known(office) == {MARLO: LOGIN}
    assert ticket.state.priority is None
    assert "Only people with write access" in said(office)[0]
    with pytest.raises(NotAllowed):
        office.click(ticket, Action.PRIORITY, "high", by=MARLO)


def test_who_may_write_can_link_and_give_commands_in_one_comment(office: Office, linking: Linking) -> None:
    office.tracker.writers.add(LOGIN)

    comment(office, f"/link {linking.claim(MARLO, LOGIN)}\n/priority high")

    ticket = office.store.ticket_at(REQUESTS, 1)
    assert ticket
    assert ticket.state.priority is Priority.HIGH
    assert known(office) == {MARLO: LOGIN}


def test_a_stranger_who_tries_codes_is_answered_once(office: Office) -> None:
    for key in range(4):
        comment(office, f"/link ABCD234{key + 2}", author="stranger", key=key)

    assert len(said(office)) == 1
    assert [one for _, one in office.tracker.reactions] == ["confused"] * 4


def test_a_comment_heard_of_twice_links_once(office: Office, linking: Linking) -> None:
    code = linking.claim(MARLO, LOGIN)

    comment(office, f"/link {code}")
    comment(office, f"/link {code}")

    assert office.tracker.reactions == [(1, "+1")]
    assert len(office.chat.texts(MARLO)) == 1


def test_the_log_says_who_was_linked_and_never_a_code(
    office: Office, linking: Linking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = linking.claim(MARLO, LOGIN)
    comment(office, f"/link {code}x", key=1)
    comment(office, f"/link {code}", key=2)
    linking.unlink(MARLO)

    lines = [record.getMessage() for record in caplog.records if record.name == "identity_bot.desk.links"]
    assert lines == [
        "U0MARLO claims the GitHub login Marlo-P",
        "a code by Marlo-P links no account",
        "U0MARLO is Marlo-P in GitHub now, proved in sandbox-org/identity-requests#1",
        "U0MARLO is no longer Marlo-P in GitHub, by U0MARLO",
    ]
    assert code not in caplog.text


def test_no_code_is_kept(office: Office, linking: Linking) -> None:
    code = linking.claim(MARLO, LOGIN)
    comment(office, f"/link {code}")

    with office.store.reading() as connection:
        tables = connection.exec_driver_sql("SELECT digest FROM link_claims").scalars().all()
        effects = connection.exec_driver_sql("SELECT payload FROM outbox").scalars().all()
    assert code not in f"{tables} {effects}"


def test_an_issue_that_somebody_linked_adopts_is_theirs(office: Office, linking: Linking) -> None:
    comment(office, f"/link {linking.claim(MARLO, LOGIN)}")
    mine = replace(
        office.tracker.snapshot(1),
        number=7,
        ticket_id=None,
        filed=None,
        author=LOGIN,
        labels=frozenset({"identity-slackbot"}),
    )
    office.tracker.now[REQUESTS, 7] = mine

    office.desk.observe(mine)
    office.work(30)

    ticket = office.store.ticket_at(REQUESTS, 7)
    assert ticket
    assert ticket.requestor.slack_id == MARLO


def test_a_code_in_a_comment_from_before_it_was_given_proves_nothing(office: Office) -> None:
    """Somebody with write access may have edited it, and polls do not tell."""
    linking = Linking(store=office.store, people=office.people, code=lambda: "ABCDEFGH")
    office.submit()
    office.work()
    linking.claim("U0MALLORY", "octo-victim")
    old = IssueComment(
        repository="sandbox-org/identity-requests",
        number=1,
        id=5,
        author="octo-victim",
        body="/link ABCDEFGH",
        created_at=office.clock.now - 3_000,
        updated_at=office.clock.now,
    )

    for comment in (old, replace(old, id=6, updated_at=0.0)):
        office.desk.handle_comment(comment)
        office.work(60)

    assert office.people.login("U0MALLORY") == ""
