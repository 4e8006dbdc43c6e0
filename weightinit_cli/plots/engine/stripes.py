"""Curves that coincide: dashed so that all of them are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.page import Array, Axis

STRIPE, STRIPES = 5.0, 60.0  # points of one colour, and of all at most
ALIKE = 0.01  # of a panel's height: less is hardly seen


class Stripes(NamedTuple):
    """How a curve is drawn on others: the dashes of the points that lie `on` them, else none."""

    dash: tuple[float, ...]
    on: NDArray[np.bool_]


def stripes(curves: Sequence[tuple[Array, Array]], axis: Axis, part: float) -> list[Stripes]:
    """The dashes of curves, x and y of each, that are drawn in this order.

    Of curves in one place each covers a part of those before it. They are in one place where they
    are so in more than this part of the points at which both have a value.
    """
    places = [(x, axis.parts(y)) for x, y in curves]
    groups: list[list[int]] = []
    found = []
    for k, (x, _) in enumerate(places):
        on = np.zeros(len(x), dtype=np.bool_)
        for group in groups:
            apart = _apart(places[k], places[group[0]])
            known = np.isfinite(apart)
            if known.any() and np.mean(apart[known] < ALIKE) > part:
                group.append(k)
                on = np.asarray(apart < ALIKE)
                break
        else:
            groups.append([k])
        found.append(Stripes((), on))
    for group in groups:
        for n, k in enumerate(group):
            found[k] = found[k]._replace(dash=dash_of(n, len(group)))
    return found


def dash_of(place: int, number: int) -> tuple[float, ...]:
    """The dash of one of a number of curves in one place, the first of which has none.

    Where they are drawn in this order, each covers a part of those before it.
    """
    period = min(STRIPE * number, STRIPES)
    return (period * (number - place) / number, period * place / number) if place else ()


def _apart(curve: tuple[Array, Array], other: tuple[Array, Array]) -> Array:
    """How far a curve's points are from another curve, nan before that begins and after its end."""
    known = np.isfinite(other[1])
    if not known.any():
        return np.full(len(curve[0]), np.nan)
    between = np.interp(curve[0], other[0][known], other[1][known], np.nan, np.nan)
    apart: Array = np.abs(curve[1] - between)
    return apart
