"""From what a network's passes recorded to figures, and which of them the dtype cannot tell."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import hypot, ldexp
from typing import TYPE_CHECKING, Final

import numpy as np

from weightinit_cli.network import QUANTILES, float16_flushed, octave_counts
from weightinit_cli.results import (
    Branch,
    ChannelCounts,
    Gradient,
    HistogramCounts,
    LayerStatistics,
    Resolution,
    Rounding,
    Saturation,
    WeightStatistics,
)
from weightinit_cli.results.figures import (
    ALL_PARAMETERS,
    CERTAIN,
    FIGURES,
    figure,
    finite_or_none,
    floor,
    gated,
    parameters_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.network import GradientRecord, Record
    from weightinit_cli.network.draws import Weights
    from weightinit_cli.network.rounding import Rounded
    from weightinit_cli.precision import Precision

# Of float64.
MOST_EXPONENT = 1023
SMALLEST: Final = sys.float_info.min
Unresolved = dict[str, float | None]
# The figures of the backward pass that residual blocks alone have.
OF_BLOCKS: Final = ("gradient.stream_rms", "branch.weight_rms")
OF_SOME: Final = (*OF_BLOCKS, "gradient.update_ratio")


def statistics(record: Record, positions: int | None = None) -> LayerStatistics:
    """The figures of one layer; None where a figure does not exist or overflows, never -0.0.

    `positions` are those of a convolution's channels.
    """
    moments, buckets, before = record.activations, record.buckets, record.preactivations
    saturation = Saturation(None, None)
    if before is not None and before.numbers:
        saturation = Saturation(
            low=None if before.low is None else before.low / before.numbers,
            high=None if before.high is None else before.high / before.numbers,
        )
    found = LayerStatistics(
        mean=finite_or_none(moments.mean),
        std=finite_or_none(moments.std),
        min=finite_or_none(buckets.low),
        max=finite_or_none(buckets.high),
        quantiles=dict(zip(map(str, QUANTILES), record.quantiles, strict=True)),
        preactivation_std=None if before is None else finite_or_none(before.moments.std),
        saturation=saturation,
        zero_fraction=buckets.zeros / max(buckets.finite, 1),
        dead_units=int(np.count_nonzero(moments.dead)),
        distinct_units=None if record.distinct is None else record.distinct.count(),
        std_across_inputs=finite_or_none(moments.std_within),
        std_across_units=finite_or_none(moments.std_between),
        weights=None if record.weights is None else _weights(record.weights),
        biases=_biases(record.biases),
        nonfinite=buckets.nonfinite,
        histogram=HistogramCounts(
            edges=tuple(record.edges.tolist()),
            counts=tuple(record.counts.tolist()),
            underflow=record.underflow,
            overflow=record.overflow,
        ),
        channels=None if positions is None else _channels(record, positions),
        resolution=Resolution(
            activations=record.resolution.activations,
            preactivations=None if before is None else record.resolution.preactivations,
            prenorm=None if record.given is None else record.resolution.given,
            branch=None if record.branch is None else record.resolution.branch,
        ),
        prenorm_std=None if record.given is None else finite_or_none(record.given.std),
        branch=_branch(record),
        rounded=_rounding(record),
    )
    return replace(found, unresolved=unresolved(found, record))


def _rounding(record: Record) -> dict[str, Rounding] | None:
    """What rounding made of a layer's weights and values; None where nothing was rounded."""
    drawn = {"weights": record.weights, "biases": record.biases}
    made = {name: each.rounded for name, each in drawn.items() if each and each.rounded}
    return roundings({**made, **record.rounded}) or None


def roundings(made: Mapping[str, Rounded]) -> dict[str, Rounding]:
    """What became of values, by their names, as it is saved."""
    return {
        name: Rounding(each.values, each.overflowed, each.flushed, each.subnormal)
        for name, each in made.items()
    }


def _branch(record: Record) -> Branch | None:
    if record.branch is None:
        return None
    return Branch(
        rms=finite_or_none(record.branch.rms()),
        weights=None if record.second is None else _weights(record.second),
        biases=_biases(record.second_biases),
    )


def _channels(record: Record, positions: int) -> ChannelCounts:
    dead = record.activations.dead
    return ChannelCounts(
        distinct=None if record.distinct is None else record.distinct.count(positions),
        dead=int(np.count_nonzero(dead.reshape(positions, -1).all(axis=0))),
    )


def _biases(biases: Weights | None) -> WeightStatistics | None:
    """None also where biases were drawn and all are zero."""
    if biases is None or biases.sums.zeros == biases.sums.size:
        return None
    return _weights(biases)


def _weights(weights: Weights) -> WeightStatistics:
    sums = weights.sums
    return WeightStatistics(
        mean=finite_or_none(sums.mean),
        std=finite_or_none(sums.std),
        min=finite_or_none(sums.low),
        max=finite_or_none(sums.high),
        quantiles=dict(zip(map(str, QUANTILES), weights.quantiles, strict=True)),
        kurtosis=finite_or_none(sums.kurtosis),
        zero_fraction=sums.zeros / sums.size,
        nonfinite=sums.size - int(sums.powers[0]),
        stream=weights.stream,
    )


