"""Which values and parameters of a probe stand out, how they fold, and what a result says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from support.probes import probe_result, probed_parameter
from weightinit_cli.results.model import Verdict
from weightinit_cli.results.outstanding import (
    alike,
    folded,
    middle,
    pattern,
    pointed_at,
    usual_depth,
    worst_parameters,
    worst_values,
)

if TYPE_CHECKING:
    from weightinit_cli.results.probe import ProbeResult

BLOCK = (("norm", "layer_norm"), ("attn", "linear"), ("", "add"))


def blocks(number: int) -> list[tuple[str, str]]:
    """A stem, so many blocks of three values each, and a head."""
    inner = [
        (f"blocks.{block}.{module}".rstrip("."), operation)
        for block in range(number)
        for module, operation in BLOCK
    ]
    return [("stem", "linear"), *inner, ("head", "linear")]


def scaled(result: ProbeResult, place: int, factor: float) -> ProbeResult:
    """The result with a value that is larger by a factor."""
    values = list(result.values)
    figures = values[place].figures
    assert figures.std is not None
    values[place] = replace(values[place], figures=replace(figures, std=factor * figures.std))
    return replace(result, values=tuple(values))


def test_values_fold_by_their_modules():
    values = probe_result(blocks(2)).values
    assert [len(group) for group in folded(values, 1)] == [1, 6, 1]
    assert [len(group) for group in folded(values, 2)] == [1, 3, 3, 1]
    assert [len(group) for group in folded(values, 3)] == [1] * 8
    assert [len(group) for group in folded(values, 0)] == [8]


def test_a_module_without_modules_inside_stays_together():
    norm = [("norm", operation) for operation in ("pow", "mean", "mul")]
    names = [("blocks.0.attn.out", "linear"), *norm, ("head", "linear")]
    values = probe_result(names).values
    assert [len(group) for group in folded(values, 4)] == [1, 3, 1]
    assert [len(group) for group in folded(values, 5)] == [1] * 5


def test_a_module_that_is_called_again_is_another_group():
    values = probe_result([("a.x", "linear"), ("b.x", "linear"), ("a.x", "linear")]).values
    assert folded(values, 1) == [range(1), range(1, 2), range(2, 3)]


@pytest.mark.parametrize(("number", "depth"), [(2, 4), (6, 4), (12, 2), (30, 2)])
def test_a_usual_model_fits_a_screen(number: int, depth: int):
    assert usual_depth(probe_result(blocks(number)).values) == depth


def test_a_plain_stack_is_not_folded_away():
    values = probe_result([(str(each), "linear") for each in range(100)]).values
    assert usual_depth(values) == 1


def test_what_stands_out():
    result = probe_result(blocks(2))
    assert worst_values(scaled(result, 3, 50.0), 1) == [3]
    assert worst_values(scaled(result, 3, 1 / 50), 1) == [3]


@pytest.mark.parametrize("operation", ["layer_norm", "softmax"])
def test_normalizations_change_sizes_by_their_nature(operation: str):
    names = [("a", "linear"), ("b", operation), ("c", "linear")]
    assert worst_values(scaled(probe_result(names), 1, 1000.0), 1) == [2]


def test_of_repeated_modules_one_comes_first():
    result = probe_result(blocks(3))
    for place in (2, 5, 8):
        result = scaled(result, place, 1000.0)
    first = [result.values[place] for place in worst_values(result, 4)]
    assert len({pattern(value.name) for value in first}) == 4


def test_what_verdicts_point_at_comes_first():
    verdict = [
        Verdict("vanishing_signal", "warning", layer=6, over=(1, 8)),
        Verdict("no_gradient", "note", module="stem.weight"),
        Verdict("growing_stream", "note", module="blocks.1"),
        Verdict("scheme_unfit", "note", module="nowhere"),
    ]
    result = scaled(probe_result(blocks(2), verdict), 3, 50.0)
    assert {
        place: [each.name for each in found] for place, found in pointed_at(result).items()
    } == {
        5: ["vanishing_signal"],
        0: ["no_gradient"],
        4: ["growing_stream"],
    }
    assert worst_values(result, 4) == [5, 0, 4, 3]


def test_a_value_that_is_not_finite_stands_out():
    result = probe_result(blocks(2))
    values = list(result.values)
    values[6] = replace(values[6], figures=replace(values[6].figures, nonfinite=3))
    assert worst_values(replace(result, values=tuple(values)), 1) == [6]


def test_parameters_that_are_alike():
    generator = np.random.default_rng(1)
    names = [f"blocks.{block}.{kind}.weight" for block in range(3) for kind in ("a", "b")]
    parameters = [probed_parameter(name, generator) for name in names]
    parameters[3] = replace(parameters[3], copy_of=names[1])
    parameters.append(probed_parameter("head.weight", generator, std=30.0))
    result = probe_result(parameters=tuple(parameters))
    assert alike(result) == [[0, 2, 4], [1, 5], [3], [6]]
    told = replace(result, verdict=(Verdict("fans_swapped", "note", module="blocks.1.a"),))
    assert alike(told) == [[0, 4], [1, 5], [2], [3], [6]]
    assert worst_parameters(told, 1) == [2]
    assert worst_parameters(result, 1) == [6]
    shown = middle([parameters[place] for place in (0, 2, 4)])
    assert sorted(parameters[place].statistics.std or 0 for place in (0, 2, 4))[1] == (
        shown.statistics.std
    )


def test_parameters_of_other_sizes_are_not_told_together():
    generator = np.random.default_rng(1)
    parameters = tuple(
        probed_parameter(f"blocks.{block}.weight", generator, std=3.0**block) for block in range(3)
    )
    assert alike(probe_result(parameters=parameters)) == [[0], [1], [2]]


def test_a_few_lines_in_print():
    verdict = [Verdict("vanishing_signal", "warning", layer=6, over=(1, 8), value=0.001)]
    result = scaled(probe_result(blocks(2), verdict), 3, 50.0)
    lines = repr(result).splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 80
    assert "ProbeResult small: model.py:build (torch)" in lines[0]
    rows = {line.split()[0]: line for line in lines if line.startswith(("blocks", "stem"))}
    assert rows["blocks.1.attn.linear"].endswith("vanishing_signal")
    assert "fix(result.spec)" not in lines[-1]  # a model has no spec to mend


def test_all_values_in_a_notebook():
    result = probe_result(blocks(2))
    html = result._repr_html_()
    assert all(value.name in html for value in result.values)
    assert "<script" not in html


def test_frames():
    pandas = pytest.importorskip("pandas")
    result = probe_result(blocks(1))
    values = result.to_frame()
    assert isinstance(values, pandas.DataFrame)
    assert list(values["value_name"]) == [value.name for value in result.values]
    assert values.loc[1, "std"] == result.values[0].figures.std
    parameters = result.to_frame("parameters")
    assert list(parameters.index) == [each.name for each in result.parameters]
    assert parameters.loc["stem.weight", "fan_in"] == 6
