"""How far one network of finite width, on finitely many inputs, strays from the prediction.

To first order in 1 / width. Given the layer below, the units of a layer are independent and alike:
on an input, one unit's pre-activation is sqrt(q) (sqrt(c) s + sqrt(1 - c) e), where s is the unit's
own part and e differs from input to input. So a mean over all values strays as the units' means
E[f | s] do; it strays further because q, which the layer below sets, strays; and because any two
inputs have a correlation of their own, which strays around c.

For a mean over n units and m inputs, with the variances of ln q and c from network to network,

    Var(mean f) = (Var(E[f | s]) + E[Var(f | s)] / m + 2 Var(c) (∂E[f] / ∂ln q)²) / n
                  + (∂E[f] / ∂ln q)² Var(ln q).

Weights of another law than the normal have an excess kurtosis κ, and a sum of fan_in of them the
fourth cumulant that this leaves. The mean of z² over a unit's inputs then has the relative variance
2 E[c²] + κ / fan_in where units below are alike, c being two inputs' correlation: κ / (2 fan_in)
joins Var(c) above, which counts where inputs are many.

How well they hold is measured over seeds, as the standard deviation of z-scores: see `validity`.
"""

from __future__ import annotations

from functools import cached_property
from math import hypot, inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.gradient_errors import (
    GradientVariances,
    add_gradient_errors,
    gradient_variances,
)
from weightinit_cli.theory.inputs import NORMAL
from weightinit_cli.theory.quadrature import fixed_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array, Ends
    from weightinit_cli.theory.inputs import Inputs
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

NODES = 161
# Where two inputs differ by less, a unit's φ is a line over them.
NARROW = 0.02
# Below this correlation, derivatives with respect to what inputs share lose their digits.
LEAST_CORRELATION = 1e-2


def standard_errors(
    activations: Sequence[Activation],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    samples: int,
    ends: Sequence[Ends],
    inputs: Inputs = NORMAL,
) -> list[dict[str, float]]:
    """The standard error of every predicted figure of one network, layer by layer."""
    found: list[dict[str, float]] = []
    gradients: list[GradientVariances | None] = []
    first, features = layers[0], layers[0].fan_in
    seen = features // first.area * min(first.seen, first.area * first.positions)
    below = _of_inputs(inputs, seen, features, samples)
    var_means = 2 / features * first.overlap if inputs.scatter is None else 0.0
    settled: tuple[Activation, LayerScale, float, float] | None = None
    square, product = np.float64(inputs.square), np.float64(inputs.square - inputs.spread)
    with np.errstate(all="ignore"):
        for activation, scale, p, flat in zip(activations, layers, predictions, ends, strict=False):
            # The deepest layers are alike once q and c have settled.
            if (activation, scale, p.q, p.d) != settled:
                layer = UnitGrid(activation, scale, p, samples)
            settled = activation, scale, p.q, p.d
            weight = np.float64(scale.sigma_w2) / p.q if p.q else np.float64(0)
            share = weight * square
            var_ln_q = share**2 * below.square
            var_c = weight**2 * below.product
            tailed = var_c + layer.tails * share**2 * below.uneven_square
            here = _handed_on(layer, below, share, var_c, tailed)
            spread_by_qd = p.q * p.d * p.slope_product / p.spread if p.spread else 0.0
            var_means_below = var_means
            var_means = 2 / scale.units * scale.overlap + spread_by_qd**2 * var_means_below
            errors = _forward(layer, here.spread, var_ln_q, tailed, flat)
            between = _between(layer, share, below, var_means, var_means_below)
            errors["std_across_units"] = _of_root(between, p.figures["std_across_units"])
            found.append(errors)
            alike = (product**2 + below.one_pair) / square**2 if square else 0.0
            gradients.append(gradient_variances(layer, var_ln_q, tailed, share, alike))
            below, square = here, np.float64(p.moments.square)
            product = square - p.spread
        if len(predictions) == len(layers):
            add_gradient_errors(found, layers, predictions, gradients, samples)
    return [
        {path: float(error) for path, error in errors.items() if error < inf} for errors in found
    ]


