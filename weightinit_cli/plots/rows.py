"""Variants side by side: a row of panels each, layers across, on shared axes where that shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import axes, panels
from weightinit_cli.plots.bars import Heights, bars, grid, heights_to
from weightinit_cli.plots.binning import Binned, binned
from weightinit_cli.plots.engine.drawing import (
    INK,
    MUTED,
    RULE,
    Box,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
)
from weightinit_cli.plots.engine.fonts import drawable, elide, fit, width_of
from weightinit_cli.plots.heading import (
    LINE,
    SEPARATOR,
    SUBTITLE_SIZE,
    findings,
    titled,
)
from weightinit_cli.plots.heights import height_limit, share_ticks
from weightinit_cli.plots.labels import NOTE_LINE, Note, note_items, notes
from weightinit_cli.plots.panels import GAP
from weightinit_cli.plots.varied import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.plots.heading import Key
    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.model import Result

NAME_SIZE = 10.0
SMALLEST_NAME = 8.0
NAME_ROOM = 0.6  # of the picture's width, at most
TALL, LOW = 92.0, 70.0
MOST_TALL = 4
ROW_GAP = 14.0
ALIKE = 2.5  # rows whose bars differ less in height share the y axis
MOST_TICKS = 3


class Row(NamedTuple):
    """One variant: its name, what it differs in, its bars, and the notes above its panels."""

    name: str
    differs: list[str]
    result: Result
    bins: Binned
    heights: Heights
    notes: list[list[Note]]

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Of the shares."""
        return share_ticks(self.heights.limit, MOST_TICKS)


class RowsPage(NamedTuple):
    """Where the columns stand: the first one's left side, their number and size."""

    left: float
    number: int
    wide: float
    high: float

    @property
    def width(self) -> float:
        """Of the whole picture."""
        return self.left + self.number * (self.wide + GAP) - GAP + axes.MARGIN + 6

    def boxes(self, y: float) -> list[Box]:
        """A box for each layer."""
        xs = [self.left + k * (self.wide + GAP) for k in range(self.number)]
        return [Box(x, y, self.wide, self.high) for x in xs]


def rows_of_panels(comparison: Comparison) -> Drawing:
    """The drawing: a heading over all, and for each run its name, verdict and panels."""
    number = max(len(run.result.layers) for run in comparison.runs if run.result)
    wide = panels.NARROW if number > 5 else panels.WIDE
    rows, common = _rows(comparison, wide + GAP - 4)
    page = _page(rows, number, wide)
    y = axes.MARGIN
    items: list[Item] = []
    found: list[Panel] = []
    for row in reversed(rows):
        named = not common or row is rows[-1]
        boxes = page.boxes(y + _beneath(row, named=named))
        own = boxes[: len(row.bins.layers)]
        items += _bars(row, own)
        if named:
            items += panels.value_axes(own, row.bins, y)
        else:
            items += [item for box in own for item in axes.frame(box)]
        y = own[0].top + NOTE_LINE * max(map(len, row.notes)) + axes.LABEL_SIZE - 1
        for box, lines in zip(own, row.notes, strict=True):
            middle, room = box.x + box.width / 2, box.width + GAP - 4
            items += note_items(middle, y - NOTE_LINE - 2, lines, room)
        if row is rows[0]:
            items += _titles(boxes, y)
            y += NOTE_LINE + 4
        words, y = _words(row, y, page.width)
        items += words
        y += ROW_GAP
        found = [*_panels(row, own), *found]
    keys: Iterator[tuple[Key, ...]] = (panels.theory_keys(row.result) for row in rows)
    room = page.width - 2 * axes.MARGIN
    head = titled(comparison.name, comparison.shared(), room, next(filter(None, keys), ()))
    height = y - ROW_GAP / 2 + head.height
    return Drawing(page.width, height, (*head.items(height), *items), tuple(found))


