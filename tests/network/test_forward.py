"""The forward pass, against a plain float64 one over the same draws; and what it may not depend on.

Tolerances come from a running error bound. With u = eps/2 and n terms, a computed product is
within n u / (1 - n u) of |x| |W|; an error E_x of the inputs becomes |W|ᵀE_x; an activation
of slope at most s makes it s E_z and adds a few ulp. So every value z_ref carries its own bound
E, which holds for any order of summation; a pooled figure moves by at most the largest E.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest

from support.networks import composed
from support.records import flat
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import QUANTILES, Dense, Request, draws, forward
from weightinit_cli.network import layer as shapes
from weightinit_cli.streams import Role, stream


def network(
    widths,
    activation="sigmoid",
    initializer=("xavier_normal", {}),
    *,
    bias=None,
    samples=40,
    dtype="float64",
    seed=0,
    **given,
):
    """Widths: the features, then one per layer."""
    name, parameters = initializer
    layers = []
    for fan_in, fan_out in pairwise(widths):
        weights = INITIALIZERS[name].build(Fans(fan_in, fan_out), **parameters)
        drawn = bias and INITIALIZERS[bias[0]].build(Fans(1, fan_out), **bias[1])
        layers.append(Dense(fan_in, fan_out, weights, drawn))
    built = ACTIVATIONS[activation].build(**given)
    return composed(tuple(layers), built, samples, np.dtype(dtype), seed)


def ask(net, *, bins=20, span=None, level=0.05):
    return Request(bins, span, level)


def records(net, request=None, threads=1):
    return list(forward(net, request or ask(net), threads))


# -- against plain numpy ------------------------------------------------------------------------


def drawn(net):
    """The inputs and each layer's weights and bias, by the public streams, panel by panel."""

    def fill(role, layer, shape, draw, whole=False):
        matrix = np.empty(shape, net.dtype)
        height = shape[0] if whole else max(1, draws.PANEL_VALUES // shape[1])
        for panel, top in enumerate(range(0, shape[0], height)):
            generator = stream(net.seed, role, layer=layer, panel=panel)
            draw(matrix[top : top + height], generator)
        return matrix

    def normal(panel, generator):
        panel[...] = generator.standard_normal(panel.shape, np.float32)

    inputs = fill(Role.INPUT, 0, (net.samples, net.weighted[0].fan_in), normal)
    parameters = []
    for number, layer in enumerate(net.weighted, 1):
        shape = (layer.fan_in, layer.fan_out)
        weights = fill(Role.WEIGHTS, number, shape, layer.weights.fill, layer.weights.whole)
        bias = np.zeros((1, layer.fan_out), net.dtype)
        if layer.bias is not None:
            layer.bias.fill(bias, stream(net.seed, Role.BIAS, layer=number))
        parameters.append((weights, bias))
    return inputs, parameters


def plain(net):
    """Inputs, then per layer (pre-activations, activations, weights), each with its bound."""
    inputs, parameters = drawn(net)
    u = float(np.finfo(net.dtype).eps) / 2
    x, error = inputs.astype(np.float64), np.zeros(inputs.shape)
    layers = []
    for weights, bias in parameters:
        w, b = weights.astype(np.float64), bias.astype(np.float64)
        n = len(w) + 1
        z = x @ w + b
        z_error = n * u / (1 - n * u) * ((np.abs(x) + error) @ np.abs(w) + np.abs(b))
        z_error += error @ np.abs(w)
        x = net.stages[0].function.value(z)
        error = net.stages[0].function.steepest * z_error + 16 * u * (
            np.abs(x) + np.abs(z) * u + z_error
        )
        layers.append((z, z_error, x, error, weights))
    return inputs, layers


CASES = {
    "sigmoid": {"activation": "sigmoid"},
    "tanh": {"activation": "tanh", "initializer": ("normal", {"std": 0.3})},
    "relu": {"activation": "relu", "initializer": ("he_uniform", {})},
    "biased": {"activation": "tanh", "bias": ("normal", {"std": 0.5})},
    "constant bias": {"activation": "softplus", "bias": ("constant", {"value": -0.7})},
    "orthogonal": {"activation": "silu", "initializer": ("orthogonal", {"gain": 1.2})},
    "leaky": {
        "activation": "leaky_relu",
        "negative_slope": 0.2,
        "initializer": ("uniform", {"low": -0.2, "high": 0.3}),
    },
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_figures_are_those_of_a_plain_pass(case, dtype, monkeypatch):
    """Unequal widths, several blocks, several panels: small ones, as those of a run are large."""
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 16)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 64)
    monkeypatch.setattr(draws, "PANEL_VALUES", 200)
    net = network((13, 50, 20, 37), samples=120, dtype=dtype, **CASES[case])
    assert len(net.blocks) > 5
    request = ask(net)
    seen = records(net, request, threads=2)
    inputs, layers = plain(net)
    assert len(seen) == len(layers) + 1

    assert_activations(seen[0], inputs.astype(np.float64), 0.0)
    assert seen[0].preactivations is None
    assert seen[0].weights is None
    x_low, x_high = request.ends(net.stages[0].function)
    for record, (z, z_error, x, error, weights) in zip(seen[1:], layers, strict=True):
        # The bound is rigorous and yet useful: far below the figures themselves.
        assert error.max() < (1e-9 if dtype == "float64" else 0.05)
        assert_activations(record, x, error)
        assert record.preactivations.moments.std == pytest.approx(z.std(), abs=z_error.max())
        assert_between(record.preactivations.low, z, z_error, x_low, np.less_equal)
        assert_between(record.preactivations.high, z, z_error, x_high, np.greater_equal)
        assert_weights(record.weights.sums, weights)


