"""Two results of one spec: the gate that they can be held to, and what differs by it."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.guard.flatten import (
    LOGITS,
    Place,
    flatten,
    is_octave,
    is_unresolved,
    numbers,
    value_at,
    with_common_octaves,
    without_unresolved,
)
from weightinit_cli.guard.report import Drift, Gate, Outcome, drift, worst_first
from weightinit_cli.guard.rounding import LayerTolerances, step_tolerances, unsteady_places
from weightinit_cli.results import (
    Mismatch,
    Result,
    check_consistency,
)
from weightinit_cli.results.figures import parameters_of
from weightinit_cli.results.kinds import drawn_by, kind_of
from weightinit_cli.results.plain import changes
from weightinit_cli.results.verdictwords import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.guard.rounding import Tolerance
    from weightinit_cli.results import AnyResult

MOST_SENTENCES = 5


def choose(old: AnyResult, new: AnyResult) -> Outcome:
    """Choose the strictest gate that two results of one spec (but for the seed) can be held to.

    The outcome has found nothing yet.
    Exact where all that last bits depend on is the same; then other draws are a drift, too.
    Rounding where the draws are the same, and winit's: shadows could not be of another function's.
    Statistical else.
    """
    if others := list(_other_draws(old, new)):
        return Outcome(Gate.STATISTICAL, "; ".join(others))
    differences = list(_differences(old.environment, new.environment))
    why = "; ".join(differences)
    if not differences:
        return Outcome(Gate.EXACT)
    rounding = _same_draws(old, new) and not drawn_by(new)
    return Outcome(Gate.ROUNDING if rounding else Gate.STATISTICAL, why)


def compare(
    old: AnyResult,
    new: AnyResult,
    chosen: Outcome,
    shadows: Sequence[AnyResult] = (),
    *,
    lacked: Sequence[str] = (),
) -> Outcome:
    """Compare all that two results of the same draws hold, by the exact or the rounding gate.

    `shadows` are runs of the new side whose inputs were moved by one ulp: rounding may do what
    they do, ten times over. `lacked` are the paths that the baseline's schema did not have.

    Results over steps can't be compared under other draws: a course under these is another course,
    and that is said as a difference.
    """
    if isinstance(old, Result) and isinstance(new, Result):
        return _compare_layers(old, new, chosen, shadows, lacked)
    return _compare_steps(old, new, chosen, shadows)


def spec_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], lacked: Sequence[str] = ()
) -> dict[str, str]:
    """Return what differs between two normal forms, but for the name: `path: old, now new`."""
    return {
        path: f"{path}: {change}"
        for path, change in changes(old, new).items()
        if path != "name" and not is_lacked(f"spec.{path}", lacked)
    }


def contradictions(old: AnyResult, new: AnyResult) -> list[str]:
    """Return what can't be true: layers of the same draws, counts of the new that don't add up."""
    groups = [group for each in (old, new) for group in _layers_of_the_same_draws(each)]
    found = [f"layers {words} have the same draws" for words in dict.fromkeys(map(_listed, groups))]
    try:
        check_consistency(new)
    except Mismatch as error:
        found.append(f"the new result contradicts itself: {error}")
    return found


def changed_files(old: AnyResult, new: AnyResult) -> list[str]:
    """Return which files that both runs read have changed in between."""
    was, now = (kind_of(each).checksums(each) for each in (old, new))
    changed = [name for name in was if name in now and was[name] != now[name]]
    return [f"{name}: the file has changed since; its checksum is another" for name in changed]


def missing(
    old: Values, new: Values, lacked: Sequence[str] = (), *, none_too: bool
) -> tuple[list[str], list[str]]:
    """Return a sentence on each figure of one side alone, and what the baseline's schema lacked.

    Where `none_too`, a figure that is None counts as missing. A part that one side has none of, as
    the biases of a layer, is told as a whole.
    """
    layers = [max((place.layer or 0 for place in side), default=0) for side in (old, new)]
    sentences = [] if layers[0] == layers[1] else [f"layers: {layers[0]}, now {layers[1]}"]
    both = _layers_of_both(old, new)
    gone, added = [], []
    absent = {each for each in lacked if each == "verdict"}
    old, new = _as_parts(old, new), _as_parts(new, old)
    for place in {**old, **new}:
        if is_octave(place) or is_unresolved(place) or place.layer not in both:
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
    sentences += [*_first_few(gone, "missing"), *_first_few(added, "additional")]
    return sentences, sorted(absent)


def _as_parts(side: Values, other: Values) -> Values:
    """Return one side with one place for all figures of a part that is None on the other side."""
    found: Values = {}
    for place, value in side.items():
        part = place._replace(figure=place.figure.partition(".")[0])
        if part not in side and part in other:
            found[part] = True
        elif value is not None or place in other or place != part:
            found[place] = value
    return found


def changed_verdict(old: Result, new: Result, lacked: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return both verdicts in words, None where they are the same."""
    was, now = _verdict(old), _verdict(new)
    return None if was == now or is_lacked("verdict", lacked) else (was, now)


