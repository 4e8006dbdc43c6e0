"""Expectations of an activation under Gaussians of mean 0, to 1e-10 relative.

By closed forms where there are elementary ones, else by quadrature: see `methods` and
`quadrature`; of a plug-in's activation, of which only the functions are known, see `adaptive`.

Measured for every activation against references of 39 digits, for q of 1e-12 to 1e8 and d of 1e-14
to 1.5 (tests/theory/expectations.json): in closed form 7e-15, by straight pieces 1e-14, by
smoothing 2e-14 for E[φ²] and E[φ'²] and 3e-13 for pairs; E[φ], which may cross 0, holds
1e-15 √E[φ²]. By panels that follow φ, as if nothing were known of it: 1e-14 for E[φ²] and E[φ'²]
and 4e-13 for pairs, but 2e-10 where d is 1e-14 and a jump of φ lies five standard deviations off.
Where those are too many, as of sin(30 x) from q = 1e3 on, 4e-14 and 2e-12.
"""

from __future__ import annotations

from itertools import pairwise
from math import erfc, inf, isinf, nextafter, pi, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.theory.adaptive import Adaptive, UnresolvedError
from weightinit_cli.theory.methods import METHODS, ClosedForm, PiecewiseLinear
from weightinit_cli.theory.quadrature import Moments, Smoothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array

# Stands for the limit q -> 0, in which only the slopes on either side of 0 count.
NO_VARIANCE = 1e-200
# Beyond this many standard deviations lies 1e-15 of a normal's mass.
REACH = 8.0
# Halvings of that interval until its length is 5e-7, which holds at most 2e-7 of the mass.
HALVINGS = 25
# Places of a φ that is not followed; its shares hold about 1e-5.
SAMPLED = 2**17 + 1
# Where the gated activations are lowest.
_TROUGHS: Final = {
    "silu": -1.2784645427610738,
    "mish": -1.1924312145154952,
    "hard_silu": -1.5,
    "gelu none": -0.7517915246935645,
    "gelu tanh": -0.7524614220710162,
}
# A sine of N(0, 25) is distributed as one of a uniform phase, but for exp(-25 / 2).
_TURNED = 5.0
# Steep functions overflow and tails underflow, as they should.
quiet = np.errstate(over="ignore", under="ignore")


