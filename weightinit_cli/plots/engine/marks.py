"""Marks in a panel's units -> shapes in points."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.engine import drawing as shapes
from weightinit_cli.plots.engine.drawing import (
    BLACK,
    GREY,
    MUTED,
    PALE,
    Box,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import fit, width_of
from weightinit_cli.plots.engine.page import (
    SMALL,
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
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.drawing import Align, Color, Item
    from weightinit_cli.plots.engine.page import Array, Axis, Mark, Panel

WEDGE = 6.0
MOST_OF_BIN, THINNEST = 0.5, 0.6  # of a bin's width, in points
STROKE = 4.0  # half of that which is a line's only point
FAR, HAIR = 1e9, 1e-9  # in heights of a panel
BREAK, BREAK_GAP = 3.0, 2.0
BREAK_AT = 0.93  # of the panel's height
BESIDE_BAR = 3.0
TAG_LINE, TAG_PADDING = 9.5, 3.0
FEW_RUNS = 128  # of cells of one colour: as areas they cost less than an image
FINE = 1024  # columns of an image whose cells are not equally wide
SMALLEST_WORD, AIR = 5.5, 2.0
DARK = 0.45  # below this brightness white reads better than black


def shapes_of(mark: Mark, panel: Panel, box: Box) -> list[Item]:
    """A mark as shapes, cut at the sides of the panel's box."""
    return _SHAPES[type(mark)](mark, _Place(panel.x, panel.y, box))


class _Place(NamedTuple):
    """From values to points: nan where an axis cannot show a value, else within the box."""

    x: Axis
    y: Axis
    box: Box

    def xs(self, values: Any) -> Array:
        return self.box.x + np.clip(self.x.parts(values), 0.0, 1.0) * self.box.width

    def ys(self, values: Any) -> Array:
        return self.box.y + np.clip(self.y.parts(values), 0.0, 1.0) * self.box.height


def _outline(edges: Array, heights: Array, place: _Place) -> Array:
    """Up, along the heads of the bars, and down again."""
    box = place.box
    outline = np.full((2 * len(heights) + 2, 2), box.y)
    sides = place.xs(edges)
    sides = np.where(np.isnan(sides), box.x, sides)  # an edge at 0 of a log axis
    outline[:, 0] = np.repeat(sides, 2)
    heads = place.ys(heights)
    outline[1:-1, 1] = np.repeat(np.where(np.isnan(heads), box.y, heads), 2)
    return outline


def _bars(mark: Bars, place: _Place) -> list[Item]:
    return [shapes.Area(_outline(mark.edges, mark.heights, place), mark.color)]


def _steps(mark: Steps, place: _Place) -> list[Item]:
    """As thin as narrow bins ask for, so that what lies within them is seen."""
    known = np.asarray(np.isfinite(mark.heights))
    bin_width = place.box.width / max(len(mark.heights), 1)
    width = min(mark.width, max(bin_width * MOST_OF_BIN, THINNEST))
    return [
        shapes.Line(_outline(mark.edges[a : b + 1], mark.heights[a:b], place), mark.color, width)
        for a, b in _stretches(known)
    ]


