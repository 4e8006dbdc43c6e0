"""Curves of many runs over depth: which figures, of which runs, over which axis."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.curves import Axis, linear_axis, log_axis, log_suits
from weightinit_cli.plots.drawing import MUTED, ORANGE
from weightinit_cli.plots.series import Series
from weightinit_cli.plots.varied import Varied, at, key
from weightinit_cli.plots.verdict import HEALTHY
from weightinit_cli.results.comparison import VARIANT, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.drawing import Color
    from weightinit_cli.plots.legend import Entry
    from weightinit_cli.plots.series import Values
    from weightinit_cli.results.comparison import ComparedRun

DECADES = 2


class Kind(NamedTuple):
    """A row of panels: what is shown, how high, and what stands where no curve has it.

    Of several paths, the share in both flat ends, the sum is shown where there are all.
    """

    words: str
    paths: tuple[str, ...]
    height: float
    absent: str

    def values(self, run: ComparedRun) -> Values:
        """Of every layer of a run."""
        every = zip(*map(run.over_depth, self.paths), strict=True)
        return tuple(
            None if len(known) < len(self.paths) else sum(known)
            for known in ([part for part in parts if part is not None] for parts in every)
        )

    def unresolved(self, run: ComparedRun) -> bool:
        """Whether the run's dtype cannot tell it in some layer."""
        return run.cannot_tell(*self.paths)


SPREADS = (
    Kind("std", ("std",), 96.0, "no finite value"),
    Kind("std across inputs", ("std_across_inputs",), 96.0, "no finite value"),
)
SATURATED = Kind("saturated", ("saturation.low", "saturation.high"), 58.0, "not flat on both sides")
GRADIENT = Kind("gradient δ, rms", ("gradient.signal_rms",), 110.0, "not measured")
KINDS = (*SPREADS, SATURATED, GRADIENT)


class Column(NamedTuple):
    """The curves of one variant, or of all runs."""

    name: str
    curves: tuple[tuple[Entry, ComparedRun], ...]

    def series(self, kind: Kind, layers: int) -> list[Series]:
        """The curves of a kind that have a value."""
        found = []
        for entry, run in self.curves:
            values = kind.values(run)
            if any(value is not None for value in values):
                values += (None,) * (layers - len(values))
                none = (None,) * layers
                found.append(Series(entry.words, entry.color, values, none, none, none))
        return found

    def absent(self, kind: Kind) -> str:
        """What stands where no curve has it."""
        lost = any(kind.unresolved(run) for _, run in self.curves)
        return "unresolved" if lost else kind.absent

    @property
    def healthy(self) -> tuple[str, Color] | None:
        """Which of the curves' runs are."""
        if not any(run.verdict for _, run in self.curves):
            return None
        well = [run.verdict == (HEALTHY,) for _, run in self.curves]
        if all(well) or not any(well):
            return ("healthy: all", MUTED) if well[0] else ("healthy: none", ORANGE)
        return f"healthy: {', '.join(self.stretches(well))}", MUTED

    def stretches(self, chosen: Sequence[bool]) -> list[str]:
        """The chosen curves' words; of numbers, which ascend, `0.8 to 2` for three or more."""
        found = []
        for some, run in groupby(zip(chosen, self.curves, strict=True), key=lambda pair: pair[0]):
            entries = [entry for _, (entry, _) in run] if some else []
            words = [entry.words for entry in entries]
            if words[2:] and all(is_number(entry.value) for entry in entries):
                words = [f"{words[0]} to {words[-1]}"]
            found += words
        return found


class Bundle(NamedTuple):
    """A row of panels as it is drawn: the curves of each column over one axis."""

    kind: Kind
    series: tuple[list[Series], ...]
    axis: Axis
    notes: list[list[str]]  # what each column's curves cannot show
    absent: list[str]  # what stands in each column without curves

    @property
    def words(self) -> str:
        """The name of the y axis."""
        return self.axis.named(self.kind.words)


def bundles(columns: Sequence[Column], layers: int) -> list[Bundle]:
    """The figures that some run has; both standard deviations over the same axis."""
    found = []
    for kind in KINDS:
        series = tuple(column.series(kind, layers) for column in columns)
        known = _known(series)
        if kind in SPREADS:
            both = [column.series(other, layers) for other in SPREADS for column in columns]
            axis = log_axis(_known(both)) if log_suits(_known(both)) else linear_axis(_known(both))
        elif kind is SATURATED:
            axis = linear_axis(known, percent=True)
        else:
            axis = log_axis(known, DECADES)
        lost = any(kind.unresolved(run) for column in columns for _, run in column.curves)
        if known or lost:
            notes = [_missing(kind, column, axis) for column in columns]
            absent = [column.absent(kind) for column in columns]
            found.append(Bundle(kind, series, axis, notes, absent))
    return found


def _known(series: Iterable[Sequence[Series]]) -> list[float]:
    return [value for every in series for each in every for value in each.known]


def _missing(kind: Kind, column: Column, axis: Axis) -> list[str]:
    """Zeros on a log axis, and layers without the figure where the run has it in others.

    Also where the run has it in none for lack of resolution, and where it is of the finite values.
    """
    zero, gaps = [], []
    somewhere, everywhere = [], []
    for entry, run in column.curves:
        values = kind.values(run)
        some = any(value is not None for value in values)
        lost = kind.unresolved(run)
        if axis.log and run.zeros.issuperset(kind.paths):
            zero.append(entry.words)
        if (None in values and some and not lost) or run.nonfinite.issuperset(kind.paths):
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
    runs: Sequence[ComparedRun], shown: Sequence[Entry], color: Varied, column: Varied | None
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
