"""Networks whose layers differ: lists of activations, initializers and biases."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

import weightinit_cli as winit
from support.cases import every
from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network, build_request
from weightinit_cli.network import draw_parameters, forward
from weightinit_cli.results import load_result
from weightinit_cli.results.kinds import rows
from weightinit_cli.snippets import LIBRARIES, snippet
from weightinit_cli.spec import digest, normal_form, spec_from_normal_form, spec_of, yaml_text

SIN = {"name": "sin", "omega": 3.0}
STD = {"name": "normal", "std": 0.2}
MIXED = {
    "activation": ["relu", "tanh", SIN, "sigmoid"],
    "initializer": ["he_normal", STD, {"name": "orthogonal", "gain": 2}, "torch_linear"],
    "bias": ["zeros", {"name": "normal", "std": 0.3}, "zeros", "torch_linear"],
    "width": [24, 30, 20, 26],
    "features": 18,
    "samples": 40,
}


def stds(spec):
    """sigma_w of every layer."""
    layers = build_network(spec_of(spec)).weighted
    return [layer.weights.std * sqrt(layer.fan_in) for layer in layers]


def test_both_passes_are_those_of_plain_numpy():
    spec = spec_of({**MIXED, "dtype": "float64"})
    network = build_network(spec)
    weights, biases, _ = draw_parameters(network)
    trace = []
    records = list(forward(network, build_request(spec), 1, trace=trace))
    result = winit.run(spec)
    x, functions = trace[0], [ACTIVATIONS[c.name].build(**c.arguments) for c in spec.activations]
    pre = []
    for number, function in enumerate(functions):
        z = x @ weights[number] + biases[number]
        assert trace[number + 1] == pytest.approx(z, rel=1e-12, abs=1e-12)
        x = {
            "relu": lambda z: np.maximum(z, 0),
            "tanh": np.tanh,
            "sin": lambda z: np.sin(3 * z),
            "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        }[spec.activations[number].name](z)
        pre.append((z, function))
        assert records[number + 1].activations.std == pytest.approx(x.std(), rel=1e-12)
        assert result.layers[number].std == pytest.approx(x.std(), rel=1e-12)
    ratios = [layer.gradient.ratio for layer in result.layers]
    rms = [layer.gradient.signal_rms for layer in result.layers]
    for number in range(3):
        assert ratios[number] == pytest.approx((rms[number] / rms[number + 1]) ** 2, rel=1e-12)
    low, high = result.layers[1].saturation.low, result.layers[1].saturation.high
    ends = pre[1][1].ends(0.05)
    assert (low, high) == ((pre[1][0] <= ends[0]).mean(), (pre[1][0] >= ends[1]).mean())


def test_flat_ends_and_ranges_are_each_layers_own():
    result = winit.histogram(**MIXED)
    ends = [(layer.x_low, layer.x_high) for layer in result.resolved.layers]
    tanh, sigmoid = (ACTIVATIONS[name].build().ends(0.05) for name in ("tanh", "sigmoid"))
    assert ends == [(0.0, None), tanh, (None, None), sigmoid]
    assert (result.resolved.x_low, result.resolved.x_high) == (None, None)
    edges = [(layer.histogram.edges[0], layer.histogram.edges[-1]) for layer in result.layers]
    assert edges[1:] == [(-1, 1), (-1, 1), (0, 1)]
    assert edges[0] == (result.layers[0].min, result.layers[0].max)
    flat = [
        (layer.saturation.low is None, layer.saturation.high is None) for layer in result.layers
    ]
    assert flat == [(False, True), (False, False), (True, True), (False, False)]


def test_one_end_for_all_stands_where_it_stood():
    resolved = winit.histogram(activation="tanh", initializer=["lecun_normal", STD]).resolved
    assert resolved.x_high == -resolved.x_low > 2
    assert {layer.x_low for layer in resolved.layers} == {None}


def test_equal_entries_are_one():
    one = spec_of({"activation": "relu", "initializer": STD, "layers": 3})
    for listed in (
        {"activation": ["relu"] * 3, "initializer": [STD] * 3},
        {"activation": "relu", "initializer": {**STD, "1": {"std": 0.2}}, "layers": 3},
        {"activation": "relu", "initializer": STD, "bias": ["zeros"] * 3},
    ):
        assert digest(spec_of(listed)) == digest(one)
        assert normal_form(spec_of(listed)) == normal_form(one)


def test_lists_are_read_again_from_every_form():
    spec = spec_of(MIXED)
    assert normal_form(spec)["activation"][2] == {"name": "sin", "omega": 3.0}
    assert spec_from_normal_form(normal_form(spec), "spec") == spec
    assert "activation: [relu, tanh, {name: sin, omega: 3}, sigmoid]" in yaml_text(spec)


def test_biases_are_by_default_those_of_their_initializers():
    spec = spec_of({"activation": "tanh", "initializer": ["torch_linear", "lecun_normal"]})
    assert [bias.name for bias in spec.biases] == ["torch_linear", "zeros"]


@every("listed", [STD, [STD, STD, STD]])
def test_a_sweep_sets_one_layer(listed):
    """Where one initializer is that of all layers, and where each has its own."""
    keys = {"activation": "tanh", "initializer": listed, "layers": 3, "width": 20, "samples": 10}
    runs = winit.expand({**keys, "sweep": {"initializer.0.std": [0.1, 0.2, 0.3]}})
    found = [[each.arguments["std"] for each in run.initializers] for run in runs]
    assert found == [[0.1, 0.2, 0.2], [0.2] * 3, [0.3, 0.2, 0.2]]
    assert [run.run for run in runs] == [f"initializer.0.std={std}" for std in (0.1, 0.2, 0.3)]


def test_a_layer_apart_keeps_what_is_set_for_all():
    keys = {"activation": "relu", "initializer": STD, "layers": 2}
    sweep = {"initializer.1.std": [1.0], "initializer.std": [2.0, 3.0], "layers": [2, 3]}
    runs = winit.expand({**keys, "sweep": sweep})
    found = [[each.arguments["std"] for each in run.initializers] for run in runs]
    assert found == [[2, 1], [2, 1, 2], [3, 1], [3, 1, 3]]


def test_a_list_that_does_not_fit_some_run_is_told_at_once():
    keys = {"activation": ["relu", "tanh"], "initializer": STD}
    with pytest.raises(
        SpecError, match=r"activation: must have one entry per layer \(3, by layers"
    ):
        winit.expand({**keys, "sweep": {"seed": [1, 2], "layers": [2, 3]}})


def test_numbers_of_theory_are_for_what_the_weights_see():
    """He's sqrt(2) for what relu hands on, whatever the layer's own activation is."""
    tanh_gain = winit.predict({"activation": "tanh", "initializer": {"name": "xavier_normal"}})
    assert tanh_gain.limits is not None
    auto = {"name": "kaiming_normal", "gain": "auto"}
    found = stds({"activation": ["relu", "tanh", "relu"], "initializer": auto})
    tanh = stds({"activation": "tanh", "initializer": auto})[1]
    assert found == pytest.approx([1, sqrt(2), tanh])
    found = stds({"activation": ["relu", "tanh", "relu"], "initializer": "critical"})
    assert found == pytest.approx([sqrt(2), sqrt(2), 1])


def test_siren_takes_omega_from_its_own_layer():
    found = stds({"activation": [{"name": "sin", "omega": 30}, SIN, SIN], "initializer": "siren"})
    assert found == pytest.approx([1 / sqrt(3 * 100), sqrt(2) / 3, sqrt(2) / 3])


NETWORKS = {
    "relu, tanh": (["relu", "tanh"] * 2, [{"name": "normal", "std": 0.15}] * 4),
    "a sine below": ([SIN, "relu", "relu"], [STD, "he_normal", "lecun_normal"]),
    "sigmoid on top": (["silu", "silu", "sigmoid"], ["he_normal", "he_normal", "xavier_normal"]),
}


@every("name", NETWORKS)
def test_z_scores_are_such(name):
    """Over seeds every figure's have mean 0 and standard deviation 1, as far as 100 seeds tell."""
    activation, initializer = NETWORKS[name]
    keys = {"activation": activation, "initializer": initializer, "width": 100, "samples": 60}
    scores = {}
    for seed in range(100):
        for number, layer in enumerate(winit.histogram(**keys, seed=seed).layers, 1):
            for path, prediction in layer.theory.figures.items():
                if prediction.z is not None:
                    scores.setdefault((number, path), []).append(prediction.z)
    often = {key: each for key, each in scores.items() if len(each) > 50}
    assert len(often) > 5 * len(activation)
    assert {key: np.mean(z) for key, z in often.items() if abs(np.mean(z)) > 0.5} == {}
    assert {key: np.std(z) for key, z in often.items() if not 0.75 < np.std(z) < 1.3} == {}


