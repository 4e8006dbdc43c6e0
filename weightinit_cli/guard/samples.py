"""One figure of a saved result beside fresh networks': how far off, and whether that is too far.

A saved result and the fresh networks are given as their values by place, the saved one first.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, isinf, log, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.report import Drift, Outcome, worst_first
from weightinit_cli.guard.rounding import RELATIVE, student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results.plain import Value

MOST_EXPONENT = 700.0
LARGEST = 1e150  # of what is squared
FEWEST_VALUES = 1000
FEWEST_DEVIATIONS = 4
FEWEST_DEGREES = 3
FEWEST_TOGETHER = 8
# What theory's standard error counts for beside the spread of the fresh networks, in networks:
# where there is a z-score it is right to about a sixth.
PRIOR_DEGREES = 20


ROUNDING = 1e-12
_PREDICTED = ("z", "standard_error", "value")


class Sample(NamedTuple):
    """One figure, saved and expected; logs of it where `log`.

    `error` is the standard deviation that saved - expected has where nothing has changed, known
    from `degrees` degrees of freedom (None: by a law); `floor` what rounding may do.
    """

    place: Place
    saved: float
    expected: float
    error: float
    degrees: int | None
    floor: float
    log: bool = False


# What comes of a figure: a sample, a drift that is certain, None where it can't be judged.
Found = Sample | Drift | None
# What is certain of one run, and what can only be judged once all runs are counted.
Sampled = tuple[Outcome, tuple[Sample, ...]]


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
    largest = max(map(abs, numbers))
    if largest > LARGEST:
        return [None]
    least = RELATIVE * largest
    return [_sample(place, saved, fresh, least, error_by_theory(networks, place))]


def log_of(networks: Sequence[Values], place: Place) -> list[Found]:
    """Sample a figure > 0 that varies by factors, by its log."""
    numbers = _numbers(networks, place, zero_is_apart=True)
    if not isinstance(numbers, tuple):
        return numbers
    saved, *fresh = map(log, numbers)
    error = error_by_theory(networks, place, log=True)
    return [_sample(place, saved, fresh, RELATIVE, error)._replace(log=True)]


def share(
    networks: Sequence[Values], place: Place, values: int, unit: float, together: int = 1
) -> list[Found]:
    """Sample a number of values in units of `unit`, out of `values`, of which so many are alike.

    These are of one unit, `together`: in a collapsed layer it has the same value for all inputs.
    The figure can be judged where both it and the others are expected to be at least 1,000 and at
    least four of their standard deviations; where all fresh networks agree, where the saved one is
    1,000 and eight units off.
    """
    numbers = _numbers(networks, place, zero_is_apart=False)
    if not isinstance(numbers, tuple):
        return numbers
    saved, *fresh = numbers
    expected = fmean(fresh) * unit
    fewest = max(FEWEST_VALUES, FEWEST_DEVIATIONS * stdev(fresh) * unit)
    many = min(expected, values - expected) >= fewest
    apart = max(FEWEST_VALUES, FEWEST_TOGETHER * together)
    agree = len(set(fresh)) == 1 and abs(saved * unit - expected) >= apart
    if many or agree:
        error = error_by_theory(networks, place)
        return [_sample(place, saved, fresh, RELATIVE * max(numbers), error)]
    return [None]


def fixed(networks: Sequence[Values], *places: Place) -> list[Found] | None:
    """Return the drifts of figures that no draw decides; None where fresh networks differ."""
    saved, *fresh = ([each.get(place) for place in places] for each in networks)
    if any(values != fresh[0] for values in fresh):
        return None
    return [
        Drift(place, was, now, None)
        for place, was, now in zip(places, saved, fresh[0], strict=True)
        if not _close(place, was, now)
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


def _sample(
    place: Place, saved: float, fresh: Sequence[float], least: float, error: float | None
) -> Sample:
    """The sample of a figure beside fresh networks', of which theory may know the error.

    That is inf where theory says that the figure is skewed.
    """
    expected, degrees = fmean(fresh), len(fresh) // 2 - 1
    if error is None or isinf(error):
        spread = spread_towards(saved, fresh)
        degrees = degrees if error is None else max(len(fresh) // 4 - 1, FEWEST_DEGREES)
    else:
        degrees = PRIOR_DEGREES + len(fresh) - 1
        squares = PRIOR_DEGREES * error**2 + (len(fresh) - 1) * stdev(fresh) ** 2
        spread = sqrt(squares / degrees)
    return Sample(place, saved, expected, spread * sqrt(1 + 1 / len(fresh)), degrees, least)


def error_by_theory(networks: Sequence[Values], place: Place, *, log: bool = False) -> float | None:
    """Theory's standard error of a figure, or of its log.

    It is None where theory says nothing of the figure, inf where a network has no z-score of it.
    """
    path = f"theory.figures.{place.figure}"
    z, error, value = (place._replace(figure=f"{path}.{each}") for each in _PREDICTED)
    if any(each.get(value) is None for each in networks):
        return None
    if any(each.get(z) is None for each in networks):
        return inf
    errors = [each[error] / (each[value] if log else 1.0) for each in networks[1:]]  # type: ignore[operator]
    return fmean(errors)


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


def _judged(outcome: Outcome, samples: Sequence[Sample], alpha: float) -> Outcome:
    drifts = list(outcome.drifts)
    for each in samples:
        off = _off(each, student(alpha, each.degrees))
        if off > 1:
            saved, expected = (_without_log(value, each) for value in (each.saved, each.expected))
            drifts.append(Drift(each.place, _shown(saved, 12), _shown(expected, 6), off))
    return replace(
        outcome,
        drifts=worst_first(drifts),
        compared=outcome.compared + len(samples),
    )


def _off(each: Sample, quantile: float) -> float:
    tolerance = quantile * each.error + each.floor
    difference = abs(each.saved - each.expected)
    if not difference:
        return 0.0
    return difference / tolerance if tolerance else float("inf")


def _without_log(value: float, each: Sample) -> float:
    return exp(min(value, MOST_EXPONENT)) if each.log else value


def _shown(value: float, digits: int) -> float:
    """Return a value in as many digits as it is known to."""
    return float(f"{value:.{digits}g}")


def _kind(value: Value, *, zero_is_apart: bool) -> str:
    if value is None:
        return "none"
    return "zero" if zero_is_apart and value == 0 else "number"


def _close(place: Place, a: Value, b: Value) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        # A mean that is expected to be zero is rounding alone.
        least = ROUNDING if place.figure == "theory.figures.mean.value" else 0.0
        return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + least
    return a == b
