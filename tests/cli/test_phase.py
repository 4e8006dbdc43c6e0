"""`winit phase`: the diagram of an activation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("activation", "said"),
    [
        ("tanh", "tanh: critical line from sigma_b = 0 on (sigma_w = 1 there)"),
        ("relu", "relu: critical at the single point sigma_w = 1.4142, sigma_b = 0"),
        (
            "{name: leaky_relu, negative_slope: 1e6}",
            "critical at the single point sigma_w = 1.4142e-06, sigma_b = 0",
        ),
        ("exponential", "exponential: no critical line\nno stable variance q* has chi_1 = 1\n"),
        (
            "mish",
            "mish: critical line from sigma_b = 0.31651 on (sigma_w = 1.4166 there); it begins at"
            " 0.30744, but inputs of mean square 1 do not reach it below 0.31651",
        ),
        ("silu", "silu: critical line from sigma_b = 0.74508 on (sigma_w = 1.41 there)\n"),
        ("step", "step: no critical line\nthe activation jumps: "),
    ],
)
def test_what_is_critical(winit: Callable, here: Path, activation: str, said: str):
    run = winit("phase", "--activation", activation, "-o", "out")
    assert (run.code, run.err) == (0, "")
    assert said in run.out
    (picture,) = (here / "out").glob("phase-*/*")
    assert picture.name == "phase.png"


def test_json_has_the_diagram_alone(winit: Callable):
    run = winit("phase", "-a", "tanh", "--json", "--width", "1")
    assert run.code == 0
    assert json.loads(run.out)["critical_kind"] == "line"


@pytest.mark.parametrize("wrong", ["tanhh", "leaky_relu", "{name: tanh", "", "[tanh]"])
def test_a_wrong_activation_writes_nothing(winit: Callable, here: Path, wrong: str):
    run = winit("phase", "-a", wrong)
    assert run.code == 2
    assert run.err.startswith("--activation: ")
    assert list(here.iterdir()) == []
