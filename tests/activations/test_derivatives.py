"""Derivatives against finite differences, kinks, bounds, the steepest slope and the flat ends."""

from __future__ import annotations

from math import inf, isfinite, nan, nextafter

import numpy as np
import pytest

from support.cases import every
from support.examples import each_activation
from weightinit_cli.activations import ACTIVATIONS

EPS = float(np.finfo(np.float64).eps)
GRID = np.linspace(-20, 20, 8001) + 1e-4 / 3
# All of the line that matters: finely around the origin, and by factors to the far ends.
FAR = np.logspace(-3, 30, 1000)
WIDE = np.concatenate([-FAR[::-1], np.linspace(-50, 50, 200_001), FAR])
LEVELS = (0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9)


def wide_and_beside(kinks):
    """The whole line, and the numbers next to each kink, where an extreme may lie."""
    sides = [np.nextafter(kink, side) for kink in kinks for side in (-inf, inf)]
    return np.concatenate([WIDE, sides])


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def differences(activation, x, h):
    """The central difference of fourth order; its error is h⁴/30 φ⁽⁵⁾."""
    far = activation.value(x + 2 * h) - activation.value(x - 2 * h)
    near = activation.value(x + h) - activation.value(x - h)
    return (8 * near - far) / (12 * h)


@each_activation
def test_derivative_is_the_limit_of_differences(activation):
    """Tolerance: twice what halving h changes (fifteen sixteenths of the truncation error), and
    the rounding of five values of size up to max|φ|, eight ulp each, over h.
    """
    h = 2.0**-8
    kinks = np.array([*activation.kinks, inf])
    x = GRID[np.abs(GRID[:, np.newaxis] - kinks).min(axis=1) > 3 * h]
    coarse, fine = differences(activation, x, h), differences(activation, x, h / 2)
    size = np.max([np.abs(activation.value(x + k * h)) for k in (-2, 0, 2)], axis=0)
    tolerance = 2 * np.abs(coarse - fine) + 8 * EPS * size * 4 / h
    assert (np.abs(activation.derivative(x) - fine) <= tolerance).all()


@each_activation
@every("dtype", ["float32", "float64"])
@every("places", [[], [0], [3, 4, 11], range(12)])
def test_nan_stays_nan(activation, dtype, places):
    """There alone, in any shape; and without numpy's warning, even where these are errors."""
    x = np.linspace(-8, 8, 12, dtype=dtype)
    broken = x.copy()
    broken[list(places)] = nan
    with np.errstate(all="raise", under="ignore"):
        for function in (activation.derivative, activation.value):
            found = function(broken.reshape(3, 4))
            assert found.dtype == dtype
            expected = function(x)
            expected[list(places)] = nan
            assert np.array_equal(found, expected.reshape(3, 4), equal_nan=True)


@each_activation
@every("dtype", ["float32", "float64"])
@every("shape", [(0,), (0, 3), (1, 1), (2, 3, 4)])
def test_derivative_of_any_shape(activation, dtype, shape):
    for number in (0.5, nan):
        found = activation.derivative(np.full(shape, number, dtype))
        assert found.shape == shape
        assert found.dtype == dtype
        assert (np.isnan(found) == np.isnan(number)).all()


@each_activation
@every("dtype", ["float32", "float64"])
def test_derivative_far_out_is_the_limit(example, activation, dtype):
    """At the largest numbers, and at ±inf, where it may be nan; of functions that have one.

    At ±1e30 the slowest, squareplus with b = 1e4, is 1e4 / 4e60 off its limit.
    """
    if example[0] == "sin":
        return
    limit = activation.derivative(np.array([-1e30, 1e30], dtype))
    for far in (np.finfo(dtype).max, np.finfo(dtype).max / 4, inf):
        found = activation.derivative(np.array([-far, far], dtype))
        either = np.isclose(found, limit, rtol=0, atol=1e-50)
        assert (either | (np.isnan(found) & (far == inf))).all()


