"""Models of Keras 3 on torch: their layers' names and fans, dropout off, statistics put back."""

from __future__ import annotations

import os

import pytest

from support.watched import inputs, names
from weightinit_cli import probe

torch = pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on another backend", allow_module_level=True)
layers = keras.layers

X = inputs(6, 8, 8, 3)


def build():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.9),
            layers.Dropout(0.9, seed=1),
            layers.GaussianDropout(0.9, seed=1),
            layers.Flatten(),
            layers.Dense(5, name="head"),
        ]
    )


def test_layers_and_parameters_have_keras_own_names_and_fans():
    result = probe(build, X, loss="cross_entropy:5")
    found = names(result)
    assert found[0] == "conv.conv2d"
    assert "conv.relu" in found
    assert found[-1].startswith("head.")
    assert {each.module for each in result.values} == {"conv", "norm", "head"}
    assert {each.name: (each.kind, each.fan_in, each.fan_out) for each in result.parameters} == {
        "conv.kernel": ("Conv2D", 27, 36),
        "conv.bias": ("Conv2D", None, None),
        "norm.gamma": ("BatchNormalization", None, None),
        "norm.beta": ("BatchNormalization", None, None),
        "head.kernel": ("Dense", 144, 5),
        "head.bias": ("Dense", None, None),
    }
    assert all(each.gradient_rms is not None for each in result.parameters)


def test_it_runs_as_in_training_without_dropout_and_is_left_as_found():
    model = build()
    before = [each.value.detach().clone() for each in model.variables]
    result = probe(model, X * 3 + 1)
    normed = [each for each in result.values if each.module == "norm"][-1]
    assert normed.figures.std == pytest.approx(1, abs=0.01)
    assert normed.figures.zero_fraction < 0.1
    after = [each.value.detach().clone() for each in model.variables]
    assert [each.rate for each in model.layers if hasattr(each, "rate")] == [0.9] * 3
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_layers_inside_models_of_torch_are_named_by_their_place():
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), layers.Dense(3, name="dense"))
    model(inputs(2, 8))
    result = probe(model, inputs(6, 8))
    assert {each.name for each in result.parameters} == {
        "0.weight", "0.bias", "1.kernel", "1.bias"
    }  # fmt: skip
    assert result.parameters[2].fan_in == 4
