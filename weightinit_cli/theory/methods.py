"""How the expectations of each activation are computed: closed forms, straight pieces, smoothing.

Everything is written in d = 1 - c and in the angle θ = arccos c, so that nothing cancels as d
nears 0. Smoothing is in `quadrature`.
"""

from __future__ import annotations

from itertools import product
from math import atan2, erfc, exp, expm1, inf, log, pi, sin, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from weightinit_cli.activations.piecewise import SELU_ALPHA, SELU_SCALE
from weightinit_cli.theory.quadrature import Moments, Quadrature, Smoothing, panels

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array

# Edges of panels for an angle in (0, π/2), graded towards both ends.
_GRADED = np.exp2(np.arange(-50.0, 1))
_EDGES = np.concatenate([[0], pi / 4 * _GRADED, pi / 2 - pi / 4 * _GRADED[-2::-1], [pi / 2]])


class ClosedForm(NamedTuple):
    """The expectations of one activation by elementary functions, for q > 0 and 0 < d <= 2.

    `moments` of q are E[φ], E[φ²] and E[φ'²] under N(0, q). For x, y ~ N(0, q) of correlation
    1 - d, `spread` of q and d is ½ E[(φ(x) - φ(y))²] and `slope_product` is E[φ'(x) φ'(y)].
    """

    moments: Callable[[float], Moments]
    spread: Callable[[float, float], float]
    slope_product: Callable[[float, float], float]


def _rectifier(m: float) -> ClosedForm:
    """The closed form of relu (m = 0), leaky_relu, prelu, linear (m = 1): x above 0, else m x.

    The arc-cosine kernels of order 0 and 1 (Cho & Saul 2009, section 2.1):

        E[φ'φ'] = m + (1 - m)² (π - θ) / 2π
        ½ E[(φ - φ)²] = q (d E[φ'φ'] + (1 - m)² (θ - sin θ) / 2π)
    """
    half, bend = (1 + m * m) / 2, (1 - m) ** 2

    def spread(q: float, d: float) -> float:
        return q * (d * slope_product(q, d) + bend / (2 * pi) * _angle_minus_sine(d))

    def slope_product(q: float, d: float) -> float:  # noqa: ARG001
        return m + bend * atan2(sqrt(2 - d), sqrt(d)) / pi

    return ClosedForm(
        lambda q: Moments((1 - m) * sqrt(q / (2 * pi)), q * half, half), spread, slope_product
    )


def _angle_minus_sine(d: float) -> float:
    """θ - sin θ of cos θ = 1 - d; for a small θ by its Taylor series."""
    theta = 2 * atan2(sqrt(d), sqrt(2 - d))
    if theta > 1:
        return theta - sin(theta)
    total, term = 0.0, theta**3 / 6
    for k in range(4, 20, 2):
        total += term
        term *= -theta * theta / (k * (k + 1))
    return total


def _error_function() -> ClosedForm:
    """The closed form of erf x, by the kernel of Williams 1997 (Computing with infinite networks).

    E[φφ] = 2/π arcsin(2qc / (1 + 2q)), his equation 11. With S² = 1 + 4q + 4q² d (2 - d), which is
    (1 + 2q)² - (2qc)², and T² = 1 + 4q, the difference of the two arcsines is the angle of sine
    2q (S - cT) and cosine TS + 4q²c, both times (1 + 2q)²; and E[φ'φ'] = 4 / πS.
    """

    def root(q: float, d: float) -> float:
        return sqrt(1 + 4 * q + 4 * q * q * d * (2 - d))

    def moments(q: float) -> Moments:
        t = sqrt(1 + 4 * q)
        return Moments(0.0, 2 / pi * atan2(2 * q, t), 4 / (pi * t))

    def spread(q: float, d: float) -> float:
        c, s, t = 1 - d, root(q, d), sqrt(1 + 4 * q)
        # S² - c²T² = d (2 - d) (1 + 2q)²
        difference = d * (2 - d) * (1 + 2 * q) * (1 + 2 * q) / (s + c * t) if c > 0 else s - c * t
        return 2 / pi * atan2(2 * q * difference, t * s + 4 * q * q * c)

    return ClosedForm(moments, spread, lambda q, d: 4 / (pi * root(q, d)))


def _sine(omega: float) -> ClosedForm:
    """The closed form of sin(omega x); with Q = omega² q, from E[exp(iu)] = exp(-Var[u] / 2).

    Sitzmann et al. 2020 (arXiv:2006.09661), supplement, section 1.

        ½ E[(φ - φ)²] = ½ (1 - exp(-Qd)) (1 + exp(-Q (2 - d)))
        E[φ'φ'] = ½ omega² (exp(-Qd) + exp(-Q (2 - d)))
    """
    square = omega * omega

    def spread(q: float, d: float) -> float:
        q *= square
        return -expm1(-q * d) * (1 + exp(-q * (2 - d))) / 2

    def slope_product(q: float, d: float) -> float:
        q *= square
        return square * (exp(-q * d) + exp(-q * (2 - d))) / 2

    return ClosedForm(
        lambda q: Moments(0.0, -expm1(-2 * square * q) / 2, slope_product(q, 0)),
        spread,
        slope_product,
    )


