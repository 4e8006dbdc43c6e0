"""Activations made of straight pieces: pair expectations as integrals over one angle."""

from __future__ import annotations

from itertools import product
from math import atan2, exp, pi, sqrt
from math import erfc as scalar_erfc
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.theory.moments import OnePoint
from weightinit_cli.theory.quadrature import panels

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.entry import Array

# Edges of panels for an angle in (0, π/2), graded towards both ends.
_GRADED = np.exp2(np.arange(-50.0, 1))
EDGES = np.concatenate([[0], pi / 4 * _GRADED, pi / 2 - pi / 4 * _GRADED[-2::-1], [pi / 2]])


class PiecewiseLinear(OnePoint):
    """φ with slope `left` at -∞ and, at each kink, a bend (jump of φ') and a jump (of φ).

    Price's theorem (Price 1958) for φ', whose own derivative is a sum of bends times deltas:

        d/dc E[φ'(x) φ'(y)] = q Σ_ij bend_i bend_j p_c(k_i, k_j)

    with p_c the density of the pair. With c = cos 2a this is

        q p_c(k_i, k_j) |dc| = exp(-E_ij) da / π,
        8q E_ij = (k_i + k_j)² / cos²a + (k_i - k_j)² / sin²a.

    Counted from c = 0, where E[φ'φ'] = E[φ']², all of it is positive for c > 0 and nothing
    cancels. Price's theorem for φ, by parts, gives for a continuous φ

        ½ E[(φ(x) - φ(y))²] = q d E[φ'φ'] + (2q / π) ∫_0^a sin²a Σ_ij bend_i bend_j exp(-E_ij) da,

    and jumps add the integral over d of q (2 Σ_i jump_i p(k_i) E[φ'(x) | y = k_i]
    + Σ_ij jump_i jump_j p_c(k_i, k_j)).
    """

    def __init__(
        self,
        activation: Activation,
        bends: tuple[float, ...],
        *,
        jumps: tuple[float, ...] = (),
        left: float = 0.0,
        even: float | Callable[[Array], Array] | None = None,
    ) -> None:
        super().__init__(activation, even=even)
        self.bends, self.jumps, self.left = bends, jumps, left

    def slope_product(self, q: float, d: float) -> float:
        """E[φ'(x) φ'(y)].

        For c < 0 it may be the small rest of E[φ']²; then it is counted from c = -1 on.
        """
        x, weights = self.points(q)
        slope = self.activation.derivative(x)
        independent = float(weights @ slope) ** 2
        product = independent + self._gain(q, pi / 4, _half_angle(d))
        if product < independent / 2:
            opposite = float(weights @ (slope * self.activation.derivative(-x)))
            product = opposite + self._gain(q, pi / 2, _half_angle(d))
        return product

    def _gain(self, q: float, start: float, end: float) -> float:
        """What E[φ'φ'] gains from angle `start` to angle `end`."""
        a, da = panels(_between(min(start, end), max(start, end)))
        gain = float(da @ self._bends(q, a)) / pi
        return gain if end < start else -gain

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²]."""
        a, da = panels(_below(_half_angle(d)))
        total = q * d * self.slope_product(q, d)
        total += 2 * q / pi * float((da * np.sin(a) ** 2) @ self._bends(q, a))
        if any(self.jumps):
            total += float(da @ self._jumps(q, a))
        return total

    def _bends(self, q: float, a: Array) -> Array:
        """Σ_ij bend_i bend_j exp(-E_ij).

        With exp(-E) - 1 where the bends add up to 0 and the exponents are small.
        """
        near = sum(self.bends) == 0 and q > max(map(abs, self.kinks), default=0.0) ** 2
        return self._pairs(self.bends, q, a, np.expm1 if near else np.exp)

    def _jumps(self, q: float, a: Array) -> Array:
        """What the jumps add to d spread / da."""
        total = self._pairs(self.jumps, q, a, np.exp) / pi
        for k, jump in zip(self.kinks, self.jumps, strict=True):
            density = exp(-k * k / (2 * q)) / sqrt(2 * pi * q)
            total += 4 * q * jump * density * np.sin(2 * a) * self._slope_given(k, q, a)
        return total

    def _slope_given(self, y: float, q: float, a: Array) -> Array:
        """E[φ'(x) | y], where x given y is N(cy, q sin² 2a), c = cos 2a."""
        total = np.full_like(a, self.left)
        for k, bend in zip(self.kinks, self.bends, strict=True):
            gap = (k - y) + 2 * y * np.sin(a) ** 2
            total += bend / 2 * _erfc(gap / (sqrt(2 * q) * np.sin(2 * a)))
        return total

    def _pairs(self, heights: tuple[float, ...], q: float, a: Array, function: np.ufunc) -> Array:
        """Σ_ij height_i height_j function(-E_ij)."""
        total = np.zeros_like(a)
        sine, cosine = np.sin(a), np.cos(a)
        knots = list(zip(self.kinks, heights, strict=True))
        for (k, height), (other, other_height) in product(knots, knots):
            exponent = np.square((k + other) / cosine) + np.square((k - other) / sine)
            total += height * other_height * function(exponent / (-8 * q))
        return total


def _half_angle(d: float) -> float:
    """a = θ / 2 where cos θ = 1 - d."""
    return atan2(sqrt(d), sqrt(2 - d))


def _between(low: float, high: float) -> Array:
    """Edges from `low` to `high`, graded towards both too: in the tails all lies there."""
    own = (high - low) * _GRADED[-12:-1]
    edges = [[low], EDGES[(low < EDGES) & (high > EDGES)], low + own, high - own, [high]]
    return np.sort(np.concatenate(edges))


def _below(high: float) -> Array:
    """Edges from 0 to `high`, graded towards 0 and towards π/2."""
    return np.append(0.0, high * _GRADED) if high <= pi / 4 else _between(0.0, high)


def _erfc(x: Array) -> Array:
    return np.array([scalar_erfc(value) for value in x.tolist()])
