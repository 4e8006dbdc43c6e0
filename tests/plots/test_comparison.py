"""Many runs in one picture: which picture it is, what it says, and that nothing collides."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.plots import builders, networks
from support.plots.drawn import compose_comparison, shapes
from support.plots.extents import collisions
from support.plots.svg import QUIET, WARNING, texts_of
from weightinit_cli import plots
from weightinit_cli.plots import left_out, render
from weightinit_cli.plots.choice import MOST_FACETS, Maps, chosen
from weightinit_cli.plots.engine.axes import figure
from weightinit_cli.plots.engine.drawing import AMBER, INK, Cells, Dots
from weightinit_cli.plots.engine.drawing import Line as Stroke
from weightinit_cli.plots.engine.page import Axis, Heading, Line, Page, Panel, Row
from weightinit_cli.plots.maps import LETTERS
from weightinit_cli.plots.varied import VariedAxis
from weightinit_cli.results.comparison import VARIANT, Comparison, compared
from weightinit_cli.results.model import Verdict
from weightinit_cli.verdicts import DEFINITIONS

if TYPE_CHECKING:
    from weightinit_cli.results.model import Result


def with_spec(result: Result, **changed) -> Result:
    return replace(result, spec={**result.spec, **changed})


def comparison(runs, *, keep=False, name="many") -> Comparison:
    """From pairs of what was varied and a result."""
    found = tuple(
        compared(result, ",".join(str(v) for _, v in varied), varied, keep)
        for varied, result in runs
    )
    return Comparison(name, runs[0][1].spec, found)


@pytest.fixture
def variants(shape):
    """A comparison of named shapes, one variant each."""

    def build(*names, keep=True, titles=None):
        titles = titles or names
        pairs = zip(titles, names, strict=True)
        return comparison([(((VARIANT, t),), shape(n)) for t, n in pairs], keep=keep)

    return build


def swept(shape, **axes) -> Comparison:
    """Every combination of the axes' values; each run is one of a few results."""
    names = ("net_sigmoid", "net_std10", "net_relu", "net_tanh_3")
    runs = []
    for k, values in enumerate(product(*axes.values())):
        varied = tuple(zip((key.replace("__", ".") for key in axes), values, strict=True))
        runs.append((varied, shape(names[k % len(names)])))
    return comparison(runs)


LONG = "a name that is much longer than any picture could ever be wide " * 4

PICTURES = {
    "rows": lambda shape, variants: variants("net_sigmoid", "net_std10", "net_relu"),
    "one_row": lambda shape, variants: variants("net_sigmoid"),
    "one_layer": lambda shape, variants: variants("xavier_1", "std0_1"),
    "eight_rows": lambda shape, variants: variants(
        "xavier_10", "nonfinite_10", "huge_10", "offset", "tanh_outside_10", "relu_to_inf_10",
        "relu_own_10", "relu_vanishing_10",
    ),
    "odd_rows": lambda shape, variants: variants(
        "all_nan", "std0", "relu_exploding", "zero_width_zero", "largest", "smallest", "xavier_2"
    ),
    "long_names": lambda shape, variants: variants(
        "net_sigmoid", "long_spec", titles=(LONG, LONG[::-1])
    ),
    "foreign": lambda shape, variants: variants(
        "net_sigmoid", "japanese", titles=("$\\alpha$ 活性化 \x1b[31m", " ")
    ),
    "deep_variants": lambda shape, variants: variants("net_sigmoid_12", "net_tanh_50", "net_relu"),
    "many_variants": lambda shape, variants: variants(
        *["net_sigmoid", "net_std10", "net_relu"] * 10, titles=[f"{k} {LONG}" for k in range(30)]
    ),
    "overflow": lambda shape, variants: variants("net_overflow", "net_relu", keep=False),
    "nothing_finite": lambda shape, variants: variants("all_nan_12", "net_relu", keep=False),
    "one_swept": lambda shape, variants: swept(shape, initializer__std=[0.01]),
    "swept": lambda shape, variants: swept(shape, initializer__std=[0, 1e-9, 1e-3, 0.1, 1, 100]),
    "many_swept": lambda shape, variants: swept(
        shape, initializer__std=np.geomspace(1e-6, 1e6, 200).tolist()
    ),
    "widths": lambda shape, variants: swept(shape, width=[[100, 200, 300], [5, 5, 5], 1000]),
    "components": lambda shape, variants: swept(
        shape, initializer=["he_normal", {"name": "normal", "mean": 0.0, "std": 10}, {"x": 1}]
    ),
    "columns": lambda shape, variants: swept(
        shape, initializer__std=[1e-4, 0.01, 1, 100], activation=["sigmoid", "tanh", "relu"]
    ),
    "variant_columns": lambda shape, variants: swept(
        shape, variant=["one", LONG, "three", "four", "5"], initializer=["he_normal", "zeros"]
    ),
    "map": lambda shape, variants: swept(shape, width=[10, 20, 40], initializer__std=[0.1, 1, 9]),
    "map_of_names": lambda shape, variants: swept(
        shape, activation=[f"{k} {LONG}" for k in range(12)], initializer=[LONG, "b", "c"]
    ),
    "one_cell": lambda shape, variants: swept(shape, width=[10], seed=[1]),
    "wide_map": lambda shape, variants: swept(shape, width=[*range(1000, 1060)], seed=[1, 2**63]),
    "high_map": lambda shape, variants: swept(shape, seed=[1], width=[*range(60)]),
    "facets": lambda shape, variants: swept(
        shape, variant=["one", LONG], width=[1, 2, 3], initializer__std=[0.1, 1]
    ),
    "eight_facets": lambda shape, variants: swept(
        shape, width=[*range(6)], initializer__std=[0.1, 1, 3], variant=[*"abcd", LONG],
        activation=["relu", LONG], seed=[*range(5)]
    ),
    "number_facets": lambda shape, variants: swept(
        shape, seed=[1, 2], width=[1, 2, 3], initializer__std=[0.1, 1, 3]
    ),
}  # fmt: skip


