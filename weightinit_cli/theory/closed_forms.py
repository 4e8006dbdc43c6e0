"""Activations whose expectations under Gaussians have elementary closed forms.

The formulas are written in d = 1 - c and in the angle θ = arccos c, so that nothing cancels as d
nears 0. Every class is a `Method`.
"""

from __future__ import annotations

from math import atan2, exp, expm1, inf, log, pi, sin, sqrt

from weightinit_cli.theory.moments import Moments


class Rectifier:
    """x for x > 0 and m x elsewhere: relu (m = 0), leaky_relu, prelu, linear (m = 1).

    The arc-cosine kernels of order 0 and 1 (Cho & Saul 2009, section 2.1):

        E[φ'φ'] = m + (1 - m)² (π - θ) / 2π
        ½ E[(φ - φ)²] = q (d E[φ'φ'] + (1 - m)² (θ - sin θ) / 2π)
    """

    def __init__(self, m: float) -> None:
        self.m = m

    def moments(self, q: float) -> Moments:  # noqa: D102
        half = (1 + self.m * self.m) / 2
        return Moments((1 - self.m) * sqrt(q / (2 * pi)), q * half, half)

    def spread(self, q: float, d: float) -> float:  # noqa: D102
        bend = (1 - self.m) ** 2 / (2 * pi)
        return q * (d * self.slope_product(q, d) + bend * _angle_minus_sine(d))

    def slope_product(self, q: float, d: float) -> float:  # noqa: ARG002, D102
        return self.m + (1 - self.m) ** 2 * atan2(sqrt(2 - d), sqrt(d)) / pi


def _angle_minus_sine(d: float) -> float:
    """θ - sin θ where cos θ = 1 - d; for a small θ by its Taylor series."""
    theta = 2 * atan2(sqrt(d), sqrt(2 - d))
    if theta > 1:
        return theta - sin(theta)
    total, term = 0.0, theta**3 / 6
    for k in range(4, 20, 2):
        total += term
        term *= -theta * theta / (k * (k + 1))
    return total


class ErrorFunction:
    """erf x, by the kernel of Williams 1997 (Computing with infinite networks, eq. 11).

    E[φφ] = 2/π arcsin(2qc / (1 + 2q)). With S² = 1 + 4q + 4q² d (2 - d), which is
    (1 + 2q)² - (2qc)², and T² = 1 + 4q, the difference of the two arcsines is the angle of sine
    2q (S - cT) and cosine TS + 4q²c, both times (1 + 2q)²; and E[φ'φ'] = 4 / πS.
    """

    def moments(self, q: float) -> Moments:  # noqa: D102
        t = sqrt(1 + 4 * q)
        return Moments(0.0, 2 / pi * atan2(2 * q, t), 4 / (pi * t))

    def spread(self, q: float, d: float) -> float:  # noqa: D102
        c, s, t = 1 - d, self._s(q, d), sqrt(1 + 4 * q)
        # S² - c²T² = d (2 - d) (1 + 2q)²
        difference = d * (2 - d) * (1 + 2 * q) * (1 + 2 * q) / (s + c * t) if c > 0 else s - c * t
        return 2 / pi * atan2(2 * q * difference, t * s + 4 * q * q * c)

    def slope_product(self, q: float, d: float) -> float:  # noqa: D102
        return 4 / (pi * self._s(q, d))

    def _s(self, q: float, d: float) -> float:
        return sqrt(1 + 4 * q + 4 * q * q * d * (2 - d))


class Sine:
    """A sine of frequency omega; with Q = omega² q, from E[exp(iu)] = exp(-Var[u] / 2).

    Sitzmann et al. 2020 (arXiv:2006.09661), supplement, section 1.

        ½ E[(φ - φ)²] = ½ (1 - exp(-Qd)) (1 + exp(-Q (2 - d)))
        E[φ'φ'] = ½ omega² (exp(-Qd) + exp(-Q (2 - d)))
    """

    def __init__(self, omega: float) -> None:
        self.square = omega * omega

    def moments(self, q: float) -> Moments:  # noqa: D102
        return Moments(0.0, -expm1(-2 * self.square * q) / 2, self.slope_product(q, 0))

    def spread(self, q: float, d: float) -> float:  # noqa: D102
        q *= self.square
        return -expm1(-q * d) * (1 + exp(-q * (2 - d))) / 2

    def slope_product(self, q: float, d: float) -> float:  # noqa: D102
        q *= self.square
        return self.square * (exp(-q * d) + exp(-q * (2 - d))) / 2


class Exponential:
    """exp x, from E[exp u] = exp(Var[u] / 2): E[φφ] = E[φ'φ'] = exp(q (2 - d))."""

    def moments(self, q: float) -> Moments:  # noqa: D102
        square = _exp(2 * q)
        return Moments(_exp(q / 2), square, square)

    def spread(self, q: float, d: float) -> float:  # noqa: D102
        part = -expm1(-q * d)
        return _exp(2 * q + log(part)) if part else 0.0

    def slope_product(self, q: float, d: float) -> float:  # noqa: D102
        return _exp(q * (2 - d))


def _exp(x: float) -> float:
    return exp(x) if x < 709.78 else inf
