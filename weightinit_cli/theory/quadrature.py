"""Gauss-Legendre quadrature in panels, against Gaussian densities.

An integrand of the form φ(x) N(0, q)(x) has structure at two scales that may lie ten decades
apart: that of φ and that of the Gaussian. So the panels grow geometrically from either scale on,
away from every place where something happens.
"""

from __future__ import annotations

from functools import cache
from math import ceil, log, pi, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NODES = 12
# From one panel's edge to the next: a panel's width is then at most 3/5 of its distance from 0.
GROWTH = 2.5
# Panels of the standard normal, from its centre out; beyond lies 1e-19 of its mass.
REACH = np.array([0, 1, 2.5, 5, 9])


@cache
def legendre(n: int = NODES) -> tuple[Array, Array]:
    """Nodes and weights on (-1, 1), by the eigenvalues of the Jacobi matrix.

    Golub & Welsch 1969, Calculation of Gauss quadrature rules, section 2.
    """
    k = np.arange(1, n)
    nodes, vectors = np.linalg.eigh(np.diag(k / np.sqrt(4.0 * k * k - 1), -1))
    return nodes, 2 * np.square(vectors[0])


def panels(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights for an integral from edges[0] to edges[-1], in panels between the edges."""
    t, weights = legendre()
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + t)).ravel(), (half * weights).ravel()


def density(x: Array, sigma: float) -> Array:
    """The density of N(0, sigma²)."""
    scaled = x / sigma
    scaled *= scaled
    scaled *= -0.5
    np.exp(scaled, out=scaled)
    scaled *= 1 / (sigma * sqrt(2 * pi))
    return scaled


def both(steps: Array) -> Array:
    """Every step to the left and to the right."""
    return np.concatenate([-steps, steps])


def geometric(first: float, last: float) -> Array:
    """The numbers first, first GROWTH, first GROWTH², ... below `last`, and `last`."""
    if not 0 < first < last:
        return np.empty(0)
    return np.append(first * GROWTH ** np.arange(ceil(log(last / first, GROWTH))), last)


def gaussian(sigma: float, extra: Array) -> tuple[Array, Array]:
    """Nodes and weights for an expectation under N(0, sigma²).

    The panels are those of the Gaussian, with edges at the places `extra` too.
    """
    if sigma == 0:
        return np.zeros(1), np.ones(1)
    edges = np.sort(np.concatenate([both(sigma * REACH), extra]))
    edges = edges[np.append(True, np.diff(edges) > 0)]  # numpy.unique imports numpy.ma: 10 ms
    x, weights = panels(edges)
    weights *= density(x, sigma)
    return x, weights
