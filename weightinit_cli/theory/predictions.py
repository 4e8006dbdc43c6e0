"""What mean-field theory predicts of every layer, from the scales of weights and biases alone."""

from __future__ import annotations

from functools import lru_cache
from math import inf, isnan, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.theory.backwards import add_gradients
from weightinit_cli.theory.blocks import STANDARD, Entered, Left, Stream, enter, leave
from weightinit_cli.theory.quadrature import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.theory.blocks import Normalization
    from weightinit_cli.theory.expectations import Expectations

# As large as a variance may be for its fourth power, in the sampling errors, to be a float.
LARGEST = 1e70
# Where q or d differs by less from the layer below, relative to itself, it has settled.
ROUNDING = 1e-13
# So much more than 1 is the distance 1 - c of two inputs by the rounding of expectations alone.
ALIKE = 1e-9

# Figures that are positive and vary by factors: their shifts, and z-scores, are of their logarithm.
LOGARITHMIC = (
    "std",
    "preactivation_std",
    "std_across_inputs",
    "std_across_units",
    "gradient.signal_rms",
    "gradient.weight_rms",
    "gradient.ratio",
    "gradient.total_ratio",
)
# Figures that are fractions of a layer's values.
FRACTIONS = ("saturation.low", "saturation.high", "zero_fraction")


class Branch(NamedTuple):
    """A residual branch as the theory sees it: what stands beside its first weights.

    `scale` multiplies what it adds to the stream; `second` are its weights after the activation,
    if there are any. `before` normalizes the stream that the branch sees, `after` the sum.
    """

    scale: float
    second: LayerScale | None = None
    before: Normalization | None = None
    after: Normalization | None = None


class LayerScale(NamedTuple):
    """A layer as the theory sees it: its fans, and the variances of a weight and of a bias.

    Of a convolution, whose kernel's area multiplies both fans, `channels` are its own, `positions`
    the places of its output and `seen` those of its input. `normalization` stands between weights
    and activation, and with a `branch` the layer is one block of a residual network.
    """

    fan_in: int
    fan_out: int
    weight_variance: float
    bias_variance: float
    channels: int | None = None
    positions: int = 1
    seen: int = 1
    weight_excess: float = 0.0
    bias_excess: float = 0.0
    normalization: Normalization | None = None
    branch: Branch | None = None

    @property
    def units(self) -> int:
        """The number of units that differ in their weights: the channels, or all of them."""
        return self.fan_out if self.channels is None else self.channels

    @property
    def values(self) -> int:
        """The number of values for one input: those of the units at all positions."""
        return self.units * self.positions

    @property
    def area(self) -> int:
        """The number of places of the input that a unit sees."""
        return self.fan_out // self.units

    @property
    def overlap(self) -> float:
        """The share of a channel's places that have an input in common with one of them."""
        return min(self.area / self.positions, 1.0)

    @property
    def sigma_w2(self) -> float:
        """The scale sigma_w² = fan_in Var(W) of the weights."""
        return self.fan_in * self.weight_variance


class LayerPrediction(NamedTuple):
    """What theory predicts of one layer in the limit of wide layers.

    `q` is the variance of a pre-activation, `d` = 1 - c one minus the correlation of two inputs'
    pre-activations; `moments` are under N(0, q). `spread` = E[φ²] - E[φφ'] is the variance of a
    unit from input to input, `slope_product` = E[φ'φ'] that of two inputs. `figures` are those of
    a Result, by their paths.

    `entered` is what the layer makes of the stream before its activation, `left` what it hands on.
    """

    q: float
    d: float
    moments: Moments
    variance: float
    spread: float
    slope_product: float
    figures: dict[str, float]
    entered: Entered
    left: Left


