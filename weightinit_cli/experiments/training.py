"""A spec of `experiment: training`: its networks, trained, and what the best of several gives."""

from __future__ import annotations

from math import isfinite, ldexp, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.data import load
from weightinit_cli.experiments.build import build_classifier, pretrained, scaled
from weightinit_cli.experiments.resources import (
    check_descent,
    checksums_of,
    data_folder,
    environment,
    located,
)
from weightinit_cli.network import nudge
from weightinit_cli.network.layer import BLOCK_ROWS
from weightinit_cli.network.learning import batches, start
from weightinit_cli.network.workers import one_blas_thread
from weightinit_cli.results import (
    SCHEMA_VERSION,
    BestOf,
    DataUsed,
    Score,
    Trained,
    TrainingResult,
)
from weightinit_cli.spec import digest, normal_form
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.data import Data, Part
    from weightinit_cli.network import Network
    from weightinit_cli.network.learning import Learner
    from weightinit_cli.progress import Progress
    from weightinit_cli.spec import TrainingSpec

Array = np.ndarray[Any, Any]

# Of the parameters: themselves, their gradients and velocities, and what a step makes of them.
COPIES_OF_PARAMETERS = 5
TELL_EVERY = 10
PIXELS = (0.0, 1.0)
# Examples on which an initializer finds its scales.
SEEN = 1000
# Of up to so many networks every k is told, of more those that a picture and a table can show.
EVERY_K = 1000
FIRST_K = 100
PER_DECADE = 50
# Shares are counted in units of 2 ** -UNIT, which are lost in any sum of them.
UNIT = 1000


def run(
    spec: TrainingSpec, _threads: int | None, progress: Progress, pattern: int = 0
) -> TrainingResult:
    """Run one spec; see `weightinit_cli.experiments.run`, and `shadow` for `pattern`.

    ^C ends it with what was reached, where at least one step was done.
    """
    dtype = np.dtype(spec.dtype)
    with located(spec):
        data = load(spec.data, data_folder(), spec.dtype)
    sizes = (data.features, *spec.width, data.classes)
    rows = "batch", max(spec.batch, BLOCK_ROWS)
    check_descent(spec, sizes, dtype, rows, copies=COPIES_OF_PARAMETERS, examples=len(data.train))
    read = checksums_of(spec)
    network = build_classifier(spec, sizes, spec.batch, dtype)
    pretraining = 0 if spec.pretraining is None else spec.layers * spec.pretraining.steps
    progress.start(float(spec.repeats * (spec.steps + pretraining)))
    networks: list[Trained] = []
    stopped = None
    for repeat in range(spec.repeats):
        one = network._replace(repeat=repeat, nudge=pattern)
        try:
            trained, interrupted = _train(spec, one, data, progress)
        except KeyboardInterrupt:  # before its first step or at its scores
            if not networks:
                raise
            stopped = (0, repeat + 1)
            break
        if trained.losses or not interrupted:
            networks.append(trained)
        if interrupted:
            if not networks:
                raise KeyboardInterrupt
            stopped = (len(trained.losses), repeat + 1)
            break
    choices: tuple[BestOf, ...] = ()
    try:
        choices = best_of(networks)
    except KeyboardInterrupt:
        stopped = stopped or (len(networks[-1].losses), len(networks))
    return TrainingResult(
        schema_version=SCHEMA_VERSION,
        name=spec.name,
        spec=normal_form(spec),
        digest=digest(spec, read),
        data=_used(spec, data),
        networks=tuple(networks),
        best_of=choices,
        interrupted=stopped,
        environment=environment(spec),
        overrides=spec.overrides or None,
    )


