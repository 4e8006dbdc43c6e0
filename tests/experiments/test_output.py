"""An output layer: its loss and gradients against torch, its draws, its theory over seeds."""

from __future__ import annotations

from dataclasses import asdict, replace
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weightinit_cli as winit
from weightinit_cli.errors import SpecError
from weightinit_cli.experiments.build import build_network
from weightinit_cli.experiments.shown import with_data
from weightinit_cli.network.draws import (
    draw_bias,
    draw_inputs,
    draw_parameters,
    draw_weights,
)
from weightinit_cli.network.loss import labels_of
from weightinit_cli.network.workers import ignore_work, workers
from weightinit_cli.results import dump_line, load_result
from weightinit_cli.results.kinds import check_consistency, rows
from weightinit_cli.snippets import snippet
from weightinit_cli.spec import digest, normal_form, spec_from_normal_form, spec_of
from weightinit_cli.streams import Role

BASE = {"activation": "tanh", "initializer": "xavier_normal", "samples": 40, "seed": 3}
OUTPUT = {
    "classes": 7,
    "initializer": {"name": "normal", "std": 0.4},
    "bias": {"name": "normal", "std": 0.3},
}
SMALL = {**BASE, "width": [12, 9], "features": 8, "dtype": "float64", "output": OUTPUT}


RECORDED = {
    "loss": 2.1231467185654047,
    "rms": 0.6701924507987512,
    "signal": 0.3594305708973427,
    "weights": 0.025686194853238628,
    "first": 0.04196657455685355,
}


def parts_of(spec):
    """The inputs, labels, weights and biases of a spec's first network."""
    network = build_network(spec_of(spec))
    inputs = np.empty((network.samples, network.features), network.dtype)
    with workers(1, ignore_work) as apply:
        draw_inputs(network, inputs, apply)
    weights, biases, _ = draw_parameters(network)
    return inputs, labels_of(network), weights, biases


@settings(deadline=None, max_examples=12, derandomize=True)
@given(
    activation=st.sampled_from(["tanh", "sigmoid", "softplus"]),
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    classes=st.integers(2, 12),
    std=st.sampled_from([0.0, 0.01, 1.0, 30.0]),
    seed=st.integers(0, 2**32),
)
def test_loss_logits_and_gradients_are_those_of_torch(activation, widths, classes, std, seed):
    torch = pytest.importorskip("torch")
    phi = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": torch.nn.functional.softplus}
    spec = {
        **BASE,
        "activation": activation,
        "width": widths,
        "features": 5,
        "seed": seed,
        "dtype": "float64",
        "bias": {"name": "normal", "std": 0.2},
        "output": {"classes": classes, "initializer": {"name": "normal", "std": std}},
        "learning_rate": 0.1,
    }
    result = winit.run(spec)
    inputs, labels, weights, biases = parts_of(spec)
    weights = [torch.tensor(each, requires_grad=True) for each in weights]
    x, pre = torch.tensor(inputs), []
    for number, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = x @ w + torch.tensor(b)
        x.retain_grad()
        pre.append(x)
        if number < len(widths):
            x = phi[activation](x)
    loss = torch.nn.functional.cross_entropy(x, torch.tensor(labels))
    loss.backward()

    def close(one, other):
        assert one == pytest.approx(float(other), rel=1e-12, abs=1e-300)

    def rms(values):
        return (values.detach() ** 2).mean().sqrt()

    output = result.output
    close(output.loss, loss.detach())
    close(output.rms, rms(x))
    close(output.logits.std, x.detach().std(correction=0))
    assert output.accuracy == float((x.argmax(1) == torch.tensor(labels)).double().mean())
    every = [*result.layers, output.logits]
    for layer, w, z in zip(every, weights, pre, strict=True):
        close(layer.gradient.signal_rms, rms(z.grad) * len(inputs))
        close(layer.gradient.weight_rms, rms(w.grad))
        if rms(w) > 0:
            close(layer.gradient.update_ratio, 0.1 * rms(w.grad) / rms(w))
    assert every[-1].gradient.ratio is every[-2].gradient.ratio is None


