"""One row per figure: a made-up one is seen wherever figures are told or compared."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from support.plots.drawn import compose_depth, shapes
from weightinit_cli.cli.tables import table
from weightinit_cli.experiments import run
from weightinit_cli.guard import Gate, Outcome, judge, sample
from weightinit_cli.plots.comparison import comparison_page
from weightinit_cli.results.comparison import Comparison, compared
from weightinit_cli.results.figures import FIGURES, Figure, gated
from weightinit_cli.results.kinds import rows
from weightinit_cli.spec import parse_spec
from weightinit_cli.theory.predictions import FRACTIONS, LOGARITHMIC

if TYPE_CHECKING:
    from weightinit_cli.results import Result

SPEC = "samples: 30\nwidth: 20\nlayers: 3\nactivation: tanh\ninitializer: xavier_normal\n"
# A number of every layer that is no figure yet.
PATH = "resolution.activations"


@cache
def result(seed: int = 0) -> Result:
    return run(parse_spec(f"{SPEC}seed: {seed}\n", source="small.yaml", stem="small"))


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Figure:
    row = Figure(
        words="made up",
        unit="",
        gate="log",
        head="made up",
        in_table=True,
        chart="of my own",
        curve="mine",
        panel="many of mine",
    )
    monkeypatch.setitem(FIGURES, PATH, row)
    return row


def panels(picture) -> list[str]:
    return [panel.title for panel in shapes(picture).panels]


@pytest.mark.usefixtures("made_up")
def test_a_new_figure_stands_in_the_table():
    heads = next(line for line in table(result()) if "std (inputs)" in line)
    assert "made up" in heads


@pytest.mark.usefixtures("made_up")
def test_a_new_figure_stands_in_the_csv():
    written = [row[PATH] for row in rows(result(), "run")]
    assert written == [layer.resolution.activations for layer in result().layers]


@pytest.mark.usefixtures("made_up")
def test_a_new_figure_has_its_panel():
    assert "of my own" in [
        title.removesuffix(" (log)") for title in panels(compose_depth(result()))
    ]


def compared_panels() -> list[str]:
    """The panels of a picture of two runs that differ in their seed."""
    runs = [compared(result(seed), f"run {seed}", [("seed", seed)], keep=False) for seed in (0, 1)]
    picture = comparison_page(Comparison("two", result().spec, tuple(runs)))
    assert picture is not None
    return panels(picture)


@pytest.mark.usefixtures("made_up")
def test_a_new_figure_has_its_panel_beside_other_runs():
    assert "many of mine" in "".join(compared_panels())


def drifts() -> list[str]:
    """What the statistical gate sees where the saved number is three times what it was."""
    layers = [
        replace(layer, resolution=replace(layer.resolution, activations=3e4))
        for layer in result().layers
    ]
    saved = replace(result(), layers=tuple(layers))
    fresh = [result(seed) for seed in range(1, 21)]
    chosen = Outcome(Gate.STATISTICAL, "another seed")
    spec = parse_spec(SPEC, source="small.yaml", stem="small")
    (outcome,) = judge([sample(saved, result(), fresh, chosen, spec)], 1e-3)
    return [drift.place.figure for drift in outcome.drifts]


@pytest.mark.usefixtures("made_up")
def test_a_new_figure_is_gated():
    assert set(drifts()) == {PATH}


def test_what_is_no_figure_has_no_place_in_all_these():
    assert "made up" not in "".join(table(result()))
    assert PATH not in rows(result(), "run")[0]
    assert "of my own" not in "".join(panels(compose_depth(result())))
    assert "many of mine" not in "".join(compared_panels())
    assert drifts() == []


def test_theory_takes_the_same_figures_by_their_logarithm_as_the_gates():
    predicted = {path for layer in result().layers for path in layer.theory.figures}
    assert predicted & set(gated("log")) <= set(LOGARITHMIC) <= set(gated("log"))
    assert predicted & set(gated("fraction")) <= set(FRACTIONS) <= set(gated("fraction"))