def gradient_statistics(
    record: GradientRecord, above: GradientRecord | None, precision: Precision
) -> Gradient:
    """The figures of what came back to a layer; `above` is the layer after it, if any."""
    dtype = np.dtype(precision.held)
    flushed = None
    if precision.name != "float16":  # where they are flushed, and counted
        flushed = float16_flushed(record.buckets, dtype, record.exponent)
    ratio = total_ratio = None
    if above is not None:
        ratio = _ratio(record, above)
        total_ratio = None if ratio is None else finite_or_none(ratio * record.units / above.units)
    return Gradient(
        signal_rms=finite_or_none(record.signal.rms(record.exponent)),
        weight_rms=finite_or_none(record.weights.rms(record.exponent))
        if record.weights.count == record.entries
        else None,
        ratio=ratio,
        total_ratio=total_ratio,
        nonfinite=record.buckets.nonfinite,
        histogram=HistogramCounts(*octave_counts(record.buckets, dtype, record.exponent)),
        float16_flushed=flushed,
        stream_rms=None
        if record.stream is None
        else finite_or_none(record.stream.rms(record.exponent)),
    )


def second_gradient(record: GradientRecord) -> float | None:
    """The root mean square of the gradient of a branch's second layer's weights, if it has one."""
    if record.second is None or record.second.count < record.second_entries:
        return None
    return finite_or_none(record.second.rms(record.exponent))


def _ratio(record: GradientRecord, above: GradientRecord) -> float | None:
    """The mean of δ², or of the stream's squares, over that of the layer after; None for 0/0."""
    ours, theirs = record.power.rms(), above.power.rms()
    if ours is None or not theirs:
        return None
    root = _shifted(ours / theirs, record.exponent - above.exponent)
    return finite_or_none(root * root)


def _shifted(value: float, exponent: int) -> float:
    try:
        return ldexp(value, exponent)
    except OverflowError:
        return float("inf")


def unresolved(layer: LayerStatistics, record: Record) -> Unresolved:
    """The figures of the forward pass that the dtype cannot tell, each with its floor or None.

    - Sizes below the floor of the layer.
    - Where all values lie below it, their extremes and all counts: what has underflowed to zero is
      no zero. So it is with zeros that the activation has made of what is none.
    - How many units differ, where rounding has made some equal.
    - How much is saturated, where all pre-activations lie below their floor: their sign is unknown.
    - The standard deviation of the weights, or of the biases, where it is below the rounding of
      their mean, and from there up to CERTAIN floors their kurtosis.

    What overflow has left of a layer has no floors.
    """
    if layer.nonfinite:
        return _unresolved_parameters(layer, record)
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
    return found | _unresolved_parameters(layer, record)


def _is_below(layer: LayerStatistics, path: str) -> bool:
    value = figure(layer, path)
    return value is not None and abs(value) < floor(layer, path)


def _size(layer: LayerStatistics) -> float:
    """The root mean square of a layer's activations; inf without a finite value."""
    if layer.mean is None or layer.std is None:
        return float("inf")
    return hypot(layer.mean, layer.std)


def _unresolved_parameters(layer: LayerStatistics, record: Record) -> Unresolved:
    found: Unresolved = {}
    precision = record.precision
    of_record = record.weights, record.biases, record.second, record.second_biases
    drawn_by_path = dict(zip(ALL_PARAMETERS, of_record, strict=True))
    for name, each in parameters_of(layer):
        drawn = drawn_by_path[name]
        if drawn is None or not drawn.expected_std:
            continue
        if each.mean is None or each.std is None:
            continue
        least = max(precision.eps * hypot(each.mean, each.std), precision.least)
        if each.std < least:
            found[f"{name}.std"] = least
        if each.kurtosis is not None and each.std < CERTAIN * least:
            found[f"{name}.kurtosis"] = None
    return found


def unresolved_gradient(
    layer: LayerStatistics,
    below: LayerStatistics,
    record: GradientRecord,
    above: GradientRecord | None,
    precision: Precision,
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
        lost = (path for path, row in FIGURES.items() if row.unit in units)
        there = (path for path in lost if path not in OF_SOME or figure(layer, path) is not None)
        return dict.fromkeys((*there, "gradient.float16_flushed"))
    found: Unresolved = {
        path: SMALLEST
        for path, squares in zip(OF_BLOCKS, (record.stream, record.second), strict=True)
        if squares is not None and squares.total and (figure(layer, path) or SMALLEST) < SMALLEST
    }
    if record.signal.total and (gradient.signal_rms or 0.0) < SMALLEST:
        found["gradient.signal_rms"] = SMALLEST
    if gradient.weight_rms is None:
        return found
    if _size(below) < floor(below, "std"):
        return found | {"gradient.weight_rms": None}
    products = (record.signal.rms() or 0.0) * _size(below)
    if products and (record.weights.rms() or 0.0) < precision.least:
        least = ldexp(precision.least, min(record.exponent, MOST_EXPONENT))
        found["gradient.weight_rms"] = max(least, SMALLEST)
    elif record.weights.total and gradient.weight_rms < SMALLEST:
        found["gradient.weight_rms"] = SMALLEST
    return found
