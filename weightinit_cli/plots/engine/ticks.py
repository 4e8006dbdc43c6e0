"""Ticks of an axis with their words: which ones have room, and where they stand."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.engine.drawing import INK, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import elide, font_file, width_of
from weightinit_cli.plots.engine.numbers import Scale, nice_step, ticks_around
from weightinit_cli.plots.engine.page import SMALL

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.drawing import Box
    from weightinit_cli.plots.engine.page import Axis, Ticks

TICK, SHORT, FRAME = 3.0, 1.6, 1.25
APART = 6.0  # between two words
LINE, UPRIGHT = 9.5, 8.3  # from one line to the next, and of upright words
LONGEST = 90.0  # of upright words, and of those beside an axis
MOST = 5
EVERY = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
ROOM_UPWARDS = 17.0  # for one of the ticks above each other


def ticks_of(axis: Axis, most: int) -> Ticks:
    """The axis' own ticks, or about so many at round values between its ends."""
    if axis.ticks is not None:
        slack = 1e-9 * max(abs(axis.low), abs(axis.high))
        return tuple(t for t in axis.ticks if axis.low - slack <= t[0] <= axis.high + slack)
    if axis.log:
        low, high = math.ceil(axis.low - 1e-9), math.floor(axis.high + 1e-9)
        return tuple(t for t in ticks_around(low, high, most) if low <= t[0] <= high)
    if axis.share:
        step = nice_step(100 * (axis.high - axis.low), most)
        first = math.ceil(100 * axis.low / step * (1 - 1e-9))
        last = math.floor(100 * axis.high / step * (1 + 1e-9))
        numbers = [k * step for k in range(first, last + 1)]
        return tuple((each / 100, f"{each:.6g} %" if each else "0") for each in numbers)
    return tuple(Scale(axis.low, axis.high, 0).ticks(most))


class Across(NamedTuple):
    """The ticks of an x axis: places in points from its left side, and how deep they reach."""

    placed: tuple[tuple[float, float, str], ...]
    short: tuple[float, ...]
    upright: bool
    depth: float

    def items(self, box: Box) -> list[Item]:
        """The ticks beneath a panel."""
        items: list[Item] = [
            polyline([(box.x + x, box.y), (box.x + x, box.y - SHORT)], INK, FRAME)
            for x in self.short
        ]
        for x, left, words in self.placed:
            items.append(polyline([(box.x + x, box.y), (box.x + x, box.y - TICK)], INK, FRAME))
            if self.upright:
                y = box.y - TICK - 3 - width_of(words, SMALL) / 2
                items.append(Label(box.x + x + 0.36 * SMALL, y, words, SMALL, upright=True))
            elif words:
                items.append(Label(box.x + left, box.y - TICK - 1 - SMALL, words, SMALL))
        return items


def across(axis: Axis, width: float, gap: float) -> Across:
    """As many ticks as have room beneath a panel; of names all, upright where that is needed.

    No words reach so far beyond the panel's sides that they meet those of a neighbour, which is
    `gap` points away.
    """
    return _across(axis, width, gap, font_file())


@lru_cache(maxsize=256)
def _across(axis: Axis, width: float, gap: float, font: str) -> Across:  # noqa: ARG001
    """Of panels beside each other most have the same axis; the font decides how wide words are."""
    short = tuple(axis.part(at) * width for at in axis.short)
    if not axis.labelled:
        return Across((), short, upright=False, depth=0.0)
    if axis.names and not axis.numbers:
        return _names(axis, width, short)
    overhang = max((gap - APART) / 2, 0.0)
    own = axis.ticks is not None
    for part in EVERY if own else range(1, MOST + 1):
        ticks = ticks_of(axis, MOST)[::part] if own else ticks_of(axis, MOST + 1 - part)
        placed = _placed(axis, ticks, width, overhang)
        if len(placed) >= 2 and _apart(placed):
            return Across(placed, short, upright=False, depth=TICK + 1 + SMALL)
    few = _few(ticks_of(axis, MOST))
    placed = _placed(axis, few, width, overhang)
    placed = placed if _apart(placed) else placed[:1]
    return Across(placed, short, upright=False, depth=TICK + 1 + SMALL)


