from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from support.plots import builders, networks

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.results.model import Result


SHAPES = builders.SHAPES | networks.NETWORKS


@cache
def _shape(name: str) -> Result:
    return SHAPES[name]()


@pytest.fixture(scope="session")
def shape() -> Callable[[str], Result]:
    """Each named shape's Result, made once."""
    return _shape


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_shape" in metafunc.fixturenames:
        metafunc.parametrize("any_shape", sorted(SHAPES))
