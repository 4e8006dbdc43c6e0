"""What is asked of an initializer whose entries are independent draws from one of the laws."""

from __future__ import annotations

from functools import cache
from math import expm1, hypot, log1p, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from weightinit_cli.conformity.dependence import (
    is_same,
    of_finite,
    of_streams,
    of_values,
    of_vectors,
)
from weightinit_cli.conformity.drawing import GROUPED, KERNELS, MATRICES, draw
from weightinit_cli.conformity.frameworks import DTYPES, Ask
from weightinit_cli.conformity.report import Asked, Row
from weightinit_cli.errors import WinitError
from weightinit_cli.expected import (
    DRAWN,
    Entries,
    Moments,
    errors,
    of_moments,
    ratio,
    standard,
    two_sided,
)
from weightinit_cli.initializers.samplers import LAWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.conformity.drawing import Drawn, Seeds
    from weightinit_cli.conformity.frameworks import Array, Target
    from weightinit_cli.conformity.report import Build

# Where mean or scale are off by this much, the law's form is looked at beside them.
OFF: Final = 1e-5
# A share of entries that may lie beyond an edge: Keras on torch draws four candidates for each, and
# takes the first within, so that one in 230,000 is not.
BEYOND: Final = 1e-5
# Where a figure is of the draws of all shapes.
ALL: Final = "all shapes"
# Beyond this many standard errors no measured scale lies.
FAR: Final = 6


class Measured(NamedTuple):
    """The draws of one shape beside what is expected of them, `entries`.

    `moments` are measured; the law's form is looked at with the entries brought to mean 0
    and scale 1 by `centre` and `scale`, which are those expected, or those measured where they are
    others (then to a relative `slack`).
    """

    drawn: Drawn
    entries: Entries
    moments: Moments
    centre: float
    scale: float
    slack: float

    @property
    def mean(self) -> float:
        """The measured mean."""
        return self.moments.mean

    @property
    def std(self) -> float:
        """The measured standard deviation."""
        return self.moments.std

    @property
    def standardized(self) -> Array:
        """All entries, in the law's standard form."""
        return (self.drawn.draws.ravel() - self.centre) / self.scale


def of_law(target: Target, build: Build, seeds: Seeds, *, only: str) -> Asked:
    """Ask everything of the entries, and of the streams that they come from.

    `build` gives the sampler that is expected of a layer's fans. Raises WinitError where the
    function raises or returns something else than an array of the shape.
    """
    asks = [*(MATRICES if only != "kernels" else ()), *(KERNELS if only != "matrices" else ())]
    if "groups" in target.takes and only != "matrices":
        asks += GROUPED
    drawn = draw(target, asks, seeds)
    bad = [row for each in drawn if (row := of_finite(each)).p == 0]
    if bad:
        return Asked(tuple(bad))
    streams = list(of_streams(target, drawn, seeds))
    same = any(is_same(*each.draws[:2]) for each in drawn)
    if same:  # all seeds: one draw is all that there is, and all shapes may share it
        drawn = [each._replace(draws=each.draws[:1]) for each in drawn]
    measured = [_measured(each, _entries(build, each)) for each in drawn]
    kurtosis = standard(measured[0].entries.law, 4)
    rows = [*_moments(measured, together=not same), *_ratios(measured)]
    rows += _forms(measured, together=not same)
    first = measured[0]
    rows.append(of_values(first.drawn, first.entries.std / first.entries.rounding))
    for each in measured:
        rows += of_vectors(each.drawn, kurtosis)
    others, unasked = _dtypes(target, build, asks[0], seeds)
    if target.takes_dtype:
        others.insert(0, _of_dtype(first.drawn))
    return Asked((*rows, *streams, *others), tuple(measured), tuple(unasked))


def of_entries_alone(drawn: Sequence[Drawn], law: str, std: float) -> Iterator[Row]:
    """Ask for moments and distribution of entries of mean 0, wherever they stand."""
    scale = std / LAWS[law].std
    measured = [
        _measured(each, Entries(law, 0.0, scale, each.draws.size, (DRAWN + each.eps) * scale))
        for each in drawn
    ]
    if measured:
        yield from _moments(measured)
        yield from _forms(measured)


def _entries(build: Build, drawn: Drawn) -> Entries:
    sampler = build(drawn.ask.fans)
    scale = sampler.std / LAWS[sampler.law].std
    rounding = DRAWN * scale + drawn.eps * (abs(sampler.mean) + scale)
    return Entries(sampler.law, sampler.mean, scale, drawn.draws.size, rounding)


