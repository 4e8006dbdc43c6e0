"""The keys of each experiment: what is taken, what is filled in, what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    AnySpec,
    Spec,
    SymmetrySpec,
    TrainingSpec,
    digest,
    expand,
    json_schema,
    normal_form,
    parse_spec,
    spec_from_normal_form,
)
from weightinit_cli.spec.kinds import CONVOLUTION_KEYS, TABLES

VALIDATOR = Draft202012Validator(json_schema())
REQUIRED = {"activation": "sigmoid", "initializer": "zeros"}
KEYS = {name: {field.name for field in table} for name, table in TABLES.items()}
# A value that is good wherever its key is known.
VALUES = {
    "name": "a",
    "seed": 3,
    "samples": 4,
    "features": 2,
    "layers": 2,
    "width": 7,
    "bias": "zeros",
    "histogram": {"bins": 3},
    "dtype": "float64",
    "saturation": 0.1,
    "backward": False,
    "repeats": 2,
    "thresholds": {"dying": 0.2},
    "steps": 5,
    "learning_rate": 0.5,
    "batch": 8,
    "momentum": 0.9,
}


def parse(experiment: str, **keys: object) -> AnySpec:
    text = json.dumps({"experiment": experiment, **REQUIRED, **keys})
    return parse_spec(text, source="x.yaml", stem="x")


def lines(experiment: str, **keys: object) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        parse(experiment, **keys)
    return caught.value.lines


def valid(experiment: str, **keys: object) -> bool:
    return VALIDATOR.is_valid({"experiment": experiment, **REQUIRED, **keys})


@pytest.mark.parametrize("experiment", TABLES)
@pytest.mark.parametrize("key", VALUES)
def test_keys_of_one_experiment_are_no_keys_of_another(experiment: str, key: str):
    change = {key: VALUES[key]}
    if (experiment, key) == ("histogram", "learning_rate"):
        change["output"] = {"classes": 3}
    if key in KEYS[experiment]:
        parse(experiment, **change)
    else:
        (line,) = lines(experiment, **change)
        assert line.startswith("x.yaml:1:")
        assert f": {key}: unknown key; " in line
    assert valid(experiment, **change) == (key in KEYS[experiment])


def test_defaults():
    symmetry = parse("symmetry")
    assert isinstance(symmetry, SymmetrySpec)
    assert (symmetry.data, symmetry.samples, symmetry.features) == ("blobs", 100, 2)
    assert (symmetry.width, symmetry.steps, symmetry.learning_rate) == ((10,), 1000, 1.0)
    training = parse("training")
    assert isinstance(training, TrainingSpec)
    assert (training.data, training.width, training.batch) == ("digits", (100,) * 4, 128)
    assert (training.steps, training.learning_rate, training.momentum) == (2000, 0.01, 0.0)
    assert (training.dtype, training.repeats) == ("float32", 1)
    assert isinstance(parse("histogram"), Spec)
    assert parse_spec(json.dumps(REQUIRED), source="x.yaml", stem="x") == parse("histogram")


@pytest.mark.parametrize(
    ("data", "points"), [("xor", (4, 2)), ("blobs", (100, 2)), ("random_labels", (100, 10))]
)
def test_points_of_a_task(data: str, points: tuple[int, int]):
    spec = parse("symmetry", data=data)
    assert isinstance(spec, SymmetrySpec)
    assert (spec.samples, spec.features) == points
    again = parse("symmetry", data=data, samples=points[0], features=points[1])
    assert again == spec


def test_points_that_a_task_does_not_have():
    (line,) = lines("symmetry", data="xor", samples=5)
    assert line.endswith(": samples: xor has 4 samples, not 5")
    assert len(lines("symmetry", data="xor", samples=5, features=3)) == 2
    assert "blobs has 2 features, not 3" in lines("symmetry", data="blobs", features=3)[0]
    assert "features: blobs has 2 features" in lines("symmetry", features=3)[0]
    parse("symmetry", data="random_labels", samples=2, features=1)
    (line,) = lines("symmetry", data="random_labels", samples=1)
    assert "samples: must be a whole number from 2 to 100000, not 1" in line
    (line,) = lines("symmetry", data="cifar", samples=5, features=9)
    assert "data: must be xor or blobs or random_labels, not 'cifar'" in line


def test_no_hidden_layer():
    spec = parse("symmetry", layers=0)
    assert (spec.layers, spec.width) == (0, ())
    assert parse("symmetry", width=[]) == spec
    assert parse("symmetry", layers=0, width=50) == spec
    assert valid("symmetry", layers=0)
    assert valid("symmetry", width=[])
    assert (
        "must have one number per layer (2, by layers), not 0"
        in (lines("symmetry", layers=2, width=[])[0])
    )
    for experiment in ("histogram", "training"):
        for change in ({"layers": 0}, {"width": []}):
            lines(experiment, **change)
            assert not valid(experiment, **change)


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("symmetry", {}),
    ("symmetry", {"layers": 0}),
    ("symmetry", {"data": "xor", "width": [3, 2, 1], "learning_rate": 1e300}),
    ("symmetry", {"data": "random_labels", "samples": 9, "features": 5, "steps": 10_000_000}),
    ("symmetry", {"bias": {"name": "normal", "std": 1}, "seed": 2**64 - 1}),
    ("training", {}),
    ("training", {"data": "mnist", "momentum": 0.5, "repeats": 10_000, "dtype": "float64"}),
    ("training", {"data": "mnist_t10k", "layers": 1, "batch": 8000, "learning_rate": 1e-300}),
    ("training", {"activation": {"name": "leaky_relu", "negative_slope": 0.1}}),
    ("histogram", {"experiment": "histogram"}),
]


@pytest.mark.parametrize(("experiment", "keys"), GOOD, ids=str)
def test_normal_form_comes_back(experiment: str, keys: dict[str, Any]):
    spec = parse(**{"experiment": experiment, **keys})
    form = json.loads(json.dumps(normal_form(spec), allow_nan=False))
    left_out = {*CONVOLUTION_KEYS, *(f.name for f in TABLES[experiment] if f.optional)}
    assert list(form) == [f.name for f in TABLES[experiment] if f.name not in left_out]
    assert form["experiment"] == experiment
    again = spec_from_normal_form(form, "stats.json")
    assert again == spec
    assert type(again) is type(spec)
    assert normal_form(again) == form
    assert digest(again) == digest(spec)
    assert VALIDATOR.is_valid(form)
    assert VALIDATOR.is_valid({"experiment": experiment, **REQUIRED, **keys})


BAD: list[tuple[str, str, object]] = [
    ("symmetry", "steps", 0),
    ("symmetry", "steps", 10_000_001),
    ("symmetry", "learning_rate", 0),
    ("symmetry", "learning_rate", -1),
    ("symmetry", "learning_rate", "fast"),
    ("symmetry", "data", "digits"),
    ("symmetry", "samples", 100_001),
    ("symmetry", "features", 10_001),
    ("symmetry", "layers", -1),
    ("symmetry", "width", [0]),
    ("training", "steps", 0),
    ("training", "learning_rate", 0),
    ("training", "momentum", 1),
    ("training", "momentum", -0.1),
    ("training", "batch", 0),
    ("training", "batch", True),
    ("training", "data", "blobs"),
    ("training", "dtype", "float16"),
    ("training", "repeats", 0),
    ("training", "activation", "leaky_relu"),
]


@pytest.mark.parametrize(("experiment", "key", "value"), BAD, ids=str)
def test_values_that_are_refused(experiment: str, key: str, value: object):
    (line,) = lines(experiment, **{key: value})
    assert line.startswith("x.yaml:1:")
    assert f": {key}" in line
    assert not valid(experiment, **{key: value})


@pytest.mark.parametrize("name", ["Symmetry", "train", "", None, 3, ["symmetry"]])
def test_no_such_experiment(name: object):
    text = json.dumps({**REQUIRED, "experiment": name})
    with pytest.raises(SpecError) as caught:
        parse_spec(text, source="x.yaml", stem="x")
    (line,) = caught.value.lines
    assert "experiment: must be histogram or symmetry or training" in line
    assert not VALIDATOR.is_valid({**REQUIRED, "experiment": name})


def test_digest_is_of_the_data_too():
    spec = parse("training", data="mnist_t10k")
    seen = [digest(spec), *(digest(spec, {"images": each}) for each in ("ab", "cd"))]
    assert len(set(seen)) == 3
    assert digest(spec, {"images": "ab", "labels": "x"}) == digest(
        spec, {"labels": "x", "images": "ab"}
    )
    assert digest(spec, {}) == digest(spec)


@pytest.mark.parametrize("experiment", ["symmetry", "training"])
def test_digest_sees_every_change(experiment: str):
    changes = {key: value for key, value in VALUES.items() if key in KEYS[experiment]}
    changes["initializer"] = "ones"
    if experiment == "symmetry":
        changes |= {"features": 5, "data": "random_labels"}
    del changes["name"], changes["bias"]
    own = {"data": "random_labels"} if experiment == "symmetry" else {}
    former = digest(parse(experiment, **own))
    for key, value in changes.items():
        if own.get(key) != value:
            assert digest(parse(experiment, **{**own, key: value})) != former, key
    assert digest(parse(experiment, **own, name="other")) == former


def test_variants_and_a_sweep_over_a_task():
    spec = parse("symmetry", variants={"a": {"layers": 0}, "b": {}}, sweep={"data": ["xor"]})
    runs = expand(spec)
    assert [(run.layers, run.samples) for run in runs] == [(0, 4), (1, 4)]  # type: ignore[union-attr]
    with pytest.raises(SpecError, match="xor has 4 samples, not 9"):
        parse("symmetry", samples=9, sweep={"data": ["blobs", "xor"]})
