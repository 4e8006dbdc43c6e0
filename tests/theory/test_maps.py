from __future__ import annotations

from itertools import product
from math import acos, asin, exp, inf, log, pi, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.fixed_points import (
    Fate,
    depth_scale,
    destination,
    limits,
    root,
)
from weightinit_cli.theory.maps import chi_1, chi_c, chi_q, next_d, next_q

PARAMETERS: dict[str, dict[str, float | str]] = {
    "leaky_relu": {"negative_slope": 0.2},
    "prelu": {"negative_slope": 0.25},
    "elu": {"alpha": 1.0},
    "celu": {"alpha": 2.0},
    "squareplus": {"b": 4.0},
    "soft_shrink": {"threshold": 0.5},
    "hard_shrink": {"threshold": 0.5},
    "gelu": {"approximate": "none"},
    "hard_sigmoid": {"form": "torch"},
    "sin": {"omega": 1.0},
    "threshold": {"threshold": 0.5, "value": -0.25},
}
# Activations whose q has a fixed point for any weights, and others for moderate ones.
BOUNDED = (
    "sigmoid",
    "tanh",
    "erf",
    "softsign",
    "hard_tanh",
    "relu6",
    "sin",
    "step",
    "hard_sigmoid",
)
OTHERS = ("relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hard_silu", "leaky_relu")
REST = ("softplus", "squareplus", "log_sigmoid", "threshold", "hard_shrink", "soft_shrink")

built: dict[str, Expectations] = {}


def of(name: str) -> Expectations:
    if name not in built:
        built[name] = Expectations(name, **PARAMETERS.get(name, {}))
    return built[name]


def iterate(e: Expectations, sigma_w2: float, sigma_b2: float, *, layers: int) -> float:
    q = sigma_w2 + sigma_b2
    for _ in range(layers):
        following = next_q(e, sigma_w2, sigma_b2, q)
        if following > 1e13 or abs(following - q) <= 1e-14 * q:
            return following
        q = following
    return q


