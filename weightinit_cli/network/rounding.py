"""Rounding to a low precision, as hardware does, and what it makes of the values.

An array of float16 or bfloat16 numbers is held as float32, which has all of them. A product of two
such arrays is one of float32, rounded once, and so is whatever else is computed of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.precision import PRECISIONS

if TYPE_CHECKING:
    from weightinit_cli.precision import Precision

Array = np.ndarray[Any, Any]

# What is made in the steps of both passes: xW + b and what normalizations make of it; outputs; what
# a branch makes beside its stream; δ at the pre-activations, and every other derivative by values;
# the gradient of the weights; what the way back makes once more as the way forward did.
PREACTIVATIONS, ACTIVATIONS, BRANCH = "preactivations", "activations", "branch"
GRADIENT, RETURNED, WEIGHT_GRADIENT = "gradient", "returned", "weight_gradient"
REMADE = ""

# Values that are rounded at a time: their copies stay in a core's cache.
STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class Rounded:
    """What rounding made of `values` that were finite, and not zero.

    So many `overflowed` to inf, were `flushed` to zero, or are `subnormal` now: smaller than the
    smallest number that has all digits.
    """

    values: int = 0
    overflowed: int = 0
    flushed: int = 0
    subnormal: int = 0

    def __add__(self, other: Rounded) -> Rounded:
        """Merge what became of other values."""
        return Rounded(
            self.values + other.values,
            self.overflowed + other.overflowed,
            self.flushed + other.flushed,
            self.subnormal + other.subnormal,
        )


def rounded(values: Array, precision: Precision) -> Rounded:
    """Round the values of a contiguous float32 array, in place, to the nearest of `precision`.

    Halfway cases go to the even one; subnormal numbers are kept; what lies beyond the largest
    number by half of the distance to the one before it, or more, becomes inf (IEEE 754).
    """
    flat = values.reshape(-1)
    narrow = np.empty(min(flat.size, STEP), _type(precision.name))
    sizes = np.empty(narrow.shape, flat.dtype)
    found = Rounded()
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, STEP):
            part = flat[start : start + STEP]
            found += _round(part, narrow[: part.size], sizes[: part.size], precision)
    return found


def _round(part: Array, narrow: Array, sizes: Array, precision: Precision) -> Rounded:
    np.abs(part, out=sizes)
    finite, zeros = np.count_nonzero(sizes < np.inf), np.count_nonzero(sizes == 0)
    np.copyto(narrow, part, casting="unsafe")
    np.copyto(part, narrow, casting="unsafe")
    np.abs(part, out=sizes)
    left, flushed = np.count_nonzero(sizes < np.inf), np.count_nonzero(sizes == 0) - zeros
    small = np.count_nonzero(sizes < precision.smallest_normal)
    return Rounded(
        int(finite - zeros),
        int(finite - left),
        int(flushed),
        int(small - zeros - flushed),
    )


def step(values: Array, ends: Array, precision: Precision) -> None:
    """Move each value of `precision`, which float32 holds, to the next one towards its end."""
    narrow = values.astype(_type(precision.name))
    np.nextafter(narrow, ends.astype(narrow.dtype), out=narrow)
    np.copyto(values, narrow, casting="unsafe")


class Arithmetic:
    """What is done to the results of one step after the other: nothing, as far as arrays hold them.

    `made` is called of every array of results, with the name of what they are.
    """

    def __init__(self, precision: Precision) -> None:
        self.precision = precision

    def made(self, values: Array, part: str) -> None:
        """Take results as they are."""

    def taken(self) -> dict[str, Rounded]:
        """What rounding made of all results since this was asked last, by their names."""
        return {}


class LowArithmetic(Arithmetic):
    """Rounds all results to a low precision, from any thread, and counts what becomes of them."""

    def __init__(self, precision: Precision) -> None:
        super().__init__(precision)
        self._found: list[tuple[str, Rounded]] = []

    def made(self, values: Array, part: str) -> None:
        """Round results in place; those that are made once more are not counted again."""
        found = rounded(values, self.precision)
        if part != REMADE:
            self._found.append((part, found))

    def taken(self) -> dict[str, Rounded]:
        """What became of all results since this was asked last."""
        found, self._found = self._found, []
        total: dict[str, Rounded] = {}
        for part, made in found:
            total[part] = total.get(part, Rounded()) + made
        return total


def arithmetic(precision: Precision) -> Arithmetic:
    """What is done to results in this precision."""
    return LowArithmetic(precision) if precision.is_low else Arithmetic(precision)


EXACT = Arithmetic(PRECISIONS["float64"])


@cache
def _type(name: str) -> np.dtype[Any]:
    if name != "bfloat16":
        return np.dtype(name)
    import ml_dtypes

    found: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return found
