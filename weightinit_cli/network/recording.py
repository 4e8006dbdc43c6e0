"""What is recorded of a layer: figures of blocks of inputs, merged in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import ulp
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.distinct import distinct_units
from weightinit_cli.network.order import (
    QUANTILES,
    Buckets,
    at_least,
    at_most,
    looked_up,
    ranks_of_quantiles,
)
from weightinit_cli.network.resolution import Resolution
from weightinit_cli.network.sums import UnitMoments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.network.distinct import Distinct, Made
    from weightinit_cli.network.resolution import Slopes
    from weightinit_cli.network.sums import EntrySums
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

LARGEST = float(np.finfo(np.float64).max)


class Request(NamedTuple):
    """How to count: `bins` over `span` (None: over each layer's own range), where φ is flat."""

    bins: int
    span: tuple[float, float] | None
    x_low: float | None
    x_high: float | None


@dataclass(frozen=True, slots=True)
class Preactivations:
    """Moments of the pre-activations; how many are a number, or lie in a flat end."""

    moments: UnitMoments
    numbers: int
    low: int
    high: int

    @classmethod
    def of(cls, values: Array, request: Request) -> Preactivations:
        """Take one block, shape (inputs, units)."""
        low = high = 0
        if request.x_low is not None:
            low = int(np.count_nonzero(values <= at_most(request.x_low, values.dtype)))
        if request.x_high is not None:
            high = int(np.count_nonzero(values >= at_least(request.x_high, values.dtype)))
        moments = UnitMoments.of(values)
        numbers = values.size
        if moments.count < values.size:
            numbers -= int(np.count_nonzero(np.isnan(values)))
        return cls(moments, numbers, low, high)

    def __add__(self, other: Preactivations) -> Preactivations:
        """Merge another block's."""
        return Preactivations(
            self.moments + other.moments,
            self.numbers + other.numbers,
            self.low + other.low,
            self.high + other.high,
        )


class Observed(NamedTuple):
    """What was seen of one block; `slopes` are the first one's alone."""

    activations: UnitMoments
    buckets: Buckets
    preactivations: Preactivations | None = None
    slopes: Slopes | None = None


class Weights(NamedTuple):
    """What is seen of a layer's weights.

    `expected_std` is the standard deviation by formula, `sums` are over the entries, `quantiles`
    the values of QUANTILES (None without a finite entry); `stream` is a short hash of the unscaled
    draws (None without any).
    """

    expected_std: float
    sums: EntrySums
    quantiles: tuple[float | None, ...]
    stream: str | None


class Drawn(NamedTuple):
    """A layer as its figures need it: what it was made of, and what it was given can tell."""

    weights: Weights
    made: Made
    below: Resolution


class Record(NamedTuple):
    """The figures of one layer's activations (or of the input), merged over all blocks.

    `edges` (bins + 1), `counts`, `underflow` and `overflow` are the histogram; `quantiles` the
    values of QUANTILES, None without a finite value. `preactivations` and `weights` are None
    for the input, and `distinct` where a value is not finite.
    """

    activations: UnitMoments
    buckets: Buckets
    distinct: Distinct | None
    dtype: np.dtype[Any]
    resolution: Resolution
    edges: Array
    counts: Array
    underflow: int
    overflow: int
    quantiles: tuple[float | None, ...]
    preactivations: Preactivations | None
    weights: Weights | None


def record(
    values: Array,
    blocks: Sequence[slice],
    observed: Sequence[Observed],
    layer: Drawn | None,
    request: Request,
    apply: Map,
) -> Record:
    """Merge the blocks' figures and look up exact counts and quantiles in `values`.

    `layer` is what the values came out of, None of the input.
    """
    activations = reduce(add, (part.activations for part in observed))
    counted = [part.buckets for part in observed]
    buckets = reduce(add, counted)
    pushed = [part.preactivations for part in observed if part.preactivations is not None]
    low, high = request.span or widened(request.bins, buckets.low, buckets.high)
    edges = bin_edges(request.bins, low, high)
    thresholds = at_least(edges, values.dtype)
    with np.errstate(over="ignore"):
        thresholds[-1] = np.nextafter(at_most(edges[-1], values.dtype), np.inf)
    ranks = ranks_of_quantiles(buckets.finite)
    order = looked_up(values, blocks, counted, buckets, thresholds, ranks, apply)
    below = order.below(thresholds)
    preactivations = reduce(add, pushed) if pushed else None
    return Record(
        activations=activations,
        buckets=buckets,
        distinct=distinct_units(activations, values, layer.made if layer else None),
        dtype=values.dtype,
        resolution=_resolution(
            activations, preactivations, observed[0].slopes, layer, values.dtype
        ),
        edges=edges,
        counts=np.diff(below),
        underflow=int(below[0]),
        overflow=buckets.finite - int(below[-1]),
        quantiles=tuple(order.at_ranks(ranks).tolist()) or (None,) * len(QUANTILES),
        preactivations=preactivations,
        weights=layer.weights if layer else None,
    )


def _resolution(
    x: UnitMoments,
    z: Preactivations | None,
    slopes: Slopes | None,
    layer: Drawn | None,
    dtype: np.dtype[Any],
) -> Resolution:
    if layer is None or z is None or slopes is None:
        return Resolution.of_inputs(x, dtype)
    fan_in = len(layer.made.weights)
    return layer.below.after(z.moments, x, layer.weights, fan_in, slopes)


def widened(bins: int, low: float, high: float) -> tuple[float, float]:
    """The range [low, high], made wide enough to be divided into bins.

    A layer of equal values lies in the middle of its range; an empty one (low > high) has [0, 1].
    """
    if low > high:
        return 0.0, 1.0
    largest = max(abs(low), abs(high))
    if high / 2 - low / 2 > 8 * bins * ulp(largest):
        return low, high
    pad = max(0.5, largest / 2)
    return max(low - pad, -LARGEST), min(high + pad, LARGEST)


def bin_edges(bins: int, low: float, high: float) -> Array:
    """The edges of `bins` equal bins over [low, high], float64 of shape (bins + 1,)."""
    t = np.arange(bins + 1) / bins
    edges: Array = low * (1 - t) + high * t
    edges[-1] = high
    return edges
