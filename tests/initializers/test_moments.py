"""Empirical moments, law and support of every initializer, against closed forms written out here.

Tolerances come from the sampling error. Of n independent draws with standard deviation σ and
kurtosis κ, the mean has the standard error σ/sqrt(n) and the standard deviation
σ sqrt((κ - 1) / (4 n)). Entries that are bound to each other (orthogonal, sparse, nguyen_widrow)
vary less than that.

A kernel (height, width, in, out) has the law of its fans where its entries are independent of each
other, else that of the matrix (height width in, out).
"""

from __future__ import annotations

from math import ceil, erf, exp, inf, isfinite, log, pi, prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from scipy.special import ndtr

from support.cases import every
from support.examples import each_initializer
from weightinit_cli.initializers import INITIALIZERS, Fans
from weightinit_cli.initializers.samplers import fixed_norm, independent
from weightinit_cli.streams import Role, stream

if TYPE_CHECKING:
    from collections.abc import Callable

# Two-sided probability 7e-6 per test, the seeds are fixed.
Z = 4.5
# Wide and tall, of 150,000 entries: the standard deviation is known to 0.2 %.
MATRICES = (Fans(300, 500), Fans(500, 300))
# (3, 5, 80, 120) and (3, 5, 120, 80), of 144,000.
KERNELS = (Fans(1200, 1800, kernel=(3, 5)), Fans(1800, 1200, kernel=(3, 5)))
FANS = (*MATRICES, *KERNELS)
DTYPES = ("float32", "float64")


class Expected(NamedTuple):
    """An entry's law: moments, support and distribution function, or the matrix itself."""

    mean: float
    std: float
    kurtosis: float
    low: float = -inf
    high: float = inf
    cdf: Callable[[np.ndarray], np.ndarray] | None = None
    matrix: Callable[[tuple[int, int]], np.ndarray] | None = None


def gaussian(std, mean=0.0):
    return Expected(mean, std, 3, cdf=lambda x: ndtr((x - mean) / std))


def cut(sigma, mean=0.0):
    """N(mean, sigma²) cut at two sigma; the moments of N(0, 1) cut at ± c are classical:

    m2 = 1 - 2 c φ(c) / P,  m4 = 3 - 2 (c³ + 3 c) φ(c) / P,  P = 2 Φ(c) - 1 = erf(c / sqrt 2).
    """
    c = 2
    density, inside = exp(-(c**2) / 2) / sqrt(2 * pi), erf(c / sqrt(2))
    m2 = 1 - 2 * c * density / inside
    m4 = 3 - 2 * (c**3 + 3 * c) * density / inside
    return Expected(
        mean,
        sigma * sqrt(m2),
        m4 / m2**2,
        mean - 2 * sigma,
        mean + 2 * sigma,
        lambda x: (ndtr((x - mean) / sigma) - ndtr(-c)) / inside,
    )


def flat(low, high):
    return Expected(
        (low + high) / 2,
        (high - low) / sqrt(12),
        1.8,
        low,
        high,
        lambda x: (x - low) / (high - low),
    )


def fixed(value):
    return Expected(value, 0.0, 1, value, value, matrix=lambda shape: np.full(shape, value))


def diagonal(n_in, n_out, gain=1.0):
    p = 1 / max(n_in, n_out)
    std = gain * sqrt(p * (1 - p))
    return Expected(gain * p, std, 1, 0, gain, matrix=lambda shape: gain * np.eye(*shape))


