"""Result × Result -> Outcome, bit by bit or within rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.guard.gates import Chosen, Gate
from weightinit_cli.guard.leaves import (
    Place,
    is_octave,
    is_unresolved,
    leaves,
    value_at,
    without_floors,
)
from weightinit_cli.guard.outcome import Drift, Outcome, worst
from weightinit_cli.guard.rounding import Rounding
from weightinit_cli.guard.shadows import loose
from weightinit_cli.guard.structure import contradictions, lacks, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.leaves import Leaves
    from weightinit_cli.results import Result


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
    was, now, *moved = (leaves(each) for each in (old, new, *shadows))
    if chosen.gate is not Gate.EXACT:
        was, now, *moved = (without_floors(e, (old, new, *shadows)) for e in (was, now, *moved))
    sentences, absent = missing(was, now, lacked, none_too=True)
    left_out = loose(now, moved)
    places = [p for p in shared(was, now) if p not in left_out and not lacks(p.figure, lacked)]
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
    by_rounding = any(verdict(shadow) == verdict(old) for shadow in shadows)
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


def shared(old: Leaves, new: Leaves) -> list[Place]:
    """The places that both sides have, and those that one may have alone."""
    both = [place for place in old if place in new and (old[place] is None) == (new[place] is None)]
    layers = min(max((place.layer or 0 for place in side), default=0) for side in (old, new))
    alone = [
        place
        for place in {**old, **new}
        if (is_octave(place) or is_unresolved(place)) and (place in old) != (place in new)
    ]
    return both + [place for place in alone if (place.layer or 0) <= layers]


def changed_verdict(old: Result, new: Result, lacked: Sequence[str] = ()) -> tuple[str, str] | None:
    """Both verdicts in words, where they differ."""
    was, now = verdict(old), verdict(new)
    return None if was == now or lacks("verdict", lacked) else (was, now)


def verdict(result: Result) -> str:
    """`saturated (layer 2), dying (layer 4)`."""
    names = (
        each.name if each.layer is None else f"{each.name} (layer {each.layer})"
        for each in result.verdict
    )
    return ", ".join(names) or "none"