class Expectations:
    """Expectations of one activation under N(0, q), and under pairs of correlation c = 1 - d.

    `name` and `arguments` are those of a row of ACTIVATIONS; q >= 0 and 0 <= d <= 2. What
    overflows is inf, and what is not known of a plug-in's activation nan. `jumps` says whether φ
    itself jumps somewhere: then `spread` grows as √d for small d, and the derivative of `spread` by
    d is more than q `slope_product`.
    """

    def __init__(self, name: str, **arguments: float | str) -> None:
        self.activation: Activation = ACTIVATIONS[name].build(**arguments)
        self._method: ClosedForm | PiecewiseLinear | Smoothing | Adaptive = (
            METHODS[name](self.activation, **arguments)
            if name in METHODS
            else Adaptive(self.activation)
        )
        turns, self._most = _turns(name, arguments)
        self._pieces = self._between(turns)
        method = self._method
        self.jumps = isinstance(method, PiecewiseLinear | Adaptive) and any(method.jumps)

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
        """P(x <= x_low) and P(x >= x_high) for x ~ N(0, q); None where there is no such end."""
        return (
            None if x_low is None else _upper_tail(-x_low, q),
            None if x_high is None else _upper_tail(x_high, q),
        )

    def zero_fraction(self, q: float) -> float:
        """The probability that φ(x) is exactly 0, for x ~ N(0, q)."""
        if q == 0:
            return float(self.activation.value(np.zeros(1))[0] == 0)
        return sum(probability(low, high, q) for low, high, value in self._pieces if value == 0)

    @quiet
    def shares(self, q: float, edges: Array) -> Array:
        """The probability of φ(x) to lie in each bin between ascending edges, to 1e-5.

        Bins are those of numpy.histogram: half-open, but for the last, which holds its upper edge.
        """
        limits = np.array(edges, dtype=np.float64)
        limits[-1] = nextafter(limits[-1], inf)
        if q == 0:
            return np.diff((self.activation.value(np.zeros(1)) < limits).astype(np.float64))
        q = min(q, self._most)
        pieces = self._pieces
        if isinstance(self._method, Adaptive):
            try:
                pieces = self._between(self._method.turns(REACH * sqrt(q)))
            except UnresolvedError:
                return self._sampled(sqrt(q), limits)
        below = np.zeros(len(limits))
        varying = [(low, high) for low, high, constant in pieces if constant is None]
        if varying:
            below += self._below(sqrt(q), limits, np.array(varying))
        for low, high, constant in pieces:
            if constant is not None:
                below += (constant < limits) * probability(low, high, q)
        return np.diff(below)

    def _between(self, turns: Sequence[float]) -> list[tuple[float, float, float | None]]:
        """The pieces (low, high, value) on which φ is monotone; None where it isn't constant."""
        places = sorted({-inf, *self.activation.kinks, *turns, inf})
        return [(low, high, self._constant(low, high)) for low, high in pairwise(places)]

    def _sampled(self, sigma: float, limits: Array) -> Array:
        """The shares of a φ that varies too fast to be followed, from its values at many places."""
        z = np.linspace(-REACH, REACH, SAMPLED)
        weights = np.exp(-0.5 * z * z)
        bins = np.searchsorted(limits, self.activation.value(sigma * z), side="right")
        shares: Array = np.bincount(bins, weights, len(limits) + 1)[1:-1] / weights.sum()
        return shares

    def _constant(self, low: float, high: float) -> float | None:
        """The value of φ between two kinks if φ is constant there, else None."""
        if isinf(low):
            low = min(high, 0.0) - 3 - abs(min(high, 0.0))
        if isinf(high):
            high = max(low, 0.0) + 3 + abs(max(low, 0.0))
        inside = low + (high - low) * np.array([0.25, 0.4, 0.5, 0.75])
        values = set(self.activation.value(inside).tolist())
        return float(values.pop()) if len(values) == 1 else None

    def _below(self, sigma: float, limits: Array, ends: Array) -> Array:
        """P(φ(x) < limit and x is between a pair of ends), for each limit.

        φ is monotone there; the place where it crosses the limit is found by bisection.
        """
        low, high = np.hsplit(np.clip(ends / sigma, -REACH, REACH), 2)
        phi = self.activation.value(sigma * (low + (high - low) * np.array([1e-9, 1 - 1e-9])))
        rising = phi[:, :1] < phi[:, 1:]
        left, right = low, high
        for _ in range(HALVINGS):
            z = (left + right) / 2
            onward = (self.activation.value(sigma * z) < limits) == rising
            left, right = np.where(onward, z, left), np.where(onward, right, z)
        crossing, first, last = _normal(left), _normal(low), _normal(high)
        total: Array = np.where(rising, crossing - first, last - crossing).sum(axis=0)
        return total


def probability(low: float, high: float, q: float) -> float:
    """The probability P(low < x < high) for x ~ N(0, q), q > 0."""
    if low > 0 or isinf(high):
        low, high = -high, -low
    root = sqrt(2 * q)
    if isinf(low):
        return erfc(-high / root) / 2
    if high < 0:
        return (erfc(-high / root) - erfc(-low / root)) / 2
    return 1 - (erfc(-low / root) + erfc(high / root)) / 2


def _normal(z: Array) -> Array:
    """The standard normal's distribution function at every z, of two dimensions."""
    root = -sqrt(0.5)
    return np.array([[erfc(root * value) / 2 for value in row] for row in z.tolist()])


def _turns(name: str, arguments: dict[str, float | str]) -> tuple[tuple[float, ...], float]:
    """Where φ turns beside its kinks, and from which variance of x on φ(x) is distributed alike."""
    if name == "sin":
        omega = float(arguments["omega"])
        phases = np.arange(0.5, REACH * _TURNED / pi) * pi / omega
        return (*phases, *-phases), (_TURNED / omega) ** 2
    key = f"gelu {arguments['approximate']}" if name == "gelu" else name
    return (_TROUGHS[key],) if key in _TROUGHS else (), inf


def _upper_tail(x: float, q: float) -> float:
    """The probability P(N(0, q) >= x)."""
    return erfc(x / sqrt(2 * q)) / 2 if q else float(x <= 0)
