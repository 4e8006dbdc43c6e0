"""What the initializer decides beside the weights: the biases' default, the activation it needs."""

from __future__ import annotations

import json

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.spec import (
    Component,
    Spec,
    digest,
    normal_form,
    parse_spec,
    spec_from_normal_form,
)

SIN = "activation: {name: sin, omega: 30}\n"
OWN = {"torch_linear": "torch_linear", "siren": "torch_linear", "nguyen_widrow": "nguyen_widrow"}
GIVEN = {
    "constant": "{name: constant, value: 1}",
    "normal": "{name: normal, std: 1}",
    "truncated_normal": "{name: truncated_normal, std: 1}",
    "uniform": "{name: uniform, low: 0, high: 1}",
    "variance_scaling": "{name: variance_scaling, scale: 1, mode: fan_in, distribution: normal}",
    "sparse": "{name: sparse, sparsity: 0.5}",
}


def parse(text: str, *overrides: str) -> Spec:
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def problems(text: str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text, *overrides)
    return list(caught.value.lines)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_bias_left_out_is_the_initializers_own(name: str):
    kernel = "kernel: 3\n" if INITIALIZERS[name].only == "kernel" else ""
    spec = parse(f"{SIN}{kernel}initializer: {GIVEN.get(name, name)}\n")
    assert spec.bias == Component(OWN.get(name, "zeros"))


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("bias", ["zeros", "ones", "{name: normal, std: 2}"])
def test_bias_that_is_given_wins(name: str, bias: str):
    given = parse(f"{SIN}initializer: {name}\nbias: {bias}\n")
    assert given.bias == parse(f"{SIN}initializer: zeros\nbias: {bias}\n").bias
    assert given.bias == parse(f"{SIN}initializer: {name}\n", f"bias={bias}").bias


@pytest.mark.parametrize("bias", ["torch_linear", "{name: nguyen_widrow}"])
def test_a_law_of_biases_goes_with_any_initializer(bias: str):
    spec = parse(f"activation: relu\ninitializer: he_normal\nbias: {bias}\n")
    assert spec.bias.name in bias
    assert spec.bias.parameters == ()


def test_an_override_of_the_initializer_changes_the_default():
    text = "activation: relu\ninitializer: torch_linear\n"
    assert parse(text, "initializer=he_normal").bias == Component("zeros")
    assert parse(text, "initializer=nguyen_widrow").bias == Component("nguyen_widrow")
    assert parse(f"{text}bias: ones\n", "initializer=he_normal").bias == Component("ones")


@pytest.mark.parametrize("name", OWN)
def test_default_stands_in_the_normal_form_and_is_read_again_from_it(name: str):
    spec = parse(f"{SIN}initializer: {name}\n")
    form = json.loads(json.dumps(normal_form(spec), allow_nan=False))
    assert form["bias"] == {"name": OWN[name]}
    assert form["initializer"] == {"name": name}
    again = spec_from_normal_form(form, "stats.json")
    assert again == spec
    assert digest(again) == digest(spec)
    written = parse(f"{SIN}initializer: {name}\nbias: {OWN[name]}\n")
    assert digest(written) == digest(spec)
    assert digest(parse(f"{SIN}initializer: {name}\nbias: zeros\n")) != digest(spec)


def test_a_normal_form_without_its_bias_gets_the_default():
    form = normal_form(parse("activation: relu\ninitializer: torch_linear\n"))
    del form["bias"]
    assert spec_from_normal_form(form, "s.json").bias == Component("torch_linear")


def test_an_empty_bias_is_no_bias_left_out():
    (line,) = problems("activation: relu\ninitializer: torch_linear\nbias:\n")
    assert line.startswith("x.yaml:3:6: bias: must be the name of an initializer")


def test_siren_takes_the_omega_of_sin():
    spec = parse(f"{SIN}initializer: siren\n")
    assert spec.initializer == Component("siren")
    assert spec.activation.arguments == {"omega": 30}
    assert parse(f"{SIN}initializer: {{name: siren}}\n") == spec


NEEDS = "initializer: 'siren' needs the activation 'sin', not"


@pytest.mark.parametrize(
    ("text", "overrides", "lines"),
    [
        ("activation: relu\ninitializer: siren\n", (), [f"x.yaml:2:14: {NEEDS} 'relu'"]),
        ("initializer:\n  name: siren\nactivation: swish\n", (),
         [f"x.yaml:2:3: {NEEDS} 'silu'"]),
        (f"{SIN}initializer: siren\n", ("activation=tanh",), [f"x.yaml:2:14: {NEEDS} 'tanh'"]),
        # One problem, not two: what the activation is remains to be seen.
        ("activation: sine\ninitializer: siren\n", (),
         ["x.yaml:1:13: activation: unknown activation 'sine'; did you mean 'sin'?"]),
        ("activation: sin\ninitializer: siren\n", (), [
         "x.yaml:1:13: activation.omega: required; for example: {name: sin, omega: 0.1}"]),
        ("activation: relu\ninitializer: siren\nseed: x\n", (), [
         f"x.yaml:2:14: {NEEDS} 'relu'",
         "x.yaml:3:7: seed: must be a whole number from 0 to 18446744073709551615, not 'x'"]),
    ],
)  # fmt: skip
def test_siren_needs_sin(text: str, overrides: tuple[str, ...], lines: list[str]):
    assert problems(text, *overrides) == lines


def test_siren_set_from_outside_needs_sin():
    (line,) = problems("activation: relu\ninitializer: zeros\n", "initializer=siren")
    assert line.endswith(f"{NEEDS} 'relu'")
    assert line.startswith("--set ")


@pytest.mark.parametrize("name", ["siren", "sparse", "orthogonal", "xavier_normal", "eye"])
def test_what_has_no_law_for_biases_is_refused(name: str):
    (line,) = problems(f"activation: relu\ninitializer: zeros\nbias: {name}\n")
    assert line.startswith(f"x.yaml:3:7: bias: {name!r} needs a matrix; for a bias there are zeros")
    assert "torch_linear" in line
    assert "nguyen_widrow" in line
