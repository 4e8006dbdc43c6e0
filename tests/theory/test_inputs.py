"""Inputs of other sizes and correlations than N(0, 1): their moments, and theory from them on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from weightinit_cli import run
from weightinit_cli.results import figure
from weightinit_cli.spec import parse_spec
from weightinit_cli.theory import (
    LayerScale,
    expectations_of,
    inputs,
    predict,
    standard_errors,
)

if TYPE_CHECKING:
    from pathlib import Path

    from weightinit_cli.theory import Inputs

SEEDS = 100


def pairs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S and D of all pairs of different inputs, shape (pairs, features)."""
    i, j = np.nonzero(~np.eye(len(x), dtype=bool))
    return (x[i] + x[j]) / 2, (x[i] - x[j]) / 2


@pytest.mark.parametrize(
    ("law", "draw"),
    [
        (inputs.uniform(-1, 2), lambda rng, n: rng.uniform(-1, 2, n)),
        (inputs.normal(0.7), None),
        (inputs.NORMAL, None),
    ],
)
def test_moments_of_a_law_are_those_of_its_draws(law: Inputs, draw):
    rng, n = np.random.default_rng(3), 1_000_000
    shared = np.sqrt(law.shared) * rng.normal(size=n)
    own = np.sqrt(law.spread) * rng.normal(size=(2, n))
    x, other = (draw(rng, (2, n))) if draw else shared + own
    s, d = (x + other) / 2, (x - other) / 2
    assert np.mean(x**2) == pytest.approx(law.square, rel=0.01)
    assert 2 * np.mean(d**2) == pytest.approx(law.spread, rel=0.01)
    if law.fourth is not None:
        found = np.mean(s**4), np.mean(s * s * d * d), np.mean(d**4)
        assert found == pytest.approx(law.fourth, rel=0.02)


def test_given_ones_are_measured_pair_by_pair():
    rng = np.random.default_rng(1)
    x = rng.gamma(2, size=(40, 25)) * rng.uniform(0.5, 2, (40, 1))
    found = inputs.given(x)
    s, d = pairs(x)
    squares = [np.mean(each, axis=1) for each in (s * s, d * d, s * d)]
    assert found.square == pytest.approx(np.mean(x**2))
    assert found.spread == pytest.approx(2 * squares[1].mean())
    scatter = found.scatter
    assert scatter is not None
    assert scatter.sum == pytest.approx(squares[0].var())
    assert scatter.difference == pytest.approx(squares[1].var())
    assert scatter.both == pytest.approx(np.cov(squares[0], squares[1], ddof=0)[0, 1])
    assert scatter.skew == pytest.approx(np.mean(squares[2] ** 2))
    i, j = np.nonzero(~np.eye(40, dtype=bool))
    product = np.mean(x[i] * x[j], axis=1)
    assert scatter.product == pytest.approx(product.var())
    assert found.fourth is not None
    # Pairs of an input with itself are not left out there.
    assert found.fourth[0] == pytest.approx(np.mean(s**4), rel=0.15)
    assert found.fourth[1] == pytest.approx(np.mean(s * s * d * d), rel=0.15)
    assert found.fourth[2] == pytest.approx(np.mean(d**4), rel=0.15)


def test_of_many_inputs_some_pairs_are_looked_at():
    x = np.random.default_rng(1).normal(size=(2500, 8)) * 3
    found = inputs.given(x)
    assert found.square == pytest.approx(np.mean(x**2))
    assert found.scatter is not None
    assert found.scatter.own_product == pytest.approx(1 / 8, rel=0.1)


@pytest.mark.parametrize(
    "x", [np.ones((1, 3)), np.ones((3, 3)), np.eye(2) - 0.5], ids=["one", "alike", "opposite"]
)
def test_few_or_equal_inputs_have_moments(x: np.ndarray):
    found = inputs.given(x)
    assert found.square == pytest.approx(np.mean(x**2))
    assert 0 <= found.spread <= 2 * found.square
    assert found.scatter is not None
    assert np.isfinite(found.scatter).all()


