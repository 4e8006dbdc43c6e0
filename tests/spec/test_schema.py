"""The JSON Schema agrees with validation, as far as a schema can."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from weightinit_cli.activations import ACTIVATIONS
from weightinit_cli.activations import ALIASES as ACTIVATION_ALIASES
from weightinit_cli.errors import SpecError
from weightinit_cli.initializers import ALIASES as INITIALIZER_ALIASES
from weightinit_cli.initializers import INITIALIZERS
from weightinit_cli.spec import json_schema, normal_form, parse_spec, shipped_configs, template
from weightinit_cli.spec.components import activations, initializers

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
GOOD = {"activation": "sigmoid", "initializer": "xavier_normal"}

# What no schema can say, or what JSON cannot: the relation of two keys, 5.0 against 5, the rules
# 1.2 (PyYAML composes by those of 1.1), and the numbers that are not finite.
BEYOND = {
    *("layers_float", "width_length", "uniform_reversed", "kaiming_both", "range_reversed"),
    *("range_empty_interval", "duplicate_key", "duplicate_parameter", "anchor", "merge_key"),
    *("range_nan", "std_nan", "std_inf", "std_400_digits", "tag_standard"),
    *("line_separator", "width_underscore", "siren_needs_sin", "range_too_narrow"),
    *("backward_yes", "threshold_nan", "name_written", "name_wide"),
    *("variant_key", "variant_name", "variant_path", "variant_value", "variants_accents"),
    *("sweep_equal", "sweep_huge", "sweep_value"),
    *("symmetry_xor_samples", "training_batch_large"),
    *("conv_and_width", "conv_and_features", "conv_layers_length", "conv_stride_length"),
    *("conv_kernel_large", "conv_kernel_wide", "conv_shrinks_by_stride", "conv_shrinks_by_valid"),
    *("identity_of_kernels", "dirac_of_matrices", "dirac_groups", "delta_orthogonal_narrows"),
    *("layers_of_lists", "layers_by_activation", "layer_beyond", "layer_apart_unknown"),
    *("lsuv_among_others", "siren_among_others", "siren_in_a_list"),
    *("delta_orthogonal_of_matrices", "pretraining_of_kernels"),
}


def accepted(spec: object) -> bool:
    try:
        parse_spec(json.dumps(spec), source="x.yaml", stem="x")
    except SpecError:
        return False
    return True


def test_schema_is_valid_json_schema():
    Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA, allow_nan=False)


def test_every_key_has_a_description():
    schemas = [SCHEMA["then"], SCHEMA["else"]["then"], SCHEMA["else"]["else"]]
    assert all(key["description"] for each in schemas for key in each["properties"].values())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"seed": 2**64 - 1, "name": "a.b-c"},
        {"width": [1, 2], "layers": 2},
        {"histogram": {"range": [0, 1], "bins": 3}},
        {"histogram": {"range": "per_layer"}},
        {"activation": {"name": "gelu", "approximate": "tanh"}},
        {"activation": {"name": "leaky_relu", "negative_slope": 0.1}},
        {"initializer": {"name": "kaiming_normal", "mode": "fan_out"}},
        {"initializer": "glorot_uniform"},
        {"bias": {"name": "constant", "value": 1}},
        {"bias": "torch_linear"},
        {"bias": {"name": "nguyen_widrow"}},
        {"activation": {"name": "sin", "omega": 30}, "initializer": "siren"},
        {"activation": {"name": "hard_sigmoid", "form": "keras2"}},
        {"initializer": {"name": "sparse", "sparsity": 1}},
        {"backward": False, "repeats": 10_000},
        {"thresholds": {}},
        {"channels": [2, 3], "kernel": [3, 5], "image": [16, 12, 1], "stride": 2},
        {"kernel": 5, "padding": "same"},
        {"activation": ["relu", {"name": "sin", "omega": 30}], "bias": ["zeros", "torch_linear"]},
        {"initializer": {"name": "normal", "std": 1, "0": {"std": 2}, "3": "he_normal"}},
        {"initializer": ["lsuv", "lsuv"]},
        {"pretraining": {"method": "autoencoder", "steps": 10}},
        {"thresholds": {"dying": 0, "vanishing_gradient": 0.5}},
    ],
)
def test_schema_accepts_good_specs(change: dict[str, object]):
    spec = {**GOOD, **change}
    assert accepted(spec)
    assert VALIDATOR.is_valid(spec)
    form = normal_form(parse_spec(json.dumps(spec), source="x.yaml", stem="x"))
    assert VALIDATOR.is_valid(form)


@pytest.mark.parametrize(
    "change",
    [
        {"widht": 1},
        {"layers": 0},
        {"layers": "five"},
        {"width": True},
        {"width": []},
        {"width": [0]},
        {"seed": "1"},
        {"seed": 2**64},
        {"seed": None},
        {"samples": 2**63},
        {"name": "../x"},
        {"name": "Con.txt"},
        {"name": "n" * 101},
        {"saturation": 0},
        {"saturation": 1},
        {"activation": "sigmod"},
        {"activation": "leaky_relu"},
        {"activation": {"name": "sigmoid", "slope": 1}},
        {"activation": {"negative_slope": 1}},
        {"initializer": {"name": "normal", "std": -1}},
        {"initializer": {"name": "glorot_uniform", "gain": 1}},
        {"bias": "he_normal"},
        {"bias": {"name": "orthogonal"}},
        {"bias": "siren"},
        {"bias": {"name": "sparse", "sparsity": 0.5}},
        {"activation": {"name": "sin", "omega": 0}},
        {"activation": "hard_sigmoid"},
        {"activation": {"name": "squareplus", "b": 0}},
        {"initializer": {"name": "sparse", "sparsity": 1.01}},
        {"initializer": {"name": "siren", "omega": 30}},
        {"histogram": {"bins": 0}},
        {"histogram": {"range": [0]}},
        {"histogram": {"range": "wide"}},
        {"histogram": []},
        {"backward": 1},
        {"backward": "maybe"},
        {"backward": None},
        {"repeats": 0},
        {"repeats": 10_001},
        {"repeats": True},
        {"thresholds": {"dyeing": 1}},
        {"thresholds": {"dying": -1}},
        {"thresholds": {"dying": None}},
        {"thresholds": [0.5]},
    ],
)
def test_schema_refuses_bad_specs(change: dict[str, object]):
    spec = {**GOOD, **change}
    assert not accepted(spec)
    assert not VALIDATOR.is_valid(spec)


@pytest.mark.parametrize("missing", GOOD)
def test_schema_asks_for_required_keys(missing: str):
    assert not VALIDATOR.is_valid({key: value for key, value in GOOD.items() if key != missing})


def test_schema_refuses_the_golden_cases():
    accepting = set()
    for path in sorted((Path(__file__).parent / "bad").glob("*.yaml")):
        try:
            value = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, OverflowError, ValueError):
            continue
        if VALIDATOR.is_valid(value):
            accepting.add(path.stem)
    assert accepting == BEYOND


def test_schema_holds_every_shipped_config_and_the_template():
    texts = [path.read_text(encoding="utf-8") for path in shipped_configs()]
    for text in (*texts, template()):
        assert VALIDATOR.is_valid(yaml.safe_load(text))
        parse_spec(text, source="x.yaml", stem="x")


NEEDED = {
    "siren": {"activation": {"name": "sin", "omega": 30}},
    "dirac": {"kernel": 3},
    "delta_orthogonal": {"channels": 16},
}


@pytest.mark.parametrize("name", [*INITIALIZERS, *INITIALIZER_ALIASES])
def test_every_initializer_can_be_written(name: str):
    option = initializers()[name]
    value = {"name": name, **{p.name: p.choices[0] if p.choices else 0.5 for p in option.parameters
                              if p.required}}  # fmt: skip
    good = {**GOOD, **NEEDED.get(name, {})}
    assert accepted({**good, "initializer": value})
    assert VALIDATOR.is_valid({**good, "initializer": value})
    assert accepted({**good, "initializer": name}) == option.bare
    assert VALIDATOR.is_valid({**good, "initializer": name}) == option.bare


@pytest.mark.parametrize("name", [*ACTIVATIONS, *ACTIVATION_ALIASES])
def test_every_activation_can_be_written(name: str):
    option = activations()[name]
    value = {"name": name, **{p.name: p.choices[0] if p.choices else 0.5 for p in option.parameters
                              if p.required}}  # fmt: skip
    assert accepted({**GOOD, "activation": value})
    assert VALIDATOR.is_valid({**GOOD, "activation": value})
    assert VALIDATOR.is_valid({**GOOD, "activation": name}) == option.bare