@pytest.fixture
def picture(shape, variants):
    return lambda name: compose_comparison(PICTURES[name](shape, variants))


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_a_small_png_in_which_no_text_overlaps(name, picture):
    drawing = picture(name)
    assert collisions(drawing) == []
    data = render(drawing, "png", builders.DIGEST)
    limits = {"eight_rows": 170_000, "eight_facets": 320_000, "many_variants": 120_000}
    assert len(data) < limits.get(name, 110_000)


@pytest.mark.parametrize("name", ["rows", "columns", "map"])
@pytest.mark.parametrize("format_", ["svg", "pdf"])
def test_other_formats(name, format_, picture):
    assert render(picture(name), format_, builders.DIGEST)


# which picture


@pytest.mark.parametrize(
    ("axes", "panels"),
    [
        ({"width": [1, 2]}, ["std", "std across inputs (log)", "saturated"]),
        ({"width": [1, 2], "seed": [1, 2]}, ["std across inputs / std, last layer"]),
        ({"bias": ["a", "b"], "seed": [1, 2]}, ["bias: a · std", "bias: b · std"]),
        ({"variant": ["a", "b"], "seed": [1, 2]}, ["a · std", "b · std"]),
        ({"bias": list("abcdef"), "seed": [1, 2]}, ["std across inputs / std, last layer"]),
        ({"variant": list("abcdef"), "bias": ["a"]}, ["std across inputs / std, last layer"]),
    ],
)
def test_what_was_varied_decides(axes, panels, shape):
    drawing = compose_comparison(swept(shape, **axes))
    assert [panel.title for panel in drawing.panels][: len(panels)] == panels


@pytest.mark.parametrize(
    ("sizes", "maps_of", "rows", "said"),
    [
        ({"a": 6, "b": 2, "c": 3}, "ac", ["b: 1", "b: 2"], []),
        ({"a": 1, "b": 1, "c": 1, "d": 1}, "cd", ["a: 1, b: 1"], []),
        (
            {"a": 9, "b": 9, "c": 9},
            "bc",
            [f"a: {k}" for k in (1, 2, 3, 4, 6, 7, 8, 9)],
            ["8 of 9 values of a (1, 2, 3, 4, 6, 7, 8, 9)"],
        ),
        (
            {"a": 5, "b": 5, "c": 3, "d": 3},
            "ab",
            [f"c: {c}, d: {d}" for c in (1, 3) for d in (1, 2, 3)],
            ["2 of 3 values of c (1, 3)"],
        ),
    ],
)
def test_of_many_axes_the_longest_make_the_maps_and_the_others_their_rows(
    shape, sizes, maps_of, rows, said
):
    axes = {axis: list(range(1, number + 1)) for axis, number in sizes.items()}
    drawing = compose_comparison(swept(shape, **axes))
    assert [panel.title.partition(" · ")[0] for panel in drawing.panels[::3]] == rows
    assert drawing.panels[0].xlim == (0, sizes[maps_of[0]])
    assert drawing.panels[0].ylim == (0, sizes[maps_of[1]])
    assert left_out("histogram", axes.items()) == said
    assert all(any(text.endswith(f"drawn: {each}") for text in drawing.texts) for each in said)


