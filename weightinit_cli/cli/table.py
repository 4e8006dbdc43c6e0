"""The table of a Result: a row per layer."""

from __future__ import annotations

import re
from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

import click

from weightinit_cli.cli import terminal
from weightinit_cli.errors import printable
from weightinit_cli.results.describe import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import LayerStatistics, Result, Saturation

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
SPARK_WIDTH = 30
SPARK_HEAD = "histogram"
UNLIMITED = 1000
SHADED = 0.2


class Cell(NamedTuple):
    """Text in a column, and the colour that sets it off."""

    text: str
    colour: str | None = None


class Layout(NamedTuple):
    """How the columns stand: on one or two lines of heads, how far apart, how wide each."""

    heads: list[list[str]]
    gap: str
    widths: list[int]
    room: int


def table(result: Result) -> list[str]:
    """The lines of the table: what was run, then one row per layer."""
    heads = ["layer", "mean", "std", "sat. low", "sat. high", "distinct", "std (inputs)"]
    rows = [_row(number, layer) for number, layer in enumerate(result.layers, 1)]
    for head, cell_of in (("outside", _outside), ("inf, nan", _nonfinite)):
        column = [cell_of(layer) for layer in result.layers]
        if any(cell.colour for cell in column):
            heads.append(head)
            rows = [[*row, cell] for row, cell in zip(rows, column, strict=True)]
    columns = terminal.columns()
    lines_of_heads, gap, widths, room = _layout(heads, rows, columns or UNLIMITED)
    shown = room >= len(SPARK_HEAD)
    lines = [click.style(line, bold=True) for line in _heading(result, columns)]
    for number, line in enumerate(lines_of_heads, 1):
        cells = [head.rjust(width) for head, width in zip(line, widths, strict=True)]
        spark = [SPARK_HEAD] if shown and number == len(lines_of_heads) else []
        lines.append(click.style(gap.join([*cells, *spark]), dim=True))
    levels = BLOCKS if terminal.takes(BLOCKS) else ASCII
    for row, layer in zip(rows, result.layers, strict=True):
        cells = [
            click.style(cell.text.rjust(width), fg=cell.colour)
            for cell, width in zip(row, widths, strict=True)
        ]
        spark = [_spark(layer.histogram.counts, levels, room)] if shown else []
        lines.append(gap.join([*cells, *spark]).rstrip())
    return lines


def _heading(result: Result, columns: int | None) -> list[str]:
    """What was run, broken at commas where it is wider than the terminal."""
    heading = printable(f"{result.name}: {', '.join(described(result.spec))}")
    if columns is None:
        return [heading]
    unbroken = re.sub("(?<!,) ", "\0", heading)
    return [line.replace("\0", " ") for line in terminal.wrapped(unbroken, columns, indent=2)]


def _layout(heads: Sequence[str], rows: Sequence[Sequence[Cell]], columns: int) -> Layout:
    """The first that fits with its histogram, else the first that fits, else the narrowest."""
    layouts = []
    for lines in ([[*heads]], _two_lines(heads)):
        widths = [
            max(len(cell) for cell in (*names, *(row[column].text for row in rows)))
            for column, names in enumerate(zip(*lines, strict=True))
        ]
        for gap in ("  ", " "):
            room = columns - sum(widths) - len(gap) * len(widths)
            layouts.append(Layout(lines, gap, widths, room))
    for needed in (len(SPARK_HEAD), 0):
        for layout in layouts:
            if layout.room >= needed:
                return layout
    return layouts[-1]


def _two_lines(heads: Sequence[str]) -> list[list[str]]:
    """The heads of several words in two lines; those of one word below."""
    parts = [head.partition(" ") for head in heads]
    upper = [first if rest else "" for first, _, rest in parts]
    return [upper, [rest or first for first, _, rest in parts]]


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
    """Four digits, with a short exponent: `1.751e5`."""
    if value is None:
        return "-"
    digits, e, exponent = f"{value:.4g}".partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


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
    """The histogram's density as bars of text, at most SPARK_WIDTH of them; any count shows."""
    width = min(len(counts), SPARK_WIDTH, room)
    bounds = [bin_ * len(counts) // width for bin_ in range(width + 1)]
    groups = [counts[a:b] for a, b in pairwise(bounds)]
    scale = lcm(*map(len, groups))
    densities = [sum(group) * (scale // len(group)) for group in groups]
    most = max(densities)
    top = len(levels) - 1
    return "".join(levels[-(-one * top // most)] if most else levels[0] for one in densities)
