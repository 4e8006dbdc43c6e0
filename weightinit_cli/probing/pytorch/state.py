"""A model, and torch, left as they were found: whatever a run does to them is put back."""

from __future__ import annotations

import random
import re
import sys
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from weightinit_cli.probing.pytorch.naming import keras_layers, keras_states

if TYPE_CHECKING:
    from collections.abc import Iterator

# Modules that leave out whole branches or blocks at random, by their classes' names: theirs is no
# dropout of torch's.
AT_RANDOM = re.compile(r"(DropPath|StochasticDepth|DropBlock(2d|3d)?)$", re.IGNORECASE)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the generators of torch, numpy and Python, and have torch compute gradients.

    In the end all is as before; so are torch's default dtype, and whether it is deterministic.
    """
    with torch.random.fork_rng(), ExitStack() as stack:
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        stack.callback(random.setstate, random.getstate())
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
        stack.callback(
            torch.use_deterministic_algorithms,
            torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        stack.enter_context(torch.inference_mode(mode=False))
        torch.set_grad_enabled(True)
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        random.seed(seed)
        yield


@contextmanager
def left_as_found(model: torch.nn.Module) -> Iterator[None]:
    """Have a model in training, without its random depth; in the end it is as it was before.

    That is said of its modules' modes, its buffers, its parameters' gradients and which of them
    need one. In between the parameters have no gradients.
    """
    with _buffers_kept(model), _gradients_kept(model), _in_training(model), _keras_settled(model):
        yield


@contextmanager
def _in_training(model: torch.nn.Module) -> Iterator[None]:
    modes = [(each, each.training) for each in model.modules()]
    try:
        model.train()
        for module, _ in modes:
            if AT_RANDOM.search(type(module).__name__):
                module.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _buffers_kept(model: torch.nn.Module) -> Iterator[None]:
    buffers = [
        (module, name, buffer, None if buffer is None else buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
    ]
    try:
        yield
    finally:
        for module, name, buffer, values in buffers:
            module._buffers[name] = buffer
            if buffer is not None:
                _restore(buffer, values)


@contextmanager
def _gradients_kept(model: torch.nn.Module) -> Iterator[None]:
    parameters = [(each, each.grad, each.requires_grad) for each in model.parameters()]
    try:
        for parameter, _, _ in parameters:
            parameter.grad = None
        yield
    finally:
        for parameter, gradient, needs_one in parameters:
            parameter.grad = gradient
            if parameter.requires_grad != needs_one:
                parameter.requires_grad_(needs_one)


@contextmanager
def _keras_settled(model: torch.nn.Module) -> Iterator[None]:
    """Have layers of Keras without dropout, and put back their statistics and seeds."""
    states = [(each, each.detach().clone()) for each in keras_states(model)]
    dropouts = [
        (each, each.rate)
        for _, each in keras_layers(model)
        if "Dropout" in type(each).__name__ and hasattr(each, "rate")
    ]
    try:
        for layer, _ in dropouts:
            layer.rate = 0.0
        yield
    finally:
        for tensor, values in states:
            _restore(tensor, values)
        for layer, rate in dropouts:
            layer.rate = rate


def _restore(tensor: torch.Tensor, values: Any) -> None:
    """Bring values back where they have changed, so that no graph notices where they have not."""
    with torch.no_grad():
        same = tensor.shape == values.shape and tensor.dtype == values.dtype
        if not same:
            tensor.data = values
        elif not torch.equal(tensor, values):
            tensor.detach().copy_(values)


class Former:
    """What parameters were before an operation in place changed them; put back in the end."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(self, parameter: torch.Tensor) -> None:
        """Remember what a parameter is, once."""
        if id(parameter) not in self._values:
            self._values[id(parameter)] = parameter, parameter.detach().clone()

    def restore(self) -> None:
        """Put back what was kept."""
        for parameter, values in self._values.values():
            _restore(parameter, values)


@contextmanager
def run_eagerly() -> Iterator[None]:
    """Have what torch.compile has wrapped run as it was written, operation by operation."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"), warnings.catch_warnings():
        # that hooks of all modules see a compiled one twice
        warnings.filterwarnings("ignore", message="Using `torch.compile")
        yield
