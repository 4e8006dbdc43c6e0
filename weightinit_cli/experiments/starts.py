"""Starts that look at the data: scales found layer by layer, and layers that were pretrained."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.errors import SpecError
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.initializers.samplers import Given
from weightinit_cli.network import draw_parameters
from weightinit_cli.network.draws import draw_normal
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results import Reconstruction
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.network import Network
    from weightinit_cli.spec import Experiment, Spec

Array = np.ndarray[Any, Any]

# Gaussian inputs per step of pretraining, drawn with replacement; training has its own `batch`.
PRETRAINING_BATCH = 128


def start_work(spec: Spec, network: Network) -> float:
    """Say how much work `started` is, in multiply-adds."""
    work = 0.0
    if INITIALIZERS[spec.initializer.name].data_dependent:
        from weightinit_cli.network.lsuv import lsuv_work

        work += lsuv_work(network)
    if spec.pretraining is not None:
        work += len(network.stages) * spec.pretraining.steps * _step_work(network)
    return work


def started(
    spec: Spec, network: Network, threads: int, done: Callable[[float], None]
) -> tuple[Network, tuple[Reconstruction, ...]]:
    """Give the network the weights that it starts from; say how its layers were pretrained.

    Both look at the inputs that it will be shown. Raises SpecError where a layer has no scale, or
    diverges.
    """
    row = INITIALIZERS[spec.initializer.name]
    if not row.data_dependent and spec.pretraining is None:
        return network, ()
    inputs = np.empty((network.samples, network.features), network.dtype)
    with workers(threads, ignore_work) as apply:
        draw_normal(network, Role.INPUT, 0, inputs, apply)
    network = scaled(spec, network, inputs, threads, done)
    if spec.pretraining is None:
        return network, ()
    weights, biases, hashes = draw_parameters(network)
    cost = _step_work(network)
    found = pretrained(
        spec,
        network,
        weights,
        biases,
        inputs,
        size=min(PRETRAINING_BATCH, len(inputs)),
        bounds=(-inf, inf),
        done=lambda steps: done(steps * cost),
    )
    given = (
        (Given(w, (short_hash or "").encode()), Given(b[np.newaxis]))
        for w, b, short_hash in zip(weights, biases, hashes, strict=True)
    )
    return network.drawn_by(given), found


def scaled(
    spec: Experiment,
    network: Network,
    inputs: Array,
    threads: int = 1,
    done: Callable[[float], None] = ignore_work,
) -> Network:
    """Give the network the scales that its initializer finds on `inputs`, shape (n, features).

    Raises SpecError where a layer has none.
    """
    if not INITIALIZERS[spec.initializer.name].data_dependent:
        return network
    from weightinit_cli.network.lsuv import NoScaleError, lsuv_gains, with_gains

    tolerance = float(spec.initializer.arguments["tolerance"])
    with workers(threads, done) as apply:
        try:
            return with_gains(network, lsuv_gains(network, inputs, tolerance, apply))
        except NoScaleError as error:
            layer = f"layer {error.layer}{_of(spec, network)}"
            message = f"{spec.initializer.name} finds no scale for {layer}"
            problem = spec.problem("initializer", f"{message}: {error.reason}")
            raise SpecError([problem]) from None


def pretrained(
    spec: Experiment,
    network: Network,
    weights: Sequence[Array],
    biases: Sequence[Array],
    inputs: Array,
    *,
    size: int,
    bounds: tuple[float, float],
    done: Callable[[float], None],
) -> tuple[Reconstruction, ...]:
    """Pretrain hidden layers in place, on mini-batches of `size` of the `inputs`.

    Nothing is done, and nothing returned, where the spec does not ask for it. Raises SpecError
    where a layer diverges.
    """
    if spec.pretraining is None:
        return ()
    from weightinit_cli.network.learning import batches
    from weightinit_cli.network.pretraining import pretrain

    found = pretrain(
        network.stages[: len(weights)],
        weights,
        biases,
        inputs,
        [
            batches(
                stream(network.seed, Role.PRETRAINING, repeat=network.repeat, layer=number),
                len(inputs),
                size,
            )
            for number in range(1, len(weights) + 1)
        ],
        bounds=bounds,
        steps=spec.pretraining.steps,
        rate=spec.pretraining.learning_rate,
        nudged=network.nudge,
        done=done,
    )
    for number, each in enumerate(found, 1):
        if each.diverged is not None:
            message = (
                f"layer {number}{_of(spec, network)} diverges at step {each.diverged:,} of its "
                f"pretraining; take less than {spec.pretraining.learning_rate:g}"
            )
            raise SpecError([spec.problem("pretraining.learning_rate", message)])
    return tuple(Reconstruction(each.before, each.after) for each in found)


def _of(spec: Experiment, network: Network) -> str:
    """Say in words which of several networks it is, and of which of several runs."""
    of = f" of network {network.repeat + 1:,}" if network.repeat else ""
    return f"{of} of {spec.label}" if spec.label else of


def _step_work(network: Network) -> float:
    """Say how much work a step of pretraining is: six products of a mini-batch and the weights."""
    entries = sum(layer.entries for layer in network.weighted) / len(network.stages)
    return 6 * min(PRETRAINING_BATCH, network.samples) * entries
