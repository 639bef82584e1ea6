"""`sandbox --watch`: a real bot in the sandbox takes over what is edited, and outlives what is broken."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from identity_bot.scaffold import package
from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.server import Sandbox
from identity_bot_sandbox.watch import WatchedBot
from tests.support import eventually

JUNIPER, INTAKE = "U0JUNIPER", "C0INTAKE"
ANSWERS = {"team": "Benefits", "production": "no", "summary": "It stops", "environment": "Local"}


@dataclass
class Author:
    """Somebody who edits a plugin beside the sandbox."""

    sandbox: Sandbox
    module: Path
    said: list[str]

    def edit(self, old: str, new: str) -> None:
        """Change the module, as an editor does."""
        text = self.module.read_text(encoding="utf-8")
        assert old in text
        self.module.write_text(text.replace(old, new), encoding="utf-8")

    def reads(self, *lines: str) -> None:
        """Wait until the terminal shows these lines and no others, and forget them."""
        eventually(lambda: len(self.said) >= len(lines))
        assert self.said == list(lines)
        self.said.clear()

    def form(self) -> str:
        """The form as somebody opens it now."""
        slack = self.sandbox.slack
        if slack.view(JUNIPER):
            slack.close(JUNIPER, everything=True)
        assert slack.command(JUNIPER, INTAKE, "/help auth_help").is_ok
        eventually(lambda: "idbot:q:summary" in json.dumps(slack.view(JUNIPER)))
        return json.dumps(slack.view(JUNIPER))

    def page(self) -> str:
        """What the page says."""
        return httpx.get(self.sandbox.url, trust_env=False).text


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Callable[..., Author]]:
    """Starts the sandbox with a watched plugin, whose module ends with `more`."""
    bots: list[WatchedBot] = []
    sandbox = Sandbox(pages=[routes])
    sandbox.start()

    def start(more: str = "", load_seconds: float = 10) -> Author:
        folder = tmp_path / "auth_help"
        package.write(folder, package.files("auth_help", package.first_form("Auth help")))
        (tmp_path / "bot").mkdir()
        author = Author(sandbox, folder / "identity_bot_auth_help.py", [])
        with author.module.open("a", encoding="utf-8") as module:
            module.write(more)
        bots.append(
            WatchedBot(sandbox, tmp_path / "bot", [folder], say=author.said.append, load_seconds=load_seconds)
        )
        threading.Thread(target=bots[0].follow, daemon=True).start()
        return author

    yield start
    for bot in bots:
        bot.stop()
    sandbox.stop()


def test_what_is_edited_is_in_the_form_what_is_broken_is_said_and_open_forms_go_on(
    author: Callable[..., Author],
) -> None:
    watching = author()
    slack = watching.sandbox.slack
    assert "What is it about?" in watching.form()
    slack.fill(JUNIPER, {f"idbot:q:{name}": answer for name, answer in ANSWERS.items()})

    watching.edit("What is it about?", "What is broken?")
    watching.reads("auth_help reloaded")

    assert slack.submit(JUNIPER) == {}  # the form that was open
    eventually(lambda: watching.sandbox.github.issues("sandbox-org/identity-requests"))
    assert "What is broken?" in watching.form()

    watching.edit("return Form(", "return Form((")
    reason = (
        "plugin 'auth_help' (identity-bot-auth-help 0.1.0): cannot be imported: "
        "SyntaxError: '(' was never closed (identity_bot_auth_help.py, line 9)"
    )
    watching.reads(reason)

    assert f"The version before is still in use: {reason}".replace("'", "&#39;") in watching.page()
    assert "What is broken?" in watching.form()  # by the version before

    watching.edit("return Form((", "return Form(")
    watching.reads("auth_help reloaded")

    assert "was never closed" not in watching.page()
    assert slack.delivery.sockets.count == 1


def test_a_plugin_that_hangs_or_ends_the_process_ends_nothing_else(author: Callable[..., Author]) -> None:
    watching = author("\n\nimport os\n\nos._exit(0)\n", load_seconds=3)
    ended = f"plugin in {watching.module.parent}: the bot's process ended while it was loaded (exit status 0)"
    watching.reads(ended)

    assert "The bot runs without it: plugin in" in watching.page()
    assert watching.sandbox.slack.delivery.sockets.count == 1

    watching.edit("os._exit(0)", "import time; time.sleep(60)")
    watching.reads(
        f"plugin in {watching.module.parent}: loading it took longer than 3 seconds (identity_bot_auth_help.py:35)"
    )
    watching.edit("import time; time.sleep(60)", "")
    watching.reads("auth_help reloaded")

    assert "What is it about?" in watching.form()


def test_what_a_plugin_prints_and_raises_while_the_bot_runs_is_in_the_terminal(
    author: Callable[..., Author],
) -> None:
    watching = author('\n\n@hookimpl\ndef validate(answers):\n    print("checking")\n    1 / 0\n')
    watching.form()
    watching.sandbox.slack.fill(JUNIPER, {f"idbot:q:{name}": answer for name, answer in ANSWERS.items()})

    watching.sandbox.slack.submit(JUNIPER)

    eventually(lambda: any("identity_bot_auth_help.py" in line for line in watching.said))
    assert watching.said[0] == "checking"
    assert " ERROR identity_bot" in watching.said[1]


def test_a_folder_that_is_removed_and_written_anew_is_followed(author: Callable[..., Author]) -> None:
    watching = author()
    folder = watching.module.parent

    shutil.rmtree(folder)
    eventually(lambda: any("no plugin found" in line for line in watching.said))
    package.write(folder, package.files("auth_help", package.first_form("Written anew")))
    eventually(lambda: "auth_help reloaded" in watching.said)
    watching.said.clear()

    watching.edit("What is it about?", "What is broken?")
    watching.reads("auth_help reloaded")
    assert "What is broken?" in watching.form()


def test_a_folder_that_another_takes_the_place_of_is_followed(author: Callable[..., Author]) -> None:
    watching = author()
    folder = watching.module.parent
    package.write(folder.with_name("other"), package.files("auth_help", package.first_form("Other")))

    folder.rename(folder.with_name("before"))
    folder.with_name("other").rename(folder)
    eventually(lambda: "auth_help reloaded" in watching.said)
    watching.edit("What is it about?", "What is broken?")

    eventually(lambda: "What is broken?" in watching.form())


def test_a_bot_that_its_plugin_ends_is_said_and_comes_back_with_the_next_edit(
    author: Callable[..., Author],
) -> None:
    watching = author("\n\nimport os\n\n\n@hookimpl\ndef validate(answers):\n    os._exit(5)\n")
    watching.form()
    watching.sandbox.slack.fill(JUNIPER, {f"idbot:q:{name}": answer for name, answer in ANSWERS.items()})

    watching.sandbox.slack.submit(JUNIPER)

    watching.reads("the bot's process ended by itself (exit status 5)")
    assert "There is no bot until you edit the plugin: the bot" in watching.page()

    watching.edit("os._exit(5)", "return None")
    watching.reads("auth_help reloaded")
    assert "There is no bot" not in watching.page()
    assert "What is it about?" in watching.form()
