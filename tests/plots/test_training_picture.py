"""Loss curves: smoothing, quantiles, thinning, the table, nothing that collides."""

from __future__ import annotations

import math

import numpy as np
import pytest

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
from weightinit_cli.plots import FORMATS, render
from weightinit_cli.plots.engine.drawing import AMBER, Label, Line
from weightinit_cli.plots.losses import MOST_POINTS, loss_curve, running_mean, window_of
from weightinit_cli.plots.losstable import accuracy_words, loss_words, remark
from weightinit_cli.plots.training import training_picture


@pytest.mark.parametrize("name", sorted(TRAININGS))
def test_nothing_overlaps_or_leaves_the_picture(name):
    drawing = training_picture(TRAININGS[name]())
    assert collisions(drawing) == []
    for item in drawing.items:
        if not isinstance(item, Label) and hasattr(item, "vertices"):
            assert np.isfinite(item.vertices).all()
            assert item.vertices.min() >= 0
            assert (item.vertices <= (drawing.width, drawing.height)).all()
    assert len(render(drawing, "png", DIGEST)) < 100_000


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", ["comparison", "restarts", "odd_names", "nothing"])
def test_bytes_are_the_same_each_time(format_, name):
    data = render(training_picture(TRAININGS[name]()), format_, DIGEST)
    assert render(training_picture(TRAININGS[name]()), format_, DIGEST) == data


def test_a_long_run_stays_small():
    assert len(render(training_picture(comparison(20_000)), "svg", DIGEST)) < 200_000


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


def test_a_curve_ends_where_its_steps_do():
    curve = loss_curve(trained([network(2.5, 0.2, 30_000)]))
    assert len(curve.steps) == MOST_POINTS
    assert (curve.steps[0], curve.steps[-1]) == (1, 30_000)
    assert curve.raw is not None
    assert curve.low is None
    assert window_of(30_000) == 750


def test_bands_are_quantiles_and_diverged_networks_count_as_the_worst():
    flat = [trained([network(e, e, 9)]).networks[0] for e in (1.0, 2.0, 3.0, 4.0)]
    gone = network(1.0, 1.0, 9, diverged=2)
    curve = loss_curve(trained([*flat, gone]))
    last = [float(side[-1]) for side in (curve.low, curve.middle, curve.high)]
    level = [each.losses[-1] for each in flat]
    assert last[:2] == pytest.approx([np.quantile([*level, 1e9], 0.1), sorted(level)[2]])
    assert last[2] == math.inf


def test_the_curve_of_mostly_diverged_networks_ends():
    curve = loss_curve(TRAININGS["some_diverged"]()[1][1])
    assert np.isnan(curve.middle[-1])
    assert curve.end is not None


def test_heading_tells_what_all_have_in_common():
    drawing = training_picture(comparison())
    assert drawing.texts[0] == "mnist_init"
    assert drawing.texts[1] == (
        "784-100-100-10 · relu · mnist (50,000 to train on) · batch 128 · learning rate 0.01 · "
        "momentum 0.9 · 2,000 steps · seed 0"
    )
    single = training_picture(comparison()[:1])
    assert "he_normal" in single.texts[1]


def test_each_result_is_in_the_table_and_named_beside_its_curve():
    drawing = training_picture(comparison())
    texts = drawing.texts
    for name in ("he", "xavier", "std = 0.01"):
        assert texts.count(name) == 2
    assert {"0.160", "95.23 %", "2.30", "11.35 %", "guessing"} <= set(texts)
    assert "running mean over 50 steps" in texts


def test_guessing_stands_at_the_logarithm_of_the_classes():
    drawing = training_picture(comparison())
    panel = drawing.panels[0]
    line = next(i for i in drawing.items if isinstance(i, Line) and i.color == AMBER)
    part = (line.vertices[0, 1] - panel.box.y) / panel.box.height
    value = panel.ylim[0] + part * (panel.ylim[1] - panel.ylim[0])
    assert value == pytest.approx(math.log(10))


def test_restarts_have_a_second_row_of_panels():
    drawing = training_picture([("restarts", restarts())])
    assert [panel.title for panel in drawing.panels] == ["loss", "final test loss", "test accuracy"]
    assert "50 networks" in drawing.texts
    assert any("median of the networks" in text for text in drawing.texts)


def test_the_best_of_k_is_drawn_up_to_half_of_the_networks_and_says_of_what():
    drawing = training_picture([("restarts", restarts(30))])
    best = drawing.panels[-1]
    assert best.xlim == (1.0, 15.0)
    assert {
        "best of k of the 30 trained, by validation loss (log)",
        "test accuracy, mean ± standard deviation over all choices of k",
    } <= set(drawing.texts)
    assert drawing.texts[2] == "± sample standard deviation of the networks"
    assert not any("±" in text for text in training_picture(comparison()).texts)


@pytest.mark.parametrize(("number", "panels"), [(2, 1), (3, 1), (4, 3)])
def test_of_fewer_than_four_networks_there_is_nothing_to_choose(number, panels):
    assert len(training_picture([("few", restarts(number))]).panels) == panels


def test_figures_in_words():
    assert loss_words([0.5]) == "0.500"
    assert loss_words([]) == "not finite"
    assert loss_words([0.1, 0.3]) == "0.200 ± 0.14"
    assert accuracy_words([network(1, 1, 2, accuracy=0.0)]) == "0.00 %"
    assert accuracy_words([network(1, 1, 2, accuracy=1.0)] * 2) == "100.00 ± 0.00 %"
    assert remark(TRAININGS["some_diverged"]()[1][1]) == "2 of 3 diverged"
    assert remark(TRAININGS["diverged_second"]()[0][1]) == "diverged at step 2"
    assert remark(TRAININGS["interrupted"]()[0][1]) == "interrupted"


def test_more_than_can_be_told_apart_are_counted():
    assert "… 28 more, not drawn" in training_picture(TRAININGS["forty"]()).texts


def test_without_a_finite_test_loss_there_is_no_histogram():
    gone = [network(2.3, 0.3, 90, diverged=k, accuracy=0.1) for k in (9, 20, 30, 40)]
    drawing = training_picture([("gone", trained(gone, best=best_of([0.1] * 4)))])
    assert "none is finite" in drawing.texts
    assert collisions(drawing) == []
