"""The pictures' files: the same bytes each time, the digest inside, nothing global touched."""

from __future__ import annotations

import re
import subprocess
import sys
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from PIL import Image

from support.plots import builders
from support.plots.drawn import compose, compose_depth
from weightinit_cli.plots import FORMATS, render
from weightinit_cli.plots.engine.drawing import INK, Drawing, Label
from weightinit_cli.plots.engine.fonts import font_file, width_of
from weightinit_cli.plots.engine.settings import settings

SHAPES = ("xavier_2", "xavier_11", "japanese", "math")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", SHAPES)
def test_bytes_are_the_same_each_time(format_, name, shape):
    result = shape(name)
    first = render(compose(result), format_, builders.DIGEST)
    assert render(compose(result), format_, builders.DIGEST) == first


@pytest.mark.parametrize("format_", FORMATS)
def test_curves_and_dots_are_drawn_in_every_format(format_, shape):
    drawing = compose_depth(shape("net_tanh_3"))
    data = render(drawing, format_, builders.DIGEST)
    assert render(drawing, format_, builders.DIGEST) == data
    assert builders.DIGEST.encode() in data


@pytest.mark.parametrize("text", ["0.2", "gjpqy |δ| (log)", "√ × ± ₁"])
@pytest.mark.parametrize("upright", [False, True])
def test_text_stands_where_matplotlib_would_put_it(text, upright):
    """Within a pixel, beside `draw_text`, which takes three times as long."""
    label = Label(40.0, 45.0, text, 8.5, INK, upright=upright)
    drawing = Drawing(120.0, 90.0, (label,), ())
    with Image.open(BytesIO(render(drawing, "png", ""))) as image:
        ours = np.asarray(image.convert("L"))
    renderer = RendererAgg(250, 187, 150)
    context = renderer.new_gc()
    font = FontProperties(fname=font_file(), size=8.5)
    y = 45.0 - width_of(text, 8.5) / 2 if upright else 45.0
    with settings():
        place = (40 * 150 / 72, 187.5 - y * 150 / 72)
        renderer.draw_text(context, *place, text, font, 90.0 if upright else 0.0)
    # Before 3.10 matplotlib set turned text a few pixels off.
    near = 3 if upright and mpl.__version_info__ < (3, 10) else 1
    theirs = np.asarray(renderer.buffer_rgba())[:, :, 3]
    for axis in (0, 1):
        dark = np.flatnonzero((ours < 128).any(axis=axis))
        expected = np.flatnonzero((theirs > 128).any(axis=axis))
        assert abs(int(dark[0]) - int(expected[0])) <= near
        assert abs(int(dark[-1]) - int(expected[-1])) <= near


@pytest.mark.parametrize("format_", FORMATS)
def test_the_digest_is_in_the_file(format_, shape):
    data = render(compose(shape("xavier_2")), format_, builders.DIGEST)
    assert builders.DIGEST.encode() in data


def test_a_png_is_an_image_of_the_drawing_size(shape):
    drawing = compose(shape("xavier_5"))
    with Image.open(BytesIO(render(drawing, "png", builders.DIGEST))) as image:
        image.load()
        assert image.size == (int(drawing.width * 150 / 72), int(drawing.height * 150 / 72))
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert image.info["winit digest"] == builders.DIGEST


def test_the_first_row_of_a_map_is_its_highest_bin(shape):
    values = [np.full(9, 0.99)] * 11
    drawing = compose(builders.result_of(values))
    with Image.open(BytesIO(render(drawing, "png", builders.DIGEST))) as image:
        pixels = np.asarray(image.convert("RGB"))
    box = drawing.panels[0].box
    x = int((box.x + box.width / 2) * 150 / 72)
    top = int((drawing.height - box.top + 3) * 150 / 72)
    bottom = int((drawing.height - box.y - 3) * 150 / 72)
    assert pixels[top, x].sum() < 300
    assert (pixels[bottom, x] == 255).all()


def test_pdf_text_is_truetype_and_no_cell_is_cut(shape):
    drawing = compose(shape("relu_own_30"))
    data = render(drawing, "pdf", builders.DIGEST)
    assert b"/Type3" not in data
    assert b"/FontFile2" in data
    widths, heights = (
        [int(n) for n in re.findall(rb"/%s (\d+)" % side, data)] for side in (b"Width", b"Height")
    )
    (wide, high), _ = zip(widths, heights, strict=True)
    assert wide % 30 == 0
    assert high % 30 == 0
    box = drawing.panels[0].box
    assert wide / box.width * 72 >= 300
    assert high / box.height * 72 >= 300


def test_an_unknown_format_is_refused(shape):
    with pytest.raises(ValueError, match="gif"):
        render(compose(shape("xavier_2")), "gif", builders.DIGEST)


def test_settings_of_the_process_stay_and_do_not_matter(shape):
    result = shape("xavier_2")
    expected = {format_: render(compose(result), format_, builders.DIGEST) for format_ in FORMATS}
    odd = {
        "text.hinting": "force_autohint",
        "svg.fonttype": "none",
        "figure.facecolor": "red",
        "savefig.bbox": "tight",
        "font.family": ["serif"],
        "figure.dpi": 40,
        "path.snap": False,
    }
    with mpl.rc_context(odd):
        before = dict(mpl.rcParams)
        for format_ in FORMATS:
            assert render(compose(result), format_, builders.DIGEST) == expected[format_]
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("unwanted", ["matplotlib.pyplot", "matplotlib.figure", "scipy"])
def test_a_png_needs_neither_pyplot_nor_figure(unwanted, tmp_path, shape):
    code = (
        "import pickle, sys\n"
        "from weightinit_cli.plots import compose, render\n"
        "result = pickle.loads(sys.stdin.buffer.read())\n"
        "render(compose(result), 'png', 'x')\n"
        f"assert {unwanted!r} not in sys.modules\n"
    )
    import pickle

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(shape("xavier_2")),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_importing_the_pictures_imports_no_matplotlib():
    code = "import weightinit_cli.plots, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
