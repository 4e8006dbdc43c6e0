"""Pictures as shapes in points, where tests ask for places and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli import plots
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weightinit_cli.plots.engine.drawing import Drawing


def shapes(picture: Any) -> Drawing:
    """A picture's shapes, whether it is a page or drawn already."""
    return drawn(picture) if isinstance(picture, Page) else picture


def _shapes_of(composed: Callable[..., Any]) -> Callable[..., Drawing]:
    return lambda *arguments: shapes(composed(*arguments))


compose = _shapes_of(plots.compose)
compose_depth = _shapes_of(plots.compose_depth)
compose_comparison = _shapes_of(plots.compose_comparison)
compose_phase = _shapes_of(plots.compose_phase)
