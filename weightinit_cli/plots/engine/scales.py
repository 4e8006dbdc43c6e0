"""The axis that values ask for: from 0 or in decades, in percent, as close as is of use."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from weightinit_cli.plots.engine.numbers import (
    log_of,
    nice_step,
    power_label,
    scale_for,
    ticks_around,
)
from weightinit_cli.plots.engine.page import Axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weightinit_cli.plots.engine.page import Ticks

FACTOR = 20.0  # values that span more need a log axis
ORDINARY = (1e-3, 1e4)
HIGHEST = sys.float_info.max / 1.05  # with some room above it a float, too
ABOVE = 1.04
MOST_TICKS = 5
MOST_DECADES = 60
NARROWEST = 0.4  # in decades
AIR = 0.05
FINE = 2.0  # fewer decades have ticks between them, too
PLAIN = range(-3, 5)  # powers of ten that are written out


def log_suits(values: Iterable[float]) -> bool:
    """Whether the values span too much for a linear axis, or are tiny or huge."""
    positive = [value for value in values if value > 0]
    if not positive:
        return False
    low, high = min(positive), max(positive)
    return high / FACTOR > low or not ORDINARY[0] <= high < ORDINARY[1]


def logs_of(values: Iterable[float | None]) -> list[float]:
    """The decimal logarithms of those that a log axis can show."""
    return [log for log in map(log_of, values) if log is not None]


def decades(name: str, values: Iterable[float | None], least: int = 1) -> Axis:
    """Whole decades around the values, at least so many, more below than above."""
    logs = logs_of(values)
    low, high = (math.floor(min(logs)), math.ceil(max(logs))) if logs else (0, 1)
    missing = max(least - (high - low), 0)
    low, high = low - (missing + 1) // 2, high + missing // 2
    return Axis(float(low), float(high), name, log=True)


def from_zero(name: str, values: Iterable[float]) -> Axis:
    """From 0 to a little above the highest value, a power of ten taken out of tiny and huge ones.

    The ticks have the power: `5e-7`.
    """
    top = min(max(max(values, default=0.0), 0.0), HIGHEST) or 1.0
    scale = scale_for(0.0, top * ABOVE)
    power = f"e{scale.exponent}" if scale.exponent else ""
    ticks = tuple((at, f"{text}{power if at else ''}") for at, text in scale.ticks(MOST_TICKS))
    own = ticks if power else None
    return Axis(scale.low, scale.high, name, power=scale.exponent, ticks=own)


def shares(name: str, values: Iterable[float]) -> Axis:
    """From 0 to above the highest share, at least to 1 %."""
    top = min(max(max(values, default=0.0), 0.01), HIGHEST / 100)
    return Axis(0.0, top * ABOVE, name, share=True)


def fitting(name: str, values: Sequence[float]) -> Axis:
    """In decades where the values ask for it, else from 0."""
    return decades(name, values) if log_suits(values) else from_zero(name, values)


def close(name: str, values: Iterable[float | None], behind: Iterable[float] = ()) -> Axis:
    """From 0, or in decades as close around the values as they are: for losses.

    What is `behind` them has room, too, but no say in which of the two it is.
    """
    known = [value for value in values if value is not None and 0 <= value < math.inf]
    every = [*known, *(value for value in behind if 0 <= value < math.inf)]
    if not log_suits(known):
        return from_zero(name, every)
    logs = logs_of(every)
    high = max(logs)
    low = max(min(logs), high - MOST_DECADES)
    missing = max(NARROWEST - (high - low), 0.0) / 2
    air = missing + AIR * (high - low)
    low, high = low - air, high + air
    return Axis(low, high, name, log=True, ticks=log_ticks(low, high))


def logarithmic(name: str, values: Iterable[float | None], least: float = 1.0) -> Axis:
    """In decades as close around the values as they are, but at least so many."""
    logs = logs_of(values) or [0.0]
    air = max(least - (max(logs) - min(logs)), 0.0) / 2 + AIR
    low, high = min(logs) - air, max(logs) + air
    return Axis(low, high, name, log=True, ticks=log_ticks(low, high))


def log_ticks(low: float, high: float) -> Ticks:
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


def layers_axis(number: int) -> Axis:
    """The layers, each as wide as the others, from 1 on."""
    return Axis(0.5, number + 0.5, "layer", ticks=_layer_ticks(number))


def _layer_ticks(number: int) -> Ticks:
    if number <= 20:
        return tuple((float(k), str(k)) for k in range(1, number + 1))
    step = max(int(nice_step(number, 10)), 1)
    first = [1] if step > 1 else []
    return tuple((float(k), str(k)) for k in [*first, *range(step, number + 1, step)])
