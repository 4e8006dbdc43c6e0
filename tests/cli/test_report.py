"""`winit report` and `winit batch --report`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.pages import Element, cells, read_page
from weightinit_cli.cli import report as command

if TYPE_CHECKING:
    from collections.abc import Callable

SWEEP = "sweep: {initializer.gain: [4, 1, 0.25]}\n"
SYMMETRY = """\
experiment: symmetry
steps: 3
samples: 10
layers: 1
width: 4
activation: sigmoid
initializer: zeros
learning_rate: 0.5
"""


@pytest.fixture
def outputs(winit: Callable, spec: Callable) -> Path:
    """Three runs of a sweep, in an order that is not that of their names, and a single one."""
    spec("sweep.yaml", SWEEP)
    spec("one.yaml")
    Path("steps.yaml").write_text(SYMMETRY)
    run = winit("batch", "sweep.yaml", "one.yaml", "steps.yaml", "-j", "1", "-q", "--no-plot")
    assert (run.code, run.err) == (0, "")
    return Path("outputs")


def page(file: str = "outputs/report.html") -> Element:
    return read_page(Path(file).read_text("utf-8"))


def names(tree: Element) -> list[str]:
    return [row[0].text for table in tree.find("table", _class="runs") for row in cells(table)[1]]


def test_all_runs_of_a_folder(winit: Callable, outputs: Path):
    run = winit("report", outputs)
    assert (run.code, run.out, run.err) == (0, "outputs/report.html\n", "")
    tree = page()
    gains = ["initializer.gain=4", "initializer.gain=1", "initializer.gain=0.25"]
    assert names(tree) == ["one", *(f"sweep, {gain}" for gain in gains), "steps"]
    assert tree.one("title").text == "winit: 5 runs"
    together = tree.one("section", aria_labelledby="together")
    assert [each.text for each in together.find("h3")] == ["sweep"]
    assert "outputs" not in [each.text for each in tree.find("code")]


def test_the_same_bytes_again(winit: Callable, outputs: Path):
    assert winit("report", outputs, "-o", "one.html").code == 0
    assert winit("report", outputs, "-o", "two.html", "-j", "1").code == 0
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_processes_make_the_same_page(
    winit: Callable, outputs: Path, monkeypatch: pytest.MonkeyPatch
):
    assert winit("report", outputs, "-o", "one.html", "-j", "1").code == 0
    monkeypatch.setattr(command, "FEWEST", 2)
    assert winit("report", outputs, "-o", "two.html", "-j", "2").code == 0
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_a_single_result_and_a_title(winit: Callable, outputs: Path):
    run = winit("report", "outputs/one/stats.json", "--title", "<b>Mine</b>", "-q")
    assert (run.code, run.out, run.err) == (0, "", "")
    tree = page("outputs/one/report.html")
    assert names(tree) == ["one"]
    assert tree.one("h1").text == "<b>Mine</b>"
    assert "open" in tree.one("details", _class="run").attributes


def test_several_folders_and_no_run_twice(winit: Callable, outputs: Path):
    shutil.copytree("outputs/one", "more/copy")
    assert winit("report", "outputs/one", "outputs", "more", "-o", "all.html").code == 0
    tree = page("all.html")
    several = ["one (more/copy)", "one (outputs/one)"]
    assert sorted(name for name in names(tree) if name.startswith("one")) == several
    assert any("more/copy" in each.text for each in tree.find("code"))


def test_home_folder(winit: Callable, outputs: Path, monkeypatch: pytest.MonkeyPatch):
    Path("home").mkdir()
    monkeypatch.setenv("HOME", str(Path("home").absolute()))
    assert winit("report", outputs, "-o", "~/page.html").code == 0
    assert Path("home/page.html").is_file()


def test_damaged_results_are_named_and_the_others_shown(winit: Callable, outputs: Path):
    Path("outputs/one/stats.json").write_text("{")
    run = winit("report", outputs)
    assert (run.code, run.out) == (2, "outputs/report.html\n")
    line = "outputs/one/stats.json: line 1, column 2: not JSON: Expecting property name enclosed in"
    assert run.err.startswith(line)
    tree = page()
    assert "one" not in names(tree)
    assert (
        tree.one("section", aria_labelledby="unread")
        .find("li")[0]
        .text.startswith(line.removeprefix("outputs/"))
    )


def test_runs_without_a_result_are_named(winit: Callable, outputs: Path):
    gone = sorted(Path("outputs/sweep").glob("*/stats.json"))[0]
    gone.unlink()
    index = json.loads(Path("outputs/index.json").read_text())
    failed = {**index["runs"][0], "folder": "wide", "status": "failed", "errors": ["too <wide>"]}
    Path("outputs/index.json").write_text(json.dumps({**index, "runs": [failed]}))
    run = winit("report", outputs)
    assert run.code == 0
    lines = ["wide: too <wide>", f"sweep: 1 of 3 runs without a result: {gone.parent.name}"]
    assert run.err.splitlines() == lines
    found = page().one("section", aria_labelledby="unread").find("li")
    assert [each.text for each in found] == lines


@pytest.mark.parametrize("index", ["{", "[]", '{"runs": [1, {"status": "failed"}]}'])
def test_an_index_of_somebody_else(winit: Callable, outputs: Path, index: str):
    Path("outputs/index.json").write_text(index)
    assert winit("report", outputs).code == 0


@pytest.mark.parametrize(
    ("place", "words"), [("nowhere", "no such folder"), ("empty", "holds no results")]
)
def test_nothing_to_show(winit: Callable, place: str, words: str):
    Path("empty").mkdir()
    run = winit("report", place)
    (line,) = run.err.splitlines()
    assert (run.code, run.out) == (2, "")
    assert line.startswith(f"{place}: {words}")
    assert not list(Path().rglob("*.html"))


def test_all_are_damaged(winit: Callable):
    Path("bad").mkdir()
    Path("bad/stats.json").write_text("{")
    run = winit("report", "bad")
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)


def test_a_place_that_cannot_be_written(winit: Callable, outputs: Path):
    Path("file").write_text("")
    run = winit("report", outputs, "-o", "file/page.html")
    (line,) = run.err.splitlines()
    assert (run.code, run.out) == (2, "")
    assert line.startswith("file")


def test_a_folder_or_a_dash_is_no_file(winit: Callable, outputs: Path):
    run = winit("report", outputs, "-o", "outputs")
    assert (run.code, run.out) == (2, "")
    assert run.err == "outputs: cannot be written: Is a directory\n"
    run = winit("report", outputs, "-o", "-")
    assert (run.code, run.out) == (2, "")
    assert "must be a file, not -" in run.err


def test_what_is_left_out_is_said(winit: Callable, outputs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("weightinit_cli.page.rendering.MOST_BYTES", 40_000)
    run = winit("report", outputs)
    assert run.err.startswith("outputs/report.html: leaves out ")
    assert page().one("p", _class="note")
    assert Path("outputs/report.html").stat().st_size <= 40_000


def test_batch_writes_the_page_of_its_folder(winit: Callable, outputs: Path):
    run = winit("batch", "one.yaml", "-j", "1", "--no-plot", "--report")
    assert run.code == 0
    assert run.out.splitlines()[-1] == "outputs/report.html"
    assert len(names(page())) == 5


def test_batch_has_a_page_beside_what_failed(winit: Callable, spec: Callable):
    spec("good.yaml")
    Path("bad.yaml").write_text("activation: tnah\n")
    run = winit("batch", "good.yaml", "bad.yaml", "-j", "1", "-q", "--no-plot", "--report")
    assert run.code == 2
    assert names(page()) == ["good"]


def test_batch_without_a_result_has_no_page(winit: Callable):
    Path("bad.yaml").write_text("activation: tnah\n")
    run = winit("batch", "bad.yaml", "-q", "--report")
    assert (run.code, run.out) == (2, "")
    assert not Path("outputs/report.html").exists()
