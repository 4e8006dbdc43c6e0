"""Two swept paths: maps of what reaches the last layer and what comes back, with the verdicts.

Light is as it should be in every map: inputs differ, little is saturated, the gradient is kept.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.choice import drawn_in_words
from weightinit_cli.plots.engine.colors import as_bytes, diverging, palette
from weightinit_cli.plots.engine.drawing import BLACK, MUTED, PALE, WHITE
from weightinit_cli.plots.engine.numbers import power_label
from weightinit_cli.plots.engine.page import (
    Axis,
    Cells,
    ColorBar,
    Dots,
    Head,
    Line,
    Page,
    Panel,
    Row,
)
from weightinit_cli.plots.engine.scales import logs_of
from weightinit_cli.plots.varied import at, in_words, key
from weightinit_cli.plots.words import in_common, runs_heading
from weightinit_cli.results.comparison import RATIO, VARIANT
from weightinit_cli.results.model import HEALTHY, is_healthy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.choice import Maps
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.page import Array, Mark
    from weightinit_cli.plots.varied import VariedAxis
    from weightinit_cli.results.comparison import ComparedRun, Comparison
    from weightinit_cli.results.model import Verdict

WIDTH, NARROW = 660.0, 400.0  # of the page; of one with a single map
NARROWEST, GAP = 130.0, 16.0
LOWEST, HIGHEST = 84.0, 190.0
HIGH = 900.0  # of all rows together
HEAD = 26.0
CELL = 14.0  # the height of a cell that is enough, where there are few
MOST_LETTERS, LETTER_LINE = 24, 7.5  # letters beside each other; the least height of a row of them
FEWEST, MOST = 1, 4  # decades of a scale
STEPS = 256
NOTHING: Color = (0.78, 0.78, 0.78)
UNRESOLVED: Color = (0.6, 0.6, 0.6)
STROKE: Color = (0.5, 0.5, 0.5)
STROKE_WIDTH = 0.8
DOT, DOT_ROOM = 0.9, 6.0  # in a map without letters: a dot's radius, and from dot to dot
MOST_BORDER = 1 / 3  # of a map without letters: sides of cells that are border, a cell
LETTERS = {
    "overflow": ("O", "overflow"),
    "underflow": ("F", "underflow"),
    "units_identical": ("U", "units identical"),
    "collapsed": ("C", "collapsed"),
    "saturated": ("S", "saturated"),
    "inputs_indistinguishable": ("I", "inputs indistinguishable"),
    "signal_drowned": ("W", "signal drowned"),
    "dying": ("D", "dying"),
    "vanishing_signal": ("V", "vanishing"),
    "exploding_signal": ("E", "exploding"),
    "vanishing_gradient": ("V", "vanishing"),
    "exploding_gradient": ("E", "exploding"),
    "growing_stream": ("G", "growing stream"),
    "confident_at_start": ("L", "confident at start"),
    "starts_at_zero": ("Z", "starts at zero"),
    HEALTHY: ("•", "healthy"),
}
OTHER = ("?", "something else")


class Field(NamedTuple):
    """A figure of a run, made of those at `paths`, and the colours of its values."""

    paths: tuple[str, ...]
    value: Callable[[ComparedRun], float | None]
    bar: ColorBar

    def unresolved(self, run: ComparedRun) -> bool:
        """Whether the run has no value because its dtype cannot tell it."""
        return self.value(run) is None and run.cannot_tell(*self.paths)


class Facet(NamedTuple):
    """The runs of one row of maps, rows from below; None where a run is missing."""

    name: str
    runs: list[list[ComparedRun | None]]

    @property
    def verdicts(self) -> list[list[tuple[Verdict, ...]]]:
        """What was found in each cell."""
        return [[() if run is None else run.verdict for run in row] for row in self.runs]

    @property
    def healthy(self) -> NDArray[np.bool_]:
        """Which cells are."""
        return self.where(lambda run: run is not None and is_healthy(run.verdict))

    def where(self, holds: Callable[[ComparedRun | None], bool]) -> NDArray[np.bool_]:
        """The cells of whose run, or of whose missing run, something holds."""
        return np.array([list(map(holds, row)) for row in self.runs], dtype=np.bool_)


def maps_page(comparison: Comparison, layout: Maps) -> Page | None:
    """The page: a row of maps for each facet, one of each figure.

    None where no run has any of the figures.
    """
    x, y = layout.x.ordered(), layout.y.ordered()
    facets = _facets(comparison.runs, x, y, layout.facets)
    shown = _fields([run for each in facets for row in each.runs for run in row if run is not None])
    if not shown:
        return None
    rows, columns = len(y.values), len(x.values)
    high = min(max(CELL * rows, LOWEST), HIGHEST, HIGH / len(facets) - HEAD)
    letters = columns <= MOST_LETTERS and high / rows >= LETTER_LINE
    across = Axis(0.0, columns, x.title, ticks=_ticks(x.words), names=True, numbers=x.numeric)
    words = y.words if y.numeric else y.words[::-1]
    upwards = Axis(0.0, rows, y.title, ticks=_ticks(words), names=True, numbers=y.numeric)
    beside = replace(upwards, labelled=False)
    outlined = [_outline(each.healthy, letters=letters) for each in facets]
    dotted = any(outlined) and not letters
    page_rows = []
    for each, outline in zip(facets, outlined, strict=True):
        panels = tuple(
            Panel(
                across,
                beside if k else upwards,
                (
                    *_cells(each, field, letters=letters),
                    *(_dots(each, high) if dotted else ()),
                    *outline,
                ),
                bar=field.bar,
                frame="closed",
                name=" · ".join(filter(None, (each.name, field.bar.axis.name))),
            )
            for k, field in enumerate(shown)
        )
        last = each is facets[-1]
        head = Head(each.name, rule=False) if each.name else None
        caption = x.title if last else ""
        page_rows.append(
            Row(panels, high, narrowest=NARROWEST, gap=GAP, caption=caption, ticks=last, head=head)
        )
    found = _verdicts_found(facets, letters=letters, outlined=any(outlined))
    notes = tuple((" · ".join(each), MUTED) for each in (found, _gaps(facets, shown)) if each)
    heading = runs_heading(comparison.name, [*in_common(comparison), *drawn_in_words(layout)])
    width = WIDTH if shown[1:] else NARROW
    return Page(heading, tuple(page_rows), width, foot=notes)


def _ticks(words: Sequence[str]) -> tuple[tuple[float, str], ...]:
    return tuple((k + 0.5, each) for k, each in enumerate(words))


def _facets(
    runs: Sequence[ComparedRun], x: VariedAxis, y: VariedAxis, axes_of_rows: Sequence[VariedAxis]
) -> list[Facet]:
    """A facet for each combination of the values of these axes."""
    found = at(runs, [*axes_of_rows, y, x])
    rows = y.values if y.numeric else tuple(reversed(y.values))
    facets = []
    for values in product(*(axis.values for axis in axes_of_rows)):
        before = tuple(map(key, values))
        words = [
            in_words(value) if axis.path == VARIANT else f"{axis.title}: {in_words(value)}"
            for axis, value in zip(axes_of_rows, values, strict=True)
        ]
        grid = [[found.get((*before, key(v), key(u))) for u in x.values] for v in rows]
        facets.append(Facet(", ".join(words), grid))
    return facets


def _fields(runs: Sequence[ComparedRun]) -> list[Field]:
    """The figures that some run has, or would have if its dtype could tell."""
    found = [_signal_field(runs), _saturation_field(), _gradient_field(runs)]
    return [
        each
        for each in found
        if any(each.value(run) is not None or each.unresolved(run) for run in runs)
    ]


def _signal(run: ComparedRun) -> float | None:
    across, std = run.last("std_across_inputs"), run.last("std")
    return across / std if across is not None and std else None


def _saturated(run: ComparedRun) -> float | None:
    low, high = run.last("saturation.low"), run.last("saturation.high")
    return None if low is None or high is None else low + high


def _levels() -> Array:
    return np.linspace(0.0, 1.0, STEPS)


def _signal_field(runs: Sequence[ComparedRun]) -> Field:
    """In decades up to 1, which is where all of the spread is from input to input."""
    values = [value for run in runs if (value := _signal(run)) is not None]
    least = math.floor(min(logs_of(values), default=0.0) + 1e-9)
    low = -min(max(-least, FEWEST), MOST)
    beyond = "≤ " if min(values, default=1.0) < 10.0**low * (1 - 1e-9) else ""
    ticks = tuple(
        (float(k), f"{beyond if k == low else ''}{100 * 10.0**k:g} %") for k in range(low, 1)
    )
    axis = Axis(low, 0.0, "std across inputs / std, last layer", log=True, ticks=ticks)
    bar = ColorBar(palette(1 - _levels()), axis, "light: inputs differ", above=True)
    return Field(("std_across_inputs", "std"), _signal, bar)


def _saturation_field() -> Field:
    ticks = tuple((k / 4, f"{25 * k} %" if k else "0") for k in range(5))
    axis = Axis(0.0, 1.0, "saturated, last layer", ticks=ticks, share=True)
    bar = ColorBar(palette(_levels()), axis, "light: little", above=True)
    return Field(("saturation.low", "saturation.high"), _saturated, bar)


def _gradient_field(runs: Sequence[ComparedRun]) -> Field:
    """In decades around 1, where the gradient's power stays as it is."""
    values = [run.gradient for run in runs if run.gradient is not None]
    logs = logs_of(values)
    reach = min(max(math.ceil(max(map(abs, logs), default=0.0) - 1e-9), FEWEST), MOST)
    low = "≤ " if any(value < 10.0**-reach for value in values) else ""
    high = "≥ " if any(value > 10.0**reach for value in values) else ""
    step = 2 if reach > 2 else 1
    ticks = tuple(
        (float(k), {-reach: low, reach: high}.get(k, "") + (power_label(k) if k else "1"))
        for k in range(-reach, reach + 1)
        if k % step == 0 or abs(k) == reach
    )
    axis = Axis(-reach, reach, "gradient's total power, × a layer", log=True, ticks=ticks)
    bar = ColorBar(diverging(_levels()), axis, "light: kept", above=True)
    return Field((RATIO,), lambda run: run.gradient, bar)


