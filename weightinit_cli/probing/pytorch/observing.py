"""One run of a model of torch, forwards and backwards, watched."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parameter import is_lazy

from weightinit_cli.errors import WinitError
from weightinit_cli.network.workers import one_blas_thread
from weightinit_cli.probing.observing import Observation
from weightinit_cli.probing.pytorch.minimizing import minimized
from weightinit_cli.probing.pytorch.naming import KERAS, Naming, is_of
from weightinit_cli.probing.pytorch.nested import shape_words
from weightinit_cli.probing.pytorch.operations import unit_axis
from weightinit_cli.probing.pytorch.parameters import parameters_of
from weightinit_cli.probing.pytorch.recording import figures_of, follow
from weightinit_cli.probing.pytorch.refusing import refuse
from weightinit_cli.probing.pytorch.running import batch_for, running
from weightinit_cli.probing.pytorch.state import left_as_found, run_eagerly, seeded
from weightinit_cli.probing.pytorch.watching import Watcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.probing.inputs import Input
    from weightinit_cli.probing.losses import Loss
    from weightinit_cli.probing.pytorch.running import Batch
    from weightinit_cli.results.model import LayerStatistics


def observe(
    model: torch.nn.Module, inputs: Mapping[str, Input], loss: Loss, *, seed: int, exact: bool
) -> Observation:
    """Run a model once, forwards and backwards, as in training but for dropout, which is off.

    It is left as it was found, also where it raises. Raises WinitError of a model that cannot be
    watched.
    """
    refuse(model)
    with ExitStack() as stack:
        stack.enter_context(seeded(seed))
        stack.enter_context(run_eagerly())
        stack.enter_context(one_blas_thread())  # numpy's: its sums of a block are short
        batch = batch_for(model, inputs, seed)
        _fill_lazy(model, batch, seed)
        stack.enter_context(left_as_found(model))
        return _observe(model, batch, loss, seed=seed, exact=exact)


def _observe(
    model: torch.nn.Module, batch: Batch, loss: Loss, *, seed: int, exact: bool
) -> Observation:
    given = batch.tensors()
    first = next((each for each in given.values() if each.dim()), None)
    if first is not None and not first.numel():
        raise WinitError(f"the input has shape {shape_words(first)}: there is nothing in it")
    number = 0 if first is None else first.shape[0]
    naming = Naming(model)
    watcher = Watcher(model, naming, number, exact=exact)
    try:
        with watcher:
            recording = watcher.recording(given.values(), _call.__code__)
            with running(model, batch, watcher.failed_in), recording:
                returned = _call(model, batch)
            places = watcher.places_of(returned)
            scalar, told = minimized(returned, loss, batch, seed)
            backward = scalar.requires_grad
            if backward:
                follow(scalar, watcher.made)
                with running(model, batch, watcher.failed_in):
                    torch.autograd.backward(scalar)  # watched: a checkpoint runs parts again
        values = tuple(each.told(backward=backward) for each in watcher.made)
        parameters = parameters_of(
            naming, watcher.used, watcher.made, backward=backward, exact=exact
        )
    finally:
        watcher.former.restore()
    found = {name: _input_figures(each, exact=exact) for name, each in given.items()}
    return Observation(
        {name: figures for name, figures in found.items() if figures is not None},
        values,
        parameters,
        told,
        tuple(watcher.unseen),
        tuple(places),
    )


def _call(model: torch.nn.Module, batch: Batch) -> Any:
    """Call the model: lines of a person's files are looked for above this frame."""
    names = batch.names
    if is_of(model, KERAS):  # whose layers are told, and do not know by themselves
        names = {"training": True, **names}
    return model(*batch.places, **names)


def _fill_lazy(model: torch.nn.Module, batch: Batch, seed: int) -> None:
    """Have lazy parameters drawn by a first run, which leaves nothing else behind."""
    if not any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        return
    modes = [(each, each.training) for each in model.modules()]
    try:
        with seeded(seed), torch.no_grad(), running(model, batch, lambda _: model):
            model.eval()
            _call(model, batch)
    finally:
        for module, training in modes:
            module.training = training
    if any(map(is_lazy, model.parameters())):
        raise WinitError("the model has lazy parameters that a run on these inputs does not fill")


def _input_figures(given: torch.Tensor, *, exact: bool) -> LayerStatistics | None:
    """The figures of an input, its channels on the second axis if it is an image, else the last."""
    if not given.is_floating_point() or not given.dim() or not given.numel():
        return None
    axis = unit_axis("", tuple(given.shape), [])
    return figures_of(given, axis, given.shape[0], exact=exact)
