"""Exact counts and order statistics, without sorting what nobody asked about.

A value's leading 16 bits put it into one of 65,536 buckets that lie in the order of the values.
Counting them is one cheap pass, and counts merge by addition. Only the buckets that hold an edge
or a wanted rank are then looked into: their values are taken out and sorted. The answers are
those of a full sort (the tests compare them) for a fraction of its time.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# As many values as are sorted at once faster than their buckets are counted.
FEW = 1 << 17

KEYS = 1 << 16
SIGN = KEYS // 2


def _keys(values: Array) -> Array:
    """The leading 16 bits of each value, as a view; `values` is contiguous."""
    words = values.itemsize // 2
    first = words - 1 if sys.byteorder == "little" else 0
    keys: Array = values.reshape(-1).view(np.uint16)[first::words]
    return keys


# Buckets stand in the order of their values: the keys of negative values backwards, then the
# others. -0.0 shares the bucket of 0.0.
_ZERO = SIGN


def _in_order(by_key: Array) -> Array:
    """Bring counts from the order of their keys into that of the buckets."""
    return np.concatenate([by_key[: SIGN - 1 : -1], by_key[:SIGN]])


def _by_key(in_order: Array) -> Array:
    """Bring counts from the order of the buckets into that of their keys."""
    return np.concatenate([in_order[SIGN:], in_order[SIGN - 1 :: -1]])


def _bucket(values: Array) -> Array:
    """The bucket of each value, counted in the order of the values."""
    keys = _keys(values + 0.0).astype(np.int64)
    negative = np.where(keys == SIGN, _ZERO, KEYS - 1 - keys)
    buckets: Array = np.where(keys < SIGN, SIGN + keys, negative)
    return buckets


def at_least(threshold: float | Array, dtype: np.dtype[Any]) -> Any:
    """The smallest number of `dtype` that is >= threshold: x >= one where x >= the other.

    Beyond the largest number of `dtype` that is inf. Of an array, for each of its values.
    """
    with np.errstate(over="ignore"):
        rounded = np.asarray(threshold, np.float64).astype(dtype)
        above = np.nextafter(rounded, dtype.type(np.inf))
    return np.where(rounded.astype(np.float64) < threshold, above, rounded)[()]


def at_most(threshold: float | Array, dtype: np.dtype[Any]) -> Any:
    """The largest number of `dtype` that is <= threshold: x <= one where x <= the other."""
    return -at_least(-threshold, dtype)


@dataclass(frozen=True, slots=True)
class Buckets:
    """How many finite values fall into each bucket, in the order of the values.

    `finite` is their sum, `zeros` of them are exact zeros, `low` and `high` the extremes (inf and
    -inf without any); `nonfinite` values are inf or nan and in no bucket.
    """

    counts: Array
    finite: int
    zeros: int
    nonfinite: int
    low: float
    high: float

    @classmethod
    def of(cls, values: Array) -> Buckets:
        """Count `values`, a contiguous array of any shape."""
        counts = _in_order(np.bincount(np.ascontiguousarray(_keys(values)), minlength=KEYS))
        counts[_ZERO] += counts[_ZERO - 1]
        counts[_ZERO - 1] = 0
        lowest, highest = _bucket(np.array([-np.inf, np.inf], values.dtype))
        counts[: lowest + 1] = 0
        counts[highest:] = 0
        zeros = int(np.count_nonzero(values == 0))
        finite = int(counts.sum())
        nonfinite = values.size - finite
        kept = values[np.isfinite(values)] if nonfinite else values
        low = float(kept.min(initial=np.inf))
        high = float(kept.max(initial=-np.inf))
        return cls(counts, finite, zeros, nonfinite, low, high)

    def __add__(self, other: Buckets) -> Buckets:
        """Merge the counts of other values."""
        return Buckets(
            self.counts + other.counts,
            self.finite + other.finite,
            self.zeros + other.zeros,
            self.nonfinite + other.nonfinite,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    def holding(self, thresholds: Array, ranks: Array) -> Array:
        """Which buckets hold one of the thresholds or one of the ranks (from 1): ascending."""
        by_rank = np.searchsorted(np.cumsum(self.counts), ranks)
        return np.array(sorted({*_bucket(thresholds).tolist(), *by_rank.tolist()}), np.int64)

    def unknown(self, asked: Array) -> Array:
        """Which buckets are to be looked into, of the asked ones, shape (KEYS,).

        Exact zeros are known; in a bucket of zeros alone, half of all values behind a ReLU,
        there is nothing to look for.
        """
        unknown = np.zeros(KEYS, bool)
        unknown[asked] = self.counts[asked] > 0
        unknown[_ZERO] &= self.counts[_ZERO] > self.zeros
        return unknown

    def held(self, unknown: Array) -> int:
        """How many values lie in these buckets, exact zeros left out."""
        return int(self.counts[unknown].sum()) - int(unknown[_ZERO]) * self.zeros


def octaves(buckets: Buckets, dtype: np.dtype[Any]) -> dict[int, int]:
    """How many values have 2**k <= |value| < 2**(k + 1), by k; zeros and subnormals are left out.

    Exact, because the leading 16 bits hold the whole exponent.
    """
    info = np.finfo(dtype)
    by_key = _by_key(buckets.counts)
    sizes = (by_key[:SIGN] + by_key[SIGN:]).reshape(1 << info.nexp, -1).sum(axis=1)
    bias = info.maxexp - 1
    return {k - bias: int(sizes[k]) for k in np.flatnonzero(sizes).tolist() if k > 0}


def smaller(buckets: Buckets, power: int, dtype: np.dtype[Any]) -> int:
    """How many finite values that are not 0 have |value| < 2**power.

    Exact, because a power of two is the smallest value of its bucket: from 2**-133 on of float32,
    from 2**-1026 on of float64.
    """
    with np.errstate(over="ignore", under="ignore"):
        key = int(_keys(np.ldexp(np.ones(1, dtype), power))[0])
    by_key = _by_key(buckets.counts)
    below = int(by_key[:key].sum() + by_key[SIGN : SIGN + key].sum())
    return below - buckets.zeros if key else 0


def ranks_of_quantiles(finite: int) -> Array:
    """The ranks (from 1) of QUANTILES among so many values, inverted_cdf; none of none."""
    if not finite:
        return np.zeros(0, np.int64)
    ranks: Array = np.maximum(np.ceil(np.array(QUANTILES) * finite), 1).astype(np.int64)
    return ranks


def quantiles(
    values: Array, blocks: Sequence[slice], counted: Sequence[Buckets], apply: Map
) -> tuple[float | None, ...]:
    """The values of QUANTILES over the finite values, None without any.

    `counted` are the counts of each block of rows, of no use for FEW values.
    """
    if values.size <= FEW:
        ordered = np.sort(values, axis=None)
        start = int(np.searchsorted(ordered, -np.inf, side="right"))
        ordered = ordered[start : int(np.searchsorted(ordered, np.inf))]
        found = ordered[ranks_of_quantiles(ordered.size) - 1] + 0.0
    else:
        buckets = reduce(add, counted)
        ranks = ranks_of_quantiles(buckets.finite)
        none = np.zeros(0, values.dtype)
        found = looked_up(values, blocks, counted, buckets, none, ranks, apply)[1]
    return tuple(found.tolist()) or (None,) * len(QUANTILES)


def looked_up(
    values: Array,
    blocks: Sequence[slice],
    counted: Sequence[Buckets],
    buckets: Buckets,
    thresholds: Array,
    ranks: Array,
    apply: Map,
) -> tuple[Array, Array]:
    """How many finite values are < each threshold, and the finite values of the ranks (from 1).

    The thresholds are of the values' type. `counted` are the counts of each block of rows,
    `buckets` those of all.
    """
    asked = buckets.holding(thresholds, ranks)
    unknown = buckets.unknown(asked)
    ends = np.cumsum([0, *(part.held(unknown) for part in counted)]).tolist()
    taken = np.empty(ends[-1], values.dtype)
    keys = _by_key(unknown)
    keys[SIGN] = keys[0]

    def take(part: tuple[slice, tuple[int, int]]) -> None:
        block, (start, end) = part
        _take(values[block], keys, taken[start:end])

    apply(take, zip(blocks, pairwise(ends), strict=True))
    taken.sort()
    cumulative = np.cumsum(buckets.counts)
    skipped = cumulative[asked] - np.cumsum(buckets.counts[asked])
    zeros = buckets.zeros if _ZERO in asked else 0

    before = skipped[np.searchsorted(asked, _bucket(thresholds))]
    below = before + np.searchsorted(taken, thresholds) + np.where(thresholds > 0, zeros, 0)

    of_ranks = np.searchsorted(asked, np.searchsorted(cumulative, ranks))
    return below, _with_zeros(taken, zeros, ranks - 1 - skipped[of_ranks])


def _with_zeros(ordered: Array, zeros: int, index: Array) -> Array:
    """The values at these places, from 0, of ordered ones and so many zeros among them."""
    first = int(np.searchsorted(ordered, ordered.dtype.type(0)))
    past = index >= first + zeros
    zero = ~past & (index >= first)
    if ordered.size == 0:
        return np.zeros(len(index))
    index = np.where(past, index - zeros, index)
    found = ordered[np.minimum(index, ordered.size - 1)].astype(np.float64)
    return np.where(zero, 0.0, found)


def _take(values: Array, keys: Array, out: Array) -> None:
    """Put the values that have one of these keys, exact zeros left out, into `out`, in any order.

    `keys`, shape (KEYS,), says of each key whether it is one; both keys of zero are, or none.
    """
    taken = np.compress(keys.take(_keys(values)), values)
    out[:] = taken[taken != 0] if keys[0] else taken
