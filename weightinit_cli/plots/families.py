"""Curves over depth, one per run: a column of panels per variant, colour by what was swept."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.choice import drawn_in_words
from weightinit_cli.plots.curves import columns_of, figure_rows, is_listed, shown_values
from weightinit_cli.plots.depth import MOST_DOTS, RADIUS, WIDTH
from weightinit_cli.plots.engine.colors import HUES, palette_of_lines
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE
from weightinit_cli.plots.engine.page import (
    ColorBar,
    Entry,
    Legend,
    Line,
    Page,
    Panel,
    Row,
    Words,
)
from weightinit_cli.plots.engine.scales import layers_axis
from weightinit_cli.plots.engine.stripes import dash_of
from weightinit_cli.plots.words import in_common, runs_heading
from weightinit_cli.results.comparison import is_number
from weightinit_cli.results.model import HEALTHY, is_healthy
from weightinit_cli.results.verdictwords import root_causes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.plots.choice import Curves
    from weightinit_cli.plots.curves import Column, ComparedFigure, Curve, FigureRow, Group, Shown
    from weightinit_cli.plots.engine.page import Axis, Mark, Note, Remark
    from weightinit_cli.plots.varied import VariedAxis
    from weightinit_cli.results.comparison import ComparedRun, Comparison
    from weightinit_cli.results.model import Verdict

NARROWEST, GAP = 60.0, 14.0
ABSENCES = {
    "saturated": "not flat on both sides",
    "gradient δ, rms": "not measured",
    "gradient of stream, rms": "not measured",
    "branch, rms": "no branches",
}
MOST_NAMED = 4
LARGER = 1.35  # is a marker that is no disc
MOST_MARKED = 12  # layers of a curve that only its marker tells from others
RING = 1.2
BANDS = 64


def curves_over_depth(comparison: Comparison, layout: Curves) -> Page | None:
    """The page: a row of panels for each figure, in which each column of runs has one.

    None where no run has any of the figures.
    """
    every = shown_values(layout.color)
    columns = columns_of(comparison.runs, every, layout)
    rows = figure_rows(columns)
    if not rows:
        return None
    layers = layers_axis(max(len(run.figures["std"]) for run in comparison.runs))
    groups = [[row.groups(k) for k in range(len(columns))] for row in rows]
    of_page = [
        _row(row, each, columns, replace(layers, name=""), layout.color)
        for row, each in zip(rows, groups, strict=True)
    ]
    told = layout.column is None and is_listed(
        layout.color
    )  # in the legend, what became of each run
    of_page[0] = _titled(of_page[0], columns, healthy=not told)
    of_page[-1] = replace(of_page[-1], caption=layers.name, ticks=True)
    heading = runs_heading(comparison.name, [*in_common(comparison), *drawn_in_words(layout)])
    second = _seconds(columns[0], [each[0] for each in groups]) if told else {}
    return Page(heading, tuple(of_page), legend=_legend(layout.color, every, second))


def _row(
    row: FigureRow,
    groups: Sequence[Sequence[Group]],
    columns: Sequence[Column],
    layers: Axis,
    color: VariedAxis,
) -> Row:
    """One figure's panels, a panel for each column."""
    panels = tuple(
        Panel(
            layers,
            replace(row.axis, labelled=k == 0),
            _marks(row, k, groups[k], color),
            notes=tuple(_notes(row, k)),
            align="left",
            rules=True,
            name=" · ".join(filter(None, (column.name, row.axis.words))),
        )
        for k, column in enumerate(columns)
    )
    return Row(panels, row.figure.height, narrowest=NARROWEST, gap=GAP, ticks=False)


def _titled(row: Row, columns: Sequence[Column], *, healthy: bool) -> Row:
    """The uppermost row with the columns' titles and, where asked for, which runs are healthy."""
    panels = tuple(
        replace(
            panel,
            title=column.title,
            notes=(*(_healthy(column) if healthy else ()), *panel.notes),
        )
        for panel, column in zip(row.panels, columns, strict=True)
    )
    return replace(row, panels=panels)


