"""Models of torch that cannot be watched, each said in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from weightinit_cli.errors import WinitError
from weightinit_cli.machine import available_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below this, a machine that runs torch has the memory; looking it up would cost more.
ALWAYS_THERE = 1 << 28


def refuse(model: torch.nn.Module) -> None:
    """Raise WinitError of a model without parameters, and of one that is no plain torch.

    That is: scripted or traced, on the meta device, quantized; or one whose gradients need more
    memory than is there.
    """
    parameters = list(model.parameters())
    if any(isinstance(each, torch.jit.ScriptModule) for each in model.modules()):
        raise WinitError(
            "the model is scripted or traced by torch.jit, which shows none of its values; "
            "give the model that it was made of"
        )
    if _is_quantized(model):
        raise WinitError("the model is quantized; give the model that it was made of")
    if not parameters:
        raise WinitError("the model has no parameters: there is no initialization to look at")
    if any(each.is_meta for each in (*parameters, *model.buffers())):
        raise WinitError(
            "the model is on the meta device, where parameters have no values; build it on the CPU"
        )
    if any(each.is_inference() for each in parameters if not is_lazy(each)):
        raise WinitError(
            "the model was built in torch.inference_mode, where parameters cannot have gradients"
        )
    gradients = sum(
        _size(each)
        for each in parameters
        if not is_lazy(each) and each.requires_grad and each.device.type == "cpu"
    )
    _refuse_size(gradients, "the gradients of the model's parameters")


@contextmanager
def within_memory() -> Iterator[None]:
    """Refuse a parameter that does not fit while a model is built: before its values are drawn.

    Memory that a tensor asks for is taken when it is filled, so that a model which is too large
    would be built until the system ends the process.
    """
    unfilled = 0

    def look(_module: Any, _name: str, parameter: torch.Tensor | None) -> None:
        nonlocal unfilled
        if parameter is None or is_lazy(parameter) or parameter.device.type != "cpu":
            return
        unfilled += _size(parameter)
        if unfilled > ALWAYS_THERE:
            _refuse_size(unfilled, "cannot be built: its next parameters")
            unfilled = 0

    hook = register_module_parameter_registration_hook(look)
    try:
        yield
    finally:
        hook.remove()


def _is_quantized(model: torch.nn.Module) -> bool:
    tensors = [*model.parameters(), *model.buffers()]
    quantized = "torch.ao.nn.quantized", "torch.nn.quantized"
    return any(each.is_quantized for each in tensors if not is_lazy(each)) or any(
        type(each).__module__.startswith(quantized) for each in model.modules()
    )


def _size(tensor: torch.Tensor) -> int:
    return int(tensor.numel() * tensor.element_size())


def _refuse_size(needed: int, what: str) -> None:
    if needed <= ALWAYS_THERE:
        return
    available = available_bytes()
    if needed > available:
        raise WinitError(
            f"{what} need {needed / 2**30:,.1f} GiB of memory, and "
            f"{available / 2**30:,.1f} GiB are available"
        )
