"""Panels in which functions are polynomials to some relative error, and the places where not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# A panel's polynomials go through so many values, and are held to some more.
NODES = 12
# Where they are held to them: at no even distances, which a function could share.
_HELD = np.sin(np.arange(1, 18) * 2.399963)


def resolved(values: Array, sizes: Array, error: float) -> Array:
    """Whether functions are polynomials, from their `values` at `points` of some panels.

    The shapes are (..., panels, points) and, of the largest size that an error is relative to,
    (..., panels); returned is one of (panels,). What is not finite is not resolved.
    """
    nodes, held = values[..., :NODES], values[..., NODES:]
    off = np.abs(nodes @ _interpolation().T - held).max(axis=-1)
    alike: Array = (off <= error * sizes).reshape(-1, values.shape[-2]).all(axis=0)
    return alike


def points(low: Array, high: Array) -> Array:
    """The places in each panel at which `resolved` needs values, of shape (panels, points)."""
    places = np.concatenate([legendre()[0], _HELD])
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
def _interpolation() -> Array:
    """What takes values at the nodes to those where they are held to; barycentric."""
    nodes, _ = legendre()
    gaps = nodes[:, None] - nodes
    np.fill_diagonal(gaps, 1)
    terms = 1 / gaps.prod(axis=1) / (_HELD[:, None] - nodes)
    weights: Array = terms / terms.sum(axis=1, keepdims=True)
    return weights
