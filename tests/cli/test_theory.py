"""`winit theory`: the predictions alone."""

from __future__ import annotations

import json
from re import search
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def strict(text: str) -> dict:
    """The JSON of one line, without nan and inf."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_a_row_per_layer_and_where_it_goes(winit: Callable, spec: Callable):
    run = winit("theory", "-c", spec(), "--set", "layers=3")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert ", layers = 3: " in lines[0]
    assert [line.split()[0] for line in lines[1:5]] == ["layer", "1", "2", "3"]
    assert "q settles at a fixed point" in run.out


@pytest.mark.parametrize(
    "override",
    [
        "initializer={name: normal, std: 1e300}",
        "initializer={name: normal, std: 1e40}",
        "bias={name: normal, std: 1e200}",
        "activation=exponential",
        "activation=step",
        "initializer={name: normal, std: 0}",
        "initializer={name: normal, mean: 1, std: 1}",
    ],
)
def test_json_is_strict(winit: Callable, spec: Callable, override: str):
    run = winit("theory", "-c", spec(), "--json", "--set", override)
    assert (run.code, run.err) == (0, "")
    assert strict(run.out)["name"] == "tiny"
    assert winit("theory", "-c", spec(), "--set", override).code == 0


def test_what_grows_does_not_settle(winit: Callable, spec: Callable):
    overrides = ("activation=relu", "initializer={name: kaiming_normal, gain: 3}")
    run = winit("theory", "-c", spec(), "--set", overrides[0], "--set", overrides[1])
    assert "q grows without bound" in run.out
    assert "the variance grows e-fold" in run.out
    assert "settles" not in run.out


def test_layers_that_are_too_large_are_named(winit: Callable, spec: Callable):
    run = winit("theory", "-c", spec(), "--set", "initializer={name: normal, std: 1e40}")
    assert "no predictions from layer 1 on" in run.out


def test_every_spec_is_tried(winit: Callable, spec: Callable):
    run = winit("theory", "-c", "nosuch", "-c", spec(), "-c", spec(), "--json")
    assert run.code == 2
    assert run.err.startswith("nosuch: ")
    first, second = run.out.splitlines()
    assert first == second
    assert strict(first)["layers"]


def said_of(winit: Callable, spec: Callable, *overrides: str) -> str:
    """What stands below the table, on one line."""
    sets = [part for override in overrides for part in ("--set", override)]
    run = winit("theory", "-c", spec(), *sets)
    assert (run.code, run.err) == (0, "")
    return " ".join(run.out[run.out.index("With depth") :].split())


@pytest.mark.parametrize(
    ("activation", "initializer", "bias", "said"),
    [
        (
            "tanh",
            "critical",
            "zeros",
            "chi_1 = 1 in the limit q = 0, critical: over l layers the gradient's power falls as"
            " 1 / l,"
            " q falls as 0.5 / l. xi_q, xi_c and 1 / |ln chi_1| are infinite.",
        ),
        (
            "tanh",
            "critical",
            "{name: normal, std: 0.1}",
            "chi_1 = 1 at q*, critical: the gradient keeps its power; over l layers (l far above"
            " 170) 1 - c falls as 17 / l. xi_q = 2.575 layers, over which the variance settles"
            " e-fold. xi_c and 1 / |ln chi_1| are infinite.",
        ),
        (
            "relu",
            "he_normal",
            "zeros",
            "chi_1 = 1, critical: the gradient keeps its power; over l layers (l far above 6.7)"
            " 1 - c falls as 44 / l^2. xi_q, xi_c and 1 / |ln chi_1| are infinite.",
        ),
        (
            "linear",
            "lecun_normal",
            "zeros",
            "two inputs keep their correlation. chi_1 = 1, critical: the gradient keeps its power.",
        ),
        (
            "hard_tanh",
            "critical",
            "zeros",
            "q and the gradient's power fall more slowly than any power of the depth.",
        ),
        (
            "{name: sin, omega: 30}",
            "siren",
            "{name: uniform, low: -0.1, high: 0.1}",
            "chi_1 = 1.00034 at q*: the gradient's power grows e-fold over 2,979 layers.",
        ),
        (
            "sigmoid",
            "lecun_normal",
            "zeros",
            "chi_1 = 0.0557207 at q*: the gradient's power falls 17.95-fold a layer.",
        ),
        (
            "relu",
            "lecun_normal",
            "zeros",
            "chi_1 = 0.5: the gradient's power falls 2-fold a layer. xi_q = 1.443 layers, over"
            " which the variance falls e-fold.",
        ),
        (
            "tanh",
            "{name: normal, std: 0}",
            "zeros",
            "chi_1 = 0: no gradient comes through a layer.",
        ),
        (
            "step",
            "lecun_normal",
            "zeros",
            "chi_1 = 0: no gradient comes through a layer.",
        ),
        (
            "tanh_shrink",
            "lecun_normal",
            "zeros",
            "chi_1 = 0 in the limit q = 0: no gradient comes through deep layers.",
        ),
        (
            "{name: soft_shrink, threshold: 1}",
            "lecun_normal",
            "zeros",
            "chi_1 = 0 in the limit q = 0: no gradient comes through deep layers.",
        ),
        (
            "softplus",
            "he_normal",
            "zeros",
            "q grows without bound. chi_1 = 1 in the limit of large q, critical: the gradient's"
            " power changes ever less from layer to layer, as the table shows."
            " 1 / |ln chi_1| is infinite.",
        ),
        (
            "{name: gelu, approximate: none}",
            "he_normal",
            "{name: normal, std: 1}",
            "chi_1 = 1 in the limit of large q, critical: the gradient's power changes ever less",
        ),
        (
            "softplus",
            "{name: kaiming_normal, gain: 2}",
            "zeros",
            "chi_1 = 2 in the limit of large q: the gradient's power grows 2-fold a layer.",
        ),
        (
            "relu",
            "he_normal",
            "{name: normal, std: 1}",
            "q grows without bound. chi_1 = 1, critical: the gradient keeps its power.",
        ),
    ],
)
def test_the_gradient_over_how_many_layers(
    winit: Callable, spec: Callable, activation: str, initializer: str, bias: str, said: str
):
    overrides = (f"activation={activation}", f"initializer={initializer}", f"bias={bias}")
    assert said in said_of(winit, spec, *overrides)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (1.0000002, "chi_1 = 1 + 4e-7: the gradient's power grows e-fold over 2.5e6 layers."),
        (0.9999998, "chi_1 = 1 - 4e-7: the gradient's power falls e-fold over 2.5e6 layers."),
        (1e-20, "chi_1 = 1e-40: the gradient's power falls 1e40-fold a layer."),
        (1e20, "chi_1 = 1e40: the gradient's power grows 1e40-fold a layer."),
    ],
)
def test_numbers_show_what_they_say(winit: Callable, spec: Callable, gain: float, said: str):
    initializer = f"initializer={{name: kaiming_normal, gain: {gain}}}"
    assert said in said_of(winit, spec, "activation=linear", initializer)


def test_numbers_have_short_exponents(winit: Callable, spec: Callable):
    overrides = ("activation=tanh", "initializer=critical", "bias={name: normal, std: 1e-9}")
    sets = [part for override in overrides for part in ("--set", override)]
    _, table = winit("theory", "-c", spec(), *sets).out.split("\nlayer ")
    assert not search(r"e-0|e[+]", table)


def test_what_settles_within_a_layer_is_not_infinite(winit: Callable, spec: Callable):
    """dq'/dq is exp(-450) there."""
    overrides = (
        "activation={name: sin, omega: 30}",
        "initializer=critical",
        "bias={name: normal, std: 0.5}",
    )
    said = said_of(winit, spec, *overrides)
    assert "chi_1 = 1 at q*, critical" in said
    assert said.endswith("xi_c and 1 / |ln chi_1| are infinite.")
    assert "xi_q" not in said
    sets = [part for override in overrides for part in ("--set", override)]
    limits = strict(winit("theory", "-c", spec(), "--json", *sets).out)["limits"]
    assert (limits["xi_q"], limits["xi_c"], limits["xi_gradient"]) == (0, None, None)


