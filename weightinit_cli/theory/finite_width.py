"""How far finite width moves the expectation of every figure, to first order in 1 / width.

In a wide network the variances of two inputs' pre-activations and their covariance, the kernel, are
what mean-field theory says; in one of finite width they stray from network to network, and what is
curved in them has another mean (Yaida 2020, arXiv:1910.00019; Roberts, Yaida & Hanin 2022,
arXiv:2106.10165, sections 4.3 and 4.5). With S half the sum and D half the difference of the two
pre-activations of a unit, S and D are independent in a wide network, and all that strays is Var(S),
Var(D) and their correlation.

How well that holds is measured over seeds, as the mean of z-scores: see `validity`.
"""

from __future__ import annotations

from functools import cached_property
from math import inf, log1p, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.inputs import NORMAL
from weightinit_cli.theory.predictions import LOGARITHMIC
from weightinit_cli.theory.quadrature import fixed_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array, Ends
    from weightinit_cli.theory.inputs import Inputs
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

NODES = 91
# Where sqrt(d) is smaller, φ is a line between the two inputs.
NARROW = 1e-5
# Of d = 1 - c; where it is less, nothing but the signal itself depends on it.
SMALLEST = 1e-60


def shifts(
    activations: Sequence[Activation],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    errors: Sequence[dict[str, float]],
    samples: int,
    ends: Sequence[Ends],
    inputs: Inputs = NORMAL,
) -> list[dict[str, float]]:
    """How far every figure's expectation lies from what `predict` says, layer by layer.

    `errors` are the standard errors of the figures; those of LOGARITHMIC have the shift of the
    expectation of their logarithm. What is not finite is left out. Inputs that are given and differ
    in size or correlation move a figure as a kernel that strays does: what is curved in them.
    """
    found: list[dict[str, float]] = []
    gradients: list[GradientShifts | None] = []
    pair: Pair = PairOfInputs(inputs)
    units = layers[0].fan_in // layers[0].area
    kernel = tailed = KernelDeviation()
    settled: tuple[Activation, float, float] | None = None
    with np.errstate(all="ignore"):
        for activation, scale, p, error, flat in zip(
            activations, layers, predictions, errors, ends, strict=False
        ):
            if not p.q:
                break
            below = pair
            if settled != (activation, p.q, p.d):
                pair = Pair(activation, p.q, max(p.d, SMALLEST))
            settled = activation, p.q, p.d
            kernel = below.handed_on(kernel, tailed, units, scale, pair)
            tailed = below.with_tails(kernel, units, scale, pair)
            units = scale.units
            moved = _forward(pair, kernel, tailed, units, samples, flat)
            found.append({path: _of_figure(path, shift, p, error) for path, shift in moved.items()})
            share = scale.sigma_w2 * below.square.mean / p.q
            gradients.append(_gradient(pair, kernel, tailed, units * scale.area, share))
        if len(found) == len(layers):
            _add_gradients(found, gradients, predictions, errors, samples)
    found += [{} for _ in range(len(predictions) - len(found))]
    return [
        {path: float(shift) for path, shift in each.items() if abs(shift) < inf} for each in found
    ]


def _of_figure(path: str, shift: float, p: LayerPrediction, errors: dict[str, float]) -> float:
    """The shift of a figure, which for a root follows from that of its square."""
    if path not in LOGARITHMIC:
        return shift
    return _of_root(shift / np.float64(p.figures[path]) ** 2, _relative(path, p, errors))


def _relative(path: str, p: LayerPrediction, errors: dict[str, float]) -> float:
    """The relative standard error of a figure, inf where it is not known."""
    return errors.get(path, inf) / np.float64(p.figures[path])


def _of_root(shift: float, error: float) -> float:
    """The shift of a root's logarithm, from its square's relative shift and its relative error.

    E[ln √X] = ½ ln E[X] - Var(X) / (2 E[X])² for small variances.
    """
    return log1p(max(shift, -1 + 1e-12)) / 2 - error**2


