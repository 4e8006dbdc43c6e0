"""The edge of chaos, and the phases on either side of it.

The edge is where chi_1 = 1 at a stable q* (Schoenholz et al. 2017, arXiv:1611.01232). It is a
curve, with q its parameter (Hayou et al. 2019, arXiv:1902.06853):

    sigma_w² = 1 / E[φ'²],   sigma_b² = q - sigma_w² E[φ²],   x ~ N(0, q)

valid where sigma_b² >= 0, q is stable (dq'/dq < 1) and unit inputs reach it. The valid part of
every activation of winit's own is one piece, on which sigma_b rises with q.

The diagram of the phases over (sigma_w, sigma_b) is that of Poole et al. 2016, figure 1.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, sqrt
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from weightinit_cli.numerals import rounded_up
from weightinit_cli.theory.adaptive import UnresolvedError
from weightinit_cli.theory.fixed_points import descend, destination, root
from weightinit_cli.theory.maps import EQUAL, Profile, chi_q, course, excess, profile

if TYPE_CHECKING:
    from weightinit_cli.activations.activation import Array
    from weightinit_cli.theory.expectations import Expectations

# q is stable where dq'/dq lies below 1 by more than this; differences on the grid hold 1e-7.
_MARGIN = 1e-6
# First derivative by eighth-order central differences, for k = 1, 2, 3, 4.
_STENCIL = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
# Where the line begins at dq'/dq = 1, q* is not told from its unstable neighbour nearer than this.
_NEXT = 1e-3
# From q to q the least that unit inputs reach is found as nearly as this.
_BETWEEN = 1e-6
# As far up as a q is sought beyond the grid.
_Q_FAR = 1e16
# A gap of the grid is halved this often: q* to 1e-8, finer than the interpolation's 1e-5.
_HALVINGS = 24


class CriticalPoint(NamedTuple):
    """A pair (sigma_b, sigma_w) at which chi_1 = 1, and its q*; at sigma_b = 0 q* may be 0."""

    sigma_b: float
    sigma_w: float
    q: float


class CriticalLine(NamedTuple):
    """The critical line of an activation: sigma_w and q* over sigma_b, which rises.

    The three arrays have one entry for each known point of the line. A "line" begins at
    sigma_b = 0, a "line above" at a larger one. Of a "point" every q is a fixed point, and that of
    unit inputs stands; of "none" there is no point, and `why` says so. `begins` is the sigma_b
    where chi_1 = 1 at a stable q* first holds; unit inputs may reach that q* from a larger sigma_b
    on only, where the line is taken to begin: below it they settle at another fixed point (gelu)
    or grow without bound (mish).
    """

    kind: Literal["line", "line above", "point", "none"]
    sigma_b: Array
    sigma_w: Array
    q: Array
    why: str = ""
    begins: float = 0.0

    @property
    def least(self) -> CriticalPoint | None:
        """The point with the smallest sigma_b; None where there is no point."""
        if not len(self.q):
            return None
        return CriticalPoint(float(self.sigma_b[0]), float(self.sigma_w[0]), float(self.q[0]))

    @property
    def is_cut(self) -> bool:
        """Whether the line begins visibly below the sigma_b from where unit inputs reach it."""
        return bool(self.begins) and rounded_up(self.begins) < rounded_up(float(self.sigma_b[0]))

    def sentence(self, asked: float | None = None) -> str:
        """What there is of a critical line, as a sentence that lacks the activation as its subject.

        `asked` is a sigma_b that has no critical sigma_w, which the sentence then says too.
        """
        but = "" if asked is None else f", not at {asked:.6g}"
        if self.kind == "line":
            return "has a critical sigma_w for every sigma_b >= 0"
        if self.kind == "point":
            w = self.sigma_w[0]
            return f"has a critical sigma_w only at sigma_b = 0 (sigma_w = {w:.5g}){but}"
        if self.kind == "none":
            return f"has no critical sigma_w: {self.why}"
        least = f"{rounded_up(float(self.sigma_b[0])):.5g}"
        if self.is_cut:
            but += (
                f" (its critical line begins at sigma_b = {self.begins:.5g}, but inputs"
                f" of mean square 1 do not reach it below {least})"
            )
        return f"has a critical sigma_w only for sigma_b >= {least}{but}"


def critical_sigma_w(e: Expectations, sigma_b: float) -> CriticalPoint | None:
    """The critical sigma_w at one sigma_b, to 1e-10; None where `critical_line` has none.

    Raises UnresolvedError where sigma_b is so large that expectations are not known, or where the
    line is not one on which sigma_b rises.

    Measured against sin's closed form, for sigma_b of 1e-3 to 100: sigma_w holds 1e-15,
    q* 2e-13.
    """
    line = critical_line(e)
    least = line.least
    if least is None or sigma_b < least.sigma_b or (line.kind == "point" and sigma_b > 0):
        return None
    sigma_b2 = sigma_b * sigma_b
    if sigma_b == least.sigma_b or not sigma_b2:
        return least._replace(sigma_b=sigma_b)

    def lacking(q: float) -> float:
        return 1 - _sigma_b2(e, q) / sigma_b2

    if sigma_b > line.sigma_b[-1]:
        profile(e).check_end()
    above = int(np.searchsorted(line.sigma_b, sigma_b))
    low = float(line.q[above - 1])
    high = float(line.q[above]) if above < len(line.q) else low * 16
    while lacking(high) > 0:
        low, high = high, high * 16
        if high > _Q_FAR:
            return None
    q = root(lacking, low or descend(lacking, high) or high, high)
    if abs(_sigma_b2(e, q) - sigma_b2) > _BETWEEN * sigma_b2 + EQUAL * q:
        raise UnresolvedError("sigma_b does not rise all along its critical line")
    return point_at(e, q)._replace(sigma_b=sigma_b)


@lru_cache(maxsize=16)
def critical_line(e: Expectations) -> CriticalLine:
    """The valid part of the curve chi_1 = 1, from where it begins."""
    p = _usable(profile(e))
    if len(p.q) <= 8:
        return _no_line("its derivative is zero")
    if e.jumps:
        return _no_line("it jumps, and so c' has infinite slope at c = 1 for any sigma_w > 0")
    (q, square, slope_square), zero = (each[4:-4] for each in p[:3]), p.zero
    sigma_b2 = q - square / slope_square
    slope = _slope(p) / slope_square
    marginal = np.maximum(np.abs(sigma_b2 / q), np.abs(slope - 1)) <= _MARGIN
    valid = (sigma_b2 >= -EQUAL * q) & (slope < 1 - _MARGIN)
    if marginal.all():
        sigma_w2 = float(1 / slope_square[0])
        return CriticalLine("point", *np.array([[0.0], [sqrt(sigma_w2)], [sigma_w2]]))
    if not valid.any():
        return _no_line("no stable variance q* has chi_1 = 1")
    first = int(valid.argmax())
    piece = slice(first, None if valid[first:].all() else first + int(valid[first:].argmin()))
    before = max(first - 1, 0)
    if marginal[before] or (first == 0 and zero.square == 0 < zero.slope_square):
        begin = CriticalPoint(0.0, zero.slope_square**-0.5, 0.0)
    else:
        begin = _begin(e, float(q[before]), float(q[first]))
    rows = np.stack([np.sqrt(np.maximum(sigma_b2, 0)), slope_square**-0.5, q])[:, piece]
    rows = rows[:, sigma_b2[piece] > np.maximum(begin.sigma_b**2, EQUAL * q[piece])]
    if not begin.sigma_b:
        return CriticalLine("line", *np.column_stack([begin, rows]))
    rows = _from_reached(e, np.column_stack([begin, rows]))
    return CriticalLine("line above", *rows)._replace(begins=begin.sigma_b)


def _from_reached(e: Expectations, rows: Array) -> Array:
    """The line from where unit inputs reach its q* and do not start beyond an unstable q.

    `rows` and what is returned have the rows sigma_b, sigma_w and q, a column for each point.
    Measured: there q' / q - 1, which is 0 at the unstable q that vanishes, is below 4e-9.
    """
    begin = CriticalPoint(*rows[:, 0].tolist())
    probe = point_at(e, begin.q * (1 + _NEXT))
    later = (CriticalPoint(*each) for each in rows.T[1:].tolist() if each[2] > probe.q)
    points = [begin, probe, *later]
    k = next((i for i, point in enumerate(points) if _reached(e, point)), 0)
    if k == 0:
        return rows
    low, high = points[k - 1].q, points[k].q
    while high / low > 1 + _BETWEEN:
        middle = sqrt(low * high)
        low, high = (low, middle) if _reached(e, point_at(e, middle)) else (middle, high)
    return np.column_stack([point_at(e, high), *points[k:]])


def _reached(e: Expectations, point: CriticalPoint) -> bool:
    """Whether unit inputs settle at the q* of a point."""
    _, q = destination(e, point.sigma_w**2, point.sigma_b**2)
    return abs(q / point.q - 1) < 1e-3


def _begin(e: Expectations, low: float, high: float) -> CriticalPoint:
    """The point where the curve becomes valid, between the q low and high.

    At low it is not valid yet, at high it is.
    """
    q = low
    if chi_q(e, 1 / e.moments(q).slope_square, q) >= 1 - _MARGIN:
        q = root(lambda q: chi_q(e, 1 / e.moments(q).slope_square, q) - 1, low, high)
    if _sigma_b2(e, q) < 0:
        q = root(lambda q: -_sigma_b2(e, q), q, high)
        return point_at(e, q)._replace(sigma_b=0.0)
    return point_at(e, q)


def point_at(e: Expectations, q: float) -> CriticalPoint:
    """The point of the curve chi_1 = 1 whose parameter is q, be it valid or not."""
    return CriticalPoint(sqrt(max(_sigma_b2(e, q), 0)), e.moments(q).slope_square ** -0.5, q)


def _sigma_b2(e: Expectations, q: float) -> float:
    """The sigma_b² = q - E[φ²] / E[φ'²] with which q is a fixed point where chi_1 = 1."""
    moments = e.moments(q)
    return q - moments.square / moments.slope_square


def _usable(p: Profile) -> Profile:
    """The part of a profile's grid where no expectation under- or overflows."""
    inside = (p.slope_square > 1e-100) & (p.slope_square < 1e100) & (p.square < 1e100)
    return p._replace(q=p.q[inside], square=p.square[inside], slope_square=p.slope_square[inside])


def _slope(p: Profile) -> Array:
    """The derivative dE[φ²]/dq at the points of the grid but for four at either end.

    It is E[φ²] / q times d ln E[φ²] / d ln q, by differences over the grid, which is even in ln q.
    """
    n, step, log_square = len(p.q), log(p.q[1] / p.q[0]), np.log(p.square)
    rise = sum(
        weight * (log_square[4 + k : n - 4 + k] - log_square[4 - k : n - 4 - k])
        for k, weight in enumerate(_STENCIL, start=1)
    )
    return np.asarray(rise / step * (p.square / p.q)[4:-4])


def _no_line(why: str) -> CriticalLine:
    """The critical line of an activation that has none."""
    return CriticalLine("none", np.empty(0), np.empty(0), np.empty(0), why)


class PhaseGrid(NamedTuple):
    """The phases over (sigma_w, sigma_b), to about 1e-5; arrays of shape (sigma_b, sigma_w).

    `q` is where q goes from unit inputs (0 and inf included), `chi_1` its value there. `phase` is
    "ordered" where chi_1 <= 1: inputs converge and gradients vanish (at 1 at most by a power of
    depth); "chaotic" where chi_1 > 1: inputs diverge and gradients explode; "unbounded" where q
    grows without bound. If φ jumps, chi_1 describes back-propagation only. `log10_depth` is the
    decimal logarithm of 1 / |ln chi_1|, in layers: the depth scale of the gradient, and in the
    ordered phase of the correlation too (-inf where chi_1 = 0, inf where chi_1 = 1).
    """

    q: Array
    chi_1: Array
    phase: Array
    log10_depth: Array


def phase_grid(e: Expectations, sigma_w: Array, sigma_b: Array, start: float = 1.0) -> PhaseGrid:
    """The phases of all pairs (sigma_w, sigma_b), from moments that are interpolated in ln q.

    Raises UnresolvedError where some q grows to where moments are not known.
    """
    shape = len(sigma_b), len(sigma_w)
    sigma_w2, sigma_b2 = (each.ravel() for each in np.meshgrid(sigma_w**2, sigma_b**2))
    p = profile(e)
    q = _destinations(p, sigma_w2, sigma_b2, start)
    if (q == np.inf).any():
        p.check_end()
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        slope_square = np.where(
            q > 0, p.uncut(p.at(p.slope_square, np.log(q))), p.zero.slope_square
        )
        chi_1 = np.where(sigma_w2 > 0, sigma_w2 * slope_square, 0.0)
        chi_1[np.abs(chi_1 - 1) <= EQUAL] = 1
        log10_depth = -np.log10(np.abs(np.log(chi_1)))
    phase = np.where(q == np.inf, "unbounded", np.where(chi_1 > 1, "chaotic", "ordered"))
    return PhaseGrid(*(each.reshape(shape) for each in (q, chi_1, phase, log10_depth)))


def _destinations(p: Profile, sigma_w2: Array, sigma_b2: Array, start: float) -> Array:
    """Where q goes from q_1 = sigma_w² start + sigma_b², for each pair: to a q*, 0 or inf."""
    q_1 = sigma_w2 * start + sigma_b2
    here, direction = course(p, sigma_w2, sigma_b2, q_1)
    over, rises = excess(p, sigma_w2, sigma_b2), direction > 0
    columns = np.arange(over.shape[1])
    ahead = (over < 0) & (columns > here[:, None])
    behind = (over > 0) & (columns <= here[:, None])
    high = np.where(rises, ahead.argmax(axis=1), len(columns) - behind[:, ::-1].argmax(axis=1))
    found = np.where(rises, ahead.any(axis=1), behind.any(axis=1)) & (q_1 > 0)
    # Column k + 1 of `over` is point k of the grid; below its first point q counts as that point.
    top = np.log(p.q[np.clip(high - 1, 0, len(p.q) - 1)])
    bottom = np.log(p.q[np.clip(high - 2, 0, len(p.q) - 1)])
    for _ in range(_HALVINGS):
        middle = (top + bottom) / 2
        with np.errstate(over="ignore"):
            square = np.exp(p.at(p.square, middle))
            grows = sigma_w2 * square + sigma_b2 > np.exp(middle)
        top, bottom = np.where(grows, top, middle), np.where(grows, middle, bottom)
    q = np.where(found, np.exp(top), np.where(rises, np.inf, 0.0))
    return np.where(direction == 0, q_1, q)