def _stretches(known: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where the true values begin and end."""
    for some, run in groupby(range(len(known)), key=lambda k: bool(known[k])):
        ks = list(run)
        if some:
            yield ks[0], ks[-1] + 1


def _line(mark: Line, place: _Place) -> list[Item]:
    """The stretches without a gap, cut at the panel's sides; a single point is a short stroke."""
    box = place.box
    parts = place.y.parts(mark.y)
    points = np.stack([place.xs(mark.x), box.y + np.clip(parts, -FAR, FAR) * box.height], axis=1)
    inside = (parts >= -HAIR) & (parts <= 1 + HAIR)  # not where there is no value
    chosen = np.zeros(len(points), dtype=np.bool_)
    if mark.radius:
        chosen[slice(mark.every[0], None, mark.every[1])] = True
    whole = bool(inside.all())
    items: list[Item] = []
    for a, b in (
        [(0, len(points))] if whole else _stretches(np.asarray(~np.isnan(points).any(axis=1)))
    ):
        if b - a == 1 and mark.radius:
            chosen[a] = True
        elif b - a == 1 and inside[a]:
            stroke = points[a] + [[-STROKE, 0.0], [STROKE, 0.0]]
            items.append(shapes.Line(stroke, mark.color, mark.width))
        for cut in [points[a:b]] if whole or inside[a:b].all() else _cut(points[a:b], box):
            items += [shapes.Line(cut, mark.color, mark.width, mark.dash)] if len(cut) > 1 else []
    marked = points[chosen & inside]
    if len(marked):
        items.append(shapes.Dots(marked, mark.color, mark.radius, mark.marker))
    return items


def _cut(points: Array, box: Box) -> Iterator[Array]:
    """The parts of a line that lie between a box's lower and its upper side."""
    start, step = points[:-1], np.diff(points, axis=0)
    with np.errstate(all="ignore"):
        ways = (np.array([[box.y], [box.top]]) - start[:, 1]) / step[:, 1]
    level = step[:, 1] == 0
    within = (start[:, 1] >= box.y) & (start[:, 1] <= box.top)
    enter = np.where(level, 0.0, np.clip(ways.min(axis=0), 0.0, 1.0))
    leave = np.where(level, within, np.clip(ways.max(axis=0), 0.0, 1.0))
    there = enter < leave
    joined = there[:-1] & there[1:] & (leave[:-1] == 1) & (enter[1:] == 0)
    shown = np.flatnonzero(there)
    for part in np.split(shown, np.flatnonzero(~joined[shown[:-1]]) + 1) if len(shown) else ():
        a, b = part[0], part[-1]
        first, last = start[a] + enter[a] * step[a], start[b] + leave[b] * step[b]
        yield np.concatenate([[first], points[a + 1 : b + 1], [last]])


def _dots(mark: Dots, place: _Place) -> list[Item]:
    points = np.stack([place.xs(mark.x), place.ys(mark.y)], axis=1)
    known = np.asarray(~np.isnan(points).any(axis=1))
    dots = shapes.Dots(points[known], mark.color, mark.radius, mark.shape)
    return [dots] if known.any() else []


def _band(mark: Band, place: _Place) -> list[Item]:
    """Where one side cannot be shown, as 0 on a log axis, the band reaches the panel's side."""
    color = mark.color
    x, low, high = place.xs(mark.x), place.ys(mark.low), place.ys(mark.high)
    sides = np.stack([mark.low, mark.high, high, x])
    known = np.asarray(~np.isnan(sides).any(axis=0))
    low = np.where(np.isnan(low), place.box.y, low)
    items: list[Item] = []
    for a, b in _stretches(known):
        xs = x[a:b]
        if b - a == 1:
            xs = np.array([xs[0] - 3, xs[0] + 3])
        lows, highs = np.resize(low[a:b], len(xs)), np.resize(high[a:b], len(xs))
        outline = np.stack([np.append(xs, xs[::-1]), np.append(highs, lows[::-1])], axis=1)
        items.append(shapes.Area(outline, color, mark.part))
    return items


def _area(mark: Area, place: _Place) -> list[Item]:
    outline = np.stack([place.xs(mark.x), place.ys(mark.y)], axis=1)
    return [shapes.Area(outline, mark.color)]


def _level(mark: Level, place: _Place) -> list[Item]:
    box, color = place.box, mark.color
    part = float((place.x if mark.upright else place.y).parts(mark.value))
    if not 0 <= part <= 1:
        return []
    if mark.upright:
        x = box.x + part * box.width
        return [polyline([(x, box.y), (x, box.top)], color, mark.width)]
    y = box.y + part * box.height
    return [polyline([(box.x, y), (box.right, y)], color, mark.width)]


def _pointer(mark: Pointer, place: _Place) -> list[Item]:
    part = float(place.x.parts(mark.value))
    if not 0 <= part <= 1:
        return []
    x, top = place.box.x + part * place.box.width, place.box.top
    wedge = [(x, top - WEDGE), (x - WEDGE / 2, top), (x + WEDGE / 2, top)]
    return [shapes.Area(np.array(wedge), mark.color)]


def _break(mark: Break, place: _Place) -> list[Item]:
    """The gap has the background's colour, its sides lines that reach beyond the bar."""
    left, right = place.xs([mark.low, mark.high]).tolist()
    y = place.box.y + BREAK_AT * place.box.height
    corners = [(left, y), (right, y + BREAK), (right, y + BREAK + BREAK_GAP), (left, y + BREAK_GAP)]
    slope = BREAK / max(right - left, 1.0)
    items: list[Item] = [shapes.Area(np.array(corners), shapes.WHITE)]
    for dy in (0.0, BREAK_GAP):
        ends = [(left - 1.5, y + dy - 1.5 * slope), (right + 1.5, y + dy + BREAK + 1.5 * slope)]
        items.append(polyline(ends, MUTED, 0.9))
    return items + (_height_words(mark.words, left, right, place) if mark.words else [])


def _height_words(words: tuple[str, ...], left: float, right: float, place: _Place) -> list[Item]:
    """On the right of the bar where they have room, else on the left."""
    box = place.box
    sides = box.right - right - BESIDE_BAR, left - BESIDE_BAR - box.x
    text = next((each for each in words if width_of(each, SMALL) <= max(sides)), words[-1])
    if width_of(text, SMALL) <= sides[0]:
        return [Label(right + BESIDE_BAR, box.top - SMALL, text, SMALL, MUTED)]
    return [Label(left - BESIDE_BAR, box.top - SMALL, text, SMALL, MUTED, "right")]


def _cells(mark: Cells, place: _Place) -> list[Item]:
    """One image; areas where sides are not equally far apart, or where these take less room."""
    xs, ys = place.xs(mark.x), place.ys(mark.y)
    rows, columns = mark.rgb.shape[:2]
    packed: Any = mark.rgb.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    few = rows + np.count_nonzero(packed[:, 1:] != packed[:, :-1]) <= FEW_RUNS
    image = len(ys) == 2 and (not few or (len(xs) == 2 and bool(mark.words)))
    whole = Box(xs[0], ys[0], xs[-1] - xs[0], ys[-1] - ys[0])
    items: list[Item] = [shapes.Cells(whole, _even(mark.rgb, xs)[::-1])] if image else []
    xs = np.linspace(xs[0], xs[-1], columns + 1) if len(xs) == 2 else xs
    ys = np.linspace(ys[0], ys[-1], rows + 1) if len(ys) == 2 else ys
    sides, colors = (xs.tolist(), ys.tolist()), (mark.rgb / 255).tolist()
    for k, row in enumerate([] if image else packed.tolist()):
        low, high = sides[1][k : k + 2]
        a = 0
        for _, run in groupby(row):
            b = a + len(list(run))
            red, green, blue = colors[k][a]
            part = Box(sides[0][a], low, sides[0][b] - sides[0][a], high - low)
            items.append(rectangle(part, (red, green, blue)))
            a = b
    return items + _cell_words(mark, xs, ys)


def _even(rgb: NDArray[np.uint8], xs: Array) -> NDArray[np.uint8]:
    """The cells in columns that are equally wide, many enough to tell those at `xs` apart."""
    if len(xs) == 2:
        return rgb
    middles = xs[0] + (np.arange(FINE) + 0.5) / FINE * (xs[-1] - xs[0])
    return rgb[:, np.searchsorted(xs[1:-1], middles, side="right")]


def _cell_words(mark: Cells, xs: Array, ys: Array) -> list[Item]:
    return [
        Label(
            xs[n] + AIR if align == "left" else (xs[n] + xs[n + 1]) / 2,
            (ys[k] + ys[k + 1]) / 2 - 0.36 * size,
            mark.words[k][n], size, color, align,
        )
        for k, n, size, color, align in words_in_cells(mark, np.diff(xs), np.diff(ys))
    ]  # fmt: skip


def words_in_cells(
    mark: Cells, widths: Array, heights: Array
) -> Iterator[tuple[int, int, float, Color, Align]]:
    """The row and column of each word that has room, its size, its colour, how it is aligned.

    The columns' widths and the rows' heights are in points. All words have one size, as large as
    the largest cell can hold.
    """
    longest = max((width_of(text, 1.0) for row in mark.words for text in row), default=0.0)
    if not longest:
        return
    size = min(SMALL, heights.min() - AIR, (widths.max() - AIR) / longest)
    bright = mark.rgb @ GREY / 255
    for k, row in enumerate(mark.words if size >= SMALLEST_WORD else ()):
        named = [n for n, text in enumerate(row) if text]
        for n, after in pairwise([*named, len(row)]):
            color = shapes.WHITE if bright[k, n] < DARK else BLACK
            wide = width_of(row[n], size) + AIR
            if wide <= widths[n] + 1e-6:
                yield k, n, size, color, "center"
            elif wide + AIR <= widths[n:after].sum():
                yield k, n, size, color, "left"


def _words(mark: Words, place: _Place) -> list[Item]:
    box = place.box
    if mark.within:
        x, y = box.x + mark.x * box.width, box.y + mark.y * box.height
    else:
        x, y = float(place.xs(mark.x)), float(place.ys(mark.y))
    text, size = mark.text, mark.size
    if mark.within:
        text, size = fit(text, size, box.width - 2 * AIR, SMALLEST_WORD)
        if mark.align == "center":
            half = width_of(text, size) / 2 + AIR
            x = min(max(x, box.x + half), box.right - half)
    y += mark.dy - 0.36 * size
    return [Label(x + mark.dx, y, text, size, mark.color, mark.align)]


def tag_size(lines: tuple[str, ...]) -> tuple[float, float]:
    """How wide and how high a tag is."""
    wide = max(width_of(line, SMALL) for line in lines) + 2 * TAG_PADDING
    return wide, TAG_LINE * (len(lines) - 1) + SMALL + 2 * TAG_PADDING


def _tag(mark: Tag, place: _Place) -> list[Item]:
    """A leader from the point, a box, and the lines centred on it."""
    x, y = float(place.xs(mark.x)), float(place.ys(mark.y))
    wide, high = tag_size(mark.lines)
    box = Box(x + mark.dx - wide / 2, y + mark.dy - high / 2, wide, high)
    end = min(max(x, box.x), box.right), min(max(y, box.y), box.top)
    paper, ink = (BLACK, PALE) if mark.strong else (PALE, BLACK)
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    items: list[Item] = [
        polyline([(x, y), end], BLACK, 1.0),
        rectangle(box, paper),
        polyline([*corners, corners[0]], BLACK, 0.8),
    ]
    first = box.top - TAG_PADDING - 0.86 * SMALL
    return items + [
        Label(x + mark.dx, first - k * TAG_LINE, line, SMALL, ink, "center")
        for k, line in enumerate(mark.lines)
    ]


_SHAPES: dict[type, Callable[[Any, _Place], list[Item]]] = {
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
