"""The pictures of the histogram experiment: every layer, the figures over depth, many runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.comparison import Comparison
from weightinit_cli.results.histogram import KERNELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.plots.engine.page import Page
    from weightinit_cli.results.comparison import ComparedRun
    from weightinit_cli.results.model import Result

# Each kind of picture is imported with its first use: a run of five layers needs no map.
MOST_PANELS = 10


def drawings(result: Result) -> dict[str, Page]:
    """Draw a run: all layers, the figures over depth, and kernels where there are some."""
    drawn: dict[str, Page] = {
        "histogram": compose(result),
        "depth": compose_depth(result),
    }
    if result.kernels is not None:
        from weightinit_cli.plots.kernels import kernels_page

        drawn[KERNELS] = kernels_page(result, result.kernels)
    return drawn


def comparison(
    name: str, spec: Mapping[str, Any], runs: Iterable[ComparedRun], expected: int
) -> Page | None:
    """Draw the layers of all runs: histograms of a few variants, curves or maps of more."""
    from weightinit_cli.plots.comparison import MOST_ROWS

    few = expected <= MOST_ROWS  # more variants are curves, which need no histograms
    kept = tuple(each if few else replace(each, result=None) for each in runs)
    return compose_comparison(Comparison(name, spec, kept)) if kept else None


def left_out(axes: Iterable[tuple[str, Sequence[Any]]]) -> list[str]:
    """What the picture of runs draws of each axis of which it does not draw all, in words."""
    from weightinit_cli.plots.choice import chosen
    from weightinit_cli.plots.varied import VariedAxis

    return chosen([VariedAxis(path, tuple(values)) for path, values in axes]).left_out


def compose(result: Result) -> Page:
    """The histogram picture: a panel per layer, or maps of more than ten layers."""
    from weightinit_cli.plots.bins import binned

    bins = binned(result.layers)
    if len(result.layers) <= MOST_PANELS:
        from weightinit_cli.plots.panels import panels_page

        return panels_page(result, bins)
    from weightinit_cli.plots.layermap import map_page

    return map_page(result, bins)


def compose_depth(result: Result) -> Page:
    """The layers' figures against depth: measured, over the seeds, and predicted."""
    from weightinit_cli.plots.depth import depth_page

    return depth_page(result)


def compose_comparison(comparison: Comparison) -> Page | None:
    """All runs of one spec in one picture; None where too much was varied for one."""
    from weightinit_cli.plots.comparison import comparison_page

    return comparison_page(comparison)
