"""Many results as one tidy table: a row per run and layer, all parameters and figures."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.model import SpecForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.model import Result

Row = dict[str, Any]

# The components of a spec, whose parameters are columns of their own.
_COMPONENTS = ("activation", "initializer", "bias")
_WEIGHTS = ("mean", "std", "min", "max", "kurtosis", "zero_fraction")


def rows(result: Result, run: str) -> list[Row]:
    """One row per layer: the run, its parameters, the layer's number and width, its figures.

    `verdict` holds the verdicts' names, separated by blanks. What does not exist is None.
    """
    shared: Row = {"name": result.name, "run": run, "digest": result.digest}
    shared |= _parameters(result.spec)
    shared["verdict"] = " ".join(each.name for each in result.verdict)
    found = []
    for number, layer in enumerate(result.layers, 1):
        resolved = result.resolved.layers[number - 1]
        row = {**shared, "layer": number, "fan_in": resolved.fan_in, "fan_out": resolved.fan_out}
        row |= {path: figure(layer, path) for path in FIGURES}
        row |= {f"quantiles.{q}": value for q, value in sorted(layer.quantiles.items())}
        if layer.weights is not None:
            weights = asdict(layer.weights)
            row |= {f"weights.{key}": weights[key] for key in _WEIGHTS}
        if layer.theory is not None:
            said = layer.theory.figures
            row |= {f"theory.{path}": said[path].value for path in FIGURES if path in said}
        if layer.repeats is not None:
            for path in filter(layer.repeats.__contains__, FIGURES):
                spread = layer.repeats[path]
                row |= {f"repeats.{path}.mean": spread.mean, f"repeats.{path}.std": spread.std}
        found.append(row)
    return found


def columns(table: Iterable[Row]) -> list[str]:
    """The columns of all rows, each where it first stands."""
    return list(dict.fromkeys(key for row in table for key in row))


def csv_lines(table: Iterable[Row], header: Sequence[str] | None) -> str:
    """The rows as CSV, under `header` where it is given; an empty field where there is nothing."""
    rows_in_hand = list(table)
    names = columns(rows_in_hand) if header is None else list(header)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    if header is None:
        writer.writeheader()
    writer.writerows(rows_in_hand)
    return text.getvalue()


def _parameters(spec: Mapping[str, Any]) -> Row:
    """Every key of a normal form as one scalar: `initializer`, `initializer.std`, `width`.

    In the order of the form, also where the result was read from a file, whose keys are sorted.
    """
    found: Row = {}
    for key in (field.name for field in fields(SpecForm)):
        value = spec[key]
        if key == "name":
            continue
        if key in _COMPONENTS:
            found[key] = value["name"]
            found |= {f"{key}.{k}": v for k, v in sorted(value.items()) if k != "name"}
        elif isinstance(value, dict):
            found |= {f"{key}.{k}": _scalar(v) for k, v in sorted(value.items())}
        else:
            found[key] = _scalar(value)
    return found


def _scalar(value: Any) -> Any:
    """The value; of a list its only value, or all of them with blanks between."""
    if not isinstance(value, list | tuple):
        return value
    return value[0] if len(set(value)) == 1 else " ".join(map(str, value))
