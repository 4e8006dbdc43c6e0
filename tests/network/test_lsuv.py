"""LSUV: against the paper's loop written out here, against `forward`, and where no scale exists."""

from __future__ import annotations

import pickle
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.networks import activated, composed
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.convolution import Shape
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import filled, haar, independent
from weightinit_cli.network import Conv, Dense, Request, forward
from weightinit_cli.network.draws import draw_normal
from weightinit_cli.network.lsuv import (
    DIVISIONS,
    NoScaleError,
    Variances,
    divided,
    lsuv_gains,
    lsuv_work,
    with_gains,
)
from weightinit_cli.network.sums import UnitMoments
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role

SETTINGS = settings(deadline=None, derandomize=True, max_examples=300)
DTYPES = ("float32", "float64")
PARAMETERS = {"elu": {"alpha": 1.0}, "leaky_relu": {"negative_slope": 0.2}, "sin": {"omega": 1.0}}
NAMES = ("linear", "sigmoid", "tanh", "relu", "softplus", "exponential", *PARAMETERS)
WIDTHS = (30, 50, 20, 20, 40)
NOTHING = Request(5, None, None)


def network(widths=WIDTHS, activation="tanh", *, bias=None, samples=200, dtype="float64", **given):
    layers = tuple(
        Dense(fan_in, fan_out, INITIALIZERS["lsuv"].build(Fans(fan_in, fan_out)), bias)
        for fan_in, fan_out in pairwise(widths)
    )
    built = ACTIVATIONS[activation].build(**PARAMETERS.get(activation, {}))
    return composed(layers, built, samples, np.dtype(dtype), seed=0, **given)


def convolutions(padding="circular", activation="tanh", **given):
    """Images of (9, 8, 3), kernels of (3, 2), the second layer of stride 2."""
    layers, image = [], Shape(9, 8, 3)
    for channels, stride in ((5, 1), (24, 2), (4, 1)):
        fans = Fans(6 * image.channels, 6 * channels, kernel=(3, 2))
        weights, bias = INITIALIZERS["lsuv"].build(fans), independent("normal", 0.4)
        layers.append(Conv(image, channels, (3, 2), padding, stride, weights, bias))
        image = layers[-1].output
    net = network(activation=activation, **given)
    return net._replace(stages=activated(layers, net.stages[0].function))


def inputs_of(net):
    """Those that `forward` draws."""
    x = np.empty((net.samples, net.features), net.dtype)
    with workers(1, ignore_work) as apply:
        draw_normal(net, Role.INPUT, 0, x, apply)
    return x


def gains_of(net, x=None, tolerance=0.1, threads=1, done=ignore_work):
    with workers(threads, done) as apply:
        return lsuv_gains(net, inputs_of(net) if x is None else x, tolerance, apply)


def variances(net):
    """Of every layer's pre-activations in `forward`."""
    return [r.preactivations.moments.std**2 for r in list(forward(net, NOTHING, 1))[1:]]


def by_the_paper(net, x, tolerance):
    """Algorithm 1, a forward pass for each division."""
    gains = []
    for number, layer in enumerate(net.weighted, 1):
        weights = np.empty((layer.fan_in, layer.columns), net.dtype)
        haar(1.0, Fans(*weights.shape)).fill(weights, net.stream(Role.WEIGHTS, number))
        bias = np.zeros((1, layer.columns), net.dtype)
        if layer.bias is not None:
            layer.bias.fill(bias, net.stream(Role.BIAS, number))
        start = np.linalg.norm(weights)
        for division in range(DIVISIONS + 1):
            z = x @ weights + bias
            if abs(np.var(z) - 1) < tolerance or division == DIVISIONS:
                break
            weights /= np.sqrt(np.var(z))
        gains.append(np.linalg.norm(weights) / start)
        x = net.stages[0].function.value(z)
    return gains


