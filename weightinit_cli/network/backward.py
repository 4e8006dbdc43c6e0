"""The backward pass: what comes back to every layer from a random cotangent at the last one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial, reduce
from math import frexp, isfinite
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.draws import Buffer, draw_normal, redraw_weights
from weightinit_cli.network.order import Buckets
from weightinit_cli.network.sums import SquareSum
from weightinit_cli.network.workers import nobody, workers
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.activations import Activation
    from weightinit_cli.network.layers import Layer, Network
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# How far, in powers of two, the signal's root mean square may drift from 1 before it is scaled
# back: far from what float32 holds, so that depth alone neither overflows nor underflows.
DRIFT = 20


class GradientRecord(NamedTuple):
    """What came back to one layer; all of it in units of 2**exponent.

    `signal` and `buckets` are over the entries of δ, shape (samples, units), `weights` over
    the finite ones of the weights' gradient Xᵀδ / samples, shape (rows, columns), of which there
    are `entries`. `units` are those of an input at this layer.
    """

    signal: SquareSum
    buckets: Buckets
    weights: SquareSum
    entries: int
    units: int
    exponent: int


def backward(
    network: Network,
    trace: list[Array],
    threads: int,
    done: Callable[[float], None] = nobody,
) -> Iterator[GradientRecord]:
    """Yield the record of the last layer, then one per layer on the way back to layer 1.

    δ_L = φ'(z_L) g with g ~ N(0, 1), independent for each input and unit, and
    δ_l = φ'(z_l) (δ_{l+1} W_{l+1}ᵀ) (Rumelhart, Hinton & Williams 1986). `trace` is what
    `forward` kept, and is used up. The records do not depend on `threads`; `done` is told of
    work that adds up to `network.backward_work`.
    """
    blocks = network.blocks
    matrix = Buffer(network.largest, network.dtype)
    values = network.samples * network.widest
    signals = [Buffer(values, network.dtype) for _ in range(2)]
    inputs = Buffer(values, network.dtype)
    last = len(network.layers)
    exponent = 0
    with workers(threads, done) as apply:
        delta = signals[(last + 1) % 2].shaped(network.samples, network.layers[-1].units)
        draw_normal(network, Role.COTANGENT, last, delta, apply)
        for number in range(last, 0, -1):
            layer = network.layers[number - 1]
            z = trace.pop()
            out = signals[number % 2].shaped(network.samples, layer.units)
            above, weights, cost = None, None, 0.0
            if number < last:
                above = network.layers[number]
                weights = matrix.shaped(above.rows, above.columns)
                redraw_weights(network, number + 1, weights, apply)
                cost = network.push_work(above) / len(blocks)
            pull = partial(_pull, delta, above, weights, z, out, network.activation)
            parts = apply(pull, blocks, cost=cost)
            delta = out
            signal = reduce(add, (part[0] for part in parts))
            buckets = reduce(add, (part[1] for part in parts))
            power = _scale_back(delta, signal.rms())
            x = _inputs_of(network, number, trace, inputs, apply)
            gradients = layer.gradient_squares(x, delta, apply)
            gradients = replace(gradients, exponent=gradients.exponent + power)
            entries, units = layer.entries, layer.units
            yield GradientRecord(signal, buckets, gradients, entries, units, exponent)
            exponent += power


def _pull(
    delta: Array,
    above: Layer | None,
    weights: Array | None,
    z: Array,
    out: Array,
    activation: Activation,
    block: slice,
) -> tuple[SquareSum, Buckets]:
    """Put φ'(z) (δWᵀ) of one block into `out`; with no layer above δ is the cotangent itself."""
    if above is None or weights is None:
        np.copyto(out[block], delta[block])
    else:
        above.pull(delta[block], weights, out[block])
    out[block] *= activation.derivative(z[block])
    return SquareSum.of(out[block]), Buckets.of(out[block])


def _inputs_of(
    network: Network, number: int, trace: list[Array], buffer: Buffer, apply: Map
) -> Array:
    """What the layer was given: the inputs themselves, or φ of the pre-activations below."""
    below = trace[-1]
    if number == 1:
        return below
    x = buffer.shaped(*below.shape)

    def activate(block: slice) -> None:
        network.activation.value(below[block], out=x[block])

    apply(activate, network.blocks)
    return x


def _scale_back(delta: Array, rms: float | None) -> int:
    """Bring δ back near 1 by a power of two, which changes no digit; return the power taken out."""
    if not rms or not isfinite(rms):
        return 0
    power = frexp(rms)[1]
    if abs(power) <= DRIFT:
        return 0
    np.ldexp(delta, -power, out=delta)
    return power
