"""`--set path=value`."""

from __future__ import annotations

import pytest

from weightinit_cli.errors import Mark, SpecError
from weightinit_cli.spec import Component, Spec, parse_spec

TEXT = """\
seed: 1
activation: sigmoid
initializer: {name: normal, std: 1}
width: [10, 20, 30]
"""


def parse(*overrides: str, text: str = TEXT) -> Spec:
    return parse_spec(text, source="x.yaml", stem="x", overrides=overrides)


def test_value_replaces_what_stands_there():
    assert parse("seed=7").seed == 7
    assert parse("seed = 0x10 ").seed == 16
    assert parse("seed=2", "seed=3").seed == 3
    assert parse("width=5", "layers=2").width == (5, 5)
    assert parse("width=[5, 6]").width == (5, 6)
    assert parse("name=other").name == "other"
    assert parse("bias={name: constant, value: 1}").bias == Component("constant", (("value", 1.0),))
    assert parse("histogram.range=[0, 1]").histogram.range == (0.0, 1.0)


def test_path_below_a_name_widens_it():
    spec = parse("initializer.gain=2", text="activation: tanh\ninitializer: xavier_normal\n")
    assert spec.initializer == Component("xavier_normal", (("gain", 2.0),))
    spec = parse("initializer=normal", "initializer.std=3", "bias=constant", "bias.value=2")
    assert spec.initializer.arguments == {"mean": 0.0, "std": 3.0}
    assert spec.bias.arguments == {"value": 2.0}


def test_path_makes_what_is_not_there():
    assert parse("histogram.bins=5").histogram.bins == 5
    spec = parse("thresholds.dying=0.25", "backward=false", "repeats=20")
    assert (spec.thresholds.dying, spec.thresholds.collapsed) == (0.25, 0.001)
    assert (spec.backward, spec.repeats) == (False, 20)


def test_path_into_a_list_counts_from_zero():
    assert parse("width.1=25").width == (10, 25, 30)


def test_override_mends_and_completes_the_file():
    spec = parse("seed=1", "activation=relu", text="seed: x\ninitializer: he_normal\n")
    assert (spec.seed, spec.activation.name) == (1, "relu")


def test_marks_name_the_option():
    spec = parse("samples=5", "initializer.std=2")
    assert spec.marks["samples"] == Mark("--set samples=5")
    assert spec.marks["initializer.std"] == Mark("--set initializer.std=2")
    assert spec.marks["initializer"] == Mark("x.yaml", 3, 14)


NOT_IN_YAML = "cannot stand in YAML; remove it"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "initializer.std=abc",
            "--set initializer.std=abc: initializer.std: must be a finite number >= 0, not 'abc'",
        ),
        ("seed", "--set seed: must be path=value, for example seed=1"),
        ("=1", "--set =1: must begin with the path of a key, for example seed=1"),
        ("a..b=1", "--set a..b=1: must begin with the path of a key, for example seed=1"),
        ("widht=1", "--set widht=1: widht: unknown key; did you mean 'width'?"),
        ("widht.x=1", "--set widht.x=1: widht: unknown key; did you mean 'width'?"),
        ("seed.x=1", "--set seed.x=1: seed: is 1, which holds no x"),
        ("seed.x.y=1", "--set seed.x.y=1: seed: is 1, which holds no x"),
        ("width.3=1", "--set width.3=1: width: has items 0 to 2, no 3"),
        ("width.-1=1", "--set width.-1=1: width: has items 0 to 2, no -1"),
        ("width.1.x=1", "--set width.1.x=1: width.1: is 20, which holds no x"),
        ("activation.a=1", "--set activation.a=1: activation.a: unknown parameter of 'sigmoid'; "
         "it takes none"),
        ("seed=!!int 3", "--set seed=!!int 3: a tag (!!int); write the plain value"),
        ("seed=*a", "--set seed=*a: an alias (*a); write the value out"),
        ("seed={a: 1, a: 2}", "--set seed={a: 1, a: 2}: a: duplicate key"),
        ("width=[1", "--set width=[1: a list without its closing ']', or a ',' is missing "
         "(it begins at 1:1)"),
        ("seed=\x1b", rf"--set seed=\x1b: the invisible character U+001B {NOT_IN_YAML}"),
        ("name=\ud800", rf"--set name=\ud800: the invisible character U+D800 {NOT_IN_YAML}"),
        ("sweep.seed=[1, 2]", "--set sweep.seed=[1, 2]: gives one value to all runs; "
         "write sweep into the spec itself"),
        ("variants={a: {seed: 1}}", "--set variants={a: {seed: 1}}: gives one value to all runs; "
         "write variants into the spec itself"),
        ("layers=2", "x.yaml:4:8: width: must have one number per layer (2, by layers), not 3"),
    ],
)  # fmt: skip
def test_bad_override(override: str, message: str):
    with pytest.raises(SpecError) as caught:
        parse(override)
    assert caught.value.lines[0] == message


def test_problems_of_the_file_come_first_then_overrides_in_order():
    with pytest.raises(SpecError) as caught:
        parse("seed=x", "initializer.std=y", "dtype=z", text=TEXT + "samples: 0\n")
    assert [problem.path for problem in caught.value.problems] == [
        "samples",
        "seed",
        "initializer.std",
        "dtype",
    ]


def test_empty_value_is_null():
    with pytest.raises(SpecError, match=r"--set seed=: seed: must be .*, not an empty value"):
        parse("seed=")


def test_long_override_is_shortened():
    with pytest.raises(SpecError) as caught:
        parse(f"dtype={'x' * 1000}")
    assert str(caught.value.problems[0].mark) == f"--set dtype={'x' * 51}..."


def test_overrides_of_an_unreadable_text_do_not_hide_why():
    with pytest.raises(SpecError) as caught:
        parse("seed=1", text="- 1")
    assert caught.value.lines[0].startswith("x.yaml:1:1: ")
