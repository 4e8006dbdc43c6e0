"""The table of what was tried to mend a spec, and the lines of it to change."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables.columns import Cell, Column, table_lines
from weightinit_cli.errors import counted, printable
from weightinit_cli.numerals import short
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.results.words import component, described, full_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weightinit_cli.remedies import Attempt, Remedy
    from weightinit_cli.spec import Spec

# The parameters of an initializer that a scan changes.
SCANNED = ("gain", "std", "scale", "low", "high")


def remedy_json(remedy: Remedy) -> str:
    """Write all that was tried and found as one line of JSON."""
    from weightinit_cli.spec import normal_form

    found = {
        "name": remedy.spec.folder,
        "spec": normal_form(remedy.spec),
        "mended": None if remedy.mended is None else normal_form(remedy.mended),
        "own": asdict(remedy.own),
        "chosen": None if remedy.chosen is None else asdict(remedy.chosen),
        "attempts": [asdict(attempt) for attempt in remedy.attempts],
        "nearest": [asdict(attempt) for attempt in remedy.nearest],
    }
    return json.dumps(found, separators=(",", ":"), sort_keys=True, allow_nan=False)


def remedy_lines(remedy: Remedy, written: Path | None) -> list[str]:
    """Write what was tried, a row each, then the lines of the spec to change.

    `written` is the file that the mended spec was written to.
    """
    lines = _heading(remedy.spec)
    if remedy.own.healthy:
        lines += terminal.fitted("no verdict warns of this start: there is nothing to mend")
    else:
        lines += table_lines(_columns(remedy))
        lines += _nothing_found(remedy) if remedy.chosen is None else _found(remedy.chosen)
    if written is not None:
        lines.append(printable(f"{written}: written"))
    return lines


def _heading(spec: Spec) -> list[str]:
    from weightinit_cli.spec import normal_form

    name = full_name(", ".join(filter(None, (spec.name, spec.label))), spec.overrides)
    heading = printable(f"{name}: {', '.join(described(normal_form(spec)))}")
    return [click.style(line, bold=True) for line in terminal.fitted(heading)]


def _columns(remedy: Remedy) -> list[Column]:
    groups = [[remedy.own]]
    groups += [list(group) for _, group in groupby(remedy.attempts, _alike)]
    rows = [
        (_tried(group), _range([attempt.sigma_w for attempt in group]), _verdict(group))
        for group in groups
    ]
    tried, sigma_w, verdicts = zip(*rows, strict=True)
    return [
        Column("tried", list(map(Cell, tried)), words=True),
        Column("sigma_w", list(map(Cell, sigma_w))),
        Column("verdict", list(verdicts), words=True),
    ]


def _alike(attempt: Attempt) -> object:
    """What attempts of one row have in common: all but the scale."""
    return _family(attempt.change), attempt.held, _warnings(attempt)


def _family(change: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in change.items() if key != "initializer"}
    written = change.get("initializer")
    if isinstance(written, dict):
        scaled = [key for key in written if key in SCANNED and not isinstance(written[key], str)]
        written = {**written, **dict.fromkeys(scaled)}
    return json.dumps([written, kept])


def _tried(group: Sequence[Attempt]) -> str:
    """Say what was changed: `xavier_normal (gain 1.8), bias zeros`."""
    change = group[0].change
    words = []
    written = change.get("initializer")
    if written is not None:
        mappings = [_mapping(attempt.change["initializer"]) for attempt in group]
        words.append(component({**mappings[0], **_ranges(mappings)}))
    if "bias" in change:
        words.append(f"bias {component(_mapping(change['bias']))}")
    return ", ".join(words) or "as it stands"


def _mapping(written: Any) -> dict[str, Any]:
    return {"name": written} if isinstance(written, str) else dict(written)


def _ranges(mappings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The parameters that differ, each from its least to its largest value."""
    return {
        key: _range([each[key] for each in mappings])
        for key, first in mappings[0].items()
        if any(each[key] != first for each in mappings)
    }


def _range(values: Sequence[float]) -> str:
    low, high = (short(f"{value:.4g}") for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _warnings(attempt: Attempt) -> str:
    return ", ".join(verdict.name for verdict in attempt.verdict if verdict.warns)


def _verdict(group: Sequence[Attempt]) -> Cell:
    """Say what the run's verdict warns of, and of what was found how sure that is."""
    first = group[0]
    if not first.healthy:
        return Cell(_warnings(first), "red")
    held = "" if first.held is None else f", also under {first.held} of 2 other seeds"
    return Cell(f"{HEALTHY}{held}", "green")


def _found(chosen: Attempt) -> list[str]:
    return ["", "The smallest change that was found without a warning:", *_lines_of(chosen)]


def _nothing_found(remedy: Remedy) -> list[str]:
    spec = remedy.spec
    of = f"{spec.activation.name} over {counted(spec.layers, 'layer')}"
    tried = counted(len(remedy.attempts), "start")
    lines = ["", *terminal.fitted(f"None of {tried} of {of} is without a warning.")]
    for attempt in remedy.nearest:
        other = "depth" if "layers" in attempt.change else "activation"
        lines.append(f"Another {other}, the nearest tried without a warning:")
        lines += _lines_of(attempt)
    return lines


def _lines_of(attempt: Attempt) -> list[str]:
    from weightinit_cli.spec import yaml_lines

    return [f"  {line}" for line in yaml_lines(attempt.change)]
