"""What can be seen of an activation whose functions alone are known: kinks, steepest slope, ends.

Measured against the rows of the table: see tests/activations/test_own.py.
"""

from __future__ import annotations

from math import inf, log10, nextafter, ulp
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from weightinit_cli.activations.resolving import misfit, points
from weightinit_cli.activations.smooth import crossing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weightinit_cli.activations.activation import Ends

Array = np.ndarray[Any, Any]
Function: TypeAlias = "Callable[[Array], Array]"

# Kinks are looked for up to here, octave by octave, while one needs no more panels than these.
REACH = 64.0
MOST_PANELS = 2**14
# The widest panels; they begin at no round number, so that no kink lies at an edge. At 0, where
# all Gaussians of theory lie, they are as narrow as the last.
WIDEST, OFFSET, NARROWEST = 0.125, 0.0123456789, 2.0**-30
# A jump is larger than this, relative to the largest value in the panel.
JUMP = 1e-6
# Halvings from there to the last bit.
HALVINGS = 60
# So near to where a flat begins, φ is off it by more than this part of its size.
BESIDE, CONTACT = 0.01, 1e-12
# A person's number has fewer digits behind the point.
FEW_DIGITS = 12
# Slopes are looked at between -FAR and FAR, of each decade's points so many.
FAR, PER_DECADE = 1e30, 16
# What begins further out is not told from what never ends.
FURTHEST = 1e20


def kinks_of(value: Function, derivative: Function) -> tuple[float, ...]:
    """The places between -REACH and REACH where φ or φ' jumps, or φ begins to be flat; to rounding.

    Where they vary too fast to be followed as far, those nearer to 0.
    """
    found: list[float] = []
    edges = np.arange(-REACH, REACH + 2 * WIDEST, WIDEST) - OFFSET
    low, high = edges[:-1], edges[1:]
    octave = np.ceil(np.log2(np.maximum(np.maximum(low, -high), 1)))
    for each in range(int(octave.max()) + 1):
        kinks = _kinks(value, derivative, low[octave == each], high[octave == each])
        if kinks is None:
            break
        found += kinks
    return tuple(sorted(set(found)))


def _kinks(value: Function, derivative: Function, low: Array, high: Array) -> list[float] | None:
    """The kinks in some panels; None where they need too many panels to be found.

    Panels are halved while φ, φ' or whether φ' is 0 are no polynomials in them.
    """

    def seen(x: Array) -> Array:
        slope = derivative(x).astype(np.float64)
        return np.stack([value(x), slope, slope == 0])

    sizes, count = np.zeros((3, len(low))), 0
    while high.size and (high - low).max() > NARROWEST:
        count += high.size
        if count > MOST_PANELS:
            return None
        values = seen(points(low, high))
        sizes = np.maximum(sizes, np.abs(values).max(axis=-1))
        still = (misfit(values, sizes) > JUMP) | ((low < 0) & (high > 0))
        low, high, sizes = low[still], high[still], sizes[:, still]
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        sizes = np.concatenate([sizes, sizes], axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        gaps = np.abs(np.diff(seen(np.stack([low, middle, high], axis=1)))).max(axis=0)
        left = gaps[:, 0] > gaps[:, 1]
        wide = high - low > 2 * np.spacing(np.maximum(np.abs(low), np.abs(high)))
        low, high = np.where(wide & ~left, middle, low), np.where(wide & left, middle, high)
    jumps = np.abs(np.diff(seen(np.stack([low, high], axis=1)))[..., 0]) > JUMP * sizes
    # A flat that is one by rounding alone, as that of tanh, has only rounding errors beside it.
    beside = (low + high) / 2 + np.array([[-BESIDE], [0], [BESIDE]]) * np.maximum(1, np.abs(low))
    rises = np.sort(np.abs(np.diff(value(beside).astype(np.float64), axis=0)), axis=0)
    flat_ends = jumps[2] & (rises[1] > CONTACT * sizes[0]) & (rises[0] < CONTACT * rises[1])
    kinks = jumps[0] | jumps[1] | flat_ends
    return [_simplest(a, b) for a, b in zip(low[kinks].tolist(), high[kinks].tolist(), strict=True)]


def _simplest(low: float, high: float) -> float:
    """Of two neighbours the number of fewer digits, or one of few as near as rounding moves."""
    near = 8 * max(ulp(low), ulp(high), ulp(1e-3))
    for digits in range(FEW_DIGITS):
        value = round(low, digits)
        if low - near <= value <= high + near:
            return value + 0.0
    return min(low, high, key=lambda value: len(repr(value)))


class Slopes:
    """What is seen of |φ'| on a grid that goes far out: its supremum, and where it stays small."""

    def __init__(self, value: Function, slope: Function, kinks: Sequence[float]) -> None:
        self._slope = slope
        beside = [nextafter(k, side) for k in kinks for side in (-inf, inf)]
        far = np.geomspace(REACH, FAR, round(log10(FAR / REACH)) * PER_DECADE + 1)
        near = np.linspace(-REACH, REACH, 2**13 + 1)
        x = np.unique(np.concatenate([-far, near, far, kinks, beside]))
        size = np.abs(slope(x))
        known = ~np.isnan(size)
        # What is no number further out is no part of φ: exp(x) / exp(x) overflows.
        middle = int(np.searchsorted(x, 0))
        first = middle - int(known[middle::-1].argmin()) + 1 if not known[:middle].all() else 0
        last = middle + int(known[middle:].argmin()) if not known[middle:].all() else len(x)
        self._x, self._size = x[first:last], size[first:last]
        self.steepest = self._steepest()
        self._outermost: Ends = (None, None)
        if kinks:
            low, high = kinks[0], nextafter(kinks[-1], inf)
            left, right = value(np.array([[low - FURTHEST, low - 1e-3], [high, high + FURTHEST]]))
            self._outermost = (
                low if left[0] == left[1] else None,
                high if right[0] == right[1] else None,
            )

    def _steepest(self) -> float:
        """The supremum of |φ'|; inf where it keeps growing."""
        x, size = self._x, self._size
        inside = np.abs(x) <= max(np.abs(x).max() ** 0.5, REACH / 2)
        most, within = float(size.max()), float(size[inside].max())
        if most > 1.01 * within:
            return inf
        at = int(size.argmax())
        low, high = x[max(at - 1, 0)], x[min(at + 1, len(x) - 1)]
        while high - low > 1e-12 * max(abs(low), abs(high), 1e-12):
            finer = np.linspace(low, high, 65)
            sizes = np.abs(self._slope(finer))
            best = int(np.nanargmax(sizes))
            most = max(most, float(sizes[best]))
            low, high = finer[max(best - 1, 0)], finer[min(best + 1, 64)]
        return most

    def ends(self, level: float) -> Ends:
        """The ends of the line on which |φ'| <= level * steepest, as `Activation` has them."""
        if self.steepest == inf:
            return (None, None)
        if self.steepest == 0:
            return self._outermost
        most = level * self.steepest
        above = np.flatnonzero(self._size > most)
        return (self._end(most, int(above[0]), -1), self._end(most, int(above[-1]), 1))

    def _end(self, most: float, inner: int, side: int) -> float | None:
        """Where |φ'| falls to `most` for good, from the grid's last place where it is above."""
        outer = inner + side
        if not 0 <= outer < len(self._x) or abs(self._x[outer]) > FURTHEST:
            return None

        def size(x: float) -> float:
            return float(np.abs(self._slope(np.array([x])))[0])

        return crossing(size, most, float(self._x[inner]), float(self._x[outer]))
