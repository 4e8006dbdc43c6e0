"""Words inside the regions of a map: where a region has room for them, away from its borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.engine.drawing import INK, WHITE, Box, Item, Label
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.tags import overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIZE = 9.0
LINE = 11.5
AIR = 5.0
TRIES = 28
ROOMS = (0, 10, 20, 30, 45, 60)
DARK = 0.53  # beyond this level of the palette white reads better


def region_words(
    box: Box,
    mask: NDArray[np.bool_],
    level: NDArray[np.float64],
    forms: Sequence[Sequence[str]],
    taken: Sequence[Box],
) -> list[Item]:
    """The first form (one or several lines) that fits into the region, where it is most inside.

    `mask` says which cells [row from below][column] are the region's, `level` how dark they are.
    Nothing where no form fits.
    """
    inside = np.pad(mask.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    for lines in forms:
        wide = max(width_of(line, SIZE) for line in lines) + 2 * AIR
        high = LINE * (len(lines) - 1) + SIZE + 2 * AIR
        best = max(_places(box, inside, wide, high, taken), default=None)
        if best is not None:
            _, x, y = best
            rows, columns = _cells(box, mask.shape, Box(x, y, wide, high))
            color = WHITE if level[rows, columns].mean() > DARK else INK
            top = y + high - AIR - 0.86 * SIZE
            return [
                Label(x + wide / 2, top - k * LINE, line, SIZE, color, "center")
                for k, line in enumerate(lines)
            ]
    return []


def _places(
    box: Box, inside: NDArray[np.int_], wide: float, high: float, taken: Sequence[Box]
) -> list[tuple[float, float, float]]:
    """Places in the region for a box of this size, each with how much room is around it."""
    found: list[tuple[float, float, float]] = []
    if wide > box.width or high > box.height:
        return found
    for x in np.linspace(box.x, max(box.right - wide, box.x), TRIES):
        for y in np.linspace(box.y, max(box.top - high, box.y), TRIES):
            here = Box(float(x), float(y), wide, high)
            if not _within(box, inside, here) or any(overlap(here, other) for other in taken):
                continue
            room = max(air for air in ROOMS if _within(box, inside, _grown(here, air)))
            middle = abs(x + wide / 2 - box.x - box.width / 2) / box.width
            middle += abs(y + high / 2 - box.y - box.height / 2) / box.height
            found.append((room - middle, here.x, here.y))
    return found


def _grown(box: Box, by: float) -> Box:
    return Box(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by)


def _cells(box: Box, shape: tuple[int, ...], here: Box) -> tuple[slice, slice]:
    def span(low: float, high: float, start: float, size: float, number: int) -> slice:
        first = min(max(int((low - start) / size * number), 0), number - 1)
        last = min(max(int((high - start) / size * number), 0), number - 1)
        return slice(first, last + 1)

    rows = span(here.y, here.top, box.y, box.height, shape[0])
    return rows, span(here.x, here.right, box.x, box.width, shape[1])


def _within(box: Box, inside: NDArray[np.int_], here: Box) -> bool:
    """Whether all cells beneath are the region's; what is outside the map does not matter.

    `inside` counts the region's cells below and left of each corner.
    """
    rows, columns = _cells(box, (inside.shape[0] - 1, inside.shape[1] - 1), here)
    top, bottom, left, right = rows.stop, rows.start, columns.start, columns.stop
    number = inside[top, right] - inside[bottom, right] - inside[top, left] + inside[bottom, left]
    return bool(number == (top - bottom) * (right - left))