class LayerVariances(NamedTuple):
    """How far what a layer hands on strays from network to network, as variances.

    `square` and `spread` are the relative variances of its mean square and of its units' variance
    over the inputs, `both` the covariance of the two, `product` the absolute variance of E[φφ'] of
    two inputs. `pairs` is that of two inputs' covariance about the units' means, from pair to pair,
    relative to the variance over the inputs: inputs that vary in few directions are fewer than they
    seem.

    `uneven_square` and `uneven_spread` are the mean of the square, over that of the mean, of its
    units' mean squares and of their variances over the inputs: 1 where units are alike.

    A unit of a convolution sees the mean over the places in its window, so that of two windows the
    pairs of places stray one by one: `product` and `pairs` are those of windows, `one_pair` is
    that of one pair of places, the same in a fully connected layer.
    """

    square: float
    spread: float
    both: float
    product: float
    pairs: float
    one_pair: float
    uneven_square: float = 1.0
    uneven_spread: float = 1.0


def _of_inputs(inputs: Inputs, seen: int, features: int, samples: int) -> LayerVariances:
    """How far the inputs stray, of which a layer sees `seen` values, a unit `features`.

    Of x = a + v, with A = E[a²] and V = E[v²], over the features

        Var(x²) = Var(a²) + 4 A V + (kurtosis - 1) V², of which an input's own is all but Var(a²),
        Var(xx') = Var(a²) + 2 A V + V².

    Inputs that are given do not stray; pairs of them are not all alike.
    """
    if inputs.scatter is not None:
        of = inputs.scatter
        uneven = of.uneven_square, of.uneven_spread
        return LayerVariances(0.0, 0.0, 0.0, of.product, of.own_product, of.product, *uneven)
    own, shared = inputs.spread, inputs.shared
    common = 4 * inputs.mean**2 * shared + 2 * shared**2
    mixed = (inputs.mean**2 + shared) * own
    var_own = (inputs.excess + 2) / (seen * samples)
    product = (common + 2 * mixed + own**2) / features
    return LayerVariances(
        square=(common / seen + 4 * mixed / (seen * samples) + own**2 * var_own) / inputs.square**2,
        spread=var_own,
        both=own * var_own / inputs.square,
        product=product,
        pairs=1 / features,
        one_pair=product,
        uneven_square=1 + common / inputs.square**2,
    )


