"""What is no ordinary file, or larger than any: nothing waits for it, nothing reads it whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

posix = pytest.mark.skipif(os.name != "posix", reason="needs FIFOs and devices")


@pytest.fixture
def saved(spec: Callable, winit: Callable) -> Path:
    """A saved result."""
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot", "-q", "-o", "o").code == 0
    return Path("o/tiny")


@posix
@pytest.mark.parametrize(
    "command",
    ["show f", "plot f", "check f", "diff f o", "diff o f", "validate f", "validate ./f",
     "histogram -c ./f", "batch ./f -j 1", "check o --against f", "new x.yaml --like ./f"],
)  # fmt: skip
def test_fifo(saved: Path, winit: Callable, command: str):
    os.mkfifo("f")
    done = winit(*command.split())
    assert done.code == 2
    assert any(line.startswith(("f: ", "./f:")) for line in done.err.splitlines())
    assert not Path("x.yaml").exists()


@posix
def test_fifo_in_a_results_place(saved: Path, winit: Callable, spec: Callable):
    for name in ("stats.json", "histogram.png", "depth.svg"):
        (saved / name).unlink(missing_ok=True)
        os.mkfifo(saved / name)
    assert winit("check", "o").err == "o/tiny/stats.json: not a file\n"
    assert "to run" in winit("batch", "tiny.yaml", "-o", "o", "--dry-run").out
    assert winit("histogram", "-c", "tiny.yaml", "-o", "o", "-q").code == 0
    assert sorted(path.name for path in saved.iterdir() if path.is_file()) == [
        "depth.png",
        "histogram.png",
        "stats.json",
    ]
    assert not (saved / "depth.svg").exists()


@posix
def test_endless_device(winit: Callable):
    assert winit("show", "/dev/zero").err == "/dev/zero: not a file\n"
    assert winit("check", "/dev/zero").code == 2
    assert "larger than 1 MiB" in winit("validate", "/dev/zero").err


def test_huge_spec_that_begins_like_a_result(winit: Callable):
    with Path("big.yaml").open("wb") as file:
        file.write(b"{")
        file.truncate(6 << 30)
    done = winit("validate", "big.yaml")
    assert done.err == "big.yaml: larger than 1 MiB; a spec is a few lines of YAML\n"


@posix
def test_spec_from_a_pipe_is_read(spec: Callable, environ: Callable):
    """As `winit validate <(...)` gives it: it has a writer, who is waited for."""
    text = spec().read_bytes()
    command = [sys.executable, "-m", "weightinit_cli", "validate", "/dev/stdin"]
    done = subprocess.run(
        command, input=text, capture_output=True, env=environ(), timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"/dev/stdin: ok, 1 run\n")


# --junit, and the file of a page


@posix
@pytest.mark.parametrize(
    ("command", "begin"),
    [("check o --junit", b"<?xml"), ("report o -o", b"<!DOCTYPE html>")],
)
def test_to_a_pipe_and_to_a_device(saved: Path, winit: Callable, command: str, begin: bytes):
    os.mkfifo("f")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("f").read_bytes()), daemon=True)
    reader.start()
    assert winit(*command.split(), "f").code == 0
    reader.join(60)
    assert read[0].lstrip().startswith(begin)
    assert Path("f").is_fifo()
    assert winit(*command.split(), "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()
    if Path("/dev/full").exists():
        done = winit(*command.split(), "/dev/full")
        assert Path("/dev/full").is_char_device()
        assert (done.code, done.err) == (
            2,
            "/dev/full: cannot be written: No space left on device\n",
        )


@posix
@pytest.mark.parametrize("redirected", [True, False])
def test_junit_to_stdout(saved: Path, process: Callable, redirected: bool):
    if redirected:
        with Path("out.txt").open("wb") as stdout:
            assert process("check", "o", "--junit", "/dev/stdout", stdout=stdout).code == 0
        text = Path("out.txt").read_text()
    else:
        text = process("check", "o", "--junit", "/dev/stdout").out
    assert text.startswith("exact: 1 run, none differs\n<?xml ")
    assert text.endswith("</testsuites>\n")
    assert Path("/dev/stdout").is_symlink()


# names and places


LONG = "n" * 300


@pytest.mark.parametrize(
    "command",
    [f"show {LONG}", f"plot {LONG}", f"plot o/tiny -o {LONG}", f"check {LONG}",
     f"check o --junit {LONG}", f"check tiny.yaml --against {LONG}", f"diff {LONG} o",
     f"diff o {LONG}", f"new {LONG}", f"validate ./{LONG}",
     f"histogram -c tiny.yaml -o {LONG}", f"phase -a tanh -o {LONG}"],
)  # fmt: skip
def test_name_longer_than_any(saved: Path, winit: Callable, command: str):
    done = winit(*command.split())
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith((LONG, f"./{LONG}"))


@pytest.mark.parametrize("length", [250, 255])
def test_name_as_long_as_can_be(saved: Path, winit: Callable, length: int):
    name = "n" * length
    assert winit("check", "o", "--junit", name).code == 0
    assert Path(name).is_file()


@posix
def test_tree_deeper_than_any_path(saved: Path, winit: Callable, here: Path):
    inner = os.open("o", os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 200, dir_fd=inner)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = below
    os.close(inner)
    done = winit("check", "o")
    assert done.code == 2
    assert done.err.endswith(": File name too long\n")
    assert done.out == "exact: 1 run, none differs\ncould not be checked: 1 run\n"


def test_deep_tree_within_the_limit(saved: Path, winit: Callable):
    """Deeper than Python's stack, in names of one letter."""
    folders = [saved / "d"]
    for _ in range(1200):
        folders.append(folders[-1] / "d")
    for folder in folders:
        folder.mkdir()
    try:
        assert winit("check", "o").out == "exact: 1 run, none differs\n"
    finally:  # pytest itself could not
        for folder in reversed(folders):
            folder.rmdir()


@posix
@pytest.mark.parametrize(
    "command",
    ["show x", "plot x", "check x", "check .", "check ../o", "diff . ../o", "new x",
     "validate x", "histogram -c sigmoid_xavier --no-plot", "phase -a tanh"],
)  # fmt: skip
def test_current_folder_that_is_gone(
    saved: Path, winit: Callable, monkeypatch: pytest.MonkeyPatch, command: str
):
    Path("gone").mkdir()
    monkeypatch.chdir("gone")
    Path("../gone").rmdir()
    done = winit(*command.split())
    assert (done.code, len(done.err.splitlines())) == (2, 1)


# values nested deeper than any


@pytest.mark.parametrize("depth", [25, 492, 900, 980])
@pytest.mark.parametrize("place", ["environment", "spec.activation", "spec.surplus", "name"])
def test_nested_values(saved: Path, winit: Callable, place: str, depth: int):
    nested = '{"a": [' * (depth // 2) + "]}" * (depth // 2)
    tree = json.loads((saved / "stats.json").read_text())
    *above, last = place.split(".")
    holder = tree[above[0]] if above else tree
    holder[last] = "MARK"
    (saved / "stats.json").write_text(json.dumps(tree).replace('"MARK"', nested))
    for command in ("show o/tiny", "check o", "diff o o", "plot o/tiny"):
        done = winit(*command.split())
        assert done.code == 2
        assert done.err.startswith("o/tiny/stats.json: ")
        assert len(done.err) < 200
