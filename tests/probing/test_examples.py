"""The mistakes of `examples/mistakes` and their sound twins, probed by their own commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import weightinit_cli as winit

pytest.importorskip("torch")

FOLDER = Path(__file__).parents[2] / "examples" / "mistakes"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def command(text):
    """The words of the command that stands in a text: winit probe TARGET --input X --loss Y."""
    found = re.search(r"winit probe (?:\\\n|.)*", text)
    assert found
    return shlex.split(found[0].replace("\\\n", " "))


@pytest.fixture(scope="module")
def probed():
    """A probe of a file's builder by the file's command, each made once."""
    made = {}

    def one(name, builder):
        if (name, builder) not in made:
            words = command(FILES[name].read_text())
            target = f"{FILES[name]}:{builder}"
            loss = words[words.index("--loss") + 1]
            batch = words[words.index("--input") + 1]
            made[name, builder] = winit.probe(target, batch, loss=loss)
        return made[name, builder]

    return one


@pytest.mark.parametrize("name", FILES)
def test_the_table_has_the_files_own_command(name):
    target, *options = command(FILES[name].read_text())[2:]
    assert target == f"examples/mistakes/{name}.py:mistaken"
    row = next(
        line for line in (FOLDER / "README.md").read_text().split("\n") if f"]({name}." in line
    )
    assert options == shlex.split(re.findall(r"`(--input .+?)`", row)[0])


@pytest.mark.parametrize("name", FILES)
def test_mistake_and_twin_are_one_model(name, probed):
    mistaken, sound = (probed(name, builder) for builder in ("mistaken", "sound"))
    shapes = [[(each.name, each.shape) for each in one.parameters] for one in (mistaken, sound)]
    assert shapes[0] == shapes[1]
    loss = sound.loss
    assert loss.indifferent is None or loss.value < loss.indifferent + 0.5
