"""Sums that merge: moments in float64 around a pivot, so that nothing cancels.

`of(a) + of(b)` equals `of(a ++ b)` to rounding, and values that are all equal have a variance of
exactly zero, however they were split.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import frexp, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

# Values per step: their float64 copies stay in a core's cache, and the steps are long enough that
# threads do not wait for each other between them.
STEP = 1 << 17


@dataclass(frozen=True)
class UnitMoments:
    """Count, mean and sum of squared deviations of each unit (column) across the inputs (rows).

    Over the finite values. `means` and `squares` are in units of 2**exponent and its square, so
    that float64 values of any size can be squared. `projection`, shape (directions, units), is
    the sum of the rows times their directions, in the same unit; it has a meaning only where
    all values are finite. `dead` says which units are zero for every input.
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
        step = max(1, STEP // units)
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
        """How many finite values there are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        """Of all values; None without any."""
        return self._scaled(self._pooled_mean) if self.count else None

    @property
    def std(self) -> float | None:
        """Of all values, ddof 0; None without any."""
        return self._scaled(sqrt(self._within + self._between)) if self.count else None

    @property
    def std_within(self) -> float | None:
        """Root mean square, over the units, of each unit's standard deviation."""
        return self._scaled(sqrt(self._within)) if self.count else None

    @property
    def std_between(self) -> float | None:
        """Standard deviation of the units' means."""
        return self._scaled(sqrt(self._between)) if self.count else None

    @property
    def rms(self) -> float | None:
        """Root mean square of all values; None without any."""
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


def exponent_of(values: Array) -> int:
    """The power of two that brings float64 values near one; float32's squares fit as they are."""
    if values.dtype == np.float32:
        return 0
    with np.errstate(invalid="ignore"):
        largest = np.abs(values).max(initial=0, where=np.isfinite(values))
    return max(-1000, min(frexp(float(largest))[1], 1000))
