"""From the network's records to the figures of a Result."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.network import QUANTILES, Record, Request
from weightinit_cli.results import (
    HistogramCounts,
    LayerStatistics,
    Saturation,
    WeightStatistics,
)

if TYPE_CHECKING:
    from weightinit_cli.network.recording import Weights


def statistics(record: Record, request: Request) -> LayerStatistics:
    """The figures of one layer; None where a figure does not exist or overflows, never -0.0."""
    moments, buckets, before = record.activations, record.buckets, record.preactivations
    values = buckets.finite + buckets.nonfinite
    saturation = Saturation(None, None)
    if before is not None and before.numbers:
        saturation = Saturation(
            low=None if request.x_low is None else before.low / values,
            high=None if request.x_high is None else before.high / values,
        )
    return LayerStatistics(
        mean=_finite(moments.mean),
        std=_finite(moments.std),
        min=_finite(buckets.low),
        max=_finite(buckets.high),
        quantiles=dict(zip(map(str, QUANTILES), record.quantiles, strict=True)),
        preactivation_std=None if before is None else _finite(before.moments.std),
        saturation=saturation,
        zero_fraction=buckets.zeros / values,
        dead_units=int(np.count_nonzero(moments.dead)),
        distinct_units=moments.distinct(record.eps),
        std_across_inputs=_finite(moments.std_within),
        std_across_units=_finite(moments.std_between),
        weights=None if record.weights is None else _weights(record.weights),
        nonfinite=buckets.nonfinite,
        histogram=HistogramCounts(
            edges=tuple(record.edges.tolist()),
            counts=tuple(record.counts.tolist()),
            underflow=record.underflow,
            overflow=record.overflow,
        ),
    )


def _weights(weights: Weights) -> WeightStatistics:
    sums = weights.sums
    return WeightStatistics(
        mean=_finite(sums.mean),
        std=_finite(sums.std),
        min=_finite(sums.low),
        max=_finite(sums.high),
        kurtosis=_finite(sums.kurtosis),
        zero_fraction=sums.zeros / sums.size,
        stream=weights.stream,
    )


def _finite(value: float | None) -> float | None:
    return value + 0.0 if value is not None and isfinite(value) else None
