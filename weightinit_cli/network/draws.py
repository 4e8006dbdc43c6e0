"""What a network draws: inputs, weights, biases and the cotangent, each from streams of its own."""

from __future__ import annotations

from functools import partial, reduce
from hashlib import blake2b
from math import frexp
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.network.layer import DRAW_WORK
from weightinit_cli.network.order import FEW, Buckets, quantiles
from weightinit_cli.network.rounding import rounded, step
from weightinit_cli.network.sums import EntrySums, exponent_of
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator

    from weightinit_cli.initializers.samplers import Sampler
    from weightinit_cli.network.layer import Network, Weighted
    from weightinit_cli.network.rounding import Rounded
    from weightinit_cli.network.workers import Map
    from weightinit_cli.precision import Precision

Array = np.ndarray[Any, Any]

# Entries per panel decide which stream draws what, so they are part of a run's result.
PANEL_VALUES = 1 << 19

OF_OUTPUT = {Role.WEIGHTS: Role.OUTPUT_WEIGHTS, Role.BIAS: Role.OUTPUT_BIAS}

# An odd multiplier, about 2**32 (or 2**64) over the golden ratio: it scatters the top bit.
_SCATTER = {4: 0x9E3779B1, 8: 0x9E3779B97F4A7C15}


class Weights(NamedTuple):
    """What is seen of a layer's weights, or of its biases.

    `expected_std` is the standard deviation by formula, `sums` are over the entries, `quantiles`
    the values of QUANTILES (None without a finite entry); `stream` is a short hash of the unscaled
    draws (None without any), `rounded` what rounding to a low precision made of them, if any.
    """

    expected_std: float
    sums: EntrySums
    quantiles: tuple[float | None, ...]
    stream: str | None
    rounded: Rounded | None = None


class Parameters(NamedTuple):
    """A layer's weights, shape (fan_in, columns), and a bias that can be added to its outputs.

    A bias of None is zero. `seen` and `seen_bias` are what was seen of the weights and of the
    biases as they were drawn. `second` are those of a branch's second layer, where it has one.
    """

    weights: Array
    bias: Array | None
    seen: Weights | None = None
    seen_bias: Weights | None = None
    second: Parameters | None = None