def test_the_maps_start_from_the_inputs_own_size_and_correlation():
    """Linear layers keep both: q = sigma_w² E[x²], and the spread is multiplied alike."""
    linear, layers = expectations_of("linear"), [LayerScale(50, 50, 1.5 / 50, 0.25)] * 2
    given = inputs.uniform(1, 3)
    first, second = predict([linear] * 2, layers, 10, [(None, None)] * 2, given.stream)
    assert first.q == pytest.approx(1.5 * (4 + 1 / 3) + 0.25)
    assert first.q * first.d == pytest.approx(1.5 / 3)
    assert second.q == pytest.approx(1.5 * first.q + 0.25)
    # Xᵀδ: of the first layer the inputs' own mean square counts.
    signal = first.figures["gradient.signal_rms"] ** 2
    expected = signal * (4 + 1 / 3) / 10
    assert first.figures["gradient.weight_rms"] ** 2 == pytest.approx(expected)


@pytest.mark.parametrize("excess", [-1.2, 0.0, 3.0], ids=["uniform", "normal", "half of them 0"])
def test_the_spread_of_a_first_layer_is_that_of_its_weights_law(excess: float):
    """Var(wᵀCw) = σ⁴ (2 tr C² + κ Σ C_kk²), with C = XᵀX / samples and κ the excess kurtosis."""
    n, samples = 40, 300
    rng = np.random.default_rng(2)
    x = (rng.gamma(2, size=(samples, n)) - 1) * rng.uniform(0.5, 2, n)
    given, linear = inputs.given(x), expectations_of("linear")
    layers, ends = [LayerScale(n, n, 1 / n, 0.0, weight_excess=excess)], [(None, None)]
    found = predict([linear], layers, samples, ends, given.stream)
    (errors,) = standard_errors([linear.activation], layers, found, samples, ends, given)
    covariances = {"preactivation_std": x.T @ x / samples, "std_across_inputs": np.cov(x.T)}
    for path, c in covariances.items():
        of_square = (2 * np.trace(c @ c) + excess * np.sum(np.diag(c) ** 2)) / np.trace(c) ** 2 / n
        relative = errors[path] / found[0].figures[path]
        assert relative == pytest.approx(np.sqrt(of_square) / 2, rel=0.03), path


def scores(text: str) -> dict[tuple[int, str], list[float]]:
    spec = parse_spec(text, source="test", stem="test")
    found: dict[tuple[int, str], list[float]] = {}
    for seed in range(SEEDS):
        for number, layer in enumerate(run(replace(spec, seed=seed), threads=1).layers, 1):
            assert layer.theory is not None
            for path, prediction in layer.theory.figures.items():
                if prediction.z is not None:
                    found.setdefault((number, path), []).append(prediction.z)
                    assert figure(layer, path) is not None
    return {key: each for key, each in found.items() if len(each) > 0.9 * SEEDS}


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        ("activation: tanh\ninitializer: xavier_normal", "{correlation: 0.5}"),
        ("activation: relu\ninitializer: he_normal", "{correlation: 0.9}"),
        ("activation: sigmoid\ninitializer: xavier_normal", "{correlation: 0.99}"),
        ("activation: relu\ninitializer: he_uniform", "{name: uniform, low: -1, high: 2}"),
        ("activation: tanh\ninitializer: he_normal", "{name: file, path: x.npy}"),
    ],
)
def test_z_scores_are_those_of_a_standard_normal(
    start: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(7)
    rows = rng.normal(0.3, 1, (60, 50)) * rng.uniform(0.7, 1.3, (60, 1))
    np.save("x.npy", rows)
    text = f"{start}\nlayers: 3\nwidth: 64\nfeatures: 50\nsamples: 40\ninputs: {shown}\n"
    found = scores(f"{text}dtype: float64\n")
    assert len(found) > 15
    for key, each in found.items():
        mean, std = np.mean(each), np.std(each, ddof=1)
        assert abs(mean) < 0.5 + 3 / np.sqrt(SEEDS), key
        assert 0.75 * (1 - 3 / np.sqrt(2 * SEEDS)) < std < 1.3 * (1 + 3 / np.sqrt(2 * SEEDS)), key
