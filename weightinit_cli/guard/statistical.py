"""Results of other draws: whether the saved one could be one of the present winit's networks."""

from __future__ import annotations

from dataclasses import replace
from math import exp, hypot, log, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.errors import counted
from weightinit_cli.guard.compare import changed_verdict, contradictions, is_lacked, missing
from weightinit_cli.guard.flatten import Place, flatten, without_unresolved
from weightinit_cli.guard.report import Drift, Outcome, worst
from weightinit_cli.guard.rounding import RELATIVE
from weightinit_cli.results import FIGURES, figure
from weightinit_cli.results.figures import WEIGHTS, gated, in_gate
from weightinit_cli.results.words import value_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results import LayerStatistics, Result
    from weightinit_cli.results.plain import Value

# Fresh networks: as many as are run where nobody has said, and as few as may be asked for.
FRESH_NETWORKS = 20
FEWEST_NETWORKS = 10
MOST_EXPONENT = 700.0
FEWEST_VALUES = 1000


class Sample(NamedTuple):
    """One figure, saved and expected; logs of it where `log`.

    `error` is the standard deviation that saved - expected has where nothing has changed, known
    from `degrees` degrees of freedom (None: from theory); `floor` what rounding may do.
    """

    place: Place
    saved: float
    expected: float
    error: float
    degrees: int | None
    floor: float
    log: bool = False


# What is certain of one run, and what can only be judged once all runs are counted.
Sampled = tuple[Outcome, tuple[Sample, ...]]
# What comes of a figure: a sample, a drift that is certain, None where it can't be judged.
Found = Sample | Drift | None


def sample(
    old: Result,
    new: Result,
    fresh: Sequence[Result],
    chosen: Outcome,
    lacked: Sequence[str] = (),
) -> Sampled:
    """Sample the saved result beside `fresh` networks of its spec under other seeds, at least 10.

    `new` is the spec's own run, which must have what the saved one has.

    With the mean m of a figure (or of its log) over R networks and the spread s on either side of
    it, one more network of the same kind lies within m ± t s sqrt(1 + 1/R), t a quantile of
    Student's distribution of R/2 - 1 degrees of freedom.
    """
    networks = [flatten(each) for each in (old, *fresh)]
    found: list[Found] = []
    for place in networks[0]:
        if not _is_fixed(place) or is_lacked(place.figure, lacked):
            continue
        if any(place not in each for each in networks):
            continue
        certain = fixed(networks, place)
        if certain is not None:
            found += certain
        # What was found on the data, as lsuv's scales, depends on the draws.
        elif place.layer is None:
            found += log_of(networks, place)
    layers = min(len(old.layers), len(fresh[0].layers))
    with_gradient = not is_lacked("gradient", lacked)
    for number, layer in enumerate((old.input, *old.layers[:layers])):
        found += _of_layer(networks, number, layer, with_gradient=with_gradient)
    return _sampled(old, new, chosen, found, lacked)


def sample_of_two(old: Result, new: Result, chosen: Outcome) -> Sampled:
    """Sample two saved results of different draws, where nothing may be run.

    Compared are the figures that have a z-score in both: they, or their logarithms, are apart by
    sqrt(e1² + e2²) of their standard errors. The others are counted as skipped.
    """
    found: list[Found] = []
    for number, (was, now) in enumerate(zip(old.layers, new.layers, strict=False), 1):
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


def judge(sampled: Sequence[Sampled], alpha: float) -> list[Outcome]:
    """Return the outcomes at `alpha` for all together (Bonferroni: alpha / figures for each)."""
    figures = sum(len(samples) for _, samples in sampled)
    return [_judged(*each, alpha / max(figures, 1)) for each in sampled]


def mean(networks: Sequence[Values], place: Place) -> list[Found]:
    """Sample a figure that is a mean, which is normal enough as it is.

    The first of the networks is the saved result, the others are fresh.
    """
    numbers = _numbers(networks, place, zero_is_apart=False)
    if not isinstance(numbers, tuple):
        return numbers
    saved, *fresh = numbers
    return [_sample(place, saved, fresh, RELATIVE * max(map(abs, numbers)))]