@pytest.mark.parametrize(
    ("activation", "std", "bias", "until"),
    [
        ("tanh", 0.100001, 0, "q has settled, which takes more than 50,000 layers"),
        ("tanh", 0.1000000001, 0, "q has settled, which takes more than 1e8 layers"),
        ("tanh", 0.09999, 0, "q has fallen, which takes more than 5,000 layers"),
        ("hard_silu", 0.1404738261612, 0.7121, "q has settled, which takes more than"),
        ("softplus", 0.1415, 0, "q has grown, which takes more than"),
        ("tanh", 0.1001, 0, "q has settled, which takes more than 500 layers"),
        ("relu", 0.14142, 0, ""),
        ("relu", 0.1414, 1, ""),
        ("tanh", 0.1, 0, ""),
        ("tanh", 0.11, 0, ""),
    ],
)
def test_from_which_depth_on_it_holds(
    winit: Callable, spec: Callable, activation: str, std: float, bias: float, until: str
):
    """tanh near criticality: the gradient of 200 layers falls 280-fold before q settles."""
    said = said_of(
        winit,
        spec,
        "width=100",
        f"activation={activation}",
        f"initializer={{name: normal, std: {std}}}",
        f"bias={{name: normal, std: {bias}}}",
    )
    assert ("All this holds once" in said) == bool(until)
    assert until in said


def test_the_power_law_is_that_of_the_table(winit: Callable, spec: Callable):
    """tanh, critical, 200 layers: the gradient falls 280-fold, by half over the upper half."""
    overrides = ("activation=tanh", "initializer=critical", "layers=200")
    sets = [part for override in overrides for part in ("--set", override)]
    said = strict(winit("theory", "-c", spec(), "--json", *sets).out)
    power = [layer["figures"]["gradient.signal_rms"]["value"] ** 2 for layer in said["layers"]]
    assert power[-1] / power[0] == pytest.approx(280, rel=0.05)
    critical = said["limits"]["critical"]
    assert critical["gradient"] == {"factor": None, "power": pytest.approx(1, rel=1e-3)}
    assert critical["q"] == {"factor": pytest.approx(0.5, rel=1e-3), "power": 1.0}
    assert critical["one_minus_c"] is None
    assert power[-1] / power[100] == pytest.approx(2, rel=0.03)
    assert said["limits"]["xi_gradient"] is None


@pytest.mark.parametrize(
    ("config", "last_step", "others"),
    [
        ("sigmoid_std1", 0.661, (0.96, 0.99)),
        ("sigmoid_std10", 6.65, (9.4, 9.5)),
        ("tanh_std1", 5.31, (5.5, 5.6)),
        ("sigmoid_xavier", 1 / 22.3, (1 / 18.2, 1 / 17.9)),
    ],
)
def test_the_gradient_s_step_to_layer_1_is_another(
    winit: Callable, config: str, last_step: float, others: tuple[float, float]
):
    """Layer 1 sees inputs of mean square 1, the layers above it activations, which have less."""
    layers = strict(winit("theory", "-c", config, "--json").out)["layers"]
    ratios = [layer["figures"]["gradient.ratio"]["value"] for layer in layers[:-1]]
    assert ratios[0] == pytest.approx(last_step, rel=2e-3)
    assert all(others[0] < ratio < others[1] for ratio in ratios[1:])
