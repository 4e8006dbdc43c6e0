"""How large the back-propagated signal δ is: a row of panels on one log axis, or a map."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots import figures
from weightinit_cli.plots.bins import regrouped
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, MUTED, ORANGE
from weightinit_cli.plots.engine.numbers import log_of, power_label
from weightinit_cli.plots.engine.page import Axis, Bars, Level, Panel, Pointer, Row, Words
from weightinit_cli.plots.engine.scales import decades
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.words import gradient_of_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.page import Array, Mark, Remark
    from weightinit_cli.results.model import Gradient, LayerStatistics

DECADES = 10
USUAL = -8  # the axis begins here, so that pictures can be compared, unless a layer is beyond
ROOM = 0.5
LABELLED = 5
HEIGHT = 58.0
HEADROOM = 1.3
OF_ALL = "total power × ", "power × "
WORTH_A_WORD = 0.01  # of the signal beyond the axis
FAINTEST = 1e-3  # share of a bin that a map's axis holds
MOST_BINS = 110
SIZES = "back-propagated signal |δ|"


class Logged(NamedTuple):
    """A layer's |δ| over the axis: sides of the bins in its units, and shares of all values."""

    edges: Array
    bins: Array
    below: float
    above: float
    nonfinite: float


def signal_row(layers: Sequence[LayerStatistics], wide: float, narrowest: float, gap: float) -> Row:
    """A panel for each layer, beneath those of its activations."""
    first = first_decade([resolved(layer, figures.SIGNAL) for layer in layers])
    ends = (first, first + DECADES)
    every = tuple(_logged(layer, Axis(*ends, log=True)) for layer in layers)
    highest = max((float(each.bins.max(initial=0.0)) for each in every if each), default=0.0)
    ticks = tuple((float(k), power_label(k)) for k in range(first, ends[1] + 1, LABELLED))
    sizes = Axis(
        *ends, "signal |δ|", log=True, ticks=ticks, short=tuple(map(float, range(first, ends[1])))
    )
    shares = Axis(0.0, HEADROOM * (highest or 1.0), "share", share=True)
    notes = _notes(layers, every, first)
    panels = tuple(
        Panel(
            sizes,
            replace(shares, labelled=k == 0),
            _marks(layer, each, sizes),
            notes=tuple(lines),
            rules=each is not None and each.bins.size > 0,
            name=f"|δ|, layer {k + 1}",
        )
        for k, (layer, each, lines) in enumerate(zip(layers, every, notes, strict=True))
    )
    words = f"{SIZES}{' in the branches' if figures.in_blocks(layers) else ''} (log)"
    if layers[1:]:
        words = f"← {words}, from layer {len(layers)} back to layer 1"
    return Row(panels, HEIGHT, wide, narrowest, gap, words)


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


def _logged(layer: LayerStatistics, axis: Axis) -> Logged | None:
    """None where nothing is known of the layer's gradient."""
    gradient = layer.gradient
    if gradient is None or not _known(layer):
        return None
    histogram = gradient.histogram
    number = max(_number(gradient), 1)
    edges = np.maximum(histogram.edges, 0.0)
    shares = np.array(histogram.counts, dtype=np.float64) / number
    left, right = edges[:-1], edges[1:]
    low, high = axis.value(axis.low), axis.value(axis.high)
    kept = np.flatnonzero((right > low) & (left < high) & (shares > 0))
    some = slice(kept[0], kept[-1] + 1) if kept.size else slice(0, 0)
    return Logged(
        edges[some.start : some.stop + 1],
        shares[some],
        float(shares[right <= low].sum()) + histogram.underflow / number,
        float(shares[left >= high].sum()) + histogram.overflow / number,
        gradient.nonfinite / number,
    )


class OverDecades(NamedTuple):
    """Every layer's |δ| on a common log axis: `cells`, shape (bins, layers), are shares of all.

    `below`, `above` and `nonfinite` have each layer's other shares.
    """

    axis: Axis
    cells: Array
    below: Array
    above: Array
    nonfinite: Array


