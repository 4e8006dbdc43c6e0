"""Specs that describe several runs: a line of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.columns import UNLIMITED, Cell, Column, layout_for
from weightinit_cli.cli.scores import mean_scores
from weightinit_cli.errors import printable
from weightinit_cli.results import Result, SymmetryResult, TrainingResult
from weightinit_cli.results.comparison import SIGNAL, mean_gradient_ratio, ratio_is_unresolved
from weightinit_cli.results.figures import figure, resolved
from weightinit_cli.results.kinds import ending
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.results.words import below, gradient_of_finite, of_finite, told
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
        cells = [Cell(said) for said in _figures(result)]
        verdict = [each.name for each in result.verdict] if isinstance(result, Result) else []
        said = "; ".join(filter(None, (", ".join(verdict or ending(result)), *_of_finite(result))))
        cells.append(Cell(said, "green" if said == HEALTHY else "red"))
        if not self._below:
            return self._layout.row([Cell(name), *cells])
        indented = (" " * INDENT + line for line in self._layout.row(cells))
        return [*terminal.wrapped(name, self._room, anywhere=True), *indented]


def _figures(result: AnyResult) -> list[str]:
    """Of the last layer, and of all layers' gradients; of the first; of the mean network."""
    if not isinstance(result, Result):
        return list(map(_number, _values(result)))
    last = result.layers[-1]
    shown = [told(last, path, figure(last, path), _number) for path in ("std", "std_across_inputs")]
    lost = ratio_is_unresolved(result.layers)
    return [*shown, below(None) if lost else _number(mean_gradient_ratio(result.layers))]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _of_finite(result: AnyResult) -> list[str]:
    """Which of the shown figures are of the finite values alone."""
    if not isinstance(result, Result):
        return []
    last = result.layers[-1]
    own = "" if last.std is None else of_finite(last)
    measured = [layer for layer in result.layers if resolved(layer, SIGNAL) is not None]
    gradient = next(filter(None, map(gradient_of_finite, measured)), "")
    known = gradient and mean_gradient_ratio(result.layers) is not None
    return [own, f"gradient {gradient}" if known else ""]


def _values(result: SymmetryResult | TrainingResult) -> tuple[float | None, ...]:
    if isinstance(result, SymmetryResult):
        first = result.layers[0]
        counts = [first.start_distinct, *first.distinct_units], first.participation
        loss = [result.start_loss, *result.loss][-1]
        return loss, result.base_entropy, counts[0][-1], [None, *counts[1]][-1]
    return mean_scores(result)
