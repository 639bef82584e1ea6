"""The pictures: the same each time, readable without eyes, and safe whatever a team is called."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import pytest

from identity_bot.errors import IdentityBotError
from identity_bot.report import charts
from tests.support_report import busy, figures, ticket


def test_the_same_figures_make_the_same_pictures() -> None:
    drawn = [{name: charts.svg(one) for name, one in charts.charts(busy()).items()} for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert charts.png(busy()) == charts.png(busy())


def test_a_picture_has_a_title_and_says_all_that_it_shows() -> None:
    root = ElementTree.fromstring(charts.svg(charts.charts(busy())["team"]))
    title, description = root[0], root[1]

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Open tickets by requesting team"
    assert "Benefits: 3" in (description.text or "")
    assert "others: " in (description.text or "")


def test_no_two_pictures_share_an_id_and_each_reference_finds_its_own() -> None:
    drawn = [charts.svg(one) for one in charts.charts(busy()).values()]
    ids = [found for one in drawn for found in re.findall(r'\bid="([^"]+)"', one)]

    assert len(ids) == len(set(ids))
    for one in drawn:
        own = set(re.findall(r'\bid="([^"]+)"', one))
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', one)) <= own


def test_what_a_team_is_called_is_drawn_as_it_is() -> None:
    """Matplotlib reads $…$ as a formula, and a page would read a tag."""
    drawn = charts.svg(
        charts.charts(figures(ticket(team="$x^2$"), ticket(team="<script>1</script>")))["team"]
    )

    assert "$x^2$" in drawn
    assert "<script" not in drawn


def test_colors_are_the_page_s_own() -> None:
    drawn = charts.svg(charts.charts(busy())["flow"])

    assert "var(--first)" in drawn
    assert "#005ea2" not in drawn
    assert "<style" not in drawn


def test_the_channel_s_picture_is_a_png_with_words_beside_it() -> None:
    assert charts.png(busy()).startswith(b"\x89PNG")
    assert charts.png(figures()).startswith(b"\x89PNG")
    assert len(charts.described(busy())) <= 1000


def test_drawing_leaves_a_host_s_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    charts.svg(charts.charts(busy())["flow"])

    assert dict(mpl.rcParams) == before


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(IdentityBotError, match=re.escape("pip install 'identity-bot[report]'")):
        charts.png(busy())
