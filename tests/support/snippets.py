"""Specs of which programs are made, and the models that the programs build.

A `Model` speaks as winit does: weights are (fan_in, out), kernels (height, width, in, out), and
images have their channels last.
"""

from __future__ import annotations

import json
import os
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from support.examples import OF_ACTIVATIONS, OF_INITIALIZERS
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.snippets import snippet
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightinit_cli.spec import Spec

DENSE = {"features": 200, "width": [400, 100]}
CONVOLUTIONS = {"image": [5, 6, 8], "channels": [40, 64], "kernel": [3, 4]}


def spec_of(**keys: Any) -> Any:
    """A spec by its keys."""
    defaults = {"activation": "tanh", "initializer": "he_normal"}
    return parse_spec(json.dumps({**defaults, **keys}).encode(), source="spec", stem="spec")


def initialized(*, kernels: bool) -> Iterator[Any]:
    """A spec for every initializer with each set of its parameters, and with `gain: auto`."""
    for name, row in INITIALIZERS.items():
        if row.only == ("matrix" if kernels else "kernel"):
            continue
        examples = [{}] if row.theory or row.activation else OF_INITIALIZERS[name]
        if any(parameter.name == "gain" for parameter in row.parameters):
            examples = [*examples, {"gain": "auto"}]
        for given in examples:
            spec = spec_of(
                **(CONVOLUTIONS if kernels else DENSE),
                activation={"name": "sin", "omega": 30} if row.activation else "tanh",
                initializer={"name": name, **given},
            )
            yield pytest.param(spec, id=" ".join(map(str, (name, *given.values()))))


def biased() -> Iterator[Any]:
    """A spec of one wide layer for every initializer of biases."""
    for name, row in INITIALIZERS.items():
        if row.needs_fans and row.build_bias is None:
            continue
        for given in OF_INITIALIZERS[name]:
            bias = {"name": name, **given}
            spec = spec_of(features=10, width=20_000, layers=1, bias=bias)
            yield pytest.param(spec, id=" ".join(map(str, (name, *given.values()))))


def activated() -> Iterator[Any]:
    """A spec for every activation with each set of its parameters, each input its own unit."""
    for name, examples in OF_ACTIVATIONS.items():
        for given in examples:
            activation = {"name": name, **given}
            own = {"width": 50, "layers": 1, "initializer": "identity", "dtype": "float64"}
            spec = spec_of(activation=activation, **own)
            yield pytest.param(spec, id=" ".join(map(str, (name, *given.values()))))


class Model(NamedTuple):
    """Each layer's weights and biases, and what the model makes of inputs."""

    parameters: list[tuple[np.ndarray, np.ndarray]]
    forward: Callable[[np.ndarray], np.ndarray]


def build(spec: Spec, library: str, seed: int = 0) -> Model:
    """The model of the program in a library's lines; its settings stay until `reset`."""
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations within the libraries
        reset(library)
        exec(compile(snippet(spec, library), "model.py", "exec"), names)  # noqa: S102
        return READERS[library](names, seed)


def reset(library: str) -> None:
    """Take back what a program sets for the whole process."""
    if library == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported
        import keras

        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    if library == "jax":
        import jax

        jax.config.update("jax_enable_x64", False)


def _of_torch(names: dict[str, Any], seed: int) -> Model:
    import torch

    torch.manual_seed(seed)
    model = names["build"]()
    layers = [layer for layer in model if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)]

    def forward(x: np.ndarray) -> np.ndarray:
        moved = np.moveaxis(x, -1, 1) if x.ndim == 4 else x
        with torch.no_grad():
            out = model(torch.tensor(moved, dtype=layers[0].weight.dtype)).numpy()
        return np.moveaxis(out, 1, -1) if x.ndim == 4 else out

    def ours(weight: np.ndarray) -> np.ndarray:
        return weight.T if weight.ndim == 2 else weight.transpose(2, 3, 1, 0)

    parameters = [
        (ours(layer.weight.detach().numpy()), layer.bias.detach().numpy()) for layer in layers
    ]
    return Model(parameters, forward)


def _of_keras(names: dict[str, Any], seed: int) -> Model:
    import keras

    keras.utils.set_random_seed(seed)
    model = names["build"]()
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    to_numpy = keras.ops.convert_to_numpy
    return Model(
        [(to_numpy(layer.kernel), to_numpy(layer.bias)) for layer in layers],
        lambda x: to_numpy(model(x)),
    )


def _of_jax(names: dict[str, Any], seed: int) -> Model:
    import jax

    apply, parameters = names["build"](jax.random.key(seed))
    return Model(
        [(np.asarray(w), np.asarray(b)) for w, b, *_ in parameters],
        lambda x: np.asarray(apply(parameters, x)),
    )


READERS = {"torch": _of_torch, "keras": _of_keras, "jax": _of_jax}
