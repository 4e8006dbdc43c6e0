"""Starts that look at the data: lsuv's scales, and what pretraining makes of a network."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.experiments import forecast, resources, run, shadow
from weightinit_cli.results import dump_result
from weightinit_cli.spec import parse_spec, spec_from_normal_form

SMALL = "samples: 200\nwidth: 40\nlayers: 4\n"
PRETRAINED = "initializer: xavier_normal\npretraining: {steps: 400, learning_rate: 0.1}\n"
TRAINING = "experiment: training\nsteps: 20\nlayers: 3\nwidth: 30\nactivation: sigmoid\n"


def spec_of(text, *overrides):
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def without(result, *keys):
    """The result's text but for some keys of its spec and its digest."""
    lines = dump_result(result).splitlines()
    return [line for line in lines if not any(key in line for key in (*keys, "digest"))]


@pytest.mark.parametrize("activation", ["tanh", "silu", "sigmoid", "{name: sin, omega: 3}"])
@pytest.mark.parametrize("shape", [SMALL, "samples: 30\nchannels: 6\nimage: [8, 8, 2]\n"])
@pytest.mark.parametrize("tolerance", [0.1, 1e-6])
def test_lsuv_brings_the_preactivations_to_variance_1(activation, shape, tolerance):
    text = f"{shape}activation: {activation}\ninitializer: {{name: lsuv, tolerance: {tolerance}}}\n"
    result = run(spec_of(text))
    for layer in result.layers:
        assert layer.preactivation_std**2 == pytest.approx(1, abs=tolerance + 1e-5)


def test_lsuv_tells_the_scales_that_it_found():
    text = f"{SMALL}activation: silu\n"
    start = run(spec_of(f"{text}initializer: orthogonal\n"))
    result = run(spec_of(f"{text}initializer: lsuv\n"))
    for layer, figures in zip(result.resolved.layers, result.layers, strict=True):
        assert layer.weight_std == pytest.approx(figures.weights.std, rel=0.05)
    drawn = [[each.weights.stream for each in one.layers] for one in (start, result)]
    assert drawn[0] == drawn[1]
    assert result.layers[3].theory.q == pytest.approx(1, rel=0.2)


def test_each_repeat_of_lsuv_has_scales_of_its_own():
    text = f"{SMALL}activation: tanh\ninitializer: {{name: lsuv, tolerance: 1e-6}}\nrepeats: 3\n"
    result = run(spec_of(text))
    assert all(layer.repeats["preactivation_std"].std < 1e-5 for layer in result.layers)
    assert result.layers[2].repeats["std_across_inputs"].std > 1e-5


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("activation: {name: hard_shrink, threshold: 9}\n", 2),
        ("activation: relu\nbias: {name: constant, value: -50}\n", 2),
        ("activation: tanh\nbias: {name: normal, std: 3}\n", 1),
        ("activation: tanh\nsamples: 1\nwidth: 1\n", 1),
    ],
)
def test_a_layer_without_a_scale_is_told_with_its_place(text, layer):
    with pytest.raises(SpecError) as caught:
        run(spec_of(f"initializer: lsuv\n{text}"))
    (line,) = caught.value.lines
    assert line.startswith(f"x.yaml:1:14: initializer: lsuv finds no scale for layer {layer}: ")


@pytest.mark.parametrize(
    "text",
    [
        f"{SMALL}activation: silu\ninitializer: lsuv\n",
        f"{SMALL}activation: sigmoid\n{PRETRAINED}",
        "samples: 20\nchannels: 4\nactivation: tanh\ninitializer: lsuv\nstride: 2\nlayers: 2\n",
    ],
)
def test_threads_change_nothing_and_a_result_runs_again_from_itself(text):
    result = run(spec_of(text), threads=1)
    assert dump_result(run(spec_of(text), threads=2)) == dump_result(result)
    again = run(spec_from_normal_form(result.spec, "stats.json"))
    assert dump_result(again) == dump_result(result)
    assert dump_result(shadow(spec_of(text), 1)) != dump_result(result)


def test_pretraining_lets_the_inputs_through():
    text = f"{SMALL}activation: sigmoid\n"
    before = run(spec_of(f"{text}initializer: xavier_normal\n"))
    after = run(spec_of(f"{text}{PRETRAINED}"))
    assert before.resolved.pretraining == ()
    assert len(after.resolved.pretraining) == 4
    for each in after.resolved.pretraining:
        assert each.after < each.before / 1.5
    assert after.layers[-1].std_across_inputs > 5 * before.layers[-1].std_across_inputs
    assert after.resolved.no_theory.startswith("the weights were pretrained")
    assert after.input == before.input


