"""Sparse weights: so many zeros in every row as torch counts them, at places that are uniform."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
import pytest
from scipy.special import chdtr, chdtrc, ndtr

from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.streams import Role, stream

Z = 4.5
# Of one tail, as Z's.
RARE = 3.4e-6
DTYPES = ("float32", "float64")


def draw(shape, dtype="float64", seed=0, **given):
    weights = np.full(shape, np.nan, dtype)
    INITIALIZERS["sparse"].build(Fans(*shape), **given).fill(weights, stream(seed, Role.WEIGHTS))
    return weights


def zeros_per_row(weights):
    return set(np.count_nonzero(weights == 0, axis=1).tolist())


# Sparsity, fan_out, zeros of each row by torch's rule, ceil(sparsity * rows) in floating point.
# Where the product is a whole number in exact arithmetic it may come out just above or below.
COUNTS = [
    (0.0, 30, 0),
    (1.0, 30, 30),
    (1e-300, 30, 1),
    (0.5, 7, 4),
    (0.999, 1, 1),
    (0.101, 400, 41),
    (0.1, 30, 3),
    (0.1, 3, 1),
    (0.07, 100, 8),  # 7.000000000000001
    (0.14, 100, 15),  # 14.000000000000002
    (0.28, 100, 29),  # 28.000000000000004
    (0.29, 100, 29),  # 28.999999999999996
    (0.57, 100, 57),  # 56.99999999999999
    (1 - 2**-53, 4096, 4096),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("sparsity", "columns", "zeros"), COUNTS)
def test_zeros_of_every_row(sparsity, columns, zeros, dtype):
    weights = draw((50, columns), dtype, sparsity=sparsity, std=2.0)
    assert zeros_per_row(weights) == {zeros}
    std = INITIALIZERS["sparse"].build(Fans(50, columns), sparsity=sparsity, std=2.0).std
    assert std == pytest.approx(2 * sqrt(1 - zeros / columns), rel=1e-14)


def test_zeros_are_counted_as_torch_does():
    """Over all that can go wrong by a rounding: sparsities of two digits, up to 130 outputs."""
    for columns in range(1, 131):
        for hundredths in range(101):
            sparsity = hundredths / 100
            sampler = INITIALIZERS["sparse"].build(Fans(3, columns), sparsity=sparsity, std=1.0)
            zeros = columns * (1 - sampler.std**2)
            assert zeros == pytest.approx(ceil(sparsity * columns), abs=1e-9)


def test_std_is_torchs_default():
    assert INITIALIZERS["sparse"].build(Fans(3, 4), sparsity=0).std == 0.01


ROWS, COLUMNS, EACH = 20_000, 40, 12


@pytest.fixture(scope="module", params=DTYPES)
def many(request):
    return draw((ROWS, COLUMNS), request.param, sparsity=0.3, std=0.5)


def test_places_are_uniform_over_the_columns(many):
    """Chi-square. With m of n places in each of R rows, p = m/n, a column's count has variance
    R p (1 - p) and two have covariance -R p (1 - p) / (n - 1), so that the covariance is
    R p (1 - p) n / (n - 1) times a projection of rank n - 1.
    """
    p = EACH / COLUMNS
    counts = np.count_nonzero(many == 0, axis=0)
    off = np.sum((counts - ROWS * p) ** 2) / (ROWS * p * (1 - p))
    statistic = off * (COLUMNS - 1) / COLUMNS
    assert chdtrc(COLUMNS - 1, statistic) > RARE
    assert chdtr(COLUMNS - 1, statistic) > RARE
    # The power: 2 % more in half of the columns is seen.
    tilted = counts + np.where(np.arange(COLUMNS) % 2, 1, -1) * ROWS * p * 0.02
    assert chdtrc(COLUMNS - 1, np.sum((tilted - ROWS * p) ** 2) / (ROWS * p * (1 - p))) < RARE


def test_places_of_a_row_do_not_hang_together(many):
    """Neighbours (a window, or a stride, would show): each of n - 1 pairs is both zero with
    probability m (m - 1) / (n (n - 1)); the rows are independent.
    """
    zero = many == 0
    for gap in (1, 2, 7):
        pairs = np.count_nonzero(zero[:, gap:] & zero[:, :-gap], axis=1)
        expected = (COLUMNS - gap) * EACH * (EACH - 1) / (COLUMNS * (COLUMNS - 1))
        assert abs(pairs.mean() - expected) < Z * pairs.std() / sqrt(ROWS)


def test_places_of_neighbouring_rows_are_independent(many):
    """Of m places of the next row m²/n are common, on average."""
    zero = many == 0
    common = np.count_nonzero(zero[1::2] & zero[::2], axis=1)
    assert abs(common.mean() - EACH**2 / COLUMNS) < Z * common.std() / sqrt(ROWS / 2)


def test_the_others_are_normal(many):
    """Kolmogorov-Smirnov, P(sqrt(n) D > 2.5) = 7e-6; whether one is kept does not depend on it."""
    kept = np.sort(many[many != 0].astype(np.float64))
    n = kept.size
    assert n == ROWS * (COLUMNS - EACH)
    p = ndtr(kept / 0.5)
    above, below = np.arange(1, n + 1) / n - p, p - np.arange(n) / n
    assert sqrt(n) * max(above.max(), below.max()) < 2.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_panel_has_its_zeros(dtype):
    """Panels of any height, each from its own stream: whole rows, so no row is cut in two."""
    sampler = INITIALIZERS["sparse"].build(Fans(60, 17), sparsity=0.4)
    assert not sampler.whole
    weights = np.full((60, 17), np.nan, dtype)
    bounds = [0, 1, 20, 59, 60]
    for panel, rows in enumerate(map(slice, bounds[:-1], bounds[1:])):
        sampler.fill(weights[rows], stream(0, Role.WEIGHTS, panel=panel))
        alone = np.empty_like(weights[rows])
        sampler.fill(alone, stream(0, Role.WEIGHTS, panel=panel))
        assert np.array_equal(weights[rows], alone)
    assert zeros_per_row(weights) == {7}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("std", [0.0, 1e-310, 1e39, 1e300, 1.7e308])
def test_zeros_are_zeros_whatever_the_scale(std, dtype):
    """The others may overflow to inf; inf times 0 would be nan."""
    with np.errstate(all="ignore"):
        weights = draw((20, 10), dtype, sparsity=0.5, std=std)
    assert not np.isnan(weights).any()
    assert min(zeros_per_row(weights)) >= 5
