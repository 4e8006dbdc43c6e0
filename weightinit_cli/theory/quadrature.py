"""Expectations of any activation by Gauss-Legendre quadrature, against Gaussian densities.

An integrand of the form φ(x) N(0, q)(x) has structure at two scales that may lie ten decades
apart: that of φ and that of the Gaussian. So the panels grow geometrically from either scale on,
away from every place where something happens. Pairs of variables come down to one by smoothing φ.
"""

from __future__ import annotations

from math import asinh, ceil, log, pi, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.activations.resolving import legendre

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array

# From one panel's edge to the next: a panel's width is then at most 3/5 of its distance from 0.
GROWTH = 2.5
# Panels of the standard normal, from its centre out; beyond lies 1e-19 of its mass.
REACH = np.array([0, 1, 2.5, 5, 9])
# Panels of the inner standard normal: wider, as no structure but its own is left to them.
INNER = np.array([-9.0, -6, -3, 0, 3, 6, 9])
# A Gaussian narrower than this fraction of the scale of φ sees a smooth function.
NARROW = 0.2
# Below this 1 - c, nothing but its leading order is left at 1e-15.
TINY = 1e-30
# A fixed grid ends at so many standard deviations.
FURTHEST = 6.0


class Moments(NamedTuple):
    """E[φ], E[φ²] and E[φ'²] under N(0, q)."""

    mean: float
    square: float
    slope_square: float


class Quadrature:
    """Expectations under N(0, q) by Gauss-Legendre quadrature in panels.

    `scale` is that of the structure of φ around 0 (0: there is none but the kinks), `far` the
    |x| from which on φ is a straight line to rounding; `kinks` are the activation's, unless a
    jump of φ'' counts as one too. `even` is the even part of φ, ½ (φ(x) + φ(-x)), or its value
    where it is constant: it alone counts in E[φ], where the odd part would cancel only to
    rounding.
    """

    def __init__(
        self,
        activation: Activation,
        scale: float = 0.0,
        even: float | Callable[[Array], Array] | None = None,
        far: float | None = None,
        kinks: tuple[float, ...] | None = None,
    ) -> None:
        self.activation = activation
        self.kinks = activation.kinks if kinks is None else kinks
        self.scale = scale
        self.far = 40 * scale if far is None else far
        self.even = activation.value if even is None else even

    def points(self, q: float) -> tuple[Array, Array]:
        """The nodes and weights of an expectation under N(0, q), both of shape (nodes,)."""
        sigma = sqrt(q)
        extra = [both(geometric(self.scale, min(self.far, 9 * sigma))), *self._beside_kinks(sigma)]
        return gaussian(sigma, np.concatenate(extra))

    def _beside_kinks(self, sigma: float) -> list[Array]:
        """The edges at the kinks of φ(x) and φ(-x), and beside those in the Gaussian's tails.

        There the density falls by e over sigma² / |k|, which is the scale of the panels.
        """
        steps = np.array([0.0, 1, 2, 4, 8, 16, 32])
        places = [np.array([k]) for k in self.kinks]
        places += [k + steps * sigma**2 / k for k in self.kinks if abs(k) > 3 * sigma]
        return [both(place) for place in places]

    def moments(self, q: float) -> Moments:
        """E[φ], E[φ²] and E[φ'²] under N(0, q)."""
        x, weights = self.points(q)
        phi, slope = self.activation.value(x), self.activation.derivative(x)
        mean = self.even if isinstance(self.even, float) else float(weights @ self.even(x))
        return Moments(mean, float(weights @ (phi * phi)), float(weights @ (slope * slope)))


