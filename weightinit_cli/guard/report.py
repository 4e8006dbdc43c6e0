"""Outcomes in words: for a terminal, as annotations, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import counted, printable
from weightinit_cli.guard.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.outcome import Drift, Outcome
    from weightinit_cli.results.flat import Value

UPDATE = "to accept what differs: the same command with --update"


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the check: its folder, the saved file, what was found or what hindered it."""

    run: str
    path: str
    outcome: Outcome | None = None
    errors: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`error`, `drift` or `same`."""
        if self.outcome is None:
            return "error"
        return "drift" if self.outcome.failed else "same"


def heading(report: Report) -> str:
    """One line: the run, its gate and how many figures differ."""
    outcome = report.outcome
    if outcome is None:
        return f"{report.run}: could not be checked"
    gate = "" if outcome.gate is None else f"{outcome.gate}: "
    if not outcome.failed:
        return f"{report.run}: {gate}{outcome.compared:,} figures hold"
    if not outcome.drifted:
        return f"{report.run}: {gate}differs"
    differ = "differs" if outcome.drifted == 1 else "differ"
    return f"{report.run}: {gate}{outcome.drifted:,} of {outcome.compared:,} figures {differ}"


def details(report: Report) -> list[str]:
    """What was found, a line each: structure first, then the worst drifts, then the rest."""
    outcome = report.outcome
    if outcome is None:
        return list(report.errors)
    lines = list(outcome.structure)
    lines += map(drift_line, outcome.drifts)
    if (others := outcome.drifted - len(outcome.drifts)) > 0:
        lines.append(f"and {counted(others, 'other')}")
    if outcome.verdicts is not None:
        lines.append(f"verdict: {outcome.verdicts[0]}, now {outcome.verdicts[1]}")
    if outcome.why and outcome.failed:
        lines.append(f"compared by the {outcome.gate} gate, since it has {outcome.why}")
    if outcome.not_in_baseline:
        lines.append(f"not in baseline: {', '.join(outcome.not_in_baseline)}")
    return [*lines, *outcome.notes]


def drift_line(drift: Drift) -> str:
    """`layer 3 std: 0.5012, now 0.5013 (12 x its tolerance)`."""
    old, new = shown(drift.old), shown(drift.new)
    off = ""
    if drift.off is not None and drift.off != float("inf"):
        off = f" ({drift.off:,.3g} x its tolerance)"
    elif _are_numbers(drift) and drift.old:
        off = f" ({abs(drift.new - drift.old) / abs(drift.old):.2g} relative)"  # type: ignore[operator,arg-type]
    return f"{drift.place}: {old}, now {new}{off}"


def shown(value: Value) -> str:
    """A value as short as it can be read again."""
    return "none" if value is None else str(value)


def summary(reports: Sequence[Report]) -> list[str]:
    """One line per gate, then one for what could not be checked."""
    lines = []
    for gate in (*Gate, None):
        of_gate = [each.outcome for each in reports if each.outcome and each.outcome.gate == gate]
        failed = sum(outcome.failed for outcome in of_gate)
        if of_gate:
            name = gate or "not compared"
            said = f"{failed:,} differ" if failed > 1 else f"{'one' if failed else 'none'} differs"
            lines.append(f"{name}: {counted(len(of_gate), 'run')}, {said}")
    broken = sum(report.outcome is None for report in reports)
    if broken:
        lines.append(f"could not be checked: {counted(broken, 'run')}")
    return lines


def json_line(report: Report) -> str:
    """The report as one line of JSON."""
    tree: dict[str, Any] = {"run": report.run, "path": report.path, "state": report.state}
    outcome = report.outcome
    if outcome is None:
        tree["errors"] = list(report.errors)
    else:
        tree |= {
            "gate": outcome.gate,
            "why": outcome.why,
            "structure": list(outcome.structure),
            "compared": outcome.compared,
            "drifted": outcome.drifted,
            "drifts": [_drift_tree(each) for each in outcome.drifts],
            "verdicts": outcome.verdicts,
            "not_in_baseline": list(outcome.not_in_baseline),
            "notes": list(outcome.notes),
        }
    return json.dumps(tree, sort_keys=True, allow_nan=False)


def annotation(report: Report) -> str:
    """The report as a GitHub workflow command."""
    text = "\n".join(printable(line) for line in [heading(report), *details(report)])
    kind = "notice" if report.state == "same" else "error"
    place = _escaped(printable(report.path)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} file={place},title=winit check::{_escaped(text)}"


def _drift_tree(drift: Drift) -> dict[str, Any]:
    off = None if drift.off == float("inf") else drift.off
    return {
        "layer": drift.place.layer,
        "figure": drift.place.figure,
        "old": drift.old,
        "new": drift.new,
        "off": off,
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _are_numbers(drift: Drift) -> bool:
    return all(
        isinstance(each, int | float) and not isinstance(each, bool)
        for each in (drift.old, drift.new)
    )
