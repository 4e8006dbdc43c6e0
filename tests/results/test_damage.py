"""A file that is no whole result of winit: always a WinitError with the file and the place."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.trees import JSON, at, dotted, loads_or_refuses, mutations
from weightinit_cli.digests import digest_of_form
from weightinit_cli.errors import WinitError
from weightinit_cli.results import (
    SCHEMA_VERSION,
    STATS,
    Result,
    dump_line,
    dump_result,
    load_result,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[bytes | str | object], str]:
    """Save something in a result's place, and return what is said of it, without the path."""

    def say(saved: object) -> str:
        file = tmp_path / STATS
        if isinstance(saved, bytes):
            file.write_bytes(saved)
        else:
            text = saved if isinstance(saved, str) else json.dumps(saved)
            file.write_text(text, encoding="utf-8")
        messages = set()
        for path in (file, tmp_path, str(tmp_path)):
            with pytest.raises(WinitError) as caught:
                load_result(path)
            (line,) = caught.value.lines
            assert "\n" not in line
            assert len(line) < 400 + len(str(file))
            assert line.startswith(f"{file}: ")
            messages.add(line.removeprefix(f"{file}: "))
        (message,) = messages
        return message

    return say


# no JSON


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\0" * 100,
        b"\xff\xfe{\0}\0",
        b'{"schema_version": 1, "name": "caf\xe9"}',
        b"schema_version: 1\n",
        b"{'schema_version': 1}",
        b"{} {}",
        b'{"schema_version": 1,}',
        b"NaN",
    ],
    ids=repr,
)
def test_not_json(refused: Callable, data: bytes):
    assert "JSON" in refused(data)


def test_syntax_error_has_line_and_column(refused: Callable):
    assert refused('{\n "a": oops}').startswith("line 2, column 7: not JSON: ")


def test_truncated_anywhere(tmp_path: Path, plain: Result):
    data = dump_result(plain).encode()
    file = tmp_path / STATS
    chance = random.Random(3)  # noqa: S311
    for length in (1, 2, len(data) - 2, *(chance.randrange(len(data) - 1) for _ in range(60))):
        file.write_bytes(data[:length])
        with pytest.raises(WinitError, match=re.escape(str(file))):
            load_result(file)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_lacks(refused: Callable, plain: Result, constant: str):
    text = dump_result(plain)
    assert constant in refused(re.sub('"mean": [^,]+', f'"mean": {constant}', text, count=1))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        '{"schema_version": 1, "spec": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=["open lists", "lists", "open objects", "in a result"],
)
def test_nesting(refused: Callable, text: str):
    assert "JSON" in refused(text)


# JSON, but no result


@pytest.mark.parametrize("value", [[], [1], 1, 1.5, "text", None, True, {}, {"a": 1}], ids=repr)
def test_another_thing_at_the_top(refused: Callable, value: object):
    assert refused(value)


@pytest.mark.parametrize("version", [True, False, 0, -1, "1", 1.0, None, [1], {}], ids=repr)
def test_wrong_schema_version(refused: Callable, tree: Callable, version: object):
    assert refused({**tree(), "schema_version": version}).startswith("schema_version: ")


def test_newer_schema_names_who_writes_it(refused: Callable, tree: Callable):
    newer = {**tree(), "schema_version": SCHEMA_VERSION + 1, "figure": "of the future"}
    newer["environment"]["winit"] = "9.8.7"
    message = refused(newer)
    assert message.startswith("schema_version: ")
    assert f"{SCHEMA_VERSION + 1}" in message
    assert "9.8.7" in message
    for environment in ({}, None, {"winit": 3}, []):
        assert "newer" in refused({**newer, "environment": environment})


def test_newer_schema_of_many_digits(refused: Callable, tree: Callable):
    assert refused({**tree(), "schema_version": 10**3000}).startswith("schema_version: ")


