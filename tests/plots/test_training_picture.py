"""Loss curves: smoothing, quantiles, what coincides, the table, nothing that collides."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from support.plots.drawn import shapes
from support.plots.extents import collisions
from support.plots.trainings import (
    DIGEST,
    TRAININGS,
    best_of,
    comparison,
    network,
    restarts,
    trained,
)
from weightinit_cli.plots import FORMATS, render, training
from weightinit_cli.plots.engine.drawing import AMBER, Label
from weightinit_cli.plots.engine.layout import drawn
from weightinit_cli.plots.engine.look import Look
from weightinit_cli.plots.engine.page import Band, Dots, Level, Line
from weightinit_cli.plots.losses import MOST_POINTS, loss_curve, running_mean, running_quantiles
from weightinit_cli.plots.restarts import best_quantiles
from weightinit_cli.plots.training import accuracy_words, loss_words
from weightinit_cli.results.comparison import VARIANT, TrainedRun

COLUMN = Look(width=237.6)


def page_of(runs):
    varied = [TrainedRun(name, result, ((VARIANT, name),)) for name, result in runs]
    return training.comparison("mnist_init", {}, varied, len(runs))


def swept(**axes):
    """The page of a sweep over these axes, of runs that are all alike."""
    one = trained([network(2.4, 0.5, 5)])
    varied = [tuple(zip(axes, values, strict=True)) for values in product(*axes.values())]
    runs = [TrainedRun(str(each), one, each) for each in varied]
    return training.comparison("swept", {}, iter(runs), len(runs))


def texts_of(runs):
    return shapes(page_of(runs)).texts


def marks_of(page, kind):
    return [mark for mark in page.rows[0].panels[0].marks if isinstance(mark, kind)]


def labels_of(notes):
    return [text for text, _ in notes]


@pytest.mark.parametrize("name", sorted(TRAININGS))
def test_nothing_overlaps_or_leaves_the_picture(name):
    page = page_of(TRAININGS[name]())
    for drawing in (drawn(page), drawn(page, COLUMN)):
        assert collisions(drawing) == []
        for item in drawing.items:
            if not isinstance(item, Label) and hasattr(item, "vertices"):
                assert np.isfinite(item.vertices).all()
                assert item.vertices.min() >= 0
                assert (item.vertices <= (drawing.width, drawing.height)).all()


@pytest.mark.parametrize("format_", FORMATS)
def test_bytes_are_the_same_each_time(format_):
    data = render(page_of(TRAININGS["diverged"]()), format_, DIGEST)
    assert render(page_of(TRAININGS["diverged"]()), format_, DIGEST) == data


def test_a_long_run_stays_small():
    assert len(render(page_of(comparison(20_000)), "svg", DIGEST)) < 200_000


@pytest.mark.parametrize("window", [1, 2, 5, 50, 1000])
def test_the_running_mean_is_the_mean_around_each_step(window):
    values = np.random.Generator(np.random.PCG64(1)).standard_normal(200)
    values[0] = 1e30  # gone once the window has left it
    found = running_mean(values, window, np.arange(200))
    for k in range(200):
        half = min(window // 2, k)
        around = values[k - half : k + half + 1]
        assert found[k] == pytest.approx(around.mean(), rel=1e-9, abs=1e-12)
    assert found[0] == values[0]


def test_mini_batches_lie_around_their_mean():
    values = np.random.Generator(np.random.PCG64(2)).exponential(size=20_000)
    at = np.arange(0, 20_000, 100)
    low, high = running_quantiles(values, 500, at)
    assert (low <= running_mean(values, 500, at)).all()
    assert (high >= running_mean(values, 500, at)).all()
    assert np.median(low) == pytest.approx(-math.log(0.95), rel=0.1)
    assert np.median(high) == pytest.approx(-math.log(0.05), rel=0.1)
    assert running_quantiles(values, 1, at) == (None, None)


def test_a_curve_ends_where_its_steps_do():
    curve = loss_curve(trained([network(2.5, 0.2, 30_000)]))
    assert len(curve.steps) == MOST_POINTS
    assert (curve.steps[0], curve.steps[-1]) == (1, 30_000)


def test_bands_of_many_networks_are_quantiles_and_diverged_ones_count_as_the_highest():
    flat = [network(float(e), float(e), 9) for e in range(1, 20)]
    gone = network(1.0, 1.0, 9, diverged=2)
    curve = loss_curve(trained([*flat, gone]))
    level = [*(each.losses[-1] for each in flat), 1e9]
    last = [float(side[-1]) for side in (curve.low, curve.middle)]
    assert last == pytest.approx([np.quantile(level, 0.05), np.quantile(level, 0.5)])
    assert curve.high[-1] == math.inf
    assert curve.networks == ()


def test_below_ten_networks_each_is_a_thin_line():
    curve = loss_curve(restarts(9))
    assert len(curve.networks) == 9
    assert curve.low is None
    assert len(marks_of(page_of([("few", restarts(9))]), Line)) == 10


def test_all_that_is_drawn_is_inside_the_axis():
    for name in ("comparison", "restarts_two", "log", "some_diverged"):
        page = page_of(TRAININGS[name]())
        axis = page.rows[0].panels[0].y
        for mark in marks_of(page, (Band, Line)):
            for side in (mark.low, mark.high) if isinstance(mark, Band) else (mark.y,):
                parts = axis.parts(side[np.isfinite(side)])
                assert ((parts >= 0) & (parts <= 1)).all(), name


def test_a_cross_where_a_run_diverged_is_explained():
    page = page_of(TRAININGS["diverged"]())
    (cross,) = marks_of(page, Dots)
    assert (cross.shape, cross.x.tolist()) == ("cross", [699])
    notes = labels_of(page.rows[0].panels[0].notes)
    assert notes == ["cross: the network diverged, its loss is not finite"]
    nothing = page_of(TRAININGS["diverged_at_once"]()).rows[0].panels[0].notes
    assert labels_of(nothing) == ["no step has a finite loss"]


def test_curves_that_coincide_are_dashed_so_that_all_are_seen():
    page = page_of([(name, trained([network(2.3, 0.2, 500)])) for name in "abc"])
    dashes = {mark.words: mark.dash for mark in marks_of(page, Line)}
    assert dashes == {entry.cells[0]: entry.dash for entry in page.legend.entries}
    assert dashes["a"] == ()
    assert dashes["b"][0] > dashes["c"][0] > 0
    assert sum(dashes["b"]) == sum(dashes["c"])
    assert not any(mark.dash for mark in marks_of(page_of(comparison()), Line))


def test_heading_tells_what_all_have_in_common():
    texts = texts_of(comparison())
    assert texts[:2] == (
        "mnist_init",
        "784-100-100-10 · relu · mnist (50,000 to train on) · batch 128 · learning rate 0.01 · "
        "momentum 0.9 · 2,000 steps · seed 0",
    )
    assert "he_normal" in texts_of(comparison()[:1])[1]


def test_each_result_is_in_the_table_and_named_beside_its_curve():
    texts = texts_of(comparison())
    for name in ("he", "xavier", "std = 0.01"):
        assert texts.count(name) == 2
    assert {"0.160", "95.23 %", "2.30", "11.35 %", "guessing"} <= set(texts)
    assert "running mean over 50 steps" in texts


def test_guessing_stands_at_the_logarithm_of_the_classes():
    page = page_of(comparison())
    (level,) = marks_of(page, Level)
    assert (level.value, level.color) == (pytest.approx(math.log(10)), AMBER)
    assert "guessing one of 10 classes: ln 10 = 2.30" in shapes(page).texts


def test_restarts_have_a_second_row_of_panels():
    drawing = shapes(page_of([("restarts", restarts(30))]))
    assert [panel.title for panel in drawing.panels] == ["loss", "final test loss", "test accuracy"]
    assert drawing.texts[2] == "± sample standard deviation of the networks"
    assert {
        "30 networks",
        "of the 30 networks, by validation loss:",
        "mean and quantiles 0.05 to 0.95 over all choices of k",
    } <= set(drawing.texts)
    assert not any("±" in text for text in texts_of(comparison()))


def test_the_best_of_k_is_drawn_up_to_half_of_the_networks():
    best = page_of([("restarts", restarts(30))]).rows[1].panels[1]
    line = next(mark for mark in best.marks if isinstance(mark, Line))
    assert (line.x[0], line.x[-1]) == (1, 15)
    band = next(mark for mark in best.marks if isinstance(mark, Band))
    assert best.y.low <= band.low.min() < band.high.max() <= best.y.high <= 1


def test_quantiles_of_the_best_of_k_are_those_of_all_choices():
    result = restarts(9)
    for k, low, high in zip((1, 3, 4), *best_quantiles(result, (1, 3, 4)), strict=True):
        accuracies = [
            min(choice, key=lambda each: each.validation.loss).test.accuracy
            for choice in combinations(result.networks, k)
        ]
        expected = np.quantile(accuracies, (0.05, 0.95), method="inverted_cdf")
        assert (low, high) == tuple(expected)


@pytest.mark.parametrize(("number", "panels"), [(2, 1), (3, 1), (4, 3)])
def test_of_fewer_than_four_networks_there_is_nothing_to_choose(number, panels):
    assert len(shapes(page_of([("few", restarts(number))])).panels) == panels


def test_figures_in_words():
    one, other = network(1, 0.1, 2, accuracy=1.0), network(1, 0.3, 2, accuracy=1.0)
    assert loss_words([network(1, 0.5, 2)]) == "0.500"
    assert loss_words([network(1, 1, 2, diverged=1)]) == "not finite"
    assert loss_words([one, other]) == "0.200 ± 0.14"
    assert accuracy_words([network(1, 1, 2, accuracy=0.0)]) == "0.00 %"
    assert accuracy_words([one, other]) == "100.00 ± 0.00 %"


def test_all_of_forty_runs_are_in_the_table_and_drawn():
    page = page_of(TRAININGS["forty"]())
    assert len(marks_of(page, Line)) == 40
    assert {f"v {k}" for k in range(40)} <= set(shapes(page).texts)


def test_of_very_many_runs_some_are_drawn_evenly_spread_over_them():
    page = swept(seed=range(118))
    shown = [entry.cells[0] for entry in page.legend.entries]
    assert len(shown) == 40
    assert (shown[0], shown[-1]) == ("seed = 0", "seed = 117")
    assert "drawn: 40 of 118 values of seed" in shapes(page).texts
    assert training.left_out([("seed", range(118))]) == ["40 of 118 values of seed"]
    assert training.left_out([("seed", range(40))]) == []
    assert training.comparison("none", {}, (), 3) is None


def test_runs_of_several_paths_have_panels_and_colours_in_common():
    page = swept(width=(1, 2), seed=range(7), layers=(3, 4))
    panels = [panel for row in page.rows for panel in row.panels]
    assert [panel.words for panel in panels] == [
        "width = 1, layers = 3",
        "width = 1, layers = 4",
        "width = 2, layers = 3",
        "width = 2, layers = 4",
    ]
    assert page.legend.title == "seed"
    colors = {entry.color for entry in page.legend.entries}
    for panel in panels:
        assert {mark.color for mark in panel.marks if isinstance(mark, Line)} == colors
    for look in (Look(), COLUMN):
        assert collisions(drawn(page, look)) == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_sweep_of_any_number_of_paths_has_a_picture(number):
    axes = {f"p{k}": range(5) for k in range(number)}
    page = swept(**axes)
    said = training.left_out(axes.items())
    assert bool(said) == (number > 2)
    assert [panel for row in page.rows for panel in row.panels]
    heading = " ".join(shapes(page).texts)
    assert all(each in heading for each in said)


def test_a_run_that_goes_far_up_does_not_squeeze_the_others():
    steep = trained([network(2.3, 0.2, 400)])
    high = (1e20, *steep.networks[0].losses[1:])
    wild = replace(steep, networks=(replace(steep.networks[0], losses=high),))
    page = page_of([("steep", steep), ("wild", wild)])
    panel = page.rows[0].panels[0]
    assert panel.y.high < 4
    assert labels_of(panel.notes) == ["losses up to 1.0e20 are cut at the upper side"]


def test_without_a_finite_test_loss_there_is_no_histogram():
    gone = [network(2.3, 0.3, 90, diverged=k, accuracy=0.1) for k in (9, 20, 30, 40)]
    texts = texts_of([("gone", trained(gone, best=best_of([0.1] * 4)))])
    assert "none is finite" in texts


def test_the_figures_of_a_table_have_room_in_the_narrowest_picture():
    page = page_of([("few", restarts(30)), ("more", restarts(40))])
    drawing = drawn(page, Look(width=108.0))
    assert collisions(drawing) == []
    words = " ".join(drawing.texts)
    for _, loss, accuracy in (entry.cells for entry in page.legend.entries):
        assert loss in words
        assert accuracy in words
