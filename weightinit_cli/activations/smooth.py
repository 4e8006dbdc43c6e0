"""Activations without kinks. Every formula keeps its relative precision in both tails."""

from __future__ import annotations

from math import asinh, factorial, inf, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.activations.activation import Activation, Array, Ends

if TYPE_CHECKING:
    from collections.abc import Callable


def logistic(x: Array, out: Array | None = None) -> Array:
    """σ(x) = 1 / (1 + exp(-x))."""
    out = np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    return np.divide(1, out, out=out)


def logistic_slope(x: Array) -> Array:
    """σ'(x) = σ(x) σ(-x)."""
    e: Array = np.exp(-np.abs(x))
    e /= np.square(1 + e)
    return e


def _logit(p: float) -> float:
    return log(p / (1 - p))


def sigmoid() -> Activation:
    """1 / (1 + exp(-x)). Its flat ends at 5 % lie at φ = 0.0127 and 0.9873."""

    def ends(level: float) -> Ends:
        x = 2 * asinh(sqrt(1 - level) / sqrt(level))
        return (-x, x)

    return Activation(logistic, logistic_slope, (0, 1), steepest=0.25, ends=ends)


def tanh() -> Activation:
    """tanh x, with derivative 1 / cosh²x = 4 σ'(2x)."""

    def ends(level: float) -> Ends:
        x = asinh(sqrt(1 - level) / sqrt(level))
        return (-x, x)

    return Activation(np.tanh, lambda x: 4 * logistic_slope(2 * x), (-1, 1), ends=ends)


def softsign() -> Activation:
    """x / (1 + |x|), with derivative 1 / (1 + |x|)². Glorot & Bengio 2010, section 2."""

    def write(x: Array, out: Array) -> None:
        largest = np.finfo(x.dtype).max
        near = np.clip(x, -largest, largest)
        np.divide(near, 1 + np.abs(near), out=out)

    def ends(level: float) -> Ends:
        x = level**-0.5 - 1
        return (-x, x)

    return Activation(write, lambda x: np.square(1 / (1 + np.abs(x))), (-1, 1), ends=ends)


def softplus() -> Activation:
    """ln(1 + exp x), with derivative σ(x). Dugas et al. 2001."""

    def write(x: Array, out: Array) -> None:
        tail = np.log1p(np.exp(-np.abs(x)))
        np.maximum(x, 0, out=out)
        out += tail

    return Activation(write, logistic, (0, inf), ends=lambda level: (_logit(level), None))


def log_sigmoid() -> Activation:
    """ln σ(x) = -softplus(-x), with derivative σ(-x)."""
    mirrored = softplus()

    def write(x: Array, out: Array) -> None:
        mirrored.write(-x, out)
        np.negative(out, out=out)

    def derivative(x: Array) -> Array:
        return logistic(-x)

    return Activation(write, derivative, (-inf, 0), ends=lambda level: (None, -_logit(level)))


def squareplus(*, b: float) -> Activation:
    """(x + sqrt(x² + b)) / 2, with derivative φ / sqrt(x² + b). Barron 2021, eq. 1."""
    root = sqrt(b)

    def value(x: Array) -> Array:
        half = np.abs(x) / 2 + np.hypot(x, x.dtype.type(root)) / 2
        kept: Array = np.where(x < 0, b / 4 / half, half)
        return kept

    def derivative(x: Array) -> Array:
        slope = value(x)
        slope /= np.hypot(x, x.dtype.type(root))
        return slope

    def ends(level: float) -> Ends:
        return ((level - 0.5) * root / (sqrt(level) * sqrt(1 - level)), None)

    return Activation(lambda x, out: np.copyto(out, value(x)), derivative, (0, inf), ends=ends)


def exponential() -> Activation:
    """exp x, its own derivative; it grows steeper without bound."""
    return Activation(np.exp, np.exp, (0, inf), steepest=inf)


def erf() -> Activation:
    """The error function, with derivative 2 / sqrt(π) exp(-x²)."""
    steepest = 2 / sqrt(pi)

    def write(x: Array, out: Array) -> None:
        from scipy.special import erf as error_function  # a slow import, needed here only

        error_function(x, out=out)

    def derivative(x: Array) -> Array:
        slope: Array = np.exp(-np.square(x))
        slope *= steepest
        return slope

    def ends(level: float) -> Ends:
        x = sqrt(-log(level))
        return (-x, x)

    return Activation(write, derivative, (-1, 1), steepest=steepest, ends=ends)


def sin(*, omega: float) -> Activation:
    """A sine of frequency omega, with derivative omega cos omega x. Sitzmann et al. 2020."""

    def write(x: Array, out: Array) -> None:
        np.sin(np.multiply(x, omega, out=out), out=out)

    def derivative(x: Array) -> Array:
        slope: Array = np.cos(omega * x)
        slope *= omega
        return slope

    return Activation(write, derivative, (-1, 1), steepest=omega)


