"""The figures of a value, a gradient or a parameter that comes as one array.

All of them are over the finite values, and summed up in float64. Quantiles and histograms of
float32 values are read off counts by exponent and seven bits of the mantissa, unless exact ones are
asked for; of float64 values they are always exact.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from math import hypot, sqrt
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from weightinit_cli.network import counted
from weightinit_cli.network.order import QUANTILES, Buckets, at_least, looked_up, ranks_of_quantiles
from weightinit_cli.network.sums import EntrySums, SquareSum, UnitMoments, exponent_of
from weightinit_cli.results.figures import figure, finite_or_none, floor, gated
from weightinit_cli.results.model import (
    Gradient,
    HistogramCounts,
    LayerStatistics,
    Resolution,
    Saturation,
    WeightStatistics,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Array = np.ndarray[Any, Any]
T = TypeVar("T")
R = TypeVar("R")
BINS = 30
# Values of one block of columns: their float64 copies stay in a core's cache.
BLOCK = 1 << 16
# Values that are counted at once.
PART = 1 << 22
SIZES = [path for path in gated("mean", "log") if "." not in path and path != "preactivation_std"]


def value_figures(
    values: Array,
    unit_axis: int,
    *,
    inputs: bool = True,
    eps: float | None = None,
    exact: bool = False,
) -> LayerStatistics:
    """The figures of a value, float32 or float64, whose units lie along `unit_axis`.

    With `inputs` the first axis has the inputs, and the units lie along another. Without, the value
    is one and the same for all of them, or which belongs to which input is unknown: it has no
    std_across_inputs then, and its std_across_units is its std. Neither does the value of a single
    input.
    A unit of std_across_units is a (unit, position), of dead_units and distinct_units a unit at all
    positions. `eps` is that of the dtype in which the value was computed, by default its own.
    """
    values = np.ascontiguousarray(values)
    whole = values if inputs else values[np.newaxis]
    axis = unit_axis if inputs else unit_axis + 1
    moments = _moments(whole.reshape(len(whole), -1))
    buckets = _counted(values)
    quantiles, histogram = _order(values, buckets, exact=exact)
    resolution = (np.finfo(values.dtype).eps if eps is None else eps) * hypot(
        moments.mean or 0.0, moments.std or 0.0
    )
    found = LayerStatistics(
        mean=finite_or_none(moments.mean),
        std=finite_or_none(moments.std),
        min=finite_or_none(buckets.low),
        max=finite_or_none(buckets.high),
        quantiles=quantiles,
        preactivation_std=None,
        saturation=Saturation(None, None),
        zero_fraction=buckets.zeros / max(buckets.finite, 1),
        dead_units=_dead_units(moments.dead, whole.shape, axis),
        distinct_units=_distinct_units(values, unit_axis) if exact else None,
        std_across_inputs=finite_or_none(moments.std_within) if len(whole) > 1 else None,
        std_across_units=finite_or_none(moments.std_between),
        weights=None,
        nonfinite=buckets.nonfinite,
        histogram=histogram,
        resolution=Resolution(finite_or_none(float(resolution)) or 0.0, None),
    )
    return replace(found, unresolved=_unresolved(found))


def gradient_figures(values: Array) -> Gradient:
    """The figures of a gradient, float32 or float64."""
    values = np.ascontiguousarray(values)
    buckets = _counted(values)
    return Gradient(
        signal_rms=finite_or_none(SquareSum.of(values).rms()),
        weight_rms=None,
        ratio=None,
        total_ratio=None,
        nonfinite=buckets.nonfinite,
        histogram=HistogramCounts(*counted.octave_counts(buckets, values.dtype)),
        float16_flushed=counted.float16_flushed(buckets, values.dtype),
    )


def weight_figures(values: Array, stream: str, *, exact: bool = False) -> WeightStatistics:
    """The figures of a parameter's entries, float32 or float64."""
    values = np.ascontiguousarray(values)
    with np.errstate(all="ignore"):
        pivot = float(values.mean(dtype=np.float64))
    sums = EntrySums.of(values, pivot, exponent_of(values))
    quantiles, _ = _order(values, _counted(values), exact=exact)
    return WeightStatistics(
        mean=finite_or_none(sums.mean),
        std=finite_or_none(sums.std),
        min=finite_or_none(sums.low),
        max=finite_or_none(sums.high),
        quantiles=quantiles,
        kurtosis=finite_or_none(sums.kurtosis),
        zero_fraction=sums.zeros / max(sums.size, 1),
        nonfinite=sums.size - int(sums.powers[0]),
        stream=stream,
    )


