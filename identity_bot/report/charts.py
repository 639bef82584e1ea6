"""The report's pictures, drawn by matplotlib: SVG for the page, PNG for Slack."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from identity_bot.errors import IdentityBotError
from identity_bot.report.figures import Breakdown, Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INSTALL = "the monthly report needs `pip install 'identity-bot[report]'`"
MOST_BARS = 12
"""Names in one picture; the others are drawn as one bar, and stand in the table under it."""
PNG_WIDTH = 5.0
"""In inches: Slack shows it about 360 pixels wide, where the letters of a wider one are too small to read."""
LONGEST_LABEL = 32
"""Characters of a name in a picture."""
TEXT, OPENED, CLOSED, LINE = "#1b1b1b", "#005ea2", "#d9730d", "#71767a"
"""The colors of the PNG, which stands on white; both bars differ in lightness, too."""
_IN_PAGE = {TEXT: "currentColor", OPENED: "var(--first)", CLOSED: "var(--second)", LINE: "var(--line)"}
"""In the page its style sheet says what these are, in the light and in the dark."""
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_DRAWING = threading.Lock()
"""Matplotlib's settings are the process's, and hold while a picture is drawn."""
_STYLE: Mapping[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "svg.fonttype": "none",  # letters stay letters, to be found, read aloud and enlarged
    "svg.hashsalt": "identity-bot",  # the same figures make the same picture
    "text.parse_math": False,  # a team may be called $x$
    "text.usetex": False,
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": LINE,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "hatch.color": "#ffffff",
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A picture to draw: its name in the page, what it shows, and how."""

    name: str
    title: str
    description: str
    """All that it shows, in words."""
    size: tuple[float, float]
    """Width and height in inches."""
    draw: Callable[[Figure], None]


def check_installed() -> None:
    """Raises IdentityBotError, which says what to install, if matplotlib or Jinja is missing."""
    try:
        import jinja2  # noqa: F401 (is there)
        import matplotlib  # noqa: F401 (is there)
    except ImportError as error:
        raise IdentityBotError(INSTALL) from error


def charts(figures: Figures) -> dict[str, Chart]:
    """The pictures of a report, by their names; none of what there is nothing to show of."""
    found = [_flow(figures)] if figures.first_at is not None else []
    for name, title, breakdown in (
        ("stage", "Open tickets by stage", figures.open_by_stage),
        ("type", "Open tickets by type", figures.open_by_type),
        ("team", "Open tickets by requesting team", figures.open_by_team),
        ("priority", "Open tickets by priority", figures.open_by_priority),
    ):
        if breakdown:
            found.append(_bars(name, title, breakdown))
    return {chart.name: chart for chart in found}


def svg(chart: Chart) -> str:
    """A picture as an SVG element for a page, whose ids no other picture has, and which a screen reader reads."""
    written = _written(chart.draw, chart.size, "svg")
    root = ElementTree.fromstring(written)
    for unread in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}defs"):  # its style would hold for the whole page
        for one in root.findall(unread):
            if one.tag.endswith("metadata") or one.find(f"{{{_SVG}}}style") is not None:
                root.remove(one)
    _rename(root, chart.name)
    for one in root.iter():
        for attribute, value in one.attrib.items():
            if "#" in value and attribute in ("style", "fill", "stroke"):
                for color, named in _IN_PAGE.items():
                    value = value.replace(color, named)
                one.set(attribute, value.replace("'DejaVu Sans'", "inherit"))
    for side in ("width", "height"):
        root.attrib.pop(side, None)  # the page says how wide it is
    title, description = (ElementTree.Element(f"{{{_SVG}}}{name}") for name in ("title", "desc"))
    title.text, description.text = chart.title, chart.description
    title.set("id", f"{chart.name}-title")
    description.set("id", f"{chart.name}-desc")
    root.insert(0, title)
    root.insert(1, description)
    root.set("role", "img")
    root.set("aria-labelledby", f"{chart.name}-title {chart.name}-desc")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def png(figures: Figures) -> bytes:
    """The month as one picture, for a channel: opened and closed, and what is open by stage."""

    stages = figures.open_by_stage
    heights = [2.8, 0.7 + 0.32 * len(stages)] if stages else [2.8]

    def draw(figure: Figure) -> None:
        figure.suptitle(f"Requests in {figures.month.name}", fontweight="bold")
        upper, *lower = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights).flat
        _draw_flow(upper, figures)
        upper.set_title("By month", fontsize=10, loc="left")
        for axes in lower:
            _draw_bars(axes, stages)
            axes.set_title("Open by stage", fontsize=10, loc="left")

    return _written(draw, (PNG_WIDTH, sum(heights)), "png")