def _marks(
    row: FigureRow, column: int, groups: Sequence[Group], color: VariedAxis
) -> tuple[Mark, ...]:
    """The curves, the first ones uppermost; why there is none of them."""
    curves = row.curves[column]
    if not any(len(curve.known) for curve in curves):
        lost = any(row.figure.unresolved(curve.run) for curve in curves)
        nowhere = ABSENCES.get(row.figure.words, "no finite value")
        return (Words(0.5, 0.5, "unresolved" if lost else nowhere, MUTED, within=True),)
    alone = dict.fromkeys(range(len(curves)), (0, 1))
    together = {k: (n, len(group)) for group in groups for n, k in enumerate(group)}
    order = [k for group in reversed(groups) for k in group]
    order = [k for k in range(len(curves)) if k not in together and len(curves[k].known)] + order
    places = alone | together if is_listed(color) else alone
    sparse = not color.numeric and len(color.values) > len(HUES)
    return tuple(_line(curves[k], *places[k], sparse=sparse) for k in order)


def _line(curve: Curve, place: int, of: int, *, sparse: bool) -> Line:
    """A curve; of several that coincide, this one's place, so that stripes show the colours of all.

    With `sparse` markers tell curves apart, also where there are too many layers for one in each.
    """
    number = len(curve.values)
    step = max(-(-number // MOST_MARKED), 1) if sparse else 1
    radius = RADIUS if sparse or number <= MOST_DOTS else 0.0
    radius *= 1.0 if curve.shown.marker == "disc" else LARGER
    every = (step * place, step * of)
    if number == 1:
        radius += RING * (of - 1 - place)
        every = (0, 1)
    layers = np.arange(1.0, number + 1)
    color, marker = curve.shown.color, curve.shown.marker
    return Line(
        layers,
        curve.values,
        color,
        WIDTH,
        dash_of(place, of),
        radius,
        curve.shown.words,
        marker,
        every,
    )


def _healthy(column: Column) -> tuple[Note, ...]:
    """Which of a column's runs are healthy, where that is known."""
    if not any(run.verdict for _, run in column.runs):
        return ()
    well = [is_healthy(run.verdict) for _, run in column.runs]
    if not any(well):
        return (("healthy: none", ORANGE),)
    return ((f"healthy: {_named([shown for shown, _ in column.runs], well)}", MUTED),)


def _notes(row: FigureRow, column: int) -> list[Remark]:
    """What a column's curves cannot show of a figure, in words.

    That is what leaves the axis, zeros on a log axis, layers without the figure where the run has
    it in others, runs that have it in none for lack of resolution, and those whose figure is of the
    finite values.
    """
    figure, curves, axis = row.figure, row.curves[column], row.axis
    every = [shown for shown, _, _ in curves]
    runs = [run for _, run, _ in curves]
    some = [len(each.known) > 0 for each in curves]
    lost = [figure.unresolved(run) for run in runs]
    zero = [axis.log and run.zeros.issuperset(figure.paths) for run in runs]
    gaps = [
        (0 < len(each.known) < len(each.values) and _should_be(figure, each.run))
        or each.run.nonfinite.issuperset(figure.paths)
        for each in curves
    ]
    pairs = [
        ("exactly zero somewhere", zero),
        ("inf or nan somewhere", gaps),
        ("unresolved somewhere", [a and b for a, b in zip(lost, some, strict=True)]),
        ("unresolved everywhere", [a and not b for a, b in zip(lost, some, strict=True)]),
    ]
    notes = [(f"{words}: {_named(every, which)}", ORANGE) for words, which in pairs if any(which)]
    return [*_beyond(row, column), *notes]


def _should_be(figure: ComparedFigure, run: ComparedRun) -> bool:
    """Whether what layers lack is no figure below the resolution, nor that of ends that φ lacks."""
    ends = all(path.startswith("saturation.") for path in figure.paths)
    return not figure.unresolved(run) and (bool(run.nonfinite) or not ends)


def _beyond(row: FigureRow, column: int) -> list[Remark]:
    """Which curves leave the axis, and how far they go."""
    axis, curves = row.axis, row.curves[column]
    if not axis.log:
        return []
    every = [each.shown for each in curves]
    logs = [each.logs for each in curves]
    above = [bool((each > axis.high).any()) for each in logs]
    below = [bool((each < axis.low).any()) for each in logs]
    ends = np.concatenate(logs)
    notes: list[Remark] = []
    for side, which, end in (("above", above, max), ("below", below, min)):
        if any(which):
            furthest = two_digits(float(10.0 ** end(ends)), 1)
            words = f", to {furthest}: {_named(every, which)}"
            notes.append(((f"{side} the axis{words}", f"{side}{words}"), MUTED))
    return notes


def _named(every: Sequence[Shown], chosen: Sequence[bool]) -> str:
    """The words of the chosen: of three numbers and more in a row `0.8 to 2`, of many a few."""
    if all(chosen) and every[MOST_NAMED:]:
        return "all"
    found = []
    for some, stretch in groupby(zip(chosen, every, strict=True), key=lambda pair: pair[0]):
        shown = [each for _, each in stretch] if some else []
        words = [each.words for each in shown]
        if words[2:] and all(is_number(each.value) for each in shown):
            words = [f"{words[0]} to {words[-1]}"]
        found += words
    more = len(found) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    between = "; " if any(", " in words for words in found) else ", "
    return between.join(found[:MOST_NAMED]) + rest


def _legend(axis: VariedAxis, every: Sequence[Shown], second: Mapping[str, Note]) -> Legend:
    """A line for each value, of numbers the greatest first; of many numbers a bar of colours."""
    if not is_listed(axis):
        rgb = palette_of_lines(np.linspace(0.0, 1.0, BANDS))
        return Legend(axis.title, bar=ColorBar(rgb, axis.scale()))
    entries = [
        Entry((each.words,), each.color, marker=each.marker, second=second.get(each.words))
        for each in (reversed(every) if axis.numeric else every)
    ]
    return Legend(axis.title, tuple(entries))


def _seconds(column: Column, groups: Sequence[Sequence[Group]]) -> dict[str, Note]:
    """Below each value's words: what was found of its run, or whose curves it has everywhere."""
    covered: dict[int, list[tuple[int, int]]] = {}  # by each curve, in which row by which first one
    for number, of_row in enumerate(groups):
        for group in of_row:
            for k in group:
                covered.setdefault(k, []).append((number, group[0]))
    seen: dict[tuple[tuple[int, int], ...], int] = {}
    found = {}
    for k, (shown, run) in enumerate(column.runs):
        words = _found(run)
        same = seen.setdefault(tuple(covered.get(k, [(-1, k)])), k)
        if same != k:
            other, like = column.runs[same]
            alike = _found(like) == words
            words = f"as {other.words}" if alike else f"{words}, as {other.words}"
        if words:
            found[shown.words] = (words, MUTED if is_healthy(run.verdict) else ORANGE)
    return found


def _found(run: ComparedRun) -> str:
    """`exploding signal, loss 23.1`: what was found of a run, and its loss at the start."""
    loss = "" if run.loss is None else f"loss {two_digits(run.loss, 3)}"
    return ", ".join(filter(None, (_verdict_words(run.verdict), loss)))


def _verdict_words(verdicts: Sequence[Verdict]) -> str:
    """The first root cause that warns, and how many more there are."""
    if is_healthy(verdicts):
        return HEALTHY
    names = [each.name.replace("_", " ") for each in root_causes(verdicts) if each.warns]
    more = f" +{len(names) - 1}" if names[1:] else ""
    return f"{names[0]}{more}" if names else ""
