"""What colours and lines mean: bars of colours, and legends beside, below and above panels."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.engine import drawing as shapes
from weightinit_cli.plots.engine.drawing import INK, MUTED, Box, Label, polyline
from weightinit_cli.plots.engine.fonts import elide, paragraph, width_of, wrap
from weightinit_cli.plots.engine.heading import LINE, ROW_GAP, SEPARATOR
from weightinit_cli.plots.engine.page import SMALL, TEXT, Row
from weightinit_cli.plots.engine.ticks import FRAME, TICK, across, level_places, widest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.drawing import Item
    from weightinit_cli.plots.engine.page import (
        ColorBar,
        Entry,
        Legend,
    )


BAR_GAP, BAR, BAR_ABOVE = 14.0, 11.0, 8.0
LEGEND_GAP, ENTRY_LINE, SECOND_LINE = 14.0, 11.5, 9.5
TABLE_GAP, CELL_GAP = 12.0, 18.0
WIDEST_BAR = 220.0  # of a wide panel: as wide as that, it would look like a row of it
FEW_COLORS = 64  # of a colour bar: as areas they cost less than an image
SWATCH, SWATCH_GAP, MARKER = 14.0, 5.0, 2.8
WIDEST_ENTRY = 150.0
LEAST_BAR, MOST_BAR = 60.0, 260.0  # of a legend, in length
BLOCK_GAP = 30.0
MOST_LINES = 12  # of a table before it stands in blocks beside each other
NARROWEST_NAME = 70.0


def bar_beside(bar: ColorBar, box: Box) -> list[Item]:
    """The colours from the low end upwards, named at their right."""
    place = Box(box.right + BAR_GAP, box.y, BAR, box.height)
    x = place.right + TICK + 2 + widest(bar.axis, box.height) + 8 + 0.72 * TEXT
    items: list[Item] = [*_colors(bar, place, upright=True), outline(place)]
    for y, text in level_places(bar.axis, place):
        items.append(polyline([(place.right, y), (place.right + TICK, y)], INK, FRAME))
        items.append(Label(place.right + TICK + 2, y - 0.36 * SMALL, text, SMALL))
    name = elide(SEPARATOR.join(bar.name), TEXT, max(box.height + 14, 30.0))
    return [*items, Label(x, box.y + box.height / 2, name, TEXT, upright=True)]


def bar_above(bar: ColorBar, box: Box) -> list[Item]:
    """The colours from left to right, with ticks below and the name above."""
    wide = min(box.width, WIDEST_BAR)
    place = Box(box.x, box.top + 8 + SMALL + 1 + TICK, wide, BAR_ABOVE)
    items: list[Item] = [*_colors(bar, place, upright=False), outline(place)]
    items += [
        Label(place.x, place.top + 6 + k * LINE * TEXT, line, TEXT)
        for k, line in enumerate(reversed(bar_name(bar, box.width)))
    ]
    return items + across(bar.axis, place.width, 0.0).items(place)


def bar_name(bar: ColorBar, width: float) -> list[str]:
    """The name of a bar above a panel, in two lines where one has no room, or three."""
    room = width + 8
    if any(width_of(part, TEXT) > room for part in bar.name):
        return [
            line.strip(SEPARATOR) for line in paragraph(SEPARATOR.join(bar.name), TEXT, room, 3)
        ]
    return wrap(list(bar.name), SEPARATOR, TEXT, room, 2)


def _colors(bar: ColorBar, place: Box, *, upright: bool) -> list[Item]:
    """A bar's colours from its low end on: few as areas, each over all that follow, so that no seam
    is seen; many as an image.
    """  # noqa: D205
    number = len(bar.rgb)
    if number > FEW_COLORS:
        return [shapes.Cells(place, bar.rgb[::-1, None, :] if upright else bar.rgb[None, :, :])]
    items: list[Item] = []
    for k, (red, green, blue) in enumerate((bar.rgb / 255).tolist()):
        part = k / number
        x, y = (0.0, part * place.height) if upright else (part * place.width, 0.0)
        rest = Box(place.x + x, place.y + y, place.width - x, place.height - y)
        items.append(shapes.rectangle(rest, (red, green, blue)))
    return items


def outline(box: Box) -> Item:
    """All four sides of a box."""
    corners = [(box.x, box.y), (box.x, box.top), (box.right, box.top), (box.right, box.y)]
    return polyline([*corners, corners[0]], INK, FRAME)


def _entry_width(entry: Entry) -> float:
    words = [entry.cells[0], *([entry.second[0]] if entry.second else [])]
    return SWATCH + SWATCH_GAP + min(max(width_of(w, SMALL) for w in words), WIDEST_ENTRY)


def _entry_height(entry: Entry) -> float:
    return ENTRY_LINE + (SECOND_LINE if entry.second else 0.0)


def legend_width(legend: Legend) -> float:
    """How wide a legend beside panels is."""
    widths = [min(width_of(legend.title, TEXT), WIDEST_ENTRY)]
    widths += map(_entry_width, legend.entries)
    if legend.bar is not None:
        widths.append(BAR + TICK + 2 + widest(legend.bar.axis))
    return max(widths)


def fits_beside(legend: Legend, rows: Sequence[Row]) -> bool:
    """Whether all entries have room beside the panels."""
    room = sum(row.height + ROW_GAP for row in rows)
    bar = LEAST_BAR if legend.bar is not None else 0.0
    return TEXT + 6 + bar + sum(map(_entry_height, legend.entries)) <= room


def _swatch(entry: Entry, x: float, y: float) -> list[Item]:
    color = entry.color
    if entry.shape == "line":
        line = shapes.dashed([(x, y), (x + SWATCH, y)], color, 2.2, entry.dash)
        middle = np.array([[x + SWATCH / 2, y]])
        marker = [shapes.Dots(middle, color, MARKER, entry.marker)] if entry.marker else []
        return [*line, *marker]
    high = 6.0 if entry.shape == "band" else 8.0
    return [shapes.rectangle(Box(x, y - high / 2, SWATCH, high), color)]


def _entry(entry: Entry, x: float, baseline: float, room: float) -> list[Item]:
    items = _swatch(entry, x, baseline + 0.36 * SMALL)
    x += SWATCH + SWATCH_GAP
    room -= SWATCH + SWATCH_GAP
    words = elide(entry.cells[0], SMALL, room)
    items.append(Label(x, baseline, words, SMALL, entry.colors[0]))
    if entry.second is not None:
        words = elide(entry.second[0], SMALL, room)
        items.append(Label(x, baseline - SECOND_LINE, words, SMALL, entry.second[1]))
    return items


def legend_beside(legend: Legend, box: Box) -> list[Item]:
    """The title and, below it, the entries or the bar of colours, within a box."""
    y = box.top - TEXT
    items: list[Item] = [Label(box.x, y, elide(legend.title, TEXT, box.width), TEXT)]
    y -= 5
    if legend.bar is not None:
        place = Box(box.x - BAR_GAP, box.y, 0.0, y - 3 - box.y)
        return items + bar_beside(legend.bar, place)[:-1]
    for entry in legend.entries:
        y -= ENTRY_LINE
        items += _entry(entry, box.x, y, box.width)
        y -= SECOND_LINE if entry.second else 0.0
    if legend.more:
        items.append(
            Label(box.x, y - ENTRY_LINE, elide(legend.more, SMALL, box.width), SMALL, MUTED)
        )
    return items


def legend_below(legend: Legend, room: float) -> tuple[list[Item], float]:
    """The entries in columns below 0, and how high they are."""
    items: list[Item] = [Label(0.0, -TEXT, elide(legend.title, TEXT, room), TEXT)]
    y = -TEXT - 5
    if legend.bar is not None:
        bar = Box(0.0, y - 6 - BAR_ABOVE - 8 - SMALL - 1 - TICK, min(room, MOST_BAR), 0.0)
        unnamed = replace(legend.bar, axis=replace(legend.bar.axis, name=""))
        shown = bar_above(unnamed, bar)
        return [*items, *shown], -bar.y
    wide = min(max(map(_entry_width, legend.entries), default=0.0), room)
    columns = max(int((room + LEGEND_GAP) // (wide + LEGEND_GAP)), 1)
    lines = -(-len(legend.entries) // columns)
    high = max(map(_entry_height, legend.entries), default=0.0)
    for k, entry in enumerate(legend.entries):
        column, line = divmod(k, lines)
        baseline = y - ENTRY_LINE - line * high
        items += _entry(entry, column * (wide + LEGEND_GAP), baseline, wide)
    return items, -y + lines * high + 3


class _Table(NamedTuple):
    """How wide the columns of a table are, and which words stand on lines of their own."""

    name: float
    cells: tuple[float, ...]
    wide: float
    beside: bool  # whether what is said below a name has room at the end of its line
    stacked: bool  # whether the cells stand below the name

    def rights(self) -> list[float]:
        """Where the columns end."""
        start = SWATCH + SWATCH_GAP + (-CELL_GAP if self.stacked else self.name)
        return [
            start + CELL_GAP + end for end in accumulate(self.cells, lambda a, b: a + CELL_GAP + b)
        ]

    def height(self, entry: Entry) -> float:
        lines = 1 + self.stacked + (entry.second is not None and not self.beside)
        return ENTRY_LINE + (lines - 1) * SECOND_LINE


def _table_of(legend: Legend, room: float) -> _Table:
    rows = [("", *legend.header), *(entry.cells for entry in legend.entries)]
    columns = zip_longest(*rows, fillvalue="")
    name, *cells = (max(width_of(words, SMALL) for words in column) for column in columns)
    seconds = [width_of(each.second[0], SMALL) + CELL_GAP for each in legend.entries if each.second]
    start, figures, second = (
        SWATCH + SWATCH_GAP,
        sum(cells) + CELL_GAP * len(cells),
        max(seconds, default=0.0),
    )
    beside = start + min(name, WIDEST_ENTRY) + figures + second <= room
    stacked = start + min(name, NARROWEST_NAME) + figures > room
    others = start + (0.0 if stacked else figures) + (second if beside else 0.0)
    name = min(name, room - others)
    return _Table(name, tuple(cells), others + name if beside else room, beside, stacked)


def legend_above(legend: Legend, room: float) -> tuple[list[Item], float]:
    """A line for each entry with its cells in columns below 0, and how high all is.

    Numbers stand at their columns' right sides. Many entries stand in several blocks beside each
    other; where there is no room, cells stand below the names, or each on a line of its own.
    """
    table = _table_of(legend, room)
    if table.stacked and table.rights()[-1] > room:
        return _list_of(legend, room)
    number = max(int((room + BLOCK_GAP) // (table.wide + BLOCK_GAP)), 1)
    number = min(number, -(-len(legend.entries) // MOST_LINES))
    lines = -(-len(legend.entries) // number)
    items: list[Item] = []
    high = 0.0
    for k in range(number):
        some = legend.entries[k * lines : (k + 1) * lines]
        block, y = _block(some, legend.header, table)
        items += shapes.moved_all(block, k * (table.wide + BLOCK_GAP), 0.0)
        high = max(high, y)
    if legend.more:
        high += ENTRY_LINE
        more = elide(legend.more, SMALL, room - SWATCH - SWATCH_GAP)
        items.append(Label(SWATCH + SWATCH_GAP, -high, more, SMALL, MUTED))
    return items, high


def _list_of(legend: Legend, room: float) -> tuple[list[Item], float]:
    """Each entry's name, and below it its cells, each after its column's name."""
    items: list[Item] = []
    x, y = SWATCH + SWATCH_GAP, 0.0
    for entry in legend.entries:
        y -= ENTRY_LINE
        items += _swatch(entry, 0.0, y + 0.36 * SMALL)
        items.append(Label(x, y, elide(entry.cells[0], SMALL, room - x), SMALL))
        cells = zip_longest(legend.header, entry.cells[1:], fillvalue="")
        below = [((name, cell), MUTED) for name, cell in cells if cell]
        second = [((entry.second[0],), entry.second[1])] if entry.second else []
        for parts, color in [*below, *second]:
            for line in wrap(list(filter(None, parts)), " ", SMALL, room - x, 2):
                y -= SECOND_LINE
                items.append(Label(x, y, line, SMALL, color))
    if legend.more:
        y -= ENTRY_LINE
        items.append(Label(x, y, elide(legend.more, SMALL, room - x), SMALL, MUTED))
    return items, -y


def _block(
    entries: Sequence[Entry], header: Sequence[str], table: _Table
) -> tuple[list[Item], float]:
    items: list[Item] = []
    x, y = SWATCH + SWATCH_GAP, 0.0
    rights = table.rights()
    if header:
        y -= ENTRY_LINE
        for right, words in zip(rights, header, strict=False):
            items.append(Label(right, y, words, SMALL, MUTED, "right"))
    for entry in entries:
        below = y - table.height(entry)
        y -= ENTRY_LINE
        items += _swatch(entry, 0.0, y + 0.36 * SMALL)
        items.append(Label(x, y, elide(entry.cells[0], SMALL, table.name), SMALL))
        y -= SECOND_LINE * table.stacked
        for right, words in zip(rights, entry.cells[1:], strict=False):
            if words:
                items.append(Label(right, y, words, SMALL, align="right"))
        if entry.second is not None:
            words, color = entry.second
            if table.beside:
                right = rights[-1] if rights else x + table.name
                items.append(Label(right + CELL_GAP, y, words, SMALL, color))
            else:
                text = elide(words, SMALL, table.wide - x)
                items.append(Label(x, y - SECOND_LINE, text, SMALL, color))
        y = below
    return items, -y
