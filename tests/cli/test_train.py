"""`winit train`: its table, its files, ^C, and every other command on its specs and results."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.idx import t10k
from support.stopping import stop
from support.trees import edit
from weightinit_cli import load_result
from weightinit_cli.cli.progress import ProgressBar
from weightinit_cli.data import DATA_DIR
from weightinit_cli.network.learning import Learner
from weightinit_cli.results import dump_result

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("tiny")
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
TINY = """\
experiment: training
width: 12
layers: 2
batch: 8
steps: 12
activation: relu
initializer: kaiming_normal
"""
VARIANTS = "variants: {small: {initializer: {name: normal, std: 0.01}}, He: {}}\n"
SAVED = Path("outputs/tiny")
STATS = SAVED / "stats.json"


@pytest.fixture(autouse=True)
def digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only data that there are."""
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    monkeypatch.setenv(DATA_DIR, "")


# what is run and written


def test_table_and_files(winit: Callable, files: Callable):
    run = winit("train", "-c", "tiny.yaml")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == ["tiny/stats.json", "tiny/training.png"]
    lines = run.out.splitlines()
    assert " ".join(run.out.split()).startswith(
        "tiny: relu, kaiming_normal (mode fan_in), width 12, digits, batch 8, learning rate 0.01, "
        "12 steps, seed 0 "
    )
    (network,) = load_result(STATS).networks
    (row,) = [line.split() for line in lines if line.split()[:1] == ["1"]]
    assert row[1:] == [
        f"{value:.4f}"
        for value in (
            network.losses[0], network.train.loss, network.test.loss, network.test.accuracy,
        )
    ]  # fmt: skip
    assert lines[-2:] == [str(Path("outputs/tiny", name)) for name in ("training.png", STATS.name)]


def test_many_networks(winit: Callable):
    run = winit("train", "-c", "tiny.yaml", "--set", "repeats=12")
    assert run.code == 0
    assert "and 2 others" in run.out.splitlines()
    best = [line.split(":")[0] for line in run.out.splitlines() if line.startswith("best of ")]
    assert best[:-1] == ["best of 2", "best of 3", "best of 5", "best of 6"]
    assert "over all choices of k of the 12 trained: mean ± standard deviation" in run.out
    assert "of 12 networks: mean ± sample standard deviation, smallest to largest" in run.out
    assert "best of" not in winit("train", "-c", "tiny.yaml", "--set", "repeats=3").out


def test_options(winit: Callable, files: Callable):
    run = winit("train", "-c", "tiny.yaml", "-q", "--no-plot", "--seed", 3, "-o", "other")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert files(Path("other")) == ["tiny/stats.json"]
    assert load_result("other/tiny").spec["seed"] == 3
    run = winit("train", "-c", "tiny.yaml", "--json", "--format", "svg")
    assert json.loads(run.out) == json.loads(STATS.read_text())
    assert files(Path("outputs/tiny")) == ["stats.json", "training.svg"]


@pytest.mark.parametrize(
    "start", ["learning_rate=1e300", "initializer={name: normal, std: 1e30}"], ids=str
)
def test_divergence_is_a_result(winit: Callable, files: Callable, start: str):
    run = winit("train", "-c", "tiny.yaml", "--set", start, "--set", "repeats=2")
    assert (run.code, run.err) == (0, "")
    assert run.out.count("diverged at step ") == 2
    assert "train loss: not finite" in run.out
    assert files(Path("outputs")) == ["tiny/stats.json", "tiny/training.png"]
    assert winit("show", "outputs/tiny").code == 0
    assert winit("check", "outputs").code == 0


