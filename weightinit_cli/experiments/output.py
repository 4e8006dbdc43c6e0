"""An output layer's part of a result: its logits, the loss at the start, and what a step does."""

from __future__ import annotations

from math import hypot, log
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.experiments.build import resolved_layer
from weightinit_cli.experiments.predict import ENOUGH_REPEATS, predicted_loss
from weightinit_cli.results import Output
from weightinit_cli.results.figures import finite_or_none
from weightinit_cli.results.spreads import OverSeeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weightinit_cli.experiments.predict import NetworkTheory
    from weightinit_cli.network import Network
    from weightinit_cli.network.loss import LossRecord
    from weightinit_cli.results import Gradient, LayerStatistics, Spread, WeightStatistics


class MeasuredOutput(NamedTuple):
    """What was measured of one network's output layer; its loss may be inf or nan."""

    loss: LossRecord
    rms: float | None

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures that have a spread over the seeds."""
        return {
            "loss": finite_or_none(self.loss.mean),
            "accuracy": self.loss.accuracy,
            "rms": self.rms,
        }


def measured_output(loss: LossRecord, logits: LayerStatistics) -> MeasuredOutput:
    """What was measured of an output layer, from its logits' figures and their loss."""
    known = logits.mean is not None and logits.std is not None and not logits.nonfinite
    return MeasuredOutput(loss, hypot(logits.mean or 0.0, logits.std or 0.0) if known else None)


def output_of(
    network: Network,
    logits: LayerStatistics,
    measured: Sequence[MeasuredOutput],
    theory: NetworkTheory,
) -> Output:
    """The output layer of a result, from its logits and what was `measured` over all seeds."""
    layer = network.stages[-1].weighted
    first, repeats = measured[0].figures, _spreads(measured)
    over = repeats["loss"].std if repeats and len(measured) >= ENOUGH_REPEATS else None
    return Output(
        resolved=resolved_layer(layer),
        logits=logits,
        rms=first["rms"],
        loss=first["loss"],
        indifferent=log(layer.units),
        accuracy=measured[0].loss.accuracy,
        theory=predicted_loss(theory, network, first["loss"], over),
        repeats=repeats,
    )


def _spreads(measured: Sequence[MeasuredOutput]) -> Mapping[str, Spread] | None:
    if len(measured) == 1:
        return None
    over = OverSeeds()
    for each in measured:
        over.add([each.figures])
    return over.spreads()[0]


def update_ratio(
    gradient: Gradient, weights: WeightStatistics | None, rate: float | None
) -> float | None:
    """The size of a step of SGD at this rate beside the weights that it moves, root mean squares.

    The gradient is that of the mean loss. None without a rate, and where all weights are zero.
    """
    if rate is None or weights is None or weights.mean is None or weights.std is None:
        return None
    size = hypot(weights.mean, weights.std)
    if gradient.weight_rms is None or not size:
        return None
    return finite_or_none(rate * gradient.weight_rms / size)