def _exponential() -> ClosedForm:
    """The closed form of exp x, by E[exp u] = exp(Var[u] / 2): E[φφ] = E[φ'φ'] = exp(q (2 - d))."""

    def moments(q: float) -> Moments:
        square = _exp(2 * q)
        return Moments(_exp(q / 2), square, square)

    def spread(q: float, d: float) -> float:
        part = -expm1(-q * d)
        return _exp(2 * q + log(part)) if part else 0.0

    return ClosedForm(moments, spread, lambda q, d: _exp(q * (2 - d)))


def _exp(x: float) -> float:
    """The exponential of x, inf where it overflows."""
    return exp(x) if x < 709.78 else inf


class PiecewiseLinear(Quadrature):
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
    + Σ_ij jump_i jump_j p_c(k_i, k_j)). For c < 0 these terms cancel where q is large against the
    kinks, and the integral starts at c = -1, where y = -x: with b = π/2 - a,

        ½ E[(φ(x) - φ(y))²] = ½ E[(φ(x) - φ(-x))²] - q (2 - d) E[φ'φ']
                              + (2q / π) ∫_0^b sin²b Σ_ij bend_i bend_j exp(-E_ij) db

    less the jumps' integral. Measured against mpmath at 30 digits, for all activations that are
    made of straight pieces, for q of 1e4, 1e10, 1e16 and 1e30 and d of 1e-14, 0.5, 1.5, 2 - 2^-40
    and 2: `spread` holds 1e-15, `slope_product` 4e-14.
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
        """E[φ'(x) φ'(y)] for x, y ~ N(0, q) of correlation 1 - d.

        For c < 0 it may be the small rest of E[φ']²; then it is counted from c = -1 on.
        """
        x, weights = self.points(q)
        slope = self.activation.derivative(x)
        at_end = float(weights @ (slope * self.activation.derivative(-x)))
        if d == 2:
            return at_end
        independent = float(weights @ slope) ** 2
        opposite = d > 1
        end = _half_angle(2 - d if opposite else d)
        change = self._integral(q, *_angles(_between(end, pi / 4), opposite=opposite))
        if not opposite:
            return independent + change
        if change < independent / 2:
            return independent - change
        return at_end + self._integral(q, *_angles(_between(0, end), opposite=True))

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²] for the same pair."""
        opposite = d > 1 and self._is_wide(q)
        half = _half_angle(2 - d if opposite else d)
        sine, cosine, da = _angles(_below(half), opposite=opposite)
        squares = np.square(cosine if opposite else sine)
        bends = 2 * q / pi * float((da * squares) @ self._bends(q, sine, cosine))
        jumps = float(da @ self._jumps(q, sine, cosine)) if any(self.jumps) else 0.0
        if not opposite:
            return q * d * self.slope_product(q, d) + bends + jumps
        x, weights = self.points(q)
        at_end = float(weights @ np.square(self.activation.value(x) - self.activation.value(-x)))
        return at_end / 2 - q * (2 - d) * self.slope_product(q, d) + bends - jumps

    def _is_wide(self, q: float) -> bool:
        """Whether all kinks lie within a standard deviation of 0."""
        return q > max(map(abs, self.kinks), default=0.0) ** 2

    def _integral(self, q: float, sine: Array, cosine: Array, da: Array) -> float:
        """What E[φ'φ'] changes by over the angles: (1 / π) ∫ Σ_ij bend_i bend_j exp(-E_ij) da."""
        return float(da @ self._bends(q, sine, cosine)) / pi

    def _bends(self, q: float, sine: Array, cosine: Array) -> Array:
        """Σ_ij bend_i bend_j exp(-E_ij) at every angle.

        It is summed with exp(-E) - 1 where the bends add up to 0 and the exponents are small.
        """
        near = sum(self.bends) == 0 and self._is_wide(q)
        return self._pairs(self.bends, q, sine, cosine, np.expm1 if near else np.exp)

    def _jumps(self, q: float, sine: Array, cosine: Array) -> Array:
        """What the jumps add to the derivative of the spread by a, at every angle."""
        total = self._pairs(self.jumps, q, sine, cosine, np.exp) / pi
        sine_2a = 2 * sine * cosine
        for k, jump in zip(self.kinks, self.jumps, strict=True):
            density = exp(-k * k / (2 * q)) / sqrt(2 * pi * q)
            total += 4 * q * jump * density * sine_2a * self._slope_given(k, q, sine, cosine)
        return total

    def _slope_given(self, y: float, q: float, sine: Array, cosine: Array) -> Array:
        """E[φ'(x) | y] at every angle, where x given y is N(cy, q sin² 2a), c = cos 2a."""
        near_y, near_opposite = y - 2 * y * np.square(sine), 2 * y * np.square(cosine) - y
        total = np.full_like(sine, self.left)
        for k, bend in zip(self.kinks, self.bends, strict=True):
            gap = k - np.where(sine < cosine, near_y, near_opposite)
            z = gap / (sqrt(2 * q) * 2 * sine * cosine)
            total += bend / 2 * np.array([erfc(value) for value in z.tolist()])
        return total

    def _pairs(
        self, heights: tuple[float, ...], q: float, sine: Array, cosine: Array, function: np.ufunc
    ) -> Array:
        """Σ_ij height_i height_j function(-E_ij) at every angle."""
        total = np.zeros_like(sine)
        knots = list(zip(self.kinks, heights, strict=True))
        for (k, height), (other, other_height) in product(knots, knots):
            exponent = np.square((k + other) / cosine) + np.square((k - other) / sine)
            total += height * other_height * function(exponent / (-8 * q))
        return total


def _half_angle(d: float) -> float:
    """The angle a = θ / 2 of cos θ = 1 - d; it is never 0, so that nothing is divided by 0."""
    return max(atan2(sqrt(d), sqrt(2 - d)), 1e-150)


def _angles(edges: Array, *, opposite: bool) -> tuple[Array, Array, Array]:
    """The sine and cosine of angles a, and the weights of an integral over them.

    The edges, between which the angles lie, are counted from a = 0, or back from π/2.
    """
    a, da = panels(edges)
    sine, cosine = np.sin(a), np.cos(a)
    return (cosine, sine, da) if opposite else (sine, cosine, da)


def _between(low: float, high: float) -> Array:
    """The edges of panels from `low` to `high`, graded towards both: tails lie there."""
    own = (high - low) * _GRADED[-12:-1]
    edges = [[low], _EDGES[(low < _EDGES) & (high > _EDGES)], low + own, high - own, [high]]
    return np.sort(np.concatenate(edges))


def _below(high: float) -> Array:
    """The edges of panels from 0 to `high`, graded towards 0 and towards π/2."""
    return np.append(0.0, high * _GRADED) if high <= pi / 4 else _between(0.0, high)


def _gelu(f: Activation, approximate: str) -> Smoothing:
    """The method for x gate(x): as gate(-x) = 1 - gate(x), its even part is x (gate(x) - ½)."""

    def even(x: Array) -> Array:
        if approximate == "tanh":
            return x / 2 * np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))
        from scipy.special import erf  # the activation imports it too

        return x / 2 * erf(x * sqrt(0.5))

    return Smoothing(f, 1.0, even)


