"""Counts and order statistics: those of a full sort, for every float there is."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import inf, nan
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from weightinit_cli.network.order import (
    FEW,
    QUANTILES,
    Buckets,
    at_least,
    at_most,
    looked_up,
    quantiles,
)
from weightinit_cli.network.recording import (
    Observed,
    Request,
    bin_edges,
    record,
    widened,
)
from weightinit_cli.network.sums import UnitMoments
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.precision import PRECISIONS

SETTINGS = settings(deadline=None, derandomize=True, max_examples=100)
DTYPES = (np.float32, np.float64)
LARGEST = {dtype: float(np.finfo(dtype).max) for dtype in DTYPES}


def awkward(dtype):
    """Zeros of both signs, subnormals, neighbours, extremes, values that share leading bits."""
    info = np.finfo(dtype)
    ones = [np.nextafter(dtype(1), dtype(0)), dtype(1), np.nextafter(dtype(1), dtype(2))]
    small = [info.smallest_subnormal, info.tiny, np.nextafter(info.tiny, dtype(0)), info.eps]
    base = [dtype(0), dtype(0.5), dtype(1.0009765625), info.max, *ones, *small]
    return [sign * value for value in base for sign in (dtype(1), dtype(-1))]


@st.composite
def arrays(draw, *, finite=False, min_size=0):
    dtype = draw(st.sampled_from(DTYPES))
    width = np.dtype(dtype).itemsize * 8
    special = [] if finite else [dtype(inf), dtype(-inf), dtype(nan)]
    elements = draw(
        st.sampled_from(
            [
                st.floats(width=width, allow_nan=not finite, allow_infinity=not finite),
                st.sampled_from([*awkward(dtype), *special]),
                st.floats(0, 1, width=width),
                st.integers(-3, 3).map(dtype),
            ]
        )
    )
    shape = (draw(st.integers(min_size, 60)),)
    return draw(npst.arrays(dtype, shape, elements=elements))


def buckets_of(blocks):
    with np.errstate(all="ignore"):
        return reduce(add, map(Buckets.of, blocks))


def ask(values, thresholds, ranks, cuts=()):
    """Counts below the thresholds and values at the ranks, found as the network finds them."""
    blocks = [slice(top, bottom) for top, bottom in pairwise([0, *cuts, len(values)])]
    counted = [buckets_of([values[block]]) for block in blocks]
    with workers(1, ignore_work) as apply:
        return looked_up(values, blocks, counted, reduce(add, counted), thresholds, ranks, apply)


@SETTINGS
@given(arrays(), st.integers(0, 60))
def test_buckets_count_what_is_there(values, cut):
    blocks = [values[:cut], values[cut:]]
    for buckets in (buckets_of([values]), buckets_of(blocks)):
        finite = values[np.isfinite(values)]
        assert buckets.finite == finite.size
        assert buckets.nonfinite == values.size - finite.size
        assert buckets.zeros == np.count_nonzero(finite == 0)
        assert (buckets.low, buckets.high) == (finite.min(initial=inf), finite.max(initial=-inf))
        assert (buckets.counts >= 0).all()


@SETTINGS
@given(arrays(), st.data())
def test_counts_and_ranks_are_those_of_a_full_sort(values, data):
    dtype = values.dtype.type
    among = [*values[np.isfinite(values)].tolist(), *map(float, awkward(dtype)), 0.3]
    picked = data.draw(st.lists(st.sampled_from(among), max_size=8))
    thresholds = np.array(sorted(picked), dtype)
    ordered = np.sort(values[np.isfinite(values)])
    ranks = np.array(
        sorted(data.draw(st.sets(st.integers(1, max(1, ordered.size)), max_size=6))), np.int64
    )
    ranks = ranks[ranks <= ordered.size]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(values)), max_size=3)))
    below, at_ranks = ask(values, thresholds, ranks, cuts)
    assert below.tolist() == [np.count_nonzero(ordered < threshold) for threshold in thresholds]
    assert at_ranks.tolist() == ordered[ranks - 1].tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_rank_of_values_that_share_their_leading_bits(dtype):
    """All in one bucket or two, ties among them: every rank, and every value as a threshold."""
    eps = float(np.finfo(dtype).eps)
    tiny = np.finfo(dtype).smallest_subnormal
    values = np.concatenate(
        [
            (1 + eps * np.arange(-20, 20)).astype(dtype),
            np.repeat(dtype(1), 7),
            tiny * np.arange(-20, 20).astype(dtype),
            np.zeros(5, dtype),
            -np.zeros(5, dtype),
        ]
    )
    values = np.random.Generator(np.random.PCG64(0)).permutation(values)
    ordered = np.sort(values)
    below, at_ranks = ask(values, ordered, np.arange(1, values.size + 1), (3, 40))
    assert below.tolist() == np.searchsorted(ordered, ordered).tolist()
    assert at_ranks.tolist() == ordered.tolist()


@SETTINGS
@given(st.sampled_from(DTYPES), st.floats(-1e38, 1e38), st.data())
def test_at_least_and_at_most_keep_a_comparison(dtype, threshold, data):
    """x >= at_least(t) where x >= t, for every x of the dtype: tried on t's neighbours."""
    kind = np.dtype(dtype)
    from_below, from_above = at_least(threshold, kind), at_most(threshold, kind)
    assert from_below.dtype == from_above.dtype == kind
    near = dtype(threshold)
    for x in (near, np.nextafter(near, dtype(inf)), np.nextafter(near, dtype(-inf)), from_below):
        assert (x >= from_below) == (Fraction(float(x)) >= Fraction(threshold))
        assert (x <= from_above) == (Fraction(float(x)) <= Fraction(threshold))


