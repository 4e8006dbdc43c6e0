"""What holds of expectations whatever their values; those stand in test_expectations_reference."""

from __future__ import annotations

import sys
from itertools import pairwise
from math import asin, cos, erfc, exp, inf, isclose, log, pi, sin, sqrt
from subprocess import run

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.cases import every
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.quadrature import Quadrature, Smoothing

PARAMETERS = {
    "leaky_relu": [{"negative_slope": m} for m in (0.0, 0.01, -0.5)],
    "prelu": [{"negative_slope": 0.25}],
    "elu": [{"alpha": a} for a in (0.0, 0.5, 1.0, 2.0)],
    "celu": [{"alpha": a} for a in (0.1, 1.0)],
    "gelu": [{"approximate": form} for form in ("none", "tanh")],
    "squareplus": [{"b": 4.0}],
    "hard_sigmoid": [{"form": form} for form in ("torch", "keras2")],
    "sin": [{"omega": w} for w in (1.0, 30.0)],
    "threshold": [
        {"threshold": t, "value": v} for t, v in ((0.5, 0.0), (0.5, -1.0), (-1.0, 2.0), (0.5, 0.5))
    ],
    "soft_shrink": [{"threshold": t} for t in (0.5, 0.0)],
    "hard_shrink": [{"threshold": t} for t in (0.5, 0.0)],
}
ROWS = [(name, row) for name in ACTIVATIONS for row in PARAMETERS.get(name, [{}])]
ALL = [Expectations(name, **row) for name, row in ROWS]
IDS = [" ".join(map(str, [name, *row.values()])) for name, row in ROWS]
each = pytest.mark.parametrize("e", ALL, ids=IDS)
EXPONENTIAL = ALL[IDS.index("exponential")]
# exp(q) and exp(-omega² q) outrun differences and a test's quadrature.
STEEP = ("exponential", "sin")
JUMPING = {"step", "threshold 0.5 0.0", "threshold 0.5 -1.0", "threshold -1.0 2.0"}
JUMPING |= {"hard_shrink 0.5"}
FEW = settings(max_examples=150, deadline=None)
any_of_them = st.sampled_from(ALL)
scales = st.floats(-12, 8).map(lambda k: 10.0**k)
distances = st.floats(-20, -0.05).map(lambda k: 10.0**k)


def test_which_activations_jump():
    assert {name for name, e in zip(IDS, ALL, strict=True) if e.jumps} == JUMPING


@FEW
@given(e=any_of_them, q=scales, d=distances)
def test_spread_grows_with_d(e, q, d):
    wider = e.spread(q, 1.1 * d)
    assume(wider < inf)
    assert 0 <= e.spread(q, d) <= wider * (1 + 1e-10)


@FEW
@given(e=any_of_them, q=scales)
def test_spread_of_independent_pairs_is_the_variance(e, q):
    mean, square, _ = e.moments(q)
    assume(square < inf)
    assert isclose(e.spread(q, 1), square - mean * mean, rel_tol=1e-10, abs_tol=1e-10 * square)


@FEW
@given(e=any_of_them, q=scales)
def test_slope_product_of_equal_pairs_is_the_slopes_square(e, q):
    slope_square = e.moments(q).slope_square
    assert e.slope_product(q, 0) == slope_square
    assert isclose(e.slope_product(q, 1e-300), slope_square, rel_tol=1e-10, abs_tol=1e-290)


CONTINUOUS = [
    e for (name, _), e in zip(ROWS, ALL, strict=True) if not e.jumps and name not in STEEP
]


@FEW
@given(
    e=st.sampled_from(CONTINUOUS), q=st.floats(-3, 3).map(lambda k: 10.0**k), d=st.floats(0.01, 0.9)
)
def test_price_s_theorem(e, q, d):
    """d spread / dd = q E[φ'φ'], by a difference of order six."""
    h = d / 64
    rise = sum(
        weight * (e.spread(q, d + k * h) - e.spread(q, d - k * h))
        for k, weight in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
    )
    assume(rise < inf)
    tiny = 1e-7 * q * e.moments(q).slope_square
    assert isclose(rise / h, q * e.slope_product(q, d), rel_tol=2e-3, abs_tol=tiny)


