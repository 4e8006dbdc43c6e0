"""What rounding may do to a figure: as much as its own network does to one ulp at the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.guard.flatten import Place, count_group
from weightinit_cli.guard.floors import RELATIVE, Floors
from weightinit_cli.guard.report import Drift, drift
from weightinit_cli.guard.shadows import FACTOR, largest_changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import Result
    from weightinit_cli.results.flat import Value

_PREDICTED = "theory.figures."


class Rounding:
    """The tolerance of each figure of a result, from shadow runs of it.

    10 × the largest change over the shadows + 1e-6 × the figure + its floor (see Floors).

    Of thousands of figures of a chaotic network some always happen to change little in all three,
    so each also has the changes of the same figure in the two layers before it (of a gradient:
    after it), where there is no more chaos than in its own, in units of the layers' scales; and
    the bins of one histogram, and the quantiles, share theirs. A z follows its figure.
    """

    def __init__(self, saved: Result, old: Values, new: Values, shadows: Sequence[Values]) -> None:
        self._new = new
        self._floors = Floors(saved, old, new)
        self._changes = largest_changes(new, shadows, _group)

    def drift(self, place: Place, old: Value, new: Value) -> Drift | None:
        """The drift of one figure; None where it is within its tolerance."""
        sizes = [abs(each) for each in (old, new) if isinstance(each, int | float)]
        return drift(place, old, new, self.tolerance(place, max(sizes, default=0.0)))

    def tolerance(self, place: Place, size: float) -> float:
        """How far two values of a figure, the larger one of this size, may be apart."""
        if place.figure.startswith(_PREDICTED) and place.figure.endswith(".z"):
            return RELATIVE * size + self._tolerance_of_z(place)
        moved = max(self._changes_near(_group(place)), default=0.0)
        return FACTOR * moved + RELATIVE * size + self._floors.of(place, size)

    def _changes_near(self, group: Place) -> Iterator[float]:
        """The changes of a figure in its layer and its neighbours, in units of its own layer."""
        yield self._changes.get(group, 0.0)
        if not group.layer:
            return
        step = 1 if "gradient." in group.figure else -1
        scale = self._scale(group)
        for layer in (group.layer + step, group.layer + 2 * step):
            neighbour = group._replace(layer=layer)
            theirs = self._scale(neighbour)
            if layer > 0 and scale and theirs:
                yield self._changes.get(neighbour, 0.0) * scale / theirs

    def _scale(self, group: Place) -> float:
        """What a figure's changes are proportional to; 0 where that does not exist."""
        if count_group(group._replace(figure=f"{group.figure}.overflow")) is not None:
            return 1.0
        figure = group.figure if group.figure.startswith("gradient.") else "std"
        value = self._new.get(group._replace(figure=figure))
        return abs(value) if isinstance(value, int | float) else 0.0

    def _tolerance_of_z(self, place: Place) -> float:
        """That of the measured figure, in units of the prediction's standard error.

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
        return self.tolerance(measured, abs(value)) / error * max(factor, 1.0)


def _group(place: Place) -> Place:
    """The histogram of a bin, the quantiles; any other figure is a group of its own."""
    if place.figure.startswith("quantiles."):
        return place._replace(figure="quantiles")
    return count_group(place) or place
