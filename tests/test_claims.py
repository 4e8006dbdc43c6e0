"""What docs/claims.md says of blocks and normalizations, read off their reference results."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import e, exp, log, pi
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from weightinit_cli import load_result

if TYPE_CHECKING:
    from weightinit_cli.results import Result

ROOT = Path(__file__).parents[1]
BLOCKS = 20


@cache
def reference(name: str) -> Result:
    return load_result(ROOT / "outputs" / "reference" / name)


def power(name: str) -> list[float]:
    """The mean square of the input, and of every layer's outputs."""
    result = reference(name)
    return [each.mean**2 + each.std**2 for each in (result.input, *result.layers)]


def gradient(name: str) -> list[float]:
    """The gradient's power in each layer but the last, over that in the layer after it."""
    return [each.gradient.ratio for each in reference(name).layers[:-1]]


def geometric(ratios: list[float]) -> float:
    return exp(fmean(map(log, ratios)))


def verdicts(name: str) -> list[tuple[str | None, str]]:
    return [(each.severity, each.name) for each in reference(name).verdict]


def test_power_doubles_in_every_plain_block():
    first, *_, last = power("resnet_plain")
    assert (last / first) ** (1 / BLOCKS) == pytest.approx(2, rel=0.02)
    assert geometric(gradient("resnet_plain")) == pytest.approx(2, rel=0.02)
    assert verdicts("resnet_plain") == [
        ("warning", "exploding_signal"), ("warning", "exploding_gradient"),
    ]  # fmt: skip


def test_scaled_branches_grow_by_e_at_most():
    first, *_, last = power("resnet_scaled")
    assert last / first < e
    assert last / first == pytest.approx((1 + 1 / BLOCKS) ** BLOCKS, rel=0.05)
    assert geometric(gradient("resnet_scaled")) ** (BLOCKS - 1) < e
    assert verdicts("resnet_scaled") == [(None, "healthy")]


def test_rezero_keeps_all_exactly():
    assert set(power("rezero")) == {power("rezero")[0]}
    assert set(gradient("rezero")) == {1.0}
    layers = reference("rezero").layers
    assert {each.gradient.weight_rms for each in layers} == {0.0}
    assert {each.branch.weight_rms for each in layers} == {0.0}
    assert verdicts("rezero") == [(None, "healthy"), ("note", "starts_at_zero")]


def test_pre_norm_adds_as_much_in_every_block():
    steps = [after - before for before, after in pairwise(power("pre_norm"))]
    assert fmean(steps) == pytest.approx(1, rel=0.1)
    # no trend: the first half adds what the second does, while a factor would add a thousandfold
    assert 0.5 < sum(steps[: BLOCKS // 2]) / sum(steps[BLOCKS // 2 :]) < 2
    ratios = gradient("pre_norm")
    assert ratios[0] > 1.4
    assert ratios[-1] < 1.1
    assert verdicts("pre_norm") == [(None, "healthy"), ("note", "growing_stream")]


def test_post_norm_divides_a_sum_of_twice_the_power():
    assert power("post_norm")[1:] == pytest.approx([1.0] * BLOCKS, rel=1e-4)
    sums = [each.prenorm_std**2 for each in reference("post_norm").layers]
    assert fmean(sums) == pytest.approx(2, rel=0.1)
    assert geometric(gradient("post_norm")) == pytest.approx(1, rel=0.05)
    assert verdicts("post_norm") == [(None, "healthy")]


def test_batch_norm_lets_the_gradient_grow():
    """In the limit of width and inputs by π / (π - 1) (Yang et al. 2019)."""
    assert power("batch_norm")[1:] == pytest.approx([0.5] * BLOCKS, rel=0.05)
    assert geometric(gradient("batch_norm")) == pytest.approx(pi / (pi - 1), rel=0.05)
    assert verdicts("batch_norm") == [(None, "healthy"), ("note", "exploding_gradient")]
