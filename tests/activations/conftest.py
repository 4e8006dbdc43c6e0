"""Parameters to build every activation with, for the tests that go over the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weightinit_cli.activations import ACTIVATIONS

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation

# One or more sets of parameters per entry; `test_table` fails where an entry has none.
EXAMPLES: dict[str, list[dict[str, float | str]]] = {
    "linear": [{}],
    "sigmoid": [{}],
    "tanh": [{}],
    "relu": [{}],
    "leaky_relu": [{"negative_slope": slope} for slope in (0.01, 0.3, 0, -0.5, 3, 100)],
    "prelu": [{"negative_slope": slope} for slope in (0.25, -0.5)],
    "relu6": [{}],
    "elu": [{"alpha": alpha} for alpha in (1, 0.2, 0, 3, 100)],
    "celu": [{"alpha": alpha} for alpha in (1, 0.2, 3, 100)],
    "selu": [{}],
    "gelu": [{"approximate": "none"}, {"approximate": "tanh"}],
    "silu": [{}],
    "mish": [{}],
    "hard_silu": [{}],
    "softplus": [{}],
    "squareplus": [{"b": b} for b in (4, 1, 0.01, 1e4)],
    "softsign": [{}],
    "hard_tanh": [{}],
    "hard_sigmoid": [{"form": "torch"}, {"form": "keras2"}],
    "log_sigmoid": [{}],
    "exponential": [{}],
    "erf": [{}],
    "sin": [{"omega": omega} for omega in (1, 30, 0.5)],
    "step": [{}],
    "threshold": [
        {"threshold": 0.5, "value": -0.25},
        {"threshold": -1, "value": 2},
        {"threshold": 0, "value": 0},
        {"threshold": 0.75, "value": 0.75},
    ],
    "tanh_shrink": [{}],
    "soft_shrink": [{"threshold": threshold} for threshold in (0.5, 2, 0)],
    "hard_shrink": [{"threshold": threshold} for threshold in (0.5, 2, 0)],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        examples = [
            pytest.param((name, given), id="-".join([name, *map(str, given.values())]))
            for name in ACTIVATIONS
            for given in EXAMPLES.get(name, [])
        ]
        metafunc.parametrize("example", examples)


@pytest.fixture
def examples() -> dict[str, list[dict[str, float | str]]]:
    return EXAMPLES


@pytest.fixture
def activation(example: tuple[str, dict[str, float | str]]) -> Activation:
    name, given = example
    return ACTIVATIONS[name].build(**given)
