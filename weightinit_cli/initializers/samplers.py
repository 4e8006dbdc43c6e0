"""How weights are drawn: entries independent of each other, or a matrix as a whole."""

from __future__ import annotations

from math import erfc, exp, hypot, pi, prod, sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

    Example:
        >>> import weightinit_cli as winit
        >>> fans = winit.Fans(fan_in=9 * 16, fan_out=9 * 32, kernel=(3, 3))
        >>> fans.channels, fans.columns
        (16, 32)
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


class Sampler(NamedTuple):
    """One layer's weights as a matrix, ready to be drawn.

    Its shape is (fan_in, out), with a column per unit or output channel: a convolution's kernels,
    (height, width, in, out), in C order. `fill(panel, generator)` fills a panel of rows in place
    and returns a fingerprint of the unscaled draws, b"" without any.

    `mean` and `std` are those of an entry, by formula. `whole` says that the matrix must be
    filled in one call, which takes up to `scratch` bytes an entry beside it; otherwise it may be
    filled in panels of rows, each from its own stream.

    `excess` is the kurtosis of an entry, less the 3 of a normal one, where the weights into one
    unit are independent of those into all others; None where they are not. `law` names the one of
    LAWS that all entries are drawn from, independently; it is empty where there is none. `given`
    says that the entries are those of a matrix that is there already.
    """

    mean: float
    std: float
    fill: Callable[[Matrix, Generator], bytes]
    whole: bool = False
    scratch: int = 0
    excess: float | None = None
    law: str = ""
    given: bool = False


def fingerprint(draws: Matrix) -> bytes:
    """Return bytes that differ when any one draw differs; cheap beside drawing them."""
    words = draws.view(np.uint32 if draws.dtype == np.float32 else np.uint64)
    return bytes(np.bitwise_xor.reduce(words, axis=0).data)


class Law(NamedTuple):
    """A distribution in its standard form, which is symmetric about 0.

    `draw` fills an array of float32; `std` and `excess` are its standard deviation and excess
    kurtosis, `cdf` its distribution function, and `moment(k)` is E[z^k] for even k.
    The draws of every dtype are those of float32, so that runs which differ in dtype alone see the
    same network. (In float64, numpy draws a normal by other numbers altogether.)
    """

    draw: Callable[[Matrix, Generator], None]
    std: float
    excess: float
    cdf: Callable[[float], float]
    moment: Callable[[int], float]

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


def _normal_cdf(z: float) -> float:
    return erfc(-z / sqrt(2)) / 2


def _truncated_normal_cdf(z: float) -> float:
    below = _normal_cdf(-2.0)
    return min(max((_normal_cdf(z) - below) / (1 - 2 * below), 0.0), 1.0)


def _uniform_cdf(z: float) -> float:
    return min(max((z + 1) / 2, 0.0), 1.0)


def _normal_moment(k: int) -> float:
    """(k - 1)!!."""
    return float(prod(range(1, k, 2)))


def _truncated_normal_moment(k: int) -> float:
    """By parts: E[z^k] = (k - 1) E[z^(k - 2)] - 2^k phi(2) / (2 Phi(2) - 1)."""
    if not k:
        return 1.0
    edge = 2.0**k * exp(-2) / sqrt(2 * pi) / (1 - 2 * _normal_cdf(-2.0))
    return (k - 1) * _truncated_normal_moment(k - 2) - edge


def _uniform_moment(k: int) -> float:
    return 1 / (k + 1)


LAWS: Final = {
    "normal": Law(_normal, 1.0, 0.0, _normal_cdf, _normal_moment),
    "truncated_normal": Law(
        _truncated_normal,
        TRUNCATED_STD,
        TRUNCATED_EXCESS,
        _truncated_normal_cdf,
        _truncated_normal_moment,
    ),
    "uniform": Law(_uniform, 3**-0.5, -1.2, _uniform_cdf, _uniform_moment),
}


def independent(law: str, scale: float, mean: float = 0.0) -> Sampler:
    """Entries `mean + scale * z`, with z independent draws from a standard law of LAWS.

    "normal" is N(0, 1); "truncated_normal" is N(0, 1) redrawn until it lies within [-2, 2];
    "uniform" is U[-1, 1).
    """
    standard = LAWS[law]

    def fill(panel: Matrix, generator: Generator) -> bytes:
        drawn = standard.fill(panel, generator)
        panel *= scale
        if mean:
            panel += mean
        return drawn

    return Sampler(mean, scale * standard.std, fill, excess=standard.excess, law=law)


