"""What the pictures say: verdicts, figures with the predicted ones beside them, keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.plots.drawn import compose, compose_depth
from support.plots.svg import QUIET, WARNING, texts_of
from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.engine.drawing import AMBER, Line


def color_of(drawing, text):
    return next(each.color for each in texts_of(drawing) if each.text == text)


@pytest.mark.parametrize("picture", [compose, compose_depth])
@pytest.mark.parametrize("name", ["net_sigmoid", "net_sigmoid_12"])
def test_the_verdict_stands_below_the_spec(picture, name, shape):
    drawing = picture(shape(name))
    assert " · ".join(drawing.texts[2:4]).startswith(
        "severe (Adam mostly fails, too): vanishing gradient: its norm falls to 0.0031 of itself "
        "from layer 5 down to layer 1 (× 0.24 a layer) · so: inputs indistinguishable first at "
        "layer 3"
    )
    assert color_of(drawing, drawing.texts[2]) == WARNING


def test_healthy_and_notes_are_said_quietly(shape):
    assert color_of(compose(shape("net_relu")), "healthy: at the start") == QUIET
    drawing = compose(shape("net_std10"))
    assert color_of(drawing, drawing.texts[2]) == WARNING
    assert drawing.texts[3].startswith("note: saturated")
    assert color_of(drawing, drawing.texts[3]) == QUIET


def test_a_verdict_longer_than_a_line_is_broken_between_words(shape):
    result = shape("net_tanh_1")
    said = replace(result, verdict=shape("net_sigmoid").verdict)
    text = " ".join(compose(said).texts[2:5])
    assert text.endswith("(× 0.24 a layer) · so: inputs indistinguishable first at layer 3")


def test_no_verdict_no_line(shape):
    drawing = compose(shape("xavier_5"))
    assert "healthy" not in drawing.texts
    assert {each.color for each in texts_of(drawing)}.isdisjoint({WARNING})


def test_figures_stand_beside_their_predictions(shape):
    result = shape("net_sigmoid")
    texts = compose(result).texts
    for layer in result.layers:
        expected = two_digits(layer.theory.figures["std"].value)
        assert f"std {two_digits(layer.std)} ({expected})" in texts
    assert "mean-field theory (in parentheses)" in texts


def test_saturation_is_said_where_it_matters(shape):
    assert sum(t.startswith("saturated 9") for t in compose(shape("net_std10")).texts) >= 5
    for name in ("net_sigmoid", "net_relu"):
        assert not any(t.startswith("sat") for t in compose(shape(name)).texts[3:])


def test_spreads_over_the_seeds_stand_in_words(shape):
    texts = compose(shape("net_tanh_3")).texts
    assert sum(t.startswith("std") and "±" in t for t in texts) == 3
    assert any(t.endswith("± over 5 seeds") for t in texts)


def test_why_there_is_no_theory_is_said(shape):
    result = shape("net_no_theory")
    said = replace(result, resolved=replace(result.resolved, no_theory="the weights have a mean"))
    assert "no theory: the weights have a mean" in compose(said).texts


def test_expected_shares_are_a_line_as_high_as_the_bars_would_be(shape):
    result = shape("net_sigmoid")
    drawing = compose(result)
    for layer, panel in zip(result.layers, drawing.panels[:5], strict=True):
        tops = [
            float(i.vertices[:, 1].max())
            for i in drawing.items
            if isinstance(i, Line)
            and i.color == AMBER
            and len(i.vertices) > 2
            and panel.box.x <= i.vertices[0, 0] < panel.box.right
        ]
        highest = max(layer.theory.histogram) / panel.ylim[1] * panel.box.height
        assert max(tops) == pytest.approx(panel.box.y + highest)


def test_a_line_of_expected_shares_is_cut_where_bars_are(shape):
    drawing = compose(shape("net_relu"))
    top = drawing.panels[0].box.top
    lines = [i for i in drawing.items if isinstance(i, Line) and i.color == AMBER]
    assert sum(float(line.vertices[:, 1].max()) == top for line in lines if len(line.vertices) > 2)
    assert sum(text.startswith("↑") and text.endswith("%)") for text in drawing.texts) == 5


@pytest.mark.parametrize("name", ["net_relu_own", "net_vanishing_10"])
def test_expected_shares_are_regrouped_as_the_bars_are(name, shape):
    drawing = compose(shape(name))
    for panel in drawing.panels:
        inside = [
            i.vertices
            for i in drawing.items
            if isinstance(i, Line)
            and i.color == AMBER
            and len(i.vertices) > 2
            and panel.box.x <= i.vertices[0, 0] < panel.box.right
        ]
        assert inside
        assert all((v[:, 0] <= panel.box.right + 0.01).all() for v in inside)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (99.7, 2, "100"),
        (0.0, 2, "0"),
        (3.21e-5, 2, "3.2e-5"),
        (0.034, 1, "0.03"),
        (9.7, 1, "10"),
        (None, 2, "?"),
    ],
)
def test_figures_are_short(value, digits, text):
    assert two_digits(value, digits) == text
