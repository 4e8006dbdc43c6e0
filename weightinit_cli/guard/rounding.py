"""What rounding may do to a figure: as much as its own network does to one ulp at the inputs."""

from __future__ import annotations

import re
from functools import cache
from math import hypot, sqrt
from typing import TYPE_CHECKING

from weightinit_cli.guard.flatten import Place, count_group, numbers, value_at
from weightinit_cli.precision import PRECISIONS
from weightinit_cli.results.figures import ALL_PARAMETERS, FIGURES, in_gate, parameters_of
from weightinit_cli.results.model import values
from weightinit_cli.results.words import finite, value_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import LayerStatistics, Result
    from weightinit_cli.results.plain import Value

    Tolerance = Callable[[Place, Value, Value], float]

# Runs of a spec whose inputs were moved by one ulp: of layers, and of courses over steps.
SHADOWS = 5
STEP_SHADOWS = 3
# How often one figure of a layer may be outside its tolerance although only rounding differs.
LEVEL = 1e-8
FACTOR = 10.0  # times what rounding does to the shadows of a course it may do elsewhere
# Bins and fractions are whole numbers of values. Between OpenBLAS's kernels a bin was seen to move
# by two values where no shadow moved any.
FEWEST = 2.0
RELATIVE = 1e-6
TINY = 1e-12
SIX_DIGITS = 1e-5  # of what is kept to as many
# Standard errors and floors are estimates themselves. Where a bin's edge has moved, so has what
# theory expects in it, by the root of that at a fold such as silu's minimum.
ESTIMATE = 1e-2
BEYOND_A_FOLD = 1e-3
# The error that rounding makes in a mean of numbers up to 1, in float64: a few ulps of 1.
OUTPUT_ERROR = 4 * 2.0**-52
_PARTS = ("train", "validation", "test")
_PREDICTED = "theory.figures."
_MERGED = frozenset({"distinct_units", "channels.distinct"})
_BESIDE = ("resolution.", "rounded.", *(f"{path}." for path in ALL_PARAMETERS))
_DEAD = frozenset({"dead_units", "channels.dead"})
_SINGLE = ("quantiles.", "histogram.edges.")
_OVER_SEEDS = re.compile(r"\.(mean|std|quantiles\..*|values\..*)$")