def _page(rows: Sequence[Row], number: int, wide: float) -> RowsPage:
    labels = axes.widest([text for row in rows for _, text in row.ticks])
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + labels + axes.TICK + 2
    wide = max(wide, (panels.SMALLEST_WIDTH - left) / number - GAP)
    return RowsPage(left, number, wide, TALL if len(rows) <= MOST_TALL else LOW)


def _beneath(row: Row, *, named: bool) -> float:
    """The room below a row's panels."""
    powers = panels.POWER_LINE if any(panels.powers(row.bins)) else 0.0
    return axes.BENEATH - axes.MARGIN + powers if named else 4.0


def _rows(comparison: Comparison, room: float) -> tuple[list[Row], bool]:
    """The rows, and whether all have the same x axis."""
    shared = set(comparison.shared())
    pairs = [(run, run.result) for run in comparison.runs if run.result is not None]
    every, common = _binned([result for _, result in pairs])
    limits = [height_limit(bins) for bins in every]
    if max(limits) <= ALIKE * min(limits):
        limits = [max(limits)] * len(limits)
    rows = []
    for (run, result), bins, limit in zip(pairs, every, limits, strict=True):
        differs = [part for part in run.spec_words if part not in shared]
        lines = notes(result.layers, bins.layers, room)
        name = in_words(run.varied[0][1])
        rows.append(Row(name, differs, result, bins, heights_to(limit), lines))
    return rows, common


def _binned(results: Sequence[Result]) -> tuple[list[Binned], bool]:
    """Every result's layers over bins that all share where that shows them, and whether it does."""
    whole = binned([layer for result in results for layer in result.layers])
    if whole.grouping == "own":
        return [binned(result.layers) for result in results], False
    found, start = [], 0
    for result in results:
        end = start + len(result.layers)
        part = replace(whole, scales=whole.scales[start:end], layers=whole.layers[start:end])
        found.append(part)
        start = end
    return found, True


def _bars(row: Row, boxes: Sequence[Box]) -> list[Item]:
    full = [box for box, each in zip(boxes, row.bins.layers, strict=True) if not each.empty]
    items = grid(full, row.ticks, row.heights)
    for box, shares in zip(boxes, row.bins.layers, strict=True):
        items += bars(box, shares, row.heights)
    return items + panels.share_axis(boxes[0], row.ticks, row.heights, "share per bin")


def _titles(boxes: Sequence[Box], y: float) -> list[Item]:
    return [
        Label(box.x + box.width / 2, y, f"layer {k}", axes.LABEL_SIZE, align="center")
        for k, box in enumerate(boxes, 1)
    ]


def _words(row: Row, y: float, width: float) -> tuple[list[Item], float]:
    """From `y` upwards the verdict, the row's name with what it differs in, a rule; and its y."""
    room = width - 2 * axes.MARGIN
    lines = findings(row.result, room)
    rule = y + LINE * SUBTITLE_SIZE * len(lines) + NAME_SIZE + 8
    y = rule - NAME_SIZE - 4
    name, size = fit(row.name, NAME_SIZE, NAME_ROOM * room, SMALLEST_NAME)
    items: list[Item] = [
        polyline([(axes.MARGIN, rule), (width - axes.MARGIN, rule)], RULE),
        Label(axes.MARGIN, y, name, size, INK),
    ]
    beside = width_of(name, size) + 8
    differs = elide(drawable(SEPARATOR.join(row.differs)), SUBTITLE_SIZE, room - beside)
    items += [Label(axes.MARGIN + beside, y, differs, SUBTITLE_SIZE, MUTED)] if differs else []
    for k, (line, color) in enumerate(lines, 1):
        items.append(Label(axes.MARGIN, y - k * LINE * SUBTITLE_SIZE, line, SUBTITLE_SIZE, color))
    return items, rule - 4


def _panels(row: Row, boxes: Sequence[Box]) -> list[Panel]:
    return [
        Panel(f"{row.name}, layer {k}", box, (scale.low, scale.high), (0.0, row.heights.top))
        for k, (box, scale) in enumerate(zip(boxes, row.bins.scales, strict=True), 1)
    ]
