"""The scalar figures of a layer: one row each, which every table, picture, gate and file reads.

A figure is a field of `LayerStatistics`, computed in `experiments/statistics.py`, and a row here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weightinit_cli.results.model import LayerStatistics, LayerTheory, WeightStatistics

GateRule = Literal["mean", "log", "fraction", "count", "extreme", "exact"]
Unit = Literal[
    "activation",
    "pre-activation",
    "pre-normalization",
    "branch",
    "gradient",
    "weight",
    "bias",
    "ratio",
    "share",
    "units",
    "",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What is to be known of one figure, wherever it is told or compared.

    `words` say what it is. `unit` decides its rounding floor: a layer's resolution is known of
    activations and of pre-activations. `gate` says how results of other draws are compared: by the
    figure itself (mean), by its logarithm, as a fraction of the values; counts, extremes and what
    is compared exactly depend on the draws too steeply.

    `head` is the head of its column in the terminal, `spare` how early a narrow terminal leaves
    that out (0: never); `in_table` puts it into the table of a run, `in_theory` gives its place in
    that of `winit theory`. `chart` and `curve` are the panel and the curve of the depth picture,
    `panel` the panel of a picture of many runs, in which figures of the same panel are summed.
    `in_blocks` is the curve's name in residual blocks. `since` is the schema version that had it
    first. What only some kinds of networks have needs none: it is `optional`, and tables and files
    leave it out where no layer has it.
    """

    words: str
    unit: Unit
    gate: GateRule
    head: str = ""
    spare: int = 0
    in_table: bool = False
    in_theory: int = 0
    chart: str = ""
    curve: str = ""
    in_blocks: str = ""
    panel: str = ""
    since: int = 1
    optional: bool = False


