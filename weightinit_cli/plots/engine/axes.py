"""Page -> Figure: one of matplotlib's own Axes for each panel, with artists in the data's units.

What a person has set (rcParams, a style sheet) holds: fonts, sizes, colours of paper and text,
and the colours of lines where a style has its own cycle of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.drawing import BLACK, INK, MUTED, PALE
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
from weightinit_cli.plots.engine.marks import AIR, STROKE, tag_size, words_in_cells
from weightinit_cli.plots.engine.page import (
    BELOW_ONE,
    SMALL,
    TEXT,
    Area,
    Band,
    Bars,
    Break,
    Cells,
    Dots,
    Level,
    Line,
    Pointer,
    Steps,
    Tag,
    Words,
)
from weightinit_cli.plots.engine.ticks import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.plots.engine.page import (
        Array,
        Axis,
        ColorBar,
        Head,
        Legend,
        Page,
        Panel,
        Row,
    )

POINT = 1 / 72
BESIDE_LEGEND = 0.65  # of a panel's width, about
WITH_GAP = 1.2  # of a panel's width: notes may reach into the gaps beside it
MOST_LINES = 9
MOST_NUMBERS = 10  # of the values of an axis
MARKERS = {"disc": "o", "cross": "x", "square": "s", "triangle": "^", "diamond": "D"}
SMALLER = "small"
WIDEST_HEAD = 0.85  # of the figure's width
ROOMIER = 1.25  # what rows with names of their own need, as matplotlib lays titles out
OUTSIDE = {
    "above": "outside upper center",
    "beside": "outside right upper",
    "below": "outside lower left",
}
AROUND = 40.0  # points of a panel's ticks and the names of its axes
WIDEST, BESIDE_ENTRY = 160.0, 50.0  # points of a legend's words, and of what is beside them


class _Stage(NamedTuple):
    """Where a mark becomes an artist."""

    axes: Axes
    panel: Panel
    look: Look


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
        made.supxlabel(foot, x=0.01, ha="left", size=SMALLER)
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
    place = mpl.rcParams["axes.titlepad"] + 1.2 * _points(SMALLER) * below
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
    """The title and the lines below it, each kind in a subfigure of its own; what is left below."""
    room = 0.98 * made.get_figwidth() / POINT
    title = _broken(drawable(page.heading.title), room, "large")
    made.suptitle(title, x=0.01, ha="left", size="large", parse_math=False)
    space: Any = made
    for parts, color in page.heading.lines:
        space = space.subfigures()
        text = _broken(drawable(" · ".join(filter(None, parts))), room)
        own: Any = {} if color in (INK, MUTED) else {"color": look.color(color)}
        space.suptitle(text, x=0.01, ha="left", size=SMALLER, parse_math=False, **own)
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
    widest = max(width_of(each, _points(SMALLER)) for each in words) + BESIDE_ENTRY
    return max(int(space.bbox.width / space.dpi / POINT / widest), 1)


def _points(size: str) -> float:
    """A size by its name in points."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def _width(axes: Axes) -> float:
    """How wide a panel is in points, before the figure is laid out, which changes it little."""
    return float(axes.get_window_extent().width / axes.figure.dpi / POINT)


def _fitting(forms: Sequence[str], room: float) -> str:
    """The fullest form of a text that has so many points, else the shortest."""
    size = _points(SMALLER)
    return next((each for each in forms if width_of(each, size) <= room), forms[-1])


def _broken(text: str, room: float, size: str = SMALLER) -> str:
    """Lines of at most so many points, broken between parts where each of these has room."""
    points = _points(size)
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

    stage = _Stage(axes, panel, look)
    for mark in panel.marks:
        _ARTISTS[type(mark)](mark, stage)
    _scale(axes, panel.x, "x")
    _scale(axes, panel.y, "y")
    room = _width(axes)
    forms = ((words,) if isinstance(words, str) else words for words, _ in panel.notes)
    lines = [panel.title, *(_fitting(each, WITH_GAP * room) for each in forms)]
    if panel.align == "left":
        lines = [_broken(line, room * part) for line in lines]
    if any(lines):
        where: Any = "left" if panel.align == "left" else "center"
        axes.set_title("\n".join(filter(None, lines)), loc=where, size=SMALLER)
    pad = mpl.rcParams["axes.labelpad"] + (_points("medium") if panel.x.power else 0.0)
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


