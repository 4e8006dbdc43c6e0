"""Names of a map's points and regions -> tags and words, each where there is room.

Boxes are arrays of left, bottom, right and top, straight lines of x, y, x, y from one end to the
other, each of shape (4, ...), so that many are compared at once. All are in points from the panel's
lower left corner.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.drawing import BLACK, GREY, MUTED, PALE
from weightinit_cli.plots.engine.fonts import drawable, paragraph, width_of
from weightinit_cli.plots.engine.marks import tag_size
from weightinit_cli.plots.engine.page import (
    SMALL,
    Cells,
    Dots,
    Line,
    Named,
    Names,
    Tag,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.page import Axis, Mark, Note, Panel, Region, Row

    Array = NDArray[Any]

NARROW = 260.0  # a panel on which names would hide too much
WIDEST, MOST_LINES = 96.0, 4  # of a tag
RADIUS = 3.0
APART = 2.5
ASIDE = 6.0  # of a tag to the other side of an upright leader
DISTANCES = (14.0, 26.0, 38.0, 52.0, 66.0, 82.0, 100.0, 120.0, 145.0)
MISSING, STRONG = 1000.0, 3  # what a tag without a place costs, and how many times a strong one
MOST_STEPS = 3000
MOST_CHOICES = 60
ACROSS = 40.0  # what a tag across a named line costs
HIDDEN, MOST_HIDDEN = 20.0, 10  # what a tag over a point without one costs, for so many of them
DIRECTIONS = tuple(math.radians(angle) for angle in (90, 60, 120, 35, 145, 10, 170))
REGION, REGION_LINE, AIR = 9.0, 11.5, 5.0
TRIES = 28
ROOMS = (0, 10, 20, 30, 45, 60)
DARK = 0.5


def settled(rows: Iterable[Row]) -> tuple[tuple[Row, ...], tuple[Note, ...]]:
    """The rows, as wide and high as they are drawn, with tags and words in place of names; notes.

    Where a panel is narrow, or has no room for all of its names, its tags have numbers, and the
    names are notes: `1 xavier · 2 he`.
    """
    told: list[str] = []
    room = 0.0
    found: list[Row] = []
    for row in rows:
        panels = []
        size = row.wide, row.height
        for panel in row.panels:
            marks: list[Mark] = []
            for mark in panel.marks:
                if isinstance(mark, Names):
                    marks += _placed(mark, panel, size, told)
                    room = size[0]
                else:
                    marks.append(mark)
            panels.append(replace(panel, marks=tuple(marks)))
        found.append(replace(row, panels=tuple(panels)))
    return tuple(found), tuple((line, MUTED) for line in _list(told, room))


def _placed(
    names: Names, panel: Panel, size: tuple[float, float], told: list[str]
) -> list[Tag | Words]:
    """The tags and words; to what is `told` below the panels come the names with numbers."""
    narrow = size[0] < NARROW
    tags, missing = ([], 0) if narrow else _tags(names.points, panel, size)
    if narrow or missing:
        points, more = _numbered(names.points, len(told))
        told += more
        tags, _ = _tags(points, panel, size)
    return [*tags, *_region_words(names.regions, tags, panel, size)]


def _numbered(points: Sequence[Named], before: int) -> tuple[list[Named], list[str]]:
    """The points with numbers for names, but for short ones, and the names with their numbers."""
    found: list[Named] = []
    told: list[str] = []
    for point in points:
        if not point.short:
            number = str(before + len(told) + 1)
            told.append(f"{number} {drawable(point.words)}")
            point = replace(point, words=number)
        found.append(point)
    return found, told


def _list(told: Sequence[str], room: float) -> list[str]:
    """As many in a line as have room; a long one in several lines of its own."""
    lines: list[str] = []
    fits = False
    for each in told:
        joined = f"{lines[-1]} · {each}" if fits else each
        if fits and width_of(joined, SMALL) <= room:
            lines[-1] = joined
            continue
        own = paragraph(each, SMALL, room, MOST_LINES)
        lines += own
        fits = len(own) == 1
    return lines


# tags


class _Group(NamedTuple):
    """Names at one place in points: of one tag, whose lines these are."""

    place: tuple[float, float]
    points: tuple[Named, ...]
    lines: tuple[str, ...]


class _Choices(NamedTuple):
    """The places that a tag may have, cheapest first: what each costs, its box, its leader."""

    costs: Array
    boxes: Array
    leaders: Array


def _tags(
    points: Sequence[Named], panel: Panel, size: tuple[float, float]
) -> tuple[list[Tag], int]:
    """A tag for each point, as near as there is room, and how many are left out for want of it.

    It had better not lie across a named line, nor over points that have no name. Points at one
    place share a tag. Where there is no room, one that is not strong is left out first.
    """
    groups = _groups(points, panel, size)
    if not groups:
        return [], 0
    centres = np.array([group.place for group in groups])
    beneath = _beneath(panel, size)
    choices = [_choices(group, size, centres, beneath) for group in groups]
    without = [(STRONG if group.points[0].strong else 1) * MISSING for group in groups]
    found = []
    for group, own, k in zip(groups, choices, _Search(choices, without).best(), strict=True):
        if k < len(own.costs):
            left, bottom, right, top = own.boxes[:, k].tolist()
            x, y = group.place
            first = group.points[0]
            dx, dy = (left + right) / 2 - x, (bottom + top) / 2 - y
            found.append(Tag(first.x, first.y, group.lines, dx, dy, first.strong))
    return found, len(groups) - len(found)


def _groups(points: Sequence[Named], panel: Panel, size: tuple[float, float]) -> list[_Group]:
    """The names by their places, from left to right; a strong one is the first of its place."""
    places: dict[tuple[float, float], list[Named]] = {}
    for each in sorted(points, key=lambda point: not point.strong):
        x, y = _places([each.x], [each.y], panel, size)[0].tolist()
        near = (known for known in places if math.dist(known, (x, y)) < RADIUS)
        places.setdefault(next(near, (x, y)), []).append(each)
    return [_Group(place, tuple(every), _lines(every)) for place, every in sorted(places.items())]


def _lines(points: Sequence[Named]) -> tuple[str, ...]:
    words = ", ".join(drawable(point.words) for point in points)
    return tuple(paragraph(words, SMALL, WIDEST, MOST_LINES))


def _places(x: Any, y: Any, panel: Panel, size: tuple[float, float]) -> Array:
    """Where values lie in the panel, shape (number, 2)."""
    return np.stack([panel.x.parts(x) * size[0], panel.y.parts(y) * size[1]], axis=1)


def _beneath(panel: Panel, size: tuple[float, float]) -> tuple[Array, Array]:
    """The pieces of named lines, shape (4, pieces), and all points, shape (points, 2)."""
    pieces, points = [np.empty((4, 0))], [np.empty((0, 2))]
    for mark in panel.marks:
        if isinstance(mark, Line) and mark.words:
            route = _places(mark.x, mark.y, panel, size)
            pieces.append(np.concatenate([route[:-1].T, route[1:].T]))
        if isinstance(mark, Dots):
            points.append(_places(mark.x, mark.y, panel, size))
    return np.concatenate(pieces, axis=1), np.concatenate(points)


class _Search:
    """The cheapest choice of one place for each tag, none in another's way: branch and bound.

    The tag with the fewest places left is next. To be left out is a choice, too, the last one of
    every tag, and costs what `without` says.
    """

    def __init__(self, choices: Sequence[_Choices], without: Sequence[float]) -> None:
        nowhere = np.full((4, 1), -1e9)
        costs = [(*each.costs, missing) for each, missing in zip(choices, without, strict=True)]
        self.costs = np.concatenate(costs)
        self.boxes, self.leaders = (
            np.concatenate([part for each in all_ for part in (each, nowhere)], axis=1)
            for all_ in ([each.boxes for each in choices], [each.leaders for each in choices])
        )
        sizes = np.array([len(each.costs) + 1 for each in choices])
        self.ends: NDArray[np.intp] = np.cumsum(sizes)
        self.starts: NDArray[np.intp] = self.ends - sizes
        self.left_out = np.isin(np.arange(len(self.costs)), self.ends - 1)
        self.clear: dict[int, Array] = {}
        self.found: tuple[float, dict[int, int]] = (math.inf, {})
        self.steps = MOST_STEPS

    def best(self) -> list[int]:
        """The number of each tag's choice."""
        self._extend(0.0, {}, np.ones(len(self.costs), dtype=bool))
        return [int(self.found[1][tag] - start) for tag, start in enumerate(self.starts)]

    def _extend(self, cost: float, chosen: dict[int, int], free: Array) -> None:
        """Choose for the next tag, and so on; `free` says which choices the former ones leave."""
        self.steps -= 1
        left = [tag for tag in range(len(self.starts)) if tag not in chosen]
        if not left:
            self.found = cost, chosen
            return
        least = np.minimum.reduceat(np.where(free, self.costs, np.inf), self.starts)
        places = np.add.reduceat(free, self.starts, dtype=int)
        tag = min(left, key=lambda each: places[each])
        rest = float(least[left].sum() - least[tag])
        own = np.arange(self.starts[tag], self.ends[tag])
        for k in own[free[own]].tolist():
            total = cost + float(self.costs[k])
            if total + rest >= self.found[0] or self.steps < 0:
                break
            self._extend(total, {**chosen, tag: k}, free & self._clear_of(k))

    def _clear_of(self, k: int) -> Array:
        """Which choices are not in the way of one: no tag or leader touches the other's."""
        if k not in self.clear:
            box, leader = self.boxes[:, k, None], self.leaders[:, k, None]
            tangled = (
                _overlap(_grown(box, APART), self.boxes)
                | _cross(_grown(box, APART), self.leaders)
                | _cross(_grown(self.boxes, APART), leader)
                | _intersect(leader, self.leaders)
            )
            self.clear[k] = self.left_out | self.left_out[k] | ~tangled
        return self.clear[k]


