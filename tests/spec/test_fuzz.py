"""Whatever is fed in: a Spec, or a SpecError whose lines a terminal can show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weightinit_cli.errors import SpecError
from weightinit_cli.parameters import Thresholds
from weightinit_cli.spec import (
    Spec,
    digest,
    normal_form,
    parse_spec,
    spec_from_normal_form,
    template,
)
from weightinit_cli.spec.kinds import TABLES

BAD = [path.read_bytes() for path in sorted((Path(__file__).parent / "bad").glob("*.yaml"))]
SEEDS = [template().encode(), *(data for data in BAD if len(data) < 400)]
quick = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def feed(data: bytes | str, *overrides: str) -> None:
    """Parse; a refusal must be located and printable, a spec must have a normal form."""
    try:
        spec = parse_spec(data, source="x.yaml", stem="x", overrides=overrides)
    except SpecError as error:
        check_lines(error)
    else:
        check_spec(spec)


def check_lines(error: SpecError) -> None:
    assert error.lines
    for line in error.lines:
        assert line.isprintable(), repr(line)
        assert line.startswith(("x.yaml:", "--set ")), line
        assert len(line) < 10_000


def check_spec(spec: Spec) -> None:
    form = normal_form(spec)
    assert spec_from_normal_form(json.loads(json.dumps(form, allow_nan=False)), "s") == spec
    assert len(digest(spec)) == 64


@quick
@given(st.text())
def test_any_text(text: str):
    feed(text)


@quick
@given(st.binary())
def test_any_bytes(data: bytes):
    feed(data)


YAMLISH = st.lists(
    st.sampled_from(
        [
            *"[]{},:#&*!|>'\"%@`-?\n\t\r\\~=<. 019aex",
            *("\n  ", ": ", "- ", "? ", "<<: ", "---\n", "...\n", "!!int ", "&a ", "*a", "\x1b"),
            *("\\x1b", "\\ud800", "\\U00110000", "\u2028", "\ud800", "\ufeff", "\x00", "1e999"),
            *(f"{field.name}: " for field in TABLES["histogram"]),
            *("name: ", "std: ", "bins: ", "range: ", "normal", "sigmoid", "%YAML 1.2\n"),
            *("dying: ", "true", "false"),
        ]
    ),
    max_size=40,
).map("".join)


@quick
@given(YAMLISH)
def test_text_like_yaml(text: str):
    feed(text)
    feed("activation: sigmoid\ninitializer: xavier_normal\n" + text)


WORDS = st.sampled_from(
    [
        *("sigmoid", "gelu", "leaky_relu", "elu", "normal", "zeros", "uniform", "constant"),
        *("he_normal", "kaiming_normal", "variance_scaling", "glorot_uniform"),
        *("siren", "sin", "torch_linear", "nguyen_widrow", "sparse", "threshold", "celu"),
        *("auto", "per_layer", "float32", "histogram", "none", "fan_in"),
    ]
)
NUMBERS = (
    st.sampled_from([0, 1, 5, -1, 2**63, 2**64, 10**400, 0.5, -0.0, 5e-324, 1.7e308, 1e200])
    | st.integers()
    | st.floats()
)
KEYS = st.sampled_from(
    [
        *(field.name for field in TABLES["histogram"]),
        *("std", "mean", "low", "high", "gain", "mode", "scale", "distribution", "value", "bins"),
        *("range", "approximate", "negative_slope", "alpha", "omega", "sparsity", "threshold"),
        *Thresholds._fields,
    ]
) | st.text(max_size=5)
VALUES = st.recursive(
    WORDS | NUMBERS | st.booleans() | st.none() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
TREES = st.dictionaries(KEYS, VALUES, max_size=8)


@quick
@given(TREES)
def test_any_tree(tree: dict[str, Any]):
    complete = {"activation": "sigmoid", "initializer": "xavier_normal", **tree}
    feed(json.dumps(complete))
    feed(json.dumps(complete, ensure_ascii=False))
    try:
        check_spec(spec_from_normal_form(complete, "x.yaml:"))
    except SpecError as error:
        check_lines(error)


@quick
@given(st.sampled_from(SEEDS), st.data())
def test_mutated_specs(data: bytes, choose: st.DataObject):
    for _ in range(choose.draw(st.integers(1, 4))):
        at = choose.draw(st.integers(0, len(data)))
        until = choose.draw(st.integers(at, min(at + 12, len(data))))
        data = data[:at] + choose.draw(st.binary(max_size=3) | PIECES) + data[until:]
    feed(data)


PIECES = st.sampled_from(
    [
        b"[",
        b"]",
        b"{",
        b"}",
        b": ",
        b"\n",
        b"\t",
        b"&a ",
        b"*a",
        b"!",
        b"- ",
        b"0",
        b"9" * 500,
        b"'",
    ]
)


@quick
@given(st.lists(st.text(max_size=20) | st.builds("{}={}".format, KEYS, YAMLISH), max_size=3))
def test_any_overrides(overrides: list[str]):
    feed("activation: sigmoid\ninitializer: {name: normal, std: 1}\nwidth: [1, 2]\n", *overrides)


@quick
@given(
    st.sampled_from(
        [
            *("initializer", "activation", "bias", "histogram", "width", "seed", "nope"),
            *("thresholds", "backward"),
        ]
    ),
    st.lists(KEYS | st.sampled_from("0129"), max_size=3),
    VALUES,
)
def test_any_path_of_an_override(key: str, below: list[str], value: Any):
    override = f"{'.'.join((key, *below))}={json.dumps(value)}"
    feed("activation: sigmoid\ninitializer: normal\nwidth: [1, 2]\nseed: 1\n", override)
