"""Sums that merge: `of(a) + of(b)` equals `of(a ++ b)` to rounding.

Each is in float64, over the finite values, and as of a unit of a power of two, so that values of
any size can be squared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import frexp, isfinite, ldexp, sqrt
from operator import add
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Powers = tuple[float, float, float, float, float]

# Values per step, of any and of units' moments: their float64 copies stay in a core's cache, and
# the steps are long enough that threads do not wait for each other between them.
STEP = 1 << 16
STEP_OF_UNITS = 1 << 17


@dataclass(frozen=True)
class UnitMoments:
    """Count, mean and sum of squared deviations of each unit (column) across the inputs (rows).

    They are taken about a pivot, so that nothing cancels: the variance of equal values is exactly
    zero, however they were split. `means` and `squares` are in units of 2**exponent and its square.
    `projection`, shape (directions, units), is the sum of the rows times their directions, in the
    same unit; it has a meaning only where all values are finite. `dead` says which units are zero
    for every input.
    """

    counts: Vector
    means: Vector
    squares: Vector
    projection: Array
    dead: Array
    exponent: int = 0

    @classmethod
    def of(cls, values: Array, directions: Array | None = None) -> UnitMoments:
        """Take `values`, shape (inputs, units), with `directions` of shape (k, inputs), k >= 0."""
        if directions is None:
            directions = np.empty((0, len(values)))
        exponent = exponent_of(values)
        with np.errstate(all="ignore"):
            sums = cls._sum(values, directions, exponent)
            if not np.isfinite(sums[2]).all():
                sums = cls._sum_finite(values, exponent, len(directions))
        counts, means, squares, projection = sums
        dead = (means == 0) & (squares == 0)
        dead[dead] = ~values[:, dead].any(axis=0)
        return cls(counts, means, squares, projection, dead, exponent)

    @staticmethod
    def _sum(values: Array, directions: Array, exponent: int) -> tuple[Array, ...]:
        inputs, units = values.shape
        scale = 2.0**-exponent
        pivots = values[0].astype(np.float64) * scale
        rows = np.vstack([np.ones(inputs), directions])
        step = max(1, STEP_OF_UNITS // units)
        buffer = np.empty((min(step, inputs), units))
        sums = np.zeros((len(rows), units))
        squares = np.zeros(units)
        for start in range(0, inputs, step):
            part = values[start : start + step]
            deviations = buffer[: len(part)]
            np.copyto(deviations, part)
            if exponent:
                deviations *= scale
            deviations -= pivots
            sums += rows[:, start : start + step] @ deviations
            squares += np.einsum("ij,ij->j", deviations, deviations)
        shift = sums[0] / inputs
        return (
            np.full(units, float(inputs)),
            pivots + shift,
            np.maximum(squares - inputs * shift**2, 0),
            sums[1:] + rows[1:].sum(axis=1)[:, np.newaxis] * pivots,
        )

    @staticmethod
    def _sum_finite(values: Array, exponent: int, directions: int) -> tuple[Array, ...]:
        finite = np.isfinite(values)
        kept = np.where(finite, values, 0).astype(np.float64) * 2.0**-exponent
        counts = finite.sum(axis=0, dtype=np.float64)
        pivots = kept[finite.argmax(axis=0), np.arange(kept.shape[1])]
        deviations = np.where(finite, kept - pivots, 0)
        shift = deviations.sum(axis=0) / np.maximum(counts, 1)
        means = pivots + shift
        deviations = np.where(finite, deviations - shift, 0)
        squares = np.einsum("ij,ij->j", deviations, deviations)
        return counts, means, squares, np.full((directions, len(means)), np.nan)

    def __add__(self, other: UnitMoments) -> UnitMoments:
        """Merge the moments of other inputs to the same units. Chan et al. 1983, eq. 1.5."""
        exponent = max(self.exponent, other.exponent)
        a, b = self._in_units_of(exponent), other._in_units_of(exponent)
        counts = a.counts + b.counts
        share = b.counts / np.maximum(counts, 1)
        apart = b.means - a.means
        return UnitMoments(
            counts,
            a.means + apart * share,
            a.squares + b.squares + apart**2 * a.counts * share,
            a.projection + b.projection,
            a.dead & b.dead,
            exponent,
        )

    def _in_units_of(self, exponent: int) -> UnitMoments:
        if exponent == self.exponent:
            return self
        shift = self.exponent - exponent
        return replace(
            self,
            means=np.ldexp(self.means, shift),
            squares=np.ldexp(self.squares, 2 * shift),
            projection=np.ldexp(self.projection, shift),
            exponent=exponent,
        )

    @property
    def count(self) -> int:
        """The number of finite values."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        """The mean of all finite values; None without any, like the figures below."""
        return self._scaled(self._pooled_mean) if self.count else None

    @property
    def std(self) -> float | None:
        """The standard deviation of all finite values, ddof 0."""
        return self._scaled(sqrt(self._within + self._between)) if self.count else None

    @property
    def std_within(self) -> float | None:
        """The root mean square, over the units, of each unit's standard deviation."""
        return self._scaled(sqrt(self._within)) if self.count else None

    @property
    def std_between(self) -> float | None:
        """The standard deviation of the units' means."""
        return self._scaled(sqrt(self._between)) if self.count else None

    @property
    def rms(self) -> float | None:
        """The root mean square of all finite values."""
        return self._scaled(self._rms) if self.count else None

    def candidates(self, tolerance: float) -> Array | None:
        """A number for every unit, from 0, the same for units that may be equal.

        None where a value is not finite. They may be where their means and every projection per
        sqrt(inputs) agree within `tolerance` times the root mean square of all values. The
        directions are N(0, 1) per input and have no mean, so that a projection per sqrt(inputs) is
        as large as the rest of a typical difference; a second one tells apart those that agree in
        the first by chance, of which 4,096 units have about ten. Of a single input there is the
        mean alone.
        """
        if not np.isfinite(self.projection).all() or not self.count:
            return None
        inputs = float(self.counts[0])
        rms = self._rms
        cluster = np.zeros(len(self.means), np.int64)
        for row in (self.means, *(self.projection / sqrt(inputs))):
            order = np.lexsort((row, cluster))
            steps = (np.diff(row[order]) > tolerance * rms) | (np.diff(cluster[order]) > 0)
            cluster[order] = np.concatenate([[0], np.cumsum(steps)])
            if steps.all():
                break
        return cluster

    @cached_property
    def _rms(self) -> float:
        return sqrt(self._within + self._between + self._pooled_mean**2)

    @cached_property
    def _pooled_mean(self) -> float:
        pivot = float(self.means[int(np.argmax(self.counts))])
        return pivot + float(self.counts @ (self.means - pivot)) / self.count

    @cached_property
    def _within(self) -> float:
        return float(self.squares.sum()) / self.count

    @cached_property
    def _between(self) -> float:
        apart = self.means - self.means[int(np.argmax(self.counts))]
        mean = float(self.counts @ apart) / self.count
        return max(float(self.counts @ apart**2) / self.count - mean**2, 0.0)

    def _scaled(self, value: float) -> float:
        with np.errstate(over="ignore"):
            return float(np.ldexp(value, self.exponent))


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
        """The mean square in units of 4**exponent; None without a finite value."""
        return self.total / self.count if self.count else None

    def rms(self, exponent: int = 0) -> float | None:
        """The root mean square times 2**exponent, 0 or inf where float64 does not hold it."""
        if not self.count:
            return None
        with np.errstate(all="ignore"):
            return float(np.ldexp(sqrt(self.total / self.count), self.exponent + exponent))


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
        """The mean of the entries; None without a finite one, like the figures below."""
        if not self.powers[0]:
            return None
        return float(np.ldexp(self.powers[1] / self.powers[0], self.exponent)) + self.pivot

    @property
    def std(self) -> float | None:
        """The standard deviation of the entries, ddof 0."""
        if not self.powers[0]:
            return None
        return float(np.ldexp(sqrt(self._central()[0]), self.exponent))

    @property
    def kurtosis(self) -> float | None:
        """The fourth standardized moment of the entries; None also where all are equal."""
        if self.low >= self.high:
            return None
        variance, fourth = self._central()
        return fourth / variance**2 if variance else None

    def _central(self) -> tuple[float, float]:
        n, *sums = self.powers
        m, m2, m3, m4 = (total / n for total in sums)
        return max(m2 - m**2, 0.0), m4 - 4 * m * m3 + 6 * m**2 * m2 - 3 * m**4


def exponent_of(values: Array) -> int:
    """The power of two that brings float64 values near one; float32's squares fit as they are."""
    if values.dtype == np.float32:
        return 0
    with np.errstate(invalid="ignore"):
        largest = np.abs(values).max(initial=0, where=np.isfinite(values))
    return max(-1000, min(frexp(float(largest))[1], 1000))
