"""What a model of torch is called with, and what is said where it cannot be run."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from weightinit_cli.errors import WinitError
from weightinit_cli.probing.failures import failed, own_code
from weightinit_cli.probing.inputs import refuse_nan
from weightinit_cli.probing.pytorch.building import arguments_of, required
from weightinit_cli.probing.pytorch.nested import changed, dtype_words, named_tensors, shape_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from weightinit_cli.probing.inputs import Input

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
        return dict(named_tensors(given))

    def as_given(self) -> Any:
        """What a loss function of a person's own gets: the one input, a tuple, or a dict."""
        if self.names:
            return {**{str(place): each for place, each in enumerate(self.places)}, **self.names}
        return self.places[0] if len(self.places) == 1 else self.places


def batch_for(model: torch.nn.Module, inputs: Mapping[str, Input], seed: int) -> Batch:
    """Draw the inputs, or take those given, on the model's device and, if drawn, in its dtype."""
    own = next(iter(model.parameters()))
    kind = own.dtype if own.is_floating_point() else torch.float32

    def ready(one: Any) -> Any:
        drawn = isinstance(one, np.ndarray)
        if drawn:
            one = torch.from_numpy(np.ascontiguousarray(one))
        if not isinstance(one, torch.Tensor):
            return one
        if one.is_floating_point() and one.isnan().any():
            refuse_nan(one.detach().cpu().float().numpy(), "the input")
        return one.detach().to(own.device, kind if drawn and one.is_floating_point() else one.dtype)

    found: dict[str, Any] = {}
    for place, (name, each) in enumerate(inputs.items()):
        if each.shape:
            found[name] = ready(each.draw(seed, place))
        else:
            made = each.given if each.make is None else _made(each.make, each.said)
            found[name] = changed(made, lambda one: _own_copy(ready(one)))
    places = tuple(each for name, each in found.items() if name.isdigit())
    names = {name: each for name, each in found.items() if not name.isdigit()}
    if len(found) == len(places) == 1 and inputs["0"].make is not None:  # which makes all of it
        if isinstance(places[0], dict):
            return Batch((), places[0])
        if isinstance(places[0], tuple | list):
            return Batch(tuple(places[0]), {})
    return Batch(places, names)


def _own_copy(one: Any) -> Any:
    """A copy of what a person gave, which a model may change."""
    return one.clone() if isinstance(one, torch.Tensor) else one


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
        f"{shape_words(each)} ({dtype_words(each)})"
        if name == "0" and len(tensors) == 1
        else f"{name} {shape_words(each)} ({dtype_words(each)})"
        for name, each in tensors.items()
    )
    path = next((name for name, each in model.named_modules() if each is module), "")
    where = f"{path} ({type(module).__name__})" if path else type(module).__name__
    hints = _hints(module, tensors)
    if module is model and isinstance(error, TypeError):
        hints = [f"  its forward takes {arguments_of(model.forward) or 'nothing'}"]
    given = shapes or "no tensor"
    return failed(error, f"cannot be run, in {where}", f"  given {given}", *hints)


def _hints(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """What would be right, where an embedding cannot be looked up."""
    if not isinstance(module, torch.nn.Embedding):
        return []
    rows = f"it has {module.num_embeddings:,} rows"
    whole = [each for each in tensors.values() if not each.is_floating_point()]
    if not whole:
        return [f"  {rows} and takes integers: --input 'int:16,32<{module.num_embeddings}'"]
    return [f"  {rows}, and the integers go up to {max(int(each.max()) for each in whole):,}"]
