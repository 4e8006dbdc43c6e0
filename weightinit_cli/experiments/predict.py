"""Theory beside measurement: each layer's figures as mean-field theory predicts them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import inf, prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.experiments.build import NORMALIZATIONS, scaled_on_data
from weightinit_cli.network.shown import Given, Normal, Uniform
from weightinit_cli.results import LayerTheory, Prediction, certain, figure, floor
from weightinit_cli.results.figures import CERTAIN, FIGURES, in_gate
from weightinit_cli.results.words import value_count
from weightinit_cli.spec import Component
from weightinit_cli.theory import (
    NORMAL,
    LayerScale,
    expectations_of,
    predict,
    predict_loss,
    shifts,
    standard_errors,
    why_no_z,
    with_loss,
    z_score,
)
from weightinit_cli.theory import inputs as theory_inputs
from weightinit_cli.theory.predictions import Branch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.network import Network, Request, Stage, Weighted
    from weightinit_cli.network.layer import Joint, Weightless
    from weightinit_cli.results import LayerStatistics
    from weightinit_cli.spec import Spec
    from weightinit_cli.theory import Expectations, Inputs, LayerPrediction, LossPrediction
    from weightinit_cli.theory.blocks import Normalization, Stream

ENOUGH_REPEATS = 10
ENOUGH_VALUES = 30
# The narrowest networks that z-scores were tested on have 20.
FEWEST_UNITS = 16
LINEAR = Component("linear")
# Units of figures that are there where the gradient was measured.
GRADIENTS = ("gradient", "ratio")
# Variances of given inputs' sizes and of their pairs' products, relative to the mean size. Beyond
# these, what is curved in them is more than its second order.
MOST_OF_SIZE = 0.25
MOST_OF_CORRELATION = 0.1
LEAST_SIZE = 0.02
NOT_PLAIN = (
    "theory's standard errors, and what it knows of finite width, are about layers without "
    "normalization and residual branches"
)
PRETRAINED = "the weights were pretrained; mean-field theory is about random ones"


class NetworkTheory(NamedTuple):
    """The predictions for a network, layer by layer as far as q stays finite; or why none exist.

    `expectations` are those of every layer's activation, `scales` the layers as theory sees them,
    `layers` the predictions, `errors` their standard errors by the figures' paths, and `shifts` how
    far finite width moves the figures' expectations. `no_z` says why no figure has a z-score, where
    none has. `normal` says whether what the first layer is given is.
    """

    expectations: Sequence[Expectations]
    scales: Sequence[LayerScale]
    layers: list[LayerPrediction]
    errors: list[dict[str, float]]
    shifts: list[dict[str, float]]
    why_not: str | None
    samples: int = 0
    inputs: Inputs = NORMAL
    no_z: str | None = None
    loss: LossPrediction | None = None
    normal: bool = False


def why_not_before_a_run(spec: Spec) -> str | None:
    """Why there are no predictions before a run: its start looks at the data; None where not."""
    if spec.pretraining is not None:
        return PRETRAINED
    initializer = scaled_on_data(spec)
    if initializer is not None:
        name = initializer.name
        return f"{name} finds its scales on the data; winit histogram has predictions for them"
    return None


def theory_of(
    network: Network,
    activations: Sequence[Component],
    request: Request,
    why_not: str | None = None,
    *,
    with_errors: bool = True,
) -> NetworkTheory:
    """What theory says of a network of these `activations`, one per layer.

    It says nothing where `why_not` is a reason that it cannot. An output layer is the last of its
    layers.
    """
    if network.output:
        activations = (*activations, LINEAR)
    expectations = tuple(expectations_of(each.name, **each.arguments) for each in activations)
    why_not = why_not or why_not_of(network)
    inputs = NORMAL if why_not else _inputs_of(network)
    why_not = why_not or _why_not_of_inputs(inputs, network)
    if why_not is not None:
        return NetworkTheory(expectations, (), [], [], [], why_not)
    scales = tuple(map(_scale_of_stage, network.stages))
    stream = inputs.stream
    if network.projection is not None:
        first = _scale_of(network.projection)
        stream = stream.weighted(first.sigma_w2, first.bias_variance)
    ends = tuple(request.ends(stage.function) for stage in network.stages)
    plain = not any(scale.branch or scale.normalization for scale in scales)
    theory = _theory_of(
        expectations,
        scales,
        network.samples,
        ends,
        inputs,
        stream,
        with_errors and plain,
        network.output,
    )
    return theory._replace(
        no_z=(None if plain else NOT_PLAIN) or _no_z(network.body) or _no_z_of_inputs(inputs),
        normal=isinstance(network.inputs, Normal),
    )


def _scale_of_stage(stage: Stage) -> LayerScale:
    """A stage as the theory sees it."""
    scale, residual = _scale_of(stage.weighted), stage.residual
    if residual is None:
        kind = next((_kind_of(layer) for layer in stage.between), None)
        return scale._replace(normalization=kind)
    branch = Branch(
        residual.scale,
        None if residual.second is None else _scale_of(residual.second),
        None if residual.before is None else _kind_of(residual.before),
        None if residual.after is None else _kind_of(residual.after),
    )
    return scale._replace(branch=branch)


def _scale_of(layer: Weighted) -> LayerScale:
    return LayerScale(
        layer.fan_in,
        layer.fan_out,
        layer.weights.std * layer.weights.std,
        layer.bias.std * layer.bias.std if layer.bias else 0.0,
        layer.columns,
        layer.positions,
        prod(axis.size for axis in layer.axes),
        layer.weights.excess or 0.0,
        layer.bias.excess or 0.0 if layer.bias else 0.0,
    )


def _kind_of(layer: Weightless | Joint) -> Normalization | None:
    """Which normalization a layer is; None where it is none that theory knows."""
    return next((name for name, kind in NORMALIZATIONS.items() if isinstance(layer, kind)), None)


# Runs that differ in their seeds alone have the same theory; without these two caches it would
# be two fifths of a batch's time.
@lru_cache(maxsize=8)
def _theory_of(
    expectations: tuple[Expectations, ...],
    scales: tuple[LayerScale, ...],
    samples: int,
    ends: tuple[Ends, ...],
    inputs: Inputs,
    stream: Stream,
    with_errors: bool,
    output: bool,
) -> NetworkTheory:
    activations = [each.activation for each in expectations]
    layers = predict(expectations, scales, samples, ends, stream)
    errors: list[dict[str, float]] = [{} for _ in layers]
    moved, loss = errors, None
    if output and len(layers) == len(scales):
        loss = predict_loss(activations, scales, layers, samples, ends, inputs)
        layers = with_loss(layers, loss.loss)
    if with_errors:
        errors = standard_errors(activations, scales, layers, samples, ends, inputs)
        moved = shifts(activations, scales, layers, errors, samples, ends, inputs)
    if loss is not None:  # what goes back is not independent from input to input, as they take it
        errors = [
            {path: error for path, error in each.items() if not path.startswith("gradient.")}
            for each in errors
        ]
    return NetworkTheory(
        expectations, scales, layers, errors, moved, None, samples, inputs, loss=loss
    )


@lru_cache(maxsize=64)
def _shares(expectations: Expectations, q: float, edges: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(expectations.shares(q, np.array(edges)).tolist())


def why_not_of(network: Network) -> str | None:
    """Why there are no predictions of a network; None where there are.

    Mean-field theory is about many weights that are independent and have no mean.
    """
    stages = network.body.stages
    between = [layer for stage in stages for layer in stage.between]
    known = all(_kind_of(layer) is not None for layer in between)
    if not known or any(stage.activation is None or len(stage.between) > 1 for stage in stages):
        return "mean-field theory is about layers of weights, a normalization and an activation"
    first = () if network.projection is None else (network.projection,)
    for layer in (*first, *network.weighted, *network.seconds):
        if any(axis.padding == "same" and (axis.before or axis.after) for axis in layer.axes):
            return (
                "zeros around the image; for convolutions, mean-field theory is about windows "
                "inside the image, or on a ring"
            )
        if layer.weights.given:
            return PRETRAINED
        if layer.weights.mean:
            return "the weights have a mean; mean-field theory is about weights without"
        if layer.bias is not None and layer.bias.mean:
            return "the biases have a mean; mean-field theory is about biases without"
    return None


def _inputs_of(network: Network) -> Inputs:
    """How large a network's inputs are, and how alike: of a law, or measured of given ones."""
    match network.inputs:
        case Given(values):
            low = network.low
            fits = low is None or np.abs(values).max() <= low.largest
            return theory_inputs.given(values) if fits else theory_inputs.Inputs(square=inf)
        case Uniform(low, high):
            return theory_inputs.uniform(low, high)
        case Normal(correlation) if correlation:
            return theory_inputs.normal(correlation)
        case _:
            return NORMAL


