"""Files that are no whole result of a probe: one line, with the file and the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from support.probes import probe_result
from support.trees import at, loads_or_refuses, mutations
from weightinit_cli.errors import WinitError
from weightinit_cli.results import STATS, dump_result, load_result
from weightinit_cli.results.model import Verdict

if TYPE_CHECKING:
    from pathlib import Path

WARNS = Verdict("exploding_signal", "warning", layer=3, over=(1, 3), value=9.0, module="head")
TEXT = dump_result(probe_result(verdict=[WARNS], unseen=["a gate"]))


def test_a_probe_of_before_schema_7_knows_nothing_of_float16(tmp_path: Path):
    tree: Any = json.loads(TEXT) | {"schema_version": 6}
    gradients = [value["figures"]["gradient"] for value in tree["values"]]
    for gradient in filter(None, gradients):
        del gradient["float16_flushed"]
    (tmp_path / STATS).write_text(json.dumps(tree))
    found = [value.figures.gradient for value in load_result(tmp_path).values]
    assert any(found)
    assert all(each is None or each.float16_flushed is None for each in found)


@pytest.mark.parametrize(
    ("path", "damage", "said"),
    [
        ("values.1.parents", [1], "values.1.parents: must be places in values, below 1"),
        ("values.1.parents.0", -1, "values.1.parents.0: must be a whole number >= 0, not -1"),
        ("values.1.entropy", -0.5, "values.1.entropy: must be >= 0"),
        (
            "values.1.shape",
            [8, 5],
            "values.1.figures.histogram: counts add up to 48, not to 40 values",
        ),
        ("parameters.0.scaled_std", -1.0, "parameters.0.scaled_std: must be >= 0"),
        ("parameters.0.statistics.std", -1.0, "parameters.0.statistics.std: must be >= 0"),
        ("streams.0.values", [], "streams.0.values: must have a value"),
        ("streams.0.values", [0, 3], "streams.0.values: must be places in values, below 3"),
        (
            "streams.0.branches",
            [1],
            "streams.0.branches: must be one for each sum of a residual stream",
        ),
        (
            "streams.0.kind",
            "residual",
            "streams.0.branches: must be one for each sum of a residual stream",
        ),
        ("loss.indifferent", 2.3, "loss.indifferent: must be there where classes are, not else"),
        ("verdict.0.layer", 4, "verdict.0.layer: must be from 1 to 3"),
        ("spec.target", None, "spec.target: must be there, as str"),
        ("spec.seed", True, "spec.seed: must be there, as int"),
        ("spec.seed", -1, "spec.seed: must be at least 0"),
        ("spec.repeats", 0, "spec.repeats: must be at least 1"),
    ],
)
def test_what_contradicts_another_part(tmp_path: Path, path: str, damage: object, said: str):
    tree: Any = json.loads(TEXT)
    *above, last = (int(key) if key.isdigit() else key for key in path.split("."))
    at(tree, tuple(above))[last] = damage
    (tmp_path / STATS).write_text(json.dumps(tree))
    with pytest.raises(WinitError) as caught:
        load_result(tmp_path)
    assert str(caught.value) == f"{tmp_path / STATS}: {said}"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=mutations(json.loads(TEXT)))
def test_damaged_anywhere(tmp_path: Path, tree: dict[str, Any]):
    (tmp_path / STATS).write_text(json.dumps(tree))
    loads_or_refuses(tmp_path / STATS)
