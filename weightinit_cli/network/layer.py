"""What is run: layers, their activation, and the streams that they draw from."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from weightinit_cli.network.conv import Conv, split
from weightinit_cli.network.sums import SquareSum
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from numpy.random import Generator

    from weightinit_cli.activations import Activation
    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# Rows per block are part of a run's result (they decide how BLAS rounds), so they depend on shapes
# alone, never on the number of threads.
BLOCK_ROWS = 512
BLOCK_VALUES = 1 << 19

# The same of images. These are wide, and of every block some sums per unit are kept, so blocks are
# few; yet enough for threads to share, and of an even number.
IMAGE_ROWS = 16
IMAGE_VALUES = 1 << 21
IMAGE_BLOCKS = 16

# Columns of a weight gradient that are computed at a time: they decide how BLAS rounds, so they
# are fixed.
BLOCK_COLUMNS = 128

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

    @property
    def inputs(self) -> int:
        """Values of one input."""
        return self.fan_in

    @property
    def units(self) -> int:
        """Values of one output."""
        return self.fan_out

    @property
    def rows(self) -> int:
        """Rows of the weights: the connections into one unit."""
        return self.fan_in

    @property
    def columns(self) -> int:
        """Columns of the weights, each of one unit."""
        return self.fan_out

    @property
    def positions(self) -> int:
        """Units that share a column."""
        return 1

    @property
    def entries(self) -> int:
        """The number of weights."""
        return self.fan_in * self.fan_out

    @property
    def scratch(self) -> int:
        """Values that `push` or `pull` holds beside what it is given."""
        return 0

    def push(self, x: Array, weights: Array, out: Array) -> None:
        """Put xW into `out`, of shapes (n, inputs) -> (n, units)."""
        np.matmul(x, weights, out=out)

    def pull(self, delta: Array, weights: Array, out: Array) -> None:
        """Put δWᵀ into `out`, of shapes (n, units) -> (n, inputs)."""
        np.matmul(delta, weights.T, out=out)

    def gradient_squares(self, x: Array, delta: Array, apply: Map) -> SquareSum:
        """The squares of the weights' gradient Xᵀδ / samples, a block of columns at a time."""
        samples = len(x)

        def squares(left: int) -> SquareSum:
            gradient = x.T @ delta[:, left : left + BLOCK_COLUMNS]
            gradient /= samples
            return SquareSum.of(gradient)

        lefts = range(0, self.columns, BLOCK_COLUMNS)
        cost = samples * self.entries / len(lefts)
        return reduce(add, apply(squares, lefts, cost=cost))

    def gradient_bytes(self, threads: int, dtype: np.dtype[Any]) -> int:
        """What `gradient_squares` holds beside what it is given."""
        blocks = min(threads, -(-self.columns // BLOCK_COLUMNS))
        return blocks * BLOCK_COLUMNS * self.rows * dtype.itemsize


Layer: TypeAlias = Dense | Conv


class Network(NamedTuple):
    """What is run: layers of one activation, and the inputs and draws that it sees.

    A `nudge` of 1, 2, ... moves every input, pre-activation and cotangent by one ulp, up or down
    by a pattern of this number: how far the figures follow is how far rounding may move them.
    """

    layers: tuple[Layer, ...]
    activation: Activation
    samples: int
    dtype: np.dtype[Any]
    seed: int
    repeat: int = 0
    nudge: int = 0

    @property
    def features(self) -> int:
        """Size of one input."""
        return self.layers[0].inputs

    @property
    def widest(self) -> int:
        """The largest number of values that one input becomes."""
        return max(self.features, *(layer.units for layer in self.layers))

    @property
    def largest(self) -> int:
        """The most weights that a layer has."""
        return max(layer.entries for layer in self.layers)

    @property
    def forward_work(self) -> float:
        """What a forward pass takes, in multiply-adds."""
        drawn = self.samples * self.features + sum(layer.entries for layer in self.layers)
        return DRAW_WORK * drawn + sum(map(self.push_work, self.layers))

    @property
    def backward_work(self) -> float:
        """What a backward pass takes, in multiply-adds."""
        drawn = self.samples * self.layers[-1].units
        drawn += sum(layer.entries for layer in self.layers[1:])
        pulled = sum(map(self.push_work, self.layers[1:]))
        weighed = sum(self.samples * layer.positions * layer.entries for layer in self.layers)
        return DRAW_WORK * drawn + pulled + weighed

    def push_work(self, layer: Layer) -> float:
        """What one layer's product and figures take, in multiply-adds."""
        return self.samples * layer.units * (layer.rows + OBSERVE_WORK)

    @property
    def block_count(self) -> int:
        """How many blocks the inputs are split into, by their shape alone."""
        if not any(isinstance(layer, Conv) for layer in self.layers):
            return -(-self.samples // max(BLOCK_ROWS, BLOCK_VALUES // self.widest))
        shared = -(-self.samples // IMAGE_BLOCKS)
        rows = max(IMAGE_ROWS, min(IMAGE_VALUES // self.widest, shared))
        return 1 if self.samples <= rows else 2 * -(-self.samples // (2 * rows))

    @property
    def blocks(self) -> list[slice]:
        """The inputs in fixed blocks of about equal size."""
        return split(self.samples, self.block_count)

    def stream(self, role: Role, layer: int, panel: int = 0) -> Generator:
        """The generator of one layer's draws."""
        return stream(self.seed, role, repeat=self.repeat, layer=layer, panel=panel)
