"""What a law says of figures: against numpy and scipy, and over many draws by that law."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from weightinit_cli.expected import Entries, Moments, of_moments
from weightinit_cli.guard.laws import laws_of, of_entries, of_overflow, pooled
from weightinit_cli.initializers.samplers import LAWS
from weightinit_cli.results import WeightStatistics
from weightinit_cli.spec import parse_spec

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SCIPY = {
    "normal": stats.norm(),
    "truncated_normal": stats.truncnorm(-2, 2),
    "uniform": stats.uniform(-1, 2),
}
each_law = pytest.mark.parametrize("law", LAWS)


def entries_of(law: str, size: int, mean: float = 0.0, scale: float = 1.0) -> Entries:
    return Entries(law, mean, scale, size, 2.0**-22 * (scale + abs(mean)))


def drawn(law: str, size: int, seed: int, mean: float = 0.0, scale: float = 1.0) -> np.ndarray:
    values = np.empty(size, np.float32)
    LAWS[law].draw(values, np.random.Generator(np.random.SFC64(seed)))
    values *= np.float32(scale)
    values += np.float32(mean)
    return values.astype(np.float64)


def moments_of(values: np.ndarray) -> Moments:
    mean, std = float(values.mean()), float(values.std())
    return Moments(len(values), mean, std, float(((values - mean) ** 4).mean()) / std**4)


def statistics_of(values: np.ndarray) -> WeightStatistics:
    moments = moments_of(values)
    quantiles = np.quantile(values, QUANTILES, method="inverted_cdf")
    return WeightStatistics(
        mean=moments.mean,
        std=moments.std,
        min=float(values.min()),
        max=float(values.max()),
        quantiles=dict(zip(map(str, QUANTILES), quantiles.tolist(), strict=True)),
        kurtosis=moments.kurtosis,
        zero_fraction=float((values == 0).mean()),
        nonfinite=0,
        stream="",
    )


@each_law
def test_distribution_and_moments(law: str):
    ours, theirs = LAWS[law], SCIPY[law]
    for z in (-2.5, -2.0, -1.0, -0.3, 0.0, 0.7, 1.0, 2.0, 3.0):
        assert ours.cdf(z) == pytest.approx(theirs.cdf(z), rel=1e-12, abs=1e-15)
    for k in (2, 4, 6, 8, 10, 12):
        assert ours.moment(k) == pytest.approx(theirs.moment(k), rel=1e-9)
    assert sqrt(ours.moment(2)) == pytest.approx(ours.std, rel=1e-14)
    assert ours.moment(4) / ours.moment(2) ** 2 - 3 == pytest.approx(ours.excess, abs=1e-13)


@each_law
@pytest.mark.parametrize("size", [9, 400, 3000])
def test_z_scores_are_normal(law: str, size: int):
    """Over 300 draws: mean 0 and standard deviation 1, within five of their standard errors."""
    entries = entries_of(law, size, mean=0.3, scale=0.02)
    found: dict[str, list[float]] = {}
    for seed in range(300):
        for each in of_entries(statistics_of(drawn(law, size, seed, 0.3, 0.02)), entries):
            found.setdefault(each.figure, []).append(each.z)
    assert ("kurtosis" in found) == (size >= 400)
    for figure in ("mean", "std", "kurtosis"):
        if figure in found:
            assert abs(np.mean(found[figure])) < 5 / sqrt(300), figure
            assert np.std(found[figure]) == pytest.approx(1, abs=5 / sqrt(2 * 300)), figure
    for figure in ("min", "max", "quantiles.0.05", "quantiles.0.5", "quantiles.0.99"):
        # Of a rank the side is told that is off; about one draw in 1,000 by three.
        assert np.mean(np.abs(found[figure]) > 2) < 0.1, figure
        assert max(map(abs, found[figure])) < 5, figure
    assert max(found["zero_fraction"]) < 3


@each_law
def test_a_rank_has_its_exact_law(law: str):
    """F(x) of the k-th smallest of n is Beta(k, n - k + 1)."""
    size, value = 50, 0.4
    values = np.linspace(value, value + 0.5, size)
    figures = {each.figure: each for each in of_entries(statistics_of(values), entries_of(law, 50))}
    low = stats.beta(1, size).sf(SCIPY[law].cdf(value))
    assert figures["min"].z == pytest.approx(stats.norm.isf(low), rel=1e-4)


@pytest.mark.parametrize(
    ("claimed", "law", "size"),
    [
        ("truncated_normal", "normal", 2500),
        ("normal", "truncated_normal", 2500),
        ("normal", "uniform", 400),
        ("uniform", "normal", 400),
    ],
)
def test_another_law_of_the_same_variance(claimed: str, law: str, size: int):
    values = drawn(law, size, 0) * LAWS[claimed].std / LAWS[law].std
    z = {
        each.figure: each.z for each in of_entries(statistics_of(values), entries_of(claimed, size))
    }
    assert max(abs(z["kurtosis"]), abs(z["max"]), abs(z["quantiles.0.01"])) > 6
    assert abs(z["std"]) < 5


def test_pooled_moments_are_those_of_all_entries():
    layers = [(entries_of("normal", n, 0.1 * n, n / 7), n) for n in (140, 300, 150)]
    values = [drawn("normal", n, n, entries.mean, entries.scale) for entries, n in layers]
    weights = [
        (statistics_of(each), layer) for each, (layer, _) in zip(values, layers, strict=True)
    ]
    found = pooled(weights)
    assert found is not None
    standard = [(v - e.mean) / e.std for v, (e, _) in zip(values, layers, strict=True)]
    direct = moments_of(np.concatenate(standard))
    assert found[0][:3] == pytest.approx(direct[:3], rel=1e-6)
    assert found[0].kurtosis == pytest.approx(direct.kurtosis, abs=0.1)  # third moments are unknown
    assert found[1].size == 590
    assert pooled(weights[:1]) is None


def test_coarse_entries_are_held_by_mean_and_std_alone():
    entries = Entries("normal", 1000.0, 1e-3, 400, 1e-4)
    values = drawn("normal", 400, 0, 1000.0, 1e-3)
    assert {each.figure for each in of_entries(statistics_of(values), entries)} == {"mean", "std"}


def test_what_a_spec_says():
    text = "width: [30, 20]\nactivation: sin\ninitializer: siren\n"
    text = text.replace("sin\n", "{name: sin, omega: 30}\n")
    laws = laws_of(parse_spec(text, source="x.yaml", stem="x"))
    first, second = laws.entries["weights"]
    assert (first.law, first.size, laws.columns) == ("uniform", 900, (30, 20))
    assert first.scale == pytest.approx(1 / 30)
    assert second.scale == pytest.approx(sqrt(6 / 30) / 30)
    assert laws.entries["biases"][0].std == pytest.approx(1 / sqrt(3 * 30))
    other = "width: 8\nactivation: relu\ninitializer: orthogonal\n"
    assert laws_of(parse_spec(other, source="x.yaml", stem="x")).entries["weights"][0] is None


@each_law
def test_pooled_figures_of_small_layers_are_normal(law: str):
    """30 layers of 100 entries, 60 times: the unknown third moments leave no bias."""
    entries = entries_of(law, 100)
    found: dict[str, list[float]] = {}
    for seed in range(60):
        values = drawn(law, 3000, seed).reshape(30, 100)
        layers = [statistics_of(each) for each in values]
        together = pooled([(each, entries) for each in layers])
        assert together is not None
        for each in of_moments(*together):
            found.setdefault(each.figure, []).append(each.z)
    for figure in ("mean", "std", "kurtosis"):
        assert abs(np.mean(found[figure])) < 5 / sqrt(60), figure
        assert np.std(found[figure]) == pytest.approx(1, abs=5 / sqrt(2 * 60)), figure


def test_figures_far_from_their_law_are_numbers():
    entries = Entries("normal", 0.0, 1e-200, 400, 1e-207)
    found = list(of_entries(statistics_of(drawn("normal", 400, 0)), entries))
    assert {"mean", "std", "kurtosis"} <= {each.figure for each in found}
    assert all(abs(each.z) > 1e6 for each in found if each.figure in ("mean", "std"))


def test_overflow_is_expected_by_its_share():
    spec = parse_spec(
        "width: 40\nactivation: tanh\ninitializer: {name: normal, std: 1e+38}\n",
        source="x.yaml",
        stem="x",
    )
    entries = laws_of(spec).entries["weights"][0]
    expected = 1600 * 2 * stats.norm.sf(float(np.finfo(np.float32).max) / 1e38)
    assert entries.overflow * 1600 == pytest.approx(expected, rel=1e-6)
    assert of_overflow(round(expected), entries).z < 1
    assert of_overflow(1, entries._replace(overflow=0.0)).z > 30
