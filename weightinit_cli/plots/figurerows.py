"""The rows of a picture of many runs: which figure over depth, of which runs, over which axis."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.curves import Axis, axis_for
from weightinit_cli.plots.depthcurve import DepthCurve
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE
from weightinit_cli.plots.varied import VariedAxis, at, key
from weightinit_cli.results.comparison import VARIANT, is_number
from weightinit_cli.results.figures import charts
from weightinit_cli.results.model import is_healthy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.depthcurve import Values
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.legend import LegendEntry
    from weightinit_cli.results.comparison import ComparedRun
    from weightinit_cli.results.figures import Unit

DECADES = 2
HEIGHT = 96.0
HEIGHTS = {"saturated": 58.0, "gradient δ, rms": 110.0}
ABSENCES = {"saturated": "not flat on both sides", "gradient δ, rms": "not measured"}


class ComparedFigure(NamedTuple):
    """What a row of panels shows, of which unit, and in which chart it shares its axis.

    Of several paths, as of the shares in both flat ends, the sum is shown where all are known.
    """

    words: str
    paths: tuple[str, ...]
    unit: Unit
    chart: str

    @property
    def height(self) -> float:
        """The height of its panels in points."""
        return HEIGHTS.get(self.words, HEIGHT)

    @property
    def nowhere(self) -> str:
        """What stands in a panel where no run has the figure."""
        return ABSENCES.get(self.words, "no finite value")

    def values(self, run: ComparedRun) -> Values:
        """The figure's value in every layer of a run; None where it has none."""
        every = zip(*map(run.over_depth, self.paths), strict=True)
        return tuple(
            None if len(known) < len(self.paths) else sum(known)
            for known in ([part for part in parts if part is not None] for parts in every)
        )

    def unresolved(self, run: ComparedRun) -> bool:
        """Whether a run's dtype cannot tell the figure in some layer."""
        return run.cannot_tell(*self.paths)


def compared_figures() -> list[ComparedFigure]:
    """The figures that have a row of panels, those that share an axis one below the other."""
    found = []
    for chart, rows in charts().items():
        panels = {row.panel: row for row in rows.values() if row.panel}
        for words, row in panels.items():
            paths = tuple(path for path, each in rows.items() if each.panel == words)
            found.append(ComparedFigure(words, paths, row.unit, chart))
    return found


class Column(NamedTuple):
    """The runs of one variant, or all of them, each with its entry of the legend."""

    name: str
    runs: tuple[tuple[LegendEntry, ComparedRun], ...]

    def depth_curves(self, shown: ComparedFigure, layers: int) -> list[DepthCurve]:
        """The curves of a figure over depth, for the runs that have a value of it."""
        found = []
        for entry, run in self.runs:
            values = shown.values(run)
            if any(value is not None for value in values):
                values += (None,) * (layers - len(values))
                none = (None,) * layers
                found.append(DepthCurve(entry.words, entry.color, values, none, none, none))
        return found

    def absent(self, shown: ComparedFigure) -> str:
        """What stands in the column where no run has the figure."""
        lost = any(shown.unresolved(run) for _, run in self.runs)
        return "unresolved" if lost else shown.nowhere

    @property
    def healthy(self) -> tuple[str, Color] | None:
        """Which of the runs are healthy, in words, and the colour in which they stand."""
        if not any(run.verdict for _, run in self.runs):
            return None
        well = [is_healthy(run.verdict) for _, run in self.runs]
        if all(well) or not any(well):
            return ("healthy: all", MUTED) if well[0] else ("healthy: none", ORANGE)
        return f"healthy: {', '.join(self.stretches(well))}", MUTED

    def stretches(self, chosen: Sequence[bool]) -> list[str]:
        """The words of the chosen runs; of three or more numbers, which ascend, `0.8 to 2`."""
        found = []
        for some, run in groupby(zip(chosen, self.runs, strict=True), key=lambda pair: pair[0]):
            entries = [entry for _, (entry, _) in run] if some else []
            words = [entry.words for entry in entries]
            if words[2:] and all(is_number(entry.value) for entry in entries):
                words = [f"{words[0]} to {words[-1]}"]
            found += words
        return found


class FigureRow(NamedTuple):
    """One figure's row of panels as it is drawn: the curves of each column over one axis."""

    shown: ComparedFigure
    curves: tuple[list[DepthCurve], ...]
    axis: Axis
    notes: list[list[str]]  # what each column's curves cannot show
    absent: list[str]  # what stands in each column without curves

    @property
    def words(self) -> str:
        """The name of the y axis."""
        return self.axis.named(self.shown.words)


def figure_rows(columns: Sequence[Column], layers: int) -> list[FigureRow]:
    """The rows of the figures that some run has; those of the same chart share an axis."""
    found = []
    every = {
        shown: tuple(column.depth_curves(shown, layers) for column in columns)
        for shown in compared_figures()
    }
    for shown, curves in every.items():
        beside = [each for other in every if other.chart == shown.chart for each in every[other]]
        axis = axis_for(shown.unit, _known(beside), DECADES)
        lost = any(shown.unresolved(run) for column in columns for _, run in column.runs)
        if _known(curves) or lost:
            notes = [_missing(shown, column, axis) for column in columns]
            absent = [column.absent(shown) for column in columns]
            found.append(FigureRow(shown, curves, axis, notes, absent))
    return found


def _known(curves: Iterable[Sequence[DepthCurve]]) -> list[float]:
    return [value for every in curves for each in every for value in each.known]


def _missing(shown: ComparedFigure, column: Column, axis: Axis) -> list[str]:
    """What a column's curves cannot show of a figure, in words.

    That is zeros on a log axis, layers without the figure where the run has it in others, runs
    that have it in none for lack of resolution, and those whose figure is of the finite values.
    """
    zero, gaps = [], []
    somewhere, everywhere = [], []
    for entry, run in column.runs:
        values = shown.values(run)
        some = any(value is not None for value in values)
        lost = shown.unresolved(run)
        if axis.log and run.zeros.issuperset(shown.paths):
            zero.append(entry.words)
        if (None in values and some and not lost) or run.nonfinite.issuperset(shown.paths):
            gaps.append(entry.words)
        somewhere.append(lost and some)
        everywhere.append(lost and not some)
    pairs = (
        ("exactly zero somewhere", zero),
        ("inf or nan somewhere", gaps),
        ("unresolved somewhere", column.stretches(somewhere)),
        ("unresolved everywhere", column.stretches(everywhere)),
    )
    return [f"{words}: {', '.join(names)}" for words, names in pairs if names]


def columns_of(
    runs: Sequence[ComparedRun],
    shown: Sequence[LegendEntry],
    color: VariedAxis,
    column: VariedAxis | None,
) -> list[Column]:
    """The curves of the shown values, in a column for each value of `column`."""
    if column is None:
        found = at(runs, [color])
        pairs = ((entry, found.get((key(entry.value),))) for entry in shown)
        return [Column("", tuple((entry, run) for entry, run in pairs if run is not None))]
    found = at(runs, [column, color])
    columns = []
    for value, words in zip(column.values, column.words, strict=True):
        pairs = ((entry, found.get((key(value), key(entry.value)))) for entry in shown)
        name = words if column.path == VARIANT else f"{column.title}: {words}"
        columns.append(Column(name, tuple((e, run) for e, run in pairs if run is not None)))
    return columns
