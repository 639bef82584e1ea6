"""`identity-bot run` as the process that an operator starts, in the sandbox: both modes, its end, and what stops it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from slack_bolt import App
from slack_sdk import WebClient

from identity_bot.app import build
from identity_bot.cli import main
from identity_bot.logs import LIBRARIES, vendor_log
from identity_bot.outbox.outbox import OVERDUE_AFTER, Outbox
from identity_bot.settings import Settings, load
from identity_bot.store.engine import EXPECTED
from identity_bot.store.store import Store
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.faults import FaultKind
from identity_bot_sandbox.server import Sandbox
from tests.support import eventually
from tests.support_outbox import Note, enqueue

JUNIPER, INTAKE, TEAM = "U0JUNIPER", "C0INTAKE", "C0TEAM"
SETTINGS = """
intake_channel = "#vsp-identity"
team_channel = "#identity-surge"
repository = "sandbox-org/identity-requests"
http.port = {port}
"""
INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")
"""What a process is given of this one's environment."""
ANSWER = "the sign-in page shows a grey bar since Tuesday"


def settings_file(folder: Path, port: int = 0) -> Path:
    file = folder / "identity-bot.toml"
    file.write_text(SETTINGS.format(port=port), encoding="utf-8")
    return file


class Process:
    """A running `identity-bot run` and what it has logged."""

    def __init__(self, folder: Path, environment: dict[str, str], before: str) -> None:
        file = settings_file(folder)
        self.database = f"sqlite:///{folder / 'bot.db'}"
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{before}; from identity_bot.cli import main; main()",
                "--config",
                file,
                "run",
            ],
            env=inherited | {"DATABASE_URL": self.database} | environment,
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self) -> str:
        """All that it has written so far."""
        return "\n".join(self.lines)

    def url(self) -> str:
        """Where it listens, once it is ready."""

        def ready() -> re.Match[str] | None:
            assert self.process.poll() is None, self.log
            return re.search(r"ready: .*HTTP on ([\d.]+:\d+)", self.log)

        return f"http://{eventually(ready, seconds=20)[1]}"

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Asks it to end, which must take less than 20 seconds, and gives those that it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(20)
        self._reader.join(5)
        return time.monotonic() - began


@contextlib.contextmanager
def running(folder: Path, environment: dict[str, str], before: str = "pass") -> Iterator[Process]:
    bot = Process(folder, environment, before)
    try:
        yield bot
    finally:
        if bot.process.poll() is None:
            bot.process.kill()
            bot.process.wait(10)


def ask(sandbox: Sandbox, person: str = JUNIPER) -> None:
    """Somebody asks for a data pull, up to the receipt."""
    slack = sandbox.slack
    assert slack.command(person, INTAKE, "/help data_pull").is_ok
    eventually(lambda: slack.view(person))
    slack.fill(person, {"idbot:q:team": "Benefits", "idbot:q:production": "no", "idbot:q:sensitive": "no"})
    slack.fill(person, {"idbot:q:data_needed": ANSWER})
    assert slack.submit(person) == {}


def told(sandbox: Sandbox) -> bool:
    """Whether the requestor and the team have heard of the ticket, and its issue links to the thread."""
    issues = sandbox.github.issues(cast.REPOSITORY)
    return bool(
        sandbox.slack.messages(INTAKE) and sandbox.slack.messages(TEAM) and "Slack thread" in str(issues)
    )