def _choices(
    group: _Group, size: tuple[float, float], centres: Array, beneath: tuple[Array, Array]
) -> _Choices:
    """A tag's places that are off all named points, with a leader off the other ones.

    `beneath` are the lines and the points that it had better not hide.
    """
    pieces, points = beneath
    centre = np.array(group.place)
    distances, boxes = _candidates(centre, group.lines, size)
    corner, other = boxes[:2], boxes[2:]
    nearest = np.clip(centre[:, None], corner, other)
    leaders = np.concatenate([np.broadcast_to(centre[:, None], nearest.shape), nearest])
    spots = _grown(np.tile(centres.T, (2, 1)), RADIUS)[:, None, :]
    others = np.hypot(*(centres - centre).T) > 2 * RADIUS
    off = ~_overlap(boxes[:, :, None], spots).any(axis=1)
    off &= ~(_cross(spots, leaders[:, :, None]) & others).any(axis=1)
    across = _cross(_grown(boxes, 2.0)[:, :, None], pieces[:, None, :]).any(axis=1)
    under = _grown(np.tile(points.T, (2, 1)), RADIUS)[:, None, :]
    hidden = _overlap(boxes[:, :, None], under).sum(axis=1)
    costs = distances + ACROSS * across + HIDDEN * np.minimum(hidden, MOST_HIDDEN)
    order = np.flatnonzero(off)[np.argsort(costs[off], kind="stable")][:MOST_CHOICES]
    return _Choices(costs[order], boxes[:, order], leaders[:, order])


