"""Many runs in one picture: rows of panels, curves over depth, or maps, by what was varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.choice import Curves, chosen
from weightinit_cli.plots.varied import axes_of
from weightinit_cli.results.comparison import VARIANT

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.page import Page
    from weightinit_cli.results.comparison import Comparison

MOST_ROWS = 8
MOST_PANELS = 10


def comparison_page(comparison: Comparison) -> Page | None:
    """The page; None where nothing was varied, or no run has any of the figures."""
    varied = axes_of(comparison.runs)
    if not varied:
        return None
    if [axis.path for axis in varied] == [VARIANT] and _has_panels(comparison):
        from weightinit_cli.plots.variants import variants_page

        return variants_page(comparison)
    layout = chosen(varied)
    if isinstance(layout, Curves):
        from weightinit_cli.plots.families import curves_over_depth

        return curves_over_depth(comparison, layout)
    from weightinit_cli.plots.maps import maps_page

    return maps_page(comparison, layout)


def _has_panels(comparison: Comparison) -> bool:
    """Whether there are a few runs of a few layers, whose results were kept."""
    results = [run.result for run in comparison.runs]
    kept = all(result is not None and len(result.layers) <= MOST_PANELS for result in results)
    return kept and len(results) <= MOST_ROWS