def assert_activations(record, x, error):
    """A shift of every value by at most e shifts each of these by at most e (std: √2 e)."""
    most = float(np.max(error)) + 1e-12 * np.abs(x).max()
    moments = record.activations
    assert moments.count == x.size
    assert moments.mean == pytest.approx(x.mean(), abs=most)
    assert moments.std == pytest.approx(x.std(), abs=2 * most)
    assert moments.std_within == pytest.approx(sqrt(x.var(axis=0).mean()), abs=2 * most)
    assert moments.std_between == pytest.approx(x.mean(axis=0).std(), abs=2 * most)
    assert record.buckets.low == pytest.approx(x.min(), abs=most)
    assert record.buckets.high == pytest.approx(x.max(), abs=most)
    quantiles = np.quantile(x, QUANTILES, method="inverted_cdf")
    assert list(record.quantiles) == pytest.approx(quantiles.tolist(), abs=most)
    assert record.buckets.nonfinite == 0
    assert record.distinct.count() == x.shape[1]

    dead = (x == 0).all(axis=0)
    assert np.count_nonzero(moments.dead) == dead.sum()
    zeros = np.count_nonzero(x == 0)
    assert abs(record.buckets.zeros - zeros) <= np.count_nonzero((x != 0) & (np.abs(x) <= error))

    edges = record.edges
    assert len(edges) == len(record.counts) + 1
    expected = [np.count_nonzero(x < edge) for edge in edges]
    unsure = [np.count_nonzero(np.abs(x - edge) <= np.maximum(error, most)) for edge in edges]
    below = record.underflow + np.concatenate([[0], np.cumsum(record.counts)])
    assert (np.abs(below - expected) <= unsure).all()
    assert record.counts.sum() + record.underflow + record.overflow == x.size


def assert_between(count, z, error, end, compare):
    """Saturation: those surely beyond, and at most those possibly beyond."""
    if end is None:
        assert count is None
        return
    toward = error if compare is np.less_equal else -error
    assert np.count_nonzero(compare(z + toward, end)) <= count
    assert count <= np.count_nonzero(compare(z - toward, end))


def assert_weights(sums, weights):
    wide = weights.astype(np.float64)
    deviations = wide - wide.mean()
    # The pivot is rounded to the dtype.
    rounding = float(np.finfo(weights.dtype).eps) * abs(wide).max()
    assert sums.mean == pytest.approx(wide.mean(), abs=rounding)
    assert sums.std == pytest.approx(wide.std(), rel=1e-11)
    assert sums.kurtosis == pytest.approx((deviations**4).mean() / wide.var() ** 2, rel=1e-10)
    assert (sums.low, sums.high) == (wide.min(), wide.max())
    assert (sums.zeros, sums.size) == (np.count_nonzero(wide == 0), wide.size)


