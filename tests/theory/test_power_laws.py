"""Power laws where chi_1 = 1, against closed forms and against the maps, iterated."""

from __future__ import annotations

from math import ceil, pi, tanh

import pytest

from weightinit_cli.theory.critical import critical_sigma_w
from weightinit_cli.theory.expectations import Expectations
from weightinit_cli.theory.fixed_points import Fate, limits
from weightinit_cli.theory.maps import chi_1, next_d, next_q
from weightinit_cli.theory.power_laws import PowerLaw, laws

# At sigma_b = 0 and the critical sigma_w: q ~ factor / l^power; the gradient's power has that too.
SHRINKING = [
    ("tanh", {}, 1 / 2, 1),
    ("erf", {}, 1 / 2, 1),
    ("sin", {"omega": 1.0}, 1, 1),
    ("sin", {"omega": 30.0}, 1 / 900, 1),
    ("softsign", {}, pi / 8, 2),
    ("elu", {"alpha": 1.0}, 2 * pi, 2),
    ("elu", {"alpha": 0.2}, 2 * pi * (1.04 / 2 / 0.04) ** 2, 2),
    ("celu", {"alpha": 0.2}, 2 * pi * 0.04, 2),
]
RECTIFIERS = [("relu", 0.0), ("leaky_relu", 0.01), ("leaky_relu", -0.5), ("prelu", 0.25)]
SETTLING = [
    ("tanh", {}, 0.1),
    ("tanh", {}, 30.0),
    ("sin", {"omega": 30.0}, 0.1),
    ("softsign", {}, 0.1),
    ("elu", {"alpha": 1.0}, 0.1),
    ("sigmoid", {}, 0.0),
    ("gelu", {"approximate": "none"}, 0.5),
    ("mish", {}, 0.4),
    ("hard_tanh", {}, 0.1),
    ("relu6", {}, 1.0),
    ("selu", {}, 0.1),
]


def at(name, arguments, sigma_b):
    """The expectations, sigma_w², the limits and the laws at a critical point."""
    e = Expectations(name, **arguments)
    point = critical_sigma_w(e, sigma_b)
    assert point is not None
    sigma_w2 = point.sigma_w**2
    tend = limits(e, sigma_w2, sigma_b**2)
    found = laws(e, sigma_w2, tend)
    assert found is not None
    return e, sigma_w2, tend, found


def followed(law, start, step):
    """The factor of x ~ factor / l^power by iteration: x^(-1/power) grows by a constant a layer."""
    x, layers = start, 20
    for _ in range(layers):
        x = step(x)
    rise = (x ** (-1 / law.power) - start ** (-1 / law.power)) / layers
    return rise**-law.power


@pytest.mark.parametrize(("name", "arguments", "factor", "power"), SHRINKING)
def test_q_shrinks_by_a_power_of_depth_and_so_does_the_gradient(name, arguments, factor, power):
    e, sigma_w2, tend, found = at(name, arguments, 0)
    assert tend.fate is Fate.SHRINKS
    assert found.q.power == power
    assert found.q.factor == pytest.approx(factor, rel=1e-3)
    assert found.gradient.power == pytest.approx(power, rel=1e-3)
    start = found.q.factor / 1e4**power
    step = lambda q: next_q(e, sigma_w2, 0, q)  # noqa: E731
    assert followed(found.q, start, step) == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize(("name", "power"), [("tanh", 1), ("softsign", 2)])
def test_the_gradient_over_so_many_layers(name, power):
    """Twice as many layers make 2^-power of it."""
    e, sigma_w2, _, _ = at(name, {}, 0)
    q, products = sigma_w2, [1.0]
    for _ in range(800):
        q, product = next_q(e, sigma_w2, 0, q), products[-1] * chi_1(e, sigma_w2, q)
        products.append(product)
    assert products[800] / products[400] == pytest.approx(2.0**-power, rel=0.02)