def ready(url: str) -> tuple[int, dict[str, object]]:
    answer = httpx.get(f"{url}/readyz")
    return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def bot(town: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A bot in Socket Mode that several tests look at, and that notices a broken socket sooner."""
    faster = "from identity_bot.slack import socket_mode; socket_mode.PING = 0.5"
    with running(tmp_path_factory.mktemp("bot"), town.environment(), faster) as process:
        process.url()
        assert town.slack.delivery.sockets.wait_for(1)
        yield process


def test_by_socket_mode_a_request_becomes_a_ticket_and_the_log_keeps_its_id_and_no_answer(
    town: Sandbox, bot: Process
) -> None:
    ask(town)
    eventually(lambda: told(town))

    code, state = ready(bot.url())
    assert (code, state["slack_socket"], state["database"]) == (200, "connected", "ok")
    assert httpx.get(f"{bot.url()}/healthz").text == "ok\n"
    assert ANSWER in (town.github.issue(cast.REPOSITORY, 1).body or "")
    events = [line for line in bot.lines if re.search(r" ticket=[0-9a-f]{8}-", line)]
    assert any("ticket submitted: data_pull" in line for line in events)
    assert any("ticket created: #1" in line for line in events)
    assert ANSWER not in bot.log


def test_the_webhook_is_taken_with_its_secret_only(town: Sandbox, bot: Process) -> None:
    address = f"{bot.url()}/github/webhook"
    hooks = [town.github.add_hook(address, secret=secret) for secret in (cast.WEBHOOK_SECRET, "guessed")]

    town.github.open_issue(cast.REPOSITORY, "By hand", "no marker", actor="indigo-marshwick")

    def answers() -> list[int | None]:
        sent = [town.github.webhooks.deliveries(hook.id) for hook in hooks]
        found = [[d.status_code for d in one if d.event == "issues" and d.status_code] for one in sent]
        return [one[0] for one in found if one]

    assert eventually(lambda: len(answers()) == 2 and answers()) == [200, 401]


def test_by_http_a_request_becomes_a_ticket(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = sandbox.environment()
    del environment["SLACK_APP_TOKEN"]
    with running(tmp_path, environment) as bot:
        url = bot.url()
        sandbox.slack.delivery.request_url = f"{url}/slack/events"

        ask(sandbox)
        eventually(lambda: told(sandbox))

        code, state = ready(url)
        assert (code, state["slack_socket"]) == (200, "not used")
        bot.end(signal.SIGINT)
        assert bot.process.returncode == 0


def test_an_effect_under_way_is_finished_before_the_end_and_not_done_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    environment = sandbox.environment()
    with running(tmp_path, environment) as bot:
        bot.url()
        assert sandbox.slack.delivery.sockets.wait_for(1)
        sandbox.github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.SLOW, delay=1.5)
        ask(sandbox)
        eventually(lambda: not sandbox.github.faults.active())  # the POST has arrived

        seconds = bot.end()

        assert seconds > 0.5
        assert bot.process.returncode == 0
    assert len(sandbox.github.issues(cast.REPOSITORY)) == 1
    store = Store(bot.database)
    done = [row.kind for row in Outbox(store).rows("done") if row.kind == "open_issue"]
    store.close()
    assert done == ["open_issue"]
    again = build(load(tmp_path / "identity-bot.toml", environment | {"DATABASE_URL": bot.database}))
    again.worker.run_due()
    again.stop()
    assert len(sandbox.slack.messages(INTAKE)) == len(sandbox.slack.messages(TEAM)) == 1
    assert sandbox.github.traffic.count("POST", f"/repos/{cast.REPOSITORY}/issues") == 1


def unready(url: str) -> dict[str, object]:
    """What the bot says of itself while it is not ready; nothing while it is."""
    status, said = ready(url)
    return said if status == 503 else {}


def test_readiness_says_what_is_wrong_while_the_process_lives(town: Sandbox, bot: Process) -> None:
    url, database = bot.url(), Path(bot.database.removeprefix("sqlite:///"))
    town.slack.faults.add("apps.connections.open", error="internal_error", times=None)
    town.slack.delivery.sockets.drop()

    down = eventually(lambda: unready(url), seconds=15)
    town.slack.faults.clear()
    eventually(lambda: ready(url)[0] == 200, seconds=30)
    for file in database.parent.glob(f"{database.name}*"):
        file.rename(file.with_name(f"moved-{file.name}"))
    gone = eventually(lambda: unready(url))

    assert (down["ready"], down["slack_socket"], down["database"]) == (False, "not connected", "ok")
    assert (gone["ready"], gone["slack_socket"]) == (False, "connected")
    assert "is gone" in str(gone["database"])
    assert httpx.get(f"{url}/healthz").status_code == 200


def test_a_connection_that_goes_silent_is_replaced_and_said_meanwhile(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """With a tenth of the usual interval between pings: no network closes such a connection for us."""
    with running(
        tmp_path,
        sandbox.environment(),
        before="from identity_bot.slack import socket_mode; socket_mode.PING = 0.3",
    ) as bot:
        eventually(lambda: ready(bot.url())[0] == 200)
        sandbox.slack.delivery.sockets.silence()
        began = time.monotonic()

        said = eventually(lambda: unready(bot.url()), seconds=3)
        eventually(lambda: ready(bot.url())[0] == 200, seconds=10)
        took = time.monotonic() - began
        ask(sandbox)

        eventually(lambda: told(sandbox))
        assert said["slack_socket"] == "not connected"
        assert took < 8


@pytest.mark.parametrize(("files", "count"), [(256, 300), (1024, 1100)])
def test_connections_that_others_hold_cost_nobody_an_answer(
    sandbox: Sandbox, tmp_path: Path, files: int, count: int
) -> None:
    """Each has sent half a request; with 256 files, the process could not even accept so many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))"
    with (
        running(tmp_path, sandbox.environment(), before=limit) as bot,
        contextlib.ExitStack() as held,
        httpx.Client(base_url=bot.url()) as client,
    ):
        where = client.base_url
        for _ in range(count):
            one = held.enter_context(socket.create_connection((where.host, where.port or 0), timeout=5))
            with contextlib.suppress(ConnectionError):
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        began, lines = time.monotonic(), len(bot.lines)

        answer = client.get("/healthz")

        assert (answer.status_code, time.monotonic() - began < 1) == (200, True)
        assert lines < 10
        assert sandbox.slack.command(JUNIPER, INTAKE, "/help data_pull").is_ok


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, "right"])
def test_twenty_large_bodies_at_once_need_little_memory(
    sandbox: Sandbox, tmp_path: Path, signature: str
) -> None:
    body = b'{"a": "' + b"x" * (24 * 1024 * 1024) + b'"}'
    if signature == "right":
        signature = "sha256=" + hmac.new(cast.WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    with running(tmp_path, sandbox.environment()) as bot:
        url = f"{bot.url()}/github/webhook"

        def post(_: int) -> int:
            try:
                return httpx.post(
                    url, content=body, headers={"x-hub-signature-256": signature}, timeout=60
                ).status_code
            except httpx.TransportError:  # refused before it was sent
                return 0

        with ThreadPoolExecutor(20) as hands:
            answers = set(hands.map(post, range(20)))
        status = Path(f"/proc/{bot.process.pid}/status").read_text(encoding="ascii")

    assert answers <= {0, 200, 401, 503}
    assert 200 not in answers or "sha256=0" not in signature
    # 150 to 190 MB as a rule, 208 were seen on a busy machine; twenty bodies would take 580 and more.
    assert int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) < 250_000
    assert bot.log.count("refused a delivery") < 20