def copies(fans, groups=1):
    """dirac: ones as torch's loops put them, in (height, width, in, out)."""
    height, width = fans.kernel
    each = fans.columns // groups
    ones = [(d, g * each + d) for g in range(groups) for d in range(min(each, fans.channels))]

    def matrix(shape):
        kernel = np.zeros((height, width, fans.channels, fans.columns))
        for d, channel in ones:
            kernel[height // 2, width // 2, d, channel] = 1
        return kernel.reshape(shape)

    p = len(ones) / (fans.fan_in * fans.columns)
    return Expected(p, sqrt(p - p**2), 1, 0, 1, matrix=matrix)


def centred(fans, gain=1.0):
    """delta_orthogonal: orthonormal rows of length out in a share 1 / (height width) of the taps.

    Their squares add up to gain² in.
    """
    n, share = fans.columns, 1 / prod(fans.kernel)
    variance = gain**2 * fans.channels / (fans.fan_in * n)
    return Expected(0, sqrt(variance), 3 * n / (n + 2) / share, -gain, gain)


def orthonormal(n_in, n_out, gain=1.0):
    """One coordinate of a point on the sphere in n dimensions: variance 1/n, kurtosis 3n/(n+2)."""
    n = max(n_in, n_out)
    return Expected(0, gain / sqrt(n), 3 * n / (n + 2), -gain, gain)


def with_zeros(n_in, n_out, sparsity, std=0.01):
    """N(0, std²) with a share of zeros: second and fourth moments shrink by what is kept."""
    kept = 1 - ceil(sparsity * n_out) / n_out
    return Expected(0, std * sqrt(kept), 3 / kept if kept else 1)


def of_one_norm(n_in, n_out):
    """Columns of norm 0.7 n_out^(1 / n_in); the kurtosis of a uniform entry, where n_in is large.

    The root mean square is exact, whatever the kurtosis.
    """
    norm = 0.7 * exp(log(n_out) / n_in)
    return Expected(0, norm / sqrt(n_in), 1.8, -norm, norm)


def scaled(variance, distribution):
    """The law of this variance: for the truncated one, the variance *after* the cut."""
    std = sqrt(variance)
    if distribution == "normal":
        return gaussian(std)
    if distribution == "uniform":
        return flat(-sqrt(3) * std, sqrt(3) * std)
    return cut(std / 0.87962566103423978)


def fan(n_in, n_out, mode):
    return {"fan_in": n_in, "fan_out": n_out, "fan_avg": (n_in + n_out) / 2}[mode]


def kaiming(distribution):
    def expected(n_in, n_out, mode="fan_in", gain=None, negative_slope=0.0):
        square = gain**2 if gain is not None else 2 / (1 + negative_slope**2)
        return scaled(square / fan(n_in, n_out, mode), distribution)

    return expected


EXPECTED: dict[str, Callable[..., Expected]] = {
    "zeros": lambda n_in, n_out: fixed(0.0),
    "ones": lambda n_in, n_out: fixed(1.0),
    "constant": lambda n_in, n_out, value: fixed(value),
    "normal": lambda n_in, n_out, std, mean=0.0: gaussian(std, mean),
    "uniform": lambda n_in, n_out, low, high: flat(low, high),
    "truncated_normal": lambda n_in, n_out, std, mean=0.0: cut(std, mean),
    "variance_scaling": lambda n_in, n_out, scale, mode, distribution: scaled(
        scale / fan(n_in, n_out, mode), distribution
    ),
    "lecun_normal": lambda n_in, n_out: scaled(1 / n_in, "truncated_normal"),
    "lecun_uniform": lambda n_in, n_out: flat(-sqrt(3 / n_in), sqrt(3 / n_in)),
    "glorot_normal": lambda n_in, n_out: scaled(2 / (n_in + n_out), "truncated_normal"),
    "xavier_normal": lambda n_in, n_out, gain=1.0: gaussian(gain * sqrt(2 / (n_in + n_out))),
    "xavier_uniform": lambda n_in, n_out, gain=1.0: flat(
        -gain * sqrt(6 / (n_in + n_out)), gain * sqrt(6 / (n_in + n_out))
    ),
    "he_normal": lambda n_in, n_out: scaled(2 / n_in, "truncated_normal"),
    "he_uniform": lambda n_in, n_out: flat(-sqrt(6 / n_in), sqrt(6 / n_in)),
    "kaiming_normal": kaiming("normal"),
    "kaiming_uniform": kaiming("uniform"),
    "torch_linear": lambda n_in, n_out: flat(-1 / sqrt(n_in), 1 / sqrt(n_in)),
    "sparse": with_zeros,
    "critical": lambda n_in, n_out, sigma_w: scaled(sigma_w**2 / n_in, "normal"),
    "siren": lambda n_in, n_out, omega: flat(-sqrt(6 / n_in) / omega, sqrt(6 / n_in) / omega),
    "nguyen_widrow": of_one_norm,
    "orthogonal": orthonormal,
    "lsuv": lambda n_in, n_out, tolerance=0.1: orthonormal(n_in, n_out),
    "identity": diagonal,
}
# Of the matrix, whatever the receptive field.
OF_MATRIX = {"sparse", "nguyen_widrow", "orthogonal", "lsuv"}
OF_KERNEL: dict[str, Callable[..., Expected]] = {"dirac": copies, "delta_orthogonal": centred}


@pytest.fixture(scope="module")
def drawn():
    """Weights by name, parameters, shape and dtype; each is drawn once."""
    kept = {}

    def draw(example, fans, dtype):
        name, given = example
        key = (name, *given.items(), fans, dtype)
        if key not in kept:
            weights = np.full((fans.fan_in, fans.columns), np.nan, dtype)
            INITIALIZERS[name].build(fans, **given).fill(weights, stream(0, Role.WEIGHTS))
            kept[key] = weights
        return kept[key]

    return draw


def expected_of(example, fans):
    name, given = example
    if name in OF_KERNEL:
        return OF_KERNEL[name](fans, **given)
    return EXPECTED[name](fans.fan_in, fans.columns if name in OF_MATRIX else fans.fan_out, **given)


def z_of_mean(values, law):
    return (values.mean() - law.mean) / (law.std / sqrt(values.size))


def z_of_std(values, law):
    """Of the root mean square about the mean by formula, so that no degree of freedom is lost."""
    measured = sqrt(np.mean(np.square(values - law.mean)))
    return (measured - law.std) / (law.std * sqrt((law.kurtosis - 1) / (4 * values.size)))


def rounding(law, dtype):
    """Three roundings: of the scale, of its product with a draw, of the sum with the mean."""
    ends = [abs(end) for end in (law.low, law.high) if isfinite(end)]
    largest = max([abs(law.mean) + 8 * law.std, *ends])
    return 3 * float(np.finfo(dtype).eps) * largest


def test_every_entry_has_a_closed_form():
    assert EXPECTED.keys() | OF_KERNEL.keys() == INITIALIZERS.keys()
    assert not EXPECTED.keys() & OF_KERNEL.keys()
    assert OF_KERNEL.keys() == {n for n, row in INITIALIZERS.items() if row.only == "kernel"}


@each_initializer(FANS)
def test_figures_of_the_formula(example, fans, build):
    small = (Fans(1, 1), Fans(7, 3)) if not fans.kernel else (Fans(12, 16, kernel=(2, 2)),)
    for each in (fans, *small):
        law, sampler = expected_of(example, each), build(each)
        assert sampler.mean == pytest.approx(law.mean, rel=1e-14, abs=1e-300)
        assert sampler.std == pytest.approx(law.std, rel=1e-14, abs=1e-300)


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_empirical_moments(example, fans, dtype, drawn):
    law, weights = expected_of(example, fans), drawn(example, fans, dtype)
    assert weights.dtype == dtype
    if law.matrix is not None:
        assert np.array_equal(weights, law.matrix(weights.shape).astype(dtype))
        return
    values = weights.astype(np.float64).ravel()
    # What float32 rounds away, in standard errors, is far below one.
    assert abs(z_of_mean(values, law)) < Z
    assert abs(z_of_std(values, law)) < Z


@each_initializer(FANS)
def test_a_wrong_convention_would_fail_by_far(example, fans, drawn):
    """The power of the test above: by √2 (He for Xavier) or by truncation, z exceeds 30.

    At 144,000 entries 12 % are at least 0.12 / sqrt((3 - 1) / (4 × 144,000)) = 64 errors; of a
    delta-orthogonal kernel, with a kurtosis of 44, they are 14.
    """
    law = expected_of(example, fans)
    least = 10 if example[0] == "delta_orthogonal" else 30
    if law.std == 0 or law.matrix is not None:
        return
    values = drawn(example, fans, "float64").ravel()
    for factor in (sqrt(2), sqrt(0.5), 0.87962566103423978, 1 / 0.87962566103423978):
        assert abs(z_of_std(law.mean + (values - law.mean) * factor, law)) > least


@each_initializer(FANS)
def test_swapped_fans_would_fail_by_far(example, fans, drawn):
    """300 for 500 inputs is a factor of 1.29, so that no scheme passes with the wrong fan."""
    if INITIALIZERS[example[0]].only == "kernel":
        return
    swapped = Fans(fans.fan_out, fans.fan_in, kernel=fans.kernel)
    here, there = expected_of(example, fans), expected_of(example, swapped)
    if here.std == there.std:
        return
    assert abs(z_of_std(drawn(example, fans, "float64").ravel(), there)) > 30


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_law(example, fans, dtype, drawn):
    """Kolmogorov-Smirnov: P(sqrt(n) D > d) is about 2 exp(-2 d²), 7e-6 at d = 2.5."""
    law = expected_of(example, fans)
    if law.cdf is None:
        return
    values = np.sort(drawn(example, fans, dtype).astype(np.float64).ravel())
    n = values.size
    p = law.cdf(values)
    above, below = np.arange(1, n + 1) / n - p, p - np.arange(n) / n
    assert sqrt(n) * max(above.max(), below.max()) < 2.5
    # The tails, where the statistic is blind: no draw in the outer 25 / n has p = exp(-25).
    assert p[0] < 25 / n
    assert p[-1] > 1 - 25 / n


@each_initializer(FANS)
@every("dtype", DTYPES)
def test_support(example, fans, dtype, drawn):
    law, weights = expected_of(example, fans), drawn(example, fans, dtype)
    assert np.isfinite(weights).all()
    assert weights.min() >= law.low - rounding(law, dtype)
    assert weights.max() <= law.high + rounding(law, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_stays_within_a_range_of_few_numbers(dtype):
    """1,024 numbers wide; that low is missing has probability exp(-2**20 / 2**11)."""
    low, high = 1.0, 1.0 + float(np.finfo(dtype).eps) * 1024
    weights = np.empty((1 << 10, 1 << 10), dtype)
    INITIALIZERS["uniform"].build(Fans(1 << 10, 1 << 10), low=low, high=high).fill(
        weights, stream(0, Role.WEIGHTS)
    )
    assert weights.min() == low
    assert weights.max() <= high
    assert np.unique(weights).size >= 1024


def test_truncation_leaves_nothing_beyond_and_nothing_out():
    """Redrawn, not clipped: no heap at ± 2 σ. Within 1 % of the ends lies 2 × 0.02 φ(2) / 0.954."""
    weights = np.empty((1000, 1000), np.float32)
    INITIALIZERS["truncated_normal"].build(Fans(1000, 1000), std=1.0).fill(
        weights, stream(1, Role.WEIGHTS)
    )
    assert np.abs(weights).max() <= 2
    share = (ndtr(2) - ndtr(1.98)) * 2 / (2 * ndtr(2) - 1)
    counted = np.count_nonzero(np.abs(weights) > 1.98)
    assert abs(counted - share * weights.size) < Z * sqrt(share * weights.size)


@pytest.mark.parametrize(
    ("law", "expected"),
    [("normal", gaussian(1)), ("truncated_normal", cut(1)), ("uniform", flat(-1, 1))],
)
def test_the_excess_of_a_law_is_its_kurtosis_less_that_of_a_normal(law, expected):
    assert independent(law, 0.7).excess == pytest.approx(expected.kurtosis - 3, rel=1e-12, abs=0)


def test_the_excess_of_a_fixed_norm_is_that_of_a_sum():
    """For x of N(0, 1) and a fixed |w|, w·x is normal, whose kurtosis is 3.

    Of independent entries, it is 3 + (6 + 3 excess) / n.
    """
    n = 50
    sampler = fixed_norm(1.0, n)
    assert (6 + 3 * sampler.excess) / n == pytest.approx(0)
