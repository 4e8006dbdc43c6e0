"""Labels on a map: white tags beside the points they name, with leaders, none over another.

Boxes are arrays of left, bottom, right and top, straight lines of x, y, x, y from one end to the
other, each of shape (4, ...), so that many are compared at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.drawing import (
    INK,
    WHITE,
    Box,
    Dots,
    Item,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import paragraph, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.logaxis import Point

    Array = NDArray[Any]

SIZE = 7.5
LINE = 9.5
PADDING = 3.0
WIDEST = 96.0
MOST_LINES = 4
RADIUS, STRONG_RADIUS = 3.0, 5.0
APART = 4.0
ASIDE = 6.0  # of a tag to the other side of an upright leader
DISTANCES = (14.0, 26.0, 38.0, 52.0, 66.0, 82.0, 100.0, 120.0, 145.0)
MISSING, STRONG = 1000.0, 3  # what a tag without a place costs, and how many times a strong one
MOST_STEPS = 3000
MOST_CHOICES = 60
ACROSS = 40.0  # what a tag across the line costs
HIDDEN, MOST_HIDDEN = 20.0, 10  # what a tag over a point without one costs, for so many of them
DIRECTIONS = tuple(math.radians(angle) for angle in (90, 60, 120, 35, 145, 10, 170))


class Named(NamedTuple):
    """A point of the map and what its tag says; `strong` where it is to be seen first."""

    point: Point
    words: str
    strong: bool = False


class Tag(NamedTuple):
    """Where a tag lies, its lines, and the leader from the point that it names."""

    box: Box
    lines: tuple[str, ...]
    leader: tuple[Point, Point]
    strong: bool = False


class _Choices(NamedTuple):
    """The places that a tag may have, cheapest first: what each costs, its box, its leader."""

    costs: Array
    boxes: Array
    leaders: Array


def tags(
    points: Sequence[Named], inside: Box, line: Sequence[Point] = (), others: Sequence[Point] = ()
) -> list[Tag]:
    """A tag for each point, as near as there is room inside.

    It had better not lie across the line, nor over the other points, which have none. Points at one
    place share a tag. Where there is no room, a tag is left out, rather one that is not strong.
    """
    places: dict[Point, list[Named]] = {}
    for each in sorted(points, key=lambda named: not named.strong):
        near = (known for known in places if math.dist(known, each.point) < RADIUS)
        places.setdefault(next(near, each.point), []).append(each)
    if not places:
        return []
    named = sorted(places.items())
    centres = np.array([point for point, _ in named])
    route, unnamed = (np.array(each, dtype=float).reshape(-1, 2) for each in (line, others))
    texts = [_lines(names) for _, names in named]
    choices = [
        _choices(centre, lines, inside, centres, (route, unnamed))
        for centre, lines in zip(centres, texts, strict=True)
    ]
    found = []
    without = [(STRONG if names[0].strong else 1) * MISSING for _, names in named]
    chosen = _Search(choices, without).best()
    for (point, names), lines, own, k in zip(named, texts, choices, chosen, strict=True):
        if k < len(own.costs):
            left, bottom, right, top = own.boxes[:, k].tolist()
            x, y = own.leaders[2:, k].tolist()
            box = Box(left, bottom, right - left, top - bottom)
            found.append(Tag(box, lines, (point, (x, y)), names[0].strong))
    return found


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


def _lines(names: Sequence[Named]) -> tuple[str, ...]:
    words = ", ".join(named.words for named in names)
    return tuple(paragraph(words, SIZE, WIDEST, MOST_LINES))


def _choices(
    centre: Array,
    lines: Sequence[str],
    inside: Box,
    centres: Array,
    beneath: tuple[Array, Array],
) -> _Choices:
    """A tag's places that are off all named points, with a leader off the other ones.

    `beneath` are the line and the other points that it had better not hide.
    """
    route, unnamed = beneath
    distances, boxes = _candidates(centre, lines, inside)
    corner, other = boxes[:2], boxes[2:]
    nearest = np.clip(centre[:, None], corner, other)
    leaders = np.concatenate([np.broadcast_to(centre[:, None], nearest.shape), nearest])
    spots = _grown(np.tile(centres.T, (2, 1)), RADIUS)[:, None, :]
    others = np.hypot(*(centres - centre).T) > 2 * RADIUS
    off = ~_overlap(boxes[:, :, None], spots).any(axis=1)
    off &= ~(_cross(spots, leaders[:, :, None]) & others).any(axis=1)
    pieces = np.concatenate([route[:-1].T, route[1:].T])[:, None, :]
    across = _cross(_grown(boxes, 2.0)[:, :, None], pieces).any(axis=1)
    under = _grown(np.tile(unnamed.T, (2, 1)), RADIUS)[:, None, :]
    hidden = _overlap(boxes[:, :, None], under).sum(axis=1)
    costs = distances + ACROSS * across + HIDDEN * np.minimum(hidden, MOST_HIDDEN)
    order = np.flatnonzero(off)[np.argsort(costs[off], kind="stable")][:MOST_CHOICES]
    return _Choices(costs[order], boxes[:, order], leaders[:, order])


def _candidates(centre: Array, lines: Sequence[str], inside: Box) -> tuple[Array, Array]:
    """Boxes around a point with their distances, nearest first; steep leaders first."""
    wide = max(width_of(line, SIZE) for line in lines) + 2 * PADDING
    high = LINE * (len(lines) - 1) + SIZE + 2 * PADDING
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
            left = min(max(left, inside.x + APART), inside.right - APART - wide)
            found += [
                (distance + rank, left, bottom, left + wide, bottom + high)
                for bottom in (y + dy - high / 2, y - dy - high / 2)
                if inside.y + APART <= bottom <= inside.top - APART - high
            ]
    cheapest = np.array(sorted(found, key=lambda each: each[0])).reshape(-1, 5).T
    return cheapest[0], cheapest[1:]


def overlap(first: Box, second: Box) -> bool:
    """Whether two boxes share more than a side."""
    return min(first.right, second.right) > max(first.x, second.x) and min(
        first.top, second.top
    ) > max(first.y, second.y)


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


def tag_items(placed: Sequence[Tag], points: Sequence[Named]) -> list[Item]:
    """Leaders, points as rings, strong ones filled and above the others, and the tags over all."""
    items: list[Item] = [polyline(tag.leader, INK, 1.0) for tag in placed]
    rings = np.array([each.point for each in points if not each.strong], dtype=np.float64)
    discs = np.array([each.point for each in points if each.strong], dtype=np.float64)
    if len(rings):
        items += [Dots(rings, INK, RADIUS), Dots(rings, WHITE, RADIUS - 1.0)]
    if len(discs):
        items += [Dots(discs, WHITE, STRONG_RADIUS), Dots(discs, INK, STRONG_RADIUS - 1.2)]
    for tag in placed:
        items += _written(tag)
    return items


def _written(tag: Tag) -> list[Item]:
    """A tag's lines, centred on a box with a thin outline: white, or that of a strong one dark."""
    box = tag.box
    paper, ink = (INK, WHITE) if tag.strong else (WHITE, INK)
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    items: list[Item] = [rectangle(box, paper), polyline([*corners, corners[0]], INK, 0.8)]
    middle = box.x + box.width / 2
    first = box.top - PADDING - 0.86 * SIZE
    return items + [
        Label(middle, first - k * LINE, line, SIZE, ink, "center")
        for k, line in enumerate(tag.lines)
    ]
