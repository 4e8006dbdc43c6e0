"""Many results as one tidy table: all parameters and figures, a row per run and layer.

Of the experiments over steps a row is one recorded step: of a layer, or of a network.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from weightinit_cli.results.kinds import kind_of
from weightinit_cli.spec.kinds import COMPONENT_KEYS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weightinit_cli.results.kinds import AnyResult

Row = dict[str, Any]


def rows(result: AnyResult, run: str) -> list[Row]:
    """The rows of one result, each with its run and its spec's values; what does not exist is None.

    A value of the spec is one scalar: `initializer`, `initializer.std`, `width`.
    """
    shared: Row = {"name": result.name, "run": run, "digest": result.digest}
    shared |= _parameters(result.spec)
    return [shared | row for row in kind_of(result).rows(result)]


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
    for key in (field.name for field in TABLES[spec["experiment"]]):
        value = spec.get(key)
        if key == "name" or value is None:
            continue
        if key in COMPONENT_KEYS:
            found[key] = value["name"]
            found |= {f"{key}.{k}": v for k, v in sorted(value.items()) if k != "name"}
        elif isinstance(value, dict):
            found |= {f"{key}.{k}": _scalar(v) for k, v in sorted(value.items())}
        else:
            found[key] = _scalar(value)
    return found


def _scalar(value: Any) -> Any:
    """A value as one scalar: a list of equal values as that value, another one joined by blanks."""
    if not isinstance(value, list | tuple):
        return value
    return value[0] if len(set(value)) == 1 else " ".join(map(str, value))