def test_variants(winit: Callable, tiny: Callable, files: Callable):
    tiny("many.yaml", VARIANTS)
    run = winit("train", "-c", "many.yaml", "--set", "repeats=2")
    assert (run.code, run.err) == (0, "")
    assert files(Path("outputs")) == [
        "many/He/stats.json", "many/comparison.png", "many/runs.json", "many/small/stats.json",
        "many/summary.csv",
    ]  # fmt: skip
    assert run.out.splitlines()[0] == "many, repeats = 2: 2 runs"
    assert [line.split()[0] for line in run.out.splitlines()[2:4]] == ["small", "He"]
    with Path("outputs/many/summary.csv").open(newline="", encoding="utf-8") as file:
        head, *table = csv.reader(file)
    assert {len(row) for row in table} == {len(head)}
    assert len(table) == 2 * 2 * 12
    entries = [dict(zip(head, row, strict=True)) for row in table]
    assert [entry["network"] for entry in entries[::12]] == ["1", "2", "1", "2"]
    assert [entry["initializer.std"] for entry in entries[::24]] == ["0.01", ""]
    assert [entry["step"] for entry in entries[:12]] == [str(step) for step in range(1, 13)]
    small = load_result("outputs/many/small")
    assert [float(entry["loss"]) for entry in entries[:12]] == list(small.networks[0].losses)
    assert float(entries[0]["test.accuracy"]) == small.networks[0].test.accuracy


def test_a_run_of_several_says_that_it_diverged(winit: Callable, tiny: Callable):
    tiny("many.yaml", "sweep: {learning_rate: [0.01, 1e300]}\n")
    fine, gone = winit("train", "-c", "many.yaml").out.splitlines()[2:4]
    assert "diverged" not in fine
    assert gone.endswith("  diverged at step 2")
    *_, gone = winit("train", "-c", "many.yaml", "--set", "repeats=3").out.splitlines()[:4]
    assert gone.endswith("  3 of 3 networks diverged, the first at step 2")


def test_batch_writes_the_same(winit: Callable, tiny: Callable):
    Path("specs").mkdir()
    tiny("specs/tiny.yaml")
    tiny("specs/many.yaml", VARIANTS)
    assert winit("batch", "specs", "-j", 1, "-o", "a", "-q").code == 0
    assert winit("train", "-c", "specs/tiny.yaml", "-c", "specs/many.yaml", "-o", "b").code == 0
    for path in Path("b").rglob("*.*"):
        assert Path("a", path.relative_to("b")).read_bytes() == path.read_bytes(), path
    assert "3 skipped" in winit("batch", "specs", "-j", 1, "-o", "a").out


def test_a_batch_in_processes_is_the_same(winit: Callable, tiny: Callable):
    tiny("many.yaml", VARIANTS)
    for jobs in (1, 2):
        assert winit("batch", "many.yaml", "-q", "-j", jobs, "-o", f"out{jobs}").code == 0
    for path in Path("out1").rglob("*.*"):
        assert Path("out2", path.relative_to("out1")).read_bytes() == path.read_bytes(), path


def test_batch_larger_than_the_data(winit: Callable, tiny: Callable):
    tiny("big.yaml", "repeats: 2\n")
    Path("big.yaml").write_text(TINY.replace("batch: 8", "batch: 1201"))
    run = winit("train", "-c", "big.yaml", "-c", "tiny.yaml", "-q")
    assert run.code == 2
    assert run.err == "big.yaml:4:8: batch: must be at most the 1,200 training examples\n"
    assert STATS.is_file()


# the data


