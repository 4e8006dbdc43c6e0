"""What is printed of results: of one its table, of several runs a line each."""

from __future__ import annotations

from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, Column, Layout, layout_for
from weightinit_cli.errors import counted, printable
from weightinit_cli.lines import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from weightinit_cli.results import AnyResult

# The columns of a figure where there is room, a figure as it mostly is, and how far the figures
# stand in below a name that has a line for itself.
WIDE, TYPICAL = 12, Cell("1.234e-05")
INDENT = 2
# Names that are looked at before the first is run.
MOST_NAMES = 200
NAME_HEAD = "run"


def view(experiment: str) -> ModuleType:
    """Import the module that prints the results of an experiment; it is named like that.

    Its `table` writes a result below its heading, line by line, and its `run_cells` a run beside
    others, cells by their heads, which are of `RUN_HEADS`, the last one that of words. `MEANINGS`
    says what columns show that are no figure of a layer, by their heads, for `winit explain`: a
    head means the same in the tables of all experiments.
    """
    return import_module(f"{__name__}.{experiment}")


def table(result: AnyResult, **shown_as: Any) -> list[str]:
    """Write a result, line by line: what was run, then its table as its experiment can show it."""
    from weightinit_cli.results.kinds import described_run
    from weightinit_cli.results.words import full_name

    name = full_name(result.name, result.overrides)
    heading = terminal.fitted(shown(f"{name}: {', '.join(described_run(result))}"))
    lines = [click.style(line, bold=True) for line in heading]
    return [*lines, *view(result.spec["experiment"]).table(result, **shown_as)]


def shown(name: str) -> str:
    """Write names so that neither a terminal nor a CI system takes them for anything else."""
    return terminal.no_command(printable(name))


def runs_layout(experiment: str, labels: Iterable[str], *, output: bool) -> Layout:
    """Lay out the lines of an experiment's runs before the first is run; `labels` name them.

    `output` says whether they have an output layer: without one they have no loss at the start.
    In a narrow terminal the name of a run has a line for itself, and is no column.
    """
    from weightinit_cli.results.histogram import LOSS_HEAD
    from weightinit_cli.verdicts import DEFINITIONS

    names = [Cell(shown(label)) for label in islice(labels, MOST_NAMES)]
    every = view(experiment).RUN_HEADS
    *heads, last = [head for head in every if output or head != LOSS_HEAD]
    columns = [Column(head, [TYPICAL], wide=WIDE) for head in heads]
    longest = f"warning: {max(DEFINITIONS, key=len)}"
    columns.append(Column(last, [Cell(longest)], words=True))
    layout = layout_for([Column(NAME_HEAD, names, words=True), *columns], terminal.room())
    return layout if layout.room >= 0 else layout_for(columns, terminal.room() - INDENT)


def runs_title(name: str, overrides: Sequence[str] | None, number: int) -> str:
    """Write what was run, above the lines of all runs."""
    from weightinit_cli.results.words import full_name

    title = f"{full_name(name, overrides)}: {counted(number, 'run')}"
    return click.style(shown(title), bold=True)


def runs_head(layout: Layout) -> list[str]:
    """Write the head above the lines of all runs."""
    if _has_names(layout):
        return layout.dimmed_heads()
    return [click.style(NAME_HEAD, dim=True), *layout.dimmed_heads(INDENT)]


def run_lines(layout: Layout, label: str, result: AnyResult) -> list[str]:
    """Write one run: the figures that say most, and the verdict or what ended it early."""
    name = shown(label)
    cells = {NAME_HEAD: Cell(name), **view(result.spec["experiment"]).run_cells(result)}
    row = layout.row([cells.get(column.head, Cell("-")) for column in layout.columns])
    if _has_names(layout):
        return row
    indented = (" " * INDENT + line for line in row)
    return [*wrapped(name, terminal.room(), anywhere=True), *indented]


def _has_names(layout: Layout) -> bool:
    return layout.columns[0].head == NAME_HEAD
