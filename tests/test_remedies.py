"""`weightinit_cli.fix`: what it finds has no warning when it is run again."""

from __future__ import annotations

from itertools import product
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightinit_cli import fix, run
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.progress import Progress
from weightinit_cli.remedies.proposals import changed, own_at_scale
from weightinit_cli.remedies.scan import TARGETS, scan
from weightinit_cli.remedies.search import _Search
from weightinit_cli.spec import expand, load_spec, normal_form, parse_spec, shipped_configs
from weightinit_cli.spec import spec_of as spec_from
from weightinit_cli.spec.written import yaml_text


def spec_of(activation: str, initializer: str, more: str = "layers: 8\nwidth: 32\n"):
    text = f"samples: 60\nactivation: {activation}\ninitializer: {initializer}\n{more}"
    return parse_spec(text, source="here", stem="here")


def warnings(spec) -> list[str]:
    return [verdict.name for verdict in run(spec).verdict if verdict.warns]


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("tanh", "{name: normal, std: 0.001}"),
        ("relu", "{name: xavier_uniform, gain: 0.001}"),
        ("softplus", "zeros"),
        ("hard_shrink", "{name: uniform, low: -9, high: 9}"),
        ("{name: sin, omega: 30}", "{name: orthogonal, gain: 5}"),
    ],
)
def test_what_is_found_has_no_warning(activation: str, initializer: str):
    spec = spec_of(activation, initializer)
    assert warnings(spec)
    remedy = fix(spec)
    assert remedy.chosen is not None
    assert remedy.chosen in remedy.attempts
    assert changed(spec, remedy.chosen.change) == remedy.mended
    assert warnings(remedy.mended) == []


def test_a_sound_start_is_left_alone():
    spec = spec_of("tanh", "critical")
    remedy = fix(spec)
    assert remedy.own.healthy
    assert (remedy.mended, remedy.chosen, remedy.attempts) == (spec, None, ())


@pytest.mark.parametrize(
    ("initializer", "changes"),
    [
        ("{name: uniform, low: -9, high: 9}", {"initializer": "uniform"}),
        ("{name: kaiming_normal, gain: 9}", {"initializer": "kaiming_normal"}),
        ("{name: orthogonal, gain: 9}", {"initializer": "orthogonal"}),
    ],
)
def test_another_scale_is_the_smallest_change(initializer: str, changes: dict):
    chosen = fix(spec_of("relu", initializer)).chosen
    assert chosen is not None
    assert {key: value["name"] for key, value in chosen.change.items()} == changes


@pytest.mark.parametrize("bias", ["{name: normal, std: 1000}", "{name: constant, value: -5}"])
def test_biases_alone_are_changed_where_these_are_to_blame(bias: str):
    remedy = fix(spec_of("relu", "he_normal", f"bias: {bias}\n"))
    assert remedy.chosen is not None
    assert remedy.chosen.change == {"bias": "zeros"}


def test_no_network_is_tried_twice():
    remedy = fix(spec_of("relu", "{name: normal, std: 0.001}"))
    spec = remedy.spec
    digests = []
    for attempt in remedy.attempts:
        layer = run(changed(spec, attempt.change)).layers[0]
        digests.append((layer.std, layer.gradient.signal_rms))
    assert len(set(digests)) == len(digests)


def test_nothing_is_found_where_no_gradient_comes_through():
    remedy = fix(spec_of("step", "xavier_normal", "layers: 2\nwidth: 8\n"))
    assert (remedy.mended, remedy.chosen) == (None, None)
    assert all(not attempt.healthy for attempt in remedy.attempts)
    (other,) = remedy.nearest
    assert other.change["activation"] == "tanh"
    assert warnings(changed(remedy.spec, other.change)) == []


def test_of_several_runs_each_is_mended_alone():
    text = "activation: tanh\ninitializer: {name: normal, std: 10}\nsweep: {width: [8, 16]}\n"
    spec = parse_spec(text, source="here", stem="here")
    with pytest.raises(ValueError, match="expand"):
        fix(spec)
    assert fix(expand(spec)[1]).mended is not None


def test_other_experiments_are_refused():
    with pytest.raises(SpecError, match="experiment"):
        fix(load_spec("zeros_deep"))


@pytest.mark.parametrize(
    "more",
    [
        "width: [64, 32, 16, 8]\n",
        "features: 500\nwidth: 20\n",
        "channels: 4\nimage: [4, 4, 3]\nlayers: 3\n",
        "width: 16\nlayers: 4\ndtype: float64\nbackward: false\nrepeats: 2\n",
        "width: 16\nlayers: 3\npretraining: {steps: 5}\n",
    ],
)
def test_any_network_of_the_spec(more: str):
    remedy = fix(spec_of("tanh", "{name: normal, std: 50}", more))
    assert remedy.mended is not None
    assert warnings(remedy.mended) == []
    left = {key for key, value in normal_form(remedy.spec).items()}
    assert normal_form(remedy.mended).keys() == left


SCALED = [
    name
    for name, row in INITIALIZERS.items()
    if row.only != "kernel" and {"gain", "std", "scale"} & {each.name for each in row.parameters}
]