def test_the_input_is_recorded_exactly():
    """Known to the last bit, so are its counts, quantiles and extremes."""
    net = network((600, 3), samples=3000, dtype="float32")
    assert len(net.blocks) > 1
    seen = next(forward(net, ask(net, bins=100), 2))
    height = (1 << 19) // 600
    x = np.concatenate(
        [
            stream(0, Role.INPUT, panel=panel).standard_normal((rows, 600), np.float32)
            for panel, rows in enumerate([height] * (3000 // height) + [3000 % height])
        ]
    ).astype(np.float64)
    assert seen.counts.tolist() == np.histogram(x, seen.edges)[0].tolist()
    assert (seen.buckets.low, seen.buckets.high) == (x.min(), x.max())
    assert list(seen.quantiles) == np.quantile(x, QUANTILES, method="inverted_cdf").tolist()
    assert seen.activations.std == pytest.approx(x.std(), rel=1e-12)
    # And it is N(0, 1): the standard errors of 1.8 million values.
    assert abs(seen.activations.mean) < 4.5 / sqrt(x.size)
    assert abs(seen.activations.std - 1) < 4.5 / sqrt(2 * x.size)


# -- what the figures may not depend on --------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_change_a_bit(dtype):
    net = network((600, 900, 600), "tanh", ("normal", {"std": 0.05}), samples=3000, dtype=dtype)
    assert len(net.blocks) > 2
    assert draws.PANEL_VALUES < 600 * 900
    one, two, five = (flat(records(net, threads=threads)) for threads in (1, 2, 5))
    assert one == two == five


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_threads_do_not_change_a_bit_of_many_small_blocks(activation, monkeypatch):
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 3)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 10)
    monkeypatch.setattr(draws, "PANEL_VALUES", 30)
    net = network((9, 11, 17, 5), activation, bias=("normal", {"std": 1.0}), samples=101)
    assert len(net.blocks) == 34
    one, two, five = (flat(records(net, threads=threads)) for threads in (1, 2, 5))
    assert one == two == five


def test_blocks_cover_every_input_once():
    for samples in (1, 2, 511, 512, 513, 1025, 99_999):
        for width in (1, 100, 5000):
            net = network((width, 1), samples=samples)
            covered = [row for block in net.blocks for row in range(samples)[block]]
            assert covered == list(range(samples))


def test_blocks_change_figures_by_rounding_alone():
    net = network((9, 900, 30), "tanh", samples=3000)
    assert len(net.blocks) > 5
    inputs, layers = plain(net)
    for seen, x in zip(records(net), [inputs, *(layer[2] for layer in layers)], strict=True):
        found = seen.activations
        assert found.mean == pytest.approx(x.mean(), abs=1e-13)
        assert found.std == pytest.approx(x.std(), abs=1e-13)
        assert found.std_within == pytest.approx(sqrt(x.var(axis=0).mean()), abs=1e-13)
        assert found.std_between == pytest.approx(x.mean(axis=0).std(), abs=1e-13)
        quantiles = np.quantile(x, QUANTILES, method="inverted_cdf")
        assert list(seen.quantiles) == pytest.approx(quantiles.tolist(), abs=1e-13)
        assert np.abs(seen.counts - np.histogram(x, seen.edges)[0]).sum() <= 4


def test_another_layer_changes_no_other():
    short, long = (records(network((20,) * layers, "tanh")) for layers in (4, 6))
    assert flat(short) == flat(long[:4])


def test_a_wider_layer_changes_no_former():
    narrow, wide = (network((20, 20, last), "tanh") for last in (20, 25))
    narrow, wide = records(narrow), records(wide)
    assert flat(narrow[:2]) == flat(wide[:2])


def test_other_inputs_do_not_change_the_weights():
    few, many = (records(network((20, 20, 20), samples=samples)) for samples in (10, 200))
    for one, other in zip(few[1:], many[1:], strict=True):
        assert flat(one.weights) == flat(other.weights)


def test_layers_repeats_and_seeds_have_draws_of_their_own():
    net = network((20,) * 5)
    hashes = [record.weights.stream for record in records(net)[1:]]
    for other in (net._replace(seed=1), net._replace(repeat=1)):
        hashes += [record.weights.stream for record in records(other)[1:]]
    assert len(set(hashes)) == len(hashes) == 12
    inputs = [net, net._replace(seed=1), net._replace(repeat=1)]
    assert len({records(one)[0].activations.mean for one in inputs}) == 3


def test_runs_that_differ_in_scale_share_their_draws():
    hashes = [
        [record.weights.stream for record in records(network((20,) * 4, "tanh", initializer))[1:]]
        for initializer in [
            ("normal", {"std": 0.01}),
            ("normal", {"std": 10}),
            ("normal", {"std": 0}),
            ("xavier_normal", {}),
            ("kaiming_normal", {}),
        ]
    ]
    assert all(one == hashes[0] for one in hashes)
    assert all(isinstance(one, str) for one in hashes[0])


def test_the_hash_shows_a_draw_in_any_panel(monkeypatch):
    """Another draw in the last panel alone is another hash."""
    net = network((1600, 900), samples=2)
    assert 2 * draws.PANEL_VALUES < 1600 * 900 < 3 * draws.PANEL_VALUES
    before = records(net)[1].weights.stream
    original = shapes.stream

    def tampered(seed, role, *, panel=0, **rest):
        return original(seed, role, panel=77 if panel == 2 else panel, **rest)

    monkeypatch.setattr(shapes, "stream", tampered)
    assert records(net)[1].weights.stream != before


