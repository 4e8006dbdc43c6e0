"""Nothing is replaced in silence, and what was set on the command line stands in the result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.plots.drawn import compose
from weightinit_cli import load_result, load_spec, run
from weightinit_cli.saving import save_result

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

TINY_SYMMETRY = "experiment: symmetry\ndata: xor\nwidth: [3]\nsteps: 3\nactivation: tanh\n"
RUN = ("histogram", "-c", "tiny.yaml", "--no-plot")


def test_result_of_another_spec(winit: Callable, spec: Callable):
    spec()
    assert winit(*RUN).err == ""
    assert winit(*RUN).err == ""  # the same spec: nothing to say
    done = winit(*RUN, "--set", "activation=tanh", "--seed", 3)
    place = Path("outputs/tiny")
    said = f"{place}: replaces the result of another spec (activation: sigmoid, now tanh; "
    assert done.code == 0
    assert done.err.startswith(said)
    assert done.err.endswith("seed: 0, now 3)\n")
    assert winit(*RUN, "-q").err == ""
    assert "activation" in winit(*RUN, "--set", "activation=tanh", "--json").err


def test_what_a_function_of_ones_own_drew(winit: Callable, spec: Callable):
    def mine(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.standard_normal(shape)

    spec()
    save_result(Path("outputs"), "tiny", run(load_spec("tiny.yaml"), weights=mine), ())
    said = f"outputs/tiny: replaces what {__name__}.test_what_a_function_of_ones_own_drew."
    assert winit(*RUN).err.startswith(said)
    assert winit(*RUN).err == ""


def test_of_many_changes_the_first_few(winit: Callable, spec: Callable):
    spec()
    assert winit(*RUN).code == 0
    assert winit(*RUN, "--set", "width=[3, 4, 5, 6, 7, 8]", "--set", "layers=6").code == 0
    done = winit(*RUN, "--set", "width=[9, 9, 9, 9, 9, 9]", "--set", "layers=6")
    assert len(done.err.splitlines()) == 1
    assert "; and 3 more)" in done.err


def test_of_a_deeper_network_that_alone(winit: Callable, spec: Callable):
    """And not that there were no widths of its further layers."""
    spec()
    assert winit(*RUN).code == 0
    shallower = len(load_spec("tiny.yaml").width)
    deeper = winit(*RUN, "--set", "layers=20")
    assert deeper.err.endswith(f" another spec (layers: {shallower}, now 20)\n")
    assert winit(*RUN).err.endswith(f" another spec (layers: 20, now {shallower})\n")


def test_damaged_result_is_replaced_without_a_word(winit: Callable, spec: Callable):
    spec()
    assert winit(*RUN).code == 0
    Path("outputs/tiny/stats.json").write_text("{")
    assert winit(*RUN).err == ""


def test_the_same_spec_as_an_older_winit_wrote_it(winit: Callable, spec: Callable):
    spec()
    assert winit(*RUN).code == 0
    file = Path("outputs/tiny/stats.json")
    tree = json.loads(file.read_text(encoding="utf-8"))
    for verdict in tree["verdict"]:
        for key in ("severity", "over", "because"):
            del verdict[key]
    del tree["spec"]["thresholds"]["signal_drowned"]
    tree["spec"]["thresholds"]["vanishing_gradient"] = 0.57
    file.write_text(json.dumps(tree | {"schema_version": 4, "digest": "0" * 64}))
    assert winit(*RUN).err == ""


def test_in_a_batch(winit: Callable, spec: Callable):
    spec("a.yaml")
    spec("v.yaml", "sweep: {seed: [1, 2]}\n")
    batch = ("batch", "a.yaml", "v.yaml", "-j", 1, "--no-plot")
    assert winit(*batch).err == ""
    done = winit(*batch, "--set", "samples=70")
    said = "replaces the result of another spec (samples: 60, now 70)"
    assert done.err.splitlines() == [
        f"{Path('outputs', folder)}: {said}" for folder in ("a", "v/seed=1", "v/seed=2")
    ]
    assert winit(*batch, "-q").err == ""
    several = winit("histogram", "-c", "v.yaml", "--no-plot", "--set", "samples=80")
    assert several.err.count("samples: 60, now 80") == 2
    assert several.out.startswith("v, samples = 80: 2 runs\n")


@pytest.mark.parametrize("command", [("histogram", "-c"), ("batch", "-j", 1)])
def test_of_very_many_the_first_few_are_named(winit: Callable, spec: Callable, command: tuple):
    spec("v.yaml", f"sweep: {{seed: {list(range(12))}}}\n")
    assert winit(*command, "v.yaml", "--no-plot").err == ""
    lines = winit(*command, "v.yaml", "--no-plot", "--set", "samples=70").err.splitlines()
    assert sum("replaces the result of another spec" in line for line in lines) == 10
    assert lines[10:] == ["and 2 more results of other specs are replaced"]


# a comparison and a single run in one folder


@pytest.mark.parametrize("command", [("histogram", "-c"), ("batch", "-j", 1)])
def test_a_comparison_by_a_single_run_and_the_other_way_round(
    winit: Callable, spec: Callable, files: Callable, command: tuple
):
    place = Path("outputs/tiny")
    run = (*command, "tiny.yaml")
    below = ["seed=1/stats.json", "seed=2/stats.json"]
    spec()
    assert winit(*run).err == ""
    spec(more="sweep: {seed: [1, 2]}\n")
    assert winit(*run, "--format", "svg").err == f"{place}: replaces the result of a single run\n"
    assert files(place) == ["comparison.svg", "runs.json", *below, "summary.csv"]
    assert winit(*run, "--format", "svg").err == ""
    spec()
    said = f"{place}: replaces a comparison of several runs, whose folders stay\n"
    assert winit(*run, "-q").err == ""
    assert files(place) == sorted(["depth.png", "histogram.png", "stats.json", *below])
    spec(more="sweep: {seed: [1, 2]}\n")
    assert winit(*run, "--no-plot").err == f"{place}: replaces the result of a single run\n"
    spec()
    assert winit(*run, "--no-plot").err == said
    assert winit(*run, "--no-plot").err == ""


@pytest.mark.parametrize("command", [("histogram", "-c"), ("batch", "-j", 1)])
def test_a_comparison_of_other_runs(winit: Callable, spec: Callable, command: tuple):
    run = (*command, "tiny.yaml", "--no-plot")
    spec(more="sweep: {seed: [1, 2, 3, 4, 5, 6]}\n")
    assert winit(*run).err == ""
    spec(more="sweep: {seed: [6, 7]}\n")
    gone = "seed=1, seed=2, seed=3, seed=4 and 1 more"
    said = f"{Path('outputs/tiny')}: replaces a comparison with other runs ({gone})\n"
    assert winit(*run).err == said
    spec(more="sweep: {seed: [6, 7, 8]}\n")
    assert winit(*run).err == ""


@pytest.mark.parametrize("command", ["symmetry", "train"])
def test_by_every_other_experiment(winit: Callable, spec: Callable, command: str):
    text = TINY_SYMMETRY + "initializer: xavier_normal\n"
    if command == "train":
        pytest.importorskip("sklearn")
        text = text.replace("symmetry", "training").replace("xor", "digits")
    spec("s.yaml")
    assert winit("histogram", "-c", "s.yaml", "--no-plot", "-q").code == 0
    Path("s.yaml").write_text(text)
    run = (command, "-c", "s.yaml", "--no-plot")
    assert winit(*run).err.startswith("outputs/s: replaces the result of another spec (")
    assert winit(*run, "--seed", 2).err.endswith("another spec (seed: 0, now 2)\n")
    Path("s.yaml").write_text(f"{text}sweep: {{seed: [1, 2]}}\n")
    assert winit(*run).err == f"{Path('outputs/s')}: replaces the result of a single run\n"
    said = [f"{Path('outputs/s', name)}: replaces" for name in ("seed=1", "seed=2")]
    done = winit(*run, "--set", "steps=2")
    assert [line.partition(" the")[0] for line in done.err.splitlines()] == said


# what was set


def test_what_was_set_stands_in_result_and_title(winit: Callable, spec: Callable):
    spec()
    winit(*RUN)
    assert "overrides" not in json.loads(Path("outputs/tiny/stats.json").read_text())
    done = winit(*RUN, "-q", "--set", "activation=tanh", "--seed", "3")
    assert done.code == 0
    result = load_result("outputs/tiny")
    assert result.overrides == ("activation=tanh", "seed=3")
    title = "tiny, activation = tanh, seed = 3"
    assert winit("show", "outputs/tiny").out.startswith(f"{title}: tanh, ")
    assert any(title in str(item) for item in compose(result).items)


@pytest.mark.parametrize("command", ["symmetry", "train"])
def test_of_the_other_experiments(winit: Callable, command: str):
    text = TINY_SYMMETRY + "initializer: xavier_normal\n"
    if command == "train":
        pytest.importorskip("sklearn")
        text = text.replace("symmetry", "training").replace("xor", "digits")
    Path("s.yaml").write_text(text)
    run = (command, "-c", "s.yaml", "--no-plot", "-q")
    assert winit(*run, "--set", "seed=4").code == 0
    assert load_result("outputs/s").overrides == ("seed=4",)
    assert winit("show", "outputs/s").out.startswith("s, seed = 4: ")
    done = winit("check", "outputs")
    assert (done.code, done.out) == (0, "exact: 1 run, none differs\n")


def test_what_was_set_is_no_figure_and_survives_an_update(winit: Callable, spec: Callable):
    spec()
    spec("set.yaml", "seed: 3\n")
    assert winit(*RUN, "--set", "seed=3", "-q").code == 0
    assert winit("histogram", "-c", "set.yaml", "--no-plot", "-o", "b", "-q").code == 0
    assert winit("diff", "outputs/tiny", "b/set").out == "exact: 1 run, none differs\n"
    stats = Path("outputs/tiny/stats.json")
    right = stats.read_bytes()
    tree = json.loads(right)
    tree["layers"][0]["std"] *= 1.01
    stats.write_text(json.dumps(tree))
    assert winit("check", "outputs", "--update").code == 1
    assert stats.read_bytes() == right


def test_overrides_are_checked(winit: Callable, spec: Callable):
    spec()
    winit(*RUN)
    stats = Path("outputs/tiny/stats.json")
    for wrong in ("seed=3", [3], None, {"seed": 3}):
        stats.write_text(json.dumps({**json.loads(stats.read_text()), "overrides": wrong}))
        assert winit("show", "outputs/tiny").err.startswith(f"{stats}: overrides")
