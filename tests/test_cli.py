"""The command line: request types as text, the outbox, and errors in one line each."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_mock import MockerFixture

from identity_bot.cli import main
from identity_bot.forms.form import Form
from identity_bot.forms.questions import ShortText
from identity_bot.outbox.outbox import OVERDUE_AFTER, Outbox
from identity_bot.outbox.queue import Queue
from identity_bot.plugins.hookspecs import hookimpl
from identity_bot.settings import CONFIG_VARIABLE, ENVIRONMENT
from identity_bot.store.store import Store
from identity_bot.tickets.model import Person, Ticket, ticket_id
from tests.support_outbox import Note, enqueue

ANSWER = "the users of 3 May are gone"
ONE = Form(title="One question", questions=[ShortText(name="short", label="Short?")])


def run(*arguments: str | Path, environ: Mapping[str, str | None] | None = None) -> tuple[int, str, str]:
    """The exit code, and what was said on standard output and standard error."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], env=environ)
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bot is started in a folder with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plugin(form: Form) -> object:
    class Plugin:
        @staticmethod
        @hookimpl
        def form() -> Form:
            return form

    return Plugin


# identity-bot types


def test_types_draws_the_installed_forms_without_any_token(settings_file: Path) -> None:
    code, said, _ = run(
        "--config", settings_file, "types", environ={"GITHUB_TOKEN": "", "SLACK_BOT_TOKEN": ""}
    )

    assert code == 0
    assert [line for line in said.splitlines() if line and not line.startswith(" ")] == [
        "data_pull: Data pull", "mock_auth: Mocked authentication", "pr_review: PR review",
    ]  # fmt: skip
    assert "pull_request: url, at most 2,000 characters, required" in said
    assert "choices: Login.gov; ID.me; DS Logon; My HealtheVet" in said


def test_types_needs_no_settings_file(in_empty_folder: Path) -> None:
    code, said, why = run("types", environ={"GITHUB_TOKEN": None, "IDENTITY_BOT_CONFIG": None})

    assert code == 0
    assert said.startswith("data_pull: Data pull\n")
    assert "issues in owner/name, labels identity-slackbot, data_pull\n" in said
    assert why == "no identity-bot.toml here: owner/name stands for your repository\n"


@pytest.mark.parametrize("named_by", ["option", "variable"])
def test_types_misses_a_settings_file_that_is_named(in_empty_folder: Path, named_by: str) -> None:
    arguments = ("--config", "mine.toml") if named_by == "option" else ()

    code, said, why = run(*arguments, "types", environ={"IDENTITY_BOT_CONFIG": "mine.toml"})

    assert (code, said) == (2, "")
    assert why == "settings: mine.toml: no such file; name it with --config or IDENTITY_BOT_CONFIG\n"


def test_types_reads_the_settings_file_where_it_is_started(in_empty_folder: Path) -> None:
    (in_empty_folder / "identity-bot.toml").write_text("label = 3\n", encoding="utf-8")

    code, _, why = run("types")

    assert code == 2
    assert "settings: label: found 3;" in why


def test_a_plugin_that_was_skipped_is_named_with_the_reason(
    settings_file: Path, installed: Callable[..., None]
) -> None:
    def broken() -> object:
        raise ImportError("No module named 'frobnicate'")

    installed(alone=True, good=lambda: plugin(ONE), bad=broken)

    code, said, why = run("--config", settings_file, "types")

    assert code == 1
    assert said.startswith("good: One question")
    assert why.startswith("skipped: plugin 'bad' (identity-bot-bad 1.0): cannot be imported")
    assert len(why.splitlines()) == 1
    assert not logging.getLogger("identity_bot.plugins.loader").disabled


def test_no_plugin_at_all_is_said_so(settings_file: Path, installed: Callable[..., None]) -> None:
    installed(alone=True)

    assert run("--config", settings_file, "types")[:2] == (0, "no request type is installed\n")