def _bars(mark: Bars, on: _Stage) -> None:
    on.axes.stairs(mark.heights, mark.edges, fill=True, color=on.look.color(mark.color))


def _steps(mark: Steps, on: _Stage) -> None:
    on.axes.stairs(
        mark.heights, mark.edges, baseline=None, color=on.look.color(mark.color), lw=mark.width
    )


def _line(mark: Line, on: _Stage) -> None:
    dash = tuple(part / mark.width for part in mark.dash)  # matplotlib's are in widths of the line
    style: Any = (0, dash) if dash else "-"
    alone = np.isfinite(mark.y).sum() == 1
    marker = MARKERS[mark.marker] if mark.radius else "_" if alone else ""
    size = 2 * (mark.radius or STROKE)
    on.axes.plot(
        mark.x, mark.y, color=on.look.color(mark.color), lw=mark.width, ls=style,
        marker=marker, ms=size, mew=1.0 if mark.radius else mark.width,
        markevery=mark.every, label=mark.words or None,
    )  # fmt: skip


def _dots(mark: Dots, on: _Stage) -> None:
    on.axes.plot(
        mark.x, mark.y, color=on.look.color(mark.color), ls="", marker=MARKERS[mark.shape],
        ms=2 * mark.radius,
    )  # fmt: skip


def _band(mark: Band, on: _Stage) -> None:
    low, high = (
        np.clip(np.where(np.isnan(known), np.nan, side), on.panel.y.value(on.panel.y.low), None)
        for side, known in ((mark.low, mark.high), (mark.high, mark.low))
    )
    top = on.panel.y.value(on.panel.y.high)
    on.axes.fill_between(
        mark.x, low, np.minimum(high, top), color=on.look.color(mark.color), alpha=mark.part, lw=0
    )


def _area(mark: Area, on: _Stage) -> None:
    on.axes.fill(mark.x, mark.y, color=on.look.color(mark.color), lw=0)


def _level(mark: Level, on: _Stage) -> None:
    draw = on.axes.axvline if mark.upright else on.axes.axhline
    label = mark.words or None
    draw(mark.value, color=on.look.color(mark.color), lw=mark.width, label=label)


def _pointer(mark: Pointer, on: _Stage) -> None:
    if not 0 <= on.panel.x.parts(mark.value) <= 1:
        return
    on.axes.plot(
        [mark.value], [1], marker="v", ls="", color=on.look.color(mark.color), ms=5,
        transform=on.axes.get_xaxis_transform(), clip_on=False,
    )  # fmt: skip


def _break(mark: Break, on: _Stage) -> None:
    """A mark where the bar leaves the panel, as long as the limits are not changed."""
    place, paper = on.axes.get_xaxis_transform(), on.axes.get_facecolor()
    artists: list[Any] = on.axes.plot(
        [(mark.low + mark.high) / 2], [0.95], marker="$\\approx$", ls="", ms=8, color=paper,
        transform=place,
    )  # fmt: skip
    if mark.words:
        words = _fitting(mark.words, 0.8 * _width(on.axes))
        ground = {"fc": paper, "ec": "none", "pad": 0.5}
        artists.append(
            on.axes.annotate(
                words, (mark.high, 0.95), xycoords=place, xytext=(4, 0), bbox=ground,
                textcoords="offset points", va="center", size=SMALLER,
            )
        )  # fmt: skip
    top = on.panel.y.value(on.panel.y.high)

    def show(axes: Axes) -> None:
        for artist in artists:
            artist.set_visible(axes.get_ylim()[1] == top)

    on.axes.callbacks.connect("ylim_changed", show)


def _cells(mark: Cells, on: _Stage) -> None:
    """A mesh of the values, with the colour bar's colours; below it one of the cells' own colours.

    The lower one is there where some cells have no value, or all.
    """
    rows, columns = mark.rgb.shape[:2]
    xs = _sides(mark.x, columns, on.panel.x)
    ys = _sides(mark.y, rows, on.panel.y)
    bar = on.panel.bar
    known = np.zeros((rows, columns), dtype=np.bool_)
    if mark.values is not None and bar is not None:
        known = np.isfinite(mark.values) & ((mark.values > 0) | (not bar.axis.log))
        norm, colors = _colors(bar)
        values = np.ma.masked_array(mark.values, ~known)
        on.axes.pcolormesh(xs, ys, values, norm=norm, cmap=colors, rasterized=True)
    if not known.all():
        mesh = on.axes.pcolormesh(xs, ys, known, rasterized=True, zorder=-1)
        mesh.set_array(None)
        own: Any = mark.rgb.reshape(-1, 3) / 255
        mesh.set_facecolor(own)
    if mark.words:
        _cell_words(mark, np.asarray(xs), np.asarray(ys), on)


