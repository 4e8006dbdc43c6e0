"""Normal form, digest, template, and what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    Spec,
    digest,
    expand,
    load_spec,
    normal_form,
    parse_spec,
    shipped_configs,
    spec_from_normal_form,
    template,
)
from weightinit_cli.spec.kinds import CONVOLUTION_KEYS, HISTOGRAM, TABLES, THRESHOLDS
from weightinit_cli.spec.normal import misfit

TEXT = "activation: sigmoid\ninitializer: {name: normal, std: 10}\n"
FORM: dict[str, Any] = {
    "name": "x",
    "experiment": "histogram",
    "seed": 0,
    "samples": 1000,
    "features": 100,
    "layers": 5,
    "width": [100] * 5,
    "activation": {"name": "sigmoid"},
    "initializer": {"name": "normal", "mean": 0.0, "std": 10.0},
    "bias": {"name": "zeros"},
    "histogram": {"bins": 30, "range": "auto"},
    "dtype": "float32",
    "saturation": 0.05,
    "backward": True,
    "repeats": 1,
    "thresholds": {
        "collapsed": 0.001,
        "saturated": 0.3,
        "inputs_indistinguishable": 0.01,
        "signal_drowned": 0.03,
        "dying": 0.1,
        "vanishing_signal": 0.01,
        "exploding_signal": 100.0,
        "vanishing_gradient": 0.005,
        "exploding_gradient": 200.0,
    },
}


def parse(text: str, stem: str = "x") -> Spec:
    return parse_spec(text, source="x.yaml", stem=stem)


def test_normal_form():
    assert normal_form(parse(TEXT)) == FORM
    left_out = {*CONVOLUTION_KEYS, *(each.name for each in TABLES["histogram"] if each.optional)}
    assert list(FORM) == [field.name for field in TABLES["histogram"] if field.name not in left_out]


@pytest.mark.parametrize(
    "more",
    [
        "",
        "seed: 18446744073709551615\n",
        "width: [1, 2, 3]\n",
        "histogram: {range: [-1, 1e300]}\n",
        "histogram: {range: per_layer}\nbias: {name: uniform, low: -1, high: 1}\n",
        "backward: false\nrepeats: 20\nthresholds: {dying: 0, exploding_signal: 1e300}\n",
    ],
)
def test_round_trip_through_json(more: str):
    spec = parse(TEXT + more)
    form = json.loads(json.dumps(normal_form(spec), allow_nan=False))
    again = spec_from_normal_form(form, "stats.json")
    assert again == spec
    assert normal_form(again) == form
    assert digest(again) == digest(spec)


@pytest.mark.parametrize("path", shipped_configs(), ids=lambda path: path.stem)
def test_a_normal_form_fits_key_by_key(path: Path):
    form = json.loads(json.dumps(normal_form(expand(load_spec(path))[0])))
    assert misfit(form) is None
    for key in form.keys() - {"experiment", "pretraining", "normalization", "residual"}:
        left = {each: form[each] for each in form if each != key}
        assert misfit(left) == (key, "missing")
    assert misfit({**form, "surplus": 1}) == ("surplus", "unknown figure")


def test_digest_does_not_change_from_release_to_release():
    assert digest(parse(TEXT)) == "650583a5c60fbbf8562fc9c25983e82b4666f0e9bbbdad7ba6acf85a1ece9c3b"


def test_digest_ignores_the_name_and_how_it_was_written():
    same = "layers: 5\nwidth: [100, 100, 100, 100, 100]\ninitializer: {std: 1e1, name: "
    same += "random_normal}\nactivation: {name: sigmoid}\nname: other\n"
    assert digest(parse(same)) == digest(parse(TEXT, "another"))


@pytest.mark.parametrize(
    "change",
    ["seed: 1", "dtype: float64", "bias: ones", "histogram: {bins: 31}", "features: 99",
     "backward: false", "repeats: 2", "thresholds: {dying: 0.2}"],
)  # fmt: skip
def test_digest_sees_every_change(change: str):
    assert digest(parse(f"{TEXT}{change}\n")) != digest(parse(TEXT))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": "1"}, "s.json: seed: must be a whole number from 0 to 18446744073709551615, "
         "not '1'; leave out the quotes"),
        ({"seed": None}, "s.json: seed: must be a whole number from 0 to 18446744073709551615, "
         "not null"),
        ({"width": [1, True]}, "s.json: width.1: must be a whole number >= 1, not true"),
        ({"samples": 10**5000}, "s.json: samples: must be a whole number from 1 to "
         "9223372036854775807, not an integer too large"),
        ({"layers": 4}, "s.json: width: must have one number per layer (4, by layers), not 5"),
        ({"saturation": float("nan")}, "s.json: saturation: must be a finite number > 0 and < 1, "
         "not nan"),
        ({"backward": 1}, "s.json: backward: must be true or false, not 1"),
        ({"repeats": 2.0}, "s.json: repeats: must be a whole number from 1 to 10000, not 2.0"),
        ({"thresholds": {"dying": float("inf")}}, "s.json: thresholds.dying: must be a finite "
         "number >= 0, not inf"),
        ({"widht": 1}, "s.json: widht: unknown key; did you mean 'width'?"),
        ({"seed": b"1"}, "s.json: seed: must be a value of JSON, not of the type bytes"),
    ],
)  # fmt: skip
def test_normal_form_is_validated_again(change: dict[str, Any], line: str):
    with pytest.raises(SpecError) as caught:
        spec_from_normal_form({**FORM, **change}, "s.json")
    assert list(caught.value.lines) == [line]


def test_normal_form_that_is_no_mapping_or_too_deep():
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    for form, message in (
        ([], "s.json: must be a mapping of keys, such as activation: sigmoid, not an empty list"),
        ({**FORM, "seed": deep}, f"s.json: seed{'.0' * 19}: nested more than 20 levels deep"),
    ):
        with pytest.raises(SpecError) as caught:
            spec_from_normal_form(form, "s.json")  # type: ignore[arg-type]
        assert caught.value.lines[0] == message


def test_template_runs_as_it_stands_and_shows_every_key():
    text = template()
    spec = parse(text)
    assert spec == parse("activation: sigmoid\ninitializer: xavier_normal\n")
    for field in (*TABLES["histogram"], *HISTOGRAM, *THRESHOLDS):
        assert f"{field.name}:" in text
        assert field.doc in text


def test_template_runs_with_every_key_uncommented():
    text = template().replace("# name:", "name:").replace("# features:", "features:")
    spec = parse(text.replace("# layers:", "layers:"))
    assert spec.name == "my_run"


def test_import_of_specs_is_light():
    code = (
        "import sys, weightinit_cli.spec\n"
        "print(*sorted({'numpy', 'matplotlib', 'scipy', 'yaml'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.stdout == "\n"
