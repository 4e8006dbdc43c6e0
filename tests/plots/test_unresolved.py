"""What the dtype cannot tell is not shown; beside figures stands of how many values they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.plots import builders, networks
from support.plots.drawn import compose, compose_comparison, compose_depth
from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.bins import binned
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, GREEN, INK, Area, Cells, Dots, Line
from weightinit_cli.plots.figures import forms
from weightinit_cli.plots.maps import NOTHING, UNRESOLVED
from weightinit_cli.results.comparison import SIGNAL, Comparison, compared
from weightinit_cli.results.model import Spread
from weightinit_cli.results.words import finite


def dots(drawing, color, panel):
    """How many values of this colour stand in a panel, the ends of theory's curves apart."""
    inside = [
        item.vertices
        for item in drawing.items
        if isinstance(item, Dots) and item.color == color and len(item.vertices) > 1
    ]
    box = panel.box
    return sum(box.y <= y <= box.top for vertices in inside for _, y in vertices)


def curves(drawing, panel):
    """The curves of theory in a panel."""
    box = panel.box
    found = [i.vertices for i in drawing.items if isinstance(i, Line) and i.color == AMBER]
    return [v for v in found if len(v) > 2 and box.y <= v[:, 1].min() and v[:, 1].max() <= box.top]


def changed(result, number, **figures):
    """The result with other figures of its layer of this number."""
    layers = list(result.layers)
    layers[number - 1] = replace(layers[number - 1], **figures)
    return replace(result, layers=tuple(layers))


# over depth


def test_a_curve_has_a_gap_below_the_resolution_and_says_where(shape):
    drawing = compose_depth(shape("net_lost"))
    assert "across inputs: below the resolution of float64 in layers 4 to 5" in drawing.texts
    std = drawing.panels[0]
    assert (dots(drawing, GREEN, std), dots(drawing, BLUE, std)) == (3, 5)
    assert not any("no finite value" in text for text in drawing.texts)


def test_curves_of_gaps_alone_are_said_and_theory_s_stay(shape):
    drawing = compose_depth(shape("net_underflow_10"))
    said = "signal δ, weights: lost to the resolution of float64 in all layers"
    assert said in drawing.texts
    panel = next(panel for panel in drawing.panels if panel.title.startswith("gradient"))
    assert dots(drawing, BLUE, panel) == dots(drawing, GREEN, panel) == 0
    assert len(curves(drawing, panel)) == 1
    assert "signal δ" in drawing.texts
    assert "weights" not in drawing.texts


def test_zeros_that_are_the_only_finite_values_are_not_exactly_zero(shape):
    zero = {"std": 0.0, "std_across_inputs": 0.0}
    whole = changed(networks.network("relu", 0.01, 5, None), 3, **zero)
    part = changed(whole, 3, **zero, nonfinite=9_700)
    said = "all values, across inputs: exactly zero in layer 3"
    assert said in compose_depth(whole).texts
    assert not any("exactly zero" in text for text in compose_depth(part).texts)
    texts = compose_comparison(many([([1], whole), ([2], part)], "initializer.std")).texts
    assert texts.count("exactly zero somewhere: 1") == 2
    assert texts.count("inf or nan somewhere: 2") == 2


def test_gaps_below_the_resolution_are_told_from_those_without_a_finite_value(shape):
    result = shape("net_lost")
    layers = (result.layers[0], replace(result.layers[1], std_across_inputs=None))
    drawing = compose_depth(replace(result, layers=(*layers, *result.layers[2:])))
    assert "across inputs: no finite value in layer 2" in drawing.texts
    assert "across inputs: below the resolution of float64 in layers 4 to 5" in drawing.texts


def test_the_mean_over_seeds_does_not_stand_for_a_figure_that_is_lost(shape):
    result = networks.lost(shape("net_tanh_3"), 3, "std")
    panel = compose_depth(result).panels[0]
    assert dots(compose_depth(result), BLUE, panel) == 2


def test_over_depth_it_is_said_of_how_many_values_the_figures_are(shape):
    result = shape("net_partial_12")
    number = f"{finite(result.layers[-1].histogram):,}"
    texts = compose_depth(result).texts
    assert f"all values, across inputs: of {number} finite values in layer 12" in texts
    assert "low end, high end: of the finite values in layer 12" in texts
    numbers = [finite(layer.gradient.histogram) for layer in shape("net_partial_10").layers[6:]]
    least, most = min(numbers), max(numbers)
    of = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    texts = compose_depth(shape("net_partial_10")).texts
    assert f"signal δ, weights: of {of} finite values in layers 7 to 10" in texts


