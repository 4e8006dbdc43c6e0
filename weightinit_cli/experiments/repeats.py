"""Many networks of one spec: how each figure spreads over their draws."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import chain
from math import ceil, isfinite, isnan, nan
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from weightinit_cli.results import FEW_SEEDS, FIGURES, Spread, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results import LayerStatistics

    Values = dict[str, array[float]]
QUANTILES = (0.05, 0.5, 0.95)


def with_spreads(runs: Iterable[Sequence[LayerStatistics]]) -> list[LayerStatistics]:
    """The first run's layers, each with the spread of its figures over all runs.

    Of the others, only what the spreads take is kept. A figure that the dtype cannot tell in one of
    the runs has no spread: that of the others would be that of the larger ones.
    """
    rest = iter(runs)
    first = list(next(rest))
    values: list[Values] = [{path: array("d") for path in FIGURES} for _ in first]
    for run in chain([first], rest):
        for held, layer in zip(values, run, strict=True):
            for path in layer.unresolved.keys() & held.keys():
                del held[path]
            for path, over in held.items():
                value = figure(layer, path)
                over.append(nan if value is None else value)
    if all(len(over) == 1 for over in values[0].values()):
        return first
    return [
        replace(layer, repeats=_spreads(held)) for layer, held in zip(first, values, strict=True)
    ]


def _spreads(held: Values) -> dict[str, Spread]:
    """Of the figures that exist in some run."""
    known = {path: [v for v in over if not isnan(v)] for path, over in held.items()}
    return {path: _spread(held[path], some) for path, some in known.items() if some}


def _spread(over: Sequence[float], known: Sequence[float]) -> Spread:
    ordered = sorted(known)
    ranks = {q: max(ceil(q * len(ordered)), 1) for q in QUANTILES}
    every = tuple(None if isnan(v) else v for v in over) if len(over) < FEW_SEEDS else None
    quantiles = {str(q): ordered[rank - 1] for q, rank in ranks.items()}
    return Spread(fmean(known), _std(known), quantiles, every)


def _std(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    try:
        std = stdev(values)
    except OverflowError:
        return None
    return std if isfinite(std) else None
