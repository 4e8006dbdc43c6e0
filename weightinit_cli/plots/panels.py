"""Up to ten layers: a row of panels that share the y axis, and the x axis where one shows all.

Below them, where it was measured, the back-propagated signal of each layer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots import figures
from weightinit_cli.plots.bins import highest, sides
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, MUTED, ORANGE
from weightinit_cli.plots.engine.page import Axis, Bars, Break, Key, Page, Panel, Row, Steps, Words
from weightinit_cli.plots.signal import signal_row
from weightinit_cli.plots.words import THEORY, run_heading
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import of_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.bins import Binned, Shares
    from weightinit_cli.plots.engine.page import Mark, Remark
    from weightinit_cli.results.model import LayerStatistics, Result

HEIGHT = 132.0
GAP = 11.0
NARROW, WIDE, ALL = 78.0, 130.0, 330.0  # a panel of many, of a few; all of one or two
NARROWEST = 42.0
MOST_WIDE = 5
VISIBLE = 0.004  # of the panel's height
SHARES = "share of values per bin"
GROUPING = {
    "alike": "",
    "regrouped": "each layer's own bins regrouped into common ones",
    "own": "each layer on its own axis",
}


def panels_page(result: Result, binned: Binned) -> Page:
    """The page: one panel per layer with its notes above, the signals' below."""
    shares = Axis(0.0, highest(binned), SHARES, share=True)
    wide = panel_width(len(result.layers))
    panels = layer_panels(result.layers, binned, shares)
    rows = [Row(panels, HEIGHT, wide, NARROWEST, GAP, caption(binned, result.layers))]
    if any(layer.gradient for layer in result.layers):
        rows.append(signal_row(result.layers, wide, NARROWEST, GAP))
    return Page(run_heading(result, theory_keys(result)), tuple(rows), width=None)


def panel_width(number: int) -> float:
    """How wide each of so many panels beside each other is."""
    return max(NARROW if number > MOST_WIDE else WIDE, ALL / number - GAP)


def theory_keys(result: Result) -> tuple[Key, ...]:
    """What the line and the figures in parentheses mean, where theory says something."""
    if not any(layer.theory for layer in result.layers):
        return ()
    seeds = figures.seeds(result)
    over = f"; ± over {seeds} seeds" if seeds > 1 else ""
    return (replace(THEORY, words=f"{THEORY.words} (in parentheses){over}"),)


def caption(binned: Binned, layers: Sequence[LayerStatistics]) -> str:
    """The name of the axis of the layers' values, with the power of ten taken out of its ticks."""
    powers = {axis.power for axis in binned.axes}
    power = powers.pop() if len(powers) == 1 else 0
    words = figures.values_of(layers)
    words = f"{words} (× 1e{power})" if power else words
    return " · ".join(filter(None, (words, GROUPING[binned.grouping])))


def layer_panels(
    layers: Sequence[LayerStatistics], binned: Binned, shares: Axis, name: str = ""
) -> tuple[Panel, ...]:
    """A panel for each layer, with `shares` as its y axis; `name` stands before the layers'."""
    matters = figures.saturation_matters(layers)
    panels = []
    for k, (layer, axis, own) in enumerate(zip(layers, binned.axes, binned.layers, strict=True)):
        title = f"layer {k + 1}"
        bare = own.empty and binned.grouping == "own"
        panels.append(
            Panel(
                replace(axis, name="activation", labelled=not bare),
                replace(shares, labelled=k == 0),
                _marks(own, axis, shares.high),
                title,
                () if own.empty else _notes(layer, own, matters=matters),
                rules=True,
                name=f"{name}, {title}" if name else title,
            )
        )
    return tuple(panels)


def _marks(shares: Shares, axis: Axis, top: float) -> tuple[Mark, ...]:
    """The bars, breaks in those that go on beyond the panel, and what theory expects."""
    if shares.empty:
        return (Words(0.5, 0.5, "inf or nan", ORANGE, within=True),)
    edges = sides(axis, len(shares.bins))
    marks: list[Mark] = [Bars(edges, shares.bins, BLUE)]
    cut = np.flatnonzero(shares.bins > top)
    if shares.theory is not None:
        expected = np.where(shares.theory < VISIBLE * top, np.nan, shares.theory)
        marks.append(Steps(edges, expected, AMBER))
    tallest = shares.bins.argmax()
    for k in cut.tolist():
        said = _height(shares, k) if k == tallest else ()
        marks.append(Break(edges[k], edges[k + 1], BLUE, said))
    return tuple(marks)


def _height(shares: Shares, k: int) -> tuple[str, ...]:
    """How high a bar is that is cut: with how high it should be, and shorter."""
    share = percent(float(shares.bins[k]))
    full = [] if shares.theory is None else [f"↑ {share} ({percent(float(shares.theory[k]))})"]
    return (*full, f"↑ {share}", share)


def _notes(layer: LayerStatistics, shares: Shares, *, matters: bool) -> tuple[Remark, ...]:
    """Figures, predicted ones beside them, and values that the panel does not show.

    Where some are not finite, of how many values the figures are.
    """
    lines: list[Remark] = [(figures.forms(layer, "std", "std "), MUTED)]
    flat = layer.nonfinite or figures.saturated(layer, resolved) is not None
    if matters and (flat or figures.LOW in layer.unresolved):
        lines.append((_saturated(layer), MUTED))
    if layer.nonfinite:
        lines.append((of_finite(layer), ORANGE))
    pairs = ((shares.below, "below"), (shares.above, "above"))
    for share, where in pairs:
        if share:
            lines.append(
                ((f"{percent(share)} {where} the range", f"{percent(share)} {where}"), ORANGE)
            )
    if shares.nonfinite:
        lines.append((f"{percent(shares.nonfinite)} inf or nan", ORANGE))
    return tuple(lines)


def _saturated(layer: LayerStatistics) -> tuple[str, ...]:
    share = figures.saturated(layer, resolved)
    expected = figures.saturated(layer, figures.predicted)
    alone = "?" if share is None else percent(share)
    both = figures.beside(alone, None if expected is None else percent(expected))
    return f"saturated {both}", f"sat. {both}", f"sat. {alone}"