def filled(value: float) -> Sampler:
    """Every entry equal to `value`; nothing is drawn."""

    def fill(panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG001
        panel[...] = value
        return b""

    return Sampler(value, 0.0, fill, excess=0.0)


def haar(gain: float, fans: Fans) -> Sampler:
    """Orthonormal rows or columns, whichever are fewer, times `gain`: uniform over all such (Haar).

    The matrix is Q of a Gaussian one, with the signs of R's diagonal.
    """

    def fill(panel: Matrix, generator: Generator) -> bytes:
        gaussian = np.empty((max(panel.shape), min(panel.shape)), panel.dtype)
        drawn = LAWS["normal"].fill(gaussian, generator)
        q, r = np.linalg.qr(gaussian)
        q *= np.where(np.diagonal(r) < 0, -gain, gain).astype(q.dtype)
        panel[...] = q if q.shape == panel.shape else q.T
        return drawn

    scratch = 40  # the Gaussian matrix, Q, R and the copies of LAPACK
    return Sampler(0.0, gain / sqrt(fans.larger), fill, whole=True, scratch=scratch)


def diagonal(gain: float, fans: Fans, groups: int = 1) -> Sampler:
    """`gain` on the main diagonal, zero elsewhere, for any rectangular shape.

    With `groups`, which must divide the columns, so many such matrices side by side. A share
    p = min(1 / fan_in, groups / out) of the entries is not zero.
    """
    share = min(1 / fans.fan_in, groups / fans.columns)

    def fill(panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG001
        panel[...] = 0
        for group in np.split(panel, groups, axis=1):
            np.fill_diagonal(group, gain)
        return b""

    return Sampler(gain * share, gain * sqrt(share * (1 - share)), fill, whole=True)


def thinned(scale: float, zeros: int, columns: int) -> Sampler:
    """N(0, scale²) with exactly `zeros` entries of each row, at random places, set to zero."""

    def fill(panel: Matrix, generator: Generator) -> bytes:
        drawn = LAWS["normal"].fill(panel, generator)
        kept = np.ones(panel.shape, bool)
        kept[:, :zeros] = False
        generator.permuted(kept, axis=1, out=kept)
        panel *= scale
        panel[~kept] = 0
        return drawn

    return Sampler(0.0, scale * sqrt(1 - zeros / columns), fill)


def fixed_norm(norm: float, fan_in: int) -> Sampler:
    """Columns (the weights into one unit) of one norm, their directions those of U[-1, 1) draws.

    The excess is what independent entries would need for a sum of inputs of N(0, 1) to have its
    kurtosis. That is less than 3 by 6 / fan_in, as the norm is fixed.
    """

    def fill(panel: Matrix, generator: Generator) -> bytes:
        drawn = LAWS["uniform"].fill(panel, generator)
        panel[:, ~panel.any(axis=0)] = 1
        panel *= norm / np.linalg.norm(panel, axis=0)
        return drawn

    scratch = 8  # the squares for the norms
    return Sampler(0.0, norm / sqrt(fan_in), fill, whole=True, scratch=scratch, excess=-2.0)


def centred(matrix: Sampler, kernel: tuple[int, ...], centre: tuple[int, ...]) -> Sampler:
    """A kernel with `matrix`, of shape (in, out), as its tap at `centre`, and zeros around it.

    With p = 1 / (height width) the share of the matrix, entries have the mean p mean and, by the
    law of total variance, the standard deviation sqrt(p (std² + (1 - p) mean²)).
    """
    area = prod(kernel)
    p = 1 / area

    def fill(panel: Matrix, generator: Generator) -> bytes:
        panel[...] = 0
        taps = panel.reshape(*kernel, -1, panel.shape[1])
        return matrix.fill(taps[centre], generator)

    std = sqrt(p) * hypot(matrix.std, sqrt(1 - p) * matrix.mean)
    scratch = -(-matrix.scratch // area)
    return Sampler(p * matrix.mean, std, fill, whole=True, scratch=scratch)


def given(entries: Matrix, drawn: bytes = b"") -> Sampler:
    """The entries of a matrix, such as what learning has made of draws.

    `drawn` stands for the draws that it was made from, if any.
    """

    def fill(panel: Matrix, generator: Generator) -> bytes:  # noqa: ARG001
        panel[...] = entries
        return drawn

    mean, std = (float(of(dtype=np.float64)) for of in (entries.mean, entries.std))
    return Sampler(mean, std, fill, whole=True, given=True)
