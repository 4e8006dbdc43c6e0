"""Curves that coincide: dashed so that all of them are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.page import Array, Axis

STRIPE, STRIPES = 5.0, 60.0  # points of one colour, and of all at most
ALIKE = 0.01  # of a panel's height: less is hardly seen


def stripes(
    curves: Sequence[tuple[Array, Array]], axis: Axis, part: float
) -> list[tuple[float, ...]]:
    """The dashes of curves, x and y of each, that are drawn in this order.

    Of curves in one place each covers a part of those before it; the others have no dashes. In one
    place they are where they are so in more than this part of the x at which both have a value.
    """
    places = [(x, axis.parts(y)) for x, y in curves]
    groups: list[list[int]] = []
    for k, place in enumerate(places):
        like = (group for group in groups if _coincide(places[group[0]], place, part))
        group = next(like, [])
        if not group:
            groups.append(group)
        group.append(k)
    found: list[tuple[float, ...]] = [()] * len(curves)
    for group in groups:
        period = min(STRIPE * len(group), STRIPES)
        for n, k in enumerate(group[1:], 1):
            found[k] = (period * (len(group) - n) / len(group), period * n / len(group))
    return found


def _coincide(first: tuple[Array, Array], second: tuple[Array, Array], part: float) -> bool:
    _, one, other = np.intersect1d(first[0], second[0], return_indices=True)
    apart = np.abs(first[1][one] - second[1][other])
    known = np.isfinite(apart)
    return bool(known.any() and np.mean(apart[known] < ALIKE) > part)