def _cells(facet: Facet, field: Field, *, letters: bool) -> list[Mark]:
    """The cells of a map, and strokes in those without a value."""
    values = np.array(
        [[math.nan if run is None else _or_nan(field.value(run)) for run in row]
         for row in facet.runs]
    )  # fmt: skip
    levels = np.nan_to_num(np.clip(field.bar.axis.parts(values), 0.0, 1.0))
    rgb = field.bar.rgb[np.rint(levels * (STEPS - 1)).astype(np.intp)]
    missing = facet.where(lambda run: run is None)
    lost = facet.where(lambda run: run is not None and field.unresolved(run))
    nothing = np.isnan(values) & ~missing & ~lost
    rgb[nothing], rgb[lost], rgb[missing] = map(as_bytes, (NOTHING, UNRESOLVED, WHITE))
    words = tuple(tuple(map(_letter, row)) for row in facet.verdicts) if letters else ()
    rows, columns = values.shape
    sides = np.array([0.0, columns]), np.array([0.0, rows])
    return [
        Cells(*sides, rgb, values, words),
        *_hatching(nothing, STROKE),
        *_hatching(lost, PALE),
        *_crosses(missing),
    ]


def _dots(facet: Facet, high: float) -> list[Mark]:
    """Dots in healthy cells, in as many as have room: they say on which side of the outline."""
    rows, columns = facet.healthy.shape
    down, across = math.ceil(DOT_ROOM * rows / high), math.ceil(DOT_ROOM * columns / NARROWEST)
    some = np.zeros((rows, columns), dtype=np.bool_)
    some[down // 2 :: down, across // 2 :: across] = True
    places = np.argwhere(some & facet.healthy).astype(np.float64) + 0.5
    y, x = places.T
    return [Dots(x, y, PALE, DOT + 0.7), Dots(x, y, BLACK, DOT)]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _hatching(where: NDArray[np.bool_], color: Color) -> list[Mark]:
    """Two rising strokes in every one of these cells, beside its letter."""
    if not where.any():
        return []
    x, y = _rising(np.kron(where, np.array([[False, True], [True, False]])))
    return [Line(x / 2, y / 2, color, STROKE_WIDTH)]


def _crosses(where: NDArray[np.bool_]) -> list[Mark]:
    """A cross through every one of these cells."""
    if not where.any():
        return []
    rising, falling = _rising(where), _rising(where[::-1])
    return [
        Line(*rising, STROKE, STROKE_WIDTH),
        Line(falling[0], len(where) - falling[1], STROKE, STROKE_WIDTH),
    ]


def _rising(where: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Diagonals through these cells, one stroke where cells follow on each other, and gaps."""
    rows, columns = where.shape
    points: list[tuple[float, float]] = []
    for shift in range(1 - rows, columns):
        changes = np.diff(np.pad(np.diagonal(where, shift), 1).astype(np.int8))
        x, y = max(shift, 0), max(-shift, 0)
        for start, end in np.flatnonzero(changes).reshape(-1, 2).tolist():
            points += [(x + start, y + start), (x + end, y + end), (math.nan, math.nan)]
    found = np.array(points, dtype=np.float64)
    return found[:, 0], found[:, 1]


def _outline(inside: NDArray[np.bool_], *, letters: bool) -> list[Mark]:
    """The border of these cells, black on white; nothing where it is all or none.

    Nothing either where, in a map of small cells, they are so scattered that it would hide them.
    """
    level, upright = _level_borders(inside), _level_borders(inside.T)
    length = sum(end - start for _, start, end in level + upright)
    if not length or not (letters or length <= MOST_BORDER * inside.size):
        return []
    x = [at for _, start, end in level for at in (start, end, math.nan)]
    y = [at for line, _, _ in level for at in (line, line, math.nan)]
    x += [at for line, _, _ in upright for at in (line, line, math.nan)]
    y += [at for _, start, end in upright for at in (start, end, math.nan)]
    places = np.array(x), np.array(y)
    return [Line(*places, PALE, 3.2), Line(*places, BLACK, 1.5)]


def _level_borders(inside: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """The stretches of level border within the map: which line, from where, to where."""
    changes = inside[1:] != inside[:-1]
    padded = np.pad(changes, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    return [
        (int(line) + 1, int(start), int(end))
        for (line, start), (_, end) in zip(
            np.argwhere(steps == 1), np.argwhere(steps == -1), strict=True
        )
    ]


def _shown(verdicts: Sequence[Verdict]) -> str | None:
    """The name of the first verdict that warns, which is the root cause; else `healthy`."""
    if is_healthy(verdicts):
        return HEALTHY
    return next((each.name for each in verdicts if each.warns), None)


def _letter(verdicts: Sequence[Verdict]) -> str:
    name = _shown(verdicts)
    return "" if name is None else LETTERS.get(name, OTHER)[0]


def _verdicts_found(facets: Sequence[Facet], *, letters: bool, outlined: bool) -> list[str]:
    """What letters mean, and how many are healthy: `V vanishing, • healthy`."""
    verdicts = [verdict for each in facets for row in each.verdicts for verdict in row if verdict]
    if not verdicts:
        return []
    found = []
    seen = set(filter(None, map(_shown, verdicts)))
    if letters and seen:
        pairs = dict(LETTERS[name] for name in LETTERS if name in seen)
        pairs |= dict([OTHER]) if seen - set(LETTERS) else {}
        found.append(", ".join(f"{letter} {words}" for letter, words in pairs.items()))
    healthy, number = sum(map(is_healthy, verdicts)), len(verdicts)
    words = f"{healthy:,} of {number:,}"
    if healthy in (0, number):
        return [*found, "all healthy" if healthy else "none healthy"]
    if not outlined:
        return [*found, f"healthy: {words}"]
    return [*found, f"outlined: healthy, {words}" if letters else f"• healthy, outlined: {words}"]


def _gaps(facets: Sequence[Facet], shown: Sequence[Field]) -> list[str]:
    """What strokes and crosses mean, each where it occurs."""
    cells = [run for each in facets for row in each.runs for run in row]
    pairs = [(run, field) for run in cells if run is not None for field in shown]
    found = []
    if any(field.value(run) is None and not field.unresolved(run) for run, field in pairs):
        found.append("grey, dark strokes: no such figure")
    if any(field.unresolved(run) for run, field in pairs):
        found.append("grey, white strokes: unresolved")
    if None in cells:
        found.append("crossed out: no result")
    return found
