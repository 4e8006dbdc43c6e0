"""Every value that a model's operations make, and its gradient, as they come; none is kept."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as modules
from torch.overrides import TorchFunctionMode

from weightinit_cli.probing.figures import gradient_figures, value_figures
from weightinit_cli.probing.observing import Observation
from weightinit_cli.probing.pytorch.parameters import parameters_of
from weightinit_cli.probing.pytorch.running import batch_for, minimized
from weightinit_cli.results.probe import ProbedValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.results.model import Gradient

_MARK = "_winit_value"
# What only looks at values in another shape, or moves them.
VIEWS = frozenset((
    "view", "reshape", "transpose", "permute", "contiguous", "split", "chunk", "unbind", "expand",
    "expand_as", "flatten", "unflatten", "squeeze", "unsqueeze", "t", "to", "float", "clone",
    "detach", "narrow", "select", "repeat", "movedim", "type_as", "view_as", "swapaxes", "unfold",
    "requires_grad_", "type", "mT", "T", "dropout", "get",
))  # fmt: skip
FIRST_AXIS_UNITS = frozenset((
    "conv1d", "conv2d", "conv3d", "batch_norm", "group_norm", "instance_norm",
))  # fmt: skip
LAST_AXIS_UNITS = frozenset(["linear", "embedding", "layer_norm", "rms_norm", "matmul"])


@dataclass
class _Made:
    """A value on its way to its figures."""

    value: ProbedValue
    unit_axis: int
    gradient: Gradient | None = None


class Watcher(TorchFunctionMode):
    """Sees every operation, in which module it stands, and hooks what it makes."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.paths = {id(each): name for name, each in model.named_modules()}
        self.parameters = {id(each): name for name, each in model.named_parameters()}
        self.stack: list[torch.nn.Module] = [model]
        self.made: list[_Made] = []
        self.calls: Counter[tuple[str, str]] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation and record what it makes."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        operation = getattr(func, "__name__", str(func)).strip("_")
        given = list(_tensors([*args, *kwargs.values()]))
        for made in _tensors([result]):
            if made.is_floating_point() and made.dim() > 0 and id(made) not in self.parameters:
                self._record(operation, made, given)
        return result

    def _record(self, operation: str, made: torch.Tensor, given: list[torch.Tensor]) -> None:
        parents = [getattr(each, _MARK) for each in given if hasattr(each, _MARK)]
        if operation in VIEWS:
            if parents:
                setattr(made, _MARK, parents[0])
            return
        module = self.stack[-1]
        path = self.paths.get(id(module), "")
        self.calls[path, operation] += 1
        axis = self._unit_axis(operation, made, parents)
        place = len(self.made)
        detached = made.detach().float().numpy()
        self.made.append(
            _Made(
                ProbedValue(
                    module=path,
                    kind=type(module).__name__,
                    operation=operation,
                    call=self.calls[path, operation],
                    shape=tuple(made.shape),
                    units=made.shape[axis],
                    parents=tuple(sorted(set(parents))),
                    parameters=tuple(
                        self.parameters[id(each)] for each in given if id(each) in self.parameters
                    ),
                    line=_line(),
                    figures=value_figures(detached, axis),
                    no_gradient=None,
                    entropy=None,
                ),
                axis,
            )
        )
        setattr(made, _MARK, place)
        if made.requires_grad:
            made.register_hook(lambda gradient: self._hook(place, gradient))

    def _hook(self, place: int, gradient: torch.Tensor) -> None:
        with torch._C.DisableTorchFunction():
            self.made[place].gradient = gradient_figures(gradient.detach().float().numpy())

    def _unit_axis(self, operation: str, made: torch.Tensor, parents: list[int]) -> int:
        if operation in FIRST_AXIS_UNITS and made.dim() > 1:
            return 1
        if operation in LAST_AXIS_UNITS:
            return int(made.dim()) - 1
        for parent in parents:
            if self.made[parent].value.shape == tuple(made.shape):
                return self.made[parent].unit_axis
        return 1 if made.dim() >= 4 else int(made.dim()) - 1

    def __enter__(self) -> Watcher:
        """Follow the modules by hooks that all of them share, which no model knows of."""
        self.hooks = (
            modules.register_module_forward_pre_hook(lambda each, _: self.stack.append(each)),
            modules.register_module_forward_hook(lambda *_: self.stack.pop() and None),
        )
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave torch as it was."""
        for hook in self.hooks:
            hook.remove()
        super().__exit__(*error)


def observe(
    model: torch.nn.Module,
    inputs: Mapping[str, Input],
    loss: Loss,
    *,
    seed: int,
    exact: bool,  # noqa: ARG001
) -> Observation:
    """Run a model once, forwards and backwards."""
    batch = batch_for(model, inputs, seed)
    with Watcher(model) as watcher:
        returned = model(*batch.places, **batch.names)
    scalar, told = minimized(returned, loss, batch, seed)
    scalar.backward()
    values = tuple(
        replace(
            each.value,
            figures=replace(each.value.figures, gradient=each.gradient),
            no_gradient="nothing comes back to it" if each.gradient is None else None,
        )
        for each in watcher.made
    )
    parameters = parameters_of(model)
    model.zero_grad()
    return Observation(
        {
            name: value_figures(each.detach().float().numpy(), each.dim() - 1)
            for name, each in batch.tensors().items()
            if each.is_floating_point() and each.dim()
        },
        values,
        parameters,
        told,
        (),
    )


def _tensors(things: Any) -> Iterator[torch.Tensor]:
    for each in things:
        if isinstance(each, torch.Tensor):
            yield each
        elif isinstance(each, list | tuple):
            yield from _tensors(each)
        elif isinstance(each, dict):
            yield from _tensors(each.values())


def _line() -> str | None:
    """The innermost line of a file that no package has."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if "site-packages" not in file and "weightinit_cli" not in file and file.endswith(".py"):
            return f"{Path(file).name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None
