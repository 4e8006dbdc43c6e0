"""The table of a SymmetryResult: a row per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.columns import UNLIMITED, Cell, Column, table_lines
from weightinit_cli.cli.heading import fitted, heading
from weightinit_cli.results.kinds import ending

if TYPE_CHECKING:
    from weightinit_cli.results import LayerSteps, SymmetryResult

FEWEST = 6
HEADS = (
    "layer",
    "first moved",
    "units",
    "at start",
    "at most",
    "at end",
    "directions",
    "gradient",
)
LEGEND = "at start, at most, at end: units that differ; directions: participation ratio"


def steps_table(result: SymmetryResult) -> list[str]:
    """The lines: what was run, a row per layer, the loss.

    `at start`, `at most` and `at end` count the distinct units.
    """
    names = [*map(str, range(1, len(result.layers))), "output"]
    rows = [(name, *_cells(layer)) for name, layer in zip(names, result.layers, strict=True)]
    columns = [
        Column(head, [Cell(text) for text in texts], wide=FEWEST)
        for head, *texts in zip(HEADS, *rows, strict=True)
    ]
    lines = [*heading(result), *table_lines(columns)]
    first, last = (
        "not finite" if loss is None else f"{loss:.6g}"
        for loss in (result.start_loss, [result.start_loss, *result.loss][-1])
    )
    lines += terminal.wrapped(LEGEND, terminal.columns() or UNLIMITED, indent=2)
    lines += fitted(
        f"loss {first}, in the end {last}, the entropy of the labels is "
        f"{result.base_entropy:.6g}, accuracy {result.accuracy:.4g}"
    )
    return lines + [click.style(said, fg="red") for said in ending(result)]


def _cells(layer: LayerSteps) -> tuple[str, ...]:
    span = [layer.start_participation, *layer.participation][-1]
    gradient = [None, *layer.weight_gradient_rms][-1]
    return (
        "never" if layer.first_moved is None else f"step {layer.first_moved:,}",
        str(layer.units),
        str(layer.start_distinct),
        str(layer.most_distinct),
        str([layer.start_distinct, *layer.distinct_units][-1]),
        "-" if span is None else f"{span:.3g}",
        "-" if gradient is None else f"{gradient:.3g}",
    )
