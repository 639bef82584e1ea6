"""The sandbox with its page, somebody who visits it over HTTP, and a real browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from identity_bot_sandbox.page.routes import routes
from identity_bot_sandbox.server import Sandbox
from tests.sandbox.page.every_kind import PLUGIN

expect.set_options(timeout=15_000)  # a busy machine is no failure

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
NO_BROWSER = "no browser: install chromium, set CHROMIUM to one, or run `playwright install chromium`"


@pytest.fixture
def sandbox(stopping: list[threading.Thread]) -> Iterator[Sandbox]:
    """A sandbox with its page; the next test does not wait until its server has stopped."""
    running = Sandbox(pages=[routes])
    running.slack.delivery.timeout = 1.0
    running.start()
    yield running
    stopping.append(threading.Thread(target=running.stop))
    stopping[-1].start()


@pytest.fixture
def visitor(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Somebody who sends the page's forms without a browser, as if from the page itself."""
    own = {"Origin": sandbox.url}
    with httpx.Client(
        base_url=sandbox.url, headers=own, follow_redirects=True, timeout=10, verify=False
    ) as client:
        yield client


@pytest.fixture
def every_kind(installed: Callable[..., None]) -> None:
    """One request type more, with a question of every kind; ask for it before `world`."""
    installed(every_kind=lambda: PLUGIN)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole run; without any the tests are skipped, but fail where CI is set."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        candidates = (os.environ.get("CHROMIUM"), "/usr/bin/chromium", shutil.which("chromium"), own)
        path = next((one for one in candidates if one and Path(one).exists()), None)
        if path is None:
            if os.environ.get("CI") == "true":
                pytest.fail(NO_BROWSER)
            pytest.skip(NO_BROWSER)
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def look(browser: Browser, sandbox: Sandbox) -> Iterator[Callable[..., Page]]:
    """Opens the page in the browser; the test fails for anything that the browser complains of."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str = "/", *, width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        shown = context.new_page()
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        shown.goto(sandbox.url + path)
        return shown

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
