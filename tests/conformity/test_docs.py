"""docs/conform.md: what it shows, run as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.defects import DEFECTS
from weightinit_cli import conform
from weightinit_cli.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "conform.md").read_text("utf-8")
FUNCTION, TEST = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
CONSOLE, PEERS = re.findall(r"^```console\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


SPARSE = {"name": "sparse", "sparsity": 0.9}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    Path("init.py").write_text(FUNCTION, "utf-8")


def test_the_table_is_what_is_printed(capsys: pytest.CaptureFixture[str]):
    command, *shown = CONSOLE.splitlines()
    assert main(command.split()[2:]) == 1
    assert capsys.readouterr().out.splitlines() == shown


def test_the_mended_function_passes_its_test(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "init", raising=False)
    Path("init.py").write_text(FUNCTION.replace("shape[0]", "np.prod(shape[:-1])"), "utf-8")
    names: dict = {}
    exec(TEST, names)  # noqa: S102
    names["test_my_normal_is_he_normal"]()
    monkeypatch.delitem(sys.modules, "init")


def test_every_defect_of_the_tests_is_there():
    for defect, _, words in DEFECTS:
        assert words in TEXT, defect


def test_what_it_says_is_asked_is_asked():
    table = TEXT[TEXT.index("## What is asked") : TEXT.index("## What it catches")]
    for name, like in (("he", "he_normal"), ("orthogonal", "orthogonal"), ("sparse", SPARSE)):
        for row in conform(f"support.defects:{name}", like, only="matrices").rows:
            assert row.question in table
