"""Pictures of residual blocks and of normalized layers: what is of the stream, what of branches."""

from __future__ import annotations

from functools import cache

import pytest

from support.plots.drawn import compose, compose_comparison, compose_depth, shapes
from weightinit_cli import compare, run
from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.pictures import drawings_of
from weightinit_cli.results.comparison import Comparison, compared

PLAIN = {"activation": "relu", "initializer": "he_normal", "width": 12, "samples": 30}


@cache
def of(layers=3, normalization="none", **residual):
    blocks = {"residual": residual} if residual else {}
    return run({**PLAIN, "layers": layers, "normalization": normalization, **blocks})


def test_plain_layers_keep_their_words():
    texts = [*compose(of()).texts, *compose_depth(of()).texts]
    assert {"all values", "signal δ"} <= set(texts)
    assert any(text.startswith("activation") for text in texts)
    assert not [text for text in texts if "stream" in text or "branch" in text]


def test_the_depth_picture_has_curves_of_stream_and_branch():
    texts = set(compose_depth(of(branch=2)).texts)
    assert {"stream", "branch (rms)", "along the stream", "δ in the branch", "weights V"} <= texts
    assert "all values" not in texts
    assert "weights V" not in compose_depth(of(branch=1)).texts


@pytest.mark.parametrize(("placement", "seen"), [("post", True), ("pre", False)])
def test_the_scale_before_the_norm_is_a_curve_where_it_is_not_the_streams(placement, seen):
    drawn = compose_depth(of(normalization="layer_norm", placement=placement))
    assert ("before norm." in drawn.texts) == seen


@pytest.mark.parametrize("layers", [3, 12])
def test_histograms_say_that_they_are_of_the_stream(layers):
    assert any(
        text.startswith("stream after each layer") for text in compose(of(layers, branch=2)).texts
    )


def test_a_branch_without_a_gradient_is_told_from_a_network_without_one():
    few, many = (compose(of(layers, scale="zero")).texts for layers in (3, 12))
    assert few.count("none in the branch") == 3
    assert sum(text.startswith("along the stream × 1.0") for text in few) == 2
    assert "no gradient in the branch in all layers" in many
    assert "gradient along the stream, root mean square" in many


def test_the_heading_has_the_loss_at_the_start():
    result = run({**PLAIN, "layers": 2, "output": {"classes": 4}})
    for picture in (compose, compose_depth):
        assert any(each.startswith("loss at the start ") for each in picture(result).texts)


def test_each_variant_has_its_loss_at_the_start():
    results = [run({**PLAIN, "layers": 2, "output": {"classes": n}}) for n in (2, 3)]
    (page,) = drawings_of(compare(results, ["two", "three"])).values()
    texts = shapes(page).texts
    for result in results:
        said = f"loss at the start {result.output.loss:.4g} "
        assert sum(each.startswith(said) for each in texts) == 1


def test_each_value_of_a_sweep_has_its_loss_at_the_start():
    results = [run({**PLAIN, "layers": 2, "output": {"classes": n}}) for n in (2, 3)]
    every = [
        compared(each, "", [("output.classes", n)], keep=False) for n, each in enumerate(results)
    ]
    texts = compose_comparison(Comparison("many", results[0].spec, tuple(every))).texts
    for result in results:
        assert f"healthy, loss {two_digits(result.output.loss, 3)}" in texts


def test_the_heading_has_all_of_layers_that_differ():
    layers = {
        "activation": ["relu", "tanh", {"name": "sin", "omega": 30}],
        "initializer": ["he_normal", {"name": "normal", "std": 0.1}, "siren"],
    }
    for picture in (compose, compose_depth):
        texts = picture(run({**layers, "samples": 30})).texts
        assert not [each for each in texts if "…" in each]
        assert any(each.endswith("seed 0") for each in texts)