# identity-bot outbox


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def kept(database: str) -> Iterator[Outbox]:
    """An outbox with one failed effect of a ticket (1), one that waits (2) and one that is done (3)."""
    store = Store(database)
    store.migrate()
    queue = Queue(store)
    ticket = Ticket(
        id=ticket_id("V1"), type="data_pull", requestor=Person(slack_id="U0JUNIPER"), submitted_at=0.0,
        answers={"data_needed": ANSWER}, repository="o/n",
    )  # fmt: skip
    with store.begin() as transaction:
        transaction.add_ticket(ticket)
    lanes = ("slack:#team", "github", "slack:views")
    enqueue(store, *(Note(to=lane, text=ANSWER, ticket_id=ticket.id) for lane in lanes))
    lease = queue.lease("test")
    while lease:
        following = None
        if lease.lane == "slack:#team":
            following = queue.fail(lease, "Slack's chat.postMessage:\nis_archived", lambda transaction: False)
        elif lease.lane == "slack:views":
            following = queue.succeed(lease, lambda transaction: None)
        else:
            queue.postpone(lease, "GitHub: 502", 600.0)
        lease = following or queue.lease("test")
    yield Outbox(store)
    store.close()


@pytest.mark.parametrize("arguments", [("outbox",), ("outbox", "list")])
def test_the_outbox_lists_what_failed_and_what_waits_and_its_exit_code_says_that_something_failed(
    kept: Outbox, arguments: tuple[str, ...]
) -> None:
    code, said, _ = run(*arguments)

    head, failed, waiting = said.splitlines()
    reference = Ticket(
        id=ticket_id("V1"), type="", requestor=Person(slack_id=""), answers={}, submitted_at=0.0
    ).reference
    assert code == 1
    assert head.split() == ["id", "state", "kind", "ticket", "lane", "attempts", "due", "last", "error"]
    assert failed.split()[:6] == ["1", "failed", "note", reference, "slack:#team", "1"]
    assert failed.endswith("Z  Slack's chat.postMessage: is_archived")
    assert waiting.split()[1] == "waiting"
    assert waiting.endswith("GitHub: 502")


@pytest.mark.parametrize("state", ["failed", "waiting", "done"])
def test_the_outbox_never_shows_an_answer(kept: Outbox, state: str) -> None:
    code, said, _ = run("outbox", "list", "--state", state)

    assert code == 1
    assert {line.split()[1] for line in said.splitlines()[1:]} == {state}
    assert "users of" not in said


def test_a_failed_effect_can_be_retried(kept: Outbox) -> None:
    assert run("outbox", "retry", "1") == (0, "1: will be retried\n", "")

    assert kept.count("failed") == 0
    lease = Queue(kept.store).lease("worker")
    assert lease
    assert lease.row.id == 1
    assert run("outbox")[0] == 0


def test_all_failed_effects_can_be_retried(kept: Outbox) -> None:
    assert run("outbox", "retry", "--all")[:2] == (0, "1: will be retried\n")
    assert run("outbox", "retry", "--all")[:2] == (0, "no failed effects\n")


def test_a_failed_effect_can_be_discarded(kept: Outbox) -> None:
    assert run("outbox", "discard", "1", "1") == (0, "1: discarded\n", "")

    assert (kept.count("failed"), kept.count("done")) == (0, 2)


@pytest.mark.parametrize("act", ["retry", "discard"])
def test_an_id_that_has_not_failed_is_named_and_the_others_are_done(kept: Outbox, act: str) -> None:
    code, said, why = run("outbox", act, "99", "1", "2")

    assert code == 2
    assert said.startswith("1: ")
    assert why.splitlines() == [
        "99: no effect with this id has failed; `identity-bot outbox` lists them",
        "2: no effect with this id has failed; `identity-bot outbox` lists them",
    ]


@pytest.mark.parametrize("arguments", [("retry",), ("retry", "1", "--all"), ("retry", "x"), ("discard",)])
def test_what_to_retry_or_discard_must_be_clear(kept: Outbox, arguments: tuple[str, ...]) -> None:
    code, _, why = run("outbox", *arguments)

    assert code == 2
    assert why.startswith("Usage: ")
    assert kept.count("failed") == 1


