"""The walk forward through a network's stages and the walk back, the same for all who take it.

Who walks says where the weights of a stage come from, where its values are put, how its inputs
are split into blocks, and what is looked at in a block.

What is done to a block is a generator: where a layer looks at all inputs it gives what is seen of
its own, and goes on with the sum over all blocks.
"""

from __future__ import annotations

from functools import cached_property, partial, reduce
from math import prod
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from weightinit_cli.network.draws import nudge
from weightinit_cli.network.layer import Fitted, Joint
from weightinit_cli.network.rounding import (
    ACTIVATIONS,
    BRANCH,
    EXACT,
    GRADIENT,
    PREACTIVATIONS,
    REMADE,
    RETURNED,
    Arithmetic,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from weightinit_cli.network.draws import Parameters
    from weightinit_cli.network.layer import Network, Residual, Stage, Weighted, Weightless
    from weightinit_cli.network.workers import Map

Array = np.ndarray[Any, Any]

# Calls a function of every block of the inputs; the work is that of a stage, or of none.
OverBlocks: TypeAlias = "Callable[[Callable[[slice], Any], Stage | None], list[Any]]"
# What is done to a block: it gives what is seen there, is sent the sum over all blocks, and so on.
Task: TypeAlias = "Generator[Any, Any, Any]"


class Memory:
    """What the stages use one after the other: for their weights, and in turn for their outputs."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._matrix = np.empty(network.largest, network.dtype)
        seconds = (layer.entries for layer in network.seconds)
        self._second = np.empty(max(seconds, default=0), network.dtype)
        self._signals = [
            np.empty(network.samples * network.widest, network.dtype) for _ in range(2)
        ]

    def weights(self, number: int) -> Array:
        """Where the weights of a stage are; stages are counted from 1."""
        layer = self._network.stages[number - 1].weighted
        return _shaped(self._matrix, layer.fan_in, layer.columns)

    def second(self, number: int) -> Array:
        """Where the weights of a branch's second layer are."""
        layer = self._network.stages[number - 1].second
        return self._second if layer is None else _shaped(self._second, layer.fan_in, layer.columns)

    def first(self) -> Array:
        """Where the weights of the projection are, before those of the first stage."""
        layer = self._network.projection
        return self._matrix if layer is None else _shaped(self._matrix, layer.fan_in, layer.columns)

    def inputs(self) -> Array:
        """Where the inputs are: beside what the projection makes of them, where there is one."""
        network = self._network
        return _shaped(
            self._signals[network.projection is not None], network.samples, network.features
        )

    def outputs(self, number: int) -> Array:
        """Where the outputs of a stage are; stage 0 stands for what the first one is given."""
        stages = self._network.stages
        values = stages[number - 1].units if number else stages[0].weighted.inputs
        return _shaped(self._signals[number % 2], self._network.samples, values)

    def in_place(self, number: int) -> Places:
        """Where a stage puts xW + b, and the same place for its outputs."""
        return Places(self.outputs(number), self.outputs(number))

    def cotangent(self) -> Array:
        """Where the derivative by the last stage's outputs is, beside what is made of it."""
        network = self._network
        last = len(network.stages)
        return _shaped(self._signals[(last + 1) % 2], network.samples, network.stages[-1].units)

    def stream(self, number: int) -> Array:
        """Where the derivative by what a stage adds up is, x + s f(x)."""
        return _shaped(self._stream, self._network.samples, self._network.stages[number - 1].units)

    @cached_property
    def _stream(self) -> Array:
        return np.empty(self._network.samples * self._network.widest, self._network.dtype)


class Places(NamedTuple):
    """Where a stage puts xW + b, `z`, and its outputs, which may be the same place.

    What a residual stage adds up, x + s f(x), is also put into `sum`, where that is given.
    """

    z: Array
    out: Array
    sum: Array | None = None


class Watch:
    """Looks at the values of one block as they pass; this one looks away."""

    def given(self, values: Array, layer: Weightless, seen: Any = None) -> None:
        """Look at what a layer without weights is given; `seen` is what a joint one saw of it."""

    def preactivations(self, values: Array) -> None:
        """Look at the pre-activations."""

    def activations(self, values: Array) -> None:
        """Look at the activations of a branch."""

    def branch(self, values: Array) -> None:
        """Look at what a branch adds to its stream, s f(x)."""

    def delta(self, values: Array) -> None:
        """Look at the derivative by the pre-activations."""

    def stream(self, values: Array) -> None:
        """Look at the derivative by the outputs of a residual stage."""


UNSEEN = Watch()


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


def in_step(task: Callable[[slice], Task], each: OverBlocks, stage: Stage | None) -> list[Any]:
    """Do a task for every block; where one looks at all inputs, all wait for each other."""
    waiting: dict[int, Task] = {}

    def go_on(block: slice, total: Any = None) -> tuple[bool, Any]:
        first = block.start or 0
        begun = waiting.setdefault(first, task(block)) if total is None else waiting[first]
        try:
            return False, begun.send(total)
        except StopIteration as end:
            return True, end.value

    found = each(go_on, stage)
    while not all(done for done, _ in found):
        total = reduce(add, (seen for _, seen in found))
        found = each(partial(go_on, total=total), None)
    return [result for _, result in found]


def alone(task: Task) -> Any:
    """Do a task for all inputs as one block."""
    return in_step(lambda _: task, at_once, None)[0]


def walk_forward(
    stages: Sequence[Stage],
    x: Array,
    parameters: Callable[[int, Array, Array], Parameters],
    places: Callable[[int], Places],
    each: OverBlocks,
    through: Callable[[Stage, Array, Parameters, Places, slice], Task],
) -> Iterator[tuple[Array, Parameters, list[Any]]]:
    """Push x through all stages; yield the outputs of each, its parameters, and what was seen.

    `parameters(number, x, z)` are those of a stage, counted from 1, that is given x; until it
    returns, it may use the memory z. `places(number)` are where its values are put. `through`,
    such as `push`, does one block.
    """
    for number, stage in enumerate(stages, 1):
        at = places(number)
        own = parameters(number, x, at.z)
        seen = in_step(partial(through, stage, x, own, at), each, stage)
        yield at.out, own, seen
        x = at.out


def push(
    stage: Stage,
    x: Array,
    own: Parameters,
    places: Places,
    block: slice,
    *,
    nudged: int = 0,
    watch: Watch = UNSEEN,
    rounds: Arithmetic = EXACT,
) -> Task:
    """Push a block of x through a stage, and put its values into `places`.

    What a product gives is moved by one ulp where `nudged` is a pattern's number. `rounds` is done
    to the results of every step, from which the next one goes on.
    """
    given, z, out = x[block], places.z[block], places.out[block]
    residual, second = stage.residual, stage.second
    if residual is not None and residual.before is not None:
        before = yield from fit(residual.before, given, watch)
        given = np.empty_like(given)
        before.forward(x[block], given)
        rounds.made(given, BRANCH)
    product(stage.weighted, given, own, z, nudged, rounds)
    in_place = second is None and places.out is places.z
    activations = out if second is None else np.empty_like(z)
    value = z
    for layer in stage.between:
        fitted = yield from fit(layer, value, watch)
        fitted.forward(value, activations)
        value = activations
        rounds.made(value, PREACTIVATIONS)
    watch.preactivations(value)
    if stage.activation is not None:
        stage.activation.forward(value, activations)
        rounds.made(activations, ACTIVATIONS if residual is None else BRANCH)
    elif not stage.between and not in_place:
        np.copyto(activations, value)
    if residual is None:
        return
    watch.activations(activations)
    if second is not None and own.second is not None:
        product(second, activations, own.second, out, nudged, rounds, BRANCH)
    del given, value, activations
    if residual.scale != 1:
        out *= residual.scale
        rounds.made(out, BRANCH)
    watch.branch(out)
    out += x[block]
    rounds.made(out, ACTIVATIONS)
    if residual.after is not None:
        if places.sum is not None:
            np.copyto(places.sum[block], out)
        after = yield from fit(residual.after, out, watch)
        after.forward(out, out)
        rounds.made(out, ACTIVATIONS)


def product(
    layer: Weighted,
    x: Array,
    own: Parameters,
    out: Array,
    nudged: int = 0,
    rounds: Arithmetic = EXACT,
    part: str = PREACTIVATIONS,
) -> None:
    """Put xW + b into `out`, moved by one ulp where `nudged` is a pattern's number.

    It is rounded once, after the bias, as a fused linear layer does.
    """
    layer.forward(x, own.weights, out)
    if own.bias is not None:
        out += own.bias
    rounds.made(out, part)
    if nudged:
        nudge(out, nudged, rounds.precision)


def remake(stage: Stage, kept: Array, out: Array, rounds: Arithmetic = EXACT) -> Task:
    """Make the outputs of a block again, of what was kept last of the stage; return them.

    They are put into `out`, where they are not what was kept.
    """
    for layer in stage.ends:
        fitted = yield from fit(layer, kept)
        fitted.forward(kept, out)
        rounds.made(out, REMADE)
        kept = out
    return kept


class Leg(NamedTuple):
    """What is there on a leg of the walk back, to xW + b of a stage.

    It starts at δ of the stage `above`, with that one's `weights`; or, where there is none above,
    at the derivative by the stage's outputs, `delta`. It ends with the derivative by xW + b in
    `out`. `z` is xW + b. Of a residual stage `sum` is x + s f(x), and `second` the weights of its
    second layer, if any. `stream` holds the derivative by the sum of the residual stage above, and
    of this one, if it is one.
    """

    stage: Stage
    z: Array
    delta: Array
    out: Array
    above: Stage | None = None
    weights: Array | None = None
    sum: Array | None = None
    second: Array | None = None
    stream: Array | None = None

    @property
    def kept(self) -> Array:
        """What was kept last of the stage."""
        return self.z if self.sum is None else self.sum


class Stream(NamedTuple):
    """What the walk back through residual stages needs beside, of each stage by its number.

    `sum` is x + s f(x), `second` the weights of its second layer, which is asked for only where it
    has one, and `place` memory for the derivative by the sum.
    """

    sum: Callable[[int], Array]
    second: Callable[[int], Array]
    place: Callable[[int], Array]


def walk_back(
    stages: Sequence[Stage],
    delta: Array,
    weights: Callable[[int], Array],
    kept: Callable[[int], Array],
    place: Callable[[int], Array],
    each: OverBlocks,
    through: Callable[[Leg, slice], Task],
    stream: Stream | None = None,
) -> Iterator[tuple[int, Leg, list[Any]]]:
    """Pull the derivative by the outputs, `delta`, back to xW + b of each stage, the last first.

    Yields the stage's number, from 1, the leg that has led there, whose δ, `out`, and `stream` may
    be scaled before the walk goes on, and what was seen. `weights(number)` are a stage's,
    `kept(number)` its xW + b, and `place(number)` is where its δ is put, for the last stage
    `delta` or another array. `through`, such as `pull`, does one block.
    """
    above: Stage | None = None
    for number in range(len(stages), 0, -1):
        stage, total, second = stages[number - 1], None, None
        if stream is not None and stage.residual is not None:
            total = stream.sum(number)
            second = None if stage.second is None else stream.second(number)
        here = None if stream is None else stream.place(number)
        z, out = kept(number), place(number)
        matrix = None if above is None else weights(number + 1)
        leg = Leg(stage, z, delta, out, above, matrix, total, second, here)
        seen = in_step(partial(through, leg), each, above)
        yield number, leg, seen
        delta, above = out, stage


def pull(leg: Leg, block: slice, *, watch: Watch = UNSEEN, rounds: Arithmetic = EXACT) -> Task:
    """Pull a block of δ back through the stage above and through all that follows xW + b.

    `rounds` is done to the results of every step.
    """
    stage, back = leg.stage, leg.out[block]
    yield from _to_outputs(leg, block, back, rounds)
    if stage.residual is not None and leg.stream is not None:
        stream = leg.stream[block]
        np.copyto(stream, back)
        watch.stream(stream)
        yield from _into_branch(leg, stage.residual, leg.kept[block], stream, back, rounds)
    value, given = leg.z[block], []
    for layer in stage.between:
        fitted = yield from fit(layer, value)
        given.append((fitted, value))
        value = np.empty_like(value)
        fitted.forward(given[-1][1], value)
        rounds.made(value, REMADE)
    if stage.activation is not None:
        stage.activation.backward(back, value, back)
        rounds.made(back, GRADIENT)
    watch.delta(back)
    for fitted, x in reversed(given):
        yield from _returned_fitted(fitted, back, x, rounds)


def _to_outputs(leg: Leg, block: slice, back: Array, rounds: Arithmetic) -> Task:
    """Put the derivative by the outputs of the stage into `back`."""
    if leg.above is None or leg.weights is None:
        if leg.delta is not leg.out:
            np.copyto(back, leg.delta[block])
        return
    leg.above.weighted.backward(leg.delta[block], leg.weights, back)
    rounds.made(back, RETURNED)
    if leg.above.residual is not None and leg.stream is not None:
        if leg.above.residual.before is not None:
            x = yield from remake(leg.stage, leg.kept[block], np.empty_like(back), rounds)
            yield from _returned(leg.above.residual.before, back, x, rounds)
        back += leg.stream[block]
        rounds.made(back, RETURNED)


def _into_branch(
    leg: Leg, residual: Residual, total: Array, stream: Array, back: Array, rounds: Arithmetic
) -> Task:
    """Make of the derivative by a residual stage's outputs that by its sum, and by its φ(z)."""
    if residual.after is not None:
        yield from _returned(residual.after, stream, total, rounds)
    if residual.second is not None and leg.second is not None:
        residual.second.backward(stream, leg.second, back)
        rounds.made(back, RETURNED)
    elif residual.after is not None:
        np.copyto(back, stream)
    if residual.scale != 1:
        back *= residual.scale
        rounds.made(back, RETURNED)


def fit(
    layer: Weightless | Joint, x: Array, watch: Watch = UNSEEN
) -> Generator[Any, Any, Weightless]:
    """The layer itself, or what it is for these inputs where it looks at all of them."""
    if not isinstance(layer, Joint):
        watch.given(x, layer)
        return layer
    seen = layer.gather(x)
    fitted = layer.fitted((yield seen))
    watch.given(x, fitted, seen)
    return fitted


def _returned(layer: Weightless | Joint, delta: Array, x: Array, rounds: Arithmetic) -> Task:
    """Pull δ back through a layer that was given x, in place."""
    fitted = yield from fit(layer, x)
    yield from _returned_fitted(fitted, delta, x, rounds)


def _returned_fitted(layer: Weightless, delta: Array, x: Array, rounds: Arithmetic) -> Task:
    if isinstance(layer, Fitted):
        layer = layer.returning((yield layer.gather_back(delta, x)))
    layer.backward(delta, x, delta)
    rounds.made(delta, RETURNED)


def _shaped(memory: Array, *shape: int) -> Array:
    """The first part of flat memory, which every stage uses anew, in this shape."""
    return memory[: prod(shape)].reshape(shape)
