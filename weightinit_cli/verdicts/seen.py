"""A measured network as the definitions of verdicts see it, and which of its figures are known."""

from __future__ import annotations

from itertools import takewhile
from math import hypot, inf
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from weightinit_cli.results.figures import certain, figure, finite_exp

if TYPE_CHECKING:
    from weightinit_cli.results.model import LayerStatistics, Output, WeightStatistics

SMALLEST: Final = 5e-324
SIGNAL: Final = "gradient.signal_rms"


class Layer(NamedTuple):
    """One layer: its number from 1, its size, what it was drawn with, its figures.

    A convolution's units are its channels at every one of its `positions`; a fully connected
    layer has one. `bias_std` is the standard deviation of its biases. `low` and `high` are where
    its activation's flat ends begin (`x_low`, `x_high`), and `slope_at_zero` is its derivative at
    0: a unit that is zero gets no gradient where that is 0. `scale` is that of its branch, in a
    residual block, whose figures are those of its stream.
    """

    number: int
    units: int
    positions: int
    samples: int
    fan_in: int
    bias_std: float
    low: float | None
    high: float | None
    slope_at_zero: float
    figures: LayerStatistics
    scale: float | None = None

    @property
    def half_flat(self) -> bool:
        """Whether the low flat end begins at zero, as relu6's: half of all values, by design."""
        return self.low == 0 and self.high is not None and self.high > SMALLEST


class Seen(NamedTuple):
    """What was measured of a network: the input, every layer, and an output layer of `classes`.

    `normalization` says where its layers have one: none, "plain" of what an activation is given,
    "pre" of what a branch is given, "post" of a stream. `loss_scale` was tried, and keeps a
    gradient that a low precision would lose.
    """

    input: LayerStatistics
    layers: tuple[Layer, ...]
    output: Output | None = None
    classes: int = 0
    normalization: Literal["none", "plain", "pre", "post"] = "none"
    loss_scale: int | None = None

    @property
    def is_silent(self) -> bool:
        """Whether nothing comes back from an output layer, since its weights are all zero."""
        if self.output is None or not has_one_weight(self.output.logits):
            return False
        weights = self.output.logits.weights
        return weights is not None and weights.max == 0

    @property
    def residual(self) -> bool:
        """Whether its layers are branches beside a stream."""
        return any(layer.scale is not None for layer in self.layers)

    @property
    def normalized(self) -> bool:
        """Whether the size of a layer's values does not matter to what comes after it."""
        return self.normalization != "none"

    @property
    def whole(self) -> tuple[Layer, ...]:
        """The layers before any overflow; what is left of later ones says nothing of its own."""
        return tuple(takewhile(lambda layer: not layer.figures.nonfinite, self.layers))

    @property
    def has_gradient(self) -> bool:
        """Whether it is known what came back to every layer."""
        return not self.is_silent and all(
            layer.figures.gradient is not None
            and is_known(layer.figures, SIGNAL)
            and is_known(layer.figures, "gradient.total_ratio")
            for layer in self.layers
        )

    @property
    def has_inputs(self) -> bool:
        """Whether there are several inputs, that may differ."""
        return any(layer.samples > 1 for layer in self.layers)

    def before(self, layer: Layer) -> LayerStatistics:
        """The figures of what a layer was given."""
        return self.input if layer.number == 1 else self.layers[layer.number - 2].figures


def is_known(figures: LayerStatistics, path: str) -> bool:
    """Whether the dtype can tell the figure so well that its value can be concluded from."""
    if path in figures.unresolved:
        return False
    return figure(figures, path) is None or certain(figures, path) is not None


def at_most(figures: LayerStatistics, path: str) -> float | None:
    """The figure, or the floor that it lies below; rounding makes a spread larger, not smaller."""
    return figures.unresolved.get(path) or figure(figures, path)


def size(figures: LayerStatistics) -> float | None:
    """The root mean square; None where it is below what the dtype can tell."""
    if figures.mean is None or figures.std is None:
        return None
    if not (is_known(figures, "mean") or is_known(figures, "std")):
        return None
    return min(hypot(figures.mean, figures.std), finite_exp(inf))


def has_one_weight(figures: LayerStatistics) -> bool:
    """Whether all weights of a layer are the same number."""
    return is_one_number(figures.weights)


def is_one_number(weights: WeightStatistics | None) -> bool:
    """Whether weights are all the same number."""
    return weights is not None and weights.min is not None and weights.min == weights.max
