"""Page -> Figure: one of matplotlib's own Axes for each panel, with artists in the data's units.

What a person has set (rcParams, a style sheet) holds: fonts, sizes, colours of paper and text,
and the colours of lines where a style has its own cycle of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.plots.engine.artists import (
    MARKERS,
    POINT,
    SMALLER,
    Stage,
    colors_of,
    draw,
    fitting,
    points_of,
    width_of_axes,
)
from weightinit_cli.plots.engine.drawing import INK, MUTED
from weightinit_cli.plots.engine.fonts import (
    FAMILY,
    drawable,
    elide,
    families,
    paragraph,
    width_of,
    wrap,
)
from weightinit_cli.plots.engine.heading import SEPARATOR
from weightinit_cli.plots.engine.look import look_of
from weightinit_cli.plots.engine.page import (
    BELOW_ONE,
    SMALL,
    TEXT,
    Level,
    Line,
)
from weightinit_cli.plots.engine.ticks import LONGEST

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.plots.engine.page import (
        Axis,
        ColorBar,
        Head,
        Legend,
        Page,
        Panel,
        Row,
    )

BESIDE_LEGEND = 0.65  # of a panel's width, about
WITH_GAP = 1.2  # of a panel's width: notes may reach into the gaps beside it
MOST_LINES = 9
MOST_NUMBERS = 10  # of the values of an axis
WIDEST_HEAD = 0.85  # of the figure's width
ROOMIER = 1.25  # what rows with names of their own need, as matplotlib lays titles out
OUTSIDE = {
    "above": "outside upper center",
    "beside": "outside right upper",
    "below": "outside lower left",
}
AROUND = 40.0  # points of a panel's ticks and the names of its axes
WIDEST, BESIDE_ENTRY = 160.0, 50.0  # points of a legend's words, and of what is beside them


def figure(page: Page) -> Figure:
    """A Figure on the Agg canvas with the page's panels as its Axes, in their order.

    Colour bars are Axes, too, behind all panels in `Figure.axes`. Axes of a row that have the
    same axis share it.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from weightinit_cli.plots.engine.layout import drawn, layout_of

    size, layout = drawn(page), layout_of(page, page.width)
    rows = layout.rows
    high = size.height * (ROOMIER if any(row.head for row in rows) else 1.0)
    made = Figure(figsize=(size.width * POINT, high * POINT), layout="constrained")
    FigureCanvasAgg(made)
    look = look_of(mpl.rcParams)
    space: Any = _headed(made, page, look)
    # In one grid panels stand below each other; of unlike rows each has a grid of its own.
    columns = {len(row.panels) for row in rows}
    alike = len(columns) == 1
    heights = [row.height if alike else _outer_height(row) for row in rows]
    told = {entry.cells[0] for entry in page.legend.entries} if page.legend else set[str]()
    part = BESIDE_LEGEND if layout.legend == "beside" else 1.0
    across = max(columns, default=1) if alike else 1
    grid = space.add_gridspec(len(rows) or 1, across, height_ratios=heights or None)
    common = page.legend.bar if page.legend else None
    bars: list[tuple[list[Axes], ColorBar]] = []
    found: list[list[Axes]] = []
    for number, row in enumerate(rows):
        places = None if alike else grid[number, 0].subgridspec(1, len(row.panels))
        own: list[Axes] = []
        for k, panel in enumerate(row.panels):
            above = found[-1][k] if _same_x(rows, number, k) else None
            beside = own[0] if own and not panel.y.labelled else None
            place = grid[number, k] if places is None else places[0, k]
            axes = space.add_subplot(place, sharex=above, sharey=beside)
            _panel(axes, replace(panel, bar=panel.bar or common), row, told, look, part)
            if k == 0 and row.head is not None:
                _head(axes, row.head, made.get_figwidth() / POINT)
            own.append(axes)
            if panel.bar is not None:
                bars.append(([axes], panel.bar))
        found.append(own)
    if common is not None:
        bars.append(([axes for own in found for axes in own], common))
    for beside_bar, bar in bars:
        _color_bar(made, beside_bar, bar)
    if page.legend is not None:
        high = _legend(space, page.legend, layout.legend, look)
        if layout.legend == "below":
            bare = drawn(replace(page, legend=None)).height
            made.set_figheight(max(made.get_figheight(), bare * POINT + high))
    if layout.foot:
        room = made.get_figwidth() / POINT
        foot = "\n".join(_broken(text, room) for text, _ in layout.foot)
        made.supxlabel(foot, x=0.01, ha="left", size=SMALLER, wrap=True)
    _show_all_scripts(made)
    return made


