"""`winit explain`: what a verdict means, from the table that draws it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.cli import steps, terminal, theory
from weightinit_cli.cli.explain import COLUMNS
from weightinit_cli.cli.several import HEADS
from weightinit_cli.verdicts import ALL_IS_WELL, DEFINITIONS, HEALTHY, Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [*DEFINITIONS, HEALTHY]


def joined(text: str) -> str:
    """The text however it was wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_all_that_the_table_says(winit: Callable, name: str):
    run = winit("explain", name)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"{name}\n")
    definition = DEFINITIONS[name]
    shown = joined(run.out)
    parts = [definition.figure, definition.meaning, definition.formula, definition.advice]
    for part in (*parts, definition.reference):
        assert part in shown
    assert ("reference" in shown) == bool(definition.reference)
    default = Thresholds()._asdict().get(name)
    if default is None:
        assert "threshold none" in shown
    else:
        assert f"threshold {default:g}, set by thresholds.{name}" in shown


def test_healthy(winit: Callable):
    run = winit("explain", "healthy")
    assert run.code == 0
    assert ALL_IS_WELL in joined(run.out)


def test_list_of_all(winit: Callable):
    run = winit("explain")
    assert (run.code, run.err) == (0, "")
    heads, *lines = run.out.splitlines()
    assert heads.split()[0] == "verdict"
    between = lines.index("")
    assert [line.split()[0] for line in lines[:between] if not line.startswith(" ")] == NAMES
    rows = [line for line in lines[between + 2 :] if not line.startswith(" ")]
    assert [line.partition("  ")[0] for line in rows] == list(COLUMNS)
    for definition in DEFINITIONS.values():
        assert definition.meaning in joined(run.out)


def test_every_column_of_every_table(winit: Callable, spec: Callable):
    """But what counts or names the rows."""
    spec()
    alone = winit("histogram", "-c", "tiny.yaml", "--no-plot").out.splitlines()[1]
    heads = {*theory.HEADS, *steps.HEADS, *(head for each in HEADS.values() for head in each)}
    heads |= {*re.split("  +", alone.strip())} | {"z (std)", "outside", "inf, nan", "first loss"}
    assert heads - {"layer", "run", "verdict"} == COLUMNS.keys()
    for head, meaning in COLUMNS.items():
        assert meaning in joined(winit("explain", head).out)


@pytest.mark.parametrize(
    ("name", "head"),
    [("z", "z (std)"), ("sat_low", "sat. low"), ("Std-Inputs", "std (inputs)"), ("Q", "q")],
)
def test_a_column_by_what_is_easily_typed(winit: Callable, name: str, head: str):
    assert winit("explain", name).out.startswith(f"{head}\n")


def test_columns_by_their_first_word(winit: Callable):
    out = winit("explain", "sat").out
    assert [line for line in out.splitlines() if line[0] != " "] == ["sat. low", "sat. high"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "vanishing_gradent",
            "no verdict or column 'vanishing_gradent'; did you mean 'vanishing_gradient'?",
        ),
        ("Dying", "no verdict or column 'Dying'; did you mean 'dying'?"),
        ("units-identical", "did you mean 'units_identical'?"),
        ("xyz", "no verdict or column 'xyz'; there are overflow, units_identical, "),
        ("", "no verdict or column ''; "),
        ("\x1b[31m\n", "no verdict or column '\\x1b[31m\\n'; "),
    ],
)
def test_unknown_name(winit: Callable, name: str, said: str):
    run = winit("explain", name)
    assert (run.code, run.out) == (2, "")
    (line,) = run.err.splitlines()
    assert line.startswith("winit explain: ")
    assert said in line
    assert line.endswith("; see winit explain --help")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("arguments", [(), *[(name,) for name in NAMES]], ids="".join)
def test_fits_the_terminal(
    winit: Callable, monkeypatch: pytest.MonkeyPatch, arguments: tuple, columns: int
):
    monkeypatch.setattr(terminal, "columns", lambda: columns)
    lines = winit("explain", *arguments).out.splitlines()
    assert max(map(len, lines)) <= columns


def test_needs_no_arrays(process: Callable):
    first = (
        "import atexit, os, sys\n"
        "heavy = {'numpy', 'matplotlib', 'scipy', 'yaml', 'psutil', 'threadpoolctl'}\n"
        "atexit.register(lambda: os.write(2, repr(sorted(heavy & set(sys.modules))).encode()))"
    )
    for arguments in (("explain",), ("explain", "dying")):
        run = process(*arguments, first=first)
        assert (run.code, run.err) == (0, "[]")
