"""Parameters and shapes to build every activation and every initializer with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from support.cases import case, taking
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers import INITIALIZERS, Fans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Test = Callable[..., None]
    Given = dict[str, float | str]

# One or more sets of parameters per entry; `test_table` fails where an entry has none.
OF_ACTIVATIONS: dict[str, list[Given]] = {
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
# One or more sets of parameters per entry, what its activation or theory adds included;
# `test_table` fails where an entry has none.
OF_INITIALIZERS: dict[str, list[Given]] = {
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


def each_activation(test: Test) -> Test:
    """A test per row, over its examples: the `activation`, and its `example`, name and parameters.

    One without an example fails elsewhere, in `test_table`.
    """

    def run(row: str, **others: Any) -> None:
        for given in OF_ACTIVATIONS.get(row, []):
            with case(row=row, **given):
                built = ACTIVATIONS[row].build(**given)
                test(**_wanted(test, example=(row, given), activation=built), **others)

    joined = taking(run, test, without=("example", "activation"), more=["row"])
    return pytest.mark.parametrize("row", ACTIVATIONS)(joined)


def each_initializer(shapes: Iterable[Fans]) -> Callable[[Test], Test]:
    """A test per row, over its `example`s and these shapes as `fans`, where they make sense.

    `build` gives the example's sampler for a shape.
    """

    def decorate(test: Test) -> Test:
        def run(row: str, **others: Any) -> None:
            def build(fans: Fans) -> Any:
                return INITIALIZERS[row].build(fans, **given)

            for given in OF_INITIALIZERS.get(row, []):
                for fans in shapes:
                    if takes(row, fans):
                        with case(row=row, fans=fans, **given):
                            values = _wanted(test, example=(row, given), fans=fans, build=build)
                            test(**values, **others)

        joined = taking(run, test, without=("example", "fans", "build"), more=["row"])
        rows = [name for name in INITIALIZERS if any(takes(name, fans) for fans in shapes)]
        return pytest.mark.parametrize("row", rows)(joined)

    return decorate


def takes(name: str, fans: Fans) -> bool:
    """Whether an initializer makes sense for the shape."""
    if name == "delta_orthogonal" and fans.channels > fans.columns:
        return False
    return INITIALIZERS[name].only in ("", "kernel" if fans.kernel else "matrix")


def _wanted(test: Test, **values: Any) -> dict[str, Any]:
    names = inspect.signature(test).parameters
    return {name: value for name, value in values.items() if name in names}