class LayerTolerances:
    """The tolerances of a result of layers, from shadow runs of it, one for each figure.

    t × the root mean square of its changes over the shadows + 1e-6 × the figure + its floor, with
    t the quantile of Student's distribution that LEVEL asks for with so many changes.

    Of thousands of figures of a chaotic network some always happen to change little in all shadows,
    so each also has the changes of the same figure in the two layers before it (of a gradient:
    after it), where there is no more chaos than in its own, in units of the layers' scales; and
    the bins of one histogram, and the quantiles, share theirs. A z follows its figure and its
    standard error.

    The floor is the least tolerance of a figure, whatever the shadows show. With e = 4 eps m, the
    rounding of values of size m:

    - a single value (min, max, a quantile) is known to e;
    - a spread s over n units to e / sqrt(n), and to sqrt(s² + e²) - s: signals that have converged
      differ by nothing else;
    - a bin of N values to FEWEST of them and the N e / std that lie so near to an edge; a fraction
      to FEWEST;
    - where the activation has kinks, a gradient to what FEWEST of its largest values make of it,
      since one may pass a kink, and its bins to sqrt(n) times as many, since that moves a whole row
      of the layers below;
    - the dead units to as many as the zeros that the shadows bring or take, any of which may be the
      last one of a unit;
    - the distinct units, where m of n are left, to sqrt(min(m, n - m)): which of them are merged
      hangs on their last bits; distinct channels, which do at many positions, to one;
    - an element of a kernel to the six digits that are kept.
    """

    def __init__(self, saved: Result, old: Values, new: Values, shadows: Sequence[Values]) -> None:
        self._saved, self._numbers = saved.recorded, numbers(saved)
        self._samples: int = saved.spec["samples"]
        self._units = (*values(saved.spec), *_classes(saved))
        self._eps = PRECISIONS[saved.spec["dtype"]].eps
        self._old = old
        self._new = new
        self._kinks = not shadows or has_kinks(saved)
        self._changes = _changes_by_shadow(new, shadows, _group)

    def __call__(self, place: Place, old: Value, new: Value) -> float:
        """Return how far two values of a figure may be apart."""
        sizes = [abs(each) for each in (old, new) if isinstance(each, int | float)]
        return self._tolerance(place, max(sizes, default=0.0))

    def _tolerance(self, place: Place, size: float) -> float:
        """Return how far two values, the larger one of this size, may be apart."""
        if place.figure.startswith(_PREDICTED) and place.figure.endswith(".z"):
            return ESTIMATE * size + self._tolerance_of_z(place)
        group = _group(place)
        own = self._changes.get(group, [])
        near = [*own, *self._changes_near(group)]
        moved = max(_rms(own), _rms(near))
        tolerance = student(LEVEL, len(near)) * moved if moved else 0.0
        return tolerance + RELATIVE * size + self._floor(place, size)

    def _changes_near(self, group: Place) -> Iterator[float]:
        """The changes of a figure in its neighbours, in units of its own layer."""
        if not group.layer:
            return
        step = 1 if _goes_back(group.figure) else -1
        scale = self._scale(group)
        here = group.layer % len(self._numbers)
        for near in (here + step, here + 2 * step):
            if not 0 < near < len(self._numbers):
                continue
            neighbour = group._replace(layer=self._numbers[near])
            theirs = self._scale(neighbour)
            if scale and theirs:
                yield from (each * scale / theirs for each in self._changes.get(neighbour, []))

    def _scale(self, group: Place) -> float:
        """What a figure's changes are proportional to; 0 where that does not exist."""
        if count_group(group._replace(figure=f"{group.figure}.overflow")) is not None:
            return 1.0
        figure = group.figure if _goes_back(group.figure) else "std"
        value = self._new.get(group._replace(figure=figure))
        return abs(value) if isinstance(value, int | float) else 0.0

    def _tolerance_of_z(self, place: Place) -> float:
        """The tolerance of the measured figure, in units of the prediction's standard error.

        A z of a logarithm moves by more than that where the figure is smaller than predicted.
        """
        path = place.figure.removesuffix(".z")
        error = self._new.get(Place(place.layer, f"{path}.standard_error"))
        measured = Place(place.layer, path.removeprefix(_PREDICTED))
        value = self._new.get(measured)
        if not isinstance(error, float) or not isinstance(value, int | float) or not error:
            return 0.0
        predicted = self._new.get(Place(place.layer, f"{path}.value"))
        factor = abs(predicted / value) if isinstance(predicted, float) and value else 1.0
        return self._tolerance(measured, abs(value)) / error * max(factor, 1.0)

    def _floor(self, place: Place, size: float) -> float:
        """Return the floor of a figure of this size."""
        figure = place.figure
        if place.layer is None:
            return self._floor_of_the_run(figure, size)
        if figure.startswith("theory."):
            return self._floor_of_theory(place, size)
        if figure.startswith("repeats."):
            figure = _OVER_SEEDS.sub("", figure.removeprefix("repeats."))
        layer, units = self._saved[place.layer], self._units[place.layer]
        if in_gate(figure, "fraction") or figure.startswith(_BESIDE):
            return self._floor_beside_the_values(layer, figure, size)
        gradient = _goes_back(figure)
        noise = 4 * self._eps * max(abs(layer.min or 0.0), abs(layer.max or 0.0))
        if count_group(place) is not None:
            if gradient:
                return FEWEST * sqrt(units) if self._kinks else FEWEST
            return FEWEST + (value_count(layer) * noise / layer.std if layer.std else 0.0)
        if gradient:
            return size * self._share_of_the_largest(place.layer, figure) if self._kinks else 0.0
        if figure in _MERGED | _DEAD:
            return self._floor_of_units(place, layer, units)
        if in_gate(figure, "log") and noise:
            return noise * noise / (size + noise) + noise / sqrt(units)
        return noise if in_gate(figure, "extreme") or figure.startswith(_SINGLE) else 0.0

    def _floor_of_the_run(self, figure: str, size: float) -> float:
        if figure.startswith("output.") and "accuracy" in figure:
            return FEWEST / self._samples
        return SIX_DIGITS * size if figure.startswith("kernels.") else 0.0

    def _floor_beside_the_values(self, layer: LayerStatistics, figure: str, size: float) -> float:
        if in_gate(figure, "fraction"):
            return FEWEST / max(value_count(layer), 1)
        if figure.startswith("resolution."):
            return ESTIMATE * size
        if figure.startswith("rounded."):
            return FEWEST
        name, _, which = figure.partition(".quantiles.")
        drawn = dict(parameters_of(layer)).get(name)
        if drawn is None or not which:
            return 0.0
        return 4 * self._eps * max(abs(drawn.min or 0.0), abs(drawn.max or 0.0))

    def _floor_of_units(self, place: Place, layer: LayerStatistics, units: int) -> float:
        if place.figure in _DEAD:
            zeros = self._changes.get(Place(place.layer, "zero_fraction"), [])
            return min(float(units), FACTOR * max(zeros, default=0.0) * value_count(layer))
        left = layer.distinct_units or units
        return sqrt(min(left, units - left)) if place.figure == "distinct_units" else 1.0

    def _share_of_the_largest(self, number: int, figure: str) -> float:
        """Return what part of all |δ|² FEWEST values at the upper edge of its histogram are."""
        row = FIGURES.get(figure)
        numbers = [number, number + 1] if row is not None and row.unit == "ratio" else [number]
        share = 0.0
        for gradient in (self._saved[k].gradient for k in numbers if k < len(self._saved)):
            if gradient is not None and gradient.signal_rms:
                largest = gradient.histogram.edges[-1] / gradient.signal_rms
                share += FEWEST * largest * largest / max(finite(gradient.histogram), 1)
        return share

    def _floor_of_theory(self, place: Place, size: float) -> float:
        if place.figure.startswith("theory.histogram."):
            bins = len(self._saved[place.layer or 0].histogram.counts)
            ends = (Place(place.layer, f"histogram.edges.{end}") for end in (0, bins))
            moved = any(self._old.get(end) != self._new.get(end) for end in ends)
            return BEYOND_A_FOLD if moved else RELATIVE
        return ESTIMATE * size if place.figure.endswith(".standard_error") else TINY