@pytest.mark.parametrize("q", [1e-8, 0.3, 1.0, 70.0, 1e6])
def test_closed_forms_of_the_variance_map(q: float) -> None:
    assert next_q(of("linear"), 1.5, 0.25, q) == pytest.approx(1.5 * q + 0.25, rel=1e-12)
    assert next_q(of("relu"), 1.5, 0.25, q) == pytest.approx(0.75 * q + 0.25, rel=1e-12)
    assert chi_1(of("relu"), 1.5, q) == pytest.approx(0.75, rel=1e-12)
    assert chi_q(of("relu"), 1.5, q) == pytest.approx(0.75, rel=1e-9)
    erf = of("erf")  # Williams 1997
    assert next_q(erf, 1.5, 0, q) == pytest.approx(3 / pi * asin(2 * q / (1 + 2 * q)), rel=1e-10)
    assert chi_1(erf, 1.5, q) == pytest.approx(6 / pi / sqrt(1 + 4 * q), rel=1e-10)
    slope = 6 / pi / (1 + 2 * q) / sqrt(1 + 4 * q)
    assert chi_q(erf, 1.5, q) == pytest.approx(slope, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("d", [1e-12, 1e-3, 0.5, 1.0, 1.7, 2.0])
def test_relu_follows_the_arc_cosine_map(d: float) -> None:
    # Cho & Saul 2009: E[φφ'] = q (sin t + (π - t) cos t) / 2π with cos t = c.
    c = 1 - d
    angle = acos(c) if d > 1e-6 else sqrt(2 * d)
    kept = (sqrt(d * (2 - d)) + (pi - angle) * c) / pi if d > 1e-6 else 1 - d
    lost = 1 - kept if d > 1e-6 else d - 2 * sqrt(2) / (3 * pi) * d**1.5
    assert next_d(of("relu"), 2, 0, 3.0, d) == pytest.approx(lost, rel=1e-9)
    assert chi_c(of("relu"), 2, 3.0, d) == pytest.approx(1 - angle / pi, rel=1e-6, abs=1e-12)


def test_nothing_differs_where_nothing_is_left_and_no_number_stands_for_overflow() -> None:
    assert next_d(of("tanh"), 0, 0, 1.0, 0.5) == 0
    assert next_q(of("exponential"), 1, 0, 1e6) == inf
    assert next_d(of("exponential"), 1, 0, 1e6, 0.5) != next_d(of("exponential"), 1, 0, 1e6, 0.5)
    assert next_q(of("exponential"), 0, 0.5, 1e6) == 0.5


@pytest.mark.parametrize("q", [1e-6, 0.1, 3.0, 400.0])
@pytest.mark.parametrize("name", ["tanh", "gelu", "hard_tanh", "selu", "sigmoid", "threshold"])
def test_slopes_are_those_of_the_maps(name: str, q: float) -> None:
    e, step = of(name), 1e-4
    rise = next_q(e, 1, 0, q * (1 + step)) - next_q(e, 1, 0, q * (1 - step))
    assert chi_q(e, 1, q) == pytest.approx(rise / (2 * step * q), rel=1e-4, abs=1e-6)
    rise = e.spread(q, 0.3 * (1 + step)) - e.spread(q, 0.3 * (1 - step))
    slope = rise / (2 * step * 0.3 * q)
    assert chi_c(e, 1, q, 0.3) == pytest.approx(slope, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("name", [*BOUNDED, *OTHERS, *REST])
def test_limits_are_those_of_iterating(name: str) -> None:
    e = of(name)
    for sigma_w2, sigma_b2 in product((0.0, 0.25, 1.0, 1.7, 9.0), (0.0, 1e-10, 0.01, 4.0)):
        fate, q = destination(e, sigma_w2, sigma_b2)
        slope = chi_q(e, sigma_w2, min(q, 1e8))
        if 0.96 < slope < 1.04:
            continue  # too slow to iterate
        last = iterate(e, sigma_w2, sigma_b2, layers=1000)
        if fate is Fate.SETTLES:
            assert last == pytest.approx(q, rel=1e-9)
            assert slope < 1
        elif fate is Fate.GROWS:
            assert last > 1e12
        else:
            assert fate is Fate.SHRINKS
            assert last < 1e-12


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from([*BOUNDED, *OTHERS, *REST, "linear", "tanh_shrink", "exponential"]),
    log_w2=st.floats(-8, 5),
    log_b2=st.none() | st.floats(-16, 5),
    start=st.floats(1e-6, 1e6),
)
def test_any_weights_have_an_answer(
    name: str, log_w2: float, log_b2: float | None, start: float
) -> None:
    e, sigma_w2, sigma_b2 = of(name), 10**log_w2, 0.0 if log_b2 is None else 10**log_b2
    found = limits(e, sigma_w2, sigma_b2, start)
    assert found.sentence()
    if found.fate is Fate.SETTLES:
        assert next_q(e, sigma_w2, sigma_b2, found.q) == pytest.approx(found.q, rel=1e-8)
        assert -1 < found.chi_q <= 1 + 1e-6
    if found.d:
        d = next_d(e, sigma_w2, sigma_b2, found.q, found.d)
        assert d == pytest.approx(found.d, rel=1e-6)
        assert 0 <= found.chi_c <= 1 + 1e-8


def test_the_fates() -> None:
    assert limits(of("tanh"), 0, 0)[:4] == (Fate.SHRINKS, 0, 0, 0)
    still = limits(of("tanh"), 0, 0.25)
    assert still[:4] == (Fate.SETTLES, pytest.approx(0.25), 0, 0)
    assert (still.c, still.xi_q, still.xi_c, still.xi_gradient) == (1, 0, 0, 0)
    shrinking = limits(of("tanh"), 0.81, 0)
    assert shrinking.fate is Fate.SHRINKS
    assert shrinking.xi_q == pytest.approx(-1 / log(0.81))
    assert shrinking.c is shrinking.xi_c is None
    critical = limits(of("tanh"), 1, 0)
    assert (critical.fate, critical.xi_q, critical.xi_gradient) == (Fate.SHRINKS, inf, inf)
    assert limits(of("hard_tanh"), 1, 0).fate is Fate.SHRINKS
    growing = limits(of("relu"), 3, 0)
    assert (growing.fate, growing.q, growing.xi_q) == (Fate.GROWS, inf, 1 / log(1.5))
    assert limits(of("relu"), 2, 0.1).fate is Fate.GROWS
    diverging = limits(of("exponential"), 1, 0)
    assert (diverging.fate, diverging.chi_q, diverging.xi_q) == (Fate.GROWS, inf, 0)
    assert "without bound" in diverging.sentence()


@pytest.mark.parametrize("name", ["softplus", "log_sigmoid", "silu", "mish", "hard_silu"])
@pytest.mark.parametrize("sigma_w2", [2.0, 2.001])
def test_where_q_grows_chi_1_is_its_limit(name: str, sigma_w2: float) -> None:
    """Half of E[φ'²] lies where φ' = 1; q = 1e12 is off its limit by 1e-6."""
    found = limits(of(name), sigma_w2, 1.0)
    assert found.fate is Fate.GROWS
    assert found.varies
    assert found.chi_1 == pytest.approx(sigma_w2 / 2, abs=1e-9)
    assert found.chi_q == pytest.approx(sigma_w2 / 2, abs=1e-9)
    assert (found.xi_q, found.xi_gradient) == (inf, inf) or sigma_w2 > 2


def test_where_phi_is_linear_on_either_side_of_0_chi_1_is_the_same_at_every_q() -> None:
    assert not limits(of("relu"), 2, 1).varies
    assert not limits(of("linear"), 0.5, 1).varies
    assert not limits(of("tanh"), 0, 1).varies
    assert limits(of("tanh"), 1, 0).varies
    assert limits(of("tanh_shrink"), 1, 0).varies


def test_he_keeps_every_q_and_draws_inputs_together() -> None:
    he = limits(of("relu"), 2, 0)
    assert (he.fate, he.q, he.c, he.xi_c) == (Fate.STAYS, 2, 1, inf)
    line = limits(of("linear"), 1, 0)
    assert (line.fate, line.c) == (Fate.STAYS, None)


@pytest.mark.parametrize(("start", "fate"), [(1, Fate.SETTLES), (1e4, Fate.GROWS)])
def test_the_fixed_point_on_the_way_is_taken(start: float, fate: Fate) -> None:
    assert limits(of("gelu"), 2.05, 0.01, start).fate is fate


def test_two_stable_fixed_points_and_a_pair_between_two_grid_points() -> None:
    sigma_w2, sigma_b2 = 1.404738261612**2, 0.7121**2
    both = [limits(of("hard_silu"), sigma_w2, sigma_b2, start) for start in (1, 1e3)]
    assert both[0].q < both[1].q / 1.01
    for each in both:
        assert next_q(of("hard_silu"), sigma_w2, sigma_b2, each.q) == pytest.approx(each.q)
        assert each.chi_q < 1
    # The stable and the unstable q* differ by 0.2 %: the grid alone sees neither.
    close = limits(of("gelu"), 1.4081937435253273**2, 0.4159393809590871**2)
    assert (close.q, close.chi_1) == (pytest.approx(3.5641832), pytest.approx(1))


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b"),
    [
        ("tanh", 0.8, 0.3), ("tanh", 2.0, 0.3), ("tanh", 1.5, 0.0), ("relu", 1.2, 0.5),
        ("elu", 1.3, 0.1), ("sin", 3.0, 0.1), ("sigmoid", 20.0, 0.1), ("gelu", 1.35, 0.5),
        ("step", 1.0, 0.0), ("hard_shrink", 0.9, 1.0), ("threshold", 0.7, 1.0),
    ],
)  # fmt: skip
def test_xi_c_is_the_measured_decay(name: str, sigma_w: float, sigma_b: float) -> None:
    e, sigma_w2, sigma_b2 = of(name), sigma_w**2, sigma_b**2
    found = limits(e, sigma_w2, sigma_b2)
    assert found.d is not None
    assert found.xi_c is not None
    if found.d == 0:
        assert found.xi_c == pytest.approx(-1 / log(found.chi_1))
        d = 1e-9  # a smooth map is linear here; with a kink the rest falls as sqrt(d)
        decay = next_d(e, sigma_w2, sigma_b2, found.q, d) / d
    else:
        d = found.d * (1 + 1e-4)
        decay = (next_d(e, sigma_w2, sigma_b2, found.q, d) - found.d) / (d - found.d)
    assert depth_scale(decay) == pytest.approx(found.xi_c, rel=5e-3)
    for _ in range(2000):
        following = next_d(e, sigma_w2, sigma_b2, found.q, d)
        if abs(following - d) <= 1e-12 * d:
            break
        d = following
    assert d == pytest.approx(found.d, rel=1e-6, abs=1e-6)


