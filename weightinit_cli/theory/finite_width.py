"""The kernel of two inputs in a network of finite width, to first order in 1 / width.

In a wide network the variances of two inputs' pre-activations and their covariance are what
mean-field theory says; in one of finite width they stray from network to network, and what is
curved in them has another mean (Yaida 2020, arXiv:1910.00019; Roberts, Yaida & Hanin 2022,
arXiv:2106.10165, sections 4.3 and 4.5). With S half the sum and D half the difference of the two
pre-activations of a unit, S and D are independent in a wide network, and all that strays is Var(S),
Var(D) and their correlation.
"""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.quadrature import fixed_grid

if TYPE_CHECKING:
    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array
    from weightinit_cli.theory.predictions import LayerScale

NODES = 91
# Where sqrt(d) is smaller, φ is a line between the two inputs.
NARROW = 1e-5


class Kernel(NamedTuple):
    """How the kernel of two inputs strays, relative to what it is in a wide network.

    Means of the deviations of Var(S) and of Var(D), the variances of both and their covariance,
    and `skew`, the variance of the correlation of S and D, which is not 0 where the two inputs'
    variances differ.
    """

    sum_mean: float = 0.0
    difference_mean: float = 0.0
    sum: float = 0.0
    both: float = 0.0
    difference: float = 0.0
    skew: float = 0.0


class Expectation(NamedTuple):
    """E[f] and its derivatives: by ln Var(S) and ln Var(D), by the correlation of S and D.

    The second derivatives, `by_sums` to `by_both`, are those by Var(S), twice, and so on, in units
    of each and as a Taylor series has them.
    """

    mean: float
    by_sum: float
    by_difference: float
    by_sums: float
    by_differences: float
    by_both: float
    by_skew: float

    @property
    def by_log_q(self) -> float:
        """The derivative by ln q, at the same correlation of the inputs."""
        return self.by_sum + self.by_difference

    def shift(self, kernel: Kernel) -> float:
        """How far E[f] is moved where the kernel strays so."""
        return (
            self.by_sum * kernel.sum_mean
            + self.by_difference * kernel.difference_mean
            + self.by_sums * kernel.sum
            + self.by_differences * kernel.difference
            + self.by_both * (kernel.both + 2 * kernel.skew)
        )

    def covariance(self, other: Expectation, kernel: Kernel) -> float:
        """The covariance of E[f] and another's expectation, as the kernel strays."""
        return (
            self.by_sum * other.by_sum * kernel.sum
            + (self.by_sum * other.by_difference + self.by_difference * other.by_sum) * kernel.both
            + self.by_difference * other.by_difference * kernel.difference
            + self.by_skew * other.by_skew * kernel.skew
        )


