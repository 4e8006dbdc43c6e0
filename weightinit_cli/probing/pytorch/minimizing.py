"""Which of what a model returns is its output, and the loss of it, whose gradient is taken."""

from __future__ import annotations

from math import isfinite, log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.probing.failures import own_code
from weightinit_cli.probing.losses import CROSS_ENTROPY, MEAN_SQUARE, OWN
from weightinit_cli.probing.pytorch.nested import (
    by_name,
    dtype_words,
    named_tensors,
    shape_words,
    tensors,
)
from weightinit_cli.results.probe import ProbedLoss
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.probing.pytorch.running import Batch

LOGITS, LOSS = "logits", "loss"
OWN_LOSS = "the model's own"
IGNORED = -100  # a label that torch leaves out


class Minimized(NamedTuple):
    """What the gradient is of; `told` is None where it is no loss."""

    scalar: torch.Tensor
    told: ProbedLoss | None


def minimized(returned: Any, loss: Loss, batch: Batch, seed: int) -> Minimized:
    """Compute the loss of what a model returned.

    Raises WinitError where it returned nothing that has such a loss.
    """
    if loss.kind == OWN and loss.function is not None:
        with own_code(f"--loss {loss.said}, called with the model's output and the batch"):
            scalar = loss.function(returned, batch.as_given())
        found = _told(scalar, loss.said)
        outputs = tensors(returned)
        if any(each.requires_grad for each in outputs) and not scalar.requires_grad:
            raise WinitError(f"the loss ({loss.said}) does not depend on what the model returns")
        return found
    own = own_loss(returned)
    if loss.kind not in {CROSS_ENTROPY, MEAN_SQUARE} and own is not None:
        return _own(own, returned, batch)
    output, which = output_of(returned)
    generator = stream(seed, Role.COTANGENT)
    if loss.kind == CROSS_ENTROPY:
        return _cross_entropy(output, loss, f"{loss.said}{which}", generator)
    normal = torch.from_numpy(generator.standard_normal(tuple(output.shape), np.float32))
    normal = normal.to(output.device, output.dtype)
    if loss.kind == MEAN_SQUARE:
        return _told(torch.nn.functional.mse_loss(output, normal), f"{loss.said}{which}")
    return Minimized(_differentiable((output * normal).sum() / len(output), "the output"), None)


def _own(own: torch.Tensor, returned: Any, batch: Batch) -> Minimized:
    """The loss that a model returned; where it is the cross entropy of its logits, by classes."""
    outputs = [each for each in tensors(returned) if each.dim() > 1]
    logits = by_name(returned).get(LOGITS, outputs[0] if outputs else None)
    if isinstance(logits, torch.Tensor) and logits.is_floating_point():
        for labels in batch.tensors().values():
            if _is_cross_entropy(own, logits.detach(), labels):
                return _told(own, f"{OWN_LOSS}, {CROSS_ENTROPY}", logits.shape[-1])
    return _told(own, OWN_LOSS)


def _is_cross_entropy(own: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor) -> bool:
    """Whether a loss is that of these labels, or of those that come next in their sequences."""
    if labels.is_floating_point() or labels.shape != logits.shape[:-1]:
        return False
    if not ((labels >= 0) & (labels < logits.shape[-1]) | (labels == IGNORED)).all():
        return False
    pairs = [(logits, labels)]
    if labels.dim() > 1:
        pairs.append((logits[:, :-1], labels[:, 1:]))
    found = [
        torch.nn.functional.cross_entropy(rows.flatten(0, -2).float(), of.flatten().long())
        for rows, of in pairs
    ]
    return any(torch.isclose(one, own.detach().float(), rtol=1e-3) for one in found)


def own_loss(returned: Any) -> torch.Tensor | None:
    """The loss that a model computes itself: a scalar, alone, under its name or in a tuple."""
    if isinstance(returned, torch.Tensor):
        return returned if returned.dim() == 0 and returned.is_floating_point() else None
    parts = by_name(returned)
    if parts:
        found = parts.get(LOSS)
        return found if isinstance(found, torch.Tensor) and found.numel() == 1 else None
    if isinstance(returned, tuple | list):
        scalars = [each for each in returned if isinstance(each, torch.Tensor) and each.dim() == 0]
        return next((each for each in scalars if each.is_floating_point()), None)
    return None


def output_of(returned: Any) -> tuple[torch.Tensor, str]:
    """The output among what a model returned, and in words which it is where there are several.

    That is `logits`, else the first tensor of floating-point numbers that is no scalar.
    """
    if isinstance(returned, torch.Tensor) and returned.is_floating_point() and returned.dim():
        return returned, ""
    logits = by_name(returned).get(LOGITS)
    if isinstance(logits, torch.Tensor):
        return logits, " of logits"
    for name, each in named_tensors(returned):
        if each.is_floating_point() and each.dim():
            return each, f" of output {name}"
    kind = "None" if returned is None else f"a value of type {_kind(returned)}"
    if isinstance(returned, torch.Tensor):
        single = returned.is_floating_point()
        kind = "a single number" if single else f"a tensor of {dtype_words(returned)}"
    raise WinitError(
        f"the model returns {kind}: a tensor of floating-point numbers is needed, with the inputs "
        "on its first axis"
    )


def _cross_entropy(
    output: torch.Tensor, loss: Loss, said: str, generator: np.random.Generator
) -> Minimized:
    axis = class_axis(tuple(output.shape), loss.classes)
    if axis is None:
        wrong = f"the model's output has shape {shape_words(output)}"
        if loss.classes is None:
            hint = "at least 2 classes are needed; --loss mean_square, or a function of yours?"
            raise WinitError(f"--loss {loss.said}: {wrong}: {hint}")
        raise WinitError(f"--loss {loss.said}: {wrong}: no axis of {loss.classes:,} classes")
    rows = output.movedim(axis, -1).reshape(-1, output.shape[axis])
    classes = rows.shape[-1]
    labels = torch.from_numpy(generator.integers(0, classes, len(rows))).to(output.device)
    scalar = torch.nn.functional.cross_entropy(rows.float(), labels)
    return _told(scalar, said, classes)


def class_axis(shape: tuple[int, ...], classes: int | None) -> int | None:
    """The axis of an output that has the classes; None where there is none.

    It is the last one, and of images, (N, C, H, W), and volumes the one after the inputs', unless
    only the other has as many.
    """
    usual = 1 if len(shape) >= 4 else len(shape) - 1
    others: tuple[int, ...] = () if classes is None or len(shape) < 2 else (1, len(shape) - 1)
    for axis in (usual, *others):
        if axis > 0 and shape[axis] > 1 and classes in {None, shape[axis]}:
            return axis
    return None


def _told(scalar: Any, said: str, classes: int | None = None) -> Minimized:
    scalar = _differentiable(scalar, f"the loss ({said})")
    value = float(scalar.detach())
    return Minimized(
        scalar,
        ProbedLoss(
            said,
            value if isfinite(value) else None,
            classes,
            None if classes is None else log(classes),
        ),
    )


def _differentiable(scalar: Any, what: str) -> torch.Tensor:
    """The scalar, of which gradients are wanted. Raises WinitError where it is none."""
    if not isinstance(scalar, torch.Tensor):
        raise WinitError(printable(f"{what} is {_kind(scalar)}: a tensor is needed"))
    if scalar.numel() != 1:
        raise WinitError(printable(f"{what} has shape {shape_words(scalar)}: one number is needed"))
    return scalar.reshape(())


def _kind(thing: Any) -> str:
    return "None" if thing is None else type(thing).__name__
