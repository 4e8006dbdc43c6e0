"""How far one network's gradient strays from the prediction, to first order in 1 / width."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale
    from weightinit_cli.theory.sampling import Layer


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


def signal_of(
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


def add_gradients(
    found: list[dict[str, float]],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    signals: Sequence[Signal | None],
    samples: int,
) -> None:
    """From the last layer back: the variances of the layers' own parts add up."""
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
