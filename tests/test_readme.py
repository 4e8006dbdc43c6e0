"""What the README says is what winit does, and the citation names its version."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from weightinit_cli import __version__
from weightinit_cli.cli import COMMANDS, main
from weightinit_cli.results.kinds import RESULT_KINDS
from weightinit_cli.results.store import COMPARISON
from weightinit_cli.spec import load_spec, parse_spec, shipped_configs
from weightinit_cli.spec.kinds import GRID, TABLES

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def indented(first: str) -> list[str]:
    """The lines of the indented block that begins with `first`."""
    lines = TEXT.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(f"    {first}"))
    end = next(k for k in range(start, len(lines)) if not lines[k].startswith("    "))
    return [line[4:] for line in lines[start:end]]


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_table_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    main(["histogram", "--config", "sigmoid_xavier.yaml", "--no-plot"])
    *printed, _ = capsys.readouterr().out.splitlines()
    assert indented("sigmoid_xavier: ") == printed


def test_the_start_that_is_found_is_the_one_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    shown = indented("$ winit fix")[1:]
    assert main(["fix", "--config", "sigmoid_xavier"]) in (None, 0)
    printed = capsys.readouterr().out.splitlines()
    assert printed[: len(shown)] == shown
    assert f"    {printed[-1]}" in TEXT.splitlines()


def test_the_spec_runs_and_names_every_key():
    dense, blocks, convolution = fenced("yaml")
    keys = set()
    for block in (dense, blocks, convolution):
        parse_spec(block, source="README.md", stem="readme")
        keys.update(re.findall(r"^(\w+):", block, re.MULTILINE))
    assert keys == {field.name for field in (*TABLES["histogram"], *GRID)} - {"name", "experiment"}
    alone = parse_spec(
        "kernel: 3\nactivation: relu\ninitializer: he_normal\n", source="x", stem="readme"
    )
    assert parse_spec(convolution, source="README.md", stem="readme") == alone


def test_the_errors_are_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    shown = indented("$ cat typo.yaml")
    split = shown.index("$ winit validate typo.yaml")
    Path("typo.yaml").write_text("\n".join(shown[1:split]) + "\n", encoding="utf-8")
    assert main(["validate", "typo.yaml"]) == 2
    assert capsys.readouterr().err.splitlines() == shown[split + 1 :]


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (block,) = [each for each in fenced("python") if "load_result" in each]
    if find_spec("pandas") is None:
        block = block.replace("frame = result.to_frame()", "")
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102
    *_, last = block.strip().splitlines()
    assert eval(last, names) is True  # noqa: S307
    assert main(["show", "outputs/tanh"]) == 0


def test_every_command_and_config_is_there():
    for command in COMMANDS:
        assert f"winit {command}" in TEXT
    for config in shipped_configs():
        assert f"`{config.stem}`" in TEXT
        spec = load_spec(config.stem)
        first = RESULT_KINDS[spec.experiment].pictures[0] if spec.runs is None else COMPARISON
        picture = f"{config.stem}/{first}.png"
        assert (ROOT / "outputs/reference" / picture).is_file()
        assert f"(outputs/reference/{picture})" in TEXT


def test_the_commands_shown_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A few steps stand for all of them, which the reference results hold."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine.yaml"]) == 0
    (block,) = re.findall(r"^```\n(winit .*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.strip().splitlines():
        words = line.partition("#")[0].partition("|")[0].partition(">")[0].split()
        assert words[0] == "winit"
        few = ["--set", "steps=5"] if words[1] in ("symmetry", "train") else []
        assert main([*words[1:], *few]) == 0, line


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
