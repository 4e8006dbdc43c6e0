"""The JSON Schema of a spec, for editors: it completes names and parameters."""

from __future__ import annotations

from typing import Any

from weightinit_cli.spec.fields import GRID, TABLES
from weightinit_cli.spec.values import object_schema


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), generated from the tables that validation uses.

    It cannot say everything: that a list of widths fits `layers`, that low < high, or that
    `5.0` is no whole number is left to `winit validate`.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "winit spec",
        "description": "A weight initialization experiment; several runs by variants and sweep.",
        **_by_experiment("symmetry", _by_experiment("training", _keys("histogram"))),
    }


def _by_experiment(name: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    chosen = {"properties": {"experiment": {"const": name}}, "required": ["experiment"]}
    return {"if": chosen, "then": _keys(name), "else": otherwise}


def _keys(experiment: str) -> dict[str, Any]:
    return object_schema((*TABLES[experiment], *GRID))