@pytest.mark.parametrize(("name", "slope"), RECTIFIERS)
def test_one_minus_c_of_rectifiers(name, slope):
    arguments = {} if name == "relu" else {"negative_slope": slope}
    e, sigma_w2, tend, found = at(name, arguments, 0)
    assert tend.fate is Fate.STAYS
    assert found.gradient is None
    assert found.q is None
    factor = 9 * pi**2 / 2 * ((1 + slope**2) / (1 - slope) ** 2) ** 2
    assert found.d == (pytest.approx(factor), 2)
    step = lambda d: next_d(e, sigma_w2, 0, tend.q, d)  # noqa: E731
    assert followed(found.d, factor / 1e8, step) == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize(("name", "arguments", "sigma_b"), SETTLING)
def test_one_minus_c_falls_by_a_power_at_a_critical_q(name, arguments, sigma_b):
    e, sigma_w2, tend, found = at(name, arguments, sigma_b)
    assert tend.fate is Fate.SETTLES
    assert found.q is None
    assert found.gradient is None
    has_kink = name in ("hard_tanh", "relu6", "selu")
    assert found.d.power == (2 if has_kink else 1)
    start = found.d.factor / 1e5**found.d.power
    step = lambda d: next_d(e, sigma_w2, sigma_b**2, tend.q, d)  # noqa: E731
    assert followed(found.d, start, step) == pytest.approx(found.d.factor, rel=0.02)


def test_curvature_in_closed_form():
    """Of sin, q E[φ''²] / E[φ'²] = omega² q (1 - exp(-2Q)) / (1 + exp(-2Q)), with Q = omega² q."""
    _, _, tend, found = at("sin", {"omega": 2.0}, 0.3)
    big = 4 * tend.q
    assert found.d.factor == pytest.approx(2 / (big * tanh(big)), rel=1e-4)


@pytest.mark.parametrize("name", ["hard_tanh", "relu6"])
def test_what_only_far_kinks_bend_falls_more_slowly_than_any_power(name):
    e, sigma_w2, tend, found = at(name, {}, 0)
    assert tend.fate is Fate.SHRINKS
    assert (found.q, found.gradient) == (None, None)
    assert "more slowly than any power of the depth" in found.sentence()
    # A power p would show as 2^-p over a doubling of the depth.
    q, seen = sigma_w2, []
    for layer in range(1, 1025):
        q = next_q(e, sigma_w2, 0, q)
        if layer in (512, 1024):
            seen.append(q)
    late = seen[1] / seen[0]
    assert 0.85 < late < 1


@pytest.mark.parametrize(("name", "arguments"), [("tanh", {}), ("elu", {"alpha": 1.0})])
def test_where_q_shrinks_without_a_kink_at_0_inputs_keep_their_correlation(name, arguments):
    e, sigma_w2, _, found = at(name, arguments, 0)
    assert found.d is None
    q, d, seen = 1e-2, 0.3, []
    for layer in range(1, 401):
        q, d = next_q(e, sigma_w2, 0, q), next_d(e, sigma_w2, 0, q, d)
        if layer in (100, 400):
            seen.append(d)
    assert seen[1] == pytest.approx(seen[0], rel=0.01)


@pytest.mark.parametrize(("name", "slope"), [("elu", 0.2), ("relu6", 0.0)])
def test_where_q_shrinks_with_a_kink_at_0_the_correlation_is_a_rectifier_s(name, slope):
    _, _, _, found = at(name, {"alpha": slope} if slope else {}, 0)
    factor = 9 * pi**2 / 2 * ((1 + slope**2) / (1 - slope) ** 2) ** 2
    assert found.d == (pytest.approx(factor), 2)


@pytest.mark.parametrize(
    ("name", "arguments", "sigma_b", "power"),
    [
        ("celu", {"alpha": 1e-30}, 0.0, 2),  # ReLU, to all that d may be
        ("elu", {"alpha": 1 + 1e-6}, 1.0, 1),  # smooth, to all that d may be
        ("sin", {"omega": 1e-3}, 1.0, 1),  # nearly linear
    ],
)
def test_the_law_is_that_of_a_d_that_occurs(name, arguments, sigma_b, power):
    _, _, _, found = at(name, arguments, sigma_b)
    assert found.d.power == power
    if name == "celu":
        assert found.d.factor == pytest.approx(9 * pi**2 / 2, rel=1e-3)


