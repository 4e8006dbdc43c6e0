"""Results on disk: strict JSON, read with every value checked."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from weightinit_cli.errors import ResultError
from weightinit_cli.results.decode import Mismatch, decode
from weightinit_cli.results.dump import indented, plain
from weightinit_cli.results.figures import FIGURES
from weightinit_cli.results.migrate import upgrade
from weightinit_cli.results.model import SCHEMA_VERSION, Result, SpecForm

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from weightinit_cli.results.model import HistogramCounts, LayerStatistics, LayerTheory, Verdict

STATS = "stats.json"
QUANTILES = {"0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"}
LARGEST = 2**63 - 1


def dump_result(result: Result) -> str:
    """The result as JSON text: sorted keys, no nan or inf, a list of numbers on one line."""
    return indented(result) + "\n"


def dump_line(result: Result) -> str:
    """The result as JSON on a single line, the same data as `dump_result`."""
    return json.dumps(plain(result), separators=(",", ":"), allow_nan=False)


def load_result(path: str | os.PathLike[str]) -> Result:
    """Read a saved result: a stats.json, or the folder that holds one.

    What an older winit wrote is brought up to the present schema.

    Raises ResultError, naming the file and the place in it, where it is missing, not JSON, of a
    newer schema, or where a figure is missing, of the wrong type or contradicts another.
    """
    return load_saved(path)[0]


def load_saved(path: str | os.PathLike[str]) -> tuple[Result, int]:
    """A saved result as `load_result` reads it, and the schema version of its file."""
    file = Path(path)
    try:
        if file.is_dir():
            file = file / STATS
        data = _parse(file.read_bytes())
        version = _check_version(data)
        upgrade(data)
        result: Result = decode(Result, data)
        check_consistency(result)
    except OSError as error:
        shown = path if isinstance(error, FileNotFoundError) else file
        raise ResultError(f"{shown}: {_reason(error)}") from None
    except (Mismatch, ValueError) as error:
        raise ResultError(f"{file}: {error}") from None
    return result, version


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Mismatch(
            f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise Mismatch("", "not JSON: not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise Mismatch("", f"not JSON that winit writes: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise Mismatch("", f"holds {name}, which is not JSON")


def _check_version(data: Any) -> int:
    found = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise Mismatch("schema_version", "missing: not a result of winit")
    if found > SCHEMA_VERSION:
        environment = data.get("environment")
        if found > 10**6:
            raise Mismatch("schema_version", "not a version of winit's")
        writer = environment.get("winit") if isinstance(environment, dict) else None
        raise Mismatch(
            "schema_version",
            f"{found} is newer than {SCHEMA_VERSION}, which this winit reads; "
            + (
                f"winit {ascii(writer)[1:41]} wrote it"
                if isinstance(writer, str)
                else "a newer winit wrote it"
            ),
        )
    return found


def check_consistency(result: Result) -> None:
    """Raise Mismatch where one part of a result contradicts another."""
    form = decode(SpecForm, result.spec, "spec")
    for key in ("activation", "initializer", "bias"):
        if not isinstance(getattr(form, key).get("name"), str):
            raise Mismatch(f"spec.{key}.name", "missing")
    if form.width != tuple(layer.fan_out for layer in result.resolved.layers):
        raise Mismatch("spec.width", "not the widths of resolved.layers")
    if not result.layers or len(result.layers) != len(form.width):
        raise Mismatch("layers", "not as many as in spec.width")
    _check_layer(result.input, "input", form.samples * form.features)
    for index, (layer, units) in enumerate(zip(result.layers, form.width, strict=True)):
        place = f"layers.{index}"
        _check_layer(layer, place, form.samples * units)
        if (layer.gradient is not None) != form.backward:
            raise Mismatch(f"{place}.gradient", "must be there where spec.backward is, not else")
        if (layer.repeats is not None) != (form.repeats > 1):
            raise Mismatch(f"{place}.repeats", "must be there where spec.repeats > 1, not else")
    _check_verdict(result.verdict, len(result.layers))


def _check_layer(layer: LayerStatistics, place: str, values: int) -> None:
    if set(layer.quantiles) != QUANTILES:
        raise Mismatch(f"{place}.quantiles", f"must be {', '.join(sorted(QUANTILES))}")
    _check_histogram(layer.histogram, f"{place}.histogram", values, layer.nonfinite)
    if layer.gradient is not None:
        gradient = layer.gradient
        _check_histogram(
            gradient.histogram, f"{place}.gradient.histogram", values, gradient.nonfinite
        )
    if layer.theory is not None:
        _check_theory(layer.theory, f"{place}.theory", len(layer.histogram.counts))
    if layer.repeats is not None:
        _check_paths(layer.repeats, f"{place}.repeats")
        for path, spread in layer.repeats.items():
            if spread.std is not None and spread.std < 0:
                raise Mismatch(f"{place}.repeats.{path}.std", "must be >= 0")


def _check_histogram(histogram: HistogramCounts, place: str, values: int, nonfinite: int) -> None:
    if not histogram.counts or any(b < a for a, b in pairwise(histogram.edges)):
        raise Mismatch(place, "must have bins, and edges that rise")
    if len(histogram.edges) != len(histogram.counts) + 1:
        raise Mismatch(place, "must have one edge more than counts")
    total = sum(histogram.counts) + histogram.underflow + histogram.overflow + nonfinite
    if max(total, values) > LARGEST:
        raise Mismatch(place, "counts add up to more than any run has")
    if total != values:
        raise Mismatch(place, f"counts add up to {total:,}, not to {values:,} values")


def _check_theory(theory: LayerTheory, place: str, bins: int) -> None:
    _check_paths(theory.figures, f"{place}.figures")
    for path, prediction in theory.figures.items():
        error = prediction.standard_error
        if error is not None and error < 0:
            raise Mismatch(f"{place}.figures.{path}.standard_error", "must be >= 0")
    if len(theory.histogram) != bins:
        raise Mismatch(f"{place}.histogram", f"must have {bins:,} bins, as the layer's histogram")


def _check_paths(paths: Iterable[str], place: str) -> None:
    for path in paths:
        if path not in FIGURES:
            raise Mismatch(place, f"no figure of a layer is named {ascii(path)[:60]}")


def _check_verdict(verdict: tuple[Verdict, ...], layers: int) -> None:
    for number, entry in enumerate(verdict):
        if entry.layer is not None and not 1 <= entry.layer <= layers:
            raise Mismatch(f"verdict.{number}.layer", f"must be from 1 to {layers:,}")


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such result; winit histogram writes OUT/<name>/stats.json"
    return error.strerror or str(error)
