"""What shadow runs, whose inputs were moved by one ulp, show of a result's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.guard.flatten import Place, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results.flat import Value

SHADOWS = 3
FACTOR = 10.0  # times what rounding does to the shadows it may do elsewhere


def unsteady_places(new: Values, shadows: Sequence[Values]) -> set[Place]:
    """The figures that rounding brings or takes, whose values can't be held to anything."""
    return {p for p, was, now in _pairs(new, shadows) if (was is None) != (now is None)}


def largest_changes(
    new: Values, shadows: Sequence[Values], group: Callable[[Place], Place]
) -> dict[Place, float]:
    """By how much the shadows change any figure of a group at most."""
    found: dict[Place, float] = {}
    for place, was, now in _pairs(new, shadows):
        if isinstance(was, int | float) and isinstance(now, int | float):
            key = group(place)
            found[key] = max(found.get(key, 0.0), abs(now - was))
    return found


def _pairs(new: Values, shadows: Sequence[Values]) -> Iterator[tuple[Place, Value, Value]]:
    """Every place of the run or a shadow, with the values of both."""
    for shadow in shadows:
        for place in {**new, **shadow}:
            yield place, value_at(new, place), value_at(shadow, place)
