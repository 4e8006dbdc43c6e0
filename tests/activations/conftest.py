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
    "elu": [{"alpha": alpha} for alpha in (1, 0.2, 0, 3, 100)],
    "selu": [{}],
    "gelu": [{"approximate": "none"}, {"approximate": "tanh"}],
    "silu": [{}],
    "softplus": [{}],
    "softsign": [{}],
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
