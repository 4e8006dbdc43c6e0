"""Every command in odd surroundings: failing streams, odd folders and names, Python switches."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest import CaptureFixture, MonkeyPatch  # noqa: PT013

PROBES = [
    ("probe", "model.py:build", "--input", "4,3"),
    ("probe", "model.py:build", "--input", "4,3", "--json"),
]
EVERY = [
    ("histogram", "-c", "tiny.yaml", "--no-plot"),
    ("histogram", "-c", "two.yaml", "--no-plot", "--json"),
    ("symmetry", "-c", "xor.yaml", "--no-plot"),
    ("train", "-c", "fit.yaml", "--no-plot"),
    ("batch", "tiny.yaml", "-j", "1", "--no-plot"),
    ("batch", "tiny.yaml", "--dry-run"),
    ("theory", "-c", "tiny.yaml"),
    ("phase", "-a", "relu", "--format", "svg"),
    ("fix", "-c", "tiny.yaml"),
    ("fix", "-c", "tiny.yaml", "--write", "mended.yaml", "--code", "torch"),
    ("check", "outputs"),
    ("check", "outputs", "--format", "json"),
    ("diff", "outputs", "outputs"),
    ("conform", "init.py:init", "--like", "zeros"),
    ("conform", "init.py:init", "--like", "zeros", "--json"),
    ("validate", "tiny.yaml"),
    ("schema",),
    ("list", "initializers"),
    ("list", "activations"),
    ("list", "configs"),
    ("explain",),
    ("explain", "saturated"),
    ("explain", "gelu"),
    ("new", "made.yaml"),
    ("completion", "fish"),
    ("show", "outputs/saved"),
    ("plot", "outputs/saved", "--format", "svg"),
    ("report", "outputs", "-o", "page.html", "-j", "1"),
    ("--help",),
    ("histogram", "--help"),
    ("--version",),
]
needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="needs torch")
every = pytest.mark.parametrize(
    "arguments",
    [*EVERY, *(pytest.param(each, marks=needs_torch) for each in PROBES)],
    ids=" ".join,
)
XOR = """\
experiment: symmetry
data: xor
activation: tanh
initializer: xavier_normal
width: [3]
steps: 5
learning_rate: 0.1
"""
FIT = """\
experiment: training
activation: relu
initializer: kaiming_normal
width: [4]
batch: 8
steps: 3
"""
INIT = """\
import numpy

def init(rng, shape):
    return numpy.zeros(shape)
"""
MODEL = """\
import torch

def build():
    return torch.nn.Linear(3, 2)
"""


@pytest.fixture
def filled(spec: Callable, winit: Callable) -> None:
    """A spec of every kind, and a saved result."""
    spec()
    spec("two.yaml", "variants: {a: {}, b: {width: 7}}\n")
    Path("xor.yaml").write_text(XOR, encoding="utf-8")
    Path("fit.yaml").write_text(FIT, encoding="utf-8")
    Path("init.py").write_text(INIT, encoding="utf-8")
    Path("model.py").write_text(MODEL, encoding="utf-8")
    Path("saved.yaml").write_bytes(Path("tiny.yaml").read_bytes())
    assert winit("histogram", "-q", "-c", "saved.yaml", "--no-plot").code == 0


def test_every_command_is_among_them():
    assert set(COMMANDS) <= {arguments[0] for arguments in (*EVERY, *PROBES)}


class Full(io.StringIO):
    """A stream on a disk without space."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("filled")
@every
def test_stdout_without_space(
    monkeypatch: MonkeyPatch, capsys: CaptureFixture, arguments: tuple[str, ...]
):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Full())
        code = main(arguments)
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "stdout: cannot be written: No space left on device"


@pytest.mark.usefixtures("filled")
@every
def test_no_streams_at_all(monkeypatch: MonkeyPatch, arguments: tuple[str, ...]):
    with monkeypatch.context() as patch:
        for name in ("stdin", "stdout", "stderr"):
            patch.setattr(sys, name, None)
        code = main(arguments)
    assert code == 0


@pytest.mark.usefixtures("filled")
@every
def test_stderr_without_space_changes_nothing(
    monkeypatch: MonkeyPatch, capsys: CaptureFixture, arguments: tuple[str, ...]
):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Full())
        code = main(arguments)
    assert code == 0
    assert capsys.readouterr().out


# folders and names


@pytest.fixture
def odd(here: Path, monkeypatch: MonkeyPatch) -> str:
    """A current folder whose name isn't UTF-8; give such a name for files, with a line in it."""
    try:
        folder = here / os.fsdecode(b"caf\xe9")
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names only")
    monkeypatch.chdir(folder)
    return os.fsdecode(b"o\xe9\n")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file names")
def test_names_that_are_no_text(winit: Callable, spec: Callable, odd: str):
    path = spec().rename(f"{odd}.yaml")
    more = Path(f"two{odd}.yaml")
    more.write_text(path.read_text() + "variants: {a: {}, b: {width: 7}}\n")
    out = Path(f"out{odd}")
    for arguments in (
        ("validate", path, more),
        ("theory", "-c", path),
        ("histogram", "-c", path, "-c", more, "-o", out, "--format", "svg"),
        ("batch", ".", "-o", out, "-j", 1, "--no-plot"),
        ("new", f"made{odd}.yaml"),
        ("show", out / "o"),
        ("plot", out / "o", "-o", f"pictures{odd}"),
    ):
        run = winit(*arguments)
        assert (run.code, run.err) == (0, "")
        assert run.out.isprintable() or run.out.replace("\n", "").isprintable()
    (out / "o").rename(out / odd)
    stats = out / odd / "stats.json"
    tree = json.loads(stats.read_text())
    tree["layers"][0]["mean"] += 1
    stats.write_text(json.dumps(tree))
    report = Path(f"junit{odd}.xml")
    run = winit("check", out, "--junit", report)
    assert (run.code, run.err) == (1, "")
    assert run.out.startswith(r"o\udce9\n: exact: 1 of ")
    assert {case.get("name") for case in ET.parse(report).iter("testcase")} >= {r"o\udce9\n"}  # noqa: S314
    lines = winit("check", out, "--format", "json").out.splitlines()
    assert {json.loads(line)["run"] for line in lines} >= {odd}
    assert winit("check", out, "--format", "github", "-q").out.count("\n::error file=") == 1
    assert json.loads((out / "index.json").read_bytes())


# Python's switches


def test_without_docstrings_a_list_says_so(process: Callable):
    run = process("list", "initializers", env={"PYTHONOPTIMIZE": "2"})
    assert run.code == 0
    assert run.out.startswith("initializer ")
    assert "without docstrings" in run.err


@pytest.mark.usefixtures("filled")
def test_strict_python_says_nothing_more(process: Callable):
    env = {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1", "COLUMNS": "abc", "LINES": "0"}
    run = process("histogram", "-c", "two.yaml", env=env)
    assert (run.code, run.err) == (0, "")


# numbers that are none


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "outputs", "--alpha", "nan"),
        ("diff", "outputs", "outputs", "--alpha", "nan"),
        ("phase", "-a", "tanh", "--width", "1" * 400),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_numbers_out_of_any_range(winit: Callable, arguments: tuple[str, ...]):
    run = winit(*arguments)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert "Invalid value for '--" in line
