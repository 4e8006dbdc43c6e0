"""A pinned range of the histogram belongs to the activation that it was written for."""

from __future__ import annotations

import json

import pytest

from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    Spec,
    expand,
    normal_form,
    notes,
    parse_spec,
    spec_from_normal_form,
    yaml_text,
)

TEXT = """\
activation: sigmoid
initializer: xavier_normal
histogram: {bins: 20, range: [0, 1]}
"""
ALL = "variants: {a: {activation: tanh}, b: {seed: 1}}\n"


def parse(more: str = "", *overrides: str, text: str = TEXT) -> Spec:
    return parse_spec(text + more, source="x.yaml", stem="x", overrides=overrides)


def ranges(more: str, *overrides: str, text: str = TEXT) -> list[object]:
    return [run.histogram.range for run in expand(parse(more, *overrides, text=text))]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), (0.0, 1.0)),
        (("activation=tanh",), "auto"),
        (("activation.name=tanh",), "auto"),
        (("activation={name: leaky_relu, negative_slope: 0.1}",), "auto"),
        (("activation=tanh", "activation=sigmoid"), (0.0, 1.0)),
        (("activation=sigmoid", "seed=3"), (0.0, 1.0)),
        (("activation=tanh", "histogram.range=[-1, 1]"), (-1.0, 1.0)),
        (("histogram.range=[-1, 1]", "activation=tanh"), (-1.0, 1.0)),
        (("activation=tanh", "histogram.range.0=-1"), (-1.0, 1.0)),
        (("activation=tanh", "histogram={range: [0, 1]}"), (0.0, 1.0)),
        (("activation=tanh", "histogram.range=per_layer"), "per_layer"),
        (("activation=tanh", "histogram.bins=7"), "auto"),
    ],
)
def test_what_is_set_for_all_runs(overrides: tuple[str, ...], expected: object):
    assert parse("", *overrides).histogram.range == expected


@pytest.mark.parametrize(
    ("more", "overrides", "expected"),
    [
        (ALL, (), ["auto", (0, 1)]),
        (ALL, ("histogram.range=[0, 2]",), [(0, 2), (0, 2)]),
        ("variants: {a: {activation: tanh, histogram.range: [-1, 1]}}\n", (), [(-1, 1)]),
        ("sweep: {activation: [tanh, sigmoid]}\n", (), ["auto", (0, 1)]),
        (
            "sweep: {activation: [tanh, sigmoid], histogram.range: [[0, 2]]}\n",
            (),
            [(0, 2), (0, 2)],
        ),
        # A variant's range is for the file's activation, which --set replaces after it.
        (
            "variants: {a: {histogram.range: [0, 2]}, b: {}}\n",
            ("activation=tanh",),
            ["auto", "auto"],
        ),
        ("variants: {a: {histogram.range: [0, 2]}}\n", ("activation=sigmoid",), [(0, 2)]),
        ("variants: {a: {histogram: {bins: 5}}}\n", ("activation=tanh",), ["auto"]),
    ],
)
def test_variants_and_sweeps(more: str, overrides: tuple[str, ...], expected: list[object]):
    assert ranges(more, *overrides) == expected


@pytest.mark.parametrize(
    ("file", "override", "expected"),
    [
        # Its parameters make no other activation: such runs are compared over one range.
        ("{name: leaky_relu, negative_slope: 0.1}", "activation.negative_slope=0.2", (0, 1)),
        ("silu", "activation=swish", (0, 1)),
        ("leaky_relu", "activation=relu", "auto"),  # the file's is lacking a parameter
        ("sigmod", "activation=relu", (0, 1)),  # the file's is none
        ("", "activation=relu", (0, 1)),
    ],
)
def test_which_activation_is_another(file: str, override: str, expected: object):
    text = TEXT.replace("sigmoid", file)
    assert parse("", override, text=text).histogram.range == expected


def test_words_are_for_any_activation():
    text = TEXT.replace("[0, 1]", "per_layer")
    assert parse("", "activation=tanh", text=text).histogram.range == "per_layer"
    assert notes(parse("", "activation=tanh", text=text)) == []


def test_a_range_that_is_left_is_checked_all_the_same():
    with pytest.raises(SpecError, match=r"x.yaml:3:30: histogram.range: "):
        parse("", "activation=tanh", text=TEXT.replace("[0, 1]", "[1, 0]"))


def test_a_run_is_the_same_from_what_is_saved_of_it():
    spec = parse("", "activation=tanh")
    saved = json.loads(json.dumps(normal_form(spec)))
    assert saved["histogram"] == {"bins": 20, "range": "auto"}
    assert spec_from_normal_form(saved, "x") == spec
    assert parse(text=yaml_text(spec)) == spec


def test_a_note_says_which_activations_left_the_range():
    assert notes(parse()) == []
    (note,) = notes(parse("", "activation=tanh"))
    said = "x.yaml:3:30: histogram.range: [0, 1] belongs to sigmoid;"
    assert str(note) == f"{said} tanh is drawn over auto"
    (note,) = notes(parse("sweep: {seed: [1, 2], activation: [tanh, sigmoid, relu, elu]}\n"))
    assert str(note) == f"{said} tanh, relu and elu are drawn over auto"
    several = "variants: {a: {histogram.range: [0, 2]}, b: {}}\n"
    found = [str(note) for note in notes(parse(several, "activation=tanh"))]
    assert found == [
        "x.yaml:4:33: histogram.range: [0, 2] belongs to sigmoid; tanh is drawn over auto",
        f"{said} tanh is drawn over auto",
    ]


def test_lists_own_ranges_and_leave_them():
    """A range for sigmoids is not for lists with others, and one for a list not for another."""
    more = "variants: {a: {activation: [sigmoid, tanh]}, b: {activation.1: relu}, c: {seed: 1}}\n"
    assert ranges(more) == ["auto", "auto", (0.0, 1.0)]
    [note] = notes(parse(more))
    told = "[0, 1] belongs to sigmoid; sigmoid / tanh and sigmoid / relu are drawn over auto"
    assert note.message == told
    text = TEXT.replace("sigmoid", "[relu, sigmoid]")
    assert ranges("variants: {a: {activation: [relu, tanh]}}\n", text=text) == ["auto"]
    assert parse(text=text).histogram.range == (0.0, 1.0)