def _flow(figures: Figures) -> Chart:
    said = "; ".join(
        f"{month.name}: {flow.opened} opened, {flow.closed} closed" for month, flow in figures.history
    )
    return Chart(
        name="flow",
        title="Tickets opened and closed in the last twelve months",
        description=said,
        size=(8.0, 3.0),
        draw=lambda figure: _draw_flow(figure.subplots(), figures),
    )


def _bars(name: str, title: str, breakdown: Breakdown) -> Chart:
    drawn = shortened(breakdown)
    said = "; ".join(f"{label}: {count}" for label, count in drawn)
    return Chart(
        name=name,
        title=title,
        description=said,
        size=(8.0, 0.7 + 0.32 * len(drawn)),
        draw=lambda figure: _draw_bars(figure.subplots(), breakdown),
    )


def shortened(breakdown: Breakdown) -> Breakdown:
    """What one picture has room for; what is left out is added up."""
    if len(breakdown) <= MOST_BARS:
        return breakdown
    kept, others = breakdown[: MOST_BARS - 1], breakdown[MOST_BARS - 1 :]
    return (*kept, (f"{len(others)} others", sum(count for _, count in others)))


def _draw_flow(axes: Axes, figures: Figures) -> None:
    places = list(range(len(figures.history)))
    opened = [flow.opened for _, flow in figures.history]
    closed = [flow.closed for _, flow in figures.history]
    axes.bar([place - 0.2 for place in places], opened, 0.38, color=OPENED, label="opened")
    axes.bar([place + 0.2 for place in places], closed, 0.38, color=CLOSED, label="closed")
    axes.set_xticks(places, [month.short.replace(" ", "\n") for month, _ in figures.history])
    axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    _tidy(axes, max([*opened, *closed, 1]), is_flat=False)


def _draw_bars(axes: Axes, breakdown: Breakdown) -> None:
    drawn = shortened(breakdown)
    counts = [count for _, count in drawn]
    bars = axes.barh(range(len(drawn)), counts, 0.7, color=OPENED)
    axes.set_yticks(range(len(drawn)), [_label(name) for name, _ in drawn])
    axes.invert_yaxis()
    axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3)
    _tidy(axes, max(counts), is_flat=True)


def _tidy(axes: Axes, most: int, *, is_flat: bool) -> None:
    """Whole numbers, room for the highest, and no more lines than needed."""
    from matplotlib.ticker import MaxNLocator

    for side in ("top", "right", "left" if is_flat else "top"):
        axes.spines[side].set_visible(False)
    axis = axes.xaxis if is_flat else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.tick_params(length=0)
    if is_flat:
        axes.set_xlim(0, most * 1.12)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    else:
        axes.set_ylim(0, most * 1.08)


def _label(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"


def _written(draw: Callable[[Figure], None], size: tuple[float, float], kind: str) -> bytes:
    """Draw a picture; the same each time."""
    check_installed()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # As if no host had set anything; which windows it opens is its own affair.
    settings: Any = {**mpl.rcParamsDefault, **_STYLE}
    del settings["backend"]
    with _DRAWING, mpl.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        written = io.BytesIO()
        is_svg = kind == "svg"
        undated = {"Date": None, "Creator": None} if is_svg else {"Software": None}
        figure.savefig(written, format=kind, dpi=72 if is_svg else 150, transparent=is_svg, metadata=undated)
    return written.getvalue()


def _rename(root: ElementTree.Element, name: str) -> None:
    """Number a picture's ids anew, under its name, as several stand in one page."""
    elements = list(root.iter())
    ids = [one.get("id") for one in elements]
    names: Mapping[str, str] = {
        old: f"{name}-{place}" for place, old in enumerate(dict.fromkeys(filter(None, ids)))
    }
    for one in elements:
        for attribute, value in list(one.attrib.items()):
            if attribute == "id":
                one.set(attribute, names[value])
            elif "#" in value:
                one.set(attribute, _renamed(value, names))


def _renamed(value: str, names: Mapping[str, str]) -> str:
    """An attribute that refers to an id, by `#id` or `url(#id)`."""
    if value.startswith("#"):
        return f"#{names[value[1:]]}" if value[1:] in names else value
    before, found, after = value.partition("url(#")
    old, _, rest = after.partition(")")
    return f"{before}url(#{names.get(old, old)}){rest}" if found else value


def described(figures: Figures) -> str:
    """What the PNG shows, in words, for those who cannot see it; at most 1,000 characters."""
    return _first(
        1000,
        [
            f"Bar charts of {figures.month.name}.",
            f"Opened {figures.this_month.opened:,} and closed {figures.this_month.closed:,} tickets, after"
            f" {figures.month_before.opened:,} and {figures.month_before.closed:,} the month before.",
            *(f"{name}: {count:,} open." for name, count in figures.open_by_stage),
        ],
    )


def _first(most: int, sentences: Sequence[str]) -> str:
    said = " ".join(sentences)
    return said if len(said) <= most else f"{said[: most - 1]}…"
