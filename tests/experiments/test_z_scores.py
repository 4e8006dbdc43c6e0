"""A z-score is one: over seeds its mean is 0 and its standard deviation 1; else there is none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest

from weightinit_cli.experiments import run
from weightinit_cli.results import figure
from weightinit_cli.spec import parse_spec
from weightinit_cli.theory.predictions import LOGARITHMIC

SMALL = "layers: 4\nwidth: 64\nsamples: 40\ndtype: float64\n"
CONVOLUTION = (
    "layers: 2\nchannels: 16\nkernel: 3\nimage: [6, 6, 3]\npadding: circular\nsamples: 10\n"
    "dtype: float64\n"
)
GELU = "{name: gelu, approximate: none}"
SEEDS = 100
DEEP = (
    ("gelu he", f"activation: {GELU}\ninitializer: he_normal\nlayers: 10\n"),
    ("selu lecun", "activation: selu\ninitializer: lecun_normal\nlayers: 10\n"),
    ("relu he", "activation: relu\ninitializer: he_normal\nlayers: 20\nwidth: 60\n"),
    ("exponential", "activation: exponential\ninitializer: xavier_normal\nlayers: 2\n"),
)


def spec_of(text):
    return parse_spec(text, source="x.yaml", stem="x")


def figures(text):
    """The predictions of one run, by layer and path."""
    layers = run(spec_of(text)).layers
    return {
        (number, path): prediction
        for number, layer in enumerate(layers, 1)
        for path, prediction in layer.theory.figures.items()
    }


def scores(text, seeds=SEEDS):
    """The z-scores over seeds, by layer and path."""
    found = defaultdict(list)
    spec = spec_of(text)
    for seed in range(seeds):
        for number, layer in enumerate(run(replace(spec, seed=seed), threads=1).layers, 1):
            for path, prediction in layer.theory.figures.items():
                if prediction.z is not None:
                    found[number, path].append(prediction.z)
    return {key: np.array(z) for key, z in found.items() if len(z) == seeds}


def broken(found, limit=3.0):
    """Those whose mean or standard deviation is more than `limit` errors beyond the contract."""
    off = {}
    for key, z in found.items():
        mean, std, n = z.mean(), z.std(ddof=1), len(z)
        beyond = limit / sqrt(2 * n)
        if abs(mean) > 0.5 + limit * std / sqrt(n) or not (
            0.75 / (1 + beyond) <= std <= 1.3 * (1 + beyond)
        ):
            off[key] = round(mean, 2), round(std, 2)
    return off


@pytest.mark.parametrize(
    ("activation", "initializer", "size"),
    [
        ("relu", "he_normal", SMALL),
        ("tanh", "xavier_normal", SMALL),
        ("sigmoid", "xavier_normal", SMALL + "bias: {name: normal, std: 0.5}\n"),
        (GELU, "he_uniform", SMALL),
        ("selu", "lecun_normal", SMALL),
        ("tanh", "nguyen_widrow", SMALL + "bias: zeros\n"),
        ("relu", "kaiming_normal", CONVOLUTION),
    ],
    ids=["relu", "tanh", "sigmoid", "gelu", "selu", "fixed norm", "convolution"],
)
@pytest.mark.slow
def test_over_seeds_a_z_score_is_one(activation, initializer, size):
    found = scores(f"activation: {activation}\ninitializer: {initializer}\n{size}")
    assert len(found) >= 14
    assert {"std", "preactivation_std", "std_across_units"} <= {path for _, path in found}
    assert broken(found) == {}
    assert max(abs(z).max() for z in found.values()) < 6


@pytest.mark.parametrize(
    ("activation", "initializer"), [("relu", "he_normal"), ("tanh", "xavier_normal")]
)
@pytest.mark.slow
def test_over_repeats_a_z_score_is_one(activation, initializer):
    """One network's figures against the spread of twenty, whose mean finite width moves."""
    size = "layers: 2\nwidth: 40\nsamples: 40\nrepeats: 20\ndtype: float64\n"
    found = scores(f"activation: {activation}\ninitializer: {initializer}\n{size}", seeds=12)
    assert {"mean", "std", "preactivation_std"} <= {path for _, path in found}
    assert broken(found) == {}


@pytest.mark.parametrize(("name", "text"), DEEP, ids=[name for name, _ in DEEP])
def test_what_first_order_does_not_tell_has_no_z(name, text):
    found = figures(text)
    without = {key: p.no_z for key, p in found.items() if p.z is None}
    assert all(without.values())
    assert all(p.no_z is None for p in found.values() if p.z is not None)
    beyond = {
        "gelu he": [(1, "gradient.ratio"), (10, "saturation.low"), (10, "std_across_inputs")],
        "selu lecun": [(10, "std_across_units")],
        "relu he": [(20, "mean"), (20, "std")],
        "exponential": [(2, "std"), (2, "mean"), (1, "gradient.signal_rms")],
    }[name]
    assert set(beyond) <= set(without)


@pytest.mark.parametrize("repeats", [1, 10])
@pytest.mark.parametrize("initializer", ["orthogonal", "{name: sparse, sparsity: 0.5}", "lsuv"])
def test_weights_that_depend_on_each_other_give_no_z(initializer, repeats):
    found = figures(f"activation: tanh\ninitializer: {initializer}\nwidth: 30\nrepeats: {repeats}")
    assert found
    for prediction in found.values():
        assert prediction.z is None
        assert "independent" in prediction.no_z or "values" in prediction.no_z


def test_what_is_the_same_in_every_network_has_no_z():
    found = figures("activation: sigmoid\ninitializer: zeros\n")
    assert {p.no_z for (_, path), p in found.items() if path == "std"} == {
        "it is the same in every network"
    }


@pytest.mark.parametrize("width", ["[100, 100, 1]", "[3, 100, 100]"])
def test_few_units_have_no_z(width):
    text = f"activation: relu\ninitializer: he_normal\nwidth: {width}\nsamples: 50\n"
    assert not any(p.z for p in figures(text).values())
    assert "at least 16 units" in figures(text)[1, "std"].no_z


def test_the_means_of_few_inputs_have_no_z():
    text = "activation: relu\ninitializer: he_normal\nwidth: 50\nsamples: %d\n"
    few, more = figures(text % 4), figures(text % 5)
    for path in ("std_across_inputs", "std_across_units"):
        assert "fewer than 5 inputs" in few[2, path].no_z
        assert more[2, path].z is not None
    assert few[2, "std"].z is not None


def test_a_standard_deviation_at_its_largest_has_no_z():
    """Half of all values are 0 and half 1: it can only fall, to second order."""
    found = figures("activation: step\ninitializer: he_normal\n")
    assert "as large as it can be" in found[1, "std"].no_z
    assert found[1, "mean"].z is not None


def test_the_z_of_a_standard_deviation_is_that_of_its_logarithm():
    """So it is that of the variance, too; the shift is the only number that is not in the file."""
    text = "activation: relu\ninitializer: kaiming_normal\nseed: %d\n"
    shifts = defaultdict(set)
    for seed in range(3):
        for number, layer in enumerate(run(spec_of(text % seed)).layers, 1):
            for path, p in layer.theory.figures.items():
                if p.z is None:
                    continue
                relative = p.standard_error / p.value
                measured = figure(layer, path)
                if path in LOGARITHMIC:
                    shift = log(measured / p.value) - p.z * relative
                else:
                    shift = (measured - p.value) / p.standard_error - p.z
                shifts[number, path].add(round(shift, 9))
    assert shifts
    assert all(len(each) == 1 for each in shifts.values())
