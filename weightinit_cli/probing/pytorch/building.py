"""The model that a target of torch is or builds, and what it may be called with."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from weightinit_cli.errors import WinitError
from weightinit_cli.probing.failures import own_code
from weightinit_cli.probing.pytorch.refusing import within_memory

EMPTY = inspect.Parameter.empty
# Of a list of arguments; that of a large language model is cut.
MOST_WORDS = 150
MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def model_of(target: Any) -> torch.nn.Module:
    """The model that a target is, or that it builds when it is called without arguments.

    Raises WinitError where there is none.
    """
    if isinstance(target, torch.nn.Module):
        model = target
    elif callable(target):
        needed = required(target)
        if needed:
            names = ", ".join(needed)
            raise WinitError(
                f"needs arguments ({names}): name a function without any, which calls it with "
                f"them: def build(): return {getattr(target, '__name__', 'it')}(...)"
            )
        with own_code("cannot be built"), within_memory():
            model = target()
        if not isinstance(model, torch.nn.Module):
            raise WinitError(f"builds {_a(model)}: a torch.nn.Module is needed")
    else:
        raise WinitError(f"is {_a(target)}: a torch.nn.Module, or a function that builds one")
    return model


def required(function: Any) -> list[str]:
    """The arguments that a function cannot be called without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [each.name for each in parameters if each.default is EMPTY and each.kind not in MANY]


def arguments_of(function: Any) -> str:
    """What a function is called with, as it is written, without types: `x, mask=None`."""
    try:
        written = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    plain = [each.replace(annotation=EMPTY) for each in written.parameters.values()]
    words = str(written.replace(parameters=plain, return_annotation=EMPTY))[1:-1]
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}..."


def example_input(model: torch.nn.Module) -> str:
    """In words, what the model may be called with: by its forward, and by its first layer."""
    needed = required(model.forward)
    takes = f"its forward takes {', '.join(needed)}; " if len(needed) > 1 else ""
    for path, module in model.named_modules():
        example = _example(module)
        if example:
            where = f"{path} ({type(module).__name__})" if path else type(module).__name__
            return f"{takes}for {where}, for instance, --input {example}"
    return f"{takes}for instance --input 64,100"


def _example(module: torch.nn.Module) -> str:
    if isinstance(module, torch.nn.Linear):
        return f"64,{module.in_features}"
    if isinstance(module, torch.nn.Embedding):
        return f"'int:16,32<{module.num_embeddings}'"
    if isinstance(module, torch.nn.RNNBase):
        return f"16,32,{module.input_size}"
    sizes = {torch.nn.Conv1d: ",64", torch.nn.Conv2d: ",32,32", torch.nn.Conv3d: ",16,16,16"}
    for kind, rest in sizes.items():
        if isinstance(module, kind):
            return f"16,{module.in_channels}{rest}"
    return ""


def _a(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    return "None" if thing is None else f"a value of type {type(thing).__name__}"
