"""The backward pass: against finite differences and plain numpy, and what it may not depend on.

The records hold figures, not the signals. So a plain numpy pass over the redrawn weights gives the
signals; finite differences of the loss sum(g a_L) check it entry by entry, and it checks the
figures.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf, log2, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from support.cases import every
from support.networks import activated, composed
from support.records import flat
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.experiments.statistics import gradient_statistics
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Dense, Request, backward, draws, forward, octaves
from weightinit_cli.network import layer as shapes
from weightinit_cli.network.order import Buckets
from weightinit_cli.network.sums import SquareSum, exponent_of
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role, stream

SETTINGS = settings(deadline=None, derandomize=True, max_examples=100)
DTYPES = ("float32", "float64")
PARAMETERS = {
    "leaky_relu": {"negative_slope": 0.2},
    "prelu": {"negative_slope": 0.25},
    "elu": {"alpha": 0.7},
    "celu": {"alpha": 1.3},
    "squareplus": {"b": 4.0},
    "soft_shrink": {"threshold": 0.3},
    "hard_shrink": {"threshold": 0.3},
    "gelu": {"approximate": "none"},
    "hard_sigmoid": {"form": "torch"},
    "sin": {"omega": 3.0},
    "threshold": {"threshold": 0.5, "value": -0.25},
}


@pytest.fixture
def engine():
    """The module of `backward`, for its constants."""
    from importlib import import_module

    return import_module("weightinit_cli.network.passes")


def network(
    widths,
    activation="tanh",
    initializer=("xavier_normal", {}),
    *,
    bias=None,
    samples=40,
    dtype="float64",
    seed=0,
    repeat=0,
):
    """Widths: the features, then one per layer."""
    name, parameters = initializer
    layers = []
    for number, (fan_in, fan_out) in enumerate(pairwise(widths)):
        fans = Fans(fan_in, fan_out, first=number == 0)
        drawn = INITIALIZERS["normal"].build(fans, std=bias) if bias else None
        layers.append(Dense(fan_in, fan_out, INITIALIZERS[name].build(fans, **parameters), drawn))
    built = ACTIVATIONS[activation].build(**PARAMETERS.get(activation, {}))
    return composed(tuple(layers), built, samples, np.dtype(dtype), seed, repeat)


def ask(net):
    return Request(20, None, 0.05)


def traced(net, threads=1):
    """The forward pass's records and its trace."""
    trace = []
    return list(forward(net, ask(net), threads, trace=trace)), trace


def returned(net, threads=1, trace=None):
    """The records of layers 1 to L, by the forward pass's trace unless given."""
    trace = trace or traced(net, threads)[1]
    return list(backward(net, trace, threads))[::-1]


def gradients(net, threads=1, trace=None):
    """The figures of layers 1 to L, as an experiment has them."""
    records = returned(net, threads, trace)
    above = [*records[1:], None]
    return [
        gradient_statistics(record, other, net.precision)
        for record, other in zip(records, above, strict=True)
    ]


# -- against plain numpy, and that against finite differences -----------------------------------


