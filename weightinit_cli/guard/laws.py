"""What a spec's laws say of the figures of a result's weights and biases."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.expected import (
    COARSE,
    DRAWN,
    Entries,
    Expected,
    Moments,
    inverse,
    of_moments,
    ratio,
    standard,
    z_of_count,
    z_of_rank,
)
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.results.figures import ALL_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.initializers import Sampler
    from weightinit_cli.network import Weighted
    from weightinit_cli.results import WeightStatistics
    from weightinit_cli.spec import Spec

# Entries of each layer below which the kurtosis of several layers together is too skewed.
FEWEST_OF_POOLED_KURTOSIS = 100


class Laws(NamedTuple):
    """The entries of each layer's weights and biases by the laws that a spec names.

    `entries` has them by the paths of ALL_PARAMETERS. They are None where they are not independent,
    where all are equal, and where learning has moved them. `columns` are the units of each layer,
    of a convolution its channels.
    """

    entries: Mapping[str, tuple[Entries | None, ...]]
    columns: tuple[int, ...]


def laws_of(spec: Spec) -> Laws:
    """Return what the spec says of its layers' weights and biases."""
    from weightinit_cli.experiments.build import build_network

    numbers = PRECISIONS[spec.dtype]

    def entries(drawn: Sampler | None, size: int) -> Entries | None:
        if drawn is None or not drawn.law or not drawn.std or spec.pretraining is not None:
            return None
        scale = drawn.std / LAWS[drawn.law].std
        rounding = DRAWN * scale + numbers.eps * (abs(drawn.mean) + scale) + numbers.smallest
        largest = (numbers.largest - abs(drawn.mean)) / scale
        overflow = 2 * LAWS[drawn.law].cdf(-largest)
        return Entries(drawn.law, drawn.mean, scale, size, rounding, overflow)

    def of_layers(layers: Sequence[Weighted | None]) -> Iterator[tuple[Entries | None, ...]]:
        yield tuple(entries(each.weights, each.entries) if each else None for each in layers)
        yield tuple(entries(each.bias, each.columns) if each else None for each in layers)

    network = build_network(spec)
    seconds = [stage.second for stage in network.stages]
    every = (*of_layers(network.weighted), *of_layers(seconds))
    columns = tuple(layer.columns for layer in network.weighted)
    return Laws(dict(zip(ALL_PARAMETERS, every, strict=True)), columns)


def of_entries(weights: WeightStatistics, entries: Entries) -> Iterator[Expected]:
    """Give every figure of entries, all of them finite, beside what the law expects."""
    n, law = entries.size, LAWS[entries.law]
    if weights.mean is None or weights.std is None:
        return
    moments = Moments(n, weights.mean, weights.std, weights.kurtosis)
    yield from of_moments(moments, entries)
    slack = entries.rounding / entries.scale
    if slack > COARSE:
        return
    found = (("min", 1, weights.min), ("max", n, weights.max), *_ranks(weights, n))
    for figure, rank, value in found:
        if value is not None:
            off = ratio(value - entries.mean, entries.scale)
            z = z_of_rank(law.cdf, rank, n, off, slack)
            middle = inverse(law.cdf, (rank - 0.3) / (n + 0.4))
            expected = entries.mean + entries.scale * middle
            yield Expected(figure, value, expected, z, entries.rounding)
    zeros = round(weights.zero_fraction * n)
    at_zero = -entries.mean / entries.scale
    share = law.cdf(at_zero + slack) - law.cdf(at_zero - slack)
    yield Expected("zero_fraction", weights.zero_fraction, 0.0, z_of_count(zeros, n, share), 0.0)


def of_overflow(nonfinite: int, entries: Entries) -> Expected:
    """Return the number of entries that are inf or nan beside what the law expects."""
    z = z_of_count(nonfinite, entries.size, entries.overflow)
    return Expected("nonfinite", nonfinite, entries.overflow * entries.size, z, 0.0)


def pooled(layers: Sequence[tuple[WeightStatistics, Entries]]) -> tuple[Moments, Entries] | None:
    """Return the moments of all layers' entries as those of one, each brought to mean 0 and std 1.

    The second are what the law says of them. None where the layers differ in their law, or where
    there is only one.
    """
    laws = {entries.law for _, entries in layers}
    if len(layers) < 2 or len(laws) > 1:
        return None
    (law,) = laws
    kappa = standard(law, 4)
    total = sum(entries.size for _, entries in layers)
    first = second = fourth = rounding = 0.0
    for weights, entries in layers:
        if weights.mean is None or weights.std is None or weights.kurtosis is None:
            return None
        n, share = entries.size, entries.size / total
        shift = ratio(weights.mean - entries.mean, entries.std)
        spread = ratio(weights.std, entries.std)
        first += share * shift
        second += share * (spread**2 + shift**2)
        # The third moment is not recorded; this is its product with the shift as expected.
        third = 4 * (kappa - 3) * (n - 1) * (n - 2) / n**3 * spread**4
        fourth += share * (
            weights.kurtosis * spread**4 + third + 6 * spread**2 * shift**2 + shift**4
        )
        rounding = max(rounding, entries.rounding / entries.std)
    variance = second - first**2
    kurtosis = None
    if variance > 0 and min(entries.size for _, entries in layers) >= FEWEST_OF_POOLED_KURTOSIS:
        kurtosis = (fourth - 6 * first**2 * second + 5 * first**4) / variance**2
    moments = Moments(total, first, sqrt(max(variance, 0.0)), kurtosis)
    return moments, Entries(law, 0.0, 1 / LAWS[law].std, total, rounding)


def _ranks(weights: WeightStatistics, n: int) -> list[tuple[str, int, float | None]]:
    found = (weights.quantiles or {}).items()
    return [(f"quantiles.{q}", max(ceil(float(q) * n), 1), value) for q, value in found]
