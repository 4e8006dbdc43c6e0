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
)


def figure(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None where it does not exist."""
    if path.startswith("gradient.") and layer.gradient is None:
        return None
    value: float | None = attrgetter(path)(layer)
    return value