def _measured(drawn: Drawn, entries: Entries) -> Measured:
    moments = _moments_of(drawn.draws)
    of_mean, of_std, _ = errors(entries.law, entries.size)
    found = {each.figure: two_sided(each.z) for each in of_moments(moments, entries)}
    centre, scale, slack = entries.mean, entries.scale, entries.rounding / entries.scale
    if found["mean"] < OFF:
        centre, slack = moments.mean, slack + FAR * of_mean
    if found["std"] < OFF and moments.std:
        scale, slack = moments.std / LAWS[entries.law].std, slack + FAR * of_std
    return Measured(drawn, entries, moments, centre, scale, slack)


def _moments_of(draws: Array) -> Moments:
    flat = draws.ravel()
    mean = float(flat.mean())
    squares = (flat - mean) ** 2
    variance = float(squares.mean())
    kurtosis = float(squares @ squares) / flat.size / variance**2 if variance else None
    return Moments(flat.size, mean, sqrt(variance), kurtosis)


def _moments(measured: Sequence[Measured], *, together: bool = True) -> Iterator[Row]:
    """Mean, std and kurtosis: of each shape, and of all together in units of what is expected.

    The errors of means are those of the measured scale where it is another one.
    """
    for asked in ("mean", "std", "kurtosis"):
        for each in measured:
            entries = each.entries
            if asked == "mean":
                entries = entries._replace(scale=each.scale)
            yield from _asked(asked, each.drawn.where, each.moments, entries)
        if together and len(measured) > 1:
            pooled = {"mean": "mean, in std", "std": "std, ratio"}.get(asked, asked)
            yield from _asked(pooled, ALL, *_pooled(measured, asked))


def _pooled(measured: Sequence[Measured], asked: str) -> tuple[Moments, Entries]:
    """The moments of all shapes' entries, each brought to what is expected.

    Their kurtosis is that of entries brought to mean 0 and std 1 as measured: the law's form alone.
    """
    law = measured[0].entries.law
    total = sum(each.entries.size for each in measured)
    first = second = kurtosis = 0.0
    for each in measured:
        share, moments = each.entries.size / total, each.moments
        unit = each.scale * LAWS[law].std if asked == "mean" else each.entries.std
        shift = ratio(moments.mean - each.entries.mean, unit)
        first += share * shift
        second += share * (ratio(moments.std, unit) ** 2 + shift**2)
        kurtosis += share * (moments.kurtosis or 0.0)
    rounding = max(each.entries.rounding / each.entries.std for each in measured)
    pooled = Moments(total, first, sqrt(max(second - first**2, 0.0)), kurtosis)
    return pooled, Entries(law, 0.0, 1 / LAWS[law].std, total, rounding)


def _asked(asked: str, where: str, moments: Moments, entries: Entries) -> Iterator[Row]:
    of_mean, of_std, of_kurtosis = errors(entries.law, entries.size)
    error = {"mean": entries.std * of_mean, "std": moments.std * of_std, "kurtosis": of_kurtosis}
    for each in of_moments(moments, entries):
        if each.figure == asked.partition(",")[0]:
            within = abs(each.value - each.expected) <= each.floor
            p = 1.0 if within else two_sided(each.z)
            yield Row(asked, where, each.value, error[each.figure], each.expected, p)


def _ratios(measured: Sequence[Measured]) -> Iterator[Row]:
    """How the scale follows the fans, whatever else is wrong with it: ratios of two shapes."""
    by_ask = {each.drawn.ask: each for each in measured}
    tall, wide, matrix = (by_ask.get(ask) for ask in MATRICES)
    kernel = by_ask.get(KERNELS[1])
    if tall and wide:
        yield _ratio("fans exchanged", wide, tall)
    if matrix and kernel:
        yield _ratio("kernel / matrix", kernel, matrix)


def _ratio(asked: str, one: Measured, other: Measured) -> Row:
    law = one.entries.law
    error = hypot(*(errors(law, each.entries.size)[1] for each in (one, other)))
    expected = one.entries.std / other.entries.std
    found = one.std / other.std if other.std else float("inf")
    z = (found / expected - 1) / error
    where = f"{one.drawn.where} / {other.drawn.where}"
    return Row(asked, where, found, error * found, expected, two_sided(z))


def _forms(measured: Sequence[Measured], *, together: bool = True) -> Iterator[Row]:
    """The form of the law: the largest entry, and the whole distribution (Kolmogorov-Smirnov)."""
    law = measured[0].entries.law
    everything = [np.sort(each.standardized) for each in measured]
    for each, z in zip(measured, everything, strict=True):
        yield of_largest(z, law, each.slack, each.drawn.where)
    for each, z in zip(measured, everything, strict=True):
        yield _distribution("distribution", z, law, each.slack, each.drawn.where)
    if together and len(measured) > 1:
        slack = max(each.slack for each in measured)
        all_sorted = np.sort(np.concatenate(everything))
        yield _distribution("distribution", all_sorted, law, slack, ALL)