def test_newer_schema_of_a_hostile_version(refused: Callable, tree: Callable):
    newer = {**tree(), "schema_version": SCHEMA_VERSION + 1}
    newer["environment"] = {"winit": "x" * 10_000 + "\n\x1b[31m"}
    assert refused(newer).startswith("schema_version: ")


# a result, but not a whole one


TYPED = [
    ("name",),
    ("digest",),
    ("input",),
    ("layers",),
    ("layers", 1),
    ("resolved",),
    ("resolved", "layers", 0, "fan_in"),
    ("resolved", "layers", 2, "weight_std"),
    ("input", "nonfinite"),
    ("layers", 0, "mean"),
    ("layers", 0, "quantiles"),
    ("layers", 0, "quantiles", "0.5"),
    ("layers", 0, "saturation"),
    ("layers", 0, "saturation", "low"),
    ("layers", 1, "dead_units"),
    ("layers", 2, "weights", "stream"),
    ("layers", 2, "weights", "zero_fraction"),
    ("layers", 2, "histogram"),
    ("layers", 2, "histogram", "edges"),
    ("layers", 2, "histogram", "edges", 3),
    ("layers", 2, "histogram", "counts", 3),
    ("layers", 2, "histogram", "underflow"),
    ("layers", 0, "gradient", "signal_rms"),
    ("layers", 1, "gradient", "ratio"),
    ("layers", 1, "gradient", "nonfinite"),
    ("layers", 1, "gradient", "histogram", "counts"),
    ("layers", 1, "gradient", "histogram", "edges", 0),
    ("layers", 1, "theory", "q"),
    ("layers", 1, "theory", "figures"),
    ("layers", 1, "theory", "figures", "std", "value"),
    ("layers", 1, "theory", "figures", "std", "standard_error"),
    ("layers", 1, "theory", "figures", "std", "z"),
    ("layers", 1, "theory", "histogram"),
    ("layers", 1, "theory", "histogram", 0),
    ("resolved", "standard_errors"),
    ("verdict",),
    ("verdict", 0, "name"),
    ("verdict", 0, "layer"),
    ("verdict", 0, "value"),
    ("verdict", 0, "advice"),
    ("spec",),
    ("spec", "repeats"),
    ("spec", "thresholds"),
    ("spec", "thresholds", "dying"),
    ("environment",),
]


@pytest.mark.parametrize("path", TYPED, ids=dotted)
def test_wrong_type(refused: Callable, tree: Callable, path: tuple):
    former = at(tree("predicted"), path)
    wrong: list[object] = [True, "1"] if not isinstance(former, str) else [1, [], {}]
    wrong += [[former], {"a": former}] if not isinstance(former, dict | list) else ["text", 3]
    for value in wrong:
        damaged = tree("predicted")
        at(damaged, path[:-1])[path[-1]] = value
        assert refused(damaged).startswith(f"{dotted(path)}: must be "), value


def test_wrong_type_of_a_truth_value(refused: Callable, tree: Callable):
    damaged = tree()
    for value in (1, "true", None, []):
        damaged["spec"]["backward"] = value
        assert refused(damaged).startswith("spec.backward: must be true or false, not ")