def _few(ticks: Ticks) -> Ticks:
    """Two of the ticks that are far apart: 0 and the farther end where 0 is between the ends."""
    if not ticks[1:]:
        return ticks
    low, high = ticks[0], ticks[-1]
    zero = next((tick for tick in ticks[1:-1] if tick[0] == 0), None)
    if zero is None:
        return low, high
    return (low, zero) if -low[0] > high[0] else (zero, high)


def _apart(placed: tuple[tuple[float, float, str], ...]) -> bool:
    return all(
        left + width_of(words, SMALL) + APART - 1 <= after
        for (_, left, words), (_, after, _) in pairwise(placed)
    )


def _placed(
    axis: Axis, ticks: Ticks, width: float, overhang: float
) -> tuple[tuple[float, float, str], ...]:
    """Each tick's place, its words' left side, kept within the panel's sides, and the words."""
    found = []
    for at, words in ticks:
        x, wide = axis.part(at) * width, width_of(words, SMALL)
        left = max(min(x - wide / 2, width + overhang - wide), -overhang)
        found.append((x, left, words))
    return tuple(found)


def _names(axis: Axis, width: float, short: tuple[float, ...]) -> Across:
    """Level where all have room; of upright ones as many as have room."""
    ticks = ticks_of(axis, MOST)
    places = [axis.part(at) * width for at, _ in ticks]
    pitch = width / max(len(ticks), 1)
    nearest = min((b - a for a, b in pairwise(places)), default=pitch)
    widths = [width_of(words, SMALL) for _, words in ticks]
    if max(widths, default=0.0) + APART - 2 <= min(pitch, nearest + 1e-6):
        placed = _placed(axis, ticks, width, pitch / 2)
        return Across(placed, short, upright=False, depth=TICK + 1 + SMALL)
    step = next((k for k in EVERY if k * pitch >= UPRIGHT), len(ticks))
    shown: list[tuple[float, float, str]] = []
    for at, words in ticks[::step]:
        x = axis.part(at) * width
        if not shown or x - shown[-1][0] >= UPRIGHT:
            shown.append((x, 0.0, elide(words, SMALL, LONGEST)))
    longest = max((width_of(words, SMALL) for _, _, words in shown), default=0.0)
    return Across(tuple(shown), short, upright=True, depth=TICK + 3 + longest)


def level_places(axis: Axis, box: Box) -> list[tuple[float, str]]:
    """The heights at which the ticks of a y axis stand, and their words."""
    return [(box.y + axis.part(at) * box.height, words) for at, words in _upward(axis, box.height)]


def _upward(axis: Axis, height: float) -> Ticks:
    """The ticks that have room above each other."""
    return _above_each_other(axis, height, font_file())


@lru_cache(maxsize=256)
def _above_each_other(axis: Axis, height: float, font: str) -> Ticks:  # noqa: ARG001
    most = max(min(int(height / ROOM_UPWARDS), MOST), 2)
    ticks = ticks_of(axis, most)
    while axis.ticks is None and len(ticks) < 2 and most < 2 * MOST:  # one alone gives no scale
        most += 1
        ticks = ticks_of(axis, most)
    places = sorted(axis.part(at) * height for at, _ in ticks)
    pitch = min((b - a for a, b in pairwise(places)), default=LINE)
    step = next((k for k in EVERY if k * pitch >= LINE - 0.5), len(ticks) or 1)
    return tuple((at, elide(words, SMALL, LONGEST)) for at, words in ticks[::step])


def upwards(axis: Axis, box: Box) -> list[Item]:
    """The ticks to the left of a panel."""
    items: list[Item] = []
    for y, words in level_places(axis, box):
        items.append(polyline([(box.x, y), (box.x - TICK, y)], INK, FRAME))
        place = box.x - TICK - 2
        items.append(Label(place, y - 0.36 * SMALL, words, SMALL, align="right"))
    return items


def widest(axis: Axis, height: float | None = None) -> float:
    """The width of the widest words beside a y axis, also where its height is not known."""
    shown = ticks_of(axis, MOST) if height is None else _upward(axis, height)
    return max((width_of(words, SMALL) for _, words in shown), default=0.0)
