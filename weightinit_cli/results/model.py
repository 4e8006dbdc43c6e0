"""The Result: everything a run has to say, typed; the one thing that is kept on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA_VERSION = 1


ComponentForm = Mapping[str, str | float]


@dataclass(frozen=True, slots=True)
class SpecForm:
    """The normal form of a spec as a result holds it: every key, and what it may be."""

    name: str
    experiment: str
    seed: int
    samples: int
    features: int
    layers: int
    width: tuple[int, ...]
    activation: ComponentForm
    initializer: ComponentForm
    bias: ComponentForm
    histogram: Mapping[str, Any]
    dtype: str
    saturation: float


@dataclass(frozen=True, slots=True)
class HistogramCounts:
    """Values per bin. `len(edges) == len(counts) + 1`; the last bin holds its upper edge.

    `sum(counts) + underflow + overflow` is the number of finite values.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    underflow: int
    overflow: int


@dataclass(frozen=True, slots=True)
class Saturation:
    """Fraction of pre-activations in the flat ends of the activation; None without such an end."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class WeightStatistics:
    """Of the entries of a layer's weights, in weight units.

    `kurtosis` is the fourth standardized moment (3 for a normal, 1.8 for a uniform
    distribution), None for constant weights. `stream` is a short hash of the unscaled draws,
    None where nothing was drawn.
    """

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    kurtosis: float | None
    zero_fraction: float
    stream: str | None


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """What was recorded of one layer, over its finite values; None where a figure does not exist.

    `std`² = `std_across_inputs`² + `std_across_units`² (all with ddof 0). `quantiles` maps
    "0.01" ... "0.99" to values. For the input, `weights`, `preactivation_std` and both
    saturations are None.
    """

    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: Mapping[str, float | None]
    preactivation_std: float | None
    saturation: Saturation
    zero_fraction: float
    dead_units: int
    distinct_units: int | None
    std_across_inputs: float | None
    std_across_units: float | None
    weights: WeightStatistics | None
    nonfinite: int
    histogram: HistogramCounts


@dataclass(frozen=True, slots=True)
class ResolvedLayer:
    """The plain numbers a layer was built from: its fans and the formulas' standard deviations."""

    fan_in: int
    fan_out: int
    weight_std: float
    bias_std: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the spec left to be computed: the saturation's ends and each layer's scale."""

    x_low: float | None
    x_high: float | None
    layers: tuple[ResolvedLayer, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One run's figures. `layers[0]` is layer 1; `spec` is the complete normal form it ran from.

    In a notebook it draws itself.
    """

    schema_version: int
    name: str
    spec: Mapping[str, Any]
    resolved: Resolved
    digest: str
    input: LayerStatistics
    layers: tuple[LayerStatistics, ...]
    environment: Mapping[str, Any]

    def _repr_png_(self) -> bytes:
        from weightinit_cli.plots import compose, render

        return render(compose(self), "png", self.digest)
