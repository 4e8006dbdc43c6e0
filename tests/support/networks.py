"""Networks for tests that look inside them."""

from __future__ import annotations

from weightinit_cli.initializers.samplers import filled
from weightinit_cli.network import Dense, Elementwise, Network, Stage


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