def test_an_overdue_effect_makes_the_outbox_exit_with_1_and_say_why(database: str) -> None:
    """Nothing has failed; only nobody does what waits."""
    store = Store(database)
    store.migrate()
    enqueue(store, Note())
    assert run("outbox")[0] == 0
    store.clock = lambda: time.time() - OVERDUE_AFTER - 300
    enqueue(store, Note(), Note())
    store.close()

    code, said, why = run("outbox")

    assert code == 1
    assert len(said.splitlines()) == 4
    assert why == "2 overdue, one for 20 minutes; is a bot running?\n"


def test_an_empty_outbox_says_so(database: str) -> None:
    store = Store(database)
    store.migrate()
    store.close()

    assert run("outbox") == (0, "no failed or waiting effects\n", "")


def test_the_outbox_of_a_bot_that_never_ran_makes_no_database(database: str, tmp_path: Path) -> None:
    code, _, why = run("outbox")

    assert code == 2
    assert why == "DATABASE_URL: there is no database yet; the bot creates it when it first starts\n"
    assert not list(tmp_path.iterdir())


def test_an_address_that_the_manifest_cannot_use_is_shown() -> None:
    code, said, why = run("manifest", "--url", "http://bot.example.gov")

    assert (code, said) == (2, "")
    assert "--url: found 'http://bot.example.gov'; expected an address such as https://" in why


# identity-bot sandbox


def test_without_the_sandbox_installed_one_line_says_how_to_get_it(mocker: MockerFixture) -> None:
    mocker.patch.dict(sys.modules, {"identity_bot_sandbox": None})

    assert run("sandbox") == (
        2,
        "",
        "the sandbox is not installed: run `pip install 'identity-bot[sandbox]'`, "
        "or `pip install ./sandbox` in a clone\n",
    )


def test_without_a_folder_for_temporary_files_one_line_says_which_variable_names_one(
    mocker: MockerFixture,
) -> None:
    mocker.patch(
        "tempfile.TemporaryDirectory", side_effect=FileNotFoundError(2, "No usable temporary directory")
    )

    assert run("sandbox", "--port", "0") == (
        2,
        "",
        "no folder for temporary files can be written to; name one in the variable TMPDIR\n",
    )


# errors


@pytest.mark.parametrize(
    ("command", "code", "lines"),
    [
        (("run",), 2, 2),
        (("manifest",), 2, 1),
        (("check", "--offline"), 1, 7),
        (("outbox",), 2, 1),
        (("outbox", "retry", "--all"), 2, 1),
        (("outbox", "discard", "1"), 2, 1),
        (("types",), 0, None),
    ],
)
@pytest.mark.usefixtures("log_as_before")
def test_no_command_needs_anything_to_say_what_is_missing(
    in_empty_folder: Path, command: tuple[str, ...], code: int, lines: int | None
) -> None:
    unset = dict.fromkeys((CONFIG_VARIABLE, *ENVIRONMENT.fields))

    ended, said, why = run(*command, environ=unset)

    assert ended == code
    assert lines is None or len((said + why).splitlines()) == lines
    assert not list(in_empty_folder.iterdir())


@pytest.mark.parametrize("command", ["run", "types", "manifest"])
@pytest.mark.usefixtures("log_as_before")
def test_every_problem_with_the_settings_is_one_line(tmp_path: Path, command: str) -> None:
    file = tmp_path / "identity-bot.toml"
    file.write_text('intake_channel = "x"\nrepository = 3\nhttp.port = "3000"\n', encoding="utf-8")

    code, said, why = run("--config", file, command, environ={"GITHUB_TOKEN": "t"})

    assert (code, said) == (2, "")
    assert len(why.splitlines()) == 4
    assert all(line.startswith("settings: ") for line in why.splitlines())


@pytest.mark.parametrize("name", ["nowhere.toml", "folder"])
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    code, _, why = run("--config", tmp_path / name, "types")

    assert code == 2
    assert why.startswith(f"settings: {tmp_path / name}: ")
    assert len(why.splitlines()) == 1


def test_every_command_says_what_it_is_for() -> None:
    for name, command in main.commands.items():
        code, said, _ = run(name, "--help")
        assert code == 0
        assert command.help
        assert command.help.split("\n")[0][:40] in said
