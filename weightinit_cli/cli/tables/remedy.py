"""The table of what was tried to mend a spec, and the lines of it to change."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from weightinit_cli.cli import terminal
from weightinit_cli.cli.tables import shown
from weightinit_cli.cli.tables.columns import Cell, Column, table_lines
from weightinit_cli.errors import by_layer, counted
from weightinit_cli.numerals import short
from weightinit_cli.results.model import HEALTHY
from weightinit_cli.results.words import component, described, full_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def remedy_lines(remedy: Remedy) -> list[str]:
    """Write what was tried, a row each, then the lines of the spec to change."""
    lines = _heading(remedy.spec)
    if remedy.attempts:
        lines += table_lines(_columns(remedy))
        if any(attempt.samples < remedy.spec.samples for attempt in remedy.attempts):
            few = min(attempt.samples for attempt in remedy.attempts)
            lines += terminal.fitted(f"(Where no other seeds are named: {few} inputs, one seed.)")
    if remedy.chosen is not None or not remedy.own.healthy:
        lines.append("")
    return lines + outcome_lines(remedy)


def outcome_lines(remedy: Remedy) -> list[str]:
    """Write what came of the search: the lines of the spec to change, or that none was found."""
    from weightinit_cli.remedies import OTHER_SEEDS

    own = remedy.own
    if remedy.chosen is not None:
        return _found(remedy.chosen)
    if not own.healthy:
        return _nothing_found(remedy)
    ill = OTHER_SEEDS - (own.held or 0)
    seeds = f"nor under {OTHER_SEEDS} other seeds: there is nothing to mend"
    if ill:
        seeds = f"but one does under {ill} of {OTHER_SEEDS} other seeds; nothing surer was found"
    return terminal.fitted(f"no verdict warns of this start, {seeds}")


def _heading(spec: Spec) -> list[str]:
    from weightinit_cli.spec import normal_form

    name = full_name(", ".join(filter(None, (spec.name, spec.label))), spec.overrides)
    heading = shown(f"{name}: {', '.join(described(normal_form(spec)))}")
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
    words = _structure(change)
    written = change.get("initializer")
    if isinstance(written, list):
        words.append(_in_words(written))
    elif written is not None:
        mappings = [_mapping(attempt.change["initializer"]) for attempt in group]
        words.append(component({**mappings[0], **_ranges(mappings)}))
    if "bias" in change:
        words.append(f"bias {_in_words(change['bias'])}")
    return ", ".join(words) or "as it stands"


def _in_words(written: Any) -> str:
    several = isinstance(written, list)
    return component(list(map(_mapping, written)) if several else _mapping(written))


def _structure(change: Mapping[str, Any]) -> list[str]:
    """Say what was put around the layers: `layer_norm`, `residual (scale 1/sqrt(branches))`."""
    words = []
    if "residual" in change:
        told = {"name": "residual", "scale": change["residual"]["scale"]}
        if "normalization" in change:
            told[change["residual"]["placement"]] = change["normalization"]
        words.append(component(told))
    elif "normalization" in change:
        words.append(change["normalization"])
    if "output" in change:
        words.append(f"output {component(_mapping(change['output']['initializer']))}")
    return words


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
    from weightinit_cli.remedies import OTHER_SEEDS

    first = group[0]
    if not first.healthy:
        return Cell(_warnings(first), "red")
    held = "" if first.held is None else f", also under {first.held} of {OTHER_SEEDS} other seeds"
    sure = first.held is None or first.held == OTHER_SEEDS
    return Cell(f"{HEALTHY}{held}", "green" if sure else "yellow")


def _found(chosen: Attempt) -> list[str]:
    from weightinit_cli.remedies import OTHER_SEEDS

    said = "The smallest change without a warning, of several the one with the steadiest gradient:"
    lines = [*terminal.fitted(said), *_lines_of(chosen)]
    ill = OTHER_SEEDS - (chosen.held or 0)
    if ill:
        chance = f"It has one under {ill} of {OTHER_SEEDS} other seeds; nothing surer was found."
        lines += terminal.fitted(chance)
    return lines


def _nothing_found(remedy: Remedy) -> list[str]:
    spec = remedy.spec
    of = f"{by_layer(each.name for each in spec.activations)} over {counted(spec.layers, 'layer')}"
    tried = counted(len(remedy.attempts), "start")
    lines = [*terminal.fitted(f"None of {tried} of {of} is without a warning.")]
    if spec.layers > 1 and not any("layers" in attempt.change for attempt in remedy.nearest):
        lines += terminal.fitted("Fewer layers were tried, too, and had none either.")
    for attempt in remedy.nearest:
        deep = "layers" in attempt.change
        lines.append(
            "Another depth, the nearest tried without a warning:"
            if deep
            else "Another activation without a warning:"
        )
        lines += _lines_of(attempt)
    return lines


def _lines_of(attempt: Attempt) -> list[str]:
    from weightinit_cli.spec import yaml_lines

    change = attempt.change
    if "layers" in change:  # one number is that of any depth
        change = {k: v for k, v in change.items() if k == "layers" or not isinstance(v, int)}
    return [f"  {line}" for line in yaml_lines(change)]
