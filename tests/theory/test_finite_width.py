"""The kernel of finite width, against closed forms and against the expectations themselves."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from support.theory import predict_alike
from weightinit_cli.theory import LayerScale, expectations_of
from weightinit_cli.theory.finite_width import KernelDeviation, Pair

WIDTH = 200
STEP = 0.02


def kernels(name, sigma_w2, layers=4, bias=0.0, excess=0.0):
    """Each layer's pair and kernel, and the kernel with tails, of layers of one width."""
    e = expectations_of(name)
    scale = LayerScale(WIDTH, WIDTH, sigma_w2 / WIDTH, bias, weight_excess=excess)
    below, kernel = Pair(None, 1.0, 1.0), KernelDeviation()
    for p in predict_alike(e, [scale] * layers, 100):
        pair = Pair(e.activation, p.q, p.d)
        tailed = below.with_tails(KernelDeviation(), WIDTH, scale, pair)
        kernel = below.handed_on(kernel, kernel, WIDTH, scale, pair)
        yield pair, kernel, tailed
        below = pair


def test_the_norms_of_inputs():
    """|x|² / n of N(0, 1) has the variance 2 / n; those of two inputs are independent."""
    pair, kernel, _ = next(kernels("tanh", 1.7))
    mean, single, common = pair.of_one(kernel)
    assert mean == pytest.approx(0, abs=1e-7)
    assert single == pytest.approx(2 / WIDTH, rel=1e-4)
    assert common == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(("name", "sigma_w2", "per_layer"), [("linear", 1.0, 2), ("relu", 2.0, 5)])
def test_lengths_of_homogeneous_networks(name, sigma_w2, per_layer):
    """E[q] stays, and Var(q) / q² grows by (E[φ⁴] / E[φ²]² - 1) / n (Hanin & Rolnick 2018)."""
    for number, (pair, kernel, _) in enumerate(kernels(name, sigma_w2)):
        mean, single, _ = pair.of_one(kernel)
        assert mean == pytest.approx(0, abs=1e-6)
        assert single == pytest.approx((2 + number * per_layer) / WIDTH, rel=2e-3)


def test_the_mean_of_q_is_that_of_its_curvature():
    """E[q_2] - q_2 = ½ σ_w² d²E[φ²]/dq² Var(q_1) in the second layer."""
    e = expectations_of("tanh")
    (_, _, _), (pair, kernel, _) = kernels("tanh", 1.0, layers=2)
    square = [e.moments(1 + k * STEP).square for k in (-1, 0, 1)]
    curvature = (square[0] - 2 * square[1] + square[2]) / STEP**2
    mean, _, _ = pair.of_one(kernel)
    assert mean * pair.q == pytest.approx(curvature / 2 * 2 / WIDTH, rel=2e-3)


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu", "sigmoid", "selu"])
@pytest.mark.parametrize(("q", "d"), [(1.0, 1.0), (0.7, 0.4), (3.0, 0.02), (1.5, 1e-6)])
def test_derivatives_are_those_of_the_expectations(name, q, d):
    """By ln q at the same correlation, and by ln(1 - c) at the same q."""
    arguments = {"approximate": "none"} if name == "gelu" else {}
    e = expectations_of(name, **arguments)
    pair = Pair(e.activation, q, d)
    up, down = (e.moments(q * exp(k * STEP)) for k in (1, -1))
    assert pair.square.mean == pytest.approx(e.moments(q).square, rel=1e-3)
    assert pair.square.by_ln_q == pytest.approx((up.square - down.square) / 2 / STEP, rel=2e-3)
    # At a kink a very narrow pair falls between the nodes.
    assert pair.spread.mean == pytest.approx(e.spread(q, d), rel=1e-3 if d > 1e-3 else 1e-2)
    up, down = (log(e.spread(q * exp(k * STEP), d)) for k in (1, -1))
    by_log_q = (up - down) / 2 / STEP
    assert pair.spread.by_ln_q / pair.spread.mean == pytest.approx(by_log_q, abs=1e-2)
    if d < 1:
        up, down = (log(e.spread(q, d * exp(k * STEP))) for k in (1, -1))
        by_d = pair.spread.by_difference - pair.spread.by_sum * d / (2 - d)
        assert by_d / pair.spread.mean == pytest.approx((up - down) / 2 / STEP, abs=3e-3)


def test_uniform_weights_have_light_tails():
    """E[z⁴] of uniform weights and inputs of N(0, 1) is q² (3 + 2.4 / n), of normal 3 + 6 / n."""
    for excess, expected in ((0.0, 6.0), (-1.2, 2.4)):
        ((pair, kernel, tails),) = kernels("linear", 1.0, layers=1, excess=excess)
        tailed = KernelDeviation(*(np.add(kernel, tails)))
        fourth = pair.expansion(pair.x**4)
        assert fourth.mean == pytest.approx(3, rel=1e-4)
        assert fourth.shift(tailed) == pytest.approx(expected / WIDTH, rel=1e-3)


def test_windows_see_a_mean_over_their_places():
    """Of places without correlation q strays as much less as there are places."""
    pair = Pair(None, 1.0, 1.0)
    kernel = KernelDeviation(sum=0.02, difference=0.02, skew=0.01)
    assert pair.of_one(pair.of_windows(kernel, 9))[1] == pytest.approx(0.02 / 9)
    alike = KernelDeviation(sum=0.02, difference=0.02, both=0.02)
    assert pair.of_windows(alike, 9) == pytest.approx(alike)
