"""Real results, small ones, of the kinds that a Result can hold."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.experiments import run
from weightinit_cli.results import SCHEMA_VERSION, LayerTheory, Prediction, dump_result
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results import Result

SIZE = "samples: 40\nwidth: [6, 5, 4]\n"
KINDS = {
    "plain": f"{SIZE}activation: sigmoid\ninitializer: xavier_normal\n",
    "biased": f"{SIZE}activation: tanh\ninitializer: he_uniform\n"
    "bias: {name: normal, std: 0.1}\ndtype: float64\nfeatures: 3\n",
    "constant": f"{SIZE}activation: sigmoid\ninitializer: zeros\n",
    "overflowing": f"{SIZE}activation: relu\ninitializer: {{name: normal, std: 1e30}}\n",
    "outside": f"{SIZE}activation: relu\ninitializer: kaiming_normal\n"
    "histogram: {bins: 4, range: [0.5, 1]}\n",
    "one value": "samples: 1\nwidth: 1\nlayers: 1\nactivation: linear\ninitializer: ones\n",
    "forward only": f"{SIZE}activation: tanh\ninitializer: xavier_normal\nbackward: false\n",
    "repeated": f"{SIZE}activation: relu\ninitializer: kaiming_normal\nrepeats: 3\n",
}
PREDICTED = "predicted"
HERE = Path(__file__).parent


@cache
def _run(kind: str) -> Result:
    if kind == PREDICTED:
        return _predicted(_run("plain"))
    return run(parse_spec(KINDS[kind], source=f"{kind}.yaml", stem=kind))


def _predicted(result: Result) -> Result:
    """The result with predictions, whether or not theory has any."""
    layers = []
    for layer in result.layers:
        figures = {
            "std": Prediction(0.2, 0.01, -3.5),
            "saturation.low": Prediction(0.0, None, None),
            "gradient.ratio": Prediction(0.05, 0.002, 1.25),
        }
        bins = len(layer.histogram.counts)
        layers.append(
            replace(layer, theory=LayerTheory(1.5, 1e-9, figures, tuple([1 / bins] * bins)))
        )
    resolved = replace(result.resolved, no_theory=None, standard_errors="derived")
    return replace(result, layers=tuple(layers), resolved=resolved)


@pytest.fixture(params=[*KINDS, PREDICTED])
def result(request: pytest.FixtureRequest) -> Result:
    """A real result of every kind."""
    return _run(request.param)


@pytest.fixture
def plain() -> Result:
    """A real result."""
    return _run("plain")


@pytest.fixture
def tree() -> Callable[[], dict[str, Any]]:
    """A fresh tree of a real result's JSON."""

    def parse(kind: str = "plain") -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(dump_result(_run(kind)))
        return parsed

    return parse


def of_version(version: int) -> dict[str, Any]:
    """A fresh tree of a result that winit wrote under this schema version."""
    text = (HERE / f"version_{version}.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@pytest.fixture
def old() -> dict[str, Any]:
    """That of version 1."""
    return of_version(1)


@pytest.fixture(params=range(1, SCHEMA_VERSION))
def older(request: pytest.FixtureRequest) -> dict[str, Any]:
    """That of every version but today's."""
    return of_version(request.param)