@each
@every("q", [1e-12, 1e-4, 0.3, 1, 30, 1e4, 1e8])
def test_spread_of_near_pairs(e, q):
    """q d E[φ'²], and at a jump its square times P(x and y lie on either side) = √(d / 2) / π."""
    d = 1e-30 if e.jumps else 1e-300
    near = q * d * e.moments(q).slope_square
    for k in e.activation.kinks if e.jumps else ():
        below, above = e.activation.value(np.nextafter(k, [-inf, inf]))
        near += (above - below) ** 2 * sqrt(d / 2) / pi * exp(-k * k / (2 * q))
    assert isclose(e.spread(q, d), near, rel_tol=1e-10, abs_tol=1e-290)
    assert e.spread(q, 0) == 0


OPPOSITES = [e for e in ALL if e is not EXPONENTIAL and e.activation.steepest < 30]


@pytest.mark.parametrize("e", OPPOSITES)
@every("q", [1e-12, 1e-4, 0.3, 1, 30, 1e3])
def test_pairs_of_opposites(e, q):
    """At c = -1 a pair is x, -x: one integral, here over thousands of panels of two nodes."""
    edges = np.concatenate([np.linspace(0, 9, 8001), np.geomspace(1e-6, 9, 400)]) * sqrt(q)
    edges = np.unique(np.append(edges, np.abs(e.activation.kinks)))
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    x = np.concatenate([middle - half / sqrt(3), middle + half / sqrt(3)])
    value, slope = e.activation.value, e.activation.derivative
    with np.errstate(under="ignore", over="ignore"):
        weights = np.concatenate([half, half]) * np.exp(-x * x / (2 * q)) / sqrt(2 * pi * q)
        spread = weights @ np.square(value(x) - value(-x))
        product = 2 * weights @ (slope(x) * slope(-x))
    assert isclose(e.spread(q, 2), spread, rel_tol=1e-8, abs_tol=1e-20)
    assert isclose(e.slope_product(q, 2), product, rel_tol=1e-8, abs_tol=1e-8)


@pytest.mark.parametrize("q", [1e-12, 1e-3, 1.0, 1e3, 1e8])
def test_what_symmetry_makes_exact(q):
    odd = ["linear", "tanh", "softsign", "hard_tanh", "erf", "tanh_shrink"]
    for e in [
        *map(Expectations, odd),
        Expectations("sin", omega=30.0),
        Expectations("soft_shrink", threshold=0.5),
        Expectations("hard_shrink", threshold=0.5),
    ]:
        assert e.moments(q).mean == 0
    for e in [
        Expectations("sigmoid"),
        Expectations("step"),
        Expectations("hard_sigmoid", form="torch"),
    ]:
        assert e.moments(q).mean == 0.5
    step = Expectations("step")
    assert step.moments(q).slope_square == 0
    assert step.slope_product(q, 0.3) == 0


@each
def test_no_variance(e):
    zero = float(e.activation.value(np.zeros(1))[0])
    beside = e.activation.derivative(np.array([-1e-250, 1e-250]))
    mean, square, slope_square = e.moments(0)
    assert (mean, square) == (zero, zero * zero)
    assert isclose(slope_square, np.mean(beside**2), rel_tol=1e-12)
    assert e.spread(0, 0.5) == 0
    assert isclose(e.slope_product(0, 1e-300), slope_square, rel_tol=1e-12)
    assert isclose(e.slope_product(0, 1), np.mean(beside) ** 2, rel_tol=1e-12)
    assert e.zero_fraction(0) == (zero == 0)
    assert e.shares(0, np.array([zero - 1, zero, zero + 1])).tolist() == [0, 1]