def panel_height(columns: int) -> int:
    """The rows of a panel of so many columns."""
    return max(1, PANEL_VALUES // columns)


def panels(rows: int, columns: int) -> list[slice]:
    """Fixed panels of whole rows, about PANEL_VALUES values each."""
    height = panel_height(columns)
    return [slice(top, min(top + height, rows)) for top in range(0, rows, height)]


def draw_normal(network: Network, role: Role, layer: int, out: Array, apply: Map) -> None:
    """Fill `out`, shape (samples, units), with N(0, 1), as the cotangent is.

    In float64 they are exactly those of float32, in a low precision these, rounded.
    """

    def draw(numbered: tuple[int, slice]) -> None:
        panel, rows = numbered
        LAWS["normal"].fill(out[rows], network.stream(role, layer, panel))
        _settle(network, out[rows])

    parts = panels(*out.shape)
    apply(draw, enumerate(parts), cost=DRAW_WORK * out.size / len(parts))


def draw_inputs(network: Network, out: Array, apply: Map) -> Rounded | None:
    """Fill `out`, shape (samples, features), with what the network is shown.

    Returns what rounding to a low precision made of it, if there was one.
    """

    def draw(numbered: tuple[int, slice]) -> Rounded | None:
        panel, rows = numbered

        def generator(part: int) -> Generator:
            return network.stream(Role.INPUT, part, 0 if part else panel)

        network.inputs.fill(out[rows], rows, generator)
        return _settle(network, out[rows])

    parts = panels(*out.shape)
    made = apply(draw, enumerate(parts), cost=DRAW_WORK * out.size / len(parts))
    return _merged(made)


def _settle(network: Network, values: Array) -> Rounded | None:
    """Round drawn values to the network's low precision, if any, then move them by its nudge."""
    made = None if network.low is None else rounded(values, network.low)
    if network.nudge:
        nudge(values, network.nudge, network.low)
    return made


def _merged(parts: Sequence[Rounded | None]) -> Rounded | None:
    """What became of all parts; None where nothing was rounded."""
    made = [part for part in parts if part is not None]
    return reduce(add, made) if made else None


def draw_weights(
    network: Network, number: int, out: Array, apply: Map, role: Role = Role.WEIGHTS
) -> Weights:
    """Fill `out` with a layer's weights, and sum them up; the role says which of a stage's."""
    layer = _layer(network, number, role)
    parts = _weight_panels(layer)
    cost = DRAW_WORK * out.size / len(parts)
    stream = _streams(network, number, role)
    return _drawn(layer.weights, stream, out, parts, cost, apply, network.low)


def _layer(network: Network, number: int, role: Role) -> Weighted:
    """The layer whose weights or biases the role is for; stages are counted from 1."""
    if role is Role.FIRST_WEIGHTS:
        layer = network.projection
    elif role in {Role.SECOND_WEIGHTS, Role.SECOND_BIAS}:
        layer = network.stages[number - 1].second
    else:
        layer = network.stages[number - 1].weighted
    if layer is None:
        raise ValueError(f"stage {number} has no layer for {role.name}")
    return layer


def _drawn(
    sampler: Sampler,
    stream: Callable[[int], Generator],
    out: Array,
    parts: Sequence[slice],
    cost: float,
    apply: Map,
    low: Precision | None,
) -> Weights:
    """Fill the parts of `out`, each from the stream of its number, and sum all up."""

    def draw(
        numbered: tuple[int, slice],
    ) -> tuple[bytes, EntrySums, Buckets | None, Rounded | None]:
        panel, rows = numbered
        drawn = sampler.fill(out[rows], stream(panel))
        made = None if low is None else rounded(out[rows], low)
        # one for all panels; a matrix that is filled whole may be of any size
        exponent = exponent_of(out) if sampler.whole else frexp(sampler.std)[1]
        sums = EntrySums.of(out[rows], sampler.mean, exponent)
        return drawn, sums, Buckets.of(out[rows]) if out.size > FEW else None, made

    done = apply(draw, enumerate(parts), cost=cost)
    draws = b"".join(drawn for drawn, *_ in done)
    short_hash = blake2b(draws, digest_size=8).hexdigest() if draws else None
    sums = reduce(add, (sums for _, sums, *_ in done))
    counted = [buckets for *_, buckets, _ in done if buckets is not None]
    made = _merged([each for *_, each in done])
    return Weights(sampler.std, sums, quantiles(out, parts, counted, apply), short_hash, made)


def draw_parameters(network: Network) -> tuple[list[Array], list[Array], list[str | None]]:
    """What `forward` draws of the same seed and repeat, of a network of dense layers.

    All layers' weights, (fan_in, fan_out), biases, (fan_out,), and short hashes of the weights'
    draws, None where nothing was drawn.
    """
    weights, biases, hashes = [], [], []
    with workers(1, ignore_work) as apply:
        for number, layer in enumerate(network.weighted, 1):
            w = np.empty((layer.fan_in, layer.columns), network.dtype)
            hashes.append(draw_weights(network, number, w, apply).stream)
            b, _ = draw_bias(network, number, apply)
            weights.append(w)
            biases.append(np.zeros(layer.units, network.dtype) if b is None else b[0])
    return weights, biases, hashes


def hash_of(hashes: Sequence[str | None]) -> str:
    """A short hash of all layers' draws, from theirs."""
    joined = ",".join(each or "" for each in hashes)
    return blake2b(joined.encode(), digest_size=8).hexdigest()


def redraw_weights(
    network: Network, number: int, out: Array, apply: Map, role: Role = Role.WEIGHTS
) -> None:
    """Fill `out` with the same weights again: cheaper than keeping every layer's."""
    layer, stream = _layer(network, number, role), _streams(network, number, role)

    def draw(numbered: tuple[int, slice]) -> None:
        panel, rows = numbered
        layer.weights.fill(out[rows], stream(panel))
        if network.low is not None:
            rounded(out[rows], network.low)

    parts = _weight_panels(layer)
    apply(draw, enumerate(parts), cost=DRAW_WORK * out.size / len(parts))


def _weight_panels(layer: Weighted) -> list[slice]:
    return [slice(0, layer.fan_in)] if layer.weights.whole else panels(layer.fan_in, layer.columns)


def _streams(network: Network, number: int, role: Role) -> Callable[[int], Generator]:
    """The generator of each panel of a layer; an output layer draws the same on any layers."""
    if network.output and number == len(network.stages):
        return partial(network.stream, OF_OUTPUT[role], 0)
    return partial(network.stream, role, number)


def draw_bias(
    network: Network, number: int, apply: Map, role: Role = Role.BIAS
) -> tuple[Array | None, Weights | None]:
    """Every unit's bias, shape (1, units), and what was seen of them; None where they are zero.

    A channel's is the same at all positions, and seen once.
    """
    layer = _layer(network, number, role)
    if layer.bias is None:
        return None, None
    bias = np.empty((1, layer.columns), network.dtype)
    stream = _streams(network, number, role)
    seen = _drawn(layer.bias, stream, bias, [slice(0, 1)], 0.0, apply, network.low)
    return np.tile(bias, layer.positions), seen


def nudge(values: Array, number: int, precision: Precision | None = None) -> None:
    """Move every value by one ulp in place, by the `number`-th pattern of ups and downs.

    Of a low `precision` it is an ulp of that.

    That is what rounding does, done on purpose. The pattern depends on the values alone, not on
    blocks and threads, so that equal ones stay equal. Zeros stay, as they do under rounding.
    """
    words = values.view(f"u{values.itemsize}")
    bits = 8 * values.itemsize
    odd = _SCATTER[values.itemsize] * (2 * number + 1) % (1 << bits)
    scattered = words * words.dtype.type(odd)
    up = scattered >> words.dtype.type(bits - 1) == 1
    ends = np.where(up, np.inf, -np.inf).astype(values.dtype)
    moved = (values != 0) & np.isfinite(values)
    if precision is not None and precision.is_low:
        step(values, np.where(moved, ends, values), precision)
    else:
        np.nextafter(values, ends, out=values, where=moved)
