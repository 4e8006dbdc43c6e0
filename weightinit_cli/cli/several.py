"""Specs that describe several runs: a line of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.columns import UNLIMITED, Cell, Column, layout_for
from weightinit_cli.cli.scores import mean_scores
from weightinit_cli.errors import printable
from weightinit_cli.results import Result, SymmetryResult, TrainingResult
from weightinit_cli.results.readings import ending
from weightinit_cli.verdicts import DEFINITIONS

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec


HEADS = {
    "histogram": ("std", "std (inputs)", "grad. ratio"),
    "symmetry": ("loss", "entropy", "units", "span"),
    "training": ("train loss", "test loss", "test acc."),
}
# The columns of a figure where there is room, a figure as it mostly is, and how far the figures
# stand in below a name that has a line for itself.
WIDE, TYPICAL = 12, Cell("1.234e-05")
INDENT = 2
# Names that are looked at before the first is run.
MOST_NAMES = 200


class Lines:
    """The lines of a spec's runs, each printed when it is done."""

    def __init__(self, spec: AnySpec) -> None:
        runs = spec.runs or ()
        names = [Cell(printable(runs[k].label)) for k in range(min(len(runs), MOST_NAMES))]
        figures = [Column(head, [TYPICAL], wide=WIDE) for head in HEADS[spec.experiment]]
        said = "verdict" if spec.experiment == "histogram" else ""
        longest = Cell(max(DEFINITIONS, key=len))
        others = [*figures, Column(said, [longest], words=True)]
        self._room = terminal.columns() or UNLIMITED
        self._layout = layout_for([Column("run", names, words=True), *others], self._room)
        # In a narrow terminal the figures stand below the name.
        self._below = self._layout.room < 0
        if self._below:
            self._layout = layout_for(others, self._room - INDENT)

    def heads(self) -> list[str]:
        """The head of all lines."""
        lines = self._layout.head_lines()
        if self._below:
            lines = ["run", *(" " * INDENT + line for line in lines)]
        return [click.style(line, dim=True) for line in lines]

    def of(self, run: AnySpec, result: AnyResult) -> list[str]:
        """One run: the figures that say most, and the verdict or what ended it early."""
        name = printable(run.label)
        cells = [Cell("-" if value is None else f"{value:.4g}") for value in _values(result)]
        verdict = [each.name for each in result.verdict] if isinstance(result, Result) else []
        said = ", ".join(verdict or ending(result))
        cells.append(Cell(said, "green" if said == "healthy" else "red"))
        if not self._below:
            return self._layout.row([Cell(name), *cells])
        below = (" " * INDENT + line for line in self._layout.row(cells))
        return [*terminal.wrapped(name, self._room, anywhere=True), *below]


def _values(result: AnyResult) -> tuple[float | None, ...]:
    """Of the last layer; of the first, which is the last to wake; of the mean network."""
    if isinstance(result, SymmetryResult):
        first = result.layers[0]
        counts = [first.start_distinct, *first.distinct_units], first.participation
        loss = [result.start_loss, *result.loss][-1]
        return loss, result.base_entropy, counts[0][-1], [None, *counts[1]][-1]
    if isinstance(result, TrainingResult):
        return mean_scores(result)
    last = result.layers[-1]
    return last.std, last.std_across_inputs, _mean_ratio(result)


def _mean_ratio(result: Result) -> float | None:
    """From the last layer to the first: the geometric mean of the gradient's ratios."""
    first, last = result.layers[0].gradient, result.layers[-1].gradient
    if first is None or last is None or len(result.layers) < 2:
        return None
    if first.signal_rms is None or not last.signal_rms:
        return None
    mean: float = (first.signal_rms / last.signal_rms) ** (2 / (len(result.layers) - 1))
    return mean
