"""One panel of bars: a layer's shares, cut where one is too tall, the predicted ones as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots.engine.drawing import (
    AMBER,
    BLUE,
    MUTED,
    ORANGE,
    RULE,
    WHITE,
    Area,
    Box,
    Item,
    Label,
    equal_sides,
    polyline,
    step_line,
    steps,
)
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.heights import HEADROOM
from weightinit_cli.plots.labels import NOTE_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightinit_cli.plots.binning import Shares

BREAK = 3.0
THEORY_WIDTH = 1.55
VISIBLE = 0.004  # of the panel's height


class Heights(NamedTuple):
    """The share at which bars are cut, and the one at the panel's top."""

    limit: float
    top: float


def heights_to(limit: float) -> Heights:
    """With some room above the limit."""
    return Heights(limit, limit * HEADROOM)


def grid(boxes: list[Box], ticks: list[tuple[float, str]], heights: Heights) -> list[Item]:
    """A rule at each tick but the lowest."""
    return [
        polyline([(box.x, y), (box.right, y)], RULE)
        for share, _ in ticks[1:]
        for box in boxes
        for y in [box.y + share / heights.top * box.height]
    ]


def share_places(
    box: Box, ticks: list[tuple[float, str]], heights: Heights
) -> list[tuple[float, str]]:
    """Where the ticks of shares stand beside a panel."""
    return [(box.y + share / heights.top * box.height, text) for share, text in ticks]


def bars(box: Box, shares: Shares, heights: Heights) -> list[Item]:
    """The bars, breaks in those that go on beyond the picture, and what theory expects."""
    if shares.empty:
        return [said_inside(box, f"{percent(shares.nonfinite)} inf or nan", ORANGE)]
    cut = shares.bins > heights.limit * (1 + 1e-9)
    sides = equal_sides(box, len(shares.bins))
    heads = np.where(cut, 1.0, shares.bins / heights.top)
    items: list[Item] = [steps(sides, heads, box, BLUE)]
    items += [_break(box, int(k), len(shares.bins)) for k in np.flatnonzero(cut)]
    if shares.theory is not None:
        items += _expected(sides, shares.theory, box, heights)
    if cut.any():
        items.append(_height_label(box, int(shares.bins.argmax()), shares))
    return items


def said_inside(box: Box, text: str, color: tuple[float, float, float]) -> Label:
    """Words in the middle of a panel that has nothing else to show."""
    middle = box.x + box.width / 2
    return Label(middle, box.y + box.height / 2, text, NOTE_SIZE, color, "center")


def _expected(
    sides: NDArray[np.float64], shares: NDArray[np.float64], box: Box, heights: Heights
) -> list[Item]:
    """The outline of the expected bars, with gaps where next to nothing is expected."""
    heads = np.where(shares > heights.limit * (1 + 1e-9), 1.0, shares / heights.top)
    seen = np.concatenate([[False], heads >= VISIBLE, [False]])
    starts, ends = np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(seen[:-1] & ~seen[1:])
    return [
        step_line(sides[k : m + 1], heads[k:m], box, AMBER, THEORY_WIDTH)
        for k, m in zip(starts, ends, strict=True)
    ]


def _break(box: Box, k: int, number: int) -> Area:
    """A slanted gap near the top of a bar that goes on beyond the picture."""
    bar = box.width / number
    x = box.x + k * bar
    y = box.top - 0.6 * (HEADROOM - 1) * box.height
    corners = [(x, y), (x + bar, y + BREAK), (x + bar, y + BREAK + 1.6), (x, y + 1.6)]
    return Area(np.array(corners), WHITE)


def _height_label(box: Box, k: int, shares: Shares) -> Label:
    """How high it is; where there is room, with an arrow, and with how high it should be.

    On the right of the bar where it fits, else on the left.
    """
    bar = box.width / len(shares.bins)
    left, right = box.x + k * bar - 3, box.x + (k + 1) * bar + 3
    share = percent(float(shares.bins[k]))
    texts = [f"↑ {share}", share]
    if shares.theory is not None:
        texts.insert(0, f"↑ {share} ({percent(float(shares.theory[k]))})")
    room = max(box.right - right, left - box.x)
    text = next((each for each in texts if width_of(each, NOTE_SIZE) <= room), share)
    width = width_of(text, NOTE_SIZE)
    x = right if right + width <= box.right else max(left - width, box.x + 3)
    return Label(x, box.top - NOTE_SIZE, text, NOTE_SIZE, MUTED)