def drawn(net, role, layer, shape, fill, whole=False):
    """A matrix by the public streams, panel by panel."""
    matrix = np.empty(shape, net.dtype)
    height = shape[0] if whole else max(1, draws.PANEL_VALUES // shape[1])
    for panel, top in enumerate(range(0, shape[0], height)):
        generator = stream(net.seed, role, repeat=net.repeat, layer=layer, panel=panel)
        fill(matrix[top : top + height], generator)
    return matrix


def normal(panel, generator):
    panel[...] = generator.standard_normal(panel.shape, np.float32)


def cotangent(net):
    last = len(net.weighted)
    shape = (net.samples, net.weighted[-1].fan_out)
    return drawn(net, Role.COTANGENT, last, shape, normal).astype(np.float64)


def weights_of(net):
    return [
        drawn(
            net,
            Role.WEIGHTS,
            number,
            (layer.fan_in, layer.fan_out),
            layer.weights.fill,
            layer.weights.whole,
        ).astype(np.float64)
        for number, layer in enumerate(net.weighted, 1)
    ]


def plain(net, trace, weights):
    """δ and the weights' gradient of every layer, in float64; and powers of two taken out of δ."""
    inputs, *zs = (part.astype(np.float64) for part in trace)
    xs = [inputs, *(net.stages[0].function.value(z) for z in zs)]
    signal, power = cotangent(net), 0
    found = []
    for number in range(len(zs), 0, -1):
        if number < len(zs):
            signal = signal @ weights[number].T
        signal = signal * net.stages[0].function.derivative(zs[number - 1])
        found.append((signal, xs[number - 1].T @ signal / net.samples, power))
        shift = int(np.frexp(rms(signal))[1])
        signal, power = signal * 2.0**-shift, power + shift
    return found[::-1]


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def losses(net, inputs, weights, biases, moved=()):
    """The loss of every input; `moved` is (layer, unit, step): a pre-activation's own step."""
    x = inputs
    for number, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = x @ w + b
        for layer, unit, step in moved:
            if layer == number:
                z[:, unit] += step
        x = net.stages[0].function.value(z)
    return (cotangent(net) * x).sum(axis=1)


def difference(f, step):
    """Central differences of fourth order: exact to step⁴, and to eps / step of what f is."""
    near, far = f(step) - f(-step), f(2 * step) - f(-2 * step)
    return (8 * near - far) / (12 * step)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_signals_are_the_slopes_of_the_loss(activation):
    """Every entry of δ and of the weights' gradient, unequal widths, with biases."""
    std = 0.15 if activation == "exponential" else 0.6
    net = network((4, 5, 3, 6), activation, ("normal", {"std": std}), bias=0.4, samples=6)
    _, trace = traced(net)
    weights = weights_of(net)
    biases = [
        drawn(net, Role.BIAS, number, (1, layer.fan_out), layer.bias.fill)
        for number, layer in enumerate(net.weighted, 1)
    ]
    inputs = trace[0]
    # Nothing is differentiated across a kink.
    step = 5e-6 if net.stages[0].function.kinks else 1e-4
    for kink in net.stages[0].function.kinks:
        assert min(np.abs(z - kink).min() for z in trace[1:]) > 20 * step
    for number, (signal, gradient, power) in enumerate(plain(net, trace, weights)):
        signal, gradient = signal * 2.0**power, gradient * 2.0**power
        for unit in range(signal.shape[1]):
            slopes = difference(
                lambda moved, at=(number, unit): losses(
                    net, inputs, weights, biases, [(*at, moved)]
                ),
                step,
            )
            assert slopes == pytest.approx(signal[:, unit], rel=1e-8, abs=1e-9)
        for entry in np.ndindex(gradient.shape):

            def loss(moved, number=number, entry=entry):
                stepped = [w.copy() for w in weights]
                stepped[number][entry] += moved
                return losses(net, inputs, stepped, biases).sum() / net.samples

            assert difference(loss, step) == pytest.approx(gradient[entry], rel=1e-8, abs=1e-9)


STD = {"exponential": 0.02}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        *((name, ("normal", {"std": STD.get(name, 0.2)})) for name in ACTIVATIONS),
        ("tanh", ("orthogonal", {"gain": 1.3})),
        ("tanh", ("nguyen_widrow", {})),
        ("relu", ("sparse", {"sparsity": 0.3, "std": 0.5})),
    ],
    ids=str,
)
def test_figures_are_those_of_a_plain_pass(activation, initializer, dtype, engine, monkeypatch):
    """Several blocks of rows and of columns, several panels, a scaling at every layer."""
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 16)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 64)
    monkeypatch.setattr(draws, "PANEL_VALUES", 200)
    monkeypatch.setattr(shapes, "BLOCK_COLUMNS", 7)
    monkeypatch.setattr(engine, "DRIFT", 0)
    net = network((13, 50, 20, 37), activation, initializer, bias=0.3, samples=120, dtype=dtype)
    assert len(net.blocks) > 5
    _, trace = traced(net, threads=2)
    expected = plain(net, trace, weights_of(net))
    seen = list(backward(net, trace, 2))[::-1]
    assert len(seen) == 3
    relative = 1e-12 if dtype == "float64" else 1e-5
    for record, (signal, gradient, power) in zip(seen, expected, strict=True):
        size = 2.0**power
        found = record.signal.rms(record.exponent)
        assert found == pytest.approx(rms(signal) * size, rel=relative, abs=0)
        found = record.weights.rms(record.exponent)
        assert found == pytest.approx(rms(gradient) * size, rel=relative, abs=0)
        assert record.signal.count == record.buckets.finite == signal.size
        assert record.weights.count == record.entries == gradient.size
        assert record.buckets.nonfinite == 0
        assert record.buckets.zeros == np.count_nonzero(signal == 0)
        largest = max(-record.buckets.low, record.buckets.high) * 2.0**record.exponent
        assert largest == pytest.approx(np.abs(signal).max() * size, rel=10 * relative, abs=0)


