"""Nothing is imported from the current folder, which may hold anybody's files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import weightinit_cli
from weightinit_cli.cli import COMMANDS
from weightinit_cli.imports import search_path

if TYPE_CHECKING:
    from collections.abc import Callable

# Ours, those of others that some command needs, and some of the standard library.
PLANTED = (
    "numpy", "matplotlib", "scipy", "yaml", "click", "psutil", "threadpoolctl", "PIL", "signal",
    "socket", "selectors", "subprocess", "json", "typing", "tempfile", "secrets", "ctypes",
    "multiprocessing", "pickle", "csv",
)  # fmt: skip
MARK = "with open({!r}, 'w'):\n    pass\nraise ImportError('from the current folder')\n"

EVERY_COMMAND = [
    ("histogram", "-c", "tiny.yaml"),
    ("symmetry", "-c", "symmetry.yaml", "--no-plot"),
    ("train", "-c", "train.yaml", "--no-plot"),
    ("probe", "model.py:build", "--input", "4,3"),
    ("fix", "-c", "tiny.yaml", "-q", "--write", "mended"),
    ("batch", "tiny.yaml", "symmetry.yaml", "-j", "2", "-o", "two"),
    ("theory", "-c", "tiny.yaml"),
    ("phase", "--activation", "tanh"),
    ("check", "outputs"),
    ("diff", "outputs", "outputs"),
    ("conform", "init.py:init", "--like", "{name: normal, std: 1}"),
    ("validate", "tiny.yaml"),
    ("schema",),
    ("list", "configs"),
    ("explain", "collapsed"),
    ("new", "new.yaml"),
    ("completion", "zsh"),
    ("show", "outputs/tiny"),
    ("plot", "outputs/tiny"),
    ("report", "outputs", "-o", "page.html"),
]
INIT = """\
import numpy, scipy, json

def init(rng, shape):
    return rng.standard_normal(shape)
"""
MODEL = """\
import torch, json

def build():
    return torch.nn.Linear(3, 2)
"""
# A script that stands elsewhere, as the installed one does.
ALL = """
import json, os, sys
from weightinit_cli.__main__ import main
for arguments in json.loads(os.environ["COMMANDS"]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as done:
        assert done.code == 0, arguments
"""


@pytest.fixture
def planted(here: Path, spec: Callable) -> Path:
    """A current folder with modules that leave a mark when they are imported."""
    spec()
    spec("symmetry.yaml")
    text = "activation: tanh\ninitializer: xavier_normal\nwidth: 4\nsteps: 2\n"
    Path("symmetry.yaml").write_text(f"experiment: symmetry\nsamples: 9\n{text}")
    Path("train.yaml").write_text(f"experiment: training\ndata: digits\n{text}")
    Path("init.py").write_text(INIT)
    Path("model.py").write_text(MODEL)
    for name in PLANTED:
        Path(f"{name}.py").write_text(MARK.format(f"{name}.imported"))
    return here


def plant_ours() -> None:
    """Another package of our name, as in somebody's checkout."""
    Path("weightinit_cli").mkdir()
    Path("weightinit_cli/__init__.py").write_text(MARK.format("ours.imported"))


def python(*arguments: str, **more: str) -> subprocess.CompletedProcess:
    place = str(Path(weightinit_cli.__file__).parent.parent)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**environment, "PYTHONPATH": place, **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_command(planted: Path, tmp_path: Path):
    pytest.importorskip("sklearn")
    plant_ours()
    assert [line[0] for line in EVERY_COMMAND] == list(COMMANDS)
    script = tmp_path / "script.py"
    script.write_text(ALL)
    lines = [line for line in EVERY_COMMAND if line[0] != "probe" or find_spec("torch")]
    done = python(str(script), COMMANDS=json.dumps(lines))
    assert (done.returncode, done.stderr) == (0, "")
    assert list(planted.glob("*.imported")) == []


def test_as_a_module(planted: Path):
    """Python itself looks for what it runs in the current folder; nothing else is found there."""
    done = python("-m", "weightinit_cli", "batch", "tiny.yaml", "-j", "2", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(planted.glob("*.imported")) == []


def test_search_path(here: Path, monkeypatch: pytest.MonkeyPatch):
    """However the folder is named; what installed packages have put there stays."""
    library = str(Path(os.__file__).parent)
    elsewhere = str(here.parent)
    Path("link").symlink_to(here)
    path = ["", ".", str(here), str(here / "link"), elsewhere, "nowhere", library, str(here)]
    monkeypatch.setattr(sys, "path", path)
    assert search_path() == [elsewhere, "nowhere", library, str(here)]
