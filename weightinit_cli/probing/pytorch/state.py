"""A model, and torch, left as they were found: whatever a run does to them is put back."""

from __future__ import annotations

import random
import re
import sys
import warnings
from collections import OrderedDict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from weightinit_cli.probing.pytorch.naming import KERAS, is_of, keras_layers, keras_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Modules that leave out whole branches or blocks at random, by their classes' names: theirs is no
# dropout of torch's.
AT_RANDOM = re.compile(r"(DropPath|StochasticDepth|DropBlock(2d|3d)?)$", re.IGNORECASE)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set the generators of torch, numpy and Python, and have torch compute gradients.

    In the end all is as before; so are torch's default dtype, its number of threads, and whether it
    is deterministic.
    """
    with torch.random.fork_rng(), ExitStack() as stack:
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        stack.callback(random.setstate, random.getstate())
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
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

    That is said of its modules' modes and attributes, its buffers, its parameters, their gradients
    and which of them need one. In between the parameters have no gradients.
    """
    with ExitStack() as stack:
        for keep in (_attributes, _buffers_kept, _gradients_kept, _in_training, _keras_settled):
            stack.enter_context(keep(model))
        yield


@contextmanager
def _attributes(model: torch.nn.Module) -> Iterator[None]:
    """Put back what modules hold: hooks, submodules, counters, caches, and what is in lists."""
    kept = [
        (each, dict(vars(each)), _contents(vars(each).values()))
        for each in model.modules()
        if not is_of(each, KERAS)  # whose layers note in many places that they are built
    ]
    try:
        yield
    finally:
        for module, attributes, contents in kept:
            vars(module).clear()
            vars(module).update(attributes)
            for holder, content in contents:
                holder.clear()
                holder.extend(content) if isinstance(holder, list) else holder.update(content)


def _contents(things: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Those things that hold others, each with a copy of what it holds."""
    return [(each, each.copy()) for each in things if type(each) in {dict, list, set, OrderedDict}]


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
    parameters = [(each, each.data, each.grad, each.requires_grad) for each in model.parameters()]
    try:
        for parameter, *_ in parameters:
            parameter.grad = None
        yield
    finally:
        for parameter, data, gradient, needs_one in parameters:
            _have_again(parameter, data)
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


def _have_again(parameter: torch.Tensor, data: torch.Tensor) -> None:
    """Give a parameter the memory back that it had, where it has been given another one's."""
    if parameter.data_ptr() != data.data_ptr() or parameter.shape != data.shape:
        parameter.data = data


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
        self._values: dict[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = {}

    def keep(self, parameter: torch.Tensor) -> None:
        """Remember what a parameter is, once."""
        if id(parameter) not in self._values:
            self._values[id(parameter)] = parameter, parameter.data, parameter.detach().clone()

    def restore(self) -> None:
        """Put back what was kept."""
        for parameter, data, values in self._values.values():
            _have_again(parameter, data)
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
