"""What a layer's numbers can tell, held against the same network in float64."""

from __future__ import annotations

import numpy as np
import pytest

from support.networks import composed
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.network import Dense, Request, draw_parameters, forward
from weightinit_cli.streams import Role

WIDTH, SAMPLES = 60, 200
SMALLEST = float(np.finfo(np.float32).smallest_normal)


def network(activation, initializers, bias=None, **given):
    """A layer of WIDTH units for each (name, parameters)."""
    layers = []
    for name, parameters in initializers:
        weights = INITIALIZERS[name].build(Fans(WIDTH, WIDTH), **parameters)
        drawn = bias and INITIALIZERS["normal"].build(Fans(1, WIDTH), mean=0.0, std=bias)
        layers.append(Dense(WIDTH, WIDTH, weights, drawn))
    built = ACTIVATIONS[activation].build(**given)
    return composed(tuple(layers), built, SAMPLES, np.dtype("float32"), seed=5)


def normal(std, mean=0.0):
    return ("normal", {"mean": mean, "std": std})


XAVIER = ("xavier_normal", {"gain": 1.0})


def records(net):
    return list(forward(net, Request(10, None, None), threads=1))[1:]


def wide(net):
    """The layers' pre-activations and activations, all of it in float64."""
    x = np.empty((SAMPLES, WIDTH), np.float32)
    net.stream(Role.INPUT, 0, 0).standard_normal(out=x, dtype=np.float32)
    x = x.astype(np.float64)
    all_weights, biases, _ = draw_parameters(net)
    found = []
    for weights, bias in zip(all_weights, biases, strict=True):
        z = x @ weights.astype(np.float64) + bias.astype(np.float64)
        x = net.stages[0].function.value(z)
        found.append((z, x))
    return found


def across_inputs(values):
    return float(np.sqrt(values.var(axis=0).mean()))


CASES = {
    "sigmoid": network("sigmoid", [XAVIER] * 16),
    "sigmoid, small": network("sigmoid", [normal(1e-5)] * 3),
    "sigmoid, biased": network("sigmoid", [XAVIER] * 16, bias=1.0),
    "softplus": network("softplus", [normal(0.03)] * 10),
    "hard_sigmoid": network("hard_sigmoid", [XAVIER] * 12, form="torch"),
    "tanh, biased": network("tanh", [normal(0.05)] * 20, bias=1.0),
    "relu, biased": network("relu", [normal(0.05)] * 20, bias=1.0),
    "gelu, biased": network("gelu", [normal(0.05)] * 20, bias=1.0, approximate="none"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_spread_is_off_by_as_much_as_its_floors_say(case):
    """Above 8 floors 1 % at most, above 1 floor 60 %; below 1, the true one is below it too."""
    net = CASES[case]
    in_floors = []
    for record, (z, x) in zip(records(net), wide(net), strict=True):
        pairs = (
            (record.activations.std_within, x, record.resolution.activations),
            (record.preactivations.moments.std_within, z, record.resolution.preactivations),
        )
        for measured, values, floor in pairs:
            true = across_inputs(values)
            if measured >= 8 * floor:
                assert measured == pytest.approx(true, rel=0.01)
            elif measured >= floor:
                assert measured == pytest.approx(true, rel=0.6)
            else:
                assert true < 1.2 * floor
            in_floors.append(measured / floor)
    assert min(in_floors) < 1
    assert max(in_floors) > 1e3


@pytest.mark.parametrize("std", [3, 10])
def test_an_error_travels_with_the_signal(std):
    """Sixteen layers leave rounding alone, which one of large weights makes large again."""
    net = network("sigmoid", [*[XAVIER] * 16, normal(std)])
    last = records(net)[-1]
    measured, true = last.activations.std_within, across_inputs(wide(net)[-1][1])
    rounding = float(np.finfo(np.float32).eps) * last.activations.rms
    assert measured > 20 * true
    assert last.resolution.activations > 1.2 * max(measured, rounding)


def test_chaos_makes_no_figure_unknown():
    """Errors grow to the signal's size, and the network is then another one, of the same law."""
    net = network("tanh", [normal(1.0)] * 40)
    last = records(net)[-1]
    assert last.activations.std_within > 1e5 * last.resolution.activations


def test_what_underflows_lies_below_the_floor():
    """The signal's power falls by 340 a layer: subnormal at layer 32, zero some layers on."""
    net = network("relu", [normal(0.01)] * 45)
    found = records(net)
    sizes = [float(x.std()) for _, x in wide(net)]
    below = [r.activations.rms < r.resolution.activations for r in found]
    assert all(each for each, size in zip(below, sizes, strict=True) if size < SMALLEST)
    assert not any(each for each, size in zip(below, sizes, strict=True) if size > 3 * SMALLEST)
    assert 25 < below.index(True) < 35
    assert below == sorted(below)
    assert found[-1].activations.rms == 0
    assert [r.resolution.sloped for r in found] == [not each for each in below]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_weights_of_zero_leave_nothing_to_round(activation):
    for record in records(network(activation, [normal(0.0)] * 3, bias=0.3)):
        assert record.resolution[:2] == (0, 0)


def test_units_that_no_input_reaches_are_exactly_zero():
    """Weights of mean -1 above positive activations: pre-activations of -30 or so."""
    net = network("relu", [normal(1.0), normal(0.01, mean=-1.0), normal(0.1)])
    second, third = records(net)[1:]
    assert second.activations.rms == third.activations.rms == 0
    assert second.resolution.activations == 0
    assert third.resolution[:2] == (0, 0)


def test_a_smooth_slope_is_known_of_any_preactivation():
    net = network("tanh", [normal(1e-30)] * 3)
    assert all(record.resolution.sloped for record in records(net))
