"""Paths of modules on an axis: without what all of them share, folded to as many as have room."""

from __future__ import annotations

from itertools import groupby, takewhile
from string import digits
from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.fonts import ELLIPSIS, drawable, width_of
from weightinit_cli.plots.engine.page import SMALL, Axis
from weightinit_cli.plots.engine.ticks import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_NAMES = 28
MOST_BESIDE = 60  # names of an axis, however near to each other its modules begin
START = 0.4  # of what is kept of a long name


def shortened(paths: Sequence[str]) -> list[str]:
    """The paths without the first parts that all of them share; each keeps its last part."""
    parts = [path.split(".") for path in paths]
    columns = zip(*(each[:-1] for each in parts), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    return [".".join(each[shared:]) for each in parts]


def paths_axis(paths: Sequence[str], most: int = MOST_NAMES) -> Axis:
    """The places of the paths, from 1 on, named where a module begins.

    They are named by as many of their parts as give no more than `most` names, at least by one.
    """
    parts = [path.split(".") for path in shortened(paths)]
    deepest = max(map(len, parts), default=1)
    for depth in range(deepest, 0, -1):
        starts = _starts([".".join(each[:depth]) for each in parts])
        if len(starts) <= most:
            break
    ticks: list[tuple[float, str]] = []
    for place, words in starts:  # a module of few values is not named where the next one begins
        if not ticks or place - ticks[-1][0] >= len(paths) / MOST_BESIDE:
            ticks.append((float(place), fitted(words)))
    return Axis(0.5, max(len(paths), 1) + 0.5, ticks=tuple(ticks), names=True)


def fitted(path: str, room: float = LONGEST) -> str:
    """A path, or what of it has room beside an axis: its numbers and its end tell most.

    `bert.encoder.layer.0.attention.output.add` becomes `…0…output.add`, and
    `features.denseblock4.denselayer16.norm1.act.relu` becomes `…4…16.norm1.act.relu`.
    """
    *modules, last = drawable(path).split(".")
    kept: list[str | None] = [*modules]
    for k, module in enumerate(modules):
        if _wide(_joined([*kept, last])) <= room:
            break
        number = module[len(module.rstrip(digits)) :]
        kept[k] = module if module == number else f"{ELLIPSIS}{number}" if number else None
    if _wide(_joined([*kept, last])) <= room:
        return _joined([*kept, last])
    before = _joined([*kept, ""])
    if _wide(before) > room / 2:
        before = ELLIPSIS
    return before + _cut(last, room - _wide(before))


def _wide(words: str) -> float:
    return width_of(words, SMALL)


def _joined(parts: Sequence[str | None]) -> str:
    """The parts that are left, an ellipsis where some are not."""
    stretches = groupby(parts, key=lambda part: part is not None)
    words = (".".join(map(str, some)) if left else ELLIPSIS for left, some in stretches)
    return "".join(words).replace(f".{ELLIPSIS}", ELLIPSIS).replace(2 * ELLIPSIS, ELLIPSIS)


def _cut(name: str, room: float) -> str:
    """A name, or as much of both its ends as has room, more of the second one."""
    found, kept = name, len(name)
    while kept > 2 and _wide(found) > room:
        kept -= 1
        start = round(START * kept)
        found = name[:start] + ELLIPSIS + name[len(name) - (kept - start) :]
    return found


def _starts(names: Sequence[str]) -> list[tuple[int, str]]:
    """Where each stretch of equal names begins, from 1 on."""
    return [
        (next(stretch)[0], name)
        for name, stretch in groupby(enumerate(names, 1), key=lambda pair: pair[1])
    ]
