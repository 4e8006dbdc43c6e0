"""Bins for the layers: common ones, so that neighbours can be compared, or each layer's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from weightinit_cli.plots.engine.numbers import scale_for, shifted
from weightinit_cli.plots.engine.page import Axis
from weightinit_cli.results.words import finite, is_rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.page import Array
    from weightinit_cli.results.model import LayerStatistics

NARROWEST = 1e-9
MOST_BINS = 300
SQUEEZED = 1 / 6  # of the common axis: five of 30 bins still show a shape

TALLEST = 4.0
WORTH_A_CUT = 2.5
WORTH_A_LITTLE = 1.3
HEADROOM = 1.14
SMALLEST = 1e-6

Grouping = Literal["alike", "regrouped", "own"]


@dataclass(frozen=True, slots=True)
class Shares:
    """A layer as shares of all its values; `bins`, `below`, `above`, `nonfinite` add up to 1.

    `theory` are the shares that mean-field theory expects in the same bins.
    """

    bins: Array
    below: float
    above: float
    nonfinite: float
    zeros: float
    theory: Array | None = None

    @property
    def empty(self) -> bool:
        """Whether there is no finite value at all."""
        return self.nonfinite == 1.0


@dataclass(frozen=True, slots=True)
class Binned:
    """The layers over equal bins, each with the axis that it lies on.

    A layer whose spread the dtype cannot tell is as one of equal values.

    "alike": as counted, all over the same bins. "regrouped": from their own bins into common
    ones. "own": each over its own range, because a common axis would squeeze some of them.
    """

    axes: tuple[Axis, ...]
    layers: tuple[Shares, ...]
    grouping: Grouping

    def part(self, start: int, end: int) -> Binned:
        """Some of the layers."""
        return Binned(self.axes[start:end], self.layers[start:end], self.grouping)


def binned(layers: Sequence[LayerStatistics]) -> Binned:
    """Every layer's shares over equally many equal bins, on a common axis where that shows them.

    The common axis reaches from the lowest edge to the highest. Layers with a range of their own
    have bins at most as wide as the common ones: each goes into the one or two that it touches,
    in proportion.
    """
    some = [layer for layer in layers if finite(layer.histogram)] or list(layers)
    low = min(layer.histogram.edges[0] for layer in some)
    high = max(layer.histogram.edges[-1] for layer in some)
    common = _widened(_between(low, high))
    axes = (common,) * len(layers)
    grouping: Grouping = "alike"
    if any(layer.histogram.edges != some[0].histogram.edges for layer in some):
        grouping = "regrouped"
        if any(_squeezed(layer, common) for layer in some):
            grouping = "own"
            axes = tuple(map(_own_axis, layers))
    number = min(max(len(layer.histogram.counts) for layer in layers), MOST_BINS)
    shares = (_shares(*pair, number) for pair in zip(layers, axes, strict=True))
    return Binned(axes, tuple(shares), grouping)


def sides(axis: Axis, number: int) -> Array:
    """The sides of so many equal bins over an axis, in the values' units."""
    return np.array(
        [axis.value(at) for at in np.linspace(axis.low, axis.high, number + 1).tolist()]
    )


def highest(binned: Binned) -> float:
    """The share at the upper side of the panels; taller bars are cut, so that shapes stay seen.

    Exact zeros (half of all values after a ReLU) do not count, nor does what is more than
    `TALLEST` times as high as the middle one of the layers' highest bars. Where every layer is
    a spike, the spikes are shown whole. Of what theory expects, what is a little higher counts.
    """
    tops = [float(shares.bins.max()) for shares in binned.layers]
    peaks = [peak(*pair) for pair in zip(binned.layers, binned.axes, strict=True)]
    tall = sorted(peak for peak in peaks if peak > 0)
    if not tall:
        return HEADROOM * (max(tops, default=0.0) or 1.0)
    limit = max(min(tall[-1], TALLEST * tall[(len(tall) - 1) // 2]), SMALLEST)
    limit = max(tops) if max(tops) < WORTH_A_CUT * limit else limit
    expected = [float(s.theory.max()) for s in binned.layers if s.theory is not None]
    return HEADROOM * max(limit, *(each for each in expected if each < WORTH_A_LITTLE * limit), 0.0)


def peak(shares: Shares, axis: Axis) -> float:
    """The highest bar, without exact zeros."""
    bins = shares.bins.copy()
    part = axis.part(0.0)
    if 0 <= part <= 1:
        zero = min(int(part * len(bins)), len(bins) - 1)
        bins[zero] = max(bins[zero] - shares.zeros, 0.0)
    return float(bins.max())


def _between(low: float, high: float) -> Axis:
    scale = scale_for(low, high)
    return Axis(scale.low, scale.high, power=scale.exponent)


def _squeezed(layer: LayerStatistics, common: Axis) -> bool:
    """Whether the common axis has few bins for a layer; a layer of equal values needs but one."""
    if layer.min is None or layer.max is None or is_rounded(layer):
        return False
    if _flat(_between(layer.min, layer.max)):
        return False
    left, right = (common.part(shifted(edge, common.power)) for edge in (layer.min, layer.max))
    return right - left < SQUEEZED


def _own_axis(layer: LayerStatistics) -> Axis:
    low, high = layer.histogram.edges[0], layer.histogram.edges[-1]
    if is_rounded(layer):
        low = high = 0.0 if "min" in layer.unresolved else low
    return _widened(_between(low, high))


def _flat(axis: Axis) -> bool:
    return axis.high - axis.low <= NARROWEST * max(abs(axis.low), abs(axis.high))


def _widened(axis: Axis) -> Axis:
    if not _flat(axis):
        return axis
    margin = 0.5 * max(abs(axis.low), abs(axis.high)) or 0.5
    return Axis(axis.low - margin, axis.high + margin, power=axis.power)


def _shares(layer: LayerStatistics, axis: Axis, number: int) -> Shares:
    histogram = layer.histogram
    number_of = finite(histogram)
    total = max(number_of + layer.nonfinite, 1)
    edges = number * axis.parts(histogram.edges)
    nearest = np.rint(edges)
    edges = np.where(np.abs(edges - nearest) < 1e-6, nearest, edges)
    same = np.array_equal(edges, np.arange(number + 1))

    def over(own: Array) -> Array:
        return own if same else regrouped(own, edges[:-1], edges[1:], number)

    theory = layer.theory
    expected = None
    if theory is not None and len(theory.histogram) == len(histogram.counts):
        expected = over(np.clip(theory.histogram, 0.0, 1.0))
    return Shares(
        bins=over(np.array(histogram.counts, dtype=np.float64) / total),
        below=histogram.underflow / total,
        above=histogram.overflow / total,
        nonfinite=layer.nonfinite / total,
        zeros=layer.zero_fraction * number_of / total,
        theory=expected,
    )


def regrouped(shares: Array, left: Array, right: Array, number: int) -> Array:
    """Shares between sides that are given in units of one of `number` equal bins, in these bins.

    None is wider than such a bin; what lies beyond the first or last one goes into it.
    """
    first = np.clip(np.floor(left), 0, number - 1).astype(np.intp)
    second = np.minimum(first + 1, number - 1)
    width = right - left
    beyond = np.clip(right - (first + 1), 0.0, width)
    part = np.divide(beyond, width, out=np.zeros_like(width), where=width > 0)
    found = np.zeros(number)
    found += np.bincount(first, shares * (1 - part), number)
    found += np.bincount(second, shares * part, number)
    return found
