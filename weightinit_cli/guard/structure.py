"""What must be there in both results, whatever the draws: runs, layers, figures, streams."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.guard.gates import repeated_streams
from weightinit_cli.guard.leaves import Place, is_octave, is_unresolved
from weightinit_cli.results import Mismatch, Result, check_consistency
from weightinit_cli.results.flat import changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from weightinit_cli.guard.leaves import Leaves
    from weightinit_cli.results import AnyResult

MOST_SENTENCES = 5


def spec_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], lacked: Sequence[str] = ()
) -> dict[str, str]:
    """What differs between two normal forms, but for the name: path -> `path: old, now new`."""
    return {
        path: f"{path}: {change}"
        for path, change in changes(old, new).items()
        if path != "name" and not lacks(f"spec.{path}", lacked)
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
    old: Leaves, new: Leaves, lacked: Sequence[str] = (), *, none_too: bool
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
            if not lacks(place.figure, lacked):
                gone.append(place)
        elif there[1] and not there[0]:
            if lacks(place.figure, lacked):
                absent.add(next(each for each in lacked if lacks(place.figure, (each,))))
            else:
                added.append(place)
    sentences += [*_few(gone, "missing"), *_few(added, "additional")]
    return sentences, sorted(absent)


def lacks(path: str, lacked: Iterable[str]) -> bool:
    """Whether a path stands at or below one of those that an older schema lacked."""
    return any(fnmatchcase(path, each) or fnmatchcase(path, f"{each}.*") for each in lacked)


def _few(places: Sequence[Place], what: str) -> list[str]:
    shown = [f"{place}: {what}" for place in places[:MOST_SENTENCES]]
    others = len(places) - len(shown)
    return [*shown, f"and {counted(others, 'other figure')} {what}"] if others > 0 else shown
