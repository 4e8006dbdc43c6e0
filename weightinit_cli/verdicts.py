"""What is wrong with a network and where: one table of definitions, drawn from what was measured.

Nothing is concluded from saturation alone: sigmoid with standard deviation 10 is saturated, and
its gradient explodes.
"""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from math import hypot, inf, log
from operator import gt, lt
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.results.figures import certain, figure, finite_exp, geometric_mean
from weightinit_cli.results.model import HEALTHY, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.parameters import Thresholds
    from weightinit_cli.results.model import LayerStatistics

    Beyond = Callable[[float, float], bool]

SMALLEST: Final = 5e-324
SIGNAL: Final = "gradient.signal_rms"


class Layer(NamedTuple):
    """One layer as the definitions see it: its number from 1, its size, its figures.

    A convolution's units are its channels at every one of its `positions`; a fully connected
    layer has one. `half_flat` says that the low flat end begins at zero, as relu6's, which is half
    of all pre-activations by design.
    """

    number: int
    units: int
    positions: int
    samples: int
    half_flat: bool
    figures: LayerStatistics


class Finding(NamedTuple):
    """The layer where a fault starts, and the value that shows it, of `figure`.

    The figure is empty where it is the definition's own.
    The value is None where it is only known to be beyond the threshold.
    """

    layer: int
    value: float | None
    figure: str = ""


Layers = tuple[Layer, ...]
# How a mean square changes at each layer: the logarithm, -inf where nothing is left.
LogRatios = dict[int, float]


class Definition(NamedTuple):
    """One verdict: how it is found, and all that `winit explain` says of it.

    `figure` says what the verdict's value is a value of.
    """

    find: Callable[[Layers, float], Finding | None]
    figure: str
    meaning: str
    formula: str
    advice: str
    reference: str = ""


def _overflow(layers: Layers, _: float) -> Finding | None:
    for layer in layers:
        if layer.figures.nonfinite:
            return Finding(layer.number, float(layer.figures.nonfinite))
    for layer in reversed(layers):
        gradient = layer.figures.gradient
        if gradient is not None and gradient.nonfinite:
            return Finding(layer.number, float(gradient.nonfinite), "gradient.nonfinite")
    return None


def _underflow(layers: Layers, _: float) -> Finding | None:
    for layer in _whole(layers):
        if {"mean", "std"} <= layer.figures.unresolved.keys():
            return Finding(layer.number, None)
    return None


def _units_identical(layers: Layers, _: float) -> Finding | None:
    for layer in _whole(layers):
        channels = layer.figures.channels
        if not _is_known(layer, "distinct_units"):
            continue
        if channels is None:
            if layer.units > 1 and layer.figures.distinct_units == 1:
                return Finding(layer.number, 1.0)
        elif layer.units > layer.positions and channels.distinct == 1:
            return Finding(layer.number, 1.0, "channels.distinct")
    return None


def _vanishing_gradient(layers: Layers, threshold: float) -> Finding | None:
    last = layers[-1].figures.gradient
    nothing = last is not None and last.signal_rms == 0 and _is_known(layers[-1], SIGNAL)
    if nothing and threshold > 0 and len(_whole(layers)) == len(layers):
        return Finding(layers[-1].number, 0.0, SIGNAL)
    return _mean(_gradient_ratios, lt, layers, threshold)


def _first(
    measure: Callable[[Layer], float | None],
    path: str,
    beyond: Beyond,
    layers: Layers,
    threshold: float,
) -> Finding | None:
    """The first layer whose figure, drawn from the one at `path`, is beyond the threshold."""
    for layer in _whole(layers):
        value = measure(layer)
        if value is not None and beyond(value, threshold):
            return Finding(layer.number, value if _is_known(layer, path) else None)
    return None


def _mean(
    measure: Callable[[Layers], LogRatios], beyond: Beyond, layers: Layers, threshold: float
) -> Finding | None:
    """The geometric mean where it is beyond the threshold, and the first layer that is."""
    ratios = measure(layers)
    if not ratios:
        return None
    mean = geometric_mean([*ratios.values()])
    if not beyond(mean, threshold):
        return None
    there = (layer for layer, ratio in ratios.items() if beyond(finite_exp(ratio), threshold))
    return Finding(next(there, next(iter(ratios))), mean)


def _whole(layers: Layers) -> Layers:
    """The layers before any overflow; what is left of later ones says nothing of its own."""
    return tuple(takewhile(lambda layer: not layer.figures.nonfinite, layers))


def _spread(layer: Layer) -> float | None:
    """The standard deviation of a layer of several values over their root mean square."""
    std, size = _at_most(layer, "std", layer.figures.std), _size(layer)
    return std / size if std is not None and size and layer.units * layer.samples > 1 else None


