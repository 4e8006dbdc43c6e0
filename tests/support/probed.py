"""Values and parameters of a model, made by hand."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.model import (
    Gradient,
    HistogramCounts,
    LayerStatistics,
    Saturation,
    WeightStatistics,
)
from weightinit_cli.results.probe import ProbedParameter, ProbedValue

if TYPE_CHECKING:
    from collections.abc import Iterable

QUANTILES = dict.fromkeys(map(str, (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)))


def counts(values: int) -> HistogramCounts:
    return HistogramCounts((0.0, 1.0), (values,), 0, 0)


def figures(
    size: int, std: float = 1.0, gradient: float | None = 1.0, **more: Any
) -> LayerStatistics:
    """The figures of so many values, of which nothing is wrong but for what is given."""
    back = None
    if gradient is not None:
        back = Gradient(gradient, None, None, None, 0, counts(size))
    well: dict[str, Any] = {
        "mean": 0.0,
        "std": std,
        "min": -3 * std,
        "max": 3 * std,
        "quantiles": QUANTILES,
        "preactivation_std": None,
        "saturation": Saturation(None, None),
        "zero_fraction": 0.0,
        "dead_units": 0,
        "distinct_units": None,
        "std_across_inputs": 0.9 * std,
        "std_across_units": 0.4 * std,
        "weights": None,
        "nonfinite": 0,
        "histogram": counts(size),
        "gradient": back,
    }
    return LayerStatistics(**{**well, **more})


def value(
    operation: str,
    *parents: int,
    module: str = "",
    kind: str = "Module",
    shape: tuple[int, ...] = (8, 16),
    parameters: Iterable[str] = (),
    entropy: float | None = None,
    **more: Any,
) -> ProbedValue:
    """A value that an operation made of those at these places."""
    return ProbedValue(
        module=module,
        kind=kind,
        operation=operation,
        call=1,
        shape=shape,
        units=shape[-1],
        parents=tuple(sorted(parents)),
        parameters=tuple(parameters),
        line=None,
        figures=figures(prod(shape), **more),
        no_gradient=None,
        entropy=entropy,
    )


def parameter(
    name: str,
    shape: tuple[int, ...] = (16, 16),
    std: float = 0.25,
    *,
    kind: str = "Linear",
    mean: float = 0.0,
    kurtosis: float | None = 3.0,
    ends: tuple[float, float] | None = None,
    gradient: float | None = 0.1,
    **more: Any,
) -> ProbedParameter:
    """A parameter with these figures; a matrix is (out, in)."""
    low, high = ends or (mean - 4 * std, mean + 4 * std)
    fan_in, fan_out = (shape[1], shape[0]) if len(shape) == 2 else (None, None)
    size = sqrt(mean**2 + std**2)
    known: dict[str, Any] = {
        "module": name.rpartition(".")[0],
        "kind": kind,
        "fan_in": fan_in,
        "fan_out": fan_out,
        "scheme": None,
        "evidence": "",
        "gradient_ratio": gradient / size if gradient is not None and size else None,
        "no_gradient": None if gradient is not None else "the loss does not depend on it",
        "shared_with": (),
        "copy_of": None,
    }
    statistics = WeightStatistics(
        mean, std, low, high, QUANTILES, kurtosis if std else None, 0.0, 0, name
    )
    scaled = None if fan_in is None else std * sqrt(fan_in)
    return ProbedParameter(
        name=name,
        shape=shape,
        statistics=statistics,
        scaled_std=scaled,
        gradient_rms=gradient,
        **{**known, **more},
    )