def test_data_dir(winit: Callable, tmp_path: Path, tiny: Callable, monkeypatch: pytest.MonkeyPatch):
    """Made-up files in MNIST's form."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    t10k(folder)
    tiny("m.yaml", "data: mnist_t10k\n")
    for command in (("train", "-c"), ("validate",), ("batch",)):
        run = winit(*command, "m.yaml")
        assert (run.code, run.out) == (2, "")
        assert "--data-dir or set WINIT_DATA_DIR" in run.err
        assert len(run.err.splitlines()) == 1
    run = winit("train", "-c", "m.yaml", "--data-dir", tmp_path)
    assert run.code == 2
    where = run.err.partition(": data: ")
    assert where[0].startswith("m.yaml:")
    assert where[2].startswith(f"{tmp_path}: lacks t10k-images-idx3-ubyte, ")
    run = winit("train", "-c", "m.yaml", "--data-dir", tmp_path / "nowhere")
    assert f": data: {tmp_path / 'nowhere'}: no such folder; " in run.err
    monkeypatch.setenv(DATA_DIR, str(tmp_path))
    assert winit("train", "-c", "m.yaml", "--data-dir", folder, "-q").code == 0
    result = load_result("outputs/m")
    assert (result.data.train, result.data.validation, result.data.test) == (8000, 0, 2000)
    monkeypatch.setenv(DATA_DIR, str(folder))
    assert winit("validate", "m.yaml").code == 0
    assert "1 skipped" in winit("batch", "m.yaml", "-j", 1).out
    monkeypatch.setenv(DATA_DIR, "")
    run = winit("check", "outputs")
    assert run.code == 2
    assert "WINIT_DATA_DIR" in run.err
    assert winit("check", "outputs", "--data-dir", folder).code == 0


def test_other_files_are_another_run(winit: Callable, tmp_path: Path, tiny: Callable):
    tiny("m.yaml", "data: mnist_t10k\n")
    t10k(tmp_path)
    arguments = ("batch", "m.yaml", "-j", 1, "--data-dir", tmp_path)
    assert "1 done" in winit(*arguments).out
    assert "1 skipped" in winit(*arguments).out
    path = tmp_path / "t10k-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    assert "1 done" in winit(*arguments).out
    before = load_result("outputs/m").digest
    run = winit("check", "outputs", "--data-dir", tmp_path)
    assert (run.code, load_result("outputs/m").digest) == (0, before)
    content[-1] ^= 1
    path.write_bytes(content)
    run = winit("check", "outputs", "--data-dir", tmp_path)
    assert run.code == 1
    assert "checksums.t10k-images-idx3-ubyte: " in run.out


def test_other_files_than_mnists_are_noted(
    winit: Callable, tmp_path: Path, tiny: Callable, monkeypatch: pytest.MonkeyPatch
):
    """Fashion-MNIST, for one, comes under MNIST's names."""
    monkeypatch.setenv(DATA_DIR, "")
    tiny("m.yaml", "data: mnist_t10k\n")
    t10k(tmp_path / "others")
    arguments = ("train", "-c", "m.yaml", "--no-plot", "--data-dir", tmp_path / "others")
    run = winit(*arguments)
    assert (run.code, run.err.count("not MNIST's")) == (0, 1)
    assert winit(*arguments, "-q").err == ""
    assert "not MNIST's" in winit("validate", "m.yaml", "--data-dir", tmp_path / "others").err


# ^C

# Says when a run is under way, at its 30th step, and goes on until it is stopped.
ENDLESS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from weightinit_cli.cli.progress import ProgressBar
def step(self, amount, words="", steps=[]):
    steps.append(1)
    if len(steps) == 3:
        print("under way", file=sys.stderr, flush=True)
        while True:
            time.sleep(0.01)