def _show_all_scripts(made: Figure) -> None:
    """Give texts that the person's font lacks characters of a font of the system that has them."""
    import matplotlib as mpl
    from matplotlib.text import Text

    texts: list[Any] = [each for each in made.findobj(Text) if not each.get_text().isascii()]
    others = [name for name in families(each.get_text() for each in texts) if name != FAMILY]
    for each in texts:
        each.set_text("\n".join(map(drawable, each.get_text().split("\n"))))
        if others:
            each.set_fontfamily([*mpl.rcParams["font.family"], *others])


def _outer_height(row: Row) -> float:
    """About how high a row is with what stands above and below its panels."""
    lines = max((len(panel.notes) + bool(panel.title) for panel in row.panels), default=0)
    return row.height + AROUND + 1.5 * TEXT * lines


def _head(axes: Axes, head: Head, room: float) -> None:
    """A row's name and what it is, above all else of its first panel."""
    import matplotlib as mpl

    name = drawable(" · ".join(filter(None, (head.name, *head.beside))))
    lines = _broken(name, WIDEST_HEAD * room)
    titles = axes.get_title(), axes.get_title("left")
    below = max(title.count("\n") + 1 if title else 0 for title in titles)
    place = mpl.rcParams["axes.titlepad"] + 1.2 * points_of(SMALLER) * below
    text = axes.annotate(
        lines, (0, 1), xycoords="axes fraction", xytext=(0, place), textcoords="offset points",
        va="bottom", size=SMALLER, parse_math=False, annotation_clip=False,
    )  # fmt: skip
    # It is wider than its panel: the title in the middle keeps its lines free.
    text.set_in_layout(False)
    free = "\n" * (lines.count("\n") + 1)
    own = titles[0] or "\n" * (below - 1) + " "
    axes.set_title(f"{free}{own}", size=SMALLER, parse_math=False)


def _same_x(rows: Sequence[Row], number: int, k: int) -> bool:
    """Whether a panel's x axis is that of the one above it, whose words it writes for both."""
    if number == 0 or rows[number - 1].ticks:
        return False
    above, own = rows[number - 1].panels, rows[number].panels
    return len(above) == len(own) and (
        (above[k].x.low, above[k].x.high) == (own[k].x.low, own[k].x.high)
    )


def _headed(made: Figure, page: Page, look: Look) -> Any:
    """The title and the lines below it, each kind in a subfigure of its own; what is left below.

    In a figure that is made smaller matplotlib breaks them again.
    """
    room = 0.98 * made.get_figwidth() / POINT
    title = _broken(drawable(page.heading.title), room, "large")
    made.suptitle(title, x=0.01, ha="left", size="large", parse_math=False, wrap=True)
    space: Any = made
    for parts, color in page.heading.lines:
        space = space.subfigures()
        text = _broken(drawable(" · ".join(filter(None, parts))), room)
        own: Any = {} if color in (INK, MUTED) else {"color": look.color(color)}
        space.suptitle(text, x=0.01, ha="left", size=SMALLER, parse_math=False, wrap=True, **own)
    space = _keyed(space, page, look)
    return space if page.legend is None else space.subfigures()