def overflown(result):
    """The result without a finite gradient."""
    lost = {"signal_rms": None, "weight_rms": None, "ratio": None, "nonfinite": 9}
    layers = (replace(each, gradient=replace(each.gradient, **lost)) for each in result.layers)
    return replace(result, layers=tuple(layers))


def test_a_gradient_without_a_finite_value_is_not_passed_over(shape):
    texts = compose_depth(overflown(shape("net_relu"))).texts
    assert "signal δ, weights: no finite value in layers 1 to 5" in texts
    forward = replace(
        shape("net_relu"),
        layers=tuple(
            replace(each, gradient=None, theory=None) for each in shape("net_relu").layers
        ),
    )
    assert len(compose_depth(forward).panels) == 2
    results = [([0.1], shape("net_relu")), ([9], overflown(shape("net_relu")))]
    texts = compose_comparison(many(results, "initializer.std")).texts
    assert texts.count("inf or nan somewhere: 9") == 1


# the histograms


def test_beside_a_histogram_stands_the_floor(shape):
    result = networks.lost(shape("net_sigmoid"), 5, "std")
    texts = compose(result).texts
    std = two_digits(result.layers[4].std)
    assert any(text.startswith("std <6e-8 (") for text in texts)
    assert not any(text.startswith(f"std {std}") for text in texts)


def test_a_spread_over_the_seeds_does_not_stand_for_a_figure_that_is_lost(shape):
    layer = shape("net_tanh_3").layers[0]
    spread = {"std": Spread(0.5, 0.1, None)}
    known = replace(layer, theory=None, repeats=spread)
    assert forms(known, "std", "std ")[0] == "std 0.50 ± 0.1"
    assert set(forms(replace(known, unresolved={"std": 5.81e-8}), "std", "")) == {"<6e-8"}
    assert set(forms(replace(known, unresolved={"std": None}), "std", "")) == {"?"}


def test_beside_a_histogram_stands_of_how_many_values_it_is(shape):
    result = shape("net_partial_10")
    texts = compose(result).texts
    for layer in result.layers[6:]:
        assert f"of {finite(layer.histogram):,} finite" in texts
        assert f"of {finite(layer.gradient.histogram):,} finite" in texts
    assert not any("finite" in text for text in compose(shape("net_sigmoid")).texts)


def test_above_a_map_stands_of_how_many_values_it_is(shape):
    result = shape("net_partial_12")
    number = f"{finite(result.layers[-1].histogram):,}"
    assert any(f"in layer 12 (of {number} finite)" in text for text in compose(result).texts)


def test_signals_that_are_not_known_are_not_drawn(shape):
    result = networks.lost(shape("net_sigmoid"), 4, SIGNAL, *networks.RATIOS, floor=None)
    drawing = compose(result)
    assert drawing.texts.count("unresolved") == 2
    assert any(text.startswith("total power × ? (") for text in drawing.texts)
    wedges = [i for i in drawing.items if isinstance(i, Area) and i.color == INK]
    assert len(wedges) == 3


def rounding(low, width, floor):
    """A layer whose values are spread over less than the floor."""
    layer = builders.layer(np.linspace(low, low + width, 500))
    return replace(layer, unresolved={"std": floor})


def test_a_shape_of_rounding_is_one_of_equal_values():
    wide = builders.layer(np.linspace(-1.0, 1.0, 500))
    bins = binned([wide, rounding(0.5, 1e-7, 1e-6)])
    assert bins.grouping == "regrouped"
    assert bins.layers[1].bins.max() == pytest.approx(1.0)
    huge = builders.layer(np.linspace(-1e6, 1e6, 500))
    bins = binned([huge, wide, rounding(0.5, 1e-7, 1e-6)])
    assert bins.grouping == "own"
    assert np.sort(bins.layers[2].bins)[-2:].sum() == pytest.approx(1.0)
    assert 0.2 < bins.axes[2].low < bins.axes[2].high < 0.8
    shown = replace(rounding(0.5, 1e-7, 1e-6), unresolved={})
    assert np.count_nonzero(binned([huge, wide, shown]).layers[2].bins) == 30


def test_what_has_underflowed_has_no_values_on_its_axis(shape):
    drawing = compose(shape("net_underflow_10"))
    assert [panel.xlim for panel in drawing.panels[5:10]] == [(-0.5, 0.5)] * 5
    deep = compose(shape("net_underflow_12")).texts
    said = "std below the resolution of float64 (drawn in the middle): in layers 7 to 12"
    assert said in deep


