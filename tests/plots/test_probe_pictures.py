"""A probed model's pictures: its values in order, its streams, its weights beside their schemes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from support.plots.extents import collisions
from support.plots.probes import LONG, POINTED, PROBES, parameter, residual, result_of, sequential
from support.probes import probe_result
from weightinit_cli.numerals import percent
from weightinit_cli.plots import Look, drawings, render
from weightinit_cli.plots.engine.drawing import BLUE, ORANGE, WHITE
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.page import Area, Band, Dots, Level, Line, Pointer
from weightinit_cli.plots.paths import fitted, paths_axis
from weightinit_cli.plots.probe import comparison, left_out
from weightinit_cli.plots.probevalues import MOST, shown
from weightinit_cli.results.model import Spread, Verdict
from weightinit_cli.results.probe import PICTURES

COLUMN = Look(width=237.6)


def panels(result, picture):
    return [panel for row in drawings(result)[picture].rows for panel in row.panels]


def marks(panel, kind):
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def notes(panel):
    return [words for words, _ in panel.notes]


def texts(result, picture, look=None):
    page = drawings(result)[picture]
    return (drawn(page) if look is None else drawn(page, look)).texts


@pytest.mark.parametrize("name", sorted(PROBES))
def test_nothing_overlaps_or_leaves_the_picture(name):
    for page in drawings(PROBES[name]()).values():
        assert collisions(drawn(page)) == []
        assert collisions(drawn(page, COLUMN)) == []


@pytest.mark.parametrize(
    "name", ["one_value", "frozen_stem", "nothing_finite", "long_paths", "japanese", "no_values"]
)
def test_every_picture_is_a_figure_too(name):
    result = PROBES[name]()
    for picture in PICTURES:
        figure = result.figure(picture)
        assert len(figure.axes) == len(panels(result, picture))
        figure.canvas.draw()


def test_the_pictures_are_those_that_a_probe_has():
    assert tuple(drawings(residual(2))) == PICTURES
    assert comparison("a", {}, [], 2) is None
    assert left_out([("seed", [0, 1])]) == []


def test_bytes_are_the_same_each_time():
    for picture in PICTURES:
        first, again = (render(drawings(residual(3))[picture], "png", "") for _ in range(2))
        assert first == again


def test_every_value_has_a_row_in_the_order_of_the_run():
    result = residual(2)
    shapes, sizes = panels(result, "values")
    names = [words for _, words in sorted(shapes.y.ticks, reverse=True)]
    assert names == [each.name for each in result.values]
    assert len(marks(shapes, Area)) == len(result.values)
    stds = next(dots for dots in marks(sizes, Dots) if dots.color == BLUE)
    assert stds.x == pytest.approx([each.figures.std for each in result.values])
    assert stds.y.tolist() == [at for at, _ in shapes.y.ticks]


def test_rows_stand_apart_and_exact_zeros_are_cut_and_said():
    result = residual(2)
    shapes, _ = panels(result, "values")
    areas = marks(shapes, Area)
    assert all(low.y.max() < high.y.min() for high, low in pairwise(areas))
    relu = [each.operation for each in result.values].index("relu")
    heights = areas[relu].y - areas[relu].y.min()
    assert (heights[1:3] == heights.max()).all()
    assert (heights > heights.max() / 2).sum() > 4
    share = percent(result.values[relu].figures.zero_fraction)
    assert any(text.endswith(f", {share} zero") for text in texts(result, "values"))


def test_of_many_values_those_that_say_most_are_drawn():
    result = PROBES["gpt12_pointed"]()
    places = shown(result)
    (stream,) = result.streams
    assert len(places) == MOST
    assert set(stream.values) <= set(places)
    assert {POINTED[0].layer - 1, 0, len(result.values) - 1} <= set(places)
    said = f"{MOST} of {len(result.values)} values: along the streams, first and last ones"
    assert said in " ".join(texts(result, "values"))
    plain = replace(result, streams=(), verdict=())
    values = list(plain.values)
    values[30] = replace(values[30], parameters=("a.weight",))
    assert 30 in shown(replace(plain, values=tuple(values)))
    assert 30 not in shown(plain)
    assert shown(residual(2)) == list(range(len(residual(2).values)))


def test_of_many_warnings_the_first_ones_are_drawn_also_those_of_a_module():
    warnings = [Verdict("exploding_signal", "warning", k) for k in range(101, 200, 2)]
    result = replace(PROBES["many_values"](), streams=(), verdict=tuple(warnings))
    drawn_ones = {place for place in shown(result) if 100 <= place < 200}
    assert drawn_ones == set(range(100, 100 + MOST, 2))
    of_module = Verdict("no_gradient", "warning", module=result.values[150].module)
    assert 150 in shown(replace(result, verdict=(of_module,)))


def test_what_a_verdict_points_at_is_marked_in_values_and_streams():
    result = PROBES["gpt12_pointed"]()
    shapes, _ = panels(result, "values")
    (row,) = [k for k, area in enumerate(marks(shapes, Area)) if area.color == ORANGE]
    place = POINTED[0].layer - 1
    assert shown(result)[row] == place
    assert any(text.startswith("saturated, std ") for text in texts(result, "values"))
    streamed = replace(
        result, verdict=(replace(POINTED[0], layer=result.streams[0].values[4] + 1),)
    )
    (pointer,) = marks(panels(streamed, "streams")[0], Pointer)
    assert pointer.value == 5
    assert "a verdict points at it" in texts(streamed, "streams")
    values = [replace(each, parameters=("blocks.5.fc.weight",)) for each in result.values]
    scale, _ = panels(replace(result, values=tuple(values)), "weights")
    (pointer,) = marks(scale, Pointer)
    assert pointer.value == 2 + 5 * 2
    assert "a verdict points at it" not in texts(result, "streams")


def test_what_is_not_finite_is_said_in_every_picture():
    result = PROBES["nothing_finite"]()
    said = texts(result, "values")
    assert said.count("inf or nan") == len(result.values)
    assert said.count("inf or nan, gradient inf or nan") == len(result.values)
    std, gradient = panels(result, "streams")
    assert notes(std) == ["std, std (inputs): inf or nan in 0.linear and 4 more"]
    assert notes(gradient) == ["gradient, rms: inf or nan in 0.linear and 4 more"]
    lost = replace(parameter("a.weight", 1.0, (9, 9)), gradient_rms=None, gradient_ratio=None)
    lost = replace(lost, statistics=replace(lost.statistics, nonfinite=2))
    scale, ratio = panels(result_of([], [lost, parameter("b.weight", 1.0, (9, 9))]), "weights")
    assert notes(scale) == ["inf or nan: a.weight"]
    assert notes(ratio) == ["gradient inf or nan: a.weight"]


def test_a_stream_is_curves_of_its_values_of_what_is_added_and_of_the_gradients():
    result = residual(4)
    (stream,) = result.streams
    values = [result.values[place].figures for place in stream.values]
    std, gradient = panels(result, "streams")
    curves = {line.words: line.y.tolist() for line in marks(std, Line)}
    added = curves.pop("std of what is added")
    assert curves == {
        "std": [each.std for each in values],
        "std (inputs)": [each.std_across_inputs for each in values],
    }
    assert np.isnan(added[0])
    assert added[1:] == [result.values[place].figures.std for place in stream.branches]
    (curve,) = marks(gradient, Line)
    assert curve.y.tolist() == [each.gradient.signal_rms for each in values]
    assert std.x == gradient.x
    assert "residual stream of blocks" in texts(result, "streams")


def test_a_band_shows_where_a_curve_lies_under_most_seeds():
    result = residual(2)
    assert not marks(panels(result, "streams")[0], Band)
    values = [
        replace(each, figures=replace(each.figures, repeats={"std": over(each.figures.std)}))
        for each in result.values
    ]
    spec = {**result.spec, "repeats": 20}
    result = replace(result, values=tuple(values), spec=spec)
    bands = marks(panels(result, "streams")[0], Band)
    (band,) = [each for each in bands if not np.isnan(each.low[0])]
    stds = np.array([result.values[place].figures.std for place in result.streams[0].values])
    assert band.low == pytest.approx(0.5 * stds)
    assert band.high == pytest.approx(2.0 * stds)
    assert "over 20 seeds, quantiles 0.05 to 0.95" in texts(result, "streams")


def over(value):
    quantiles = {"0.05": 0.5 * value, "0.5": value, "0.95": 2.0 * value}
    return Spread(value, 0.1 * value, quantiles)


def test_zeros_and_missing_gradients_along_a_stream_are_said():
    std, gradient = panels(PROBES["zeros"](), "streams")
    assert notes(std) == ["std, std (inputs): exactly zero in 1.linear and 1 more"]
    assert notes(gradient) == ["gradient, rms: exactly zero in 0.linear and 1 more"]
    assert "no gradient: computed under no_grad" in texts(PROBES["no_gradient"](), "streams")
    assert not any("no gradient" in text for text in texts(PROBES["frozen_stem"](), "streams"))
    assert any("no gradient" in text for text in texts(PROBES["frozen_stem"](), "values"))


def test_what_is_added_does_not_squeeze_the_stream_itself():
    result = residual(4)
    (stream,) = result.streams
    values = list(result.values)
    for place in stream.branches:
        figures = replace(values[place].figures, std=1e-7)
        values[place] = replace(values[place], figures=figures)
    std, _ = panels(replace(result, values=tuple(values)), "streams")
    assert std.y.high - std.y.low < 3
    assert notes(std) == ["std of what is added: at most 1.0e-7, below the axis"]
    assert [words for _, words, _ in std.beside] == ["std", "std (inputs)"]


def test_of_many_streams_the_first_are_drawn():
    result = PROBES["six_streams"]()
    assert len(drawings(result)["streams"].rows) == 8
    assert "not drawn: 2 more streams" in texts(result, "streams")
    assert "no stream was found" in texts(PROBES["no_streams"](), "streams")


def test_weights_stand_at_their_scale_among_the_schemes():
    result = residual(2)
    scale, ratio = panels(result, "weights")
    weights = [each for each in result.parameters if each.fan_in]
    dots = marks(scale, Dots)
    places = {int(x): y for each in dots for x, y in zip(each.x, each.y, strict=True)}
    assert [places[k] for k in sorted(places)] == [each.scaled_std for each in weights]
    colors = {int(x): each.color for each in dots for x in each.x}
    assert [colors[k] == colors[2] for k in (1, 2, 3, 4, 5)] == [False, True, False, True, False]
    assert [level.value for level in marks(scale, Level)] == pytest.approx([2**0.5, 1, 3**-0.5])
    strokes = {line.words: line.y[::3] for line in marks(scale, Line)}
    xavier = [np.sqrt(2 * each.fan_in / (each.fan_in + each.fan_out)) for each in weights]
    assert strokes["Xavier, by the weight's own fans"] == pytest.approx(xavier)
    assert strokes["N(0, 0.02²)"] == pytest.approx([0.02 * each.fan_in**0.5 for each in weights])
    (ratios,) = {tuple(sorted(np.concatenate([each.y for each in marks(ratio, Dots)])))}
    assert ratios == pytest.approx(sorted(each.gradient_ratio for each in weights))
    assert {"he_normal", "torch_linear", "√2: He"} <= set(texts(result, "weights"))
    assert "not drawn: 2 parameters without a fan in" in texts(result, "weights")


def test_a_weight_without_a_gradient_is_hollow():
    scale, _ = panels(PROBES["frozen_stem"](), "weights")
    (holes,) = [dots for dots in marks(scale, Dots) if dots.color == WHITE]
    assert holes.x.tolist() == [1, 2]
    assert notes(scale) == ["hollow: gets no gradient"]
    assert not [d for d in marks(panels(residual(2), "weights")[0], Dots) if d.color == WHITE]


def test_schemes_beyond_the_colours_share_one_and_none_has_its_own():
    assert "other schemes" in texts(PROBES["many_schemes"](), "weights")
    assert "no known scheme" in texts(sequential([1.0], [1.0]), "weights")
    assert "no known scheme" not in texts(residual(2), "weights")


def test_a_scale_far_from_all_schemes_does_not_squeeze_the_others():
    weights = [parameter("a.weight", 1e-7, (9, 9)), parameter("b.weight", 0.3, (9, 9))]
    scale, _ = panels(result_of([], weights), "weights")
    assert scale.y.high - scale.y.low < 1.5
    assert notes(scale) == ["beyond the axis: a.weight"]


def test_paths_are_named_where_modules_begin():
    def named(paths, most=28):
        return [words for _, words in paths_axis(paths, most).ticks]

    blocks = [f"model.blocks.{k}.{part}.linear" for k in range(12) for part in "abcd"]
    assert named(blocks) == [f"{k}" for k in range(12)]
    assert [at for at, _ in paths_axis(blocks).ticks] == list(range(1, 49, 4))
    assert named(blocks, 48)[:2] == ["0.a.linear", "0.b.linear"]
    assert named(["only.one"]) == ["one"]
    assert named([f"{LONG}.{k}" for k in range(3)]) == ["0", "1", "2"]
    assert len(named([str(k) for k in range(1000)])) <= 60
    assert fitted("bert.encoder.layer.0.attention.output.add") == "…0…output.add"
    assert fitted("blocks.11.mlp.add") == "blocks.11.mlp.add"
    numbered = fitted("features.denseblock4.denselayer16.norm1.act.relu")
    assert numbered == "…4…16.norm1.act.relu"
    attention = fitted("blocks.11.scaled_dot_product_attention")
    assert attention.startswith("…11.scaled")
    assert attention.endswith("attention")
    long = named([LONG.replace(".", "_") + str(k) for k in range(3)])
    assert [words[-1] for words in long] == ["0", "1", "2"]
    assert all("…" in words for words in long)


def test_verdicts_keep_the_names_of_modules():
    verdict = replace(POINTED[0], name="inputs_indistinguishable", layer=3, module="my_blocks.0")
    lines = " ".join(texts(residual(2, verdict=(verdict,)), "values"))
    assert "inputs indistinguishable at my_blocks.0 (model.py:12): 70 % of it lies" in lines


def test_names_of_any_characters_are_drawn():
    """With what no font has replaced: a warning would fail this."""
    names = [("a\x1b[31mred", "linear"), ("漢字\u0600.x\n", "linear"), ("\ue000", "linear")]
    result = probe_result(names, [Verdict("fans_swapped", "note", module="a\x1b[31mred")])
    for page in drawings(result).values():
        assert render(page, "png", "")