def _keyed(space: Any, page: Page, look: Look) -> Any:
    """What lines and colours mean, above a subfigure, as far as no panel's own legend has them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    panels = (panel for row in page.rows for panel in row.panels if panel.beside)
    marks = (mark for panel in panels for mark in panel.marks)
    told = {mark.words for mark in marks if isinstance(mark, Line | Level)}
    handles = [
        Patch(color=look.color(key.color), alpha=key.part, lw=0, label=key.words)
        if key.band
        else Line2D([], [], color=look.color(key.color), lw=2, label=key.words)
        for key in page.heading.keys
        if key.words not in told
    ]
    if handles:
        space = space.subfigures()
        place: Any = "outside upper left"
        columns = _columns(space, [key.words for key in page.heading.keys])
        space.legend(handles=handles, loc=place, ncols=columns, frameon=False, fontsize=SMALLER)
    return space


def _columns(space: Any, words: Sequence[str]) -> int:
    """How many entries of a legend have room beside each other."""
    widest = max(width_of(each, points_of(SMALLER)) for each in words) + BESIDE_ENTRY
    return max(int(space.bbox.width / space.dpi / POINT / widest), 1)


def _broken(text: str, room: float, size: str = SMALLER) -> str:
    """Lines of at most so many points, broken between parts where each of these has room."""
    points = points_of(size)
    parts = text.split(SEPARATOR)
    if all(width_of(part, points) <= room for part in parts):
        return "\n".join(wrap(parts, SEPARATOR, points, room, MOST_LINES))
    lines = paragraph(text, points, room, MOST_LINES)
    return "\n".join(line.strip(SEPARATOR) for line in lines)


def _panel(
    axes: Axes, panel: Panel, row: Row, told: Collection[str], look: Look, part: float
) -> None:
    """The panel's artists and scales, and a legend of its lines but for those told elsewhere.

    Of its width a `part` is left to notes.
    """
    import matplotlib as mpl

    stage = Stage(axes, panel, look)
    for mark in panel.marks:
        draw(mark, stage)
    _scale(axes, panel.x, "x")
    _scale(axes, panel.y, "y")
    room = width_of_axes(axes)
    forms = ((words,) if isinstance(words, str) else words for words, _ in panel.notes)
    lines = [panel.title, *(fitting(each, WITH_GAP * room) for each in forms)]
    if panel.align == "left":
        lines = [_broken(line, room * part) for line in lines]
    if any(lines):
        where: Any = "left" if panel.align == "left" else "center"
        axes.set_title("\n".join(filter(None, lines)), loc=where, size=SMALLER)
    pad = mpl.rcParams["axes.labelpad"] + (points_of("medium") if panel.x.power else 0.0)
    axes.set_xlabel(panel.x.words or row.caption if row.ticks else "", labelpad=pad)
    axes.set_ylabel(panel.y.words if panel.y.labelled else "")
    axes.tick_params(labelbottom=row.ticks and panel.x.labelled, labelleft=panel.y.labelled)
    hidden = {"open": ["top", "right"], "closed": [], "none": [*axes.spines]}[panel.frame]
    for side in hidden:
        axes.spines[side].set_visible(False)
    if row.equal:
        axes.set_aspect("equal", anchor="NW")
    if panel.rules:
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
    axes.set_label(panel.words)
    if panel.beside:
        handles, labels = axes.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
        ends = dict.fromkeys(words for _, words, _ in panel.beside if words in named)
        others = [named[words] for words in {**ends, **named} if words not in told]
        if others:
            axes.legend(
                handles=others, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
                fontsize=SMALLER,
            )  # fmt: skip


def _scale(axes: Axes, axis: Axis, which: str) -> None:
    """Limits and scale in the data's units; ticks are matplotlib's own but for names and shares.

    Another scale, as a log one of an axis from 0, finds limits of its own.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    low, high = axis.value(axis.low), axis.value(axis.high)
    getattr(axes, f"set_autoscale{which}_on")(b=False)  # a log scale would look at all marks first
    if axis.zero:
        slope: Any = {"linthresh": 1, "linscale": 0.9 * BELOW_ONE}
        getattr(axes, f"set_{which}scale")("symlog", **slope)
    elif axis.log:
        getattr(axes, f"set_{which}scale")("log", nonpositive="mask")
    if low < high and np.isfinite([low, high]).all():
        getattr(axes, f"set_{which}lim")(low, high, auto=True)
    if axis.names and axis.ticks:
        _names(axes, axis, which)
    elif axis.share:
        getattr(axes, f"{which}axis").set_major_formatter(PercentFormatter(1.0))
    elif axis.ticks and not axis.log and all(float(at).is_integer() for at, _ in axis.ticks):
        whole = MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True)  # layers, steps
        getattr(axes, f"{which}axis").set_major_locator(whole)


