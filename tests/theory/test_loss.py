"""The expected loss at the start against other ways to the same integral, and simulation."""

from __future__ import annotations

from math import inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli.theory.loss import expected_loss

# E ln Σ exp(z) by mpmath in 25 digits: of two logits as a single integral over z_1 - z_2, of more
# as that of (exp(-t) - E[exp(-t Σ exp(z))]) / t over t.
RECORDED = {
    (2, 1e-3): 0.693397118101568,
    (2, 1.0): 0.902661907720027,
    (2, 9.0): 1.83871238461518,
    (2, 1e2): 5.68803548419202,
    (2, 1e4): 56.423598360995,
    (3, 0.25): 1.1787417560665,
    (10, 1.0): 2.7288638954873,
    (10, 9.0): 5.0850896410243,
    (1000, 2.0): 7.9046398458635,
}
# The expected largest of so many standard normals (Harter 1961, table 1).
LARGEST = {2: 0.56418958355, 3: 0.84628437532, 10: 1.53875273, 100: 2.50759364}
CLASSES = st.sampled_from([2, 3, 10, 1000, 100_000])


@pytest.mark.parametrize(("classes", "q"), RECORDED)
def test_it_is_the_integral_that_mpmath_finds(classes: int, q: float) -> None:
    assert expected_loss(q, classes).mean == pytest.approx(RECORDED[classes, q], rel=1e-12)


@pytest.mark.parametrize("classes", [2, 10, 100_000])
def test_without_logits_it_is_that_of_an_indifferent_model(classes: int) -> None:
    loss = expected_loss(0.0, classes)
    assert loss.mean == log(classes)
    assert loss.error_square == pytest.approx((1 - 1 / classes) / classes)
    nearly = expected_loss(1e-12, classes)
    assert nearly.mean == pytest.approx(loss.mean, rel=1e-11)
    assert nearly.spread == pytest.approx(loss.spread, rel=1e-11)


@given(classes=CLASSES)
def test_small_logits_add_half_their_variance(classes: int) -> None:
    q = 1e-4
    series = (1 - 1 / classes) * q / 2 - (q / 2) ** 2 * (1 - 1 / classes) / classes
    assert expected_loss(q, classes).mean == pytest.approx(log(classes) + series, abs=1e-12)


@pytest.mark.parametrize("classes", LARGEST)
def test_of_large_logits_the_largest_is_left(classes: int) -> None:
    q = 1e8
    assert expected_loss(q, classes).mean / sqrt(q) == pytest.approx(LARGEST[classes], abs=3e-8)


@given(classes=CLASSES, log_q=st.floats(-6, 18))
def test_its_derivative_is_half_of_what_probabilities_are_apart(classes: int, log_q: float) -> None:
    q = float(np.exp(log_q))
    step = 1e-3
    below, loss, above = (expected_loss(q * (1 + k * step), classes) for k in (-1, 0, 1))
    slope = (above.mean - below.mean) / (2 * step * q)
    assert loss.spread == pytest.approx(2 * slope, rel=1e-5, abs=1e-9 / min(q, 1))
    assert 0 <= loss.spread <= 1 - 1 / classes + 1e-12
    assert log(classes) <= loss.mean <= log(classes) + q / 2
    assert below.mean < above.mean


@pytest.mark.parametrize(("classes", "q"), [(2, 4.0), (3, 0.25), (10, 2.0), (10, 50.0), (100, 9.0)])
def test_simulation_finds_its_moments(classes: int, q: float) -> None:
    draws = 200_000 // classes
    z = np.random.default_rng(classes).normal(0, sqrt(q), (draws, classes))
    shifted = np.exp(z - z.max(axis=1, keepdims=True))
    total = shifted.sum(axis=1)
    p = shifted / total[:, None]
    found = np.log(total) + z.max(axis=1)
    loss = expected_loss(q, classes)
    assert abs(found.mean() - loss.mean) < 4 * found.std() / sqrt(draws)
    squares = (found - found.mean()) ** 2
    assert abs(squares.mean() - loss.variance) < 4 * squares.std() / sqrt(draws)
    p[:, 0] -= 1
    errors = (p * p).mean(axis=1)
    assert abs(errors.mean() - loss.error_square) < 4 * errors.std() / sqrt(draws)


@pytest.mark.parametrize("q", [-1.0, inf, float("nan")])
def test_a_variance_is_a_finite_number(q: float) -> None:
    with pytest.raises(ValueError, match="finite number"):
        expected_loss(q, 10)