CLOSED = [
    (name, row, e)
    for (name, row), e in zip(ROWS, ALL, strict=True)
    if type(e._method) is not Smoothing
    and not e.jumps
    and name not in STEEP
    and row.get("threshold") != 0  # the derivative is 0 at exactly 0, where nodes may lie
]


@pytest.mark.parametrize(("name", "row", "e"), CLOSED, ids=[name for name, *_ in CLOSED])
@every("q", [1e-4, 1.0, 30.0, 1e4])
@every("d", [1e-6, 0.1, 0.7, 1.0])
def test_closed_forms_agree_with_quadrature(name, row, e, q, d):
    scale = max(map(abs, e.activation.kinks), default=0) or 0.5
    smoothing = Smoothing(e.activation, scale)
    with np.errstate(under="ignore"):
        moments, again = e.moments(q), Quadrature(e.activation, scale).moments(q)
        spread, product = smoothing.spread(q, d), smoothing.slope_product(q, d)
    assert np.allclose(moments, again, rtol=1e-9, atol=1e-10 * again.square)
    assert isclose(e.spread(q, d), spread, rel_tol=1e-9, abs_tol=1e-16 * again.square)
    assert isclose(e.slope_product(q, d), product, rel_tol=1e-9, abs_tol=1e-290)


def test_the_textbooks_formulas():
    """He et al. 2015; Cho & Saul 2009; Williams 1997."""
    relu, erf = Expectations("relu"), Expectations("erf")
    assert relu.moments(2.0) == (sqrt(1 / pi), 1.0, 0.5)
    for theta in (0.3, 1.0, 2.5):
        d = 1 - cos(theta)
        product = (sin(theta) + (pi - theta) * cos(theta)) / (2 * pi)
        assert isclose(relu.spread(3.0, d), 3 * (0.5 - product), rel_tol=1e-12)
        kernel = [2 / pi * asin(6 * c / 7) for c in (1, cos(theta))]
        assert isclose(erf.spread(3.0, d), kernel[0] - kernel[1], rel_tol=1e-12)


def test_what_overflows_is_infinite():
    e = Expectations("exponential")
    assert e.moments(1e8) == (inf, inf, inf)
    assert e.spread(400, 0.5) == e.slope_product(1e8, 0.5) == inf
    assert 0 < e.spread(360, 1e-14) < inf


@pytest.mark.parametrize("q", [1e-12, 1e-2, 1.0, 1e8])
def test_tails(q):
    e = Expectations("sigmoid")
    assert e.tails(q, None, None) == (None, None)
    low, high = e.tails(q, -2 * sqrt(q), 3 * sqrt(q))
    assert isclose(low, erfc(sqrt(2)) / 2, rel_tol=1e-12)
    assert isclose(high, erfc(3 / sqrt(2)) / 2, rel_tol=1e-12)
    assert e.tails(0, 0.0, 0.1) == (1, 0)


NORMALS = np.random.Generator(np.random.PCG64(1)).standard_normal(100_000)


@each
@every("q", [1e-2, 1.0, 100.0])
def test_shares_and_zeros_of_a_sample(e, q):
    x = sqrt(q) * NORMALS
    with np.errstate(over="ignore", under="ignore"):
        phi = e.activation.value(x)
    low, high = np.quantile(phi, [0.02, 0.98])
    edges = np.linspace(low, high if high > low else low + 1, 31)
    counts = np.histogram(phi, edges)[0] / len(phi)
    shares = e.shares(q, edges)
    error = 6 * np.sqrt((shares * (1 - shares) + 1e-5) / len(phi))
    assert np.all(np.abs(shares - counts) <= error + 1e-5)
    if e.activation.bounds[0] < 0 and q == 100:
        return  # x Φ(x) underflows to zeros that are none
    zeros = e.zero_fraction(q)
    assert abs(zeros - np.mean(phi == 0)) <= 6 * sqrt((zeros + 1e-5) / len(phi))


