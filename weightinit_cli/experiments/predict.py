"""Theory beside measurement: each layer's figures as mean-field theory predicts them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.initializers.given import Given
from weightinit_cli.network import Conv
from weightinit_cli.results import LayerTheory, Prediction, figure
from weightinit_cli.theory import LayerScale, expectations_of, predict, standard_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.network import Network, Request
    from weightinit_cli.results import LayerStatistics
    from weightinit_cli.spec import Component, Spec
    from weightinit_cli.theory import Expectations, LayerPrediction

ENOUGH_REPEATS = 10
ENOUGH_VALUES = 30
PRETRAINED = "the weights were pretrained; mean-field theory is about random ones"
SHARES = ("saturation.low", "saturation.high", "zero_fraction")


class Predicted(NamedTuple):
    """The predictions with their standard errors, as far as q stays finite; or why none exist."""

    expectations: Expectations
    scales: Sequence[LayerScale]
    layers: list[LayerPrediction]
    errors: list[dict[str, float]]
    why_not: str | None


def unforeseen(spec: Spec) -> str | None:
    """Why there are no predictions before a run, where its start looks at the data."""
    if spec.pretraining is not None:
        return PRETRAINED
    if INITIALIZERS[spec.initializer.name].data_dependent:
        name = spec.initializer.name
        return f"{name} finds its scales on the data; winit histogram has predictions for them"
    return None


def predicted(
    network: Network,
    activation: Component,
    request: Request,
    unforeseen: str | None = None,
    *,
    with_errors: bool = True,
) -> Predicted:
    """What theory says of a network; nothing of what is `unforeseen`."""
    expectations = expectations_of(activation.name, **activation.arguments)
    why_not = unforeseen or _why_not(network)
    if why_not is not None:
        return Predicted(expectations, (), [], [], why_not)
    scales = tuple(
        LayerScale(
            layer.fan_in,
            layer.fan_out,
            layer.weights.std * layer.weights.std,
            layer.bias.std * layer.bias.std if layer.bias else 0.0,
            layer.columns,
            layer.positions,
            layer.image.positions if isinstance(layer, Conv) else 1,
        )
        for layer in network.layers
    )
    ends = request.x_low, request.x_high
    return _predicted(expectations, scales, network.samples, ends, with_errors)


# Runs that differ in their seeds alone have the same theory; without these two caches it would
# be two fifths of a batch's time.
@lru_cache(maxsize=8)
def _predicted(
    expectations: Expectations,
    scales: tuple[LayerScale, ...],
    samples: int,
    ends: tuple[float | None, float | None],
    with_errors: bool,
) -> Predicted:
    layers = predict(expectations, scales, samples, ends)
    errors: list[dict[str, float]] = [{} for _ in layers]
    if with_errors:
        errors = standard_errors(expectations.activation, scales, layers, samples, ends)
    return Predicted(expectations, scales, layers, errors, None)


@lru_cache(maxsize=64)
def _shares(expectations: Expectations, q: float, edges: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(expectations.shares(q, np.array(edges)).tolist())


def _why_not(network: Network) -> str | None:
    """Mean-field theory is about many weights that are independent and have no mean."""
    for layer in network.layers:
        if isinstance(layer, Conv) and layer.padding == "same" and _is_padded(layer):
            return (
                "zeros around the image; for convolutions, mean-field theory is about windows "
                "inside the image, or on a ring"
            )
        if isinstance(layer.weights, Given):
            return PRETRAINED
        if layer.weights.mean:
            return "the weights have a mean; mean-field theory is about weights without"
        if layer.bias is not None and layer.bias.mean:
            return "the biases have a mean; mean-field theory is about biases without"
    return None


def _is_padded(layer: Conv) -> bool:
    return any(axis.before or axis.after for axis in layer.axes)


def with_theory(
    layers: Sequence[LayerStatistics], said: Predicted, repeats: int
) -> tuple[LayerStatistics, ...]:
    """The layers with the predictions beside their figures, as far as there are any.

    The standard errors are derived, or, from ENOUGH_REPEATS on, those over the repeats. A share
    of which fewer than ENOUGH_VALUES are expected has none: it depends too steeply on q.
    """
    told = [
        replace(layer, theory=_layer_theory(layer, said.expectations, prediction, errors, repeats))
        for layer, prediction, errors in zip(layers, said.layers, said.errors, strict=False)
    ]
    return (*told, *layers[len(told) :])


def _layer_theory(
    layer: LayerStatistics,
    expectations: Expectations,
    prediction: LayerPrediction,
    errors: dict[str, float],
    repeats: int,
) -> LayerTheory:
    figures = {}
    histogram = layer.histogram
    values = sum(histogram.counts) + histogram.underflow + histogram.overflow + layer.nonfinite
    for path, value in prediction.figures.items():
        if path.startswith("gradient.") and layer.gradient is None:
            continue
        error = errors.get(path)
        if repeats >= ENOUGH_REPEATS and layer.repeats is not None:
            error = layer.repeats[path].std if path in layer.repeats else None
        if path in SHARES and value * values < ENOUGH_VALUES:
            error = None
        measured = figure(layer, path)
        z = None if measured is None or not error else (measured - value) / error
        figures[path] = Prediction(value, error, z)
    shares = _shares(expectations, prediction.q, layer.histogram.edges)
    return LayerTheory(prediction.q, prediction.d, figures, shares)
