"""The result of `experiment: symmetry`: which layer wakes when, and whether its units differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.drawn import Kept
from weightinit_cli.results.model import LEFT_OUT
from weightinit_cli.results.plain import (
    Mismatch,
    check_none_negative,
    check_not_negative,
    check_share,
)
from weightinit_cli.results.told import Rounded, Table, ends
from weightinit_cli.results.words import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weightinit_cli.results.comparison import DescentRun

PER_STEP = (
    "weight_gradient_rms",
    "bias_gradient_rms",
    "moved",
    "distinct_units",
    "participation",
)


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


@dataclass(frozen=True, slots=True, repr=False)
class SymmetryResult(Kept):
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


def check(result: SymmetryResult) -> None:
    """Raise Mismatch where a part of the result contradicts its spec or another part."""
    if tuple(layer.units for layer in result.layers) != (*result.spec["width"], 1):
        raise Mismatch("layers", "not those of spec.width and the output")
    if any(b <= a for a, b in pairwise((0, *result.steps))) or len(result.loss) != len(
        result.steps
    ):
        raise Mismatch("steps", "must rise, each with a loss")
    for index, layer in enumerate(result.layers):
        for name in PER_STEP:
            if len(getattr(layer, name)) != len(result.steps):
                raise Mismatch(f"layers.{index}.{name}", "must have one value per recorded step")
        counts = (layer.start_distinct, *layer.distinct_units)
        if not 1 <= layer.fewest_distinct <= min(counts) <= max(counts) <= layer.most_distinct:
            raise Mismatch(f"layers.{index}.distinct_units", "beyond its own extremes")
        if layer.most_distinct > layer.units:
            raise Mismatch(f"layers.{index}.most_distinct", "more than there are units")
    _check_course(result)


def rows(result: SymmetryResult) -> list[dict[str, Any]]:
    """One row per layer and recorded step."""
    return [
        {
            "layer": number,
            "step": step,
            "loss": result.loss[k],
            **{name: getattr(layer, name)[k] for name in PER_STEP},
        }
        for number, layer in enumerate(result.layers, 1)
        for k, step in enumerate(result.steps)
    ]


def table(result: SymmetryResult) -> Table:
    """A row per layer: its units at the start, at most and in the end, and how it moves."""
    names = [*map(str, range(1, len(result.layers))), "output"]
    heads = ("layer", "first moved", "units", "at start", "at most", "at end", "directions")
    return Table(
        (*heads, "gradient"),
        [(name, *_cells(layer)) for name, layer in zip(names, result.layers, strict=True)],
        heads,
        ends(len(names), 4),
    )


def beside(result: SymmetryResult) -> dict[str, str]:
    """What is said of a run beside others: the loss and the first layer's units, in the end."""
    first = result.layers[0]
    return {
        "entropy": rounded(result.base_entropy),
        "loss": rounded([result.start_loss, *result.loss][-1]),
        "units": str([first.start_distinct, *first.distinct_units][-1]),
        "span": rounded([None, *first.participation][-1]),
        "": divergence(result),
    }


def course(result: SymmetryResult) -> str:
    """The loss at the start and in the end, beside what a constant output reaches."""
    first, last = (
        "not finite" if loss is None else f"{loss:.6g}"
        for loss in (result.start_loss, [result.start_loss, *result.loss][-1])
    )
    entropy = f"the entropy of the labels is {result.base_entropy:.6g}"
    return f"loss {first}, in the end {last}, {entropy}, accuracy {result.accuracy:.4g}"


def _cells(layer: LayerSteps) -> tuple[str, ...]:
    span = [layer.start_participation, *layer.participation][-1]
    gradient = [None, *layer.weight_gradient_rms][-1]
    return (
        "never" if layer.first_moved is None else f"step {layer.first_moved:,}",
        str(layer.units),
        str(layer.start_distinct),
        str(layer.most_distinct),
        str([layer.start_distinct, *layer.distinct_units][-1]),
        Rounded("-" if span is None else f"{span:.3g}", span),
        Rounded("-" if gradient is None else f"{gradient:.3g}", gradient),
    )


def streams(result: SymmetryResult) -> list[str | None]:
    """The hash of what was drawn."""
    return [result.stream]


def compared(result: SymmetryResult, _label: str, varied: Iterable[tuple[str, Any]]) -> DescentRun:
    """What the picture of many runs needs."""
    from weightinit_cli.results.comparison import DescentRun

    return DescentRun(result, tuple(varied))


def divergence(result: SymmetryResult) -> str:
    """In words after which step it diverged; empty where it did not."""
    return "" if result.diverged is None else f"diverged at step {result.diverged:,}"


def _check_course(result: SymmetryResult) -> None:
    """Raise Mismatch where a course over steps has what none can have."""
    check_share(result.accuracy, "accuracy")
    check_not_negative(result.base_entropy, "base_entropy")
    check_none_negative((result.start_loss, *result.loss), "loss")
    for number, layer in enumerate(result.layers):
        check_not_negative(layer.start_participation, f"layers.{number}.start_participation")
        for name in ("weight_gradient_rms", "bias_gradient_rms", "participation"):
            check_none_negative(getattr(layer, name), f"layers.{number}.{name}")
