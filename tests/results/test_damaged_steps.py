"""Files that are no whole result of symmetry or training: one line, with the file and the place."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.trees import at, dotted, loads_or_refuses, mutations, places
from weightinit_cli.errors import WinitError
from weightinit_cli.experiments import run
from weightinit_cli.results import STATS, dump_result, load_result
from weightinit_cli.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = {
    "symmetry": "experiment: symmetry\nwidth: [4, 3]\nlayers: 2\nsteps: 6\n"
    "activation: tanh\ninitializer: he_normal\n",
    "training": "experiment: training\nwidth: 6\nlayers: 2\nbatch: 4\nsteps: 5\nrepeats: 2\n"
    "activation: relu\ninitializer: kaiming_normal\n",
}
both = pytest.mark.parametrize("kind", TEXTS)


@cache
def _dumped(kind: str) -> str:
    if kind == "training":
        pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    return dump_result(run(parse_spec(TEXTS[kind], source="x.yaml", stem="x")))


def tree(kind: str) -> Any:
    return json.loads(_dumped(kind))


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[str | object], str]:
    """Save something in a result's place, and return what is said of it, without the path."""

    def say(saved: object) -> str:
        file = tmp_path / STATS
        text = saved if isinstance(saved, str) else json.dumps(saved)
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WinitError) as caught:
            load_result(tmp_path)
        assert caught.value.exit_code == 2
        (line,) = caught.value.lines
        assert "\n" not in line
        assert line.startswith(f"{file}: ")
        return line.removeprefix(f"{file}: ")

    return say


@both
def test_truncated_anywhere(refused: Callable, kind: str):
    text = _dumped(kind)
    chance = random.Random(5)  # noqa: S311
    for length in (0, 1, len(text) - 2, *(chance.randrange(len(text) - 1) for _ in range(40))):
        assert "JSON" in refused(text[:length])


@both
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_lacks(refused: Callable, kind: str, constant: str):
    changed = re.sub('"accuracy": [^,}]+', f'"accuracy": {constant}', _dumped(kind), count=1)
    assert refused(changed) == f"holds {constant}, which is not JSON"


@both
@pytest.mark.parametrize("number", ["1e999", "1" + "0" * 400])
def test_number_beyond_float(refused: Callable, kind: str, number: str):
    changed = re.sub('"accuracy": [^\n,}]+', f'"accuracy": {number}', _dumped(kind), count=1)
    assert "accuracy: must be a finite number" in refused(changed)


@both
@pytest.mark.parametrize("number", [2**64, 10**400])
def test_integer_that_no_count_reaches(refused: Callable, kind: str, number: int):
    counts = [path for path in places(tree(kind)) if type(at(tree(kind), path)) is int]
    assert len(counts) > 10
    for path in counts:
        damaged = tree(kind)
        at(damaged, path[:-1])[path[-1]] = number
        if not free(path) or path[1:2] == ("width",):
            assert refused(damaged).startswith(f"{dotted(path)}: "), path


def free(path: tuple) -> bool:
    """Whether a value is read as it is, or is one of any number."""
    inside = path[0] == "spec" and len(path) > 2
    return inside or path[0] == "environment" or path[:2] == ("data", "checksums")


@both
def test_missing_keys(refused: Callable, kind: str):
    for path in places(tree(kind)):
        if isinstance(path[-1], str) and (len(path) == 1 or not free(path)):
            damaged = tree(kind)
            del at(damaged, path[:-1])[path[-1]]
            said = refused(damaged)
            if path == ("schema_version",):
                assert said == "schema_version: missing: not a result of winit"
            elif path not in (("spec",), ("spec", "experiment")):
                assert said == f"{dotted(path)}: missing"


@both
def test_unknown_keys(refused: Callable, kind: str):
    for path in [(), *places(tree(kind))]:
        damaged = tree(kind)
        if isinstance(at(damaged, path), dict) and not (path and free((*path, ""))):
            at(damaged, path)["surplus"] = 1
            assert refused(damaged) == f"{dotted((*path, 'surplus'))}: unknown figure"


@both
def test_wrong_types(refused: Callable, kind: str):
    for path in places(tree(kind)):
        if path in (("schema_version",), ("spec",)) or (len(path) > 1 and free(path)):
            continue
        former = at(tree(kind), path)
        wrong: list[object] = ["1"] if not isinstance(former, str) else [1, [], None]
        wrong += [[former], {"a": former}] if not isinstance(former, dict | list) else ["text", 3]
        for value in wrong:
            damaged = tree(kind)
            at(damaged, path[:-1])[path[-1]] = value
            assert refused(damaged).startswith(dotted(path)), (path, value)


