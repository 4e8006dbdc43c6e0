"""EntrySums: moments of a weight matrix up to the fourth, against direct formulas."""

from __future__ import annotations

from itertools import pairwise
from math import frexp, inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.network.sums import EntrySums

EPS = float(np.finfo(np.float64).eps)
N = 200_000


def sums(entries, pivot=0.0, std=1.0, cuts=()):
    """As the network takes them: about the formula's mean, in units of about its std."""
    exponent = frexp(std)[1]
    bounds = [0, *cuts, len(entries)]
    parts = [EntrySums.of(entries[top:bottom], pivot, exponent) for top, bottom in pairwise(bounds)]
    return sum(parts[1:], parts[0])


def direct(entries):
    """Mean, std and kurtosis by two passes in extended precision."""
    wide = entries.astype(np.longdouble).ravel()
    mean = wide.mean()
    deviations = wide - mean
    variance = (deviations**2).mean()
    kurtosis = float((deviations**4).mean() / variance**2) if variance else None
    return float(mean), float(np.sqrt(variance)), kurtosis


@pytest.fixture
def generator():
    return np.random.Generator(np.random.PCG64(0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cuts", [(), (1,), (100, 333)])
@pytest.mark.parametrize(
    ("mean", "std"), [(0.0, 1.0), (0.1, 0.02), (-7.0, 1e-3), (0.0, 1e-30), (3.0, 0.0)]
)
def test_figures_are_the_direct_ones(generator, mean, std, cuts, dtype):
    """The pivot is the formula's mean, so that only the sampling error of the mean cancels.

    In float32 the pivot is rounded to float32, as the entries are.
    """
    entries = (mean + std * generator.standard_normal((500, 40))).astype(dtype)
    seen = sums(entries, mean, std, cuts)
    expected_mean, expected_std, expected_kurtosis = direct(entries)
    assert seen.mean == pytest.approx(expected_mean, rel=1e-13, abs=1e-13 * std)
    assert seen.low == entries.min()
    assert seen.high == entries.max()
    assert seen.low <= seen.mean <= seen.high
    assert seen.zeros == np.count_nonzero(entries == 0)
    assert seen.size == entries.size
    if std:
        assert seen.std == pytest.approx(expected_std, rel=1e-11)
        assert seen.kurtosis == pytest.approx(expected_kurtosis, rel=1e-10)
    else:
        assert seen.std == 0
        assert seen.kurtosis is None


@pytest.mark.parametrize("value", [0.0, 0.1, -2.0, 1e-20])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_weights(value, dtype):
    """Every entry is the same number, so that is the mean, and nothing deviates from it."""
    seen = sums(np.full((70, 3), value, dtype), value, 0.0, (33,))
    assert seen.std == 0
    assert seen.kurtosis is None
    assert seen.low == seen.high == np.dtype(dtype).type(value)
    assert seen.mean == seen.low
    assert seen.zeros == (210 if value == 0 else 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kurtosis_tells_the_laws_apart(generator, dtype):
    """3 for a normal, 1.8 for a uniform law; the standard error of a normal sample's kurtosis is
    sqrt(24 / n), and smaller for lighter tails. Of a sparse matrix it is 3 / (1 - sparsity).
    """
    error = sqrt(24 / N)
    normal = generator.standard_normal(N).astype(dtype)
    uniform = generator.uniform(-1, 1, N).astype(dtype)
    assert abs(sums(normal).kurtosis - 3) < 4.5 * error
    assert abs(sums(uniform, 0.0, 3**-0.5).kurtosis - 1.8) < 4.5 * error
    sparse = np.where(np.arange(N) % 4, 0, normal)
    assert abs(sums(sparse, 0.0, 0.5).kurtosis - 12) < 4.5 * error * 4
    assert sums(sparse).zeros == 3 * N // 4
    signs = np.where(np.arange(1000) % 2, 1, -1).astype(dtype)
    assert sums(signs).kurtosis == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("size", [1e300, 1e-300, 2.0**-1022])
def test_huge_and_tiny(generator, size):
    unit = generator.standard_normal((100, 10))
    expected = sums(unit)
    seen = sums(unit * size, 0.0, size, (50,))
    assert seen.mean == pytest.approx(expected.mean * size, rel=1e-11)
    assert seen.std == pytest.approx(expected.std * size, rel=1e-11)
    # The smallest normal numbers have lost digits to the subnormal ones.
    assert seen.kurtosis == pytest.approx(expected.kurtosis, rel=1e-11)


@pytest.mark.parametrize("std", [5e-324, 1e-310, 2.0**-1030])
def test_subnormal_scale(generator, std):
    """A standard deviation below the smallest normal number is allowed by the spec."""
    seen = sums(generator.standard_normal((100, 10)) * std, 0.0, std)
    assert seen.std == pytest.approx(std, rel=0.2, abs=5e-324)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_figures_are_those_of_the_finite_entries(generator, bad):
    entries = generator.standard_normal((30, 4))
    entries[2, 1] = 0
    broken = entries.copy()
    broken[[0, 17, 29], [0, 3, 2]] = bad
    seen = sums(broken, cuts=(5, 18))
    kept = entries[np.isfinite(broken)]
    assert (seen.mean, seen.std, seen.kurtosis) == pytest.approx(direct(kept), rel=1e-12)
    assert (seen.low, seen.high) == (kept.min(), kept.max())
    assert seen.zeros == 1
    assert seen.size == entries.size
    nothing = sums(np.full((3, 3), bad))
    assert (nothing.mean, nothing.std, nothing.kurtosis) == (None, None, None)
    assert nothing.size == 9


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.lists(st.floats(-9, 9), min_size=1, max_size=40),
    st.floats(-1, 1),
    st.sets(st.integers(0, 40), max_size=4),
)
def test_merged_parts_equal_the_whole(values, pivot, cuts):
    """Of sums of up to 40 numbers below 10: each term of a central moment to a few eps."""
    entries = np.array(values)
    inside = sorted(cut for cut in cuts if 0 < cut < entries.size)
    whole, merged = sums(entries, pivot), sums(entries, pivot, cuts=inside)
    assert merged.powers == pytest.approx(whole.powers, rel=1e-13, abs=1e-10)
    assert (merged.low, merged.high) == (entries.min(), entries.max())
    assert merged.size == entries.size
    assert merged.mean == pytest.approx(np.mean(entries), abs=1e-14)
    # A variance whose terms cancel is known to eps of them: up to 100, so 1e-14 × 100 in square.
    assert merged.std**2 == pytest.approx(np.var(entries), rel=1e-12, abs=1e-12)
