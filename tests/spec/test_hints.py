"""Words of other libraries: what the message says was meant."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import parse_spec
from weightinit_cli.spec.components import ELSEWHERE, activations, initializers
from weightinit_cli.spec.keys import KEYS, NOT_YET
from weightinit_cli.spec.kinds import TABLES

KNOWN = {field.name for fields in TABLES.values() for field in fields} | {"sweep", "variants"}


def said(more: str, base: str = "activation: relu\ninitializer: zeros\n") -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(base + more, source="x.yaml", stem="x")
    (line,) = caught.value.lines
    return line


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        *(("depth", "layers"), ("num_layers", "layers"), ("hidden_size", "width")),
        *(("neurons", "width"), ("nonlinearity", "activation"), ("init", "initializer")),
        *(("batch_size", "samples"), ("n_samples", "samples"), ("random_state", "seed")),
        *(("Width", "width"), ("filters", "channels"), ("Hidden-Units", "width")),
        *(("skip", "residual"), ("shortcut", "residual"), ("normalisation", "normalization")),
    ],
)
def test_key_of_another_library(key: str, meant: str):
    assert said(f"{key}: 5\n") == f"x.yaml:3:1: {key}: unknown key; did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("layer_norm", "normalization: layer_norm"),
        ("BatchNorm1d", "normalization: batch_norm"),
        ("RMS-Norm", "normalization: rms_norm"),
        ("bn", "normalization: batch_norm"),
    ],
)
def test_a_normalization_for_a_key(key: str, meant: str):
    assert said(f"{key}: 5\n") == f"x.yaml:3:1: {key}: unknown key; did you mean {meant}?"


@pytest.mark.parametrize("key", ["dropout", "attention", "weight_decay"])
def test_key_that_does_not_exist_yet(key: str):
    assert said(f"{key}: 5\n").endswith("unknown key; there is no such key yet")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("std", "it is a parameter, for example initializer: {name: normal, std: ...}"),
        (
            "approximate",
            "it is a parameter, for example activation: {name: gelu, approximate: ...}",
        ),
        ("bins", "it belongs to histogram: histogram: {bins: ...}"),
        ("learning-rate", "did you mean 'learning_rate'?"),
        ("lr", "did you mean 'learning_rate'?"),
        ("logits", "did you mean 'output'?"),
        ("classes", "it belongs to output: output: {classes: ...}"),
        ("epochs", "did you mean 'steps', a key of the experiments symmetry and training?"),
        ("momentum", "it is a key of the experiment training"),
    ],
)
def test_key_of_another_place(key: str, hint: str):
    assert said(f"{key}: 5\n").endswith(f"unknown key; {hint}")


def test_batch_size_of_a_training():
    assert said("experiment: training\nbatch_size: 5\n").endswith("did you mean 'batch'?")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{name: normal, std: 0,1}", "; write decimals with a point, not a comma"),
        ("{name: normal, std: '0,1'}", "; write 0.1, with a point"),
        ("{name: normal, std: '-1,25'}", "; write -1.25, with a point"),
        ("\n  name: normal\n  std: 0,1", "; write 0.1, with a point"),
        ("gaussian", "; did you mean 'normal'?"),
        ("kaiming", "; did you mean 'kaiming_normal'?"),
        ("xavier", "; did you mean 'xavier_normal'?"),
        ("HeNormal", "; did you mean 'he_normal'?"),
    ],
)
def test_initializer(text: str, hint: str):
    assert said(f"initializer: {text}\n", "activation: relu\n").endswith(hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("width: 1,000", ", not '1,000'; write 1000, without a comma"),
        ("samples: 1,000,000", ", not '1,000,000'; write 1000000, without a comma"),
        ("width: 0,5", ", not '0,5'"),
        ("saturation: 0,05", "; write 0.05, with a point"),
    ],
)
def test_comma_in_a_number(text: str, hint: str):
    assert said(f"{text}\n").endswith(hint)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("ReLU", "relu"), ("Tanh", "tanh"), ("logistic", "sigmoid"), ("none", "linear")],
)
def test_activation(text: str, meant: str):
    assert said(f"activation: {text}\n", "initializer: zeros\n").endswith(f"mean {meant!r}?")


def test_every_hint_is_of_a_word_that_does_not_exist_and_leads_to_one_that_does():
    names = {**activations(), **initializers()}
    assert KNOWN.issuperset(key for keys in KEYS.values() for key in keys)
    assert KNOWN.isdisjoint({*KEYS, *NOT_YET})
    assert set(KEYS).isdisjoint(NOT_YET)
    assert names.keys() >= set(ELSEWHERE.values())
    assert not set(ELSEWHERE) & activations().keys()
