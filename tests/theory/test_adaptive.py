"""Expectations of activations of which nothing is known, by panels that follow them."""

from __future__ import annotations

import json
from math import erfc, exp, expm1, isclose, isnan, nan, sqrt
from pathlib import Path

import numpy as np
import pytest

from support.cases import every
from support.theory import errors_alike, predict_alike
from weightinit_cli.activations import ACTIVATIONS, Row
from weightinit_cli.activations.own import own
from weightinit_cli.theory import UnresolvedError, expectations_of
from weightinit_cli.theory.adaptive import Adaptive
from weightinit_cli.theory.critical import critical_line, critical_sigma_w, phase_grid
from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.fixed_points import limits
from weightinit_cli.theory.predictions import LayerScale

RECORDS = json.loads(Path(__file__).with_name("expectations.json").read_text(encoding="utf-8"))
FIRST = {record["name"]: record for record in reversed(RECORDS)}


@pytest.fixture(autouse=True)
def _quiet():
    """Values over- and underflow far out, as they do in Expectations."""
    with np.errstate(all="ignore"):
        yield


def agrees(value, reference, small):
    if reference == "inf":
        return value == np.inf
    return isclose(value, reference, rel_tol=1e-9, abs_tol=1e-14 * small + 1e-290)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_row_of_the_table_as_if_nothing_were_known_of_it(name):
    """All variances that are recorded, and of the pairs a few; see `record_expectations.py`."""
    record = FIRST[name]
    e = Adaptive(ACTIVATIONS[name].build(**record["arguments"]))
    for q, mean, square, slope_square in record["moments"]:
        moments = e.moments(q)
        assert agrees(moments.mean, mean, sqrt(moments.square)), q
        assert agrees(moments.square, square, 0), q
        assert agrees(moments.slope_square, slope_square, 0), q
    for q, d, spread, slope_product in record["pairs"]:
        if (q, d) in ((0.01, 1e-14), (1.0, 0.5), (30.0, 1.5)):
            moments = e.moments(q)
            assert agrees(e.spread(q, d), spread, moments.square), (q, d)
            assert agrees(e.slope_product(q, d), slope_product, moments.slope_square), (q, d)


def snake(a):
    return own("snake", lambda x: x + np.sin(a * x) ** 2 / a, lambda x: 1 + np.sin(2 * a * x))


def of_snake(a, q, d):
    """E[φ], E[φ²], E[φ'²], the spread and E[φ'φ'], from E[exp(iu)] = exp(-Var[u] / 2).

    φ = x + (1 - cos u) / 2a and φ' = 1 + sin u with u = 2ax, whose variance is Q = 4a²q; for a pair
    E[cos u cos v] and E[sin u sin v] are (exp(-Qd) ± exp(-Q (2 - d))) / 2.
    """
    big = 4 * a * a * q
    cosine, square = -expm1(-big / 2), -expm1(-2 * big)
    mean = cosine / (2 * a)
    bent = (2 * cosine - square / 2) / (4 * a * a)
    apart = expm1(-big * d) * expm1(-big * (2 - d)) / 2
    product = 1 + (exp(-big * d) - exp(-big * (2 - d))) / 2
    return mean, q + bent, 1 + square / 2, q * d + apart / (4 * a * a), product


@every("a", [0.1, 1, 30])
def test_snake_at_any_scale(a):
    """Near 0, over a few of its turns and far beyond what panels can follow."""
    e = Adaptive(snake(a))
    for q, d in ((0.01, 0.1), (1.0, 1e-8), (1.0, 0.5), (30.0, 1.0), (1e9, 0.3)):
        mean, square, slope_square, spread, product = of_snake(a, q, d)
        moments = e.moments(q)
        assert isclose(moments.mean, mean, rel_tol=1e-9)
        assert isclose(moments.square, square, rel_tol=1e-10)
        assert isclose(moments.slope_square, slope_square, rel_tol=1e-10)
        assert isclose(e.spread(q, d), spread, rel_tol=1e-9)
        assert isclose(e.slope_product(q, d), product, rel_tol=1e-9)


@pytest.fixture
def named(monkeypatch):
    """Expectations of an activation that is given by its functions, under a name of the table."""

    def give(value, derivative, **given):
        row = Row(lambda: own("mine", value, derivative, **given), "mine")
        monkeypatch.setitem(ACTIVATIONS, "mine", row)
        return Expectations("mine")

    return give


def relu_squared(x):
    return np.maximum(x, 0) ** 2