def test_odd_activations_without_bias_keep_independent_inputs_independent() -> None:
    found = limits(of("tanh"), 2.25, 0)
    assert found.c == 0
    assert found.chi_1 > 1 > found.chi_c


def test_a_jump_forbids_that_inputs_converge_and_is_said() -> None:
    found = limits(of("step"), 2, 0)
    assert (found.q, found.chi_1, found.xi_gradient) == (pytest.approx(1), 0, 0)
    assert found.jumps
    assert "back-propagation only" in found.sentence()
    # c* = 1/2 + asin(c*) / π
    assert found.c == pytest.approx(0.5 + asin(found.c) / pi, rel=1e-9)
    assert found.c < 1
    slope = 1 / (pi * sqrt(1 - found.c**2))
    assert found.chi_c == pytest.approx(slope, rel=1e-7)
    assert chi_c(of("step"), 2, 1.0, 0) == inf


def test_root_finds_what_bisection_would() -> None:
    assert root(lambda x: x**3 - 2e-30, 1e-90, 1e90) == pytest.approx(2 ** (1 / 3) * 1e-10)
    assert root(lambda x: 1 - x, 1e-250, 1) == 1
    assert root(lambda x: 1.0 if x < 1e-240 else -1.0, 1e-290, 1) == pytest.approx(1e-240, rel=1e-9)
    assert root(lambda x: exp(-x) + 1, 1, 2) in (1, pytest.approx(2))


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("sigma_w2", [1e16, 1e40])
def test_q_of_a_bounded_activation_settles_however_large_the_weights(name, sigma_w2):
    e = Expectations(name, **PARAMETERS.get(name, {}))
    fate, q = destination(e, sigma_w2, 0.0)
    assert fate is Fate.SETTLES
    assert next_q(e, sigma_w2, 0.0, q) == pytest.approx(q, rel=1e-6)


@pytest.mark.parametrize("name", ["relu", "elu", "silu", "softplus", "exponential", "linear"])
def test_q_of_an_unbounded_activation_grows_under_large_weights(name):
    e = Expectations(name, **PARAMETERS.get(name, {}))
    assert destination(e, 1e16, 0.0) == (Fate.GROWS, inf)
    assert destination(Expectations("relu"), 2.0, 0.01) == (Fate.GROWS, inf)