def _why_not_of_inputs(inputs: Inputs, network: Network) -> str | None:
    """Why there are no predictions of a network that is shown such inputs; None where there are."""
    if not inputs.square:
        return "the inputs are all 0"
    if not 0 < inputs.square**2 < inf:
        return "the inputs are too small, or too large, to be raised to the fourth power"
    alike = inputs.scatter is None and not inputs.shared
    if not alike and any(layer.axes for layer in network.weighted):
        return (
            "the places of these inputs are not alike; for convolutions, mean-field theory is "
            "about values that are drawn independently of each other"
        )
    return None


def _no_z(network: Network) -> str | None:
    """Why no figure of a network has a z-score; None where some have one.

    Standard errors are about many units, all independent.
    """
    if min(network.features, *(layer.columns for layer in network.weighted)) < FEWEST_UNITS:
        return (
            f"z-scores are about layers, and inputs, of at least {FEWEST_UNITS} units or channels"
        )
    for layer in network.weighted:
        if layer.weights.excess is None:
            return (
                "the weights of two units are not independent of each other, as theory's "
                "standard errors and its corrections for finite width take them to be"
            )
    return None


def _no_z_of_inputs(inputs: Inputs) -> str | None:
    """Why no figure has a z-score where these inputs are given; None where some have one."""
    if inputs.differ_in_size > MOST_OF_SIZE:
        return "the inputs differ too much in size; theory is about inputs of about one size"
    if inputs.scatter is not None and inputs.scatter.smallest < LEAST_SIZE:
        return "some inputs are 0, or nearly so; theory is about inputs of about one size"
    if inputs.differ_in_correlation > MOST_OF_CORRELATION:
        return (
            "some inputs are too much more alike than others, as theory takes all pairs for equal"
        )
    return None


