"""What changes by a power of the depth l, where chi_1 = 1 and there is no depth scale.

A map x' = x (1 - a x^s) + ... gives x ~ (s a l)^(-1/s) (de Bruijn 1958, Asymptotic Methods in
Analysis, chapter 8); for 1 - c of ReLU and of smooth activations Hayou et al. 2019
(arXiv:1902.06853) have it. Three things follow such a map:

- d = 1 - c at a q that stays. With the bends (jumps of φ') at kinks k, E over x ~ N(0, q),

      d' = d - √2 / (3π) Σ bend² exp(-k² / 2q) / E[φ'²] d^(3/2)    if φ' jumps,
      d' = d - ½ q E[φ''²] / E[φ'²] d²                             if it does not,

  so that d ~ const / l² or const / l: for ReLU 9π² / (2 l²).
- q itself where it shrinks to 0: q' / q = 1 - a q^s. For tanh, s = 1 and a = 2: q ~ 1 / (2l).
- the gradient's power there: a layer multiplies it by chi_1 = 1 - g q^s = 1 - g / (s a l), which
  makes l^(-g / sa) of l layers. For the leading correction h of φ, Stein's lemma (E[xh] = q E[h'])
  gives g = a, with which d' = d to order 1 / l, but for the bend at a kink at 0: without one, 1 - c
  tends to a value that depends on where it starts.

Measured against closed forms (sin, tanh, softsign, elu, rectifiers): the constants and the
gradient's power are right to 1e-3. What 1 - c and q do when the maps are iterated from 1e-5 (for
1 / l²: from 1e-10) of the law's factor agrees within 2 %, the next order in 1 / l. From unit inputs
on 1 - c is within a fourth of its law at 15 times `PowerLaws.since` layers.
"""

from __future__ import annotations

from math import exp, inf, nextafter, pi, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.numerals import short
from weightinit_cli.theory.fixed_points import Fate, descend, root
from weightinit_cli.theory.maps import Q_MAX, chi_1, log_slope, next_q

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.theory.expectations import Expectations
    from weightinit_cli.theory.fixed_points import Limits

# chi_1 counts as 1 where 1 / |ln chi_1| is more than 1e8 layers.
_CRITICAL = 1e-8
# So small a relative change that its leading order is all of it to 1e-4, and noise is not.
_SMALL = 1e-4
# What is lost of E[φ'φ'] between equal and independent inputs is noise where it is less than this.
_LEAST = 1e-9
# An exponent this near to 1 or ½ is that: what E[φ'φ'] loses has terms of either kind.
_WIDE = 0.1
# A jump of φ' smaller than this part of its largest value is none.
_ROUNDING = 1e-12
# The largest d at which a law is right within this part counts as its beginning.
_BEGINS = 0.2
# A law that begins before so many layers is said without that, and after so many without a factor.
_SOON, _NEVER = 3, 1e5
# An exponent s this near to a multiple of ½ is that; what changes by a larger one than `_STEEPEST`
# changes as exp(-1 / q), as where nothing but kinks far from 0 bends φ.
_NEAR, _STEEPEST = 0.02, 2.5


class PowerLaw(NamedTuple):
    """factor / l^power after l layers, for large l; `factor` is None where the start decides it."""

    factor: float | None
    power: float

    def __str__(self) -> str:
        """The law as `44 / l^2`, with 1 in place of a factor that is not known."""
        factor = 1 if self.factor is None else self.factor
        return f"{_rough(factor)} / l" + (
            f"^{self.power:.3g}" if abs(self.power - 1) > 1e-3 else ""
        )


