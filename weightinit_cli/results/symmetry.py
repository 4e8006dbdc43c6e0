"""The result of `experiment: symmetry`: which layer wakes when, and whether its units differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weightinit_cli.results.model import LEFT_OUT, ComponentForm


@dataclass(frozen=True, slots=True)
class SymmetryForm:
    """The normal form of a spec of this experiment."""

    name: str
    experiment: str
    seed: int
    data: str
    samples: int
    features: int
    layers: int
    width: tuple[int, ...]
    activation: ComponentForm
    initializer: ComponentForm
    bias: ComponentForm
    steps: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class LayerSteps:
    """One layer over gradient descent; a tuple has one value per recorded step.

    `weight_gradient_rms` and `bias_gradient_rms` are root mean squares of the gradient that makes
    the step (None where it is not finite), `moved` whether it changed any parameter, exactly.
    `distinct_units` counts the different units after it, by incoming weights and bias, exactly;
    `participation` is (tr WᵀW)² / tr (WᵀW)² of the incoming weights W, shape (fan_in, units):
    how many directions they span, from 1 to the number of units; None where W is zero.

    `start_...` are the same before the first step. Over all steps, recorded or not:
    `first_moved` is the first that changed a parameter (None: none did), `fewest_distinct` and
    `most_distinct` the extremes of the number of different units, the start among them.
    """

    units: int
    start_distinct: int
    start_participation: float | None
    first_moved: int | None
    fewest_distinct: int
    most_distinct: int
    weight_gradient_rms: tuple[float | None, ...]
    bias_gradient_rms: tuple[float | None, ...]
    moved: tuple[bool, ...]
    distinct_units: tuple[int, ...]
    participation: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SymmetryResult:
    """One run of gradient descent. `layers` are the hidden ones, then the output.

    `steps` are the recorded ones, from 1: the first all, then ever fewer. `loss` is the mean
    cross-entropy (in nats) after each of them (None where it is not finite), `start_loss` before
    the first; `base_entropy` the entropy of the labels, the best that a constant output reaches;
    `accuracy` that of the end. `diverged` is the step after which a parameter or the loss was not
    finite any more, which ends the run. `stream` is a short hash of what was drawn, the data and
    the weights.
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    digest: str
    steps: tuple[int, ...]
    start_loss: float | None
    loss: tuple[float | None, ...]
    base_entropy: float
    accuracy: float
    diverged: int | None
    layers: tuple[LayerSteps, ...]
    stream: str
    environment: Mapping[str, Any]
    overrides: tuple[str, ...] | None = field(default=None, metadata=LEFT_OUT)

    def _repr_png_(self) -> bytes:
        from weightinit_cli.plots import portrait

        return portrait(self)
