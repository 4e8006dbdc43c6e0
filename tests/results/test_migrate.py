"""Results of an older winit are read as they were meant."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from weightinit_cli.guard.compare import is_lacked
from weightinit_cli.parameters import Thresholds
from weightinit_cli.results import (
    LACKED,
    SCHEMA_VERSION,
    STATS,
    Result,
    dump_line,
    dump_result,
    load_result,
)
from weightinit_cli.results.figures import BIASES, FIGURES, WEIGHTS
from weightinit_cli.results.plain import flat
from weightinit_cli.results.store import UPGRADES, written_in
from weightinit_cli.spec import normal_form, spec_from_normal_form

VERSIONS = Path(__file__).parent


def test_every_version_is_upgraded_or_has_new_figures():
    figures = {row.since - 1 for row in (FIGURES | WEIGHTS | BIASES).values()}
    assert figures - {0} | set(UPGRADES) == set(range(1, SCHEMA_VERSION))


def loaded(old: dict[str, Any], folder: Path) -> Result:
    (folder / STATS).write_text(json.dumps(old), encoding="utf-8")
    return load_result(folder)


def test_what_version_1_lacked_is_none(old: dict, tmp_path: Path):
    result = loaded(old, tmp_path)
    assert old["schema_version"] == 1
    assert result.schema_version == SCHEMA_VERSION
    assert result.verdict == ()
    for layer in (result.input, *result.layers):
        assert (layer.gradient, layer.theory, layer.repeats) == (None, None, None)
    assert result.resolved.no_theory == "recorded by an older winit, which had no theory"
    assert result.resolved.standard_errors is None
    assert (result.spec["backward"], result.spec["repeats"]) == (False, 1)


def test_what_versions_before_4_lacked_is_none(older: dict, tmp_path: Path):
    if older["schema_version"] >= 4:
        pytest.skip("it had all of it")
    result = loaded(older, tmp_path)
    for layer in (result.input, *result.layers):
        assert (layer.resolution, layer.unresolved) == (None, {})
        assert layer.weights is None or layer.weights.quantiles is None
        assert layer.gradient is None or layer.gradient.total_ratio is None
        for spread in (layer.repeats or {}).values():
            assert (spread.quantiles, spread.values) == (None, None)
        for said in layer.theory.figures.values() if layer.theory else ():
            assert said.no_z is None


def test_what_versions_before_6_lacked_is_none(older: dict, tmp_path: Path):
    if older["schema_version"] >= 6:
        pytest.skip("it had all of it")
    assert all(layer.biases is None for layer in loaded(older, tmp_path).layers)


def test_what_versions_before_7_lacked_is_none(older: dict, tmp_path: Path):
    gradients = [layer.gradient for layer in loaded(older, tmp_path).layers]
    assert all(each is None or each.float16_flushed is None for each in gradients)


def test_what_an_older_version_had_is_unchanged(older: dict, tmp_path: Path):
    now, then = (flat(each) for each in (json.loads(dump_line(loaded(older, tmp_path))), older))
    del then["schema_version"]
    kept = {
        path: value
        for path, value in then.items()
        if "thresholds" not in path and not path.endswith("advice")
    }
    assert kept
    assert {path: now[path] for path in kept} == kept


def test_an_upgraded_result_knows_what_it_was_written_in(older: dict, tmp_path: Path):
    result = loaded(older, tmp_path)
    again = loaded(json.loads(dump_line(result)), tmp_path)
    assert written_in(result) == written_in(again) == older["schema_version"]


def test_thresholds_of_before_version_5_had_another_meaning(older: dict, tmp_path: Path):
    assert loaded(older, tmp_path).spec["thresholds"] == Thresholds()._asdict()
    if older["schema_version"] >= 5:
        pytest.skip("it had today's")
    if "thresholds" in older["spec"]:
        older["spec"]["thresholds"] |= {"dying": 0.5, "vanishing_gradient": 0.9}
        own = Thresholds(dying=0.5)._asdict()
        assert loaded(older, tmp_path).spec["thresholds"] == own


@pytest.mark.parametrize(
    ("name", "severity"),
    [("healthy", None), ("saturated", "note"), ("dying", "note"), ("overflow", "warning")],
)
def test_severities_of_before_version_5(tmp_path: Path, name: str, severity: str | None):
    old = json.loads((VERSIONS / "version_4.json").read_text(encoding="utf-8"))
    old["verdict"] = [{"name": name, "layer": None, "figure": None, "value": None, "advice": "x"}]
    (verdict,) = loaded(old, tmp_path).verdict
    assert verdict.severity == severity
    assert verdict.advice == ("x" if name == "healthy" else None)


def test_all_that_is_new_is_named_as_lacking(older: dict, tmp_path: Path):
    """What a version lacked is no failure of a check against its results."""
    now, then = (flat(each) for each in (json.loads(dump_line(loaded(older, tmp_path))), older))
    lacked = LACKED[older["schema_version"]]
    for path in now.keys() - then.keys() - {"environment.schema_version"}:
        figure = re.sub(r"^(input|layers\.\d+)\.", "", path)
        assert (
            is_lacked(figure, lacked) or figure in {"kernels", "channels"} or "pretraining" in path
        )


def test_written_again_it_is_of_this_version(older: dict, tmp_path: Path):
    result = loaded(older, tmp_path)
    (tmp_path / STATS).write_text(dump_result(result), encoding="utf-8")
    assert load_result(tmp_path) == result


def test_its_spec_can_be_run_again(older: dict, tmp_path: Path):
    """The spec that an upgrade completes is a normal form of today's."""
    form = loaded(older, tmp_path).spec
    spec = spec_from_normal_form(form, STATS)
    assert normal_form(spec) == form
