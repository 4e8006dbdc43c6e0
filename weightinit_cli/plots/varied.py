"""What was varied over the runs of a comparison: the axes, their values in words and places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from weightinit_cli.plots.engine.fonts import drawable
from weightinit_cli.plots.engine.numbers import log_of, scale_for, ticks_around
from weightinit_cli.plots.engine.page import Axis
from weightinit_cli.plots.engine.scales import FACTOR
from weightinit_cli.results.comparison import VARIANT, is_number
from weightinit_cli.results.words import component

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.results.comparison import ComparedRun

MOST_TICKS = 8
EVEN = 0.01  # of a step
BESIDE = 0.5  # decades between a zero and the least number above it


class Varied(Protocol):
    """One of several runs."""

    @property
    def varied(self) -> tuple[tuple[str, Any], ...]:
        """In what it differs from the others: each path with its value."""


class VariedAxis(NamedTuple):
    """One axis of the runs: a swept path, or the variants, with the values in their order."""

    path: str
    values: tuple[Any, ...]

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(map(is_number, self.values))

    @property
    def named(self) -> bool:
        """Whether no value is a number: variants may be called `1` and stay names."""
        return self.path == VARIANT or not any(map(is_number, self.values))

    @property
    def words(self) -> tuple[str, ...]:
        """Every value as a picture says it."""
        return tuple(map(in_words, self.values))

    @property
    def title(self) -> str:
        """The path as a picture says it."""
        return drawable(self.path)

    @property
    def log(self) -> bool:
        """Whether the numbers are to be told apart by their ratios: not where they are even."""
        positive = [value for value in self.values if value > 0]
        ratios = bool(positive) and max(positive) / FACTOR > min(positive)
        return ratios and min(self.values) >= 0 and not self._even

    @property
    def _even(self) -> bool:
        """Whether three numbers or more lie equally far from each other."""
        low, high, number = min(self.values), max(self.values), len(self.values)
        step = high / (number - 1) - low / (number - 1) if number > 2 else math.nan
        places = [abs(value - (low + k * step)) for k, value in enumerate(sorted(self.values))]
        return bool(max(places) <= EVEN * step)

    def ends(self) -> tuple[float, float]:
        """The least and the greatest number: as logarithms where `log`, else halved.

        A zero among logarithms lies a little below the others.
        """
        if not self.log:
            return min(self.values) / 2, max(self.values) / 2
        logs = [log for log in map(log_of, self.values) if log is not None]
        return min(logs) - (BESIDE if 0 in self.values else 0.0), max(logs)

    def parts(self) -> list[float]:
        """Which part of the stretch between the least and the greatest lies below each number."""
        low, high = self.ends()
        places = map(log_of, self.values) if self.log else (value / 2 for value in self.values)
        return [((low if place is None else place) - low) / (high - low or 1.0) for place in places]

    def scale(self) -> Axis:
        """The stretch of the number line between the ends, with round numbers."""
        low, high = self.ends()
        if self.log:
            powers = ticks_around(math.ceil(low), math.floor(high), MOST_TICKS)
            zero = ((low, "0"),) if 0 in self.values else ()
            ticks = (*zero, *(tick for tick in powers if low + BESIDE <= tick[0] <= high))
            return Axis(low, high, self.title, log=True, ticks=ticks if zero else tuple(powers))
        scale = scale_for(min(self.values), max(self.values))
        power = f"e{scale.exponent}" if scale.exponent else ""
        places = tuple((at, f"{text}{power}") for at, text in scale.ticks(MOST_TICKS))
        return Axis(scale.low, scale.high, self.title, power=scale.exponent, ticks=places)

    def ordered(self) -> VariedAxis:
        """Numbers in ascending order, names as they came."""
        return VariedAxis(self.path, tuple(sorted(self.values))) if self.numeric else self


def in_words(value: Any) -> str:
    """A value as a picture says it: `0.01`, `tanh`, `normal (mean 0, std 10)`, `600-200-500`."""
    return drawable(written(value))


def written(value: Any) -> str:
    """A value in words, in whatever characters a person gave it."""
    if isinstance(value, Mapping):
        if "name" in value:
            return component(value)
        return ", ".join(f"{key} {written(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "-".join(map(written, value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def key(value: Any) -> str:
    """A value, also a list or a mapping, as a key of a dict."""
    return repr(value)


def axes_of(runs: Iterable[Varied]) -> list[VariedAxis]:
    """Every path that was varied with its values in the order in which they come."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for path, value in run.varied:
            found.setdefault(path, {}).setdefault(key(value), value)
    return [VariedAxis(path, tuple(values.values())) for path, values in found.items()]


def at(
    runs: Sequence[ComparedRun], paths: Sequence[VariedAxis]
) -> dict[tuple[str, ...], ComparedRun]:
    """The runs by the keys of their values on these axes."""
    found = {}
    for run in runs:
        values = dict(run.varied)
        found[tuple(key(values.get(axis.path)) for axis in paths)] = run
    return found
