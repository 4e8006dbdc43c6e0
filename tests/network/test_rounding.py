"""Rounding to a low precision: numpy's float16 and ml_dtypes' bfloat16, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weightinit_cli.network.rounding import STEP, Rounded, rounded
from weightinit_cli.precision import PRECISIONS

SETTINGS = settings(max_examples=60, deadline=None)
LOW = [name for name, each in PRECISIONS.items() if each.is_low]
# All sizes alike, near the ends of float16's range, and exactly between two of its numbers.
EDGES = [2.0**-25, 2.0**-24, 1.5 * 2.0**-24, 2.0**-14, 65504.0, 65519.0, 65520.0, 1 + 2.0**-11]
FLOATS = (
    st.floats(width=32)
    | st.floats(-1e5, 1e5, width=32)
    | st.floats(-(2.0**-13), 2.0**-13, width=32)
    | st.sampled_from(EDGES)
)
VALUES = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=FLOATS)


def narrow_type(name):
    known = np if name != "bfloat16" else pytest.importorskip("ml_dtypes")
    return np.dtype(getattr(known, name))


@pytest.mark.parametrize("name", PRECISIONS)
def test_the_table_is_that_of_the_types(name):
    finfo = pytest.importorskip("ml_dtypes").finfo(narrow_type(name))
    each = PRECISIONS[name]
    assert (each.eps, each.largest) == (float(finfo.eps), float(finfo.max))
    assert each.smallest_normal == float(finfo.smallest_normal)
    assert each.smallest == float(finfo.smallest_subnormal)


@pytest.mark.parametrize("name", LOW)
@SETTINGS
@given(values=VALUES)
def test_values_become_those_of_the_type_and_stay(name, values):
    with np.errstate(all="ignore"):
        expected = values.astype(narrow_type(name)).astype(np.float32)
    found = values.copy()
    rounded(found, PRECISIONS[name])
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(np.signbit(found), np.signbit(expected))
    again = found.copy()
    made = rounded(again, PRECISIONS[name])
    assert np.array_equal(again, found, equal_nan=True)
    assert (made.overflowed, made.flushed) == (0, 0)


@pytest.mark.parametrize("name", LOW)
@SETTINGS
@given(values=VALUES)
def test_what_becomes_of_values_is_counted(name, values):
    with np.errstate(all="ignore"):
        after = values.astype(narrow_type(name)).astype(np.float64)
    there = np.isfinite(values) & (values != 0)
    small = (after != 0) & (np.abs(after) < PRECISIONS[name].smallest_normal)
    expected = Rounded(
        values=there.sum(),
        overflowed=(there & np.isinf(after)).sum(),
        flushed=(there & (after == 0)).sum(),
        subnormal=small.sum(),
    )
    assert rounded(values, PRECISIONS[name]) == expected


def test_float16_by_hand():
    low = PRECISIONS["float16"]
    values = [0, 1, 65519, 65520, -1e9, np.inf, np.nan, 2.0**-25, 1.5 * 2.0**-25, 2.0**-14, 1e-5]
    values = np.array(values, np.float32)
    assert rounded(values, low) == Rounded(values=8, overflowed=2, flushed=1, subnormal=2)
    expected = [0, 1, 65504, np.inf, -np.inf, np.inf, np.nan, 0, 2.0**-24, 2.0**-14]
    assert np.array_equal(values[:-1], np.array(expected, np.float32), equal_nan=True)
    assert values[-1] == 168 * 2.0**-24


def test_many_values_are_rounded_as_few_are():
    values = np.random.Generator(np.random.SFC64(0)).standard_normal(STEP + 100, np.float32)
    values *= np.float32(1e-7)
    parts = [values[:100].copy(), values[100:].copy()]
    low = PRECISIONS["float16"]
    assert rounded(values, low) == rounded(parts[0], low) + rounded(parts[1], low)
    assert np.array_equal(values, np.concatenate(parts))
