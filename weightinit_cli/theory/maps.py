"""The mean-field maps of one layer: the variance q, the distance d = 1 - c, and their slopes.

Poole et al. 2016 (arXiv:1606.05340) and Schoenholz et al. 2017 (arXiv:1611.01232), for wide layers
with independent weights of variance sigma_w² / fan_in and biases of variance sigma_b²:

    q' = sigma_w² E[φ(x)²] + sigma_b²               x ~ N(0, q)
    1 - c' = sigma_w² (E[φ²] - E[φ(x) φ(y)]) / q'   x, y ~ N(0, q) with correlation c
    chi_1 = sigma_w² E[φ'(x)²]

q is the variance of a layer's pre-activations, c the correlation of one unit's pre-activations
for two inputs. c travels as d = 1 - c, because what matters is how it nears 1.

The expectations are evaluated over all magnitudes of q once, as a `Profile`, on which `course`
iterates the map of q for many pairs (sigma_w², sigma_b²) at once.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import takewhile
from math import exp, inf, isnan, log, nan, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.adaptive import UnresolvedError
from weightinit_cli.theory.quadrature import Moments

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations.activation import Array
    from weightinit_cli.theory.expectations import Expectations

# The grid: sixteen values of q to the decade. It goes as far up as a fixed point is sought.
Q_MIN, Q_MAX, PER_DECADE = 1e-12, 1e12, 16
# q' and q are equal when they differ by less than this fraction; expectations hold 1e-10.
EQUAL = 1e-9
# Layers after which q rises or falls steadily, if it did not from the first.
_TRANSIENT = 40
# The shortest grid that is one, and what there is to say where it ends.
FEWEST = 12
UNKNOWN = "it cannot be followed at variances above {q:g}"
_TINY, _HUGE = 1e-300, 1e300
_TINY_LOG, _HUGE_LOG = log(1e-299), log(1e299)
# Sixth-order central differences: the weights of (f(x + kh) - f(x - kh)) / h for k = 1, 2, 3.
_STENCIL = (3 / 4, -3 / 20, 1 / 60)
_STEP = 0.03
# Nearer to 0 than any kink of a table's entry (their smallest parameter is 1e-30).
_BESIDE_ZERO = 1e-200


def next_q(e: Expectations, sigma_w2: float, sigma_b2: float, q: float) -> float:
    """q' = sigma_w² E[φ²] + sigma_b² (the length map of Poole et al.); inf on overflow."""
    return times(sigma_w2, e.moments(q).square) + sigma_b2


def next_d(e: Expectations, sigma_w2: float, sigma_b2: float, q: float, d: float) -> float:
    """1 - c' = sigma_w² (E[φ²] - E[φ(x) φ(y)]) / q' for two inputs of equal q.

    0 where q' = 0, for then nothing differs; nan where q' overflows.
    """
    q_next = next_q(e, sigma_w2, sigma_b2, q)
    if q_next == inf:
        return nan
    return times(sigma_w2, e.spread(q, d)) / q_next if q_next else 0.0


def chi_1(e: Expectations, sigma_w2: float, q: float) -> float:
    """chi_1 = sigma_w² E[φ'²], by which a layer multiplies the gradient's power (Poole et al.).

    It is dc'/dc at c = 1 too, unless φ jumps.
    """
    return times(sigma_w2, limit_at_zero(e).slope_square if q == 0 else e.moments(q).slope_square)


def chi_c(e: Expectations, sigma_w2: float, q: float, d: float) -> float:
    """dc'/dc at c = 1 - d and a fixed point q: sigma_w² E[φ'(x) φ'(y)] (Schoenholz et al.).

    Where φ jumps, φ' has a part that no derivative(x) shows: there by differences in ln d, and
    infinite at d = 0.
    """
    if not e.jumps:
        return times(sigma_w2, e.slope_product(q, d))
    if d == 0:
        return inf if sigma_w2 else 0.0
    spread = e.spread(q, d)
    return times(sigma_w2, spread / q / d * log_slope(lambda near: e.spread(q, near), d))


