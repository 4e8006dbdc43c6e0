"""The values of a probed model, one below the other: the shape of each, its size, its gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.errors import counted
from weightinit_cli.numerals import percent
from weightinit_cli.plots import figures
from weightinit_cli.plots.bins import binned, peak
from weightinit_cli.plots.engine.colors import HUES
from weightinit_cli.plots.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE
from weightinit_cli.plots.engine.page import (
    Area,
    Axis,
    Dots,
    Key,
    Line,
    Page,
    Panel,
    Row,
    Words,
    array,
)
from weightinit_cli.plots.engine.scales import logarithmic
from weightinit_cli.plots.paths import fitted, shortened
from weightinit_cli.plots.words import probe_heading
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.outstanding import pointed_at
from weightinit_cli.results.words import value_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.bins import Shares
    from weightinit_cli.plots.engine.drawing import Color, Shape
    from weightinit_cli.plots.engine.page import Array, Mark
    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedValue, ProbeResult


class Size(NamedTuple):
    """A figure that tells a size, by its path, and what it looks like."""

    path: str
    words: str
    color: Color
    marker: Shape = "disc"
    width: float = 1.8


GRADIENT = Size(figures.SIGNAL, "gradient, rms", GREEN, "diamond")
ACROSS_INPUTS = Size("std_across_inputs", "std (inputs)", HUES[3])
STD = Size("std", "std", BLUE)
SIZES = (GRADIENT, ACROSS_INPUTS, STD)
POINTED_AT = Key("a verdict points at it", ORANGE, band=True, part=1.0)
MOST = 36
ROW, LEAST = 15.0, 60.0  # points: of a value's row, of a panel
HIGH, BASE = 0.86, -0.43  # of a row: how high a histogram is, and where it stands
RADIUS = 2.4
LEAST_DECADES = 2.0
NARROWEST, GAP = 80.0, 34.0
WORTH_A_WORD = 0.01
OWN = Axis(0.0, 1.0, "value, each in its own range",
           ticks=((0.0, "lowest"), (1.0, "highest")), names=True)  # fmt: skip


def values_page(result: ProbeResult) -> Page:
    """The page: a row for each value, or for some of many, in the order of the run."""
    places = shown(result)
    values = [result.values[place] for place in places]
    wrong = warned_of(result)
    colors = [ORANGE if place in wrong else BLUE for place in places]
    count = len(values)
    names = shortened([each.name for each in values])
    ticks = tuple((float(count - k), fitted(name)) for k, name in enumerate(names))
    up = Axis(0.5, count + 0.5, ticks=ticks, names=True)
    statistics = [each.figures for each in values]
    notes = [(_selection(len(result.values), count), MUTED)] if count < len(result.values) else []
    shapes = Panel(OWN, up, tuple(_shapes(statistics, colors)), notes=tuple(notes), align="left")
    sizes = _sizes(values, up, wrong, places)
    row = Row((shapes, sizes), max(ROW * count, LEAST), NARROWEST, NARROWEST, GAP)
    keys = [Key(each.words, each.color, band=True, part=1.0) for each in reversed(SIZES)]
    keys += [POINTED_AT] * bool(wrong)
    return Page(probe_heading(result, tuple(keys)), (row,))


def warned_of(result: ProbeResult) -> dict[int, str]:
    """The name of the warning that points at a value, by the value's place; the worst first."""
    found: dict[int, str] = {}
    for place, verdicts in pointed_at(result).items():
        for each in verdicts:
            if each.warns:
                found.setdefault(place, each.name)
    return found


