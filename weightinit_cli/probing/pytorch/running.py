"""What a model of torch is called with, which of what it returns is its output, and the loss."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from math import isfinite, log
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from weightinit_cli.errors import WinitError, printable
from weightinit_cli.probing.failures import failed, own_code
from weightinit_cli.probing.inputs import refuse_nan
from weightinit_cli.probing.losses import CROSS_ENTROPY, MEAN_SQUARE, OWN
from weightinit_cli.probing.pytorch.building import required
from weightinit_cli.results.probe import ProbedLoss
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss

LOGITS, LOSS = "logits", "loss"
OWN_LOSS = "the model's own"
ROOT = Path(__file__).parents[2]
# Functions of winit that do nothing but run a model or its operations.
PASSING = frozenset(("running", "_observe", "_call", "_fill_lazy", "__torch_function__", "_opened"))


class Batch(NamedTuple):
    """What a model is called with: by place, and by the names of its arguments."""

    places: tuple[Any, ...]
    names: dict[str, Any]

    def tensors(self) -> dict[str, torch.Tensor]:
        """Every tensor in it by name: `0`, `mask`, `0.image` of a dict at the first place."""
        given = {**{str(place): each for place, each in enumerate(self.places)}, **self.names}
        return dict(_named(given))

    def as_given(self) -> Any:
        """What a loss function of a person's own gets: the one input, a tuple, or a dict."""
        if self.names:
            return {**{str(place): each for place, each in enumerate(self.places)}, **self.names}
        return self.places[0] if len(self.places) == 1 else self.places


def batch_for(model: torch.nn.Module, inputs: Mapping[str, Input], seed: int) -> Batch:
    """Draw the inputs, or take those given, on the model's device and, if drawn, in its dtype."""
    own = next(iter(model.parameters()))
    kind = own.dtype if own.is_floating_point() else torch.float32

    def ready(one: Any, *, drawn: bool) -> Any:
        if isinstance(one, np.ndarray):
            one = torch.from_numpy(np.ascontiguousarray(one))
            drawn = True
        if not isinstance(one, torch.Tensor):
            return one
        if one.is_floating_point() and one.isnan().any():
            refuse_nan(one.detach().cpu().float().numpy(), "the input")
        one = one.detach().clone()  # a model may change what it is given
        return one.to(own.device, kind if drawn and one.is_floating_point() else one.dtype)

    found: dict[str, Any] = {}
    for place, (name, each) in enumerate(inputs.items()):
        if each.make is not None or each.given is not None:
            made = each.given if each.make is None else _made(each.make, each.said)
            found[name] = _each(made, lambda one: ready(one, drawn=False))
        else:
            found[name] = ready(torch.from_numpy(each.draw(seed, place)), drawn=True)
    places = tuple(each for name, each in found.items() if name.isdigit())
    names = {name: each for name, each in found.items() if not name.isdigit()}
    if len(found) == len(places) == 1 and inputs["0"].make is not None:  # which makes all of it
        if isinstance(places[0], dict):
            return Batch((), places[0])
        if isinstance(places[0], tuple | list):
            return Batch(tuple(places[0]), {})
    return Batch(places, names)


def _made(make: Callable[[], Any], said: str) -> Any:
    """What a person's function returns. Raises WinitError where it cannot be called."""
    needed = required(make)
    if needed:
        raise WinitError(f"--input {said}: needs arguments ({', '.join(needed)}): it gets none")
    with own_code(f"--input {said}"):
        return make()


@contextmanager
def running(
    model: torch.nn.Module, batch: Batch, failed_in: Callable[[BaseException], torch.nn.Module]
) -> Iterator[None]:
    """Run a model on a batch, forwards or backwards.

    What it raises becomes a WinitError with its own words, the module that it `failed_in`, and the
    shapes that were given. What winit raises while it watches passes through.
    """
    try:
        yield
    except WinitError:
        raise
    except (Exception, SystemExit) as error:
        if _is_winits(error):
            raise
        raise _failed(error, model, batch, failed_in(error)) from error


def _is_winits(error: BaseException) -> bool:
    """Whether winit's own work has raised an error, and not what a model runs."""
    codes = [frame.f_code for frame, _ in walk_tb(error.__traceback__)]
    own = [code.co_name for code in codes if Path(code.co_filename).is_relative_to(ROOT)]
    return bool(own) and own[-1] not in PASSING


def _failed(
    error: BaseException, model: torch.nn.Module, batch: Batch, module: torch.nn.Module
) -> WinitError:
    tensors = batch.tensors()
    shapes = ", ".join(
        f"{_shape(each)} ({_dtype(each)})"
        if name == "0" and len(tensors) == 1
        else f"{name} {_shape(each)} ({_dtype(each)})"
        for name, each in tensors.items()
    )
    path = next((name for name, each in model.named_modules() if each is module), "")
    where = f"{path} ({type(module).__name__})" if path else type(module).__name__
    hints = _hints(module, tensors)
    if module is model and isinstance(error, TypeError):
        hints = [f"  its forward takes {', '.join(required(model.forward)) or 'nothing'}"]
    return failed(error, f"cannot be run, in {where}", f"  given {shapes}", *hints)


