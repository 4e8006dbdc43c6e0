"""The figures of section "what is recorded" of one array, taken as it comes."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import Any

import numpy as np

from weightinit_cli.results.model import (
    Gradient,
    HistogramCounts,
    LayerStatistics,
    Resolution,
    Saturation,
    WeightStatistics,
)

Array = np.ndarray[Any, Any]
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 30


def value_figures(values: Array, unit_axis: int) -> LayerStatistics:
    """The figures of a value, the inputs on its first axis; its units lie along `unit_axis`."""
    whole = values.astype(np.float64)
    finite = whole[np.isfinite(whole)]
    mean, std, low, high = _moments(finite)
    across_inputs = sqrt(float(whole.var(axis=0).mean())) if finite.size == whole.size else None
    across_units = sqrt(float(whole.mean(axis=0).var())) if finite.size == whole.size else None
    units = np.moveaxis(whole, unit_axis, -1).reshape(-1, whole.shape[unit_axis])
    return LayerStatistics(
        mean=mean,
        std=std,
        min=low,
        max=high,
        quantiles=_quantiles(finite),
        preactivation_std=None,
        saturation=Saturation(None, None),
        zero_fraction=float((finite == 0).mean()) if finite.size else 0.0,
        dead_units=int((units == 0).all(axis=0).sum()),
        distinct_units=None,
        std_across_inputs=across_inputs,
        std_across_units=across_units,
        weights=None,
        nonfinite=whole.size - finite.size,
        histogram=_histogram(finite),
        resolution=Resolution(
            float(np.finfo(values.dtype).eps) * sqrt(float((finite**2).mean()))
            if finite.size
            else 0,
            None,
        ),
    )


def gradient_figures(values: Array) -> Gradient:
    """The figures of a gradient."""
    whole = values.astype(np.float64)
    finite = whole[np.isfinite(whole)]
    rms = sqrt(float((finite**2).mean())) if finite.size else None
    sizes = np.abs(finite)
    top = int(np.frexp(sizes.max())[1]) if sizes.any() else 1
    edges = np.ldexp(1.0, np.arange(top - 40, top + 1))
    counts = np.histogram(sizes, edges)[0]
    return Gradient(
        signal_rms=rms,
        weight_rms=None,
        ratio=None,
        total_ratio=None,
        nonfinite=whole.size - finite.size,
        histogram=HistogramCounts(
            tuple(edges.tolist()),
            tuple(counts.tolist()),
            int((sizes < edges[0]).sum()),
            int((sizes > edges[-1]).sum()),
        ),
    )


def weight_figures(values: Array, stream: str) -> WeightStatistics:
    """The figures of a parameter's entries."""
    whole = values.astype(np.float64).reshape(-1)
    finite = whole[np.isfinite(whole)]
    mean, std, low, high = _moments(finite)
    kurtosis = None
    if std and mean is not None:
        kurtosis = float((((finite - mean) / std) ** 4).mean())
    return WeightStatistics(
        mean=mean,
        std=std,
        min=low,
        max=high,
        quantiles=_quantiles(finite),
        kurtosis=kurtosis,
        zero_fraction=float((finite == 0).mean()) if finite.size else 0.0,
        nonfinite=whole.size - finite.size,
        stream=stream,
    )


def _moments(finite: Array) -> tuple[float | None, ...]:
    if not finite.size:
        return (None,) * 4
    found = (finite.mean(), finite.std(), finite.min(), finite.max())
    return tuple(float(each) if isfinite(each) else None for each in found)


def _quantiles(finite: Array) -> dict[str, float | None]:
    if not finite.size:
        return dict.fromkeys(map(str, QUANTILES))
    found = np.quantile(finite, QUANTILES, method="inverted_cdf")
    return dict(zip(map(str, QUANTILES), found.tolist(), strict=True))


def _histogram(finite: Array) -> HistogramCounts:
    counts, edges = np.histogram(finite if finite.size else np.zeros(0), BINS)
    return HistogramCounts(tuple(edges.tolist()), tuple(counts.tolist()), 0, 0)