def log_of(networks: Sequence[Values], place: Place) -> list[Found]:
    """Sample a figure > 0 that varies by factors, by its log."""
    numbers = _numbers(networks, place, zero_is_apart=True)
    if not isinstance(numbers, tuple):
        return numbers
    saved, *fresh = map(log, numbers)
    return [_sample(place, saved, fresh, RELATIVE)._replace(log=True)]


def share(networks: Sequence[Values], place: Place, values: int, unit: float) -> list[Found]:
    """Sample a number of values in units of `unit`, out of `values`.

    It can be judged where both it and the others are expected to be at least 1,000; where all fresh
    networks agree, where the saved one is so many off.
    """
    numbers = _numbers(networks, place, zero_is_apart=False)
    if not isinstance(numbers, tuple):
        return numbers
    saved, *fresh = numbers
    expected = fmean(fresh) * unit
    many = min(expected, values - expected) >= FEWEST_VALUES
    if many or (len(set(fresh)) == 1 and abs(saved * unit - expected) >= FEWEST_VALUES):
        return [_sample(place, saved, fresh, RELATIVE * max(numbers))]
    return [None]


def fixed(networks: Sequence[Values], *places: Place) -> list[Found] | None:
    """Return the drifts of figures that no draw decides; None where fresh networks differ."""
    saved, *fresh = ([each.get(place) for place in places] for each in networks)
    if any(values != fresh[0] for values in fresh):
        return None
    return [
        Drift(place, was, now, None)
        for place, was, now in zip(places, saved, fresh[0], strict=True)
        if not _close(was, now)
    ]


def spread_towards(saved: float, fresh: Sequence[float]) -> float:
    """Return the spread of some values x about their mean m, on the side where `saved` lies.

    The larger of the standard deviation and sqrt(2 Σ (x - m)² / (R - 1)) over the values of that
    side: what has a bound near by, such as the standard deviation of a saturated sigmoid, has its
    tail on one side only, and half of the values tell of it.
    """
    mean = fmean(fresh)
    side = [each - mean for each in fresh if (each > mean) == (saved > mean)]
    of_side = sqrt(2 * sum(each * each for each in side) / (len(fresh) - 1))
    return max(stdev(fresh), of_side)


def student(alpha: float, degrees: int | None) -> float:
    """Return what |t| exceeds with probability `alpha`; a normal |z| where `degrees` is None."""
    from scipy.special import ndtri, stdtrit

    lower = ndtri(alpha / 2) if degrees is None else stdtrit(degrees, alpha / 2)
    return -float(lower)


def _sampled(
    old: Result,
    new: Result,
    chosen: Outcome,
    found: Sequence[Found],
    lacked: Sequence[str] = (),
) -> Sampled:
    """Return what is certain as an outcome, and the samples that are to be judged with others."""
    was, now = (without_unresolved(flatten(each), (old, new)) for each in (old, new))
    sentences, absent = missing(was, now, lacked, none_too=False)
    certain = [each for each in found if isinstance(each, Drift)]
    skipped = found.count(None)
    changed = changed_verdict(old, new, lacked)
    notes = [] if changed is None else [f"verdict: {changed[0]}, now {changed[1]}"]
    if skipped:
        notes.append(f"{counted(skipped, 'figure')} not comparable between draws")
    outcome = replace(
        chosen,
        structure=(*contradictions(old, new), *sentences),
        drifts=worst(certain),
        drifted=len(certain),
        compared=len(certain),
        not_in_baseline=tuple(absent),
        notes=tuple(notes),
    )
    return outcome, tuple(each for each in found if isinstance(each, Sample))