FIGURES: Final[dict[str, Figure]] = {
    "mean": Figure(
        words="the mean of the layer's activations, over all inputs and units",
        unit="activation",
        gate="mean",
        head="mean",
        spare=3,
        in_table=True,
    ),
    "std": Figure(
        words="the standard deviation of the layer's activations, over all inputs and units",
        unit="activation",
        gate="log",
        head="std",
        in_table=True,
        in_theory=1,
        chart="std",
        curve="all values",
        in_blocks="stream",
        panel="std",
    ),
    "min": Figure(words="the smallest activation", unit="activation", gate="extreme"),
    "max": Figure(words="the largest activation", unit="activation", gate="extreme"),
    "preactivation_std": Figure(
        words="the standard deviation of the layer's pre-activations, over all inputs and units",
        unit="pre-activation",
        gate="log",
    ),
    "saturation.low": Figure(
        words="the share of pre-activations in the activation function's flat lower end",
        unit="share",
        gate="fraction",
        head="sat. low",
        spare=2,
        in_table=True,
        in_theory=3,
        chart="saturated",
        curve="low end",
        panel="saturated",
    ),
    "saturation.high": Figure(
        words="the share of pre-activations in the activation function's flat upper end",
        unit="share",
        gate="fraction",
        head="sat. high",
        spare=2,
        in_table=True,
        in_theory=4,
        chart="saturated",
        curve="high end",
        panel="saturated",
    ),
    "zero_fraction": Figure(
        words="the share of activations that are exactly zero", unit="share", gate="fraction"
    ),
    "dead_units": Figure(
        words="how many units are zero for every input", unit="units", gate="count"
    ),
    "distinct_units": Figure(
        words="how many units' outputs differ; equal units stay equal in training",
        unit="units",
        gate="count",
        head="distinct",
        spare=3,
        in_table=True,
    ),
    "std_across_inputs": Figure(
        words="the signal: one unit's standard deviation from input to input, "
        "root mean square over the units",
        unit="activation",
        gate="log",
        head="std (inputs)",
        in_table=True,
        in_theory=2,
        chart="std",
        curve="across inputs",
        panel="std across inputs",
    ),
    "std_across_units": Figure(
        words="the standard deviation of the units' means", unit="activation", gate="log"
    ),
    "prenorm_std": Figure(
        words="the standard deviation of what the layer's normalization is given, over all inputs "
        "and units",
        unit="pre-normalization",
        gate="log",
        head="before norm.",
        spare=2,
        in_table=True,
        in_theory=7,
        chart="std",
        curve="before norm.",
        optional=True,
    ),
    "branch.rms": Figure(
        words="the root mean square of what a residual block's branch adds to its stream",
        unit="branch",
        gate="log",
        head="branch",
        in_table=True,
        in_theory=8,
        chart="std",
        curve="branch (rms)",
        panel="branch, rms",
        optional=True,
    ),
    "nonfinite": Figure(words="how many activations are inf or nan", unit="", gate="count"),
    "gradient.signal_rms": Figure(
        words="the root mean square of the gradient at the layer's pre-activations",
        unit="gradient",
        gate="log",
        head="grad.",
        in_theory=6,
        chart="gradient, rms",
        curve="signal δ",
        in_blocks="δ in the branch",
        panel="gradient δ, rms",
    ),
    "gradient.weight_rms": Figure(
        words="the root mean square of the gradient of the layer's weights",
        unit="gradient",
        gate="log",
        chart="gradient, rms",
        curve="weights",
        in_blocks="weights W",
    ),
    "gradient.stream_rms": Figure(
        words="the root mean square of the gradient by a residual block's outputs, its stream",
        unit="gradient",
        gate="log",
        head="grad. stream",
        in_theory=9,
        chart="gradient, rms",
        curve="along the stream",
        panel="gradient of stream, rms",
        optional=True,
    ),
    "branch.weight_rms": Figure(
        words="the root mean square of the gradient of the weights of a branch's second layer",
        unit="gradient",
        gate="log",
        chart="gradient, rms",
        curve="weights V",
        optional=True,
    ),
    "gradient.ratio": Figure(
        words="the power of the gradient at this layer over that at the layer after, mean over "
        "the units",
        unit="ratio",
        gate="log",
    ),
    "gradient.total_ratio": Figure(
        words="the total power of the gradient at this layer (summed over its units) over that at "
        "the layer after; a sound start keeps it near 1; of residual blocks it is that along the "
        "stream",
        unit="ratio",
        gate="log",
        head="grad. ratio",
        in_table=True,
        in_theory=5,
        since=4,
    ),
    "gradient.update_ratio": Figure(
        words="how far a first step of SGD moves the layer's weights, beside their own size: the "
        "root mean square of the learning rate × their gradient over that of the weights",
        unit="gradient",
        gate="log",
        head="update",
        spare=2,
        in_table=True,
        since=7,
        optional=True,
    ),
    "gradient.nonfinite": Figure(
        words="how many values of the gradient are inf or nan", unit="", gate="count"
    ),
    "gradient.float16_flushed": Figure(
        words="of the gradient's values that are not zero, the share that float16 would round to "
        "zero",
        unit="share",
        gate="fraction",
        since=7,
    ),
}


def _of_parameters(many: str, one: Literal["weight", "bias"], since: int = 1) -> dict[str, Figure]:
    """The figures of a layer's weights, or of its biases."""
    rows = {
        "mean": Figure(words=f"the mean of the layer's {many}", unit=one, gate="mean"),
        "std": Figure(words="their standard deviation", unit=one, gate="log"),
        "min": Figure(words=f"the smallest {one}", unit=one, gate="extreme"),
        "max": Figure(words=f"the largest {one}", unit=one, gate="extreme"),
        "kurtosis": Figure(
            words=f"the fourth standardized moment of the {many}: 3 for a normal distribution",
            unit="",
            gate="exact",
        ),
        "zero_fraction": Figure(
            words=f"the share of {many} that are exactly zero", unit="share", gate="exact"
        ),
        "nonfinite": Figure(
            words=f"how many {many} are inf or nan", unit="", gate="count", since=4
        ),
    }
    return {
        f"{many}.{name}": replace(row, since=max(row.since, since)) for name, row in rows.items()
    }


