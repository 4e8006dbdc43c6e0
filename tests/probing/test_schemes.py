"""Which scheme a parameter looks like it was drawn by: of draws by the table's own rows."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from support.probed import parameter
from weightinit_cli.initializers.samplers import Fans
from weightinit_cli.initializers.table import INITIALIZERS
from weightinit_cli.probing.figures import weight_figures
from weightinit_cli.probing.schemes import named

IN, OUT = 200, 300
SCALING = [
    "torch_linear", "kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform",
    "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
]  # fmt: skip
# Rows that are the same law under another name; torch's is named.
TWINS = {"he_uniform": "kaiming_uniform"}


def looks(entries, **more):
    """The scheme and the evidence of these entries, a matrix (out, in)."""
    entries = np.asarray(entries, np.float32)
    one = parameter("layer.weight", entries.shape, **more)
    one = replace(one, statistics=weight_figures(entries, ""))
    (found,) = named([one])
    return found.scheme, found.evidence


def by(name: str, seed: int = 0, inputs: int = IN, outputs: int = OUT, **more):
    matrix = np.empty((inputs, outputs), np.float32)
    sampler = INITIALIZERS[name].build(Fans(inputs, outputs), **more)
    sampler.fill(matrix, np.random.Generator(np.random.PCG64(seed)))
    return matrix.T


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SCALING)
def test_schemes_that_scale_by_the_fans(name: str, seed: int):
    scheme, evidence = looks(by(name, seed))
    assert scheme == TWINS.get(name, name)
    assert "kurtosis" in evidence
    assert " ± " in evidence


def test_by_the_other_fan():
    assert looks(by("kaiming_normal", mode="fan_out"))[0] == "kaiming_normal (fan_out)"


def test_of_a_square_matrix_several_fit():
    scheme, evidence = looks(by("xavier_uniform", inputs=100, outputs=100))
    assert scheme == "xavier_uniform"
    assert evidence.endswith("; lecun_uniform fits, too")


@pytest.mark.parametrize(
    ("entries", "scheme"),
    [
        (np.zeros((4, 5)), "constant 0"),
        (np.full(7, 1.0), "constant 1"),
        (np.eye(20, 30), "identity"),
        (by("orthogonal"), "orthogonal"),
        (sqrt(2) * by("orthogonal"), "orthogonal (gain √2)"),
        (by("normal", std=0.02), "normal (std 0.02)"),
        (by("normal", std=1.0), "normal (std 1)"),
        (by("truncated_normal", std=0.02), "truncated_normal (std 0.02)"),
        (by("uniform", low=-0.1, high=0.1), "uniform (± 0.1)"),
        (by("normal", std=0.02, mean=1.0), "normal (mean 1, std 0.02)"),
    ],
)
def test_schemes_without_fans(entries, scheme: str):
    assert looks(entries)[0] == scheme


@pytest.mark.parametrize("name", ["torch_linear", "kaiming_normal", "he_normal"])
def test_a_scale_that_is_two_per_cent_off_is_not_that_scheme_s(name: str):
    assert not looks(1.02 * by(name))[0].startswith(name)


def test_none_is_known():
    generator = np.random.default_rng(0)
    scheme, evidence = looks(generator.laplace(size=(OUT, IN)))
    assert scheme is None
    assert evidence.startswith("no known scheme has std 1.4")
    scheme, evidence = looks(generator.normal(size=5))
    assert scheme is None
    assert evidence.startswith("5 entries are too few to tell")
    assert looks([0.3]) == (None, "a single entry tells of no scheme")
    assert looks(np.full(3, np.nan)) == (None, "none of its entries is finite")


def probed(name: str, entries, **more):
    one = parameter(name, entries.shape, **more)
    return replace(one, statistics=weight_figures(np.asarray(entries, np.float32), ""))


def test_of_several_that_fit_it_is_the_commonest_of_the_model():
    """As in EfficientNet and T5: one rule, and matrices that other rules fit by chance."""
    fan_out = [by("kaiming_normal", seed, mode="fan_out") for seed in range(3)]
    square = by("kaiming_normal", inputs=100, outputs=100, mode="fan_out")
    models = [probed(f"{place}.weight", each) for place, each in enumerate([square, *fan_out])]
    assert looks(square)[0] == "kaiming_normal"
    first, *others = named(models)
    assert {each.scheme for each in others} == {"kaiming_normal (fan_out)"}
    assert first.scheme == "kaiming_normal (fan_out)"
    assert "kaiming_normal fits, too" in first.evidence
    draws = [
        by("normal", seed, std=0.00554, inputs=side) for seed, side in enumerate((300, 90, 40))
    ]
    alike = named([probed(f"{place}.weight", each) for place, each in enumerate(draws)])
    assert len({each.scheme for each in alike}) == 1


@pytest.mark.parametrize("seed", range(5))
def test_round_numbers_are_found_of_few_entries(seed: int):
    assert looks(by("normal", seed, std=1.0, inputs=16, outputs=16))[0] == "normal (std 1)"
    few = by("uniform", seed, low=-0.1, high=0.1, inputs=64, outputs=10)
    assert looks(few)[0] == "uniform (± 0.1)"
    few = by("truncated_normal", seed, std=0.02, inputs=60, outputs=60)
    assert looks(few)[0] == "truncated_normal (std 0.02)"


def test_entries_that_all_lie_near_the_mean_are_not_normal():
    for seed in range(5):
        entries = by("uniform", seed, low=-0.354, high=0.354, inputs=64, outputs=5)
        assert "kaiming_normal" not in " ".join(looks(entries))


def test_recurrent_layers_draw_by_their_hidden_units():
    entries = by("uniform", low=-(12**-0.5), high=12**-0.5, inputs=8, outputs=48)
    assert looks(entries, kind="LSTM", fan_in=8, fan_out=12)[0] == "uniform (± 1/√hidden)"
    assert looks(entries, fan_in=8, fan_out=12)[0] != "uniform (± 1/√hidden)"


def test_an_embedding_sums_nothing():
    entries = by("normal", std=1.0, inputs=16, outputs=50)
    embedding = {"kind": "Embedding", "fan_in": 1, "fan_out": 16}
    assert looks(entries, **embedding)[0] == "normal (std 1)"
    assert looks(by("normal", std=IN**-0.5))[0] == "normal (std 1/√fan_in)"


def test_rows_of_zeros_are_left_out():
    entries = by("normal", std=1.0).copy()
    entries[:30] = 0
    assert looks(entries)[0] == "normal (std 1)"


@pytest.mark.parametrize(("strays", "said"), [(1, "one entry"), (3, "3 entries")])
def test_entries_far_off_are_told(strays: int, said: str):
    """As timm's trunc_normal_ draws its bound of -2 now and then."""
    entries = by("normal", std=0.02).copy()
    entries[3, :strays] = -2
    scheme, evidence = looks(entries)
    assert scheme == "normal (std 0.02)"
    assert evidence.startswith(f"but for {said} of -2, which no such law has: std 0.0")
    entries[4] = -2
    assert looks(entries)[0] is None


