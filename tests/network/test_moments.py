"""UnitMoments: blocks merge to the whole, figures are those of exact arithmetic, nothing cancels.

Tolerances. A float64 mean of numbers up to m is known to a few eps m, and no better: its own
last place. The deviations from it are known to the same, so a standard deviation s carries an
error of about n eps s from its sum of n squares, and a few eps m from the mean.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import frexp, hypot, inf, isfinite, ldexp, nan, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from weightinit_cli.network.sums import UnitMoments

EPS = float(np.finfo(np.float64).eps)
RELATIVE = 200 * EPS
SETTINGS = settings(deadline=None, derandomize=True, max_examples=80)


@st.composite
def matrices(draw, *, finite=True):
    """Arrays of every magnitude: subnormal to huge, close together or far apart."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = np.dtype(dtype).itemsize * 8
    small = st.floats(-4, 4, width=width)
    special = {"allow_nan": not finite, "allow_infinity": not finite}
    elements = draw(
        st.sampled_from(
            [
                st.floats(width=width, **special),
                small,
                st.floats(1, 1 + 2.0**-10, width=width),
                st.one_of(small, st.sampled_from([0.0, -0.0, 1e30, -1e30, 1e-40]).map(dtype)),
                st.one_of(small, st.sampled_from([nan, inf, -inf])) if not finite else small,
            ]
        )
    )
    shape = draw(npst.array_shapes(min_dims=2, max_dims=2, max_side=12))
    return draw(npst.arrays(dtype, shape, elements=elements))


def exact(values):
    """Mean, std, within and between of the finite values, in rational arithmetic."""
    columns = [[Fraction(float(v)) for v in column if np.isfinite(v)] for column in values.T]
    columns = [column for column in columns if column]
    count = sum(map(len, columns))
    pooled = sum(map(sum, columns)) / count
    means = [sum(column) / len(column) for column in columns]
    within = sum(
        (v - mean) ** 2 for column, mean in zip(columns, means, strict=True) for v in column
    )
    between = sum(
        len(column) * (mean - pooled) ** 2 for column, mean in zip(columns, means, strict=True)
    )
    return (
        float(pooled),
        root((within + between) / count),
        root(within / count),
        root(between / count),
    )


def root(square):
    """The square root of a Fraction of any size."""
    if square == 0:
        return 0.0
    shift = (square.numerator.bit_length() - square.denominator.bit_length()) // 2
    return ldexp(sqrt(float(square / Fraction(2) ** (2 * shift))), shift)


def figures(moments):
    return moments.mean, moments.std, moments.std_within, moments.std_between


def assert_close(moments, expected, values):
    finite = np.abs(values[np.isfinite(values)].astype(np.float64))
    # Below 2**-1000 the unit is no longer the values' own: then the last place is a subnormal.
    last_place = 8 * EPS * float(finite.max()) + 1e-300
    for seen, right in zip(figures(moments), expected, strict=True):
        assert seen == pytest.approx(right, rel=RELATIVE, abs=last_place)


@SETTINGS
@given(matrices())
def test_figures_are_those_of_exact_arithmetic(values):
    moments = UnitMoments.of(values)
    assert moments.count == values.size
    assert_close(moments, exact(values), values)


@SETTINGS
@given(matrices(), st.data())
def test_merged_blocks_equal_the_whole(values, data):
    """Any number of blocks, of any sizes."""
    inner = st.integers(1, max(1, len(values) - 1))
    cuts = sorted(data.draw(st.sets(inner, max_size=4)) - {len(values)})
    blocks = [values[top:bottom] for top, bottom in pairwise([0, *cuts, len(values)])]
    merged = UnitMoments.of(blocks[0])
    for block in blocks[1:]:
        merged = merged + UnitMoments.of(block)
    assert merged.count == values.size
    assert_close(merged, exact(values), values)
    assert np.array_equal(merged.dead, UnitMoments.of(values).dead)


@SETTINGS
@given(matrices(), st.integers(0, 10))
def test_merging_is_commutative(values, cut):
    assume(0 < cut < len(values))
    a, b = UnitMoments.of(values[:cut]), UnitMoments.of(values[cut:])
    assert_close(b + a, exact(values), values)


@SETTINGS
@given(matrices(finite=False), st.integers(0, 10))
def test_only_finite_values_count(values, cut):
    """Inf and nan anywhere: left out, without a warning (which would be an error here)."""
    assume(0 < cut < len(values))
    parts = (values[:cut], values[cut:])
    whole, *blocks = (UnitMoments.of(part, np.ones((1, len(part)))) for part in (values, *parts))
    merged = blocks[0] + blocks[1]
    count = int(np.isfinite(values).sum())
    for moments in (whole, merged):
        assert moments.count == count
        if count:
            assert_close(moments, exact(values), values)
        else:
            assert figures(moments) == (None,) * 4
        if count < values.size:
            assert moments.candidates(EPS) is None


@SETTINGS
@given(matrices())
def test_variance_splits_into_within_and_between(values):
    moments = UnitMoments.of(values)
    parts = hypot(moments.std_within, moments.std_between)
    assert moments.std == pytest.approx(parts, rel=8 * EPS, abs=1e-300)


