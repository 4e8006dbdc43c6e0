"""How far one network's gradient strays from the prediction, from the last layer back.

To first order in 1 / width, as the figures on the way forward in `sampling`, whose grids of units
these are taken of.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale
    from weightinit_cli.theory.sampling import UnitGrid


class GradientVariances(NamedTuple):
    """How one layer's part of the gradient strays; all of it relative.

    `var_ln_q` is the variance of ln q, `own` that of the mean δ² given q and the layer above for
    very many inputs, `few` what is added per input that counts, of which `peaked` leaves fewer on
    the way back. `fresh` and `kept` say how the variance of the correlation of two inputs' δ goes
    on, and `own_by_var_c` what it adds. `slopes_by_q` is the derivative of ln E[φ'²] by ln q,
    `square_by_q` that of ln E[φ²]; `square_noise` is the variance that this layer adds to the mean
    of φ², and `jointly` its covariance with the mean of φ'². `share` is the weights' in this q,
    `alike` the mean square of two inputs' product below, over that of one input.
    """

    var_ln_q: float
    own: float
    few: float
    own_by_var_c: float
    peaked: float
    fresh: float
    kept: float
    slopes_by_q: float
    square_by_q: float
    square_noise: float
    jointly: float
    share: float
    alike: float


def gradient_variances(
    layer: UnitGrid, var_ln_q: float, var_c: float, share: float, alike: float
) -> GradientVariances | None:
    """How a layer's part of the gradient strays, where ln q and c have these variances.

    `share` and `alike` are as in GradientVariances. None where no gradient gets through.
    """
    p = layer.p
    slopes, squares = layer.slope**2, layer.phi**2
    m, v = layer.mean(slopes), layer.mean(squares)
    if not m * m:
        return None
    square_by_q = square_noise = jointly = 0.0
    if v * v:
        square_by_q = layer.by_ln_q(squares) / v
        square_noise = layer.noise(squares, var_c) / v**2
        jointly = layer.covariance(slopes, squares, var_c) / m / v
    own_slopes = layer.mean((layer.given @ slopes) ** 2) / m**2
    fourth = layer.mean(slopes**2) / m**2
    slopes_by_q = layer.by_ln_q(slopes) / m
    own = own_slopes * (1 - 1 / layer.samples) - 1 + 2 * var_c * slopes_by_q**2
    return GradientVariances(
        var_ln_q=var_ln_q,
        own=own / layer.units,
        few=3 * fourth / layer.samples / layer.units,
        own_by_var_c=2 * own_slopes / layer.units,
        peaked=1 + (3 * fourth - 1) / layer.units,
        fresh=own_slopes / layer.units,
        kept=(p.slope_product / m) ** 2,
        slopes_by_q=slopes_by_q,
        square_by_q=square_by_q,
        square_noise=square_noise,
        jointly=jointly,
        share=share,
        alike=alike,
    )


def add_gradient_errors(
    found: list[dict[str, float]],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    gradients: Sequence[GradientVariances | None],
    samples: int,
) -> None:
    """Add the errors of the gradient's figures to `found`, from the last layer back.

    ln δ² is a sum of the layers' own parts, whose variances add up, and depends on every ln q:
    with v = E[φ²], and a layer's share of the weights in the next layer's q,

        ∂ln δ² / ∂ln v = share ∂ln δ²_above / ∂ln q_above
        ∂ln δ² / ∂ln q = ∂ln E[φ'²] / ∂ln q + (∂ln v / ∂ln q) (∂ln δ² / ∂ln v).

    The norm of the weights above, of relative variance (2 + κ) / (fan_in units), sets both q_above
    and δ.
    """
    own_parts = handed = var_c = tails = by_ln_q = share_above = var_norm = 0.0
    peaked = 1.0
    for errors, scale, p, here in reversed(
        list(zip(found, layers, predictions, gradients, strict=True))
    ):
        if here is None:
            return
        own = here.own + here.few * peaked + here.own_by_var_c * (var_c + tails)
        own = max(own, 0.0)
        peaked = min(peaked * here.peaked, samples)
        own_parts += own
        by_ln_v = share_above * by_ln_q
        handed += by_ln_v**2 * here.square_noise + 2 * by_ln_v * (here.jointly + var_norm)
        by_ln_q = here.slopes_by_q + here.square_by_q * by_ln_v
        one_pair = here.fresh + here.kept * var_c
        var_c = here.fresh / scale.area + here.kept * var_c
        tails = scale.weight_excess / 2 * here.fresh / scale.area
        share_above = here.share
        var_norm = (2 + scale.weight_excess) / (scale.fan_in * scale.units)
        variance = max(own_parts + handed + by_ln_q**2 * here.var_ln_q, 0.0)
        ratio = sqrt(own + here.slopes_by_q**2 * here.var_ln_q)
        relative = {
            "gradient.signal_rms": sqrt(variance) / 2,
            "gradient.ratio": ratio,
            "gradient.total_ratio": ratio,
        }
        with_inputs = by_ln_q + (1 / here.share if here.share else 0.0)
        variance = own_parts + handed + with_inputs**2 * here.var_ln_q + 2 * one_pair * here.alike
        variance += 2 / (scale.fan_in * scale.fan_out)
        relative["gradient.weight_rms"] = sqrt(max(variance, 0.0)) / 2
        errors |= {path: p.figures[path] * of for path, of in relative.items() if path in p.figures}
