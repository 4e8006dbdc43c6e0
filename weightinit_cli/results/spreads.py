"""Figures over several seeds: the mean, and how far they spread about it."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import chain
from math import ceil, isfinite, isnan, nan
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.model import FEW_SEEDS, Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.model import LayerStatistics

QUANTILES = (0.05, 0.5, 0.95)


class OverSeeds:
    """The figures of several things, a run for each seed; nothing else of the runs is kept."""

    def __init__(self) -> None:
        self.runs = 0
        self._held: list[dict[str, array[float]]] = []

    def add(self, run: Iterable[Mapping[str, float | None]]) -> None:
        """Take the figures of every thing in one run, None where a figure does not exist.

        A figure that one of the runs does not name has no spread.
        """
        rows = list(run)
        if not self.runs:
            self._held = [{path: array("d") for path in row} for row in rows]
        self.runs += 1
        for held, row in zip(self._held, rows, strict=True):
            for path in held.keys() - row.keys():
                del held[path]
            for path, over in held.items():
                value = row[path]
                over.append(nan if value is None else value)

    def spreads(self) -> list[dict[str, Spread]]:
        """The spread of each figure that exists in some run, thing by thing."""
        return [
            {path: _spread(over) for path, over in held.items() if not all(map(isnan, over))}
            for held in self._held
        ]


def with_spreads(runs: Iterable[Sequence[LayerStatistics]]) -> list[LayerStatistics]:
    """Return the first run's layers, each with the spread of its figures over all runs.

    A figure that the dtype cannot tell in one of the runs has no spread: the other runs alone
    would have that of the larger values.
    """
    rest = iter(runs)
    first = list(next(rest))
    over = OverSeeds()
    for run in chain([first], rest):
        over.add(map(layer_figures, run))
    if over.runs == 1:
        return first
    return [
        replace(layer, repeats=spreads)
        for layer, spreads in zip(first, over.spreads(), strict=True)
    ]


def layer_figures(layer: LayerStatistics) -> dict[str, float | None]:
    """The figures of a layer that its dtype can tell."""
    return {path: figure(layer, path) for path in FIGURES if path not in layer.unresolved}


def _spread(over: Sequence[float]) -> Spread:
    known = [value for value in over if not isnan(value)]
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
