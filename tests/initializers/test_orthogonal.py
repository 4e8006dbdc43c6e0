"""Orthogonal matrices: orthonormal to rounding, for every shape, and uniform over all of them."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from support.cases import every
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.streams import Role, stream

Z = 4.5
SHAPES = [
    *((40, 40), (64, 20), (20, 64), (150, 149)),
    *((rows, columns) for rows in (1, 2, 3, 7) for columns in (1, 2, 3, 7)),
]
N = 5
MATRICES = 2000


def draw(shape, dtype="float64", seed=0, **given):
    weights = np.empty(shape, dtype)
    sampler = INITIALIZERS["orthogonal"].build(Fans(*shape), **given)
    sampler.fill(weights, stream(seed, Role.WEIGHTS))
    return weights


@every("gain", [1.0, 2.5])
@every("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_or_columns_are_orthonormal(shape, dtype, gain):
    """Householder QR keeps |QᵀQ - 1| below a small multiple of max(shape) eps."""
    weights = draw(shape, dtype, gain=gain).astype(np.float64) / gain
    fewer = weights @ weights.T if shape[0] < shape[1] else weights.T @ weights
    assert np.abs(fewer - np.eye(min(shape))).max() < 2 * max(shape) * np.finfo(dtype).eps


@pytest.mark.parametrize("shape", [(30, 30), (60, 30), (30, 60)])
def test_singular_values_are_the_gain(shape):
    singular = np.linalg.svd(draw(shape, gain=1.5), compute_uv=False)
    assert np.allclose(singular, 1.5, rtol=1e-13)


def test_gain_zero_is_zero():
    assert not draw((4, 6), gain=0.0).any()


@pytest.fixture(
    scope="module", params=[(N, N), (2 * N, N), (N, 2 * N), (1, N), (N, 1), (1, 1)], ids=str
)
def many(request):
    """Matrices of one shape, each from its own stream."""
    return np.stack([draw(request.param, seed=seed) for seed in range(MATRICES)])


def test_signs_are_balanced(many):
    """Without the signs of R's diagonal, LAPACK's Q has a first entry that is never positive.

    The number of positive ones is binomial: n/2 ± sqrt(n)/2.
    """
    positive = (many > 0).sum(axis=0)
    assert (np.abs(positive - MATRICES / 2) < Z * sqrt(MATRICES) / 2).all()


def test_entries_have_the_moments_of_a_point_on_the_sphere(many):
    """E q = 0, E q² = 1/n, E q⁴ = 3 / (n (n + 2)), n the larger side."""
    n = max(many.shape[1:])
    for power, expected in ((1, 0), (2, 1 / n), (4, 3 / (n * (n + 2)))):
        moments = many**power
        errors = moments.std(axis=0) / sqrt(MATRICES)
        assert (np.abs(moments.mean(axis=0) - expected) <= Z * errors).all()


def test_no_direction_is_preferred(many):
    """Haar: uᵀWv has the same law for all unit u and v; the ones are furthest from the axes."""
    rows, columns = many.shape[1:]
    seen = many.sum(axis=(1, 2)) / sqrt(rows * columns)
    n = max(rows, columns)
    assert abs(seen.mean()) < Z * sqrt(1 / n / MATRICES)
    square = np.square(seen)
    assert abs(square.mean() - 1 / n) <= Z * square.std() / sqrt(MATRICES)


def test_trace_and_determinant_of_square_ones():
    """Over O(n): E tr Q = 0, E tr² Q = 1, E tr Q² = 1, and half of the determinants are -1."""
    many = np.stack([draw((N, N), seed=seed) for seed in range(MATRICES)])
    trace = np.trace(many, axis1=1, axis2=2)
    trace_of_square = np.einsum("mij,mji->m", many, many)
    for seen, expected in ((trace, 0), (trace**2, 1), (trace_of_square, 1)):
        assert abs(seen.mean() - expected) < Z * seen.std() / sqrt(MATRICES)
    determinants = np.linalg.det(many)
    assert np.allclose(np.abs(determinants), 1)
    assert abs(np.count_nonzero(determinants > 0) - MATRICES / 2) < Z * sqrt(MATRICES) / 2
