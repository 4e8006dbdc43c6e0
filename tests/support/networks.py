"""Networks for tests that look inside them."""

from __future__ import annotations

import numpy as np

from weightinit_cli.experiments.build import NORMALIZATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import filled
from weightinit_cli.network import (
    Dense,
    Elementwise,
    Network,
    Residual,
    Stage,
)


def composed(layers, activation, samples, dtype, seed=0, *repeat, **draws_of):
    """The layers, each with this activation after it."""
    return Network(activated(layers, activation), samples, dtype, seed, *repeat, **draws_of)


def activated(layers, activation):
    """A stage for each of the layers, with this activation."""
    return tuple(Stage(layer, Elementwise(activation, layer.units)) for layer in layers)


def classifier(layers, activation):
    """The same, without an activation after the last layer."""
    return (*activated(layers[:-1], activation), Stage(layers[-1]))


def shaped_as(weights):
    """Dense layers of these weights' shapes, for what holds the weights itself."""
    return tuple(Dense(*w.shape, filled(0.0), None) for w in weights)


def blocks(
    depth,
    width,
    activation,
    *,
    features=None,
    branch=None,
    scale=1.0,
    normalization=None,
    placement="none",
    std=1.0,
    bias_std=0.0,
    samples=20,
    dtype="float64",
    seed=0,
):
    """A network of plain, normalized (branch None) or residual stages of one width.

    Where a stream needs it, a projection stands before them. Weights are N(0, std² / fan_in),
    biases N(0, bias_std²), both of either layer of a branch.
    """

    def dense(fan_in, *, biased=True):
        fans = Fans(fan_in, width)
        bias = INITIALIZERS["normal"].build(fans, std=bias_std) if bias_std and biased else None
        weights = INITIALIZERS["normal"].build(fans, std=std / fan_in**0.5)
        return Dense(fan_in, width, weights, bias)

    def stage(fan_in):
        kind = normalization and NORMALIZATIONS[normalization](width)
        plain = Stage(dense(fan_in), Elementwise(activation, width))
        if branch is None:
            return plain._replace(between=(kind,) if kind else ())
        second = dense(width) if branch == 2 else None
        before, after = (kind if placement == each else None for each in ("pre", "post"))
        return plain._replace(residual=Residual(scale, second, before, after))

    features = features or width
    projection = None
    if branch is not None and features != width:
        projection, features = dense(features, biased=False), width
    stages = (stage(features), *(stage(width) for _ in range(depth - 1)))
    return Network(stages, samples, np.dtype(dtype), seed, projection=projection)