def test_wrong_word(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["resolved"]["standard_errors"] = "guessed"
    message = "resolved.standard_errors: must be derived or repeats, not 'guessed'"
    assert refused(damaged) == message


KEYS = [
    path
    for path in TYPED
    if isinstance(path[-1], str)
    and path not in (("layers", 0, "quantiles", "0.5"), ("spec", "thresholds", "dying"))
]


@pytest.mark.parametrize("path", KEYS, ids=dotted)
def test_missing_key(refused: Callable, tree: Callable, path: tuple):
    damaged = tree("predicted")
    del at(damaged, path[:-1])[path[-1]]
    assert refused(damaged) == f"{dotted(path)}: missing"


def test_missing_quantile(refused: Callable, tree: Callable):
    damaged = tree()
    del damaged["layers"][0]["quantiles"]["0.5"]
    assert refused(damaged).startswith("layers.0.quantiles")


@pytest.mark.parametrize(
    "path",
    [(), ("resolved",), ("layers", 0), ("layers", 0, "weights"), ("input", "histogram"),
     ("layers", 1, "gradient"), ("layers", 1, "theory"), ("layers", 1, "theory", "figures", "std"),
     ("verdict", 0)],
)  # fmt: skip
def test_unknown_key(refused: Callable, tree: Callable, path: tuple):
    damaged = tree("predicted")
    at(damaged, path)["surplus"] = 1
    assert refused(damaged).startswith(f"{dotted((*path, 'surplus'))}: unknown")


@pytest.mark.parametrize("key", ["a" * 100_000, "\x1b[31m", "a\nb", "\ud800", "a.b", ""])
def test_unknown_key_of_a_hostile_name(refused: Callable, tree: Callable, key: str):
    assert "unknown" in refused({**tree(), key: 1})


@pytest.mark.parametrize("path", [("layers", 0, "mean"), ("resolved", "layers", 0, "weight_std")])
@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
def test_number_beyond_float(refused: Callable, plain: Result, tree: Callable, path: tuple, number):
    damaged = tree()
    at(damaged, path[:-1])[path[-1]] = "MARK"
    text = json.dumps(damaged).replace('"MARK"', number)
    assert refused(text).startswith(f"{dotted(path)}: must be a finite number")


@pytest.mark.parametrize(
    "path",
    [("spec", "samples"), ("spec", "features"), ("spec", "seed"), ("spec", "saturation"),
     ("environment", "winit"), ("layers", 0, "mean"), ("layers", 0, "dead_units"),
     ("layers", 0, "histogram", "counts", 3), ("layers", 0, "histogram", "overflow"),
     ("resolved", "layers", 0, "fan_out"), ("schema_version",)],
    ids=dotted,
)  # fmt: skip
def test_integer_of_5000_digits(refused: Callable, tree: Callable, path: tuple):
    damaged = tree()
    at(damaged, path[:-1])[path[-1]] = "MARK"
    assert refused(json.dumps(damaged).replace('"MARK"', "9" * 5000))


@pytest.mark.parametrize(
    "path",
    [("layers", 0, "histogram", "counts"), ("spec", "samples"), ("layers", 0, "nonfinite")],
    ids=dotted,
)
def test_integers_just_below_the_limit_on_digits(refused: Callable, tree: Callable, path: tuple):
    """Python reads 4,300 digits, but does not write the 4,301 of a sum."""
    damaged = tree()
    former = at(damaged, path)
    at(damaged, path[:-1])[path[-1]] = (
        ["MARK"] * len(former) if isinstance(former, list) else "MARK"
    )
    assert refused(json.dumps(damaged).replace('"MARK"', "9" * 4300))


@pytest.mark.parametrize(
    "path", [("spec", "saturation"), ("environment", "numpy"), ("spec", "new")]
)
def test_what_could_not_be_written_again(refused: Callable, tree: Callable, path: tuple):
    """1e999 is read as infinity, which strict JSON cannot hold."""
    damaged = tree()
    at(damaged, path[:-1])[path[-1]] = "MARK"
    assert refused(json.dumps(damaged).replace('"MARK"', "1e999")).startswith(dotted(path))


@pytest.mark.parametrize("field", ["underflow", "overflow"])
@pytest.mark.parametrize("layer", [("input",), ("layers", 1)], ids=dotted)
def test_counts_that_do_not_add_up(refused: Callable, tree: Callable, layer: tuple, field: str):
    damaged = tree()
    at(damaged, layer)["histogram"][field] += 1
    assert refused(damaged).startswith(f"{dotted(layer)}.histogram: counts add up to ")


def test_nonfinite_counts_too(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][1]["nonfinite"] = 1
    assert refused(damaged).startswith("layers.1.histogram: ")


@pytest.mark.parametrize("key", ["samples", "features"])
def test_sizes_that_contradict_the_counts(refused: Callable, tree: Callable, key: str):
    for value in (1, "40", None, True, -5, 2.5, []):
        damaged = tree()
        damaged["spec"][key] = value
        assert refused(damaged)
    damaged = tree()
    del damaged["spec"][key]
    assert refused(damaged).startswith(f"spec.{key}: ")


@pytest.mark.parametrize("change", [-1, 1])
def test_edges_and_counts_of_other_lengths(refused: Callable, tree: Callable, change: int):
    damaged = tree()
    edges = damaged["layers"][2]["histogram"]["edges"]
    damaged["layers"][2]["histogram"]["edges"] = [*edges, 2.0] if change > 0 else edges[:-1]
    message = refused(damaged)
    assert message.startswith("layers.2.histogram: ")
    assert "edge" in message


def test_edges_out_of_order(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][2]["histogram"]["edges"].reverse()
    assert refused(damaged).startswith("layers.2.histogram")


def test_no_bins(refused: Callable, tree: Callable):
    damaged = tree()
    histogram = damaged["layers"][0]["histogram"]
    histogram["underflow"] += sum(histogram["counts"])
    histogram["counts"], histogram["edges"] = [], [0.5]
    assert refused(damaged).startswith("layers.0.histogram")


# gradient, theory, repeats, verdict


@pytest.mark.parametrize("field", ["underflow", "overflow"])
def test_gradients_that_do_not_add_up(refused: Callable, tree: Callable, field: str):
    damaged = tree()
    damaged["layers"][1]["gradient"]["histogram"][field] += 1
    place = "layers.1.gradient.histogram"
    assert refused(damaged) == f"{place}: counts add up to 201, not to 200 values"


def test_nonfinite_gradients_count_too(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][1]["gradient"]["nonfinite"] = 1
    assert refused(damaged).startswith("layers.1.gradient.histogram: counts add up to 201")


def test_edges_of_a_gradient(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][2]["gradient"]["histogram"]["edges"].reverse()
    assert "edges that rise" in refused(damaged)
    damaged["layers"][2]["gradient"]["histogram"]["edges"] = [0.5]
    assert refused(damaged).startswith("layers.2.gradient.histogram: must have one edge more")


def test_gradient_that_contradicts_the_spec(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][1]["gradient"] = None
    assert refused(damaged).startswith("layers.1.gradient: must be there where ")
    damaged = tree()
    damaged["spec"]["backward"] = False
    assert refused(damaged).startswith("layers.0.gradient: must be there where ")


def test_repeats_that_contradict_the_spec(refused: Callable, tree: Callable):
    damaged = tree("repeated")
    damaged["layers"][1]["repeats"] = None
    assert refused(damaged).startswith("layers.1.repeats: must be there where ")
    damaged = tree("repeated")
    damaged["spec"]["repeats"] = 1
    assert refused(damaged).startswith("layers.0.repeats: must be there where ")


@pytest.mark.parametrize("key", ["standard", "", "saturation", "theory.q", "a\nb", "x" * 9999])
def test_repeats_of_no_figure(refused: Callable, tree: Callable, key: str):
    damaged = tree("repeated")
    spread = {"mean": 1.0, "std": 0.5, "quantiles": None}
    damaged["layers"][0]["repeats"][key] = spread
    assert refused(damaged).startswith("layers.0.repeats: no figure of a layer is named ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda layer: layer["unresolved"].update({"deviation": 1e-8}),
            "layers.0.unresolved: no figure of a layer is named 'deviation'",
        ),
        (
            lambda layer: layer["unresolved"].update({"std": -1e-8}),
            "layers.0.unresolved.std: must be >= 0",
        ),
        (
            lambda layer: layer["unresolved"].update({"std": "small"}),
            "layers.0.unresolved.std: must be a finite number, not 'small'",
        ),
        (
            lambda layer: layer["resolution"].update({"activations": -1.0}),
            "layers.0.resolution.activations: must be >= 0",
        ),
        (
            lambda layer: layer["weights"]["quantiles"].pop("0.5"),
            "layers.0.weights.quantiles: must be 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99",
        ),
        (
            lambda layer: layer["repeats"]["std"]["quantiles"].update({"0.9": 1.0}),
            "layers.0.repeats.std.quantiles: must be 0.05, 0.5, 0.95",
        ),
    ],
)
def test_what_cannot_be_told_must_be_a_figure(
    refused: Callable, tree: Callable, change: Callable, said: str
):
    damaged = tree("repeated")
    change(damaged["layers"][0])
    assert refused(damaged) == said


