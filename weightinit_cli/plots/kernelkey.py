"""The colours of a kernel's elements, and the key to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.colors import diverging
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    WHITE,
    Area,
    Box,
    Dots,
    Item,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.numbers import scale_for
from weightinit_cli.plots.heading import SEPARATOR
from weightinit_cli.plots.kernelpage import LEFT, PIXEL
from weightinit_cli.plots.labels import NOTE_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightinit_cli.results.model import WeightStatistics

Array = np.ndarray[Any, np.dtype[np.float64]]

INSIDE = 0.99  # of the elements that are not zero, between the ends of the colours
LITTLE = 1.2  # times that many are inside as well
SHADES = 50  # on either side of zero
DARKEST = 0.41  # of the diverging colours: beyond it, blue and red are nearly black
LARGE = 4.0  # an element that has room for a dot, and for lines around it
DOT = 0.09  # of an element's side
BAR = Box(LEFT, 46 * PIXEL, 350 * PIXEL, 20 * PIXEL)
POINT = 12 * PIXEL
WHISKER = 6.5  # above the bar
ABOVE_KEY = 132 * PIXEL  # the lowest kernel


def reach_of(values: Array) -> float:
    """The value at the end of the colours, beyond which few elements are; 0 where all are zero."""
    sizes = np.abs(values[values != 0])
    if not sizes.size:
        return 0.0
    most = float(np.quantile(sizes, INSIDE, method="inverted_cdf"))
    largest = float(sizes.max())
    return largest if largest / LITTLE <= most else most


def shades(values: Array, reach: float) -> NDArray[np.uint8]:
    """Blue below zero, red above, the darker the larger; what is zero is white."""
    with np.errstate(over="ignore"):
        parts = np.clip(values / (reach or 1.0), -1.0, 1.0)
    rgb = diverging(0.5 + DARKEST * np.rint(SHADES * parts) / SHADES)
    rgb[values == 0] = 255
    return rgb


def dots(places: list[tuple[float, float]], element: float) -> list[Item]:
    """What tells negative elements from positive ones where colours are grey, if there is room."""
    return [Dots(np.array(places), WHITE, DOT * element)] if places and element >= LARGE else []


def key_items(
    shown: Array, reach: float, element: float, weights: WeightStatistics | None
) -> list[Item]:
    """The colours with their values, what marks mean, and where all of the layer's elements lie."""
    scale = scale_for(-reach, reach)
    ticks = axes.fitting_ticks(scale, BAR.width, axes.LABEL_SIZE)
    unit = f" (× 1e{scale.exponent})" if scale.exponent else ""
    x, y = BAR.right + POINT + 12, BAR.y - axes.TICK - 1 - axes.TICK_SIZE
    middle = BAR.y + BAR.height / 2 - 0.36 * axes.LABEL_SIZE
    return [
        *_bar(shown, reach, element),
        *axes.x_ticks(BAR, scale, ticks, axes.LABEL_SIZE),
        *(_whisker(weights, reach) if weights else []),
        Label(x, middle, f"value of an element{unit}", axes.LABEL_SIZE),
        Label(x, y, _note(shown, reach, element), NOTE_SIZE, MUTED),
    ]


def _bar(shown: Array, reach: float, element: float) -> list[Item]:
    """The colours; an end is pointed where elements are beyond it."""
    levels = np.linspace(-1.0, 1.0, 2 * SHADES + 1)
    colors = [(r / 255, g / 255, b / 255) for r, g, b in shades(levels, 1.0).tolist()]
    middle = BAR.y + BAR.height / 2
    left = BAR.x - (POINT if shown.min() < -reach else 0.0)
    right = BAR.right + (POINT if shown.max() > reach else 0.0)
    ends = [(BAR.x, BAR.y), (left, middle), (BAR.x, BAR.top)]
    ends += [(BAR.right, BAR.top), (right, middle), (BAR.right, BAR.y)]
    items: list[Item] = []
    for end, color, inwards in ((ends[:3], colors[0], POINT), (ends[3:], colors[-1], -POINT)):
        x = end[0][0] + inwards  # beneath the rest, so that no seam is seen
        items.append(Area(np.array([*end, (x, end[2][1]), (x, end[0][1])]), color))
    wide = BAR.width / len(colors)
    for k, color in enumerate(colors):
        part = Box(BAR.x + k * wide, BAR.y, BAR.width - k * wide, BAR.height)
        items.append(rectangle(part, color))
    if shown.min() < 0:
        xs = np.linspace(BAR.x, BAR.x + BAR.width / 2, 10)[1:-1]
        items += dots([(float(x), middle) for x in xs], element)
    return [*items, polyline([*ends, ends[0]], INK, axes.FRAME)]


def _note(shown: Array, reach: float, element: float) -> str:
    """What dots and pointed ends mean, where there are some."""
    low, high = shown.min(), shown.max()
    notes = ["white dot: below 0"] if element >= LARGE and low < 0 else []
    beyond = np.count_nonzero(np.abs(shown) > reach) / shown.size
    if beyond:
        ends = "ends" if low < -reach and high > reach else "end"
        notes.append(f"{percent(beyond)} beyond the pointed {ends}")
    return SEPARATOR.join(notes)


def _whisker(weights: WeightStatistics, reach: float) -> list[Item]:
    """Where all of the layer's elements lie; without an end where that is beyond the colours."""
    mean, std = weights.mean, weights.std
    if mean is None or std is None:
        return []
    values = (mean - std, mean, mean + std)
    places = [BAR.x + (0.5 + min(max(v / reach, -1.0), 1.0) / 2) * BAR.width for v in values]
    low, middle, high = places
    y = BAR.top + WHISKER
    alike = weights.min == weights.max
    words = "all" if alike else "mean ± std"
    items: list[Item] = [
        Dots(np.array([(middle, y)]), INK, 1.8),
        Label(middle, y + 5, words, NOTE_SIZE, MUTED, "center"),
    ]
    if not alike:
        items.append(polyline([(low, y), (high, y)], INK))
        ends = [x for x, v in zip(places, values, strict=True) if v != mean and abs(v) <= reach]
        items += [polyline([(x, y - 2.5), (x, y + 2.5)], INK) for x in ends]
    return items
