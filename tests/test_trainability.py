"""Thresholds, severities and shares are those of networks that were trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from weightinit_cli.parameters import Thresholds
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.verdicts import DEEP, DEFINITIONS, TRAINED, TRAINED_DEEP

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "trainability.py"
PAGE = SCRIPT.parents[1] / "docs" / "verdicts.md"
FITTED, TESTED, BESIDE = range(3)
# Networks that are looked at once more, one of so many.
STRIDE = 41
# Of float32: what differs less between inputs than this is rounding, and each machine's own.
EPS = 1.2e-7


@pytest.fixture(scope="module")
def benchmark() -> Any:
    named = importlib.util.spec_from_file_location("trainability", SCRIPT)
    module = importlib.util.module_from_spec(named)
    named.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def halves(benchmark: Any) -> list[list[Any]]:
    return [[each for each in benchmark.read() if each.network.half == half] for half in range(3)]


def test_the_file_holds_the_grid(benchmark: Any):
    networks = [each.network for each in benchmark.read()]
    assert networks == [*benchmark.grid(), *benchmark.beside()]


def test_thresholds_are_fitted_on_one_half(benchmark: Any, halves: list[list[Any]]):
    fall, rise, across = benchmark.fitted(halves[FITTED])
    now = Thresholds()
    assert (now.vanishing_gradient, now.exploding_gradient) == (fall, rise)
    assert now.inputs_indistinguishable == across
    far_fall, far_rise = benchmark.far_fitted(halves[FITTED])
    assert DEFINITIONS["vanishing_gradient"].severe == far_fall
    assert DEFINITIONS["exploding_gradient"].severe == far_rise


def test_a_warning_agrees_with_what_trains(benchmark: Any, halves: list[list[Any]]):
    """By the verdicts that were drawn, on networks on which no threshold was fitted."""
    some = halves[TESTED]
    found = benchmark.score([each.warned for each in some], [each.sgd for each in some])
    assert found.right >= 0.94
    assert found.false <= 0.05
    assert found.missed <= 0.09


def test_shares_are_those_of_the_networks(benchmark: Any):
    assert benchmark.counted(benchmark.read()) == TRAINED
    (healthy,) = TRAINED[HEALTHY].values()
    assert healthy.sgd_failed < 0.1 * healthy.networks


def test_drowned_signals_are_told_from_biases_beside_the_grid(halves: list[list[Any]]):
    """Of the networks with large biases every one that is warned of fails."""
    biased = [each for each in halves[BESIDE] if each.network.sigma_b]
    warned = [each for each in biased if "signal_drowned" in each.names]
    assert len(warned) >= 10
    assert not any(each.sgd for each in warned)
    assert not any("signal_drowned" in each.names for each in halves[TESTED] if each.sgd)


def test_deep_networks_often_fail_all_the_same(halves: list[list[Any]]):
    unwarned = [each for half in halves[:2] for each in half if not each.warned]
    deep = [each for each in unwarned if each.network.layers >= DEEP]
    failed = sum(not each.sgd for each in deep), sum(not each.adam for each in deep)
    assert (len(deep), *failed) == TRAINED_DEEP
    others = [each for each in unwarned if each not in deep]
    assert sum(not each.sgd for each in others) < 0.05 * len(others)


def test_a_sigmoid_on_the_edge_trains_as_deep_as_is_said(halves: list[list[Any]]):
    edge = [
        e for e in halves[BESIDE] if (e.network.activation, e.network.sigma_w) == ("sigmoid", 10)
    ]
    assert max(each.network.layers for each in edge if each.sgd) == 10
    assert max(each.network.layers for each in edge if each.adam) == 20
    assert not any(each.warned for each in edge)


def test_a_gradient_that_grows_is_noted_where_networks_begin_to_fail(halves: list[list[Any]]):
    """Without a warning, of networks with the note several times as many fail as of others."""
    unwarned = [each for half in halves[:2] for each in half if not each.warned]
    noted = [not each.sgd for each in unwarned if "exploding_gradient" in each.names]
    others = [not each.sgd for each in unwarned if "exploding_gradient" not in each.names]
    assert len(noted) >= 30
    assert sum(noted) / len(noted) > 4 * sum(others) / len(others)
    said = (
        f"of {len(noted)} networks of the grid that have it and no warning, {sum(noted)} failed by"
    )
    said += f" plain SGD, of the {len(others)} others without a warning {sum(others)} failed."
    assert said in " ".join(PAGE.read_text(encoding="utf-8").split())


# Of residual blocks and output layers, which the trained networks have none of.
OF_OTHERS = {"growing_stream", "starts_at_zero", "confident_at_start"}
OF_NETWORKS = [name for name, each in DEFINITIONS.items() if each.find and name not in OF_OTHERS]
SEVERITIES = [(name, severity) for name in OF_NETWORKS for severity in TRAINED[name]]


@pytest.mark.parametrize(("name", "severity"), SEVERITIES)
def test_a_severity_is_what_trains(name: str, severity: str):
    """Of a warning most fail by SGD, of the severest word by Adam, too; of a note most train."""
    networks, sgd, adam = TRAINED[name][severity]
    assert (sgd / networks > 0.5) == (severity != "note")
    if severity == "severe":
        assert adam / networks > 0.5


def test_the_docs_show_the_outcome(benchmark: Any, capsys: pytest.CaptureFixture[str]):
    benchmark.report(benchmark.read())
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    page = PAGE.read_text(encoding="utf-8")
    assert [row for row in rows if row not in page] == []


@pytest.mark.slow
def test_verdicts_are_drawn_as_when_they_were_written(benchmark: Any):
    for each in benchmark.read()[::STRIDE]:
        fall, rise, across, verdicts = benchmark.looked_at(each.network)
        assert verdicts == each.verdicts, each.network
        assert fall == pytest.approx(each.fall, rel=0.01)
        assert rise == pytest.approx(each.rise, rel=0.01)
        assert across == pytest.approx(each.across, rel=0.02, abs=EPS)
