"""Results of an older winit are read as they were meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weightinit_cli.results import (
    SCHEMA_VERSION,
    STATS,
    Result,
    dump_line,
    dump_result,
    load_result,
)
from weightinit_cli.results.migrate import UPGRADES
from weightinit_cli.spec import normal_form, spec_from_normal_form

if TYPE_CHECKING:
    from pathlib import Path


def test_there_is_an_upgrade_from_every_version():
    assert list(UPGRADES) == list(range(1, SCHEMA_VERSION))


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


def test_what_version_1_had_is_unchanged(old: dict, tmp_path: Path):
    again = json.loads(dump_line(loaded(old, tmp_path)))
    assert again["digest"] == old["digest"]
    assert again["environment"] == old["environment"]
    for now, then in zip(
        (again["input"], *again["layers"]), (old["input"], *old["layers"]), strict=True
    ):
        assert {key: now[key] for key in then} == then
    assert {key: again["spec"][key] for key in old["spec"]} == old["spec"]


def test_written_again_it_is_of_this_version(old: dict, tmp_path: Path):
    result = loaded(old, tmp_path)
    (tmp_path / STATS).write_text(dump_result(result), encoding="utf-8")
    assert load_result(tmp_path) == result


def test_its_spec_can_be_run_again(old: dict, tmp_path: Path):
    """The spec that an upgrade completes is a normal form of today's."""
    form = loaded(old, tmp_path).spec
    spec = spec_from_normal_form(form, STATS)
    assert normal_form(spec) == form
    assert (spec.backward, spec.repeats) == (False, 1)