def _of_layer(
    networks: Sequence[Values], number: int, layer: LayerStatistics, *, with_gradient: bool
) -> Iterator[Found]:
    """Sample all that can be compared of one layer: no min, max, quantiles and whole units."""
    rows = FIGURES | WEIGHTS
    for path in (path for path, row in rows.items() if row.gate == "mean"):
        yield from mean(networks, Place(number, path))
    for path in (path for path, row in rows.items() if row.gate == "log"):
        if with_gradient or not path.startswith("gradient."):
            yield from log_of(networks, Place(number, path))
    values = value_count(layer)
    for path in gated("fraction"):
        yield from share(networks, Place(number, path), values, values)
    bins = len(layer.histogram.counts)
    edges = fixed(networks, *(Place(number, f"histogram.edges.{edge}") for edge in (0, bins)))
    if edges is not None:
        yield from edges
        for path in (*(f"counts.{each}" for each in range(bins)), "underflow", "overflow"):
            yield from share(networks, Place(number, f"histogram.{path}"), values, 1)


def _numbers(
    networks: Sequence[Values], place: Place, *, zero_is_apart: bool
) -> tuple[float, ...] | list[Found]:
    """Return the figure as numbers, where all networks have one that their dtype can tell.

    Else what is found instead: a drift that no tolerance excuses, since every fresh network has a
    figure, or one other than zero, and the saved result has not, or the reverse; None where the
    fresh networks differ in that themselves; nothing where nobody has one.
    """
    floor = Place(place.layer, f"unresolved.{place.figure}")
    if any(floor in each for each in networks):
        return [None]
    saved, *fresh = (each.get(place) for each in networks)
    kinds = {_kind(each, zero_is_apart=zero_is_apart) for each in fresh}
    if len(kinds) > 1:
        return [None]
    (kind,) = kinds
    if _kind(saved, zero_is_apart=zero_is_apart) != kind:
        return [Drift(place, saved, fresh[0], None)]
    if kind != "number":
        return []
    return tuple(float(each) for each in (saved, *fresh))  # type: ignore[arg-type]


def _sample(place: Place, saved: float, fresh: Sequence[float], floor: float) -> Sample:
    expected = fmean(fresh)
    error = spread_towards(saved, fresh) * sqrt(1 + 1 / len(fresh))
    return Sample(place, saved, expected, error, len(fresh) // 2 - 1, floor)


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


def _judged(outcome: Outcome, samples: Sequence[Sample], alpha: float) -> Outcome:
    drifts = list(outcome.drifts)
    quantiles: dict[int | None, float] = {}
    for each in samples:
        if each.degrees not in quantiles:
            quantiles[each.degrees] = student(alpha, each.degrees)
        off = _off(each, quantiles[each.degrees])
        if off > 1:
            saved, expected = (_shown(value, each) for value in (each.saved, each.expected))
            drifts.append(Drift(each.place, saved, expected, off))
    return replace(
        outcome,
        drifts=worst(drifts),
        drifted=outcome.drifted - len(outcome.drifts) + len(drifts),
        compared=outcome.compared + len(samples),
    )


def _off(each: Sample, quantile: float) -> float:
    tolerance = quantile * each.error + each.floor
    difference = abs(each.saved - each.expected)
    if not difference:
        return 0.0
    return difference / tolerance if tolerance else float("inf")


def _shown(value: float, each: Sample) -> float:
    """Return the value without its log, in as many digits as survive that."""
    return float(f"{exp(min(value, MOST_EXPONENT)):.12g}") if each.log else value


def _is_fixed(place: Place) -> bool:
    """Whether no draw decides the figure: what was resolved, what theory says but its error, z.

    What was found on the data is an exception, which the fresh networks show by differing in it.
    """
    path = place.figure
    if place.layer is None:
        return path.startswith("resolved.")
    predicted = path.startswith("theory.figures.") and path.endswith(".value")
    return predicted or path in ("theory.q", "theory.d")


def _kind(value: Value, *, zero_is_apart: bool) -> str:
    if value is None:
        return "none"
    return "zero" if zero_is_apart and value == 0 else "number"


def _close(a: Value, b: Value) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + 1e-12
    return a == b
