"""Pages of docs/ that lead from a file to a result: every file written, every command run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.cli import main
from weightinit_cli.initializers import INITIALIZERS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
FILE = re.compile(r"`(?P<name>[\w./]+\.(py|yaml))`.*:$")


def blocks(page: str) -> list[tuple[str, str, str]]:
    """The kind of each block of a page, the file that it is of, and its text."""
    found = []
    for match in BLOCK.finditer((DOCS / page).read_text("utf-8")):
        file = FILE.search(match["before"])
        found.append((match["kind"], file["name"] if file else "", match["text"]))
    return found


def steps(console: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block, and the lines that it is said to print."""
    for part in console.removeprefix("$ ").split("\n$ "):
        command, *printed = part.splitlines()
        yield command, printed


@pytest.mark.parametrize("page", ["initializers.md", "activations.md"])
def test_the_page_can_be_walked(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    commands = []
    for _, file, text in blocks(page):
        if file:
            path = tmp_path / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    for kind, _, text in blocks(page):
        for command, printed in steps(text) if kind == "console" else ():
            commands.append(command)
            if command.startswith("winit "):
                assert (command, main(shlex.split(command)[1:])) == (command, 0)
                out = capsys.readouterr().out
                assert [line for line in printed if line not in out.splitlines()] == []
            else:
                _, *arguments = shlex.split(command)
                done = subprocess.run(
                    [sys.executable, *arguments], check=False, capture_output=True
                )
                assert (command, done.returncode, done.stderr) == (command, 0, b"")
    assert commands


def test_the_workflow_runs_what_the_page_does():
    texts = [text for _, _, text in blocks("initializers.md")]
    (workflow,) = (text for text in texts if text.startswith("name: initializers"))
    (job,) = yaml.safe_load(workflow)["jobs"].values()
    runs = [step["run"] for step in job["steps"] if "run" in step]
    said = [command for text in texts for command, _ in steps(text)]
    assert runs[1].removesuffix(" --format github") in said
    assert runs[2] in said


def test_the_entry_points_are_of_the_tables_groups():
    (text,) = (text for kind, _, text in blocks("initializers.md") if kind == "toml")
    assert list(tomllib.loads(text)["project"]["entry-points"]) == [INITIALIZERS.group]
    assert ACTIVATIONS.group in (DOCS / "activations.md").read_text("utf-8")
