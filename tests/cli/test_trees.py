"""The folder of several runs: its table and its picture again, and what stands in it beside."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.tree import find_tree

if TYPE_CHECKING:
    from collections.abc import Callable

SYMMETRY = """\
experiment: symmetry
data: xor
width: [3]
steps: 3
activation: tanh
initializer: xavier_normal
variants: {zeros, all: {initializer: zeros}, He: {initializer: he_normal}}
"""
TRAINING = """\
experiment: training
data: digits
batch: 16
learning_rate: 0.1
steps: 3
width: [4]
activation: relu
initializer: he_normal
"""
GRID = """\
sweep:
  width: [10, 2]
  initializer: [zeros, {name: normal, std: 2}]
  seed: [0]
"""
VARIANTS = "variants: {b: {}, 'a = 1, 2': {initializer: {name: normal, std: 10}}}\n"
SAVED = Path("outputs/many")


@pytest.fixture
def many(spec: Callable) -> Callable[[str], None]:
    """Write many.yaml, a tiny spec with these lines."""
    return lambda more: spec("many.yaml", more)


@pytest.mark.parametrize("more", [VARIANTS, GRID, "sweep: {width: [10, 2, 5]}\n"])
def test_the_same_table_and_picture_as_the_run(winit: Callable, many: Callable, more: str):
    many(more)
    run = winit("histogram", "-c", "many.yaml", "--format", "svg", "-q")
    assert run.code == 0
    picture = SAVED / "comparison.svg"
    first = picture.read_bytes()
    picture.unlink()
    assert winit("plot", SAVED, "--format", "svg").out == f"{picture}\n"
    assert picture.read_bytes() == first
    assert winit("plot", SAVED, "-o", "elsewhere", "--format", "svg", "-q").out == ""
    assert Path("elsewhere/comparison.svg").read_bytes() == first
    said = winit("histogram", "-c", "many.yaml", "--no-plot").out
    shown = winit("show", SAVED)
    assert (shown.code, shown.err) == (0, "")
    assert said.startswith(shown.out)
    lines = winit("show", SAVED, "--json").out.splitlines()
    tree = find_tree(SAVED)
    assert tree is not None
    assert [json.loads(line)["digest"] for line in lines] == [run.digest for run in tree.runs]


def test_of_what_was_set_and_of_a_batch(winit: Callable, many: Callable):
    many(VARIANTS)
    assert winit("batch", "many.yaml", "-j", 1, "--set", "samples=50", "-q").code == 0
    first = (SAVED / "comparison.png").read_bytes()
    assert winit("plot", SAVED).code == 0
    assert (SAVED / "comparison.png").read_bytes() == first
    assert winit("show", SAVED).out.startswith("many, samples = 50: 2 runs\n")


@pytest.mark.parametrize("command", ["symmetry", "train"])
def test_of_the_other_experiments(winit: Callable, command: str):
    text = SYMMETRY.replace("zeros, all", "'zeros, all'")
    if command == "train":
        pytest.importorskip("sklearn")
        text = TRAINING + "sweep: {learning_rate: [0.1, 1]}\n"
    Path("many.yaml").write_text(text)
    run = winit(command, "-c", "many.yaml")
    shown = winit("show", SAVED)
    assert run.out.startswith(shown.out)
    assert len(shown.out.splitlines()) == 4
    pictures = {path.name: path.read_bytes() for path in SAVED.glob("comparison.*")}
    assert len(pictures) == 1
    drawn = winit("plot", SAVED)
    assert (drawn.code, drawn.err) == (0, run.err)
    assert pictures == {path.name: path.read_bytes() for path in SAVED.glob("comparison.*")}
    one = next(path.parent for path in SAVED.glob("*/stats.json"))
    assert winit("plot", one).out.startswith(str(one))


def test_missing_and_damaged_runs_are_told_and_the_others_drawn(winit: Callable, many: Callable):
    many("sweep: {seed: [1, 2, 3, 4]}\n")
    assert winit("histogram", "-c", "many.yaml", "-q").code == 0
    shutil.rmtree(SAVED / "seed=2")
    (SAVED / "seed=3/stats.json").write_bytes((SAVED / "seed=4/stats.json").read_bytes())
    missing = f"{SAVED}: 2 of 4 runs without a result: seed=2, seed=3\n"
    for command in ("show", "plot"):
        done = winit(command, SAVED)
        assert (done.code, done.err) == (0, missing)
        assert len(done.out.splitlines()) == (4 if command == "show" else 1)
    damaged = SAVED / "seed=3/stats.json"
    damaged.write_text("[")
    for command in ("show", "plot"):
        done = winit(command, SAVED)
        assert done.code == 2
        first, second = done.err.splitlines()
        assert first == f"{SAVED}: 1 of 4 runs without a result: seed=2"
        assert second.startswith(f"{damaged}: line 1, column 2: not JSON")
    for stats in SAVED.rglob("stats.json"):
        stats.unlink()
    for command in ("show", "plot"):
        done = winit(command, SAVED)
        assert (done.code, done.out) == (2, "")
        names = "seed=1, seed=2, seed=3, seed=4"
        assert done.err.startswith(f"{SAVED}: 4 of 4 runs without a result: {names}")
        assert len(done.err.splitlines()) == 1


def test_without_a_list_runs_are_variants_by_their_folders(winit: Callable, many: Callable):
    """As earlier versions wrote none."""
    many("sweep: {width: [10, 2]}\n")
    assert winit("histogram", "-c", "many.yaml", "-q").code == 0
    (SAVED / "runs.json").unlink()
    tree = find_tree(SAVED)
    assert tree is not None
    assert tree.axes == (VARIANT,)
    assert [run.folder for run in tree.runs] == ["width=2", "width=10"]
    assert [line.split()[0] for line in winit("show", SAVED).out.splitlines()[2:]] == [
        "width=2", "width=10",
    ]  # fmt: skip
    assert winit("plot", SAVED).code == 0
    SAVED.rename("outputs/other")
    for command in ("show", "plot"):
        done = winit(command, "outputs/other")
        said = f"{Path('outputs/other')}: give the folder of one spec; it holds width=2, width=10\n"
        assert (done.code, done.out, done.err) == (2, "", said)


def test_a_folder_of_several_specs(winit: Callable, many: Callable, spec: Callable):
    many("sweep: {width: [10, 2]}\n")
    spec()
    assert winit("batch", "many.yaml", "tiny.yaml", "-j", 1, "-q", "--no-plot").code == 0
    for command in ("show", "plot"):
        done = winit(command, "outputs")
        said = "outputs: give the folder of one spec; it holds many, tiny\n"
        assert (done.code, done.out, done.err) == (2, "", said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: "[", "line 1, column 2: not JSON"),
        (lambda tree: {**tree, "runs": []}, "runs: must not be empty"),
        (lambda tree: {**tree, "axes": []}, "runs.0.values: not as many as axes"),
        (lambda tree: {**tree, "more": 1}, "more: unknown figure"),
        (
            lambda tree: {**tree, "runs": [{**tree["runs"][0], "folder": "../many"}]},
            "runs.0.folder: must be the name of a folder",
        ),
    ],
)
def test_a_damaged_list(winit: Callable, many: Callable, change: Callable, said: str):
    many("sweep: {width: [10, 2]}\n")
    assert winit("histogram", "-c", "many.yaml", "-q", "--no-plot").code == 0
    file = SAVED / "runs.json"
    changed = change(json.loads(file.read_text()))
    file.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    for command in ("show", "plot"):
        done = winit(command, SAVED)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"{file}: {said}")
        assert len(done.err.splitlines()) == 1


# what the picture leaves out


def test_what_is_left_out_is_said_before_the_run(winit: Callable, many: Callable):
    axes = ("seed", "width", "samples", "histogram.bins")
    many(f"sweep: {{{', '.join(f'{axis}: [9, 8, 7]' for axis in axes)}}}\n")
    said = "many: the picture draws 2 of 3 values of seed (7, 9); summary.csv has all\n"
    assert winit("validate", "many.yaml").err == said
    assert winit("validate", "many.yaml", "-q").err == ""
    Path("outputs").write_text("in the way")
    for command in (("histogram", "-c"), ("batch", "-j", 1)):
        assert winit(*command, "many.yaml").err.startswith(said)
        assert "the picture" not in winit(*command, "many.yaml", "--no-plot").err
        assert "the picture" not in winit(*command, "many.yaml", "-q").err


def test_of_many_trainings(winit: Callable):
    Path("many.yaml").write_text(f"{TRAINING}sweep: {{seed: {list(range(41))}}}\n")
    said = "many: the picture draws 40 of 41 values of seed; summary.csv has all\n"
    assert said in winit("validate", "many.yaml").err