@pytest.mark.parametrize("damage", [None, "wide", 3, [1], [0, [1]], {"low": 0}, [True, 1]])
def test_a_range_of_the_histogram_is_one(refused: Callable, tree: Callable, damage: object):
    damaged = tree("plain")
    damaged["spec"]["histogram"]["range"] = damage
    said = "spec.histogram.range: must be auto, per_layer or two numbers"
    assert refused(damaged) == said


def test_unresolved_weights_are_figures(tree: Callable, tmp_path: Path):
    marked = tree("plain")
    marked["layers"][0]["unresolved"] = {"weights.std": 1e-7, "weights.kurtosis": None}
    (tmp_path / STATS).write_text(json.dumps(marked), encoding="utf-8")
    assert load_result(tmp_path).layers[0].unresolved["weights.std"] == 1e-7


def test_theory_of_no_figure(refused: Callable, tree: Callable):
    damaged = tree("predicted")
    figures = damaged["layers"][0]["theory"]["figures"]
    figures["gradient"] = figures["std"]
    assert refused(damaged) == "layers.0.theory.figures: no figure of a layer is named 'gradient'"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("repeated", ("layers", 2, "repeats", "std", "std")),
        ("predicted", ("layers", 2, "theory", "figures", "std", "standard_error")),
    ],
)
def test_negative_spread(refused: Callable, tree: Callable, kind: str, path: tuple):
    damaged = tree(kind)
    at(damaged, path[:-1])[path[-1]] = -0.1
    assert refused(damaged) == f"{dotted(path)}: must be >= 0"