def chi_q(e: Expectations, sigma_w2: float, q: float) -> float:
    """dq'/dq = sigma_w² dE[φ²]/dq, by differences in ln q; at q = 0 its limit, where φ(0) = 0."""
    if q == 0:
        return times(sigma_w2, limit_at_zero(e).slope_square)
    square = e.moments(q).square
    return times(sigma_w2, square / q * log_slope(lambda near: e.moments(near).square, q))


def gain_of(e: Expectations) -> tuple[float, float]:
    """The gain of an activation, which keeps pre-activations at variance 1, and dq'/dq there.

    The gain is 1 / sqrt(E[φ(z)²]) with z ~ N(0, 1), inf where φ is zero and nan where E[φ²] is not
    known (Klambauer et al. 2017, arXiv:1706.02515). A variance that is off by a little is off by
    dq'/dq times that a layer later, so that above 1 the variance 1 is unstable.
    """
    square = e.moments(1.0).square
    if isnan(square):
        return nan, nan
    if not square:
        return inf, inf
    return square**-0.5, chi_q(e, 1 / square, 1.0)


def limit_at_zero(e: Expectations) -> Moments:
    """The limits of E[φ], E[φ²] and E[φ'²] as q falls to 0: means over both sides of 0.

    At q = 0 itself the activation's choice at a kink would count.
    """
    sides = np.array([-_BESIDE_ZERO, _BESIDE_ZERO])
    phi, slope = e.activation.value(sides), e.activation.derivative(sides)
    phi[np.abs(phi) < sqrt(_BESIDE_ZERO)] = 0  # a value of the order of x itself
    return Moments(*(float(np.mean(each)) for each in (phi, phi * phi, slope * slope)))


def log_slope(f: Callable[[float], float], x: float) -> float:
    """The derivative d ln f / d ln x to about 1e-9, for an f that varies with the magnitude of x.

    It is 0 where f is 0, inf where f overflows. Measured for E[φ²] of erf and sin, q of 1e-6 to 10:
    3e-12.
    """
    values = [f(x * exp(k * _STEP)) for k in (-3, -2, -1, 1, 2, 3)]
    if min(values) <= 0:
        return 0.0
    if max(values) == inf:
        return inf
    logs = [log(value) for value in values]
    rises = (logs[3] - logs[2], logs[4] - logs[1], logs[5] - logs[0])
    return sum(w * rise for w, rise in zip(_STENCIL, rises, strict=True)) / _STEP


def times(factor: float, value: float) -> float:
    """Factor times value, with 0 times infinity being 0: without weights there is no overflow."""
    return factor * value if factor else 0.0


class Profile(NamedTuple):
    """E[φ²] and E[φ'²] under N(0, q) for every q of the grid, and their limits as q falls to 0.

    The arrays have the grid's shape; values are cut to 1e-300..1e300, so that they have logarithms.
    The grid ends at Q_MAX, or before the first q at which they are not known.
    """

    q: Array
    square: Array
    slope_square: Array
    zero: Moments

    def at(self, values: Array, log_q: Array) -> Array:
        """The logarithm of `values` (one per point of the grid) at ln q, interpolated by cubics."""
        first, step = np.log(self.q[0]), np.log(self.q[1] / self.q[0])
        x = np.clip((log_q - first) / step, 0, len(self.q) - 1)
        i = np.clip(x.astype(int), 1, len(self.q) - 3)
        t, y = x - i, np.log(values)
        return np.asarray(
            -t * (t - 1) * (t - 2) / 6 * y[i - 1]
            + (t + 1) * (t - 1) * (t - 2) / 2 * y[i]
            - (t + 1) * t * (t - 2) / 2 * y[i + 1]
            + (t + 1) * t * (t - 1) / 6 * y[i + 2]
        )

    def check_end(self) -> None:
        """Raise UnresolvedError if the grid ends where expectations are not known any more."""
        if self.q[-1] < Q_MAX / 2:
            raise UnresolvedError(UNKNOWN.format(q=float(f"{self.q[-1]:.2g}")))

    @staticmethod
    def uncut(log_value: Array) -> Array:
        """The values of these logarithms, with 0 and inf for what the profile has cut."""
        inside = np.clip(log_value, _TINY_LOG, _HUGE_LOG)
        value = np.where(log_value < _TINY_LOG, 0.0, np.exp(inside))
        return np.asarray(np.where(log_value > _HUGE_LOG, np.inf, value))


