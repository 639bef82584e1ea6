"""The clock on the page: what it shows, its buttons, and who sees that it was set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from identity_bot_sandbox.server import Sandbox

Look = Callable[..., Page]


@pytest.fixture
def followed(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with a bot that goes by its clock, from Friday afternoon on."""
    sandbox.clock.to(datetime.fromisoformat("2031-05-02T16:59:00-04:00"))
    with sandbox.clock.followed_by(lambda seconds: nullcontext()):
        yield sandbox


def test_without_a_bot_that_goes_by_it_it_cannot_be_set(sandbox: Sandbox, visitor: httpx.Client) -> None:
    """It would be another time for the bot than for Slack and GitHub."""
    shown = visitor.get("/").text
    refused = visitor.post("/page/clock", data={"to": "hour"})

    assert "+1 hour" not in shown
    assert "No bot goes by this clock, so it stays as it is." in refused.text
    assert sandbox.clock.offset == 0


def test_what_no_button_says_leaves_it_as_it_is(followed: Sandbox, visitor: httpx.Client) -> None:
    before = followed.clock.offset

    visitor.post("/page/clock", data={"to": "yesterday"})
    visitor.post("/page/clock", data={})

    assert followed.clock.offset == before


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_buttons_set_it_forward_for_every_open_page(
    followed: Sandbox, look: Look, width: int, scheme: str
) -> None:
    """By keyboard, read by a screen reader, on a phone, in the dark."""
    page, other = look(width=width, scheme=scheme), look()
    clock = page.locator("#clock > summary")
    expect(clock).to_contain_text("Fri, May 2, 2031, 4:59 PM Eastern")

    for button, shown in (
        ("+1 hour", "Fri, May 2, 2031, 5:59 PM"),
        ("+1 day", "Sat, May 3, 2031, 5:59 PM"),
        ("Monday 9:00", "Mon, May 5, 2031, 9:00 AM"),
        ("Monday 9:00", "Mon, May 12, 2031, 9:00 AM"),
    ):
        clock.press("Enter")
        pressed = page.get_by_role("button", name=button, exact=True)
        expect(pressed).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        pressed.press("Enter")
        expect(clock).to_contain_text(shown)
        expect(other.locator("#now")).to_contain_text(shown)
        if pressed.is_visible():
            page.keyboard.press("Escape")


def test_it_goes_on_while_nothing_happens(followed: Sandbox, look: Look) -> None:
    page = look()
    followed.clock.forward(seconds=59 - followed.clock.local().second)
    page.reload()

    expect(page.locator("#now")).to_have_text(re.compile("5:0[0-9] PM"))
