"""Two swept paths: maps of what reaches the last layer and what comes back, with the verdicts."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.choice import drawn_in_words
from weightinit_cli.plots.engine.drawing import (
    MUTED,
    Box,
    Cells,
    Drawing,
    Item,
    Label,
    Panel,
)
from weightinit_cli.plots.engine.fonts import elide
from weightinit_cli.plots.fields import Field, bar_items, colored, fields
from weightinit_cli.plots.heading import titled
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.ticks import across, upwards
from weightinit_cli.plots.varied import VariedAxis, at, in_words, key
from weightinit_cli.plots.verdictcells import explained, letter_size, outlines, verdict_cells
from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.model import is_healthy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.choice import Maps
    from weightinit_cli.results.comparison import ComparedRun, Comparison
    from weightinit_cli.results.model import Verdict

WIDTH = 660.0
GAP = 16.0
LOWEST, HIGHEST = 84.0, 190.0
WIDEST = 285.0
HIGH = 900.0  # of all rows together
CELL = 14.0  # the height of a cell that is enough, where there are few
WIDEST_LABEL = 90.0
BAR_HEIGHT = 8.0
TICKS, NAME = 19.0, 21.0  # below and above a bar
FACET_GAP = 26.0
NOTES = 15.0


class Facet(NamedTuple):
    """The runs of one row of maps, rows from below; None where a run is missing."""

    name: str
    runs: list[list[ComparedRun | None]]

    @property
    def verdicts(self) -> list[list[tuple[Verdict, ...]]]:
        """What was found in each cell."""
        return [[() if run is None else run.verdict for run in row] for row in self.runs]


class MapsPage(NamedTuple):
    """Where the maps stand: their number, the first one's left side, and their size."""

    number: int
    left: float
    wide: float
    high: float

    def boxes(self, y: float, high: float) -> list[Box]:
        """One box for each figure, from `y` upwards."""
        xs = [self.left + k * (self.wide + GAP) for k in range(self.number)]
        return [Box(x, y, self.wide, high) for x in xs]


def maps(comparison: Comparison, layout: Maps) -> Drawing | None:
    """The drawing: heading, each figure's colours, and a row of maps for each facet.

    None where no run has any of the figures.
    """
    x, y = layout.x.ordered(), layout.y.ordered()
    facets = _facets(comparison.runs, x, y, layout.facets)
    shown = fields([run for each in facets for row in each.runs for run in row if run is not None])
    if not shown:
        return None
    page = _page(y, len(shown), len(facets))
    size = letter_size(page.wide / len(x.values), page.high / len(y.values))
    notes = _notes(facets, shown, letters=size is not None)
    foot = axes.MARGIN + (NOTES if notes else 0.0)
    top = foot + axes.LABEL_SIZE + 6 + across(x, Box(0.0, 0.0, page.wide, 0.0)).depth
    items: list[Item] = []
    panels: list[Panel] = []
    for each in reversed(facets):
        boxes = page.boxes(top, page.high)
        items += _row(boxes, shown, each, y)
        if each is facets[-1]:
            items += _feet(boxes, x, foot)
        panels = [*_panels(boxes, shown, each), *panels]
        top += page.high
        if each.name:
            words = elide(each.name, axes.LABEL_SIZE, WIDTH - 2 * axes.MARGIN)
            items.append(Label(axes.MARGIN, top + 7, words, axes.LABEL_SIZE))
            top += FACET_GAP
    for bar, field in zip(page.boxes(top + TICKS, BAR_HEIGHT), shown, strict=True):
        items += bar_items(bar, field)
    text = elide(notes, NOTE_SIZE, WIDTH - 2 * axes.MARGIN)
    items += [Label(axes.MARGIN, axes.MARGIN, text, NOTE_SIZE, MUTED)] if notes else []
    lines = [*comparison.shared(), *drawn_in_words(layout)]
    head = titled(comparison.name, lines, WIDTH - 2 * axes.MARGIN)
    height = top + TICKS + BAR_HEIGHT + NAME + head.height
    return Drawing(WIDTH, height, (*head.items(height), *items), tuple(panels))


