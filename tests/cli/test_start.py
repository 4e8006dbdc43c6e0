"""What a command imports: the start is what a person waits for."""

from __future__ import annotations

import json
from pathlib import Path
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


HEAVY = {"matplotlib", "PIL", "scipy", "psutil", "distributed", "sklearn", "jinja2"}
START = {"__main__", "imports", "errors", "cli", "lines"}
READ = {
    "spec", "data", "parameters", "convolution", "reading", "digests", "progress", "plugins",
    "sources", "precision",
}  # fmt: skip
RUN = {
    "initializers", "activations", "network", "experiments", "results", "verdicts", "saving",
    "streams", "machine", "numerals",
}  # fmt: skip

# What a command line may import: of ours, and libraries of others.
MAY_IMPORT = {
    "--help": (START, {"click"}),
    "--version": (START, {"click"}),
    "completion fish": (START, {"click"}),
    "explain": (
        START | READ | {"verdicts", "results", "numerals", "initializers", "activations"},
        {"click", "numpy"},
    ),
    "list configs": (START | READ, {"click"}),
    "list initializers": (
        START | {"initializers", "parameters", "progress", "plugins", "sources"},
        {"click", "numpy"},
    ),
    "list activations": (
        START | READ | {"activations", "experiments", "theory"},
        {"click", "numpy", "scipy"},
    ),
    "conform init.py:init --like zeros": (
        START
        | {"conformity", "expected", "initializers", "spec", "parameters", "reading", "targets"}
        | {
            "data",
            "convolution",
            "digests",
            "progress",
            "results",
            "numerals",
            "plugins",
            "precision",
            "sources",
        },
        {"click", "yaml", "numpy"},
    ),
    "validate tiny.yaml": (
        START | READ | RUN | {"batch"},
        {"click", "yaml", "numpy", "threadpoolctl"},
    ),
    "histogram -c tiny.yaml --no-plot": (
        START | READ | RUN | {"theory"},
        {"click", "yaml", "numpy", "threadpoolctl"},
    ),
}


@pytest.mark.parametrize("line", MAY_IMPORT)
def test_no_more_than_it_needs(imported: Callable, spec: Callable, line: str):
    spec()
    Path("init.py").write_text(
        "import numpy\ndef init(rng, shape):\n    return numpy.zeros(shape)\n"
    )
    modules = imported(*line.split())
    ours, others = MAY_IMPORT[line]
    parts = {name.split(".")[1] for name in modules if name.startswith("weightinit_cli.")}
    assert parts - ours == set()
    known = {"numpy", "click", "yaml", "threadpoolctl", *HEAVY}
    assert (known - others) & modules == set()


@pytest.mark.parametrize("name", ["histogram", "plot", "probe", "report"])
def test_help_is_light(imported: Callable, name: str):
    heavy = {"numpy", "yaml", "threadpoolctl", "torch", *HEAVY}
    assert imported(name, "--help") & heavy == set()


def test_help_imports_no_command(imported: Callable):
    modules = {name for name in imported("--help") if name.startswith("weightinit_cli.cli.")}
    assert modules == {"weightinit_cli.cli.experiments", "weightinit_cli.cli.terminal"}


def test_sigmoid_run(imported: Callable, spec: Callable):
    spec()
    modules = imported("histogram", "-c", "tiny.yaml")
    assert "matplotlib" in modules
    assert modules & {"scipy", "matplotlib.pyplot", "psutil"} == set()


def test_run_without_plot(imported: Callable, spec: Callable):
    spec()
    modules = imported("histogram", "-c", "tiny.yaml", "--no-plot")
    assert "numpy" in modules
    assert modules & {"scipy", "matplotlib", "psutil", "PIL", "importlib.metadata"} == set()


def test_show_needs_neither_arrays_nor_specs(imported: Callable, winit: Callable, spec: Callable):
    spec()
    assert winit("histogram", "-c", "tiny.yaml", "--no-plot").code == 0
    heavy = {"numpy", "matplotlib", "scipy", "yaml", "weightinit_cli.spec"}
    assert imported("show", "outputs/tiny") & heavy == set()
