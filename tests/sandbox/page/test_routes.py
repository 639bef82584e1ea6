"""The page's stream of events, and addresses that lead nowhere."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from identity_bot_sandbox.page.routes import changes
from identity_bot_sandbox.server import Sandbox
from tests.support import eventually

INTAKE = "C0INTAKE"
JUNIPER, INDIGO, INTAKE, TEAM = "U0JUNIPER", "U0INDIGO", "C0INTAKE", "C0TEAM"


def message(text: str, *blocks: dict[str, object]) -> dict[str, object]:
    return {"is_from_app": True, "text": text, "blocks": list(blocks)}


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


def test_a_broken_address_shows_a_page_all_the_same(visitor: httpx.Client) -> None:
    for query in ("as=nobody", "channel=../x", "issue=-1", "issue=9999999999", "thread=no", "state=x"):
        assert visitor.get(f"/?{query}").status_code == 200


def test_what_is_wrong_with_the_bot_stays_on_the_page_until_it_is_mended(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    sandbox.show_problems("plugin <b>: torn")
    shown = visitor.get("/").text

    sandbox.show_problems()

    assert '<div id="problems" role="status"><p>plugin &lt;b&gt;: torn</p></div>' in shown
    assert "plugin &lt;b" not in visitor.get("/").text