def test_what_comes_back_to_a_linear_layer_is_the_cotangent():
    """In layer 5 of 5, N(0, 1) from a stream of its own, known to the last bit."""
    net = network((6, 5, 4, 5, 3, 30), "linear", samples=500, dtype="float32")
    g = stream(0, Role.COTANGENT, layer=5).standard_normal((500, 30), np.float32)
    last = returned(net)[-1]
    assert (last.buckets.low, last.buckets.high) == (float(g.min()), float(g.max()))
    assert last.signal.rms(last.exponent) == pytest.approx(rms(g.astype(np.float64)), rel=1e-14)
    # The standard error of the root mean square of 15,000 values.
    assert abs(last.signal.rms(last.exponent) - 1) < 4.5 / sqrt(2 * g.size)


def test_linear_and_orthogonal_hands_on_the_mean_square():
    """An orthogonal matrix keeps every input's length, so that every ratio is 1 but for rounding.

    And wider below: of 40 units, 10 of which what comes back is spread over, a quarter.
    """
    net = network((20, 20, 20, 20), "linear", ("orthogonal", {}))
    assert [g.ratio for g in gradients(net)] == [
        pytest.approx(1, rel=1e-13),
        pytest.approx(1, rel=1e-13),
        None,
    ]
    net = network((5, 40, 10), "linear", ("orthogonal", {}))
    assert gradients(net)[0].ratio == pytest.approx(0.25, rel=1e-13)


# -- what the figures may not depend on --------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_threads_do_not_change_a_bit(activation, dtype):
    net = network((300, 400, 300), activation, samples=3000, dtype=dtype)
    assert len(net.blocks) > 1
    assert shapes.BLOCK_COLUMNS < 300
    one, two, five = (flat(returned(net, threads)) for threads in (1, 2, 5))
    assert one == two == five


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_do_not_change_a_bit_of_many_small_blocks(dtype, monkeypatch):
    monkeypatch.setattr(shapes, "BLOCK_ROWS", 3)
    monkeypatch.setattr(shapes, "BLOCK_VALUES", 10)
    monkeypatch.setattr(draws, "PANEL_VALUES", 30)
    monkeypatch.setattr(shapes, "BLOCK_COLUMNS", 2)
    net = network((9, 11, 17, 5), "silu", bias=1.0, samples=101, dtype=dtype)
    assert len(net.blocks) == 34
    one, two, five = (flat(returned(net, threads)) for threads in (1, 2, 5))
    assert one == two == five


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["tanh", "relu", "mish", "step"])
def test_the_trace_does_not_change_what_goes_forwards(activation, dtype):
    """Without one, the activations overwrite the pre-activations."""
    net = network((9, 20, 12), activation, bias=0.5, dtype=dtype)
    records, trace = traced(net)
    assert flat(records) == flat(list(forward(net, ask(net), 1)))
    assert [part.shape for part in trace] == [(40, 9), (40, 20), (40, 12)]
    assert {part.dtype for part in trace} == {net.dtype}


def test_seeds_and_repeats_have_draws_of_their_own():
    nets = [
        network((20, 20, 20), seed=seed, repeat=repeat)
        for seed, repeat in ((0, 0), (1, 0), (0, 1), (1, 1))
    ]
    seen = [[record.signal.total for record in returned(net)] for net in nets]
    assert len({total for totals in seen for total in totals}) == 8
    assert seen[0] == [record.signal.total for record in returned(nets[0])]
    stages = activated(nets[0].weighted, ACTIVATIONS["linear"].build())
    linear = [returned(net._replace(stages=stages))[-1] for net in nets]
    assert len({record.signal.total for record in linear}) == 4


