"""What a law says of figures of entries drawn by it: how far each may lie from its value.

All laws are symmetric about their mean. With mu_k the moments of the law brought to mean 0 and
variance 1, kappa = mu_4, and n entries, to the first order in 1 / n:

- the mean has the standard deviation sigma / sqrt(n);
- the variance s² has the variance sigma⁴ (kappa / n - (n - 3) / (n (n - 1))) and the skewness
  (mu_6 - 3 kappa + 2) / (kappa - 1)^(3/2) / sqrt(n);
- the kurtosis b_2 is the mean of l = z⁴ - kappa - 2 kappa (z² - 1), beside terms of the second
  order: it has the variance E[l²] / n, and its mean and skewness are worked out in `_Kurtosis`
  (Taylor's series; of a normal law these are the known -6 / n, 24 / n and sqrt(216 / n));
- the k-th smallest entry x has F(x) ~ Beta(k, n - k + 1), which is exact.

A skewed figure is brought to a normal one by a cube root: Wilson & Hilferty 1931; of a kurtosis
with a long upper tail Anscombe & Glynn 1983, eq. 2.
"""

from __future__ import annotations

from functools import cache
from math import copysign, erfc, sqrt
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.initializers.samplers import LAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Draws are multiples of about 2^-24, and scaling and shifting them round once each.
DRAWN = 2.0**-22
# Entries below which a kurtosis is too skewed for the two transformations.
FEWEST_OF_KURTOSIS = 400
# Ratios to what a law expects are cut at this, whose fourth power is a number.
LARGEST = 1e60
# A share of an entry's scale: where rounding moves entries by more, only their mean and standard
# deviation tell of the law.
COARSE = 1e-3
SMALLEST = 1e-300


class Entries(NamedTuple):
    """`size` entries `mean + scale z`, z by `law` of LAWS; `rounding` is that of one, absolute.

    A share `overflow` of them is larger than the dtype's largest number.
    """

    law: str
    mean: float
    scale: float
    size: int
    rounding: float
    overflow: float = 0.0

    @property
    def std(self) -> float:
        """The standard deviation of an entry."""
        return self.scale * LAWS[self.law].std


class Moments(NamedTuple):
    """Mean, standard deviation (ddof 0) and kurtosis of so many entries."""

    size: int
    mean: float
    std: float
    kurtosis: float | None


class Expected(NamedTuple):
    """A figure, what the law expects of it, and how far off that is in standard deviations.

    `z` is the quantile of the normal distribution that is as improbable. Rounding may move the
    figure by `floor`.
    """

    figure: str
    value: float
    expected: float
    z: float
    floor: float


def of_moments(moments: Moments, entries: Entries) -> Iterator[Expected]:
    """Give mean, standard deviation and kurtosis beside what the law expects of so many entries."""
    n, sigma = moments.size, entries.std
    kappa, mu6 = (standard(entries.law, k) for k in (4, 6))
    z = ratio(moments.mean - entries.mean, sigma) * sqrt(n)
    yield Expected("mean", moments.mean, entries.mean, z, entries.rounding)
    if n > 1:
        variance = (kappa - (n - 3) / (n - 1)) / n * ((n - 1) / n) ** 2
        skewness = (mu6 - 3 * kappa + 2) / (kappa - 1) ** 1.5 / sqrt(n - 1)
        off = (ratio(moments.std, sigma) ** 2 - (n - 1) / n) / sqrt(variance)
        yield Expected("std", moments.std, sigma, z_of_gamma(off, skewness), entries.rounding)
    if (
        moments.kurtosis is not None
        and n >= FEWEST_OF_KURTOSIS
        and entries.rounding < COARSE * sigma
    ):
        law = _kurtosis(entries.law)
        off = (moments.kurtosis - kappa - law.shift / n) / sqrt(law.variance / n)
        skewness = law.skewness / sqrt(n)
        z = _z_of_kurtosis(off, skewness) if skewness > 0 else z_of_gamma(off, skewness)
        floor = 8 * kappa * entries.rounding / sigma
        yield Expected("kurtosis", moments.kurtosis, kappa, z, floor)


def errors(law: str, n: int) -> tuple[float, float, float]:
    """The errors of mean and std of n entries, as shares of the std, and of their kurtosis."""
    spread = sqrt((standard(law, 4) - 1) / (4 * n))
    return 1 / sqrt(n), spread, sqrt(_kurtosis(law).variance / n)


