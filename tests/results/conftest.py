"""Real results, small ones, of the kinds that a Result can hold."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.experiments import run
from weightinit_cli.results import dump_result
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
}


@cache
def _run(kind: str) -> Result:
    return run(parse_spec(KINDS[kind], source=f"{kind}.yaml", stem=kind))


@pytest.fixture(params=KINDS)
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
