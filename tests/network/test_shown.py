"""What a network is shown: laws to draw from, and given inputs."""

from __future__ import annotations

import numpy as np
import pytest

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.initializers.samplers import filled
from weightinit_cli.network import Dense, Elementwise, Network, Stage
from weightinit_cli.network.draws import PANEL_VALUES, draw_inputs, draw_normal, nudge
from weightinit_cli.network.shown import Given, Normal, Shown, Uniform
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.streams import Role

FEATURES = 40


def network(inputs: Shown, samples: int, dtype: str = "float64", **others: int) -> Network:
    layer = Dense(FEATURES, 3, filled(0.0), None)
    stages = (Stage(layer, Elementwise(ACTIVATIONS["tanh"].build(), 3)),)
    return Network(stages, samples, np.dtype(dtype), 5, inputs=inputs, **others)


def drawn(net: Network, threads: int = 1) -> np.ndarray:
    out = np.empty((net.samples, net.features), net.dtype)
    with workers(threads, ignore_work) as apply:
        draw_inputs(net, out, apply)
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("inputs", [Normal(), Normal(0.0)])
def test_without_correlation_they_are_the_draws_of_before(inputs: Normal, dtype: str):
    net = network(inputs, 20, dtype)
    out = np.empty((20, FEATURES), dtype)
    with workers(1, ignore_work) as apply:
        draw_normal(net, Role.INPUT, 0, out, apply)
    assert np.array_equal(drawn(net), out)


@pytest.mark.parametrize("correlation", [0.3, 0.9, 0.9999])
def test_any_two_inputs_have_the_correlation(correlation: float):
    x = drawn(network(Normal(correlation), 4000))
    assert x.var() == pytest.approx(1, abs=5 * np.sqrt(2 / FEATURES))
    # What differs from input to input: of 4,000 × 40 values it is known to 0.4 %.
    own = ((x - x.mean(axis=0)) ** 2).mean()
    assert own == pytest.approx(1 - correlation, rel=5 * np.sqrt(2 / x.size) + 1e-3)
    shared = x.mean(axis=0) / np.sqrt(correlation)
    assert np.mean(shared**2) == pytest.approx(1, abs=5 * np.sqrt(2 / FEATURES))


def test_panels_share_what_all_inputs_share_and_nothing_else():
    samples = PANEL_VALUES // FEATURES + 10
    x = drawn(network(Normal(0.9), samples, "float32"))
    first, last = x[:10], x[-10:]
    assert np.corrcoef(first.mean(axis=0), last.mean(axis=0))[0, 1] > 0.95
    own = (first - x.mean(axis=0)) / np.sqrt(0.1), (last - x.mean(axis=0)) / np.sqrt(0.1)
    assert abs(np.mean(own[0] * own[1])) < 5 / np.sqrt(own[0].size)
    assert np.array_equal(x, drawn(network(Normal(0.9), samples, "float32"), threads=3))


def test_uniform_ones():
    x = drawn(network(Uniform(-1, 3), 5000))
    assert x.min() >= -1
    assert x.max() <= 3
    assert x.mean() == pytest.approx(1, abs=5 * np.sqrt(16 / 12 / x.size))
    assert x.var() == pytest.approx(16 / 12, rel=5 * np.sqrt(0.8 / x.size))


@pytest.mark.parametrize("inputs", [Normal(0.5), Uniform(-2, 1)])
def test_in_another_dtype_they_are_rounded(inputs: Shown):
    exact = drawn(network(inputs, 50))
    rounded = drawn(network(inputs, 50, "float32"))
    assert np.array_equal(exact.astype(np.float32), rounded)


def test_given_ones_are_what_they_are():
    values = np.random.default_rng(1).normal(size=(30, FEATURES))
    assert np.array_equal(drawn(network(Given(values), 30)), values)
    moved = drawn(network(Given(values), 30, nudge=1))
    nudge(values, 1)
    assert np.array_equal(moved, values)


def test_repeats_and_seeds_are_shown_others():
    for inputs in (Normal(0.5), Uniform(0, 1)):
        one, other = drawn(network(inputs, 5)), drawn(network(inputs, 5, repeat=1))
        assert not np.isclose(one, other).any()