def ratio(value: float, unit: float) -> float:
    """A ratio, cut so that its powers are numbers."""
    return max(
        -LARGEST, min(value / unit if unit > abs(value) / LARGEST else value * LARGEST, LARGEST)
    )


def z_of_rank(cdf: Callable[[float], float], rank: int, n: int, z: float, slack: float) -> float:
    """How far the entry of a rank from below, `z` in the law's standard form, is off its law."""
    from scipy.special import betainc

    slack *= 1 + abs(z)
    low = float(betainc(rank, n - rank + 1, cdf(z + slack)))
    # All laws are symmetric: what lies above z is the distribution function of -z.
    high = float(betainc(n - rank + 1, rank, cdf(slack - z)))
    return copysign(z_of(min(low, high)), low - high)


def z_of_count(count: int, n: int, share: float) -> float:
    """How far too many `count` of n entries are, where each counts with probability `share`."""
    from scipy.special import bdtrc

    return z_of(float(bdtrc(count - 1, n, share))) if count else 0.0


def z_of(tail: float) -> float:
    """The z that a normal variable exceeds with this probability; 0 for more than a half."""
    from scipy.special import ndtri

    return max(-float(ndtri(max(tail, SMALLEST))), 0.0)


def two_sided(z: float) -> float:
    """The probability that a normal variable is at least so far off, either way."""
    return erfc(abs(z) / sqrt(2))


def z_of_gamma(off: float, skewness: float) -> float:
    """A standardized gamma variable of this skewness as a normal one: Wilson & Hilferty 1931."""
    if abs(skewness) < SMALLEST:
        return off
    if skewness < 0:
        return -z_of_gamma(-off, -skewness)
    root = float(max(1 + skewness * off / 2, 0.0) ** (1 / 3))
    return 6 / skewness * (root - 1) + skewness / 6


def _z_of_kurtosis(off: float, skewness: float) -> float:
    """A standardized kurtosis of this skewness > 0 as a normal one: Anscombe & Glynn 1983."""
    a = 6 + 8 / skewness * (2 / skewness + sqrt(1 + 4 / skewness**2))
    inner = 1 + off * sqrt(2 / (a - 4))
    if inner <= 0:
        return -float("inf")
    root = float(((1 - 2 / a) / inner) ** (1 / 3))
    return (1 - 2 / (9 * a) - root) / sqrt(2 / (9 * a))


class _Kurtosis(NamedTuple):
    """Of a kurtosis of n entries: its mean less kappa, its variance, both × n, its skewness × √n.

    With a, b, c, d the means of z² - 1, z⁴ - kappa, z and z³ it is, to the second order,
    kappa + (b - 2 kappa a) - 2 a b + 3 kappa a² - 4 c d + (6 + 2 kappa) c².
    """

    shift: float
    variance: float
    skewness: float


@cache
def _kurtosis(law: str) -> _Kurtosis:
    m4, m6, m8, m10, m12 = (standard(law, k) for k in (4, 6, 8, 10, 12))
    aa, ab, bb = m4 - 1, m6 - m4, m8 - m4**2
    shift = -2 * ab + 3 * m4 * aa - 2 * m4 + 6
    variance = bb - 4 * m4 * ab + 4 * m4**2 * aa
    # E[(z⁴ - 2 m4 z² + m4)³], and what the quadratic terms add to the third cumulant.
    p, q = -2 * m4, m4
    cube = (
        m12 + 3 * p * m10 + 3 * (p * p + q) * m8 + (p**3 + 6 * p * q) * m6
        + 3 * q * (p * p + q) * m4 + 3 * p * q * q + q**3
    )  # fmt: skip
    with_a, with_b = ab - 2 * m4 * aa, bb - 2 * m4 * ab
    third = cube + 6 * (3 * m4 * with_a**2 - 2 * with_a * with_b)
    return _Kurtosis(shift, variance, third / variance**1.5)


@cache
def standard(law: str, k: int) -> float:
    """The k-th moment of a law brought to variance 1."""
    return LAWS[law].moment(k) / float(LAWS[law].moment(2) ** (k / 2))


def inverse(cdf: Callable[[float], float], share: float) -> float:
    """The z below which this share of a law lies, by bisection."""
    low, high = -40.0, 40.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if cdf(middle) < share else (low, middle)
    return high
