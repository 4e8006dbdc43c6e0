"""The second row of panels: how large the back-propagated signal δ is, on one log axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import percent, two_digits
from weightinit_cli.plots import axes, figures
from weightinit_cli.plots.bars import THEORY_WIDTH, Heights, grid, said_inside, share_places
from weightinit_cli.plots.engine.drawing import (
    AMBER,
    BLUE,
    INK,
    MUTED,
    ORANGE,
    Area,
    Box,
    Item,
    Label,
    polyline,
    steps,
)
from weightinit_cli.plots.engine.logaxis import log_of, power_label
from weightinit_cli.plots.engine.numbers import Scale
from weightinit_cli.plots.heights import share_ticks
from weightinit_cli.plots.labels import NOTE_LINE, Note, figure_notes, note_items
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.words import gradient_of_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.results.model import Gradient, LayerStatistics

DECADES = 10
USUAL = -8  # the axis begins here, so that pictures can be compared, unless a layer is beyond
ROOM = 0.5
LABELLED = 5
PANEL_HEIGHT = 58.0
MINOR_TICK = 1.6
WEDGE = 6.0
MOST_TICKS = 2
HEADROOM = 1.3
WORTH_A_WORD = 0.01  # of the signal beyond the axis


class Logged(NamedTuple):
    """A layer's |δ| over the axis: bins as sides from 0 to 1, and shares of all values."""

    sides: NDArray[np.float64]
    bins: NDArray[np.float64]
    below: float
    above: float
    nonfinite: float


class SignalRow(NamedTuple):
    """What the row shows, and how much room it takes."""

    layers: tuple[LayerStatistics, ...]
    first: int
    logged: tuple[Logged | None, ...]
    notes: list[list[Note]]
    heights: Heights
    ticks: list[tuple[float, str]]

    @property
    def height(self) -> float:
        """From the picture's lower side to the top of the words above the panels."""
        return axes.BENEATH + PANEL_HEIGHT + 3 + NOTE_LINE * max(map(len, self.notes))


def signal_row(layers: tuple[LayerStatistics, ...], room: float) -> SignalRow | None:
    """The row, None where no gradient was measured; `room` is for the words above a panel."""
    if not any(layer.gradient for layer in layers):
        return None
    first = first_decade([resolved(layer, figures.SIGNAL) for layer in layers])
    logged = tuple(
        _logged(layer.gradient, first)
        if layer.gradient and figures.SIGNAL not in layer.unresolved
        else None
        for layer in layers
    )
    highest = max((float(each.bins.max(initial=0.0)) for each in logged if each), default=0.0)
    limit = highest or 1.0
    lines = _notes(layers, logged, first, room)
    return SignalRow(
        layers,
        first,
        logged,
        lines,
        Heights(limit, HEADROOM * limit),
        share_ticks(limit, MOST_TICKS),
    )


def first_decade(sizes: Sequence[float | None]) -> int:
    """The power of ten where ten decades begin that hold every layer's signal.

    The last layer's is always among them: where the layers differ too much, the first ones
    are beyond.
    """
    logs = [log for log in map(log_of, sizes) if log is not None]
    if not logs:
        return USUAL
    low, high, last = min(logs), max(logs), logs[-1]
    for room in (ROOM, 0.0):
        start, end = math.floor(low - room), math.ceil(high + room)
        if end - start <= DECADES:
            return max(min(USUAL, start), end - DECADES)
    if last - low > high - last:
        return math.ceil(min(high, last + DECADES / 2) + ROOM) - DECADES
    return math.floor(max(low - ROOM, last - DECADES / 2) - ROOM)


def _logged(gradient: Gradient, first: int) -> Logged:
    histogram = gradient.histogram
    counts = np.array(histogram.counts, dtype=np.float64)
    number = counts.sum() + histogram.underflow + histogram.overflow + gradient.nonfinite
    shares = counts / max(number, 1.0)
    with np.errstate(divide="ignore"):
        sides = (np.log10(np.maximum(histogram.edges, 0.0)) - first) / DECADES
    left, right = sides[:-1], sides[1:]
    low, high, seen = right <= 0, left >= 1, (right > 0) & (left < 1)
    kept = np.flatnonzero(seen & (shares > 0))
    some = slice(kept[0], kept[-1] + 1) if kept.size else slice(0, 0)
    shown = sides[some.start : some.stop + 1] if kept.size else np.zeros(1)
    return Logged(
        np.clip(shown, 0.0, 1.0),
        shares[some],
        float(shares[low].sum()) + histogram.underflow / max(number, 1.0),
        float(shares[high].sum()) + histogram.overflow / max(number, 1.0),
        gradient.nonfinite / max(number, 1.0),
    )


