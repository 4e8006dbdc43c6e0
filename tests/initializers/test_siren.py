"""SIREN and torch's Linear: the two uniform laws whose bounds depend on more than a shape."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from support.examples import each_initializer
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.streams import Role, stream

FANS = (Fans(9, 4), Fans(12, 16, kernel=(2, 2)))
SIREN, LINEAR = INITIALIZERS["siren"], INITIALIZERS["torch_linear"]


def reach(sampler):
    """The largest of 200,000 draws: of a uniform law all but certainly within 1e-4 of its end."""
    values = np.empty((1, 200_000))
    sampler.fill(values, stream(0, Role.WEIGHTS))
    return np.abs(values).max()


@pytest.mark.parametrize("omega", [30.0, 1.0, 0.25])
@pytest.mark.parametrize(("fan_in", "fan_out"), [(2, 50), (100, 7), (1, 1)])
def test_first_layer_and_the_later_ones(fan_in, fan_out, omega):
    """The first does not depend on omega; neither depends on fan_out."""
    first = SIREN.build(Fans(fan_in, fan_out, first=True), omega=omega)
    later = SIREN.build(Fans(fan_in, fan_out), omega=omega)
    for sampler, bound in ((first, 1 / fan_in), (later, sqrt(6 / fan_in) / omega)):
        assert sampler.mean == 0
        assert sampler.std == pytest.approx(bound / sqrt(3), rel=1e-14)
        assert bound * (1 - 1e-4) < reach(sampler) <= bound * (1 + 1e-14)


def test_fans_are_of_a_later_layer_unless_said():
    assert Fans(3, 4) == Fans(3, 4, first=False)


@each_initializer(FANS)
def test_no_other_row_looks_at_which_layer_it_is(example, fans, build):
    name, _ = example
    first, later = build(fans._replace(first=True)), build(fans)
    assert (first.std == later.std) == (name != "siren")


@pytest.mark.parametrize("omega", [5e-324, 1e-200, 1e-155, 1e-30, 1e6])
def test_every_omega_that_sin_takes_can_be_built(omega):
    """omega² underflows below 1e-162, and 1/omega overflows below 6e-309."""
    [parameter] = ACTIVATIONS["sin"].parameters
    if omega < (parameter.minimum or 0):
        return
    std = SIREN.build(Fans(6, 6), omega=omega).std
    with np.errstate(all="ignore"):
        expected = float(np.float64(1) / omega / sqrt(3))
    assert std == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("fan_in", [1, 3, 400])
def test_torch_linear_is_the_same_law_for_weights_and_biases(fan_in):
    bound = 1 / sqrt(fan_in)
    for build in (LINEAR.build, LINEAR.build_bias):
        for fan_out in (1, 1000):
            sampler = build(Fans(fan_in, fan_out))
            assert (sampler.mean, sampler.whole) == (0, False)
            assert sampler.std == pytest.approx(bound / sqrt(3), rel=1e-14)
            assert bound * (1 - 1e-4) < reach(sampler) <= bound * (1 + 1e-14)


def test_torch_linear_is_kaiming_uniform_with_the_slope_of_torch():
    """torch writes it kaiming_uniform_(a=sqrt(5))."""
    fans = Fans(200, 30)
    with_slope = INITIALIZERS["kaiming_uniform"].build(fans, negative_slope=sqrt(5))
    assert LINEAR.build(fans).std == pytest.approx(with_slope.std, rel=1e-14)


def test_biases_of_each_row():
    special = {"torch_linear": "torch_linear", "siren": "torch_linear"}
    special["nguyen_widrow"] = "nguyen_widrow"
    for name, row in INITIALIZERS.items():
        assert row.default_bias == special.get(name, "zeros")
