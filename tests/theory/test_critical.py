from __future__ import annotations

from math import inf, pi, sqrt, tanh

import numpy as np
import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.critical import (
    CriticalPoint,
    critical_line,
    critical_sigma_w,
    phase_grid,
    point_at,
)
from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.fixed_points import Fate, destination, limits
from weightinit_cli.theory.maps import chi_q

KINDS: dict[str, tuple[str, list[dict[str, float | str]]]] = {
    "tanh": ("line", [{}]),
    "softsign": ("line", [{}]),
    "hard_tanh": ("line", [{}]),
    "sin": ("line", [{"omega": omega} for omega in (1.0, 30.0, 0.5)]),
    "elu": ("line", [{"alpha": alpha} for alpha in (1.0, 0.2, 100.0)]),
    "celu": ("line", [{"alpha": alpha} for alpha in (1.0, 0.2, 100.0)]),
    "erf": ("line", [{}]),
    "selu": ("line", [{}]),
    "relu6": ("line", [{}]),
    "sigmoid": ("line", [{}]),
    "hard_sigmoid": ("line", [{"form": "torch"}, {"form": "keras2"}]),
    "mish": ("line above", [{}]),
    "gelu": ("line above", [{"approximate": "none"}, {"approximate": "tanh"}]),
    "hard_silu": ("line above", [{}]),
    "silu": ("line above", [{}]),
    "linear": ("point", [{}]),
    "relu": ("point", [{}]),
    "leaky_relu": ("point", [{"negative_slope": slope} for slope in (0.01, 0.0, -0.5, 3.0)]),
    "prelu": ("point", [{"negative_slope": 0.25}]),
    "softplus": ("none", [{}]),
    "log_sigmoid": ("none", [{}]),
    "squareplus": ("none", [{"b": b} for b in (4.0, 0.01)]),
    "exponential": ("none", [{}]),
    "tanh_shrink": ("none", [{}]),
    "soft_shrink": ("none", [{"threshold": 0.5}, {"threshold": 2.0}]),
    "hard_shrink": ("none", [{"threshold": 0.5}, {"threshold": 2.0}]),
    "threshold": (
        "none",
        [{"threshold": 0.5, "value": -0.25}, {"threshold": -1.0, "value": 2.0}],
    ),
    "step": ("none", [{}]),
}
CASES = [
    pytest.param(name, given, kind, id="-".join([name, *map(str, given.values())]))
    for name, (kind, several) in KINDS.items()
    for given in several
]
LINES = [case for case in CASES if case.values[2] in ("line", "line above")]

built: dict[str, Expectations] = {}


def of(name: str, given: dict[str, float | str] | None = None) -> Expectations:
    key = f"{name}{given}"
    if key not in built:
        built[key] = Expectations(name, **(given or {}))
    return built[key]


def test_every_activation_has_a_kind() -> None:
    assert set(KINDS) == set(ACTIVATIONS)


@pytest.mark.parametrize(("name", "given", "kind"), CASES)
def test_the_kind_of_line(name: str, given: dict[str, float | str], kind: str) -> None:
    line = critical_line(of(name, given))
    assert line.kind == kind
    assert len(line.q) == len(line.sigma_w) == len(line.sigma_b)
    assert (line.least is None) == (kind == "none")
    assert (np.diff(line.sigma_b) > 0).all()
    assert (np.diff(line.q) > 0).all()
    if kind in ("line", "point"):
        assert line.sigma_b[0] == 0
    if kind == "line above":
        assert line.sigma_b[0] > 0.3
    assert f"{name} {line.sentence()}"


@pytest.mark.parametrize(("name", "given", "kind"), LINES)
def test_chi_1_is_1_at_a_stable_q_that_unit_inputs_reach(
    name: str, given: dict[str, float | str], kind: str
) -> None:
    e = of(name, given)
    least = critical_line(e).least
    assert least is not None
    for extra in (1e-4, 0.01, 0.1, 1.0, 9.0):
        point = critical_sigma_w(e, least.sigma_b + extra)
        assert point is not None
        assert point.sigma_b == least.sigma_b + extra
        found = limits(e, point.sigma_w**2, point.sigma_b**2)
        assert found.fate is Fate.SETTLES
        assert found.chi_1 == pytest.approx(1, abs=1e-9)
        # Near the beginning dq'/dq is nearly 1: there q* is told less well than sigma_w.
        assert found.q == pytest.approx(point.q, rel=1e-10 / (1 - found.chi_q))
        assert found.chi_q < 1
        # On either side lie order and chaos.
        assert limits(e, (point.sigma_w * 0.99) ** 2, point.sigma_b**2).chi_1 < 1


