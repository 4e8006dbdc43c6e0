"""The figures of one array, against the plain formulas."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from weightinit_cli.probing import figures
from weightinit_cli.probing.figures import gradient_figures, value_figures, weight_figures
from weightinit_cli.results.histogram import check_layer

SETTINGS = settings(max_examples=40, deadline=None)
LARGEST, SMALLEST = 2.0**60, 2.0**-60
DTYPES = st.sampled_from((np.float32, np.float64))


def numbers(dtype, **allowed):
    low, high = allowed.pop("size", (-LARGEST, LARGEST))
    # squares of smaller numbers are 0 in the plain formulas
    given_floats = st.floats(low, high, width=dtype(0).itemsize * 8).map(
        lambda each: each if abs(each) > SMALLEST else 0.0
    )
    return st.one_of(given_floats, st.sampled_from([*map(dtype, allowed.pop("also", (0.0,)))]))


@st.composite
def values_of(draw, **allowed):
    dtype = draw(DTYPES)
    shape = draw(array_shapes(min_dims=2, max_dims=4, max_side=5))
    return draw(arrays(dtype, shape, elements=numbers(dtype, **allowed)))


def close(found, expected, scale):
    assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-9 * float(scale) + 1e-300)


@SETTINGS
@given(values_of(also=(0.0, -0.0, 1e-42)), st.booleans())
def test_figures_are_those_of_the_plain_formulas(values, exact):
    whole = values.astype(np.float64)
    found = value_figures(values, values.ndim - 1, exact=exact)
    rms = np.sqrt((whole**2).mean())
    close(found.mean, whole.mean(), rms)
    close(found.std, whole.std(), rms)
    assert (found.min, found.max) == (whole.min(), whole.max())
    if len(whole) > 1:
        close(found.std_across_inputs, np.sqrt(whole.var(axis=0).mean()), rms)
    else:
        assert found.std_across_inputs is None
    close(found.std_across_units, whole.mean(axis=0).std(), rms)
    assert found.zero_fraction == (whole == 0).mean()
    dead = (whole.reshape(-1, whole.shape[-1]) == 0).all(axis=0)
    assert found.dead_units == dead.sum()
    check_layer(found, "value", prod(values.shape), values.shape[-1])
    if exact or values.dtype == np.float64:
        quantiles = np.quantile(whole, (0.01, 0.5, 0.99), method="inverted_cdf")
        assert [found.quantiles[key] for key in ("0.01", "0.5", "0.99")] == list(quantiles)


@SETTINGS
@given(values_of(also=(np.inf, -np.inf, np.nan, 3e38, 1e-45)))
def test_values_that_are_not_finite_are_counted_and_left_out(values):
    finite = values[np.isfinite(values)].astype(np.float64)
    found = value_figures(values, 1)
    assert found.nonfinite == values.size - finite.size
    check_layer(found, "value", values.size, values.shape[1])
    if finite.size:
        close(found.mean, finite.mean(), np.abs(finite).max())
        close(found.std, finite.std(), np.abs(finite).max())
    else:
        assert found.mean is found.std is found.min is None


@SETTINGS
@given(values_of(), st.integers(1, 3))
def test_units_may_lie_along_any_axis(values, axis):
    axis = min(axis, values.ndim - 1)
    found = value_figures(values, axis, exact=True)
    units = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1) + 0.0
    assert found.distinct_units == len(np.unique(units, axis=0))
    assert found.dead_units == (units == 0).all(axis=1).sum()


@SETTINGS
@given(values_of())
def test_what_is_the_same_for_all_inputs_has_no_std_across_them(values):
    found = value_figures(values, values.ndim - 1, inputs=False)
    assert found.std_across_inputs is None
    assert found.std_across_units == pytest.approx(found.std, rel=1e-9)


@SETTINGS
@given(values_of())
def test_powers_across_inputs_and_units_add_up(values):
    found = value_figures(values, 1)
    parts = (found.std_across_inputs or 0.0) ** 2 + found.std_across_units**2
    close(found.std**2, parts, np.abs(values.astype(np.float64)).max() ** 2)


def test_many_values_are_taken_in_blocks_to_the_same_figures():
    values = np.random.Generator(np.random.SFC64(2)).standard_normal((6, 150, 200), np.float32)
    values = values * 3 + 100
    values[:, :, 7] = 0
    found = value_figures(values, 2)
    whole = values.astype(np.float64)
    assert found.std_across_inputs == pytest.approx(np.sqrt(whole.var(axis=0).mean()), rel=1e-12)
    assert found.std_across_units == pytest.approx(whole.mean(axis=0).std(), rel=1e-12)
    assert found.std == pytest.approx(whole.std(), rel=1e-12)
    assert found.mean == pytest.approx(whole.mean(), rel=1e-12)
    assert found.dead_units == 1
    values[3, 2, 1], values[:, 4, 4] = np.inf, np.nan
    kept = values[np.isfinite(values)].astype(np.float64)
    found = value_figures(values, 2)
    assert (found.nonfinite, found.mean) == (7, pytest.approx(kept.mean(), rel=1e-12))
    assert found.std == pytest.approx(kept.std(), rel=1e-12)


def test_what_the_dtype_cannot_tell_is_unresolved():
    values = np.full((4, 3), 1000, np.float32)
    values[0] += 1e-4
    found = value_figures(values, 1)
    assert {"std", "std_across_inputs", "std_across_units"} <= set(found.unresolved)
    assert found.unresolved["std"] == pytest.approx(1000 * 2.0**-23)
    coarse = value_figures(np.array([[1.0], [1.002]], np.float32), 0, eps=2.0**-7)
    assert "std" in coarse.unresolved
    assert "std" not in value_figures(np.array([[1.0], [1.002]], np.float32), 0).unresolved


def test_zeros_are_known_exactly():
    found = value_figures(np.zeros((3, 4), np.float32), 1)
    assert found.std == found.std_across_inputs == 0
    assert not found.unresolved
    assert found.dead_units == 4


@SETTINGS
@given(values_of(also=(0.0, np.inf, np.nan, 1e-42)))
def test_gradients_have_their_rms_and_counts_between_powers_of_two(values):
    found = gradient_figures(values)
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        assert found.signal_rms is None
        return
    close(found.signal_rms, np.sqrt((finite**2).mean()), np.abs(finite).max())
    histogram = found.histogram
    assert sum(histogram.counts) + histogram.underflow + histogram.overflow == finite.size
    sizes = np.abs(finite)
    edges = np.array(histogram.edges)
    assert all(
        count == ((sizes >= low) & (sizes < high)).sum()
        for low, high, count in zip(edges, edges[1:], histogram.counts, strict=False)
        if low >= np.finfo(values.dtype).smallest_normal
    )


@SETTINGS
@given(values_of())
def test_parameters_have_their_moments_and_exact_quantiles(values):
    whole = values.astype(np.float64)
    found = weight_figures(values, "hash", exact=True)
    close(found.mean, whole.mean(), np.abs(whole).max())
    close(found.std, whole.std(), np.abs(whole).max())
    assert found.quantiles["0.5"] == np.quantile(whole, 0.5, method="inverted_cdf")
    assert found.zero_fraction == (whole == 0).mean()


def test_kurtosis_is_the_fourth_standardized_moment():
    values = np.random.Generator(np.random.SFC64(3)).standard_normal((50, 40), np.float32) + 5
    whole = values.astype(np.float64)
    fourth = (((whole - whole.mean()) / whole.std()) ** 4).mean()
    assert weight_figures(values, "hash").kurtosis == pytest.approx(fourth, rel=1e-9)
    assert weight_figures(np.ones((3, 3), np.float32), "hash").kurtosis is None


def test_values_are_counted_in_parts(monkeypatch):
    values = np.random.Generator(np.random.SFC64(4)).standard_normal((7, 90), np.float32)
    whole = value_figures(values, 1)
    monkeypatch.setattr(figures, "PART", 100)
    assert value_figures(values, 1) == whole


def test_quantiles_of_a_parameter_are_counted_unless_exact_ones_are_asked_for():
    values = np.random.default_rng(0).standard_normal(999).astype(np.float32)
    exact = weight_figures(values, "", exact=True).quantiles
    for name, found in weight_figures(values, "").quantiles.items():
        assert found == pytest.approx(exact[name], rel=2**-7, abs=1e-3)
    assert exact["0.5"] == np.quantile(values, 0.5, method="inverted_cdf")
