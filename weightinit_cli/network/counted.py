"""What counts of buckets alone tell of values: quantiles, linear bins, octaves."""

from __future__ import annotations

from functools import lru_cache
from math import ldexp
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.order import SIGN, Buckets, octaves, ranks_of_quantiles, smaller

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = np.ndarray[Any, Any]

# Octaves of |δ| that a histogram holds at most, twelve decades.
MOST_OCTAVES = 40
# The lowest and the highest octave 2**k .. 2**(k + 1) there may be.
LOWEST, HIGHEST = -1021, 1022
# Half of float16's smallest number is 2 to this power.
_HALF_OF_FLOAT16 = -25


class Counts(NamedTuple):
    """Values per bin, those below all and above all; bins lie between `edges`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    underflow: int
    overflow: int


def quantiles(buckets: Buckets) -> tuple[float | None, ...]:
    """The values of QUANTILES of float32 values, the middle of their bucket.

    A bucket has the exponent and seven bits of the mantissa in common, so that they are right to
    2**-8 of themselves, but for subnormal numbers, which are told as 0.
    """
    if not buckets.finite:
        return tuple(None for _ in ranks_of_quantiles(1))
    places = np.searchsorted(np.cumsum(buckets.counts), ranks_of_quantiles(buckets.finite))
    edges = _edges()
    middles = np.where(places == SIGN, 0.0, (edges[places] + edges[places + 1]) / 2)
    return tuple((np.clip(middles, buckets.low, buckets.high) + 0.0).tolist())


def linear(buckets: Buckets, edges: Array) -> tuple[int, ...]:
    """How many float32 values lie between `edges`, which reach from the lowest to the highest.

    Where an edge falls into a bucket, the bucket's values are taken to lie evenly in it.
    """
    cumulative = np.concatenate([[0], np.cumsum(buckets.counts)])
    below = np.rint(np.interp(edges, _edges(), cumulative)).astype(np.int64)
    below[0], below[-1] = 0, buckets.finite
    return tuple(np.diff(below).tolist())


def octave_counts(buckets: Buckets, dtype: np.dtype[Any], exponent: int = 0) -> Counts:
    """Count |values| between powers of two, from the largest down at most MOST_OCTAVES.

    The values counted are in units of 2**exponent.
    """
    sizes: Mapping[int, int] = {k + exponent: n for k, n in octaves(buckets, dtype).items()}
    overflow = sum(n for k, n in sizes.items() if k > HIGHEST)
    held = [k for k in sizes if LOWEST <= k <= HIGHEST]
    top = max(held, default=0)
    bottom = max(min(held, default=0), top - MOST_OCTAVES + 1)
    counts = tuple(sizes.get(k, 0) for k in range(bottom, top + 1))
    return Counts(
        edges=tuple(ldexp(1.0, k) for k in range(bottom, top + 2)),
        counts=counts,
        underflow=buckets.finite - overflow - sum(counts),
        overflow=overflow,
    )


def float16_flushed(buckets: Buckets, dtype: np.dtype[Any], exponent: int = 0) -> float | None:
    """Of the values that are not zero, the share that float16 would round to zero.

    That is what is smaller than 2**-25, half of its smallest number; exact, but that 2**-25 itself,
    which is halfway and rounded to zero, is not counted. The values counted are in units of
    2**exponent. None where all are zero.
    """
    numbers = buckets.finite - buckets.zeros
    return smaller(buckets, _HALF_OF_FLOAT16 - exponent, dtype) / numbers if numbers else None


@lru_cache(maxsize=1)
def _edges() -> Array:
    """The lower end of every bucket of float32 values, and the upper end of the last."""
    keys = np.arange(SIGN, dtype=np.uint32) << 16
    with np.errstate(invalid="ignore"):
        sizes = np.append(keys.view(np.float32).astype(np.float64), np.inf)
    sizes[~np.isfinite(sizes)] = 2.0**128
    return np.concatenate([-sizes[:0:-1], sizes])