@pytest.mark.parametrize("name", [*SCALED, "uniform", "he_normal", "torch_linear", "critical"])
def test_the_own_initializer_has_the_scale_that_is_asked(name: str):
    needed = {
        "std": "3", "sparsity": "0.3", "low": "-1", "high": "1", "scale": "2", "mode": "fan_out",
        "distribution": "uniform",
    }  # fmt: skip
    given = {
        each.name: needed[each.name] for each in INITIALIZERS[name].parameters if each.required
    }
    written = ", ".join(f"{key}: {value}" for key, value in {"name": name, **given}.items())
    spec = spec_of("tanh", f"{{{written}}}")
    layer = build_network(spec).weighted[-1]
    scaled = own_at_scale(spec, layer)
    assert scaled is not None
    found = build_network(changed(spec, {"initializer": scaled(1.7)})).weighted[-1]
    assert found.weights.std * sqrt(found.fan_in) == pytest.approx(1.7, rel=1e-3)


@given(st.floats(-3, 3), st.floats(0.01, 50), st.integers(1, 200))
def test_a_scan_finds_the_scale_at_which_the_gradient_stays(at: float, first: float, depth: int):
    """The gradient of a linear network of so many layers, whose scale is then 10^(at / 2)."""
    from math import log10

    seen = []

    def slope_at(scale: float) -> float:
        seen.append(2 * depth * (log10(scale) - at / 2))
        return seen[-1]

    assert next(scan(first, slope_at)) == TARGETS[0]
    if abs(log10(first) - at / 2) < 1.5:
        assert min(map(abs, seen)) < max(0.5, depth / 100)
    assert len(seen) < 30


def test_a_spec_is_the_same_when_it_is_read_again():
    for config in shipped_configs():
        for spec in list(expand(load_spec(config)))[:3]:
            again = parse_spec(yaml_text(spec), source="here", stem="here")
            assert {**normal_form(again), "name": spec.name} == normal_form(spec)


def test_what_goes_without_saying_is_left_out():
    spec = spec_of("tanh", "{name: normal, std: 0.1}", "layers: 5\nwidth: [7, 7, 7, 7, 7]\n")
    lines = yaml_text(spec).splitlines()
    assert lines == [
        "samples: 60",
        "width: 7",
        "activation: tanh",
        "initializer: {name: normal, std: 0.1}",
    ]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh_shrink", "exponential"])
def test_a_start_is_found_wherever_a_scan_has_one(activation: str):
    """A small part of benchmarks/fix.py."""
    for sigma_w, sigma_b in product((0.4, 0.8, 1.6, 3.2), (0.0, 0.5)):
        normal = f"{{name: normal, std: {sigma_w / 4}}}"
        bias = f"bias: {{name: normal, std: {sigma_b}}}\nlayers: 4\nwidth: 16\n"
        if not warnings(spec_of(activation, normal, bias)):
            spec = spec_of(activation, "{name: normal, std: 0.001}", "layers: 4\nwidth: 16\n")
            assert fix(spec).mended is not None
            return


def blocks(**more):
    keys = {"initializer": "he_normal", "layers": 40, "width": 32, "samples": 60}
    return spec_from({"activation": "relu", "name": "here", **keys, **more})


def test_branches_that_add_up_to_too_much_are_scaled():
    remedy = fix(blocks(residual={"branch": 2}))
    assert {"exploding_signal", "exploding_gradient"} & {each.name for each in remedy.own.verdict}
    assert remedy.chosen.change["residual"]["scale"] == "1/sqrt(branches)"
    assert set(remedy.chosen.change) == {"residual"}
    assert warnings(remedy.mended) == []


def test_where_no_scale_of_the_weights_does_the_layers_are_normalized():
    remedy = fix(blocks(activation="exponential", layers=10, width=12, samples=40))
    assert remedy.chosen.change == {"normalization": "layer_norm"}
    plain = [each for each in remedy.attempts if not set(each.change) - {"initializer", "bias"}]
    assert plain
    assert not any(each.held == 2 for each in plain)
    assert warnings(remedy.mended) == []


def test_an_output_layer_that_is_too_sure_is_made_small():
    output = {"classes": 10, "initializer": {"name": "normal", "std": 2}}
    remedy = fix(blocks(layers=4, output=output))
    assert [each.name for each in remedy.own.verdict if each.warns] == ["confident_at_start"]
    assert set(remedy.chosen.change) == {"output"}
    assert remedy.chosen.change["output"]["initializer"] == {"name": "normal", "std": 0.01}
    assert warnings(remedy.mended) == []


def test_a_small_output_layer_stands_beside_what_mends_the_rest():
    output = {"classes": 10, "initializer": {"name": "normal", "std": 3}}
    start = {"name": "normal", "std": 0.01}
    remedy = fix(blocks(layers=8, initializer=start, output=output))
    if "confident_at_start" in {each.name for each in remedy.own.verdict if each.warns}:
        assert set(remedy.chosen.change) == {"output", "initializer"}
    assert warnings(remedy.mended) == []


def test_a_start_that_other_seeds_refuse_is_no_end_of_the_search():
    """lsuv finds a scale under the spec's seed, and under another none for a layer that is dead."""
    keys = {"activation": "sigmoid", "width": 1, "samples": 20, "pretraining": {"steps": 3}}
    output = {"classes": 10, "initializer": "torch_linear"}
    remedy = fix({**keys, "initializer": "torch_linear", "output": output})
    assert remedy.attempts
    assert all(attempt.verdict for attempt in remedy.attempts if attempt.held)


def test_siren_has_no_activation_beside_it():
    """Its weights are for sin alone: with another activation there is no start to be told of."""
    keys = {"activation": {"name": "sin", "omega": 30}, "initializer": "siren", "samples": 20}
    search = _Search(spec_from(keys), None, Progress())
    assert search.beside({"activation": "tanh"}) is None
