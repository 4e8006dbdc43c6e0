"""Scales that theory has to say: `critical` and `gain: auto`, and where there are none."""

from __future__ import annotations

from math import exp, pi, sqrt

import pytest

from weightinit_cli import experiments
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import gain_of, run
from weightinit_cli.experiments.build import build_network
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.results import dump_result
from weightinit_cli.spec import Component, parse_spec, spec_from_normal_form

SIZES = "samples: 30\nfeatures: 70\nwidth: [50, 20, 40]\n"
FANS = ((70, 50), (50, 20), (20, 40))


def spec_of(activation, initializer, *more):
    text = "".join(
        f"{line}\n" for line in (f"activation: {activation}", f"initializer: {initializer}", *more)
    )
    return parse_spec(SIZES + text, source="x.yaml", stem="x")


def stds(spec):
    return [layer.weights.std for layer in build_network(spec).weighted]


def refused(spec):
    """The one line, the same from the check before a run and from the run itself."""
    lines = []
    for call in (experiments.check, run):
        with pytest.raises(SpecError) as caught:
            call(spec)
        lines += caught.value.lines
    assert len(lines) == 2
    assert lines[0] == lines[1]
    return lines[0]


# -- critical -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "bias", "sigma_w"),
    [
        # q* = 0.273, by quadrature of 1 / sqrt(E[φ'²]) (issue 4: sigma_w = 1.1934).
        ("tanh", "{name: normal, std: 0.1}", 1.1934007250),
        ("tanh", "{name: normal, std: 0}", 1.0),
        ("relu", "zeros", sqrt(2)),
        ("linear", "zeros", 1.0),
        ("{name: leaky_relu, negative_slope: 0.2}", "zeros", sqrt(2 / 1.04)),
        # φ'(0) at q* = 0: of erf 2 / sqrt(pi), of sin its frequency, of sigmoid 1/4 elsewhere.
        ("erf", "zeros", sqrt(pi) / 2),
        ("softsign", "zeros", 1.0),
        ("{name: sin, omega: 3}", "zeros", 1 / 3),
        ("hard_tanh", "zeros", 1.0),
    ],
)
def test_critical_is_on_the_edge_of_chaos(activation, bias, sigma_w):
    found = stds(spec_of(activation, "critical", f"bias: {bias}"))
    assert found == pytest.approx([sigma_w / sqrt(fan_in) for fan_in, _ in FANS], rel=1e-9)


def test_critical_takes_the_biases_standard_deviation_of_any_law():
    """Uniform in ± sqrt(3)/10 has standard deviation 0.1, a plain truncated normal 0.88 of its."""
    bound = sqrt(3) / 10
    laws = (
        "{name: normal, std: 0.1}",
        f"{{name: uniform, low: {-bound}, high: {bound}}}",
        f"{{name: truncated_normal, std: {0.1 / 0.87962566103423978}}}",
    )
    normal, uniform, truncated = (stds(spec_of("tanh", "critical", f"bias: {b}")) for b in laws)
    assert uniform == pytest.approx(normal, rel=1e-9)
    assert truncated == pytest.approx(normal, rel=1e-9)


def test_critical_is_drawn_and_resolved():
    """Kept in the result as plain numbers, from which it runs again."""
    result = run(spec_of("tanh", "critical", "bias: {name: normal, std: 0.1}"))
    expected = [1.1934007250 / sqrt(fan_in) for fan_in, _ in FANS]
    assert [layer.weight_std for layer in result.resolved.layers] == pytest.approx(
        expected, rel=1e-9
    )
    assert [layer.bias_std for layer in result.resolved.layers] == [0.1] * 3
    for layer, std, (fan_in, fan_out) in zip(result.layers, expected, FANS, strict=True):
        assert layer.weights.std == pytest.approx(std, rel=4.5 / sqrt(2 * fan_in * fan_out))
    again = run(spec_from_normal_form(result.spec, "stats.json"))
    assert dump_result(again) == dump_result(result)


@pytest.mark.parametrize(
    ("activation", "bias", "ending"),
    [
        (
            "relu",
            "{name: normal, std: 0.1}",
            "relu has a critical sigma_w only at sigma_b = 0 (sigma_w = 1.4142), not at 0.1",
        ),
        *(
            (
                "gelu",
                bias,
                f"gelu has a critical sigma_w only for sigma_b >= 0.41593, not at {sigma_b} (its"
                " critical line begins at sigma_b = 0.41584, but inputs of mean square 1 do not"
                " reach it below 0.41593)",
            )
            for bias, sigma_b in (("zeros", "0"), ("{name: normal, std: 0.41585}", "0.41585"))
        ),
        (
            "softplus",
            "zeros",
            "softplus has no critical sigma_w: no stable variance q* has chi_1 = 1",
        ),
        (
            "softplus",
            "{name: normal, std: 1}",
            "softplus has no critical sigma_w: no stable variance q* has chi_1 = 1",
        ),
        ("step", "zeros", "step has no critical sigma_w: its derivative is zero"),
    ],
)
def test_where_nothing_is_critical_the_line_says_what_is(activation, bias, ending):
    named = "{name: gelu, approximate: none}" if activation == "gelu" else activation
    line = refused(spec_of(named, "critical", f"bias: {bias}"))
    assert line == f"x.yaml:5:14: initializer: {ending}"


