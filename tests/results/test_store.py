"""A Result on disk: strict JSON that comes back equal."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict, replace
from typing import TYPE_CHECKING

import pytest

from weightinit_cli.results import (
    FIGURES,
    SCHEMA_VERSION,
    STATS,
    dump_line,
    dump_result,
    figure,
    load_result,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from weightinit_cli.results import Result

QUANTILES = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def sorted_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))
    return dict(pairs)


@pytest.mark.parametrize("dump", [dump_result, dump_line])
def test_round_trip(result: Result, tmp_path: Path, dump: Callable[[Result], str]):
    file = tmp_path / STATS
    file.write_text(dump(result), encoding="utf-8")
    assert load_result(file) == result
    assert load_result(tmp_path) == result
    assert load_result(str(file)) == result
    assert dump(load_result(file)) == dump(result)


@pytest.mark.parametrize("dump", [dump_result, dump_line])
def test_strict_json_with_sorted_keys(result: Result, dump: Callable[[Result], str]):
    json.loads(dump(result), parse_constant=refuse, object_pairs_hook=sorted_pairs)


def test_both_forms_hold_the_same(result: Result):
    assert json.loads(dump_line(result)) == json.loads(dump_result(result))
    assert "\n" not in dump_line(result)
    assert dump_result(result).endswith("}\n")


def test_lists_of_numbers_are_on_one_line(plain: Result):
    lines = dump_result(plain).splitlines()
    edges = [line for line in lines if '"edges": [' in line]
    assert len(edges) == 1 + 2 * len(plain.layers)  # of the activations and of the gradient
    assert all(line.rstrip(",").endswith("]") for line in edges)


def test_text_with_brackets_and_breaks_survives(plain: Result, tmp_path: Path):
    """The rewriting of lists does not touch what stands in a text."""
    strange = 'a [\n 1,\n 2\n ] " \\ \u2028 \U0001f600 [\n'
    changed = replace(plain, environment={"odd": [strange, [strange], {strange: 1}], "n": [1, 2.5]})
    (tmp_path / STATS).write_text(dump_result(changed), encoding="utf-8")
    assert load_result(tmp_path) == changed


def test_nothing_that_is_not_json_is_written(plain: Result):
    for value in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            dump_result(replace(plain, environment={"x": value}))


def test_a_byte_order_mark_is_no_reason_to_refuse(plain: Result, tmp_path: Path):
    (tmp_path / STATS).write_text(dump_result(plain), encoding="utf-8-sig")
    assert load_result(tmp_path) == plain


def test_windows_line_ends_are_fine(plain: Result, tmp_path: Path):
    (tmp_path / STATS).write_bytes(dump_result(plain).replace("\n", "\r\n").encode())
    assert load_result(tmp_path) == plain


def test_counts_add_up(result: Result):
    sizes = [result.spec["features"], *result.spec["width"]]
    for layer, size in zip((result.input, *result.layers), sizes, strict=True):
        histogram = layer.histogram
        assert len(histogram.edges) == len(histogram.counts) + 1
        held = sum(histogram.counts) + histogram.underflow + histogram.overflow
        assert held + layer.nonfinite == result.spec["samples"] * size


def test_gradients_are_of_the_layers_alone(result: Result):
    assert result.input.gradient is None
    for layer, size in zip(result.layers, result.spec["width"], strict=True):
        assert (layer.gradient is not None) == result.spec["backward"]
        if layer.gradient is not None:
            histogram = layer.gradient.histogram
            held = sum(histogram.counts) + histogram.underflow + histogram.overflow
            assert held + layer.gradient.nonfinite == result.spec["samples"] * size


def test_figures_are_the_numbers_of_a_layer(plain: Result):
    """Every figure that stands directly in a layer, its saturation or its gradient, is listed."""
    tree = asdict(plain.layers[0])
    numbers = {key for key in tree if isinstance(tree[key], int | float)}
    for group in ("saturation", "gradient"):
        numbers |= {
            f"{group}.{key}"
            for key, value in tree[group].items()
            if isinstance(value, int | float | None)
        }
    assert numbers - set(FIGURES) <= {"gradient.nonfinite"}
    of_blocks = {"prenorm_std", "branch.rms", "branch.weight_rms", "gradient.stream_rms"}
    assert set(FIGURES) - of_blocks <= numbers
    for path in FIGURES:
        assert figure(plain.input, path) is None or not path.startswith(("grad", "sat", "pre"))
        if path == "gradient.ratio":
            assert figure(plain.layers[0], path) == tree["gradient"]["ratio"]


def test_contract(plain: Result):
    """The keys of design section 4 that this version writes."""
    assert plain.schema_version == SCHEMA_VERSION
    tree = json.loads(dump_result(plain))
    wanted = "schema_version name spec resolved digest input layers verdict environment"
    assert set(wanted.split()) <= set(tree)
    figures = (
        "mean std min max quantiles preactivation_std saturation zero_fraction dead_units "
        "distinct_units std_across_inputs std_across_units weights biases nonfinite histogram "
        "gradient theory repeats"
    )
    for layer in (tree["input"], *tree["layers"]):
        assert set(figures.split()) <= set(layer)
        assert set(layer["quantiles"]) == set(QUANTILES)
    for layer in tree["layers"]:
        weights = "mean std min max kurtosis zero_fraction stream"
        assert set(weights.split()) <= set(layer["weights"])
        gradient = "signal_rms weight_rms ratio nonfinite histogram"
        assert set(gradient.split()) <= set(layer["gradient"])
    for entry in tree["verdict"]:
        wanted = "name severity layer figure value over because advice"
        assert set(entry) == set(wanted.split())
    assert len(tree["digest"]) == 64


def test_environment_names_no_person_and_no_place(plain: Result):
    import getpass
    import platform
    from pathlib import Path

    text = json.dumps(plain.environment)
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
    for private in (platform.node(), getpass.getuser()):
        assert len(private) < 3 or f'"{private}"' not in text


def test_result_is_frozen(plain: Result):
    with pytest.raises(FrozenInstanceError):
        plain.name = "other"  # type: ignore[misc]
