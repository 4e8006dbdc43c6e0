"""Where q and c go with depth, and over how many layers: fixed points and depth scales.

Schoenholz et al. 2017 (arXiv:1611.01232).
"""

from __future__ import annotations

from enum import Enum
from itertools import pairwise
from math import exp, inf, isclose, isfinite, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import short
from weightinit_cli.theory.blocks import EPS
from weightinit_cli.theory.maps import (
    EQUAL,
    PER_DECADE,
    Q_MAX,
    chi_1,
    chi_c,
    chi_q,
    course,
    excess,
    next_q,
    profile,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.theory.blocks import Normalization
    from weightinit_cli.theory.expectations import Expectations

# Beyond the grid, where a bounded φ is constant up to its q*, steps that are looked at.
_FAR = tuple(10.0**k for k in range(14, 70, 4))
# So many times what a normalization adds to a variance, it is nothing to it.
LEAST_EPS = 1e3
# A slope this near to 1 counts as 1: the expectations hold 1e-10 relative.
_ONE = 1e-9
# A depth scale above so many layers counts as infinite.
LONGEST = 1e8
# Where q takes more than so many layers for an e-fold, many networks end before it has settled.
_LATE = 20
# Values of q at which chi_1 is compared with its limit.
_OTHERS = (1e-2, 1.0, 1e2, 1e4)
# Between two points of the grid |q' / q - 1| dips by less than this.
_DIP = 1e-3
# The grid's step in ln q, and how much finer it is laid in a dip.
_STEP, _FINER = log(10) / PER_DECADE, 8
# How near ln x comes to a root, relative to itself: a few units in its last place.
_NEAR = 1e-15


class Fate(Enum):
    """What becomes of q with depth."""

    SETTLES = "q settles at a fixed point"
    SHRINKS = "q shrinks to 0"
    STAYS = "q stays as it is: every q is a fixed point"
    GROWS = "q grows without bound"


class Limits(NamedTuple):
    """What q and c tend to with depth, and how fast.

    `q` is the fixed point (q_1 where it stays), 0 or inf; `chi_q` = dq'/dq there: its limit at
    0, and that of q'/q where q grows. `chi_1` = sigma_w² E[φ'²] there, or its limit. `d` is
    the stable fixed point of 1 - c that independent inputs reach, and `chi_c` = dc'/dc there;
    None where q has no fixed point, and for a linear map, which keeps every c.
    `jumps`: φ itself jumps, and then chi_1 describes back-propagation only.
    `varies`: chi_1 is another at another q, and so in the layers before q has come there.
    """

    fate: Fate
    q: float
    chi_q: float
    chi_1: float
    d: float | None
    chi_c: float | None
    jumps: bool
    varies: bool

    @property
    def c(self) -> float | None:
        """The stable fixed point c* = 1 - d* of the correlation; None as `d` is."""
        return None if self.d is None else 1 - self.d

    @property
    def xi_q(self) -> float:
        """The layers over which |q - q*| falls e-fold or, where q grows, q rises e-fold."""
        return depth_scale(self.chi_q)

    @property
    def late(self) -> bool:
        """Whether chi_1 and c keep changing for long, since q on which they depend does.

        Not where q shrinks or grows without a depth scale: the laws there are those of all depths.
        """
        has_scale = self.fate is Fate.SETTLES or self.xi_q < LONGEST
        return self.varies and has_scale and self.xi_q > _LATE

    @property
    def xi_c(self) -> float | None:
        """The layers over which |c - c*| falls e-fold: -1 / ln(dc'/dc at c*).

        This equals -1 / ln chi_1 only where c* = 1 and φ does not jump.
        """
        return None if self.chi_c is None else depth_scale(self.chi_c)

    @property
    def xi_gradient(self) -> float:
        """The layers over which the gradient's power falls or rises e-fold: 1 / |ln chi_1|."""
        return depth_scale(self.chi_1)

    def sentence(self) -> str:
        """What becomes of q and of two inputs, in plain words."""
        words = self.fate.value
        if self.fate is Fate.SETTLES:
            words += f", q* = {short(f'{self.q:.4g}')}"
        if self.c is not None:
            words += f"; two inputs tend to the correlation {short(f'{self.c:.4g}')}"
        elif self.fate in (Fate.SETTLES, Fate.STAYS):
            words += "; two inputs keep their correlation"
        if self.jumps:
            words += (
                "; the activation jumps, so c' has infinite slope at c = 1"
                " and chi_1 describes back-propagation only"
            )
        return words


def depth_scale(chi: float) -> float:
    """The layers over which what a layer multiplies by chi changes e-fold: 1 / |ln chi|.

    That is 0 where chi is 0 or inf, and inf where chi is 1.
    """
    if chi in (0, inf):
        return 0.0
    return 1 / abs(log(abs(chi))) if abs(chi) != 1 else inf


def stable_d(e: Expectations, sigma_w2: float, q: float) -> float | None:
    """The stable fixed point d* = 1 - c* where q is at its own; None if every c is a fixed point.

    c' is a power series in c with coefficients >= 0 (Daniely et al. 2016, arXiv:1602.05897), so
    it is convex: (1 - c') / (1 - c) falls from dc'/dc at c = 1 as d rises, and
    there is one c* in [0, 1) where that slope is above 1, none where it is not.
    """
    slope = chi_c(e, sigma_w2, q, 0)
    if abs(slope - 1) <= _ONE and abs(chi_c(e, sigma_w2, q, 1) - 1) <= _ONE:
        return None

    def over(d: float) -> float:
        return times(sigma_w2, e.spread(q, d)) / q / d - 1

    if slope <= 1 + _ONE:
        return 0.0
    if over(1) >= -_ONE:
        return 1.0
    low = descend(over, 1)
    return 0.0 if low is None else root(over, low, 1)


def limits(e: Expectations, sigma_w2: float, sigma_b2: float, start: float = 1.0) -> Limits:
    """Where q and c go from q_1 = sigma_w² start + sigma_b² on, for inputs of mean square `start`.

    If q has several stable fixed points, it is the one on its way. Raises UnresolvedError where q
    grows to where expectations are not known.
    """
    fate, q = destination(e, sigma_w2, sigma_b2, start)
    if fate is Fate.GROWS:
        growth = _as_q_grows(lambda q: next_q(e, sigma_w2, 0, q) / q)
        chi = _as_q_grows(lambda q: chi_1(e, sigma_w2, q))
        return Limits(fate, inf, growth, chi, None, None, e.jumps, _varies(e, sigma_w2, chi))
    slopes = chi_q(e, sigma_w2, q), chi_1(e, sigma_w2, q)
    d = slope_c = None
    if fate is not Fate.SHRINKS:
        d, slope_c = _of_correlation(e, sigma_w2, q, slopes[1])
    return Limits(fate, q, *slopes, d, slope_c, e.jumps, _varies(e, sigma_w2, slopes[1]))


def normalized_variance(
    e: Expectations, sigma_w2: float, sigma_b2: float, kind: Normalization
) -> float | None:
    """What a normalization between weights and activation divides by the root of, at q = 1.

    None where it is so small that what is added to it counts, or is not finite.
    """
    if kind == "batch_norm":
        variance = times(sigma_w2, e.spread(1.0, 1.0))
    else:
        variance = next_q(e, sigma_w2, sigma_b2, 1.0)
    return variance if LEAST_EPS * EPS < variance < inf else None


def normalized_limits(e: Expectations, sigma_w2: float, kind: Normalization) -> Limits:
    """Where c goes if a normalization makes every q 1; `sigma_w2` is that over its variance.

    So normalized, weights and biases are as those of plain layers whose fixed point is q = 1.
    Batch normalization of many inputs leaves no correlation of two of them (Yang et al. 2019,
    arXiv:1902.08129). The gradient that chi_1 multiplies is taken after the normalization.
    """
    chi = chi_1(e, sigma_w2, 1.0)
    apart = (1.0, 0.0) if kind == "batch_norm" else _of_correlation(e, sigma_w2, 1.0, chi)
    return Limits(Fate.SETTLES, 1.0, 0.0, chi, *apart, e.jumps, varies=False)


def _of_correlation(
    e: Expectations, sigma_w2: float, q: float, chi: float
) -> tuple[float | None, float | None]:
    """The stable fixed point of 1 - c, and dc'/dc there, where q is at its own."""
    d = stable_d(e, sigma_w2, q)
    return d, chi_c(e, sigma_w2, q, d) if d else None if d is None else chi


def _as_q_grows(f: Callable[[float], float]) -> float:
    """The limit of f(q) as q grows, extrapolated from two q.

    f differs from its limit as 1 / √q does, which is the part of N(0, q) near a bend of φ.
    """
    near, far = f(Q_MAX / 4), f(Q_MAX)
    limit = 2 * far - near if isfinite(far) else far
    return 1.0 if abs(limit - 1) <= _ONE else limit


def _varies(e: Expectations, sigma_w2: float, chi: float) -> bool:
    """Whether chi_1 depends on q; it does not where φ is linear on either side of 0."""
    return not all(isclose(chi_1(e, sigma_w2, q), chi, rel_tol=_ONE) for q in _OTHERS)


def destination(
    e: Expectations, sigma_w2: float, sigma_b2: float, start: float = 1.0
) -> tuple[Fate, float]:
    """What becomes of q from q_1 = sigma_w² start + sigma_b² on, and the limit it tends to.

    Raises UnresolvedError where q grows to where expectations are not known.
    """
    p, q_1 = profile(e), sigma_w2 * start + sigma_b2
    column, direction = (
        each.item() for each in course(p, *(np.array([x]) for x in (sigma_w2, sigma_b2, q_1)))
    )
    if direction == 0:
        return Fate.STAYS, q_1
    columns, gaps = [0.0, *p.q.tolist()], _gaps(e, sigma_w2, sigma_b2)
    rises = direction > 0
    if rises:
        on_its_way = [gap for gap in gaps if gap[1] > columns[column]][:1]
    else:
        on_its_way = [gap for gap in gaps if gap[0] < columns[column + 1] and q_1][-1:]
    for gap in on_its_way:
        q = _between(e, sigma_w2, sigma_b2, *gap)
        return (Fate.SETTLES, q) if q else (Fate.SHRINKS, 0.0)
    if not rises:
        return Fate.SHRINKS, 0.0
    p.check_end()
    for high in _FAR:
        if next_q(e, sigma_w2, sigma_b2, high) < high * (1 - EQUAL):
            return Fate.SETTLES, _between(e, sigma_w2, sigma_b2, Q_MAX, high)
    return Fate.GROWS, inf


def _gaps(e: Expectations, sigma_w2: float, sigma_b2: float) -> list[tuple[float, float]]:
    """Neighbours (low, high) between which q' - q turns from + to -; low may be 0.

    Where |q' / q - 1| dips on the grid, several fixed points may lie within a step of it; there
    the grid is laid eight times finer, and the bottoms of the dips are added.
    """
    over, p = _relative_growth(e, sigma_w2, sigma_b2), profile(e)
    row = excess(p, np.array([sigma_w2]), np.array([sigma_b2]))[0].tolist()
    columns = [0.0, *p.q.tolist()]
    points = list(zip(columns, row, strict=True))
    for i in _dips(row, 2):
        near = np.geomspace(columns[i - 1], columns[i + 1], 2 * _FINER + 1)[1:-1].tolist()
        finer = [over(q) for q in near]
        bottoms = [_vertex(over, near[j], _STEP / _FINER) for j in _dips(finer, 1)]
        points += zip(near, finer, strict=True)
        points += [(q, over(q)) for q in bottoms]
    signed = [(q, value) for q, value in sorted(points) if value]
    return [(low, high) for (low, a), (high, b) in pairwise(signed) if a > 0 > b]


def _relative_growth(e: Expectations, sigma_w2: float, sigma_b2: float) -> Callable[[float], float]:
    """q' / q - 1 as a function of q: how much q grows over one layer, relative to itself."""
    return lambda q: next_q(e, sigma_w2, sigma_b2, q) / q - 1


def _dips(row: list[float], first: int) -> list[int]:
    """The indices, from `first` on, where |row| is small and no larger than on either side."""
    size = [abs(value) for value in row]
    return [
        i
        for i in range(first, len(row) - 1)
        if 0 < size[i] < _DIP and size[i] <= min(size[i - 1], size[i + 1])
    ]


def _vertex(f: Callable[[float], float], q: float, gap: float) -> float:
    """The q near the given one, within `gap` in ln q, where f has its extremum.

    It is that of a parabola through three points; three times, through ever nearer ones.
    """
    for step in (gap, gap / 8, gap / 64):
        left, middle, right = (f(q * exp(k * step)) for k in (-1, 0, 1))
        bend = left - 2 * middle + right
        shift = step * (left - right) / 2 / bend if bend else 0.0
        q *= exp(min(max(shift, -gap), gap))
    return q


def _between(e: Expectations, sigma_w2: float, sigma_b2: float, low: float, high: float) -> float:
    """The fixed point of q between low and high; 0 where q falls all the way to low = 0.

    Measured against sin's closed form, for sigma_w of 0.5 to 10 and sigma_b of 0.01 to 1: 5e-15.
    """
    over = _relative_growth(e, sigma_w2, sigma_b2)
    least = low or descend(over, high)
    return root(over, least, high) if least else 0.0


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """The x between low and high, 0 < low < high, where f changes sign, to about 1e-14 |ln x|.

    Inverse quadratic interpolation while the three last points allow it, else bisection, in
    ln x (Chandrupatla 1997, "A new hybrid quadratic/bisection algorithm"). If f has the same
    sign at both ends, it is the end with the smaller |f|.
    """
    a, b = log(high), log(low)
    f_a, f_b = f(high), f(low)
    if (f_a > 0) == (f_b > 0) or f_a == 0 or f_b == 0:
        return high if abs(f_a) < abs(f_b) else low
    t = 0.5
    while True:
        x = a + t * (b - a)
        f_x = f(exp(x))
        if (f_x > 0) == (f_a > 0):
            c, f_c = a, f_a
        else:
            c, f_c, b, f_b = b, f_b, a, f_a
        a, f_a = x, f_x
        near = _NEAR * max(1.0, abs(a))
        if f_a == 0 or abs(b - a) < 2 * near:
            return exp(a if abs(f_a) < abs(f_b) else b)
        least = near / abs(b - a)
        t = min(max(_interpolated(a, b, c, f_a, f_b, f_c), least), 1 - least)


def _interpolated(a: float, b: float, c: float, f_a: float, f_b: float, f_c: float) -> float:
    """How far on the way from a to b the root lies: by the parabola x(f) if it is safe, else half.

    The parabola goes through the three points (f_a, a), (f_b, b) and (f_c, c); Chandrupatla's
    conditions on xi and phi tell where its root lies between a and b.
    """
    xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
    if not (phi * phi < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    return f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (
        f_c - f_b
    )


def descend(f: Callable[[float], float], high: float) -> float | None:
    """A number below high where f is positive, by ever longer steps; None if none is > 1e-300."""
    step = 0.1
    while high * step > 1e-300:
        if f(high * step) > 0:
            return high * step
        step *= step
    return None
