"""Variants side by side: a row of panels each, layers across, on shared axes where that shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.bins import binned, highest
from weightinit_cli.plots.engine.page import Axis, Head, Page, Row
from weightinit_cli.plots.panels import (
    GAP,
    NARROWEST,
    caption,
    layer_panels,
    panel_width,
    theory_keys,
)
from weightinit_cli.plots.varied import in_words
from weightinit_cli.plots.words import findings, in_common, runs_heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.bins import Binned
    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.model import Result

TALL, LOW = 92.0, 70.0
MOST_TALL = 4
ALIKE = 2.5  # rows whose bars differ less in height share the y axis


def variants_page(comparison: Comparison) -> Page:
    """The page: for each run name, what it differs in, what was found, and a panel per layer."""
    pairs = [(run, run.result) for run in comparison.runs if run.result is not None]
    every, common = _binned([result for _, result in pairs])
    tops = [highest(bins) for bins in every]
    if max(tops) <= ALIKE * min(tops):
        tops = [max(tops)] * len(tops)
    shared = set(comparison.shared())
    wide = panel_width(max(len(result.layers) for _, result in pairs))
    rows = []
    for (run, result), bins, top in zip(pairs, every, tops, strict=True):
        name = in_words(run.varied[0][1])
        differs = tuple(part for part in run.spec_words if part not in {*shared, name})
        named = not common or run is pairs[-1][0]
        rows.append(
            Row(
                layer_panels(
                    result.layers, bins, Axis(0.0, top, "share per bin", share=True), name
                ),
                TALL if len(pairs) <= MOST_TALL else LOW,
                wide,
                NARROWEST,
                GAP,
                caption(bins, result.layers) if named else "",
                ticks=named,
                head=Head(name, differs, findings(result)),
            )
        )
    keys = next(filter(None, (theory_keys(result) for _, result in pairs)), ())
    heading = runs_heading(comparison.name, in_common(comparison), keys)
    return Page(heading, tuple(rows), width=None)


def _binned(results: Sequence[Result]) -> tuple[list[Binned], bool]:
    """Every result's layers over bins that all share where that shows them, and whether it does."""
    whole = binned([layer for result in results for layer in result.layers])
    if whole.grouping == "own":
        return [binned(result.layers) for result in results], False
    found, start = [], 0
    for result in results:
        end = start + len(result.layers)
        found.append(whole.part(start, end))
        start = end
    return found, True
