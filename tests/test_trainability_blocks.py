"""What verdicts of residual and normalized networks are worth is what their trainings came to."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "trainability_blocks.py"
PAGE = SCRIPT.parents[1] / "docs" / "verdicts.md"
# Networks that are looked at once more, one of so many.
STRIDE = 7


@pytest.fixture(scope="module")
def benchmark() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))
        named = importlib.util.spec_from_file_location("trainability_blocks", SCRIPT)
        module = importlib.util.module_from_spec(named)
        patch.setitem(sys.modules, "trainability_blocks", module)
        named.loader.exec_module(module)
        yield module


def test_the_file_holds_all_networks(benchmark: Any):
    found = [(each.blocks, each.seed) for each in benchmark.read()]
    assert found == [(one, seed) for one in benchmark.networks() for seed in benchmark.SEEDS]


def test_verdicts_are_those_that_are_drawn_now(benchmark: Any):
    for each in benchmark.read()[::STRIDE]:
        assert benchmark.said(each.blocks, each.seed) == each.verdicts, each.blocks


def test_the_page_shows_the_shares(benchmark: Any):
    text = PAGE.read_text(encoding="utf-8")
    outcomes = benchmark.read()
    networks = Counter(each.worst for each in outcomes)
    sgd = Counter(each.worst for each in outcomes if each.failed[0])
    adam = Counter(each.worst for each in outcomes if each.failed[1])
    for word, row in (("", "no warning"), ("warning", "warning"), ("severe", "severe")):
        assert f"| {row} | {networks[word]} | {sgd[word]} | {adam[word]} |" in text


def test_a_warning_agrees_with_what_trains(benchmark: Any):
    outcomes = benchmark.read()
    right = sum(bool(each.worst) == each.failed[0] for each in outcomes)
    assert right >= 0.9 * len(outcomes)
    severe = [each.failed[1] for each in outcomes if each.worst == "severe"]
    assert sum(severe) >= 0.8 * len(severe)
    missed = {each.blocks for each in outcomes if each.failed[0] and not each.worst}
    assert {(one.normalization, one.branch) for one in missed} == {("layer_norm", 0)}
    assert {one.layers for one in missed} == {40, 60}
