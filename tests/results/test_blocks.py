"""What is told of residual blocks and normalized layers, and of no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from weightinit_cli import run, spec_of
from weightinit_cli.results import LayerTheory, Prediction
from weightinit_cli.results.figures import of_theory
from weightinit_cli.results.histogram import rows, table, told
from weightinit_cli.results.words import described, of_blocks

PLAIN = {"activation": "relu", "initializer": "he_normal", "layers": 3, "width": 12, "samples": 30}
OF_BLOCKS = {"branch.rms", "branch.weight_rms", "gradient.stream_rms"}


def of(**keys):
    return run({**PLAIN, **keys})


def test_plain_layers_have_no_columns_of_what_they_are_not():
    result = of()
    assert not (OF_BLOCKS | {"prenorm_std"}) & set(rows(result)[0])
    assert not {"branch", "before norm."} & set(table(result).heads)
    assert of_blocks(result.spec) == ""


def test_blocks_have_columns_of_stream_branch_and_second_layer():
    result = of(residual={})
    row, layer = rows(result)[0], result.layers[0]
    assert row["branch.rms"] == layer.branch.rms
    assert row["branch.weights.std"] == layer.branch.weights.std
    assert row["branch.weights.quantiles.0.5"] == layer.branch.weights.quantiles["0.5"]
    assert row["gradient.stream_rms"] == layer.gradient.stream_rms
    assert "prenorm_std" not in row
    assert "branch" in table(result).heads
    assert "are of the stream after each; saturation" in of_blocks(result.spec)


@pytest.mark.parametrize(
    ("residual", "seen"),
    [({"placement": "post"}, True), ({"placement": "pre"}, False), ("none", True)],
)
def test_the_scale_before_the_norm_is_told_where_it_is_not_the_streams(residual, seen):
    result = of(normalization="layer_norm", residual=residual)
    assert ("prenorm_std" in told(result)) == seen
    assert "prenorm_std" in rows(result)[0]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"normalization": "batch_norm"}, ["relu", "he_normal", "batch_norm", "width 12"]),
        (
            {"residual": {"scale": "1/sqrt(branches)"}},
            ["relu", "he_normal", "residual (branch 2, scale 1/√3)", "width 12"],
        ),
        (
            {
                "residual": {"scale": "zero", "placement": "pre", "initializer": "he_normal"},
                "normalization": "rms_norm",
            },
            [
                "relu",
                "he_normal",
                "residual (branch 2, scale 0, pre rms_norm, V he_normal)",
                "width 12",
            ],
        ),
    ],
)
def test_headings(keys, words):
    assert described(of(**keys).spec)[:4] == words


def test_theorys_columns_are_those_that_some_layer_has():
    plain = LayerTheory(1.0, 0.5, {"std": Prediction(1.0, None, None)}, ())
    block = replace(plain, figures={**plain.figures, "branch.rms": Prediction(0.1, None, None)})
    heads = [row.head for _, row in of_theory([plain])]
    assert heads[:2] == ["std", "std (inputs)"]
    assert "branch" not in heads
    assert [row.head for _, row in of_theory([plain, block])] == [*heads, "branch"]


def test_a_specs_repr_says_what_its_layers_are():
    spec = spec_of({**PLAIN, "normalization": "rms_norm", "residual": {"placement": "pre"}})
    assert ": relu, he_normal, rms_norm, residual, 3 layers of 12, seed 0>" in repr(spec)
    assert ": relu, he_normal, 3 layers of 12, seed 0>" in repr(spec_of(PLAIN))