def _spread_across_inputs(layer: Layer) -> float | None:
    """The ratio std_across_inputs / std of a layer that sees several inputs."""
    signal = _at_most(layer, "std_across_inputs", layer.figures.std_across_inputs)
    std = layer.figures.std
    if signal is None or not std or not _is_known(layer, "std") or layer.samples == 1:
        return None
    return signal / std


def _flat_share(layer: Layer) -> float | None:
    """How much lies in both flat ends, where there are two."""
    if not _is_known(layer, "saturation.low"):
        return None
    low, high = layer.figures.saturation.low, layer.figures.saturation.high
    if low is None or high is None:
        return None
    return high if layer.half_flat else low + high


def _dead_share(layer: Layer) -> float | None:
    """Which part of the units (channels) is dead; a single value of each is no evidence."""
    if layer.samples * layer.positions == 1 or not _is_known(layer, "dead_units"):
        return None
    if layer.figures.channels is not None:
        return layer.figures.channels.dead * layer.positions / layer.units
    return layer.figures.dead_units / layer.units


def _signal_ratios(layers: Layers) -> LogRatios:
    """The ratios from each layer to the next, forward, as far as both are known."""
    layers = _whole(layers)
    sizes = [_size(layer) for layer in layers]
    return {
        layer.number: 2 * (_log(after) - log(before))
        for layer, before, after in zip(layers[1:], sizes, sizes[1:], strict=False)
        if before and after is not None
    }


def _gradient_ratios(layers: Layers) -> LogRatios:
    """The ratios from each layer back to the one before."""
    whole = _whole(layers)
    if len(whole) < len(layers):
        whole = whole[:-1]
    above = {layer.number - 1: layer.positions for layer in layers}
    ratios = {}
    for layer in reversed(whole):
        gradient = layer.figures.gradient
        if gradient is None or gradient.ratio is None or gradient.nonfinite:
            continue
        if not _is_known(layer, "gradient.ratio"):
            continue
        # A kernel's gradient adds up what comes back to all positions.
        places = layer.positions / above.get(layer.number, layer.positions)
        ratios[layer.number] = _log(gradient.ratio * places)
    return ratios


def _log(value: float) -> float:
    return log(value) if value else -inf


def _size(layer: Layer) -> float | None:
    """The root mean square; None where it is below what the dtype can tell."""
    figures = layer.figures
    if figures.mean is None or figures.std is None:
        return None
    if not (_is_known(layer, "mean") or _is_known(layer, "std")):
        return None
    return min(hypot(figures.mean, figures.std), finite_exp(inf))


def _is_known(layer: Layer, path: str) -> bool:
    """Whether the dtype can tell the figure so well that its value can be concluded from."""
    if path in layer.figures.unresolved:
        return False
    return figure(layer.figures, path) is None or certain(layer.figures, path) is not None


def _at_most(layer: Layer, path: str, value: float | None) -> float | None:
    """The figure, or the floor that it lies below; rounding makes a spread larger, not smaller."""
    return layer.figures.unresolved.get(path) or value


_PER_LAYER = "geometric mean over the layers of"
_RATIO = "gradient.ratio (of convolutions × positions / positions of the layer after)"