def test_the_cotangent_takes_no_draw_from_others():
    """Its own role: weights, biases and inputs are the same with it, without, and one layer on."""
    assert Role.COTANGENT == 4
    short, long = (traced(network((20,) * n, bias=0.5))[0] for n in (4, 5))
    assert flat(short) == flat(long[:4])
    keys = {role: stream(0, role, layer=3).bit_generator.random_raw(4).tobytes() for role in Role}
    assert len(set(keys.values())) == len(Role)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("activation", "std"), [("tanh", 1.0), ("sigmoid", 0.05), ("relu", 1e-4), ("linear", 100.0)]
)
def test_scaling_by_powers_of_two_is_exact(activation, std, dtype, engine, monkeypatch):
    net = network((30,) * 5, activation, ("normal", {"std": std}), dtype=dtype)
    seen = []
    for drift in (-1, 3, 20, 10_000):
        monkeypatch.setattr(engine, "DRIFT", drift)
        records = returned(net)
        seen.append([(r.signal.rms(r.exponent), r.weights.rms(r.exponent)) for r in records])
        assert drift not in (-1, 10_000) or any(r.exponent for r in records) == (drift == -1)
    assert seen[0] == seen[1] == seen[2] == seen[3]
    # A power taken out: the histogram is the same, too.
    histograms = []
    for drift in (-1, 10_000):
        monkeypatch.setattr(engine, "DRIFT", drift)
        histograms.append([gradient.histogram for gradient in gradients(net)])
    assert histograms[0] == histograms[1]


# -- float64, and float32 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("tanh", ("normal", {"std": 0.2})),
        ("relu", ("he_normal", {})),
        ("sigmoid", ("orthogonal", {"gain": 3.0})),
        ("linear", ("sparse", {"sparsity": 0.3, "std": 0.4})),
        ("tanh", ("nguyen_widrow", {})),
        ("gelu", ("he_uniform", {})),
    ],
)
def test_dtypes_differ_by_rounding_alone(activation, initializer):
    """The same inputs, weights, biases and cotangent, to the last figure of three layers.

    Inputs and draws are equal to the bit; a sum of 30 products, three times there and back, and
    what δ loses where φ' turns are some hundred roundings of 6e-8.
    """
    single, double = (
        network((30, 40, 30, 20), activation, initializer, bias=0.1, samples=500, dtype=dtype)
        for dtype in DTYPES
    )
    (records, trace), (exact_records, exact_trace) = traced(single), traced(double)
    assert np.array_equal(trace[0], exact_trace[0])
    for record, exact in zip(records[1:], exact_records[1:], strict=True):
        assert record.weights.stream == exact.weights.stream
        assert record.activations.std == pytest.approx(exact.activations.std, rel=1e-5)
        assert record.activations.std != exact.activations.std
    for gradient, exact in zip(gradients(single), gradients(double), strict=True):
        assert gradient.signal_rms == pytest.approx(exact.signal_rms, rel=1e-5)
        assert gradient.weight_rms == pytest.approx(exact.weight_rms, rel=1e-5)


@pytest.mark.parametrize("role", [Role.INPUT, Role.COTANGENT])
def test_normals_are_those_of_float32(role):
    """To the bit, in every panel and with any number of threads."""
    single, double = (np.empty((900, 700), dtype) for dtype in DTYPES)
    assert single.size > draws.PANEL_VALUES
    for out, threads in ((single, 1), (double, 2)):
        net = network((700, 700), samples=900, dtype=out.dtype)
        with workers(threads, ignore_work) as apply:
            draws.draw_normal(net, role, 1, out, apply)
    assert np.array_equal(single, double)


# -- extremes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "initializer", "dtype"),
    [
        ("tanh", ("normal", {"std": 1.0}), "float32"),
        ("tanh", ("normal", {"std": 1.0}), "float64"),
        ("sigmoid", ("xavier_normal", {}), "float32"),
        ("sigmoid", ("xavier_normal", {}), "float64"),
    ],
)
def test_depth_alone_loses_nothing(activation, initializer, dtype):
    """300 layers: the signal leaves float32's range far behind, and no figure does.

    In float32 each layer rounds to some eps sqrt(30), and 300 layers add up: 300 × 6e-7 at most.
    """
    net = network((30,) * 301, activation, initializer, samples=20, dtype=dtype)
    _, trace = traced(net)
    expected = plain(net, trace, weights_of(net))
    seen = [*backward(net, trace, 1)][::-1]
    found = [
        gradient_statistics(record, above, net.precision)
        for record, above in zip(seen, [*seen[1:], None], strict=True)
    ]
    logs = np.array([log2(rms(signal)) + power for signal, _, power in expected])
    weights = np.array([log2(rms(gradient)) + power for _, gradient, power in expected])
    assert abs(logs[0]) > 150
    assert (logs[0] > 0) == (activation == "tanh")
    close = 300 * 1e-14 if dtype == "float64" else 300 * 6e-7
    assert np.log2([g.signal_rms for g in found]) == pytest.approx(logs, abs=close)
    assert np.log2([g.weight_rms for g in found]) == pytest.approx(weights, abs=close)
    assert found[-1].ratio is None
    ratios = np.log2([g.ratio for g in found[:-1]])
    assert ratios == pytest.approx(2 * -np.diff(logs), abs=1e-11 if dtype == "float64" else 1e-4)
    for gradient in found:
        histogram = gradient.histogram
        assert sum(histogram.counts) + histogram.underflow == 600
        assert histogram.overflow == gradient.nonfinite == 0


