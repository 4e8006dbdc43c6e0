"""How pictures look: how wide, in which letters and colours, of how many dots an inch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.drawing import WHITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.plots.engine.drawing import Color

DPI = 150.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a person may ask of a picture's appearance, whatever it shows.

    `width` is in points, None for the picture's own; all else is enlarged by `scale`, so that at
    scale 1 the names of axes are 8.5 points high. `colors` replaces some of the pictures' colours,
    `paper` is the background. `title` is whether there is a title and what stands below it.
    """

    width: float | None = None
    scale: float = 1.0
    title: bool = True
    dpi: float = DPI
    paper: Color = WHITE
    colors: Mapping[Color, Color] = field(default_factory=dict)
    text_in_svg: bool = False

    def color(self, color: Color) -> Color:
        """The colour as it is to be painted."""
        return self.colors.get(color, color)

    def thinned(self, color: Color, part: float) -> Color:
        """The colour mixed with the background."""
        pairs = zip(self.color(color), self.paper, strict=True)
        red, green, blue = (part * own + (1 - part) * paper for own, paper in pairs)
        return red, green, blue


PLAIN = Look()
