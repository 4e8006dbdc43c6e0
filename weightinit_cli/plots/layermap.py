"""More than ten layers: a map of their values' shares, with figures and signals below it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots import figures
from weightinit_cli.plots.depth import axis_for, curve_keys, curve_notes, depth_curve
from weightinit_cli.plots.engine.colors import as_bytes, palette
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, GREEN, INK, MUTED, ORANGE, WHITE
from weightinit_cli.plots.engine.page import (
    Axis,
    Cells,
    ColorBar,
    Key,
    Line,
    Page,
    Panel,
    Row,
    array,
)
from weightinit_cli.plots.engine.scales import layers_axis, shares
from weightinit_cli.plots.panels import GROUPING, caption, theory_keys
from weightinit_cli.plots.signal import FAINTEST, WORTH_A_WORD, over_decades
from weightinit_cli.plots.words import THEORY, run_heading
from weightinit_cli.results.figures import FIGURES, resolved
from weightinit_cli.results.words import is_rounded, layer_words, of_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.bins import Binned
    from weightinit_cli.plots.depth import DepthCurve
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Array, Mark, Note
    from weightinit_cli.results.model import LayerStatistics, Result

HEIGHT, STRIP, LOW_STRIP, SIGNALS = 190.0, 62.0, 44.0, 116.0
OWN = Axis(0.0, 1.0, ticks=((0.0, "lowest"), (1.0, "highest")), names=True)
LOST = "inf or nan (grey: nothing else)"
RMS = "back-propagated signal |δ|, root mean square"
IN_BRANCHES = "back-propagated signal |δ| in the branches, root mean square"
ALONG = "gradient along the stream, root mean square"
NONFINITE = (0.75, 0.75, 0.75)
WIDTH, THEORY_WIDTH = 1.3, 3.4


def map_page(result: Result, binned: Binned) -> Page:
    """The page: the map, the standard deviations, saturation where it matters, and the signals."""
    std = depth_curve(result.layers, "std", "std", BLUE, figures.dtype(result))
    rows = [Row((_activations(result, binned),), HEIGHT)]
    if std is not None:
        rows.append(Row((_std(result, std),), STRIP))
    if figures.saturation_matters(result.layers):
        rows.append(Row((_saturated(result.layers),), LOW_STRIP))
    if any(layer.gradient for layer in result.layers):
        rows.append(Row((_signals(result.layers),), SIGNALS))
    rows = [replace(row, ticks=row is rows[-1]) for row in rows]
    rows[-1] = replace(rows[-1], caption="layer")
    return Page(run_heading(result, _keys(result, std)), tuple(rows))


def _keys(result: Result, std: DepthCurve | None) -> tuple[Key, ...]:
    """What lines are: in the map of signals, the root mean square."""
    over = curve_keys(result, [std]) if std else ()
    keys = [*theory_keys(result), *(key for key in over if key != THEORY)]
    blocks = figures.in_blocks(result.layers)
    if any(resolved(layer, figures.SIGNAL) for layer in result.layers):
        keys.append(Key(IN_BRANCHES if blocks else RMS, INK))
    if any(resolved(layer, figures.STREAM) for layer in result.layers):
        keys.append(Key(ALONG, GREEN))
    return tuple(keys)


def _activations(result: Result, binned: Binned) -> Panel:
    own = binned.grouping == "own"
    words = caption(replace(binned, grouping="alike"), result.layers)
    whole = f"{figures.values_of(result.layers)}, in each layer's own range"
    y = replace(OWN, name=whole) if own else replace(binned.axes[0], name=words)
    cells = np.stack([layer.bins for layer in binned.layers], axis=1)
    grey = [layer.empty for layer in binned.layers]
    layers = layers_axis(len(binned.layers))
    bar = _bar("share of a layer's values per bin")
    marks = (_cells(cells, grey, layers, y),)
    return Panel(
        layers, y, marks, notes=_map_notes(result, binned), align="left", bar=bar, frame="closed"
    )


def _cells(found: Array, grey: Sequence[bool], x: Axis, y: Axis) -> Cells:
    """Shares, shape (bins, layers), as colours: white where there is none, grey of no layer."""
    with np.errstate(divide="ignore"):
        level = 1 - np.log10(found) / math.log10(FAINTEST)
    rgb = palette(np.clip(level, 0.0, 1.0))
    rgb[found == 0] = as_bytes(WHITE)
    rgb[:, list(grey)] = as_bytes(NONFINITE)
    across, up = (np.array([axis.value(axis.low), axis.value(axis.high)]) for axis in (x, y))
    return Cells(across, up, rgb, np.where(found == 0, np.nan, found))


def _bar(name: str) -> ColorBar:
    """The colours of shares, whose lowest is that of all that are smaller."""
    lowest = round(math.log10(FAINTEST))
    ticks = tuple(
        (float(k), f"{'≤ ' if k == lowest else ''}{100 * 10.0**k:g} %") for k in range(lowest, 1)
    )
    axis = Axis(float(lowest), 0.0, name, log=True, ticks=ticks)
    return ColorBar(palette(np.linspace(0.0, 1.0, 128)), axis, "white: none")


def _map_notes(result: Result, binned: Binned) -> tuple[Note, ...]:
    """Which bins these are, and the most that lies outside or is not finite."""
    notes = [(GROUPING[binned.grouping], MUTED)] if binned.grouping != "alike" else []
    if binned.grouping == "own":
        pairs = enumerate(zip(result.layers, binned.layers, strict=True), 1)
        drawn = [(k, layer) for k, (layer, each) in pairs if not each.empty]
        alike = [k for k, layer in drawn if layer.min == layer.max or is_rounded(layer)]
        lost = [k for k in alike if "std" in result.layers[k - 1].unresolved]
        flat = [k for k in alike if k not in lost]
        below = f"std below the resolution of {figures.dtype(result)}"
        for words, found in (("all finite values are equal", flat), (below, lost)):
            if found:
                notes.append((f"{words} (drawn in the middle): in {layer_words(found)}", ORANGE))
    notes += _outside("below the range", [each.below for each in binned.layers], ORANGE)
    notes += _outside("above the range", [each.above for each in binned.layers], ORANGE)
    notes += _outside(LOST, [each.nonfinite for each in binned.layers], ORANGE)
    return tuple(notes)


def _outside(words: str, found: Sequence[float], color: Color) -> list[Note]:
    """From which layer on something is outside, and where most of it."""
    layers = [k for k, share in enumerate(found, 1) if share]
    if not layers:
        return []
    most = max(found)
    if min(found) == most:
        return [(f"{words}: {percent(most)} in all layers", color)]
    where = f"up to {percent(most)} (layer {found.index(most) + 1})"
    return [(f"{words}: from layer {layers[0]}, {where}", color)]


def _layers(found: Sequence[int], number: int) -> str:
    return "all layers" if len(found) == number else layer_words(found)


def _std(result: Result, curve: DepthCurve) -> Panel:
    axis = axis_for(FIGURES["std"].unit, "std", curve.shown, 1)
    ends = ((1, result.layers[0]), (len(result.layers), result.layers[-1]))
    words = ", ".join(_end(*end) for end in ends if end[1].std is not None)
    notes: list[Note] = [(words, MUTED)] if words else []
    notes += [(note, ORANGE) for note in curve_notes([curve], axis)]
    return Panel(
        layers_axis(len(result.layers)), axis, (*curve.behind(), curve.line()),
        notes=tuple(notes), align="left", rules=True,
    )  # fmt: skip


def _end(number: int, layer: LayerStatistics) -> str:
    words = f"{figures.forms(layer, 'std', 'std ')[0]} in layer {number}"
    return f"{words} ({of_finite(layer)})" if layer.nonfinite else words


def _saturated(layers: Sequence[LayerStatistics]) -> Panel:
    found, expected = (
        [figures.saturated(layer, value) for layer in layers]
        for value in (resolved, figures.predicted)
    )
    axis = shares("saturated", [each for each in (*found, *expected) if each is not None])
    marks = _curves(found, expected, BLUE)
    return Panel(layers_axis(len(layers)), axis, marks, rules=True)


def _curves(
    found: Sequence[float | None], expected: Sequence[float | None], color: Color
) -> tuple[Line, ...]:
    """A measured figure against the layers, over what theory expects."""
    layers = np.arange(1.0, len(found) + 1)
    lines = (
        Line(layers, array(expected), AMBER, THEORY_WIDTH, words=THEORY.words),
        Line(layers, array(found), color, WIDTH, words="measured"),
    )
    return tuple(line for line in lines if not np.isnan(line.y).all())


def _signals(layers: Sequence[LayerStatistics]) -> Panel:
    """The shares of |δ| over decades, its root mean square, and that along a stream."""
    sizes = [resolved(layer, figures.SIGNAL) for layer in layers]
    expected = [figures.predicted(layer, figures.SIGNAL) for layer in layers]
    stream = [resolved(layer, figures.STREAM) for layer in layers]
    along = [figures.predicted(layer, figures.STREAM) for layer in layers]
    signals = over_decades(layers, [*sizes, *expected, *stream, *along])
    x, y = layers_axis(len(layers)), signals.axis
    lost = [k for k, layer in enumerate(layers, 1) if figures.SIGNAL in layer.unresolved]
    none = [k for k, size in enumerate(sizes, 1) if size == 0]
    nothing = "no gradient in the branch" if figures.in_blocks(layers) else "no gradient"
    notes: list[Note] = [
        (f"{words} in {_layers(found, len(layers))}", ORANGE)
        for words, found in ((nothing, none), ("unresolved", lost))
        if found
    ]
    below = [share if size else 0.0 for size, share in zip(sizes, signals.below, strict=True)]
    above = signals.above.tolist()
    for words, outside in (("0 or below the axis", below), ("above the axis", above)):
        notes += _outside(words, outside, MUTED) if max(outside) >= WORTH_A_WORD else []
    notes += _outside(LOST, signals.nonfinite.tolist(), ORANGE)
    cells = _cells(signals.cells, (signals.nonfinite == 1).tolist(), x, y)
    marks: tuple[Mark, ...] = (
        cells,
        *_curves(stream, along, GREEN),
        *_curves(sizes, expected, INK),
    )
    return Panel(x, y, marks, notes=tuple(notes), align="left", bar=_bar("share"), frame="closed")
