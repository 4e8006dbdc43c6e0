"""The table of the symmetry experiment: a row per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, columns_of, digits, table_lines
from weightinit_cli.lines import wrapped
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.symmetry import course
from weightinit_cli.results.symmetry import table as rows_of

if TYPE_CHECKING:
    from weightinit_cli.results import SymmetryResult

FEWEST = 6
RUN_HEADS = ("loss", "entropy", "units", "span", "")
# What the columns show, of several runs and of one.
MEANINGS = {
    "loss": "the cross-entropy after the last step, mean over the points",
    "entropy": "of the labels: the loss of a network that says the same of every point",
    "units": "how many units the layer has; of several runs, how many of the first layer's differ "
    "in the end",
    "span": "the participation ratio of the first layer's units: how many directions they span",
    "first moved": "the first step that changes the layer's weights",
    "at start": "how many of the layer's units differ before the first step",
    "at most": "how many of the layer's units differ at most, over all recorded steps",
    "at end": "how many of the layer's units differ after the last step",
    "directions": "the participation ratio of the layer's units: how many directions they span",
    "gradient": "the root mean square of the layer's weight gradient at the last step",
}
LEGEND = "at start, at most, at end: units that differ; directions: participation ratio"


def table(result: SymmetryResult) -> list[str]:
    """Write a row per layer, the loss, and what ended the run early.

    `at start`, `at most` and `at end` count the distinct units.
    """
    shown = rows_of(result)
    return [
        *table_lines(columns_of(shown.heads, shown.rows, wide=FEWEST)),
        *wrapped(LEGEND, terminal.room(), indent=2),
        *terminal.fitted(course(result)),
        *(click.style(words, fg="red") for words in ending(result)),
    ]


def run_cells(result: SymmetryResult) -> dict[str, Cell]:
    """Say most of a run: the loss, the first layer's units in the end, and what ended it."""
    first = result.layers[0]
    values = (
        [result.start_loss, *result.loss][-1],
        result.base_entropy,
        [first.start_distinct, *first.distinct_units][-1],
        [None, *first.participation][-1],
    )
    cells = [*(Cell(digits(value)) for value in values), Cell(", ".join(ending(result)), "red")]
    return dict(zip(RUN_HEADS, cells, strict=True))
