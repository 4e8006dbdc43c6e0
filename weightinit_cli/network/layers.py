"""What is run: layers, their activation, and the streams that they draw from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator

    from weightinit_cli.activations import Activation
    from weightinit_cli.initializers import Sampler

# Rows per block are part of a run's result (they decide how BLAS rounds), so they depend on shapes
# alone, never on the number of threads.
BLOCK_ROWS = 512
BLOCK_VALUES = 1 << 19

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
    def entries(self) -> int:
        """The number of weights."""
        return self.fan_in * self.fan_out


class Network(NamedTuple):
    """What is run: layers of one activation, and the inputs and draws that it sees.

    A `nudge` of 1, 2, ... moves every input, pre-activation and cotangent by one ulp, up or down
    by a pattern of this number: how far the figures follow is how far rounding may move them.
    """

    layers: tuple[Dense, ...]
    activation: Activation
    samples: int
    dtype: np.dtype[Any]
    seed: int
    repeat: int = 0
    nudge: int = 0

    @property
    def features(self) -> int:
        """Size of one input."""
        return self.layers[0].fan_in

    @property
    def widest(self) -> int:
        """The largest number of values that one input becomes."""
        return max(self.features, *(layer.fan_out for layer in self.layers))

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
        drawn = self.samples * self.layers[-1].fan_out
        drawn += sum(layer.entries for layer in self.layers[1:])
        pulled = sum(map(self.push_work, self.layers[1:]))
        weighed = sum(self.samples * layer.entries for layer in self.layers)
        return DRAW_WORK * drawn + pulled + weighed

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
