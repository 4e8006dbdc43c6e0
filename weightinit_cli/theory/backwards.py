"""The gradient on its way back, from a cotangent of N(0, 1), in the limit of wide layers."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

# Where less of the pre-activations' variance is due to the inputs, batch-normalized units differ.
ALIKE = 1 - 1e-9


def add_gradients(
    found: Sequence[LayerPrediction], layers: Sequence[LayerScale], samples: int
) -> None:
    """Add the gradient's figures to `found`, from the last layer back.

    What overflows stays out, and a ratio of 0 / 0. The last layer may stand on residual blocks.
    """
    if not any(layer.branch for layer in layers):
        _of_stack(found, layers, samples)
    elif not _differ(found, layers):
        stream = 1.0
        if layers[-1].branch is None:
            last = layers[-1]
            _of_stack(found[-1:], layers[-1:], samples)
            stream = last.fan_out * last.weight_variance * found[-1].moments.slope_square
            found, layers = found[:-1], layers[:-1]
        _of_stream(found, layers, samples, stream)


def _of_stack(found: Sequence[LayerPrediction], layers: Sequence[LayerScale], samples: int) -> None:
    """Those of layers one after the other: R_l = fan_out_{l+1} Var(W_{l+1}) E[φ'²]_l.

    δ is taken at the activation's own argument. A normalization of the layer above, between,
    divides R_l by the variance that it is given. (Batch normalization's gradient has no mean over
    the inputs, so that what these have in common adds nothing to that of the weights.)
    """
    signal = found[-1].moments.slope_square
    vanished = not signal
    for number in range(len(found) - 1, -1, -1):
        p, layer = found[number], layers[number]
        if number + 1 < len(found):
            above = layers[number + 1]
            ratio = above.fan_out * above.weight_variance * p.moments.slope_square
            ratio *= above.positions / above.seen / found[number + 1].entered.by
            if not vanished:
                p.figures["gradient.ratio"] = ratio
                p.figures["gradient.total_ratio"] = ratio * layer.values / above.values
                signal *= ratio
            vanished = vanished or not ratio
        given = p.entered.given
        below = given.spread if layer.normalization == "batch_norm" else given.square
        if signal < inf:
            p.figures["gradient.signal_rms"] = sqrt(signal)
        if below * signal < inf:
            square = below * signal / samples * layer.positions / p.entered.by
            p.figures["gradient.weight_rms"] = sqrt(square)


def _of_stream(
    found: Sequence[LayerPrediction], layers: Sequence[LayerScale], samples: int, stream: float
) -> None:
    """Those of residual blocks; G is the mean square of the derivative by a block's output.

    `stream` is that of the last one.

    Of x + s φ(W N(x) + b), G_{l-1} = G_l (1 + s² fan_out Var(W) E[φ'²] / v), where N divides by √v;
    a second matrix multiplies the second term by its own fan_out Var(V) (Yang & Schoenholz 2017,
    arXiv:1712.08969). What normalizes the sum divides G_l first.

    What has come through a batch normalization, `apart`, adds up to 0 over the inputs: the product
    of two inputs' is -apart / (samples - 1), and what inputs have in common adds to the weights'
    gradient by so much less.
    """
    apart, ratio = 0.0, None
    for p, layer in zip(reversed(found), reversed(layers), strict=True):
        branch, given, figures = layer.branch, p.entered.given, p.figures
        if branch is None or not stream < inf:
            return
        if ratio is not None:
            figures["gradient.ratio"] = figures["gradient.total_ratio"] = ratio
        squares = {"gradient.stream_rms": stream}
        apart = (stream if branch.after == "batch_norm" else apart) / p.left.by
        stream /= p.left.by
        through = branch.scale * branch.scale
        if branch.second is not None:
            shared = p.moments.square - p.spread
            of_second = p.moments.square * stream - shared * apart
            squares["branch.weight_rms"] = through * of_second / samples
            through *= branch.second.fan_out * branch.second.weight_variance
        signal = through * p.moments.slope_square * stream
        alike = (given.square - given.spread) * through * p.slope_product * apart
        squares["gradient.signal_rms"] = signal
        squares["gradient.weight_rms"] = (given.square * signal - alike) / samples
        figures |= {path: sqrt(square) for path, square in squares.items() if square < inf}
        back = layer.fan_out * layer.weight_variance * signal / p.entered.by
        if branch.before == "batch_norm":
            apart += back
        stream_above = squares["gradient.stream_rms"]
        ratio = (stream + back) / stream_above if stream_above else None
        stream += back


def _differ(found: Sequence[LayerPrediction], layers: Sequence[LayerScale]) -> bool:
    """Whether batch normalization divides the units of a stream by what differs from unit to unit.

    So it does where it is given φ(z) itself, and the units' z have means of their own.
    """
    return any(
        layer.branch is not None
        and layer.branch.second is None
        and "batch_norm" in (layer.branch.before, layer.branch.after)
        and p.d < ALIKE
        for p, layer in zip(found, layers, strict=True)
    )
