"""What is kept of a value that an operation made: its figures, its gradient, why it has none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from weightinit_cli.network.sums import EntrySums, exponent_of
from weightinit_cli.probing.figures import gradient_figures, value_figures
from weightinit_cli.results.model import Gradient, LayerStatistics, Resolution, Saturation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.probing.pytorch.marks import Mark
    from weightinit_cli.results.probe import ProbedValue

Array = np.ndarray[Any, Any]

_KEY = "winit"
NEEDS_NONE = "nothing that it was made of needs a gradient"
NOT_REACHED = "nothing of the loss depends on it"
CHANGED = "an operation in place changed it after it was seen: its gradient was not seen"
NOT_SEEN = "its gradient was not seen"
NOT_RUN = "there is no loss that needs gradients"


@dataclass
class Made:
    """A value that was made, and what became of it.

    `hooked` says whether its gradient is waited for, `reached` whether the loss depends on it,
    `changed` whether an operation in place has changed it since, `multiplied` whether a product of
    matrices took it; `needs_none` says why its gradient isn't waited for. `mark` is what the tensor
    that holds it hands on.
    """

    value: ProbedValue
    unit_axis: int
    needs_none: str
    mark: Mark
    hooked: bool = False
    reached: bool = False
    changed: bool = False
    multiplied: bool = False
    gradient: Gradient | None = None

    def watch(self, tensor: torch.Tensor, *, in_place: bool = False) -> None:
        """Wait for the gradient of the tensor that holds it.

        Where an operation returns a view of what it computed, as a linear map of three axes does,
        the gradient is that of the latter: a hook of a view is lost when an operation in place
        changes it. So is that of a part of what it looks at, where it was made `in_place` there.
        """
        base, part = tensor._base, None
        if base is not None and base.requires_grad:
            if base.numel() == tensor.numel():
                tensor = base
            elif in_place and base.dtype == tensor.dtype:
                offset = tensor.storage_offset() - base.storage_offset()
                tensor, part = base, (tensor.size(), tensor.stride(), offset)
        if not self.hooked and tensor.requires_grad:
            self.hooked = True
            layout = tensor.size(), tensor.stride()
            tensor.register_hook(partial(_arrived, self, layout=layout, part=part))
            if tensor.grad_fn is not None:
                tensor.grad_fn.metadata[_KEY] = self

    def told(self, *, backward: bool) -> ProbedValue:
        """The value with its gradient, or why none is known of it."""
        entropy = self.value.entropy if self.multiplied or not _is_softmax(self.value) else None
        figures = replace(self.value.figures, gradient=self.gradient)
        reason = self._reason(backward=backward) if self.gradient is None else None
        return replace(self.value, figures=figures, entropy=entropy, no_gradient=reason)

    def _reason(self, *, backward: bool) -> str:
        if not self.hooked:
            return self.needs_none
        if not backward:
            return NOT_RUN
        if self.reached:
            return NOT_SEEN
        return CHANGED if self.changed else NOT_REACHED


def _arrived(made: Made, gradient: torch.Tensor | None, *, layout: Any, part: Any) -> None:
    if gradient is None:  # as of one of several results that nothing depends on
        return
    with torch._C.DisableTorchFunction():
        if part is not None:
            whole = torch.empty_strided(*layout, dtype=gradient.dtype, device=gradient.device)
            gradient = whole.copy_(gradient).as_strided(*part)
        made.gradient = gradient_figures(as_array(gradient))


def _is_softmax(value: ProbedValue) -> bool:
    return value.operation == "softmax"


def follow(scalar: torch.Tensor, made: Iterable[Made]) -> None:
    """Note which of the values a scalar depends on, by the graph that its gradient takes.

    Gradients that have come by then, of what a model derives itself, are none of the scalar's.
    """
    for each in made:
        each.gradient = None
    for value in _made_behind(scalar, through=True):
        value.reached = True


def marks_behind(tensor: torch.Tensor) -> list[Mark]:
    """The marks of the nearest values that a tensor was made of, by the graph of its gradient."""
    return [value.mark for value in _made_behind(tensor, through=False)]


def _made_behind(tensor: torch.Tensor, *, through: bool) -> Iterator[Made]:
    """The values that a tensor was made of: all, or with none that another one was made of."""
    waiting = [tensor.grad_fn]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        value = node.metadata.get(_KEY)
        if value is not None:
            yield value
            if not through:
                continue
        further = {each for each, _ in node.next_functions if each is not None} - seen
        seen |= further
        waiting += further


def as_array(tensor: torch.Tensor) -> Array:
    """The values of a tensor, float32 or float64; those of smaller dtypes are float32 exactly."""
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype not in {torch.float32, torch.float64}:
        tensor = tensor.float()
    found: Array = tensor.cpu().resolve_neg().contiguous().numpy()
    return found


def figures_of(
    tensor: torch.Tensor, unit_axis: int, batch: int, rows: int = 0, *, exact: bool
) -> LayerStatistics:
    """The figures of a value that `batch` inputs have, 0 where it does not depend on them.

    The inputs are on its first axis; on its second, where that alone has as many; or they are the
    outer part of the first, where that has a multiple of as many, and the inner part where it has
    so many `rows`. Else it is unknown which belongs to which.
    """
    shape, eps = tensor.shape, float(torch.finfo(tensor.dtype).eps)
    if batch and shape == (batch,):  # one unit
        tensor, unit_axis = tensor.unsqueeze(1), 1
    elif batch and shape[0] != batch:
        tensor = tensor.detach()
        if len(shape) > 1 and shape[1] == batch:
            tensor = tensor.transpose(0, 1)
            unit_axis = {0: 1, 1: 0}.get(unit_axis, unit_axis)
        elif shape[0] % batch == 0 and unit_axis > 0:
            if shape[0] == rows:
                tensor = tensor.unflatten(0, (-1, batch)).transpose(0, 1)
            else:
                tensor = tensor.unflatten(0, (batch, -1))
            unit_axis += 1
        else:
            batch = 0
    return value_figures(as_array(tensor), unit_axis, inputs=batch > 0, eps=eps, exact=exact)


class Before(NamedTuple):
    """What an activation function was given: its standard deviation, its flat shares, its floor."""

    std: float | None
    saturation: Saturation
    floor: float

    @classmethod
    def of(cls, given: torch.Tensor, ends: Ends, known: LayerStatistics | None) -> Before:
        """Look at it; the standard deviation of what is `known` already isn't computed again."""
        if known is not None and known.resolution is not None:
            std, floor = known.std, known.resolution.activations
        else:
            values = as_array(given)
            sums = EntrySums.of(values, float(values.flat[0]), exponent_of(values))
            std = sums.std if sums.std is None or np.isfinite(sums.std) else None
            floor = float(torch.finfo(given.dtype).eps) * (std or 0.0)
        given = given.detach()
        numbers = given.numel() - int(given.isnan().sum())
        low, high = ends
        return cls(
            std,
            Saturation(
                None if low is None or not numbers else int((given <= low).sum()) / numbers,
                None if high is None or not numbers else int((given >= high).sum()) / numbers,
            ),
            floor,
        )

    def added_to(self, figures: LayerStatistics) -> LayerStatistics:
        """The figures of what the activation function made of it."""
        resolution = figures.resolution and replace(figures.resolution, preactivations=self.floor)
        unresolved = dict(figures.unresolved)
        if self.std is not None and self.std < self.floor:
            unresolved["preactivation_std"] = self.floor
        return replace(
            figures,
            preactivation_std=self.std,
            saturation=self.saturation,
            resolution=resolution or Resolution(0.0, self.floor),
            unresolved=unresolved,
        )
