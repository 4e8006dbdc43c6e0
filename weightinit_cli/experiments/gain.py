"""The gain of an activation, `gain: auto`."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.theory import expectations_of
from weightinit_cli.theory.maps import chi_q

if TYPE_CHECKING:
    from weightinit_cli.spec import Component


class Gain(NamedTuple):
    """What keeps pre-activations of variance 1 there, and whether they stay there.

    `gain` = 1 / sqrt(E[φ(z)²]) with z ~ N(0, 1), inf where φ is zero. `slope` = dq'/dq at q = 1
    with this gain: a variance that is off by a little is off by slope times that a layer later,
    so that above 1 the variance 1 is unstable.
    """

    gain: float
    slope: float


def gain_of(activation: Component) -> Gain:
    """The gain of an activation with its parameters. Klambauer et al. 2017 (arXiv:1706.02515)."""
    e = expectations_of(activation.name, **activation.arguments)
    square = e.moments(1.0).square
    if not square:
        return Gain(inf, inf)
    return Gain(square**-0.5, chi_q(e, 1 / square, 1.0))
