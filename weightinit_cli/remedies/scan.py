"""A scan of scales for those at which the gradient neither vanishes nor explodes."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# By which powers of ten the gradient's power may change from the last layer to the first, in the
# order in which such scales are looked for.
TARGETS: Final = (0.0, 2.0, -2.0, 3.5, -3.5)
# How often sigma_w is halved or doubled until the gradient turns from vanishing to exploding; how
# near a target a scan comes, in how many steps; the factor between scales that are as good as one.
MOST_DOUBLINGS: Final = 6
CLOSE: Final = 0.3
MOST_STEPS: Final = 8
FINEST: Final = 1.001


def scan(first: float, slope_at: Callable[[float], float]) -> Iterator[float]:
    """Look for the scales at which the gradient's power changes by each of TARGETS; yield these.

    `slope_at` measures at a scale by which power of ten it grows from the last layer to the first:
    below zero where it vanishes, ± inf where it cannot be told. Larger scales have larger ones.
    `first` is where the scan begins.
    """
    known: dict[float, float] = {}

    def look(scale: float) -> float:
        known[scale] = slope_at(scale)
        return known[scale]

    for factor, side in ((0.5, 1), (2.0, -1)):
        scale = first
        for _ in range(MOST_DOUBLINGS):
            if (known[scale] if scale in known else look(scale)) * side <= 0:
                break
            scale *= factor
    for target in TARGETS:
        for _ in range(MOST_STEPS):
            between = _between(known, target)
            if between is None or abs(look(between) - target) < CLOSE:
                break
        yield target


def _between(known: Mapping[float, float], target: float) -> float | None:
    """A scale between two that are known, about where the slope is the target's."""
    for low, high in pairwise(sorted(known)):
        below, above = known[low] - target, known[high] - target
        if below <= 0 < above and high / low > FINEST:
            straight = -below / (above - below) if isfinite(above - below) else 0.5
            return float(low * (high / low) ** min(max(straight, 0.1), 0.9))
    return None
