"""How far one network of finite width, on finitely many inputs, strays from the prediction.

To first order in 1 / width. Given the layer below, the units of a layer are independent and alike:
on an input, one unit's pre-activation is sqrt(q) (sqrt(c) s + sqrt(1 - c) e), where s is the unit's
own and e differs from input to input. So a mean over all values strays as the units' means given s
do; it strays further because q, which the layer below sets, strays; and because any two inputs
have a correlation of their own, which strays around c.

How well they hold is measured over seeds, as the standard deviation of z-scores: see `validity`.
"""

from __future__ import annotations

from functools import cached_property
from math import hypot, inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.quadrature import fixed_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Array, Ends
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

NODES = 161
# Where two inputs differ by less, a unit's φ is a line over them.
NARROW = 0.02
# Below this correlation, derivatives with respect to what inputs share lose their digits.
LEAST_CORRELATION = 1e-2


class Stray(NamedTuple):
    """How far what a layer hands on strays from network to network, as variances.

    `square` and `spread` are the relative variances of its mean square and of its units' variance
    over the inputs, `both` the covariance of the two, `product` the absolute variance of E[φφ'] of
    two inputs. `pairs` is that of two inputs' covariance
    about the units' means, from pair to pair, relative to the variance over the inputs: inputs that
    vary in few directions are fewer than they seem.

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


class Layer:
    """One layer's units on a grid: their values and slopes, and means given a unit's own part."""

    def __init__(
        self, activation: Activation, scale: LayerScale, p: LayerPrediction, samples: int
    ) -> None:
        self.p, self.units, self.area = p, scale.units, scale.area
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

    def by_log_q(self, f: Array) -> float:
        """The derivative of E[f] by ln q."""
        return self.mean(f * (self.z**2 - 1)) / 2

    def noise(self, f: Array, correlation: float) -> float:
        """The variance of the mean of f over the layer, where c has the variance `correlation`."""
        return max(self.covariance(f, f, correlation), 0.0)

    def covariance(self, f: Array, g: Array, correlation: float) -> float:
        """The covariance of the means of f and g over the layer."""
        f, g = f - self.mean(f), g - self.mean(g)
        own = self.mean((self.given @ f) * (self.given @ g))
        rest = self.mean(f * g) - own
        by_both = 2 * correlation * self.by_log_q(f) * self.by_log_q(g)
        return (own + rest / self.samples + by_both) / self.units

    @cached_property
    def spreads(self) -> tuple[Array, Array, Array, Array]:
        """The variance of units over the inputs, for each own part, and how that strays.

        After it come its variance from one input of many, what two inputs of correlation r add to
        that per r², and the covariance of one input's φ² and its share of the variance.
        """
        p = self.p
        if p.d < NARROW:
            spreads = p.q * p.d * self.slope**2
            return spreads, 2 * spreads**2, 2 * spreads**2, 0 * spreads
        mean = self.mean(self.phi)
        phi = self.phi - mean
        m, m2, m3, m4 = (self.given @ phi**k for k in (1, 2, 3, 4))
        spreads = np.maximum(m2 - m**2, 0.0)
        fourth = m4 - 4 * m * m3 + 6 * m**2 * m2 - 3 * m**4
        second = self.given * ((self.z - sqrt(1 - p.d) * self.z[:, np.newaxis]) ** 2 / p.d - 1)
        bent = second @ phi**2 - 2 * m * (second @ phi)
        few = np.maximum(fourth - spreads**2 * (1 - 2 / self.samples), 0.0)
        share = m4 - 2 * m * m3 + m**2 * m2 - m2 * spreads
        share += 2 * mean * (m3 - 3 * m * m2 + 2 * m**3)
        return spreads, few, bent**2 / 2, share

    @cached_property
    def spread_by_log_q(self) -> float:
        """The derivative of `spread` by ln q, the difference of two inputs being held."""
        p = self.p
        if 1 - p.d < LEAST_CORRELATION:
            variance = self.by_log_q((self.phi - self.mean(self.phi)) ** 2)
            return variance - p.q * p.d * p.slope_product
        return self.by_log_q(self.spreads[0]) / (1 - p.d)


class Signal(NamedTuple):
    """How one layer's part of the gradient strays; all of it relative.

    `log_q` is the variance of ln q, `own` that of the mean δ² given q and the layer above for
    very many inputs, `few` what is added per input that counts, of which `peaked` leaves fewer on
    the way back. `fresh` and `kept` say how the variance of the correlation of two inputs' δ goes
    on, and `own_by_correlation` what it adds. `by_log_q` is the derivative of ln E[φ'²],
    `handed_on` that of the next layer's ln q per share of the weights in it, `noise` the variance
    that this layer adds there, and `jointly` its covariance with the mean of φ'². `share` is the
    weights' in this q, `below` the mean square of two inputs' product below, over that of one
    input.
    """

    log_q: float
    own: float
    few: float
    own_by_correlation: float
    peaked: float
    fresh: float
    kept: float
    by_log_q: float
    handed_on: float
    noise: float
    jointly: float
    share: float
    below: float


def standard_errors(
    activation: Activation,
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    samples: int,
    ends: Ends,
) -> list[dict[str, float]]:
    """The standard error of every predicted figure of one network, layer by layer."""
    found: list[dict[str, float]] = []
    signals: list[Signal | None] = []
    features = layers[0].fan_in
    first = layers[0]
    seen = features // first.area * min(first.seen, first.area * first.positions)
    square = 2 / (seen * samples)
    above = Stray(square, square, square, 1 / features, 1 / features, 1 / features)
    means = 2 / features * first.overlap
    settled: tuple[LayerScale, float, float] | None = None
    square, product = np.float64(1), np.float64(0)
    with np.errstate(all="ignore"):
        for scale, p in zip(layers, predictions, strict=False):
            # The deepest layers are alike once q and c have settled.
            if (scale, p.q, p.d) != settled:
                layer = Layer(activation, scale, p, samples)
            settled = scale, p.q, p.d
            weight = np.float64(scale.sigma_w2) / p.q if p.q else np.float64(0)
            log_q = (weight * square) ** 2 * above.square
            correlation = weight**2 * above.product
            after = _after(layer, above, weight * square, correlation)
            by_p = p.q * p.d * p.slope_product / p.spread if p.spread else 0.0
            handed_on, means = means, 2 / scale.units * scale.overlap + by_p**2 * means
            errors = _forward(layer, after.spread, log_q, correlation, ends)
            between = _between(layer, weight * square, above, means, handed_on)
            found.append(
                errors | {"std_across_units": _of_root(between, p.figures["std_across_units"])}
            )
            below = (product**2 + above.one_pair) / square**2 if square else 0.0
            signals.append(_signal(layer, log_q, correlation, weight * square, below))
            above, square = after, np.float64(p.moments.square)
            product = square - p.spread
        if len(predictions) == len(layers):
            _add_gradients(found, layers, predictions, signals, samples)
    return [
        {path: float(error) for path, error in errors.items() if error < inf} for errors in found
    ]


def _after(layer: Layer, above: Stray, share: float, correlation: float) -> Stray:
    """How what this layer hands on strays, given what it was handed.

    `share` is the part of q that the weights make, `correlation` the variance of c.
    """
    p = layer.p
    squares = layer.phi**2
    spreads, few, paired, jointly = layer.spreads
    v, d = layer.mean(squares), layer.mean(spreads)
    if not (v * v and d * d):
        return Stray(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    own = layer.given @ squares
    own_v, own_d = own / v - 1, spreads / d - 1
    second = 2 * correlation / layer.units
    by_q = layer.by_log_q(squares) / v
    by_p = p.q * p.d * p.slope_product / d
    spread_by_q = layer.spread_by_log_q / d
    by_both = spread_by_q + by_p
    fresh = max(layer.mean(own**2) - (v - d) ** 2, 0.0) / layer.units
    return Stray(
        square=layer.noise(squares, correlation) / v**2 + (by_q * share) ** 2 * above.square,
        spread=layer.mean(own_d**2) / layer.units
        + layer.mean(few / layer.samples + paired * above.pairs) / d**2 / layer.units
        + (spread_by_q * share) ** 2 * above.square
        + by_p**2 * above.spread
        + 2 * spread_by_q * share * by_p * above.both,
        both=layer.mean(own_v * own_d + jointly / (v * d * layer.samples)) / layer.units
        + second * by_q * by_both
        + by_q * share * (spread_by_q * share * above.square + by_p * above.both),
        product=fresh / layer.area + (p.q * p.slope_product) ** 2 * correlation,
        pairs=layer.mean(spreads**2) / d**2 / layer.units / layer.area + by_p**2 * above.pairs,
        one_pair=fresh + (p.q * p.slope_product) ** 2 * correlation,
    )


def _forward(
    layer: Layer, spread: float, log_q: float, correlation: float, ends: Ends
) -> dict[str, float]:
    def error(f: Array) -> float:
        return sqrt(layer.noise(f, correlation) + layer.by_log_q(f) ** 2 * log_q)

    figures = layer.p.figures
    low, high = ends
    mean = layer.p.moments.mean
    errors = {
        "mean": error(layer.phi),
        "std": _of_root(
            hypot(error((layer.phi - mean) ** 2), sqrt(2) * error(layer.phi) ** 2), figures["std"]
        ),
        "preactivation_std": figures["preactivation_std"]
        * sqrt(layer.noise(layer.z**2, correlation) + log_q)
        / 2,
        "zero_fraction": error(layer.phi == 0),
        "std_across_inputs": figures["std_across_inputs"] * sqrt(spread) / 2,
    }
    if low is not None:
        errors["saturation.low"] = error(layer.x <= low)
    if high is not None:
        errors["saturation.high"] = error(layer.x >= high)
    return errors


def _between(layer: Layer, share: float, above: Stray, means: float, means_above: float) -> float:
    """The standard error of the variance of the units' means.

    `means` is the relative variance of the part of it that is due to few inputs, which is a
    sample's mean of what the layers below handed on. `share` is the part of q that the weights
    make; with it stray q and the covariance of two inputs, of which the finite part of
    the layer below is not counted again.
    """
    p, phi = layer.p, layer.phi
    centred = phi - layer.mean(phi)
    apart = (layer.given @ centred) ** 2
    mean = layer.mean(apart)
    few = p.spread / layer.inputs
    noise = layer.mean(apart**2) - mean**2 + 4 * mean * few
    by_pair = p.q * p.slope_product
    by_q = layer.by_log_q(centred**2) - layer.spread_by_log_q - by_pair
    log_q, both = share**2 * above.square, share * p.d * above.both
    pair = log_q - 2 * both + p.d**2 * above.spread
    pair = max(pair - (p.d / layer.inputs) ** 2 * means_above, 0.0)
    drift = by_q**2 * log_q + 2 * by_q * by_pair * (log_q - both) + by_pair**2 * pair
    return sqrt(max(noise, 0.0) / layer.units + few**2 * means + max(drift, 0.0))


def _signal(
    layer: Layer, log_q: float, correlation: float, share: float, below: float
) -> Signal | None:
    """The signal of a layer whose ln q has the variance `log_q`, and whose c has `correlation`.

    `share` and `below` are as in Signal. None where no gradient gets through.
    """
    p = layer.p
    slopes, squares = layer.slope**2, layer.phi**2
    m, v = layer.mean(slopes), layer.mean(squares)
    if not m * m:
        return None
    handed_on = noise = jointly = 0.0
    if v * v:
        handed_on = layer.by_log_q(squares) / v
        noise = layer.noise(squares, correlation) / v**2
        jointly = layer.covariance(slopes, squares, correlation) / m / v
    alike = layer.mean((layer.given @ slopes) ** 2) / m**2
    peaked = layer.mean(slopes**2) / m**2
    by_log_q = layer.by_log_q(slopes) / m
    own = alike * (1 - 1 / layer.samples) - 1 + 2 * correlation * by_log_q**2
    return Signal(
        log_q=log_q,
        own=own / layer.units,
        few=3 * peaked / layer.samples / layer.units,
        own_by_correlation=2 * alike / layer.units,
        peaked=1 + (3 * peaked - 1) / layer.units,
        fresh=alike / layer.units,
        kept=(p.slope_product / m) ** 2,
        by_log_q=by_log_q,
        handed_on=handed_on,
        noise=noise,
        jointly=jointly,
        share=share,
        below=below,
    )


def _add_gradients(
    found: list[dict[str, float]],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    signals: Sequence[Signal | None],
    samples: int,
) -> None:
    """Add the errors of the gradient's figures to `found`, from the last layer back.

    The variances of the layers' own parts add up.
    """
    total = correlation = by_log_q = handed = share = norm = 0.0
    peaked = 1.0
    for errors, scale, p, signal in reversed(
        list(zip(found, layers, predictions, signals, strict=True))
    ):
        if signal is None:
            return
        own = signal.own + signal.few * peaked + signal.own_by_correlation * correlation
        own = max(own, 0.0)
        peaked = min(peaked * signal.peaked, samples)
        total += own
        growth = share * by_log_q
        handed += growth**2 * signal.noise + 2 * growth * (signal.jointly + norm)
        by_log_q = signal.by_log_q + signal.handed_on * growth
        one_pair = signal.fresh + signal.kept * correlation
        correlation = signal.fresh / scale.area + signal.kept * correlation
        # Of the norm of this layer's weights, with which both q and the layer below's δ grow.
        share, norm = signal.share, 2 / (scale.fan_in * scale.units)
        variance = max(total + handed + by_log_q**2 * signal.log_q, 0.0)
        ratio = sqrt(own + signal.by_log_q**2 * signal.log_q)
        relative = {
            "gradient.signal_rms": sqrt(variance) / 2,
            "gradient.ratio": ratio,
            "gradient.total_ratio": ratio,
        }
        with_inputs = by_log_q + (1 / share if share else 0.0)
        variance = total + handed + with_inputs**2 * signal.log_q + 2 * one_pair * signal.below
        variance += 2 / (scale.fan_in * scale.fan_out)
        relative["gradient.weight_rms"] = sqrt(max(variance, 0.0)) / 2
        errors |= {path: p.figures[path] * of for path, of in relative.items() if path in p.figures}


def _of_root(error: float, root: float) -> float:
    """The error of a root, from that of what it is the root of."""
    return error / (2 * root) if root else 0.0
