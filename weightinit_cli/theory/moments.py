"""Expectations of one Gaussian variable, and what every way to expectations of two has."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from weightinit_cli.theory.quadrature import both, gaussian, geometric

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.entry import Array


class Moments(NamedTuple):
    """E[φ], E[φ²] and E[φ'²] under N(0, q)."""

    mean: float
    square: float
    slope_square: float


class Method(Protocol):
    """A way to compute the expectations of one activation, for q > 0 and 0 < d <= 2."""

    def moments(self, q: float) -> Moments:
        """E[φ], E[φ²] and E[φ'²] under N(0, q)."""

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²] for x, y ~ N(0, q) of correlation 1 - d."""

    def slope_product(self, q: float, d: float) -> float:
        """E[φ'(x) φ'(y)] for the same pair, without what jumps of φ add."""


class OnePoint:
    """Expectations under N(0, q), by quadrature.

    `scale` is that of the structure of φ around 0 (0: there is none but the kinks), `far` the
    |x| from which on φ is a straight line to rounding; `kinks` are the activation's, unless a
    jump of φ'' counts as one too. `even` is the even part of φ, ½ (φ(x) + φ(-x)), or its value
    where it is constant: it alone counts in E[φ], where the odd part would cancel only to
    rounding.
    """

    def __init__(
        self,
        activation: Activation,
        scale: float = 0.0,
        even: float | Callable[[Array], Array] | None = None,
        far: float | None = None,
        kinks: tuple[float, ...] | None = None,
    ) -> None:
        self.activation = activation
        self.kinks = activation.kinks if kinks is None else kinks
        self.scale = scale
        self.far = 40 * scale if far is None else far
        self.even = activation.value if even is None else even

    def points(self, q: float) -> tuple[Array, Array]:
        """Nodes and weights for an expectation under N(0, q)."""
        sigma = sqrt(q)
        extra = [both(geometric(self.scale, min(self.far, 9 * sigma))), *self._beside_kinks(sigma)]
        return gaussian(sigma, np.concatenate(extra))

    def _beside_kinks(self, sigma: float) -> list[Array]:
        """Edges at the kinks of φ(x) and φ(-x), and beside those in the Gaussian's tails.

        There the density falls by e over sigma² / |k|, which is the scale of the panels.
        """
        steps = np.array([0.0, 1, 2, 4, 8, 16, 32])
        places = [np.array([k]) for k in self.kinks]
        places += [k + steps * sigma**2 / k for k in self.kinks if abs(k) > 3 * sigma]
        return [both(place) for place in places]

    def moments(self, q: float) -> Moments:
        """E[φ], E[φ²] and E[φ'²] under N(0, q)."""
        x, weights = self.points(q)
        phi, slope = self.activation.value(x), self.activation.derivative(x)
        mean = self.even if isinstance(self.even, float) else float(weights @ self.even(x))
        return Moments(mean, float(weights @ (phi * phi)), float(weights @ (slope * slope)))