def _candidates(
    centre: Array, lines: tuple[str, ...], size: tuple[float, float]
) -> tuple[Array, Array]:
    """Boxes around a point with their distances, nearest first; steep leaders first."""
    wide, high = tag_size(lines)
    x, y = centre.tolist()
    found = []
    for distance in DISTANCES:
        places = [
            (math.cos(angle) * (distance + wide / 2), math.sin(angle) * (distance + high / 2))
            for angle in DIRECTIONS
        ]
        places += [(side * (wide / 2 - ASIDE), distance + high / 2) for side in (1, -1)]
        for rank, (dx, dy) in enumerate(places):
            left = x + dx - wide / 2
            left = min(max(left, APART), size[0] - APART - wide)
            found += [
                (distance + rank, left, bottom, left + wide, bottom + high)
                for bottom in (y + dy - high / 2, y - dy - high / 2)
                if APART <= bottom <= size[1] - APART - high
            ]
    cheapest = np.array(sorted(found, key=lambda each: each[0])).reshape(-1, 5).T
    return cheapest[0], cheapest[1:]


def _overlap(first: Array, second: Array) -> Array:
    """Whether boxes share more than a side."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    return np.asarray((high > low).all(axis=0))


def _grown(boxes: Array, by: float) -> Array:
    return np.concatenate([boxes[:2] - by, boxes[2:] + by])


def _cross(boxes: Array, lines: Array) -> Array:
    """Whether straight lines touch boxes (Liang & Barsky)."""
    step = lines[2:] - lines[:2]
    flat = step == 0
    low, high = boxes[:2] - lines[:2], boxes[2:] - lines[:2]
    divisor = np.where(flat, 1.0, step)
    ends = np.stack(np.broadcast_arrays(low / divisor, high / divisor))
    within = np.where((low <= 0) & (high >= 0), -np.inf, np.inf)
    enter = np.where(flat, within, ends.min(axis=0)).max(axis=0)
    leave = np.where(flat, np.inf, ends.max(axis=0)).min(axis=0)
    return np.asarray(np.maximum(enter, 0.0) <= np.minimum(leave, 1.0))


def _intersect(first: Array, second: Array) -> Array:
    """Whether straight lines have each other's ends on both sides."""

    def apart(line: Array, points: Array) -> Array:
        dx, dy = line[2:] - line[:2]
        start, end = (dx * (points[k + 1] - line[1]) - dy * (points[k] - line[0]) for k in (0, 2))
        return np.asarray(start * end < 0)

    return apart(first, second) & apart(second, first)


