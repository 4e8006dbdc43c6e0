"""What the definitions measure: where a fault begins, and the value that shows it."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.results.figures import finite_exp
from weightinit_cli.results.model import NOTE, WARNING
from weightinit_cli.verdicts.chance import (
    chance_of_dead,
    correlation_of,
    most_by_chance,
    relu_correlation,
)
from weightinit_cli.verdicts.lost import said_of_lost, where_lost, where_overflowed
from weightinit_cli.verdicts.seen import (
    SIGNAL,
    Layer,
    Seen,
    at_most,
    has_one_weight,
    is_known,
    is_one_number,
    size,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.results.model import Severity


class Finding(NamedTuple):
    """The layer where a fault begins, and the value that shows it, of `figure`.

    The figure is empty where it is the definition's own. The value is None where it is only known
    to be beyond the threshold. `over` are the two layers between which something changes.
    `severity` is the definition's own where it is None. What is no layer's has its place in words,
    `module`, and what shows it, `evidence`; its layer is then the last that may be its cause.
    """

    layer: int
    value: float | None
    figure: str = ""
    over: tuple[int, int] | None = None
    severity: Severity | None = None
    module: str | None = None
    evidence: str | None = None


class Span(NamedTuple):
    """How a root mean square changes between two layers: the logarithm of the factor."""

    log: float
    over: tuple[int, int]


ACROSS = "std_across_inputs"
BRANCH = "branch.rms"
TOTAL_RATIO = "gradient.total_ratio"
# Values that a layer is given, below which the chance of dead units has no formula.
FEWEST_INPUTS = 5
# A stream with normalized branches that grows by this is noted.
NOTED_GROWTH = 3.0
NO_CHANGE = Span(0.0, (0, 0))


def overflow(seen: Seen, _: float) -> Finding | None:
    """The first layer with an inf or nan, or the last whose gradient has one."""
    made = where_overflowed([layer.figures for layer in seen.layers])
    for layer in seen.layers:
        if layer.figures.nonfinite:
            evidence = made[1] if made is not None and made[0] <= layer.number else None
            return Finding(layer.number, float(layer.figures.nonfinite), evidence=evidence)
    for layer in reversed(seen.layers):
        gradient = layer.figures.gradient
        if gradient is not None and gradient.nonfinite:
            count, evidence = float(gradient.nonfinite), made and made[1]
            return Finding(layer.number, count, "gradient.nonfinite", evidence=evidence)
    return None


def underflow(seen: Seen, _: float) -> Finding | None:
    """The first layer whose values are all below what the dtype can tell.

    Or the last of which a low precision flushes most of the gradient to zero.
    """
    for layer in seen.whole:
        if {"mean", "std"} <= layer.figures.unresolved.keys():
            return Finding(layer.number, None)
    lost = where_lost([layer.figures for layer in seen.layers])
    if lost is None:
        return None
    number, share = lost
    of_several = seen.layers[number - 1].figures.repeats is not None
    evidence = said_of_lost(share, seen.loss_scale, of_several=of_several)
    return Finding(number, share, "gradient.flushed", severity=WARNING, evidence=evidence)


def units_identical(seen: Seen, _: float) -> Finding | None:
    """The first layer of several units, or channels, that are all the same.

    Of a residual block it is the units inside its branch.
    """
    if seen.residual:
        return _of_branches(seen, _has_one_unit, 0.0, "weights.std")
    for layer in seen.whole:
        channels = layer.figures.channels
        if not is_known(layer.figures, "distinct_units"):
            continue
        if channels is None:
            if layer.units > 1 and layer.figures.distinct_units == 1:
                return Finding(layer.number, 1.0)
        elif layer.units > layer.positions and channels.distinct == 1:
            return Finding(layer.number, 1.0, "channels.distinct")
    return None


def dying(seen: Seen, threshold: float) -> Finding | None:
    """The first layer with more units that get no gradient than chance leaves, and their share.

    In a residual block no unit of the stream is dead, as what comes back passes it by: it is the
    branch, all or nothing.
    """
    if seen.residual:
        return None if seen.is_silent else _of_branches(seen, _branch_is_dead, 1.0)
    for layer in seen.whole:
        share = dead_share(layer)
        if share is None or share <= threshold:
            continue
        if is_dead(layer) or (not layer.slope_at_zero and share > _chance(seen, layer)):
            return Finding(layer.number, share)
    return None


def is_dead(layer: Layer) -> bool:
    """Whether all units of a layer are zero for every input, and none of them gets a gradient."""
    if dead_share(layer) != 1:
        return False
    gradient = layer.figures.gradient
    no_gradient = gradient is not None and gradient.signal_rms == 0
    return not layer.slope_at_zero or (no_gradient and is_known(layer.figures, SIGNAL))


def dead_share(layer: Layer) -> float | None:
    """Which part of the units (channels) is dead, as far as it is known."""
    if not is_known(layer.figures, "dead_units"):
        return None
    if layer.figures.channels is not None:
        return layer.figures.channels.dead * layer.positions / layer.units
    return layer.figures.dead_units / layer.units


def _of_branches(
    seen: Seen, is_ill: Callable[[Layer], bool], value: float, figure: str = ""
) -> Finding | None:
    """The first branch of which something is true: a warning where it is of all, else a note.

    The stream passes ill branches by, so that what is left of the network may train without them.
    """
    ill = [layer for layer in seen.whole if is_ill(layer)]
    if not ill:
        return None
    severity: Severity = WARNING if len(ill) == len(seen.layers) else NOTE
    return Finding(ill[0].number, value, figure, severity=severity)


def _has_one_unit(layer: Layer) -> bool:
    """Whether the units inside a branch are the same and get the same gradient.

    They do where both of its layers have one weight.
    """
    branch = layer.figures.branch
    second = None if branch is None else branch.weights
    return layer.units > 1 and has_one_weight(layer.figures) and is_one_number(second)


def _branch_is_dead(layer: Layer) -> bool:
    """Whether nothing comes through a branch, and no gradient to any of its weights.

    Where the scale is 0 that is so until the scale moves.
    """
    figures, gradient, branch = layer.figures, layer.figures.gradient, layer.figures.branch
    if not layer.scale or branch is None:
        return False
    if gradient is None:
        nothing = branch.weights is None and branch.rms == 0 and not layer.slope_at_zero
        return nothing and is_known(figures, BRANCH)
    return (
        gradient.signal_rms == 0
        and is_known(figures, SIGNAL)
        and not branch.weight_rms
        and is_known(figures, "branch.weight_rms")
    )


def _chance(seen: Seen, layer: Layer) -> float:
    """The share of dead units that a sound layer may have by chance.

    Inputs are as correlated as in a wide ReLU network of this depth, or more where they are. Behind
    a few units alone they are no Gaussian cloud, and any share may be chance.
    """
    if layer.low != 0:
        return 0.0
    if min(each.fan_in for each in seen.layers[: layer.number]) < FEWEST_INPUTS:
        return 1.0
    units = layer.units // layer.positions
    weights = layer.figures.weights
    if layer.samples == 1:
        return 1.0
    c = relu_correlation(layer.number)
    if weights is not None and weights.std is not None:
        given = seen.before(layer)
        found = correlation_of(given, weights.std, layer.bias_std, layer.fan_in, layer.samples)
        c = max(c, found or 0.0)
    return most_by_chance(chance_of_dead(c, layer.samples), units)


def collapsed(seen: Seen, threshold: float) -> Finding | None:
    """The first layer whose standard deviation is a small share of its root mean square."""
    for layer in seen.whole:
        std, rms = at_most(layer.figures, "std"), size(layer.figures)
        if std is None or not rms or layer.units * layer.samples == 1:
            continue
        if std / rms < threshold:
            return Finding(layer.number, std / rms if is_known(layer.figures, "std") else None)
    return None


def saturated(seen: Seen, threshold: float) -> Finding | None:
    """The first layer much of which lies in both flat ends, where there are two."""
    for layer in seen.whole:
        low, high = layer.figures.saturation.low, layer.figures.saturation.high
        if low is None or high is None or not is_known(layer.figures, "saturation.low"):
            continue
        share = high if layer.half_flat else low + high
        if share > threshold:
            return Finding(layer.number, share)
    return None


def inputs_indistinguishable(seen: Seen, threshold: float) -> Finding | None:
    """The first layer whose units hardly differ from input to input, and the ratio that shows it.

    What differs is small beside the layer's standard deviation and beside what differs at the
    input.
    """
    for layer, ratio, kept in _across_inputs(seen):
        if ratio < threshold and kept < threshold:
            return Finding(layer.number, ratio if is_known(layer.figures, ACROSS) else None)
    return None


def signal_drowned(seen: Seen, threshold: float) -> Finding | None:
    """The first layer whose units differ far more from each other than from input to input.

    What differs from input to input is not lost: beside what differs at the input it is not small.
    """
    for layer, ratio, kept in _across_inputs(seen):
        if kept < threshold:
            return None
        if ratio < threshold:
            return Finding(layer.number, ratio)
    return None


def _across_inputs(seen: Seen) -> Iterator[tuple[Layer, float, float]]:
    """The layers that see several inputs, each with its std_across_inputs / std, / the input's.

    What the dtype cannot tell is at most the first, and nothing is known to be kept of it. Where
    layers are normalized, what is kept is that of a root mean square of 1, not of the input's.
    """
    for layer in seen.whole:
        signal, std = at_most(layer.figures, ACROSS), layer.figures.std
        if signal is None or not std or not is_known(layer.figures, "std") or layer.samples == 1:
            continue
        whole = seen.input.std_across_inputs
        known = is_known(layer.figures, ACROSS)
        kept = signal / whole if whole and known else 0.0
        yield layer, signal / std, kept * (size(seen.input) or 1.0) if seen.normalized else kept


def vanishing_signal(seen: Seen, threshold: float) -> Finding | None:
    """The span of layers over which the root mean square falls most.

    What is normalized may have any size.
    """
    if seen.normalized:
        return None
    fall = _fall(_signal(seen))
    start, end = fall.over
    return _changed(fall, finite_exp(fall.log) < threshold, start + 1 if end else 0)


def exploding_signal(seen: Seen, threshold: float) -> Finding | None:
    """The span of layers over which the root mean square grows most.

    What is normalized may have any size: `growing_stream` tells how a stream grows.
    """
    if seen.normalized:
        return None
    rise = _rise(_signal(seen))
    start, end = rise.over
    return _changed(rise, finite_exp(rise.log) > threshold, start + 1 if end else 0)


def vanishing_gradient(seen: Seen, threshold: float) -> Finding | None:
    """The span of layers, from above down, over which the gradient falls most."""
    last = seen.layers[-1]
    gradient = last.figures.gradient
    nothing = gradient is not None and gradient.signal_rms == 0 and is_known(last.figures, SIGNAL)
    nothing = nothing and not seen.is_silent and not seen.residual
    nothing = nothing or all(map(_hands_nothing_back, seen.layers))
    if nothing and threshold > 0 and len(seen.whole) == len(seen.layers):
        return Finding(last.number, 0.0, SIGNAL)
    fall = _fall(_gradient(seen))
    return _changed(fall, finite_exp(fall.log) < threshold, fall.over[0] - 1)


def _hands_nothing_back(layer: Layer) -> bool:
    """Whether a branch adds to its stream, and no gradient comes to its first weights."""
    gradient, branch = layer.figures.gradient, layer.figures.branch
    if gradient is None or gradient.signal_rms != 0 or branch is None or not branch.rms:
        return False
    return is_known(layer.figures, SIGNAL) and gradient.stream_rms != 0


def growing_stream(seen: Seen, _: float) -> Finding | None:
    """How much a stream grows whose branches are given it normalized."""
    start, end = size(seen.input), size(seen.layers[-1].figures)
    if seen.normalization != "pre" or not start or not end or end / start < NOTED_GROWTH:
        return None
    return Finding(1, end / start, over=(0, len(seen.layers)))


def branches_at_zero(seen: Seen) -> Finding | None:
    """The first branch that hands nothing on, but does as soon as its scale, W or V has moved."""
    for layer in seen.whole:
        branch = layer.figures.branch
        if branch is None or branch.rms != 0 or not is_known(layer.figures, BRANCH):
            continue
        if layer.scale == 0:
            return Finding(layer.number, 0.0, "residual.scale")
        if branch.weights is not None and not _branch_is_dead(layer):
            return Finding(layer.number, 0.0, BRANCH)
    return None


def exploding_gradient(seen: Seen, threshold: float) -> Finding | None:
    """The span of layers, from above down, over which the gradient grows most."""
    rise = _rise(_gradient(seen))
    return _changed(rise, finite_exp(rise.log) > threshold, rise.over[0] - 1)


def _changed(span: Span, beyond: bool, layer: int) -> Finding | None:
    if not beyond or span is NO_CHANGE:
        return None
    value = finite_exp(span.log)
    return Finding(layer, value if value or span.log == -inf else None, over=span.over)


def _signal(seen: Seen) -> list[tuple[int, float]]:
    """The logarithm of every known layer's root mean square, the input's first."""
    sizes = [(0, size(seen.input)), *((each.number, size(each.figures)) for each in seen.whole)]
    found = []
    for number, rms in sizes:
        if rms is not None:
            found.append((number, _log(rms)))
            if not rms:
                break
    return found


def _gradient(seen: Seen) -> list[tuple[int, float]]:
    """The logarithm of the norm of what comes back to each layer, the last layer's 0.

    Of residual blocks it is what comes back to the stream.
    The norm is over the units and positions of a layer (the root mean square over inputs), so that
    widths that differ do not count (He et al. 2015, section 2.2). It ends where a ratio is unknown.
    """
    whole = seen.whole
    found = [(len(whole), 0.0)]
    for layer in reversed(whole[:-1]):
        gradient = layer.figures.gradient
        if gradient is None or gradient.total_ratio is None or gradient.nonfinite:
            break
        if not is_known(layer.figures, TOTAL_RATIO):
            break
        found.append((layer.number, found[-1][1] + _log(gradient.total_ratio) / 2))
        if not gradient.total_ratio:
            break
    return found


def _fall(logs: Sequence[tuple[int, float]]) -> Span:
    """The largest fall from one of a sequence to a later one."""
    rise = _rise([(number, -height) for number, height in logs])
    return NO_CHANGE if rise is NO_CHANGE else Span(-rise.log, rise.over)


def _rise(logs: Sequence[tuple[int, float]]) -> Span:
    """The largest rise from one of a sequence to a later one."""
    found = NO_CHANGE
    lowest = logs[0] if logs else (0, 0.0)
    for number, height in logs:
        if height <= lowest[1]:
            lowest = number, height
        elif height - lowest[1] > found.log:
            found = Span(height - lowest[1], (lowest[0], number))
    return found


def _log(value: float) -> float:
    return log(value) if value else -inf