def _goes_back(figure: str) -> bool:
    """Whether a figure is of the gradient."""
    return figure.startswith("gradient.") or figure == "branch.weight_rms"


def _classes(saved: Result) -> tuple[int, ...]:
    """The units of the logits, where there are any."""
    return (saved.spec["output"]["classes"],) if saved.output is not None else ()


def step_tolerances(old: Values, new: Values, shadows: Sequence[Values]) -> Tolerance:
    """Return the tolerances of a result over steps, from shadow runs of it.

    10 × the largest change over the shadows, at any step of the same figure in any network, + 1e-6
    of the value + its floor. Whole numbers and truth values have that of the shadows alone.
    """
    changes = _largest_changes(new, shadows, _step_group)
    floors = _step_floors(old) | _gradient_floors(old, new)

    def tolerance(place: Place, was: Value, now: Value) -> float:
        sizes = [abs(each) for each in (was, now) if isinstance(each, float)]
        changed = changes.get(_step_group(place), 0.0)
        return FACTOR * changed + RELATIVE * max(sizes, default=0.0) + floors.get(place, 0.0)

    return tolerance


def unsteady_places(new: Values, shadows: Sequence[Values]) -> set[Place]:
    """Return the places that rounding brings or takes: no value there can be held to anything."""
    return {p for p, was, now in _pairs(new, shadows) if (was is None) != (now is None)}


