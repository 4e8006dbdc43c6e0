"""Sums of squares that merge, of values of any size."""

from __future__ import annotations

from dataclasses import dataclass
from math import ldexp, sqrt
from typing import Any

import numpy as np

from weightinit_cli.network.moments import exponent_of

Array = np.ndarray[Any, Any]

# Values per step: their float64 copies stay in a core's cache, and the steps are long enough that
# threads do not wait for each other between them.
STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class SquareSum:
    """The sum of the squares of the finite values, in units of 4**exponent, and their number."""

    total: float
    count: int
    exponent: int = 0

    @classmethod
    def of(cls, values: Array) -> SquareSum:
        """Take all values of a contiguous array of any shape."""
        exponent = exponent_of(values)
        flat = values.reshape(-1)
        buffer = np.empty(min(flat.size, STEP))
        total, count = 0.0, flat.size
        for start in range(0, flat.size, STEP):
            part = flat[start : start + STEP]
            copy = buffer[: part.size]
            np.copyto(copy, part)
            if exponent:
                copy *= 2.0**-exponent
            square = float(np.dot(copy, copy))
            if not square < np.inf:
                finite = np.isfinite(copy)
                copy[~finite] = 0
                count -= int(np.count_nonzero(~finite))
                square = float(np.dot(copy, copy))
            total += square
        return cls(total, count, exponent)

    def __add__(self, other: SquareSum) -> SquareSum:
        """Merge the sum over other values."""
        exponent = max((part.exponent for part in (self, other) if part.total), default=0)
        total = sum(ldexp(part.total, 2 * (part.exponent - exponent)) for part in (self, other))
        return SquareSum(total, self.count + other.count, exponent)

    @property
    def mean(self) -> float | None:
        """Mean square in units of 4**exponent; None without a finite value."""
        return self.total / self.count if self.count else None

    def rms(self, exponent: int = 0) -> float | None:
        """Root mean square, times 2**exponent: 0 or inf where float64 does not hold it."""
        if not self.count:
            return None
        with np.errstate(all="ignore"):
            return float(np.ldexp(sqrt(self.total / self.count), self.exponent + exponent))
