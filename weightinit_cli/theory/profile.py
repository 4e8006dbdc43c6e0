"""E[φ²] and E[φ'²] over all magnitudes of q, evaluated once, and what iterating q leads to."""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.theory.maps import AtZero, at_zero

if TYPE_CHECKING:
    from weightinit_cli.theory.expectations import Expectations

Array = np.ndarray[Any, Any]

# The grid: sixteen values of q to the decade. It goes as far up as a fixed point is sought.
Q_MIN, Q_MAX, PER_DECADE = 1e-12, 1e12, 16
# q' and q are equal when they differ by less than this fraction; expectations hold 1e-10.
EQUAL = 1e-9
# Layers after which q rises or falls steadily, if it did not from the first.
_TRANSIENT = 40
_TINY, _HUGE = 1e-300, 1e300
_TINY_LOG, _HUGE_LOG = log(1e-299), log(1e299)


class Profile(NamedTuple):
    """E[φ²] and E[φ'²] under N(0, q) over the grid, cut to 1e-300..1e300, and their limits at 0."""

    q: Array
    square: Array
    slope_square: Array
    zero: AtZero

    def at(self, values: Array, log_q: Array) -> Array:
        """Interpolate the logarithm of `values` (one per grid point) at ln q, by cubics."""
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

    @staticmethod
    def uncut(log_value: Array) -> Array:
        """The values again, with 0 and inf for what was cut."""
        inside = np.clip(log_value, _TINY_LOG, _HUGE_LOG)
        value = np.where(log_value < _TINY_LOG, 0.0, np.exp(inside))
        return np.asarray(np.where(log_value > _HUGE_LOG, np.inf, value))


@lru_cache(maxsize=16)
def profile(e: Expectations) -> Profile:
    """Evaluate the moments of e over the grid; remembered for the last few e."""
    count = round(np.log10(Q_MAX / Q_MIN)) * PER_DECADE + 1
    q = np.geomspace(Q_MIN, Q_MAX, count)
    moments = [e.moments(float(each)) for each in q]
    square, slope_square = (
        np.clip([getattr(each, name) for each in moments], _TINY, _HUGE)
        for name in ("square", "slope_square")
    )
    return Profile(q, square, slope_square, at_zero(e))


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
    """The factors times a value, with infinity times 0 being 0: what is not there is not grown."""
    return factors * value if value else np.zeros_like(factors)


class Course(NamedTuple):
    """Where q goes from q_1 = sigma_w² start + sigma_b², for each pair (sigma_w2, sigma_b2).

    After some layers it lies between columns `here` and `here + 1` of `excess`, from where it
    `rises` or falls, or `stays` as it is.
    """

    q_1: Array
    here: Array
    rises: Array
    stays: Array


def course(p: Profile, sigma_w2: Array, sigma_b2: Array, start: float) -> Course:
    """Follow q until it rises or falls steadily."""
    q_1 = sigma_w2 * start + sigma_b2
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
    return Course(q_1, here, rises, stays)


def _log_next(p: Profile, sigma_w2: Array, sigma_b2: Array, log_q: Array) -> Array:
    """ln q' from interpolated moments."""
    square = np.exp(p.at(p.square, log_q))
    with np.errstate(over="ignore"):
        return np.asarray(np.log(np.maximum(sigma_w2 * square + sigma_b2, _TINY)))
