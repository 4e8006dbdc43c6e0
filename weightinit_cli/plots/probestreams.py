"""The streams of a probed model: how large values are along each, and the gradients of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.errors import counted
from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.depth import HIGH, LOW
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE
from weightinit_cli.plots.engine.page import (
    Band,
    Head,
    Key,
    Line,
    Page,
    Panel,
    Pointer,
    Row,
    Words,
    array,
)
from weightinit_cli.plots.engine.scales import logarithmic
from weightinit_cli.plots.figures import spread
from weightinit_cli.plots.paths import paths_axis
from weightinit_cli.plots.probevalues import (
    ACROSS_INPUTS,
    GRADIENT,
    POINTED_AT,
    STD,
    Size,
    warned_of,
)
from weightinit_cli.plots.words import probe_heading
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import is_partial, is_zero

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightinit_cli.plots.engine.page import Axis, Mark, Note
    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedValue, ProbeResult, Stream

MOST_STREAMS = 4
HEIGHT = 104.0
LEAST = 1.5  # decades of an axis
FARTHEST = 1000.0  # what is added is off the axis where it is smaller by this factor
MOST_DOTS = 80
RADIUS = 1.9
BRANCH = Size("std", "std of what is added", MUTED, "triangle", 0.9)


def streams_page(result: ProbeResult) -> Page:
    """The page: for each stream its values' standard deviations, and below them the gradients."""
    wrong = warned_of(result)
    drawn = result.streams[:MOST_STREAMS]
    rows = [row for each in drawn for row in _rows(result, each, wrong)]
    foot: list[Note] = []
    left = len(result.streams) - len(drawn)
    if left:
        foot.append((f"not drawn: {counted(left, 'more stream')}", MUTED))
    if not rows:
        foot.append(("no stream was found", MUTED))
    keys = [POINTED_AT] * any(place in wrong for each in drawn for place in each.values)
    seeds = result.spec["repeats"]
    if seeds > 1:
        keys.append(Key(f"over {seeds:,} seeds, quantiles {LOW} to {HIGH}", STD.color, band=True))
    return Page(probe_heading(result, tuple(keys)), tuple(rows), foot=tuple(foot))


class _Curve(NamedTuple):
    """One figure of values along a stream, None where the stream has no such value."""

    size: Size
    values: tuple[ProbedValue | None, ...]

    @property
    def found(self) -> list[float | None]:
        """The figure at each place."""
        path = self.size.path
        return [None if each is None else resolved(each.figures, path) for each in self.values]

    def quantile(self, name: str) -> list[float | None]:
        """One quantile over the seeds at each place, None of a single run."""
        path = self.size.path
        over = [None if each is None else spread(each.figures, path) for each in self.values]
        return [each.quantiles[name] if each and each.quantiles else None for each in over]

    def where(self, lies: Callable[[LayerStatistics, str], bool]) -> list[str]:
        """The names of those values of whose figure this is true."""
        known = [each for each in self.values if each is not None]
        return [each.name for each in known if lies(each.figures, self.size.path)]


def _rows(result: ProbeResult, stream: Stream, wrong: Mapping[int, str]) -> list[Row]:
    values = tuple(result.values[place] for place in stream.values)
    x = paths_axis([each.name for each in values])
    where = f" of {stream.module}" if stream.module else ""
    ends = f"from {values[0].name} to {values[-1].name}"
    head = Head(f"{stream.kind} stream{where}", (counted(len(values), "value"), ends))
    numbered = enumerate(stream.values, 1)
    pointers = [Pointer(float(k), ORANGE) for k, place in numbered if place in wrong]
    curves = [_Curve(STD, values), _Curve(ACROSS_INPUTS, values)]
    if stream.branches:
        added = (result.values[place] for place in stream.branches)
        curves.append(_Curve(BRANCH, (None, *added)))
    above = _panel(curves, STD.words, x, pointers)
    below = _panel([_Curve(GRADIENT, values)], GRADIENT.words, x)
    return [Row((above,), HEIGHT, ticks=False, head=head), Row((below,), HEIGHT)]


def _panel(curves: Sequence[_Curve], name: str, x: Axis, pointers: Sequence[Pointer] = ()) -> Panel:
    known = [[value for value in each.found if value] for each in curves]
    lowest = min((value for own in known[:2] for value in own), default=0.0) / FARTHEST
    y = logarithmic(name, [value for own in known for value in own if value >= lowest], LEAST)
    marks = [mark for each in reversed(curves) for mark in _marks(each)]
    if not any(known):
        marks.append(Words(0.5, 0.5, _nothing(curves), MUTED, within=True))
    pairs = zip(known, (each.size for each in curves), strict=True)
    ends = [
        (own[-1], size.words, size.color) for own, size in pairs if own and y.parts(own[-1]) >= 0
    ]
    return Panel(
        x, y, (*marks, *pointers), notes=(*_notes(curves), *_below(curves, y)),
        align="left", rules=any(known), beside=tuple(ends if len(curves) > 1 else ()),
    )  # fmt: skip


def _marks(curve: _Curve) -> list[Mark]:
    """The curve, and where it lies under most of the seeds."""
    size, places = curve.size, np.arange(1.0, len(curve.values) + 1)
    radius = RADIUS if len(places) <= MOST_DOTS else 0.0
    line = Line(
        places, array(curve.found), size.color, size.width, radius=radius, words=size.words,
        marker=size.marker,
    )  # fmt: skip
    low, high = array(curve.quantile(LOW)), array(curve.quantile(HIGH))
    return [line] if np.isnan(low).all() else [Band(places, low, high, size.color), line]


def _notes(curves: Sequence[_Curve]) -> tuple[Note, ...]:
    """Where a figure is 0, cannot be told, or leaves out values: for all figures at once."""
    found: dict[Note, list[str]] = {}
    for each in curves:
        for (words, color), lies in GAPS.items():
            names = each.where(lies)
            if names:
                more = f" and {len(names) - 1} more" if names[1:] else ""
                note = (f"{words} in {names[0]}{more}", color)
                found.setdefault(note, []).append(each.size.words)
    return tuple((f"{', '.join(sizes)}: {note}", color) for (note, color), sizes in found.items())


def _below(curves: Sequence[_Curve], y: Axis) -> list[Note]:
    """The curves that lie below the axis, which is that of the stream itself."""
    tops = [(each.size.words, max(filter(None, each.found), default=0.0)) for each in curves]
    return [
        (f"{words}: at most {two_digits(top)}, below the axis", MUTED)
        for words, top in tops
        if top and y.parts(top) < 0
    ]


def _is_unresolved(own: LayerStatistics, path: str) -> bool:
    return path in own.unresolved


GAPS = {
    ("exactly zero", MUTED): is_zero,
    ("below what the dtype can tell", MUTED): _is_unresolved,
    ("inf or nan", ORANGE): is_partial,
}


def _nothing(curves: Sequence[_Curve]) -> str:
    """Why there is no curve."""
    values = [value for each in curves for value in each.values if value is not None]
    reasons = [value.no_gradient for value in values if value.no_gradient]
    if curves[0].size is GRADIENT and len(reasons) == len(values):
        return f"no gradient: {reasons[-1]}"
    return "no value above 0"
