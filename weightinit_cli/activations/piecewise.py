"""Activations made of pieces; at a kink the derivative is torch's choice."""

from __future__ import annotations

from math import inf, log, nextafter

import numpy as np

from weightinit_cli.activations.activation import Activation, Array, Ends

# The smallest number > 0, for ends that begin just behind a kink at 0.
ABOVE_ZERO = nextafter(0, 1)
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def linear() -> Activation:
    """x."""
    return Activation(lambda x, out: np.copyto(out, x), np.ones_like)


def relu() -> Activation:
    """max(0, x), with derivative 0 at 0. Nair & Hinton 2010."""
    return Activation(
        lambda x, out: np.maximum(x, 0, out=out),
        lambda x: (x > 0).astype(x.dtype),
        (0, inf),
        kinks=(0.0,),
        ends=lambda level: (0.0, None),  # noqa: ARG005
    )


def leaky_relu(*, negative_slope: float) -> Activation:
    """x where x > 0, negative_slope x elsewhere. Maas et al. 2013."""
    steepest = max(1.0, abs(negative_slope))

    def write(x: Array, out: Array) -> None:
        negative = np.minimum(x, 0) if negative_slope else None
        np.maximum(x, 0, out=out)
        if negative is not None:
            negative *= negative_slope
            out += negative

    def derivative(x: Array) -> Array:
        slope = np.full_like(x, negative_slope)
        slope[x > 0] = 1
        return slope

    def ends(level: float) -> Ends:
        most = level * steepest
        return (0.0 if abs(negative_slope) <= most else None, ABOVE_ZERO if most >= 1 else None)

    bounds = (-inf, inf) if negative_slope > 0 else (0.0, inf)
    return Activation(write, derivative, bounds, (0.0,), steepest, ends)


def elu(*, alpha: float) -> Activation:
    """x where x > 0, alpha (exp(x) - 1) elsewhere. Clevert et al. 2016."""
    return _exponential_linear(scale=1.0, alpha=alpha)


def selu() -> Activation:
    """Scale times elu(alpha), with the fixed point (0, 1). Klambauer et al. 2017, eq. 2."""
    return _exponential_linear(scale=SELU_SCALE, alpha=SELU_ALPHA)


def _exponential_linear(*, scale: float, alpha: float) -> Activation:
    steepest = scale * max(1.0, alpha)

    def write(x: Array, out: Array) -> None:
        negative = np.minimum(x, 0)
        np.expm1(negative, out=negative)
        negative *= scale * alpha
        np.maximum(x, 0, out=out)
        if scale != 1:
            out *= scale
        out += negative

    def derivative(x: Array) -> Array:
        slope = np.exp(np.minimum(x, 0))
        slope *= scale * alpha
        slope[x > 0] = scale
        return slope

    def ends(level: float) -> Ends:
        most = level * steepest
        low = min(0.0, log(most / (scale * alpha))) if alpha else 0.0
        return (low, ABOVE_ZERO if scale <= most else None)

    kinks = () if alpha == 1 and scale == 1 else (0.0,)
    return Activation(write, derivative, (-scale * alpha, inf), kinks, steepest, ends)


def celu(*, alpha: float) -> Activation:
    """x where x > 0, alpha (exp(x / alpha) - 1) elsewhere; smooth. Barron 2017."""

    def write(x: Array, out: Array) -> None:
        negative = np.minimum(x, 0)
        negative /= alpha
        np.expm1(negative, out=negative)
        negative *= alpha
        np.maximum(x, 0, out=out)
        out += negative

    def derivative(x: Array) -> Array:
        slope: Array = np.exp(np.minimum(x, 0) / alpha)
        return slope

    return Activation(
        write, derivative, (-alpha, inf), ends=lambda level: (alpha * log(level), None)
    )


def relu6() -> Activation:
    """x cut at 0 and 6. Krizhevsky 2010."""
    return _cut(0.0, 6.0)