@pytest.mark.parametrize("std", [1e-2, 1e2])
def test_depth_beyond_float64(std):
    """Of 300 linear layers of 30 units × 0.055 or × 550: beyond any float, and the ratio is right.

    A signal below the smallest float64 is 0, one above the largest does not exist. On the way back
    alone: behind a forward pass beyond any float there is nothing but nan.
    """
    net = network((30,) * 301, "linear", ("normal", {"std": std}), samples=10)
    found = gradients(net, trace=[np.ones((10, 30))] * 301)
    expected = 30 * std**2
    for gradient in found[:-1]:
        # One layer's ratio: a sum of 300 squares, correlated in depth.
        assert expected / 30 < gradient.ratio < expected * 30
    mean = np.mean(np.log([g.ratio for g in found[:-1]]))
    assert mean == pytest.approx(np.log(expected), abs=0.5)
    first, last = found[0], found[-1]
    assert first.signal_rms == (0.0 if std < 1 else None)
    assert first.weight_rms == first.signal_rms
    assert last.signal_rms == pytest.approx(1, rel=0.3)
    assert (first.histogram.underflow, first.histogram.overflow) == (
        (300, 0) if std < 1 else (0, 300)
    )
    assert first.nonfinite == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_slope_of_zero_leaves_nothing(dtype):
    for gradient in gradients(network((9, 12, 12), "step", dtype=dtype)):
        assert (gradient.signal_rms, gradient.weight_rms, gradient.ratio) == (0.0, 0.0, None)
        assert gradient.nonfinite == 0
        assert gradient.histogram.underflow == 40 * 12
        assert sum(gradient.histogram.counts) == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_of_zero_let_nothing_through(dtype):
    first, second, last = gradients(network((9, 12, 12, 12), "sigmoid", ("zeros", {}), dtype=dtype))
    for gradient in (first, second):
        assert (gradient.signal_rms, gradient.weight_rms) == (0.0, 0.0)
    # 0/0 does not exist, 0 of something does.
    assert (first.ratio, second.ratio, last.ratio) == (None, 0.0, None)
    # σ'(0) = 1/4.
    assert last.signal_rms == pytest.approx(0.25, rel=4.5 / sqrt(2 * 480))
    assert last.weight_rms > 0


def test_overflow_within_one_layer_is_counted():
    """Sums of 30 products of 1e38: some beyond float32, and from there on inf - inf is nan.

    On the way back alone: a forward pass that had overflowed too would leave nothing but nan.
    """
    net = network((30,) * 6, "linear", ("normal", {"std": 1e38}), dtype="float32")
    first, *_, before, last = gradients(net, trace=[np.zeros((40, 30), np.float32)] * 6)
    assert last.nonfinite == 0
    assert last.signal_rms == pytest.approx(1, rel=0.1)
    assert 0 < before.nonfinite < 40 * 30
    assert first.nonfinite == 40 * 30
    assert first.signal_rms is None
    assert first.ratio is None
    assert first.histogram.underflow == first.histogram.overflow == sum(first.histogram.counts) == 0


def test_overflow_behind_a_comparison_is_counted():
    """ReLU, std 1: forwards, power grows 50-fold a layer, and nan begins at layer 46 or so.

    φ'(nan) is nan, not 0: no gradient may seem to vanish where all that is known is nan.
    """
    net = network((100,) * 61, "relu", ("normal", {"std": 1.0}), samples=20, dtype="float32")
    for gradient in gradients(net):
        assert gradient.nonfinite == 20 * 100
        assert gradient.signal_rms is None
        assert gradient.ratio is None