def test_a_github_that_cannot_be_reached_does_not_keep_it_from_starting(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.github.faults.add(status=502, times=None)
    with running(tmp_path, sandbox.environment()) as bot:
        url = bot.url()

        assert "cannot tell whether GitHub accepts the token: GitHub: 502" in bot.log
        eventually(lambda: ready(url)[0] == 200)  # the socket connects meanwhile


def test_a_token_that_github_refuses_later_is_said_by_readiness(sandbox: Sandbox, tmp_path: Path) -> None:
    with running(tmp_path, sandbox.environment()) as bot:
        url = bot.url()
        before = ready(url)[1]
        sandbox.github.faults.add(status=401, times=None)
        ask(sandbox)

        eventually(lambda: ready(url)[1]["github_token"] == "refused")
        assert (before["github_token"], ready(url)[0]) == ("accepted", 200)


def test_readiness_knows_of_a_database_that_takes_no_ticket_and_of_what_is_overdue(
    sandbox_settings: Settings,
) -> None:
    bot = build(sandbox_settings)
    other = sqlite3.connect(str(bot.store.engine.url.database), isolation_level=None)
    enqueue(bot.store, Note())
    bot.store.clock = lambda: time.time() + OVERDUE_AFTER + 1

    fine = bot.state()
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    locked = bot.state()
    waited = time.monotonic() - began
    other.execute("ROLLBACK")

    assert (fine["ready"], fine["effects_overdue"], fine["effects_failed"]) == (True, 1, 0)
    assert fine["effects_delay_seconds"] > OVERDUE_AFTER
    assert (locked["ready"], locked["effects_overdue"]) == (False, None)
    assert "locked" in locked["database"]
    assert waited < 3
    assert bot.state()["ready"]
    other.close()
    bot.stop()


@pytest.fixture
def own_log() -> Iterator[None]:
    """Puts logging back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def run(file: Path, environment: dict[str, str]) -> tuple[int, str]:
    """What `run` says in this process, when it ends by itself."""
    result = CliRunner().invoke(main, ["--config", str(file), "run"], env=environment)
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    return result.exit_code, result.output.strip()


@pytest.mark.usefixtures("own_log")
def test_a_port_in_use_is_said_in_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = sandbox.environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, said = run(settings_file(tmp_path, port), environment)

    assert code == 2
    assert said == f"settings: http: cannot listen on 127.0.0.1:{port}: Address already in use"


@pytest.mark.usefixtures("own_log")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-nobody"}, "SLACK_BOT_TOKEN: Slack did not accept it: invalid_auth"),
        ({"SLACK_APP_TOKEN": "xapp-nobody"}, "SLACK_APP_TOKEN: Slack did not accept it: invalid_auth"),
        ({"GITHUB_TOKEN": "ghp_nobody"}, "GITHUB_TOKEN: GitHub did not accept it (401)"),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "Slack cannot be reached: connection refused"),
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN: missing; expected the bot token of the Slack app (xoxb-…)"),
        ({"DATABASE_URL": "sqlite:////nowhere/bot.db"}, "DATABASE_URL: /nowhere is no folder that can be written to"),
        ({"DATABASE_URL": "postgresql://u:nobody@:bad/x"}, EXPECTED),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL: mysql is not supported; SQLite and PostgreSQL (psycopg) are"),
    ],
)  # fmt: skip
def test_what_keeps_it_from_starting_is_said_in_one_line(
    sandbox: Sandbox, tmp_path: Path, wrong: dict[str, str], says: str
) -> None:
    environment = sandbox.environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"}

    code, said = run(settings_file(tmp_path), environment | wrong)

    assert code == 2
    assert said.splitlines()[-1].removeprefix("settings: ") == says
    assert "Traceback" not in said
    assert "nobody" not in said


HOMELESS = "import os, pwd; os.environ.pop('HOME', None); pwd.getpwuid = {}.__getitem__"
"""Makes the process that of a user without a home, as in many containers."""
READ_ONLY = f"""
import sys; {HOMELESS}
from click.testing import CliRunner
from identity_bot.cli import main
for arguments in ("types", "manifest", "check --offline", "outbox", "run", "--config none.toml types"):
    ended = CliRunner().invoke(main, arguments.split())
    print(ended.exit_code, repr(ended.exception), (ended.stderr or ended.stdout).splitlines()[-1])
"""


def test_a_user_without_a_home_runs_the_bot(sandbox: Sandbox, tmp_path: Path) -> None:
    with running(tmp_path, sandbox.environment(), HOMELESS) as bot:
        eventually(lambda: ready(bot.url())[0] == 200)


def test_on_a_read_only_file_system_each_command_works_or_says_what_cannot_be_written(tmp_path: Path) -> None:
    """As far as the machine lets a test mount one."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mounting = (
        f'mount -t tmpfs none {folder} && cp "$0" {folder} && mount -o remount,ro {folder} && exec "$@"'
    )
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounting, str(settings_file(tmp_path))]
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk of its own (unshare, mount)")
    tokens = {"GITHUB_TOKEN": "t", "SLACK_BOT_TOKEN": "xoxb-nobody", "SLACK_APP_TOKEN": "xapp-nobody"}
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}

    ran = subprocess.run(
        [*inside, sys.executable, "-c", f"import os; os.chdir({str(folder)!r}){READ_ONLY}"],
        env=inherited | tokens,
        capture_output=True,
        text=True,
        check=False,
    )

    blocked = f"DATABASE_URL: {folder} is no folder that can be written to"
    assert ran.returncode == 0, ran.stderr
    types, manifest, check, outbox, start, elsewhere = ran.stdout.splitlines()
    assert types.startswith("0 None ")
    assert manifest.startswith("0 None ")
    assert check == "1 SystemExit(1) 2 ok, 2 warnings, 1 problem"  # nobody hears of urgent ones or approves
    assert outbox == f"2 SystemExit(2) {blocked}"
    assert start == f"2 SystemExit(2) {blocked}"
    assert elsewhere.endswith(
        "settings: none.toml: no such file; name it with --config or IDENTITY_BOT_CONFIG"
    )