# Of the layer's weights and biases, which the spec decides and no theory predicts.
WEIGHTS: Final = _of_parameters("weights", "weight")
BIASES: Final = _of_parameters("biases", "bias", since=6)
PARAMETERS: Final = {"weights": WEIGHTS, "biases": BIASES}

# The paths of all that a layer has of them, and a branch's second layer.
ALL_PARAMETERS: Final = (*PARAMETERS, *(f"branch.{name}" for name in PARAMETERS))
# Parts of a layer that not all of them have.
OPTIONAL: Final = ("gradient", "branch")

# What a figure has to be, in floors of its resolution, for anything to be concluded from its value.
CERTAIN: Final = 8
MOST_LOG: Final = 709.0  # exp of a little more overflows


def gated(*gates: GateRule) -> list[str]:
    """The paths in FIGURES that are compared in one of these ways."""
    return [path for path, each in FIGURES.items() if each.gate in gates]


def in_gate(path: str, *gates: GateRule) -> bool:
    """Whether a path is one of FIGURES that is compared in one of these ways."""
    row = FIGURES.get(path)
    return row is not None and row.gate in gates


def charts(figures: Mapping[str, Figure]) -> dict[str, dict[str, Figure]]:
    """The panels of the depth picture of these figures, each with its own."""
    found: dict[str, dict[str, Figure]] = {}
    for path, each in figures.items():
        if each.chart:
            found.setdefault(each.chart, {})[path] = each
    return found


def of_theory(layers: Sequence[LayerTheory]) -> list[tuple[str, Figure]]:
    """The columns of what theory says of these layers, without what none of them has."""
    shown = [(path, row) for path, row in FIGURES.items() if row.in_theory]
    return [
        (path, row)
        for path, row in sorted(shown, key=lambda each: each[1].in_theory)
        if not row.optional or any(path in layer.figures for layer in layers)
    ]


def figure(layer: LayerStatistics, path: str) -> float | None:
    """The figure at a path; None where it does not exist."""
    part, _, _ = path.rpartition(".")
    if part in OPTIONAL and getattr(layer, part) is None:
        return None
    value: float | None = attrgetter(path)(layer)
    return value


def parameters_of(layer: LayerStatistics) -> Iterator[tuple[str, WeightStatistics]]:
    """Give the weights and biases that a layer has, and its branch's, by their paths."""
    for path in ALL_PARAMETERS:
        if path.startswith("branch.") and layer.branch is None:
            continue
        drawn: WeightStatistics | None = attrgetter(path)(layer)
        if drawn is not None:
            yield path, drawn


def floor(layer: LayerStatistics, path: str) -> float:
    """What the figure at one of FIGURES is rounding or underflow below; 0 where that is unknown."""
    resolution, unit = layer.resolution, FIGURES[path].unit
    if resolution is None:
        return 0.0
    floors = {
        "activation": resolution.activations,
        "pre-activation": resolution.preactivations,
        "pre-normalization": resolution.prenorm,
        "branch": resolution.branch,
    }
    return floors.get(unit) or 0.0


def resolved(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None also where the run's dtype cannot tell it."""
    return None if path in layer.unresolved else figure(layer, path)


def certain(layer: LayerStatistics, path: str) -> float | None:
    """The figure at one of FIGURES; None also where it is no larger than CERTAIN of its floors."""
    value = resolved(layer, path)
    return None if value is None or abs(value) < CERTAIN * floor(layer, path) else value


def geometric_mean(logs: Sequence[float]) -> float:
    """The geometric mean of numbers, of which these are the logarithms, cut to be finite."""
    return finite_exp(sum(logs) / len(logs))


def finite_or_none(value: float | None) -> float | None:
    """A number as it is saved: None for inf and nan, 0 for -0.0."""
    return value + 0.0 if value is not None and isfinite(value) else None


def finite_exp(log: float) -> float:
    """The exponential, cut to be finite: what is saved of it is a number of JSON."""
    return exp(min(log, MOST_LOG))
