"""Drawing or Figure -> bytes, the same for the same input, with the digest in the metadata."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.plots.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
COMPRESSION = 3

# Text in SVG is drawn as paths: the layout is computed from DejaVu Sans, which few machines
# have; with another font real text would overlap.
SETTINGS: dict[Any, Any] = {
    "path.snap": True,
    "path.simplify": True,
    "pdf.compression": 6,
    "pdf.fonttype": 3,
    "svg.fonttype": "path",
    "svg.hashsalt": "winit",
    "svg.image_inline": True,
    "text.antialiased": True,
    "text.hinting": "no_hinting",
}


def render(picture: Drawing | Figure, format: str, digest: str) -> bytes:  # noqa: A002
    """The picture's file as bytes: `format` is one of `FORMATS`, `digest` goes into its metadata.

    A Drawing is painted as PNG without a Figure, which saves a fifth of a whole run.
    """
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):
        if format == "png":
            return _png(picture, digest)
        if format == "svg":
            return _svg(picture, digest)
        if format == "pdf":
            return _pdf(picture, digest)
    raise ValueError(f"unknown picture format {format!r}")


def _png(picture: Drawing | Figure, digest: str) -> bytes:
    from PIL import Image, PngImagePlugin

    pixels, dpi = _pixels(picture)
    said = PngImagePlugin.PngInfo()
    said.add_text("winit digest", digest)
    file = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    image.save(file, "PNG", compress_level=COMPRESSION, dpi=(dpi, dpi), pnginfo=said)
    return file.getvalue()


def _pixels(picture: Drawing | Figure) -> tuple[Any, float]:
    from matplotlib.backends import backend_agg

    from weightinit_cli.plots.paint import DPI, paint

    agg: Any = backend_agg
    if isinstance(picture, Drawing):
        pixels_per_point = DPI / 72
        size = (int(picture.width * pixels_per_point), int(picture.height * pixels_per_point))
        renderer = agg.RendererAgg(*size, DPI)
        paint(picture, renderer)
        return np.asarray(renderer.buffer_rgba()), DPI
    with _left_as_it_was(picture) as figure:
        canvas = agg.FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()), figure.dpi


def _figure(picture: Drawing | Figure) -> Figure:
    from weightinit_cli.plots.paint import figure

    return figure(picture) if isinstance(picture, Drawing) else picture


def _svg(picture: Drawing | Figure, digest: str) -> bytes:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.BytesIO()
    with _left_as_it_was(_figure(picture)) as figure:
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(file, metadata={"Date": None, "Creator": "winit", "Identifier": digest})
    return file.getvalue()


def _pdf(picture: Drawing | Figure, digest: str) -> bytes:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    file = io.BytesIO()
    with _left_as_it_was(_figure(picture)) as figure:
        canvas: Any = FigureCanvasPdf(figure)
        canvas.print_pdf(
            file, metadata={"CreationDate": None, "Creator": "winit", "Keywords": digest}
        )
    return file.getvalue()


@contextmanager
def _left_as_it_was(figure: Figure) -> Iterator[Figure]:
    """The figure, whose dpi and canvas the formats' canvases set; both come back."""
    dpi, canvas = figure.dpi, figure.canvas
    try:
        yield figure
    finally:
        figure.dpi = dpi
        figure.set_canvas(canvas)
