"""Answers before the form is sent, as somebody meets them in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from identity_bot.store.answers import tallies
from identity_bot_sandbox import cast
from tests.sandbox.page.test_browser import nothing_serious
from tests.support import World, eventually
from tests.support_answers import CODES, plugin

Look = Callable[..., Page]


@pytest.fixture
def sign_in(installed: Callable[..., None]) -> None:
    """A type that answers; ask for it before `world`."""
    installed(sign_in=plugin)


def form(page: Page) -> Locator:
    page.get_by_label("Message to vsp-identity").fill("/help sign_in")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("What happens?")).to_be_visible()
    return dialog


def type_slowly(page: Page, field: Locator, text: str) -> None:
    """As a person types: answers come in the middle of it."""
    field.focus()
    page.keyboard.type(text, delay=40)


def test_somebody_types_reads_an_answer_and_files_nothing(sign_in: None, world: World, look: Look) -> None:
    page = look()
    dialog = form(page)
    field = dialog.get_by_label("What happens?")

    type_slowly(page, field, "My code has expired and I have been typing on")
    expect(dialog.get_by_text(CODES.title)).to_be_visible()
    page.keyboard.type(" and on", delay=10)
    expect(field).to_be_focused()
    expect(field).to_have_value("My code has expired and I have been typing on and on")
    dialog.get_by_role("button", name=f"Read: {CODES.title}").click()
    expect(dialog.get_by_text("It is good for ten minutes.")).to_be_visible()
    # Not the form's own: the page may draw the form once more before it draws the answer for good.
    answer = page.get_by_role("dialog", name="Answer")
    answer.get_by_role("button", name="This solved it").click()
    expect(dialog.get_by_text("Glad that helped. Nothing was filed.")).to_be_visible()
    dialog.locator("footer").get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()

    [tally] = tallies(world.bot.store)
    assert (tally.name, tally.shown, tally.solved) == (CODES.name, 1, 1)
    assert world.sandbox.github.issues(cast.REPOSITORY) == []


def test_somebody_goes_on_and_the_ticket_says_what_was_shown(sign_in: None, world: World, look: Look) -> None:
    page = look()
    dialog = form(page)
    field = dialog.get_by_label("What happens?")

    type_slowly(page, field, "The code has expired")
    dialog.get_by_role("button", name=f"Read: {CODES.title}").click()
    dialog.get_by_role("button", name="I still need help").click()
    expect(field).to_have_value("The code has expired")
    expect(dialog.locator("form[aria-busy]")).to_have_count(0)
    nothing_serious(page)
    dialog.get_by_label("Your team").fill("Benefits")
    dialog.get_by_role("group", name="Does this affect Veterans").get_by_label("No").check()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("We got your request")).to_be_visible()
    world.settle()

    [issue] = world.sandbox.github.issues(cast.REPOSITORY)
    assert f"Before asking, the requestor was shown: `{CODES.title}`." in issue.body
    [tally] = eventually(lambda: tallies(world.bot.store))
    assert (tally.solved, tally.not_solved, tally.tickets) == (0, 1, ("#1",))
