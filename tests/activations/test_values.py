"""Values: against formulas written out here, in both tails, in place, in float32.

A function that rounds its argument once or twice is right to a few ulp of the result and a few
ulp of the argument; the latter are amplified by x φ'(x). So the tolerance is
ULPS eps (|φ| + |x φ'|): relative to the result in the tails, where cancellation would show.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from math import copysign, erf, erfc, exp, expm1, inf, log1p, nan, nextafter, pi, sin, sqrt, tanh

import numpy as np
import pytest

from support.cases import every
from support.examples import each_activation
from weightinit_cli.activations import ACTIVATIONS

ULPS = 4
# Smooth, and past the places where exp of a float32 (88.7) or of a float64 (709.8) overflows.
GRID = np.unique(
    np.concatenate(
        [
            np.linspace(-30, 30, 2401),
            np.linspace(-1000, 1000, 801),
            *(sign * np.logspace(-30, 4, 205) for sign in (-1, 1)),
            [0.0],
        ]
    ).astype(np.float32)
).astype(np.float64)


def sigmoid(x):
    if x >= 0:
        return 1 / (1 + exp(-x))
    return exp(x) / (1 + exp(x)) if x > -700 else exp(max(x, -745.2))


def gelu(x, approximate):
    if approximate == "none":
        return 0.5 * x * erfc(-x / sqrt(2))
    u = sqrt(2 / pi) * (x + 0.044715 * x**3)
    return x * sigmoid(2 * u) if x < 0 else 0.5 * x * (1 + tanh(u))


def elu(x, alpha):
    return x if x > 0 else alpha * expm1(x)


def mish(x):
    return x * tanh(x + log1p(exp(-x)) if x > 0 else log1p(exp(x)))


def squareplus(x, b):
    root = sqrt(x * x + b)
    return (x + root) / 2 if x > 0 else b / 2 / (root - x)


def tanh_shrink(x):
    """x - tanh x itself, with 120 digits: 60 of them cancel at 1e-30."""
    with localcontext(Context(prec=120)):
        power = Decimal(2 * x).exp()
        return float(Decimal(x) - (power - 1) / (power + 1))


FORMULAS = {
    "linear": lambda x: x,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "elu": elu,
    "selu": lambda x: 1.0507009873554804934 * elu(x, 1.6732632423543772848),
    "gelu": gelu,
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: x + log1p(exp(-x)) if x > 0 else log1p(exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "prelu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "celu": lambda x, alpha: x if x > 0 else alpha * expm1(x / alpha),
    "mish": mish,
    "hard_silu": lambda x: x * (x + 3) / 6 if -3 < x < 3 else max(x, 0.0),
    "squareplus": squareplus,
    "hard_tanh": lambda x: min(max(x, -1.0), 1.0),
    "hard_sigmoid": lambda x, form: min(
        max((x + 3) / 6 if form == "torch" else (x + 2.5) / 5, 0.0), 1.0
    ),
    "log_sigmoid": lambda x: x - log1p(exp(x)) if x < 0 else -log1p(exp(-x)),
    "exponential": lambda x: exp(x) if x < 709.7 else inf,
    "erf": erf,
    "sin": lambda x, omega: sin(omega * x),
    "step": lambda x: 1.0 if x > 0 else 0.0,
    "threshold": lambda x, threshold, value: x if x > threshold else value,
    "tanh_shrink": tanh_shrink,
    "soft_shrink": lambda x, threshold: copysign(max(abs(x) - threshold, 0.0), x),
    "hard_shrink": lambda x, threshold: x if abs(x) > threshold else 0.0,
}

# A distance that float32 holds exactly beside 1 and 3.
NEAR = 2.0**-10
# Where a naive formula gives 0, 1 or noise: x, φ(x), φ'(x), from expansions of the tails.
TAILS = [
    ("sigmoid", {}, -80.0, exp(-80), exp(-80)),
    ("sigmoid", {}, 30.0, 1.0, exp(-30)),
    ("tanh", {}, -30.0, -1.0, 4 * exp(-60)),
    ("tanh", {}, 1e-20, 1e-20, 1.0),
    ("silu", {}, -50.0, -50 * exp(-50), -49 * exp(-50)),
    ("silu", {}, 1e-20, 5e-21, 0.5),
    ("gelu", {"approximate": "none"}, -10.0, -7.619853024160527e-23, -7.618653e-22),
    ("gelu", {"approximate": "none"}, 1e-20, 5e-21, 0.5),
    ("softplus", {}, -80.0, exp(-80), exp(-80)),
    ("softplus", {}, 80.0, 80.0, 1.0),
    ("elu", {"alpha": 1.0}, -1e-10, -1e-10 + 5e-21, 1 - 1e-10),
    ("elu", {"alpha": 2.0}, -50.0, -2.0, 2 * exp(-50)),
    ("selu", {}, -1e-12, -1.7580993408473766e-12, 1.7580993408473766),
    ("softsign", {}, -1e8, -1 + 1e-8, 1e-16 * (1 - 2e-8)),
    ("softsign", {}, 1e-20, 1e-20, 1.0),
    ("celu", {"alpha": 2.0}, -1e-10, -1e-10 + 2.5e-21, 1 - 5e-11),
    ("celu", {"alpha": 2.0}, -100.0, -2.0, exp(-50)),
    ("mish", {}, -50.0, -50 * exp(-50), -49 * exp(-50)),
    ("mish", {}, 1e-20, 0.6e-20, 0.6),
    ("mish", {}, 30.0, 30.0, 1.0),
    ("hard_silu", {}, -3 - NEAR, 0.0, 0.0),
    ("hard_silu", {}, -3 + NEAR, (-3 + NEAR) * NEAR / 6, -0.5 + NEAR / 3),
    ("hard_silu", {}, 3 - NEAR, (3 - NEAR) * (6 - NEAR) / 6, 1.5 - NEAR / 3),
    ("hard_silu", {}, 3 + NEAR, 3 + NEAR, 1.0),
    ("hard_silu", {}, 1e-20, 5e-21, 0.5),
    ("hard_sigmoid", {"form": "torch"}, -3 + NEAR, NEAR / 6, 1 / 6),
    ("hard_sigmoid", {"form": "keras2"}, -2.5 + NEAR, NEAR / 5, 0.2),
    ("squareplus", {"b": 4.0}, -1e4, 1e-4 * (1 - 1e-8), 1e-8 * (1 - 3e-8)),
    ("squareplus", {"b": 4.0}, 1e4, 1e4 + 1e-4, 1 - 1e-8),
    ("squareplus", {"b": 1e-6}, -1.0, 2.5e-7 * (1 - 2.5e-7), 2.5e-7 * (1 - 7.5e-7)),
    ("log_sigmoid", {}, 80.0, -exp(-80), exp(-80)),
    ("log_sigmoid", {}, -80.0, -80.0, 1.0),
    ("exponential", {}, -80.0, exp(-80), exp(-80)),
    ("exponential", {}, 80.0, exp(80), exp(80)),
    ("erf", {}, 1e-20, 2e-20 / sqrt(pi), 2 / sqrt(pi)),
    ("erf", {}, -5.5, -1 + 7.357847917974398e-15, 2 / sqrt(pi) * exp(-30.25)),
    ("sin", {"omega": 30.0}, 1e-20, 3e-19, 30.0),
    ("sin", {"omega": 30.0}, -1e-20, -3e-19, 30.0),
    # x³/3 - 2x⁵/15 near 0; then x - tanh x with many digits, on both sides of a change of formula.
    ("tanh_shrink", {}, 1e-3, 1e-9 / 3 * (1 - 4e-7), 1e-6 * (1 - 2e-6 / 3)),
    ("tanh_shrink", {}, -1e-5, -1e-15 / 3, 1e-10),
    ("tanh_shrink", {}, 0.9999, 0.23834784467700015, 0.5799616852771065),
    ("tanh_shrink", {}, 1.0001, 0.23846384980847013, 0.5800896252785747),
    ("tanh_shrink", {}, 80.0, 79.0, 1.0),
    ("soft_shrink", {"threshold": 0.5}, 0.5 + NEAR, NEAR, 1.0),
    ("soft_shrink", {"threshold": 0.5}, -0.5 - NEAR, -NEAR, 1.0),
]


@pytest.fixture(autouse=True)
def _quiet():
    """As in the network: inf and nan are results."""
    with np.errstate(all="ignore"):
        yield


def test_every_entry_has_a_formula():
    assert set(FORMULAS) == set(ACTIVATIONS)


@each_activation
def test_formula(example, activation):
    name, given = example
    x = GRID[~np.isin(GRID, activation.kinks)]
    expected = np.array([FORMULAS[name](float(value), **given) for value in x])
    tolerance = (
        ULPS * np.finfo(float).eps * (np.abs(expected) + np.abs(x * activation.derivative(x)))
    )
    value = activation.value(x)
    # Below the smallest normal number there is no relative precision to keep; inf is inf.
    near = np.abs(value - expected) <= tolerance + 1e-300
    assert (near | ((value == expected) & np.isinf(value))).all()


@pytest.mark.parametrize(("name", "given", "x", "value", "slope"), TAILS)
def test_tails(name, given, x, value, slope):
    """To 1e-6: the digits of the constants above, and far less than what cancellation leaves."""
    activation = ACTIVATIONS[name].build(**given)
    for dtype, relative in (("float64", 1e-6), ("float32", 2e-5)):
        at = np.array([x], dtype)
        assert activation.value(at)[0] == pytest.approx(value, rel=relative)
        assert activation.derivative(at)[0] == pytest.approx(slope, rel=relative)


@each_activation
def test_float32_is_float64_rounded(example, activation):
    """Relative, down to the smallest normal number times the largest factor of the formulas."""
    x = GRID.astype(np.float32)
    wide = x.astype(np.float64)
    expected = activation.value(wide)
    inside = np.abs(expected) < np.finfo(np.float32).max
    eps, tiny = (float(getattr(np.finfo(np.float32), part)) for part in ("eps", "tiny"))
    tolerance = ULPS * eps * (np.abs(expected) + np.abs(wide * activation.derivative(wide)))
    error = np.abs(activation.value(x) - expected)
    assert (error <= tolerance + 100 * tiny)[inside].all()
    assert activation.value(x).dtype == np.float32


@each_activation
def test_slope_in_float32_is_float64_rounded(example, activation):
    """φ' changes sign, so its errors are relative to its size near by (and to x φ'')."""
    x = np.setdiff1d(GRID[np.abs(GRID) < 100], activation.kinks).astype(np.float32)
    x = x[np.abs(x) > 1e-3]
    wide = x.astype(np.float64)
    slope = activation.derivative(wide)
    step = 2.0**-7
    near = np.stack([activation.derivative(wide + k * step) for k in range(-16, 17)])
    bend = np.abs(np.diff(near[15:18], axis=0)).max(axis=0) / step
    at_kink = [np.abs(wide - kink) < step for kink in activation.kinks]
    bend[np.any([np.zeros(len(x), bool), *at_kink], axis=0)] = 0
    eps, tiny = (float(getattr(np.finfo(np.float32), part)) for part in ("eps", "tiny"))
    tolerance = ULPS * eps * (2 * np.abs(near).max(axis=0) + np.abs(wide) * bend)
    narrow = activation.derivative(x)
    assert narrow.dtype == np.float32
    inside = np.abs(slope) < np.finfo(np.float32).max
    assert (np.abs(narrow - slope) <= tolerance + 1000 * tiny)[inside].all()


