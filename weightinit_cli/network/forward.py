"""The forward pass: inputs drawn, pushed through layer after layer, and what is seen of them."""

from __future__ import annotations

from functools import partial, reduce
from hashlib import blake2b
from itertools import pairwise
from math import frexp, prod
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.network.entry_sums import EntrySums
from weightinit_cli.network.moments import UnitMoments
from weightinit_cli.network.order import Buckets
from weightinit_cli.network.recording import (
    Observed,
    Preactivations,
    Record,
    Request,
    Weights,
    record,
)
from weightinit_cli.network.workers import nobody, workers
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator

    from weightinit_cli.activations import Activation
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# Rows per block and entries per panel are part of a run's result (they decide how BLAS rounds and
# which stream draws what), so they depend on shapes alone, never on the number of threads.
BLOCK_ROWS = 512
BLOCK_VALUES = 1 << 19
PANEL_VALUES = 1 << 19

DIRECTIONS = 2

# What drawing a weight and observing a value take, in multiply-adds; for the progress alone.
DRAW_WORK = 400.0
OBSERVE_WORK = 500.0


class Dense(NamedTuple):
    """A fully connected layer: weights of shape (fan_in, fan_out), a bias of shape (fan_out,).

    A bias of None is zero.
    """

    fan_in: int
    fan_out: int
    weights: Sampler
    bias: Sampler | None