def test_training_and_symmetry_take_lists():
    symmetry = {
        "experiment": "symmetry", "data": "xor", "activation": ["tanh", "relu"],
        "initializer": [{"name": "normal", "std": 1}, "he_normal"], "width": 6, "steps": 5,
    }  # fmt: skip
    layers = winit.run(symmetry).layers
    assert [layer.units for layer in layers] == [6, 6, 1]


@every("library", LIBRARIES)
def test_a_program_has_a_loop_for_layers_that_start_alike(library):
    keys = {**MIXED, "initializer": ["he_normal", STD, STD, STD], "bias": "zeros"}
    activation = ["relu", "relu", SIN, SIN]
    program = snippet(spec_of({**keys, "activation": activation}), library)
    compile(program, "program", "exec")
    for widths in ("WIDTHS[:2]", "WIDTHS[1:3]", "WIDTHS[2:]"):
        assert f"pairwise({widths})" in program


def test_a_phase_diagram_is_of_one_activation():
    with pytest.raises(
        SpecError, match="one activation, and the layers have relu in layer 1 / tanh"
    ):
        winit.phase(specs={"activation": ["relu", "tanh"], "initializer": STD})


def test_a_remedy_is_found_for_lists():
    keys = {"activation": ["tanh", "tanh", "relu", "relu"], "layers": 4, "width": 50}
    spec = {**keys, "initializer": [{"name": "normal", "std": 0.01}] * 2 + ["he_normal"] * 2}
    remedy = winit.fix({**spec, "samples": 100, "layers": 4})
    assert remedy.mended is not None


def test_every_row_of_the_table_has_its_own_layers_start():
    found = rows(winit.histogram(**MIXED), "")
    assert [row["activation"] for row in found] == ["relu", "tanh", "sin", "sigmoid"]
    assert [row.get("initializer.std") for row in found] == [None, 0.2, None, None]
    assert [row["bias"] for row in found] == ["zeros", "normal", "zeros", "torch_linear"]


def test_a_saved_result_is_read_again(tmp_path):
    result = winit.histogram(**MIXED)
    [*_, stats] = [path for path in result.save(tmp_path / "out") if path.name == "stats.json"]
    assert load_result(stats) == result
