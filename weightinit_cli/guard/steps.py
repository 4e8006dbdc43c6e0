"""Results over steps, of symmetry and training: bit by bit or within rounding."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from weightinit_cli.guard.compare import contradictions, missing
from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.gates import Chosen, Gate
from weightinit_cli.guard.report import Drift, Outcome, drift, worst
from weightinit_cli.guard.rounding import FACTOR, FEWEST, RELATIVE, largest_changes, unsteady_places
from weightinit_cli.results.plain import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import AnyResult
    from weightinit_cli.results.plain import Value

PARTS = ("train", "validation", "test")
# The error that rounding makes in a mean of numbers up to 1, in float64: a few ulps of 1.
OUTPUT_ERROR = 4 * 2.0**-52
_ASIDE = ("environment", "spec", "name", "overrides", "schema_version")


def compare_steps(
    old: AnyResult,
    new: AnyResult,
    chosen: Chosen,
    shadows: Sequence[AnyResult] = (),
) -> Outcome:
    """Compare all that two results of the same draws hold, by the exact or the rounding gate.

    What rounding may do is FACTOR times what it does in the shadows, to any step of the same
    figure in any network, 1e-6 of the value and its floor; where a shadow lacks a figure that the
    run has, or the other way round, that step of it is left out. Under other draws a training is
    another training: there is nothing to hold it to, and that is said as a difference.
    """
    if chosen.gate is Gate.STATISTICAL:
        sentence = "other draws: a course over steps is compared under the same draws only"
        return Outcome(gate=chosen.gate, why=chosen.why, structure=(sentence,))
    was, now, *moved = (_flatten(each) for each in (old, new, *shadows))
    sentences, _ = missing(was, now, none_too=False)
    left_out = unsteady_places(now, moved)
    places = [place for place in was if place in now and place not in left_out]
    if chosen.gate is Gate.EXACT:
        drifts = [Drift(p, was[p], now[p], None) for p in places if was[p] != now[p]]
    else:
        changes = largest_changes(now, moved, _group)
        floors = _floors(was) | _gradient_floors(was, now)
        found = (
            drift(
                p,
                was[p],
                now[p],
                _tolerance(was[p], now[p], changes.get(_group(p), 0.0)) + floors.get(p, 0.0),
            )
            for p in places
        )
        drifts = [each for each in found if each is not None]
    return Outcome(
        gate=chosen.gate,
        why=chosen.why,
        structure=(*contradictions(new), *sentences),
        drifts=worst(drifts),
        drifted=len(drifts),
        compared=len(places),
    )


def _flatten(result: AnyResult) -> Values:
    tree = {key: value for key, value in asdict(result).items() if key not in _ASIDE}
    return {Place(None, path): value for path, value in flat(tree).items()}


def _tolerance(old: Value, new: Value, moved: float) -> float:
    """Whole numbers and truth values have that of the shadows alone."""
    sizes = [abs(each) for each in (old, new) if isinstance(each, float)]
    return FACTOR * moved + RELATIVE * max(sizes, default=0.0)


def _floors(was: Values) -> dict[Place, float]:
    """The least tolerances of a training: FEWEST answers, and of a loss's spread that of the loss.

    An answer hangs on the last bits of two logits that are nearly equal, and a spread is a
    difference of losses.
    """
    found = {}
    for place in was:
        *path, last = place.figure.split(".")
        part = path[-1] if path and path[-1] in PARTS else "test"
        examples = was.get(Place(None, f"data.{part}"))
        if last.startswith("accuracy") and isinstance(examples, int) and examples:
            found[place] = FEWEST / examples
        if last == "loss_std":
            mean = was.get(Place(None, ".".join([*path, "loss_mean"])))
            found[place] = RELATIVE * abs(mean) if isinstance(mean, float) else 0.0
    return found


def _gradient_floors(was: Values, now: Values) -> dict[Place, float]:
    """The least tolerances of the gradients of a descent, step by step.

    The gradient of the output's bias is the mean of the output's errors, which lie within -1 and
    1 and may cancel: it is known to OUTPUT_ERROR. The layers below carry that error on in
    proportion to their own gradients.
    """
    layers = {int(place.figure.split(".")[1]) for place in was if _is_gradient(place)}
    found = {}
    for place in filter(_is_gradient, was):
        step = place.figure.rpartition(".")[2]
        output = Place(None, f"layers.{max(layers)}.bias_gradient_rms.{step}")
        largest, of_output = (
            max((each for each in (was.get(at), now.get(at)) if isinstance(each, float)), default=0)
            for at in (place, output)
        )
        if of_output:
            found[place] = OUTPUT_ERROR * largest / of_output
    return found


def _is_gradient(place: Place) -> bool:
    return place.figure.startswith("layers.") and "_gradient_rms." in place.figure


def _group(place: Place) -> Place:
    """The figure without the numbers of its step and its network.

    When a unit first passes its kink on the other side is chance, from network to network.
    """
    parts = [part for part in place.figure.split(".") if not part.isdigit()]
    return place._replace(figure=".".join(parts))
