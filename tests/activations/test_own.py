"""An activation of which the value and the derivative alone are given."""

from __future__ import annotations

from math import inf, pi

import numpy as np
import pytest

from support.cases import every
from support.examples import each_activation
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.activations.own import OwnError, own


@pytest.fixture(autouse=True)
def _quiet():
    """As in the network: inf and nan are results."""
    with np.errstate(all="ignore"):
        yield


def one(x):
    return np.ones_like(x)


def sech2(x):
    return 1 / np.cosh(np.clip(x, -300, 300)) ** 2


def rebuilt(activation, **given):
    return own("mine", activation.value, activation.derivative, bounds=activation.bounds, **given)


@each_activation
def test_what_is_found_of_a_row_of_the_table_is_what_the_table_says(example, activation):
    found = rebuilt(activation)
    assert found.kinks == activation.kinks
    assert found.steepest == pytest.approx(activation.steepest, rel=1e-9)
    for level in (0.001, 0.01, 0.05, 0.3, 0.9):
        for end, expected in zip(found.ends(level), activation.ends(level), strict=True):
            assert end == (expected if expected is None else pytest.approx(expected, rel=1e-7))


@every("name", ["relu", "step", "tanh", "silu", "exponential"])
@every("dtype", ["float32", "float64"])
def test_values_and_slopes_are_those_of_the_functions(name, dtype):
    activation = ACTIVATIONS[name].build()
    found = rebuilt(activation, kinks=activation.kinks)
    x = np.array([[-80.0, -1.5, -0.0], [0.5, 3.25, np.nan]], dtype)
    for function, expected in (
        (found.value, activation.value(x)),
        (found.derivative, activation.derivative(x)),
    ):
        result = function(x)
        assert result.dtype == dtype
        assert np.array_equal(result, expected, equal_nan=True)
    expected = found.value(x)
    assert np.array_equal(found.value(x, out=x), expected, equal_nan=True)


SMOOTH = {
    "steep tanh": (lambda x: np.tanh(50 * x), lambda x: 50 * sech2(50 * x)),
    "fast sine": (lambda x: np.sin(30 * x), lambda x: 30 * np.cos(30 * x)),
    "very fast sine": (lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x)),
    "snake": (lambda x: x + np.sin(9 * x) ** 2 / 9, lambda x: 1 + np.sin(18 * x)),
    "growing cosine": (lambda x: x * np.cos(x), lambda x: np.cos(x) - x * np.sin(x)),
    "overflowing sigmoid": (
        lambda x: np.exp(x) / (1 + np.exp(x)),
        lambda x: np.exp(x) / (1 + np.exp(x)) ** 2,
    ),
    "coarse": (lambda x: np.tanh(x.astype("float32")), lambda x: sech2(x.astype("float32"))),
    "far from 0": (lambda x: 1e8 + np.tanh(x), sech2),
    "bump": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
    "flat by rounding": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "nothing": (np.zeros_like, np.zeros_like),
}


@every("name", SMOOTH)
def test_smooth_functions_have_no_kinks_and_a_right_derivative_passes(name):
    assert own(name, *SMOOTH[name]).kinks == ()


KINKED = {
    "at pi": (lambda x: np.maximum(x - pi, 0), lambda x: x > pi, (pi,)),
    "at 0.1": (lambda x: np.maximum(x - 0.1, 0), lambda x: x > 0.1, (0.1,)),
    "close together": (
        lambda x: x - np.clip(x, -1e-5, 1e-5),
        lambda x: abs(x) > 1e-5,
        (-1e-5, 1e-5),
    ),
    "a small jump": (
        lambda x: x + 1e-3 * (x > 2.5),
        one,
        (2.5,),
    ),
    "a square": (lambda x: np.maximum(x, 0) ** 2, lambda x: 2 * np.maximum(x, 0), (0,)),
    "a smooth step": (
        lambda x: (3 - 2 * np.clip(x, 0, 1)) * np.clip(x, 0, 1) ** 2,
        lambda x: 6 * np.clip(x, 0, 1) * (1 - np.clip(x, 0, 1)),
        (0, 1),
    ),
    "stairs": (np.round, np.zeros_like, tuple(np.arange(-63.5, 64).tolist())),
}