def _train(
    spec: TrainingSpec, network: Network, data: Data, progress: Progress
) -> tuple[Trained, bool]:
    """Train one network; say whether it was stopped by hand."""
    inputs, labels = data.train.inputs, data.train.labels
    if network.nudge:
        inputs = _nudged(inputs, network.nudge)
    network = scaled(spec, network, inputs[:SEEN])
    learner, draws = start(network, rate=spec.learning_rate, momentum=spec.momentum)
    pretraining = pretrained(
        spec,
        network,
        learner.weights[:-1],
        learner.biases[:-1],
        inputs,
        size=spec.batch,
        bounds=PIXELS,
        done=progress.step,
    )
    generator = stream(spec.seed, Role.BATCH, repeat=network.repeat)
    losses: list[float] = []
    diverged = None
    interrupted = False
    try:
        with one_blas_thread():  # once for all steps
            for step, rows in zip(
                range(1, spec.steps + 1),
                batches(generator, len(labels), spec.batch),
                strict=False,
            ):
                loss = learner.step(inputs[rows], labels[rows])
                if not isfinite(loss):
                    diverged = step
                    break
                losses.append(loss)
                if step % TELL_EVERY == 0 or step == spec.steps:
                    done = step - (step - 1) // TELL_EVERY * TELL_EVERY
                    progress.step(float(done), f"loss {loss:.3g}")
    except KeyboardInterrupt:
        interrupted = True
    trained = Trained(
        losses=tuple(losses),
        diverged=diverged,
        train=_score(learner, data.train),
        validation=None if data.validation is None else _score(learner, data.validation),
        test=_score(learner, data.test),
        stream=draws,
        pretraining=pretraining,
    )
    return trained, interrupted


def _nudged(inputs: Array, number: int) -> Array:
    moved = inputs.copy()
    nudge(moved, number)
    return moved


def _score(learner: Learner, part: Part) -> Score:
    loss, accuracy = learner.score(part.inputs, part.labels)
    return Score(loss if isfinite(loss) else None, accuracy)


def _used(spec: TrainingSpec, data: Data) -> DataUsed:
    return DataUsed(
        name=spec.data,
        features=data.train.inputs.shape[1],
        classes=data.classes,
        train=len(data.train.labels),
        validation=0 if data.validation is None else len(data.validation.labels),
        test=len(data.test.labels),
        checksums=dict(data.checksums),
    )


def best_of(networks: Sequence[Trained]) -> tuple[BestOf, ...]:
    """What choosing the best of k by validation gives on test data, for k = 1 .. n.

    The best is the one of the smallest validation loss; a network without a finite one comes
    last. Of more than EVERY_K networks not every k is told.
    """
    n = len(networks)
    if n < 2 or any(each.validation is None or each.test.loss is None for each in networks):
        return ()
    ranked = sorted(networks, key=_validation_loss)
    accuracies = np.array([each.test.accuracy for each in ranked])
    losses = np.array([each.test.loss for each in ranked], dtype=np.float64)
    found = []
    for k in _told(n):
        shares = _shares(n, k)
        accuracy, loss = float(shares @ accuracies), float(shares @ losses)
        found.append(
            BestOf(
                k=k,
                accuracy_mean=accuracy,
                accuracy_std=sqrt(float(shares @ (accuracies - accuracy) ** 2)),
                loss_mean=loss,
                loss_std=sqrt(float(shares @ (losses - loss) ** 2)),
            )
        )
    return tuple(found)


def _told(n: int) -> list[int]:
    """List every k, or the first, half of n, n, and in between evenly on a logarithmic axis."""
    if n <= EVERY_K:
        return list(range(1, n + 1))
    decades = np.log10(n / FIRST_K)
    spread = np.geomspace(FIRST_K, n, round(PER_DECADE * decades) + 1).round().astype(int)
    return sorted({*range(1, FIRST_K), *spread.tolist(), n // 2, n})


def _shares(n: int, k: int) -> Array:
    """Count in which share of all subsets of k of n networks each is the best; the best first.

    C(n - 1 - i, k - 1) / C(n, k) for the i-th, from 0, each from the one before, in whole numbers
    of units: so they are rounded once.
    """
    shares = np.zeros(n)
    units = (k << UNIT) // n
    for i in range(n - k + 1):
        if not units:
            break
        shares[i] = ldexp(units, -UNIT)
        units = units * (n - i - k) // max(n - 1 - i, 1)
    return shares


def _validation_loss(network: Trained) -> float:
    loss = network.validation.loss if network.validation else None
    return float("inf") if loss is None else loss
