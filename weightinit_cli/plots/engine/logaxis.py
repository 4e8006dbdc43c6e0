"""A log axis: logarithms of what is above zero, decades as ticks."""

from __future__ import annotations

import math

from weightinit_cli.plots.engine.numbers import nice_step


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
