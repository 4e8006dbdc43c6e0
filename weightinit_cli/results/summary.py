"""Many results as one tidy table: all parameters and figures, a row per run and layer.

Of the experiments over steps a row is one recorded step: of a layer, or of a network.
"""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.figures import FIGURES, WEIGHTS, resolved
from weightinit_cli.results.store import KINDS
from weightinit_cli.results.symmetry import SymmetryResult
from weightinit_cli.results.training import TrainingResult
from weightinit_cli.results.words import below, finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.consistency import AnyResult
    from weightinit_cli.results.model import LayerStatistics, Result

Row = dict[str, Any]

# The components of a spec, whose parameters are columns of their own.
_COMPONENTS = ("activation", "initializer", "bias")


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

    `verdict` holds the verdicts' names, separated by blanks. What does not exist is None, and so is
    what the dtype cannot tell: that stands in `unresolved`, separated by blanks, each with the
    floor below which it lies (`std_across_inputs<6e-8`) where there is one. `finite` is how many
    values the layer's figures are of, `gradient.finite` those of its gradient.
    """
    shared = _shared(result, run)
    shared["verdict"] = " ".join(each.name for each in result.verdict)
    found = []
    for number, layer in enumerate(result.layers, 1):
        fans = result.resolved.layers[number - 1]
        row = {**shared, "layer": number, "fan_in": fans.fan_in, "fan_out": fans.fan_out}
        found.append(row | _figures(layer) | _weights(layer) | _theory(layer) | _repeats(layer))
    return found


def _figures(layer: LayerStatistics) -> Row:
    """The layer's own; of what has underflowed as a whole no quantiles either."""
    gradient = layer.gradient
    row: Row = {"finite": finite(layer.histogram)}
    row |= {"gradient.finite": None if gradient is None else finite(gradient.histogram)}
    row |= {"unresolved": " ".join(_unresolved(layer))}
    row |= {path: resolved(layer, path) for path in FIGURES}
    lost = "min" in layer.unresolved
    return row | _quantiles("quantiles", {} if lost else layer.quantiles, layer.quantiles)


def _unresolved(layer: LayerStatistics) -> list[str]:
    floors = sorted(layer.unresolved.items())
    return [path if floor is None else f"{path}{below(floor)}" for path, floor in floors]


def _weights(layer: LayerStatistics) -> Row:
    if layer.weights is None:
        return {}
    row: Row = {path: resolved(layer, path) for path in WEIGHTS}
    quantiles = layer.weights.quantiles or {}
    return row | _quantiles("weights.quantiles", quantiles, layer.quantiles)


def _theory(layer: LayerStatistics) -> Row:
    said = layer.theory.figures if layer.theory else {}
    return {f"theory.{path}": said[path].value for path in FIGURES if path in said}


def _repeats(layer: LayerStatistics) -> Row:
    row: Row = {}
    spreads = layer.repeats or {}
    for path in filter(spreads.__contains__, FIGURES):
        spread = spreads[path]
        row |= {f"repeats.{path}.mean": spread.mean, f"repeats.{path}.std": spread.std}
        quantiles = spread.quantiles or {}
        row |= _quantiles(f"repeats.{path}.quantiles", quantiles, quantiles)
    return row


def _quantiles(name: str, quantiles: Mapping[str, float | None], which: Iterable[str]) -> Row:
    return {f"{name}.{q}": quantiles.get(q) for q in sorted(which)}


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
