"""What is recorded of a layer: figures of blocks of inputs, merged in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import ulp
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.moments import UnitMoments
from weightinit_cli.network.order import Buckets, Order, Sieve, at_least, at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.network.entry_sums import EntrySums
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

LARGEST = float(np.finfo(np.float64).max)
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


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
    """What was seen of one block."""

    activations: UnitMoments
    buckets: Buckets
    preactivations: Preactivations | None = None


class Weights(NamedTuple):
    """Sums over a layer's weights, and a short hash of the unscaled draws (None without any)."""

    sums: EntrySums
    stream: str | None


class Record(NamedTuple):
    """The figures of one layer's activations (or of the input), merged over all blocks.

    `edges` (bins + 1), `counts`, `underflow` and `overflow` are the histogram; `quantiles` the
    values of QUANTILES, None without a finite value. `preactivations` and `weights` are None
    for the input.
    """

    activations: UnitMoments
    buckets: Buckets
    eps: float
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
    weights: Weights | None,
    request: Request,
    apply: Map,
) -> Record:
    """Merge the blocks' figures and look up exact counts and quantiles in `values`."""
    buckets = reduce(add, (part.buckets for part in observed))
    pushed = [part.preactivations for part in observed if part.preactivations is not None]
    low, high = request.span or widened(request.bins, buckets.low, buckets.high)
    edges = bin_edges(request.bins, low, high)
    thresholds = at_least(edges, values.dtype)
    with np.errstate(over="ignore"):
        thresholds[-1] = np.nextafter(at_most(edges[-1], values.dtype), np.inf)
    ranks = np.maximum(np.ceil(np.array(QUANTILES) * buckets.finite), 1).astype(np.int64)
    if not buckets.finite:
        ranks = ranks[:0]
    asked = buckets.holding(thresholds, ranks)
    order = Order(buckets, asked, _taken(values, blocks, observed, buckets.sieve(asked), apply))
    below = order.below(thresholds)
    quantiles = tuple(float(value) for value in order.at_ranks(ranks)) if len(ranks) else ()
    return Record(
        activations=reduce(add, (part.activations for part in observed)),
        buckets=buckets,
        eps=float(np.finfo(values.dtype).eps),
        edges=edges,
        counts=np.diff(below),
        underflow=int(below[0]),
        overflow=buckets.finite - int(below[-1]),
        quantiles=quantiles or (None,) * len(QUANTILES),
        preactivations=reduce(add, pushed) if pushed else None,
        weights=weights,
    )


def _taken(
    values: Array, blocks: Sequence[slice], observed: Sequence[Observed], sieve: Sieve, apply: Map
) -> Array:
    """What the sieve takes out of all blocks, sorted."""
    ends = np.cumsum([0, *(sieve.count(part.buckets) for part in observed)]).tolist()
    taken = np.empty(ends[-1], values.dtype)

    def take(part: tuple[slice, tuple[int, int]]) -> None:
        block, (start, end) = part
        sieve.take(values[block], taken[start:end])

    apply(take, zip(blocks, pairwise(ends), strict=True))
    taken.sort()
    return taken


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