# What comes out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "bias", [None, independent("normal", 0.5), filled(-0.7)], ids=["none", "normal", "filled"]
)
@pytest.mark.parametrize("name", NAMES)
def test_every_layer_of_the_forward_pass_has_unit_variance(name, bias, dtype):
    net = network(activation=name, bias=bias, dtype=dtype)
    for tolerance in (0.1, 0.01):
        gains = gains_of(net, tolerance=tolerance)
        assert all(abs(v - 1) < tolerance for v in variances(with_gains(net, gains)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["circular", "same", "valid"])
@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_every_layer_of_convolutions_has_it(name, padding, dtype):
    """Over the channels at all positions, each with the bias of its channel."""
    net = convolutions(padding, name, dtype=dtype)
    for tolerance in (0.1, 0.01):
        gains = gains_of(net, tolerance=tolerance)
        assert all(abs(v - 1) < tolerance for v in variances(with_gains(net, gains)))
    assert any(abs(v - 1) > 0.2 for v in variances(net))


@pytest.mark.parametrize("bias", [None, independent("normal", 0.5)], ids=["none", "normal"])
@pytest.mark.parametrize("name", NAMES)
def test_gains_are_those_of_the_papers_loop(name, bias):
    net = network(activation=name, bias=bias)
    for tolerance in (0.1, 1e-3):
        expected = by_the_paper(net, inputs_of(net), tolerance)
        assert gains_of(net, tolerance=tolerance) == pytest.approx(expected, rel=1e-10)


def test_without_biases_one_division_is_exact():
    net = network(activation="relu")
    gains = gains_of(net)
    assert any(gain != 1 for gain in gains)
    for gain, variance in zip(gains, variances(with_gains(net, gains)), strict=True):
        assert gain == 1 or variance == pytest.approx(1, rel=1e-13)


def test_a_layer_within_the_tolerance_is_left_alone():
    """Square and orthonormal, on N(0, 1): off by the inputs' own sampling error."""
    net = network((40, 40), samples=500)
    assert gains_of(net) == (1.0,)
    assert gains_of(net, tolerance=1e-9) != (1.0,)


def test_orthogonal_weights_alone_would_not_have_it():
    """The power of the tests above."""
    net = network(activation="sigmoid")
    assert all(v < 0.5 for v in variances(net)[2:])


def test_gains_become_those_of_orthogonal_samplers():
    net = network()
    gains = gains_of(net)
    scaled = with_gains(net, gains)
    for layer, gain in zip(scaled.weighted, gains, strict=True):
        assert layer.weights.std == pytest.approx(gain / sqrt(max(layer.fan_in, layer.columns)))
    assert scaled._replace(stages=net.stages) == net


# What it may not depend on ----------------------------------------------------------------------


class Spy:
    """An activation that keeps the bits of all that it is given to push on."""

    def __init__(self, activation):
        self.activation = activation
        self.seen = []

    def value(self, x, out=None):
        if out is not None:
            self.seen.append(x.tobytes())
        return self.activation.value(x, out=out)

    def __getattr__(self, name):
        return getattr(self.activation, name)


@pytest.mark.parametrize("nudged", [0, 3])
@pytest.mark.parametrize("bias", [None, independent("normal", 0.5)], ids=["none", "normal"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_layers_see_the_bits_that_they_see_in_the_forward_pass(dtype, bias, nudged):
    for net in (network(bias=bias, dtype=dtype, nudge=nudged), convolutions(dtype=dtype)):
        spy = Spy(net.stages[0].function)
        spied = net._replace(stages=activated(net.weighted, spy))
        gains = gains_of(spied)
        measured = spy.seen.copy()
        spy.seen.clear()
        list(forward(with_gains(spied, gains), NOTHING, 1))
        assert spy.seen == measured


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_change_no_bit(dtype):
    dense = network((600, 600, 300), bias=independent("normal", 0.3), samples=2000, dtype=dtype)
    for net in (dense, convolutions(samples=4000, dtype=dtype)):
        assert net.block_count > 2
        assert gains_of(net, threads=1) == gains_of(net, threads=2) == gains_of(net, threads=5)


def test_a_layer_more_changes_no_gain_below():
    deep = gains_of(network((*WIDTHS, 10, 70)))
    assert deep[: len(WIDTHS) - 1] == gains_of(network())


def test_the_scale_of_the_samplers_does_not_matter():
    net = network()
    assert gains_of(with_gains(net, (3.0,) * len(net.weighted))) == gains_of(net)


def test_inputs_may_be_more_than_samples():
    """A training's examples."""
    net = network(samples=200)
    x = inputs_of(net)
    assert gains_of(net._replace(samples=7), x) == gains_of(net, x)


def test_inputs_are_left_as_they_are():
    net = network()
    x = inputs_of(net)
    kept = x.copy()
    gains_of(net, x)
    assert np.array_equal(x, kept)


def test_a_repeat_and_a_nudge_change_the_gains():
    """A nudge by some roundings."""
    net = network(dtype="float32")
    repeated, nudged = (gains_of(net._replace(**{key: 1})) for key in ("repeat", "nudge"))
    assert repeated != gains_of(net) == pytest.approx(nudged, rel=1e-4)


def test_the_work_told_adds_up():
    told = []
    net = network((600, 600, 300), samples=2000)
    gains_of(net, done=told.append)
    assert sum(told) == pytest.approx(lsuv_work(net))


# Three numbers for a pass -----------------------------------------------------------------------

VARIANCE = st.floats(1e-6, 1e6)


@SETTINGS
@given(st.floats(0.05, 1e6), st.floats(0, 0.95))
def test_ten_divisions_are_enough_where_bias_and_product_are_uncorrelated(product, bias):
    """Of a small product each division may only multiply the variance by 1 / bias."""
    gain, variance = divided(found := Variances(product, bias), 0.1)
    assert abs(variance - 1) < 0.1
    assert found.at(gain) == variance
    assert variance == pytest.approx(gain**2 * product + bias)


@SETTINGS
@given(VARIANCE, st.floats(0, 0.04), st.floats(-0.95, 1))
def test_divisions_tend_to_the_root(product, bias, correlation):
    """s² A + 2 s C + B = 1; each division brings it nearer by a factor of at most sqrt(B), 0.2."""
    covariance = correlation * sqrt(product * bias)
    root = (-covariance + sqrt(covariance**2 + product * (1 - bias))) / product
    gain, _ = divided(Variances(product, bias, covariance), 1e-5)
    assert gain == pytest.approx(root, rel=1e-4)


def test_variances_are_those_of_the_arrays():
    """Of s xW + b, for any s, with a bias that the units' means hang together with."""
    generator = np.random.Generator(np.random.PCG64DXSM(0))
    for scale in (1e-6, 1.0, 1e5):
        product = scale * (generator.standard_normal((50, 9)) + np.arange(9))
        bias = np.arange(9)[np.newaxis] / 7 + generator.standard_normal((1, 9))
        moments = UnitMoments.of(product)
        for b in (None, bias):
            found = Variances.of(moments, b)
            for gain in (0.3, 1 / scale, 4.0):
                expected = np.var(gain * product + (0 if b is None else b))
                assert found.at(gain) == pytest.approx(expected, rel=1e-12)


# Where there is none ----------------------------------------------------------------------------


def refused(net, x=None, tolerance=0.1):
    with pytest.raises(NoScaleError) as caught:
        gains_of(net, x, tolerance)
    return caught.value


def test_inputs_that_are_zero():
    error = refused(net := network(), np.zeros((net.samples, net.features)))
    assert (error.layer, error.reason) == (
        1,
        "the product of its inputs and weights does not vary",
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_layer_that_is_dead(dtype):
    """relu, pushed far below zero by its biases: layer 2 sees zeros."""
    error = refused(network(activation="relu", bias=filled(-100.0), dtype=dtype))
    assert (error.layer, error.reason) == (
        2,
        "the product of its inputs and weights does not vary",
    )


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e300])
def test_inputs_that_are_not_finite(value):
    """1e300 has a square that is not."""
    x = inputs_of(net := network())
    x[3, 4] = value
    error = refused(net, x)
    assert (error.layer, error.reason) == (
        1,
        "the product of its inputs and weights is not finite",
    )


def test_biases_that_leave_no_room():
    error = refused(network(bias=independent("normal", 3.0)))
    assert error.layer == 1
    assert error.reason.startswith("the variance of its pre-activations is ")
    assert f" after {DIVISIONS} divisions, that of its biases alone " in error.reason
    assert error.reason.endswith("; take smaller biases or a larger tolerance")
    alone = float(error.reason.partition("alone ")[2].partition(";")[0])
    assert 4 < alone < 16


def test_biases_whose_squares_are_not_finite():
    assert "biases alone inf" in refused(network(bias=independent("normal", 1e200))).reason


def test_a_tolerance_that_ten_divisions_do_not_reach():
    """Each brings the variance nearer by a factor of about 0.8, the biases' variance."""
    net = network((2000, 2000), bias=independent("uniform", sqrt(3 * 0.8)), samples=50)
    assert gains_of(net)
    assert refused(net, tolerance=1e-3).layer == 1


def test_biases_may_be_all_that_there_is_within_the_tolerance():
    assert divided(Variances(1e-12, 1.05), 0.1) == (1.0, pytest.approx(1.05))


def test_biases_that_undo_the_product():
    """s xW + b = 0 for s = 1: nothing to divide by."""
    assert divided(Variances(2.0, 2.0, -2.0), 0.1) == (1.0, 0.0)


def test_error_is_the_same_in_another_process():
    error = pickle.loads(pickle.dumps(NoScaleError(3, "why")))  # noqa: S301
    assert (error.layer, error.reason, str(error)) == (3, "why", "layer 3: why")