def _hints(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """What would be right, where an embedding cannot be looked up."""
    if not isinstance(module, torch.nn.Embedding):
        return []
    rows = f"it has {module.num_embeddings:,} rows"
    whole = [each for each in tensors.values() if not each.is_floating_point()]
    if not whole:
        return [f"  {rows} and takes integers: --input 'int:16,32<{module.num_embeddings}'"]
    return [f"  {rows}, and the integers go up to {max(int(each.max()) for each in whole):,}"]


class Minimized(NamedTuple):
    """What the gradient is of; `told` is None where it is no loss."""

    scalar: torch.Tensor
    told: ProbedLoss | None


def minimized(returned: Any, loss: Loss, batch: Batch, seed: int) -> Minimized:
    """Compute the loss of what a model returned.

    Raises WinitError where it returned nothing that has such a loss.
    """
    if loss.kind == OWN and loss.function is not None:
        with own_code(f"--loss {loss.said}"):
            scalar = loss.function(returned, batch.as_given())
        found = _told(scalar, loss.said)
        outputs = [each for _, each in _named({"": returned})]
        if any(each.requires_grad for each in outputs) and not scalar.requires_grad:
            raise WinitError(f"the loss ({loss.said}) does not depend on what the model returns")
        return found
    own = own_loss(returned)
    if loss.kind not in {CROSS_ENTROPY, MEAN_SQUARE} and own is not None:
        return _told(own, OWN_LOSS)
    output, which = output_of(returned)
    generator = stream(seed, Role.COTANGENT)
    if loss.kind == CROSS_ENTROPY:
        return _cross_entropy(output, loss, f"{loss.said}{which}", generator)
    normal = torch.from_numpy(generator.standard_normal(tuple(output.shape), np.float32))
    normal = normal.to(output.device, output.dtype)
    if loss.kind == MEAN_SQUARE:
        return _told(torch.nn.functional.mse_loss(output, normal), f"{loss.said}{which}")
    return Minimized(_differentiable((output * normal).sum() / len(output), "the output"), None)


def own_loss(returned: Any) -> torch.Tensor | None:
    """The loss that a model computes itself: a scalar, alone, under its name or in a tuple."""
    if isinstance(returned, torch.Tensor):
        return returned if returned.dim() == 0 and returned.is_floating_point() else None
    by_name = _by_name(returned)
    if by_name:
        found = by_name.get(LOSS)
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
    logits = _by_name(returned).get(LOGITS)
    if isinstance(logits, torch.Tensor):
        return logits, " of logits"
    for name, each in _named({"": returned}):
        if each.is_floating_point() and each.dim():
            return each, f" of output {name.strip('.')}"
    kind = "None" if returned is None else f"a value of type {type(returned).__name__}"
    if isinstance(returned, torch.Tensor):
        single = returned.is_floating_point()
        kind = "a single number" if single else f"a tensor of {_dtype(returned)}"
    raise WinitError(
        f"the model returns {kind}: a tensor of floating-point numbers is needed, with the inputs "
        "on its first axis"
    )


def _cross_entropy(
    output: torch.Tensor, loss: Loss, said: str, generator: np.random.Generator
) -> Minimized:
    axis = class_axis(tuple(output.shape), loss.classes)
    if axis is None:
        wrong = f"the model's output has shape {_shape(output)}"
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
        raise WinitError(printable(f"{what} is {type(scalar).__name__}: a tensor is needed"))
    if scalar.numel() != 1:
        raise WinitError(printable(f"{what} has shape {_shape(scalar)}: one number is needed"))
    return scalar.reshape(())


def _shape(tensor: torch.Tensor) -> str:
    return ",".join(map(str, tensor.shape)) or "() (a scalar)"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _by_name(returned: Any) -> dict[str, Any]:
    """What a dict or a dataclass holds; nothing of other things."""
    if isinstance(returned, dict):
        return {str(name): each for name, each in returned.items()}
    if is_dataclass(returned) and not isinstance(returned, type):
        return {each.name: getattr(returned, each.name) for each in fields(returned)}
    return dict(getattr(returned, "_asdict", dict)())


def _named(things: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in dicts, dataclasses, tuples and lists, with the path to it."""
    if isinstance(things, torch.Tensor):
        yield path, things
        return
    parts = _by_name(things)
    if not parts and isinstance(things, tuple | list):
        parts = {str(place): each for place, each in enumerate(things)}
    for name, each in parts.items():
        yield from _named(each, f"{path}.{name}" if path else name)


def _each(things: Any, change: Callable[[Any], Any]) -> Any:
    """The same dicts, tuples and lists, with what is in them changed."""
    if isinstance(things, dict):
        return {name: _each(each, change) for name, each in things.items()}
    if hasattr(things, "_fields"):
        return type(things)(*(_each(each, change) for each in things))
    if isinstance(things, tuple | list):
        return type(things)(_each(each, change) for each in things)
    return change(things)
