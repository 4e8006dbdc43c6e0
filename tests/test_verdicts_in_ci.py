"""docs/verdicts.md: what it says of verdicts in CI, run as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from weightinit_cli.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
TEXT = (ROOT / "docs" / "verdicts.md").read_text("utf-8")


def block(beginning: str) -> str:
    """The code block that begins so."""
    blocks = re.findall(r"```\w+\n(.*?)```", TEXT, re.DOTALL)
    (found,) = (each for each in blocks if each.startswith(beginning))
    return found


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository of the page, where `ours` starts well."""
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    shutil.copy(CONFIGS / "relu_he.yaml", "specs/ours.yaml")


def test_the_workflow(capsys: pytest.CaptureFixture[str]):
    (job,) = yaml.safe_load(block("name: starts"))["jobs"].values()
    _, batch, pytest_ = (shlex.split(step["run"]) for step in job["steps"] if "run" in step)
    assert pytest_ == ["pytest", "tests/test_starts.py"]
    assert "`tests/test_starts.py`:" in TEXT
    assert batch[0] == "winit"
    assert main([*batch[1:], "-j", "1"]) == 0
    assert Path("winit.xml").is_file()
    shutil.copy(CONFIGS / "sigmoid_xavier.yaml", "specs")
    capsys.readouterr()
    assert main([*batch[1:], "-j", "1"]) == 1
    out, err = capsys.readouterr()
    assert "::error file=specs/sigmoid_xavier.yaml,line=3," in out
    for line in err.splitlines():
        assert f"    {line}\n" in TEXT
    assert main(["show", "outputs/sigmoid_xavier", "--fail-on", "severe"]) == 0
    assert main(["fix", "-c", "specs/sigmoid_xavier.yaml", "-q", "--fail-on", "warning"]) == 1


def test_the_test_of_python():
    names: dict[str, Callable[[], None]] = {}
    exec(block("from weightinit_cli.testing"), names)  # noqa: S102
    tests = [test for name, test in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()
    shutil.copy(CONFIGS / "sigmoid_xavier.yaml", "specs/ours.yaml")
    with pytest.raises(AssertionError, match="ours:\n  warning: inputs_indistinguishable"):
        tests[0]()
