"""Result × Result -> Outcome, bit by bit or within rounding; and what must be in any two."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.guard.flatten import (
    Place,
    flatten,
    is_octave,
    is_unresolved,
    value_at,
    without_unresolved,
)
from weightinit_cli.guard.gates import Chosen, Gate, repeated_streams
from weightinit_cli.guard.report import Drift, Outcome, worst
from weightinit_cli.guard.rounding import Rounding, unsteady_places
from weightinit_cli.results import Mismatch, Result, check_consistency
from weightinit_cli.results.plain import changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import AnyResult

MOST_SENTENCES = 5


def compare(
    old: Result,
    new: Result,
    chosen: Chosen,
    *,
    shadows: Sequence[Result] = (),
    lacked: Sequence[str] = (),
) -> Outcome:
    """Compare all that two results of the same draws hold, by the exact or the rounding gate.

    `shadows` are runs of the new side whose inputs were moved by one ulp: rounding may do what
    they do, ten times over. `lacked` are the paths that the baseline's schema did not have.
    """
    was, now, *moved = (flatten(each) for each in (old, new, *shadows))
    if chosen.gate is not Gate.EXACT:
        was, now, *moved = (without_unresolved(e, (old, new, *shadows)) for e in (was, now, *moved))
    sentences, absent = missing(was, now, lacked, none_too=True)
    left_out = unsteady_places(now, moved)
    places = [p for p in _shared(was, now) if p not in left_out and not is_lacked(p.figure, lacked)]
    if chosen.gate is Gate.EXACT:
        drifts = [
            Drift(p, a, b, None)
            for p in places
            if (a := value_at(was, p)) != (b := value_at(now, p))
        ]
    else:
        rounding = Rounding(old, was, now, moved)
        found = (rounding.drift(p, value_at(was, p), value_at(now, p)) for p in places)
        drifts = [each for each in found if each is not None]
    by_rounding = any(_verdict(shadow) == _verdict(old) for shadow in shadows)
    return Outcome(
        gate=chosen.gate,
        why=chosen.why,
        structure=(*contradictions(new), *sentences),
        drifts=worst(drifts),
        drifted=len(drifts),
        compared=len(places),
        verdicts=None if by_rounding else changed_verdict(old, new, lacked),
        not_in_baseline=tuple(absent),
    )


def spec_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], lacked: Sequence[str] = ()
) -> dict[str, str]:
    """What differs between two normal forms, but for the name: path -> `path: old, now new`."""
    return {
        path: f"{path}: {change}"
        for path, change in changes(old, new).items()
        if path != "name" and not is_lacked(f"spec.{path}", lacked)
    }


def contradictions(result: AnyResult) -> list[str]:
    """What can't be true of any result: counts that don't add up, layers of the same draws."""
    pairs = repeated_streams(result) if isinstance(result, Result) else []
    found = [
        f"layers {first} and {second} have the same draws (their stream hashes are equal)"
        for first, second in pairs
    ]
    try:
        check_consistency(result)
    except Mismatch as error:
        found.append(f"the new result contradicts itself: {error}")
    return found


def missing(
    old: Values, new: Values, lacked: Sequence[str] = (), *, none_too: bool
) -> tuple[list[str], list[str]]:
    """Figures that one side alone has; and what the baseline's schema could not have.

    Where `none_too`, a figure that is None counts as missing.
    """
    layers = [max((place.layer or 0 for place in side), default=0) for side in (old, new)]
    sentences = [] if layers[0] == layers[1] else [f"layers: {layers[0]}, now {layers[1]}"]
    gone, added = [], []
    absent = {each for each in lacked if each == "verdict"}
    for place in {**old, **new}:
        if is_octave(place) or is_unresolved(place) or (place.layer or 0) > min(layers):
            continue
        there = [place in side and not (none_too and side[place] is None) for side in (old, new)]
        if there[0] and not there[1]:
            if not is_lacked(place.figure, lacked):
                gone.append(place)
        elif there[1] and not there[0]:
            if is_lacked(place.figure, lacked):
                absent.add(next(each for each in lacked if is_lacked(place.figure, (each,))))
            else:
                added.append(place)
    sentences += [*_few(gone, "missing"), *_few(added, "additional")]
    return sentences, sorted(absent)


def changed_verdict(old: Result, new: Result, lacked: Sequence[str] = ()) -> tuple[str, str] | None:
    """Both verdicts in words, where they differ."""
    was, now = _verdict(old), _verdict(new)
    return None if was == now or is_lacked("verdict", lacked) else (was, now)


def is_lacked(path: str, lacked: Iterable[str]) -> bool:
    """Whether a path stands at or below one of those that an older schema lacked."""
    return any(fnmatchcase(path, each) or fnmatchcase(path, f"{each}.*") for each in lacked)


def _shared(old: Values, new: Values) -> list[Place]:
    """The places that both sides have, and those that one may have alone."""
    both = [place for place in old if place in new and (old[place] is None) == (new[place] is None)]
    layers = min(max((place.layer or 0 for place in side), default=0) for side in (old, new))
    alone = [
        place
        for place in {**old, **new}
        if (is_octave(place) or is_unresolved(place)) and (place in old) != (place in new)
    ]
    return both + [place for place in alone if (place.layer or 0) <= layers]


def _verdict(result: Result) -> str:
    """`saturated (layer 2), dying (layer 4)`."""
    names = (
        each.name if each.layer is None else f"{each.name} (layer {each.layer})"
        for each in result.verdict
    )
    return ", ".join(names) or "none"


def _few(places: Sequence[Place], what: str) -> list[str]:
    shown = [f"{place}: {what}" for place in places[:MOST_SENTENCES]]
    others = len(places) - len(shown)
    return [*shown, f"and {counted(others, 'other figure')} {what}"] if others > 0 else shown
