"""The key `inputs`: what may stand there, how it is read, and what a file decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    Component,
    Spec,
    digest,
    expand,
    json_schema,
    normal_form,
    parse_spec,
    spec_from_normal_form,
    spec_of,
    yaml_text,
)
from weightinit_cli.spec.normal import misfit

TEXT = "activation: tanh\ninitializer: xavier_normal\n"


def parse(text: str) -> Spec:
    spec = parse_spec(TEXT + text, source="x.yaml", stem="x")
    assert isinstance(spec, Spec)
    return spec


def complaints(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text)
    return [str(problem).removeprefix("x.yaml:") for problem in caught.value.problems]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.arange(24.0).reshape(4, 2, 3))
    return "{name: file, path: x.npy}"


@pytest.mark.parametrize(
    "text",
    ["normal", "{name: normal}", "{name: normal, correlation: 0}", "{correlation: 0}"],
)
def test_what_is_normal_is_as_if_there_was_no_key(text: str):
    assert parse(f"inputs: {text}\n").inputs is None
    assert digest(parse(f"inputs: {text}\n")) == digest(parse(""))
    assert "inputs" not in normal_form(parse(f"inputs: {text}\n"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("{name: normal, correlation: 0.9}", {"name": "normal", "correlation": 0.9}),
        ("{correlation: 0.9}", {"name": "normal", "correlation": 0.9}),
        ("uniform", {"name": "uniform", "low": -1.0, "high": 1.0}),
        ("{name: uniform, low: 0}", {"name": "uniform", "low": 0.0, "high": 1.0}),
        ("digits", {"name": "digits"}),
        ("{name: file, path: x.npy}", {"name": "file", "path": "x.npy", "standardize": False}),
    ],
)
@pytest.mark.usefixtures("file")
def test_the_normal_form_comes_back(text: str, form: dict[str, object]):
    spec = parse(f"inputs: {text}\n")
    saved = normal_form(spec)
    assert saved["inputs"] == form
    assert misfit(saved) is None
    assert spec_from_normal_form(saved, "stats.json") == spec
    written = yaml_text(spec)
    assert normal_form(parse_spec(written, source="x.yaml", stem="x")) == saved
    assert digest(spec) != digest(parse(""))


def test_a_file_decides_how_many_inputs_of_which_size_there_are(file: str):
    spec = parse(f"inputs: {file}\n")
    assert (spec.samples, spec.features, spec.width[0]) == (4, 6, 100)
    assert parse(f"inputs: {file}\nsamples: 3\nfeatures: 6\n").samples == 3
    assert complaints(f"inputs: {file}\nsamples: 5\nfeatures: 7\n") == [
        "4:10: samples: x.npy has 4 inputs, not 5",
        "5:11: features: x.npy has 6 features, not 7",
    ]


def test_of_many_inputs_a_thousand_are_taken():
    spec = parse("inputs: digits\n")
    assert (spec.samples, spec.features) == (1000, 64)
    assert parse("inputs: digits\nsamples: 1797\n").samples == 1797
    assert complaints("inputs: digits\nsamples: 1798\n") == [
        "4:10: samples: digits has 1,797 inputs, not 1,798"
    ]


def test_inputs_of_a_convolution_have_the_values_of_its_image():
    assert parse("inputs: digits\nchannels: 4\nimage: [8, 8, 1]\n").features == 64
    message = "image: digits has 64 values, not the 768 of an image"
    assert complaints("inputs: digits\nchannels: 4\n") == [f"3:9: {message}"]
    assert complaints("inputs: digits\nimage: [16, 16, 3]\n") == [f"4:8: {message}"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("digit", "inputs: unknown inputs 'digit'; did you mean 'digits'?"),
        ("Gaussian", "inputs: unknown inputs 'Gaussian'; did you mean 'normal'?"),
        ("mnist", "inputs: unknown inputs 'mnist'; there are normal, uniform, digits, file"),
        ("x.npy", "inputs: unknown inputs 'x.npy'; write {name: file, path: x.npy}"),
        ("3", "inputs: must be the name of inputs or a mapping {name: ..., parameters}, not 3"),
        ("{name: [a]}", "inputs.name: must be the name of inputs, not a list"),
        ("{name: file}", "inputs.path: required; for example: path: x.npy"),
        ("{name: file, path: 12}", "inputs.path: must be the path of a file, not 12"),
        (
            "{name: file, path: x, standardize: 1}",
            "inputs.standardize: must be true or false, not 1",
        ),
        (
            "{correlation: 1}",
            "inputs.correlation: must be a finite number >= 0 and < 1, not 1",
        ),
        (
            "{correlation: -0.1}",
            "inputs.correlation: must be a finite number >= 0 and < 1, not -0.1",
        ),
        ("{corelation: 0}", "did you mean 'correlation'?"),
        ("{path: x}", "'file' takes it: {name: file, path: ...}"),
        ("{name: digits, path: x}", "'file' takes it: {name: file, path: ...}"),
        ("{name: digits, scale: 2}", "unknown parameter of 'digits'; it takes none"),
        ("{name: uniform, low: 1}", "inputs: low, 1, must be below 1"),
        ("{name: uniform, high: 1e31}", "inputs.high: must be a finite number >= -1e+30"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, complaint: str):
    found = complaints(f"inputs: {text}\n")
    assert len(found) == 1
    assert found[0].startswith("3:")
    assert complaint in found[0]


def test_a_missing_file_is_told_at_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    text = "inputs: {name: file, path: no.npy}\n"
    assert complaints(text) == ["3:28: inputs.path: no.npy: no such file"]
    Path("specs").mkdir()
    np.save("specs/no.npy", np.ones((2, 2)))
    with pytest.raises(SpecError, match=r"from the current folder: specs.no\.npy is there"):
        parse_spec(TEXT + text, source="specs/x.yaml", stem="x")


@pytest.mark.usefixtures("file")
def test_variants_and_sweeps_over_inputs():
    spec = parse("sweep: {inputs.correlation: [0, 0.5]}\n")
    assert [each.inputs for each in expand(spec)] == [
        None,
        Component("normal", (("correlation", 0.5),)),
    ]
    text = "variants: {a: {}, b: {inputs: {name: file, path: x.npy}}, c: {inputs: digits}}\n"
    found = [(each.features, each.samples) for each in expand(parse(text))]
    assert found == [(100, 1000), (6, 4), (64, 1000)]
    with pytest.raises(SpecError, match=r"inputs\.correlation: must be a finite number"):
        parse("sweep: {inputs.correlation: [0, 2]}\n")


def test_from_python():
    keys = {"activation": "tanh", "initializer": "he_normal"}
    inputs = {"name": "uniform", "low": np.float64(0.5)}
    spec = spec_of({**keys, "inputs": inputs})
    assert isinstance(spec, Spec)
    assert spec.inputs == Component("uniform", (("high", 1.0), ("low", 0.5)))


def test_the_schema_knows_it():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    keys = {"activation": "tanh", "initializer": "he_normal"}
    for good in ("normal", "digits", {"correlation": 0.5}, {"name": "file", "path": "x"}):
        assert validator.is_valid({**keys, "inputs": good})
    for bad in ("file", "x.npy", {"name": "file"}, {"correlation": 1}, {"name": "digits", "a": 1}):
        assert not validator.is_valid({**keys, "inputs": bad})
