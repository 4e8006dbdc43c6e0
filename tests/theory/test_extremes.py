"""Numbers at the ends of what a spec may hold: a forecast is made, and nothing warns.

Warnings are errors in every test.
"""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import WinitError
from weightinit_cli.experiments import forecast
from weightinit_cli.spec import parse_spec

PARAMETERS = {
    "leaky_relu": "negative_slope: 0.1",
    "prelu": "negative_slope: 0.1",
    "gelu": "approximate: none",
    "hard_sigmoid": "form: torch",
    "sin": "omega: 30",
    "threshold": "threshold: 0.1, value: 0.1",
}
INITIALIZERS = [
    "{name: normal, std: 1e300}",
    "{name: normal, std: 1e-160}",
    "{name: normal, std: 1e-300}",
    "{name: variance_scaling, scale: 1e300, mode: fan_in, distribution: normal}",
    "critical",
]
BIASES = ["zeros", "{name: normal, std: 1e300}", "{name: normal, std: 1e-200}"]


def spec_of(activation, initializer, bias):
    parameters = PARAMETERS.get(activation)
    named = f"{{name: {activation}, {parameters}}}" if parameters else activation
    text = f"activation: {named}\ninitializer: {initializer}\nbias: {bias}\nwidth: 4\nlayers: 3\n"
    return parse_spec(text, source="x.yaml", stem="x")


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_forecast_at_the_ends_of_the_floats(activation):
    refused = set()
    for initializer in INITIALIZERS:
        for bias in BIASES:
            spec = spec_of(activation, initializer, bias)
            try:
                said = forecast(spec)
            except WinitError:
                refused.add(initializer)
            else:
                json.dumps(asdict(said), allow_nan=False)
    assert refused <= {"critical"}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "step"])
@pytest.mark.parametrize(
    ("std", "words"), [("1e300", "grows|settles|stays"), ("1e-300", "shrinks")]
)
def test_what_becomes_of_q_at_the_ends(activation, std, words):
    limits = forecast(spec_of(activation, f"{{name: normal, std: {std}}}", "zeros")).limits
    assert limits is not None
    assert any(word in limits.sentence for word in words.split("|"))
