"""Loss curves as they are drawn: smoothed, thinned, and over several networks as quantiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from weightinit_cli.results.training import Trained, TrainingResult

Values = NDArray[np.float64]

MOST_POINTS = 240
MOST_STRETCHES = 160
WINDOWS = 40  # a running mean is over the steps divided by this
QUANTILES = (0.1, 0.5, 0.9)
RAW = (0.1, 0.9)  # of the extremes of the mini-batches: what lies beyond may be cut off
DIVERGED = 1e300  # stands for the loss of a network that has diverged
BEYOND = 1e200


class Raw(NamedTuple):
    """Between which losses the mini-batches lie, stretch by stretch of the steps."""

    steps: Values
    low: Values
    high: Values


class LossCurve(NamedTuple):
    """Of one network its smoothed loss, of several the median; nan where there is none.

    `low` and `high` are the band's sides, inf where it is unbounded; `raw` is one network's.
    """

    steps: Values
    middle: Values
    low: Values | None
    high: Values | None
    raw: Raw | None

    @property
    def shown(self) -> list[float]:
        """The finite values of the curve and its band."""
        every = [self.middle, *(side for side in (self.low, self.high) if side is not None)]
        return [value for side in every for value in side.tolist() if math.isfinite(value)]

    @property
    def behind(self) -> list[float]:
        """Between these lies most of what is behind the curve."""
        if self.raw is None:
            return []
        return [
            float(np.quantile(each, part)) for each, part in zip(self.raw[1:], RAW, strict=True)
        ]

    @property
    def end(self) -> tuple[float, float] | None:
        """The last point of the curve: the step and the loss."""
        known = np.flatnonzero(np.isfinite(self.middle))
        if not known.size:
            return None
        return float(self.steps[known[-1]]), float(self.middle[known[-1]])


def window_of(steps: int) -> int:
    """Over how many steps the mean runs."""
    return max(round(steps / WINDOWS), 1)


def length(result: TrainingResult) -> int:
    """The steps of the network that got furthest."""
    return max((len(network.losses) for network in result.networks), default=0)


def loss_curve(result: TrainingResult) -> LossCurve | None:
    """The curve of a result, at most so many points; None where no step has a loss.

    A network that diverged counts from there on as one whose loss is above all others.
    """
    number = length(result)
    if not number:
        return None
    at = _places(number, MOST_POINTS)
    smoothed = np.full((len(result.networks), len(at)), np.nan)
    for row, network in zip(smoothed, result.networks, strict=True):
        losses = _losses(network)
        inside = at < len(losses)
        row[inside] = running_mean(losses, window_of(number), at[inside])
        if network.diverged is not None:
            row[~inside] = DIVERGED
    smoothed[~np.isfinite(smoothed) & ~np.isnan(smoothed)] = DIVERGED
    steps = at.astype(np.float64) + 1
    if len(result.networks) == 1:
        middle = np.where(smoothed[0] < BEYOND, smoothed[0], np.nan)
        return LossCurve(steps, middle, None, None, _raw(_losses(result.networks[0])))
    low, middle, high = np.nanquantile(smoothed, QUANTILES, axis=0)
    middle = np.where(middle < BEYOND, middle, np.nan)
    low, high = (np.where(side < BEYOND, side, np.inf) for side in (low, high))
    return LossCurve(steps, middle, low, high, None)


def _places(number: int, most: int) -> NDArray[np.intp]:
    points = min(number, most)
    return np.unique(np.rint(np.linspace(0, number - 1, points)).astype(np.intp))


def running_mean(values: Values, window: int, at: NDArray[np.intp]) -> Values:
    """The mean around each place; at the beginning narrower, so that the start stays in sight."""
    if not at.size:
        return np.zeros(0)
    half = np.minimum(window // 2, at)
    low, high = at - half, np.minimum(at + half + 1, len(values))
    padded = np.append(values, 0.0)
    sums = np.add.reduceat(padded, np.stack([low, high], axis=1).ravel())[::2]
    mean: Values = sums / (high - low)
    return mean


def _losses(network: Trained) -> Values:
    """The losses, those near the end of the floats cut, so that sums of them are floats, too."""
    return np.clip(np.array(network.losses, dtype=np.float64), -DIVERGED, DIVERGED)


def _raw(values: Values) -> Raw:
    starts = _places(len(values), MOST_STRETCHES)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    ends = np.append(starts[1:], len(values)) - 1
    return Raw((starts + ends) / 2 + 1.0, low, high)
