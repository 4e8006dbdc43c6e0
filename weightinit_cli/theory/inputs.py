"""Inputs as the theory sees them: how large they are, how alike, and how both stray.

A value of an input is x = a + v: a part `a` that all inputs share, different from feature to
feature or the same in all, and a part v of its own.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.theory.blocks import Stream

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

UNIFORM_EXCESS = -1.2
# Whose fourth power can still be summed.
LARGEST = 1e70
# Inputs of which every pair is looked at; of more, so many spread over all of them.
MOST_PAIRED = 1000


class Scatter(NamedTuple):
    """How pairs of given inputs differ from each other.

    S and D are half the sum and half the difference of two inputs; over all pairs, `sum` and
    `difference` are the variances of the means of S² and D² over the features, `both` is their
    covariance, `skew` the mean square of the mean of SD, which is not 0 where inputs differ in
    size. `product` is the variance of the mean of xx', `own_product` that of the same of the
    inputs without their mean, over the square of `spread`. `smallest` is the least mean square of
    an input, over that of all. `uneven_square` and `uneven_spread` are the mean of the square, over
    that of the mean, of the features' mean squares and of their variances.
    """

    sum: float
    difference: float
    both: float
    skew: float
    product: float
    own_product: float
    smallest: float = 1.0
    uneven_square: float = 1.0
    uneven_spread: float = 1.0


class Inputs(NamedTuple):
    """What the network is shown: `square` = E[x²], and `spread` = ½ E[(x - x')²] of two inputs.

    `mean` is that of all values, `shared` the variance of a over the features, of a normal law;
    `excess` is the excess kurtosis of v. `fourth` are E[S⁴], E[S²D²] and E[D⁴], S and D as in
    Scatter. `scatter` is that of inputs that are given, None where each network draws its own.
    """

    square: float = 1.0
    spread: float = 1.0
    shared: float = 0.0
    excess: float = 0.0
    mean: float = 0.0
    fourth: tuple[float, float, float] | None = None
    scatter: Scatter | None = None

    @property
    def differ_in_size(self) -> float:
        """The variance of inputs' mean squares, relative to their mean; 0 of a law."""
        return 8 * self.scatter.skew / self.square**2 if self.scatter else 0.0

    @property
    def differ_in_correlation(self) -> float:
        """The variance of E[xx'] over pairs of given inputs, relative to E[x²]; 0 of a law."""
        return self.scatter.product / self.square**2 if self.scatter else 0.0

    @property
    def stream(self) -> Stream:
        """What the first layer is given."""
        return Stream(self.square, self.square - self.mean**2, self.spread, self.mean)


NORMAL = Inputs()


def normal(correlation: float) -> Inputs:
    """N(0, 1), two inputs of this correlation in every feature: x = √c s + √(1 - c) e."""
    return Inputs(spread=1 - correlation, shared=correlation)


def uniform(low: float, high: float) -> Inputs:
    """Independent values, uniform between `low` and `high`."""
    fixed, spread = ((low + high) / 2) ** 2, (high - low) ** 2 / 12
    fourth = (UNIFORM_EXCESS + 3) * spread**2
    # E[S⁴] of S = a + (v + v') / 2, with independent v and v' of no mean.
    half = (2 * fourth + 6 * spread**2) / 16
    mixed = (2 * fourth - 2 * spread**2) / 16
    return Inputs(
        square=fixed + spread,
        spread=spread,
        excess=UNIFORM_EXCESS,
        mean=(low + high) / 2,
        fourth=(fixed**2 + 3 * fixed * spread + half, fixed * spread / 2 + mixed, half),
    )


def given(values: Array) -> Inputs:
    """Measure inputs that are what they are, shape (samples, features), in float64.

    Of those whose fourth powers are inf nothing is known but that `square` is taken to be, too.
    """
    x = values.astype(np.float64)
    samples = len(x)
    if not np.abs(x).max() < LARGEST:
        return Inputs(square=inf)
    square = float(np.mean(x * x))
    mean = x.mean(axis=0)
    spread = float(np.mean((x - mean) ** 2)) * samples / (samples - 1) if samples > 1 else 0.0
    m_1, m_2, m_3, m_4 = (np.mean(x**k, axis=0) for k in (1, 2, 3, 4))
    means = (
        2 * m_4 + 8 * m_3 * m_1 + 6 * m_2**2,
        2 * m_4 - 2 * m_2**2,
        2 * m_4 - 8 * m_3 * m_1 + 6 * m_2**2,
    )
    fourth = tuple(float(np.mean(each)) / 16 for each in means)
    return Inputs(
        square=square,
        spread=spread,
        mean=float(mean.mean()),
        fourth=(fourth[0], fourth[1], fourth[2]),
        scatter=_scatter(x, mean, spread),
    )


def _scatter(x: Array, mean: Array, spread: float) -> Scatter:
    samples, features = x.shape
    if samples < 2:
        return Scatter(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    uneven_square, uneven_spread = _uneven(np.mean(x * x, axis=0)), _uneven(x.var(axis=0))
    if samples > MOST_PAIRED:
        x = x[np.linspace(0, samples - 1, MOST_PAIRED).astype(int)]
    pairs = ~np.eye(len(x), dtype=bool)
    product = x @ x.T / features
    sizes = np.diagonal(product)
    both = sizes[:, np.newaxis] + sizes
    product = product[pairs]
    sums, differences = (both[pairs] + 2 * product) / 4, (both[pairs] - 2 * product) / 4
    skew = ((sizes[:, np.newaxis] - sizes)[pairs] / 4) ** 2
    x = x - mean
    own = (x @ x.T / features)[pairs]
    return Scatter(
        sum=float(sums.var()),
        difference=float(differences.var()),
        both=float(np.mean((sums - sums.mean()) * (differences - differences.mean()))),
        skew=float(skew.mean()),
        product=float(product.var()),
        own_product=float(np.mean(own**2)) / spread**2 if spread**2 else 0.0,
        smallest=float(sizes.min() / sizes.mean()) if sizes.any() else 1.0,
        uneven_square=uneven_square,
        uneven_spread=uneven_spread,
    )


def _uneven(parts: Array) -> float:
    """The mean of the squares of parts, over the square of their mean: 1 where all are alike."""
    mean = parts.mean()
    return float(np.mean((parts / mean) ** 2)) if mean else 1.0
