"""`winit theory`: the predictions alone."""

from __future__ import annotations

import json
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
