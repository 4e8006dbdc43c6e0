"""Specs that describe several runs: each is run and saved, and all are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weightinit_cli.errors import printable

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.results import Result
    from weightinit_cli.results.comparison import ComparedRun
    from weightinit_cli.results.summary import Row
    from weightinit_cli.spec import Spec

HEADS = ("std", "std (inputs)", "grad. ratio")


class Several:
    """What is kept of the runs of one spec, for the table and the picture over all of them."""

    def __init__(self, spec: Spec, output_dir: Path) -> None:
        self._spec, self._out = spec, output_dir
        self._rows: list[Row] = []
        self._compared: list[ComparedRun] = []

    def save(self, run: Spec, result: Result) -> Path:
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


def heads(spec: Spec) -> str:
    """The head of the lines that `line` gives."""
    width = _label_width(spec)
    cells = ["run".ljust(width), *(head.rjust(12) for head in HEADS)]
    return click.style("  ".join([*cells, "verdict"]), dim=True)


def line(spec: Spec, run: Spec, result: Result) -> str:
    """One run in a line: the last layer's figures, the gradient's mean ratio, the verdict."""
    last = result.layers[-1]
    values = (last.std, last.std_across_inputs, _mean_ratio(result))
    cells = [printable(run.run).ljust(_label_width(spec))]
    cells += [("-" if value is None else f"{value:.4g}").rjust(12) for value in values]
    said = ", ".join(each.name for each in result.verdict)
    healthy = [each.name for each in result.verdict] == ["healthy"]
    return "  ".join([*cells, click.style(said, fg="green" if healthy else "red")])


def _label_width(spec: Spec) -> int:
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