def _forward(
    pair: Pair,
    kernel: KernelDeviation,
    tailed: KernelDeviation,
    units: int,
    samples: int,
    ends: Ends,
) -> dict[str, float]:
    """The shifts of shares and means, and of the squares of standard deviations.

    A sample's variance is E[(φ - m)²] - E[(M - m)²] with its own mean M of n units, m being that of
    a wide network: units that differ share what moves q, the others are one and the same,

        E[(M - m)²] = (1 - 1 / n) (∂E[φ] / ∂ln q)² Var(ln q) + E[(φ - m)(φ' - m)] / n.
    """
    _, single, common = pair.of_one(kernel)
    var_ln_q = common + (single - common) / samples  # of the mean over the inputs
    square, product = pair.variance.shift(tailed), pair.covariance_of_two.shift(tailed)
    var_by_q = pair.value.by_ln_q**2 * var_ln_q
    variance = square - var_by_q * (1 - 1 / units) - product / units
    within = pair.spread.shift(tailed) * (1 - 1 / samples)
    q_mean, _, _ = pair.of_one(tailed)
    q_shift = q_mean * (1 - 1 / units) + pair.d * tailed.difference_mean / units
    found = {
        "mean": pair.value.shift(tailed),
        "std": variance,
        "preactivation_std": pair.q * q_shift,
        "zero_fraction": pair.zero_fraction.shift(tailed),
        "std_across_inputs": within,
        "std_across_units": variance - within,
    }
    for path, end, side in zip(("saturation.low", "saturation.high"), ends, (-1, 1), strict=True):
        if end is not None:
            found[path] = pair.tail(end, side).shift(tailed)
    return found


class GradientShifts(NamedTuple):
    """What moves one layer's part of the gradient; all of it relative.

    `slopes` is the shift of E[φ'²], `slopes_by_q` the derivative of ln E[φ'²] by ln q, and
    `square_by_q` that of ln E[φ²]. `share` is the weights' part of q; `q_mean`, `single` and
    `common` say how q strays, as in `Pair.of_one`. `noise` and `noise_common` are the covariance of
    the units' means of φ'² and φ², for one input and for two. For the part of δ along the signal:
    `along` is E[φ'² x²], over E[φ'²] q, `carried` what is left of the layer above's, `radial` what
    it adds.
    """

    slopes: float
    share: float
    q_mean: float
    single: float
    common: float
    slopes_by_q: float
    square_by_q: float
    noise: float
    noise_common: float
    along: float
    carried: float
    radial: float


def _gradient(
    pair: Pair, kernel: KernelDeviation, tailed: KernelDeviation, units: int, share: float
) -> GradientShifts | None:
    """What moves a layer's part of the gradient; None where no gradient gets through."""
    v, m = pair.square.mean, pair.slopes.mean
    if not (v and m and share):
        return None
    q_mean, single, common = pair.of_one(kernel)
    jointly, crosswise = (each / m / v for each in pair.slopes_by_square)
    square_by_q = pair.square.by_ln_q / v
    return GradientShifts(
        slopes=pair.slopes.shift(tailed) / m,
        share=share,
        q_mean=q_mean,
        single=single,
        common=common,
        slopes_by_q=pair.slopes.by_ln_q / m,
        square_by_q=square_by_q,
        noise=(jointly - 1) / units,
        noise_common=(crosswise - 1) / units,
        along=pair.slopes_along / pair.q / m,
        carried=square_by_q**2 * v / (pair.q * m),
        radial=jointly / units,
    )


def _add_gradients(
    found: list[dict[str, float]],
    gradients: Sequence[GradientShifts | None],
    predictions: Sequence[LayerPrediction],
    errors: Sequence[dict[str, float]],
    samples: int,
) -> None:
    """Add the shifts of the gradient's figures to `found`, from the last layer back.

    A layer multiplies δ² by E[φ'²], which moves by itself, and by its covariance with the δ² above,
    since that depends on v = E[φ²] by q above:

        ∂ln δ² / ∂ln v = share ∂ln δ²_above / ∂ln q_above
        ∂ln δ² / ∂ln q = ∂ln E[φ'²] / ∂ln q + (∂ln v / ∂ln q) (∂ln δ² / ∂ln v).

    Given z = xW, the layer's weights are zxᵀ / |x|² and, across x, independent draws; so Wδ has
    a part along x, which is n (z·δ)² / (|z|² |δ|²) = `along` times that of a δ independent of z.
    """
    signal = by_ln_q = 0.0
    along = 1.0
    above: GradientShifts | None = None
    for moved, here, p, error in reversed(
        list(zip(found, gradients, predictions, errors, strict=True))
    ):
        if here is None:
            return
        own, by_ln_v = here.slopes, 0.0
        if above is not None:
            by_ln_v = above.share * by_ln_q
            own += above.share * (along - 1) * here.radial
            along = here.along + above.share * here.carried * (along - 1)
        else:
            along = here.along
        jointly = by_ln_v * (here.square_by_q * here.slopes_by_q * here.single + here.noise)
        of_two = by_ln_v * (here.square_by_q * here.slopes_by_q * here.common + here.noise_common)
        by_ln_q = here.slopes_by_q + here.square_by_q * by_ln_v
        signal += own + jointly
        with_inputs = signal + (here.q_mean + by_ln_q * here.single) / here.share

        roots = {"gradient.signal_rms": signal, "gradient.weight_rms": with_inputs}
        for path, shift in roots.items():
            if p.figures.get(path):
                moved[path] = _of_root(shift, _relative(path, p, error))
        for path in filter(p.figures.get, ("gradient.ratio", "gradient.total_ratio")):
            # Inputs count by their δ², and so by what is not alike in them.
            shift = own + (jointly - of_two) * (1 - 1 / samples)
            moved[path] = log1p(max(shift, -1 + 1e-12)) - _relative(path, p, error) ** 2 / 2
        above = here


