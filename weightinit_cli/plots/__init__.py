"""Pictures of results, drawn through matplotlib's renderers, never through pyplot.

A picture is composed once, as data (`Drawing`), and painted by one function on whichever
renderer is at hand. `render(compose(result), "png", digest)` needs neither `Figure` nor `Axes`,
whose import and drawing cost more than the rest of a run; `draw` wraps the same drawing in a
Figure for notebooks and for further work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.render import render
from weightinit_cli.plots.histogram import compose, compose_comparison, compose_depth
from weightinit_cli.plots.pictures import (
    comparison_pictures,
    compose_phase,
    first_drawing,
    left_out,
    pictures,
    portrait,
)
from weightinit_cli.results.store import FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from weightinit_cli.results import AnyResult

__all__ = [
    "FORMATS",
    "comparison_pictures",
    "compose",
    "compose_comparison",
    "compose_depth",
    "compose_phase",
    "draw",
    "left_out",
    "pictures",
    "portrait",
    "render",
]


def draw(result: AnyResult) -> Figure:
    """The picture of a result that says most, as a Figure on the Agg canvas."""
    from weightinit_cli.plots.engine import axes, paint
    from weightinit_cli.plots.engine.page import Page

    picture = first_drawing(result)
    return axes.figure(picture) if isinstance(picture, Page) else paint.figure(picture)
