"""Result -> Drawing: the heading, and the picture that suits the depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.binning import binned
from weightinit_cli.plots.depth import depth_picture
from weightinit_cli.plots.panels import row_of_panels

if TYPE_CHECKING:
    from weightinit_cli.plots.drawing import Drawing
    from weightinit_cli.results.model import Result

MOST_PANELS = 10


def compose(result: Result) -> Drawing:
    """The histogram picture: a panel per layer, or one heat map of more than ten layers."""
    bins = binned(result.layers)
    if len(result.layers) <= MOST_PANELS:
        return row_of_panels(result, bins)
    return depth_picture(result, bins)
