"""Activations of the form x gate(x), the gate opening smoothly from 0 to 1."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.activations.entry import Activation, Array, Ends
from weightinit_cli.activations.smooth import logistic, logistic_slope

if TYPE_CHECKING:
    from collections.abc import Callable


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
