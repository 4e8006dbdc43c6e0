"""Good specs: what they mean, down to the scalars of YAML 1.2 and the names of files."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import pickle

import pytest

from weightinit_cli.errors import Mark, Problem, SpecError
from weightinit_cli.parameters import Thresholds
from weightinit_cli.spec import Component, Histogram, Spec, parse_spec, template
from weightinit_cli.spec.nodes import resolve

GOOD = "activation: sigmoid\ninitializer: {name: normal, std: 1}\n"


def parse(text: str | bytes, stem: str = "x") -> Spec:
    return parse_spec(text, source="x.yaml", stem=stem)


def test_defaults():
    spec = parse(GOOD)
    assert spec == Spec(
        name="x",
        experiment="histogram",
        seed=0,
        samples=1000,
        features=100,
        width=(100,) * 5,
        activation=Component("sigmoid"),
        initializer=Component("normal", (("mean", 0.0), ("std", 1.0))),
        bias=Component("zeros"),
        histogram=Histogram(30, "auto"),
        dtype="float32",
        saturation=0.05,
        backward=True,
        repeats=1,
        thresholds=Thresholds(),
    )
    assert spec.layers == 5


def test_every_key():
    spec = parse(
        """\
name: my-run_1.0
experiment: histogram
seed: 18446744073709551615
samples: 9223372036854775807
features: 7
layers: 2
width: [20, 30]
activation: {name: gelu, approximate: none}
initializer: {name: kaiming_normal, mode: fan_out, gain: 2}
bias: {name: constant, value: -0.5}
histogram: {bins: 100000, range: [-1, 2.5]}
dtype: float64
saturation: 0.01
backward: false
repeats: 10000
thresholds: {dying: 0, vanishing_gradient: 0.5}
"""
    )
    assert spec.name == "my-run_1.0"
    assert (spec.seed, spec.samples, spec.features) == (2**64 - 1, 2**63 - 1, 7)
    assert spec.width == (20, 30)
    assert spec.activation == Component("gelu", (("approximate", "none"),))
    assert spec.initializer.arguments == {"mode": "fan_out", "gain": 2.0}
    assert spec.bias.arguments == {"value": -0.5}
    assert spec.histogram == Histogram(100_000, (-1.0, 2.5))
    assert (spec.dtype, spec.saturation) == ("float64", 0.01)
    assert (spec.backward, spec.repeats) == (False, 10_000)
    assert spec.thresholds == Thresholds(dying=0.0, vanishing_gradient=0.5)


def test_width_decides_layers_and_features():
    spec = parse(GOOD + "width: [20, 30, 40]\n")
    assert (spec.layers, spec.features) == (3, 20)
    assert parse(GOOD + "width: 7\nlayers: 100000\n").width == (7,) * 100_000
    assert parse(GOOD + "width: [1]\nlayers: 1\n").width == (1,)


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\ufeff" + GOOD,
        b"\xef\xbb\xbf" + GOOD.encode(),
        "# 初期化 🎲 $\\frac$\n" + GOOD,
        "%YAML 1.2\n---\n" + GOOD + "...\n",
        "{activation: sigmoid, initializer: {name: normal, std: 1}}",
        '"activation": "sigmoid"\n\'initializer\':\n  name: normal\n  std: 1e0\n',
        '{"activation": "sigmoid", "initializer": {"name": "random_normal", "std": 1.0}}',
        "activation: sigmoid\ninitializer:\n    std:   +1\n    name: normal",
        "histogram: {}\n" + GOOD,
        "thresholds: {}\n" + GOOD,
        GOOD + "thresholds:\n  saturated: 3e-1\nbackward: TRUE\nrepeats: 0x1\n",
        template().replace("xavier_normal", "{name: normal, std: 1}"),
    ],
)
def test_other_ways_to_write_the_same(data: str | bytes):
    assert parse(data) == parse(GOOD)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("012", 12),
        ("0o17", 15),
        ("0x1fF", 511),
        ("0" * 5000 + "1", 1),
        ("9" * 400, 10**400 - 1),
        ("9" * 401, math.inf),
        ("-" + "9" * 5000, -math.inf),
        ("0x" + "f" * 5000, math.inf),
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("1.", 1.0),
        ("1e999", math.inf),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_scalar_of_the_core_schema(text: str, value: object):
    resolved = resolve(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text: str):
    value = resolve(text)
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "y", "n", "tRue", "nULL", ".iNF", "+.nan", "inf", "nan"),
        *("1_000", "1:30", "0b1", "-0x1", "0X1", "0O7", "e3", ".", "1e", "1e3.5", "1O", "-", "+"),
        *("2001-01-01", "=", "<<", "١٢"),
    ],
)
def test_scalar_that_is_text(text: str):
    assert resolve(text) == text


def test_numbers_are_canonical():
    spec = parse("activation: sigmoid\ninitializer: {name: normal, std: 10, mean: -0.0}\n")
    assert repr(spec.initializer.parameters) == "(('mean', 0.0), ('std', 10.0))"


def test_aliases_become_canonical():
    assert parse(GOOD.replace("sigmoid", "swish")).activation == Component("silu")
    spec = parse("activation: relu\ninitializer: glorot_uniform\n")
    assert spec.initializer == Component("xavier_uniform", (("gain", 1.0),))


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("sigmoid_xavier", "sigmoid_xavier"),
        ("2024.v1-a", "2024.v1-a"),
        ("my experiment", "my-experiment"),
        ("a  +(b)", "a-b"),
        ("größe", "größe"),
        ("re\u0301sume\u0301", "résumé"),
        ("重み初期化", "重み初期化"),
        ("重み 0.01", "重み-0.01"),
        ("हिन्दी", "हिन्दी"),
        ("١٢", "١٢"),
        ("a\u3164b", "a-b"),
        ("ends.", "ends"),
        ("trailing-", "trailing-"),
        ("n" * 100, "n" * 100),
    ],
)
def test_name_is_the_stem_slugged(stem: str, name: str):
    assert parse(GOOD, stem).name == name


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "🎉",
        "_private",
        "summary.csv",
        "DEPTH.svg",
        ".hidden",
        "..",
        "CON",
        "nul.old",
        "com1",
        "com².x",
        "n" * 101,
        "重" * 86,
        "\udcff",
    ],
)
def test_name_of_a_stem_that_cannot_be_slugged(stem: str):
    digits = hashlib.sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    assert parse(GOOD, stem).name == f"spec-{digits}"


@pytest.mark.parametrize("name", ["console", "CON1", "a.CON", "com10", "n" * 100, "0", "'1'"])
def test_name_that_fits(name: str):
    text = name.strip("'") if name != "0" else "0"
    assert parse(GOOD + f"name: '{text}'\n").name == text


def test_name_of_any_script_is_composed():
    assert parse(GOOD + "name: re\u0301sume\u0301_初期化\n").name == "résumé_初期化"


@pytest.mark.parametrize(
    "name", ["PRN", "Aux", "NUL.tar.gz", "LPT9", "com0.x", "-a", "a b", "a/b", "a.", "stats.json"]
)
def test_name_that_does_not_fit(name: str):
    with pytest.raises(SpecError, match=r"x\.yaml:3:7: name: must be "):
        parse(GOOD + f"name: {name}\n")


def test_marks_say_where_each_key_stands():
    spec = parse(GOOD + "width:\n  - 10\n  - 20\nhistogram:\n  bins: 3\n")
    assert spec.marks["activation"] == Mark("x.yaml", 1, 13)
    assert spec.marks["initializer.std"] == Mark("x.yaml", 2, 34)
    assert spec.marks["width.1"] == Mark("x.yaml", 5, 5)
    assert spec.marks["histogram.bins"] == Mark("x.yaml", 7, 9)
    assert "samples" not in spec.marks


def test_a_later_problem_finds_its_place():
    spec = parse(GOOD)
    assert str(spec.problem("initializer.mean", "no")) == "x.yaml:2:14: initializer.mean: no"
    assert spec.problem("samples", "no") == Problem(Mark("x.yaml", 1, 1), "samples", "no")


def test_spec_can_be_hashed_pickled_and_not_changed():
    spec = parse(GOOD)
    assert hash(spec) == hash(parse("# moved\n" + GOOD))
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.seed = 1  # type: ignore[misc]


def test_problems_can_be_pickled():
    with pytest.raises(SpecError) as caught:
        parse("seed: x")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert copy.lines == caught.value.lines
