"""The table of a SymmetryResult: a row per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.heading import fitted, heading
from weightinit_cli.results.readings import ending

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def steps_table(result: SymmetryResult) -> list[str]:
    """The lines: what was run, a row per layer, the loss.

    `at start`, `at most` and `at end` count the distinct units.
    """
    lines = heading(result)
    lines.append(click.style(_row(HEADS), dim=True))
    hidden = len(result.layers) - 1
    for number, layer in enumerate(result.layers, 1):
        name = "output" if number > hidden else str(number)
        lines.append(_row((name, *_cells(layer))))
    first, last = (
        "not finite" if loss is None else f"{loss:.6g}"
        for loss in (result.start_loss, [result.start_loss, *result.loss][-1])
    )
    lines.append("at start, at most, at end: units that differ; directions: participation ratio")
    lines += fitted(
        f"loss {first}, in the end {last}, the entropy of the labels is "
        f"{result.base_entropy:.6g}, accuracy {result.accuracy:.4g}"
    )
    return lines + [click.style(said, fg="red") for said in ending(result)]


def _row(cells: Sequence[str]) -> str:
    return "  ".join(
        cell.rjust(max(len(head), FEWEST)) for cell, head in zip(cells, HEADS, strict=True)
    )


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
