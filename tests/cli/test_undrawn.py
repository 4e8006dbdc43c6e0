"""Pictures that fail: the statistics are saved all the same, and what failed is said."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.plots.fonts import only_fonts, tiny_font
from support.trees import edit
from weightinit_cli import load_result, saving
from weightinit_cli.plots.engine import paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAINT = paint.paint
VARIANTS = "variants: {low: {width: 4}, high: {width: 6}}\n"
SPECS = {
    "histogram": "samples: 20\nwidth: 5\nlayers: 2\n",
    "symmetry": "experiment: symmetry\nwidth: 3\nsteps: 4\n",
    "train": "experiment: training\nwidth: 5\nlayers: 2\nbatch: 8\nsteps: 3\n",
}
ERRORS = {
    "defect": (RuntimeError("out of ink"), 3),
    "memory": (MemoryError(), 2),
    "system": (OSError(errno.EIO, "Input/output error"), 2),
    "stopped": (KeyboardInterrupt(), 130),
}


@pytest.fixture(params=ERRORS)
def failing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Every drawing fails; gives why, and the exit code."""
    error, code = ERRORS[request.param]
    monkeypatch.setattr(paint, "paint", raising(error))
    return request.param, code


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def write_spec(command: str, more: str = "", name: str = "tiny.yaml") -> None:
    if command == "train":
        pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    text = f"{SPECS[command]}activation: sigmoid\ninitializer: xavier_normal\n{more}"
    Path(name).write_text(text, "utf-8")


def check_words(kind: str, err: str, saved: str) -> None:
    """One line that says what is saved; of a defect the traceback, and the request."""
    lines = err.splitlines()
    if kind != "defect":
        assert len(lines) == 1, err
        assert lines[0].endswith(f"; {saved}")
        words = {"memory": "not enough memory", "system": "Input/output error"}
        assert words.get(kind, "interrupted") in lines[0]
        return
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-3:-1] == ["RuntimeError: out of ink", f"the pictures could not be drawn; {saved}"]
    assert lines[-1].startswith("this is a defect of winit; please report it")


@pytest.mark.parametrize("command", SPECS)
def test_a_run_is_saved(winit: Callable, files: Callable, failing: tuple, command: str):
    kind, code = failing
    write_spec(command)
    run = winit(command, "-c", "tiny.yaml", "--format", "png", "--format", "pdf")
    stats = Path("outputs/tiny/stats.json")
    assert run.code == code
    check_words(kind, run.err, f"{stats} is saved")
    assert run.out.splitlines()[-1] == str(stats)
    assert files(Path("outputs")) == ["tiny/stats.json"]
    assert load_result(stats).name == "tiny"


def test_pictures_of_a_former_run_go(winit: Callable, files: Callable, monkeypatch: Any):
    write_spec("histogram")
    assert winit("histogram", "-c", "tiny.yaml", "--format", "svg").code == 0
    monkeypatch.setattr(paint, "paint", raising(MemoryError()))
    run = winit("histogram", "-c", "tiny.yaml", "--seed", 7, "--json")
    assert run.code == 2
    assert json.loads(run.out)["spec"]["seed"] == 7
    assert files(Path("outputs")) == ["tiny/stats.json"]
    assert load_result("outputs/tiny").spec["seed"] == 7


def test_the_next_spec_is_run(winit: Callable, files: Callable, failing: tuple):
    """But not after ^C. All inputs are tried, and the highest code applies."""
    kind, code = failing
    write_spec("histogram", name="a.yaml")
    write_spec("histogram", name="b.yaml")
    assert winit("histogram", "-c", "a.yaml", "-c", "b.yaml", "-q").code == code
    done = ["a/stats.json"] if kind == "stopped" else ["a/stats.json", "b/stats.json"]
    assert files(Path("outputs")) == done


@pytest.mark.parametrize("command", ["histogram", "train"])
def test_several_runs_are_saved(winit: Callable, files: Callable, failing: tuple, command: str):
    kind, code = failing
    write_spec(command, VARIANTS)
    Path("outputs/tiny").mkdir(parents=True)
    Path("outputs/tiny/comparison.png").write_bytes(b"of a former run")
    run = winit(command, "-c", "tiny.yaml")
    assert run.code == code
    check_words(kind, run.err, f"{Path('outputs/tiny/summary.csv')} is saved")
    assert files(Path("outputs/tiny")) == [
        "high/stats.json", "low/stats.json", "runs.json", "summary.csv",
    ]  # fmt: skip


def test_a_batch_goes_on(winit: Callable, files: Callable, monkeypatch: Any, failing: tuple):
    kind, code = failing
    Path("specs").mkdir()
    write_spec("histogram", name="specs/a.yaml")
    write_spec("histogram", VARIANTS, name="specs/b.yaml")
    run = winit("batch", "specs", "-j", 1)
    assert run.code == code
    if kind == "stopped":
        assert run.err.startswith("interrupted: 1 of 3 runs done; ")
        assert len(run.err.splitlines()) == 1
        assert files(Path("outputs")) == ["a/stats.json", "b/runs.json"]
        return
    assert files(Path("outputs")) == [
        "a/stats.json", "b/high/stats.json", "b/low/stats.json", "b/runs.json", "b/summary.csv",
        "index.json", "summary.csv",
    ]  # fmt: skip
    assert run.out.startswith("3 runs: 3 done, 0 skipped, 0 failed, 1 without pictures\n")
    assert "a: stats.json is saved without its pictures\n" in run.err
    index = json.loads(Path("outputs/index.json").read_text())["runs"]
    assert [entry["status"] for entry in index] == ["done"] * 3
    assert index[0]["errors"][-1] == "stats.json is saved without its pictures"
    assert index[1]["errors"] == []
    # what is missing is drawn when the same command goes on
    monkeypatch.setattr(paint, "paint", PAINT)
    again = winit("batch", "specs", "-j", 1)
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("3 runs: 1 done, 2 skipped, 0 failed\n")
    assert {"a/histogram.png", "b/comparison.png"} <= set(files(Path("outputs")))


