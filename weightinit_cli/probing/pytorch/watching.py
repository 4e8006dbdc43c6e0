"""Every operation that a model runs, as it runs: what it makes, of what, and in which module."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as modules
from torch.overrides import TorchFunctionMode

from weightinit_cli.probing.pytorch import operations as ops
from weightinit_cli.probing.pytorch.attention import entropy_of_attention, entropy_of_scores
from weightinit_cli.probing.pytorch.lines import calling_line, in_reentrant_checkpoint
from weightinit_cli.probing.pytorch.marks import UNSEEN, Call, Mark, Marks, root_of, together
from weightinit_cli.probing.pytorch.nested import tensors
from weightinit_cli.probing.pytorch.recording import (
    NEEDS_NONE,
    Before,
    Made,
    figures_of,
    marks_behind,
)
from weightinit_cli.probing.pytorch.state import Former
from weightinit_cli.results.probe import UNDER_NO_GRAD, ProbedValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

    from weightinit_cli.probing.pytorch.naming import Naming

# Functions of several operations, each with the module in which it asks who else would run in its
# place. The backward pass runs checkpointed parts again.
_OPENED: Any = {
    torch.nn.functional.multi_head_attention_forward: torch.nn.functional,
    torch.autograd.backward: torch.autograd,
}


class Watcher(TorchFunctionMode):
    """Sees every operation while it is entered, and runs those at random without their dropout.

    `batch` is the number of inputs. Operations are recorded inside of `recording`: `made` are the
    values, in the order of the run; `unseen` says what could not be seen; `used` has the names of
    the parameters that were used, with whether that was ever with gradients on.
    """

    def __init__(self, model: torch.nn.Module, naming: Naming, batch: int, *, exact: bool) -> None:
        super().__init__()
        self.made: list[Made] = []
        self.unseen: dict[str, None] = {}
        self.used: dict[str, bool] = {}
        self.former = Former()
        self._parameters = {each.name: each.parameter for each in naming.parameters}
        self._paths = naming.paths
        self._modules = [model]
        self._raised: tuple[BaseException | None, torch.nn.Module] = (None, model)
        self._batch, self._exact = batch, exact
        self._marks = Marks(self._parameters, batch)
        self._calls: Counter[tuple[str, str]] = Counter()
        self._outermost: CodeType | None = None

    @contextmanager
    def recording(self, inputs: Iterable[torch.Tensor], outermost: CodeType) -> Iterator[None]:
        """Record operations, and follow the modules by hooks that belong to none of them.

        Lines of a person's files are looked for above the frame that runs `outermost`.
        """
        self._marks.begin(inputs)
        entered = modules.register_module_forward_pre_hook(
            lambda module, _: self._modules.append(module)
        )
        left = modules.register_module_forward_hook(self._leave, always_call=True)
        self._outermost = outermost
        try:
            yield
        finally:
            self._outermost = None
            entered.remove()
            left.remove()

    def _leave(self, module: torch.nn.Module, *_: Any) -> None:
        self._modules.pop()
        error = sys.exc_info()[1]
        if error is not None and error is not self._raised[0]:
            self._raised = error, module

    def failed_in(self, error: BaseException) -> torch.nn.Module:
        """The innermost module that an error was raised in; the model, where that is not known."""
        raised, module = self._raised
        return module if raised is error else self._modules[0]

    def places_of(self, returned: Any) -> list[int]:
        """The places of the values that a model returns, whose gradients are waited for, too."""
        found: list[int] = []
        for each in tensors(returned):
            mark = self._mark_of(each)
            self._watch_late(each, mark)
            found += mark.places
        return found

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation, and record what it makes."""
        kwargs = kwargs or {}
        name = ops.name_of(func)
        if name in ops.DROPOUTS:
            return ops.argument(args, kwargs, 0, "input")
        args, kwargs = ops.without_dropout(name, args, kwargs)
        if func in _OPENED:
            return self._opened(func, args, kwargs)
        given = [] if self._outermost is None else list(tensors((args, kwargs)))
        if not given:
            return func(*args, **kwargs)
        call = Call(
            ops.said(name, args, kwargs),
            args,
            kwargs,
            given,
            [self._mark_of(each) for each in given],
        )
        if ops.is_in_place(func):
            for parameter in call.marks[0].names:
                self.former.keep(self._parameters[parameter])
        before, entropy = self._before(call), self._entropy(call)
        versions = [each._version for each in given]
        result = func(*args, **kwargs)
        changed = [each._version != was for each, was in zip(given, versions, strict=True)]
        self._see(call, result, changed, before, entropy)
        return result

    def _opened(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run a function so that the operations in it are seen, in place of itself.

        Such a function asks first whether somebody runs in its place. This one question is
        answered with no, and all later ones as ever.
        """
        module = _OPENED[function]
        asked = module.has_torch_function

        def answer(_: Any) -> bool:
            module.has_torch_function = asked
            return False

        module.has_torch_function = answer
        try:
            with self:
                return function(*args, **kwargs)
        finally:
            module.has_torch_function = asked

    def _mark_of(self, tensor: torch.Tensor) -> Mark:
        """What is known of a tensor; by its gradient's graph, where its operation was not seen."""
        mark = self._marks.of(tensor)
        if mark is not UNSEEN or _is_wrapped(tensor) or tensor.grad_fn is None:
            return mark
        behind = marks_behind(tensor)
        return together([Mark(numbers=True, inputs=not behind), *behind])

    def _before(self, call: Call) -> Before | None:
        """What an activation function is about to be given."""
        ends = ops.ends_of(call.name, call.args, call.kwargs)
        given, mark = call.given[0], call.marks[0]
        if ends is None or not mark.is_known or not _is_value(given):
            return None
        values = [self.made[place].value for place in mark.places]
        known = len(values) == 1 and prod(values[0].shape) == given.numel()
        return Before.of(given, ends, values[0].figures if known else None)

    def _entropy(self, call: Call) -> float | None:
        """The entropy of attention weights that an operation is about to make."""
        scores = call.given[0]
        if not _is_value(scores):
            return None
        if call.name == ops.ATTENTION:
            return entropy_of_attention(*call.args, **call.kwargs)
        if call.name != ops.SOFTMAX or scores.dim() < 3:
            return None
        axis = ops.argument(call.args, call.kwargs, 1, "dim", -1)
        if axis not in {-1, scores.dim() - 1}:
            return None
        known = scores.dim() == 4 or self._is_product(call.marks[0].places)
        return entropy_of_scores(scores) if known else None

    def _is_product(self, places: Iterable[int]) -> bool:
        """Whether one of these values is a product of matrices, or was scaled to be it."""
        for value in (self.made[place].value for place in places):
            scaled = value.operation in {"mul", "div", "add", "sub", "where"}
            if value.operation in ops.MATMULS or (scaled and self._is_product(value.parents)):
                return True
        return False

    def _see(
        self,
        call: Call,
        result: Any,
        changed: list[bool],
        before: Before | None,
        entropy: float | None,
    ) -> None:
        """Hand on what is known of the tensors given to those that an operation returns."""
        mark = call.mark
        if changed[0] and result is None:  # x[0] = y
            self._marks.hand_on(call.given[0], mark, in_place=True)
            return
        roots = [root_of(each) for each in call.given]
        aliases = {id(each): was for each, was in zip(roots, changed, strict=True)}
        for tensor in tensors(result):
            in_place = aliases.get(id(root_of(tensor)))
            shows = not tensor.is_complex() and any(each.is_complex() for each in call.given)
            moved = (in_place is False and not shows) or self._is_moved(call, tensor)
            known = mark.is_known and _is_value(tensor)
            if not moved and (mark.is_known or _is_wrapped(tensor)):
                self._say_unless_seen(call.name, tensor)
            if not moved and known and (mark.inputs or torch.is_grad_enabled()):
                self._note(call)
                own = self._record(call, mark, tensor, before, entropy, in_place=bool(in_place))
                if in_place:
                    for former in self._marks.of(tensor).places:
                        self.made[former].changed = True
            else:
                if not moved:
                    self._note(call)
                own = Mark() if ops.forgets(call.name) else mark
            self._marks.hand_on(tensor, own, in_place=bool(in_place))

    def _is_moved(self, call: Call, tensor: torch.Tensor) -> bool:
        """Whether a result only has values that were there, or forbids some of them by a mask."""
        if call.name in ops.MOVES:
            floats = any(each.is_floating_point() for each in call.given)
            return floats or ops.forgets(call.name) or not tensor.is_floating_point()
        if _is_wrapped(tensor):
            return False
        if call.name in {"add", "sub"}:
            pairs = zip(call.given, call.marks, strict=True)
            return any(not mark.is_known and ops.forbids(each) for each, mark in pairs)
        if call.name == "where":
            known = {id(each) for each, mark in zip(call.given, call.marks, strict=True)
                     if mark.is_known}  # fmt: skip
            chosen = (*call.args[1:], *call.kwargs.values())
            return any(id(each) not in known and ops.forbids(each) for each in chosen)
        return False

    def _note(self, call: Call) -> None:
        """Note what an operation uses: parameters, and attention weights in a product."""
        for mark, given in zip(call.marks, call.given, strict=True):
            for name in mark.names:
                self.used[name] = self.used.get(name, False) or torch.is_grad_enabled()
            if call.name in ops.MATMULS:
                for place in mark.places:
                    self.made[place].multiplied = True
            self._watch_late(given, mark)

    def _watch_late(self, tensor: torch.Tensor, mark: Mark) -> None:
        """Wait for the gradient of a value that needed none when a custom function made it."""
        if tensor.requires_grad and len(mark.places) == 1:
            made = self.made[mark.places[0]]
            if not tensor.is_nested and tuple(tensor.shape) == made.value.shape:
                made.watch(tensor)

    def _record(
        self,
        call: Call,
        mark: Mark,
        tensor: torch.Tensor,
        before: Before | None,
        entropy: float | None,
        *,
        in_place: bool,
    ) -> Mark:
        module, path = self._module_of(mark)
        self._calls[path, call.name] += 1
        shape = tuple(tensor.shape)
        parents = [(self.made[each].value.shape, self.made[each].unit_axis) for each in mark.places]
        axis = ops.unit_axis(call.name, shape, parents)
        batch = self._batch if mark.inputs else 0
        figures = figures_of(tensor, axis, batch, mark.rows, exact=self._exact)
        value = ProbedValue(
            module=path,
            kind=type(module).__name__,
            operation=call.name,
            call=self._calls[path, call.name],
            shape=shape,
            units=1 if shape == (batch,) else shape[axis],
            parents=mark.places,
            parameters=mark.names,
            line=None if self._outermost is None else calling_line(self._outermost),
            figures=figures if before is None else before.added_to(figures),
            no_gradient=None,
            entropy=entropy,
        )
        own = Mark((len(self.made),), inputs=mark.inputs, rows=mark.rows)
        made = Made(value, axis, self._why_none(path, call.name), own)
        made.watch(tensor, in_place=in_place)
        self.made.append(made)
        return own

    def _module_of(self, mark: Mark) -> tuple[torch.nn.Module, str]:
        """The module that runs, and its path; inside attention, which calls none, the weights'."""
        module = self._modules[-1]
        path = self._paths.get(id(module), "")
        if isinstance(module, torch.nn.MultiheadAttention):
            for name, each in module.named_children():
                if f"{path}.{name}.weight".lstrip(".") in mark.names:
                    return each, f"{path}.{name}".lstrip(".")
        return module, path

    def _why_none(self, path: str, name: str) -> str:
        """Why a value has no gradient if it needs none; and say what is not seen beside it."""
        if name in ops.RECURRENT:
            self._say(f"{path or name}: the gates inside {name}, which is one operation")
        if torch.is_grad_enabled():
            return NEEDS_NONE
        if in_reentrant_checkpoint():
            self._say(
                "gradients inside a reentrant checkpoint, which computes its values again where "
                "nobody watches; use_reentrant=False shows them"
            )
        return UNDER_NO_GRAD

    def _say_unless_seen(self, name: str, tensor: torch.Tensor) -> None:
        if tensor.is_complex():
            self._say(f"{name} makes complex numbers, which have no figures")
        elif tensor.is_nested:
            self._say(f"{name} makes a nested tensor, which has no figures")
        elif _is_wrapped(tensor):
            self._say(f"{name} runs inside a transform of torch.func, which shows no values")

    def _say(self, what: str) -> None:
        self.unseen[what] = None


def _is_value(tensor: torch.Tensor) -> bool:
    """Whether it has values to take figures of: no scalar, no integers, nothing sparse."""
    dense: bool = tensor.layout == torch.strided and not tensor.is_nested
    return (
        dense
        and tensor.is_floating_point()
        and tensor.dim() > 0
        and tensor.numel() > 0
        and not _is_wrapped(tensor)
    )


def _is_wrapped(tensor: torch.Tensor) -> bool:
    """Whether a transform as vmap runs on it, in which it stands for several tensors."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))