def test_a_linear_map_keeps_all():
    _, _, tend, found = at("linear", {}, 0)
    assert found == (None, None, None, "", 0)
    assert found.sentence() == "the gradient keeps its power"
    assert "keep their correlation" in tend.sentence()


@pytest.mark.parametrize("sigma_w", [0.99, 1.01, 1.001])
def test_there_are_none_off_the_critical_line(sigma_w):
    e = Expectations("tanh")
    assert laws(e, sigma_w**2, limits(e, sigma_w**2, 0)) is None


def test_where_q_grows_the_gradient_s_power_falls_more_slowly_than_e_fold():
    """softplus: q ~ l^(2/3), 1 - chi_1 = 2 / √(2πq), so that -ln of the power is as l^(2/3)."""
    e = Expectations("softplus")
    found = laws(e, 2.0, limits(e, 2.0, 0.0))
    assert "ever less" in found.sentence()
    q, falls = 1.0, []
    for _ in range(2000):
        q = next_q(e, 2.0, 0, q)
        falls.append(1 - chi_1(e, 2.0, q))
    assert sum(falls[1000:]) / sum(falls[125:250]) == pytest.approx(8 ** (2 / 3), rel=0.03)


@pytest.mark.parametrize(
    ("name", "sigma_b"),
    [
        ("relu", 0.0),
        ("tanh", 1.0),
        ("hard_tanh", 0.1),
        pytest.param("tanh", 0.1, marks=pytest.mark.slow),
        pytest.param("selu", 0.1, marks=pytest.mark.slow),
    ],
)
def test_from_unit_inputs_on_the_law_holds_far_above_since(name, sigma_b):
    e, sigma_w2, tend, found = at(name, {}, sigma_b)
    assert not tend.late
    layers = ceil(15 * found.since)
    assert "over l layers (l far above " in found.sentence()
    q, d = sigma_w2 + sigma_b**2, 1.0
    for _ in range(layers):
        q, d = next_q(e, sigma_w2, sigma_b**2, q), next_d(e, sigma_w2, sigma_b**2, q, d)
    assert d == pytest.approx(found.d.factor / layers**found.d.power, rel=0.25)


@pytest.mark.parametrize(
    ("name", "arguments", "sigma_b", "said"),
    [
        ("tanh", {}, 0.001, "in the end 1 - c falls as 1 / l"),
        ("hard_silu", {}, 0.71216, "in the end 1 - c falls as 1 / l^2"),
        ("celu", {"alpha": 0.01}, 0.5, "1 - c falls to 0, but not e-fold"),
    ],
)
def test_where_q_settles_late_no_number_is_said(name, arguments, sigma_b, said):
    _, _, tend, found = at(name, arguments, sigma_b)
    assert tend.late
    assert found.sentence() == f"the gradient keeps its power; {said}"


def test_no_law_begins_before_q_has_settled():
    _, _, tend, found = at("relu6", {}, 0.151)
    assert found.since == tend.xi_q == pytest.approx(19.8, rel=0.01)
    assert "l far above 20" in found.sentence()


def test_what_shrinks_by_a_law_that_is_larger_than_1_says_from_where_on():
    _, _, _, found = at("elu", {"alpha": 0.2}, 0)
    assert found.q.factor > 1000
    assert found.since == pytest.approx(found.q.factor**0.5, rel=0.01)
    assert "over l layers (l far above 33) the gradient's power falls as" in found.sentence()


def test_a_law_in_words():
    assert str(PowerLaw(44.4132, 2.0)) == "44 / l^2"
    assert str(PowerLaw(1234.5, 2.0)) == "1,200 / l^2"
    assert str(PowerLaw(None, 1.0001)) == "1 / l"
    assert str(PowerLaw(0.5, 0.5)) == "0.5 / l^0.5"
    assert str(PowerLaw(1.234e-9, 1.0)) == "1.2e-9 / l"