class Smoothing(Quadrature):
    """Expectations over pairs x = mu + w e, y = ±mu + w e' with mu, e, e' independent.

    mu ~ N(0, q |c|), w² = q (1 - |c|), and the sign is that of c. With G = E_e[φ'(mu + w e)],
    which is φ' smoothed with width w,

        E[φ'(x) φ'(y)] = E[G(mu) G(±mu)].

    A spread of narrow pairs would cancel in φ(x) - φ(y) and follows from Price's theorem (1958),

        ½ E[(φ(x) - φ(y))²] = q ∫_0^d E[φ'φ'] dd'

    (by few nodes, but in √d' if a kink gives E[φ'φ'] a term in it); that of wide pairs is
    E_mu[Var_e[φ(mu + w e)]], and for c < 0 to that is added ½ E[(E_e[φ(mu)] - E_e[φ(-mu)])²].
    """

    def slope_product(self, q: float, d: float) -> float:
        """E[φ'(x) φ'(y)] for x, y ~ N(0, q) of correlation 1 - d."""
        mu, weights, w = self._outer(q, d)
        if w == 0:
            slope = self.activation.derivative(mu)
        else:
            x, _, smoothed = self._inner(mu, w)
            slope = smoothed(self.activation.derivative(x))
        return float(weights @ (slope * (slope if d <= 1 else slope[::-1])))

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²] for the same pair."""
        width = sqrt(q * d) / self.scale
        # φ(x) - φ(y) loses √d against x, and against φ(0) this width (with kinks φ(0) is 0).
        if width < NARROW and (d < 1e-8 or (width < 1e-3 and not self.kinks)):
            return self._spread_by_slopes(q, d)
        mu, weights, w = self._outer(q, d)
        if w == 0:
            mean, variance = self.activation.value(mu), np.zeros_like(mu)
        else:
            x, owner, smoothed = self._inner(mu, w)
            phi = self.activation.value(x)
            mean = smoothed(phi)
            phi -= mean[owner, None]
            variance = smoothed(phi * phi)
        if d > 1:
            variance += np.square(mean - mean[::-1]) / 2
        return float(weights @ variance)

    def _spread_by_slopes(self, q: float, d: float) -> float:
        """The integral q ∫_0^d E[φ'φ'] dd', with d' = d u, or d u² where there are kinks."""
        smooth, kinked = (3, 4) if q * d < (0.02 * self.scale) ** 2 else (4, 6)
        nodes, weights = legendre(kinked if self.kinks else smooth)
        u = (1 + nodes) / 2
        if self.kinks:
            u, weights = u * u, weights * 2 * u
        slopes = [self.slope_product(q, d * part) for part in u.tolist()]
        return q * d / 2 * float(weights @ np.array(slopes))

    def _outer(self, q: float, d: float) -> tuple[Array, Array, float]:
        """The nodes and weights of mu, and the width w; the nodes are symmetric where c < 0.

        The structure there is that of φ, and of its kinks, smoothed with width w.
        """
        narrow = min(d, 2 - d)
        w = sqrt(q * narrow) if narrow > TINY else 0.0
        sigma = sqrt(q * (1 - narrow))
        last = min(self.far + 9 * w, 9 * sigma)
        extra = [both(geometric(max(self.scale, w), last))]
        if w < self.scale:
            for k in self.kinks:
                beside = k + both(w * REACH)
                extra.append(beside if d <= 1 else both(beside))
        return *gaussian(sigma, np.concatenate(extra)), w

    def _inner(self, mu: Array, w: float) -> tuple[Array, Array, Callable[[Array], Array]]:
        """The nodes of mu + w e, with edges where φ has structure narrower than w: see `laid`."""
        structure = np.array(self.kinks)
        if w > NARROW * self.scale:
            last = min(self.far, float(np.abs(mu).max()) + 9 * w)
            structure = np.concatenate([[0], structure, both(geometric(self.scale, last))])
        return laid(mu, structure, w * INNER, w)


def laid(
    mu: Array, structure: Array, own: Array, w: float
) -> tuple[Array, Array, Callable[[Array], Array]]:
    """The nodes of mu + w e, in panels between the places `own` of w e and the structure of φ.

    Returned are the nodes, of shape (panels, NODES); for each panel the index of its mu; and what
    takes values at the nodes to their expectation over e, for each mu. The nodes are laid as w e
    and mu is added last, so that w may be small against mu. `structure` is the same for every mu,
    or has a row for each.
    """
    inside = np.clip(structure - mu[:, None], own.min(), own.max())
    edges = np.concatenate([np.broadcast_to(own, (len(mu), len(own))), inside], axis=1)
    edges.sort(axis=1)
    half = np.diff(edges, axis=1) / 2
    owner, panel = np.nonzero(half > 0)
    t, weights = legendre()
    half = half[owner, panel][:, None]
    we = edges[owner, panel][:, None] + half * (1 + t)
    weights = density(we, w) * (half * weights)

    def smoothed(values: Array) -> Array:
        return np.bincount(owner, np.einsum("ij,ij->i", values, weights), len(mu))

    return mu[owner, None] + we, owner, smoothed


def panels(edges: Array) -> tuple[Array, Array]:
    """The nodes and weights of an integral from edges[0] to edges[-1], in panels between edges."""
    t, weights = legendre()
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + t)).ravel(), (half * weights).ravel()


def density(x: Array, sigma: float) -> Array:
    """The density of N(0, sigma²) at x."""
    scaled = x / sigma
    scaled *= scaled
    scaled *= -0.5
    np.exp(scaled, out=scaled)
    scaled *= 1 / (sigma * sqrt(2 * pi))
    return scaled


def both(steps: Array) -> Array:
    """All steps to the left and all to the right: -steps and steps."""
    return np.concatenate([-steps, steps])


def geometric(first: float, last: float) -> Array:
    """The numbers first, first GROWTH, first GROWTH², ... below `last`, and `last`."""
    if not 0 < first < last:
        return np.empty(0)
    return np.append(first * GROWTH ** np.arange(ceil(log(last / first, GROWTH))), last)


def gaussian(sigma: float, extra: Array) -> tuple[Array, Array]:
    """The nodes and weights of an expectation under N(0, sigma²).

    The panels are those of the Gaussian, with edges at the places `extra` too.
    """
    if sigma == 0:
        return np.zeros(1), np.ones(1)
    edges = np.sort(np.concatenate([both(sigma * REACH), extra]))
    edges = edges[np.append(True, np.diff(edges) > 0)]  # numpy.unique imports numpy.ma: 10 ms
    x, weights = panels(edges)
    weights *= density(x, sigma)
    return x, weights


def fixed_grid(q: float, count: int) -> tuple[Array, Array, Array]:
    """The nodes z of N(0, 1), how far they lie apart, and their weights, which add up to 1.

    For functions of √q z that have their structure at about 1: there the nodes lie densest, and
    ever further apart beyond.
    """
    bend = min(1.0, 1 / sqrt(q)) if q else 1.0
    t = np.linspace(-1, 1, count) * asinh(FURTHEST / bend)
    z = bend * np.sinh(t)
    width = np.cosh(t)
    weights = np.exp(-0.5 * z**2) * width
    weights /= weights.sum()
    return z, width, weights
