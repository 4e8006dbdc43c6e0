"""Many networks of one spec: how each figure spreads over their draws."""

from __future__ import annotations

from array import array
from dataclasses import replace
from math import isfinite
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from weightinit_cli.results import FIGURES, Spread, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results import LayerStatistics


def with_spreads(runs: Iterable[Sequence[LayerStatistics]]) -> list[LayerStatistics]:
    """The first run's layers, each with the spread of its figures over all runs.

    Of the others, only what the spreads take is kept.
    """
    rest = iter(runs)
    first = list(next(rest))
    values = [_values({}, layer) for layer in first]
    more = False
    for run in rest:
        more = True
        for held, layer in zip(values, run, strict=True):
            _values(held, layer)
    if not more:
        return first
    return [
        replace(layer, repeats={path: Spread(fmean(v), _std(v)) for path, v in held.items()})
        for layer, held in zip(first, values, strict=True)
    ]


def _values(held: dict[str, array[float]], layer: LayerStatistics) -> dict[str, array[float]]:
    """The figures by their paths, with those of one more run."""
    for path in FIGURES:
        value = figure(layer, path)
        if value is not None:
            held.setdefault(path, array("d")).append(value)
    return held


def _std(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    try:
        std = stdev(values)
    except OverflowError:
        return None
    return std if isfinite(std) else None
