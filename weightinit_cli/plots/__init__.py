"""Pictures of results, painted through matplotlib's renderers, never through pyplot.

A picture is data first: a page of panels with marks in the data's units (`engine/page.py`). One
file of this package turns each kind of result into pages; `engine` paints them, fast as files, or
as a Figure with real Axes for notebooks and for further work.
"""

from weightinit_cli.plots.engine.look import PLAIN, Look
from weightinit_cli.plots.engine.render import render
from weightinit_cli.plots.histogram import compose, compose_comparison, compose_depth
from weightinit_cli.plots.pictures import (
    comparison_pictures,
    compose_phase,
    drawings,
    figure,
    inline_comparison,
    inline_pictures,
    left_out,
    pictures,
    portrait,
)
from weightinit_cli.results.store import FORMATS

__all__ = [
    "FORMATS",
    "PLAIN",
    "Look",
    "comparison_pictures",
    "compose",
    "compose_comparison",
    "compose_depth",
    "compose_phase",
    "drawings",
    "figure",
    "inline_comparison",
    "inline_pictures",
    "left_out",
    "pictures",
    "portrait",
    "render",
]