def test_of_many_names_the_first_have_rows(shape):
    names = [*"abcdefghij"]
    axes = {"variant": names, "width": [*range(11)], "seed": [*range(12)]}
    drawing = compose_comparison(swept(shape, **axes))
    assert [panel.title.partition(" · ")[0] for panel in drawing.panels[::3]] == names[:8]
    assert left_out("histogram", axes.items()) == [f"8 of 10 variants ({', '.join(names[:8])})"]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9))
def test_every_layout_draws_at_most_a_page_and_says_what_it_leaves_out(sizes):
    axes = [VariedAxis(f"x{k}", tuple(range(number))) for k, number in enumerate(sizes)]
    layout = chosen(axes)
    if isinstance(layout, Maps):
        assert {layout.x, layout.y, *layout.whole} == set(axes)
        assert math.prod(len(axis.values) for axis in layout.facets) <= MOST_FACETS
        for drawn, whole in zip(layout.facets, layout.whole, strict=True):
            assert drawn.values
            assert set(drawn.values) <= set(whole.values)
        assert bool(layout.left_out) == (layout.facets != layout.whole)


def test_nothing_varied_or_nothing_to_show(shape):
    assert compose_comparison(comparison([((), shape("net_relu"))])) is None
    assert compose_comparison(Comparison("x", shape("net_relu").spec, ())) is None
    nothing = [(((VARIANT, n),), shape("all_nan_12")) for n in "ab"]
    assert compose_comparison(comparison(nothing)) is None
    cells = [((("x", k), ("y", k)), shape("all_nan_12")) for k in (1, 2)]
    assert compose_comparison(comparison(cells)) is None


# rows of panels


def test_a_row_of_panels_for_each_variant(picture):
    panels = picture("rows").panels
    assert [panel.title for panel in panels[::5]] == [
        "net_sigmoid, layer 1", "net_std10, layer 1", "net_relu, layer 1",
    ]  # fmt: skip
    assert panels[0].box.y > panels[5].box.y > panels[10].box.y
    assert [p.box.x for p in panels[:5]] == [p.box.x for p in panels[5:10]]


def test_rows_share_an_axis_where_it_shows_them(shape, variants):
    shared = compose_comparison(variants("net_sigmoid", "net_std10"))
    assert {panel.xlim for panel in shared.panels} == {(0.0, 1.0)}
    assert shared.texts.count("activation") == 1
    own = compose_comparison(variants("net_sigmoid", "relu_exploding"))
    assert len({panel.xlim for panel in own.panels}) > 1
    assert sum(text.startswith("activation") for text in own.texts) == 2


def test_rows_of_similar_bars_have_equal_heights(shape, variants):
    equal = compose_comparison(variants("net_sigmoid", "xavier_5"))
    assert len({panel.ylim for panel in equal.panels}) == 1
    different = compose_comparison(variants("net_sigmoid", "std0"))
    assert len({panel.ylim for panel in different.panels}) == 2


def test_the_heading_says_what_all_share_and_a_row_what_it_differs_in(shape):
    runs = [
        (
            ((VARIANT, f"std = {std}"),),
            with_spec(shape("net_relu"), initializer={"name": "normal", "mean": 0.0, "std": std}),
        )
        for std in (0.5, 10)
    ]
    drawing = compose_comparison(comparison(runs, keep=True))
    assert drawing.texts[:2] == (
        "many", "relu · normal (mean 0) · width 50 · 200 samples · seed 0 · float64",
    )  # fmt: skip
    for std in ("0.5", "10"):
        place = drawing.texts.index(f"std = {std}")
        assert drawing.texts[place + 1 : place + 3] == (
            f"normal (mean 0, std {std})", "healthy: at the start",
        )  # fmt: skip


