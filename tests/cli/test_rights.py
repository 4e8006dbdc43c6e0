"""Places that cannot be written or read: rights, files in the way, links that lead out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.errors import WinitError
from weightinit_cli.results import write_files

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = "samples: 20\nwidth: 4\nactivation: sigmoid\ninitializer: zeros\n"


def link(place: Path, target: str | Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.symlink_to(target)
    except OSError:
        pytest.skip("no right to make links")


def test_output_folder_that_may_not_be_written(nobody: Callable, commons: Path, files: Callable):
    Path("tiny.yaml").write_text(TINY)
    Path("locked").mkdir(mode=0o555)
    run = nobody("histogram", "-c", "tiny.yaml", "-o", "locked")
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("locked")
    assert line.endswith("cannot be written: Permission denied")
    assert files(Path("locked")) == []


def test_result_folder_that_may_not_be_written(nobody: Callable, commons: Path, files: Callable):
    Path("tiny.yaml").write_text(TINY)
    Path("out").mkdir()
    Path("out/tiny").mkdir(mode=0o555)
    run = nobody("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot")
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line == f"{Path('out/tiny')}: cannot be written: Permission denied"
    assert files(Path("out")) == []


def test_folder_that_nobody_may_enter(nobody: Callable, in_turn: Callable, commons: Path):
    Path("tiny.yaml").write_text(TINY)
    Path("private/inner").mkdir(parents=True)
    Path("private").chmod(0)
    lines = (
        ("histogram", "-c", "tiny.yaml", "-o", "private"),
        ("histogram", "-c", "tiny.yaml", "-o", "private/inner"),
        ("histogram", "-c", "private/tiny.yaml"),
        ("validate", "private/tiny.yaml"),
        ("show", "private"),
        ("show", "private/inner"),
        ("show", "private/inner/stats.json"),
        ("plot", "private/inner"),
        ("new", "private/new.yaml"),
    )
    for arguments, run in zip(lines, in_turn(nobody, *lines), strict=True):
        assert (run.code, run.out) == (2, ""), arguments
        (line,) = run.err.splitlines()
        assert "private" in line
    Path("private").chmod(0o700)


def test_spec_that_may_not_be_read(nobody: Callable, in_turn: Callable, commons: Path):
    Path("tiny.yaml").write_text(TINY)
    Path("tiny.yaml").chmod(0)
    lines = (("histogram", "-c", "tiny.yaml"), ("validate", "tiny.yaml"))
    for run in in_turn(nobody, *lines):
        assert (run.code, run.out) == (2, "")
        assert run.err == "tiny.yaml: no permission to read this file\n"


def test_result_that_may_not_be_read(nobody: Callable, in_turn: Callable, commons: Path):
    Path("stats.json").write_text("{}")
    Path("stats.json").chmod(0)
    for run in in_turn(nobody, ("show", "stats.json"), ("plot", "stats.json")):
        assert (run.code, run.out) == (2, "")
        (line,) = run.err.splitlines()
        assert "stats.json" in line


@pytest.mark.parametrize("mode", [0, 0o300, 0o600], ids=["nothing", "not listed", "not entered"])
def test_folder_of_results_that_may_not_be_searched(
    nobody: Callable, in_turn: Callable, winit: Callable, commons: Path, mode: int
):
    """Never skipped: what is in it has not been checked."""
    Path("tiny.yaml").write_text(TINY)
    for folder in ("o/rest", "o/shut", "copy"):
        assert winit("histogram", "-c", "tiny.yaml", "-q", "--no-plot", "-o", folder).code == 0
    Path("o/shut/tiny").chmod(mode)
    try:
        check, alone, diff = in_turn(
            nobody,
            ("check", "o"),
            ("check", "o/shut/tiny"),
            ("diff", "o", "o", "--format", "json"),
        )
    finally:
        Path("o/shut/tiny").chmod(0o700)
    for run in (check, alone, diff):
        assert run.code == 2
        assert set(run.err.splitlines()) == {run.err.splitlines()[0]}
        assert run.err.startswith(str(Path("o/shut/tiny")))
        assert run.err.rstrip().endswith(": Permission denied")
    assert check.out == "exact: 1 run, none differs\ncould not be checked: 1 run\n"
    assert [json.loads(line)["state"] for line in diff.out.splitlines()] == ["same", "error"]


def test_a_place_for_anybody_works(nobody: Callable, commons: Path, files: Callable):
    """What the tests above forbid is what makes the difference."""
    Path("tiny.yaml").write_text(TINY)
    run = nobody("histogram", "-c", "tiny.yaml", "-o", "out")
    assert (run.code, run.err) == (0, "")
    assert files(Path("out")) == ["tiny/depth.png", "tiny/histogram.png", "tiny/stats.json"]


@pytest.mark.parametrize("place", ["out", "out/below"])
def test_output_path_that_is_a_file(winit: Callable, spec: Callable, place: str):
    spec()
    Path("out").write_text("precious")
    run = winit("histogram", "-c", "tiny.yaml", "-o", place)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("out")
    assert "cannot be written: " in line
    assert Path("out").read_text() == "precious"


def test_result_folder_that_is_a_file(winit: Callable, spec: Callable):
    spec()
    Path("out").mkdir()
    Path("out/tiny").write_text("precious")
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(str(Path("out/tiny")))
    assert Path("out/tiny").read_text() == "precious"


def test_statistics_that_are_a_folder(winit: Callable, spec: Callable, files: Callable):
    spec()
    Path("out/tiny/stats.json/full").mkdir(parents=True)
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot")
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(str(Path("out/tiny/stats.json")))
    assert files(Path("out")) == []


def test_output_folder_may_be_a_link(winit: Callable, spec: Callable, tmp_path: Path):
    spec()
    (tmp_path / "real").mkdir()
    link(Path("out"), tmp_path / "real")
    assert winit("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot").code == 0
    assert (tmp_path / "real" / "tiny" / "stats.json").is_file()


@pytest.mark.parametrize("absolute", [True, False])
def test_link_below_it_that_leads_out_is_refused(
    winit: Callable, spec: Callable, files: Callable, absolute: bool
):
    spec()
    away = Path("away")
    away.mkdir()
    link(Path("out/tiny"), away.resolve() if absolute else Path("../away"))
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out")
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith(str(Path("out/tiny")))
    assert "link" in line
    assert files(away) == []


def test_linked_file_that_leads_out_is_refused(winit: Callable, spec: Callable):
    spec()
    precious = Path("precious")
    precious.write_text("precious")
    link(Path("out/tiny/stats.json"), precious.resolve())
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot")
    assert (run.code, run.out) == (2, "")
    assert "link" in run.err
    assert precious.read_text() == "precious"
    assert Path("out/tiny/stats.json").is_symlink()


def test_link_to_nowhere_outside_is_refused_and_nothing_made(winit: Callable, spec: Callable):
    spec()
    link(Path("out/tiny"), Path("../nowhere"))
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out")
    assert run.code == 2
    assert len(run.err.splitlines()) == 1
    assert not Path("nowhere").exists()


def test_link_that_stays_inside_is_fine(winit: Callable, spec: Callable):
    spec()
    Path("out/elsewhere").mkdir(parents=True)
    link(Path("out/tiny"), "elsewhere")
    assert winit("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot").code == 0
    assert Path("out/elsewhere/stats.json").is_file()


def test_loop_of_links(winit: Callable, spec: Callable):
    spec()
    link(Path("out/tiny"), "tiny")
    run = winit("histogram", "-c", "tiny.yaml", "-o", "out", "--no-plot")
    assert (run.code, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("folder", ["../evil", "a/../../evil"])
def test_write_files_refuses_a_folder_outside(folder: str):
    with pytest.raises(WinitError):
        write_files(Path("out"), folder, {"a.txt": b"a"})
    assert not Path("evil/a.txt").exists()
