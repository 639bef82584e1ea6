"""`identity-bot people`: who is who and why, and what the operator can correct."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from identity_bot.store.links import Links
from identity_bot.store.store import Store
from identity_bot.tickets.people import Link, LinkSource
from identity_bot_sandbox.server import Sandbox
from tests.support_cli import run

MARLO, ROWAN, LINDEN = "U0MARLO", "U0ROWAN", "U0LINDEN"
DAY = 1_800_000_000.0


@pytest.fixture
def store(database: str, settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A bot's database in which Marlo is linked; the settings name Linden and others."""
    monkeypatch.setenv("IDENTITY_BOT_CONFIG", str(settings_file))
    store = Store(database)
    store.migrate()
    with store.begin() as transaction:
        Links(transaction).save(Link(slack_id=MARLO, login="Marlo-P", source=LinkSource.PROVED, at=DAY))
    yield store
    store.close()


def linked(store: Store) -> dict[str, str]:
    store.links.changed()
    return {one.slack_id: one.login for one in store.links()}


def test_everybody_is_listed_with_how_they_are_known(store: Store) -> None:
    run("people", "--link", ROWAN, "rowan-h")

    code, said, _ = run("people")

    head, *lines = said.splitlines()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert code == 0
    assert head.split() == ["slack", "id", "login", "known", "from"]
    rows = [line.split(maxsplit=2) for line in lines]
    assert [LINDEN, "linden-brookmere", "settings"] in rows
    assert [MARLO, "Marlo-P", "proved on 2027-01-15"] in rows
    assert [ROWAN, "rowan-h", f"linked by the operator on {today}"] in rows


def test_somebody_known_by_their_e_mail_address_only_is_listed_so_until_that_is_removed(store: Store) -> None:
    with store.begin() as transaction:
        Links(transaction).suggest(Link(slack_id=ROWAN, login="rowan-h", source=LinkSource.EMAIL, at=DAY))
    listed = run("people")[1]

    removed = run("people", "--unlink", ROWAN)

    [line] = [line for line in listed.splitlines() if ROWAN in line]
    assert line.split(maxsplit=2)[2] == "by an equal e-mail address on 2027-01-15, only to name them"
    assert removed == (0, "U0ROWAN is no longer linked to rowan-h\n", "")
    assert ROWAN not in run("people")[1]


def test_a_link_that_the_settings_contradict_is_listed_as_ignored(store: Store) -> None:
    with store.begin() as transaction:
        link = Link(slack_id=ROWAN, login="LINDEN-brookmere", source=LinkSource.PROVED, at=DAY)
        Links(transaction).save(link)

    _, said, _ = run("people")

    [line] = [line for line in said.splitlines() if ROWAN in line]
    assert line.split(maxsplit=1)[1] == (
        "LINDEN-brookmere  proved on 2027-01-15, ignored because the settings differ"
    )


def test_the_operator_removes_a_link(store: Store) -> None:
    said = run("people", "--unlink", MARLO)

    assert said == (0, "U0MARLO is no longer linked to Marlo-P\n", "")
    assert linked(store) == {}


def test_the_operator_links_somebody_in_place_of_an_old_link(store: Store) -> None:
    said = run("people", "--link", MARLO, "marlo-two")

    assert said == (0, "U0MARLO is linked to marlo-two now, no longer to Marlo-P\n", "")
    assert linked(store) == {MARLO: "marlo-two"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--link", ROWAN, "marlo-p"), "already, marlo-p is U0MARLO; first remove that: identity-bot people --unlink"),
        (("--link", ROWAN, "Linden-Brookmere"), "the settings say that Linden-Brookmere is U0LINDEN; change it there"),
        (("--link", LINDEN, "other"), "the settings say that U0LINDEN is linden-brookmere; change it there"),
        (("--link", "marlo", "marlo-p"), "'marlo' is no Slack id; expected one such as U012AB3CD"),
        (("--link", ROWAN, "no login"), "'no login' is no GitHub login; expected one such as octocat"),
        (("--unlink", ROWAN), "U0ROWAN has no link; `identity-bot people` lists them"),
        (("--unlink", LINDEN), "the settings say that U0LINDEN is linden-brookmere; change it there"),
        (("--unlink", "@marlo"), "'@marlo' is no Slack id; expected one such as U012AB3CD"),
        (("--link", ROWAN, "rowan", "--unlink", MARLO), "expected --link or --unlink, not both"),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected_is_said_with_what_to_do(
    store: Store, arguments: tuple[str, ...], problem: str
) -> None:
    code, said, error = run("people", *arguments)

    assert (code, said) == (2, "")
    assert problem in error
    assert linked(store) == {MARLO: "Marlo-P"}


@pytest.mark.parametrize(
    ("who", "login", "problem"),
    [
        (ROWAN, "identity-helper-bot", ""),
        ("U0NOBODY", "identity-helper-bot", "Slack knows no active person with the id U0NOBODY"),
        (ROWAN, "rowan-h", "GitHub knows nobody with the login rowan-h"),
    ],
)
def test_slack_and_github_are_asked_whether_somebody_is_there(
    store: Store, sandbox: Sandbox, who: str, login: str, problem: str
) -> None:
    environ = sandbox.environment()

    code, _, error = run("people", "--link", who, login, environ=environ)
    asked = code, linked(store).get(who, "")
    run("people", "--link", who, login, "--offline", environ=environ)

    assert asked == ((2, "") if problem else (0, login))
    assert problem in error
    assert linked(store)[who] == login


def test_who_cannot_be_looked_up_is_not_linked(store: Store, sandbox: Sandbox) -> None:
    sandbox.slack.faults.add("users.info", status=503)

    code, _, error = run("people", "--link", ROWAN, "identity-helper-bot", environ=sandbox.environment())

    assert code == 2
    assert "cannot find out" in error
    assert error.count("\n") == 1
    assert linked(store) == {MARLO: "Marlo-P"}


def test_settings_that_are_wrong_are_said(store: Store, settings_file: Path) -> None:
    settings_file.write_text("repository = 3", encoding="utf-8")

    code, _, error = run("people")

    assert code == 2
    assert "settings: repository" in error


def test_a_database_that_is_not_there_yet_is_said(database: str) -> None:
    code, _, error = run("people")

    assert code == 2
    assert "there is no database yet" in error


def test_nobody_known_is_said(database: str, tmp_path: Path) -> None:
    store = Store(database)
    store.migrate()
    store.close()
    file = tmp_path / "small.toml"
    file.write_text('intake_channel = "#a"\nteam_channel = "#b"\nrepository = "o/n"\n', encoding="utf-8")

    said = run("--config", file, "people")

    assert said == (0, "nobody's Slack id and GitHub login are known\n", "")