class Pair:
    """One unit's values for two inputs, `x`, `phi` and `other_x`, `other_phi`, on a grid of S, D.

    The two have the variance q and the correlation 1 - d. Without an activation φ(x) = x.
    """

    def __init__(self, activation: Activation | None, q: float, d: float) -> None:
        self.q, self.d = np.float64(q), np.float64(d)
        z, _, weights = fixed_grid(q, NODES)
        # By Hermite polynomials: derivatives of E[f] by a Gaussian's variance are expectations.
        self._basis = np.stack([np.ones(NODES), z, (z**2 - 1) / 2, (z**4 - 6 * z**2 + 3) / 8])
        self._basis *= weights
        half_sum = sqrt(q * (1 - d / 2)) * z[:, np.newaxis] + np.zeros(NODES)
        half_difference = sqrt(q * d / 2) * z + np.zeros((NODES, 1))
        self.x, self.other_x = half_sum + half_difference, half_sum - half_difference
        if activation is None:
            self.phi, self.other_phi, self.slope = self.x, self.other_x, np.ones_like(self.x)
        else:
            self.phi, self.other_phi = activation.value(self.x), activation.value(self.other_x)
            self.slope = activation.derivative(self.x)
        if sqrt(d) < NARROW:
            half_difference *= self.slope
        elif activation is not None:
            half_difference = (self.phi - self.other_phi) / 2
        self._half_sum, self._half_difference = (self.phi + self.other_phi) / 2, half_difference

    def expectation(self, f: Array) -> Expectation:
        """E[f] and its derivatives."""
        table = self._basis @ f @ self._basis.T
        return Expectation(
            mean=table[0, 0],
            by_sum=table[2, 0],
            by_difference=table[0, 2],
            by_sums=table[3, 0],
            by_differences=table[0, 3],
            by_both=table[2, 2],
            by_skew=table[1, 1],
        )

    def mean(self, f: Array) -> float:
        """E[f]."""
        return np.float64(self._basis[0] @ f @ self._basis[0])  # which overflows quietly

    @cached_property
    def value(self) -> Expectation:
        """E[φ] and its derivatives."""
        mean = self.mean(self.phi)
        return self.expectation(self.phi - mean)._replace(mean=mean)

    @cached_property
    def variance(self) -> Expectation:
        """E[(φ - m)²], m the mean in a wide network, and its derivatives."""
        return self.expectation((self.phi - self.value.mean) ** 2)

    @cached_property
    def covariance_of_two(self) -> Expectation:
        """E[(φ - m)(φ' - m)] of both inputs, and its derivatives."""
        return self.expectation((self.phi - self.value.mean) * (self.other_phi - self.value.mean))

    @cached_property
    def square(self) -> Expectation:
        """E[φ²] and its derivatives."""
        return self.expectation(self.phi**2)

    @cached_property
    def spread(self) -> Expectation:
        """E[½ (φ - φ')²], the variance of a unit from input to input, and its derivatives."""
        return self.expectation(2 * self._half_difference**2)

    @cached_property
    def slopes(self) -> Expectation:
        """E[φ'²] and its derivatives."""
        return self.expectation(self.slope**2)

    @cached_property
    def slopes_by_square(self) -> tuple[float, float]:
        """E[φ'²φ²], of one input, and of φ'² of one and φ² of the other."""
        slopes = self.slope**2
        return self.mean(slopes * self.phi**2), self.mean(slopes * self.other_phi**2)

    @cached_property
    def slopes_along(self) -> float:
        """E[φ'² x²]."""
        return self.mean((self.slope * self.x) ** 2)

    @cached_property
    def zero_fraction(self) -> Expectation:
        """The probability of φ = 0, and its derivatives."""
        return self.expectation((self.phi == 0).astype(float))

    def tail(self, end: float, side: int) -> Expectation:
        """The probability of x beyond an end, and its derivatives; `side` is -1 below, 1 above."""
        return self.expectation((side * self.x >= side * end).astype(float))

    @cached_property
    def _parts(self) -> tuple[Expectation, Expectation, Expectation]:
        """E[S²], E[D²] and E[SD] of the units' values, which make the kernel that is handed on."""
        s, d = self._half_sum, self._half_difference
        return self.expectation(s**2), self.expectation(d**2), self.expectation(s * d)

    @cached_property
    def _fourth(self) -> tuple[float, float, float]:
        """E[(S²)²], E[S²D²] and E[(D²)²] of the units' values."""
        s, d = self._half_sum**2, self._half_difference**2
        return self.mean(s * s), self.mean(s * d), self.mean(d * d)

    def of_one(self, kernel: Kernel) -> tuple[float, float, float]:
        """How q strays, relative: its mean, its variance, and the covariance of two inputs' q."""
        a, b = 1 - self.d / 2, self.d / 2
        alike = a * a * kernel.sum + 2 * a * b * kernel.both + b * b * kernel.difference
        apart = 4 * a * b * kernel.skew
        return a * kernel.sum_mean + b * kernel.difference_mean, alike + apart, alike - apart

    def handed_on(
        self, kernel: Kernel, tailed: Kernel, units: int, above: LayerScale, pair: Pair
    ) -> Kernel:
        """The kernel of `pair`, in the layer above, of the mean over so many units of this one.

        `tailed` is this layer's kernel `with_tails`, which move its means.
        """
        by_sum, by_difference, by_skew = self._weights(above, pair)
        s, d, sd = self._parts
        ssss, ssdd, dddd = self._fourth
        places = Kernel(
            sum_mean=by_sum * s.shift(tailed),
            difference_mean=by_difference * d.shift(tailed),
            sum=by_sum**2 * ((ssss - s.mean**2) / units + s.covariance(s, kernel)),
            both=by_sum
            * by_difference
            * ((ssdd - s.mean * d.mean) / units + s.covariance(d, kernel)),
            difference=by_difference**2 * ((dddd - d.mean**2) / units + d.covariance(d, kernel)),
            skew=by_skew**2 * (ssdd / units + sd.covariance(sd, kernel)),
        )
        return pair.of_windows(places, above.area)

    def of_windows(self, kernel: Kernel, area: int) -> Kernel:
        """The kernel of means over a window's places, which are as alike as two inputs are."""
        _, single, common = self.of_one(kernel)
        part = (1 + (area - 1) * common / single) / area if single else 1.0
        means = kernel.sum_mean, kernel.difference_mean
        return Kernel(*means, *(part * each for each in kernel[2:]))

    def with_tails(self, kernel: Kernel, units: int, above: LayerScale, pair: Pair) -> Kernel:
        """The kernel of `pair`, with what the tails of the weights and biases add to a unit's.

        A sum of so many weights of another law than the normal has a fourth cumulant, which moves
        an expectation as a variance that strays does.
        """
        by_sum, by_difference, _ = self._weights(above, pair)
        ssss, ssdd, dddd = self._fourth
        excess = above.weight_excess / units / above.area
        bias = above.bias_excess * (above.bias_variance / (pair.q * (1 - pair.d / 2))) ** 2
        return kernel._replace(
            sum=kernel.sum + (by_sum**2 * ssss * excess + bias) / 3,
            both=kernel.both + by_sum * by_difference * ssdd * excess,
            difference=kernel.difference + by_difference**2 * dddd * excess / 3,
        )

    @staticmethod
    def _weights(above: LayerScale, pair: Pair) -> tuple[float, float, float]:
        """sigma_w² over Var(S), Var(D) and their geometric mean of the layer above."""
        a, b = pair.q * (1 - pair.d / 2), pair.q * pair.d / 2
        return above.sigma_w2 / a, above.sigma_w2 / b, above.sigma_w2 / (np.sqrt(a) * np.sqrt(b))