def _step_floors(was: Values) -> dict[Place, float]:
    """Return a training's least tolerances: FEWEST answers; for a loss's spread the loss's own.

    An answer hangs on the last bits of two logits that are nearly equal, and a spread is a
    difference of losses.
    """
    found = {}
    for place in was:
        *path, last = place.figure.split(".")
        part = path[-1] if path and path[-1] in _PARTS else "test"
        examples = was.get(Place(None, f"data.{part}"))
        if last.startswith("accuracy") and isinstance(examples, int) and examples:
            found[place] = FEWEST / examples
        if last == "loss_std":
            mean = was.get(Place(None, ".".join([*path, "loss_mean"])))
            found[place] = RELATIVE * abs(mean) if isinstance(mean, float) else 0.0
    return found


def _gradient_floors(was: Values, now: Values) -> dict[Place, float]:
    """Return the least tolerances of the gradients of a descent, step by step.

    The gradient of the output's bias is the mean of the output's errors, which lie within -1 and
    1 and may cancel: it is known to OUTPUT_ERROR. The layers below carry that error on in
    proportion to their own gradients.
    """
    layers = {int(place.figure.split(".")[1]) for place in was if _is_gradient(place)}
    found = {}
    for place in filter(_is_gradient, was):
        step = place.figure.rpartition(".")[2]
        output = Place(None, f"layers.{max(layers)}.bias_gradient_rms.{step}")
        largest, of_output = (
            max((each for each in (was.get(at), now.get(at)) if isinstance(each, float)), default=0)
            for at in (place, output)
        )
        if of_output:
            found[place] = OUTPUT_ERROR * largest / of_output
    return found


def _is_gradient(place: Place) -> bool:
    return place.figure.startswith("layers.") and "_gradient_rms." in place.figure


def _largest_changes(
    new: Values, shadows: Sequence[Values], group: Callable[[Place], Place]
) -> dict[Place, float]:
    """Return by how much the shadows change any figure of each group at most."""
    found: dict[Place, float] = {}
    for place, was, now in _pairs(new, shadows):
        if isinstance(was, int | float) and isinstance(now, int | float):
            key = group(place)
            found[key] = max(found.get(key, 0.0), abs(now - was))
    return found


@cache
def student(alpha: float, degrees: int | None) -> float:
    """Return what |t| exceeds with probability `alpha`; a normal |z| where `degrees` is None."""
    from scipy.special import ndtri, stdtrit

    lower = ndtri(alpha / 2) if degrees is None else stdtrit(degrees, alpha / 2)
    return -float(lower)


def has_kinks(result: Result) -> bool:
    """Whether the derivative of any activation of a result jumps somewhere."""
    from weightinit_cli.experiments.build import build_activations
    from weightinit_cli.spec import spec_from_normal_form

    spec = spec_from_normal_form(result.spec, result.name)
    return any(each.kinks for each in build_activations(spec))


def _changes_by_shadow(
    new: Values, shadows: Sequence[Values], group: Callable[[Place], Place]
) -> dict[Place, list[float]]:
    """Return by how much each shadow changes any figure of each group at most."""
    found: dict[Place, list[float]] = {}
    for shadow in shadows:
        for key, change in _largest_changes(new, [shadow], group).items():
            found.setdefault(key, []).append(change)
    return found


def _rms(changes: Sequence[float]) -> float:
    return hypot(*changes) / sqrt(len(changes)) if changes else 0.0


def _group(place: Place) -> Place:
    """Return one place for all bins of a histogram, and one for all quantiles of a layer."""
    if place.figure.startswith("quantiles."):
        return place._replace(figure="quantiles")
    return count_group(place) or place


def _pairs(new: Values, shadows: Sequence[Values]) -> Iterator[tuple[Place, Value, Value]]:
    """Give every place of the run or a shadow, with the values of both."""
    for shadow in shadows:
        for place in {**new, **shadow}:
            yield place, value_at(new, place), value_at(shadow, place)


def _step_group(place: Place) -> Place:
    """Return the place without the numbers of its step and its network.

    When a unit first passes its kink on the other side is chance, from network to network.
    """
    parts = [part for part in place.figure.split(".") if not part.isdigit()]
    return place._replace(figure=".".join(parts))
