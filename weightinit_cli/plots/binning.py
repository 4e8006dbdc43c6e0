"""Bins for the layers: common ones, so that neighbours can be compared, or each layer's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from weightinit_cli.plots.engine.numbers import Scale, scale_for, shifted
from weightinit_cli.results.words import finite, is_rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.results.model import LayerStatistics

NARROWEST = 1e-9
MOST_BINS = 300
SQUEEZED = 1 / 6  # of the common axis: five of 30 bins still show a shape


@dataclass(frozen=True, slots=True)
class Shares:
    """A layer as shares of all its values; `bins`, `below`, `above`, `nonfinite` add up to 1.

    `theory` are the shares that mean-field theory expects in the same bins.
    """

    bins: NDArray[np.float64]
    below: float
    above: float
    nonfinite: float
    zeros: float
    theory: NDArray[np.float64] | None = None

    @property
    def empty(self) -> bool:
        """Whether there is no finite value at all."""
        return self.nonfinite == 1.0


@dataclass(frozen=True, slots=True)
class Binned:
    """The layers over equal bins, with each layer's scale.

    A layer whose spread the dtype cannot tell is as one of equal values.

    "alike": as counted, all over the same bins. "regrouped": from their own bins into common
    ones. "own": each over its own range, because a common axis would squeeze some of them.
    """

    scales: tuple[Scale, ...]
    layers: tuple[Shares, ...]
    grouping: Literal["alike", "regrouped", "own"]

    @property
    def scale(self) -> Scale:
        """The scale that all layers share, unless each has its own."""
        return self.scales[0]


def binned(layers: Sequence[LayerStatistics]) -> Binned:
    """Every layer's shares over equally many equal bins, on a common axis where that shows them.

    The common axis reaches from the lowest edge to the highest. Layers with a range of their own
    have bins at most as wide as the common ones: each goes into the one or two that it touches,
    in proportion.
    """
    some = [layer for layer in layers if finite(layer.histogram)] or list(layers)
    low = min(layer.histogram.edges[0] for layer in some)
    high = max(layer.histogram.edges[-1] for layer in some)
    common = _widened(scale_for(low, high))
    scales = (common,) * len(layers)
    grouping: Literal["alike", "regrouped", "own"] = "alike"
    if any(layer.histogram.edges != some[0].histogram.edges for layer in some):
        grouping = "regrouped"
        if any(_squeezed(layer, common) for layer in some):
            grouping = "own"
            scales = tuple(map(_own_scale, layers))
    number = min(max(len(layer.histogram.counts) for layer in layers), MOST_BINS)
    shares = (_shares(*pair, number) for pair in zip(layers, scales, strict=True))
    return Binned(scales, tuple(shares), grouping)


def _squeezed(layer: LayerStatistics, common: Scale) -> bool:
    """Whether the common axis has few bins for a layer; a layer of equal values needs but one."""
    if layer.min is None or layer.max is None or is_rounded(layer):
        return False
    if _flat(scale_for(layer.min, layer.max)):
        return False
    ends = (shifted(edge, common.exponent) for edge in (layer.min, layer.max))
    left, right = map(common.position, ends)
    return right - left < SQUEEZED


def _own_scale(layer: LayerStatistics) -> Scale:
    low, high = layer.histogram.edges[0], layer.histogram.edges[-1]
    if is_rounded(layer):
        low = high = 0.0 if "min" in layer.unresolved else low
    return _widened(scale_for(low, high))


def _flat(scale: Scale) -> bool:
    return scale.high - scale.low <= NARROWEST * max(abs(scale.low), abs(scale.high))


def _widened(scale: Scale) -> Scale:
    if not _flat(scale):
        return scale
    margin = 0.5 * max(abs(scale.low), abs(scale.high)) or 0.5
    return Scale(scale.low - margin, scale.high + margin, scale.exponent)


def _shares(layer: LayerStatistics, scale: Scale, number: int) -> Shares:
    histogram = layer.histogram
    number_of = finite(histogram)
    total = max(number_of + layer.nonfinite, 1)
    sides = np.array([scale.position(shifted(edge, scale.exponent)) for edge in histogram.edges])
    counts = np.array(histogram.counts, dtype=np.float64)
    theory = None
    if layer.theory is not None and len(layer.theory.histogram) == len(counts):
        expected = np.clip(layer.theory.histogram, 0.0, 1.0)
        theory = _regrouped(expected, sides * number, number)
    return Shares(
        bins=_regrouped(counts / total, sides * number, number),
        below=histogram.underflow / total,
        above=histogram.overflow / total,
        nonfinite=layer.nonfinite / total,
        zeros=layer.zero_fraction * number_of / total,
        theory=theory,
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
