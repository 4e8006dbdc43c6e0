"""What a type checker makes of a program that uses winit."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Each `type: ignore` is an error that is there: of those that are not, mypy tells.
PROGRAM = """\
from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

import weightinit_cli as winit
from numpy.random import Generator
from numpy.typing import ArrayLike
from weightinit_cli.results import AnyResult


def mine(rng: Generator, shape: tuple[int, ...]) -> ArrayLike:
    return rng.normal(size=shape)


result = winit.histogram(activation="tanh", initializer={"name": "normal", "std": 1}, width=[9, 8])
assert_type(result, winit.Result)
assert_type(result.layers[0].std, float | None)
assert_type(result.save("outputs"), list[Path])
assert_type(winit.run({"activation": "tanh", "initializer": "zeros"}), AnyResult)
assert_type(winit.run(Path("mine.yaml"), threads=1), AnyResult)
assert_type(winit.run("relu_he", weights=mine), winit.Result)
probed = winit.probe("model.py:build", "4,3", loss="cross_entropy")
assert_type(probed, winit.ProbeResult)
assert_type(probed.values[0].figures.std, float | None)
assert_type(probed.save("outputs"), list[Path])
spec = winit.spec_of("relu_he")
if isinstance(spec, winit.Spec):
    assert_type(winit.run(spec), winit.Result)
    assert_type(winit.expand(spec), Sequence[winit.Spec])
assert_type(winit.compare([winit.run(each) for each in winit.expand("article")]), winit.Compared)
assert_type(winit.predict("relu_he"), winit.Forecast)
diagram = winit.phase({"name": "elu", "alpha": 1}, specs=["relu_he"], sigma_w=(0, 3))
assert_type(diagram, winit.PhaseDiagram)
assert_type(winit.fix({"activation": "tanh", "initializer": "zeros"}).mended, winit.Spec | None)
assert_type(winit.check(result, against={"activation": "tanh"}), winit.CheckOutcome)
winit.histogram(activation="tanh", initializer="zeros", widht=3)  # type: ignore[call-arg]
winit.histogram(activation="tanh", initializer="zeros", layers="5")  # type: ignore[arg-type]
winit.histogram(activation="tanh")  # type: ignore[call-arg]
winit.run(3)  # type: ignore[call-overload]
"""


@pytest.mark.slow
def test_a_program_is_typed(tmp_path: Path):
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "Success: no issues found in 1 source file\n"
