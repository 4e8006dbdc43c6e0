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
from weightinit_cli.network.loss import loss_of, put_slope
from weightinit_cli.network.order import FEW, Buckets
from weightinit_cli.network.propagation import (
    Memory,
    Places,
    Stream,
    Watch,
    fit,
    in_step,
    over_blocks,
    product,
    pull,
    push,
    remake,
    walk_back,
    walk_forward,
)
from weightinit_cli.network.recording import (
    EMPTY,
    Below,
    Observed,
    Preactivations,
    Record,
    Request,
    record,
)
from weightinit_cli.network.resolution import Slopes, stretch_of
from weightinit_cli.network.rounding import (
    ACTIVATIONS,
    REMADE,
    RETURNED,
    WEIGHT_GRADIENT,
    arithmetic,
)
from weightinit_cli.network.sums import SquareSum, UnitMoments
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from weightinit_cli.network.layer import Network, Stage, Weighted, Weightless
    from weightinit_cli.network.propagation import Leg, OverBlocks, Task
    from weightinit_cli.network.rounding import Arithmetic, Rounded
    from weightinit_cli.network.workers import Map
    from weightinit_cli.precision import Precision

Array = np.ndarray[Any, Any]

DIRECTIONS = 2

# How far, in powers of two, the signal's root mean square may drift from 1 before it is scaled
# back: far from what float32 holds, so that depth alone neither overflows nor underflows.
DRIFT = 20

# Inputs whose activations are looked at in a branch, to see how an error grows in it.
BRANCH_ROWS = 64

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

    Of a residual stage `stream` is over the derivative by its outputs, and `second` over the
    gradient of its second layer's weights, of which there are `second_entries`. `rounded` says
    what rounding to a low precision made of the values, by their names.
    """

    signal: SquareSum
    buckets: Buckets
    weights: SquareSum
    entries: int
    units: int
    exponent: int
    stream: SquareSum | None = None
    second: SquareSum | None = None
    second_entries: int = 0
    rounded: Mapping[str, Rounded] = EMPTY

    @property
    def power(self) -> SquareSum:
        """What is compared from layer to layer: of the stream where there is one, else of δ."""
        return self.signal if self.stream is None else self.stream


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
        own = Parameters(weights, bias, seen, seen_bias)
        if network.stages[number - 1].second is None:
            return own
        second = memory.second(number)
        seen = draw_weights(network, number, second, apply, Role.SECOND_WEIGHTS)
        bias, seen_bias = draw_bias(network, number, apply, Role.SECOND_BIAS)
        return own._replace(second=Parameters(second, bias, seen, seen_bias))

    def places(number: int) -> Places:
        out, residual = memory.outputs(number), network.stages[number - 1].residual
        if trace is None:
            return Places(out, out)
        trace.append(np.empty_like(out))
        if residual is None:
            return Places(trace[-1], out)
        trace.append(np.empty_like(out))
        z, kept = trace[-2:]
        return Places(z, kept) if residual.after is None else Places(z, out, kept)

    with workers(threads, done) as apply:
        x = memory.inputs()
        shown = draw_inputs(network, x, apply)
        if trace is not None:
            trace.append(x.copy())
        observed = apply(partial(_observe, x, directions), blocks)
        unspanned, precision = request._replace(span=None), network.precision
        seen = record(x, blocks, observed, unspanned, apply, precision)
        yield seen if shown is None else seen._replace(rounded={ACTIVATIONS: shown})
        rounds, below = arithmetic(precision), Below(seen.activations, seen.resolution)
        if network.projection is not None:
            x, moments = _projected(network, network.projection, x, memory, apply, rounds)
            below = below._replace(moments=moments)
            if trace is not None:
                trace.append(x.copy())
        through = partial(
            _push,
            request=request,
            directions=directions,
            nudged=network.nudge,
            rounds=rounds,
        )
        each = over_blocks(network, apply)
        walk = walk_forward(network.stages, x, drawn, places, each, through)
        for stage, (out, own, observed) in zip(network.stages, walk, strict=True):
            asked = _asked(network, stage, request)
            seen = record(out, blocks, observed, asked, apply, precision, own, stage, below)
            below = Below(seen.activations, seen.resolution)
            yield _with_loss(network, stage, seen._replace(rounded=rounds.taken()), out, apply)


def _asked(network: Network, stage: Stage, request: Request) -> Request:
    """How to count a stage's values; logits have no bounds."""
    return request._replace(span=None) if network.makes_logits(stage) else request.over(stage)