ProgressBar.step = step
"""


def interrupted(command: list[str], env: dict[str, str]) -> tuple[int, str, str]:
    code, out, err = stop(command, env, group=False)
    return code, out.decode(), err.decode()


@posix
def test_interrupted(
    winit: Callable, command: Callable, environ: Callable, tiny: Callable, files: Callable
):
    tiny("tiny.yaml", "repeats: 2\n")
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text().replace("steps: 12", "steps: 60"))
    code, out, err = interrupted(command("train", "-c", "tiny.yaml", first=ENDLESS), environ())
    said = "tiny: interrupted after step 30 of network 1; kept what was reached\n"
    assert (code, err) == (130, said)
    assert files(Path("outputs")) == ["tiny/stats.json", "tiny/training.png"]
    assert out.splitlines()[-1] == str(STATS)
    result = load_result(STATS)
    assert result.interrupted == (30, 1)
    assert [len(network.losses) for network in result.networks] == [30]
    assert (
        "interrupted after step 30 of network 1" in winit("show", "outputs/tiny").out.splitlines()
    )
    assert winit("diff", "outputs", "outputs").code == 0
    run = winit("check", "outputs")
    assert run.code == 1
    assert run.out.splitlines()[:2] == [
        "tiny: differs",
        "  the saved result was interrupted after step 30 of network 1; run it again",
    ]
    winit("train", "-c", "tiny.yaml", "-o", "whole", "-q")
    run = winit("diff", "outputs", "whole")
    assert run.code == 1
    assert "  A: interrupted after step 30 of network 1\n" in run.out
    assert ".losses" not in run.out
    assert winit("check", "outputs", "--update").code == 1
    assert Path("whole/tiny/stats.json").read_bytes() == STATS.read_bytes()
    STATS.write_text(dump_result(result))
    run = winit("batch", "tiny.yaml", "-j", 1)
    assert run.out.splitlines()[0] == "1 run: 1 done, 0 skipped, 0 failed"
    whole = load_result(STATS)
    assert whole.interrupted is None
    assert whole.networks[0].losses[:30] == result.networks[0].losses
    assert "1 skipped" in winit("batch", "tiny.yaml", "-j", 1).out


def test_interrupted_bar_stays_where_it_was(
    winit: Callable, tiny: Callable, monkeypatch: pytest.MonkeyPatch
):
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Tty()
    steps: list[float] = []

    def step(bar: ProgressBar, amount: float, words: str = "") -> None:
        steps.append(amount)
        if len(steps) > 1:
            raise KeyboardInterrupt
        go_on(bar, amount, words)

    go_on = ProgressBar.step
    monkeypatch.setattr(ProgressBar, "step", step)
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: 1e6 * clock())  # every run is a long one
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    tiny("tiny.yaml", "repeats: 2\n")
    assert winit("train", "-c", "tiny.yaml", "--no-plot").code == 130
    assert "41%" in screen.getvalue()
    assert "100%" not in screen.getvalue()


@posix
def test_interrupted_at_the_first_of_several(
    winit: Callable, command: Callable, environ: Callable, tiny: Callable, files: Callable
):
    tiny("many.yaml", VARIANTS + "repeats: 9\n")
    arguments = ("train", "-c", "many.yaml", "-c", "tiny.yaml")
    code, out, err = interrupted(command(*arguments, first=ENDLESS), environ())
    cut = "interrupted after step 10 of network 2"
    assert (code, err) == (130, f"many: {cut}; kept what was reached\n")
    assert out.splitlines()[2].endswith(f"  {cut}")
    with Path("outputs/many/summary.csv").open(newline="", encoding="utf-8") as file:
        entries = list(csv.DictReader(file))
    assert {entry["interrupted"] for entry in entries} == {"True"}
    assert len(entries) == 12 + 10
    assert files(Path("outputs")) == [
        "many/comparison.png", "many/runs.json", "many/small/stats.json", "many/summary.csv",
    ]  # fmt: skip
    assert load_result("outputs/many/small").interrupted == (10, 2)
    run = winit("batch", "many.yaml", "-j", 1, "--no-plot")
    assert run.out.splitlines()[0] == "2 runs: 2 done, 0 skipped, 0 failed"


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """^C in that step of all that are taken, and in no other."""
    step, calls = Learner.step, []

    def stop(self: Learner, *batch: Any) -> float:
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return step(self, *batch)

    monkeypatch.setattr(Learner, "step", stop)


def test_interrupted_before_its_first_step(
    winit: Callable, files: Callable, monkeypatch: pytest.MonkeyPatch
):
    stop_at(monkeypatch, 1)
    run = winit("train", "-c", "tiny.yaml")
    assert (run.code, run.out, run.err) == (130, "", "interrupted\n")
    assert not Path("outputs").exists()


def test_interrupted_batch_ends(
    winit: Callable, tiny: Callable, files: Callable, monkeypatch: pytest.MonkeyPatch
):
    """A training that ^C ends is no run done, and not the next one's start."""
    tiny("second.yaml")
    stop_at(monkeypatch, 6)
    run = winit("batch", "tiny.yaml", "second.yaml", "-j", 1)
    assert (run.code, run.out, run.err) == (130, "", "interrupted\n")
    assert "tiny/stats.json" not in files(Path())
    assert not Path("outputs/second").exists()


