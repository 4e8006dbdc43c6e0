"""Results over steps, of symmetry and training: bit by bit or within rounding."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from weightinit_cli.check.floors import RELATIVE
from weightinit_cli.check.gates import Chosen, Gate
from weightinit_cli.check.leaves import Place, flat
from weightinit_cli.check.outcome import Drift, Outcome, worst
from weightinit_cli.check.rounding import FACTOR
from weightinit_cli.results import Mismatch, check_consistency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.check.leaves import Leaves, Value
    from weightinit_cli.results import AnyResult

MOST_SENTENCES = 5
_ASIDE = ("environment", "spec", "name", "schema_version")


def compare_steps(
    old: AnyResult,
    new: AnyResult,
    chosen: Chosen,
    shadows: Sequence[AnyResult] = (),
) -> Outcome:
    """Compare all that two results of the same draws hold, by the exact or the rounding gate.

    What rounding may do is FACTOR times what it does in the shadows, to any step of the same
    figure, and 1e-6 of the value. Under other draws a training is another training: there is
    nothing to hold it to, and that is said as a difference.
    """
    if chosen.gate is Gate.STATISTICAL:
        sentence = "other draws: a course over steps is compared under the same draws only"
        return Outcome(gate=chosen.gate, why=chosen.why, structure=(sentence,))
    was, now = _leaves(old), _leaves(new)
    structure = _contradictions(new) + _missing(was, now)
    places = [place for place in was if place in now]
    if chosen.gate is Gate.EXACT:
        drifts = [Drift(p, was[p], now[p], None) for p in places if was[p] != now[p]]
    else:
        moved = _moved(now, [_leaves(each) for each in shadows])
        drifts = [
            drift
            for place in places
            if (drift := _drift(place, was[place], now[place], moved.get(_group(place), 0.0)))
        ]
    return Outcome(
        gate=chosen.gate,
        why=chosen.why,
        structure=tuple(structure),
        drifts=worst(drifts),
        drifted=len(drifts),
        compared=len(places),
    )


def _leaves(result: AnyResult) -> Leaves:
    tree = {key: value for key, value in asdict(result).items() if key not in _ASIDE}
    return {Place(None, path): value for path, value in flat(tree).items()}


def _moved(now: Leaves, shadows: Sequence[Leaves]) -> dict[str, float]:
    """By how much the shadows change each figure at most, at any of its steps."""
    found: dict[str, float] = {}
    for shadow in shadows:
        for place, value in now.items():
            there = shadow.get(place)
            change = _apart(value, there)
            found[_group(place)] = max(found.get(_group(place), 0.0), change)
    return found


def _drift(place: Place, old: Value, new: Value, moved: float) -> Drift | None:
    if old == new:
        return None
    if not moved and (isinstance(old, str | bool | int) or isinstance(new, str | bool | int)):
        return Drift(place, old, new, None)
    numbers = [0.0 if each is None or isinstance(each, str) else each for each in (old, new)]
    tolerance = FACTOR * moved + RELATIVE * max(map(abs, numbers))
    off = _apart(old, new) / tolerance if tolerance else float("inf")
    return Drift(place, old, new, off) if off > 1 else None


def _apart(a: Value, b: Value) -> float:
    if a == b:
        return 0.0
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b)
    return float("inf")


def _group(place: Place) -> str:
    """The figure without the number of its step."""
    path, _, last = place.figure.rpartition(".")
    return path if last.isdigit() else place.figure


def _contradictions(new: AnyResult) -> list[str]:
    try:
        check_consistency(new)
    except Mismatch as error:
        return [f"the new result contradicts itself: {error}"]
    return []


def _missing(old: Leaves, new: Leaves) -> list[str]:
    gone = [f"{place}: missing" for place in old if place not in new]
    added = [f"{place}: additional" for place in new if place not in old]
    found = gone + added
    few = found[:MOST_SENTENCES]
    if len(found) > len(few):
        few.append(f"and {len(found) - len(few):,} others")
    return few