def _with_loss(network: Network, stage: Stage, seen: Record, out: Array, apply: Map) -> Record:
    """The record of a stage; that of logits with their loss."""
    if not network.makes_logits(stage):
        return seen
    return seen._replace(loss=loss_of(network, out, apply))


def backward(
    network: Network,
    trace: list[Array],
    threads: int,
    done: Callable[[float], None] = ignore_work,
    loss_scale: float = 1.0,
) -> Iterator[GradientRecord]:
    """Yield the record of the last layer, then one per layer on the way back to layer 1.

    δ_L = φ'(z_L) g with g ~ N(0, 1), independent for each input and unit, and
    δ_l = φ'(z_l) (δ_{l+1} W_{l+1}ᵀ) (Rumelhart, Hinton & Williams 1986). Through residual stages g
    goes on beside δ: g_l = g_{l+1} + δ_{l+1} W_{l+1}ᵀ, less what normalizations take of it. Of
    an output layer δ_L is the derivative of each input's cross-entropy by its logits. `trace` is
    what `forward` kept, and is used up. The records do not depend on `threads`; `done` is told of
    work that adds up to `network.backward_work`.

    In a low precision what comes back is not brought back near 1, so that it overflows and
    underflows as it would; g is multiplied by the `loss_scale`, and so are all records.
    """
    memory = Memory(network)
    inputs = np.empty(network.samples * network.widest, network.dtype)
    last, exponent = len(network.stages), 0

    def redrawn(number: int) -> Array:
        weights = memory.weights(number)
        redraw_weights(network, number, weights, apply)
        return weights

    def second(number: int) -> Array:
        weights = memory.second(number)
        redraw_weights(network, number, weights, apply, Role.SECOND_WEIGHTS)
        return weights

    stream = None
    if any(stage.residual is not None for stage in network.stages):
        stream = Stream(lambda _: trace.pop(), second, memory.stream)
    with workers(threads, done) as apply:
        cotangent = memory.cotangent()
        if network.output:
            put_slope(network, trace[-1], cotangent, apply)
        else:
            draw_normal(network, Role.COTANGENT, last, cotangent, apply)
        rounds = arithmetic(network.precision)
        if loss_scale != 1:
            cotangent *= loss_scale
        if network.output or loss_scale != 1:
            rounds.made(cotangent, RETURNED)
        each = over_blocks(network, apply)
        walk = walk_back(
            network.stages,
            cotangent,
            weights=redrawn,
            kept=lambda _: trace.pop(),
            place=memory.outputs,
            each=each,
            through=partial(_pull, rounds=rounds),
            stream=stream,
        )
        for number, leg, parts in walk:
            signal, buckets, by_outputs = (_total(each) for each in zip(*parts, strict=True))
            power = 0
            if not network.precision.is_low:
                power = _scale_back(leg, (by_outputs or signal).rms())
            layer, residual = leg.stage.weighted, leg.stage.residual
            x = _given(network, number, trace, inputs, each, rounds)
            found = GradientRecord(
                signal,
                buckets,
                _squares(layer, x, leg.out, apply, power, rounds),
                layer.entries,
                layer.units,
                exponent,
                by_outputs,
            )
            if residual is not None and residual.second is not None and leg.stream is not None:
                h, above = _activated(leg, inputs, each, rounds), residual.second
                squares = _squares(above, h, leg.stream, apply, power, rounds, residual.scale)
                found = found._replace(second=squares, second_entries=above.entries)
            yield found._replace(rounded=rounds.taken())
            exponent += power


