"""Both passes, forward through all layers and back, what is seen on them, and what they take.

Forward the inputs are drawn and pushed through layer after layer; a random cotangent at the last
one comes back.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial, reduce
from math import frexp, isfinite
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.linalg import norm

from weightinit_cli.network.draws import (
    PANEL_VALUES,
    Parameters,
    draw_bias,
    draw_inputs,
    draw_normal,
    draw_weights,
    panel_height,
    redraw_weights,
)
from weightinit_cli.network.order import FEW, Buckets
from weightinit_cli.network.propagation import (
    Memory,
    over_blocks,
    pull,
    push,
    walk_back,
    walk_forward,
)
from weightinit_cli.network.recording import (
    Observed,
    Preactivations,
    Record,
    Request,
    record,
)
from weightinit_cli.network.resolution import SAMPLED, Slopes
from weightinit_cli.network.sums import SquareSum, UnitMoments
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.network.layer import Network, Stage, Weighted
    from weightinit_cli.network.propagation import OverBlocks

Array = np.ndarray[Any, Any]

DIRECTIONS = 2

# How far, in powers of two, the signal's root mean square may drift from 1 before it is scaled
# back: far from what float32 holds, so that depth alone neither overflows nor underflows.
DRIFT = 20

# While a panel is drawn: float32 draws for a float64 one; of truncated ones, sizes and masks. While
# its entries are summed up: those of one step, twice, in float64.
BYTES_PER_DRAW = 10
BYTES_PER_SUMS = 1 << 20
# While a block is observed: its keys as indices, an activation's scratch, masks. From then on: its
# counts by bucket, and every unit's sums. Once for all blocks: the sums merged, and sorted units.
# A bin's edge and count as numbers of Python's, as text, and in a picture: 235 bytes were measured.
BYTES_PER_BLOCK_VALUE = 40
BYTES_PER_BLOCK = 1 << 20
BYTES_PER_BLOCK_UNIT = 72
BYTES_PER_UNIT = 256
BYTES_PER_BIN = 280
BYTES_PER_LAYER = 1 << 14
BYTES_AT_ANY_SIZE = 1 << 27


class GradientRecord(NamedTuple):
    """What came back to one layer; all of it in units of 2**exponent.

    `signal` and `buckets` are over the entries of δ, shape (samples, units), `weights` over
    the finite ones of the weights' gradient Xᵀδ / samples, shape (fan_in, columns), of which there
    are `entries`. `units` are those of an input at this layer.
    """

    signal: SquareSum
    buckets: Buckets
    weights: SquareSum
    entries: int
    units: int
    exponent: int


class PeakBytes(NamedTuple):
    """Upper bounds, in bytes, for what is held at the same time.

    `trace` is what a backward pass needs of the forward pass, 0 without one.
    """

    weights: int
    signals: int
    records: int
    trace: int

    @property
    def total(self) -> int:
        """The sum of all bounds, and of what any run takes."""
        return sum(self) + BYTES_AT_ANY_SIZE


def forward(
    network: Network,
    request: Request,
    threads: int,
    done: Callable[[float], None] = ignore_work,
    trace: list[Array] | None = None,
) -> Iterator[Record]:
    """Yield the record of the input, then one per layer as it is reached.

    Inputs are binned over their own range. The records do not depend on `threads`.
    `done` is told of every piece of work; in the end the pieces add up to
    `network.forward_work`. `trace`, where given, gets what `backward` needs: the inputs, then
    xW + b of every layer, shape (samples, units).
    """
    blocks = network.blocks
    memory = Memory(network)
    directions = random_directions(network.samples)

    def drawn(number: int, *_: Array) -> Parameters:
        weights = memory.weights(number)
        seen = draw_weights(network, number, weights, apply)
        bias, seen_bias = draw_bias(network, number, apply)
        return Parameters(weights, bias, seen, seen_bias)

    def places(number: int) -> tuple[Array, Array]:
        out = memory.outputs(number)
        if trace is None:
            return out, out
        trace.append(np.empty_like(out))
        return trace[-1], out

    with workers(threads, done) as apply:
        x = memory.outputs(0)
        draw_inputs(network, x, apply)
        if trace is not None:
            trace.append(x.copy())
        observed = apply(partial(_observe, x, directions), blocks)
        seen = record(x, blocks, observed, request._replace(span=None), apply)
        yield seen
        through = partial(_push, request=request, directions=directions, nudged=network.nudge)
        each = over_blocks(network, apply)
        walk = walk_forward(network.stages, x, drawn, places, each, through)
        for stage, (out, own, observed) in zip(network.stages, walk, strict=True):
            flats = stage.function.flats
            seen = record(out, blocks, observed, request, apply, own, flats, seen.resolution)
            yield seen


def backward(
    network: Network,
    trace: list[Array],
    threads: int,
    done: Callable[[float], None] = ignore_work,
) -> Iterator[GradientRecord]:
    """Yield the record of the last layer, then one per layer on the way back to layer 1.

    δ_L = φ'(z_L) g with g ~ N(0, 1), independent for each input and unit, and
    δ_l = φ'(z_l) (δ_{l+1} W_{l+1}ᵀ) (Rumelhart, Hinton & Williams 1986). `trace` is what
    `forward` kept, and is used up. The records do not depend on `threads`; `done` is told of
    work that adds up to `network.backward_work`.
    """
    memory = Memory(network)
    inputs = np.empty(network.samples * network.widest, network.dtype)
    last, exponent = len(network.stages), 0

    def redrawn(number: int) -> Array:
        weights = memory.weights(number)
        redraw_weights(network, number, weights, apply)
        return weights

    with workers(threads, done) as apply:
        cotangent = memory.cotangent()
        draw_normal(network, Role.COTANGENT, last, cotangent, apply)
        each = over_blocks(network, apply)
        walk = walk_back(
            network.stages,
            cotangent,
            weights=redrawn,
            kept=lambda _: trace.pop(),
            place=memory.outputs,
            each=each,
            through=partial(pull, see=lambda delta: (SquareSum.of(delta), Buckets.of(delta))),
        )
        for number, delta, parts in walk:
            layer = network.stages[number - 1].weighted
            signal = reduce(add, (part[0] for part in parts))
            buckets = reduce(add, (part[1] for part in parts))
            power = _scale_back(delta, signal.rms())
            x = _inputs_of(network, number, trace, inputs, each)
            gradients = layer.gradient_squares(x, delta, apply)
            gradients = replace(gradients, exponent=gradients.exponent + power)
            entries, units = layer.entries, layer.units
            yield GradientRecord(signal, buckets, gradients, entries, units, exponent)
            exponent += power


def peak_bytes(network: Network, bins: int, threads: int, *, traced: bool) -> PeakBytes:
    """The most that both passes and the figures of `bins` bins per layer hold at one time."""
    itemsize = network.dtype.itemsize
    layers, blocks = network.weighted, network.block_count
    values = network.samples * network.widest
    rows = -(-network.samples // blocks)
    in_work = min(threads, blocks)
    trace = 0
    if traced:
        kept = network.samples * (network.features + sum(layer.units for layer in layers))
        gradients = max(layer.gradient_bytes(threads, network.dtype) for layer in layers)
        trace = itemsize * kept + gradients
    return PeakBytes(
        weights=max(_weight_bytes(layer, itemsize, threads) for layer in layers),
        # two buffers, and in the worst case every value taken out to be sorted
        signals=itemsize * 3 * values
        + blocks * (BYTES_PER_BLOCK + BYTES_PER_BLOCK_UNIT * network.widest)
        + BYTES_PER_UNIT * network.widest
        + in_work * BYTES_PER_BLOCK_VALUE * rows * network.widest
        + in_work * itemsize * max(stage.scratch(rows) for stage in network.stages)
        + 48 * network.samples,
        records=len(layers) * (BYTES_PER_LAYER + BYTES_PER_BIN * bins),
        trace=trace,
    )


@lru_cache(maxsize=1)
def random_directions(samples: int) -> Array:
    """Fixed random directions across the inputs, N(0, 1) each and of mean zero, shape (k, samples).

    The mean of a unit is seen beside them: units that differ by a constant differ in it alone.
    """
    directions = stream(0, Role.PROJECTION).standard_normal((DIRECTIONS, samples))
    directions -= directions.mean(axis=1, keepdims=True)
    directions.flags.writeable = False
    return directions


def _push(
    stage: Stage,
    x: Array,
    own: Parameters,
    z: Array,
    out: Array,
    block: slice,
    *,
    request: Request,
    directions: Array,
    nudged: int,
) -> Observed:
    """Push a block through a stage, and observe what its activation is given and gives."""

    def see(before: Array) -> tuple[Preactivations, Slopes | None]:
        slopes = None
        if not block.start:
            slopes = Slopes(stage.function, before, _stretch(stage, x[block], own))
        return Preactivations.of(before, request), slopes

    preactivations, slopes = push(stage, x, own, z, out, block, nudged=nudged, see=see)
    observed = _observe(out, directions, block)
    return observed._replace(preactivations=preactivations, slopes=slopes)


def _stretch(stage: Stage, x: Array, own: Parameters) -> float:
    """How much larger the layers between make independent errors of xW + b, root mean square.

    It is |Jᵀg| / |g| of a random g, J being their derivative at the first inputs.
    """
    if not stage.between:
        return 1.0
    rows = x[: max(1, SAMPLED // stage.units)]
    z = np.empty((len(rows), stage.units), x.dtype)
    push(stage._replace(activation=None, between=()), rows, own, z, z, slice(None))
    back = stream(0, Role.PROJECTION).standard_normal(z.shape).astype(z.dtype)
    size = norm(back)
    pull(stage._replace(activation=None), z, back, None, None, back, slice(None))
    return float(norm(back) / size)


def _observe(values: Array, directions: Array, block: slice) -> Observed:
    seen = values[block]
    return Observed(UnitMoments.of(seen, directions[:, block]), Buckets.of(seen))


def _inputs_of(
    network: Network, number: int, trace: list[Array], memory: Array, each: OverBlocks
) -> Array:
    """What the stage was given: the inputs themselves, or what the one below made of them."""
    below = trace[-1]
    if number == 1:
        return below
    stage = network.stages[number - 2]
    if not stage.then:
        return below
    x = memory[: below.size].reshape(below.shape)

    def activate(block: slice) -> None:
        stage.activate(below[block], x[block])

    each(activate, None)
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


def _weight_bytes(layer: Weighted, itemsize: int, threads: int) -> int:
    """Bytes of a layer's weights, and of what drawing them takes beside them."""
    in_work = min(layer.entries, threads * max(PANEL_VALUES, layer.columns))
    drawn = layer.entries * (itemsize + layer.weights.scratch)
    panels = -(-layer.fan_in // panel_height(layer.columns))
    counted = BYTES_PER_BLOCK * panels * (layer.entries > FEW)
    return drawn + counted + BYTES_PER_DRAW * in_work + threads * BYTES_PER_SUMS