def one_sided(activation, kink, side):
    """φ and φ' on one side of a kink: as measured from φ alone, and as said by `derivative`.

    By the one-sided difference of third order, at h = 2^-10, a millionth of that off the kink.
    """
    h = side * 2.0**-10
    x = kink + h * (np.arange(4) + 1e-6)
    f = activation.value(x)
    slope = (-11 * f[0] + 18 * f[1] - 9 * f[2] + 2 * f[3]) / (6 * h)
    return f[0], slope, activation.derivative(x)[0]


@each_activation
def test_derivative_beside_a_kink(activation):
    """Truncation h³/4 φ⁗ = 2.3e-10 φ⁗, rounding 40 eps |φ| / (6 h); at the kink a side's slope."""
    scale = 1e-8 * max(1.0, activation.steepest if isfinite(activation.steepest) else 1.0)
    for kink in activation.kinks:
        sides = [one_sided(activation, kink, side) for side in (-1, 1)]
        for _, measured, said in sides:
            assert abs(measured - said) < scale
        at = float(activation.derivative(np.array([kink]))[0])
        assert min(abs(at - said) for _, _, said in sides) < scale
        f = float(activation.value(np.array([kink]))[0])
        assert min(abs(f - beside) for beside, _, _ in sides) < scale


def jumps(function, x, scale):
    """Where `function` jumps between neighbours of x, by halving the step until it is found.

    A continuous function's difference goes to zero with the step, a jump's does not: it stays
    above a thousandth of `scale`, or of the function's size there, where that is larger.
    """
    low, high = x[:-1].copy(), x[1:].copy()
    for _ in range(60):
        middle = (low + high) / 2
        f_low, f_middle, f_high = map(function, (low, middle, high))
        left = np.abs(f_middle - f_low) > np.abs(f_high - f_middle)
        low, high = np.where(left, low, middle), np.where(left, middle, high)
        f_low, f_high = function(low), function(high)
        size = np.maximum(scale, np.minimum(np.abs(f_low), np.abs(f_high)))
        open_ = (np.abs(f_high - f_low) > 1e-3 * size) & (high > low)
        narrow = high - low <= 1e-9
        if not open_.any() or narrow[open_].all():
            break
        low, high = low[open_], high[open_]
    found = high[open_]
    return found[np.concatenate([[True], np.diff(found) > 1e-6])] if found.size else found


@each_activation
def test_kinks_are_where_the_function_or_its_slope_jumps(activation):
    """A jump of more than a thousandth of the slope's size, anywhere in [-20, 20]."""
    x = np.linspace(-20, 20, 4001) + 1e-3 / 7
    slope = activation.derivative(x)
    scale = max(float(np.median(np.abs(slope))), min(1.0, float(np.abs(slope).max())), 1e-3)
    found = [*jumps(activation.derivative, x, scale), *jumps(activation.value, x, scale)]
    listed = np.array(activation.kinks)
    assert len(set(activation.kinks)) == len(activation.kinks)
    assert np.array_equal(np.sort(listed), listed)
    for kink in listed:
        assert np.abs(np.array([*found, inf]) - kink).min() < 1e-8
    for place in found:
        assert np.abs(np.array([*listed, inf]) - place).min() < 1e-8


@each_activation
def test_bounds_hold_and_are_approached(activation):
    """Held to two ulp; approached to 1e-6 on the grid, or past 1e6 where infinite."""
    low, high = activation.bounds
    assert low < high
    value = activation.value(wide_and_beside(activation.kinks))
    assert (value >= low - 2 * EPS * abs(low)).all()
    assert (value <= high + 2 * EPS * abs(high)).all()
    for bound, extreme in ((low, value.min()), (high, value.max())):
        if isfinite(bound):
            assert extreme == pytest.approx(bound, rel=1e-6, abs=1e-6)
        else:
            assert abs(extreme) > 1e6
            assert (extreme < 0) == (bound < 0)


@each_activation
@every("dtype", ["float32", "float64"])
def test_finite_bounds_hold_in_every_dtype(activation, dtype):
    """The histogram of a bounded activation lies in its bounds: nothing may fall out."""
    x = WIDE[np.abs(WIDE) < 1e30].astype(dtype)
    value = activation.value(x)
    low, high = (np.dtype(dtype).type(bound) for bound in activation.bounds)
    if isfinite(low) and isfinite(high):
        assert (value >= low).all()
        assert (value <= high).all()