@SETTINGS
@given(matrices(), st.integers(1, 9))
def test_constant_columns_have_exactly_zero_deviation(values, repeats):
    """All inputs give the same: zero, not nearly zero, however they are split."""
    rows = np.repeat(values[:1], repeats, axis=0)
    for moments in (UnitMoments.of(rows), UnitMoments.of(rows) + UnitMoments.of(rows[:1])):
        assert moments.std_within == 0
        assert np.array_equal(moments.dead, values[0] == 0)
    same = np.full_like(rows, values[0, 0])
    for moments in (UnitMoments.of(same), UnitMoments.of(same) + UnitMoments.of(same[:1])):
        assert moments.std == moments.std_within == moments.std_between == 0
        assert moments.mean == values[0, 0]


@pytest.mark.parametrize("value", [0.1, 1e300, 1e-300, 1 / 3])
@pytest.mark.parametrize("bad", [nan, inf])
def test_constant_columns_stay_exact_beside_a_value_that_is_not_finite(value, bad):
    for where in (0, 2, -1):
        values = np.full((7, 3), value)
        values[where, 1] = bad
        whole = UnitMoments.of(values)
        assert whole.std == whole.std_within == whole.std_between == 0
        assert whole.mean == value
        assert (UnitMoments.of(values[:3]) + UnitMoments.of(values[3:])).std == 0


@pytest.mark.parametrize("rows", [1, 100, 40_000])
def test_more_values_than_one_step(rows):
    """Across the steps in which the sums are taken, against numpy's two passes."""
    values = np.random.Generator(np.random.PCG64(rows)).normal(3, 2, (rows, 5))
    moments = UnitMoments.of(values)
    assert moments.mean == pytest.approx(values.mean(), rel=1e-13)
    assert moments.std == pytest.approx(values.std(), rel=1e-12)
    assert moments.std_within == pytest.approx(sqrt(values.var(axis=0).mean()), rel=1e-12)
    assert moments.std_between == pytest.approx(values.mean(axis=0).std(), rel=1e-11)


@pytest.mark.parametrize("blocks", [1, 2, 7])
@pytest.mark.parametrize(("offset", "noise"), [(0.5, 1e-7), (1.0, 1e-6), (1000.0, 1e-3)])
def test_collapsed_layer(offset, noise, blocks):
    """An offset that float32 hardly tells from its noise: right to 1e-6, where a float32 sum of
    squares is wrong 15-fold.
    """
    generator = np.random.Generator(np.random.PCG64(1))
    values = (offset + noise * generator.standard_normal((1000, 100))).astype(np.float32)
    parts = [UnitMoments.of(part) for part in np.array_split(values, blocks)]
    moments = sum(parts[1:], parts[0])
    wide = values.astype(np.longdouble)
    wide -= offset
    assert moments.std == pytest.approx(float(wide.std()), rel=1e-6)
    assert moments.std_within == pytest.approx(float(np.sqrt(wide.var(axis=0).mean())), rel=1e-6)
    assert moments.std_between == pytest.approx(float(wide.mean(axis=0).std()), rel=1e-6)


@pytest.mark.parametrize("size", [1e300, 1.7e308, 1e-300, 1e-308, 1e200, 1.0])
def test_huge_and_tiny(size):
    """Values whose squares overflow or vanish: the figures scale with them."""
    unit = np.random.Generator(np.random.PCG64(2)).uniform(-1, 1, (50, 4))
    expected = figures(UnitMoments.of(unit))
    scaled = UnitMoments.of(unit * size)
    assert figures(scaled) == pytest.approx([figure * size for figure in expected], rel=1e-12)
    merged = UnitMoments.of(unit[:20] * size) + UnitMoments.of(unit[20:] * size)
    assert figures(merged) == pytest.approx([figure * size for figure in expected], rel=1e-12)


def test_blocks_of_very_different_size():
    """A block near the largest float beside one near the smallest."""
    small, large = np.full((3, 2), 1e-300), np.array([[1e300, -1e300]])
    moments = UnitMoments.of(small) + UnitMoments.of(large)
    assert moments.count == 8
    assert moments.mean == pytest.approx(0, abs=1e284)
    assert moments.std == pytest.approx(5e299, rel=1e-12)
    assert isfinite(frexp(moments.std_within)[0])


def test_dead_units_are_zero_for_every_input():
    values = np.random.Generator(np.random.PCG64(3)).standard_normal((10, 6)).astype(np.float32)
    values[:, 1] = 0
    values[:, 2] = -0.0
    values[:, 3] = 0
    values[-1, 3] = 1e-45
    values[:, 4] = 0
    values[2, 4] = nan
    for moments in (
        UnitMoments.of(values),
        UnitMoments.of(values[:4]) + UnitMoments.of(values[4:]),
    ):
        assert moments.dead.tolist() == [False, True, True, False, False, False]


INPUTS, UNITS = 200, 4096


def test_units_without_a_number_are_not_dead():
    values = np.array([[0.0, nan, nan], [0.0, nan, 0.0]])
    assert UnitMoments.of(values).dead.tolist() == [True, False, False]
