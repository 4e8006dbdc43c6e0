"""Ticks at the middle of a map's columns and rows, each with the value's words, where they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import axes
from weightinit_cli.plots.axes import TICK, TICK_SIZE
from weightinit_cli.plots.engine.drawing import INK, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import elide, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.drawing import Box
    from weightinit_cli.plots.varied import VariedAxis

APART = 4.0
LINE = 9.5
LONGEST = 90.0
EVERY = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100)


class Across(NamedTuple):
    """The ticks beneath a map, and how deep they reach."""

    items: list[Item]
    depth: float


def across(axis: VariedAxis, box: Box) -> Across:
    """Level words where all have room, of numbers as many as have; else upright ones."""
    pitch = box.width / len(axis.values)
    words = axis.words
    widths = [width_of(each, TICK_SIZE) for each in words]
    level = max(widths) + APART <= pitch
    step = 1
    if not level and axis.numeric:
        level = True
        step = next((k for k in EVERY if max(widths) + APART <= k * pitch), len(words))
    elif not level:
        step = next((k for k in EVERY if k * pitch >= LINE), len(words))
    items: list[Item] = []
    depth = TICK + 1 + TICK_SIZE
    if not level:
        words = tuple(elide(each, TICK_SIZE, LONGEST) for each in words)
        longest = max(width_of(each, TICK_SIZE) for each in words)
        depth = TICK + 3 + longest
    for k in range(0, len(words), step):
        x = box.x + (k + 0.5) * pitch
        items.append(polyline([(x, box.y), (x, box.y - TICK)], INK, axes.FRAME))
        if level:
            y = box.y - TICK - 1 - TICK_SIZE
            items.append(Label(x, y, words[k], TICK_SIZE, align="center"))
        else:
            y = box.y - TICK - 3 - width_of(words[k], TICK_SIZE) / 2
            items.append(Label(x + 0.36 * TICK_SIZE, y, words[k], TICK_SIZE, upright=True))
    return Across(items, depth)


def upwards(box: Box, words: Sequence[str], descending: bool) -> list[Item]:
    """Beside a map, from below or, `descending`, from above; as many as have room."""
    pitch = box.height / len(words)
    step = next((k for k in EVERY if k * pitch >= LINE), len(words))
    places = []
    for k in range(0, len(words), step):
        part = (k + 0.5) * pitch
        places.append((box.top - part if descending else box.y + part, words[k]))
    return axes.side_ticks(box.x, places)
