"""`winit fix --code`: the program of the mended network, below the table or alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from weightinit_cli import load_spec
from weightinit_cli.cli.fix import fix
from weightinit_cli.snippets import LIBRARIES, snippet

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = """\
samples: 60
width: 16
layers: 4
activation: relu
initializer: {name: normal, std: 0.001}
"""
SOUND = ("fix", "-c", "tiny.yaml", "--set", "initializer=he_normal")
HOPELESS = ("--set", "activation=step", "--set", "layers=2", "--set", "width=4")

pytestmark = pytest.mark.usefixtures("tiny")


def test_every_library_may_be_named():
    [code] = [option for option in fix.params if option.name == "library"]
    assert isinstance(code.type, click.Choice)
    assert list(code.type.choices) == list(LIBRARIES)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_program_alone(winit: Callable, library: str):
    outcome = winit(*SOUND, "-q", "--code", library)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == snippet(load_spec("tiny.yaml", ["initializer=he_normal"]), library)


def test_the_mended_network_below_the_table(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml", "--write", "mended", "--code", "torch")
    assert (outcome.code, outcome.err) == (0, "")
    table, program = outcome.out.split("mended.yaml: written\n\n")
    assert table.startswith("tiny: relu, normal (mean 0, std 0.001)")
    of_file = snippet(load_spec("mended.yaml"), "torch")
    assert program == of_file.replace("mended: ", "tiny: ", 1)
    assert "0.001" not in program


def test_nothing_found_no_program(winit: Callable):
    outcome = winit("fix", "-c", "tiny.yaml", *HOPELESS, "-q", "--code", "torch")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")


def test_what_has_no_program_is_said(winit: Callable):
    outcome = winit(*SOUND, "--set", "pretraining={steps: 1}", "-q", "--code", "keras")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith(
        "pretraining: no library draws layers that were pretrained; leave it out\n"
    )
    assert len(outcome.err.splitlines()) == 1


def test_it_is_for_one_run_and_not_beside_json(winit: Callable, tiny: Callable):
    outcome = winit(*SOUND, "--json", "--code", "jax")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--code prints a program, and no other format; give one of them" in outcome.err
    tiny(more="sweep: {width: [8, 16]}\n")
    outcome = winit("fix", "-c", "tiny.yaml", "--code", "jax")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--code is for one run, not for 2" in outcome.err
