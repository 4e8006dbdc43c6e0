"""What stands above the pictures: what was run, what was found, what lines and bands mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.drawing import AMBER, MUTED, ORANGE, Color
from weightinit_cli.plots.engine.page import Heading, Key
from weightinit_cli.results.kinds import described_run
from weightinit_cli.results.model import NOTE
from weightinit_cli.results.verdictwords import told
from weightinit_cli.results.words import full_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.model import Result

Lines = tuple[tuple[tuple[str, ...], Color], ...]

THEORY = Key("mean-field theory", AMBER)


def run_heading(result: Result, keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of a run: its name, its spec in words, its verdicts."""
    spec = (tuple(described_run(result)), MUTED)
    title = full_name(result.name, result.overrides)
    return Heading(title, (spec, *findings(result)), keys)


def runs_heading(name: str, shared: Sequence[str], keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of many runs: their name, and what all of them share."""
    return Heading(name, ((tuple(shared), MUTED),), keys)


def findings(result: Result) -> Lines:
    """A result's verdicts, those that warn first, and why there is no theory."""
    warnings: list[str] = []
    others: list[str] = []
    for each in told(result.verdict):
        parts = [each.label + each.rest, *filter(None, [each.consequences])]
        found = others if each.severity in (None, NOTE) else warnings
        found += [part.replace("_", " ") for part in parts]
    lines: list[tuple[tuple[str, ...], Color]] = []
    lines += [(tuple(warnings), ORANGE)] if warnings else []
    lines += [(tuple(others), MUTED)] if others else []
    if result.resolved.no_theory is not None:
        lines.append(((f"no theory: {result.resolved.no_theory}",), MUTED))
    return tuple(lines)