@pytest.mark.parametrize(("name", "given", "kind"), LINES)
def test_the_line_begins_where_a_point_is_still_critical(
    name: str, given: dict[str, float | str], kind: str
) -> None:
    e = of(name, given)
    least = critical_line(e).least
    assert least is not None
    assert critical_sigma_w(e, least.sigma_b) == least
    if kind == "line above":
        assert critical_sigma_w(e, least.sigma_b - 1e-9) is None
        assert critical_sigma_w(e, 0) is None
    elif least.q:
        assert limits(e, least.sigma_w**2, 0).q == pytest.approx(least.q)
    else:
        assert destination(e, least.sigma_w**2, 0) == (Fate.SHRINKS, 0)
        assert chi_q(e, least.sigma_w**2, 0) == pytest.approx(1, rel=1e-12)


def test_known_points() -> None:
    point = critical_sigma_w(of("tanh"), 0.1)
    assert point is not None
    assert (point.sigma_w, point.q) == (pytest.approx(1.1934007250), pytest.approx(0.27330091346))
    assert critical_line(of("tanh")).least == (0, 1, 0)
    assert critical_line(of("erf")).least == (0, pytest.approx(sqrt(pi) / 2, rel=1e-12), 0)
    he = critical_line(of("relu")).least
    assert he is not None
    assert he.sigma_w == pytest.approx(sqrt(2), rel=1e-12)
    assert critical_sigma_w(of("relu"), 0) == he
    assert critical_sigma_w(of("relu"), 1e-6) is None
    assert critical_sigma_w(of("step"), 0) is None
    assert critical_sigma_w(of("softplus"), 1) is None


@pytest.mark.parametrize("sigma_b", [1e-6, 1e-3, 0.3, 2.0, 30.0, 1e5])
@pytest.mark.parametrize("omega", [1.0, 30.0])
def test_the_line_of_sin_in_closed_form(omega: float, sigma_b: float) -> None:
    # sigma_w² = 2 / (ω² (1 + exp -2u)) and sigma_b² ω² = u - tanh u, with u = ω² q: one branch.
    point = critical_sigma_w(of("sin", {"omega": omega}), sigma_b)
    assert point is not None
    u = omega**2 * point.q
    if u > 1e-3:
        assert (u - tanh(u)) / omega**2 == pytest.approx(sigma_b**2, rel=1e-6)
    assert point.sigma_w == pytest.approx(sqrt(2 / (1 + np.exp(-2 * u))) / omega, rel=1e-9)


def test_mish_begins_where_unit_inputs_no_longer_run_away() -> None:
    e = of("mish")
    line = critical_line(e)
    least = line.least
    assert least is not None
    assert (line.begins, least.sigma_b) == (
        pytest.approx(0.3074, abs=1e-4),
        pytest.approx(0.3165, abs=1e-4),
    )
    assert chi_q(e, least.sigma_w**2, least.q) < 0.999
    # Nearer to where dq'/dq = 1 there is a stable q*, but q_1 lies beyond its unstable neighbour.
    assert destination(e, 1.4181**2, 0.3105**2)[0] is Fate.GROWS
    assert destination(e, 1.4181**2, 0.3105**2, start=0.5)[0] is Fate.SETTLES


@pytest.mark.parametrize(("name", "given"), [case.values[:2] for case in LINES])
def test_every_point_of_the_line_is_reached(name: str, given: dict[str, float | str]) -> None:
    """Just above its beginning too, where other fixed points may lie on the way."""
    e = of(name, given)
    least = critical_line(e).least
    assert least is not None
    for extra in np.geomspace(1e-7, 1e-2, 11).tolist():
        point = critical_sigma_w(e, least.sigma_b + extra)
        assert point is not None
        found = limits(e, point.sigma_w**2, point.sigma_b**2)
        assert found.chi_1 == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("form", ["none", "tanh"])