def shown(result: ProbeResult) -> list[int]:
    """The places of values that have a row: all, or of many those that say most.

    What verdicts point at, the first value that is not finite, those of the streams, spread evenly
    where they are too many; and as many of the first and the last ones as have room, before others
    those that a parameter or an activation made.
    """
    count = len(result.values)
    if count <= MOST:
        return list(range(count))
    lost = (k for k, each in enumerate(result.values) if each.figures.nonfinite)
    along = sorted({place for each in result.streams for place in each.values})
    spread = np.linspace(0, len(along) - 1, min(len(along), MOST // 2)).round().astype(int)
    chosen = {*list(warned_of(result))[: MOST // 2], *list(lost)[:1], *(along[k] for k in spread)}
    inwards = [count - 1 - k // 2 if k % 2 else k // 2 for k in range(count)]
    for place in sorted(inwards, key=lambda place: not _says_much(result.values[place])):
        if len(chosen) >= MOST:
            break
        chosen.add(place)
    return sorted(chosen)


def _says_much(value: ProbedValue) -> bool:
    """Whether a parameter, an activation or attention made a value."""
    activated = value.figures.preactivation_std is not None
    return bool(value.parameters) or activated or value.entropy is not None


def _selection(count: int, number: int) -> str:
    return f"{number} of {counted(count, 'value')}: along the streams, first and last ones"


def _shapes(values: Sequence[LayerStatistics], colors: Sequence[Color]) -> list[Mark]:
    """The outline of each value's histogram, a stroke where 0 is, and words where it has none."""
    marks: list[Mark] = []
    zeros: list[tuple[float, float]] = []
    for k, (value, color) in enumerate(zip(values, colors, strict=True)):
        base = len(values) - k + BASE
        own = binned([value])
        shares, axis = own.layers[0], own.axes[0]
        if shares.empty:
            marks.append(Words(0.5, base - BASE, "inf or nan", ORANGE))
            continue
        x, y = _outline(_heights(shares, axis))
        marks.append(Area(x, base + HIGH * y, color))
        zero = axis.part(0.0)
        if 0 <= zero <= 1:
            zeros += [(zero, base), (zero, base + HIGH), (np.nan, np.nan)]
    if zeros:
        x, y = np.array(zeros).T
        marks.append(Line(x, y, INK, 0.8, words="0"))
    return marks


def _heights(shares: Shares, axis: Axis) -> Array:
    """The bars as parts of the highest one, that of exact zeros cut where it is higher."""
    top = peak(shares, axis) or float(shares.bins.max()) or 1.0
    return np.minimum(shares.bins / top, 1.0)


def _outline(heights: Array) -> tuple[Array, Array]:
    """The outline of equally wide bars from 0 to 1."""
    sides = np.linspace(0.0, 1.0, len(heights) + 1).repeat(2)
    return sides, np.concatenate([[0.0], heights.repeat(2), [0.0]])


def _sizes(
    values: Sequence[ProbedValue], up: Axis, wrong: dict[int, str], places: Sequence[int]
) -> Panel:
    """Dots for each value's std and for its gradient's size; beside them what is to be said."""
    heights = np.arange(len(values), 0, -1.0)
    found = [[resolved(value.figures, each.path) for value in values] for each in SIZES]
    known = [value for own in found for value in own]
    axis = logarithmic("std, and the gradient's rms", known, LEAST_DECADES)
    marks = tuple(
        Dots(array(own), heights, each.color, RADIUS, each.marker)
        for each, own in zip(SIZES, found, strict=True)
    )
    beside = []
    for height, value, place in zip(heights.tolist(), values, places, strict=True):
        odd = place in wrong or _lost(value)
        words = ", ".join(_said(value, wrong.get(place)))
        beside.append((height, words, ORANGE if odd else MUTED))
    return Panel(axis, replace(up, labelled=False), marks, rules=True, beside=tuple(beside))


def _lost(value: ProbedValue) -> bool:
    """Whether something of a value or of its gradient is not finite."""
    gradient = value.figures.gradient
    return value.figures.nonfinite > 0 or (gradient is not None and gradient.nonfinite > 0)


def _said(value: ProbedValue, verdict: str | None) -> list[str]:
    """What stands beside a value: what is wrong, its std, what of it is 0 or not finite."""
    own = value.figures
    words = [] if verdict is None else [verdict.replace("_", " ")]
    if own.std is not None:
        words.append(f"std {figures.measured(own, 'std')}")
    if own.zero_fraction >= WORTH_A_WORD:
        words.append(f"{percent(own.zero_fraction)} zero")
    if own.nonfinite:
        share = own.nonfinite / value_count(own)
        words.append("inf or nan" if share == 1 else f"{percent(share)} inf or nan")
    if value.entropy is not None:
        words.append(f"entropy {percent(value.entropy)} of uniform")
    if own.gradient is None:
        words.append("no gradient")
    elif own.gradient.nonfinite:
        words.append("gradient inf or nan")
    elif own.gradient.signal_rms == 0:
        words.append("gradient 0")
    return words
