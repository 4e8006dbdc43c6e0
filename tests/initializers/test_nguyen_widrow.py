"""Nguyen and Widrow: columns of one norm in random directions, biases spread over that norm."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.streams import Role, stream

Z = 4.5
ROW = INITIALIZERS["nguyen_widrow"]
DTYPES = ("float32", "float64")
# fan_in, fan_out, 0.7 fan_out^(1 / fan_in).
NORMS = [
    ((1, 1), 0.7),
    ((1, 50), 35.0),
    ((2, 9), 2.1),
    ((2, 100), 7.0),
    ((3, 8), 1.4),
    ((10, 1024), 1.4),
    ((100, 1), 0.7),
    ((300, 40), 0.7 * 40 ** (1 / 300)),
]


def draw(shape, dtype="float64", seed=0):
    weights = np.full(shape, np.nan, dtype)
    ROW.build(Fans(*shape)).fill(weights, stream(seed, Role.WEIGHTS))
    return weights


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "norm"), NORMS)
def test_every_column_has_the_norm(shape, norm, dtype):
    """To rounding: of each entry, of the sum of fan_in squares, and of the root."""
    norms = np.linalg.norm(draw(shape, dtype).astype(np.float64), axis=0)
    assert norms.shape == shape[1:]
    assert np.abs(norms / norm - 1).max() < (shape[0] + 8) * np.finfo(dtype).eps


@pytest.mark.parametrize(("shape", "norm"), NORMS)
def test_bias_is_uniform_within_the_norm(shape, norm):
    sampler = ROW.build_bias(Fans(*shape))
    assert sampler.mean == 0
    assert sampler.std == pytest.approx(norm / sqrt(3), rel=1e-14)
    assert not sampler.whole
    bias = np.empty((1, 100_000))
    sampler.fill(bias, stream(0, Role.BIAS))
    assert np.abs(bias).max() <= norm
    # Kolmogorov-Smirnov, P(sqrt(n) D > 2.5) = 7e-6.
    p = (np.sort(bias[0]) / norm + 1) / 2
    n = p.size
    off = max((np.arange(1, n + 1) / n - p).max(), (p - np.arange(n) / n).max())
    assert sqrt(n) * off < 2.5


def test_one_input_is_a_sign():
    weights = draw((1, 10_000))
    assert np.allclose(np.abs(weights), 7000, rtol=1e-15)
    positive = np.count_nonzero(weights > 0)
    assert abs(positive - 5000) < Z * 50


class Middle:
    """A stand-in for a generator whose every draw is the middle of [0, 1)."""

    def random(self, out, dtype):
        out[...] = 0.5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 4), (3, 5)])
def test_a_column_that_was_drawn_as_zero_has_the_norm_all_the_same(shape, dtype):
    """With one input and float32 one draw in 2^24 is zero, which has no direction."""
    weights = np.empty(shape, dtype)
    sampler = ROW.build(Fans(*shape))
    with np.errstate(all="ignore"):
        sampler.fill(weights, Middle())
    norm = 0.7 * shape[1] ** (1 / shape[0])
    assert np.allclose(np.linalg.norm(weights, axis=0), norm, rtol=1e-6)


def test_directions_in_the_plane_are_those_of_a_square():
    """The angle t of a point of [-1, 1]² has the density 1 / (8 max(|cos t|, |sin t|)²): from one
    axis to the next diagonal its distribution function is tan(t) / 8. Kolmogorov-Smirnov.
    """
    x, y = draw((2, 40_000))
    angle = np.sort(np.arctan2(y, x) % (2 * np.pi))
    octant = np.floor(angle / (np.pi / 4))
    inside = angle - octant * (np.pi / 4)
    even = octant % 2 == 0
    part = np.where(even, np.tan(inside), 1 - np.tan(np.pi / 4 - inside))
    p = (octant + part) / 8
    n = p.size
    off = max((np.arange(1, n + 1) / n - p).max(), (p - np.arange(n) / n).max())
    assert sqrt(n) * off < 2.5
    # The power: uniform angles would be seen.
    uniform = angle / (2 * np.pi)
    assert sqrt(n) * np.abs(uniform - np.arange(n) / n).max() > 2.5


def test_no_direction_has_a_side_and_no_two_inputs_hang_together():
    """E w = 0 and E w wᵀ = norm²/fan_in, entry by entry; the columns are independent."""
    n, columns = 4, 20_000
    weights = draw((n, columns))
    norm = 0.7 * columns ** (1 / n)
    assert (np.abs(weights.mean(axis=1)) < Z * weights.std(axis=1) / sqrt(columns)).all()
    for i in range(n):
        for j in range(i + 1):
            product = weights[i] * weights[j]
            expected = norm**2 / n if i == j else 0
            assert abs(product.mean() - expected) < Z * product.std() / sqrt(columns)
    # Unlike on a sphere: E w⁴ of the normalised corner-heavy directions is below 3 / (n (n + 2)).
    fourth = (weights / norm) ** 4
    assert fourth.mean() < 3 / (n * (n + 2)) - Z * fourth.std() / sqrt(fourth.size)


def test_neighbouring_columns_are_independent():
    weights = draw((3, 20_000))
    cosines = np.sum(weights[:, ::2] * weights[:, 1::2], axis=0)
    assert abs(cosines.mean()) < Z * cosines.std() / sqrt(10_000)
