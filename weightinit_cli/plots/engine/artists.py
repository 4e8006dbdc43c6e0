"""Marks -> matplotlib's artists, in the data's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.drawing import BLACK, INK, MUTED, PALE
from weightinit_cli.plots.engine.fonts import (
    width_of,
)
from weightinit_cli.plots.engine.marks import AIR, STROKE, tag_size, words_in_cells
from weightinit_cli.plots.engine.page import (
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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

    from weightinit_cli.plots.engine.look import Look
    from weightinit_cli.plots.engine.page import (
        Array,
        Axis,
        ColorBar,
        Mark,
        Panel,
    )

POINT = 1 / 72
SMALLER = "small"
MARKERS = {"disc": "o", "cross": "x", "square": "s", "triangle": "^", "diamond": "D"}


def points_of(size: str) -> float:
    """A size by its name in points."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def width_of_axes(axes: Axes) -> float:
    """How wide a panel is in points, before the figure is laid out, which changes it little."""
    return float(axes.get_window_extent().width / axes.figure.dpi / POINT)


def fitting(forms: Sequence[str], room: float) -> str:
    """The fullest form of a text that has so many points, else the shortest."""
    size = points_of(SMALLER)
    return next((each for each in forms if width_of(each, size) <= room), forms[-1])


class Stage(NamedTuple):
    """Where a mark becomes an artist."""

    axes: Axes
    panel: Panel
    look: Look


def _bars(mark: Bars, on: Stage) -> None:
    on.axes.stairs(mark.heights, mark.edges, fill=True, color=on.look.color(mark.color))


def _steps(mark: Steps, on: Stage) -> None:
    on.axes.stairs(
        mark.heights, mark.edges, baseline=None, color=on.look.color(mark.color), lw=mark.width
    )


def _line(mark: Line, on: Stage) -> None:
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


def _dots(mark: Dots, on: Stage) -> None:
    on.axes.plot(
        mark.x, mark.y, color=on.look.color(mark.color), ls="", marker=MARKERS[mark.shape],
        ms=2 * mark.radius,
    )  # fmt: skip


def _band(mark: Band, on: Stage) -> None:
    low, high = (
        np.clip(np.where(np.isnan(known), np.nan, side), on.panel.y.value(on.panel.y.low), None)
        for side, known in ((mark.low, mark.high), (mark.high, mark.low))
    )
    top = on.panel.y.value(on.panel.y.high)
    on.axes.fill_between(
        mark.x, low, np.minimum(high, top), color=on.look.color(mark.color), alpha=mark.part, lw=0
    )


def _area(mark: Area, on: Stage) -> None:
    on.axes.fill(mark.x, mark.y, color=on.look.color(mark.color), lw=0)


def _level(mark: Level, on: Stage) -> None:
    draw = on.axes.axvline if mark.upright else on.axes.axhline
    label = mark.words or None
    draw(mark.value, color=on.look.color(mark.color), lw=mark.width, label=label)


def _pointer(mark: Pointer, on: Stage) -> None:
    if not 0 <= on.panel.x.parts(mark.value) <= 1:
        return
    on.axes.plot(
        [mark.value], [1], marker="v", ls="", color=on.look.color(mark.color), ms=5,
        transform=on.axes.get_xaxis_transform(), clip_on=False,
    )  # fmt: skip


def _break(mark: Break, on: Stage) -> None:
    """A mark where the bar leaves the panel, as long as the limits are not changed."""
    place, paper = on.axes.get_xaxis_transform(), on.axes.get_facecolor()
    artists: list[Any] = on.axes.plot(
        [(mark.low + mark.high) / 2], [0.95], marker="$\\approx$", ls="", ms=8, color=paper,
        transform=place,
    )  # fmt: skip
    if mark.words:
        words = fitting(mark.words, 0.8 * width_of_axes(on.axes))
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


def _cells(mark: Cells, on: Stage) -> None:
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
        norm, colors = colors_of(bar)
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


def _cell_words(mark: Cells, xs: Array, ys: Array, on: Stage) -> None:
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


def _words(mark: Words, on: Stage) -> None:
    where: Any = on.axes.transAxes if mark.within else "data"
    own: Any = {} if mark.color in (INK, MUTED) else {"color": on.look.color(mark.color)}
    on.axes.annotate(
        mark.text, (mark.x, mark.y), xycoords=where, xytext=(mark.dx, mark.dy),
        textcoords="offset points", ha=mark.align, va="center",
        size=mark.size if mark.size < TEXT else SMALLER, **own,
    )  # fmt: skip


def _tag(mark: Tag, on: Stage) -> None:
    paper, ink = (BLACK, PALE) if mark.strong else (PALE, BLACK)
    wide, high = tag_size(mark.lines)
    end = (min(max(0.5 - by / size, 0.0), 1.0) for by, size in ((mark.dx, wide), (mark.dy, high)))
    on.axes.annotate(
        "\n".join(mark.lines), (mark.x, mark.y), xytext=(mark.dx, mark.dy),
        textcoords="offset points", ha="center", va="center", size=SMALL, color=ink,
        bbox={"boxstyle": "square", "fc": paper, "ec": BLACK, "lw": 0.8},
        arrowprops={"arrowstyle": "-", "color": BLACK, "relpos": tuple(end)},
    )  # fmt: skip


def colors_of(bar: ColorBar) -> tuple[Any, Any]:
    """A colour bar as matplotlib's norm and colours."""
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    norm = LogNorm if bar.axis.log else Normalize
    ends = bar.axis.value(bar.axis.low), bar.axis.value(bar.axis.high)
    return norm(*ends), ListedColormap(bar.rgb / 255)


def draw(mark: Mark, on: Stage) -> None:
    """Add a mark to the Axes."""
    _ARTISTS[type(mark)](mark, on)


_ARTISTS: dict[type, Callable[[Any, Stage], None]] = {
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
