"""Numbers as a picture shows them: short, with ticks at round values or powers of ten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Their mean and standard deviation (ddof 1), of a single one 0; inf beyond the floats."""
    unit = 2.0**600 if max(map(abs, values)) > 2.0**500 else 1.0
    small = [value / unit for value in values]
    return fmean(small) * unit, stdev(small) * unit if small[1:] else 0.0


def nice_step(span: float, count: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that divides the span into `count` at most."""
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of the number line in units of 10**exponent, so that no tick label is long."""

    low: float
    high: float
    exponent: int

    def position(self, value: float) -> float:
        """Where a value in these units lies: 0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """At most `count` + 1 ticks with their labels."""
        step = nice_step(self.high - self.low, count)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        slack = step * 1e-6
        first = math.ceil((self.low - slack) / step)
        last = math.floor((self.high + slack) / step)
        values = [round(k * step, decimals) + 0.0 for k in range(first, last + 1)]
        return [
            (value, f"{value:.{decimals}f}".replace("-", MINUS) if value else "0")
            for value in values
        ]


def scale_for(low: float, high: float) -> Scale:
    """The scale from `low` to `high`, a power of ten taken out of very large and tiny numbers."""
    largest = max(abs(low), abs(high))
    exponent = math.floor(math.log10(largest)) if largest > 0 else 0
    if -3 <= exponent < 4:
        exponent = 0
    return Scale(shifted(low, exponent), shifted(high, exponent), exponent)


def shifted(value: float, exponent: int) -> float:
    """`value` / 10**exponent, also where the power itself is outside the range of floats."""
    half = exponent // 2
    return value / 10.0**half / 10.0 ** (exponent - half)


def log_of(value: float | None) -> float | None:
    """The decimal logarithm, None of what a log axis cannot show."""
    return math.log10(value) if value is not None and 0 < value < math.inf else None


def ticks_around(low: int, high: int, most: int) -> list[tuple[float, str]]:
    """About `most` powers of ten that hold those from `low` to `high`."""
    step = max(round(nice_step(max(high - low, 1), most)), 1)
    first = low // step
    last = max(-(-high // step), first + 1)
    return [(float(k * step), power_label(k * step)) for k in range(first, last + 1)]


def power_label(exponent: int) -> str:
    """A power of ten as a tick says it."""
    return f"1e{exponent}"
