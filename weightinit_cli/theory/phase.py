"""The order-to-chaos phase diagram over (sigma_w, sigma_b): Poole et al. 2016, figure 1."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.theory.profile import EQUAL, Profile, course, excess, profile

if TYPE_CHECKING:
    from weightinit_cli.theory.expectations import Expectations

Array = np.ndarray[Any, Any]

# A gap of the grid is halved this often: q* to 1e-8, finer than the interpolation's 1e-5.
_HALVINGS = 24


class Phase(IntEnum):
    """The phases; unless φ jumps (then chi_1 describes back-propagation only)."""

    ORDERED = 0  # chi_1 <= 1: inputs converge, gradients vanish (at 1 at most by a power of depth)
    CHAOTIC = 1  # chi_1 > 1: inputs diverge, gradients explode
    UNBOUNDED = 2  # q grows without bound


class PhaseGrid(NamedTuple):
    """Phases of the cells [row of sigma_b, column of sigma_w], to about 1e-5.

    `q` is where q goes from unit inputs (0 and inf included), `chi_1` its value there, `phase`
    a `Phase`, `log10_depth` the decimal logarithm of 1 / |ln chi_1|, in layers: the depth scale
    of the gradient, and in the ordered phase of the correlation too (-inf where chi_1 = 0, inf
    where chi_1 = 1).
    """

    sigma_w: Array
    sigma_b: Array
    q: Array
    chi_1: Array
    phase: Array
    log10_depth: Array


def phase_grid(e: Expectations, sigma_w: Array, sigma_b: Array, start: float = 1.0) -> PhaseGrid:
    """Find q* and chi_1 for every pair, from moments that are interpolated in ln q."""
    shape = len(sigma_b), len(sigma_w)
    sigma_w2, sigma_b2 = (each.ravel() for each in np.meshgrid(sigma_w**2, sigma_b**2))
    p = profile(e)
    q = _destinations(p, sigma_w2, sigma_b2, start)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        slope_square = np.where(
            q > 0, p.uncut(p.at(p.slope_square, np.log(q))), p.zero.slope_square
        )
        chi_1 = np.where(sigma_w2 > 0, sigma_w2 * slope_square, 0.0)
        chi_1[np.abs(chi_1 - 1) <= EQUAL] = 1
        log10_depth = -np.log10(np.abs(np.log(chi_1)))
    phase = np.where(
        q == np.inf, Phase.UNBOUNDED, np.where(chi_1 > 1, Phase.CHAOTIC, Phase.ORDERED)
    )
    cells = (each.reshape(shape) for each in (q, chi_1, phase, log10_depth))
    return PhaseGrid(sigma_w, sigma_b, *cells)


def _destinations(p: Profile, sigma_w2: Array, sigma_b2: Array, start: float) -> Array:
    """The q* on the way from q_1, 0 or inf, for each pair."""
    path, over = course(p, sigma_w2, sigma_b2, start), excess(p, sigma_w2, sigma_b2)
    columns, here = np.arange(over.shape[1]), path.here[:, None]
    ahead = (over < 0) & (columns > here)
    behind = (over > 0) & (columns <= here)
    high = np.where(path.rises, ahead.argmax(axis=1), len(columns) - behind[:, ::-1].argmax(axis=1))
    found = np.where(path.rises, ahead.any(axis=1), behind.any(axis=1)) & (path.q_1 > 0)
    # Column k + 1 of `over` is point k of the grid; below its first point q counts as that point.
    top = np.log(p.q[np.clip(high - 1, 0, len(p.q) - 1)])
    bottom = np.log(p.q[np.clip(high - 2, 0, len(p.q) - 1)])
    for _ in range(_HALVINGS):
        middle = (top + bottom) / 2
        square = np.exp(p.at(p.square, middle))
        with np.errstate(over="ignore"):
            rises = sigma_w2 * square + sigma_b2 > np.exp(middle)
        top, bottom = np.where(rises, top, middle), np.where(rises, middle, bottom)
    q = np.where(found, np.exp(top), np.where(path.rises, np.inf, 0.0))
    return np.where(path.stays, path.q_1, q)
