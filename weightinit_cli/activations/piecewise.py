"""Activations made of pieces; at a kink the derivative is torch's choice."""

from __future__ import annotations

from math import inf, log

import numpy as np

from weightinit_cli.activations.entry import Activation, Array, Ends

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
        negative = np.minimum(x, 0)
        negative *= negative_slope
        np.maximum(x, 0, out=out)
        out += negative

    def derivative(x: Array) -> Array:
        slope = np.full_like(x, negative_slope)
        slope[x > 0] = 1
        return slope

    def ends(level: float) -> Ends:
        most = level * steepest
        return (0.0 if abs(negative_slope) <= most else None, 0.0 if most >= 1 else None)

    bounds = (-inf, inf) if negative_slope > 0 else (0.0, inf)
    return Activation(write, derivative, bounds, (0.0,), steepest, ends)


def elu(*, alpha: float) -> Activation:
    """x where x > 0, alpha (exp(x) - 1) elsewhere. Clevert et al. 2016, eq. 16."""
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
        return (low, 0.0 if scale <= most else None)

    kinks = () if alpha == 1 and scale == 1 else (0.0,)
    return Activation(write, derivative, (-scale * alpha, inf), kinks, steepest, ends)
