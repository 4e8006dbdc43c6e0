"""Drawing -> any of matplotlib's renderers, and -> Figure."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from weightinit_cli.plots.engine.colors import as_bytes
from weightinit_cli.plots.engine.drawing import (
    Area,
    Box,
    Cells,
    Dots,
    Drawing,
    Label,
    Line,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import files_of, font_file, outline, width_of, written

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

    from weightinit_cli.plots.engine.drawing import Item

CELLS_DPI = 300
OUTLINES = {
    "square": [(-0.9, -0.9), (-0.9, 0.9), (0.9, 0.9), (0.9, -0.9), (-0.9, -0.9)],
    "triangle": [(-1.1, -0.9), (0.0, 1.2), (1.1, -0.9), (-1.1, -0.9)],
    "diamond": [(-1.2, 0.0), (0.0, 1.2), (1.2, 0.0), (0.0, -1.2), (-1.2, 0.0)],
    "cross": [
        (0.0, 0.35), (0.85, 1.2), (1.2, 0.85), (0.35, 0.0), (1.2, -0.85), (0.85, -1.2),
        (0.0, -0.35), (-0.85, -1.2), (-1.2, -0.85), (-0.35, 0.0), (-1.2, 0.85), (-0.85, 1.2),
        (0.0, 0.35),
    ],
}  # fmt: skip
SHARE_OF_WIDTH = {"left": 0.0, "center": 0.5, "right": 1.0}


def paint(drawing: Drawing, renderer: RendererBase) -> None:
    """Paint every item in order, on the paper's colour."""
    paper = Box(0.0, 0.0, drawing.width, drawing.height)
    for item in (rectangle(paper, drawing.paper), *drawing.items):
        _paint(item, renderer, drawing.height)


def _paint(item: Item, renderer: RendererBase, height: float) -> None:
    match item:
        case Area():
            _area(item, renderer)
        case Line():
            _line(item, renderer)
        case Dots():
            _dots(item, renderer)
        case Label():
            _label(item, renderer, height)
        case Cells():
            _cells(item, renderer)


def _scale(renderer: Any) -> float:
    return float(renderer.points_to_pixels(1.0))


@cache
def _enlarged(scale: float) -> Affine2D:
    """One for all items, which nobody changes."""
    return Affine2D().scale(scale)


def _area(item: Area, renderer: RendererBase) -> None:
    scale = _scale(renderer)
    context = renderer.new_gc()
    context.set_linewidth(0.0)
    context.set_snap(True)
    color = (*item.color, item.opacity)
    renderer.draw_path(context, Path(item.vertices), _enlarged(scale), color)
    context.restore()


def _line(item: Line, renderer: RendererBase) -> None:
    scale = _scale(renderer)
    context = renderer.new_gc()
    context.set_linewidth(item.width)  # in points, for every renderer
    context.set_foreground((*item.color, 1.0), isRGBA=True)
    context.set_snap(None)  # whole pixels where all of it is level or upright
    if item.dash:
        context.set_dashes(0.0, list(item.dash))
    renderer.draw_path(context, Path(item.vertices), _enlarged(scale))
    context.restore()


def _dots(item: Dots, renderer: RendererBase) -> None:
    scale = _scale(renderer)
    context = renderer.new_gc()
    context.set_linewidth(0.0)
    context.set_snap(False)
    shape = Path.unit_circle() if item.shape == "disc" else Path(OUTLINES[item.shape], closed=True)
    color = (*item.color, 1.0)
    size, places = Affine2D().scale(item.radius * scale), Affine2D().scale(scale)
    renderer.draw_markers(context, shape, size, Path(item.vertices), places, color)
    context.restore()


def _label(item: Label, renderer: RendererBase, height: float) -> None:
    scale = _scale(renderer)
    wide = width_of(item.text, item.size)
    x, y = item.x, item.y
    if item.upright:
        y -= wide / 2
    else:
        x -= SHARE_OF_WIDTH[item.align] * wide
    context = renderer.new_gc()
    files = files_of(item.text)
    if renderer.option_scale_image() and len(files) > 1:
        placed = Affine2D().scale(item.size).rotate_deg(90.0 if item.upright else 0.0)
        placed = placed.translate(x, y).scale(scale)
        context.set_linewidth(0.0)
        glyphs = Path(*outline(item.text, files))
        renderer.draw_path(context, glyphs, placed, (*item.color, 1.0))
    elif renderer.option_scale_image():
        if renderer.flipy():
            y = height - y
        font = FontProperties(fname=font_file(), size=item.size)
        context.set_foreground((*item.color, 1.0), isRGBA=True)
        angle = 90.0 if item.upright else 0.0
        renderer.draw_text(context, x * scale, y * scale, item.text, font, angle)
    elif item.text.strip():
        image, left, below = written(item.text, item.size, 72 * scale)
        tinted = np.empty((*image.shape, 4), dtype=np.uint8)
        tinted[..., :3] = as_bytes(item.color)
        tinted[..., 3] = image
        if item.upright:
            place = (round(x * scale) + below - len(image), round(y * scale + left))
            renderer.draw_image(context, *place, np.rot90(tinted)[::-1])
        else:
            place = (round(x * scale + left), round(y * scale) - below)
            renderer.draw_image(context, *place, tinted[::-1])
    context.restore()


def _cells(item: Cells, renderer: RendererBase) -> None:
    """Cells as blocks of whole pixels: no cell is wider than its neighbours by more than one.

    Where the renderer can stretch an image (SVG, PDF), all blocks are equal, and fine enough to
    stay sharp in viewers that smooth what they enlarge.
    """
    scale = _scale(renderer)
    rows, columns = item.rgb.shape[:2]
    wide, high = item.box.width * scale, item.box.height * scale
    stretch = renderer.option_scale_image()
    if stretch:
        fine = CELLS_DPI / (72 * scale)
        size = rows * math.ceil(high * fine / rows), columns * math.ceil(wide * fine / columns)
    else:
        size = round(high), round(wide)
    row, column = (np.arange(n) * m // n for n, m in zip(size, (rows, columns), strict=True))
    image = np.full((*size, 4), 255, dtype=np.uint8)
    image[..., :3] = item.rgb[row[:, None], column]
    place = (item.box.x * scale, item.box.y * scale)
    context = renderer.new_gc()
    if stretch:
        renderer.draw_image(context, *place, image[::-1], Affine2D().scale(wide, high))
    else:
        renderer.draw_image(context, *place, image[::-1])
    context.restore()


def figure(drawing: Drawing) -> Figure:
    """A Figure of the drawing's size that paints it as its one artist: for SVG and PDF."""
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    class Picture(Artist):
        def draw(self, renderer: Any) -> None:
            paint(drawing, renderer)

    made = Figure(figsize=(drawing.width / 72, drawing.height / 72), frameon=False)
    made.set_layout_engine("none")
    made.add_artist(Picture())
    return made
