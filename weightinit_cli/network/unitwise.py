"""Sums of products in which every unit goes through the same operations in the same order.

Units that are equal thus stay equal to the last bit, wherever they stand. BLAS does not promise
that: its kernels treat the columns at an edge otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Products that are held at a time; the results do not depend on it.
HELD = 1 << 16


def fold(terms: Array) -> Array:
    """Σ over the first axis, in place: the second half is added to the first until one is left.

    Swapping the halves of 2^k terms, or those of any part, changes no bit of the sum.
    """
    count = len(terms)
    while count > 1:
        half = (count + 1) // 2
        np.add(terms[: count - half], terms[half:count], out=terms[: count - half])
        count = half
    total: Array = terms[0]
    return total


def mix(weights: Array, x: Array) -> Array:
    """WᵀX: y[m, s] = Σ_k w[k, m] x[k, s], of shapes (k, m), (k, s) -> (m, s)."""
    mixed = np.empty((weights.shape[1], x.shape[1]))
    columns = max(1, HELD // x.size)
    for left in range(0, len(mixed), columns):
        part = slice(left, left + columns)
        mixed[part] = fold(np.multiply(weights[:, part, None], x[:, None], order="C"))
    return mixed


def pair(x: Array, y: Array) -> Array:
    """XYᵀ: p[a, b] = Σ_s x[a, s] y[b, s], of shapes (a, s), (b, s) -> (a, b)."""
    paired = np.empty((len(x), len(y)))
    rows = max(1, HELD // y.size)
    for top in range(0, len(x), rows):
        part = slice(top, top + rows)
        terms = np.multiply(x[part, None], y, order="C")
        # Each sum is its own contiguous row of one length, so numpy adds all in the same order.
        np.add.reduce(terms, axis=-1, out=paired[part])
    return paired


def rms(values: Array) -> float:
    """The root mean square, free of overflow and underflow; nan where a value is not finite."""
    largest = float(np.abs(values).max())
    if not 0 < largest < np.inf:
        return 0.0 if largest == 0 else np.nan
    return largest * float(np.sqrt(np.square(values / largest).mean()))


def participation(rows: Array) -> float:
    """(tr G)² / tr G² with G = WᵀW, of the weights W into each unit, shape (units, fan_in).

    The participation ratio of G's eigenvalues (Gao et al. 2017, doi:10.1101/214262): in
    how many directions the units' weights lie, from 1 to the smaller side. Free of overflow; nan
    where W is zero or not finite.
    """
    largest = float(np.abs(rows).max())
    if not 0 < largest < np.inf:
        return np.nan
    scaled = rows / largest
    gram = pair(scaled, scaled) if len(rows) <= rows.shape[1] else pair(scaled.T, scaled.T)
    return float(np.square(np.trace(gram)) / np.square(gram).sum())


def distinct(rows: Array) -> int:
    """How many rows differ in value: -0 is 0, and nan is nan."""
    canonical = rows + 0.0
    canonical[np.isnan(canonical)] = np.nan
    return len(set(canonical.view(f"V{canonical.itemsize * canonical.shape[1]}").ravel().tolist()))
