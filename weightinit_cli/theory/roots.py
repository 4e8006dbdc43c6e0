"""One root of a function of a positive number, on a logarithmic scale."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# How near ln x comes to the root, relative to itself: a few units in its last place.
_NEAR = 1e-15


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where f changes sign between low and high, 0 < low < high, to about 1e-14 |ln x|.

    Inverse quadratic interpolation while the three last points allow it, else bisection, in
    ln x (Chandrupatla 1997, "A new hybrid quadratic/bisection algorithm"). Where f has the same
    sign at both ends, the end with the smaller |f|.
    """
    a, b = log(high), log(low)
    f_a, f_b = f(high), f(low)
    if (f_a > 0) == (f_b > 0) or f_a == 0 or f_b == 0:
        return high if abs(f_a) < abs(f_b) else low
    t = 0.5
    while True:
        x = a + t * (b - a)
        f_x = f(exp(x))
        if (f_x > 0) == (f_a > 0):
            c, f_c = a, f_a
        else:
            c, f_c, b, f_b = b, f_b, a, f_a
        a, f_a = x, f_x
        near = _NEAR * max(1.0, abs(a))
        if f_a == 0 or abs(b - a) < 2 * near:
            return exp(a if abs(f_a) < abs(f_b) else b)
        least = near / abs(b - a)
        t = min(max(_interpolated(a, b, c, f_a, f_b, f_c), least), 1 - least)


def _interpolated(a: float, b: float, c: float, f_a: float, f_b: float, f_c: float) -> float:
    """How far from a to b the root lies, as a fraction: by the parabola x(f) or one half."""
    xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
    if not (phi * phi < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    return f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (
        f_c - f_b
    )


def descend(f: Callable[[float], float], high: float) -> float | None:
    """Find a number below high where f is positive, in ever longer steps; None above 1e-300."""
    step = 0.1
    while high * step > 1e-300:
        if f(high * step) > 0:
            return high * step
        step *= step
    return None