# regions


def _region_words(
    regions: Sequence[Region], tags: Sequence[Tag], panel: Panel, size: tuple[float, float]
) -> list[Words]:
    """Each region's name, if it has room for one, off all tags and points.

    It is light on dark cells.
    """
    taken = [np.array([*(point - 6), *(point + 6)]) for point in _beneath(panel, size)[1]]
    for tag in tags:
        middle = _places([tag.x], [tag.y], panel, size)[0] + (tag.dx, tag.dy)
        half = np.array(tag_size(tag.lines)) / 2
        taken.append(np.array([*(middle - half), *(middle + half)]))
    avoided = np.array(taken).reshape(-1, 4).T
    cells = next((mark for mark in panel.marks if isinstance(mark, Cells)), None)
    found: list[Words] = []
    for region in regions:
        found += _words_in(region, avoided, cells, panel, size)
    return found


def _words_in(
    region: Region,
    avoided: Array,
    cells: Cells | None,
    panel: Panel,
    size: tuple[float, float],
) -> Iterator[Words]:
    """The first form that fits into the region, where it is most inside; else nothing."""
    where = region.where
    for lines in region.forms:
        wide = max(width_of(line, REGION) for line in lines) + 2 * AIR
        high = REGION_LINE * (len(lines) - 1) + REGION + 2 * AIR
        place = _roomiest(where, wide, high, size, avoided)
        if place is None:
            continue
        x, y = place
        color = BLACK
        if cells is not None:
            rows, columns = _span(np.array([x, y, x + wide, y + high]), where.shape, size)
            under = cells.rgb[int(rows[0]) : int(rows[1]), int(columns[0]) : int(columns[1])]
            color = PALE if (under @ GREY).mean() < 255 * DARK else BLACK
        across = _value(panel.x, (x + wide / 2) / size[0])
        upwards = _value(panel.y, (y + high / 2) / size[1])
        for k, line in enumerate(lines):
            dy = ((len(lines) - 1) / 2 - k) * REGION_LINE
            yield Words(across, upwards, line, color, REGION, dy=dy)
        return


def _value(axis: Axis, part: float) -> float:
    """The value below which such a part of an axis is."""
    return axis.value(axis.low + part * (axis.high - axis.low))


def _roomiest(
    where: NDArray[np.bool_], wide: float, high: float, size: tuple[float, float], avoided: Array
) -> tuple[float, float] | None:
    """The lower left corner of a box of this size that is in the region, far from its borders."""
    if wide > size[0] or high > size[1]:
        return None
    corners = np.meshgrid(
        np.linspace(0.0, size[0] - wide, TRIES), np.linspace(0.0, size[1] - high, TRIES)
    )
    x, y = (each.ravel() for each in corners)
    boxes = np.stack([x, y, x + wide, y + high])
    counts = np.pad(where.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    free = ~_overlap(boxes[:, :, None], avoided[:, None, :]).any(axis=1)
    rooms = np.full(len(x), -1.0)
    for air in ROOMS:
        rooms[free & _within(_grown(boxes, air), counts, size)] = air
    aside = np.abs(x + wide / 2 - size[0] / 2) / size[0]
    aside += np.abs(y + high / 2 - size[1] / 2) / size[1]
    best = int(np.argmax(np.where(rooms >= 0, rooms - aside, -np.inf)))
    return (float(x[best]), float(y[best])) if rooms[best] >= 0 else None


def _span(boxes: Array, shape: tuple[int, ...], size: tuple[float, float]) -> tuple[Array, Array]:
    """The rows and columns of cells beneath boxes: the first, and the one after the last."""

    def cells(low: Array, high: Array, length: float, number: int) -> Array:
        first = np.clip((low / length * number).astype(int), 0, number - 1)
        last = np.clip((high / length * number).astype(int), 0, number - 1)
        return np.stack([first, last + 1])

    rows = cells(boxes[1], boxes[3], size[1], shape[0])
    return rows, cells(boxes[0], boxes[2], size[0], shape[1])


def _within(boxes: Array, counts: Array, size: tuple[float, float]) -> Array:
    """Whether all cells beneath are the region's; what is outside the map does not matter.

    `counts` are those of the region's cells below and left of each corner.
    """
    (bottom, top), (left, right) = _span(boxes, (counts.shape[0] - 1, counts.shape[1] - 1), size)
    number = counts[top, right] - counts[bottom, right] - counts[top, left] + counts[bottom, left]
    return np.asarray(number == (top - bottom) * (right - left))
