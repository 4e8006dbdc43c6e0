"""Sums over a matrix's entries, that merge: moments up to the fourth, extremes, zeros."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import isfinite, sqrt
from operator import add
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Powers = tuple[float, float, float, float, float]

# Entries per step: their float64 copies stay in a core's cache, and the steps are long enough that
# threads do not wait for each other between them.
STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class EntrySums:
    """Sums of the powers 0 to 4 of a matrix's entries, about `pivot`, in units of 2**exponent.

    Over the finite entries, like `low` and `high`, the smallest and largest, and `zeros`, the
    number of exact zeros; `size` counts all entries.
    """

    powers: Powers
    low: float
    high: float
    zeros: int
    size: int
    pivot: float
    exponent: int

    @classmethod
    def of(cls, entries: Array, pivot: float, exponent: int) -> EntrySums:
        """Take all entries of `entries`; sums of one pivot and exponent can be added.

        float32 entries need no exponent: their fourth powers fit into float64 as they are.
        """
        exponent = 0 if entries.dtype == np.float32 else max(-1000, min(exponent, 1000))
        pivot = float(entries.dtype.type(pivot))
        if not isfinite(pivot):
            pivot = 0.0
        flat = entries.reshape(-1)
        buffers = np.empty((2, min(flat.size, STEP)))
        parts = (flat[start : start + STEP] for start in range(0, flat.size, STEP))
        with np.errstate(all="ignore"):
            return reduce(add, (cls._of_part(part, pivot, exponent, buffers) for part in parts))

    @classmethod
    def _of_part(cls, part: Array, pivot: float, exponent: int, buffers: Array) -> EntrySums:
        size = part.size
        low, high = float(part.min()), float(part.max())
        if not (isfinite(low) and isfinite(high)):
            part = part[np.isfinite(part)]
            low, high = float(part.min(initial=np.inf)), float(part.max(initial=-np.inf))
        d, square = buffers[:, : part.size]
        np.copyto(d, part)
        if pivot:
            d -= pivot
        if exponent:
            d *= 2.0**-exponent
        np.multiply(d, d, out=square)
        sums = float(d.sum()), float(np.dot(d, d)), float(np.dot(d, square))
        powers = (float(part.size), *sums, float(np.dot(square, square)))
        return cls(powers, low, high, int(np.count_nonzero(part == 0)), size, pivot, exponent)

    def __add__(self, other: EntrySums) -> EntrySums:
        """Merge the sums of other entries about the same pivot."""
        a, b = self.powers, other.powers
        return EntrySums(
            (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]),
            min(self.low, other.low),
            max(self.high, other.high),
            self.zeros + other.zeros,
            self.size + other.size,
            self.pivot,
            self.exponent,
        )

    @property
    def mean(self) -> float | None:
        """Mean; None without a finite entry, like the figures below."""
        if not self.powers[0]:
            return None
        return float(np.ldexp(self.powers[1] / self.powers[0], self.exponent)) + self.pivot

    @property
    def std(self) -> float | None:
        """Standard deviation, ddof 0."""
        if not self.powers[0]:
            return None
        return float(np.ldexp(sqrt(self._central()[0]), self.exponent))

    @property
    def kurtosis(self) -> float | None:
        """Fourth standardized moment; None also where all entries are equal."""
        if self.low >= self.high:
            return None
        variance, fourth = self._central()
        return fourth / variance**2 if variance else None

    def _central(self) -> tuple[float, float]:
        n, *sums = self.powers
        m, m2, m3, m4 = (total / n for total in sums)
        return max(m2 - m**2, 0.0), m4 - 4 * m * m3 + 6 * m**2 * m2 - 3 * m**4
