"""The table of a Result: a row per layer."""

from __future__ import annotations

import shutil
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import click

from weightinit_cli.cli.terminal import takes
from weightinit_cli.errors import printable
from weightinit_cli.results.describe import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import LayerStatistics, Result, Saturation

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
SPARK_WIDTH = 30
SHADED = 0.2


class Cell(NamedTuple):
    """Text in a column, and the colour that sets it off."""

    text: str
    colour: str | None = None


def table(result: Result) -> list[str]:
    """The lines of the table: what was run, then one row per layer."""
    heads = ["layer", "mean", "std", "sat. low", "sat. high", "distinct", "std (inputs)"]
    rows = [_row(number, layer) for number, layer in enumerate(result.layers, 1)]
    for head, cell_of in (("outside", _outside), ("inf, nan", _nonfinite)):
        column = [cell_of(layer) for layer in result.layers]
        if any(cell.colour for cell in column):
            heads.append(head)
            rows = [[*row, cell] for row, cell in zip(rows, column, strict=True)]
    widths = [
        max(len(head), *(len(row[column].text) for row in rows))
        for column, head in enumerate(heads)
    ]
    heading = f"{result.name}: {', '.join(described(result.spec))}"
    lines = [click.style(printable(heading), bold=True)]
    first = "  ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True))
    lines.append(click.style(f"{first}  histogram", dim=True))
    room = _terminal_width() - len(first) - 2
    levels = BLOCKS if takes(BLOCKS) else ASCII
    for row, layer in zip(rows, result.layers, strict=True):
        cells = (
            click.style(cell.text.rjust(width), fg=cell.colour)
            for cell, width in zip(row, widths, strict=True)
        )
        lines.append("  ".join([*cells, _spark(layer.histogram.counts, levels, room)]).rstrip())
    return lines


def _terminal_width() -> int:
    """The terminal's columns; no limit where stdout is none."""
    if sys.stdout is not None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return 1000


def _row(number: int, layer: LayerStatistics) -> list[Cell]:
    return [
        Cell(str(number), "cyan"),
        Cell(_number(layer.mean)),
        Cell(_number(layer.std)),
        *_saturation(layer.saturation),
        Cell("-" if layer.distinct_units is None else str(layer.distinct_units)),
        Cell(_number(layer.std_across_inputs)),
    ]


def _outside(layer: LayerStatistics) -> Cell:
    """How much lies outside the histogram's range."""
    outside = layer.histogram.underflow + layer.histogram.overflow
    share = outside / max(outside + sum(layer.histogram.counts), 1)
    return Cell(_percent(share), "yellow" if outside else None)


def _nonfinite(layer: LayerStatistics) -> Cell:
    return Cell(f"{layer.nonfinite:,}", "red" if layer.nonfinite else None)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _saturation(saturation: Saturation) -> tuple[Cell, Cell]:
    """Both ends; set off where both exist and hold much (relu's one is flat by design)."""
    low, high = saturation.low, saturation.high
    much = low is not None and high is not None and low + high > SHADED
    colour = "yellow" if much else None
    return Cell(_percent(low), colour), Cell(_percent(high), colour)


def _percent(value: float | None) -> str:
    if value is not None and 0 < value < 0.0005:
        return "<0.1%"
    if value is not None and 0.9995 <= value < 1:
        return ">99.9%"
    return "-" if value is None else f"{value:.1%}"


def _spark(counts: Sequence[int], levels: str, room: int) -> str:
    """The histogram's bins as bars of text, at most SPARK_WIDTH of them; any count shows."""
    width = min(len(counts), SPARK_WIDTH, max(room, 10))
    bounds = [bin_ * len(counts) // width for bin_ in range(width + 1)]
    sums = [sum(counts[a:b]) for a, b in pairwise(bounds)]
    most = max(sums)
    top = len(levels) - 1
    return "".join(levels[-(-count * top // most)] if most else levels[0] for count in sums)