class UnitGrid:
    """One layer's units on a grid: their values and slopes, and means given a unit's own part.

    Of shape (NODES,) are the nodes `z`, their weights `w`, and `x` = sqrt(q) z with φ(x) and φ'(x);
    `given`, of shape (NODES, NODES), has the weights of z given the unit's own part s, a row for
    each s, so that `given @ f` is E[f | s]. `tails` is what the weights' law adds to Var(c), where
    units below are alike.
    """

    def __init__(
        self, activation: Activation, scale: LayerScale, p: LayerPrediction, samples: int
    ) -> None:
        self.p, self.units, self.area = p, scale.units, scale.area
        self.tails = scale.weight_excess / (2 * scale.fan_in)
        self.inputs, self.samples = samples, samples * scale.positions
        self.z, width, self.w = fixed_grid(p.q, NODES)
        c = max(1 - p.d, 0.0)
        with np.errstate(all="ignore"):
            exponents = (self.z - sqrt(c) * self.z[:, np.newaxis]) ** 2 / (-2 * (1 - c))
            if c == 1:
                exponents = np.where(np.eye(NODES, dtype=bool), 0.0, -inf)
            given = np.exp(exponents - exponents.max(axis=1, keepdims=True)) * width
            self.given = given / given.sum(axis=1, keepdims=True)
            x = sqrt(p.q) * self.z
            self.x, self.phi, self.slope = x, activation.value(x), activation.derivative(x)

    def mean(self, f: Array) -> float:
        """E[f] over all units and inputs, or over the units' own parts."""
        return np.float64(self.w @ f)  # which overflows quietly

    def by_ln_q(self, f: Array) -> float:
        """The derivative ∂E[f] / ∂ln q = ½ E[f (z² - 1)]."""
        return self.mean(f * (self.z**2 - 1)) / 2

    def noise(self, f: Array, var_c: float) -> float:
        """The variance of the mean of f over the layer, at a q that is held.

        A constant has none; what summing the nodes' weights makes of it is rounding.
        """
        return max(self.covariance(f, f, var_c), 0.0) if (f != f[0]).any() else 0.0

    def covariance(self, f: Array, g: Array, var_c: float) -> float:
        """The covariance of the means of f and g over the layer, at a q that is held.

        It is that of the module's formula, with the covariance of f and g for the variance of f.
        Inputs whose mean was taken off have a correlation a little below 0; what is linear in z has
        a negative covariance of two of them.
        """
        f, g = f - self.mean(f), g - self.mean(g)
        own = self.mean((self.given @ f) * (self.given @ g))
        if self.p.d > 1:
            own += (1 - self.p.d) * self.mean(f * self.z) * self.mean(g * self.z)
        rest = self.mean(f * g) - own
        by_both = 2 * var_c * self.by_ln_q(f) * self.by_ln_q(g)
        return (own + rest / self.samples + by_both) / self.units

    @cached_property
    def spreads(self) -> tuple[Array, Array, Array, Array]:
        """The variance of units over the inputs, for each own part s, and how that strays.

        After Var(φ | s) come its variance from one input of many, what two inputs of correlation r
        add to that per r², and the covariance of one input's φ² and its share of the variance. With
        the moments m_k = E[(φ - m)^k | s], the fourth central one is
        m_4 - 4 m_1 m_3 + 6 m_1² m_2 - 3 m_1⁴.
        """
        p = self.p
        if p.d < NARROW:
            spreads = p.q * p.d * self.slope**2
            return spreads, 2 * spreads**2, 2 * spreads**2, 0 * spreads
        mean = self.mean(self.phi)
        phi = self.phi - mean
        m_1, m_2, m_3, m_4 = (self.given @ phi**k for k in (1, 2, 3, 4))
        spreads = np.maximum(m_2 - m_1**2, 0.0)
        fourth = m_4 - 4 * m_1 * m_3 + 6 * m_1**2 * m_2 - 3 * m_1**4
        c = max(1 - p.d, 0.0)
        second = self.given * ((self.z - sqrt(c) * self.z[:, np.newaxis]) ** 2 / p.d - 1)
        bent = second @ phi**2 - 2 * m_1 * (second @ phi)
        one_input = np.maximum(fourth - spreads**2 * (1 - 2 / self.samples), 0.0)
        with_square = m_4 - 2 * m_1 * m_3 + m_1**2 * m_2 - m_2 * spreads
        with_square += 2 * mean * (m_3 - 3 * m_1 * m_2 + 2 * m_1**3)
        return spreads, one_input, bent**2 / 2, with_square

    @cached_property
    def spread_by_ln_q(self) -> float:
        """The derivative of `spread` by ln q, at a held difference q d of two inputs."""
        p = self.p
        if 1 - p.d < LEAST_CORRELATION:
            variance = self.by_ln_q((self.phi - self.mean(self.phi)) ** 2)
            return variance - p.q * p.d * p.slope_product
        return self.by_ln_q(self.spreads[0]) / (1 - p.d)