def _rough(value: float) -> str:
    """A value in two digits: `170`, `1,200`, `6.7`, `1.2e-9`."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if 1e2 <= rounded < 1e6 else short(f"{rounded:.2g}")


class PowerLaws(NamedTuple):
    """How q, d = 1 - c and the gradient's power fall where chi_1 = 1; None for what does not.

    `other` says how they change where it is by no known power. The laws hold far above `since`
    layers; it is inf where no number is known.
    """

    q: PowerLaw | None = None
    d: PowerLaw | None = None
    gradient: PowerLaw | None = None
    other: str = ""
    since: float = 0.0

    def sentence(self) -> str:
        """What falls and how, in plain words, l being a number of layers."""
        names = ("the gradient's power", self.gradient), ("q", self.q), ("1 - c", self.d)
        ever = self.since > _NEVER
        falls = ", ".join(
            f"{name} falls as {PowerLaw(None, law.power) if ever else law}"
            for name, law in names
            if law is not None
        )
        over = "in the end" if ever else "over l layers"
        if _SOON < self.since <= _NEVER:
            over += f" (l far above {_rough(self.since)})"
        kept = self.other or ("" if self.gradient else _KEPT)
        return "; ".join(filter(None, (kept, falls and f"{over} {falls}")))


_KEPT = "the gradient keeps its power"
_FALL = "q and the gradient's power fall"
_UNKNOWN = PowerLaws(other=f"{_FALL} with depth, but not e-fold")
# As q grows, chi_1 nears 1 as 1 / √q.
_EVER_LESS = PowerLaws(
    other="the gradient's power changes ever less from layer to layer, as the table shows"
)


def laws(e: Expectations, sigma_w2: float, tend: Limits) -> PowerLaws | None:
    """The power laws where q and c have come to their limits; None where chi_1 is not 1.

    If the activation jumps or q grows without bound, only what the gradient does is known.
    """
    if abs(tend.chi_1 - 1) > _CRITICAL:
        return None
    if tend.fate is Fate.SHRINKS:
        return _shrinking(e, sigma_w2)
    if tend.fate is Fate.GROWS and tend.varies:
        return _EVER_LESS
    if tend.d or tend.d is None:
        return PowerLaws()
    distance = distance_law(e, tend.q)
    if distance is None:
        return PowerLaws(other=f"{_KEPT}; 1 - c falls to 0, but not e-fold")
    settled = tend.xi_q if tend.varies else 0.0
    since = inf if tend.late else max(settled, _since(e, tend.q, distance))
    return PowerLaws(d=distance, since=since)


def distance_law(e: Expectations, q: float) -> PowerLaw | None:
    """How d = 1 - c falls at a critical q, or in the limit q = 0; None where it keeps its value.

    The equations are those of the module, with the loss 1 - E[φ'φ'] / E[φ'²] of two inputs. Where
    it is proportional to d at small d, the law is that of the curvature, even if φ has kinks that
    count only at a far smaller d; where it is proportional to √d, that of a kink, even if φ is
    smooth on a far smaller scale.
    """
    slope_square = e.slope_product(q, 0)

    def loss(d: float) -> float:
        return 1 - e.slope_product(q, d) / slope_square

    most = loss(1.0)
    d = _where(loss, min(_SMALL, most / 100), 1.0) if most > _LEAST else None
    if d is None:
        return None
    s = log_slope(loss, d)
    if s > 1 - _WIDE:
        # loss / d = q E[φ''²] / E[φ'²] + O(√d): that much where φ'' jumps.
        curvature = 2 * loss(d / 4) / (d / 4) - loss(d) / d
        return PowerLaw(2 / curvature, 1.0)
    bends = sum(bend * bend * _at_kink(k, q) for k, bend in _bends(e))
    if bends:
        b = sqrt(2) / (3 * pi) * bends / slope_square
    elif s < 0.5 + _WIDE:
        b = 2 / 3 * loss(d) / sqrt(d)
    else:
        return None
    return PowerLaw(4 / (b * b), 2.0)


def _since(e: Expectations, q: float, law: PowerLaw) -> float:
    """The number of layers after which d = 1 - c is so small that the law of d holds.

    It holds where 1 - E[φ'φ'] / E[φ'²] is (1 + s) a d^s to `_BEGINS`, as d' = d (1 - a d^s) has it.
    """
    slope_square, s = e.slope_product(q, 0), 1 / law.power
    for d in (10.0**-k for k in range(10)):
        layers = ((law.factor or 1) / d) ** s
        expected = (1 + s) / s / layers
        if abs(1 - e.slope_product(q, d) / slope_square - expected) < _BEGINS * expected:
            return float(layers)
    return inf


def _shrinking(e: Expectations, sigma_w2: float) -> PowerLaws:
    """The power laws where q shrinks to 0 and chi_1 = 1 there: q' / q = 1 - a q^s."""

    def loss(q: float) -> float:
        return 1 - next_q(e, sigma_w2, 0, q) / q

    q = _where(loss, _SMALL, Q_MAX)
    if q is None:
        return _UNKNOWN
    distance = distance_law(e, 0)
    s = log_slope(loss, q)
    if s > _STEEPEST:
        return PowerLaws(
            d=distance,
            other=f"{_FALL} more slowly than any power of the depth",
            since=_since(e, 0, distance) if distance else 0.0,
        )
    whole = round(2 * s) / 2
    if not whole or abs(s - whole) > _NEAR:
        return _UNKNOWN
    near, nearer = (loss(each) / each**whole for each in (q, q / 4))
    a = float(2 * nearer - near)  # the next order is √q smaller where φ has a kink
    power = (1 - chi_1(e, sigma_w2, q)) / loss(q) / whole
    falls = PowerLaw((whole * a) ** (-1 / whole), 1 / whole)
    since = max(1 / (whole * a), _since(e, 0, distance) if distance else 0.0)
    return PowerLaws(falls, distance, PowerLaw(None, power), since=since)


def _where(loss: Callable[[float], float], small: float, high: float) -> float | None:
    """The argument < high at which a loss has fallen to `small`; None if it is less at high."""

    def over(x: float) -> float:
        return small - loss(x)

    low = None if over(high) > 0 else descend(over, high)
    return None if low is None else root(over, low, high)


def _bends(e: Expectations) -> list[tuple[float, float]]:
    """The kinks of φ, each with the bend there: what φ' jumps by."""
    pairs = []
    for k in e.activation.kinks:
        below, above = e.activation.derivative(np.array([nextafter(k, -inf), nextafter(k, inf)]))
        if abs(above - below) > _ROUNDING * e.activation.steepest:
            pairs.append((k, float(above - below)))
    return pairs


def _at_kink(k: float, q: float) -> float:
    """The density of N(0, q) at a kink k over that at 0: exp(-k² / 2q)."""
    return exp(-k * k / (2 * q)) if q else float(k == 0)