def test_pretraining_that_hardly_moves_is_the_start_itself():
    text = f"{SMALL}activation: tanh\ninitializer: xavier_normal\ndtype: float64\n"
    start = run(spec_of(text))
    moved = run(spec_of(f"{text}pretraining: {{steps: 1, learning_rate: 1e-30}}\n"))
    for one, other in zip(start.layers, moved.layers, strict=True):
        assert (one.mean, one.std, one.gradient.signal_rms) == (
            other.mean,
            other.std,
            other.gradient.signal_rms,
        )


def test_pretraining_that_diverges_is_told_with_its_place():
    text = f"{SMALL}activation: relu\ninitializer: he_normal\npretraining: {{learning_rate: 50}}\n"
    with pytest.raises(SpecError, match=r"x\.yaml:6:30: pretraining\.learning_rate: layer 1 div"):
        run(spec_of(text))


def test_pretraining_comes_before_training():
    text = f"{TRAINING}initializer: xavier_normal\n"
    plain = run(spec_of(text)).networks[0]
    result = run(spec_of(f"{text}pretraining: {{steps: 200, learning_rate: 0.1}}\n"))
    (network,) = result.networks
    assert network.stream == plain.stream
    assert plain.pretraining == ()
    assert len(network.pretraining) == 3
    assert all(each.after < each.before for each in network.pretraining)
    assert network.losses != plain.losses


@pytest.mark.parametrize("more", ["", "bias: {name: normal, std: 0.2}\n"])
def test_lsuv_of_a_classifier_gives_logits_of_variance_1(more):
    """The first loss of ten logits N(0, 1) is ln 10 + 1/2 to second order."""
    (network,) = run(spec_of(f"{TRAINING}initializer: lsuv\n{more}")).networks
    assert 2.4 < network.losses[0] < 3.3


def test_lsuv_before_gradient_descent():
    text = "experiment: symmetry\nactivation: tanh\ninitializer: lsuv\nsteps: 3\n"
    result = run(spec_of(text))
    assert result.layers[0].start_distinct == 10


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("initializer: lsuv\n", "lsuv finds its scales on the data"),
        (PRETRAINED, "the weights were pretrained"),
    ],
)
def test_nothing_is_foreseen_of_a_start_that_looks_at_the_data(text, why):
    said = forecast(spec_of(f"{SMALL}activation: silu\n{text}"))
    assert said.layers == ()
    assert said.no_theory.startswith(why)


def test_what_pretraining_keeps_is_asked_for_beforehand(monkeypatch):
    monkeypatch.setattr(resources, "available_bytes", lambda: 600 << 20)
    text = f"{TRAINING}initializer: xavier_normal\nwidth: 20000\nlayers: 1\n".replace(
        "layers: 3\nwidth: 30\n", ""
    )
    run(spec_of(text, "steps=1"))
    with pytest.raises(SpecError, match="GiB of memory"):
        run(spec_of(f"{text}pretraining: {{steps: 1}}\n"))


def test_inputs_that_do_not_vary_have_no_share():
    """Not that of a variance which is rounding alone."""
    text = "samples: 50\nwidth: 10\nlayers: 40\nactivation: sigmoid\n"
    result = run(spec_of(f"{text}initializer: xavier_normal\npretraining: {{steps: 2}}\n"))
    last = result.resolved.pretraining[-1]
    assert (last.before, last.after) == (None, None)


@pytest.mark.parametrize(
    ("initializer", "drawn"),
    [
        ("zeros", False),
        ("{name: constant, value: -1}", False),
        ("identity", False),
        ("{name: normal, std: 0}", True),
        ("{name: normal, std: 1e-300}", True),
        ("orthogonal", True),
        ("{name: sparse, sparsity: 0.9, std: 0.1}", True),
        ("xavier_normal", True),
    ],
)
@pytest.mark.parametrize("width", [1, 3])
def test_pretraining_keeps_the_draws_of_layers_apart(initializer, drawn, width):
    """No two streams are equal, and there is none where nothing was drawn, as without it."""
    text = f"samples: 10\nwidth: {width}\nlayers: 8\nactivation: tanh\ninitializer: {initializer}\n"
    plain, pretrained = (run(spec_of(text + more)) for more in ("", "pretraining: {steps: 3}\n"))
    for result in (plain, pretrained):
        streams = [layer.weights.stream for layer in result.layers]
        assert len(set(streams)) == (8 if drawn else 1)
        assert (None not in streams) == drawn
