"""A person's own model at its first step: what its values, parameters and loss are."""

from __future__ import annotations

import platform
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli import __version__
from weightinit_cli.digests import digest_of_form
from weightinit_cli.errors import WinitError, printable
from weightinit_cli.probing import inputs as given
from weightinit_cli.probing import losses, schemes
from weightinit_cli.probing.failures import find_target, told_of
from weightinit_cli.probing.inputs import Input
from weightinit_cli.probing.losses import Loss
from weightinit_cli.probing.repeating import SEEDS, observe_seeds
from weightinit_cli.probing.seeing import model_of
from weightinit_cli.probing.streams import streams_of
from weightinit_cli.results.model import SCHEMA_VERSION
from weightinit_cli.results.probe import ProbeResult
from weightinit_cli.sources import said as said_of
from weightinit_cli.spec.kinds import WRITTEN_PATTERN
from weightinit_cli.spec.names import slug, unfit
from weightinit_cli.streams import BIT_GENERATOR
from weightinit_cli.targets import portable_target, without_arguments
from weightinit_cli.verdicts.models import draw_model_verdict

if TYPE_CHECKING:
    from types import ModuleType

    from weightinit_cli.probing.observing import Framework


def probe(
    model: Any,
    batch: Any,
    *,
    loss: str | Callable[..., Any] | None = None,
    seed: int = 0,
    repeats: int = 1,
    exact: bool = False,
    name: str | None = None,
) -> ProbeResult:
    """Run a model of yours once, forwards and backwards, and tell what is wrong with its start.

    Arguments:
        model: a `torch.nn.Module`; a class or a function without arguments that builds one; or the
            place of any of these as "file.py:name" or "package.module:name".
        batch: what the model is called with, the inputs on the first axis: an array or a tensor, a
            tuple of them in the order of its arguments, a dict by their names, with whatever the
            model takes inside; a function that returns one of these; or words, as "64,3,32,32"
            (drawn from N(0, 1)), "int:16,128<50257" (integers below a bound) and "x.npy".
        loss: "cross_entropy" or "cross_entropy:10" (labels are drawn uniformly among the classes),
            "mean_square" (against N(0, 1)), or a function fn(output, batch) that returns a scalar.
            By default the loss that the model returns itself; without one the gradient is that of
            the outputs' sum with random weights, and there is no loss.
        seed: under which a model is built, and inputs and labels are drawn.
        repeats: a model that is built by a function is built and run under so many seeds, from
            `seed` on; the figures are the first one's, beside their spread over all.
        exact: exact quantiles, and how many units differ, at more time and memory.
        name: of the result, and so of its folder; by default after the model.

    The model is left as it was found. Dropout is off; all else is as in training.

    Raises WinitError where there is no such model, where it cannot be run on this batch or has no
    such loss, and ValueError for a seed that is not from 0 to 2**64 - 1, fewer than one repeat, and
    a name that no folder may have.

    Example:
        >>> import torch
        >>> import weightinit_cli as winit
        >>> layers = torch.nn.Linear(20, 50), torch.nn.Tanh(), torch.nn.Linear(50, 10)
        >>> result = winit.probe(torch.nn.Sequential(*layers), torch.randn(64, 20))
        >>> [parameter.fan_in for parameter in result.parameters]
        [20, None, 50, None]
    """
    _refuse_values(seed, repeats, name)
    framework = _framework()
    loaded: dict[str, ModuleType] = {}
    named = isinstance(model, str)
    alone = without_arguments(model.rpartition(":")[0]) if named else nullcontext()
    with warnings.catch_warnings(), alone:
        warnings.simplefilter("ignore")
        with framework.seeded(seed):
            asked = _inputs(batch, loaded)
            wanted = _loss(loss, loaded)
            target = find_target(model, loaded) if named else model
        said = model if named else _called(target)
        with told_of(said):
            if not asked:
                example = framework.example_input(framework.build(target, seed))
                raise WinitError(f"no --input says what the model is called with; {example}")
            observed = observe_seeds(
                framework, target, asked, wanted, seed=seed, repeats=repeats, exact=exact
            )
    streams = streams_of(observed.values)
    parameters = schemes.named(observed.parameters, {len(each.branches) for each in streams} - {0})
    seen = model_of(observed._replace(parameters=parameters), streams)
    spec: dict[str, Any] = {
        "experiment": "probe",
        "name": name or _stem(said),
        "target": portable_target(said) if named else said,
        "framework": framework.name,
        "inputs": {key: each.said for key, each in asked.items()},
        "loss": wanted.said,
        "seed": seed,
        "repeats": repeats,
        "exact": exact,
    }
    return ProbeResult(
        schema_version=SCHEMA_VERSION,
        name=spec["name"],
        spec=spec,
        digest=digest_of_form(
            spec, {each.said: each.checksum for each in asked.values() if each.checksum}
        ),
        input=observed.input,
        values=observed.values,
        parameters=parameters,
        streams=streams,
        loss=observed.loss,
        verdict=draw_model_verdict(seen),
        unseen=observed.unseen,
        environment=_environment(framework),
    )