def tanh_shrink() -> Activation:
    """x - tanh x, with derivative tanh²x.

    Below 1 as (x cosh x - sinh x) / cosh x, the numerator by its series, the sum over k >= 1 of
    2k x^(2k + 1) / (2k + 1)!, because the difference itself cancels: x³ / 3 near 0.
    """
    coefficients = [2 * k / factorial(2 * k + 1) for k in range(9, 0, -1)]

    def write(x: Array, out: Array) -> None:
        near = np.clip(x, -1, 1)
        square = np.square(near)
        series = np.full_like(near, coefficients[0])
        for coefficient in coefficients[1:]:
            series *= square
            series += coefficient
        series *= square * near / np.cosh(near)
        np.copyto(out, np.where(np.abs(x) < 1, series, x - np.tanh(x)))

    def derivative(x: Array) -> Array:
        slope: Array = np.square(np.tanh(x))
        return slope

    return Activation(write, derivative)


def silu() -> Activation:
    """x σ(x), with derivative σ(x) (1 + x σ(-x)); also called swish. Hendrycks & Gimpel 2016."""

    def write(x: Array, out: Array) -> None:
        np.multiply(x, logistic(x), out=out)

    def derivative(x: Array) -> Array:
        slope = logistic(x)
        slope += x * logistic_slope(x)
        return slope

    return _gated(
        write, derivative, infimum=-0.2784645427610738, trough=-2.3993572805, hump=2.3993572805
    )


def gelu(*, approximate: str) -> Activation:
    """x Φ(x), with derivative Φ(x) + x φ(x); or its tanh form. Hendrycks & Gimpel 2016, section 2.

    The tanh form is x σ(2u), u = sqrt(2/π) (x + 0.044715 x³).
    """
    return _gelu_tanh() if approximate == "tanh" else _gelu_erf()


def _gelu_erf() -> Activation:
    def cdf(x: Array) -> Array:
        from scipy.special import erfc  # a slow import, for this activation only

        half: Array = erfc(x * -sqrt(0.5))
        half *= 0.5
        return half

    def write(x: Array, out: Array) -> None:
        np.multiply(x, cdf(x), out=out)

    def derivative(x: Array) -> Array:
        slope = cdf(x)
        slope += x * np.exp(-0.5 * np.square(x)) / sqrt(2 * pi)
        return slope

    return _gated(write, derivative, infimum=-0.1699712074799037, trough=-sqrt(2), hump=sqrt(2))


def _gelu_tanh() -> Activation:
    k, cubic = 2 * sqrt(2 / pi), 0.044715

    def gate(x: Array) -> Array:
        near = np.clip(x, -30, 30)
        return logistic(k * near * (1 + cubic * np.square(near)))

    def write(x: Array, out: Array) -> None:
        np.multiply(x, gate(x), out=out)

    def derivative(x: Array) -> Array:
        near = np.clip(x, -30, 30)
        square = np.square(near)
        inner = logistic_slope(k * near * (1 + cubic * square))
        slope = gate(x)
        slope += near * inner * (k * (1 + 3 * cubic * square))
        return slope

    return _gated(
        write, derivative, infimum=-0.1700407505712541, trough=-1.418504009, hump=1.418504009
    )


def mish() -> Activation:
    """x tanh(softplus(x)). Misra 2019, eq. 1.

    With e = exp(-|x|) the gate is (1 + 2e) / (1 + 2e + 2e²) for x > 0 and else
    e (2 + e) / (2 + 2e + e²); its derivative is 4e² (1 + e), or 4e (1 + e), over the square of
    the same denominator.
    """

    def parts(x: Array) -> tuple[Array, Array, Array]:
        e = np.exp(-np.abs(x))
        top = np.where(x > 0, 1 + 2 * e, e * (2 + e))
        return e, top, top + np.where(x > 0, 2 * np.square(e), 2)

    def write(x: Array, out: Array) -> None:
        _, top, bottom = parts(x)
        np.multiply(x, top / bottom, out=out)

    def derivative(x: Array) -> Array:
        e, top, bottom = parts(x)
        slope: Array = np.where(x > 0, np.square(e), e)
        slope *= 4
        slope *= x * (1 + e) / np.square(bottom)
        slope += top / bottom
        return slope

    return _gated(
        write, derivative, infimum=-0.3088434130172504, trough=-2.2563764007, hump=1.4905712021
    )


def _gated(
    write: Callable[[Array, Array], object],
    derivative: Callable[[Array], Array],
    *,
    infimum: float,
    trough: float,
    hump: float,
) -> Activation:
    """x times a gate, like x σ(x).

    Flat to the left, slope 1 to the right; between them φ' is lowest (and negative) at `trough`
    and highest at `hump`.
    """

    def slope(x: float) -> float:
        with np.errstate(all="ignore"):
            return abs(float(derivative(np.array([x]))[0]))

    steepest = slope(hump)

    def ends(level: float) -> Ends:
        most = level * steepest
        inner = trough if slope(trough) > most else hump
        high = crossing(slope, most, hump, 100.0) if most >= 1 else None
        return (crossing(slope, most, inner, -100.0), high)

    return Activation(write, derivative, (infimum, inf), steepest=steepest, ends=ends)


def crossing(slope: Callable[[float], float], level: float, inner: float, outer: float) -> float:
    """Where `slope` falls to `level` between `inner` (above it) and `outer` (at or below it).

    By bisection to the last bit; the result lies on the outer side.
    """
    while True:
        middle = (inner + outer) / 2
        if middle in (inner, outer):
            return outer
        if slope(middle) > level:
            inner = middle
        else:
            outer = middle