@each
@every("q", [1e-12, 1e-6, 1.0, 1e4, 1e8])
def test_shares_are_all_of_the_mass(e, q):
    edges = np.concatenate([[-1e300], np.linspace(-3 * sqrt(q), 3 * sqrt(q), 30), [1e300]])
    shares = e.shares(q, edges)
    assert np.all(shares >= -1e-7)
    over = e.tails(q, None, log(1e300))[1] if e is EXPONENTIAL else 0
    assert abs(shares.sum() + over - 1) <= 1e-5


@pytest.mark.parametrize("q", [1e-12, 1e-2, 1.0, 1e4, 1e8])
def test_shares_of_a_monotone_function(q):
    """Those of tanh are a normal's between the edges' artanh."""
    edges = np.tanh(np.linspace(-3, 3, 31) * min(1.0, sqrt(q)))
    x = np.arctanh(edges) / sqrt(2 * q)
    cdf = [erfc(-v) / 2 for v in x]
    exact = [b - a for a, b in pairwise(cdf)]
    assert np.allclose(Expectations("tanh").shares(q, edges), exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize("q", [0.01, 1.0, 1e8])
def test_shares_of_a_fast_sine(q):
    """Of a uniform phase: the arcsine law."""
    edges = np.linspace(-1, 1, 31)
    exact = np.diff(np.arcsin(edges)) / pi
    assert np.allclose(Expectations("sin", omega=30.0).shares(q * 100, edges), exact, atol=1e-5)


def test_atoms_lie_in_the_bin_that_holds_them():
    relu, cut = Expectations("relu"), Expectations("hard_tanh")
    assert np.allclose(relu.shares(1.0, np.array([-1.0, 0.0, 1e9])), [0, 1])
    assert np.allclose(relu.shares(1.0, np.array([-1.0, 0.0])), [0.5])
    tail = erfc(1 / sqrt(2)) / 2
    assert np.allclose(cut.shares(1.0, np.array([-1.0, 0.0, 1.0])), [0.5, 0.5])
    assert np.allclose(cut.shares(1.0, np.array([0.0, 1.0, 2.0])), [0.5 - tail, tail])


def test_zero_fractions():
    def zeros(name, **arguments):
        return Expectations(name, **arguments).zero_fraction(4.0)

    assert zeros("relu") == zeros("relu6") == zeros("step") == 0.5
    assert zeros("tanh") == zeros("elu", alpha=1.0) == zeros("sigmoid") == 0
    assert isclose(zeros("hard_silu"), erfc(1.5 / sqrt(2)) / 2)
    assert isclose(zeros("hard_sigmoid", form="keras2"), erfc(1.25 / sqrt(2)) / 2)
    assert isclose(zeros("soft_shrink", threshold=0.5), 1 - erfc(0.25 / sqrt(2)))
    assert isclose(zeros("threshold", threshold=0.5, value=0.0), 1 - erfc(0.25 / sqrt(2)) / 2)
    assert zeros("threshold", threshold=0.5, value=1.0) == zeros("hard_shrink", threshold=0.0) == 0


def test_no_slow_import():
    script = (
        "import sys\n"
        "from weightinit_cli.theory.expectations import Expectations\n"
        "for name in ('tanh', 'relu', 'hard_tanh', 'selu'):\n"
        "    e = Expectations(name)\n"
        "    e.moments(1.0), e.spread(1.0, 0.5), e.zero_fraction(1.0)\n"
        "    e.shares(1.0, [-1.0, 0.0, 1.0])\n"
        "assert not {'scipy', 'numpy.polynomial', 'numpy.ma'} & sys.modules.keys()\n"
    )
    assert exp(run([sys.executable, "-c", script], check=False).returncode) == 1