@pytest.mark.parametrize(
    "axes", [{VARIANT: ["a", "b"]}, {"width": [1, 2]}, {"a": [1, 2, 3], "b": [1, 2]}]
)
def test_of_repeats_the_first_is_drawn_and_the_heading_says_so(axes, shape):
    result = with_spec(shape("net_sigmoid"), repeats=10)
    runs = [(tuple(zip(axes, each, strict=True)), result) for each in product(*axes.values())]
    drawing = compose_comparison(comparison(runs, keep=VARIANT in axes))
    assert "the first of 10 repeats" in " ".join(drawing.texts[:3])


def test_each_row_has_its_verdict_and_theory(picture):
    drawing = picture("rows")
    said = {each.text: each.color for each in texts_of(drawing)}
    assert said["healthy: at the start"] == QUIET
    warnings = [text for text, color in said.items() if color == WARNING]
    assert any(text.startswith("warning: exploding gradient: its norm") for text in warnings)
    assert (
        said["note: saturated first at layer 1: 83 % of it lies in the activation's flat ends"]
        == QUIET
    )
    lines = [i for i in drawing.items if isinstance(i, Stroke) and i.color == AMBER]
    for panel in drawing.panels:
        inside = [i for i in lines if panel.box.y <= i.vertices[:, 1].min() <= panel.box.top]
        assert inside


def test_each_row_names_its_layers(variants):
    texts = compose_comparison(variants("xavier_2", "xavier_5")).texts
    titles = [text for text in texts if text.startswith("layer")]
    assert titles == [f"layer {k}" for number in (2, 5) for k in range(1, number + 1)]


# curves


def test_the_healthy_are_named_numbers_as_stretches(shape):
    results = [shape("net_std10"), *[shape("net_relu")] * 4, shape("net_std10"), shape("net_relu")]
    runs = [((("width", k), ("bias", "a")), result) for k, result in enumerate(results)]
    assert "healthy: 1 to 4, 6" in compose_comparison(comparison(runs)).texts


def test_with_room_each_value_has_its_verdict(shape):
    texts = compose_comparison(swept(shape, width=[1, 2, 3])).texts
    assert "vanishing gradient" in texts
    two = replace(shape("net_relu"), verdict=(networks.EXPLODING, odd("b"), odd("c", "note")))
    texts = compose_comparison(comparison([((("x", k),), two) for k in (1, 2)])).texts
    assert "exploding gradient +1" in texts
    assert not any(text.startswith("healthy:") for text in texts)


def test_many_values_are_a_few_curves_and_a_scale_of_round_numbers(shape):
    values = np.geomspace(1e-6, 1e6, 200).tolist()
    texts = compose_comparison(swept(shape, initializer__std=values)).texts
    assert any(text.endswith("drawn: 40 of 200 values of initializer.std") for text in texts)
    assert {"1e-6", "1e0", "1e6"} <= set(texts)


def scaled(result: Result, factor, depth=0.0) -> Result:
    """The result with other standard deviations, of all layers and by its depth."""
    layers = []
    for k, layer in enumerate(result.layers):
        std = layer.std * factor * 10 ** (depth * k)
        layers.append(replace(layer, std=std, std_across_inputs=std))
    return replace(result, layers=tuple(layers))


def legend_of(page) -> dict[str, tuple]:
    """The words of the legend's entries, each with what stands below."""
    return {entry.cells[0]: entry.second for entry in page.legend.entries}


def lines_of(page, row=0) -> dict[str, object]:
    return {mark.words: mark for mark in page.rows[row].panels[0].marks}


def test_curves_that_coincide_are_stripes_of_all_their_colours(shape):
    same = ["a", "b", "c"]
    runs = [(((VARIANT, n),), shape("net_relu")) for n in same]
    whole = comparison([*runs, (((VARIANT, "d"),), scaled(shape("net_relu"), 2))])
    page = plots.compose_comparison(whole)
    lines = lines_of(page)
    assert [lines[n].dash for n in same] == [(), (10, 5), (5, 10)]  # each longer below the next
    assert list(lines) == ["d", *same]
    assert len({lines[n].color for n in "abcd"}) == 4
    assert lines["d"].dash == ()
    words = {name: second[0] for name, second in legend_of(page).items()}
    assert words == {"a": "healthy", "b": "as a", "c": "as a", "d": "healthy"}


def test_all_of_forty_names_are_in_the_legend_and_look_different(shape):
    runs = [(((VARIANT, f"v{k}"),), shape("net_relu")) for k in range(40)]
    page = plots.compose_comparison(comparison(runs))
    assert list(legend_of(page)) == [f"v{k}" for k in range(40)]
    assert len({(entry.color, entry.marker) for entry in page.legend.entries}) == 40
    assert {f"v{k}" for k in range(40)} <= set(shapes(page).texts)


