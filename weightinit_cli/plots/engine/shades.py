"""The few colours of a drawing: a third of the bytes of RGB, and less time to compress."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MOST = 256
CELLS = 1 << 15


def reduced(pixels: Array, own: Array) -> tuple[Array, Array]:
    """Each pixel's index, uint8, into a table of at most 256 colours, and the table, (n, 3).

    `pixels`, shape (n, 4), are RGBA; `own`, shape (k, 3), are the drawing's own colours, which
    stay exact, of those that are nearly the same the first. Only the shades at the edges of
    letters and lines are rounded: to the mean of those that agree in the leading five bits of each
    channel, or the nearest such mean.

    Rows of one colour are long, so that only the ends of the runs are looked at.
    """
    flat = pixels.view("<u4").reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=flat.size)
    shades = pixels[starts, :3]
    cells = _cells(shades)
    sizes = np.bincount(cells, lengths, CELLS)
    used = np.flatnonzero(sizes)
    means = np.stack(
        [np.bincount(cells, lengths * channel, CELLS)[used] / sizes[used] for channel in shades.T],
        axis=1,
    )
    is_own = np.isin(used, _cells(own))
    for color, cell in zip(own[::-1], _cells(own[::-1]), strict=True):
        means[used == cell] = color
    order = np.lexsort((-sizes[used], ~is_own))
    table = means[order[:MOST]]
    index = np.empty(CELLS, np.uint8)
    index[used[order[:MOST]]] = np.arange(len(table))
    rest = order[MOST:]
    distances = np.square(table).sum(axis=1) - 2 * means[rest] @ table.T  # less what all share
    index[used[rest]] = distances.argmin(axis=1)
    return np.repeat(index[cells], lengths), np.rint(table).astype(np.uint8)


def _cells(shades: Array) -> Array:
    red, green, blue = (shades.T >> 3).astype(np.int64)
    cells: Array = red << 10 | green << 5 | blue
    return cells