def over_decades(layers: Sequence[LayerStatistics], sizes: Sequence[float | None]) -> OverDecades:
    """At least ten decades, which hold these root mean squares and all bins worth a colour."""
    known = [k for k, layer in enumerate(layers) if _known(layer)]
    every = [each for k in known if (each := layers[k].gradient)]
    numbers = np.ones(len(layers))
    numbers[known] = [max(_number(each), 1) for each in every]
    held = [each.histogram for each in every]
    columns = np.repeat(known, [len(each.counts) for each in held]).astype(np.intp)
    counts = np.array([*chain.from_iterable(each.counts for each in held)], dtype=np.float64)
    left = np.array([*chain.from_iterable(each.edges[:-1] for each in held)], dtype=np.float64)
    right = np.array([*chain.from_iterable(each.edges[1:] for each in held)], dtype=np.float64)
    shares = counts / numbers[columns]
    seen = shares >= FAINTEST
    ends = [left[seen & (left > 0)].min(), right[seen].max()] if (seen & (left > 0)).any() else []
    axis = decades("|δ|", [*sizes, *map(float, ends)], DECADES)
    bins = min(int((axis.high - axis.low) / math.log10(2)), MOST_BINS)
    lower, upper = (
        np.clip(np.nan_to_num(bins * axis.parts(sides)), 0.0, bins) for sides in (left, right)
    )
    inside = (upper > 0) & (lower < bins)
    offsets = bins * columns[inside]
    cells = regrouped(
        shares[inside], lower[inside] + offsets, upper[inside] + offsets, bins * len(layers)
    )
    below, above, nonfinite = np.zeros((3, len(layers)))
    np.add.at(below, columns, np.where(upper <= 0, shares, 0.0))
    np.add.at(above, columns, np.where(lower >= bins, shares, 0.0))
    below[known] += [each.underflow for each in held] / numbers[known]
    above[known] += [each.overflow for each in held] / numbers[known]
    nonfinite[known] = [each.nonfinite for each in every] / numbers[known]
    return OverDecades(axis, cells.reshape(len(layers), bins).T, below, above, nonfinite)


def _known(layer: LayerStatistics) -> bool:
    return layer.gradient is not None and figures.SIGNAL not in layer.unresolved


def _number(gradient: Gradient) -> int:
    """Of how many values the gradient's histogram is, with those that are not finite."""
    held = gradient.histogram
    return sum(held.counts) + held.underflow + held.overflow + gradient.nonfinite


def _marks(layer: LayerStatistics, logged: Logged | None, axis: Axis) -> tuple[Mark, ...]:
    """The bars, and the root mean square: predicted as a line, measured as a wedge at the top."""
    expected, size = figures.predicted(layer, figures.SIGNAL), resolved(layer, figures.SIGNAL)
    marks: list[Mark] = []
    if expected is not None and expected > 0:
        marks.append(Level(expected, AMBER, upright=True))
    said = ""
    if figures.SIGNAL in layer.unresolved:
        said = "unresolved"
    elif logged is not None and size == 0:
        said = "none in the branch" if layer.branch else "no gradient"
    elif logged is not None and logged.nonfinite == 1:
        said = "inf or nan"
    elif logged is not None and logged.bins.size:
        marks.insert(0, Bars(logged.edges, logged.bins, BLUE))
    if said:
        marks.append(Words(_free(axis, expected), 0.5, said, ORANGE, within=True))
    if size:
        marks.append(Pointer(size))
    return tuple(marks)


def _free(axis: Axis, expected: float | None) -> float:
    """The middle of the wider part of the panel, beside theory's line."""
    log = log_of(expected)
    part = axis.part(log) if log is not None else 0.0
    if not 0 < part < 1:
        return 0.5
    return part / 2 if part > 0.5 else (1 + part) / 2


def _notes(
    layers: Sequence[LayerStatistics], every: Sequence[Logged | None], first: int
) -> list[list[Remark]]:
    """The notes in lines, so that equal things stand at equal heights; empty lines are left out."""
    rows: list[list[Remark]] = []
    of = ("along the stream × ", "stream × ") if figures.in_blocks(layers) else OF_ALL
    for layer, each in zip(layers, every, strict=True):
        ratio = figures.forms(layer, figures.RATIO, *of)
        known = figure(layer, figures.RATIO) is not None
        some = each is not None and 0 < each.nonfinite < 1
        lost = f"{percent(each.nonfinite)} inf or nan" if each and some else ""
        finite = gradient_of_finite(layer) if some else ""
        size = _size(layer, first)
        unseen = (
            _beyond(each, first)
            if each and log_of(resolved(layer, figures.SIGNAL)) and size[1] != ORANGE
            else ""
        )
        rows.append(
            [
                size,
                (ratio if known else "", MUTED),
                (finite, ORANGE),
                (unseen, MUTED),
                (lost, ORANGE),
            ]
        )
    used = [k for k in range(len(rows[0])) if any(notes[k][0] for notes in rows)]
    return [[notes[k] for k in used] for notes in rows]


def _size(layer: LayerStatistics, first: int) -> Remark:
    """The root mean square, with the wedge that shows it, or on which side of the axis it lies."""
    log = log_of(resolved(layer, figures.SIGNAL))
    if log is None:
        return "", MUTED
    if first <= log <= first + DECADES:
        return figures.forms(layer, figures.SIGNAL, "▼ rms "), MUTED
    where = "below" if log < first else "above"
    words = figures.forms(layer, figures.SIGNAL, f"{where}: rms ")
    return (*words, words[-1].removeprefix(f"{where}: ")), ORANGE


def _beyond(logged: Logged, first: int) -> str:
    """The share that lies outside the axis, where it is worth a word."""
    ends = ((logged.below, "below", first), (logged.above, "above", first + DECADES))
    share, where, power = max(ends)
    return f"{percent(share)} {where} {power_label(power)}" if share >= WORTH_A_WORD else ""
