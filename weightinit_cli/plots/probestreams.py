"""The streams of a probed model: how large values are along each, and the gradients of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.errors import counted
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE
from weightinit_cli.plots.engine.page import Head, Line, Page, Panel, Pointer, Row, Words, array
from weightinit_cli.plots.engine.scales import logarithmic
from weightinit_cli.plots.paths import paths_axis
from weightinit_cli.plots.probevalues import ACROSS_INPUTS, GRADIENT, POINTED_AT, STD, pointed_at
from weightinit_cli.plots.words import probe_heading
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import is_partial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.plots.engine.page import Axis, Mark, Note
    from weightinit_cli.plots.probevalues import Size
    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedValue, ProbeResult, Stream

MOST_STREAMS = 4
HEIGHT = 104.0
LEAST = 1.5  # decades of an axis
MOST_DOTS = 80
RADIUS = 1.9
SIZES = (STD, ACROSS_INPUTS)


def streams_page(result: ProbeResult) -> Page:
    """The page: for each stream its values' standard deviations, and below them the gradients."""
    longest = sorted(result.streams, key=lambda each: -len(each.values))[:MOST_STREAMS]
    wrong = pointed_at(result)
    rows: list[Row] = []
    for stream in result.streams:
        if stream in longest:
            rows += _rows(result, stream, wrong)
    foot: list[Note] = []
    left = len(result.streams) - len(longest)
    if left:
        foot.append((f"not drawn: {counted(left, 'shorter stream')}", MUTED))
    if not rows:
        foot.append(("no stream was found", MUTED))
    keys = (POINTED_AT,) if wrong else ()
    return Page(probe_heading(result, keys), tuple(rows), foot=tuple(foot))


def _rows(result: ProbeResult, stream: Stream, wrong: Mapping[int, str]) -> list[Row]:
    values = [result.values[place] for place in stream.values]
    x = paths_axis([each.name for each in values])
    where = f" of {stream.module}" if stream.module else ""
    head = Head(f"{stream.kind} stream{where}", (counted(len(values), "value"),))
    numbered = enumerate(stream.values, 1)
    pointers = [Pointer(float(k), ORANGE) for k, place in numbered if place in wrong]
    above = _panel(values, SIZES, "std", x, pointers)
    below = _panel(values, (GRADIENT,), GRADIENT.words, x)
    return [Row((above,), HEIGHT, ticks=False, head=head), Row((below,), HEIGHT)]


def _panel(
    values: Sequence[ProbedValue],
    sizes: Sequence[Size],
    name: str,
    x: Axis,
    pointers: Sequence[Pointer] = (),
) -> Panel:
    found = [[resolved(value.figures, each.path) for value in values] for each in sizes]
    known = [[value for value in own if value] for own in found]
    some = any(known)
    y = logarithmic(name, [value for own in known for value in own], LEAST)
    places = np.arange(1.0, len(values) + 1)
    radius = RADIUS if len(values) <= MOST_DOTS else 0.0
    marks: list[Mark] = [
        Line(places, array(own), each.color, radius=radius, words=each.words)
        for each, own in reversed([*zip(sizes, found, strict=True)])
    ]
    if not some:
        marks.append(Words(0.5, 0.5, _nothing(values, sizes), MUTED, within=True))
    ends = zip(known, sizes, strict=True)
    several = len(sizes) > 1
    return Panel(
        x, y, (*marks, *pointers), notes=tuple((note, ORANGE) for note in _notes(values, sizes)),
        align="left", rules=some,
        beside=tuple((own[-1], each.words, each.color) for own, each in ends if own and several),
    )  # fmt: skip


def _notes(values: Sequence[ProbedValue], sizes: Sequence[Size]) -> list[str]:
    """Where a figure is 0, cannot be told, or leaves out values: for all figures at once."""
    found: dict[str, list[str]] = {}
    for each in sizes:
        for words, lies in GAPS.items():
            names = [value.name for value in values if lies(value.figures, each.path)]
            if names:
                more = f" and {len(names) - 1} more" if names[1:] else ""
                found.setdefault(f"{words} in {names[0]}{more}", []).append(each.words)
    return [f"{', '.join(words)}: {note}" for note, words in found.items()]


def _is_zero(own: LayerStatistics, path: str) -> bool:
    return resolved(own, path) == 0 and not is_partial(own, path)


def _is_unresolved(own: LayerStatistics, path: str) -> bool:
    return path in own.unresolved


GAPS = {
    "exactly zero": _is_zero,
    "below what the dtype can tell": _is_unresolved,
    "inf or nan": is_partial,
}


def _nothing(values: Sequence[ProbedValue], sizes: Sequence[Size]) -> str:
    """Why there is no curve."""
    reasons = [value.no_gradient for value in values if value.no_gradient]
    if GRADIENT in sizes and len(reasons) == len(values):
        return f"no gradient: {reasons[-1]}"
    return "no value above 0"