def is_lacked(path: str, lacked: Iterable[str]) -> bool:
    """Whether a path stands at or below one of those that an older schema lacked."""
    return any(fnmatchcase(path, each) or fnmatchcase(path, f"{each}.*") for each in lacked)


def _compare_layers(
    old: Result,
    new: Result,
    chosen: Outcome,
    shadows: Sequence[AnyResult],
    lacked: Sequence[str],
) -> Outcome:
    moved = [each for each in shadows if isinstance(each, Result)]
    was, now, *changed = (flatten(each) for each in (old, new, *moved))
    if chosen.gate is not Gate.EXACT:
        every = (old, new, *moved)
        sides = [without_unresolved(each, every) for each in (was, now, *changed)]
        was, now, *changed = with_common_octaves(sides)
    sentences, absent = missing(was, now, lacked, none_too=True)
    places = [place for place in _shared(was, now) if not is_lacked(place.figure, lacked)]
    tolerances = partial(LayerTolerances, old, was, now, changed)
    outcome = _held(chosen, places, was, now, tolerances, changed)
    by_rounding = any(_verdict(shadow) == _verdict(old) for shadow in moved)
    return replace(
        outcome,
        structure=(*contradictions(old, new), *changed_files(old, new), *sentences),
        verdicts=None if by_rounding else changed_verdict(old, new, lacked),
        not_in_baseline=tuple(absent),
    )


def _compare_steps(
    old: AnyResult, new: AnyResult, chosen: Outcome, shadows: Sequence[AnyResult]
) -> Outcome:
    """Compare results that are no layers' statistics; a step that a shadow lacks is left out."""
    if chosen.gate is Gate.STATISTICAL:
        sentence = "other draws: a course over steps is compared under the same draws only"
        return replace(chosen, structure=(sentence,))
    was, now, *changed = (flatten(each) for each in (old, new, *shadows))
    sentences, _ = missing(was, now, none_too=False)
    places = [place for place in was if place in now]
    tolerances = partial(step_tolerances, was, now, changed)
    outcome = _held(chosen, places, was, now, tolerances, changed)
    return replace(outcome, structure=(*contradictions(old, new), *sentences))


def _held(
    chosen: Outcome,
    places: Iterable[Place],
    old: Values,
    new: Values,
    tolerances: Callable[[], Tolerance],
    shadows: Sequence[Values],
) -> Outcome:
    """Hold the values at these places to the gate, but for those that come and go by rounding.

    `tolerances` gives what may move by rounding, where the gate asks for it.
    """
    left_out = unsteady_places(new, shadows)
    pairs = [(p, value_at(old, p), value_at(new, p)) for p in places if p not in left_out]
    if chosen.gate is Gate.EXACT:
        drifts = [Drift(p, was, now, None) for p, was, now in pairs if was != now]
    else:
        tolerance = tolerances()
        found = (drift(p, was, now, tolerance(p, was, now)) for p, was, now in pairs)
        drifts = [each for each in found if each is not None]
    return replace(chosen, drifts=worst_first(drifts), compared=len(pairs))


def _shared(old: Values, new: Values) -> list[Place]:
    """Return the places that both sides have, and those that one may have alone."""
    both = [place for place in old if place in new and (old[place] is None) == (new[place] is None)]
    layers = _layers_of_both(old, new)
    alone = [
        place
        for place in {**old, **new}
        if (is_octave(place) or is_unresolved(place)) and (place in old) != (place in new)
    ]
    return both + [place for place in alone if place.layer in layers]


def _layers_of_both(old: Values, new: Values) -> set[int | None]:
    """Return the layers of which both sides have values."""
    was, now = ({place.layer for place in side} for side in (old, new))
    return was & now