def with_theory(
    layers: Sequence[LayerStatistics], theory: NetworkTheory, repeats: int
) -> tuple[LayerStatistics, ...]:
    """The layers with the predictions beside their figures, as far as there are any.

    The standard errors are derived, or, from ENOUGH_REPEATS on, those over the repeats. A share
    of which fewer than ENOUGH_VALUES are expected has none: it depends too steeply on q.
    """
    told = [
        replace(layer, theory=_layer_theory(layer, theory, number, repeats >= ENOUGH_REPEATS))
        for number, layer in enumerate(layers[: len(theory.layers)])
    ]
    return (*told, *layers[len(told) :])


def _layer_theory(
    layer: LayerStatistics, theory: NetworkTheory, number: int, over_repeats: bool
) -> LayerTheory:
    p, errors = theory.layers[number], theory.errors[number]
    if over_repeats and layer.repeats is not None:
        spreads = layer.repeats.items()
        errors = {path: spread.std for path, spread in spreads if spread.std is not None}
    figures = {
        path: _prediction(path, layer, theory, number, errors.get(path))
        for path in p.figures
        if layer.gradient is not None or FIGURES[path].unit not in GRADIENTS
    }
    return LayerTheory(p.q, p.d, figures, _histogram(theory, number, layer.histogram.edges))


def _histogram(theory: NetworkTheory, number: int, edges: tuple[float, ...]) -> tuple[float, ...]:
    """The expected share of a layer's values per bin; empty where their law is not known.

    Of a stream it is known where all that it adds up is normal: inputs of N(0, 1), or what a
    projection makes of inputs of one size, and what second weights make of activations.
    """
    p, blocks = theory.layers[number], theory.scales[: number + 1]
    if theory.scales[number].branch is None:
        return _shares(theory.expectations[number], p.q, edges)
    if not theory.normal or any(each.branch and not each.branch.second for each in blocks):
        return ()
    return _shares(expectations_of("linear"), p.left.stream.square, edges)