def test_the_axis_follows_most_curves_and_says_what_leaves_it(shape):
    runs = [(((VARIANT, f"v{k}"),), scaled(shape("net_relu"), k)) for k in range(1, 7)]
    away = [(((VARIANT, n),), scaled(shape("net_relu"), 1, by)) for n, by in (("up", 9), ("d", -4))]
    drawing = compose_comparison(comparison([*runs, *away]))
    low, high = drawing.panels[0].ylim
    assert low <= -2
    assert 1 <= high <= low + 8
    assert "above the axis, to 9e35: up" in drawing.texts
    assert "below the axis, to 9e-17: d" in drawing.texts


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ([0.5, 2.5, 2.5, 0.5], [[(0, 0.5), (0.25, 1)], [(2.75, 1), (3, 0.5)]]),
        ([-1, 3, math.nan, 1e300], [[(0.25, 0), (0.5, 1)]]),
        ([0.5, math.inf, 0.5, 0.5], [[(0, 0.5), (0, 1)], [(2, 1), (2, 0.5), (3, 0.5)]]),
        ([2, 3, 2, 9], []),
    ],
)
def test_a_curve_that_leaves_the_panel_is_cut_at_its_side(values, parts):
    line = Line(np.arange(4.0), np.array(values), INK, radius=1)
    row = Row((Panel(Axis(0.0, 3.0), Axis(0.0, 1.0), (line,)),), 90.0)
    drawing = shapes(Page(Heading(""), (row,)))
    box = drawing.panels[0].box
    found = [
        (i.vertices - [box.x, box.y]) / [box.width / 3, box.height]
        for i in drawing.items
        if isinstance(i, Stroke) and i.width == line.width
    ]
    assert [each.ravel() for each in found] == [
        pytest.approx(np.ravel(part), abs=1e-6) for part in parts
    ]
    dots = sum(len(i.vertices) for i in drawing.items if isinstance(i, Dots))
    assert dots == sum(0 <= value <= 1 for value in values)


def test_on_real_axes_curves_are_told_apart_as_well(shape):
    names = [f"v{k}" for k in range(12)]
    last = scaled(shape("net_relu"), 2)
    runs = [(((VARIANT, n),), last if n == "v11" else shape("net_relu")) for n in names]
    made = figure(plots.compose_comparison(comparison(runs)))
    made.canvas.draw()
    lines = {line.get_label(): line for line in made.axes[0].get_lines()}
    assert set(lines) == set(names)
    assert [lines[n].get_marker() for n in ("v0", "v8", "v11")] == ["o", "s", "s"]
    assert lines["v0"].get_linestyle() == lines["v11"].get_linestyle() == "-"
    assert lines["v1"].get_linestyle() == "--"
    (legend,) = (each for part in made.subfigs for each in part.subfigs[-1].legends)
    texts = [text.get_text() for text in legend.get_texts()]
    assert [text.partition(" · ")[::2] for text in texts[:2]] == [
        ("v0", "healthy"),
        ("v1", "as v0"),
    ]


def test_zeros_on_a_log_axis_are_said(shape):
    drawing = compose_comparison(
        comparison([((("x", k),), shape(n)) for k, n in enumerate(("net_zero", "net_sigmoid"))])
    )
    assert "exactly zero somewhere: 0" in drawing.texts


def test_a_column_without_the_figure_says_so(shape):
    runs = [
        ((("activation", n), ("x", k)), shape(n)) for n in ("net_relu", "net_std10") for k in (1, 2)
    ]
    assert "not flat on both sides" in compose_comparison(comparison(runs)).texts


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ((1, 10, 100), [0, 0.5, 1]),
        ((0, 1, 10, 100), [0, 0.2, 0.6, 1]),
        ((1, 2, 3), [0, 0.5, 1]),
        ((-100, 0, 100), [0, 0.5, 1]),
        ((7,), [0]),
        ((-1.7e308, 1.7e308), [0, 1]),
    ],
)
def test_numbers_have_their_place_by_ratio_where_they_span(values, parts):
    axis = VariedAxis("x", values)
    assert axis.parts() == pytest.approx(parts)
    if len(values) > 1:
        scale = axis.scale()
        assert scale.parts(values)[-1] == pytest.approx(parts[-1])
        assert all(scale.low <= at <= scale.high for at, _ in scale.ticks)