def _sides(ends: Array, number: int, axis: Axis) -> Array:
    """The sides of cells that are equally wide on an axis, where only its ends are told."""
    if len(ends) != 2:
        return ends
    low, high = np.log10(ends) if axis.log else ends
    sides = np.linspace(low, high, number + 1)
    return np.array([axis.value(at) for at in sides.tolist()]) if axis.log else sides


def _cell_words(mark: Cells, xs: Array, ys: Array, on: _Stage) -> None:
    """Those that have room as the panel is now, or will be when the figure is laid out."""
    x, y = on.panel.x, on.panel.y
    box = on.axes.get_window_extent()
    points = 72 / on.axes.figure.dpi
    columns, rows = x.parts(xs), y.parts(ys)
    sizes = np.diff(columns) * box.width * points, np.diff(rows) * box.height * points
    for k, n, size, color, align in words_in_cells(mark, *sizes):
        left = align == "left"
        across = columns[n] if left else (columns[n] + columns[n + 1]) / 2
        place = (
            x.value(x.low + across * (x.high - x.low)),
            y.value(y.low + (rows[k] + rows[k + 1]) / 2 * (y.high - y.low)),
        )
        text = on.axes.annotate(
            mark.words[k][n], place, xytext=(AIR if left else 0.0, 0.0),
            textcoords="offset points", ha=align, va="center", size=size, color=color,
        )  # fmt: skip
        text.set_in_layout(False)  # it is within the panel: a map has hundreds


def _words(mark: Words, on: _Stage) -> None:
    where: Any = on.axes.transAxes if mark.within else "data"
    own: Any = {} if mark.color in (INK, MUTED) else {"color": on.look.color(mark.color)}
    on.axes.annotate(
        mark.text, (mark.x, mark.y), xycoords=where, xytext=(mark.dx, mark.dy),
        textcoords="offset points", ha=mark.align, va="center",
        size=mark.size if mark.size < TEXT else SMALLER, **own,
    )  # fmt: skip


def _tag(mark: Tag, on: _Stage) -> None:
    paper, ink = (BLACK, PALE) if mark.strong else (PALE, BLACK)
    wide, high = tag_size(mark.lines)
    end = (min(max(0.5 - by / size, 0.0), 1.0) for by, size in ((mark.dx, wide), (mark.dy, high)))
    on.axes.annotate(
        "\n".join(mark.lines), (mark.x, mark.y), xytext=(mark.dx, mark.dy),
        textcoords="offset points", ha="center", va="center", size=SMALL, color=ink,
        bbox={"boxstyle": "square", "fc": paper, "ec": BLACK, "lw": 0.8},
        arrowprops={"arrowstyle": "-", "color": BLACK, "relpos": tuple(end)},
    )  # fmt: skip


def _color_bar(made: Figure, axes: list[Axes], bar: ColorBar) -> None:
    """In the values' own units; on the panel's mesh, where there is one of values."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import PercentFormatter

    axis = bar.axis
    shown: Any = next(iter(axes[0].collections), None)
    if shown is None or shown.get_array() is None:
        shown = ScalarMappable(*_colors(bar))
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


def _colors(bar: ColorBar) -> tuple[Any, Any]:
    """A colour bar as matplotlib's norm and colours."""
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    norm = LogNorm if bar.axis.log else Normalize
    ends = bar.axis.value(bar.axis.low), bar.axis.value(bar.axis.high)
    return norm(*ends), ListedColormap(bar.rgb / 255)


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


_ARTISTS: dict[type, Callable[[Any, _Stage], None]] = {
    Bars: _bars,
    Steps: _steps,
    Line: _line,
    Dots: _dots,
    Band: _band,
    Area: _area,
    Level: _level,
    Pointer: _pointer,
    Break: _break,
    Cells: _cells,
    Words: _words,
    Tag: _tag,
}
