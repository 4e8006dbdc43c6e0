"""How φ(x) is distributed for x ~ N(0, q)."""

from __future__ import annotations

from itertools import pairwise
from math import erfc, inf, isinf, nextafter, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.entry import Array

# Beyond this many standard deviations lies 1e-15 of a normal's mass.
REACH = 8.0
# Halvings of that interval until its length is 5e-7, which holds at most 2e-7 of the mass.
HALVINGS = 25


class Piece(NamedTuple):
    """An interval on which φ is monotone, and its value there if it is constant."""

    low: float
    high: float
    constant: float | None


class Distribution:
    """The distribution of φ(x), from the pieces on which φ is monotone.

    They end at the kinks and at `turns`. `most` is the variance of x from which on a larger one
    leaves φ(x) as it is.
    """

    def __init__(
        self, activation: Activation, turns: tuple[float, ...] = (), most: float = inf
    ) -> None:
        self.value = activation.value
        self.most = most
        places = sorted({-inf, *activation.kinks, *turns, inf})
        self.pieces = [Piece(a, b, self._constant(a, b)) for a, b in pairwise(places)]

    def _constant(self, low: float, high: float) -> float | None:
        """The value of φ between two kinks if it is constant there."""
        if isinf(low):
            low = min(high, 0.0) - 3 - abs(min(high, 0.0))
        if isinf(high):
            high = max(low, 0.0) + 3 + abs(max(low, 0.0))
        inside = low + (high - low) * np.array([0.25, 0.5, 0.75])
        first, second, third = self.value(inside).tolist()
        return float(first) if first == second == third else None

    def zero_fraction(self, q: float) -> float:
        """P(φ(x) = 0)."""
        if q == 0:
            return float(self.value(np.zeros(1))[0] == 0)
        return sum(probability(p.low, p.high, q) for p in self.pieces if p.constant == 0)

    def shares(self, q: float, edges: Array) -> Array:
        """P(φ(x) in bin); the bins are half-open, the last holds its upper edge."""
        limits = np.array(edges, dtype=np.float64)
        limits[-1] = nextafter(limits[-1], inf)
        if q == 0:
            return np.diff((self.value(np.zeros(1)) < limits).astype(np.float64))
        q = min(q, self.most)
        below = np.zeros(len(limits))
        if any(piece.constant is None for piece in self.pieces):
            below += self._below(sqrt(q), limits)
        for low, high, constant in self.pieces:
            if constant is not None:
                below += (constant < limits) * probability(low, high, q)
        return np.diff(below)

    def _below(self, sigma: float, limits: Array) -> Array:
        """P(φ(x) < limit and φ is not constant around x), for each limit.

        On each piece, by bisection for the place where φ crosses the limit.
        """
        ends = np.array([[p.low, p.high] for p in self.pieces if p.constant is None])
        low, high = np.hsplit(np.clip(ends.reshape(-1, 2) / sigma, -REACH, REACH), 2)
        phi = self.value(sigma * (low + (high - low) * np.array([1e-9, 1 - 1e-9])))
        rising = phi[:, :1] < phi[:, 1:]
        left, right = low, high
        for _ in range(HALVINGS):
            z = (left + right) / 2
            onward = (self.value(sigma * z) < limits) == rising
            left, right = np.where(onward, z, left), np.where(onward, right, z)
        crossing, first, last = _normal(left), _normal(low), _normal(high)
        total: Array = np.where(rising, crossing - first, last - crossing).sum(axis=0)
        return total


def probability(low: float, high: float, q: float) -> float:
    """P(low < x < high) for x ~ N(0, q), q > 0."""
    if low > 0 or isinf(high):
        low, high = -high, -low
    root = sqrt(2 * q)
    if isinf(low):
        return erfc(-high / root) / 2
    if high < 0:
        return (erfc(-high / root) - erfc(-low / root)) / 2
    return 1 - (erfc(-low / root) + erfc(high / root)) / 2


def _normal(z: Array) -> Array:
    """The standard normal's distribution function."""
    root = -sqrt(0.5)
    return np.array([[erfc(root * value) / 2 for value in row] for row in z.tolist()])
