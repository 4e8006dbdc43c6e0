"""Result -> Drawing: the pictures that suit what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightinit_cli.plots.drawing import Drawing
    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.forecast import PhaseDiagram
    from weightinit_cli.results.model import Result

# Each kind of picture is imported with its first use: a run of five layers needs no map.
MOST_PANELS = 10


def compose(result: Result) -> Drawing:
    """The histogram picture: a panel per layer, or one heat map of more than ten layers."""
    from weightinit_cli.plots.binning import binned

    bins = binned(result.layers)
    if len(result.layers) <= MOST_PANELS:
        from weightinit_cli.plots.panels import row_of_panels

        return row_of_panels(result, bins)
    from weightinit_cli.plots.map import map_picture

    return map_picture(result, bins)


def compose_depth(result: Result) -> Drawing:
    """The layers' figures against depth: measured, over the seeds, and predicted."""
    from weightinit_cli.plots.profile import profile

    return profile(result)


def compose_comparison(comparison: Comparison) -> Drawing | None:
    """All runs of one spec in one picture; None where too much was varied for one."""
    from weightinit_cli.plots.comparison import comparison_picture

    return comparison_picture(comparison)


def compose_phase(diagram: PhaseDiagram) -> Drawing:
    """The phase diagram of an activation, with the standard initializers on it."""
    from weightinit_cli.plots.phase import phase_picture

    return phase_picture(diagram)