def _prediction(
    path: str,
    layer: LayerStatistics,
    theory: NetworkTheory,
    number: int,
    error: float | None,
) -> Prediction:
    """The prediction of one figure of a layer, with its z-score where it has one.

    Whether it has one is decided by the derived errors, which no draw decides.
    """
    p, moved = theory.layers[number], theory.shifts[number]
    value, measured = p.figures[path], figure(layer, path)
    if in_gate(path, "fraction") and value * value_count(layer) < ENOUGH_VALUES:
        return Prediction(value, None, None, f"fewer than {ENOUGH_VALUES} values are expected")
    derived, scale = theory.errors[number], theory.scales[number]
    no_z = (
        theory.no_z
        or _of_output(path, theory, scale)
        or _not_measured(path, layer, error)
        or why_no_z(path, scale, p, derived, moved, inputs=theory.samples, first=number == 0)
        or _without_logarithm(path, measured)
        or (None if error else "over the repeats it is always the same, or has no finite spread")
    )
    if no_z is not None or measured is None or error is None:
        return Prediction(value, error, None, no_z)
    return Prediction(value, error, z_score(path, measured, value, error, moved[path]))


def _of_output(path: str, theory: NetworkTheory, scale: LayerScale) -> str | None:
    """Why a figure of a network with an output layer has no z-score; None where it may have one."""
    if theory.loss is None:
        return None
    if path.startswith("gradient."):
        return (
            "the loss's gradient is alike for inputs whose logits are, which the standard error "
            "leaves out"
        )
    few = scale is theory.scales[-1] and scale.units < FEWEST_UNITS
    return f"z-scores are about layers of at least {FEWEST_UNITS} units" if few else None


def predicted_loss(
    theory: NetworkTheory, network: Network, loss: float | None, over_repeats: float | None
) -> Prediction | None:
    """The loss that theory expects of a network, beside what was measured; None without theory.

    `over_repeats` is its standard deviation over the seeds, from ENOUGH_REPEATS on.
    """
    expected = theory.loss
    if expected is None:
        return None
    error = expected.standard_error if over_repeats is None else over_repeats
    drawn = network.stages[-1].weighted.weights
    no_z = theory.no_z or expected.no_z
    if drawn.excess is None:
        no_z = no_z or "the weights of two logits are not independent of each other"
    if isinstance(network.inputs, Given):
        no_z = no_z or "given inputs differ in size, where theory takes them to be alike"
    if loss is None:
        no_z = "the loss is not finite"
    value = expected.loss.mean
    if no_z is not None or loss is None or not error:
        return Prediction(value, error, None, no_z)
    return Prediction(value, error, (loss - value) / error)


def _not_measured(path: str, layer: LayerStatistics, error: float | None) -> str | None:
    """Why what was measured of a figure is too little for a z-score; None where it is not.

    Rounding may not move a figure by a part of its standard error that counts. It moves a mean by
    as much whatever the mean's own size.
    """
    measured = figure(layer, path)
    part = layer.gradient if path.startswith("gradient.") else layer
    if measured is None:
        return "there is no such figure in this run"
    if part is not None and part.nonfinite:
        return "it was measured of the finite values alone"
    if in_gate(path, "mean", "fraction") and certain(layer, "preactivation_std") is None:
        return "the run's dtype cannot tell the pre-activations that it comes from"
    if in_gate(path, "mean"):
        if error is None or error >= CERTAIN * floor(layer, path):
            return None
        return (
            "rounding in the run's dtype may move it by more than an eighth of its standard error"
        )
    if path in layer.unresolved and layer.unresolved[path] is None:
        return "the run's dtype cannot tell it"
    if certain(layer, path) is None:
        return f"it is smaller than {CERTAIN} times what the run's dtype can tell"
    return None


def _without_logarithm(path: str, measured: float | None) -> str | None:
    """Why a figure that is compared by its logarithm has no z-score; None where it is not 0."""
    is_zero = in_gate(path, "log") and not measured
    return "0 was measured, which has no logarithm" if is_zero else None