def _notes(
    layers: Sequence[LayerStatistics], logged: Sequence[Logged | None], first: int, room: float
) -> list[list[Note]]:
    """The notes in rows, so that equal things stand at equal heights; empty rows are left out."""
    ratios = figure_notes(layers, figures.RATIO, ("total power × ", "power × "), room)
    rows: list[list[Note]] = []
    for layer, each, ratio in zip(layers, logged, ratios, strict=True):
        known = figure(layer, figures.RATIO) is not None
        unseen = _beyond(layer, each, first) if each else ("", MUTED)
        some = bool(each and 0 < each.nonfinite < 1)
        lost = f"{percent(each.nonfinite)} inf or nan" if each and some else ""
        finite = gradient_of_finite(layer) if some else ""
        rows.append([(ratio if known else "", MUTED), (finite, ORANGE), unseen, (lost, ORANGE)])
    used = [k for k in range(4) if any(notes[k][0] for notes in rows)]
    return [[notes[k] for k in used] for notes in rows]


def _beyond(layer: LayerStatistics, logged: Logged, first: int) -> Note:
    """What lies outside the axis: all of a layer, or a share worth a word."""
    size = resolved(layer, figures.SIGNAL)
    log = log_of(size)
    if log is None:
        return "", MUTED
    if not first <= log <= first + DECADES:
        return f"{'below' if log < first else 'above'}: rms {two_digits(size)}", ORANGE
    ends = ((logged.below, "below", first), (logged.above, "above", first + DECADES))
    outside = [(share, f"{percent(share)} {where} {power_label(k)}") for share, where, k in ends]
    return max(outside)[1] if max(outside)[0] >= WORTH_A_WORD else "", MUTED


def signal_items(row: SignalRow, boxes: Sequence[Box], gap: float) -> list[Item]:
    """The row over these boxes' columns, from the picture's lower margin on."""
    own = [Box(box.x, axes.BENEATH, box.width, PANEL_HEIGHT) for box in boxes]
    items = grid(own, row.ticks, row.heights)
    for box, layer, each, lines in zip(own, row.layers, row.logged, row.notes, strict=True):
        items += _panel(box, layer, each, row)
        items += axes.frame(box)
        items += _decades(box, row.first, gap / 2 - 2)
        top = box.top + 3 + NOTE_LINE * (max(map(len, row.notes)) - 1)
        items += note_items(box.x + box.width / 2, top, lines, box.width + gap - 4)
    items += axes.side_ticks(own[0].x, share_places(own[0], row.ticks, row.heights))
    items.append(axes.side_label(own[0], "share"))
    words = "back-propagated signal |δ| (log scale)"
    if len(own) > 1:
        words = f"← {words}, from layer {len(own)} back to layer 1"
    middle = (own[0].x + own[-1].right) / 2
    items.append(Label(middle, axes.MARGIN, words, axes.LABEL_SIZE, align="center"))
    return items


def _panel(box: Box, layer: LayerStatistics, logged: Logged | None, row: SignalRow) -> list[Item]:
    items: list[Item] = []
    expected = figures.predicted(layer, figures.SIGNAL)
    size = resolved(layer, figures.SIGNAL)
    if figures.SIGNAL in layer.unresolved:
        items.append(said_inside(box, "unresolved", ORANGE))
    elif logged is not None and size == 0:
        items.append(said_inside(box, "no gradient", ORANGE))
    elif logged is not None and logged.nonfinite == 1:
        items.append(said_inside(box, "inf or nan", ORANGE))
    elif logged is not None and logged.bins.size:
        sides = box.x + logged.sides * box.width
        items.append(steps(sides, logged.bins / row.heights.top, box, BLUE))
    return items + _marks(box, row.first, size, expected)


def _marks(box: Box, first: int, size: float | None, expected: float | None) -> list[Item]:
    """The root mean square: predicted as a line, measured as a wedge at the top."""
    items: list[Item] = []
    for value, measured in ((expected, False), (size, True)):
        log = log_of(value)
        if log is None or not first <= log <= first + DECADES:
            continue
        x = box.x + (log - first) / DECADES * box.width
        if measured:
            wedge = [(x, box.top - WEDGE), (x - WEDGE / 2, box.top), (x + WEDGE / 2, box.top)]
            items.append(Area(np.array(wedge), INK))
        else:
            items.append(polyline([(x, box.y), (x, box.top)], AMBER, THEORY_WIDTH))
    return items


def _decades(box: Box, first: int, overhang: float) -> list[Item]:
    """A short tick at each decade, longer and with its label at every fifth."""
    scale = Scale(0, DECADES, 0)
    small = [box.x + box.width * k / DECADES for k in range(DECADES + 1)]
    lines: list[Item] = [
        polyline([(x, box.y), (x, box.y - MINOR_TICK)], INK, axes.FRAME) for x in small
    ]
    ticks = [(float(k), power_label(first + k)) for k in range(0, DECADES + 1, LABELLED)]
    return [*lines, *axes.x_ticks(box, scale, ticks, overhang)]