class _Moments(NamedTuple):
    """The moments of columns pooled; `dead` says of each column whether it is zero in all rows."""

    mean: float | None
    std: float | None
    std_within: float | None
    std_between: float | None
    dead: Array


def _moments(rows: Array) -> _Moments:
    """The moments of columns, taken in blocks of columns; nothing else is kept of a column."""
    step = max(BLOCK // len(rows), 1)
    if rows.dtype != np.float32 or rows.shape[1] <= step:
        one = UnitMoments.of(rows)
        return _Moments(one.mean, one.std, one.std_within, one.std_between, one.dead)
    blocks = [_block(rows[:, start : start + step]) for start in range(0, rows.shape[1], step)]
    counts, means, within, between = np.array([block[:4] for block in blocks]).T
    dead = np.concatenate([block[4] for block in blocks])
    count = counts.sum()
    if not count:
        return _Moments(None, None, None, None, dead)
    mean = float(counts @ means / count)
    power_within = float(within.sum() / count)
    power_between = float((between.sum() + counts @ (means - mean) ** 2) / count)
    std = sqrt(power_within + power_between)
    return _Moments(mean, std, sqrt(power_within), sqrt(power_between), dead)


def _block(rows: Array) -> tuple[float, float, float, float, Array]:
    """The count, the mean, the squares within and between columns, and which are dead."""
    one = UnitMoments.of(rows)
    within, between = (one.count * (part or 0.0) ** 2 for part in (one.std_within, one.std_between))
    return one.count, one.mean or 0.0, within, between, one.dead


def _counted(values: Array) -> Buckets:
    """Count values into buckets, in parts, since counting takes several times their memory."""
    flat = values.reshape(-1)
    parts = (Buckets.of(flat[start : start + PART]) for start in range(0, flat.size, PART))
    return reduce(add, parts)


def _dead_units(dead: Array, shape: tuple[int, ...], axis: int) -> int:
    """How many units are zero at all positions for every input."""
    if not dead.any():
        return 0
    by_unit = np.moveaxis(dead.reshape(shape[1:]), axis - 1, -1)
    return int(np.count_nonzero(by_unit.reshape(-1, by_unit.shape[-1]).all(axis=0)))


def _distinct_units(values: Array, axis: int) -> int | None:
    """How many units differ at any position or input; None where a value is not finite."""
    if not np.isfinite(values).all():
        return None
    units = np.moveaxis(values, axis, 0) + 0.0  # of -0.0, too
    return len({unit.tobytes() for unit in units})


def _order(
    values: Array, buckets: Buckets, *, exact: bool
) -> tuple[dict[str, float | None], HistogramCounts]:
    """The quantiles, and the histogram of BINS bins from the lowest to the highest value."""
    low, high = (buckets.low, buckets.high) if buckets.finite else (0.0, 1.0)
    edges = _edges(low, high)
    found: tuple[float | None, ...]
    if not buckets.finite:
        found, counts = (None,) * len(QUANTILES), (0,) * BINS
    elif low == high:
        found = (low + 0.0,) * len(QUANTILES)
        counts = tuple(buckets.finite * (place == BINS // 2) for place in range(BINS))
    elif exact or values.dtype != np.float32:
        thresholds = at_least(edges[1:-1], values.dtype)
        ranks = ranks_of_quantiles(buckets.finite)
        below, ordered = looked_up(
            values.reshape(-1), [slice(None)], [buckets], buckets, thresholds, ranks, _one_by_one
        )
        found = tuple((ordered + 0.0).tolist())
        counts = tuple(np.diff([0, *below.tolist(), buckets.finite]).tolist())
    else:
        found, counts = counted.quantiles(buckets), counted.linear(buckets, edges)
    histogram = HistogramCounts(tuple(edges.tolist()), counts, 0, 0)
    return dict(zip(map(str, QUANTILES), found, strict=True)), histogram


def _edges(low: float, high: float) -> Array:
    """The edges of BINS bins from low to high, half of 1 around where these are the same."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low / 2, high / 2, BINS + 1) * 2  # whose difference may overflow
    edges[0], edges[-1] = low, high
    return edges


def _one_by_one(
    function: Callable[[T], R],
    items: Iterable[T],
    /,
    *,
    cost: float = 0,  # noqa: ARG001
) -> list[R]:
    return [function(item) for item in items]


def _unresolved(found: LayerStatistics) -> dict[str, float | None]:
    """The sizes that lie below what the value's dtype can tell, each with its floor."""
    if found.nonfinite or found.mean is None or found.std is None:
        return {}
    if not hypot(found.mean, found.std):
        return {}
    sizes = ((path, figure(found, path), floor(found, path)) for path in SIZES)
    return {path: least for path, size, least in sizes if size is not None and abs(size) < least}
