"""The scalar figures of a layer by their paths: `std`, `saturation.low`, `gradient.ratio`."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from weightinit_cli.results.model import LayerStatistics

FIGURES: Final = (
    "mean",
    "std",
    "min",
    "max",
    "preactivation_std",
    "saturation.low",
    "saturation.high",
    "zero_fraction",
    "dead_units",
    "distinct_units",
    "std_across_inputs",
    "std_across_units",
    "nonfinite",
    "gradient.signal_rms",
    "gradient.weight_rms",
    "gradient.ratio",
    "gradient.total_ratio",
    "gradient.nonfinite",
)


def figure(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None where it does not exist."""
    if path.startswith("gradient.") and layer.gradient is None:
        return None
    value: float | None = attrgetter(path)(layer)
    return value


# What a figure has to be, in floors of its resolution, for anything to be concluded from its value.
CERTAIN: Final = 8

_OF_ACTIVATIONS = frozenset({"mean", "std", "min", "max", "std_across_inputs", "std_across_units"})


def floor(layer: LayerStatistics, path: str) -> float:
    """What the figure at one of FIGURES is rounding or underflow below; 0 where that is unknown."""
    if layer.resolution is None:
        return 0.0
    if path == "preactivation_std":
        return layer.resolution.preactivations or 0.0
    return layer.resolution.activations if path in _OF_ACTIVATIONS else 0.0


def resolved(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None also where the run's dtype cannot tell it."""
    return None if path in layer.unresolved else figure(layer, path)


def certain(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None also where it is no larger than CERTAIN of its floors."""
    value = resolved(layer, path)
    return None if value is None or abs(value) < CERTAIN * floor(layer, path) else value
