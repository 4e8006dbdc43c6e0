"""`result.figure()` as somebody uses it who knows matplotlib."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from support.plots import descents, trainings
from weightinit_cli import WinitError, compare


def test_a_panel_is_an_axes_with_data_labels_and_limits(shape):
    result = shape("net_sigmoid")
    figure = result.figure("depth")
    assert isinstance(figure, Figure)
    std, saturated, gradient = figure.axes
    assert all(isinstance(axes, Axes) for axes in figure.axes)
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "std (log)",
        "saturated",
        "gradient, rms (log)",
    ]
    assert gradient.get_xlabel() == "layer"
    assert std.get_yscale() == gradient.get_yscale() == "log"
    assert saturated.get_yscale() == "linear"
    curves = {line.get_label(): line for line in std.get_lines()}
    layers = range(1, len(result.layers) + 1)
    assert list(curves["across inputs"].get_xdata()) == list(layers)
    expected = [layer.std_across_inputs for layer in result.layers]
    assert list(curves["across inputs"].get_ydata()) == expected
    assert {text.get_text() for text in std.get_legend().get_texts()} >= set(curves)
    figure.canvas.draw()


def test_a_histogram_is_a_row_of_axes_with_its_shares(shape):
    result = shape("net_relu")
    figure = result.figure()
    number = len(result.layers)
    activations, signals = figure.axes[:number], figure.axes[number:]
    for layer, axes in zip(result.layers, activations, strict=True):
        values, edges, _ = axes.patches[0].get_data()
        counts = np.array(layer.histogram.counts)
        assert values == pytest.approx(counts / counts.sum())
        assert edges == pytest.approx(layer.histogram.edges)
        assert axes.get_xlabel() == "activation"
    assert {axes.get_xscale() for axes in signals} == {"log"}
    assert activations[0].get_ylim()[1] < 0.2  # the bar of exact zeros is cut
    figure.canvas.draw()


def test_a_map_is_a_mesh_of_shares_on_the_axes_scale(shape):
    result = shape("net_sigmoid_12")
    map_, std, signals, *_ = result.figure().axes
    mesh = map_.collections[0]
    shares = np.ma.filled(mesh.get_array().reshape(30, 12), 0.0)
    assert shares.sum(axis=0) == pytest.approx(1.0)
    assert signals.get_yscale() == "log"
    middles = np.log10(signals.collections[0].get_coordinates()[:, 0, 1])
    assert np.ptp(np.diff(middles)) < 1e-9
    assert [line.get_label() for line in std.get_lines()][-1] == "std"


def test_a_scale_can_be_changed(shape):
    figure = shape("net_sigmoid").figure("depth")
    first = figure.axes[0]
    first.set_yscale("linear")
    first.set_ylim(0, 0.5)
    figure.canvas.draw()
    assert first.get_ylim() == (0, 0.5)


def test_an_axis_from_0_becomes_a_log_axis_around_its_values(shape):
    first = compare([shape("net_tanh_10"), shape("net_tanh_50")], ["a", "b"]).figure().axes[0]
    assert first.get_yscale() == "linear"
    assert first.get_ylim()[0] == 0
    first.set_yscale("log")
    values = [value for line in first.get_lines() for value in line.get_ydata()]
    low, high = first.get_ylim()
    assert min(values) / 2 < low < min(values) < max(values) < high < 2 * max(values)


def test_a_cut_bar_is_marked_until_the_limits_change(shape):
    figure = shape("net_relu").figure()
    first = figure.axes[0]
    (said,) = first.texts
    assert "%" in said.get_text()
    assert said.get_visible()
    first.set_yscale("log")
    assert not said.get_visible()
    figure.canvas.draw()


def test_notes_hold_what_theory_expects_where_they_have_room(shape):
    layers = shape("net_relu").figure().axes[0].get_title().split("\n")
    assert layers[0] == "layer 1"
    assert layers[1].startswith("std ")
    assert layers[1].endswith(")")


def test_a_long_title_stays_within_the_figure(shape):
    title = " ".join(f"word{k}" for k in range(40))
    figure = replace(shape("net_relu"), name=title).figure("depth")
    figure.canvas.draw()
    (shown,) = (text for text in figure.texts if "word0" in text.get_text())
    assert shown.get_text().replace("\n", " ") == title
    assert shown.get_window_extent().x1 <= figure.bbox.x1


@pytest.mark.parametrize("name", ["net_sigmoid", "net_std10"])
def test_the_heading_of_a_figure_made_small_stays_within_it(name, shape):
    figure = shape(name).figure("depth")
    figure.set_size_inches(4, 4)
    figure.canvas.draw()
    headings = [each for each in figure.findobj(Text) if each.get_text() and each.get_wrap()]
    assert len(headings) == 3 + (name == "net_std10")  # title, spec, verdicts, notes
    assert max(each.get_window_extent().x1 for each in headings) <= figure.bbox.x1
    lows = [each.get_window_extent().y0 for each in headings]
    assert min(lows) > max(axes.get_window_extent().y1 for axes in figure.axes)


def test_style_sheets_and_settings_hold(shape):
    cycle = mpl.cycler(color=["#112233", "#445566", "#778899"])
    with mpl.rc_context({"axes.facecolor": "black", "axes.prop_cycle": cycle, "font.size": 14}):
        figure = shape("net_sigmoid").figure("depth")
        figure.canvas.draw()
    first = figure.axes[0]
    assert first.get_facecolor()[:3] == to_rgb("black")
    curves = {line.get_label(): line for line in first.get_lines()}
    assert to_rgb(curves["all values"].get_color()) == to_rgb("#112233")
    assert first.yaxis.label.get_size() == 14


def test_drawing_changes_no_setting(shape):
    before = dict(mpl.rcParams)
    shape("net_sigmoid").figure()
    assert dict(mpl.rcParams) == before


def test_each_picture_of_a_run_by_its_name(shape):
    result = shape("net_sigmoid")
    assert len(result.figure("depth").axes) == 3
    with pytest.raises(ValueError, match=r"expected one of the pictures histogram, depth, not 'x'"):
        result.figure("x")


def test_results_side_by_side(shape):
    compared = compare([shape("net_sigmoid"), shape("net_tanh_3")], names=["a", "b"])
    compared.figure().canvas.draw()
    assert compared._repr_png_().startswith(b"\x89PNG")
    (label, first), (_, second) = trainings.comparison(20)[:2]
    compare([first, second], [label, "other"]).figure().canvas.draw()


def test_results_are_told_apart_by_what_differs(shape):
    first, second = shape("net_sigmoid"), shape("net_tanh_3")
    assert compare([first, second]).names == (first.name, second.name)
    assert compare([first, first]).names == (f"{first.name} (1)", f"{first.name} (2)")
    deep = shape("net_tanh_50")
    named_alike = [replace(result, name="run") for result in (second, deep)]
    assert ["50 layers" in name for name in compare(named_alike).names] == [False, True]


def test_a_panel_keeps_its_height_above_a_long_legend(shape):
    compared = compare([shape("net_tanh_50")] * 30, [f"run {k}" for k in range(30)])
    figure = compared.figure()
    figure.canvas.draw()
    inches = [axes.get_window_extent().height / figure.dpi for axes in figure.axes]
    assert min(inches) > 0.6
    layers = [tick for tick in figure.axes[-1].get_xticks() if 1 <= tick <= 50]
    assert layers == [round(tick) for tick in layers]


@pytest.mark.parametrize(
    ("results", "names", "message"),
    [
        ([], None, "expected a list of at least one result"),
        (["net_sigmoid", "descent"], None, "results of one experiment, not histogram and symmetry"),
        (["net_sigmoid", "net_sigmoid"], ["a"], "expected 2 different names"),
        (["net_sigmoid", "net_sigmoid"], ["a", "a"], "expected 2 different names"),
    ],
)
def test_what_cannot_be_compared(results, names, message, shape):
    every = [descents.staircase() if name == "descent" else shape(name) for name in results]
    with pytest.raises(WinitError, match=message):
        compare(every, names)


def test_what_is_no_result_cannot_be_compared(shape):
    with pytest.raises(WinitError, match="expected a list of results, as in compare"):
        compare(shape("net_sigmoid"))
    with pytest.raises(WinitError, match="expected results, as run\\(\\) gives them, not str"):
        compare([shape("net_sigmoid"), "a"])


def test_the_key_of_a_figure_stays_within_it():
    figure = trainings.restarts(20).figure()
    figure.canvas.draw()
    legends = figure.findobj(Legend)
    assert max(each.get_window_extent().x1 for each in legends) <= figure.bbox.x1
    curves, *below = figure.axes
    assert min(axes.get_position().height for axes in below) > 0.3 * curves.get_position().height
