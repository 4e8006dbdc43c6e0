"""Many results as one tidy table: all parameters and figures, a row per run and layer.

Of the experiments over steps a row is one recorded step: of a layer, or of a network.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.figures import FIGURES, figure
from weightinit_cli.results.store import KINDS
from weightinit_cli.results.symmetry import SymmetryResult
from weightinit_cli.results.training import TrainingResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.consistency import AnyResult
    from weightinit_cli.results.model import Result

Row = dict[str, Any]

# The components of a spec, whose parameters are columns of their own.
_COMPONENTS = ("activation", "initializer", "bias")
_WEIGHTS = ("mean", "std", "min", "max", "kurtosis", "zero_fraction")


def rows(result: AnyResult, run: str) -> list[Row]:
    """The rows of one result; what does not exist is None."""
    if isinstance(result, SymmetryResult):
        return _step_rows(result, run)
    if isinstance(result, TrainingResult):
        return _loss_rows(result, run)
    return _layer_rows(result, run)


def _step_rows(result: SymmetryResult, run: str) -> list[Row]:
    shared = _shared(result, run)
    return [
        {
            **shared,
            "layer": number,
            "step": step,
            "loss": result.loss[k],
            "weight_gradient_rms": layer.weight_gradient_rms[k],
            "bias_gradient_rms": layer.bias_gradient_rms[k],
            "moved": layer.moved[k],
            "distinct_units": layer.distinct_units[k],
            "participation": layer.participation[k],
        }
        for number, layer in enumerate(result.layers, 1)
        for k, step in enumerate(result.steps)
    ]


def _loss_rows(result: TrainingResult, run: str) -> list[Row]:
    """Of what ^C has cut short, each row says so; of whole runs there is no such column."""
    shared = _shared(result, run)
    if result.interrupted is not None:
        shared["interrupted"] = True
    found = []
    for number, network in enumerate(result.networks, 1):
        ends: Row = {"network": number, "diverged": network.diverged}
        for part in ("train", "validation", "test"):
            score = getattr(network, part)
            if score is not None:
                ends |= {f"{part}.loss": score.loss, f"{part}.accuracy": score.accuracy}
        found += [
            {**shared, **ends, "step": step, "loss": loss}
            for step, loss in enumerate(network.losses, 1)
        ]
    return found


def _shared(result: AnyResult, run: str) -> Row:
    shared: Row = {"name": result.name, "run": run, "digest": result.digest}
    return shared | _parameters(result.spec)


def _layer_rows(result: Result, run: str) -> list[Row]:
    """One row per layer: the run, its parameters, the layer's number and width, its figures.

    `verdict` holds the verdicts' names, separated by blanks. What does not exist is None.
    """
    shared = _shared(result, run)
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


def csv_lines(table: Iterable[Row], header: Sequence[str]) -> str:
    """The rows as CSV, in the columns of `header`; an empty field where there is nothing."""
    text = io.StringIO()
    csv.DictWriter(text, header, restval="", lineterminator="\n").writerows(table)
    return text.getvalue()


def _parameters(spec: Mapping[str, Any]) -> Row:
    """Every key of a normal form as one scalar: `initializer`, `initializer.std`, `width`.

    In the order of the form, also where the result was read from a file, whose keys are sorted.
    """
    found: Row = {}
    for key in (field.name for field in fields(KINDS[spec["experiment"]].form)):
        value = spec.get(key)
        if key == "name" or value is None:
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
