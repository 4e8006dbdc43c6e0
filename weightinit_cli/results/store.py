"""Results on disk: strict JSON, read with every value checked."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from weightinit_cli.errors import ResultError
from weightinit_cli.results.decode import Mismatch, decode
from weightinit_cli.results.model import SCHEMA_VERSION, Result, SpecForm

if TYPE_CHECKING:
    import os

    from weightinit_cli.results.model import LayerStatistics

STATS = "stats.json"
QUANTILES = {"0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"}
LARGEST = 2**63 - 1

_NUMBERS_ON_LINES = re.compile(r"\[\n\s+([^\[\]{}\"]*?)\n\s+\]")


def dump_result(result: Result) -> str:
    """The result as JSON text: sorted keys, no nan or inf, a list of numbers on one line."""
    text = json.dumps(asdict(result), indent=1, sort_keys=True, allow_nan=False)
    return _NUMBERS_ON_LINES.sub(lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def dump_line(result: Result) -> str:
    """The result as JSON on a single line, the same data as `dump_result`."""
    return json.dumps(asdict(result), separators=(",", ":"), sort_keys=True, allow_nan=False)


def load_result(path: str | os.PathLike[str]) -> Result:
    """Read a saved result: a stats.json, or the folder that holds one.

    Raises ResultError, naming the file and the place in it, where it is missing, not JSON, of a
    newer schema, or where a figure is missing, of the wrong type or contradicts another.
    """
    file = Path(path)
    try:
        if file.is_dir():
            file = file / STATS
        data = _parse(file.read_bytes())
        _check_version(data)
        result: Result = decode(Result, data)
        _check_consistency(result)
    except OSError as error:
        shown = path if isinstance(error, FileNotFoundError) else file
        raise ResultError(f"{shown}: {_reason(error)}") from None
    except (Mismatch, ValueError) as error:
        raise ResultError(f"{file}: {error}") from None
    return result


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


def _check_version(data: Any) -> None:
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


def _check_consistency(result: Result) -> None:
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
        _check_layer(layer, f"layers.{index}", form.samples * units)


def _check_layer(layer: LayerStatistics, place: str, values: int) -> None:
    if set(layer.quantiles) != QUANTILES:
        raise Mismatch(f"{place}.quantiles", f"must be {', '.join(sorted(QUANTILES))}")
    histogram = layer.histogram
    if not histogram.counts or any(b < a for a, b in pairwise(histogram.edges)):
        raise Mismatch(f"{place}.histogram", "must have bins, and edges that rise")
    if len(histogram.edges) != len(histogram.counts) + 1:
        raise Mismatch(f"{place}.histogram", "must have one edge more than counts")
    total = sum(histogram.counts) + histogram.underflow + histogram.overflow + layer.nonfinite
    if max(total, values) > LARGEST:
        raise Mismatch(f"{place}.histogram", "counts add up to more than any run has")
    if total != values:
        raise Mismatch(
            f"{place}.histogram", f"counts add up to {total:,}, not to {values:,} values"
        )


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such result; winit histogram writes OUT/<name>/stats.json"
    return error.strerror or str(error)
