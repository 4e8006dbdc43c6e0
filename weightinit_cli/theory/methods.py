"""Which method computes the expectations of which activation, and the elementary closed forms.

The closed forms are written in d = 1 - c and in the angle θ = arccos c, so that nothing cancels as
d nears 0.
"""

from __future__ import annotations

from math import atan2, exp, expm1, inf, log, pi, sin, sqrt
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from weightinit_cli.activations.piecewise import SELU_ALPHA, SELU_SCALE
from weightinit_cli.theory.piecewise_linear import PiecewiseLinear
from weightinit_cli.theory.quadrature import Moments, Smoothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array


class Method(Protocol):
    """A way to compute the expectations of one activation, for q > 0 and 0 < d <= 2."""

    def moments(self, q: float) -> Moments:
        """E[φ], E[φ²] and E[φ'²] under N(0, q)."""

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²] for x, y ~ N(0, q) of correlation 1 - d."""

    def slope_product(self, q: float, d: float) -> float:
        """E[φ'(x) φ'(y)] for the same pair, without what jumps of φ add."""


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


def _gelu(f: Activation, approximate: str) -> Method:
    """The even part of x gate(x), where gate(-x) = 1 - gate(x), is x (gate(x) - ½)."""

    def even(x: Array) -> Array:
        if approximate == "tanh":
            return x / 2 * np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))
        from scipy.special import erf  # the activation imports it too

        return x / 2 * erf(x * sqrt(0.5))

    return Smoothing(f, 1.0, even)


def _mish_even(x: Array) -> Array:
    """½ (φ(x) + φ(-x)): the gates' difference, over one denominator, with e = exp(-|x|)."""
    e = np.exp(-np.abs(x))
    bottom = (1 + 2 * e + 2 * e * e) * (2 + 2 * e + e * e)
    even: Array = np.abs(x) * -np.expm1(-np.abs(x)) * (1 + e) ** 3 / bottom
    return even


def _exponential_linear(
    f: Activation, alpha: float, scale: float = 1.0, width: float = 1.0
) -> Method:
    """Scale times (x for x > 0, else alpha (exp(x / width) - 1))."""

    def even(x: Array) -> Array:
        y = np.abs(x) / width
        s = np.minimum(y, 0.01)
        series = s * s / 2 * (1 - s / 3 * (1 - s / 4 * (1 - s / 5 * (1 - s / 6))))
        bend = np.where(y < 0.01, series, y + np.expm1(-y))  # exp(-y) - 1 + y
        return scale / 2 * ((width - alpha) * y + alpha * bend)

    return Smoothing(f, width, even, kinks=(0.0,))


def _threshold(f: Activation, threshold: float, value: float) -> Method:
    def even(x: Array) -> Array:
        return (f.value(x) + f.value(-x)) / 2  # exactly 0 where x is left as it is

    return PiecewiseLinear(f, (1.0,), jumps=(threshold - value,), even=even)


def _shrink(f: Activation, threshold: float, *, jump: bool) -> Method:
    if threshold == 0:
        return Rectifier(1.0)
    jumps = (threshold, threshold) if jump else ()
    return PiecewiseLinear(f, (-1.0, 1.0), jumps=jumps, left=1.0, even=0.0)


# By an activation's name: what takes the parameters of its row ...
CLOSED: Final[dict[str, Callable[..., Method]]] = {
    "linear": lambda: Rectifier(1.0),
    "relu": lambda: Rectifier(0.0),
    "leaky_relu": lambda negative_slope: Rectifier(negative_slope),
    "prelu": lambda negative_slope: Rectifier(negative_slope),
    "exponential": Exponential,
    "erf": ErrorFunction,
    "sin": lambda omega: Sine(omega),
}
# ... and what takes the activation too.
OTHERS: Final[dict[str, Callable[..., Method]]] = {
    "sigmoid": lambda f: Smoothing(f, 1.0, 0.5),
    "tanh": lambda f: Smoothing(f, 1.0, 0.0),
    "relu6": lambda f: PiecewiseLinear(f, (1.0, -1.0)),
    "elu": _exponential_linear,
    "celu": lambda f, alpha: _exponential_linear(f, alpha, width=alpha),
    "selu": lambda f: _exponential_linear(f, SELU_ALPHA, scale=SELU_SCALE),
    "gelu": _gelu,
    "silu": lambda f: Smoothing(f, 1.0, lambda x: x / 2 * np.tanh(x / 2)),
    "mish": lambda f: Smoothing(f, 1.0, _mish_even),
    "hard_silu": lambda f: Smoothing(f, 3.0, lambda x: np.abs(x) * np.minimum(np.abs(x), 3) / 6),
    "softplus": lambda f: Smoothing(f, 1.0),
    "squareplus": lambda f, b: Smoothing(f, sqrt(b), far=inf),
    "softsign": lambda f: Smoothing(f, 1.0, 0.0, far=inf, kinks=(0.0,)),
    "hard_tanh": lambda f: PiecewiseLinear(f, (1.0, -1.0), even=0.0),
    "hard_sigmoid": lambda f, form: PiecewiseLinear(f, (f.steepest, -f.steepest), even=0.5),  # noqa: ARG005
    "log_sigmoid": lambda f: Smoothing(f, 1.0),
    "step": lambda f: PiecewiseLinear(f, (0.0,), jumps=(1.0,), even=0.5),
    "threshold": _threshold,
    "tanh_shrink": lambda f: Smoothing(f, 1.0, 0.0),
    "soft_shrink": lambda f, threshold: _shrink(f, threshold, jump=False),
    "hard_shrink": lambda f, threshold: _shrink(f, threshold, jump=True),
}


def method(name: str, f: Activation, arguments: dict[str, float | str]) -> Method:
    """What computes the expectations of the activation of a row of ACTIVATIONS."""
    return CLOSED[name](**arguments) if name in CLOSED else OTHERS[name](f, **arguments)