@pytest.mark.parametrize("initializer", ["zeros", "ones", "identity"])
def test_nothing_drawn_has_no_hash(initializer):
    assert records(network((20, 20), initializer=(initializer, {})))[1].weights.stream is None


# -- extremes -----------------------------------------------------------------------------------


def test_identity_passes_the_input_on():
    """Every figure of every layer is the input's, to the bit: nothing is lost on the way."""
    net = network((30, 30, 30), "linear", ("identity", {}), samples=100)
    first, *others = records(net)
    for record in others:
        assert flat(record.activations) == flat(first.activations)
        assert flat(record.counts) == flat(first.counts)
        assert record.quantiles == first.quantiles
        # Without the projections the sums are taken in another order.
        std = record.preactivations.moments.std
        assert std == pytest.approx(first.activations.std, rel=1e-14)


def test_relu_overflow_is_counted():
    """Std 10 at width 100 multiplies the signal by 10 √50 a layer: past 3.4e38 in layer 21."""
    net = network((100,) * 201, "relu", ("normal", {"std": 10.0}), samples=100, dtype="float32")
    seen = records(net)
    assert len(seen) == 201
    nonfinite = [record.buckets.nonfinite for record in seen]
    assert nonfinite[:18] == [0] * 18
    assert nonfinite[40] > 0
    # Nan stays nan: from there on, every value is lost.
    assert nonfinite[-1] == 100 * 100
    for record in seen:
        figures = (record.activations.mean, record.activations.std, *record.quantiles)
        assert all(figure is None or np.isfinite(figure) for figure in figures)
        finite = record.counts.sum() + record.underflow + record.overflow
        assert finite + record.buckets.nonfinite == 100 * 100
        assert np.isfinite(record.edges).all()
        if record.buckets.nonfinite:
            assert record.distinct is None


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zero_weights_collapse_the_sigmoid(dtype, threads):
    seen = records(network((20, 30, 10), "sigmoid", ("zeros", {}), dtype=dtype), threads=threads)
    for record, width in zip(seen[1:], (30, 10), strict=True):
        moments = record.activations
        assert (moments.mean, moments.std, moments.std_within, moments.std_between) == (
            0.5,
            0,
            0,
            0,
        )
        assert record.distinct.count() == 1
        assert not moments.dead.any()
        assert sorted(record.counts)[-2:] == [0, 40 * width]
        assert set(record.quantiles) == {0.5}
        assert record.preactivations.moments.std == 0


def test_equal_weights_make_units_identical():
    seen = records(network((20, 30, 30), "tanh", ("constant", {"value": 0.1}), samples=50))
    for record in seen[1:]:
        assert record.distinct.count() == 1
        assert record.activations.std_between == pytest.approx(0, abs=1e-15)
        assert record.activations.std_within == pytest.approx(record.activations.std, rel=1e-12)
        assert record.activations.std > 0.1


def test_units_without_a_positive_input_are_dead():
    seen = records(network((20, 30), "relu", bias=("constant", {"value": -100.0})))[1]
    assert seen.activations.dead.all()
    assert seen.buckets.zeros == 40 * 30
    assert seen.preactivations.low == 40 * 30
    assert seen.activations.std == 0
    assert seen.distinct.count() == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_of_everything(dtype):
    seen = records(network((1, 1), "tanh", ("normal", {"std": 1.0}), samples=1, dtype=dtype))
    assert len(seen) == 2
    assert seen[1].activations.std == 0
    assert seen[1].counts.sum() == 1
    assert seen[1].distinct.count() == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("initializer", "bias"),
    [
        (("zeros", {}), ("constant", {"value": 1e300})),
        (("zeros", {}), ("constant", {"value": 3e38})),
        (("zeros", {}), ("constant", {"value": -1.7e308})),
        (("normal", {"std": 1e300}), None),
        (("normal", {"std": 1e-310}), None),
        (("normal", {"std": 5e-324}), None),
        (("normal", {"std": 1e-44}), None),
        (("constant", {"value": 1e300}), None),
        (("uniform", {"low": -1.7e308, "high": 1.7e308}), None),
        (("normal", {"std": 0.0, "mean": 1e-320}), None),
        (("orthogonal", {"gain": 1e100}), None),
    ],
    ids=str,
)
def test_scales_at_the_ends_of_what_the_spec_takes(initializer, bias, dtype):
    """No crash and no warning: inf is counted, everything else is a figure."""
    net = network((7, 9, 9), "linear", initializer, bias=bias, dtype=dtype)
    for record in records(net):
        assert np.isfinite(record.edges).all()
        assert (np.diff(record.edges) > 0).all()
        finite = record.counts.sum() + record.underflow + record.overflow
        assert finite == record.activations.count == record.buckets.finite
