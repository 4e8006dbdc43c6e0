"""A result taken apart: every number and text in it, by its layer and path."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.results import Result
from weightinit_cli.results.figures import CERTAIN, FIGURES, figure, floor
from weightinit_cli.results.plain import Value, flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.results import AnyResult, LayerStatistics

# What is no figure: it decides how two results are compared.
_ASIDE = ("environment", "spec", "name", "overrides", "schema_version")
_OCTAVES = "gradient.histogram"
# The number of the place of an output layer's logits.
LOGITS = -1
# Of weights or biases of several layers or networks, brought to mean 0 and std 1 by their laws.
POOLED = "standardized "


class Place(NamedTuple):
    """Where a value stands: in which layer (0 is the input, None the whole run), at which path.

    The figures of an output layer's logits have LOGITS as their layer. In a probe it is a figure
    `of` one of the model's values or parameters, by name.
    """

    layer: int | None
    figure: str
    of: str = ""

    @property
    def path(self) -> str:
        """The path, after the name of what it is a figure of; of logits that in the result."""
        if self.layer == LOGITS:
            return f"output.logits.{self.figure}"
        return f"{self.of} {self.figure}" if self.of else self.figure

    @property
    def number(self) -> int | None:
        """The number of the layer; None where it is of none, as an output layer and a whole run."""
        return None if self.layer == LOGITS else self.layer

    def __str__(self) -> str:
        if self.number is None:
            return self.path
        return f"layer {self.layer} {self.figure}" if self.layer else f"input {self.figure}"


Values = dict[Place, Value]


def flatten(result: AnyResult) -> Values:
    """Return every value of a result by its place; None where a figure does not exist.

    Bins stand by their number, those of the gradient by their lower edge, a power of two: which
    octaves there are depends on the values. What has no statistics of layers stands by its path.
    """
    tree = {key: value for key, value in asdict(result).items() if key not in _ASIDE}
    if not isinstance(result, Result):
        return {Place(None, path): value for path, value in flat(tree).items()}
    layers = [tree.pop("input"), *tree.pop("layers")]
    if tree["output"] is not None:
        layers.append(tree["output"].pop("logits"))
    del tree["verdict"]
    found = {Place(None, path): value for path, value in flat(tree).items()}
    for number, layer in zip(numbers(result), layers, strict=True):
        if layer["gradient"] is not None:
            layer["gradient"]["histogram"] = _octaves(layer["gradient"]["histogram"])
        found |= {Place(number, path): value for path, value in flat(layer).items()}
    return found


def numbers(result: Result) -> tuple[int, ...]:
    """The numbers that places have of what was recorded: the input, every layer, the logits."""
    logits = () if result.output is None else (LOGITS,)
    return (*range(len(result.layers) + 1), *logits)


def is_octave(place: Place) -> bool:
    """Whether the place is a bin of a gradient's histogram, which is absent where it is empty."""
    return place.figure.startswith(f"{_OCTAVES}.counts.")


def is_unresolved(place: Place) -> bool:
    """Whether the place is the floor of a figure, which is absent where the figure is resolved."""
    return place.figure.startswith("unresolved.")


def without_unresolved(found: Values, results: Sequence[Result]) -> Values:
    """Leave out the values that some of the results may have and others not, by rounding or chance.

    That is which figures are unresolved, and the z and the spread over the seeds of those near
    their floors.
    """
    layers = zip(*(each.recorded for each in results), strict=False)
    sides = zip(numbers(results[0]), layers, strict=False)
    left_out = {number: _near_floors(each) for number, each in sides}
    return {
        place: value
        for place, value in found.items()
        if not place.figure.startswith(left_out.get(place.layer or 0, ()))
    }


def _near_floors(sides: Sequence[LayerStatistics]) -> tuple[str, ...]:
    """Return how the paths begin that one layer of only some results may have."""
    found = ["unresolved."]
    for path in FIGURES:
        sizes = ((abs(figure(each, path) or 0.0), floor(each, path)) for each in sides)
        if any(size < 2 * CERTAIN * least for size, least in sizes):
            predicted = f"theory.figures.{path}"
            found += [f"repeats.{path}.", f"{predicted}.z", f"{predicted}.no_z"]
    return tuple(found)


def with_common_octaves(sides: Sequence[Values]) -> list[Values]:
    """Count in each gradient's underflow what lies below the lowest octave of any of the sides.

    Where that is depends on the largest value, which may pass a power of two.
    """
    lowest: dict[int | None, float] = {}
    for side in sides:
        edges: dict[int | None, list[float]] = {}
        for place in filter(is_octave, side):
            edges.setdefault(place.layer, []).append(_edge(place))
        for layer, found in edges.items():
            lowest[layer] = max(lowest.get(layer, 0.0), min(found))
    return [_above(side, lowest) for side in sides]


def _above(side: Values, lowest: Mapping[int | None, float]) -> Values:
    found = dict(side)
    for place in filter(is_octave, side):
        if _edge(place) < lowest[place.layer]:
            underflow = Place(place.layer, f"{_OCTAVES}.underflow")
            found[underflow] += found.pop(place)  # type: ignore[operator]
    return found


def _edge(place: Place) -> float:
    """The lower edge of an octave."""
    return float(place.figure.removeprefix(f"{_OCTAVES}.counts."))


def value_at(side: Values, place: Place) -> Value:
    """Return the value at a place; None where there is none, 0 in an octave that is empty."""
    return side.get(place, 0 if is_octave(place) else None)


def count_group(place: Place) -> Place | None:
    """Return the histogram that a bin, an underflow or an overflow belongs to, None for others."""
    if place.figure.startswith("theory."):
        return None
    before, found, what = place.figure.partition("histogram.")
    if found and what.startswith(("counts.", "underflow", "overflow")):
        return Place(place.layer, f"{before}histogram")
    return None


def _octaves(histogram: Mapping[str, Any]) -> dict[str, Any]:
    edges, counts = histogram["edges"], histogram["counts"]
    return {
        "counts": {f"{edge:g}": count for edge, count in zip(edges, counts, strict=False)},
        "underflow": histogram["underflow"],
        "overflow": histogram["overflow"],
    }