@each_activation
def test_steepest_is_the_supremum_of_the_slope(activation):
    """The grid's step of 5e-4 misses a smooth maximum by φ‴ h²/8, some 1e-7."""
    slope = np.abs(activation.derivative(wide_and_beside(activation.kinks)))
    if isfinite(activation.steepest):
        assert slope.max() <= activation.steepest * (1 + 4 * EPS)
        assert slope.max() >= activation.steepest * (1 - 1e-6)
    else:
        assert slope.max() > 1e6


@each_activation
@every("level", LEVELS)
def test_flat_ends(activation, level):
    """Beyond an end |φ'| stays at most level × steepest, just inside it does not; where there is
    no end, the slope goes on exceeding that however far one goes.
    """
    if not 0 < activation.steepest < inf:
        return
    most = level * activation.steepest
    rounding = 1 + 1e-9
    for end, sign in zip(activation.ends(level), (-1, 1), strict=True):
        far = sign * np.logspace(5, 12, 1001)
        far_slope = np.abs(activation.derivative(far))
        if end is None:
            assert (far_slope > most).any()
            continue
        assert (far_slope <= most * rounding).all()
        # `at_least` and `at_most` make the end itself count.
        assert abs(activation.derivative(np.array([end]))[0]) <= most * rounding
        distances = np.concatenate([np.linspace(0, 100, 100_001), np.logspace(2, 12, 1001)])
        beyond = np.abs(activation.derivative(end + sign * distances[1:]))
        assert (beyond <= most * rounding).all()
        inside = end - sign * 1e-6 * max(1.0, abs(end)) * np.linspace(0.01, 1, 100)
        assert (np.abs(activation.derivative(inside)) > most / rounding).any()


@each_activation
@every("level", [1e-17, 1e-300, 1e-6, 0.95, 0.99, 1 - 1e-12])
def test_flat_ends_exist_for_every_level(example, activation, level):
    """`saturation` may be any number between 0 and 1: a pair of floats or None, and in order."""
    low, high = activation.ends(level)
    assert all(end is None or isfinite(end) for end in (low, high))
    # No point of a far grid lies so close to a crest of the sine.
    if activation.steepest < inf and (example[0] != "sin" or level <= 0.99):
        most = level * activation.steepest
        for end, sign in ((low, -1), (high, 1)):
            far_slope = np.abs(activation.derivative(sign * np.logspace(200, 300, 101)))
            assert (end is None) == bool((far_slope > most).any())
    assert low is None or high is None or low <= high


def test_sigmoid_saturates_where_the_design_says():
    sigmoid = ACTIVATIONS["sigmoid"].build()
    ends = sigmoid.value(np.array(sigmoid.ends(0.05)))
    assert ends == pytest.approx([0.0127, 0.9873], abs=5e-5)


@pytest.mark.parametrize("level", [1e-17, 0.05, 0.9])
def test_step_is_flat_on_both_sides_of_zero(level):
    """Design, section 4: low x <= 0, high x > 0."""
    step = ACTIVATIONS["step"].build()
    assert step.ends(level) == (0.0, nextafter(0, 1))
    assert step.steepest == 0


def test_relu_is_flat_up_to_and_with_zero():
    assert ACTIVATIONS["relu"].build().ends(0.05) == (0.0, None)


@each_activation
def test_ends_move_outwards_as_the_level_falls(activation):
    ends = [activation.ends(level) for level in LEVELS]
    lows = [low for low, _ in ends if low is not None]
    highs = [high for _, high in ends if high is not None]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)


@each_activation
@every("level", [0.05, 0.5])
def test_building_and_asking_is_silent(example, level):
    """No numpy warning reaches the screen: not when built, not when asked for the ends."""
    name, given = example
    with np.errstate(all="raise", under="ignore"):
        ACTIVATIONS[name].build(**given).ends(level)
