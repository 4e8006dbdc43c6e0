"""The kernels of the first layer: a column for each filter, a row for each channel that it sees."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.drawing import (
    MUTED,
    RULE,
    Box,
    Cells,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.heading import SEPARATOR, Heading, titled, wrapped
from weightinit_cli.plots.kernelkey import ABOVE_KEY, LARGE, dots, key_items, reach_of, shades
from weightinit_cli.plots.kernelpage import LEFT, PIXEL, KernelPage, kernel_page
from weightinit_cli.plots.kernelwords import first_of, seen
from weightinit_cli.plots.ticks import APART, EVERY
from weightinit_cli.results.words import described, full_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.kernelkey import Array
    from weightinit_cli.results.model import Kernels, Result

NARROWEST = 480.0
FOOT = 21 * PIXEL
EDGE: Color = (0.55, 0.55, 0.55)
SMALL = 4 * PIXEL  # an element of which there are too many for areas


def kernels_picture(result: Result, kernels: Kernels) -> Drawing:
    """The drawing: heading, the filters with their numbers, and below them the colours' key."""
    page = kernel_page(kernels)
    filters = np.array(kernels.values, dtype=np.float64).reshape(-1, *kernels.shape)
    filters = filters[: page.filters]
    shown = filters[..., : page.channels]
    reach = reach_of(shown)
    page = page._replace(bottom=ABOVE_KEY if reach else FOOT)
    items = [*_kernels(shown, reach, page), *_names(kernels, page)]
    if reach:
        items += key_items(shown, reach, page.element, result.layers[0].weights)
    width = max(page.right + axes.MARGIN, NARROWEST)
    head = _heading(result, filters, kernels.filters, width - 2 * axes.MARGIN)
    height = page.top + 26 + axes.LABEL_SIZE + head.height
    return Drawing(width, height, (*head.items(height), *items), _panels(page))


def _heading(result: Result, filters: Array, number: int, room: float) -> Heading:
    """The name, what was run, and what is seen."""
    head = titled(full_name(result.name, result.overrides), described(result.spec), room)
    words, color = seen(result, filters, number)
    return head._replace(lines=head.lines + tuple((line, color) for line in wrapped(words, room)))


def _panels(page: KernelPage) -> tuple[Panel, ...]:
    """Each kernel, with its elements as the unit."""
    limits = (0.0, float(page.wide)), (0.0, float(page.high))
    return tuple(
        Panel(f"filter {n + 1}, channel {c + 1}", page.kernel(n, c), *limits)
        for n in range(page.filters)
        for c in range(page.channels)
    )


def _kernels(shown: Array, reach: float, page: KernelPage) -> list[Item]:
    """The squares of all kernels, and a dot in each that is below zero."""
    items: list[Item] = []
    below: list[tuple[float, float]] = []
    for n, kernels in enumerate(shown):
        for c in range(page.channels):
            box, values = page.kernel(n, c), kernels[..., c]
            items += _squares(box, shades(values, reach), page.element)
            below += [
                (box.x + (k + 0.5) * page.element, box.top - (i + 0.5) * page.element)
                for i, k in np.argwhere(values < 0)
            ]
    return items + dots(below, page.element)


def _squares(box: Box, rgb: NDArray[np.uint8], element: float) -> list[Item]:
    """One kernel: its elements, with lines between them where these are large, and its edge."""
    items: list[Item] = [Cells(box, rgb)] if element < SMALL else _areas(box, rgb, element)
    if element >= LARGE:
        high, wide = rgb.shape[:2]
        for k in range(1, wide):
            x = box.x + k * element
            items.append(polyline([(x, box.y), (x, box.top)], RULE, PIXEL))
        for k in range(1, high):
            y = box.y + k * element
            items.append(polyline([(box.x, y), (box.right, y)], RULE, PIXEL))
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    return [*items, polyline([*corners, corners[0]], EDGE, PIXEL)]


def _areas(box: Box, rgb: NDArray[np.uint8], element: float) -> list[Item]:
    """Of areas a file of few colours can be made; equal neighbours in a row are one."""
    items: list[Item] = []
    for i, row in enumerate(rgb.tolist(), 1):
        x = box.x
        for (red, green, blue), run in groupby(row):
            wide = len(list(run)) * element
            color = (red / 255, green / 255, blue / 255)
            items.append(rectangle(Box(x, box.top - i * element, wide, element), color))
            x += wide
    return items


def _names(kernels: Kernels, page: KernelPage) -> list[Item]:
    """Which filters and channels these are: in words above, and by number."""
    channels = kernels.shape[2]
    words = [first_of("filter", page.filters, kernels.filters)]
    if page.channels < channels:
        words.append(first_of("channel", page.channels, channels))
    items: list[Item] = [Label(LEFT, page.top + 18, SEPARATOR.join(words), axes.LABEL_SIZE)]
    items += _filter_numbers(page)
    return items + _channel_numbers(page) if channels > 1 else items


def _filter_numbers(page: KernelPage) -> list[Item]:
    """Above each filter, or above every so many where these are narrow."""
    widest = width_of(str(page.filters), axes.TICK_SIZE) + APART
    step = next((k for k in EVERY if widest <= k * page.across), page.columns)
    items: list[Item] = []
    for n in range(page.filters):
        if n % page.columns % step == 0:
            box = page.kernel(n, 0)
            x, y = box.x + box.width / 2, box.top + 4
            items.append(Label(x, y, str(n + 1), axes.TICK_SIZE, MUTED, "center"))
    return items


def _channel_numbers(page: KernelPage) -> list[Item]:
    """Beside each band, where the word for them stands once if the bands are too low for it."""
    bands = [page.band(k) for k in range(page.bands)]
    if bands[0].height < width_of("channel", axes.LABEL_SIZE):
        words = [axes.side_label(Box(LEFT, page.bottom, 0.0, page.top - page.bottom), "channel")]
    else:
        words = [axes.side_label(band, "channel") for band in bands]
    items: list[Item] = [*words]
    for n in range(0, page.filters, page.columns):
        for c in range(page.channels):
            box = page.kernel(n, c)
            y = box.y + box.height / 2 - 0.36 * axes.TICK_SIZE
            items.append(Label(LEFT - 5, y, str(c + 1), axes.TICK_SIZE, MUTED, "right"))
    return items