@both
@pytest.mark.parametrize("name", ["histograms", "", None, 3, True, ["symmetry"], {"a": 1}, "a\nb"])
def test_unknown_experiment(refused: Callable, kind: str, name: object):
    damaged = tree(kind)
    damaged["spec"]["experiment"] = name
    assert (
        refused(damaged) == "spec.experiment: must be one of histogram, symmetry, training, probe"
    )


@both
@pytest.mark.parametrize("other", ["histogram", "symmetry", "training"])
def test_another_experiment(refused: Callable, kind: str, other: str):
    if other != kind:
        damaged = tree(kind)
        damaged["spec"]["experiment"] = other
        assert refused(damaged).endswith((": missing", ": unknown figure"))


@both
def test_of_an_older_version(refused: Callable, kind: str):
    """There were no such results then."""
    assert refused({**tree(kind), "schema_version": 1})


# symmetry


PER_STEP = (
    "weight_gradient_rms",
    "bias_gradient_rms",
    "moved",
    "distinct_units",
    "participation",
)


@pytest.mark.parametrize("layer", [0, 2])
@pytest.mark.parametrize("figure", PER_STEP)
@pytest.mark.parametrize("change", [-1, 1])
def test_another_number_of_steps(refused: Callable, layer: int, figure: str, change: int):
    damaged = tree("symmetry")
    values = damaged["layers"][layer][figure]
    damaged["layers"][layer][figure] = values[:-1] if change < 0 else [*values, values[0]]
    said = f"layers.{layer}.{figure}: must have one value per recorded step"
    assert refused(damaged) == said


def test_steps_and_losses(refused: Callable):
    for key, value in (
        ("loss", [0.5] * 5), ("loss", []), ("steps", [1, 2, 3, 4, 6, 5]), ("steps", [0, *range(5)]),
        ("steps", [1] * 6), ("steps", [1, 2, 3]),
    ):  # fmt: skip
        damaged = tree("symmetry")
        damaged[key] = value
        assert refused(damaged) == "steps: must rise, each with a loss"


def test_layers_that_are_not_those_of_the_spec(refused: Callable):
    said = "layers: not those of spec.width and the output"
    for change in (
        lambda each: each["layers"].pop(),
        lambda each: each["layers"].pop(0),
        lambda each: each["layers"].reverse(),
        lambda each: each["layers"].append(each["layers"][0]),
        lambda each: each.update(layers=[]),
        lambda each: each["layers"][1].update(units=9),
        lambda each: each["spec"].update(width=[4]),
        lambda each: each["spec"].update(width=[]),
    ):
        damaged = tree("symmetry")
        change(damaged)
        assert refused(damaged) == said


def test_numbers_of_units_that_cannot_be(refused: Callable):
    for key, value, said in (
        ("fewest_distinct", 0, "distinct_units: beyond its own extremes"),
        ("fewest_distinct", 5, "distinct_units: beyond its own extremes"),
        ("most_distinct", 3, "distinct_units: beyond its own extremes"),
        ("most_distinct", 5, "most_distinct: more than there are units"),
        ("start_distinct", 9, "distinct_units: beyond its own extremes"),
        ("distinct_units", [4, 4, 4, 5, 4, 4], "distinct_units: beyond its own extremes"),
    ):
        damaged = tree("symmetry")
        damaged["layers"][0][key] = value
        assert refused(damaged) == f"layers.0.{said}"


# training


def test_networks_that_are_not_those_of_the_spec(refused: Callable):
    not_as_many = "networks: not as many as spec.repeats"
    fewer = "networks: fewer than spec.repeats, and not interrupted"
    for change, said in (
        (lambda each: each.update(networks=[]), not_as_many),
        (lambda each: each["networks"].append(each["networks"][0]), not_as_many),
        (lambda each: each["networks"].pop(), fewer),
        (lambda each: each["spec"].update(repeats=1), not_as_many),
        (lambda each: each["spec"].update(repeats=3), fewer),
        (lambda each: each["spec"].update(steps=4), "networks.0.losses: more than spec.steps"),
        (lambda each: each["data"].update(name="mnist"), "data.name: not spec.data"),
    ):
        damaged = tree("training")
        change(damaged)
        assert refused(damaged) == said


@pytest.mark.parametrize("value", [[], [1], [1, 2, 3], [1, 99], [1, 0], [9999, 1]])
def test_interrupted_at_no_place(refused: Callable, value: list[int]):
    damaged = {**tree("training"), "interrupted": value}
    assert refused(damaged) == "interrupted: must be a step and a network of the spec"


# anything


@both
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_mutated_tree(tmp_path: Path, kind: str, data: st.DataObject):
    """A result that can be written again, or one line with the file's name."""
    file = tmp_path / STATS
    file.write_text(json.dumps(data.draw(mutations(tree(kind)))), encoding="utf-8")
    loads_or_refuses(file)
