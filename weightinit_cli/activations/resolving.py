"""Panels in which functions are polynomials to some relative error, and the places where not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# A panel's polynomials go through so many values, and are held to some more.
NODES = 12
# Where they are held to them: at no even distances, which a function could share; and, in a panel
# that begins at 0, ever nearer to it.
_HELD = np.sin(np.arange(1, 42) * 2.399963)
_NEAR_ZERO = np.concatenate([_HELD, -1 + np.exp2(np.arange(-40.0, -3))])


def misfit(values: Array, sizes: Array) -> Array:
    """How far functions are from polynomials, from their `values` at `points` of some panels.

    The shapes are (..., panels, points) and, of the largest size that an error is relative to,
    (..., panels); returned is one of (panels,), the worst of the functions. What is not finite is
    infinitely far.
    """
    nodes, held = values[..., :NODES], values[..., NODES:]
    with np.errstate(all="ignore"):
        off = np.abs(nodes @ _interpolation(held.shape[-1]).T - held).max(axis=-1)
        relative = np.where(off > 0, off / sizes, off).reshape(-1, values.shape[-2]).max(axis=0)
    worst: Array = np.where(np.isnan(relative), np.inf, relative)
    return worst


def points(low: Array, high: Array, *, near_zero: bool = False) -> Array:
    """The places in each panel at which `misfit` needs values, of shape (panels, points)."""
    places = np.concatenate([legendre()[0], _NEAR_ZERO if near_zero else _HELD])
    x: Array = low[:, None] + (high - low)[:, None] / 2 * (1 + places)
    return x


@cache
def legendre(n: int = NODES) -> tuple[Array, Array]:
    """The n Gauss-Legendre nodes and weights on (-1, 1), by the eigenvalues of the Jacobi matrix.

    Golub & Welsch 1969, Calculation of Gauss quadrature rules, section 2.
    """
    k = np.arange(1, n)
    nodes, vectors = np.linalg.eigh(np.diag(k / np.sqrt(4.0 * k * k - 1), -1))
    return nodes, 2 * np.square(vectors[0])


@cache
def _interpolation(count: int) -> Array:
    """What takes values at the nodes to those where they are held to, so many; barycentric."""
    nodes, _ = legendre()
    held = _NEAR_ZERO[:count]
    gaps = nodes[:, None] - nodes
    np.fill_diagonal(gaps, 1)
    terms = 1 / gaps.prod(axis=1) / (held[:, None] - nodes)
    weights: Array = terms / terms.sum(axis=1, keepdims=True)
    return weights
