"""Activations without kinks. Every formula keeps its relative precision in both tails."""

from __future__ import annotations

from math import atanh, inf, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.activations.entry import Activation, Array, Ends

if TYPE_CHECKING:
    from collections.abc import Callable


def logistic(x: Array, out: Array | None = None) -> Array:
    """σ(x) = 1 / (1 + exp(-x))."""
    out = np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    return np.divide(1, out, out=out)


def _logistic_slope(x: Array) -> Array:
    """σ'(x) = σ(x) σ(-x)."""
    e: Array = np.exp(-np.abs(x))
    e /= np.square(1 + e)
    return e


def _logit(p: float) -> float:
    return log(p / (1 - p))


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


def sigmoid() -> Activation:
    """1 / (1 + exp(-x)). Its flat ends at 5 % lie at φ = 0.0127 and 0.9873."""

    def ends(level: float) -> Ends:
        x = _logit((1 + sqrt(1 - level)) / 2)
        return (-x, x)

    return Activation(logistic, _logistic_slope, (0, 1), steepest=0.25, ends=ends)


def tanh() -> Activation:
    """tanh x, with derivative 1 / cosh²x = 4 σ'(2x)."""

    def ends(level: float) -> Ends:
        x = atanh(sqrt(1 - level))
        return (-x, x)

    return Activation(np.tanh, lambda x: 4 * _logistic_slope(2 * x), (-1, 1), ends=ends)


def softsign() -> Activation:
    """x / (1 + |x|), with derivative 1 / (1 + |x|)². Glorot & Bengio 2010, section 2."""

    def write(x: Array, out: Array) -> None:
        np.divide(x, 1 + np.abs(x), out=out)

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


def silu() -> Activation:
    """x σ(x), with derivative σ(x) (1 + x σ(-x)); also called swish. Hendrycks & Gimpel 2016."""

    def write(x: Array, out: Array) -> None:
        np.multiply(x, logistic(x), out=out)

    def derivative(x: Array) -> Array:
        slope = logistic(x)
        slope += x * _logistic_slope(x)
        return slope

    return _bump(
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

    return _bump(write, derivative, infimum=-0.1699712074799037, trough=-sqrt(2), hump=sqrt(2))


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
        inner = _logistic_slope(k * near * (1 + cubic * square))
        slope = gate(x)
        slope += near * inner * (k * (1 + 3 * cubic * square))
        return slope

    return _bump(
        write, derivative, infimum=-0.1700407505712541, trough=-1.418504009, hump=1.418504009
    )


def _bump(
    write: Callable[[Array, Array], object],
    derivative: Callable[[Array], Array],
    *,
    infimum: float,
    trough: float,
    hump: float,
) -> Activation:
    """An activation like x σ(x).

    Flat to the left, slope 1 to the right; between them φ' is lowest (and negative) at `trough`
    and highest at `hump`.
    """

    def slope(x: float) -> float:
        return abs(float(derivative(np.array([x]))[0]))

    steepest = slope(hump)

    def ends(level: float) -> Ends:
        most = level * steepest
        inner = trough if slope(trough) > most else hump
        return (crossing(slope, most, inner, -100.0), None)

    return Activation(write, derivative, (infimum, inf), steepest=steepest, ends=ends)