def _names(axes: Axes, axis: Axis, which: str) -> None:
    """All names, upright where they are too long; of numbers as many as have room."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    words = {axis.value(at): elide(text, SMALL, LONGEST) for at, text in axis.ticks or ()}
    if axis.numbers:
        own = getattr(axes, f"{which}axis")
        own.set_major_locator(FixedLocator(list(words), nbins=MOST_NUMBERS))
        own.set_major_formatter(FuncFormatter(lambda at, _: words.get(at, "")))
        return
    points = 72 / axes.figure.dpi * axes.get_window_extent().width / len(words)
    long = which == "x" and any(width_of(text, TEXT) > points for text in words.values())
    upright: Any = {"rotation": "vertical"} if long else {}
    shown = list(words), list(words.values())
    getattr(axes, f"set_{which}ticks")(*shown, size=SMALLER, parse_math=False, **upright)


def _color_bar(made: Figure, axes: list[Axes], bar: ColorBar) -> None:
    """In the values' own units; on the panel's mesh, where there is one of values."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import PercentFormatter

    axis = bar.axis
    shown: Any = next(iter(axes[0].collections), None)
    if shown is None or shown.get_array() is None:
        shown = ScalarMappable(*colors_of(bar))
    side: Any = "top" if bar.above else "right"
    words = PercentFormatter(1.0) if axis.share else None
    drawn = made.colorbar(shown, ax=axes, location=side, format=words)
    drawn.set_label("\n".join(bar.name) if bar.above else " · ".join(bar.name), size=SMALLER)
    drawn.ax.tick_params(labelsize=SMALLER)
    if axis.ticks:
        places = [axis.value(at) for at, _ in axis.ticks]
        drawn.set_ticks(places, labels=[words for _, words in axis.ticks])
        drawn.minorticks_off()
        if bar.above:  # clear of the next bar's first words
            drawn.ax.get_xticklabels()[-1].set_horizontalalignment("right")


def _legend(space: Any, legend: Legend, place: str, look: Look) -> float:
    """A legend of the whole figure where the page has it: above, beside or below the panels.

    Returns its height in inches.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    between = "\n" if place == "below" else " · "
    handles: list[Any] = []
    for entry in legend.entries:
        first, *others = entry.cells
        lines = [" · ".join(filter(None, (elide(first, TEXT, WIDEST), *others)))]
        lines += [elide(entry.second[0], TEXT, WIDEST)] if entry.second else []
        words = between.join(lines)
        color = look.color(entry.color)
        if entry.shape == "line":
            style: Any = (0, entry.dash) if entry.dash else "-"
            marker = MARKERS[entry.marker] if entry.marker else ""
            handles.append(
                Line2D([], [], color=color, lw=2, ls=style, marker=marker, ms=5, label=words)
            )
        else:
            handles.append(Patch(color=color, label=words))
    if not handles:
        return 0.0
    title = legend.title or " · ".join(filter(None, ("", *legend.header)))
    where: Any = OUTSIDE[place]
    columns = -(-len(handles) // 12)
    if place == "below":
        every = (line for handle in handles for line in handle.get_label().split("\n"))
        columns = _columns(space, list(every))
    made = space.legend(
        handles=handles, title=title or None, loc=where, fontsize=SMALLER,
        title_fontsize=SMALLER, ncols=columns,
    )  # fmt: skip
    inches: float = made.get_window_extent().height / space.dpi
    return inches