@pytest.mark.parametrize("options", [(), ("--update",)])
def test_interrupted_check_ends(
    winit: Callable, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
):
    winit("train", "-c", "tiny.yaml", "-q")
    edit(SAVED, lambda tree: tree["networks"][0]["losses"].__setitem__(2, 9.0))
    before = STATS.read_bytes()
    stop_at(monkeypatch, 6)
    run = winit("check", "outputs", *options)
    assert run.code == 130
    assert run.err == "interrupted\n"
    assert STATS.read_bytes() == before


# other commands


def test_show_and_plot(winit: Callable, files: Callable):
    run = winit("train", "-c", "tiny.yaml", "--set", "repeats=3")
    assert winit("show", "outputs/tiny").out.splitlines() == run.out.splitlines()[:-2]
    assert json.loads(winit("show", STATS, "--json").out) == json.loads(STATS.read_text())
    drawn = winit("plot", STATS, "-o", "p", "--format", "svg", "--format", "png")
    assert (drawn.code, drawn.err) == (0, "")
    assert files(Path("p")) == ["training.png", "training.svg"]
    assert Path("p/training.png").read_bytes() == Path("outputs/tiny/training.png").read_bytes()


def test_validate_and_new(winit: Callable, tiny: Callable):
    tiny("many.yaml", VARIANTS)
    run = winit("validate", "tiny.yaml", "many.yaml")
    assert (run.code, run.out) == (0, "tiny.yaml: ok, 1 run\nmany.yaml: ok, 2 runs\n")
    tiny("bad.yaml", "samples: 5\nmomentum: 1\n")
    run = winit("validate", "bad.yaml")
    assert run.code == 2
    assert run.err.splitlines()[0].startswith("bad.yaml:8:1: samples: unknown key; ")
    assert run.err.splitlines()[1].startswith("bad.yaml:9:11: momentum: must be a finite number ")
    run = winit("new", "copy.yaml", "--like", "tiny.yaml")
    assert run.out.startswith("copy.yaml: written; run it with winit train -c copy.yaml\n")


# check and diff