def _page(y: VariedAxis, number: int, rows: int) -> MapsPage:
    labels = [elide(words, axes.TICK_SIZE, WIDEST_LABEL) for words in y.words]
    left = axes.MARGIN + axes.LABEL_SIZE + 8 + axes.widest(labels) + axes.TICK + 2
    wide = (WIDTH - left - axes.MARGIN - 8 + GAP) / number - GAP
    highest = min(HIGHEST, HIGH / rows - FACET_GAP)
    high = min(max(CELL * len(y.values), LOWEST), highest)
    return MapsPage(number, left, min(wide, WIDEST), high)


def _facets(
    runs: Sequence[ComparedRun], x: VariedAxis, y: VariedAxis, axes_of_rows: Sequence[VariedAxis]
) -> list[Facet]:
    """A facet for each combination of the values of these axes."""
    found = at(runs, [*axes_of_rows, y, x])
    rows = y.values if y.numeric else tuple(reversed(y.values))
    facets = []
    for values in product(*(axis.values for axis in axes_of_rows)):
        before = tuple(map(key, values))
        words = [
            in_words(value) if axis.path == VARIANT else f"{axis.title}: {in_words(value)}"
            for axis, value in zip(axes_of_rows, values, strict=True)
        ]
        grid = [[found.get((*before, key(v), key(u))) for u in x.values] for v in rows]
        facets.append(Facet(", ".join(words), grid))
    return facets


def _row(boxes: Sequence[Box], shown: Sequence[Field], facet: Facet, y: VariedAxis) -> list[Item]:
    """The maps of a facet beside each other, with the rows' values to the left."""
    verdicts = facet.verdicts
    healthy = np.array([list(map(is_healthy, row)) for row in verdicts], dtype=np.bool_)
    items: list[Item] = []
    for box, field in zip(boxes, shown, strict=True):
        rgb = colored(field, facet.runs)
        items += [
            Cells(box, rgb[::-1]),
            *outlines(box, healthy),
            *verdict_cells(box, verdicts, rgb),
        ]
        items.append(axes.outline(box))
    words = [elide(words, axes.TICK_SIZE, WIDEST_LABEL) for words in y.words]
    items += upwards(boxes[0], words, descending=not y.numeric)
    title = elide(y.title, axes.LABEL_SIZE, boxes[0].height)
    return [*items, axes.side_label(boxes[0], title)]


def _feet(boxes: Sequence[Box], x: VariedAxis, baseline: float) -> list[Item]:
    """The columns' values beneath the lowest maps."""
    items: list[Item] = []
    for box in boxes:
        items += across(x, box).items
        middle = box.x + box.width / 2
        words = elide(x.title, axes.LABEL_SIZE, box.width)
        items.append(Label(middle, baseline, words, axes.LABEL_SIZE, align="center"))
    return items


def _panels(boxes: Sequence[Box], shown: Sequence[Field], facet: Facet) -> list[Panel]:
    rows, columns = len(facet.runs), len(facet.runs[0])
    return [
        Panel(" · ".join(filter(None, (facet.name, field.words))), box, (0, columns), (0, rows))
        for box, field in zip(boxes, shown, strict=True)
    ]


def _notes(facets: Sequence[Facet], shown: Sequence[Field], *, letters: bool) -> str:
    """What letters, outlines and grey cells mean, each where it occurs."""
    verdicts = [verdict for each in facets for row in each.verdicts for verdict in row]
    known = [verdict for verdict in verdicts if verdict]
    words = []
    if letters and known:
        words.append(explained(known))
    if len(set(map(is_healthy, known))) == 2:
        words.append("outlined: healthy")
    elif known:
        words.append("all healthy" if is_healthy(known[0]) else "none healthy")
    cells = [run for each in facets for row in each.runs for run in row]
    pairs = [(run, field) for run in cells if run is not None for field in shown]
    if any(field.value(run) is None and not field.unresolved(run) for run, field in pairs):
        words.append("grey: no such figure")
    if any(field.unresolved(run) for run, field in pairs):
        words.append("dark grey: unresolved")
    if None in cells:
        words.append("white: not run")
    return " · ".join(words)
