"""How weights are drawn: entries independent of each other, or a matrix as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, prod, sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

Matrix = np.ndarray[Any, Any]

# Standard deviation of N(0, 1) truncated at two standard deviations:
# sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)); and its excess kurtosis, from a fourth moment of 3 less
# 28 phi(2) / (2 Phi(2) - 1).
TRUNCATED_STD: Final = 0.87962566103423978
TRUNCATED_EXCESS: Final = -0.6344632828703505


class Fans(NamedTuple):
    """Connections into and out of one unit; a kernel's receptive field multiplies both.

    `first` says that the layer sees the inputs themselves; `kernel` is a convolution's, (height,
    width), empty for a matrix.
    """

    fan_in: int
    fan_out: int
    first: bool = False
    kernel: tuple[int, ...] = ()

    @classmethod
    def of_kernel(cls, kernel: tuple[int, ...], inputs: int, outputs: int, *, first: bool) -> Fans:
        """Return the fans of a convolution between these numbers of channels."""
        area = prod(kernel)
        return cls(inputs * area, outputs * area, first, kernel)

    @property
    def channels(self) -> int:
        """The inputs that one tap of a kernel sees, of a matrix all: the channels that go in."""
        return self.fan_in // prod(self.kernel)

    @property
    def columns(self) -> int:
        """The columns of the weights as a matrix: units, or the channels that come out."""
        return self.fan_out // prod(self.kernel)

    @property
    def larger(self) -> int:
        """The larger side of the weights as a matrix, which has `fan_in` rows."""
        return max(self.fan_in, self.columns)


class Sampler(Protocol):
    """One layer's weights as a matrix, ready to be drawn.

    Its shape is (fan_in, out), with a column per unit or output channel: a convolution's kernels,
    (height, width, in, out), in C order.

    `mean` and `std` are those of an entry, by formula. `whole` says that the matrix must be
    filled in one call, which takes up to `scratch` bytes an entry beside it; otherwise it may be
    filled in panels of rows, each from its own stream.
    """

    @property
    def mean(self) -> float:
        """Expectation of an entry."""
        ...

    @property
    def std(self) -> float:
        """Standard deviation of an entry."""
        ...

    @property
    def whole(self) -> bool:
        """Whether one call must fill the whole matrix."""
        ...

    @property
    def scratch(self) -> int:
        """Bytes an entry that filling a whole matrix takes beside it."""
        ...

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill `panel` in place and return a fingerprint of the unscaled draws, b"" without any."""
        ...


def fingerprint(draws: Matrix) -> bytes:
    """Return bytes that differ when any one draw differs; cheap beside drawing them."""
    words = draws.view(np.uint32 if draws.dtype == np.float32 else np.uint64)
    return bytes(np.bitwise_xor.reduce(words, axis=0).data)


class Law(NamedTuple):
    """A distribution in its standard form: how it is drawn in float32, its std and excess kurtosis.

    The draws of every dtype are those of float32, so that runs which differ in dtype alone see the
    same network. (In float64, numpy draws a normal by other numbers altogether.)
    """

    draw: Callable[[Matrix, Generator], None]
    std: float
    excess: float

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill `panel` with draws, in float64 exactly those of float32; return their fingerprint.

        Other dtypes than float32 take 4 bytes an entry beside it.
        """
        draws = panel if panel.dtype == np.float32 else np.empty(panel.shape, np.float32)
        self.draw(draws, generator)
        if draws is not panel:
            panel[...] = draws
        return fingerprint(draws)


def _normal(draws: Matrix, generator: Generator) -> None:
    generator.standard_normal(out=draws, dtype=np.float32)


def _truncated_normal(draws: Matrix, generator: Generator) -> None:
    _normal(draws, generator)
    flat = draws.reshape(-1)
    outside = np.flatnonzero(np.abs(flat) > 2)
    while outside.size:
        redrawn = generator.standard_normal(outside.size, dtype=np.float32)
        flat[outside] = redrawn
        outside = outside[np.abs(redrawn) > 2]


def _uniform(draws: Matrix, generator: Generator) -> None:
    generator.random(out=draws, dtype=np.float32)
    draws *= 2
    draws -= 1


LAWS: Final = {
    "normal": Law(_normal, 1.0, 0.0),
    "truncated_normal": Law(_truncated_normal, TRUNCATED_STD, TRUNCATED_EXCESS),
    "uniform": Law(_uniform, 3**-0.5, -1.2),
}


@dataclass(frozen=True, slots=True)
class Independent:
    """Entries `mean + scale * z`, with z independent draws from a standard law of LAWS.

    "normal" is N(0, 1); "truncated_normal" is N(0, 1) redrawn until it lies within [-2, 2];
    "uniform" is U[-1, 1).
    """

    law: str
    scale: float
    mean: float = 0.0
    whole = False
    scratch = 0

    @property
    def std(self) -> float:
        """Standard deviation of an entry: the scale times that of the standard law."""
        return self.scale * LAWS[self.law].std

    @property
    def excess(self) -> float:
        """Kurtosis of an entry, less the 3 of a normal one."""
        return LAWS[self.law].excess

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill any number of rows."""
        drawn = LAWS[self.law].fill(panel, generator)
        panel *= self.scale
        if self.mean:
            panel += self.mean
        return drawn