def test_recorded_values_of_torch():
    """By torch 2.13 in float64, from the arrays of `parts_of(SMALL)`, as in the test above."""
    output = winit.run(SMALL).output
    assert output.loss == pytest.approx(RECORDED["loss"], rel=1e-12)
    assert output.rms == pytest.approx(RECORDED["rms"], rel=1e-12)
    assert output.logits.gradient.signal_rms == pytest.approx(RECORDED["signal"], rel=1e-12)
    assert output.logits.gradient.weight_rms == pytest.approx(RECORDED["weights"], rel=1e-12)
    first = winit.run(SMALL).layers[0].gradient
    assert first.weight_rms == pytest.approx(RECORDED["first"], rel=1e-12)


def test_the_layers_below_are_those_without_an_output_layer():
    alone, with_output = winit.run({**SMALL, "output": "none"}), winit.run(SMALL)
    assert alone.output is None
    for one, other in zip(alone.layers, with_output.layers, strict=True):
        assert one.weights == other.weights
        assert one.std == other.std
    assert "output" not in normal_form(spec_of({**SMALL, "output": "none"}))
    assert digest(spec_of({**BASE, "output": "none"})) == digest(spec_of(BASE))


def test_labels_and_output_weights_do_not_depend_on_the_layers():
    one, other = (parts_of({**SMALL, "layers": len(w), "width": w}) for w in ([12, 9], [5, 20, 9]))
    assert np.array_equal(one[1], other[1])
    assert np.array_equal(one[2][-1], other[2][-1])
    repeated = labels_of(build_network(spec_of(SMALL))._replace(repeat=1))
    assert not np.array_equal(one[1], repeated)
    assert set(one[1]) <= set(range(7))


def test_threads_and_blocks_change_nothing():
    spec = {**BASE, "samples": 1500, "width": 30, "output": {"classes": 10}}
    one, other = (winit.run(spec, threads=number) for number in (1, 4))
    assert dump_line(one) == dump_line(other)


def test_without_the_way_back_the_loss_is_the_same():
    there, back = winit.run({**SMALL, "backward": False}).output, winit.run(SMALL).output
    assert there.loss == back.loss
    assert there.logits.gradient is None


def test_a_result_is_read_as_it_was_saved(tmp_path):
    result = winit.run({**SMALL, "repeats": 3, "learning_rate": 0.5})
    check_consistency(result)
    (tmp_path / "stats.json").write_text(dump_line(result))
    assert asdict(load_result(tmp_path / "stats.json")) == asdict(result)
    again = spec_from_normal_form(result.spec, result.name)
    assert dump_line(winit.run(again)) == dump_line(result)