@every("name", KINKED)
def test_kinks_and_where_flats_begin_are_found_to_rounding(name):
    value, derivative, kinks = KINKED[name]
    assert own(name, value, derivative).kinks == kinks


def test_given_kinks_are_used_as_given():
    assert own("mine", np.tanh, sech2, kinks=(2, -1.0)).kinks == (-1.0, 2.0)


def test_the_steepest_slope_and_the_ends_of_functions_without_a_bound():
    assert own("square", *SMOOTH["square"]).steepest == inf
    assert own("cosine", *SMOOTH["growing cosine"]).ends(0.05) == (None, None)
    sigmoid = own("sigmoid", *SMOOTH["overflowing sigmoid"])
    assert sigmoid.steepest == pytest.approx(0.25, rel=1e-12)
    assert sigmoid.ends(0.05) == pytest.approx((-4.3565444, 4.3565444))


WRONG = {
    "a factor": (np.tanh, lambda x: 1.01 * sech2(x)),
    "a sign": (SMOOTH["snake"][0], lambda x: 1 - np.sin(18 * x)),
    "a chain factor": (lambda x: np.tanh(2 * x), lambda x: sech2(2 * x)),
    "one side": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), one),
    "one piece": (lambda x: np.clip(x, -1, 1), lambda x: (x > -1) & (x < 1.2)),
    "an offset": (np.tanh, lambda x: sech2(x) + 1e-3),
    "another function's": (np.sin, lambda x: -np.cos(x)),
}


@every("name", WRONG)
def test_a_wrong_derivative_is_found(name):
    with pytest.raises(OwnError, match=r"^mine: the derivative at x = .* but the slope of the "):
        own("mine", *WRONG[name])


def test_the_place_where_a_derivative_is_wrong_is_named():
    with pytest.raises(OwnError) as caught:
        own("mine", np.sin, np.sin)
    said = str(caught.value)
    assert said.startswith("mine: the derivative at x = 0.996438 is 0.8395, but the slope of the")
    assert said.endswith("values there is 0.5433")


def changing(x):
    x *= 2
    return x


BAD = [
    (list, "must return an array of real numbers of x's shape, (241,), not a list"),
    (lambda x: None, "must return an array of real numbers of x's shape, (241,), not None"),
    (lambda x: 1.0, "must return an array of real numbers of x's shape, (241,), not a float"),
    (lambda x: x * 1j, "not one of complex128"),
    (lambda x: x.astype(object), "not one of object"),
    (
        lambda x: x[:3],
        "must return an array of real numbers of x's shape, (241,), not one of shape",
    ),
    (np.ravel, "must return an array of real numbers of x's shape, (2, 128), not one of shape"),
    (changing, "changes the array x that it is given: ValueError: output array is read-only"),
    (lambda x: x / (1 // 0), "raised ZeroDivisionError: "),
    (lambda x: x if x > 0 else 0, "raised ValueError: The truth value of an array"),
    (lambda x: 1 / x, "at x = 0 is inf in float64; it must be finite between -30 and 30"),
    (lambda x: np.exp(4 * abs(x)), "at x = -22.25 is inf in float32; it must be finite"),
    (lambda x: x / abs(x).max(), "another time; it must depend on this x alone"),
]


@every("function, message", BAD)
@every("role", ["value", "derivative"])
def test_what_a_function_does_wrong_is_told_in_a_line(function, message, role):
    given = {"value": np.tanh, "derivative": sech2} | {role: function}
    with pytest.raises(OwnError) as caught:
        own("mine", **given)
    assert str(caught.value).startswith(f"mine: the {role}")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_line_of_the_file_where_a_function_raised_is_named():
    with pytest.raises(OwnError, match=rf"line {changing.__code__.co_firstlineno + 1}\)$"):
        own("mine", changing, one)


def test_a_function_that_fails_later_says_so_too():
    def late(x):
        if abs(x).max() > 1e40:
            raise RuntimeError("too far")
        return np.tanh(x)

    found = own("mine", late, sech2)
    with pytest.raises(OwnError, match=r"^mine: the value's function raised RuntimeError: too far"):
        found.value(np.array([1e50]))


@every("bounds", [(1, 1), (2, -2), (-0.5, 0.5)])
def test_bounds_that_are_none(bounds):
    with pytest.raises(OwnError, match="bounds"):
        own("mine", np.tanh, sech2, bounds=bounds)