def predict(
    expectations: Sequence[Expectations],
    layers: Sequence[LayerScale],
    samples: int,
    ends: Sequence[Ends],
    inputs: Stream = STANDARD,
) -> list[LayerPrediction]:
    """The predictions, layer by layer, as far as q stays below LARGEST and expectations are known.

    `expectations` are those of each layer's activation, `ends` where it is flat, and `inputs` what
    the first layer is given.

    Forwards q_l = sigma_w² E[φ²]_{l-1} + sigma_b² (Poole et al. 2016, eq. 3), and
    q_l d_l = sigma_w² (E[φ²] - E[φφ'])_{l-1}, their eq. 5 in d = 1 - c; both expectations are 1
    for inputs of N(0, 1). Backwards R_l = fan_out_{l+1} Var(W_{l+1}) E[φ'²]_l (Schoenholz et al.
    2017, eq. 15), from E[φ'²]_L for a cotangent of N(0, 1).

    Of convolutions whose windows lie inside the image, or on a ring, the maps are the same, for
    two positions as for two inputs (Xiao et al. 2018, arXiv:1806.05393, section 2.2); R_l is
    multiplied by the windows per place of the input, 1 / stride² on a ring.

    How normalizations and residual branches change the maps is in `blocks`, how they change the
    way back in `backwards`.
    """
    found: list[LayerPrediction] = []
    x = inputs
    former = dict.fromkeys(expectations, (0.0, 0.0))  # the last q and d of layers of each kind
    of_one = lru_cache(maxsize=len(former))(_of_one)
    of_two = lru_cache(maxsize=len(former))(_of_two)
    for e, layer, flat in zip(expectations, layers, ends, strict=True):
        entered = enter(layer, x, samples)
        q, d = former[e]
        q = _settled(entered.z.square, q)
        if not q < LARGEST:
            break
        d = _settled(_distance(entered.z.spread, q), d)
        former[e] = q, d
        moments, variance = of_one(e, q)
        if not (moments.square < LARGEST and moments.slope_square < LARGEST):
            break
        spread, slope_product = of_two(e, q, d)
        if isnan(spread + slope_product + variance):
            break
        variance = max(variance, spread) if d <= 1 else variance
        phi = Stream(moments.square, variance, spread, moments.mean)
        left = leave(layer.branch, x, phi, samples)
        if not left.largest < LARGEST:
            break
        p = LayerPrediction(q, d, moments, variance, spread, slope_product, {}, entered, left)
        found.append(p._replace(figures=_forward_figures(e, layer, samples, flat, p)))
        x = p.left.stream
    if len(found) == len(layers):
        add_gradients(found, layers, samples)
    return found


def _distance(spread: float, q: float) -> float:
    """1 - c of two inputs with this spread of pre-activations of variance q; 2 of opposite ones."""
    d = spread / q if q else 0.0
    return 1.0 if 1 < d <= 1 + ALIKE else min(d, 2.0)


def _settled(value: float, former: float) -> float:
    """The value, or the former one where the two differ by rounding alone: deep networks settle."""
    return former if abs(value - former) <= ROUNDING * value < inf else value


def _of_one(e: Expectations, q: float) -> tuple[Moments, float]:
    """The moments under N(0, q) of one input's units, and the variance of φ."""
    return (e.moments(q), e.spread(q, 1.0)) if q else (_at_zero(e), 0.0)


def _of_two(e: Expectations, q: float, d: float) -> tuple[float, float]:
    """The spread E[φ²] - E[φφ'] of two inputs, and E[φ'φ'], the product of their slopes."""
    return (e.spread(q, d), e.slope_product(q, d)) if q else (0.0, _at_zero(e).slope_square)


def _at_zero(e: Expectations) -> Moments:
    """The moments at q = 0 itself, where every unit takes the activation's choice at a kink."""
    zero = np.zeros(1)
    phi, slope = float(e.activation.value(zero)[0]), float(e.activation.derivative(zero)[0])
    return Moments(phi, phi**2, slope**2)


def _forward_figures(
    e: Expectations,
    layer: LayerScale,
    samples: int,
    ends: Ends,
    p: LayerPrediction,
) -> dict[str, float]:
    """The forward figures of one layer, as a sample of so many units and inputs has them.

    Variances are those about the sample's own means (ddof 0). A layer normalization has made the
    units' mean 0 in every input. Of a stream it isn't known how much is exactly 0, and of units
    that a batch normalization was the last to centre not how far their means differ.
    """

    def parts(of: Stream, kind: Normalization | None = None) -> tuple[float, float]:
        """The variance within a unit and that between the units' means, after this `kind`."""
        own = 1.0 if kind == "layer_norm" else 1 - 1 / layer.units
        between = (of.variance - of.spread + of.spread / samples) * own
        between += of.spread / samples * (1 - 1 / layer.positions) / layer.units
        if between <= ROUNDING * of.variance:
            between = 0.0
        return of.spread * (1 - 1 / samples), between

    branch, stream = layer.branch, p.left.stream
    within, between = parts(stream, branch and branch.after)
    given = p.left.total or p.entered.norm
    preactivations = Stream(p.q, p.q, p.q * p.d)
    normalized = layer.normalization is not None if branch is None else branch.second is None
    recentred = p.d > 1 and between > 0 and normalized
    low, high = e.tails(p.q, *ends)
    figures = {
        "mean": stream.mean,
        "std": sqrt(within + between),
        "preactivation_std": sqrt(sum(parts(preactivations, layer.normalization))),
        "saturation.low": low,
        "saturation.high": high,
        "zero_fraction": (e.zero_fraction(p.q) or None) if branch is None else None,
        "std_across_inputs": sqrt(within),
        "std_across_units": None if recentred else sqrt(between),
        "prenorm_std": None if given is None else sqrt(sum(parts(given))),
        "branch.rms": None if branch is None else p.left.rms,
    }
    return {path: value for path, value in figures.items() if value is not None}
