"""Results of other draws: by which figures the saved one is held to its spec, and in which way."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from math import hypot, inf, log
from typing import TYPE_CHECKING

from weightinit_cli.errors import counted
from weightinit_cli.expected import of_moments
from weightinit_cli.guard.compare import (
    changed_files,
    changed_verdict,
    contradictions,
    is_lacked,
    missing,
)
from weightinit_cli.guard.flatten import POOLED, Place, flatten, numbers, without_unresolved
from weightinit_cli.guard.laws import laws_of, of_entries, of_overflow, pooled
from weightinit_cli.guard.report import Drift, Outcome, worst_first
from weightinit_cli.guard.rounding import RELATIVE
from weightinit_cli.guard.samples import Sample, error_by_theory, fixed, log_of, mean, share
from weightinit_cli.results.figures import (
    CERTAIN,
    FIGURES,
    PARAMETERS,
    figure,
    floor,
    gated,
    in_gate,
    parameters_of,
)
from weightinit_cli.results.histogram import OF_OUTPUT
from weightinit_cli.results.words import value_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.expected import Entries, Expected
    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.guard.samples import Found, Sampled
    from weightinit_cli.results import LayerStatistics, Result
    from weightinit_cli.spec import Spec

# Fresh networks: as many as are run where nobody has said, and as few as may be asked for.
FRESH_NETWORKS = 20
FEWEST_NETWORKS = 10
# Units (or channels) from which on all of a layer never die of chance: of 30 ReLUs with symmetric
# weights one layer in 2^30 does (Lu et al. 2019, arXiv:1903.06733).
FEWEST_UNITS = 30
GRADIENT = ("gradient", "ratio")
ROUNDED = ("overflowed", "flushed", "subnormal")
# How the paths of what was resolved begin, or expected of a whole run.
_FIXED = ("resolved.", "output.resolved.", "output.theory.value", "output.indifferent")


def sample(
    old: Result,
    new: Result,
    fresh: Sequence[Result],
    chosen: Outcome,
    spec: Spec,
    lacked: Sequence[str] = (),
) -> Sampled:
    """Sample the saved result beside its spec's law and `fresh` networks of it, of other seeds.

    There are at least FEWEST_NETWORKS of these; `new` is the spec's own run, which must have what
    the saved one has.

    Weights whose entries are independent are held to the law that the spec names (see `laws`),
    the saved ones and those of all fresh networks together.
    All else is held to the fresh networks: with the mean m of a figure (or of its log) over R of
    them and the spread s on either side of it, one more network of the same kind lies within
    m ± t s sqrt(1 + 1/R), t a quantile of Student's distribution of R/2 - 1 degrees of freedom.
    Where the figure has a z-score, theory's standard error e is known, too: with P = PRIOR_DEGREES,
    s² is then (P e² + (R - 1) s²) / (P + R - 1), of P + R - 1 degrees of freedom. Where theory says
    why there is none, the figure is skewed, and its spread the less known: R/4 - 1, at least
    FEWEST_DEGREES.
    """
    networks = [_known_then(flatten(each), lacked) for each in (old, *fresh)]
    found: list[Found] = []
    for place in networks[0]:
        if not _is_fixed(place):
            continue
        if any(place not in each for each in networks):
            continue
        certain = fixed(networks, place)
        if certain is not None:
            found += certain
        # What was found on the data, as lsuv's scales, depends on the draws.
        elif place.layer is None:
            found += log_of(networks, place)
    sides = zip(*(each.recorded for each in (old, *fresh)), strict=False)
    with_gradient = not is_lacked("gradient", lacked)
    laws = laws_of(spec)
    columns = (spec.features, *laws.columns)
    narrow = min(laws.columns[: len(old.layers)]) < FEWEST_UNITS
    for number, layers, units in zip(numbers(old), sides, columns, strict=False):
        of_layer = _of_layer(
            networks, number, layers, units, narrow=narrow, with_gradient=with_gradient
        )
        found += map(_uncertain, of_layer) if narrow else of_layer
    found += _of_output(networks)
    for parameters, entries in laws.entries.items():
        if not is_lacked(parameters, lacked):
            found += _of_parameters(old, networks, parameters, entries, lacked)
            found += _of_fresh_parameters(fresh, parameters, entries)
    return _sampled(old, new, chosen, found, lacked)


def sample_of_two(old: Result, new: Result, chosen: Outcome) -> Sampled:
    """Sample two saved results of different draws, where nothing may be run.

    Compared are the figures that have a z-score in both: they, or their logarithms, are apart by
    sqrt(e1² + e2²) of their standard errors. The others are counted as skipped.
    """
    found: list[Found] = []
    layers = zip(numbers(old), old.recorded, new.recorded, strict=False)
    for number, was, now in islice(layers, 1, None):
        for path in FIGURES:
            one, other = _with_error(was, path), _with_error(now, path)
            if one is not None and other is not None:
                saved, expected = one[0], other[0]
                is_log = in_gate(path, "log")
                floor = RELATIVE * (1.0 if is_log else max(abs(saved), abs(expected)))
                place, apart = Place(number, path), hypot(one[1], other[1])
                found.append(Sample(place, saved, expected, apart, None, floor, is_log))
            elif figure(was, path) is not None or figure(now, path) is not None:
                found.append(None)
    return _sampled(old, new, chosen, found)


def _sampled(
    old: Result,
    new: Result,
    chosen: Outcome,
    found: Sequence[Found],
    lacked: Sequence[str] = (),
) -> Sampled:
    """Return what is certain as an outcome, and the samples that are to be judged with others."""
    was, now = (_told_as_missing(each, (old, new)) for each in (old, new))
    sentences, absent = missing(was, now, lacked, none_too=False)
    certain = [each for each in found if isinstance(each, Drift)]
    skipped = found.count(None)
    changed = changed_verdict(old, new, lacked)
    notes = [] if changed is None else [f"verdict: {changed[0]}, now {changed[1]}"]
    if skipped:
        notes.append(f"{counted(skipped, 'figure')} not comparable between draws")
    outcome = replace(
        chosen,
        structure=(*contradictions(old, new), *changed_files(old, new), *sentences),
        drifts=worst_first(certain),
        compared=len(certain),
        not_in_baseline=tuple(absent),
        notes=tuple(notes),
    )
    return outcome, tuple(each for each in found if isinstance(each, Sample))


def _told_as_missing(result: Result, both: Sequence[Result]) -> Values:
    """What is to be there on both sides; biases that one side has alone are told as drifts."""
    values = without_unresolved(flatten(result), both)
    return {at: value for at, value in values.items() if not is_lacked(at.figure, ("biases",))}


def _of_layer(
    networks: Sequence[Values],
    number: int,
    layers: Sequence[LayerStatistics],
    columns: int,
    *,
    narrow: bool,
    with_gradient: bool,
) -> Iterator[Found]:
    """Sample all that can be compared of one layer: no min, max, quantiles and whole units.

    `columns` are its units, of a convolution its channels; `narrow` says that some layer has fewer
    than FEWEST_UNITS.
    """
    # What is never negative varies by factors where it varies much.
    positive = all(each.min is not None and each.min >= 0 for each in layers)
    for path, row in FIGURES.items():
        if row.gate not in ("mean", "log") or (row.unit in GRADIENT and not with_gradient):
            continue
        if any(_is_near_floor(each, path) for each in layers):
            yield None
            continue
        place = Place(number, path)
        if row.gate == "log" or positive:
            yield from log_of(networks, place)
        elif narrow and error_by_theory(networks, place) in (None, inf):
            yield None  # its scale varies by factors from network to network
        else:
            yield from mean(networks, place)
    values = value_count(layers[0])
    together = values // columns
    for path in gated("fraction"):
        yield from share(networks, Place(number, path), values, values, together)
    yield from _of_rounded(networks, number, layers[0], together)
    bins = len(layers[0].histogram.counts)
    edges = fixed(networks, *(Place(number, f"histogram.edges.{edge}") for edge in (0, bins)))
    if edges is not None:
        yield from edges
        for path in (*(f"counts.{each}" for each in range(bins)), "underflow", "overflow"):
            place = Place(number, f"histogram.{path}")
            yield from share(networks, place, values, 1, together)


def _of_rounded(
    networks: Sequence[Values], number: int, layer: LayerStatistics, together: int
) -> Iterator[Found]:
    """Sample what rounding to a low precision made of a layer's values."""
    for name, each in (layer.rounded or {}).items():
        for what in ROUNDED:
            place = Place(number, f"rounded.{name}.{what}")
            yield from share(networks, place, each.values, 1, together)


