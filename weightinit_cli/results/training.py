"""The result of `experiment: training`: loss curves from one start or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weightinit_cli.results.model import (
    LEFT_OUT,
    ComponentForm,
    PretrainingForm,
    Reconstruction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingForm:
    """The normal form of a spec of this experiment."""

    name: str
    experiment: str
    seed: int
    data: str
    layers: int
    width: tuple[int, ...]
    activation: ComponentForm
    initializer: ComponentForm
    bias: ComponentForm
    pretraining: PretrainingForm | None = field(default=None, metadata=LEFT_OUT)
    batch: int
    steps: int
    learning_rate: float
    momentum: float
    dtype: str
    repeats: int


@dataclass(frozen=True, slots=True)
class Score:
    """A network on one part of the data: mean cross-entropy (nats) and share of right answers.

    The loss is None where it is not finite.
    """

    loss: float | None
    accuracy: float


@dataclass(frozen=True, slots=True)
class Trained:
    """One network: the loss of every mini-batch before its step, and how it ended.

    `diverged` is the step at which the loss was not finite any more, which ended it; `validation`
    is None where the data have no such part. `stream` is a short hash of its draws; `pretraining`
    has one entry per hidden layer, none without any.
    """

    losses: tuple[float, ...]
    diverged: int | None
    train: Score
    validation: Score | None
    test: Score
    stream: str
    pretraining: tuple[Reconstruction, ...] = ()


@dataclass(frozen=True, slots=True)
class BestOf:
    """What choosing the best of k networks gives, over all choices of k of those trained.

    The best on validation data, scored on test data: expectation and standard deviation.
    """

    k: int
    accuracy_mean: float
    accuracy_std: float
    loss_mean: float
    loss_std: float


@dataclass(frozen=True, slots=True)
class DataUsed:
    """The data set: how many examples of each part, and the checksums of the files it came from."""

    name: str
    features: int
    classes: int
    train: int
    validation: int
    test: int
    checksums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The networks that a spec describes, one per repeat, trained from their starts.

    `interrupted` says after how many steps of which network (from 1) it was stopped by hand;
    `best_of` is empty without validation data, of a single network, and where it was stopped;
    of very many networks it has not every k.
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    digest: str
    data: DataUsed
    networks: tuple[Trained, ...]
    best_of: tuple[BestOf, ...]
    interrupted: tuple[int, ...] | None
    environment: Mapping[str, Any]
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)

    def _repr_png_(self) -> bytes:
        from weightinit_cli.plots import portrait

        return portrait(self)