def test_gelu_begins_where_no_smaller_q_holds_unit_inputs_back(form: str) -> None:
    """Shown by q' / q on a grid finer than any gap, between q_1 and q*."""
    e = of("gelu", {"approximate": form})
    line = critical_line(e)
    least = line.least
    assert least is not None
    assert line.begins < least.sigma_b < line.begins + 1.2e-4
    q = np.geomspace(2.16, least.q * 0.999, 300)
    square = np.array([e.moments(each).square for each in q.tolist()])

    def slowest(point: CriticalPoint) -> float:
        return float(((point.sigma_w**2 * square + point.sigma_b**2) / q).min() - 1)

    assert slowest(least) == pytest.approx(0, abs=2e-8)
    below = point_at(e, least.q * (1 - 1e-5))
    assert below.sigma_b > line.begins
    assert slowest(below) < -1e-8
    assert destination(e, below.sigma_w**2, below.sigma_b**2)[1] < 0.95 * least.q
    assert critical_sigma_w(e, below.sigma_b) is None


def test_what_exists_is_said() -> None:
    def sentence(name: str, **given: float | str) -> str:
        return critical_line(of(name, given)).sentence()

    assert sentence("tanh") == "has a critical sigma_w for every sigma_b >= 0"
    assert sentence("gelu", approximate="none") == (
        "has a critical sigma_w only for sigma_b >= 0.41593 (its critical line begins at sigma_b ="
        " 0.41584, but inputs of mean square 1 do not reach it below 0.41593)"
    )
    assert sentence("silu") == "has a critical sigma_w only for sigma_b >= 0.74508"
    assert critical_line(of("mish")).sentence(0.31) == (
        "has a critical sigma_w only for sigma_b >= 0.31651, not at 0.31 (its critical line begins"
        " at sigma_b = 0.30744, but inputs of mean square 1 do not reach it below 0.31651)"
    )
    assert sentence("relu") == "has a critical sigma_w only at sigma_b = 0 (sigma_w = 1.4142)"
    assert sentence("softplus") == "has no critical sigma_w: no stable variance q* has chi_1 = 1"
    assert sentence("step") == "has no critical sigma_w: its derivative is zero"
    assert "jumps" in sentence("hard_shrink", threshold=0.5)
    # What is printed is rounded up, so that it can be used.
    assert critical_sigma_w(of("gelu", {"approximate": "none"}), 0.41593) is not None
    assert critical_sigma_w(of("mish"), 0.31651) is not None


@pytest.mark.parametrize(
    "name", ["tanh", "relu", "relu6", "elu", "selu", "hard_silu", "mish", "exponential", "step"]
)
def test_the_grid_agrees_with_single_points(name: str) -> None:
    e = of(name, {"alpha": 1.0} if name == "elu" else {})
    sigma_w, sigma_b = np.linspace(0, 3, 7), np.array([0, 1e-3, 0.3, 2])
    grid = phase_grid(e, sigma_w, sigma_b)
    assert grid.q.shape == grid.chi_1.shape == grid.phase.shape == (4, 7)
    for i, b in enumerate(sigma_b):
        for j, w in enumerate(sigma_w):
            one = limits(e, w**2, b**2)
            assert grid.q[i, j] == pytest.approx(one.q, rel=3e-5)
            assert grid.chi_1[i, j] == pytest.approx(one.chi_1, rel=3e-5, abs=1e-250)
            assert (grid.phase[i, j] == "unbounded") == (one.fate is Fate.GROWS)
            if abs(one.chi_1 - 1) > 0.01 and 0 < one.chi_1 < inf:
                assert grid.log10_depth[i, j] == pytest.approx(np.log10(one.xi_gradient), abs=0.01)


def test_phases_meet_on_the_critical_line() -> None:
    e = of("tanh")
    for b in (0.01, 0.1, 1.0):
        point = critical_sigma_w(e, b)
        assert point is not None
        around = np.array([0.999, 1.001]) * point.sigma_w
        assert phase_grid(e, around, np.array([b])).phase.tolist() == [["ordered", "chaotic"]]