def test_theory_of_a_function_is_that_of_the_same_row(named):
    """silu, whose row has a method of its own: limits, critical line, phases, standard errors."""
    row = expectations_of("silu")
    mine = named(row.activation.value, row.activation.derivative)
    assert limits(mine, 2.0, 0.01).sentence() == limits(row, 2.0, 0.01).sentence()
    assert isclose(critical_sigma_w(mine, 1.0).sigma_w, critical_sigma_w(row, 1.0).sigma_w)
    assert critical_line(mine).sentence() == critical_line(row).sentence()
    axes = np.linspace(0.3, 3, 7), np.linspace(0.1, 1, 5)
    assert (phase_grid(mine, *axes).phase == phase_grid(row, *axes).phase).all()
    scales = [LayerScale(100, 100, 0.02, 0.0)] * 3
    found = [predict_alike(e, scales, 100) for e in (mine, row)]
    for one, other in zip(*found, strict=True):
        assert one.figures == pytest.approx(other.figures, rel=1e-9)
    errors = [errors_alike(row, scales, each, 100) for each in found]
    assert errors[0][-1] == pytest.approx(errors[1][-1])


SHARED = {
    "snake": (lambda x: x + np.sin(5 * x) ** 2 / 5, lambda x: 1 + np.sin(10 * x)),
    "growing cosine": (lambda x: x * np.cos(x), lambda x: np.cos(x) - x * np.sin(x)),
    "very fast sine": (lambda x: np.sin(1e5 * x), lambda x: 1e5 * np.cos(1e5 * x)),
    "squared relu": (relu_squared, lambda x: 2 * np.maximum(x, 0)),
    "stairs": (np.round, np.zeros_like),
    "a jump down": (lambda x: x - 3 * (x > 1), np.ones_like),
}


@every("name", SHARED)
def test_shares_of_a_sample(named, name):
    e = named(*SHARED[name])
    x = 2 * np.random.Generator(np.random.PCG64(1)).standard_normal(100_000)
    phi = e.activation.value(x)
    edges = np.linspace(*np.quantile(phi, [0.02, 0.98]), 24)
    counts = np.histogram(phi, edges)[0] / len(phi)
    shares = e.shares(4.0, edges)
    assert np.all(np.abs(shares - counts) <= 6 * np.sqrt((counts + 1e-5) / len(phi)) + 2e-5)


def test_zeros_and_jumps(named):
    squared = named(*SHARED["squared relu"])
    assert squared.zero_fraction(4.0) == 0.5
    assert not squared.jumps
    assert named(*SHARED["stairs"]).zero_fraction(4.0) == pytest.approx(1 - erfc(0.25 / sqrt(2)))
    assert named(*SHARED["a jump down"]).jumps
    assert not named(*SHARED["snake"]).jumps
    assert named(*SHARED["snake"]).zero_fraction(4.0) == 0


def test_a_pair_on_either_side_of_a_jump(named):
    """½ E[(φ - φ)²] of the unit step is P(x <= 0 < y) = arccos(c) / 2π."""
    e = named(lambda x: (x > 0) * 1.0, np.zeros_like)
    for d in (1e-10, 0.3, 1.7):
        expected = np.arctan2(sqrt(d * (2 - d)), 1 - d) / (2 * np.pi)
        assert isclose(e.spread(1.0, d), expected, rel_tol=1e-9)


@every("value", [np.float32, np.float64])
def test_what_is_coarsely_rounded_is_followed_as_far_as_it_goes(named, value):
    e = named(lambda x: np.tanh(x.astype(value)), lambda x: 1 - np.tanh(x.astype(value)) ** 2)
    exact = expectations_of("tanh")
    for q in (0.1, 10.0, 1e4):
        assert e.moments(q) == pytest.approx(exact.moments(q), rel=1e-5, abs=1e-9)


def test_where_nothing_is_known_nothing_is_said(named):
    """Stairs are known between -64 and 64, where their kinks are found."""
    e = named(*SHARED["stairs"])
    assert e.moments(1.0).square > 0
    assert all(map(isnan, (*e.moments(1e4), e.spread(1e4, 0.5), e.slope_product(1e4, 0.5))))
    scales = [LayerScale(100, 100, 10.0, 0.0)] * 3
    assert len(predict_alike(e, scales, 100)) == 0
    for asked in (
        lambda: limits(e, 1000.0, 0.0),
        lambda: phase_grid(e, np.array([30.0]), np.array([0.1])),
    ):
        with pytest.raises(UnresolvedError, match=r"cannot be followed at variances above \d+"):
            asked()


def test_values_that_are_none_far_out_are_no_matter_nearer(named):
    """exp(x) / (1 + exp(x)) is nan above 709."""
    e = named(lambda x: np.exp(x) / (1 + np.exp(x)), lambda x: np.exp(x) / (1 + np.exp(x)) ** 2)
    exact = expectations_of("sigmoid")
    assert e.moments(1e3) == pytest.approx(exact.moments(1e3), rel=1e-9)
    assert e.moments(1e5) == pytest.approx((nan, nan, nan), nan_ok=True)
    assert limits(e, 4.0, 0.0).q == pytest.approx(limits(exact, 4.0, 0.0).q, rel=1e-9)