@dataclass(frozen=True, slots=True)
class Constant:
    """Every entry equal to `mean`; nothing is drawn."""

    mean: float
    std = 0.0
    excess = 0.0
    whole = False
    scratch = 0

    def fill(self, panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG002
        """Fill any number of rows."""
        panel[...] = self.mean
        return b""


@dataclass(frozen=True, slots=True)
class Orthogonal:
    """Orthonormal rows or columns, whichever are fewer, times `gain`: uniform over all such (Haar).

    The standard deviation of an entry is gain / sqrt(max(fan_in, out)).
    """

    gain: float
    fans: Fans
    mean = 0.0
    whole = True
    scratch = 40  # the Gaussian matrix, Q, R and the copies of LAPACK

    @property
    def std(self) -> float:
        """Standard deviation of an entry: gain / sqrt(max(fan_in, out))."""
        return self.gain / sqrt(self.fans.larger)

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill the whole matrix: Q of a Gaussian matrix, with the signs of R's diagonal."""
        gaussian = np.empty((max(panel.shape), min(panel.shape)), panel.dtype)
        drawn = LAWS["normal"].fill(gaussian, generator)
        q, r = np.linalg.qr(gaussian)
        q *= np.where(np.diagonal(r) < 0, -self.gain, self.gain).astype(q.dtype)
        panel[...] = q if q.shape == panel.shape else q.T
        return drawn


@dataclass(frozen=True, slots=True)
class Identity:
    """`gain` on the main diagonal, zero elsewhere, for any rectangular shape.

    With `groups`, which must divide the columns, so many such matrices side by side.
    """

    gain: float
    fans: Fans
    groups: int = 1
    whole = True
    scratch = 0

    @property
    def _share(self) -> float:
        return min(1 / self.fans.fan_in, self.groups / self.fans.columns)

    @property
    def mean(self) -> float:
        """Mean over the entries: gain p, p = min(1 / fan_in, groups / out)."""
        return self.gain * self._share

    @property
    def std(self) -> float:
        """Standard deviation over the entries: gain sqrt(p (1 - p)), p as in `mean`."""
        return self.gain * sqrt(self._share * (1 - self._share))

    def fill(self, panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG002
        """Fill the whole matrix."""
        panel[...] = 0
        for group in np.split(panel, self.groups, axis=1):
            np.fill_diagonal(group, self.gain)
        return b""


@dataclass(frozen=True, slots=True)
class Sparse:
    """N(0, scale²) with exactly `zeros` entries of each row, at random places, set to zero."""

    scale: float
    zeros: int
    columns: int
    mean = 0.0
    whole = False
    scratch = 0

    @property
    def std(self) -> float:
        """Standard deviation of an entry: scale sqrt(1 - zeros / columns)."""
        return self.scale * sqrt(1 - self.zeros / self.columns)

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill any number of rows."""
        drawn = LAWS["normal"].fill(panel, generator)
        kept = np.ones(panel.shape, bool)
        kept[:, : self.zeros] = False
        generator.permuted(kept, axis=1, out=kept)
        panel *= self.scale
        panel[~kept] = 0
        return drawn


@dataclass(frozen=True, slots=True)
class FixedNorm:
    """Columns (the weights into one unit) of one norm, their directions those of U[-1, 1) draws."""

    norm: float
    fan_in: int
    mean = 0.0
    whole = True
    scratch = 8  # the squares for the norms

    @property
    def std(self) -> float:
        """Root mean square of a column's entries: norm / sqrt(fan_in)."""
        return self.norm / sqrt(self.fan_in)

    @property
    def excess(self) -> float:
        """What independent entries would need for a sum of inputs of N(0, 1) to have its kurtosis.

        That is less than 3 by 6 / fan_in, as the norm is fixed.
        """
        return -2.0

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill the whole matrix."""
        drawn = LAWS["uniform"].fill(panel, generator)
        panel[:, ~panel.any(axis=0)] = 1
        panel *= self.norm / np.linalg.norm(panel, axis=0)
        return drawn


@dataclass(frozen=True, slots=True)
class Centred:
    """A kernel with `matrix`, of shape (in, out), as its tap at `centre`, and zeros around it.

    With p = 1 / (height width) the share of the matrix, entries have the mean p mean and, by the
    law of total variance, the standard deviation sqrt(p (std² + (1 - p) mean²)).
    """

    matrix: Sampler
    kernel: tuple[int, ...]
    centre: tuple[int, ...]
    whole = True

    @property
    def _share(self) -> float:
        return 1 / prod(self.kernel)

    @property
    def mean(self) -> float:
        """Mean over the entries."""
        return self._share * self.matrix.mean

    @property
    def std(self) -> float:
        """Standard deviation over the entries."""
        p = self._share
        return sqrt(p) * hypot(self.matrix.std, sqrt(1 - p) * self.matrix.mean)

    @property
    def scratch(self) -> int:
        """Bytes that filling the matrix takes, for each entry of the kernel."""
        return -(-self.matrix.scratch // prod(self.kernel))

    def fill(self, panel: Matrix, generator: Generator) -> bytes:
        """Fill the whole kernel, of shape (height width in, out)."""
        panel[...] = 0
        taps = panel.reshape(*self.kernel, -1, panel.shape[1])
        return self.matrix.fill(taps[self.centre], generator)


class Given:
    """The entries of a matrix, such as what learning has made of draws.

    `drawn` stands for the draws that it was made from, if any.
    """

    whole = True
    scratch = 0

    def __init__(self, entries: Matrix, drawn: bytes = b"") -> None:
        self.entries = entries
        self.mean = float(entries.mean(dtype=np.float64))
        self.std = float(entries.std(dtype=np.float64))
        self._drawn = drawn

    def fill(self, panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG002
        """Fill the whole matrix."""
        panel[...] = self.entries
        return self._drawn
