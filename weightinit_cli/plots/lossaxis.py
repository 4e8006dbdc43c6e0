"""The axis of a loss: linear from 0, or logarithmic and as close around the values as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from weightinit_cli.plots.curves import MOST_TICKS, Axis, linear_axis, log_suits
from weightinit_cli.plots.engine.logaxis import log_of, power_label, ticks_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_DECADES = 60
NARROWEST = 0.4  # in decades
AIR = 0.05
FINE = 2.0  # fewer decades have ticks between them, too
PLAIN = range(-3, 5)  # powers of ten that are written out


def loss_axis(values: Iterable[float | None], behind: Iterable[float] = ()) -> Axis:
    """From 0 to above the highest, or in decades where the values span too much for that.

    What is `behind` them has room, too, but no say in it.
    """
    known = [value for value in values if value is not None and 0 <= value < math.inf]
    every = [*known, *(value for value in behind if 0 <= value < math.inf)]
    return _log_axis(every) if log_suits(known) else linear_axis(every)


def _log_axis(values: Sequence[float]) -> Axis:
    logs = [log for log in map(log_of, values) if log is not None]
    high = max(logs)
    low = max(min(logs), high - MOST_DECADES)
    missing = max(NARROWEST - (high - low), 0.0) / 2
    air = missing + AIR * (high - low)
    low, high = low - air, high + air
    return Axis(low, high, log=True, ticks=log_ticks(low, high))


def log_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Powers of ten between two logarithms; 2 and 5 times one, too, where these are few."""
    first, last = math.floor(low), math.ceil(high)
    if high - low < FINE:
        fine = [(k, m) for k in range(first, last + 1) for m in (1, 2, 5)]
    elif high - low < MOST_TICKS - 1:
        fine = [(k, 1) for k in range(first, last + 1)]
    else:
        fine = [(round(at), 1) for at, _ in ticks_around(first, last, MOST_TICKS)]
    places = [(k + math.log10(m), _power_words(k, m)) for k, m in fine]
    return tuple((at, words) for at, words in places if low - 1e-9 <= at <= high + 1e-9)


def _power_words(power: int, factor: int) -> str:
    if power in PLAIN:
        return f"{factor * 10.0**power:g}"
    return power_label(power) if factor == 1 else f"{factor}e{power}"