# φ just before, at and just behind a jump; φ' is that of the side to which the jump belongs.
JUMPS = [
    ("step", {}, 0.0, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
    ("step", {}, -0.0, (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
    ("threshold", {"threshold": 0.5, "value": -0.25}, 0.5, (-0.25, -0.25, 0.5), (0.0, 0.0, 1.0)),
    ("threshold", {"threshold": -1, "value": 2}, -1.0, (2.0, 2.0, -1.0), (0.0, 0.0, 1.0)),
    ("hard_shrink", {"threshold": 0.5}, 0.5, (0.0, 0.0, 0.5), (0.0, 0.0, 1.0)),
    ("hard_shrink", {"threshold": 0.5}, -0.5, (-0.5, 0.0, 0.0), (1.0, 0.0, 0.0)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "given", "at", "values", "slopes"), JUMPS)
def test_both_sides_of_a_jump(name, given, at, values, slopes, dtype):
    activation = ACTIVATIONS[name].build(**given)
    middle = dtype(at)
    x = np.array([np.nextafter(middle, dtype(-inf)), middle, np.nextafter(middle, dtype(inf))])
    assert x.dtype == dtype
    assert activation.value(x) == pytest.approx(values, rel=1e-6, abs=0)
    assert tuple(activation.derivative(x)) == slopes


@pytest.mark.parametrize("name", ["soft_shrink", "hard_shrink"])
def test_a_shrink_by_nothing_is_the_identity(name):
    activation = ACTIVATIONS[name].build(threshold=0)
    assert activation.kinks == ()
    x = np.array([-2.5, -nextafter(0, 1), 0.0, 1e-30, 7.0])
    assert np.array_equal(activation.value(x), x)


@each_activation
@every("dtype", ["float32", "float64"])
@every("shape", [(0,), (1,), (7,), (5, 9), (2, 3, 4)])
def test_in_place_is_out_of_place(activation, shape, dtype):
    x = np.random.Generator(np.random.PCG64(0)).normal(0, 3, shape).astype(dtype)
    kept = x.copy()
    value = activation.value(x)
    assert value.shape == shape
    assert value.dtype == dtype
    assert not np.shares_memory(value, x) or x.size == 0
    slope = activation.derivative(x)
    assert slope.shape == shape
    assert slope.dtype == dtype
    assert np.array_equal(x, kept)
    out = np.full_like(x, np.nan)
    assert activation.value(x, out=out) is out
    assert np.array_equal(out, value)
    assert activation.value(x, out=x) is x
    assert np.array_equal(x, value)


@each_activation
def test_value_does_not_depend_on_its_neighbours(activation):
    """The network runs over blocks: every place of an array must give the same bits."""
    x = np.linspace(-9, 9, 67, dtype=np.float32)
    one_by_one = np.concatenate([activation.value(x[i : i + 1]) for i in range(x.size)])
    assert np.array_equal(activation.value(x), one_by_one)


@each_activation
@every("dtype", ["float32", "float64"])
def test_inf_and_nan_are_survived(activation, dtype):
    x = np.array([-inf, inf, nan, copysign(0.0, -1.0), 1.0, np.finfo(dtype).max], dtype)
    value = activation.value(x)
    assert np.isnan(value[2])
    assert np.isfinite(value[3:5]).all()
    activation.derivative(x)
    # Where the limit at ±inf is finite a number may come out, but then the right one; squareplus
    # still has 1e-30 to go at -1e30.
    for at, sign in ((0, -1), (1, 1)):
        limit = activation.value(np.array([sign * 1e30], dtype))[0]
        if np.isfinite(value[at]) and abs(limit) < 1e20:
            assert value[at] == pytest.approx(limit, rel=0, abs=1e-15)


def test_erf_in_the_test_is_not_the_cause():
    """gelu's formula above by erfc equals the one by erf where that does not cancel."""
    assert gelu(1.5, "none") == pytest.approx(0.75 * (1 + erf(1.5 / sqrt(2))), rel=1e-15)
