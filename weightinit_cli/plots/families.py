"""Curves over depth, one per run: a column of panels per variant, colour by what was swept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import axes
from weightinit_cli.plots.bars import said_inside
from weightinit_cli.plots.choice import MOST_CURVES, drawn_in_words
from weightinit_cli.plots.curves import curves
from weightinit_cli.plots.engine.drawing import (
    MUTED,
    ORANGE,
    RULE,
    Box,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
)
from weightinit_cli.plots.engine.fonts import elide
from weightinit_cli.plots.figurerows import Column, FigureRow, columns_of, figure_rows
from weightinit_cli.plots.heading import titled
from weightinit_cli.plots.labels import NOTE_LINE, NOTE_SIZE
from weightinit_cli.plots.legend import (
    LEGEND_GAP,
    entries,
    legend_items,
    legend_width,
    verdicts_fit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.choice import Curves
    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.model import Verdict

WIDTH = 660.0
NARROWEST = 150.0
GAP = 12.0
COLUMN_GAP = 14.0


class CurvesPage(NamedTuple):
    """Where the columns stand: their left sides and their width; the room for the legend."""

    xs: list[float]
    wide: float
    legend: float

    @property
    def right(self) -> float:
        """The last column's right side."""
        return self.xs[-1] + self.wide

    @property
    def width(self) -> float:
        """Of the whole picture."""
        return self.right + LEGEND_GAP + self.legend + axes.MARGIN


def curves_over_depth(comparison: Comparison, layout: Curves) -> Drawing | None:
    """The drawing: heading, the panels of each column below its name, and the colours.

    None where no run has any of the figures.
    """
    color, column = layout
    shown = entries(color, MOST_CURVES)
    columns = columns_of(comparison.runs, shown, color, column)
    layers = max(len(run.figures["std"]) for run in comparison.runs)
    every = figure_rows(columns, layers)
    if not every:
        return None
    verdicts: dict[str, tuple[Verdict, ...]] = {}
    high = sum(row.shown.height + GAP for row in every) - GAP
    if column is None and verdicts_fit(shown, high):
        verdicts = {entry.words: run.verdict for entry, run in columns[0].runs}
    page = _page(every, legend_width(color, shown, verdicts))
    y = axes.BENEATH
    items: list[Item] = []
    panels: list[Panel] = []
    for row in reversed(every):
        boxes = [Box(x, y, page.wide, row.shown.height) for x in page.xs]
        for box in boxes if not panels else ():
            items += axes.layer_axis(box, layers)
        items += _row_items(row, boxes)
        panels = [*_panels(row, columns, boxes, layers), *panels]
        y = boxes[0].top + GAP + NOTE_LINE * max(map(len, row.notes))
    side = Box(page.right + LEGEND_GAP, axes.BENEATH, page.legend, y - axes.BENEATH - GAP)
    items += legend_items(side, color, shown, verdicts)
    if not verdicts:
        for x, each in zip(page.xs, columns, strict=True):
            items += _column_words(each, x, y, page.wide)
        y += max(map(_words_height, columns))
    head = titled(
        comparison.name,
        [*comparison.shared(), *drawn_in_words(layout)],
        page.width - 2 * axes.MARGIN,
    )
    height = y + head.height
    return Drawing(page.width, height, (*head.items(height), *items), tuple(panels))


def _page(every: Sequence[FigureRow], legend: float) -> CurvesPage:
    number = len(every[0].curves)
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.TICK + 2
    left += axes.widest([text for row in every for _, text in row.axis.ticks])
    room = WIDTH - left - LEGEND_GAP - legend - axes.MARGIN
    wide = max((room + COLUMN_GAP) / number - COLUMN_GAP, NARROWEST)
    return CurvesPage([left + k * (wide + COLUMN_GAP) for k in range(number)], wide, legend)


def _panels(
    row: FigureRow, columns: Sequence[Column], boxes: Sequence[Box], layers: int
) -> list[Panel]:
    limits = (row.axis.low, row.axis.high)
    return [
        Panel(" · ".join(filter(None, (each.name, row.words))), box, (0.5, layers + 0.5), limits)
        for each, box in zip(columns, boxes, strict=True)
    ]


def _row_items(row: FigureRow, boxes: Sequence[Box]) -> list[Item]:
    items: list[Item] = []
    columns = zip(boxes, row.curves, row.notes, row.absent, strict=True)
    for box, every, notes, absent in columns:
        heights = [box.y + row.axis.part(part) * box.height for part, _ in row.axis.ticks]
        rules = [polyline([(box.x, y), (box.right, y)], RULE) for y in heights if y > box.y]
        if every:
            items += curves(box, every, row.axis, rules)
        else:
            items.append(said_inside(box, absent, MUTED))
        items += axes.frame(box)
        for k, note in enumerate(reversed(notes)):
            text = elide(note, NOTE_SIZE, box.width)
            items.append(Label(box.x, box.top + 4 + k * NOTE_LINE, text, NOTE_SIZE, ORANGE))
    first = boxes[0]
    places = [(first.y + row.axis.part(at) * first.height, text) for at, text in row.axis.ticks]
    return [*items, *axes.side_ticks(first.x, places), axes.side_label(first, row.words)]


def _words_height(column: Column) -> float:
    return 2 + NOTE_LINE * (bool(column.name) + bool(column.healthy)) + 4


def _column_words(column: Column, x: float, y: float, room: float) -> list[Item]:
    items: list[Item] = []
    if column.healthy:
        words, color = column.healthy
        items.append(Label(x, y + 2, elide(words, NOTE_SIZE, room), NOTE_SIZE, color))
        y += NOTE_LINE + 2
    if column.name:
        items.append(Label(x, y + 2, elide(column.name, axes.LABEL_SIZE, room), axes.LABEL_SIZE))
    return items
