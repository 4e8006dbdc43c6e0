"""The forward pass: inputs drawn, pushed through layer after layer, and what is seen of them."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.network.distinct import Made
from weightinit_cli.network.draws import Buffer, draw_bias, draw_normal, draw_weights, nudge
from weightinit_cli.network.order import Buckets
from weightinit_cli.network.recording import (
    Drawn,
    Observed,
    Preactivations,
    Record,
    Request,
    record,
)
from weightinit_cli.network.resolution import Slopes
from weightinit_cli.network.sums import UnitMoments
from weightinit_cli.network.workers import nobody, workers
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.network.layers import Layer, Network

Array = np.ndarray[Any, Any]

DIRECTIONS = 2


def forward(
    network: Network,
    request: Request,
    threads: int,
    done: Callable[[float], None] = nobody,
    trace: list[Array] | None = None,
) -> Iterator[Record]:
    """Yield the record of the input, then one per layer as it is reached.

    Inputs are N(0, 1), binned over their own range. The records do not depend on `threads`.
    `done` is told of every piece of work; in the end the pieces add up to
    `network.forward_work`. `trace`, where given, gets what `backward` needs: the inputs, then
    every layer's pre-activations, shape (samples, units).
    """
    blocks = network.blocks
    matrix = Buffer(network.largest, network.dtype)
    signals = [Buffer(network.samples * network.widest, network.dtype) for _ in range(2)]
    directions = random_directions(network.samples)
    with workers(threads, done) as apply:
        x = signals[0].shaped(network.samples, network.features)
        draw_normal(network, Role.INPUT, 0, x, apply)
        if trace is not None:
            trace.append(x.copy())
        observed = apply(partial(_observe, x, directions), blocks)
        seen = record(x, blocks, observed, None, request._replace(span=None), apply)
        yield seen
        for number, layer in enumerate(network.layers, 1):
            weights = matrix.shaped(layer.rows, layer.columns)
            drawn = draw_weights(network, number, weights, apply)
            bias = draw_bias(network, number)
            out = signals[number % 2].shaped(network.samples, layer.units)
            z = out
            if trace is not None:
                z = np.empty_like(out)
                trace.append(z)
            push = partial(_push, network, layer, x, weights, bias, z, out, request, directions)
            cost = network.push_work(layer) / len(blocks)
            observed = apply(push, blocks, cost=cost)
            made = Made(weights, bias, network.activation.flats)
            of = Drawn(drawn, made, seen.resolution)
            seen = record(out, blocks, observed, of, request, apply)
            yield seen
            x = out


@lru_cache(maxsize=1)
def random_directions(samples: int) -> Array:
    """Fixed random directions across the inputs, N(0, 1) each and of mean zero, shape (k, samples).

    The mean of a unit is seen beside them: units that differ by a constant differ in it alone.
    """
    directions = stream(0, Role.PROJECTION).standard_normal((DIRECTIONS, samples))
    directions -= directions.mean(axis=1, keepdims=True)
    directions.flags.writeable = False
    return directions


def preactivate(
    network: Network, layer: Layer, x: Array, weights: Array, bias: Array | None, z: Array
) -> None:
    """Put xW + b into `z`, of shapes (n, inputs) -> (n, units); nudged where the network is."""
    layer.push(x, weights, z)
    if bias is not None:
        z += bias
    if network.nudge:
        nudge(z, network.nudge)


def _push(
    network: Network,
    layer: Layer,
    x: Array,
    weights: Array,
    bias: Array | None,
    z: Array,
    out: Array,
    request: Request,
    directions: Array,
    block: slice,
) -> Observed:
    """Put xW + b of one block into `z` and φ(z) into `out`, which may be z; see both."""
    before = z[block]
    preactivate(network, layer, x[block], weights, bias, before)
    preactivations = Preactivations.of(before, request)
    slopes = None if block.start else Slopes(network.activation, before)
    network.activation.value(before, out=out[block])
    observed = _observe(out, directions, block)
    return observed._replace(preactivations=preactivations, slopes=slopes)


def _observe(values: Array, directions: Array, block: slice) -> Observed:
    seen = values[block]
    return Observed(UnitMoments.of(seen, directions[:, block]), Buckets.of(seen))