def _of_output(networks: Sequence[Values]) -> Iterator[Found]:
    """Sample the loss, and what else there is of an output layer beside its logits."""
    for place in (Place(None, f"output.{name}") for name in OF_OUTPUT):
        if place in networks[0]:
            yield from mean(networks, place)


def _of_parameters(
    old: Result,
    networks: Sequence[Values],
    parameters: str,
    laws: Sequence[Entries | None],
    lacked: Sequence[str],
) -> Iterator[Found]:
    """Sample "weights", say: by their law where they have one, else by the fresh ones."""
    held = []
    layers = zip(numbers(old)[1:], old.recorded[1:], laws, strict=False)
    for number, layer, entries in layers:
        drawn = dict(parameters_of(layer)).get(parameters)
        if drawn is None or entries is None:
            yield from _of_lawless_parameters(networks, number, parameters)
            continue
        if drawn.nonfinite is not None:
            overflow = of_overflow(drawn.nonfinite, entries)
            yield _by_law(Place(number, f"{parameters}.{overflow.figure}"), overflow)
        if drawn.nonfinite or entries.overflow:
            continue
        held.append((drawn, entries))
        for expected in of_entries(drawn, entries):
            place = Place(number, f"{parameters}.{expected.figure}")
            if place.figure in layer.unresolved:
                yield None
            elif not is_lacked(place.figure, lacked):
                yield _by_law(place, expected)
    together = pooled(held)
    if together is not None:
        for expected in of_moments(*together):
            yield _by_law(Place(None, f"{POOLED}{parameters}.{expected.figure}"), expected)