def test_what_vendors_say_is_in_the_debug_file_while_the_bot_lives(
    tmp_path: Path, sandbox_settings: Settings
) -> None:
    file = tmp_path / "debug.log"
    bot = build(replace(sandbox_settings, debug_file=str(file)))

    vendor_log.info("GitHub: 422")
    bot.stop()
    vendor_log.info("after its end")

    assert [line.rpartition("vendors: ")[2] for line in file.read_text().splitlines()] == ["GitHub: 422"]


def test_an_attached_bot_reads_the_teams_articles_until_it_is_stopped(
    sandbox: Sandbox, sandbox_settings: Settings, tmp_path: Path
) -> None:
    """From a folder and from GitHub, in the background; nothing is read before the bot is attached."""
    sandbox.github.add_repository("sandbox-org/handbook")
    sandbox.github.put_file(
        "sandbox-org/handbook", "docs/clients.md", "# Invalid client id\nSeed the database."
    )
    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "users.md").write_text("# No users\nPull the mock data.", encoding="utf-8")
    places = {"folder": str(tmp_path / "help"), "repository": "sandbox-org/handbook", "path": "docs"}
    bot = build(replace(sandbox_settings, answers=sandbox_settings.answers | places))
    before = bot.library.search("users")
    client = WebClient(token=sandbox_settings.slack_bot_token, base_url=sandbox_settings.slack_api_url)

    bot.attach(App(client=client, signing_secret="unused"))
    found = eventually(lambda: bot.library.search("invalid client id"))
    bot.stop()

    assert before == []
    assert found[0].url.endswith("/sandbox-org/handbook/blob/main/docs/clients.md")
    assert [answer.name for answer in bot.library.search("users")] == ["users"]
    assert not [thread for thread in threading.enumerate() if thread.name == "identity-bot-library"]


def test_pr_review_reads_over_github_whether_a_pull_request_is_the_teams(
    sandbox: Sandbox, sandbox_settings: Settings
) -> None:
    """The sandbox's first pull request changes files of the team's, the second the README only."""
    owners = {"pr_review": {"owners": ["@sandbox-org/identity"]}}
    bot = build(replace(sandbox_settings, request_types=owners))
    review, link = bot.plugins.types["pr_review"], "https://github.com/sandbox-org/vets-api/pull"

    ours = review.self_service(f"{link}/1", {})
    [other] = review.self_service(f"{link}/2/files", {})
    nowhere = review.self_service(f"{link}/99", {})
    bot.stop()

    assert ours == nowhere == []
    assert "They belong to `@sandbox-org/platform`." in other.text
    assert sandbox.github.traffic.count("POST") == 0