def test_scaled_projections_by_the_number_of_branches():
    entries = np.asarray(by("normal", std=0.02 / sqrt(24)), np.float32)
    one = replace(parameter("proj.weight", entries.shape), statistics=weight_figures(entries, ""))
    assert named([one], {24})[0].scheme == "normal (std 0.02 / √24)"
    assert named([one], {10})[0].scheme != "normal (std 0.02 / √24)"


def test_biases_have_the_fans_of_their_weights():
    weight = replace(
        parameter("layer.weight", (OUT, IN)), statistics=weight_figures(by("torch_linear"), "")
    )
    drawn = by("torch_linear", seed=1)[:, 0]
    bias = replace(parameter("layer.bias", (OUT,)), statistics=weight_figures(drawn, ""))
    assert [each.scheme for each in named([weight, bias])] == ["torch_linear", "torch_linear"]


def test_fans_as_torch_counts_them():
    """The weights of a transposed convolution are (in, out, ...), of which torch takes out."""
    entries = by("torch_linear", inputs=8 * 9, outputs=64).reshape(64, 8, 3, 3)
    one = parameter("up.weight", (64, 8, 3, 3), kind="ConvTranspose2d", fan_in=576, fan_out=72)
    one = replace(one, statistics=weight_figures(entries, ""))
    assert named([one])[0].scheme == "torch_linear, fans by its shape"