class KernelDeviation(NamedTuple):
    """How the kernel of two inputs strays, relative to what it is in a wide network.

    The fields are the means of the deviations of Var(S) and of Var(D), the variances of both and
    their covariance, and `skew`, the variance of the correlation of S and D, which is not 0 where
    the two inputs' variances differ.
    """

    sum_mean: float = 0.0
    difference_mean: float = 0.0
    sum: float = 0.0
    both: float = 0.0
    difference: float = 0.0
    skew: float = 0.0


class Expansion(NamedTuple):
    """The Taylor expansion of E[f] in the kernel, to second order.

    The coefficients are those of the relative changes of Var(S), `by_sum`, and of Var(D),
    `by_difference`; of the squares of both and of their product, `by_sums` to `by_both`; and of the
    correlation of S and D.
    """

    mean: float
    by_sum: float
    by_difference: float
    by_sums: float
    by_differences: float
    by_both: float
    by_skew: float

    @property
    def by_ln_q(self) -> float:
        """The derivative of E[f] by ln q, at the same correlation of the inputs."""
        return self.by_sum + self.by_difference

    def shift(self, kernel: KernelDeviation) -> float:
        """How far a kernel that strays moves E[f]: the expectation of the expansion less E[f]."""
        return (
            self.by_sum * kernel.sum_mean
            + self.by_difference * kernel.difference_mean
            + self.by_sums * kernel.sum
            + self.by_differences * kernel.difference
            + self.by_both * (kernel.both + 2 * kernel.skew)
        )

    def covariance(self, other: Expansion, kernel: KernelDeviation) -> float:
        """The covariance of E[f] and another's expectation, as the kernel strays."""
        return (
            self.by_sum * other.by_sum * kernel.sum
            + (self.by_sum * other.by_difference + self.by_difference * other.by_sum) * kernel.both
            + self.by_difference * other.by_difference * kernel.difference
            + self.by_skew * other.by_skew * kernel.skew
        )


