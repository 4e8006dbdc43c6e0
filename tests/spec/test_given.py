"""Specs from Python: of mappings, by the checks of YAML, and of whatever else stands for one."""

from __future__ import annotations

import pickle
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from support.cases import every
from weightinit_cli.errors import SpecError
from weightinit_cli.spec import (
    Component,
    activation_of,
    expand,
    load_spec,
    normal_form,
    shipped_configs,
    spec_of,
)
from weightinit_cli.spec import given as given_module
from weightinit_cli.spec.kinds import TABLES
from weightinit_cli.spec.nodes import resolve

LEAST: dict[str, Any] = {"activation": "tanh", "initializer": "lecun_normal"}


class Name(StrEnum):
    TANH = "tanh"


def lines_of(wrong: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        spec_of(wrong)
    assert all(line.isprintable() for line in caught.value.lines)
    return list(caught.value.lines)


def resolved(tree: Any) -> Any:
    """What yaml's BaseLoader reads, with numbers as YAML 1.2 has them."""
    if isinstance(tree, dict):
        return {key: resolved(value) for key, value in tree.items()}
    return list(map(resolved, tree)) if isinstance(tree, list) else resolve(tree)


def test_a_mapping_is_what_yaml_is():
    for config in shipped_configs():
        written = load_spec(config)
        keys = resolved(yaml.load(config.read_text(encoding="utf-8"), yaml.BaseLoader))  # noqa: S506
        runs = [
            list(map(normal_form, expand(each)))
            for each in (written, {"name": written.name, **keys})
        ]
        assert runs[0] == runs[1]


def test_a_path_a_name_and_a_spec():
    spec = load_spec("relu_he")
    assert spec_of(spec) is spec
    assert (
        spec_of("relu_he") == spec_of(str(shipped_configs()[0].with_name("relu_he.yaml"))) == spec
    )
    assert spec_of(shipped_configs()[0].with_name("relu_he.yaml")) == spec


def test_its_name():
    assert spec_of(LEAST).name == "spec"
    assert spec_of(LEAST, name="mine").name == "mine"
    assert spec_of({**LEAST, "name": "mine"}).folder == "mine"


@every(
    "key, value, meant",
    [
        ("width", (30, 20), [30, 20]),
        ("width", range(10, 40, 10), [10, 20, 30]),
        ("width", np.int64(30), 30),
        ("width", [np.uint8(30), np.array(20)], [30, 20]),
        ("saturation", np.float64(0.25), 0.25),
        ("saturation", np.float32(0.25), 0.25),
        ("saturation", Fraction(1, 4), 0.25),
        ("backward", np.bool_(False), False),
        ("name", Path("mine"), "mine"),
        ("activation", Name.TANH, "tanh"),
        ("activation", np.str_("tanh"), "tanh"),
        (
            "activation",
            Component("leaky_relu", (("negative_slope", 0.1),)),
            {"name": "leaky_relu", "negative_slope": 0.1},
        ),
        (
            "initializer",
            MappingProxyType({"name": "normal", "std": 2}),
            {"name": "normal", "std": 2},
        ),
    ],
)
def test_values_of_python(key: str, value: Any, meant: Any):
    spec = spec_of({**LEAST, key: value})
    form = normal_form(spec)
    assert form == normal_form(spec_of({**LEAST, key: meant}))
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301
    assert form == eval(repr(form))  # noqa: S307  # nothing of numpy's is left


itself: dict[str, Any] = {"name": "normal"}
itself["std"] = itself
OTHER = "must be a value, not the function"
NEITHER = "must be text, a number, True, False, a list or a mapping, not of the type"


@every(
    "key, value, said",
    [
        ("activation", "tnah", "unknown activation 'tnah'; did you mean 'tanh'?"),
        ("widht", 3, "unknown key; did you mean 'width'?"),
        ("samples", None, "must be a whole number >= 1, not None"),
        ("samples", True, "must be a whole number >= 1, not True"),
        ("samples", 5.0, "must be a whole number >= 1, not 5.0"),
        ("samples", "5", "must be a whole number >= 1, not '5'; leave out the quotes"),
        ("samples", 1j, f"{NEITHER} complex"),
        ("saturation", float("nan"), "must be a finite number > 0 and < 1, not nan"),
        ("saturation", np.inf, "must be a finite number > 0 and < 1, not inf"),
        ("width", np.array([3, 4]), "must be a list, not an array; .tolist() makes one"),
        ("width", {3, 4}, "must be a list, not a set, which has no order"),
        ("width", iter([3]), f"{NEITHER} list_iterator"),
        (
            "activation",
            np.tanh,
            f"{OTHER} tanh; @weightinit_cli.activation gives a function a name",
        ),
        ("bias", len, f"{OTHER} len; run(spec, biases=fn) takes a function of your own"),
        (
            "name",
            "\ud800",
            "must be text that can be written to a file, without halves of characters",
        ),
        (
            "seed",
            10**500,
            f"must be a whole number from 0 to {2**64 - 1}, not an integer too large",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(key: str, value: Any, said: str):
    assert lines_of({**LEAST, key: value}) == [f"spec: {key}: {said}"]


@every(
    "keys, said",
    [
        ({3: 4}, "keys must be text, not 3"),
        ({"sweep": {None: [1]}}, "sweep: keys must be text, not None"),
        ({"initializer": itself}, "initializer.std: contains itself"),
        (
            {"histogram": {"bins": 0}},
            "histogram.bins: must be a whole number from 1 to 100000, not 0",
        ),
        ({"width": range(10**30)}, "holds more than 262,144 values"),
    ],
)
def test_what_is_wrong_within(keys: dict[Any, Any], said: str):
    assert lines_of({**LEAST, **keys}) == [f"spec: {said}"]


class Held:
    spec = LEAST


@every(
    "wrong, said",
    [([LEAST], "list"), (b"x", "bytes"), (Held(), "Held; its .spec is such a mapping")],
)
def test_what_stands_for_no_spec(wrong: Any, said: str):
    wanted = "must be a spec, a mapping of its keys, or the path or name of a config"
    assert lines_of(wrong) == [f"spec: {wanted}, not of the type {said}"]


def test_what_is_deep_and_what_is_large(monkeypatch: pytest.MonkeyPatch):
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    assert lines_of({**LEAST, "width": deep})[0].endswith("nested more than 20 levels deep")
    monkeypatch.setattr(given_module, "MOST_VALUES", 1000)
    large: Any = 1
    for _ in range(15):
        large = [large] * 10
    assert lines_of({**LEAST, "width": large})[0] == "spec: holds more than 1,000 values"


def test_every_problem_at_once():
    wrong = {"activation": "tnah", "initializer": {"name": "normal", "sdt": 1}, "seed": -1}
    paths = [line.split(": ")[1] for line in lines_of(wrong)]
    assert sorted(paths) == ["activation", "initializer.sdt", "initializer.std", "seed"]


def test_several_runs():
    spec = {**LEAST, "sweep": {"initializer": ["he_normal", "zeros"], "width": range(3, 5)}}
    runs = expand(spec)
    assert [(run.initializer.name, run.width[0]) for run in runs] == [
        ("he_normal", 3), ("he_normal", 4), ("zeros", 3), ("zeros", 4),
    ]  # fmt: skip
    with pytest.raises(SpecError, match=r"spec: initializer\.std: unknown parameter of 'le"):
        expand({**LEAST, "sweep": {"initializer.std": [1, 2]}})


def test_an_activation():
    assert activation_of("tanh") == Component("tanh")
    slope = Component("leaky_relu", (("negative_slope", 0.5),))
    assert activation_of({"name": "leaky_relu", "negative_slope": np.float32(0.5)}) == slope
    assert activation_of(slope) == slope
    with pytest.raises(SpecError) as caught:
        activation_of("tnah")
    assert str(caught.value) == "phase: activation: unknown activation 'tnah'; did you mean 'tanh'?"


KEYS = sorted({field.name for fields in TABLES.values() for field in fields})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=2)
)
VALUES = st.recursive(
    SCALARS | st.sampled_from([np.float32(0.5), np.array([1]), len, object(), {1}, 1j]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(KEYS) | SCALARS, VALUES, max_size=4))
def test_any_mapping_is_a_spec_or_is_refused_in_lines(keys: dict[Any, Any]):
    lines: tuple[str, ...] = ()
    try:
        normal_form(spec_of({**LEAST, **keys}))
    except SpecError as error:
        lines = error.lines
    assert all(line.isprintable() and line.startswith("spec: ") for line in lines)