DEFINITIONS: Final[dict[str, Definition]] = {
    "overflow": Definition(
        _overflow,
        "nonfinite",
        "activations or gradients are inf or nan",
        "nonfinite + gradient.nonfinite > 0",
        "lower the weights' standard deviation",
    ),
    "underflow": Definition(
        _underflow,
        "unresolved",
        "a layer's activations are all smaller than the dtype can tell: nothing more is known of "
        "it and of what comes back through it",
        "mean and std are unresolved",
        "raise the weights' standard deviation",
    ),
    "units_identical": Definition(
        _units_identical,
        "distinct_units",
        "all units of a layer are the same: they get the same gradient and stay the same",
        "distinct_units = 1 in a layer of several units, channels.distinct = 1 in a convolution of "
        "several channels",
        "draw the weights at random, so that the units differ from the start",
        "Rumelhart, Hinton & Williams 1986",
    ),
    "collapsed": Definition(
        partial(_first, _spread, "std", lt),
        "std / rms",
        "a layer's activations are all but one number, whatever the unit and the input",
        "std / rms < threshold, with rms² = mean² + std²",
        "raise the weights' standard deviation towards sqrt(1 / fan_in)",
    ),
    "saturated": Definition(
        partial(_first, _flat_share, "saturation.low", gt),
        "saturation.low + saturation.high",
        "much of a layer lies in both flat ends of its activation, where learning is slow; what "
        "the gradient does is measured apart",
        "saturation.low + saturation.high > threshold, for activations flat on both sides (an end "
        "that begins at zero, as relu6's, is not counted)",
        "lower the weights' standard deviation towards sqrt(1 / fan_in), or try xavier_normal",
        "Glorot & Bengio 2010, section 3",
    ),
    "inputs_indistinguishable": Definition(
        partial(_first, _spread_across_inputs, "std_across_inputs", lt),
        "std_across_inputs / std",
        "the units differ from each other but not from input to input: a well-spread histogram "
        "hides that all inputs look the same",
        "std_across_inputs / std < threshold",
        "try initializer: critical, or an activation with mean zero such as tanh",
        "Schoenholz et al. 2017 (arXiv:1611.01232), section 3",
    ),
    "dying": Definition(
        partial(_first, _dead_share, "dead_units", gt),
        "dead share",
        "units are zero for every input and get no gradient (ReLU networks of 100 units with He "
        "have up to 6 by chance)",
        "dead_units / units > threshold, of a convolution channels.dead / channels",
        "use he_normal with zero biases, or a leaky activation",
        "Lu et al. 2020 (arXiv:1903.06733)",
    ),
    "vanishing_signal": Definition(
        partial(_mean, _signal_ratios, lt),
        "mean signal ratio",
        "the activations shrink from layer to layer",
        f"{_PER_LAYER} mean² + std² of a layer / that of the layer before < threshold",
        "raise the weights' scale: he_normal for ReLU, gain: auto or critical for others",
        "He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "exploding_signal": Definition(
        partial(_mean, _signal_ratios, gt),
        "mean signal ratio",
        "the activations grow from layer to layer",
        f"{_PER_LAYER} mean² + std² of a layer / that of the layer before > threshold",
        "lower the weights' scale: he_normal for ReLU, gain: auto or critical for others",
        "He et al. 2015 (arXiv:1502.01852), section 2.2",
    ),
    "vanishing_gradient": Definition(
        _vanishing_gradient,
        "mean gradient.ratio",
        "what comes back shrinks from layer to layer, so that the first layers hardly learn",
        f"{_PER_LAYER} {_RATIO} < threshold, or gradient.signal_rms = 0 at the last layer",
        "raise the weights' scale or try initializer: critical, where there is one",
        "Glorot & Bengio 2010, section 4.2; Schoenholz et al. 2017 (arXiv:1611.01232), section 5",
    ),
    "exploding_gradient": Definition(
        partial(_mean, _gradient_ratios, gt),
        "mean gradient.ratio",
        "what comes back grows from layer to layer, so that the first layers' steps are far too "
        "long",
        f"{_PER_LAYER} {_RATIO} > threshold",
        "lower the weights' scale, or try initializer: critical, where there is one",
        "Schoenholz et al. 2017 (arXiv:1611.01232), section 5",
    ),
}

ALL_IS_WELL: Final = "signal and gradient keep their size, units and inputs differ"
SIGNAL_IS_WELL: Final = (
    "the signal keeps its size, units and inputs differ; the gradient is not known"
)


def draw_verdict(
    layers: Sequence[LayerStatistics],
    widths: Sequence[int],
    thresholds: Thresholds,
    ends: tuple[float | None, float | None] = (None, None),
    positions: Sequence[int] = (),
) -> tuple[Verdict, ...]:
    """What is wrong with the layers, worst first; one "healthy" where nothing is.

    `widths` are the layers' units, `ends` those of the activation's flat ends (`x_low`, `x_high`),
    and `positions` at how many places of an image each layer's channels are, 1 unless given.
    """
    low, high = ends
    half_flat = low == 0 and high is not None and high > SMALLEST
    seen = tuple(
        Layer(number, units, places, _values(figures) // units, half_flat, figures)
        for number, (units, places, figures) in enumerate(
            zip(widths, positions or (1,) * len(widths), layers, strict=True), 1
        )
    )
    limits = thresholds._asdict()
    found = {
        name: finding
        for name, definition in DEFINITIONS.items()
        if (finding := definition.find(seen, limits.get(name, 0.0))) is not None
    }
    if "units_identical" in found:
        found.pop("collapsed", None)
    verdicts = (
        Verdict(
            name,
            "warning",
            finding.layer,
            finding.figure or DEFINITIONS[name].figure,
            finding.value,
            advice=DEFINITIONS[name].advice,
        )
        for name, finding in found.items()
    )
    measured = all(
        layer.figures.gradient is not None and _is_known(layer, SIGNAL) for layer in seen
    )
    well = ALL_IS_WELL if measured else SIGNAL_IS_WELL
    return tuple(verdicts) or (Verdict(HEALTHY, None, advice=well),)


def _values(figures: LayerStatistics) -> int:
    """The number of a layer's values, samples × units."""
    held = figures.histogram
    return sum(held.counts) + held.underflow + held.overflow + figures.nonfinite
