"""The statistical gate's arithmetic: its rates on made-up figures, and what it leaves out.

On real networks the rates are measured by benchmarks/false_alarms.py.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from weightinit_cli.guard import Drift, Gate, Outcome, judge
from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.rounding import student
from weightinit_cli.guard.samples import Sample, log_of, mean, share, spread_towards

if TYPE_CHECKING:
    from collections.abc import Callable

FIGURES, CHECKS, NETWORKS = 10, 500, 20
PLACES = [Place(1, f"figure {k}") for k in range(FIGURES)]


def judged(samples: list[Sample], alpha: float) -> Outcome:
    return judge([(Outcome(Gate.STATISTICAL), tuple(samples))], alpha)[0]


def alarms(
    draw: Callable[[np.random.Generator], np.ndarray], levels: tuple[float, ...]
) -> dict[float, int]:
    generator = np.random.Generator(np.random.SFC64(7))
    found = dict.fromkeys(levels, 0)
    for _ in range(CHECKS):
        networks = [dict(zip(PLACES, draw(generator).tolist(), strict=True)) for _ in range(21)]
        samples = [sample for place in PLACES for sample in mean(networks, place)]
        for alpha in levels:
            found[alpha] += judged(samples, alpha).failed
    return found


@pytest.mark.parametrize("law", ["normal", "one-sided"])
def test_false_alarms(law: str):
    """At most nominal, also of a figure near a bound: 1 - z², averaged over a few."""

    def draw(generator: np.random.Generator) -> np.ndarray:
        if law == "normal":
            return generator.standard_normal(FIGURES)
        return 1 - (generator.standard_normal((8, FIGURES)) ** 2).mean(axis=0)

    for alpha, count in alarms(draw, (0.05, 0.01)).items():
        lower = stats.beta.ppf(0.025, count, CHECKS - count + 1) if count else 0.0
        assert lower <= alpha
        assert count / CHECKS <= 1.5 * alpha


def test_it_sees_eight_spreads():
    found = 0
    generator = np.random.Generator(np.random.SFC64(8))
    for _ in range(100):
        fresh = [{PLACES[0]: float(each)} for each in generator.standard_normal(NETWORKS)]
        found += judged(mean([{PLACES[0]: 8.0}, *fresh], PLACES[0]), 1e-3).failed
    assert found > 90


def test_student_and_normal():
    assert student(0.05, 9) == pytest.approx(stats.t.ppf(0.975, 9))
    assert student(1e-9, 9) == pytest.approx(stats.t.isf(5e-10, 9))
    assert student(0.05, None) == pytest.approx(1.959964, rel=1e-6)


def test_bonferroni_is_over_all_runs():
    def sampled(copies: int) -> tuple[Outcome, tuple[Sample, ...]]:
        sample = Sample(PLACES[0], 3.0, 0.0, 1.0, None, 0.0)
        still = Sample(PLACES[1], 0.0, 0.0, 1.0, None, 0.0)
        return Outcome(Gate.STATISTICAL), (sample, *[still] * (copies - 1))

    alone = judge([sampled(1)], 0.01)
    among = judge([sampled(1), sampled(99)], 0.01)
    assert alone[0].failed
    assert not any(outcome.failed for outcome in among)


def test_spread_towards():
    assert spread_towards(1.0, [-1.0, 1.0] * 10) == pytest.approx(sqrt(20 / 19))
    skewed = [0.0] * 19 + [20.0]
    assert spread_towards(-1.0, skewed) == pytest.approx(np.std(skewed, ddof=1))
    assert spread_towards(30.0, skewed) == pytest.approx(sqrt(2 * 19 * 19 / 19))


@pytest.mark.parametrize(
    ("saved", "fresh", "samples", "certain", "skipped"),
    [
        (None, [None] * 20, 0, 0, 0),
        (None, [1.0] * 20, 0, 1, 0),
        (1.0, [None] * 20, 0, 1, 0),
        (0.0, [1.0] * 20, 0, 1, 0),
        (0.0, [0.0] * 20, 0, 0, 0),
        (1.0, [0.0] + [1.0] * 19, 0, 0, 1),
        (1.0, [None] + [1.0] * 19, 0, 0, 1),
        (1.0, [2.0] * 20, 1, 0, 0),
    ],
)
def test_figures_that_do_not_exist(saved, fresh, samples, certain, skipped):
    place = PLACES[0]
    found = log_of([{place: each} for each in (saved, *fresh)], place)
    kinds = [type(each) for each in found]
    counts = kinds.count(Sample), kinds.count(Drift), found.count(None)
    assert counts == (samples, certain, skipped)


@pytest.mark.parametrize(
    ("saved", "fresh", "compared"),
    [
        (5000, 5000, True),
        (0, 999, False),
        (9500, 9500, False),
        (0, 10_000, True),
        (9500, 10_000, False),
    ],
)
def test_shares_need_a_thousand_values(saved: int, fresh: int, compared: bool):
    place = PLACES[0]
    (found,) = share([{place: saved}, *[{place: fresh}] * 20], place, 10_000, 1)
    assert isinstance(found, Sample) is compared


def test_nothing_is_judged_without_samples():
    assert judge([], 0.01) == []