@pytest.mark.parametrize("change", [-1, 1])
def test_theory_of_other_bins(refused: Callable, tree: Callable, change: int):
    damaged = tree("predicted")
    theory = damaged["layers"][1]["theory"]
    theory["histogram"] = theory["histogram"][1:] if change < 0 else [*theory["histogram"], 0.0]
    assert refused(damaged).startswith("layers.1.theory.histogram: must have 30 bins")


@pytest.mark.parametrize("layer", [0, 4, 10**18])
def test_verdict_of_no_layer(refused: Callable, tree: Callable, layer: int):
    damaged = tree()
    damaged["verdict"][0]["layer"] = layer
    assert refused(damaged) == "verdict.0.layer: must be from 1 to 3"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"severity": None}, "severity: must be null of 'healthy' alone"),
        ({"name": "healthy"}, "severity: must be null of 'healthy' alone"),
        ({"severity": "fatal"}, "severity: must be note or warning or severe, not 'fatal'"),
        ({"because": "dying"}, "because: must name a verdict that stands before this one"),
        ({"because": "odd"}, "because: must name a verdict that stands before this one"),
        ({"over": []}, "over: must be two layers from 0 to 3"),
        ({"over": [1, 2, 3]}, "over: must be two layers from 0 to 3"),
        ({"over": [2, 2]}, "over: must be two layers from 0 to 3"),
        ({"over": [4, 0]}, "over: must be two layers from 0 to 3"),
        ({"over": [0, -1]}, "over.1: must be a whole number >= 0, not -1"),
        ({"over": [0, 3], "value": -0.5}, "value: must be >= 0"),
    ],
)
def test_verdicts_that_contradict_themselves(
    refused: Callable, tree: Callable, entry: dict, said: str
):
    damaged = tree()
    first = {"name": "odd", "severity": "warning", "because": None, "over": None, "value": 0.5}
    first = damaged["verdict"][0] | first
    damaged["verdict"] = [first | entry, first | {"name": "dying"}]
    assert refused(damaged) == f"verdict.0.{said}"


