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
    from collections.abc import Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.guard.gates import Chosen
    from weightinit_cli.results import LayerStatistics, Result
    from weightinit_cli.results.plain import Value

FEWEST_NETWORKS = 20
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


class Pending(NamedTuple):
    """What the statistical gate has to judge of one run, once all runs are counted.

    `certain` are drifts that no tolerance excuses; `skipped` counts figures that can't be judged.
    """

    outcome: Outcome
    samples: tuple[Sample, ...]
    certain: tuple[Drift, ...] = ()
    skipped: int = 0


def sample(
    old: Result,
    new: Result,
    fresh: Sequence[Result],
    chosen: Chosen,
    lacked: Sequence[str] = (),
) -> Pending:
    """The saved result beside `fresh` networks of its spec under other seeds, at least 20.

    `new` is the spec's own run, which must have what the saved one has.

    With the mean m of a figure (or of its log) over R networks and the spread s on either side of
    it, one more network of the same kind lies within m ± t s sqrt(1 + 1/R), t a quantile of
    Student's distribution of R/2 - 1 degrees of freedom.
    """
    was, now = flatten(old), [flatten(each) for each in fresh]
    gatherer = Gatherer(was, now)
    for place in was:
        if (
            not _is_fixed(place)
            or is_lacked(place.figure, lacked)
            or any(place not in n for n in now)
        ):
            continue
        # What was found on the data, as lsuv's scales, depends on the draws.
        if not gatherer.fixed(place) and place.layer is None:
            gatherer.log(place)
    layers = min(len(old.layers), len(fresh[0].layers))
    for number, layer in enumerate((old.input, *old.layers[:layers])):
        _gather(gatherer, number, layer, with_gradient=not is_lacked("gradient", lacked))
    outcome = _outcome(old, new, chosen, lacked)
    return Pending(outcome, tuple(gatherer.samples), tuple(gatherer.certain), gatherer.skipped)


def sample_of_two(old: Result, new: Result, chosen: Chosen) -> Pending:
    """Two saved results of different draws, where nothing may be run.

    Compared are the figures that have a z-score in both: they, or their logarithms, are apart by
    sqrt(e1² + e2²) of their standard errors. The others are counted as skipped.
    """
    samples = []
    skipped = 0
    for number, (was, now) in enumerate(zip(old.layers, new.layers, strict=False), 1):
        for path in FIGURES:
            one, other = _side(was, path), _side(now, path)
            if one is not None and other is not None:
                saved, expected = one[0], other[0]
                is_log = in_gate(path, "log")
                floor = RELATIVE * (1.0 if is_log else max(abs(saved), abs(expected)))
                place, apart = Place(number, path), hypot(one[1], other[1])
                samples.append(Sample(place, saved, expected, apart, None, floor, is_log))
            elif figure(was, path) is not None or figure(now, path) is not None:
                skipped += 1
    return Pending(_outcome(old, new, chosen, ()), tuple(samples), (), skipped)


def judge(pending: Sequence[Pending], alpha: float) -> list[Outcome]:
    """The outcomes at `alpha` for all of them together (Bonferroni: alpha / figures for each)."""
    figures = sum(len(each.samples) for each in pending)
    return [_judged(each, alpha / max(figures, 1)) for each in pending]


class Gatherer:
    """Takes figure after figure, each of the saved result and of all fresh networks.

    A figure goes to `samples`; to `certain` where no tolerance excuses it, since every fresh
    network has one, or one other than zero, and the saved result has not, or the reverse; and
    into the count `skipped` where the fresh networks differ in that themselves, or where too few
    values are expected.
    """

    def __init__(self, saved: Values, fresh: Sequence[Values]) -> None:
        self._saved = saved
        self._fresh = fresh
        self.samples: list[Sample] = []
        self.certain: list[Drift] = []
        self.skipped = 0

    def mean(self, place: Place) -> None:
        """A mean: normal enough as it is."""
        found = self._numbers(place, zero_is_apart=False)
        if found is not None:
            saved, fresh = found
            self._add(place, saved, fresh, RELATIVE * max(abs(saved), *map(abs, fresh)))

    def log(self, place: Place) -> None:
        """A figure > 0 that varies by factors: its log."""
        found = self._numbers(place, zero_is_apart=True)
        if found is not None:
            saved, fresh = found
            self._add(place, log(saved), [log(each) for each in fresh], RELATIVE, log=True)

    def share(self, place: Place, values: int, unit: float) -> None:
        """A number of values in units of `unit`, out of `values`.

        Taken where both it and the others are expected to be at least 1,000; where all fresh
        networks agree, where the saved one is so many off.
        """
        found = self._numbers(place, zero_is_apart=False)
        if found is None:
            return
        saved, fresh = found
        expected = fmean(fresh) * unit
        many = min(expected, values - expected) >= FEWEST_VALUES
        if many or (len(set(fresh)) == 1 and abs(saved * unit - expected) >= FEWEST_VALUES):
            self._add(place, saved, fresh, RELATIVE * max(saved, *fresh))
        else:
            self.skipped += 1

    def fixed(self, *places: Place) -> bool:
        """Figures that no draw decides: whether all fresh networks agree in all of them.

        Where they do and the saved one does not, that is certain.
        """
        fresh = [[each.get(place) for place in places] for each in self._fresh]
        if any(values != fresh[0] for values in fresh):
            return False
        for place, value in zip(places, fresh[0], strict=True):
            saved = self._saved.get(place)
            if not _close(saved, value):
                self.certain.append(Drift(place, saved, value, None))
        return True

    def _numbers(self, place: Place, *, zero_is_apart: bool) -> tuple[float, list[float]] | None:
        """The figure as numbers, where all networks have one that their dtype can tell."""
        floor = Place(place.layer, f"unresolved.{place.figure}")
        if any(floor in each for each in (self._saved, *self._fresh)):
            self.skipped += 1
            return None
        saved = self._saved.get(place)
        fresh = [each.get(place) for each in self._fresh]
        kinds = {_kind(each, zero_is_apart=zero_is_apart) for each in fresh}
        if len(kinds) > 1:
            self.skipped += 1
            return None
        (kind,) = kinds
        if _kind(saved, zero_is_apart=zero_is_apart) != kind:
            self.certain.append(Drift(place, saved, fresh[0], None))
            return None
        if kind != "number":
            return None
        return float(saved), [float(each) for each in fresh]  # type: ignore[arg-type]

    def _add(
        self, place: Place, saved: float, fresh: Sequence[float], floor: float, *, log: bool = False
    ) -> None:
        expected = fmean(fresh)
        error = spread_towards(saved, fresh) * sqrt(1 + 1 / len(fresh))
        degrees = len(fresh) // 2 - 1
        self.samples.append(Sample(place, saved, expected, error, degrees, floor, log))