def _of_fresh_parameters(
    fresh: Sequence[Result], parameters: str, laws: Sequence[Entries | None]
) -> Iterator[Found]:
    """Sample what all fresh networks have drawn of each layer: whether what runs keeps the law."""
    places = numbers(fresh[0])[1:]
    for number, layers, entries in zip(places, _recorded(fresh), laws, strict=False):
        drawn = [dict(parameters_of(layer)).get(parameters) for layer in layers]
        held = [(each, entries) for each in drawn if each and entries and not entries.overflow]
        together = pooled(held)
        if together is not None:
            for expected in of_moments(*together):
                place = Place(number, f"{POOLED}{parameters}.{expected.figure}")
                law = _by_law(place, expected)
                yield law._replace(saved=law.expected, expected=law.saved)


def _recorded(results: Sequence[Result]) -> Iterator[tuple[LayerStatistics, ...]]:
    """Give what all results have recorded of each layer."""
    return zip(*(each.recorded[1:] for each in results), strict=False)


def _of_lawless_parameters(
    networks: Sequence[Values], number: int, parameters: str
) -> Iterator[Found]:
    """Sample what is no independent draws, such as orthogonal weights, beside fresh ones."""
    of_branch, _, kind = parameters.rpartition(".")
    for path, row in PARAMETERS[kind].items():
        place = Place(number, f"{of_branch}.{path}" if of_branch else path)
        same = fixed(networks, place)
        if same is not None:
            yield from same
        elif row.gate == "log":
            yield from log_of(networks, place)
        elif row.gate in ("mean", "exact"):
            yield from mean(networks, place)
        else:
            yield None
    for place in networks[0]:
        if place.layer == number and place.figure.startswith(f"{parameters}.quantiles."):
            # Where many entries are zero, whether this one is may be chance.
            zeros = any(each.get(place) == 0 for each in networks)
            yield from [None] if zeros else mean(networks, place)


def _uncertain(found: Found) -> Found:
    """Leave out what would be certain if no layer could die of chance."""
    return None if isinstance(found, Drift) else found


def _by_law(place: Place, expected: Expected) -> Sample:
    """The sample of a figure that lies z standard deviations from what the law expects."""
    difference = abs(expected.value - expected.expected)
    error = difference / abs(expected.z) if expected.z else inf
    return Sample(place, expected.value, expected.expected, error, None, expected.floor)


def _is_near_floor(layer: LayerStatistics, path: str) -> bool:
    """Whether rounding decides a figure, or may do so."""
    value = figure(layer, path)
    return value is not None and abs(value) < CERTAIN * floor(layer, path)


def _with_error(layer: LayerStatistics, path: str) -> tuple[float, float] | None:
    """Return a figure and its standard error, or those of its log; None where it has no z."""
    predicted = layer.theory.figures.get(path) if layer.theory else None
    measured = figure(layer, path)
    if predicted is None or measured is None:
        return None
    error = predicted.standard_error
    if predicted.z is None or error is None:
        return None
    if not in_gate(path, "log"):
        return measured, error
    return (log(measured), error / predicted.value) if measured and predicted.value else None


def _known_then(values: Values, lacked: Sequence[str]) -> Values:
    """Leave out what the saved result's schema lacked, which it cannot be held to."""
    if not lacked:
        return values
    return {at: value for at, value in values.items() if not is_lacked(at.figure, lacked)}


def _is_fixed(place: Place) -> bool:
    """Whether no draw decides the figure: what was resolved, what theory says but its error, z.

    What was found on the data is an exception, which the fresh networks show by differing in it.
    """
    path = place.figure
    if place.layer is None:
        # Fresh networks are of one seed each, where the saved errors may come from repeats.
        return path.startswith(_FIXED) and path != "resolved.standard_errors"
    predicted = path.startswith("theory.figures.") and path.endswith(".value")
    return predicted or path in ("theory.q", "theory.one_minus_c")
