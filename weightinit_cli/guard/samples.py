"""A saved figure beside the same figure of fresh networks, ready to be judged."""

from __future__ import annotations

from math import log, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.guard.flatten import Place
from weightinit_cli.guard.floors import RELATIVE
from weightinit_cli.guard.report import Drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.guard.flatten import Values
    from weightinit_cli.results.flat import Value

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


def _kind(value: Value, *, zero_is_apart: bool) -> str:
    if value is None:
        return "none"
    return "zero" if zero_is_apart and value == 0 else "number"


def _close(a: Value, b: Value) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + 1e-12
    return a == b
