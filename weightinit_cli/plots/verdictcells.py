"""Verdicts in the cells of a map: a letter for the root cause, an outline around the healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.engine.drawing import INK, WHITE, Box, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.results.model import HEALTHY, is_healthy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from weightinit_cli.results.model import Verdict

LETTERS = {
    "overflow": ("O", "overflow"),
    "underflow": ("F", "underflow"),
    "units_identical": ("U", "units identical"),
    "collapsed": ("C", "collapsed"),
    "saturated": ("S", "saturated"),
    "inputs_indistinguishable": ("I", "inputs indistinguishable"),
    "signal_drowned": ("W", "signal drowned"),
    "dying": ("D", "dying"),
    "vanishing_signal": ("V", "vanishing"),
    "exploding_signal": ("E", "exploding"),
    "vanishing_gradient": ("V", "vanishing"),
    "exploding_gradient": ("E", "exploding"),
    HEALTHY: ("•", "healthy"),
}
OTHER = ("?", "something else")
SIZE = 7.5
SMALLEST = 5.5
AIR = 2.0
MOST_STROKES = 1500
DARK = 0.45  # below this brightness white reads better


def shown(verdicts: Sequence[Verdict]) -> str | None:
    """The name of the first verdict that warns, which is the root cause; else `healthy`."""
    if is_healthy(verdicts):
        return HEALTHY
    return next((each.name for each in verdicts if each.warns), None)


def letter_size(wide: float, high: float) -> float | None:
    """How large a letter may be in a cell; None where the cell is too small for one."""
    size = min(SIZE, high - AIR, (wide - AIR) / width_of("D", 1.0))
    return size if size >= SMALLEST else None


def explained(every: Iterable[Sequence[Verdict]]) -> str:
    """The letters that occur, in words: `V vanishing, E exploding, • healthy`."""
    seen = set(filter(None, map(shown, every)))
    pairs = dict(LETTERS[name] for name in LETTERS if name in seen)
    if seen - set(LETTERS):
        pairs |= dict([OTHER])
    return ", ".join(f"{letter} {words}" for letter, words in pairs.items())


def verdict_cells(
    box: Box, verdicts: Sequence[Sequence[Sequence[Verdict]]], rgb: NDArray[np.uint8]
) -> list[Item]:
    """The letters in the cells of a map, where they fit; rows go from below."""
    rows, columns = rgb.shape[:2]
    wide, high = box.width / columns, box.height / rows
    size = letter_size(wide, high)
    if size is None:
        return []
    bright = (rgb @ np.array([0.299, 0.587, 0.114])) / 255
    items: list[Item] = []
    for k, row in enumerate(verdicts):
        for n, name in enumerate(map(shown, row)):
            if name is not None:
                letter, _ = LETTERS.get(name, OTHER)
                x, y = box.x + (n + 0.5) * wide, box.y + (k + 0.5) * high - 0.36 * size
                color = WHITE if bright[k, n] < DARK else INK
                items.append(Label(x, y, letter, size, color, "center"))
    return items


def outlines(box: Box, inside: NDArray[np.bool_]) -> list[Item]:
    """The border of the healthy cells, black on white; nothing where all or none are healthy.

    Nothing either where they are so scattered that there would be more border than map.
    """
    if inside.all() or not inside.any():
        return []
    rows, columns = inside.shape
    wide, high = box.width / columns, box.height / rows
    strokes = []
    for k, n, m in _borders(inside):
        y = box.y + k * high
        strokes.append(((box.x + n * wide, y), (box.x + m * wide, y)))
    for k, n, m in _borders(inside.T):
        x = box.x + k * wide
        strokes.append(((x, box.y + n * high), (x, box.y + m * high)))
    if len(strokes) > MOST_STROKES:
        return []
    below = [polyline(stroke, WHITE, 3.2) for stroke in strokes]
    return [*below, *(polyline(stroke, INK, 1.5) for stroke in strokes)]


def _borders(inside: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """The stretches of level border within the map: which line, from where, to where."""
    changes = inside[1:] != inside[:-1]
    padded = np.pad(changes, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    return [
        (int(line) + 1, int(start), int(end))
        for (line, start), (_, end) in zip(
            np.argwhere(steps == 1), np.argwhere(steps == -1), strict=True
        )
    ]
