"""Which picture shows many runs: what becomes rows, columns and colours, and what is left out.

All of it follows from what was varied, so that it can be said before the first run.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots.varied import VariedAxis, written
from weightinit_cli.results.comparison import VARIANT

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CURVES = 40
MOST_TOGETHER, MOST_PANELS = 12, 12  # runs of several axes in one panel; panels of more
MOST_COLUMNS = 5
MOST_FACETS = 8


class Curves(NamedTuple):
    """A curve over depth for each value of `color`, in a column for each of `column`."""

    color: VariedAxis
    column: VariedAxis | None = None

    @property
    def left_out(self) -> list[str]:
        """What is drawn of an axis of which not all is."""
        number = len(self.color.values)
        return (
            [f"{MOST_CURVES} of {number:,} {_values(self.color)}"] if number > MOST_CURVES else []
        )


class Maps(NamedTuple):
    """Maps of `x` and `y`, a row of them for each combination of the facets' values.

    The facets have the values that are drawn, of all those that they had in `whole`.
    """

    x: VariedAxis
    y: VariedAxis
    facets: tuple[VariedAxis, ...] = ()
    whole: tuple[VariedAxis, ...] = ()

    @property
    def left_out(self) -> list[str]:
        """What is drawn of every axis of which not all is."""
        return _of_which_not_all(self.facets, self.whole)


class Facets(NamedTuple):
    """Curves over steps for each value of `colors`, a panel for each combination of the facets'.

    Both have the values that are drawn, of all those that they had in `whole`.
    """

    colors: tuple[VariedAxis, ...]
    facets: tuple[VariedAxis, ...]
    whole: tuple[VariedAxis, ...]

    @property
    def left_out(self) -> list[str]:
        """What is drawn of every axis of which not all is."""
        return _of_which_not_all((*self.colors, *self.facets), self.whole)


def faceted(varied: Sequence[VariedAxis]) -> Facets:
    """The curves of runs that vary on these axes.

    A few runs, or those of a single axis, are all in one panel. Else the colours are the values of
    the longest axis, and the others make panels.
    """
    whole = tuple(varied)
    longest = max(whole, key=lambda axis: len(axis.values), default=None)
    if longest is None or (len(whole) > 1 and prod(len(a.values) for a in whole) <= MOST_TOGETHER):
        return Facets(whole, (), whole)
    colors = (_some(longest, min(len(longest.values), MOST_CURVES)),)
    others = tuple(axis for axis in whole if axis is not longest)
    return Facets(colors, _thinned(others, MOST_PANELS), (longest, *others))


def chosen(varied: Sequence[VariedAxis]) -> Curves | Maps:
    """The picture of runs that vary on these axes, one at least.

    One axis gives curves; two give a column of curves for each of a few names, else maps. Of more,
    the two of most values make the maps, and the others their rows.
    """
    if len(varied) == 1:
        return Curves(varied[0])
    if len(varied) == 2:
        first, second = varied
        for column, color in ((first, second), (second, first)):
            curved = color.numeric or column.path == VARIANT
            if column.named and curved and len(column.values) <= MOST_COLUMNS:
                return Curves(color, column)
        return Maps(first, second)
    by_size = sorted(varied, key=lambda axis: (len(axis.values), not axis.named))
    facets = tuple(axis for axis in varied if axis in by_size[:-2])
    x, y = (axis for axis in varied if axis not in facets)
    return Maps(x, y, _thinned(facets), facets)


def drawn_in_words(layout: Curves | Maps | Facets) -> list[str]:
    """What is left out, as a part of a picture's subtitle; none where all is drawn."""
    return [f"drawn: {', '.join(layout.left_out)}"] if layout.left_out else []


def _thinned(facets: Sequence[VariedAxis], most: int = MOST_FACETS) -> tuple[VariedAxis, ...]:
    """The facets with so many values that a page has room for all combinations.

    The longest gives way first, and what room is left then they take in turn. Of numbers some are
    kept that are evenly spread, of names the first.
    """
    numbers = [len(axis.values) for axis in facets]
    while prod(numbers) > most:
        numbers[numbers.index(max(numbers))] -= 1
    for k, axis in enumerate(facets):
        others = prod(numbers) // numbers[k]
        numbers[k] = min(len(axis.values), most // others)
    return tuple(map(_some, facets, numbers))


def _some(axis: VariedAxis, number: int) -> VariedAxis:
    whole = len(axis.values)
    if number == whole:
        return axis
    places = list(range(number))
    if axis.numeric:
        axis = axis.ordered()
        places = [round(k * (whole - 1) / max(number - 1, 1)) for k in range(number)]
    return VariedAxis(axis.path, tuple(axis.values[k] for k in places))


def _of_which_not_all(drawn: Sequence[VariedAxis], whole: Sequence[VariedAxis]) -> list[str]:
    found = []
    for some, axis in zip(drawn, whole, strict=True):
        number = len(some.values)
        if number < len(axis.values):
            listed = f" ({_listed(some)})" if number <= MOST_PANELS else ""
            found.append(f"{number} of {len(axis.values):,} {_values(axis)}{listed}")
    return found


def _values(axis: VariedAxis) -> str:
    return "variants" if axis.path == VARIANT else f"values of {axis.path}"


def _listed(axis: VariedAxis) -> str:
    return ", ".join(map(written, axis.values))
