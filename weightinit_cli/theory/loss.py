"""The loss of a classifier before it has learned anything, by its logits' variance alone.

In wide networks the logits z_1 ... z_C of one input are independent N(0, q), with
q = fan_in Var(W) E[φ²] + Var(b) (Neal 1996, section 2.1), and know nothing of its label y. So the
expected cross-entropy is E[ln Σ exp(z)] - E[z_y] = E[ln Σ exp(z)]: ln C of q = 0, about
ln C + (1 - 1/C) q / 2 of small q, and √q times the expected largest of C standard normals of large
q.

Gumbel noise makes of C logits a single integral: the largest M of z_c + g_c, with independent
standard Gumbel g_c, has the distribution of ln Σ exp(z) + g (Yellott 1977). So E[ln Σ exp(z)] is
E[M] without Euler's constant, E[g], and P(M <= x) = F(x)^C with F(x) = P(z + g <= x) =
E[exp(-exp(z - x))].
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, inf, log, pi, sqrt
from typing import Any, Final, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

EULER: Final = float(np.euler_gamma)
# The integrands are analytic and bounded at least where |Im x| < π/2, so that the error of the
# trapezoidal rule is about exp(-π² / step).
STEP: Final = 0.2
# Less than rounding lies beyond so many standard deviations of a normal, or so far out at either
# end of a Gumbel.
NORMAL_END: Final = 9.0
LEFT_END: Final = 4.0
RIGHT_END: Final = 40.0
# Points at which F is computed at a time.
POINTS: Final = 256
NEARLY_ONE: Final = 1 - 2.0**-53


class Loss(NamedTuple):
    """What is expected of the cross-entropy of `classes` logits that are independent N(0, q).

    `mean` is the expected loss in nats, and `variance` that of ln Σ exp(z). `spread` is
    1 - E[Σ p²] of the probabilities p = softmax(z): 1 - 1/C where all are the same, 0 where one
    class has all of it. It is twice the derivative of `mean` by q.
    """

    classes: int
    mean: float
    variance: float
    spread: float

    @property
    def error_square(self) -> float:
        """E[(p - y)²], the mean square of the loss's derivative by a logit, y 1 of the label."""
        return (2 * (1 - 1 / self.classes) - self.spread) / self.classes


@lru_cache(maxsize=256)
def expected_loss(q: float, classes: int) -> Loss:
    """What is expected of the cross-entropy of `classes` >= 2 logits, independent N(0, q).

    The mean is known to 1e-10, from q = 1 on to 1e-10 of itself. Raises ValueError for a q that is
    no finite number >= 0.
    """
    if not 0 <= q < inf:
        raise ValueError(f"q must be a finite number >= 0, not {q}")
    if not q:
        return Loss(classes, log(classes), 0.0, 1 - 1 / classes)
    from scipy.special import ndtr

    s, largest = sqrt(q), sqrt(2 * log(classes))
    # M is compared with a normal variable X, so that what is summed vanishes at both ends.
    middle, width = log(classes) + min(q / 2, s * largest), sqrt(1 + q)
    low = min(-NORMAL_END * s - LEFT_END, middle - NORMAL_END * width)
    high = (largest + NORMAL_END) * s + log(classes) + RIGHT_END
    steps = ceil((high - low) / (STEP * max(1.0, s / max(largest, 1.0))))
    points = np.linspace(low, high, steps + 1)
    mean = square = spread = 0.0
    for first in range(0, len(points), POINTS):
        x = points[first : first + POINTS]
        above, density = _normal_and_gumbel(x, s, classes)
        log_f = np.log1p(-np.minimum(above, NEARLY_ONE))
        below = ndtr((x - middle) / width) - np.exp(classes * log_f)  # P(X <= x) - P(M <= x)
        mean += float(below.sum())
        square += 2 * float(((x - middle) * below).sum())
        spread += float((np.exp((classes - 2) * log_f) * density * density).sum())
    step = (high - low) / steps
    mean, square = step * mean, step * square + width * width
    return Loss(
        classes,
        middle + mean - EULER,
        max(square - mean * mean - pi * pi / 6, 0.0),
        classes * (classes - 1) * step * spread,
    )


def standard_error(loss: Loss, q: float, d: float, samples: int, var_ln_q: float) -> float:
    """How far the mean loss of one network strays from the expected one.

    Given a network, the label of each of its inputs is any of the classes: that adds the variance
    (1 - 1/C) q of an input's logits. What is left, f = ln Σ exp(z) - mean z, is alike for inputs
    whose logits are: with the correlation c = 1 - d of two inputs' logits, the covariance of two f
    is a power series in c, whose terms are none of them negative (Mehler). Its first one is 0 by
    symmetry, the second a_2 c² with a_2 = (q spread)² / (2 (C - 1)), all of them together, at
    c = 1, are Var f = Var ln Σ exp(z) - q / C; all beyond the second are counted as a third. Last
    the layers below have a mean square of their own in each network, so that the mean loss
    follows ln q, which has the variance `var_ln_q`.
    """
    c, classes = max(1 - d, 0.0), loss.classes
    of_label = (1 - 1 / classes) * q
    of_logits = max(loss.variance - q / classes, 0.0)
    second = min((q * loss.spread) ** 2 / (2 * (classes - 1)), of_logits)
    of_two = second * c**2 + (of_logits - second) * c**3
    by_ln_q = q * loss.spread / 2
    variance = (of_label + of_logits - of_two) / samples + of_two + by_ln_q**2 * var_ln_q
    return sqrt(variance)


def _normal_and_gumbel(x: Array, s: float, classes: int) -> tuple[Array, Array]:
    """P(z + g > x) and the density of z + g at each x, z of N(0, s²) and g a standard Gumbel.

    The sum is over the one of the two in which what is summed varies slowly.
    """
    from scipy.special import ndtr

    if s < 1:
        u = np.arange(-NORMAL_END, NORMAL_END + STEP, STEP)
        weights = STEP / sqrt(2 * pi) * np.exp(-u * u / 2)
        rate = np.exp(s * u - x[:, None])
        return -np.expm1(-rate) @ weights, (rate * np.exp(-rate)) @ weights
    g = np.arange(-LEFT_END, log(classes) + RIGHT_END, STEP)
    weights = STEP * np.exp(-g - np.exp(-g))
    t = (x[:, None] - g) / s
    return ndtr(-t) @ weights, np.exp(-t * t / 2) @ weights / (s * sqrt(2 * pi))
