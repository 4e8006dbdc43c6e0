"""What counts of buckets tell: quantiles to 2**-8, linear bins, octaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weightinit_cli.network import counted
from weightinit_cli.network.order import QUANTILES, Buckets

SETTINGS = settings(max_examples=40, deadline=None)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
VALUES = arrays(np.float32, st.integers(1, 60), elements=FLOATS)
SMALLEST = float(np.finfo(np.float32).smallest_normal)


@SETTINGS
@given(VALUES)
def test_quantiles_lie_within_their_bucket_of_the_exact_ones(values):
    exact = np.quantile(values.astype(np.float64), QUANTILES, method="inverted_cdf")
    found = counted.quantiles(Buckets.of(values))
    assert np.allclose(found, exact, rtol=2.0**-8, atol=SMALLEST)
    assert values.min() <= found[0] <= found[-1] <= values.max()


@SETTINGS
@given(VALUES)
def test_linear_bins_hold_every_value_and_err_by_one_bucket_at_each_edge(values):
    buckets = Buckets.of(values)
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low / 2, high / 2, 31) * 2
    edges[0], edges[-1] = low, high
    counts = counted.linear(buckets, edges)
    assert sum(counts) == values.size
    below = np.cumsum(counts)[:-1]
    for edge, found in zip(edges[1:-1], below, strict=True):
        near = np.abs(edge) * 2.0**-7 + SMALLEST
        assert (values < edge - near).sum() <= found <= (values <= edge + near).sum()


def test_bins_of_many_values_are_those_of_an_exact_histogram_to_a_percent():
    values = np.random.Generator(np.random.SFC64(1)).standard_normal(100_000, np.float32)
    exact, edges = np.histogram(values, 30)
    assert counted.linear(Buckets.of(values), edges) == pytest.approx(exact, rel=0.02, abs=8)


def test_values_that_are_not_finite_are_in_no_bin():
    values = np.array([np.nan, 1, np.inf, 2, -np.inf], np.float32)
    assert sum(counted.linear(Buckets.of(values), np.linspace(1, 2, 4))) == 2
    none = Buckets.of(np.full(3, np.nan, np.float32))
    assert counted.quantiles(none) == (None,) * len(QUANTILES)


SMALL = st.floats(2.0**-30, 2.0**-20, width=32).filter(lambda size: size != 2.0**-25)
SIZES = st.just(0.0) | SMALL | st.floats(2.0**-20, 2.0**15, width=32)


@SETTINGS
@given(arrays(np.float32, st.integers(1, 60), elements=SIZES), st.integers(-90, 90))
def test_what_float16_would_flush_is_what_numpy_flushes(values, exponent):
    """Also of values in units of a power of two, and in float64."""
    values[::2] *= -1
    there = values != 0
    flushed = (values.astype(np.float16) == 0) & there
    expected = flushed.sum() / there.sum() if there.any() else None
    for dtype in (np.float32, np.float64):
        scaled = np.ldexp(values.astype(dtype), -exponent)
        found = counted.float16_flushed(Buckets.of(scaled), scaled.dtype, exponent)
        assert found == expected


def test_float16_flushes_all_that_is_far_too_small_and_nothing_that_is_large():
    values = np.ones(5, np.float32)
    dtype = values.dtype
    shares = [counted.float16_flushed(Buckets.of(values), dtype, k) for k in (-500, -25, -26, 500)]
    assert shares == [1, 0, 1, 0]
