"""What rounding may do to the figures of a probe: no more than each value's error, carried on."""

from __future__ import annotations

from math import hypot, prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.report import drift
from weightinit_cli.guard.rounding import RELATIVE
from weightinit_cli.results.figures import figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.guard.parts import Parts
    from weightinit_cli.guard.report import Drift
    from weightinit_cli.results.model import LayerStatistics
    from weightinit_cli.results.probe import ProbedValue, ProbeResult

GRADIENT = "gradient.signal_rms"
VALUES = ("std", "std_across_inputs", GRADIENT)
# Times the error that is expected it may be: other instruction sets showed no more than 7 of it.
FACTOR = 32.0
# Where rounding may move a figure by more than this share of it, the figure tells nothing.
MOST = 0.1


class RoundingError(NamedTuple):
    """What rounding is expected to do to a value's entries, and as a share of their size."""

    absolute: float
    relative: float


def rounding_errors(values: Sequence[ProbedValue]) -> tuple[list[RoundingError], float]:
    """What rounding is expected to do to each of the values, and to the loss.

    With e the rounding of one entry of a value, n their number and g the root mean square of the
    derivative of the loss by them, rounding that value moves the loss by e g √n. On its way to a
    later value the error keeps this product: a random matrix makes what goes through it larger by
    the same factor forwards and backwards (χ of Schoenholz et al. 2017, arXiv:1611.01232). So the
    error of a value is the root of Σ (e g √n)² over the values so far, divided by its own g √n. It
    grows with the depth, and by far more where the network is chaotic. Where no gradient is known
    it is the root of the summed e² alone.
    """
    found = []
    moved = 0.0
    for number, value in enumerate(values, 1):
        figures = value.figures
        size = hypot(figures.mean or 0.0, figures.std or 0.0)
        own = _rounding(figures)
        weight = (figure(figures, GRADIENT) or 0.0) * sqrt(prod(value.shape))
        moved = hypot(moved, own * weight)
        error = max(moved / weight if weight else 0.0, own * sqrt(number))
        found.append(RoundingError(error, error / size if size else 0.0))
    return found, moved


def _rounding(figures: LayerStatistics) -> float:
    """What rounding does to one entry of a value."""
    return figures.resolution.activations if figures.resolution else 0.0


def rounding_drifts(
    old: ProbeResult, new: ProbeResult, parts: Parts
) -> tuple[list[Drift], int, int]:
    """Return what differs by more than rounding, and how many figures were compared and skipped."""
    drifts = []
    compared = skipped = 0
    for place, was, now, error in _figures(old, new, parts):
        size = abs(was or 0.0)
        if FACTOR * error > MOST * size > 0:
            skipped += 1
            continue
        compared += 1
        if found := drift(place, was, now, FACTOR * error + RELATIVE * size):
            drifts.append(found)
    return drifts, compared, skipped


def _figures(
    old: ProbeResult, new: ProbeResult, parts: Parts
) -> Iterator[tuple[Place, float | None, float | None, float]]:
    """Give each figure on both sides, and what rounding is expected to do to it."""
    for name in sorted(old.input.keys() & new.input.keys()):
        one, other = old.input[name], new.input[name]
        for path in ("mean", "std", "std_across_inputs"):
            place = Place(None, path, f"input {name}")
            yield place, figure(one, path), figure(other, path), _rounding(one)
    by_value, of_loss = rounding_errors(old.values)
    error_of = {value.name: error for value, error in zip(old.values, by_value, strict=True)}
    of_gradients = max((error.relative for error in by_value), default=0.0)
    for value, beside in parts.values:
        for path in VALUES:
            was, now = figure(value.figures, path), figure(beside.figures, path)
            error = error_of[value.name].absolute
            if path == GRADIENT:
                if None in (value.figures.gradient, beside.figures.gradient):
                    continue  # which the structure tells
                error = of_gradients * abs(was or 0.0)
            yield Place(None, path, value.name), was, now, error
    if old.loss is not None and new.loss is not None:
        yield Place(None, "loss"), old.loss.value, new.loss.value, of_loss