# of an older version


@pytest.mark.parametrize(
    "path",
    [("spec",), ("resolved",), ("input",), ("layers",), ("layers", 1), ("layers", 1, "mean"),
     ("layers", 1, "histogram", "counts"), ("spec", "width"), ("digest",)],
    ids=dotted,
)  # fmt: skip
def test_older_version_is_located_too(refused: Callable, old: dict, path: tuple):
    damaged = copy.deepcopy(old)
    for value in (None, 3, "text", [], [None], {"a": 1}):
        at(damaged, path[:-1])[path[-1]] = value
        if (path[-1], value) not in (("mean", None), ("mean", 3), ("digest", "text")):
            assert refused(damaged).startswith(path[0]), value
    del at(damaged, path[:-1])[path[-1]]
    place = "layers" if path == ("layers", 1) else f"{dotted(path)}: missing"
    assert refused(damaged).startswith(place)


@pytest.mark.parametrize(
    ("path", "key"),
    [((), "verdict"), (("spec",), "repeats"), (("resolved",), "no_theory"),
     (("input",), "gradient"), (("layers", 1), "theory")],
)  # fmt: skip
def test_older_version_with_a_newer_figure(refused: Callable, old: dict, path: tuple, key: str):
    at(old, path)[key] = None
    assert refused(old) == f"{dotted((*path, key))}: unknown figure"


# layers


def test_layers_that_were_lost(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"].pop()
    assert refused(damaged).startswith("layers: ")


def test_no_layers(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"], damaged["resolved"]["layers"] = [], []
    assert refused(damaged)


# no file


def test_folder_without_a_result(tmp_path: Path):
    with pytest.raises(WinitError, match="no such result") as caught:
        load_result(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")


def test_a_folder_of_several_results(tmp_path: Path):
    for run in ("b", "a"):
        (tmp_path / run).mkdir()
        (tmp_path / run / STATS).write_text("")
    with pytest.raises(WinitError) as caught:
        load_result(tmp_path)
    assert str(caught.value) == f"{tmp_path}: holds several results; {tmp_path / 'a'} is one"


def test_nothing_there(tmp_path: Path):
    with pytest.raises(WinitError, match="no such result; winit histogram, symmetry and train"):
        load_result(tmp_path / "nowhere" / STATS)


def test_folder_in_its_place(tmp_path: Path):
    (tmp_path / STATS).mkdir()
    with pytest.raises(WinitError, match=re.escape(str(tmp_path))):
        load_result(tmp_path)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "stats.json/below"])
def test_names_that_no_file_has(tmp_path: Path, name: str):
    (tmp_path / STATS).write_text("{}")
    with pytest.raises(WinitError):
        load_result(tmp_path / name)


def test_loop_of_links(tmp_path: Path):
    try:
        (tmp_path / STATS).symlink_to(STATS)
    except OSError:
        pytest.skip("no right to make links")
    with pytest.raises(WinitError):
        load_result(tmp_path)


# anything


COMMON = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@COMMON
@given(data=st.data())
def test_mutated_tree(tmp_path: Path, tree: Callable, data: st.DataObject):
    kind = data.draw(st.sampled_from(["plain", "overflowing", "constant", "repeated", "predicted"]))
    file = tmp_path / STATS
    file.write_text(json.dumps(data.draw(mutations(tree(kind)))), encoding="utf-8")
    loads_or_refuses(file)


@COMMON
@given(data=st.data())
def test_mutated_tree_of_version_1(tmp_path: Path, old: dict, data: st.DataObject):
    file = tmp_path / STATS
    file.write_text(json.dumps(data.draw(mutations(old))), encoding="utf-8")
    loads_or_refuses(file)


@COMMON
@given(data=st.data())
def test_mutated_spec_under_its_own_digest(tmp_path: Path, tree: Callable, data: st.DataObject):
    mutated = tree(data.draw(st.sampled_from(["plain", "repeated"])))
    mutated["spec"] = data.draw(mutations(mutated["spec"]))
    with suppress(ValueError):  # inf and nan have no canonical JSON
        mutated["digest"] = digest_of_form(mutated["spec"])
    file = tmp_path / STATS
    file.write_text(json.dumps(mutated), encoding="utf-8")
    loads_or_refuses(file)


def test_a_key_of_a_newer_version_is_told_under_its_own_digest(refused: Callable, tree: Callable):
    newer = tree("plain")
    newer["spec"]["zzz"] = 1
    newer["digest"] = digest_of_form(newer["spec"])
    newer["environment"]["winit"] = "99.0.0"
    assert refused(newer) == "spec.zzz: unknown figure"


@COMMON
@given(value=JSON)
@example(value=float("inf"))
def test_any_json(tmp_path: Path, value: object):
    (tmp_path / STATS).write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(WinitError):
        load_result(tmp_path)


@COMMON
@given(data=st.data())
def test_damaged_bytes(tmp_path: Path, plain: Result, data: st.DataObject):
    raw = bytearray(dump_line(plain).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw) - 1))
        end = data.draw(st.integers(start, min(start + 20, len(raw))))
        raw[start:end] = data.draw(st.binary(max_size=8) | st.sampled_from([b"9" * 500, b"[" * 99]))
    file = tmp_path / STATS
    file.write_bytes(raw)
    loads_or_refuses(file)


