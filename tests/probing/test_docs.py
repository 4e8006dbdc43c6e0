"""docs/probe.md, and the README of a model of one's own: what they show, run as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from weightinit_cli.cli import main
from weightinit_cli.verdicts import DEFINITIONS

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "probe.md").read_text("utf-8")
MODEL, PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands():
    """Each command of the page, and what it is said to print, in pieces that stand together."""
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        for part in block.removeprefix("$ ").split("\n$ "):
            command, _, printed = part.partition("\n")
            yield command, [words(piece) for piece in printed.split("...\n")]


def words(text):
    """A text whose lines may be broken anywhere."""
    return " ".join(text.split())


def test_the_page_can_be_walked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mymodel.py").write_text(MODEL, "utf-8")
    for command, printed in commands():
        code = main(shlex.split(command)[1:]) or 0
        out = words(capsys.readouterr().out)
        for piece in printed:
            assert piece in out, command
        assert code == (", one differs" in out), command


def test_what_the_readme_shows_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mymodel.py").write_text(MODEL, "utf-8")
    text = (ROOT / "README.md").read_text("utf-8")
    (command,) = re.findall(r"^    pip install .* && winit (probe .*)$", text, re.MULTILINE)
    shown = text[text.index("    mymodel.build: ") :].partition("\n\n")[0]
    assert main(shlex.split(command)) in (None, 0)
    assert words(capsys.readouterr().out) == words(shown)


def test_the_python_runs():
    names: dict[str, object] = {}
    exec(PYTHON, names)  # noqa: S102
    assert names["result"].values  # type: ignore[attr-defined]


def test_every_mistake_and_every_verdict_of_models_is_there():
    for file in (ROOT / "examples" / "mistakes").glob("*.py"):
        row = next(
            line
            for line in (file.parent / "README.md").read_text("utf-8").splitlines()
            if line.startswith(f"| [{file.name}]")
        )
        _, _, wrong, _, said, *_ = (cell.strip() for cell in row.split("|"))
        verdict = re.match(r"`\w+`", said)[0]
        assert f"| {wrong} | {verdict}" in TEXT
    for name, definition in DEFINITIONS.items():
        if definition.find is None:
            assert f"`{name}`" in TEXT


def test_what_it_says_of_comparisons_is_so():
    from weightinit_cli.guard.probe_draws import FEWEST_ENTRIES
    from weightinit_cli.guard.probe_rounding import FACTOR, MOST
    from weightinit_cli.guard.statistical import FEWEST_NETWORKS

    assert (FACTOR, MOST, FEWEST_ENTRIES, FEWEST_NETWORKS) == (32, 0.1, 100, 10)
    assert "32 times" in TEXT
    assert "at least 100 entries" in TEXT
    assert "10 `--repeats`" in TEXT
