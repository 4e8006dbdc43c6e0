"""Many runs in one picture, by what was varied: rows of panels, curves over depth, or maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.variedaxis import VariedAxis, axes_of
from weightinit_cli.results.comparison import VARIANT

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.drawing import Drawing
    from weightinit_cli.results.comparison import Comparison

MOST_ROWS = 8
MOST_PANELS = 10
MOST_COLUMNS = 5
MOST_FACETS = 4


def comparison_picture(comparison: Comparison) -> Drawing | None:
    """The picture; None of more than two varied numbers, or of too many maps for one page."""
    varied = axes_of(comparison.runs)
    if not varied or any(len(run.varied) != len(varied) for run in comparison.runs):
        return None
    if len(varied) == 1:
        return _one(comparison, varied[0])
    if len(varied) == 2:
        return _two(comparison, *varied)
    if len(varied) == 3:
        facet = next((axis for axis in varied if axis.named), min(varied, key=_number))
        if _number(facet) <= MOST_FACETS:
            from weightinit_cli.plots.grids import maps

            x, y = (axis for axis in varied if axis is not facet)
            return maps(comparison, x, y, facet)
    return None


def _number(axis: VariedAxis) -> int:
    return len(axis.values)


def _one(comparison: Comparison, axis: VariedAxis) -> Drawing | None:
    """Rows of panels of a few variants whose results were kept, else curves."""
    results = [run.result for run in comparison.runs]
    kept = all(result is not None and len(result.layers) <= MOST_PANELS for result in results)
    if axis.path == VARIANT and kept and len(results) <= MOST_ROWS:
        from weightinit_cli.plots.rows import rows_of_panels

        return rows_of_panels(comparison)
    from weightinit_cli.plots.families import curves_over_depth

    return curves_over_depth(comparison, axis, None)


def _two(comparison: Comparison, first: VariedAxis, second: VariedAxis) -> Drawing | None:
    """A column of curves for each of a few names, else maps."""
    for column, color in ((first, second), (second, first)):
        curved = color.numeric or column.path == VARIANT
        if column.named and curved and _number(column) <= MOST_COLUMNS:
            from weightinit_cli.plots.families import curves_over_depth

            return curves_over_depth(comparison, color, column)
    from weightinit_cli.plots.grids import maps

    return maps(comparison, first, second, None)
