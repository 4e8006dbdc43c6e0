"""Specs that describe several runs: each is run and saved, and all are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.cli.scores import mean_scores
from weightinit_cli.errors import printable
from weightinit_cli.results import Result, SymmetryResult, TrainingResult

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.comparison import ComparedRun, TrainedRun
    from weightinit_cli.results.summary import Row
    from weightinit_cli.spec import AnySpec


class Several:
    """What is kept of the runs of one spec, for the table and the picture over all of them."""

    def __init__(self, spec: AnySpec, output_dir: Path) -> None:
        self._spec, self._out = spec, output_dir
        self._rows: list[Row] = []
        self._compared: list[ComparedRun | TrainedRun] = []

    def save(self, run: AnySpec, result: AnyResult) -> Path:
        """Write one run's statistics, and keep what the comparison needs."""
        from weightinit_cli.batch import compared_run
        from weightinit_cli.results import STATS, dump_result, write_files
        from weightinit_cli.results.summary import rows

        self._rows += rows(result, run.run)
        compared = compared_run(result, run)
        self._compared += [] if compared is None else [compared]
        (path,) = write_files(self._out, run.folder, {STATS: dump_result(result).encode()})
        return path

    def finish(self, formats: tuple[str, ...]) -> list[Path]:
        """Write the table over all runs, and the picture where there is one."""
        from weightinit_cli.batch import SUMMARY, comparison_files
        from weightinit_cli.results import write_files
        from weightinit_cli.results.summary import csv_lines

        files = comparison_files(self._spec, self._compared, formats)
        files[SUMMARY] = csv_lines(self._rows, None).encode()
        return write_files(self._out, self._spec.name, files)


def heads(spec: AnySpec) -> str:
    """The head of the lines that `line` gives."""
    width = _label_width(spec)
    cells = ["run".ljust(width), *(head.rjust(12) for head in HEADS[spec.experiment])]
    last = ["verdict"] if spec.experiment == "histogram" else []
    return click.style("  ".join([*cells, *last]), dim=True)


def line(spec: AnySpec, run: AnySpec, result: AnyResult) -> str:
    """One run in a line: the figures that say most, and the verdict where there is one."""
    cells = [printable(run.run).ljust(_label_width(spec))]
    cells += [("-" if value is None else f"{value:.4g}").rjust(12) for value in _values(result)]
    if isinstance(result, Result):
        said = ", ".join(each.name for each in result.verdict)
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
    return max((len(runs[number].run) for number in range(min(len(runs), 200))), default=3)


def _mean_ratio(result: Result) -> float | None:
    """From the last layer to the first: the geometric mean of the gradient's ratios."""
    first, last = result.layers[0].gradient, result.layers[-1].gradient
    if first is None or last is None or len(result.layers) < 2:
        return None
    if first.signal_rms is None or not last.signal_rms:
        return None
    mean: float = (first.signal_rms / last.signal_rms) ** (2 / (len(result.layers) - 1))
    return mean
