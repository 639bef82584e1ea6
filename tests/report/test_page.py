"""The page: complete, safe, and readable by everybody: light, dark, narrow and on paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from identity_bot.report.charts import described
from identity_bot.report.figures import Flow
from identity_bot.report.page import page
from identity_bot.report.words import summary
from tests.support_report import DAY, HOUR, LATER, NOVEMBER, busy, closed, figures, ticket

CHROMIUM = os.environ.get("CHROMIUM")
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium (set CHROMIUM)")


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    text = page(busy())

    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_the_page_is_the_same_each_time() -> None:
    assert page(busy()) == page(busy())


def test_what_a_team_is_called_is_text() -> None:
    text = page(figures(ticket(team='"><img src=x onerror=alert(1)>')))

    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_numbers_are_written_alike_wherever_they_stand() -> None:
    found = replace(
        busy(), this_month=Flow(opened=1234, closed=2345), month_before=Flow(opened=3456, closed=4567)
    )

    for said in (summary(found)[0], described(found), page(found)):
        assert all(one in said for one in ("1,234", "2,345", "3,456", "4,567"))
        assert not any(one in said for one in ("1234", "2345", "3456", "4567"))


@pytest.mark.parametrize(
    ("answered", "closed_after", "said"),
    [
        (20, HOUR, ("came in less than a business minute, nine of ten in less", "took less than a day.")),
        (60, DAY, ("came within 1 business minute, nine of ten within 1 business", "took 1 day or less.")),
        (2 * HOUR, 2.5 * DAY, ("came within 2 business hours, nine", "took 2.5 days or less.")),
    ],
)
def test_what_took_next_to_no_time_did_not_take_0_of_it(
    answered: float, closed_after: float, said: tuple[str, ...]
) -> None:
    one = ticket()
    at = one.submitted_at
    found = figures(replace(closed(at + closed_after), responded_at=at + answered))

    text = "\n".join(summary(found))

    assert all(part in text for part in said)


def test_types_are_called_by_their_titles_and_by_their_names_without_one() -> None:
    titles = {"mock_auth": "Mocked <authentication>"}
    found = figures(ticket(type="mock_auth"), ticket(type="gone"))

    text = page(found, lambda name: titles.get(name, name))

    assert "Mocked &lt;authentication&gt;: 1" in text  # the picture, as it is read aloud
    assert text.count("<bdi>Mocked &lt;authentication&gt;</bdi>") == 2
    assert text.count("<bdi>gone</bdi>") == 2
    assert "mock_auth" not in text


def test_without_a_ticket_the_page_says_so() -> None:
    text = page(figures())

    assert "There are no tickets yet." in text
    assert "<svg" not in text


def test_a_month_that_goes_on_is_said_to() -> None:
    assert "before the month was over" in page(figures(ticket(), now=NOVEMBER.end - 1))
    assert "before the month was over" not in page(figures(ticket(), now=LATER))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages: of a busy month, of one with a single ticket, and of a database without tickets."""
    folder = tmp_path_factory.mktemp("report")
    for name, found in (("busy", busy()), ("quiet", figures(ticket())), ("empty", figures())):
        (folder / f"{name}.html").write_text(page(found), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@needs_browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("name", ["busy", "quiet", "empty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 320])
def test_everybody_can_read_the_page(
    browser: object, written: Path, name: str, scheme: str, width: int
) -> None:
    """Axe finds nothing, and nothing is cut off even where a page is 320 pixels wide (WCAG 1.4.10)."""
    from axe_playwright_python.sync_playwright import Axe

    shown = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[attr-defined]
    shown.goto((written / f"{name}.html").as_uri())
    found = Axe().run(shown).response["violations"]
    scroll_width = shown.evaluate("document.documentElement.scrollWidth")
    shown.close()

    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert scroll_width <= width


@needs_browser
@pytest.mark.xdist_group("browser")
def test_the_page_prints_in_black_on_white(browser: object, written: Path) -> None:
    shown = browser.new_page(color_scheme="dark")  # type: ignore[attr-defined]
    shown.goto((written / "busy.html").as_uri())
    shown.emulate_media(media="print", color_scheme="dark")
    ground, ink = shown.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    printed = shown.pdf()
    shown.close()

    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    assert printed.startswith(b"%PDF")
