"""The parameters of a model: their fans by the kind of their module, and what gradient they get."""

from __future__ import annotations

from hashlib import sha256
from math import prod, sqrt
from typing import Any

import torch

from weightinit_cli.probing.figures import weight_figures
from weightinit_cli.results.probe import ProbedParameter

TRANSPOSED = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)


def parameters_of(model: torch.nn.Module) -> tuple[ProbedParameter, ...]:
    """Every parameter once, in the model's own order."""
    modules = dict(model.named_modules())
    names: dict[int, list[str]] = {}
    for name, each in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(each), []).append(name)
    found: list[ProbedParameter] = []
    seen: dict[str, str] = {}
    for name, each in model.named_parameters():
        path = name.rpartition(".")[0]
        values = each.detach().float().numpy()
        stream = sha256(values.tobytes()).hexdigest()[:12]
        figures = weight_figures(values, stream)
        fan_in, fan_out = fans(modules[path], tuple(each.shape))
        gradient = None if each.grad is None else float(each.grad.double().square().mean().sqrt())
        size = float(each.detach().double().square().mean().sqrt())
        drawn = bool(figures.std)
        found.append(
            ProbedParameter(
                name=name,
                module=path,
                kind=type(modules[path]).__name__,
                shape=tuple(each.shape),
                fan_in=fan_in,
                fan_out=fan_out,
                statistics=figures,
                scaled_std=None
                if fan_in is None or figures.std is None
                else figures.std * sqrt(fan_in),
                scheme=None,
                evidence="",
                gradient_rms=gradient,
                gradient_ratio=gradient / size if gradient is not None and size else None,
                no_gradient=None if gradient is not None else "the loss does not depend on it",
                shared_with=tuple(names[id(each)][1:]),
                copy_of=seen.get(stream) if drawn else None,
            )
        )
        seen.setdefault(stream, name)
    return tuple(found)


def fans(module: Any, shape: tuple[int, ...]) -> tuple[int | None, int | None]:
    """The fans of a parameter of this shape by the kind of its module; None where it has none."""
    if len(shape) < 2:
        return None, None
    if isinstance(module, torch.nn.Embedding):
        return shape[1], None
    field = prod(shape[2:])
    groups = getattr(module, "groups", 1)
    if isinstance(module, TRANSPOSED):
        return shape[0] // groups * field, shape[1] * field
    return shape[1] * field, shape[0] // groups * field
