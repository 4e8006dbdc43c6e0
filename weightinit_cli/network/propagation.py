"""The walk forward through a network's stages and the walk back, the same for all who take it.

Who walks says where the weights of a stage come from, where its values are put, how its inputs
are split into blocks, and what is looked at in a block.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from weightinit_cli.network.draws import nudge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.network.draws import Parameters
    from weightinit_cli.network.layer import Network, Stage, Weighted
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# Calls a function of every block of the inputs; the work is that of a stage, or of none.
OverBlocks: TypeAlias = "Callable[[Callable[[slice], Any], Stage | None], list[Any]]"


class Memory:
    """What the stages use one after the other: for their weights, and in turn for their outputs."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._matrix = np.empty(network.largest, network.dtype)
        self._signals = [
            np.empty(network.samples * network.widest, network.dtype) for _ in range(2)
        ]

    def weights(self, number: int) -> Array:
        """Where the weights of a stage are; stages are counted from 1."""
        layer = self._network.stages[number - 1].weighted
        return _shaped(self._matrix, layer.fan_in, layer.columns)

    def outputs(self, number: int) -> Array:
        """Where the outputs of a stage are; stage 0 stands for the inputs."""
        network = self._network
        values = network.stages[number - 1].units if number else network.features
        return _shaped(self._signals[number % 2], network.samples, values)

    def in_place(self, number: int) -> tuple[Array, Array]:
        """Where a stage puts xW + b, and the same place for its outputs."""
        return self.outputs(number), self.outputs(number)

    def cotangent(self) -> Array:
        """Where the derivative by the last stage's outputs is, beside what is made of it."""
        network = self._network
        last = len(network.stages)
        return _shaped(self._signals[(last + 1) % 2], network.samples, network.stages[-1].units)


def over_blocks(network: Network, apply: Map) -> OverBlocks:
    """Go over the network's own blocks, and tell of a stage's work."""
    blocks = network.blocks

    def each(function: Callable[[slice], Any], stage: Stage | None) -> list[Any]:
        work = 0.0 if stage is None else network.work_of(stage)
        return apply(function, blocks, cost=work / len(blocks))

    return each


def at_once(function: Callable[[slice], Any], _: Stage | None) -> list[Any]:
    """Take all inputs as one block."""
    return [function(slice(None))]


def walk_forward(
    stages: Sequence[Stage],
    x: Array,
    parameters: Callable[[int, Array, Array], Parameters],
    places: Callable[[int], tuple[Array, Array]],
    each: OverBlocks,
    through: Callable[[Stage, Array, Parameters, Array, Array, slice], Any],
) -> Iterator[tuple[Array, Parameters, list[Any]]]:
    """Push x through all stages; yield the outputs of each, its parameters, and what was seen.

    `parameters(number, x, z)` are those of a stage, counted from 1, that is given x; until it
    returns, it may use the memory z. `places(number)` are where xW + b is put, z, and where the
    stage's outputs are, which may be z. `through`, such as `push`, does one block.
    """
    for number, stage in enumerate(stages, 1):
        z, out = places(number)
        own = parameters(number, x, z)
        seen = each(partial(through, stage, x, own, z, out), stage)
        yield out, own, seen
        x = out


def push(
    stage: Stage,
    x: Array,
    own: Parameters,
    z: Array,
    out: Array,
    block: slice,
    *,
    nudged: int = 0,
    see: Callable[[Array], Any] | None = None,
) -> Any:
    """Push a block of x through a stage: put xW + b into `z`, what follows into `out`.

    xW + b is moved by one ulp where `nudged` is a pattern's number. Returns what `see` makes of
    the pre-activations.
    """
    value, after = z[block], out[block]
    stage.weighted.forward(x[block], own.weights, value)
    if own.bias is not None:
        value += own.bias
    if nudged:
        nudge(value, nudged)
    for layer in stage.between:
        layer.forward(value, after)
        value = after
    seen = None if see is None else see(value)
    if stage.activation is not None:
        stage.activation.forward(value, after)
    elif not stage.between and out is not z:
        np.copyto(after, value)
    return seen


def walk_back(
    stages: Sequence[Stage],
    delta: Array,
    weights: Callable[[int], Array],
    kept: Callable[[int], Array],
    place: Callable[[int], Array],
    each: OverBlocks,
    through: Callable[[Stage, Array, Array, Weighted | None, Array | None, Array, slice], Any],
) -> Iterator[tuple[int, Array, list[Any]]]:
    """Pull the derivative by the outputs, `delta`, back to xW + b of each stage, the last first.

    Yields the stage's number, from 1, δ there, which may be scaled before the walk goes on, and
    what was seen. `weights(number)` are a stage's, `kept(number)` its xW + b, and `place(number)`
    is where its δ is put, for the last stage `delta` or another array. `through`, such as `pull`,
    does one block.
    """
    above = matrix = None
    for number in range(len(stages), 0, -1):
        stage = stages[number - 1]
        z, out = kept(number), place(number)
        if above is not None:
            matrix = weights(number + 1)
        layer = above and above.weighted
        seen = each(partial(through, stage, z, delta, layer, matrix, out), above)
        yield number, out, seen
        delta, above = out, stage


def pull(
    stage: Stage,
    z: Array,
    delta: Array,
    above: Weighted | None,
    weights: Array | None,
    out: Array,
    block: slice,
    *,
    see: Callable[[Array], Any] | None = None,
) -> Any:
    """Pull a block of δ back through the layer above and through all that follows xW + b, `z`.

    With no layer above, δ is the derivative by the stage's outputs. Puts the one by xW + b into
    `out`; returns what `see` makes of the one by the pre-activations.
    """
    back = out[block]
    if above is not None and weights is not None:
        above.backward(delta[block], weights, back)
    elif delta is not out:
        np.copyto(back, delta[block])
    value, given = z[block], []
    for layer in stage.between:
        given.append((layer, value))
        value = np.empty_like(value)
        layer.forward(given[-1][1], value)
    if stage.activation is not None:
        stage.activation.backward(back, value, back)
    seen = None if see is None else see(back)
    for layer, x in reversed(given):
        layer.backward(back, x, back)
    return seen


def _shaped(memory: Array, *shape: int) -> Array:
    """The first part of flat memory, which every stage uses anew, in this shape."""
    return memory[: prod(shape)].reshape(shape)
