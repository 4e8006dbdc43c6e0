"""Normalizations: of the values of one input, or of one unit over all inputs.

None has parameters of its own. Each is computed in float64, whatever the dtype of what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from weightinit_cli.network.layer import Fitted, Joint
from weightinit_cli.network.sums import STEP, UnitMoments

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]

# What is added to a variance, or a mean square, before its root is taken: torch's for LayerNorm and
# BatchNorm.
EPS = 1e-5
# What normalizing a value takes, in multiply-adds; for the progress alone.
WORK = 20.0
# Values of the dtype, of which one of float64 is two, that are held of each value that is given.
HELD = 6


@dataclass(frozen=True, slots=True)
class Norm:
    """What all normalizations have in common, of so many values of one input."""

    units: int

    @property
    def work(self) -> float:
        """What all of it takes for one input, in multiply-adds."""
        return WORK * self.units

    @property
    def scratch(self) -> int:
        """Values that either pass holds of each input beside what it is given."""
        return HELD * self.units


class _OfInputs(Norm):
    """A normalization of each input by itself, over its units; `centred` subtracts their mean."""

    __slots__ = ()
    centred: ClassVar[bool]

    def forward(self, x: Array, out: Array) -> None:
        """Put the outputs into `out`, which may be x."""
        for rows in _steps(x):
            outputs, inverses = _centred(x[rows], centred=self.centred)
            np.multiply(outputs, inverses, out=out[rows], casting="same_kind")

    def backward(self, delta: Array, x: Array, out: Array) -> None:
        """Put the derivative by x into `out`, which may be δ, the one by the outputs.

        It is (δ - mean δ x̂ · x̂) / sqrt(v + EPS), of a centred x less the mean of δ, too.
        """
        for rows in _steps(x):
            values, inverses = _centred(x[rows], centred=self.centred)
            d = delta[rows].astype(np.float64)
            shares = np.einsum("ij,ij->i", d, values)[:, np.newaxis] / d.shape[1]
            if self.centred:
                d -= _means(d)
            values *= shares * inverses**2
            d -= values
            np.multiply(d, inverses, out=out[rows], casting="same_kind")


class LayerNorm(_OfInputs):
    """(x - m) / sqrt(v + EPS), m and v being mean and variance over the units of one input.

    Ba, Kiros & Hinton 2016 (arXiv:1607.06450), eq. 3.
    """

    __slots__ = ()
    centred = True


class RMSNorm(_OfInputs):
    """x / sqrt(s + EPS), s being the mean square over the units of one input.

    Zhang & Sennrich 2019 (arXiv:1910.07467), eq. 4.
    """

    __slots__ = ()
    centred = False


class BatchNorm(Norm, Joint):
    """(x - m) / sqrt(v + EPS), m and v being one unit's mean and variance over all inputs.

    Ioffe & Szegedy 2015 (arXiv:1502.03167), algorithm 1.
    """

    __slots__ = ()

    def gather(self, x: Array) -> UnitMoments:
        """What is seen of a block of inputs; the sum over all blocks is what `fitted` takes."""
        return UnitMoments.of(x)

    def fitted(self, moments: UnitMoments) -> FittedNorm:
        """The normalization by these moments of all inputs; nan where a value is not finite."""
        counts = moments.counts
        with np.errstate(all="ignore"):
            means = np.ldexp(moments.means, moments.exponent)
            variances = np.ldexp(moments.squares / counts, 2 * moments.exponent)
        means[counts < counts.max()] = np.nan
        return FittedNorm(self.units, means, 1 / np.sqrt(variances + EPS), int(counts.max()))


@dataclass(frozen=True, slots=True)
class ColumnSums:
    """Of every unit, the sum of δ over the inputs and that of δ x̂."""

    deltas: Array
    products: Array

    def __add__(self, other: ColumnSums) -> ColumnSums:
        """Merge the sums over other inputs."""
        return ColumnSums(self.deltas + other.deltas, self.products + other.products)


@dataclass(frozen=True, slots=True)
class FittedNorm(Norm, Fitted):
    """A batch normalization of known means and 1 / sqrt(v + EPS), shape (units,) each.

    Without `sums`, `backward` takes means and variances for constants; with those over all
    `inputs` it is the derivative by x, which both depend on.
    """

    means: Array
    inverses: Array
    inputs: int
    sums: ColumnSums | None = None

    def forward(self, x: Array, out: Array) -> None:
        """Put the outputs into `out`, which may be x."""
        for rows in _steps(x):
            out[rows] = self._outputs(x[rows])

    def gather_back(self, delta: Array, x: Array) -> ColumnSums:
        """What is seen of a block on the way back; the sum over all blocks is for `returning`."""
        deltas, products = np.zeros(self.units), np.zeros(self.units)
        for rows in _steps(x):
            d = delta[rows].astype(np.float64)
            deltas += d.sum(axis=0)
            products += np.einsum("ij,ij->j", d, self._outputs(x[rows]))
        return ColumnSums(deltas, products)

    def returning(self, sums: ColumnSums) -> FittedNorm:
        """The same, with the sums that `backward` needs."""
        return replace(self, sums=sums)

    def backward(self, delta: Array, x: Array, out: Array) -> None:
        """Put the derivative by x into `out`, which may be δ, the one by the outputs."""
        for rows in _steps(x):
            d = delta[rows].astype(np.float64)
            if self.sums is not None:
                d -= self.sums.deltas / self.inputs
                d -= self._outputs(x[rows]) * (self.sums.products / self.inputs)
            d *= self.inverses
            out[rows] = d

    def _outputs(self, x: Array) -> Array:
        outputs: Array = (x - self.means) * self.inverses
        return outputs


def _centred(x: Array, *, centred: bool) -> tuple[Array, Array]:
    """What is divided, in float64, and 1 / sqrt(v + EPS) of every input, shape (n, 1)."""
    values = x.astype(np.float64)
    if centred:
        values -= _means(values)
    squares = np.einsum("ij,ij->i", values, values)[:, np.newaxis] / x.shape[1]
    return values, 1 / np.sqrt(squares + EPS)


def _means(values: Array) -> Array:
    units = values.shape[1]
    means: Array = values @ np.full((units, 1), 1 / units)
    return means


def _steps(x: Array) -> Iterator[slice]:
    """A few rows after the others: their float64 copies stay in a core's cache."""
    height = max(1, STEP // x.shape[1])
    for top in range(0, len(x), height):
        yield slice(top, top + height)