@pytest.fixture
def saved(winit: Callable) -> None:
    """A saved result of three networks."""
    assert winit("train", "-q", "-c", "tiny.yaml", "--set", "repeats=3").code == 0


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "loss": (
        lambda tree: tree["networks"][1]["losses"].__setitem__(3, 2.5),
        "networks.1.losses.3: 2.5, now ",
    ),
    "accuracy": (
        lambda tree: tree["networks"][0]["test"].update(accuracy=0.5),
        "networks.0.test.accuracy: 0.5, now ",
    ),
    "validation": (
        lambda tree: tree["networks"][0].update(validation=None),
        "networks.0.validation.loss: additional",
    ),
    "best of": (lambda tree: tree["best_of"][1].update(loss_std=9.0), "best_of.1.loss_std: 9.0"),
    "a loss less": (
        lambda tree: tree["networks"][2]["losses"].pop(),
        "networks.2.losses.11: additional",
    ),
    "data": (lambda tree: tree["data"].update(test=299), "data.test: 299, now 300"),
    "stream": (lambda tree: tree["networks"][2].update(stream="0" * 16), "networks.2.stream: 0000"),
    "seed": (lambda tree: tree["spec"].update(seed=1), "figures differ"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_edited_is_found(winit: Callable, saved: None, name: str):
    assert winit("check", "outputs").out == "exact: 1 run, none differs\n"
    change, said = CHANGES[name]
    edit(SAVED, change)
    run = winit("check", "outputs")
    assert (run.code, run.err) == (1, "")
    assert said in run.out
    assert "exact: 1 run, one differs" in run.out


def test_another_machine(winit: Callable, saved: None):
    edit(SAVED, lambda tree: tree["environment"].update(numpy="2.99"))
    edit(SAVED, lambda tree: tree["networks"][0]["losses"].__setitem__(3, off(tree, 1e-7)))
    run = winit("check", "outputs")
    assert (run.code, run.out) == (0, "rounding: 1 run, none differs\n")
    edit(SAVED, lambda tree: tree["networks"][0]["losses"].__setitem__(3, off(tree, 0.01)))
    run = winit("check", "outputs")
    assert run.code == 1
    assert run.out.splitlines()[1].startswith("  networks.0.losses.3: ")
    assert "x its tolerance)" in run.out


def off(tree: dict[str, Any], share: float) -> float:
    loss: float = tree["networks"][0]["losses"][3]
    return loss * (1 + share)


def test_update_renews_the_picture(winit: Callable, saved: None):
    picture = Path("outputs/tiny/training.png")
    right = picture.read_bytes(), STATS.read_bytes()
    picture.write_bytes(b"old " + load_result(STATS).digest.encode())
    edit(SAVED, lambda tree: tree["networks"][0]["losses"].__setitem__(3, 9.0))
    assert winit("check", "outputs", "--update").code == 1
    assert (picture.read_bytes(), STATS.read_bytes()) == right


def test_diff(winit: Callable, saved: None):
    winit("train", "-q", "-c", "tiny.yaml", "--set", "repeats=3", "-o", "b")
    assert winit("diff", "outputs", "b").out == "exact: 1 run, none differs\n"
    winit("train", "-q", "-c", "tiny.yaml", "--set", "repeats=3", "--seed", 1, "-o", "c")
    run = winit("diff", "b", "c")
    assert run.code == 1
    assert "other draws: a course over steps" in run.out
    winit("train", "-q", "-c", "tiny.yaml", "-o", "d")
    assert "  spec.repeats: 3, now 1\n" in winit("diff", "b", "d").out
    edit(SAVED, lambda tree: tree["networks"][0]["losses"].__setitem__(3, 9.0))
    run = winit("diff", "outputs", "b")
    assert run.code == 1
    assert "networks.0.losses.3: 9.0, now " in run.out


def test_a_folder_of_all_experiments(winit: Callable, tiny: Callable, spec: Callable, here: Path):
    (here / "specs").mkdir()
    spec("specs/h.yaml")
    tiny("specs/t.yaml", VARIANTS)
    text = "experiment: symmetry\nsteps: 5\nactivation: tanh\ninitializer: he_normal\n"
    (here / "specs/s.yaml").write_text(text)
    run = winit("batch", "specs", "-j", 1)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[0] == "4 runs: 4 done, 0 skipped, 0 failed"
    with Path("outputs/summary.csv").open(newline="", encoding="utf-8") as file:
        head, *table = csv.reader(file)
    assert {len(row) for row in table} == {len(head)}
    assert len(table) == 2 + 2 * 5 + 2 * 12
    column = head.index("experiment")
    assert [row[column] for row in table[::10]] == ["histogram", "symmetry", *["training"] * 2]
    index = json.loads(Path("outputs/index.json").read_text())
    assert [each["folder"] for each in index["runs"]] == ["h", "s", "t/small", "t/He"]
    assert "4 skipped" in winit("batch", "specs", "-j", 1).out
    assert winit("check", "outputs").out == "exact: 4 runs, none differs\n"
    assert winit("check", "specs", "--against", "outputs").code == 0
    assert winit("diff", "outputs", "outputs").out == "exact: 4 runs, none differs\n"
    assert winit("diff", "outputs/h", "outputs/s").code == 1
