"""Layer-sequential unit variance: each layer's gain, found on what the layer is given.

Mishkin & Matas 2016 (arXiv:1511.06422), algorithm 1.
"""

from __future__ import annotations

from functools import partial, reduce
from math import inf, sqrt
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.initializers.samplers import Fans, haar
from weightinit_cli.network.draws import Parameters, draw_bias, redraw_weights
from weightinit_cli.network.layer import DRAW_WORK
from weightinit_cli.network.propagation import Memory, over_blocks, push, walk_forward
from weightinit_cli.network.sums import UnitMoments

if TYPE_CHECKING:
    from weightinit_cli.network.layer import Network, Weighted
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

DIVISIONS = 10


class NoScaleError(ValueError):
    """A layer, counted from 1, whose pre-activations are not brought to variance 1.

    Raised for arrays, which know no spec; the experiment adds the place.
    """

    def __init__(self, layer: int, reason: str) -> None:
        self.layer = layer
        self.reason = reason
        super().__init__(f"layer {layer}: {reason}")

    def __reduce__(self) -> tuple[type[NoScaleError], tuple[int, str]]:
        return (NoScaleError, (self.layer, self.reason))


class Variances(NamedTuple):
    """The variances of xW and b over all inputs and units, and their covariance."""

    product: float
    bias: float = 0.0
    covariance: float = 0.0

    @classmethod
    def of(cls, product: UnitMoments, bias: Array | None) -> Variances:
        """Take the moments of xW, and b of shape (1, units), None for zeros."""
        std = product.std or 0.0
        if bias is None:
            return cls(std * std)
        b = bias[0].astype(np.float64)
        b -= b.mean()
        means = np.ldexp(product.means, product.exponent)
        return cls(std * std, float(np.mean(b * b)), float(np.mean(b * (means - means.mean()))))

    def at(self, s: float) -> float:
        """The variance of s xW + b."""
        return s * s * self.product + 2 * s * self.covariance + self.bias


def with_gains(network: Network, gains: tuple[float, ...]) -> Network:
    """The same network with orthogonal weights of these gains, one per layer."""
    return network.drawn_by(
        (haar(gain, Fans(layer.fan_in, layer.columns)), layer.bias)
        for layer, gain in zip(network.weighted, gains, strict=True)
    )


def lsuv_work(network: Network) -> float:
    """What `lsuv_gains` takes, in multiply-adds."""
    drawn = sum(layer.entries for layer in network.weighted)
    return DRAW_WORK * drawn + sum(map(network.work_of, network.stages))


def lsuv_gains(network: Network, inputs: Array, tolerance: float, apply: Map) -> tuple[float, ...]:
    """The gain of each layer with which the variance of its xW + b is 1, to `tolerance`.

    `inputs` have shape (n, features); the variance is over all of them and all units. The weights
    are orthogonal ones, drawn from the layers' own streams; every layer sees what those below make
    of the inputs with their gains, bit by bit as `forward` does. The gains do not depend on the
    number of threads.

    Raises NoScaleError where xW does not vary or is not finite, and where ten divisions are not
    enough, because the biases alone vary as much or nearly so.
    """
    network = with_gains(network, (1.0,) * len(network.stages))._replace(samples=len(inputs))
    memory, each = Memory(network), over_blocks(network, apply)
    gains: list[float] = []

    def scaled(number: int, x: Array, z: Array) -> Parameters:
        layer = network.stages[number - 1].weighted
        weights = memory.weights(number)
        redraw_weights(network, number, weights, apply)
        bias, _ = draw_bias(network, number, apply)
        product = reduce(add, each(partial(_product, layer, x, weights, z), None))
        with np.errstate(all="ignore"):
            gains.append(_gain(number, product, bias, tolerance, z.size))
            weights *= gains[-1]
        return Parameters(weights, bias)

    through = partial(push, nudged=network.nudge)
    for _ in walk_forward(network.stages, inputs, scaled, memory.in_place, each, through):
        pass
    return tuple(gains)


def _product(layer: Weighted, x: Array, weights: Array, out: Array, block: slice) -> UnitMoments:
    """Put xW of one block into `out`; return its moments."""
    layer.forward(x[block], weights, out[block])
    return UnitMoments.of(out[block])


def _gain(
    number: int, product: UnitMoments, bias: Array | None, tolerance: float, size: int
) -> float:
    variances = Variances.of(product, bias)
    if product.count < size or variances.product == inf:
        raise NoScaleError(number, "the product of its inputs and weights is not finite")
    if not variances.product:
        raise NoScaleError(number, "the product of its inputs and weights does not vary")
    gain, variance = divided(variances, tolerance)
    if abs(variance - 1) < tolerance:
        return gain
    biases = f", that of its biases alone {variances.bias:.4g}" if variances.bias else ""
    remedy = "smaller biases or a larger tolerance" if variances.bias else "a larger tolerance"
    message = (
        f"the variance of its pre-activations is {abs(variance - 1):.2g} off 1 after {DIVISIONS} "
        f"divisions{biases}; take {remedy}"
    )
    raise NoScaleError(number, message)


def divided(variances: Variances, tolerance: float) -> tuple[float, float]:
    """The gain after as many divisions by the standard deviation as are needed, and the variance.

    xW + b is linear in the gain, so that three numbers stand for a pass over the inputs.
    """
    gain = 1.0
    for _ in range(DIVISIONS):
        variance = variances.at(gain)
        if abs(variance - 1) < tolerance or not 0 < variance < inf:
            return gain, variance
        gain /= sqrt(variance)
    return gain, variances.at(gain)
