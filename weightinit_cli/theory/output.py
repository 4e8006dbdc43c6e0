"""What mean-field theory says of an output layer: its logits, their loss, and what goes back."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from weightinit_cli.theory.loss import Loss, expected_loss, standard_error
from weightinit_cli.theory.sampling import standard_errors
from weightinit_cli.theory.validity import MOST_EXCESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.activations import Activation
    from weightinit_cli.activations.activation import Ends
    from weightinit_cli.theory.inputs import Inputs
    from weightinit_cli.theory.predictions import LayerPrediction, LayerScale

# Layers per unit beyond which the loss's mean and spread are no longer those of first order.
DEEPEST: Final = 0.05
# As many units as make the mean square of a layer's values that which the layers below set.
VERY_MANY: Final = 10**12
# Figures of what goes back, and of the weights' gradient.
SIGNALS: Final = {"gradient.signal_rms", "gradient.stream_rms"}
WEIGHTS: Final = {"gradient.weight_rms", "branch.weight_rms"}


class LossPrediction(NamedTuple):
    """The expected loss of an output layer, and how far that of one network strays from it.

    `no_z` says why the distance of a measured loss is no z-score, where it is none.
    """

    loss: Loss
    standard_error: float | None
    no_z: str | None


def predict_loss(
    activations: Sequence[Activation],
    layers: Sequence[LayerScale],
    predictions: Sequence[LayerPrediction],
    samples: int,
    ends: Sequence[Ends],
    inputs: Inputs,
) -> LossPrediction:
    """The loss of the last of the layers, which has a unit per class and a linear activation."""
    logits, scale = predictions[-1], layers[-1]
    loss = expected_loss(logits.q, scale.units)
    no_z = _why_no_z(layers, logits.q)
    if any(layer.branch or layer.normalization for layer in layers):
        return LossPrediction(loss, None, no_z or "theory has no standard error for it")
    wide = scale._replace(fan_out=VERY_MANY, channels=VERY_MANY)
    known = standard_errors(activations, [*layers[:-1], wide], predictions, samples, ends, inputs)
    error = known[-1].get("preactivation_std", 0.0)
    var_ln_q = (2 * error / logits.figures["preactivation_std"]) ** 2 if error else 0.0
    error = standard_error(loss, logits.q, logits.d, samples, var_ln_q)
    return LossPrediction(loss, error or None, no_z if error else "theory expects exactly ln C")


def _why_no_z(layers: Sequence[LayerScale], q: float) -> str | None:
    """Why the loss of a network has no z-score; None where it has one."""
    *hidden, output = layers
    if sum(1 / layer.units for layer in hidden) > DEEPEST:
        return (
            f"of networks with more than {DEEPEST:g} layers per unit the loss strays further than "
            "theory to first order in 1 / width tells"
        )
    if q and abs(output.bias_excess) * (output.bias_variance / q) ** 2 > MOST_EXCESS:
        return "the biases are not normal, as theory takes them to be"
    return None


def with_loss(predictions: Sequence[LayerPrediction], loss: Loss) -> list[LayerPrediction]:
    """The predictions of all layers, where it is the loss's gradient that goes back.

    Its power at the logits is E[(p - y)²] where that of N(0, 1) is 1, and so it is in all layers.
    Left out are what the last hidden layer has beside the logits, and the weights' gradient: of
    inputs whose probabilities are alike it is larger than of independent ones.
    """
    scale = sqrt(loss.error_square)
    found = []
    for number, p in enumerate(predictions):
        figures = dict(p.figures)
        for path in SIGNALS & figures.keys():
            figures[path] *= scale
        for path in WEIGHTS & figures.keys():
            del figures[path]
        if number == len(predictions) - 2:
            for path in ("gradient.ratio", "gradient.total_ratio"):
                figures.pop(path, None)
        found.append(p._replace(figures=figures))
    return found