def _refuse_values(seed: int, repeats: int, name: str | None) -> None:
    """Raise ValueError for what no probe can have."""
    if not 0 <= seed < SEEDS:
        raise ValueError(f"seed must be from 0 to 2**64 - 1, not {seed}")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, not {repeats}")
    if name is not None and (wrong := unfit(name, WRITTEN_PATTERN)):
        raise ValueError(f"name must be {wrong}, not {name!r}")


def _framework() -> Framework:
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        if getattr(error, "name", "") == "torch":
            why = "which is not installed; pip install torch"
        else:
            why = f"which cannot be imported: {said_of(error)}"
        raise WinitError(printable(f"winit probe needs PyTorch, {why}")) from None
    from weightinit_cli.probing.pytorch import PyTorch

    return PyTorch()


def _environment(framework: Framework) -> dict[str, Any]:
    return {
        "winit": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        **framework.environment(),
        "bit_generator": BIT_GENERATOR,
        "platform": {"system": platform.system(), "machine": platform.machine()},
    }


def _inputs(batch: Any, loaded: dict[str, ModuleType]) -> dict[str, Input]:
    if isinstance(batch, Mapping):
        return {str(name): _input(each, loaded) for name, each in batch.items()}
    several = batch if isinstance(batch, tuple | list) else (batch,)
    if all(isinstance(each, str) for each in several):
        return given.parse_all(several, loaded)
    return {str(place): _input(each, loaded) for place, each in enumerate(several)}


def _input(thing: Any, loaded: dict[str, ModuleType]) -> Input:
    """One input of a model, in words or as it is."""
    if isinstance(thing, str):
        return given.parse(thing, loaded)[1]
    if callable(thing) and not hasattr(thing, "shape"):
        return Input(_called(thing), make=thing)
    kind = str(getattr(thing, "dtype", type(thing).__name__)).rpartition(".")[2]
    shape = ",".join(map(str, getattr(thing, "shape", ())))
    return Input(f"{shape} ({kind})" if shape else kind, given=thing)


def _loss(loss: str | Callable[..., Any] | None, loaded: dict[str, ModuleType]) -> Loss:
    if loss is None or isinstance(loss, str):
        return losses.parse(loss, loaded)
    return Loss(_called(loss), losses.OWN, function=loss)


def _called(thing: Any) -> str:
    return str(getattr(thing, "__qualname__", type(thing).__name__))


def _stem(said: str) -> str:
    """The name of a probe: of `models/gpt.py:build` it is `gpt.build`."""
    place, _, name = said.rpartition(":")
    file = re.split(r"[/\\]", place)[-1].removesuffix(".py")
    return slug(f"{file}.{name}" if file else name, WRITTEN_PATTERN)
