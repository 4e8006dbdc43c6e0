"""What a command imports: the start is what a person waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT = """
import atexit, json, os, sys
def report(stream=os.dup(2)):
    tops = sorted(name for name in sys.modules)
    os.write(stream, json.dumps(tops).encode() + b"\\n")
atexit.register(report)
"""


@pytest.fixture
def imported(process: Callable) -> Callable[..., set[str]]:
    """The modules that a command line has imported when it ends."""

    def run(*arguments: object) -> set[str]:
        outcome = process(*arguments, first=REPORT)
        assert outcome.code == 0
        return set(json.loads(outcome.err.splitlines()[-1]))

    return run


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("histogram", "--help"), ("plot", "--help")],
    ids=" ".join,
)
def test_help_is_light(imported: Callable, arguments: tuple):
    heavy = {"numpy", "matplotlib", "scipy", "yaml", "psutil", "threadpoolctl"}
    assert imported(*arguments) & heavy == set()


def test_validate_needs_no_pictures_nor_scipy(imported: Callable, spec: Callable):
    spec()
    assert imported("validate", "tiny.yaml") & {"matplotlib", "scipy", "psutil"} == set()


def test_sigmoid_run(imported: Callable, spec: Callable):
    spec()
    modules = imported("histogram", "-c", "tiny.yaml")
    assert "matplotlib" in modules
    assert modules & {"scipy", "matplotlib.pyplot", "psutil"} == set()


def test_run_without_plot(imported: Callable, spec: Callable):
    spec()
    modules = imported("histogram", "-c", "tiny.yaml", "--no-plot")
    assert "numpy" in modules
    assert modules & {"scipy", "matplotlib", "psutil", "PIL"} == set()


def test_show_needs_neither_arrays_nor_yaml(imported: Callable, winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    assert imported("show", "outputs/tiny") & {"numpy", "matplotlib", "scipy"} == set()