@lru_cache(maxsize=16)
def profile(e: Expectations) -> Profile:
    """The moments of e over the grid; remembered for the last few e.

    Raises UnresolvedError where they are known nowhere.
    """
    count = round(np.log10(Q_MAX / Q_MIN)) * PER_DECADE + 1
    q = np.geomspace(Q_MIN, Q_MAX, count)
    moments = list(takewhile(lambda each: not isnan(each.square), map(e.moments, q.tolist())))
    if len(moments) < FEWEST:
        raise UnresolvedError(UNKNOWN.format(q=Q_MIN))
    q = q[: len(moments)]
    square, slope_square = (
        np.clip([getattr(each, name) for each in moments], _TINY, _HUGE)
        for name in ("square", "slope_square")
    )
    return Profile(q, square, slope_square, limit_at_zero(e))


def excess(p: Profile, sigma_w2: Array, sigma_b2: Array) -> Array:
    """q' / q - 1, with a row for each pair (sigma_w2, sigma_b2); 0 where within rounding.

    Column 0 is its limit as q falls to 0 (1 where q' does not vanish there), the others the grid.
    """
    w, b = sigma_w2[:, None], sigma_b2[:, None]
    with np.errstate(over="ignore"):
        inside = (w * p.square + b) / p.q - 1
    zero = p.zero
    limit = np.where(_times(w, zero.square) + b > 0, 1.0, _times(w, zero.slope_square) - 1)
    both = np.concatenate([limit, inside], axis=1)
    return np.asarray(np.where(np.abs(both) <= EQUAL, 0.0, both))


def _times(factors: Array, value: float) -> Array:
    """The factors times a value, with infinity times 0 being 0: what is 0 does not grow."""
    return factors * value if value else np.zeros_like(factors)


def course(p: Profile, sigma_w2: Array, sigma_b2: Array, q_1: Array) -> tuple[Array, Array]:
    """Where q is, and which way it goes, once it rises or falls steadily from q_1 on.

    All arrays have one entry for each pair (sigma_w2, sigma_b2). The first that is returned is the
    column k of `excess` where q lies between columns k and k + 1; the second is 1 where q rises
    from there, -1 where it falls, 0 where it stays as it is.
    """
    low, high = np.log(p.q[[0, -1]])
    log_q = np.log(np.maximum(q_1, _TINY))
    for _ in range(_TRANSIENT):
        log_q = np.clip(log_q, low, high)
        log_q, before = _log_next(p, sigma_w2, sigma_b2, log_q), log_q
    here = np.searchsorted(np.log(p.q), before, side="right")
    here = np.where(q_1 > 0, np.minimum(here, len(p.q) - 1), 0)
    rows, sign = np.arange(len(here)), np.sign(excess(p, sigma_w2, sigma_b2))
    around = sign[rows, here] + sign[rows, here + 1]
    rises = np.where(around, around > 0, log_q > before) & (q_1 > 0)
    stays = (sign[rows, here] == 0) & (sign[rows, here + 1] == 0) & (q_1 > 0)
    return here, np.where(stays, 0, np.where(rises, 1, -1))


def _log_next(p: Profile, sigma_w2: Array, sigma_b2: Array, log_q: Array) -> Array:
    """The logarithm of q' = sigma_w² E[φ²] + sigma_b², with E[φ²] interpolated at ln q."""
    with np.errstate(over="ignore"):
        square = np.exp(p.at(p.square, log_q))
        return np.asarray(np.log(np.maximum(sigma_w2 * square + sigma_b2, _TINY)))