def hard_tanh() -> Activation:
    """x cut at -1 and 1. Collobert 2004."""
    return _cut(-1.0, 1.0)


def _cut(low: float, high: float) -> Activation:
    return Activation(
        lambda x, out: np.clip(x, low, high, out=out),
        lambda x: _inside(x, low, high),
        (low, high),
        kinks=(low, high),
        ends=lambda level: (low, high),  # noqa: ARG005
    )


def hard_sigmoid(*, form: str) -> Activation:
    """relu6(x + 3) / 6 (torch, Keras 3, JAX) or 0.2 x + 0.5 cut at 0 and 1 (Keras 2)."""
    slope, half = {"torch": (1 / 6, 3.0), "keras2": (0.2, 2.5)}[form]

    def write(x: Array, out: Array) -> None:
        np.clip(x, -half, half, out=out)
        out += half
        out *= slope

    def derivative(x: Array) -> Array:
        inside = _inside(x, -half, half)
        inside *= slope
        return inside

    return Activation(
        write,
        derivative,
        (0, 1),
        kinks=(-half, half),
        steepest=slope,
        ends=lambda level: (-half, half),  # noqa: ARG005
    )


def hard_silu() -> Activation:
    """x relu6(x + 3) / 6; steepest, with slope 3/2, just below 3. Howard et al. 2019."""
    steepest = 1.5

    def write(x: Array, out: Array) -> None:
        gate = np.clip(x, -3, 3)
        gate += 3
        gate /= 6
        np.multiply(x, gate, out=out)

    def derivative(x: Array) -> Array:
        slope = x / 3
        slope += 0.5
        slope[x <= -3] = 0
        slope[x >= 3] = 1
        return slope

    def ends(level: float) -> Ends:
        most = level * steepest
        low = -3.0 if most < 0.5 else 3 * most - 1.5
        return (low, 3.0 if most >= 1 else None)

    return Activation(write, derivative, (-0.375, inf), (-3.0, 3.0), steepest, ends)


def threshold(*, threshold: float, value: float) -> Activation:
    """x where x > threshold, value elsewhere."""
    return Activation(
        lambda x, out: np.copyto(out, np.where(x <= threshold, x.dtype.type(value), x)),
        lambda x: (x > threshold).astype(x.dtype),
        (min(value, threshold), inf),
        kinks=(threshold,),
        ends=lambda level: (threshold, None),  # noqa: ARG005
    )


def step() -> Activation:
    """1 where x > 0, 0 elsewhere, with a derivative of 0. Rosenblatt 1958."""
    return Activation(
        lambda x, out: np.heaviside(x, 0, out=out),
        np.zeros_like,
        (0, 1),
        kinks=(0.0,),
        steepest=0.0,
        ends=lambda level: (0.0, ABOVE_ZERO),  # noqa: ARG005
    )


def soft_shrink(*, threshold: float) -> Activation:
    """x moved towards 0 by the threshold, 0 within it. Donoho 1995."""

    def write(x: Array, out: Array) -> None:
        np.subtract(x, np.clip(x, -threshold, threshold), out=out)

    return Activation(write, lambda x: _outside(x, threshold), kinks=_sides(threshold))


def hard_shrink(*, threshold: float) -> Activation:
    """x where |x| > threshold, 0 elsewhere. Donoho & Johnstone 1994."""

    def write(x: Array, out: Array) -> None:
        np.copyto(out, np.where(np.abs(x) <= threshold, x.dtype.type(0), x))

    return Activation(write, lambda x: _outside(x, threshold), kinks=_sides(threshold))


def _sides(threshold: float) -> tuple[float, ...]:
    return (-threshold, threshold) if threshold else ()


def _inside(x: Array, low: float, high: float) -> Array:
    return ((x > low) & (x < high)).astype(x.dtype)


def _outside(x: Array, threshold: float) -> Array:
    return (np.abs(x) > threshold).astype(x.dtype)
