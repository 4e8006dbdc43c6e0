"""What a comparison has found, and how it is told: in words, as JSON, as a case for CI systems."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from weightinit_cli.ci import Case
from weightinit_cli.errors import Mark, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.guard.flatten import Place
    from weightinit_cli.results.plain import Value

MOST_DRIFTS = 5
_RANKS = ("weights.min", "weights.max", ".quantiles.")
UPDATE = "to accept what differs: the same command with --update"


class Gate(StrEnum):
    """How strictly two results are compared: to the bit, within rounding, within other draws."""

    EXACT = "exact"
    ROUNDING = "rounding"
    STATISTICAL = "statistical"


class Drift(NamedTuple):
    """A figure outside its tolerance; `off` is the difference in units of it, None without one."""

    place: Place
    old: Value
    new: Value
    off: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run's comparison: by which gate, why by no stricter one, and what has drifted.

    `structure` are sentences about what is missing, additional or changed as a whole; `drifts` come
    in the order of `worst_first`, of so many figures `compared`; `verdicts` are both where they
    differ.
    `notes` and `not_in_baseline` are no failures.
    """

    gate: Gate | None
    why: str = ""
    structure: tuple[str, ...] = ()
    drifts: tuple[Drift, ...] = ()
    compared: int = 0
    verdicts: tuple[str, str] | None = None
    not_in_baseline: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything has drifted."""
        return bool(self.structure or self.drifts or self.verdicts)

    @property
    def drifted(self) -> int:
        """How many figures have drifted."""
        return len(self.drifts)


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the check: its folder, the saved file, what was found or what hindered it.

    `defect` says that it was winit's fault.
    """

    run: str
    path: str
    outcome: Outcome | None = None
    errors: tuple[str, ...] = ()
    defect: bool = False

    @property
    def state(self) -> str:
        """What came of the run: `error`, `drift` or `same`."""
        if self.outcome is None:
            return "error"
        return "drift" if self.outcome.failed else "same"


def drift(place: Place, old: Value, new: Value, tolerance: float) -> Drift | None:
    """Return a figure's drift, None where it is within its tolerance; texts have to be equal."""
    if old == new:
        return None
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return Drift(place, old, new, None)
    off = abs(new - old) / tolerance if tolerance else float("inf")
    return Drift(place, old, new, off) if off > 1 else None


def worst_first(drifts: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return the drifts, those that say most first: of each figure the worst layer.

    Those without a tolerance come first, then the farthest off; extremes and quantiles after what
    explains them.
    """
    ordered = sorted(drifts, key=_rank)
    first: dict[str, Drift] = {}
    for each in ordered:
        first.setdefault(each.place.figure, each)
    others = (each for each in ordered if first[each.place.figure] is not each)
    return (*first.values(), *others)


def heading(report: Report) -> str:
    """Return one line on a report: the run, its gate and how many figures differ."""
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
    """Return what was found, a line each: structure first, then the worst drifts, then the rest."""
    outcome = report.outcome
    if outcome is None:
        return list(report.errors)
    lines = list(outcome.structure)
    lines += (_drift_line(each, outcome.gate) for each in outcome.drifts[:MOST_DRIFTS])
    if (others := outcome.drifted - MOST_DRIFTS) > 0:
        lines.append(f"and {counted(others, 'other')}")
    if outcome.verdicts is not None:
        lines.append(f"verdict: {outcome.verdicts[0]}, now {outcome.verdicts[1]}")
    if outcome.why and outcome.failed:
        lines.append(f"compared by the {outcome.gate} gate, since it has {outcome.why}")
    if outcome.not_in_baseline:
        lines.append(f"not in baseline: {', '.join(outcome.not_in_baseline)}")
    return [*lines, *outcome.notes]


def summary(reports: Sequence[Report]) -> list[str]:
    """Return one line per gate, then one for what could not be checked."""
    lines = []
    for gate in (*Gate, None):
        of_gate = [each.outcome for each in reports if each.outcome and each.outcome.gate == gate]
        failed = sum(outcome.failed for outcome in of_gate)
        if of_gate:
            name = gate or "not compared"
            count = f"{failed:,} differ" if failed > 1 else f"{'one' if failed else 'none'} differs"
            lines.append(f"{name}: {counted(len(of_gate), 'run')}, {count}")
    broken = sum(report.outcome is None for report in reports)
    if broken:
        lines.append(f"could not be checked: {counted(broken, 'run')}")
    return lines


def json_line(report: Report) -> str:
    """Return the report as one line of JSON."""
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
            "drifts": [_drift_tree(each) for each in outcome.drifts[:MOST_DRIFTS]],
            "verdicts": outcome.verdicts,
            "not_in_baseline": list(outcome.not_in_baseline),
            "notes": list(outcome.notes),
        }
    return json.dumps(tree, sort_keys=True, allow_nan=False)


def case_of(report: Report) -> Case:
    """Return the report as CI systems show it: failed where the run drifted."""
    outcome = report.outcome
    return Case(
        report.run,
        "error" if outcome is None else "failed" if outcome.failed else "passed",
        heading(report),
        tuple(details(report)),
        Mark(report.path),
        f"winit.{(outcome and outcome.gate) or 'check'}",
    )


def _rank(drift: Drift) -> tuple[bool, bool, float]:
    off = float("inf") if drift.off is None else drift.off
    return drift.off is not None, any(part in drift.place.figure for part in _RANKS), -off


def _drift_line(drift: Drift, gate: Gate | None) -> str:
    """Return a drift in words: `layer 3 std: 0.5012, now 0.5013 (12 x its tolerance)`.

    Of other draws it is told what is expected of the figure.
    """
    than = "expected" if gate is Gate.STATISTICAL else "now"
    old, new = _shown(drift.old), _shown(drift.new)
    off = ""
    if drift.off is not None and drift.off != float("inf"):
        off = f" ({drift.off:,.3g} x its tolerance)"
    elif _are_numbers(drift) and drift.old:
        off = f" ({abs(drift.new - drift.old) / abs(drift.old):.2g} relative)"  # type: ignore[operator,arg-type]
    return f"{drift.place}: {old}, {than} {new}{off}"


def _shown(value: Value) -> str:
    """Return a value in words, as short as it can be read again."""
    return "none" if value is None else str(value)


def _drift_tree(drift: Drift) -> dict[str, Any]:
    off = None if drift.off == float("inf") else drift.off
    return {
        "layer": drift.place.number,
        "figure": drift.place.path,
        "old": drift.old,
        "new": drift.new,
        "off": off,
    }


def _are_numbers(drift: Drift) -> bool:
    return all(
        isinstance(each, int | float) and not isinstance(each, bool)
        for each in (drift.old, drift.new)
    )
