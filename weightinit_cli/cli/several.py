"""Specs that describe several runs: a line of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.scores import mean_scores
from weightinit_cli.errors import printable
from weightinit_cli.results import Result, SymmetryResult, TrainingResult
from weightinit_cli.results.readings import ending

if TYPE_CHECKING:
    from weightinit_cli.results import AnyResult
    from weightinit_cli.spec import AnySpec


def heads(spec: AnySpec) -> str:
    """The head of the lines that `line` gives."""
    width = _label_width(spec)
    cells = ["run".ljust(width), *(head.rjust(12) for head in HEADS[spec.experiment])]
    last = ["verdict"] if spec.experiment == "histogram" else []
    return click.style("  ".join([*cells, *last]), dim=True)


def line(spec: AnySpec, run: AnySpec, result: AnyResult) -> str:
    """One run in a line: the figures that say most, and the verdict or what ended it early."""
    cells = [printable(run.label).ljust(_label_width(spec))]
    cells += [("-" if value is None else f"{value:.4g}").rjust(12) for value in _values(result)]
    verdict = [each.name for each in result.verdict] if isinstance(result, Result) else []
    said = ", ".join(verdict or ending(result))
    if said:
        cells.append(click.style(said, fg="green" if said == "healthy" else "red"))
    return "  ".join(cells)


HEADS = {
    "histogram": ("std", "std (inputs)", "grad. ratio"),
    "symmetry": ("loss", "entropy", "units", "span"),
    "training": ("train loss", "test loss", "test acc."),
}


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


def _label_width(spec: AnySpec) -> int:
    runs = spec.runs or ()
    return max((len(runs[number].label) for number in range(min(len(runs), 200))), default=3)


def _mean_ratio(result: Result) -> float | None:
    """From the last layer to the first: the geometric mean of the gradient's ratios."""
    first, last = result.layers[0].gradient, result.layers[-1].gradient
    if first is None or last is None or len(result.layers) < 2:
        return None
    if first.signal_rms is None or not last.signal_rms:
        return None
    mean: float = (first.signal_rms / last.signal_rms) ** (2 / (len(result.layers) - 1))
    return mean
