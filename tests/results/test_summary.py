"""The tidy table: what a row says of figures that the dtype cannot tell, and of finite values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import run
from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.kinds import rows
from weightinit_cli.spec import load_spec

if TYPE_CHECKING:
    from weightinit_cli.results import Result


@pytest.fixture(scope="module")
def result() -> Result:
    overrides = ["layers=2", "width=10", "samples=20", "repeats=3"]
    return run(load_spec("sigmoid_xavier", overrides))


def first_row(result: Result, **changed: object):
    layers = (replace(result.layers[0], **changed), *result.layers[1:])
    return rows(replace(result, layers=layers), "run")[0]


def test_every_figure_stands_under_its_path(result: Result):
    row = first_row(result)
    paths = [path for path, each in FIGURES.items() if not each.optional]
    assert {path: row[path] for path in paths} == {
        path: figure(result.layers[0], path) for path in paths
    }
    assert row["unresolved"] == ""


def test_what_the_dtype_cannot_tell_is_listed_and_empty(result: Result):
    floors = {"std_across_inputs": 5.81e-8, "distinct_units": None, "weights.kurtosis": None}
    row = first_row(result, unresolved=floors)
    assert row["unresolved"] == "distinct_units std_across_inputs<6e-8 weights.kurtosis"
    assert [row[path] for path in floors] == [None] * 3
    assert row["std"] == result.layers[0].std
    assert row["quantiles.0.5"] == result.layers[0].quantiles["0.5"]


def test_values_that_have_underflowed_have_no_quantiles(result: Result):
    row = first_row(result, unresolved={"min": 1.2e-38, "max": 1.2e-38})
    assert {row[f"quantiles.{q}"] for q in result.layers[0].quantiles} == {None}


def test_of_how_many_finite_values_the_figures_are(result: Result):
    row = first_row(result)
    assert (row["finite"], row["gradient.finite"]) == (200, 200)
    layer = result.layers[0]
    held = replace(layer.histogram, counts=(7,), underflow=1, overflow=2)
    partial = replace(layer.gradient, nonfinite=184, histogram=replace(held, counts=(13,)))
    row = first_row(result, nonfinite=190, histogram=held, gradient=partial)
    assert (row["finite"], row["gradient.finite"]) == (10, 16)
    assert first_row(result, gradient=None)["gradient.finite"] is None


def test_quantiles_of_weights_and_over_the_seeds(result: Result):
    layer = result.layers[0]
    row = first_row(result)
    for q, value in layer.weights.quantiles.items():
        assert row[f"weights.quantiles.{q}"] == value
    for q, value in layer.repeats["std"].quantiles.items():
        assert row[f"repeats.std.quantiles.{q}"] == value


def test_an_older_result_has_the_columns_of_weights_quantiles_and_nothing_in_them(result: Result):
    weights = replace(result.layers[0].weights, quantiles=None)
    row = first_row(result, weights=weights)
    assert {row[f"weights.quantiles.{q}"] for q in result.layers[0].quantiles} == {None}


def test_what_rounding_made_of_a_low_precision_s_values(result: Result):
    keys = ["layers=2", "width=10", "samples=20", "dtype=float16"]
    rounded = run(load_spec("relu_std001", keys))
    for layer, row in zip(rounded.layers, rows(rounded, "run"), strict=True):
        counts = {path: count for path, count in row.items() if path.startswith("rounded.")}
        assert len(counts) == 4 * len(layer.rounded)
        assert counts["rounded.gradient.flushed"] == layer.rounded["gradient"].flushed
        assert counts["rounded.weights.values"] == 100
    assert not any(path.startswith("rounded.") for path in first_row(result))
