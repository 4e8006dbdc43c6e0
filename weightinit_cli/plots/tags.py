"""Labels on a map: white tags beside the points they name, with leaders, none over another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

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

    from weightinit_cli.plots.engine.logaxis import Point

SIZE = 7.5
LINE = 9.5
PADDING = 3.0
WIDEST = 96.0
MOST_LINES = 4
RADIUS = 3.0
APART = 4.0
ASIDE = 6.0  # of a tag to the other side of an upright leader
DISTANCES = (14.0, 26.0, 38.0, 52.0, 66.0, 82.0, 100.0, 120.0, 145.0)
MISSING = 1000.0  # what a tag without a place costs, in points of distance
MOST_STEPS = 1000
MOST_CHOICES = 60
ACROSS = 40.0  # what a tag across the line costs
DIRECTIONS = tuple(math.radians(angle) for angle in (90, 60, 120, 35, 145, 10, 170))


class Tag(NamedTuple):
    """Where a tag lies, its lines, and the leader from the point that it names."""

    box: Box
    lines: tuple[str, ...]
    leader: tuple[Point, Point]


def tags(points: Sequence[tuple[Point, str]], inside: Box, line: Sequence[Point] = ()) -> list[Tag]:
    """A tag for each point, as near as there is room inside; best not across the line.

    Points at one place share a tag. Where there is no room, a tag is left out.
    """
    named: dict[Point, list[str]] = {}
    for point, name in points:
        near = (known for known in named if math.dist(known, point) < RADIUS)
        named.setdefault(next(near, point), []).append(name)
    spots = [Box(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS) for x, y in named]
    choices = []
    for point, names in sorted(named.items()):
        lines = tuple(paragraph(", ".join(names), SIZE, WIDEST, MOST_LINES))
        others = [spot for spot in spots if math.dist((spot.x, spot.y), point) > 2 * RADIUS]
        choices.append(_choices(point, lines, inside, (spots, others), line))
    return _Search(choices).best()


@dataclass(slots=True)
class _Search:
    """The cheapest choice of one place for each tag, none in another's way: branch and bound."""

    choices: Sequence[Sequence[tuple[float, Tag]]]
    found: tuple[float, list[Tag]] = (math.inf, [])
    steps: int = MOST_STEPS

    def best(self) -> list[Tag]:
        """The tags."""
        self._extend(0, 0.0, [])
        return self.found[1]

    def _extend(self, k: int, cost: float, chosen: list[Tag]) -> None:
        self.steps -= 1
        if k == len(self.choices):
            self.found = min(self.found, (cost, chosen), key=lambda pair: pair[0])
            return
        rest = sum(choice[0][0] if choice else MISSING for choice in self.choices[k + 1 :])
        for more, tag in self.choices[k]:
            if cost + more + rest >= self.found[0] or self.steps < 0:
                break
            if not any(_tangled(tag, other) for other in chosen):
                self._extend(k + 1, cost + more, [*chosen, tag])
        if cost + MISSING + rest < self.found[0]:
            self._extend(k + 1, cost + MISSING, chosen)


def _choices(
    point: Point,
    lines: tuple[str, ...],
    inside: Box,
    spots: tuple[Sequence[Box], Sequence[Box]],
    line: Sequence[Point],
) -> list[tuple[float, Tag]]:
    """A tag's places that are off all points, with a leader off the other ones, cheapest first."""
    every, others = spots
    found = []
    for distance, box in _candidates(point, lines, inside):
        tag = Tag(box, lines, _leader(point, box))
        if any(overlap(box, spot) for spot in every):
            continue
        if any(_crosses(spot, *tag.leader) for spot in others):
            continue
        across = any(_crosses(_grown(box, 2.0), *ends) for ends in pairwise(line))
        found.append((distance + ACROSS * across, tag))
    return sorted(found, key=lambda pair: pair[0])[:MOST_CHOICES]


def _tangled(first: Tag, second: Tag) -> bool:
    """Whether two tags overlap, or one's leader runs through the other or through its leader."""
    return (
        overlap(_grown(first.box, APART), second.box)
        or _crosses(_grown(first.box, APART), *second.leader)
        or _crosses(_grown(second.box, APART), *first.leader)
        or _intersect(first.leader, second.leader)
    )


def _intersect(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two straight lines have each other's ends on both sides."""

    def side(line: tuple[Point, Point], point: Point) -> float:
        (a, b), (c, d) = line
        return (c - a) * (point[1] - b) - (d - b) * (point[0] - a)

    return all(side(m, n[0]) * side(m, n[1]) < 0 for m, n in ((first, second), (second, first)))


def _candidates(point: Point, lines: Sequence[str], inside: Box) -> list[tuple[float, Box]]:
    """Boxes around the point, nearest first, with their distances; steep leaders first."""
    wide = max(width_of(line, SIZE) for line in lines) + 2 * PADDING
    high = LINE * (len(lines) - 1) + SIZE + 2 * PADDING
    found = []
    for distance in DISTANCES:
        places = [
            (math.cos(angle) * (distance + wide / 2), math.sin(angle) * (distance + high / 2))
            for angle in DIRECTIONS
        ]
        places += [(side * (wide / 2 - ASIDE), distance + high / 2) for side in (1, -1)]
        for rank, (dx, dy) in enumerate(places):
            for y in {point[1] + dy - high / 2, point[1] - dy - high / 2}:
                x = point[0] + dx - wide / 2
                x = min(max(x, inside.x + APART), inside.right - APART - wide)
                if inside.y + APART <= y <= inside.top - APART - high:
                    found.append((distance + rank, Box(x, y, wide, high)))
    return sorted(found, key=lambda pair: pair[0])


def overlap(first: Box, second: Box) -> bool:
    """Whether two boxes share more than a side."""
    return min(first.right, second.right) > max(first.x, second.x) and min(
        first.top, second.top
    ) > max(first.y, second.y)


def _grown(box: Box, by: float) -> Box:
    return Box(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by)


def _leader(point: Point, box: Box) -> tuple[Point, Point]:
    """From the point to the nearest place of the box's outline."""
    x, y = point
    return point, (min(max(x, box.x), box.right), min(max(y, box.y), box.top))


def _crosses(box: Box, start: Point, end: Point) -> bool:
    """Whether a straight line touches a box (Liang & Barsky)."""
    first, last = 0.0, 1.0
    sides = ((box.x, box.right), (box.y, box.top))
    for a, b, (low, high) in zip(start, end, sides, strict=True):
        if a == b:
            if not low <= a <= high:
                return False
            continue
        enter, leave = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, enter), min(last, leave)
    return first <= last


def tag_items(placed: Sequence[Tag], points: Sequence[Point]) -> list[Item]:
    """Leaders, points, and the tags above them."""
    items: list[Item] = [polyline(tag.leader, INK, 1.0) for tag in placed]
    if points:
        items.append(Dots(np.array(points, dtype=np.float64), INK, RADIUS))
        items.append(Dots(np.array(points, dtype=np.float64), WHITE, RADIUS - 1.0))
    for tag in placed:
        items += written_on_white(tag.box, tag.lines)
    return items


def written_on_white(box: Box, lines: Sequence[str]) -> list[Item]:
    """Lines of text, centred on a white box with a thin outline."""
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    items: list[Item] = [rectangle(box, WHITE), polyline([*corners, corners[0]], INK, 0.8)]
    middle = box.x + box.width / 2
    first = box.top - PADDING - 0.86 * SIZE
    return items + [
        Label(middle, first - k * LINE, line, SIZE, INK, "center") for k, line in enumerate(lines)
    ]