def peak_bytes(network: Network, bins: int, threads: int, *, traced: bool) -> PeakBytes:
    """The most that both passes and the figures of `bins` bins per layer hold at one time."""
    itemsize = network.dtype.itemsize
    layers, blocks = (*network.weighted, *network.seconds), network.block_count
    residual = any(stage.residual is not None for stage in network.stages)
    values = network.samples * network.widest
    rows = -(-network.samples // blocks)
    in_work = min(threads, blocks)
    # of layers that look at all inputs every block waits with what it holds
    waiting = max((stage.held for stage in network.stages if stage.joint), default=0)
    trace = 0
    if traced:
        kept = network.features + sum(
            stage.units * (1 if stage.residual is None else 2) for stage in network.stages
        )
        if network.projection is not None:
            kept += network.projection.units
        gradients = max(layer.gradient_bytes(threads, network.dtype) for layer in layers)
        # beside the trace, the stream of the walk back
        trace = itemsize * (network.samples * kept + residual * values) + gradients
    weights = max(_weight_bytes(layer, itemsize, threads) for layer in layers)
    if network.projection is not None:
        weights = max(weights, _weight_bytes(network.projection, itemsize, threads))
    return PeakBytes(
        weights=weights + itemsize * max((each.entries for each in network.seconds), default=0),
        # two buffers, and in the worst case every value taken out to be sorted
        signals=itemsize * 3 * values
        + blocks * (BYTES_PER_BLOCK + BYTES_PER_BLOCK_UNIT * network.widest)
        + BYTES_PER_UNIT * network.widest
        + in_work * BYTES_PER_BLOCK_VALUE * rows * network.widest
        + in_work * itemsize * max(stage.scratch(rows) for stage in network.stages)
        + itemsize * waiting * network.samples
        + 48 * network.samples,
        records=len(network.stages) * (BYTES_PER_LAYER + BYTES_PER_BIN * bins),
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


class _Seen(Watch):
    """What is recorded of one block on the way forward, as it passes.

    What a normalization of the stream is given has been observed as the outputs of the stage below.
    Of the first block also what errors become on their way, for inputs are alike.
    """

    def __init__(
        self, stage: Stage, request: Request, precision: Precision, *, first: bool
    ) -> None:
        self._stage, self._request, self._first = stage, request, first
        self._precision = precision
        self._stretch = 1.0
        self.given_moments: UnitMoments | None = None
        self.pushed: Preactivations | None = None
        self.slopes: Slopes | None = None
        self.added: SquareSum | None = None

    def given(self, values: Array, layer: Weightless, seen: Any = None) -> None:
        """Take the moments of what a normalization is given, but for the stream."""
        residual = self._stage.residual
        if residual is None or residual.before is None:
            self.given_moments = seen if isinstance(seen, UnitMoments) else UnitMoments.of(values)
        if self._first:
            stretch = stretch_of(layer, values)
            if self.slopes is None:
                self._stretch *= stretch
            else:
                self.slopes.stretch_after = stretch

    def preactivations(self, values: Array) -> None:
        """Take their moments, and how many lie in a flat end of φ."""
        self.pushed = Preactivations.of(values, self._request.ends(self._stage.function))
        if self._first:
            self.slopes = Slopes(self._stage.function, values, self._precision, self._stretch)

    def activations(self, values: Array) -> None:
        """Take the size of a few of a branch's activations, and how far inputs are apart there."""
        if self.slopes is not None:
            moments = UnitMoments.of(values[:BRANCH_ROWS])
            self.slopes.branch = moments.rms or 0.0, moments.std_within or 0.0

    def branch(self, values: Array) -> None:
        """Take the squares of what the branch adds to the stream."""
        self.added = SquareSum.of(values)


def _push(
    stage: Stage,
    x: Array,
    own: Parameters,
    places: Places,
    block: slice,
    *,
    request: Request,
    directions: Array,
    nudged: int,
    rounds: Arithmetic,
) -> Task:
    """Push a block through a stage, and observe what its activation is given, and what it gives."""
    seen = _Seen(stage, request, rounds.precision, first=not block.start)
    yield from push(stage, x, own, places, block, nudged=nudged, watch=seen, rounds=rounds)
    return _observe(places.out, directions, block)._replace(
        preactivations=seen.pushed,
        slopes=seen.slopes,
        given=seen.given_moments,
        branch=seen.added,
    )


class _Returned(Watch):
    """What is recorded of one block on the way back: the squares of δ, and its values by size."""

    def __init__(self) -> None:
        self.squares: SquareSum | None = None
        self.buckets: Buckets | None = None
        self.streams: SquareSum | None = None

    def delta(self, values: Array) -> None:
        """Take δ at the pre-activations."""
        self.squares, self.buckets = SquareSum.of(values), Buckets.of(values)

    def stream(self, values: Array) -> None:
        """Take the derivative by the stage's outputs."""
        self.streams = SquareSum.of(values)


def _pull(leg: Leg, block: slice, *, rounds: Arithmetic) -> Task:
    """Pull a block back; return the squares of δ, its values by size, the squares of the stream."""
    seen = _Returned()
    yield from pull(leg, block, watch=seen, rounds=rounds)
    return seen.squares, seen.buckets, seen.streams


def _projected(
    network: Network, layer: Weighted, x: Array, memory: Memory, apply: Map, rounds: Arithmetic
) -> tuple[Array, UnitMoments]:
    """What the first stage is given, xW of the inputs without a bias; and its moments."""
    weights, out = memory.first(), memory.outputs(0)
    redraw_weights(network, 0, weights, apply, Role.FIRST_WEIGHTS)
    own = Parameters(weights, None)

    def project(block: slice) -> UnitMoments:
        product(layer, x[block], own, out[block], network.nudge, rounds, ACTIVATIONS)
        return UnitMoments.of(out[block])

    blocks = network.blocks
    seen = apply(project, blocks, cost=network.samples * layer.entries / len(blocks))
    return out, reduce(add, seen)


def _total(parts: Sequence[Any]) -> Any:
    """The sum over the blocks of what all of them have, or none."""
    return None if parts[0] is None else reduce(add, parts)


def _observe(values: Array, directions: Array, block: slice) -> Observed:
    seen = values[block]
    return Observed(UnitMoments.of(seen, directions[:, block]), Buckets.of(seen))


def _given(
    network: Network,
    number: int,
    trace: list[Array],
    memory: Array,
    each: OverBlocks,
    rounds: Arithmetic,
) -> Array:
    """What the weights of a stage were given: the inputs, or what the stage below made of them."""
    kept, stage = trace[-1], network.stages[number - 1]
    below = network.stages[number - 2] if number > 1 else None
    before = None if stage.residual is None else stage.residual.before
    if before is None and (below is None or not below.ends):
        return kept
    x = memory[: kept.size].reshape(kept.shape)

    def give(block: slice) -> Task:
        given, out = kept[block], x[block]
        if below is not None:
            given = yield from remake(below, given, out, rounds)
        if before is not None:
            fitted = yield from fit(before, given)
            fitted.forward(given, out)
            rounds.made(out, REMADE)

    in_step(give, each, None)
    return x


def _activated(leg: Leg, memory: Array, each: OverBlocks, rounds: Arithmetic) -> Array:
    """The activations of a branch, which its second layer was given."""
    inner = leg.stage._replace(residual=None)
    if not inner.then:
        return leg.z
    h = memory[: leg.z.size].reshape(leg.z.shape)

    def activate(block: slice) -> Task:
        yield from remake(inner, leg.z[block], h[block], rounds)

    in_step(activate, each, None)
    return h


def _squares(
    layer: Weighted,
    x: Array,
    delta: Array,
    apply: Map,
    power: int,
    rounds: Arithmetic,
    scale: float = 1.0,
) -> SquareSum:
    """The squares of a weights' gradient, times 4**power and the square of a scale."""
    made = None
    if rounds.precision.is_low:
        made = partial(rounds.made, part=WEIGHT_GRADIENT)
        if scale != 1:
            with np.errstate(all="ignore"):
                delta, scale = delta * np.float64(scale).astype(delta.dtype), 1.0
            rounds.made(delta, REMADE)
    found = layer.gradient_squares(x, delta, apply, made)
    digits, exponent = frexp(scale)
    return replace(found, total=found.total * digits**2, exponent=found.exponent + power + exponent)


def _scale_back(leg: Leg, rms: float | None) -> int:
    """Bring what comes back near 1 by a power of two, which changes no digit; return the power."""
    if not rms or not isfinite(rms):
        return 0
    power = frexp(rms)[1]
    if abs(power) <= DRIFT:
        return 0
    np.ldexp(leg.out, -power, out=leg.out)
    if leg.stage.residual is not None and leg.stream is not None:
        np.ldexp(leg.stream, -power, out=leg.stream)
    return power


def _weight_bytes(layer: Weighted, itemsize: int, threads: int) -> int:
    """Bytes of a layer's weights, and of what drawing them takes beside them."""
    in_work = min(layer.entries, threads * max(PANEL_VALUES, layer.columns))
    drawn = layer.entries * (itemsize + layer.weights.scratch)
    panels = -(-layer.fan_in // panel_height(layer.columns))
    counted = BYTES_PER_BLOCK * panels * (layer.entries > FEW)
    return drawn + counted + BYTES_PER_DRAW * in_work + threads * BYTES_PER_SUMS
