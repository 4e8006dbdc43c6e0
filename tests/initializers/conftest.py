"""Parameters and shapes to build every initializer with, for tests that go over the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from threadpoolctl import threadpool_limits

from weightinit_cli.initializers import INITIALIZERS, Fans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.initializers import Sampler

# One or more sets of parameters per entry, what its activation or theory adds included;
# `test_table` fails where an entry has none.
EXAMPLES: dict[str, list[dict[str, float | str]]] = {
    "zeros": [{}],
    "ones": [{}],
    "constant": [{"value": 0.1}, {"value": -2}],
    "normal": [{"std": 0.3}, {"std": 0.01, "mean": 5}],
    "uniform": [{"low": -0.3, "high": 0.7}, {"low": -2, "high": -1}],
    "truncated_normal": [{"std": 0.3}, {"std": 2, "mean": -0.5}],
    "variance_scaling": [
        {"scale": 0.5, "mode": mode, "distribution": distribution}
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("normal", "truncated_normal", "uniform")
    ],
    "lecun_normal": [{}],
    "lecun_uniform": [{}],
    "glorot_normal": [{}],
    "xavier_normal": [{}, {"gain": 5 / 3}],
    "xavier_uniform": [{}, {"gain": 5 / 3}],
    "he_normal": [{}],
    "he_uniform": [{}],
    "kaiming_normal": [{}, {"mode": "fan_out"}, {"gain": 3}, {"negative_slope": 0.5}],
    "kaiming_uniform": [
        {},
        {"mode": "fan_out", "gain": 3},
        {"gain": 0.5},
        {"mode": "fan_out", "negative_slope": -2},
    ],
    "torch_linear": [{}],
    # Shares that are whole numbers of columns, so that swapped fans give the same.
    "sparse": [{"sparsity": 0.25}, {"sparsity": 0.1, "std": 0.5}, {"sparsity": 0, "std": 2}],
    "critical": [{"sigma_w": 1.1934}, {"sigma_w": 10}],
    "siren": [{"omega": 30}, {"omega": 0.7}],
    "nguyen_widrow": [{}],
    "orthogonal": [{}, {"gain": 1.5}],
    "delta_orthogonal": [{}, {"gain": 1.5}],
    "lsuv": [{}, {"tolerance": 0.01}],
    "identity": [{}, {"gain": 0.2}],
    "dirac": [{}, {"groups": 2}],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """An `example` of every row, with every one of the module's FANS that the row takes."""
    if "example" in metafunc.fixturenames:
        cases = [
            pytest.param((name, given), fans, id=label(name, given, fans))
            for name in INITIALIZERS
            for given in EXAMPLES.get(name, [])
            for fans in metafunc.module.FANS
            if takes(name, fans)
        ]
        metafunc.parametrize(("example", "fans"), cases)


def label(name: str, given: dict[str, float | str], fans: Fans) -> str:
    """The row, its parameters and its shape, (*kernel, in, out)."""
    shape = "x".join(map(str, (*fans.kernel, fans.channels, fans.columns)))
    return "-".join([name, *map(str, given.values()), shape])


def takes(name: str, fans: Fans) -> bool:
    """Whether the row makes sense for the shape."""
    if name == "delta_orthogonal" and fans.channels > fans.columns:
        return False
    return INITIALIZERS[name].only in ("", "kernel" if fans.kernel else "matrix")


@pytest.fixture(autouse=True, scope="package")
def _one_blas_thread() -> Iterator[None]:
    """As in the network; on a busy machine several take seconds for a small matrix."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture
def examples() -> dict[str, list[dict[str, float | str]]]:
    return EXAMPLES


@pytest.fixture
def build(example: tuple[str, dict[str, float | str]]) -> Callable[[Fans], Sampler]:
    name, given = example
    return lambda fans: INITIALIZERS[name].build(fans, **given)
