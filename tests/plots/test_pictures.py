"""What stands in the pictures, and that none of it collides."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from support.cases import every
from support.plots import builders
from support.plots.drawn import compose, compose_depth
from support.plots.extents import collisions, extent
from support.plots.fonts import only_fonts
from weightinit_cli import plots
from weightinit_cli.plots import render
from weightinit_cli.plots.engine.colors import palette
from weightinit_cli.plots.engine.drawing import AMBER, Area, Cells, Label, Line
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look


@every("picture", [compose, compose_depth])
def test_no_text_overlaps_or_leaves_the_picture(picture, any_shape, shape):
    assert collisions(picture(shape(any_shape))) == []


@every("picture", [compose, compose_depth])
def test_every_shape_renders_to_a_small_png_with_its_digest(picture, any_shape, shape):
    data = render(picture(shape(any_shape)), "png", builders.DIGEST)
    with Image.open(BytesIO(data)) as image:
        assert image.info["winit digest"] == builders.DIGEST
    assert len(data) < 110_000


@pytest.mark.parametrize("layers", [1, 2, 5, 10])
def test_a_panel_per_layer_with_shared_limits(layers, shape):
    panels = compose(shape(f"xavier_{layers}")).panels
    assert [panel.title for panel in panels] == [f"layer {k + 1}" for k in range(layers)]
    assert {panel.xlim for panel in panels} == {(0.0, 1.0)}
    assert len({panel.ylim for panel in panels}) == 1
    assert len({(panel.box.y, panel.box.width, panel.box.height) for panel in panels}) == 1


@pytest.mark.parametrize("layers", [11, 50, 100])
def test_many_layers_are_a_map_with_a_labelled_colour_scale(layers, shape):
    drawing = compose(shape(f"xavier_{layers}"))
    map_, std = drawing.panels
    assert map_.xlim == std.xlim == (0.5, layers + 0.5)
    assert map_.ylim == (0.0, 1.0)
    assert (map_.box.x, map_.box.width) == (std.box.x, std.box.width)
    cells, scale = (item for item in drawing.items if isinstance(item, Cells))
    assert cells.rgb.shape == (30, layers, 3)
    assert scale.box.x > cells.box.right
    assert {"≤ 0.1 %", "1 %", "10 %", "100 %"} <= set(drawing.texts)


def test_below_a_map_stand_deviations_saturation_and_signals(shape):
    drawing = compose(shape("net_tanh_50"))
    names = [panel.title for panel in drawing.panels]
    assert names == ["activation", "std", "saturated", "|δ| (log)"]
    assert {panel.xlim for panel in drawing.panels} == {(0.5, 50.5)}
    theory = [i for i in drawing.items if isinstance(i, Line) and i.color == AMBER]
    assert len(theory) == 1 + 3  # the key; std, saturated, signal
    for words in ("mean-field theory (in par", "back-propagated signal |δ|, root mean square"):
        assert any(text.startswith(words) for text in drawing.texts)
    assert len(compose(shape("net_sigmoid_12")).panels) == 3  # little is saturated


def test_dark_is_much_and_nothing_is_lighter_than_little():
    light = palette(np.linspace(0.0, 1.0, 64)).astype(int) @ [299, 587, 114]
    assert (np.diff(light) < 0).all()
    assert 0.9 * 255_000 < light[0] < 0.97 * 255_000
    assert light[-1] < 0.2 * 255_000


COLUMN = Look(width=3.3 * 72)


@pytest.mark.parametrize(
    "name",
    [
        "net_sigmoid", "net_relu", "net_zero", "net_tanh_10", "net_exploding_10", "net_partial_12",
        "net_tanh_50", "net_underflow_12", "relu_own_30", "nonfinite_10", "long_spec", "japanese",
    ],
)  # fmt: skip
def test_one_column_is_laid_out_anew(name, shape):
    drawing = drawn(plots.compose(shape(name)), COLUMN)
    assert drawing.width == pytest.approx(COLUMN.width)
    assert collisions(drawing) == []
    assert min(item.size for item in drawing.items if isinstance(item, Label)) >= 5.8


def test_subtitle_says_the_spec(shape):
    texts = compose(shape("xavier_5")).texts
    assert texts[0] == "sigmoid_xavier"
    assert texts[1] == "sigmoid · xavier_normal (gain 1) · width 100 · 1,000 samples · seed 0"


def test_subtitle_says_what_is_not_as_always(shape):
    said = " · ".join(compose(shape("long_spec")).texts[1:3])
    for part in ("width 300-600-200-500-100", "784 features", "float64", "std 1e-30"):
        assert part in said


def test_mass_outside_the_range_is_said():
    values = np.concatenate([np.full(32, -1.0), np.full(10, 2.0), np.full(958, 0.5)])
    texts = compose(builders.result_of([values, np.full(10, 0.5)])).texts
    assert texts.count("3.2 % below the range") == 1
    assert texts.count("1 % above the range") == 1


def test_nonfinite_values_are_said():
    values = np.concatenate([np.full(12, np.nan), np.full(88, 0.5)])
    texts = compose(builders.result_of([values, np.full(10, np.inf)])).texts
    assert texts.count("12 % inf or nan") == 1
    assert texts.count("inf or nan") == 1


def test_deep_pictures_say_where_values_are_missing(shape):
    values = [np.full(100, 0.5)] * 12
    values[6] = np.concatenate([np.full(25, np.nan), np.full(50, 0.5), np.full(25, 9.0)])
    texts = compose(builders.result_of(values)).texts
    assert "above the range: from layer 7, up to 25 % (layer 7)" in texts
    assert "inf or nan (grey: nothing else): from layer 7, up to 25 % (layer 7)" in texts


def test_a_layer_in_one_bin_is_a_spike_of_full_height(shape):
    drawing = compose(shape("std0"))
    assert "100 %" in drawing.texts
    bars = [item for item in drawing.items if isinstance(item, Area)]
    assert len(bars) == 5
    for panel, bar in zip(drawing.panels, bars, strict=True):
        top = panel.box.y + panel.box.height / panel.ylim[1]
        assert bar.vertices[:, 1].max() == pytest.approx(top)


def test_one_spike_is_cut_and_labelled_rather_than_flattening_the_rest(shape):
    drawing = compose(shape("zero_width_mixed"))
    assert "↑ 100 %" in drawing.texts
    assert drawing.panels[0].ylim[1] < 0.3


def test_exact_zeros_do_not_flatten_a_relu(shape):
    drawing = compose(shape("relu_he"))
    assert drawing.panels[0].ylim[1] < 0.15
    assert sum(text.startswith(("↑ 5", "↑ 6")) for text in drawing.texts) == 5


def test_saturated_piles_are_shown_whole(shape):
    drawing = compose(shape("std10"))
    assert drawing.panels[0].ylim[1] > 0.4
    assert not any(text.startswith("↑") for text in drawing.texts)


def test_a_name_is_shown_as_it_stands(shape):
    assert compose(shape("math")).texts[0] == r"$\frac{1}{2}$ and $\alpha"


def test_control_characters_are_escaped_and_missing_glyphs_replaced(shape):
    with only_fonts():
        title = compose(shape("japanese")).texts[0]
    assert title.startswith("\ufffd" * 3)
    assert r"\x1b[31m" in title
    assert r"\u202e" in title
    assert r"\ud800" in title


@settings(max_examples=25, deadline=None)
@given(name=st.text(max_size=120))
def test_any_name_is_drawn(name):
    result = builders.result_of([np.full(9, 0.5)], name=name)
    drawing = compose(result)
    render(drawing, "png", builders.DIGEST)
    renderer = RendererAgg(10, 10, 720)
    assert extent(drawing.items[0], renderer)[2] <= drawing.width


@settings(max_examples=40, deadline=None)
@given(
    low=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e307, max_value=1e307),
    width=st.floats(min_value=0, max_value=1e307),
)
def test_any_range_is_drawn(low, width):
    drawing = compose(builders.result_of([np.array([low, low + width])] * 3, None))
    low, high = drawing.panels[0].xlim
    assert low < high
