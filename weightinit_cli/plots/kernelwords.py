"""What is seen in a layer's kernels, in words: true of any initializer, from the figures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightinit_cli.numerals import percent, two_digits
from weightinit_cli.plots.engine.drawing import MUTED, ORANGE, Color
from weightinit_cli.plots.engine.numbers import MINUS
from weightinit_cli.plots.figures import beside
from weightinit_cli.results.words import figure_words, sizes

if TYPE_CHECKING:
    from weightinit_cli.results.model import ResolvedLayer, Result, WeightStatistics

Array = np.ndarray[Any, np.dtype[np.float64]]


def first_of(name: str, shown: int, number: int) -> str:
    """`filters 1 to 16 of 64`; `filters 1 to 16` where these are all."""
    words = f"{name}s 1 to {shown}" if shown > 1 else f"{name} 1"
    return f"{words} of {number:,}" if shown < number else words


def seen(result: Result, filters: Array, number: int) -> tuple[list[str], Color]:
    """In a few words, and in which colour they stand.

    `filters`, shape (filters, height, width, channels), are those shown of the `number` there are.
    """
    several = number > 1
    words = [f"layer 1: {number:,} filter{'s' * several} of {sizes(filters.shape[1:])} elements"]
    weights = result.layers[0].weights
    if weights is None:
        return words, MUTED
    std = figure_words(result.layers[0], "weights.std", weights.std, two_digits)
    if weights.min is None:
        return [*words, "no element is finite: colours show signs alone"], ORANGE
    if weights.min == weights.max:
        alike = ": all filters are identical" if several else ""
        words.append(f"every element is {_exact(weights.min)}{alike}")
        return words, ORANGE if several else MUTED
    words.append(_spread(weights, std, result.resolved.layers[:1]))
    return words + _zeros(filters, number, weights.zero_fraction), MUTED


def _spread(weights: WeightStatistics, std: str, resolved: tuple[ResolvedLayer, ...]) -> str:
    """`from 0.12 to 0.93, mean 0.0031, std 0.27 (by formula 0.27)`."""
    low, high, mean = map(_measured, (weights.min, weights.max, weights.mean))
    expected = f"by formula {two_digits(resolved[0].weight_std)}" if resolved else None
    return f"from {low} to {high}, mean {mean}, std {beside(std, expected)}"


def _zeros(filters: Array, number: int, share: float) -> list[str]:
    """How many elements are zero, and where the others are, if these are few."""
    if not share:
        return []
    counts = np.count_nonzero(filters, axis=(1, 2, 3))
    full = int(np.count_nonzero(counts))
    if counts.max() == 1:
        values = np.unique(filters[filters != 0])
        single = _exact(float(values[0])) if len(values) == 1 else "element that is not 0"
        where = ", in the kernel's middle," if _central(filters) else ","
        subject = _which(full, len(filters), number, "has", "have")
        return [f"{subject} a single {single}{where} all else is 0"]
    words = [f"{percent(share)} of the elements are 0"]
    if _central(filters):
        words[0] += ": all but the kernels' middle"
    if full < len(filters):
        words.append(f"{_which(len(filters) - full, len(filters), number, 'is', 'are')} 0")
    return words


def _which(count: int, shown: int, number: int, one: str, many: str) -> str:
    """`each filter has`, `3 of the 16 filters shown have`."""
    seen = "" if shown == number else " shown"
    if count == shown:
        return f"each filter{seen} {one}"
    return f"{count} of the {shown} filters{seen} {one if count == 1 else many}"


def _central(filters: Array) -> bool:
    """Whether only the middle of the kernels, which is not all of them, differs from zero.

    Sides of even length have none.
    """
    _, high, wide, _ = filters.shape
    places = np.argwhere(filters.any(axis=(0, 3))).tolist()
    middle = [(high - 1) / 2, (wide - 1) / 2]
    return high * wide > 1 and places == [middle]


def _measured(value: float | None) -> str:
    return _with_minus(two_digits(value))


def _exact(value: float) -> str:
    """A given number, not a measured one: 0.1, 1, 1e-30."""
    return _with_minus(f"{value:.6g}")


def _with_minus(number: str) -> str:
    return MINUS + number[1:] if number.startswith("-") else number