class Pair:
    """One unit's values for two inputs, on a grid of S and D of shape (NODES, NODES).

    They are `x` and `phi` for one input, `other_x` and `other_phi` for the other. The two have the
    variance q and the correlation 1 - d. Without an activation φ(x) = x.
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

    def expansion(self, f: Array) -> Expansion:
        """The expansion of E[f], of f on the grid of S and D."""
        table = self._basis @ f @ self._basis.T
        return Expansion(
            mean=table[0, 0],
            by_sum=table[2, 0],
            by_difference=table[0, 2],
            by_sums=table[3, 0],
            by_differences=table[0, 3],
            by_both=table[2, 2],
            by_skew=table[1, 1],
        )

    def mean(self, f: Array) -> float:
        """E[f], of f on the grid of S and D."""
        return np.float64(self._basis[0] @ f @ self._basis[0])  # which overflows quietly

    @cached_property
    def value(self) -> Expansion:
        """The expansion of E[φ]."""
        mean = self.mean(self.phi)
        return self.expansion(self.phi - mean)._replace(mean=mean)

    @cached_property
    def variance(self) -> Expansion:
        """The expansion of E[(φ - m)²], m being the mean in a wide network."""
        return self.expansion((self.phi - self.value.mean) ** 2)

    @cached_property
    def covariance_of_two(self) -> Expansion:
        """The expansion of E[(φ - m)(φ' - m)] of both inputs."""
        return self.expansion((self.phi - self.value.mean) * (self.other_phi - self.value.mean))

    @cached_property
    def square(self) -> Expansion:
        """The expansion of E[φ²]."""
        return self.expansion(self.phi**2)

    @cached_property
    def spread(self) -> Expansion:
        """The expansion of E[½ (φ - φ')²], the variance of a unit from input to input."""
        return self.expansion(2 * self._half_difference**2)

    @cached_property
    def slopes(self) -> Expansion:
        """The expansion of E[φ'²], φ' being the derivative."""
        return self.expansion(self.slope**2)

    @cached_property
    def slopes_by_square(self) -> tuple[float, float]:
        """E[φ'²φ²] of one input, and that of φ'² of one input and φ² of the other."""
        slopes = self.slope**2
        return self.mean(slopes * self.phi**2), self.mean(slopes * self.other_phi**2)

    @cached_property
    def slopes_along(self) -> float:
        """E[φ'² x²], by which δ is larger along the signal."""
        return self.mean((self.slope * self.x) ** 2)

    @cached_property
    def zero_fraction(self) -> Expansion:
        """The expansion of the probability of φ = 0."""
        return self.expansion((self.phi == 0).astype(float))

    def tail(self, end: float, side: int) -> Expansion:
        """The expansion of the probability of x beyond an end: below for `side` -1, above for 1."""
        return self.expansion((side * self.x >= side * end).astype(float))

    @cached_property
    def _parts(self) -> tuple[Expansion, Expansion, Expansion]:
        """The expansions of E[S²], E[D²] and E[SD] of the units' values: the kernel handed on."""
        s, d = self._half_sum, self._half_difference
        return self.expansion(s**2), self.expansion(d**2), self.expansion(s * d)

    @cached_property
    def _fourth(self) -> tuple[float, float, float]:
        """E[(S²)²], E[S²D²] and E[(D²)²] of the units' values."""
        s, d = self._half_sum**2, self._half_difference**2
        return self.mean(s * s), self.mean(s * d), self.mean(d * d)

    def of_one(self, kernel: KernelDeviation) -> tuple[float, float, float]:
        """How q strays, relative to q: its mean, its variance and the covariance of two inputs'."""
        a, b = 1 - self.d / 2, self.d / 2
        alike = a * a * kernel.sum + 2 * a * b * kernel.both + b * b * kernel.difference
        apart = 4 * a * b * kernel.skew
        return a * kernel.sum_mean + b * kernel.difference_mean, alike + apart, alike - apart

    def handed_on(
        self,
        kernel: KernelDeviation,
        tailed: KernelDeviation,
        units: int,
        above: LayerScale,
        pair: Pair,
    ) -> KernelDeviation:
        """The kernel of `pair`, in the layer above, of the mean over so many units of this one.

        `tailed` is this layer's kernel `with_tails`, which move its means.
        """
        by_sum, by_difference, by_skew = self._weights(above, pair)
        s, d, sd = self._parts
        ssss, ssdd, dddd = self._fourth
        places = KernelDeviation(
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

    def of_windows(self, kernel: KernelDeviation, area: int) -> KernelDeviation:
        """The kernel of means over a window's places, which are as alike as two inputs are."""
        _, single, common = self.of_one(kernel)
        part = (1 + (area - 1) * common / single) / area if single else 1.0
        means = kernel.sum_mean, kernel.difference_mean
        return KernelDeviation(*means, *(part * each for each in kernel[2:]))

    def with_tails(
        self, kernel: KernelDeviation, units: int, above: LayerScale, pair: Pair
    ) -> KernelDeviation:
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


class PairOfInputs(Pair):
    """Two inputs, as a layer of linear units: their features."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(None, inputs.square, inputs.spread / inputs.square)
        self._inputs = inputs

    @cached_property
    def _fourth(self) -> tuple[float, float, float]:
        """E[(S²)²], E[S²D²] and E[(D²)²], of normal features those of the grid."""
        return self._inputs.fourth or super()._fourth

    def handed_on(
        self,
        kernel: KernelDeviation,
        tailed: KernelDeviation,
        units: int,
        above: LayerScale,
        pair: Pair,
    ) -> KernelDeviation:
        """The kernel of `pair`: of inputs that are given, how pairs of them differ."""
        scatter = self._inputs.scatter
        if scatter is None:
            return super().handed_on(kernel, tailed, units, above, pair)
        by_sum, by_difference, by_skew = self._weights(above, pair)
        return KernelDeviation(
            sum=by_sum**2 * scatter.sum,
            both=by_sum * by_difference * scatter.both,
            difference=by_difference**2 * scatter.difference,
            skew=by_skew**2 * scatter.skew,
        )
