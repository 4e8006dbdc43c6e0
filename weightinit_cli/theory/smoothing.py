"""Pair expectations of any activation, by smoothing it with a Gaussian."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.moments import OnePoint
from weightinit_cli.theory.quadrature import REACH, both, density, gaussian, geometric, legendre

if TYPE_CHECKING:
    from weightinit_cli.activations.entry import Array

# Panels of the inner standard normal: wider, as no structure but its own is left to them.
INNER = np.array([-9.0, -6, -3, 0, 3, 6, 9])
# A Gaussian narrower than this fraction of the scale of φ sees a smooth function.
NARROW = 0.2
# Below this 1 - c, nothing but its leading order is left at 1e-15.
TINY = 1e-30


class Inner(NamedTuple):
    """Nodes and weights of N(mu_i, w²) for every i, in panels; `owner` is a panel's i."""

    x: Array
    weights: Array
    owner: Array
    units: int

    def mean(self, values: Array) -> Array:
        """The expectation of `values` for every i."""
        sums = np.einsum("ij,ij->i", values, self.weights)
        return np.bincount(self.owner, sums, self.units)


class Smoothing(OnePoint):
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
        """E[φ'(x) φ'(y)]."""
        mu, weights, w = self._outer(q, d)
        if w == 0:
            slope = self.activation.derivative(mu)
        else:
            inner = self._inner(mu, w)
            slope = inner.mean(self.activation.derivative(inner.x))
        return float(weights @ (slope * (slope if d <= 1 else slope[::-1])))

    def spread(self, q: float, d: float) -> float:
        """½ E[(φ(x) - φ(y))²]."""
        width = sqrt(q * d) / self.scale
        # φ(x) - φ(y) loses √d against x, and against φ(0) this width (with kinks φ(0) is 0).
        if width < NARROW and (d < 1e-8 or (width < 1e-3 and not self.kinks)):
            return self._spread_by_slopes(q, d)
        mu, weights, w = self._outer(q, d)
        if w == 0:
            mean, variance = self.activation.value(mu), np.zeros_like(mu)
        else:
            inner = self._inner(mu, w)
            phi = self.activation.value(inner.x)
            mean = inner.mean(phi)
            phi -= mean[inner.owner, None]
            variance = inner.mean(phi * phi)
        if d > 1:
            variance += np.square(mean - mean[::-1]) / 2
        return float(weights @ variance)

    def _spread_by_slopes(self, q: float, d: float) -> float:
        """q ∫_0^d E[φ'φ'] dd' with d' = d u, or d u² where there are kinks."""
        smooth, kinked = (3, 4) if q * d < (0.02 * self.scale) ** 2 else (4, 6)
        nodes, weights = legendre(kinked if self.kinks else smooth)
        u = (1 + nodes) / 2
        if self.kinks:
            u, weights = u * u, weights * 2 * u
        slopes = [self.slope_product(q, d * part) for part in u.tolist()]
        return q * d / 2 * float(weights @ np.array(slopes))

    def _outer(self, q: float, d: float) -> tuple[Array, Array, float]:
        """Nodes and weights for mu, and w; the nodes are symmetric where c < 0.

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

    def _inner(self, mu: Array, w: float) -> Inner:
        """Nodes for mu + w e, with edges where φ has structure narrower than w.

        They are laid as w e and mu is added last, so that w may be small against mu.
        """
        structure = np.array(self.kinks)
        if w > NARROW * self.scale:
            last = min(self.far, float(np.abs(mu).max()) + 9 * w)
            structure = np.concatenate([[0], structure, both(geometric(self.scale, last))])
        inside = np.clip(structure - mu[:, None], -9 * w, 9 * w)
        own = np.broadcast_to(w * INNER, (len(mu), len(INNER)))
        edges = np.sort(np.concatenate([own, inside], axis=1), axis=1)
        half = np.diff(edges, axis=1) / 2
        owner, panel = np.nonzero(half > 0)
        t, weights = legendre()
        half = half[owner, panel][:, None]
        we = edges[owner, panel][:, None] + half * (1 + t)
        return Inner(mu[owner, None] + we, density(we, w) * (half * weights), owner, len(mu))
