"""Models of torch that cannot be watched, each said in one line."""

from __future__ import annotations

import torch
from torch.nn.parameter import is_lazy

from weightinit_cli.errors import WinitError
from weightinit_cli.machine import available_bytes

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
    _refuse_size(parameters)


def _is_quantized(model: torch.nn.Module) -> bool:
    tensors = [*model.parameters(), *model.buffers()]
    quantized = "torch.ao.nn.quantized", "torch.nn.quantized"
    return any(each.is_quantized for each in tensors if not is_lazy(each)) or any(
        type(each).__module__.startswith(quantized) for each in model.modules()
    )


def _refuse_size(parameters: list[torch.nn.Parameter]) -> None:
    """Refuse a model whose gradients alone do not fit."""
    needed = sum(
        each.numel() * each.element_size()
        for each in parameters
        if not is_lazy(each) and each.requires_grad and each.device.type == "cpu"
    )
    if needed <= ALWAYS_THERE:
        return
    available = available_bytes()
    if needed > available:
        raise WinitError(
            f"the gradients of the model's parameters need {needed / 2**30:,.1f} GiB of memory, "
            f"and {available / 2**30:,.1f} GiB are available"
        )
