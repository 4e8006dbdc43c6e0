"""The gates on residual blocks, output layers and low precision: what they see, and its name."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from weightinit_cli.experiments import run
from weightinit_cli.guard import Gate, Outcome, choose, compare
from weightinit_cli.guard.report import Report, details, json_line
from weightinit_cli.results import load_result
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from weightinit_cli.results import Result

BLOCKS = (
    "samples: 60\nwidth: 40\nlayers: 2\nactivation: relu\ninitializer: he_normal\n"
    "bias: {name: normal, std: 0.1}\nresidual: {scale: 0, initializer: {name: normal, std: 0.1}}\n"
    "output: {classes: 4, initializer: {name: normal, std: 0.1}}\n"
)
LOW = (
    "samples: 100\nwidth: 40\nlayers: 1\nactivation: tanh\ndtype: float16\n"
    "initializer: {name: normal, std: 0.000016}\n"
)


def of(text: str) -> Result:
    return run(parse_spec(text, source="x.yaml", stem="x"))


def damaged(result: Result, folder: Path, path: str, change: Callable[[Any], Any]) -> Result:
    """The result with one figure of its file changed."""
    result.save(folder)
    file = folder / "stats.json"
    tree = part = json.loads(file.read_text("utf-8"))
    *above, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in above:
        part = part[key]
    part[last] = change(part[last])
    file.write_text(json.dumps(tree), "utf-8")
    return load_result(folder)


def elsewhere(result: Result) -> Result:
    environment = copy.deepcopy(dict(result.environment))
    return replace(result, environment=environment | {"numpy": "2.99"})


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("layers/1/branch/weights/std", "layer 2 branch.weights.std"),
        ("layers/0/branch/rms", "layer 1 branch.rms"),
        ("layers/0/gradient/stream_rms", "layer 1 gradient.stream_rms"),
        ("resolved/layers/1/second/weight_std", "resolved.layers.1.second.weight_std"),
        ("output/logits/std", "output.logits.std"),
        ("output/logits/gradient/signal_rms", "output.logits.gradient.signal_rms"),
        ("output/resolved/weight_std", "output.resolved.weight_std"),
        ("output/loss", "output.loss"),
    ],
)
def test_a_figure_that_has_drifted_is_named(tmp_path: Path, path: str, words: str):
    """By the layer that a person counts, and an output layer's as it stands in the file."""
    result = of(BLOCKS)
    other = damaged(result, tmp_path, path, lambda value: value + 0.5)
    outcome = compare(result, other, choose(result, other))
    assert [str(drift.place) for drift in outcome.drifts] == [words]
    report = Report("x", "x", outcome)
    assert any(line.startswith(f"{words}: ") for line in details(report))
    (told,) = json.loads(json_line(report))["drifts"]
    number = told["layer"]
    assert words == (told["figure"] if number is None else f"layer {number} {told['figure']}")


def test_weights_of_a_branch_are_held_to_their_law(statistical: Callable):
    """Where the branch's scale is 0, no other figure tells of them."""
    saved = of(BLOCKS)
    sound = statistical(saved, BLOCKS)
    assert not sound.failed, sound
    wider = of(BLOCKS.replace("scale: 0, initializer: {name: normal, std: 0.1}", "scale: 0"))
    places = {str(drift.place) for drift in statistical(wider, BLOCKS).drifts}
    assert {"layer 1 branch.weights.std", "layer 2 branch.weights.std"} <= places
    assert "layer 1 weights.std" not in places


def test_biases_of_a_branch_are_held_to_their_law(statistical: Callable, tmp_path: Path):
    saved = damaged(of(BLOCKS), tmp_path, "layers/0/branch/biases/std", lambda std: 2 * std)
    places = [str(drift.place) for drift in statistical(saved, BLOCKS).drifts]
    assert "layer 1 branch.biases.std" in places


@pytest.mark.parametrize("figure", ["resolved/weight_std", "theory/value"])
def test_an_output_layer_that_no_draw_decides(statistical: Callable, tmp_path: Path, figure: str):
    saved = damaged(of(BLOCKS), tmp_path, f"output/{figure}", lambda value: value * 1.001)
    places = [str(drift.place) for drift in statistical(saved, BLOCKS).drifts]
    assert places == [f"output.{figure.replace('/', '.')}"]


def test_both_layers_of_a_branch_of_one_stream(tmp_path: Path):
    result = of(BLOCKS)
    own = result.layers[1].weights.stream
    other = damaged(result, tmp_path, "layers/1/branch/weights/stream", lambda _: own)
    outcome = compare(result, other, choose(result, other))
    assert "layers 2 and 2 (branch) have the same draws" in outcome.structure
    other = damaged(result, tmp_path, "output/logits/weights/stream", lambda _: own)
    outcome = compare(result, other, choose(result, other))
    assert "layers 2 and output have the same draws" in outcome.structure


def test_an_output_layer_that_one_side_has_not():
    bare = "".join(line for line in BLOCKS.splitlines(keepends=True) if "output" not in line)
    outcome = compare(of(BLOCKS), of(bare), Outcome(Gate.EXACT))
    assert "output: missing" in outcome.structure
    assert not any("logits" in str(drift.place) for drift in outcome.drifts)
    assert not any("layers: " in sentence for sentence in outcome.structure)


def test_rounding_may_move_a_few_counts_and_answers(tmp_path: Path):
    """What rounding makes inf, 0 or subnormal, and which logit is largest, hangs on last bits."""
    low = of(LOW)
    counts = low.layers[0].rounded["preactivations"]
    assert counts.subnormal > 1000

    def moved(by: int) -> set[str]:
        path = "layers/0/rounded/preactivations/subnormal"
        other = damaged(elsewhere(low), tmp_path, path, lambda value: value + by)
        outcome = compare(low, other, Outcome(Gate.ROUNDING), [other])
        return {str(drift.place) for drift in outcome.drifts}

    assert not moved(1)
    assert moved(-1000) == {"layer 1 rounded.preactivations.subnormal"}
    result = of(BLOCKS)
    for answers, differ in ((1, False), (20, True)):
        share = answers / 60
        other = damaged(elsewhere(result), tmp_path, "output/accuracy", lambda a, s=share: a + s)
        assert compare(result, other, Outcome(Gate.ROUNDING), [other]).failed is differ


def test_counts_of_low_precision_under_other_draws(statistical: Callable, tmp_path: Path):
    path = "layers/0/rounded/preactivations/subnormal"
    low = of(LOW)
    assert not statistical(low, LOW).failed
    saved = damaged(low, tmp_path, path, lambda value: value // 2)
    places = [str(drift.place) for drift in statistical(saved, LOW).drifts]
    assert places == ["layer 1 rounded.preactivations.subnormal"]


def test_what_a_branchs_weights_cannot_tell():
    """Of weights that rounding has made all but equal, neither spread nor kurtosis is known."""
    text = BLOCKS.replace("std: 0.1}}\noutput", "mean: 1, std: 1e-7}}\noutput")
    (first, *_) = of(text).layers
    assert {"branch.weights.std", "branch.weights.kurtosis"} <= set(first.unresolved)