def test_overflow_of_an_exponential_is_counted():
    """Most of what comes back is inf or nan, and the figures of the rest are not all there is."""
    net = network((40,) * 5, "exponential", ("xavier_normal", {}), samples=200)
    *below, last = gradients(net)
    assert 0 < last.nonfinite < 200 * 40
    assert all(last.nonfinite < gradient.nonfinite < 200 * 40 for gradient in below)


@every("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_nan_forwards_is_a_nan_backwards(activation, dtype):
    """At its place in the last layer, and from there on in all units of that input."""
    net = network((7, 9, 5), activation, dtype=dtype)
    _, trace = traced(net)
    trace[-1][3, 2] = nan
    last, first = backward(net, trace, 1)
    assert last.buckets.nonfinite == 1
    assert first.buckets.nonfinite == 9


@every("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@every("std", [1e30, 1e38, 1e300, 1e308, 1e-30, 1e-40, 1e-44, 1e-300, 1e-310, 5e-324])
def test_every_scale_ends_in_figures(std, activation, dtype):
    """No crash, and no warning, which would be an error here."""
    net = network((7, 9, 5, 9), activation, ("normal", {"std": std}), dtype=dtype)
    for gradient, layer in zip(gradients(net), net.weighted, strict=True):
        for figure in (gradient.signal_rms, gradient.weight_rms, gradient.ratio):
            assert figure is None or (type(figure) is float and 0 <= figure < inf)
        counts = gradient.histogram
        finite = sum(counts.counts) + counts.underflow + counts.overflow
        assert finite + gradient.nonfinite == 40 * layer.fan_out
        assert all(0 < low < high < inf for low, high in pairwise(counts.edges))


def test_weights_that_see_an_overflow_have_no_figure():
    """Forwards inf from layer 2 on, backwards not: δ has all figures, Xᵀδ none."""
    net = network((30,) * 5, "linear", ("normal", {"std": 1e30}), dtype="float32")
    _, trace = traced(net)
    for z in trace[2:]:
        z[...] = inf
    first, second, third, last = gradients(net, trace=trace)
    assert first.weight_rms > 0
    assert second.weight_rms > 0
    assert third.weight_rms is last.weight_rms is None
    for gradient in (first, second, third):
        assert gradient.nonfinite == 0
        assert gradient.ratio == pytest.approx(30e60, rel=0.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_of_everything(dtype):
    net = network((1, 1), "tanh", ("normal", {"std": 1.0}), samples=1, dtype=dtype)
    _, trace = traced(net)
    x, z = (float(part[0, 0]) for part in trace)
    [gradient] = gradients(net)
    g = float(cotangent(net)[0, 0])
    signal = g / np.cosh(z) ** 2
    assert gradient.signal_rms == pytest.approx(abs(signal), rel=1e-6, abs=0)
    assert gradient.weight_rms == pytest.approx(abs(signal * x), rel=1e-6, abs=0)
    assert gradient.ratio is None
    assert sum(gradient.histogram.counts) == 1


# -- progress -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "widths", [(5, 5), (7, 30, 20, 40), (600, 300, 300)], ids=["one", "unequal", "blocks"]
)
def test_pieces_add_up_to_the_work(widths, threads):
    net = network(widths, samples=1000)
    trace, forwards, backwards = [], [], []
    list(forward(net, ask(net), threads, forwards.append, trace))
    list(backward(net, trace, threads, backwards.append))
    assert sum(forwards) == pytest.approx(net.forward_work, rel=1e-12)
    assert sum(backwards) == pytest.approx(net.backward_work, rel=1e-12)
    assert min(*forwards, *backwards) >= 0


# -- sums of squares ----------------------------------------------------------------------------

SIZES = (0.0, -0.0, 5e-324, 1e-310, 2.3e-308, 1e-300, 1e-150, 1.0, 1e150, 1e300, 1.79e308)


def floats(width):
    """Any float, of any size, with inf and nan."""
    dtype = np.dtype(f"float{width}")
    with np.errstate(over="ignore", under="ignore"):
        special = [sign * dtype.type(size) for size in (*SIZES, inf, nan) for sign in (1, -1)]
    return st.one_of(
        st.sampled_from(special), st.floats(width=width), st.floats(-4, 4, width=width)
    )


@st.composite
def arrays(draw):
    width = draw(st.sampled_from([32, 64]))
    shape = (draw(st.integers(1, 40)),)
    return draw(npst.arrays(f"float{width}", shape, elements=floats(width)))


def exact(values):
    """Root mean square of the finite values in extended precision: a longer exponent, too."""
    finite = values[np.isfinite(values)].astype(np.longdouble)
    return float(np.sqrt(np.mean(finite * finite))) if finite.size else None


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp < 2500, reason="no longer exponent")
@SETTINGS
@given(arrays(), st.sets(st.integers(1, 40), max_size=3))
def test_squares_of_any_values(values, cuts):
    bounds = [0, *sorted(cut for cut in cuts if cut < values.size), values.size]
    with np.errstate(all="ignore"):
        parts = [SquareSum.of(values[top:bottom]) for top, bottom in pairwise(bounds)]
        whole = SquareSum.of(values)
    merged = sum(parts[1:], parts[0])
    assert merged.count == whole.count == np.count_nonzero(np.isfinite(values))
    expected = exact(values)
    for found in (whole, merged):
        # A subnormal root is rounded to the next multiple of 5e-324.
        if expected is None:
            assert found.rms() is found.mean is None
        else:
            assert found.rms() == pytest.approx(expected, rel=1e-14, abs=5e-324)


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1.0, 1e300, 1.7e308])
def test_squares_neither_overflow_nor_underflow(size):
    values = np.array([[0.5, -1.0], [1.0, 0.25]]) * size
    found = SquareSum.of(values)
    assert found.rms() == pytest.approx(
        sqrt(2.3125 / 4) * size, rel=1e-3 if size < 1e-307 else 1e-15, abs=0
    )
    assert found.exponent == exponent_of(values)
    zeros = SquareSum.of(np.zeros((3, 2)))
    assert zeros.rms() == zeros.mean == 0
    for merged in (zeros + found, found + zeros):
        assert merged.count == 10
        assert merged.rms() == pytest.approx(found.rms() * sqrt(0.4), rel=1e-3, abs=0)