def of_largest(z: Array, law: str, slack: float, where: str) -> Row:
    """The largest |entry| beside the law's: of n entries F(|z|)^n is uniform."""
    cdf = LAWS[law].cdf
    found = float(max(-z[0], z[-1]))
    edge = edge_of(law)
    slack *= 1 + found
    if edge and found > edge + slack:
        from scipy.special import bdtrc

        beyond = int((np.abs(z) > edge + slack).sum())
        words = f"{found:.4g}, {beyond:,} beyond"
        p = float(bdtrc(beyond - 1, z.size, BEYOND))
        return Row("largest / scale", where, found, None, edge, p, words)
    low = log1p(-2 * cdf(-found - slack)) * z.size
    high = log1p(-2 * cdf(slack - found)) * z.size if found > slack else -float("inf")
    p = min(2 * min(np.exp(low), -expm1(high)), 1.0)
    at = _quantile_of_largest(law, z.size)
    return Row("largest / scale", where, found, at[1], at[0], float(p))


@cache
def _quantile_of_largest(law: str, n: int) -> tuple[float, float]:
    """The median of the largest |z| of n entries, and half of what two thirds of them span."""
    from weightinit_cli.expected import inverse

    low, middle, high = (
        -inverse(LAWS[law].cdf, -expm1(np.log(share) / n) / 2) for share in (0.16, 0.5, 0.84)
    )
    return middle, (high - low) / 2


@cache
def edge_of(law: str) -> float:
    """The |z| beyond which a law has nothing, 0 where it has no edge."""
    cdf = LAWS[law].cdf
    return next((edge for edge in (1.0, 2.0) if cdf(-edge) == 0 and cdf(0.99 * -edge) > 0), 0.0)


def _distribution(asked: str, z: Array, law: str, slack: float, where: str) -> Row:
    """The largest distance of two distribution functions (Kolmogorov 1933; Stephens 1970)."""
    n = z.size
    distance = max(distance_of(z, law) - min(slack, 0.1), 0.0)
    return Row(asked, where, distance, 0.26 / sqrt(n), 0.83 / sqrt(n), p_of_distance(distance, n))


def p_of_distance(distance: float, n: int) -> float:
    """How often the distance of n entries from their law is larger."""
    from scipy.special import kolmogorov

    root = sqrt(n)
    return float(kolmogorov((root + 0.12 + 0.11 / root) * distance))


def distance_of(z: Array, law: str) -> float:
    """The largest distance of the distribution function of sorted entries from that of a law."""
    grid, values = _table(law)
    below = np.interp(z, grid, values)
    steps = np.arange(z.size + 1) / z.size
    return float(max((steps[1:] - below).max(), (below - steps[:-1]).max()))


@cache
def _table(law: str) -> tuple[Array, Array]:
    """A law's distribution function at steps of 1/512, between which it is straight to 1e-7."""
    grid = np.arange(-8 * 512, 8 * 512 + 1) / 512
    return grid, np.array([LAWS[law].cdf(float(z)) for z in grid])


def _of_dtype(drawn: Drawn) -> Row:
    """Whether the draws are of the dtype that was asked for."""
    asked = drawn.ask.dtype
    same = asked == drawn.dtype
    return Row("dtype", f"{drawn.where}, {asked}", same, None, 1, float(same), drawn.dtype, asked)


def _dtypes(target: Target, build: Build, ask: Ask, seeds: Seeds) -> tuple[list[Row], list[str]]:
    """Ask for the scale under other dtypes, where the function takes one and the draws exist."""
    rows, unasked = [], []
    for dtype in DTYPES[target.framework] if target.takes_dtype else ():
        try:
            (drawn,) = draw(target, [ask._replace(dtype=dtype)], seeds, 1)
        except WinitError as error:
            unasked.append(f"{dtype}: {error}")
            continue
        asked, where = "std of other dtypes", f"{drawn.where}, {dtype}"
        if (bad := of_finite(drawn)).p == 0:
            rows.append(bad._replace(where=where))
            continue
        rows.append(_of_dtype(drawn))
        entries = _entries(build, drawn)
        (row,) = _asked("std", where, _moments_of(drawn.draws), entries)
        # values of few bits are laid out by each library in its own way
        eps = {"float16": 2**-10, "bfloat16": 2**-7}.get(dtype, 0.0)
        if abs(row.figure / row.expected - 1) <= 4 * eps:
            row = row._replace(p=1.0)
        rows.append(row._replace(asked=asked))
    return rows, unasked
