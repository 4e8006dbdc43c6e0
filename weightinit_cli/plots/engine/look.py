"""How pictures look: how wide, in which letters and colours, of how many dots an inch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.drawing import WHITE, Area, Cells, Drawing, Line, scaled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightinit_cli.plots.engine.drawing import Color

DPI = 150.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a person may ask of a picture's appearance, whatever it shows.

    `width` is in points, None for the picture's own; all else is enlarged by `scale`, so that at
    scale 1 the names of axes are 8.5 points high. `colors` replaces some of the pictures' colours,
    `paper` is the background. `title` is whether there is a title and what stands below it. `font`
    is the file of the letters' font, empty for DejaVu Sans, which matplotlib brings along. With
    `svg_text` an SVG has text as text, which needs the same font where it is looked at.
    """

    width: float | None = None
    scale: float = 1.0
    title: bool = True
    dpi: float = DPI
    paper: Color = WHITE
    colors: Mapping[Color, Color] = field(default_factory=dict)
    font: str = ""
    svg_text: bool = False

    def color(self, color: Color) -> Color:
        """The colour as it is to be painted."""
        return self.colors.get(color, color)


PLAIN = Look()


def painted(drawing: Drawing, look: Look) -> Drawing:
    """The drawing as large and in the colours that the look asks for.

    White is the paper's colour but for letters, which are white where cells are dark.
    """
    if look.scale == 1 and not look.colors and look.paper == WHITE:
        return drawing
    grounds = {**look.colors, WHITE: look.paper}
    items = []
    for item in drawing.items:
        if not isinstance(item, Cells):
            some = grounds if isinstance(item, Area | Line) else look.colors
            item = replace(item, color=some.get(item.color, item.color))
        items.append(scaled(item, look.scale))
    size = drawing.width * look.scale, drawing.height * look.scale
    panels = tuple(replace(each, box=each.box.scaled(look.scale)) for each in drawing.panels)
    return Drawing(*size, tuple(items), panels, look.paper)