def test_many_problems_are_no_slower_than_one(refused: Callable, tree: Callable):
    """The first problem is enough: a list of a million wrong values is one line."""
    damaged = tree()
    damaged["layers"][0]["histogram"]["counts"] = ["x"] * 1_000_000
    assert refused(damaged).startswith("layers.0.histogram.counts.0: ")


def test_unreadable(tmp_path: Path, plain: Result):
    file = tmp_path / STATS
    file.write_text(dump_result(plain))
    file.chmod(0)
    try:
        if os.access(file, os.R_OK):
            pytest.skip("this user may read every file; tests/cli/test_rights.py tries another")
        with pytest.raises(WinitError, match="ermission"):
            load_result(file)
    finally:
        with suppress(OSError):
            file.chmod(0o600)


def test_pretraining_that_nobody_asked_for(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["resolved"]["pretraining"] = [{"before": 1.0, "after": 0.5}]
    assert refused(damaged).startswith("resolved.pretraining: ")
    damaged = tree()
    damaged["spec"]["pretraining"] = None
    assert refused(damaged) == "spec.pretraining: must be left out, not null"
    damaged["spec"]["pretraining"] = {"method": "autoencoder", "steps": 1, "learning_rate": 0.1}
    assert refused(damaged).startswith("resolved.pretraining: ")


@pytest.mark.parametrize("key", ["channels", "kernel", "image", "padding", "stride"])
def test_widths_and_kernels_at_once(refused: Callable, tree: Callable, key: str):
    damaged = tree()
    damaged["spec"][key] = {"padding": "same"}.get(key, [1, 1, 1])
    assert refused(damaged).startswith("spec.")


def test_channels_and_kernels_of_no_convolution(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["layers"][0]["channels"] = {"distinct": 3, "dead": 0}
    assert refused(damaged) == "layers.0.channels: must be there of convolutions alone"
    damaged = tree()
    damaged["kernels"] = {"shape": [1, 1, 1], "filters": 1, "values": [[0.5]]}
    assert refused(damaged) == "kernels: must be there of convolutions, not else"
    damaged = tree()
    damaged["spec"]["layers"] += 1
    assert refused(damaged) == "spec.layers: not as many as there are"


# values that no run has


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("plain", ("layers", 0, "saturation", "high"), 1e308),
        ("plain", ("layers", 0, "saturation", "low"), -0.1),
        ("plain", ("layers", 1, "zero_fraction"), 1.5),
        ("plain", ("layers", 1, "weights", "zero_fraction"), 2),
        ("plain", ("layers", 1, "std"), -0.5),
        ("plain", ("layers", 1, "weights", "std"), -0.5),
        ("biased", ("layers", 1, "biases", "zero_fraction"), 2),
        ("biased", ("layers", 1, "biases", "kurtosis"), -0.5),
        ("plain", ("layers", 1, "gradient", "signal_rms"), -1e-9),
        ("plain", ("layers", 1, "dead_units"), 6),
        ("plain", ("layers", 1, "distinct_units"), 6),
        ("plain", ("input", "std"), -0.5),
        ("plain", ("layers", 1, "gradient", "histogram", "edges", 0), -1),
        ("predicted", ("layers", 1, "theory", "q"), -1),
        ("predicted", ("layers", 1, "theory", "histogram", 3), 1.5),
        ("predicted", ("layers", 1, "theory", "figures", "saturation.low", "value"), 1.5),
        ("repeated", ("layers", 1, "repeats", "zero_fraction", "mean"), 1.5),
    ],
    ids=lambda each: dotted(each) if isinstance(each, tuple) else None,
)
def test_value_that_no_run_has(
    refused: Callable, tree: Callable, kind: str, path: tuple, value: object
):
    damaged = tree(kind)
    at(damaged, path[:-1])[path[-1]] = value
    assert refused(damaged).startswith(f"{dotted(path)}: must be ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("blas", "openblas"), ("blas", 3), ("blas", [3]), ("blas", ["openblas"]),
        ("blas", [{"name": 3}]), ("blas", {"name": "openblas"}), ("bit_generator", []),
        ("bit_generator", None), ("simd", "AVX2"), ("simd", [["AVX2"]]), ("platform", "Linux"),
        ("platform", {"libc": 2.39}), ("winit", 1), ("numpy", {}), ("scipy", 1.13),
    ],
    ids=repr,
)  # fmt: skip
def test_environment_of_other_types(refused: Callable, tree: Callable, key: str, value: object):
    damaged = tree()
    damaged["environment"][key] = value
    assert refused(damaged).startswith(f"environment.{key}")