# many runs


def many(results, *axes):
    runs = [
        compared(result, str(k), zip(axes, values, strict=True), keep=False)
        for k, (values, result) in enumerate(results)
    ]
    return Comparison("many", results[0][1].spec, tuple(runs))


def test_curves_of_many_runs_say_which_are_below_the_resolution(shape):
    zero = networks.lost(shape("net_sigmoid"), 1, "std_across_inputs")
    results = [
        ([0.1], shape("net_sigmoid")),
        ([0.2], shape("net_lost")),
        ([0.3], zero),
        ([0.4], shape("net_partial_10")),
    ]
    texts = compose_comparison(many(results, "initializer.std")).texts
    assert "unresolved somewhere: 0.2" in texts
    assert "unresolved everywhere: 0.3" in texts
    assert texts.count("inf or nan somewhere: 0.4") == 4


def test_many_values_in_a_row_are_a_stretch(shape):
    stds = (0.1, 0.2, 0.3, 0.4)
    results = [([std], shape("net_lost")) for std in stds]
    texts = compose_comparison(many([*results, ([0.5], shape("net_relu"))], "a.std")).texts
    assert "unresolved somewhere: 0.1 to 0.4" in texts


def test_a_figure_that_no_run_can_tell_is_said(shape):
    every = networks.lost(shape("net_sigmoid"), 1, SIGNAL, floor=None)
    drawing = compose_comparison(many([([0.1], every), ([0.2], every)], "initializer.std"))
    assert "unresolved" in drawing.texts
    assert any(panel.title.startswith("gradient") for panel in drawing.panels)


def test_an_activation_without_a_flat_end_is_not_below_the_resolution(shape):
    relu = networks.lost(shape("net_relu"), 1, "saturation.low", floor=None)
    drawing = compose_comparison(many([([0.1], relu), ([0.2], relu)], "initializer.std"))
    assert not any("unresolved" in text for text in drawing.texts)


def test_where_a_figure_does_not_exist_nothing_of_it_is_inf_or_nan(shape):
    relu = changed(shape("net_relu"), 5, nonfinite=9)
    texts = compose_comparison(many([([1], relu), ([2], shape("net_std10"))], "seed")).texts
    assert "saturated" in texts
    assert texts.count("inf or nan somewhere: 1") == 2


def test_maps_tell_what_is_below_the_resolution_from_what_is_not_there(shape):
    absent = shape("net_sigmoid")
    last = replace(absent.layers[-1], std_across_inputs=None)
    absent = replace(absent, layers=(*absent.layers[:-1], last))
    results = [
        ([1, 1], shape("net_sigmoid")),
        ([1, 2], shape("net_lost")),
        ([2, 1], absent),
        ([2, 2], networks.lost(shape("net_sigmoid"), 3, SIGNAL, *networks.RATIOS, floor=None)),
    ]
    drawing = compose_comparison(many(results, "width", "initializer.std"))
    said = "grey, dark strokes: no such figure · grey, white strokes: unresolved"
    assert said in drawing.texts
    cells = [i.rgb for i in drawing.items if isinstance(i, Cells) and i.rgb.shape == (2, 2, 3)]
    greys = [
        [(rgb == np.round(np.multiply(color, 255))).all(axis=2).sum() for rgb in cells]
        for color in (NOTHING, UNRESOLVED)
    ]
    assert greys == [[1, 0, 0], [1, 0, 1]]


def test_the_ratio_is_known_where_only_the_gradient_s_size_is_lost(shape):
    known = compared(shape("net_sigmoid"), "a", [("seed", 1)], keep=False)
    small = networks.lost(shape("net_sigmoid"), 1, SIGNAL, floor=2.3e-308)
    assert compared(small, "a", [("seed", 1)], keep=False).gradient == known.gradient
    lost = networks.lost(shape("net_sigmoid"), 4, *networks.RATIOS, floor=None)
    assert compared(lost, "a", [("seed", 1)], keep=False).gradient is None


def test_a_run_holds_no_figure_that_is_lost(shape):
    run = compared(shape("net_lost"), "a", [("seed", 1)], keep=False)
    assert run.over_depth("std_across_inputs")[3:] == (None, None)
    assert run.cannot_tell("std_across_inputs", "std")
    assert not run.cannot_tell("std")
    assert compared(shape("net_underflow_10"), "a", [("seed", 1)], keep=False).gradient is None