def spread_towards(saved: float, fresh: Sequence[float]) -> float:
    """The spread of some values x about their mean m, on the side where `saved` lies.

    The larger of the standard deviation and sqrt(2 Σ (x - m)² / (R - 1)) over the values of that
    side: what has a bound near by, such as the standard deviation of a saturated sigmoid, has its
    tail on one side only, and half of the values tell of it.
    """
    mean = fmean(fresh)
    side = [each - mean for each in fresh if (each > mean) == (saved > mean)]
    of_side = sqrt(2 * sum(each * each for each in side) / (len(fresh) - 1))
    return max(stdev(fresh), of_side)


def student(alpha: float, degrees: int | None) -> float:
    """What |t| exceeds with probability `alpha`; of a normal distribution without `degrees`."""
    from scipy.special import ndtri, stdtrit

    lower = ndtri(alpha / 2) if degrees is None else stdtrit(degrees, alpha / 2)
    return -float(lower)


def _side(layer: LayerStatistics, path: str) -> tuple[float, float] | None:
    """A figure with its standard error, or both of the logarithm; None where it has no z."""
    said = layer.theory.figures.get(path) if layer.theory else None
    measured = figure(layer, path)
    if said is None or said.z is None or said.standard_error is None or measured is None:
        return None
    if not in_gate(path, "log"):
        return measured, said.standard_error
    return (log(measured), said.standard_error / said.value) if measured and said.value else None


def _gather(
    gatherer: Gatherer, number: int, layer: LayerStatistics, *, with_gradient: bool
) -> None:
    """All that can be compared of one layer, without min, max, quantiles and whole units."""
    rows = FIGURES | WEIGHTS
    for path in (path for path, row in rows.items() if row.gate == "mean"):
        gatherer.mean(Place(number, path))
    for path in (path for path, row in rows.items() if row.gate == "log"):
        if with_gradient or not path.startswith("gradient."):
            gatherer.log(Place(number, path))
    values = value_count(layer)
    for path in gated("fraction"):
        gatherer.share(Place(number, path), values, values)
    bins = len(layer.histogram.counts)
    if gatherer.fixed(*(Place(number, f"histogram.edges.{edge}") for edge in (0, bins))):
        for path in (*(f"counts.{each}" for each in range(bins)), "underflow", "overflow"):
            gatherer.share(Place(number, f"histogram.{path}"), values, 1)


def _outcome(old: Result, new: Result, chosen: Chosen, lacked: Sequence[str]) -> Outcome:
    was, now = (without_unresolved(flatten(each), (old, new)) for each in (old, new))
    sentences, absent = missing(was, now, lacked, none_too=False)
    changed = changed_verdict(old, new, lacked)
    return Outcome(
        gate=chosen.gate,
        why=chosen.why,
        structure=(*contradictions(new), *sentences),
        not_in_baseline=tuple(absent),
        notes=() if changed is None else (f"verdict: {changed[0]}, now {changed[1]}",),
    )


def _judged(pending: Pending, alpha: float) -> Outcome:
    drifts = list(pending.certain)
    quantiles: dict[int | None, float] = {}
    for each in pending.samples:
        if each.degrees not in quantiles:
            quantiles[each.degrees] = student(alpha, each.degrees)
        off = _off(each, quantiles[each.degrees])
        if off > 1:
            saved, expected = (_shown(value, each) for value in (each.saved, each.expected))
            drifts.append(Drift(each.place, saved, expected, off))
    notes = pending.outcome.notes
    if pending.skipped:
        notes = (*notes, f"{counted(pending.skipped, 'figure')} not comparable between draws")
    return replace(
        pending.outcome,
        drifts=worst(drifts),
        drifted=len(drifts),
        compared=len(pending.samples) + len(pending.certain),
        notes=notes,
    )


def _off(each: Sample, quantile: float) -> float:
    tolerance = quantile * each.error + each.floor
    difference = abs(each.saved - each.expected)
    if not difference:
        return 0.0
    return difference / tolerance if tolerance else float("inf")


def _shown(value: float, each: Sample) -> float:
    """The value without its log, in as many digits as survive that."""
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