def _verdict(result: Result) -> str:
    """Return a result's verdicts in words: `warning: dying (layer 2), note: saturated`."""
    names = (
        named(each) if each.layer is None else f"{named(each)} (layer {each.layer})"
        for each in result.verdict
    )
    return ", ".join(names) or "none"


def _first_few(places: Sequence[Place], what: str) -> list[str]:
    shown = [f"{place}: {what}" for place in places[:MOST_SENTENCES]]
    others = len(places) - len(shown)
    return [*shown, f"and {counted(others, 'other figure')} {what}"] if others > 0 else shown


def _layers_of_the_same_draws(result: AnyResult) -> list[list[str]]:
    """Return the layers, counted from 1, that share draws: a list for each that are shared."""
    if not isinstance(result, Result):
        return []
    found: dict[str, list[str]] = {}
    for number, layer in zip(numbers(result), result.recorded, strict=True):
        own = "output" if number == LOGITS else f"{number}"
        names = {"weights": own, "branch.weights": f"{own} (branch)"}
        for name, drawn in parameters_of(layer):
            if name in names and drawn.stream is not None:
                found.setdefault(drawn.stream, []).append(names[name])
    return [layers for layers in found.values() if len(layers) > 1]


def _listed(layers: Sequence[str]) -> str:
    """Return two layers or more in words: `1, 2 and 5`."""
    *shown, last = layers
    if (others := len(layers) - MOST_SENTENCES) > 1:
        shown, last = shown[:MOST_SENTENCES], f"{others:,} others"
    return f"{', '.join(shown)} and {last}"


def _other_draws(old: AnyResult, new: AnyResult) -> Iterator[str]:
    """Give why the two results have other draws, whatever their hashes: seeds, and who drew."""
    if old.spec["seed"] != new.spec["seed"]:
        yield _change("seed", old.spec["seed"], new.spec["seed"])
    was, now = drawn_by(old), drawn_by(new)
    for key in {**was, **now}:
        if was.get(key) != now.get(key):
            yield f"{key} by {was.get(key, 'winit')}, now by {now.get(key, 'winit')}"


def _same_draws(old: AnyResult, new: AnyResult) -> bool:
    generators = (each.environment.get("bit_generator") for each in (old, new))
    return len(set(generators)) == 1 and kind_of(old).streams(old) == kind_of(new).streams(new)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Give what differs between two environments of all that the last bits may depend on.

    What one of the two runs had not even loaded (scipy, and the BLAS that comes with it) it did
    not depend on. Python's line is among them because its `sum` of floats has changed with it.
    """
    yield from version_changes(old, new)
    plugins = [side.get("plugins", {}) for side in (old, new)]
    if plugins[0] != plugins[1]:
        yield _change("plug-in", *plugins)
    scipy = old.get("scipy"), new.get("scipy")
    if None not in scipy and scipy[0] != scipy[1]:
        yield _change("scipy", *scipy)
    libraries = [[_blas(each) for each in side.get("blas") or ()] for side in (old, new)]
    fewer, more = sorted(libraries, key=len)
    if not fewer or not set(fewer) <= set(more):
        yield _change("BLAS", *(", ".join(side) for side in libraries))


def version_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Give what differs of the versions and the platform that two results were made with."""
    for name in ("winit", "python"):
        if _line(old.get(name)) != _line(new.get(name)):
            yield _change(name, old.get(name), new.get(name))
    for name in ("numpy", "ml_dtypes", "torch", "bit_generator", "simd", "platform"):
        if old.get(name) != new.get(name):
            yield _change(name, old.get(name), new.get(name))


def _line(version: object) -> list[str]:
    return str(version).split(".")[:2]


def _blas(library: Mapping[str, Any]) -> str:
    return " ".join(str(library.get(key)) for key in ("name", "version", "kernel"))


def _change(name: str, old: Any, new: Any) -> str:
    """Return a change in words: `numpy 2.4.0, now 2.4.6`.

    Of two lists it has what each side has alone, of two objects the keys that differ.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return "; ".join(_change(key, old.get(key), new.get(key)) for key in keys)
    if isinstance(old, list) and isinstance(new, list):
        only = [each for each in old if each not in new], [each for each in new if each not in old]
        old, new = (" ".join(map(str, side)) or "none of these" for side in only)
    return f"{name} {old}, now {new}"