def test_initializers_are_those_of_the_last_layer_where_none_is_named():
    def of(output, **keys):
        return spec_of({**BASE, "output": output, **keys}).output

    assert of({"classes": 3}).initializer.name == "xavier_normal"
    biased = of({"classes": 3}, bias={"name": "normal", "std": 0.1})
    assert biased.bias.arguments["std"] == 0.1
    listed = of({"classes": 3}, initializer=["he_normal", "orthogonal"])
    assert listed.initializer.name == "orthogonal"
    assert of({"classes": 3, "initializer": "torch_linear"}).bias.name == "torch_linear"
    assert of({"classes": 3, "initializer": "he_normal"}, bias="ones").bias.name == "zeros"


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ({"output": {}}, "output.classes", "required"),
        ({"output": {"classes": 1}}, "output.classes", ">= 2"),
        ({"output": 10}, "output", "a mapping {classes: ..."),
        (
            {"output": {"classes": 3, "initializer": "lsuv"}},
            "output.initializer",
            "activations hand on",
        ),
        ({"output": {"classes": 3}, "initializer": "lsuv"}, "output.initializer", "name one"),
        ({"output": {"classes": 3, "initializer": "siren"}}, "output.initializer", "'sin'"),
        ({"output": {"classes": 3, "bias": "he_normal"}}, "output.bias", "needs a matrix"),
        ({"output": {"classes": 3, "width": 3}}, "output.width", "unknown key"),
        ({"learning_rate": 0.1}, "learning_rate", "output: {classes: 10}"),
        ({"learning_rate": 0.1, "output": "none"}, "learning_rate", "output: {classes: 10}"),
        ({"learning_rate": 0, "output": {"classes": 3}}, "learning_rate", "> 0"),
        (
            {"learning_rate": 1, "output": {"classes": 3}, "backward": False},
            "learning_rate",
            "gradient",
        ),
        ({"inputs": "digits", "output": {"classes": 3}}, "output.classes", "the 10 classes"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(keys, where, words):
    with pytest.raises(SpecError) as error:
        spec_of({**BASE, **keys})
    (problem,) = error.value.problems
    assert problem.path == where
    assert words in problem.message


def test_convolutions_have_one_on_all_their_values():
    spec = {"activation": "relu", "initializer": "kaiming_normal", "samples": 20, "layers": 2}
    spec |= {"channels": 4, "kernel": 3, "image": [6, 6, 2], "output": {"classes": 5}}
    result = winit.run(spec)
    assert result.output.resolved.fan_in == 6 * 6 * 4
    assert result.output.resolved.weight_std == pytest.approx(sqrt(2 / 144))
    assert result.output.loss > log(5) / 2


def test_rows_have_the_output_layers_keys():
    (row, *_) = rows(winit.run({**SMALL, "learning_rate": 0.1}), "")
    assert row["output.classes"] == 7
    assert row["output.initializer"] == "normal"
    assert row["output.initializer.std"] == 0.4
    assert row["gradient.update_ratio"] > 0
    assert row["output.indifferent"] == log(7)
    assert row["output.loss"] > 0 < row["output.theory.loss"]
    (alone, *_) = rows(winit.run({**SMALL, "output": "none"}), "")
    assert not any(key.startswith(("output", "loss")) or "update" in key for key in alone)


@pytest.mark.parametrize(
    "keys",
    [
        {"activation": "relu", "initializer": "kaiming_normal", "layers": 2},
        {"activation": "tanh", "bias": {"name": "normal", "std": 0.3}, "layers": 4},
        {"output": {"classes": 3, "initializer": {"name": "uniform", "low": -1, "high": 1}}},
    ],
    ids=lambda keys: next(iter(keys)),
)
def test_theory_expects_the_mean_over_seeds(keys):
    spec = {**BASE, "samples": 30, "width": 100, "layers": 2, "output": {"classes": 10}, **keys}
    seeds = 200
    result = winit.run({**spec, "repeats": seeds})
    loss, expected = result.output.repeats["loss"], winit.run(spec).output.theory
    assert abs(loss.mean - expected.value) < 4 * loss.std / sqrt(seeds)
    assert 0.75 < loss.std / expected.standard_error < 1.3
    assert expected.z is not None
    assert result.output.theory.standard_error == pytest.approx(loss.std)


def test_theory_follows_the_gradient_of_the_loss():
    spec = {**BASE, "activation": "relu", "initializer": "kaiming_normal", "samples": 30}
    result = winit.run(
        {**spec, "width": 100, "layers": 3, "output": {"classes": 10}, "repeats": 100}
    )
    for layer in (*result.layers, result.output.logits):
        for path, predicted in layer.theory.figures.items():
            if path.startswith("gradient."):
                spread = layer.repeats[path]
                assert abs(log(spread.mean / predicted.value)) < 0.1
                assert predicted.z is None
                assert "the loss's gradient is alike" in predicted.no_z
        assert "gradient.weight_rms" not in layer.theory.figures
    assert "gradient.ratio" in result.layers[0].theory.figures
    assert "gradient.ratio" not in result.layers[-1].theory.figures


def test_the_loss_of_deep_networks_has_no_z():
    spec = {**BASE, "width": 20, "layers": 2, "output": {"classes": 10}}
    expected = winit.run(spec).output.theory
    assert expected.z is None
    assert "0.05 layers per unit" in expected.no_z


def test_verdicts_follow_the_loss():
    def verdicts(own, **keys):
        output = {"classes": 10, "initializer": own}
        spec = {**BASE, "activation": "relu", "initializer": "kaiming_normal", "samples": 300}
        result = winit.run({**spec, "width": 100, "layers": 2, "output": output, **keys})
        return {each.name: each for each in result.verdict}

    assert set(verdicts("kaiming_normal")) == {"healthy"}
    assert set(verdicts({"name": "normal", "std": 0.01})) == {"healthy"}
    noted = verdicts({"name": "normal", "std": 0.25})["confident_at_start"]
    assert (noted.severity, noted.module, noted.layer) == ("note", "the output layer", None)
    found = verdicts({"name": "normal", "std": 1.0})
    assert found["confident_at_start"].severity == "warning"
    assert "ln 10" in found["confident_at_start"].evidence
    exploding = verdicts("kaiming_normal", initializer={"name": "normal", "std": 3}, layers=5)
    assert exploding["confident_at_start"].because == "exploding_signal"
    assert set(verdicts("zeros")) == {"healthy", "starts_at_zero"}


def test_a_forecast_has_the_loss_before_any_run():
    spec = {
        **BASE,
        "activation": "relu",
        "initializer": "kaiming_normal",
        "output": {"classes": 10},
    }
    forecast = winit.predict(spec)
    assert forecast.loss.value == pytest.approx(3.110432121647193)
    assert (len(forecast.layers), forecast.logits.q) == (5, pytest.approx(2))
    assert "ln 10" in repr(forecast)
    assert forecast.limits == winit.predict({**spec, "output": "none"}).limits


def test_checks_see_another_output_layer():
    spec = {**BASE, "activation": "relu", "initializer": "kaiming_normal", "width": 40, "layers": 2}
    spec["output"] = {"classes": 10}
    result = winit.run(spec)
    assert not winit.check(result).failed
    other = winit.run({**spec, "seed": 11})
    assert not winit.check(other, against=spec, networks=10).failed
    larger = {"classes": 10, "initializer": {"name": "normal", "std": 2.0}}
    output = winit.run({**spec, "seed": 11, "output": larger}).output
    wrong = replace(other, output=replace(output, resolved=other.output.resolved))
    drifts = winit.check(wrong, against=spec).drifts
    found = {drift.figure for drift in drifts}
    assert {"output.loss", "output.rms", "output.logits.weights.std"} <= found


def test_snippets_of_some_libraries_say_that_they_have_none():
    with pytest.raises(SpecError) as error:
        snippet(spec_of(SMALL), "keras")
    assert error.value.problems[0].path == "output"


@pytest.mark.parametrize(
    ("residual", "kind"),
    [
        ({"branch": 1, "scale": 0.7}, None),
        ({"branch": 2, "placement": "post"}, "layer_norm"),
        ({"branch": 2, "placement": "pre"}, "rms_norm"),
    ],
)
def test_on_residual_blocks_it_is_torchs_too(residual, kind):
    torch = pytest.importorskip("torch")
    spec = {**SMALL, "width": 8, "layers": 2, "features": 5, "residual": residual}
    result = winit.run({**spec, **({"normalization": kind} if kind else {})})
    network = build_network(spec_of({**spec, **({"normalization": kind} if kind else {})}))
    with workers(1, ignore_work) as apply:

        def drawn(number, role=Role.WEIGHTS):
            sides = (5, 8) if role is Role.FIRST_WEIGHTS else (8, 7 if number == 3 else 8)
            weights = np.empty(sides)
            draw_weights(network, number, weights, apply, role)
            return torch.tensor(weights, requires_grad=True)

        inputs = np.empty((network.samples, 5))
        draw_inputs(network, inputs, apply)
        weights = [drawn(number) for number in (1, 2, 3)]
        second = [
            drawn(number, Role.SECOND_WEIGHTS) for number in (1, 2) if residual["branch"] == 2
        ]
        x = torch.tensor(inputs) @ drawn(0, Role.FIRST_WEIGHTS)
        bias = torch.tensor(draw_bias(network, 3, apply)[0])
    normalized = {
        None: lambda z: z,
        "layer_norm": lambda z: torch.nn.functional.layer_norm(z, (8,)),
        "rms_norm": lambda z: torch.nn.functional.rms_norm(z, (8,), eps=1e-5),
    }[kind]
    for number, w in enumerate(weights[:2]):
        before = normalized(x) if residual.get("placement") == "pre" else x
        f = torch.tanh(before @ w)
        if second:
            f = f @ second[number]
        x = x + residual.get("scale", 1) * f
        x = normalized(x) if residual.get("placement") == "post" else x
    loss = torch.nn.functional.cross_entropy(
        x @ weights[2] + bias, torch.tensor(labels_of(network))
    )
    loss.backward()
    assert result.output.loss == pytest.approx(loss.item(), rel=1e-12)
    for layer, w in zip((*result.layers, result.output.logits), weights, strict=True):
        rms = (w.grad**2).mean().sqrt().item()
        assert layer.gradient.weight_rms == pytest.approx(rms, rel=1e-12)


def test_digits_come_with_their_own_labels():
    pytest.importorskip("sklearn")
    spec = spec_of({**BASE, "inputs": "digits", "samples": 1797, "output": {"classes": 10}})
    network = with_data(spec, build_network(spec))
    counts = np.bincount(labels_of(network), minlength=10)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    expected = winit.run(spec).output.theory
    assert expected.z is None
    assert "differ in size" in expected.no_z