@pytest.mark.parametrize(
    "bias", ["ones", "{name: constant, value: -0.5}", "{name: normal, std: 1, mean: 2}"]
)
def test_biases_with_a_mean_have_no_critical_line(bias):
    line = refused(spec_of("tanh", "critical", f"bias: {bias}"))
    assert line.startswith("x.yaml:6:7: bias: ")
    assert "without a mean" in line


# -- gain: auto ---------------------------------------------------------------------------------

GAINS = {
    # 1 / sqrt(E[φ(z)²]), in closed form.
    "linear": 1.0,
    "relu": sqrt(2),
    "{name: leaky_relu, negative_slope: 0.2}": sqrt(2 / 1.04),
    "step": sqrt(2),
    "exponential": exp(-1),
    "{name: sin, omega: 2}": 1 / sqrt((1 - exp(-8)) / 2),
    # E[tanh²] = 0.394294, E[σ²] = 0.293379 (Klambauer et al.: selu's is 1 by construction).
    "tanh": 1.5925374,
    "selu": 1.0,
}
BASE = {
    "xavier_normal": lambda n, m: sqrt(2 / (n + m)),
    "xavier_uniform": lambda n, m: sqrt(2 / (n + m)),
    "kaiming_normal": lambda n, m: sqrt(1 / n),
    "kaiming_uniform": lambda n, m: sqrt(1 / n),
    "orthogonal": lambda n, m: sqrt(1 / max(n, m)),
}


@pytest.mark.parametrize("activation", GAINS)
@pytest.mark.parametrize("initializer", BASE)
def test_gain_is_of_the_activation_and_one_in_layer_1(initializer, activation):
    """The inputs have variance 1 already; there the activation has done nothing to them."""
    found = stds(spec_of(activation, f"{{name: {initializer}, gain: auto}}"))
    gains = [1.0, GAINS[activation], GAINS[activation]]
    expected = [gain * BASE[initializer](*fans) for gain, fans in zip(gains, FANS, strict=True)]
    assert found == pytest.approx(expected, rel=1e-6 if activation in ("tanh", "selu") else 1e-10)


def test_every_initializer_with_a_gain_takes_auto():
    having = {
        name
        for name, row in INITIALIZERS.items()
        if any(parameter.name == "gain" for parameter in row.parameters)
    }
    assert having == {*BASE, "identity", "delta_orthogonal"}


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "silu", "softplus"])
def test_gain_keeps_the_variance_of_the_preactivations(name):
    """1 in every layer, of 400 units: one layer's varies by sqrt(5 / 400) at most, and adds up."""
    text = f"samples: 200\nwidth: 400\nlayers: 3\nactivation: {name}\n"
    text += "initializer: {name: kaiming_normal, gain: auto}\nbackward: false\n"
    for layer in run(parse_spec(text, source="x.yaml", stem="x")).layers:
        assert layer.preactivation_std == pytest.approx(1, rel=4.5 * sqrt(5 / 400) * sqrt(3) / 2)


def test_slope_says_whether_variance_one_is_stable():
    """dq'/dq at 1: of what is homogeneous 1, of what is bounded below, of exp 2 (issue 4)."""

    def slope(name: str) -> float:
        return gain_of(Component(name))[1]

    for name in ("linear", "relu"):
        assert slope(name) == pytest.approx(1, rel=1e-12)
    assert slope("exponential") == pytest.approx(2, rel=1e-10)
    for name in ("tanh", "sigmoid", "erf", "softsign", "selu"):
        assert slope(name) < 1
    for name in ("silu", "mish", "hard_silu", "tanh_shrink"):
        assert slope(name) > 1


def test_an_activation_that_is_zero_has_no_gain():
    line = refused(
        spec_of("{name: threshold, threshold: 100, value: 0}", "{name: orthogonal, gain: auto}")
    )
    assert line == "x.yaml:5:39: initializer.gain: threshold has no gain: E[φ²] is 0"


# -- the check without a run --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("tanh", "critical"),
        ("relu", "{name: kaiming_normal, gain: auto}"),
        ("softplus", "he_normal"),
        ("softplus", "{name: xavier_normal, gain: 2}"),
        ("step", "zeros"),
    ],
)
def test_the_check_lets_pass_what_exists(activation, initializer):
    assert experiments.check(spec_of(activation, initializer)) is None


def test_the_check_builds_nothing_where_theory_is_not_asked(monkeypatch):
    from weightinit_cli.experiments import build

    monkeypatch.setattr(build, "build_network", pytest.fail)
    experiments.check(spec_of("tanh", "xavier_normal"))
