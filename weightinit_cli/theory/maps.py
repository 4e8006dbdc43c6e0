"""The mean-field maps of one layer: the variance q, the distance d = 1 - c, and their slopes.

Poole et al. 2016 (arXiv:1606.05340) and Schoenholz et al. 2017 (arXiv:1611.01232), for wide layers
with independent weights of variance sigma_w² / fan_in and biases of variance sigma_b²:

    q' = sigma_w² E[φ(x)²] + sigma_b²               x ~ N(0, q)
    1 - c' = sigma_w² (E[φ²] - E[φ(x) φ(y)]) / q'   x, y ~ N(0, q) with correlation c
    chi_1 = sigma_w² E[φ'(x)²]

q is the variance of a layer's pre-activations, c the correlation of one unit's pre-activations
for two inputs. c travels as d = 1 - c, because what matters is how it nears 1.
"""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.theory.expectations import Expectations

# Sixth-order central differences: the weights of (f(x + kh) - f(x - kh)) / h for k = 1, 2, 3.
_STENCIL = (3 / 4, -3 / 20, 1 / 60)
_STEP = 0.03
# Nearer to 0 than any kink of a table's entry (their smallest parameter is 1e-30).
_BESIDE_ZERO = 1e-200


def next_q(e: Expectations, sigma_w2: float, sigma_b2: float, q: float) -> float:
    """q' = sigma_w² E[φ²] + sigma_b² (the length map of Poole et al.); inf on overflow."""
    return times(sigma_w2, e.moments(q).square) + sigma_b2


def next_d(e: Expectations, sigma_w2: float, sigma_b2: float, q: float, d: float) -> float:
    """1 - c' = sigma_w² (E[φ²] - E[φ(x) φ(y)]) / q' for two inputs of equal q.

    0 where q' = 0, for then nothing differs; nan where q' overflows.
    """
    q_next = next_q(e, sigma_w2, sigma_b2, q)
    if q_next == inf:
        return nan
    return times(sigma_w2, e.spread(q, d)) / q_next if q_next else 0.0


def chi_1(e: Expectations, sigma_w2: float, q: float) -> float:
    """chi_1 = sigma_w² E[φ'²], by which a layer multiplies the gradient's power (Poole et al.).

    It is dc'/dc at c = 1 too, unless φ jumps.
    """
    return times(sigma_w2, at_zero(e).slope_square if q == 0 else e.moments(q).slope_square)


def chi_c(e: Expectations, sigma_w2: float, q: float, d: float) -> float:
    """dc'/dc at c = 1 - d and a fixed point q: sigma_w² E[φ'(x) φ'(y)] (Schoenholz et al.).

    Where φ jumps, φ' has a part that no derivative(x) shows: there by differences in ln d, and
    infinite at d = 0.
    """
    if not e.jumps:
        return times(sigma_w2, e.slope_product(q, d))
    if d == 0:
        return inf if sigma_w2 else 0.0
    spread = e.spread(q, d)
    return times(sigma_w2, spread / q / d * log_slope(lambda near: e.spread(q, near), d))


def chi_q(e: Expectations, sigma_w2: float, q: float) -> float:
    """dq'/dq = sigma_w² dE[φ²]/dq, by differences in ln q; at q = 0 its limit, where φ(0) = 0."""
    if q == 0:
        return times(sigma_w2, at_zero(e).slope_square)
    square = e.moments(q).square
    return times(sigma_w2, square / q * log_slope(lambda near: e.moments(near).square, q))


class AtZero(NamedTuple):
    """The limits of E[φ²] and E[φ'²] as q falls to 0: means over both sides of 0.

    At q = 0 itself the activation's choice at a kink would count.
    """

    square: float
    slope_square: float


def at_zero(e: Expectations) -> AtZero:
    """Return the limits of E[φ²] and E[φ'²] as q falls to 0."""
    sides = np.array([-_BESIDE_ZERO, _BESIDE_ZERO])
    phi, slope = e.activation.value(sides), e.activation.derivative(sides)
    phi[np.abs(phi) < sqrt(_BESIDE_ZERO)] = 0  # a value of the order of x itself
    return AtZero(float(np.mean(phi * phi)), float(np.mean(slope * slope)))


def log_slope(f: Callable[[float], float], x: float) -> float:
    """d ln f / d ln x, to about 1e-9, for an f that varies with the magnitude of x; 0 where f is 0.

    inf where f overflows. Measured for E[φ²] of erf and sin, q of 1e-6 to 10: 3e-12.
    """
    values = [f(x * exp(k * _STEP)) for k in (-3, -2, -1, 1, 2, 3)]
    if min(values) <= 0:
        return 0.0
    if max(values) == inf:
        return inf
    logs = [log(value) for value in values]
    rises = (logs[3] - logs[2], logs[4] - logs[1], logs[5] - logs[0])
    return sum(w * rise for w, rise in zip(_STENCIL, rises, strict=True)) / _STEP


def times(factor: float, value: float) -> float:
    """Return factor times value, with 0 times infinity 0: without weights there is no overflow."""
    return factor * value if factor else 0.0
