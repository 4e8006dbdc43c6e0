"""Expectations of an activation under Gaussians of mean 0, to 1e-10 relative.

By closed forms where there are elementary ones, else by quadrature: see `closed_forms`,
`piecewise_linear` and `smoothing`.

Measured for every activation against references of 39 digits, for q of 1e-12 to 1e8 and d of 1e-14
to 1.5 (tests/theory/expectations.json): in closed form 7e-15, by straight pieces 1e-14, by
smoothing 2e-14 for E[φ²] and E[φ'²] and 3e-13 for pairs; E[φ], which may cross 0, holds
1e-15 √E[φ²].
"""

from __future__ import annotations

from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.methods import distribution, method
from weightinit_cli.theory.moments import Moments
from weightinit_cli.theory.piecewise_linear import PiecewiseLinear

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.entry import Array

__all__ = ["Expectations", "Moments"]

# Stands for the limit q -> 0, in which only the slopes on either side of 0 count.
NO_VARIANCE = 1e-200
# Steep functions overflow and tails underflow, as they should.
quiet = np.errstate(over="ignore", under="ignore")


class Expectations:
    """Expectations of one activation under N(0, q), and under pairs of correlation c = 1 - d.

    `name` and `arguments` are those of a row of ACTIVATIONS; q >= 0 and 0 <= d <= 2. What
    overflows is inf. `jumps` says whether φ itself jumps somewhere: then `spread` grows as √d
    for small d, and the derivative of `spread` by d is more than q `slope_product`.
    """

    def __init__(self, name: str, **arguments: float | str) -> None:
        self.activation: Activation = ACTIVATIONS[name].build(**arguments)
        self._method = method(name, self.activation, arguments)
        self._distribution = distribution(name, self.activation, arguments)
        self.jumps = isinstance(self._method, PiecewiseLinear) and any(self._method.jumps)

    @quiet
    def moments(self, q: float) -> Moments:
        """E[φ], E[φ²] and E[φ'²] under N(0, q)."""
        if q == 0:
            at_zero = float(self.activation.value(np.zeros(1))[0])
            slope_square = self._method.moments(NO_VARIANCE).slope_square
            return Moments(at_zero, at_zero**2, slope_square)
        return self._method.moments(q)

    @quiet
    def spread(self, q: float, d: float) -> float:
        """E[φ²] - E[φ(x) φ(y)] = ½ E[(φ(x) - φ(y))²] for x, y ~ N(0, q) of correlation 1 - d."""
        return self._method.spread(q, d) if q > 0 and d > 0 else 0.0

    @quiet
    def slope_product(self, q: float, d: float) -> float:
        """E[φ'(x) φ'(y)] for the same pair; deltas of φ', where φ jumps, do not count."""
        if d == 0:
            return self.moments(q).slope_square
        return self._method.slope_product(q or NO_VARIANCE, d)

    def tails(
        self, q: float, x_low: float | None, x_high: float | None
    ) -> tuple[float | None, float | None]:
        """P(x <= x_low) and P(x >= x_high), each None where there is no such end."""
        return (
            None if x_low is None else _upper_tail(-x_low, q),
            None if x_high is None else _upper_tail(x_high, q),
        )

    def zero_fraction(self, q: float) -> float:
        """P(φ(x) = 0), exactly 0."""
        return self._distribution.zero_fraction(q)

    @quiet
    def shares(self, q: float, edges: Array) -> Array:
        """P(φ(x) in bin) per bin of ascending edges, to 1e-5.

        Bins are those of numpy.histogram: half-open, but for the last, which holds its upper edge.
        """
        return self._distribution.shares(q, edges)


def _upper_tail(x: float, q: float) -> float:
    """P(N(0, q) >= x)."""
    return erfc(x / sqrt(2 * q)) / 2 if q else float(x <= 0)
