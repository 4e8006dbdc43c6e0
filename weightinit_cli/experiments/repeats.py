"""Many networks of one spec: how each figure spreads over their draws."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from weightinit_cli.results import FIGURES, Spread, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results import LayerStatistics


def with_spreads(runs: Sequence[Sequence[LayerStatistics]]) -> list[LayerStatistics]:
    """The first run's layers, each with the spread of its figures over all runs."""
    if len(runs) == 1:
        return list(runs[0])
    return [replace(same[0], repeats=_spreads(same)) for same in zip(*runs, strict=True)]


def _spreads(same: Sequence[LayerStatistics]) -> dict[str, Spread]:
    spreads = {}
    for path in FIGURES:
        values = [value for layer in same if (value := figure(layer, path)) is not None]
        if values:
            spreads[path] = Spread(fmean(values), _std(values))
    return spreads


def _std(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    try:
        std = stdev(values)
    except OverflowError:
        return None
    return std if isfinite(std) else None
