"""One set of bins for all layers, so that what is drawn side by side can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.numbers import Scale, scale_for, shifted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.results.model import LayerStatistics

NARROWEST = 1e-9
MOST_BINS = 300


@dataclass(frozen=True, slots=True)
class Shares:
    """A layer as shares of all its values; `bins`, `below`, `above`, `nonfinite` add up to 1."""

    bins: NDArray[np.float64]
    below: float
    above: float
    nonfinite: float
    zeros: float

    @property
    def empty(self) -> bool:
        """Whether there is no finite value at all."""
        return self.nonfinite == 1.0


@dataclass(frozen=True, slots=True)
class Common:
    """The layers over one axis; `regrouped` when their own bins differed."""

    scale: Scale
    layers: tuple[Shares, ...]
    regrouped: bool


def common_bins(layers: Sequence[LayerStatistics]) -> Common:
    """Every layer's shares over the same equal bins, from the lowest edge to the highest.

    Layers with a range of their own have bins at most as wide as the common ones: each goes
    into the one or two common bins that it touches, in proportion.
    """
    finite = [layer for layer in layers if _finite(layer)] or list(layers)
    low = min(layer.histogram.edges[0] for layer in finite)
    high = max(layer.histogram.edges[-1] for layer in finite)
    scale = _widened(scale_for(low, high))
    number = min(max(len(layer.histogram.counts) for layer in layers), MOST_BINS)
    regrouped = any(layer.histogram.edges != finite[0].histogram.edges for layer in finite)
    shares = tuple(_shares(layer, scale, number) for layer in layers)
    return Common(scale, shares, regrouped)


def _finite(layer: LayerStatistics) -> int:
    return sum(layer.histogram.counts) + layer.histogram.underflow + layer.histogram.overflow


def _widened(scale: Scale) -> Scale:
    size = max(abs(scale.low), abs(scale.high))
    if scale.high - scale.low > NARROWEST * size:
        return scale
    margin = 0.5 * size or 0.5
    return Scale(scale.low - margin, scale.high + margin, scale.exponent)


def _shares(layer: LayerStatistics, scale: Scale, number: int) -> Shares:
    histogram = layer.histogram
    total = max(_finite(layer) + layer.nonfinite, 1)
    sides = [scale.position(shifted(edge, scale.exponent)) for edge in histogram.edges]
    counts = np.array(histogram.counts, dtype=np.float64)
    return Shares(
        bins=_regrouped(counts / total, np.array(sides) * number, number),
        below=histogram.underflow / total,
        above=histogram.overflow / total,
        nonfinite=layer.nonfinite / total,
        zeros=layer.zero_fraction * _finite(layer) / total,
    )


def _regrouped(
    shares: NDArray[np.float64], sides: NDArray[np.float64], number: int
) -> NDArray[np.float64]:
    """Shares between `sides`, given in units of a common bin, on `number` common bins."""
    nearest = np.rint(sides)
    sides = np.where(np.abs(sides - nearest) < 1e-6, nearest, sides)
    left, right = sides[:-1], sides[1:]
    first = np.clip(np.floor(left), 0, number - 1).astype(np.intp)
    second = np.minimum(first + 1, number - 1)
    width = right - left
    beyond = np.clip(right - (first + 1), 0.0, width)
    part = np.divide(beyond, width, out=np.zeros_like(width), where=width > 0)
    bins: NDArray[np.float64] = np.zeros(number)
    np.add.at(bins, first, shares * (1 - part))
    np.add.at(bins, second, shares * part)
    return bins