class Network(NamedTuple):
    """What is run: layers of one activation, and the inputs and draws that it sees."""

    layers: tuple[Dense, ...]
    activation: Activation
    samples: int
    dtype: np.dtype[Any]
    seed: int
    repeat: int = 0

    @property
    def features(self) -> int:
        """Size of one input."""
        return self.layers[0].fan_in

    @property
    def widest(self) -> int:
        """The largest number of values that one input becomes."""
        return max(self.features, *(layer.fan_out for layer in self.layers))

    @property
    def work(self) -> float:
        """What a forward pass takes, in multiply-adds."""
        drawn = self.samples * self.features
        drawn += sum(layer.fan_in * layer.fan_out for layer in self.layers)
        return DRAW_WORK * drawn + sum(map(self.push_work, self.layers))

    def push_work(self, layer: Dense) -> float:
        """What one layer's product and figures take, in multiply-adds."""
        return self.samples * layer.fan_out * (layer.fan_in + OBSERVE_WORK)

    @property
    def block_count(self) -> int:
        """How many blocks the inputs are split into, by their shape alone."""
        return -(-self.samples // max(BLOCK_ROWS, BLOCK_VALUES // self.widest))

    @property
    def blocks(self) -> list[slice]:
        """The inputs in fixed blocks of about equal size."""
        number = self.block_count
        bounds = [block * self.samples // number for block in range(number + 1)]
        return [slice(top, bottom) for top, bottom in pairwise(bounds)]

    def stream(self, role: Role, layer: int, panel: int = 0) -> Generator:
        """The generator of one layer's draws."""
        return stream(self.seed, role, repeat=self.repeat, layer=layer, panel=panel)


def forward(
    network: Network, request: Request, threads: int, done: Callable[[float], None] = nobody
) -> Iterator[Record]:
    """Yield the record of the input, then one per layer as it is reached.

    Inputs are N(0, 1), binned over their own range. The records do not depend on `threads`.
    `done` is told of every piece of work; in the end the pieces add up to `network.work`.
    """
    blocks = network.blocks
    matrix = _Buffer(max(layer.fan_in * layer.fan_out for layer in network.layers), network.dtype)
    signals = [_Buffer(network.samples * network.widest, network.dtype) for _ in range(2)]
    directions = random_directions(network.samples)
    with workers(threads, done) as apply:
        x = signals[0].shaped(network.samples, network.features)
        _draw_inputs(network, x, apply)
        observed = apply(partial(_observe, x, directions), blocks)
        yield record(x, blocks, observed, None, request._replace(span=None), apply)
        for number, layer in enumerate(network.layers, 1):
            weights = matrix.shaped(layer.fan_in, layer.fan_out)
            drawn = _draw_weights(network, number, weights, apply)
            bias = _draw_bias(network, number)
            z = signals[number % 2].shaped(network.samples, layer.fan_out)
            push = partial(_push, x, weights, bias, z, network.activation, request, directions)
            cost = network.push_work(layer) / len(blocks)
            yield record(z, blocks, apply(push, blocks, cost=cost), drawn, request, apply)
            x = z


def random_directions(samples: int) -> Array:
    """Fixed random directions across the inputs, N(0, 1) each and of mean zero, shape (k, samples).

    The mean of a unit is seen beside them: units that differ by a constant differ in it alone.
    """
    directions = stream(0, Role.PROJECTION).standard_normal((DIRECTIONS, samples))
    directions -= directions.mean(axis=1, keepdims=True)
    return directions


def _push(
    x: Array,
    weights: Array,
    bias: Array | None,
    out: Array,
    activation: Activation,
    request: Request,
    directions: Array,
    block: slice,
) -> Observed:
    """Put φ(xW + b) of one block into `out`, seeing the pre-activations on the way."""
    z = np.matmul(x[block], weights, out=out[block])
    if bias is not None:
        z += bias
    preactivations = Preactivations.of(z, request)
    activation.value(z, out=z)
    return _observe(out, directions, block)._replace(preactivations=preactivations)


def _observe(values: Array, directions: Array, block: slice) -> Observed:
    seen = values[block]
    return Observed(UnitMoments.of(seen, directions[:, block]), Buckets.of(seen))


class _Buffer:
    """Memory that every layer uses anew."""

    def __init__(self, size: int, dtype: np.dtype[Any]) -> None:
        self._flat = np.empty(size, dtype)

    def shaped(self, *shape: int) -> Array:
        """The first part of the memory, in this shape."""
        return self._flat[: prod(shape)].reshape(shape)


def _panels(rows: int, columns: int) -> list[slice]:
    """Fixed panels of whole rows, about PANEL_VALUES values each."""
    height = max(1, PANEL_VALUES // columns)
    return [slice(top, min(top + height, rows)) for top in range(0, rows, height)]


def _draw_inputs(network: Network, x: Array, apply: Map) -> None:
    def draw(numbered: tuple[int, slice]) -> None:
        panel, rows = numbered
        generator = network.stream(Role.INPUT, 0, panel)
        generator.standard_normal(out=x[rows], dtype=x.dtype.type)

    panels = _panels(*x.shape)
    apply(draw, enumerate(panels), cost=DRAW_WORK * x.size / len(panels))


def _draw_weights(network: Network, number: int, weights: Array, apply: Map) -> Weights:
    sampler = network.layers[number - 1].weights
    exponent = frexp(sampler.std)[1]

    def draw(numbered: tuple[int, slice]) -> tuple[bytes, EntrySums]:
        panel, rows = numbered
        drawn = sampler.fill(weights[rows], network.stream(Role.WEIGHTS, number, panel))
        return drawn, EntrySums.of(weights[rows], sampler.mean, exponent)

    panels = [slice(0, len(weights))] if sampler.whole else _panels(*weights.shape)
    parts = apply(draw, enumerate(panels), cost=DRAW_WORK * weights.size / len(panels))
    draws = b"".join(drawn for drawn, _ in parts)
    short_hash = blake2b(draws, digest_size=8).hexdigest() if draws else None
    return Weights(reduce(add, (sums for _, sums in parts)), short_hash)


def _draw_bias(network: Network, number: int) -> Array | None:
    layer = network.layers[number - 1]
    if layer.bias is None:
        return None
    bias = np.empty((1, layer.fan_out), network.dtype)
    with np.errstate(all="ignore"):
        layer.bias.fill(bias, network.stream(Role.BIAS, number))
    return bias