@pytest.mark.parametrize("function", [at_least, at_most])
@pytest.mark.parametrize("threshold", [1e300, -1e300, 3.5e38, -3.5e38, 1e-300, -1e-300, 1e-50])
def test_thresholds_beyond_float32(function, threshold):
    """As in `range: [-1e300, 1e300]`: no warning on the screen, and the comparison kept."""
    bound = function(threshold, np.dtype(np.float32))
    for x in map(np.float32, (3.4e38, -3.4e38, 0.0, 1.0, -1.0, 1e-45, -1e-45)):
        compared = x >= bound if function is at_least else x <= bound
        right = float(x) >= threshold if function is at_least else float(x) <= threshold
        assert compared == right


# -- the record: histogram and quantiles of a layer ------------------------------------------


def recorded(values, bins, span, cuts=()):
    values = values.reshape(len(values), -1)
    blocks = [slice(top, bottom) for top, bottom in pairwise([0, *cuts, len(values)])]
    directions = np.zeros((2, len(values)))

    def observe(block):
        with np.errstate(all="ignore"):
            moments = UnitMoments.of(values[block], directions[:, block])
            return Observed(moments, Buckets.of(values[block]))

    request = Request(bins, span, None)
    apply = lambda function, items: [function(item) for item in items]  # noqa: E731
    precision = PRECISIONS[values.dtype.name]
    return record(values, blocks, apply(observe, blocks), request, apply, precision)


def assert_histogram_is_exact(seen, values):
    """As np.histogram counts with float64 edges; float32 values are exact in float64."""
    finite = values[np.isfinite(values)].astype(np.float64)
    assert seen.counts.tolist() == np.histogram(finite, seen.edges)[0].tolist()
    assert seen.underflow == np.count_nonzero(finite < seen.edges[0])
    assert seen.overflow == np.count_nonzero(finite > seen.edges[-1])
    assert seen.counts.sum() + seen.underflow + seen.overflow == finite.size


@SETTINGS
@given(
    arrays(min_size=1),
    st.integers(1, 50),
    st.one_of(
        st.none(),
        st.tuples(st.floats(-5, 5), st.floats(-5, 5)).filter(lambda span: span[0] < span[1]),
        st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (0.1, 0.7)]),
    ),
    st.integers(1, 59),
)
def test_histogram_and_quantiles(values, bins, span, cut):
    if span is None and np.abs(values[np.isfinite(values)]).max(initial=0) > 1e38:
        # The whole range of a dtype has tests of its own below.
        values = np.clip(values, -1e38, 1e38)
    seen = recorded(values, bins, span, [cut] if cut < len(values) else [])
    assert len(seen.edges) == bins + 1
    assert (np.diff(seen.edges) > 0).all()
    assert_histogram_is_exact(seen, values)
    finite = values[np.isfinite(values)].astype(np.float64)
    if span is None:
        assert seen.underflow == seen.overflow == 0
    if finite.size:
        expected = np.quantile(finite, QUANTILES, method="inverted_cdf")
        assert list(seen.quantiles) == expected.tolist()
    else:
        assert seen.quantiles == (None,) * len(QUANTILES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("span", [(0.0, 1.0), (-1.0, 1.0), (0.1, 0.3), (-1e-3, 7.0)])
@pytest.mark.parametrize("bins", [1, 3, 30, 1000])
def test_values_on_the_edges(bins, span, dtype):
    """Every edge, rounded to the dtype, and both neighbours; the last belongs to its bin."""
    edges = bin_edges(bins, *span).astype(dtype)
    up, down = np.nextafter(edges, dtype(inf)), np.nextafter(edges, dtype(-inf))
    values = np.concatenate([edges, up, down, edges])
    seen = recorded(values, bins, span)
    assert_histogram_is_exact(seen, values)
    assert seen.edges[0] == span[0]
    assert seen.edges[-1] == span[1]


def test_saturated_sigmoid_is_counted_to_the_last_value():
    values = np.array([0.0, 1.0] * 500 + [0.5], np.float32)
    seen = recorded(values, 30, (0.0, 1.0))
    assert (seen.counts[0], seen.counts[-1], seen.counts.sum()) == (500, 500, 1001)
    assert seen.underflow == seen.overflow == 0


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 99, 100, 101, 1000, 4000])
def test_quantiles_of_every_count(count):
    """q × n is a whole number for some: the rank is then that number."""
    values = np.random.Generator(np.random.PCG64(count)).standard_normal(count)
    seen = recorded(values, 5, None)
    assert list(seen.quantiles) == np.quantile(values, QUANTILES, method="inverted_cdf").tolist()


