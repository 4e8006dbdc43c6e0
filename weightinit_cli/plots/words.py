"""What stands above the pictures: what was run, what was found, what lines and bands mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.drawing import AMBER, MUTED, ORANGE, Color
from weightinit_cli.plots.engine.page import Heading, Key
from weightinit_cli.results.kinds import described_run
from weightinit_cli.results.model import NOTE
from weightinit_cli.results.outputwords import loss_sentence
from weightinit_cli.results.probe import course
from weightinit_cli.results.verdictwords import told
from weightinit_cli.results.words import full_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.comparison import Comparison
    from weightinit_cli.results.model import Result, Verdict
    from weightinit_cli.results.probe import ProbeResult

Lines = tuple[tuple[tuple[str, ...], Color], ...]

THEORY = Key("mean-field theory", AMBER)


def run_heading(result: Result, keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of a run: its name, its spec in words, and what was found."""
    title = full_name(result.name, result.overrides)
    return Heading(title, ((tuple(described_run(result)), MUTED), *findings(result)), keys)


def probe_heading(result: ProbeResult, keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of a probed model: its name, how it was probed, its loss, its verdicts."""
    lines: Lines = ((tuple(described_run(result)), MUTED),)
    if result.loss is not None:
        lines += (((course(result),), MUTED),)
    return Heading(result.name, (*lines, *verdict_lines(result.verdict)), keys)


def runs_heading(name: str, shared: Sequence[str], keys: tuple[Key, ...] = ()) -> Heading:
    """The heading of many runs: their name, and what all of them share."""
    return Heading(name, ((tuple(shared), MUTED),), keys)


def in_common(comparison: Comparison) -> list[str]:
    """What runs have in common, in words; where there are repeats, that the first one is drawn."""
    shared = comparison.shared()
    return [f"the first of {part}" if part.endswith(" repeats") else part for part in shared]


def findings(result: Result) -> Lines:
    """The loss at the start, the verdicts, those that warn first, and why there is no theory."""
    loss, no_theory = loss_sentence(result), result.resolved.no_theory
    lines = verdict_lines(result.verdict)
    if loss:
        lines = (((loss,), MUTED), *lines)
    return lines if no_theory is None else (*lines, ((f"no theory: {no_theory}",), MUTED))


def verdict_lines(verdicts: Sequence[Verdict]) -> Lines:
    """Verdicts, those that warn first, their names as words; modules keep theirs."""
    warnings: list[str] = []
    others: list[str] = []
    for each in told(verdicts):
        found = others if each.severity in (None, NOTE) else warnings
        for part in filter(None, (each.label + each.rest, each.consequences)):
            words = part
            for name in {verdict.name for verdict in verdicts}:
                words = words.replace(name, name.replace("_", " "))
            found.append(words)
    lines: list[tuple[tuple[str, ...], Color]] = []
    lines += [(tuple(warnings), ORANGE)] if warnings else []
    lines += [(tuple(others), MUTED)] if others else []
    return tuple(lines)