def test_environment_of_what_winit_does_not_know_is_kept(tmp_path: Path, tree: Callable):
    told = tree()
    told["environment"] = {"winit": "0.0.1", "gpu": [{"name": None, "cores": 3}]}
    (tmp_path / STATS).write_text(json.dumps(told), encoding="utf-8")
    assert load_result(tmp_path).environment == told["environment"]


@pytest.mark.parametrize(
    "path",
    [("name",), ("digest",), ("environment", "winit"), ("environment", "other"),
     ("verdict", 0, "advice"), ("spec", "name"), ("spec", "activation", "name"),
     ("layers", 2, "weights", "stream"), ("resolved", "no_theory")],
    ids=dotted,
)  # fmt: skip
def test_half_a_character(refused: Callable, tree: Callable, path: tuple):
    """JSON can write it, no file and no picture can."""
    damaged = tree()
    at(damaged, path[:-1])[path[-1]] = "a\ud800b"
    assert refused(damaged) == f"{dotted(path)}: holds half a character: 'a\\ud800b'"


def test_half_a_character_in_a_key(refused: Callable, tree: Callable):
    damaged = tree()
    damaged["environment"]["a\ud800"] = 1
    assert refused(damaged) == "environment: holds half a character: 'a\\ud800'"
    damaged = tree()
    damaged["spec"]["activation"]["a\ud800"] = 1.0
    assert refused(damaged).startswith("spec.activation: holds half a character")