def test_a_baseline_is_renewed(winit: Callable, files: Callable, failing: tuple):
    write_spec("histogram")
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot", "-q").code == 0
    whole = Path("outputs/tiny/stats.json").read_bytes()
    edit(Path("outputs/tiny"), lambda tree: tree["layers"][1].update(std=0.5))
    Path("outputs/tiny/histogram.png").write_bytes(b"of a former run")
    run = winit("check", "outputs", "--update")
    assert run.code == failing[1]
    assert f"written: {Path('outputs/tiny/stats.json')}\n" in run.err
    assert files(Path("outputs")) == ["tiny/stats.json"]
    assert Path("outputs/tiny/stats.json").read_bytes() == whole


def test_phase_says_what_it_found(winit: Callable, failing: tuple):
    kind, code = failing
    run = winit("phase", "-a", "tanh")
    assert run.code == code
    assert run.out.startswith("tanh: critical line")
    check_words(kind, run.err, "no picture is written")
    assert not Path("outputs").exists()


def test_plot_leaves_the_result(winit: Callable, files: Callable, failing: tuple):
    kind, code = failing
    write_spec("histogram")
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot", "-q").code == 0
    run = winit("plot", "outputs/tiny")
    assert (run.code, run.out) == (code, "")
    check_words(kind, run.err, "no picture is written")
    assert files(Path("outputs")) == ["tiny/stats.json"]


def test_a_picture_that_cannot_be_written(winit: Callable, files: Callable):
    write_spec("histogram")
    Path("outputs/tiny/histogram.png").mkdir(parents=True)
    run = winit("histogram", "-c", "tiny.yaml")
    assert run.code == 2
    (line,) = run.err.splitlines()
    assert line.startswith(f"{Path('outputs/tiny/histogram.png')}: cannot be written: ")
    assert line.endswith(f"; {Path('outputs/tiny/stats.json')} is saved")
    assert files(Path("outputs")) == ["tiny/stats.json"]


def test_stopped_while_pictures_are_written(
    winit: Callable, files: Callable, monkeypatch: pytest.MonkeyPatch
):
    write_spec("histogram")
    save_files = saving.save_files

    def stop(out: Path, folder: str, digest: str, contents: dict) -> list[Path]:
        if len(contents) > 1:
            raise KeyboardInterrupt
        return save_files(out, folder, digest, contents)

    monkeypatch.setattr(saving, "save_files", stop)
    run = winit("histogram", "-c", "tiny.yaml")
    assert run.code == 130
    check_words("stopped", run.err, f"{Path('outputs/tiny/stats.json')} is saved")
    assert files(Path("outputs")) == ["tiny/stats.json"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_stopped_while_matplotlib_is_imported(process: Callable, files: Callable):
    write_spec("histogram")
    first = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "matplotlib.path":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
"""
    run = process("histogram", "-c", "tiny.yaml", "-q", first=first)
    assert run.code == 130
    check_words("stopped", run.err, f"{Path('outputs/tiny/stats.json')} is saved")
    assert files(Path("outputs")) == ["tiny/stats.json"]


# characters that no font has


@pytest.fixture
def fontless() -> Iterator[None]:
    with only_fonts():
        yield


def test_characters_that_no_font_has(winit: Callable, fontless: None):
    write_spec("histogram", "variants: {He 初期値: {width: 4}, Σ é: {}, 値: {}}\n", "重み.yaml")
    said = (
        "no font of this machine has 重, み, 初, 期, 値: in pictures "
        "\N{REPLACEMENT CHARACTER} stands for each in '重み', 'He 初期値', '値'; "
        "a Noto font of their script, once installed, shows them\n"
    )
    assert winit("histogram", "-c", "重み.yaml").err == said
    assert winit("histogram", "-c", "重み.yaml", "--json").err == said
    assert winit("histogram", "-c", "重み.yaml", "-q").err == ""
    assert winit("histogram", "-c", "重み.yaml", "--no-plot").err == ""
    assert winit("batch", "重み.yaml", "-j", 1).err == said


def test_characters_that_a_font_has(winit: Callable, tmp_path: Path):
    write_spec("histogram", "variants: {σ = 1: {width: 4}, вес é ₁: {}, 値: {}}\n")
    with only_fonts(tiny_font(tmp_path / "tiny.ttf", "値", "Tiny Sans")):
        assert winit("histogram", "-c", "tiny.yaml").err == ""


def test_a_picture_drawn_again_has_the_same_note(winit: Callable, fontless: None):
    write_spec("histogram", name="重み.yaml")
    told = winit("histogram", "-c", "重み.yaml").err
    assert told.startswith("no font of this machine has 重, み: ")
    assert winit("plot", "outputs/重み").err == told
    assert winit("plot", "outputs/重み", "-q").err == ""


@pytest.mark.parametrize("command", SPECS)
def test_what_is_set_beside_a_spec_counts(winit: Callable, fontless: None, command: str):
    write_spec(command)
    told = winit(command, "-c", "tiny.yaml", "--set", "name=重み").err
    assert "'重み', 'name=重み'" in told
    assert winit("plot", "outputs/重み").err == told
