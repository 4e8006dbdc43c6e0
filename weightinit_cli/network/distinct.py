"""Which units of a layer differ from each other."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from weightinit_cli.network.sums import UnitMoments

Array = np.ndarray[Any, Any]

# Values that are compared at a time; what is found does not depend on it.
STEP = 1 << 20
# By how many of them the moments of equal units may be apart, in a sum of few weights.
ROUNDINGS = 16


class Made(NamedTuple):
    """What a layer's units were made of: weights (rows, columns), and a bias (1, units) or None.

    `flats` are the values that φ has over whole stretches of pre-activations. The weights may be
    those of a buffer that the next layer uses anew.
    """

    weights: Array
    bias: Array | None
    flats: tuple[float, ...] = ()

    def alike(self, units: Array) -> Array:
        """A number for each of the units, the same for those of equal weights, bias and position.

        A convolution's units are its columns at one position after the other.
        """
        columns = self.weights.shape[1]
        numbers = [units // columns, _equal_columns(self.weights, units % columns)]
        if self.bias is not None:
            numbers.append(_equal_columns(self.bias, units))
        return np.unique(np.stack(numbers), axis=1, return_inverse=True)[1].reshape(-1)


class Distinct(NamedTuple):
    """A number for every unit, the same for units that are equal.

    `rounded` says that some are equal to the last bit which were not made of the same, and whose
    values are not all where φ is flat: rounding has made them so.
    """

    numbers: Array
    rounded: bool = False

    def count(self, positions: int = 1) -> int:
        """How many units differ; of a convolution, how many channels at any of its positions."""
        return int(np.unique(self.numbers.reshape(positions, -1), axis=1).shape[1])


def distinct_units(moments: UnitMoments, values: Array, made: Made | None) -> Distinct | None:
    """Which units differ; None where a value is not finite.

    Units are equal where their outputs are, for every input and to the last bit; and where they
    were made of the same, since BLAS does not round all columns alike. Only among units whose
    moments agree is this looked into.
    """
    summed = 1 if made is None else len(made.weights)
    eps = float(np.finfo(values.dtype).eps)
    candidates = moments.candidates(ROUNDINGS * eps * max(1.0, sqrt(summed) / 4))
    if candidates is None:
        return None
    equal = np.arange(len(candidates))
    equal[moments.dead] = equal[moments.dead].min(initial=len(equal))
    sizes = np.bincount(candidates)
    units = np.flatnonzero((sizes[candidates] > 1) & ~moments.dead)
    rounded = False
    if units.size:
        same = [_together(candidates[units], _equal_columns(values, units))]
        if made is not None:
            same.append(_together(candidates[units], made.alike(units)))
            flat = _are_flat(values, units, made.flats)
            known = np.where(flat, same[0], len(units) + np.arange(len(units)))
            rounded = not np.array_equal(_linked(same), _linked([known, same[1]]))
        equal[units] = units[_linked(same)]
    return Distinct(np.unique(equal, return_inverse=True)[1], rounded)


def _equal_columns(matrix: Array, columns: Array) -> Array:
    """A number for each of the columns, the same for those that are equal; -0 is 0."""
    numbers = np.zeros(len(columns), np.int64)
    rows = max(1, STEP // len(columns))
    for top in range(0, len(matrix), rows):
        part = np.ascontiguousarray(matrix[top : top + rows, columns].T) + 0.0
        keys = part.view(f"V{part.itemsize * part.shape[1]}").ravel().tolist()
        seen: dict[tuple[int, bytes], int] = {}
        pairs = zip(numbers.tolist(), keys, strict=True)
        numbers = np.array([seen.setdefault(pair, len(seen)) for pair in pairs])
        if len(seen) == len(columns):
            break
    return numbers


def _are_flat(matrix: Array, columns: Array, flats: tuple[float, ...]) -> Array:
    """Which of the columns have no other values than these."""
    flat = np.full(len(columns), bool(flats))
    rows = max(1, STEP // len(columns))
    for top in range(0, len(matrix), rows):
        if not flat.any():
            break
        flat &= np.isin(matrix[top : top + rows, columns], flats).all(axis=0)
    return flat


def _together(a: Array, b: Array) -> Array:
    """A number for each pair of numbers."""
    return np.unique(np.stack([a, b]), axis=1, return_inverse=True)[1].reshape(-1)


def _linked(numberings: list[Array]) -> Array:
    """The first of all that are linked to each, where those of one number are in any numbering."""
    first = np.arange(len(numberings[0]))
    while True:
        before = first.copy()
        for numbers in numberings:
            least = np.full(int(numbers.max()) + 1, len(first))
            np.minimum.at(least, numbers, first)
            first = least[numbers]
        if np.array_equal(first, before):
            return first