def test_squares_of_more_than_a_step():
    values = np.random.Generator(np.random.PCG64(0)).standard_normal((300, 1000))
    values[17, 3], values[290, 999], values[0, 0] = inf, nan, -inf
    for kept in (values, values.astype(np.float32)):
        with np.errstate(all="ignore"):
            found = SquareSum.of(kept)
        assert found.count == 300_000 - 3
        assert found.rms() == pytest.approx(exact(kept), rel=1e-14)


def test_squares_beyond_float64_are_inf_or_zero():
    one = SquareSum.of(np.ones((2, 2)))
    assert (one.rms(), one.rms(3), one.rms(-3)) == (1.0, 8.0, 0.125)
    assert (one.rms(5000), one.rms(-5000)) == (inf, 0.0)


# -- octaves ------------------------------------------------------------------------------------


def counted(values):
    """By numpy: how many normal numbers have each exponent."""
    kept = values[np.isfinite(values) & (np.abs(values) >= np.finfo(values.dtype).tiny)]
    exponents, counts = np.unique(np.frexp(kept)[1] - 1, return_counts=True)
    return dict(zip(exponents.tolist(), counts.tolist(), strict=True))


@SETTINGS
@given(arrays(), st.integers(0, 40))
def test_octaves_are_counted_exactly(values, cut):
    with np.errstate(all="ignore"):
        parts = [Buckets.of(part) for part in (values[:cut], values[cut:]) if part.size]
    assert octaves(sum(parts[1:], parts[0]), values.dtype) == counted(values)


@pytest.mark.parametrize("dtype", DTYPES)
def test_octaves_at_their_edges(dtype):
    """Every power of two of the type and both its neighbours, of both signs."""
    info = np.finfo(dtype)
    powers = np.ldexp(np.ones(1, dtype), np.arange(info.minexp, info.maxexp)).astype(dtype)
    with np.errstate(all="ignore"):
        values = [powers, np.nextafter(powers, dtype_of(dtype, 0)), np.nextafter(powers, info.max)]
        values = np.concatenate([*values, *(-part for part in values)])
        found = octaves(Buckets.of(values), np.dtype(dtype))
    assert found == counted(values)
    assert set(found) == set(range(info.minexp, info.maxexp))
    assert found[0] == 6


def dtype_of(dtype, value):
    return np.dtype(dtype).type(value)
