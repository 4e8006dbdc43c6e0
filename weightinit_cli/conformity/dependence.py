"""Whether draws depend on each other: rows, columns, seeds, calls. How many values they take."""

from __future__ import annotations

from itertools import combinations
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.conformity.report import Row
from weightinit_cli.expected import two_sided, z_of_gamma

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.conformity.drawing import Drawn, Seeds
    from weightinit_cli.conformity.frameworks import Array, Target

# Draws of float32 take 2^23 values or more, all alike; fewer than this are too few.
FEWEST_VALUES = 2**20
# Draws whose correlation is at least this are the same.
SAME = 0.999
LARGEST = float(np.finfo(np.float32).max)


def of_finite(drawn: Drawn) -> Row:
    """Ask whether all entries are numbers of float32."""
    with np.errstate(invalid="ignore"):
        count = int((~(np.abs(drawn.draws) <= LARGEST)).sum())
    words = f"{count:,} are inf, nan or too large for float32" if count else ""
    return Row("finite values", drawn.where, count, None, 0.0, float(not count), words)


def of_vectors(drawn: Drawn, kurtosis: float) -> Iterator[Row]:
    """Ask whether rows, and columns, are independent of each other, over all pairs.

    The largest |r|, and the mean of n r² (of n entries that are independent 1, exactly).
    """
    mean = drawn.draws.mean()
    for asked, matrices in (
        ("rows", drawn.draws),
        ("columns", drawn.draws.transpose(0, 2, 1)),
    ):
        yield from _of_pairs(asked, drawn.where, matrices - mean, kurtosis)


def _of_pairs(asked: str, where: str, matrices: Array, kurtosis: float) -> Iterator[Row]:
    count, vectors, length = matrices.shape
    pairs = count * vectors * (vectors - 1) // 2
    largest, place, total = 0.0, (0, 0), 0.0
    for matrix in matrices:
        norms = np.linalg.norm(matrix, axis=1)
        unit = matrix / np.where(norms > 0, norms, 1)[:, np.newaxis]
        r = np.tril(unit @ unit.T, -1)
        total += float((r * r).sum())
        at = int(np.abs(r).argmax())
        if abs(r.flat[at]) > largest:
            largest, place = float(abs(r.flat[at])), divmod(at, vectors)
    # E[u⁴] of an entry of a unit vector, and with it E[r⁴].
    u4 = kurtosis / (length * (length + kurtosis - 1))
    u22 = (1 - length * u4) / (length * (length - 1))
    variance = 3 * length * (length - 1) * u22**2 + length * u4**2 - 1 / length**2
    mean_square = total / pairs
    error = sqrt(variance / pairs)
    skewness = (4 / vectors + 8 / length) / sqrt(count)
    z = z_of_gamma((mean_square - 1 / length) / error, skewness)
    p = two_sided(z)
    yield Row(f"{asked}, n r²", where, mean_square * length, error * length, 1.0, p)
    typical = _largest_of(pairs, length)
    p = min(pairs * _p_of_r(largest, length), 1.0)
    first, second = sorted(place)
    words = f"{largest:.4f}, {asked} {first} and {second}" if largest > 2 * typical else ""
    yield Row(f"{asked}, |r|", where, largest, typical / 10, typical, p, words)


def _p_of_r(r: float, length: int) -> float:
    """How often |r| of two independent directions is larger: r² ~ Beta(1/2, (length - 1) / 2)."""
    from scipy.special import betainc

    return float(betainc((length - 1) / 2, 0.5, max(1 - r * r, 0.0)))


def _largest_of(pairs: int, length: int) -> float:
    """The median of the largest |r| of so many pairs."""
    from scipy.special import betaincinv

    return sqrt(1 - float(betaincinv((length - 1) / 2, 0.5, 1 - 0.5 ** (1 / pairs))))


def of_values(drawn: Drawn, spread: float) -> Row:
    """Ask how many different values there are: entries that are equal are counted in pairs.

    `spread` is how many values the dtype has over one standard deviation, at the least.
    """
    from scipy.special import pdtrc

    entries = drawn.draws[0].ravel()
    _, counts = np.unique(entries, return_counts=True)
    pairs = float((counts * (counts - 1) // 2).sum())
    n = entries.size
    fewest = max(min(FEWEST_VALUES, spread / 8), 1)
    usual = n * (n - 1) / 2 / fewest
    p = float(pdtrc(pairs - 1, usual)) if pairs else 1.0
    figure, wanted = f"{len(counts):,} of {n:,}", "all"
    return Row("different values", drawn.where, len(counts), None, n, p, figure, wanted)


def of_streams(target: Target, drawn: Sequence[Drawn], seeds: Seeds) -> Iterator[Row]:
    """Ask whether seeds differ at every shape; at the first also whether calls of one stream do.

    And there, whether a seed repeats its draws.
    """
    first = drawn[0]
    if target.seeded:
        for each in drawn:
            pairs = list(combinations(each.draws, 2))
            largest = max(abs(_correlation(one, two)) for one, two in pairs)
            yield _differ("seeds, |r|", each, largest, len(pairs))
        seed = next(seeds)
        once, again = (target.stream(seed)(first.ask) for _ in range(2))
        same = np.array_equal(once, again)
        words = "the same" if same else "other draws"
        p = float(same)
        yield Row("one seed again", first.where, p, None, 1.0, p, words, "the same")
    if target.has_stream:
        stream = target.stream(next(seeds))
        one, two = (np.asarray(stream(first.ask), np.float64).ravel() for _ in range(2))
        yield _differ("calls, |r|", first, abs(_correlation(one, two)), 1)


def _differ(asked: str, drawn: Drawn, r: float, pairs: int) -> Row:
    n = drawn.draws[0].size
    p = min(pairs * erfc(r * sqrt(n / 2)), 1.0)
    return Row(asked, drawn.where, r, 1 / sqrt(n), 0.0, p)


def is_same(one: Array, other: Array) -> bool:
    """Whether two draws are the same but for their scale."""
    return abs(_correlation(one, other)) > SAME


def _correlation(one: Array, two: Array) -> float:
    one, two = (each.ravel() - each.mean() for each in (one, two))
    norms = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / norms if norms else 1.0