def test_quantiles_of_a_million():
    values = np.random.Generator(np.random.PCG64(0)).standard_normal((1000, 1000), np.float32)
    seen = recorded(values, 30, None, (100, 613))
    expected = np.quantile(values.astype(np.float64), QUANTILES, method="inverted_cdf")
    assert list(seen.quantiles) == expected.tolist()
    assert_histogram_is_exact(seen, values)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [0.0, -0.0, 0.5, 1e-30, 1e30, "max", "-max"])
def test_layer_of_equal_values(value, dtype):
    """One spike, inside a range of finite width, without a warning."""
    number = {"max": LARGEST[dtype], "-max": -LARGEST[dtype]}.get(value, value)
    values = np.full((40, 3), number, dtype)
    seen = recorded(values, 30, None, (7,))
    assert np.isfinite(seen.edges).all()
    assert (np.diff(seen.edges) > 0).all()
    assert sorted(seen.counts.tolist()) == [0] * 29 + [120]
    assert set(seen.quantiles) == {float(dtype(number))}


@pytest.mark.parametrize("dtype", DTYPES)
def test_layer_over_the_whole_range_of_its_dtype(dtype):
    values = np.linspace(-1, 1, 201).astype(dtype) * np.finfo(dtype).max
    seen = recorded(values, 30, None)
    assert np.isfinite(seen.edges).all()
    assert_histogram_is_exact(seen, values)


@pytest.mark.parametrize("span", [(-1e300, 1e300), (0.0, 1e39), (-1e39, -1e38)])
def test_range_beyond_float32(span):
    values = np.array([-3e38, -2.0, 0.0, 2.0, 3e38], np.float32)
    assert_histogram_is_exact(recorded(values, 7, span), values)


@pytest.mark.parametrize("values", [[nan, inf, -inf], [nan], [inf, inf]])
def test_layer_without_a_finite_value(values):
    seen = recorded(np.array(values, np.float32), 30, None)
    assert np.isfinite(seen.edges).all()
    assert not seen.counts.any()
    assert (seen.underflow, seen.overflow) == (0, 0)
    assert seen.quantiles == (None,) * len(QUANTILES)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.integers(1, 1000), st.floats(-1e150, 1e150), st.floats(0, 1e150))
def test_bin_edges_rise_from_end_to_end(bins, low, extent):
    edges = bin_edges(bins, *widened(bins, low, low + extent))
    assert len(edges) == bins + 1
    assert (np.diff(edges) > 0).all()
    assert edges[0] <= low
    assert edges[-1] >= low + extent
    if edges[0] == low:
        assert edges[-1] == low + extent


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 40, 700])
def test_quantiles_of_few_and_of_many_are_those_of_all(rows, dtype):
    """Sorted, or by buckets; inf and nan are left out, and zeros are no matter."""
    generator = np.random.Generator(np.random.PCG64(rows))
    values = generator.standard_normal((rows, 200)).astype(dtype)
    values[generator.random(values.shape) < 0.3] = 0
    values[generator.random(values.shape) < 0.01] = np.nan
    values[-1, -2:] = np.inf, -np.inf
    blocks = [slice(top, top + 150) for top in range(0, rows, 150)]
    counted = [Buckets.of(values[block]) for block in blocks]
    with workers(1, ignore_work) as apply:
        found = quantiles(values, blocks, counted, apply)
        none = quantiles(np.full((2, 3), np.nan), [slice(0, 2)], [], apply)
    finite = values[np.isfinite(values)]
    assert (values.size > FEW) == (rows == 700)
    assert found == tuple(np.quantile(finite, QUANTILES, method="inverted_cdf").tolist())
    assert none == (None,) * len(QUANTILES)
