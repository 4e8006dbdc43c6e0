"""Where the texts of a picture stand, as the renderer measures them."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import get_font

from weightinit_cli.plots.engine.drawing import Label
from weightinit_cli.plots.engine.fonts import files_of, no_hinting
from weightinit_cli.plots.engine.paint import SHARE_OF_WIDTH
from weightinit_cli.plots.engine.settings import settings


def extent(label, renderer):
    """Left, bottom, right, top in points, as the renderer measures them."""
    with settings():
        font = get_font(files_of(label.text))
        font.set_size(label.size, renderer.dpi)
        font.set_text(label.text, 0.0, flags=no_hinting())
    lengths = (*font.get_width_height(), font.get_descent())
    width, height, descent = (length / 64 * 72 / renderer.dpi for length in lengths)
    if label.upright:
        across = label.x - (height - descent)
        return across, label.y - width / 2, label.x + descent, label.y + width / 2
    left = label.x - SHARE_OF_WIDTH[label.align] * width
    return left, label.y - descent, left + width, label.y + height - descent


def overlapping(first, second, slack=0.5):
    return (
        min(first[2], second[2]) - max(first[0], second[0]) > slack
        and min(first[3], second[3]) - max(first[1], second[1]) > slack
    )


def collisions(drawing):
    """The pairs of texts that overlap; none may leave the drawing."""
    renderer = RendererAgg(10, 10, 720)
    labels = [item for item in drawing.items if isinstance(item, Label) and item.text.strip()]
    boxes = [(label.text, extent(label, renderer)) for label in labels]
    for text, (left, bottom, right, top) in boxes:
        assert left >= 0, text
        assert bottom >= 0, text
        assert right <= drawing.width + 0.01, text
        assert top <= drawing.height, text
    return [(a[0], b[0]) for a, b in combinations(boxes, 2) if overlapping(a[1], b[1])]
