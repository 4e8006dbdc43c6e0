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
# The verdict that names the mistake, and the module that it names.
FOUND = {
    "01_scaled_projections": ("growing_stream", "blocks.0"),
    "02_tied_embedding": ("confident_at_start", "head"),
    "03_copied_layers": ("layers_identical", "encoder.layers.1"),
    "04_std_one": ("scheme_unfit", "0"),
    "05_all_zeros": ("units_identical", "0"),
    "06_deep_defaults": ("scheme_unfit", "0"),
    "07_transposed_fans": ("fans_swapped", "1"),
    "08_sigmoid_xavier": ("inputs_indistinguishable", "9.sigmoid"),
    "09_unused_branch": ("no_gradient", "0.shortcut"),
    "10_nan_parameter": ("nonfinite_parameter", "time"),
    "11_one_hot_attention": ("attention_one_hot", "blocks.0"),
    "12_wide_last_layer": ("confident_at_start", "5"),
}
# Networks with these train, if not as well.
NOTES = {"01_scaled_projections", "07_transposed_fans"}


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


def test_every_file_has_its_mistake():
    assert list(FILES) == list(FOUND)


@pytest.mark.parametrize("name", FILES)
def test_the_table_says_what_the_file_says(name):
    target, *options = command(FILES[name].read_text())[2:]
    assert target == f"examples/mistakes/{name}.py:mistaken"
    lines = (FOLDER / "README.md").read_text().splitlines()
    (row,) = (line for line in lines if line.startswith(f"| [{name}.py]"))
    assert f"`{shlex.join(options)}`" in row
    verdict, module = FOUND[name]
    assert f"`{verdict}` at `{module}`" in row


@pytest.mark.parametrize("name", FILES)
def test_the_mistake_is_found_where_it_is(name, probed):
    drawn = [each for each in probed(name, "mistaken").verdict if each.severity]
    assert (drawn[0].name, drawn[0].module) == FOUND[name]
    assert (drawn[0].severity == "note") == (name in NOTES)
    assert all(each.because for each in drawn[1:] if each.severity != "note")


@pytest.mark.parametrize("name", FILES)
def test_its_twin_has_no_warning(name, probed):
    drawn = probed(name, "sound").verdict
    assert {each.severity for each in drawn} <= {None, "note"}
    assert FOUND[name][0] not in {each.name for each in drawn}


@pytest.mark.parametrize("name", FILES)
def test_mistake_and_twin_are_one_model(name, probed):
    mistaken, sound = (probed(name, builder).parameters for builder in ("mistaken", "sound"))
    assert [(p.name, p.shape) for p in mistaken] == [(p.name, p.shape) for p in sound]
