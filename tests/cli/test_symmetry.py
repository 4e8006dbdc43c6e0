"""`winit symmetry`: its table, its files, and every other command on its specs and results."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.trees import edit
from weightinit_cli import load_result

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("tiny")

TINY = """\
experiment: symmetry
width: 4
steps: 8
activation: sigmoid
initializer: zeros
"""
VARIANTS = "variants: {one: {}, none: {layers: 0}, He: {initializer: he_normal, seed: 1}}\n"
SAVED = Path("outputs/tiny")
STATS = SAVED / "stats.json"


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


# what is run and written


def test_table_and_files(winit: Callable, files: Callable):
    run = winit("symmetry", "-c", "tiny.yaml")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == ["tiny/stats.json", "tiny/symmetry.png"]
    lines = run.out.splitlines()
    assert " ".join(run.out.split()).startswith(
        "tiny: sigmoid, zeros, width 4, blobs of 100 points, learning rate 1, 8 steps, seed 0 "
    )
    (hidden,), (output,) = (
        [row for row in rows(run.out) if row and row[0] == name] for name in ("1", "output")
    )
    assert hidden[1:7] == ["step", "2", "4", "1", "1", "1"]
    assert output[1:4] == ["step", "1", "1"]
    assert "loss 0.693147, in the end " in run.out
    assert lines[-2:] == [str(Path("outputs/tiny", name)) for name in ("symmetry.png", STATS.name)]


def test_nothing_that_moves(winit: Callable):
    run = winit("symmetry", "-c", "tiny.yaml", "--set", "data=xor", "--set", "layers=2")
    names = [row[0] for row in rows(run.out) if row[1:2] == ["never"]]
    assert names == ["1", "2", "output"]


def test_no_hidden_layer(winit: Callable):
    run = winit("symmetry", "-c", "tiny.yaml", "--set", "layers=0")
    assert run.code == 0
    assert "width" not in run.out
    assert [row[0] for row in rows(run.out) if "step" in row[1:2]] == ["output"]
    assert winit("check", "outputs").code == 0


def test_options(winit: Callable, files: Callable):
    run = winit("symmetry", "-c", "tiny.yaml", "-q", "--no-plot", "--seed", 3, "-o", "other")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert files(Path("other")) == ["tiny/stats.json"]
    assert load_result("other/tiny").spec["seed"] == 3
    run = winit("symmetry", "-c", "tiny.yaml", "--json", "--format", "svg", "--format", "pdf")
    assert json.loads(run.out) == json.loads(STATS.read_text())
    assert files(Path("outputs/tiny")) == ["stats.json", "symmetry.pdf", "symmetry.svg"]
    assert winit("symmetry", "-c", "tiny.yaml", "--threads", 2).code == 2


def test_divergence_is_a_result(winit: Callable, tiny: Callable):
    run = winit("symmetry", "-c", "tiny.yaml", "--set", "learning_rate=1e300")
    assert (run.code, run.err) == (0, "")
    assert "in the end not finite" in run.out
    assert "diverged at step 2" in run.out.splitlines()
    assert load_result(STATS).diverged == 2
    assert winit("check", "outputs").code == 0
    tiny("many.yaml", "sweep: {learning_rate: [1, 1e300]}\n")
    fine, gone = winit("symmetry", "-c", "many.yaml", "-o", "b").out.splitlines()[2:4]
    assert "diverged" not in fine
    assert gone.endswith("  diverged at step 2")
    hopeless = "initializer={name: normal, std: 1e300}"
    run = winit("symmetry", "-c", "tiny.yaml", "--set", hopeless, "--set", "activation=relu")
    assert run.code == 0
    assert "diverged at step 0" in run.out
    assert winit("check", "outputs").code == 0


def test_variants(winit: Callable, tiny: Callable, files: Callable):
    tiny("many.yaml", VARIANTS)
    run = winit("symmetry", "-c", "many.yaml")
    assert (run.code, run.err) == (0, "")
    assert winit("batch", "many.yaml", "-o", "b", "-j", 1).err == ""
    written = files(Path("outputs"))
    assert {"many/summary.csv", *(f"many/{each}/stats.json" for each in ("He", "none", "one"))} <= {
        *written
    }
    assert run.out.splitlines()[0] == "many: 3 runs"
    assert [row[0] for row in rows(run.out)[2:5]] == ["one", "none", "He"]
    paths = ["outputs/many/comparison.png", "outputs/many/summary.csv"]
    assert run.out.splitlines()[5:] == [str(Path(path)) for path in paths]
    assert winit("symmetry", "-c", "many.yaml", "--no-plot").err == ""
    with Path("outputs/many/summary.csv").open(newline="", encoding="utf-8") as file:
        head, *table = csv.reader(file)
    assert {len(row) for row in table} == {len(head)}
    assert len(table) == 8 * (2 + 1 + 2)
    entries = [dict(zip(head, row, strict=True)) for row in table]
    assert [entry["moved"] for entry in entries[:3]] == ["False", "True", "True"]
    assert {entry["width"] for entry in entries} == {"4", ""}
    assert {entry["step"] for entry in entries} == {str(step) for step in range(1, 9)}
    assert float(entries[-1]["loss"]) == load_result("outputs/many/He").loss[-1]


def test_batch_writes_the_same(winit: Callable, tiny: Callable):
    Path("specs").mkdir()
    tiny("specs/tiny.yaml")
    tiny("specs/many.yaml", VARIANTS)
    assert winit("batch", "specs", "-j", 1, "-o", "a", "-q").code == 0
    assert winit("symmetry", "-c", "specs/tiny.yaml", "-c", "specs/many.yaml", "-o", "b").code == 0
    for path in Path("b").rglob("*.*"):
        assert Path("a", path.relative_to("b")).read_bytes() == path.read_bytes(), path
    assert "4 skipped" in winit("batch", "specs", "-j", 1, "-o", "a").out
    Path("a/tiny/symmetry.png").unlink()
    assert "1 done, 3 skipped" in winit("batch", "specs", "-j", 1, "-o", "a").out


# other commands, other experiments


@pytest.mark.parametrize(
    ("command", "experiment", "right"),
    [
        ("histogram", "symmetry", "symmetry"),
        ("train", "symmetry", "symmetry"),
        ("theory", "symmetry", "symmetry"),
        ("symmetry", "training", "train"),
        ("histogram", "training", "train"),
        ("theory", "training", "train"),
        ("symmetry", "histogram", "histogram"),
        ("train", "histogram", "histogram"),
    ],
)
def test_which_command_runs_it(
    winit: Callable, files: Callable, here: Path, command: str, experiment: str, right: str
):
    text = f"activation: relu\ninitializer: zeros\nexperiment: {experiment}\n"
    (here / "other.yaml").write_text(text)
    run = winit(command, "-c", "other.yaml")
    line = f"other.yaml:3:13: experiment: {experiment} is run by winit {right}\n"
    assert (run.code, run.out, run.err) == (2, "", line)
    assert not Path("outputs").exists()


def test_a_wrong_spec_stops_no_other(winit: Callable, spec: Callable, files: Callable):
    spec("other.yaml")
    run = winit("symmetry", "-c", "other.yaml", "-c", "tiny.yaml", "-q")
    assert run.code == 2
    assert run.err == "other.yaml:1:1: experiment: histogram is run by winit histogram\n"
    assert files(Path("outputs")) == ["tiny/stats.json", "tiny/symmetry.png"]


def test_show_and_plot(winit: Callable, files: Callable):
    run = winit("symmetry", "-c", "tiny.yaml")
    assert winit("show", "outputs/tiny").out.splitlines() == run.out.splitlines()[:-2]
    assert json.loads(winit("show", STATS, "--json").out) == json.loads(STATS.read_text())
    drawn = winit("plot", "outputs/tiny", "-o", "p", "--format", "svg", "--format", "png")
    assert (drawn.code, drawn.err) == (0, "")
    assert files(Path("p")) == ["symmetry.png", "symmetry.svg"]
    assert Path("p/symmetry.png").read_bytes() == Path("outputs/tiny/symmetry.png").read_bytes()


def test_a_result_is_no_spec(winit: Callable):
    winit("symmetry", "-c", "tiny.yaml", "-q")
    run = winit("symmetry", "-c", STATS)
    assert (run.code, run.err) == (2, f"{STATS}: this is a result; winit show prints it\n")


def test_validate_and_new(winit: Callable, tiny: Callable, here: Path):
    tiny("many.yaml", VARIANTS)
    run = winit("validate", "tiny.yaml", "many.yaml")
    assert (run.code, run.out) == (0, "tiny.yaml: ok, 1 run\nmany.yaml: ok, 3 runs\n")
    tiny("bad.yaml", "samples: 5\ndata: xor\nbatch: 3\n")
    run = winit("validate", "bad.yaml")
    assert run.code == 2
    assert run.err.splitlines()[0] == "bad.yaml:6:10: samples: xor has 4 samples, not 5"
    assert run.err.splitlines()[1].startswith("bad.yaml:8:1: batch: unknown key; ")
    run = winit("new", "copy.yaml", "--like", "tiny.yaml")
    assert run.out.startswith("copy.yaml: written; run it with winit symmetry -c copy.yaml\n")
    _, text = Path("copy.yaml").read_text().split("\n", 1)
    assert text == TINY


# check and diff


@pytest.fixture
def saved(winit: Callable) -> None:
    """A saved result of weights that differ, so that rounding does something."""
    assert winit("symmetry", "-q", "-c", "tiny.yaml", "--set", "initializer=he_normal").code == 0


def test_nothing_differs(winit: Callable, saved: None):
    run = winit("check", "outputs")
    assert (run.code, run.out, run.err) == (0, "exact: 1 run, none differs\n", "")


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "loss": (
        lambda tree: tree["loss"].__setitem__(3, tree["loss"][3] * (1 + 1e-15)),
        "tiny: exact: 1 of ",
    ),
    "moved": (lambda tree: tree["layers"][1]["moved"].__setitem__(2, False), ".moved.2: False"),
    "wakes": (lambda tree: tree["layers"][0].update(first_moved=7), "first_moved: 7, now 1"),
    "diverged": (lambda tree: tree.update(diverged=8), "diverged: 8, now none"),
    "stream": (lambda tree: tree.update(stream="0" * 16), "stream: 0000"),
    "seed": (lambda tree: tree["spec"].update(seed=1), "figures differ"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_edited_is_found(winit: Callable, saved: None, name: str):
    change, said = CHANGES[name]
    edit(SAVED, change)
    run = winit("check", "outputs")
    assert run.code == 1
    assert run.err == ""
    assert said in run.out
    assert "exact: 1 run, one differs" in run.out
    assert winit("check", "outputs", "--update", "-q").code == 1
    assert winit("check", "outputs").code == 0


def test_a_layer_that_is_gone(winit: Callable, saved: None):
    edit(SAVED, lambda tree: tree["layers"].pop(0))
    run = winit("check", "outputs")
    assert run.code == 2
    assert run.err == f"{STATS}: layers: not those of spec.width and the output\n"


def test_another_machine(winit: Callable, saved: None):
    edit(SAVED, lambda tree: tree["environment"].update(numpy="2.99"))
    edit(SAVED, lambda tree: tree["loss"].__setitem__(3, tree["loss"][3] * (1 + 1e-9)))
    run = winit("check", "outputs")
    assert (run.code, run.out) == (0, "rounding: 1 run, none differs\n")
    edit(SAVED, lambda tree: tree["loss"].__setitem__(3, tree["loss"][3] * 1.01))
    run = winit("check", "outputs")
    assert run.code == 1
    assert run.out.splitlines()[1].startswith("  loss.3: ")
    assert "x its tolerance)" in run.out
    assert "since it has numpy 2.99, now " in run.out


def test_another_seed_has_nothing_to_be_held_to(winit: Callable, tiny: Callable, saved: None):
    tiny("tiny.yaml", "seed: 5\n")
    run = winit("check", "tiny.yaml", "--against", "outputs")
    assert run.code == 1
    assert "the spec has changed since: initializer" in run.out
    winit("symmetry", "-q", "-c", "tiny.yaml", "--set", "seed=0")
    run = winit("check", "tiny.yaml", "--against", "outputs")
    assert run.code == 1
    assert "other draws: a course over steps is compared under the same draws only" in run.out
    assert "since it has seed 0, now 5" in run.out


def test_update_renews_the_picture(winit: Callable, saved: None):
    picture = Path("outputs/tiny/symmetry.png")
    right = picture.read_bytes()
    picture.write_bytes(b"old " + load_result(STATS).digest.encode())
    edit(SAVED, lambda tree: tree["loss"].__setitem__(3, 9.0))
    assert winit("check", "outputs", "--update").code == 1
    assert picture.read_bytes() == right


def test_diff(winit: Callable, saved: None):
    winit("symmetry", "-q", "-c", "tiny.yaml", "--set", "initializer=he_normal", "-o", "b")
    assert winit("diff", "outputs", "b").out == "exact: 1 run, none differs\n"
    edit(SAVED, lambda tree: tree["layers"][0]["weight_gradient_rms"].__setitem__(0, None))
    run = winit("diff", "outputs", "b")
    assert run.code == 1
    assert "layers.0.weight_gradient_rms.0: none, now " in run.out
    edit(SAVED, lambda tree: tree["environment"].update(numpy="2.99"))
    edit(SAVED, lambda tree: tree["layers"][1]["participation"].__setitem__(0, None))
    run = winit("diff", "outputs", "b")
    assert run.code == 1
    assert "rounding: 2 of " in run.out
    winit("symmetry", "-q", "-c", "tiny.yaml", "--set", "steps=7", "-o", "c")
    assert "  spec.steps: 8, now 7\n" in winit("diff", "b", "c").out
