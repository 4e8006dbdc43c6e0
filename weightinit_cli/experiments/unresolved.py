"""Which of a layer's figures the run's dtype cannot tell."""

from __future__ import annotations

import sys
from math import hypot, ldexp
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from weightinit_cli.results.figures import CERTAIN, FIGURES, figure, floor, gated

if TYPE_CHECKING:
    from weightinit_cli.network import GradientRecord, Record
    from weightinit_cli.results import LayerStatistics

HIGHEST: Final = 1023  # exponent of a float
SMALLEST: Final = sys.float_info.min

Unresolved = dict[str, float | None]


def unresolved(layer: LayerStatistics, record: Record) -> Unresolved:
    """The figures of the forward pass that the dtype cannot tell, each with its floor or None.

    - Sizes below the floor of the layer.
    - Where all values lie below it, their extremes and all counts: what has underflowed to zero is
      no zero. So it is with zeros that the activation has made of what is none.
    - How many units differ, where rounding has made some equal.
    - How much is saturated, where all pre-activations lie below their floor: their sign is unknown.
    - The weights' standard deviation where it is below the rounding of their mean, and from there
      up to CERTAIN floors their kurtosis.

    What overflow has left of a layer has no floors.
    """
    if layer.nonfinite:
        return _unresolved_weights(layer, record)
    sizes = gated("mean", "log")
    found: Unresolved = {path: floor(layer, path) for path in sizes if _is_below(layer, path)}
    if _size(layer) < floor(layer, "std"):
        found |= {path: floor(layer, path) for path in gated("extreme") if _is_below(layer, path)}
        found |= dict.fromkeys(("zero_fraction", "dead_units", "distinct_units"))
    elif record.distinct is not None and record.distinct.rounded:
        found["distinct_units"] = None
    if record.resolution.underflow:
        found |= dict.fromkeys(("zero_fraction", "dead_units"))
    z = record.preactivations
    if z is not None and (z.moments.rms or 0.0) < floor(layer, "preactivation_std"):
        found |= dict.fromkeys(
            path
            for path in gated("fraction")
            if path.startswith("saturation.") and figure(layer, path) is not None
        )
    return found | _unresolved_weights(layer, record)


def _is_below(layer: LayerStatistics, path: str) -> bool:
    value = figure(layer, path)
    return value is not None and abs(value) < floor(layer, path)


def _size(layer: LayerStatistics) -> float:
    """The root mean square; inf without a finite value."""
    if layer.mean is None or layer.std is None:
        return float("inf")
    return hypot(layer.mean, layer.std)


def _unresolved_weights(layer: LayerStatistics, record: Record) -> Unresolved:
    weights = layer.weights
    if weights is None or weights.mean is None or weights.std is None:
        return {}
    if record.weights is None or not record.weights.expected_std:
        return {}
    info = np.finfo(record.dtype)
    least = max(float(info.eps) * hypot(weights.mean, weights.std), float(info.smallest_normal))
    found: Unresolved = {"weights.std": least} if weights.std < least else {}
    if weights.kurtosis is not None and weights.std < CERTAIN * least:
        found["weights.kurtosis"] = None
    return found


def unresolved_gradient(
    layer: LayerStatistics,
    below: LayerStatistics,
    record: GradientRecord,
    above: GradientRecord | None,
    dtype: np.dtype[Any],
    *,
    sloped: bool,
    flushed: bool,
) -> Unresolved:
    """The figures of the backward pass that are not known.

    None of them are where a slope from here up is not (`sloped`), nor where nothing is left of
    the signal and slopes have underflowed (`flushed`); the weights' gradient is not where what the
    layer was given is not, or where its products underflow.
    """
    gradient = layer.gradient
    if gradient is None:
        return {}
    if not sloped or (flushed and not gradient.signal_rms and not gradient.nonfinite):
        units = ("gradient",) if above is None else ("gradient", "ratio")
        return dict.fromkeys(path for path, row in FIGURES.items() if row.unit in units)
    found: Unresolved = {}
    if record.signal.total and (gradient.signal_rms or 0.0) < SMALLEST:
        found["gradient.signal_rms"] = SMALLEST
    if gradient.weight_rms is None:
        return found
    if _size(below) < floor(below, "std"):
        return found | {"gradient.weight_rms": None}
    smallest = float(np.finfo(dtype).smallest_normal)
    products = (record.signal.rms() or 0.0) * _size(below)
    if products and (record.weights.rms() or 0.0) < smallest:
        least = ldexp(smallest, min(record.exponent, HIGHEST))
        found["gradient.weight_rms"] = max(least, SMALLEST)
    elif record.weights.total and gradient.weight_rms < SMALLEST:
        found["gradient.weight_rms"] = SMALLEST
    return found
