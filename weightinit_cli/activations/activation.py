"""What an activation is: value, exact derivative, bounds, kinks and flat ends."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]
Ends = tuple[float | None, float | None]


def no_ends(level: float) -> Ends:  # noqa: ARG001
    """Return no flat ends: those of a function that is flat at neither."""
    return (None, None)


class Activation(NamedTuple):
    """An activation with its parameters bound, over float32 or float64 arrays of any shape.

    `write(x, out)` puts φ(x) into `out`, which may be x itself; `slope(x)` is φ'(x) (at a kink,
    torch's choice), and may be anything where x is nan. `bounds` are the infimum and supremum of
    φ; `kinks` the places where φ or φ' jumps; `steepest` is sup|φ'| (inf where unbounded).
    `ends(level)` gives x_low and x_high: |φ'| <= level * steepest for all x <= x_low and for all
    x >= x_high, None where there is no such end.
    """

    write: Callable[[Array, Array], object]
    slope: Callable[[Array], Array]
    bounds: tuple[float, float] = (-inf, inf)
    kinks: tuple[float, ...] = ()
    steepest: float = 1.0
    ends: Callable[[float], Ends] = no_ends

    def value(self, x: Array, out: Array | None = None) -> Array:
        """Return φ(x), written to `out` (which may be x) where given."""
        result = np.empty_like(x) if out is None else out
        self.write(x, result)
        return result

    def derivative(self, x: Array) -> Array:
        """Return φ'(x), and nan where x is nan, also where `slope` compares and has a number."""
        slope = self.slope(x)
        some_nan = np.isnan(x.max(initial=0))
        return np.where(np.isnan(x), x, slope) if some_nan else slope

    @property
    def flats(self) -> tuple[float, ...]:
        """The values that φ has over whole pieces: 0 of relu, -1 and 1 of hard_tanh."""
        if not self.kinks:
            return ()
        ends = np.array([self.kinks[0] - 1, *self.kinks, self.kinks[-1] + 1])
        within = np.array([ends[0], *(ends[1:-2] + ends[2:-1]) / 2, ends[-1]])
        return tuple((self.value(within)[self.slope(within) == 0] + 0.0).tolist())
