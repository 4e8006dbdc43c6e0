"""Drawing -> bytes, the same for the same input, with the digest in the metadata."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.machine import variables
from weightinit_cli.plots.engine.drawing import Cells
from weightinit_cli.plots.engine.fonts import letters
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import PLAIN
from weightinit_cli.plots.engine.page import Page
from weightinit_cli.plots.engine.settings import settings

if TYPE_CHECKING:
    from weightinit_cli.plots.engine.drawing import Drawing
    from weightinit_cli.plots.engine.look import Look

Array = np.ndarray[Any, Any]

UNTITLED = replace(PLAIN, title=False)
COMPRESSION = 3  # level 6 saves at most a tenth of the bytes for twice the time
MOST_COLORS = 256
COLOR_CELLS = 1 << 15


def render(
    picture: Page | Drawing,
    format: str,  # noqa: A002
    digest: str,
    look: Look = PLAIN,
) -> bytes:
    """The picture's file as bytes: `format` is one of `FORMATS`, `digest` goes into its metadata.

    PNG is painted without a Figure, which saves a fifth of a whole run.
    """
    digest = digest.encode("ascii", "backslashreplace").decode()  # what any format can hold
    with settings(), letters(look.font):
        drawing = drawn(picture, look) if isinstance(picture, Page) else picture
        if format == "png":
            return _png(drawing, digest, look.dpi)
        if format == "svg":
            return _svg(drawing, digest, as_text=look.svg_text)
        if format == "pdf":
            return _pdf(drawing, digest)
    raise ValueError(f"unknown picture format {format!r}")


def render_inline(
    name: str, picture: Page | Drawing, rows: int | None = None, *, lean: bool = False
) -> str:
    """The picture as an element `svg` of HTML, without its title; a page gives the colours.

    A lean one has so many `rows` at most, no notes and no grid.
    """
    from weightinit_cli.plots.engine import inline as svg

    with settings(), letters(""):
        if lean and isinstance(picture, Page):
            picture = svg.lean(picture, rows)
        drawing = drawn(picture, UNTITLED) if isinstance(picture, Page) else picture
        return svg.inline(drawing, svg.described(name, picture, drawing))


def _png(drawing: Drawing, digest: str, dpi: float) -> bytes:
    from matplotlib.backends import backend_agg
    from PIL import Image as Images
    from PIL import PngImagePlugin

    from weightinit_cli.plots.engine.paint import paint

    size = (int(drawing.width * dpi / 72), int(drawing.height * dpi / 72))
    agg: Any = backend_agg
    renderer = agg.RendererAgg(*size, dpi)
    paint(drawing, renderer)
    pixels = np.ascontiguousarray(renderer.buffer_rgba())
    shades, table = reduced(pixels.reshape(-1, 4), _own_colors(drawing))
    image = Images.frombuffer("P", size, shades, "raw", "P", 0, 1)
    image.putpalette(table.tobytes())
    text_chunks = PngImagePlugin.PngInfo()
    text_chunks.add_text("winit digest", digest)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=COMPRESSION, dpi=(dpi, dpi), pnginfo=text_chunks)
    return file.getvalue()


def _own_colors(drawing: Drawing) -> Array:
    colors = [drawing.paper, *(item.color for item in drawing.items if not isinstance(item, Cells))]
    rounded: Array = np.rint(255 * np.array(list(dict.fromkeys(colors)))).astype(np.uint8)
    return rounded


def _svg(drawing: Drawing, digest: str, *, as_text: bool) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from weightinit_cli.plots.engine.paint import figure

    file = io.BytesIO()
    canvas: Any = FigureCanvasSVG(figure(drawing))
    with mpl.rc_context({"svg.fonttype": "none" if as_text else "path"}):
        canvas.print_svg(file, metadata={"Date": None, "Creator": "winit", "Identifier": digest})
    return file.getvalue()


def _pdf(drawing: Drawing, digest: str) -> bytes:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    from weightinit_cli.plots.engine.paint import figure

    file = io.BytesIO()
    canvas: Any = FigureCanvasPdf(figure(drawing))
    metadata = {"CreationDate": None, "Creator": "winit", "Keywords": digest}
    with variables({"SOURCE_DATE_EPOCH": None}):  # read for the date that is then left out
        canvas.print_pdf(file, metadata=metadata)
    return file.getvalue()


def reduced(pixels: Array, own: Array) -> tuple[Array, Array]:
    """Each pixel's index, uint8, into a table of at most 256 colours, and the table, (n, 3).

    `pixels`, shape (n, 4), are RGBA; `own`, shape (k, 3), are the drawing's own colours, which
    stay exact, of those that are nearly the same the first. Only the shades at the edges of
    letters and lines are rounded: to the mean of those that agree in the leading five bits of each
    channel, or the nearest such mean.

    Rows of one colour are long, so that only the ends of the runs are looked at.
    """
    flat = pixels.view("<u4").reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=flat.size)
    shades = pixels[starts, :3]
    cells = _cells(shades)
    sizes = np.bincount(cells, lengths, COLOR_CELLS)
    used = np.flatnonzero(sizes)
    means = np.stack(
        [
            np.bincount(cells, lengths * channel, COLOR_CELLS)[used] / sizes[used]
            for channel in shades.T
        ],
        axis=1,
    )
    is_own = np.isin(used, _cells(own))
    for color, cell in zip(own[::-1], _cells(own[::-1]), strict=True):
        means[used == cell] = color
    order = np.lexsort((-sizes[used], ~is_own))
    table = means[order[:MOST_COLORS]]
    index = np.empty(COLOR_CELLS, np.uint8)
    index[used[order[:MOST_COLORS]]] = np.arange(len(table))
    rest = order[MOST_COLORS:]
    distances = np.square(table).sum(axis=1) - 2 * means[rest] @ table.T  # less what all share
    index[used[rest]] = distances.argmin(axis=1)
    return np.repeat(index[cells], lengths), np.rint(table).astype(np.uint8)


def _cells(shades: Array) -> Array:
    red, green, blue = (shades.T >> 3).astype(np.int64)
    cells: Array = red << 10 | green << 5 | blue
    return cells