def _mish_even(x: Array) -> Array:
    """The even part of mish: the gates' difference, over one denominator, with e = exp(-|x|)."""
    e = np.exp(-np.abs(x))
    bottom = (1 + 2 * e + 2 * e * e) * (2 + 2 * e + e * e)
    even: Array = np.abs(x) * -np.expm1(-np.abs(x)) * (1 + e) ** 3 / bottom
    return even


def _exponential_linear(
    f: Activation, alpha: float, scale: float = 1.0, width: float = 1.0
) -> Smoothing:
    """The method for scale times (x for x > 0, else alpha (exp(x / width) - 1))."""

    def even(x: Array) -> Array:
        y = np.abs(x) / width
        s = np.minimum(y, 0.01)
        series = s * s / 2 * (1 - s / 3 * (1 - s / 4 * (1 - s / 5 * (1 - s / 6))))
        bend = np.where(y < 0.01, series, y + np.expm1(-y))  # exp(-y) - 1 + y
        return scale / 2 * ((width - alpha) * y + alpha * bend)

    return Smoothing(f, width, even, kinks=(0.0,))


def _threshold(f: Activation, threshold: float, value: float) -> PiecewiseLinear:
    """The method for x above the threshold and a constant value elsewhere."""

    def even(x: Array) -> Array:
        return (f.value(x) + f.value(-x)) / 2  # exactly 0 where x is left as it is

    return PiecewiseLinear(f, (1.0,), jumps=(threshold - value,), even=even)


def _shrink(f: Activation, threshold: float, *, jump: bool) -> ClosedForm | PiecewiseLinear:
    """The method for 0 within the threshold on either side, from which φ may jump to x."""
    if threshold == 0:
        return _rectifier(1.0)
    jumps = (threshold, threshold) if jump else ()
    return PiecewiseLinear(f, (-1.0, 1.0), jumps=jumps, left=1.0, even=0.0)


# By an activation's name: what takes the activation and the parameters of its row.
METHODS: Final[dict[str, Callable[..., ClosedForm | PiecewiseLinear | Smoothing]]] = {
    "linear": lambda _: _rectifier(1.0),
    "relu": lambda _: _rectifier(0.0),
    "leaky_relu": lambda _, negative_slope: _rectifier(negative_slope),
    "prelu": lambda _, negative_slope: _rectifier(negative_slope),
    "exponential": lambda _: _exponential(),
    "erf": lambda _: _error_function(),
    "sin": lambda _, omega: _sine(omega),
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