# maps


def odd(name, severity="warning"):
    return Verdict(name, severity, 1)


def test_letters_say_the_verdicts_and_the_healthy_are_outlined(shape):
    drawing = compose_comparison(PICTURES["map"](shape, None))
    legend = next(text for text in drawing.texts if "outlined: healthy" in text)
    assert legend.startswith("V vanishing, E exploding, • healthy · ")
    assert drawing.texts.count("V") == 3 * 3  # as often in each of the three maps
    assert drawing.texts.count("•") == 4 * 3
    maps = [i for i in drawing.items if isinstance(i, Cells) and i.rgb.shape[:2] == (3, 3)]
    assert len(maps) == 3


def test_small_cells_have_no_letters_but_the_outline(shape):
    names = ("net_sigmoid", "net_relu")
    for share, said in (
        (lambda k: k > 600, "• healthy, outlined: 599"),
        (lambda k: k % 2, "healthy: 600"),
    ):
        runs = [
            ((("width", k // 30), ("seed", k % 30)), shape(names[bool(share(k))]))
            for k in range(1200)
        ]
        drawing = compose_comparison(comparison(runs))
        assert f"{said} of 1,200" in drawing.texts
        assert "V" not in drawing.texts


def test_missing_runs_are_crossed_out_and_missing_figures_hatched(shape):
    whole = swept(shape, width=[10, 20, 40], initializer__std=[0.1, 1, 9])
    some = replace(whole, runs=whole.runs[:-1])
    drawing = compose_comparison(some)
    assert "grey, dark strokes: no such figure · crossed out: no result" in drawing.texts
    map_ = next(i for i in drawing.items if isinstance(i, Cells) and i.rgb.shape[:2] == (3, 3))
    assert map_.rgb[0, 2].tolist() == [255, 255, 255]


def test_numbers_ascend_and_names_descend(shape):
    drawing = compose_comparison(swept(shape, seed=[9, 4, 5], width=[37, 27, 17]))
    heights = {each.text: each.y for each in texts_of(drawing)}
    assert heights["17"] < heights["27"] < heights["37"]
    named = compose_comparison(swept(shape, bias=["a", "b"], activation=["c", "d"]))
    heights = {each.text: each.y for each in texts_of(named)}
    assert heights["c"] > heights["d"]


def test_every_verdict_has_a_letter():
    of_networks = {name for name, each in DEFINITIONS.items() if each.find is not None}
    assert LETTERS.keys() == {*of_networks, "healthy"}


def test_unknown_verdicts_have_a_letter(shape):
    result = replace(shape("net_relu"), verdict=(odd("odd_thing"),))
    drawing = compose_comparison(comparison([((("x", k), ("y", k)), result) for k in (1, 2)]))
    assert "?" in drawing.texts
    assert any("? something else · none healthy" in text for text in drawing.texts)


# what is held


def test_a_run_holds_what_its_picture_needs(shape):
    result = shape("net_sigmoid")
    curve = compared(result, "a", (("width", 1),), keep=False)
    assert curve.result is None
    assert curve.over_depth("std") == tuple(layer.std for layer in result.layers)
    assert len(compared(result, "a", (("width", 1), ("seed", 2)), False).figures["std"]) == 1
    ratios = [layer.gradient.total_ratio for layer in result.layers[:-1]]
    assert curve.gradient == pytest.approx(np.exp(np.mean(np.log(ratios))))
    assert compared(shape("all_nan"), "a", (), False).over_depth("std") == (None,) * 5


def test_no_gradient_at_all_counts_as_none_left(shape):
    assert compared(shape("net_step"), "a", (), False).gradient == 0
    assert compared(shape("xavier_5"), "a", (), False).gradient is None


@settings(max_examples=15, deadline=None)
@given(
    values=st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9) | st.booleans(),
        min_size=1,
        max_size=6,
        unique_by=repr,
    )
)
def test_any_values_are_drawn(values):
    result = networks.NETWORKS["net_tanh_3"]()
    runs = [((("x", value),), result) for value in values]
    render(compose_comparison(comparison(runs)), "png", builders.DIGEST)
    cells = [((("x", value), ("y", k)), result) for value in values for k in range(7)]
    render(compose_comparison(comparison(cells)), "png", builders.DIGEST)
