"""Every command's help ends with examples, and these are run."""

from __future__ import annotations

import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from weightinit_cli.cli import COMMANDS, winit

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = """\
samples: 40
width: 8
layers: 2
activation: tanh
initializer: xavier_normal
"""
INIT = """\
import numpy

def mine(rng, shape):
    return numpy.zeros(shape)
"""
PLUGIN = """\
import numpy
import weightinit_cli

@weightinit_cli.activation("bent", derivative=lambda x: 1 + x / (2 * numpy.sqrt(x * x + 1)))
def bent(x):
    return x + (numpy.sqrt(x * x + 1) - 1) / 2
"""
# What of them takes long, and is parsed alone.
LONG = ("winit train -c digits_compare", "winit symmetry -c zeros_deep")


def examples(command: str) -> list[str]:
    """The lines below "Examples:" at the end of a command's help."""
    context = click.Context(winit, info_name="winit")
    found = winit if command == "winit" else winit.get_command(context, command)
    assert found is not None
    assert found.epilog is not None
    head, *lines = found.epilog.removeprefix("\b\n").rstrip().splitlines()
    assert head == "Examples:"
    return [line.strip() for line in lines]


def words_of(line: str) -> list[str]:
    """The arguments of a command line, without where its output goes."""
    program, *words = shlex.split(line.partition(" > ")[0])
    assert program == "winit"
    return words


EVERY = {command: examples(command) for command in COMMANDS if command != "completion"}
LINES = [line for lines in EVERY.values() for line in lines]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_few_at_the_end_of_every_help(winit: Callable, command: str):
    found = examples(command)
    assert 1 <= len(found) <= 3
    shown = winit(command, "--help").out
    assert shown.endswith("\n".join(["Examples:", *(f"    {line}" for line in found)]) + "\n")
    assert max(map(len, shown.splitlines())) <= 88
    assert all(f"winit {command}" in line for line in found)


def test_those_of_winit_itself():
    assert [words_of(line)[0] for line in examples("winit")] == ["histogram", "new", "list"]


@pytest.mark.parametrize("line", [*LINES, *examples("winit")])
def test_arguments_are_those_that_there_are(line: str):
    Path("mine.py").write_text(PLUGIN)
    name, *words = words_of(line)
    context = click.Context(winit, info_name="winit")
    command = winit.get_command(context, name)
    assert command is not None
    command.make_context(name, words, parent=context)


@pytest.mark.parametrize("command", EVERY)
def test_they_run(winit: Callable, command: str):
    for folder in ("specs", "mine"):
        Path(folder).mkdir()
    for file in ("mine.yaml", "specs/mine.yaml"):
        Path(file).write_text(TINY)
    Path("init.py").write_text(INIT)
    Path("mine.py").write_text(PLUGIN)
    if command in ("check", "diff", "show", "plot", "report"):
        assert winit("histogram", "-q", "-c", "mine.yaml", "--no-plot").code == 0
        shutil.copytree("outputs", "old")
    if command == "new":
        Path("mine.yaml").unlink()
    for line in EVERY[command]:
        if line in LONG or command == "probe" or (command == "train" and not find_spec("sklearn")):
            continue
        run = winit(*words_of(line))
        expected = 1 if command == "conform" or ("--fail-on warning" in line and run.code) else 0
        assert (line, run.code) == (line, expected), run.err