def _handed_on(
    layer: UnitGrid, below: LayerVariances, share: float, var_c: float, tailed: float
) -> LayerVariances:
    """How what this layer hands on strays, given how what it was handed does.

    `share` is the part of q that the weights make, `var_c` the variance of c, and `tailed` that
    with what the weights' tails add. The mean square
    v = E[φ²] depends on ln q, the spread w = ½ E[(φ - φ')²] on ln q and on ln qd, where both q and
    qd are handed on by the layer below:

        Δln v = (∂ln v / ∂ln q) share Δln v_below + noise
        Δln w = (∂ln w / ∂ln q) share Δln v_below + (∂ln w / ∂ln qd) Δln w_below + noise

    with ∂w / ∂ln qd = qd E[φ'φ'], and ∂E[φφ'] / ∂c = q E[φ'φ'] (Price 1958).
    """
    p = layer.p
    squares = layer.phi**2
    spreads, one_input, per_pair, with_square = layer.spreads
    v, w = layer.mean(squares), layer.mean(spreads)
    if not (v * v and w * w):
        return LayerVariances(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    own_square = layer.given @ squares
    own_v, own_w = own_square / v - 1, spreads / w - 1
    v_by_q = layer.by_ln_q(squares) / v
    w_by_q, w_by_qd = layer.spread_by_ln_q / w, p.q * p.d * p.slope_product / w
    own_squares, squared_spreads = layer.mean(own_square**2), layer.mean(spreads**2)
    product_noise = max(own_squares - (v - w) ** 2, 0.0) / layer.units
    pairs = below.pairs + layer.tails * below.uneven_spread
    return LayerVariances(
        square=layer.noise(squares, tailed) / v**2 + (v_by_q * share) ** 2 * below.square,
        spread=layer.mean(own_w**2) / layer.units
        + layer.mean(one_input / layer.samples + per_pair * pairs) / w**2 / layer.units
        + (w_by_q * share) ** 2 * below.square
        + w_by_qd**2 * below.spread
        + 2 * w_by_q * share * w_by_qd * below.both,
        both=layer.mean(own_v * own_w + with_square / (v * w * layer.samples)) / layer.units
        + 2 * tailed / layer.units * v_by_q * (w_by_q + w_by_qd)
        + v_by_q * share * (w_by_q * share * below.square + w_by_qd * below.both),
        product=product_noise / layer.area + (p.q * p.slope_product) ** 2 * var_c,
        pairs=squared_spreads / w**2 / layer.units / layer.area + w_by_qd**2 * below.pairs,
        one_pair=product_noise + (p.q * p.slope_product) ** 2 * var_c,
        uneven_square=own_squares / v**2,
        uneven_spread=squared_spreads / w**2,
    )


def _forward(
    layer: UnitGrid, spread: float, var_ln_q: float, var_c: float, ends: Ends
) -> dict[str, float]:
    """The standard errors of the forward figures; `spread` is that of `LayerVariances`.

    Those of roots follow from SE(√X) = SE(X) / (2 √X).
    """

    def error(f: Array) -> float:
        return sqrt(layer.noise(f, var_c) + layer.by_ln_q(f) ** 2 * var_ln_q)

    figures = layer.p.figures
    low, high = ends
    mean = layer.p.moments.mean
    errors = {
        "mean": error(layer.phi),
        "std": _of_root(
            hypot(error((layer.phi - mean) ** 2), sqrt(2) * error(layer.phi) ** 2), figures["std"]
        ),
        "preactivation_std": figures["preactivation_std"]
        * sqrt(layer.noise(layer.z**2, var_c) + var_ln_q)
        / 2,
        "zero_fraction": error(layer.phi == 0),
        "std_across_inputs": figures["std_across_inputs"] * sqrt(spread) / 2,
    }
    if low is not None:
        errors["saturation.low"] = error(layer.x <= low)
    if high is not None:
        errors["saturation.high"] = error(layer.x >= high)
    return errors


def _between(
    layer: UnitGrid, share: float, below: LayerVariances, var_means: float, var_means_below: float
) -> float:
    """The standard error of the variance of the units' means.

    `var_means` is the relative variance of the part of it that is due to few inputs, which is a
    sample's mean of what the layers below handed on, `var_means_below` that of the layer below.
    `share` is the part of q that the weights make; with it stray q and the covariance of two
    inputs, q - qd, of which the finite part of the layer below is not counted again.
    """
    p, phi = layer.p, layer.phi
    centred = phi - layer.mean(phi)
    own_squares = (layer.given @ centred) ** 2
    own_square = layer.mean(own_squares)
    by_inputs = p.spread / layer.inputs
    noise = layer.mean(own_squares**2) - own_square**2 + 4 * own_square * by_inputs
    by_pair = p.q * p.slope_product
    by_q = layer.by_ln_q(centred**2) - layer.spread_by_ln_q - by_pair
    var_ln_q, covariance = share**2 * below.square, share * p.d * below.both
    var_pair = var_ln_q - 2 * covariance + p.d**2 * below.spread
    var_pair = max(var_pair - (p.d / layer.inputs) ** 2 * var_means_below, 0.0)
    drift = (
        by_q**2 * var_ln_q + 2 * by_q * by_pair * (var_ln_q - covariance) + by_pair**2 * var_pair
    )
    return sqrt(max(noise, 0.0) / layer.units + by_inputs**2 * var_means + max(drift, 0.0))


def _of_root(error: float, root: float) -> float:
    """The standard error of a root, from that of what it is the root of."""
    return error / (2 * root) if root else 0.0
