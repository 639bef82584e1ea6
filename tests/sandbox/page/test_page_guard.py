"""What keeps strangers out of the page, its switches for faults, and its stream of events."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from identity_bot_sandbox import cast
from identity_bot_sandbox.page.routes import changes
from identity_bot_sandbox.server import Sandbox
from tests.support import eventually

INTAKE = "C0INTAKE"


def test_every_answer_allows_only_the_pages_own_scripts(visitor: httpx.Client) -> None:
    for path in ("/", "/page/static/page.js", "/page/files/none", "/github/a/b/issues"):
        headers = visitor.get(path).headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_script_or_style_of_its_own_inside(visitor: httpx.Client) -> None:
    html = visitor.get("/").text

    assert html.count("<script") == 1
    assert "<style" not in html
    assert " style=" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
    ],
)
def test_a_form_from_elsewhere_is_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{sandbox.url}/page/say", data={"text": "hi"}, headers=headers)

    assert answer.status_code == 403
    assert sandbox.slack.messages(INTAKE) == []


def test_a_form_from_the_page_is_taken(sandbox: Sandbox) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}

    httpx.post(f"{sandbox.url}/page/say", data={"text": "hi"}, headers=headers)

    assert [one.text for one in sandbox.slack.messages(INTAKE)] == ["hi"]


def test_a_file_is_given_only_to_be_saved(sandbox: Sandbox, visitor: httpx.Client) -> None:
    file = sandbox.slack.upload("U0JUNIPER", 'a"<b>.html', b"<script>alert(1)</script>")

    answer = visitor.get(f"/page/files/{file.file_id}")

    assert answer.headers["content-disposition"] == 'attachment; filename="a__b_.html"'
    assert answer.headers["content-type"] == "application/octet-stream"


def test_the_switches_put_faults_on_and_off(sandbox: Sandbox, visitor: httpx.Client) -> None:
    on = visitor.post("/page/faults", data={"on": ["github-broken", "slack-limited", "unknown"]}).text
    faults = (len(sandbox.github.faults.active()), len(sandbox.slack.faults.active()))
    off = visitor.post("/page/faults", data={}).text

    assert "2 on" in on
    assert faults == (1, 1)
    assert " on</span>" not in off
    assert sandbox.github.faults.active() == ()


def test_a_switch_that_works_once_is_off_when_it_has(sandbox: Sandbox, visitor: httpx.Client) -> None:
    visitor.post("/page/faults", data={"on": "github-unsure"})
    sandbox.github.faults.meet("POST", "/repos/a/b/issues")

    assert " on</span>" not in visitor.get("/").text


def test_the_four_mishaps_of_webhooks_can_be_switched_on(sandbox: Sandbox, visitor: httpx.Client) -> None:
    names = {f"webhooks-{what}" for what in ("lost", "doubled", "delayed", "reordered")}

    on = visitor.post("/page/faults", data={"on": [*names]}).text
    visitor.post("/page/faults", data={})
    off = visitor.get("/").text

    assert "4 on" in on
    assert all(f'value="{name}" checked' in on for name in names)
    assert not any(f'value="{name}" checked' in off for name in names)


def test_the_bots_socket_can_be_dropped(sandbox: Sandbox, visitor: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {cast.APP_TOKEN}"}
    url = visitor.post("/slack/api/apps.connections.open", headers=headers).json()["url"]

    with connect(url) as socket:
        socket.recv(5)
        connected = visitor.get("/").text
        visitor.post("/page/faults", data={"do": "drop"})

        with pytest.raises(ConnectionClosedError):
            socket.recv(5)

    assert "Bot connected by Socket Mode" in connected
    eventually(lambda: "No bot is connected" in visitor.get("/").text)


def test_a_page_that_goes_away_leaves_no_task_behind() -> None:
    """The stream is dropped while it waits, as when its page is closed."""
    complaints: list[str] = []

    async def visit() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
        sandbox = Sandbox()
        stream = changes(sandbox.slack, sandbox.github, sandbox.closing)
        assert "retry" in await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        left = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        await asyncio.sleep(0.01)
        assert all(task.done() for task in left)
        sandbox.stop()

    with ThreadPoolExecutor(1) as apart:  # a browser's tests leave a loop running in this thread
        apart.submit(asyncio.run, visit()).result(10)
    gc.collect()

    assert complaints == []


def test_an_open_page_is_told_of_changes_and_let_go_at_the_end(sandbox: Sandbox) -> None:
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{sandbox.url}/page/events", timeout=10) as stream:
            for line in stream.iter_lines():
                heard.append(line)
                ready.set()

    listener = threading.Thread(target=listen)
    listener.start()
    ready.wait(5)
    sandbox.slack.say("U0JUNIPER", INTAKE, "hello")
    eventually(lambda: "data: changed" in heard)
    sandbox.stop()
    listener.join(5)

    assert not listener.is_alive()
